"""Light copies for scrubbing: each frame is the original's, none is used that is not, and the disk is never filled."""

import os
from types import SimpleNamespace

import numpy as np
import pytest

from core.errors import FileError
from core.run_folder import RunFolder
from core.runner import record
from core.runs import Done, Failed, MakeProxy, Progress
from core.video import frame_luma, open_video, proxy, write_video
from core.video.proxy import SeekCost, kept, lacks_room, make_proxy, make_room, proxy_of, seek_cost
from tests.core.test_video import COUNT, KINDS, make_file, number_in


def differ_by(one: np.ndarray, other: np.ndarray) -> int:
    a, b = (np.frombuffer(bytes.fromhex(frame_luma(each)), np.uint8).astype(int) for each in (one, other))
    return int(np.abs(a - b).max())


@pytest.mark.parametrize(
    "kind", ["constant rate mp4", "uneven mp4", "mp4 with a time gap", "MPEG-TS that starts late", "open GOP AVI"]
)
def test_that_frame_k_of_the_copy_is_frame_k_of_the_original_for_every_k(kind, tmp_path):
    name, how = KINDS[kind]
    source = make_file(tmp_path / name, **how)
    list(make_proxy(source, tmp_path / "copies"))
    with open_video(source) as video, proxy_of(video, tmp_path / "copies") as copy:
        assert [number_in(copy.scaled(number, 960)) for number in range(COUNT)] == list(range(COUNT))
        assert max(differ_by(copy.scaled(k, 960), video.frame(k)) for k in range(COUNT)) <= 4


def test_that_a_copy_is_small_upright_and_can_be_entered_every_eighth_frame(tmp_path):
    with write_video(tmp_path / "wide.mp4", 25.0, 1282, 720, 30, gop=250) as out:
        for number in range(20):
            out.add(np.full((720, 1282, 3), 10 * number, np.uint8))
    list(make_proxy(tmp_path / "wide.mp4", tmp_path / "copies"))
    (film,) = (tmp_path / "copies").glob("*.mp4")
    with open_video(film) as copy:
        assert (copy.width, copy.height) == (960, 540)
        assert np.diff(copy.keyframes()).max() <= proxy.GOP


def test_that_a_copy_of_other_frames_is_never_used(tmp_path):
    source, copies = make_file(tmp_path / "a.mp4"), tmp_path / "copies"
    list(make_proxy(source, copies))
    (table,) = copies.glob("*.npz")
    with open_video(source) as video:
        np.savez(table, pts=video.all_pts() + 1, lost=np.zeros(0, np.int64))
        assert proxy_of(video, copies) is None
        np.savez(table, pts=video.all_pts()[:-1], lost=np.zeros(0, np.int64))
        assert proxy_of(video, copies) is None
        table.write_bytes(b"no table")
        assert proxy_of(video, copies) is None
        (film,) = copies.glob("*.mp4")
        table.unlink()
        assert proxy_of(video, copies) is None
    list(make_proxy(source, copies))
    with open_video(source) as video, proxy_of(video, copies) as copy:
        assert copy.holds(COUNT - 1)
        assert not copy.holds(COUNT)
    film.write_bytes(film.read_bytes()[:2000])
    with open_video(source) as video:
        assert proxy_of(video, copies) is None


def test_that_a_frame_the_original_lost_keeps_its_number_and_is_not_shown_from_the_copy(tmp_path, monkeypatch):
    source, copies = make_file(tmp_path / "a.mp4"), tmp_path / "copies"
    whole = proxy.Video.planes

    def damaged(video, number, width, height):
        if number in (7, 8):
            raise proxy.FormatError(source, "frame cannot be decoded")
        return whole(video, number, width, height)

    monkeypatch.setattr(proxy.Video, "planes", damaged)
    list(make_proxy(source, copies))
    with open_video(source) as video, proxy_of(video, copies) as copy:
        assert not copy.holds(7)
        with pytest.raises(proxy.FormatError):
            copy.scaled(8, 960)
        assert [number_in(copy.scaled(number, 960)) for number in (6, 9, COUNT - 1)] == [6, 9, COUNT - 1]


def test_that_stopping_leaves_nothing_and_the_next_one_makes_it_whole(tmp_path, monkeypatch):
    source, copies = make_file(tmp_path / "a.mp4"), tmp_path / "copies"
    clock = iter(range(100_000))
    monkeypatch.setattr(proxy.time, "monotonic", lambda: next(clock))
    events = make_proxy(source, copies)
    while not isinstance(next(events), Progress):
        pass
    events.close()
    assert list(copies.iterdir()) == []
    assert isinstance(list(make_proxy(source, copies))[-1], Done)
    assert kept(copies).copies == 1
    assert list(make_proxy(source, copies)) == [Done("its light copy is there already")]


def test_that_no_copy_is_made_where_the_disk_is_short_and_the_reason_is_said(tmp_path, monkeypatch):
    source = make_file(tmp_path / "a.mp4")
    monkeypatch.setattr(proxy, "SPARE_BYTES", 1 << 60)
    assert "GB left" in lacks_room(tmp_path / "copies", 10)
    with pytest.raises(FileError, match="GB left; no light copy was made"):
        list(make_proxy(source, tmp_path / "copies"))
    assert not (tmp_path / "copies").exists()


def test_that_a_disk_that_fills_while_a_copy_is_made_keeps_nothing_of_it(tmp_path, monkeypatch):
    source, copies = make_file(tmp_path / "a.mp4"), tmp_path / "copies"
    room = iter([1 << 50] + [1 << 20] * 1000)
    clock = iter(range(100_000))
    monkeypatch.setattr(proxy.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(proxy.shutil, "disk_usage", lambda _: SimpleNamespace(free=next(room)))
    with pytest.raises(FileError, match=r"a\.mp4: the disk is nearly full; no light copy was made"):
        list(make_proxy(source, copies))
    assert list(copies.iterdir()) == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="whoever may write everywhere is refused nowhere")
def test_that_a_folder_that_may_not_be_written_is_said(tmp_path):
    tmp_path.chmod(0o500)
    try:
        assert "may not be written" in lacks_room(tmp_path / "copies", 10)
    finally:
        tmp_path.chmod(0o700)


def test_that_the_copies_not_used_for_longest_go_first_and_the_newest_stays(tmp_path):
    for age, name in enumerate(("new", "older", "oldest")):
        (tmp_path / f"{name}.mp4").write_bytes(bytes(1000))
        (tmp_path / f"{name}.npz").write_bytes(b"")
        os.utime(tmp_path / f"{name}.npz", (1e9 - age, 1e9 - age))
    assert make_room(tmp_path, limit_bytes=2500) == 1
    assert {each.stem for each in tmp_path.iterdir()} == {"new", "older"}
    assert make_room(tmp_path, keep="older", limit_bytes=10) == 1
    assert {each.stem for each in tmp_path.iterdir()} == {"older"}
    assert kept(tmp_path) == (1, 1000)


def test_that_the_worst_seek_is_measured_over_the_longest_stretch_between_keyframes(tmp_path):
    cost = seek_cost(make_file(tmp_path / "a.mp4", gop=70))
    assert cost.longest_gop == 70
    assert cost.worst_ms > 0
    assert cost.pixels == 160 * 90
    hd = 1920 * 1080
    assert SeekCost(250, 81.0, hd).is_slow
    assert not SeekCost(250, 79.0, hd).is_slow, "a machine that is fast enough needs none"
    assert not SeekCost(48, 500.0, 640 * 360).is_slow, "a busy machine makes none of what is light"


def test_that_the_job_says_how_far_it_is_and_what_it_made(tmp_path):
    source = make_file(tmp_path / "a.mp4")
    folder = RunFolder(tmp_path / "run")
    folder.write_spec(MakeProxy(video=str(source), out=str(folder.path), folder=str(tmp_path / "copies")))
    said = list(record(folder))
    assert isinstance(said[-1], Done)
    with open_video(source) as video, proxy_of(video, tmp_path / "copies") as copy:
        assert number_in(copy.scaled(123, 960)) == 123
    folder.write_spec(MakeProxy(video=str(tmp_path / "none.mp4"), out=str(folder.path)))
    (said,) = record(folder)
    assert isinstance(said, Failed)
    assert "none.mp4: no such file" in said.message
