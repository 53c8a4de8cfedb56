"""Makes the shipped forecaster and its report again: `python tools/make_demo_checkpoint.py WORK_FOLDER`.

A simulated kitchen without video, larger than the demo that ships and with other cooks; the recommended preset with
three seeds. The one that did best on validation cooks (actions, 2D error, bones) is shipped in
resources/checkpoints/kitchen-forecaster, its weights in half precision. A stopped tool goes on where it was when it is
started again with the same folder. The tables of docs/results/forecaster come from `posecast reproduce` on the same
project.
"""

import shutil
import sys
from pathlib import Path

import torch

from core import configs
from core.datasets.kitchen.demo import make_demo
from core.datasets.kitchen.truth import read_truth
from core.evaluation.baselines import TRAIN_AVERAGE
from core.evaluation.forecasting import load_run
from core.evaluation.protocols import evaluate, write_report
from core.models import checkpoints
from core.project.store import ProjectStore
from core.reports import Report
from core.runs import Events, Note, Progress, TrainForecaster
from core.training.forecaster import train_forecaster

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ROOT / "resources" / "checkpoints" / "kitchen-forecaster"
CLIPS, SECONDS, DEMO_SEED = 360, 180.0, 3000
SEEDS = (0, 1, 2)
PRESET = "forecaster/recommended"


def main(work: Path) -> None:
    project = work / "project"
    if not (work / "made").exists():
        shutil.rmtree(project, ignore_errors=True)
        _tell(make_demo(project, CLIPS, SECONDS, DEMO_SEED))
        (work / "made").touch()
    for seed in SEEDS:
        train(work, seed)
    _ship(work, max(SEEDS, key=lambda seed: _validated(work, seed)))


def train(work: Path, seed: int) -> None:
    """Train one seed, or go on with it."""
    out = _run(work, seed)
    config = configs.with_overrides(configs.recommended(), [f"seed={seed}", "device=cpu"])
    spec = TrainForecaster(project=str(work / "project"), out=str(out), config=config, preset=PRESET)
    print(out.name, flush=True)
    with ProjectStore.open(work / "project", "Posecast", mode="read") as store:
        _tell(train_forecaster(spec, store.project, lambda clip: store.tracks(clip.tracks), out))


def _run(work: Path, seed: int) -> Path:
    return work / "runs" / f"recommended-seed{seed}"


def _validated(work: Path, seed: int) -> float:
    """On validation cooks: right actions, less the 2D error in shares of the average pose's, less bones nobody has."""
    report = _measured(work, _run(work, seed), "validation")
    ours, average = report.rows[0], report.row(TRAIN_AVERAGE)
    assert ours.top1 is not None
    assert ours.mpjpe_px is not None
    assert average.mpjpe_px is not None
    return ours.top1 - ours.mpjpe_px / average.mpjpe_px - (ours.bones_off or 0.0)


def _measured(work: Path, run: Path, part: str, command: str = "") -> Report:
    project = work / "project"
    with ProjectStore.open(project, "Posecast", mode="read") as store:
        return evaluate(
            load_run(run), store.project, lambda clip: store.tracks(clip.tracks), part,
            lambda clip: read_truth(project, clip), command=command, licences="our own simulation (Apache-2.0)",
        )  # fmt: skip


def _ship(work: Path, seed: int) -> None:
    kept = checkpoints.load(_run(work, seed) / "best.safetensors")
    halves = {name: each.half() if each.dtype == torch.float32 else each for name, each in kept.tensors.items()}
    checkpoints.save(SHIPPED / "best.safetensors", kept.header, halves)
    report = _measured(work, SHIPPED, "test", "posecast evaluate kitchen-forecaster --project kitchen --out report")
    write_report(report, SHIPPED)
    (SHIPPED / "README.md").write_text(
        "# kitchen-forecaster\n\n"
        f"Preset `{PRESET}`, seed {seed}, trained on 225 of {CLIPS} clips of the simulated kitchen (seed {DEMO_SEED}, "
        f"{SECONDS:g} s each, no video); weights in half precision. Our own weights from our own simulation: "
        "Apache-2.0.\n\nMake the data, train, measure:\n\n"
        "```\n"
        f"posecast demo kitchen --clips {CLIPS} --seconds {SECONDS:g} --seed {DEMO_SEED} --no-video\n"
        f"posecast train {PRESET} seed={seed} --project kitchen --out run\n"
        "posecast evaluate run --split test\n"
        "```\n\n"
        "The whole, with three seeds: `python tools/make_demo_checkpoint.py FOLDER`. The figures are in report.md; "
        "tables with their seeds and baselines are in docs/results/forecaster.\n",
        encoding="utf-8",
    )


def _tell(events: Events) -> None:
    for event in events:
        match event:
            case Note(text=text):
                print(f"  {text}", flush=True)
            case Progress(done=done, total=total) if total and done * 10 // total > (done - 1) * 10 // total:
                print(f"  {done} of {total}", flush=True)
            case _:
                pass


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Usage: python tools/make_demo_checkpoint.py WORK_FOLDER")
    main(Path(sys.argv[1]))
