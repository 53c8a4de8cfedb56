"""The curves of the chosen run and of those compared with it: four charts, of the kind of model that is looked at."""

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QSlider, QVBoxLayout, QWidget

from core.runs import TrainForecaster, TrainPoseGpt
from studio.jobs import Job
from studio.pages.training_new_run import MODELS, Model
from studio.widgets import parts
from studio.widgets.curves import CurveChart, Series
from studio.words import say

_CHARTS: dict[Model, tuple[tuple[str, str], ...]] = {
    "forecaster": (
        ("Loss", "loss"),
        ("Top-1 on validation", "validation/top1"),
        ("2D error on validation, px", "validation/mpjpe_px"),
        ("Critic, predicted minus real", "critic"),
    ),
    "posegpt": (
        ("Surface error on validation, mm", "validation/pve_mm"),
        ("Bits a code on validation", "validation/bits"),
        ("Loss, each stage its own", "loss"),
        ("Right next codes on validation", "validation/accuracy"),
    ),
}
_FIRST_SMOOTH = 60


class Curves(QWidget):
    """Where there is little room, the two that tell most."""

    def __init__(self) -> None:
        super().__init__()
        self.charts_of = {
            model: {name: CurveChart(say(title)) for title, name in charts} for model, charts in _CHARTS.items()
        }
        self._model: Model = "forecaster"
        self._is_log = self._is_low = False
        self._smooth = QSlider()
        self._smooth.setOrientation(Qt.Orientation.Horizontal)
        self._smooth.setRange(0, 99)
        self._smooth.setFixedWidth(90)
        self._smooth.setAccessibleName(self.tr("Smooth"))
        self._smooth.valueChanged.connect(self._show_smooth)
        self._scale = parts.segmented(
            self.tr("Linear"), self.tr("Log"), on_choice=lambda at: self._show_log(is_log=at == 1)
        )
        self._scale.setToolTip(self.tr("Linear or log  G"))
        place = QWidget()
        grid = QGridLayout(place)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(14)
        for charts in self.charts_of.values():
            for at, chart in enumerate(charts.values()):
                grid.addWidget(chart, at // 2, at % 2)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(
            parts.panel(
                self.tr("Curves"),
                (place, 1),
                tools=(parts.text(self.tr("Smooth"), "label"), self._smooth, 6, self._scale),
                margins=(12, 8, 14, 10),
            )
        )
        self._smooth.setValue(_FIRST_SMOOTH)
        self._show_charts()

    @property
    def charts(self) -> dict[str, CurveChart]:
        """Those of the kind of model that is looked at, by the figure they draw."""
        return self.charts_of[self._model]

    def show_room(self, *, is_low: bool) -> None:
        """Whether there is room for two charts only."""
        self._is_low = is_low
        self._show_charts()

    def show_runs(self, model: Model, jobs: Sequence[Job], chosen: str, colours: Mapping[str, str]) -> None:
        """These runs, those of another kind of model left out; the chosen one is drawn in front."""
        if model != self._model:
            self._model = model
            self._show_charts()
        shown = sorted((job for job in jobs if model_of(job) == model), key=lambda job: job.name != chosen)
        most = max((steps_of(job) for job in shown), default=0)
        for name, chart in self.charts.items():
            series = []
            for job in shown:
                points = np.asarray(job.metrics.get(name, []), dtype=float).reshape(-1, 2)
                is_live = job.name == chosen
                series.append(Series(_short(job.name), colours[job.name], points[:, 0], points[:, 1], is_live=is_live))
            chart.show_series(series, most)

    def toggle_log(self) -> None:
        """From linear to logarithmic and back."""
        self._show_log(is_log=not self._is_log)

    def _show_charts(self) -> None:
        for model, charts in self.charts_of.items():
            for at, chart in enumerate(charts.values()):
                chart.setVisible(model == self._model and (at < 2 or not self._is_low))

    def _show_smooth(self, value: int) -> None:
        for chart in self._every():
            chart.set_smoothing(value / 100)

    def _show_log(self, *, is_log: bool) -> None:
        self._is_log = is_log
        self._scale.choose(int(is_log))
        for chart in self._every():
            chart.set_log(is_log=is_log)

    def _every(self) -> list[CurveChart]:
        return [chart for charts in self.charts_of.values() for chart in charts.values()]


def model_of(job: Job) -> Model:
    """Which kind of model a run trains."""
    return "posegpt" if isinstance(job.spec, TrainPoseGpt) else "forecaster"


def steps_of(job: Job) -> int:
    """Of all stages that the run takes."""
    match job.spec:
        case TrainForecaster(config=config):
            return config.steps
        case TrainPoseGpt(config=config):
            first = config.autoencoder_training.steps if config.stages != "gpt" else 0
            return first + (config.gpt_training.steps if config.stages != "autoencoder" else 0)
        case _:
            return 0


def _short(name: str) -> str:
    """What tells runs apart in a small legend."""
    head, dash, number = name.rpartition("-")
    return number if dash and number.isdigit() and head in MODELS else name
