"""Body model files are read as plain arrays, or refused in words."""

import pickle

import numpy as np
import pytest

from core.bodies.model_files import read_model
from core.errors import FileError, FormatError
from tests.core.bodies.made_up_models import random_arrays


@pytest.fixture
def arrays():
    return random_arrays("smpl")


def refused(tmp_path, arrays):
    path = tmp_path / "person.npz"
    np.savez(path, **arrays)
    with pytest.raises(FormatError) as caught:
        read_model(path)
    assert "person.npz" in str(caught.value)
    assert caught.value.hint
    return str(caught.value)


def test_that_the_root_has_no_parent_however_the_file_writes_it(tmp_path, arrays):
    arrays["kintree_table"] = arrays["kintree_table"].astype(np.uint32)  # as SMPL's own files: 4294967295
    np.savez(tmp_path / "person.npz", **arrays)
    assert read_model(tmp_path / "person.npz").parents[0] == -1


def test_that_a_missing_array_is_named(tmp_path, arrays):
    del arrays["weights"]
    assert "weights" in refused(tmp_path, arrays)


def test_that_an_array_of_another_size_is_named(tmp_path, arrays):
    arrays["weights"] = arrays["weights"][:-1]
    assert "weights has the shape" in refused(tmp_path, arrays)


def test_that_joints_before_their_parents_are_refused(tmp_path, arrays):
    arrays["kintree_table"][0, 3] = 20
    assert "parents first" in refused(tmp_path, arrays)


def test_that_faces_of_missing_vertices_are_refused(tmp_path, arrays):
    arrays["f"][0, 0] = len(arrays["v_template"])
    assert "vertex" in refused(tmp_path, arrays)


class Trap:
    sprung = False

    def __reduce__(self):
        return (setattr, (Trap, "sprung", True))


def test_that_nothing_in_a_file_is_run(tmp_path, arrays):
    arrays["weights"] = np.array([Trap()], dtype=object)
    refused(tmp_path, arrays)
    (tmp_path / "pickle.npz").write_bytes(pickle.dumps({"v_template": Trap()}))
    with pytest.raises(FormatError):
        read_model(tmp_path / "pickle.npz")
    assert not Trap.sprung


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short", b"hello"])
def test_that_a_file_that_is_no_archive_is_refused_in_words(tmp_path, content):
    (tmp_path / "person.npz").write_bytes(content)
    with pytest.raises(FormatError):
        read_model(tmp_path / "person.npz")


def test_that_a_vanished_file_is_told_apart(tmp_path):
    with pytest.raises(FileError, match="does not exist"):
        read_model(tmp_path / "gone.npz")
