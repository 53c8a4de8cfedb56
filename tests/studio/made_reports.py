"""Reports and tables as evaluations write them, made up: runs on the same part, a table of a paper, a broken one."""

import random
from pathlib import Path

import msgspec

from core import configs
from core.motion_reports import Figure
from core.motion_reports import Report as MotionReport
from core.motion_reports import Row as MotionRow
from core.reports import Column, Confusion, Report, Row, Table, TableRow
from core.run_folder import RunFolder
from core.runs import Done, TrainForecaster

ACTIONS = ("add", "cut", "dry", "open", "peel", "pour", "put", "stir", "take", "wash", "whisk", "wipe")


def confusion(seed: int, actions=ACTIONS) -> Confusion:
    drawn = random.Random(seed)
    counts = [
        [drawn.randrange(6) + (60 if row == at else 0) for at in range(len(actions))] for row in range(len(actions))
    ]
    counts[4 % len(actions)][1] = 12 + 30
    return Confusion(actions=tuple(actions), counts=tuple(map(tuple, counts)))


def row(method: str, top1: float, px: float, kind="plain", seed=0, **more) -> Row:
    steps = tuple(top1 - 0.04 * at for at in range(5))
    joints = tuple(px * (0.6 + 0.15 * at) for at in range(8))
    return Row(
        method=method, kind=kind, top1=top1, top5=min(top1 + 0.3, 1.0), top1_by_step=steps, mpjpe_px=px,
        mpjpe_px_by_step=tuple(px + at for at in range(5)), mpjpe_px_by_joint=joints, confusion=confusion(seed), **more,
    )  # fmt: skip


PLAIN = (
    row("zero velocity", 0.2, 41.0),
    row("n-gram, order 1", 0.44, 50.0),
    row("n-gram, order 2 (chosen)", 0.47, 50.0),
    Row(method="any action by chance", kind="control", top1=0.08, top5=0.4),
)


def report(run: str, seed=0, top1=0.5, px=24.0, part="test", plain=PLAIN, **more) -> Report:
    return Report(
        run=run, preset="forecaster/recommended", project="Kitchen", part=part, steps_ahead=5, training_step=800,
        seed=seed, clips=75, windows=4006, data_fingerprint="a939aafa824d3b41", device="the processor, 1 thread",
        seconds=61.0, rows=(row(run, top1, px, "run", seed, mpjpe_mm=120.0), *plain),
        notes=("Accuracy: mean over clips.",), licences="CC BY 4.0", **more,
    )  # fmt: skip


def put(path: Path, content) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.encode(content))
    return path


def trained(runs: Path, name: str, seed: int, **knobs) -> RunFolder:
    """A run that ended, with a checkpoint that is never opened."""
    folder = RunFolder(runs / name)
    config = configs.with_overrides(configs.smoke(), [f"seed={seed}", *(f"{key}={knobs[key]}" for key in knobs)])
    folder.write_spec(TrainForecaster(project=str(runs.parent), out=str(folder.path), config=config))
    folder.append(Done("done"))
    (folder.path / "best.safetensors").write_bytes(b"-")
    return folder


def table(key="table3", seeds=3) -> Table:
    drawn = random.Random(1)
    rows = []
    for name, top1, px, paper in (
        ("all terms", 0.52, 23.0, {"top1": "29 % / 29 %", "mpjpe_px": "50 / 40"}),
        ("action only", 0.54, 61.0, {"top1": "29 % / 30 %"}),
        ("2D only", 0.21, 22.4, {"mpjpe_px": "54 / 43"}),
    ):
        values = tuple(top1 + drawn.uniform(-0.02, 0.02) for _ in range(seeds))
        rows.append(
            TableRow(
                name=name, figures={"top1": values, "mpjpe_px": tuple(px + drawn.uniform(-1, 1) for _ in values)},
                by_step={"top1": tuple(tuple(value - 0.05 * at for at in range(5)) for value in values)}, paper=paper,
                seeds=tuple(range(seeds)), seconds=240.0,
                command=f"posecast reproduce forecaster/{key} --row \"{name}\" --project K --out T",
            )
        )  # fmt: skip
    rows.append(TableRow(name="n-gram, order 2", kind="plain", figures={"top1": (0.47,)}))
    rows.append(TableRow(name="seen poses shuffled", kind="control", figures={"top1": (0.9,), "mpjpe_px": (1.0,)}))
    columns = (
        Column(key="top1", words="top-1", unit="%", better="more"),
        Column(key="mpjpe_px", words="2D error", unit="px", better="less"),
    )
    return Table(
        key=key, title="Table 3: losses singly and together", about="What compares is the order of rows.",
        columns=columns, rows=tuple(rows), facts={"data": "the simulated kitchen", "device": "one processor"},
        notes=("The paper's data is not published.",),
    )  # fmt: skip


def motion_report(run="posegpt-01") -> MotionReport:
    figures = {"accuracy": Figure(0.61, 0.02), "recognised": Figure(0.8, 0.03), "to_held_out.fid": Figure(4.2, 0.1)}
    return MotionReport(
        run=run, preset="posegpt/small", project="Kitchen", part="test", sources=("made up",), recordings={"test": 4},
        actions=("walk", "run"), windows=300, seeds=(0, 1, 2), classifier="transformer", frames_a_token=4, books=2,
        codes=128, training_step=900, data_fingerprint="b9", device="the processor", seconds=300.0,
        rows=(
            MotionRow(who="samples", motions=300, figures=figures),
            MotionRow(who="real motion", motions=300, figures={"accuracy": Figure(0.9)}),
        ),
        accuracy_on_real=Figure(0.9),
    )  # fmt: skip


def fill(runs: Path) -> None:
    """Three runs on the same part, two that differ by their seed alone; a table, a motion model, a broken one."""
    for at, (name, seed, knobs) in enumerate(
        (("forecaster-01", 0, {}), ("forecaster-02", 1, {}), ("forecaster-03", 0, {"losses.pose2d": 0.5}))
    ):
        folder = trained(runs, name, seed, **knobs)
        put(folder.path / "evaluation-test" / "report.json", report(name, seed, 0.5 + 0.02 * at, 24.0 - at))
    put(runs / "tables-01" / "table3.json", table())
    put(runs / "posegpt-01" / "evaluation-test" / "report.json", motion_report())
    broken = runs / "forecaster-09" / "report.json"
    broken.parent.mkdir(parents=True)
    broken.write_text('{"run": "forecaster-09", ')
