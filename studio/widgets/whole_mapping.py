"""What is done with a named mapping of clusters as a whole: made, duplicated, renamed, deleted, exchanged as a table.

For the window of clusters, which shows one mapping; every verb is one edit of the project, made by `change`, which says
whether it was made and, where it was not, shows why.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMenu, QWidget

from core.errors import CoreError
from core.formats import cluster_table
from core.project import clusters
from core.project.annotations import Project
from studio.document import Document
from studio.widgets import parts
from studio.words import say


class WholeMapping(QObject):
    """The verbs, over `window`; `shown` is the id of the mapping it shows, empty for what the labels say."""

    made = Signal(str)
    """A mapping of this id is new."""
    says = Signal(str)

    def __init__(
        self,
        document: Document,
        window: QWidget,
        change: Callable[[Callable[[Project], Project], str], bool],
        shown: Callable[[], str],
    ) -> None:
        super().__init__(window)
        self._document, self._window, self._change, self._shown = document, window, change, shown

    def menu(self) -> QMenu:
        """What can be done with a mapping as a whole."""
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        editing, named = self._document.read_only_reason is None, bool(self._shown())
        for words, act, is_on in (
            ("New mapping…", self.ask_new, editing),
            ("Duplicate…", self.ask_duplicate, editing),
            ("Rename…", self.ask_rename, editing and named),
            ("Delete mapping", self.delete, editing and named),
        ):
            menu.addAction(say(words), act).setEnabled(is_on)
        menu.addSeparator()
        menu.addAction(say("Bring in a table…"), self.ask_import).setEnabled(editing)
        shipped = menu.addMenu(say("Shipped tables"))
        shipped.setEnabled(editing)
        for name, path in cluster_table.shipped().items():
            shipped.addAction(parts.literal(name), partial(self.bring_in, path))
        menu.addAction(say("Write as a table…"), self.ask_export)
        return menu

    def ask_new(self) -> None:
        self._ask_name(say("New mapping"), clusters.FIRST_NAME, partial(self.add, learned={}))

    def ask_duplicate(self) -> None:
        shown = self._document.project.clusterings.get(self._shown())
        name = shown.name if shown is not None else clusters.FIRST_NAME
        self._ask_name(say("Duplicate"), name, self.duplicate)

    def ask_rename(self) -> None:
        shown = self._document.project.clusterings[self._shown()]
        self._ask_name(say("Rename"), shown.name, self.rename, is_free=True)

    def _ask_name(self, title: str, name: str, then: Callable[[str], None], *, is_free: bool = False) -> None:
        free = name if is_free else clusters.free_name(self._document.project, name)
        typed, is_given = QInputDialog.getText(self._window, title, say("Its name"), text=free)
        if is_given:
            then(typed)

    def add(self, name: str, learned: dict[str, str] | None = None) -> None:
        """One more mapping, in which every action has its own name, or that of `learned`; it is shown."""
        made = ""

        def added(before: Project) -> Project:
            nonlocal made
            after, clustering = clusters.add_clustering(before, name, learned, author=self._document.author)
            made = clustering.id
            return after

        if self._change(added, f"Add clusters {name.strip()}"):
            self.made.emit(made)

    def duplicate(self, name: str) -> None:
        self.add(name, clusters.mapping_of(self._document.project, self._shown()))

    def rename(self, name: str) -> None:
        was = self._document.project.clusterings[self._shown()].name
        self._change(lambda before: clusters.rename_clustering(before, self._shown(), name), f"Rename clusters {was}")

    def delete(self) -> None:
        """Forget the mapping that is shown; what is learned stays."""
        shown = self._document.project.clusterings.get(self._shown())
        if shown is not None:
            self._change(lambda before: clusters.remove_clustering(before, shown.id), f"Delete clusters {shown.name}")

    def ask_import(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self._window, say("Bring in a table"), "", "*.csv *.json")
        if chosen:
            self.bring_in(Path(chosen))

    def bring_in(self, path: Path) -> None:
        """The mappings of a file, each under a name of its own; the first one is shown."""
        made: list[str] = []
        unknown: list[str] = []

        def taken(before: Project) -> Project:
            for each in cluster_table.read_named(path):
                before, clustering, absent = clusters.take_named(
                    before, each.name, each.learned_as, author=self._document.author, source=path.name
                )
                made.append(clustering.id)
                unknown.extend(absent)
            return before

        if self._change(taken, f"Bring in clusters of {path.name}"):
            if unknown:
                some = ", ".join(unknown[:4])
                self.says.emit(say("This project does not have {count}: {some}", count=len(unknown), some=some))
            self.made.emit(made[0])

    def ask_export(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self._window, say("Write as a table"), "clusters.csv", "*.csv *.json")
        if chosen:
            self.write(Path(chosen))

    def write(self, path: Path) -> None:
        """The mapping that is shown as a table; as .json all mappings."""
        project = self._document.project
        try:
            if path.suffix.lower() == ".json":
                cluster_table.write_named(
                    path, (cluster_table.NamedClusters(*each) for each in clusters.all_named(project))
                )
            else:
                cluster_table.write(path, clusters.named_mapping(project, self._shown()))
            self.says.emit(say("{name} is written.", name=path.name))
        except CoreError as error:
            self.says.emit(f"{error} {error.hint}".strip())
