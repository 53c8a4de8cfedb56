"""The Generate page under its largest answer, and how soon a changed control is answered, off screen.

Milliseconds of the window's own processor time for 8 samples of 10 s (best of several, in the window's thread alone);
and of the clock on the wall, from a change to its answer on the page: with the small preset's sizes and drawn weights,
in the real warm process, whole answers and the first frames of them. The median of several changes.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import msgspec
import numpy as np
from PySide6.QtWidgets import QApplication

from core import configs
from core.bodies.skeletons import SMPL_24
from core.generations import Generated, GenerationAnswer, Part, Recipe, Sample, packed
from core.geometry.rotations import matrices
from core.models import checkpoints
from core.motion import Motion
from core.project.store import ProjectStore
from core.run_folder import RunFolder
from core.runs import TrainPoseGpt
from studio import settings as preferences
from studio import theme
from studio.data_sets import DataSets
from studio.display import Display
from studio.document import Document
from studio.generating import Shown
from studio.jobs import Jobs
from studio.models_client import ModelsClient
from studio.pages.generate import GeneratePage
from tests.core.generation.made_model import made_header, made_whole

SAMPLES, FRAMES = 8, 300
CHANGES = 9
ACTIONS = ("walk", "run", "wave", "bow")


def run() -> dict[str, float]:
    """Name → figure."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.apply(app, theme.DARK)
    with tempfile.TemporaryDirectory() as place:
        page, close = page_on(Path(place))
        try:
            page.generating.set_again(on=True)  # on a busy machine it would wait to be told
            wait(app, lambda: bool(page.generating.shown) and page.generating.is_settled)
            figures = answer_figures(app, page)
            figures |= window_figures(app, page)
        finally:
            close()
    return {name: round(value, 2) for name, value in figures.items()}


def page_on(place: Path) -> tuple[GeneratePage, Callable[[], None]]:
    """The page on a project with one model of the small preset, and what ends it."""
    folder = place / "project"
    ProjectStore.create(folder, "Bench", "bench").close()
    config = configs.PRESETS["posegpt/small"]()
    assert isinstance(config, configs.PoseGpt)
    run_folder = folder / "runs" / "motion-01"
    RunFolder(run_folder).write_spec(TrainPoseGpt(project=str(folder), out=str(run_folder), config=config))
    header = made_header(config, actions=ACTIONS)
    checkpoints.save(run_folder / "best.safetensors", header, made_whole(config, ACTIONS).tensors())
    document, jobs, client = Document("bench"), Jobs(), ModelsClient()
    page = GeneratePage(
        document, jobs, client, Display(preferences.load(place / "settings.toml")), DataSets(document, jobs)
    )
    page.resize(1500, 900)
    document.open(folder)
    jobs.watch(folder / "runs")
    page.show()

    def close() -> None:
        page.close()
        page.close_page()
        jobs.watch(None)
        document.close_project()

    return page, close


def answer_figures(app: QApplication, page: GeneratePage) -> dict[str, float]:
    """From a changed control to what the page shows of it."""
    figures = {}
    for samples in (1, 4):
        page.question.change(samples=samples, story=(Part(actions=("walk",), seconds=4.0),))
        wait(app, lambda: page.generating.is_settled)
        firsts, wholes = [], []
        for at in range(CHANGES):
            page.generating.seek(0)
            began = time.perf_counter()
            page.question.change(temperature=0.8 + 0.01 * at + 0.1 * samples)
            recipe = page.question.recipe
            wait(app, lambda recipe=recipe: any(each.asked == recipe for each in page.generating.shown))
            firsts.append(time.perf_counter() - began)
            wait(app, lambda: page.generating.is_settled)
            wholes.append(time.perf_counter() - began)
        name = f"a change answered, {samples} of 4 s"
        figures[f"{name}, first frames, ms"] = 1e3 * statistics.median(firsts)
        figures[f"{name}, whole, ms"] = 1e3 * statistics.median(wholes)
    return figures


def window_figures(app: QApplication, page: GeneratePage) -> dict[str, float]:
    """What the largest answer and each of its frames take of the window's thread."""
    page.generating.set_again(on=False)
    recipe = Recipe(model=page.models.run, story=(Part(actions=("walk",), seconds=10.0),), samples=SAMPLES)
    line = msgspec.json.encode(Generated(number=1, samples=tuple(map(made, range(SAMPLES))), seconds_taken=0.5))

    def take() -> None:
        said = msgspec.json.decode(line, type=GenerationAnswer)
        assert isinstance(said, Generated)
        page.generating.shown = [Shown(each, recipe, at) for at, each in enumerate(said.samples)]
        page.generating.changed.emit()

    figures = {"8 samples of 10 s taken in, ms": best_ms(take)}
    wait(app, lambda: page.moving.is_settled)
    frames = iter(range(40, 300))
    figures["one frame of 8 samples handed on, ms"] = best_ms(lambda: page.generating.seek(next(frames)), rounds=30)
    return figures


def made(seed: int) -> Sample:
    """Somebody who waves all limbs about."""
    random = np.random.default_rng(seed)
    time_s = np.arange(FRAMES) / 30
    turns = random.normal(size=(24, 3)) * 0.3 * np.sin(time_s[:, None, None] * 2)
    path_m = np.stack([0 * time_s, 0.95 + 0 * time_s, 0.5 * time_s], axis=-1)
    motion = packed(Motion(SMPL_24, 30.0, matrices(turns).astype(np.float32), path_m.astype(np.float32)))
    codes = tuple(tuple(int(code) for code in row) for row in random.integers(0, 256, (FRAMES // 4, 4)))
    return Sample(motion=motion, codes=codes, frames_a_token=4, settled=FRAMES, likely=0.5)


def best_ms(work: Callable[[], object], rounds: int = 7) -> float:
    """The least processor time of this thread."""
    taken = []
    for _ in range(rounds):
        began = time.thread_time()
        work()
        taken.append(time.thread_time() - began)
    return 1e3 * min(taken)


def wait(app: QApplication, until: Callable[[], bool], most_s: float = 90.0) -> None:
    """Let the window work until it is so."""
    began = time.monotonic()
    while not until():
        if time.monotonic() - began > most_s:
            raise TimeoutError("the page did not come to rest")
        app.processEvents()
        time.sleep(0.001)
