"""Two labels out of one: some of its segments get a new one, chosen by their clip, person or object, or one by one."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QPushButton, QWidget

from core.project.annotations import Project
from core.project.labelling import RULES, segments_by, split_label
from studio import theme
from studio.document import Document
from studio.widgets import parts
from studio.widgets.dialogs import Dialog
from studio.widgets.label_table import Edit, count_words
from studio.words import say

_SEGMENTS = int(Qt.ItemDataRole.UserRole)


class SplitLabel(Dialog):
    """Asks for the new name and which segments get it, and says how many they are."""

    walk_wanted = Signal(str)
    """Find the segments of the label, to give each one of the two keys."""

    def __init__(self, document: Document, edit: Edit, label_id: str, parent: QWidget | None) -> None:
        super().__init__("Split the label", parent, 440)
        self._document, self._edit_project, self._label = document, edit, label_id
        name = document.project.labels[label_id].name
        self.name = QLineEdit()
        self.name.setPlaceholderText(say("Name of the new label"))
        self.name.setAccessibleName(say("Name of the new label"))
        self.name.textChanged.connect(self._count)
        self.rules = parts.segmented("By clip", "By person", "By object", on_choice=lambda _: self._fill())
        self.list = QListWidget()
        self.list.setAccessibleName(say("Which segments get the new label"))
        self.list.setMinimumHeight(theme.px(190))
        self.list.itemChanged.connect(self._count)
        self.says = parts.text("", "label", wrap=True)
        self.split = parts.button("Split off", "cut", "primary")
        self.split.clicked.connect(self.split_off)
        self.walk = parts.button("One by one", "right")
        self.walk.setToolTip(say("Make the new label and walk through the segments: each gets one of the two keys"))
        self.walk.clicked.connect(self.walk_through)
        self.box.addWidget(parts.text(say("Some segments of {name} get a new label.", name=name), "label", wrap=True))
        for item in (self.name, self.rules):
            self.box.addWidget(item)
        self.box.addWidget(self.list, 1)
        self.box.addWidget(self.says)
        self.add_close(self.split, self.walk)
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)  # Enter in a field does what the field says
        document.closed.connect(self.close)
        self._fill()

    def _fill(self) -> None:
        self.list.blockSignals(True)
        self.list.clear()
        found = segments_by(self._document.project, self._label, RULES[self.rules.chosen])
        for words, segments in found.items():
            count = count_words(len(segments), "1 segment", "{count} segments")
            item = QListWidgetItem(f"{words}   {count}")
            item.setData(_SEGMENTS, segments)
            item.setSizeHint(QSize(60, theme.px(26)))
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Unchecked)
            self.list.addItem(item)
        self.list.blockSignals(False)
        self._count()

    def ticked(self) -> frozenset[str]:
        """The segments of what is ticked."""
        items = [self.list.item(row) for row in range(self.list.count())]
        sets = [each.data(_SEGMENTS) for each in items if each.checkState() == Qt.CheckState.Checked]
        return frozenset().union(*sets)

    def _count(self, *_: object) -> None:
        count, named = len(self.ticked()), bool(self.name.text().strip())
        segments = count_words(count, "1 segment", "{count} segments")
        self.says.setText(
            say("{segments} get the new label.", segments=segments) if count else say("Tick which segments get it.")
        )
        self.split.setEnabled(named and count > 0)
        self.walk.setEnabled(named)

    def split_off(self) -> None:
        """One edit: the new label, and its segments."""
        if self._split(self.ticked()):
            self.close()

    def walk_through(self) -> None:
        """The new label without segments, and the old one's to walk through."""
        was = self._document.project.labels[self._label].name
        if self._split(frozenset()):
            self.walk_wanted.emit(f'label: "{was}"')
            self.close()

    def _split(self, segments: frozenset[str]) -> bool:
        name, author = self.name.text().strip(), self._document.author
        label = self._document.project.labels.get(self._label)
        if label is None:  # it was merged or removed meanwhile
            self.close()
            return False

        def apart(before: Project) -> Project:
            return split_label(before, self._label, name, segments, author=author)[0]

        refused = self._edit_project(apart, f"Split {name} off {label.name}")
        self.says.setText(refused)
        return not refused
