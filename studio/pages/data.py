"""The Data page: the catalog at the left, what is chosen in it in the middle, what its labels add up to at the right.

Clips and data sets each have a part of their own (`data_clips`, `data_set`); this places them and says who is in front.
"""

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QWidget

from core.project.annotated_sets import clips_of
from core.project.annotations import Changes, Item, Project
from core.statistics import Statistics, of_clips
from studio import theme
from studio.adding import Adding
from studio.data_sets import DataSets
from studio.document import Document
from studio.jobs import Jobs
from studio.pages.data_catalog import CLIPS, DataCatalog
from studio.pages.data_clips import DataClips
from studio.pages.data_overview import DataOverview
from studio.pages.data_set import DataSetView
from studio.pages.data_statistics import DataStatistics
from studio.widgets.record_table import RecordTable

_NARROW = 1330
"""Of the page: a window of 1400."""


class DataPage(QWidget):
    """Follows the document and the choice in the catalog."""

    asks = Signal(str)

    def __init__(self, document: Document, jobs: Jobs, adding: Adding, sets: DataSets) -> None:
        super().__init__()
        self._document, self._sets = document, sets
        self.catalog = DataCatalog(document, jobs, sets)
        self.clips = DataClips(document, jobs, adding)
        self.set_view = DataSetView(document, sets)
        self.overview = DataOverview(document, sets.later)
        self.statistics = DataStatistics()
        self._counted: dict[str, tuple[Project, Statistics]] = {}  # of clips, by the row of the catalog that shows them
        self._is_counting = False
        self._middle = QStackedWidget()
        self._middle.addWidget(self.clips)
        self._middle.addWidget(self.set_view)
        self._splitter = splitter = QSplitter()
        splitter.setObjectName("main")
        splitter.setHandleWidth(6)
        self._middle.addWidget(self.overview)
        for part in (self.catalog, self._middle, self.statistics):
            splitter.addWidget(part)
        splitter.setStretchFactor(1, 1)
        splitter.setCollapsible(1, False)
        splitter.setSizes([theme.px(236), 900, theme.px(380)])
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(splitter)
        self.catalog.chosen.connect(self._show_chosen)
        self.catalog.import_wanted.connect(lambda: self.asks.emit("import"))
        self.catalog.bank_wanted.connect(lambda: self.asks.emit("build-bank"))
        self.clips.import_wanted.connect(lambda: self.asks.emit("import"))
        self.clips.asks.connect(self.asks)
        for tabs in (self.clips.tabs, self.overview.tabs):
            tabs.choices.idClicked.connect(lambda at: self.show_overview(on=at == 1))
        self.set_view.reasons_wanted.connect(self.catalog.show_reasons)
        self.set_view.licence_wanted.connect(self.catalog.show_licence)
        sets.moved.connect(self._show_statistics)
        document.opened.connect(self._forget)
        document.changed.connect(self._changed)
        self._show_chosen()

    @property
    def table(self) -> RecordTable:
        """The table in front."""
        if self._is_on_overview:
            return self.overview.list_in_front
        return self.clips.table if self._is_on_clips else self.set_view.table

    @property
    def _is_on_overview(self) -> bool:
        return self._middle.currentWidget() is self.overview

    @property
    def _is_on_clips(self) -> bool:
        return self.catalog.chosen_key == CLIPS or self._annotated is not None

    @property
    def _annotated(self) -> Item | None:
        """The data set of annotated videos that is chosen."""
        return self._sets.annotated(self.catalog.chosen_key)

    def commands(self) -> dict[str, object]:
        return {
            "find-clips": self._find,
            "open-in-annotate": self._open_in_annotate,
            "take-out-clip": self._take_out,
            "all-clips": lambda: self.table.selectAll(),
            "extract-poses": self.clips.extract,
            "walk-through": lambda: (self.overview.walk_through if self._is_on_overview else self.clips.walk_on)(),
        }

    def is_settled(self) -> bool:
        in_front = self.clips.is_settled if self._is_on_clips else self.set_view.is_settled
        in_front = self.overview.is_settled if self._is_on_overview else in_front
        return in_front and not self._sets.is_busy

    def close_page(self) -> None:
        self.clips.close_part()
        self.set_view.close_part()

    def to_export(self) -> tuple[str, tuple[str, ...]]:
        """The data set in front and the recordings chosen in it; an empty key for the clips."""
        if self._is_on_clips:
            return CLIPS, ()
        return self.catalog.chosen_key, tuple(self.set_view.chosen_names())

    def show_overview(self, *, on: bool = True) -> None:
        """How far the whole project is, or its clips again."""
        self.catalog.choose(CLIPS)
        self._middle.setCurrentWidget(self.overview if on else self.clips)
        self.clips.tabs.choose(0)
        self.setFocusProxy(self.overview if on else self.clips)
        self._show_statistics()

    def show_set(self, key: str) -> None:
        """Bring a data set to the front."""
        self.catalog.choose(key)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where the middle has become too narrow, the sides give way to it."""
        super().resizeEvent(event)
        sizes = self._splitter.sizes()
        if self.width() < _NARROW and sizes[1] < theme.px(600):
            left = min(sizes[0], theme.px(200))
            right = min(sizes[2], theme.px(220))
            self._splitter.setSizes([left, self.width() - left - right, right])

    def _open_in_annotate(self) -> None:
        if self._is_on_overview:
            self.overview.open_current()
        elif self._is_on_clips:
            self.clips.open_clip(self._document.clip_id)

    def _find(self) -> None:
        if self._is_on_overview:
            self.overview.filter.setFocus()
            return
        (self.clips.search if self._is_on_clips else self.set_view.search).setFocus()

    def _take_out(self) -> None:
        if self._is_on_overview:
            return
        if self._is_on_clips:
            self.clips.take_out()
        else:
            self.catalog.take_out(self.catalog.chosen_key)

    def _changed(self, changes: Changes) -> None:
        self.catalog.show_now()
        if changes.items and self._is_on_clips:
            self.clips.show_those_of(self._annotated)
        if changes.clips or changes.labels or changes.items:
            self._show_statistics()

    def _show_chosen(self, *_: object) -> None:
        if not self._document.is_open:
            return
        self._middle.setCurrentWidget(self.clips if self._is_on_clips else self.set_view)
        self.setFocusProxy(self.clips if self._is_on_clips else self.set_view)
        if self._is_on_clips:
            self.clips.show_those_of(self._annotated)
        else:
            self.set_view.show_set(self.catalog.chosen_key)
        self.catalog.show_now()
        self._show_statistics()

    def _show_statistics(self) -> None:
        """Of what is in front; those of clips are counted off the window's thread and shown when they are there."""
        if not self._document.is_open:
            return
        if self._is_on_clips:
            self._count_clips()
            return
        contents = self._sets.contents(self.catalog.chosen_key)
        statistics = None if contents is None else contents.statistics
        self.statistics.setVisible(statistics is not None and bool(statistics.actions))
        if statistics is not None:
            self.statistics.show_statistics(statistics)

    def _count_clips(self) -> None:
        project, key, chosen = self._document.project, self.catalog.chosen_key, self._annotated
        clips = list(project.clips) if chosen is None else [each.id for each in clips_of(project, chosen)]
        self.statistics.setVisible(bool(clips) and not self._is_on_overview)
        counted = self._counted.get(key)
        if counted is not None:
            self.statistics.show_statistics(counted[1])
        is_new = counted is not None and counted[0] is project
        if not is_new and not self._is_counting:  # what changes meanwhile is counted when this one is there
            self._is_counting = True
            self._sets.later(lambda: (key, project, of_clips(project, clip_ids=clips)), self._take_counted)

    def _take_counted(self, found: tuple[str, Project, Statistics]) -> None:
        key, project, statistics = found
        self._is_counting = False
        self._counted[key] = (project, statistics)
        self._show_statistics()

    def _forget(self) -> None:
        self._counted.clear()
        self._is_counting = False
        self._show_chosen()
