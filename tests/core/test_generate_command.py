"""`posecast generate`: the same words make the same bits, and a recipe's words are the recipe."""

import json
import shlex
import time
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from core import stamping
from core.__main__ import app
from core.commands import generating
from core.errors import ProjectError, RunError
from core.formats import amass
from core.generation_words import command_of, in_text, part_in_words, parts_of, recipe_of_text
from core.generations import Anchor, Locked, Part, Past, Recipe, rows, unpacked
from core.geometry.rotations import rotation_vectors
from core.lanes import Lane, lane_of
from core.models.checkpoints import save
from core.past_sources import Source, past_from, source_of
from core.run_folder import RunFolder
from core.runner import record
from core.runs import Done, GenerateMotion, Progress, Stopped
from tests.core.generation.made_model import made_config, made_header, made_whole, wandering


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "walks"
    config = made_config()
    save(folder / "best.safetensors", made_header(config), made_whole(config).tensors())
    return folder


def said(*words, code=0):
    done = CliRunner().invoke(app, ["generate", *map(str, words)])
    assert done.exit_code == code, done.output
    return done


def until(holds):
    patience = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < patience
        time.sleep(0.05)


def told(*words) -> dict:
    return json.loads(said(*words, "--json").stdout)


def recipe_told(command: str, monkeypatch, tmp_path) -> Recipe:
    """What the command line understands of a command: the recipe it is about to make."""
    found: list[Recipe] = []
    monkeypatch.setattr(generating, "_written", lambda out, made, asked, *_, **__: (found.append(asked), ((), ""))[1])
    words = shlex.split(command)
    assert words[:2] == ["posecast", "generate"]
    said(*words[2:])
    return found[0]


def test_that_the_same_command_writes_the_same_motion_to_the_last_bit(run, tmp_path):
    words = (run, "walk:1.3", "wave+bow:1", "--seed", 5, "--samples", 2, "--temperature", 0.8)
    for name in ("one.npz", "other.npz"):
        said(*words, "--out", tmp_path / name)
    for one, other in (("one.npz", "other.npz"), ("one-2.npz", "other-2.npz")):
        assert (tmp_path / one).read_bytes() == (tmp_path / other).read_bytes()
    assert (tmp_path / "one.npz").read_bytes() != (tmp_path / "one-2.npz").read_bytes()
    (read,) = amass.read(tmp_path / "one.npz")
    assert len(read) == round(2.3 * 30)


def test_that_a_job_makes_the_same_motion_to_the_last_bit(run, tmp_path):
    words = (run, "walk:1.3", "wave+bow:1", "--seed", 5, "--samples", 2, "--temperature", 0.8)
    said(*words, "--out", tmp_path / "at-once.npz")
    asked = told(*words, "--out", tmp_path / "later.npz", "--in-line")
    folder = RunFolder(Path(asked["run"]))
    assert folder.path == tmp_path / "generate-later"
    assert lane_of(folder.spec()) == Lane("export")
    until(lambda: folder.state() in ("done", "failed"))
    ending = folder.ending()
    assert isinstance(ending, Done), ending
    assert [Path(each).name for each in ending.outputs] == ["later.npz", "later-2.npz"]
    for name in ("{}.npz", "{}-2.npz"):
        one, other = (np.load(tmp_path / name.format(which)) for which in ("at-once", "later"))
        assert one.files == other.files
        assert all(np.array_equal(one[each], other[each]) for each in one.files if one[each].dtype.kind == "f")
    said(*words, "--out", tmp_path / "at-once.bvh")
    for name in (
        "later.npz",
        "later-2.npz",
        "at-once-2.npz",
        "at-once-2.bvh",
    ):  # each says how it was made, and is made again
        done = CliRunner().invoke(app, ["reproduce", str(tmp_path / name), "--json"])
        assert done.exit_code == 0, done.output


def test_that_a_job_between_two_tokens_can_be_stopped_and_leaves_no_file(run, tmp_path):
    told(run, "walk:2", "--out", tmp_path / "walk.npz", "--save-recipe", tmp_path / "recipe.json")
    (tmp_path / "walk.npz").unlink()
    spec = GenerateMotion(
        recipe=str(tmp_path / "recipe.json"), file=str(tmp_path / "walk.npz"), out=str(tmp_path / "job")
    )
    folder = RunFolder(tmp_path / "job")
    folder.write_spec(spec)
    heard = []
    for event in record(folder):
        heard.append(event)
        folder.ask_to_stop()
    assert [type(each) for each in heard] == [Progress, Stopped]
    assert not (tmp_path / "walk.npz").exists()


def test_that_what_cannot_be_made_is_refused_before_it_waits(run, tmp_path):
    done = said(run, "wlak:1", "--out", tmp_path / "walk.npz", "--in-line", code=1)
    assert "Nearest: walk" in done.stderr
    assert not list(tmp_path.iterdir())


def test_that_it_says_what_was_made_for_a_machine_to_read(run, tmp_path):
    found = told(run, "walk:1", "--samples", 3, "--out", tmp_path / "walk.bvh")
    assert [each["frames"] for each in found["samples"]] == [30] * 3
    assert len(found["files"]) == 3
    assert found["recipe"]["story"] == [{"actions": ["walk"], "seconds": 1.0}]
    assert all(0 <= each["likely"] <= 1 and each["bits_per_code"] > 0 for each in found["samples"])


def test_that_an_unknown_action_is_refused_with_the_nearest_names(run, tmp_path):
    done = said(run, "wlak:1", "--out", tmp_path / "walk.npz", code=1)
    assert '"wlak" is not an action of this model.' in done.stderr
    assert "Nearest: walk" in done.stderr
    assert not (tmp_path / "walk.npz").exists()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("walk",), "no part of a story"),
        (("walk:x",), "no part of a story"),
        ((":2",), "no part of a story"),
        (("walk:0.01",), "0.01 s"),
        (("walk:inf",), "no part of a story"),
        ((), "No action"),
        (("walk:1", "--samples", "0"), "0 samples"),
        (("walk:1", "--top-p", "0"), "Top-p is 0"),
        (("walk:1", "--temperature", "-1"), "temperature is -1"),
        (("walk:1", "--past", "clip:a@1-2"), "Which project"),
        (("walk:1", "--past", "nowhere.npz"), "no such file"),
        (("walk:1", "--pose", "walk.bvh"), "no pose to pass through"),
        (("walk:1", "--recipe", "text:abc"), "damaged"),
        (("walk:1", "--forecast", "kitchen-forecaster"), "forecast of what"),
    ],
)
def test_that_wrong_words_are_refused_in_words(run, tmp_path, words, complaint):
    done = said(run, *words, "--out", tmp_path / "walk.npz", code=1)
    assert complaint in done.stderr
    assert "Traceback" not in done.output + done.stderr


@pytest.mark.parametrize(
    ("out", "more", "complaint"),
    [
        ("here.npz", (), "here.npz: is there already"),
        ("more.npz", ("--samples", 2), "more-2.npz: is there already"),
        ("nowhere/walk.npz", (), "there is no folder"),
        ("walk.fbx", (), "motion is not written as .fbx"),
        ("walk", (), "a file without an ending"),
        ("walk.glb", ("--body", "nobody"), "There is no body 'nobody'"),
    ],
)
def test_that_what_cannot_be_written_is_refused_before_anything_is_made(
    run, tmp_path, monkeypatch, out, more, complaint
):
    monkeypatch.setattr("core.generation.making.made", lambda *_: pytest.fail("motion was made"))
    for name in ("here.npz", "more-2.npz"):
        (tmp_path / name).write_bytes(b"mine")
    done = said(run, "walk:1", "--out", tmp_path / out, *more, code=1)
    assert complaint in done.stderr
    assert (tmp_path / "here.npz").read_bytes() == b"mine"


def test_that_where_there_is_no_such_run_no_forecaster_is_offered(tmp_path):
    done = said("nowhere", "walk:1", "--out", tmp_path / "walk.npz", code=1)
    assert "There is no run 'nowhere'." in done.stderr
    assert "kitchen-forecaster" not in done.stderr


def test_that_a_forecaster_is_no_motion_model(tmp_path):
    done = said("kitchen-forecaster", "walk:1", "--out", tmp_path / "walk.npz", code=1)
    assert "a motion model is needed" in done.stderr


def test_that_a_file_is_never_written_over_unless_asked(run, tmp_path):
    said(run, "walk:1", "--out", tmp_path / "walk.npz")
    before = (tmp_path / "walk.npz").read_bytes()
    assert "is there already" in said(run, "run:1", "--out", tmp_path / "walk.npz", code=1).stderr
    assert (tmp_path / "walk.npz").read_bytes() == before
    said(run, "run:1", "--out", tmp_path / "walk.npz", "--replace")
    assert (tmp_path / "walk.npz").read_bytes() != before


def test_that_a_motion_goes_on_from_a_file_that_was_generated(run, tmp_path):
    said(run, "walk:1", "--out", tmp_path / "walk.npz")
    found = told(run, "bow:1", "--past", f"{tmp_path / 'walk.npz'}@0.2-1", "--out", tmp_path / "bow.npz")
    assert found["recipe"]["past"]["frames"] == 24
    (before,), (after,) = amass.read(tmp_path / "walk.npz"), amass.read(tmp_path / "bow.npz")
    step = after.body.translation_m[0] - before.body.translation_m[-1]
    assert np.linalg.norm(step) < 0.5


def test_that_a_pose_of_a_file_is_met(run, tmp_path):
    said(run, "walk:1", "--seed", 3, "--out", tmp_path / "walk.npz")
    found = told(run, "walk:1", "--pose", f"0.5={tmp_path / 'walk.npz'}@0.4", "--out", tmp_path / "met.npz")
    assert len(found["samples"][0]["anchors_off_mm"]) == 1
    (pose,), (met,) = amass.read(tmp_path / "walk.npz"), amass.read(tmp_path / "met.npz")
    np.testing.assert_allclose(met.body.rotations[15, 1:22], pose.body.rotations[12, 1:22], atol=1e-4)


@pytest.mark.parametrize(
    ("content", "source", "complaint"),
    [
        ("", "{}", "is a folder"),
        ("print()", "{}/it.py", "it.py: is no file of motion that is known"),
        ("motion", "{}/it.npz@0.5-9", "It lasts 1.00 s."),
        ("motion", "{}/it.npz@7-9", "It lasts 1.00 s."),
        ("motion", "{}/it.npz@0.5", "Give a stretch"),
    ],
)
def test_that_a_past_that_is_none_is_refused_with_what_would_be_one(run, tmp_path, content, source, complaint):
    if content == "motion":
        said(run, "walk:1", "--out", tmp_path / "it.npz")
    else:
        (tmp_path / "it.py").write_text(content)
    done = said(run, "bow:1", "--past", source.format(tmp_path), "--out", tmp_path / "bow.npz", code=1)
    assert complaint in done.stderr
    assert "--format" not in done.stderr


def test_that_the_shortest_stretch_of_a_past_is_its_one_pose(run, tmp_path):
    said(run, "walk:1", "--out", tmp_path / "walk.npz")
    found = told(run, "bow:1", "--past", f"{tmp_path / 'walk.npz'}@0.5-0.501", "--out", tmp_path / "bow.npz")
    assert found["recipe"]["past"]["frames"] == 1


RECIPES = {
    "plain": Recipe(model="", story=(Part(actions=("walk",), seconds=1.0),)),
    "story": Recipe(
        model="",
        story=(Part(actions=("walk", "wave"), seconds=1.1), Part(actions=("bow",), seconds=0.7333333333333333)),
        samples=2, seed=2**40 + 1, temperature=0.1 + 0.2, top_k=5, top_p=0.95, keep_feet=False,
    ),
    "past": Recipe(
        model="", story=(Part(actions=("walk",), seconds=0.5),), past=Past(motion=wandering(31), source="the last one")
    ),
    "locked": Recipe(
        model="", story=(Part(actions=("run",), seconds=0.5),), locked=Locked(codes=((1, 2), (3, 4)), keep=((0, 1),))
    ),
    "anchored": Recipe(
        model="",
        story=(Part(actions=("run",), seconds=1.0),),
        anchors=(Anchor(at_s=0.5, rotation_vectors=rows(rotation_vectors(unpacked(wandering(3)).rotations[1]))),),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RECIPES)
def test_that_the_command_of_a_recipe_is_understood_as_that_recipe(name, run, tmp_path, monkeypatch):
    recipe = replace(RECIPES[name], model=str(run))
    command = command_of(recipe, out=str(tmp_path / "it.npz"))
    assert recipe_told(command, monkeypatch, tmp_path) == recipe
    assert ("text:" in command) == (name in ("past", "locked", "anchored"))


def test_that_a_past_that_its_source_leads_to_is_said_by_it_and_any_other_goes_along(run, tmp_path, monkeypatch):
    said(run, "walk:1", "--out", tmp_path / "walk.npz")
    source = f"{tmp_path / 'walk.npz'}@0.2-1"
    recipe = Recipe(model=str(run), story=(Part(actions=("bow",), seconds=0.5),), past=past_from(source))
    command = command_of(recipe, out=str(tmp_path / "it.npz"))
    assert shlex.quote(source) in command
    assert recipe_told(command, monkeypatch, tmp_path) == recipe
    other = replace(recipe, past=replace(recipe.past, motion=wandering(20)))
    command = command_of(other, out=str(tmp_path / "it.npz"))
    assert source not in command
    assert recipe_told(command, monkeypatch, tmp_path) == other


def test_that_a_recipe_saved_beside_a_motion_makes_it_again(run, tmp_path):
    said(run, "walk:1.5", "--seed", 9, "--out", tmp_path / "one.npz", "--save-recipe", tmp_path / "walk.json")
    said(run, "--recipe", tmp_path / "walk.json", "--out", tmp_path / "two.npz")
    one, two = (stamping.without(tmp_path / f"{name}.npz") for name in ("one", "two"))
    assert one == two  # they differ in how they were asked for alone
    said(run, "--recipe", tmp_path / "walk.json", "--seed", 10, "--out", tmp_path / "three.npz")
    assert one != stamping.without(tmp_path / "three.npz")


def test_that_a_command_too_long_for_a_system_is_refused(run):
    with pytest.raises(RunError, match="characters long"):
        command_of(replace(RECIPES["past"], past=Past(motion=wandering(2000)), model=str(run)))


def test_that_words_of_a_part_are_that_part():
    for part in (Part(actions=("walk",), seconds=2.0), Part(actions=("a b", "c"), seconds=0.1 + 0.2)):
        assert parts_of([part_in_words(part)]) == (part,)
    assert part_in_words(Part(actions=("walk",), seconds=2.0)) == "walk:2"


def test_that_a_cut_text_of_a_recipe_is_refused():
    text = in_text(RECIPES["past"])
    assert recipe_of_text(text) == RECIPES["past"]
    with pytest.raises(RunError, match="damaged"):
        recipe_of_text(text[: len(text) // 2])


def test_that_sources_say_their_kind_and_their_stretch(tmp_path):
    assert source_of("clip:cam 1@2-3.5") == Source("clip", "cam 1", 2.0, 3.5)
    assert source_of("motion:cmu/01/01_01") == Source("motion", "cmu/01/01_01")
    assert source_of("walk.bvh@0.8") == Source("", "walk.bvh", 0.8)
    odd = tmp_path / "take@2-3"
    odd.write_bytes(b"")
    assert source_of(str(odd)) == Source("", str(odd))
    with pytest.raises(ProjectError, match="ends before it starts"):
        source_of("kept:walk@3-2")
