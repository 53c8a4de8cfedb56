"""What can be done with a label, as the menu on its row: its name, colour and key, or away with it."""

from collections.abc import Iterable, Mapping
from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QGridLayout, QMenu, QToolButton, QWidget, QWidgetAction

from studio import theme
from studio.widgets import parts

_ACROSS = 8
_SWATCH = 16


class LabelMenu(QMenu):
    """The menu of one label. It changes nothing itself."""

    rename_wanted = Signal()
    colour_wanted = Signal(str)
    key_wanted = Signal(str)
    """A key, or an empty word for none."""
    remove_wanted = Signal()
    find_wanted = Signal()
    window_wanted = Signal()

    def __init__(self, colour: str, key: str, colours: Iterable[str], keys: Mapping[str, str], parent: QWidget) -> None:
        """`keys` says of each key whose it is now; an empty word where it is free."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.addAction(self.tr("Rename") + "\tF2", self.rename_wanted.emit)
        self.colours = self.addMenu(self.tr("Colour"))
        grid = ColourGrid(colours, colour)
        grid.chosen.connect(self.colour_wanted)
        grid.chosen.connect(self.close)
        holder = QWidgetAction(self.colours)
        holder.setDefaultWidget(grid)
        self.colours.addAction(holder)
        self.keys = self.addMenu(self.tr("Key"))
        for each, whose in (("", ""), *keys.items()):
            words = each.replace("+", " ") or self.tr("None")
            held = f"{words}\t{parts.literal(whose)}" if whose else words
            action = self.keys.addAction(held, partial(self.key_wanted.emit, each))
            action.setCheckable(True)
            action.setChecked(each == key)
        self.addSeparator()
        self.addAction(self.tr("Find in all clips"), self.find_wanted.emit)
        self.addAction(self.tr("Merge or split…"), self.window_wanted.emit)
        self.addAction(self.tr("Remove label"), self.remove_wanted.emit)


class ColourGrid(QWidget):
    """The colours a label may have; the one it has is ringed."""

    chosen = Signal(str)

    def __init__(self, colours: Iterable[str], current: str) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Colours"))
        box = QGridLayout(self)
        box.setContentsMargins(8, 6, 8, 6)
        box.setSpacing(2)
        for place, colour in enumerate(colours):
            button = QToolButton()
            button.setAutoRaise(True)
            button.setIconSize(QSize(_SWATCH, _SWATCH))
            button.setIcon(_swatch(colour, is_on=colour == current))
            button.setFixedSize(_SWATCH + 10, _SWATCH + 10)
            button.setToolTip(colour)
            number = place + 1
            button.setAccessibleName(self.tr("Colour {number}, {colour}").format(number=number, colour=colour))
            button.clicked.connect(partial(self.chosen.emit, colour))
            box.addWidget(button, place // _ACROSS, place % _ACROSS)


def _swatch(colour: str, *, is_on: bool) -> QIcon:
    picture = QPixmap(_SWATCH * 2, _SWATCH * 2)
    picture.setDevicePixelRatio(2)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    area = QRectF(1, 1, _SWATCH - 2, _SWATCH - 2)
    painter.setPen(QPen(QColor(theme.now().text), 2) if is_on else Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawRoundedRect(area, 3, 3)
    painter.end()
    return QIcon(picture)
