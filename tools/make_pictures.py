"""Makes the pictures of the product again: `python tools/make_pictures.py [hero] [pages] [compare] [annotate]`.

`hero` is the picture on the start page: four poses of simulated cooks with where they were just before. `pages` are the
photographs in the README, taken of the demo project with the studio's own camera (posecast-studio … --screenshot);
`compare` and `annotate` are one of them each.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy import ndarray
from PIL import Image

from core.bodies.skinning import Body
from core.datasets.kitchen.clip import KitchenClip, clip
from core.datasets.kitchen.cooks import cook
from core.datasets.kitchen.world import kitchen
from core.demo import open_demo
from core.project import edits
from core.rendering.contents import DARK, LIGHT, SceneBody
from core.rendering.offscreen import rgb
from core.rendering.paper import write_jpeg
from core.rendering.scene import Scene
from core.rendering.views import Orbit

if TYPE_CHECKING:
    from studio.app import Studio

ROOT = Path(__file__).resolve().parents[1]
HEROES = ROOT / "resources" / "pictures"
PAGES = ROOT / "docs" / "pictures"
# Seeds of no demo: kitchen, cook and clip, the actions shown, and the colours of predictions.
CAST = (
    (901, 903, "whisk", "#b49bff"),
    (902, 905, "open", "#4fc7cf"),
    (903, 909, "take", "#e887b6"),
    (904, 912, "pour", "#e3c552"),
)
LOOKS = {
    "dark": replace(DARK, background="#17181c", ground="#1c1e23", line="#2c3037"),
    "light": replace(LIGHT, background="#fafafb", ground="#f4f5f7", line="#dfe1e6"),
}
GHOSTS = ((14, 0.22), (28, 0.12))
APART_M = 0.95
ANNOTATED = "Ada T. makes mash", "cut"
"""The demo's clip and the action in it whose pose is taken away for the picture of Annotate."""
COMPARED = "Dina T. makes omelette", 20.13
"""The demo's clip and the moment in it, seconds, at which the picture of Compare is taken."""


def hero() -> None:
    """Four bodies in a row, on the ground of either theme."""
    bodies: list[SceneBody] = []
    room = kitchen(900)
    for at, (person, seed, verb, colour) in enumerate(CAST):
        taken = clip(seed, 60.0, 30.0, room, cook(person))
        instants = [each.instant_frame for each in taken.segments if each.verb == verb]
        instant = (
            instants[0]
            if instants
            else max(taken.segments, key=lambda each: _reach(taken, each.instant_frame)).instant_frame
        )
        place = np.array([(at - (len(CAST) - 1) / 2) * APART_M, 0.0, 0.0])
        for back, opacity in ((0, 1.0), *GHOSTS):
            frame = max(instant - back, 0)
            bodies.append(_body(taken, frame, instant, place, colour, opacity))
    HEROES.mkdir(parents=True, exist_ok=True)
    for look, colours in LOOKS.items():
        with Scene(1800, 640, colours) as scene:
            scene.set_bodies(bodies)
            scene.view = Orbit(yaw=0.18, pitch=0.12)
            scene.frame_all()
            write_jpeg(
                HEROES / f"hero-{look}.jpg", _fading_in(scene.picture()[..., :3], colours.background), quality=94
            )
        print(HEROES / f"hero-{look}.jpg")


def _fading_in(picture: ndarray, ground: str) -> ndarray:
    """From the panel's colour on the left, where the words stand, so that no edge shows."""
    share = np.clip(np.arange(picture.shape[1]) / 420, 0, 1)[None, :, None] ** 1.5
    return (picture * share + np.array(rgb(ground)) * (1 - share)).round().astype(np.uint8)


def _reach(taken: KitchenClip, frame: int) -> float:
    joints = taken.upper_body_m[frame]
    return float(np.ptp(joints, axis=0).max())


def _body(taken: KitchenClip, frame: int, instant: int, place: ndarray, colour: str, opacity: float) -> SceneBody:
    """The cook at `frame`, standing where `place` says relative to where they stood at the instant."""
    body = Body.load()
    vertices = body.shaped(taken.betas).pose(taken.motion.rotations[frame], taken.motion.translation_m[frame])
    pelvis = taken.joints_m[instant, 0] * [1, 0, 1]
    return SceneBody((vertices - pelvis) @ _facing(taken, instant).T + place, body.faces, colour, opacity)


def _facing(taken: KitchenClip, frame: int) -> ndarray:
    """Turns the cook's hips to the viewer, a little aside."""
    left, right = (taken.joints_m[frame, joint] for joint in (1, 2))
    across = left - right
    turn = np.arctan2(across[2], across[0]) + 0.5
    cos, sin = np.cos(turn), np.sin(turn)
    return np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])


def pages() -> None:
    """Every page of the demo project, as the README shows them."""
    PAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        # Settings of nobody: no picture shows whose machine it was taken on.
        os.environ["POSECAST_SETTINGS"] = str(Path(work) / "settings")
        demo = Path(work) / "Demo kitchen"
        open_demo(demo)
        # Forecast first, while there is only the shipped forecaster to ask; Train with runs to show.
        for page in ("forecast", "projects", "data", "train", "evaluate"):
            if page == "train":
                for seed in (0, 1):
                    run = demo / "runs" / f"forecaster-0{seed + 1}"
                    _run("core", "train", "forecaster/smoke", f"seed={seed}", "--project", demo, "--out", run)
            if page == "evaluate":
                for seed in (0, 1):
                    _run("core", "evaluate", demo / "runs" / f"forecaster-0{seed + 1}", "--project", demo)
            picture, size = PAGES / f"{page}.png", "1600x1000"
            shown = () if page == "projects" else (demo, "--at", 30)  # the start page names the folders it knows
            _run("studio", *shown, "--page", page, "--screenshot", picture, "--size", size, "--theme", "dark")
            print(picture)
        calibration(demo)
        comparison(demo)
        generation(demo)
        annotation(demo)
    for each in PAGES.glob("*.png"):
        as_jpeg(each)


def as_jpeg(path: Path) -> None:
    """A page as the README shows it: a third of the room, and nobody sees it."""
    with Image.open(path) as picture:
        picture.convert("RGB").save(path.with_suffix(".jpg"), quality=74, subsampling=0, optimize=True)
    path.unlink()


@contextmanager
def opened(demo: Path) -> Generator["Studio"]:
    """The studio with a project, as large as the pictures; its settings are nobody's."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from studio import settings as preferences
    from studio.app import Studio

    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    with tempfile.TemporaryDirectory() as kept:
        settings = preferences.load(Path(kept) / "settings.toml")
        settings.look, settings.tour_seen = "dark", True
        studio = Studio(app, settings)
        studio.window.resize(1600, 1000)
        studio.window.show()
        studio.projects.open(demo)
        yield studio
        studio.window.close()


def comparison(demo: Path) -> None:
    """The tab Compare: the shipped forecaster beside what came, the n-gram and the last action again."""
    from studio.pages.forecast import ForecastPage
    from studio.pages.forecast_head import COMPARE
    from studio.photograph import photograph, wait_until_settled

    with opened(demo) as studio:
        document = studio.document
        clip = next(each for each in document.project.clips.values() if each.name == COMPARED[0])
        document.choose_clip(clip.id)
        document.seek(round(COMPARED[1] * clip.video.rate_hz))
        page = studio.window.show_page("forecast")
        assert isinstance(page, ForecastPage)
        asking = page.asking
        shipped = next(each for each in asking.known if each.is_shipped)
        wanted = (shipped, shipped.beside("counting"), shipped.beside("repeating"))
        for each in wanted:
            asking.compare(each, on=True)
        for each in asking.compared:
            if each.key not in {known.key for known in wanted}:
                asking.compare(each, on=False)
        page.head.tabs.setCurrentIndex(COMPARE)
        wait_until_settled(studio.window, studio.jobs, patience_s=300)  # three answers and their bodies
        photograph(studio.window, studio.jobs, PAGES / "compare.png")
        print(PAGES / "compare.png")


def generation(demo: Path) -> None:
    """The Generate page with what the shipped model makes first, at rest in the middle of it."""
    from studio.motion_models import shipped_motion_models
    from studio.pages.generate import GeneratePage
    from studio.photograph import photograph, wait_until_settled

    if not shipped_motion_models():
        print("No motion model ships: no picture of Generate.")
        return
    with opened(demo) as studio:
        page = studio.window.show_page("generate")
        assert isinstance(page, GeneratePage)
        while not page.generating.shown:
            wait_until_settled(studio.window, studio.jobs)
        page.generating.seek(round(0.55 * page.generating.frames))
        photograph(studio.window, studio.jobs, PAGES / "generate.png")
        print(PAGES / "generate.png")


def annotation(demo: Path) -> None:
    """The Annotate page with a segment whose pose is still to be set, and what is suggested for it."""
    from studio.photograph import photograph, wait_until_settled

    with opened(demo) as studio:
        document = studio.document
        clip = next(each for each in document.project.clips.values() if each.name == ANNOTATED[0])
        document.choose_clip(clip.id)
        studio.window.show_page("annotate")
        wait_until_settled(studio.window, studio.jobs)
        word = document.project.label_named(ANNOTATED[1], "action")
        assert word is not None
        segment = next(each for each in clip.segments if each.action == word.id)
        document.edit(edits.remove_pose(document.project, clip.id, segment.id), "Remove pose")
        document.seek(segment.start_frame)
        wait_until_settled(studio.window, studio.jobs)
        studio.window.actions_table.do("next-suggestion")
        wait_until_settled(studio.window, studio.jobs)
        photograph(studio.window, studio.jobs, PAGES / "annotate.png")
        print(PAGES / "annotate.png")


def calibration(demo: Path) -> None:
    """The window in which a camera is found, over the demo's first clip and its camera."""
    from PySide6.QtWidgets import QApplication

    with opened(demo) as studio:
        studio.document.seek(900)
        studio.calibrating.open()
        window = studio.calibrating.calibration
        assert window is not None
        window.resize(1600, 1000)
        while not window.is_settled():
            QApplication.processEvents()
        window.grab().save(str(PAGES / "calibrate.png"))
        print(PAGES / "calibrate.png")


def _run(module: str, *words: object) -> None:
    subprocess.run([sys.executable, "-m", module, *map(str, words)], cwd=ROOT, check=True)


if __name__ == "__main__":
    asked = sys.argv[1:] or ["hero", "pages"]
    if "hero" in asked:
        hero()
    if "pages" in asked:
        pages()
    single = {"compare": comparison, "annotate": annotation}
    for name in [each for each in asked if each in single]:
        with tempfile.TemporaryDirectory() as work:
            PAGES.mkdir(parents=True, exist_ok=True)
            single[name](open_demo(Path(work) / "Demo kitchen"))
        as_jpeg(PAGES / f"{name}.png")
