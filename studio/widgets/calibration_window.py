"""The window in which a clip's camera is found: the frame on the left, one of four ways at the right, the find below.

It follows the document's clip, playhead and edits. "Use this camera" is one edit that undo takes back; everything else
in it (marks, sizes) is kept for as long as the studio is open, and has its own undo inside.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QFrame, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from core.geometry.cameras import Camera
from core.project.cameras import camera_of
from studio import theme
from studio.document import Document
from studio.widgets import parts
from studio.widgets.calibration_board import BoardWay
from studio.widgets.calibration_drawing import floor_grid, horizon
from studio.widgets.calibration_file import FileWay
from studio.widgets.calibration_foot import FoundPanel
from studio.widgets.calibration_people import PeopleWay
from studio.widgets.calibration_picture import CalibrationPicture, Drawn
from studio.widgets.calibration_points import PointsWay
from studio.widgets.calibration_ways import Refused, Subject, Way
from studio.widgets.clip_strip import ClipStrip, Stretch
from studio.widgets.clip_time import ClipTime, say_count, say_time
from studio.widgets.frame_source import Frame, FrameSource
from studio.widgets.panel_walk import walk_panels

EXAGGERATION = 10
_LOW_PX = 640


class CalibrationWindow(QWidget):
    """`use_wanted` tells what somebody wants to use and for which clips; `estimate_wanted` that they want none."""

    use_wanted = Signal(object, object)  # a Found, and the ids of the clips
    estimate_wanted = Signal()
    asks = Signal(str)
    """The name of a command somebody wants carried out."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._document = document
        self._subject: Subject | None = None
        self._is_open = False
        self._time = ClipTime(0, 25.0)
        self._frame: Frame | None = None
        self._source = FrameSource(self)
        self.setObjectName("window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(self.tr("Calibrate camera"))
        self.points = PointsWay()
        self.board, self.people, self.file = BoardWay(), PeopleWay(), FileWay()
        self.ways: tuple[Way, ...] = (self.points, self.board, self.people, self.file)
        self._lay_out()
        self._connect()
        self.resize(theme.px(1240), theme.px(780))

    def open_window(self) -> None:
        """Show it, as it was left, for the clip that is chosen now."""
        if not self._is_open:
            self._is_open = True
            self._follow_clip()
        if self.isVisible():
            self.raise_()
        self.show()
        self.activateWindow()
        self.picture.take_keys()

    # ---- layout ----

    def _lay_out(self) -> None:
        self._clip_name = parts.Title()
        self._choice = parts.segmented(*(each.title for each in self.ways), on_choice=self.show_way)
        self._sentence = parts.text("", "label", wrap=True)
        head = parts.row((self._clip_name, 1), self._choice, gap=12)
        split = QSplitter()
        split.setObjectName("calibration")
        split.setChildrenCollapsible(False)
        split.addWidget(self._frame_panel())
        self._stack = QStackedWidget()
        for each in self.ways:
            self._stack.addWidget(each)
        beside = parts.panel(None, self._sentence, (self._stack, 1), margins=(12, 10, 12, 12))
        beside.setAccessibleName(self.tr("How the camera is found"))
        beside.setMinimumWidth(theme.px(340))
        split.addWidget(beside)
        split.setStretchFactor(0, 1)
        split.setSizes([theme.px(800), theme.px(420)])
        box = QVBoxLayout(self)
        box.setContentsMargins(10, 8, 10, 10)
        box.setSpacing(8)
        box.addWidget(head)
        box.addWidget(split, 1)
        self.foot = FoundPanel()
        box.addWidget(self.foot)

    def _frame_panel(self) -> QFrame:
        self.picture = CalibrationPicture()
        back, on = parts.tool("step_back", self.tr("One frame back")), parts.tool("step", self.tr("One frame on"))
        back.clicked.connect(lambda: self._document.seek(self._document.playhead - 1))
        on.clicked.connect(lambda: self._document.seek(self._document.playhead + 1))
        self.strip = ClipStrip()
        self.strip.sought.connect(self._document.seek)
        closer, farther = parts.tool("plus", self.tr("Zoom in  +")), parts.tool("minus", self.tr("Zoom out  -"))
        whole = parts.tool("fit", self.tr("Fit the picture  F"))
        closer.clicked.connect(lambda: self.picture.zoom(1.25))
        farther.clicked.connect(lambda: self.picture.zoom(1 / 1.25))
        whole.clicked.connect(self.picture.fit)
        self._grid, self._room = QCheckBox(self.tr("Floor grid")), QCheckBox(self.tr("Lines"))
        self._larger = QCheckBox(self.tr("Errors ×{factor}").format(factor=EXAGGERATION))
        self._grid.setToolTip(self.tr("Lines of one metre on the floor, and the horizon, as this camera sees them"))
        self._room.setToolTip(self.tr("The room's edges as this camera sees them"))
        self._larger.setToolTip(self.tr("Draw every error ten times as long as it is"))
        self._grid.setChecked(True)
        self._room.setChecked(True)
        for each in (self._grid, self._room, self._larger):
            each.toggled.connect(self._draw)
        shown = parts.row(self._grid, self._room, self._larger, None, farther, closer, whole, gap=10)
        self._steps = parts.row(back, on, (self.strip, 1), gap=4)
        made = parts.panel(None, (self.picture, 1), self._steps, shown, gap=4, margins=(8, 8, 8, 8))
        made.setAccessibleName(self.tr("Frame"))
        return made

    def _connect(self) -> None:
        document, picture = self._document, self.picture
        for told in (document.opened, document.closed):
            told.connect(self._follow_clip)
        document.clip_chosen.connect(self._follow_clip)
        document.changed.connect(self._follow_clip)
        document.became_writable.connect(self._follow_ways)
        document.playhead_moved.connect(self._show_playhead)
        self.foot.use.clicked.connect(self._use_it)
        self.foot.back.clicked.connect(self.estimate_wanted)
        self.foot.on_points.clicked.connect(self._go_on_with_points)
        self.foot.whose.activated.connect(self._follow_ways)
        self._source.opened.connect(self._show_time)
        self._source.arrived.connect(self._show_frame)
        self._source.failed.connect(self._say_no_picture)
        self._source.frame_failed.connect(lambda _, why: picture.show_note(why))
        picture.stepped.connect(lambda by: document.seek(document.playhead + by))
        picture.placed.connect(lambda x, y: self.way.mark_at(x, y))
        picture.mark_chosen.connect(lambda name: self.way.choose_mark(name))
        picture.moving.connect(lambda name, x, y: self.way.move_mark(name, x, y, done=False))
        picture.moved.connect(lambda name, x, y: self.way.move_mark(name, x, y, done=True))
        picture.remove_wanted.connect(lambda name: self.way.remove_mark(name))
        for way in self.ways:
            way.changed.connect(partial(self._heard, way))
            way.focus_picture.connect(picture.take_keys)
            way.asks.connect(self.asks)
        for keys, act in (
            ("Ctrl+Z", lambda: self.way.undo()),
            ("Ctrl+Shift+Z", lambda: self.way.redo()),
            ("Ctrl+Return", self._use_it),
            ("Ctrl+Enter", self._use_it),
            ("F6", partial(walk_panels, self, 1)),
            ("Shift+F6", partial(walk_panels, self, -1)),
            ("Ctrl+W", self.close),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(act)

    # ---- ways ----

    @property
    def way(self) -> Way:
        """The one in front."""
        return self.ways[self._stack.currentIndex()]

    def show_way(self, at: int) -> None:
        """Bring another way to the front."""
        self._choice.choose(at)
        self._stack.setCurrentIndex(at)
        self._follow_ways()

    def is_settled(self) -> bool:
        """Whether everything asked for is on screen."""
        return self._source.is_settled() and not self.way.is_working()

    def _heard(self, way: Way) -> None:
        if way is self.way:
            self._follow_ways()

    def _go_on_with_points(self) -> None:
        found = self.way.found()
        if found is not None:
            self.points.offer_lens(found.name, found.camera)
            self.show_way(self.ways.index(self.points))

    # ---- the clip ----

    def _follow_clip(self, *_: object) -> None:
        """The chosen clip as it stands now."""
        if not self._is_open:
            return
        before, self._subject = self._subject, self._read_subject()
        subject = self._subject
        if subject is None:
            self._source.close()
            self.picture.show_image(None)
            self._clip_name.show_words(self.tr("No clip is chosen"))
            self._stack.setEnabled(False)
            self._follow_ways()
            return
        self._stack.setEnabled(True)
        self._clip_name.show_words(self.tr("Calibrate {clip}").format(clip=subject.name))
        self.picture.show_video_size(subject.width, subject.height)
        if before is None or (before.clip_id, before.video) != (subject.clip_id, subject.video):
            self._open_video(subject.video)
        self.foot.show_alike(subject, len(self._alike(subject)))
        for way in self.ways:
            way.show_subject(subject)
        self._show_playhead()
        self._follow_ways()

    def _read_subject(self) -> Subject | None:
        document, clip = self._document, self._document.clip
        if clip is None:
            return None
        row = document.project.cameras.get(clip.camera)
        return Subject(
            clip.id,
            clip.name,
            clip.video.width,
            clip.video.height,
            document.video_path(clip.id),
            document.tracks(clip.id),
            camera_of(document.project, clip),
            row.name if row is not None else "",
            row.how if row is not None else "",
            row.error_px if row is not None else None,
        )

    def _open_video(self, video: Path | None) -> None:
        clip = self._document.clip
        self.picture.state.clear()
        self._frame = None
        self.picture.show_image(None)
        self.picture.show_note("")
        self.picture.fit()
        if clip is None:
            return
        self._time = ClipTime(clip.video.frame_count, clip.video.rate_hz or 25.0)
        colours = {each.id: each.colour for each in self._document.project.labels.values()}
        stretches = [Stretch(s.start_frame, s.end_frame, colours.get(s.action, "#888888")) for s in clip.segments]
        self.strip.show_clip(clip.video.frame_count, stretches)
        self.strip.show_forecast(1 << 30, (), "")  # nothing is forecast here: everything is past
        if video is None:
            self._source.close()
            self.picture.show_note(self.tr("This clip was made without a video"))
        elif not video.is_file():
            self._source.close()
            self._say_no_picture(self.tr("{file} has moved").format(file=video.name), self.tr("Find it in Annotate."))
        else:
            self._source.open(video)

    def _say_no_picture(self, what: str, hint: str) -> None:
        self.picture.state.say(parts.state_card("video", what, hint, colour="warn"))

    # ---- the frame ----

    def _show_time(self, time: ClipTime) -> None:
        self._time = time
        self._show_playhead()

    def _show_playhead(self, *_: object) -> None:
        if self._subject is None:
            return
        frame = self._document.playhead
        self.strip.show_playhead(frame)
        self.picture.show_caption(f"{say_time(self._time.seconds(frame))}   #{say_count(frame)}")
        self.way.frame_shown(frame)
        if self._source.is_open():
            self.picture.wait_for_frame()
            self._source.want(frame)

    def _show_frame(self, frame: Frame) -> None:
        self._frame = frame
        if frame.number == self._document.playhead:
            self.picture.show_note("")
            self._show_picture()

    def _show_picture(self) -> None:
        """The frame, or what the way in front shows instead of it."""
        own, subject = self.way.picture(), self._subject
        if own is not None:
            image, width, height = own
            self.picture.show_video_size(width, height)
            self.picture.show_image(image)
        elif subject is not None:
            self.picture.show_video_size(subject.width, subject.height)
            self.picture.show_image(self._frame.image if self._frame is not None else None)
        self._steps.setEnabled(own is None)

    def _draw(self, *_: object) -> None:
        """The marks, and what the camera found (or the clip's own) draws over the frame."""
        self._show_picture()
        marks, chosen, armed = self.way.marks() if self._subject is not None else ((), "", None)
        self.picture.show_marks(marks, chosen, armed)
        self.picture.exaggerate(EXAGGERATION if self._larger.isChecked() else 1)
        camera = self._shown_camera()
        drawn: list[Drawn] = []
        own = self.way.picture()
        # A view of the board is a picture of the same camera, unless it has another size.
        is_same = own is None or (camera is not None and own[1:] == (camera.width, camera.height))
        if camera is not None and self._grid.isChecked() and is_same:
            floor_m = self.way.floor_m() if self.way.found() is not None else (0.0, 0.0)
            drawn += [Drawn("grid", floor_grid(camera, *floor_m)), Drawn("horizon", horizon(camera))]
        if self._room.isChecked() and self._subject is not None:
            drawn += self.way.drawn()
        self.picture.show_drawn(*drawn)
        self._larger.setEnabled(any(each.drawn_px is not None for each in marks))

    def _shown_camera(self) -> Camera | None:
        found = self.way.found() if self._subject is not None else None
        if found is not None:
            return found.camera if found.placed else None
        subject = self._subject
        shows_own = subject is not None and subject.camera_name and self.way.picture() is None
        return subject.camera if subject is not None and shows_own and not self.way.marks()[0] else None

    # ---- what was found ----

    def _follow_ways(self, *_: object) -> None:
        way, subject = self.way, self._subject
        self._sentence.setText(way.sentence)
        # In a low window the words make room for the work once it has begun.
        self._sentence.setHidden(self.height() < theme.px(_LOW_PX) and bool(way.marks()[0]))
        found = way.found() if subject is not None else None
        refused = way.refused() if subject is not None else Refused(self.tr("Choose a clip first."), is_start=True)
        self.foot.show_find(subject, found, refused, self._document.read_only_reason)
        self._draw()

    def _use_it(self) -> None:
        found, subject = self.way.found(), self._subject
        if found is None or subject is None or not self.foot.use.isEnabled():
            return
        clips = self._alike(subject) if self.foot.is_for_all else (subject.clip_id,)
        self.use_wanted.emit(found, clips)

    def _alike(self, subject: Subject) -> Sequence[str]:
        """The clips whose pictures have the size of this one's."""
        size = (subject.width, subject.height)
        return [c.id for c in self._document.project.clips.values() if (c.video.width, c.video.height) == size]

    # ---- keys and the end ----

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            if self.way.marks()[1]:
                self.way.choose_mark("")
            else:
                self.close()
            return
        super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._is_open, self._subject = False, None
        for way in self.ways:
            way.close_way()
        self._source.close(wait=True)
        super().closeEvent(event)
