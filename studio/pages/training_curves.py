"""The curves of the chosen run and of those compared with it: the charts that tell most of its kind, or those chosen.

All charts show the same stretch and read at the same place. What is drawn goes out as a picture or as a table.
"""

import csv
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QGridLayout, QMenu, QSlider, QVBoxLayout, QWidget

from core.errors import FileError
from core.runs import TrainForecaster, TrainPoseGpt
from core.whole_files import whole_file
from studio import theme
from studio.commands import tip
from studio.jobs import Job
from studio.pages.training_new_run import MODELS, Model
from studio.pages.training_points import Points
from studio.widgets import parts
from studio.widgets.chart_choice import ChartChoice
from studio.widgets.curve_numbers import Across
from studio.widgets.curves import Best, CurveChart, Series, View
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
_ACROSS: tuple[Across, ...] = ("steps", "time", "share")
_LOWER = ("loss", "error", "px", "mm", "bits", "mpjpe", "pve")
_HIGHER = ("top1", "top5", "accuracy", "score", "recall", "precision")


class Curves(QWidget):
    """Where there is little room, the two that tell most; those that somebody chose are all there, and scroll."""

    def __init__(self) -> None:
        super().__init__()
        self.charts_of: dict[Model, dict[str, CurveChart]] = {model: {} for model in _CHARTS}
        self._model: Model = "forecaster"
        self._wanted: dict[Model, tuple[str, ...]] = dict.fromkeys(_CHARTS, ())
        self._is_log = self._is_low = self._is_narrow = False
        self._across: Across = "steps"
        self._view: View = None
        self._shown: tuple[tuple[Job, ...], str, Mapping[str, str]] = ((), "", {})
        self.points = Points()
        self._smooth = QSlider()
        self._smooth.setOrientation(Qt.Orientation.Horizontal)
        self._smooth.setRange(0, 99)
        self._smooth.setFixedWidth(90)
        self._smooth.setAccessibleName(self.tr("Smooth"))
        self._smooth.setToolTip(self.tr("Smooth: the average over what came before"))
        self._smooth.valueChanged.connect(self._show_smooth)
        self._smooth_words = parts.text(self.tr("Smooth"), "label")
        self.over = parts.segmented(
            self.tr("Steps"), self.tr("Time"), self.tr("Share"), on_choice=lambda at: self.show_across(_ACROSS[at])
        )
        self.over.setToolTip(self.tr("Over steps, time at work without sleep and pauses, or the share of the run"))
        self._scale = parts.segmented(
            self.tr("Linear"), self.tr("Log"), on_choice=lambda at: self._show_log(is_log=at == 1)
        )
        self._scale.setToolTip(tip("log-scale"))
        self.whole = parts.tool("fit", self.tr("Show the whole again"))
        self.whole.clicked.connect(lambda: self.show_view(None))
        self.whole.hide()
        self._choose = parts.tool("grid", self.tr("Choose the curves"))
        self._choose.clicked.connect(self._open_choice)
        self._choice = ChartChoice(self, self.choose_charts)
        self._take = parts.tool("export", self.tr("Take the curves along"))
        self._take.clicked.connect(self._open_taking)
        self._place = QWidget()
        self._grid = QGridLayout(self._place)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(14)
        self._area = parts.scroll(self._place)
        self._area.setAccessibleName(self.tr("Curves"))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        tools = (self._smooth_words, self._smooth, 4, self.over, self._scale, self.whole, self._choose, self._take)
        box.addWidget(parts.panel(self.tr("Curves"), (self._area, 1), tools=tools, margins=(12, 8, 14, 10)))
        for model, charts in _CHARTS.items():
            for _, name in charts:
                self._chart(model, name)
        self._smooth.setValue(_FIRST_SMOOTH)
        self._show_charts()

    @property
    def charts(self) -> dict[str, CurveChart]:
        """Those of the kind of model that is looked at that are drawn, by the figure they draw."""
        charts = self.charts_of[self._model]
        wanted = self._wanted[self._model] or tuple(name for _, name in _CHARTS[self._model])
        return {name: charts[name] for name in wanted}

    # ---- what is shown ----

    def show_room(self, *, is_low: bool, is_narrow: bool = False) -> None:
        """Whether there is room for two charts only, and for the words at the tools."""
        self._is_low, self._is_narrow = is_low, is_narrow
        self._smooth_words.setVisible(not is_narrow)
        self._smooth.setFixedWidth(60 if is_narrow else 90)
        self._show_charts()

    def show_runs(self, model: Model, jobs: Sequence[Job], chosen: str, colours: Mapping[str, str]) -> None:
        """These runs, those of another kind of model left out; the chosen one is drawn in front."""
        if model != self._model:
            self._model = model
            self._show_charts()
        shown = sorted((job for job in jobs if model_of(job) == model), key=lambda job: job.name != chosen)
        self._shown = tuple(shown), chosen, dict(colours)
        most = 100.0 if self._across == "share" else 0.0
        if self._across == "steps":
            most = max((steps_of(job) for job in shown), default=0)
        for name, chart in self.charts.items():
            series = []
            for job in shown:
                places, values = self.points.places(job, name, self._across, steps_of(job))
                series.append(Series(_short(job.name), colours[job.name], places, values, is_live=job.name == chosen))
            chart.show_series(series, most, self._across)

    def forget(self) -> None:
        """Another project."""
        self.points.forget()
        self._shown = (), "", {}
        self.show_view(None)

    def toggle_log(self) -> None:
        """From linear to logarithmic and back."""
        self._show_log(is_log=not self._is_log)

    def show_across(self, across: Across) -> None:
        """Over steps, seconds at work, or percent of the run."""
        self._across = across
        self.over.choose(_ACROSS.index(across))
        self.show_view(None)
        self._again()

    def show_view(self, view: View) -> None:
        """All charts show this stretch; None the whole."""
        self._view = view
        self.whole.setVisible(view is not None)
        self._smooth.setVisible(view is None or not self._is_narrow)
        for chart in self._every():
            chart.show_view(view)

    def back_out(self) -> bool:
        """Esc: show the whole again; whether that was something to do."""
        was = self._view is not None
        self.show_view(None)
        return was

    def choose_charts(self, names: Sequence[str]) -> None:
        """Draw these figures; none: the usual ones of the model."""
        self._wanted[self._model] = tuple(names)
        for name in names:
            self._chart(self._model, name)
        self._show_charts()
        self._again()

    def figures(self) -> dict[str, str]:
        """Every figure that the shown runs measured, with its title; the usual ones first."""
        usual = {name: say(title) for title, name in _CHARTS[self._model]}
        measured = sorted({name for job in self._shown[0] for name in job.metrics} - set(usual))
        return usual | {name: name for name in measured}

    def _again(self) -> None:
        jobs, chosen, colours = self._shown
        self.show_runs(self._model, jobs, chosen, colours)

    def _chart(self, model: Model, name: str) -> CurveChart:
        charts = self.charts_of[model]
        if name not in charts:
            title = next((say(title) for title, usual in _CHARTS[model] if usual == name), name)
            chart = charts[name] = CurveChart(title, best_of(name))
            chart.set_smoothing(self._smooth.value() / 100)
            chart.set_log(is_log=self._is_log)
            chart.show_view(self._view)
            chart.pointed.connect(self._point)
            chart.view_wanted.connect(self.show_view)
            chart.hide()
        return charts[name]

    def _show_charts(self) -> None:
        """Two a row; four fit, more scroll."""
        chosen = self._wanted[self._model]
        shown = list(self.charts.values())
        shown = shown[:2] if self._is_low and not chosen else shown
        for chart in self._every():
            if chart not in shown:
                self._grid.removeWidget(chart)
                chart.hide()
        least = theme.px(150) if len(shown) > 4 or (self._is_low and len(shown) > 2) else 96
        across = 1 if len(shown) == 1 else 2
        for at, chart in enumerate(shown):
            chart.setMinimumHeight(least)
            self._grid.addWidget(chart, at // across, at % across)
            chart.show()

    def _point(self, at: float | None) -> None:
        for chart in self.charts.values():
            chart.show_cursor(at)

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

    # ---- what leaves the page ----

    def _open_choice(self) -> None:
        below = self._choose.mapToGlobal(self._choose.rect().bottomRight())
        self._choice.open_at(below, self.figures(), self.charts)

    def _open_taking(self) -> None:
        menu = QMenu(self)
        menu.addAction(say("Picture of the curves…"), lambda: self._ask("curves.png", say("Pictures (*.png)")))
        menu.addAction(say("Figures as CSV…"), lambda: self._ask("curves.csv", say("Table as CSV (*.csv)")))
        menu.addAction(say("Copy the figures as CSV"), lambda: QGuiApplication.clipboard().setText(self.csv()))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._take.mapToGlobal(self._take.rect().bottomLeft()))

    def _ask(self, name: str, form: str) -> None:
        file, _ = QFileDialog.getSaveFileName(self, say("Take the curves along"), str(Path.home() / name), form)
        if file:
            self.write(Path(file).with_suffix(Path(name).suffix))

    def write(self, path: Path) -> None:
        """What is drawn, as a picture or as a table by the ending; FileError where it cannot be written."""
        if path.suffix == ".png":
            if not self._place.grab().save(str(path)):
                raise FileError(path, say("the picture could not be written"), hint=say("Choose another place."))
            return
        try:
            with whole_file(path) as beside:
                beside.write_text(self.csv(), encoding="utf-8")
        except OSError as error:
            words = say("it cannot be written ({strerror})", strerror=error.strerror)
            raise FileError(path, words, hint=say("Choose another place.")) from None

    def csv(self) -> str:
        """A line a point: run, figure, step, seconds at work, value, and the value as it is smoothed."""
        text = StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["run", "figure", "step", "seconds", "value", "smoothed"])
        for name, chart in self.charts.items():
            lines = {each.name: line for each, line in zip(chart.series(), chart.lines(), strict=True)}
            for job in self._shown[0]:
                steps, values = self.points.of(job, name)
                seconds, _ = self.points.places(job, name, "time", steps_of(job))
                line = lines.get(_short(job.name), values)
                for at, (step, value) in enumerate(zip(steps.tolist(), values.tolist(), strict=True)):
                    worked = f"{seconds[at]:.3f}" if len(seconds) else ""
                    smooth = repr(float(line[at])) if at < len(line) else ""
                    writer.writerow([job.name, name, int(step), worked, repr(value), smooth])
        return text.getvalue()


def best_of(name: str) -> Best:
    """Which end of a figure is the good one, where its name tells."""
    last = name.rpartition("/")[2]
    if any(each in last for each in _HIGHER):
        return "high"
    return "low" if name.startswith("loss") or any(each in last for each in _LOWER) else ""


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
