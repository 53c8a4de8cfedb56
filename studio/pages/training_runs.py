"""The panel of runs on Train: the table, what narrows it down, notes and tags, columns, and taking runs away."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QFrame, QMenu, QStackedWidget, QVBoxLayout

from core import run_about
from core.errors import CoreError
from studio import theme
from studio.commands import shown, tip, words_of
from studio.document import Document
from studio.jobs import Jobs
from studio.pages.training_deleting import Deleting
from studio.pages.training_rows import RunRows
from studio.widgets import parts
from studio.widgets.job_words import STATE_WORDS
from studio.widgets.notices import of_error
from studio.widgets.run_columns import COLUMNS, RunRow, title
from studio.widgets.runs_table import RunFilter, RunsTable
from studio.words import said, say


class RunsPanel(QFrame):
    """Rows come from whoever owns it; what concerns one run alone is done here."""

    asks = Signal(str)  # a command
    noticed = Signal(object)
    moved = Signal()  # what is said of a run, or which there are, changed

    def __init__(self, document: Document, jobs: Jobs, rows: RunRows) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("Runs"))
        self._jobs, self._rows = jobs, rows
        self.table = RunsTable()
        self.table.edited.connect(self._write)
        self.table.menu_wanted.connect(self._menu)
        self.deleting = Deleting(document, jobs)
        self.deleting.noticed.connect(self.noticed)
        self.deleting.moved.connect(self.moved)
        self._count = parts.text("", "chip")
        self.compare = parts.button(self.tr("Compare settings"), "layers", "quiet")
        self.compare.setToolTip(tip("compare-settings"))
        self.compare.clicked.connect(lambda: self.asks.emit("compare-settings"))
        self.fork = parts.button(self.tr("Fork"), "copy", "quiet")
        self.fork.setToolTip(tip("fork-run"))
        self.fork.clicked.connect(lambda: self.asks.emit("fork-run"))
        self.filter = parts.tool("filter", tip("filter-runs"), checkable=True)
        self.filter.toggled.connect(self._open_filter)
        self.more = parts.tool("more", self.tr("More about runs"))
        self.more.clicked.connect(self._open_more)
        self._make_filter()
        self.smoke = parts.button(self.tr("Start smoke run"), "play", "primary")
        empty = parts.state_card(
            "train",
            self.tr("No runs yet"),
            self.tr("A first one takes a minute or two with the preset smoke."),
            self.smoke,
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(empty)
        nothing = parts.button(self.tr("Show all"), "", "quiet")
        nothing.clicked.connect(self.clear_filter)
        self._stack.addWidget(parts.state_card("filter", self.tr("No run is like that"), "", nothing))
        box = QVBoxLayout(self)
        box.setSpacing(6)
        box.setContentsMargins(12, 8, 8, 6)
        head = parts.text(self.tr("Runs"), "title")
        box.addWidget(parts.row(head, None, self._count, self.compare, self.fork, self.filter, self.more, gap=4))
        box.addWidget(self._bar)
        box.addWidget(self._stack, 1)

    def _make_filter(self) -> None:
        self.words = parts.search(self.tr("Name, note, tag"))
        self.words.textChanged.connect(self._take_filter)
        self._state, self._preset, self._tag = QComboBox(), QComboBox(), QComboBox()
        for each, name in ((self._state, "State"), (self._preset, "Preset"), (self._tag, "Tag")):
            each.setAccessibleName(said(name))
            each.setMinimumContentsLength(7)
            each.currentIndexChanged.connect(self._take_filter)
        self._listed = parts.text("", "label")
        close = parts.tool("close", self.tr("Show all"), size=14)
        close.clicked.connect(self.clear_filter)
        self._bar = parts.row((self.words, 1), self._state, self._preset, self._tag, self._listed, close, gap=6)
        self._bar.hide()
        self._choices: tuple[tuple[str, ...], ...] = ()

    # ---- what is shown ----

    def show_rows(self, rows: Sequence[RunRow], chosen: str, compared: int) -> None:
        """These runs, newest first."""
        self.table.show_rows(rows)
        if chosen:
            self.table.choose(chosen)
        count, of = self.table.counts()
        self._stack.setCurrentIndex(1 if not of else 0 if count else 2)
        self._count.setText(self.tr("{count} compared").format(count=compared))
        for each in (self._count, self.compare, self.fork, self.filter):
            each.setVisible(bool(rows))
        self.compare.setEnabled(compared > 1)
        if self.filter.isChecked():
            self._offer(rows)
            self._listed.setText(self.tr("{count} of {total}").format(count=count, total=of))

    def show_room(self, *, is_narrow: bool) -> None:
        """Where there is little, the buttons keep their signs."""
        for button, words in ((self.compare, "Compare settings"), (self.fork, "Fork")):
            button.setText("" if is_narrow else said(words))
            button.setAccessibleName(said(words))

    def _offer(self, rows: Sequence[RunRow]) -> None:
        """What can be asked for: the states, presets and tags that there are."""
        states = tuple(dict.fromkeys(key for key in STATE_WORDS if any(row.state_key == key for row in rows)))
        presets = tuple(sorted({row.preset for row in rows if row.preset}))
        choices = states, presets, tuple(self._rows.tags())
        if choices == self._choices:
            return
        self._choices = choices
        heads = say("All states"), say("All presets"), say("All tags")
        for box, head, keys in zip((self._state, self._preset, self._tag), heads, choices, strict=True):
            now = box.currentData()
            box.blockSignals(True)
            box.clear()
            box.addItem(head, "")
            for key in keys:
                box.addItem(say(STATE_WORDS[key][0]) if box is self._state else key, key)  # pyright: ignore[reportArgumentType]
            box.setCurrentIndex(max(box.findData(now), 0))
            box.blockSignals(False)
        self._take_filter()

    # ---- what narrows it down ----

    def find_runs(self) -> None:
        """Open what narrows the runs down, or go there."""
        self.filter.setChecked(True)
        self.words.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.words.selectAll()

    def clear_filter(self) -> None:
        """Show every run again."""
        self.words.clear()
        for each in (self._state, self._preset, self._tag):
            each.setCurrentIndex(0)
        self.filter.setChecked(False)

    def back_out(self) -> bool:
        """Esc: leave the filter; whether it was open."""
        if not self.filter.isChecked():
            return False
        self.clear_filter()
        return True

    def _open_filter(self, is_on: bool) -> None:
        self._bar.setVisible(is_on)
        if is_on:
            self._choices = ()
            self.moved.emit()
            self.words.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.clear_filter()

    def _take_filter(self, *_: object) -> None:
        choice = (each.currentData() or "" for each in (self._state, self._tag, self._preset))
        state, tag, preset = choice
        self.table.show_filter(RunFilter(self.words.text(), state, tag, preset))
        count, of = self.table.counts()
        self._stack.setCurrentIndex(1 if not of else 0 if count else 2)
        self._listed.setText(self.tr("{count} of {total}").format(count=count, total=of))

    # ---- what people say of a run ----

    def write_note(self) -> None:
        self.table.edit_cell("note")

    def write_tags(self) -> None:
        self.table.edit_cell("tags")

    def _write(self, run: str, key: str, words: str) -> None:
        job = self._jobs.job(run)
        if job is None:
            return
        try:
            if key == "note":
                self._rows.say(job, note=" ".join(words.split()))
            else:
                self._rows.say(job, tags=run_about.tags_of(words))
        except CoreError as error:
            self.noticed.emit(of_error(error))
        self.moved.emit()

    def say_parent(self, run: str, parent: str) -> None:
        """What a new run was forked from is said of it for good."""
        job = self._jobs.job(run)
        if job is not None and parent and parent != run:
            try:
                self._rows.say(job, parent=parent)
            except CoreError as error:
                self.noticed.emit(of_error(error))

    def delete(self) -> None:
        """Take away every run that is marked in the table."""
        self.deleting.delete([row for row in self.table.selected_ids() if self._jobs.job(row) is not None])

    # ---- menus ----

    def _menu(self, run: str, at: QPoint) -> None:
        menu = QMenu(self)
        if run:
            names = ("compare-run", "compare-settings", "fork-run", "run-note", "run-tags", "delete-run")
            for name in names:
                words = f"{words_of(name)}\t{shown(name)}"
                menu.addAction(words, lambda name=name: self.asks.emit(name))
        else:
            self._fill_columns(menu)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(at)

    def _open_more(self) -> None:
        menu = QMenu(self)
        self._fill_columns(menu.addMenu(say("Columns")))
        gone = menu.addMenu(say("Deleted runs"))
        gone.aboutToShow.connect(lambda: self.deleting.fill_menu(gone))
        menu.addAction(say("Copy the table as CSV"), self.copy_table)
        menu.aboutToHide.connect(lambda: None)
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))
        self._open_menu = menu  # kept until the next: its submenus are filled later

    def _fill_columns(self, menu: QMenu) -> None:
        kinds = frozenset(row.kind for row in self.table.shown_rows())
        shown_now = self.table.columns.shown()
        for column in COLUMNS[1:]:
            action = menu.addAction(title(column, kinds))
            action.setCheckable(True)
            action.setChecked(column.key in shown_now)
            action.triggered.connect(lambda on, key=column.key: self._switch(key, is_on=on))
        menu.addSeparator()
        fitting = menu.addAction(say("Those that fit"), lambda: self.table.columns.choose(()))
        fitting.setCheckable(True)
        fitting.setChecked(not self.table.columns.chosen())

    def _switch(self, key: str, *, is_on: bool) -> None:
        now = set(self.table.columns.shown())
        self.table.columns.choose(now | {key} if is_on else now - {key})

    def copy_table(self) -> None:
        """What the table lists, as CSV."""
        QGuiApplication.clipboard().setText(as_csv(self.table.shown_rows(), self.table.columns.shown()))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.moved.emit()


def as_csv(rows: Sequence[RunRow], columns: Sequence[str]) -> str:
    """A line a run: what stands in these columns; of the small curve its last value."""
    kinds = frozenset(row.kind for row in rows)
    shown_ones = [each for each in COLUMNS if each.key in columns]
    lines = [[title(each, kinds) for each in shown_ones]]
    lines += [
        [f"{row.loss[-1]:g}" if each.key == "loss" and row.loss else each.words(row) for each in shown_ones]
        for row in rows
    ]
    return "".join(",".join(map(_quoted, line)) + "\n" for line in lines)


def _quoted(words: str) -> str:
    return '"' + words.replace('"', '""') + '"' if any(sign in words for sign in ',"\n') else words


def room_for(height: int) -> int:
    """How high the panel is on a page of this height."""
    return theme.px(206 if height < theme.px(720) else 276)
