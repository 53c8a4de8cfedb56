"""XES logs: the real ones, and every way that others write when something began and ended."""

import zipfile

import pytest

from core.errors import FormatError
from core.formats import xes
from core.formats.annotated import ForeignSegment
from tests.core.formats import made_xes


def written(folder, *traces):
    path = folder / "log.xes"
    path.write_text(made_xes.log(*traces))
    return path


def timed(at, action="cut", **keys):
    more = "".join(f'<string key="{key.replace("_", ":")}" value="{value}" />' for key, value in keys.items())
    return (
        f'<event><string key="concept:name" value="{action}"><string key="concept:name" value="nested" /></string>'
        f'<date key="time:timestamp" value="{at}" />{more}</event>'
    )


@pytest.mark.parametrize(
    ("name", "clips", "segments", "background"), [("keep_na", 117, 2674, {"NA": ""}), ("no_na", 116, 1856, {})]
)
def test_that_the_real_logs_hold_all_their_segments(shared_data, tmp_path, name, clips, segments, background):
    with zipfile.ZipFile(shared_data / "ikea_asm_sequences" / f"{name}.xes.zip") as archive:
        archive.extractall(tmp_path)
    path = tmp_path / f"{name}.xes"
    found = xes.read(path)
    assert xes.is_xes(path)
    assert len(found.clips) == clips
    assert sum(len(clip.segments) for clip in found.clips) == segments
    assert found.learned_as == background
    assert {clip.rate_hz for clip in found.clips} == {25.0}
    for clip in found.clips:
        ends = [(each.start_frame or 0, each.end_frame or 0) for each in clip.segments]
        assert all(start < end for start, end in ends)
        if name == "keep_na":
            assert [end for _, end in ends[:-1]] == [start for start, _ in ends[1:]], "no frame lies between"


def test_that_the_ends_of_ikea_asms_segments_are_part_of_them(tmp_path):
    first, _ = xes.read(made_xes.make(tmp_path)).clips
    assert first.name == "Lack_TV_Bench/0025_black_table"
    assert first.segments[:2] == (ForeignSegment("NA", 0, 58), ForeignSegment("flip table", 58, 171))
    assert first.frame_count == 204


def test_that_start_and_complete_of_one_instance_are_one_segment(tmp_path):
    events = (
        timed("2024-05-17T09:00:00Z", lifecycle_transition="start", org_resource="Ann"),
        timed("2024-05-17T09:00:01Z", lifecycle_transition="start", org_resource="Bob"),
        timed("2024-05-17T09:00:02.5Z", lifecycle_transition="complete", org_resource="Bob"),
        timed("2024-05-17T09:00:03Z", lifecycle_transition="suspend", org_resource="Ann"),
        timed("2024-05-17T11:00:04+02:00", lifecycle_transition="complete", org_resource="Ann"),
        timed("2024-05-17T09:00:09Z", lifecycle_transition="start", action="lost"),
    )
    found = xes.read(written(tmp_path, made_xes.trace("a", *events)))
    assert found.clips[0].segments == (
        ForeignSegment("cut", start_s=1.0, end_s=2.5, actor="Bob"),
        ForeignSegment("cut", start_s=0.0, end_s=4.0, actor="Ann"),
    )
    assert any("lost starts and never completes" in note for note in found.notes)
    assert any("'suspend'" in note for note in found.notes)


def test_that_intervals_and_a_videos_own_clock_are_understood(tmp_path):
    interval = (
        '<event><string key="concept:name" value="cut"/><date key="start_timestamp" value="1970-01-01T00:00:05Z"/>'
        '<date key="time:timestamp" value="1970-01-01T00:00:07Z"/></event>'
    )
    found = xes.read(written(tmp_path, made_xes.trace("a", interval)))
    assert found.clips[0].segments == (ForeignSegment("cut", start_s=5.0, end_s=7.0),)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('<!DOCTYPE log [<!ENTITY a "aaaa">]><log xes.version="1.0">&a;</log>', "document type"),
        ("<html></html>", "begins with <log>"),
        (made_xes.log("<trace>"), "line 2: not well-formed"),
        (made_xes.log(made_xes.trace("a", made_xes.event("cut", 9, 3))), "from frame 9 to 3"),
        (made_xes.log(made_xes.trace("a", timed("yesterday"))), "'yesterday', no time"),
        (made_xes.log(made_xes.trace("a", timed("2024-01-01T00:00:00Z", action=""))), "no concept:name"),
        (made_xes.log("<list>" * 200), "elements in each other"),
        ('<?xml version="1.0" encoding="klingon"?><log/>', "line 1"),
    ],
)
def test_that_what_is_wrong_with_a_log_is_said_with_its_line(tmp_path, content, says):
    path = tmp_path / "log.xes"
    path.write_text(content)
    with pytest.raises(FormatError, match=says) as caught:
        xes.read(path)
    assert caught.value.hint


def test_that_other_xml_is_no_log(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text("<log><entry/></log>")
    assert not xes.is_xes(path)
    path.write_bytes(b"\x00\x01\x02")
    assert not xes.is_xes(path)
