"""Bodies fitted to joints: near what is known, natural where nothing is, and never against how people's joints turn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from core.bodies.fitting import Fit, fit_joints, fit_pixels
from core.bodies.fitting_anatomy import STRAIGHT, anatomy, bend
from core.bodies.fitting_landmarks import joints_at_rest, landmarks_of
from core.bodies.fitting_solver import Equations, Model, Pose, moved
from core.bodies.fitting_start import natural_pose
from core.bodies.fitting_terms import Balance, InPicture, InSpace, Natural, Reach, upright
from core.bodies.kinematics import place_joints
from core.bodies.model_files import import_model
from core.bodies.skeletons import (
    BLAZEPOSE_33,
    BODY_25,
    HUMAN36M_17,
    SKELETONS,
    SMPL_22,
    SMPL_24,
    SMPLH_52,
    SMPLX_55,
    UPPER_BODY_9,
)
from core.bodies.skinning import Body
from core.errors import CoreError
from core.geometry.cameras import Camera, estimated_camera, project
from core.geometry.rotations import matrices
from tests.core.bodies.made_up_models import random_arrays

FITTED_FROM = (SMPL_24, SMPL_22, UPPER_BODY_9, BODY_25, BLAZEPOSE_33, HUMAN36M_17)
LIMBS = [
    (f"{side}_{first}", f"{side}_{hinge}", f"{side}_{end}")
    for side in ("left", "right")
    for first, hinge, end in (("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle"))
]


@pytest.fixture(scope="module")
def body():
    return Body.load()


def someone(body, frames, seed=0, *, spread=1.0, shape=1.5):
    """A person in poses their joints allow, and their shape: (pose, betas). Neighbouring frames are near each other."""
    rng = np.random.default_rng(seed)
    model = Model(*joints_at_rest(body), landmarks_of(body, SMPL_24), anatomy())
    betas = rng.uniform(-shape, shape, model.shapes)
    ways = anatomy()
    time = np.arange(frames)[:, None] / 30
    swing = np.sin(2 * np.pi * rng.uniform(0.2, 0.7, ways.columns) * time + rng.uniform(0, 6, ways.columns))
    size = np.concatenate([np.full(3, 0.2), np.repeat([0.3, 0.5, 0.5, 0.6, 0.6], 3), 0.6 * ways.spread])
    start = natural_pose(model, frames)
    return moved(start, spread * swing * size, betas, model)


def joints_of(body, pose, skeleton):
    model = Model(*joints_at_rest(body), landmarks_of(body, skeleton), anatomy())
    return model.landmarks_m(pose, model.place(pose))


def placed_joints(body, fit: Fit):
    _, rest = body.rest(fit.betas)
    return place_joints(fit.rotations, fit.translation_m, rest.astype(float), body.parents)


def bends(body, fit: Fit):
    """How far every elbow and knee is bent (frames, 4); below 0 is the wrong way."""
    world, places = placed_joints(body, fit)
    hinges, angles = anatomy().hinges, []
    for angle, joint, before, after in hinges:
        upper, lower = places[:, joint] - places[:, before], places[:, after] - places[:, joint]
        axis = world[:, before] @ anatomy().axes[angle]
        angles.append(bend(upper, lower, axis))
    return np.stack(angles, axis=1)


# ---- near what is known ----


@pytest.mark.parametrize("skeleton", FITTED_FROM, ids=lambda each: each.name)
def test_that_the_joints_of_a_known_body_are_met_within_millimetres(body, skeleton):
    given_m = joints_of(body, someone(body, 12, seed=3), skeleton)
    fit = fit_joints(body, given_m, skeleton)
    off_mm = 1000 * np.linalg.norm(fit.joints_m - given_m, axis=-1)
    assert off_mm.mean() < (3 if skeleton in (SMPL_24, SMPL_22) else 6)
    np.testing.assert_allclose(fit.error, off_mm.mean(1) / 1000, rtol=1e-9)
    for joint in ("elbow", "wrist" if skeleton != UPPER_BODY_9 else "hand"):
        assert off_mm[:, [skeleton[f"left_{joint}"], skeleton[f"right_{joint}"]]].max() < 10


def test_that_the_rotations_and_the_shape_given_back_put_the_joints_where_the_fit_says(body):
    fit = fit_joints(body, joints_of(body, someone(body, 4), SMPL_24), SMPL_24)
    _, places = placed_joints(body, fit)
    np.testing.assert_allclose(places[:, :22], fit.joints_m[:, :22], atol=1e-6)
    np.testing.assert_allclose(
        fit.rotations @ np.swapaxes(fit.rotations, -1, -2), np.eye(3) + 0 * fit.rotations, atol=1e-9
    )


def test_that_a_person_moved_and_turned_about_the_vertical_is_fitted_moved_and_turned(body):
    given_m = joints_of(body, someone(body, 3, seed=5), SMPL_24)
    turn = Rotation.from_rotvec([0, 1.9, 0]).as_matrix()
    one, other = (fit_joints(body, each, SMPL_24) for each in (given_m, given_m @ turn.T + [3.0, 0.4, -2.0]))
    np.testing.assert_allclose(other.joints_m, one.joints_m @ turn.T + [3.0, 0.4, -2.0], atol=2e-3)


def test_that_a_shape_that_is_known_is_kept(body):
    pose = someone(body, 3, seed=8)
    fit = fit_joints(body, joints_of(body, pose, SMPL_24), SMPL_24, betas=pose.betas)
    np.testing.assert_array_equal(fit.betas, pose.betas)
    assert fit.error.max() < 0.003


def test_that_one_joint_far_off_pulls_the_others_little(body):
    given_m = joints_of(body, someone(body, 1, seed=2), SMPL_24)
    wild = given_m.copy()
    wild[0, SMPL_24["left_knee"]] += [0.0, 0.5, 0.8]
    off = np.linalg.norm(fit_joints(body, wild, SMPL_24).joints_m - given_m, axis=-1)[0]
    others = [at for at, name in enumerate(SMPL_24.joints) if "left" not in name]
    assert off[others].mean() < 0.01


def test_that_a_mesh_that_is_no_persons_is_refused_in_words(tmp_path):
    np.savez(tmp_path / "cloud.npz", **random_arrays())
    cloud = Body(import_model(tmp_path / "cloud.npz", gender="male"))
    with pytest.raises(CoreError, match="not formed like a person"):
        fit_joints(cloud, np.zeros((1, 9, 3)), UPPER_BODY_9)


@pytest.mark.parametrize("frames", [1, 5])
def test_that_bones_no_person_has_are_no_shape(body, frames):
    """A forecast's forearms too short and its heads too far ahead once made people stout."""
    given_m = joints_of(body, someone(body, frames, seed=4, spread=0.5, shape=0.5), UPPER_BODY_9)
    for joint, end, times in (
        ("right_elbow", "right_hand", 0.62), ("left_elbow", "left_hand", 0.86), ("neck", "head", 1.25),
    ):  # fmt: skip
        start, end = given_m[:, UPPER_BODY_9[joint]], UPPER_BODY_9[end]
        given_m[:, end] = start + times * (given_m[:, end] - start)
    fit = fit_joints(body, given_m, UPPER_BODY_9)
    assert np.abs(fit.betas).max() < 1
    assert fit.error.max() < 0.04


# ---- natural where nothing is known ----


def test_that_legs_nobody_saw_stand_and_hands_are_relaxed(body):
    fit = fit_joints(body, joints_of(body, someone(body, 6, seed=4, spread=0.5), UPPER_BODY_9), UPPER_BODY_9)
    _, places = placed_joints(body, fit)
    for side in ("left", "right"):
        leg = places[:, SMPL_22[f"{side}_ankle"]] - places[:, SMPL_22[f"{side}_hip"]]
        down = -leg[:, 1] / np.linalg.norm(leg, axis=-1)
        assert (down > np.cos(np.radians(15))).all()
    assert (np.degrees(bends(body, fit)[:, [0, 2]]) < 30).all()  # knees
    curl = Rotation.from_matrix(fit.rotations[:, 22:]).magnitude()
    assert ((curl > np.radians(5)) & (curl < np.radians(40))).all()


def test_that_arms_nobody_saw_hang(body):
    given_m = joints_of(body, someone(body, 2, seed=4, spread=0.2), BODY_25)
    arms = [at for at, name in enumerate(BODY_25.joints) if "elbow" in name or "wrist" in name]
    seen = np.ones(given_m.shape[:2], bool)
    seen[:, arms] = False
    _, places = placed_joints(body, fit_joints(body, given_m, BODY_25, seen=seen))
    for side in ("left", "right"):
        arm = places[:, SMPL_22[f"{side}_wrist"]] - places[:, SMPL_22[f"{side}_shoulder"]]
        assert (arm[:, 1] < -0.35).all()


# ---- never against how joints turn ----


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), noise_m=st.sampled_from([0.02, 0.1, 0.5]), frames=st.integers(1, 3))
def test_that_no_knee_or_elbow_bends_backwards_whatever_is_asked(seed, noise_m, frames):
    body, rng = Body.load(), np.random.default_rng(seed)
    asked_m = joints_of(body, someone(body, frames, seed), SMPL_24) + rng.normal(0, noise_m, (frames, 24, 3))
    fit = fit_joints(body, asked_m, SMPL_24)
    assert np.isfinite(fit.rotations).all()
    assert np.degrees(bends(body, fit)).min() > -np.degrees(STRAIGHT) - 2.5  # the side a joint may give bends its axis


def test_that_a_limb_asked_to_bend_backwards_stays_straight(body):
    model_pose = someone(body, 1, spread=0.0)
    given_m = joints_of(body, model_pose, SMPL_24)
    shin = SMPL_24["left_ankle"], SMPL_24["left_foot"]
    knee = given_m[0, SMPL_24["left_knee"]]
    turn = Rotation.from_rotvec([-np.radians(60), 0, 0])  # the shin forward, as a bird's
    for joint in shin:
        given_m[0, joint] = knee + turn.apply(given_m[0, joint] - knee)
    fit = fit_joints(body, given_m, SMPL_24)
    assert np.degrees(bends(body, fit)).min() > -np.degrees(STRAIGHT) - 1


# ---- over time ----


def jerk(joints_m):
    return np.linalg.norm(np.diff(joints_m, 3, axis=0), axis=-1).mean()


def test_that_smoothness_takes_jerk_out_of_noise_and_costs_no_accuracy(body):
    true_m = joints_of(body, someone(body, 40, seed=6), SMPL_24)
    noisy_m = true_m + np.random.default_rng(0).normal(0, 0.01, true_m.shape)
    alone = fit_joints(body, noisy_m, SMPL_24, noise_m=0.01)
    smooth = fit_joints(body, noisy_m, SMPL_24, noise_m=0.01, rate_hz=30.0)
    assert jerk(smooth.joints_m) < 0.6 * jerk(alone.joints_m)
    off = [np.linalg.norm(each.joints_m - true_m, axis=-1).mean() for each in (alone, smooth)]
    assert off[1] <= off[0] * 1.02


@pytest.mark.slow
def test_that_a_long_stretch_is_one_person_without_a_seam(body):
    given_m = joints_of(body, someone(body, 210, seed=9), SMPL_24)
    fit = fit_joints(body, given_m, SMPL_24, rate_hz=30.0)
    assert fit.error.max() < 0.012
    assert jerk(fit.joints_m) < 1.5 * jerk(given_m)


# ---- too little ----


def test_that_too_little_is_no_fit_and_a_gap_leaves_its_neighbours_alone(body):
    given_m = joints_of(body, someone(body, 5, seed=1), SMPL_24)
    nothing, one = np.zeros((5, 24), bool), np.zeros((5, 24), bool)
    one[:, 3] = True
    assert fit_joints(body, given_m, SMPL_24, seen=nothing) is None
    assert fit_joints(body, given_m, SMPL_24, seen=one) is None
    assert fit_joints(body, np.full((2, 24, 3), np.nan), SMPL_24) is None
    holes = given_m.copy()
    holes[2], holes[3, ::3] = np.nan, np.inf
    fit = fit_joints(body, holes, SMPL_24, rate_hz=30.0)
    assert fit.fitted.tolist() == [True, True, False, True, True]
    assert fit.error[fit.fitted].max() < 0.01
    assert np.isfinite(fit.rotations).all()


# ---- in pictures ----


def tilted(camera: Camera) -> Camera:
    down = Rotation.from_rotvec([np.radians(12), 0, 0]).as_matrix()
    rotation = down @ camera.rotation
    return Camera(
        rotation, -rotation @ [0.0, 0.8, 3.5], camera.focal_px, camera.centre_px, camera.width, camera.height,
        np.array([-0.08, 0.02, 0.001, 0.0, 0.0]),
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("heading", [0.0, 2.2, 4.4])
def test_that_what_a_camera_saw_with_noise_is_met_within_a_few_pixels(body, heading):
    camera = tilted(estimated_camera(1280, 720))
    pose = someone(body, 8, seed=7, spread=0.6, shape=0.5)
    turn = matrices(np.array([0, heading, 0]))
    balls = pose.balls.copy()
    balls[:, 0] = turn @ balls[:, 0]
    true_m = joints_of(body, Pose(pose.translation_m, balls, pose.angles, pose.betas), BLAZEPOSE_33)
    pixels = project(true_m, camera)
    noisy = pixels + np.random.default_rng(0).normal(0, 2, pixels.shape)
    fit = fit_pixels(body, noisy, BLAZEPOSE_33, camera, rate_hz=30.0)
    assert fit.error.max() < 6
    assert np.linalg.norm(project(fit.joints_m, camera) - pixels, axis=-1).mean() < 5
    # Which way somebody faces is not mistaken, and how far away they are within what their size leaves open.
    facing = [joints[:, 11] - joints[:, 12] for joints in (fit.joints_m, true_m)]
    assert (np.sum(facing[0] * facing[1], -1) > 0).all()
    assert np.linalg.norm(fit.joints_m.mean(1) - true_m.mean(1), axis=-1).max() < 0.5


@pytest.mark.slow
def test_that_somebody_who_crouches_and_rises_keeps_their_distance(body):
    """Legs that look shorter once sent people a metre back and forth, in sudden steps."""
    camera = estimated_camera(1280, 720)
    pose = natural_pose(Model(*joints_at_rest(body), landmarks_of(body, BLAZEPOSE_33), anatomy()), 24)
    deep = 0.9 * np.sin(np.linspace(0, 2 * np.pi, 24)) ** 2
    angles, balls = pose.angles.copy(), pose.balls.copy()
    for angle, joint, *_ in anatomy().hinges:
        if joint in (SMPL_22["left_knee"], SMPL_22["right_knee"]):
            angles[:, angle] += 2 * deep
            balls[:, anatomy().balls == joint - 3] = matrices(np.stack([-deep, 0 * deep, 0 * deep], -1))[:, None]
    true_m = joints_of(body, Pose(pose.translation_m - [0, -0.1, 4.0], balls, angles, pose.betas), BLAZEPOSE_33)
    noise = np.random.default_rng(0).normal(0, 2, (*true_m.shape[:2], 2))
    fit = fit_pixels(body, project(true_m, camera) + noise, BLAZEPOSE_33, camera, rate_hz=10.0)
    assert np.linalg.norm(np.diff(fit.translation_m, 2, axis=0), axis=-1).max() * 10**2 < 20
    assert np.ptp(fit.translation_m[:, 2]) < 0.3


# ---- the mathematics ----


def terms_for(body, camera, frames, rng):
    if camera is None:
        seen = InSpace(rng.normal(0, 0.5, (frames, 33, 3)), rng.uniform(0, 2500, (frames, 33)), 4.0)
    else:
        seen = InPicture(
            rng.uniform(100, 400, (frames, 33, 2)),
            rng.uniform(0, 2500, (frames, 33)),
            4.0,
            camera,
            np.full(frames, 0.006),
        )
    legs = rng.integers(0, 2, (2, frames, 2)).astype(float)
    return [
        seen,
        Natural(0.7),
        upright(*legs, in_picture=True),
        Balance(np.full(frames, 90.0)),
        Reach(),
    ]


@pytest.mark.parametrize("camera", [None, estimated_camera(640, 480)], ids=["in space", "in a picture"])
def test_that_every_slope_is_the_one_found_by_small_steps(body, camera):
    rng, frames = np.random.default_rng(1), 2
    model = Model(*joints_at_rest(body), landmarks_of(body, BLAZEPOSE_33), anatomy())
    pose = moved(
        natural_pose(model, frames), rng.normal(0, 0.5, (frames, anatomy().columns)), rng.normal(0, 1, 10), model
    )
    pose = Pose(pose.translation_m - [0, 0, 4.0], pose.balls, pose.angles, pose.betas)

    def equations(term, pose):
        made = Equations.empty(frames, anatomy().columns, model.shapes)
        term.add(model, pose, model.place(pose), made)
        return made

    def stepped(column, size):
        step = np.zeros((frames, anatomy().columns))
        step[:, column] = size
        turns = matrices(step[:, 3:18].reshape(frames, 5, 3))
        return Pose(pose.translation_m + step[:, :3], pose.balls @ turns, pose.angles + step[:, 18:], pose.betas)

    for term in terms_for(body, camera, frames, rng):
        said, size = equations(term, pose).slope, 1e-6
        found = np.stack(
            [
                (equations(term, stepped(column, size)).cost - equations(term, stepped(column, -size)).cost)
                / (4 * size)
                for column in range(anatomy().columns)
            ],
            axis=1,
        )
        np.testing.assert_allclose(said, found, atol=1e-4 * max(1.0, np.abs(found).max()))


def test_that_landmarks_mirror_from_left_to_right(body):
    for skeleton in SKELETONS.values():
        if skeleton in (SMPLH_52, SMPLX_55):  # fingers, which nothing is fitted to
            continue
        marks = landmarks_of(body, skeleton)
        places = marks.mix @ (joints_at_rest(body)[0][marks.fixed_to] + marks.offsets_m)
        np.testing.assert_allclose(
            places[list(skeleton.mirror)] * [-1, 1, 1], places, atol=0.006, err_msg=skeleton.name
        )
