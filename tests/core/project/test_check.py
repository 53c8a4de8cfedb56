"""What a check finds: each oddity by name, and nothing where nothing is wrong."""

import sqlite3

import numpy as np
import pytest
from msgspec.structs import replace

from core.bodies.skeletons import UPPER_BODY_9
from core.motion import Poses2d
from core.project import edits
from core.project.annotations import Split
from core.project.check import check, findings_of
from core.project.store import ProjectStore


def only(project):
    (clip,) = project.clips.values()
    return clip


def said(project):
    return [(each.severity, each.what) for each in findings_of(project)]


@pytest.fixture
def sound(marked, folder):
    """`marked` with its video where it should be."""
    clip = only(marked.project)
    path = marked.video_path(clip)
    path.parent.mkdir()
    path.write_bytes(b"v" * clip.video.size_bytes)
    return marked


def test_that_nothing_is_found_where_nothing_is_wrong(sound, folder):
    assert check(folder) == []  # while it is open
    sound.close()
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert check(folder) == []
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_that_overlaps_are_listed_for_each_person_apart(sound, parts):
    project = sound.project
    clip = only(project)
    action = clip.segments[0].action
    project, cook = edits.add_actor(project, clip.id, "cook", author="Ada")
    project, _ = edits.mark_segment(project, clip.id, action, 20, 30, author="Ada", actor=cook.id)
    assert said(project) == []
    project, _ = edits.mark_segment(project, clip.id, action, 39, 60, author="Ada")
    assert said(project) == [("warning", "breakfast: cut (10 to 40) and cut (39 to 60) overlap")]


def test_that_a_short_segment_inside_a_long_one_does_not_hide_the_next_overlap(sound):
    clip = only(sound.project)
    action = clip.segments[0].action
    project, _ = edits.mark_segment(sound.project, clip.id, action, 12, 14, author="Ada")
    project, _ = edits.mark_segment(project, clip.id, action, 35, 50, author="Ada")
    assert [what for _, what in said(project)] == [
        "breakfast: cut (10 to 40) and cut (12 to 14) overlap",
        "breakfast: cut (10 to 40) and cut (35 to 50) overlap",
    ]


def test_that_a_pose_outside_its_segment_and_what_lies_past_the_end_are_odd(sound):
    clip = only(sound.project)
    segment = clip.segments[0]
    clip = clip.with_pose(replace(clip.poses[0], frame=40))
    assert said(sound.project.with_clip(clip)) == [
        ("warning", "breakfast: the pose at frame 40 lies outside cut (10 to 40)")
    ]
    short = replace(only(sound.project), video=replace(clip.video, frame_count=20))
    assert said(sound.project.with_clip(short)) == [
        ("warning", "breakfast: cut (10 to 40) goes on after the video's last frame, 19"),
        ("warning", "breakfast: the pose at frame 20 lies after the video's last frame, 19"),
    ]
    assert segment.end_frame == 40


def test_that_ids_that_lead_nowhere_are_errors(sound):
    project = sound.project
    clip = only(project)
    assert said(replace(project, labels={})) == [
        ("error", "breakfast: the action of segment (10 to 40) is not there"),
        ("error", "breakfast: the object of segment (10 to 40) is not there"),
    ]
    assert said(project.with_clip(replace(clip, camera="x"))) == [("error", "breakfast: its camera is not there")]
    assert said(project.with_clip(replace(clip, segments=()))) == [
        ("error", "breakfast: the pose at frame 20 belongs to no segment")
    ]
    alone = clip.with_segment(replace(clip.segments[0], actor="x"))
    assert said(project.with_clip(alone)) == [("error", "breakfast: the person of cut (10 to 40) is not there")]
    twice = replace(clip, poses=(clip.poses[0], replace(clip.poses[0], id="another")))
    assert said(project.with_clip(twice)) == [("error", "breakfast: cut (10 to 40) has two characteristic poses")]
    strange = clip.with_pose(replace(clip.poses[0], joint_edits={"tail": (0.0, 0.0, 1.0)}))
    assert said(project.with_clip(strange)) == [
        ("error", "breakfast: the pose at frame 20 moves an unknown joint, tail")
    ]


def test_that_a_split_that_leaks_or_leads_nowhere_is_an_error(sound, parts):
    clip = only(sound.project)
    split = Split(id="s", name="by cook", parts={"train": (clip.id, "x"), "test": (clip.id,)}, made=parts.made)
    assert said(sound.project.with_split(split)) == [
        ("error", "split by cook: train holds a clip that is not there"),
        ("error", "split by cook: breakfast is in train and in test"),
    ]


def test_that_labels_of_one_name_or_one_key_are_listed(sound, parts):
    project = sound.project.with_label(parts.label("cut"))
    assert said(project) == [("warning", 'two actions are called "cut"')]
    project = sound.project.with_label(replace(parts.label("peel"), key="1")).with_label(
        replace(parts.label("stir"), key="1")
    )
    assert said(project) == [("warning", "1 is the key of peel and of stir")]


def test_that_a_missing_or_changed_video_is_a_warning(sound, folder):
    path = sound.video_path(only(sound.project))
    path.write_bytes(b"shorter")
    assert [each.what for each in check(folder)] == [
        "breakfast: breakfast.mp4 is not the file that was added: its size differs"
    ]
    path.unlink()
    (found,) = check(folder)
    assert found.what == f"breakfast: breakfast.mp4 is no longer in {path.parent}"
    assert (found.severity, found.clip) == ("warning", only(sound.project).id)


def test_that_missing_tracks_are_an_error_and_tracks_of_another_length_a_warning(sound, folder):
    clip = only(sound.project)
    project, _ = edits.add_actor(sound.project, clip.id, "cook", author="Ada", track=3)
    poses = Poses2d(UPPER_BODY_9, np.zeros((5, 1, 9, 2), np.float32), np.zeros((5, 1, 9), np.float32))
    sound.edit(edits.set_tracks(project, clip.id, sound.write_tracks(poses)), "Extract 2D poses")
    assert [each.what for each in check(folder)] == [
        "breakfast: its 2D poses have 5 frames, its video 900",
        "breakfast: cook is person 4 of the 2D poses, which hold 1",
    ]
    sound.edit(edits.set_tracks(sound.project, clip.id, "ab" * 16), "Extract 2D poses")
    (found,) = check(folder)
    assert found.severity == "error"
    assert "are not beside the project" in found.what


def test_that_waiting_and_set_aside_results_are_listed(sound, folder):
    with ProjectStore.open(folder, "command", mode="command") as command:
        command.edit(edits.rename_clip(command.project, only(command.project).id, "lunch"), "Rename breakfast")
    assert [each.what for each in check(folder)] == ["1 result waits to be taken in"]
    sound.edit(edits.rename_clip(sound.project, only(sound.project).id, "supper"), "Rename breakfast")
    sound.take_in_results()
    (found,) = check(folder)
    assert found.what.startswith("a result was set aside: name of a row of clips was changed meanwhile")


@pytest.mark.parametrize(
    ("tampering", "says"),
    [
        (
            "UPDATE segments SET body = replace(body, '\"end_frame\":40', '\"end_frame\":41')",
            "not what the journal says",
        ),
        ("DELETE FROM poses", "a row of poses is not what the journal says"),
        ("DELETE FROM journal WHERE sequence = 3", "the journal misses row 3"),
        ("UPDATE journal SET changes = '[]' WHERE sequence = 4", "does not follow from those before it"),
        ("UPDATE journal SET undoes = 'x' WHERE sequence = 4", "takes back an edit that is not there"),
        ("UPDATE journal SET changes = '{' WHERE sequence = 4", "row 4 of its journal"),
        ("UPDATE segments SET clip = 'x'", "a row of segments belongs to a clip that is not there"),
        ("UPDATE labels SET body = '{}'", "damaged"),
        ("DELETE FROM meta", "does not say what it is called"),
    ],
)
def test_that_what_another_program_changed_is_found(sound, folder, tampering, says):
    sound.edit(edits.rename_clip(sound.project, only(sound.project).id, "supper"), "Rename breakfast")
    sound.close()
    with sqlite3.connect(folder / "project.sqlite") as connection:
        connection.execute(tampering)
    connection.close()
    found = check(folder)
    assert any(says in each.what and each.severity == "error" for each in found), found


def test_that_an_index_that_disagrees_with_its_table_is_found(sound, folder):
    sound.close()
    path = folder / "project.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute("UPDATE sqlite_schema SET sql = replace(sql, 'id TEXT NOT NULL UNIQUE', 'id TEXT NOT NULL')"
                           " WHERE name = 'journal'")  # fmt: skip
    connection.close()
    assert [each.severity for each in check(folder)] == ["error"]
