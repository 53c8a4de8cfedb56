"""A 3D scene as a widget: bodies, skeletons, floor, axes and a caption. `viewport` is the one that hands can turn.

The picture is drawn on a thread of its own (`scene_thread`), so it looks the same on every platform and in tests
without a display, and the window never waits for it. VTK is loaded when it is first shown. World metres, y up.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QColor, QImage, QPainter, QPaintEvent, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from core.rendering.contents import Colours, SceneBody, SceneSkeleton, SideColours, points_of
from core.rendering.views import Orbit, View
from studio import theme
from studio.widgets import gizmo
from studio.widgets.scene_thread import SceneThread, Wish


class SceneView(QWidget):
    """Shows what it was given from where it was told. Whoever holds it calls `shut()` when it closes."""

    view_changed = Signal(object)
    """The new `Orbit` or `Camera` when it was moved here: linked views follow."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(160, 120)
        self.setAccessibleName(self.tr("Space view"))
        self._view: View = Orbit()
        self._bodies: tuple[SceneBody, ...] = ()
        self._skeletons: tuple[SceneSkeleton, ...] = ()
        self._ground_m: float | None = 0.0
        self._caption = ""
        self._problem = ""
        self._thread: SceneThread | None = None
        self._image: QImage | None = None
        self._asked: Wish | None = None
        self._settled = False
        self._framed = False

    # ---- what is shown ----------------------------------------------------------------------------------------------

    def set_bodies(self, bodies: Sequence[SceneBody]) -> None:
        """These bodies instead of the former ones. The first things that come in are framed."""
        self._bodies = tuple(bodies)
        self._filled()

    def set_skeletons(self, skeletons: Sequence[SceneSkeleton]) -> None:
        """These skeletons instead of the former ones."""
        self._skeletons = tuple(skeletons)
        self._filled()

    def set_ground(self, height_m: float | None) -> None:
        """Where the floor is; None for no floor."""
        self._ground_m = height_m
        if isinstance(self._view, Orbit):
            self._view = self._view.over(height_m)
        self._redraw()

    def set_caption(self, text: str) -> None:
        """Whose body and when, bottom left."""
        self._caption = text
        self.update()

    def caption(self) -> str:
        return self._caption

    def view(self) -> View:
        return self._view

    def set_view(self, view: View) -> None:
        """A view from elsewhere, such as a linked viewport: nothing is announced."""
        self._view = view
        self._redraw()

    def frame_all(self) -> None:
        """Everything in the picture."""
        self._move(self._orbit().framing(points_of(self._bodies, self._skeletons), self.width() / self.height()))

    def is_settled(self) -> bool:
        """Whether the smooth picture of all that was set is on screen (or will never come)."""
        return self._settled or bool(self._problem)

    def _orbit(self) -> Orbit:
        return self._view if isinstance(self._view, Orbit) else Orbit().over(self._ground_m)

    def _move(self, view: View) -> None:
        self._view = view
        self.view_changed.emit(view)
        self._redraw()

    def _filled(self) -> None:
        if not self._framed and (self._bodies or self._skeletons) and isinstance(self._view, Orbit):
            self._framed = True
            self.frame_all()
        self._redraw()

    # ---- drawing ----------------------------------------------------------------------------------------------------

    def _redraw(self) -> None:
        self._settled = False
        if self._thread is None or not self.isVisible():
            return
        ratio = self.devicePixelRatioF()
        self._asked = Wish(
            width=round(self.width() * ratio),
            height=round(self.height() * ratio),
            view=self._view,
            bodies=self._bodies,
            skeletons=self._skeletons,
            ground_m=self._ground_m,
            colours=colours(),
        )
        self._thread.ask(self._asked)

    def _take(self, image: QImage, wish: Wish, smooth: bool) -> None:
        image.setDevicePixelRatio(self.devicePixelRatioF())
        self._image = image
        self._settled = smooth and wish is self._asked
        self.update()

    def _refuse(self, problem: str) -> None:
        self._problem = problem
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        now = theme.now()
        if self._asked is not None and self._asked.colours != colours():
            self._redraw()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), QColor(now.canvas))
        if self._image is not None:
            painter.drawImage(QRectF(self.rect()), self._image)
            if isinstance(self._view, Orbit):
                gizmo.paint(painter, self._view, self.width())
        elif self._problem:
            painter.setPen(QColor(now.text2))
            painter.setFont(theme.font("body"))
            words = self.tr("No 3D on this machine: {problem}").format(problem=self._problem)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(16, 16, -16, -16), flags, words)
        if self._caption:
            self._paint_caption(painter)
        if self.hasFocus():
            painter.setPen(QPen(QColor(now.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def _paint_caption(self, painter: QPainter) -> None:
        painter.setFont(theme.font("caption"))
        measure = painter.fontMetrics()
        text = measure.elidedText(self._caption, Qt.TextElideMode.ElideRight, self.width() - 36)
        box = QRectF(10, self.height() - 34, measure.horizontalAdvance(text) + 16, 24)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.alpha(theme.now().panel, 0.88))
        painter.drawRoundedRect(box, theme.RADIUS["control"], theme.RADIUS["control"])
        painter.setPen(QColor(theme.now().text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    # ---- Qt's own ---------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._thread is None:
            self._thread = thread = SceneThread()
            thread.drawn.connect(self._take)
            thread.failed.connect(self._refuse)
            self.destroyed.connect(thread.shut)
            thread.start()
        self._redraw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._redraw()

    def sizeHint(self) -> QSize:
        return QSize(420, 340)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.shut()
        super().closeEvent(event)

    def shut(self) -> None:
        """Ends the drawing thread; showing the viewport again starts another."""
        if self._thread is not None:
            self._thread.shut()
            self._thread = None


def colours() -> Colours:
    """A scene's colours in the studio's theme."""
    now = theme.now()
    dark = now.name == "dark"
    return Colours(
        background=now.canvas,
        ground=theme.mix(now.canvas, now.raised, 0.65),
        line=theme.mix(now.canvas, now.edge, 0.45 if dark else 0.30),
        sides=SideColours(now.left, now.right, now.centre),
        shadow=0.55 if dark else 0.32,
    )
