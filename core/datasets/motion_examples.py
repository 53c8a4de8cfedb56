"""What of a project PoseGPT learns from: which data sets, which recordings to which part, as which classes.

    examples = motion_examples(project_folder, config.data, config.seed)
    examples.labelled["validation"]        # recordings with their stretches, as `motion_windows` reads them

A set's split is the one that is named, else its own or first one, else its makers', else one drawn 70/15/15 here with
no performer in two parts. Where no set is labelled, or one without labels is named, its recordings are of the action
that their folders or their own names say. A recording that two sets have in two parts stays in the later one, which is
not learned from. What is found and what is left out is said in `notes`.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from core.datasets.catalog import fingerprint
from core.datasets.motion_windows import Joined, Labelled, classes_of, joined, parts_of
from core.errors import ProjectError, RunError
from core.posegpt_configs import MotionData
from core.project.annotations import PARTS
from core.project.motion_sets import MotionSet, MotionSplit, StoredStretch, actions_in_names, motion_sets
from core.splits import drawn_split, told
from core.wording import counted

_LEAST_RECORDINGS = 3
"""With fewer there is nothing to set aside."""
_NAMED = 3
"""How many names a note gives of what it counts."""


@dataclass(frozen=True)
class Examples:
    """Recordings by part. `learned_as` maps a label to its class; labels it does not name are not learned."""

    labelled: dict[str, tuple[Labelled, ...]]
    learned_as: dict[str, str]
    parts: dict[str, tuple[str, ...]]  # names of recordings; before a colon their set's, where there are several
    sources: tuple[str, ...]  # names and terms of the data sets
    notes: tuple[str, ...]
    fingerprint: str

    @property
    def classes(self) -> tuple[str, ...]:
        """In the order of the model's actions, the same as `MotionWindows.classes`."""
        return tuple(dict.fromkeys(sorted(self.learned_as.values())))


def motion_examples(project_folder: Path, data: MotionData, seed: int) -> Examples:
    """Everything there is to learn from; RunError in words where there is nothing."""
    every = list(motion_sets(project_folder))
    chosen = _chosen(every, data.sets)
    notes: list[str] = []
    labelled: dict[str, list[tuple[str, Labelled]]] = {part: [] for part in PARTS}
    learned_as: dict[str, str] = {}
    for each in chosen:
        split = _split(each, data.split, seed)
        notes.append(f"{each.facts.name}: {told(split)}")
        if _has_labels(each):
            found = joined(each, [other for other in every if other is not each])
            learned_as |= classes_of(each, split)
        else:
            found = _by_name(each)
            notes.append(f"{each.facts.name} has no labels: its recordings count as what their folders or names say")
            parts = parts_of(found.labelled, split)["train"]
            learned_as |= {label: label for one in parts for stretch in one.stretches for label in stretch.labels}
        notes += (_left_out(each, reason, names) for reason, names in found.left_out.items())
        before = f"{each.facts.key}:" if len(chosen) > 1 else ""
        for part, those in parts_of(found.labelled, split).items():
            labelled[part] += ((before + one.name, one) for one in those)
    notes += _apart(labelled)
    if not labelled["train"]:
        raise RunError(
            "The project has no labelled motion to learn from.",
            hint="Import motion with actions, such as BVH in folders named after them, or BABEL beside AMASS.",
        )
    parts = {part: tuple(name for name, _ in those) for part, those in labelled.items()}
    words = [f"{part} {name} {one.row.file} {one.stretches}" for part in PARTS for name, one in labelled[part]]
    words += [f"{label} {name}" for label, name in sorted(learned_as.items())]
    return Examples(
        labelled={part: tuple(one for _, one in those) for part, those in labelled.items()},
        learned_as=learned_as,
        parts=parts,
        sources=_sources(chosen, labelled),
        notes=tuple(notes),
        fingerprint=fingerprint({}, words),
    )


def _chosen(every: Sequence[MotionSet], names: str) -> list[MotionSet]:
    with_labels = [each for each in every if _has_labels(each)]
    with_names = [each for each in every if not _has_labels(each) and _by_name(each).labelled]
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if not wanted:
        if not with_labels and not with_names:
            raise RunError(
                "The project has no motion with labels to learn from.",
                hint="Import motion with actions, such as BVH in folders named after them, or BABEL beside AMASS.",
            )
        return with_labels or with_names
    chosen = []
    for name in wanted:
        usable = [*with_labels, *with_names]
        found = next((each for each in usable if name in (each.facts.key, each.facts.name)), None)
        if found is None:
            there = ", ".join(each.facts.name for each in usable) or "none"
            raise RunError(f"The project has no labelled data set {name!r}.", hint=f"It has: {there}.")
        if found not in chosen:
            chosen.append(found)
    return chosen


def _has_labels(motion_set: MotionSet) -> bool:
    return any(row.stretches for row in motion_set.rows.values())


def _by_name(motion_set: MotionSet) -> Joined:
    """A set that nobody labelled: each recording is one stretch of what its folder or its name says."""
    if motion_set.facts.holds != "motion":
        return Joined((), {})
    said = actions_in_names(motion_set.rows)
    found, left_out = [], {}
    for row in motion_set.rows.values():
        if row.name not in said:
            left_out.setdefault("no labels, and a name that tells nothing", []).append(row.name)
        elif not row.body:
            left_out.setdefault("joints alone, no body", []).append(row.name)
        else:
            whole = (StoredStretch(0.0, row.duration_s, (said[row.name],)),)
            found.append(Labelled(row.name, motion_set, replace(row, stretches=whole), whole))
    return Joined(tuple(found), {reason: tuple(names) for reason, names in left_out.items()})


def _split(motion_set: MotionSet, name: str, seed: int) -> MotionSplit:
    """The split that the module's head says."""
    stored = motion_set.splits()
    if name:
        if name not in stored:
            there = ", ".join(stored) or "none"
            raise RunError(
                f"{motion_set.facts.name} has no split {name!r}.",
                hint=f"It has: {there}. Make one: posecast split, or leave data.split empty.",
            )
        return stored[name]
    if stored:
        return stored.get("own") or next(iter(stored.values()))
    try:
        return drawn_split(motion_set, "own", "own", seed)
    except ProjectError:
        pass
    rows = motion_set.rows.values()
    if len(rows) < _LEAST_RECORDINGS:
        how = "too few recordings to set any aside, so no figure tells how it does on what it has not seen"
        return MotionSplit(name="all", how=how, parts={"train": tuple(row.name for row in rows)})
    performers = {row.performer for row in rows}
    by = "performer" if "" not in performers and len(performers) >= _LEAST_RECORDINGS else "sequence"
    return drawn_split(motion_set, "drawn", by, seed)


def _apart(labelled: dict[str, list[tuple[str, Labelled]]]) -> Iterable[str]:
    """Takes recordings away that another set has in a later part; test comes last. What one set has twice is said."""
    for at, part in enumerate(PARTS):
        later: dict[str, set[str]] = {}
        for other in PARTS[at + 1 :]:
            for _, one in labelled[other]:
                later.setdefault(one.row.file, set()).add(one.motion_set.facts.key)
        elsewhere = [
            name for name, one in labelled[part] if later.get(one.row.file, set()) - {one.motion_set.facts.key}
        ]
        own = sum(one.motion_set.facts.key in later.get(one.row.file, ()) for _, one in labelled[part])
        if own:
            yield f"{counted(own, 'recording')} of {part} {'is' if own == 1 else 'are'} in a later part too, as copies"
        if elsewhere:
            gone = set(elsewhere)
            labelled[part] = [(name, one) for name, one in labelled[part] if name not in gone]
            yield f"Left out of {part}: {counted(len(gone), 'recording')} that another data set has in a later part"


def _left_out(motion_set: MotionSet, reason: str, names: Sequence[str]) -> str:
    few = ", ".join(names[:_NAMED])
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{motion_set.facts.name}, left out: {counted(len(names), 'recording')}, {reason} ({few}{more})"


def _sources(chosen: Sequence[MotionSet], labelled: dict[str, list[tuple[str, Labelled]]]) -> tuple[str, ...]:
    """The sets of labels and those of the motion they were joined to, each with its terms."""
    sets = {each.facts.key: each.facts for each in chosen}
    counts = Counter(one.motion_set.facts.key for those in labelled.values() for _, one in those)
    sets |= {one.motion_set.facts.key: one.motion_set.facts for those in labelled.values() for _, one in those}
    return tuple(
        f"{facts.name}: {counted(counts[key], 'recording') if counts[key] else 'labels'}; "
        f"{facts.licence or 'its terms are not said'}"
        for key, facts in sorted(sets.items())
    )
