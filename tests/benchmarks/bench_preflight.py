"""How near the preflight comes to what trainings take: its estimate beside the measured peak of the job's process.

Four presets on made-up projects: three forecasters and both stages of a motion model. Each is tried as the studio tries
it, and then trained for a few steps with a validation by `core.runner`, whose process's height (VmHWM) the system
keeps. `run()` gives megabytes, the estimate's share of the peak, and seconds a step of both. Linux.
"""

import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from core import configs
from core.preflight import Asked, Attempt, Trial, estimate
from core.recordings import Stretch
from core.run_folder import RunFolder
from core.runs import Progress
from tests.core.datasets.made_motion import motion_set, project_in, recorded
from tests.core.project_on_disk import project_on_disk

PRESETS = {
    "forecaster/small": ("steps=40", "validate_every=40", "report_every=20"),
    "forecaster/recommended": ("steps=20", "validate_every=20", "report_every=10", "critic.joins_at=0.5"),
    "forecaster/paper": ("steps=2", "validate_every=2", "report_every=1"),
    "posegpt/small": (
        "autoencoder_training.steps=32", "gpt_training.steps=32", "validate_every=32", "report_every=16",
    ),
}  # fmt: skip
_LOOK_S = 0.05


def run(names: tuple[str, ...] = tuple(PRESETS)) -> dict[str, float]:
    """Name → figure."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as place:
        people, motion = Path(place) / "people", project_in(Path(place) / "motion")
        project_on_disk(people, clips=12)
        walk, sit = Stretch(0, 6, ("walk",)), Stretch(6, 12, ("sit",))
        motion_set(motion, "moves", [recorded(f"m{at}", at, walk, sit, frames=360) for at in range(40)])
        for name in names:
            config = configs.with_overrides(configs.preset(name), [*PRESETS[name], "device=cpu"])
            project = people if name.startswith("forecaster/") else motion
            began = time.perf_counter()
            with closing(Attempt(Asked.of(config, project))) as attempt:
                found = attempt.answer(wait=True)
            tried_s = time.perf_counter() - began
            if not isinstance(found, Trial):
                raise RuntimeError(f"{name} could not be tried: {found}")
            said = estimate(config, found)
            peak, seconds = _trained(config, project, Path(place) / name.replace("/", "-"))
            figures |= {
                f"{name}: estimated MB": round(said.memory / 2**20),
                f"{name}: measured MB": round(peak / 2**20),
                f"{name}: estimate, times the peak": round(said.memory / peak, 3),
                f"{name}: estimated s": round(said.seconds, 1),
                f"{name}: measured s": round(seconds, 1),
                f"{name}: the trial took s": round(tried_s, 1),
            }
    return figures


def _trained(config: configs.Config, project: Path, out: Path) -> tuple[float, float]:
    """The height of the job's process, bytes, and the seconds from its start to its last step."""
    folder = RunFolder(out)
    asked = Asked.of(config, project).spec
    folder.write_spec(type(asked)(project=asked.project, out=str(out), config=asked.config))
    peak, began = 0, time.time()
    with (out / "stdout.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "core.runner", str(out)], stdout=log, stderr=log)
        while process.poll() is None:
            peak = max(peak, _height(process.pid))
            time.sleep(_LOOK_S)
    if process.returncode:
        raise RuntimeError((out / "stdout.log").read_text()[-2000:])
    last = max(each.at for each in folder.events()[0] if isinstance(each.event, Progress))
    return float(peak), last - began


def _height(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((1024 * int(each.split()[1]) for each in lines if each.startswith("VmHWM")), 0)
