"""One picture: crops lie where they should, the trimmed networks say the same, people are found wherever they stand."""

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

import resources
from core.bodies.skeletons import BLAZEPOSE_33
from core.detection.blazepose import BlazePose, Picture, Region
from core.video import open_video


@pytest.fixture(scope="module")
def networks():
    return BlazePose()


@pytest.fixture(scope="module")
def two_people(shared_data):
    with open_video(shared_data / "videos" / "sports2d_demo.mp4") as video:
        return video.frame(62)


def ramp(height: int, width: int) -> np.ndarray:
    """A picture whose red is the column and whose green is the row."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return np.stack([x, y, 0 * x], axis=-1)


@pytest.mark.parametrize("angle", [0.0, 0.6, -2.0])
@pytest.mark.parametrize("side", [30.0, 64.0, 150.0, 325.0])
def test_that_a_crop_shows_what_lies_in_its_region(side, angle):
    picture, region = Picture(ramp(350, 400)), Region(203.0, 175.5, side, angle)
    crop = picture.crop(region, 16)
    cells = (np.arange(16) - 7.5) / 16 * side
    right, down = np.meshgrid(cells, cells)
    x = region.x + np.cos(angle) * right - np.sin(angle) * down
    y = region.y + np.sin(angle) * right + np.cos(angle) * down
    inside = (x > 30) & (x < 370) & (y > 30) & (y < 320)  # a halved picture loses an odd last row
    np.testing.assert_allclose(crop[inside, 0], x[inside], atol=0.6)
    np.testing.assert_allclose(crop[inside, 1], y[inside], atol=0.6)
    assert abs((crop[..., 0] - x)[inside].mean()) < 0.05
    assert abs((crop[..., 1] - y)[inside].mean()) < 0.05


def test_that_what_lies_outside_the_picture_is_black():
    assert Picture(np.full((100, 200, 3), 255, np.uint8)).crop(Region(-300.0, 50.0, 100.0, 0.0), 32).max() == 0


def test_that_wide_and_high_pictures_are_searched_in_squares_that_cover_them():
    for height, width in ((1080, 1920), (1920, 1080), (500, 2000), (720, 720)):
        tiles = Picture(np.zeros((height, width, 3), np.uint8)).tiles
        assert tiles[0].side == max(height, width)
        covered = np.zeros((height, width), bool)
        for tile in tiles[1:]:
            assert tile.side == min(height, width)
            half = tile.side / 2
            covered[
                round(tile.y - half + 0.5) : round(tile.y + half + 0.5),
                round(tile.x - half + 0.5) : round(tile.x + half + 0.5),
            ] = True
        assert covered.all() or len(tiles) == 1


@pytest.mark.parametrize(("name", "side"), [("pose_detection.tflite", 224), ("pose_landmark_full.tflite", 256)])
def test_that_a_trimmed_network_says_exactly_what_the_whole_one_says(networks, name, side):
    whole = Interpreter(model_path=str(resources.path("blazepose", name)), num_threads=1)
    whole.allocate_tensors()
    seen = np.random.default_rng(0).random((side, side, 3), dtype=np.float32)
    whole.set_tensor(whole.get_input_details()[0]["index"], seen[None])
    whole.invoke()
    expected = {each["name"]: whole.get_tensor(each["index"]) for each in whole.get_output_details()}
    trimmed = networks._detector if side == 224 else networks._landmarker
    outputs = trimmed(seen)
    assert len(outputs) == 2
    for name, size in (("Identity", 12 if side == 224 else 195), ("Identity_1", 1)):
        np.testing.assert_array_equal(outputs[size], expected[name])


def test_that_both_people_in_a_wide_picture_are_found(networks, two_people):
    picture = Picture(two_people)
    sure = [networks.landmarks(picture, each.region) for each in networks.find(picture)]
    noses = np.array([each.joints_px[0] for each in sure if each.presence > 0.9])
    for x, y in ((631, 112), (1368, 580)):  # read off the picture
        assert np.linalg.norm(noses - [x, y], axis=1).min() < 30


def joints_of(networks, rgb, near) -> np.ndarray:
    picture = Picture(rgb)
    found = min(networks.find(picture), key=lambda each: np.hypot(each.region.x - near[0], each.region.y - near[1]))
    landmarks = networks.landmarks(picture, found.region)
    for _ in range(3):  # where the first look says they are, and so on
        landmarks = networks.landmarks(picture, landmarks.region)
    assert landmarks.presence > 0.9
    return landmarks.joints_px


def test_that_a_mirrored_picture_has_mirrored_people(networks, two_people):
    straight = joints_of(networks, two_people, (626, 300))
    mirrored = joints_of(networks, np.ascontiguousarray(two_people[:, ::-1]), (1767 - 626, 300))
    back = mirrored[list(BLAZEPOSE_33.mirror)] * [-1, 1] + [two_people.shape[1] - 1, 0]
    assert np.median(np.linalg.norm(back - straight, axis=1)) < 10


def test_that_somebody_elsewhere_or_larger_has_the_same_pose_there(networks, two_people):
    straight = joints_of(networks, two_people, (626, 300))
    moved = np.zeros((1200, 132 + 1768, 3), np.uint8)
    moved[150 : 150 + 994, 132:] = two_people
    assert np.median(np.linalg.norm(joints_of(networks, moved, (758, 450)) - [132, 150] - straight, axis=1)) < 6
    halved = np.ascontiguousarray(two_people[::2, ::2])
    assert np.median(np.linalg.norm(2 * joints_of(networks, halved, (313, 150)) - straight, axis=1)) < 8


def test_that_joints_outside_the_picture_are_not_trusted(networks, two_people):
    cut = np.ascontiguousarray(two_people[:320])  # the man on the roof down to his hips
    picture = Picture(cut)
    found = min(networks.find(picture, least=0.3), key=lambda each: abs(each.region.x - 626))
    landmarks = networks.landmarks(picture, found.region)
    outside = landmarks.joints_px[:, 1] > 320
    assert outside.any()
    assert (landmarks.confidence[outside] == 0).all()
    assert landmarks.confidence[BLAZEPOSE_33["nose"]] > 0.5


def test_that_nobody_is_found_where_nobody_is(networks):
    noise = np.random.default_rng(3).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    for picture in (np.zeros((480, 640, 3), np.uint8), noise):
        found = networks.find(Picture(picture))
        assert all(networks.landmarks(Picture(picture), each.region).presence < 0.5 for each in found)
