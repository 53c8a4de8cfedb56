"""How things are taken, put, added, poured over; how doors and knobs are moved: one function for each such action.

Each writes one action for a `Step` and leaves `writer.now_s` where the next one may begin, which is a little before the
hands are home: people overlap. The instant of an action is its event: the grasp, the release, the pull on the door.
"""

import numpy as np
from numpy import ndarray

from core.datasets.kitchen.script import ARRIVES_EARLY_S, BOTH, DoorMove, Grip, Writer, label_start, side_of
from core.datasets.kitchen.state import Step
from core.datasets.kitchen.world import BESIDE_BOARD, THINGS, Stand

HANDS_APART_M = 0.11
"""How far from the middle of a two-handed thing each hand grips."""
SHOULDER_ASIDE_M = 0.12
"""The reaching shoulder, not the middle of the body, stands in front of the target."""


def take(writer: Writer, step: Step) -> None:
    began, hands = writer.now_s, writer.hands_of(step.hand)
    point = np.array(step.point_m)
    stand = stand_for(writer, step, hands)
    start, arrived, grips = _reach_thing(writer, step.thing, point, stand, hands)
    grasped = arrived + 0.10 / writer.cook.speed
    writer.give(step.thing, grasped, hands[0])
    end = grasped
    for hand in hands:
        writer.held[hand] = step.thing
        closing = writer.grip_now(hand, curl=0.75)
        writer.reach(hand, grasped - 0.02, grips[hand], closing, duration_s=0.15, arc_m=0.0)
        end = max(end, writer.rest(hand, grasped + 0.02))
    writer.label("take", step.thing, label_start(began, start), end - 0.25, arrived)
    writer.now_s = end - writer.rng.uniform(0.28, 0.42)


def put(writer: Writer, step: Step) -> None:
    began = writer.now_s
    hands = writer.hands_of(step.hand)
    point = np.array(step.point_m)
    stand = stand_for(writer, step, hands)
    start, arrived, _ = _reach_thing(writer, step.thing, point, stand, hands)
    released = arrived + 0.08 / writer.cook.speed
    writer.lay(step.thing, released, point)
    ahead = _ahead(stand)
    for hand in hands:
        writer.held[hand] = None
        away = np.array(point) + _above(step.thing) + np.array([0.0, 0.07, 0.0]) - ahead * 0.08
        if len(hands) > 1:
            away = away + _aside(stand) * side_of(hand) * (HANDS_APART_M + 0.04)
        writer.reach(hand, released, away, writer.grip_now(hand, curl=0.1), duration_s=0.35, arc_m=0.0)
    writer.label("put", step.thing, label_start(began, start), released + 0.25, arrived)
    writer.now_s = released + 0.12


def open_door(writer: Writer, step: Step) -> None:
    _move_door(writer, step, opening=True)


def close_door(writer: Writer, step: Step) -> None:
    _move_door(writer, step, opening=False)


def _move_door(writer: Writer, step: Step, *, opening: bool) -> None:
    """The hand follows the handle's true way in four overlapping pieces."""
    began, hand = writer.now_s, writer.hands_of(step.hand)[0]
    door, rng = writer.kitchen.doors[step.place], writer.rng
    stand = stand_for(writer, step, (hand,))
    before, after = (0.0, 1.0) if opening else (1.0, 0.0)
    side, ahead = side_of(hand), _ahead(stand)
    is_drawer = step.place in ("drawer", "low_drawer")
    palm = np.array([0.0, -1.0, 0.0]) if is_drawer else -side * _aside(stand) * 0.8 + ahead * 0.3
    reaching = Grip(palm, ahead - np.array([0.0, 0.1 * is_drawer, 0.0]), 0.35, 0.2)
    start, arrived = _approach(writer, door.handle_at(before), stand, {hand: (door.handle_at(before), reaching)})
    holds, duration, pieces = arrived + 0.08, rng.uniform(0.60, 0.80) / writer.cook.speed, 4
    pulling = Grip(palm, ahead, 0.3, 0.7 if opening else 0.1)
    for piece in range(1, pieces + 1):
        goal = door.handle_at(before + (after - before) * piece / pieces)
        starts = holds + duration * (piece - 1) / (pieces + 1)
        writer.reach(hand, starts, goal, pulling, duration_s=duration * 2 / (pieces + 1), arc_m=0.0)
    end = holds + duration
    writer.script.doors.append(DoorMove(holds, duration * 1.05, step.place, before, after))
    writer.lean(holds, end, pitch_deg=-3 if opening else 4, twist_deg=8 * side * (1 if opening else -1))
    if not opening:
        writer.rest(hand, end - 0.1)
    instant = holds + duration * (0.45 if opening else 0.15)
    writer.label(step.verb, step.thing, label_start(began, start), end + 0.05, instant)
    writer.now_s = end - 0.12


def turn_on(writer: Writer, step: Step) -> None:
    began = writer.now_s
    hand = writer.main if writer.held[writer.main] is None else writer.other
    side, knob = side_of(hand), np.array(step.point_m) + np.array([0.0, 0.03, 0.0])
    stand = stand_for(writer, step, (hand,))
    grip = Grip(np.array([-side * 0.2, -1.0, 0.0]), np.array([0.0, -0.6, 0.8]), 0.55, 0.6)
    start, arrived = _approach(writer, knob, stand, {hand: (knob, grip)})
    twisted = Grip(np.array([-side * 0.8, -0.6, 0.0]), grip.fingers, 0.55, 0.6)
    writer.reach(hand, arrived, knob, twisted, duration_s=0.35, arc_m=0.0)
    writer.label("turn_on", step.thing, label_start(began, start), arrived + 0.5, arrived + 0.15)
    writer.now_s = arrived + 0.4
    writer.rest(hand, arrived + 0.45)


def add(writer: Writer, step: Step) -> None:
    """Gathers what lies on the board between the hands (or in one), carries it over the vessel and lets go."""
    began, target = writer.now_s, np.array(step.point_m)
    free = [hand for hand in BOTH if writer.held[hand] is None]
    hands = tuple(free) if len(free) == 2 else (free[0] if free else writer.other,)
    source = _lying_at(writer, step.thing)
    at_source = writer.kitchen.stand_for("middle", (source[0], source[1], source[2]), "cut", 0.0)
    at_source = Stand(at_source.x_m, at_source.z_m, at_source.yaw_rad, 0.25)
    start, _ = writer.go_and_look(source, at_source, 0.25)
    gathered = start
    for hand in hands:
        side = side_of(hand)
        grip = Grip(np.array([-side * 0.8, -0.5, 0.0]), np.array([-side * 0.2, -0.5, 0.8]), 0.45, 0.5)
        goal = source + np.array([side * 0.07, 0.05, 0.0])
        gathered = max(gathered, writer.reach(hand, start + 0.05 * hand, goal, grip))
    whole = step.place != BESIDE_BOARD  # else some pieces are pushed into a bowl, and the rest stays
    if whole:
        writer.give(step.thing, gathered + 0.15, hands[0])
    writer.look("world", target, gathered)
    stand = writer.kitchen.stand_for(step.place, step.point_m, "add", 0.0)
    stand = Stand(stand.x_m, stand.z_m, stand.yaw_rad, 0.30)
    arrives = writer.walk_to(stand, gathered + 0.2)
    lifts = max(gathered + 0.25, arrives - ARRIVES_EARLY_S)
    if arrives - gathered > 0.8:
        for hand in hands:
            writer.held[hand] = step.thing
            writer.rest(hand, gathered + 0.2, duration_s=0.6)
            writer.held[hand] = None
    over = lifts
    for hand in hands:
        side = side_of(hand)
        cupped = np.array([-side * 0.5, 0.5 if len(hands) == 1 else 0.2, 0.0])
        grip = Grip(cupped, np.array([-side * 0.2, -0.2, 0.8]), 0.4, 0.55)
        over = max(over, writer.reach(hand, lifts, target + np.array([side * 0.06, 0.16, -0.02]), grip))
    for hand in hands:
        side = side_of(hand)
        grip = Grip(np.array([-side * 0.5, -0.8, 0.0]), np.array([-side * 0.2, -0.5, 0.8]), 0.4, 0.2)
        goal = target + np.array([side * 0.07, 0.15, -0.01])
        writer.reach(hand, over, goal, grip, duration_s=0.35, arc_m=0.0)
    if whole:
        writer.lay(step.thing, over + 0.25, target)
    writer.label("add", step.thing, label_start(began, start), over + 0.5, over + 0.15)
    writer.now_s = over + 0.35


def _lying_at(writer: Writer, thing: str) -> ndarray:
    """Where a thing lies as far as the script knows, else on the board."""
    for carrying in reversed(writer.script.carryings):
        if carrying.thing == thing:
            return writer.kitchen.middle_m if carrying.point_m is None else carrying.point_m
    return writer.kitchen.middle_m


# ---- shared ---------------------------------------------------------------------------------------------------------


def stand_for(writer: Writer, step: Step, hands: tuple[int, ...]) -> Stand:
    """Where to stand for a step: in front of its place, a shoulder's width aside where one hand reaches."""
    one_reaches = len(hands) == 1 and step.verb in ("take", "put", "open", "close", "turn_on")
    aside = side_of(hands[0]) * SHOULDER_ASIDE_M if one_reaches else 0.0
    return writer.kitchen.stand_for(step.place, step.point_m, step.verb, aside)


def _ahead(stand: Stand) -> ndarray:
    return np.array([np.sin(stand.yaw_rad), 0.0, np.cos(stand.yaw_rad)])


def _aside(stand: Stand) -> ndarray:
    """To the left of somebody who stands there."""
    return np.array([np.cos(stand.yaw_rad), 0.0, -np.sin(stand.yaw_rad)])


def _above(thing: str) -> ndarray:
    return np.array([0.0, max(THINGS[thing].grip_height_m, 0.03), 0.0])


def _reach_thing(
    writer: Writer, thing: str, point: ndarray, stand: Stand, hands: tuple[int, ...]
) -> tuple[float, float, dict[int, ndarray]]:
    """Brings the hands to where `thing` is gripped when it stands at `point`. Returns when they set out, when they are
    there, and each hand's place.
    """
    grip_point = point + _above(thing)
    posts: dict[int, tuple[ndarray, Grip]] = {}
    for hand in hands:
        side = side_of(hand)
        if len(hands) == 1:
            posts[hand] = (grip_point, _grip_on(thing, point, stand, hand))
        else:
            palm = -side * _aside(stand) * 0.9 + np.array([0.0, -0.35, 0.0])
            fingers = _ahead(stand) + np.array([0.0, -0.1, 0.0])
            posts[hand] = (grip_point + _aside(stand) * side * HANDS_APART_M, Grip(palm, fingers, 0.4, 0.15))
    start, arrived = _approach(writer, grip_point, stand, posts)
    return start, arrived, {hand: goal for hand, (goal, _) in posts.items()}


def _grip_on(thing: str, point: ndarray, stand: Stand, hand: int) -> Grip:
    """High and deep shelves are reached from the front, tops from above, pans by their handle."""
    ahead, aside, side = _ahead(stand), _aside(stand), side_of(hand)
    kind = THINGS[thing].grip
    from_front = point[1] > 1.2 or (abs(stand.yaw_rad) > 0.5 and point[1] > 0.75)
    if from_front or kind == "side":
        return Grip(-side * aside * 0.9 + np.array([0.0, -0.25, 0.0]), ahead + np.array([0.0, 0.05, 0.0]), 0.45, 0.15)
    if kind == "handle":
        return Grip(-side * aside * 0.35 + np.array([0.0, -0.9, 0.0]), ahead, 0.3, 0.15)
    return Grip(
        -side * aside * 0.25 + np.array([0.0, -0.92, 0.0]), ahead * 0.8 + np.array([0.0, -0.45, 0.0]), 0.4, 0.15
    )


def _approach(
    writer: Writer, target: ndarray, stand: Stand, posts: dict[int, tuple[ndarray, Grip]]
) -> tuple[float, float]:
    """Look, walk, reach: gaze leads the hand by 0.15 to 0.35 s, the second hand follows by 0.07."""
    start, _ = writer.go_and_look(target, stand, writer.rng.uniform(0.15, 0.35))
    arrived = start
    for hand, (goal, grip) in posts.items():
        late = 0.07 if len(posts) > 1 and hand != writer.main else 0.0
        arrived = max(arrived, writer.reach(hand, start + late, goal, grip))
    writer.free_other_hands(tuple(posts), start)
    return start, arrived
