"""The Data page: the clips of the project, how far each is, and what their labels add up to."""

from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QSplitter, QStackedWidget, QWidget

from core.errors import CoreError
from core.project.annotations import Changes, Clip
from core.project.edits import remove_clip
from core.runs import ExtractPoses
from studio import theme
from studio.adding import Adding
from studio.document import Document
from studio.jobs import Job, Jobs
from studio.widgets import parts
from studio.widgets.clip_states import clip_state, length_words
from studio.widgets.job_words import grouped
from studio.widgets.label_charts import ActionBars, TransitionMap, action_counts
from studio.widgets.record_table import Cell, Column, Record, RecordTable
from studio.widgets.thumbnails import Thumbnails

_COLUMNS = (
    Column("Clip"),
    Column("Length", 64, is_number=True, rank=1),
    Column("Size", 108, is_number=True, rank=4),
    Column("2D poses", 104),
    Column("Marked", 116),
    Column("Segments", 82, is_number=True, rank=2),
    Column("Without pose", 106, is_number=True, rank=3),
    Column("State", 124),
    Column("Camera", 100, rank=5),
)


class DataPage(QWidget):
    """Follows the document, the jobs and the videos being added."""

    asks = Signal(str)

    def __init__(self, document: Document, jobs: Jobs, adding: Adding) -> None:
        super().__init__()
        self._document, self._jobs, self._adding = document, jobs, adding
        self._thumbnails = Thumbnails(self)
        self._there: dict[str, bool] = {}  # whether each clip's video is where it should be
        self._title = parts.Title()
        self._sums = parts.row(gap=28, margins=(2, 0, 0, 2))
        self._find = parts.search("Find clips", "Q", width=theme.px(200))
        self._matching = parts.text("", "caption")
        self.table = RecordTable(_COLUMNS, "Clips")
        self._moved = _MovedCard()
        self._extract = parts.button("Extract 2D poses", "skeleton")
        self._add = parts.button("Add videos", "plus", "primary")
        self._reading = parts.text("", "label")
        first = parts.button("Add videos", "plus", "primary", big=True)
        empty = parts.state_card("video", "No clips yet", "Add videos, or drop them anywhere in this window.", first)
        full = parts.col(
            self._sums,
            parts.row(self._find, self._matching, None, self._reading, gap=8),
            (self.table, 1),
            self._moved,
            gap=10,
        )
        self._body = QStackedWidget()
        self._body.addWidget(empty)
        self._body.addWidget(full)
        head = parts.row((self._title, 1), self._extract, self._add, gap=6)
        clips = parts.panel(None, head, (self._body, 1), gap=10, margins=(14, 10, 10, 8))
        clips.setAccessibleName("Clips")
        self._bars, self._map = ActionBars(), TransitionMap()
        measure = parts.segmented("Count", "Length", on_choice=lambda at: self._bars.show_length(at == 1))
        legend = parts.text("Bright: has its pose. Pale: still without.", "caption", wrap=True)
        actions = parts.panel("Actions", (self._bars, 1), legend, tools=(measure,), gap=6, margins=(12, 8, 10, 8))
        follows = parts.panel("What follows what, %", (self._map, 1), gap=4, margins=(12, 8, 12, 8))
        self._right = parts.col((actions, 5), (follows, 6), gap=6)
        self._right.setMinimumWidth(theme.px(240))
        splitter = QSplitter()
        splitter.setObjectName("main")
        splitter.setHandleWidth(6)
        splitter.addWidget(clips)
        splitter.addWidget(self._right)
        splitter.setStretchFactor(0, 1)
        splitter.setCollapsible(0, False)
        splitter.setSizes([1100, 380])
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(splitter)
        self._refresh = QTimer(self)  # many changes in a row are shown once
        self._refresh.setSingleShot(True)
        self._refresh.timeout.connect(self._show)
        self._first = first
        self._connect(first)
        self._forget()

    def _connect(self, first: parts.Button) -> None:
        for button in (self._add, first):
            button.clicked.connect(lambda: self.asks.emit("add-videos"))
        self._extract.clicked.connect(self.extract)
        self._find.textChanged.connect(self._show)
        self.table.chosen.connect(self._document.choose_clip)
        self.table.opened.connect(self._open)
        self.table.selectionModel().selectionChanged.connect(self._follow_selection)
        self._moved.locate.clicked.connect(self._relink)
        self._thumbnails.came.connect(self._later)
        self._document.opened.connect(self._forget)
        self._document.became_writable.connect(self._later)
        self._document.changed.connect(self._changed)
        self._document.clip_chosen.connect(self._follow_clip)
        self._jobs.moved.connect(self._job_moved)
        self._adding.moved.connect(self._reading.setText)

    # ---- what the window asks ----

    def commands(self) -> dict[str, object]:
        return {
            "find-clips": self._find.setFocus,
            "open-in-annotate": lambda: self._open(self._document.clip_id),
            "take-out-clip": self.take_out,
            "all-clips": self.table.selectAll,
            "extract-poses": self.extract,
        }

    def is_settled(self) -> bool:
        return self._thumbnails.is_settled and not self._refresh.isActive() and not self._adding.is_busy

    def close_page(self) -> None:
        self._thumbnails.close()

    # ---- what a person does ----

    def extract(self) -> None:
        """2D poses for the chosen clips, or, with one or none chosen, for all that have none."""
        project = self._document.project
        chosen = [project.clips[each] for each in self.table.chosen_ids()]
        wanted = chosen if len(chosen) > 1 else [each for each in project.clips.values() if not each.tracks]
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

    def _open(self, clip_id: str) -> None:
        if clip_id:
            self._document.choose_clip(clip_id)
            self.asks.emit("page-annotate")

    def _relink(self) -> None:
        clip = self._document.clip
        if clip is None:
            return
        chosen, _ = QFileDialog.getOpenFileName(self, f"Find {clip.name}", str(Path.home()))
        if chosen:
            self._adding.relink(clip.id, Path(chosen))

    # ---- what is shown ----

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._look_for_videos()
        self._show()

    def _forget(self) -> None:
        self._thumbnails.forget()
        self._find.clear()
        self._look_for_videos()
        self._show()

    def _changed(self, changes: Changes) -> None:
        for clip_id in changes.clips:
            clip = self._document.project.clips.get(clip_id)
            is_there = clip is not None and self._is_there(clip)
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

    def _look_for_videos(self) -> None:
        if self._document.is_open:
            self._there = {clip.id: self._is_there(clip) for clip in self._document.project.clips.values()}

    def _is_there(self, clip: Clip) -> bool:
        path = self._document.video_path(clip.id)
        return path is None or path.is_file()

    def _show(self) -> None:
        if not self._document.is_open:
            return
        project = self._document.project
        clips = list(project.clips.values())
        self._title.show_words(project.name)
        self._body.setCurrentIndex(1 if clips else 0)
        self.setFocusProxy(self.table if clips else self._first)
        self._right.setVisible(bool(clips))
        query = self._find.text().casefold().split()
        records = [record for clip in clips if _fits(record := self._record(clip), query)]
        self.table.show_records(records)
        self._matching.setText(f"{len(records)} of {len(clips)} clips" if query else "")
        self._show_sums(clips)
        counts = action_counts(project)
        self._bars.show_counts(counts)
        self._map.show_project(project, [each.name for each in counts])
        self._follow_clip(self._document.clip_id)
        self._follow_selection()

    def _show_sums(self, clips: list[Clip]) -> None:
        states = [clip_state(self._document.project, clip) for clip in clips]
        layout = self._sums.layout()
        assert isinstance(layout, QHBoxLayout)
        while (item := layout.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        figures = (
            (grouped(len(clips)), "clip" if len(clips) == 1 else "clips"),
            (length_words(sum(clip.video.duration_s for clip in clips)), "of video"),
            (grouped(sum(state.segments for state in states)), "segments"),
            (grouped(sum(len(clip.poses) for clip in clips)), "characteristic poses"),
            (grouped(sum(state.poses_missing for state in states)), "segments without a pose"),
        )
        for number, words in figures:
            layout.addWidget(parts.col(parts.text(number, "number"), parts.text(words, "caption"), gap=0))
        layout.addStretch(1)

    def _record(self, clip: Clip) -> Record:
        is_there = self._there.get(clip.id, True)
        state = clip_state(self._document.project, clip, video_is_there=is_there)
        camera = self._document.project.cameras.get(clip.camera)
        known = camera is not None and not camera.estimated
        path = self._document.video_path(clip.id)
        picture = self._thumbnails.of(clip.id, path if is_there else None)
        missing = Cell(grouped(state.poses_missing) if state.segments else "–")
        return Record(
            clip.id,
            (
                Cell(clip.name, strong=True, picture=picture, tip=str(path) if path else "Made without a video"),
                Cell(length_words(clip.video.duration_s)),
                Cell(f"{clip.video.width} × {clip.video.height}"),
                self._poses_cell(clip),
                Cell(f"{state.share_marked:.0%}".replace("%", " %"), share=state.share_marked, colour="accent"),
                Cell(grouped(state.segments)),
                missing,
                Cell(state.words, dot=True, colour=state.colour),
                Cell("calibrated" if known else "estimated"),
            ),
        )

    def _poses_cell(self, clip: Clip) -> Cell:
        if clip.tracks:
            return Cell("", share=1.0, colour="ok", tip="Every frame has been looked at")
        for job in self._jobs.live():
            if isinstance(job.spec, ExtractPoses) and clip.id in job.spec.clip_ids:
                share = job.share() or 0.0
                alone = len(job.spec.clip_ids) == 1
                return Cell(
                    f"{share:.0%}".replace("%", " %") if alone else "", share=share, colour="accent", tip=job.name
                )
        return Cell("none yet")

    def _follow_clip(self, clip_id: str) -> None:
        self.table.choose(clip_id)
        clip = self._document.clip
        self._moved.setVisible(clip is not None and not self._there.get(clip.id, True))
        path = None if clip is None else self._document.video_path(clip.id)
        if clip is not None and path is not None:
            self._moved.show_clip(clip, path)

    def _follow_selection(self, *_: object) -> None:
        project, chosen = self._document.project, self.table.chosen_ids()
        lacking = sum(not each.tracks and bool(each.video.path) for each in project.clips.values())
        many = len(chosen) > 1
        self._extract.setText(f"Extract 2D poses of {len(chosen)}" if many else "Extract 2D poses")
        self._extract.setEnabled((many or lacking > 0) and self._document.read_only_reason is None)
        self._extract.setToolTip("" if many or lacking else "Every clip has its 2D poses")
        self._add.setEnabled(self._document.read_only_reason is None)


class _MovedCard(QWidget):
    """A clip's video is not where it was."""

    def __init__(self) -> None:
        super().__init__()
        self._title = parts.text("", "strong")
        self._words = parts.text("", "label", wrap=True)
        self.locate = parts.button("Find it", "search", "primary")
        box = QHBoxLayout(self)
        box.setContentsMargins(4, 6, 4, 6)
        box.setSpacing(12)
        words = parts.col(self._title, self._words, gap=2)
        parts.fill(box, (parts.glyph("warn", 16, "danger"), (words, 1), self.locate))

    def show_clip(self, clip: Clip, path: Path) -> None:
        count = len(clip.segments)
        many = f"Its {grouped(count)} segments are safe in the project."
        one = "Its 1 segment is safe in the project."
        kept = many if count > 1 else one if count else "Nothing was marked on it yet."
        self._title.setText(f"{path.name} has moved")
        self._words.setText(f"It is no longer in {path.parent}. {kept}")


def _fits(record: Record, query: list[str]) -> bool:
    words = " ".join(cell.words for cell in record.cells).casefold()
    return all(piece in words for piece in query)
