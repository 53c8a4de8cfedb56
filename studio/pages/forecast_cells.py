"""What the Forecast page shows of a moment, as values its widgets draw: cells, cards, the seen past.

Predictions are drawn over the last frame their forecaster looked at, since their neck stands where it was seen there;
what came is drawn on its own frame. All cells of a moment are at one scale, the neck at one place. Rows are those of
`core.forecast_alignment`: a step that stands in a row is measured against what came in that row.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPixmap

from core.forecast_alignment import Lined, compared_with
from core.forecasts import Forecast, ForecastStep
from core.motion import Poses2d
from core.project.annotations import Clip, Project
from core.project.joints import nine_in
from studio import theme
from studio.forecasters import Known
from studio.pages.forecast_bodies import NECK, ForecastBodies, Room
from studio.widgets.clip_time import ClipTime, say_time
from studio.widgets.futures_fan import FanStep
from studio.widgets.pose_picture import Cell, DrawnPose, Points, moved_to
from studio.widgets.step_cards import Likely, SeenStep, StepCard
from studio.words import say

Still = Callable[[int, bool], QPixmap | None]
"""A frame's picture, grey or not, or None while there is none."""
SeenJoints = tuple[Points, tuple[bool, ...]]
SeenPose = Callable[[int], SeenJoints | None]
"""The nine joints a frame's 2D tracks have of the person, and which of them are seen."""

CARD_MARGIN, LARGE_MARGIN = 0.15, 0.6
"""How much more of the picture than the widest pose is shown, in shares of it."""


@dataclass(frozen=True)
class Moment:
    """One forecast (or several of the same moment), lined up, with all that is needed to draw it.

    `now` is the step that each forecast expects at the clock's time while that runs; empty while it stands.
    """

    project: Project
    clip: Clip
    forecasts: tuple[tuple[Known, Forecast], ...]
    still: Still
    seen_pose: SeenPose
    has_video: bool
    bodies: ForecastBodies
    lined: Lined
    now: tuple[int | None, ...] = ()

    @property
    def first(self) -> Forecast:
        return self.forecasts[0][1]

    @property
    def time(self) -> ClipTime:
        return ClipTime(self.clip.video.frame_count, self.clip.video.rate_hz)

    @property
    def video(self) -> tuple[int, int]:
        return self.clip.video.width, self.clip.video.height

    @property
    def last_seen_frame(self) -> int:
        """The frame that predictions are drawn over."""
        return self.first.seen_frames[-1] if self.first.seen_frames else self.first.at_frame

    def rows(self) -> int:
        """How many there are, in the way they are lined up."""
        return len(self.lined.rows)

    def true_step(self, row: int) -> ForecastStep | None:
        """A forecast's step that knows what came in this row, if any does."""
        return self.lined.rows[row].truth if 0 <= row < self.rows() else None

    def step_in(self, column: int, row: int) -> int | None:
        """Which step of a forecast stands in a row."""
        return self.lined.cells[column][row] if 0 <= row < self.rows() else None

    def said(self, column: int, row: int) -> ForecastStep | None:
        """The step of a forecast in a row, measured against what came in it."""
        at = self.step_in(column, row)
        if at is None:
            return None
        return compared_with(self.forecasts[column][1].steps[at], self.lined.rows[row].truth)

    def frames(self) -> list[int]:
        """Every frame that is shown, the most wanted first."""
        truths = [row.truth for row in self.lined.rows if row.truth is not None]
        came = [step.truth_frame for step in truths if step.truth_frame is not None]
        return [self.last_seen_frame, *came, *reversed(self.first.seen_frames)]

    @cached_property
    def reach_px(self) -> float:
        """How far from the neck the widest pose of the moment reaches, so that all are drawn at one scale."""
        poses = [np.asarray(step.joints_px) for _, forecast in self.forecasts for step in forecast.steps]
        reaches = [float(np.abs(pose - pose[NECK]).max()) for pose in poses]
        for row in self.lined.rows:
            step = row.truth
            if step is not None and step.truth_px and step.truth_seen is not None and step.truth_seen[NECK]:
                true = np.asarray(step.truth_px)[np.asarray(step.truth_seen)]
                reaches.append(float(np.abs(true - np.asarray(step.truth_px)[NECK]).max()))
        return max(reaches, default=48.0)

    def crop(self, pose: Points, margin: float) -> QRectF:
        """The part of the picture round a pose's neck that would hold any pose of the moment."""
        x, y = pose[NECK]
        reach = self.reach_px * (1 + margin)
        # A neck-centred pose hangs more than it rises.
        return QRectF(x - reach, y - 0.7 * reach, 2 * reach, 1.7 * reach)

    def colour_of(self, action: str) -> str:
        """A label's colour; grey for an action that this project does not have."""
        label = self.project.label_learned_as(action)
        return label.colour if label is not None else theme.BACKGROUND_LABEL

    def all_joints_m(self) -> Float[ndarray, "points 3"]:
        """Every pose of the moment in space, for a view that holds them all."""
        clouds = []
        for _, forecast in self.forecasts:
            for step in forecast.steps:
                clouds.append(step.joints_m)
                if step.truth_m is not None:
                    clouds.append(step.truth_m)
        return np.concatenate([np.asarray(each) for each in clouds])

    # ---- cells ----

    def predicted(self, column: int, row: int, margin: float, room: Room) -> Cell:
        """What a forecast has in a row, in a cell of this size."""
        step = self.said(column, row)
        if step is None:
            return Cell(video=self.video, empty=say("Not foreseen") if self.lined.by == "action" else "–")
        known, forecast = self.forecasts[column]
        cell = Cell(
            still=self.still(self.last_seen_frame, False),
            video=self.video,
            crop=self.crop(step.joints_px, margin),
            poses=(DrawnPose(step.joints_px, _over(self, known), dashed=True),),
            action=step.action,
            action_colour=self.colour_of(step.action),
            is_right=None if step.truth_action is None else step.truth_action == step.action,
            beside=step.sure,
            corner=error_words(step),
            foot=expected_words(step) if self.lined.by == "time" and margin == CARD_MARGIN else "",
            veil=0.42,
            is_split=self._splits(margin),
        )
        colour = _over(self, known)
        body = self.bodies.foreseen_in_picture(self.project, self.clip, forecast, step, colour)
        return _said_once(self.bodies.over(cell, body, room), margin)

    def came(self, row: int, margin: float, room: Room, beside: int | None = None) -> Cell:
        """What came in a row; `beside` puts a forecast's pose at the true neck, so that only the pose differs."""
        step = self.true_step(row)
        if step is None or step.truth_action is None:
            return Cell(video=self.video, empty=say("Not marked yet"))
        poses = []
        if step.truth_px is not None:
            seen = step.truth_seen or (True,) * len(step.truth_px)
            foreseen = self.said(beside, row) if beside is not None else None
            if beside is not None and foreseen is not None and seen[NECK]:
                moved = moved_to(foreseen.joints_px, NECK, step.truth_px[NECK])
                colour = _over(self, self.forecasts[beside][0])
                poses.append(DrawnPose(moved, colour, dashed=True, opacity=0.75))
            poses.append(DrawnPose(step.truth_px, _truth_colour(self), seen=seen))
        frame = step.truth_frame
        why_not = self.bodies.why_not(self.project, self.clip, step)
        cell = Cell(
            still=None if frame is None else self.still(frame, False),
            video=self.video,
            crop=None if step.truth_px is None else self.crop(step.truth_px, margin),
            poses=tuple(poses),
            action=step.truth_action,
            action_colour=self.colour_of(step.truth_action),
            foot=why_not if step.truth_px is not None else say("nobody found in this frame"),
            veil=0.2,
            is_split=self._splits(margin) and step.truth_px is not None,
        )
        lens, colour = self.first.lens, _truth_colour(self)
        body = self.bodies.came_in_picture(self.project, self.clip, lens, step, colour)
        return _said_once(self.bodies.over(cell, body, room), margin)

    def _splits(self, margin: float) -> bool:
        """Whether bodies stand beside the picture: there is room for that in the large ones."""
        return margin == LARGE_MARGIN and self.bodies.display.is_beside and self.bodies.shows != "joints"

    # ---- rows of them ----

    def past(self) -> list[SeenStep]:
        """What was looked at, grey."""
        return [
            SeenStep(self._seen(frame), f"{action}  {say_time(self.time.seconds(frame), 1)}", frame)
            for frame, action in zip(self.first.seen_frames, self.first.seen_actions, strict=True)
        ]

    def _seen(self, frame: int) -> Cell:
        found = self.seen_pose(frame)
        poses = ()
        crop = self.crop(self.first.steps[0].joints_px, 0.15) if self.first.steps else None
        if found is not None:
            joints_px, seen = found
            poses = (DrawnPose(joints_px, _truth_colour(self), seen=seen, opacity=0.75),)
            crop = self.crop(joints_px, 0.15) if seen[NECK] else crop
        return Cell(still=self.still(frame, True), video=self.video, crop=crop, poses=poses, veil=0.4, fills=True)

    def cards(self, room: Room) -> list[StepCard]:
        """The steps of the first forecast, lined up by step."""
        cards = []
        for at, step in enumerate(self.first.steps):
            is_right = None if step.truth_action is None else step.truth_action == step.action
            came = (
                ""
                if step.truth_action is None
                else say("✓ it came")
                if is_right
                else say("✗ {truth_action} came", truth_action=step.truth_action)
            )
            also = tuple(Likely(name, share, self.colour_of(name)) for name, share in step.best[1:3])
            said = say("Step {at}: ", at=at + 1) + ", ".join(filter(None, (step.action, step.sure)))
            cards.append(
                StepCard(
                    self.when(at),
                    self.predicted(0, at, CARD_MARGIN, room),
                    also,
                    came,
                    is_right,
                    f"{said}, {came}" if came else said,
                )
            )
        return cards

    def futures(self) -> list[list[FanStep]]:
        """The first forecast's futures: of each, its actions one after the other."""
        return [
            [FanStep(step.action, self.colour_of(step.action)) for step in future.steps]
            for future in self.first.futures
        ]

    def when(self, row: int) -> str:
        """How long after the moment a row's step came, or is expected; nothing where neither is known."""
        seconds = self.lined.rows[row].seconds if 0 <= row < self.rows() else None
        return "" if seconds is None else f"{seconds:+.1f} s"


class Sights:
    """`seen_in` of one person of a clip's tracks, remembered: a moment's frames are looked at whenever it is drawn."""

    def __init__(self) -> None:
        self._of: tuple[Poses2d | None, int, object] = (None, 0, None)
        self._found: dict[int, SeenJoints | None] = {}

    def at(self, tracks: Poses2d | None, clip: Clip, frame: int) -> SeenJoints | None:
        """What there is in a frame."""
        person = person_of(clip)
        if self._of[0] is not tracks or self._of[1] != person or self._of[2] is not clip.poses:
            self._of, self._found = (tracks, person, clip.poses), {}
        if frame not in self._found:
            self._found[frame] = seen_in(tracks, clip, frame)
        return self._found[frame]


def seen_in(tracks: Poses2d | None, clip: Clip, frame: int) -> SeenJoints | None:
    """What the clip's tracks have of its actor in a frame, or somebody put by hand; of several, of the first."""
    if tracks is None or not 0 <= frame < len(tracks):
        return None
    joints_px, seen = nine_in(tracks, clip, frame, person_of(clip))
    return [(float(x), float(y)) for x, y in joints_px], tuple(map(bool, seen))


def person_of(clip: Clip) -> int:
    """The track of the clip's actor; with several people, of the one who stands first."""
    return next((actor.track for actor in clip.actors if actor.track is not None), 0)


def error_words(step: ForecastStep) -> str:
    """`42 mm` where space is known, else `12.3 px`."""
    if step.error_mm is not None:
        return f"{step.error_mm:.0f} mm"
    return "" if step.error_px is None else f"{step.error_px:.1f} px"


def expected_words(step: ForecastStep) -> str:
    """`+2.9 s`: when the forecaster itself expects the step; `usually` where it did not learn times."""
    if step.time is None:
        return ""
    words = f"{step.time.pose_s:+.1f} s"
    return say("usually {words}", words=words) if step.time.is_usual else words


def _said_once(cell: Cell, margin: float) -> Cell:
    """What is estimated is said in the large pictures, not in every small one."""
    return cell if margin == LARGE_MARGIN else replace(cell, note="")


def _over(moment: Moment, known: Known) -> str:
    """A run's colour over a picture, where the dark theme's colours hold."""
    return theme.DARK.runs[known.colour_at] if moment.has_video else known.colour


def _truth_colour(moment: Moment) -> str:
    return theme.DARK.truth if moment.has_video else theme.now().truth
