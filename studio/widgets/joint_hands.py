"""The nine joints of a characteristic pose as handles over the picture, chosen and dragged; `boxing` draws a box there.

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

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QWidget

from core.motion import SEEN
from core.project.joints import SeenJoint
from studio import theme
from studio.widgets.boxing import Boxing
from studio.widgets.joint_paint import Handles, says
from studio.widgets.picture_framing import Framing

REACH_PX = 14.0
"""Of the view: a joint is grabbed from so near."""
REST_MS = 600
"""A joint that is moved by keys has arrived when they rest for so long, or when Shift is let go."""


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

    def __init__(self, view: QWidget, framing: Callable[[], Framing]) -> None:
        super().__init__(view)
        self._view, self._framing = view, framing
        self.joints: tuple[SeenJoint, ...] = ()
        self.chosen = ""
        self.under = ""
        self.proposal: tuple[SeenJoint, ...] = ()
        self.hint, self.usual_hint = "", ""
        self.boxing = Boxing(view)
        self.is_editable = False
        self._going: Going | None = None
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
        return self._going is not None or self.boxing.is_dragging

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
            self.announce()
            self.chosen_changed.emit(joint)
            self._view.update()

    def announce(self) -> None:
        """Let a screen reader say the chosen joint, and what is known of it."""
        joint = self.joint(self.chosen)
        if joint is not None:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._view, says(joint)))

    def propose(self, joints: Sequence[SeenJoint]) -> None:
        """Another pose, to take or leave; none takes it away."""
        self.proposal = tuple(joints)
        self._view.update()

    def say(self, hint: str) -> None:
        """What can be done now, at the picture's top; empty for nothing."""
        if hint != self.hint:
            self.hint = hint
            self._view.update()

    def usually_say(self, hint: str) -> None:
        """What can be done while there is nothing better to say."""
        if hint != self.usual_hint:
            self.usual_hint = hint
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
        had_box = self.boxing.give_back()
        self._view.update()
        return was is not None or had_box

    # ---- the mouse ----

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if self._going is not None and self._going.by_keys and _lets_go(event):
            self.settle()
        elif kind == QEvent.Type.Leave and self.under:
            self.under = ""
            self._view.update()
        elif isinstance(event, QMouseEvent) and (self.is_shown or self.boxing.is_asked):
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
        if self.boxing.is_asked:
            self.settle()
            self.boxing.begin(*self._inside(x, y))
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
        if self.boxing.is_dragging:
            self.boxing.reach(*self._inside(x, y))
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
        if self.boxing.is_asked:
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
        if self.boxing.is_dragging:
            self.boxing.end()
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
        hint = self.hint or self.usual_hint
        if self.joints or self.boxing.box or hint:
            going = self._going.joint if self._going is not None else ""
            names = tuple(dict.fromkeys(each for each in (self.under, self.chosen) if each))
            Handles(self._now(), self.chosen, going, names, self.proposal, self.boxing.box, hint).paint(
                painter, framing
            )

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


def _lets_go(event: QEvent) -> bool:
    """Whether the key that was held with the arrows is let go, or the keys go elsewhere."""
    if event.type() == QEvent.Type.FocusOut:
        return True
    if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyRelease or event.isAutoRepeat():
        return False
    held = event.key() in (Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta)
    return held or not event.modifiers()
