"""BORIS: three ways of writing the same, points, several videos in a row, and states that never end."""

import pytest

from core.errors import FormatError
from core.formats import boris
from core.formats.annotated import ForeignSegment
from tests.core.formats.made_boris import AGGREGATED, NEW, OLD_ABOVE, make, new_row

CUT = ForeignSegment("cut", start_s=1.0, end_s=3.0, objects=("bread", "knife"))
STIR = ForeignSegment("stir", start_s=2.0, end_s=4.5, actor="Bob")
TAP = ForeignSegment("tap", start_s=2.4, end_s=2.4, pose_s=2.4)


def put(folder, text, name="events.tsv"):
    (folder / name).write_text(text)
    return folder / name


def test_that_states_are_paired_by_behaviour_and_subject(tmp_path):
    path = make(tmp_path)
    assert boris.is_boris(path)
    (clip,) = boris.read(path).clips
    assert (clip.name, clip.rate_hz, clip.frame_count) == ("kitchen.mp4", 25.0, 1500)
    assert clip.segments == (CUT, STIR, TAP)


def test_that_the_old_form_says_the_observation_above_the_table(tmp_path):
    media = "C:\\films\\kitchen.mp4\t60\t25.0"
    rows = f"1.0\t{media}\tBob\tstir\t\t\tSTART\n2.0\t{media}\tBob\tstir\t\t\tSTOP\n"
    path = put(tmp_path, OLD_ABOVE + rows)
    assert boris.is_boris(path)
    (clip,) = boris.read(path).clips
    assert clip.name == "kitchen.mp4"
    assert clip.segments == (ForeignSegment("stir", start_s=1.0, end_s=2.0, actor="Bob"),)


def test_that_aggregated_events_are_segments_already(tmp_path):
    rows = (
        "o,2016-12-01,,kitchen.mp4,60,25.0,No focal subject,cut,,bread|knife,STATE,1.000,3.000,2.000,,\n"
        "o,2016-12-01,,kitchen.mp4,60,25.0,Bob,stir,,,STATE,2.000,4.500,2.500,,\n"
        "o,2016-12-01,,kitchen.mp4,60,25.0,No focal subject,tap,,,POINT,2.400,2.400,NA,,\n"
    )
    path = put(tmp_path, AGGREGATED + rows, "aggregated.csv")
    assert boris.is_boris(path)
    (clip,) = boris.read(path).clips
    assert clip.segments == (CUT, STIR, TAP)


def test_that_an_event_lies_in_its_own_video_where_several_follow_each_other(tmp_path):
    several = {"source": "player #1:a.mp4;b.mp4|player #2:c.mp4", "lengths": "60.0;30.0|90.0", "rates": "25.0;50.0|25"}
    rows = new_row("10", "tap", "POINT", media="a.mp4", **several) + new_row(
        "70", "tap", "POINT", media="b.mp4", **several
    )
    first, second = boris.read(put(tmp_path, NEW + rows)).clips
    assert (first.name, first.segments[0].start_s, first.rate_hz) == ("a.mp4", 10.0, 25.0)
    assert (second.name, second.segments[0].start_s, second.rate_hz) == ("b.mp4", 10.0, 50.0)


def test_that_the_observation_is_the_clip_where_lengths_are_not_told(tmp_path):
    rows = "".join(
        f"o,2016-12-01,,{media},90,25.0,Bob,tap,,,POINT,{at},{at},NA,,\n"
        for media, at in (("a.mp4", 10), ("b.mp4", 70))
    )
    found = boris.read(put(tmp_path, AGGREGATED + rows, "a.csv"))
    (clip,) = found.clips
    assert (clip.name, [each.start_s for each in clip.segments]) == ("o", [10.0, 70.0])
    assert "several videos" in found.notes[0]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([new_row("1", "cut", "START"), new_row("2", "tap", "POINT")], "line 2: cut starts and never stops"),
        ([new_row("1", "cut", "STOP")], "line 2: cut stops and never started"),
        ([new_row("3", "cut", "START"), new_row("1", "cut", "STOP")], "line 3: cut stops before it starts, on line 2"),
        ([new_row("soon", "cut", "START")], "line 2: Time is 'soon'"),
        ([new_row("nan", "cut", "START")], "line 2: Time is 'nan'"),
        ([new_row("1", "cut", "PERHAPS")], "PERHAPS"),
        ([new_row("1", "", "START")], "line 2: no behavior"),
    ],
)
def test_that_what_is_wrong_with_an_event_is_said_with_its_line(tmp_path, rows, says):
    with pytest.raises(FormatError, match=says) as caught:
        boris.read(put(tmp_path, NEW + "".join(rows)))
    assert caught.value.hint


def test_that_other_tables_are_not_boris(tmp_path):
    path = put(tmp_path, "Subject,Behavior,Time\nBob,cut,1\n", "a.csv")
    assert not boris.is_boris(path)
    with pytest.raises(FormatError, match="no line names"):
        boris.read(path)
