"""Where things and doors are, frame by frame: at home, in a hand, put down; tipped where something is poured.

A thing's own frame has its foot at the origin and y up; long tools lie along +z with the tip ahead, a pan's handle
points along −z, a towel hangs down from the origin.
"""

from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from core.bodies.skeletons import SMPL_24
from core.datasets.kitchen.animation import Animation
from core.datasets.kitchen.landmarks import MOUTH_M
from core.datasets.kitchen.script import LEFT, Aim, Carrying, Script, side_of
from core.datasets.kitchen.signals import envelope, minimum_jerk, smooth_step
from core.datasets.kitchen.trunk import SIDES
from core.datasets.kitchen.world import THINGS, Kitchen
from core.geometry.rotations import about_y, frame_of, turned, unit

_UP = np.array([0.0, 1.0, 0.0])
_BLEND_FRAMES = 4
"""A thing slides into the hand and out of it within this many frames, so nothing jumps where grasp and grip differ."""
_HANDS_LEAVE_M = 0.50
"""Farther apart than this, hands no longer hold one thing between them."""


@dataclass(frozen=True)
class ThingTrack:
    """One thing over time: the place of its foot (T, 3), its rotation (T, 3, 3) and whether it can be seen (T,)."""

    name: str
    place_m: ndarray
    rotation: ndarray
    visible: ndarray


@dataclass(frozen=True)
class DoorTrack:
    """One door over time: how far it is open (T,), 0 to 1, and what that turns (rad, about +y) or slides (m) it by."""

    name: str
    hinge_m: tuple[float, float]
    opening: ndarray
    yaw_rad: ndarray
    slide_m: ndarray


def thing_tracks(script: Script, animation: Animation, kitchen: Kitchen, rate_hz: float) -> tuple[ThingTrack, ...]:
    """Every thing of the kitchen."""
    happenings: dict[str, list[Carrying]] = {name: [] for name in THINGS}
    for carrying in script.carryings:
        happenings[carrying.thing].append(carrying)
    aims: dict[str, list[Aim]] = {}
    for aim in script.aims:
        aims.setdefault(aim.thing, []).append(aim)
    return tuple(
        _track(name, sorted(events, key=lambda each: each.at_s), aims.get(name, []), animation, kitchen, rate_hz)
        for name, events in happenings.items()
    )


def door_tracks(script: Script, kitchen: Kitchen, frames: int, rate_hz: float) -> tuple[DoorTrack, ...]:
    time_s = np.arange(frames) / rate_hz
    tracks = []
    for door in kitchen.doors.values():
        opening = np.zeros(frames)
        for move in script.doors:
            if move.door == door.name:
                opening += (move.after - move.before) * minimum_jerk(time_s, move.start_s, move.duration_s)
        slide = opening[:, None] * np.array(door.slide_m)
        tracks.append(DoorTrack(door.name, door.hinge_m, opening, opening * door.turn_rad, slide))
    return tuple(tracks)


def _track(
    name: str, events: list[Carrying], aims: list[Aim], animation: Animation, kitchen: Kitchen, rate_hz: float
) -> ThingTrack:
    frames = len(animation.joints_m)
    place = np.tile(np.array(kitchen.homes[name].point_m), (frames, 1))
    rotation = np.tile(np.eye(3), (frames, 1, 1))
    for number, event in enumerate(events):
        first = int(np.clip(event.at_s * rate_hz, 0, frames))
        last = int(np.clip(events[number + 1].at_s * rate_hz, 0, frames)) if number + 1 < len(events) else frames
        if first >= last:
            continue
        before = (place[first - 1].copy(), rotation[first - 1].copy()) if first else None
        if event.point_m is not None:
            place[first:last], rotation[first:last] = event.point_m, np.eye(3)
        else:
            during = slice(first, last)
            place[during], rotation[during] = _in_hand(name, event, aims, animation, during, rate_hz)
        if before is not None:
            _slide_in(place, rotation, first, last, *before)
    return ThingTrack(name, place, rotation, np.ones(frames, dtype=bool))


def _slide_in(
    place: ndarray, rotation: ndarray, first: int, last: int, old_place: ndarray, old_rotation: ndarray
) -> None:
    for number in range(min(_BLEND_FRAMES, last - first)):
        share, at = (number + 1) / (_BLEND_FRAMES + 1), first + number
        place[at] = (1 - share) * old_place + share * place[at]
        mixed = (1 - share) * old_rotation + share * rotation[at]
        if abs(np.linalg.det(mixed)) > 0.05:
            rotation[at] = frame_of("y", mixed[:, 1], "z", mixed[:, 2])


def _in_hand(
    name: str, event: Carrying, aims: list[Aim], animation: Animation, during: slice, rate_hz: float
) -> tuple[ndarray, ndarray]:
    """Place and rotation of a thing that is held."""
    thing, hand = THINGS[name], LEFT if event.hand is None else event.hand
    grip, palm, fingers, thumb = _hand_axes(animation, hand, during)
    heading = about_y(np.arctan2(fingers[:, 0], fingers[:, 2]))
    strength, target, tilt = _aimed(aims, animation, during, rate_hz)

    if thing.held == "tool":
        along = unit(thumb * event.along[0] + fingers * event.along[1])
        along = unit((1 - strength) * along + strength * unit(target - grip))
        upwards = unit(np.cross(along, palm))
        rotation = frame_of("z", along, "y", upwards)
        return grip - 0.012 * upwards - 0.012 * palm, rotation
    if thing.held == "hanging":
        return grip, heading
    if thing.held == "pan":
        level = unit(fingers * np.array([1.0, 0.3, 1.0]))
        rotation = _tipped(frame_of("z", level, "y", np.broadcast_to(_UP, level.shape)), grip, strength, target, tilt)
        return grip + rotation[:, :, 2] * (thing.size_m / 2 + 0.12) - 0.035 * rotation[:, :, 1], rotation
    if thing.held == "upright":
        upright = frame_of("y", thumb, "z", palm)
        rotation = _tipped(upright, grip, strength, target, tilt)
        return grip - rotation[:, :, 1] * thing.grip_height_m + palm * 0.02, rotation
    if thing.grip == "both":
        other_grip, *_ = _hand_axes(animation, 1 - hand, during)
        apart = np.linalg.norm(grip - other_grip, axis=1, keepdims=True)
        shared = 0.5 * smooth_step((_HANDS_LEAVE_M - apart) / 0.15)  # one hand alone while the other shuts a door
        grip = (1 - shared) * grip + shared * other_grip
    else:
        grip = grip + palm * (0.01 if name in ("carrot", "cucumber") else 0.35 * thing.size_m)
    rotation = _tipped(heading, grip, strength, target, tilt)
    return grip - rotation[:, :, 1] * thing.grip_height_m, rotation


def _hand_axes(animation: Animation, hand: int, during: slice) -> tuple[ndarray, ndarray, ndarray, ndarray]:
    """Where a thing lies in the hand, and where palm, fingers and thumb point."""
    wrist = SMPL_24[f"{SIDES[hand]}_wrist"]
    axes = animation.world_rotations[during, wrist]
    palm, fingers, thumb = -axes[:, :, 1], axes[:, :, 0] * side_of(hand), axes[:, :, 2]
    return animation.joints_m[during, wrist] + 0.085 * fingers + 0.035 * palm, palm, fingers, thumb


def _aimed(aims: list[Aim], animation: Animation, during: slice, rate_hz: float) -> tuple[ndarray, ndarray, ndarray]:
    """How strongly (T, 1), at what (T, 3) and tipped by how much (T, 1) a thing is aimed over these frames."""
    frames = during.stop - during.start
    time_s = np.arange(during.start, during.stop) / rate_hz
    strength, target, tilt = np.zeros((frames, 1)), np.zeros((frames, 3)), np.zeros((frames, 1))
    for aim in aims:
        now = (time_s >= aim.start_s) & (time_s <= aim.end_s)
        strength[now, 0] = envelope(time_s[now], aim.start_s, aim.end_s, 0.35)
        if isinstance(aim.target, str):
            head = SMPL_24["head"]
            offset = turned(animation.world_rotations[during, head], np.broadcast_to(MOUTH_M, (frames, 3)))
            target[now] = (animation.joints_m[during, head] + offset)[now]
        else:
            target[now] = aim.target
        tilt[now] = aim.tilt_rad
    return strength, target, tilt


def _tipped(upright: ndarray, grip: ndarray, strength: ndarray, target: ndarray, tilt: ndarray) -> ndarray:
    """The same, its top tipped over towards the target."""
    if not strength.any():
        return upright
    towards = (target - grip) * np.array([1.0, 0.0, 1.0])
    top = np.cos(tilt) * _UP + np.sin(tilt) * unit(towards)
    blended = unit((1 - strength) * upright[:, :, 1] + strength * top)
    return frame_of("y", blended, "z", upright[:, :, 2] + 1e-3 * upright[:, :, 0])
