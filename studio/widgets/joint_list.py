"""The nine joints of a pose as a list: a sign of the side and state, the name, and what is known of each.

A click or an arrow key chooses a joint, as a click on its handle in the picture does.
"""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import (
    QFrame,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from core.bodies.skeletons import UPPER_BODY_9
from core.project.joints import SeenJoint
from studio import theme
from studio.widgets.joint_paint import is_hollow, joint_words, state_words
from studio.widgets.painting import draw_ground, put, words_width
from studio.words import say

_JOINT = int(Qt.ItemDataRole.UserRole)
_AnyIndex = QModelIndex | QPersistentModelIndex
_SIDES = dict(zip(UPPER_BODY_9.joints, UPPER_BODY_9.sides, strict=True))
_ROW = 24


class JointList(QListWidget):
    """As high as its rows; it does not scroll by itself."""

    joint_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(say("Joints"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setItemDelegate(_Painter(self))
        self.setMouseTracking(True)
        for turn in (self.setHorizontalScrollBarPolicy, self.setVerticalScrollBarPolicy):
            turn(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._joints: tuple[SeenJoint, ...] = ()
        self.currentItemChanged.connect(self._went)

    def show_joints(self, joints: Sequence[SeenJoint]) -> None:
        """These rows. Nobody is told."""
        joints = tuple(joints)
        if joints == self._joints:
            return
        self._joints = joints
        self.blockSignals(True)
        while self.count() > len(joints):
            self.takeItem(self.count() - 1)
        while self.count() < len(joints):
            self.addItem(QListWidgetItem())
        for at, joint in enumerate(joints):
            item = self.item(at)
            item.setData(_JOINT, joint)
            item.setText(f"{joint_words(joint.name)}, {state_words(joint)}")  # what a screen reader says
        self.blockSignals(False)
        self.updateGeometry()
        self.viewport().update()

    def choose(self, name: str) -> None:
        """The joint that is chosen in the picture; none with an empty name."""
        self.blockSignals(True)
        at = next((at for at, each in enumerate(self._joints) if each.name == name), -1)
        self.setCurrentRow(at)
        self.blockSignals(False)
        self.viewport().update()
        area = self._scrolls()
        inside = area.widget() if area is not None else None
        if area is not None and inside is not None and at >= 0:
            middle = self.mapTo(inside, self.visualItemRect(self.item(at)).center())
            area.ensureVisible(middle.x(), middle.y(), 0, theme.px(_ROW))

    def _scrolls(self) -> QScrollArea | None:
        """What this list is scrolled in."""
        above = self.parentWidget()
        while above is not None and not isinstance(above, QScrollArea):
            above = above.parentWidget()
        return above

    def chosen(self) -> str:
        item = self.currentItem()
        return "" if item is None else item.data(_JOINT).name

    def sizeHint(self) -> QSize:
        return QSize(180, theme.px(_ROW) * max(self.count(), 1) + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def _went(self, now: QListWidgetItem | None) -> None:
        if now is not None:
            self.joint_chosen.emit(now.data(_JOINT).name)


class _Painter(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: _AnyIndex) -> QSize:
        del option, index
        return QSize(60, theme.px(_ROW))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _AnyIndex) -> None:
        joint: SeenJoint = index.data(_JOINT)
        look, area = theme.now(), QRectF(option.rect).adjusted(0, 1, -1, -1)  # pyright: ignore[reportAttributeAccessIssue]
        state: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _paint_row(painter, area, joint, look, state)
        painter.restore()


def _paint_row(painter: QPainter, box: QRectF, joint: SeenJoint, look: theme.Theme, state: QStyle.StateFlag) -> None:
    draw_ground(painter, box, state)
    _paint_sign(painter, box.left() + 13, box.center().y(), joint, look)
    foot = box.center().y() + theme.px(4)
    words = state_words(joint)
    wide = words_width(words, 11) + 2
    room = box.width() - 34
    left = min(words_width(joint_words(joint.name), 12), room * 0.6)
    put(painter, box.left() + 26, foot, joint_words(joint.name), look.text, 12, 600 if joint.is_edited else 400,
        width=max(left, room - wide - 8))  # fmt: skip
    pale = look.text2 if joint.is_edited else look.text3
    put(painter, box.right() - 8, foot, words, pale, 11, align="right", width=min(wide, room - left - 8))


def _paint_sign(painter: QPainter, x: float, y: float, joint: SeenJoint, look: theme.Theme) -> None:
    """The handle as it is in the picture: full, hollow, dashed or crossed."""
    colour = QColor({"left": look.left, "right": look.right}.get(_SIDES[joint.name], look.centre))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if joint.is_absent:
        painter.setPen(QPen(colour, 1.8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(QRectF(x - 3.5, y - 3.5, 7, 7).topLeft(), QRectF(x - 3.5, y - 3.5, 7, 7).bottomRight())
        painter.drawLine(QRectF(x - 3.5, y - 3.5, 7, 7).bottomLeft(), QRectF(x - 3.5, y - 3.5, 7, 7).topRight())
        return
    if joint.is_guess:
        pen = QPen(colour, 1.4)
        pen.setDashPattern([2.0, 1.6])
        painter.setPen(pen)
    else:
        painter.setPen(QPen(colour, 1.6))
        if not is_hollow(joint):
            painter.setBrush(colour)
    painter.drawEllipse(QRectF(x - 4, y - 4, 8, 8))
