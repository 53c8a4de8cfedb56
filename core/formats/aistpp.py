"""AIST++: dances as rotations of SMPL's body, one pickle a dance.

    smpl_poses (T, 72)   axis times angle, radians      smpl_trans (T, 3)   the root's place times `smpl_scaling` (1)

60 frames a second, y up. The name says the rest: gBR_sBM_cAll_d04_mBR0_ch01 is break dance, a basic routine, all
cameras, dancer 4, music BR0, choreography 1. The genre labels the whole. Source: google.github.io/aistplusplus_dataset.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.bodies.skeletons import SMPL_24
from core.errors import FormatError
from core.formats import pickled
from core.formats.smpl_motion import motion_of, number_of, table
from core.recordings import Recording, Stretch

LICENCE = "AIST++ annotations: CC BY 4.0; its videos and music: AIST Dance Database terms"
RATE_HZ = 60.0
GENRES = {
    "BR": "break",
    "PO": "pop",
    "LO": "lock",
    "MH": "middle hip-hop",
    "LH": "LA-style hip-hop",
    "HO": "house",
    "WA": "waack",
    "KR": "krump",
    "JS": "street jazz",
    "JB": "ballet jazz",
}
_NAME = re.compile(r"g([A-Z]{2})_s[A-Z]{2}_c\w+?_d(\d+)_m([A-Z]{2}\d+)_ch(\d+)")


def is_aistpp(path: Path) -> bool:
    return pickled.mentions(path, b"smpl_poses", b"smpl_trans")


def read(path: Path) -> Iterator[Recording]:
    """The one dance of a file."""
    held = pickled.from_pickle(path)
    if not isinstance(held, dict) or "smpl_poses" not in held or "smpl_trans" not in held:
        raise FormatError(path, "it has no smpl_poses or no smpl_trans", hint="Is it a motion of AIST++?")
    poses = table(path, "smpl_poses", held["smpl_poses"], (72,))
    trans = table(path, "smpl_trans", held["smpl_trans"], (3,))
    if len(trans) != len(poses):
        raise FormatError(path, f"smpl_poses have {len(poses)} frames, and smpl_trans {len(trans)}")
    notes: list[str] = []
    scaling = _scaling(path, held.get("smpl_scaling"), notes)
    body = motion_of(path, SMPL_24, RATE_HZ, poses.reshape(len(poses), 24, 3), trans / scaling, where="smpl_")
    performer, stretches = _said_by_name(path.stem, len(body) / RATE_HZ)
    yield Recording(path.stem, RATE_HZ, body=body, performer=performer, stretches=stretches, notes=tuple(notes))


def _scaling(path: Path, value: Any, notes: list[str]) -> float:
    if value is None:
        notes.append("It says no smpl_scaling: its places are taken for metres.")
        return 1.0
    scaling = number_of(value)
    if not 1e-3 < scaling < 1e4:
        raise FormatError(path, f"smpl_scaling is {scaling:g}, which cannot be")
    return scaling


def _said_by_name(name: str, duration_s: float) -> tuple[str, tuple[Stretch, ...]]:
    found = _NAME.fullmatch(name)
    if found is None or found[1] not in GENRES:
        return "", ()
    genre, dancer, music, choreography = found.groups()
    text = f"{GENRES[genre]}, music {music}, choreography {choreography}"
    return f"d{dancer}", (Stretch(0.0, duration_s, (GENRES[genre],), text),)
