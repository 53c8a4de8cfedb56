"""The runs of a sweep: asked for, found again, stopped, and ranked. No torch.

    <project>/sweeps/widths.yaml            the sweep as it was asked for last
    <project>/runs/widths-01/ …             its runs, each saying in about.json which sweep and setting it belongs to

A trial is known by its config, not by its name: asking again for a sweep starts what is missing and goes on with what
was stopped, also where values were added to it since.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

import msgspec
from msgspec.structs import replace

from core import line, sweeps
from core.errors import CoreError, RunError
from core.given_specs import Training, spec_of
from core.run_about import about, say_about
from core.run_folder import LIVE, RunFolder, RunState
from core.sweeps import Sweep, Trial, Value, text
from core.whole_files import whole_file
from core.wording import counted, table

KEPT = "sweeps"
_CHOSEN_BY = {
    "validation/pve_mm": ("validation/pve_mm", "min"),
    "validation/bits": ("validation/bits", "min"),
    "validation/accuracy": ("validation/bits", "min"),
}
"""Which figure decides what checkpoint of a motion model is kept, where another is asked for."""


@dataclass(frozen=True)
class TrialRun:
    """A trial and the run that carries it out; `folder` is None where nobody asked for it yet."""

    trial: Trial
    folder: RunFolder | None
    state: RunState


@dataclass(frozen=True)
class Started:
    """What asking for a sweep came to, by the names of its runs."""

    new: tuple[str, ...]
    going_on: tuple[str, ...]  # were stopped or killed
    under_way: tuple[str, ...]
    done: tuple[str, ...]
    failed: tuple[str, ...]  # left as they are, unless they were asked for too

    def in_words(self) -> str:
        """One sentence."""
        parts = [
            words
            for names, words in (
                (self.new, f"{counted(len(self.new), 'run')} asked for"),
                (self.going_on, f"{len(self.going_on)} going on"),
                (self.under_way, f"{len(self.under_way)} under way"),
                (self.done, f"{len(self.done)} done"),
                (self.failed, f"{len(self.failed)} failed"),
            )
            if names
        ]
        return ", ".join(parts) or "Nothing to do"


# ---- asking and stopping ----


def project_of(sweep: Sweep, project: Path | None = None) -> Path:
    """The project it is about; RunError where it names none that is there."""
    folder = project if project is not None else Path(sweep.project) if sweep.project else None
    if folder is None:
        raise RunError(f"{sweep.name} names no project.", hint="Write project: FOLDER, or give --project.")
    if not (folder / "project.sqlite").is_file():
        raise RunError(f"{folder} holds no project.", hint="A project is a folder with a project.sqlite in it.")
    return folder.resolve()


def runs_of(sweep: Sweep, project: Path) -> tuple[TrialRun, ...]:
    """Every trial with its run, in the order of the sweep."""
    there: dict[bytes, RunFolder] = {}
    for folder in _tagged(sweep.name, project):
        try:
            spec = folder.spec()
        except CoreError:  # a later version's, or torn
            continue
        if isinstance(spec, Training):
            there.setdefault(msgspec.json.encode(spec.config), folder)
    found = []
    for trial in sweeps.trials(sweep):
        wanted = spec_of(trial.config, sweep.preset, project, project)
        folder = there.get(msgspec.json.encode(wanted.config))
        found.append(TrialRun(trial, folder, folder.state() if folder is not None else "new"))
    return tuple(found)


def start(sweep: Sweep, project: Path, *, failed_too: bool = False) -> Started:
    """Put what is missing into the line, behind everything else; what was stopped goes on."""
    runs = runs_of(sweep, project)
    keep(sweep, project)
    place = project / "runs"
    taken = [each.name for each in place.iterdir()] if place.is_dir() else []
    names = iter(sweeps.names_of(sweep, taken, sum(each.folder is None for each in runs)))
    said: dict[str, list[str]] = {"new": [], "going_on": [], "under_way": [], "done": [], "failed": []}
    for each in runs:
        folder = each.folder if each.folder is not None else RunFolder(place / next(names))
        spec = spec_of(each.trial.config, sweep.preset, project, folder.path)
        match each.state:
            case "done":
                kind = "done"
            case "failed" if not failed_too:
                kind = "failed"
            case _ if each.state in LIVE:
                kind = "under_way"
            case _:
                kind = "new" if each.folder is None else "going_on"
                _label(folder, sweep, each.trial)
                line.ask(folder, spec, priority=line.LOW)
        said[kind].append(folder.path.name)
    return Started(**{kind: tuple(names_) for kind, names_ in said.items()})


def stop(sweep: Sweep, project: Path) -> tuple[str, ...]:
    """Stop what is under way, the last asked for first, so that none begins meanwhile; their names."""
    live = [each.folder for each in runs_of(sweep, project) if each.folder is not None and each.state in LIVE]
    for folder in reversed(live):
        line.stop(folder)
    return tuple(folder.path.name for folder in live)


def keep(sweep: Sweep, project: Path) -> Path:
    """Put the sweep beside the project's runs, so that it can be found and ranked later; where it lies."""
    place = project / KEPT
    try:
        place.mkdir(exist_ok=True)
    except OSError as error:
        raise RunError(f"{place} cannot be made: {error.strerror or error}", hint="Choose another project.") from error
    path = place / f"{sweep.name}.yaml"
    with whole_file(path) as beside:
        beside.write_text(sweeps.as_yaml(replace(sweep, project="..")), encoding="utf-8")
    return path


def kept(project: Path) -> tuple[Sweep, ...]:
    """The sweeps of a project, the newest last; what cannot be read is left out."""
    found = []
    for path in sorted((project / KEPT).glob("*.yaml"), key=lambda each: each.stat().st_mtime):
        try:
            found.append(sweeps.read(path))
        except CoreError:
            continue
    return tuple(found)


def _label(folder: RunFolder, sweep: Sweep, trial: Trial) -> None:
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(
            f"{folder.path} cannot be a run's folder: {error.strerror or error}", hint="Choose another project."
        ) from error
    say_about(folder.path, sweep=sweep.name, trial=trial.number, changed=dict(trial.changed))


def _tagged(name: str, project: Path) -> Iterable[RunFolder]:
    place = project / "runs"
    for path in sorted(place.glob("*/about.json")) if place.is_dir() else ():
        if not path.parent.name.startswith(".") and about(path.parent).sweep == name:
            yield RunFolder(path.parent)


# ---- ranking ----


class RunFigure(msgspec.Struct, frozen=True, kw_only=True):
    """One run in the table. `figure` is that of its kept checkpoint; of one that is not done, so far."""

    name: str
    seed: int
    state: RunState
    figure: float | None = None


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """One setting: its knobs, its runs, and the figure over those that are done."""

    place: int = 0  # 1 is the best; 0 where none of its runs is done
    changed: dict[str, Value]
    runs: tuple[RunFigure, ...]
    mean: float | None = None
    spread: float | None = None  # standard deviation over seeds, where two or more are done

    @property
    def done(self) -> int:
        """How many of its runs are done with a figure."""
        return sum(each.state == "done" and each.figure is not None for each in self.runs)


class Ranking(msgspec.Struct, frozen=True, kw_only=True):
    """A sweep's settings, the best first; settings without a finished run come last, in the order of the sweep."""

    sweep: str
    preset: str
    figure: str
    best: sweeps.Best
    rows: tuple[Ranked, ...]

    @property
    def done(self) -> int:
        """How many runs are done."""
        return sum(each.state == "done" for row in self.rows for each in row.runs)

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return sum(len(row.runs) for row in self.rows)


def rank(sweep: Sweep, project: Path) -> Ranking:
    """The settings by the mean of their finished runs' figures, validation figures alone."""
    by_setting: dict[str, list[TrialRun]] = {}
    for each in runs_of(sweep, project):
        by_setting.setdefault(repr(each.trial.changed), []).append(each)
    rows = [_ranked(runs, sweep) for runs in by_setting.values()]
    sign = -1 if sweep.ranks_to == "max" else 1
    known = sorted((each for each in rows if each.mean is not None), key=lambda each: sign * (each.mean or 0.0))
    rest = [each for each in rows if each.mean is None]
    return Ranking(
        sweep=sweep.name,
        preset=sweep.preset,
        figure=sweep.ranks_by,
        best=sweep.ranks_to,
        rows=(*(replace(each, place=at) for at, each in enumerate(known, start=1)), *rest),
    )


def figure_of(folder: RunFolder, figure: str, best: sweeps.Best) -> float | None:
    """The figure that a run's kept checkpoint had on the validation part, by the curve on disk."""
    curves: dict[str, dict[int, float]] = {}
    try:
        with (folder.path / "metrics.csv").open(newline="", encoding="utf-8") as file:
            for row in csv.reader(file):
                if len(row) == 3 and row[1].startswith("validation/"):
                    curves.setdefault(row[1], {})[int(row[0])] = float(row[2])
    except (OSError, ValueError, csv.Error):
        return None
    points = curves.get(figure)
    if not points:
        return None
    chosen_by, end = _CHOSEN_BY.get(figure, ("", best))
    if "validation/score" in curves:  # what decides which checkpoint of a forecaster is kept
        chosen_by, end = "validation/score", "max"
    elif chosen_by not in curves:
        chosen_by, end = figure, best
    sign = 1 if end == "max" else -1
    choosing = curves[chosen_by]
    step = max(choosing, key=lambda each: (sign * choosing[each], -each))
    return points.get(step)


def _ranked(runs: Sequence[TrialRun], sweep: Sweep) -> Ranked:
    figures = tuple(
        RunFigure(
            name=each.folder.path.name if each.folder is not None else "",
            seed=each.trial.seed,
            state=each.state,
            figure=figure_of(each.folder, sweep.ranks_by, sweep.ranks_to) if each.folder is not None else None,
        )
        for each in runs
    )
    done = [each.figure for each in figures if each.state == "done" and each.figure is not None]
    return Ranked(
        changed=runs[0].trial.changed,
        runs=figures,
        mean=fmean(done) if done else None,
        spread=stdev(done) if len(done) > 1 else None,
    )


# ---- as people read it ----


def figure_words(row: Ranked) -> str:
    """`0.612 ± 0.008`; nothing where no run is done."""
    if row.mean is None:
        return ""
    return f"{row.mean:.4g}" + (f" ± {row.spread:.2g}" if row.spread is not None else "")


def state_words(row: Ranked) -> str:
    """`2 of 3 done, 1 running`."""
    counts: dict[str, int] = {}
    for each in row.runs:
        counts[each.state] = counts.get(each.state, 0) + 1
    others = [
        f"{count} {'to start' if state == 'new' else state}" for state, count in counts.items() if state != "done"
    ]
    return ", ".join((f"{counts.get('done', 0)} of {len(row.runs)} done", *others))


def _cells(ranking: Ranking) -> tuple[list[str], list[list[str]]]:
    knobs = list(ranking.rows[0].changed) if ranking.rows else []
    header = ["", *knobs, ranking.figure, "state", "runs"]
    rows = [
        [
            str(row.place) if row.place else "–",
            *(text(row.changed[knob]) for knob in knobs),
            figure_words(row) or "–",
            state_words(row),
            " ".join(each.name for each in row.runs if each.name),
        ]
        for row in ranking.rows
    ]
    return header, rows


def as_text(ranking: Ranking) -> str:
    """For a terminal."""
    header, rows = _cells(ranking)
    good = "larger" if ranking.best == "max" else "smaller"
    return f"{table(header, rows)}\n\n{_how(ranking)}; {good} is better."


def as_markdown(ranking: Ranking) -> str:
    """The best row in bold."""
    header, rows = _cells(ranking)
    lines = [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    for row, ranked in zip(rows, ranking.rows, strict=True):
        cells = [f"**{cell}**" if ranked.place == 1 and cell else cell for cell in (c.replace("|", "\\|") for c in row)]
        lines.append(f"| {' | '.join(cells)} |")
    good = "larger" if ranking.best == "max" else "smaller"
    return "\n".join([f"# {ranking.sweep}", "", *lines, "", f"{_how(ranking)}; {good} is better.", ""])


def as_csv(ranking: Ranking) -> str:
    """One line a setting, numbers as they are."""
    knobs = list(ranking.rows[0].changed) if ranking.rows else []
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["place", *knobs, "mean", "spread", "done", "runs", "names"])
    for row in ranking.rows:
        names = " ".join(each.name for each in row.runs if each.name)
        numbers = ["" if each is None else repr(each) for each in (row.mean, row.spread)]
        writer.writerow(
            [row.place or "", *(row.changed[knob] for knob in knobs), *numbers, row.done, len(row.runs), names]
        )
    return out.getvalue()


def _how(ranking: Ranking) -> str:
    return (
        f"{ranking.done} of {counted(ranking.runs, 'run')} done, from {ranking.preset}; {ranking.figure} of each run's "
        "best checkpoint on the validation part, mean ± standard deviation over seeds"
    )
