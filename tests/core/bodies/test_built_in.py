"""The shipped bodies: what is in the files, that they are people, and that they keep their form when posed.

The figures they are held to are those of the deformation they learned (resources/bodies/figures.json, written by
tools/make_body.py); the poses and the measures are the builder's own.
"""

import hashlib
import json

import numpy as np
import pytest
import scipy.sparse
from scipy.sparse.csgraph import connected_components

import resources
from core.bodies import built_in
from core.bodies.poses import joint_names
from core.bodies.skeletons import SMPL_24
from core.bodies.skinning import Body
from tools import make_body_figures as figures
from tools import make_body_poses as poses

FAMILIES = {"smpl": (24, 6890), "smplx": (55, 10475)}
EVERY_BODY = [(family, gender) for family in FAMILIES for gender in ("neutral", "female", "male")]
ORIGIN = np.zeros(3)


@pytest.fixture(scope="module", params=FAMILIES)
def family(request):
    return request.param


@pytest.fixture(scope="module")
def body(family):
    return Body(built_in.load(family, "neutral"))


@pytest.fixture(scope="module")
def told():
    return json.loads(resources.path("bodies", "figures.json").read_text())


@pytest.fixture(scope="module")
def smplx():
    return Body(built_in.load("smplx", "neutral"))


def stored(family):
    return np.load(resources.path("bodies", f"{family}.npz"))


def named(body, pose):
    return poses.pose(joint_names(len(body.parents)), poses.NAMED[pose])


def joint(body, name):
    return joint_names(len(body.parents)).index(name)


def mirrored_joints(joints):
    names = joint_names(joints)
    other = {"left": "right", "right": "left"}
    return [names.index("_".join((other.get(first, first), *rest))) for first, *rest in (n.split("_") for n in names)]


# ---- what is in the files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("family", "gender"), EVERY_BODY)
def test_that_a_body_has_the_sizes_of_its_family(family, gender):
    joints, vertices = FAMILIES[family]
    model = built_in.load(family, gender)
    assert (model.family, model.gender, model.licence) == (family, gender, "CC0")
    assert abs(len(model.template_m) - vertices) < 20
    assert model.shapes_m.shape == (len(model.template_m), 3, 10)
    assert model.correctives_m.shape == (3 * len(model.template_m), 9 * (joints - 1))
    assert model.regressor.shape == (joints, len(model.template_m))
    assert len(model.parents) == joints == len(joint_names(joints))
    assert (model.expressions_m is not None) == (family == "smplx")


def test_that_genders_share_all_but_their_form(family):
    neutral, *others = (built_in.load(family, gender) for gender in built_in.GENDERS)
    for other in others:
        for shared in ("faces", "weights", "regressor", "correctives_m", "parents"):
            assert getattr(other, shared) is getattr(neutral, shared)
        assert np.abs(other.template_m - neutral.template_m).max() > 0.02
        assert np.abs(other.shapes_m - neutral.shapes_m).max() > 0.01


def test_that_a_family_nobody_built_is_refused():
    with pytest.raises(ValueError, match="smplh"):
        built_in.load("smplh", "neutral")


def test_that_the_shipped_files_are_those_their_recipe_tells_of():
    told = resources.path("bodies", "README.md").read_text()
    sizes = 0
    for name in ("smpl.npz", "smplx.npz"):
        content = resources.path("bodies", name).read_bytes()
        sizes += len(content)
        assert hashlib.sha256(content).hexdigest() in told
    assert sizes < 8e6


def test_that_the_skin_is_closed_and_its_pieces_are_a_body_and_two_eyes(body):
    faces = body.faces
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    both_ways = {tuple(edge) for edge in edges}
    assert len(both_ways) == len(edges)  # no edge is run along twice in one direction
    assert all((end, start) in both_ways for start, end in both_ways)
    count = len(body.model.template_m)
    linked = scipy.sparse.coo_matrix((np.ones(len(edges)), edges.T), (count, count))
    pieces, piece = connected_components(linked, directed=False)
    assert pieces == 3
    assert sorted(np.bincount(piece))[-1] > 0.97 * count


def test_that_no_triangle_is_without_area(body):
    a, b, c = (body.model.template_m[body.faces[:, corner]].astype(float) for corner in range(3))
    assert 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1).min() > 1e-8


def test_that_skin_weights_are_few_and_whole(body):
    weights = body.model.weights
    assert weights.min() >= 0
    assert (weights > 0).sum(1).max() <= 4
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-6)


def test_that_every_joint_is_a_mixture_of_the_skin_about_it(body):
    regressor = body.model.regressor
    assert regressor.min() >= 0
    np.testing.assert_allclose(regressor.sum(1), 1, atol=1e-5)
    vertices, joints = body.rest()
    for row, place in zip(regressor, joints, strict=True):
        assert np.linalg.norm(vertices[row > 0] - place, axis=1).max() < 0.36


def test_that_correctives_are_sparse_and_nothing_at_rest(body):
    correctives = body.model.correctives_m
    assert scipy.sparse.issparse(correctives)
    assert 0 < correctives.nnz < 0.12 * np.prod(correctives.shape)
    still = poses.still(joint_names(len(body.parents)))
    np.testing.assert_allclose(body.shaped().pose(still, ORIGIN), body.model.template_m, atol=1e-6)


def test_that_both_families_are_the_same_people():
    for gender in built_in.GENDERS:
        smpl, smplx = (Body(built_in.load(family, gender)).rest()[1][:22] for family in FAMILIES)
        assert np.linalg.norm(smpl - smplx, axis=1).max() < 0.008


# ---- that they are people -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("family", "gender"), EVERY_BODY)
def test_that_every_shape_is_an_adult_on_two_feet(family, gender):
    body = Body(built_in.load(family, gender))
    foot = {side: body.model.weights[:, joint(body, f"{side}_ankle")] > 0.5 for side in ("left", "right")}
    for shape in range(10):
        for coefficient in (-2, 2):
            vertices, joints = body.rest(coefficient * np.eye(10)[shape])
            assert 1.38 < np.ptp(vertices[:, 1]) < 2.08
            lowest = vertices[:, 1].min()
            for side, mine in foot.items():
                assert vertices[mine, 1].min() - lowest < 0.004
                assert joints[joint(body, f"{side}_ankle"), 1] - lowest < 0.13
            heel_to_knee = joints[joint(body, "left_knee")] - joints[joint(body, "left_ankle")]
            assert heel_to_knee[1] > 0.95 * np.linalg.norm(heel_to_knee)


def test_that_a_unit_of_the_first_shape_is_a_person_noticeably_other(body):
    changed = np.linalg.norm(body.model.shapes_m, axis=1).mean(0)
    assert 0.01 < changed[0] < 0.08
    assert (np.diff(changed) < 0.002).all()  # the first tell most


def test_that_men_are_taller_and_narrower_at_the_hips(family):
    female, male = (Body(built_in.load(family, gender)) for gender in ("female", "male"))
    heights = [np.ptp(each.model.template_m[:, 1]) for each in (female, male)]
    assert 1.55 < heights[0] < heights[1] - 0.08 < 1.75
    shoulder = joint(female, "left_shoulder")
    assert male.rest()[1][shoulder, 0] > female.rest()[1][shoulder, 0] + 0.02  # half the breadth
    assert width_of_hips(male) < width_of_hips(female)


def width_of_hips(body):
    vertices, joints = body.rest()
    hips = np.abs(vertices[:, 1] - joints[joint(body, "left_hip"), 1] + 0.06) < 0.05
    return np.ptp(vertices[hips, 0])


def test_that_left_is_the_mirror_image_of_right(family, body):
    mirror = stored(family)["mirror"]
    flip = np.array([-1, 1, 1])
    np.testing.assert_array_equal(mirror[mirror], np.arange(len(mirror)))
    np.testing.assert_allclose(body.model.template_m[mirror] * flip, body.model.template_m, atol=5e-5)
    vertices, joints = body.rest(np.linspace(-1.5, 1.5, 10))
    np.testing.assert_allclose(vertices[mirror] * flip, vertices, atol=2e-4)
    np.testing.assert_allclose(joints[mirrored_joints(len(joints))] * flip, joints, atol=2e-4)


@pytest.mark.parametrize("pose", ["reaching", "walking", "kicking"])
def test_that_the_mirror_image_of_a_pose_is_the_pose_of_the_mirror_image(family, body, pose):
    mirror = stored(family)["mirror"]
    rotations = named(body, pose)
    figure = body.shaped()
    other = figure.pose(poses.mirrored(rotations, mirrored_joints(len(body.parents))), ORIGIN)
    off_m = np.linalg.norm(other[mirror] * [-1, 1, 1] - figure.pose(rotations, ORIGIN), axis=1)
    assert off_m.max() < 0.004
    assert np.percentile(off_m, 99) < 0.001


def test_that_limbs_of_smplx_hang_where_they_belong(smplx):
    names = joint_names(55)
    above = {name: names[parent] for name, parent in zip(names[1:], smplx.parents[1:], strict=True)}
    assert smplx.parents[:22] == SMPL_24.parents[:22]
    assert above["jaw"] == above["left_eye"] == above["right_eye"] == "head"
    for side in ("left", "right"):
        for finger in ("thumb", "index", "middle", "ring", "pinky"):
            assert above[f"{side}_{finger}1"] == f"{side}_wrist"
            assert above[f"{side}_{finger}3"] == f"{side}_{finger}2"
    joints = smplx.rest()[1]
    index_to_pinky = [joints[names.index(f"left_{f}1"), 2] for f in ("index", "middle", "ring", "pinky")]
    assert sorted(index_to_pinky, reverse=True) == index_to_pinky  # palm down, the thumb in front


# ---- that they keep their form --------------------------------------------------------------------------------------


@pytest.mark.parametrize("region", figures.VOLUMES)
def test_that_a_bent_region_keeps_its_volume(family, body, told, region):
    """Within a tenth of what the rig's own deformation encloses; most of them are within 3 %."""
    pose, centre, reach_m = figures.VOLUMES[region]
    vertices, joints = body.rest()
    piece = figures.region(vertices, body.faces, joints[joint(body, centre)], reach_m)
    wanted = told[family]["volumes_l"][region]["reference"]
    got = figures.volume_l(body.shaped().pose(named(body, pose), ORIGIN), piece)
    assert abs(got / wanted - 1) < 0.10


def test_that_correctives_bring_back_most_of_what_skinning_loses(family, told):
    unseen = told[family]["unseen_mm"]
    assert unseen["with correctives"][0] < 0.3 * unseen["fitted weights"][0]
    assert unseen["fitted weights"][0] < unseen["merged weights"][0]


@pytest.mark.parametrize("pose", figures.STRETCHED_WITH_FACE)
def test_that_nothing_tears(family, body, told, pose):
    if pose not in told[family]["stretch"]:
        pytest.skip("this family has no such joints")
    ratios = figures.stretch(body.model.template_m, body.shaped().pose(named(body, pose), ORIGIN), body.faces)
    most, nearly_all = np.percentile(ratios, [99.9, 99])
    wanted = told[family]["stretch"][pose]["reference"]
    assert nearly_all < 1.1 * wanted[0]
    assert most < 1.15 * wanted[1]


def test_that_an_opened_mouth_moves_the_chin_and_not_the_brow(smplx):
    opened = smplx.shaped().pose(named(smplx, "mouth open"), ORIGIN)
    rest, joints = smplx.rest()
    moved = opened - rest
    with_jaw = smplx.model.weights[:, joint(smplx, "jaw")] > 0.95
    assert np.median(moved[with_jaw, 1]) < -0.02
    assert np.linalg.norm(moved[rest[:, 1] > joints[joint(smplx, "left_eye"), 1] - 0.005], axis=1).max() < 0.004
    assert np.linalg.norm(moved[rest[:, 1] < joints[joint(smplx, "neck"), 1]], axis=1).max() < 0.004


def test_that_a_fist_brings_the_finger_tips_to_the_palm(smplx):
    fist = smplx.shaped().pose(named(smplx, "fists and open mouth"), ORIGIN)
    placed = smplx.shaped().place(named(smplx, "fists and open mouth"), ORIGIN).places_m
    rest, joints = smplx.rest()
    for finger in ("index", "middle", "ring", "pinky"):
        tip = np.flatnonzero(smplx.model.weights[:, joint(smplx, f"left_{finger}3")] > 0.6)
        tip = tip[rest[tip, 0] > np.percentile(rest[tip, 0], 70)]
        knuckle, wrist = joint(smplx, f"left_{finger}1"), joint(smplx, "left_wrist")
        palm, flat_palm = ((places[knuckle] + places[wrist]) / 2 for places in (placed, joints))
        assert np.linalg.norm(fist[tip].mean(0) - palm) < 0.06 < np.linalg.norm(rest[tip].mean(0) - flat_palm)


def test_that_eyes_turn_in_their_sockets(smplx):
    eye = joint(smplx, "left_eye")
    rotations = poses.still(joint_names(55))
    rotations[eye] = poses.turned(y=20)
    ball = smplx.model.weights[:, eye] > 0.99
    rest = smplx.model.template_m[ball]
    turned = smplx.shaped().pose(rotations, ORIGIN)[ball]
    centre = smplx.rest()[1][eye]
    np.testing.assert_allclose((rest - centre) @ rotations[eye].T, turned - centre, atol=5e-4)
    assert np.ptp(rest, axis=0).max() < 0.035


def test_that_expressions_move_the_face_alone_and_as_they_are_called(smplx):
    rest, joints = smplx.rest()
    head = rest[:, 1] > joints[joint(smplx, "neck"), 1]
    faces_m = smplx.model.expressions_m
    assert faces_m.shape[2] == 10
    assert np.abs(faces_m[~head]).max() < 1e-4
    assert (np.linalg.norm(2 * faces_m, axis=1).max(0) > 0.003).all()
    smile, eyes_closed, puffed = 2 * faces_m[..., 0], 2 * faces_m[..., 4], 2 * faces_m[..., 9]
    corners = np.abs(rest[:, 0]) > 0.015
    assert smile[corners, 1].max() > 0.008  # the corners of the mouth go up
    lids = np.linalg.norm(eyes_closed, axis=1) > 0.004
    assert np.abs(rest[lids, 1] - joints[joint(smplx, "left_eye"), 1]).max() < 0.035
    assert eyes_closed[lids, 1].min() < -0.006  # the upper lids come down
    cheeks = np.abs(puffed[:, 0]) > 0.004
    assert (np.sign(puffed[cheeks, 0]) == np.sign(rest[cheeks, 0])).all()  # outwards
