"""Whose marks these are: people in the picture become actors, and the chosen segments theirs."""

from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from core.motion import SEEN
from studio.document import Document
from studio.pages.annotate_changing import Changing
from studio.pages.annotate_marking import Marking
from studio.pages.annotate_picture import ClipPicture
from studio.widgets import parts
from studio.words import say


class Casting(QObject):
    """Chooses the person that new and chosen segments are about."""

    changed = Signal()

    def __init__(self, document: Document, picture: ClipPicture, changing: Changing, marking: Marking) -> None:
        super().__init__(picture)
        self._document, self._picture = document, picture
        self._changing, self._marking = changing, marking

    def next_actor(self) -> None:
        """A: the marks are about the next person; the chosen segments become theirs."""
        poses = self._picture.tracks()
        clip = self._document.clip
        if clip is None:
            return
        people = poses.people if poses is not None else 0
        if people < 2 and len(clip.actors) < 2:
            self._changing.says.emit(say("There is one person in this clip"))
        elif people >= 2:
            self.take((self._picture.actor_track() + 1) % people)
        else:
            ids = [each.id for each in clip.actors]
            at = ids.index(self._changing.actor) if self._changing.actor in ids else -1
            self._be_actor(ids[(at + 1) % len(ids)])

    @property
    def has_several(self) -> bool:
        """Whether there is anybody to choose from."""
        poses, clip = self._picture.tracks(), self._document.clip
        return clip is not None and (len(clip.actors) > 1 or (poses is not None and poses.people > 1))

    def name(self) -> str:
        """Whom the marks are about now."""
        clip = self._document.clip
        actors = clip.actors if clip is not None else ()
        named = next((each.name for each in actors if each.id == self._changing.actor), "")
        track = self._picture.actor_track()
        return named or next(
            (each.name for each in actors if each.track == track), say("Person {number}", number=track + 1)
        )

    def fill_menu(self, menu: QMenu) -> None:
        """Everybody in this clip, with how much of it they are seen in; choosing one is what the key A does."""
        clip, poses = self._document.clip, self._picture.tracks()
        menu.clear()
        if clip is None:
            return
        by_track = {each.track: each for each in clip.actors}
        if poses is not None:
            seen = ((np.asarray(poses.confidence) >= SEEN).sum(axis=2) >= 3).mean(axis=0)
            for track, share in enumerate(seen.tolist()):
                actor = by_track.get(track)
                words = parts.literal(actor.name) if actor is not None else say("Person {number}", number=track + 1)
                seen_in = say("seen in {percent} %", percent=round(100 * share))
                action = menu.addAction(f"{words}\t{seen_in}", partial(self.take, track))
                self._tick(action, track == self._picture.actor_track())
        for each in clip.actors:
            if each.track is None or poses is None:
                self._tick(
                    menu.addAction(parts.literal(each.name), partial(self._be_actor, each.id)),
                    each.id == self._changing.actor,
                )

    @staticmethod
    def _tick(action: QAction, on: bool) -> None:
        action.setCheckable(True)
        action.setChecked(on)

    def take(self, track: int) -> None:
        """The person on this track of the 2D poses, clicked in the picture."""
        clip = self._document.clip
        poses = self._picture.tracks()
        if clip is None or poses is None or self._document.read_only_reason is not None:
            return
        if poses.people < 2 and not clip.actors:
            return  # the one person is the actor anyway
        actor = self._marking.name_actor(f"Person {track + 1}", track)
        if actor:
            self._be_actor(actor)

    def _be_actor(self, actor: str) -> None:
        self._changing.cast_chosen(actor)
        self._changing.actor = actor
        self.changed.emit()
