"""A made-up language for tests: every text that passes the door comes back in brackets, 40 % longer.

`untranslated` gives what a page shows, paints, lists or says without them; `cut` what has no room for longer words.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import Qt, QTranslator
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QGroupBox,
    QLabel,
    QLineEdit,
    QMenu,
    QTabBar,
    QTableView,
    QTreeView,
    QWidget,
)

from studio.widgets import painting
from studio.widgets.parts import KeyChip

_KEYS = re.compile(r"\b(Ctrl|Shift|Alt|Num|Space|Home|End|Enter|Del|Tab|Esc)\b")
_NAMES = {
    "Posecast",
    "SMPL",
    "AMASS",
    "BVH",
    "GLB",
    "MP4",
    "GIF",
    "CSV",
    "JSON",
    "GPU",
    "CPU",
    "Ines K.",
    "Courtyard pilot",
}
"""Names of programs, formats and people are the same in every language."""


class MadeUp(QTranslator):
    """Brackets, and two letters in five more."""

    def translate(self, context, source, disambiguation=None, n=-1):
        if not source or source.startswith("⟦"):
            return source
        return f"⟦{source}{'~' * round(0.4 * len(re.sub(r'{[^}]*}', '', source)))}⟧"

    def isEmpty(self):
        return False


@contextmanager
def painted(root: QWidget) -> Iterator[set[str]]:
    """What is written with a brush while everything below `root` is drawn once."""
    seen: set[str] = set()
    measured = painting._width

    def noting(words: str, *more: object) -> float:
        seen.add(words)
        return measured(words, *more)

    painting._width = noting
    try:
        root.grab()
        yield seen
    finally:
        painting._width = measured


def texts(root: QWidget) -> Iterator[str]:
    """What the widgets below `root` show as words, or say to those who cannot see them."""
    for each in root.findChildren(QWidget):
        if isinstance(each, KeyChip) or not each.isVisible() or each.property("role") == "mono":
            continue
        yield each.accessibleName()
        yield each.toolTip()
        if isinstance(each, QLabel | QAbstractButton):
            yield each.text()
        elif isinstance(each, QGroupBox | QMenu):
            yield each.title()
        elif isinstance(each, QTabBar):
            yield from (each.tabText(at) for at in range(each.count()))
        elif isinstance(each, QComboBox):
            yield from (each.itemText(at) for at in range(each.count()))
        elif isinstance(each, QLineEdit):
            yield each.placeholderText()
        elif isinstance(each, QAbstractItemView):
            yield from _listed(each)
    with painted(root) as seen:
        yield from sorted(seen)


def _listed(view: QAbstractItemView) -> Iterator[str]:
    model = view.model()
    if model is None or view.property("role") == "mono":
        return
    of_table = isinstance(view, QTableView) and view.horizontalHeader().isVisible()
    if of_table or (isinstance(view, QTreeView) and not view.isHeaderHidden()):
        side = Qt.Orientation.Horizontal
        yield from (str(model.headerData(at, side) or "") for at in range(model.columnCount()))
    for row in range(min(model.rowCount(), 40)):
        for column in range(model.columnCount() if isinstance(view, QTableView | QTreeView) else 1):
            for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
                yield str(model.data(model.index(row, column), role) or "")


def untranslated(root: QWidget, names: Iterable[str] = ()) -> list[str]:
    """Texts with a word in them that is neither bracketed nor a name."""
    found: dict[str, None] = {}
    known = sorted({*_NAMES, *names}, key=len, reverse=True)
    for text in texts(root):
        bare = re.sub(r"⟦[^⟦⟧]*⟧", "", text)
        while bare != (less := re.sub(r"⟦[^⟦⟧]*⟧", "", bare)):
            bare = less
        for name in known:
            bare = bare.replace(name, "")
        if re.search(r"[A-Za-z]{3,}", _KEYS.sub("", bare)) and not re.search(r"[/\\]", bare):
            found[text] = None
    return list(found)


def cut(root: QWidget) -> list[str]:
    """Buttons and lines too narrow for their words, which neither wrap nor say in a tooltip that they are cut."""
    found = []
    for each in root.findChildren(QWidget):
        if not each.isVisible() or each.width() <= 1:
            continue
        if isinstance(each, QAbstractButton) and each.text() and each.width() < each.minimumSizeHint().width():
            if each.toolTip() != each.text():
                found.append(each.text())
        elif isinstance(each, QLabel) and each.text() and not each.wordWrap() and each.property("role") != "mono":
            wide = each.fontMetrics().horizontalAdvance(max(each.text().split("\n"), key=len))
            if each.contentsRect().width() + 1 < wide and not each.toolTip() and "…" not in each.text():
                found.append(each.text())
    return found


@contextmanager
def spoken() -> Iterator[MadeUp]:
    """The whole program in the made-up language."""
    made, program = MadeUp(), QApplication.instance()
    assert program is not None
    program.installTranslator(made)
    try:
        yield made
    finally:
        program.removeTranslator(made)
