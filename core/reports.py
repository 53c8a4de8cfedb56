"""Reports as values: what was measured, how, and the figures. Written by evaluations, read by people and the studio.

Two kinds of file. `report.json` holds a `Report`: one checkpoint on one part of its split, beside the plain methods.
`table.json` holds a `Table`: rows trained with several seeds (or on several splits), one value a seed. No torch here.
Accuracies and shares are 0 … 1; pixels are those of the original picture; millimetres are true ones.
"""

from collections.abc import Iterator
from pathlib import Path
from statistics import fmean, stdev
from typing import Literal

import msgspec

from core.bodies.skeletons import UPPER_BODY_9
from core.errors import FormatError
from core.wording import counted

Kind = Literal["run", "plain", "control"]
"""A trained model, a method without a network of ours, or what only bounds a figure (ceiling, floor, shuffled)."""


class Confusion(msgspec.Struct, frozen=True, kw_only=True):
    """How often action `i` came where `j` was foreseen: counts[i][j], over all steps ahead."""

    actions: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One method's figures; None where a method says nothing of the kind."""

    method: str
    kind: Kind = "plain"
    top1: float | None = None
    top5: float | None = None
    top1_by_step: tuple[float, ...] = ()
    top5_by_step: tuple[float, ...] = ()
    calibration_error: float | None = None  # expected, of the first action's confidence
    mpjpe_px: float | None = None
    mpjpe_torso: float | None = None
    mpjpe_px_by_step: tuple[float, ...] = ()
    mpjpe_px_by_joint: tuple[float | None, ...] = ()  # UPPER_BODY_9 without the neck; None where never seen
    mpjpe_mm: float | None = None
    pa_mpjpe_mm: float | None = None
    bones_off: float | None = None  # share of bones no grown-up has: outside the bank's range
    bones_uneven: float | None = None  # share of pairs whose left and right differ more than the bank's do
    limits_off: float | None = None  # share of poses with a joint bent past its limit
    quality: float | None = None  # share of poses that the frozen classifier calls real; mean over its seeds
    quality_by_seed: tuple[float, ...] = ()  # of the classifier
    time_error_s: float | None = None  # median distance from when a step came
    time_within: float | None = None  # share of what came inside the interval that is to hold 80 %
    best_of_px: float | None = None  # 2D error of the nearest of several futures
    apart_mm: float | None = None  # how far two of them lie from each other
    confusion: Confusion | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured, on what, and the figures of every method."""

    run: str
    preset: str
    project: str
    part: str
    steps_ahead: int
    training_step: int
    seed: int
    clips: int
    windows: int
    data_fingerprint: str
    device: str
    seconds: float
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    command: str = ""  # makes it again
    licences: str = ""  # of the data, in words

    def row(self, method: str) -> Row:
        """The figures of a method by its name; of the run itself by `run`'s."""
        return next(each for each in self.rows if each.method == method)

    def markdown(self) -> str:
        """The report as a page of Markdown; columns that no method fills are left out."""
        sizes = f"{counted(self.windows, 'window')} of {counted(self.clips, 'clip')}, {self.steps_ahead} steps ahead"
        shown = [each for each in FIGURES if any(getattr(row, each.key) is not None for row in self.rows)]
        lines = [
            f"# {self.run} on the {self.part} part of {self.project}",
            "",
            f"{sizes}. {self._made()} Measured on {self.device} in {self.seconds:.1f} s; "
            f"data {self.data_fingerprint[:12]}.",
            *(("", f"Data: {self.licences}.") if self.licences else ()),
            *(("", f"Made by `{self.command}`.") if self.command else ()),
            "",
            f"| method | {' | '.join(each.words for each in shown)} |",
            "|---|" + "---:|" * len(shown),
            *(f"| {_named(row)} | {' | '.join(_cell(row, each) for each in shown)} |" for row in self.rows),
            "",
            f"| by step ahead | {' | '.join(str(at + 1) for at in range(self.steps_ahead))} |",
            "|---|" + "---:|" * self.steps_ahead,
            *(
                f"| {_named(row)}, {name} | {' | '.join(text(each) for each in values)} |"
                for row in self.rows
                for name, values, text in (
                    ("top-1", row.top1_by_step, share),
                    ("top-5", row.top5_by_step, share),
                    ("2D error px", row.mpjpe_px_by_step, figure),
                )
                if values
            ),
            *self._by_joint(),
            "",
            *(f"- {note}" for note in self.notes),
        ]
        return "\n".join(lines) + "\n"

    def _made(self) -> str:
        if not self.preset and not self.training_step:
            return "Nothing was trained."
        return f"Preset {self.preset or 'none'}, seed {self.seed}, checkpoint of step {self.training_step}."

    def _by_joint(self) -> list[str]:
        rows = [row for row in self.rows if len(row.mpjpe_px_by_joint) == len(JOINTS)]
        if not rows:
            return []
        return [
            "",
            f"| 2D error px by joint | {' | '.join(JOINTS)} |",
            "|---|" + "---:|" * len(JOINTS),
            *(f"| {_named(row)} | {' | '.join(figure(each) for each in row.mpjpe_px_by_joint)} |" for row in rows),
        ]


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A figure of a table: `key` names it in rows; `unit` is %, px, mm, s or nothing; shares print as per cent."""

    key: str
    words: str
    unit: str = ""
    better: Literal["more", "less", ""] = ""
    digits: int = 1


class TableRow(msgspec.Struct, frozen=True, kw_only=True):
    """A method with one value a seed or split for every figure, and how to make them again."""

    name: str
    kind: Kind = "run"
    figures: dict[str, tuple[float, ...]] = {}
    by_step: dict[str, tuple[tuple[float, ...], ...]] = {}  # seed by seed, one value a step ahead
    paper: dict[str, str] = {}  # what the paper prints in that row, by column
    settings: tuple[str, ...] = ()  # departures from the table's preset
    seeds: tuple[int, ...] = ()
    seconds: float | None = None  # of training, all seeds together
    command: str = ""
    reports: tuple[str, ...] = ()  # paths of its reports, relative to the table
    note: str = ""

    def mean(self, key: str) -> float | None:
        values = self.figures.get(key, ())
        return fmean(values) if values else None

    def spread(self, key: str) -> float | None:
        """Standard deviation over seeds or splits; None with fewer than two."""
        values = self.figures.get(key, ())
        return stdev(values) if len(values) > 1 else None


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table or figure of a paper in our figures."""

    key: str  # table1 … table4, figure3, choices, sequences …
    title: str
    about: str  # what it stands for and why it does or does not compare with the paper's
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    facts: dict[str, str] = {}  # data and licence, sizes, wall time, device, seeds, split
    notes: tuple[str, ...] = ()

    def best(self, key: str) -> str:
        """The name of the trained or plain row that is best in a column; empty where none can be."""
        column = next(each for each in self.columns if each.key == key)
        known = [(row.mean(key), row.name) for row in self.rows if row.kind != "control" and row.mean(key) is not None]
        if not known or not column.better:
            return ""
        values = {name: value for value, name in known if value is not None}
        return (max if column.better == "more" else min)(values, key=lambda name: values[name])


AnyReport = Report | Table

JOINTS = tuple(joint.replace("_", " ") for joint in UPPER_BODY_9.joints if joint != "neck")
"""What `Row.mpjpe_px_by_joint` is of."""

FIGURES = (
    Column(key="top1", words="top-1", unit="%", better="more"),
    Column(key="top5", words="top-5", unit="%", better="more"),
    Column(key="calibration_error", words="calibration error", unit="%", better="less"),
    Column(key="mpjpe_px", words="2D error px", unit="px", better="less"),
    Column(key="mpjpe_torso", words="2D error, torso lengths", unit="%", better="less"),
    Column(key="best_of_px", words="best future px", unit="px", better="less"),
    Column(key="apart_mm", words="futures apart mm", unit="mm", digits=0),
    Column(key="mpjpe_mm", words="3D error mm", unit="mm", better="less", digits=0),
    Column(key="pa_mpjpe_mm", words="aligned 3D error mm", unit="mm", better="less", digits=0),
    Column(key="quality", words="3D quality", unit="%", better="more"),
    Column(key="bones_off", words="bones off", unit="%", better="less"),
    Column(key="bones_uneven", words="left and right uneven", unit="%", better="less"),
    Column(key="limits_off", words="limits off", unit="%", better="less"),
    Column(key="time_error_s", words="time error s", unit="s", better="less", digits=2),
    Column(key="time_within", words="inside 80 %", unit="%"),
)
"""Every figure of a `Row` that is one number, in the order of a report's columns."""


def _named(row: Row) -> str:
    """Controls in italics: what only bounds a figure is no method."""
    name = row.method.replace("|", "/")
    return f"*{name}*" if row.kind == "control" else name


def _cell(row: Row, column: Column) -> str:
    value = getattr(row, column.key)
    return share(value) if column.unit == "%" else figure(value, column.digits)


def share(value: float | None) -> str:
    """0.571 as `57.1 %`."""
    return "–" if value is None else f"{100 * value:.1f} %"


def figure(value: float | None, digits: int = 1) -> str:
    """A number, or a dash."""
    return "–" if value is None else f"{value:.{digits}f}"


def read_report(path: Path) -> AnyReport:
    """The report or table in a JSON file; FormatError where it is neither."""
    try:
        data = path.read_bytes()
        kind = Table if b'"columns"' in data else Report
        return msgspec.json.decode(data, type=kind)
    except (OSError, msgspec.MsgspecError) as error:
        raise FormatError(path, f"no report of a forecaster ({error})") from None


def find_reports(folder: Path) -> Iterator[Path]:
    """Every report and table below a project's `runs` folder, newest first."""
    found = [*folder.glob("**/report.json"), *folder.glob("**/table*.json")]
    yield from sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)
