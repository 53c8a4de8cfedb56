"""Motion that was kept: written whole, once, and made again by the same weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.errors import CoreError, FileError, FormatError, ProjectError
from core.formats import amass
from core.generations import Anchor, Locked, Part, Past, Recipe, Sample, packed, rows, unpacked
from core.kept_motions import fingerprint_of, in_words, keep, kept_items, read, recipe_of, remake, sample_number
from core.project.items import remove_item, rename_item
from core.project.store import ProjectStore
from tests.core.generation.made_motion import strolling

RECIPE = Recipe(
    model="runs/walker",
    story=(Part(actions=("walk",), seconds=2.0), Part(actions=("sit", "wave"), seconds=1.5)),
    samples=3,
    seed=2**40 + 1,
    temperature=0.85,
    top_p=0.9,
    past=Past(motion=packed(strolling(20, seed=5)), source="clip_03 0-1"),
    anchors=(Anchor(at_s=1.25, joints_m=rows(np.arange(27.0).reshape(9, 3) / 7), name="reach"),),
    locked=Locked(codes=((1, 2), (3, 4)), keep=((0, 1),)),
)


def a_sample(seed: int = 0, frames: int = 40) -> Sample:
    return Sample(
        motion=packed(strolling(frames, seed=seed)),
        codes=tuple((at, seed) for at in range(frames // 4)),
        frames_a_token=4,
        settled=frames,
        likely=1 / 3,
        bits_per_code=4.25,
        anchors_off_mm=(31.5,),
        doubts=("feet slip",),
    )


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "best.safetensors"
    path.write_bytes(np.random.default_rng(0).bytes(5000))
    return path


@pytest.fixture
def store(tmp_path):
    with ProjectStore.create(tmp_path / "project", "Kept", "Ada") as store:
        yield store


@given(st.integers(0, 5), st.integers(1, 60))
def test_that_a_sample_comes_back_to_the_last_bit_with_its_recipe(tmp_path_factory, seed, frames):
    folder = tmp_path_factory.mktemp("project")
    sample = a_sample(seed, frames)
    kept = read(folder, keep(folder, sample, RECIPE, 2, "a walk", author="Ada"))
    assert kept.sample == sample
    assert kept.recipe == RECIPE
    assert (kept.number, kept.body) == (2, "built-in/smpl/neutral")


def test_that_keeping_is_one_edit_that_can_be_undone_and_its_file_waits_for_redo(store):
    item = keep(store.folder, a_sample(), RECIPE, 1, "a walk", author="Ada")
    store.edit(store.project.with_item(item), "Keep a walk")
    assert kept_items(store.project) == (item,)
    assert (item.kind, item.made.author, item.made.source) == ("generation", "Ada", "made by walker")
    store.undo()
    assert kept_items(store.project) == ()
    store.redo()
    assert read(store.folder, kept_items(store.project)[0]).sample == a_sample()


def test_that_kept_motions_stand_in_the_order_they_were_kept_and_are_renamed_and_taken_out_by_one_edit(store):
    items = [keep(store.folder, a_sample(seed), RECIPE, seed, f"walk {seed}") for seed in range(3)]
    project = store.project
    for item in items:
        project = project.with_item(item)
    assert [each.name for each in kept_items(project)] == ["walk 0", "walk 1", "walk 2"]
    project = rename_item(project, items[1].id, "a stroll")
    project = remove_item(project, items[0].id)
    assert [each.name for each in kept_items(project)] == ["a stroll", "walk 2"]
    assert read(store.folder, kept_items(project)[0]).sample == a_sample(1)


def test_that_the_same_sample_has_one_file_and_another_one_another(store):
    first = keep(store.folder, a_sample(), RECIPE, 0, "one")
    file = store.folder / first.path
    before = file.stat().st_mtime_ns
    assert keep(store.folder, a_sample(), RECIPE, 0, "two").path == first.path
    assert file.stat().st_mtime_ns == before
    others = {
        keep(store.folder, a_sample(1), RECIPE, 0, "").path,
        keep(store.folder, a_sample(), RECIPE, 1, "").path,
        keep(store.folder, a_sample(), replace(RECIPE, seed=1), 0, "").path,
        keep(store.folder, a_sample(), RECIPE, 0, "", body="built-in/smpl/male").path,
    }
    assert len(others | {first.path}) == 5
    assert not list((store.folder / "generated").glob(".*"))


def test_that_a_motion_without_a_name_is_called_by_what_is_done(store):
    assert keep(store.folder, a_sample(), RECIPE, 0, "  ").name == "walk 2 s, sit + wave 1.5 s" == in_words(RECIPE)


def test_that_the_recipe_outlives_the_file(store, weights):
    item = keep(store.folder, a_sample(), RECIPE, 2, "a walk", checkpoint=weights)
    (store.folder / item.path).unlink()
    assert recipe_of(item) == RECIPE
    assert sample_number(item) == 2
    assert remake(item, weights) == RECIPE
    with pytest.raises(ProjectError, match="not beside the project any more") as refusal:
        read(store.folder, item)
    assert "recipe" in refusal.value.hint


def test_that_other_weights_or_none_do_not_make_it_again(store, weights, tmp_path):
    item = keep(store.folder, a_sample(), RECIPE, 0, "a walk", checkpoint=weights)
    other = tmp_path / "other.safetensors"
    other.write_bytes(weights.read_bytes()[:-1] + b"!")
    with pytest.raises(ProjectError, match="made by other weights of runs/walker"):
        remake(item, other)
    for missing in (None, tmp_path / "gone.safetensors"):
        with pytest.raises(ProjectError, match="made by runs/walker, which is not there any more"):
            remake(item, missing)


def test_that_weights_are_told_apart_by_both_ends_and_their_size(tmp_path):
    whole = bytearray(np.random.default_rng(1).bytes(3 << 20))
    told = set()
    for number, content in enumerate((whole, b"x" + whole[1:], whole[:-1] + b"x", whole + b"x")):
        path = tmp_path / f"{number}"
        path.write_bytes(bytes(content))
        told.add(fingerprint_of(path))
    assert len(told) == 4
    again = tmp_path / "again"
    again.write_bytes(bytes(whole))
    assert fingerprint_of(again) in told
    with pytest.raises(FileError, match="could not be read"):
        fingerprint_of(tmp_path / "none")


def test_that_the_file_is_read_as_amass(store):
    item = keep(store.folder, a_sample(), RECIPE, 0, "a walk")
    path = store.folder / item.path
    assert amass.is_amass(path)
    (recording,) = amass.read(path)
    own = unpacked(a_sample().motion)
    assert recording.rate_hz == 30.0
    assert recording.body is not None
    np.testing.assert_allclose(recording.body.rotations, own.rotations, atol=1e-5)
    np.testing.assert_allclose(recording.body.translation_m, own.translation_m, atol=1e-5)


@pytest.mark.parametrize("damage", ["cut", "other", "codes", "later", "not finite"])
def test_that_a_damaged_file_is_told_in_words(store, damage):
    item = keep(store.folder, a_sample(), RECIPE, 0, "a walk")
    path = store.folder / item.path
    arrays = dict(np.load(path))
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:2000])
    elif damage == "other":
        np.savez(path, poses=arrays["poses"])
    else:
        if damage == "codes":
            arrays["poses"] = arrays["poses"][:, :10]
        elif damage == "later":
            arrays["made"] = np.array(str(arrays["made"]).replace('"version":1', '"version":99'))
        else:
            arrays["trans"][3] = np.nan
        np.savez(path, **arrays)
    with pytest.raises(CoreError) as refusal:
        read(store.folder, item)
    assert isinstance(refusal.value, FormatError | FileError)
    assert refusal.value.hint


def test_that_a_skeleton_of_another_version_is_told_by_name(store):
    item = keep(store.folder, a_sample(), RECIPE, 0, "a walk")
    path = store.folder / item.path
    arrays = dict(np.load(path))
    arrays["made"] = np.array(
        str(arrays["made"]).replace('"skeleton":"SMPL 24","frames_a', '"skeleton":"Cat 9","frames_a')
    )
    np.savez(path, **arrays)
    with pytest.raises(FormatError, match="skeleton 'Cat 9' is unknown") as refusal:
        read(store.folder, item)
    assert refusal.value.hint == "Update Posecast."


def test_that_a_row_which_names_another_place_is_not_followed(store):
    item = replace(keep(store.folder, a_sample(), RECIPE, 0, "a walk"), path="../elsewhere.npz")
    with pytest.raises(ProjectError, match="no motion that a model made"):
        read(store.folder, item)
    with pytest.raises(ProjectError, match="The recipe of 'a walk' is damaged"):
        recipe_of(replace(item, facts={"recipe": "{}"}))


def test_that_a_full_disk_keeps_nothing_half_written(store, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("core.kept_motions.put_down", full)
    with pytest.raises(ProjectError, match="was not kept: No space left"):
        keep(store.folder, a_sample(), RECIPE, 0, "a walk")
