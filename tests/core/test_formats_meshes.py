"""Bodies written as OBJ and PLY, read back by trimesh and line by line."""

from contextlib import closing

import numpy as np
import pytest
import trimesh

from core.bodies.skinning import Body
from core.errors import FileError
from core.formats.meshes import Solid, write_mesh, write_meshes
from core.formats.provenance import Provenance

SAID = Provenance("Body: CC0, free\nfor any use", "Kitchen, 0:12.40")


def solids() -> list[Solid]:
    vertices_m, _ = Body.load().rest()
    faces = Body.load().faces
    return [
        Solid("The cook", vertices_m, faces, "#4fc7cf"),
        Solid("guest", np.add(vertices_m, [1, 0, 0]), faces, "#dadce1"),
    ]


@pytest.mark.parametrize("ending", [".obj", ".ply"])
def test_that_a_body_comes_back_with_its_places_faces_and_colour(tmp_path, ending):
    one = solids()[0]
    write_mesh(tmp_path / f"body{ending}", [one], SAID)
    read = trimesh.load(tmp_path / f"body{ending}", process=False)
    np.testing.assert_allclose(read.vertices, one.vertices_m, atol=1e-6)
    np.testing.assert_array_equal(read.faces, one.faces)
    assert tuple(read.visual.vertex_colors[0]) == (0x4F, 0xC7, 0xCF, 255)


@pytest.mark.parametrize("ending", [".obj", ".ply"])
def test_that_two_people_stand_in_one_file(tmp_path, ending):
    both = solids()
    write_mesh(tmp_path / f"two{ending}", both, SAID)
    read = trimesh.load(tmp_path / f"two{ending}", process=False)
    mesh = read.to_mesh() if isinstance(read, trimesh.Scene) else read
    assert len(mesh.faces) == sum(len(each.faces) for each in both)
    expected = np.concatenate([each.vertices_m for each in both])
    corners = np.sort(mesh.triangles.reshape(-1, 9), axis=0)
    places = np.concatenate([each.vertices_m[each.faces].reshape(-1, 9) for each in both])
    np.testing.assert_allclose(corners, np.sort(places, axis=0), atol=1e-5)
    np.testing.assert_allclose(mesh.bounds, [expected.min(0), expected.max(0)], atol=1e-5)


def test_that_objects_of_an_obj_carry_peoples_names(tmp_path):
    write_mesh(tmp_path / "two.obj", solids(), SAID)
    lines = (tmp_path / "two.obj").read_text().splitlines()
    assert [line for line in lines if line.startswith("o ")] == ["o The_cook", "o guest"]


def test_that_comments_say_whose_licence_a_file_carries_and_what_made_it(tmp_path):
    write_mesh(tmp_path / "body.obj", solids(), SAID)
    write_mesh(tmp_path / "body.ply", solids(), SAID)
    obj = (tmp_path / "body.obj").read_text().splitlines()
    ply = (tmp_path / "body.ply").read_bytes().split(b"end_header")[0].decode().splitlines()
    assert obj[:2] == ["# Kitchen, 0:12.40", "# Body: CC0, free for any use"]
    assert obj[2].startswith("# Made with Posecast")
    assert ply[2:4] == ["comment Kitchen, 0:12.40", "comment Body: CC0, free for any use"]


def test_that_a_folder_gets_a_file_for_every_frame_with_somebody_in_it(tmp_path):
    def at(frame: int) -> list[Solid]:
        return [] if frame == 1 else solids()[:1]

    events = list(write_meshes(tmp_path / "frames", ".ply", 3, at, SAID))
    assert [each.done for each in events] == [1, 2, 3]
    assert sorted(each.name for each in (tmp_path / "frames").iterdir()) == ["frame_00000.ply", "frame_00002.ply"]


def test_that_stopping_a_folder_of_frames_leaves_nothing(tmp_path):
    with closing(write_meshes(tmp_path / "frames", ".obj", 5, lambda frame: solids()[:1], SAID)) as events:
        next(events)
        assert (tmp_path / "frames" / "frame_00000.obj").exists()
    assert not list(tmp_path.iterdir())


def test_that_a_folder_with_something_in_it_is_never_written_into(tmp_path):
    (tmp_path / "frames").mkdir()
    (tmp_path / "frames" / "mine.txt").write_text("keep")
    with pytest.raises(FileError, match="not an empty folder"):
        list(write_meshes(tmp_path / "frames", ".obj", 2, lambda frame: solids(), SAID))
    assert [each.name for each in (tmp_path / "frames").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(("name", "who", "why"), [("a.stl", 1, "does not end in"), ("a.obj", 0, "nobody to write")])
def test_that_nonsense_is_refused_and_leaves_no_file(tmp_path, name, who, why):
    with pytest.raises(FileError, match=why):
        write_mesh(tmp_path / name, solids()[:who], SAID)
    assert not list(tmp_path.iterdir())


def test_that_nobody_in_any_frame_is_said(tmp_path):
    with pytest.raises(FileError, match="nobody is there"):
        list(write_meshes(tmp_path / "frames", ".obj", 2, lambda frame: [], SAID))
    assert not list(tmp_path.iterdir())
