"""Bodies asked of the warm process: what comes back, what is refused, and that it needs no torch."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from core.bodies.skeletons import BODY_25, UPPER_BODY_9
from core.bodies.skinning import Body
from core.errors import CoreError
from core.fit_answers import answer_fit
from core.fits import AskFit, Fitted, FitView, PoseToFit, camera_of_view, view_of
from core.geometry.cameras import estimated_camera, project
from core.geometry.rotations import matrices
from core.serving import Answerer, Inbox

BODY = "built-in/smpl/neutral"
# A levelled forecast: neck at the origin, both hands at work in front.
AT_WORK = np.array(
    [[0, 0.11, 0.12], [0, 0, 0], [-0.18, 0, 0], [-0.24, -0.25, 0.06], [-0.14, -0.30, 0.30], [0.18, 0, 0],
     [0.24, -0.25, 0.06], [0.14, -0.30, 0.30], [0, -0.49, -0.03]]
)  # fmt: skip


def pose(joints, seen=None) -> PoseToFit:
    seen = [True] * len(joints) if seen is None else seen
    return PoseToFit(joints=tuple(tuple(map(float, each)) for each in joints), seen=tuple(map(bool, seen)))


def asked(*poses, number=1, **more) -> AskFit:
    return AskFit(number=number, body=BODY, skeleton=UPPER_BODY_9.name, poses=poses, **more)


def test_that_a_fitted_body_has_its_hands_where_they_were_said_to_be():
    (fitted,) = answer_fit(asked(pose(AT_WORK))).poses
    figure = Body.load().shaped(np.array(fitted.betas))
    placed = figure.place(matrices(np.array(fitted.rotations)), np.array(fitted.translation_m))
    for joint, there in ((21, "right_hand"), (20, "left_hand"), (19, "right_elbow"), (18, "left_elbow")):
        np.testing.assert_allclose(placed.places_m[joint], AT_WORK[UPPER_BODY_9[there]], atol=0.01)
    assert fitted.error < 0.01


def test_that_too_little_seen_is_answered_by_nothing_and_does_not_harm_its_neighbours():
    none, one = [False] * 9, [True] + [False] * 8
    answered = answer_fit(asked(pose(AT_WORK, none), pose(AT_WORK), pose(AT_WORK, one), number=7))
    assert answered.number == 7
    assert [each is None for each in answered.poses] == [True, False, True]
    in_time = answer_fit(asked(pose(AT_WORK, none), pose(AT_WORK), pose(AT_WORK, one), is_sequence=True))
    assert [each is None for each in in_time.poses] == [True, False, True]
    assert answer_fit(asked()).poses == ()


def test_that_poses_of_one_person_share_a_shape_and_others_need_not():
    larger = pose(1.12 * AT_WORK)
    alone = answer_fit(asked(pose(AT_WORK), larger)).poses
    together = answer_fit(asked(pose(AT_WORK), larger, is_one_person=True)).poses
    assert alone[0].betas != alone[1].betas
    assert together[0].betas == together[1].betas


def test_that_pixels_are_fitted_through_the_view_they_came_from():
    view = FitView(
        rotation=((1, 0, 0), (0, -1, 0), (0, 0, -1)),
        translation_m=(0, 0, 3.0),
        focal_px=(700, 700),
        centre_px=(320, 240),
        width=640,
        height=480,
    )
    in_camera = AT_WORK * [1, -1, -1] + [0, 0, 3.0]
    pixels = 700 * in_camera[:, :2] / in_camera[:, 2:] + [320, 240]
    (fitted,) = answer_fit(asked(pose(pixels), view=view)).poses
    assert fitted.error < 4  # pixels


def test_that_a_lens_keeps_all_its_coefficients_on_the_way_to_a_fit():
    # Human3.6M's: a thin prism shifts what lies off the middle by some pixels.
    lens = np.array([-0.2, 0.24, 0, 0, 0, 0, 0, 0, -0.03, 0.01, 0.02, -0.01])
    camera = replace(estimated_camera(640, 480), translation_m=np.array([0, 0, 1.5]), distortion=lens)
    np.testing.assert_array_equal(camera_of_view(view_of(camera)).distortion, lens)
    (bent,) = answer_fit(asked(pose(project(AT_WORK, camera)), view=view_of(camera))).poses
    straight = replace(camera, distortion=np.zeros(5))
    (plain,) = answer_fit(asked(pose(project(AT_WORK, straight)), view=view_of(straight))).poses
    np.testing.assert_allclose(bent.translation_m, plain.translation_m, atol=1e-3)
    np.testing.assert_allclose(bent.rotations, plain.rotations, atol=1e-2)


@pytest.mark.parametrize(
    ("question", "says"),
    [
        (AskFit(number=1, body=BODY, skeleton="octopus", poses=()), "no skeleton"),
        (AskFit(number=1, body="built-in/smpl/giant", skeleton="upper body 9", poses=(pose(AT_WORK),)), "no body"),
        (asked(pose(AT_WORK[:5])), "5 joints"),
        (AskFit(number=1, body=BODY, skeleton=BODY_25.name, poses=(pose(AT_WORK),)), "not 25"),
        (asked(pose(AT_WORK[:, :2])), "not 3 numbers"),
        (asked(pose(AT_WORK), is_sequence=True, rate_hz=0.0), "no time"),
        (
            asked(
                pose(AT_WORK[:, :2]),
                view=FitView(
                    rotation=((0, 0, 0),) * 3,
                    translation_m=(0, 0, 0),
                    focal_px=(1, 1),
                    centre_px=(0, 0),
                    width=4,
                    height=4,
                ),
            ),
            "rotation",
        ),
    ],
)
def test_that_a_question_without_sense_is_refused_in_words(question, says):
    with pytest.raises(CoreError, match=says) as refused:
        answer_fit(question)
    assert refused.value.hint
    assert says in Answerer().answer(question).refusal.message


def test_that_a_newer_wish_for_bodies_pushes_out_one_that_waits():
    inbox = Inbox()
    for number in (1, 2, 3):
        inbox.put(asked(pose(AT_WORK), number=number))
    assert inbox.take().number == 3


WITHOUT_TORCH = """
import io, sys, msgspec
from core.forecasts import Answer
from core.serving import serve
answers = io.BytesIO()
serve(io.BytesIO(sys.stdin.buffer.read()), answers)
assert not {"torch", "smplx"} & set(sys.modules), "torch came with a fit"
"""


@pytest.mark.slow
def test_that_the_warm_process_fits_bodies_without_torch():
    import msgspec

    question = msgspec.json.encode(asked(pose(AT_WORK)))
    done = subprocess.run([sys.executable, "-c", WITHOUT_TORCH], input=question, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_that_a_fit_is_a_value_that_survives_the_way_between_two_processes():
    import msgspec

    from core.forecasts import Answer

    said = answer_fit(asked(pose(AT_WORK)))
    heard = msgspec.json.decode(msgspec.json.encode(said), type=Answer)
    assert isinstance(heard, Fitted)
    assert heard == said
