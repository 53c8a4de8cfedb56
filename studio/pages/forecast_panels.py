"""The right side of the Forecast page below space: what is known and doubted of the chosen step."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout

from core.bodies.skeletons import UPPER_BODY_9
from core.forecasts import Forecast, ForecastStep, doubts_of
from studio.commands import tip
from studio.forecasters import Known
from studio.pages.accepting import Accepting
from studio.pages.forecast_bodies import NECK
from studio.pages.forecast_cells import Moment
from studio.pages.forecast_columns import joint_errors, name_of
from studio.widgets import parts
from studio.widgets.clip_time import say_time
from studio.widgets.joint_dumbbells import JointDumbbells
from studio.widgets.joint_words import joint_title
from studio.widgets.run_mark import RunKey
from studio.widgets.step_cards import Likely, LikelyBars
from studio.words import listed, say


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
        self._sure.setText(step.said)
        likely = [Likely(name, share, moment.colour_of(name)) for name, share in step.best]
        self._bars.show_likely(likely, step.truth_action or "")
        if step.truth_action is None:
            self._came.setText(self.tr("What came is not marked yet."))
            return
        verdict = "✓" if step.truth_action == step.action else "✗"
        words = say(
            "{verdict} {truth_action} came {time} later",
            verdict=verdict,
            truth_action=step.truth_action,
            time=moment.when(at),
        ).replace("+", "")
        off = [say("{error_px:.1f} px in the picture", error_px=step.error_px)] if step.error_px is not None else []
        off += [say("{error_mm:.0f} mm in space", error_mm=step.error_mm)] if step.error_mm is not None else []
        self._came.setText(
            say("{words}; neck on neck the pose is off by {off}.", words=words, off=listed(off)) if off else f"{words}."
        )


class JointsPanel(QFrame):
    """Error by joint of the chosen run in the chosen row, and of one to compare it with."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("Error by joint"))
        self._title = parts.text("", "title")
        self._key = RunKey()
        self._joints = JointDumbbells(
            [joint_title(joint) for at, joint in enumerate(UPPER_BODY_9.joints) if at != NECK]
        )
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 8, 12, 10)
        box.setSpacing(4)
        box.addWidget(parts.row(self._title, (self._key, 1), gap=10))
        box.addWidget(self._joints, 1)

    def set_low(self, *, low: bool) -> None:
        """In a low window lines stand closer."""
        self._joints.set_low(low=low)

    def show_row(self, moment: Moment | None, row: int, columns: Sequence[int]) -> None:
        """These columns' errors in a row."""
        errors, unit = joint_errors(moment, row, columns) if moment is not None else ([], "px")
        self._title.setText(self.tr("Error by joint, {unit}").format(unit=unit))
        self._key.show_runs([(each.name, each.colour, each.round) for each in errors])
        self._joints.show_runs(errors, unit)


class DraftPanel(QFrame):
    """The chosen step as a draft annotation: what it would make, and the button that makes it."""

    def __init__(self, accepting: Accepting) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("Use as draft annotation"))
        self._accepting = accepting
        self._chosen: tuple[Known, Forecast, int] | None = None
        self._is_low, self._is_titled = False, False
        self._title = parts.text("", "title")
        self._words = parts.text("", "caption", wrap=True)
        self.use = parts.button(self.tr("Use as draft annotation"), "check")
        self.use.setToolTip(tip("use-draft"))
        self.use.clicked.connect(self.accept)
        self.label = parts.button(self.tr("Add the label and use it"), "tag")
        self.label.clicked.connect(lambda: self.accept(with_labels=True))
        self.label.hide()
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 8, 12, 10)
        box.setSpacing(6)
        box.addWidget(self._title)
        box.addWidget(self._words)
        box.addWidget(parts.row(self.use, self.label, parts.key_of("use-draft"), None, gap=8))
        accepting.says.connect(self._say)

    def set_titled(self, *, on: bool) -> None:
        """Whether the step is named here, because no other panel does."""
        self._is_titled = on
        self._title.setVisible(on and not self._is_low)

    def set_low(self, *, low: bool) -> None:
        """In a low window the button says the rest in its tooltip."""
        self._is_low = low
        self._title.setVisible(self._is_titled and not low)
        self._words.setVisible(not low)

    def show_step(self, moment: Moment | None, row: int, column: int) -> None:
        """The step of a column in a row."""
        at = moment.step_in(column, row) if moment is not None and column < len(moment.forecasts) else None
        if moment is None or at is None:
            self._chosen = None
            self._title.setText(self.tr("No step here"))
            self._say(self.tr("This run has no step in this row."))
            self.use.setEnabled(False)
            self.label.hide()
            return
        known, forecast = moment.forecasts[column]
        self._chosen = known, forecast, at
        step = forecast.steps[at]
        self._title.setText(f"{step.said}, {name_of(known, forecast)}")
        why_not = self._accepting.why_not(forecast, at)
        lacks = bool(self._accepting.unknown(forecast, (at,)))
        self.use.setEnabled(not why_not)
        self.use.setVisible(not lacks)
        self.label.setVisible(lacks)
        self.label.setEnabled(not why_not)
        self._say(why_not or self._would_make(moment, step, lacks=lacks))

    def accept(self, *, with_labels: bool = False) -> None:
        """Make the draft, in one edit that can be undone; why not is said in the panel."""
        if self._chosen is None:
            self._say(self.tr("There is no step to use."))
            return
        known, forecast, at = self._chosen
        self._accepting.use(known, forecast, (at,), with_labels=with_labels)

    def _say(self, words: str) -> None:
        self._words.setText(words)
        for button in (self.use, self.label):
            button.setToolTip(f"{tip('use-draft')}\n{words}")

    def _would_make(self, moment: Moment, step: ForecastStep, *, lacks: bool) -> str:
        when = step.time
        if when is None:
            return ""
        begin = moment.time.seconds(moment.first.at_frame)
        start, pose, end = (say_time(begin + each, 1) for each in (when.start_s, when.pose_s, when.end_s))
        words = self.tr("Makes a draft of {action}, {start} to {end}, with its pose at {pose}.").format(
            action=step.action, start=start, end=end, pose=pose
        )
        return f"{words} {self.tr('This project has no such label yet.')}" if lacks else words


class DoubtsPanel(QFrame):
    """What makes the forecast less sure than usual, in plain words, and what to do about it."""

    asks = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("What may be doubted"))
        self._words = parts.text("", "caption", wrap=True)
        self._is_low, self._count = False, 0
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 8, 12, 10)
        box.setSpacing(4)
        self._line = parts.text("", "caption")
        self._line.setMinimumWidth(1)
        box.addWidget(
            parts.row(
                parts.glyph("info", 14, "text3"),
                parts.text(self.tr("What may be doubted"), "strong"),
                (self._line, 1),
                gap=6,
            )
        )
        box.addWidget(self._words)
        self.calibrate = parts.button(self.tr("Calibrate camera…"), "camera")
        self.calibrate.clicked.connect(lambda: self.asks.emit("calibrate-camera"))
        box.addWidget(self.calibrate)

    def show_moment(self, moment: Moment | None) -> None:
        """The doubts of every forecast shown, each said once."""
        shown = moment.forecasts if moment is not None else []
        forecasts: Sequence[Forecast] = [forecast for _, forecast in shown]
        doubts = doubts_of([(name_of(known, forecast), forecast) for known, forecast in shown])
        self._words.setText("\n".join(doubts))
        self._count = len(doubts)
        self._show_words()
        self.calibrate.setVisible(any(forecast.camera_estimated for forecast in forecasts))
        self.setVisible(bool(doubts))

    def set_low(self, *, low: bool) -> None:
        """In a low window the words are in the tooltip, and their number stands here."""
        self._is_low = low
        self._show_words()

    def _show_words(self) -> None:
        self._words.setVisible(not self._is_low)
        self._line.setText(self.tr("{count} in the tooltip").format(count=self._count) if self._is_low else "")
        self.setToolTip(self._words.text() if self._is_low else "")
