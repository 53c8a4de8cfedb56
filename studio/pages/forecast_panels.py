"""The right side of the Forecast page: the moment in space, and what is known and doubted of the chosen step."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtWidgets import QFrame, QVBoxLayout

from core.bodies.skeletons import UPPER_BODY_9
from core.forecasts import Forecast, Lens
from core.geometry.cameras import Camera
from core.rendering.contents import SceneSkeleton
from core.rendering.views import Orbit
from studio import theme
from studio.forecasters import Known
from studio.pages.forecast_cells import JOINT_WORDS, NECK, Moment
from studio.widgets import parts
from studio.widgets.compare_grid import JointDumbbells
from studio.widgets.step_cards import Likely, LikelyBars
from studio.widgets.viewport import Viewport

VIEWS = ("orbit", "camera", "front", "side", "top")


class SpacePanel(QFrame):
    """The poses of one step in 3D: predictions dashed in their colours, the truth where it is known in space."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("In space"))
        self.viewport = Viewport()
        self.viewport.set_ground(None)
        self.viewport.setMinimumHeight(110)
        self._lens: Lens | None = None
        self._moment: Moment | None = None
        self._framed: Forecast | None = None
        self._views = parts.segmented(
            self.tr("Orbit"), self.tr("Camera"), self.tr("Front"), self.tr("Side"), self.tr("Top"),
            on_choice=lambda at: self.look(VIEWS[at]),
        )  # fmt: skip
        self.viewport.view_changed.connect(self._turned)
        box = QVBoxLayout(self)
        box.setContentsMargins(10, 8, 10, 10)
        box.setSpacing(8)
        box.addWidget(parts.text(self.tr("In space"), "title"))
        box.addWidget(self.viewport, 1)
        box.addWidget(parts.row(self._views, None))

    def show_step(self, moment: Moment | None, at: int, only: Known | None = None) -> None:
        """The poses of step `at`, of one run or of all."""
        skeletons: list[SceneSkeleton] = []
        names: list[str] = []
        truth_known = False
        for known, forecast in moment.forecasts if moment is not None else ():
            if at >= len(forecast.steps) or (only is not None and known.key != only.key):
                continue
            step = forecast.steps[at]
            if step.truth_m is not None and not truth_known:
                truth_known = True
                skeletons.append(SceneSkeleton(np.asarray(step.truth_m), UPPER_BODY_9, theme.now().truth))
            skeletons.append(SceneSkeleton(np.asarray(step.joints_m), UPPER_BODY_9, known.colour, dashed=True))
            names.append(known.name)
        self.viewport.set_skeletons(skeletons)
        if moment is not None and self._framed is not moment.first:
            self._framed = moment.first
            self._moment = moment
            self._frame()
        if moment is not None and names:
            who = [self.tr("Truth"), *names] if truth_known else names
            when = moment.when(at)
            self.viewport.set_caption(f"{_listed(who)}, step {at + 1}{f' at {when}' if when else ''}")
            self._lens = moment.first.lens
            self.viewport.set_ground(_floor_m(self._lens))
        else:
            self.viewport.set_caption("")
            self._lens = None
        self._views.choices.button(1).setEnabled(self._lens is not None)
        if self._views.chosen == 1:
            self._look_through()

    def look(self, view: str) -> None:
        """`orbit`, `camera`, `front`, `side` or `top`."""
        if view == "camera" and self._lens is None:
            return
        if view == "orbit":
            self.viewport.orbit_freely()
        elif view == "camera":
            self._look_through()
        else:
            self.viewport.look(view)
        self._frame()
        self._views.choose(VIEWS.index(view))

    def _frame(self) -> None:
        """All poses of the moment in view, so that the view stands still from step to step."""
        view = self.viewport.view()
        if self._moment is not None and isinstance(view, Orbit) and self.viewport.height():
            shape = self.viewport.width() / self.viewport.height()
            self.viewport.set_view(view.framing(self._moment.all_joints_m(), shape))

    def _look_through(self) -> None:
        if self._lens is not None:
            self.viewport.look_through(camera_of(self._lens))

    def _turned(self, view: object) -> None:
        """Turned by hand: it is an orbit again."""
        if self._views.chosen == 1 and not isinstance(view, Camera):
            self._views.choose(0)


class StepPanel(QFrame):
    """The chosen step of one run in words and bars."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("The chosen step"))
        self._title = parts.text("", "title")
        self._sure = parts.text("", "label")
        self._bars = LikelyBars()
        self._came = parts.text("", "label", wrap=True)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 10, 12, 12)
        box.setSpacing(6)
        box.addWidget(parts.row(self._title, self._sure, None, gap=8))
        box.addWidget(self._bars)
        box.addWidget(self._came)

    def set_low(self, *, low: bool) -> None:
        """In a low window the least likely make room."""
        self._bars.set_rows(3 if low else 5)

    def show_step(self, moment: Moment | None, at: int) -> None:
        """Step `at` of the moment's first forecast."""
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
    """What makes the forecast less sure than usual, in plain words."""

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

    def show_moment(self, moment: Moment | None) -> None:
        """The doubts of every forecast shown, each said once."""
        forecasts: Sequence[Forecast] = [forecast for _, forecast in moment.forecasts] if moment is not None else []
        doubts = list(dict.fromkeys(doubt for forecast in forecasts for doubt in forecast.doubts))
        self._words.setText("\n".join(doubts))
        self.setVisible(bool(doubts))


def camera_of(lens: Lens) -> Camera:
    """The camera whose world is the forecast's own frame."""
    return Camera(
        rotation=np.asarray(lens.rotation),
        translation_m=np.asarray(lens.translation_m),
        focal_px=np.asarray(lens.focal_px),
        centre_px=np.asarray(lens.centre_px),
        width=lens.width,
        height=lens.height,
        distortion=np.zeros(5),
    )


def _floor_m(lens: Lens | None) -> float | None:
    """Where the floor is, below the neck at 0; None where nobody knows, or it cannot be a floor a person stands on."""
    floor_m = lens.floor_m if lens is not None else None
    return floor_m if floor_m is not None and -2.3 < floor_m < -0.5 else None


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
