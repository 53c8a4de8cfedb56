"""What a cook's body is to do over time, before any body does it: goals for the hands, steps, looks, things, labels.

A hand is led by sub-movements: minimum-jerk steps towards goals in the world or in the cook's own frame, which may
overlap and then simply add up (Flash and Henis 1991). So nothing jumps, both hands overlap, and a goal in the cook's
frame walks along for free. Palm, finger direction and curl are blended in the same way.

`Script` holds the values; `Writer` writes them: it keeps the clock, where the cook stands and what the hands hold, and
knows how long people need. `handling` and `working` write the single actions with it; `animation` evaluates a script.

Hands are 0 = left, 1 = right (`LEFT`, `RIGHT`); `side_of` is +1 and −1 along x. The cook's frame: origin on the floor
under the pelvis, +z ahead, +x to the cook's left. Metres, seconds, radians.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy import ndarray

from core.datasets.kitchen.cooks import Cook, Figure
from core.datasets.kitchen.world import THINGS, Kitchen, Point, Stand
from core.geometry.rotations import about_y

LEFT, RIGHT = 0, 1
BOTH = (LEFT, RIGHT)
Frame = Literal["world", "cook"]
Offset = Callable[[ndarray], ndarray]
STEP_M, STEP_TURN_RAD, STEP_S = 0.36, 0.85, 0.45
ARRIVES_EARLY_S = 0.42
"""The reach starts this long before the last foot is down."""


def side_of(hand: int) -> int:
    """+1 for the left hand, which is at +x of a cook who looks along +z, −1 for the right one."""
    return 1 - 2 * hand


@dataclass(frozen=True)
class Grip:
    """How a hand is meant to be: where the palm faces, where the fingers point, how much of that the fingers follow
    (the rest follows the forearm), and how closed it is.
    """

    palm: ndarray
    fingers: ndarray
    follow: float = 0.35
    curl: float = 0.3


@dataclass(frozen=True)
class Movement:
    """One sub-movement of a hand. The goal is the grip point in the hand, not the wrist. `weight` says how much the
    rest of the body goes along; a hand that hangs has little.
    """

    start_s: float
    duration_s: float
    frame: Frame
    goal_m: ndarray
    grip: Grip
    arc_m: float = 0.0
    weight: float = 1.0


@dataclass(frozen=True)
class Cycle:
    """Repeated work: an offset of the hand in the world, (times,) → (times, 3), faded in and out."""

    start_s: float
    end_s: float
    offset: Offset
    ramp_s: float = 0.25


@dataclass(frozen=True)
class Walk:
    start_s: float
    duration_s: float
    x_m: float
    z_m: float
    yaw_rad: float


@dataclass(frozen=True)
class Glance:
    at_s: float
    frame: Frame
    target_m: ndarray


@dataclass(frozen=True)
class Lean:
    """What the trunk adds by itself while somebody works; `rhythm` is a pitch over time."""

    start_s: float
    end_s: float
    pitch_rad: float = 0.0
    roll_rad: float = 0.0
    twist_rad: float = 0.0
    rhythm: Callable[[ndarray], ndarray] | None = None


@dataclass(frozen=True)
class DoorMove:
    start_s: float
    duration_s: float
    door: str
    before: float
    after: float


@dataclass(frozen=True)
class Carrying:
    """From `at_s` on a thing lies at `point_m`, or is in a hand (`hand` set). A tool lies along `along` = (share of
    the thumb's direction, share of the fingers').
    """

    at_s: float
    thing: str
    point_m: ndarray | None = None
    hand: int | None = None
    along: tuple[float, float] = (0.35, 0.9)


@dataclass(frozen=True)
class Aim:
    """While this holds, the business end of a held thing turns to a target; "mouth" is the cook's own. A tool's tip
    points straight at it; what stands upright in the hand tips over towards it by `tilt_rad`.
    """

    start_s: float
    end_s: float
    thing: str
    target: ndarray | Literal["mouth"]
    tilt_rad: float = 0.0


@dataclass(frozen=True)
class Labelled:
    """One labelled action in seconds; `instant_s` is the event that makes it what it is."""

    verb: str
    thing: str
    start_s: float
    end_s: float
    instant_s: float


@dataclass
class Script:
    """Everything that one cook does, as lists over time."""

    start: tuple[float, float, float]  # x, z, yaw
    hands: tuple[list[Movement], list[Movement]] = field(default_factory=lambda: ([], []))
    cycles: tuple[list[Cycle], list[Cycle]] = field(default_factory=lambda: ([], []))
    walks: list[Walk] = field(default_factory=list)
    glances: list[Glance] = field(default_factory=list)
    leans: list[Lean] = field(default_factory=list)
    doors: list[DoorMove] = field(default_factory=list)
    carryings: list[Carrying] = field(default_factory=list)
    aims: list[Aim] = field(default_factory=list)
    labels: list[Labelled] = field(default_factory=list)


class Writer:
    """Writes a script action by action. `now_s` is when the next action may begin."""

    def __init__(
        self, kitchen: Kitchen, cook: Cook, figure: Figure, rng: np.random.Generator, start: tuple[float, float, float]
    ) -> None:
        self.kitchen, self.cook, self.figure, self.rng = kitchen, cook, figure, rng
        self.script = Script(start)
        self.now_s = 0.4
        self.main = LEFT if cook.left_handed else RIGHT
        self.other = RIGHT - self.main
        self.held: list[str | None] = [None, None]
        self._busy_until = [0.0, 0.0]
        self._goal: list[tuple[Frame, ndarray]] = [("cook", np.zeros(3)), ("cook", np.zeros(3))]
        self._standing = start
        for hand in BOTH:
            self._goal[hand] = ("cook", self._resting_goal(hand))
            self.rest(hand, 0.0, duration_s=0.4)
        self.look("cook", np.array([0.0, 0.55 * figure.height_m, 0.75]), 0.0)

    # ---- what is so

    def hands_of(self, hand: str) -> tuple[int, ...]:
        """Hand numbers of "main", "other" and "both", the main one first."""
        return {"main": (self.main,), "other": (self.other,), "both": (self.main, self.other)}[hand]

    def hand_with(self, thing: str, otherwise: int | None = None) -> int:
        """The hand that holds `thing`; where none does, the main one or the one named."""
        nobody = self.main if otherwise is None else otherwise
        return next((hand for hand in (self.main, self.other) if self.held[hand] == thing), nobody)

    @property
    def standing(self) -> tuple[float, float, float]:
        """x, z and yaw where the last step ends."""
        return self._standing

    def in_world(self, point_m: ndarray, frame: Frame) -> ndarray:
        if frame == "world":
            return point_m
        x, z, yaw = self._standing
        return about_y(yaw) @ point_m + np.array([x, 0.0, z])

    # ---- hands

    def reach(
        self,
        hand: int,
        start_s: float,
        goal_m: ndarray,
        grip: Grip,
        *,
        frame: Frame = "world",
        duration_s: float | None = None,
        arc_m: float | None = None,
        weight: float = 1.0,
    ) -> float:
        """Moves a hand; returns when it arrives. Long ways take longer (Fitts' law, 6 cm targets) and are lifted."""
        way_m, lasts_s = 0.3, duration_s
        if lasts_s is None:
            frame_before, goal_before = self._goal[hand]
            way_m = float(np.linalg.norm(self.in_world(goal_m, frame) - self.in_world(goal_before, frame_before)))
            lasts_s = (0.30 + 0.155 * np.log2(way_m / 0.06 + 1)) / self.cook.speed * self.rng.uniform(0.92, 1.1)
        lift = min(0.12, 0.03 + 0.10 * way_m) if arc_m is None else arc_m
        start_s = max(start_s, 0.0)
        self.script.hands[hand].append(Movement(start_s, lasts_s, frame, goal_m, grip, lift, weight))
        self._busy_until[hand] = start_s + lasts_s
        self._goal[hand] = (frame, goal_m)
        return start_s + lasts_s

    def grip_now(self, hand: int, curl: float) -> Grip:
        """The last grip asked for, closed to `curl`."""
        last = self.script.hands[hand][-1].grip
        return Grip(last.palm, last.fingers, last.follow, curl)

    def rest(self, hand: int, start_s: float, duration_s: float | None = None) -> float:
        """Lets a hand hang, or carries what it holds before the body."""
        side, holding = side_of(hand), self.held[hand] is not None
        if holding:
            grip = Grip(np.array([-side * 0.75, -0.55, 0.0]), np.array([0.0, -0.3, 1.0]), 0.15, 0.55)
        else:
            grip = Grip(np.array([-side * 0.9, -0.25, 0.1]), np.array([0.0, -0.8, 0.5]), 0.15, 0.3)
        goal = self._resting_goal(hand)
        return self.reach(hand, start_s, goal, grip, frame="cook", duration_s=duration_s, arc_m=0.0, weight=0.06)

    def _resting_goal(self, hand: int) -> ndarray:
        tall, side = self.figure.height_m, side_of(hand)
        if self.held[hand] is not None:
            return np.array([side * 0.17, 0.605 * tall, 0.27 * tall / 1.7])
        across, ahead = 0.235 + 0.01 * self.rng.random(), 0.10 + 0.04 * self.rng.random()
        return np.array([side * across * tall / 1.7, 0.50 * tall, ahead * tall / 1.7])

    def free_other_hands(self, used: Sequence[int], start_s: float) -> None:
        """Hands that are not needed leave where they were working."""
        for hand in BOTH:
            if hand in used or self._goal[hand][0] != "world":
                continue
            if self.held[hand] is not None:
                self.rest(hand, start_s)
            elif self._busy_until[hand] < start_s:
                self.rest(hand, start_s + self.rng.uniform(0.1, 0.4))

    # ---- the rest of the body

    def look(self, frame: Frame, target_m: ndarray, at_s: float) -> None:
        self.script.glances.append(Glance(max(at_s, 0.0), frame, target_m))

    def lean(
        self,
        start_s: float,
        end_s: float,
        *,
        pitch_deg: float = 0.0,
        roll_deg: float = 0.0,
        twist_deg: float = 0.0,
        rhythm: Callable[[ndarray], ndarray] | None = None,
    ) -> None:
        pitch, roll, twist = np.radians([pitch_deg, roll_deg, twist_deg])
        self.script.leans.append(Lean(start_s, end_s, pitch, roll, twist, rhythm))

    def walk_to(self, stand: Stand, start_s: float) -> float:
        """Returns when the feet have arrived. A short way is a side step that stops as soon as near enough; a turn
        takes more steps.
        """
        x, z, yaw = self._standing
        turn = (stand.yaw_rad - yaw + np.pi) % (2 * np.pi) - np.pi
        to_x, to_z = stand.x_m, stand.z_m
        if abs(turn) < 0.3 and abs(to_z - z) < 0.12:
            if abs(to_x - x) <= stand.slack_m:
                return start_s
            to_x -= np.sign(to_x - x) * stand.slack_m * 0.55
        to_x += self.rng.normal(0, 0.02)
        if abs(to_z + 0.215) > 0.05:  # not at the island, where a little further is into it
            to_z += self.rng.normal(0, 0.012)
        turn += self.rng.normal(0, 0.05)
        way_m = float(np.hypot(to_x - x, to_z - z))
        steps = max(2, int(np.ceil(way_m / STEP_M)), int(np.ceil(abs(turn) / STEP_TURN_RAD)) + (way_m > 0.15))
        duration = (0.20 + STEP_S * steps) / self.cook.speed**0.8
        self.script.walks.append(Walk(start_s, duration, float(to_x), float(to_z), float(yaw + turn)))
        self._standing = (float(to_x), float(to_z), float(yaw + turn))
        return start_s + duration

    def go_and_look(self, target_m: ndarray, stand: Stand, lead_s: float) -> tuple[float, float]:
        """Looks where the hands will go, then walks there; hands come down on a longer way. Returns when the hands may
        start and when the feet arrive.
        """
        began = self.now_s
        self.look("world", target_m, began - lead_s)
        arrives = self.walk_to(stand, began)
        if arrives - began > 0.8:
            for hand in BOTH:
                self.rest(hand, began, duration_s=min(0.8, (arrives - began) * 0.7))
        return max(began, arrives - ARRIVES_EARLY_S), arrives

    def wait(self, seconds: float) -> None:
        """Does nothing for a while but look about."""
        end = self.now_s + seconds
        for hand in BOTH:
            if self._goal[hand][0] == "world":
                self.rest(hand, self.now_s)
        at_s = self.now_s
        while at_s < end:
            about = np.array([self.rng.normal(0, 0.9), self.rng.uniform(0.9, 1.7), self.rng.uniform(0.6, 2.0)])
            self.look("cook", about, at_s)
            at_s += self.rng.uniform(0.7, 1.8)
        self.now_s = end

    # ---- things and labels

    def lay(self, thing: str, at_s: float, point_m: Point | ndarray) -> None:
        if thing in THINGS:
            self.script.carryings.append(Carrying(at_s, thing, point_m=np.array(point_m, dtype=float)))

    def give(self, thing: str, at_s: float, hand: int, along: tuple[float, float] = (0.35, 0.9)) -> None:
        """`thing` is in `hand` from `at_s` on."""
        thing = "cloth" if thing == "counter" else thing
        if thing in THINGS:
            self.script.carryings.append(Carrying(at_s, thing, hand=hand, along=along))

    def label(self, verb: str, thing: str, start_s: float, end_s: float, instant_s: float) -> None:
        self.script.labels.append(Labelled(verb, thing, start_s, end_s, instant_s))


def label_start(began_s: float, hands_start_s: float) -> float:
    """A person marks an action from where it is set out for, but not a whole walk across the room."""
    return began_s if hands_start_s - began_s < 0.9 else hands_start_s - 0.6
