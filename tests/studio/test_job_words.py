"""What is said of a job: while it waits, works, pauses and stops, and what went otherwise than meant."""

import json
import time

import msgspec
import pytest
from PySide6.QtWidgets import QLabel

from core import configs
from core.lanes import Lane
from core.line import Place
from core.run_facts import BAD_BATCH, ENVIRONMENT, Attempt, Environment
from core.run_folder import RunFolder
from core.runs import (
    Divided,
    Done,
    ExportBodies,
    ExtractPoses,
    Failed,
    Metric,
    Paused,
    Progress,
    Slept,
    Stopped,
    TrainForecaster,
    WentOn,
)
from studio.job import Job
from studio.job_line import turns_of
from studio.widgets.job_troubles import TroubleCard, trouble_of
from studio.widgets.job_words import progress_words, running_words

THIN = "\u2009"


def a_training(path, *events, device="cpu") -> RunFolder:
    folder = RunFolder(path)
    config = configs.with_overrides(configs.preset("forecaster/smoke"), [f"device={device}"])
    folder.write_spec(
        TrainForecaster(project=str(path.parent), out=str(path), config=config, preset="forecaster/smoke")
    )
    for event in events:
        folder.append(event)
    return folder


def heard(folder: RunFolder) -> Job:
    job = Job(folder)
    while job.read():
        pass
    return job


def stamped(folder: RunFolder, *events: tuple[float, object]) -> Job:
    """A job whose events were said at these moments."""
    for _, event in events:
        folder.append(event)
    lines = [json.loads(line) for line in (folder.path / "events.jsonl").read_text().splitlines()]
    whole = "".join(json.dumps({**line, "at": at}) + "\n" for line, (at, _) in zip(lines, events, strict=True))
    (folder.path / "events.jsonl").write_text(whole)
    return heard(folder)


def test_that_a_running_job_is_said_in_one_sentence(tmp_path):
    job = heard(a_training(tmp_path / "forecaster-08", Progress(25200, 40000)))
    job.state = "running"
    assert running_words(job) == f"forecaster-08, step 25{THIN}200 of 40{THIN}000."


def test_that_a_job_that_waits_says_for_what_and_after_whom(tmp_path):
    mine = tmp_path / "Courtyard pilot" / "runs"
    theirs = tmp_path / "Kitchen" / "runs" / "forecaster-03"
    for path in (mine / "forecaster-07", mine / "forecaster-08", mine / "forecaster-09", theirs):
        a_training(path)
    lane = Lane("training", "card")

    def words(*ahead, of=lane) -> str:
        place = Place(mine / "forecaster-09", of, "waiting", 0, 0.0, len(ahead) + 1, ahead)
        return turns_of([place], mine.resolve())[(mine / "forecaster-09").resolve()].words

    assert words(mine / "forecaster-08") == "waits for the graphics card, after forecaster-08"
    assert words(theirs) == "waits for the graphics card, after forecaster-03 of Kitchen"
    two = words(mine / "forecaster-08", mine / "forecaster-07", of=Lane("training", "processor"))
    assert two == "waits for the processor, after forecaster-08 and 1 more job"
    assert words(theirs, of=Lane("data", "x")) == "waits for its turn, after forecaster-03 of Kitchen"
    assert words() == "begins in a moment"


def test_that_stopping_and_pausing_say_that_the_checkpoint_is_written(tmp_path):
    job = heard(a_training(tmp_path / "forecaster-01", Progress(5, 10)))
    said = {}
    for job.state in ("stopping", "pausing", "paused"):
        said[job.state] = progress_words(job)
    assert said["stopping"] == "Stopping: writing the last checkpoint…"
    assert said["pausing"] == "Pausing: writing the last checkpoint…"
    assert said["paused"] == "paused, step 5 of 10"


def test_that_no_number_names_the_last_good_checkpoint_and_the_batch(tmp_path):
    curve = [Metric(step, "validation/top1", 0.5) for step in (4000, 4500)]
    words = "loss/pose2d is not a number at step 4,812."
    folder = a_training(tmp_path / "forecaster-04", *curve, Failed(words, reason="not-a-number"))
    (folder.path / BAD_BATCH).write_bytes(b"")
    trouble = trouble_of(heard(folder))
    assert trouble.title == "forecaster-04 stopped: loss is not a number"
    kept = f"The last good checkpoint (4{THIN}500) and the batch are kept."
    assert trouble.words == f"At step 4{THIN}812. {kept}"
    assert trouble.deeds == ("smaller-step", "log")


def test_that_no_number_before_the_first_checkpoint_promises_none(tmp_path):
    failed = Failed("a weight is not a number at step 3.", reason="not-a-number")
    trouble = trouble_of(heard(a_training(tmp_path / "forecaster-04", failed)))
    assert trouble.title == "forecaster-04 stopped: a weight is not a number"
    assert trouble.words == "At step 3, before its first checkpoint: a smaller step begins anew."


@pytest.mark.parametrize(
    ("device", "title"), [("auto", "Too big for the graphics card"), ("cpu", "Too big for the memory")]
)
def test_that_a_divided_batch_is_said_while_it_works_and_can_be_undone(tmp_path, device, title):
    job = heard(a_training(tmp_path / "forecaster-05", Divided(512, 2), device=device))
    assert trouble_of(job) is None or job.state != "running"
    job.state = "running"
    trouble = trouble_of(job)
    assert (trouble.title, trouble.deeds) == (title, ("undivide",))
    assert trouble.words == "Going on with batch 512 × 2 steps: the same result, a little slower."


@pytest.mark.parametrize(("found", "title"), [("cpu", "memory"), ("cuda", "graphics card")])
def test_that_a_device_found_by_itself_is_called_what_it_is(tmp_path, found, title):
    folder = a_training(tmp_path / "forecaster-05", Divided(512, 2), device="auto")
    where = Environment(made_by="Posecast", attempts=(Attempt(started=0.0, device=found),))
    (folder.path / ENVIRONMENT).write_bytes(msgspec.json.encode(where))
    job = heard(folder)
    job.state = "running"
    assert trouble_of(job).title == f"Too big for the {title}"


def test_that_a_batch_of_which_not_even_one_row_fits_says_what_to_do(tmp_path):
    failed = Failed("One row needs more memory", hint="Choose a smaller network", reason="out-of-memory")
    trouble = trouble_of(heard(a_training(tmp_path / "forecaster-05", failed, device="cuda")))
    assert trouble.title == "Too big for the graphics card"
    assert trouble.words == "One row needs more memory. Choose a smaller network."
    assert trouble.deeds == ("resume", "log")


def test_that_a_lost_worker_is_told_with_where_the_run_goes_on(tmp_path):
    failed = Failed("A worker no longer answers", reason="worker-lost")
    curve = Metric(4500, "validation/top1", 0.5)
    trouble = trouble_of(heard(a_training(tmp_path / "forecaster-05", curve, Progress(4812, 9000), failed)))
    assert trouble.title == "forecaster-05 stopped: one of its processes ended"
    assert trouble.words == f"A worker no longer answers. It goes on from its last checkpoint, step 4{THIN}500."
    assert trouble.deeds == ("resume", "log")


def test_that_a_night_asleep_is_a_line_of_the_log(tmp_path):
    job = heard(a_training(tmp_path / "forecaster-05", Progress(1, 9), Slept(7.5 * 3600), Progress(2, 9)))
    assert job.log[-1].endswith("the machine was asleep for 7.5 h; that counts for nothing")
    short = heard(a_training(tmp_path / "forecaster-06", Slept(70.0)))
    assert short.log[-1].endswith("the machine was asleep for 70 s; that counts for nothing")


def test_that_a_new_attempt_has_a_whole_batch_until_it_says_otherwise(tmp_path):
    folder = a_training(tmp_path / "forecaster-05", Divided(512, 2), Progress(1, 9), Stopped(), Progress(2, 9))
    assert heard(folder).divided is None


def killed_at(path, **how) -> Job:
    events = (Metric(9000, "validation/top1", 0.5), Progress(9140, 10000))
    folder = a_training(path, *events)
    folder.claim()
    process = json.loads((path / "pid").read_text())
    (path / "pid").write_text(json.dumps({**process, "started": "long ago", "since": 0.0}))
    (path / "stdout.log").write_text("one\ntwo\nthree\nfour\n")
    (path / "killed.json").write_text(json.dumps({"at": time.time(), **how}))
    return heard(folder)


def test_that_a_killed_job_says_why_and_shows_the_last_lines_of_its_log(tmp_path):
    trouble = trouble_of(killed_at(tmp_path / "forecaster-03", memory_was_full=True))
    assert trouble.title == "The system ended forecaster-03"
    assert trouble.words.startswith(f"At step 9{THIN}140, memory was full.")
    assert trouble.words.endswith("Last lines of its log below.")
    assert trouble.lines == "two\nthree\nfour"
    assert trouble.deeds == ("resume", "log")


def test_that_memory_is_not_blamed_where_nobody_knows(tmp_path):
    assert "memory" not in trouble_of(killed_at(tmp_path / "forecaster-03", signal=9)).words


def test_that_a_full_disk_is_named_with_both_sentences_whole(tmp_path):
    failed = Failed("The disk is full: 12 MB are needed, 1 MB is free", hint="Free some space", reason="disk-full")
    trouble = trouble_of(heard(a_training(tmp_path / "forecaster-02", failed)))
    assert trouble.title == "forecaster-02 stopped: the disk is full"
    assert trouble.words == "The disk is full: 12 MB are needed, 1 MB is free. Free some space."


def test_that_an_export_is_not_offered_to_be_resumed(tmp_path):
    folder = RunFolder(tmp_path / "export-01")
    folder.write_spec(ExportBodies(shot="s.npz", file="a.mp4", out=str(folder.path), what="film"))
    folder.append(Failed("No room"))
    assert trouble_of(heard(folder)).deeds == ("log",)


def test_that_a_card_is_gone_with_its_trouble_and_its_buttons_say_what_is_wanted(tmp_path, qtbot):
    card = TroubleCard()
    qtbot.addWidget(card)
    job = heard(a_training(tmp_path / "forecaster-02", Failed("No", reason="disk-full")))
    card.follow(job)
    assert not card.isHidden()
    shown = {each.text() for each in card.findChildren(QLabel)}
    assert "forecaster-02 stopped: the disk is full" in shown
    with qtbot.waitSignal(card.wanted) as told:
        card.button("resume").click()
    assert told.args == ["resume"]
    job.folder.append(Progress(1, 2))
    job.folder.append(Done())
    while job.read():
        pass
    card.follow(job)
    assert card.isHidden()


def test_that_a_training_is_called_by_its_name_and_other_work_by_what_it_does(tmp_path):
    assert heard(a_training(tmp_path / "forecaster-01")).label == "forecaster-01"
    folder = RunFolder(tmp_path / "poses-01")
    folder.write_spec(ExtractPoses(project="p", out="o", clip_ids=("abc",)))
    job = Job(folder)
    job.take_spec({"abc": "clip_13"}.get)
    assert job.label == "Extract 2D poses, clip_13"


def test_that_sleep_pauses_and_stops_count_neither_as_work_nor_against_the_pace(tmp_path):
    steady = [(float(second), Progress(second, 60)) for second in range(11)]
    slept = [(910.0, Slept(900.0)), *((900.0 + second, Progress(second, 60)) for second in range(11, 16))]
    paused = [(915.0, Paused()), (4000.0, WentOn()), *((3985.0 + each, Progress(each, 60)) for each in range(16, 21))]
    stopped = [(4005.0, Stopped()), *((9000.0 + each - 20, Progress(each, 60)) for each in range(21, 26))]
    job = stamped(a_training(tmp_path / "forecaster-01"), *steady, *slept, *paused, *stopped)
    worked = dict(job.worked)
    assert worked[10] == pytest.approx(10)
    assert worked[15] == pytest.approx(15, abs=1.0)
    assert worked[25] == pytest.approx(25, abs=2.5)
    assert job._time_left.seconds() == pytest.approx(35, rel=0.15)
