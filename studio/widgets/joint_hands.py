"""The nine joints of a characteristic pose as handles over the picture: chosen, dragged; and a box drawn by mouse.

It shows what it is given and tells what a person did; nothing is edited here. Places are pixels of the original from
the centre of its top left one, to fractions of a pixel. Left joints are blue, right ones orange, as everywhere. A joint
somebody moved has a ring, an occluded one is hollow, an absent one is crossed, and one that nobody ever saw is dashed
where it probably is. `proposal`, another pose to take or leave, is dashed over the old one.

While a joint is dragged (or moved by keys) it stands where it is going; that becomes an edit when the button (or the
key) is let go, and Esc gives it back. With Shift it keeps to one axis. A click beside every joint puts the chosen one
there, where it has no place yet.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from core.bodies.skeletons import UPPER_BODY_9
from core.motion import SEEN
from core.project.joints import NAMES, SeenJoint
from studio import theme
from studio.widgets import painting
from studio.widgets.people_overlay import SURE
from studio.widgets.picture_framing import Framing
from studio.words import say

REACH_PX = 14.0
"""Of the view: a joint is grabbed from so near."""
REST_MS = 600
"""A joint that is moved by keys has arrived when they rest for so long, or when Shift is let go."""
_LEAST_BOX_PX = 8.0
_SIDES = dict(zip(NAMES, UPPER_BODY_9.sides, strict=True))
_BONES = tuple((NAMES[one], NAMES[other]) for one, other in UPPER_BODY_9.bones)
Box = tuple[float, float, float, float]
"""Left, top, right and bottom."""


@dataclass(frozen=True)
class Going:
    """A joint on its way. `offset` is from the pointer to the joint, so that it does not jump when it is grabbed."""

    joint: str
    start: tuple[float, float]
    place: tuple[float, float]
    offset: tuple[float, float] = (0.0, 0.0)
    by_keys: bool = False


class JointHands(QObject):
    """Handles over `view`, whose `framing` says where things are; it takes the mouse before the view does."""

    moved = Signal(str, float, float)
    """A joint was put there."""
    chosen_changed = Signal(str)
    box_drawn = Signal(object)
    """A Box, while one is asked for."""

    def __init__(self, view: QWidget, framing: Callable[[], Framing]) -> None:
        super().__init__(view)
        self._view, self._framing = view, framing
        self.joints: tuple[SeenJoint, ...] = ()
        self.chosen = ""
        self.under = ""
        self.proposal: tuple[SeenJoint, ...] = ()
        self.hint = ""
        self.box: Box | None = None
        self.is_editable = False
        self._going: Going | None = None
        self._corner: tuple[float, float] | None = None
        self._asks_box = False
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self.settle)
        view.installEventFilter(self)

    # ---- what is shown ----

    @property
    def is_shown(self) -> bool:
        return bool(self.joints)

    @property
    def is_dragging(self) -> bool:
        """Whether a joint, or a corner of a box, follows the pointer or a key."""
        return self._going is not None or self._corner is not None

    @property
    def going(self) -> Going | None:
        return self._going

    def show(self, joints: Sequence[SeenJoint], *, editable: bool) -> None:
        """These nine, or none."""
        joints = tuple(joints)
        if joints == self.joints and editable == self.is_editable:
            return
        self.joints, self.is_editable = joints, editable
        if not joints or not editable:
            self._going, self.under = None, ""
        self._view.setMouseTracking(bool(joints))
        if not joints:
            self._view.unsetCursor()
        self._view.update()

    def choose(self, joint: str) -> None:
        """This joint, or none; its name stands beside it."""
        self.under = ""  # the keys chose last; the pointer counts again when it moves
        if joint != self.chosen:
            self.chosen = joint
            self.chosen_changed.emit(joint)
            self._view.update()

    def propose(self, joints: Sequence[SeenJoint]) -> None:
        """Another pose, to take or leave; none takes it away."""
        self.proposal = tuple(joints)
        self._view.update()

    def say(self, hint: str) -> None:
        """What can be done now, at the picture's top; empty for nothing."""
        if hint != self.hint:
            self.hint = hint
            self._view.update()

    def ask_box(self, start: Box | None) -> None:
        """A box is drawn with the next drag; `start` is shown until then."""
        self._asks_box, self.box, self._corner = True, start, None
        self._going = None
        self._view.setCursor(Qt.CursorShape.CrossCursor)
        self._view.setMouseTracking(True)
        self._view.update()

    def drop_box(self) -> None:
        """No box is asked for any more."""
        self._asks_box, self.box, self._corner = False, None, None
        self._view.unsetCursor()
        self._view.update()

    def joint(self, name: str) -> SeenJoint | None:
        """How a joint is shown now."""
        return next((each for each in self.joints if each.name == name), None)

    # ---- moving by keys ----

    def nudge(self, x: float, y: float) -> None:
        """The chosen joint goes on by so many pixels, as if it were dragged."""
        joint = self.joint(self.chosen)
        if joint is None or not self.is_editable:
            return
        going = self._going
        if going is None or going.joint != joint.name:
            self.settle()
            going = Going(joint.name, (joint.x, joint.y), (joint.x, joint.y), by_keys=True)
        self._going = replace(going, place=self._inside(going.place[0] + x, going.place[1] + y))
        self._rest.start()
        self._view.update()

    def settle(self) -> None:
        """What is on its way has arrived."""
        self._rest.stop()
        going, self._going = self._going, None
        if going is not None and going.place != going.start:
            self.moved.emit(going.joint, *going.place)
        self._view.update()

    def give_back(self) -> bool:
        """What is on its way goes back to where it was; False where nothing was."""
        was, self._going = self._going, None
        corner, self._corner = self._corner, None
        if corner is not None:
            self.box = None
        self._view.update()
        return was is not None or corner is not None

    # ---- the mouse ----

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if self._going is not None and self._going.by_keys and _lets_go(event):
            self.settle()
        elif kind == QEvent.Type.Leave and self.under:
            self.under = ""
            self._view.update()
        elif isinstance(event, QMouseEvent) and (self.is_shown or self._asks_box):
            if kind == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
                return self._press(event)
            if kind == QEvent.Type.MouseMove:
                return self._move(event)
            if kind == QEvent.Type.MouseButtonRelease and event.button() == Qt.MouseButton.LeftButton:
                return self._release()
            if kind == QEvent.Type.MouseButtonDblClick and self.at(event.position()):
                return True
        return super().eventFilter(watched, event)

    def at(self, place: QPointF) -> str:
        """The joint that is grabbed there; of several the nearest, the chosen one first where they lie together."""
        framing = self._framing()
        near = []
        for joint in self.joints:
            away = framing.to_view(joint.x, joint.y) - place
            distance = (away.x() ** 2 + away.y() ** 2) ** 0.5
            if distance <= theme.px(REACH_PX):
                near.append((distance - (4.0 if joint.name == self.chosen else 0.0), joint.name))
        return min(near)[1] if near else ""

    def _press(self, event: QMouseEvent) -> bool:
        place = event.position()
        x, y = self._place(place)
        if self._asks_box:
            self._corner = self._inside(x, y)
            self.box = None
            self._view.setFocus(Qt.FocusReason.MouseFocusReason)
            return True
        name = self.at(place)
        joint = self.joint(name)
        if joint is None:
            return self._put(x, y, place)
        self._view.setFocus(Qt.FocusReason.MouseFocusReason)
        self.settle()
        self.choose(name)
        if self.is_editable:
            self._going = Going(name, (joint.x, joint.y), (joint.x, joint.y), (joint.x - x, joint.y - y))
            self._view.setCursor(Qt.CursorShape.BlankCursor)
        return True

    def _put(self, x: float, y: float, place: QPointF) -> bool:
        """A click beside every joint: the chosen one goes there, where it has no place of its own."""
        joint = self.joint(self.chosen)
        if joint is None or not self.is_editable or not (joint.is_guess or joint.is_absent):
            return False
        if not self._framing().seen.contains(place):
            return False
        self._view.setFocus(Qt.FocusReason.MouseFocusReason)
        self._going = Going(joint.name, (joint.x, joint.y), self._inside(x, y))
        self._view.update()
        return True

    def _move(self, event: QMouseEvent) -> bool:
        x, y = self._place(event.position())
        if self._corner is not None:
            x, y = self._inside(x, y)
            left, top = self._corner
            self.box = (min(left, x), min(top, y), max(left, x), max(top, y))
            self._view.update()
            return True
        if self._going is not None and event.buttons() & Qt.MouseButton.LeftButton:
            going = self._going
            x, y = x + going.offset[0], y + going.offset[1]
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                across, along = abs(x - going.start[0]), abs(y - going.start[1])
                x, y = (x, going.start[1]) if across >= along else (going.start[0], y)
            self._going = replace(going, place=self._inside(x, y))
            self._view.update()
            return True
        if self._asks_box:
            return False
        under = self.at(event.position())
        if under != self.under:
            self.under = under
            if under:
                self._view.setCursor(Qt.CursorShape.SizeAllCursor)
            else:
                self._view.unsetCursor()
            self._view.update()
        return False

    def _release(self) -> bool:
        if self._corner is not None:
            self._corner = None
            box = self.box
            if box is not None and min(box[2] - box[0], box[3] - box[1]) >= _LEAST_BOX_PX:
                self.box_drawn.emit(box)
            return True
        if self._going is None:
            return False
        self._view.setCursor(Qt.CursorShape.SizeAllCursor)
        self.settle()
        return True

    def _place(self, at: QPointF) -> tuple[float, float]:
        framing = self._framing()
        picture = framing.picture
        return (at.x() - picture.left()) / framing.scale - 0.5, (at.y() - picture.top()) / framing.scale - 0.5

    def _inside(self, x: float, y: float) -> tuple[float, float]:
        """Joints lie in the picture."""
        framing = self._framing()
        return min(max(x, 0.0), framing.video_width - 1.0), min(max(y, 0.0), framing.video_height - 1.0)

    # ---- painting ----

    def paint(self, painter: QPainter, framing: Framing) -> None:
        """Over what is there, inside the picture."""
        if not (self.joints or self.box):
            return
        painter.save()
        painter.setClipRect(framing.seen, Qt.ClipOperation.IntersectClip)
        self._paint_bones(painter, framing, self._now(), faint=bool(self.proposal))
        for joint in sorted(self._now(), key=lambda each: each.name == self.chosen):
            self._paint_joint(painter, framing, joint)
        if self.proposal:
            self._paint_proposal(painter, framing)
        if self.box is not None:
            _paint_box(painter, framing, self.box)
        painter.restore()
        self._paint_words(painter, framing)

    def _now(self) -> tuple[SeenJoint, ...]:
        """The joints, one of them perhaps on its way."""
        going = self._going
        if going is None:
            return self.joints
        x, y = going.place
        return tuple(
            replace(each, x=x, y=y, is_guess=False, confidence=max(each.confidence, SEEN)) if each.name == going.joint
            else each
            for each in self.joints
        )  # fmt: skip

    def _paint_bones(self, painter: QPainter, framing: Framing, joints: tuple[SeenJoint, ...], *, faint: bool) -> None:
        by_name = {each.name: each for each in joints}
        for one, other in _BONES:
            first, second = by_name.get(one), by_name.get(other)
            if first is None or second is None or first.is_absent or second.is_absent:
                continue
            dashed = first.is_guess or second.is_guess
            ends = framing.to_view(first.x, first.y), framing.to_view(second.x, second.y)
            side = _SIDES[other] if _SIDES[other] != "centre" else _SIDES[one]
            painter.setOpacity(0.45 if dashed or faint else 0.9)
            painter.setPen(QPen(QColor(0, 0, 0, 150), 4.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            if not dashed:
                painter.drawLine(*ends)
            painter.setPen(_pen(side, 2.2, dashed=dashed))
            painter.drawLine(*ends)
        painter.setOpacity(1.0)

    def _paint_joint(self, painter: QPainter, framing: Framing, joint: SeenJoint) -> None:
        at, side = framing.to_view(joint.x, joint.y), _SIDES[joint.name]
        colour, radius = QColor(_colour(side)), 5.0
        is_chosen, is_going = joint.name == self.chosen, self._going is not None and self._going.joint == joint.name
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if is_going:
            # The place itself stays free to be seen: a cross hair with a gap.
            for width, ink in ((3.4, QColor(0, 0, 0, 170)), (1.4, colour)):
                painter.setPen(QPen(ink, width))
                for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                    painter.drawLine(at + QPointF(4 * x, 4 * y), at + QPointF(13 * x, 13 * y))
            return
        if is_chosen:
            for width, ink in ((4.0, QColor(0, 0, 0, 150)), (2.0, QColor("#FFFFFF"))):
                painter.setPen(QPen(ink, width))
                painter.drawEllipse(at, radius + 6.5, radius + 6.5)
        if joint.is_edited and not joint.is_absent:
            for width, ink in ((3.2, QColor(0, 0, 0, 140)), (1.4, QColor("#FFFFFF"))):
                painter.setPen(QPen(ink, width))
                painter.drawEllipse(at, radius + 2.6, radius + 2.6)
        if joint.is_absent:
            for width, ink in ((4.4, QColor(0, 0, 0, 170)), (2.0, colour)):
                painter.setPen(QPen(ink, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
                painter.drawLine(at + QPointF(-4.5, -4.5), at + QPointF(4.5, 4.5))
                painter.drawLine(at + QPointF(-4.5, 4.5), at + QPointF(4.5, -4.5))
            return
        hollow = is_hollow(joint)
        painter.setPen(QPen(QColor(0, 0, 0, 190), 1.4))
        painter.setBrush(QColor(theme.DARK.window) if hollow or joint.is_guess else colour)
        painter.drawEllipse(at, radius, radius)
        if hollow or joint.is_guess:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(_pen(side, 1.8, dashed=joint.is_guess))
            painter.drawEllipse(at, radius - 0.8, radius - 0.8)

    def _paint_proposal(self, painter: QPainter, framing: Framing) -> None:
        by_name = {each.name: each for each in self.proposal if not each.is_guess}
        for width, ink in ((5.0, QColor(0, 0, 0, 150)), (2.4, QColor(theme.DARK.accent))):
            painter.setPen(QPen(ink, width, Qt.PenStyle.DashLine, Qt.PenCapStyle.FlatCap))
            for one, other in _BONES:
                if one in by_name and other in by_name:
                    first, second = by_name[one], by_name[other]
                    painter.drawLine(framing.to_view(first.x, first.y), framing.to_view(second.x, second.y))
        for joint in by_name.values():
            painter.setPen(QPen(QColor(0, 0, 0, 190), 1.2))
            painter.setBrush(QColor(_colour(_SIDES[joint.name])))
            painter.drawEllipse(framing.to_view(joint.x, joint.y), 4.0, 4.0)

    def _paint_words(self, painter: QPainter, framing: Framing) -> None:
        seen = framing.seen
        for name in dict.fromkeys(each for each in (self.under, self.chosen) if each):
            joint = next((each for each in self._now() if each.name == name), None)
            if joint is None:
                continue
            at = framing.to_view(joint.x, joint.y)
            if not seen.contains(at):
                continue
            words = says(joint)
            if self._going is not None and self._going.joint == name:
                words = f"{joint_words(name)}  {joint.x:.1f}, {joint.y:.1f}"
            wide = painting.words_width(words, 11, 600) + 14
            left = at.x() + 18 if at.x() + 18 + wide < seen.right() - 4 else at.x() - 18 - wide
            top = min(max(at.y() - 11, seen.top() + 4), seen.bottom() - 26)
            painting.chip(painter, left, top, words, "#FFFFFF", QColor(16, 17, 20, 205), 11, 600, pad=7, height=22)
        if self.hint:
            area = QRectF(seen.left() + 10, seen.top() + 10 + theme.px(26), seen.width() - 20, theme.px(22))
            painting.chip(
                painter, area.left(), area.top(), self.hint, theme.DARK.truth, QColor(16, 17, 20, 205), 11, pad=8,
                height=22, most=max(area.width(), 40.0),
            )  # fmt: skip


def _lets_go(event: QEvent) -> bool:
    """Whether the key that was held with the arrows is let go, or the keys go elsewhere."""
    if event.type() == QEvent.Type.FocusOut:
        return True
    if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyRelease or event.isAutoRepeat():
        return False
    held = event.key() in (Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta)
    return held or not event.modifiers()


def is_hollow(joint: SeenJoint) -> bool:
    """Somebody said it is occluded, or nobody looked and the detector doubts."""
    return joint.state == "occluded" if joint.is_edited else joint.confidence < SURE


def joint_words(name: str) -> str:
    """A joint as people call it."""
    return {
        "head": say("head"),
        "neck": say("neck"),
        "right_shoulder": say("right shoulder"),
        "right_elbow": say("right elbow"),
        "right_hand": say("right hand"),
        "left_shoulder": say("left shoulder"),
        "left_elbow": say("left elbow"),
        "left_hand": say("left hand"),
        "hip": say("hip"),
    }[name]


def state_words(joint: SeenJoint) -> str:
    """What is known of a joint: what somebody said, or how sure the detector is."""
    if joint.is_absent:
        return say("absent")
    if joint.is_guess:
        return say("not seen")
    words = f"{joint.confidence:.2f}"
    if joint.is_edited and joint.confidence in (1.0, 0.6):
        words = say("visible") if joint.state == "visible" else say("occluded")
    if joint.is_edited and joint.from_px is None:
        return say("{state}, by hand", state=words)
    if joint.is_edited and joint.from_px is not None and joint.from_px >= 0.05:
        return say("{state}, moved {distance} px", state=words, distance=f"{joint.from_px:.3g}")
    return words


def says(joint: SeenJoint) -> str:
    """A joint with what is known of it, in one line."""
    return f"{joint_words(joint.name)}  {state_words(joint)}"


def _colour(side: str) -> str:
    return {"left": theme.DARK.left, "right": theme.DARK.right}.get(side, theme.DARK.centre)


def _pen(side: str, width: float, *, dashed: bool) -> QPen:
    style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
    pen = QPen(QColor(_colour(side)), width, style, Qt.PenCapStyle.FlatCap if dashed else Qt.PenCapStyle.RoundCap)
    if dashed:
        pen.setDashPattern([2.0, 1.6])
    return pen


def _paint_box(painter: QPainter, framing: Framing, box: Box) -> None:
    area = QRectF(framing.to_view(box[0] - 0.5, box[1] - 0.5), framing.to_view(box[2] + 0.5, box[3] + 0.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for width, ink, style in (
        (3.4, QColor(0, 0, 0, 150), Qt.PenStyle.SolidLine),
        (1.6, QColor("#FFFFFF"), Qt.PenStyle.DashLine),
    ):
        painter.setPen(QPen(ink, width, style))
        painter.drawRect(area)
