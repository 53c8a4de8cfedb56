"""Bodies on the Forecast page: fitted to the poses of a moment, in space and cut out for laying over its frames.

Whoever draws asks for what they draw; between `begin` and `settle` these questions become the wishes, in their order,
so that what is drawn first is fitted and cut out first. What is not there yet is None, and `changed` says when it is.
Predictions live in the levelled frame of their forecast, where the `Lens` is the camera.
"""

from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QObject, QRectF, QTimer, Signal

from core.bodies.skeletons import UPPER_BODY_9
from core.fits import FittedPose, FitView, camera_of_view, view_of
from core.forecast_cameras import lens_camera, standing_where_seen
from core.forecasts import Forecast, ForecastStep, Lens
from core.geometry.cameras import Camera
from core.project.annotations import Clip, Project
from core.project.cameras import camera_of
from studio.display import Display
from studio.fitted_bodies import TOO_LITTLE_SEEN, FittedBodies, FitWish, pose_in_picture, pose_in_space
from studio.models_client import ModelsClient
from studio.settings import Shows
from studio.widgets.cut_outs import CutOuts, CutWish
from studio.widgets.pose_picture import Cell, DrawnBody, halves
from studio.widgets.posed import PosedBody
from studio.words import say

NECK = UPPER_BODY_9["neck"]
Room = tuple[float, float]
"""Width and height of a cell, device pixels."""


@dataclass(frozen=True)
class Found:
    """A body in the frame of its fit, and the camera of that frame."""

    posed: PosedBody
    view: FitView


class ForecastBodies(QObject):
    """The fits and cut-outs of the page."""

    changed = Signal()
    """Something that was asked for is there now, or is shown otherwise."""

    def __init__(self, models: ModelsClient, display: Display, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.display = display
        self.fits = FittedBodies(models, self)
        self.cuts = CutOuts(self)
        self._fit_wishes: list[FitWish] = []
        self._cut_wishes: list[CutWish] = []
        self._views: dict[tuple[str, Lens], FitView] = {}
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.changed)
        for told in (self.fits.changed, self.cuts.came, self.cuts.failed, display.changed):
            told.connect(lambda *_: self._soon.start())

    @property
    def shows(self) -> Shows:
        return self.display.shows("forecast")

    @property
    def is_settled(self) -> bool:
        """Whether everything that was asked for is there."""
        return self.fits.is_settled and self.cuts.is_settled and not self._soon.isActive()

    def begin(self) -> None:
        """From now on wishes are written down."""
        self._fit_wishes, self._cut_wishes = [], []

    def settle(self) -> None:
        """Ask for what was wished for since `begin`."""
        self.fits.want(self._fit_wishes)
        self.cuts.want(self._cut_wishes)

    def close(self) -> None:
        """End what works in the background."""
        self.fits.forget()
        self.cuts.close(wait=True)

    # ---- in space ----

    def foreseen(self, step: ForecastStep, colour: str, label: str = "") -> PosedBody | None:
        """A step's body in the levelled frame."""
        return self._posed(self._wish_in_space(step.joints_m, "foreseen"), colour, label)

    def came(self, step: ForecastStep, colour: str, label: str = "") -> PosedBody | None:
        """What came, where it is known in space."""
        return (
            self._posed(self._wish_in_space(step.truth_m, "came"), colour, label) if step.truth_m is not None else None
        )

    # ---- over the frame ----

    def over(self, cell: Cell, body: "Found | None", room: Room) -> Cell:
        """The cell with the body laid over it, or beside it in a large one; without joints where they are not shown."""
        if self.shows == "joints":
            return replace(cell, is_split=False)
        if body is None:
            return cell
        width, height = room
        crop = cell.crop_in(width / max(height, 1))
        if cell.is_split:
            left, _ = halves(QRectF(0, 0, width, height))
            width = left.width()
            crop = cell.crop_in(width / max(height, 1))
        wish = CutWish(body.posed, body.view).at_scale(width / max(crop.width(), 1))
        self._cut_wishes.append(wish)
        cut = self.cuts.of(wish)
        if cut is None:
            return cell
        drawn = DrawnBody(cut, self.display.opacity)
        return replace(cell, bodies=(drawn,), with_poses=self.shows == "both", note=_note(body.view))

    def foreseen_in_picture(
        self, project: Project, clip: Clip, forecast: Forecast, step: ForecastStep, colour: str
    ) -> Found | None:
        """A step's body where its forecast's camera sees it: at the neck that was seen last."""
        posed = self.foreseen(step, colour)
        if posed is None or forecast.lens is None:
            return None
        return Found(posed, self._view(project, clip, forecast.lens))

    def came_in_picture(
        self, project: Project, clip: Clip, lens: Lens | None, step: ForecastStep, colour: str
    ) -> Found | None:
        """What came, in its own frame of the clip: from space where that is known, else from the 2D tracks."""
        if step.truth_px is None:
            return None
        seen = step.truth_seen or (True,) * len(step.truth_px)
        if step.truth_m is not None and lens is not None and seen[NECK]:
            posed = self.came(step, colour)
            view = self._view(project, clip, lens)
            if posed is None:
                return None
            true_m, true_px = np.asarray(step.truth_m, float), np.asarray(step.truth_px, float)
            there = standing_where_seen(camera_of_view(view), true_m, true_px, np.array(seen))
            return Found(posed, view_of(there))
        view = view_of(camera_of(project, clip))
        posed = self._posed(self._wish_in_picture(step, view), colour, "")
        return None if posed is None else Found(posed, view)

    def why_not(self, project: Project, clip: Clip, step: ForecastStep) -> str:
        """Why what came has no body, in words; empty where it has one or it is on its way."""
        if self.shows == "joints" or step.truth_px is None or step.truth_m is not None:
            return ""
        wish = self._wish_in_picture(step, view_of(camera_of(project, clip)))
        return say(TOO_LITTLE_SEEN) if self.fits.is_impossible(wish) else ""

    def camera(self, project: Project, clip: Clip, lens: Lens) -> Camera:
        """The camera of a forecast's own frame, with the distortion of the clip's."""
        return camera_of_view(self._view(project, clip, lens))

    # ---- wishes ----

    def _posed(self, wish: FitWish, colour: str, label: str) -> PosedBody | None:
        if self.shows == "joints":
            return None
        self._fit_wishes.append(wish)
        found: FittedPose | None = self.fits.of(wish)
        return None if found is None else PosedBody(wish.body, found, colour, label)

    def _wish_in_space(self, joints_m, of: str) -> FitWish:  # noqa: ANN001 (a step's triples)
        return FitWish(self.display.body, UPPER_BODY_9.name, pose_in_space(joints_m), of=of)

    def _wish_in_picture(self, step: ForecastStep, view: FitView) -> FitWish:
        assert step.truth_px is not None
        seen = np.array(step.truth_seen or (True,) * len(step.truth_px))
        return FitWish(self.display.body, UPPER_BODY_9.name, pose_in_picture(np.asarray(step.truth_px), seen), view)

    def _view(self, project: Project, clip: Clip, lens: Lens) -> FitView:
        """The lens with the clip's distortion: its own picture is of undistorted pixels."""
        key = clip.camera, lens
        if key not in self._views:
            real = camera_of(project, clip)
            self._views = {} if len(self._views) > 64 else self._views
            self._views[key] = view_of(lens_camera(lens, real))
        return self._views[key]


def _note(view: FitView) -> str:
    return say("camera and size estimated") if view.estimated else say("size estimated")
