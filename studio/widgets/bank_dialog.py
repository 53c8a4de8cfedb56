"""Asks of what a pose bank is built, how many poses it holds, and what it is called. Not modal; it builds nothing.

Says what it will hold before it begins: of which recordings, how large, under which terms. `wanted` gives a
BuildPoseBank without its project and run folder.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QLineEdit, QVBoxLayout, QWidget

from core.importing.recognition import spelled_size
from core.project.motion_sets import as_key
from core.runs import BuildPoseBank
from studio import theme
from studio.widgets import parts
from studio.widgets.clip_states import spoken_length
from studio.widgets.job_words import grouped
from studio.widgets.number_field import count_field

BYTES_A_POSE = 2 * 9 * 3 * 2
"""Two joint maps of nine joints, as half floats."""
_FEWEST, _MOST, _USUAL = 100, 5_000_000, 800_000


@dataclass(frozen=True)
class Source:
    """A data set of motion that poses can be taken of."""

    key: str
    name: str
    recordings: int
    seconds: float
    licence: str


class BankDialog(QDialog):
    """A name, a number, and which data sets."""

    wanted = Signal(object)

    def __init__(self, sources: Sequence[Source], taken: Sequence[str], parent: QWidget | None) -> None:
        """`taken` are the keys that data sets of the project have."""
        super().__init__(parent)
        self._sources, self._taken = tuple(sources), set(taken)
        self.setWindowTitle(self.tr("Build a pose bank"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(theme.px(520))
        self.name = QLineEdit(self._free_name())
        self.poses = count_field(self.tr("How many poses"), _USUAL, _FEWEST, _MOST)
        self.poses.setSingleStep(50_000)
        self.poses.setKeyboardTracking(True)
        self.sets = [QCheckBox(self._line(each)) for each in self._sources]
        self._will, self._terms = parts.text("", "label", wrap=True), parts.text("", "label", wrap=True)
        self._says = parts.text("", "warn", wrap=True)
        self.make = parts.button(self.tr("Build"), kind="primary")
        self.make.setDefault(True)
        self.make.clicked.connect(lambda: self.wanted.emit(self.wish()))
        cancel = parts.button(self.tr("Cancel"))
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.close)
        for box in self.sets:
            box.setChecked(True)
            box.toggled.connect(self._check)
        self.name.textChanged.connect(self._check)
        self.poses.valueChanged.connect(self._check)
        about = self.tr(
            "3D poses of recorded motion, with no video to them: what a forecaster's critic takes for human. "
            "Upper bodies, neck at the origin, facing ahead; those that are nearly alike are kept once."
        )
        listed = parts.col(*self.sets, gap=4)
        which = parts.scroll(listed)
        which.setAccessibleName(self.tr("Data sets"))
        which.setFixedHeight(min(listed.sizeHint().height() + 2, theme.px(170)))
        box = QVBoxLayout(self)
        box.setContentsMargins(20, 16, 20, 16)
        box.setSpacing(10)
        items = (
            parts.text(self.tr("Build a pose bank"), "page"),
            parts.text(about, "label", wrap=True),
            parts.field(self.tr("Name"), self.name),
            parts.field(self.tr("Of"), which),
            parts.field(self.tr("Poses"), parts.row(self.poses, None)),
            self._will,
            self._terms,
            self._says,
            None,
            parts.row(None, cancel, self.make, gap=6),
        )
        parts.fill(box, items)
        self._check()
        self.name.setFocus()
        self.name.selectAll()

    def _free_name(self) -> str:
        name, number = "pose-bank", 1
        while name in self._taken:
            number += 1
            name = f"pose-bank-{number}"
        return name

    def _line(self, source: Source) -> str:
        count = grouped(source.recordings)
        words = self.tr("{name}: {count} recordings, {length}")
        return parts.literal(words.format(name=source.name, count=count, length=spoken_length(source.seconds)))

    @property
    def chosen(self) -> tuple[Source, ...]:
        """The data sets that poses are taken of."""
        return tuple(each for each, box in zip(self._sources, self.sets, strict=True) if box.isChecked())

    def wish(self) -> BuildPoseBank:
        """What is wanted as it stands."""
        keys = tuple(each.key for each in self.chosen)
        return BuildPoseBank(project="", out="", name=self.name.text().strip(), sets=keys, poses=self.poses.value())

    def _problem(self) -> str:
        name = self.name.text().strip()
        if not name:
            return self.tr("Name the bank.")
        if as_key(name) in self._taken:
            return self.tr("The project has a data set of this name already. Choose another name.")
        if not self.chosen:
            return self.tr("Choose at least one data set.")
        return ""

    def _check(self, *_: object) -> None:
        chosen, poses = self.chosen, self.poses.value()
        words = self.tr("It will hold up to {poses} poses of {length} of motion, at most {size}.")
        length = spoken_length(sum(each.seconds for each in chosen))
        size = spelled_size(poses * BYTES_A_POSE)
        self._will.setText(words.format(poses=grouped(poses), length=length, size=size) if chosen else "")
        self._will.setVisible(bool(chosen))
        terms = list(dict.fromkeys(each.licence for each in chosen if each.licence))
        self._terms.setText(self.tr("Comes under: {terms}").format(terms="; ".join(terms)))
        self._terms.setVisible(bool(terms))
        self.refuse(self._problem())
        self.make.setEnabled(not self._says.text())
        parts.fit_height(self)

    def refuse(self, words: str) -> None:
        """Say why it cannot begin, or has not."""
        self._says.setText(words)
        self._says.setVisible(bool(words))
