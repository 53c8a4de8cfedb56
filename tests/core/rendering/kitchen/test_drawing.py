"""What the kitchen is drawn from: shapes, things, cloth, the dressed cook, the light they take."""

import numpy as np
import pytest

from core.bodies.skeletons import SMPL_24
from core.bodies.skinning import Body
from core.rendering.kitchen.cloth import Piece, cut, put_together, without
from core.rendering.kitchen.dress import dressed
from core.rendering.kitchen.room import PALETTES, door_shapes, room_shapes
from core.rendering.kitchen.script import DOORS, THINGS, CookLook, Layout
from core.rendering.kitchen.shapes import ball, box, joined, panel, pipe, turned_shape
from core.rendering.kitchen.things import thing_shapes


def facing(shape):
    """Share of faces wound the way their normals point: the others would be lit from inside."""
    a, b, c = (shape.vertices_m[shape.faces[:, corner]] for corner in range(3))
    across = np.cross(b - a, c - a)
    told = shape.normals[shape.faces].sum(1)
    real = np.linalg.norm(across, axis=1) > 1e-12
    return (np.einsum("fd,fd->f", across, told)[real] > 0).mean()


def volume(shape):
    a, b, c = (shape.vertices_m[shape.faces[:, corner]] for corner in range(3))
    return np.einsum("fd,fd->", a, np.cross(b, c)) / 6


def test_that_a_box_a_ball_and_a_turned_shape_hold_what_geometry_says():
    assert volume(box((0, 0, 0), (1, 2, 3), "#ffffff")) == pytest.approx(6)
    assert volume(ball((1, 2, 3), "#ffffff", rings=40)) == pytest.approx(4 / 3 * np.pi * 6, rel=0.01)
    cone = turned_shape([(0, 0), (1, 0), (0, 3)], "#ffffff", sides=90)
    assert volume(cone) == pytest.approx(np.pi, rel=0.01)
    assert volume(pipe([(0, 0, 0), (0, 0, 2), (0, 0, 4)], 0.5, "#ffffff", sides=60)) == pytest.approx(np.pi, rel=0.01)


@pytest.mark.parametrize("kind", THINGS)
def test_that_every_thing_is_whole_and_of_the_size_a_hand_knows(kind):
    shapes = thing_shapes(kind)
    assert all(facing(shape) > 0.999 for shape in shapes)
    points = np.concatenate([shape.vertices_m for shape in shapes])
    size = np.ptp(points, axis=0)
    assert 0.01 < size.max() < 0.5
    if kind != "towel":  # that hangs
        assert -0.012 < points[:, 1].min() < 0.012  # it stands on its foot


@pytest.mark.parametrize("seed", range(len(PALETTES)))
def test_that_rooms_are_lit_from_outside_and_repeat_by_seed(seed):
    shapes = room_shapes(Layout(seed=seed))
    assert all(facing(shape) > 0.999 for shape in shapes)
    for first, second in zip(shapes, room_shapes(Layout(seed=seed)), strict=True):
        np.testing.assert_array_equal(first.vertices_m, second.vertices_m)
        np.testing.assert_array_equal(first.colours, second.colours)
    assert set(door_shapes(Layout(seed=seed))) == set(DOORS)


def test_that_the_worktop_is_open_over_the_sink_and_nowhere_else():
    layout = Layout(sink_x_m=-0.9, hob_x_m=0.8)
    tops = [s for s in room_shapes(layout) if s.texture is not None and np.ptp(s.vertices_m[:, 1]) == 0]
    tops = [shape for shape in tops if abs(shape.vertices_m[0, 1] - 0.90) < 1e-6]

    def covered(x, z):
        low = [shape.vertices_m.min(0) for shape in tops]
        high = [shape.vertices_m.max(0) for shape in tops]
        return any(a[0] <= x <= b[0] and a[2] <= z <= b[2] for a, b in zip(low, high, strict=True))

    assert not covered(-0.9, 0.28)
    assert all(covered(x, 0.28) for x in (-1.3, -0.6, 0.0, 0.8, 1.3))


def test_that_joining_shapes_loses_none():
    shapes = [box((0, 0, 0), (1, 1, 1), "#ff0000"), ball((1, 1, 1), "#00ff00"),
              panel((0, 0, 0), (1, 0, 0), (0, 1, 0), np.zeros((4, 4, 3), np.uint8))]  # fmt: skip
    whole = joined(shapes)
    assert sum(len(shape.faces) for shape in whole) == sum(len(shape.faces) for shape in shapes)
    assert len(whole) == 2


# ---- cloth ----------------------------------------------------------------------------------------------------------


def square(cells=9):
    along = np.linspace(0, 1, cells + 1)
    x, y = np.meshgrid(along, along, indexing="ij")
    points = np.stack([x, y, 0 * x], -1).reshape(-1, 3)
    at = np.arange(len(points)).reshape(cells + 1, cells + 1)
    a, b, c, d = at[:-1, :-1], at[1:, :-1], at[1:, 1:], at[:-1, 1:]
    faces = np.concatenate([np.stack([a, b, c], -1), np.stack([a, c, d], -1)]).reshape(-1, 3)
    weights = np.stack([points[:, 0], 1 - points[:, 0]], -1)
    return Piece(points, weights, faces, 100 * points)


def area(piece):
    a, b, c = (piece.vertices_m[piece.faces[:, corner]] for corner in range(3))
    return np.cross(b - a, c - a)[:, 2].sum() / 2


def test_that_a_straight_cut_leaves_a_straight_hem_and_the_right_area():
    piece = square()
    kept = cut(piece, 0.437 - piece.vertices_m[:, 0])
    assert area(kept) == pytest.approx(0.437)
    assert kept.vertices_m[:, 0].max() == pytest.approx(0.437)
    np.testing.assert_allclose(kept.weights.sum(1), 1)
    np.testing.assert_allclose(kept.weights[:, 0], kept.vertices_m[:, 0])  # mixed along with the cut
    np.testing.assert_allclose(kept.colours, 100 * kept.vertices_m)


def test_that_a_slanted_cut_and_its_rest_make_the_whole():
    piece = square()
    slant = piece.vertices_m @ [0.7, -0.4, 0] - 0.11
    assert area(cut(piece, slant)) + area(cut(piece, -slant)) == pytest.approx(1)


def test_that_nothing_is_cut_where_the_field_is_positive_everywhere():
    piece = square()
    kept = cut(piece, np.ones(len(piece.vertices_m)))
    assert area(kept) == pytest.approx(1)
    assert len(kept.vertices_m) == len(piece.vertices_m)


def test_that_hidden_skin_is_dropped_with_a_margin():
    piece = square()
    hidden = piece.vertices_m[:, 0] > 0.5
    kept = without(piece, hidden)
    assert 0.5 < kept.vertices_m[:, 0].max() < 0.7
    assert len(put_together([kept, kept]).faces) == 2 * len(kept.faces)


# ---- the cook -------------------------------------------------------------------------------------------------------

LOOKS = (
    CookLook(),
    CookLook(hair="long", sleeves="short", apron=None),
    CookLook(hair="cap", sleeves="long", skin="#5f3b28"),
)


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.hair)
def test_that_clothes_move_with_the_body_and_carry_sane_weights(look):
    betas = np.random.default_rng(1).normal(0, 1, 10)
    costume = dressed(Body.load(), betas, look)
    np.testing.assert_allclose(costume.figure.weights.sum(1), 1, atol=1e-3)
    assert len(costume.colours) == len(costume.figure.vertices_m)
    turn = np.tile(np.eye(3), (24, 1, 1))
    np.testing.assert_allclose(
        costume.figure.pose(turn, np.array([1.0, 2, 3])), costume.figure.vertices_m + np.arange(1, 4), atol=1e-4
    )


def near_colour(costume, colour, tolerance=24):
    value = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)])
    return np.abs(costume.colours.astype(int) - value).max(-1) < tolerance


def test_that_sleeves_end_where_their_name_says():
    body = Body.load()
    joints = body.rest()[1]
    ends = {}
    for sleeves in ("short", "rolled", "long"):
        look = CookLook(sleeves=sleeves, shirt="#ff00ff", apron=None)
        costume = dressed(body, np.zeros(10), look)
        shirt = near_colour(costume, "#ff00ff", 90) & (costume.colours[:, 1] < 40)
        ends[sleeves] = costume.figure.vertices_m[shirt, 0].max()
    at = {name: joints[SMPL_24[f"left_{name}"], 0] for name in ("shoulder", "elbow", "wrist")}
    assert at["shoulder"] < ends["short"] < at["elbow"] < ends["rolled"] < ends["long"] < at["wrist"] + 0.01


def test_that_the_apron_lies_before_what_is_worn_under_it():
    """No shirt shows through, on slim and on stout cooks."""
    body = Body.load()
    for girth in (-1.5, 0.0, 1.5):
        betas = np.zeros(10)
        betas[1] = girth
        costume = dressed(body, betas, CookLook(apron="#00ff00", shirt="#ff0000", trousers="#0000ff"))
        vertices = costume.figure.vertices_m
        apron = (costume.colours[:, 1] > 150) & (costume.colours[:, 0] < 60)
        other = (costume.colours[:, 1] < 60) & (vertices[:, 2] > 0)
        middle = apron & (np.abs(vertices[:, 0]) < 0.08)
        for point in vertices[middle][::5]:
            under = other & (np.hypot(*(vertices[:, :2] - point[:2]).T) < 0.012)
            if under.any():
                assert vertices[under, 2].max() < point[2] + 0.002


def test_that_fingers_are_bent_towards_the_palm():
    body = Body.load()
    rest, joints = body.rest()
    costume = dressed(body, np.zeros(10), LOOKS[1])
    knuckle_y = joints[SMPL_24["left_hand"], 1]
    straight = rest[rest[:, 0] > joints[SMPL_24["left_hand"], 0] + 0.05]
    bent = costume.figure.vertices_m[costume.figure.vertices_m[:, 0] > joints[SMPL_24["left_hand"], 0] + 0.03]
    assert bent[:, 1].min() < knuckle_y - 0.04 < straight[:, 1].min()
