"""Bodies and skeletons as pictures: what is where, in which colour, before or behind what, and nothing left behind."""

import gc
import resource
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from core.bodies.skeletons import SMPL_24, UPPER_BODY_9, map_matrix
from core.bodies.skinning import Body
from core.geometry.cameras import estimated_camera
from core.rendering import drawing
from core.rendering.contents import DARK, LIGHT, future, past
from core.rendering.overlay_body import CutOuts
from core.rendering.panels import Panels
from core.rendering.scene import Contents, Scene, SceneBody, SceneSkeleton, SceneTrail
from core.rendering.sticks import GAP_M, _dashes, skeleton_solid, trail_solid
from core.rendering.views import Box, Orbit
from tests.core.rendering.golden import assert_looks_like
from tests.core.rendering.mannequin import joints, mannequin

SIZE = (240, 180)
TEAL = "#4fc7cf"


def standing(spread_deg=70, x=0.0):
    """A body on the floor with lowered arms: vertices, joints."""
    vectors = np.zeros((24, 3))
    vectors[SMPL_24["left_shoulder"]] = [0, 0, -spread_deg]
    vectors[SMPL_24["right_shoulder"]] = [0, 0, spread_deg]
    figure = Body.load().shaped()
    rotations = Rotation.from_rotvec(vectors, degrees=True).as_matrix()
    vertices = figure.pose(rotations, np.array([x, 0, 0]))
    lift = np.array([0, -vertices[:, 1].min(), 0])
    return vertices + lift, figure.place(rotations, np.array([x, 0, 0])).places_m + lift


@pytest.fixture
def scene():
    with Scene(*SIZE) as made:
        made.view = Orbit().preset("front").framing(standing()[0], SIZE[0] / SIZE[1])
        yield made


def teal_part(picture):
    """Where the picture is of the body's colour, whatever its shade: much less red than green and blue."""
    red, green, blue = (picture[..., channel].astype(int) for channel in range(3))
    return (green > red + 25) & (blue > red + 25)


def test_that_a_body_stands_in_the_middle_with_its_feet_at_the_bottom(scene):
    vertices, _ = standing()
    scene.set_bodies([SceneBody(vertices, Body.load().faces, TEAL)])
    rows, columns = np.nonzero(teal_part(scene.picture()))
    assert rows.min() < 30
    assert rows.max() > 150
    assert abs(columns.mean() - SIZE[0] / 2) < 6


def test_that_a_picture_is_the_same_twice(scene):
    scene.set_bodies([SceneBody(standing()[0], Body.load().faces, TEAL)])
    first = scene.picture()
    np.testing.assert_array_equal(first, scene.picture())
    assert first.shape == (SIZE[1], SIZE[0], 4)
    assert (first[..., 3] == 255).all()


def test_that_taking_everything_out_leaves_the_bare_floor(scene):
    body = SceneBody(standing()[0], Body.load().faces, TEAL)
    scene.set_bodies([body])
    scene.set_bodies([])
    bare = scene.picture()
    scene.set_bodies([body])
    scene.set_trails([SceneTrail(np.array([[0, 1.0, 0], [0.5, 1, 0]]), TEAL)])
    assert (scene.picture() != bare).any()
    scene.show(Contents())
    np.testing.assert_array_equal(scene.picture(), bare)


def test_that_a_moved_body_is_the_body_drawn_there_from_the_start(scene):
    faces = Body.load().faces
    scene.set_bodies([SceneBody(standing(x=-0.4)[0], faces, TEAL)])
    scene.picture()
    scene.set_bodies([SceneBody(standing(x=0.2)[0], faces, TEAL)])
    moved = scene.picture()
    with Scene(*SIZE) as fresh:
        fresh.view = scene.view
        fresh.set_bodies([SceneBody(standing(x=0.2)[0], faces, TEAL)])
        np.testing.assert_array_equal(fresh.picture(), moved)


def test_that_a_persons_left_is_blue_and_on_the_right_of_a_front_view(scene):
    scene.set_skeletons([SceneSkeleton(standing()[1], SMPL_24, thickness=2.0)])
    picture = scene.picture().astype(int)
    blue = picture[..., 2] > picture[..., 0] + 60
    orange = picture[..., 0] > picture[..., 2] + 60
    assert np.nonzero(blue)[1].mean() > SIZE[0] / 2 > np.nonzero(orange)[1].mean()


def test_that_a_ghost_is_a_share_of_the_solid_body_over_the_floor(scene):
    """Drawn opaque, then blended: no inner face shows through, whatever lies behind the skin."""
    vertices, faces = standing()[0], Body.load().faces
    scene.set_ground(None)
    bare = scene.picture(smooth=False).astype(float)
    scene.set_bodies([SceneBody(vertices, faces, TEAL)])
    solid = scene.picture(smooth=False).astype(float)
    scene.set_bodies([SceneBody(vertices, faces, TEAL, opacity=0.25)])
    ghost = scene.picture(smooth=False)
    np.testing.assert_allclose(ghost[..., :3], (bare + 0.25 * (solid - bare))[..., :3], atol=1.0)


def test_that_a_solid_body_hides_a_ghost_behind_it(scene):
    vertices, faces = standing()[0], Body.load().faces
    scene.set_ground(None)
    scene.set_bodies([SceneBody(vertices, faces, TEAL)])
    alone = scene.picture()
    scene.set_bodies(
        [SceneBody(vertices, faces, TEAL), SceneBody(vertices - np.array([0, 0, 1.0]), faces, "#ffffff", 0.2)]
    )
    within = teal_part(alone)
    inner = within & np.roll(within, 2, 0) & np.roll(within, -2, 0) & np.roll(within, 2, 1) & np.roll(within, -2, 1)
    off = np.abs(scene.picture()[inner].astype(int) - alone[inner]).max(-1)
    assert (off <= 1).mean() > 0.995  # an edge within the body may move by a fraction of a pixel


def test_that_feet_darken_the_floor_they_stand_on_and_only_where_they_touch_it(scene):
    vertices, faces = standing()[0], Body.load().faces
    scene.view = Orbit(pitch=0.9, distance_m=4.0)
    scene.set_bodies([SceneBody(vertices, faces, TEAL)])
    shaded = scene.picture(smooth=False).astype(int).sum(-1)
    beside = scene.picture(smooth=False, transparent=True)[..., :3].max(-1) == 0  # no body there
    scene.set_ground(0.0, shadows=False)
    bare = scene.picture(smooth=False).astype(int).sum(-1)
    darker = beside & (shaded < bare - 4)
    assert darker.sum() > 50
    assert not (shaded > bare + 3)[beside].any()
    scene.set_ground(0.0)
    scene.set_bodies([SceneBody(vertices + np.array([0, 3.0, 0]), faces, TEAL)])  # in the air: nothing is touched
    np.testing.assert_allclose(scene.picture(smooth=False).astype(int).sum(-1)[darker], bare[darker], atol=4)


def test_that_a_body_whose_joints_show_through_casts_a_shadow_and_a_ghost_none(scene):
    vertices, faces = standing()[0], Body.load().faces
    scene.view = Orbit(pitch=0.9, distance_m=4.0)
    scene.set_bodies([SceneBody(vertices, faces, TEAL)])
    scene.set_ground(0.0, shadows=False)
    beside = scene.picture(smooth=False, transparent=True)[..., :3].max(-1) == 0
    bare = scene.picture(smooth=False).astype(int).sum(-1)
    scene.set_ground(0.0)
    darker = {}
    for opacity in (1.0, 0.72, 0.22):
        scene.set_bodies([SceneBody(vertices, faces, TEAL, opacity)])
        darker[opacity] = (beside & (scene.picture(smooth=False).astype(int).sum(-1) < bare - 4)).sum()
    assert darker[1.0] > 50
    assert darker[0.72] == pytest.approx(darker[1.0], rel=0.05)
    assert darker[0.22] == 0


def test_that_unseen_joints_and_their_bones_are_left_out():
    joints = map_matrix(SMPL_24, UPPER_BODY_9) @ standing()[1]
    whole = skeleton_solid(joints, UPPER_BODY_9, DARK.sides)
    seen = np.ones(9, bool)
    seen[UPPER_BODY_9["left_hand"]] = False
    less = skeleton_solid(joints, UPPER_BODY_9, DARK.sides, seen=seen)
    gone = set(map(tuple, whole.vertices_m)) - set(map(tuple, less.vertices_m))
    hand, elbow = joints[UPPER_BODY_9["left_hand"]], joints[UPPER_BODY_9["left_elbow"]]
    along = (hand - elbow) / np.linalg.norm(hand - elbow)
    assert all((np.array(point) - elbow) @ along > -0.03 for point in gone)
    lost = joints.copy()
    lost[UPPER_BODY_9["left_hand"]] = np.nan
    np.testing.assert_array_equal(skeleton_solid(lost, UPPER_BODY_9, DARK.sides).vertices_m, less.vertices_m)


def test_that_dashes_leave_gaps_on_a_bone_but_reach_both_its_ends():
    start, end = np.array([0.0, 0, 0]), np.array([0, 1.0, 0])
    pieces = _dashes(start, end)
    np.testing.assert_allclose(pieces[0][0], start, atol=1e-9)
    np.testing.assert_allclose(pieces[-1][1], end, atol=1e-9)
    gaps_m = [after[0][1] - before[1][1] for before, after in pairwise(pieces)]
    np.testing.assert_allclose(gaps_m, gaps_m[0])
    assert gaps_m[0] == pytest.approx(GAP_M, rel=0.1)
    assert len(_dashes(start, 0.02 * end)) == 2  # the shortest bone still shows that it is dashed


def test_that_a_transparent_picture_laid_on_the_background_is_the_picture_without_a_floor(scene):
    scene.show(Contents((SceneBody(standing()[0], Body.load().faces, TEAL),), ground_m=None))
    plain, clear = scene.picture()[..., :3].astype(float), scene.picture(transparent=True)
    share = clear[..., 3:] / 255
    background = np.array([0x0A, 0x0B, 0x0D])
    np.testing.assert_allclose(share * clear[..., :3] + (1 - share) * background, plain, atol=2.5)
    assert (share == 0).mean() > 0.5
    assert ((share > 0.2) & (share < 0.8)).any()  # smooth edges


def test_that_a_transparent_picture_keeps_shadows_and_leaves_the_lines_to_who_asks(scene):
    scene.view = Orbit(pitch=0.7, distance_m=5.0)
    body = (SceneBody(standing()[0], Body.load().faces, TEAL),)
    scene.show(Contents(body, grid=False))
    only_shadow = scene.picture(transparent=True)
    scene.show(Contents(body, grid=False, shadows=False))
    nothing = scene.picture(transparent=True)
    scene.show(Contents(body))
    with_lines = scene.picture(transparent=True)
    alpha = [picture[..., 3].astype(int).sum() for picture in (nothing, only_shadow, with_lines)]
    assert alpha[0] < alpha[1] < alpha[2]
    shadow = (nothing[..., 3] == 0) & (only_shadow[..., 3] > 20)
    assert (only_shadow[shadow][:, :3] == 0).all()


def test_that_a_picture_drawn_in_pieces_is_the_whole_one(scene, monkeypatch):
    scene.show(Contents((SceneBody(standing()[0], Body.load().faces, TEAL),)))
    whole = scene.picture()
    monkeypatch.setattr(drawing, "PIECE_PX", 100)
    pieces = scene.picture()
    off = np.abs(pieces.astype(int) - whole).max(-1)
    assert (off <= 2).mean() > 0.995
    box = Box(60, 30, 90, 70)
    np.testing.assert_array_equal(scene.picture(box=box).shape, (70, 90, 4))
    off = np.abs(scene.picture(box=box).astype(int) - whole[30:100, 60:150]).max(-1)
    assert (off <= 2).mean() > 0.99


def test_that_a_trail_thickens_towards_where_the_hand_is_now():
    path = np.stack([np.linspace(0, 0.6, 12), np.full(12, 1.2), np.zeros(12)], -1)
    places = trail_solid(path, TEAL).vertices_m
    old, new = (np.ptp(places[np.abs(places[:, 0] - x) < 0.02][:, 1]) for x in (0.0, 0.6))
    assert new > 3 * old
    assert len(trail_solid(np.full((4, 3), np.nan), TEAL).faces) == 0
    assert len(trail_solid(np.ones((5, 3)), TEAL).faces) == 0  # a hand that rests draws nothing


def test_that_older_ghosts_are_paler(scene):
    faces = Body.load().faces
    scene.set_ground(None)
    bare = scene.picture().astype(int)
    left = []
    for ghost in past([SceneBody(standing()[0], faces, TEAL)] * 2):
        scene.set_bodies([ghost])
        left.append(np.abs(scene.picture().astype(int) - bare).sum())
    assert left[0] > 1.5 * left[1] > 0


def test_that_the_label_stands_above_the_head_in_the_picture(scene):
    scene.show(Contents((SceneBody(standing()[0], Body.load().faces, TEAL, label="Ada"),)))
    scene.view = scene.view.zoomed(0.7)
    (label,) = scene.labels()
    rows, columns = np.nonzero(teal_part(scene.picture()))
    assert rows.min() - 32 < label.y < rows.min() - 8
    assert abs(label.x - columns[rows < rows.min() + 12].mean()) < 6


@pytest.mark.parametrize("what", ["body", "skeleton", "trail"])
def test_that_every_surface_is_closed_and_turned_outwards(what):
    """Only outsides are drawn, so an inside-out triangle would be a hole: the volume within is the sum of its parts."""
    vertices, joints = standing()
    if what == "body":
        points, faces = vertices, Body.load().faces
    else:
        turn = np.linspace(0, 5, 30)
        path = np.stack([0.4 * np.cos(turn), 0.1 * turn, 0.4 * np.sin(turn)], -1)
        solid = skeleton_solid(joints, SMPL_24, DARK.sides) if what == "skeleton" else trail_solid(path, TEAL)
        points, faces = solid.vertices_m, solid.faces
        normals = solid.normals[faces].mean(1)
        across = np.cross(points[faces[:, 1]] - points[faces[:, 0]], points[faces[:, 2]] - points[faces[:, 0]])
        turned = np.einsum("fd,fd->f", across, normals)
        assert (turned > -1e-9).all()
    a, b, c = (points[faces[:, corner]] for corner in range(3))
    assert np.einsum("fd,fd->", a, np.cross(b, c)) > 0


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads this process's memory from /proc")
@pytest.mark.parametrize("kind", ["scene", "panels", "cut-outs"])
def test_that_nothing_stays_of_fifty_that_were_closed(kind):
    faces, vertices = Body.load().faces, standing()[0]
    bodies = (SceneBody(vertices, faces, TEAL, 0.5), SceneBody(vertices, faces, TEAL))
    contents = Contents(bodies, (SceneSkeleton(standing()[1], SMPL_24),))
    filmed_by = estimated_camera(96, 64)

    def use_one():
        if kind == "scene":
            with Scene(96, 64) as scene:
                scene.show(contents)
                scene.picture(smooth=False)
        elif kind == "panels":
            with Panels(96, 64, count=2, columns=2) as panels:
                panels.stages[1].show(contents)
                panels.picture(smooth=False)
        else:
            with CutOuts() as drawing:
                drawing.cut_out([SceneBody(vertices - np.array([0, 1, 5]), faces, TEAL)], [], filmed_by, ground_m=-1.0)

    def left_over():
        gc.collect()
        objects = sum(str(type(each).__module__).startswith("vtkmodules") for each in gc.get_objects())
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return objects, pages * resource.getpagesize() / 1e6

    for _ in range(5):
        use_one()
    objects, megabytes = left_over()
    for _ in range(50):
        use_one()
    objects_after, megabytes_after = left_over()
    assert objects_after <= objects
    assert megabytes_after - megabytes < 12


def test_that_closing_twice_is_harmless():
    scene = Scene(64, 64)
    scene.close()
    scene.close()
    with Scene(64, 64) as another:
        assert another.picture().shape == (64, 64, 4)


@pytest.mark.parametrize(("name", "colours"), [("dark", DARK), ("light", LIGHT)])
def test_that_the_scene_looks_as_it_did(name, colours):
    ahead = map_matrix(SMPL_24, UPPER_BODY_9) @ joints(1.3, 0.5)
    hand = np.array([joints(0.0, share)[SMPL_24["left_hand"]] for share in np.linspace(-0.6, 0.3, 18)])
    with Scene(*SIZE, colours) as scene:
        scene.show(
            Contents(
                (*past([mannequin(TEAL, -0.3, 0.1), mannequin(TEAL, -0.6)]), mannequin(TEAL, raised=0.3)),
                (
                    SceneSkeleton(joints(-1.4), SMPL_24),
                    future(SceneSkeleton(ahead, UPPER_BODY_9, TEAL)),
                ),
                (SceneTrail(hand, "#f2a65a"),),
            )
        )
        scene.frame_all()
        assert_looks_like(scene.picture()[..., :3], f"scene_{name}")
