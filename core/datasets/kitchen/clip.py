"""A clip by seed: a stretch of somebody's cooking, with everything that is true of it.

Random numbers come in one stream for each purpose (what is cooked, how it is moved, unrest, annotation), so longer
clips or more video change no labels. The same seed gives the same clip in every process.

A clip knows its labels, its motion (SMPL rotations), its joints in space and in the picture, its things and doors. An
instant is the semantic event of its action as a person marks it: up to 0.15 s off, inside the segment.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy import ndarray

from core.bodies.skeletons import SMPL_24
from core.datasets.kitchen.animation import Animation, animate
from core.datasets.kitchen.cooks import Cook, Figure, figure, habits
from core.datasets.kitchen.dishes import DISHES
from core.datasets.kitchen.grammar import advance, begin
from core.datasets.kitchen.landmarks import landmarks_of, upper_body_of
from core.datasets.kitchen.performing import script as write_script
from core.datasets.kitchen.script import Carrying, DoorMove, Labelled, Script
from core.datasets.kitchen.state import State, Step
from core.datasets.kitchen.things import DoorTrack, ThingTrack, door_tracks, thing_tracks
from core.datasets.kitchen.world import BESIDE_BOARD, Kitchen
from core.geometry.cameras import Camera, project
from core.motion import Motion

_CHOICE, _GRAMMAR, _MOVES, _UNREST, _ANNOTATOR = 11, 12, 13, 14, 15
INSTANT_SPREAD_S, INSTANT_MOST_S = 0.075, 0.15
"""How far a person's mark is off the event."""
STEPS_A_SECOND = 0.36
"""Never more than about this, so that enough steps are drawn for a clip."""


@dataclass(frozen=True)
class KitchenSegment:
    """One annotated action on frames `start_frame` … `end_frame` - 1, its characteristic pose at `instant_frame`."""

    verb: str
    thing: str
    start_frame: int
    end_frame: int
    instant_frame: int


@dataclass(frozen=True)
class KitchenClip:
    """All that is known of a clip. `joints_m` are SMPL's 24 in the world, `landmarks_m` the 33 of BLAZEPOSE_33."""

    seed: int
    kitchen: Kitchen
    cook: Cook
    figure: Figure
    dish: str
    steps: tuple[Step, ...]
    segments: tuple[KitchenSegment, ...]
    motion: Motion
    script: Script
    animation: Animation

    def __len__(self) -> int:
        return len(self.motion)

    @property
    def camera(self) -> Camera:
        return self.kitchen.camera

    @property
    def betas(self) -> ndarray:
        return np.array(self.cook.betas)

    @property
    def joints_m(self) -> ndarray:
        """(T, 24, 3)."""
        return self.animation.joints_m

    @cached_property
    def landmarks_m(self) -> ndarray:
        """(T, 33, 3)."""
        return landmarks_of(self.animation.joints_m, self.animation.world_rotations)

    @property
    def upper_body_m(self) -> ndarray:
        """(T, 9, 3), UPPER_BODY_9 as 2D tracks have it."""
        return upper_body_of(self.landmarks_m)

    @property
    def joints_px(self) -> ndarray:
        """(T, 24, 2)."""
        return project(self.joints_m, self.camera)

    @property
    def landmarks_px(self) -> ndarray:
        """(T, 33, 2)."""
        return project(self.landmarks_m, self.camera)

    def things(self) -> tuple[ThingTrack, ...]:
        return thing_tracks(self.script, self.animation, self.kitchen, self.motion.rate_hz)

    def doors(self) -> tuple[DoorTrack, ...]:
        return door_tracks(self.script, self.kitchen, len(self), self.motion.rate_hz)


def clip(
    seed: int,
    seconds: float,
    rate_hz: float,
    kitchen: Kitchen,
    cook: Cook,
    *,
    dish: str | None = None,
    body_file: Path | None = None,
) -> KitchenClip:
    """`seconds` of `cook` in `kitchen`, from somewhere in the middle of a session."""
    choice = np.random.default_rng([seed, _CHOICE])
    dish = dish or list(DISHES)[int(choice.integers(len(DISHES)))]
    steps = _session(dish, cook, kitchen, seed, int(seconds * STEPS_A_SECOND) + 12)
    first = _way_in(steps, seconds, choice)
    resting = figure(cook, body_file)
    x = 0.5 * kitchen.places[steps[first].place][0] if first < len(steps) else 0.0
    start = (float(np.clip(x, -0.6, 0.6)), -0.215, 0.0)
    moves = np.random.default_rng([seed, _MOVES])
    written = write_script(steps[first:], cook, resting, kitchen, moves, until_s=seconds + 2, start=start)
    _as_it_was(written, steps[:first])
    frames = round(seconds * rate_hz)
    animation = animate(written, resting, cook, frames, rate_hz, np.random.default_rng([seed, _UNREST]))
    lifted = animation.translation_m + np.array([0.0, resting.floor_m, 0.0])
    return KitchenClip(
        seed=seed,
        kitchen=kitchen,
        cook=cook,
        figure=resting,
        dish=dish,
        steps=tuple(steps[first:]),
        segments=_segments(written.labels, frames, rate_hz, np.random.default_rng([seed, _ANNOTATOR])),
        motion=Motion(SMPL_24, rate_hz, animation.rotations, lifted),
        script=written,
        animation=animation,
    )


def _session(dish: str, cook: Cook, kitchen: Kitchen, seed: int, least: int) -> list[Step]:
    """One dish, and further ones after it where a clip is longer than that."""
    rng, manner = np.random.default_rng([seed, _GRAMMAR]), habits(cook.seed)
    steps: list[Step] = []
    state: State | None = None
    while len(steps) < least:
        state = begin(dish, manner, kitchen, rng, after=state)
        while (step := advance(state, rng)) is not None:
            steps.append(step)
        dish = list(DISHES)[int(rng.integers(len(DISHES)))]
    return steps


def _way_in(steps: list[Step], seconds: float, rng: np.random.Generator) -> int:
    """A step at which the hands are free and after which enough is left."""
    held: set[str] = set()
    free = [0]
    for number, step in enumerate(steps):
        if step.verb == "take":
            held.add(step.thing)
        elif step.verb in ("put", "add"):
            held.discard(step.thing)
        if not held and step.verb in ("put", "close", "wash", "dry"):
            free.append(number + 1)
    latest = max(0, len(steps) - int(seconds * STEPS_A_SECOND) - 1)
    return int(rng.choice([number for number in free if number <= latest]))


def _as_it_was(script: Script, earlier: list[Step]) -> None:
    """Things lie and doors stand as the steps before the clip left them."""
    lying: dict[str, tuple[float, float, float]] = {}
    ajar: dict[str, float] = {}
    for step in earlier:
        if step.verb in ("put", "add") and step.place != BESIDE_BOARD:
            lying[step.thing] = step.point_m
        elif step.verb == "take":
            lying.pop(step.thing, None)
        elif step.verb in ("open", "close"):
            ajar[step.place] = 1.0 if step.verb == "open" else 0.0
    before = [Carrying(-1.0, thing, point_m=np.array(point)) for thing, point in lying.items()]
    script.carryings[:0] = before
    script.doors[:0] = [DoorMove(-1.0, 0.5, door, 0.0, opening) for door, opening in ajar.items() if opening]


def _segments(
    labels: list[Labelled], frames: int, rate_hz: float, rng: np.random.Generator
) -> tuple[KitchenSegment, ...]:
    """What an annotator marks: segments in order that do not overlap, whole ones only, and an instant in each."""
    segments: list[KitchenSegment] = []
    free_from = 0
    for number, label in enumerate(labels):
        off = float(np.clip(rng.normal(0, INSTANT_SPREAD_S), -INSTANT_MOST_S, INSTANT_MOST_S))
        event = round(label.instant_s * rate_hz)
        end = label.end_s
        if number + 1 < len(labels):  # the next one begins where it is set out for, but not before this one's event
            end = min(end, max(labels[number + 1].start_s, label.instant_s + 0.05))
        start_frame = max(free_from, min(round(label.start_s * rate_hz), event - 1))
        end_frame = max(round(end * rate_hz), start_frame + 2, event + 1)
        if end_frame > frames:
            break
        instant = int(np.clip(round((label.instant_s + off) * rate_hz), start_frame, end_frame - 1))
        segments.append(KitchenSegment(label.verb, label.thing, start_frame, end_frame, instant))
        free_from = end_frame
    return tuple(segments)
