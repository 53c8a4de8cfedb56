"""Bodies over a frame: where the camera sees them, lens and all, in front of the picture or beside it."""

import numpy as np
import pytest

from core.bodies.skeletons import SMPL_24
from core.bodies.skinning import Body
from core.geometry.cameras import Camera, project, resized
from core.opencv import cv2
from core.rendering.overlay_body import CutOuts, draw_bodies, laid_beside, laid_over
from core.rendering.scene import SceneBody, SceneSkeleton
from tests.core.rendering.test_scene import TEAL, standing

WIDTH, HEIGHT = 320, 240
TILT = 0.2
ROTATION = np.array([[1, 0, 0], [0, -np.cos(TILT), np.sin(TILT)], [0, -np.sin(TILT), -np.cos(TILT)]])
LENSES = {
    "pinhole": np.zeros(5),
    "barrel": np.array([-0.32, 0.12, 0.001, -0.002, -0.01]),
    "cushion": np.array([0.15, 0.05, -0.002, 0.001, 0.0]),
}


def camera(lens="pinhole", focal=(250.0, 250.0), centre=(171.0, 109.0)):
    """From 2.5 m in front and a little above, looking down."""
    return Camera(
        rotation=ROTATION,
        translation_m=-ROTATION @ np.array([0.25, 1.4, 2.5]),
        focal_px=np.array(focal),
        centre_px=np.array(centre),
        width=WIDTH,
        height=HEIGHT,
        distortion=LENSES[lens],
    )


def silhouette(vertices_m, faces, seen_by):
    """Where the mesh projects to, in numpy and OpenCV alone.

    Drawn eight times as large, since OpenCV fills every pixel that a triangle touches.
    """
    places = (project(vertices_m, seen_by) + 0.5) * 8 - 0.5
    mask = np.zeros((8 * HEIGHT, 8 * WIDTH), np.uint8)
    for corners in places[faces]:
        cv2.fillConvexPoly(mask, np.round(corners * 16).astype(np.int32), 255, shift=4)
    return (cv2.resize(mask, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) > 127).astype(np.uint8)


@pytest.fixture(scope="module")
def drawing():
    with CutOuts() as made:
        yield made


@pytest.mark.parametrize("lens", LENSES)
@pytest.mark.parametrize("focal", [(250.0, 250.0), (262.0, 238.0)])
def test_that_a_body_covers_what_its_projected_mesh_covers_to_a_pixel(drawing, lens, focal):
    vertices, faces = standing()[0], Body.load().faces
    seen_by = camera(lens, focal)
    cut = drawing.cut_out([SceneBody(vertices, faces, TEAL)], [], seen_by)
    drawn = (cut.whole(WIDTH, HEIGHT)[..., 3] > 127).astype(np.uint8)
    wanted = silhouette(vertices, faces, seen_by)
    pixel = np.ones((3, 3), np.uint8)
    assert wanted.sum() > 4000
    assert not (drawn & ~cv2.dilate(wanted, pixel)).any()
    assert not (cv2.erode(wanted, pixel) & ~drawn).any()


@pytest.mark.parametrize("lens", LENSES)
def test_that_projected_joints_lie_within_the_body(drawing, lens):
    vertices, joints = standing()
    seen_by = camera(lens)
    alpha = drawing.cut_out([SceneBody(vertices, Body.load().faces, TEAL)], [], seen_by).whole(WIDTH, HEIGHT)[..., 3]
    columns, rows = np.round(project(joints, seen_by)).astype(int).T
    inside = (columns >= 0) & (columns < WIDTH) & (rows >= 0) & (rows < HEIGHT)
    assert inside.sum() >= 20
    assert (alpha[rows[inside], columns[inside]] > 127).all()


def test_that_a_skeletons_joints_are_drawn_where_they_project(drawing):
    joints = standing()[1]
    seen_by = camera("barrel")
    cut = drawing.cut_out([], [SceneSkeleton(joints, SMPL_24, thickness=1.5)], seen_by).whole(WIDTH, HEIGHT)
    for side, more, less in (("left", 2, 0), ("right", 0, 2)):
        for joint in ("elbow", "knee"):
            x, y = np.round(project(joints[SMPL_24[f"{side}_{joint}"]], seen_by)).astype(int)
            assert cut[y, x, 3] == 255
            assert int(cut[y, x, more]) > int(cut[y, x, less]) + 50


def test_that_edges_are_smooth_and_colours_stay_the_bodys_up_to_them(drawing):
    vertices, faces = standing()[0], Body.load().faces
    cut = drawing.cut_out([SceneBody(vertices, faces, TEAL)], [], camera("barrel")).pixels
    edge = (cut[..., 3] > 40) & (cut[..., 3] < 215)
    assert edge.sum() > 200
    # Teal at the edge too, not teal mixed with the black behind it.
    assert (cut[edge][:, 1] > 0.9 * 60).mean() > 0.95
    assert (cut[..., :3][cut[..., 3] == 0] == 0).all()


def test_that_a_frame_keeps_what_no_body_covers():
    frame = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    vertices, faces = standing()[0], Body.load().faces
    before = frame.copy()
    picture = draw_bodies(frame, [SceneBody(vertices, faces, TEAL)], [], camera("barrel"), opacity=0.7)
    np.testing.assert_array_equal(frame, before)
    far = cv2.dilate(silhouette(vertices, faces, camera("barrel")), np.ones((7, 7), np.uint8)) == 0
    np.testing.assert_array_equal(picture[far], frame[far])
    assert (picture != frame).any()


def test_that_less_opacity_leaves_more_of_the_frame(drawing):
    frame = np.full((HEIGHT, WIDTH, 3), 200, np.uint8)
    cut = drawing.cut_out([SceneBody(standing()[0], Body.load().faces, "#202020")], [], camera())
    solid, pale = (laid_over(frame, cut, opacity).astype(float) for opacity in (1.0, 0.25))
    np.testing.assert_allclose(200 - pale, 0.25 * (200 - solid), atol=1.5)


def test_that_beside_the_frame_the_body_is_as_large_and_as_high_as_in_it(drawing):
    frame = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    cut = drawing.cut_out([SceneBody(standing()[0], Body.load().faces, TEAL)], [], camera("barrel"))
    picture = laid_beside(frame, cut)
    np.testing.assert_array_equal(picture[:, :WIDTH], frame)
    assert picture.shape[1] % 2 == 0
    panel = laid_over(np.full((HEIGHT, WIDTH, 3), (10, 11, 13), np.uint8), cut)
    body = np.nonzero((picture[:, WIDTH:] != (10, 11, 13)).any(-1))
    same = np.nonzero((panel != (10, 11, 13)).any(-1))
    assert body[0].min() == same[0].min()
    assert body[0].max() == same[0].max()
    assert np.ptp(body[1]) == np.ptp(same[1])


def test_that_a_floor_adds_shadows_under_the_feet_and_nothing_else(drawing):
    vertices, faces = standing()[0], Body.load().faces
    seen_by = camera()
    without = drawing.cut_out([SceneBody(vertices, faces, TEAL)], [], seen_by).whole(WIDTH, HEIGHT)
    with_floor = drawing.cut_out([SceneBody(vertices, faces, TEAL)], [], seen_by, ground_m=0.0).whole(WIDTH, HEIGHT)
    body = without[..., 3] == 255
    np.testing.assert_allclose(with_floor[body].astype(int), without[body].astype(int), atol=1)
    shadow = (without[..., 3] == 0) & (with_floor[..., 3] > 12)
    assert shadow.sum() > 30
    assert (with_floor[shadow][:, :3] == 0).all()
    feet = project(standing()[1][[SMPL_24["left_foot"], SMPL_24["right_foot"]]], seen_by)
    rows, columns = np.nonzero(shadow)
    assert np.abs(np.stack([columns, rows], -1).mean(0) - feet.mean(0)).max() < 30


def test_that_a_frame_shown_at_half_its_size_gets_the_same_body_at_half_its_size(drawing):
    body = SceneBody(standing()[0], Body.load().faces, TEAL)
    whole = drawing.cut_out([body], [], camera("barrel")).whole(WIDTH, HEIGHT)
    half = drawing.cut_out([body], [], resized(camera("barrel"), WIDTH // 2, HEIGHT // 2)).whole(
        WIDTH // 2, HEIGHT // 2
    )
    shrunk = cv2.resize(whole[..., 3], (WIDTH // 2, HEIGHT // 2), interpolation=cv2.INTER_AREA)
    assert np.abs(shrunk.astype(int) - half[..., 3]).mean() < 3


def test_that_nobody_in_view_is_an_empty_cut_out(drawing):
    frame = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    for away in ([0, 0, 9.0], [40.0, 0, 0]):  # behind the camera, far beside its view
        body = SceneBody(standing()[0] + np.array(away), Body.load().faces, TEAL)
        cut = drawing.cut_out([body], [], camera("barrel"))
        assert cut.pixels.size == 0
        np.testing.assert_array_equal(laid_over(frame, cut), frame)
    assert drawing.cut_out([], [], camera()).pixels.size == 0
