"""How fast frames are reached, beside OpenCV in the same run, on 1080p H.264 with a keyframe every 250 frames.

Wanted of OpenCV's median: random seek ≤ 0.9, a step back ≤ 0.1, five frames on ≤ 0.1. Of the original's own median: a
random seek in the light copy ≤ 0.1.

Played: pictures a second that reach the window, and how far the newest of them was behind the playhead (seconds of the
clock, median and worst), beside the pictures a second the decoder gives in order, its own limit.
"""

import os
import random
import tempfile
import time
from pathlib import Path

import av
import numpy as np

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication

from core.opencv import cv2
from core.video import open_video
from core.video.proxy import kept, make_proxy, proxy_of, seek_cost
from studio.widgets.frame_source import Frame, FrameSource
from studio.widgets.player import Player

GOP = 250


def make_file(path: Path, frames: int) -> None:
    """A textured wall panned with a hand's tremor, and people-sized patches moving over it."""
    rng = np.random.default_rng(1)
    wall = cv2.GaussianBlur(rng.integers(0, 256, (1400, 2600, 3), np.uint8), (0, 0), 2.5)
    wall = cv2.normalize(wall, None, 0, 255, cv2.NORM_MINMAX)
    patch = cv2.GaussianBlur(rng.integers(0, 256, (500, 220, 3), np.uint8), (0, 0), 4)
    container = av.open(str(path), "w")
    stream = container.add_stream("libx264", rate=30)
    stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
    stream.options = {
        "preset": "veryfast",
        "crf": "23",
        "g": str(GOP),
        "keyint_min": str(GOP),
        "bf": "3",
        "sc_threshold": "0",
    }
    for number in range(frames):
        x = int(300 + 250 * np.sin(number / 60) + rng.integers(0, 2))
        y = int(150 + 40 * np.sin(number / 23))
        picture = wall[y : y + 1080, x : x + 1920].copy()
        for person in range(3):
            left = int(850 + 800 * np.sin(number / (50 + 17 * person) + person))
            picture[400:900, left : left + 220] = patch
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
    container.mux(stream.encode(None))
    container.close()


def wishes(frames: int) -> dict[str, list[int]]:
    jumps = random.Random(7).choices(range(frames), k=30)
    back = [number for start in (frames // 2 + 100, frames - 40) for number in range(start, start - 20, -1)]
    on = list(range(frames // 3, frames // 3 + 150, 5))
    return {"random": jumps, "step back": back, "five on": on, "in order": list(range(200, 300))}


def measure(read, orders: dict[str, list[int]]) -> dict[str, float]:
    """Median milliseconds to have the RGB picture in hand; the jump to where an order begins is not counted."""
    medians = {}
    for name, order in orders.items():
        read(order[0])
        took = []
        for number in order[1:]:
            began = time.perf_counter()
            read(number)
            took.append(time.perf_counter() - began)
        medians[name] = 1000 * float(np.median(took))
    return medians


def played(path: Path, speed: float, seconds: float, *, with_copy: bool) -> tuple[float, float, float]:
    """Pictures a second, and the median and the worst lag behind the playhead in seconds."""
    QApplication.instance() or QApplication([])
    source, player = FrameSource(), Player()
    came: list[float] = []
    due: dict[int, float] = {}
    lags: list[float] = []
    times: list[object] = []

    def arrived(frame: Frame) -> None:
        now = time.perf_counter()
        came.append(now)
        if frame.number in due:
            lags.append(now - due[frame.number])

    def is_due(number: int) -> None:
        due[number] = time.perf_counter()
        source.want(number, 960)

    source.use_light_copy(on=with_copy)
    source.opened.connect(times.append)
    source.arrived.connect(arrived)
    source.open(path)
    pump = QEventLoop()
    while not times:
        pump.processEvents()
    player.show_time(times[0])  # pyright: ignore[reportArgumentType]
    begin = 0 if speed > 0 else times[0].frame_count - 1  # pyright: ignore[reportAttributeAccessIssue]
    player.show_frame(begin)
    source.want(begin, 960)
    while not source.is_settled():
        pump.processEvents()
    came.clear()
    player.frame_due.connect(is_due)
    player.play(speed)
    began = time.perf_counter()
    while time.perf_counter() - began < seconds and player.is_playing:
        pump.processEvents()
        time.sleep(0.001)
    took = time.perf_counter() - began
    player.stop()
    source.close(wait=True)
    return len(came) / took, float(np.median(lags)), max(lags)


def measure_copy(path: Path, folder: Path, orders: dict[str, list[int]]) -> dict[str, float]:
    """The light copy of a file, beside the file itself."""
    os.environ["POSECAST_LIGHT_COPIES"] = str(folder)
    figures = {"worst seek ms": round(seek_cost(path).worst_ms, 1)}
    plays = {"1×": (1.0, 4.0), "16×": (16.0, 1.8), "1× back": (-1.0, 4.0), "16× back": (-16.0, 1.8)}
    for name, (speed, seconds) in plays.items():
        figures |= _said(name, played(path, speed, seconds, with_copy=False))
    began = time.perf_counter()
    for _ in make_proxy(path, folder):
        pass
    made_s = time.perf_counter() - began
    with open_video(path) as video, proxy_of(video, folder) or video as copy:
        ours = measure(lambda number: copy.scaled(number, 960), orders)
        original = measure(lambda number: video.scaled(number, 960), {"random": orders["random"]})
        figures["copy made, frames a second"] = round(len(video) / made_s, 1)
        figures["copy kB a frame"] = round(kept(folder).size_bytes / len(video) / 1000, 1)
    figures["copy random ms"] = round(ours["random"], 2)
    figures["copy random of the original's"] = round(ours["random"] / original["random"], 4)
    for name, (speed, seconds) in plays.items():
        figures |= _said(f"{name}, copy", played(path, speed, seconds, with_copy=True))
    return figures


def _said(name: str, seen: tuple[float, float, float]) -> dict[str, float]:
    a_second, lag_s, worst_s = seen
    return {
        f"played {name}: pictures a second": round(a_second, 1),
        f"played {name}: lag ms": round(1000 * lag_s, 1),
        f"played {name}: worst lag ms": round(1000 * worst_s, 1),
    }


def run(frames: int = 750) -> dict[str, float | str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.mp4"
        make_file(path, frames)
        orders = wishes(frames)
        capture = cv2.VideoCapture(str(path))

        def read_cv2(number: int) -> None:
            if number != int(capture.get(cv2.CAP_PROP_POS_FRAMES)):
                capture.set(cv2.CAP_PROP_POS_FRAMES, number)
            _, picture = capture.read()
            cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)

        theirs = measure(read_cv2, orders)
        capture.release()
        began = time.perf_counter()
        with open_video(path) as video:
            opened_ms = 1000 * (time.perf_counter() - began)
            ours = measure(video.frame, orders)
        scrubbing = measure_copy(path, Path(folder) / "copies", orders)
    figures: dict[str, float | str] = {"open ms": round(opened_ms, 1)}
    for name in orders:
        figures[f"{name} ms"] = round(ours[name], 2)
        figures[f"{name} OpenCV ms"] = round(theirs[name], 2)
        figures[f"{name} ratio"] = round(ours[name] / theirs[name], 4)
    figures["decoder's own limit, pictures a second"] = round(1000 / ours["in order"], 1)
    return figures | scrubbing
