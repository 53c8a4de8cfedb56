"""The window that sets runs beside each other: what differs in settings, data and machines, figures and curves."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication
from PySide6.QtWidgets import QAbstractItemView, QCheckBox, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from studio import theme
from studio.pages.training_curves import model_of, steps_of
from studio.pages.training_points import Points
from studio.pages.training_sheet import Line, Told, sheet_of
from studio.widgets import parts
from studio.widgets.curves import CurveChart, Series
from studio.widgets.dialogs import Dialog
from studio.words import counted, said, say

_CHARTS = {"forecaster": ("loss", "validation/top1"), "posegpt": ("validation/pve_mm", "validation/bits")}
_TITLES = {
    "loss": "Loss",
    "validation/top1": "Top-1 on validation",
    "validation/pve_mm": "Surface error on validation, mm",
    "validation/bits": "Bits a code on validation",
}


class CompareRuns(Dialog):
    """Rows are knobs and facts, columns are runs; only what differs, unless somebody wants all."""

    def __init__(self, runs: Sequence[Told], colours: Mapping[str, str], parent: QWidget | None) -> None:
        super().__init__("Compare settings", parent, 760)
        self._colours = colours
        self.sheet = sheet_of(runs)
        self.only = QCheckBox(said("Only what differs"))
        self.only.setChecked(True)
        self.only.toggled.connect(self._fill)
        self._count = parts.text("", "caption")
        self.table = QTableWidget()
        self.table.setAccessibleName(said("Settings beside each other"))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        self.table.setMinimumHeight(theme.px(220))
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(theme.px(26))
        self.box.addWidget(parts.row(self.only, None, self._count))
        self.box.addWidget(self.table, 1)
        self.charts = self._make_charts(runs)
        row = parts.row(*((chart, 1) for chart in self.charts), gap=20)
        row.setFixedHeight(theme.px(150))
        row.setVisible(bool(self.charts))
        self.box.addWidget(row)
        words = parts.button("Copy as text", "copy", "quiet")
        words.clicked.connect(lambda: self._copy(self.sheet.text(only_differing=self.only.isChecked())))
        table = parts.button("Copy as CSV", "copy", "quiet")
        table.clicked.connect(lambda: self._copy(self.sheet.csv(only_differing=self.only.isChecked())))
        self._copied = parts.text("", "caption")
        self.add_close(words, table, self._copied)
        self._fill()
        self.resize(theme.px(900), theme.px(640))

    def _make_charts(self, runs: Sequence[Told]) -> list[CurveChart]:
        points, made = Points(), []
        for model in dict.fromkeys(model_of(told.job) for told in runs):
            jobs = [told.job for told in runs if model_of(told.job) == model]
            for name in _CHARTS[model]:
                chart = CurveChart(said(_TITLES[name]))
                chart.set_smoothing(0.6)
                series = []
                for at, job in enumerate(jobs):
                    steps, values = points.of(job, name)
                    series.append(Series(job.name, self._colours[job.name], steps, values, is_live=at == 0))
                chart.show_series(series, max(map(steps_of, jobs), default=0))
                chart.pointed.connect(self._point)
                chart.view_wanted.connect(self._view)
                if chart.series():
                    made.append(chart)
        return made[:2]

    def _point(self, at: float | None) -> None:
        for chart in self.charts:
            chart.show_cursor(at)

    def _view(self, view: tuple[float, float] | None) -> None:
        for chart in self.charts:
            chart.show_view(view)

    def _fill(self) -> None:
        sections = self.sheet.shown(only_differing=self.only.isChecked())
        preset = [say("Preset")] if self.sheet.has_preset else []
        self.table.clear()
        self.table.setColumnCount(1 + len(preset) + len(self.sheet.names))
        self.table.setHorizontalHeaderLabels([say("What"), *preset, *self.sheet.names])
        self.table.setRowCount(sum(1 + len(section.lines) for section in sections))
        row = 0
        for section in sections:
            head = QTableWidgetItem(section.title)
            head.setFont(_bold(self.table.font()))
            head.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self.table.setItem(row, 0, head)
            self.table.setSpan(row, 0, 1, self.table.columnCount())
            row += 1
            for line in section.lines:
                self._put(row, line, bool(preset))
                row += 1
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        self.table.resizeColumnsToContents()
        for at in range(self.table.columnCount()):
            self.table.setColumnWidth(at, min(max(self.table.columnWidth(at), theme.px(110)), theme.px(260)))
        differing = sum(line.differs for section in self.sheet.sections for line in section.lines)
        words = say("{rows} differ", rows=counted(differing, "row")) if differing != 1 else say("1 row differs")
        self._count.setText(words)

    def _put(self, row: int, line: Line, has_preset: bool) -> None:
        look = theme.now()
        title = QTableWidgetItem(line.title)
        title.setToolTip(line.name)
        title.setForeground(QColor(look.text2))
        self.table.setItem(row, 0, title)
        if has_preset:
            usual = QTableWidgetItem(line.preset)
            usual.setForeground(QColor(look.text3))
            self.table.setItem(row, 1, usual)
        for at, words in enumerate(line.values):
            item = QTableWidgetItem(words)
            item.setToolTip(words)
            is_other = bool(has_preset and line.preset and words != line.preset)
            item.setForeground(QColor(look.accent if is_other else look.text))
            if at in line.best:
                item.setFont(_bold(self.table.font()))
                item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, say("{value}, the best", value=words))
            self.table.setItem(row, 1 + has_preset + at, item)

    def _copy(self, words: str) -> None:
        QGuiApplication.clipboard().setText(words)
        self._copied.setText(said("Copied"))


def _bold(font: QFont) -> QFont:
    made = QFont(font)
    made.setBold(True)
    return made
