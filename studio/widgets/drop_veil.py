"""What the window shows while something is held over it: where it may be dropped, and what happens then."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from studio import icons, theme
from studio.widgets.painting import put


class DropVeil(QWidget):
    """Lies over the whole window and takes no clicks."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName(self.tr("Drop here"))
        self._words = ""
        self.hide()

    def lift(self, words: str) -> None:
        """Cover the window and say what a drop does."""
        self._words = words
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())
        self.show()
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        look = theme.now()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme.alpha(look.window, 0.82))
        frame = QRectF(self.rect()).adjusted(16, 16, -16, -16)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(look.accent), 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(frame, theme.RADIUS["dialog"], theme.RADIUS["dialog"])
        middle = frame.center()
        picture = icons.pixmap("import", look.accent, 32)
        painter.drawPixmap(round(middle.x() - 16), round(middle.y() - theme.px(52)), picture)
        put(painter, middle.x(), middle.y() + theme.px(6), self._words, look.text, 16, 600, align="centre")
        painter.end()
