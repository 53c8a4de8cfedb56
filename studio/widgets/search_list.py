"""Search: clips, labels and commands in one list below the search field, best first. It knows none of them.

Whoever makes it gives a function that lists what can be found now, and one that answers what is typed (a path).
What was chosen lately comes first among equals. What cannot be done now stays listed and says why. Up, Down, Enter and
Esc work from the field.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from studio import icons, theme
from studio.widgets import parts
from studio.widgets.painting import put, words_width
from studio.words import said

_MOST = 12
_ENTRY = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class Entry:
    """Something that can be found. `hint` stands at the right (a key, a state); `icon` tells its kind.

    `lack` says why it cannot be had now; such an entry is listed, and choosing it does nothing.
    """

    words: str
    kind: str
    icon: str
    hint: str
    choose: Callable[[], object]
    colour: str = ""  # a label's colour, hex
    lack: str = ""


def rank(words: str, query: str) -> int | None:
    """How well `words` answers `query`, 0 best; None where it does not."""
    found, wanted = words.casefold(), query.casefold().strip()
    if not wanted:
        return 3
    if found.startswith(wanted):
        return 0
    if f" {wanted}" in found.replace("_", " ").replace("-", " "):
        return 1
    if wanted in found:
        return 2
    if all(any(part.startswith(piece) for part in found.split()) for piece in wanted.split()):
        return 3
    rest = iter(found)
    return 4 if len(wanted) > 2 and all(letter in rest for letter in wanted) else None


def best(
    entries: Iterable[Entry], query: str, most: int = _MOST, recent: Sequence[tuple[str, str]] = ()
) -> list[Entry]:
    """The entries that answer a query, best first.

    Among equals first those that can be had, then the `recent` (kind and words, newest first), then short ones.
    """
    places = {known: place for place, known in reversed(list(enumerate(recent)))}
    fitting = []
    for each in entries:
        place = rank(each.words, query)
        if place is not None:
            lately = places.get((each.kind, each.words), len(places))
            fitting.append(((place, bool(each.lack), lately, len(each.words) if query else 0), each))
    return [each for _, each in sorted(fitting, key=lambda found: found[0])][:most]


class _Row(QStyledItemDelegate):
    """An entry: its icon or colour, its words, what kind it is, and its key."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:  # noqa: ARG002  # pyright: ignore[reportIncompatibleMethodOverride]
        return QSize(100, theme.px(30))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        entry: Entry = index.data(_ENTRY)
        look, area = theme.now(), QRectF(option.rect)  # pyright: ignore[reportAttributeAccessIssue]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:  # pyright: ignore[reportAttributeAccessIssue]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(look.wash))
            painter.drawRoundedRect(area.adjusted(0, 1, 0, -1), 5, 5)
        baseline = area.center().y() + theme.px(12) * 0.36
        if entry.colour:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(entry.colour))
            painter.drawRoundedRect(QRectF(area.left() + 11, area.center().y() - 5, 11, 11), 3, 3)
        else:
            painter.drawPixmap(
                QPoint(int(area.left()) + 9, int(area.center().y()) - 7), icons.pixmap(entry.icon, look.text2, 14)
            )
        right = area.right() - 10
        if entry.hint:
            right -= put(painter, right, baseline, entry.hint, look.text2, 11, 600, align="right") + 12
        right -= put(painter, right, baseline, entry.lack or entry.kind, look.text3, 11, align="right") + 12
        ink = look.text3 if entry.lack else look.text
        put(painter, area.left() + 32, baseline, entry.words, ink, 12, 500, width=right - area.left() - 32)
        painter.restore()


class SearchList(QFrame):
    """The list below `field`, over the window."""

    def __init__(
        self,
        field: QLineEdit,
        window: QWidget,
        entries: Callable[[], list[Entry]],
        typed: Callable[[str], list[Entry]] = lambda _: [],
    ) -> None:
        super().__init__(window)
        self.setObjectName("popup")
        self._field, self._window, self._entries, self._typed = field, window, entries, typed
        self._recent: list[tuple[str, str]] = []  # kind and words of what was chosen, newest first
        self._known: list[Entry] = []
        self._model = QStandardItemModel(self)
        self._view = QListView()
        self._view.setModel(self._model)
        self._view.setItemDelegate(_Row(self._view))
        self._view.setAccessibleName(said("What was found"))
        self._view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._view.clicked.connect(self._take)
        self._nothing = parts.text("Nothing by that name", "label")
        self._nothing.setContentsMargins(10, 6, 10, 6)
        box = QVBoxLayout(self)
        box.setContentsMargins(5, 5, 5, 5)
        box.setSpacing(0)
        box.addWidget(self._view)
        box.addWidget(self._nothing)
        field.textEdited.connect(self._fill)
        field.installEventFilter(self)
        self.hide()

    def open(self) -> None:
        """Put the cursor into the field and list what there is."""
        self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._field.selectAll()
        self._begin()

    def found(self) -> list[Entry]:
        """What is listed now."""
        return [self._model.item(row).data(_ENTRY) for row in range(self._model.rowCount())]

    def _begin(self) -> None:
        self._known = self._entries()
        self._fill(self._field.text())

    def _fill(self, query: str) -> None:
        if not self._known:
            self._known = self._entries()
        self._model.clear()
        for entry in [*self._typed(query.strip()), *best(self._known, query, recent=self._recent)][:_MOST]:
            item = QStandardItem(entry.words)
            item.setData(entry, _ENTRY)
            item.setAccessibleText(", ".join(filter(None, (entry.words, entry.kind, entry.hint, entry.lack))))
            item.setEditable(False)
            self._model.appendRow(item)
        count = self._model.rowCount()
        self._nothing.setVisible(count == 0)
        self._view.setVisible(count > 0)
        if count:
            self._view.setCurrentIndex(self._model.index(0, 0))
        self._view.setFixedHeight(count * theme.px(30) + 2)
        widest = max((words_width(each.words, 12, 500) for each in self.found()), default=0.0)
        width = max(theme.px(420), min(theme.px(620), int(widest) + theme.px(220)))
        self.setFixedSize(width, (count * theme.px(30) + 2 if count else theme.px(30)) + 12)
        below = self._field.mapTo(self._window, QPoint(self._field.width(), self._field.height() + 4))
        self.move(max(8, below.x() - width), below.y())
        self.show()
        self.raise_()

    def _take(self, index: QModelIndex) -> None:
        entry: Entry | None = index.data(_ENTRY)
        if entry is not None and entry.lack:
            return  # it says why beside its name
        self._leave()
        if entry is not None:
            known = (entry.kind, entry.words)
            self._recent = [known, *(each for each in self._recent if each != known)][:_MOST]
            entry.choose()

    def _leave(self) -> None:
        self.hide()
        self._known = []
        self._field.clear()
        self._field.clearFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is not self._field:
            return False
        if isinstance(event, QFocusEvent) and event.gotFocus() and not self.isVisible():
            if event.reason() == Qt.FocusReason.MouseFocusReason:
                self._begin()
        elif event.type() == QEvent.Type.FocusOut and self.isVisible():
            self.hide()
            self._known = []
        elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._key(Qt.Key(event.key()))
        return False

    def _key(self, key: Qt.Key) -> bool:
        row, count = self._view.currentIndex().row(), self._model.rowCount()
        match key:
            case Qt.Key.Key_Down | Qt.Key.Key_Up if count:
                step = 1 if key == Qt.Key.Key_Down else -1
                self._view.setCurrentIndex(self._model.index((row + step) % count, 0))
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if count:
                self._take(self._view.currentIndex())
            case Qt.Key.Key_Escape:
                self._leave()
            case _:
                return False
        return True
