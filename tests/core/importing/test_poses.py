"""Characteristic poses of a table find their segments, and what finds none is named."""

import pytest

from core.errors import FormatError
from core.formats.annotated import Annotations, ForeignClip, ForeignSegment
from core.importing.poses import with_poses

MARKS = "clip,actor,action,objects,start_frame,end_frame,start_s,end_s,pose_frame,pose_s,made_by,source\n"


def annotations():
    segments = (
        ForeignSegment("wash", 0, 20),
        ForeignSegment("cut", 10, 40),
        ForeignSegment("cut", 40, 60),
    )
    return Annotations(
        (
            ForeignClip("Kitchen/s08-d02-cam-002", segments),
            ForeignClip("Kitchen/s10-d02-cam-002", segments),
            ForeignClip("Cellar/s10-d02-cam-002", ()),
        )
    )


def table(tmp_path, content, name="poses.csv"):
    path = tmp_path / name
    path.write_text(content)
    return path


def poses_of(joined, clip=0):
    return [each.pose_frame for each in joined.clips[clip].segments]


def test_that_a_mark_finds_its_segment_by_frames_or_by_its_action_round_the_pose(tmp_path):
    rows = "s08-d02-cam-002.avi,,cut,,10,40,,,15,,,\nKitchen/s08-d02-cam-002,,cut,,41,59,,,50,,,\n"
    joined, said = with_poses(annotations(), table(tmp_path, MARKS + rows))
    assert poses_of(joined) == [None, 15, 50]
    assert said == ("poses.csv: 2 of 2 characteristic poses found their segment",)


def test_that_a_keypose_finds_the_segment_that_begins_where_it_says_else_the_shortest(tmp_path):
    rows = "s08-d02-cam-002;10;15;\nKitchen/s08-d02-cam-002;0;5;\ns08-d02-cam-002;7;45;remark\n"
    joined, _ = with_poses(annotations(), table(tmp_path, "sample-id;start;action;comment\n" + rows))
    assert poses_of(joined) == [5, 15, 45]
    shortest, _ = with_poses(annotations(), table(tmp_path, "sampleid;frameidx\ns08-d02-cam-002;15\n"))
    assert poses_of(shortest) == [15, None, None]


def test_that_rows_that_fit_nowhere_are_named(tmp_path):
    rows = (
        "s99,,cut,,0,9,,,5,,,\ns10-d02-cam-002,,cut,,10,40,,,15,,,\ns08-d02-cam-002,,cut,,10,40,,,15,,,\n"
        "s08-d02-cam-002,,cut,,10,40,,,16,,,\ns08-d02-cam-002,,fry,,0,20,,,5,,,\ns08-d02-cam-002,,cut,,40,60,,,,,,\n"
    )
    joined, said = with_poses(annotations(), table(tmp_path, MARKS + rows))
    assert poses_of(joined) == [None, 15, None]
    assert said == (
        "poses.csv: 1 of 5 characteristic poses found their segment",
        "Left out of poses.csv: no clip 's99'",
        "Left out of poses.csv: several clips 's10-d02-cam-002'",
        "Left out of poses.csv: Kitchen/s08-d02-cam-002 has two poses for one segment; the first stays",
        "Left out of poses.csv: no segment of Kitchen/s08-d02-cam-002 for a pose at frame 5",
    )


def test_that_another_table_is_refused(tmp_path):
    with pytest.raises(FormatError, match="no table of characteristic poses"):
        with_poses(annotations(), table(tmp_path, "a,b\n1,2\n"))
