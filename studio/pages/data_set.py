"""The middle of the Data page for a data set: its recordings, what they add up to, and one of them in moments."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from core.errors import CoreError
from core.project.motion_sets import MotionRow, MotionSet, MotionSplit
from core.recordings import Recording
from core.splits import split_set, told
from studio import theme
from studio.data_sets import MANY, Contents, DataSets
from studio.document import Document
from studio.memory import settle
from studio.pages.data_kept import BankView, KeyposesView
from studio.widgets import parts
from studio.widgets.clip_states import length_words, spoken_length
from studio.widgets.job_words import grouped
from studio.widgets.moments import Moments
from studio.widgets.record_table import Cell, Column, Record, RecordTable
from studio.widgets.split_control import SHORT, SplitControl
from studio.words import counted, say

_COLUMNS = (
    Column("Recording"),
    Column("Length", 66, is_number=True),
    Column("Rate", 62, is_number=True, rank=3),
    Column("Body", 84, rank=4),
    Column("Labels", 168, rank=1),
    Column("Performer", 92, rank=5),
    Column("Split", 58, rank=2),
    Column("Notes", 58, is_number=True, rank=6),
)
_MOST_LABELS = 4


class DataSetView(QWidget):
    """Follows the data sets; shows the one it is told to."""

    reasons_wanted = Signal(str)
    licence_wanted = Signal(str)

    def __init__(self, document: Document, sets: DataSets) -> None:
        super().__init__()
        self._document, self._sets = document, sets
        self._key = ""
        self._shown: Contents | None = None
        self._split_names: dict[str, str] = {}  # of each set, the split that is looked at
        self._records: list[tuple[str, Record]] = []  # with the words that are searched
        self._due: object | None = None  # the rows that are being made, if any
        self._title = parts.Title()
        self._sums = parts.row(gap=28, margins=(2, 0, 0, 2))
        self._find = parts.search(self.tr("Find recordings"), "Q", width=theme.px(210))
        self._find.textChanged.connect(self._search)
        self.matching = parts.text("", "caption")
        self.split = SplitControl(self.tr("the recordings"), ("sequence", "performer", "own"))
        self.split.chosen.connect(self._show_split)
        self.split.wanted.connect(self.make_split)
        self.reasons = parts.button(self.tr("Show reasons"), "warn")
        self.reasons.clicked.connect(lambda: self.reasons_wanted.emit(self._key))
        self.licence = parts.button(self.tr("Licence"), "info")
        self.licence.clicked.connect(lambda: self.licence_wanted.emit(self._key))
        self.table = RecordTable(_COLUMNS, self.tr("Recordings"), row_height=28)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._show_moments())
        self.moments = Moments()
        self.bank, self.keyposes = BankView(), KeyposesView()
        self._about = parts.text("", "label", wrap=True)
        self._empty_title, self._empty_words = parts.text("", "title"), parts.text("", "label", wrap=True)
        self._place_all()
        self.setFocusProxy(self.table)
        sets.moved.connect(self._follow)
        sets.recording_came.connect(self._take_recording)
        document.became_writable.connect(self._follow)

    def _place_all(self) -> None:
        self._empty_title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty_words.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._empty_words.setFixedWidth(theme.px(380))
        empty = parts.col(None, self._empty_title, parts.row(None, self._empty_words, None), None, gap=6)
        lower = parts.col(self._about, (self.moments, 1), gap=6)
        self._halves = QSplitter(Qt.Orientation.Vertical)
        self._halves.setObjectName("set")
        self._halves.setHandleWidth(6)
        self._halves.setChildrenCollapsible(False)
        self._halves.addWidget(self.table)
        self._halves.addWidget(lower)
        self._halves.setStretchFactor(0, 1)
        self._halves.setSizes([460, 250])
        search = parts.row(self._find, self.matching, None, self.split, gap=8)
        full = parts.col(self._sums, search, (self._halves, 1), gap=10)
        self._body = QStackedWidget()
        self._body.addWidget(empty)
        self._body.addWidget(full)
        self._body.addWidget(self.bank)
        self._body.addWidget(self.keyposes)
        head = parts.row((self._title, 1), self.reasons, self.licence, gap=6)
        panel = parts.panel(None, head, (self._body, 1), gap=10, margins=(14, 10, 10, 8))
        panel.setAccessibleName(self.tr("Data set"))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(panel)

    # ---- which set ----

    @property
    def is_settled(self) -> bool:
        return self._due is None and self.moments.is_settled()

    @property
    def search(self) -> QLineEdit:
        """The field that finds what is in front."""
        return self.keyposes.search if self._body.currentWidget() is self.keyposes else self._find

    @property
    def contents(self) -> Contents | None:
        return self._shown

    def show_set(self, key: str) -> None:
        """Show this data set."""
        if key != self._key:
            self._key, self._shown, self._due = key, None, None
            self._find.clear()
            self.keyposes.search.clear()
            self.table.show_records([])
            self.moments.show_recording(None)
        self._follow()

    def close_part(self) -> None:
        self.moments.shut()

    def _follow(self) -> None:
        entry = next((each for each in self._sets.entries() if each.key == self._key), None)
        if entry is None:
            return
        self._title.show_words(entry.item.name)
        contents = entry.contents
        if contents is None:
            self._say_empty(self.tr("Reading {name}").format(name=entry.item.name), "")
            return
        if contents is self._shown:
            return
        self._shown = contents
        if contents.problem or contents.facts is None:
            self._say_empty(self.tr("This data set cannot be read"), contents.problem)
            return
        self._show_head(contents)
        if contents.bank is not None:
            self._bring(self.bank)
            self.bank.show_bank(contents)
            return
        if contents.tables:
            self._bring(self.keyposes)
            self.keyposes.show_tables(contents)
            return
        if not contents.rows:
            self._say_empty(*_without_rows(contents))
            return
        self._body.setCurrentIndex(1)
        self.setFocusProxy(self.table)
        self._fill()

    def _bring(self, view: QWidget) -> None:
        self._body.setCurrentWidget(view)
        self.setFocusProxy(view)

    def _say_empty(self, title: str, words: str) -> None:
        self._body.setCurrentIndex(0)
        self._empty_title.setText(title)
        self._empty_words.setText(words)
        self.reasons.setVisible(bool(self._shown and self._shown.left_out))
        self.licence.setVisible(bool(self._shown and self._shown.facts))

    def _show_head(self, contents: Contents) -> None:
        facts, statistics = contents.facts, contents.statistics
        assert facts is not None
        self.reasons.setVisible(bool(contents.left_out))
        self.licence.setVisible(True)
        terms = facts.licence or self.tr("No licence is known")
        self.licence.setToolTip(terms)
        self.licence.setAccessibleDescription(terms)
        performers = len({row.performer for row in contents.rows if row.performer})
        labels = len(statistics.actions) if statistics is not None else 0
        figures = [
            (grouped(len(contents.rows)), "recording" if len(contents.rows) == 1 else "recordings"),
            (
                spoken_length(contents.entry.seconds),
                self.tr("of motion") if facts.holds == "motion" else self.tr("in all"),
            ),
            (grouped(labels), say("label") if labels == 1 else say("labels")),
        ]
        if performers:
            figures.append((grouped(performers), say("performer") if performers == 1 else say("performers")))
        if contents.left_out:
            out = len(contents.left_out)
            figures.append((grouped(out), say("file left out") if out == 1 else say("files left out")))
        made = [parts.col(parts.text(n, "number"), parts.text(words, "caption"), gap=0) for n, words in figures]
        parts.refill(self._sums, made)
        parts.push_left(self._sums)
        self._show_splits(contents)

    # ---- its recordings ----

    def _fill(self) -> None:
        """Make the rows where that holds nobody up."""
        contents, split = self._shown, self._split()
        if contents is None:
            return
        due = self._due = object()
        self._sets.later(lambda: (due, _records(contents.rows, split)), self._take_records)

    def _take_records(self, made: tuple[object, list[tuple[str, Record]]]) -> None:
        due, records = made
        if due is not self._due:
            return
        self._due, self._records = None, records
        if len(records) > MANY:
            settle()
        self._search()

    def _search(self) -> None:
        words = self._find.text().casefold().replace(",", " ").split()
        found = [record for said, record in self._records if all(word in said for word in words)]
        self.table.show_records(found)
        of = self.tr("{found} of {all} recordings")
        self.matching.setText(of.format(found=grouped(len(found)), all=grouped(len(self._records))) if words else "")
        if found and not self.table.current_id():
            self.table.choose(found[0].id)
        self._show_moments()

    def _row(self) -> MotionRow | None:
        name = self.table.current_id()
        rows = self._shown.rows if self._shown is not None else ()
        return next((row for row in rows if row.name == name), None)

    def chosen_names(self) -> list[str]:
        """The recordings that are chosen."""
        return self.table.chosen_ids()

    def _show_moments(self) -> None:
        row = self._row()
        if row is None:
            self._about.setText("")
            self.moments.show_recording(None)
            return
        self._about.setText(_about(row))
        if not row.file:
            words = self.tr("Only its labels are known. Import the motion they belong to, and both meet by name.")
            self.moments.show_recording(None, words)
            return
        self._sets.ask(self._key, row.name)

    def _take_recording(self, key: str, name: str, found: Recording | CoreError) -> None:
        if key != self._key or name != self.table.current_id():
            return
        if isinstance(found, CoreError):
            self.moments.show_recording(None, f"{found}. {found.hint}".replace("..", "."))
        else:
            self.moments.show_recording(found)

    # ---- its splits ----

    def _split(self) -> MotionSplit | None:
        stored = self._shown.splits if self._shown is not None else ()
        wanted = self._split_names.get(self._key, "")
        return next((each for each in stored if each.name == wanted), stored[0] if stored else None)

    def _show_splits(self, contents: Contents) -> None:
        split = self._split()
        stored = {each.name: each.parts for each in contents.splits}
        editable = self._document.read_only_reason is None and bool(contents.rows)
        how = told(split) if split is not None else ""
        self.split.show_splits(stored, "" if split is None else split.name, editable=editable, how=how)

    def _show_split(self, name: str) -> None:
        self._split_names[self._key] = name
        if self._shown is not None:
            self._show_splits(self._shown)
            self._fill()

    def make_split(self, name: str, way: str, seed: int) -> None:
        """Store a new split of this set under its own name."""
        folder, key = self._sets.folder(self._key), self._key
        assert way in ("sequence", "performer", "own")

        def make() -> MotionSplit | CoreError:
            try:
                return split_set(MotionSet(folder), name, way, seed)
            except CoreError as error:
                return error

        def take(made: MotionSplit | CoreError) -> None:
            if isinstance(made, CoreError):
                self._document.refused.emit(made)
                return
            self._split_names[key] = made.name
            self._sets.look_again()

        self._sets.later(make, take)


def _records(rows: tuple[MotionRow, ...], split: MotionSplit | None) -> list[tuple[str, Record]]:
    part_of = {name: part for part, names in split.parts.items() for name in names} if split is not None else {}
    return [_record(row, part_of.get(row.name, "")) for row in rows]


def _record(row: MotionRow, part: str) -> tuple[str, Record]:
    labels = list(dict.fromkeys(label for stretch in row.stretches for label in stretch.labels))
    shown = ", ".join(labels[:_MOST_LABELS]) + (
        say(" and {count} more", count=len(labels) - _MOST_LABELS) * (len(labels) > _MOST_LABELS)
    )
    body = row.body.upper().replace("_", " ") if row.body else say("joints") if row.file else say("labels only")
    cells = (
        Cell(row.name, strong=True, tip=row.name),
        Cell(length_words(row.duration_s), tip=counted(row.frames, "frame")),
        Cell(f"{row.rate_hz:.4g} Hz" if row.file else "–"),
        Cell(body),
        Cell(shown or "–", tip=", ".join(labels)),
        Cell(row.performer or "–"),
        Cell(SHORT.get(part, part) or "–"),
        Cell(f"{len(row.notes)}" if row.notes else "", tip="\n".join(row.notes)),
    )
    said = " ".join((row.name, *labels, row.performer, part, body)).casefold()
    return said, Record(row.name, cells)


def _about(row: MotionRow) -> str:
    """What is done when, and what the file left open."""
    doing = "; ".join(
        f"{', '.join(each.labels) or each.text} {each.start_s:.1f}–{each.end_s:.1f} s" for each in row.stretches[:6]
    )
    more = say("; and {count} more", count=len(row.stretches) - 6) if len(row.stretches) > 6 else ""
    return " ".join(filter(None, (f"{doing}{more}." if doing else "", *row.notes[:2])))


def _without_rows(contents: Contents) -> tuple[str, str]:
    if contents.left_out:
        return say("Nothing is in yet"), say("{files} left out so far.", files=counted(len(contents.left_out), "file"))
    return say("Nothing is in yet"), say("Recordings are listed here as they come in.")
