"""What a motion model's report is made of: scores of seeds become rows, and what the figures mean stands once."""

import math
from collections.abc import Sequence
from pathlib import Path

import msgspec

from core.experiments.judging import CodeScores, Distance, Scores
from core.motion_reports import Figure, Report, Row

__all__ = ["MEANING", "Figure", "Report", "Row", "row_of", "write"]


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
