"""The window's side of the warm process: newest answer only, one quiet restart, then words."""

import sys
import textwrap

import pytest

from core.fits import Fitted, PoseToFit
from core.forecasts import About, Forecaster, Refusal
from core.generations import Generated, GeneratedSoFar, NotGenerated, Part, Recipe
from studio.models_client import ModelsClient
from tests.core.project_on_disk import project_on_disk, trained_run

ASKED = (Forecaster(run="some run"),)


@pytest.fixture
def client_of(qtbot, tmp_path):
    """A client whose process is a script of the test's."""
    made = []

    def make(body: str) -> ModelsClient:
        script = tmp_path / "process.py"
        head = "import json, os, sys, time\nfrom pathlib import Path\nhere = Path(__file__).parent\n"
        head += "def say(**words):\n    print(json.dumps(words), flush=True)\n"
        script.write_text(head + textwrap.dedent(body))
        made.append(ModelsClient(program=(sys.executable, str(script))))
        return made[-1]

    yield make
    for each in made:
        each.close()


POSE = PoseToFit(joints=((0.0, 0.0, 0.0),), seen=(True,))
ANSWER_FITS = """
    for line in sys.stdin:
        say(type="fit", number=json.loads(line)["number"], poses=[None])
"""
ANSWER_ALL = """
    for line in sys.stdin:
        say(type="forecasts", number=json.loads(line)["number"], answers=[])
"""


def test_that_only_the_newest_of_several_questions_is_answered(client_of, qtbot, tmp_path):
    client = client_of(ANSWER_ALL)
    heard = []
    client.answered.connect(lambda number, answers: heard.append(number))
    for _ in range(3):
        last = client.forecast(tmp_path, "clip", 5, ASKED)
    qtbot.waitUntil(lambda: not client.is_waiting)
    qtbot.wait(50)
    assert heard == [last]


def test_that_only_the_newest_bodies_asked_for_are_heard_of(client_of, qtbot):
    client = client_of(ANSWER_FITS)
    heard = []
    client.fitted.connect(lambda number, said: heard.append((number, said)))
    for _ in range(3):
        last = client.fit("built-in/smpl/neutral", "upper body 9", (POSE,))
    qtbot.waitUntil(lambda: not client.is_waiting)
    qtbot.wait(50)
    assert heard == [(last, Fitted(number=last, poses=(None,)))]


def test_that_bodies_nobody_waits_for_any_more_are_not_heard_of(client_of, qtbot):
    client = client_of("sys.stdin.readline(); time.sleep(0.1); say(type='fit', number=1, poses=[])")
    heard = []
    client.fitted.connect(lambda *words: heard.append(words))
    client.fit("built-in/smpl/neutral", "upper body 9", (POSE,))
    client.forget_fit()
    qtbot.wait(300)
    assert not heard


def test_that_why_there_is_no_body_is_told_to_whoever_asked_for_one(client_of, qtbot):
    client = client_of(
        """
        for line in sys.stdin:
            say(type="refused", number=json.loads(line)["number"], refusal=dict(message="no body", hint="add one"))
        """
    )
    others = []
    client.refused.connect(lambda *words: others.append(words))
    client.described.connect(lambda *words: others.append(words))
    with qtbot.waitSignal(client.fitted) as heard:
        number = client.fit("yours/smpl/male", "upper body 9", (POSE,))
    assert heard.args == [number, Refusal(message="no body", hint="add one")]
    assert not others


def test_that_a_crash_is_mended_once_without_a_word(client_of, qtbot, tmp_path):
    client = client_of(
        """
        if not (here / "died").exists():
            sys.stdin.readline()
            (here / "died").touch()
            os._exit(9)
        for line in sys.stdin:
            say(type="forecasts", number=json.loads(line)["number"], answers=[])
        """
    )
    refused = []
    client.refused.connect(lambda number, why: refused.append(why))
    with qtbot.waitSignal(client.answered) as heard:
        number = client.forecast(tmp_path, "clip", 5, ASKED)
    assert heard.args[0] == number
    assert not refused


def test_that_a_question_asked_right_after_a_crash_takes_nothing_from_those_still_owed(client_of, qtbot, tmp_path):
    client = client_of(
        """
        if not (here / "died").exists():
            sys.stdin.readline()
            (here / "died").touch()
            os._exit(9)
        for line in sys.stdin:
            asked = json.loads(line)
            if asked["type"] == "fit":
                say(type="fit", number=asked["number"], poses=[None])
            else:
                say(type="forecasts", number=asked["number"], answers=[])
        """
    )
    heard = []
    client.answered.connect(lambda number, _: heard.append(number))
    client.fitted.connect(lambda number, _: heard.append(number))
    fit = client.fit("built-in/smpl/neutral", "upper body 9", (POSE,))
    forecasts = []
    client._process.ended.connect(lambda: forecasts.append(client.forecast(tmp_path, "clip", 5, ASKED)))
    qtbot.waitUntil(lambda: len(heard) == 2)
    assert sorted(heard) == [fit, *forecasts]


def test_that_a_second_crash_over_the_same_question_is_said_with_its_last_words(client_of, qtbot, tmp_path):
    client = client_of("sys.stdin.readline(); print('out of cheese', file=sys.stderr); os._exit(9)")
    with qtbot.waitSignal(client.refused) as heard:
        number = client.forecast(tmp_path, "clip", 5, ASKED)
    said, why = heard.args
    assert said == number
    assert isinstance(why, Refusal)
    assert "twice" in why.message
    assert why.hint
    assert "out of cheese" in why.details
    assert not client.is_waiting
    with qtbot.waitSignal(client.refused):  # and the next question is tried again, not refused from memory
        client.forecast(tmp_path, "clip", 6, ASKED)


def test_that_a_program_that_is_not_there_is_said_in_words(qtbot, tmp_path):
    client = ModelsClient(program=(str(tmp_path / "no such program"),))
    with qtbot.waitSignal(client.refused) as heard:
        client.forecast(tmp_path, "clip", 5, ASKED)
    assert "twice" in heard.args[1].message
    client.close()


def test_that_words_that_are_no_answer_are_passed_over(client_of, qtbot, tmp_path):
    client = client_of("print('hello'); print('{}', flush=True)" + textwrap.dedent(ANSWER_ALL))
    with qtbot.waitSignal(client.answered):
        client.forecast(tmp_path, "clip", 5, ASKED)


def test_that_closing_ends_the_process_and_nothing_is_heard_of_it(client_of, qtbot, tmp_path):
    client = client_of("sys.stdin.readline(); time.sleep(0.3); say(type='forecasts', number=1, answers=[])")
    heard = []
    client.answered.connect(lambda *words: heard.append(words))
    client.refused.connect(lambda *words: heard.append(words))
    client.forecast(tmp_path, "clip", 5, ASKED)
    client.close()
    qtbot.wait(50)
    assert not heard
    assert not client.is_waiting


@pytest.mark.slow
def test_that_a_trained_run_is_asked_through_the_real_process(qtbot, tmp_path):
    folder = tmp_path / "made up"
    project_on_disk(folder, clips=4)
    run = str(trained_run(folder))
    client = ModelsClient()
    with qtbot.waitSignal(client.described, timeout=60_000) as about:
        client.about(run)
    assert isinstance(about.args[1], About)
    with qtbot.waitSignal(client.answered, timeout=60_000) as heard:
        client.forecast(folder, "clip-03", 100, (Forecaster(run=run), Forecaster(run=run, plain="counting")))
    assert heard.args[1][0].forecast.model == "forecaster-01"
    client.close()


RECIPE = Recipe(model="some run", story=(Part(actions=("walk",), seconds=1.0),))


def test_that_motion_streams_in_until_it_is_whole_and_only_the_newest_is_heard(client_of, qtbot):
    client = client_of(
        """
        for line in sys.stdin:
            number = json.loads(line)["number"]
            for _ in range(2):
                say(type="generated-so-far", number=number, samples=[])
            say(type="generated", number=number, samples=[], seconds_taken=0.1)
            say(type="generated-so-far", number=number, samples=[])
        """
    )
    heard = []
    client.generating.connect(lambda number, said: heard.append((number, type(said))))
    client.generated.connect(lambda number, said: heard.append((number, type(said))))
    last = [client.generate(RECIPE) for _ in range(3)][-1]
    qtbot.waitUntil(lambda: not client.is_waiting)
    qtbot.wait(50)
    assert heard == [(last, GeneratedSoFar), (last, GeneratedSoFar), (last, Generated)]


def test_that_a_process_that_dies_twice_over_motion_says_so_to_whoever_asked(client_of, qtbot):
    client = client_of("sys.stdin.readline(); sys.stderr.write('out of room'); sys.exit(3)")
    with qtbot.waitSignal(client.generated, timeout=20_000) as heard:
        number = client.generate(RECIPE)
    said_number, said = heard.args
    assert said_number == number
    assert isinstance(said, NotGenerated)
    assert "twice" in said.refusal.message
    assert "out of room" in said.refusal.details


def test_that_what_a_motion_model_knows_is_told_or_why_not(client_of, qtbot):
    client = client_of(
        """
        for line in sys.stdin:
            refusal = {"message": "It is cut off.", "hint": "Copy it again."}
            say(type="refused", number=json.loads(line)["number"], refusal=refusal)
        """
    )
    with qtbot.waitSignal(client.motion_model_described, timeout=20_000) as heard:
        number = client.about_motion_model("some run")
    assert heard.args == [number, Refusal(message="It is cut off.", hint="Copy it again.")]
