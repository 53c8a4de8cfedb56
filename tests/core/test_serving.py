"""The warm process: what it answers, what it refuses, and that the newest question wins."""

import io
import json
import os
import subprocess
import sys
import threading

import msgspec
import numpy as np
import pytest

from core.bodies.skeletons import UPPER_BODY_9
from core.datasets.kitchen import truth as kitchen_truth
from core.forecasts import (
    AboutRun,
    Answer,
    AskAbout,
    AskDifferences,
    AskForecast,
    Differences,
    Forecaster,
    Forecasts,
    Refused,
)
from core.geometry.cameras import Camera, pinhole
from core.project.store import ProjectStore
from core.serving import Answerer, Inbox, Inboxes, read_questions, serve
from tests.core.project_on_disk import project_on_disk, trained_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project") / "made up"
    project_on_disk(folder)
    trained_run(folder)
    return folder


@pytest.fixture
def answerer():
    made = Answerer()
    yield made
    made.close()


def asked(folder, number=1, *, clip="clip-11", at=100, of=None, steps=None) -> AskForecast:
    run = str(folder / "runs" / "forecaster-01")
    return AskForecast(
        number=number, project=str(folder), clip_id=clip, at_frame=at, of=of or (Forecaster(run=run),), steps=steps
    )


def test_that_a_run_and_the_counting_one_beside_it_answer_in_the_order_asked(folder, answerer):
    run = str(folder / "runs" / "forecaster-01")
    said = answerer.answer(asked(folder, 7, of=(Forecaster(run=run), Forecaster(run=run, plain="counting")), steps=3))
    assert isinstance(said, Forecasts)
    assert said.number == 7
    trained, plain = (each.forecast for each in said.answers)
    assert trained.model == "forecaster-01"
    assert plain.model.startswith("n-gram")
    assert len(trained.steps) == len(plain.steps) == 3
    assert trained.at_frame == 100


def test_that_the_lens_puts_the_joints_where_they_are_in_the_picture(folder, answerer):
    said = answerer.answer(asked(folder)).answers[0].forecast
    lens = said.lens
    camera = Camera(
        np.array(lens.rotation), np.array(lens.translation_m), np.array(lens.focal_px), np.array(lens.centre_px),
        lens.width, lens.height, np.zeros(5),
    )  # fmt: skip
    for step in said.steps:
        in_camera = np.array(step.joints_m) @ camera.rotation.T + camera.translation_m
        np.testing.assert_allclose(pinhole(in_camera, camera), np.array(step.joints_px), atol=0.05)


def test_that_truth_in_space_stands_beside_the_forecast_only_where_a_simulation_knows_it(folder, answerer, monkeypatch):
    without = answerer.answer(asked(folder)).answers[0].forecast
    assert all(step.truth_m is None and step.error_mm is None for step in without.steps)
    world = np.tile([0.0, 1.0, 0.0], (400, 9, 1))
    world[:, UPPER_BODY_9["head"], 1] = 1.2

    class Known:
        upper_body_m = world

    assert kitchen_truth.read_truth(folder, "clip-11") is None
    monkeypatch.setattr("core.forecast_answers.read_truth", lambda where, clip_id: Known)
    step = answerer.answer(asked(folder)).answers[0].forecast.steps[0]
    assert step.truth_m[UPPER_BODY_9["head"]] == pytest.approx((0.0, 0.2, 0.0), abs=1e-9)
    off = np.linalg.norm(np.array(step.joints_m) - np.array(step.truth_m), axis=-1)
    counted = np.delete(off, UPPER_BODY_9["neck"])
    assert step.error_mm == pytest.approx(1000 * counted.mean())


def test_that_a_moment_before_any_step_is_refused_in_words_while_others_answer(folder, answerer):
    said = answerer.answer(asked(folder, at=0)).answers[0]
    assert said.forecast is None
    assert "has been seen by frame 0" in said.refusal.message
    assert said.refusal.hint
    of = (Forecaster(run=str(folder / "nothing")), Forecaster(run=str(folder / "runs" / "forecaster-01")))
    first, second = answerer.answer(asked(folder, of=of)).answers
    assert "no run" in first.refusal.message
    assert second.forecast is not None


def test_that_a_project_that_is_not_there_is_refused_as_a_whole(tmp_path, answerer):
    said = answerer.answer(asked(tmp_path / "nowhere", 4))
    assert isinstance(said, Refused)
    assert said.number == 4
    assert not said.refusal.details


def test_that_an_edit_made_meanwhile_counts_in_the_next_answer(tmp_path, answerer):
    folder = tmp_path / "edited"
    project_on_disk(folder, clips=4)
    run = trained_run(folder)
    before = answerer.answer(asked(folder, clip="clip-03", of=(Forecaster(run=str(run)),))).answers[0].forecast
    with ProjectStore.open(folder, "test") as store:
        clip = store.project.clips["clip-03"]
        store.edit(store.project.with_clip(clip.without_segment(clip.segments[0].id)), "Delete")
    after = answerer.answer(asked(folder, clip="clip-03", of=(Forecaster(run=str(run)),))).answers[0].forecast
    assert len(after.seen_frames) == len(before.seen_frames) - 1


def differing(folder, number=1, *, plain="counting", **more) -> AskDifferences:
    run = str(folder / "runs" / "forecaster-01")
    of = (Forecaster(run=run), Forecaster(run=run, plain=plain))
    return AskDifferences(number=number, project=str(folder), of=of, **more)


def test_that_the_most_different_moments_are_told_as_many_as_asked_for(folder, answerer):
    whole, three = (answerer.answer(differing(folder, 5, most=most)) for most in (300, 3))
    assert isinstance(whole, Differences)
    assert (whole.number, whole.part) == (5, "test")
    assert whole.measured == len(whole.moments) > 3
    assert three.moments == whole.moments[:3]
    assert three.measured == whole.measured
    assert msgspec.json.decode(msgspec.json.encode(whole), type=Answer) == whole


def test_that_a_comparison_is_made_anew_only_when_something_changed(tmp_path, answerer, monkeypatch):
    from core import forecast_answers

    folder = tmp_path / "compared"
    project_on_disk(folder, clips=4)
    trained_run(folder)
    made = []
    measure = forecast_answers.differences
    monkeypatch.setattr(forecast_answers, "differences", lambda *of: made.append(1) or measure(*of))
    first = answerer.answer(differing(folder))
    assert answerer.answer(differing(folder, 2, most=2)).moments == first.moments[:2]
    assert len(made) == 1
    answerer.answer(differing(folder, plain="repeating"))
    answerer.answer(differing(folder, plain="repeating", part="validation"))
    assert len(made) == 3
    with ProjectStore.open(folder, "test") as store:
        clip = store.project.clips[first.moments[0].clip_id]
        store.edit(store.project.with_clip(clip.without_segment(clip.segments[0].id)), "Delete")
    assert answerer.answer(differing(folder)).measured == first.measured - 1
    assert len(made) == 4


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"clip_id": "gone"}, "no clip gone"),
        ({"at_frame": -5}, "no frame -5"),
        ({"at_frame": 10**9}, "no frame"),
        ({"steps": 0}, "0 steps"),
        ({"steps": 10**6}, "steps ahead"),
        ({"futures": 10**6}, "futures"),
        ({"futures": -1}, "futures"),
    ],
)
def test_that_odd_questions_are_refused_in_words_and_never_as_a_fault(folder, answerer, change, said):
    answer = answerer.answer(msgspec.structs.replace(asked(folder), **change)).answers[0]
    assert answer.forecast is None
    assert said in answer.refusal.message
    assert answer.refusal.hint
    assert not answer.refusal.details


@pytest.mark.parametrize("name", ["", "/", ".", "\0", "a" * 5000, "nobody", __file__])
def test_that_names_of_nothing_are_refused_in_words_and_never_as_a_fault(folder, answerer, name):
    good = asked(folder).of[0]
    refusals = [
        answerer.answer(AskAbout(number=1, run=name)).refusal,
        answerer.answer(asked(folder, of=(Forecaster(run=name), good))).answers[0].refusal,
        answerer.answer(msgspec.structs.replace(asked(folder), project=name)).refusal,
        answerer.answer(msgspec.structs.replace(differing(folder), of=(good, Forecaster(run=name)))).refusal,
        answerer.answer(differing(folder, part=name)).refusal,
    ]
    for each in refusals:
        assert each.message
        assert each.hint
        assert not each.details


def test_that_a_long_comparison_keeps_no_forecast_waiting(folder):
    inboxes = Inboxes()
    assert inboxes.of(differing(folder)) is not inboxes.of(asked(folder))


def test_that_any_whole_number_is_a_seed_and_draws_the_same_again(folder, answerer):
    for seed in (0, -3, 2**64 + 1):
        question = msgspec.structs.replace(asked(folder), futures=3, seed=seed)
        first, again = (answerer.answer(question).answers[0].forecast for _ in range(2))
        assert len(first.futures) == 3
        assert first == again


def test_that_damaged_and_foreign_checkpoints_are_refused_while_others_answer(folder, answerer, tmp_path):
    whole = (folder / "runs" / "forecaster-01" / "best.safetensors").read_bytes()
    for name, content in {
        "cut": whole[: len(whole) // 2], "empty": b"", "noise": os.urandom(5000), "flipped": _flipped(whole),
    }.items():  # fmt: skip
        (tmp_path / f"{name}.safetensors").write_bytes(content)
        for question in (
            asked(folder, of=(Forecaster(run=str(tmp_path / f"{name}.safetensors")), *asked(folder).of)),
            AskAbout(number=1, run=str(tmp_path / f"{name}.safetensors")),
        ):
            answer = answerer.answer(question)
            if isinstance(answer, Forecasts):
                assert answer.answers[1].forecast is not None
            refusal = answer.refusal if isinstance(answer, Refused) else answer.answers[0].refusal
            assert f"{name}.safetensors" in refusal.message
            assert refusal.hint
            assert not refusal.details


def _flipped(whole: bytes) -> bytes:
    """One bit of a weight turned round, as on a bad disk."""
    return whole[:-9] + bytes([whole[-9] ^ 64]) + whole[-8:]


def test_that_a_motion_model_is_no_forecaster(folder, answerer, tmp_path):
    from core.models import checkpoints
    from core.posegpt_configs import PoseGpt

    header = checkpoints.PoseGptHeader(
        made_by="test", config=PoseGpt(), actions=("walk",), project="p", data_fingerprint="", split={}, step=1
    )
    path = tmp_path / "motion.safetensors"
    checkpoints.save(path, header, {})
    refusal = answerer.answer(asked(folder, of=(Forecaster(run=str(path)),))).answers[0].refusal
    assert "a motion model, and a forecaster is needed" in refusal.message
    assert refusal.hint


def test_that_a_checkpoint_says_what_it_knows(folder, answerer):
    said = answerer.answer(AskAbout(number=2, run=str(folder / "runs" / "forecaster-01")))
    assert isinstance(said, AboutRun)
    assert set(said.about.actions) == {"take", "cut", "wash", "stir"}
    assert said.about.step == 60
    assert said.about.figures["validation/top1"] > 0
    assert said.about.plain.startswith("n-gram")
    assert said.about.repeating == "last action, last pose"
    assert not said.about.learned_times
    assert not said.about.learned_noise


def test_that_a_newer_question_of_its_kind_pushes_out_one_that_waits(folder):
    inbox = Inbox()
    for number in (1, 2, 3):
        inbox.put(asked(folder, number))
    inbox.put(AskAbout(number=4, run="x"))
    assert [inbox.take().number, inbox.take().number] == [3, 4]
    inbox.put(asked(folder, 5))
    inbox.end()
    assert inbox.take() is None


def test_that_a_line_that_is_no_question_is_refused_with_its_number():
    refused: list[Refused] = []
    lines = b'{"type": "cook", "number": 9}\n\nnot even that\n{"type": "about", "number": 1, "run": "a"}\n'
    inboxes = Inboxes()
    read_questions(io.BytesIO(lines), inboxes, refused.append)
    assert [each.number for each in refused] == [9, -1]
    assert "no question" in refused[0].refusal.message
    assert inboxes.forecasts.take() is None  # the input has ended: nobody waits for the rest


def test_that_it_serves_until_its_input_ends(folder):
    questions_out, questions_in = os.pipe()
    answers_out, answers_in = os.pipe()
    with os.fdopen(questions_out, "rb") as questions, os.fdopen(answers_in, "wb") as answers:
        thread = threading.Thread(target=serve, args=(questions, answers))
        thread.start()
        with os.fdopen(questions_in, "wb") as ask, os.fdopen(answers_out, "rb") as hear:
            ask.write(msgspec.json.encode(asked(folder, 11)) + b"\n")
            ask.flush()
            said = msgspec.json.decode(hear.readline(), type=Answer)
            ask.close()
            thread.join(10)
    assert said.number == 11
    assert not thread.is_alive()


NOISY = """
import os
import core.serving
quiet = core.serving.serve
def noisy(questions, answers):
    print("noise from Python", flush=True)
    os.system("echo noise from a library")
    quiet(questions, answers)
core.serving.serve = noisy
core.serving.main()
"""


@pytest.mark.slow
def test_that_what_libraries_print_never_mixes_with_the_answers():
    done = subprocess.run(
        [sys.executable, "-c", NOISY], input=b'{"number": 3}\n', capture_output=True, timeout=60, check=True
    )
    assert [json.loads(line)["number"] for line in done.stdout.splitlines()] == [3]
    assert b"noise from Python" in done.stderr
    assert b"noise from a library" in done.stderr
