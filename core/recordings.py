"""Recorded motion, whatever file it came from: one person's joints over time and, where it is known, their body's pose.

    recording = Recording(name="01_01", rate_hz=120.0, body=Motion(...))      # what a format reads
    at_30 = completed(recording, rate_hz=30.0)                                # what is kept: joints and body at 30 Hz

World: right-handed, metres, y up. Joints are RECORDED_27 in the person's own size; what a file does not tell is NaN.
`body` holds local rotations in SMPL's sense (SMPL 24, SMPL-H 52 or SMPL-X 55 joints) and the translation that smplx
calls `transl`: the root joint stands at its place in the rest body plus it. No torch.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies import library
from core.bodies.fitting_landmarks import landmarks_of
from core.bodies.kinematics import place_joints
from core.bodies.poses import pose_for
from core.bodies.skeletons import RECORDED_27, SMPL_24, SMPLX_55, UPPER_BODY_9
from core.bodies.skinning import Body
from core.geometry.rotations import rotation_vectors
from core.motion import Motion

KEPT_HZ = 30.0
"""Frames a second of what is kept, where a file has more."""
_REFERENCE_BODY = "built-in/smplx/neutral"
_NEARLY_HALF_A_TURN = 3.0


@dataclass(frozen=True)
class Stretch:
    """What is done from `start_s` to `end_s` of a recording; several labels may hold at once. `text` is as written."""

    start_s: float
    end_s: float
    labels: tuple[str, ...]
    text: str = ""


@dataclass(frozen=True)
class Recording:
    """One person recorded. At least one of `joints_m` and `body` is there as it is read; `completed` adds the joints.

    `name` is unique in its source: the path below the folder without its ending, with / between the parts.
    """

    name: str
    rate_hz: float
    joints_m: Float[ndarray, "frames 27 3"] | None = None
    body: Motion | None = None
    betas: tuple[float, ...] = ()
    gender: str = "neutral"
    performer: str = ""
    stretches: tuple[Stretch, ...] = ()
    notes: tuple[str, ...] = ()
    """What the file left open and what was taken for granted, one sentence each."""
    part: str = ""
    """Of its makers' own split: "train", "validation" or "test"; empty where they have none."""
    frames_elsewhere: int = 0
    """How long a recording is whose labels alone are known (BABEL without AMASS)."""

    def __len__(self) -> int:
        if self.joints_m is not None:
            return len(self.joints_m)
        return len(self.body) if self.body is not None else self.frames_elsewhere

    @property
    def duration_s(self) -> float:
        return len(self) / self.rate_hz


def completed(recording: Recording, *, rate_hz: float | None = KEPT_HZ) -> Recording:
    """With joints, at no more than `rate_hz` frames a second (None: as they were recorded)."""
    if rate_hz is not None and recording.rate_hz > rate_hz * 1.001:
        recording = resampled(recording, rate_hz)
    if recording.joints_m is None:
        assert recording.body is not None, "a recording is joints, a body, or both"
        recording = replace(recording, joints_m=joints_of(recording.body))
    return recording


def resampled(recording: Recording, rate_hz: float) -> Recording:
    """The same time at another rate. Between frames places move straight and rotations turn evenly."""
    count = max(int((len(recording) - 1) / recording.rate_hz * rate_hz + 1e-6), 0) + 1
    at = np.arange(count) * (recording.rate_hz / rate_hz)
    body = recording.body
    if body is not None:
        rotations, translation_m = _turned_between(body.rotations, at), _between(body.translation_m, at)
        body = Motion(body.skeleton, rate_hz, rotations, translation_m)
    joints_m = None if recording.joints_m is None else _between(recording.joints_m, at)
    return replace(recording, rate_hz=rate_hz, joints_m=joints_m, body=body)


def joints_of(motion: Motion) -> Float[ndarray, "frames 27 3"]:
    """RECORDED_27 on the built-in body of average shape, in single precision."""
    kept, parents, rest_m, fixed_to, offsets_m = _reference()
    rotations = pose_for(np.asarray(motion.rotations, np.float32), len(SMPLX_55))[:, kept]
    placed = place_joints(rotations, np.asarray(motion.translation_m, np.float32), rest_m, parents)
    joints_m = np.empty((len(motion), len(RECORDED_27), 3), np.float32)
    joints_m[:, : len(SMPL_24)] = placed.places_m[:, : len(SMPL_24)]
    head = placed.rotations[:, fixed_to]
    joints_m[:, RECORDED_27["nose"]] = placed.places_m[:, fixed_to] + (head @ offsets_m)
    joints_m[:, RECORDED_27["left_fingertip"]] = placed.places_m[:, len(SMPL_24) + 2]
    joints_m[:, RECORDED_27["right_fingertip"]] = placed.places_m[:, len(SMPL_24) + 5]
    return joints_m


def reference_body() -> Body:
    """Whose bones recordings without joints of their own are given."""
    return library.body(_REFERENCE_BODY)


@lru_cache(maxsize=1)
def reference_joints_m() -> Float[ndarray, "55 3"]:
    """Where that body's joints are at rest, in the order of SMPLX_55."""
    model = reference_body().model
    return np.asarray(model.regressor @ model.template_m, float)


@lru_cache(maxsize=1)
def _reference() -> tuple[list[int], tuple[int, ...], ndarray, int, ndarray]:
    """Of SMPL-X only what is kept: the body, the middle knuckles (SMPL's hands), then both index fingers."""
    body = reference_body()
    fingers = [f"{side}_index{part}" for side in ("left", "right") for part in (1, 2, 3)]
    kept = [*range(22), *(SMPLX_55[name] for name in ("left_middle1", "right_middle1", *fingers))]
    parents = tuple(kept.index(SMPLX_55.parents[joint]) if joint else -1 for joint in kept)
    rest_m = reference_joints_m()[kept].astype(np.float32)
    found = landmarks_of(body, UPPER_BODY_9)
    nose = int(np.flatnonzero(found.mix[UPPER_BODY_9["head"]])[0])
    return kept, parents, rest_m, kept.index(int(found.fixed_to[nose])), np.asarray(found.offsets_m[nose], np.float32)


def _between(values: ndarray, at: ndarray) -> ndarray:
    low = np.minimum(at.astype(int), len(values) - 1)
    high = np.minimum(low + 1, len(values) - 1)
    share = (at - low).astype(values.dtype).reshape(-1, *[1] * (values.ndim - 1))
    # A place that is not known on one side is not known between them, but it is on the frame itself.
    mixed = np.where(share > 1e-6, values[low] * (1 - share) + values[high] * share, values[low])
    return mixed.astype(values.dtype)


def _turned_between(rotations: ndarray, at: ndarray) -> ndarray:
    """Along the shortest way, evenly. Written out: SciPy's takes joint by joint and 30 times as long."""
    at = np.minimum(at, len(rotations) - 1)
    if np.allclose(at, np.rint(at), atol=1e-4):  # whole steps, such as from 120 to 30 frames a second
        return rotations[np.rint(at).astype(int)]
    low = at.astype(int)
    before, after = rotations[low], rotations[np.minimum(low + 1, len(rotations) - 1)]
    step = np.swapaxes(before, -1, -2) @ after
    # What is skew in a turn is its axis times the sine of its angle.
    axis = np.stack([step[..., 2, 1], step[..., 0, 2], step[..., 1, 0]], axis=-1)
    axis = (axis - np.stack([step[..., 1, 2], step[..., 2, 0], step[..., 0, 1]], axis=-1)) / 2
    sine = np.linalg.norm(axis, axis=-1)
    angle = np.arctan2(sine, (np.trace(step, axis1=-2, axis2=-1) - 1) / 2)
    vectors = axis * (angle / np.maximum(sine, 1e-12))[..., None]
    flipped = angle > _NEARLY_HALF_A_TURN  # the sine says too little there
    if flipped.any():
        vectors[flipped] = rotation_vectors(step[flipped])
    vectors *= (at - low).astype(rotations.dtype)[:, None, None]
    return before @ _matrices(vectors)


def _matrices(vectors: ndarray) -> ndarray:
    """Rotations from axis times angle, in the precision they are given in."""
    angle = np.linalg.norm(vectors, axis=-1)
    along = vectors * (np.sinc(angle / np.pi))[..., None]  # sin(angle) / angle, also at 0
    across = vectors * (np.sinc(angle / (2 * np.pi)) / math.sqrt(2))[..., None]  # its square is 1 - cos(angle)
    turned = across[..., :, None] * across[..., None, :]
    for row, column, sign in ((2, 1, 1), (0, 2, 1), (1, 0, 1), (1, 2, -1), (2, 0, -1), (0, 1, -1)):
        turned[..., row, column] += sign * along[..., 3 - row - column]
    turned[..., range(3), range(3)] += np.cos(angle)[..., None]
    return turned
