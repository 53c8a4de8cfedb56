"""Merging another person's copy: what is taken, what somebody has to decide side by side, and what stays as it is here.

The list and its keys decide: Left is what is here, Right what is there, B both, where both can be. Nothing is changed
before the button at the foot is pressed, which says how much it merges and waits until everything is decided. The
window knows no project but the compared one; pictures and the merge itself are asked for by signals.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QListView, QStackedWidget, QVBoxLayout, QWidget

from core.project.annotations import CharacteristicPose, Project, Segment
from core.project.merge_words import Names, question_in_words, row_in_words, side_in_words, taken_in_words
from core.project.merging import OpenedCopy
from core.project.three_way import Choice, Conflict
from studio import theme
from studio.widgets import parts
from studio.widgets.dialogs import Dialog
from studio.widgets.job_words import grouped
from studio.widgets.merge_sides import Bar, PoseShot, SpanBars, fit_into
from studio.widgets.people_overlay import Person
from studio.widgets.when import say_when
from studio.words import say

SIDES = ("mine", "theirs")
_SIGNS: dict[Choice | None, str] = {None: "○", "mine": "◀", "theirs": "▶", "both": "◆"}
Index = QModelIndex | QPersistentModelIndex


class Lines(QAbstractListModel):
    """Lines of words that are made when they are looked at."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._count = 0
        self._words: Callable[[int], str] = str
        self._spoken: Callable[[int], str] | None = None

    def show_lines(self, count: int, words: Callable[[int], str], spoken: Callable[[int], str] | None = None) -> None:
        """So many lines; `spoken` are their words for who cannot see the signs in them."""
        self.beginResetModel()
        self._count, self._words, self._spoken = count, words, spoken
        self.endResetModel()

    def look_again(self) -> None:
        """The same lines, said anew."""
        if self._count:
            self.dataChanged.emit(self.index(0), self.index(self._count - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self._count

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._words(index.row())
        if role == Qt.ItemDataRole.AccessibleTextRole and self._spoken is not None:
            return self._spoken(index.row())
        if role == Qt.ItemDataRole.SizeHintRole:
            return QSize(0, theme.px(26))
        return None


def line_list(name: str) -> tuple[QListView, Lines]:
    """A list of lines, all of one height."""
    view = QListView()
    lines = Lines(view)
    view.setModel(lines)
    view.setUniformItemSizes(True)
    view.setAccessibleName(name)
    view.setTextElideMode(Qt.TextElideMode.ElideRight)
    return view, lines


class _Questions(QListView):
    """The conflicts; the keys that decide the current one, and Enter, which merges once all are decided."""

    decided = Signal(str)
    merged = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = {Qt.Key.Key_Left: "mine", Qt.Key.Key_Right: "theirs", Qt.Key.Key_B: "both"}
        if event.key() in keys and event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == Qt.KeyboardModifier(0):
            self.decided.emit(keys[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.merged.emit()
        else:
            super().keyPressEvent(event)


class _Side(QFrame):
    """What one side says, who said it and when, its pose, and the button that takes it."""

    def __init__(self, title: str, button: str, key: str) -> None:
        super().__init__()
        self.setObjectName("card")
        self.title = parts.text(title, "strong", wrap=True)
        self.who = parts.text("", "caption", wrap=True)
        self.words = parts.text("", "label", wrap=True)
        self.shot = PoseShot()
        self.take = parts.button(button)
        self.take.setCheckable(True)
        for label in (self.title, self.who, self.words):
            label.setMinimumWidth(1)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 10, 12, 12)
        items = (
            parts.col(self.title, self.who, gap=0),
            self.words,
            (self.shot, 20),
            None,
            parts.row(self.take, parts.key(key), None, gap=6),
        )
        parts.fill(box, items)


class MergeWindow(Dialog):
    """Made for one copy; `show_copy` again where it was compared anew."""

    merge_wanted = Signal(object)
    """Every decision: conflict id → mine, theirs or both."""
    again_wanted = Signal(bool)
    """Compare again, with labels of one name as one label or apart."""
    poses_wanted = Signal(object)
    """The conflict whose two poses are to be shown."""

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__("Merge a colleague's copy", parent, 880)
        self.decisions: dict[str, Choice] = {}
        self.copy: OpenedCopy | None = None
        self._names = Names()
        self.about = parts.text("", "caption", wrap=True)
        self.groups = parts.segmented("To decide", "Taken", "Left as here", on_choice=self._show_group)
        self.same = QCheckBox()
        self.same.toggled.connect(self.again_wanted)
        self.questions = _Questions()
        self.lines = Lines(self.questions)
        self.questions.setModel(self.lines)
        self.questions.setUniformItemSizes(True)
        self.questions.setAccessibleName(say("To decide"))
        self.questions.setMinimumWidth(theme.px(250))
        self.questions.decided.connect(self.decide)
        self.questions.selectionModel().currentChanged.connect(lambda *_: self._show_question())
        self.question = parts.text("", "title", wrap=True)
        self.where = parts.text("", "caption")
        self.bars = SpanBars()
        self.mine = _Side("Here", "Keep this", "←")
        self.theirs = _Side("There", "Take this", "→")
        self.both = parts.button("Keep both")
        self.both.setCheckable(True)
        self._both = parts.row(self.both, parts.key("B"), None, gap=6)
        takes: tuple[tuple[Choice, parts.Button], ...] = (
            ("mine", self.mine.take),
            ("theirs", self.theirs.take),
            ("both", self.both),
        )
        for choice, button in takes:
            button.clicked.connect(partial(self._take, choice))
        detail = parts.col(
            parts.col(self.question, self.where, gap=2),
            self.bars,
            (parts.row((self.mine, 1), (self.theirs, 1), gap=10), 1),
            self._both,
            gap=10,
        )
        self.taken, self._taken_lines = line_list(say("Taken"))
        self.left, self._left_lines = line_list(say("Left as here"))
        none = parts.state_card("check", "Nothing to decide", "Everything fits beside what you did.")
        self._stack = QStackedWidget()
        for page in (parts.row(self.questions, (detail, 1), gap=12), none, self.taken, self.left):
            self._stack.addWidget(page)
        self.all_mine, self.all_theirs = parts.button("All as here"), parts.button("All as there")
        self.all_newer = parts.button("All newer")
        for button, prefer in ((self.all_mine, "mine"), (self.all_theirs, "theirs"), (self.all_newer, "newer")):
            button.clicked.connect(lambda _=False, prefer=prefer: self.decide_all(prefer))
        self.merge = parts.button("Merge", "check", "primary")
        self.merge.clicked.connect(self._merge)
        self.questions.merged.connect(self.merge.click)
        cancel = parts.button("Cancel")
        cancel.clicked.connect(self.close)
        for item in (self.about, parts.row(self.groups, None), self.same):
            self.box.addWidget(item)
        self.box.addWidget(self._stack, 1)
        foot = (self.all_mine, self.all_theirs, self.all_newer, None, cancel, self.merge)
        self.box.addWidget(parts.row(*foot, gap=6))
        fit_into(self, parent, 1080, 640)

    # ---- what it shows ----

    def show_copy(self, copy: OpenedCopy) -> None:
        """Everything about a compared copy; what was decided before and is still asked stays decided."""
        self.copy = copy
        plan = copy.plan
        self._names = Names(plan.theirs, copy.mine, plan.base)
        self.decisions = {each.id: self.decisions[each.id] for each in plan.conflicts if each.id in self.decisions}
        self.setWindowTitle(copy.label)
        self.about.setText(say("{copy}, from {folder}. Nothing is changed yet.", copy=copy.whose, folder=copy.folder))
        self.same.setVisible(bool(copy.offered))
        self.same.blockSignals(True)
        self.same.setChecked(copy.same_labels)
        self.same.blockSignals(False)
        self._say_same(sorted(copy.mine.labels[each].name for each in copy.offered.values()))
        self.theirs.title.setText(copy.whose)
        self.lines.show_lines(len(plan.conflicts), self._question_line, self._spoken_line)
        self._taken_lines.show_lines(len(plan.taken), self._taken_line)
        left = (*copy.left_in_words(), *copy.brought)
        counted_left = len(left)
        left = left or (say("Nothing of theirs is left out."),)
        self._left_lines.show_lines(len(left), lambda at: left[at])
        names = (
            (say("To decide"), len(plan.conflicts)),
            (say("Taken"), len(plan.taken)),
            (say("Left as here"), counted_left),
        )
        for at, (name, count) in enumerate(names):
            self.groups.choices.button(at).setText(f"{name}: {grouped(count)}")
        self._show_group(0)
        if plan.conflicts:
            self.questions.setCurrentIndex(self.lines.index(0))
            self.questions.setFocus()
        else:
            self.merge.setFocus()
        self._show_question()
        self.follow()

    def show_pose(self, side: str, person: Person | None, size: tuple[int, int]) -> None:
        """The joints of one side's pose, in pixels of a video of this size."""
        card = self._card(side)
        words = say("Characteristic pose, {side}", side=card.title.text())
        card.shot.show_pose(person, size, words)

    def show_image(self, side: str, image: QImage) -> None:
        """The frame of one side's pose."""
        self._card(side).shot.show_image(image)

    @property
    def current(self) -> Conflict | None:
        """The conflict that is shown."""
        at = self.questions.currentIndex().row()
        conflicts = self.copy.plan.conflicts if self.copy is not None else ()
        return conflicts[at] if 0 <= at < len(conflicts) else None

    # ---- deciding ----

    def decide(self, choice: Choice) -> None:
        """Decide what is shown, and go on to the next that is open."""
        conflict = self.current
        if conflict is None or choice not in conflict.choices or self.copy is None:
            return
        self.decisions[conflict.id] = choice
        conflicts = self.copy.plan.conflicts
        at = self.questions.currentIndex().row()
        order = [*range(at + 1, len(conflicts)), *range(at)]
        following = next((each for each in order if conflicts[each].id not in self.decisions), at)
        self.questions.setCurrentIndex(self.lines.index(following))
        self._show_question()
        self.follow()

    def _take(self, choice: Choice, _: bool = False) -> None:
        self.decide(choice)

    def decide_all(self, preference: str) -> None:
        """Decide everything one way; what is decided already is decided anew."""
        if self.copy is not None and preference in ("mine", "theirs", "newer"):
            self.decisions = self.copy.preferring(preference)
            self._show_question()
            self.follow()

    def _merge(self) -> None:
        self.merge_wanted.emit(dict(self.decisions))

    # ---- inside ----

    def _say_same(self, names: Sequence[str]) -> None:
        """Labels that both made under one name: as many as there is room for, all in the tooltip."""
        named = ", ".join(names)
        room = self.fontMetrics().elidedText(named, Qt.TextElideMode.ElideRight, theme.px(480))
        if len(names) == 1:
            words = say("Both made a label of this name; it is one label: {names}", names=room)
        else:
            words = say(
                "Both made {count} labels of the same names; they are one each: {names}", count=len(names), names=room
            )
        self.same.setText(parts.literal(words))
        self.same.setToolTip(named if room != named else "")

    def _card(self, side: str) -> _Side:
        return self.mine if side == "mine" else self.theirs

    def _show_group(self, at: int) -> None:
        self.groups.choose(at)
        has_conflicts = self.copy is not None and bool(self.copy.plan.conflicts)
        self._stack.setCurrentIndex((0 if has_conflicts else 1) if at == 0 else at + 1)

    def follow(self) -> None:
        """What the buttons say and may do."""
        if self.copy is None:
            return
        plan = self.copy.plan
        waiting = len(plan.conflicts) - len(self.decisions)
        count = len(plan.taken) + sum(each != "mine" for each in self.decisions.values())
        self.merge.setEnabled(waiting == 0)
        if waiting:
            words = say("{count} to decide", count=grouped(waiting))
        elif count == 1:
            words = say("Merge 1 change")
        else:
            words = say("Merge {count} changes", count=grouped(count))
        self.merge.setText(words)
        for button in (self.all_mine, self.all_theirs, self.all_newer):
            button.setVisible(bool(plan.conflicts))
        self.lines.look_again()

    def _question_line(self, at: int) -> str:
        if self.copy is None:
            return ""
        conflict = self.copy.plan.conflicts[at]
        return f"{_SIGNS[self.decisions.get(conflict.id)]}  {question_in_words(self._names, conflict)}"

    def _spoken_line(self, at: int) -> str:
        if self.copy is None:
            return ""
        conflict = self.copy.plan.conflicts[at]
        decided = {"mine": say("as here"), "theirs": say("as there"), "both": say("both")}
        choice = self.decisions.get(conflict.id)
        return f"{question_in_words(self._names, conflict)}, {decided[choice] if choice else say('open')}"

    def _taken_line(self, at: int) -> str:
        if self.copy is None:
            return ""
        taken = self.copy.plan.taken[at]
        who = self.copy.by_theirs.get(taken.key)
        return taken_in_words(self._names, taken) + (f" – {who.name}" if who is not None else "")

    def _show_question(self) -> None:
        conflict, copy = self.current, self.copy
        if conflict is None or copy is None:
            return
        names = self._names
        self.question.setText(question_in_words(names, conflict))
        self.where.setText(names.clip_name(conflict.clip))
        self.where.setVisible(bool(conflict.clip))
        choice = self.decisions.get(conflict.id)
        for side, card in zip(SIDES, (self.mine, self.theirs), strict=True):
            card.words.setText(side_in_words(names, conflict, getattr(conflict, side)))
            who = copy.who(conflict, "mine" if side == "mine" else "theirs")
            when = say_when(datetime.fromisoformat(who.at).timestamp()) if who is not None and who.at else ""
            card.who.setText(f"{who.name}, {when}" if who is not None else "")
            card.take.setChecked(choice in (side, "both"))
            card.shot.setVisible(any(isinstance(each, CharacteristicPose) for each in getattr(conflict, side)))
        self._both.setVisible("both" in conflict.choices)
        self.both.setChecked(choice == "both")
        chosen = frozenset({1} if choice in ("mine", "both") else ()) | ({2} if choice in ("theirs", "both") else set())
        rows = [(say("Before"), self._bars(conflict, conflict.base, copy.plan.base))]
        rows.append((say("Here"), self._bars(conflict, conflict.mine, copy.mine)))
        rows.append((say("There"), self._bars(conflict, conflict.theirs, copy.plan.theirs)))
        first, last = SpanBars.span(rows)
        ends = names.time(conflict.clip, first), names.time(conflict.clip, last)
        said = "; ".join(f"{name}: {', '.join(bar.words for bar in bars) or '–'}" for name, bars in rows)
        self.bars.show_rows(rows, frozenset(chosen), ends, said)
        self.poses_wanted.emit(conflict)

    def _bars(self, conflict: Conflict, rows: Sequence[object], side: Project) -> list[Bar]:
        """The segments that a side's rows are about, as that side has them."""
        poses = {each.segment: each.frame for each in rows if isinstance(each, CharacteristicPose)}
        segments = [each for each in rows if isinstance(each, Segment)]
        clip = side.clips.get(conflict.clip)
        known = {each.id for each in segments}
        if clip is not None:
            segments += [each for of in poses if of not in known and (each := clip.segment(of)) is not None]
        bars = []
        for each in segments:
            label = next((p.labels[each.action] for p in self._projects() if each.action in p.labels), None)
            pose = poses.get(each.id, -1)
            if pose < 0 and clip is not None and (own := clip.pose_of(each.id)) is not None:
                pose = own.frame
            name = label.name if label is not None else row_in_words(self._names, "segments", conflict.clip, each)
            bars.append(Bar(each.start_frame, each.end_frame, name, label.colour if label else "#808080", pose))
        return bars

    def _projects(self) -> tuple[Project, ...]:
        return () if self.copy is None else (self.copy.mine, self.copy.plan.theirs, self.copy.plan.base)
