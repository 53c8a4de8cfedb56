"""Motion that is asked to pass through poses, beside motion that is not: does it stay as smooth, do its feet stay?

    figures = anchoring(model, poses, seconds=4.0)        # of a model
    figures = bending(recorded, actions, poses)                    # of people: the bend alone
    print(in_words(figures))

The poses are of recordings the model never saw, each asked of the very action it was recorded in, in the middle of a
motion, once as a whole body and once as its nine joints; the same seeds are used without it. What counts is how many of
the motions that pass through a pose stay within 1.5 times the 95th percentile of those that do not, in their peak jerk
(m/s³, of any joint) and in how fast their standing feet slip (m/s); and that the pose is met. Millimetres.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies.skeletons import SKELETONS
from core.evaluation.labelled_motions import BODIES, Motions, as_matrices
from core.evaluation.motion_quality import peak_jerk_m_s3
from core.generation.anchors import CANDIDATES, bound
from core.generation.blending import Target, blended, distance_m
from core.generation.feet import foot_skating_m_s
from core.generation.making import made
from core.generation.motion_model import MotionModel
from core.generation.upper_body import nine_of, places_m
from core.generations import RATE_HZ, Anchor, Part, Recipe, rows, unpacked
from core.geometry.rotations import rotation_vectors
from core.motion import Motion

ALLOWED = 1.5
KINDS = ("whole body", "nine joints")


@dataclass(frozen=True)
class Pose:
    """A pose to ask for, and what is done in it."""

    rotations: Float[ndarray, "J 3 3"]
    action: str


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """What became of motions that were to pass through poses of one kind."""

    off_mm: float  # how far candidates were from the pose on average, before they were bent
    free_off_mm: float  # how far motions were that nobody had asked
    met_mm: float  # the worst of all, afterwards
    jerk: float  # 95th percentile
    slipping: float  # likewise
    smooth: float  # the share whose peak jerk stays within ALLOWED times the 95th percentile of the free ones
    standing: float  # likewise of slipping feet


class Anchoring(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of one model."""

    poses: int
    seconds: float
    free_jerk: float  # 95th percentile of motions without a pose
    free_slipping: float
    kinds: dict[str, Kind]

    @property
    def holds(self) -> bool:
        """Whether 95th percentiles stay within what is allowed, and every pose is met within a millimetre."""
        return all(
            kind.jerk <= ALLOWED * self.free_jerk
            and kind.slipping <= ALLOWED * self.free_slipping
            and kind.met_mm <= 1.0
            for kind in self.kinds.values()
        )


def poses_of(motions: Motions, actions: Sequence[str], count: int, seed: int = 0) -> list[Pose]:
    """Poses from anywhere in so many motions, no two of them of one motion where there are enough."""
    random = np.random.default_rng((seed, 71))
    order = random.permutation(len(motions))
    found = []
    for at in np.resize(order, count):
        frame = int(random.integers(motions.frames[at]))
        action = actions[int(np.flatnonzero(motions.labels[at])[0])]
        found.append(Pose(as_matrices(motions.rotations_6d[at, frame]), action))
    return found


def anchoring(model: MotionModel, poses: Sequence[Pose], *, seconds: float = 4.0, seed: int = 0) -> Anchoring:
    """Make a motion without each pose, and two with it."""
    told = _Told()
    for number, pose in enumerate(poses):
        recipe = Recipe(model=model.name, story=(Part(actions=(pose.action,), seconds=seconds),), seed=seed + number)
        (free,) = made(model, recipe).samples
        told.add_free(unpacked(free.motion))
        for kind, anchor in _asked(pose, seconds / 2).items():
            (sample,) = made(model, msgspec.structs.replace(recipe, anchors=(anchor,))).samples
            (target,) = bound((anchor,), sample.motion.frames, model.joints)
            told.add(kind, target, unpacked(free.motion), unpacked(sample.motion), sample.anchors_off_mm[0])
    return told.figures(len(poses), seconds)


def bending(motions: Motions, actions: Sequence[str], poses: Sequence[Pose], *, seed: int = 0) -> Anchoring:
    """The same of recordings, without a model: the nearest of 16 of people who do the same is bent onto each pose."""
    random, told = np.random.default_rng((seed, 73)), _Told()
    frame = int(motions.frames.min()) // 2
    skeleton = SKELETONS[BODIES[motions.rotations_6d.shape[2]]]

    def motion(at: int) -> Motion:
        frames = int(motions.frames[at])
        rotations = as_matrices(motions.rotations_6d[at, :frames]).astype(float)
        return Motion(skeleton, RATE_HZ, rotations, motions.path_m[at, :frames].astype(float))

    for pose in poses:
        alike = np.flatnonzero(motions.labels[:, actions.index(pose.action)])
        candidates = [motion(int(at)) for at in random.choice(alike, size=CANDIDATES)]
        told.add_free(candidates[0])
        for kind, anchor in _asked(pose, frame / RATE_HZ).items():
            (target,) = bound((anchor,), 2 * frame, len(skeleton))
            nearest = min(candidates, key=lambda each: float(distance_m(each.rotations[frame], target)))
            met, off_mm = blended(nearest, (target,))
            told.add(kind, target, candidates[0], met, off_mm[0])
    return told.figures(len(poses), 2 * frame / RATE_HZ)


class _Told:
    """What was measured of one motion after the other."""

    def __init__(self) -> None:
        self._free: list[tuple[float, float]] = []
        self._kinds: dict[str, list[tuple[float, ...]]] = {kind: [] for kind in KINDS}

    def add_free(self, motion: Motion) -> None:
        self._free.append(_jerk_and_slipping(motion))

    def add(self, kind: str, target: Target, free: Motion, met: Motion, off_mm: float) -> None:
        free_mm, met_mm = (1000 * float(distance_m(each.rotations[target.frame], target)) for each in (free, met))
        self._kinds[kind].append((*_jerk_and_slipping(met), met_mm, off_mm, free_mm))

    def figures(self, poses: int, seconds: float) -> Anchoring:
        free_jerk, free_slipping = (float(each) for each in np.percentile(np.array(self._free), 95, axis=0))
        kinds = {}
        for kind, values in self._kinds.items():
            jerk, slipping, met_mm, off_mm, free_mm = np.array(values).T
            kinds[kind] = Kind(
                off_mm=float(off_mm.mean()),
                free_off_mm=float(free_mm.mean()),
                met_mm=float(met_mm.max()),
                jerk=float(np.percentile(jerk, 95)),
                slipping=float(np.percentile(slipping, 95)),
                smooth=float((jerk <= ALLOWED * free_jerk).mean()),
                standing=float((slipping <= ALLOWED * free_slipping).mean()),
            )
        return Anchoring(poses=poses, seconds=seconds, free_jerk=free_jerk, free_slipping=free_slipping, kinds=kinds)


def _asked(pose: Pose, at_s: float) -> dict[str, Anchor]:
    return {
        KINDS[0]: Anchor(at_s=at_s, rotation_vectors=rows(rotation_vectors(pose.rotations))),
        KINDS[1]: Anchor(at_s=at_s, joints_m=rows(nine_of(pose.rotations))),
    }


def _jerk_and_slipping(motion: Motion) -> tuple[float, float]:
    joints_m = places_m(motion.rotations) + motion.translation_m[:, None]
    return peak_jerk_m_s3(joints_m, motion.rate_hz), foot_skating_m_s(motion)


def in_words(said: Anchoring) -> str:
    """A table for people."""
    lines = [
        f"{said.poses} poses of recordings that were not learned from, each in the middle of {said.seconds:.3g} s",
        "",
        "| | off, unasked | off, before bending | met within | jerk p95 | within 1.5 × | slipping p95 | within 1.5 × |",
        "|---|---|---|---|---|---|---|---|",
        f"| without a pose | | | | {said.free_jerk:.0f} m/s³ | | {said.free_slipping:.2f} m/s | |",
    ]
    lines += [
        f"| {name} | {kind.free_off_mm:.0f} mm | {kind.off_mm:.0f} mm | {kind.met_mm:.4f} mm | {kind.jerk:.0f} m/s³ "
        f"| {kind.smooth:.0%} | {kind.slipping:.2f} m/s | {kind.standing:.0%} |"
        for name, kind in said.kinds.items()
    ]
    return "\n".join(lines)
