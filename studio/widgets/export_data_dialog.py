"""Asks in which form clips' marks or a data set's recordings go out, and where to. Not modal; it writes nothing itself.

A file that is there already is asked about in place. `wanted` gives an ExportWish.
"""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QDialog, QFileDialog, QLineEdit, QVBoxLayout, QWidget

from studio import theme
from studio.widgets import parts
from studio.words import counted, say


@dataclass(frozen=True)
class Way:
    """A form to write in: its format, what a person reads, its ending (empty: a folder), what the writer is told."""

    format: str
    words: str
    ending: str
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Goods:
    """What there is to export. `chosen` are recordings; none where clips' marks go out."""

    title: str
    about: str
    name: str
    folder: Path
    ways: tuple[Way, ...]
    chosen: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    kept: tuple[Path, ...] = ()
    terms: str = ""


@dataclass(frozen=True)
class ExportWish:
    """What a person wants. `place` is a file, or a folder for several recordings."""

    way: Way
    place: Path
    recordings: tuple[str, ...] = ()


class ExportDataDialog(QDialog):
    """A form, how much of it, and a place."""

    wanted = Signal(object)

    def __init__(self, goods: Goods, parent: QWidget | None) -> None:
        super().__init__(parent)
        self._goods, self._asks = goods, False
        self.setWindowTitle(say("Export"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(theme.px(560))
        self.way = QComboBox()
        for each in goods.ways:
            self.way.addItem(each.words, each)
        self.way.activated.connect(lambda _: self._follow_way())
        several = len(goods.chosen) > 1
        words = counted(len(goods.chosen), "chosen recording") if several else say("The chosen recording")
        self.extent = parts.segmented(
            words, say("All {count}", count=len(goods.all)), on_choice=lambda _: self._follow_way()
        )
        self.extent.setAccessibleName(say("How many recordings"))
        self.place = QLineEdit()
        self.place.textChanged.connect(self._check)
        choose = parts.button("Choose…", "folder")
        choose.setAutoDefault(False)
        choose.clicked.connect(self._choose)
        self._says = parts.text("", "warn", wrap=True)
        self.make = parts.button("Export", kind="primary")
        self.make.setDefault(True)
        self.make.clicked.connect(self._export)
        self._cancel = parts.button("Cancel")
        self._cancel.setAutoDefault(False)
        self._cancel.clicked.connect(self.close)
        extent = parts.field("How much", parts.row(self.extent, None))
        extent.setVisible(bool(goods.chosen) and len(goods.all) > 1)
        place = parts.field("To", parts.row((self.place, 1), choose, gap=6))
        self.place.setAccessibleName(say("Where it goes"))
        terms = parts.text(goods.terms, "caption", wrap=True)
        terms.setVisible(bool(goods.terms))
        box = QVBoxLayout(self)
        box.setContentsMargins(20, 16, 20, 16)
        box.setSpacing(10)
        items = (
            parts.text(goods.title, "page"),
            parts.text(goods.about, "label", wrap=True),
            parts.field("As", self.way),
            extent,
            place,
            terms,
            self._says,
            None,
            parts.row(None, self._cancel, self.make, gap=6),
        )
        parts.fill(box, items)
        self._follow_way()
        self.way.setFocus()

    @property
    def _is_folder(self) -> bool:
        return not self._way.ending or len(self._recordings) > 1

    @property
    def _way(self) -> Way:
        return self.way.currentData()

    @property
    def _recordings(self) -> tuple[str, ...]:
        goods = self._goods
        return goods.all if self.extent.chosen == 1 or not goods.chosen else goods.chosen

    def wish(self) -> ExportWish:
        """What is wanted as it stands."""
        return ExportWish(self._way, Path(self.place.text().strip()), self._recordings)

    def _follow_way(self) -> None:
        goods, name = self._goods, self._goods.name
        if len(self._recordings) == 1:
            name = self._recordings[0].rpartition("/")[2]
        folder = Path(self.place.text()).parent if self.place.text() else goods.folder
        self.place.setText(str(folder / (name if self._is_folder else f"{name}{self._way.ending}")))
        self._check()

    def _problem(self) -> str:
        place = self.wish().place
        if not self.place.text().strip() or not place.stem:
            return say("Name the place.")
        if not self._is_folder and place.suffix.lower() != self._way.ending:
            return say("The name ends in {ending}.", ending=self._way.ending)
        if not place.parent.is_dir() and place.parent != self._goods.folder:
            return say("There is no folder {parent}.", parent=place.parent)
        if not self._is_folder and place.is_dir():
            return say("{name} is a folder.", name=place.name)
        if place.resolve() in self._goods.kept:
            return say("{name} belongs to this project and is not written over. Choose another name.", name=place.name)
        return ""

    def _check(self) -> None:
        self._asks = False
        self._show_state(self._problem())

    def _show_state(self, problem: str) -> None:
        self._says.setText(problem)
        self._says.setVisible(bool(problem))
        self.make.setEnabled(not problem or self._asks)
        self.make.setText(say("Replace it") if self._asks else say("Export"))
        self._cancel.setText(say("Keep the old one") if self._asks else say("Cancel"))

    def _choose(self) -> None:
        if self._is_folder:
            chosen = QFileDialog.getExistingDirectory(self, say("Choose a folder"), str(Path(self.place.text()).parent))
            if chosen:
                self.place.setText(str(Path(chosen) / self._goods.name))
            return
        chosen, _ = QFileDialog.getSaveFileName(
            self, say('Choose where it goes'), self.place.text(), f"*{self._way.ending}",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )  # fmt: skip
        if chosen:
            path = Path(chosen)
            self.place.setText(str(path if path.suffix else path.with_suffix(self._way.ending)))

    def _export(self) -> None:
        wish = self.wish()
        taken = any(wish.place.iterdir()) if wish.place.is_dir() else wish.place.exists()
        if taken and not self._asks:
            self._asks = True
            self._show_state(
                say("{name} is there already. What it replaces cannot be brought back.", name=wish.place.name)
            )
            self._cancel.setFocus()
            return
        self.wanted.emit(wish)

    def refuse(self, words: str) -> None:
        """Say why it was not begun."""
        self._asks = False
        self._show_state(self._problem())
        self._says.setText(words)
        self._says.setVisible(True)
