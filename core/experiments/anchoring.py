"""Motion that is asked to pass through poses, beside motion that is not: does it stay as smooth, do its feet stay?

    figures = anchoring(model, poses, seconds=4.0)
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

from core.evaluation.labelled_motions import Motions, as_matrices
from core.evaluation.motion_quality import peak_jerk_m_s3
from core.generation.anchors import bound
from core.generation.blending import distance_m
from core.generation.making import made
from core.generation.motion_model import MotionModel
from core.generation.upper_body import nine_of, places_m
from core.generations import Anchor, Part, Recipe, rows, unpacked
from core.geometry.rotations import rotation_vectors

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
    measured: dict[str, list[tuple[float, float, float, float]]] = {kind: [] for kind in ("free", *KINDS)}
    free_off_mm: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for number, pose in enumerate(poses):
        recipe = Recipe(model=model.name, story=(Part(actions=(pose.action,), seconds=seconds),), seed=seed + number)
        asked = {
            KINDS[0]: Anchor(at_s=seconds / 2, rotation_vectors=rows(rotation_vectors(pose.rotations))),
            KINDS[1]: Anchor(at_s=seconds / 2, joints_m=rows(nine_of(pose.rotations))),
        }
        for kind, anchor in (("free", None), *asked.items()):
            wanted = msgspec.structs.replace(recipe, anchors=() if anchor is None else (anchor,))
            (sample,) = made(model, wanted).samples
            motion = unpacked(sample.motion)
            jerk = peak_jerk_m_s3(places_m(motion.rotations) + motion.translation_m[:, None], motion.rate_hz)
            slipping = sample.foot_skating_m_s or 0.0
            if anchor is None:
                measured[kind].append((jerk, slipping, 0.0, 0.0))
                for name, each in asked.items():
                    (target,) = bound((each,), len(motion), model.joints)
                    free_off_mm[name].append(1000 * float(distance_m(motion.rotations[target.frame], target)))
            else:
                (target,) = bound((anchor,), len(motion), model.joints)
                met_mm = 1000 * float(distance_m(motion.rotations[target.frame], target))
                measured[kind].append((jerk, slipping, met_mm, sample.anchors_off_mm[0]))
    free = np.array(measured["free"])
    free_jerk, free_slipping = (float(np.percentile(free[:, column], 95)) for column in (0, 1))
    kinds = {}
    for kind in KINDS:
        jerk, slipping, met_mm, off_mm = np.array(measured[kind]).T
        kinds[kind] = Kind(
            off_mm=float(off_mm.mean()),
            free_off_mm=float(np.mean(free_off_mm[kind])),
            met_mm=float(met_mm.max()),
            jerk=float(np.percentile(jerk, 95)),
            slipping=float(np.percentile(slipping, 95)),
            smooth=float((jerk <= ALLOWED * free_jerk).mean()),
            standing=float((slipping <= ALLOWED * free_slipping).mean()),
        )
    return Anchoring(poses=len(poses), seconds=seconds, free_jerk=free_jerk, free_slipping=free_slipping, kinds=kinds)


def in_words(said: Anchoring) -> str:
    """A table for people."""
    lines = [
        f"{said.poses} poses of recordings that were not learned from, each in the middle of {said.seconds:g} s",
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
