"""Splits by name: which clips or recordings a model learns from, is chosen on, and is measured on.

A split is drawn from the names of what is split and a seed, so the same names and seed give the same parts on every
machine. Stored it is never drawn again: the same name with other parts is refused, and what is added later belongs to
no part until somebody makes a new split. No torch.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from typing import Literal

from core.errors import ProjectError
from core.project.annotations import PARTS, Clip, Project, Split
from core.project.edits import add_split
from core.project.motion_sets import MotionRow, MotionSet, MotionSplit
from core.wording import counted

By = Literal["sequence", "performer", "own"]
SHARE = 0.15
"""Of validation and of test each: 70/15/15."""

_GRAB = {"s1": "validation", "s10": "test"}
_AMASS = {
    **dict.fromkeys(("humaneva", "mpihdm05", "hdm05", "sfu", "mpimosh", "mosh"), "validation"),
    **dict.fromkeys(("transitionsmocap", "transitions", "ssmsynced", "ssm"), "test"),
}


def split_clips(
    project: Project,
    name: str,
    by: By,
    seed: int,
    *,
    author: str,
    only: Collection[str] | None = None,
    beside: Mapping[str, str] | None = None,
) -> tuple[Project, Split, str]:
    """The project with a new split of its clips, the split, and how it came about. The same twice changes nothing.

    `only` are the ids of the clips to split, where it is not all. `beside` says by names which clip stays in the part
    of which other, such as one that repeats it.
    """
    clips = [clip for clip in project.clips.values() if only is None or clip.id in only]
    if by == "own":
        there = ", ".join(each.name for each in project.splits.values())
        raise ProjectError(
            "a data set's own split of its clips comes in with its annotations",
            hint=f"This project has: {there}." if there else "Import its annotations, or split by sequence.",
        )
    groups = _together(_groups(((clip.name, clip.performer) for clip in clips), by, "clips"), beside or {})
    ids = {clip.name: clip.id for clip in clips}
    drawn = {part: tuple(ids[each] for each in names) for part, names in _drawn(groups, seed).items()}
    how = f"{_how(by, seed)}: {_counts(drawn, 'clip')}"
    there = next((each for each in project.splits.values() if each.name == name), None)
    if there is not None:
        if _same(there.parts, drawn):
            return project, there, how
        raise ProjectError(
            f"the project has another split {name!r} already", hint="A split is never changed: name this one otherwise."
        )
    after, split = add_split(project, name, drawn, author=author, source=_how(by, seed))
    return after, split, how


def twins(clips: Iterable[Clip]) -> dict[str, str]:
    """Clips that repeat another: the same actions in the same order; each by name, beside the first of its kind.

    A log that was written down twice would otherwise be learned in one part and measured in another.
    """
    first: dict[tuple[tuple[str, str], ...], str] = {}
    beside: dict[str, str] = {}
    for clip in sorted(clips, key=lambda each: each.name):
        in_order = sorted(clip.segments, key=lambda each: (each.start_frame, each.end_frame))
        actions = tuple((each.actor, each.action) for each in in_order)
        if not actions:
            continue
        other = first.setdefault(actions, clip.name)
        if other != clip.name:
            beside[clip.name] = other
    return beside


def drawn_parts(names: Iterable[str], seed: int, beside: Mapping[str, str] | None = None) -> dict[str, tuple[str, ...]]:
    """70/15/15 of names that nothing else is known of, not stored; `beside` as in `split_clips`."""
    return _drawn(_together(_groups(((name, "") for name in names), "sequence", "sequences"), beside or {}), seed)


def split_set(motion_set: MotionSet, name: str, by: By, seed: int) -> MotionSplit:
    """A split of a data set's recordings, stored with it."""
    split = drawn_split(motion_set, name, by, seed)
    motion_set.store_split(split)
    return split


def drawn_split(motion_set: MotionSet, name: str, by: By, seed: int) -> MotionSplit:
    """The same split, not stored: for whoever may only read."""
    rows = list(motion_set.rows.values())
    if not rows:
        raise ProjectError(f"{motion_set.facts.name} holds no recordings", hint="Split a data set of motion or labels.")
    if by == "own":
        parts, how = own_parts(motion_set), "its makers' own"
    else:
        groups = _groups(((row.name, row.performer) for row in rows), by, f"recordings of {motion_set.facts.name}")
        parts, how = _drawn(groups, seed), _how(by, seed)
    return MotionSplit(name=name, how=how, parts=parts)


def own_parts(motion_set: MotionSet) -> dict[str, tuple[str, ...]]:
    """The split that the makers of a data set give; ProjectError where they give none."""
    parts: dict[str, list[str]] = {part: [] for part in PARTS}
    for row in motion_set.rows.values():
        part = row.part or _makers_part(motion_set.facts.format, row)
        if part in parts:
            parts[part].append(row.name)
    if not parts["train"] or not (parts["validation"] or parts["test"]):
        raise ProjectError(
            f"no split of the makers of {motion_set.facts.name} is known", hint="Split it by sequence or by performer."
        )
    return {part: tuple(sorted(names)) for part, names in parts.items()}


def left_over(names: Iterable[str], parts: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Those that no part names, such as what was added since."""
    named = {each for part in parts.values() for each in part}
    return tuple(each for each in names if each not in named)


def told(split: MotionSplit) -> str:
    """How it was made and how much is in each part."""
    return f"{split.how}: {_counts(split.parts, 'recording')}"


def _makers_part(format_name: str, row: MotionRow) -> str:
    """What is publicly known of a data set's parts: GRAB's by subject, AMASS' by the collection a motion is from."""
    if format_name.startswith("GRAB"):
        return _GRAB.get(row.performer.lower(), "train")
    if format_name.startswith("AMASS"):
        collection = row.name.partition("/")[0] if "/" in row.name else ""
        plain = "".join(each for each in collection.lower() if each.isalnum())
        return _AMASS.get(plain, "train") if plain else ""
    return ""


def _groups(named: Iterable[tuple[str, str]], by: By, what: str) -> dict[str, list[str]]:
    """Names that must stay together, by the sequence's own name or by who performs."""
    groups: dict[str, list[str]] = {}
    for name, performer in named:
        if by == "performer" and not performer:
            raise ProjectError(f"nobody says who performs in {name}", hint="Name the performer, or split by sequence.")
        groups.setdefault(performer if by == "performer" else name, []).append(name)
    if len(groups) < len(PARTS):
        things = counted(len(groups), "performer") if by == "performer" else counted(len(groups), "sequence")
        raise ProjectError(f"there are {things} among the {what}: too few for three parts", hint="At least three.")
    return groups


def _together(groups: dict[str, list[str]], beside: Mapping[str, str]) -> dict[str, list[str]]:
    """The groups, those joined whose names must not stand in two parts."""
    of_name = {name: group for group, names in groups.items() for name in names}
    for name, other in beside.items():
        one, into = of_name.get(name), of_name.get(other)
        if one is None or into is None or one == into:
            continue
        for each in groups[one]:
            of_name[each] = into
        groups[into].extend(groups.pop(one))
    if len(groups) < len(PARTS):
        raise ProjectError("these sequences belong together: too few are left for three parts", hint="At least three.")
    return groups


def _drawn(groups: Mapping[str, list[str]], seed: int) -> dict[str, tuple[str, ...]]:
    """70/15/15 of the groups, in an order that depends on their names and the seed alone."""
    left = sorted(groups, key=lambda group: hashlib.sha256(f"{seed} {group}".encode()).digest())
    parts: dict[str, tuple[str, ...]] = {}
    for part in ("test", "validation"):
        count = max(1, round(SHARE * len(groups)))
        parts[part] = tuple(sorted(name for group in left[:count] for name in groups[group]))
        left = left[count:]
    parts["train"] = tuple(sorted(name for group in left for name in groups[group]))
    return {part: parts[part] for part in PARTS}


def _how(by: By, seed: int) -> str:
    return f"70/15/15 {'by performer' if by == 'performer' else 'along sequences'}, seed {seed}"


def _same(these: Mapping[str, tuple[str, ...]], those: Mapping[str, tuple[str, ...]]) -> bool:
    return all(set(these.get(part, ())) == set(those.get(part, ())) for part in PARTS)


def _counts(parts: Mapping[str, tuple[str, ...]], thing: str) -> str:
    return ", ".join(f"{counted(len(parts.get(part, ())), thing)} {part}" for part in PARTS)
