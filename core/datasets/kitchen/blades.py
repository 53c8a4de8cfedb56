"""How people cut, peel, grate and spread, one function for each. `working` says how posts and offsets are written."""

import numpy as np
from numpy import ndarray

from core.datasets.kitchen.script import Writer
from core.datasets.kitchen.signals import bump, minimum_jerk
from core.datasets.kitchen.state import Step
from core.datasets.kitchen.working import TAU, Post, columns, repeat, stand_and_middle, use_tool, work

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
    stand, middle = stand_and_middle(writer, step)
    rate, depth, stroke, seconds = _CUTS[_CUT_OF.get(step.thing, "chop")]
    posts = {
        writer.other: Post((-0.075, 0.045, 0.01), (0, -1, -0.2), (0.35, -0.75, 0.7), 0.6, 0.65),
        writer.main: Post((0.085, 0.060, -0.01), (-0.8, -0.55, 0), (-0.25, -0.25, 1), 0.5, 0.95),
    }
    bout = work(
        writer, step, stand, middle, posts,
        seconds=seconds * rng.uniform(0.7, 1.4) / cook.speed,
        rate_hz=rate * cook.speed**0.7 * rng.uniform(0.9, 1.1), event=0.5,
    )  # fmt: skip
    wide = cook.amplitude

    def blade(time_s: ndarray) -> ndarray:
        angle = bout.angle(time_s)
        lift = 0.5 + 0.5 * np.cos(angle)
        return columns(
            -0.035 * bout.share(time_s), depth * (wide * lift - 0.2) - 0.012, stroke * wide * np.sin(angle + 0.6)
        )

    def claw(time_s: ndarray) -> ndarray:
        return columns(-0.045 * bout.share(time_s), 0.004 * np.sin(bout.angle(time_s)), np.zeros_like(time_s))

    repeat(writer, writer.main, bout, blade)
    repeat(writer, writer.other, bout, claw)
    writer.lean(bout.start_s - 0.5, bout.end_s, pitch_deg=9, twist_deg=4 * bout.outward)
    writer.lay(step.thing, bout.start_s, middle)
    use_tool(writer, "knife", bout, (0.15, 1.0))


def peel(writer: Writer, step: Step) -> None:
    """Before the belly, wherever one stands. Instant: the end of a stroke; the way back is lifted."""
    cook, rng = writer.cook, writer.rng
    stand, _ = stand_and_middle(writer, step)
    here = writer.standing[0]
    across = stand.x_m if abs(here - stand.x_m) > 0.4 else here
    height = 0.64 * writer.figure.height_m + rng.normal(0, 0.02)
    middle = np.array([across, height, 0.12 + rng.normal(0, 0.015)])
    long = _PEEL_STROKE_M.get(step.thing, 0.1) * cook.amplitude
    posts = {
        writer.other: Post((-0.07, 0, 0.02), (0.3, 0.75, -0.4), (0.45, 0.1, 0.9), 0.45, 0.85),
        writer.main: Post((0.05, 0.06, 0), (-0.45, -0.75, 0.1), (-0.35, -0.2, 0.9), 0.45, 0.85),
    }
    bout = work(
        writer, step, stand, middle, posts,
        seconds=rng.uniform(4, 8) / cook.speed,
        rate_hz={"potato": 1.5, "apple": 1.3}.get(step.thing, 1.15) * cook.speed**0.7, event=0.52,
    )  # fmt: skip

    def away(time_s: ndarray) -> ndarray:
        phase = bout.phase(time_s)
        return np.where(phase < 0.45, minimum_jerk(phase, 0, 0.45), 1 - minimum_jerk(phase, 0.45, 0.55))

    def peeler(time_s: ndarray) -> ndarray:
        stroke, lift = away(time_s), bump(bout.phase(time_s), 0.45, 0.55)
        return columns((0.02 - 0.05 * stroke) * long / 0.15, 0.035 * lift - 0.03 * stroke, long * (stroke - 0.3))

    def holder(time_s: ndarray) -> ndarray:
        slow = 0.01 * np.sin(TAU * 0.3 * (time_s - bout.start_s))
        return columns(np.zeros_like(time_s), 0.006 * np.sin(bout.angle(time_s)), slow)

    repeat(writer, writer.main, bout, peeler)
    repeat(writer, writer.other, bout, holder)
    writer.lean(bout.start_s - 0.5, bout.end_s, pitch_deg=6)
    writer.give(step.thing, bout.start_s - 0.3, writer.other)
    use_tool(writer, "peeler", bout, (0.2, 1.0))


def grate(writer: Writer, step: Step) -> None:
    """Instant: the lower turn."""
    cook, rng = writer.cook, writer.rng
    stand, middle = stand_and_middle(writer, step)
    posts = {
        writer.other: Post((-0.03, 0.25, 0.03), (0, -1, 0.1), (0.5, -0.3, 0.8), 0.35, 0.85),
        writer.main: Post((0.09, 0.15, 0), (-0.9, -0.2, 0.2), (-0.3, -0.4, 0.8), 0.45, 0.7),
    }
    bout = work(
        writer, step, stand, middle, posts,
        seconds=rng.uniform(4, 7) / cook.speed, rate_hz=1.5 * cook.speed**0.7, event=0.5,
    )  # fmt: skip
    wide = 0.055 * cook.amplitude

    def rub(time_s: ndarray) -> ndarray:
        stroke = wide * np.cos(bout.angle(time_s))
        return columns(np.zeros_like(time_s), stroke, 0.35 * stroke)

    repeat(writer, writer.main, bout, rub)
    writer.lean(bout.start_s - 0.4, bout.end_s, pitch_deg=10, roll_deg=2 * bout.outward)
    writer.give(step.thing, bout.start_s - 0.3, writer.main)
    writer.lay("grater", bout.start_s, middle)


def spread(writer: Writer, step: Step) -> None:
    """Instant: the outer turn."""
    cook, rng = writer.cook, writer.rng
    stand, middle = stand_and_middle(writer, step)
    posts = {
        writer.other: Post((-0.09, 0.045, 0), (0.55, -0.75, 0.1), (0.3, -0.2, 0.9), 0.4, 0.45),
        writer.main: Post((0.06, 0.075, -0.01), (-0.35, -0.85, 0.2), (-0.5, -0.2, 0.85), 0.45, 0.85),
    }
    bout = work(
        writer, step, stand, middle, posts,
        seconds=rng.uniform(3, 5.5) / cook.speed, rate_hz=1.05 * cook.speed**0.7, event=0.25,
    )  # fmt: skip
    wide = 0.055 * cook.amplitude

    def sweep(time_s: ndarray) -> ndarray:
        angle = bout.angle(time_s)
        return columns(wide * np.sin(angle), 0.012 * np.cos(2 * angle), 0.5 * wide * np.sin(angle + 0.4))

    repeat(writer, writer.main, bout, sweep)
    writer.lean(bout.start_s - 0.4, bout.end_s, pitch_deg=9)
    use_tool(writer, "spoon" if writer.held[writer.main] == "spoon" else "knife", bout, (0.1, 1.0))
