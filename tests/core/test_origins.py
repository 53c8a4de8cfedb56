"""Where an output came from: gathered while it is made, carried in the file, read back whatever the format."""

import json
import zipfile
import zlib
from base64 import urlsafe_b64encode
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pygltflib import GLTF2

from core import origins, stamping
from core.bodies.skinning import Body
from core.errors import FormatError, TooNewError
from core.formats.gltf import Person, write_glb
from core.formats.provenance import Provenance
from core.origins import Input, Origin, making, used
from core.video.writing import write_video

ORIGIN = Origin(
    version="0.1.0",
    command="generate",
    parameters={"run": "shipped", "parts": ["walk:1"], "seed": 3, "quiet": None},
    inputs=(Input(what="checkpoint", name="m/best.safetensors", fingerprint="ab" * 32, facts={"config": {"seed": 7}}),),
)
ENDINGS = (".png", ".jpg", ".mp4", ".npz", ".md", ".html", ".csv", ".bvh")


def made_file(path: Path) -> Path:
    """A small file of the kind its ending says."""
    picture = np.arange(32 * 32 * 3, dtype=np.uint8).reshape(32, 32, 3)
    match path.suffix:
        case ".png" | ".jpg":
            Image.fromarray(picture).save(path)
        case ".mp4":
            with write_video(path, 10.0, 32, 32) as out:
                for shift in range(3):
                    out.add(np.roll(picture, shift))
        case ".npz":
            np.savez_compressed(path, poses=np.eye(3), words=np.array("walk"))
        case _:
            path.write_text("step,value\n1,2\n")
    return path


@pytest.mark.parametrize("ending", ENDINGS)
def test_that_every_kind_of_file_carries_its_origin_and_can_let_go_of_it(tmp_path, ending):
    path = made_file(tmp_path / f"out{ending}")
    before = path.read_bytes()
    where = stamping.put(path, ORIGIN)
    assert stamping.read(path) == ORIGIN
    assert stamping.without(path) == before
    assert where == (path if ending not in (".csv", ".bvh") else tmp_path / f"out{ending}.origin.json")
    again = msgspec.structs.replace(ORIGIN, version="0.2.0")
    stamping.put(path, again)
    assert stamping.read(path) == again
    assert stamping.without(path) == before
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted({path.name, where.name})


def test_that_a_stamped_file_shows_what_it_showed(tmp_path):
    for ending in (".png", ".mp4", ".npz", ".jpg"):
        plain, stamped = made_file(tmp_path / f"a{ending}"), made_file(tmp_path / f"b{ending}")
        stamping.put(stamped, ORIGIN)
        if ending == ".mp4":
            first, second = (list(av.open(str(each)).decode(video=0)) for each in (plain, stamped))
            assert len(first) == len(second) == 3
            for one, other in zip(first, second, strict=True):
                np.testing.assert_array_equal(one.to_ndarray(format="rgb24"), other.to_ndarray(format="rgb24"))
        elif ending == ".npz":
            assert zipfile.ZipFile(stamped).testzip() is None
            np.testing.assert_array_equal(np.load(stamped)["poses"], np.eye(3))
        else:
            np.testing.assert_array_equal(np.asarray(Image.open(plain)), np.asarray(Image.open(stamped)))


def test_that_a_stamped_glb_is_read_by_others(tmp_path):
    path = tmp_path / "walk.glb"
    turns, places_m = np.tile(np.eye(3), (2, 24, 1, 1)), np.zeros((2, 3))
    write_glb(path, [Person(Body.load(), np.zeros(10), turns, places_m)], 30.0, Provenance("Free.", "walk"))
    before = GLTF2().load(str(path))
    stamping.put(path, ORIGIN)
    after = GLTF2().load(str(path))
    assert stamping.read(path) == ORIGIN
    assert after.binary_blob() == before.binary_blob()
    assert after.asset.copyright == before.asset.copyright
    assert len(after.meshes) == len(before.meshes)
    stamping.put(path, ORIGIN)
    assert path.read_bytes().count(stamping.MARK) == 1


def test_that_a_folder_carries_it_in_a_file_of_its_own(tmp_path):
    assert stamping.put(tmp_path, ORIGIN) == tmp_path / "origin.json"
    assert stamping.read(tmp_path) == ORIGIN


@given(st.binary(max_size=400))
def test_that_no_bytes_whatever_make_reading_fail_without_words(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "out.png"
    for bytes_ in (content, stamping.MARK + content + b">", b"\x89PNG\r\n\x1a\n" + content):
        path.write_bytes(bytes_)
        with suppress(FormatError):
            assert stamping.read(path) is None


def test_that_an_origin_that_unfolds_without_end_is_refused(tmp_path):
    path = tmp_path / "bomb.txt"
    bomb = zlib.compress(b"[" * 200_000_000, 9)
    path.write_bytes(stamping.MARK + urlsafe_b64encode(bomb) + b">")
    with pytest.raises(FormatError, match="too long"):
        stamping.read(path)


def test_that_a_later_version_says_so(tmp_path):
    (tmp_path / "origin.json").write_text(json.dumps({"format": 2, "version": "9"}))
    with pytest.raises(TooNewError):
        stamping.read(tmp_path)


# ---- gathering ------------------------------------------------------------------------------------------------------


def test_that_what_is_read_counts_only_while_something_is_made(tmp_path):
    used("body", "before", "1")
    with making("generate", {"seed": 4}) as made:
        used("checkpoint", "m/best", "2", {"config": {"steps": 5}})
        used("checkpoint", "m/best", "3")
        with making("inner") as inner:
            used("body", "neutral", "4")
    used("body", "after", "5")
    assert [(each.what, each.fingerprint) for each in made.origin().inputs] == [("checkpoint", "3")]
    assert [each.name for each in inner.origin().inputs] == ["neutral"]


def test_that_files_named_by_the_command_are_inputs_and_what_it_writes_is_not(tmp_path):
    read, out = tmp_path / "past.bvh", tmp_path / "old.npz"
    read.write_text("HIERARCHY")
    out.write_text("to be replaced")
    with making("generate", {"past": str(read), "out": out, "mesh": [str(read)], "words": "walk:1", "n": None}) as made:
        pass
    (found,) = made.origin().inputs
    assert (found.what, found.name, found.fingerprint) == ("file", "past.bvh", origins.content_of(read))


def test_that_an_origin_tells_seeds_versions_and_no_home(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    spec = {"type": "train", "config": {"seed": 5, "steps": 3}, "project": str(tmp_path / "kitchen"), "out": "/else"}
    with making(spec=spec) as made:
        origin = made.origin()
    assert origin.seeds() == {"config.seed": 5}
    assert origin.spec["project"] == "~/kitchen"
    assert origin.spec["out"] == "/else"
    assert origin.environment["numpy"] == np.__version__
    assert origin.version == origins.version()


def test_that_a_generator_closed_from_elsewhere_leaves_no_making_behind():
    def work():
        with making("a"):
            yield 1

    running = work()
    next(running)
    running.close()
    with making("b") as made:
        used("body", "x", "1")
    assert made.origin().inputs


@dataclass
class _Odd:
    value: int


def test_that_values_json_does_not_know_are_said_as_words():
    with making("x", {"odd": _Odd(3), "pair": (1, Path("a")), "share": 0.5}) as made:
        assert made.origin().parameters == {"odd": "_Odd(value=3)", "pair": [1, "a"], "share": 0.5}
