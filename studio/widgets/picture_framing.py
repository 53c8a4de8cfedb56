"""How a picture lies in its view: fitted, zoomed, panned. A value; changing it makes another one.

Places in the picture are pixels of the original video from the centre of its top left one, places in the view the
widget's own pixels.
"""

from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF

MOST_ZOOM = 16.0


@dataclass(frozen=True)
class Framing:
    """`zoom` 1 fits the whole picture; `x` and `y` say which part of it (0 to 1) lies in the middle of the view."""

    video_width: int = 16
    video_height: int = 9
    view_width: int = 1
    view_height: int = 1
    zoom: float = 1.0
    x: float = 0.5
    y: float = 0.5

    @property
    def scale(self) -> float:
        """Pixels of the view for one of the video."""
        return min(self.view_width / self.video_width, self.view_height / self.video_height) * self.zoom

    @property
    def picture(self) -> QRectF:
        """Where the whole picture lies, beyond the view when zoomed."""
        wide, high = self.video_width * self.scale, self.video_height * self.scale
        return QRectF(self.view_width / 2 - self.x * wide, self.view_height / 2 - self.y * high, wide, high)

    @property
    def seen(self) -> QRectF:
        """The part of the view that shows picture."""
        return self.picture.intersected(QRectF(0, 0, self.view_width, self.view_height))

    def to_view(self, x: float, y: float) -> QPointF:
        picture = self.picture
        return QPointF(picture.left() + (x + 0.5) * self.scale, picture.top() + (y + 0.5) * self.scale)

    def of_video(self, width: int, height: int) -> "Framing":
        """The same view on a video of this size: as close as it was where the size is the same, else the whole one."""
        if (width, height) == (self.video_width, self.video_height):
            return self
        return replace(self.whole(), video_width=max(width, 1), video_height=max(height, 1))

    def in_view(self, width: int, height: int) -> "Framing":
        """The same picture in a view of another size."""
        return replace(self, view_width=max(width, 1), view_height=max(height, 1)).kept_inside()

    def whole(self) -> "Framing":
        return replace(self, zoom=1.0, x=0.5, y=0.5)

    def zoomed(self, factor: float, at: QPointF) -> "Framing":
        """Closer by `factor`; what is under `at` stays there."""
        before = self.picture
        share_x, share_y = (at.x() - before.left()) / before.width(), (at.y() - before.top()) / before.height()
        closer = replace(self, zoom=min(max(self.zoom * factor, 1.0), MOST_ZOOM))
        after = closer.picture
        return replace(
            closer,
            x=closer.x + (after.left() + share_x * after.width() - at.x()) / after.width(),
            y=closer.y + (after.top() + share_y * after.height() - at.y()) / after.height(),
        ).kept_inside()

    def around(self, box: QRectF) -> "Framing":
        """A part of the picture, in pixels of the video, with some room round it."""
        room_x, room_y = self.view_width / max(box.width(), 1.0), self.view_height / max(box.height(), 1.0)
        whole = replace(self, zoom=1.0).scale
        zoom = min(max(min(room_x, room_y) * 0.75 / whole, 1.0), MOST_ZOOM)
        middle = box.center()
        return replace(
            self, zoom=zoom, x=(middle.x() + 0.5) / self.video_width, y=(middle.y() + 0.5) / self.video_height
        ).kept_inside()

    def panned(self, by: QPointF) -> "Framing":
        """The picture moved with the pointer."""
        picture = self.picture
        return replace(self, x=self.x - by.x() / picture.width(), y=self.y - by.y() / picture.height()).kept_inside()

    def kept_inside(self) -> "Framing":
        """No empty ground where there is picture to show."""
        picture = self.picture
        kept = []
        for share, wide, room in (
            (self.x, picture.width(), self.view_width),
            (self.y, picture.height(), self.view_height),
        ):
            half = room / 2 / wide
            kept.append(0.5 if half >= 0.5 else min(max(share, half), 1 - half))
        return replace(self, x=kept[0], y=kept[1])
