"""The chosen moment of the third tab of Forecast: both runs' poses beside what came, step by step, and words for it.

Poses are asked of the warm process once the choice has stood still, and drawn neck on neck at one scale, without the
frame: what came solid, both runs dashed in their colours.
"""

from pathlib import Path

import numpy as np
from PySide6.QtCore import QRectF, QTimer, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QVBoxLayout, QWidget

from core.bodies.skeletons import UPPER_BODY_9
from core.forecasts import Difference, Forecast, ForecastAnswer, Forecaster, ForecastStep, Refusal
from core.wording import sentences
from studio import theme
from studio.forecasters import Known
from studio.models_client import ModelsClient
from studio.pages.forecast_differ_rows import key_of
from studio.widgets import parts
from studio.widgets.pose_picture import Cell, DrawnPose, Points
from studio.widgets.step_cards import CellView

NECK = UPPER_BODY_9["neck"]
_STOOD_STILL_MS = 120
_MOST, _COLUMNS = 6, 2
_ROOM = 0.12
_PLACE = 10_000.0
"""Poses stand in the middle of a picture without a frame, so large that its edges are never met."""


class ChosenMoment(QFrame):
    """The panel at the right of the list."""

    opened = Signal()

    def __init__(self, models: ModelsClient) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("The chosen moment"))
        self._models = models
        self._wanted: tuple[Path, Difference, tuple[Known, Known]] | None = None
        self._number, self._key = -1, None
        self.has_asked = False
        self._soon = QTimer(self, singleShot=True, interval=_STOOD_STILL_MS)
        self._soon.timeout.connect(self._ask)
        models.answered.connect(self._take)
        models.refused.connect(self._take_refusal)
        self._title = parts.text("", "title")
        self._said = parts.text("", "label", wrap=True)
        self._cells = [CellView("") for _ in range(_MOST)]
        self._words = [parts.text("", "caption") for _ in range(_MOST)]
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        for at, (cell, words) in enumerate(zip(self._cells, self._words, strict=True)):
            row, column = divmod(at, _COLUMNS)
            grid.addWidget(words, 2 * row, column)
            grid.addWidget(cell, 2 * row + 1, column)
            grid.setRowStretch(2 * row + 1, 1)
        self._pictures = QWidget()
        self._pictures.setLayout(grid)
        self.open = parts.button(self.tr("Show it in Compare"), "forecast")
        self.open.clicked.connect(self.opened)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 10, 12, 12)
        box.setSpacing(6)
        parts.fill(box, (self._title, self._said, (self._pictures, 1), parts.row(None, self.open)))
        self.clear()

    @property
    def is_settled(self) -> bool:
        """Whether the poses of what is chosen are there, or will not be."""
        return self._number < 0 and not self._soon.isActive()

    def clear(self) -> None:
        """Nothing is chosen."""
        self._wanted, self._number, self._key = None, -1, None
        self._soon.stop()
        self._title.setText(self.tr("No moment chosen"))
        self._said.setText("")
        self._pictures.hide()
        self.open.setEnabled(False)

    def show_moment(self, project: Path, moment: Difference, of: tuple[Known, Known], title: str, said: str) -> None:
        """This moment of two runs; its poses follow."""
        self._title.setText(title)
        self._said.setText(said)
        self.open.setEnabled(True)
        key = (key_of(moment), of[0].key, of[1].key)
        if key == self._key:
            return
        self._key, self._wanted = key, (project, moment, of)
        self._number = -1
        self._soon.start()

    def forget(self) -> None:
        """Nobody looks: what was asked is wanted no more."""
        self._soon.stop()
        if self._number >= 0:
            self._models.forget_forecast()
            self._key = None  # asked again when it is shown again
        self._number = -1

    def _ask(self) -> None:
        if self._wanted is None:
            return
        project, moment, of = self._wanted
        asked = tuple(Forecaster(run=each.run, plain=each.plain) for each in of)
        self._number = self._models.forecast(project, moment.clip_id, moment.at_frame, asked)
        self.has_asked = True

    def _take(self, number: int, answers: tuple[ForecastAnswer, ...]) -> None:
        if number != self._number or self._wanted is None:
            if self._number >= 0 and number > self._number:
                self._soon.start()  # somebody else's question pushed ours out
            return
        self._number = -1
        refusal = next((each.refusal for each in answers if each.refusal is not None), None)
        forecasts = [each.forecast for each in answers if each.forecast is not None]
        if refusal is not None or len(forecasts) != 2:
            self._take_words(refusal)
            return
        self._draw((forecasts[0], forecasts[1]), self._wanted[2])

    def _take_refusal(self, number: int, refusal: Refusal) -> None:
        if number == self._number:
            self._number = -1
            self._take_words(refusal)

    def _take_words(self, refusal: Refusal | None) -> None:
        self._pictures.hide()
        if refusal is not None:
            self._said.setText(sentences(refusal.message, refusal.hint))

    def _draw(self, forecasts: tuple[Forecast, Forecast], of: tuple[Known, Known]) -> None:
        rows = min(max(len(each.steps) for each in forecasts), _MOST)
        all_poses = [_poses_of(forecasts, of, at) for at in range(rows)]
        crop = _crop_of(all_poses)
        for at, (cell, words) in enumerate(zip(self._cells, self._words, strict=True)):
            cell.setVisible(at < rows)
            words.setVisible(at < rows)
            if at < rows:
                cell.show_cell(_cell(all_poses[at], crop))
                step = next((each.steps[at] for each in forecasts if at < len(each.steps)), None)
                came = step.truth_action if step is not None else None
                words.setText(self.tr("Step {number}").format(number=at + 1) + (f"   {came}" if came else ""))
                cell.setAccessibleName(words.text())
        self._pictures.show()


_Posed = tuple[Points, str, bool, tuple[bool, ...] | None]
"""Joints with the neck at 0, pixels; the colour; whether it is foreseen; which joints were seen."""


def _poses_of(forecasts: tuple[Forecast, Forecast], of: tuple[Known, Known], at: int) -> list[_Posed]:
    steps = [each.steps[at] if at < len(each.steps) else None for each in forecasts]
    found: list[_Posed] = []
    true = next((each for each in steps if each is not None and _is_seen(each)), None)
    if true is not None and true.truth_px is not None:
        seen = tuple(true.truth_seen or (True,) * len(true.truth_px))
        centred = _neck_at_0(true.truth_px)
        shown = [point if is_seen else (0.0, 0.0) for point, is_seen in zip(centred, seen, strict=True)]
        found.append((shown, "", False, seen))
    for step, known in zip(steps, of, strict=True):
        if step is not None:
            found.append((_neck_at_0(step.joints_px), known.colour, True, None))
    return found


def _is_seen(step: ForecastStep) -> bool:
    return step.truth_px is not None and (step.truth_seen is None or step.truth_seen[NECK])


def _neck_at_0(joints_px: Points) -> Points:
    places = np.asarray(joints_px, float)
    return [(float(x), float(y)) for x, y in places - places[NECK]]


def _crop_of(all_poses: list[list[_Posed]]) -> QRectF:
    """What holds every pose, neck on neck, with some room."""
    points = np.array([point for poses in all_poses for pose in poses for point in pose[0]] or [(0.0, 0.0)])
    low, high = points.min(0), points.max(0)
    room = _ROOM * float((high - low).max()) + 1.0
    low, high = low - room + _PLACE, high + room + _PLACE
    return QRectF(float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))


def _cell(posed: list[_Posed], crop: QRectF) -> Cell:
    """All of them neck on neck."""
    poses = tuple(
        DrawnPose(
            [(_PLACE + x, _PLACE + y) for x, y in points],
            colour or theme.now().truth,
            dashed=is_foreseen,
            seen=seen,
        )
        for points, colour, is_foreseen, seen in posed
    )
    return Cell(video=(2 * round(_PLACE), 2 * round(_PLACE)), crop=crop, poses=poses)
