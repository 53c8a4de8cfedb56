"""The joints of a characteristic pose as those of another one: of the frame before, or of a pose that is chosen.

Whatever is copied is one edit of the pose that is meant, with the frame it came from in its name; joints the other
pose does not know stay as they are (`core.project.joints.copied`).
"""

from collections.abc import Callable

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QMenu

from core.project import joints
from core.project.joints import Joints
from studio.pages.annotate_poses import Meant, Neighbour, Poses
from studio.widgets.parts import literal
from studio.widgets.video_view import VideoView
from studio.words import say


class Copying(QObject):
    """`go_to` finds the pose that is meant and shows it; `write` edits its joints, False where nothing changed."""

    says = Signal(str)

    def __init__(
        self,
        poses: Poses,
        view: VideoView,
        go_to: Callable[[], Meant | None],
        write: Callable[[Meant, Joints, str], bool],
    ) -> None:
        super().__init__(view)
        self._poses, self._view = poses, view
        self._go_to, self._write = go_to, write

    def copy(self) -> None:
        """Shift+V: the pose of the frame before; where nobody is seen there, the same person's nearest other pose."""
        meant = self._go_to()
        if meant is None:
            return
        near = self._poses.neighbours(meant)
        if not near:
            self.says.emit(say("Nobody is seen in the frame before, and this person has no other pose to copy"))
            return
        self._copy(meant, near[0])

    def list_others(self, place: QPoint) -> None:
        """What the pose can be copied from, as a menu."""
        meant = self._poses.meant()
        menu = QMenu(self._view)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        near = self._poses.neighbours(meant) if meant is not None else []
        for each in near:
            words = say("Copy {where}", where=literal(each.words))
            menu.addAction(words, lambda each=each: self._copy_chosen(each))
        if not near:
            menu.addAction(say("There is no other pose of this person")).setEnabled(False)
        menu.popup(place)

    def _copy_chosen(self, neighbour: Neighbour) -> None:
        meant = self._go_to()
        if meant is not None:
            self._copy(meant, neighbour)

    def _copy(self, meant: Meant, neighbour: Neighbour) -> None:
        by_hand = joints.copied(meant.seen, meant.edits, neighbour.joints)
        if self._write(meant, by_hand, f"Copy pose of {{}} from frame {neighbour.frame}"):
            count = sum(map(joints.is_known, neighbour.joints.values()))
            self.says.emit(say("{count} joints copied from {where}", count=count, where=neighbour.words))
