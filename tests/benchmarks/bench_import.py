"""How fast recorded motion comes in, beside `np.load` of the same files: the least that reading them can take.

One core, one thread. AMASS at 120 Hz becomes joints and rotations at 30 Hz (`completed`): seconds of motion a second.
Then a folder of 1,000 files is imported as `posecast import` does it, each read in the other process and on the disk:
files a second, and the memory of both processes after 100 and after all files. The real sample lies beside the project;
without it a made-up file of the same layout and length is used.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from core.formats import amass
from core.importing.carrying_out import carry_out
from core.project.motion_sets import MotionSet
from core.project.store import ProjectStore
from core.recordings import completed
from core.runs import ImportData
from tests.core.formats import made_amass

SAMPLE = Path(__file__).resolve().parents[3] / "shared" / "data" / "amass" / "amass_sample.npz"
FILES, EARLY, ROUNDS = 1000, 100, 15


def run(files: int = FILES, early: int = EARLY, rounds: int = ROUNDS) -> dict[str, float | str]:
    """Name → figure."""
    with tempfile.TemporaryDirectory() as place:
        sample = _sample(Path(place))
        return _reading(sample, rounds) | _importing(sample, Path(place), files, early)


def _sample(place: Path) -> Path:
    if SAMPLE.is_file():
        return SAMPLE
    return made_amass.make_smplh(place / "made_poses.npz", frames=601)


def _reading(sample: Path, rounds: int) -> dict[str, float | str]:
    (recording,) = amass.read(sample)

    def read() -> None:
        for each in amass.read(sample):
            completed(each)

    def load() -> None:
        with np.load(sample, allow_pickle=False) as arrays:
            _ = (arrays["poses"], arrays["trans"])

    read()
    times_s: dict[str, list[float]] = {"read": [], "load": []}
    for _ in range(rounds):  # one after the other, so that load falls on both
        times_s["read"].append(_timed(read))
        times_s["load"].append(_timed(load))
    read_s, load_s = median(times_s["read"]), median(times_s["load"])
    return {
        "sample": "the real one" if sample == SAMPLE else "made up",
        "sample s": round(recording.duration_s, 2),
        "to 30 Hz with joints ms": round(1000 * read_s, 2),
        "np.load of the same arrays ms": round(1000 * load_s, 2),
        "to 30 Hz with joints, times real time": round(recording.duration_s / read_s),
        "times np.load alone": round(read_s / load_s, 1),
    }


def _timed(what: Callable[[], None]) -> float:
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def _importing(sample: Path, place: Path, files: int, early: int) -> dict[str, float | str]:
    source, project = place / "AMASS", place / "Project"
    raw = sample.read_bytes()
    for number in range(files):
        path = source / f"{number // 50:02}" / f"{number:04}_poses.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        _slightly_else(raw, path, number)
    ProjectStore.create(project, "Bench", "Ada").close()
    index = project / "datasets" / "amass" / "index.jsonl"
    figures: dict[str, float | str] = {"files": files}
    began = time.perf_counter()
    peak = {"importer": 0.0, "reader": 0.0}
    at_early: dict[str, float] = {}
    for _ in carry_out(ImportData(project=str(project), out=str(project / "runs" / "import"), source=str(source))):
        for who, pid in (("importer", os.getpid()), ("reader", _child())):
            peak[who] = max(peak[who], _resident_mb(pid))
        if not at_early and index.exists() and index.read_bytes().count(b"\n") >= early:
            at_early = dict(peak)
    took_s = time.perf_counter() - began
    rows = MotionSet(index.parent).rows
    assert len(rows) == files
    for who, mb in peak.items():
        figures[f"{who} MB after {early} files"] = round(at_early.get(who, mb), 1)
        figures[f"{who} MB after {files} files"] = round(mb, 1)
    hours = sum(row.duration_s for row in rows.values()) / 3600
    again_s = _timed(lambda: _again(project, source))
    shutil.rmtree(source)
    return figures | {
        "files a second": round(files / took_s, 1),
        "imported, times real time": round(3600 * hours / took_s),
        "importing again s": round(again_s, 2),
    }


def _again(project: Path, source: Path) -> None:
    for _ in carry_out(ImportData(project=str(project), out=str(project / "runs" / "import"), source=str(source))):
        pass


def _slightly_else(raw: bytes, path: Path, number: int) -> None:
    """A copy that is another recording: the person stands elsewhere."""
    path.write_bytes(raw)
    with np.load(path, allow_pickle=False) as arrays:
        held = dict(arrays)
    held["trans"] = held["trans"] + [0.001 * number, 0, 0]
    np.savez(path, allow_pickle=False, **held)


def _child() -> int:
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    pids = children.read_text().split() if children.exists() else []
    return int(pids[0]) if pids else 0


def _resident_mb(pid: int) -> float:
    """What a process holds in memory, of its own."""
    try:
        fields = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in fields if line.startswith("VmRSS")), 0.0)
