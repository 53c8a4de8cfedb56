"""How many frames a second become 2D poses at 1080p, with one person and with three; beside it the bare networks.

Wanted on two cores with nothing else running: ≥ 40 with one person, ≥ 20 with three. Processor time a frame is given
too: it says how fast the same work would be on an idle machine. Needs the folder of real videos beside the checkout.
"""

import os
import statistics
import tempfile
import time
from pathlib import Path

from core.detection.blazepose import BlazePose, Picture
from core.detection.tracking import extract, read_extraction
from core.video import open_video, write_video

VIDEOS = Path(__file__).resolve().parents[3] / "shared" / "data" / "videos"
ONE = "ntu_S001C001P001R001A001_rgb.avi"
TWO = "demo_skeleton.mp4"


def make_three(path: Path) -> None:
    """The two of one video and the one of another, who was filmed in the same room."""
    with (
        open_video(VIDEOS / ONE) as one,
        open_video(VIDEOS / TWO) as two,
        write_video(path, 30, 1920, 1080, crf=20) as out,
    ):
        for number in range(len(two)):
            picture = two.frame(number).copy()
            picture[:, 1300:1750] = one.frame(number)[:, 820:1270]
            out.add(picture)


def frames_a_second(path: Path, people: int) -> tuple[float, float]:
    """(frames a second, processor milliseconds a frame), start-up not counted."""
    with open_video(path) as video, tempfile.TemporaryDirectory() as folder:
        events = extract(video, Path(folder))
        next(events)
        next(events)  # the networks are loaded, the first ten frames are done
        began, worked, done = time.perf_counter(), time.process_time(), 10
        for _ in events:
            pass
        frames = len(video) - done
        took, worked = time.perf_counter() - began, time.process_time() - worked
        found = read_extraction(Path(folder)).people
    if found != people:
        raise AssertionError(f"{found} people instead of {people}")
    return frames / took, 1000 * worked / frames


def run() -> dict[str, float | str]:
    if not VIDEOS.is_dir():
        return {"left out": "the folder of real videos is not beside this checkout"}
    figures: dict[str, float | str] = {"load before": round(os.getloadavg()[0], 1)}
    with tempfile.TemporaryDirectory() as folder:
        three = Path(folder) / "three.mp4"
        make_three(three)
        for name, path, people in (("one person", VIDEOS / ONE, 1), ("three people", three, 3)):
            rate, worked = frames_a_second(path, people)
            figures[f"{name}, frames a second"] = round(rate, 1)
            figures[f"{name}, processor ms a frame"] = round(worked, 1)
    networks = BlazePose(threads=2)
    with open_video(VIDEOS / ONE) as video:
        picture = Picture(video.frame(20))
    region = networks.find(picture)[0].region
    for name, work in (
        ("landmarks ms", lambda: networks.landmarks(picture, region)),
        ("look at the whole picture ms", lambda: networks.find(picture)),
    ):
        took = []
        for _ in range(20):
            began = time.perf_counter()
            work()
            took.append(1000 * (time.perf_counter() - began))
        figures[name] = round(statistics.median(took), 2)
    return figures
