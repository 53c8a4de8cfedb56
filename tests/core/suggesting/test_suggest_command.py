"""`posecast suggest`: what it prints, measures and refuses."""

import csv
import io
import json

import numpy as np
import pytest
from typer.testing import CliRunner

from core.__main__ import app
from core.bodies.skeletons import UPPER_BODY_9
from core.motion import Poses2d
from core.project import edits
from core.project.annotations import FrameIdentity, VideoFile
from core.project.store import ProjectStore

REST = np.array([[0, -60], [0, 0], [-40, 5], [-45, 60], [-45, 110], [40, 5], [45, 60], [45, 110], [0, 120]])
SPANS, TURNS = ((10, 60), (70, 120)), (45, 105)


@pytest.fixture
def folder(tmp_path):
    """A clip of joints alone: the hand turns back at `TURNS`; the first segment has its pose there."""
    joints = np.repeat(REST[None, None].astype(np.float32), 140, axis=0) + 300
    at = np.arange(140)
    joints[:, 0, UPPER_BODY_9["right_hand"], 0] -= sum(
        150 * np.clip(1 - np.abs(at - turn) / 15, 0, 1) for turn in TURNS
    )
    nothing = VideoFile(
        path="", frame_count=140, width=640, height=480, rate_hz=25.0, duration_s=5.6, size_bytes=0, fingerprint=""
    )
    place = tmp_path / "p"
    with ProjectStore.create(place, "p", "test") as store:
        project, label = edits.add_label(store.project, "reach", "action", author="test")
        project, clip = edits.add_clip(project, "one", None, nothing, author="test", folder=place)
        poses = Poses2d(UPPER_BODY_9, joints, np.ones((140, 1, 9), np.float32))
        project = edits.set_tracks(project, clip.id, store.write_tracks(poses))
        for start, end in SPANS:
            project, segment = edits.mark_segment(project, clip.id, label.id, start, end, author="test")
            if start == SPANS[0][0]:
                identity = FrameIdentity(pts=TURNS[0])
                project = edits.set_pose(project, clip.id, segment.id, TURNS[0], identity, author="test")
        store.edit(project, "Prepare")
    return place


def run(*words):
    return CliRunner().invoke(app, ["suggest", *map(str, words)])


def test_that_segments_without_a_pose_get_three_rows_with_their_reasons(folder):
    rows = json.loads(run(folder, "--json").stdout)
    assert [each["place"] for each in rows] == [1, 2, 3]
    assert {(each["action"], each["start_frame"], each["end_frame"]) for each in rows} == {("reach", *SPANS[1])}
    assert min(abs(each["frame"] - TURNS[1]) for each in rows) <= 5
    assert rows[0]["reasons"]["neutral"] > 0
    table = list(csv.DictReader(io.StringIO(run(folder, "--csv").stdout)))
    assert [int(each["frame"]) for each in table] == [each["frame"] for each in rows]


def test_that_measuring_tells_hits_beside_middle_and_random(folder):
    said = json.loads(run(folder, "--measure", "--json").stdout)
    assert said["poses"] == 1
    assert set(said["shares"]) == {"suggestions", "random", "middle", "usual place"}
    assert said["shares"]["random"]["top-1 within 0.2 s"] == pytest.approx(11 / 50)
    assert said["shares"]["middle"]["top-1 within 0.2 s"] == 0.0


def test_that_what_cannot_be_suggested_is_refused_in_words(folder):
    unknown = run(folder, "--clip", "nowhere")
    assert unknown.exit_code == 1
    assert "no clip nowhere" in unknown.output
    with ProjectStore.open(folder, "test") as store:
        clip = next(iter(store.project.clips))
        store.edit(edits.set_tracks(store.project, clip, ""), "Forget tracks")
    without = run(folder)
    assert without.exit_code == 1
    assert "posecast poses" in without.output


def test_that_a_segment_nothing_is_suggested_for_is_not_said_to_have_its_pose(folder, tmp_path):
    with ProjectStore.open(folder, "test") as store:
        (clip,), (label,) = store.project.clips.values(), store.project.actions()
        identity = FrameIdentity(pts=TURNS[1])
        project = edits.set_pose(store.project, clip.id, clip.segments[1].id, TURNS[1], identity, author="test")
        store.edit(project, "Set pose")
        assert run(folder).output == "Every segment has its characteristic pose.\n"
        late, _ = edits.mark_segment(project, clip.id, label.id, 150, 160, author="test")
        store.edit(late, "Mark past the end")
    assert "1 segment that waits for a characteristic pose has no 2D poses there" in run(folder).output
    ProjectStore.create(tmp_path / "empty", "Empty", "test").close()
    assert "has no clips yet" in run(tmp_path / "empty").output
