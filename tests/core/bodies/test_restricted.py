"""Foreign body files are read without running anything of them, in a process of its own."""

import io
import os
import pickle
import shutil
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from core.bodies import restricted_process
from core.bodies.restricted_pickle import RefusedError, UnfitError, as_array, load
from core.bodies.restricted_process import read_apart
from core.errors import FileError, FormatError
from tests.core.bodies.made_up_models import as_published, random_arrays, with_chumpy

NAMES = ("v_template", "shapedirs", "posedirs", "J_regressor", "weights", "f", "kintree_table", "gender")


class Runs:
    """Asks whoever unpickles it to call something."""

    def __init__(self, call, *arguments):
        self.call = call, arguments

    def __reduce__(self):
        return self.call


HOSTILE = {
    f"{os.system.__module__}.system": Runs(os.system, "true"),
    "builtins.eval": Runs(eval, "1"),
    "builtins.getattr": Runs(getattr, "", "join"),
    "shutil.rmtree": Runs(shutil.rmtree, "somewhere"),
}


def unpickled(value, protocol=2):
    return load(io.BytesIO(pickle.dumps(value, protocol)))


def refused(path):
    with pytest.raises(FormatError) as caught:
        read_apart(path, NAMES)
    assert path.name in str(caught.value)
    assert caught.value.hint
    return str(caught.value)


# ---- arrays come as they are ----


@pytest.mark.parametrize("protocol", range(6))
def test_that_arrays_of_every_kind_come_out_as_they_went_in(protocol):
    rng = np.random.default_rng(0)
    for array in (
        rng.normal(0, 1, (3, 4, 5)),
        np.asfortranarray(rng.normal(0, 1, (3, 4))),
        rng.normal(0, 1, (6, 4))[::2, 1:],
        np.arange(7, dtype=">u4"),
        np.zeros((0, 3)),
        np.array([True, False]),
        np.float32(2.5),
        np.array("male"),
    ):
        made = as_array(unpickled(array, protocol))
        np.testing.assert_array_equal(made, array)
        assert made.dtype == array.dtype


@pytest.mark.parametrize("kind", ["csc_matrix", "csr_matrix", "coo_matrix", "csc_array", "csr_array", "coo_array"])
def test_that_sparse_matrices_come_out_full(kind):
    import scipy.sparse

    full = np.random.default_rng(0).random((5, 8)) * (np.random.default_rng(1).random((5, 8)) < 0.4)
    np.testing.assert_array_equal(as_array(unpickled(getattr(scipy.sparse, kind)(full))), full)


def test_that_pickles_of_python_2_are_read_with_their_bytes():
    """`copy_reg`, `__builtin__` and strings of bytes, as Python 2 writes an array."""
    raw = np.arange(4, dtype="<f8").tobytes()
    written = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x02K\x02\x86cnumpy\ndtype\nU\x02f8K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89T" + struct.pack("<i", len(raw)) + raw + b"tb."
    )
    np.testing.assert_array_equal(as_array(load(io.BytesIO(written))), [[0, 1], [2, 3]])


def test_that_a_chumpy_pickle_holds_the_arrays_it_was_made_of(tmp_path):
    arrays = random_arrays()
    (tmp_path / "basicModel_f_lbs.pkl").write_bytes(with_chumpy(arrays))
    read = read_apart(tmp_path / "basicModel_f_lbs.pkl", NAMES)
    assert set(read) == set(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(read[name], array.astype(read[name].dtype), err_msg=name)


def test_that_chumpy_is_not_imported_for_it(tmp_path):
    (tmp_path / "model.pkl").write_bytes(with_chumpy(random_arrays()))
    words = (
        "import sys; from core.bodies.restricted_pickle import load; "
        f"load(open({str(tmp_path / 'model.pkl')!r}, 'rb')); "
        "sys.exit('chumpy' in ' '.join(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", words], check=False).returncode == 0


def test_that_what_chumpy_computes_is_refused_where_it_is_wanted():
    held = load(io.BytesIO(with_chumpy(random_arrays())))
    with pytest.raises(UnfitError, match="chumpy's add"):
        as_array(held["v_posed"])


# ---- nothing is run ----


@pytest.mark.parametrize("name", sorted(HOSTILE))
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_that_whatever_a_pickle_wants_to_run_is_refused_by_its_name(name, protocol):
    with pytest.raises(RefusedError) as caught:
        unpickled({"f": HOSTILE[name]}, protocol)
    assert caught.value.wanted.replace("__builtin__", "builtins") == name


def test_that_a_hostile_pickle_is_refused_by_name_and_leaves_no_trace(tmp_path):
    mark = tmp_path / "run"
    held = {**random_arrays(), "extra": Runs(os.system, f"touch {mark}")}
    (tmp_path / "SMPL_MALE.pkl").write_bytes(pickle.dumps(held))
    assert f"{os.system.__module__}.system" in refused(tmp_path / "SMPL_MALE.pkl")
    assert not mark.exists()


@pytest.mark.parametrize("where", ["weights", "nobody_wants_this"])
def test_that_a_pickle_hidden_in_an_archive_is_refused_by_name(tmp_path, where):
    mark = tmp_path / "run"
    held = {**random_arrays(), where: np.array(Runs(os.system, f"touch {mark}"), dtype=object)}
    np.savez(tmp_path / "SMPL_MALE.npz", **held)
    assert f"{os.system.__module__}.system" in refused(tmp_path / "SMPL_MALE.npz")
    assert not mark.exists()


def test_that_an_archive_made_of_a_pickle_is_read(tmp_path):
    """As people convert: each value saved as it was, a sparse regressor in an array of one object."""
    arrays = random_arrays()
    np.savez(tmp_path / "model.npz", **as_published(arrays))
    read = read_apart(tmp_path / "model.npz", NAMES)
    np.testing.assert_allclose(read["J_regressor"], arrays["J_regressor"], atol=1e-7)


def test_that_objects_are_no_numbers(tmp_path):
    held = {**random_arrays(), "weights": np.array([[1, "a"], [None, 2]], dtype=object)}
    np.savez(tmp_path / "model.npz", **held)
    assert "weights holds objects" in refused(tmp_path / "model.npz")


def test_that_a_pickle_cannot_change_the_reader_itself():
    """BUILD on a class would set its attributes."""
    written = b"\x80\x02cnumpy\nndarray\nN}U\x05_madeK\x01s\x86b."
    with pytest.raises(RefusedError, match="setting"):
        load(io.BytesIO(written))


def test_that_a_sparse_matrix_with_wrong_indices_is_refused_before_scipy_trusts_them():
    import scipy.sparse

    for part, value in (
        ("indices", np.array([0, 1, 2_000_000], np.int32)),
        ("indices", np.array([0, 1, -1], np.int32)),
        ("indptr", np.array([0, 1, 9_999, 3], np.int32)),
        ("indptr", np.array([0, 3], np.int32)),
        ("data", np.ones(2)),
        ("_shape", (3, -1)),
        ("_shape", (10**9, 10**9)),
    ):
        matrix = scipy.sparse.csc_matrix(np.eye(3))
        matrix.__dict__[part] = value
        with pytest.raises(UnfitError):
            as_array(unpickled(matrix))


def test_that_an_array_of_another_size_than_its_bytes_is_refused():
    array = np.arange(6.0)
    written = pickle.dumps(array.reshape(2, 3), 2)
    assert written.count(b"K\x02K\x03\x86") == 1
    with pytest.raises(UnfitError, match="size"):
        as_array(load(io.BytesIO(written.replace(b"K\x02K\x03\x86", b"K\x02K\x63\x86"))))


# ---- bombs, ruins, limits ----


def test_that_an_archive_that_unpacks_to_far_too_much_is_refused_unread(tmp_path, monkeypatch):
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("v_template.npy", "w") as stream:
        np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": (2**22,)})
        for _ in range(2):
            stream.write(bytes(2**24))
    monkeypatch.setattr(restricted_process, "MOST_FILE_BYTES", 2**24)
    with pytest.raises(restricted_process._NotABodyError, match="far more"):
        restricted_process._of_archive(path, frozenset(NAMES))


def test_that_a_header_that_promises_more_than_there_is_asks_for_no_memory(tmp_path):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})
    with zipfile.ZipFile(tmp_path / "model.npz", "w") as archive:
        archive.writestr("v_template.npy", stream.getvalue() + bytes(80))
    assert "another size" in refused(tmp_path / "model.npz")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process by its address space")
def test_that_a_pickle_that_asks_for_more_memory_than_there_is_ends_in_words(tmp_path):
    # A string of 7 GiB that is not there, to be kept in a memo.
    (tmp_path / "model.pkl").write_bytes(b"\x80\x04\x8d" + struct.pack("<Q", 7 * 2**30) + b"x" * 64 + b"\x94.")
    assert "readable" in refused(tmp_path / "model.pkl") or "memory" in refused(tmp_path / "model.pkl")
    (tmp_path / "memo.pkl").write_bytes(b"\x80\x02}r\xff\xff\xff\x7f.")  # a memo of two thousand million places
    assert "memory" in refused(tmp_path / "memo.pkl")


@pytest.mark.slow
def test_that_a_file_that_takes_too_long_is_ended(tmp_path):
    (tmp_path / "model.pkl").write_bytes(with_chumpy(random_arrays()))
    with pytest.raises(FormatError, match="took more than"):
        read_apart(tmp_path / "model.pkl", NAMES, limit_s=0.01)


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"PK\x03\x04 cut short", b"\x80\x02}q\x01(U", b"(((((((.", b"\x80\x02]q\x01.", b"\x80\x09."],
)
def test_that_ruins_are_refused_in_words(tmp_path, content):
    (tmp_path / "model.pkl").write_bytes(content)
    assert "model" in refused(tmp_path / "model.pkl")


def test_that_every_cut_of_a_pickle_is_refused_in_words():
    whole = with_chumpy(random_arrays(vertices=20))
    rng = np.random.default_rng(0)
    for end in sorted(rng.integers(1, len(whole) - 1, 60)):
        with pytest.raises((RefusedError, UnfitError, restricted_process._NotABodyError)):
            restricted_process._unpickled(io.BytesIO(whole[:end]))


# CPython complains of a bytearray cut short in a pickle while it lets go of it; a person's files are read in a process
# of their own, where nobody hears it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_that_changed_bytes_never_do_more_than_fail_in_words():
    whole = with_chumpy(random_arrays(vertices=20))
    rng = np.random.default_rng(1)
    refused = 0
    for _ in range(300):
        changed = bytearray(whole)
        for at in rng.integers(0, len(whole), 3):
            changed[at] = rng.integers(0, 256)
        try:
            held = restricted_process._unpickled(io.BytesIO(bytes(changed)))
            for name in NAMES:
                if isinstance(held, dict) and name in held:
                    assert restricted_process._plain(name, held[name]).dtype.kind in "biufUS"
        except (RefusedError, UnfitError, restricted_process._NotABodyError, MemoryError):
            refused += 1
    assert 100 < refused <= 300


def test_that_a_vanished_file_is_told_apart(tmp_path):
    with pytest.raises(FileError, match="does not exist"):
        read_apart(tmp_path / "gone.pkl", NAMES)


def test_that_a_folder_is_no_file(tmp_path):
    with pytest.raises(FileError, match="no file"):
        read_apart(tmp_path, NAMES)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
def test_that_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "model.pkl")
    with pytest.raises(FileError, match="no file"):
        read_apart(tmp_path / "model.pkl", NAMES)


def test_that_a_module_beside_the_caller_is_not_imported(tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise SystemExit('imported')")
    np.savez(tmp_path / "model.npz", **random_arrays())
    monkeypatch.chdir(tmp_path)
    assert set(read_apart(tmp_path / "model.npz", NAMES)) >= {"weights"}
