"""The warm process asked for motion: said while it is made, refused in words, left in the middle for what is newer."""

import os
import threading
import time

import msgspec
import pytest
from msgspec.structs import replace

from core.fits import AskFit
from core.forecasts import AskAbout, AskForecast, Refused
from core.generation.answering import MOST_MODELS, Answering
from core.generation.making import made
from core.generation.motion_model import MotionModel
from core.generations import (
    AboutMotion,
    AskAboutMotionModel,
    AskGenerate,
    Generated,
    GeneratedSoFar,
    NotGenerated,
    Part,
    Recipe,
)
from core.models.checkpoints import save
from core.serving import Asked, Inbox, Inboxes, Said, motion_answers, serve
from tests.core.generation.made_model import ACTIONS, made_config, made_header, made_whole


def made_run(folder, **knobs):
    config = made_config(**knobs)
    save(folder / "best.safetensors", made_header(config), made_whole(config).tensors())
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return made_run(tmp_path_factory.mktemp("runs") / "walks")


def asked(run, number=1, *, seconds=2.0, action="walk", streamed=True, **more) -> AskGenerate:
    story = (Part(actions=(action,), seconds=seconds),)
    return AskGenerate(number=number, recipe=Recipe(model=str(run), story=story, **more), streamed=streamed)


def answered(question) -> list[Said]:
    return list(motion_answers(Answering(), question, Inbox()))


def test_that_motion_is_said_while_it_is_made_and_is_whole_at_last(run):
    question = asked(run, 7, samples=2)
    *so_far, whole = answered(question)
    assert so_far
    assert all(isinstance(each, GeneratedSoFar) and each.number == 7 for each in so_far)
    assert isinstance(whole, Generated)
    assert whole.samples == made(MotionModel.load(run), question.recipe).samples
    assert whole.seconds_taken > 0
    (alone,) = answered(replace(question, streamed=False))
    assert alone.samples == whole.samples


def test_that_notes_come_with_the_whole(run):
    whole = answered(asked(run, seconds=3.0))[-1]
    assert whole.notes == ("3 s is beyond this model's 2.13 s: made in two stretches, joined.",)


def test_that_an_unknown_action_comes_back_with_the_nearest_names(run):
    (said,) = answered(asked(run, 3, action="wawe"))
    assert isinstance(said, NotGenerated)
    assert (said.number, said.nearest[0]) == (3, "wave")
    assert "not an action of this model" in said.refusal.message
    assert not said.refusal.details  # no fault of the program


def test_that_a_run_that_is_not_there_or_damaged_is_refused_in_words(run, tmp_path):
    (said,) = answered(asked(tmp_path / "nowhere"))
    assert isinstance(said, NotGenerated)
    whole = (run / "best.safetensors").read_bytes()
    (tmp_path / "best.safetensors").write_bytes(whole[: len(whole) // 2])
    for question in (asked(tmp_path), AskAboutMotionModel(number=4, run=str(tmp_path))):
        (said,) = answered(question)
        assert isinstance(said, NotGenerated | Refused)
        assert "damaged" in said.refusal.message
        assert not said.refusal.details


def test_that_a_run_without_its_gpt_yet_is_refused_in_words(tmp_path):
    config = made_config()
    save(tmp_path / "last.safetensors", made_header(config, stage="autoencoder"), made_whole(config).tensors())
    (said,) = answered(asked(tmp_path))
    assert "has learned its auto-encoder alone" in said.refusal.message


def test_that_a_motion_model_says_what_it_knows(run):
    (said,) = answered(AskAboutMotionModel(number=5, run=str(run)))
    assert isinstance(said, AboutMotion)
    about = said.about
    assert (about.name, about.skeleton, about.frames_a_token) == ("walks", "SMPL 24", 4)
    assert about.actions == tuple((action, 3) for action in ACTIONS)
    assert about.longest_s == pytest.approx(64 / 30)
    assert about.takes_a_past
    assert about.ms_a_token > 0


def test_that_a_model_that_is_trained_on_is_read_again(tmp_path):
    folder = made_run(tmp_path / "run")
    answering = Answering()
    question = asked(folder, streamed=False)
    (before,) = answering.answers(question)
    config = made_config()
    save(folder / "best.safetensors", made_header(config), made_whole(config, seed=2).tensors())
    os.utime(folder / "best.safetensors", ns=(0, time.time_ns() + 10**9))
    (after,) = answering.answers(question)
    assert before.samples != after.samples


def test_that_models_beyond_the_most_are_let_go(tmp_path):
    answering = Answering()
    for number in range(MOST_MODELS + 2):
        list(answering.answers(asked(made_run(tmp_path / str(number)), seconds=0.5)))
    assert len(answering._models) == MOST_MODELS


def test_that_a_newer_question_stops_the_one_that_is_being_made(run):
    inbox = Inbox()
    answers = motion_answers(Answering(), asked(run, 1, seconds=600.0, samples=8), inbox)
    assert next(answers).number == 1
    inbox.put(asked(run, 2))
    assert list(answers) == []
    assert inbox.take().number == 2


def test_that_a_question_of_another_kind_stops_nothing(run):
    inbox = Inbox()
    answers = motion_answers(Answering(), asked(run, 1), inbox)
    next(answers)
    inbox.put(AskAboutMotionModel(number=2, run=str(run)))
    assert isinstance(list(answers)[-1], Generated)


def test_that_forecasts_fits_and_motion_wait_in_inboxes_of_their_own(run):
    inboxes = Inboxes()
    boxes = [
        inboxes.of(each)
        for each in (
            AskForecast(number=1, project="", clip_id="", at_frame=0, of=()),
            AskFit(number=2, body="", skeleton="", poses=()),
            asked(run, 3),
        )
    ]
    assert len({id(each) for each in boxes}) == 3
    assert inboxes.of(AskAbout(number=4, run="")) is boxes[0]
    assert inboxes.of(AskAboutMotionModel(number=5, run="")) is boxes[2]


def test_that_a_long_motion_keeps_no_other_question_waiting_and_ends_with_the_input(run, tmp_path):
    questions_out, questions_in = os.pipe()
    answers_out, answers_in = os.pipe()
    with os.fdopen(questions_out, "rb") as questions, os.fdopen(answers_in, "wb") as answers:
        thread = threading.Thread(target=serve, args=(questions, answers))
        thread.start()
        with os.fdopen(questions_in, "wb") as ask, os.fdopen(answers_out, "rb") as hear:

            def put(question: Asked) -> None:
                ask.write(msgspec.json.encode(question) + b"\n")
                ask.flush()

            put(asked(run, 1, seconds=600.0, samples=8))
            assert msgspec.json.decode(hear.readline(), type=Said).number == 1
            put(AskAbout(number=2, run=str(tmp_path / "nowhere")))
            while (said := msgspec.json.decode(hear.readline(), type=Said)).number == 1:
                assert isinstance(said, GeneratedSoFar)
            assert isinstance(said, Refused)
            ask.close()
            drained = threading.Thread(target=lambda: [None for _ in iter(lambda: hear.read(65536), b"")], daemon=True)
            drained.start()
            thread.join(20)
            assert not thread.is_alive()
            answers.close()
            drained.join(5)
