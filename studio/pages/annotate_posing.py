"""Joints of characteristic poses by hand, on the Annotate page: moved, flagged, mirrored, reset.

While it is on (P), the nine joints of the pose at the playhead are handles over the picture; walking to another pose
goes on there. Where the playhead stands on no pose nothing can be moved, and that is said. Every verb is one edit with
a name, written when it is seen: a drag when the button is let go. Joints moved by keys are a drag as well: it lasts
while Shift is held, or the keys rest for less than `joint_hands.REST_MS`; so ten presses are one step to undo, and what
was let go is on the disk.
"""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal

from core.project import edits, joints
from core.project.joints import NAMES, Joints
from studio.actions import TAKES_TAB, Handlers
from studio.commands import shown
from studio.document import Document
from studio.pages.annotate_changing import Changing
from studio.pages.annotate_copying import Copying
from studio.pages.annotate_picture import ClipPicture
from studio.pages.annotate_poses import Meant, Poses
from studio.widgets.inspector import POSE, Inspector
from studio.widgets.joint_paint import joint_words
from studio.widgets.video_view import VideoView
from studio.words import say

_WAYS = {"left": (-1.0, 0.0), "right": (1.0, 0.0), "up": (0.0, -1.0), "down": (0.0, 1.0)}


class Posing(QObject):
    """The verbs for joints, and the handles in step with the pose at the playhead."""

    says = Signal(str)
    offers_changed = Signal()
    """Other commands than before: the mode began or ended."""

    def __init__(
        self, document: Document, changing: Changing, picture: ClipPicture, view: VideoView, inspector: Inspector
    ) -> None:
        super().__init__(view)
        self._document, self._changing = document, changing
        self.poses = Poses(document, changing, picture)
        self._view, self._hands, self._inspector = view, view.hands, inspector
        self._is_on = False
        self._target = ""
        picture.people_shown.connect(lambda _: self.refresh())
        self._hands.moved.connect(self._move)
        self._hands.chosen_changed.connect(inspector.pose.choose_joint)
        self._hands.chosen_changed.connect(lambda _: self.refresh())
        inspector.pose.joint_chosen.connect(self.choose)
        self.copying = Copying(self.poses, view, self.go_to, self.write)
        self.copying.says.connect(self.says)
        inspector.pose.others_wanted.connect(self.copying.list_others)

    # ---- what the page asks ----

    def commands(self) -> Handlers:
        always: dict[str, Callable[[], object]] = {
            "edit-joints": self.toggle,
            "joint-state": self.next_state,
            "copy-pose": self.copying.copy,
            "mirror-pose": self.mirror,
            "reset-pose": self.reset,
        }
        if not self._is_on:
            return always
        ways = {f"joint-{way}": partial(self._nudge, *by) for way, by in _WAYS.items()}
        return {
            **always,
            **ways,
            "next-joint": partial(self._walk, 1),
            "previous-joint": partial(self._walk, -1),
        }

    def checked(self) -> dict[str, bool]:
        return {"edit-joints": self._is_on}

    @property
    def is_settled(self) -> bool:
        return not self._hands.is_dragging

    @property
    def is_on(self) -> bool:
        return self._is_on

    def close(self) -> None:
        """What is on its way arrives."""
        self._hands.settle()

    def back_out(self) -> bool:
        """Esc: a drag goes back; then the mode ends."""
        if self._hands.give_back():
            return True
        if not self._is_on:
            return False
        self._turn(on=False)
        return True

    def refresh(self) -> None:
        """The handles of the pose that the picture shows."""
        meant = self.poses.here() if self._is_on else None
        target = meant.pose.id if meant is not None else ""
        if target != self._target:
            self._hands.settle()  # it belongs to the pose before
            self._target = target
        if meant is None:
            self._hands.show((), editable=False)
        else:
            self._hands.show(self.poses.seen_joints(meant), editable=self._document.read_only_reason is None)
        self._hands.usually_say(self._hint(meant))
        self._inspector.pose.show_mode(on=self._is_on)

    def _hint(self, meant: Meant | None) -> str:
        """What can be done in the mode, while no joint is chosen."""
        if not self._is_on or self._hands.chosen:
            return ""
        if meant is None:
            return say("No characteristic pose in this frame: {key} goes to the next", key=shown("next-pose"))
        return say(
            "Drag a joint, or {key} to the next; {state}: visible, occluded, absent",
            key=shown("next-joint"), state=shown("joint-state"),
        )  # fmt: skip

    # ---- the mode ----

    def toggle(self) -> None:
        """P: joints can be moved, or no more. A playhead beside the pose goes there."""
        meant = self.poses.meant()
        if self._is_on and (meant is None or meant.pose.frame == self._document.playhead):
            self._turn(on=False)
        else:
            self.start()

    def start(self, *, takes_keys: bool = True) -> bool:
        """Joints of the pose that is meant can be moved; False, with words, where there is none."""
        meant = self.poses.meant()
        if meant is None:
            self.says.emit(self._no_pose())
            return False
        if meant.pose.frame != self._document.playhead:
            self._document.seek(meant.pose.frame)
            self.says.emit(say("The characteristic pose of {name} is here", name=self._changing.name_of(meant.segment)))
        self._turn(on=True)
        if takes_keys:
            self._view.take_keys()
        return True

    def choose(self, joint: str) -> None:
        """This joint, the mode on."""
        if self._is_on or self.start(takes_keys=False):
            self._hands.choose(joint)

    def _turn(self, *, on: bool) -> None:
        if on == self._is_on:
            self.refresh()
            return
        self._hands.settle()
        self._is_on = on
        self._view.setProperty(TAKES_TAB, on)
        if on:
            self._inspector.tabs.setCurrentIndex(POSE)
        else:
            self._hands.choose("")
        self.refresh()
        self.offers_changed.emit()

    def _no_pose(self) -> str:
        under = self._changing.meant()
        if under is None:
            return say("No characteristic pose is here: walk to one with {key}", key=shown("next-pose"))
        return say(
            "{name} has no characteristic pose yet: {key} sets it at the playhead",
            name=self._changing.name_of(under),
            key=shown("set-pose"),
        )

    def _walk(self, by: int) -> None:
        """Tab: the next joint, from head to hip and round again."""
        self._hands.settle()
        at = NAMES.index(self._hands.chosen) if self._hands.chosen else (-1 if by > 0 else 0)
        self._hands.choose(NAMES[(at + by) % len(NAMES)])

    def _nudge(self, x: float, y: float) -> None:
        if not self._hands.is_shown:
            self.says.emit(self._no_pose())
        elif not self._hands.chosen:
            self.says.emit(say("Choose a joint first: {key} goes to the next", key=shown("next-joint")))
        else:
            self._hands.nudge(x, y)

    # ---- edits ----

    def _move(self, joint: str, x: float, y: float) -> None:
        """A joint was put there by hand, on the pose the handles are of."""
        meant = self.poses.at(self._target)
        if meant is None:
            return
        was = self._hands.joint(joint)
        self.write(meant, joints.moved(meant.seen, meant.edits, joint, x, y), f"Move {_name(joint)} of {{}}")
        unplaced = [each.name for each in self._hands.joints if each.is_guess and each.name != joint]
        if was is not None and was.is_guess and unplaced:
            self._hands.choose(unplaced[0])  # one click a joint, where no detector helps

    def next_state(self) -> None:
        """V: the joint under the pointer, else the chosen one, is visible, occluded, or absent."""
        if not self._hands.is_shown and not self.start():
            return
        self._hands.settle()
        name, meant = self._hands.under or self._hands.chosen, self.poses.here()
        joint = self._hands.joint(name)
        if meant is None or joint is None:
            self.says.emit(say("Choose a joint first: {key} goes to the next", key=shown("next-joint")))
            return
        state = joints.following(joint)
        by_hand = joints.flagged(meant.seen, meant.edits, name, state, (joint.x, joint.y))
        if self.write(meant, by_hand, f"Mark {_name(name)} of {{}} {state}"):
            self._hands.announce()

    def mirror(self) -> None:
        """Shift+M: left and right change names."""
        meant = self.go_to()
        if meant is not None:
            self.write(meant, joints.mirrored(meant.seen, meant.edits), "Mirror pose of {}")

    def reset(self) -> None:
        """R: what the detector saw counts again, of the chosen joint or of all."""
        meant = self.go_to()
        if meant is None:
            return
        chosen = self._hands.chosen if self._hands.is_shown else ""
        if not meant.edits or (chosen and chosen not in meant.edits):
            self.says.emit(
                say("The {joint} is the detector's already", joint=joint_words(chosen))
                if chosen
                else say("This pose is the detector's already")
            )
            return
        by_hand = joints.reset(meant.edits, *([chosen] if chosen else []))
        self.write(meant, by_hand, f"Reset {_name(chosen)} of {{}}" if chosen else "Reset pose of {}")

    def write(self, meant: Meant, by_hand: Joints, label: str) -> bool:
        """One edit of the joints of a pose; `label` has a place for the segment's name. False where nothing changed."""
        if dict(by_hand) == dict(meant.edits):
            self.says.emit(say("Nothing changes: the joints stand so already"))
            return False
        clip, segment, author = meant.clip, meant.segment, self._document.author
        after = self._changing.edit_with(
            lambda before: (
                edits.set_joint_edits(before, clip.id, segment.id, by_hand, author=author), True
            ),
            label.format(self._changing.name_of(segment)),
        )  # fmt: skip
        return bool(after)

    def go_to(self) -> Meant | None:
        """The pose that is meant, the playhead on it, so that what is changed is seen."""
        self._hands.settle()
        meant = self.poses.meant()
        if meant is None:
            self.says.emit(self._no_pose())
        elif meant.pose.frame != self._document.playhead:
            self._document.seek(meant.pose.frame)
        return meant


def _name(joint: str) -> str:
    """A joint in the name of a step, which stays as it is in the journal."""
    return joint.replace("_", " ")
