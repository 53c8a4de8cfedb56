"""The timeline of one clip: shows its contents, scrubs, chooses, and turns each drag into one wish.

It decides nothing about the project: what a drag would change is told once, on release, and shown in between. The
playhead and the contents are given to it.
"""

from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from studio.widgets.lane_hands import LaneHands
from studio.widgets.timeline_axis import Arrangement, Axis
from studio.widgets.timeline_contents import SuggestionMarks, TimelineContents
from studio.widgets.timeline_drag import CopyDrag, Drag, DragOutcome, EndDrag, RippleDrag
from studio.widgets.timeline_heads import Heads
from studio.widgets.timeline_picture import paint_ground, paint_moving
from studio.widgets.timeline_pointer import Pointer
from studio.widgets.timeline_scene import Scene
from studio.widgets.timeline_strips import Strips
from studio.widgets.timeline_words import said_at
from studio.words import say

WHEEL_PX = 40.0
"""How far a notch scrolls the rows."""
_NEW_LOOK = (QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.StyleChange)


class Timeline(QWidget):
    """Everything marked on a clip, over time."""

    playhead_wanted = Signal(int)
    preview_wanted = Signal(int)
    """The frame at the end or pose that is being dragged; -1 when the drag is over."""
    chosen_changed = Signal(object)
    """A frozenset of segment ids."""
    spans_moved = Signal(object, str)
    """Segments' new spans, as (id, start, end), and what was dragged: "start", "end" or "move"."""
    spans_copied = Signal(object)
    """Segments that others like them were dragged off from, as (id, start, end) of the copies."""
    rippled = Signal(str, str, int)
    """A segment's end ("start" or "end") was dragged to a frame, with everything of that person behind it."""
    refused = Signal(str)
    """Why nothing can be dragged there."""
    pose_moved = Signal(str, int)
    missing_clicked = Signal(str)
    suggestion_clicked = Signal(str, int)
    """A suggested frame was pressed: its segment and the frame."""
    segment_opened = Signal(str)
    """A segment was double-clicked."""
    view_changed = Signal()
    arranged = Signal(object)
    """A person put the rows into another Arrangement."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumHeight(150)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(say("Timeline"))
        self.scene = Scene()
        self.playhead = 0
        self.snapping = True
        self.editable = True
        self.pointer = Pointer(self, self.playhead_wanted.emit, self.missing_clicked.emit, self.refused.emit)
        self.lanes = LaneHands(self, self)
        self.heads = Heads(self, self)
        self.heads.lane_wanted.connect(self.lanes.menu_wanted)
        self._ground: QPixmap | None = None
        self._strips = Strips()

    # ---- what is shown ----

    @property
    def chosen(self) -> frozenset[str]:
        return self.scene.chosen

    def show_contents(self, contents: TimelineContents, main_actor: str | None = None) -> None:
        """Show another state of the clip, or another clip."""
        other_length = contents.time.frame_count != self.scene.contents.time.frame_count
        if not self.pointer.holds(contents):
            self.pointer.give_back()
        chosen = contents.here(self.scene.chosen)
        lost = chosen != self.scene.chosen
        self.show_scene(replace(self.scene, contents=contents, chosen=chosen, main_actor=main_actor))
        if other_length:
            self.show_whole()
        if lost:
            self.chosen_changed.emit(chosen)

    def show_thumbnails(self, thumbnails: dict[int, QPixmap]) -> None:
        """Pictures by frame; their row is there when any is."""
        self.show_scene(replace(self.scene, thumbnails=thumbnails))

    def show_suggestions(self, marks: SuggestionMarks | None) -> None:
        """Suggested frames, by frame; None takes their row away, an empty one keeps it."""
        if marks is not self.scene.suggestions:
            self.show_scene(replace(self.scene, suggestions=marks))

    def arrange(self, arrangement: Arrangement, *, by_hand: bool = True) -> None:
        """Show the rows in another order, or others of them."""
        if arrangement != self.scene.arrangement:
            self.show_scene(replace(self.scene, arrangement=arrangement).scrolled(0))
            if by_hand:
                self.arranged.emit(arrangement)

    def show_range(self, start: int | None, end: int | None) -> None:
        """The stretch marked by I and O that has no label yet."""
        self.show_scene(replace(self.scene, range=(start, end)))

    def show_playhead(self, frame: int, *, playing: bool = False) -> None:
        """Put the playhead at `frame`; a playing view turns the page in its last tenth, it does not glide."""
        self.playhead = frame
        axis = self.scene.axis
        past = axis.x(frame) - axis.left
        if not self.pointer.is_down and not self.scene.is_whole:
            if playing and not 0 <= past <= axis.width * 0.9:
                self.set_axis(axis.panned(past - axis.width / 10))
            elif not playing and not 0 <= past <= axis.width:
                self.set_axis(axis.panned(past - axis.width / 2))
        self.update()

    def choose(self, segments: frozenset[str]) -> None:
        """Choose segments, as if they had been clicked; one that lies in a row out of view is scrolled to."""
        segments = self.scene.contents.here(segments)
        if segments != self.scene.chosen:
            scene = replace(self.scene, chosen=segments)
            self.show_scene(scene.revealing(next(iter(segments))) if len(segments) == 1 else scene)
            self.chosen_changed.emit(segments)

    # ---- the view ----

    def zoom(self, factor: float, x: float | None = None) -> None:
        """Closer by `factor`, round `x` or round the playhead."""
        axis = self.scene.axis
        if x is None:
            x = axis.x(self.playhead)
            if not axis.left <= x <= axis.left + axis.width:
                x = axis.left + axis.width / 2
        self.set_axis(axis.zoomed(factor, x))

    def show_whole(self) -> None:
        """The whole clip."""
        self.set_axis(self.scene.whole_axis())

    def show_stretch(self, start: int, end: int) -> None:
        """A stretch of the clip, with some room round it."""
        room = max((end - start) * 0.25, 5)
        self.set_axis(self.scene.axis.showing(max(start - room, 0), end + room))

    def set_axis(self, axis: Axis) -> None:
        """Show another stretch of time, kept inside the clip."""
        axis = axis.kept_inside()
        if axis != self.scene.axis:
            self.show_scene(replace(self.scene, axis=axis))
            self.view_changed.emit()

    def show_scene(self, scene: Scene) -> None:
        """Show another state of everything."""
        self.scene = scene
        self._ground = None
        self.update()

    # ---- what the pointer wishes ----

    def show_outcome(self, outcome: DragOutcome | None) -> None:
        """What the drag would do by now; None when there is none any more."""
        had = self.scene.outcome
        if outcome != had:
            self.show_scene(replace(self.scene, outcome=outcome))
            self.preview_wanted.emit(-1 if outcome is None else outcome.frame)
        self.update()

    def tell(self, outcome: DragOutcome, drag: Drag) -> None:
        """A drag was let go: one wish, where it moved anything."""
        contents = self.scene.contents
        if outcome.pose is not None:
            if contents.poses.frame_of(outcome.pose[0]) != outcome.pose[1]:
                self.pose_moved.emit(*outcome.pose)
            return
        moved = tuple(each for each in outcome.spans if contents.segment_at(each[0]) != (each[1], each[2]))
        if not moved:
            return
        if isinstance(drag, RippleDrag):
            self.rippled.emit(drag.segment, drag.end, drag.was + outcome.by)
        elif isinstance(drag, CopyDrag):
            self.spans_copied.emit(moved)
        else:
            self.spans_moved.emit(moved, drag.end if isinstance(drag, EndDrag) else "move")

    # ---- events ----

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.heads.press(
            event.position(), event.globalPosition().toPoint()
        ):
            return
        if event.button() == Qt.MouseButton.LeftButton and self.lanes.press(
            event.position(), event.globalPosition().toPoint()
        ):
            return
        suggested, marks = self.scene.suggestion_at(event.position()), self.scene.suggestions
        if event.button() == Qt.MouseButton.LeftButton and suggested is not None and marks is not None:
            self.suggestion_clicked.emit(marks.segments[suggested], int(marks.frames[suggested]))
            return
        self.pointer.press(event.position(), event.button(), event.modifiers())
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.pointer.is_down:
            self.pointer.move(event.position(), free=bool(event.modifiers() & Qt.KeyboardModifier.AltModifier))
        elif self.heads.is_down:
            self.heads.move(event.position())
        else:
            self.heads.move(event.position())
            self.lanes.point(event.position())
            over_head = self.heads.cursor(event.position())
            self.setCursor(self.pointer.cursor(event.position()) if over_head is None else over_head)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: ARG002
        self.heads.release()
        self.pointer.release()
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        hit = self.scene.hit(event.position())
        span = None if hit is None or hit.part in ("pose", "missing") else self.scene.contents.segment_at(hit.segment)
        if hit is None or span is None:
            self.mousePressEvent(event)
            return
        self.choose(frozenset({hit.segment}))
        self.show_stretch(*span)
        self.segment_opened.emit(hit.segment)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Time; with Shift or an up-and-down swipe the rows where they do not fit; with Ctrl closer or further."""
        smooth, notched = event.pixelDelta(), event.angleDelta()
        notches = (notched.y() or notched.x()) / 120
        overflows = self.scene.most_scroll > 0
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(1.25 ** (notched.y() / 120), event.position().x())
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier and overflows:
            by = -(smooth.y() or smooth.x()) if not smooth.isNull() else -notches * WHEEL_PX
            self.show_scene(self.scene.scrolled(by))
        elif smooth.isNull():
            self.set_axis(self.scene.axis.panned(-notches * self.scene.axis.width / 8))
        else:
            if overflows:
                self.show_scene(self.scene.scrolled(-smooth.y()))
            self.set_axis(self.scene.axis.panned(-(smooth.x() or (0 if overflows else smooth.y()))))
        event.accept()

    def event(self, event: QEvent) -> bool:
        match event:
            case QFocusEvent():
                self.update()
            case QNativeGestureEvent() if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.zoom(max(0.2, 1.0 + event.value()), event.position().x())
                return True
            case _ if event.type() in _NEW_LOOK:
                self.show_scene(self.scene.sized(self.width(), self.height(), whole=self.scene.is_whole))
            case QKeyEvent() if event.key() == Qt.Key.Key_Escape and (self.pointer.is_down or self.heads.is_down):
                # A drag is given back before any shortcut of the window hears of the key.
                if event.type() == QEvent.Type.KeyPress:
                    self.pointer.give_back()
                    self.heads.give_back()
                event.accept()
                return True
            case QKeyEvent() if event.type() in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
                bare = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
                pressed = event.type() == QEvent.Type.KeyPress
                if bare and self.lanes.key(Qt.Key(event.key()), is_pressed=pressed):
                    event.accept()
                    return True
            case QHelpEvent():
                QToolTip.showText(
                    event.globalPos(),
                    self.heads.said(QPointF(event.pos())) or said_at(self.scene, QPointF(event.pos())),
                    self,
                )
                return True
            case _ if event.type() == QEvent.Type.Leave:
                self.lanes.point(None)
                self.heads.leave()
        return super().event(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        at = QPointF(event.pos())
        row = self.scene.row_at(at.y()) if at.x() < self.scene.head else None
        if self.lanes.menu(at, event.globalPos()):
            return
        if row is not None:
            self.heads.menu_wanted.emit(row.key, event.globalPos())
            return
        hit = self.scene.hit(QPointF(event.pos()))
        if hit is not None and hit.segment not in self.scene.chosen:
            self.choose(frozenset({hit.segment}))
        event.ignore()  # the page has the menu

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.show_scene(self.scene.sized(self.width(), self.height(), whole=self.scene.is_whole))
        self.view_changed.emit()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        ratio = self.devicePixelRatioF()
        if self._ground is None or self._ground.devicePixelRatio() != ratio:
            self._ground = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
            self._ground.setDevicePixelRatio(ratio)
            self._ground.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._ground)
            painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
            paint_ground(painter, self.scene, self._strips)
            painter.end()
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        painter.drawPixmap(0, 0, self._ground)
        paint_moving(painter, self.scene, self.playhead, self.pointer.box, focused=self.hasFocus())
        self.heads.paint(painter)
        painter.end()
