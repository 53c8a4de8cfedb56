"""The middle of the Data page for clips: how far each one is, what is missing and where, and their split."""

from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QVBoxLayout, QWidget

from core.errors import CoreError
from core.project.annotated_sets import clips_of, only
from core.project.annotations import Changes, Clip, Item, Project, Split
from core.project.edits import remove_clip
from core.runs import ExtractPoses
from core.splits import split_clips
from studio import theme
from studio.adding import Adding
from studio.clip_search import ClipIndex, Place, Query
from studio.document import Document
from studio.jobs import Job, Jobs
from studio.pages.data_clip_rows import COLUMNS, ClipRows, MovedCard, show_sums
from studio.widgets import parts
from studio.widgets.record_table import RecordTable
from studio.widgets.split_control import SplitControl
from studio.widgets.thumbnails import Thumbnails
from studio.words import counted, say

_MANY, _PICTURES_MS = 100, 400
"""Of more clips than these, pictures that come are shown so often."""


class DataClips(QWidget):
    """Follows the document, the jobs and the videos being added."""

    asks = Signal(str)
    import_wanted = Signal()

    def __init__(self, document: Document, jobs: Jobs, adding: Adding) -> None:
        super().__init__()
        self._document, self._jobs, self._adding = document, jobs, adding
        self._thumbnails = Thumbnails(self)
        self._rows = ClipRows(document, jobs, self._thumbnails)
        self._there: dict[str, bool] = {}  # whether each clip's video is where it should be
        self._places: list[Place] = []
        self._index = ClipIndex()
        self._walked = -1
        self._split_name = ""
        self._set: Item | None = None  # the data set whose clips alone are shown
        self._title = parts.Title()
        self._sums = parts.row(gap=28, margins=(2, 0, 0, 2))
        self.search = parts.search(self.tr("Find clips"), "Q", width=theme.px(210))
        self.search.setToolTip(self.tr("A name, state or person; or what is marked, such as: reach, pose missing"))
        self.matching = parts.text("", "caption")
        self.walk = parts.button(self.tr("Walk through"), "right", "quiet")
        self.walk.setToolTip(self.tr("Go to the next place that fits  G"))
        self.table = RecordTable(COLUMNS, say("Clips"))
        self._moved = MovedCard()
        self.extract_button = parts.button("Extract 2D poses", "skeleton")
        self.add = parts.button("Add videos", "plus", "primary")
        self.split = SplitControl(self.tr("the clips"), ("sequence", "performer"))
        self._reading = parts.text("", "label")
        self._place_all()
        self._refresh = QTimer(self)  # many changes in a row are shown once
        self._refresh.setSingleShot(True)
        self._refresh.timeout.connect(self.show_now)
        self._connect()
        self._forget()

    def _place_all(self) -> None:
        self.first = parts.button("Add videos", "plus", "primary", big=True)
        bring = parts.button(self.tr("Import data"), "import", big=True)
        bring.clicked.connect(self.import_wanted)
        words = say("Add videos, or drop them anywhere in this window.")
        empty = parts.state_card("video", "No clips yet", words, self.first, bring)
        search = parts.row(self.search, self.matching, self.walk, None, self._reading, self.split, gap=8)
        full = parts.col(self._sums, search, (self.table, 1), self._moved, gap=10)
        self._body = QStackedWidget()
        self._body.addWidget(empty)
        self._body.addWidget(full)
        self.tabs = parts.segmented("Clips", "Overview")
        self.tabs.setAccessibleName(say("What is shown"))
        head = parts.row((self._title, 1), self.tabs, self.extract_button, self.add, gap=6)
        panel = parts.panel(None, head, (self._body, 1), gap=10, margins=(14, 10, 10, 8))
        panel.setAccessibleName(self.tr("Clips"))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(panel)

    def _connect(self) -> None:
        for button in (self.add, self.first):
            button.clicked.connect(lambda: self.asks.emit("add-videos"))
        self.extract_button.clicked.connect(self.extract)
        self.search.textChanged.connect(self._searched)
        self.search.returnPressed.connect(self.walk_on)
        self.walk.clicked.connect(self.walk_on)
        self.split.chosen.connect(self._show_split)
        self.split.wanted.connect(self.make_split)
        self.table.chosen.connect(self._document.choose_clip)
        self.table.opened.connect(self.open_clip)
        self.table.selectionModel().selectionChanged.connect(self._follow_selection)
        self._moved.locate.clicked.connect(self._relink)
        self._thumbnails.came.connect(self._show_picture)
        self._document.opened.connect(self._forget)
        self._document.became_writable.connect(self._later)
        self._document.changed.connect(self._changed)
        self._document.clip_chosen.connect(self._follow_clip)
        self._jobs.moved.connect(self._job_moved)
        self._adding.moved.connect(self._reading.setText)

    @property
    def is_settled(self) -> bool:
        return self._thumbnails.is_settled and not self._refresh.isActive() and not self._adding.is_busy

    def close_part(self) -> None:
        self._thumbnails.close()

    def show_those_of(self, item: Item | None) -> None:
        """Only the clips of this data set of annotated videos; without one, all of the project."""
        if item != self._set:
            is_other = item is None or self._set is None or item.id != self._set.id
            self._set = item
            if is_other:
                self.search.clear()
            self.show_now()

    # ---- what a person does ----

    def extract(self) -> None:
        """2D poses for the chosen clips, or, with one or none chosen, for all that have none."""
        project = self._document.project
        chosen = [project.clips[each] for each in self.table.chosen_ids()]
        wanted = (
            chosen
            if len(chosen) > 1
            else [each for each in _shown(self._document.project, self._set) if not each.tracks]
        )
        ids = tuple(each.id for each in wanted if each.video.path and self._there.get(each.id, True))
        if not ids:
            return
        spec = ExtractPoses(project=str(self._document.folder), out="", clip_ids=ids)
        try:
            self._jobs.start(spec, self._jobs.free_name("poses"))
        except CoreError as error:
            self._document.refused.emit(error)
        self._later()

    def take_out(self) -> None:
        """Take the chosen clips out of the project; their videos stay, and undo brings them back."""
        project = self._document.project
        ids = self.table.chosen_ids()
        names = [project.clips[each].name for each in ids]
        for each in ids:
            project = remove_clip(project, each)
        if ids:
            self._document.edit(project, f"Take out {names[0] if len(names) == 1 else f'{len(names)} clips'}")

    def open_clip(self, clip_id: str) -> None:
        if clip_id:
            self._document.choose_clip(clip_id)
            self.asks.emit("page-annotate")

    def walk_on(self) -> None:
        """Go to the next place that fits what is looked for, all round."""
        if not self._places:
            return
        self._walked = (self._walked + 1) % len(self._places)
        place = self._places[self._walked]
        self._document.choose_clip(place.clip_id)
        self._document.seek(place.frame)
        self.asks.emit("page-annotate")

    def make_split(self, name: str, way: str, seed: int) -> None:
        """A new split of the clips under its own name."""
        assert way in ("sequence", "performer")
        try:
            ids = None if self._set is None else [each.id for each in _shown(self._document.project, self._set)]
            after, _, how = split_clips(
                self._document.project, name, way, seed, author=self._document.author, only=ids
            )  # fmt: skip
        except CoreError as error:
            self._document.refused.emit(error)
            return
        if self._document.edit(after, f"Make the split {name}", source=how.partition(":")[0]):
            self._show_split(name)

    def _show_split(self, name: str) -> None:
        self._split_name = name
        self._later()

    def _relink(self) -> None:
        clip = self._document.clip
        if clip is None:
            return
        chosen, _ = QFileDialog.getOpenFileName(self, say("Find {name}", name=clip.name), str(Path.home()))
        if chosen:
            self._adding.relink(clip.id, Path(chosen))

    # ---- what is shown ----

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._look_for_videos()
        self.show_now()

    def _forget(self) -> None:
        self._thumbnails.forget()
        self._rows.forget()
        self._split_name = ""
        self._set = None
        self.search.clear()
        self._look_for_videos()
        self.show_now()

    def _changed(self, changes: Changes) -> None:
        for clip_id in changes.clips:
            clip = self._document.project.clips.get(clip_id)
            is_there = clip is not None and _is_there(self._document, clip)
            if is_there and not self._there.get(clip_id, True):
                self._thumbnails.forget(clip_id)
            self._there[clip_id] = is_there
        self._later()

    def _job_moved(self, job: Job) -> None:
        if isinstance(job.spec, ExtractPoses):
            self._later()

    def _later(self, *_: object) -> None:
        if not self._refresh.isActive():
            self._refresh.start(60)

    def _show_picture(self, *_: object) -> None:
        """Pictures of hundreds of clips come for a while: a few at a time, and only where somebody looks."""
        if self.isVisible() and not self._refresh.isActive():
            self._refresh.start(_PICTURES_MS if len(self._there) > _MANY else 60)

    def _look_for_videos(self) -> None:
        if self._document.is_open:
            self._there = {clip.id: _is_there(self._document, clip) for clip in self._document.project.clips.values()}

    def _searched(self) -> None:
        self._walked = -1
        self.show_now()

    def show_now(self) -> None:
        """Everything as it stands."""
        if not self._document.is_open:
            return
        project = self._document.project
        clips = _shown(project, self._set)
        self._title.show_words(project.name if self._set is None else self._set.name)
        self._body.setCurrentIndex(1 if clips else 0)
        self.setFocusProxy(self.table if clips else self.first)
        split = _split_of(self._document.project, self._set, self._split_name)
        part_of = {each: part for part, ids in split.parts.items() for each in ids} if split is not None else {}
        self._rows.look()
        there = self._there
        rows = [
            self._rows.row(each, part_of.get(each.id, ""), video_is_there=there.get(each.id, True)) for each in clips
        ]
        words, records = self.search.text(), []
        self._places = []
        query = Query(project, words, self._index)
        for clip, row in zip(clips, rows, strict=True):
            is_found, places = query.fits(clip, row.said)
            if is_found:
                records.append(row.record)
                self._places += places
        self.table.show_records(records)
        self._tell_found(words, len(records))
        show_sums(self._sums, clips, [row.state for row in rows])
        stored = {each.name: each.parts for each in project.splits.values()}
        editable = self._document.read_only_reason is None
        how = split.made.source if split is not None else ""
        self.split.show_splits(stored, "" if split is None else split.name, editable=editable, how=how)
        self._follow_clip(self._document.clip_id)
        self._follow_selection()

    def _tell_found(self, query: str, found: int) -> None:
        words = (
            (say("1 clip matches") if found == 1 else say("{count} clips match", count=found))
            if found
            else say("No clip matches")
        )
        places = f", {counted(len(self._places), 'place')}" if self._places else ""
        self.matching.setText(words + places if query.strip() else "")
        self.walk.setVisible(bool(self._places))

    def _follow_clip(self, clip_id: str) -> None:
        self.table.choose(clip_id)
        clip = self._document.clip
        self._moved.setVisible(clip is not None and not self._there.get(clip.id, True))
        path = None if clip is None else self._document.video_path(clip.id)
        if clip is not None and path is not None:
            self._moved.show_clip(clip, path)

    def _follow_selection(self, *_: object) -> None:
        chosen = self.table.chosen_ids()
        lacking = sum(not each.tracks and bool(each.video.path) for each in _shown(self._document.project, self._set))
        many, button = len(chosen) > 1, self.extract_button
        button.setText(say("Extract 2D poses of {count}", count=len(chosen)) if many else say("Extract 2D poses"))
        button.setEnabled((many or lacking > 0) and self._document.read_only_reason is None)
        looked_at = all(each.tracks for each in _shown(self._document.project, self._set))
        why = "Every clip has its 2D poses" if looked_at else "The clips without 2D poses have no video here"
        button.setToolTip("" if many or lacking else say(why))
        self.add.setEnabled(self._document.read_only_reason is None)


def _split_of(project: Project, item: Item | None, name: str) -> Split | None:
    """The one that is shown: the chosen one, else the one training takes; of a data set the first that names it."""
    stored = list(project.splits.values())
    if item is not None:
        stored = list(only(project, [each.id for each in _shown(project, item)]).splits.values()) or stored
    return next((each for each in stored if each.name == name), stored[0] if stored else None)


def _shown(project: Project, item: Item | None) -> list[Clip]:
    """The clips of a data set, or all of the project."""
    return list(project.clips.values()) if item is None else list(clips_of(project, item))


def _is_there(document: Document, clip: Clip) -> bool:
    """Whether its video is where it should be."""
    path = document.video_path(clip.id)
    return path is None or path.is_file()
