"""Clusters: which actions models learn as one, as named mappings that can be exchanged, kept apart and taken along.

A table of every action and the name it is learned by; chosen ones are grouped under a name, given back their own, or
left out. One mapping is in use; editing another changes nothing that is learned until it is. Every change is an edit
of the project, so undo takes it back, and the window shows whatever the project says.
"""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QCompleter, QLineEdit, QMenu, QPushButton, QWidget

from core.project import clusters
from core.project.annotations import Project
from core.project.labelling import Uses
from studio import theme
from studio.document import Document
from studio.widgets import parts
from studio.widgets.dialogs import Dialog
from studio.widgets.label_table import Cell, Edit, LabelTable, Line, filtered
from studio.widgets.whole_mapping import WholeMapping
from studio.words import say

NAME, LEARNED, SEGMENTS, POSES = range(1, 5)


class ClustersWindow(Dialog):
    """Follows the document; `edit` makes its edits."""

    find_wanted = Signal(str)
    """Find the segments of a cluster."""

    def __init__(self, document: Document, edit: Edit, parent: QWidget | None) -> None:
        super().__init__("Clusters", parent, 720)
        self._document, self._edit_project = document, edit
        self._uses = Uses()
        self._clustering = ""  # the mapping that is shown; empty: what the labels say
        self.whole = WholeMapping(document, self, self._change, lambda: self._clustering)
        self.whole.made.connect(self.show_mapping)
        self.mappings = QComboBox()
        self.mappings.setAccessibleName(say("Mapping"))
        self.mappings.activated.connect(lambda at: self.show_mapping(self.mappings.itemData(at)))
        self.use = parts.button("Use this mapping", "check", "primary")
        self.use.clicked.connect(self.use_shown)
        self.more = parts.tool("more", "What to do with this mapping")
        self.more.clicked.connect(lambda: self.menu().popup(self.more.mapToGlobal(self.more.rect().bottomLeft())))
        self.sums = parts.text("", "title")
        self.about = parts.text("", "caption", wrap=True)
        self.search = parts.search("Find an action or a cluster")
        self.search.textChanged.connect(self.refresh)
        columns = (
            ("#", 40), (say("Action"), 0), (say("Learned as"), 190), (say("Segments"), 84), (say("Poses"), 70)
        )  # fmt: skip
        self.table = LabelTable(
            say("Actions and what they are learned as"), columns, NAME, (0, SEGMENTS, POSES), is_ordered=False
        )
        self.table.setMinimumHeight(theme.px(300))
        self.table.typed.connect(self._typed)
        self.table.removed.connect(self.leave_out)
        self.table.itemSelectionChanged.connect(self._follow_selection)
        self.name = QLineEdit()
        self.name.setPlaceholderText(say("Name of the cluster, then Enter"))
        self.name.setAccessibleName(say("Name of the cluster"))
        self.name.returnPressed.connect(self.group)
        self.group_button = parts.button("Group", "link")
        self.own = parts.button("Own names")
        self.out = parts.button("Leave out")
        for button, act in ((self.group_button, self.group), (self.own, self.own_names), (self.out, self.leave_out)):
            button.clicked.connect(act)
        self.says = parts.text("", "label", wrap=True)
        self.whole.says.connect(self.says.setText)
        for item in (
            parts.row((self.mappings, 1), self.use, self.more, gap=6),
            parts.col(self.sums, self.about, gap=2),
            self.search,
        ):
            self.box.addWidget(item)
        self.box.addWidget(self.table, 1)
        self.box.addWidget(parts.row((self.name, 1), self.group_button, self.own, self.out, gap=6))
        self.box.addWidget(self.says)
        self.add_close()
        document.changed.connect(self.refresh)
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)  # Enter in a field does what the field says
        document.closed.connect(self.close)
        self.refresh()
        self.search.setFocus()

    # ---- what is shown ----

    def show_mapping(self, clustering_id: str) -> None:
        """Show this mapping, used or not."""
        self._clustering = clustering_id
        self.refresh()

    def refresh(self, *_: object) -> None:
        """The mapping as the project has it now."""
        if not self._document.is_open:
            return
        project = self._document.project
        used = clusters.in_use(project)
        if self._clustering not in project.clusterings:
            self._clustering = used.id if used is not None else ""
        self._fill_mappings(project)
        mapping = clusters.mapping_of(project, self._clustering)
        self._uses.look(project)
        wanted = self.search.text()
        lines = []
        for place, (label_id, learned) in enumerate(mapping.items()):
            label = project.labels[label_id]
            if filtered(wanted, label.name, learned):
                is_own = learned == label.name
                cells = (
                    Cell(place + 1, dim=True),
                    Cell(label.name),
                    Cell(learned or say("left out"), is_editable=self._is_editable, dim=is_own or not learned),
                    Cell(self._uses.segments[label_id]),
                    Cell(self._uses.poses[label_id]),
                )
                lines.append(Line(label_id, label.colour, theme.hatch(place) if learned else 1, cells))
        self.table.show_lines(lines)
        sums = clusters.sums_of(mapping)
        self.sums.setText(
            say("{actions} actions, {learned} learned, {out} left out",
                actions=sums.actions, learned=sums.learned, out=sums.left_out)
        )  # fmt: skip
        is_used = not self._clustering or project.clusterings[self._clustering] is used
        self.about.setText(
            say("In use: what is trained from now on learns these names. Runs trained before keep their own words.")
            if is_used
            else say("Not in use: nothing that is learned changes until you use it. Segments keep their labels.")
        )
        self.use.setVisible(not is_used)
        self.use.setEnabled(self._is_editable)
        completer = QCompleter(sorted({each for each in mapping.values() if each}), self.name)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.name.setCompleter(completer)
        self._follow_selection()

    @property
    def _is_editable(self) -> bool:
        return self._document.read_only_reason is None

    def _fill_mappings(self, project: Project) -> None:
        self.mappings.blockSignals(True)
        self.mappings.clear()
        if clusters.in_use(project) is None:
            self.mappings.addItem(say("As the labels say"), "")
        for each in project.clusterings.values():
            self.mappings.addItem(
                say("{name}, in use", name=each.name) if each is clusters.in_use(project) else each.name, each.id
            )
        self.mappings.setCurrentIndex(max(self.mappings.findData(self._clustering), 0))
        self.mappings.blockSignals(False)

    def _follow_selection(self) -> None:
        chosen = bool(self.table.chosen()) and self._is_editable
        for each in (self.group_button, self.own, self.out):
            each.setEnabled(chosen)

    # ---- what a person does ----

    def group(self) -> None:
        """The chosen actions under the name that is typed."""
        name = self.name.text().strip()
        if not self.table.chosen():
            self.says.setText(say("Choose the actions to group: click them, with Ctrl or Shift for several."))
        elif not name:
            self.says.setText(say("Type the name they are learned by."))
        else:
            count = len(self.table.chosen())
            self._learn(name, f"Cluster {count} actions as {name}" if count > 1 else "")
            self.name.clear()

    def own_names(self) -> None:
        """Every chosen action by its own name again."""
        self._learn(None, "")

    def leave_out(self) -> None:
        """Models learn nothing from the chosen actions."""
        self._learn("", "")

    def _typed(self, label_id: str, column: int, words: str) -> None:
        if column == LEARNED:
            label = self._document.project.labels[label_id]
            learned = "" if words == say("left out") else words
            self._learn_as([label_id], None if learned == label.name else learned, "")

    def _learn(self, learned: str | None, label: str) -> None:
        self._learn_as(self.table.chosen(), learned, label)

    def _learn_as(self, labels: list[str], learned: str | None, label: str) -> None:
        if not labels:
            return
        name = self._document.project.labels[labels[0]].name if len(labels) == 1 else f"{len(labels)} actions"
        verb = "Leave out" if learned == "" else "Ungroup" if learned is None else "Cluster"
        said = label or (f"{verb} {name} as {learned}" if learned else f"{verb} {name}")
        author = self._document.author
        self._change(lambda before: clusters.group(before, self._clustering, labels, learned, author=author), said)

    def use_shown(self) -> None:
        """Learn by the mapping that is shown from now on."""
        if self._clustering:
            name = self._document.project.clusterings[self._clustering].name
            self._change(lambda before: clusters.use(before, self._clustering), f"Use clusters {name}")

    def menu(self) -> QMenu:
        """What can be done with a mapping as a whole, and with the chosen cluster."""
        menu = self.whole.menu()
        menu.addSeparator()
        menu.addAction(say("Find the segments of this cluster"), self._find).setEnabled(bool(self.table.chosen()))
        return menu

    def _find(self) -> None:
        item = self.table.item(self.table.currentRow(), LEARNED)
        label = self._document.project.labels[self.table.chosen()[0]]
        learned = clusters.mapping_of(self._document.project, self._clustering)[label.id]
        used = clusters.in_use(self._document.project)
        is_used = used is None or self._clustering == used.id
        assert item is not None
        self.find_wanted.emit(f'cluster: "{learned}"' if learned and is_used else f'label: "{label.name}"')

    def _change(self, change: Callable[[Project], Project], label: str) -> bool:
        refused = self._edit_project(change, label)
        self.says.setText(refused)
        if refused:
            self.refresh()
        return not refused
