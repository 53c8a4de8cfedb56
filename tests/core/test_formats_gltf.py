"""Bodies written as .glb, read back by a reader of others and posed by a small evaluator of the specification."""

import numpy as np
import pygltflib
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from core.bodies.skeletons import SMPL_24
from core.bodies.skinning import Body, Figure
from core.errors import FileError
from core.formats.gltf import LEFT_OUT, Person, _quaternions, strongest, write_glb
from core.formats.provenance import Provenance
from core.geometry.rotations import matrices

SAID = Provenance("Body: CC0, free for any use", "A test")
KINDS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}
TYPES = {5126: np.float32, 5121: np.uint8, 5123: np.uint16, 5125: np.uint32}


def person(frames: int = 6, seed: int = 0, **more) -> Person:
    chance = np.random.default_rng(seed)
    turns = np.cumsum(0.15 * chance.normal(size=(frames, 24, 3)), axis=0)
    places_m = np.cumsum(0.05 * chance.normal(size=(frames, 3)), axis=0)
    return Person(Body.load(), chance.normal(size=10), matrices(turns), places_m, **more)


def without_correctives(who: Person, frame: int) -> np.ndarray:
    vertices_m, joints_m = who.body.rest(who.betas)
    figure = Figure(vertices_m, joints_m, who.body.model.weights, who.body.faces, who.body.parents)
    return figure.pose(who.rotations[frame], who.translation_m[frame])


class Read:
    """A .glb as its bytes say, by the words of the specification."""

    def __init__(self, path):
        self.gltf = pygltflib.GLTF2().load(str(path))
        self.blob = self.gltf.binary_blob()

    def array(self, accessor: int) -> np.ndarray:
        found = self.gltf.accessors[accessor]
        view = self.gltf.bufferViews[found.bufferView]
        values = np.frombuffer(
            self.blob, TYPES[found.componentType], found.count * KINDS[found.type], view.byteOffset or 0
        )
        return values.reshape(found.count, -1) if found.type != "SCALAR" else values

    def world(self, at: int | None) -> list[np.ndarray]:
        """Each node's matrix at a keyframe; as it stands without one."""
        local = []
        for node in self.gltf.nodes:
            matrix = np.eye(4)
            matrix[:3, :3] = Rotation.from_quat(node.rotation or [0, 0, 0, 1]).as_matrix()
            matrix[:3, 3] = node.translation or [0, 0, 0]
            local.append(matrix)
        for channel in self.gltf.animations[0].channels if at is not None else ():
            values = self.array(self.gltf.animations[0].samplers[channel.sampler].output)[at]
            match channel.target.path:
                case "rotation":
                    local[channel.target.node][:3, :3] = Rotation.from_quat(values).as_matrix()
                case "translation":
                    local[channel.target.node][:3, 3] = values
                case "scale":
                    local[channel.target.node][:3, :3] *= values
        world = [None] * len(local)

        def place(node: int, above: np.ndarray) -> None:
            world[node] = above @ local[node]
            for child in self.gltf.nodes[node].children or ():
                place(child, world[node])

        for root in self.gltf.scenes[0].nodes:
            place(root, np.eye(4))
        return world

    def skinned(self, mesh_node: int, at: int | None) -> np.ndarray:
        node = self.gltf.nodes[mesh_node]
        skin, mesh = self.gltf.skins[node.skin], self.gltf.meshes[node.mesh]
        attributes = mesh.primitives[0].attributes
        rest = np.c_[self.array(attributes.POSITION), np.ones(self.gltf.accessors[attributes.POSITION].count)]
        back = self.array(skin.inverseBindMatrices).reshape(-1, 4, 4).transpose(0, 2, 1)
        world = self.world(at)
        carriers = np.stack([world[joint] for joint in skin.joints]) @ back
        joints, weights = self.array(attributes.JOINTS_0), self.array(attributes.WEIGHTS_0)
        return np.einsum("vk,vkab,vb->va", weights, carriers[joints], rest)[:, :3]

    @property
    def mesh_nodes(self) -> list[int]:
        return [at for at, node in enumerate(self.gltf.nodes) if node.mesh is not None]


def test_that_another_reader_poses_the_body_as_we_do_in_every_frame(tmp_path):
    who = person()
    write_glb(tmp_path / "body.glb", [who], 30.0, SAID)
    read = Read(tmp_path / "body.glb")
    (node,) = read.mesh_nodes
    for frame in range(6):
        np.testing.assert_allclose(read.skinned(node, frame), without_correctives(who, frame), atol=1e-4)
    np.testing.assert_allclose(read.skinned(node, None), without_correctives(who, 0), atol=1e-4)


def test_that_two_people_in_one_file_keep_their_own_shapes_poses_and_colours(tmp_path):
    people = [person(seed=1, name="truth"), person(seed=2, name="truth", colour="#4fc7cf")]
    write_glb(tmp_path / "two.glb", people, 25.0, SAID)
    read = Read(tmp_path / "two.glb")
    for who, node in zip(people, read.mesh_nodes, strict=True):
        np.testing.assert_allclose(read.skinned(node, 3), without_correctives(who, 3), atol=1e-4)
    assert [read.gltf.nodes[at].name for at in read.gltf.scenes[0].nodes] == [
        "truth", "truth body", "truth 2", "truth 2 body",
    ]  # fmt: skip
    one, two = (each.pbrMetallicRoughness.baseColorFactor for each in read.gltf.materials)
    np.testing.assert_allclose(two[:3], [0.078187, 0.571125, 0.623960], atol=1e-5)  # sRGB 4f c7 cf as light
    assert one != two


def test_that_joints_carry_smpls_names_and_hang_together_as_its_tree(tmp_path):
    write_glb(tmp_path / "body.glb", [person()], 30.0, SAID)
    nodes = Read(tmp_path / "body.glb").gltf.nodes
    above = {nodes[child].name: node.name for node in nodes for child in node.children or ()}
    for joint, parent in zip(SMPL_24.joints, SMPL_24.parents, strict=True):
        assert above[joint] == (SMPL_24.joints[parent] if parent >= 0 else "Person")


def test_that_bounds_lengths_and_times_are_what_they_say(tmp_path):
    write_glb(tmp_path / "body.glb", [person()], 30.0, SAID)
    read = Read(tmp_path / "body.glb")
    (node,) = read.mesh_nodes
    attributes = read.gltf.meshes[read.gltf.nodes[node].mesh].primitives[0].attributes
    points = read.array(attributes.POSITION)
    accessor = read.gltf.accessors[attributes.POSITION]
    np.testing.assert_array_equal(points.min(0), np.float32(accessor.min))
    np.testing.assert_array_equal(points.max(0), np.float32(accessor.max))
    np.testing.assert_allclose(np.linalg.norm(read.array(attributes.NORMAL), axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(read.array(attributes.WEIGHTS_0).sum(1), 1, atol=1e-6)
    times = read.array(read.gltf.animations[0].samplers[0].input)
    np.testing.assert_allclose(times, np.arange(6) / 30, atol=1e-6)
    for sampler in read.gltf.animations[0].samplers:
        values = read.array(sampler.output)
        if values.shape[1] == 4:
            np.testing.assert_allclose(np.linalg.norm(values, axis=1), 1, atol=1e-5)


def test_that_the_file_says_whose_licence_it_carries_and_what_it_leaves_out(tmp_path):
    write_glb(tmp_path / "body.glb", [person()], 30.0, SAID)
    asset = Read(tmp_path / "body.glb").gltf.asset
    assert asset.copyright == SAID.terms
    assert asset.generator.startswith("Posecast")
    assert asset.extras["note"] == LEFT_OUT


def test_that_a_single_pose_stands_without_an_animation(tmp_path):
    who = person(1)
    write_glb(tmp_path / "pose.glb", [who], 30.0, SAID)
    read = Read(tmp_path / "pose.glb")
    assert not read.gltf.animations
    np.testing.assert_allclose(read.skinned(read.mesh_nodes[0], None), without_correctives(who, 0), atol=1e-4)


def test_that_a_joint_that_never_turns_has_no_channel(tmp_path):
    who = person()
    still = who.rotations.copy()
    still[:, SMPL_24["left_knee"]] = still[0, SMPL_24["left_knee"]]
    write_glb(tmp_path / "body.glb", [Person(who.body, who.betas, still, who.translation_m)], 30.0, SAID)
    gltf = Read(tmp_path / "body.glb").gltf
    moving = {gltf.nodes[each.target.node].name for each in gltf.animations[0].channels}
    assert moving == set(SMPL_24.joints) - {"left_knee"}


def test_that_somebody_who_is_away_is_not_to_be_seen_and_does_not_move_meanwhile(tmp_path):
    there = np.array([False, True, True, False, False, True])
    who = person(there=there)
    write_glb(tmp_path / "body.glb", [who], 30.0, SAID)
    read = Read(tmp_path / "body.glb")
    for frame in (1, 2, 5):
        np.testing.assert_allclose(read.skinned(read.mesh_nodes[0], frame), without_correctives(who, frame), atol=1e-4)
    for frame in (0, 3, 4):
        assert np.ptp(read.skinned(read.mesh_nodes[0], frame), axis=0).max() == 0
    (scale,) = (each for each in read.gltf.animations[0].channels if each.target.path == "scale")
    assert read.gltf.animations[0].samplers[scale.sampler].interpolation == "STEP"


def test_that_a_skeleton_alone_moves_its_bones_from_joint_to_joint(tmp_path):
    who = person()
    write_glb(tmp_path / "bones.glb", [who], 30.0, SAID, skeleton_only=True)
    read = Read(tmp_path / "bones.glb")
    points = read.skinned(read.mesh_nodes[0], 4)
    joints_m = who.body.shaped(who.betas).place(who.rotations[4], who.translation_m[4]).places_m
    for child, parent in enumerate(who.body.parents):
        if parent >= 0:  # a bone begins at its upper joint and ends at its lower one
            for joint in (child, parent):
                assert np.linalg.norm(points - joints_m[joint], axis=1).min() < 1e-4
    assert len(points) == 23 * 6


def test_that_a_general_mesh_reader_finds_the_body_in_its_first_pose(tmp_path):
    who = person()
    write_glb(tmp_path / "body.glb", [who], 30.0, SAID)
    meshes = trimesh.load(tmp_path / "body.glb").geometry.values()
    (mesh,) = meshes
    assert len(mesh.vertices) == len(who.body.rest()[0])
    np.testing.assert_allclose(mesh.vertices, who.body.rest(who.betas)[0], atol=1e-5)


@given(st.integers(0, 1000), st.floats(0.1, 3.0))
def test_that_neighbouring_quaternions_never_take_the_longer_way(seed, wild):
    chance = np.random.default_rng(seed)
    turns = matrices(np.cumsum(wild * chance.normal(size=(20, 3, 3)), axis=0))
    found = _quaternions(turns)
    assert ((found[1:] * found[:-1]).sum(-1) >= -1e-6).all()
    np.testing.assert_allclose(Rotation.from_quat(found.reshape(-1, 4)).as_matrix(), turns.reshape(-1, 3, 3), atol=1e-5)


@given(st.integers(0, 1000))
def test_that_the_four_strongest_joints_of_a_vertex_share_it_between_them(seed):
    weights = np.random.default_rng(seed).dirichlet(np.full(9, 0.3), size=30)
    joints, shares = strongest(weights)
    np.testing.assert_allclose(shares.sum(1), 1, atol=1e-6)
    kept = np.take_along_axis(weights, joints.astype(int), axis=1)
    expected = np.sort(weights, axis=1)[:, ::-1][:, :4]
    np.testing.assert_allclose(np.where(shares > 0, kept, 0).sum(1), expected.sum(1), atol=1e-6)


@pytest.mark.parametrize(
    ("people", "why"),
    [
        ([], "nobody"),
        ([person(0)], "no frame"),
        ([Person(Body.load(), np.zeros(0), np.full((2, 24, 3, 3), np.nan), np.zeros((2, 3)))], "not finite"),
    ],
)
def test_that_nonsense_is_refused_and_leaves_no_file(tmp_path, people, why):
    with pytest.raises(FileError, match=why):
        write_glb(tmp_path / "body.glb", people, 30.0, SAID)
    assert not list(tmp_path.iterdir())
