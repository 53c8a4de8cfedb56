"""Reports of motion models as values, and their tables as tables like the forecaster's. No torch here.

`report.json` of an evaluation holds a `Report`: kinds of motion, each figure a mean over seeds with its scatter. A
table of PoseGPT's paper is kept as the rows that were measured (tables 1 to 4) or as a printed row (table 5);
`read_table` makes either a `core.reports.Table`, so that whoever shows tables knows one form. The paper's figures stand
beside only where a row of this machine stands under them. Shares are 0 … 1, PVE is in millimetres.
"""

import math
from pathlib import Path

import msgspec

from core.errors import FormatError
from core.reports import Column, Table, TableRow
from core.wording import counted, spelled_length


class Figure(msgspec.Struct, frozen=True):
    """A figure over the seeds: its mean, and how far it scatters (standard deviation)."""

    mean: float
    deviation: float = 0.0

    def said(self, digits: int = 2, scale: float = 1.0) -> str:
        """`0.83 ± 0.02`, or without the scatter where there is one seed."""
        text = f"{scale * self.mean:.{digits}f}"
        return f"{text} ± {scale * self.deviation:.{digits}f}" if self.deviation > 0 else text


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of motion over the seeds: figures by the names of `experiments.judging.Scores`, parts after a dot."""

    who: str
    motions: int
    figures: dict[str, Figure]
    narrowed_to: int | None = None  # dimensions that distances were taken in, where features were wider

    def __getitem__(self, name: str) -> Figure:
        return self.figures[name]

    def said(self, name: str, digits: int = 2, scale: float = 1.0) -> str:
        """The figure, or a dash."""
        found = self.figures.get(name)
        return "–" if found is None or math.isnan(found.mean) else found.said(digits, scale)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a reader needs to judge the figures."""

    run: str
    preset: str
    project: str
    part: str
    sources: tuple[str, ...]
    recordings: dict[str, int]
    actions: tuple[str, ...]
    windows: int
    seeds: tuple[int, ...]
    classifier: str
    frames_a_token: int
    books: int
    codes: int
    training_step: int
    data_fingerprint: str
    device: str
    seconds: float
    rows: tuple[Row, ...]
    accuracy_on_real: Figure
    notes: tuple[str, ...] = ()

    def row(self, who: str) -> Row:
        """The figures of one kind of motion."""
        return next(each for each in self.rows if each.who == who)

    def markdown(self) -> str:
        """The report as a page of Markdown."""
        bits = math.log2(self.codes) * self.books * 30 / self.frames_a_token
        recordings = ", ".join(f"{counted(count, 'recording')} {part}" for part, count in self.recordings.items())
        held = "what was learned itself" if self.part == "train" else f"the {self.part} part"
        lines = [
            f"# {self.run} against {held} of {self.project}",
            "",
            f"- Data: {'; '.join(self.sources)}.",
            f"- Sizes: {recordings}; "
            f"{counted(self.windows, 'window')} a side, {counted(len(self.actions), 'action')} "
            f"({', '.join(self.actions)}).",
            f"- Model: preset {self.preset or 'none'}, step {self.training_step} of its GPT, one token for "
            f"{counted(self.frames_a_token, 'frame')}, {counted(self.books, 'book')} of {self.codes} codes: "
            f"{bits:.0f} bits a second at most.",
            f"- T: {self.classifier}; it names {self.accuracy_on_real.said(1, 100)} % of real motion of {held} right. "
            f"Seeds {', '.join(map(str, self.seeds))}, ± is their standard deviation.",
            f"- Measured on {self.device} in {spelled_length(self.seconds)}; data {self.data_fingerprint[:12]}.",
            "",
            "| motion | T names right % | R_T | R_S | FID to train | FID to held out | KID to train | KID to held out "
            "| diversity | multimodality |",
            "|---|---|---|---|---|---|---|---|---|---|",
            *(
                f"| {row.who} | {row.said('accuracy', 1, 100)} | {row.said('recognised')} | {row.said('teaches')} "
                f"| {self._distance(row, 'to_train', 'fid')} | {self._distance(row, 'to_held_out', 'fid')} "
                f"| {self._distance(row, 'to_train', 'kid')} | {self._distance(row, 'to_held_out', 'kid')} "
                f"| {row.said('diversity')} | {row.said('multimodality')} |"
                for row in self.rows
            ),
            "",
            "In brackets: real motion of that part against itself, at the same size.",
            "",
            "| motion | peak jerk m/s³ | 95th percentile | foot skating m/s | nearest learned motion mm | nearer than "
            "held out % | mAP |",
            "|---|---|---|---|---|---|---|",
            *(
                f"| {row.who} | {row.said('peak_jerk_m_s3', 0)} | {row.said('peak_jerk_95_m_s3', 0)} "
                f"| {row.said('foot_skating_m_s', 3)} | {row.said('nearest_mm', 0)} "
                f"| {row.said('nearer_than_held_out', 0, 100)} | {row.said('mean_average_precision')} |"
                for row in self.rows
            ),
            "",
            *self._codes(),
            "| T names right % | " + " | ".join(self.actions) + " |",
            "|---|" + "---|" * len(self.actions),
            *(
                f"| {row.who} | "
                + " | ".join(row.said(f"accuracy_by_action.{action}", 0, 100) for action in self.actions)
                + " |"
                for row in self.rows
            ),
            "",
            *(f"- {note}" for note in self.notes),
        ]
        return "\n".join(lines) + "\n"

    def _distance(self, row: Row, to: str, kind: str) -> str:
        said = row.said(f"{to}.{kind}")
        return said if said == "–" else f"{said} ({row.said(f'{to}.{kind}_of_real')})"

    def _codes(self) -> list[str]:
        samples = self.row("samples")
        if "on_train.pve_mm" not in samples.figures:
            return []
        parts = (("on_train", "train"), ("on_held_out", "held out"))
        return [
            "| real motion | PVE mm | bits a code | bits a second | bits a dimension | next code right % |",
            "|---|---|---|---|---|---|",
            *(
                f"| {name} | {samples.said(f'{part}.pve_mm', 1)} | {samples.said(f'{part}.bits_a_code')} "
                f"| {samples.said(f'{part}.bits_a_second', 1)} | {samples.said(f'{part}.bits_a_dimension', 4)} "
                f"| {samples.said(f'{part}.next_code_right', 1, 100)} |"
                for part, name in parts
            ),
            "",
        ]


# ---- tables of the paper --------------------------------------------------------------------------------------------


class _Distance(msgspec.Struct):
    fid: float
    kid: float


class _Codes(msgspec.Struct):
    pve_mm: float
    bits_a_code: float
    next_code_right: float


class _Scores(msgspec.Struct):
    recognised: float
    teaches: float | None = None
    to_held_out: _Distance | None = None
    to_train: _Distance | None = None
    on_held_out: _Codes | None = None


class _Measured(msgspec.Struct):
    name: str
    scores: _Scores
    seconds: float


class _Printed(msgspec.Struct):
    dataset: str
    columns: tuple[str, ...]
    printed: tuple[tuple[str, tuple[str, ...]], ...]
    real: tuple[str, ...]
    ours: tuple[str, ...]
    notes: tuple[str, ...] = ()


_COLUMNS = (
    Column(key="pve_mm", words="PVE", unit="mm", better="less"),
    Column(key="recognised", words="R_T", better="more", digits=2),
    Column(key="teaches", words="R_S", better="more", digits=2),
    Column(key="fid_held_out", words="FID to held out", better="less"),
    Column(key="kid_held_out", words="KID to held out", better="less", digits=2),
    Column(key="fid_train", words="FID to train", better="", digits=1),
    Column(key="bits_a_code", words="Bits a code", better="", digits=2),
    Column(key="next_code_right", words="Next code right", unit="%", better="more"),
)
_TITLES = {
    "table1": "PoseGPT, Table 1: capacity of the latent space",
    "table2": "PoseGPT, Table 2: capacity on other data",
    "table3": "PoseGPT, Table 3: what the GPT is told, and its head",
    "table4": "PoseGPT, Table 4: causal attention",
}


def is_table(data: bytes) -> bool:
    """Whether a JSON file called a table is one of motion models."""
    return data.lstrip()[:1] == b"[" or (b'"printed"' in data and b'"dataset"' in data)


def is_report(data: bytes) -> bool:
    """Whether a report is of a motion model: its rows say who moved."""
    return b'"accuracy_on_real"' in data


def read_report(path: Path, data: bytes) -> Report:
    """A motion model's report; FormatError where it is none."""
    try:
        return msgspec.json.decode(data, type=Report)
    except msgspec.MsgspecError as error:
        raise FormatError(path, f"no report of a motion model ({error})") from None


def read_table(path: Path, data: bytes) -> Table:
    """A table of PoseGPT's paper; FormatError where it is none."""
    try:
        if data.lstrip()[:1] == b"[":
            return _measured(path.stem, msgspec.json.decode(data, type=tuple[_Measured, ...]))
        return _printed(msgspec.json.decode(data, type=_Printed))
    except msgspec.MsgspecError as error:
        raise FormatError(path, f"no table of motion models ({error})") from None


def _measured(key: str, found: tuple[_Measured, ...]) -> Table:
    rows = []
    for each in found:
        scores = each.scores
        held, train, codes = scores.to_held_out, scores.to_train, scores.on_held_out
        values = {
            "pve_mm": codes and codes.pve_mm,
            "recognised": scores.recognised,
            "teaches": scores.teaches,
            "fid_held_out": held and held.fid,
            "kid_held_out": held and held.kid,
            "fid_train": train and train.fid,
            "bits_a_code": codes and codes.bits_a_code,
            "next_code_right": codes and codes.next_code_right,
        }
        figures = {name: (value,) for name, value in values.items() if value is not None}
        rows.append(TableRow(name=each.name, figures=figures, seconds=each.seconds))
    return Table(
        key=f"posegpt-{key}",
        title=_TITLES.get(key, f"PoseGPT, {key}"),
        about="Rows compare with each other, not with the paper's: other data and smaller models.",
        columns=tuple(each for each in _COLUMNS if any(each.key in row.figures for row in rows)),
        rows=tuple(rows),
    )


def _printed(found: _Printed) -> Table:
    columns = tuple(
        Column(key=name, words=name, better="less" if "FID" in name else "", digits=2) for name in found.columns
    )
    paper = dict(found.printed)
    rows = tuple(
        TableRow(
            name=name,
            kind="control" if name == "real motion" else "run",
            figures={
                key: (value,)
                for key, text in zip(found.columns, said, strict=True)
                if (value := _value(text)) is not None
            },
            paper=dict(zip(found.columns, paper.get(printed, ()), strict=False)),
        )
        for name, said, printed in (
            ("real motion", found.real, "real, as printed"),
            ("this model", found.ours, "PoseGPT, as printed"),
        )
    )
    return Table(
        key="posegpt-table5",
        title=f"PoseGPT, Table 5: {found.dataset}",
        about="The paper's protocol on this machine.",
        columns=columns,
        rows=rows,
        notes=found.notes,
    )


def _value(text: str) -> float | None:
    """The mean in `0.83 ± 0.02`."""
    try:
        return float(text.partition("±")[0])
    except ValueError:
        return None
