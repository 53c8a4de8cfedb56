"""How people wash, dry and wipe, one function for each. See `working` for how posts and offsets are written."""

import numpy as np
from numpy import ndarray

from core.datasets.kitchen.script import Writer
from core.datasets.kitchen.state import Step
from core.datasets.kitchen.working import Post, columns, repeat, stand_and_middle, work
from core.datasets.kitchen.world import THINGS, WORKTOP_M, Stand


def _is_big(thing: str) -> bool:
    return thing in THINGS and THINGS[thing].size_m > 0.2


def wash(writer: Writer, step: Step) -> None:
    """Both hands under the tap. Instant: a quarter into the rub."""
    cook, rng = writer.cook, writer.rng
    stand, sink = stand_and_middle(writer, step)
    middle, big = sink + np.array([0.0, 0.11, 0.0]), _is_big(step.thing)
    apart, wide = (0.11, 0.055 * cook.amplitude) if big else (0.045, 0.028 * cook.amplitude)
    posts = {
        writer.other: Post((-apart, 0, 0), (0.7, 0.55, 0.1), (0.35, -0.35, 0.9), 0.4, 0.6),
        writer.main: Post((apart, 0.03, 0), (-0.8, -0.5, 0.1), (-0.35, -0.35, 0.9), 0.4, 0.6),
    }
    bout = work(
        writer, step, stand, middle, posts,
        seconds=rng.uniform(2.8, 6) / cook.speed,
        rate_hz=(1.3 if big else 2.0) * cook.speed**0.7 * rng.uniform(0.9, 1.1), event=0.25,
    )  # fmt: skip

    def rub(time_s: ndarray) -> ndarray:
        angle = bout.angle(time_s)
        return wide * columns(0.6 * np.sin(angle), 0.5 * np.cos(angle), np.sin(angle + 0.5))

    def against(time_s: ndarray) -> ndarray:
        angle = bout.angle(time_s)
        return -wide * columns(0.35 * np.sin(angle), 0.3 * np.cos(angle), 0.5 * np.sin(angle + 0.5))

    repeat(writer, writer.main, bout, rub)
    repeat(writer, writer.other, bout, against)
    writer.lean(bout.start_s - 0.5, bout.end_s, pitch_deg=9)
    writer.give(step.thing, bout.start_s - 0.3, writer.hand_with(step.thing, otherwise=writer.other))


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
    bout = work(
        writer, step, here, middle, posts,
        seconds=rng.uniform(2.2, 4.2) / cook.speed, rate_hz=1.4 * cook.speed**0.7, event=0.25,
    )  # fmt: skip

    def rub(time_s: ndarray) -> ndarray:
        angle = bout.angle(time_s)
        return wide * columns(0.5 * np.sin(angle), np.cos(angle), 0.5 * np.sin(angle))

    def against(time_s: ndarray) -> ndarray:
        angle = bout.angle(time_s)
        return columns(-0.012 * np.sin(0.5 * angle), -0.3 * wide * np.cos(angle), np.zeros_like(time_s))

    repeat(writer, writer.main, bout, rub)
    repeat(writer, writer.other, bout, against)


def wipe(writer: Writer, step: Step) -> None:
    """Wide over the worktop while the other hand leans on it. Instant: the outer turn."""
    cook, rng = writer.cook, writer.rng
    stand, place = stand_and_middle(writer, step)
    middle = np.array([place[0], WORKTOP_M, place[2]])
    posts = {
        writer.main: Post((0.04, 0.03, 0.02), (0, -1, 0.05), (-0.1, -0.1, 1), 0.6, 0.12),
        writer.other: Post((-0.34, 0.035, -0.13), (0, -1, 0.1), (0.25, -0.1, 1), 0.5, 0.1),
    }
    bout = work(
        writer, step, stand, middle, posts,
        seconds=rng.uniform(2.5, 5) / cook.speed, rate_hz=0.75 * cook.speed**0.6, event=0.25,
    )  # fmt: skip
    wide = 0.16 * cook.amplitude

    def sweep(time_s: ndarray) -> ndarray:
        angle = bout.angle(time_s)
        return columns(wide * np.sin(angle), np.zeros_like(time_s), 0.07 * np.sin(0.5 * angle + 0.7))

    repeat(writer, writer.main, bout, sweep, ramp_s=0.4)
    writer.lean(bout.start_s - 0.4, bout.end_s, pitch_deg=13)
    writer.give("cloth", bout.start_s - 0.2, writer.main)
