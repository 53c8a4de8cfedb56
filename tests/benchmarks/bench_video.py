"""How fast frames are reached, beside OpenCV in the same run, on 1080p H.264 with a keyframe every 250 frames.

Wanted of OpenCV's median: random seek ≤ 0.9, a step back ≤ 0.1, five frames on ≤ 0.1.
"""

import random
import tempfile
import time
from pathlib import Path

import av
import numpy as np

from core.opencv import cv2
from core.video import open_video

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


def run(frames: int = 1000) -> dict[str, float | str]:
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
    figures: dict[str, float | str] = {"open ms": round(opened_ms, 1)}
    for name in orders:
        figures[f"{name} ms"] = round(ours[name], 2)
        figures[f"{name} OpenCV ms"] = round(theirs[name], 2)
        figures[f"{name} ratio"] = round(ours[name] / theirs[name], 4)
    return figures
