"""The report of a motion model: what was measured, on what, over how many seeds, and what it may be compared with."""

import math
from collections.abc import Sequence
from pathlib import Path

import msgspec

from core.experiments.judging import CodeScores, Distance, Scores
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
    """One kind of motion over the seeds: figures by the names of `judging.Scores`, parts after a dot."""

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


def row_of(scores: Sequence[Scores]) -> Row:
    """The same kind of motion, judged once a seed."""
    flat = [_flat(each) for each in scores]
    names = [name for name in flat[0] if all(name in each for each in flat)]
    first = scores[0].to_held_out or scores[0].to_train
    return Row(
        who=scores[0].who,
        motions=scores[0].motions,
        figures={name: _figure([each[name] for each in flat]) for name in names},
        narrowed_to=first.dimensions if first is not None and first.narrowed else None,
    )


def _figure(values: list[float]) -> Figure:
    mean = sum(values) / len(values)
    if len(values) < 2:
        return Figure(mean)
    return Figure(mean, math.sqrt(sum((each - mean) ** 2 for each in values) / (len(values) - 1)))


def _flat(scores: Scores) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in scores.__struct_fields__:
        value = getattr(scores, name)
        if isinstance(value, Distance | CodeScores):
            found |= {
                f"{name}.{part}": float(getattr(value, part))
                for part in value.__struct_fields__
                if part not in ("motions", "dimensions", "narrowed")
            }
        elif isinstance(value, dict):
            found |= {f"{name}.{action}": float(each) for action, each in value.items()}
        elif isinstance(value, float):
            found[name] = value
    return found


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


MEANING = (
    "R_T: share of samples that T, trained on real motion, names right, over the share of unseen real motion it names "
    "right. R_S: share of unseen real motion that S, trained on samples by the same schedule and number of windows, "
    "names right, over T's. The paper's tables swap the two names among themselves; here each is what it says.",
    "FID and KID are distances of T's features. FID falls with the number of motions; compare it only with the one in "
    "brackets beside it. Windows overlap where few recordings give many, which makes real motion look nearer to itself "
    "than strangers' would be.",
    "copied motion: other windows of the very recordings the model learned from, of the same actions; a model gains "
    "nothing by being nearer to train than that. codes at best: held-out windows through the auto-encoder and back.",
    "nearer than held out: how often a sample comes nearer to what was learned than unseen real motion does, second by "
    "second; 50 % is as near as strangers are, 100 % is copying.",
    "Foot skating and jerk are of motion as the model gives it; where it is shown, heights are put right.",
    "PVE is on the built-in body and a tenth of its surface; the paper's is on SMPL-X's.",
    "Stands for a row of the paper's Tables 1 to 4. It does not compare with theirs: other data, another classifier, "
    "other sizes; rows made here compare with each other.",
)


def write(report: Report, folder: Path) -> tuple[Path, Path]:
    """`report.json` for machines, `report.md` for people."""
    folder.mkdir(parents=True, exist_ok=True)
    machine, people = folder / "report.json", folder / "report.md"
    machine.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    people.write_text(report.markdown(), encoding="utf-8")
    return machine, people
