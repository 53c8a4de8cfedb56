"""What was done to the project, newest first and by day, as a list to look through and to go back in.

One row an edit; what was taken back is pale, where one stands is marked. Rows are made as they come into view, so that
a hundred thousand of them scroll like ten. It shows what it is given and tells what a person asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QListView,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from core.project.history import State
from studio import theme
from studio.widgets import parts
from studio.widgets.painting import put, words_width
from studio.words import said, say

_PAGE = 400
_ROW = Qt.ItemDataRole.UserRole
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A step: what, by whom and when (UTC, ISO 8601), where it stands, and who undid or redid it since."""

    id: str
    what: str
    who: str
    at: str
    state: State
    since: str = ""
    since_who: str = ""

    @property
    def is_pale(self) -> bool:
        return self.state in ("next", "left")


def day_words(day: date, today: date) -> str:
    """`Today`, `Yesterday`, `Monday 2 March`, `2 March 2026`."""
    days = (today - day).days
    if days in (0, 1):
        return (say("Today"), say("Yesterday"))[days]
    return f"{day.day} {day:%B}" if day.year == today.year else f"{day.day} {day:%B %Y}"


def who_words(row: HistoryRow) -> str:
    """`Ines, 14:05`, and what became of it since."""
    made = f"{row.who}, {_local(row.at):%H:%M}"
    if row.since:
        again = _local(row.since)
        what = say("taken back") if row.is_pale else say("made again")
        by = "" if row.since_who == row.who else f" {row.since_who}"
        return f"{made} · {what}{by} {again:%H:%M}"
    return made


def _local(at: str) -> datetime:
    return datetime.fromisoformat(at).astimezone()


class _Model(QAbstractListModel):
    """A page of rows at a time; a row that begins a day says so above itself."""

    def __init__(self) -> None:
        super().__init__()
        self.all: Sequence[HistoryRow] = ()
        self.shown = 0

    def show(self, rows: Sequence[HistoryRow], least: int) -> None:
        """Take new rows, and show at least so many of them."""
        self.beginResetModel()
        self.all = rows
        self.shown = min(len(rows), max(_PAGE, least))
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self.shown

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and self.shown < len(self.all)

    def fetchMore(self, parent: Index) -> None:  # noqa: ARG002
        to = min(len(self.all), self.shown + _PAGE)
        self.beginInsertRows(QModelIndex(), self.shown, to - 1)
        self.shown = to
        self.endInsertRows()

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.all[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            now = say("you are here") if row.state == "now" else ""
            return ", ".join(filter(None, (row.what, who_words(row), now)))
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{row.what}\n{who_words(row)}"
        return row if role == _ROW else None

    def begins_day(self, at: int) -> bool:
        """Whether the row above it is of another day."""
        return at == 0 or _local(self.all[at - 1].at).date() != _local(self.all[at].at).date()


class _Painter(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002
        model = index.model()
        assert isinstance(model, _Model)
        return QSize(60, theme.px(62 if model.begins_day(index.row()) else 40))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look, model = theme.now(), index.model()
        assert isinstance(model, _Model)
        row: HistoryRow = index.data(_ROW)
        area = QRectF(option.rect)  # pyright: ignore[reportAttributeAccessIssue]
        state: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if model.begins_day(index.row()):
            words = day_words(_local(row.at).date(), datetime.now().astimezone().date())
            put(painter, area.left() + 8, area.top() + theme.px(15), words, look.text3, 11, 600)
            area.setTop(area.top() + theme.px(22))
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(look.wash))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(look.hover))
        if row.state == "now":
            painter.fillRect(QRectF(area.left(), area.top() + 3, 3, area.height() - 6), QColor(look.accent))
        ink = look.text3 if row.is_pale else look.text
        left, room = area.left() + 10, area.width() - 20
        weight = 600 if row.state == "now" else 400
        if row.state == "now":
            here = say("you are here")
            put(painter, area.right() - 8, area.top() + theme.px(17), here, look.accent, 11, align="right")
            room -= words_width(here, 11) + 8
        put(painter, left, area.top() + theme.px(17), row.what, ink, 12, weight, width=room)
        below = look.off if row.state == "left" else look.text3
        put(painter, left, area.top() + theme.px(32), who_words(row), below, 11, width=area.width() - 20)
        painter.restore()


class HistoryView(QListView):
    """The rows; Enter goes back or forward to the chosen one."""

    opened = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.opened.emit()
            return
        super().keyPressEvent(event)


class HistoryList(QWidget):
    """Steps to look through; says which one a person wants to go back to, or see the place of."""

    looked_for = Signal()
    """The words in the field or the switch for this clip alone have changed."""
    back_wanted = Signal(str)
    """Let this step be the last one that stands."""
    place_wanted = Signal(str)
    """Show where this step was made."""
    stop_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._editable = True
        self.field = parts.search("Find in history")
        self.only_clip = parts.tool("video", "Only steps of this clip", checkable=True)
        self._model = _Model()
        self.view = HistoryView()
        self.view.setModel(self._model)
        self.view.setItemDelegate(_Painter(self.view))
        self.view.setAccessibleName(said("History"))
        self.view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setMouseTracking(True)
        self.view.setFont(QFont(self.font()))
        self.back = parts.button("Back to here", "undo")
        self.go = parts.button("Show place", "right", "quiet")
        self.stop = parts.button("Stop", "", "quiet")
        self._told = parts.text("", "caption", wrap=True)
        self._told.setMinimumWidth(1)
        self._foot = QStackedWidget()
        self._foot.addWidget(parts.row(self.back, self.go, None, gap=6))
        self._progress = parts.text("", "caption")
        self._foot.addWidget(parts.row((self._progress, 1), self.stop, gap=6))
        self._foot.setFixedHeight(theme.px(30))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        parts.fill(box, (parts.row((self.field, 1), self.only_clip, gap=4), (self.view, 1), self._told, self._foot))
        self.field.textChanged.connect(self.looked_for)
        self.only_clip.toggled.connect(self.looked_for)
        self.view.selectionModel().currentChanged.connect(lambda *_: self._tell())
        self.view.opened.connect(self._ask_back)
        self.view.doubleClicked.connect(lambda _: self._ask_place())
        self.back.clicked.connect(self._ask_back)
        self.go.clicked.connect(self._ask_place)
        self.stop.clicked.connect(self.stop_wanted)
        self.setFocusProxy(self.view)
        self._tell()

    def show_rows(self, rows: Sequence[HistoryRow], *, editable: bool) -> None:
        """Newest first. What was chosen stays chosen where it still is there."""
        self._editable = editable
        chosen, top = self.chosen, self.view.verticalScrollBar().value()
        self._model.show(rows, self._model.shown)
        if chosen is not None:
            self.choose(chosen.id)
        self.view.verticalScrollBar().setValue(top)
        self._tell()

    @property
    def chosen(self) -> HistoryRow | None:
        at = self.view.currentIndex().row()
        return self._model.all[at] if 0 <= at < self._model.shown else None

    def rows(self) -> Sequence[HistoryRow]:
        """All there are, in view or not."""
        return self._model.all

    def choose(self, step: str) -> None:
        """Choose a step among those in the list so far."""
        at = next((at for at in range(self._model.shown) if self._model.all[at].id == step), -1)
        if at >= 0:
            self.view.setCurrentIndex(self._model.index(at))

    def show_stepping(self, done: int, count: int) -> None:
        """Several steps are being taken back or made again; nothing more once all are."""
        is_on = done < count
        self._progress.setText(say("Step {done} of {count}", done=done, count=count) if is_on else "")
        self._foot.setCurrentIndex(1 if is_on else 0)

    def _tell(self) -> None:
        row = self.chosen
        words = ""
        if not self._model.all:
            words = say("Nothing was done that fits.") if self.field.text() else say("Nothing was done yet.")
        elif row is not None and row.state == "left":
            words = say("Taken back, and something else was done since: it cannot be made again.")
        self._told.setText(words)
        self._told.setVisible(bool(words))
        self.back.setText(say("Forward to here") if row is not None and row.state == "next" else say("Back to here"))
        self.back.show_icon("redo" if row is not None and row.state == "next" else "undo")
        can = row is not None and row.state in ("start", "made", "next")
        self.back.setEnabled(self._editable and can)
        self.go.setEnabled(row is not None)

    def _ask_back(self) -> None:
        if self.chosen is not None and self.back.isEnabled():
            self.back_wanted.emit(self.chosen.id)

    def _ask_place(self) -> None:
        if self.chosen is not None:
            self.place_wanted.emit(self.chosen.id)
