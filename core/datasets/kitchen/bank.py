"""Poses for the pose bank: people at work whom no demo shows, in kitchens that no demo films.

Each cook is drawn for the bank, works for a minute in a kitchen of their own, and gives at most `POSES_A_CLIP` poses.
World axes, metres, y up; whoever makes a bank file centres and turns them.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy import ndarray

from core.datasets.kitchen.clip import KitchenClip, clip
from core.datasets.kitchen.cooks import cook
from core.datasets.kitchen.seeds import bank_clip, bank_cook, bank_kitchen
from core.datasets.kitchen.world import kitchen

POSES_A_CLIP = 150
_SECONDS, _RATE_HZ = 60.0, 15.0


def bank_poses(seed: int, count: int, *, body_file: Path | None = None) -> ndarray:
    """(count, 24, 3): SMPL's joints."""
    return _drawn(seed, count, body_file, upper_body=False)


def bank_upper_bodies(seed: int, count: int, *, body_file: Path | None = None) -> ndarray:
    """(count, 9, 3): the same poses as UPPER_BODY_9 with the true nose, as 2D tracks see people."""
    return _drawn(seed, count, body_file, upper_body=True)


def bank_clips(seed: int, count: int, *, body_file: Path | None = None) -> Iterator[KitchenClip]:
    """The clips that `count` poses come from."""
    for number in range(-(-count // POSES_A_CLIP)):
        person, room = cook(bank_cook(seed, number)), kitchen(bank_kitchen(seed, number))
        yield clip(bank_clip(seed, number), _SECONDS, _RATE_HZ, room, person, body_file=body_file)


def _drawn(seed: int, count: int, body_file: Path | None, *, upper_body: bool) -> ndarray:
    parts: list[ndarray] = []
    for each in bank_clips(seed, count, body_file=body_file):
        rng = np.random.default_rng([each.seed, 21])
        frames = np.sort(rng.choice(len(each), POSES_A_CLIP, replace=False))
        parts.append((each.upper_body_m if upper_body else each.joints_m)[frames])
    return np.concatenate(parts)[:count]
