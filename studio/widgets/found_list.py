"""A drawer at the right with the places in all clips that fit some words: by clip, in time, to walk through.

It looks for them in the document and follows every edit; where a place leads and what is done to those found is asked
for by signals. Rows are made when they are painted, so 18,000 places cost no more than the search for them.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QCompleter,
    QFrame,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from core.motion import Poses2d
from core.project.annotations import Clip, Label, Segment
from core.project.labelling import is_range
from studio import theme
from studio.clip_search import ClipIndex, Place, Query, nearest, words_for
from studio.commands import tip
from studio.document import Document
from studio.widgets import parts
from studio.widgets.clip_time import say_count, say_time
from studio.widgets.label_table import count_words
from studio.widgets.painting import diamond, hatched, put
from studio.words import say

WIDTH, LEAST = 340, 240
_LOW = 400
EXAMPLES = ("pose missing", "draft", "odd")
_SHOWN = int(Qt.ItemDataRole.UserRole)
_AnyIndex = QModelIndex | QPersistentModelIndex


class Shown(NamedTuple):
    """A row as it is painted: the heading of a clip (no segment), or a place in it."""

    clip: Clip
    segment: Segment | None
    label: Label | None
    number: int  # places of the clip, under its heading; else where the label stands among its kind
    time: str = ""
    has_pose: bool = False
    needs_pose: bool = True
    objects: str = ""

    @property
    def words(self) -> str:
        """For a screen reader."""
        if self.segment is None:
            places = count_words(self.number, "1 place", "{count} places")
            return say("{clip}, {places}", clip=self.clip.name, places=places)
        name = self.label.name if self.label is not None else say("no label")
        pose = say("has its pose") if self.has_pose else say("pose missing") if self.needs_pose else say("range")
        return say("{label} at {time}, {pose}", label=name, time=self.time, pose=pose)


class _Model(QAbstractListModel):
    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self.rows: list[Place] = []  # a heading is a place without a segment, its frame the number of places
        self.place_count = 0
        self.clip_count = 0
        self._segments: dict[str, tuple[Clip, dict[str, Segment], frozenset[str]]] = {}
        self._places_of_labels: dict[str, int] = {}

    def show(self, places: Sequence[Place]) -> None:
        rows: list[Place] = []
        heading = -1
        clips = 0
        for each in places:
            if heading < 0 or rows[heading].clip_id != each.clip_id:
                heading, clips = len(rows), clips + 1
                rows.append(Place(each.clip_id, "", 0))
            rows.append(each)
            rows[heading] = Place(each.clip_id, "", len(rows) - heading - 1)
        project = self._document.project
        kinds = (project.actions(), project.objects())
        self._places_of_labels = {each.id: at for kind in kinds for at, each in enumerate(kind)}
        if rows == self.rows and rows:
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self.rows, self.place_count, self.clip_count = rows, len(places), clips
        self.endResetModel()

    def rowCount(self, parent: _AnyIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: _AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, _SHOWN):
            return None
        shown = self._shown(self.rows[index.row()])
        return shown if role == _SHOWN or shown is None else shown.words

    def flags(self, index: _AnyIndex) -> Qt.ItemFlag:
        if not index.isValid() or not self.rows[index.row()].segment_id:
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def _shown(self, place: Place) -> Shown | None:
        project = self._document.project
        clip = project.clips.get(place.clip_id)
        if clip is None:
            return None  # it went a moment ago; the next look knows
        if not place.segment_id:
            return Shown(clip, None, None, place.frame)
        known = self._segments.get(clip.id)
        if known is None or known[0] is not clip:
            posed = frozenset(each.segment for each in clip.poses)
            known = self._segments[clip.id] = (clip, {each.id: each for each in clip.segments}, posed)
        segment = known[1].get(place.segment_id)
        if segment is None:
            return None
        label = project.labels.get(segment.action)
        return Shown(
            clip,
            segment,
            label,
            self._places_of_labels.get(segment.action, 0),
            say_time(segment.start_frame / max(clip.video.rate_hz, 1e-3)),
            segment.id in known[2],
            label is None or not is_range(label),
            ", ".join(project.labels[each].name for each in segment.objects if each in project.labels),
        )


class FoundList(QFrame):
    """Over the page, not modal. Esc closes it; Enter and F3 go to the next place, Shift+F3 to the one before."""

    place_wanted = Signal(object)
    """Go to this Place."""
    relabel_wanted = Signal(str)
    """Give all that was found this label."""
    choose_wanted = Signal()
    """Choose those of the clip that is shown."""
    closed_by_person = Signal()

    def __init__(self, document: Document, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("drawer")
        self.setAccessibleName(say("Found in all clips"))
        self._document = document
        self._index = ClipIndex(self._tracks)
        self.field = parts.search("wash, pose missing")
        self.field.setAccessibleName(say("Words to find segments by"))
        self._completer = QCompleter([], self)
        self._completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self._completer.setMaxVisibleItems(9)
        self.field.setCompleter(self._completer)
        self.says = parts.text("", "label", wrap=True)
        self.model = _Model(document)
        self.list = _List(self.model)
        self.list.setAccessibleName(say("Places"))
        close = parts.tool("close", "Close")
        close.clicked.connect(self.closed_by_person)
        self.previous = parts.button("Previous", "up")
        self.next = parts.button("Next", "down")
        self.previous.setToolTip(tip("previous-found"))
        self.next.setToolTip(tip("next-found"))
        self.more = parts.tool("more", "What to do with those found")
        examples = parts.row(gap=4)
        for words in EXAMPLES:
            button = parts.button(words, "", "quiet")
            button.clicked.connect(partial(self._add_words, words))
            layout = examples.layout()
            assert layout is not None
            layout.addWidget(button)
        parts.push_left(examples)
        self._help = parts.text(
            "A comma means and. Labels, people, clips, clusters and states: not cut · wash or rinse · by Ines · "
            "longer than 5 s · clip: kitchen",
            "caption",
            wrap=True,
        )
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 8, 10, 10)
        box.setSpacing(7)
        head = parts.row(parts.text("Find in all clips", "title"), None, close)
        foot = parts.row(self.previous, self.next, None, self.more, gap=6)
        parts.fill(box, (head, self.field, examples, self._help, self.says, (self.list, 1), foot))
        self._later = QTimer(self, singleShot=True, interval=30)
        self._later.timeout.connect(self.look)
        self._connect()
        self.setMinimumWidth(1)

    def _connect(self) -> None:
        document = self._document
        self.field.textChanged.connect(self.look)
        self.field.textEdited.connect(self._offer)
        self.field.returnPressed.connect(partial(self.step, 1))
        self.list.clicked.connect(lambda index: self._go(index.row()))
        self.list.activated.connect(lambda index: self._go(index.row()))
        self.previous.clicked.connect(partial(self.step, -1))
        self.next.clicked.connect(partial(self.step, 1))
        self.more.clicked.connect(self._open_menu)
        document.changed.connect(self._follow)
        document.opened.connect(self._forget)
        document.closed.connect(self.hide)

    # ---- what is asked and found ----

    def ask(self, words: str) -> None:
        """Look for these words."""
        self.field.setText(words)
        self.look()

    def look(self) -> None:
        """What fits now; the row that was gone to stays the current one where it still fits."""
        if not self._document.is_open:
            return
        project = self._document.project
        query = Query(project, self.field.text(), self._index)
        current, row = self._current(), self.list.currentIndex().row()
        self.model.show(list(query.places()))
        if current is not None and current in self.model.rows:
            self._show_row(self.model.rows.index(current))
        elif current is not None and self.model.rows:  # it fits no more: the next one is the one behind it
            self.list.setCurrentIndex(self.model.index(min(row, len(self.model.rows)) - 1))
        count, clips = self.model.place_count, self.model.clip_count
        if query.unknown:
            word = query.unknown[0]
            near = nearest(project, word)
            words = say('Nothing here is called "{word}".', word=word)
            self.says.setText(f"{words} {say('Nearest: {near}.', near=near)}" if near else words)
        elif query.is_empty:
            self.says.setText("")
        elif count:
            self.says.setText(
                say("{count} segments in {clips} clips", count=say_count(count), clips=say_count(clips))
                if clips > 1
                else count_words(count, "1 segment", "{count} segments")
            )
        else:
            self.says.setText(say("No segment fits."))
        for each in (self.previous, self.next, self.more):
            each.setEnabled(count > 0)

    def found(self) -> list[Place]:
        """The places, in their order."""
        return [each for each in self.model.rows if each.segment_id]

    def step(self, by: int) -> None:
        """To the next place or the one before, all round."""
        rows = self.model.rows
        if not self.model.place_count:
            return
        at = self.list.currentIndex().row()
        at = (len(rows) if by < 0 else -1) if at < 0 else at
        for _ in range(len(rows)):
            at = (at + by) % len(rows)
            if rows[at].segment_id:
                self._go(at)
                return

    def _go(self, row: int) -> None:
        place = self.model.rows[row]
        if not place.segment_id:  # a clip's heading: to its first
            row, place = row + 1, self.model.rows[row + 1]
        self._show_row(row)
        self.place_wanted.emit(place)

    def _current(self) -> Place | None:
        row = self.list.currentIndex().row()
        return self.model.rows[row] if 0 <= row < len(self.model.rows) else None

    def _show_row(self, row: int) -> None:
        index = self.model.index(row)
        self.list.setCurrentIndex(index)
        self.list.scrollTo(index)

    def _tracks(self, name: str) -> Poses2d:
        return self._document.store.tracks(name)

    def _follow(self, *_: object) -> None:
        if self.isVisible():
            self._later.start()

    def _forget(self) -> None:
        self._index = ClipIndex(self._tracks)
        self.model.show(())
        self._follow()

    def _add_words(self, words: str) -> None:
        asked = [each.strip() for each in self.field.text().split(",") if each.strip()]
        kept = [each for each in asked if each != words] if words in asked else [*asked, words]
        self.field.setText(", ".join(kept))
        self.field.setFocus()

    def _offer(self, text: str) -> None:
        """Complete the last word behind what is already there."""
        before, comma, last = text.rpartition(",")
        begun = last.strip()
        negated = begun.startswith("not ")
        lead = f"{before}{comma} " if comma else ""
        lead += "not " if negated else ""
        wanted = begun.removeprefix("not ").casefold()
        fits = [each for each in words_for(self._document.project) if wanted and wanted in each.casefold()]
        model = self._completer.model()
        assert hasattr(model, "setStringList")
        model.setStringList([lead + each for each in fits[:40] if each.casefold() != wanted])  # pyright: ignore[reportAttributeAccessIssue]

    # ---- what is done with them ----

    def _open_menu(self) -> None:
        self.menu().popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def menu(self) -> QMenu:
        """Relabel all that was found, or choose those of the clip that is shown."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        editing = self._document.read_only_reason is None
        relabel = menu.addMenu(say("Relabel all {count} as", count=say_count(self.model.place_count)))
        relabel.setEnabled(editing)
        for label in self._document.project.actions():
            relabel.addAction(parts.literal(label.name), partial(self.relabel_wanted.emit, label.id))
        menu.addAction(say("Choose those of this clip"), self.choose_wanted.emit)
        return menu

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._help.setVisible(self.height() > theme.px(_LOW))  # in a low window the places need the room

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed_by_person.emit()
        elif event.key() == Qt.Key.Key_Down and self.field.hasFocus() and self.model.place_count:
            self.list.setFocus()
            if not self.list.currentIndex().isValid():
                self._show_row(1)
        else:
            super().keyPressEvent(event)


class _List(QListView):
    """Places that paint themselves."""

    def __init__(self, model: _Model) -> None:
        super().__init__()
        self.setModel(model)
        self.setItemDelegate(_Painter(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)


class _Painter(QStyledItemDelegate):
    """A clip's heading, or a place: time, colour, label, objects, and whether it has its pose."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _AnyIndex) -> QSize:  # noqa: ARG002
        return QSize(60, theme.px(26))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _AnyIndex) -> None:
        shown: Shown | None = index.data(_SHOWN)
        if shown is None:
            return
        look = theme.now()
        area = QRectF(option.rect).adjusted(0, 0.5, -4, -0.5)  # pyright: ignore[reportAttributeAccessIssue]
        state = option.state  # pyright: ignore[reportAttributeAccessIssue]
        baseline = area.center().y() + theme.px(12) * 0.36
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        if shown.segment is None:
            put(painter, area.right() - 6, baseline, say_count(shown.number), look.text3, 11, align="right")
            put(painter, area.left() + 2, baseline, shown.clip.name, look.text2, 11, 600, width=area.width() - 60)
            painter.restore()
            return
        painter.setPen(Qt.PenStyle.NoPen)
        if state & QStyle.StateFlag.State_Selected:
            painter.setBrush(QColor(look.wash))
            painter.drawRoundedRect(area, 5, 5)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(QColor(look.hover))
            painter.drawRoundedRect(area, 5, 5)
        left = area.left() + 8
        put(painter, left, baseline, shown.time, look.text3, 11)
        left += theme.px(62)
        swatch = QRectF(left, area.center().y() - 5.5, 11, 11)
        colour = shown.label.colour if shown.label is not None else theme.BACKGROUND_LABEL
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        painter.drawRoundedRect(swatch, 3, 3)
        kind = theme.hatch(shown.number) if shown.needs_pose else 1
        hatched(painter, swatch, theme.mix(colour, "#000000", 0.35), kind)
        right = area.right() - 12
        if shown.needs_pose:
            colours = (colour, "") if shown.has_pose else ("#000000", look.warn)
            diamond(painter, right, area.center().y(), 4.5, *colours, filled=shown.has_pose)
        right -= 14
        name = shown.label.name if shown.label is not None else say("no label")
        wide = put(painter, swatch.right() + 8, baseline, name, look.text, 12, width=right - swatch.right() - 8)
        room = right - swatch.right() - 8 - wide - 10
        if shown.objects and room > 30:
            put(painter, swatch.right() + 8 + wide + 8, baseline, shown.objects, look.text3, 11, width=room)
        painter.restore()
