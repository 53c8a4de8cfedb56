"""Bodies in motion as binary glTF 2.0 (.glb): mesh, skeleton, skin and animation, as Blender and game engines read it.

glTF's axes are ours: metres, y up, right-handed, a person facing +z. Each person is an armature (joint nodes named as
SMPL names them) and a mesh that its skin moves; rotations are quaternions that take the shorter way, the root moves.
A node stands as in the first frame; only joints that move have a channel.

Pose correctives do not fit: a glTF skin is plain linear blending. What they would change (a few millimetres to a
centimetre at elbows, knees and shoulders) is left out, and the file says so. Shape is baked into the mesh, since
joints move with it and glTF's morph targets move vertices only.

The file is written here and not by trimesh, which knows neither skins nor animations.
"""

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from scipy.spatial.transform import Rotation

from core.bodies.poses import joint_names, pose_for
from core.bodies.skinning import Body, Normals
from core.errors import FileError
from core.formats.provenance import Provenance
from core.whole_files import whole_file

INFLUENCES = 4
"""So many joints move a vertex, the largest; glTF readers need not take more."""
LEFT_OUT = "Pose correctives are left out: a glTF skin cannot hold them"
_STILL = 1e-6
"""A joint that moves less than this (of a quaternion, or metres) stands still."""
_FLOAT, _U8, _U16, _U32 = 5126, 5121, 5123, 5125
_VERTICES, _INDICES = 34962, 34963


@dataclass(frozen=True)
class Person:
    """Whom to write: a body, its shape, and what it does in each frame. `there` is where it is to be seen."""

    body: Body
    betas: Float[ndarray, " shapes"]
    rotations: Float[ndarray, "frames joints 3 3"]
    translation_m: Float[ndarray, "frames 3"]
    name: str = "Person"
    colour: str = "#dadce1"
    there: Bool[ndarray, " frames"] | None = None


def write_glb(
    path: Path, people: Sequence[Person], rate_hz: float, said: Provenance, *, skeleton_only: bool = False
) -> None:
    """Write everybody into one file; with `skeleton_only` each bone is a small solid instead of a body around it."""
    if not people:
        raise FileError(path, "there is nobody to write", hint="Choose a moment or a person with a body.")
    frames = {len(each.rotations) for each in people}
    if len(frames) != 1 or 0 in frames:
        raise FileError(path, "there is no frame to write", hint="Choose a stretch with at least one frame.")
    if not all(np.isfinite(each.rotations).all() and np.isfinite(each.translation_m).all() for each in people):
        raise FileError(path, "a joint is nowhere: its numbers are not finite", hint="Fit the body again.")
    note = said.note or ("" if skeleton_only else LEFT_OUT)
    glb = _Glb()
    for person, name in zip(people, _different(each.name or "Person" for each in people), strict=True):
        _add(glb, person, name, rate_hz, skeleton_only=skeleton_only)
    document = glb.document(said, note, frames.pop(), rate_hz)
    with whole_file(path) as beside, beside.open("wb") as file:
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 4)
        binary = bytes(glb.binary) + b"\0" * (-len(glb.binary) % 4)
        file.write(struct.pack("<4sII", b"glTF", 2, 12 + 8 + len(text) + 8 + len(binary)))
        file.write(struct.pack("<I4s", len(text), b"JSON") + text)
        file.write(struct.pack("<I4s", len(binary), b"BIN\0"))
        file.write(binary)


# ---- one person -----------------------------------------------------------------------------------------------------


def _add(glb: "_Glb", person: Person, name: str, rate_hz: float, *, skeleton_only: bool) -> None:
    vertices_m, joints_m = person.body.rest(person.betas)
    parents = person.body.parents
    names = joint_names(len(parents))
    turns = _quaternions(pose_for(_held(person.rotations, person.there), len(parents)))
    moves_m = _held(person.translation_m, person.there).astype(np.float32) + joints_m[0]
    armature = glb.node(name=name)
    joints = [glb.node(name=each, rotation=turns[0, at].tolist()) for at, each in enumerate(names)]
    for at, parent in enumerate(parents):
        place_m = moves_m[0] if parent < 0 else joints_m[at] - joints_m[parent]
        glb.nodes[joints[at]]["translation"] = [float(part) for part in place_m]
        glb.add_child(armature if parent < 0 else joints[parent], joints[at])
    if skeleton_only:
        solid_m, faces, weights = _bones(joints_m, parents)
    else:
        solid_m, faces, weights = vertices_m, person.body.faces, person.body.model.weights
    skin = glb.skin(name, joints, joints_m)
    mesh = glb.mesh(name, solid_m, faces, weights, person.colour)
    glb.scene += [armature, glb.node(name=f"{name} {'bones' if skeleton_only else 'body'}", mesh=mesh, skin=skin)]
    frames = len(turns)
    if frames > 1:
        times = glb.times(frames, rate_hz)
        for at, joint in enumerate(joints):
            if np.abs(turns[:, at] - turns[0, at]).max() > _STILL:
                glb.channel(joint, "rotation", times, turns[:, at])
        if np.abs(moves_m - moves_m[0]).max() > _STILL:
            glb.channel(joints[0], "translation", times, moves_m)
        if person.there is not None and not person.there.all():
            shown = np.repeat(person.there[:, None], 3, axis=1).astype(np.float32)
            glb.channel(armature, "scale", times, shown, steps=True)


def _held(values: Float[ndarray, "frames ..."], there: Bool[ndarray, " frames"] | None) -> ndarray:
    """Where somebody is not there, what they last did (at first: what they do first)."""
    if there is None or there.all() or not there.any():
        return values
    known = np.where(there, np.arange(len(there)), -1)
    last = np.maximum.accumulate(known)
    last[last < 0] = int(np.flatnonzero(there)[0])
    return values[last]


def _quaternions(rotations: Float[ndarray, "frames joints 3 3"]) -> Float[ndarray, "frames joints 4"]:
    """x, y, z, w; each frame's is the one of the two nearer to the frame before."""
    frames, joints = rotations.shape[:2]
    turns = Rotation.from_matrix(rotations.reshape(-1, 3, 3)).as_quat().reshape(frames, joints, 4)
    turns[0] *= np.where(turns[0, :, 3:] < 0, -1.0, 1.0)
    agrees = np.sign((turns[1:] * turns[:-1]).sum(-1))
    signs = np.cumprod(np.where(agrees == 0, 1.0, agrees), axis=0)
    turns[1:] *= signs[..., None]
    return turns.astype(np.float32)


def _bones(
    joints_m: Float[ndarray, "joints 3"], parents: Sequence[int]
) -> tuple[Float[ndarray, "vertices 3"], Int[ndarray, "faces 3"], Float[ndarray, "vertices joints"]]:
    """Each bone as a slim octahedron from joint to joint that its upper joint carries."""
    vertices, faces, carriers = [], [], []
    for child, parent in enumerate(parents):
        if parent < 0:
            continue
        start, end = joints_m[parent].astype(float), joints_m[child].astype(float)
        along = end - start
        length = float(np.linalg.norm(along))
        if length < 1e-4:
            continue
        # Any direction across the bone will do.
        across = np.cross(along, np.eye(3)[int(np.argmin(np.abs(along)))])
        across *= 0.10 * length / np.linalg.norm(across)
        other = np.cross(along / length, across)
        ring = start + 0.2 * along + np.array([across, other, -across, -other])
        first = 6 * len(carriers)
        vertices += [start, *ring, end]
        carriers.append(parent)
        for at in range(4):
            one, two = first + 1 + at, first + 1 + (at + 1) % 4
            faces += [(first, two, one), (first + 5, one, two)]
    weights = np.zeros((len(vertices), len(parents)), np.float32)
    weights[np.arange(len(vertices)), np.repeat(carriers, 6)] = 1
    return np.array(vertices, np.float32), np.array(faces, np.int32), weights


# ---- the file -------------------------------------------------------------------------------------------------------


@dataclass
class _Glb:
    """The growing document and the bytes it points into."""

    nodes: list[dict[str, Any]] = field(default_factory=list)
    scene: list[int] = field(default_factory=list)
    binary: bytearray = field(default_factory=bytearray)
    _views: list[dict[str, Any]] = field(default_factory=list)
    _accessors: list[dict[str, Any]] = field(default_factory=list)
    _meshes: list[dict[str, Any]] = field(default_factory=list)
    _materials: list[dict[str, Any]] = field(default_factory=list)
    _skins: list[dict[str, Any]] = field(default_factory=list)
    _channels: list[dict[str, Any]] = field(default_factory=list)
    _samplers: list[dict[str, Any]] = field(default_factory=list)
    _times: int | None = None

    def node(self, **fields: Any) -> int:
        self.nodes.append(fields)
        return len(self.nodes) - 1

    def add_child(self, parent: int, child: int) -> None:
        self.nodes[parent].setdefault("children", []).append(child)

    def skin(self, name: str, joints: list[int], joints_m: Float[ndarray, "joints 3"]) -> int:
        back = np.tile(np.eye(4, dtype=np.float32), (len(joints), 1, 1))
        back[:, :3, 3] = -joints_m
        columns = np.ascontiguousarray(back.transpose(0, 2, 1)).reshape(-1, 16)
        inverse = self._accessor(columns, "MAT4", _FLOAT)
        self._skins.append({"name": name, "joints": joints, "skeleton": joints[0], "inverseBindMatrices": inverse})
        return len(self._skins) - 1

    def mesh(
        self,
        name: str,
        vertices_m: Float[ndarray, "vertices 3"],
        faces: Int[ndarray, "faces 3"],
        weights: Float[ndarray, "vertices joints"],
        colour: str,
    ) -> int:
        normals = _unit(Normals(faces, len(vertices_m))(vertices_m))
        joints, shares = strongest(weights)
        small = len(vertices_m) < 65535
        attributes = {
            "POSITION": self._accessor(vertices_m.astype(np.float32), "VEC3", _FLOAT, _VERTICES, bounds=True),
            "NORMAL": self._accessor(normals, "VEC3", _FLOAT, _VERTICES),
            "JOINTS_0": self._accessor(joints, "VEC4", _U8, _VERTICES),
            "WEIGHTS_0": self._accessor(shares, "VEC4", _FLOAT, _VERTICES),
        }
        corners = faces.reshape(-1).astype(np.uint16 if small else np.uint32)
        indices = self._accessor(corners, "SCALAR", _U16 if small else _U32, _INDICES)
        self._materials.append(
            {
                "name": name,
                "pbrMetallicRoughness": {
                    "baseColorFactor": [*_linear(colour), 1.0],
                    "metallicFactor": 0.0,
                    "roughnessFactor": 0.75,
                },
            }
        )
        primitive = {"attributes": attributes, "indices": indices, "material": len(self._materials) - 1}
        self._meshes.append({"name": name, "primitives": [primitive]})
        return len(self._meshes) - 1

    def times(self, frames: int, rate_hz: float) -> int:
        """Seconds of the frames, the same for everybody."""
        if self._times is None:
            seconds = (np.arange(frames) / rate_hz).astype(np.float32)
            self._times = self._accessor(seconds, "SCALAR", _FLOAT, bounds=True)
        return self._times

    def channel(self, node: int, path: str, times: int, values: ndarray, *, steps: bool = False) -> None:
        kind = "VEC4" if values.shape[1] == 4 else "VEC3"
        output = self._accessor(values.astype(np.float32), kind, _FLOAT)
        way = "STEP" if steps else "LINEAR"
        self._samplers.append({"input": times, "output": output, "interpolation": way})
        self._channels.append({"sampler": len(self._samplers) - 1, "target": {"node": node, "path": path}})

    def _accessor(self, values: ndarray, kind: str, of: int, target: int = 0, *, bounds: bool = False) -> int:
        content = np.ascontiguousarray(values)
        self.binary += b"\0" * (-len(self.binary) % 4)
        view: dict[str, Any] = {"buffer": 0, "byteOffset": len(self.binary), "byteLength": content.nbytes}
        if target:
            view["target"] = target
        self.binary += content.tobytes()
        self._views.append(view)
        accessor: dict[str, Any] = {
            "bufferView": len(self._views) - 1, "componentType": of, "count": len(content), "type": kind,
        }  # fmt: skip
        if bounds:
            flat = content.reshape(len(content), -1)
            # The exact single-precision values, or a strict reader finds a vertex outside of them.
            accessor |= {"min": [float(low) for low in flat.min(0)], "max": [float(high) for high in flat.max(0)]}
        self._accessors.append(accessor)
        return len(self._accessors) - 1

    def document(self, said: Provenance, note: str, frames: int, rate_hz: float) -> dict[str, Any]:
        whole: dict[str, Any] = {
            "asset": {
                "version": "2.0",
                "generator": said.made_by,
                "copyright": said.terms,
                "extras": {
                    "title": said.title,
                    "terms": said.terms,
                    "note": note,
                    "frames": frames,
                    "rate_hz": rate_hz,
                },
            },
            "scene": 0,
            "scenes": [{"name": said.title or "Scene", "nodes": self.scene}],
            "nodes": self.nodes,
            "meshes": self._meshes,
            "materials": self._materials,
            "skins": self._skins,
            "accessors": self._accessors,
            "bufferViews": self._views,
            "buffers": [{"byteLength": len(self.binary)}],
        }
        if self._channels:
            motion = {"name": said.title or "Motion", "channels": self._channels, "samplers": self._samplers}
            whole["animations"] = [motion]
        return whole


def strongest(
    weights: Float[ndarray, "vertices joints"],
) -> tuple[ndarray, Float[ndarray, "vertices four"]]:
    """The four joints that weigh most on each vertex, and their weights, which sum to 1."""
    most = min(INFLUENCES, weights.shape[1])
    joints = np.argsort(-weights, axis=1, kind="stable")[:, :most]
    shares = np.take_along_axis(np.asarray(weights, np.float64), joints, axis=1)
    if most < INFLUENCES:
        joints = np.pad(joints, ((0, 0), (0, INFLUENCES - most)))
        shares = np.pad(shares, ((0, 0), (0, INFLUENCES - most)))
    shares = np.maximum(shares, 0)
    shares = (shares / np.maximum(shares.sum(1, keepdims=True), 1e-12)).astype(np.float32)
    shares[:, 0] += 1 - shares.sum(1)  # what rounding took
    joints = np.where(shares > 0, joints, 0)
    return joints.astype(np.uint8), shares


def _unit(normals: Float[ndarray, "vertices 3"]) -> Float[ndarray, "vertices 3"]:
    """Length 1 for every one; a vertex of no face looks up."""
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.where(length > 0.5, normals / np.maximum(length, 1e-9), [0.0, 1.0, 0.0]).astype(np.float32)


def _linear(colour: str) -> list[float]:
    """`#rrggbb` in light's own measure, as glTF's factors are."""
    parts = np.frombuffer(bytes.fromhex(colour.lstrip("#")), np.uint8) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return [round(float(part), 6) for part in linear]


def _different(names: Any) -> list[str]:
    """The same names, a number behind those that come again."""
    taken: dict[str, int] = {}
    made = []
    for name in names:
        taken[name] = taken.get(name, 0) + 1
        made.append(name if taken[name] == 1 else f"{name} {taken[name]}")
    return made
