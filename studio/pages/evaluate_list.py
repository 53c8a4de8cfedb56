"""The left of the Evaluate page: reports by protocol, found by a word, and what can be measured next."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QSizePolicy, QVBoxLayout

from studio import theme
from studio.report_sheets import PROTOCOLS, Protocol, Sheet, answers
from studio.widgets import parts
from studio.widgets.report_list import ReportLine, ReportList

_ICONS: dict[Protocol, str] = {
    "forecasters": "forecast",
    "tables": "grid",
    "sequences": "step",
    "motion": "generate",
    "motion tables": "grid",
    "rows": "layers",
    "unread": "warn",
}


class EvaluateList(QFrame):
    """Says which sheet was chosen or opened, and what a person wants measured."""

    picked = Signal(str)
    opened = Signal(str)
    searched = Signal(str)
    wanted = Signal(str)  # evaluate, reproduce or sequences

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("Reports"))
        self._sheets: Sequence[Sheet] = ()
        self._chosen = ""
        self.search = parts.search(self.tr("Find a report"), "Q")
        self.search.setToolTip(self.tr("A run, a preset or a figure, such as: top-1"))
        self.search.textChanged.connect(self._searched)
        self.list = ReportList()
        self.list.picked.connect(self.picked)
        self.list.opened.connect(self.opened)
        self._none = parts.text("", "caption", wrap=True)
        self.evaluate = parts.button(self.tr("Evaluate…"), "evaluate", "primary", big=True)
        self.evaluate.setToolTip(self.tr("Measure runs on one part of their split"))
        self.reproduce = parts.button(self.tr("Reproduce…"), "grid")
        self.reproduce.setToolTip(self.tr("Tables and figures of the paper, on this project"))
        self.sequences = parts.button(self.tr("Compare sequences…"), "step")
        self.sequences.setToolTip(self.tr("Actions alone, on many random splits"))
        for button, what in (
            (self.evaluate, "evaluate"), (self.reproduce, "reproduce"), (self.sequences, "sequences"),
        ):  # fmt: skip
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _=False, what=what: self.wanted.emit(what))
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 10, 12, 12)
        box.setSpacing(8)
        box.addWidget(parts.text(self.tr("Reports"), "title"))
        box.addWidget(self.search)
        box.addWidget(self.list, 1)
        box.addWidget(self._none)
        box.addWidget(self.reproduce)
        box.addWidget(self.sequences)
        box.addWidget(self.evaluate)

    def show_sheets(self, sheets: Sequence[Sheet], chosen: str) -> None:
        """These, those that answer what is looked for."""
        self._sheets, self._chosen = sheets, chosen
        query = self.search.text()
        lines: list[ReportLine] = []
        found = [each for each in sheets if answers(each, query)]
        last: Protocol | None = None
        for sheet in found:
            if sheet.protocol != last:
                last = sheet.protocol
                lines.append(ReportLine(f"heading:{last}", self.tr(PROTOCOLS[last]), is_heading=True))
            is_old = any(row.is_old for row in sheet.rows)
            words = self.tr("older than its checkpoint · {words}").format(words=sheet.words) if is_old else sheet.words
            colour = "warn" if is_old or sheet.problem else "text3"
            lines.append(ReportLine(sheet.id, sheet.title, words, icon=_ICONS[sheet.protocol], colour=colour))
        self.list.show_lines(lines, chosen)
        nothing = bool(sheets) and not found
        self._none.setText(self.tr("No report has “{words}”.").format(words=query) if nothing else "")
        self._none.setVisible(nothing)

    def first_found(self) -> str:
        """The first sheet that answers what is looked for."""
        return next((line.id for line in self.list.lines() if not line.is_heading), "")

    def seek(self) -> None:
        """Put the cursor where a report is looked for."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def show_width(self, *, narrow: bool) -> None:
        self.setFixedWidth(min(theme.px(236), 280) if narrow else theme.px(272))

    def _searched(self, words: str) -> None:
        self.show_sheets(self._sheets, self._chosen)
        self.searched.emit(words)
