"""COCO's keypoints: real files, images that are frames and images that are not, who is who, and the way out again."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.bodies.skeletons import BLAZEPOSE_33, COCO_17, HUMAN36M_17, UPPER_BODY_9
from core.errors import FormatError
from core.formats import coco
from core.formats.coco import Sheet
from core.motion import Poses2d
from tests.core.formats import made_coco


def put(folder, content, name="a.json"):
    (folder / name).write_text(json.dumps(content))
    return folder / name


@pytest.mark.parametrize("name", ["test_coco", "test_coco_wholebody", "test_keypoint_partition_metric"])
def test_that_real_files_hold_every_person_of_their_pictures(shared_data, name):
    path = shared_data / "coco_sample" / f"{name}.json"
    assert coco.is_coco(path)
    poses = coco.read(path)
    content = json.loads(path.read_text())
    assert (poses.skeleton, len(poses)) == (COCO_17, len(content["images"]))
    for at, image in enumerate(content["images"]):
        own = [
            np.array(each["keypoints"][:51]).reshape(17, 3)
            for each in content["annotations"]
            if each["image_id"] == image["id"] and not each["iscrowd"] and any(each["keypoints"][2:51:3])
        ]
        found = poses.confidence[at] > 0
        assert found.any(-1).sum() == len(own)
        for person in own:
            seen = person[:, 2] > 0
            alike = [
                (found[track] == seen).all() and np.allclose(poses.joints_px[at, track][seen], person[seen, :2])
                for track in range(poses.people)
            ]
            assert any(alike)


def test_that_a_list_of_boxes_is_no_list_of_keypoints(shared_data):
    path = shared_data / "coco_sample" / "test_coco_det_AP_H_56.json"
    assert not coco.is_coco(path)
    with pytest.raises(FormatError, match="no keypoints"):
        coco.read(path)


def test_that_numbered_images_are_frames_and_their_people_are_followed(tmp_path):
    path = made_coco.make(tmp_path)
    assert coco.is_coco(path)
    poses = coco.read(path)
    assert poses.joints_px.shape == (4, 2, 17, 2)
    first = poses.joints_px[:, :, 0, 0]
    assert sorted(np.round(np.diff(first[:3], axis=0).mean(0)).tolist()) == [-2, 2]
    assert set(np.unique(poses.confidence)) == {0, 0.5, 1}


def test_that_pictures_of_nothing_in_common_count_in_their_order(tmp_path):
    content = made_coco.content()
    for image, name in zip(content["images"], ("000000000785", "000000040083", "000000196141", "x"), strict=True):
        image["file_name"] = f"{name}.jpg"
    poses = coco.read(put(tmp_path, content))
    assert len(poses) == 4
    assert (poses.confidence > 0).any(-1).sum(1).tolist() == [2, 2, 2, 1]


def test_that_sparse_numbers_are_frames_of_a_clip_that_has_them(tmp_path):
    content = made_coco.content()
    for number, image in zip((3, 90, 400, 800), content["images"], strict=True):
        image["file_name"] = f"{number}.jpg"
    path = put(tmp_path, content)
    assert len(coco.read(path)) == 4
    poses = coco.read(path, frame_count=1000)
    assert np.flatnonzero((poses.confidence > 0).any((1, 2))).tolist() == [3, 90, 400, 800]


def test_that_results_are_people_with_confidences(tmp_path):
    results = [
        {"image_id": number, "category_id": 1, "keypoints": [10.0, 20.0, 0.75] * 17, "score": 0.9} for number in (0, 1)
    ]
    path = put(tmp_path, results)
    assert coco.is_coco(path)
    poses = coco.read(path)
    assert np.allclose(poses.confidence, 0.75)
    assert len(poses) == 2


def test_that_pixels_are_those_of_the_clip(tmp_path):
    path = made_coco.make(tmp_path)
    small, large = coco.read(path, size=(640, 360)), coco.read(path, size=(1280, 720))
    seen = small.confidence > 0
    np.testing.assert_allclose(large.joints_px[seen] + 0.5, (small.joints_px[seen] + 0.5) * 2, rtol=1e-6)
    with pytest.raises(FormatError, match="640 × 360 pixels, the video 480 × 640"):
        coco.read(path, size=(480, 640))


@given(
    arrays(np.float32, (3, 2, 17, 2), elements=st.floats(0, 600, width=32)),
    arrays(np.float32, (3, 2, 17), elements=st.sampled_from([0, 0.1, 0.25, 0.5, 0.9, 1])),
    st.sampled_from([(0, 1, 2), (4, 17, 90)]),
)
def test_that_what_is_written_is_read_again(tmp_path_factory, joints, confidence, frames):
    path = tmp_path_factory.mktemp("coco") / "out.json"
    coco.write([Sheet("kitchen", 640, 360, Poses2d(COCO_17, joints, confidence), frames)], path)
    assert coco.is_coco(path)
    again = coco.read(path, frame_count=100, size=(640, 360))
    tracks = np.flatnonzero((confidence > 0).any((0, 2)))
    assert again.people == len(tracks)
    expected = confidence[:, tracks]
    np.testing.assert_allclose(again.confidence[list(frames)], expected, atol=1e-4)
    seen = expected > 0
    np.testing.assert_allclose(again.joints_px[list(frames)][seen], joints[:, tracks][seen], atol=1e-3)
    assert not again.confidence[[each for each in range(100) if each not in frames]].any()


def test_that_the_file_is_what_pycocotools_reads(tmp_path):
    joints = np.random.default_rng(0).uniform(5, 300, (2, 1, 33, 2)).astype(np.float32)
    path = tmp_path / "out.json"
    blaze = Poses2d(BLAZEPOSE_33, joints, np.full((2, 1, 33), 0.8, np.float32))
    nine = Poses2d(UPPER_BODY_9, joints[:, :, :9], np.full((2, 1, 9), 0.2, np.float32))
    coco.write([Sheet("a", 640, 360, blaze, (0, 7)), Sheet("b", 320, 240, nine, (1, 2))], path)
    content = json.loads(path.read_text())
    assert len({each["id"] for each in content["annotations"]}) == 4
    assert [each["file_name"] for each in content["images"]] == [
        "a/000000.jpg", "a/000007.jpg", "b/000001.jpg", "b/000002.jpg"
    ]  # fmt: skip
    person, other = content["categories"]
    assert (person["name"], person["keypoints"]) == ("person", list(COCO_17.joints))
    assert all(1 <= end <= 17 for bone in person["skeleton"] for end in bone)
    assert other["keypoints"] == list(UPPER_BODY_9.joints)
    first = content["annotations"][0]
    assert first["num_keypoints"] == 17
    assert first["keypoints"][:3] == [*np.round(joints[0, 0, 0].astype(float), 3).tolist(), 2]
    x, y, wide, tall = first["bbox"]
    across, down = np.array(first["keypoints"]).reshape(17, 3)[:, :2].T
    assert (x, y) == (across.min(), down.min())
    assert (wide, tall) == (pytest.approx(np.ptp(across)), pytest.approx(np.ptp(down)))
    assert content["annotations"][-1]["keypoints"][2] == 1, "hardly sure is hidden"
    assert len(coco.read(path, clip="b").joints_px) == 3
    with pytest.raises(FormatError, match="images of 2 clips"):
        coco.read(path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c: c["annotations"][1].update(keypoints=[1.0] * 30), "annotation 1: 10 joints, COCO-17 has 17"),
        (lambda c: c["annotations"][0]["keypoints"].__setitem__(0, 1e300), "annotation 0: a joint lies far outside"),
        (lambda c: c["annotations"][0]["keypoints"].__setitem__(2, 7), "annotation 0: a joint's v is neither"),
        (lambda c: c["annotations"][0].update(image_id="x"), r"annotations\[0\].image_id"),
        (lambda c: c["categories"][0].update(keypoints=["tail"]), "1 joints of no known skeleton"),
        (lambda c: [each.update(frame_id=10**9) for each in c["images"]], "a frame_id is"),
        (lambda c: c.pop("images"), "images"),
    ],
)
def test_that_what_is_wrong_with_a_file_is_said_with_its_place(tmp_path, change, says):
    content = made_coco.content()
    change(content)
    with pytest.raises(FormatError, match=says) as caught:
        coco.read(put(tmp_path, content))
    assert caught.value.hint


def test_that_frames_beyond_the_video_are_refused(tmp_path):
    with pytest.raises(FormatError, match="it has a frame 3, the video has 2 frames"):
        coco.read(made_coco.make(tmp_path), frame_count=2)


def test_that_human36m_in_cocos_form_has_its_left_leg_on_the_left(shared_data):
    """Its file calls the right leg left: the legs' sides are told from the arms'."""
    path = shared_data / "h36m_sample" / "h36m_coco.json"
    assert coco.is_coco(path)
    poses = coco.read(path, size=(1000, 1000), frame_count=None)
    assert poses.skeleton == HUMAN36M_17
    assert (len(poses), poses.people) == (4, 1)
    x_px = poses.joints_px[:, 0, :, 0]
    to_left = x_px[:, HUMAN36M_17["left_shoulder"]] - x_px[:, HUMAN36M_17["right_shoulder"]]
    assert np.all(to_left * (x_px[:, HUMAN36M_17["left_hip"]] - x_px[:, HUMAN36M_17["right_hip"]]) > 0)
