"""The panel at the right of Annotate: the chosen segment, its pose, the clip, and what was done.

It shows what it is given and tells what a person asks; frames are frames of the original, times as people write them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QLineEdit,
    QMenu,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from studio.commands import tip
from studio.widgets import parts
from studio.widgets.painting import Swatch
from studio.widgets.people_overlay import Person
from studio.widgets.pose_figure import PoseFigure

TABS = ("Segment", "Pose", "Clip", "History")
HISTORY = TABS.index("History")
Choice = tuple[str, str]
"""An id and what a person reads."""


@dataclass(frozen=True, eq=False)
class PoseFacts:
    """A segment's characteristic pose, or the lack of one."""

    is_set: bool
    at: str = ""
    """The time, `0:52.17`."""
    frame: str = ""
    who: str = ""
    joints: str = ""
    person: Person | None = None
    confidence: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, eq=False)
class SegmentFacts:
    """A segment as it is shown; ids beside words."""

    id: str
    name: str
    action: str
    colour: str
    start: str
    end: str
    length: str
    objects: tuple[str, ...]
    actor: str
    made: str
    is_draft: bool = False
    """A model's, or nobody chose its pose: it can be confirmed as it is."""
    pose: PoseFacts = field(default_factory=lambda: PoseFacts(is_set=False))


class Inspector(QFrame):
    """Four tabs; the first two follow what is chosen."""

    action_chosen = Signal(str, str)
    """A segment and an action."""
    ends_typed = Signal(str, str, str)
    """A segment, the start and the end, as written."""
    objects_chosen = Signal(str, object)
    """A segment and a tuple of object ids."""
    actor_chosen = Signal(str, str)
    pose_wanted = Signal(str)
    """Set or move the pose of this segment to the playhead."""
    pose_shown = Signal(str)
    """Go to the pose of this segment."""
    asked = Signal(str)
    """The name of a command."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName("Inspector")
        self.tabs = QTabBar()
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(False)
        self.tabs.setAccessibleName("Inspector")
        for name in TABS:
            self.tabs.addTab(name)
        self.segment = SegmentForm(self)
        self.pose = PoseForm(self)
        self.clip = FactList()
        self.calibrate = parts.button("Calibrate camera…", "camera")
        self.calibrate.clicked.connect(lambda: self.asked.emit("calibrate-camera"))
        self.history = FactList()
        self._pages = QStackedWidget()
        clip = parts.col(self.clip, parts.row(self.calibrate, None), None, gap=8)
        for page in (self.segment, self.pose, clip, self.history):
            self._pages.addWidget(parts.scroll(page))
        self.tabs.currentChanged.connect(self._pages.setCurrentIndex)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 6, 8, 8)
        box.setSpacing(10)
        box.addWidget(self.tabs)
        box.addWidget(self._pages, 1)

    def show_vocabulary(self, actions: Sequence[Choice], objects: Sequence[Choice], actors: Sequence[Choice]) -> None:
        """What a segment may be."""
        self.segment.show_vocabulary(tuple(actions), tuple(objects), tuple(actors))

    def show_segment(self, facts: SegmentFacts | None, chosen: int, *, editable: bool) -> None:
        """The chosen segment; None where `chosen` is not one."""
        self.segment.show_facts(facts, chosen, editable=editable)
        self.pose.show_facts(facts, chosen, editable=editable)


class PoseCard(QFrame):
    """Where a segment's pose is, who set it, and what can be done about it."""

    def __init__(self, inspector: Inspector) -> None:
        super().__init__()
        self.setObjectName("well")
        self._inspector = inspector
        self._segment = ""
        self.figure = PoseFigure(74, 94)
        self._swatch = Swatch("text3", 9)
        self._at = parts.text("", "strong")
        self._who = parts.text("", "caption", wrap=True)
        self._joints = parts.text("", "caption", wrap=True)
        for each in (self._who, self._joints):
            each.setMinimumWidth(1)
        self._go = parts.tool("right", "Go to this pose")
        self._go.clicked.connect(lambda: inspector.pose_shown.emit(self._segment))
        self._set = parts.button("Set here")
        self._set.setToolTip(tip("set-pose"))
        self._set.clicked.connect(lambda: inspector.pose_wanted.emit(self._segment))
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


class SegmentForm(QWidget):
    """The chosen segment: action, ends, objects, actor, pose, who made it."""

    def __init__(self, inspector: Inspector) -> None:
        super().__init__()
        self._inspector = inspector
        self._facts: SegmentFacts | None = None
        self._objects: tuple[Choice, ...] = ()
        self._nothing = parts.text("", "label", wrap=True)
        self.action = QComboBox()
        self.action.setAccessibleName("Action")
        self.action.activated.connect(self._tell_action)
        self.start, self.end = QLineEdit(), QLineEdit()
        self.start.setAccessibleName("Start")
        self.end.setAccessibleName("End")
        for each in (self.start, self.end):
            each.setMinimumWidth(40)
            each.returnPressed.connect(self._tell_ends)
            each.editingFinished.connect(self._tell_ends)
        self.objects = ObjectsField(self._fill_menu)
        self.actor = QComboBox()
        self.actor.setAccessibleName("Actor")
        self.actor.activated.connect(self._tell_actor)
        self._length = parts.text("", "caption")
        self.card = PoseCard(inspector)
        self.below_pose = parts.col(gap=7)  # what the page knows of this segment beyond its pose
        self._made = parts.text("", "caption", wrap=True)
        self.confirm = parts.button("Confirm draft", "check")
        self.confirm.setToolTip(tip("confirm-draft"))
        self.confirm.clicked.connect(lambda: inspector.asked.emit("confirm-draft"))
        ends = parts.row((self.start, 1), parts.text("–", "caption"), (self.end, 1), gap=4)
        self._form = parts.col(
            parts.field("Action", self.action, width=78),
            parts.field("Start – end", ends, width=78),
            parts.field("Length", self._length, width=78),
            parts.field("Objects", self.objects, width=78),
            parts.field("Actor", self.actor, width=78),
            parts.hair(),
            parts.text("Characteristic pose", "strong"),
            self.card,
            self.below_pose,
            parts.hair(),
            self._made,
            parts.row(self.confirm, None),
            gap=7,
        )
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        parts.fill(box, (self._nothing, self._form, None))

    def show_vocabulary(
        self, actions: tuple[Choice, ...], objects: tuple[Choice, ...], actors: tuple[Choice, ...]
    ) -> None:
        self._objects = objects
        for combo, choices in ((self.action, actions), (self.actor, actors)):
            if [(combo.itemData(at), combo.itemText(at)) for at in range(combo.count())] != list(choices):
                combo.clear()
                for key, words in choices:
                    combo.addItem(words, key)

    def show_facts(self, facts: SegmentFacts | None, chosen: int, *, editable: bool) -> None:
        self._facts = facts
        self._form.setVisible(facts is not None)
        self._nothing.setVisible(facts is None)
        if facts is None:
            self._nothing.setText(
                f"{chosen} segments are chosen. A label's key gives all of them that label; Del takes them away."
                if chosen > 1
                else "No segment is chosen. Click one, or mark one: I where it starts, O where it ends, then its"
                " label's key."
            )
            return
        self.action.setCurrentIndex(self.action.findData(facts.action))
        for each, words in ((self.start, facts.start), (self.end, facts.end)):
            if not each.hasFocus() or not each.isModified():
                each.setText(words)
        self._length.setText(facts.length)
        names = [words for key, words in self._objects if key in facts.objects]
        self.objects.setText(", ".join(names) if names else "none")
        self.actor.setCurrentIndex(self.actor.findData(facts.actor))
        self.card.show_facts(facts, editable=editable)
        self._made.setText(facts.made)
        self.confirm.setVisible(facts.is_draft)
        self.confirm.setEnabled(editable)
        for each in (self.action, self.start, self.end, self.objects, self.actor):
            each.setEnabled(editable)

    def _fill_menu(self, menu: QMenu) -> None:
        if not self._objects:
            menu.addAction("No objects yet: add them under Labels, Objects").setEnabled(False)
        for key, words in self._objects:
            action = menu.addAction(parts.literal(words))
            action.setCheckable(True)
            action.setChecked(self._facts is not None and key in self._facts.objects)
            action.toggled.connect(lambda on, key=key: self._tell_objects(key, on=on))

    def _tell_action(self) -> None:
        if self._facts is not None and self.action.currentData() != self._facts.action:
            self._inspector.action_chosen.emit(self._facts.id, self.action.currentData())

    def _tell_ends(self) -> None:
        facts = self._facts
        if facts is not None and (self.start.text(), self.end.text()) != (facts.start, facts.end):
            self.start.setModified(False)
            self.end.setModified(False)
            self._inspector.ends_typed.emit(facts.id, self.start.text(), self.end.text())

    def _tell_objects(self, key: str, *, on: bool) -> None:
        if self._facts is not None:
            others = tuple(each for each in self._facts.objects if each != key)
            self._inspector.objects_chosen.emit(self._facts.id, (*others, key) if on else others)

    def _tell_actor(self) -> None:
        if self._facts is not None and self.actor.currentData() != self._facts.actor:
            self._inspector.actor_chosen.emit(self._facts.id, self.actor.currentData())


class ObjectsField(QLineEdit):
    """Names of objects; a click, Space or Down opens the list to choose from."""

    def __init__(self, fill: Callable[[QMenu], None]) -> None:
        super().__init__()
        self._fill = fill
        self.setReadOnly(True)
        self.setAccessibleName("Objects")
        self.setMinimumWidth(40)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def open_list(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._fill(menu)
        menu.popup(self.mapToGlobal(QPoint(0, self.height() + 2)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.isEnabled() and event.button() == Qt.MouseButton.LeftButton:
            self.open_list()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Down, Qt.Key.Key_Return):
            self.open_list()
        else:
            super().keyPressEvent(event)


class PoseForm(QWidget):
    """The chosen segment's pose, larger, with what the detector saw of each joint."""

    def __init__(self, inspector: Inspector) -> None:
        super().__init__()
        self._nothing = parts.text("", "label", wrap=True)
        self.card = PoseCard(inspector)
        self.figure = PoseFigure(0, 190)
        self._joints = parts.col(gap=4)
        self._remove = parts.button("Remove pose", "trash", "quiet")
        self._remove.setToolTip(tip("remove-pose"))
        self._remove.clicked.connect(lambda: inspector.asked.emit("remove-pose"))
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


class FactList(QWidget):
    """Names and what is known, row by row, with what can be done below."""

    def __init__(self) -> None:
        super().__init__()
        self._rows = parts.col(gap=7)
        self._actions = parts.col(gap=6)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(10)
        parts.fill(box, (self._rows, self._actions, None))

    def show_facts(self, rows: Sequence[tuple[str, str]]) -> None:
        """A name and a fact a row."""
        fill_rows(self._rows, rows)

    def show_steps(self, steps: Sequence[tuple[str, str, bool]]) -> None:
        """What was done, by whom and when; a step that was taken back is pale."""
        made = []
        for what, who, undone in steps:
            words = parts.text(what, "caption" if undone else "", wrap=True)
            words.setMinimumWidth(1)
            said = parts.text(f"{who}, taken back" if undone else who, "caption", wrap=True)
            said.setMinimumWidth(1)
            made.append(parts.col(words, said, gap=1))
        parts.refill(self._rows, made)

    def show_actions(self, *actions: QWidget) -> None:
        parts.refill(self._actions, [parts.row(each, None) for each in actions])


def fill_rows(place: QWidget, rows: Sequence[tuple[str, str]]) -> None:
    """Names at the left, facts at the right of them."""
    made = []
    for name, fact in rows:
        label = parts.text(name, "label")
        label.setFixedWidth(label.fontMetrics().horizontalAdvance("right shoulder") + 8)
        words = parts.text(fact, wrap=True)
        words.setMinimumWidth(1)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words.setAlignment(Qt.AlignmentFlag.AlignTop)
        label.setAlignment(Qt.AlignmentFlag.AlignTop)
        made.append(parts.row(label, (words, 1)))
    parts.refill(place, made)
