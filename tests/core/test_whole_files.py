"""Files that appear when they are complete, or not at all."""

import os
import resource
import sys

import pytest

from core.errors import FileError
from core.whole_files import as_file_name, free_file_name, whole_file


@pytest.mark.parametrize(
    ("name", "on_the_disk"),
    [("../up", "_up"), ("a:b?.mp4", "a_b_.mp4"), ("…", "…"), (". .", "clip"), ("", "clip"), ("a\nb", "a_b")],
)
def test_that_a_name_is_one_file_of_its_folder_on_any_system(tmp_path, name, on_the_disk):
    assert as_file_name(name) == on_the_disk
    (tmp_path / as_file_name(name)).write_bytes(b"")
    assert [each.name for each in tmp_path.iterdir()] == [on_the_disk]


def test_that_a_name_of_any_length_has_room_on_the_disk_and_none_is_given_twice(tmp_path):
    taken: set[str] = set()
    for name in ("ü" * 400, "ü" * 300, "Walk", "walk"):
        (tmp_path / free_file_name(name, taken)).with_suffix(".eaf").open("xb").close()
    assert len(list(tmp_path.iterdir())) == 4
    assert free_file_name("WALK", taken) == "WALK 3"


def test_that_a_file_appears_when_it_is_complete(tmp_path):
    with whole_file(tmp_path / "a.bin") as beside:
        beside.write_bytes(b"new")
        assert not (tmp_path / "a.bin").exists()
    assert (tmp_path / "a.bin").read_bytes() == b"new"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("why", [RuntimeError, KeyboardInterrupt, GeneratorExit])
def test_that_an_older_file_stays_as_it_was_when_writing_ends_early(tmp_path, why):
    (tmp_path / "a.bin").write_bytes(b"old")

    def write() -> None:
        with whole_file(tmp_path / "a.bin") as beside:
            beside.write_bytes(b"half")
            raise why

    with pytest.raises(why):
        write()
    assert (tmp_path / "a.bin").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="limits of this kind are Unix's")
def test_that_a_place_without_room_is_said_in_words_and_left_clean(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(FileError, match="grows larger than"), whole_file(tmp_path / "a.bin") as beside:
            beside.write_bytes(bytes(20_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a disk that is always full")  # noqa: PTH110
def test_that_a_full_disk_is_called_one(tmp_path):
    full = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(FileError, match="the disk is full") as refused, whole_file(tmp_path / "a.bin"):
        os.write(full, b"x")
    os.close(full)
    assert "Free some space" in refused.value.hint


def test_that_a_folder_that_is_not_there_or_a_folder_in_the_way_is_refused(tmp_path):
    with pytest.raises(FileError, match="there is no folder"), whole_file(tmp_path / "none" / "a.bin"):
        pass
    (tmp_path / "a.bin").mkdir()
    with pytest.raises(FileError, match="is a folder"), whole_file(tmp_path / "a.bin"):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_that_a_folder_nobody_may_write_to_is_said(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(FileError, match="may not be written"), whole_file(tmp_path / "a.bin") as beside:
            beside.write_bytes(b"x")
    finally:
        tmp_path.chmod(0o700)
