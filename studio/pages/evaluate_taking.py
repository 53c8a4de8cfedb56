"""What leaves the Evaluate page: the table as Markdown or CSV, the curve as a picture, the line that makes a row."""

import csv
from io import StringIO
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from core import report_tables, stamping
from core.errors import CoreError, FileError
from core.origins import drawn_from
from core.reports import Table
from core.whole_files import whole_file
from studio.pages.evaluate_figures import EvaluateFigures
from studio.report_sheets import Sheet, SheetRow
from studio.report_words import as_cells, as_markdown
from studio.words import say

_CSV, _MARKDOWN, _PICTURE = "Table as CSV (*.csv)", "Table as Markdown (*.md)", "Curve as picture (*.png)"
_ENDINGS = {_CSV: ".csv", _MARKDOWN: ".md", _PICTURE: ".png"}


class EvaluateTaking(QObject):
    """Copies and writes what the middle of the page shows, as it is filtered and sorted."""

    says = Signal(str)

    def __init__(self, figures: EvaluateFigures, window: QWidget) -> None:
        super().__init__(window)
        self._figures, self._window = figures, window
        self.sheet: Sheet | None = None

    def copy_command(self, row: SheetRow | None) -> None:
        """The line that makes this row's figures again."""
        if row is None:
            return
        if not row.command:
            self.says.emit(self.tr("Nobody noted what made {name}.").format(name=row.name))
            return
        QGuiApplication.clipboard().setText(row.command)
        self.says.emit(self.tr("Copied: {command}").format(command=row.command.splitlines()[0]))

    def copy_table(self, *, as_csv: bool) -> None:
        """What the table shows, in its order."""
        text = self.csv() if as_csv else self.markdown()
        if text:
            QGuiApplication.clipboard().setText(text)
            count = len(self._figures.in_order())
            form = "CSV" if as_csv else "Markdown"
            self.says.emit(self.tr("Copied {count} rows as {form}").format(count=count, form=form))

    def markdown(self) -> str:
        columns = self._figures.shown()[1]
        return as_markdown(self._figures.in_order(), columns, self.sheet) if self.sheet is not None else ""

    def csv(self) -> str:
        if self.sheet is None:
            return ""
        text = StringIO()
        rows, columns = self._figures.in_order(), self._figures.shown()[1]
        heads, lines = as_cells(rows, columns, self.sheet, bold=False)
        csv.writer(text, lineterminator="\n").writerows([heads, *lines])
        return text.getvalue()

    def export(self) -> None:
        """Ask where to, in which form, and write it."""
        if self.sheet is None or not self.sheet.rows:
            return
        name = "".join(each if each.isalnum() or each in " -" else " " for each in self.sheet.title).strip()
        start = str(Path.home() / f"{' '.join(name.split())}.csv")
        title = self.tr("Export the report")
        file, form = QFileDialog.getSaveFileName(self._window, title, start, ";;".join(map(say, _ENDINGS)))
        if file:
            path = Path(file)
            endings = {say(words): ending for words, ending in _ENDINGS.items()}
            self.write(path if path.suffix in _ENDINGS.values() else path.with_suffix(endings.get(form, ".csv")))

    def save_picture(self) -> None:
        """The curve as a picture."""
        start = str(Path.home() / "curve.png")
        file, _ = QFileDialog.getSaveFileName(self._window, self.tr("Picture of the curve"), start, say(_PICTURE))
        if file:
            self.write(Path(file).with_suffix(".png"))

    def write(self, path: Path) -> None:
        """By its ending: .csv, .md or .png. A paper's table goes out whole as CSV, seed by seed."""
        try:
            self._write(path)
        except CoreError as error:
            self.says.emit(f"{error} {error.hint}".strip())
            return
        self.says.emit(self.tr("Written: {name}").format(name=path.name))

    def _write(self, path: Path) -> None:
        if path.suffix == ".png":
            if not self._figures.curve_picture().save(str(path)):
                raise FileError(path, say("the picture could not be written"), hint=say("Choose another place."))
            self._say_whence(path)
            return
        text = self._whole_csv() if path.suffix == ".csv" else self.markdown()
        try:
            with whole_file(path) as beside:
                beside.write_text(text, encoding="utf-8")
            self._say_whence(path)
        except OSError as error:
            raise FileError(
                path,
                say("it cannot be written ({strerror})", strerror=error.strerror),
                hint=say("Choose another place."),
            ) from None

    def _say_whence(self, path: Path) -> None:
        """The file carries which reports it shows."""
        reports = [each.path for each in self.sheet.founds] if self.sheet is not None else []
        stamping.put(path, drawn_from(reports))

    def _whole_csv(self) -> str:
        """Every seed of a table in a line of its own; other reports as they are shown."""
        content = self.sheet.founds[0].content if self.sheet is not None and self.sheet.founds else None
        return report_tables.csv_text(content) if isinstance(content, Table) else self.csv()

    def open_report(self, row: SheetRow | None) -> None:
        """The page beside the report, or its folder where there is none."""
        found = row.reports[0] if row is not None and row.reports else None
        if found is None and self.sheet is not None and self.sheet.founds:
            found = self.sheet.founds[0]
        if found is None:
            return
        page = found.path.with_suffix(".md")
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(page if page.is_file() else found.path.parent)))
