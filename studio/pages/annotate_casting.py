"""Whose marks these are: people in the picture become actors, and the chosen segments theirs."""

from PySide6.QtCore import QObject, Signal

from studio.document import Document
from studio.pages.annotate_changing import Changing
from studio.pages.annotate_marking import Marking
from studio.pages.annotate_picture import ClipPicture


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
            self._changing.says.emit("There is one person in this clip")
        elif people >= 2:
            self.take((self._picture.actor_track() + 1) % people)
        else:
            ids = [each.id for each in clip.actors]
            at = ids.index(self._changing.actor) if self._changing.actor in ids else -1
            self._be_actor(ids[(at + 1) % len(ids)])

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
        for segment in self._changing.chosen:
            self._changing.set_actor(segment, actor)
        self._changing.actor = actor
        self.changed.emit()
