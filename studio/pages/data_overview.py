"""The overview, a tab of the Data page: how far every clip is, who did what, and all that is missing or odd.

A click or Enter on a row leads there. What is shown is counted anew after each edit while it is in front
(`data_overview_counting`).
"""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from core.errors import CoreError
from core.overview import ClipFacts, Overview, as_csv
from core.project.annotations import Project
from core.project.odd import Odd, OddKind
from core.statistics import ActionFacts
from core.whole_files import whole_file
from studio import theme
from studio.document import Document
from studio.memory import at_once
from studio.pages import data_overview_rows as rows
from studio.pages.data_clip_rows import show_figures
from studio.pages.data_overview_counting import Counting, Later
from studio.widgets import parts
from studio.widgets.clip_states import spoken_length
from studio.widgets.job_words import grouped
from studio.widgets.label_charts import ActionBars
from studio.widgets.record_table import Record, RecordTable
from studio.words import say


class DataOverview(QWidget):
    """Follows the document while it is in front."""

    place_wanted = Signal(str, str, int)
    """Go to this clip, choose this segment (or none), at this frame."""
    label_wanted = Signal(str)
    """Show this label among the labels."""
    walk_wanted = Signal(str)
    """Walk through what these words find."""

    def __init__(self, document: Document, later: Later) -> None:
        super().__init__()
        self._document = document
        self._counting = Counting(document, later, self)
        self.overview: Overview | None = None
        self._shown_of: Project | None = None
        self._places: list[Odd] = []
        self._sorting = {True: (-1, False), False: (-1, False)}  # of clips, of places: the column and whether it falls
        self._clip_rows: dict[str, tuple[ClipFacts, Record]] = {}
        self.tabs = parts.segmented("Clips", "Overview", chosen=1)
        self.tabs.setAccessibleName(say("What is shown"))
        self.export = parts.button("Export CSV…", "export")
        self.walk = parts.button("Walk through", "right", "primary")
        self.filter = parts.search("Find in this list", "Q", width=theme.px(200))
        self.kinds = RecordTable(rows.KIND_COLUMNS, say("What is missing or odd"), 28)
        self.clips = RecordTable(rows.CLIP_COLUMNS, say("Clips and how far they are"), 28)
        self.places = RecordTable(rows.PLACE_COLUMNS, say("Places"), 28)
        self.people = RecordTable(rows.PEOPLE_COLUMNS, say("Who did what"), 30)
        self.bars = ActionBars()
        self._title = parts.Title()
        self._sums = parts.row(gap=28, margins=(2, 0, 0, 2))
        self._told = parts.text("", "caption")
        self._place()
        self._connect()

    def _place(self) -> None:
        for table in (self.kinds, self.people):
            table.horizontalHeader().setMinimumSectionSize(20)
        self._lists = QStackedWidget()
        for each in (self.clips, self.places):
            header = each.horizontalHeader()
            header.setSectionsClickable(True)
            header.setSortIndicatorShown(True)
            header.setSortIndicator(-1, header.sortIndicatorOrder())
            self._lists.addWidget(each)
        head = parts.row((self._title, 1), self.tabs, self.export, self.walk, gap=6)
        tools = parts.row((self._told, 1), self.filter, gap=8)
        middle = QSplitter()
        middle.setHandleWidth(6)
        middle.addWidget(self.kinds)
        middle.addWidget(parts.col(tools, (self._lists, 1), gap=6))
        middle.setStretchFactor(1, 1)
        middle.setCollapsible(1, False)
        middle.setSizes([theme.px(270), 900])
        panel = parts.panel(None, head, self._sums, (middle, 1), gap=10, margins=(14, 10, 10, 8))
        panel.setAccessibleName(say("Overview"))
        self._people_panel = parts.panel("Who did what", (self.people, 1), gap=4, margins=(12, 8, 10, 8))
        legend = parts.text("Bright: has its pose. Pale: still without.", "caption")
        bars = parts.panel("Poses per action", (self.bars, 1), legend, gap=4, margins=(12, 8, 12, 8))
        below = QWidget()
        across = QHBoxLayout(below)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(6)
        across.addWidget(self._people_panel, 1)
        across.addWidget(bars, 1)
        whole = parts.col((panel, 3), (below, 2), gap=6)
        back = parts.button("Show clips", "video", "primary")
        back.clicked.connect(self.tabs.choices.button(0).click)
        done = parts.state_card(
            "video", "No clips yet", "Add videos under Clips; what is marked on them is counted here.", back
        )
        self._body = QStackedWidget()
        self._body.addWidget(parts.panel(None, (done, 1)))
        self._body.addWidget(whole)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._body)

    def _connect(self) -> None:
        self._counting.forgotten.connect(self._forget)
        self._counting.counted.connect(self._show)
        self.kinds.chosen.connect(lambda _: self._show_list())
        self.filter.textChanged.connect(lambda _: self._show_list())
        self.filter.returnPressed.connect(self.go_first)
        self.clips.opened.connect(self._open_clip)
        self.places.opened.connect(self._open_place)
        self.clips.clicked.connect(lambda at: self._open_clip(self.clips.records()[at.row()].id))
        self.places.clicked.connect(lambda at: self._open_place(self.places.records()[at.row()].id))
        self.clips.horizontalHeader().sectionClicked.connect(lambda column: self._sort(column, of_clips=True))
        self.places.horizontalHeader().sectionClicked.connect(lambda column: self._sort(column, of_clips=False))
        self.export.clicked.connect(self.ask_export)
        self.walk.clicked.connect(self.walk_through)

    # ---- what a person does ----

    def choose_kind(self, kind: OddKind | str) -> None:
        """Show the places of this kind, or all clips."""
        self.kinds.choose(kind)
        self._show_list()

    def walk_through(self) -> None:
        """One place after the other: those that words find stay listed beside Annotate; of others the first."""
        words = rows.WALKED.get(self.kinds.current_id(), "")
        if words and not self.filter.text():
            self.walk_wanted.emit(words)
        else:
            self.go_first()

    def go_first(self) -> None:
        """Go to the first place of the list in front."""
        table = self.list_in_front
        if table.records():
            (self._open_clip if self._is_on_clips else self._open_place)(table.current_id() or table.records()[0].id)

    def open_current(self) -> None:
        """Go where the row in front leads."""
        (self._open_clip if self._is_on_clips else self._open_place)(self.list_in_front.current_id())

    def ask_export(self) -> None:
        """Ask where the sheet goes, and write it."""
        start = str(Path.home() / f"{self._document.project.name} overview.csv")
        chosen, _ = QFileDialog.getSaveFileName(self, say("Export the overview"), start, say("CSV (*.csv)"))
        if chosen:
            self.write_csv(Path(chosen))

    def write_csv(self, path: Path) -> None:
        """Everything that is shown, as comma separated values."""
        if self.overview is None:
            return
        try:
            with whole_file(path) as beside:
                beside.write_text(as_csv(self.overview, self._document.project), encoding="utf-8")
        except CoreError as error:
            self._document.refused.emit(error)

    def _open_clip(self, clip_id: str) -> None:
        if clip_id in self._document.project.clips:
            self.place_wanted.emit(clip_id, "", -1)

    def _open_place(self, row: str) -> None:
        place = self._places[int(row)] if row and int(row) < len(self._places) else None
        if place is None:
            return
        if place.label:
            self.label_wanted.emit(place.label)
        elif place.clip in self._document.project.clips:
            self.place_wanted.emit(place.clip, place.segment, place.frame)

    def _sort(self, column: int, *, of_clips: bool) -> None:
        """By this column; once more turns it round, and a third time gives the order of the project back."""
        before, falling = self._sorting[of_clips]
        table = self.clips if of_clips else self.places
        now = (column, False) if before != column else (column, True) if not falling else (-1, False)
        self._sorting[of_clips] = now
        header = table.horizontalHeader()
        order = Qt.SortOrder.DescendingOrder if now[1] else Qt.SortOrder.AscendingOrder
        header.setSortIndicator(now[0], order)
        self._show_list()

    # ---- what is shown ----

    @property
    def is_settled(self) -> bool:
        """Whether what is shown is how the project stands."""
        return self._counting.is_settled

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.tabs.choose(1)
        self._counting.wake()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._counting.sleep()

    def _forget(self) -> None:
        self.overview = self._shown_of = None
        self._clip_rows.clear()

    def _show(self, project: Project, overview: Overview) -> None:
        self.overview, self._shown_of = overview, project
        self._title.show_words(project.name)
        self._body.setCurrentIndex(1 if overview.clips else 0)
        self.setFocusProxy(self.kinds)
        self._show_sums(overview)
        chosen = self.kinds.current_id() or rows.ALL_CLIPS
        kinds = rows.kind_records(overview)
        self.kinds.show_records(kinds)
        self.kinds.choose(chosen if any(each.id == chosen for each in kinds) else rows.ALL_CLIPS)
        self.people.show_records(rows.people_records(overview))
        facts = [
            ActionFacts(
                name=each.name, colour=each.colour, count=each.segments, posed=each.posed, seconds=each.seconds,
                shortest_s=0.0, median_s=0.0, longest_s=0.0,
            )
            for each in overview.actions
        ]  # fmt: skip
        self.bars.show_actions(facts, knows_poses=True)
        self._show_list()

    def _show_sums(self, overview: Overview) -> None:
        clips = say("of {count} clips done", count=grouped(len(overview.clips)))
        figures = (
            (grouped(overview.done), clips),
            (rows.percent(overview.share_marked), say("of {length} marked", length=spoken_length(overview.seconds))),
            (grouped(overview.segments), say("segments")),
            (grouped(overview.poses), say("characteristic poses")),
            (grouped(overview.without_pose), say("without a pose")),
            (grouped(overview.drafts), say("drafts to look at")),
        )
        show_figures(self._sums, figures)

    @property
    def list_in_front(self) -> RecordTable:
        """The clips, or the places of the chosen kind."""
        return self.clips if self._is_on_clips else self.places

    @property
    def _is_on_clips(self) -> bool:
        return self.kinds.current_id() in ("", rows.ALL_CLIPS)

    def _show_list(self) -> None:
        """The clips, or the places of the chosen kind, that fit what is looked for."""
        overview, project = self.overview, self._shown_of
        if overview is None or project is None:
            return
        wanted = self.filter.text().casefold().split()
        of_clips = self._is_on_clips
        column, falling = self._sorting[of_clips]
        if of_clips:
            records = [self._clip_row(each) for each in rows.sorted_clips(overview.clips, column, falling=falling)]
        else:
            kind: OddKind = self.kinds.current_id()  # pyright: ignore[reportAssignmentType]
            self._places = rows.sorted_places(project, overview.odd.get(kind, ()), column, falling=falling)
            with at_once():
                records = rows.place_records(project, self._places)
        found = [each for each in records if _fits(each, wanted)] if wanted else records
        table = self.list_in_front
        self._lists.setCurrentWidget(table)
        table.show_records(found)
        self._told.setText(self._words(overview, len(found), len(records), of_clips=of_clips))
        self.walk.setEnabled(bool(found) and not of_clips)

    def _clip_row(self, clip: ClipFacts) -> Record:
        known = self._clip_rows.get(clip.id)
        if known is None or known[0] is not clip:
            known = self._clip_rows[clip.id] = (clip, rows.clip_record(clip))
        return known[1]

    def _words(self, overview: Overview, found: int, count: int, *, of_clips: bool) -> str:
        if found != count:
            return say("{found} of {count} fit", found=grouped(found), count=grouped(count))
        if of_clips and overview.is_complete:
            return say("Everything is marked.")
        return say("A click leads there.")


def _fits(record: Record, wanted: list[str]) -> bool:
    words = " ".join(each.words for each in record.cells).casefold()
    return all(each in words for each in wanted)
