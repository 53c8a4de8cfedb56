"""The lock on a split: which parts there are, which stored split is shown, and a new one under a name of its own."""

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QLineEdit, QMenu, QSpinBox, QVBoxLayout, QWidget

from core.project.annotations import PARTS
from studio import theme
from studio.widgets import parts
from studio.words import say

SHORT = {"train": "train", "validation": "val", "test": "test"}
WAYS = (
    ("sequence", "Along sequences", "Each recording stands whole in one part."),
    ("performer", "By performer", "Nobody is in two parts: it measures strangers."),
    ("own", "The makers' own", "As the data set's makers divide it, where that is known."),
)


def shares_words(parts_of: Mapping[str, Sequence[str]]) -> str:
    """`70 / 15 / 15`, in percent of what the split names."""
    counts = [len(parts_of.get(part, ())) for part in PARTS]
    total = sum(counts)
    if not total:
        return "–"
    shares = [100 * count / total for count in counts]
    floors = [int(share) for share in shares]
    for at in sorted(range(3), key=lambda at: floors[at] - shares[at])[: 100 - sum(floors)]:
        floors[at] += 1  # so that they add up to a hundred
    return " / ".join(str(each) for each in floors)


class SplitControl(parts.Button):
    """A button with a menu. It draws nothing itself: whoever listens makes the split."""

    chosen = Signal(str)  # the name of a stored split
    wanted = Signal(str, str, int)  # name, way, seed

    def __init__(self, what: str, ways: Sequence[str]) -> None:
        super().__init__("", "lock", "quiet")
        self._what, self._ways = what, tuple(ways)
        self._names: tuple[str, ...] = ()
        self._shown = ""
        self._editable = True
        self.clicked.connect(self.open_menu)

    def show_splits(
        self, splits: Mapping[str, Mapping[str, Sequence[str]]], shown: str, *, editable: bool, how: str = ""
    ) -> None:
        """The stored splits by name, one of them shown."""
        self._names, self._shown, self._editable = tuple(splits), shown, editable
        words = say("Split {splits}", splits=shares_words(splits[shown])) if shown in splits else say("No split yet")
        self.show_icon("lock" if shown in splits else "unlock")
        self.setText(words)
        held = f"{shown}: {how}\n" if how else f"{shown}\n" if shown else ""
        self.setToolTip(say("{held}A stored split is never changed; a new one takes another name.", held=held))
        self.setAccessibleName(f"{words}, {shown}" if shown else words)

    def menu_now(self) -> QMenu:
        """The stored splits, and a new one."""
        menu = QMenu(self)
        for name in self._names:
            action = menu.addAction(parts.literal(name), partial(self.chosen.emit, name))
            action.setCheckable(True)
            action.setChecked(name == self._shown)
        if self._names:
            menu.addSeparator()
        menu.addAction(say("New split…"), self.ask).setEnabled(self._editable)
        return menu

    def open_menu(self) -> None:
        self.menu_now().popup(self.mapToGlobal(self.rect().bottomLeft()))

    def ask(self) -> "SplitDialog":
        """Ask for a name and a way."""
        dialog = SplitDialog(self._what, self._ways, self._names, self.window())
        dialog.wanted.connect(self.wanted)
        dialog.show()
        return dialog


class SplitDialog(QDialog):
    """Name, way and seed of a new split: 70 / 15 / 15 but for the makers' own."""

    wanted = Signal(str, str, int)

    def __init__(self, what: str, ways: Sequence[str], taken: Sequence[str], parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(say("New split"))
        self.setMinimumWidth(theme.px(440))
        self._taken, self._named_by_hand = tuple(taken), False
        self._ways = tuple(way for way in WAYS if way[0] in ways)
        self.way = parts.segmented(*(words for _, words, _ in self._ways), on_choice=lambda _: self._follow())
        self.way.setAccessibleName(say("How to split"))
        self._about = parts.text("", "caption", wrap=True)
        self.name = QLineEdit()
        self.name.textEdited.connect(self._name_edited)
        self.seed = QSpinBox()
        self.seed.setRange(0, 999_999)
        self._says = parts.text("", "warn", wrap=True)
        self.make = parts.button("Make split", kind="primary")
        self.make.setDefault(True)
        self.make.clicked.connect(self._make)
        cancel = parts.button("Cancel")
        cancel.clicked.connect(self.close)
        self._seed_row = parts.field("Seed", parts.row(self.seed, None))
        box = QVBoxLayout(self)
        box.setContentsMargins(20, 16, 20, 16)
        box.setSpacing(10)
        items = (
            parts.text(say('New split of {what}', what=what), "page"),
            parts.text("70 / 15 / 15: to learn from, to choose on, to measure on. It is kept by its name.", "label",
                       wrap=True),
            parts.row(self.way, None),
            self._about,
            parts.field("Name", self.name),
            self._seed_row,
            self._says,
            None,
            parts.row(None, cancel, self.make, gap=6),
        )  # fmt: skip
        parts.fill(box, items)
        self._follow()
        self.name.setFocus()

    def _name_edited(self, _: str) -> None:
        self._named_by_hand = True
        self._check()

    def _follow(self) -> None:
        way, _, about = self._ways[self.way.chosen]
        self._about.setText(about)
        self._seed_row.setVisible(way != "own")
        if not self._named_by_hand:
            stem = {"sequence": "by-sequence", "performer": "by-performer", "own": "own"}[way]
            number, name = 1, stem
            while name in self._taken:
                number += 1
                name = f"{stem}-{number}"
            self.name.setText(name)
        self._check()

    def _check(self) -> None:
        name = self.name.text().strip()
        fits = bool(name) and name.replace("-", "").replace("_", "").isalnum() and name == name.lower()
        words = "" if fits else say("A name of small letters, digits, - and _.")
        if name in self._taken:
            words = say("{name} is there already. A split is never changed: choose another name.", name=name)
        self._says.setText(words)
        self._says.setVisible(bool(words))
        self.make.setEnabled(not words)

    def _make(self) -> None:
        way = self._ways[self.way.chosen][0]
        self.wanted.emit(self.name.text().strip(), way, self.seed.value())
        self.close()
