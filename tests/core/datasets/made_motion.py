"""Small sets of made-up motion beside a project: people who swing their limbs about a standing pose."""

from pathlib import Path

import numpy as np

from core.bodies.skeletons import SMPL_24, SMPLH_52, Skeleton
from core.geometry.rotations import about_y, matrices
from core.motion import Motion
from core.project.edits import add_item
from core.project.motion_sets import IndexLine, MotionRow, MotionSet, SetFacts
from core.project.store import ProjectStore
from core.recordings import Recording, Stretch, completed

_LIMBS = [SMPL_24[f"{side}_{joint}"] for side in ("left", "right") for joint in ("shoulder", "elbow", "hip", "knee")]


def project_in(folder: Path) -> Path:
    with ProjectStore.create(folder, "Made up", "test"):
        return folder


def swinging(seed: int, frames: int = 90, skeleton: Skeleton = SMPLH_52, rate_hz: float = 30.0) -> Motion:
    """Somebody upright, 0.9 m over the ground, turned anywhere."""
    rng, at = np.random.default_rng(seed), np.arange(frames)[:, None, None] / rate_hz
    vectors = np.zeros((frames, len(skeleton), 3))
    swing = np.sin(2 * np.pi * rng.uniform(0.3, 1.0, (len(_LIMBS), 3)) * at + rng.uniform(0, 6, (len(_LIMBS), 3)))
    vectors[:, _LIMBS] = rng.normal(0, 0.3, (len(_LIMBS), 3)) + 0.4 * swing
    rotations = matrices(vectors)
    rotations[:, 0] = about_y(np.full(frames, rng.uniform(-3, 3)))
    walk = rng.normal(0, 1, 3) * [1, 0, 1] + at[:, 0] * rng.normal(0, 0.5, 3) * [1, 0, 1]
    return Motion(skeleton, rate_hz, rotations, walk + np.array([0.0, 0.9, 0.0]))


def recorded(name: str, seed: int, *stretches: Stretch, performer: str = "", part: str = "", frames: int = 90):
    return completed(
        Recording(name, 30.0, body=swinging(seed, frames), performer=performer, stretches=tuple(stretches), part=part)
    )


def motion_set(project: Path, key: str, recordings, *, made_by: str = "AMASS", licence: str = "for tests") -> MotionSet:
    """A set as an import leaves it."""
    facts = SetFacts(key=key, name=key.upper(), holds="motion", format=made_by, source=f"{key} folder", licence=licence)
    made = MotionSet.create(project, facts)
    for each in recordings:
        made.append(IndexLine(source=f"{each.name}.npz", stamp="1", motions=(made.store(each),)))
    return _known(project, made)


def label_set(project: Path, key: str, rows: list[MotionRow], made_by: str = "BABEL") -> MotionSet:
    facts = SetFacts(key=key, name=key.upper(), holds="labels", format=made_by, source=f"{key} folder")
    made = MotionSet.create(project, facts)
    made.append(IndexLine(source=key, stamp="1", motions=tuple(rows)))
    return _known(project, made)


def _known(project: Path, made: MotionSet) -> MotionSet:
    with ProjectStore.open(project, "test") as store:
        after, _ = add_item(store.project, "dataset", made.facts.name, f"datasets/{made.facts.key}", author="test")
        store.edit(after, f"Import {made.facts.name}")
    return MotionSet(made.folder)
