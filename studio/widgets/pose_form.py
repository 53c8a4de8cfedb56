"""The characteristic pose of the chosen segment in the inspector: a card beside the segment, and a tab of its own."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from studio.commands import tip
from studio.widgets import parts
from studio.widgets.fact_list import fill_rows
from studio.widgets.painting import Swatch
from studio.widgets.pose_figure import PoseFigure
from studio.widgets.segment_facts import SegmentFacts


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
                    parts.row(self._set, parts.key("C"), None, gap=6),
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
        self._swatch.show_colour(facts.colour if pose.is_set else "warn")
        self._at.setText(pose.at if pose.is_set else "No pose yet")
        self._who.setText(pose.who if pose.is_set else "Go to the instant it shows best.")
        self._joints.setText(pose.joints)
        self._joints.setVisible(bool(pose.joints))
        self._go.setVisible(pose.is_set)
        self._set.setText("Move here" if pose.is_set else "Set here")
        self._set.setEnabled(editable)


class PoseForm(QWidget):
    """The chosen segment's pose, larger, with what the detector saw of each joint."""

    asked = Signal(str)
    """The name of a command."""

    def __init__(self) -> None:
        super().__init__()
        self._nothing = parts.text("", "label", wrap=True)
        self.card = PoseCard()
        self.figure = PoseFigure(0, 190)
        self._joints = parts.col(gap=4)
        self._remove = parts.button("Remove pose", "trash", "quiet")
        self._remove.setToolTip(tip("remove-pose"))
        self._remove.clicked.connect(lambda: self.asked.emit("remove-pose"))
        self._form = parts.col(self.card, self.figure, self._joints, parts.row(self._remove, None), gap=8)
        self.card.figure.hide()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        parts.fill(box, (self._nothing, self._form, None))

    def show_facts(self, facts: SegmentFacts | None, chosen: int, *, editable: bool) -> None:
        self._form.setVisible(facts is not None)
        self._nothing.setVisible(facts is None)
        if facts is None:
            self._nothing.setText("Choose one segment to see its pose." if chosen != 1 else "")
            return
        self.card.show_facts(facts, editable=editable)
        self.figure.show_person(facts.pose.person)
        self.figure.setVisible(facts.pose.person is not None)
        self._remove.setVisible(facts.pose.is_set)
        self._remove.setEnabled(editable)
        fill_rows(self._joints, [(name, f"{value:.2f}") for name, value in facts.pose.confidence])
