"""A run is something one starts, closes the lid on, and finds again: windows are killed, no step is lost or doubled.

The windows that are killed are processes of their own; the jobs are real ones, through the machine's line.
"""

import csv
import itertools

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.run_folder import RunFolder
from tests.core.project_on_disk import project_on_disk
from tests.journeys.window import launch, leave
from tests.journeys.window_process import STEPS, a_window, ask_for_a_run, hold, let_go

pytestmark = [pytest.mark.gui, pytest.mark.slow]

JOB_MS = 240_000


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "Courtyard pilot"
    project_on_disk(folder, clips=4)
    yield folder
    for run in (folder / "runs").iterdir():  # where a test failed
        let_go(RunFolder(run))


@pytest.fixture
def reopened(qtbot, qapp, project, tmp_path):
    """Opens the window again, on the Train page."""
    windows = []

    def reopen():
        studio = launch(qtbot, qapp, tmp_path / "settings")
        windows.append(studio)
        assert studio.projects.open(project)
        page = studio.window.show_page("train")
        qtbot.waitUntil(lambda: studio.jobs.is_settled() and page.is_settled(), timeout=JOB_MS)
        return studio, page

    yield reopen
    for studio in windows:
        for job in studio.jobs.live():
            job.stop()
            let_go(job.folder)
        qtbot.waitUntil(lambda studio=studio: not studio.jobs.live(), timeout=JOB_MS)
        leave(studio)


def curve(folder: RunFolder) -> dict[str, list[tuple[int, float]]]:
    """The run's own table of what it measured, in the order it was written."""
    points: dict[str, list[tuple[int, float]]] = {}
    with (folder.path / "metrics.csv").open() as file:
        for row in csv.DictReader(file):
            points.setdefault(row["name"], []).append((int(row["step"]), float(row["value"])))
    return points


def steps(folder: RunFolder) -> list[int]:
    return [step for step, _ in curve(folder)["loss"]]


def test_that_a_run_outlives_its_killed_window_stops_resumes_and_ends_as_if_never_stopped(project, reopened, qtbot):
    with a_window("one", project) as window:
        window.kill()
    studio, page = reopened()
    (job,) = studio.jobs.jobs()
    assert job.state == "running", job.folder.log_tail()
    # The whole curve is there, from the first point on, in the window as in the run's own table.
    shown = [step for step, _ in job.metrics["loss"]]
    assert shown == list(range(10, shown[-1] + 1, 10))
    assert page.curves.charts["loss"].series()

    page.show_run(job.name)
    page.setFocus()
    QTest.keyClick(studio.window, Qt.Key.Key_X, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    let_go(job.folder)
    qtbot.waitUntil(lambda: job.state == "stopped", timeout=JOB_MS)
    stopped_at = steps(job.folder)[-1]
    assert shown[-1] <= stopped_at < STEPS, "it was done before it could be stopped"

    # The one that is never stopped goes first; the resumed one waits for it.
    never_stopped = ask_for_a_run(page, STEPS, lambda until: qtbot.waitUntil(until, timeout=JOB_MS))
    other = studio.jobs.job(never_stopped)
    qtbot.waitUntil(lambda: other.state == "running", timeout=JOB_MS)
    hold(other.folder)
    page.show_run(job.name)
    page.chosen_run.resume.click()
    qtbot.waitUntil(lambda: job.state == "waiting", timeout=JOB_MS)
    qtbot.waitUntil(lambda: "after forecaster-02" in page.chosen_run._progress.text(), timeout=JOB_MS)
    assert other.state == "running"
    let_go(other.folder)
    qtbot.waitUntil(lambda: not studio.jobs.live() and studio.jobs.is_settled(), timeout=JOB_MS)
    assert (job.state, other.state) == ("done", "done"), job.folder.log_tail()
    assert steps(job.folder) == list(range(10, STEPS + 1, 10))
    assert curve(job.folder) == curve(other.folder)
    assert job.metrics == other.metrics
    assert (job.folder.path / "best.safetensors").is_file()


def test_that_a_queue_keeps_the_order_a_person_gave_it_after_its_window_is_killed(project, reopened, qtbot):
    with a_window("queue", project) as window:
        window.kill()
    let_go(RunFolder(project / "runs" / "forecaster-01"))
    runs = {name: RunFolder(project / "runs" / f"forecaster-{name}") for name in ("01", "02", "03", "04")}
    assert runs["03"].state() == "stopped"  # taken out
    qtbot.waitUntil(lambda: all(each.state() in ("done", "stopped") for each in runs.values()), timeout=JOB_MS)
    assert [runs[name].state() for name in runs] == ["done", "done", "stopped", "done"]
    began, ended = {}, {}
    for name in ("01", "02", "04"):
        stamped, _ = runs[name].events()
        began[name], ended[name] = stamped[0].at, stamped[-1].at
    assert sorted(began, key=began.__getitem__) == ["01", "02", "04"]
    for before, after in itertools.pairwise(("01", "02", "04")):
        assert ended[before] <= began[after], "two trainings worked on the processor at once"

    # Whoever opens the project is told, once, what ended meanwhile.
    studio, _ = reopened()
    qtbot.waitUntil(lambda: studio.window.notices.shown is not None, timeout=JOB_MS)
    assert studio.window.notices.shown.accessibleName() == "3 jobs ended while this project was closed"
