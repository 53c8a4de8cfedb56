"""IKEA-ASM's actions and poses, from a miniature in exactly its layout."""

import json
import sqlite3
from contextlib import closing
from zipfile import ZipFile

import numpy as np
import pytest

from core.bodies.skeletons import COCO_17, RECORDED_27, UPPER_BODY_9
from core.errors import CoreError, FormatError
from core.formats import openpose, xes
from core.formats.annotated import ForeignSegment
from core.formats.ikea_asm import is_ikea_asm, read, twins_of
from core.formats.ikea_asm_poses import is_pose2d, is_pose3d, read_pose2d, read_pose3d
from tests.core.formats import made_ikea_asm as made
from tests.core.formats.made_ikea_asm import TEST, TRAIN, VIDEOS, make, make_pose2d, make_pose3d, make_segments


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return make(tmp_path_factory.mktemp("ikea"), predictions=True)


@pytest.fixture
def database(tmp_path):
    return made.make_database(tmp_path / "ikea_annotation_db_full")


def change(database, *statements):
    with closing(sqlite3.connect(database)) as connection:
        for each in statements:
            connection.execute(each)
        connection.commit()
    return database


# ---- actions ----


def test_that_the_folder_and_each_of_its_files_are_known_by_content(root, tmp_path):
    assert is_ikea_asm(root)
    assert is_ikea_asm(root / "ikea_annotation_db_full")
    assert is_ikea_asm(make_segments(tmp_path))
    assert not is_ikea_asm(root / "indexing_files")
    assert not is_ikea_asm(root / VIDEOS[0])
    other = tmp_path / "ikea_annotation_db_full"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE videos (id)")
    assert not is_ikea_asm(other)


def test_that_the_database_gives_one_clip_an_assembly_with_its_actions_named_as_the_lists_name_them(root):
    clips = read(root).clips
    assert [each.name for each in clips] == list(VIDEOS)
    assert [(each.action, each.start_frame, each.end_frame) for each in clips[0].segments] == made.segments_of(0)
    assert clips[0].segments[0] == ForeignSegment("pick up leg", 0, 10, objects=("leg",))
    assert (clips[0].rate_hz, clips[0].frame_count) == (25.0, 80)
    assert (clips[0].width, clips[0].height) == (1920, 1080)
    assert clips[0].videos[0] == f"{VIDEOS[0]}/dev3/images/scan_video.avi"
    assert clips[0].poses == f"{VIDEOS[0]}/dev3/predictions/pose2d/openpose"


def test_that_the_two_files_say_the_same_but_for_the_gaps(root, tmp_path):
    told = read(make_segments(tmp_path))
    for ours, theirs in zip(read(root).clips, told.clips, strict=True):
        done = [(each.action, each.start_frame, each.end_frame) for each in theirs.segments if each.action != "NA"]
        assert done == [(each.action, each.start_frame, each.end_frame) for each in ours.segments]
    assert told.learned_as == {"NA": "", "other": ""}
    assert list(told.splits.values()) == [{"train": TRAIN, "test": TEST}]


def test_that_other_and_what_is_too_rare_for_the_makers_list_are_not_learned(root):
    annotations = read(root)
    assert annotations.learned_as == {"other": "", "lay down leg": ""}
    assert "Too rare for the makers' list, and not learned: lay down leg" in annotations.notes


def test_that_the_split_is_that_of_the_lists(root):
    assert read(root).splits == {"IKEA-ASM cross environment": {"train": TRAIN, "test": TEST}}


def test_that_another_camera_has_its_own_videos_and_the_same_actions(root):
    first = read(root, camera="dev1").clips[0]
    assert first.videos[0] == f"{VIDEOS[0]}/dev1/images/scan_video.avi"
    assert first.segments == read(root).clips[0].segments
    assert first.poses == ""
    with pytest.raises(FormatError, match="no camera 'dev9'"):
        read(root, camera="dev9")


def test_that_an_assembly_that_repeats_another_is_said(root):
    annotations = read(root)
    assert twins_of(annotations.clips) == {VIDEOS[3]: VIDEOS[1]}
    assert any(f"{VIDEOS[3]} as {VIDEOS[1]}" in each for each in annotations.notes)


def test_that_thirteen_of_the_real_sequences_repeat_another_with_and_without_what_lies_between(shared_data, tmp_path):
    for name in ("no_na", "keep_na"):
        with ZipFile(shared_data / "ikea_asm_sequences" / f"{name}.xes.zip") as archive:
            archive.extractall(tmp_path)
        twins = twins_of(xes.read(tmp_path / f"{name}.xes").clips)
        assert len(twins) == 13
        assert not twins.keys() & twins.values()


def test_that_the_makers_cameras_come_with_the_clips_they_filmed(tmp_path):
    root = make(tmp_path)
    for scene in ("02", "04"):
        for device, shift in (("dev1", 100.0), ("dev2", 0.0), ("dev3", -100.0)):
            place = root / "Calibration" / scene / device
            place.mkdir(parents=True)
            facts = {
                "K": [[1000, 0, 960], [0, 1000, 540], [0, 0, 1]], "dist_coefs": [0, 0, 0, 0, 0],
                "R": np.eye(3).tolist(), "T": [[shift], [0], [0]],
            }  # fmt: skip
            (place / "camera_parameters.json").write_text(json.dumps(facts))
    annotations = read(root)
    assert {each.name for each in annotations.cameras} >= {"scene 02 dev3", "scene 04 dev3"}
    assert [each.camera for each in annotations.clips] == [
        "scene 02 dev3", "scene 04 dev3", "scene 02 dev3", "scene 04 dev3",
    ]  # fmt: skip


def test_that_an_end_after_the_video_ends_with_it_as_the_makers_read_it(database):
    change(database, "UPDATE annotations SET ending_frame = 500 WHERE starting_frame = 60")
    assert read(database).clips[0].segments[-1].end_frame == 80


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE annotations SET starting_frame = -3", r"row 13 of Lack_Side_Table.*from frame -3 to 10"),
        ("UPDATE annotations SET ending_frame = starting_frame", "from frame 0 to 0"),
        ("UPDATE annotations SET starting_frame = 'soon'", "from frame soon to"),
        ("UPDATE videos SET nframes = 1000000000000", "has 1000000000000 frames"),
        ("UPDATE videos SET video_path = 'a/b/dev3/images'", "twice or none"),
        ("UPDATE videos SET annotated = 0", "no video of camera dev3 is annotated"),
        ("ALTER TABLE videos RENAME COLUMN camera TO device", "its table videos has no column camera"),
    ],
)
def test_that_what_cannot_be_is_refused_with_its_row(database, statement, says):
    with pytest.raises(FormatError, match=says) as refused:
        read(change(database, statement))
    assert database.name in str(refused.value)


def test_that_a_view_that_would_count_for_ever_is_not_asked(database):
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT i AS id, i AS video_path, i AS nframes FROM n"
    )
    change(database, "DROP TABLE videos", f"CREATE VIEW videos AS {endless}")
    with pytest.raises(FormatError, match="no table videos"):
        read(database)


def test_that_reading_the_database_leaves_nothing_beside_it(database):
    before = database.read_bytes()
    read(database)
    assert [each.name for each in database.parent.iterdir()] == [database.name]
    assert database.read_bytes() == before


@pytest.mark.parametrize(
    ("segment", "says"),
    [
        ({"label": "spin leg", "segment": [5, 5]}, r"segment 1 \(spin leg\): it cannot go from frame 5 to 5"),
        ({"label": "spin leg", "segment": [0, 1e9]}, "cannot go from frame 0 to 1e\\+09"),
        ({"label": "spin leg", "segment": [0.5, 3]}, "cannot go from frame 0.5 to 3"),
        ({"label": " ", "segment": [0, 3]}, "has no label"),
        ({"label": "spin leg", "segment": [0]}, "Expected `array` of length 2"),
        ({"label": "spin leg"}, "missing required field `segment`"),
    ],
)
def test_that_a_bad_segment_is_named(tmp_path, segment, says):
    path = make_segments(tmp_path)
    content = json.loads(path.read_text())
    content["database"][VIDEOS[1]]["annotation"].insert(0, segment)
    path.write_text(json.dumps(content))
    with pytest.raises(FormatError, match=says):
        read(path)


# ---- poses ----


def test_that_2d_poses_are_known_by_their_joints_and_stand_at_their_frames(tmp_path):
    folder = make_pose2d(tmp_path, frames=(3, 50))
    assert is_pose2d(folder)
    assert not is_pose3d(folder)
    poses = read_pose2d(folder, frame_count=60)
    assert (len(poses), poses.people, poses.skeleton) == (60, 1, COCO_17)
    np.testing.assert_allclose(poses.joints_px[50, 0], made.pose_px(50), atol=1e-3)
    assert np.flatnonzero(poses.seen().any((1, 2))).tolist() == [3, 50]
    assert poses.seen()[3].all(), "the least sure of their three confidences still counts as seen"


def test_that_2d_poses_of_a_longer_video_are_refused(tmp_path):
    with pytest.raises(FormatError, match="it has a frame 50, the video has 50 frames"):
        read_pose2d(make_pose2d(tmp_path), frame_count=50)


@pytest.mark.parametrize("read_poses", [read_pose2d, read_pose3d])
def test_that_a_frame_that_is_there_twice_is_refused_by_its_file(tmp_path, read_poses):
    folder = make_pose2d(tmp_path) if read_poses is read_pose2d else make_pose3d(tmp_path)
    first = min(folder.glob("*.json"))
    again = first.with_name(f"0{first.name}")
    again.write_bytes(first.read_bytes())
    with pytest.raises(FormatError, match=f"{first.name}.*is there twice"):
        list([read_poses(folder)] if read_poses is read_pose2d else read_poses(folder))


def test_that_frames_follow_each_other_by_their_numbers_however_many_digits_they_have(tmp_path):
    folder = make_pose2d(tmp_path, frames=(3, 50))
    (folder / "000003.json").rename(folder / "0000060.json")
    assert np.flatnonzero(read_pose2d(folder).seen().any((1, 2))).tolist() == [50, 60]


def test_that_3d_poses_stand_upright_in_metres_and_the_missing_joint_is_missing(tmp_path):
    folder = make_pose3d(tmp_path)
    assert is_pose3d(folder)
    assert not is_pose2d(folder)
    (recording,) = read_pose3d(folder)
    assert recording.name == "0001_black_table_02_01_2019_08_16_14_00"
    assert recording.rate_hz == 0.25
    joints_m = recording.joints_m
    head, pelvis = joints_m[:, RECORDED_27["nose"]], joints_m[:, RECORDED_27["pelvis"]]
    np.testing.assert_allclose((head - pelvis)[:, 1], 1.15, atol=1e-5)
    left, right = joints_m[0, RECORDED_27["left_shoulder"]], joints_m[0, RECORDED_27["right_shoulder"]]
    assert left[0] - right[0] == pytest.approx(-0.5)
    assert np.isnan(joints_m[1, RECORDED_27["left_wrist"]]).all()
    assert np.isfinite(joints_m[1, RECORDED_27["right_wrist"]]).all()


def test_that_body25_poses_are_known_by_their_own_names(tmp_path):
    numbers = [float(each) for at in range(25) for each in (at, -10.0 * at, 0.0, 1.0)]
    path = tmp_path / "000007.json"
    path.write_text(json.dumps({"format": "body25", "pose_keypoints_3d": numbers}))
    (recording,) = read_pose3d(path)
    np.testing.assert_allclose(recording.joints_m[0, RECORDED_27["pelvis"]], [0.08, 0.8, 0.0], atol=1e-6)


def test_that_predictions_are_openpose_files_and_neither_of_these(root):
    folder = root / VIDEOS[0] / "dev3" / "predictions" / "pose2d" / "openpose"
    assert openpose.is_openpose(folder)
    assert not is_pose2d(folder)
    assert not is_pose3d(folder)
    assert not openpose.is_openpose(root / VIDEOS[0] / "dev3" / "pose2d")


def test_that_predictions_of_17_joints_are_read_and_openpose_is_taken_before_them(tmp_path):
    root = make(tmp_path)
    place = root / VIDEOS[0] / "dev3" / "predictions" / "pose2d"
    folder = made.make_predictions(place / "keypoint_rcnn_ft", 3, joints=COCO_17.joints)
    poses = openpose.read(folder)
    assert poses.skeleton == COCO_17
    np.testing.assert_allclose(poses.joints_px[2, 0], made.pose_px(2), atol=1e-3)
    assert poses.as_skeleton(UPPER_BODY_9).seen().all()
    assert read(root).clips[0].poses.endswith("pose2d/keypoint_rcnn_ft")
    made.make_predictions(place / "openpose", 3)
    assert read(root).clips[0].poses.endswith("pose2d/openpose")
    assert read(root, poses="keypoint_rcnn_ft").clips[0].poses.endswith("pose2d/keypoint_rcnn_ft")


@pytest.mark.parametrize(
    ("read_poses", "content", "says"),
    [
        (read_pose2d, {"left wing": {"position": [1, 2], "confidence": 3}}, "no joint 'left wing'"),
        (read_pose2d, {"nose": {"position": [1, 2], "confidence": 30}}, "no such place or confidence"),
        (read_pose2d, {"nose": {"position": [1e9, 2], "confidence": 3}}, "no such place or confidence"),
        (read_pose2d, {"nose": [1, 2]}, "it is no pose"),
        (read_pose3d, {"format": "ikea", "pose_keypoints_3d": [1.0] * 60}, "15 joints of the format 'ikea'"),
        (read_pose3d, {"format": "coco", "pose_keypoints_3d": [1.0] * 68}, "17 joints of the format 'coco'"),
        (read_pose3d, {"format": "ikea", "pose_keypoints_3d": [1e7] * 68}, "more than a kilometre away"),
    ],
)
def test_that_a_pose_that_cannot_be_is_refused_by_its_file(tmp_path, read_poses, content, says):
    path = tmp_path / "000100.json"
    path.write_text(json.dumps(content))
    with pytest.raises(CoreError, match=says) as refused:
        list([read_poses(path)] if read_poses is read_pose2d else read_poses(path))
    assert "000100.json" in str(refused.value)
