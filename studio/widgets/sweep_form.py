"""The question of a sweep: one to three knobs and their values, how they are tried, how often, and what ranks.

It starts from a config as it stands in the form: what differs there from the preset is fixed in every run. A sweep
that is read from a file is shown with its knobs and values. Values are checked as the form checks its own, and what is
wrong is said under the field. It starts nothing and knows no page.
"""

import re
from typing import Any

from msgspec.inspect import BoolType, LiteralType, StrType
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QCompleter, QLineEdit, QVBoxLayout, QWidget

from core import configs, sweeps
from core.errors import RunError
from core.sweeps import Choices, Range, Sweep, Value
from core.whole_files import as_file_name
from studio import theme
from studio.widgets import parts
from studio.widgets.config_form import Knob, flat, read, sections_of, written
from studio.widgets.number_field import count_field
from studio.words import said, say

MOST_KNOBS = 3
_UNSWEPT = ("device", "threads", "seed", "autoencoder_run", "report_every", "samples", "stages")
"""Knobs that change no result worth a search, or that a sweep says otherwise."""
_RANGE = re.compile(r"^\s*(\S+)\s*(?:to|…|\.\.\.?|–|-)\s+(\S+)\s*$|^\s*(\S+?)\s*(?:…|\.\.\.?|–)\s*(\S+)\s*$")
FIGURE_WORDS = {
    "validation/score": "Score",
    "validation/top1": "Top-1",
    "validation/top5": "Top-5",
    "validation/mpjpe_px": "2D error",
    "validation/bits": "Bits a code",
    "validation/accuracy": "Codes right",
    "validation/pve_mm": "Surface error",
}


class KnobRow(QWidget):
    """One knob that varies: which, its values, and what is wrong with them."""

    changed = Signal()
    gone = Signal(object)

    def __init__(self, knobs: list[Knob], section: dict[str, str]) -> None:
        super().__init__()
        self._kinds = {name: kind for name, _, _, kind in knobs}
        self._helps = {name: help_text for name, _, help_text, _ in knobs}
        self._usual: Any = None
        self.knob = QComboBox()
        self.knob.setEditable(True)
        self.knob.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.knob.setAccessibleName(said("Setting"))
        self._typed = QLineEdit()
        self._typed.setAccessibleName(said("Setting"))
        self.knob.setLineEdit(self._typed)
        self._typed.setPlaceholderText(said("Find a setting"))
        for name, title, help_text, _ in knobs:
            words = (
                say("{section}: {knob}", section=said(section[name]), knob=said(title)) if "." in name else said(title)
            )
            self.knob.addItem(words, name)
            self.knob.setItemData(self.knob.count() - 1, said(help_text), Qt.ItemDataRole.ToolTipRole)
        completer = QCompleter(self.knob.model(), self.knob)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self.knob.setCompleter(completer)
        self.knob.setCurrentIndex(-1)
        self.values = QLineEdit()
        self.values.setAccessibleName(said("Values"))
        self.log = QCheckBox(said("Log"))
        self.log.setToolTip(said("Every factor is as likely as every other"))
        away = parts.tool("close", "Take this setting out")
        away.clicked.connect(lambda: self.gone.emit(self))
        self._below = parts.text("", "caption", wrap=True)
        self.knob.currentIndexChanged.connect(self._took)
        self._typed.editingFinished.connect(self._took)
        self.values.textChanged.connect(lambda _: self.changed.emit())
        self.log.toggled.connect(lambda _: self.changed.emit())
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        self.knob.setFixedWidth(theme.px(226))
        box.addWidget(parts.row(self.knob, (self.values, 1), self.log, away, gap=6))
        box.addWidget(self._below)

    @property
    def name(self) -> str:
        """The knob's dotted name; empty while none is chosen."""
        return self.knob.currentData() or ""

    def show_choices(self, name: str, choices: Range | Choices) -> None:
        """Put a knob and its values in."""
        self.knob.setCurrentIndex(self.knob.findData(name))
        if isinstance(choices, Range):
            self.values.setText(say("{low} to {high}", low=f"{choices.low:g}", high=f"{choices.high:g}"))
            self.log.setChecked(choices.log)
        else:
            self.values.setText("; ".join(_as_typed(each) for each in choices))

    def show_usual(self, value: Any) -> None:
        """What the knob is without the sweep."""
        self._usual = value

    def follow(self, *, is_random: bool) -> None:
        """Say below what may be typed, or what is wrong."""
        kind = self._kinds.get(self.name)
        takes_range = is_random and kind is not None and not isinstance(kind, BoolType | LiteralType | StrType)
        words = self.values.text()
        self.log.setVisible(takes_range and (not words.strip() or _RANGE.match(words) is not None))
        example = "0.0001; 0.001; 0.01" if not takes_range else say("{low} to {high}", low="0.0001", high="0.01")
        self.values.setPlaceholderText(example)
        problem = self.problem(is_random=is_random)
        self.values.setProperty("state", "error" if problem and words else "")
        parts.repolish(self.values)
        parts.set_role(self._below, "danger" if problem and words else "caption")
        now = say("Otherwise {value}.", value=written(self._usual)) if self._usual is not None else ""
        words = problem if words or not self.name else f"{said(self._helps.get(self.name, ''))} {now}".strip()
        self._below.setText(words)
        self._below.setVisible(bool(words))

    def problem(self, *, is_random: bool) -> str:
        """What is wrong with it, or nothing."""
        try:
            self.choices(is_random=is_random)
        except ValueError as error:
            return str(error)
        return ""

    def choices(self, *, is_random: bool) -> Range | Choices:
        """What was typed; ValueError says in words why it is none."""
        kind = self._kinds.get(self.name)
        if kind is None:
            raise ValueError(say("Choose a setting."))
        words = self.values.text().strip()
        found = _RANGE.match(words)
        takes_range = not isinstance(kind, BoolType | LiteralType | StrType)
        if found is not None and takes_range:
            if not is_random:
                raise ValueError(say("A grid takes values one by one; a random search takes ranges."))
            low, high = (each for each in found.groups() if each is not None)
            made = Range(low=float(read(low, kind)), high=float(read(high, kind)), log=self.log.isChecked())
            if made.low >= made.high:
                raise ValueError(say("The first is less than the second."))
            if made.log and made.low <= 0:
                raise ValueError(say("With Log it begins above 0."))
            return made
        separator = ";" if ";" in words or isinstance(kind, StrType) else ","
        typed = [each.strip() for each in words.split(separator) if each.strip()]
        if not typed:
            raise ValueError(say("Type values with semicolons between them."))
        return tuple(_value(each, kind) for each in typed)

    def _took(self) -> None:
        words = self._typed.text()
        if self.knob.currentText() != self.knob.itemText(self.knob.currentIndex()):
            self.knob.setCurrentIndex(self.knob.findText(words, Qt.MatchFlag.MatchFixedString))
        self.changed.emit()


class SweepForm(QWidget):
    """The whole question; `changed` after every edit."""

    changed = Signal()

    def __init__(self, config: configs.Config, preset: str, name: str) -> None:
        super().__init__()
        self._config, self._preset = config, preset
        sections = sections_of(type(config), "Run")
        self._knobs = [each for _, found in sections for each in found if each[0] not in _UNSWEPT]
        self._section = {each[0]: title for title, found in sections for each in found}
        self._rows: list[KnobRow] = []
        self.name = QLineEdit(name)
        self.way = parts.segmented("Grid", "Random", on_choice=lambda _: self._follow())
        self.way.setToolTip(said("Grid: every combination of the values. Random: so many drawn from them."))
        self.trials = count_field(said("Settings to draw"), 12, 1, sweeps.MOST_TRIALS)
        self.draw = count_field(said("Seed of the drawing"), 0, 0, 2**31 - 1)
        self.seeds = count_field(said("Seeds a setting"), 1, 1, sweeps.MOST_SEEDS)
        self.steps = count_field(said("Steps at most"), 0, 0, 10_000_000)
        self.steps.setSpecialValueText(said("as in the settings"))
        self.figure = QComboBox()
        for figure, end in sweeps.FIGURES.get(preset.partition("/")[0], {}).items():
            good = say("largest best") if end == "max" else say("smallest best")
            title = said(FIGURE_WORDS.get(figure, figure))
            self.figure.addItem(say("{figure} on validation, {good}", figure=title, good=good), figure)
        self._list = parts.col(gap=8)
        self._add = parts.button("Add a setting", "plus", "quiet")
        self._add.clicked.connect(lambda: self.add().knob.setFocus())
        self._drawing = parts.row(
            parts.text("Draw", "label"), self.trials, parts.text("with seed", "label"), self.draw, gap=6
        )
        self._kept = parts.text("", "caption", wrap=True)
        for each in (self.trials, self.draw, self.seeds, self.steps):
            each.valueChanged.connect(lambda _: self._follow())
        self.figure.currentIndexChanged.connect(lambda _: self.changed.emit())
        self.name.textChanged.connect(lambda _: self.changed.emit())
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(10)
        items = (
            parts.field("Name", self.name),
            parts.field("Starts from", self._kept),
            parts.hair(),
            parts.row(parts.text("What varies", "strong"), None, self.way),
            self._list,
            parts.row(self._add, None, self._drawing),
            parts.hair(),
            parts.field("Seeds", parts.row(self.seeds, parts.text("runs of every setting", "label"), None, gap=6)),
            parts.field("Steps", parts.row(self.steps, parts.text("at most", "label"), None, gap=6)),
            parts.field("Ranked by", self.figure),
        )
        parts.fill(box, items)
        self.add()

    @property
    def is_random(self) -> bool:
        """Whether settings are drawn."""
        return self.way.chosen == 1

    def add(self) -> KnobRow:
        """One more knob."""
        made = KnobRow(self._knobs, self._section)
        made.changed.connect(self._follow)
        made.gone.connect(self._drop)
        self._rows.append(made)
        layout = self._list.layout()
        assert layout is not None
        layout.addWidget(made)
        self._follow()
        return made

    def is_wrong(self) -> bool:
        """Whether something typed is wrong, which its row says."""
        return any(each.values.text() and each.problem(is_random=self.is_random) for each in self._rows)

    def rows(self) -> list[KnobRow]:
        """The knobs that vary, from top to bottom."""
        return list(self._rows)

    def show_sweep(self, sweep: Sweep) -> None:
        """Put a sweep in, such as one that was read from a file."""
        base = configs.preset(sweep.preset)
        words = [f"{knob}={sweeps.exact(value)}" for knob, value in sweep.knobs.items()]
        self._config, self._preset = configs.with_overrides(base, words), sweep.preset
        for each in list(self._rows):
            self._drop(each)
        self.name.setText(sweep.name)
        self.way.choose(1 if sweep.random else 0)
        for knob, choices in (sweep.random or sweep.grid).items():
            self.add().show_choices(knob, choices)
        self.trials.setValue(sweep.trials or self.trials.value())
        self.draw.setValue(sweep.seed)
        self.seeds.setValue(len(sweep.run_seeds()))
        self.steps.setValue(sweep.steps)
        at = self.figure.findData(sweep.ranks_by)
        self.figure.setCurrentIndex(max(0, at))
        self._follow()

    def sweep(self) -> Sweep:
        """What is asked for; RunError says in words what is missing or wrong."""
        name = self.name.text().strip()
        if not name or as_file_name(name) != name:
            raise RunError(say("Name the sweep, with signs that a file's name may have."))
        found: dict[str, Range | Choices] = {}
        for each in self._rows:
            try:
                choices = each.choices(is_random=self.is_random)
            except ValueError as error:
                raise RunError(str(error)) from None
            if each.name in found:
                raise RunError(say("{knob} stands there twice.", knob=each.knob.currentText()))
            found[each.name] = choices
        if not found:
            raise RunError(say("Add a setting that varies."))
        grid = {knob: choices for knob, choices in found.items() if not isinstance(choices, Range)}
        fixed = sweeps.difference(self._preset, self._config)
        return Sweep(
            name=name,
            preset=self._preset,
            knobs={knob: value for knob, value in fixed.items() if knob not in found},
            grid={} if self.is_random else grid,
            random=found if self.is_random else {},
            trials=self.trials.value() if self.is_random else 0,
            seed=self.draw.value() if self.is_random else 0,
            seeds=self.seeds.value(),
            figure=self.figure.currentData() or "",
            steps=self.steps.value(),
        )

    def _drop(self, row: KnobRow) -> None:
        self._rows.remove(row)
        row.hide()
        row.deleteLater()
        self._follow()

    def _follow(self) -> None:
        usual = flat(self._config)
        for each in self._rows:
            each.show_usual(usual.get(each.name))
            each.follow(is_random=self.is_random)
        self._add.setVisible(len(self._rows) < MOST_KNOBS)
        self._drawing.setVisible(self.is_random)
        changed = sweeps.difference(self._preset, self._config)
        words = ", ".join(f"{knob} {sweeps.text(value)}" for knob, value in changed.items())
        self._kept.setText(
            say("{preset}, with {changes}", preset=self._preset, changes=words) if words else self._preset
        )
        self.changed.emit()


def _value(typed: str, kind: Any) -> Value:
    """One value as the knob's type; ValueError in words."""
    match kind:
        case BoolType():
            fold = typed.casefold()
            if fold in ("on", "true", "yes", said("on").casefold()):
                return True
            if fold in ("off", "false", "no", said("off").casefold()):
                return False
            raise ValueError(say("on or off"))
        case LiteralType(values=values):
            for value in values:
                if value is not None and typed.casefold().replace("_", " ") == str(value).casefold().replace("_", " "):
                    return value
            raise ValueError(say("One of: {values}", values=", ".join(map(str, values))))
        case _:
            return read(typed, kind)


def _as_typed(value: Value) -> str:
    return written(value) if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
