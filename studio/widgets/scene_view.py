"""A 3D scene as a widget: bodies, skeletons, floor, axes, labels and captions, in one view or in columns side by side.

The picture is drawn on a thread of its own (`scene_thread`), so it looks the same on every platform and in tests
without a display, and the window never waits for it. VTK is loaded when it is first shown. World metres, y up.
`viewport` is the one that hands can turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from core.rendering.contents import Colours, Contents, SceneBody, SideColours, points_of
from core.rendering.labels import PlacedLabel, placed_labels
from core.rendering.views import Orbit, View
from studio import theme
from studio.widgets import gizmo
from studio.widgets.painting import put
from studio.widgets.posed import Standing, place_of
from studio.widgets.scene_thread import Column, Drawn, SceneThread, Wish
from studio.words import say

GAP_PX = 2
"""Between columns, device pixels; `core.rendering.panels` leaves as much."""


@dataclass(frozen=True)
class Looks:
    """What is drawn beside bodies and joints, and whether the view goes with somebody."""

    ghosts: bool = True
    trails: bool = False
    grid: bool = True
    follows: bool = False


class SceneView(QWidget):
    """Shows what it was given from where it was told. Whoever holds it calls `shut()` when it closes."""

    view_changed = Signal(object)
    """The new `Orbit` or `Camera` when it was moved here: linked views follow."""
    looks_changed = Signal()
    """Something was switched here."""
    resized = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(160, 120)
        self.setAccessibleName(self.tr("Space view"))
        self.looks = Looks()
        self.linked = True
        self.plates = False
        """Whether names stand on plates in the colours of whom they name, as numbers of samples do."""
        self._columns: tuple[Standing, ...] = (Standing(ground_m=0.0),)
        self._captions: tuple[str, ...] = ("",)
        self._views: list[View] = [Orbit()]
        self._problem = ""
        self._thread: SceneThread | None = None
        self._drawn: Drawn | None = None
        self._labels: list[list[PlacedLabel]] = []
        self._asked: Wish | None = None
        self._settled = False
        self._framed = False
        self.followed = ""
        """The name of whom the view goes with, where it goes with anybody; empty for the first one."""

    # ---- what is shown ----------------------------------------------------------------------------------------------

    def set_columns(self, columns: Sequence[Standing], captions: Sequence[str] = ()) -> None:
        """These views side by side, each with its words. The first things that come in are framed."""
        self._columns = tuple(columns) or (Standing(),)
        self._captions = (*captions, *("" for _ in self._columns[len(captions) :]))
        first = self._views[0]
        self._views = [*self._views, *(first for _ in self._columns)][: len(self._columns)]
        for at, (view, standing) in enumerate(zip(self._views, self._columns, strict=True)):
            if isinstance(view, Orbit):
                view = view.over(standing.ground_m)
                self._views[at] = _gone_along(view, standing, self.followed) if self.looks.follows else view
        self._filled()

    def set_standing(self, standing: Standing) -> None:
        """This alone."""
        self.set_columns((standing,), self._captions[:1])

    def caption(self) -> str:
        """Whose body and when, bottom left of the first view."""
        return self._captions[0]

    def set_looks(self, looks: Looks) -> None:
        """What is drawn beside bodies and joints."""
        if looks == self.looks:
            return
        self.looks = looks
        if not looks.follows:
            self.followed = ""
            self._views = [view.staying() if isinstance(view, Orbit) else view for view in self._views]
        self.set_columns(self._columns, self._captions)
        self.looks_changed.emit()

    def standing(self) -> tuple[Standing, ...]:
        """What stands in each view."""
        return self._columns

    def view(self) -> View:
        return self._views[0]

    def set_view(self, view: View) -> None:
        """A view from elsewhere, such as a linked viewport: nothing is announced."""
        self._views = [view] * len(self._columns)
        self._redraw()

    def is_settled(self) -> bool:
        """Whether the smooth picture of all that was set is on screen (or will never come)."""
        return self._settled or bool(self._problem)

    def rect_of(self, at: int) -> QRectF:
        """Where a column lies."""
        wide, _ = self._device_px()
        edges = np.round(np.linspace(0, wide + GAP_PX, len(self._columns) + 1)) / self.devicePixelRatioF()
        gap = GAP_PX / self.devicePixelRatioF()
        return QRectF(float(edges[at]), 0, max(1.0, float(edges[at + 1] - edges[at]) - gap), self.height())

    def _device_px(self) -> tuple[int, int]:
        ratio = self.devicePixelRatioF()
        return max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))

    def _orbit(self, at: int = 0) -> Orbit:
        view = self._views[at]
        return view if isinstance(view, Orbit) else Orbit().over(self._columns[at].ground_m)

    def _move(self, view: View, at: int = 0) -> None:
        """The view of one column, and of all that are linked to it."""
        self._views = [view] * len(self._views) if self.linked else [*self._views[:at], view, *self._views[at + 1 :]]
        self.view_changed.emit(view)
        self._redraw()

    def _filled(self) -> None:
        if (
            not self._framed
            and not all(each.is_empty() for each in self._columns)
            and isinstance(self._views[0], Orbit)
        ):
            self._framed = True
            room, points = self.rect_of(0), points_in(self._columns, self._drawn)
            self.set_view(self._orbit().framing(points, room.width() / max(room.height(), 1)))
        self._redraw()

    def frame_all(self) -> None:
        """Everything in the picture."""
        room = self.rect_of(0)
        self._move(self._orbit().framing(points_in(self._columns, self._drawn), room.width() / max(room.height(), 1)))

    # ---- drawing ----------------------------------------------------------------------------------------------------

    def _redraw(self) -> None:
        self._settled = False
        if self._thread is None or not self.isVisible():
            return
        wide, high = self._device_px()
        self._asked = Wish(
            width=wide,
            height=high,
            columns=tuple(Column(*each) for each in zip(self._columns, self._views, strict=True)),
            colours=colours(),
            ghosts=self.looks.ghosts,
            trails=self.looks.trails,
            grid=self.looks.grid,
        )
        self._thread.ask(self._asked)

    def _take(self, drawn: Drawn) -> None:
        ratio = self.devicePixelRatioF()
        drawn.image.setDevicePixelRatio(ratio)
        self._drawn = drawn
        self._settled = drawn.smooth and drawn.wish is self._asked
        metrics = QFontMetricsF(theme.font(11, 600))
        self._labels = [
            placed_labels(
                inside,
                column.view,
                round(self.rect_of(at).width() * ratio),
                drawn.wish.height,
                width_of=lambda words: (metrics.horizontalAdvance(words) + 26) * ratio,
                colour=theme.now().text2,
                scale=ratio * theme.scale(),
            )
            for at, (inside, column) in enumerate(zip(drawn.contents, drawn.wish.columns, strict=True))
            if at < len(self._columns)
        ]
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
        if self._drawn is not None:
            painter.drawImage(QRectF(self.rect()), self._drawn.image)
            self._paint_over(painter)
        elif self._problem:
            painter.setPen(QColor(now.text2))
            painter.setFont(theme.font("body"))
            words = self.tr("No 3D on this machine: {problem}").format(problem=self._problem)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(16, 16, -16, -16), flags, words)
        for at, words in enumerate(self._captions):
            _paint_caption(painter, self.rect_of(at), said(words, self._drawn))
        if self.hasFocus():
            painter.setPen(QPen(QColor(now.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def _paint_over(self, painter: QPainter) -> None:
        """The axes and the words above heads."""
        ratio = self.devicePixelRatioF()
        for at, labels in enumerate(self._labels[: len(self._columns)]):
            room = self.rect_of(at)
            painter.save()
            painter.setClipRect(room, Qt.ClipOperation.IntersectClip)
            for label in labels:
                paint = _paint_plate if self.plates else _paint_label
                paint(painter, label, room.topLeft() + QPointF(label.x, label.y) / ratio)
            painter.restore()
            if isinstance(self._views[at], Orbit) and room.width() > 150:
                gizmo.paint(painter, self._orbit(at), round(room.right()))

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
        self.resized.emit()
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


def points_in(columns: Sequence[Standing], drawn: Drawn | None) -> Float[ndarray, "points 3"]:
    """Everything that stands anywhere; posed bodies as they were drawn last, or about where they are."""
    clouds = []
    for at, standing in enumerate(columns):
        contents = drawn.contents[at] if drawn is not None and at < len(drawn.contents) else Contents()
        known = {each.label: each for each in contents.bodies}
        for body in standing.bodies:
            mesh = body if isinstance(body, SceneBody) else known.get(body.label)
            reach = np.array([[-0.45, -1.2, -0.3], [0.45, 0.7, 0.3]])
            clouds.append(mesh.vertices_m if mesh is not None else place_of(body) + reach)
        clouds += [each.joints_m[each.shown()] for each in standing.skeletons]
    clouds = [cloud for cloud in clouds if len(cloud)]
    return np.concatenate(clouds) if clouds else points_of((), ())


def _gone_along(view: Orbit, standing: Standing, followed: str) -> Orbit:
    """The view gone along with whom it follows; the first one where nobody has that name."""
    people = [*standing.bodies, *standing.skeletons]
    who = next((each for each in people if each.label == followed), people[0] if people else None)
    return view if who is None else view.following(place_of(who))


def said(words: str, drawn: Drawn | None) -> str:
    """A caption, and that something is left out for speed."""
    if drawn is None or not drawn.simplified:
        return words
    return say("{words}, simplified", words=words) if words else say("Simplified")


def _paint_caption(painter: QPainter, room: QRectF, words: str) -> None:
    if not words:
        return
    painter.setFont(theme.font("caption"))
    measure = painter.fontMetrics()
    text = measure.elidedText(words, Qt.TextElideMode.ElideRight, round(room.width()) - 36)
    box = QRectF(room.left() + 10, room.bottom() - theme.px(34), measure.horizontalAdvance(text) + 16, theme.px(24))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.alpha(theme.now().panel, 0.88))
    painter.drawRoundedRect(box, theme.RADIUS["control"], theme.RADIUS["control"])
    painter.setPen(QColor(theme.now().text))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def _paint_label(painter: QPainter, label: PlacedLabel, at: QPointF) -> None:
    """A dot in the colour of whom it names, and the words; never larger or smaller with the distance."""
    wide = QFontMetricsF(theme.font(11, 600)).horizontalAdvance(label.text)
    high = theme.px(18)
    box = QRectF(at.x() - wide / 2 - 13, at.y() - high / 2, wide + 26, high)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.alpha(theme.now().panel, 0.78))
    painter.drawRoundedRect(box, 4, 4)
    painter.setBrush(QColor(label.colour))
    painter.drawEllipse(QPointF(box.left() + 9, at.y()), 3.2, 3.2)
    put(painter, box.left() + 18, at.y() + theme.px(11) * 0.36, label.text, theme.now().text, 11, 600)


def _paint_plate(painter: QPainter, label: PlacedLabel, at: QPointF) -> None:
    """The words on the colour of whom they name."""
    wide, high = max(QFontMetricsF(theme.font(12, 700)).horizontalAdvance(label.text) + 14, theme.px(22)), theme.px(20)
    box = QRectF(at.x() - wide / 2, at.y() - high / 2, wide, high)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(label.colour))
    painter.drawRoundedRect(box, 4, 4)
    ink = readable_on(label.colour)
    put(painter, box.center().x(), at.y() + theme.px(12) * 0.36, label.text, ink, 12, 700, align="centre")


def readable_on(ground: str) -> str:
    """Ink for words on a colour: the dark or the light one, whichever stands out more."""
    dark, light = theme.DARK.seg_ink, "#FFFFFF"
    return max((dark, light), key=lambda ink: theme.contrast(ink, ground))


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
        words=now.text,
    )
