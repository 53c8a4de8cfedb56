"""How the cells of the table of runs are drawn, and the field in which a note or tags are written."""

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    Qt,
)
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView, QWidget

from studio import icons, theme
from studio.widgets.painting import put, words_width
from studio.widgets.run_columns import COLUMNS, KEYS, RunRow
from studio.words import said

Index = QModelIndex | QPersistentModelIndex
ROW = Qt.ItemDataRole.UserRole
EDITED = ("note", "tags")
_CHECK_PX = 15
_MOST_NOTE = 300
_MANY = 12


class RunPainter(QStyledItemDelegate):
    """One cell at a time; colours from the theme in use."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: RunRow = index.data(ROW)
        look, area = theme.now(), QRectF(option.rect)  # pyright: ignore[reportAttributeAccessIssue]
        state: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(look.wash))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(look.hover))
        painter.fillRect(QRectF(area.left(), area.bottom() - 1, area.width(), 1), QColor(look.line))
        table = self.parent()
        has_keys = isinstance(table, QTableView) and table.hasFocus() and index.row() == table.currentIndex().row()
        area = area.adjusted(6, 0, -8, -1)
        baseline = area.center().y() + theme.px(12) * 0.36
        column = COLUMNS[index.column()]
        match column.key:
            case "run":
                if has_keys:  # where the arrows go on from
                    painter.fillRect(QRectF(area.left() - 6, area.top(), 2, area.height()), QColor(look.accent))
                if row.kind != "baseline":
                    draw_check(painter, check_box(area), look, is_on=row.is_compared)
                dot(painter, area.left() + 31, area.center().y(), row.colour, 4.5)
                put(painter, area.left() + 44, baseline, row.id, look.text, 12, 600, width=area.width() - 44)
            case "state":
                dot(painter, area.left() + 4, area.center().y(), row.state_colour, 4)
                put(painter, area.left() + 15, baseline, row.state, look.text2, 12, width=area.width() - 15)
            case "loss":
                draw_spark(painter, area.adjusted(0, 5, 0, -5), row.loss, row.colour)
            case "tags":
                draw_chips(painter, area, row.tags, look)
            case "note" if row.tags and isinstance(table, QTableView) and table.isColumnHidden(KEYS.index("tags")):
                x = draw_chips(
                    painter, QRectF(area.left(), area.top(), area.width() / 2, area.height()), row.tags, look
                )
                put(painter, x, baseline, row.note or row.aside, look.text2, 12, width=area.right() - x)
            case _:
                words = column.words(row)
                is_aside = column.key == "note" and not row.note
                x = area.right() if column.is_number else area.left()
                align = "right" if column.is_number else "left"
                ink = look.text3 if is_aside else look.text2
                put(painter, x, baseline, words, ink, 12, align=align, width=area.width())
        painter.restore()

    def editorEvent(self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index) -> bool:
        """A click on the box; a click beside it only goes to the run."""
        if index.column() == 0 and event.type() == QEvent.Type.MouseButtonRelease and isinstance(event, QMouseEvent):
            area = QRectF(option.rect).adjusted(6, 0, -8, -1)  # pyright: ignore[reportAttributeAccessIssue]
            row: RunRow = index.data(ROW)
            on_box = check_box(area).adjusted(-5, -6, 5, 6).contains(event.position())
            if on_box and event.button() == Qt.MouseButton.LeftButton and row.kind != "baseline":
                return model.setData(index, None, Qt.ItemDataRole.CheckStateRole)
        return False

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        del option
        field = QLineEdit(parent)
        field.setFrame(False)
        field.setMaxLength(_MOST_NOTE)
        is_note = KEYS[index.column()] == "note"
        field.setPlaceholderText(said("Note") if is_note else said("Tags, apart by commas"))
        field.setAccessibleName(field.placeholderText())
        return field

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        assert isinstance(editor, QLineEdit)
        editor.setText(str(index.data(Qt.ItemDataRole.EditRole)))
        editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        assert isinstance(editor, QLineEdit)
        model.setData(index, editor.text(), Qt.ItemDataRole.EditRole)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        del index
        editor.setGeometry(option.rect.adjusted(0, 1, 0, -2))  # pyright: ignore[reportAttributeAccessIssue]


def check_box(area: QRectF) -> QRectF:
    """Where the box of a row lies."""
    return QRectF(area.left() + 1, area.center().y() - _CHECK_PX / 2, _CHECK_PX, _CHECK_PX)


def draw_check(painter: QPainter, area: QRectF, look: theme.Theme, *, is_on: bool) -> None:
    painter.setPen(QPen(QColor(look.fill if is_on else look.edge), 1))
    painter.setBrush(QColor(look.fill if is_on else look.field))
    painter.drawRoundedRect(area, 4, 4)
    if is_on:
        sign = icons.pixmap("check", "#FFFFFF", 12)
        painter.drawPixmap(area.topLeft() + QPointF(1.5, 1.5), sign)


def dot(painter: QPainter, x: float, y: float, colour: str, radius: float) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawEllipse(QPointF(x, y), radius, radius)


def draw_chips(painter: QPainter, area: QRectF, tags: tuple[str, ...], look: theme.Theme) -> float:
    """As many as there is room for, and how many more there are; where they end."""
    x, high = area.left(), theme.px(18)
    for at, tag in enumerate(tags):
        left = len(tags) - at - 1
        more = words_width(f"+{left}", 11) + 4 if left else 0.0
        room = area.right() - x - more
        wide = min(words_width(tag, 11) + 14, room if at == 0 else 1e9)
        if wide > room or wide < 20:
            return x + 4 + put(painter, x, area.center().y() + theme.px(11) * 0.36, f"+{left + 1}", look.text3, 11)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look.press))
        painter.drawRoundedRect(QRectF(x, area.center().y() - high / 2, wide, high), 5, 5)
        put(painter, x + 7, area.center().y() + theme.px(11) * 0.36, tag, look.text2, 11, width=wide - 12)
        x += wide + 4
    return x


def draw_spark(painter: QPainter, area: QRectF, values: tuple[float, ...], colour: str) -> None:
    if len(values) < 2:
        return
    inner = sorted(values)[1:-1] if len(values) > _MANY else values  # one spike must not flatten the rest
    low, high = min(inner), max(inner)
    path = QPainterPath()
    for at, value in enumerate(values):
        x = area.left() + area.width() * at / (len(values) - 1)
        share = (min(max(value, low), high) - low) / (high - low) if high > low else 0.5
        y = area.bottom() - area.height() * share
        if at:
            path.lineTo(x, y)
        else:
            path.moveTo(x, y)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(colour), 1.5))
    painter.drawPath(path)
