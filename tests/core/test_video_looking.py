"""A video that moved is found again by what it is, under any name; another is never taken for it."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from core.video import frame_luma, open_video, write_video
from core.video.looking import Found, Looking, Wanted, look_for


def a_video(path: Path, seed: int, frames: int = 24, crf: int = 14) -> Path:
    rng = np.random.default_rng(seed)
    ground = rng.integers(30, 220, (9, 16, 3), np.uint8).repeat(10, 0).repeat(10, 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    with write_video(path, 25.0, 160, 90, crf) as out:
        for number in range(frames):
            picture = ground.copy()
            picture[20:60, number * 5 : number * 5 + 30] = 250
            out.add(picture)
    return path


def wanted_of(path: Path, key: str, marks=(3, 12)) -> Wanted:
    with open_video(path) as video:
        facts = video.facts()
        seen = tuple((frame, frame_luma(video.frame(frame))) for frame in marks)
    return Wanted(key, path.name, facts.size_bytes, facts.fingerprint, facts.frame_count, seen)


def found_in(wanted, *folders: Path) -> dict[str, Found]:
    steps = look_for(wanted, folders)
    while True:
        try:
            assert isinstance(next(steps), Looking)
        except StopIteration as end:
            return {each.key: each for each in end.value}


@pytest.fixture
def two(tmp_path) -> list[Wanted]:
    return [wanted_of(a_video(tmp_path / "old" / f"clip_{seed}.mp4", seed), f"id {seed}") for seed in (1, 2)]


def test_that_moved_and_renamed_files_are_found_in_folders_inside_folders(tmp_path, two):
    for seed, name in ((1, "deep/er/renamed.mp4"), (2, "clip_2.mp4")):
        (tmp_path / "new" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(tmp_path / "old" / f"clip_{seed}.mp4", tmp_path / "new" / name)
    found = found_in(two, tmp_path / "new")
    assert found["id 1"] == Found("id 1", tmp_path / "new" / "deep" / "er" / "renamed.mp4", True)
    assert found["id 2"] == Found("id 2", tmp_path / "new" / "clip_2.mp4", True)


def test_that_a_video_encoded_anew_is_known_by_its_marked_frames_alone(tmp_path, two):
    anew = a_video(tmp_path / "new" / "exported.mp4", 2, crf=17)
    a_video(tmp_path / "new" / "clip_2.mp4", 7)  # its name and length, and other pictures
    found = found_in(two, tmp_path / "new")
    assert found == {"id 2": Found("id 2", anew, False, 2)}


def test_that_without_marks_only_name_and_length_together_are_offered(tmp_path):
    plain = wanted_of(a_video(tmp_path / "old" / "clip_5.mp4", 5), "id", marks=())
    a_video(tmp_path / "new" / "other.mp4", 5, crf=24)
    a_video(tmp_path / "short" / "clip_5.mp4", 5, frames=20, crf=24)
    assert found_in([plain], tmp_path / "new", tmp_path / "short") == {}
    like = a_video(tmp_path / "like" / "Clip_5.MOV", 5, crf=24)
    assert found_in([plain], tmp_path / "like") == {"id": Found("id", like, False, 0)}


def test_that_what_is_no_video_and_what_is_hidden_is_passed_over(tmp_path, two):
    shutil.move(tmp_path / "old", tmp_path / "new" / ".trash")
    (tmp_path / "new" / "clip_1.mp4").write_bytes(bytes(two[0].size_bytes))
    assert found_in(two, tmp_path / "new", tmp_path / "nowhere") == {}
    assert [each.key for each in found_in(two, tmp_path / "new" / ".trash").values()] == ["id 1", "id 2"]


def test_that_a_search_can_be_given_up(tmp_path, two):
    steps = look_for(two, [tmp_path / "old"])
    assert next(steps) == Looking(1, tmp_path / "old")
    steps.close()
