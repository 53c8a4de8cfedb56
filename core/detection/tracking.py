"""2D poses of everybody in a video, as a run that reports, stops in good order and goes on where it was.

`extract` works in a folder of its own: every few seconds, and when it is stopped, it puts down what it has seen so far
and what the next frame needs (`parts/`); started again on the same video it goes on from there, to the same result.
When all is seen, the poses are put in order (`core.people`) and written as `tracks.npz`. Decoding runs ahead in a
thread.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Event as Flag
from threading import Thread
from typing import Protocol
from zipfile import BadZipFile

import msgspec
import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from core.bodies.skeletons import BLAZEPOSE_33, SKELETONS
from core.detection.blazepose import BlazePose, Picture
from core.detection.following import COLOURS, Following, Seen, State
from core.errors import FormatError
from core.motion import Poses2d
from core.people import Sightings, calmed, people_of
from core.runs import Events, Made, Progress

_VERSION = 2
_LONGEST_SIDE = 1920  # larger pictures are halved first: a person in them is larger than the network can use
_KEEP_EVERY_S = 5.0
_REPORT_EVERY = 10  # frames; a stop is heard as often
_AHEAD = 4  # pictures decoded before they are asked for
_GHOST_S = 0.4  # who is seen for less is none
_UNREADABLE = (OSError, ValueError, KeyError, EOFError, BadZipFile)


class Frames(Protocol):
    """What is needed of a video: core.video.Video is one."""

    width: int
    height: int
    rate_hz: float

    def __len__(self) -> int: ...
    def scaled(self, number: int, longest: int) -> UInt8[ndarray, "height width 3"]: ...
    @property
    def fingerprint(self) -> str: ...


class _Job(msgspec.Struct, frozen=True):
    """What the parts in a folder belong to; others are thrown away."""

    version: int
    fingerprint: str
    frames: int
    most_people: int


def extract(video: Frames, folder: Path, *, most_people: int = 4) -> Events:
    """See everybody in `video`; progress counts frames. Closing the generator keeps what was seen so far."""
    job = _Job(_VERSION, video.fingerprint, len(video), most_people)
    tracks = folder / "tracks.npz"
    total = len(video)
    if _job_of(folder) == job and tracks.exists():
        yield Progress(total, total, "2D poses")
        return
    if _job_of(folder) != job:
        shutil.rmtree(folder / "parts", ignore_errors=True)
        tracks.unlink(missing_ok=True)
    (folder / "parts").mkdir(parents=True, exist_ok=True)
    _replace(folder / "extraction.json", msgspec.json.encode(job))

    state, done = _resume(folder)
    yield Progress(done, total, "2D poses")
    following = Following(BlazePose(threads=min(2, os.cpu_count() or 1)), state, video.rate_hz, most_people)
    scale = max(1.0, max(video.width, video.height) / _LONGEST_SIDE)
    seen: list[tuple[int, Seen]] = []
    first, kept_at = done, time.monotonic()
    try:
        with _decoded_ahead(video, range(done, total)) as pictures:
            for number, rgb in pictures:
                if rgb is not None:
                    seen.extend((number, each) for each in following.step(Picture(rgb)))
                done = number + 1
                if time.monotonic() - kept_at > _KEEP_EVERY_S:
                    _keep(folder, first, done, seen, following.state)
                    seen, first, kept_at = [], done, time.monotonic()
                if done % _REPORT_EVERY == 0 or done == total:
                    yield Progress(done, total, "2D poses")
    finally:
        if done > first:
            _keep(folder, first, done, seen, following.state)
    poses = people_of(_sightings(folder, scale), total, video.rate_hz, most=most_people, least_s=_least_s(video))
    _write(tracks, calmed(poses, video.rate_hz))
    shutil.rmtree(folder / "parts")
    yield Made("2D poses", str(tracks))


def read_extraction(folder: Path) -> Poses2d:
    """What a finished extraction found, one track a person in BLAZEPOSE_33, who is seen longest and largest first."""
    path = folder / "tracks.npz"
    try:
        arrays = _load(path)
        return Poses2d(SKELETONS[str(arrays["skeleton"])], arrays["joints_px"], arrays["confidence"])
    except FileNotFoundError:
        raise FormatError(path, "the 2D poses are not there yet", hint="Let their extraction run to its end.") from None
    except _UNREADABLE as error:
        raise FormatError(path, f"the 2D poses cannot be read ({error})", hint="Extract them again.") from None


def _least_s(video: Frames) -> float:
    """How long somebody is seen at least; in a very short video, a third of it."""
    return min(_GHOST_S, len(video) / video.rate_hz / 3)


@contextmanager
def _decoded_ahead(
    video: Frames, numbers: range
) -> Iterator[Iterator[tuple[int, UInt8[ndarray, "height width 3"] | None]]]:
    """The pictures with their numbers, decoded in a thread that runs a few ahead; None for one that is damaged."""
    ready: Queue[tuple[int, UInt8[ndarray, "height width 3"] | None] | BaseException] = Queue(_AHEAD)
    stopped = Flag()

    def put(item: tuple[int, UInt8[ndarray, "height width 3"] | None] | BaseException) -> None:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=0.1)
            except Full:
                continue
            return

    def decode() -> None:
        try:
            for number in numbers:
                if stopped.is_set():
                    return
                try:
                    put((number, video.scaled(number, _LONGEST_SIDE)))
                except FormatError:
                    put((number, None))
        except BaseException as error:  # noqa: BLE001 (it belongs to whoever waits for the pictures)
            put(error)

    def pictures() -> Iterator[tuple[int, UInt8[ndarray, "height width 3"] | None]]:
        for _ in numbers:
            item = ready.get()
            if isinstance(item, BaseException):
                raise item
            yield item

    thread = Thread(target=decode, name="decoding", daemon=True)
    thread.start()
    try:
        yield pictures()
    finally:
        stopped.set()
        while thread.is_alive():
            try:
                ready.get_nowait()
            except Empty:
                thread.join(0.05)


# ---- the folder -----------------------------------------------------------------------------------------------------


def _job_of(folder: Path) -> _Job | None:
    try:
        return msgspec.json.decode((folder / "extraction.json").read_bytes(), type=_Job)
    except (FileNotFoundError, msgspec.DecodeError, msgspec.ValidationError):
        return None


def _parts(folder: Path) -> list[Path]:
    return sorted((folder / "parts").glob("*.npz"))


def _keep(folder: Path, first: int, done: int, seen: list[tuple[int, Seen]], state: State) -> None:
    """Put down what was seen in frames `first` … `done` - 1, and the state after them."""
    joints = len(BLAZEPOSE_33)
    arrays = {
        "span": np.array([first, done]),
        "state": state.as_array(),
        "frames": np.array([number for number, _ in seen], np.int64),
        "tracklets": np.array([each.tracklet for _, each in seen], np.int64),
        "joints_px": np.array([each.landmarks.joints_px for _, each in seen], np.float32).reshape(-1, joints, 2),
        "confidence": np.array([each.landmarks.confidence for _, each in seen], np.float32).reshape(-1, joints),
        "colours": np.array([each.colours for _, each in seen], np.float64).reshape(-1, COLOURS),
    }
    _save(folder / "parts" / f"{first:08d}.npz", **arrays)


def _resume(folder: Path) -> tuple[State, int]:
    """The state after the whole parts that follow each other from the first frame on, and the next frame."""
    state, done = State(), 0
    for path in _parts(folder):
        try:
            arrays = _load(path)
            first, end = (int(each) for each in arrays["span"])
            if first != done:
                raise ValueError
            state, done = State.from_array(arrays["state"]), end
        except _UNREADABLE:
            path.unlink()  # torn, or left from beyond a torn one
    return state, done


def _sightings(folder: Path, scale: float) -> Sightings:
    columns: dict[str, list[ndarray]] = {}
    for path in _parts(folder):
        arrays = _load(path)
        for name in ("frames", "joints_px", "confidence", "tracklets", "colours"):
            columns.setdefault(name, []).append(arrays[name])
    whole = {name: np.concatenate(parts) for name, parts in columns.items()}
    # Centres of pixels: a halved picture's first one shows the middle of four.
    whole["joints_px"] = (whole["joints_px"] + 0.5) * np.float32(scale) - np.float32(0.5)
    return Sightings(BLAZEPOSE_33, **whole)


def _write(path: Path, poses: Poses2d) -> None:
    _save(path, skeleton=np.array(poses.skeleton.name), joints_px=poses.joints_px, confidence=poses.confidence)


def _load(path: Path) -> dict[str, ndarray]:
    # Opened here: numpy leaves a damaged file open.
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return dict(arrays)


def _save(path: Path, **arrays: ndarray) -> None:
    beside = path.with_suffix(".new")
    with beside.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_suffix(".new")
    beside.write_bytes(content)
    beside.replace(path)
