"""How the Forecast page shows one run's moment, large at the playhead; `Spaces` are the space views of both tabs."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from studio.pages.forecast_cells import LARGE_MARGIN, Moment
from studio.pages.forecast_space import SpaceComparison, SpacePanel
from studio.widgets import parts
from studio.widgets.clip_time import say_time
from studio.widgets.futures_fan import FuturesFan
from studio.widgets.painting import Swatch
from studio.widgets.step_cards import CardStrip, CellView, PastStrip
from studio.widgets.viewport import Viewport
from studio.words import say


class PlayheadTab(QFrame):
    """What was seen on top, the chosen step large as foreseen and as it came, all steps as cards below."""

    sought = Signal(int)
    chosen = Signal(int)
    """A step."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.past = PastStrip()
        self.past.clicked.connect(self.sought)
        self.foreseen = CellView(self.tr("The chosen step as foreseen"))
        self.came = CellView(self.tr("The chosen step as it came"))
        self._foreseen_title, self._came_title = parts.text("", "strong"), parts.text("", "strong")
        self._foreseen_swatch = Swatch("text3", 9, 4)
        self._over = parts.text("", "caption")
        self._came_when = parts.text("", "caption")
        foreseen = parts.col(
            parts.row(self._foreseen_swatch, self._foreseen_title, None, self._over, gap=6), (self.foreseen, 1), gap=6
        )
        came = parts.col(
            parts.row(Swatch("truth", 9, 4), self._came_title, None, self._came_when, gap=6), (self.came, 1), gap=6
        )
        self.cards = CardStrip()
        self.cards.chosen.connect(self.chosen)
        self._scroll = QScrollArea()
        self._scroll.setWidget(self.cards)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.viewport().setAutoFillBackground(False)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.fan = FuturesFan()
        self.fan.chosen.connect(self.chosen)
        self.fan.hide()
        box = QVBoxLayout(self)
        box.setContentsMargins(10, 10, 10, 10)
        box.setSpacing(10)
        parts.fill(box, (self.past, (parts.row((foreseen, 1), (came, 1), gap=10), 10), (self._scroll, 7), self.fan))

    def clear(self) -> None:
        """No moment is shown."""
        self.past.show_steps((), "")
        self.cards.show_cards((), 0)
        self.fan.show_futures((), 0)

    def show_moment(self, moment: Moment, step: int, *, is_pale: bool) -> None:
        """Step `step` of the first run."""
        known, forecast = moment.forecasts[0]
        self.past.show_steps(moment.past(), seen_words(self, moment), is_pale=is_pale)
        self._foreseen_swatch.show_colour(known.colour)
        self._foreseen_title.setText(self.tr("{run} foresees").format(run=known.name))
        large = room_of(self, QRectF(self.foreseen.rect()))
        if step < len(forecast.steps):
            self.foreseen.show_cell(moment.predicted(0, step, LARGE_MARGIN, large), is_pale=is_pale)
        self.came.show_cell(moment.came(step, LARGE_MARGIN, large, 0), is_pale=is_pale)
        self.cards.show_cards(moment.cards(room_of(self, self.cards.picture_of(0))), step, is_pale=is_pale)
        self.fan.show_futures(moment.futures(), step, is_pale=is_pale)
        self.fan.setVisible(bool(forecast.futures))
        self._scroll.ensureVisible(round(self.cards.area_of(step).center().x()), 0)
        over = self.tr("over the last seen frame") if moment.has_video else self.tr("this clip has no video")
        self._over.setText(over)
        self._came_title.setText(self.tr("What came"))
        true_step = moment.true_step(step)
        frame = true_step.truth_frame if true_step is not None else None
        self._came_when.setText("" if frame is None else say("at {time}", time=say_time(moment.time.seconds(frame), 1)))


class Spaces:
    """The space view beside one run, and that of the runs compared in space: one of them is in front."""

    def __init__(self, panel: SpacePanel, comparison: SpaceComparison, compares: Callable[[], bool]) -> None:
        self._panel, self._comparison, self._compares = panel, comparison, compares
        self.views = (panel.viewport, comparison.viewport)

    def front(self) -> Viewport:
        """The one that keys are about."""
        return self.views[int(self._compares())]

    def show_step(self, moment: Moment | None, step: int, columns: Sequence[int]) -> None:
        """Row `step`, in the one in front; beside the pictures stand these columns alone."""
        if self._compares():
            self._comparison.show_step(moment, step)
        else:
            self._panel.show_step(moment, step, columns)

    def look(self, view: str) -> None:
        """`front`, `side`, `top` or, where one run is shown, `camera`."""
        if not self._compares():
            self._panel.look(view)
        elif view != "camera":
            self._comparison.viewport.look(view)

    def frame(self) -> None:
        """Everything in the picture."""
        if self._compares():
            self._comparison.viewport.frame_all()
        else:
            self._panel.frame_all()


def seen_words(widget: QWidget, moment: Moment) -> str:
    """`5 steps`: how much of the past was looked at."""
    count = len(moment.past())
    return widget.tr("{count} steps").format(count=count) if count != 1 else widget.tr("1 step")


def room_of(widget: QWidget, area: QRectF) -> tuple[float, float]:
    """How large an area of the widget is, device pixels."""
    ratio = widget.devicePixelRatioF()
    return max(1.0, area.width() * ratio), max(1.0, area.height() * ratio)
