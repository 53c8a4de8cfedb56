"""Runs beside each other as a sheet: settings, data, machine and figures, row by row, and which rows differ.

A value is what a person reads; two runs differ in a row where their values do. The best figure of a row is known where
its name says which end is the good one. Nothing is drawn here.
"""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO

from core import configs, sweeps
from core.errors import CoreError
from core.run_about import RunAbout
from core.run_facts import Environment
from core.runs import TrainForecaster, TrainPoseGpt
from studio.forecasters import kept_figures
from studio.jobs import Job
from studio.pages.training_curves import best_of
from studio.widgets.config_form import sections_of
from studio.widgets.curve_numbers import say_value
from studio.widgets.job_words import STATE_WORDS, grouped
from studio.widgets.run_columns import say_bytes, say_long
from studio.widgets.when import say_when
from studio.words import counted, said, say

FIGURES = {
    "score": "Score",
    "top1": "Top-1",
    "top5": "Top-5",
    "mpjpe_px": "2D error, px",
    "pve_mm": "Surface error, mm",
    "bits": "Bits a code",
    "accuracy": "Right next codes",
}
"""What a validation's figures are called where people read them; others go by the name in their file."""
_NOTHING = "–"
_PACKAGES = ("torch", "numpy")


@dataclass(frozen=True)
class Told:
    """A run and what is known of it."""

    job: Job
    about: RunAbout
    facts: Environment | None


@dataclass(frozen=True)
class Line:
    """One row. `preset` is the value of the presets where they agree; `best` are the places of the best figure."""

    title: str
    name: str
    values: tuple[str, ...]
    preset: str = ""
    best: frozenset[int] = frozenset()

    @property
    def differs(self) -> bool:
        """Whether not all runs have the same."""
        return len(set(self.values)) > 1


@dataclass(frozen=True)
class Section:
    """Rows that belong together."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Sheet:
    """Runs by name, from left to right, and what is said of them."""

    names: tuple[str, ...]
    sections: tuple[Section, ...]
    has_preset: bool

    def shown(self, *, only_differing: bool) -> list[Section]:
        """The rows to look at; a section without any is left out."""
        if not only_differing:
            return list(self.sections)
        kept = (Section(each.title, tuple(line for line in each.lines if line.differs)) for each in self.sections)
        return [each for each in kept if each.lines]

    def rows(self, *, only_differing: bool) -> list[list[str]]:
        """As a table of words, its head first."""
        preset = [say("Preset")] if self.has_preset else []
        rows = [[say("Part"), say("What"), *preset, *self.names]]
        for section in self.shown(only_differing=only_differing):
            for line in section.lines:
                middle = [line.preset] if self.has_preset else []
                rows.append([section.title, line.name or line.title, *middle, *line.values])
        return rows

    def csv(self, *, only_differing: bool) -> str:
        text = StringIO()
        csv.writer(text, lineterminator="\n").writerows(self.rows(only_differing=only_differing))
        return text.getvalue()

    def text(self, *, only_differing: bool) -> str:
        """In columns, for a letter."""
        rows = self.rows(only_differing=only_differing)
        wide = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
        return "".join("  ".join(words.ljust(wide[at]) for at, words in enumerate(row)).rstrip() + "\n" for row in rows)


def sheet_of(runs: Sequence[Told]) -> Sheet:
    """These runs beside each other."""
    presets = {told.job.spec.preset for told in runs if isinstance(told.job.spec, TrainForecaster | TrainPoseGpt)}
    has_preset = len(presets) == 1 and next(iter(presets)) in configs.PRESETS
    settings = _settings(runs, next(iter(presets)) if has_preset else "")
    sections = (_about(runs), *settings, _data(runs), _machine(runs), _figures(runs))
    kept = tuple(each for each in sections if each.lines)
    return Sheet(tuple(told.job.name for told in runs), kept, has_preset)


def _about(runs: Sequence[Told]) -> Section:
    lines = [
        Line(say("State"), "", tuple(say(STATE_WORDS[told.job.state][0]) for told in runs)),
        Line(say("Note"), "", tuple(told.about.note or _NOTHING for told in runs)),
        Line(say("Tags"), "", tuple(", ".join(told.about.tags) or _NOTHING for told in runs)),
        Line(say("Forked from"), "", tuple(told.about.parent or _NOTHING for told in runs)),
        Line(
            say("Started"),
            "",
            tuple(say_when(told.job.started_at) if told.job.started_at else _NOTHING for told in runs),
        ),
    ]
    presets = tuple(getattr(told.job.spec, "preset", "") or _NOTHING for told in runs)
    return Section(say("About"), (*lines, Line(say("Preset"), "", presets)))


def _settings(runs: Sequence[Told], preset: str) -> list[Section]:
    """In the order of the form; a knob that only one kind of model has is nothing to the other."""
    values = [_knobs(told.job) for told in runs]
    usual = {}
    if preset:
        try:
            usual = configs.knobs(configs.preset(preset))
        except CoreError:
            usual = {}
    sections = []
    for of, kind in ((configs.Forecaster, TrainForecaster), (configs.PoseGpt, TrainPoseGpt)):
        if not any(isinstance(told.job.spec, kind) for told in runs):
            continue
        for title, found in sections_of(of, "Run"):
            lines = [
                Line(
                    _sentence(words),
                    name,
                    tuple(_said(each.get(name)) for each in values),
                    _said(usual.get(name)) if usual else "",
                )
                for name, words, _, _ in found
                if any(name in each for each in values)
            ]
            sections.append(Section(said(title), tuple(lines)))
    return sections


def _sentence(words: str) -> str:
    """With a capital, where it begins with a word and not with a sign."""
    words = said(words)
    return words[:1].upper() + words[1:] if words[:1].isascii() else words


def _knobs(job: Job) -> dict[str, object]:
    return dict(configs.knobs(job.spec.config)) if isinstance(job.spec, TrainForecaster | TrainPoseGpt) else {}


def _said(value: object) -> str:
    if value is None or value == "":
        return _NOTHING
    return sweeps.text(value) if isinstance(value, str | bool | int | float) else str(value)


def _data(runs: Sequence[Told]) -> Section:
    def clips(facts: Environment) -> str:
        return ", ".join(f"{say(part)} {count}" for part, count in facts.parts.items())

    return Section(
        say("Data"),
        (
            _of_facts(runs, say("Fingerprint"), lambda facts: facts.data_fingerprint[:12]),
            _of_facts(runs, say("Clips"), clips),
            _of_facts(runs, say("Windows"), lambda facts: grouped(facts.windows) if facts.windows else ""),
        ),
    )


def _machine(runs: Sequence[Told]) -> Section:
    def took(facts: Environment) -> str:
        return say_long(facts.seconds) if facts.seconds else ""

    def peak(facts: Environment) -> str:
        return say_bytes(facts.device_memory_peak_bytes or facts.memory_peak_bytes or None)

    def last(name: str, facts: Environment) -> str:
        return str(getattr(facts.attempts[-1], name)) if facts.attempts else ""

    lines = [
        _of_facts(runs, say("Device"), lambda facts: facts.device_name or facts.device),
        _of_facts(runs, say("Threads"), lambda facts: last("threads", facts)),
        _of_facts(runs, say("Machine"), lambda facts: last("host", facts)),
        _of_facts(runs, say("System"), lambda facts: facts.system),
        _of_facts(runs, say("Program"), lambda facts: facts.made_by),
        _of_facts(runs, "Python", lambda facts: facts.python),
        *(_of_facts(runs, name, lambda facts, name=name: facts.packages.get(name, "")) for name in _PACKAGES),
        _of_facts(runs, say("Attempts"), lambda facts: counted(len(facts.attempts), "attempt")),
        _of_facts(runs, say("Time at work"), took),
        _of_facts(runs, say("Most memory"), peak),
    ]
    return Section(say("Machine"), tuple(each for each in lines if set(each.values) != {_NOTHING}))


def _of_facts(runs: Sequence[Told], title: str, of: Callable[[Environment], str]) -> Line:
    return Line(title, "", tuple((of(told.facts) if told.facts is not None else "") or _NOTHING for told in runs))


def _figures(runs: Sequence[Told]) -> Section:
    """What each run's kept checkpoint measured, and its last loss."""
    kept = [kept_figures(told.job) or (0, {}) for told in runs]
    names = sorted({name for _, figures in kept for name in figures})
    steps = tuple(grouped(step) if figures else _NOTHING for step, figures in kept)
    lines = [Line(say("Kept checkpoint, step"), "", steps)]
    words = {name: said(title) for name, title in FIGURES.items()}
    lines += [_figure(name, [figures.get(name) for _, figures in kept], words.get(name, "")) for name in names]
    losses = [told.job.metrics["loss"][-1][1] if told.job.metrics.get("loss") else None for told in runs]
    return Section(say("Figures"), (*lines, _figure("loss", losses, say("Last loss"))))


def _figure(name: str, values: Sequence[float | None], title: str = "") -> Line:
    words = tuple(_NOTHING if value is None else say_value(value) for value in values)
    found = {at: value for at, value in enumerate(values) if value is not None}
    best = best_of(name)
    places: frozenset[int] = frozenset()
    if best and len(found) > 1:
        wanted = (min if best == "low" else max)(found.values())
        places = frozenset(at for at, value in found.items() if value == wanted)
        places = frozenset() if len(places) == len(found) else places
    return Line(title or name, name, words, best=places)
