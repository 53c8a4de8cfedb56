"""GIFs, and what written films say of themselves and leave behind."""

import resource
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from core.errors import FileError
from core.video import write_video
from core.video.gifs import MOST_FRAMES, write_gif


def frames(count: int = 12, width: int = 64, height: int = 48) -> list[np.ndarray]:
    """A ball going round on a dark ground."""
    y, x = np.mgrid[:height, :width]
    made = []
    for at in range(count):
        turn = 2 * np.pi * at / count
        inside = (x - width / 2 - 16 * np.cos(turn)) ** 2 + (y - height / 2 - 10 * np.sin(turn)) ** 2 < 64
        picture = np.full((height, width, 3), (10, 11, 13), np.uint8)
        picture[inside] = np.stack([200 - y[inside], 100 + x[inside], 150 + y[inside]], axis=1)
        made.append(picture)
    return made


def make_gif(path: Path, pictures: list[np.ndarray], rate_hz: float = 25.0, comment: str = "") -> Path:
    height, width = pictures[0].shape[:2]
    with write_gif(path, rate_hz, width, height, pictures[::3], comment) as out:
        for picture in pictures:
            out.add(picture)
    return path


def test_that_a_gif_shows_every_frame_in_nearly_its_own_colours_and_plays_for_ever(tmp_path):
    pictures = frames()
    with Image.open(make_gif(tmp_path / "a.gif", pictures)) as gif:
        assert gif.n_frames == len(pictures)
        assert gif.info["loop"] == 0
        for at, picture in enumerate(pictures):
            gif.seek(at)
            off = np.abs(np.asarray(gif.convert("RGB")).astype(int) - picture)
            assert off.mean() < 1.5


def test_that_thirty_frames_a_second_last_a_second_in_a_gif(tmp_path):
    with Image.open(make_gif(tmp_path / "a.gif", frames(30), rate_hz=30.0)) as gif:
        lasts_ms = []
        for at in range(30):
            gif.seek(at)
            lasts_ms.append(gif.info["duration"])
    assert set(lasts_ms) <= {30, 40}
    assert abs(sum(lasts_ms) - 1000) <= 10


def test_that_a_gif_says_in_a_comment_what_it_was_told(tmp_path):
    words = "Body: CC0. " + "x" * 300
    with Image.open(make_gif(tmp_path / "a.gif", frames(4), comment=words)) as gif:
        assert gif.info["comment"].decode() == words
        assert gif.n_frames == 4


def test_that_an_mp4_says_in_its_comment_what_it_was_told(tmp_path):
    with write_video(tmp_path / "a.mp4", 25, 64, 48, comment="Body: CC0, free for any use") as out:
        for picture in frames(4):
            out.add(picture)
    with av.open(str(tmp_path / "a.mp4")) as film:
        assert film.metadata["comment"] == "Body: CC0, free for any use"


@pytest.mark.parametrize(
    ("width", "height", "rate_hz", "why"),
    [(2000, 100, 25.0, "too large"), (64, 48, 100.0, "at most 50"), (64, 48, 0.0, "at most 50")],
)
def test_that_a_gif_of_no_use_is_refused_with_the_way_out(tmp_path, width, height, rate_hz, why):
    with pytest.raises(FileError, match=why) as refused, write_gif(tmp_path / "a.gif", rate_hz, width, height, []):
        pass
    assert "MP4" in refused.value.hint
    assert not list(tmp_path.iterdir())


def test_that_an_endless_gif_ends_and_leaves_nothing(tmp_path):
    picture = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(FileError, match="more than"):
        make_gif(tmp_path / "a.gif", [picture] * (MOST_FRAMES + 1))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("why", [RuntimeError, KeyboardInterrupt])
def test_that_a_gif_that_is_stopped_leaves_the_older_one(tmp_path, why):
    old = make_gif(tmp_path / "a.gif", frames(2)).read_bytes()

    def stopped() -> None:
        with write_gif(tmp_path / "a.gif", 25.0, 64, 48, frames(2)) as out:
            out.add(frames(1)[0])
            raise why

    with pytest.raises(why):
        stopped()
    assert (tmp_path / "a.gif").read_bytes() == old
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="limits of this kind are Unix's")
@pytest.mark.parametrize("ending", [".mp4", ".gif"])
def test_that_a_film_on_a_place_without_room_is_refused_in_words_and_leaves_nothing(tmp_path, ending):
    noise = [np.random.default_rng(at).integers(0, 255, (144, 192, 3), np.uint8) for at in range(6)]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def write() -> None:
        path = tmp_path / f"a{ending}"
        with write_video(path, 25, 192, 144) if ending == ".mp4" else write_gif(path, 25, 192, 144, noise[:1]) as out:
            for picture in noise:
                out.add(picture)

    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(FileError, match=r"grows larger than|could not be written"):
            write()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.iterdir())
