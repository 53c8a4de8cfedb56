"""Asks how a comparison of forecasts leaves the window: a picture, a film or a page of figures. Not modal; it makes
nothing itself. A file that is there already is asked about in place. `wanted` gives the wish.
"""

from dataclasses import dataclass
from pathlib import Path

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QLineEdit, QVBoxLayout, QWidget

from core.comparisons import Comparison
from core.forecast_alignment import LINE_UPS, LineUp
from core.runs import ExportComparison
from studio import theme
from studio.settings import Shows
from studio.widgets import parts
from studio.widgets.number_field import count_field
from studio.words import counted, say

_KINDS = ("picture", "film", "page")
_PICTURES = (".png", ".jpg", ".pdf")
_ENDINGS = {"picture": _PICTURES, "film": (".mp4",), "page": (".html",)}
_OVERS = ("frame", "plain", "both")
_PEOPLE: tuple[Shows, ...] = ("joints", "body", "both")
_GROUNDS = ("light", "dark")
_HOLDS = {
    "picture": "The seen past on top, what came and each run in columns, a row a step, with errors and confidence.",
    "film": "The clip plays on from the moment; each run moves by its own times; errors over time below.",
    "page": "One file for a browser: the picture, and tables of every step and joint, with the command that makes it.",
}


@dataclass(frozen=True)
class ComparisonOffer:
    """What there is to export, how it is shown now, its name, the folder to begin with, and what is never replaced."""

    comparison: Comparison
    name: str
    folder: Path
    line_up: LineUp
    people: Shows
    body: str
    without_frame: bool
    kept: tuple[Path, ...] = ()


class ComparisonDialog(QDialog):
    """`wanted` gives an ExportComparison without its run folder; whoever listens carries it out."""

    wanted = Signal(object)

    def __init__(self, offer: ComparisonOffer, parent: QWidget | None) -> None:
        super().__init__(parent)
        self._offer = offer
        self._asks = False
        self.setWindowTitle(self.tr("Export the comparison"))
        self.setMinimumWidth(theme.px(560))
        most = max(len(each.forecast.steps) for each in offer.comparison.compared)
        self.kind = parts.segmented(
            self.tr("Picture"), self.tr("Film"), self.tr("Page of figures"), on_choice=lambda _: self._follow_kind()
        )
        self.kind.setAccessibleName(self.tr("What to export"))
        self._format = parts.segmented("PNG", "JPG", "PDF", on_choice=lambda _: self._follow_kind())
        self._over = parts.segmented(
            self.tr("With frame"), self.tr("Without"), self.tr("Both"), chosen=int(offer.without_frame)
        )
        self._people = parts.segmented(
            self.tr("Joints"), self.tr("Body"), self.tr("Both"), chosen=_PEOPLE.index(offer.people)
        )
        self._line_up = parts.segmented(
            self.tr("Time"), self.tr("Step"), self.tr("Action"), chosen=LINE_UPS.index(offer.line_up)
        )
        self._ground = parts.segmented(self.tr("Light"), self.tr("Dark"))
        self._steps = count_field(self.tr("Steps at most"), most, 1, max(most, 1))
        self._file = QLineEdit(str(offer.folder / f"{offer.name}.png"))
        self._file.textChanged.connect(self._follow)
        self._holds, self._says = parts.text("", "label", wrap=True), parts.text("", "warn", wrap=True)
        self._make = parts.button("", kind="primary")
        self._make.setDefault(True)
        self._make.clicked.connect(self._export)
        self._cancel = parts.button(self.tr("Cancel"))
        self._cancel.clicked.connect(self._back)
        self._lay_out()
        self._follow_kind()
        self._make.setFocus()

    def _lay_out(self) -> None:
        choose = parts.button(self.tr("Choose…"), "folder")
        choose.clicked.connect(self._choose)
        self._format_row = parts.field(self.tr("Format"), parts.row(self._format, None))
        box = QVBoxLayout(self)
        box.setContentsMargins(20, 16, 20, 16)
        box.setSpacing(10)
        who = self.tr("What came and {runs}").format(runs=counted(len(self._offer.comparison.compared), "run"))
        parts.fill(
            box,
            (
                parts.text(self.tr("Export the comparison"), "page"),
                parts.text(who, "label"),
                parts.row(self.kind, None),
                self._format_row,
                parts.field(self.tr("People"), parts.row(self._over, self._people, None)),
                parts.field(self.tr("Line up by"), parts.row(self._line_up, None)),
                parts.field(self.tr("Steps"), parts.row(self._steps, None)),
                parts.field(self.tr("Ground"), parts.row(self._ground, None)),
                parts.field(self.tr("File"), parts.row((self._file, 1), choose, gap=6)),
                parts.hair(),
                parts.row(parts.glyph("info", 14, "text3"), (self._holds, 1), gap=8),
                self._says,
                parts.row(None, self._cancel, self._make, gap=6),
            ),
        )
        self._file.setAccessibleName(self.tr("File"))
        for each, name in (
            (self._over, say("Over the frame or without it")),
            (self._people, say("What is drawn of people")),
        ):
            each.setAccessibleName(name)
        for words in (self._holds, self._says):
            words.setMinimumWidth(1)

    # ---- what was chosen ----

    @property
    def _what(self) -> str:
        return _KINDS[self.kind.chosen]

    @property
    def ending(self) -> str:
        """Of the file, with its dot."""
        return _PICTURES[self._format.chosen] if self._what == "picture" else _ENDINGS[self._what][0]

    def wish(self) -> ExportComparison:
        """What the fields say now."""
        return ExportComparison(
            project="",
            file=str(Path(self._file.text().strip()).expanduser()),
            out="",
            steps=self._steps.value(),
            over=_OVERS[self._over.chosen],  # pyright: ignore[reportArgumentType]
            people=_PEOPLE[self._people.chosen],
            body=self._offer.body,
            line_up=LINE_UPS[self._line_up.chosen],
            ground=_GROUNDS[self._ground.chosen],  # pyright: ignore[reportArgumentType]
        )

    def _follow_kind(self) -> None:
        file = Path(self._file.text().strip())
        if file.suffix.lower() in {ending for endings in _ENDINGS.values() for ending in endings}:
            self._file.setText(str(file.with_suffix(self.ending)))
        self._format_row.setVisible(self._what == "picture")
        self._holds.setText(say(_HOLDS[self._what]))
        self._follow()
        self.adjustSize()

    def _follow(self) -> None:
        self._asks = False
        self._show_state(self._problem())

    def _problem(self) -> str:
        """Why it cannot be made as it stands; empty where it can."""
        file = Path(self.wish().file)
        if not self._file.text().strip() or not file.stem or file.is_dir():
            return self.tr("Name the file.")
        if file.suffix.lower() != self.ending:
            return self.tr("The name ends in {ending}.").format(ending=self.ending)
        if not file.parent.is_dir() and file.parent != self._offer.folder:
            return self.tr("There is no folder {folder}.").format(folder=file.parent)
        if file.resolve() in self._offer.kept:
            return self.tr("{file} belongs to this project and is not written over.").format(file=file.name)
        return ""

    def _show_state(self, problem: str) -> None:
        self._says.setText(problem)
        self._says.setVisible(bool(problem))
        self._make.setEnabled(not problem or self._asks)
        self._cancel.setText(self.tr("Keep the old one") if self._asks else self.tr("Cancel"))
        words = {"picture": self.tr("Export picture"), "film": self.tr("Export film"), "page": self.tr("Export page")}
        self._make.setText(self.tr("Replace it") if self._asks else words[self._what])

    # ---- deciding ----

    def _choose(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self, self.tr("Choose where it goes"), self._file.text(), f"*{self.ending}",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )  # fmt: skip
        if chosen:
            path = Path(chosen)
            self._file.setText(str(path if path.suffix else path.with_suffix(self.ending)))

    def _export(self) -> None:
        wish = self.wish()
        is_there = Path(wish.file).exists()
        if is_there and not self._asks:
            self._asks = True
            name = Path(wish.file).name
            self._show_state(self.tr("{file} is there already. Replacing it cannot be undone.").format(file=name))
            self._cancel.setFocus()
            return
        self.wanted.emit(msgspec.structs.replace(wish, replaces=is_there))

    def _back(self) -> None:
        if not self._asks:
            self.close()
            return
        self._follow()
        self._file.setFocus()
        self._file.selectAll()

    def refuse(self, words: str) -> None:
        """Say why it was not begun."""
        self._asks = False
        self._show_state(self._problem())
        self._says.setText(words)
        self._says.setVisible(True)
