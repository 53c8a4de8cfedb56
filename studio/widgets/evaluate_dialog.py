"""Asks what to measure next: runs on a part, tables of the paper, or actions alone on many splits. It starts nothing.

Not modal. `wanted` gives the specs, with their run folders' names; the words above the button say how long that takes,
as far as this project's earlier runs tell.
"""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from core import configs
from core.errors import CoreError
from core.forecast_rows import OURS, config_of
from core.runs import CompareSequences, EvaluateForecaster, EvaluatePoseGpt, ReproduceForecasts, Spec
from core.wording import sentences
from studio import theme
from studio.widgets import parts
from studio.words import say

What = Literal["evaluate", "reproduce", "sequences"]
TABLES = (
    ("table1", "Table 1: beside plainer methods"),
    ("table2", "Table 2: which poses are learned"),
    ("table3", "Table 3: which losses"),
    ("table4", "Table 4: which poses, closer"),
    ("figure3", "Figure 3: accuracy over the steps ahead"),
    ("choices", "Other choices: critic, objects, counting"),
    ("futures", "Several futures and times"),
)
_PARTS = (("test", "Test"), ("validation", "Validation"), ("train", "Train, what was learned from"))
_HEADS = {
    "evaluate": (
        "Evaluate",
        "Each run is measured beside plain methods, one after the other while this window is open.",
    ),
    "reproduce": ("Reproduce", "Every row is trained with every seed, then measured. What is done is not done again."),
    "sequences": ("Compare sequences", "Actions alone: every method beside the counting chosen on validation."),
}
_ROLE = int(Qt.ItemDataRole.UserRole)


@dataclass(frozen=True)
class Measurable:
    """A run that can be measured: what people call it, and its folder or shipped name."""

    name: str
    run: str
    is_motion: bool = False


class EvaluateDialog(QDialog):
    """One form for each of the three."""

    wanted = Signal(object)  # list[tuple[Spec, str]]

    def __init__(
        self,
        what: What,
        project: str,
        runs: Sequence[Measurable],
        chosen: str,
        estimate: Callable[[Sequence[Spec]], str],
        parent: QWidget | None,
    ) -> None:
        super().__init__(parent)
        self._what, self._project, self._estimate = what, project, estimate
        title, words = _HEADS[what]
        self.setWindowTitle(say(title))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(theme.px(520))
        self._make_fields(runs, chosen)
        self._takes = parts.text("", "label", wrap=True)
        self._takes.setMinimumHeight(theme.px(34))
        self.start = parts.button(say(title), "play", "primary")
        self.start.setDefault(True)
        self.start.clicked.connect(self._start)
        cancel = parts.button(self.tr("Cancel"))
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.close)
        box = QVBoxLayout(self)
        box.setContentsMargins(20, 16, 20, 16)
        box.setSpacing(10)
        parts.fill(
            box,
            (
                parts.text(say(title), "page"), parts.text(say(words), "label", wrap=True), *self._fields(),
                self._takes, parts.row(None, cancel, self.start, gap=6),
            ),
        )  # fmt: skip
        self._follow()
        parts.fit_height(self)

    def _make_fields(self, runs: Sequence[Measurable], chosen: str) -> None:
        self.list = QListWidget()
        if self._what == "evaluate":
            self.list.setAccessibleName(self.tr("Runs"))
            for each in runs:
                self._add(each.name, each, ticked=each.name == chosen)
            if runs and not self.ticked():
                self.list.item(0).setCheckState(Qt.CheckState.Checked)
        elif self._what == "reproduce":
            self.list.setAccessibleName(self.tr("Tables and figures"))
            for key, words in TABLES:
                self._add(say(words), key, ticked=key == "table1")
        row_px = max(self.list.sizeHintForRow(0), 1)
        self.list.setFixedHeight(row_px * min(max(self.list.count(), 3), 8) + 2 * self.list.frameWidth())
        self.list.itemChanged.connect(lambda _: self._follow())
        self.list.setCurrentRow(0)
        self.part = QComboBox()
        for key, words in _PARTS:
            self.part.addItem(say(words), key)
        self.part.activated.connect(lambda _: self._follow())
        self.seeds = self._number(1, 50, 3)
        self.windows = self._number(16, 100_000, 1000)
        self.splits = self._number(1, 200, 20)
        self.observe, self.predict = self._number(1, 50, 5), self._number(1, 50, 5)
        self.preset = QComboBox()
        self.preset.addItems([each for each in configs.PRESETS if each.startswith("forecaster/")])
        self.preset.setCurrentText("forecaster/small")
        self.preset.activated.connect(lambda _: self._follow())
        self.knobs = QLineEdit()
        self.knobs.setPlaceholderText('steps=4000 "data.split=By cook"')
        self.knobs.textChanged.connect(lambda _: self._follow())

    def _number(self, least: int, most: int, value: int) -> QSpinBox:
        made = QSpinBox()
        made.setRange(least, most)
        made.setValue(value)
        made.valueChanged.connect(lambda _: self._follow())
        return made

    def _add(self, words: str, value: object, *, ticked: bool) -> None:
        item = QListWidgetItem(words)
        item.setSizeHint(QSize(0, theme.px(24)))
        item.setData(_ROLE, value)
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
        self.list.addItem(item)

    def _fields(self) -> list[QWidget]:
        wide = 120
        if self._what == "evaluate":
            self._for_motion = parts.col(
                parts.field(self.tr("Seeds"), self.seeds, width=wide),
                parts.field(self.tr("Windows a side"), self.windows, width=wide),
                gap=8,
            )
            return [self.list, parts.field(self.tr("Part"), self.part, width=wide), self._for_motion]
        if self._what == "reproduce":
            return [
                self.list,
                parts.field(self.tr("Preset"), self.preset, width=wide),
                parts.field(self.tr("Seeds"), self.seeds, width=wide),
                parts.field(self.tr("Part"), self.part, width=wide),
                parts.field(self.tr("Settings"), self.knobs, width=wide),
            ]
        return [
            parts.field(self.tr("Splits"), self.splits, width=wide),
            parts.field(self.tr("Actions seen"), self.observe, width=wide),
            parts.field(self.tr("Actions foreseen"), self.predict, width=wide),
            parts.field(self.tr("Settings"), self.knobs, width=wide),
        ]

    def ticked(self) -> list[object]:
        """What is ticked in the list."""
        items = [self.list.item(at) for at in range(self.list.count())]
        return [each.data(_ROLE) for each in items if each.checkState() == Qt.CheckState.Checked]

    def specs(self) -> list[tuple[Spec, str]]:
        """What is wanted as it stands, each with the stem of its folder's name."""
        knobs = words_of(self.knobs.text())
        part = str(self.part.currentData())
        if self._what == "evaluate":
            runs = [each for each in self.ticked() if isinstance(each, Measurable)]
            return [(self._evaluation(each, part), f"evaluation-{each.name}-{part}") for each in runs]
        if self._what == "reproduce":
            what = tuple(str(each) for each in self.ticked())
            if not what:
                return []
            spec = ReproduceForecasts(
                project=self._project, out="", what=what, preset=self.preset.currentText(), knobs=knobs,  # pyright: ignore[reportArgumentType]
                seeds=self.seeds.value(), part=part,
            )  # fmt: skip
            return [(spec, "tables")]
        spec = CompareSequences(
            project=self._project, out="", observe=self.observe.value(), predict=self.predict.value(),
            splits=self.splits.value(), knobs=knobs,
        )  # fmt: skip
        return [(spec, "sequences")]

    def _evaluation(self, each: Measurable, part: str) -> Spec:
        if each.is_motion:
            return EvaluatePoseGpt(
                run=each.run, project=self._project, out="", part=part, windows=self.windows.value(),
                seeds=self.seeds.value(),
            )  # fmt: skip
        return EvaluateForecaster(run=each.run, project=self._project, out="", part=part)

    def _follow(self) -> None:
        if not hasattr(self, "start"):
            return
        specs = self.specs()
        if self._what == "evaluate":
            self._for_motion.setVisible(any(isinstance(spec, EvaluatePoseGpt) for spec, _ in specs))
        why_not = next((why for spec, _ in specs if (why := refused(spec))), "")
        self.start.setEnabled(bool(specs) and not why_not)
        if why_not:
            self._takes.setText(why_not)
            return
        nothing = {"evaluate": self.tr("Tick a run."), "reproduce": self.tr("Tick a table or a figure.")}
        self._takes.setText(self._estimate([spec for spec, _ in specs]) if specs else nothing.get(self._what, ""))

    def _start(self) -> None:
        self.wanted.emit(self.specs())
        self.close()


def words_of(settings: str) -> tuple[str, ...]:
    """Settings as they are typed for a terminal: those with spaces in quotes."""
    try:
        return tuple(shlex.split(settings))
    except ValueError:  # a quote that is not closed yet
        return tuple(settings.replace('"', " ").replace("'", " ").split())


def refused(spec: Spec) -> str:
    """Why the settings of a spec cannot be used, in a sentence; empty where they can."""
    try:
        if isinstance(spec, ReproduceForecasts):
            config_of(OURS, spec.preset, spec.knobs, 0)
        elif isinstance(spec, CompareSequences):
            configs.with_overrides(configs.Forecaster(), spec.knobs)
    except CoreError as error:
        return sentences(str(error), error.hint)
    return ""
