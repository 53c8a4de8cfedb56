"""Motion that a model made, as files that others read."""

import itertools

import av
import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image

from core.bodies import library
from core.errors import CoreError, FileError
from core.exporting.generated import provenance, scene_of, targets, write
from core.formats import amass, bvh, generated_motion
from core.generations import Part, Past, Recipe, Sample, packed, unpacked
from core.runs import Progress
from tests.core.generation.made_motion import strolling
from tests.core.test_formats_gltf import Read

RECIPE = Recipe(model="runs/walker", story=(Part(actions=("walk",), seconds=0.4),), samples=3, seed=7, temperature=0.8)


def a_sample(seed: int, frames: int = 12) -> Sample:
    return Sample(
        motion=packed(strolling(frames, seed=seed)),
        codes=tuple((at, seed) for at in range(frames // 4)),
        frames_a_token=4,
        settled=frames,
    )


def written(path, samples, recipe=RECIPE, **more):
    steps = write(path, samples, recipe, **more)
    told = []
    while True:
        try:
            told.append(next(steps))
        except StopIteration as end:
            assert told
            assert all(isinstance(each, Progress) for each in told)
            return end.value


def test_that_each_sample_has_an_npz_that_comes_back_to_the_last_bit(tmp_path):
    samples = [a_sample(seed) for seed in range(3)]
    done = written(tmp_path / "walk.npz", samples, numbers=(0, 2, 5), checkpoint="abc")
    assert [each.name for each in done.files] == ["walk.npz", "walk-2.npz", "walk-3.npz"]
    for path, sample, number in zip(done.files, samples, (0, 2, 5), strict=True):
        read, made = generated_motion.read(path)
        assert read == sample
        assert (made.recipe, made.number, made.checkpoint) == (RECIPE, number, "abc")
    assert done.says.startswith("walk.npz, walk-2.npz and walk-3.npz: 3 samples of 0.40 s.")


@pytest.mark.parametrize(("ending", "read"), [(".npz", amass.read), (".bvh", bvh.read)])
@pytest.mark.parametrize("joints", [24, 55])
def test_that_the_readers_of_recordings_find_the_same_motion(tmp_path, ending, read, joints):
    from core.bodies.poses import pose_for
    from core.bodies.skeletons import SMPLX_55
    from core.motion import Motion

    own = strolling(12, seed=4)
    if joints == 55:
        own = Motion(SMPLX_55, 30.0, pose_for(own.rotations, 55), own.translation_m)
    sample = Sample(motion=packed(own), codes=((1, 2),), frames_a_token=4, settled=12)
    body = "built-in/smpl/neutral" if joints == 24 else "built-in/smplx/neutral"
    (path,) = written(tmp_path / f"walk{ending}", [sample], body=body).files
    (recording,) = read(path)
    assert recording.rate_hz == pytest.approx(30.0)
    assert recording.body is not None
    assert recording.body.skeleton == own.skeleton
    np.testing.assert_allclose(recording.body.rotations, own.rotations, atol=2e-5)
    np.testing.assert_allclose(recording.body.translation_m, own.translation_m, atol=2e-5)


def test_that_a_glb_poses_everybody_as_they_were_made_side_by_side(tmp_path):
    samples = [a_sample(1), a_sample(2, frames=8)]
    (path,) = written(tmp_path / "walk.glb", samples).files
    read = Read(path)
    scene = scene_of(samples)
    figure = library.body().shaped(np.zeros(10))
    for node, who in zip(read.mesh_nodes, scene.bodies, strict=True):
        for frame in (0, 5, 11):
            posed = figure.pose(who.rotations[frame], who.translation_m[frame])
            off_m = np.linalg.norm(read.skinned(node, frame) - posed, axis=-1)
            assert np.median(off_m) < 0.002  # without the correctives of the pose, which a GLB cannot hold
            assert off_m.max() < 0.03
    about = read.gltf.asset.extras
    assert about["title"] == "walk 0.4 s"
    assert about["note"].startswith("Made by walker: walk 0.4 s, seed 7, samples 1, 2, temperature 0.8")
    assert "CC0" in read.gltf.asset.copyright


def test_that_samples_stand_beside_each_other_however_far_they_go():
    scene = scene_of([a_sample(seed, frames=20 + 20 * seed) for seed in range(3)])
    assert len(scene) == 60
    ends = [(each.translation_m[:, 0].min(), each.translation_m[:, 0].max()) for each in scene.bodies]
    for (_, right), (left, _) in itertools.pairwise(ends):
        assert left - right == pytest.approx(1.5, abs=1e-4)
    first = unpacked(a_sample(0, frames=20).motion)
    moved = scene.bodies[0].translation_m[:20] - first.translation_m
    np.testing.assert_allclose(moved, np.broadcast_to(moved[:1], moved.shape), atol=1e-5)
    np.testing.assert_array_equal(scene.bodies[0].rotations[20:], scene.bodies[0].rotations[19:20].repeat(40, 0))


def test_that_a_picture_shows_a_row_a_sample_and_says_what_it_is(tmp_path):
    past = Past(motion=packed(strolling(8, seed=9)), source="clip_03")
    (path,) = written(tmp_path / "walk.png", [a_sample(1), a_sample(2)], replace(RECIPE, past=past)).files
    with Image.open(path) as picture:
        assert picture.text["Comment"].endswith("temperature 0.8, after clip_03")
        assert "CC0" in picture.text["Copyright"]
        pixels = np.asarray(picture)
    assert pixels.shape[0] > 400
    assert pixels.std() > 5


@pytest.mark.slow
def test_that_a_film_has_every_frame_and_says_what_it_is(tmp_path):
    (path,) = written(tmp_path / "walk.mp4", [a_sample(1, frames=6)], width=160, height=120).files
    with av.open(str(path)) as film:
        assert sum(1 for _ in film.decode(video=0)) == 6
        assert "Made by walker" in film.metadata["comment"]
    (path,) = written(tmp_path / "walk.gif", [a_sample(1, frames=6)], width=160, height=120).files
    with Image.open(path) as film:
        assert film.n_frames == 6
        assert "Made by walker" in film.info["comment"].decode()


def test_that_files_which_are_there_stay_unless_told_otherwise(tmp_path):
    written(tmp_path / "walk.bvh", [a_sample(1)])
    (tmp_path / "walk-2.bvh").write_text("mine")
    (tmp_path / "walk.bvh").unlink()
    with pytest.raises(FileError, match=r"walk-2\.bvh: is there already"):
        written(tmp_path / "walk.bvh", [a_sample(1), a_sample(2)])
    assert not (tmp_path / "walk.bvh").exists()
    assert len(written(tmp_path / "walk.bvh", [a_sample(1), a_sample(2)], replaces=True).files) == 2
    assert (tmp_path / "walk-2.bvh").read_text().startswith("HIERARCHY")


@pytest.mark.parametrize(
    ("name", "samples", "more", "words"),
    [
        ("walk.fbx", 1, {}, "motion is not written as .fbx"),
        ("walk", 1, {}, "a file without an ending"),
        ("walk.npz", 0, {}, "there is no motion to write"),
        ("none/walk.npz", 1, {}, "there is no folder"),
        ("walk.npz", 1, {"body": "built-in/dog"}, "There is no body 'built-in/dog'"),
    ],
)
def test_that_what_cannot_be_written_is_refused_in_words(tmp_path, name, samples, more, words):
    with pytest.raises(CoreError, match=words) as refusal:
        written(tmp_path / name, [a_sample(seed) for seed in range(samples)], **more)
    assert refusal.value.hint
    assert not list(tmp_path.rglob("*.npz"))


def test_that_stopping_leaves_nothing_half_made(tmp_path):
    steps = write(tmp_path / "walk.glb", [a_sample(1)], RECIPE)
    next(steps)
    steps.close()
    assert not list(tmp_path.iterdir())
    assert targets(tmp_path / "walk.mp4", 5) == (tmp_path / "walk.mp4",)


def test_that_a_file_says_how_the_codes_were_drawn():
    said = provenance(replace(RECIPE, temperature=1.0, top_k=20, top_p=0.9), (1,), "CC0")
    assert said.note == "Made by walker: walk 0.4 s, seed 7, sample 2, top-k 20, top-p 0.9"
    assert said.title == "walk 0.4 s"
