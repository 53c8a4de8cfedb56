"""The picture: a frame on its canvas, what is known of it drawn on top, zoom and pan. It decodes nothing.

The last frame stays while the next is on its way; after 300 ms of waiting it dims and a bar runs at its top edge.
Places in the picture are pixels of the original video, whatever size the frame was decoded at.
"""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QFrame, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from studio import theme
from studio.widgets import painting
from studio.widgets.body_layer import BodyLayer
from studio.widgets.ghost_pose import GhostPose
from studio.widgets.joint_hands import JointHands
from studio.widgets.people_overlay import Person, draw_corners, draw_person, same_people
from studio.widgets.picture_framing import Framing
from studio.widgets.picture_moves import PictureMoves
from studio.widgets.picture_tone import ShownTone
from studio.words import say

_WAIT_MS, _BAR_STEP_MS = 300, 40
# Words over a picture stand on their own dark ground in both themes.
_GROUND, _GROUND_PALE = QColor(16, 17, 20, 179), QColor(16, 17, 20, 153)


@dataclass(frozen=True)
class Headline:
    """The chip at the top left: whose characteristic pose this frame is, in the label's colour."""

    words: str
    colour: str


class VideoView(QWidget):
    """A frame, the people in it, and words on it."""

    stepped = Signal(int)
    """The wheel asked for so many frames on (or back)."""
    time_typed = Signal(str)
    person_clicked = Signal(int)
    """A person's track."""
    framing_changed = Signal()
    """The picture is shown at another size, so a frame of another size may be better."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 150)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(say("Picture"))
        self.framing = Framing()
        self.state = StateCard(self)
        self._image: QImage | None = None
        self._people: tuple[Person, ...] = ()
        self._with_joints = True
        self._headline: Headline | None = None
        self._caption = ""
        self._note = ""
        self._slow = SlowBar(self)
        self.body = BodyLayer(self)
        self.body.changed.connect(self.update)
        self.ghost = GhostPose(self)
        self.tone = ShownTone(self)
        self.tone.changed.connect(self._tone_changed)
        self.moves = PictureMoves(self, lambda: self.framing, self._box_at)
        self.moves.stepped.connect(self.stepped)
        self.moves.framed.connect(self._frame_as)
        self.hands = JointHands(self, lambda: self.framing)
        self.body.moved.connect(self._fit_in)

    # ---- what is shown ----

    @property
    def image(self) -> QImage | None:
        return self._image

    def show_video_size(self, width: int, height: int) -> None:
        """The size of the original, in which places are given."""
        self._frame_as(self.framing.of_video(width, height))

    def show_image(self, image: QImage | None) -> None:
        """Another frame, or none."""
        self._slow.stop()
        if image is not self._image:
            self._image = image
            self.update()

    def show_people(self, people: tuple[Person, ...], *, with_joints: bool = True) -> None:
        """Who is seen in this frame; their joints may be left out."""
        if with_joints != self._with_joints or not same_people(people, self._people):
            self._people, self._with_joints = people, with_joints
            self.update()

    def show_headline(self, headline: Headline | None) -> None:
        if headline != self._headline:
            for each in (self._headline, headline):
                self.update(_headline_rect(self.framing, each).toAlignedRect())  # the rest of the picture stays
            self._headline = headline

    def show_caption(self, caption: str) -> None:
        """Time and frame number, at the bottom left."""
        if caption != self._caption:
            self._caption = caption
            self._describe()
            self.update()

    def show_note(self, note: str) -> None:
        """Why there is no picture, at its lower right; empty where there is one."""
        if note != self._note:
            self._note = note
            self.update()

    def wait_for_frame(self) -> None:
        """A frame was asked for; if it takes long, say so."""
        self._slow.start()

    @property
    def wished_px(self) -> int:
        """The longer side a frame needs to be sharp at this size."""
        picture = self.framing.picture
        return round(max(picture.width(), picture.height()) * self.devicePixelRatioF())

    # ---- the view ----

    def fit(self) -> None:
        """The whole picture."""
        self._frame_as(self.framing.whole())

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Closer by `factor`; what is under `at` (or the middle) stays there."""
        middle = QPointF(self.framing.view_width / 2, self.height() / 2)
        self._frame_as(self.framing.zoomed(factor, middle if at is None else at))

    def take_keys(self, *_: object) -> None:
        """Let the keys be about the clip."""
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def ask_time(self) -> None:
        """Let the person type a time or a frame's number where it stands."""
        field = TimeField(self)
        field.move(_caption_rect(self.framing, self._caption).topLeft().toPoint())
        field.typed.connect(self.time_typed)
        field.show()
        field.setFocus()

    def _box_at(self, at: QPointF) -> QRectF | None:
        """Where in the picture the person under a point is."""
        person = _person_at(self._people, self.framing, at)
        box = person.box() if person is not None else None
        return QRectF(QPointF(box[0], box[1]), QPointF(box[2], box[3])) if box is not None else None

    def _describe(self) -> None:
        self.setAccessibleDescription("   ".join(filter(None, (self._caption, self.tone.tone.words()))))

    def _tone_changed(self) -> None:
        self._describe()
        self.update()

    def _frame_as(self, framing: Framing) -> None:
        if framing != self.framing:
            self.framing = framing
            self.framing_changed.emit()
            self.update()

    # ---- events ----

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if event.button() == Qt.MouseButton.LeftButton:
            if self._caption and _caption_rect(self.framing, self._caption).contains(at):
                self.ask_time()
                return
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            person = _person_at(self._people, self.framing, at)
            if person is not None:
                self.person_clicked.emit(person.track)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_in()
        self._slow.setFixedWidth(self.width())
        self.state.place()

    def _fit_in(self) -> None:
        """The picture as wide as it may be."""
        self._frame_as(self.framing.in_view(self.body.width_of_picture(self.width()), self.height()))
        self.update()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QFocusEvent):
            self.update()
        return super().event(event)

    # ---- painting ----

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        look = theme.now()
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing
            | QPainter.RenderHint.TextAntialiasing
            | QPainter.RenderHint.SmoothPixmapTransform
        )
        painter.fillRect(self.rect(), QColor(look.canvas))
        if self._image is not None:
            painter.setOpacity(0.6 if self._slow.isVisible() else 1.0)
            _paint_image(painter, self.tone.of(self._image), self.framing.picture, self.devicePixelRatioF())
            painter.setOpacity(1.0)
        elif self._people or self._note:
            # What is drawn over a picture needs its dark ground in both themes.
            painter.fillRect(self.framing.seen, QColor(theme.DARK.canvas))
        self.body.paint(painter, self.framing, QRectF(self.rect()))
        if self._with_joints:
            _paint_people(
                painter, self._people, self.framing, actors_joints=not (self.body.covers_joints or self.hands.is_shown)
            )
        self.ghost.paint(painter, self.framing)
        self.hands.paint(painter, self.framing)
        self._paint_words(painter)
        if self.hasFocus():
            painter.fillRect(QRectF(0, 0, self.width(), 2), QColor(look.accent))
        # The corners are painted over: a round clip would make drawing the frame many times slower.
        corners = QPainterPath()
        corners.addRect(QRectF(self.rect()))
        corners.addRoundedRect(QRectF(self.rect()), theme.RADIUS["card"], theme.RADIUS["card"])
        painter.fillPath(corners, QColor(look.window))
        painter.end()

    def _paint_words(self, painter: QPainter) -> None:
        seen = self.framing.seen
        if self._headline is not None and self.ghost.pose is None:
            dark, colour = theme.DARK.seg_ink, self._headline.colour
            ink = dark if theme.contrast(dark, colour) >= 4.5 else "#FFFFFF"
            x, y = seen.left() + 10, seen.top() + 10
            painting.chip(painter, x, y, self._headline.words, ink, colour, 11.5, 600, pad=9, height=22, radius=5)
        place = _caption_rect(self.framing, self._caption)
        if self._caption:
            painting.chip(
                painter,
                place.left(),
                place.top(),
                self._caption,
                "#FFFFFF",
                _GROUND,
                12,
                600,
                pad=9,
                height=22,
                radius=5,
            )
        if self._image is not None and not self.tone.tone.is_plain:
            y = place.top() - place.height() - 4
            painting.chip(
                painter, place.left(), y, self.tone.tone.words(), theme.DARK.truth, _GROUND, pad=8, height=22, radius=5
            )
        if self._image is None and self._note:
            x, y = seen.right() - 10, place.top()
            painting.chip(
                painter, x, y, self._note, theme.DARK.truth, _GROUND, pad=8, height=22, align="right", radius=5
            )
        elif self._image is not None:
            framing = self.framing
            fit = "fit " if framing.zoom == 1 else ""
            said = f"{framing.zoom:.3g}×   {fit}{round(framing.scale * 100)} %"
            right = seen.right() - 10
            if right - painting.words_width(said) - 16 > place.right() + 8:
                y = place.top()
                painting.chip(
                    painter, right, y, said, theme.DARK.truth, _GROUND, pad=8, height=22, align="right", radius=5
                )


def _person_at(people: tuple[Person, ...], framing: Framing, at: QPointF) -> Person | None:
    """The smallest of those under a point: a person far away may stand before a near one's box.

    Where that is the actor already, the next larger one: several clicks go round those who overlap.
    """
    boxes = [(_rect_of(each, framing), each) for each in people]
    under = [(box.width() * box.height(), each) for box, each in boxes if box.contains(at)]
    sorted_out = [each for _, each in sorted(under, key=lambda each: each[0])]
    actor = next((place for place, each in enumerate(sorted_out) if each.is_actor), -1)
    return sorted_out[(actor + 1) % len(sorted_out)] if sorted_out else None


def _rect_of(person: Person, framing: Framing) -> QRectF:
    """Where a person is in the view; empty where nothing of them was seen."""
    box = person.box()
    if box is None:
        return QRectF()
    return QRectF(framing.to_view(box[0], box[1]), framing.to_view(box[2], box[3]))


def _paint_people(painter: QPainter, people: tuple[Person, ...], framing: Framing, *, actors_joints: bool) -> None:
    """Joints and names, the actor last."""
    seen = framing.seen
    painter.save()
    painter.setClipRect(seen, Qt.ClipOperation.IntersectClip)
    for person in sorted(people, key=lambda each: each.is_actor):
        if actors_joints or not person.is_actor:
            draw_person(painter, person, framing.to_view)
        area = _rect_of(person, framing)
        if area.isEmpty():
            continue
        if person.is_actor:
            draw_corners(painter, area, say("{name} · actor", name=person.name) if person.name else "", seen)
        elif person.name:
            y = max(area.top() - theme.px(34), seen.top() + 2)
            painting.chip(painter, area.left(), y, person.name, theme.DARK.truth, _GROUND_PALE, 10.5)
    painter.restore()


def _paint_image(painter: QPainter, image: QImage, picture: QRectF, ratio: float) -> None:
    """A frame decoded at the size it is shown at is copied; another is scaled."""
    if abs(image.width() / ratio - picture.width()) < 1.5 and abs(image.height() / ratio - picture.height()) < 1.5:
        image.setDevicePixelRatio(ratio)
        painter.drawImage(picture.topLeft().toPoint(), image)
    else:
        painter.drawImage(picture, image)


def _headline_rect(framing: Framing, headline: Headline | None) -> QRectF:
    """Where it stands, with its smoothed edges; empty where there is none."""
    if headline is None:
        return QRectF()
    seen, wide = framing.seen, painting.words_width(headline.words, 11.5, 600) + 18
    return QRectF(seen.left() + 10, seen.top() + 10, wide, theme.px(22)).adjusted(-2, -2, 2, 2)


def _caption_rect(framing: Framing, caption: str) -> QRectF:
    seen, high = framing.seen, theme.px(22)
    return QRectF(seen.left() + 10, seen.bottom() - high - 8, painting.words_width(caption, 12, 600) + 18, high)


class SlowBar(QWidget):
    """A bar that runs along the top edge once something has taken longer than 300 ms."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self.setFixedHeight(2)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        self._patience = QTimer(self, singleShot=True, interval=_WAIT_MS)
        self._patience.timeout.connect(self._run)
        self._steps = QTimer(self, interval=_BAR_STEP_MS)
        self._steps.timeout.connect(self._step)
        self._at = 0.0

    def start(self) -> None:
        """Something is being waited for, from now on or already."""
        if not self._patience.isActive() and self.isHidden():
            self._patience.start()

    def stop(self) -> None:
        """It has come."""
        self._patience.stop()
        self._steps.stop()
        self.hide()

    def _run(self) -> None:
        self._at = 0.0
        self._steps.start()
        self.show()
        self.raise_()
        self._over.update()

    def _step(self) -> None:
        self._at = (self._at + 0.03) % 1.0
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        wide = self.width() * 0.3
        painter.fillRect(QRectF(self._at * (self.width() + wide) - wide, 0, wide, 2), QColor(theme.now().accent))
        painter.end()


class StateCard(QFrame):
    """What there is to say in place of a picture, or in the corner beside one."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self.setObjectName("popup")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(14, 12, 14, 12)
        self._in_corner = False
        self.hide()

    def say(self, inside: QWidget, *, corner: bool = False) -> None:
        """Show this."""
        self.clear()
        self._in_corner = corner
        self._box.addWidget(inside)
        self.show()
        self.place()

    def clear(self) -> None:
        """There is nothing to say."""
        self.hide()
        while (item := self._box.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.hide()
                old.deleteLater()

    def place(self) -> None:
        """Lie in the middle of the view, or in its corner."""
        if self.isHidden():
            return
        room = self._over.rect().adjusted(12, 12, -12, -12)
        size = self.sizeHint().boundedTo(room.size())
        self.resize(size)
        if self._in_corner:
            self.move(room.right() - size.width(), room.top())
        else:
            self.move(room.center().x() - size.width() // 2, room.center().y() - size.height() // 2)


class TimeField(QLineEdit):
    """Where a time is typed; Enter tells it, Esc and a click elsewhere close it."""

    typed = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self.setPlaceholderText(say("0:52.17 or #1564"))
        self.setAccessibleName(say("Go to a time or frame"))
        self.setFixedWidth(theme.px(150))
        self.returnPressed.connect(self._tell)
        self.editingFinished.connect(self._close)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._close()
        else:
            super().keyPressEvent(event)

    def _tell(self) -> None:
        self.typed.emit(self.text())

    def _close(self) -> None:
        if self.isVisible():
            self.hide()
            self._over.setFocus()
            self.deleteLater()
