"""The window stays a window while everything works: a heartbeat in its thread, real jobs beside it, 500 older runs.

What is held is the processor time of the window's own thread between two beats: what the window itself did in one go.
By the clock a gap also has the wait for a core that others hold, which says how busy the machine is that tests run on,
so those figures are printed (pytest -rP) and not asserted; tests/benchmarks/bench_heartbeat.py
measures them.
"""

import os
import sys
from pathlib import Path

import msgspec
import pytest

from core import configs, processes, run_samples
from core.rendering.moving import save_shot
from core.run_folder import RunFolder, Stamped
from core.runs import Done, ExportBodies, ExtractPoses, Metric, Progress, TrainForecaster
from studio.memory import settle
from tests.core.exporting.test_bodies import a_shot
from tests.core.project_on_disk import project_on_disk
from tests.core.test_run_samples import forecasts
from tests.heartbeat import Heartbeat
from tests.journeys.window import launch, leave

pytestmark = [pytest.mark.gui, pytest.mark.slow]

MOST_MS = 100.0
WAIT_MS = 240_000
OLD_RUNS, EVENTS, BURSTS = 500, 100_000, 40
PAGES = ("data", "annotate", "evaluate", "forecast", "generate", "train")


def training(project: Path, name: str, steps: int) -> RunFolder:
    folder = RunFolder(project / "runs" / name)
    config = configs.with_overrides(configs.smoke(), [f"steps={steps}"])
    spec = TrainForecaster(project=str(project), out=str(folder.path), config=config, preset="forecaster/smoke")
    folder.write_spec(spec)
    return folder


def said(steps: range, total: int, at: float) -> bytes:
    """What a training says of these steps: four lines each."""
    lines = []
    for step in steps:
        at += 0.01
        figures = (("loss", 9 / (step + 9)), ("critic", 0.1), ("validation/top1", 0.5))
        events = (Progress(step, total), *(Metric(step, name, value) for name, value in figures))
        lines += [msgspec.json.encode(Stamped(at, event)) + b"\n" for event in events]
    return b"".join(lines)


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "Courtyard pilot"
    project_on_disk(folder, clips=3, film=True)
    return folder


@pytest.fixture
def older_runs(project):
    """Half a thousand that ended."""
    began = 1_750_000_000.0
    for number in range(OLD_RUNS):
        run, at = training(project, f"forecaster-{number:03d}", 20), began + 60 * number
        end = msgspec.json.encode(Stamped(at + 1, Done("Trained."))) + b"\n"
        (run.path / "events.jsonl").write_bytes(said(range(1, 21), 20, at) + end)


@pytest.fixture
def studio(qtbot, qapp, project, tmp_path):
    studio = launch(qtbot, qapp, tmp_path / "settings")
    assert studio.projects.open(project)
    yield studio
    for job in studio.jobs.live():
        job.stop()
    qtbot.waitUntil(lambda: not studio.jobs.live(), timeout=WAIT_MS)
    leave(studio)


@pytest.fixture
def as_people_have_it(monkeypatch):
    """Nobody has said how many threads to use, or how nice to be."""
    for name in (*processes._THREADS, "POSECAST_NICE"):
        monkeypatch.delenv(name, raising=False)


def tell(beat: Heartbeat) -> None:
    """The clock's figures are no fault of what is tested where other work is on the machine: they are only said."""
    sys.stdout.write("".join(f"{name}: {value}\n" for name, value in beat.figures().items()))


def test_that_the_window_does_nothing_for_long_while_half_a_thousand_runs_and_a_flood_of_events_come_in(
    older_runs, studio, project, qtbot
):
    for name in PAGES:  # each is built when it is seen first
        studio.window.show_page(name)
        qtbot.wait(1)
    page = studio.window.page("train")
    qtbot.waitUntil(lambda: studio.jobs.is_settled() and page.is_settled(), timeout=WAIT_MS)
    settle()
    run, steps = training(project, "forecaster-900", EVENTS), EVENTS // 4
    burst = steps // BURSTS
    bursts = [said(range(at, at + burst), steps, 1_760_000_000.0 + at) for at in range(1, steps, burst)]
    beat = Heartbeat(looks=False)
    beat.doing = "a run that begins"
    beat.start()
    run.claim()  # this process is the one that trains
    studio.jobs.look_for_runs()
    qtbot.waitUntil(lambda: studio.jobs.job("forecaster-900") is not None, timeout=WAIT_MS)
    page.show_run("forecaster-900")
    deeds = (
        ("the drawer of jobs", studio.window.toggle_jobs),
        *((f"the page {name}", lambda name=name: studio.window.show_page(name)) for name in PAGES),
        ("another run", lambda: page.show_run("forecaster-100")),
        ("the run again", lambda: page.show_run("forecaster-900")),
        ("over the time at work", lambda: page.curves.show_across("time")),
        ("logarithmic", page.curves.toggle_log),
        ("smoothed", lambda: page.curves._smooth.setValue(90)),
        ("sorted", lambda: page.table.sort_by("right")),
        ("the filter", page.runs.find_runs),
        ("filtered", lambda: page.runs.words.setText("forecaster-9")),
        ("all of them", page.back_out),
    )
    with (run.path / "events.jsonl").open("ab") as file:
        for at, lines in enumerate(bursts):
            beat.doing, do = deeds[at % len(deeds)] if at % 2 else ("following", lambda: None)
            do()
            file.write(lines)
            file.flush()
            if at % 8 == 0:
                run_samples.write(run.path, forecasts(step=at * burst + 1))
            qtbot.wait(30)
    job = studio.jobs.job("forecaster-900")
    beat.doing = "catching up"
    studio.window.show_page("train")
    qtbot.waitUntil(lambda: job.progress is not None and job.progress.done == burst * BURSTS, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: studio.jobs.is_settled() and page.is_settled(), timeout=WAIT_MS)
    beat.stop()
    run.append(Done("Trained."))
    run.release()
    qtbot.waitUntil(lambda: job.state == "done", timeout=WAIT_MS)

    tell(beat)
    assert len(job.metrics["loss"]) == burst * BURSTS
    assert page.table.counts() == (OLD_RUNS + 1, OLD_RUNS + 1)
    longest = beat.longest()
    assert longest.worked < MOST_MS, f"{longest.worked:.0f} ms of the window's thread in one go: {longest.doing}"


@pytest.mark.skipif(sys.platform != "linux", reason="how nice a process is, and its environment, as Linux tells it")
def test_that_training_extracting_and_rendering_at_once_stand_back_behind_the_window(
    studio, project, qtbot, as_people_have_it
):
    page = studio.window.show_page("train")
    qtbot.waitUntil(lambda: studio.jobs.is_settled() and page.is_settled(), timeout=WAIT_MS)
    film = project.parent / "turn.mp4"
    shot = project.parent / "shot.npz"
    save_shot(a_shot(), shot)
    config = configs.with_overrides(configs.smoke(), ["steps=100000"])
    (clip, *_) = studio.document.project.clips
    beat = Heartbeat(looks=False)
    beat.start()
    jobs = (
        studio.jobs.start(TrainForecaster(project=str(project), out="", config=config, preset="forecaster/smoke"), "t"),
        studio.jobs.start(ExtractPoses(project=str(project), out="", clip_ids=(clip,)), "e"),
        studio.jobs.start(ExportBodies(shot=str(shot), file=str(film), out="", what="turntable", seconds=60.0), "r"),
    )
    pages = iter(PAGES * 1000)
    nice, threads = {}, {}

    def has_looked() -> bool:
        for job in jobs:
            process = job.folder.process()
            if job.name not in nice and job.state == "running" and process is not None and job.last_at is not None:
                nice[job.name] = os.getpriority(os.PRIO_PROCESS, process.pid)
                words = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
                threads[job.name] = {each for each in words if b"NUM_THREADS=" in each}
        studio.window.show_page(next(pages))
        return len(nice) == 3 or any(job.state in ("failed", "killed") for job in jobs)

    qtbot.waitUntil(has_looked, timeout=WAIT_MS)
    beat.stop()
    tell(beat)
    assert set(nice) == {"t", "e", "r"}, [(job.name, job.state, job.folder.log_tail()) for job in jobs]
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert {name: each - own for name, each in nice.items()} == dict.fromkeys(nice, processes.NICE), own
    cores = len(os.sched_getaffinity(0))
    for words in threads.values():
        assert b"OMP_NUM_THREADS=" + str(max(1, cores - 1)).encode() in words
