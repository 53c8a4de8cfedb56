"""OpenPose folders: real ones, every scale, people who come and go, and what is wrong said in words."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from core.bodies.skeletons import BLAZEPOSE_33, BODY_25, COCO_18, UPPER_BODY_9
from core.errors import FileError, FormatError
from core.formats import openpose
from core.motion import Poses2d


def unpacked(shared_data: Path, folder: Path, name: str) -> Path:
    with zipfile.ZipFile(shared_data / name) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


def put(folder: Path, frame: int, people: list, key="pose_keypoints_2d", name="clip") -> None:
    folder.mkdir(exist_ok=True)
    content = {"version": 1.2, "people": [{key: np.asarray(each).reshape(-1).tolist()} for each in people]}
    (folder / f"{name}_{frame:012d}_keypoints.json").write_text(json.dumps(content))


def body(x: float, y: float = 200.0, joints: int = 25, scale: float = 100.0) -> np.ndarray:
    """Someone's joints around (x, y), all surely seen."""
    around = np.random.default_rng(4).uniform(-1, 1, (joints, 2)) * scale
    return np.column_stack([around + np.array([x, y]), np.full(joints, 0.9)])


@pytest.mark.parametrize(
    ("name", "frames", "first", "skeleton"),
    [
        ("openpose_body25/0.zip", 471, 30, BODY_25),
        ("openpose_body25/1.zip", 81, 0, BODY_25),
        ("openpose_body25/3.zip", 350, 0, BODY_25),
        ("openpose_body25/5.zip", 1501, 1150, BODY_25),
        ("openpose_coco18/motion_sample_1.zip", 171, 0, COCO_18),
    ],
)
def test_that_real_folders_give_one_person_throughout(shared_data, tmp_path, name, frames, first, skeleton):
    folder = unpacked(shared_data, tmp_path, name)
    poses = openpose.read(folder)
    assert openpose.is_openpose(folder)
    assert poses.skeleton == skeleton
    assert len(poses) == frames
    seen = poses.seen()[first:, 0]
    assert seen.any(-1).all(), "the first person is there in every frame with a file"
    assert not poses.seen()[:first].any()
    assert seen.mean() > 0.7
    raw = json.loads(sorted(folder.rglob("*.json"))[5].read_text())
    expected = np.array(raw["people"][0]["pose_keypoints_2d"]).reshape(-1, 3)
    found = expected[:, 2] > 0
    np.testing.assert_allclose(poses.joints_px[first + 5, 0][found], expected[found, :2], atol=1e-3)
    np.testing.assert_allclose(poses.confidence[first + 5, 0], expected[:, 2].clip(0, 1), atol=1e-6)


def test_that_writing_and_reading_gives_the_same_tracks(tmp_path):
    rng = np.random.default_rng(0)
    joints = rng.uniform(5, 900, (40, 3, 25, 2)).astype(np.float32)
    confidence = rng.uniform(0.1, 1, (40, 3, 25)).astype(np.float32)
    confidence[:10, 2] = confidence[20:25, 1] = confidence[:, :, 20:23] = 0
    openpose.write(Poses2d(BODY_25, joints, confidence), tmp_path / "out")
    again = openpose.read(tmp_path / "out", frame_count=40)
    seen = confidence > 0
    np.testing.assert_allclose(again.confidence, confidence, atol=1e-4)
    np.testing.assert_allclose(again.joints_px[seen], joints[seen], atol=1e-3)


def test_that_our_own_tracks_become_body_25_and_others_are_refused(tmp_path):
    poses = Poses2d(BLAZEPOSE_33, np.full((2, 1, 33, 2), 7, np.float32), np.ones((2, 1, 33), np.float32))
    openpose.write(poses, tmp_path / "out")
    assert openpose.read(tmp_path / "out").confidence[0, 0].min() == 1
    nine = Poses2d(UPPER_BODY_9, np.ones((1, 1, 9, 2), np.float32), np.ones((1, 1, 9), np.float32))
    with pytest.raises(FileError, match="cannot be OpenPose's"):
        openpose.write(nine, tmp_path / "nine")


@pytest.mark.parametrize(("scale", "offset"), [(1, 0), (2, -1)])
def test_that_shares_of_the_picture_become_its_pixels(tmp_path, scale, offset):
    person = body(400)
    shares = person.copy()
    shares[:, :2] = person[:, :2] / [639, 479] * scale + offset
    put(tmp_path / "clip", 0, [shares])
    poses = openpose.read(tmp_path / "clip", size=(640, 480))
    np.testing.assert_allclose(poses.joints_px[0, 0], person[:, :2], atol=1e-3)
    with pytest.raises(FormatError, match="shares of the picture"):
        openpose.read(tmp_path / "clip")


def test_that_version_1_0_and_a_joint_not_found_are_understood(tmp_path):
    person = body(300)
    person[4] = 0
    put(tmp_path / "clip", 0, [person], key="pose_keypoints")
    poses = openpose.read(tmp_path / "clip")
    assert poses.confidence[0, 0, 4] == 0
    assert (np.delete(poses.confidence[0, 0], 4) > 0.8).all()


def test_that_people_keep_their_tracks_whatever_order_a_frame_lists_them_in(tmp_path):
    rng = np.random.default_rng(1)
    for frame in range(60):
        left, right = body(200 + 2 * frame), body(1500 - 3 * frame)
        listed = [left, right] if rng.random() < 0.5 else [right, left]
        if 20 <= frame < 24:
            listed = [right]  # a short absence
        put(tmp_path / "clip", frame, listed)
    poses = openpose.read(tmp_path / "clip")
    assert poses.people == 2
    middles = poses.joints_px.mean(2)[..., 0]
    order = np.argsort(middles[0])
    ways = middles[:, order]
    there = poses.seen().any(-1)[:, order]
    np.testing.assert_allclose(np.diff(ways[there[:, 0], 0]) / np.diff(np.flatnonzero(there[:, 0])), 2, atol=0.01)
    np.testing.assert_allclose(np.diff(ways[:, 1]), -3, atol=0.01)
    assert list(np.flatnonzero(~there[:, 0])) == [20, 21, 22, 23]


def test_that_a_video_with_nobody_in_it_is_empty(tmp_path):
    for frame in range(5):
        put(tmp_path / "clip", frame, [])
    poses = openpose.read(tmp_path / "clip")
    assert (len(poses), poses.people) == (5, 0)


def test_that_frames_count_by_their_number_and_not_by_their_name(tmp_path):
    folder = tmp_path / "clip"
    folder.mkdir()
    for frame in (9, 10, 100):
        person = {"pose_keypoints_2d": body(100 + frame).reshape(-1).tolist()}
        (folder / f"clip_{frame}_keypoints.json").write_text(json.dumps({"people": [person]}))
    poses = openpose.read(folder)
    assert list(np.flatnonzero(poses.seen().any((1, 2)))) == [9, 10, 100]


def wrong_folders():
    yield "empty", lambda folder: None, "no numbered JSON file"
    yield "torn", lambda folder: (folder / "c_000000000000_keypoints.json").write_text('{"people": ['), "c_0000"
    yield "numbers", lambda folder: put(folder, 0, [np.ones(48)]), "16 joints"
    yield "mixed", lambda folder: put(folder, 0, [body(1), body(2, joints=18)]), "18 joints, but 25 before"
    yield (
        "words",
        lambda folder: (folder / "c_0_keypoints.json").write_text('{"people": [{"pose_keypoints_2d": ["a"]}]}'),
        "float",
    )
    yield (
        "two videos",
        lambda folder: (put(folder, 0, [], name="a"), put(folder, 0, [], name="b")),
        "several videos: a, b",
    )
    yield "far", lambda folder: put(folder, 0, [body(1e300)]), "far outside any picture"
    yield (
        "id",
        lambda folder: (folder / "c_0_keypoints.json").write_text(
            json.dumps({"people": [{"person_id": [2**63], "pose_keypoints_2d": [1.0] * 75}]})
        ),
        "person_id",
    )
    yield "binary", lambda folder: (folder / "c_0_keypoints.json").write_bytes(b"\xff\xfe\x00"), "c_0"


@pytest.mark.parametrize(
    ("make", "says"), [row[1:] for row in wrong_folders()], ids=[row[0] for row in wrong_folders()]
)
def test_that_what_is_wrong_with_a_folder_is_said(tmp_path, make, says):
    folder = tmp_path / "folder"
    folder.mkdir()
    make(folder)
    with pytest.raises(FormatError, match=says) as caught:
        openpose.read(folder)
    assert caught.value.hint


def test_that_poses_beyond_the_videos_end_are_refused(tmp_path):
    put(tmp_path / "clip", 70, [body(1)])
    with pytest.raises(FormatError, match="it has a frame 70, the video has 60 frames"):
        openpose.read(tmp_path / "clip", frame_count=60)
    assert len(openpose.read(tmp_path / "clip", frame_count=90)) == 90


def test_that_other_files_and_folders_are_not_taken_for_openpose(tmp_path):
    (tmp_path / "a_1.json").write_text("{}")
    assert not openpose.is_openpose(tmp_path)
    assert not openpose.is_openpose(tmp_path / "a_1.json")
    assert not openpose.is_openpose(tmp_path / "nowhere")


def test_that_a_number_no_video_reaches_and_a_file_no_frame_needs_are_refused(tmp_path):
    put(tmp_path / "far", 10**9, [body(1)])
    with pytest.raises(FormatError, match="beyond any video"):
        openpose.read(tmp_path / "far")
    for number in range(8):
        put(tmp_path / "crowd", 9_999_000 + number, [body(1)] * 4)
    with pytest.raises(FormatError, match="more than can be taken in at once"):
        openpose.read(tmp_path / "crowd")
    put(tmp_path / "large", 0, [])
    with (tmp_path / "large" / "clip_000000000000_keypoints.json").open("ab") as file:
        file.truncate((1 << 24) + 1)
    with pytest.raises(FormatError, match="16 MB for one frame"):
        openpose.read(tmp_path / "large")


def test_that_ids_which_change_with_every_frame_are_nobodys(tmp_path):
    folder = tmp_path / "clip"
    folder.mkdir()
    for frame in range(60):
        person = {"person_id": [frame], "pose_keypoints_2d": body(100 + frame).reshape(-1).tolist()}
        (folder / f"clip_{frame:012d}_keypoints.json").write_text(json.dumps({"people": [person]}))
    poses = openpose.read(folder)
    assert poses.people == 1
    assert poses.seen().any((1, 2)).all()


def test_that_candidates_faces_and_hands_beside_people_change_nothing(tmp_path):
    person = {"pose_keypoints_2d": body(300).reshape(-1).tolist(), "face_keypoints_2d": [1.0] * 210,
              "hand_left_keypoints_2d": [], "pose_keypoints_3d": []}  # fmt: skip
    (tmp_path / "a_0_keypoints.json").write_text(
        json.dumps({"version": 1.3, "people": [person], "part_candidates": [{"0": [1, 2, 0.5]}]})
    )
    poses = openpose.read(tmp_path)
    np.testing.assert_allclose(poses.joints_px[0, 0], body(300)[:, :2], atol=1e-3)
