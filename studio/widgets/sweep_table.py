"""A sweep's settings, ranked: the knobs that vary, the figure with its spread over seeds, and how far each is.

The best stands first and is strong. A row leads to its runs; its settings can be taken over. It knows no page.
"""

from msgspec.structs import replace
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from core import configs, sweeps
from core.run_folder import RunState
from core.sweep_runs import Ranked, Ranking, figure_words
from core.sweeps import Sweep
from studio import theme
from studio.widgets import parts
from studio.widgets.config_form import sections_of
from studio.widgets.job_words import STATE_WORDS
from studio.widgets.record_table import Cell, Column, Record, RecordTable
from studio.widgets.sweep_form import FIGURE_WORDS
from studio.words import counted, said, say


class SweepTable(QWidget):
    """One sweep of several, its settings from best to worst."""

    sweep_chosen = Signal(str)  # its name
    run_wanted = Signal(str)  # the name of a run
    settings_wanted = Signal(object, str)  # a config, and the preset it departs from
    stop_wanted = Signal()
    go_on_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._sweep: Sweep | None = None
        self._ranking: Ranking | None = None
        self._knobs: tuple[str, ...] | None = None
        self.table: RecordTable | None = None
        self.which = QComboBox()
        self.which.setAccessibleName(said("Sweep"))
        self.which.setMinimumContentsLength(14)
        self.which.activated.connect(lambda _: self.sweep_chosen.emit(self.which.currentData() or ""))
        self._says = parts.text("", "label", wrap=True)
        self._how = parts.text("", "caption", wrap=True)
        self.show_run = parts.button("Show run", "train")
        self.show_run.clicked.connect(self._show_run)
        self.use = parts.button("Use these settings", "copy")
        self.use.clicked.connect(self._use)
        self.stop = parts.button("Stop all", "stop", "quiet")
        self.stop.clicked.connect(self.stop_wanted)
        self.go_on = parts.button("Go on", "play", "quiet")
        self.go_on.setToolTip(said("Starts the runs that are missing, and goes on with those that were stopped"))
        self.go_on.clicked.connect(self.go_on_wanted)
        self._holder = parts.col(gap=0)
        self._holder.setMinimumHeight(theme.px(220))
        self._nothing = parts.state_card(
            "train", "No sweep yet", "Choose what varies under Search. Its runs are ranked here as they end."
        )
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        self._head = parts.row(self.which, (self._says, 1), self.stop, self.go_on, gap=6)
        self._foot = parts.row(self.show_run, self.use, None, gap=6)
        parts.fill(box, (self._head, self._nothing, (self._holder, 1), self._how, self._foot))
        self.show_ranking(None, None, ())

    def show_ranking(self, sweep: Sweep | None, ranking: Ranking | None, names: tuple[str, ...]) -> None:
        """Show how a sweep stands; `names` are all that can be chosen."""
        if [self.which.itemData(at) for at in range(self.which.count())] != list(names):
            self.which.clear()
            for name in names:
                self.which.addItem(parts.literal(name), name)
        self._sweep, self._ranking = sweep, ranking
        there = sweep is not None and ranking is not None
        for each in (self._head, self._holder, self._how, self._foot):
            each.setVisible(there)
        self._nothing.setVisible(not there)
        if sweep is None or ranking is None:
            return
        self.which.setCurrentIndex(self.which.findData(sweep.name))
        self._lay_columns(sweep)
        assert self.table is not None
        self.table.show_records([self._record(str(at), row) for at, row in enumerate(ranking.rows)])
        if not self.table.current_id() and ranking.rows:
            self.table.choose("0")
        self._says.setText(say("{done} of {runs} done", done=ranking.done, runs=counted(ranking.runs, "run")))
        good = say("the largest is best") if ranking.best == "max" else say("the smallest is best")
        self._how.setText(
            say("{figure} of each run's best checkpoint on the validation part, mean ± deviation over seeds; {good}.",
                figure=said(FIGURE_WORDS.get(ranking.figure, ranking.figure)), good=good)
        )  # fmt: skip
        states = {each.state for row in ranking.rows for each in row.runs}
        self.stop.setVisible(bool(states & {"running", "waiting", "paused", "pausing"}))
        self.go_on.setVisible(bool(states & {"new", "stopped", "killed"}))
        self._follow()

    def chosen(self) -> Ranked | None:
        """The setting in whose row the person is."""
        at = self.table.current_id() if self.table is not None else ""
        return self._ranking.rows[int(at)] if at and self._ranking is not None else None

    def _lay_columns(self, sweep: Sweep) -> None:
        if self._knobs == (sweep.ranks_by, *sweep.varied):
            return
        self._knobs = (sweep.ranks_by, *sweep.varied)
        titles = titles_of(type(configs.preset(sweep.preset)))
        figure = FIGURE_WORDS.get(sweep.ranks_by, sweep.ranks_by)
        columns = (
            Column("", 40, is_number=True),
            *(Column(titles.get(knob, knob), 112) for knob in sweep.varied),
            Column(figure, 132, is_number=True),
            Column("State"),
        )
        self.table = RecordTable(columns, "Settings of the sweep", 30)
        self.table.chosen.connect(lambda _: self._follow())
        self.table.opened.connect(lambda _: self._show_run())
        parts.refill(self._holder, [self.table])

    def _record(self, key: str, row: Ranked) -> Record:
        first = row.place == 1
        worst = _worst(row)
        words, colour = STATE_WORDS[worst]
        done = sum(each.state == "done" for each in row.runs)
        if len(row.runs) > 1:
            words = say("{done} of {runs} done", done=done, runs=len(row.runs))
            words = words if worst == "done" else f"{words}, {said(STATE_WORDS[worst][0])}"
        else:
            words = said(words)
        tip = "\n".join(
            f"{each.name or '–'}  {say('seed {seed}', seed=each.seed)}  {said(STATE_WORDS[each.state][0])}"
            f"  {'' if each.figure is None else f'{each.figure:.4g}'}".rstrip()
            for each in row.runs
        )
        return Record(
            key,
            (
                Cell(str(row.place) if row.place else "–", strong=first),
                *(Cell(sweeps.text(value), strong=first) for value in row.changed.values()),
                Cell(figure_words(row) or "–", strong=first, tip=tip),
                Cell(words, dot=True, colour=colour, tip=tip),
            ),
        )

    def _follow(self) -> None:
        row = self.chosen()
        self.use.setEnabled(row is not None)
        self.show_run.setEnabled(row is not None and any(each.name for each in row.runs))

    def _show_run(self) -> None:
        row = self.chosen()
        names = [each.name for each in row.runs if each.name] if row is not None else []
        if names:
            self.run_wanted.emit(names[0])

    def _use(self) -> None:
        row = self.chosen()
        if row is None or self._sweep is None:
            return
        trial = next(each for each in sweeps.trials(self._sweep) if each.changed == row.changed)
        config = configs.with_overrides(configs.preset(self._sweep.preset), ())
        fixed = {**self._sweep.knobs, **row.changed}
        config = configs.with_overrides(config, [f"{knob}={sweeps.exact(value)}" for knob, value in fixed.items()])
        self.settings_wanted.emit(replace(config, seed=trial.seed), self._sweep.preset)


_URGENCY: tuple[RunState, ...] = (
    "running",
    "pausing",
    "stopping",
    "paused",
    "waiting",
    "failed",
    "killed",
    "stopped",
    "new",
)
"""Of a setting's runs, the state that is said."""


def _worst(row: Ranked) -> RunState:
    states = {each.state for each in row.runs}
    for each in _URGENCY:
        if each in states:
            return each
    return "done"


def titles_of(of: type[configs.Config]) -> dict[str, str]:
    """What the form calls each knob."""
    return {name: title for _, found in sections_of(of, "Run") for name, title, _, _ in found}
