"""What a view shows as a file of any kind: as a call, as a run, and the words at the end."""

import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pygltflib
import pytest
from PIL import Image

from core.bodies.library import DEFAULT_KEY, body, terms
from core.bodies.skeletons import UPPER_BODY_9
from core.errors import FileError
from core.exporting.bodies import NO_BODY, Exported, export, terms_of
from core.formats import bvh
from core.geometry.rotations import matrices
from core.recordings import completed
from core.rendering.moving import MovingBody, MovingScene, MovingSkeleton, Shot, save_shot
from core.run_folder import RunFolder
from core.runner import record
from core.runs import Done, ExportBodies, Failed, Made, Progress, Stopped


def people(frames: int = 4, count: int = 1, **more) -> tuple[MovingBody, ...]:
    chance = np.random.default_rng(5)
    return tuple(
        MovingBody(
            DEFAULT_KEY, chance.normal(size=10), matrices(0.2 * chance.normal(size=(frames, 24, 3))),
            chance.normal(size=(frames, 3)) * 0.1 + [0.6 * at, 1.2, 0], name=f"run {at}", **more,
        )
        for at in range(count)
    )  # fmt: skip


def a_shot(count: int = 1, frames: int = 4) -> Shot:
    return Shot(MovingScene(25.0, people(frames, count)))


def asked(file: Path, what: str, **more) -> ExportBodies:
    return ExportBodies(
        shot="shot.npz", file=str(file), out=str(file.parent / "run"), what=what, width=64, height=48, **more
    )


def made(shot: Shot, spec: ExportBodies) -> Exported:
    steps = export(shot, spec)
    while True:
        try:
            assert isinstance(next(steps), Progress)
        except StopIteration as end:
            return end.value


CC0 = terms("CC0")


def says_whose(path: Path) -> str:
    """What the file itself says about its licence."""
    match path.suffix:
        case ".png":
            with Image.open(path) as picture:
                return picture.text["Copyright"]
        case ".gif":
            with Image.open(path) as picture:
                return picture.info["comment"].decode()
        case ".glb":
            return pygltflib.GLTF2().load(str(path)).asset.copyright
        case ".npz":
            with np.load(path) as arrays:
                return str(arrays["terms"])
        case ".mp4":
            import av

            with av.open(str(path)) as container:
                return container.metadata["comment"]
        case _:
            return path.read_bytes()[:2000].decode("ascii", "ignore")


@pytest.mark.parametrize(
    ("what", "ending", "words"),
    [
        ("picture", ".png", "a picture"),
        ("film", ".mp4", "4 frames"),
        ("film", ".gif", "4 frames"),
        ("turntable", ".gif", "once round in 0.5 s"),
        ("body", ".glb", "1 person, 4 frames"),
        ("body", ".obj", "1 person at one moment"),
        ("body", ".ply", "1 person at one moment"),
        ("body", ".npz", "1 person, 4 frames"),
    ],
)
def test_that_every_kind_of_file_is_made_and_says_whose_licence_it_carries(tmp_path, what, ending, words):
    done = made(a_shot(), asked(tmp_path / f"a{ending}", what, seconds=0.5))
    assert done.files == (tmp_path / f"a{ending}",)
    assert list(tmp_path.iterdir()) == [tmp_path / f"a{ending}"]
    assert done.says.startswith(f"a{ending}: {words}")
    assert CC0 in done.says
    assert CC0.rstrip(".") in says_whose(tmp_path / f"a{ending}")


def test_that_a_motion_in_npz_poses_the_same_body_again(tmp_path):
    shot = a_shot()
    made(shot, asked(tmp_path / "a.npz", "body", start=1, end=3))
    with np.load(tmp_path / "a.npz", allow_pickle=False) as read:
        turns = matrices(read["poses"].reshape(2, 24, 3).astype(float))
        again = body(str(read["body"])).shaped(read["betas"]).pose(turns[1], read["trans"][1])
        assert (float(read["mocap_frame_rate"]), str(read["gender"]), str(read["licence"])) == (25.0, "neutral", "CC0")
    who = shot.scene.bodies[0]
    expected = body().shaped(who.betas).pose(who.rotations[2], who.translation_m[2])
    np.testing.assert_allclose(again, expected, atol=1e-5)


@pytest.mark.parametrize("tall", [0.0, 2.0])
def test_that_a_motion_in_bvh_reads_back_with_its_bones_where_they_were(tmp_path, tall):
    shot = a_shot()
    who = replace(shot.scene.bodies[0], betas=np.array([tall, *np.zeros(9)]))
    done = made(replace(shot, scene=replace(shot.scene, bodies=(who,))), asked(tmp_path / "a.bvh", "body"))
    assert "a skeleton with its bones' lengths, no mesh" in done.says
    (read,) = bvh.read(tmp_path / "a.bvh")
    figure = body().shaped(who.betas)
    for at in range(len(shot.scene)):
        expected = figure.place(who.rotations[at], who.translation_m[at]).places_m
        joints_m = completed(read, rate_hz=None).joints_m
        assert joints_m is not None
        np.testing.assert_allclose(joints_m[at, :22], expected[:22], atol=0.03 if tall else 2e-3)


def test_that_several_people_get_a_motion_file_each_and_one_glb_together(tmp_path):
    done = made(a_shot(2), asked(tmp_path / "a.npz", "body"))
    assert [each.name for each in done.files] == ["a.npz", "a-2.npz"]
    assert all(each.is_file() for each in done.files)
    made(a_shot(2), asked(tmp_path / "a.glb", "body"))
    assert len(pygltflib.GLTF2().load(str(tmp_path / "a.glb")).skins) == 2


def test_that_ghosts_are_in_no_body_file(tmp_path):
    scene = MovingScene(25.0, (*people(), *people(opacity=0.22)))
    made(Shot(scene), asked(tmp_path / "a.glb", "body"))
    assert len(pygltflib.GLTF2().load(str(tmp_path / "a.glb")).skins) == 1


def test_that_a_folder_of_frames_is_named_as_the_file_would_be(tmp_path):
    done = made(a_shot(), asked(tmp_path / "walk.obj", "body", every_frame=True, start=1))
    assert done.files == (tmp_path / "walk",)
    assert len(list((tmp_path / "walk").glob("*.obj"))) == 3


def test_that_what_is_there_is_replaced_only_when_that_was_said(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"mine")
    with pytest.raises(FileError, match="is there already"):
        made(a_shot(), asked(path, "picture"))
    assert path.read_bytes() == b"mine"
    made(a_shot(), asked(path, "picture", replaces=True))
    assert path.read_bytes().startswith(b"\x89PNG")


def test_that_a_second_persons_older_file_is_not_replaced_either(tmp_path):
    (tmp_path / "a-2.npz").write_bytes(b"mine")
    with pytest.raises(FileError, match=r"a-2\.npz: is there already"):
        made(a_shot(2), asked(tmp_path / "a.npz", "body"))
    assert [each.name for each in tmp_path.iterdir()] == ["a-2.npz"]


JOINTS = MovingScene(1.0, (), (MovingSkeleton(np.zeros((1, 9, 3)), UPPER_BODY_9),))


@pytest.mark.parametrize(
    ("shot", "name", "what", "more", "why"),
    [
        (Shot(JOINTS), "a.glb", "body", {}, "no body to write"),
        (a_shot(), "a.glb", "film", {}, "does not end in .mp4 or .gif"),
        (a_shot(), "a.mp4", "body", {}, "does not end in .glb"),
        (a_shot(), "a.glb", "body", {"start": 4}, "no frames from 4 to 4"),
        (a_shot(), "a.ply", "body", {"start": -1}, "no frames from -1"),
        (Shot(MovingScene(25.0)), "a.png", "picture", {}, "nobody to show"),
    ],
)
def test_that_nonsense_is_refused_with_the_way_out(tmp_path, shot, name, what, more, why):
    with pytest.raises(FileError, match=why) as refused:
        made(shot, asked(tmp_path / name, what, **more))
    assert refused.value.hint
    assert not list(tmp_path.iterdir())


def test_that_joints_alone_carry_nobodys_licence():
    assert terms_of(JOINTS) == NO_BODY


# ---- as a run -------------------------------------------------------------------------------------------------------


def a_run(tmp_path, spec: ExportBodies, shot: Shot) -> RunFolder:
    folder = RunFolder(Path(spec.out))
    folder.write_spec(spec)
    save_shot(shot, folder.path / "shot.npz")
    return folder


def test_that_an_export_is_a_run_that_says_what_it_made(tmp_path):
    folder = a_run(tmp_path, asked(tmp_path / "walk.gif", "film"), a_shot())
    events = list(record(folder))
    assert [each.done for each in events if isinstance(each, Progress)] == [1, 2, 3, 4]
    (file,) = (each for each in events if isinstance(each, Made))
    assert file.path == str(tmp_path / "walk.gif")
    assert isinstance(events[-1], Done)
    assert CC0 in events[-1].summary
    assert (tmp_path / "walk.gif").is_file()


def test_that_a_stopped_export_leaves_no_file(tmp_path):
    folder = a_run(tmp_path, asked(tmp_path / "walk.mp4", "film"), a_shot())
    with closing(record(folder)) as events:
        next(events)
        folder.ask_to_stop()
        assert isinstance(list(events)[-1], Stopped)
    assert [each.name for each in tmp_path.iterdir()] == ["run"]


def test_that_a_refused_export_fails_with_the_sentence(tmp_path):
    spec = msgspec.structs.replace(asked(tmp_path / "none" / "walk.mp4", "film"), out=str(tmp_path / "run"))
    folder = a_run(tmp_path, spec, a_shot())
    last = list(record(folder))[-1]
    assert isinstance(last, Failed)
    assert "there is no folder" in last.message
    assert last.hint
    assert not last.details


@pytest.mark.slow
def test_that_an_export_goes_on_in_a_process_of_its_own(tmp_path):
    folder = a_run(tmp_path, asked(tmp_path / "body.glb", "body"), a_shot())
    folder.start()
    until = time.monotonic() + 60
    while folder.is_alive() and time.monotonic() < until:
        time.sleep(0.05)
    assert folder.state() == "done"
    assert (tmp_path / "body.glb").is_file()
