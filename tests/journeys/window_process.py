"""The studio in a process of its own, in which somebody does something and then sits there until the process is killed.

    python -m tests.journeys.window_process SCENE PROJECT

It says `ready` on a line of its own when what the scene does is done.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import psutil

from core.run_folder import RunFolder

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120
STEPS = 100  # a validation in the middle, one at the end


@contextmanager
def a_window(scene: str, project: Path):
    """Its process, once it is ready; killed -9 at the end of the block, if it was not before."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "POSECAST_SETTINGS": str(project.parent / "settings")}
    words = [sys.executable, "-m", "tests.journeys.window_process", scene, str(project)]
    with subprocess.Popen(words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def hold(folder: RunFolder) -> None:
    """Its process takes no step until it is let go: what is done meanwhile is done in time on any machine."""
    process = folder.process()
    assert process is not None
    psutil.Process(process.pid).suspend()


def let_go(folder: RunFolder) -> None:
    process = folder.process()
    if process is not None and folder.is_alive():
        psutil.Process(process.pid).resume()


def main(scene: str, project: Path) -> None:
    from PySide6.QtWidgets import QApplication

    from studio import preflights
    from studio import settings as preferences
    from studio.app import Studio

    preflights._ROOM = float("inf")  # nothing is tried beside the runs, as in `tests.conftest`
    app = QApplication([])
    studio = Studio(app, preferences.load())
    studio.window.resize(1600, 1000)
    studio.window.show()

    def wait(until: Callable[[], bool]) -> None:
        patience = time.monotonic() + PATIENCE_S
        while not until():
            assert time.monotonic() < patience
            app.processEvents()
            time.sleep(0.01)

    assert studio.projects.open(project)
    page = studio.window.show_page("train")
    wait(page.is_settled)
    SCENES[scene](studio, page, wait)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    app.exec()


def ask_for_a_run(page, steps: int, wait: Callable[[Callable[[], bool]], None]) -> str:
    """As a person does: the preset smoke, another number of steps, and the button; the name of the run."""
    page.new_run.choose_model("forecaster")
    page.new_run.choose_preset("forecaster/smoke")
    page.new_run.form.fields["steps"].editor.setText(str(steps))
    wait(page.new_run.start.isEnabled)
    page.new_run.start.click()
    return page.table.chosen_id()


def _one(studio, page, wait) -> None:
    """A run is under way, and has reported; it is held, or a slow window would come too late for it."""
    job = studio.jobs.job(ask_for_a_run(page, STEPS, wait))
    wait(lambda: "loss" in job.metrics)
    hold(job.folder)


def _queue(studio, page, wait) -> None:
    """One is at work, held, and three wait; the last is brought forward by one, and what is last then is taken out."""
    first, *waiting = [ask_for_a_run(page, steps, wait) for steps in (20, 20, 20, 20)]

    def order() -> list[str]:
        return [name for name, *_ in page.next_in_line._shown]

    job = studio.jobs.job(first)
    wait(lambda: job.state == "running")
    hold(job.folder)
    wait(lambda: order() == waiting)
    _, second, third = waiting
    press(page.next_in_line, f"Earlier: {third}", wait)
    wait(lambda: order() == [waiting[0], third, second])
    press(page.next_in_line, f"Take out {second}", wait)
    wait(lambda: order() == [waiting[0], third] and studio.jobs.job(second).state == "stopped")
    assert job.state == "running"


def press(panel, name: str, wait) -> None:
    """The button with this name, once it is there."""
    from PySide6.QtWidgets import QAbstractButton

    def buttons() -> list[QAbstractButton]:
        shown = [each for each in panel.findChildren(QAbstractButton) if each.isVisible()]
        return [each for each in shown if each.accessibleName() == name]

    wait(lambda: len(buttons()) == 1)
    buttons()[0].click()


SCENES = {"one": _one, "queue": _queue}

if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
