"""Who is in a box of a frame: found where they are, nobody where nobody is, and refused in words."""

import numpy as np
import pytest

from core.bodies.skeletons import UPPER_BODY_9
from core.detection_answers import DetectionAnswers
from core.detections import AskDetect, Detected
from core.errors import CoreError
from core.forecasts import Refused
from core.serving import Answerer

FILM, FRAME = "sports2d_demo.mp4", 62
LEFT_ONE, RIGHT_ONE = (480.0, 60.0, 760.0, 560.0), (1180.0, 440.0, 1560.0, 980.0)


@pytest.fixture(scope="module")
def film(shared_data):
    return str(shared_data / "videos" / FILM)


@pytest.fixture(scope="module")
def answers():
    made = DetectionAnswers()
    yield made
    made.close()


def looked(answers, film, box, frame=FRAME) -> Detected:
    return answers.answer(AskDetect(number=5, video=film, frame=frame, box=box))


@pytest.mark.parametrize("box", [LEFT_ONE, RIGHT_ONE])
def test_that_of_two_people_the_one_in_the_box_is_found(answers, film, box):
    found = looked(answers, film, box)
    joints = np.array(found.joints)
    assert found.number == 5
    assert found.presence > 0.9
    for name in ("neck", "left_shoulder", "right_shoulder", "hip"):
        x, y, sure = joints[UPPER_BODY_9[name]]
        assert sure > 0.5
        assert box[0] < x < box[2]
        assert box[1] < y < box[3]
    assert joints[UPPER_BODY_9["neck"], 1] < joints[UPPER_BODY_9["hip"], 1]


def test_that_a_roughly_drawn_box_finds_the_same_person(answers, film):
    exact, rough = (np.array(looked(answers, film, box).joints) for box in (LEFT_ONE, (430.0, 20.0, 820.0, 620.0)))
    trunk = np.linalg.norm(exact[UPPER_BODY_9["neck"], :2] - exact[UPPER_BODY_9["hip"], :2])
    sure = (exact[:, 2] > 0.5) & (rough[:, 2] > 0.5)
    assert sure.sum() >= 6
    assert np.linalg.norm(exact[sure, :2] - rough[sure, :2], axis=1).max() < 0.25 * trunk


@pytest.mark.parametrize("box", [(0.0, 0.0, 60.0, 60.0), (820.0, 20.0, 1000.0, 200.0)])
def test_that_nobody_is_found_where_nobody_is(answers, film, box):
    assert looked(answers, film, box).joints == ()


@pytest.mark.parametrize(
    ("frame", "box", "words"),
    [(100_000, LEFT_ONE, "no frame 100000"), (0, (5.0, 5.0, 5.0, 90.0), "no inside"),
     (0, (float("nan"), 0.0, 9.0, 9.0), "no inside")],
)  # fmt: skip
def test_that_what_cannot_be_looked_at_is_refused_in_words(film, frame, box, words):
    answerer = Answerer()
    said = answerer.answer(AskDetect(number=3, video=film, frame=frame, box=box))
    answerer.close()
    assert isinstance(said, Refused)
    assert said.number == 3
    assert words in said.refusal.message
    assert said.refusal.details == ""  # it is no fault of the program


def test_that_a_video_that_is_gone_is_refused_in_words(answers, tmp_path):
    with pytest.raises(CoreError, match=r"gone\.mp4"):
        looked(answers, str(tmp_path / "gone.mp4"), LEFT_ONE)
