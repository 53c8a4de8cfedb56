"""A person of a characteristic pose is looked for again, in a box that somebody draws on the picture.

The box is first that of the joints there are, a little larger: Enter looks in it, a drag draws another, arrows move it
and with Shift its right and lower side. The warm process looks; its answer lies dashed over the old pose until it is
taken (Enter) or left (Esc). Joints it did not see stay as they are. The box and the answer belong to one pose: whoever
walks on leaves them.
"""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent

from core.detections import Box, Detected
from core.errors import CoreError
from core.forecasts import Refusal
from core.motion import SEEN
from core.project import joints
from core.project.joints import NAMES
from studio.actions import Handlers
from studio.document import Document
from studio.models_client import ModelsClient
from studio.pages.annotate_poses import Meant
from studio.pages.annotate_posing import Posing
from studio.widgets.inspector import Inspector
from studio.widgets.video_view import VideoView
from studio.words import say

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_WAYS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
_STEPS = 80
"""So many presses of an arrow cross the picture."""
_ROOM = 0.2
"""Of the joints' extent, on each side: heads and hands reach beyond their joints."""


class Detecting(QObject):
    """One question at a time: the box, what was found in it, and the answer to that."""

    says = Signal(str)

    def __init__(
        self, document: Document, models: ModelsClient, posing: Posing, view: VideoView, inspector: Inspector
    ) -> None:
        super().__init__(view)
        self._document, self._models, self._posing = document, models, posing
        self._hands, self._form = view.hands, inspector.pose
        self._asked_for = ""
        """The pose that is looked for, while a box is asked for or an answer is awaited or shown."""
        self._number = -1
        self._found: joints.Joints | None = None
        view.installEventFilter(self)
        self._hands.boxing.drawn.connect(self.look)
        models.detected.connect(self._take_answer)
        inspector.pose.answered.connect(self._answer)

    # ---- what the page asks ----

    def commands(self) -> Handlers:
        return {"detect-again": self.start}

    def checked(self) -> dict[str, bool]:
        return {}

    @property
    def is_settled(self) -> bool:
        return self._number < 0

    def close(self) -> None:
        self._leave()

    def back_out(self) -> bool:
        """Esc: the pose stays as it is."""
        was = bool(self._asked_for)
        self._leave()
        return was

    def refresh(self) -> None:
        """A box belongs to the pose it was drawn for."""
        if self._asked_for and self._pose() is None:
            self._leave()

    # ---- asking ----

    def start(self) -> None:
        """Shift+R: a box can be drawn; Enter looks in the one that is there."""
        if not self._posing.start():
            return
        meant = self._posing.poses.meant()
        clip = self._document.clip
        path = self._document.video_path(clip.id) if clip is not None else None
        if meant is None or path is None or not path.is_file():
            self.says.emit(say("There is no picture to look in: this clip has no video here"))
            return
        self._leave()
        self._asked_for = meant.pose.id
        self._hands.boxing.ask(self._box(meant))
        self._hands.say(say("Draw a box, or press arrows (Shift: its size) and Enter"))

    def look(self, box: Box) -> None:
        """Look in this box."""
        meant, clip = self._pose(), self._document.clip
        path = self._document.video_path(clip.id) if clip is not None else None
        if meant is None or path is None:
            self._leave()
            return
        self._show(None)
        self._hands.say(say("Looking for the person in the box…"))
        self._number = self._models.detect(path, meant.pose.frame, box)

    def _take_answer(self, number: int, answer: object) -> None:
        if number != self._number:
            return
        self._number = -1
        meant = self._pose()
        if meant is None:
            self._leave()
        elif isinstance(answer, Refusal):
            self._leave()
            self._document.refused.emit(CoreError(answer.message, hint=answer.hint))
        elif isinstance(answer, Detected) and answer.joints:
            found = dict(zip(NAMES, answer.joints, strict=True))
            self._hands.boxing.drop()
            self._show(found)
            count = joints.known_count(found)
            self._hands.say(say("{count} of 9 joints found: Enter takes them, Esc leaves the pose", count=count))
        else:
            self._hands.say(say("Nobody was found in this box: draw another, closer round the person"))
            self._hands.boxing.ask(self._hands.boxing.box)

    def _answer(self, take: bool) -> None:
        meant, found = self._pose(), self._found
        self._leave()
        if take and meant is not None and found is not None:
            by_hand = joints.taken(meant.seen, meant.edits, found)
            self._posing.write(meant, by_hand, "Detect pose of {} again")

    def _show(self, found: joints.Joints | None) -> None:
        self._found = found
        video = self._document.clip.video if self._document.clip is not None else None
        if found is None or video is None:
            self._hands.propose(())
        else:
            seen = {name: place if place[2] >= SEEN else joints.NOWHERE for name, place in found.items()}
            self._hands.propose(joints.seen_joints(seen, {}, None, video.width, video.height))
        self._form.ask_to_take(on=found is not None)

    def _leave(self) -> None:
        """No box, no answer."""
        if self._number >= 0:
            self._models.forget_detection()
        if self._asked_for:
            self._hands.boxing.drop()
            self._hands.say("")
        self._asked_for, self._number = "", -1
        self._show(None)

    def _pose(self) -> Meant | None:
        """The pose the box is about, while the playhead is on it and joints can be moved."""
        meant = self._posing.poses.at(self._asked_for)
        here = meant is not None and meant.pose.frame == self._document.playhead
        return meant if here and self._posing.is_on else None

    def _box(self, meant: Meant) -> Box:
        """Round the joints, or where the person probably is."""
        seen = self._posing.poses.seen_joints(meant)
        across, down = [each.x for each in seen], [each.y for each in seen]
        room = _ROOM * max(max(across) - min(across), max(down) - min(down), 8.0)
        video = meant.clip.video
        return (
            max(min(across) - room, 0.0), max(min(down) - room, 0.0),
            min(max(across) + room, video.width - 1.0), min(max(down) + room, video.height - 1.0),
        )  # fmt: skip

    # ---- keys ----

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """While a box or an answer is there, Enter on the picture is about it, and arrows while it can be moved."""
        if isinstance(event, QKeyEvent) and self._asked_for and self._number < 0:
            do = self._meaning(event)
            if do is not None and event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if do is not None and event.type() == QEvent.Type.KeyPress:
                do()
                return True
        return super().eventFilter(watched, event)

    def _meaning(self, event: QKeyEvent) -> Callable[[], None] | None:
        """What a key does here, or None where it is somebody else's."""
        boxing, video = self._hands.boxing, self._document.clip and self._document.clip.video
        if event.key() in _ENTER:
            if self._found is not None:
                return partial(self._answer, take=True)
            return self._look_here
        way, modifiers = _WAYS.get(Qt.Key(event.key())), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if way is None or not boxing.is_asked or boxing.box is None or video is None:
            return None
        by = (way[0] * video.width / _STEPS, way[1] * video.width / _STEPS)
        moves = {Qt.KeyboardModifier.NoModifier: boxing.shift, Qt.KeyboardModifier.ShiftModifier: boxing.stretch}
        move = moves.get(modifiers)
        return None if move is None else partial(move, by, (float(video.width), float(video.height)))

    def _look_here(self) -> None:
        if self._hands.boxing.box is not None:
            self.look(self._hands.boxing.box)
