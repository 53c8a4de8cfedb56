"""Reports as tables to look at, whatever their form: rows are methods, columns figures, each a mean with its spread.

Reports of several runs on the same part and the same windows stand in one sheet: a row a run, or a row for runs that
differ by their seed alone, and the plain methods once. A table of a paper is a sheet by itself, and so is the report
of a motion model. Values are as in the files: shares 0 … 1 (shown as per cent), pixels of the original, millimetres.
No Qt here, no files.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import isnan
from statistics import fmean, stdev
from typing import Literal

from core import motion_reports
from core.bodies.skeletons import UPPER_BODY_9
from core.reports import Column, Confusion, Kind, Report, Row, Table
from core.wording import spelled_length
from studio.report_commands import command_of, command_of_row
from studio.report_files import Found
from studio.words import counted, say

Protocol = Literal["forecasters", "tables", "sequences", "motion", "motion tables", "rows", "unread"]
PROTOCOLS: dict[Protocol, str] = {
    "forecasters": "Forecasters",
    "tables": "Tables and figures",
    "sequences": "Actions alone",
    "motion": "Motion models",
    "motion tables": "Tables of motion models",
    "rows": "Rows of tables",
    "unread": "Cannot be read",
}
JOINTS = tuple(name for name in UPPER_BODY_9.joints if name != "neck")
"""The joints of `mpjpe_px_by_joint`, in its order."""

FIGURES = (
    Column(key="top1", words="Top-1", unit="%", better="more"),
    Column(key="top5", words="Top-5", unit="%", better="more"),
    Column(key="mpjpe_px", words="2D error", unit="px", better="less"),
    Column(key="mpjpe_torso", words="2D error, torsos", unit="%", better="less"),
    Column(key="mpjpe_mm", words="3D error", unit="mm", better="less", digits=0),
    Column(key="pa_mpjpe_mm", words="Aligned 3D", unit="mm", better="less", digits=0),
    Column(key="quality", words="3D quality", unit="%", better="more"),
    Column(key="bones_off", words="Bones off", unit="%", better="less"),
    Column(key="bones_uneven", words="Uneven bones", unit="%", better="less"),
    Column(key="limits_off", words="Past limits", unit="%", better="less"),
    Column(key="calibration_error", words="Calibration error", unit="%", better="less"),
    Column(key="time_error_s", words="Time error", unit="s", better="less", digits=2),
    Column(key="time_within", words="Inside 80 %", unit="%"),
    Column(key="best_of_px", words="Best future", unit="px", better="less"),
    Column(key="apart_mm", words="Futures apart", unit="mm", digits=0),
)
_BY_STEP = {"top1": "top1_by_step", "top5": "top5_by_step", "mpjpe_px": "mpjpe_px_by_step"}
_OF_MOTION = (
    Column(key="accuracy", words="T names right", unit="%", better="more"),
    Column(key="recognised", words="R_T", better="more", digits=2),
    Column(key="teaches", words="R_S", better="more", digits=2),
    Column(key="to_held_out.fid", words="FID to held out", better="less", digits=2),
    Column(key="to_train.fid", words="FID to train", digits=2),
    Column(key="to_held_out.kid", words="KID to held out", better="less", digits=2),
    Column(key="diversity", words="Diversity", digits=2),
    Column(key="multimodality", words="Multimodality", digits=2),
    Column(key="peak_jerk_m_s3", words="Peak jerk", unit="m/s³", digits=0),
    Column(key="foot_skating_m_s", words="Foot skating", unit="m/s", digits=3),
    Column(key="nearest_mm", words="Nearest learned", unit="mm", digits=0),
    Column(key="on_held_out.pve_mm", words="PVE", unit="mm", better="less"),
    Column(key="on_held_out.bits_a_code", words="Bits a code", digits=2),
)


@dataclass(frozen=True)
class Value:
    """A figure: its mean, how far it scatters over seeds (standard deviation), and each seed's own."""

    mean: float
    spread: float | None = None
    each: tuple[float, ...] = ()

    @classmethod
    def of(cls, values: Sequence[float]) -> "Value":
        return cls(fmean(values), stdev(values) if len(values) > 1 else None, tuple(values))

    def said(self, column: Column) -> tuple[str, str]:
        """The mean and the spread as they stand in the column; the spread is empty where there is none."""
        scale = 100.0 if column.unit == "%" else 1.0
        spread = "" if self.spread is None else f"± {scale * self.spread:.{column.digits}f}"
        return f"{scale * self.mean:.{column.digits}f}", spread


@dataclass(frozen=True)
class SheetRow:
    """A method. `run` is the name that colours it; `colour_key` where several rows share none."""

    id: str
    name: str
    kind: Kind
    values: dict[str, Value] = field(default_factory=dict)
    seeds: tuple[int, ...] = ()
    by_step: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    by_joint: tuple[Value | None, ...] = ()
    confusion: Confusion | None = None
    paper: dict[str, str] = field(default_factory=dict)
    command: str = ""
    preset: str = ""
    settings: tuple[str, ...] = ()
    note: str = ""
    run: str = ""
    is_old: bool = False
    reports: tuple[Found, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """One table to look at."""

    id: str
    protocol: Protocol
    title: str
    words: str  # the line below the title in a list
    columns: tuple[Column, ...] = ()
    rows: tuple[SheetRow, ...] = ()
    about: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    founds: tuple[Found, ...] = ()
    problem: str = ""

    def row(self, row_id: str) -> SheetRow | None:
        return next((each for each in self.rows if each.id == row_id), None)

    def best(self, column: Column) -> frozenset[str]:
        """The rows that print the best figure of a column; bounds and controls are none of them."""
        known = [(each.values[column.key], each.id) for each in self.rows if column.key in each.values]
        ours = [(value, row) for value, row in known if self._may_win(row)]
        if not column.better or len(ours) < 2:
            return frozenset()
        pick = max if column.better == "more" else min
        best = pick(value.mean for value, _ in ours)
        printed = Value(best).said(column)[0]
        return frozenset(row for value, row in ours if value.said(column)[0] == printed)

    def _may_win(self, row_id: str) -> bool:
        row = self.row(row_id)
        return row is not None and row.kind != "control"


# ---- sheets of what was found ---------------------------------------------------------------------------------------


def sheets_of(founds: Sequence[Found], *, together: bool = False) -> list[Sheet]:
    """One sheet a protocol: forecasters measured on the same windows stand in one. In the order of `PROTOCOLS`."""
    made: list[Sheet] = []
    alike: dict[str, list[Found]] = {}
    for found in founds:
        match found.content:
            case None:
                place = found.id.removesuffix("/report.json")
                made.append(Sheet(found.id, "unread", place, found.problem, founds=(found,), problem=found.problem))
            case Report() as report:
                alike.setdefault(_protocol_key(found, report), []).append(found)
            case Table() as table:
                made.append(_of_table(found, table))
            case motion_reports.Report() as report:
                made.append(_of_motion(found, report))
    made += [_of_reports(key, found, together=together) for key, found in alike.items()]
    order = list(PROTOCOLS)
    return sorted(made, key=lambda each: (order.index(each.protocol), -each.founds[0].at_s))


def _protocol_key(found: Found, report: Report) -> str:
    parts = report.project, report.part, report.steps_ahead, report.clips, report.windows
    return "|".join(map(str, (found.table, *parts)))


def _of_reports(key: str, founds: Sequence[Found], *, together: bool) -> Sheet:
    newest: dict[tuple[str, int], Found] = {}
    for found in founds:  # newest first: one that was made again replaces the older
        report = found.content
        assert isinstance(report, Report)
        newest.setdefault((str(found.run or report.run), report.seed), found)
    shown = list(newest.values())
    groups: dict[str, list[Found]] = {}
    for found in shown:
        groups.setdefault(found.recipe if together and found.recipe else found.id, []).append(found)
    rows = [_run_row(group) for group in groups.values()]
    rows += _plain_rows(shown)
    first = shown[0].content
    assert isinstance(first, Report)
    sizes = say("{windows} windows of {clips}", windows=_grouped(first.windows), clips=counted(first.clips, "clip"))
    ahead = say("{part} part, {steps} ahead", part=first.part, steps=first.steps_ahead)
    is_row = bool(shown[0].table)
    return Sheet(
        id=key,
        protocol="rows" if is_row else "forecasters",
        title=f"{ahead[:1].upper()}{ahead[1:]}" if not is_row else f"{shown[0].table}, {ahead}",
        words=say(
            "{runs} · {project} · {windows} windows",
            runs=counted(len(shown), "run"),
            project=first.project,
            windows=_grouped(first.windows),
        ),
        columns=tuple(each for each in FIGURES if any(each.key in row.values for row in rows)),
        rows=tuple(rows),
        about=say(
            "{project}: rolled out from {sizes} of the {part} part.",
            project=first.project,
            sizes=sizes,
            part=first.part,
        ),
        facts=(
            (say("Project"), first.project),
            (say("Part"), first.part),
            (
                say("Windows"),
                say("{windows} of {clips}", windows=_grouped(first.windows), clips=counted(first.clips, "clip")),
            ),
            (say("Steps ahead"), str(first.steps_ahead)),
        ),
        notes=_once(note for found in shown for note in getattr(found.content, "notes", ())),
        founds=tuple(shown),
    )


def _run_row(group: Sequence[Found]) -> SheetRow:
    """One run, or runs that differ by their seed alone."""
    reports = [each.content for each in group if isinstance(each.content, Report)]
    rows = [report.row(report.run) for report in reports]
    first, lead = reports[0], group[0]
    seeds = tuple(report.seed for report in reports)
    name = first.run if len(group) == 1 else say("{preset}, {count} seeds", preset=_preset(first), count=len(group))
    confusion = _summed([row.confusion for row in rows if row.confusion is not None])
    return SheetRow(
        id=f"run:{lead.id}",
        name=name,
        kind="run",
        values=_values(rows),
        seeds=seeds,
        by_step=_steps(rows),
        by_joint=_joints(rows),
        confusion=confusion,
        command="\n".join(_once(command_of(each) for each in group)),
        preset=first.preset,
        note="" if not any(each.is_old for each in group) else say(OLD),
        run=first.run,
        is_old=any(each.is_old for each in group),
        reports=tuple(group),
    )


OLD = "Older than its checkpoint: measure it again."


def _plain_rows(founds: Sequence[Found]) -> list[SheetRow]:
    """Each plain method once; one that came out otherwise beside another run says beside which."""
    made: list[SheetRow] = []
    seen: dict[str, list[tuple[Row, SheetRow]]] = {}
    for found in founds:
        report = found.content
        assert isinstance(report, Report)
        for row in report.rows:
            if row.method == report.run or any(row == other for other, _ in seen.get(row.method, [])):
                continue
            others = seen.setdefault(row.method, [])
            name = row.method if not others else say("{method}, beside {run}", method=row.method, run=report.run)
            each = SheetRow(
                id=f"plain:{found.id}:{row.method}",
                name=name,
                kind="control" if row.kind == "control" else "plain",
                values=_values([row]),
                by_step=_steps([row]),
                by_joint=_joints([row]),
                confusion=row.confusion,
                command=command_of(found),
                reports=(found,),
            )
            others.append((row, each))
            made.append(each)
    return sorted(made, key=lambda each: each.kind == "control")


def _of_table(found: Found, table: Table) -> Sheet:
    is_motion = table.key.startswith("posegpt")
    protocol: Protocol = "motion tables" if is_motion else "sequences" if "sequences" in table.key else "tables"
    rows = tuple(
        SheetRow(
            id=f"row:{found.id}:{row.name}",
            name=row.name,
            kind=row.kind,
            values={key: Value.of(values) for key, values in row.figures.items() if values},
            seeds=row.seeds,
            by_step={key: _stepwise(runs) for key, runs in row.by_step.items() if runs},
            paper=row.paper,
            command=command_of_row(found, row),
            settings=row.settings,
            note=row.note,
            reports=(found,),
        )
        for row in table.rows
    )
    return Sheet(
        id=found.id,
        protocol=protocol,
        title=table.title,
        words=f"{counted(len(rows), 'row')} · {found.path.parent.name}",
        columns=tuple(each for each in table.columns if any(each.key in row.values for row in rows)),
        rows=rows,
        about=table.about,
        facts=tuple((name[:1].upper() + name[1:], fact) for name, fact in table.facts.items()),
        notes=table.notes,
        founds=(found,),
    )


def _of_motion(found: Found, report: motion_reports.Report) -> Sheet:
    rows = tuple(
        SheetRow(
            id=f"motion:{found.id}:{row.who}",
            name=report.run if row.who == "samples" else row.who,
            kind="run" if row.who == "samples" else "control",
            values={
                column.key: Value(figure.mean, figure.deviation if len(report.seeds) > 1 else None)
                for column in _OF_MOTION
                if (figure := row.figures.get(column.key)) is not None and not isnan(figure.mean)
            },
            command=command_of(found),
            preset=report.preset,
            note=say(OLD) if found.is_old and row.who == "samples" else "",
            run=report.run,
            is_old=found.is_old and row.who == "samples",
            reports=(found,),
        )
        for row in report.rows
    )
    return Sheet(
        id=found.id,
        protocol="motion",
        title=say("{run}, {part} part", run=report.run, part=report.part),
        words=say(
            "{seeds} · {windows} a side",
            seeds=counted(len(report.seeds), "seed"),
            windows=counted(report.windows, "window"),
        ),
        columns=tuple(each for each in _OF_MOTION if any(each.key in row.values for row in rows)),
        rows=rows,
        about=say(
            "{run} beside real and copied motion of the {part} part of {project}.",
            run=report.run,
            part=report.part,
            project=report.project,
        ),
        facts=(
            (say("Data"), "; ".join(report.sources)),
            (say("Actions"), str(len(report.actions))),
            (say("Seeds"), ", ".join(map(str, report.seeds))),
            (say("Named by"), report.classifier),
            (say("Measured on"), report.device),
            (say("Took"), spelled_length(report.seconds)),
        ),
        notes=report.notes,
        founds=(found,),
    )


def facts_of(sheet: Sheet, row: SheetRow | None) -> list[tuple[str, str]]:
    """What is to be known of a row's figures: data, split, seeds, machine, time, licence."""
    facts = list(sheet.facts)
    if row is None:
        return facts
    if row.settings:
        facts.append((say("Settings"), " ".join(row.settings)))
    found = row.reports[0] if row.reports else None
    report = found.content if found is not None else None
    if isinstance(report, Report):
        seeds = ", ".join(map(str, row.seeds)) if row.seeds else str(report.seed)
        facts += [
            (say("Preset"), report.preset or "none"),
            (say("Seeds") if len(row.seeds) > 1 else say("Seed"), seeds),
            (say("Checkpoint"), say("step {training_step}", training_step=report.training_step)),
            (say("Learned from"), say("data {fingerprint}", fingerprint=report.data_fingerprint[:12])),
            (say("Measured on"), report.device),
            (say("Took"), spelled_length(report.seconds)),
        ]
        if report.licences:
            facts.append((say("Licence"), report.licences))
    elif row.seeds and not any(name == say("Seeds") for name, _ in facts):
        facts.append((say("Seeds"), ", ".join(map(str, row.seeds))))
    return facts


# ---- figures --------------------------------------------------------------------------------------------------------


def _values(rows: Sequence[Row]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for column in FIGURES:
        values = [value for row in rows if (value := getattr(row, column.key)) is not None]
        if values and len(values) == len(rows):
            found[column.key] = Value.of(values)
    if len(rows) == 1 and len(rows[0].quality_by_seed) > 1:  # the classifier's own seeds
        found["quality"] = Value.of(rows[0].quality_by_seed)
    return found


def _steps(rows: Sequence[Row]) -> dict[str, tuple[Value, ...]]:
    found = {key: _stepwise([getattr(row, name) for row in rows]) for key, name in _BY_STEP.items()}
    return {key: values for key, values in found.items() if values}


def _stepwise(runs: Sequence[Sequence[float]]) -> tuple[Value, ...]:
    longest = max((len(run) for run in runs), default=0)
    return tuple(Value.of([run[at] for run in runs if at < len(run)]) for at in range(longest))


def _joints(rows: Sequence[Row]) -> tuple[Value | None, ...]:
    if any(len(row.mpjpe_px_by_joint) != len(JOINTS) for row in rows):
        return ()
    columns = zip(*(row.mpjpe_px_by_joint for row in rows), strict=True)
    held = [[value for value in column if value is not None] for column in columns]
    return tuple(Value.of(values) if values else None for values in held)


def _summed(found: Sequence[Confusion]) -> Confusion | None:
    """Counts of several seeds in one matrix; those with other actions are left out."""
    if not found:
        return None
    alike = [each for each in found if each.actions == found[0].actions]
    counts = tuple(
        tuple(sum(each.counts[row][at] for each in alike) for at in range(len(counts)))
        for row, counts in enumerate(found[0].counts)
    )
    return Confusion(actions=found[0].actions, counts=counts)


def _preset(report: Report) -> str:
    return report.preset.removeprefix("forecaster/") or say("own settings")


def _grouped(number: int) -> str:
    """Thousands apart by a thin space."""
    return f"{number:,}".replace(",", "\u2009")


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for each in words if each))


# ---- looking for ----------------------------------------------------------------------------------------------------


def answers(sheet: Sheet, query: str) -> bool:
    """Whether a sheet has what is looked for: in its title, a row, a preset, or the name of a figure."""
    wanted = query.casefold().split()
    said = [sheet.title, sheet.words, say(PROTOCOLS[sheet.protocol]), *(say(each.words) for each in sheet.columns)]
    said += [part for row in sheet.rows for part in (row.name, row.preset, row.run)]
    whole = " ".join(said).casefold()
    return all(each in whole for each in wanted)


def narrowed(sheet: Sheet, query: str) -> tuple[list[SheetRow], list[Column]]:
    """The rows that answer a query; where none does, the columns that do; otherwise all of both."""
    wanted = query.casefold().split()
    rows, columns = list(sheet.rows), list(sheet.columns)
    if not wanted:
        return rows, columns
    kept = [row for row in rows if all(each in f"{row.name} {row.preset} {row.run}".casefold() for each in wanted)]
    if kept:
        return kept, columns
    named = [column for column in columns if all(each in say(column.words).casefold() for each in wanted)]
    return rows, named or columns
