"""How people cut, peel, stir, wash and the like: both hands at their posts, and a cycle that repeats.

Posts and offsets are written as a right- or left-handed person alike would say them: x counts outward on the side of the
main hand (negative is the other side), y up, z ahead, from the middle of the work. The cook stands at the island, so
the world's axes are theirs. Rates are in cycles a second at usual speed; people who are quick do everything quicker.

The instant of repeated work is an event of its cycle near the middle of it: the blade lowest, the end of a stroke, the
outer turn. It is not a maximum of anything measured on the body.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from core.datasets.kitchen.handling import stand_for
from core.datasets.kitchen.script import BOTH, Aim, Cycle, Grip, Offset, Writer, label_start, side_of
from core.datasets.kitchen.signals import bump, minimum_jerk
from core.datasets.kitchen.state import Step
from core.datasets.kitchen.world import THINGS, TWO_HANDED, WORKTOP_M, Stand

TAU = 2 * np.pi
Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Post:
    """Where a hand works, from the middle of the work, and how it is held; x outward on the main hand's side."""

    at_m: Vector
    palm: Vector
    fingers: Vector
    follow: float
    curl: float


@dataclass(frozen=True)
class Bout:
    """A stretch of repeated work."""

    start_s: float
    end_s: float
    rate_hz: float
    outward: int  # +1 where the main hand is the left one

    def angle(self, time_s: ndarray) -> ndarray:
        return TAU * self.rate_hz * (time_s - self.start_s)

    def phase(self, time_s: ndarray) -> ndarray:
        """0 to 1 within each cycle."""
        return (self.rate_hz * (time_s - self.start_s)) % 1

    def share(self, time_s: ndarray) -> ndarray:
        """0 at its start, 1 at its end."""
        return np.clip((time_s - self.start_s) / (self.end_s - self.start_s), 0, 1)


def _mirrored(vector: Vector, outward: int) -> ndarray:
    return np.array([outward * vector[0], vector[1], vector[2]])


def _set_out(
    writer: Writer, stand: Stand, middle: ndarray, posts: dict[int, Post]
) -> tuple[float, float, float, dict[int, ndarray]]:
    """Brings hands to their posts. Returns when the action began, when hands set out, when all are there, and where."""
    began, outward = writer.now_s, side_of(writer.main)
    goals = {hand: middle + _mirrored(post.at_m, outward) for hand, post in posts.items()}
    start, _ = writer.go_and_look(np.mean(list(goals.values()), axis=0), stand, 0.25)
    ready = start
    for late, (hand, post) in enumerate(posts.items()):
        grip = Grip(_mirrored(post.palm, outward), _mirrored(post.fingers, outward), post.follow, post.curl)
        ready = max(ready, writer.reach(hand, start + 0.12 * late * writer.rng.random(), goals[hand], grip))
    return began, start, ready, goals


def _work(
    writer: Writer,
    step: Step,
    stand: Stand,
    middle: ndarray,
    posts: dict[int, Post],
    *,
    seconds: float,
    rate_hz: float,
    event: float,
) -> Bout:
    """A bout at these posts, labelled; `event` is the part of the cycle at which its instant falls."""
    began, start, ready, _ = _set_out(writer, stand, middle, posts)
    first, last = ready - 0.08, ready - 0.08 + seconds
    cycles = max(1, round(0.5 * seconds * rate_hz - event))
    instant = float(np.clip(first + (cycles + event) / rate_hz, first + 0.05, last))
    writer.label(step.verb, step.thing, label_start(began, start), last + 0.1, instant)
    writer.now_s = last
    return Bout(first, last, rate_hz, side_of(writer.main))


def _repeat(writer: Writer, hand: int, bout: Bout, offset: Offset, ramp_s: float = 0.25) -> None:
    """Adds a cycle to a hand; `offset` gives x outward."""

    def in_world(time_s: ndarray) -> ndarray:
        return offset(time_s) * np.array([bout.outward, 1.0, 1.0])

    writer.script.cycles[hand].append(Cycle(bout.start_s, bout.end_s, in_world, ramp_s))


def _columns(*parts: ndarray) -> ndarray:
    return np.stack(np.broadcast_arrays(*parts), axis=1)


def _use_tool(writer: Writer, tool: str, bout: Bout, along: tuple[float, float]) -> None:
    if writer.held[writer.main] in (tool, None):
        writer.give(tool, bout.start_s - 0.25, writer.main, along)


def _stand_and_middle(writer: Writer, step: Step) -> tuple[Stand, ndarray]:
    return stand_for(writer, step, BOTH), np.array(step.point_m)


# ---- with a blade ---------------------------------------------------------------------------------------------------

_CUTS = {  # rate, depth, stroke, seconds
    "chop": (2.7, 0.030, 0.012, 4.5),
    "slice": (1.35, 0.032, 0.060, 5.0),
    "halve": (0.75, 0.050, 0.020, 3.2),
}
_CUT_OF = {
    "bread": "slice", "cucumber": "slice", "tomato": "slice", "cheese": "slice", "potato": "halve", "apple": "halve",
}  # fmt: skip
_PEEL_STROKE_M = {"carrot": 0.15, "cucumber": 0.19, "potato": 0.06, "apple": 0.05, "onion": 0.04}


def cut(writer: Writer, step: Step) -> None:
    """Instant: the blade is lowest. The other hand is a claw that creeps along."""
    cook, rng = writer.cook, writer.rng
    stand, middle = _stand_and_middle(writer, step)
    rate, depth, stroke, seconds = _CUTS[_CUT_OF.get(step.thing, "chop")]
    posts = {
        writer.other: Post((-0.075, 0.045, 0.01), (0, -1, -0.2), (0.35, -0.75, 0.7), 0.6, 0.65),
        writer.main: Post((0.085, 0.060, -0.01), (-0.8, -0.55, 0), (-0.25, -0.25, 1), 0.5, 0.95),
    }
    bout = _work(
        writer, step, stand, middle, posts,
        seconds=seconds * rng.uniform(0.7, 1.4) / cook.speed,
        rate_hz=rate * cook.speed**0.7 * rng.uniform(0.9, 1.1), event=0.5,
    )  # fmt: skip
    wide = cook.amplitude

    def blade(time_s: ndarray) -> ndarray:
        angle = bout.angle(time_s)
        lift = 0.5 + 0.5 * np.cos(angle)
        return _columns(
            -0.035 * bout.share(time_s), depth * (wide * lift - 0.2) - 0.012, stroke * wide * np.sin(angle + 0.6)
        )

    def claw(time_s: ndarray) -> ndarray:
        return _columns(-0.045 * bout.share(time_s), 0.004 * np.sin(bout.angle(time_s)), np.zeros_like(time_s))

    _repeat(writer, writer.main, bout, blade)
    _repeat(writer, writer.other, bout, claw)
    writer.lean(bout.start_s - 0.5, bout.end_s, pitch_deg=9, twist_deg=4 * bout.outward)
    writer.lay(step.thing, bout.start_s, middle)
    _use_tool(writer, "knife", bout, (0.15, 1.0))


def peel(writer: Writer, step: Step) -> None:
    """Before the belly, wherever one stands. Instant: the end of a stroke; the way back is lifted."""
    cook, rng = writer.cook, writer.rng
    stand, _ = _stand_and_middle(writer, step)
    here = writer.standing[0]
    across = stand.x_m if abs(here - stand.x_m) > 0.4 else here
    height = 0.64 * writer.figure.height_m + rng.normal(0, 0.02)
    middle = np.array([across, height, 0.12 + rng.normal(0, 0.015)])
    long = _PEEL_STROKE_M.get(step.thing, 0.1) * cook.amplitude
    posts = {
        writer.other: Post((-0.07, 0, 0.02), (0.3, 0.75, -0.4), (0.45, 0.1, 0.9), 0.45, 0.85),
        writer.main: Post((0.05, 0.06, 0), (-0.45, -0.75, 0.1), (-0.35, -0.2, 0.9), 0.45, 0.85),
    }
    bout = _work(
        writer, step, stand, middle, posts,
        seconds=rng.uniform(4, 8) / cook.speed,
        rate_hz={"potato": 1.5, "apple": 1.3}.get(step.thing, 1.15) * cook.speed**0.7, event=0.52,
    )  # fmt: skip

    def away(time_s: ndarray) -> ndarray:
        phase = bout.phase(time_s)
        return np.where(phase < 0.45, minimum_jerk(phase, 0, 0.45), 1 - minimum_jerk(phase, 0.45, 0.55))

    def peeler(time_s: ndarray) -> ndarray:
        stroke, lift = away(time_s), bump(bout.phase(time_s), 0.45, 0.55)
        return _columns((0.02 - 0.05 * stroke) * long / 0.15, 0.035 * lift - 0.03 * stroke, long * (stroke - 0.3))

    def holder(time_s: ndarray) -> ndarray:
        slow = 0.01 * np.sin(TAU * 0.3 * (time_s - bout.start_s))
        return _columns(np.zeros_like(time_s), 0.006 * np.sin(bout.angle(time_s)), slow)

    _repeat(writer, writer.main, bout, peeler)
    _repeat(writer, writer.other, bout, holder)
    writer.lean(bout.start_s - 0.5, bout.end_s, pitch_deg=6)
    writer.give(step.thing, bout.start_s - 0.3, writer.other)
    _use_tool(writer, "peeler", bout, (0.2, 1.0))


def grate(writer: Writer, step: Step) -> None:
    """Instant: the lower turn."""
    cook, rng = writer.cook, writer.rng
    stand, middle = _stand_and_middle(writer, step)
    posts = {
        writer.other: Post((-0.03, 0.25, 0.03), (0, -1, 0.1), (0.5, -0.3, 0.8), 0.35, 0.85),
        writer.main: Post((0.09, 0.15, 0), (-0.9, -0.2, 0.2), (-0.3, -0.4, 0.8), 0.45, 0.7),
    }
    bout = _work(
        writer, step, stand, middle, posts,
        seconds=rng.uniform(4, 7) / cook.speed, rate_hz=1.5 * cook.speed**0.7, event=0.5,
    )  # fmt: skip
    wide = 0.055 * cook.amplitude

    def rub(time_s: ndarray) -> ndarray:
        stroke = wide * np.cos(bout.angle(time_s))
        return _columns(np.zeros_like(time_s), stroke, 0.35 * stroke)

    _repeat(writer, writer.main, bout, rub)
    writer.lean(bout.start_s - 0.4, bout.end_s, pitch_deg=10, roll_deg=2 * bout.outward)
    writer.give(step.thing, bout.start_s - 0.3, writer.main)
    writer.lay("grater", bout.start_s, middle)


def spread(writer: Writer, step: Step) -> None:
    """Instant: the outer turn."""
    cook, rng = writer.cook, writer.rng
    stand, middle = _stand_and_middle(writer, step)
    posts = {
        writer.other: Post((-0.09, 0.045, 0), (0.55, -0.75, 0.1), (0.3, -0.2, 0.9), 0.4, 0.45),
        writer.main: Post((0.06, 0.075, -0.01), (-0.35, -0.85, 0.2), (-0.5, -0.2, 0.85), 0.45, 0.85),
    }
    bout = _work(
        writer, step, stand, middle, posts,
        seconds=rng.uniform(3, 5.5) / cook.speed, rate_hz=1.05 * cook.speed**0.7, event=0.25,
    )  # fmt: skip
    wide = 0.055 * cook.amplitude

    def sweep(time_s: ndarray) -> ndarray:
        angle = bout.angle(time_s)
        return _columns(wide * np.sin(angle), 0.012 * np.cos(2 * angle), 0.5 * wide * np.sin(angle + 0.4))

    _repeat(writer, writer.main, bout, sweep)
    writer.lean(bout.start_s - 0.4, bout.end_s, pitch_deg=9)
    _use_tool(writer, "spoon" if writer.held[writer.main] == "spoon" else "knife", bout, (0.1, 1.0))


# ---- at the sink ----------------------------------------------------------------------------------------------------


def _is_big(thing: str) -> bool:
    return thing in THINGS and THINGS[thing].size_m > 0.2


def wash(writer: Writer, step: Step) -> None:
    """Both hands under the tap. Instant: a quarter into the rub."""
    cook, rng = writer.cook, writer.rng
    stand, sink = _stand_and_middle(writer, step)
    middle, big = sink + np.array([0.0, 0.11, 0.0]), _is_big(step.thing)
    apart, wide = (0.11, 0.055 * cook.amplitude) if big else (0.045, 0.028 * cook.amplitude)
    posts = {
        writer.other: Post((-apart, 0, 0), (0.7, 0.55, 0.1), (0.35, -0.35, 0.9), 0.4, 0.6),
        writer.main: Post((apart, 0.03, 0), (-0.8, -0.5, 0.1), (-0.35, -0.35, 0.9), 0.4, 0.6),
    }
    bout = _work(
        writer, step, stand, middle, posts,
        seconds=rng.uniform(2.8, 6) / cook.speed,
        rate_hz=(1.3 if big else 2.0) * cook.speed**0.7 * rng.uniform(0.9, 1.1), event=0.25,
    )  # fmt: skip

    def rub(time_s: ndarray) -> ndarray:
        angle = bout.angle(time_s)
        return wide * _columns(0.6 * np.sin(angle), 0.5 * np.cos(angle), np.sin(angle + 0.5))

    def against(time_s: ndarray) -> ndarray:
        angle = bout.angle(time_s)
        return -wide * _columns(0.35 * np.sin(angle), 0.3 * np.cos(angle), 0.5 * np.sin(angle + 0.5))

    _repeat(writer, writer.main, bout, rub)
    _repeat(writer, writer.other, bout, against)
    writer.lean(bout.start_s - 0.5, bout.end_s, pitch_deg=9)
    writer.give(step.thing, bout.start_s - 0.3, writer.other)


def dry(writer: Writer, step: Step) -> None:
    """With the towel before the belly. Instant: a quarter into the rub."""
    cook, rng = writer.cook, writer.rng
    x, z, yaw = writer.standing
    here = Stand(x, z, yaw, 9.0)
    apart, wide = 0.085 if _is_big(step.thing) else 0.045, 0.045 * cook.amplitude
    middle = np.array([x, 0.62 * writer.figure.height_m, 0.06])
    posts = {
        writer.other: Post((-apart, -0.01, 0.02), (0.9, 0.2, 0), (0.45, 0, 0.8), 0.4, 0.6),
        writer.main: Post((apart, 0.03, 0), (-0.9, -0.3, 0), (-0.45, 0, 0.8), 0.4, 0.6),
    }
    bout = _work(
        writer, step, here, middle, posts,
        seconds=rng.uniform(2.2, 4.2) / cook.speed, rate_hz=1.4 * cook.speed**0.7, event=0.25,
    )  # fmt: skip

    def rub(time_s: ndarray) -> ndarray:
        angle = bout.angle(time_s)
        return wide * _columns(0.5 * np.sin(angle), np.cos(angle), 0.5 * np.sin(angle))

    def against(time_s: ndarray) -> ndarray:
        angle = bout.angle(time_s)
        return _columns(-0.012 * np.sin(0.5 * angle), -0.3 * wide * np.cos(angle), np.zeros_like(time_s))

    _repeat(writer, writer.main, bout, rub)
    _repeat(writer, writer.other, bout, against)


def wipe(writer: Writer, step: Step) -> None:
    """Wide over the worktop while the other hand leans on it. Instant: the outer turn."""
    cook, rng = writer.cook, writer.rng
    stand, place = _stand_and_middle(writer, step)
    middle = np.array([place[0], WORKTOP_M, place[2]])
    posts = {
        writer.main: Post((0.04, 0.03, 0.02), (0, -1, 0.05), (-0.1, -0.1, 1), 0.6, 0.12),
        writer.other: Post((-0.34, 0.035, -0.13), (0, -1, 0.1), (0.25, -0.1, 1), 0.5, 0.1),
    }
    bout = _work(
        writer, step, stand, middle, posts,
        seconds=rng.uniform(2.5, 5) / cook.speed, rate_hz=0.75 * cook.speed**0.6, event=0.25,
    )  # fmt: skip
    wide = 0.16 * cook.amplitude

    def sweep(time_s: ndarray) -> ndarray:
        angle = bout.angle(time_s)
        return _columns(wide * np.sin(angle), np.zeros_like(time_s), 0.07 * np.sin(0.5 * angle + 0.7))

    _repeat(writer, writer.main, bout, sweep, ramp_s=0.4)
    writer.lean(bout.start_s - 0.4, bout.end_s, pitch_deg=13)
    writer.give("cloth", bout.start_s - 0.2, writer.main)


# ---- over a vessel --------------------------------------------------------------------------------------------------


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
    stand, middle = _stand_and_middle(writer, step)
    posts = {
        writer.main: Post((0.03, above_m, -0.04), (-0.75, -0.6, 0.1), (-0.2, -0.7, 0.7), 0.4, 0.85),
        writer.other: steady,
    }
    bout = _work(
        writer, step, stand, middle, posts,
        seconds=rng.uniform(3, 8) / cook.speed,
        rate_hz=rate_hz * cook.speed**0.7 * rng.uniform(0.88, 1.12), event=0.0,
    )  # fmt: skip
    radius = radius_m * cook.amplitude * rng.uniform(0.85, 1.15)
    way = 1 if rng.random() < 0.5 else -1

    def circle(time_s: ndarray) -> ndarray:
        angle = bout.angle(time_s)
        return _columns(way * radius * np.sin(angle), 0.012 * np.sin(2 * angle), 0.9 * radius * np.cos(angle))

    _repeat(writer, writer.main, bout, circle)
    writer.lean(bout.start_s - 0.4, bout.end_s, pitch_deg=7, twist_deg=5 * bout.outward, roll_deg=2 * bout.outward)
    _use_tool(writer, tool, bout, along)


def shake(writer: Writer, step: Step) -> None:
    """A pan is tossed by its handle, all else between two hands. Instant: the far turn."""
    cook, rng = writer.cook, writer.rng
    stand, middle = _stand_and_middle(writer, step)
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
    bout = _work(writer, step, stand, middle, posts, seconds=seconds, rate_hz=rate, event=0.0)

    def toss(time_s: ndarray) -> ndarray:
        angle = bout.angle(time_s)
        up = 0.6 * np.clip(np.cos(angle - 0.8), -0.3, 1)
        return wide * _columns(np.zeros_like(time_s), up, np.cos(angle))

    def jolt(time_s: ndarray) -> ndarray:
        angle = bout.angle(time_s)
        return wide * _columns(np.zeros_like(time_s), np.cos(angle), 0.35 * np.sin(angle))

    for hand in (writer.main,) if step.thing == "pan" else BOTH:
        _repeat(writer, hand, bout, toss if step.thing == "pan" else jolt)
    if step.thing in THINGS and step.thing != "pan":
        writer.give(step.thing, bout.start_s - 0.2, writer.main)
    if step.thing in TWO_HANDED:
        writer.lay(step.thing, bout.end_s + 0.1, middle)
    writer.lean(bout.start_s - 0.4, bout.end_s, pitch_deg=8)


def knead(writer: Writer, step: Step) -> None:
    """Push with both heels of the hand, fold back; the trunk rocks along. Instant: the end of the push."""
    cook, rng = writer.cook, writer.rng
    stand, middle = _stand_and_middle(writer, step)
    posts = {
        writer.main: Post((0.055, 0.055, -0.03), (0, -0.9, 0.45), (-0.25, 0.15, 0.9), 0.6, 0.25),
        writer.other: Post((-0.055, 0.055, -0.03), (0, -0.9, 0.45), (0.25, 0.15, 0.9), 0.6, 0.25),
    }
    bout = _work(
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
            return _columns(inward * pushed, lift, wide * (2 * pushed - 0.8))

        return offset

    _repeat(writer, writer.main, bout, press(-0.01))
    _repeat(writer, writer.other, bout, press(0.01))
    writer.lean(
        bout.start_s - 0.4, bout.end_s, pitch_deg=13, rhythm=lambda time_s: np.radians(5) * (push(time_s) - 0.5)
    )
    writer.lay(step.thing, bout.start_s, middle)


def pour(writer: Writer, step: Step) -> None:
    """Over the vessel, tilt, hold, back. Heavy vessels take both hands. Instant: 40 % into the flow."""
    cook, rng = writer.cook, writer.rng
    stand, vessel = _stand_and_middle(writer, step)
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
        return _columns(0.012 * np.sin(since), np.zeros_like(time_s), 0.022 * np.cos(0.5 * since))

    for each in hands:
        side = outward[each]
        writer.script.cycles[each].append(Cycle(pours, ends, swirl))
        back = Grip(np.array([-side * 0.9, -0.2, 0.1]), np.array([0.0, 0.0, 1.0]), 0.35, 0.85)
        goal = vessel + np.array([side * 0.15, height - 0.04, -0.1])
        writer.reach(each, ends, goal, back, duration_s=0.5)
    writer.lean(tilts, ends, pitch_deg=7, roll_deg=4 * side_of(writer.main))
    if writer.held[hand] is None:
        writer.give(step.thing, start - 0.3, hand)
    tilt = float(np.radians(75 if heavy else 112))
    writer.script.aims.append(Aim(tilts, ends + 0.3, step.thing, vessel, tilt))
    writer.label("pour", step.thing, label_start(began, start), ends + 0.3, pours + 0.4 * flows)
    writer.now_s = ends + 0.3


def season(writer: Writer, step: Step) -> None:
    """High over the vessel; a mill takes both hands. Instant: the highest point of a shake."""
    cook, rng = writer.cook, writer.rng
    stand, vessel = _stand_and_middle(writer, step)
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
        return wide * _columns(1.5 * np.sin(0.6 * since), np.cos(rate * since), np.sin(0.5 * since))

    writer.script.cycles[hand].append(Cycle(first, last, shakes))
    writer.lean(first - 0.3, last, pitch_deg=4)
    if writer.held[hand] is None:
        writer.give(step.thing, start - 0.3, hand)
    writer.script.aims.append(Aim(first - 0.2, last, step.thing, vessel, float(np.radians(140))))
    instant = first + round(0.5 * seconds * rate) / rate
    writer.label("season", step.thing, label_start(began, start), last + 0.1, min(instant, last))
    writer.now_s = last


def taste(writer: Writer, step: Step) -> None:
    """A spoonful to the mouth and back. Instant: the spoon at the lips."""
    cook, main = writer.cook, writer.main
    stand, vessel = _stand_and_middle(writer, step)
    side = side_of(main)
    dip = {main: Post((0.03, 0.20, -0.03), (-0.6, -0.7, 0.1), (-0.2, -0.6, 0.7), 0.4, 0.85)}
    began, start, dipped, _ = _set_out(writer, stand, vessel, dip)
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
