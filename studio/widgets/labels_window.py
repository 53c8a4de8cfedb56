"""Labels: the whole vocabulary of the project in one table, to name, colour, key, order, merge, split and take out.

The order decides hatches past the twelfth colour and the order of every list of labels. Every change is an edit of the
project, made by whoever opened the window, so undo takes it back; the window shows whatever the project says.
"""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog, QMenu, QPushButton, QWidget, QWidgetAction

from core.project import edits
from core.project.annotations import Label, Project
from core.project.clusters import mapping_of
from core.project.labelling import Uses, add_range, is_range, merge_labels, move_labels, ranges, remove_labels
from studio import theme
from studio.commands import label_key
from studio.document import Document
from studio.widgets import parts
from studio.widgets.dialogs import Dialog
from studio.widgets.label_menu import ColourGrid
from studio.widgets.label_table import Cell, Edit, LabelTable, Line, count_words, filtered
from studio.widgets.split_label import SplitLabel
from studio.words import say

NAME, KIND, KEY, HERE, SEGMENTS, POSES, LEARNED = range(1, 8)
_KINDS = ("", "action", "object", "range")


class LabelsWindow(Dialog):
    """Follows the document; `edit` makes its edits."""

    find_wanted = Signal(str)
    """Find the segments of a label."""
    clusters_wanted = Signal()

    def __init__(self, document: Document, edit: Edit, parent: QWidget | None) -> None:
        super().__init__("Labels", parent, 800)
        self._document, self._edit_project = document, edit
        self._uses = Uses()
        self.search = parts.search("Find a label")
        self.search.textChanged.connect(self.refresh)
        self.kinds = parts.segmented("All", "Actions", "Objects", "Ranges", on_choice=lambda _: self.refresh())
        columns = (
            ("#", 36), (say("Label"), 0), (say("Kind"), 80), (say("Key"), 60), (say("Here"), 54),
            (say("Segments"), 80), (say("Poses"), 60), (say("Learned as"), 130),
        )  # fmt: skip
        self.table = LabelTable(
            say("Labels of the project"), columns, NAME, (0, HERE, SEGMENTS, POSES), is_ordered=True
        )
        self.table.setMinimumHeight(theme.px(330))
        self.table.typed.connect(self._typed)
        self.table.moved.connect(self.move_before)
        self.table.nudged.connect(self.nudge)
        self.table.removed.connect(self.remove)
        self.table.itemSelectionChanged.connect(self._follow_selection)
        self.sums = parts.text("", "caption", wrap=True)
        self.says = parts.text("", "label", wrap=True)
        self.add = self._menu_button("Add", "plus", self.add_menu)
        self.colour = self._menu_button("Colour", "", self.colour_menu)
        self.key = self._menu_button("Key", "", self.key_menu)
        self.merge = self._menu_button("Merge into", "link", self.merge_menu)
        self.split = self._button("Split…", "cut", self.ask_split)
        self.out = self._button("Remove", "trash", self.remove)
        self.up = self._button("Up", "up", partial(self.nudge, -1))
        self.down = self._button("Down", "down", partial(self.nudge, 1))
        self.show_segments = self._button("Find segments", "search", self._find)
        clusters = self._button("Clusters…", "", self.clusters_wanted.emit)
        self.box.addWidget(parts.row((self.search, 1), self.kinds))
        self.box.addWidget(self.sums)
        self.box.addWidget(self.table, 1)
        self.box.addWidget(parts.row(self.add, self.colour, self.key, self.up, self.down, None, gap=6))
        self.box.addWidget(parts.row(self.merge, self.split, self.out, self.show_segments, None, gap=6))
        self.box.addWidget(self.says)
        self.add_close(clusters)
        document.changed.connect(self.refresh)
        document.clip_chosen.connect(self.refresh)
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)  # Enter in a field does what the field says
        document.closed.connect(self.close)
        self.refresh()
        self.search.setFocus()

    def _button(self, words: str, icon: str, act: Callable[[], object]) -> QPushButton:
        made = parts.button(words, icon)
        made.clicked.connect(lambda: act())
        return made

    def _menu_button(self, words: str, icon: str, menu: Callable[[], QMenu]) -> QPushButton:
        made = self._button(words, icon, lambda: menu().popup(made.mapToGlobal(made.rect().bottomLeft())))
        return made

    # ---- what is shown ----

    def refresh(self, *_: object) -> None:
        """The vocabulary as the project has it now."""
        document = self._document
        if not document.is_open:
            return
        project = document.project
        self._uses.look(project)
        here, learned = self._uses.in_clip(document.clip_id), mapping_of(project)
        wanted, kind = self.search.text(), _KINDS[self.kinds.chosen]
        places: dict[str, int] = {}
        lines = []
        for place, label in enumerate(project.labels.values()):
            of_kind = places.setdefault(label.kind, 0)
            places[label.kind] += 1
            called = "range" if is_range(label) else label.kind
            if (kind and called != kind) or not filtered(wanted, label.name, learned.get(label.id, "")):
                continue
            as_what = learned.get(label.id, "–") or say("left out")
            is_own = as_what in (label.name, "–") or called == "range"
            cells = (
                Cell(place + 1, dim=True),
                Cell(label.name, is_editable=self._is_editable),
                Cell(say(called), dim=True),
                Cell(label_key(label.key) if label.key else ""),
                Cell(here[label.id]),
                Cell(self._uses.segments[label.id]),
                Cell(self._uses.poses[label.id] if label.kind == "action" else ""),
                Cell(as_what, dim=is_own),
            )
            lines.append(Line(label.id, label.colour, 1 if called == "range" else theme.hatch(of_kind), cells))
        self.table.show_lines(lines)
        left_out, objects = len(ranges(project)), len(project.objects())
        self.sums.setText(
            say(
                "{actions} actions, {objects} objects, {ranges} ranges. The order decides the hatches and the order "
                "of every list: drag, or Alt with the arrows. Models sort their words by name.",
                actions=len(project.actions()) - left_out, objects=objects, ranges=left_out,
            )
        )  # fmt: skip
        self._follow_selection()

    @property
    def _is_editable(self) -> bool:
        return self._document.read_only_reason is None

    def _chosen(self) -> list[Label]:
        labels = self._document.project.labels
        return [labels[each] for each in self.table.chosen() if each in labels]

    def _follow_selection(self) -> None:
        chosen, editing = self._chosen() if self._document.is_open else [], self._is_editable
        one, some = editing and len(chosen) == 1, editing and bool(chosen)
        self.add.setEnabled(editing)
        for each, is_on in (
            (self.colour, some), (self.key, one), (self.split, one), (self.out, some), (self.up, some),
            (self.down, some), (self.merge, some and len({each.kind for each in chosen}) == 1),
            (self.show_segments, len(chosen) > 0),
        ):  # fmt: skip
            each.setEnabled(is_on)

    # ---- one label ----

    def _typed(self, label_id: str, column: int, words: str) -> None:
        label = self._document.project.labels.get(label_id)
        if column == NAME and label is not None and words != label.name:
            self._change(lambda before: edits.rename_label(before, label_id, words), f"Rename {label.name} to {words}")

    def add_menu(self) -> QMenu:
        menu = self._menu()
        for kind, words in (
            ("action", "Action"),
            ("object", "Object"),
            ("range", "Range (nothing is learned from it)"),
        ):
            menu.addAction(say(words), partial(self.add_label, kind))
        return menu

    def add_label(self, kind: str) -> None:
        """A new label under the first free name, which is then typed over."""
        project, author = self._document.project, self._document.author
        taken = {each.name for each in project.labels.values()}
        name = next(each for n in range(1, len(taken) + 2) if (each := f"{kind} {n}") not in taken)
        made = ""

        def added(before: Project) -> Project:
            nonlocal made
            if kind == "range":
                after, label = add_range(before, name, author=author)
            else:
                after, label = edits.add_label(before, name, "object" if kind == "object" else "action", author=author)
            made = label.id
            return after

        if self._change(added, f"Add label {name}"):
            self.search.clear()
            self.kinds.choose(0)
            self.refresh()
            self.table.choose([made])
            self.table.type_in(made, NAME)

    def colour_menu(self) -> QMenu:
        """The forty colours everybody can tell apart, and any other."""
        menu = self._menu()
        chosen = self._chosen()
        grid = ColourGrid(edits.LABEL_COLOURS, chosen[0].colour if chosen else "")
        grid.chosen.connect(self.recolour)
        grid.chosen.connect(menu.close)
        holder = QWidgetAction(menu)
        holder.setDefaultWidget(grid)
        menu.addAction(holder)
        menu.addAction(say("Another colour…"), self._ask_colour)
        return menu

    def _ask_colour(self) -> None:
        chosen = self._chosen()
        colour = QColorDialog.getColor(QColor(chosen[0].colour), self, say("Colour"))
        if colour.isValid():
            self.recolour(colour.name())

    def recolour(self, colour: str) -> None:
        """Another colour for all that are chosen."""

        def recoloured(before: Project) -> Project:
            for each in self.table.chosen():
                before = edits.recolour_label(before, each, colour)
            return before

        self._change(recoloured, f"Recolour {_what(self._chosen())}")

    def key_menu(self) -> QMenu:
        menu = self._menu()
        chosen = self._chosen()
        holders = {each.key: each.name for each in self._document.project.labels.values() if each.key}
        for key in ("", *edits.LABEL_KEYS):
            words = label_key(key) if key else say("None")
            held = f"{words}\t{parts.literal(holders[key])}" if key in holders else words
            action = menu.addAction(held, partial(self.set_key, key))
            action.setCheckable(True)
            action.setChecked(bool(chosen) and chosen[0].key == key)
        return menu

    def set_key(self, key: str) -> None:
        """A key for the chosen label; who had it loses it in the same step."""
        (label,) = self._chosen()

        def given(before: Project) -> Project:
            for each in before.labels.values():
                if key and each.key == key and each.id != label.id:
                    before = edits.set_label_key(before, each.id, "")
            return edits.set_label_key(before, label.id, key)

        self._change(given, f"Give {label.name} the key {key}" if key else f"Take the key of {label.name}")

    # ---- several ----

    def nudge(self, by: int) -> None:
        """The chosen ones one place up or down."""
        order = list(self._document.project.labels)
        rows = [order.index(each) for each in self.table.chosen()]
        if not rows:
            return
        if by < 0:
            self.move_before(self.table.chosen(), order[max(min(rows) - 1, 0)])
        else:
            behind = max(rows) + 2
            self.move_before(self.table.chosen(), order[behind] if behind < len(order) else "")

    def move_before(self, label_ids: Sequence[str], before: str) -> None:
        """Put labels before another one; to the end without one."""
        labels = [self._document.project.labels[each] for each in label_ids]
        if labels:
            self._change(lambda project: move_labels(project, label_ids, before), f"Move label {_what(labels)}")

    def merge_menu(self) -> QMenu:
        """Into which: the chosen ones first, then every other of their kind."""
        menu = self._menu()
        chosen = self._chosen()
        ids = {each.id for each in chosen}
        for label in chosen if len(chosen) > 1 else ():
            menu.addAction(parts.literal(label.name), partial(self.merge_into, label.id))
        if len(chosen) > 1:
            menu.addSeparator()
        for label in self._document.project.labels.values():
            if chosen and label.kind == chosen[0].kind and label.id not in ids:
                menu.addAction(parts.literal(label.name), partial(self.merge_into, label.id))
        return menu

    def merge_into(self, label_id: str) -> None:
        """Every segment of the chosen labels, in all clips, gets this one; the others are gone."""
        gone = [each for each in self._chosen() if each.id != label_id]
        ids = [each.id for each in gone]
        into = self._document.project.labels[label_id]
        _, count = merge_labels(self._document.project, ids, label_id)
        merged = self._change(
            lambda before: merge_labels(before, ids, label_id)[0], f"Merge {_what(gone)} into {into.name}"
        )
        if merged:
            self.table.choose([label_id])
            segments = count_words(count, "1 segment", "{count} segments")
            self.says.setText(
                say("{segments} of {gone} are {into} now.", segments=segments, gone=_what(gone), into=into.name)
            )

    def remove(self) -> None:
        """Out of the vocabulary; those that segments use stay, and what can be done instead is said."""
        chosen = self._chosen()
        used = [each for each in chosen if self._uses.segments[each.id]]
        if used:
            segments = count_words(self._uses.segments[used[0].id], "1 segment", "{count} segments")
            self.says.setText(
                say(
                    "{name} is used by {segments}. Merge it into another label, or find them and relabel them.",
                    name=used[0].name, segments=segments,
                )
            )  # fmt: skip
        elif chosen:
            ids = [each.id for each in chosen]
            self._change(lambda before: remove_labels(before, ids), f"Remove label {_what(chosen)}")

    def ask_split(self) -> None:
        """Two labels out of one."""
        (label,) = self._chosen()
        window = SplitLabel(self._document, self._edit_project, label.id, self)
        window.walk_wanted.connect(self.find_wanted)
        window.show()

    def _find(self) -> None:
        names = " or ".join(f'label: "{each.name}"' for each in self._chosen())
        if names:
            self.find_wanted.emit(names)

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        return menu

    def _change(self, change: Callable[[Project], Project], label: str) -> bool:
        refused = self._edit_project(change, label)
        self.says.setText(refused)
        if refused:
            self.refresh()  # what was typed goes back to what is
        return not refused


def _what(labels: Sequence[Label]) -> str:
    return labels[0].name if len(labels) == 1 else f"{len(labels)} labels"
