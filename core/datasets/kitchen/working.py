"""What all repeated work has in common: both hands at their posts, and a cycle that repeats.

Posts and offsets are written as a right- or left-handed person alike would say them: x counts outward on the side of
the main hand (negative is the other side), y up, z ahead, from the middle of the work. The cook stands at the island,
so the world's axes are theirs. Rates are in cycles a second at usual speed; quick people do everything quicker.

The instant of repeated work is an event of its cycle near the middle of it: the blade lowest, the end of a stroke, the
outer turn. It is not a maximum of anything measured on the body. The single actions are in `blades`, `washing`
and `vessels`.
"""

from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from core.datasets.kitchen.handling import stand_for
from core.datasets.kitchen.script import BOTH, Cycle, Grip, Offset, Writer, label_start, side_of
from core.datasets.kitchen.state import Step
from core.datasets.kitchen.world import Stand

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


def mirrored(vector: Vector, outward: int) -> ndarray:
    return np.array([outward * vector[0], vector[1], vector[2]])


def set_out(
    writer: Writer, stand: Stand, middle: ndarray, posts: dict[int, Post]
) -> tuple[float, float, float, dict[int, ndarray]]:
    """Brings hands to their posts. Returns when the action began, when hands set out, when all are there, and where."""
    began, outward = writer.now_s, side_of(writer.main)
    goals = {hand: middle + mirrored(post.at_m, outward) for hand, post in posts.items()}
    start, _ = writer.go_and_look(np.mean(list(goals.values()), axis=0), stand, 0.25)
    ready = start
    for late, (hand, post) in enumerate(posts.items()):
        grip = Grip(mirrored(post.palm, outward), mirrored(post.fingers, outward), post.follow, post.curl)
        ready = max(ready, writer.reach(hand, start + 0.12 * late * writer.rng.random(), goals[hand], grip))
    return began, start, ready, goals


def work(
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
    began, start, ready, _ = set_out(writer, stand, middle, posts)
    first, last = ready - 0.08, ready - 0.08 + seconds
    cycles = max(1, round(0.5 * seconds * rate_hz - event))
    instant = float(np.clip(first + (cycles + event) / rate_hz, first + 0.05, last))
    writer.label(step.verb, step.thing, label_start(began, start), last + 0.1, instant)
    writer.now_s = last
    return Bout(first, last, rate_hz, side_of(writer.main))


def repeat(writer: Writer, hand: int, bout: Bout, offset: Offset, ramp_s: float = 0.25) -> None:
    """Adds a cycle to a hand; `offset` gives x outward."""

    def in_world(time_s: ndarray) -> ndarray:
        return offset(time_s) * np.array([bout.outward, 1.0, 1.0])

    writer.script.cycles[hand].append(Cycle(bout.start_s, bout.end_s, in_world, ramp_s))


def columns(*parts: ndarray) -> ndarray:
    return np.stack(np.broadcast_arrays(*parts), axis=1)


def use_tool(writer: Writer, tool: str, bout: Bout, along: tuple[float, float]) -> None:
    if writer.held[writer.main] in (tool, None):
        writer.give(tool, bout.start_s - 0.25, writer.main, along)


def stand_and_middle(writer: Writer, step: Step) -> tuple[Stand, ndarray]:
    return stand_for(writer, step, BOTH), np.array(step.point_m)
