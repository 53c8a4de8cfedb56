"""What mouse and keys do on a token strip: seek, choose a stretch, lock it. One press at a time, from down to up."""

from typing import Literal, Protocol

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent

from studio import theme
from studio.widgets.motion_time import RULER, MotionTime
from studio.widgets.token_choice import Range, TokenChoice

_MOVES = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Home: -(1 << 20), Qt.Key.Key_End: 1 << 20}
_SHIFT, _ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier


class Target(Protocol):
    """The strip, as hands see it."""

    choice: TokenChoice
    time: MotionTime
    playhead_s: float

    def choose(self, stretch: Range | None) -> None: ...
    def seek(self, seconds: float) -> None: ...
    def chosen_otherwise(self, before: Range | None) -> None: ...


class Hands:
    """The state of one mouse over one strip."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._press: Literal["", "scrub", "choose"] = ""
        self._before: Range | None = None

    def press(self, place: QPointF, held: Qt.KeyboardModifier) -> None:
        target, choice = self._target, self._target.choice
        if choice.tokens is None or place.x() < target.time.left - 4:
            return
        if is_on_ruler(place) or not choice.tokens.codes:
            self._press = "scrub"
            target.seek(target.time.seconds(place.x()))
            return
        self._press, self._before = "choose", choice.chosen
        at = choice.token_at(target.time.seconds(place.x()))
        if held & _SHIFT and choice.chosen is not None:
            self._reach_to(at)
        else:
            choice.anchor = at
            target.choose(choice.lock_at(at) or (at, at + 1))

    def move(self, place: QPointF) -> None:
        target, choice = self._target, self._target.choice
        if self._press == "scrub":
            target.seek(target.time.seconds(place.x()))
        elif self._press == "choose":
            at = choice.token_at(target.time.seconds(place.x()))
            if at != choice.anchor or choice.chosen is None or choice.lock_at(at) != choice.chosen:
                self._reach_to(at)

    def release(self) -> None:
        self._press = ""

    @property
    def is_choosing(self) -> bool:
        return self._press == "choose"

    def cursor(self, place: QPointF) -> Qt.CursorShape:
        return Qt.CursorShape.ArrowCursor if is_on_ruler(place) else Qt.CursorShape.IBeamCursor

    def has_use_for(self, event: QKeyEvent) -> bool:
        """Whether the strip does something with this key, before any shortcut of the window hears of it."""
        tokens = self._target.choice.tokens
        if tokens is None or not tokens.codes:
            return False
        if event.key() == Qt.Key.Key_Escape:
            return self.is_choosing or self._target.choice.chosen is not None
        return Qt.Key(event.key()) in _MOVES and _held(event) in (_SHIFT, _ALT)

    def key(self, event: QKeyEvent) -> None:
        """One of those keys."""
        target, choice = self._target, self._target.choice
        before, playhead = choice.chosen, choice.token_at(target.playhead_s)
        if event.key() == Qt.Key.Key_Escape:
            # A drag is given back; without one nothing is chosen any more.
            target.choose(self._before if self.is_choosing else None)
            self._press = ""
            return
        step = _MOVES[Qt.Key(event.key())]
        if _held(event) == _SHIFT:
            choice.extend(step, playhead)
        else:
            choice.walk(step, playhead)
        target.chosen_otherwise(before)

    def _reach_to(self, at: int) -> None:
        before = self._target.choice.chosen
        self._target.choice.reach_to(at)
        self._target.chosen_otherwise(before)


def is_on_ruler(place: QPointF) -> bool:
    return place.y() < theme.px(RULER)


def _held(event: QKeyEvent) -> Qt.KeyboardModifier:
    return event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
