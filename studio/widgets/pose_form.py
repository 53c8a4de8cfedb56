"""The characteristic pose of the chosen segment in the inspector: a card beside the segment, and a tab of its own."""

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from studio.commands import tip
from studio.widgets import parts
from studio.widgets.joint_list import JointList
from studio.widgets.lift_card import LiftCard
from studio.widgets.painting import Swatch
from studio.widgets.pose_figure import PoseFigure
from studio.widgets.segment_facts import SegmentFacts
from studio.words import say


class PoseCard(QFrame):
    """Where a segment's pose is, who set it, and what can be done about it."""

    wanted = Signal(str)
    """Set or move the pose of this segment to the playhead."""
    shown = Signal(str)
    """Go to the pose of this segment."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("well")
        self._segment = ""
        self.figure = PoseFigure(74, 94)
        self._swatch = Swatch("text3", 9)
        self._at = parts.text("", "strong")
        self._who = parts.text("", "caption", wrap=True)
        self._joints = parts.text("", "caption", wrap=True)
        for each in (self._who, self._joints):
            each.setMinimumWidth(1)
        self._go = parts.tool("right", "Go to this pose")
        self._go.clicked.connect(lambda: self.shown.emit(self._segment))
        self._set = parts.button("Set here")
        self._set.setToolTip(tip("set-pose"))
        self._set.clicked.connect(lambda: self.wanted.emit(self._segment))
        box = parts.row(
            self.figure,
            (
                parts.col(
                    parts.row(self._swatch, self._at, None, self._go, gap=6),
                    self._who,
                    self._joints,
                    parts.row(self._set, parts.key_of("set-pose"), None, gap=6),
                    None,
                    gap=3,
                ),
                1,
            ),
            gap=10,
            margins=(8, 8, 6, 8),
        )
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(box)

    def show_facts(self, facts: SegmentFacts, *, editable: bool) -> None:
        pose = facts.pose
        self._segment = facts.id
        self.figure.show_person(pose.person)
        lacks = pose.is_needed and not pose.is_set
        self._swatch.show_colour("warn" if lacks else facts.colour)
        self._at.setText(pose.at if pose.is_set else say("No pose yet") if lacks else say("Needs no pose"))
        self._who.setText(pose.who if pose.is_set else say("Go to the instant it shows best.") if lacks else "")
        self._who.setVisible(bool(self._who.text()))
        self._joints.setText(pose.joints)
        self._joints.setVisible(bool(pose.joints))
        self._go.setVisible(pose.is_set)
        self._set.setText(say("Move here") if pose.is_set else say("Set here"))
        self._set.setEnabled(editable)


class PoseForm(QWidget):
    """The chosen segment's pose, larger: its joints, what can be done with them, and its body where it is shown."""

    asked = Signal(str)
    """The name of a command."""
    joint_chosen = Signal(str)
    answered = Signal(bool)
    """A pose that was found anew is taken, or left."""
    others_wanted = Signal(object)
    """Poses to copy from besides the frame before, to be listed below this place (a QPoint of the screen)."""

    def __init__(self) -> None:
        super().__init__()
        self._nothing = parts.text("", "label", wrap=True)
        self.card = PoseCard()
        self.lift = LiftCard()
        self.joints = JointList()
        self.joints.joint_chosen.connect(self.joint_chosen)
        self._buttons = {name: self._button(name, icon, words) for name, icon, words in _VERBS}
        for name in ("edit-joints", "lift-pose"):
            self._buttons[name].setCheckable(True)
        take, leave = parts.button("Take it", "check", "primary"), parts.button("Leave it")
        take.clicked.connect(lambda: self.answered.emit(True))
        leave.clicked.connect(lambda: self.answered.emit(False))
        self._answer = parts.row(take, leave, None, gap=6)
        self._answer.hide()
        self._others = parts.tool("down", "Copy another pose")
        self._others.clicked.connect(self._ask_others)
        rows = []
        for name, *_ in _VERBS:
            beside = [self._others] if name == "copy-pose" else []
            rows.append(parts.row(self._buttons[name], *beside, None, parts.key_of(name), gap=4))
        self._verbs = parts.col(*rows, gap=0)
        self._form = parts.col(self.card, self._answer, self.lift, self.joints, self._verbs, gap=6)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        parts.fill(box, (self._nothing, self._form, None))

    def show_facts(self, facts: SegmentFacts | None, chosen: int, *, editable: bool) -> None:
        self._form.setVisible(facts is not None)
        self._nothing.setVisible(facts is None)
        if facts is None:
            self._nothing.setText(say("Choose one segment to see its pose.") if chosen != 1 else "")
            return
        self.card.show_facts(facts, editable=editable)
        self.joints.show_joints(facts.pose.seen)
        self.joints.setVisible(facts.pose.is_set)
        self._verbs.setVisible(facts.pose.is_set)
        for name, button in self._buttons.items():
            button.setEnabled(editable or name in ("lift-pose", "edit-joints"))
        self._others.setEnabled(editable)

    def show_mode(self, *, on: bool) -> None:
        """Whether joints can be moved now."""
        self._buttons["edit-joints"].setChecked(on)

    def show_lifted(self, *, on: bool) -> None:
        """Whether the body is shown."""
        self._buttons["lift-pose"].setChecked(on)

    def ask_to_take(self, *, on: bool) -> None:
        """Whether there is another pose to take or leave."""
        self._answer.setVisible(on)

    def choose_joint(self, name: str) -> None:
        """The joint that is chosen in the picture."""
        self.joints.choose(name)

    def _button(self, name: str, icon: str, words: str) -> parts.Button:
        made = parts.button(words, icon, "quiet")
        made.setToolTip(tip(name))
        made.setMinimumWidth(1)
        made.clicked.connect(lambda: self.asked.emit(name))
        return made

    def _ask_others(self) -> None:
        self.others_wanted.emit(self._others.mapToGlobal(QPoint(0, self._others.height() + 2)))


_VERBS = (
    ("edit-joints", "skeleton", "Edit joints"),
    ("copy-pose", "copy", "Copy frame before"),
    ("mirror-pose", "refresh", "Mirror"),
    ("reset-pose", "undo", "Reset"),
    ("detect-again", "search", "Detect in a box"),
    ("lift-pose", "cube", "Lift to 3D"),
    ("remove-pose", "trash", "Remove pose"),
)
