"""The line that makes a figure again: what a report says itself, or the words for what was asked beside it.

Every line starts with `posecast` and can be pasted into a terminal of this machine.
"""

import re
from pathlib import Path

from core import motion_reports
from core.reports import Report, Table, TableRow
from core.runs import (
    CompareSequences,
    EvaluateForecaster,
    EvaluatePoseGpt,
    ReproduceForecasts,
    ReproduceTable,
    Spec,
)
from core.wording import command_line
from studio.report_files import Found

TOGETHER = ("table1", "table2", "table3", "table4", "figure3")
"""What `posecast reproduce forecaster/tables` makes."""


def command_of(found: Found) -> str:
    """Of a report as a whole; empty where nobody knows what made it."""
    content = found.content
    if found.spec is not None and (line := as_command(found.spec)):
        return line
    if isinstance(content, Report | Table) and getattr(content, "command", ""):
        return _in_place(str(getattr(content, "command", "")), found)
    if isinstance(content, Report | motion_reports.Report) and found.run is not None:
        words = ["posecast", "evaluate", str(found.run), "--split", content.part, "--out", str(found.path.parent)]
        return command_line(words)
    return ""


def command_of_row(found: Found, row: TableRow) -> str:
    """Of a table's row: its own, or that of the table with only this row.

    Tables are printed in documents, so their lines say PROJECT and FOLDER; here stand those of this machine.
    """
    if row.command:
        return _in_place(row.command, found)
    if isinstance(found.spec, ReproduceForecasts | ReproduceTable | CompareSequences):
        return as_command(found.spec, only=row.name)
    return command_of(found)


def as_command(spec: Spec, only: str = "") -> str:
    """What would do the same from a terminal; `only` is a row or method that alone is wanted."""
    match spec:
        case EvaluateForecaster():
            words = ["evaluate", spec.run, "--project", spec.project, "--split", spec.part, "--out", spec.out]
        case EvaluatePoseGpt():
            words = ["evaluate", spec.run, "--project", spec.project, "--split", spec.part, "--out", spec.out]
            words += ["--windows", str(spec.windows), "--seeds", str(spec.seeds)]
            words += ["--classifier", spec.classifier] if spec.classifier != "transformer" else []
            words += ["--classifier-file", spec.classifier_file] if spec.classifier_file else []
        case ReproduceTable():
            words = ["reproduce", f"posegpt/{spec.what}", *spec.knobs, "--project", spec.project, "--out", spec.out]
            words += ["--run", spec.run] if spec.run else []
            words += _each("--row", (only,) if only else spec.rows)
            words += ["--part", spec.part, "--windows", str(spec.windows), "--seed", str(spec.seed)]
            words += [] if spec.teach else ["--without-rs"]
        case CompareSequences():
            words = ["sequences", spec.project, *spec.knobs, "--out", spec.out, "--splits", str(spec.splits)]
            words += ["--observe", str(spec.observe), "--predict", str(spec.predict), "--seed", str(spec.seed)]
            words += [] if spec.twins_together else ["--apart"]
            words += _each("--method", (only,) if only else spec.methods)
        case ReproduceForecasts():
            return _reproduce_forecasts(spec, only)
        case _:
            return ""
    return command_line(["posecast", *words])


def _reproduce_forecasts(spec: ReproduceForecasts, only: str) -> str:
    """A line a table, or one for all of them where those are wanted that the command makes together."""
    whole = tuple(spec.what) == TOGETHER
    lines = []
    for what in ("tables",) if whole else spec.what:
        words = ["posecast", "reproduce", f"forecaster/{what}", *spec.knobs]
        words += ["--project", spec.project, "--out", spec.out, "--preset", spec.preset]
        words += _each("--row", (only,) if only else spec.rows)
        words += ["--seeds", str(spec.seeds), "--part", spec.part]
        words += ["--quality-bank", spec.quality_bank] if spec.quality_bank else []
        lines.append(command_line(words))
    return "\n".join(lines)


def _each(option: str, values: tuple[str, ...]) -> list[str]:
    return [word for value in values for word in (option, value)]


def _in_place(line: str, found: Found) -> str:
    """A line with the folders of this machine where it names none."""
    runs = found.path.parents[len(found.id.split("/")) - 1]
    asked = getattr(found.spec, "project", "")
    places = {
        "PROJECT": asked if asked and Path(asked).is_dir() else str(runs.parent),
        "FOLDER": str(found.path.parent),
    }
    return re.sub(r"(?<=\s)(PROJECT|FOLDER)(?=\s|$)", lambda which: command_line([places[which[0]]]), line)
