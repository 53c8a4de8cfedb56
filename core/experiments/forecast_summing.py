"""Reports of many runs → one table: a value a seed for every figure, what holds for all rows, and the doubts.

A row shows only what it was taught: poses of a run that learned actions alone say nothing, nor do actions of one that
learned poses alone. Figures of methods without a run of their own are those beside `ours`, seed 0: they have no seed.
"""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

import torch
from msgspec.structs import replace

from core.configs import Forecaster
from core.evaluation.baselines import is_chosen_ngram
from core.evaluation.pose_quality import Judge
from core.forecast_rows import COLUMNS, OF_ACTIONS, OF_POSES, OURS, RUNS, TABLES, Line, config_of, preset_of
from core.knobs import knobs
from core.reports import Report, Row, Table, TableRow
from core.runs import ReproduceForecasts
from core.wording import command_line, counted

CHOSEN = "n-gram*"
"""How a line names the n-gram that validation chose, whatever its order."""
_PLAIN_POSES = ("zero velocity", "train average")


@dataclass(frozen=True)
class Measured:
    """One training and its report."""

    run: str
    seed: int
    report: Report
    seconds: float
    path: str  # of the report, relative to the table


def summed_up(
    spec: ReproduceForecasts,
    what: str,
    lines: Sequence[Line],
    measured: Mapping[str, Sequence[Measured]],
    names: Mapping[str, str],
    labels: Mapping[str, TableRow],
    judge: Judge | None,
    there: Table | None = None,
) -> Table:
    """The table `what`; `names` says which run stands for which, `labels` are networks over labels by kind.

    Where only some lines were asked for, rows of the table that was `there` stay, if they were measured alike.
    """
    beside = measured[OURS][0].report
    rows: list[TableRow] = []
    for line in lines:
        if line.run:
            rows.append(_run_row(spec, what, line, measured[names[line.run]], names[line.run]))
        elif line.label_network in labels:
            told = {"name": line.name, "kind": line.kind, "paper": dict(line.paper)}
            rows.append(replace(labels[line.label_network], **told, command=command_of(spec, what, line.name)))
        elif line.method:
            found = method_row(beside, line.method)
            if found is not None:
                rows.append(_plain_row(line, found, beside, spec))
        elif line.paper:
            rows.append(
                TableRow(name=line.name, kind=line.kind, paper=dict(line.paper), note="as printed; not run here")
            )
    if judge is not None and "quality" in TABLES[what].columns:
        rows += [
            TableRow(
                name=each.method,
                kind="control",
                figures={"quality": each.quality_by_seed},
                command=command_of(spec, what),
            )
            for each in judge.controls
        ]
    if there is not None and _is_alike(there.facts, _facts(spec, what, beside, rows, judge)):
        rows = _in_order(what, rows, there.rows)
    of = TABLES[what]
    return Table(
        key=what,
        title=f"{of.title}: {beside.project}",
        about=of.about,
        columns=tuple(COLUMNS[key] for key in of.columns),
        rows=tuple(rows),
        facts=_facts(spec, what, beside, rows, judge),
        notes=(*_doubts(what, rows), *beside.notes),
    )


def _is_alike(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether two tables say the same of data, base, seeds and judge: of all but how long their rows took."""
    said, also = ({key: words for key, words in facts.items() if key != "learning"} for facts in (one, other))
    return said == also


def _in_order(what: str, rows: Sequence[TableRow], older: Sequence[TableRow]) -> list[TableRow]:
    """New rows before older ones of their name, all of them where the table has them; controls stay last."""
    found = {row.name: row for row in (*older, *rows)}
    names = [line.name for line in TABLES[what].lines if line.name in found]
    return [found[name] for name in names] + [row for row in rows if row.kind == "control"]


def method_row(report: Report, method: str) -> Row | None:
    """A plain method's figures by how its name begins."""
    for row in report.rows[1:]:
        if is_chosen_ngram(row.method) if method == CHOSEN else row.method.startswith(method):
            return row
    return None


def figures_of(row: Row, report: Report, leave_out: frozenset[str] = frozenset()) -> dict[str, float]:
    """Of one report's row, every figure of our columns; `relative` is against the better of two plain methods."""
    found = {key: value for key in COLUMNS if (value := getattr(row, key, None)) is not None}
    plain = [each.mpjpe_px for each in report.rows if each.method in _PLAIN_POSES and each.mpjpe_px]
    if row.mpjpe_px is not None and plain:
        found["relative"] = row.mpjpe_px / min(plain)
    return {key: value for key, value in found.items() if key not in leave_out}


def _run_row(spec: ReproduceForecasts, what: str, line: Line, measured: Sequence[Measured], run: str) -> TableRow:
    config = config_of(run, spec.preset, spec.knobs, 0)
    untaught: frozenset[str] = frozenset()
    if config.losses.pose2d == 0 and config.losses.adversarial == 0:
        untaught |= OF_POSES
    if config.losses.action == 0:
        untaught |= OF_ACTIONS
    by_seed = [figures_of(each.report.rows[0], each.report, untaught) for each in measured]
    columns = TABLES[what].columns
    figures = {key: tuple(each[key] for each in by_seed) for key in columns if all(key in each for each in by_seed)}
    by_step: dict[str, tuple[tuple[float, ...], ...]] = {}
    for key in ("top1", "top5", "mpjpe_px"):
        runs = tuple(getattr(each.report.rows[0], f"{key}_by_step") for each in measured)
        if key in figures and all(runs):
            by_step[key] = runs
    return TableRow(
        name=line.name,
        kind=line.kind,
        figures=figures,
        by_step=by_step,
        paper=dict(line.paper),
        settings=RUNS[line.run] or (f"preset {preset_of(run, spec.preset)}",),
        seeds=tuple(each.seed for each in measured),
        seconds=sum(each.seconds for each in measured),
        command=command_of(spec, what, line.name),
        reports=tuple(each.path for each in measured),
        note=f"the same run as {run}" if what == "choices" and run != line.run else "",
    )


def _plain_row(line: Line, found: Row, report: Report, spec: ReproduceForecasts) -> TableRow:
    steps: dict[str, Any] = {key: getattr(found, f"{key}_by_step") for key in ("top1", "top5", "mpjpe_px")}
    return TableRow(
        name=line.name,
        kind=line.kind,
        figures={key: (value,) for key, value in figures_of(found, report).items()},
        by_step={key: (values,) for key, values in steps.items() if values},
        paper=dict(line.paper),
        command=plain_command(spec),
        note=found.method.partition(" (")[0] if line.method == CHOSEN else "",
    )


def command_of(spec: ReproduceForecasts, what: str, row: str = "") -> str:
    """What makes the table again, or one of its rows."""
    return command_line(
        (
            "posecast", "reproduce", f"forecaster/{what}", *spec.knobs, "--project", "PROJECT", "--out", "FOLDER",
            "--preset", spec.preset, "--seeds", str(spec.seeds), "--part", spec.part,
            *(("--quality-bank", spec.quality_bank) if spec.quality_bank else ()), *(("--row", row) if row else ()),
        )
    )  # fmt: skip


def plain_command(spec: ReproduceForecasts) -> str:
    """What measures the plain methods again on the same windows: with the base's settings of data."""
    usual = knobs(Forecaster())
    base = knobs(config_of(OURS, spec.preset, spec.knobs, 0))
    settings = [f"{knob}={base[knob]}" for knob in base if knob.startswith("data.") and base[knob] != usual[knob]]
    return command_line(["posecast", "baselines", "PROJECT", *settings, "--part", spec.part])


def _facts(
    spec: ReproduceForecasts, what: str, beside: Report, rows: Sequence[TableRow], judge: Judge | None
) -> dict[str, str]:
    config = config_of(OURS, spec.preset, spec.knobs, 0)
    seconds = sum(row.seconds or 0.0 for row in rows)
    facts = {
        "data": beside.project + (f" ({beside.licences})" if beside.licences else ""),
        "measured on": f"the {spec.part} part: {counted(beside.windows, 'window')} of {counted(beside.clips, 'clip')}; "
        f"split {config.data.split or 'of the project'}",
        "base": f"preset {spec.preset}" + (f" with {' '.join(spec.knobs)}" if spec.knobs else "")
        + f"; N = {config.data.past_steps}, M = {config.data.future_steps}",
        "seeds": f"{spec.seeds}; a cell is the mean ± the standard deviation over them, a plain method has none",
        "learning": f"{seconds:.0f} s for these rows, "
        + (
            "on a graphics card"
            if torch.cuda.is_available() and config.device != "cpu"
            else f"of a {platform.machine()} processor, {counted(config.threads, 'thread')}"
        ),
        "data fingerprint": beside.data_fingerprint[:12],
        "all of it": f"`{command_of(spec, what)}`",
    }  # fmt: skip
    if judge is not None:
        facts["3D quality"] = (
            f"one classifier for all rows, {counted(len(judge.facts.seeds), 'seed')}: {judge.facts.real_poses:,} real "
            f"poses ({judge.facts.real}) against as many made by {judge.facts.made}{_as_agreed_otherwise(judge)}"
        )
    return facts


def _as_agreed_otherwise(judge: Judge) -> str:
    """In what a judge departs from real poses against made ones, seen as they are."""
    plan, said = judge.facts.schedule, ""
    if plan.broken:
        said += f"; {plan.broken:.0%} of the unreal ones it learned from are real ones broken on purpose"
    if plan.blur_m:
        said += f"; every joint seen through {100 * plan.blur_m:g} cm of noise"
    return said.replace("%", " %")


def _doubts(what: str, rows: Sequence[TableRow]) -> list[str]:
    """What a reader must know before a figure is believed."""
    said: list[str] = []
    by_name = {row.name: row for row in rows}
    if what == "table3" and {"2D", "2D, 3D"} <= by_name.keys():
        said += dead_term(by_name["2D"].figures.get("quality", ()), by_name["2D, 3D"].figures.get("quality", ()))
    chosen = next((row for row in rows if row.name.startswith("n-gram chosen")), None)
    ours = by_name.get("ours")
    if chosen is not None and ours is not None and chosen.mean("top1") and ours.mean("top1"):
        apart = 100 * ((ours.mean("top1") or 0.0) - (chosen.mean("top1") or 0.0))
        said.append(f"Top-1 of ours less that of the chosen n-gram: {apart:+.1f} points.")
    return said


def dead_term(without: Sequence[float], with_term: Sequence[float]) -> list[str]:
    """A sentence where the adversarial term changes 3D quality by no more than seeds do, or nobody can tell."""
    if not without or not with_term:
        return []
    if min(len(without), len(with_term)) < 2:
        return ["With one seed nobody can tell whether the adversarial term does anything: take three."]
    apart, spread = fmean(with_term) - fmean(without), max(stdev(without), stdev(with_term))
    if abs(apart) > spread:
        return []
    return [
        f"The adversarial term is dead: with it 3D quality differs by {apart:+.2f}, over seeds by {spread:.2f}. "
        "Look at gradient/adversarial beside gradient/pose2d in metrics.csv, and raise losses.adversarial."
    ]
