"""A box that is drawn on the picture with one drag, or moved there by keys, while somebody asks for it.

Places are pixels of the original from the centre of its top left one, to fractions of a pixel, inside the picture:
whoever hears the mouse says where it is. A box of less than `LEAST_PX` is a slip of the hand and not told.
"""

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from studio.widgets.joint_paint import Box

LEAST_PX = 8.0


class Boxing(QObject):
    """The box over `view`, which shows it: that of the beginning, then the one that is drawn."""

    drawn = Signal(object)
    """A Box, while one is asked for."""

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self._view = view
        self.box: Box | None = None
        self.is_asked = False
        self._corner: tuple[float, float] | None = None

    @property
    def is_dragging(self) -> bool:
        """Whether a corner follows the pointer."""
        return self._corner is not None

    def ask(self, start: Box | None) -> None:
        """A box is drawn with the next drag; `start` is shown until then."""
        self.is_asked, self.box, self._corner = True, start, None
        self._view.setCursor(Qt.CursorShape.CrossCursor)
        self._view.setMouseTracking(True)
        self._view.update()

    def drop(self) -> None:
        """No box is asked for any more."""
        self.is_asked, self.box, self._corner = False, None, None
        self._view.unsetCursor()
        self._view.update()

    def begin(self, x: float, y: float) -> None:
        """The first corner."""
        self._corner, self.box = (x, y), None

    def reach(self, x: float, y: float) -> None:
        """The corner that follows the pointer is here."""
        if self._corner is not None:
            left, top = self._corner
            self.box = (min(left, x), min(top, y), max(left, x), max(top, y))
            self._view.update()

    def end(self) -> None:
        """The button is let go: the box is told."""
        self._corner, box = None, self.box
        if box is not None and min(box[2] - box[0], box[3] - box[1]) >= LEAST_PX:
            self.drawn.emit(box)

    def shift(self, by: tuple[float, float], size: tuple[float, float]) -> None:
        """The whole box that much right and down, inside a picture of `size`."""
        if self.box is None or self._corner is not None:
            return
        left, top, right, bottom = self.box
        x = min(max(by[0], -left), size[0] - 1 - right)
        y = min(max(by[1], -top), size[1] - 1 - bottom)
        self.box = (left + x, top + y, right + x, bottom + y)
        self._view.update()

    def stretch(self, by: tuple[float, float], size: tuple[float, float]) -> None:
        """Its right and lower side that much further out, or in, inside a picture of `size`."""
        if self.box is None or self._corner is not None:
            return
        left, top, right, bottom = self.box
        right = min(max(right + by[0], left + LEAST_PX), size[0] - 1)
        bottom = min(max(bottom + by[1], top + LEAST_PX), size[1] - 1)
        self.box = (left, top, right, bottom)
        self._view.update()

    def give_back(self) -> bool:
        """The drag counts for nothing; False where there was none."""
        if self._corner is None:
            return False
        self._corner, self.box = None, None
        return True
