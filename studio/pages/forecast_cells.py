"""What the Forecast page shows of a moment, as values its widgets draw: cells, cards, columns, errors by joint.

Predictions are drawn over the last frame their forecaster looked at, since their neck stands where it was seen there;
what came is drawn on its own frame. All cells of a moment are at one scale, the neck at one place.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPixmap

from core.bodies.skeletons import UPPER_BODY_9
from core.forecasts import Forecast, ForecastStep
from core.motion import Poses2d
from core.project.annotations import Clip, Project
from studio import theme
from studio.forecasters import Known
from studio.pages.forecast_bodies import NECK, ForecastBodies, Room
from studio.widgets.clip_time import ClipTime, say_time
from studio.widgets.compare_grid import GridColumn, JointErrors
from studio.widgets.pose_picture import Cell, DrawnPose, Points, moved_to
from studio.widgets.step_cards import Likely, SeenStep, StepCard

Still = Callable[[int, bool], QPixmap | None]
"""A frame's picture, grey or not, or None while there is none."""
SeenJoints = tuple[Points, tuple[bool, ...]]
SeenPose = Callable[[int], SeenJoints | None]
"""The nine joints a frame's 2D tracks have of the person, and which of them are seen."""

CARD_MARGIN, LARGE_MARGIN = 0.15, 0.6
"""How much more of the picture than the widest pose is shown, in shares of it."""
JOINT_WORDS = tuple(joint.replace("_", " ").capitalize() for joint in UPPER_BODY_9.joints)


@dataclass(frozen=True)
class Moment:
    """One forecast (or several of the same moment) with all that is needed to draw it."""

    project: Project
    clip: Clip
    forecasts: tuple[tuple[Known, Forecast], ...]
    still: Still
    seen_pose: SeenPose
    has_video: bool
    bodies: ForecastBodies

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
        """As many as the longest of them has steps."""
        return max(len(forecast.steps) for _, forecast in self.forecasts)

    def true_step(self, at: int) -> ForecastStep | None:
        """A forecast's step that knows what came, if any does."""
        steps = [forecast.steps[at] for _, forecast in self.forecasts if at < len(forecast.steps)]
        return next((step for step in steps if step.truth_action is not None), steps[0] if steps else None)

    def frames(self) -> list[int]:
        """Every frame that is shown, the most wanted first."""
        came = [step.truth_frame for step in self.first.steps if step.truth_frame is not None]
        return [self.last_seen_frame, *came, *reversed(self.first.seen_frames)]

    def reach_px(self) -> float:
        """How far from the neck the widest pose of the moment reaches, so that all are drawn at one scale."""
        poses = [np.asarray(step.joints_px) for _, forecast in self.forecasts for step in forecast.steps]
        reaches = [float(np.abs(pose - pose[NECK]).max()) for pose in poses]
        for step in self.first.steps:
            if step.truth_px is not None and step.truth_seen is not None and step.truth_seen[NECK]:
                true = np.asarray(step.truth_px)[np.asarray(step.truth_seen)]
                reaches.append(float(np.abs(true - np.asarray(step.truth_px)[NECK]).max()))
        return max(reaches, default=48.0)

    def crop(self, pose: Points, margin: float) -> QRectF:
        """The part of the picture round a pose's neck that would hold any pose of the moment."""
        x, y = pose[NECK]
        reach = self.reach_px() * (1 + margin)
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

    def predicted(self, known: Known, forecast: Forecast, at: int, margin: float, room: Room) -> Cell:
        """One step as foreseen, in a cell of this size."""
        step, colour = forecast.steps[at], _over(self, known)
        cell = Cell(
            still=self.still(self.last_seen_frame, False),
            video=self.video,
            crop=self.crop(step.joints_px, margin),
            poses=(DrawnPose(step.joints_px, colour, dashed=True),),
            action=step.action,
            action_colour=self.colour_of(step.action),
            is_right=None if step.truth_action is None else step.truth_action == step.action,
            beside=f"{100 * step.confidence:.0f} %",
            corner=error_words(step),
            veil=0.42,
            is_split=self._splits(margin),
        )
        body = self.bodies.foreseen_in_picture(self.project, self.clip, forecast, step, colour)
        return _said_once(self.bodies.over(cell, body, room), margin)

    def came(self, at: int, margin: float, room: Room, beside: tuple[Known, Forecast] | None = None) -> Cell:
        """One step as it came; `beside` puts a prediction at the true neck, so that only the pose differs."""
        step = self.true_step(at)
        if step is None or step.truth_action is None:
            return Cell(video=self.video, empty="Not marked yet")
        poses = []
        if step.truth_px is not None:
            seen = step.truth_seen or (True,) * len(step.truth_px)
            if beside is not None and at < len(beside[1].steps) and seen[NECK]:
                foreseen = moved_to(beside[1].steps[at].joints_px, NECK, step.truth_px[NECK])
                poses.append(DrawnPose(foreseen, _over(self, beside[0]), dashed=True, opacity=0.75))
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
            foot=why_not if step.truth_px is not None else "nobody found in this frame",
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
        """The steps of the first forecast."""
        known, forecast = self.forecasts[0]
        cards = []
        for at, step in enumerate(forecast.steps):
            is_right = None if step.truth_action is None else step.truth_action == step.action
            came = "" if step.truth_action is None else "✓ it came" if is_right else f"✗ {step.truth_action} came"
            also = tuple(Likely(name, share, self.colour_of(name)) for name, share in step.best[1:3])
            said = f"Step {at + 1}: {step.action}, {100 * step.confidence:.0f} %"
            cards.append(
                StepCard(
                    self.when(at),
                    self.predicted(known, forecast, at, CARD_MARGIN, room),
                    also,
                    came,
                    is_right,
                    f"{said}, {came}" if came else said,
                )
            )
        return cards

    def columns(self, room: Room, refusals: Sequence[tuple[Known, str]] = ()) -> list[GridColumn]:
        """What happened first, then the runs, those that refused last."""
        rows = range(self.rows())
        truth = GridColumn(
            "", "What came", "marked", "", theme.now().truth,
            tuple(self.came(at, CARD_MARGIN, room) for at in rows),
        )  # fmt: skip
        runs = [
            GridColumn(
                known.key, known.name if not known.is_plain else forecast.model.partition(",")[0], known.preset,
                score_words(forecast), known.colour,
                tuple(self.predicted(known, forecast, at, CARD_MARGIN, room) for at in range(len(forecast.steps))),
            )
            for known, forecast in self.forecasts
        ]  # fmt: skip
        refused = [
            GridColumn(known.key, known.name, known.preset, "", known.colour, (), why) for known, why in refusals
        ]
        return [truth, *runs, *refused]

    def when(self, at: int) -> str:
        """How long after the moment a step came; nothing where that is not marked."""
        step = self.true_step(at)
        if step is None or step.truth_frame is None:
            return ""
        return f"+{self.time.seconds(step.truth_frame) - self.time.seconds(self.first.at_frame):.1f} s"

    def joint_errors(self, at: int) -> list[JointErrors]:
        """How far off each joint is in the picture, neck on neck, run by run."""
        found = []
        for known, forecast in self.forecasts:
            step = forecast.steps[at] if at < len(forecast.steps) else None
            if step is None or step.truth_px is None or step.truth_seen is None:
                continue
            true_px, said_px = np.asarray(step.truth_px), np.asarray(step.joints_px)
            off_px = np.linalg.norm((said_px - said_px[NECK]) - (true_px - true_px[NECK]), axis=-1)
            errors = tuple(
                float(off) if seen and joint != NECK else None
                for joint, (off, seen) in enumerate(zip(off_px, step.truth_seen, strict=True))
            )
            found.append(JointErrors(known.name, known.colour, tuple(np.delete(np.array(errors, object), NECK))))
        return found


def seen_in(tracks: Poses2d | None, clip: Clip, frame: int) -> SeenJoints | None:
    """What the clip's tracks have of its actor in a frame; with several people, of the one who stands first."""
    if tracks is None or not 0 <= frame < len(tracks):
        return None
    track = next((actor.track for actor in clip.actors if actor.track is not None), 0)
    part = slice(frame, frame + 1), slice(track, track + 1)
    one = Poses2d(tracks.skeleton, tracks.joints_px[part], tracks.confidence[part]).as_skeleton(UPPER_BODY_9)
    return [(float(x), float(y)) for x, y in one.joints_px[0, 0]], tuple(map(bool, one.seen()[0, 0]))


def error_words(step: ForecastStep) -> str:
    """`42 mm` where space is known, else `12.3 px`."""
    if step.error_mm is not None:
        return f"{step.error_mm:.0f} mm"
    return "" if step.error_px is None else f"{step.error_px:.1f} px"


def score_words(forecast: Forecast) -> str:
    """`61 mm   3 of 4`: the mean error, and how many of the actions came."""
    known = [step for step in forecast.steps if step.truth_action is not None]
    if not known:
        return ""
    right = f"{sum(step.truth_action == step.action for step in known)} of {len(known)}"
    in_mm = [step.error_mm for step in known if step.error_mm is not None]
    in_px = [step.error_px for step in known if step.error_px is not None]
    if in_mm:
        return f"{np.mean(in_mm):.0f} mm   {right}"
    return f"{np.mean(in_px):.1f} px   {right}" if in_px else right


def _said_once(cell: Cell, margin: float) -> Cell:
    """What is estimated is said in the large pictures, not in every small one."""
    return cell if margin == LARGE_MARGIN else replace(cell, note="")


def _over(moment: Moment, known: Known) -> str:
    """A run's colour over a picture, where the dark theme's colours hold."""
    return theme.DARK.runs[known.colour_at] if moment.has_video else known.colour


def _truth_colour(moment: Moment) -> str:
    return theme.DARK.truth if moment.has_video else theme.now().truth
