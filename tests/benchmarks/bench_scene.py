"""How fast bodies are drawn: every frame new vertices, their normals, the picture, its read-back and its copy for Qt.

960 × 720, the built-in body of 6.9 k vertices, each figure from a process of its own. "widget" is the studio's space
view, from the new body to the picture painted, on Qt's off-screen platform. The peer is pyvistaqt's QtInteractor on a
virtual screen with the same mesh updates, as it comes and with its multi-sampling off; it shades with VTK's own shaders
and draws neither floor nor shadows. "busy" is beside a process that trains on all cores, as low in rank as the studio's
jobs. Timings are medians; the machine's load before is given with them.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

WIDTH, HEIGHT = 960, 720
FRAMES, POSES = 60, 24
COLOURS = ("#4fc7cf", "#f2a65a", "#c58af9", "#c9ccd3")
TRAINS = """
import torch
model = torch.nn.Sequential(torch.nn.Linear(256, 1024), torch.nn.ReLU(), torch.nn.Linear(1024, 256))
steps = torch.optim.Adam(model.parameters())
while True:
    steps.zero_grad()
    model(torch.randn(256, 256)).square().mean().backward()
    steps.step()
"""


def run() -> dict[str, float | str]:
    figures: dict[str, float | str] = {"load before": round(os.getloadavg()[0], 1)}
    for name in ("one body", "four bodies", "one body smooth", "one body with ghosts", "four panels", "four windows"):
        figures[f"{name} ms"] = child(name)
    for name in ("widget one body", "widget four bodies"):
        figures[f"{name} ms"] = child(name)
    with training():
        for name in ("one body", "widget one body"):
            figures[f"{name} busy ms"] = child(name)
    firsts = [first_picture() for _ in range(3)]
    figures["first picture s"] = round(min(firsts), 2)
    with virtual_screen() as screen:
        for name in ("peer one body", "peer one body no samples", "peer four bodies no samples"):
            figures[f"{name} ms"] = child(name, DISPLAY=screen, QT_QPA_PLATFORM="xcb") if screen else "no Xvfb here"
    for name in ("one body", "four bodies", "widget one body", "widget four bodies"):
        figures[f"{name} frames a second"] = round(1000 / float(figures[f"{name} ms"]), 1)
    figures["one body busy frames a second"] = round(1000 / float(figures["one body busy ms"]), 1)
    figures["widget one body busy frames a second"] = round(1000 / float(figures["widget one body busy ms"]), 1)
    figures["panels over windows ratio"] = ratio(figures["four panels ms"], figures["four windows ms"])
    figures["widget over peer ratio"] = ratio(figures["widget one body ms"], figures["peer one body ms"])
    figures["widget over peer no samples ratio"] = ratio(
        figures["widget one body ms"], figures["peer one body no samples ms"]
    )
    return figures


def ratio(ours: float | str, theirs: float | str) -> float | str:
    return round(ours / theirs, 3) if isinstance(ours, float) and isinstance(theirs, float) else "not measured"


def child(name: str, **environment: str) -> float:
    """The named figure, milliseconds a frame, from a process of its own."""
    told = {"QT_QPA_PLATFORM": "offscreen"} | environment
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.bench_scene", name],
        env=os.environ | told,
        capture_output=True,
        text=True,
        timeout=300,
    )
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr[-800:]}")
    return round(json.loads(done.stdout.splitlines()[-1]), 2)


def first_picture() -> float:
    """Seconds from a bare interpreter's start to a body's picture in hand."""
    began = time.perf_counter()
    child("first picture")
    return time.perf_counter() - began


@contextmanager
def training() -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-c", TRAINS], preexec_fn=lambda: os.nice(5))
    try:
        time.sleep(6)  # torch is loaded
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def virtual_screen() -> Iterator[str]:
    """An X display of our own, ended afterwards; empty where there is no Xvfb."""
    if shutil.which("Xvfb") is None:
        yield ""
        return
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "display"
        with told.open("w") as file:
            process = subprocess.Popen(
                ["Xvfb", "-displayfd", str(file.fileno()), "-screen", "0", "1280x1024x24", "-nolisten", "tcp"],
                pass_fds=[file.fileno()],
                stderr=subprocess.DEVNULL,
            )
        try:
            until = time.monotonic() + 20
            while not told.read_text().strip() and time.monotonic() < until:
                time.sleep(0.1)
            yield f":{told.read_text().strip()}"
        finally:
            process.terminate()
            process.wait()


# ---- what the processes do -------------------------------------------------------------------------------------------


def bodies(count: int):
    """Frame → scene bodies that move all their joints."""
    import numpy as np
    from scipy.spatial.transform import Rotation

    from core.bodies.skinning import Body
    from core.rendering.contents import SceneBody

    body = Body.load()
    figure = body.shaped()
    vectors = np.random.default_rng(0).normal(0, 0.15, (24, 3))
    posed = []
    for at in range(POSES):
        turns = Rotation.from_rotvec(vectors * np.sin(2 * np.pi * at / POSES)).as_matrix()
        vertices = figure.pose(turns, np.zeros(3))
        posed.append((vertices - [0, vertices[:, 1].min(), 0]).astype(np.float32))
    places = np.float32([[0.9 * (at - (count - 1) / 2), 0, 0] for at in range(count)])

    def at_frame(frame: int) -> tuple[SceneBody, ...]:
        return tuple(
            SceneBody(posed[(frame + 5 * at) % POSES] + place, body.faces, COLOURS[at])
            for at, place in enumerate(places)
        )

    return at_frame


def median_ms(draw: Callable[[int], object]) -> float:
    for frame in range(5):
        draw(frame)
    took = []
    for frame in range(FRAMES):
        began = time.perf_counter()
        draw(frame)
        took.append(time.perf_counter() - began)
    return 1000 * statistics.median(took)


def copied(picture) -> object:
    from PySide6.QtGui import QImage

    height, width = picture.shape[:2]
    return QImage(picture.data, width, height, 4 * width, QImage.Format.Format_RGBX8888).copy()


def core(count: int, *, smooth: bool = False, ghosts: bool = False) -> float:
    from core.rendering.contents import Contents, past
    from core.rendering.scene import Scene

    at_frame = bodies(count)
    with Scene(WIDTH, HEIGHT) as scene:
        scene.set_bodies(at_frame(0))
        scene.frame_all()

        def draw(frame: int) -> None:
            before = past([*at_frame(frame - 4), *at_frame(frame - 8)]) if ghosts else ()
            scene.show(Contents(bodies=(*at_frame(frame), *before)))
            copied(scene.picture(smooth=smooth))

        return median_ms(draw)


def panels(*, one_window: bool) -> float:
    from core.rendering.panels import Panels
    from core.rendering.scene import Scene

    at_frame = bodies(4)
    if one_window:
        with Panels(WIDTH, HEIGHT, count=4, columns=2) as drawn:

            def draw_all(frame: int) -> None:
                for stage, body in zip(drawn.stages, at_frame(frame), strict=True):
                    stage.set_bodies([body])
                copied(drawn.picture(smooth=False))

            return median_ms(draw_all)
    scenes = [Scene(WIDTH // 2, HEIGHT // 2) for _ in range(4)]

    def draw_each(frame: int) -> None:
        for scene, body in zip(scenes, at_frame(frame), strict=True):
            scene.set_bodies([body])
            copied(scene.picture(smooth=False))

    took = median_ms(draw_each)
    for scene in scenes:
        scene.close()
    return took


def widget(count: int) -> float:
    from PySide6.QtWidgets import QApplication

    from studio.widgets.posed import Standing
    from studio.widgets.scene_view import SceneView

    app = QApplication.instance() or QApplication([])

    class Painted(SceneView):
        """Counts the new pictures that were painted."""

        seen: object = None
        pictures = 0

        def paintEvent(self, event) -> None:
            super().paintEvent(event)
            if self._drawn is not None and self._drawn is not self.seen:
                self.seen, self.pictures = self._drawn, self.pictures + 1

    view = Painted()
    view.resize(WIDTH, HEIGHT)
    view.show()
    at_frame = bodies(count)

    def draw(frame: int) -> None:
        before = view.pictures
        view.set_standing(Standing(bodies=tuple(at_frame(frame)), ground_m=0.0))
        until = time.monotonic() + 30
        while view.pictures == before and time.monotonic() < until:
            app.processEvents()
            time.sleep(0.0002)

    took = median_ms(draw)
    view.shut()
    return took


def peer(count: int, *, samples: bool) -> float:
    import numpy as np
    import pyvista
    from PySide6.QtWidgets import QApplication

    from core.bodies.skinning import Normals

    app = QApplication([])
    if not samples:
        pyvista.global_theme.multi_samples = 1
    from pyvistaqt import QtInteractor

    view = QtInteractor(auto_update=False)
    if not samples:
        view.render_window.SetMultiSamples(0)
    view.resize(WIDTH, HEIGHT)
    view.show()
    at_frame = bodies(count)
    meshes = []
    for body in at_frame(0):
        cells = np.c_[np.full(len(body.faces), 3), body.faces]
        mesh = pyvista.PolyData(body.vertices_m.copy(), cells)
        normals = Normals(body.faces, len(body.vertices_m))
        mesh.point_data.active_normals = normals(body.vertices_m)
        view.add_mesh(mesh, color=body.colour).prop.interpolation = "Phong"
        meshes.append((mesh, normals))
    view.view_xy()
    app.processEvents()

    def draw(frame: int) -> None:
        for (mesh, normals), body in zip(meshes, at_frame(frame), strict=True):
            mesh.points[:] = body.vertices_m
            mesh.point_data["Normals"][:] = normals(body.vertices_m)
            mesh.GetPoints().Modified()
            mesh.Modified()
        view.render()
        view.update()
        app.processEvents()

    took = median_ms(draw)
    view.close()
    return took


def first() -> float:
    from core.rendering.scene import Scene

    with Scene(WIDTH, HEIGHT) as scene:
        scene.set_bodies(bodies(1)(0))
        scene.picture()
    return 0.0


CHILDREN: dict[str, Callable[[], float]] = {
    "one body": lambda: core(1),
    "four bodies": lambda: core(4),
    "one body smooth": lambda: core(1, smooth=True),
    "one body with ghosts": lambda: core(1, ghosts=True),
    "four panels": lambda: panels(one_window=True),
    "four windows": lambda: panels(one_window=False),
    "widget one body": lambda: widget(1),
    "widget four bodies": lambda: widget(4),
    "first picture": first,
    "peer one body": lambda: peer(1, samples=True),
    "peer one body no samples": lambda: peer(1, samples=False),
    "peer four bodies no samples": lambda: peer(4, samples=False),
}


if __name__ == "__main__":
    print(json.dumps(CHILDREN[sys.argv[1]]()), flush=True)
    os._exit(0)  # pyvistaqt's window crashes at times when the interpreter ends; its figure is out by then
