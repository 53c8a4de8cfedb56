"""BABEL, GRAB and HumanAct12 from their raw folder to what PoseGPT learns from, as a run.

    import     the motion, and BABEL's labels apart from it: file by file, goes on where it was, twice changes nothing
    join       BABEL's labels to AMASS's recordings by the one name of all their spellings
    split      their makers' own: BABEL's files, GRAB's subjects (s1 to choose on, s10 to measure on). HumanAct12 has
               none: everything is learned from and measured against, as its published figures are
    at the end windows of each part and class, what could not be joined and why; `windows.csv` in the run's folder

HumanAct12's joints get bodies as they come in; ACTOR's file of it has them already.
"""

import csv
from collections.abc import Generator, Sequence
from pathlib import Path

from core import splits
from core.datasets.motion_windows import Joined, MotionWindows, classes_of, joined, parts_of
from core.errors import FormatError, ProjectError, RunError
from core.formats.delimited import as_cell
from core.importing.carrying_out import carry_out
from core.importing.papers import AMASS_SHOULD_HOLD, MOTION, refuse, said_of
from core.project.motion_sets import PARTS, MotionSet, MotionSplit, motion_sets
from core.runs import Done, Event, Events, ImportData, Made, Note, PrepareData
from core.wording import counted

SPLIT = "own"
"""Name of the split that is stored with the data set."""
_MOST_NAMED = 5


def prepare(spec: PrepareData) -> Events:
    """Carry `spec` out for one of the three data sets of motion."""
    if spec.dataset not in MOTION:
        raise RunError(f"{spec.dataset} is no data set of motion.", hint=f"These are: {', '.join(MOTION)}.")
    refuse(spec)
    name, project = MOTION[spec.dataset], Path(spec.project)
    labels = yield from _imported(spec, name, Path(spec.source), fit_bodies=spec.dataset == "humanact12")
    if spec.motion:
        yield from _amass(spec)
    found = joined(labels, list(motion_sets(project)))
    yield from _told_left_out(found)
    if not found.labelled:
        raise RunError(
            f"No label of {name} has a motion.",
            hint="Name the folder of AMASS: --motion FOLDER" if spec.dataset == "babel" else "Look at its folder.",
        )
    split = yield from _split(labels)
    apart = splits.left_over((each.name for each in found.labelled), split.parts)
    if apart:
        where = f"in no part of split {split.name!r}"
        yield Note(f"{counted(len(apart), 'recording')} {where}: not learned from, not measured on: {_few(apart)}")
    windows = _windows(found, labels, split)
    for part, each in windows.items():
        for reason, count in each.left_out.items():
            yield Note(f"{part}: {counted(count, 'stretch', 'stretches')} left out, {reason}")
    path = Path(spec.out) / "windows.csv"
    _write(path, windows)
    yield Made("windows by part and class", str(path))
    yield Done(_summary(name, labels, found, split, windows), (str(labels.folder), str(path)))


def _imported(spec: PrepareData, name: str, source: Path, *, fit_bodies: bool) -> Generator[Event, None, MotionSet]:
    """Take a folder in, or find it taken in already."""
    project = Path(spec.project)
    there = any(each.facts.source == str(source) and each.facts.format == name for each in motion_sets(project))
    task = ImportData(
        project=spec.project, out=str(Path(spec.out) / f"import-{name.lower()}"), source=str(source), format=name,
        name="" if there else name, fit_bodies=fit_bodies, options=spec.options if name != "AMASS" else {},
        author=spec.author,
    )  # fmt: skip
    Path(task.out).mkdir(parents=True, exist_ok=True)
    done: Done | None = None
    for event in carry_out(task):
        if isinstance(event, Done):
            done = event
        else:
            yield event
    if done is None or not done.outputs:
        raise RunError(f"The import of {name} ended without a word.", hint="Run the same command again.")
    yield Note(done.summary)
    return MotionSet(Path(done.outputs[0]))


def _amass(spec: PrepareData) -> Events:
    """The motion that BABEL's labels are of. Its labels are in by now, and stay."""
    source = Path(spec.motion)
    try:
        yield from _imported(spec, "AMASS", source, fit_bodies=False)
    except FormatError as error:
        if source.is_dir():
            raise RunError(f"{source} is not AMASS{said_of(source)}.", hint=f"Name {AMASS_SHOULD_HOLD}.") from error
        raise


def _told_left_out(found: Joined) -> Generator[Note, None, None]:
    for reason, names in found.left_out.items():
        yield Note(f"{counted(len(names), 'recording')} left out, {reason}: {_few(names)}")


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (" …" if len(names) > _MOST_NAMED else "")


def _split(labels: MotionSet) -> Generator[Note, None, MotionSplit]:
    """The stored split; made once, by what its makers say of parts."""
    there = labels.splits().get(SPLIT)
    if there is not None:
        return there
    try:
        return splits.split_set(labels, SPLIT, "own", 0)
    except ProjectError as error:
        if labels.facts.format == "HumanAct12":
            yield Note("HumanAct12 has no split: everything is learned from, and figures are against what was learned")
            whole = MotionSplit(
                name=SPLIT, how="its makers give none: everything is learned from",
                parts={"train": tuple(sorted(labels.rows)), "validation": (), "test": ()},
            )  # fmt: skip
            labels.store_split(whole)
            return whole
        yield Note(f"{error}. It is split 70/15/15 along sequences instead")
        return splits.split_set(labels, "by-sequence", "sequence", 0)


def _windows(found: Joined, labels: MotionSet, split: MotionSplit) -> dict[str, MotionWindows]:
    learned_as = classes_of(labels, split)
    return {part: MotionWindows(each, learned_as) for part, each in parts_of(found.labelled, split).items()}


def _write(path: Path, windows: dict[str, MotionWindows]) -> None:
    """How many stretches each class has in each part."""
    counts = {part: each.counts() for part, each in windows.items()}
    classes = next(iter(windows.values())).classes
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["class", *PARTS])
        writer.writerows([as_cell(name), *(counts[part][name] for part in PARTS)] for name in classes)


def _summary(name: str, labels: MotionSet, found: Joined, split: MotionSplit, windows: dict[str, MotionWindows]) -> str:
    sizes = ", ".join(f"{counted(len(windows[part]), 'window')} {part}" for part in PARTS)
    empty = _without(windows["train"])
    lacking = f" {counted(len(empty), 'class', 'classes')} without any to learn from." if empty else ""
    return (
        f"{name} is ready: {sizes}; {counted(len(windows['train'].classes), 'class', 'classes')}.{lacking} "
        f"{len(found.labelled)} of {counted(len(labels.rows), 'recording')} joined; split {split.name!r} ({split.how})."
    )


def _without(windows: MotionWindows) -> Sequence[str]:
    return [name for name, count in windows.counts().items() if not count]
