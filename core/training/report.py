"""What a training came to: `report.json` for programs and `report.md` for people, in the run's folder.

Written whenever an attempt ends in good order, from what the run itself put down: the header of its best checkpoint,
the ends of its curves, its environment. Whoever has the project and the command can run it again.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from core import configs
from core.run_facts import REPORT, Environment
from core.runs import TrainForecaster, TrainPoseGpt
from core.whole_files import whole_file
from core.wording import command_line, counted


class TrainingReport(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of it."""

    run: str
    preset: str
    begun_at: str  # the checkpoint that it began with; empty for weights drawn from the seed
    steps: int
    of: int
    best_step: int | None  # of its stage; None before the first validation
    figures: dict[str, float]  # of the best checkpoint's validation
    last: dict[str, float]  # where every curve stands
    seed: int
    split: dict[str, tuple[str, ...]]
    config: dict[str, Any]
    environment: Environment
    seconds: float  # at work
    memory_peak_bytes: int
    device_memory_peak_bytes: int
    command: str


def write(
    folder: Path,
    spec: TrainForecaster | TrainPoseGpt,
    environment: Environment,
    *,
    step: int,
    steps: int,
    best_step: int | None,
    figures: Mapping[str, float],
    last: Mapping[str, float],
    split: Mapping[str, tuple[str, ...]],
) -> None:
    """Both files, each whole or not at all."""
    report = TrainingReport(
        run=Path(spec.out).name,
        preset=spec.preset,
        begun_at=spec.begin_at,
        steps=step,
        of=steps,
        best_step=best_step,
        figures=dict(figures),
        last=dict(last),
        seed=spec.config.seed,
        split=dict(split),
        config=msgspec.to_builtins(spec.config),
        environment=environment,
        seconds=environment.seconds,
        memory_peak_bytes=environment.memory_peak_bytes,
        device_memory_peak_bytes=environment.device_memory_peak_bytes,
        command=command_of(spec),
    )
    with whole_file(folder / REPORT) as beside:
        beside.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2))
    with whole_file(folder / "report.md") as beside:
        beside.write_text(_in_words(report), encoding="utf-8")


def command_of(spec: TrainForecaster | TrainPoseGpt) -> str:
    """The command that makes the same run elsewhere: what differs from the preset is said."""
    preset = spec.preset if spec.preset in configs.PRESETS else ""
    usual = configs.knobs(configs.PRESETS[preset]()) if preset else {}
    ours = configs.knobs(spec.config)
    changed = [f"{knob}={_spelled(value)}" for knob, value in ours.items() if usual.get(knob) != value]
    begin = ["--begin-at", spec.begin_at] if spec.begin_at else []
    words = ["posecast", "train", preset or _kind(spec), *changed, "--project", spec.project, *begin, "--out", "RUN"]
    return command_line(words)


def _kind(spec: TrainForecaster | TrainPoseGpt) -> str:
    return "forecaster/small" if isinstance(spec, TrainForecaster) else "posegpt/small"


def _spelled(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _in_words(report: TrainingReport) -> str:
    environment = report.environment
    parts = ", ".join(f"{len(names)} to {part}" for part, names in report.split.items())
    lines = [
        f"# {report.run}",
        "",
        f"Step {report.steps:,} of {report.of:,}, {_time(report.seconds)} at work"
        f" on {environment.device_name or environment.device}"
        f" ({environment.device}, {counted(environment.attempts[-1].threads, 'thread')}).",
        "",
        f"- Preset: {report.preset or 'none'}, seed {report.seed}",
        *([f"- Begun at: {report.begun_at}"] if report.begun_at else []),
        f"- Data: {environment.data_fingerprint[:16]}, {environment.windows:,} windows; {parts}",
        f"- Most memory: {report.memory_peak_bytes / 1e6:,.0f} MB"
        + (f", of the card {report.device_memory_peak_bytes / 1e6:,.0f} MB" if report.device_memory_peak_bytes else ""),
        f"- {environment.made_by}, Python {environment.python}, torch {environment.packages.get('torch', '')},"
        f" {environment.system}",
        "",
        "## Figures",
        "",
        f"Best checkpoint: step {report.best_step:,}." if report.best_step is not None else "No validation yet.",
        "",
        *_rows("figure", report.figures),
        "",
        "## Where the curves stand",
        "",
        *_rows("curve", report.last),
        "",
        "## Again",
        "",
        f"    {report.command}",
        "",
    ]
    return "\n".join(lines)


def _rows(what: str, values: Mapping[str, float]) -> list[str]:
    rows = [f"| {name} | {value:.5g} |" for name, value in sorted(values.items())]
    return [f"| {what} | value |", "|---|---:|", *rows] if rows else ["None."]


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
