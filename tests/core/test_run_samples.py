"""Snapshots of a training on the disk: what is written is read, and what is none of ours is refused in words."""

from contextlib import suppress
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from core import configs
from core.errors import CoreError, FileError, FormatError, TooNewError
from core.inspection import inspect
from core.run_folder import RunFolder
from core.run_samples import FOLDER, NOT_KNOWN, ForecastSamples, MotionSamples, listed, read, write
from core.runs import TrainForecaster


def forecasts(step=500, examples=2, ahead=3, seed=0) -> ForecastSamples:
    rng = np.random.default_rng(seed)

    def numbers(*shape):
        return rng.normal(size=shape).astype(np.float32)

    best = np.tile(np.array([1, 0]), (examples, ahead, 1))
    return ForecastSamples(
        step=step, part="validation", names=tuple(f"clip {at}" for at in range(examples)), actions=("take", "cut"),
        frames=np.arange(examples) * 30, seen_actions=np.full((examples, 4), NOT_KNOWN), seen=numbers(examples, 9, 2),
        seen_visible=np.ones((examples, 9), bool), true_actions=np.ones((examples, ahead), int),
        true=numbers(examples, ahead, 9, 2), true_visible=np.ones((examples, ahead, 9), bool), best=best,
        chance=np.tile(np.array([0.75, 0.25], np.float32), (examples, ahead, 1)),
        true_chance=np.full((examples, ahead), 0.75, np.float32), joints_m=numbers(examples, ahead, 9, 3),
        joints=numbers(examples, ahead, 9, 2), scale_px=np.full((examples, 2), 200, np.float32),
    )  # fmt: skip


def motions(step=500, examples=2, frames=8, kind="generated") -> MotionSamples:
    rng = np.random.default_rng(0)
    vectors, path_m = rng.normal(size=(2, examples, frames, 24, 3)), rng.normal(size=(2, examples, frames, 3))
    return MotionSamples(
        step=step, part="validation", kind=kind, names=tuple(f"m{at}" for at in range(examples)),
        actions=("walk",) * examples, skeleton="SMPL 24", true=vectors[0].astype(np.float32),
        true_path_m=path_m[0].astype(np.float32), made=vectors[1].astype(np.float32),
        made_path_m=path_m[1].astype(np.float32), past=np.zeros(examples, int),
    )  # fmt: skip


def assert_same(one, other):
    assert type(one) is type(other)
    for name, value in vars(one).items():
        assert np.array_equal(value, getattr(other, name), equal_nan=isinstance(value, np.ndarray)), name


@pytest.mark.parametrize("samples", [forecasts(), motions(), motions(kind="reconstructed"), forecasts(1, 1, 1)])
def test_that_a_snapshot_comes_back_as_it_was_and_the_same_values_are_the_same_file(tmp_path, samples):
    path = write(tmp_path, samples)
    assert_same(read(path), samples)
    before = path.read_bytes()
    assert write(tmp_path, samples).read_bytes() == before
    assert [each.name for each in (tmp_path / FOLDER).iterdir()] == [path.name]  # nothing half-written beside it


def test_that_snapshots_are_listed_by_step_and_nothing_else_is(tmp_path):
    assert listed(tmp_path) == ()
    for step in (2_000_000, 500, 30):
        write(tmp_path, forecasts(step))
    for name in ("step-12.safetensors", "notes.txt", ".step-000040.part.safetensors", "step-000050.npz"):
        (tmp_path / FOLDER / name).write_bytes(b"")
    assert [each.step for each in listed(tmp_path)] == [30, 500, 2_000_000]
    (tmp_path / "file").write_bytes(b"")
    assert listed(tmp_path / "file") == ()


def test_that_what_is_said_of_a_forecast_follows_from_its_arrays():
    samples = forecasts()
    samples.true_actions[0] = [1, 0, NOT_KNOWN]
    assert [samples.is_right(0, at) for at in range(3)] == [True, False, None]
    assert samples.error_px(0, 2) is None
    off = np.linalg.norm((samples.joints - samples.true)[0, 0] * samples.scale_px[0], axis=-1)
    assert samples.error_px(0, 0) == pytest.approx(np.delete(off, 1).mean(), rel=1e-5)
    samples.true_visible[0, 0, 2:] = False
    assert samples.error_px(0, 0) == pytest.approx(off[0], rel=1e-5)
    assert samples.true_visible[0, 0, 1]  # asking changes nothing
    samples.true_visible[0, 0] = False
    assert samples.error_px(0, 0) is None
    assert [samples.word(each) for each in (0, 1, 2, NOT_KNOWN)] == ["take", "cut", "", ""]


def test_that_a_run_that_is_inspected_says_how_many_there_are(tmp_path):
    folder = RunFolder(tmp_path)
    folder.write_spec(TrainForecaster(project="p", out=str(tmp_path), config=configs.smoke()))
    assert "samples" not in inspect(tmp_path).facts
    write(tmp_path, forecasts(500))
    assert inspect(tmp_path).facts["samples"] == "1 snapshot, step 500"
    write(tmp_path, forecasts(2500))
    assert inspect(tmp_path).facts["samples"] == "2 snapshots, steps 500 to 2,500"


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("true", None),
        ("true", np.zeros((2, 8, 24, 3))),  # of twice the precision
        ("true", np.zeros((2, 8, 24), np.float32)),
        ("made", np.zeros((2, 9, 24, 3), np.float32)),
        ("past", np.zeros(3, np.int64)),
        ("made_path_m", np.full((2, 8, 3), np.nan, np.float32)),
    ],
)
def test_that_arrays_that_do_not_fit_are_refused_by_name(tmp_path, name, array):
    path = write(tmp_path, motions())
    arrays = load_file(path)
    if array is None:
        del arrays[name]
    else:
        arrays[name] = array
    save_file(arrays, path, head_of(tmp_path))
    with pytest.raises(FormatError, match=name if name != "made" else r"does not fit") as refused:
        read(path)
    assert refused.value.hint


def head_of(folder, **changes):
    from safetensors import safe_open

    with safe_open(write(folder, motions(7)), framework="numpy") as file:
        head = msgspec.json.decode(file.metadata()["samples"])
    return {"samples": msgspec.json.encode(head | changes).decode()}


def test_that_files_of_others_of_later_versions_and_gone_ones_are_refused_in_words(tmp_path):
    path = write(tmp_path, motions())
    arrays = load_file(path)
    with pytest.raises(FileError, match="not there any more"):
        read(path.with_name("step-000001.safetensors"))
    for content in (b"", b"nothing of ours", path.read_bytes()[:100]):
        path.write_bytes(content)
        with pytest.raises(FormatError, match="damaged"):
            read(path)
    save_file(arrays, path)
    with pytest.raises(FormatError, match="no samples"):
        read(path)
    save_file(arrays, path, head_of(tmp_path, version=99))
    with pytest.raises(TooNewError, match="later"):
        read(path)
    for changes in ({"skeleton": "a fish"}, {"rate_hz": 0}, {"actions": ["walk"]}, {"kind": "songs"}, {"names": []}):
        save_file(arrays, path, head_of(tmp_path, **changes))
        with pytest.raises(FormatError):
            read(path)


@given(at=st.integers(0, 10_000), to=st.integers(0, 255))
def test_that_a_damaged_file_is_refused_or_read_and_never_raises_anything_else(tmp_path_factory, at, to):
    folder = tmp_path_factory.mktemp("damaged")
    path = write(folder, replace(forecasts(examples=1, ahead=1), step=3))
    content = bytearray(path.read_bytes())
    content[at % len(content)] = to
    path.write_bytes(bytes(content))
    with suppress(CoreError):
        read(path)
