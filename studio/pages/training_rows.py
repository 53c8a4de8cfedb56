"""What the table of runs says of each run, put together from what it reported and from the small files of its folder.

A row is made when its run has said something new, and not before; the files of a folder are read a few at a time, so
that a project of hundreds of runs costs a moment of each tick and never a pause. Files are looked at again when
somebody asks for it, since another window may have written a note.
"""

import math
import time
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core import run_about, sweeps
from core.errors import CoreError
from core.run_about import RunAbout
from core.run_facts import ENVIRONMENT, Environment, environment_of
from core.runs import TrainForecaster, TrainPoseGpt
from studio import forecasters, theme
from studio.jobs import Job
from studio.widgets.job_words import STATE_WORDS, grouped
from studio.widgets.run_columns import RunRow
from studio.words import counted, say

TrainSpec = TrainForecaster | TrainPoseGpt
_SPARK_POINTS = 46
_BUDGET_S = 0.010
_DEVICES = {"cpu": "CPU", "cuda": "CUDA", "mps": "MPS"}
Stamp = tuple[int, int]


@dataclass
class _Kept:
    """What was read of a run's folder, and the state its files were in then."""

    about: RunAbout = RunAbout()  # noqa: RUF009 (a value that nobody changes)
    facts: Environment | None = None
    stamps: tuple[Stamp, Stamp] = ((0, 0), (0, 0))


class RunRows:
    """Rows by the names of runs."""

    def __init__(self) -> None:
        self._rows: dict[str, RunRow] = {}
        self._kept: dict[str, _Kept] = {}
        self._changes: dict[str, int] = {}
        self._stale: set[str] = set()
        self._to_read: deque[str] = deque()

    @property
    def is_settled(self) -> bool:
        """Whether every row is there, and says what the files say."""
        return not self._to_read and not self._stale

    def forget(self) -> None:
        """Another project."""
        for each in (self._rows, self._kept, self._changes, self._stale, self._to_read):
            each.clear()

    def moved(self, name: str) -> None:
        """This run has said something new."""
        self._stale.add(name)

    def look_again(self) -> None:
        """Somebody else may have written into the folders."""
        self._to_read = deque(self._kept)

    def about(self, job: Job) -> RunAbout:
        """What people say of a run, as it was read last."""
        kept = self._kept.get(job.name)
        return kept.about if kept is not None else RunAbout()

    def facts(self, job: Job) -> Environment | None:
        """Where it ran and what it took, as it was read last."""
        kept = self._kept.get(job.name)
        return kept.facts if kept is not None else None

    def say(self, job: Job, **changes: object) -> RunAbout:
        """Write what a person says of a run; RunError where it cannot be written."""
        written = run_about.say_about(job.folder.path, **changes)
        self._kept.setdefault(job.name, _Kept()).about = written
        self._stale.add(job.name)
        return written

    def tags(self) -> list[str]:
        """Every tag there is, once."""
        return sorted({tag for kept in self._kept.values() for tag in kept.about.tags}, key=str.casefold)

    def rows(self, jobs: Sequence[Job], colours: Mapping[str, str], compared: Collection[str]) -> list[RunRow]:
        """Those of these runs; one that was not looked at for lack of time comes with the next call."""
        until = time.perf_counter() + _BUDGET_S
        names = {job.name for job in jobs}
        for gone in [name for name in self._kept if name not in names]:
            for each in (self._kept, self._rows, self._changes):
                each.pop(gone, None)
        self._stale &= names
        by_name = {job.name: job for job in jobs}
        while self._to_read and time.perf_counter() < until:
            name = self._to_read.popleft()
            if name in by_name and self._read(by_name[name]):
                self._stale.add(name)
        made = []
        for job in jobs:
            row = self._rows.get(job.name)
            if row is None or job.name in self._stale:
                if time.perf_counter() > until:
                    self._stale.add(job.name)  # the next time
                else:
                    self._read(job)
                    row = self._rows[job.name] = self._row(job)
                    self._stale.discard(job.name)
            if row is None:
                continue
            colour, ticked = colours[job.name], job.name in compared
            state_colour = getattr(theme.now(), STATE_WORDS[job.state][1])
            if (row.colour, row.is_compared, row.state_colour) != (colour, ticked, state_colour):
                row = replace(row, colour=colour, is_compared=ticked, state_colour=state_colour)
                self._rows[job.name] = row
            made.append(row)
        return made

    def _read(self, job: Job) -> bool:
        """Read what changed in a run's folder; whether anything did."""
        folder, kept = job.folder.path, self._kept.setdefault(job.name, _Kept())
        stamps = _stamp(folder / run_about.ABOUT), _stamp(folder / ENVIRONMENT)
        if stamps == kept.stamps:
            return False
        if stamps[0] != kept.stamps[0]:
            kept.about = run_about.about(folder)
        if stamps[1] != kept.stamps[1]:
            kept.facts = environment_of(folder)
        kept.stamps = stamps
        return True

    def _row(self, job: Job) -> RunRow:
        words, state_colour = STATE_WORDS[job.state]
        share = job.share()
        if share is not None and job.state != "done":
            words = f"{words}  {100 * share:.0f} %"
        points = job.metrics.get("loss", [])
        loss = [value for _, value in points[:: max(1, len(points) // _SPARK_POINTS)] if math.isfinite(value)]
        best = (forecasters.kept_figures(job) or (0, {}))[1]
        about, facts = self.about(job), self.facts(job)
        of_motion = isinstance(job.spec, TrainPoseGpt)
        return RunRow(
            id=job.name,
            colour="",
            state=words,
            state_colour=getattr(theme.now(), state_colour),
            is_compared=False,
            loss=tuple(loss),
            top1=best.get("top1"),
            error_px=best.get("mpjpe_px"),
            bits=best.get("bits"),
            error_mm=best.get("pve_mm"),
            kind="motion" if of_motion else "forecaster",
            preset=job.spec.preset.removeprefix("forecaster/") if isinstance(job.spec, TrainSpec) else "",
            changes=self._changed(job),
            device=_DEVICES.get(facts.device, facts.device) if facts is not None else "",
            data=_data_words(facts) if facts is not None else "",
            note=about.note,
            aside=_aside(about),
            tags=about.tags,
            started_at=job.started_at or 0.0,
            took_s=facts.seconds if facts is not None else job.worked[-1][1] if job.worked else None,
            memory=(facts.device_memory_peak_bytes or facts.memory_peak_bytes or None) if facts is not None else None,
            tip=_tip(job.name, about),
            state_key=job.state,
        )

    def _changed(self, job: Job) -> int:
        """Knobs that differ from the preset; the settings of a run stay what they are."""
        if job.name not in self._changes and isinstance(job.spec, TrainSpec):
            try:
                self._changes[job.name] = len(sweeps.difference(job.spec.preset, job.spec.config))
            except (CoreError, KeyError, ValueError):  # a preset this version does not know
                self._changes[job.name] = 0
        return self._changes.get(job.name, 0)


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _data_words(facts: Environment) -> str:
    """Such as `9c41f2 · 12 clips, 340 windows`."""
    counts = [counted(sum(facts.parts.values()), "clip")] if facts.parts else []
    if facts.windows:
        counts.append(say("{count} windows", count=grouped(facts.windows)))
    return " · ".join(filter(None, (facts.data_fingerprint[:6], ", ".join(counts))))


def _aside(about: RunAbout) -> str:
    """What a trial of a sweep changed, in short."""
    return ", ".join(f"{knob.rpartition('.')[2]} {_said(value)}" for knob, value in about.changed.items())


def _said(value: str | float | bool | None) -> str:
    return sweeps.text(value) if value is not None else "–"


def _tip(name: str, about: RunAbout) -> str:
    lines = [name]
    if about.parent:
        lines.append(say("Forked from {name}", name=about.parent))
    if about.sweep:
        lines.append(say("Trial {number} of {sweep}", number=about.trial, sweep=about.sweep))
    return "\n".join((*lines, *filter(None, (_aside(about), about.note))))
