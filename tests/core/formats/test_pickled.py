"""Foreign arrays and pickles come in as plain values; nothing of them is run, and little cannot become much."""

import io
import os
import pickle
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.errors import CoreError, FormatError
from core.formats.pickled import from_npy, from_npz, from_pickle, header_of, headers_in


class Runs:
    """Asks whoever unpickles it to call something."""

    def __reduce__(self):
        return os.system, ("true",)


def stored(path, value, protocol=4):
    path.write_bytes(pickle.dumps(value, protocol))
    return path


def equal(one, two):
    if isinstance(two, dict):
        return set(one) == set(two) and all(equal(one[key], two[key]) for key in two)
    if isinstance(two, list | tuple):
        return len(one) == len(two) and all(equal(*pair) for pair in zip(one, two, strict=True))
    return np.array_equal(np.asarray(one), np.asarray(two))


@pytest.mark.parametrize("protocol", range(6))
def test_that_plain_values_and_arrays_come_out_as_they_went_in(tmp_path, protocol):
    value = {
        "poses": [np.arange(12.0).reshape(3, 4), np.ones((2, 2), np.float32, order="F")],
        "names": ("walk", b"run", None, True, 2.5, 7),
        "facts": OrderedDict(rate=np.float64(59.94), count=np.int64(3)),
    }
    assert equal(from_pickle(stored(tmp_path / "a.pkl", value, protocol)), value)


@given(arrays.arrays(st.sampled_from(["f4", "f8", "i8", "u1", "?", "S5", "U3"]), arrays.array_shapes(min_dims=0)))
def test_that_arrays_of_an_archive_are_those_numpy_reads(tmp_path_factory, array):
    path = tmp_path_factory.mktemp("npz") / "a.npz"
    np.savez_compressed(path, poses=array, other=np.zeros(3))
    read = from_npz(path, ("poses", "missing"))
    assert list(read) == ["poses"]
    np.testing.assert_array_equal(read["poses"], array)
    assert read["poses"].dtype == array.dtype
    assert headers_in(path)["poses"].shape == array.shape


def test_that_objects_in_archives_become_plain_values(tmp_path):
    held = {"params": {"fullpose": np.ones((3, 165)), "vtemp": "s1.ply"}}
    rows = np.empty(2, object)
    rows[:] = [np.zeros(3), np.ones((2, 2))]
    np.savez(tmp_path / "a.npz", body=np.array(held, dtype=object), rows=rows, gender=np.array("male", dtype=object))
    read = from_npz(tmp_path / "a.npz", ("body", "rows", "gender"))
    assert equal(read["body"], held)
    assert equal(read["rows"], list(rows))
    assert read["gender"] == "male"
    np.save(tmp_path / "b.npy", np.array(held, dtype=object))
    assert equal(from_npy(tmp_path / "b.npy"), held)
    header = header_of(tmp_path / "b.npy")
    assert header is not None
    assert header.holds_objects


def test_that_members_nobody_asks_for_are_not_even_looked_into(tmp_path):
    np.savez(tmp_path / "a.npz", poses=np.zeros(3), object=np.array(Runs(), dtype=object))
    assert list(from_npz(tmp_path / "a.npz", ("poses",))) == ["poses"]


# ---- nothing is run ----


def test_that_what_wants_to_be_run_is_refused_by_its_name(tmp_path):
    np.savez(tmp_path / "a.npz", body=np.array({"params": Runs()}, dtype=object))
    np.save(tmp_path / "b.npy", np.array(Runs(), dtype=object))
    stored(tmp_path / "c.pkl", [1, Runs()])
    for read in (
        lambda: from_npz(tmp_path / "a.npz", ("body",)),
        lambda: from_npy(tmp_path / "b.npy"),
        lambda: from_pickle(tmp_path / "c.pkl"),
    ):
        with pytest.raises(FormatError, match=rf"asks for {os.system.__module__}.system, which no motion") as caught:
            read()
        assert "Nothing of it was run" in caught.value.hint


# ---- little does not become much ----


def over_and_over():
    held = [1.0] * 100
    for _ in range(6):
        held = [held] * 100
    return held


def nested():
    held = 1
    for _ in range(40):
        held = [held]
    return held


@pytest.mark.parametrize(
    "value", [over_and_over(), nested(), [np.zeros(1_000_000)] * 900], ids=["over", "nested", "one array 900 times"]
)
def test_that_a_small_pickle_does_not_become_more_than_it_may(tmp_path, value):
    with pytest.raises(FormatError, match=r"more (values|bytes) than it may hold"):
        from_pickle(stored(tmp_path / "a.pkl", value), most_values=20_000)


def test_that_a_pickle_cannot_ask_for_memory_by_a_number(tmp_path):
    (tmp_path / "a.pkl").write_bytes(b"\x80\x02]r\xff\xff\xff\x7f.")  # an empty list, kept in place 2,147,483,647
    with pytest.raises(FormatError, match="beyond its end"):
        from_pickle(tmp_path / "a.pkl")
    (tmp_path / "b.pkl").write_bytes(b"\x80\x04\x8e" + (2**40).to_bytes(8, "little") + b"short.")
    with pytest.raises(FormatError, match="no pickle that can be read"):
        from_pickle(tmp_path / "b.pkl")


def test_that_an_archive_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", poses=np.zeros((300, 1000)), trans=np.zeros((300, 3)))
    assert (tmp_path / "a.npz").stat().st_size < 10_000
    with pytest.raises(FormatError, match="poses: it unpacks to more"):
        from_npz(tmp_path / "a.npz", ("trans", "poses"), most_bytes=1_000_000)


def test_that_a_list_of_a_hundred_thousand_members_is_not_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        for number in range(30_000):
            archive.writestr(f"{number}.npy", b"")
    with pytest.raises(FormatError, match="far more is in it"):
        from_npz(tmp_path / "a.npz", ("poses",))
    assert headers_in(tmp_path / "a.npz") == {}


@pytest.mark.parametrize("packing", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_that_only_numpys_own_packing_is_unpacked(tmp_path, packing):
    raw = io.BytesIO()
    np.save(raw, np.zeros(3))
    with zipfile.ZipFile(tmp_path / "a.npz", "w", packing) as archive:
        archive.writestr("poses.npy", raw.getvalue())
    with pytest.raises(FormatError, match="packed in a way"):
        from_npz(tmp_path / "a.npz", ("poses",))


def test_that_a_changed_byte_of_an_array_is_found_by_its_checksum(tmp_path):
    np.savez(tmp_path / "a.npz", poses=np.arange(1000.0))
    raw = bytearray((tmp_path / "a.npz").read_bytes())
    raw[4000] ^= 1
    (tmp_path / "a.npz").write_bytes(raw)
    with pytest.raises(FormatError, match="poses cannot be read"):
        from_npz(tmp_path / "a.npz", ("poses",))


@pytest.mark.parametrize("code", [0x110000, 0xFFFFFFFF, 0xD800])
def test_that_letters_that_cannot_be_are_refused_wherever_they_stand(tmp_path, code):
    text = np.array([0x6D, code], np.uint32).view("U2")
    np.savez(tmp_path / "a.npz", gender=text)
    stored(tmp_path / "b.pkl", {"gender": text})
    with pytest.raises(FormatError, match=r"gender cannot be read \(it holds letters that cannot be"):
        from_npz(tmp_path / "a.npz", ("gender",))
    stored(tmp_path / "c.pkl", {"gender": "m\ud800"})
    for name in ("b.pkl", "c.pkl"):
        with pytest.raises(FormatError, match="letters that cannot be"):
            from_pickle(tmp_path / name)


@settings(max_examples=150)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0, 2, 4]))
def test_that_damaged_pickles_end_in_values_or_a_sentence(tmp_path_factory, seed, protocol):
    rng = np.random.default_rng(seed)
    path = tmp_path_factory.mktemp("damaged") / "a.pkl"
    value = {"poses": [rng.normal(size=(3, 4))] * 3, "y": [1, 2, 3], "name": "walk"}
    raw = bytearray(pickle.dumps(value, protocol))
    for _ in range(rng.integers(1, 5)):
        raw[rng.integers(len(raw))] = rng.integers(256)
    path.write_bytes(raw[: rng.integers(len(raw))] if rng.random() < 0.3 else raw)
    try:
        from_pickle(path)
    except CoreError as error:
        said = str(error)
    else:
        said = path.name
    assert path.name in said


def test_that_what_an_archive_says_is_asked_again_once_it_has_changed(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, poses=np.zeros((3, 4)))
    assert headers_in(path)["poses"].shape == (3, 4)
    headers_in(path).clear()
    assert headers_in(path)["poses"].shape == (3, 4)
    np.savez(path, poses=np.zeros((4, 3)))
    assert headers_in(path)["poses"].shape == (4, 3)
    path.unlink()
    assert headers_in(path) == {}
