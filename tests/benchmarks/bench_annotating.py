"""The studio on a project as large as the paper's: 642 clips, 18,540 segments, 18,000 poses, 37,000 journal rows.

Each figure comes from the real window in a process of its own, off screen. The first picture is timed from the shown,
empty window on, in processes that start cold; an edit from its key to what it painted, its commit returned. Beside
them a bare commit as durable as the project's and a bare repaint, taken in the same process in the same rounds.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from core.overview import Overviewer
from core.project.edits import move_ends
from core.project.store import ProjectStore
from tools.make_large_project import large

STARTS, ROUNDS, WALKED = 5, 100, 100
ROOT = Path(__file__).parents[2]


def run(starts: int = STARTS, rounds: int = ROUNDS, walked: int = WALKED) -> dict[str, float]:
    """Name → figure."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = large(Path(place) / "kitchen")
        opens = [_in_window("first", folder) for _ in range(starts)]
        for name in ("reading it", "first picture", "all settled"):
            figures[f"{name}, after the window shows, ms"] = median(each[name] for each in opens)
        figures["first picture, ms of the processor"] = median(each["of it processor"] for each in opens)
        figures["memory with it open, MB"] = median(each["memory"] for each in opens)
        walk = _in_window("walk", folder, walked)
        figures |= {f"memory after {walked} clips, MB": walk["walked"], "a clip shown and scrubbed, ms": walk["a clip"]}
        figures |= _overview(folder)
        figures |= _edits(_in_window("edits", folder, rounds))
    return {name: round(value, 2) for name, value in figures.items()}


def _in_window(what: str, folder: Path, *more: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.annotating_window", what, str(folder), *map(str, more)]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def _edits(found: dict[str, dict[str, list[float]]]) -> dict[str, float]:
    times, worked = found["clock"], [each for several in found["processor"].values() for each in several]
    figures = {f"{name}, p50 ms": _share(times[name], 0.5) for name in ("bare commit", "bare repaint")}
    kinds = [name for name in times if not name.startswith("bare")]
    together = [each for name in kinds for each in times[name]]
    for name, each in (*((name, times[name]) for name in kinds), ("all edits", together)):
        figures |= {f"{name}, p50 ms": _share(each, 0.5), f"{name}, p99 ms": _share(each, 0.99)}
    figures |= {f"all edits, p{at} ms of the processor": _share(worked, at / 100) for at in (50, 99)}
    commit = max(figures["bare commit, p50 ms"], 1e-3)
    figures["all edits, p50, times a bare commit"] = figures["all edits, p50 ms"] / commit
    return figures


def _share(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


def _overview(folder: Path) -> dict[str, float]:
    """The overview counted the first time, and after an edit."""
    with ProjectStore.open(folder, "bench", mode="read") as store:
        overviewer, project = Overviewer(store.tracks), store.project
        first = _timed(lambda: overviewer.of(project, store.journal))
        again = []
        for clip in list(project.clips.values())[:40]:
            segment = clip.segments[0]
            project = move_ends(project, clip.id, segment.id, end_frame=segment.end_frame + 1)
            again.append(_timed(lambda after=project: overviewer.of(after, store.journal)))
    return {"overview counted first, ms": first, "overview after an edit, ms": median(again)}


def _timed(doing: Any) -> float:
    began = time.perf_counter()
    doing()
    return 1e3 * (time.perf_counter() - began)


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
