"""The right of the Evaluate page: what was mixed up, how far seeds scatter, and what is to be known of the figures."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from core.reports import Column
from studio import theme
from studio.report_sheets import Sheet, SheetRow, facts_of
from studio.report_words import head
from studio.widgets import parts
from studio.widgets.confusion_matrix import ConfusionMatrix, Pair, most_confused
from studio.widgets.seed_dots import SeedDots, Spread
from studio.widgets.when import say_when
from studio.words import say

_MANY = 20
_PAIRS_FEW, _PAIRS_MANY = 5, 12
_PAIR = int(Qt.ItemDataRole.UserRole)


class EvaluateAbout(QFrame):
    """About the chosen row of the chosen sheet."""

    command_wanted = Signal()
    open_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("About the chosen row"))
        self._name = parts.text("", "title")
        self._name.setMinimumWidth(1)
        self._row: SheetRow | None = None
        self._make_confusion()
        self._make_spread()
        self._facts = QWidget()
        self._grid = QGridLayout(self._facts)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._notes = parts.text("", "caption", wrap=True)
        self._old = parts.text("", "warn", wrap=True)
        self.copy = parts.button(self.tr("Copy as command"), "copy")
        self.copy.setToolTip(self.tr("The line that makes these figures again  Ctrl+Shift+C"))
        self.copy.clicked.connect(self.command_wanted)
        self.open = parts.button(self.tr("Open"), "folder", "quiet")
        self.open.setToolTip(self.tr("The report as a page  Enter"))
        self.open.clicked.connect(self.open_wanted)
        self._inside = parts.col(
            self._confusion_part, self._spread_part, parts.text(self.tr("Facts"), "title"), self._facts, self._notes,
            None, gap=8,
        )  # fmt: skip
        self._scroll = parts.scroll(self._inside)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 10, 8, 12)
        box.setSpacing(8)
        box.addWidget(self._name)
        box.addWidget(self._old)
        box.addWidget(self._scroll, 1)
        box.addWidget(parts.row(self.copy, None, self.open, gap=6))

    def _make_confusion(self) -> None:
        self.matrix = ConfusionMatrix()
        self._said = parts.text("", "strong", wrap=True)
        self._said.setMinimumHeight(theme.px(32))
        self._said.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.matrix.went.connect(self._said.setText)
        self.ways = parts.segmented(
            self.tr("Share"), self.tr("Count"), on_choice=lambda at: self.matrix.show_counts(at == 1)
        )
        self.ways.setToolTip(self.tr("Share of the times an action came, or how often"))
        self._place = QScrollArea()
        self._place.setWidget(self.matrix)
        self._place.setWidgetResizable(True)
        self._place.setFrameShape(QFrame.Shape.NoFrame)
        self._place.viewport().setAutoFillBackground(False)
        self.pairs = QListWidget()
        self.pairs.setFrameShape(QFrame.Shape.NoFrame)
        self.pairs.setAccessibleName(self.tr("Mixed up most"))
        self.pairs.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.pairs.currentItemChanged.connect(self._went)
        title = parts.text(self.tr("Mixed up"), "title")
        title.setMinimumWidth(1)
        self._confusion_part = parts.col(
            parts.row((title, 1), self.ways),
            parts.text(self.tr("Down: what came. Across: what was foreseen."), "caption", wrap=True),
            self._place,
            self._said,
            parts.text(self.tr("Most often"), "label"),
            self.pairs,
            parts.hair(),
            gap=5,
        )

    def _make_spread(self) -> None:
        self.dots = SeedDots()
        self._spread_title = parts.text("", "title")
        self._spread_title.setMinimumWidth(1)
        self._spread_part = parts.col(self._spread_title, self.dots, parts.hair(), gap=6)

    # ---- what is shown ----

    def show_row(
        self,
        sheet: Sheet | None,
        row: SheetRow | None,
        column: Column | None,
        drawn: Sequence[SheetRow],
        colours: Mapping[str, str],
    ) -> None:
        """This row; `drawn` are those whose seeds stand beside it, in figures of `column`."""
        self._row = row
        name = row.name if row is not None else sheet.title if sheet is not None else ""
        parts.elide(self._name, name, self.width() - 24)
        self._old.setText(row.note if row is not None else "")
        self._old.setVisible(bool(self._old.text()))
        self._show_confusion(row)
        self._show_spread(row, column, drawn, colours)
        self._show_facts(sheet, row)
        self.copy.setEnabled(row is not None and bool(row.command))
        self.open.setEnabled(sheet is not None and bool(sheet.founds))

    def show_width(self, *, narrow: bool) -> None:
        self.setFixedWidth(min(theme.px(280), 330) if narrow else theme.px(340))

    def _show_confusion(self, row: SheetRow | None) -> None:
        confusion = row.confusion if row is not None else None
        self._confusion_part.setVisible(confusion is not None)
        self.matrix.show_confusion(confusion)
        self._fit_matrix()
        pairs = most_confused(confusion, _PAIRS_FEW) if confusion is not None else []
        if confusion is not None and len(confusion.actions) > _MANY:
            pairs = most_confused(confusion, _PAIRS_MANY)
        self.pairs.blockSignals(True)
        self.pairs.clear()
        for pair in pairs:
            item = QListWidgetItem(
                say("{times} × {foreseen} where {came} came", times=pair.times, foreseen=pair.foreseen, came=pair.came)
            )
            item.setToolTip(pair.words)
            item.setData(_PAIR, pair)
            self.pairs.addItem(item)
        self.pairs.blockSignals(False)
        row_px = self.pairs.sizeHintForRow(0) if pairs else 0
        self.pairs.setFixedHeight(row_px * len(pairs) + 4)

    def _show_spread(
        self, row: SheetRow | None, column: Column | None, drawn: Sequence[SheetRow], colours: Mapping[str, str]
    ) -> None:
        scale = 100.0 if column is not None and column.unit == "%" else 1.0
        spreads = [
            Spread(
                name=each.name,
                values=tuple(scale * value for value in each.values[column.key].each),
                colour=colours.get(each.id, ""),
                is_chosen=row is not None and each.id == row.id,
            )
            for each in drawn
            if column is not None and column.key in each.values and len(each.values[column.key].each) > 1
        ]
        self._spread_part.setVisible(bool(spreads))
        if column is not None and spreads:
            words = head(column)
            title = self.tr("Seed by seed: {figure}").format(figure=words[:1].upper() + words[1:])
            parts.elide(self._spread_title, title, self.width() - 40)
            self.dots.show_spreads(spreads, unit=column.unit, digits=column.digits)

    def _show_facts(self, sheet: Sheet | None, row: SheetRow | None) -> None:
        facts = facts_of(sheet, row) if sheet is not None else []
        found = row.reports[0] if row is not None and row.reports else sheet.founds[0] if sheet is not None else None
        if found is not None:
            facts.append((self.tr("Made"), say_when(found.at_s)))
        while (item := self._grid.takeAt(0)) is not None:
            former = item.widget()
            if former is not None:
                former.hide()
                former.deleteLater()
        top = Qt.AlignmentFlag.AlignTop
        for at, (name, words) in enumerate(facts):
            title, value = parts.text(name, "label"), parts.text(words, wrap=True)
            title.setMinimumWidth(theme.px(78))
            value.setMinimumWidth(1)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._grid.addWidget(title, at, 0, top)
            self._grid.addWidget(value, at, 1, top)
        self._notes.setText("\n\n".join(sheet.notes) if sheet is not None else "")
        self._notes.setVisible(bool(self._notes.text()))

    # ---- how ----

    def _went(self, item: QListWidgetItem | None) -> None:
        pair = item.data(_PAIR) if item is not None else None
        if isinstance(pair, Pair):
            self.matrix.go_to(pair.came, pair.foreseen)

    def _fit_matrix(self) -> None:
        room = max(self.width() - 34, 100)
        self.matrix.show_room(room)
        bar = 12 if self.matrix.minimumWidth() > room else 0
        self._place.setFixedHeight(min(self.matrix.height() + bar, theme.px(420)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_matrix()
