"""The studio's event loop while a training, an extraction and a film are made at once, beside the same without them.

Wanted: no gap over 100 ms, and at least 20 frames a second while somebody scrubs. Gaps by the clock hold what the
machine does to anybody: beside them stand the window's own work in its thread, and the gaps of a bare event loop that
does nothing at all, measured while the same three jobs work. QT_QPA_PLATFORM=xcb shows the window where there is a
display.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from core.demo import open_demo

ROOT = Path(__file__).parents[2]
SECONDS = 32.0


def run(seconds: float = SECONDS) -> dict[str, float | str]:
    """Name → figure."""
    with tempfile.TemporaryDirectory() as place:
        folder = open_demo(Path(place) / "demo")
        own = {"POSECAST_STATE": f"{place}/state", "POSECAST_LIGHT_COPIES": f"{place}/copies", "PYTHONPATH": str(ROOT)}
        environment = {**os.environ, **own}
        command = [sys.executable, "-m", "tests.benchmarks.busy_window", "window", str(folder), str(seconds)]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}\n{done.stderr}")
    return figures(json.loads(done.stdout.splitlines()[-1]))


def figures(found: dict[str, Any]) -> dict[str, float | str]:
    """As they are printed: each phase by its words, then what they are beside each other."""
    told: dict[str, float | str] = {"jobs at work beside the window, at the end": found["still at work"]}
    for key, words in (("busy", "beside three jobs"), ("alone", "alone"), ("bare", "a bare loop beside three jobs")):
        where = found[key].pop("where", [])
        told |= {f"{words}: {name}": value for name, value in found[key].items()}
        told |= {f"{words}: long gap {number}": line for number, line in enumerate(where, 1) if key == "busy"}
    told["scrubbing beside three jobs, of that alone"] = round(
        found["busy"]["frames a second"] / max(found["alone"]["frames a second"], 1e-3), 3
    )
    told |= {f"the page {name} seen first, ms of the window's own work": each for name, each in found["first"].items()}
    return told


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
