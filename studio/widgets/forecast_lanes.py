"""Forecasts as lanes of a timeline: values to paint and to search, and what they say in words. No events.

A lane is one forecaster's answer for one moment of the clip. Times come as seconds after that moment
(`core.forecasts.StepTime`) and lie here as frames of the clip, between two frames where they fall there; a step that
begins after the clip's last frame is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.forecasts import Forecast, ForecastStep, StepTime
from core.project.annotations import Clip, Project
from core.project.drafts import free_from as begun_until
from core.project.drafts import whose_step
from studio.widgets.clip_time import ClipTime, say_time
from studio.widgets.timeline_contents import UNKNOWN_COLOUR, LabelLook
from studio.words import say

LaneItem = tuple[str, int]
"""A lane's key and the number of a step of its forecast."""
MOST_LANES = 4


@dataclass(frozen=True)
class StepFrames:
    """When a step is foreseen, in frames of the clip; its segment and pose as whole ones, ready to be marked."""

    start: int
    pose: int
    end: int
    low: float
    high: float


@dataclass(frozen=True)
class LaneStep:
    """One foreseen segment. `at` is its place in the forecast; `is_usual`: at the times its action usually has."""

    at: int
    label: LabelLook
    confidence: float
    frames: StepFrames
    is_usual: bool = False
    knows_doubt: bool = True

    @property
    def sure(self) -> str:
        """`74 %`; nothing where there is no doubt to tell."""
        return percent(self.confidence) if self.knows_doubt else ""

    @property
    def strength(self) -> float:
        """Of its colour, 0 to 1: the confidence, half of it where there is none."""
        return min(max(self.confidence, 0.0), 1.0) if self.knows_doubt else 0.5


@dataclass(frozen=True)
class Lane:
    """One forecaster's row. `run` is its place among the theme's run colours; `words` stand where no answer is."""

    key: str
    name: str
    run: int
    at_frame: int = 0
    steps: tuple[LaneStep, ...] = ()
    futures: tuple[tuple[LaneStep, ...], ...] = ()
    is_pale: bool = False
    is_held: bool = False
    words: str = ""
    hint: str = ""

    def step(self, at: int) -> LaneStep | None:
        """The step of this number, where it is shown."""
        return next((each for each in self.steps if each.at == at), None)

    @property
    def is_usual(self) -> bool:
        """Whether its times say nothing of this forecast."""
        return bool(self.steps) and all(each.is_usual for each in self.steps)


def step_frames(time: ClipTime, at_frame: int, when: StepTime, free_from: int = 0) -> StepFrames:
    """Where a foreseen step falls on the clip; its pose lies inside its segment, which is never empty.

    It begins neither before the moment asked about nor before `free_from`, where what is marked of the same person
    ends, unless its pose does.
    """
    begin_s = time.seconds(at_frame)

    def frame(seconds: float) -> float:
        return time.frame_between(begin_s + seconds)

    start = max(round(frame(when.start_s)), 0)
    end = max(round(frame(when.end_s)), start + 1)
    pose = max(min(max(round(frame(when.pose_s)), start), end - 1), at_frame)
    start = min(max(start, at_frame, free_from), pose)
    return StepFrames(start, pose, max(end, pose + 1), frame(when.low_s), frame(when.high_s))


def lane_steps(
    steps: Sequence[ForecastStep], at_frame: int, time: ClipTime, looks: Mapping[str, LabelLook], free_from: int = 0
) -> tuple[LaneStep, ...]:
    """The steps that have a time and begin inside the clip. `looks` are the labels by the words a model uses."""
    found = []
    for at, step in enumerate(steps):
        if step.time is None:
            continue
        frames = step_frames(time, at_frame, step.time, free_from)
        if frames.start < time.frame_count:
            look = looks.get(step.action) or LabelLook(step.action, "", UNKNOWN_COLOUR, 0)
            found.append(LaneStep(at, look, step.confidence, frames, step.time.is_usual, step.knows_doubt))
    return tuple(found)


def lane_of(
    key: str,
    name: str,
    run: int,
    forecast: Forecast,
    time: ClipTime,
    looks: Mapping[str, LabelLook],
    free_from: int = 0,
) -> Lane:
    """A forecast as a lane; words where it has nothing to show. `free_from` as in `step_frames`."""
    at = forecast.at_frame
    steps = lane_steps(forecast.steps, at, time, looks, free_from)
    words = hint = ""
    if not steps and any(step.time is not None for step in forecast.steps):
        words = say("Everything it foresees lies after the clip's end")
    elif not steps:
        words, hint = (
            say("It foresees no times"),
            say("Train it with data.seen_times and losses.times to draw it on the timeline."),
        )
    futures = tuple(lane_steps(each.steps, at, time, looks, free_from) for each in forecast.futures)
    return Lane(key, name, run, at, steps, futures, words=words, hint=hint)


def said_of(lane: Lane, step: LaneStep, time: ClipTime) -> str:
    """A foreseen segment in words, for tooltips and screen readers."""
    frames = step.frames
    span = say("{start} to {end}", start=say_time(time.seconds(frames.start)), end=say_time(time.seconds(frames.end)))
    doubt = say("{low} and {high}", low=say_time(time.seconds(frames.low)), high=say_time(time.seconds(frames.high)))
    when = (
        say("at the usual times of that action")
        if step.is_usual
        else say("its pose at {time}, 80 % sure between {doubt}", time=say_time(time.seconds(frames.pose)), doubt=doubt)
    )
    return f"{step.label.name} {step.sure}".rstrip() + say(
        ", foreseen by {name} from {span}, {when}, step {at} from {time}",
        name=lane.name,
        span=span,
        when=when,
        at=step.at + 1,
        time=say_time(time.seconds(lane.at_frame)),
    )


def actor_of(project: Project, clip: Clip, forecast: Forecast) -> str:
    """Whom a forecast is about: whose step it saw last."""
    if not forecast.seen_frames:
        return ""
    return whose_step(project, clip, forecast.seen_frames[-1], forecast.seen_actions[-1])


def free_from_of(project: Project, clip: Clip, forecast: Forecast) -> int:
    """From which frame on nothing is marked of whom a forecast is about, of what they had begun by its moment."""
    return begun_until(clip, actor_of(project, clip, forecast), forecast.at_frame)


def percent(share: float) -> str:
    """`74 %`."""
    return f"{round(100 * share)} %"
