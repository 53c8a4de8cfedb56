"""What is said of samples of a training, and how their poses are drawn: the same small and in the window."""

import numpy as np

from core.bodies.skeletons import UPPER_BODY_9
from core.run_samples import ForecastSamples, MotionSamples, Samples
from studio.widgets.job_words import grouped
from studio.widgets.motion_pictures import plain
from studio.widgets.pose_picture import DrawnPose
from studio.words import listed, say

_NECK = UPPER_BODY_9["neck"]


def step_said(step: int) -> str:
    """Such as `step 25 200`."""
    return say("step {step}", step=grouped(step))


def short_step(step: int) -> str:
    """The number alone, such as `25 200`, `200 k` or `2.5 M`."""
    if step < 100_000:
        return grouped(step)
    return f"{step / 1000:.4g} k" if step < 1_000_000 else f"{step / 1e6:.4g} M"


def example_said(samples: Samples, example: int) -> str:
    """What the example is: where it comes from, and what was asked of the model."""
    name = samples.names[example]
    if isinstance(samples, ForecastSamples):
        seen = [word for word in map(samples.word, samples.seen_actions[example].tolist()) if word][-3:]
        words = say("After {seen} in {name}", seen=listed(seen), name=name) if seen else name
    elif samples.kind == "reconstructed":
        words = say("{action} through codes and back, {name}", action=samples.actions[example], name=name)
    elif samples.past[example]:
        seconds = f"{samples.past[example] / samples.rate_hz:.1f}"
        words = say("{action}, going on from {seconds} s of {name}", action=samples.actions[example],
                    seconds=seconds, name=name)  # fmt: skip
    else:
        words = say("{action}, made from the word alone; beside {name}", action=samples.actions[example], name=name)
    return words if samples.part == "validation" else say("{words} (it was learned from)", words=words)


def forecast_words(samples: ForecastSamples, example: int, ahead: int) -> tuple[str, str]:
    """The action that is forecast, and how likely the model finds it."""
    chance = float(samples.chance[example, ahead, 0])
    return samples.word(int(samples.best[example, ahead, 0])), f"{100 * chance:.0f} %"


def true_pose(samples: ForecastSamples, example: int, ahead: int, *, pale: bool = False) -> tuple[DrawnPose, ...]:
    """What came; none where that is not known or nobody was seen."""
    seen = samples.true_visible[example, ahead]
    if samples.true_actions[example, ahead] < 0 or not seen.any():
        return ()
    points = [(float(x), float(y)) for x, y in samples.true[example, ahead]]
    return (DrawnPose(points, plain(), seen=seen.tolist(), opacity=0.35 if pale else 1.0),)


def forecast_pose(samples: ForecastSamples, example: int, ahead: int, colour: str) -> DrawnPose:
    """What was forecast, as the camera sees it."""
    return DrawnPose([(float(x), float(y)) for x, y in samples.joints[example, ahead]], colour, dashed=True)


def reach_of(many: list[ForecastSamples], example: int, ahead: int) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of what is seen of this step in all of them, from the neck."""
    points = [np.zeros((1, 2), np.float32)]
    for each in many:
        points += [each.joints[example, ahead], each.true[example, ahead][each.true_visible[example, ahead]]]
    every = np.clip(np.concatenate(points), -2.0, 2.0)
    (left, top), (right, bottom) = every.min(0).tolist(), every.max(0).tolist()
    return left, top, right, bottom


def telling_moment(samples: MotionSamples, example: int, moments: int) -> int:
    """Of so many moments the one whose true pose differs most from the mean pose; after the past, if there is one."""
    limbs = samples.true[example][:, 1:22]
    apart = np.abs(limbs - limbs.mean(0)).sum((1, 2))
    frames = [frame_of(samples, moment, moments) for moment in range(moments)]
    free = [at for at, frame in enumerate(frames) if frame >= samples.past[example]] or list(range(moments))
    return max(free, key=lambda at: float(apart[frames[at]]))


def frame_of(samples: MotionSamples, moment: int, moments: int) -> int:
    """The frame at a moment."""
    return round(moment / max(moments - 1, 1) * (samples.frames - 1))
