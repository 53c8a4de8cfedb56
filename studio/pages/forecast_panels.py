"""The right side of the Forecast page below space: what is known and doubted of the chosen step."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from core.forecasts import Forecast
from studio import theme
from studio.commands import tip
from studio.pages.forecast_bodies import NECK
from studio.pages.forecast_cells import JOINT_WORDS, Moment
from studio.widgets import parts
from studio.widgets.clip_strip import ClipStrip
from studio.widgets.compare_grid import JointDumbbells
from studio.widgets.step_cards import Likely, LikelyBars


class Clock(QWidget):
    """The row at the foot: play, one frame on and back, the time, what is done now, and the clip as a strip."""

    stepped = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        back, on = parts.tool("step_back", tip("step-back")), parts.tool("step", tip("step"))
        self.play = parts.tool("play", tip("play"), size=18)
        back.clicked.connect(lambda: self.stepped.emit(-1))
        on.clicked.connect(lambda: self.stepped.emit(1))
        self.time = parts.text("", "strong")
        self.time.setMinimumWidth(theme.px(64))
        self.now = parts.text("", "chip")
        self.strip = ClipStrip()
        box = QHBoxLayout(self)
        box.setContentsMargins(4, 0, 4, 2)
        box.setSpacing(6)
        parts.fill(box, (self.play, back, on, self.time, self.now, (self.strip, 1)))


class StepPanel(QFrame):
    """The chosen step of one run in words and bars."""

    move_wanted = Signal(object)
    """A body that moves through this `Forecast`."""
    says = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("The chosen step"))
        self._forecast: Forecast | None = None
        self._title = parts.text("", "title")
        self._sure = parts.text("", "label")
        self._bars = LikelyBars()
        self._came = parts.text("", "label", wrap=True)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 10, 12, 12)
        box.setSpacing(6)
        self.through = parts.tool("generate", tip("move-forecast"))
        self.through.clicked.connect(self.move_through)
        box.addWidget(parts.row(self._title, self._sure, None, self.through, gap=8))
        box.addWidget(self._bars)
        box.addWidget(self._came)

    def move_through(self) -> None:
        """Ask for a body that moves through all steps of the forecast."""
        if self._forecast is None:
            self.says.emit(self.tr("Nothing is forecast here that a body could move through."))
        else:
            self.move_wanted.emit(self._forecast)

    def set_low(self, *, low: bool) -> None:
        """In a low window the least likely make room."""
        self._bars.set_rows(3 if low else 5)

    def show_step(self, moment: Moment | None, at: int) -> None:
        """Step `at` of the moment's first forecast."""
        self._forecast = moment.first if moment is not None else None
        if moment is None or at >= len(moment.first.steps):
            self._title.setText("")
            self._sure.setText("")
            self._bars.show_likely((), "")
            self._came.setText("")
            return
        step = moment.first.steps[at]
        self._title.setText(self.tr("Step {number}").format(number=at + 1))
        self._sure.setText(f"{step.action}  {100 * step.confidence:.0f} %")
        likely = [Likely(name, share, moment.colour_of(name)) for name, share in step.best]
        self._bars.show_likely(likely, step.truth_action or "")
        if step.truth_action is None:
            self._came.setText(self.tr("What came is not marked yet."))
            return
        verdict = "✓" if step.truth_action == step.action else "✗"
        words = f"{verdict} {step.truth_action} came {moment.when(at)} later".replace("+", "")
        off = [f"{step.error_px:.1f} px in the picture"] if step.error_px is not None else []
        off += [f"{step.error_mm:.0f} mm in space"] if step.error_mm is not None else []
        self._came.setText(f"{words}; neck on neck the pose is off by {' and '.join(off)}." if off else f"{words}.")


class JointsPanel(QFrame):
    """Error by joint of the compared runs at the chosen step."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("Error by joint"))
        self._joints = JointDumbbells([word for at, word in enumerate(JOINT_WORDS) if at != NECK])
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 8, 12, 10)
        box.setSpacing(4)
        box.addWidget(parts.text(self.tr("Error by joint, px"), "title"))
        box.addWidget(self._joints, 1)

    def show_step(self, moment: Moment | None, at: int) -> None:
        """Step `at` of all forecasts."""
        errors = moment.joint_errors(at) if moment is not None else []
        self._joints.show_runs(errors)


class DoubtsPanel(QFrame):
    """What makes the forecast less sure than usual, in plain words, and what to do about it."""

    asks = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("What may be doubted"))
        self._words = parts.text("", "caption", wrap=True)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 10, 12, 12)
        box.setSpacing(4)
        box.addWidget(
            parts.row(
                parts.glyph("info", 14, "text3"), parts.text(self.tr("What may be doubted"), "strong"), None, gap=6
            )
        )
        box.addWidget(self._words)
        self.calibrate = parts.button(self.tr("Calibrate camera…"), "camera")
        self.calibrate.clicked.connect(lambda: self.asks.emit("calibrate-camera"))
        box.addWidget(self.calibrate)

    def show_moment(self, moment: Moment | None) -> None:
        """The doubts of every forecast shown, each said once."""
        forecasts: Sequence[Forecast] = [forecast for _, forecast in moment.forecasts] if moment is not None else []
        doubts = list(dict.fromkeys(doubt for forecast in forecasts for doubt in forecast.doubts))
        self._words.setText("\n".join(doubts))
        self.calibrate.setVisible(any(forecast.camera_estimated for forecast in forecasts))
        self.setVisible(bool(doubts))
