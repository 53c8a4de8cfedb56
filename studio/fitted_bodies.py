"""Bodies fitted to the poses a page shows: asked of the warm process, most wanted first, and kept. They are all of one
person: the poses of a lot share a shape.

A page says by `want` what it shows, as often as it likes; `of` tells what there is. Poses go in small lots, so that the
chosen one is there at once and a newer wish never waits for a long one. The same pose is never fitted twice.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from PySide6.QtCore import QObject, Signal

from core.fits import Fitted, FittedPose, FitView, PoseToFit
from core.forecasts import Refusal
from studio.models_client import ModelsClient

LOT = 6
"""So many poses are asked for at once."""
_KEPT = 3000
TOO_LITTLE_SEEN = "No body here: too few joints seen"


@dataclass(frozen=True)
class FitWish:
    """One pose and the body to fit to it; with a view the joints are pixels, else metres.

    Poses `of` one source share a shape and how sure their joints are: what was foreseen is not as sure as what came.
    """

    body: str
    skeleton: str
    pose: PoseToFit
    view: FitView | None = None
    of: str = ""


class FittedBodies(QObject):
    """The fits of one page."""

    changed = Signal()
    """A fit came, or will not come."""

    def __init__(self, models: ModelsClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._models = models
        self._known: OrderedDict[FitWish, FittedPose | None] = OrderedDict()
        self._wanted: list[FitWish] = []
        self._asked: tuple[FitWish, ...] = ()
        self._number = -1
        self._refused_for: tuple[FitWish, ...] = ()
        self.refusal: Refusal | None = None
        models.fitted.connect(self._take)

    def want(self, wishes: Sequence[FitWish]) -> None:
        """These are shown now, the most important first, instead of those wanted before."""
        self._wanted = [each for each in dict.fromkeys(wishes) if each not in self._known]
        if not any(each in self._wanted for each in self._asked):
            self._ask()

    def forget(self) -> None:
        """Nobody looks."""
        if self._asked:
            self._models.forget_fit()
        self._wanted, self._asked, self._number = [], (), -1

    def of(self, wish: FitWish) -> FittedPose | None:
        """The body fitted to it; None where it is on its way, or where there can be none (see `is_impossible`)."""
        found = self._known.get(wish)
        if found is not None:
            self._known.move_to_end(wish)
        return found

    def is_impossible(self, wish: FitWish) -> bool:
        """Whether too little of the pose was seen."""
        return wish in self._known and self._known[wish] is None

    def is_refused(self, wish: FitWish) -> bool:
        """Whether the last answer was that nothing of this lot can be fitted; `refusal` says why."""
        return wish in self._refused_for

    @property
    def is_settled(self) -> bool:
        """Whether everything that is wanted is there, or was refused."""
        return not self._asked and (not self._wanted or self._refused_for == tuple(self._wanted))

    def _ask(self) -> None:
        self._asked = ()
        if not self._wanted or self._refused_for == tuple(self._wanted):
            return
        first = self._wanted[0]
        # One question is about one body, one skeleton and one camera.
        alike = [each for each in self._wanted if _kind(each) == _kind(first)]
        self._asked = tuple(alike[:LOT])
        self._number = self._models.fit(
            first.body,
            first.skeleton,
            tuple(each.pose for each in self._asked),
            view=first.view,
            is_one_person=True,
        )

    def _take(self, number: int, answer: object) -> None:
        if number != self._number or not self._asked:
            return
        asked, self._asked = self._asked, ()
        if isinstance(answer, Refusal):
            self.refusal, self._refused_for = answer, tuple(self._wanted)
            self._wanted = []
        elif isinstance(answer, Fitted):
            self.refusal, self._refused_for = None, ()
            for wish, pose in zip(asked, answer.poses, strict=True):
                self._known[wish] = pose
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
            self._wanted = [each for each in self._wanted if each not in self._known]
            self._ask()
        self.changed.emit()


def _kind(wish: FitWish) -> tuple[str, str, FitView | None, str]:
    return wish.body, wish.skeleton, wish.view, wish.of


def pose_in_space(
    joints_m: Sequence[Sequence[float]] | Float[ndarray, "joints 3"], seen: Sequence[bool] | None = None
) -> PoseToFit:
    """Joints in metres as a pose to fit."""
    rows = tuple(tuple(float(part) for part in joint) for joint in joints_m)
    return PoseToFit(joints=rows, seen=tuple(bool(each) for each in seen) if seen is not None else (True,) * len(rows))


def pose_in_picture(joints_px: Float[ndarray, "joints 2"], seen: Bool[ndarray, " joints"]) -> PoseToFit:
    """Joints in pixels of the original; those not seen are put at 0."""
    places = np.where(np.asarray(seen)[:, None], joints_px, 0.0)
    return PoseToFit(joints=tuple((float(x), float(y)) for x, y in places), seen=tuple(bool(each) for each in seen))
