"""How people stir, whisk, shake, knead, pour, season and taste. See `working` for how posts and offsets are written."""

from collections.abc import Callable

import numpy as np
from numpy import ndarray

from core.datasets.kitchen.script import BOTH, Aim, Cycle, Grip, Writer, label_start, side_of
from core.datasets.kitchen.signals import bump, minimum_jerk
from core.datasets.kitchen.state import Step
from core.datasets.kitchen.working import TAU, Post, columns, repeat, set_out, stand_and_middle, use_tool, work
from core.datasets.kitchen.world import THINGS, TWO_HANDED


def stir(writer: Writer, step: Step) -> None:
    above = 0.26 if step.thing == "pot" else 0.20
    steady = Post((-0.19, 0.06, -0.13), (0.5, -0.8, 0), (0.3, 0, 0.9), 0.35, 0.8)
    _circle(writer, step, "spoon", above, steady, rate_hz=1.1, radius_m=0.055, along=(-0.8, 0.45))


def whisk(writer: Writer, step: Step) -> None:
    steady = Post((-0.19, 0.10, -0.03), (0.9, -0.2, 0), (0.3, 0, 0.9), 0.35, 0.8)
    _circle(writer, step, "whisk", 0.22, steady, rate_hz=2.6, radius_m=0.030, along=(-0.85, 0.4))


def _circle(
    writer: Writer, step: Step, tool: str, above_m: float, steady: Post, *, rate_hz: float, radius_m: float,
    along: tuple[float, float],
) -> None:  # fmt: skip
    """Round and round, the other hand on the vessel. Instant: the far point of the circle."""
    cook, rng = writer.cook, writer.rng
    stand, middle = stand_and_middle(writer, step)
    posts = {
        writer.main: Post((0.03, above_m, -0.04), (-0.75, -0.6, 0.1), (-0.2, -0.7, 0.7), 0.4, 0.85),
        writer.other: steady,
    }
    bout = work(
        writer, step, stand, middle, posts,
        seconds=rng.uniform(3, 8) / cook.speed,
        rate_hz=rate_hz * cook.speed**0.7 * rng.uniform(0.88, 1.12), event=0.0,
    )  # fmt: skip
    radius = radius_m * cook.amplitude * rng.uniform(0.85, 1.15)
    way = 1 if rng.random() < 0.5 else -1

    def circle(time_s: ndarray) -> ndarray:
        angle = bout.angle(time_s)
        return columns(way * radius * np.sin(angle), 0.012 * np.sin(2 * angle), 0.9 * radius * np.cos(angle))

    repeat(writer, writer.main, bout, circle)
    writer.lean(bout.start_s - 0.4, bout.end_s, pitch_deg=7, twist_deg=5 * bout.outward, roll_deg=2 * bout.outward)
    use_tool(writer, tool, bout, along)


def shake(writer: Writer, step: Step) -> None:
    """A pan is tossed by its handle, all else between two hands. Instant: the far turn."""
    cook, rng = writer.cook, writer.rng
    stand, middle = stand_and_middle(writer, step)
    wide, seconds = 0.045 * cook.amplitude, rng.uniform(1.8, 3.2)
    if step.thing == "pan":
        wide = 0.055 * cook.amplitude
        posts = {
            writer.main: Post((0.07, 0.10, -0.20), (-0.9, -0.5, 0), (0, -0.1, 1), 0.35, 0.85),
            writer.other: Post((-0.26, 0.12, -0.16), (0.4, -0.9, 0), (0, -0.2, 1), 0.3, 0.3),
        }
    else:
        posts = {
            writer.main: Post((0.12, 0.17, -0.03), (-0.9, -0.2, 0), (0, -0.1, 1), 0.35, 0.85),
            writer.other: Post((-0.12, 0.17, -0.03), (0.9, -0.2, 0), (0, -0.1, 1), 0.35, 0.85),
        }
    rate = (1.5 if step.thing == "pan" else 2.4) * cook.speed**0.6
    bout = work(writer, step, stand, middle, posts, seconds=seconds, rate_hz=rate, event=0.0)

    def toss(time_s: ndarray) -> ndarray:
        angle = bout.angle(time_s)
        up = 0.6 * np.clip(np.cos(angle - 0.8), -0.3, 1)
        return wide * columns(np.zeros_like(time_s), up, np.cos(angle))

    def jolt(time_s: ndarray) -> ndarray:
        angle = bout.angle(time_s)
        return wide * columns(np.zeros_like(time_s), np.cos(angle), 0.35 * np.sin(angle))

    for hand in (writer.main,) if step.thing == "pan" else BOTH:
        repeat(writer, hand, bout, toss if step.thing == "pan" else jolt)
    if step.thing in THINGS and step.thing != "pan":
        writer.give(step.thing, bout.start_s - 0.2, writer.main)
    if step.thing in TWO_HANDED:
        writer.lay(step.thing, bout.end_s + 0.1, middle)
    writer.lean(bout.start_s - 0.4, bout.end_s, pitch_deg=8)


def knead(writer: Writer, step: Step) -> None:
    """Push with both heels of the hand, fold back; the trunk rocks along. Instant: the end of the push."""
    cook, rng = writer.cook, writer.rng
    stand, middle = stand_and_middle(writer, step)
    posts = {
        writer.main: Post((0.055, 0.055, -0.03), (0, -0.9, 0.45), (-0.25, 0.15, 0.9), 0.6, 0.25),
        writer.other: Post((-0.055, 0.055, -0.03), (0, -0.9, 0.45), (0.25, 0.15, 0.9), 0.6, 0.25),
    }
    bout = work(
        writer, step, stand, middle, posts,
        seconds=rng.uniform(5, 9) / cook.speed, rate_hz=0.85 * cook.speed**0.6, event=0.40,
    )  # fmt: skip
    wide = 0.065 * cook.amplitude

    def push(time_s: ndarray) -> ndarray:
        phase = bout.phase(time_s)
        return np.where(phase < 0.40, minimum_jerk(phase, 0, 0.40), 1 - minimum_jerk(phase, 0.40, 0.60))

    def press(inward: float) -> Callable[[ndarray], ndarray]:
        def offset(time_s: ndarray) -> ndarray:
            pushed = push(time_s)
            lift = 0.035 * bump(bout.phase(time_s), 0.4, 0.6) - 0.012 * pushed
            return columns(inward * pushed, lift, wide * (2 * pushed - 0.8))

        return offset

    repeat(writer, writer.main, bout, press(-0.01))
    repeat(writer, writer.other, bout, press(0.01))
    writer.lean(
        bout.start_s - 0.4, bout.end_s, pitch_deg=13, rhythm=lambda time_s: np.radians(5) * (push(time_s) - 0.5)
    )
    writer.lay(step.thing, bout.start_s, middle)


def pour(writer: Writer, step: Step) -> None:
    """Over the vessel, tilt, hold, back. Heavy vessels take both hands. Instant: 40 % into the flow."""
    cook, rng = writer.cook, writer.rng
    stand, vessel = stand_and_middle(writer, step)
    hand, flows = writer.hand_with(step.thing), rng.uniform(1.0, 2.6) / cook.speed
    height = 0.30 + rng.uniform(-0.03, 0.05)
    heavy = step.thing in TWO_HANDED
    hands = (writer.main, writer.other) if heavy else (hand,)
    began, outward = writer.now_s, {each: side_of(each) for each in hands}
    over = {each: vessel + np.array([outward[each] * 0.13, height - 0.06, -0.07]) for each in hands}
    start, _ = writer.go_and_look(np.mean(list(over.values()), axis=0), stand, 0.25)
    there = start
    for each in hands:
        side = outward[each]
        upright = Grip(np.array([-side * 0.95, -0.1, 0.1]), np.array([-side * 0.1, 0.1, 1.0]), 0.35, 0.85)
        there = max(there, writer.reach(each, start + 0.1 * (each != hand) * rng.random(), over[each], upright))
    writer.free_other_hands(hands, start)
    tilts = there - 0.1
    for each in hands:
        side = outward[each]
        if heavy:
            tilted = Grip(np.array([-side * 0.8, 0.1, 0.6]), np.array([0.0, -0.5, 0.8]), 0.5, 0.85)
        else:
            tilted = Grip(np.array([side * 0.35, -0.93, 0.0]), np.array([-side * 0.15, 0.05, 1.0]), 0.5, 0.85)
        goal = vessel + np.array([side * 0.15, height + 0.02, -0.02])
        writer.reach(each, tilts, goal, tilted, duration_s=0.75 / cook.speed, arc_m=0.02)
    pours = tilts + 0.65 / cook.speed
    ends = pours + flows

    def swirl(time_s: ndarray) -> ndarray:
        since = TAU * 1.3 * (time_s - pours)
        return columns(0.012 * np.sin(since), np.zeros_like(time_s), 0.022 * np.cos(0.5 * since))

    for each in hands:
        side = outward[each]
        writer.script.cycles[each].append(Cycle(pours, ends, swirl))
        back = Grip(np.array([-side * 0.9, -0.2, 0.1]), np.array([0.0, 0.0, 1.0]), 0.35, 0.85)
        goal = vessel + np.array([side * 0.15, height - 0.04, -0.1])
        writer.reach(each, ends, goal, back, duration_s=0.5)
    writer.lean(tilts, ends, pitch_deg=7, roll_deg=4 * side_of(writer.main))
    writer.give(step.thing, start - (0.3 if writer.held[hand] is None else 0.0), hand)
    tilt = float(np.radians(75 if heavy else 112))
    writer.script.aims.append(Aim(tilts, ends + 0.3, step.thing, vessel, tilt))
    writer.label("pour", step.thing, label_start(began, start), ends + 0.3, pours + 0.4 * flows)
    writer.now_s = ends + 0.3


def season(writer: Writer, step: Step) -> None:
    """High over the vessel; a mill takes both hands. Instant: the highest point of a shake."""
    cook, rng = writer.cook, writer.rng
    stand, vessel = stand_and_middle(writer, step)
    hand = writer.hand_with(step.thing)
    side, height, wide = side_of(hand), rng.uniform(0.26, 0.36), 0.022 * cook.amplitude
    mill = step.thing == "pepper"
    rate, seconds = (1.4 if mill else 2.6) * cook.speed**0.6, rng.uniform(1.5, 2.8)
    began = writer.now_s
    over = vessel + np.array([side * 0.02, height, -0.02])
    start, _ = writer.go_and_look(over, stand, 0.25)
    grip = Grip(np.array([-side * 0.25, -0.95, 0.1]), np.array([-side * 0.45, -0.35, 0.8]), 0.5, 0.7)
    there = writer.reach(hand, start, over, grip)
    helping = 1 - hand
    if mill and writer.held[helping] is None:
        below = Grip(np.array([side * 0.8, 0.3, 0.0]), np.array([side * 0.3, 0.0, 0.9]), 0.4, 0.8)
        goal = vessel + np.array([-side * 0.02, height - 0.07, -0.02])
        writer.reach(helping, start, goal, below)
    else:
        writer.free_other_hands((hand,), start)
    first, last = there - 0.05, there - 0.05 + seconds

    def shakes(time_s: ndarray) -> ndarray:
        since = TAU * (time_s - first)
        return wide * columns(1.5 * np.sin(0.6 * since), np.cos(rate * since), np.sin(0.5 * since))

    writer.script.cycles[hand].append(Cycle(first, last, shakes))
    writer.lean(first - 0.3, last, pitch_deg=4)
    writer.give(step.thing, start - (0.3 if writer.held[hand] is None else 0.0), hand)
    writer.script.aims.append(Aim(first - 0.2, last, step.thing, vessel, float(np.radians(140))))
    instant = first + round(0.5 * seconds * rate) / rate
    writer.label("season", step.thing, label_start(began, start), last + 0.1, min(instant, last))
    writer.now_s = last


def taste(writer: Writer, step: Step) -> None:
    """A spoonful to the mouth and back. Instant: the spoon at the lips."""
    cook, main = writer.cook, writer.main
    stand, vessel = stand_and_middle(writer, step)
    side = side_of(main)
    dip = {main: Post((0.03, 0.20, -0.03), (-0.6, -0.7, 0.1), (-0.2, -0.6, 0.7), 0.4, 0.85)}
    began, start, dipped, _ = set_out(writer, stand, vessel, dip)
    writer.free_other_hands((main,), start)
    head = writer.figure.joint("head")
    before_mouth = np.array([side * 0.10, head[1] - 0.16, head[2] + 0.23])
    raised = Grip(np.array([-side * 0.75, -0.1, -0.65]), np.array([-side * 0.7, 0.5, -0.1]), 0.45, 0.85)
    lips = writer.reach(
        main, dipped + 0.1, before_mouth, raised, frame="cook", duration_s=0.95 / cook.speed, arc_m=0.0, weight=0.05
    )
    writer.look("cook", np.array([0.0, head[1] - 0.25, 1.0]), dipped + 0.5)
    writer.lean(lips - 0.5, lips + 0.6, pitch_deg=10)
    lowered = Grip(np.array([-side * 0.6, -0.7, 0.1]), np.array([-side * 0.2, -0.5, 0.7]), 0.4, 0.85)
    end = writer.reach(main, lips + 0.45, vessel + np.array([side * 0.05, 0.20, -0.06]), lowered)
    writer.give("spoon", dipped - 0.1, main, (-0.8, 0.45))
    writer.give("spoon", lips - 0.5, main, (0.75, 0.35))
    writer.give("spoon", lips + 0.6, main, (-0.8, 0.45))
    writer.script.aims.append(Aim(lips - 0.45, lips + 0.55, "spoon", "mouth"))
    writer.label("taste", step.thing, label_start(began, start), end - 0.2, lips + 0.12)
    writer.now_s = end - 0.25
