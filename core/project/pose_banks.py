"""What the file of a pose bank says of itself, and a few of its poses: a bank of a million is never read whole for it.

    seen = glimpse(folder / FILE)         # seen.poses, seen.sources, seen.some_m (12, 9, 3)

Poses are UPPER_BODY_9 in metres, neck at the origin, y up, facing +z; each source's lie together, in their order.
`core.datasets.pose_bank` reads and writes whole banks.
"""

from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
from jaxtyping import Float
from numpy import ndarray
from safetensors import SafetensorError, safe_open

from core.bodies.skeletons import UPPER_BODY_9
from core.errors import FormatError

FILE = "bank.safetensors"
"""Name of a bank's file in its set's folder."""
_MAP = "matched"


class BankSource(msgspec.Struct, frozen=True, kw_only=True):
    """A data set that poses are of, and what became of its frames. `refused` counts frames by the rule they broke."""

    key: str
    name: str
    recordings: int
    frames: int
    poses: int
    apart_mm: float = 0.0
    refused: dict[str, int] = {}


@dataclass(frozen=True)
class Glimpse:
    """`some_m` are poses at even distances through the bank; `at` is where each of them lies in it."""

    poses: int
    some_m: Float[ndarray, "some 9 3"]
    at: tuple[int, ...]
    sources: tuple[BankSource, ...] = ()
    licences: dict[str, str] = field(default_factory=dict)
    """Terms by the name of the source; empty where its makers say nothing."""

    def source_of(self, pose: int) -> str:
        """The name of the data set that this pose is of; empty where the bank does not say."""
        for each in self.sources:
            if pose < each.poses:
                return each.name
            pose -= each.poses
        return ""


def glimpse(path: Path, count: int = 12) -> Glimpse:
    """What a bank holds, and `count` of its poses. FormatError in words where it is none."""
    try:
        with safe_open(path, framework="numpy") as file:
            told = msgspec.json.decode((file.metadata() or {}).get("facts", "{}"), type=dict[str, str])
            poses = file.get_slice(_MAP)
            shape = tuple(poses.get_shape())
            if len(shape) != 3 or shape[1:] != (len(UPPER_BODY_9), 3) or not shape[0]:
                raise FormatError(path, f"the poses have shape {shape}, not (N, 9, 3)", hint="Build the bank again.")
            at = np.unique(np.linspace(0, shape[0] - 1, count).round().astype(int))
            some_m = np.concatenate([poses[int(each) : int(each) + 1] for each in at]).astype(np.float32)
            sources = msgspec.json.decode(told.get("sets", "[]"), type=tuple[BankSource, ...])
            licences = msgspec.json.decode(told.get("licences", "{}"), type=dict[str, str])
    except (SafetensorError, OSError, msgspec.MsgspecError) as error:
        raise FormatError(path, f"no pose bank ({error})", hint="Build the bank again.") from None
    return Glimpse(shape[0], some_m, tuple(map(int, at)), sources, licences)
