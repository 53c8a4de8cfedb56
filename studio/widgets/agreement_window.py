"""How far two annotators agree: who is compared, the figures by label and by clip, what is mixed up, and where.

Each of the two is everybody in this project, one author of it, another copy, or an exported table. It is measured
beside the window. A click on a disagreement leads there; the figures can be copied as a command or kept as a table.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFileDialog,
    QHeaderView,
    QStackedWidget,
    QTableWidget,
    QWidget,
)
from PySide6.QtWidgets import QTableWidgetItem as Item

from core.annotators import as_csv, authors_of, joints_in, rates_of, side_of
from core.errors import CoreError
from core.project.agreement import Agreement, Disagreement, Figures, Side, agreement
from core.wording import command_line, spelled_time
from studio import theme
from studio.document import Document
from studio.widgets import parts
from studio.widgets.beside import Beside
from studio.widgets.dialogs import Dialog
from studio.widgets.merge_sides import fit_into
from studio.words import say

_HEADS = (
    *("Label", "Segments", "F1 0.1", "F1 0.25", "F1 0.5", "F1 ±0.2 s", "κ", "Poses"),
    *("Median", "90 %", "±0.2 s", "Joints", "PCK"),
)
_TIPS = (
    "",
    "How many each marked",
    "Pairs that overlap by a tenth at least (intersection over union)",
    "Pairs that overlap by a quarter at least",
    "Pairs that overlap by a half at least",
    "Pairs with both ends within 0.2 s",
    "Cohen's kappa over frames, background a category; where segments overlap, the one that began last",
    "Pairs of segments in which both set a characteristic pose",
    "Distance of the two poses in time: half are nearer",
    "Distance of the two poses in time: nine of ten are nearer",
    "Share of the poses within 0.2 s of each other",
    "Mean distance of the joints both have, in pixels; 0 where both have the detector's",
    "Share of the joints within 20 % of the torso",
)
_LONG = 24
"""Words that may be cut short in a column stand in its tooltip."""
_EVERYBODY, _COPY, _TABLE = "", "copy", "table"


class AgreementWindow(Dialog):
    """Follows nothing: it measures when it is asked to, since a measurement is of a moment."""

    place_wanted = Signal(str, str, int)
    """A clip of this project, a segment (or empty) and a frame."""

    def __init__(self, document: Document, beside: Beside, parent: QWidget | None) -> None:
        super().__init__("Agreement of two annotators", parent, 880)
        self._document, self._beside = document, beside
        self._beside.refused.connect(self._refuse)
        self._there: tuple[Path, str] | None = None
        self.found: Agreement | None = None
        self.one, self.other = QComboBox(), QComboBox()
        for box, name in ((self.one, say("One")), (self.other, say("The other"))):
            box.setAccessibleName(name)
            box.setMinimumWidth(theme.px(190))
        self.one.activated.connect(lambda _: self.measure())
        self.other.activated.connect(self._chosen)
        self.sums = parts.text("", "title", wrap=True)
        self.about = parts.text("", "caption", wrap=True)
        self.tabs = parts.segmented(
            "By label", "By clip", "Mixed up", "Where they differ most", on_choice=self._show_tab
        )
        self.labels, self.clips = _table(say("By label"), _HEADS, _TIPS), _table(say("By clip"), _HEADS, _TIPS)
        self.mixed = _table(say("Mixed up"), ("One", "The other", "Seconds"), wide=(0, 1))
        heads = ("Clip", "From", "Seconds", "One", "The other")
        self.worst = _table(say("Where they differ most"), heads, wide=(0, 3, 4))
        self.worst.itemActivated.connect(lambda item: self._go(item.row()))
        self.worst.itemClicked.connect(lambda item: self._go(item.row()))
        self._stack = QStackedWidget()
        self._says = parts.text("", "label", wrap=True)
        self._says.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty = parts.col(None, self._says, None)
        for page in (self.labels, self.clips, self.mixed, self.worst, self._empty):
            self._stack.addWidget(page)
        self.export = parts.button("Export table…", "export")
        self.export.clicked.connect(self._export)
        self.command = parts.button("Copy as command", "copy", "quiet")
        self.command.clicked.connect(self.copy_command)
        self.box.addWidget(parts.row(self.one, parts.text("and", "label"), self.other, None, gap=8))
        self.box.addWidget(parts.col(self.sums, self.about, gap=2))
        self.box.addWidget(parts.row(self.tabs, None))
        self.box.addWidget(self._stack, 1)
        self.add_close(self.export, self.command)
        fit_into(self, parent, 1040, 600)
        self._fill()
        self.measure()

    @property
    def is_settled(self) -> bool:
        return not self._beside.is_busy

    # ---- who ----

    def compare_with(self, path: Path, author: str = "") -> None:
        """Take another copy, or an exported table, as the other annotator."""
        self._there = (path, author)
        self._fill()
        self.one.setCurrentIndex(0)
        self.other.setCurrentIndex(self.other.findData(_COPY if path.is_dir() else _TABLE))
        self.measure()

    def _fill(self) -> None:
        authors = authors_of(self._document.project)
        for box in (self.one, self.other):
            box.clear()
        self.one.addItem(say("Everybody here"), _EVERYBODY)
        for box in (self.one, self.other):
            for author in authors:
                box.addItem(author, f"author {author}")
        if self._there is not None:
            path = self._there[0]
            self.other.addItem(path.name, _COPY if path.is_dir() else _TABLE)
        self.other.addItem(say("Another copy…"), "choose copy")
        self.other.addItem(say("An exported table…"), "choose table")
        self.other.setCurrentIndex(1 if len(authors) > 1 else 0)
        if len(authors) > 1:
            self.one.setCurrentIndex(1)

    def _chosen(self, _: int) -> None:
        match self.other.currentData():
            case "choose copy":
                chosen = QFileDialog.getExistingDirectory(self, say("The folder of a colleague's copy"))
            case "choose table":
                chosen, _kind = QFileDialog.getOpenFileName(
                    self, say("A table of marks"), "", say("CSV, JSON (*.csv *.json)")
                )
            case _:
                self.measure()
                return
        if chosen:
            self.compare_with(Path(chosen))

    # ---- measuring ----

    def measure(self) -> None:
        """Compare the two that are chosen."""
        project, folder = self._document.project, self._document.folder
        one, other = str(self.one.currentData() or ""), str(self.other.currentData() or "")
        there = self._there
        is_here = other.startswith("author")
        if other.startswith("choose") or one == other or (is_here and not one):
            self._beside.forget()
            self._say(say("Choose two who marked the same clips: two people here, another copy, or an exported table."))
            return
        self._say(say("Comparing…"))

        def work() -> Agreement:
            first = Side(project, one.removeprefix("author ").strip(), joints_in(folder))
            if other in (_COPY, _TABLE) and there is not None:
                second = side_of(*there, rates=rates_of(project))
            else:
                second = Side(project, other.removeprefix("author "), joints_in(folder))
            return agreement(first, second)

        self._beside.run(work, self._show)

    def _show(self, found: Agreement) -> None:
        self.found = found
        if not found.clips:
            self._say(say("There is no clip that both marked. Clips are the same by their video or their name."))
            return
        self.tabs.show()
        whole = found.overall
        low, high = found.intervals.get("kappa", (None, None))
        kappa = _share(whole.kappa)
        if low is not None:
            kappa = say("{value} ({low} to {high})", value=kappa, low=_share(low), high=_share(high))
        sums = [say("F1 {f1} at half overlap, κ {kappa}", f1=_share(whole.f1["0.5"]), kappa=kappa)]
        if whole.median_s is not None:
            sums.append(say("poses {seconds} apart at the median", seconds=_seconds(whole.median_s)))
        self.sums.setText(", ".join(sums))
        said = [say("Clips that both marked: {count}, only one: {one}", count=len(found.clips), one=found.only_one)]
        if whole.joint_px is not None:
            said.append(say("joints {px} px apart", px=f"{whole.joint_px:.1f}"))
            said.append(say("moved by hand: {count}", count=whole.moved))
        self.about.setText(" · ".join(said))
        _fill(self.labels, [_row(each) for each in (whole, *found.labels)])
        _fill(self.clips, [_row(each) for each in found.of_clips])
        pairs = [
            (found.names[row], found.names[column], seconds)
            for row, of_row in enumerate(found.confusion_s)
            for column, seconds in enumerate(of_row)
            if row != column and seconds > 0
        ]
        pairs.sort(key=lambda pair: -pair[2])
        _fill(self.mixed, [(one, other, f"{seconds:.1f}") for one, other, seconds in pairs])
        _fill(self.worst, [self._line(each) for each in found.worst])
        self.export.setEnabled(True)
        self._show_tab(self.tabs.chosen)

    def _line(self, each: Disagreement) -> tuple[str, ...]:
        clip = self._document.project.clips.get(each.clip)
        rate = clip.video.rate_hz if clip is not None and clip.video.rate_hz > 0 else 1.0
        name = clip.name if clip is not None else each.clip
        return name, spelled_time(each.start_frame / rate), f"{each.seconds:.2f}", each.one, each.other

    def _say(self, words: str) -> None:
        self.found = None
        self._says.setText(words)
        self.tabs.hide()
        for label in (self.sums, self.about):
            label.setText("")
        self.export.setEnabled(False)
        self._stack.setCurrentWidget(self._empty)

    def _refuse(self, error: CoreError) -> None:
        self._say(" ".join(each for each in (f"{error}.", error.hint) if each))

    def _show_tab(self, at: int) -> None:
        if self.found is None or not self.found.clips:
            return
        table = (self.labels, self.clips, self.mixed, self.worst)[at]
        if not table.rowCount():
            self._says.setText(say("The two agree everywhere."))
        self._stack.setCurrentWidget(table if table.rowCount() else self._empty)

    def _go(self, row: int) -> None:
        if self.found is not None and row < len(self.found.worst):
            place = self.found.worst[row]
            if place.clip not in self._document.project.clips:  # taken out since it was measured
                self.measure()
                return
            self.place_wanted.emit(place.clip, place.segment, place.start_frame)

    # ---- taking along ----

    def _export(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, say("Export table"), "agreement.csv", say("CSV (*.csv)"))
        if chosen:
            self.export_to(Path(chosen))

    def export_to(self, path: Path) -> None:
        """Write the figures as a table."""
        if self.found is not None:
            text = as_csv(self.found)
            self._beside.run(partial(_write, path, text), lambda _: self.export.setText(say("Exported")))

    def copy_command(self) -> None:
        """The same comparison for the command line."""
        QGuiApplication.clipboard().setText(self.command_line())
        self.command.setText(say("Copied"))

    def command_line(self) -> str:
        """The words that measure the same in a terminal."""
        one = str(self.one.currentData() or "").removeprefix("author ")
        other = str(self.other.currentData() or "")
        words = ["posecast", "agreement", str(self._document.folder)]
        second = ""
        if other in (_COPY, _TABLE) and self._there is not None:
            words.append(str(self._there[0]))
            second = self._there[1]
        else:
            second = other.removeprefix("author ")
        return command_line([*words, "--authors", one, second] if one or second else words)


def _write(path: Path, text: str) -> None:
    from core.whole_files import whole_file

    with whole_file(path) as place:
        place.write_text(text, encoding="utf-8")


def _table(name: str, heads: Sequence[str], tips: Sequence[str] = (), *, wide: Sequence[int] = (0,)) -> QTableWidget:
    """`wide` columns share the room that the others leave."""
    made = QTableWidget(0, len(heads))
    made.setHorizontalHeaderLabels([say(each) for each in heads])
    for at, tip in enumerate(tips):
        if tip and (title := made.horizontalHeaderItem(at)) is not None:
            title.setToolTip(say(tip))
            title.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    made.setAccessibleName(name)
    made.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    made.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    made.setTabKeyNavigation(False)
    made.setShowGrid(False)
    made.verticalHeader().hide()
    head = made.horizontalHeader()
    head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    for column in wide:
        head.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
    head.setMinimumSectionSize(theme.px(44))
    return made


def _fill(table: QTableWidget, rows: Sequence[Sequence[str]]) -> None:
    table.setRowCount(len(rows))
    for at, row in enumerate(rows):
        for column, words in enumerate(row):
            item = Item(words)
            item.setToolTip(words if len(words) > _LONG else "")
            if column and words[:1] in "-–0123456789":
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            table.setItem(at, column, item)


def _row(each: Figures) -> tuple[str, ...]:
    return (
        each.name,
        f"{each.segments[0]} | {each.segments[1]}",
        *(_share(each.f1[key]) for key in ("0.1", "0.25", "0.5", "±0.2 s")),
        _share(each.kappa),
        str(each.pairs),
        _seconds(each.median_s),
        _seconds(each.p90_s),
        _share(each.within["±0.2 s"]),
        "–" if each.joint_px is None else f"{each.joint_px:.1f} px",
        _share(each.pck),
    )


def _share(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")  # + 0.0: there is no minus nothing


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f} s"
