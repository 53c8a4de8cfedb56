"""How far the 2D detector is off, and tracks of a clip that nobody filmed: its true landmarks with that error.

The table is measured on rendered clips by `tools/measure_detector_error.py`, for each landmark and for two views
(facing the camera, turned away). Lengths are in the person's own torso lengths in the picture (mid-shoulders to
mid-hips at the moment, but at least half of the clip's median), so that it holds at any size: a constant part, outward
and up along the torso; a slow part that stays for a while; a quick part; and stretches without a sighting.

Models never see more than such tracks: what they learn from is what the detector could have told them.
"""

from pathlib import Path

import msgspec
import numpy as np
from numpy import ndarray
from scipy.signal import lfilter

import resources
from core.bodies.skeletons import BLAZEPOSE_33
from core.errors import FormatError
from core.motion import SEEN, Poses2d

VIEWS = ("towards", "away")


class LandmarkError(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One landmark's error. Lengths in torsos; `outward` counts to the person's own side, `up` from hips to neck."""

    outward: float
    up: float
    slow: float  # standard deviation along each axis of what stays for a while
    quick: float  # of what is new in every frame
    memory_s: float  # how long the slow part stays
    dropped: float  # share of frames without a sighting, of those in which the person is found at all
    dropped_s: float  # how long such a stretch lasts
    confidence: float  # median where it is seen


class Lost(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often, and for how long at a time, the whole person is not found."""

    share: float
    seconds: float


class DetectorError(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole table: view → landmark → error, and view → how often the whole person is lost."""

    measured_on: str
    lost: dict[str, Lost]
    views: dict[str, dict[str, LandmarkError]]


def read_error_table(path: Path | None = None) -> DetectorError:
    """The shipped table, or another one; FormatError in words where it is none."""
    path = path or resources.path("kitchen", "detector_error.json")
    try:
        table = msgspec.json.decode(path.read_bytes(), type=DetectorError)
    except (OSError, msgspec.DecodeError) as error:
        raise FormatError(path, f"is no table of detector errors: {error}") from None
    for view in VIEWS:
        if view not in table.lost:
            raise FormatError(path, f"says nothing of people {view} the camera", hint="Measure it again.")
        missing = set(BLAZEPOSE_33.joints) - set(table.views.get(view, {}))
        if missing:
            raise FormatError(path, f"says nothing of {min(missing)} {view} the camera", hint="Measure it again.")
    return table


def seen_by_detector(
    landmarks_px: ndarray, width: int, height: int, rate_hz: float, table: DetectorError, rng: np.random.Generator
) -> Poses2d:
    """Tracks of one person, BLAZEPOSE_33, as the detector would have found them; `landmarks_px` (T, 33, 2) are true."""
    frames, count = landmarks_px.shape[:2]
    up, outward, torso_px, towards = body_axes(landmarks_px)
    of_view = [[table.views[view][name] for name in BLAZEPOSE_33.joints] for view in VIEWS]

    def knob(name: str) -> ndarray:
        """(T, 33), by the view of each frame."""
        by_view = np.array([[getattr(each, name) for each in row] for row in of_view])
        return by_view[np.where(towards, 0, 1)]

    sides = np.array([{"left": 1.0, "right": -1.0}.get(side, 0.0) for side in BLAZEPOSE_33.sides])
    bias = (knob("outward") * sides)[..., None] * outward[:, None] + knob("up")[..., None] * up[:, None]
    slow = _remembering(rng, frames, count, float(np.median(knob("memory_s"))) * rate_hz) * knob("slow")[..., None]
    quick = rng.normal(size=(frames, count, 2)) * knob("quick")[..., None]
    lost = _stretches(rng, knob("dropped"), knob("dropped_s") * rate_hz)
    of_person = np.array([(table.lost[view].share, table.lost[view].seconds) for view in VIEWS])
    of_person = of_person[np.where(towards, 0, 1)]
    gone = _stretches(rng, of_person[:, :1], of_person[:, 1:] * rate_hz)
    off = bias + (slow + quick) * np.where(lost, 2.5, 1.0)[..., None]
    seen_px = landmarks_px + off * torso_px[:, None, None]

    sure = np.clip(knob("confidence") + 0.04 * rng.normal(size=(frames, count)), SEEN + 0.05, 0.999)
    unsure = rng.uniform(0.02, SEEN - 0.05, size=(frames, count))
    inside = ((seen_px >= 0) & (seen_px <= [width - 1, height - 1])).all(-1)
    confidence = np.where(lost, unsure, sure) * inside * ~gone
    return Poses2d(BLAZEPOSE_33, seen_px[:, None].astype(np.float32), confidence[:, None].astype(np.float32))


def body_axes(landmarks_px: ndarray) -> tuple[ndarray, ndarray, ndarray, ndarray]:
    """The picture's directions from hips to neck and to the person's left, (T, 2) each; the torso's length (T,), px;
    and whether the person faces the camera (T,).
    """
    left, right = (landmarks_px[:, BLAZEPOSE_33[f"{side}_shoulder"]] for side in ("left", "right"))
    hips = 0.5 * (landmarks_px[:, BLAZEPOSE_33["left_hip"]] + landmarks_px[:, BLAZEPOSE_33["right_hip"]])
    torso = 0.5 * (left + right) - hips
    length = np.linalg.norm(torso, axis=1)
    up = torso / np.maximum(length, 1e-6)[:, None]
    towards = (left - right)[:, 0] > 0
    across = np.stack([-up[:, 1], up[:, 0]], axis=1)  # a quarter turn: to the picture's right of somebody upright
    outward = across * np.where(towards, 1.0, -1.0)[:, None]
    return up, outward, np.maximum(length, 0.5 * np.median(length)), towards


def _remembering(rng: np.random.Generator, frames: int, count: int, memory: float) -> ndarray:
    """First-order noise of standard deviation 1 that stays for about `memory` frames, (frames, count, 2)."""
    keep = float(np.exp(-1.0 / max(memory, 1e-3)))
    fresh = rng.normal(size=(frames, count, 2))
    fresh[1:] *= np.sqrt(1 - keep**2)
    return np.asarray(lfilter([1.0], [1.0, -keep], fresh, axis=0))


def _stretches(rng: np.random.Generator, share: ndarray, length: ndarray) -> ndarray:
    """Which frames fall into a gap, (frames, count): gaps of about `length` frames that take `share` of them."""
    ends = 1.0 / np.maximum(length, 1.0)
    begins = np.minimum(share * ends / np.maximum(1 - share, 1e-3), 1.0)
    draws = rng.random(share.shape)
    gone = np.empty(share.shape, dtype=bool)
    state = rng.random(share.shape[1]) < share[0]
    for frame in range(len(share)):
        state = np.where(state, draws[frame] >= ends[frame], draws[frame] < begins[frame])
        gone[frame] = state
    return gone
