"""Simulated cooks as recorded motion: what a motion model may learn from, since nobody's licence is on it.

Each recording is one cook's session on the built-in body of average shape: joints turn as the cook's do, and the way
the root goes is scaled with the legs, so that feet stay on the floor. Stretches are the cook's actions, by their verbs.
World: metres, y up, the floor at 0.
"""

from collections.abc import Iterator

import numpy as np

from core.bodies.skeletons import SMPL_24
from core.datasets.kitchen import seeds
from core.datasets.kitchen.clip import KitchenClip, clip
from core.datasets.kitchen.cooks import cook
from core.datasets.kitchen.world import kitchen
from core.motion import Motion
from core.recordings import KEPT_HZ, Recording, Stretch, reference_joints_m

_FOOT = SMPL_24["left_foot"]


def recordings(count: int, seconds: float, seed: int) -> Iterator[Recording]:
    """So many cooks for so long, each in a kitchen of their own; people and clips of the demo seed `seed`."""
    seeds.check_demo(seed, count)
    for number in range(count):
        person = cook(seeds.demo_cook(seed, number))
        room = kitchen(seeds.demo_cook(seed, number))
        yield recording_of(clip(seeds.demo_clip(seed, number), seconds, KEPT_HZ, room, person), f"cook {number:03d}")


def recording_of(made: KitchenClip, name: str) -> Recording:
    """One clip's motion and actions."""
    figure_m = made.figure.joints_m - np.array([0.0, made.figure.floor_m, 0.0])  # at rest, as its translation counts
    average_m = reference_joints_m()
    scale = (average_m[0, 1] - average_m[_FOOT, 1]) / (figure_m[0, 1] - figure_m[_FOOT, 1])
    places_m = (made.motion.translation_m + figure_m[0]) * np.array([1.0, scale, 1.0])
    # The way is walked with the same strides, only shorter: what counts for feet is the leg, not the room.
    places_m[:, ::2] = places_m[0, ::2] + (places_m[:, ::2] - places_m[0, ::2]) * scale
    body = Motion(SMPL_24, made.motion.rate_hz, made.motion.rotations, places_m - average_m[0])
    rate_hz = made.motion.rate_hz
    stretches = tuple(
        Stretch(each.start_frame / rate_hz, each.end_frame / rate_hz, (each.verb.replace("_", " "),), each.thing)
        for each in made.segments
    )
    return Recording(name, rate_hz, body=body, performer=name, stretches=stretches)
