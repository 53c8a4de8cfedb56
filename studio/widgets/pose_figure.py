"""One person's joints on their own, as large as the widget allows: what a characteristic pose looks like."""

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen

from core.motion import SEEN
from studio import theme
from studio.widgets.painting import Painted, draw_field
from studio.widgets.people_overlay import Person, draw_person
from studio.words import say


class PoseFigure(Painted):
    """Empty, or a person, fitted into a dark field."""

    def __init__(self, width: int = 0, height: int = 0) -> None:
        super().__init__(width, height)
        self._person: Person | None = None
        self.setAccessibleName(say("Pose"))

    def show_person(self, person: Person | None) -> None:
        self._person = person
        self.update()

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        path = draw_field(painter, area)
        painter.setPen(QPen(QColor(look.line), 1))
        painter.drawPath(path)
        person = self._person
        if person is None or person.box() is None:
            return
        seen = person.joints_px[person.confidence >= SEEN]
        low, high = seen.min(axis=0), seen.max(axis=0)
        room = area.adjusted(9, 9, -9, -9)
        spread = (high - low).clip(min=1.0)
        scale = min(room.width() / spread[0], room.height() / spread[1])
        middle = (low + high) / 2

        def to_view(x: float, y: float) -> QPointF:
            return QPointF(
                room.center().x() + (x - float(middle[0])) * scale, room.center().y() + (y - float(middle[1])) * scale
            )

        painter.setClipPath(path)
        draw_person(painter, person, to_view, width=2.2)
