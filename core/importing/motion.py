"""Recorded motion, or labels of it, into its data set: file by file, in a process of its own.

What is done is known by its name, size, time and content (`stamp_of`): an import that was stopped or killed goes on
behind the last file that was whole, a changed file is taken again, and what was left out is tried again.
"""

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from core.errors import FileError, RunError
from core.formats import Format
from core.importing.apart import Reading, Refused, TakeMotion, Taken, Worker
from core.importing.recognition import Recognised, refuse_unnameable
from core.importing.sets import is_in_project, put_into_project, set_for, stamp_of
from core.project.motion_sets import IndexLine, MotionRow, MotionSet, SetFacts
from core.runs import Done, Events, ImportData, Metric, Note, Progress
from core.wording import counted, shown, spelled_length

_MOST_NOTES = 20
_SAY_EVERY_S = 0.25


def import_motion(spec: ImportData, found: Recognised, root: Path) -> Events:
    """Take recorded motion (or labels of it) into its data set. `root` is the folder below which files have names."""
    the_set = set_for(spec, found.format)
    the_set.clear_away()
    known = {line.source: line for line in the_set.lines()}
    names = {row.name: line.source for line in known.values() for row in line.motions}
    there = is_in_project(spec, the_set.facts.key)
    fresh, refused = 0, 0
    clock = _Clock(len(found.files))
    try:
        with Worker() as worker:
            for number, path in enumerate(found.files):
                name = shown(path.relative_to(root).as_posix() if path != root else path.name)
                stamp = stamp_of(path)
                line = known.get(name)
                is_new = line is None or line.stamp != stamp or bool(line.left_out)
                if line is None or is_new:
                    line = yield from _one_file(spec, found.format, the_set, worker, path, name, stamp, clock)
                    line = msgspec.structs.replace(line, motions=_under_own_names(line, names))
                    if line != known.get(name):
                        fresh += 1
                        the_set.append(line)
                    known[name] = line
                if line.left_out:
                    refused += 1
                    yield Metric(number + 1, "left out", refused)
                    if found.is_many and refused <= _MOST_NOTES:  # a single one is refused with it
                        yield Note(f"Left out: {name}: {line.left_out}")
                if line.motions and not there:
                    put_into_project(spec, the_set.facts)
                    there = True
                clock.passed(was_read=is_new)
                yield from clock.said(f"{found.format.name}: {name}")
    finally:
        if not there:
            the_set.discard_if_empty()
    yield Progress(len(found.files), len(found.files), found.format.name)
    taken = [known[name] for name in known if known[name].motions]
    if not taken:
        raise RunError(_nothing_in(found, list(known.values())), hint=_first_hint(list(known.values())))
    yield Done(_summary(the_set.facts, found, taken, refused, fresh), (str(the_set.folder),))


def _one_file(
    spec: ImportData, known: Format, into: MotionSet, worker: Worker, path: Path, name: str, stamp: str, clock: "_Clock"
) -> Generator[Progress | Metric, None, IndexLine]:
    """What comes of one file. Progress is said while it takes time."""
    try:
        refuse_unnameable(path)
    except FileError as error:
        return IndexLine(source=name, stamp=stamp, left_out=str(error).partition(": ")[2], hint=error.hint)
    below = name.rpartition("/")[0]
    task = TakeMotion(
        path=str(path), format=known.name, into=str(into.folder), below=below, options=spec.options,
        rate_hz=spec.rate_hz, fit_bodies=spec.fit_bodies,
    )  # fmt: skip
    doing = ""
    with closing(worker.read(task)) as answers:
        for answer in answers:
            match answer:
                case Reading(words):
                    doing = words or doing
                    yield from clock.said(doing or f"{known.name}: {name}")
                case Taken(motions):
                    return IndexLine(source=name, stamp=stamp, motions=motions)
                case Refused(reason, hint, is_the_place=True):
                    raise RunError(f"{name} could not be kept: {reason.rpartition(': ')[2]}", hint=hint)
                case Refused(reason, hint, details):
                    reason = reason.removeprefix(f"{shown(path.name)}: ")
                    return IndexLine(source=name, stamp=stamp, left_out=reason, hint=details or hint)
    raise AssertionError("a reading ends with a word")


def _under_own_names(line: IndexLine, names: dict[str, str]) -> tuple[MotionRow, ...]:
    """The recordings of a file under names that no other file of the set has."""
    rows: list[MotionRow] = []
    used: set[str] = set()
    for row in line.motions:
        mine, number = row.name, 1
        while mine in used or names.get(mine, line.source) != line.source:
            number += 1
            mine = f"{row.name} {number}"
        used.add(mine)
        names[mine] = line.source
        rows.append(row if mine == row.name else msgspec.structs.replace(row, name=mine))
    return tuple(rows)


class _Clock:
    """When to speak, and how long it will take at the pace of the files that were read (not of those known before)."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._read = 0
        self._reading_s = 0.0
        self._at = self._said_at = time.monotonic()

    def passed(self, *, was_read: bool) -> None:
        """One more file is through."""
        now = time.monotonic()
        self._done += 1
        self._read += was_read
        self._reading_s += now - self._at if was_read else 0.0
        self._at = now

    def said(self, doing: str) -> Iterator[Progress | Metric]:
        """Progress, where it is time for some."""
        now = time.monotonic()
        if now - self._said_at < _SAY_EVERY_S:
            return
        self._said_at = now
        yield Progress(self._done, self._total, doing)
        if self._read and self._done < self._total:
            left_s = self._reading_s / self._read * (self._total - self._done)
            yield Metric(self._done, "seconds left", round(left_s, 1))


# ---- in words -------------------------------------------------------------------------------------------------------


def _summary(facts: SetFacts, found: Recognised, taken: Sequence[IndexLine], refused: int, fresh: int) -> str:
    rows = [row for line in taken for row in line.motions]
    length = spelled_length(sum(row.duration_s for row in rows))
    held = f"{facts.name}: {counted(len(rows), 'recording')}, {length}."
    if not fresh:
        return f"{held} Everything was in already; nothing has changed."
    if not found.is_many:
        return held
    files = counted(len(found.files) - refused, "file")
    is_in = "is" if len(found.files) - refused == 1 else "are"
    left = f", {refused} {'was' if refused == 1 else 'were'} left out" if refused else ""
    return f"{files} {is_in} in{left}. {held}"


def _nothing_in(found: Recognised, lines: Sequence[IndexLine]) -> str:
    if len(lines) == 1:
        return f"{found.files[0].name}: {lines[0].left_out}"
    first = next(line for line in lines if line.left_out)
    return f"None of {counted(len(lines), 'file')} could be read. {first.source}: {first.left_out}"


def _first_hint(lines: Sequence[IndexLine]) -> str:
    return next((line.hint for line in lines if line.hint and "\n" not in line.hint), "")
