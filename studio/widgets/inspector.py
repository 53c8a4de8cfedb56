"""The panel at the right of Annotate: the chosen segment, its pose, the clip, and what was done.

It shows what it is given and tells what a person asks; frames are frames of the original, times as people write them.
"""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QMenu,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from studio.commands import shown, tip
from studio.widgets import parts
from studio.widgets.fact_list import FactList
from studio.widgets.history_list import HistoryList
from studio.widgets.name_choice import NameChoice
from studio.widgets.pose_form import PoseCard, PoseForm
from studio.widgets.segment_facts import SegmentFacts
from studio.words import say

TABS = ("Segment", "Pose", "Clip", "History")
POSE, HISTORY = TABS.index("Pose"), TABS.index("History")
Choice = tuple[str, str]
"""An id and what a person reads."""


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
        self.setAccessibleName(say("Inspector"))
        self.tabs = QTabBar()
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(False)
        self.tabs.setAccessibleName(say("Inspector"))
        for name in TABS:
            self.tabs.addTab(say(name))
        self.segment = SegmentForm(self)
        self.pose = PoseForm()
        for card in (self.segment.card, self.pose.card):
            card.wanted.connect(self.pose_wanted)
            card.shown.connect(self.pose_shown)
        self.pose.asked.connect(self.asked)
        self.clip = FactList()
        self.calibrate = parts.button("Calibrate camera…", "camera")
        self.calibrate.clicked.connect(lambda: self.asked.emit("calibrate-camera"))
        self.history = HistoryList()
        self._pages = QStackedWidget()
        clip = parts.col(self.clip, parts.row(self.calibrate, None), None, gap=8)
        for page in (self.segment, self.pose, clip):
            self._pages.addWidget(parts.scroll(page))
        self._pages.addWidget(self.history)
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


class SegmentForm(QWidget):
    """The chosen segment: action, ends, objects, actor, pose, who made it."""

    def __init__(self, inspector: Inspector) -> None:
        super().__init__()
        self._inspector = inspector
        self._facts: SegmentFacts | None = None
        self._objects: tuple[Choice, ...] = ()
        self._nothing = parts.text("", "label", wrap=True)
        self.action = NameChoice()
        self.action.setAccessibleName(say("Action"))
        self.action.activated.connect(self._tell_action)
        self.start, self.end = QLineEdit(), QLineEdit()
        self.start.setAccessibleName(say("Start"))
        self.end.setAccessibleName(say("End"))
        for each in (self.start, self.end):
            each.setMinimumWidth(40)
            each.returnPressed.connect(self._tell_ends)
            each.editingFinished.connect(self._tell_ends)
        self.objects = ObjectsField(self._fill_menu)
        self.actor = NameChoice()
        self.actor.setAccessibleName(say("Actor"))
        self.actor.activated.connect(self._tell_actor)
        self._length = parts.text("", "caption")
        self.card = PoseCard()
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
            keys = {"start": "mark-start", "end": "mark-end", "delete": "delete-segment"}
            words = (
                "{count} segments are chosen. A label's key gives all of them that label; {delete} takes them away."
                if chosen > 1
                else "No segment is chosen. Click one, or mark one: {start} where it starts, {end} where it ends, then"
                " its label's key."
            )
            self._nothing.setText(say(words, count=chosen, **{name: shown(of) for name, of in keys.items()}))
            return
        self.action.setCurrentIndex(self.action.findData(facts.action))
        for each, words in ((self.start, facts.start), (self.end, facts.end)):
            if not each.hasFocus() or not each.isModified():
                each.setText(words)
        self._length.setText(facts.length)
        names = [words for key, words in self._objects if key in facts.objects]
        self.objects.setText(", ".join(names) if names else say("none"))
        self.actor.setCurrentIndex(self.actor.findData(facts.actor))
        self.card.show_facts(facts, editable=editable)
        self._made.setText(facts.made)
        self.confirm.setVisible(facts.is_draft)
        self.confirm.setEnabled(editable)
        for each in (self.action, self.start, self.end, self.objects, self.actor):
            each.setEnabled(editable)

    def _fill_menu(self, menu: QMenu) -> None:
        if not self._objects:
            menu.addAction(say("No objects yet: add them under Labels, Objects")).setEnabled(False)
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
        self.setAccessibleName(say("Objects"))
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
