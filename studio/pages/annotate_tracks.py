"""The rows of Annotate's timeline: what is measured of the actor, which rows are shown, and how they are arranged.

Curves of a long clip take a while to measure, so they are made beside the window and shown when they are there. The
arrangement is the person's and stays for the next time; whose segments are locked is kept clip by clip.
"""

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, QPoint, QRunnable, Qt, QThreadPool, Signal
from PySide6.QtWidgets import QMenu

from core.motion import Poses2d
from core.project.annotations import Project
from studio.actions import Handlers
from studio.display import Display
from studio.document import Document
from studio.pages.annotate_changing import Changing
from studio.pages.annotate_picture import ClipPicture
from studio.widgets.clip_time import ClipTime
from studio.widgets.locks import why_locked
from studio.widgets.parts import literal
from studio.widgets.timeline import Timeline
from studio.widgets.timeline_axis import LANE, PERSON, Arrangement
from studio.widgets.timeline_signals import HandSpeed, MinMax, confidence_of, hand_speed
from studio.words import say

_ROWS = {
    "track-frames": "frames",
    "track-suggestions": "suggestions",
    "track-confidence": "confidence",
    "track-speed": "speed",
}
_MOST_KEPT = 200
"""So many people of other clips stay hidden or locked."""


class Tracks(QObject):
    """Fills and arranges the rows; a part of the page."""

    def __init__(
        self, document: Document, display: Display, picture: ClipPicture, timeline: Timeline, changing: Changing
    ) -> None:
        super().__init__(timeline)
        self._document, self._display = document, display
        self._picture, self._timeline = picture, timeline
        changing.guard = self._guard
        timeline.arranged.connect(self._keep)
        timeline.heads.menu_wanted.connect(self._open_menu)
        document.clip_chosen.connect(self._arrange)
        self._arrange()
        self._asked: tuple[Poses2d | None, int, ClipTime] | None = None
        self._waiting = False
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)

    def commands(self) -> Handlers:
        return {name: partial(self._toggle, row) for name, row in _ROWS.items()}

    def checked(self) -> dict[str, bool]:
        hidden = self._timeline.scene.arrangement.hidden
        return {name: row not in hidden for name, row in _ROWS.items()}

    @property
    def is_settled(self) -> bool:
        return not self._waiting

    def refresh(self) -> None:
        """Measure the actor where it is another one, or their poses are."""
        picture = self._picture
        wished = (picture.tracks(), picture.actor_track(), picture.time)
        if self._asked is not None and all(old is new for old, new in zip(self._asked, wished, strict=True)):
            return
        self._asked = wished
        if wished[0] is None:
            self._waiting = False
            self._show(None, None)
            return
        self._waiting = True
        task = _Task(wished[0], wished[1], wished[2])
        task.told.ready.connect(self._take)
        self._pool.start(task)

    def close(self) -> None:
        self._pool.clear()
        self._pool.waitForDone()

    def _take(self, poses: object, track: int, time: object, made: tuple[MinMax, HandSpeed | None]) -> None:
        asked = self._asked
        if asked is not None and (asked[0] is poses and asked[1] == track and asked[2] is time):
            self._waiting = False
            self._show(*made)

    def _show(self, confidence: MinMax | None, speed: HandSpeed | None) -> None:
        self._timeline.show_scene(replace(self._timeline.scene, confidence=confidence, speed=speed))

    # ---- the arrangement ----

    def _toggle(self, row: str) -> None:
        arrangement = self._timeline.scene.arrangement
        self._timeline.arrange(arrangement.hiding(row, on=row not in arrangement.hidden))

    def _arrange(self, *_: object) -> None:
        """As it was left; people are kept by their clip, everything else for all clips."""
        order, hidden, locked = (self._display.kept_rows(what) for what in ("order", "hidden", "locked"))
        here = f"{self._document.clip_id}/"

        def of_clip(keys: list[str]) -> frozenset[str]:
            people = {each.removeprefix(here) for each in keys if each.startswith(here)}
            return frozenset({each for each in keys if "/" not in each} | people)

        made = Arrangement(tuple(order), of_clip(hidden), of_clip(locked))
        self._timeline.arrange(made, by_hand=False)

    def _keep(self, arrangement: Arrangement) -> None:
        here = f"{self._document.clip_id}/"

        def kept(what: str, keys: frozenset[str]) -> list[str]:
            elsewhere = [each for each in self._display.kept_rows(what) if "/" in each and not each.startswith(here)]
            return [
                *elsewhere[-_MOST_KEPT:],
                *sorted(here + each if each.startswith(PERSON) else each for each in keys),
            ]

        self._display.keep_rows(
            {
                "order": list(arrangement.order),
                "hidden": kept("hidden", arrangement.hidden),
                "locked": kept("locked", arrangement.locked),
            }
        )

    def _guard(self, before: Project, after: Project) -> str:
        """Why an edit may not be made: somebody whom it changes is locked."""
        names = {PERSON + each.actor: each.name for each in self._timeline.scene.contents.tracks}
        return why_locked(self._display, before, after, self._document.clip_id, names)

    # ---- the menu of a head ----

    def _open_menu(self, key: str, at: QPoint) -> None:
        if key.startswith(LANE):
            return  # lanes have a menu of their own
        menu = QMenu(self._timeline)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fill_menu(menu, key)
        menu.popup(at)

    def fill_menu(self, menu: QMenu, key: str = "") -> None:
        """What can be done with the row of this key, and which rows there are."""
        timeline, scene = self._timeline, self._timeline.scene
        arrangement = scene.arrangement
        row = next((each for each in scene.rows() if each.key == key), None)
        if row is not None:
            name = literal(row.name)
            if key.startswith(PERSON):
                is_locked = key in arrangement.locked
                words = say("Unlock {name}", name=name) if is_locked else say("Lock {name}", name=name)
                menu.addAction(words, partial(timeline.arrange, arrangement.locking(key, on=not is_locked)))
            menu.addAction(say("Move {name} up", name=name), partial(timeline.heads.step, key, -1))
            menu.addAction(say("Move {name} down", name=name), partial(timeline.heads.step, key, 1))
            menu.addSeparator()
        for wish in scene.wishes(with_hidden=True):
            if wish.kind == "forecast":
                continue
            action = menu.addAction(literal(wish.name))
            action.setCheckable(True)
            action.setChecked(wish.key not in arrangement.hidden)
            hidden = arrangement.hiding(wish.key, on=wish.key not in arrangement.hidden)
            action.triggered.connect(partial(timeline.arrange, hidden))
        menu.addSeparator()
        usual = menu.addAction(say("Rows as they were at first"), partial(timeline.arrange, Arrangement()))
        usual.setEnabled(arrangement != Arrangement())


class _Told(QObject):
    ready = Signal(object, int, object, object)


class _Task(QRunnable):
    def __init__(self, poses: Poses2d, track: int, time: ClipTime) -> None:
        super().__init__()
        self._asked = (poses, track, time)
        self.told = _Told()

    def run(self) -> None:
        made = (MinMax(confidence_of(*self._asked[:2])), hand_speed(*self._asked))
        self.told.ready.emit(*self._asked, made)
