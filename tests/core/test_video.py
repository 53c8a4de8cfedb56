"""Every frame of every kind of file is the frame its number says: each picture carries its number as a barcode."""

import contextlib
import random
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import FileError, FormatError
from core.video import file_fingerprint, frame_luma, open_video, same_frame, write_video

BITS = 10
COUNT = 300


def barcoded(number: int, height: int = 90, width: int = 160) -> np.ndarray:
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = ((np.arange(width) + 3 * number) % 200)[None, :, None]
    for bit in range(BITS):
        picture[8:24, 8 + bit * 12 : 20 + bit * 12] = 255 if number >> bit & 1 else 0
    return picture


def number_in(picture: np.ndarray) -> int:
    return sum(int(picture[10:22, 11 + bit * 12 : 17 + bit * 12].mean() > 128) << bit for bit in range(BITS))


def make_file(path: Path, *, ticks=None, options=None, codec="libx264", rate=30, gop=60, offset_s=0.0) -> Path:
    """A barcoded video of COUNT frames; `ticks` are times in 1/600 s where the rate is not constant."""
    base = Fraction(1, rate) if ticks is None else Fraction(1, 600)
    first = round(offset_s / base)
    container = av.open(str(path), "w")
    stream = container.add_stream(codec, rate=rate)
    stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
    stream.codec_context.time_base = base
    stream.options = {"g": str(gop), "bf": "3", **(options or {})}
    if codec == "libx264":
        stream.options |= {"keyint_min": str(gop), "sc_threshold": "0", "preset": "veryfast"}
    for number in range(COUNT):
        frame = av.VideoFrame.from_ndarray(barcoded(number), format="rgb24")
        frame.pts, frame.time_base = first + (number if ticks is None else ticks[number]), base
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
    container.close()
    return path


def uneven() -> list[int]:
    """Times of frames between 10 and 70 ms apart."""
    steps = np.random.default_rng(5).integers(6, 42, COUNT)
    return np.cumsum(steps).tolist()


def with_gap() -> list[int]:
    """30 frames a second, and 4 seconds without any in the middle."""
    return [20 * number + (2400 if number >= 137 else 0) for number in range(COUNT)]


OPEN_GOP = {"x264-params": "open-gop=1"}
KINDS = {
    "constant rate mp4": ("a.mp4", {}),
    "open GOP mp4": ("a.mp4", {"options": OPEN_GOP}),
    "uneven mp4": ("a.mp4", {"ticks": uneven()}),
    "mp4 with a time gap": ("a.mp4", {"ticks": with_gap()}),
    "mp4 that starts late": ("a.mp4", {"offset_s": 1.0}),
    "constant rate mkv": ("a.mkv", {}),
    "uneven mkv": ("a.mkv", {"ticks": uneven()}),
    "open GOP mkv": ("a.mkv", {"options": OPEN_GOP}),
    "MPEG-TS": ("a.ts", {}),
    "open GOP MPEG-TS": ("a.ts", {"options": OPEN_GOP}),
    "MPEG-TS that starts late": ("a.ts", {"offset_s": 7.5}),
    "uneven MPEG-TS": ("a.ts", {"ticks": uneven()}),
    "AVI": ("a.avi", {}),
    "open GOP AVI": ("a.avi", {"options": OPEN_GOP}),
    "AVI with a time gap": ("a.avi", {"ticks": with_gap()}),
    "MPEG-4 AVI": ("a.avi", {"codec": "mpeg4"}),
    "MPEG-2 TS": ("a.ts", {"codec": "mpeg2video", "options": {"bf": "2"}}),
    "webm": ("a.webm", {"codec": "libvpx-vp9", "options": {"cpu-used": "8", "deadline": "realtime"}}),
    "mov": ("a.mov", {"gop": 7}),
}


@pytest.fixture(scope="module", params=KINDS)
def any_file(request, tmp_path_factory) -> Path:
    name, how = KINDS[request.param]
    return make_file(tmp_path_factory.mktemp("video") / name, **how)


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> Path:
    return make_file(tmp_path_factory.mktemp("video") / "plain.mp4")


def test_that_no_frame_is_wrong_in_any_order(any_file):
    with open_video(any_file) as video:
        assert len(video) == COUNT
        jumps = random.Random(3).choices(range(COUNT), k=40)
        orders = [jumps, range(COUNT), range(COUNT - 1, COUNT - 80, -1), range(0, COUNT, 5), range(298, 0, -17)]
        wrong = [(number, number_in(video.frame(number))) for order in orders for number in order]
        assert [pair for pair in wrong if pair[0] != pair[1]] == []


def test_that_a_jump_straight_after_opening_is_exact(any_file):
    for number in (COUNT - 1, 61, 119, 0):
        with open_video(any_file) as video:
            assert number_in(video.frame(number)) == number


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wishes=st.lists(st.integers(0, COUNT - 1), max_size=30))
def test_that_any_wishes_in_any_order_are_met(plain, wishes):
    with open_video(plain) as video:
        assert [number_in(video.frame(wish)) for wish in wishes] == wishes


@pytest.mark.parametrize("name", ["uneven mp4", "uneven mkv", "mp4 with a time gap"])
def test_that_times_are_those_the_frames_were_given(name, tmp_path):
    file, how = KINDS[name]
    given_s = (np.array(how["ticks"]) - how["ticks"][0]) / 600
    with open_video(make_file(tmp_path / file, **how)) as video:
        np.testing.assert_allclose([video.time_s(number) for number in range(COUNT)], given_s, atol=6e-4)
        assert [video.frame_at(video.time_s(number) + 1e-3) for number in range(COUNT)] == list(range(COUNT))


def test_that_seconds_count_from_the_first_frame_and_pts_from_the_files_own_zero(tmp_path):
    with open_video(make_file(tmp_path / "late.mp4", offset_s=1.0)) as video:
        assert video.time_s(0) == 0.0
        assert video.time_s(60) == pytest.approx(2.0)
        assert video.pts(30) == 2 * video.pts(0)
        assert video.rate_hz == pytest.approx(30)
        assert video.duration_s == pytest.approx(10)


def test_that_the_frame_on_screen_stays_until_the_next_one(plain):
    with open_video(plain) as video:
        assert video.frame_at(-1.0) == 0
        assert video.frame_at(1.0 + 0.9 / 30) == 30
        assert video.frame_at(99.0) == COUNT - 1


def test_that_a_file_written_anew_in_its_place_is_read_anew(tmp_path):
    path = make_file(tmp_path / "a.avi")
    with open_video(path) as video:
        assert number_in(video.frame(200)) == 200
    make_file(path, ticks=uneven())
    with open_video(path) as video:
        assert number_in(video.frame(200)) == 200
    with open_video(path) as again:
        assert number_in(again.frame(137)) == 137


def test_that_a_step_back_decodes_nothing(plain):
    with open_video(plain) as video:
        video.frame(200)
        assert all(video.is_cached(number) for number in range(180, 201))
        assert not video.is_cached(201)


def test_that_the_frames_at_hand_stay_bounded(plain):
    with open_video(plain) as video:
        for number in range(COUNT):
            video.frame(number)
        assert sum(video.is_cached(number) for number in range(COUNT)) <= 128


def test_that_a_frame_outside_the_video_is_an_index_error(plain):
    with open_video(plain) as video:
        for number in (-1, COUNT):
            with pytest.raises(IndexError, match=f"frame {number} of plain.mp4"):
                video.frame(number)


def test_that_a_thumbnail_is_the_same_frame_made_small(plain):
    with open_video(plain) as video:
        small = video.thumbnail(77, 45)
        assert small.shape == (45, 80, 3)
        full = video.frame(77).reshape(45, 2, 80, 2, 3).mean((1, 3))
        assert np.abs(small - full).mean() < 4
        assert video.keyframe_before(77) == 60
        assert video.scaled(77, 80).shape == (45, 80, 3)
        assert video.scaled(77, 8000).shape == (90, 160, 3)


@pytest.mark.parametrize(("degrees", "turns"), [(90, 1), (180, 2), (-90, 3)])
def test_that_a_rotation_noted_in_the_file_is_carried_out(plain, tmp_path, degrees, turns):
    turned = tmp_path / "turned.mp4"
    with av.open(str(plain)) as source, av.open(str(turned), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        stream.set_display_rotation(degrees)
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    with open_video(plain) as upright, open_video(turned) as video:
        assert (video.height, video.width) == ((160, 90) if turns % 2 else (90, 160))
        assert video.frame(33).shape == (video.height, video.width, 3)
        np.testing.assert_array_equal(video.frame(33), np.rot90(upright.frame(33), turns))
        assert video.thumbnail(33, 40).shape[0] == 40


# ---- files that are no whole video ----------------------------------------------------------------------------------


def test_that_a_vanished_file_is_named(tmp_path):
    with pytest.raises(FileError, match=r"gone\.mp4: no such file"):
        open_video(tmp_path / "gone.mp4")


def test_that_a_folder_is_no_video(tmp_path):
    with pytest.raises(FileError, match="is a folder"):
        open_video(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a video at all\n" * 400, bytes(range(256)) * 40])
@pytest.mark.parametrize("name", ["x.mp4", "x.avi", "x.txt", "x.m3u8"])
def test_that_a_file_that_is_no_video_is_refused_in_words(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FormatError, match=name) as caught:
        open_video(path)
    assert caught.value.hint


def test_that_a_picture_and_a_sound_are_no_video(tmp_path):
    from core.opencv import cv2

    cv2.imwrite(str(tmp_path / "still.png"), barcoded(1))
    with av.open(str(tmp_path / "sound.wav"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        sound.rate = 8000
        container.mux(stream.encode(sound))
    for name in ("still.png", "sound.wav"):
        with pytest.raises(FormatError, match="there is no video in it"):
            open_video(tmp_path / name)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_that_a_truncated_mp4_is_refused_in_words(plain, tmp_path, share):
    for name, options in (("end.mp4", {}), ("front.mp4", {"movflags": "faststart"})):
        whole = tmp_path / name
        with av.open(str(plain)) as source, av.open(str(whole), "w", options=options) as target:
            stream = target.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(video=0):
                if packet.size:
                    packet.stream = stream
                    target.mux(packet)
        whole.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * share)])
        with pytest.raises(FormatError) as caught:
            open_video(whole)
        assert caught.value.hint


@pytest.mark.parametrize("name", ["a.mkv", "a.ts", "a.avi"])
def test_that_a_cut_recording_opens_with_the_frames_it_has(tmp_path, name):
    path = make_file(tmp_path / name)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with open_video(path) as video:
        assert 150 < len(video) < 260
        for number in [*range(0, len(video) - 4, 31), len(video) - 5]:
            assert number_in(video.frame(number)) == number


def test_that_damage_in_the_middle_leaves_every_frame_beyond_it_exact(plain, tmp_path):
    content = bytearray(plain.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 400] = bytes(400)
    path = tmp_path / "damaged.mp4"
    path.write_bytes(content)
    bad, refusals = [], []
    with open_video(path) as video:
        for number in range(len(video)):
            try:
                if number_in(video.frame(number)) != number:
                    bad.append(number)
            except FormatError as error:
                refusals.append(str(error))
                bad.append(number)
    assert bad
    assert all("cannot be decoded" in refusal for refusal in refusals)
    assert max(bad) // 60 - min(bad) // 60 <= 1, "only the stretch up to the next keyframe can suffer"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.floats(0, 1), junk=st.binary(min_size=1, max_size=64))
def test_that_no_damage_brings_down_the_reader(plain, tmp_path_factory, at, junk):
    content = bytearray(plain.read_bytes())
    start = int(at * (len(content) - len(junk)))
    content[start : start + len(junk)] = junk
    path = tmp_path_factory.mktemp("junk") / "junk.mp4"
    path.write_bytes(content)
    with contextlib.suppress(FormatError), open_video(path) as video:
        for number in (0, len(video) // 2, len(video) - 1):
            assert video.frame(number).dtype == np.uint8


# ---- knowing again --------------------------------------------------------------------------------------------------


def test_that_a_frame_is_known_again_after_encoding_anew_and_others_are_not(shared_data, tmp_path):
    with open_video(shared_data / "videos" / "sports2d_demo.mp4") as video:
        frames = [video.frame(number) for number in (0, 60, 120)]
    with write_video(tmp_path / "again.mp4", 30, 1768, 994, crf=23) as out:
        for frame in frames:
            out.add(frame)
    lumas = [frame_luma(frame) for frame in frames]
    with open_video(tmp_path / "again.mp4") as again:
        for number, luma in enumerate(lumas):
            assert len(luma) == 32 * 18 * 2
            assert same_frame(luma, frame_luma(again.frame(number)))
            assert not same_frame(luma, lumas[(number + 1) % 3])


def test_that_a_fingerprint_of_another_kind_is_never_the_same():
    luma = frame_luma(barcoded(5))
    for other in ("", "zz", luma[:-2], luma + "00"):
        assert not same_frame(luma, other)
        assert not same_frame(other, other)


def test_that_a_file_is_known_by_its_content_and_not_by_its_name(plain, tmp_path):
    copy = tmp_path / "other name.mp4"
    copy.write_bytes(plain.read_bytes())
    other = make_file(tmp_path / "other.mp4", ticks=with_gap())
    assert file_fingerprint(copy) == file_fingerprint(plain)
    assert file_fingerprint(other) != file_fingerprint(plain)


def test_that_the_facts_fit_the_projects_video_file(plain):
    from core.project.annotations import VideoFile

    with open_video(plain) as video:
        facts = video.facts()
    assert VideoFile(**facts._asdict()).frame_count == COUNT
    assert (facts.width, facts.height, facts.size_bytes) == (160, 90, plain.stat().st_size)
    assert facts._fields == tuple(VideoFile.__struct_fields__)


# ---- writing --------------------------------------------------------------------------------------------------------


def test_that_written_frames_come_back_in_their_colours_and_order(tmp_path):
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (20, 3))
    with write_video(tmp_path / "out.mp4", 29.97, 64, 48, crf=10) as out:
        for colour in colours:
            out.add(np.broadcast_to(colour.astype(np.uint8), (48, 64, 3)))
    with open_video(tmp_path / "out.mp4") as video:
        assert len(video) == 20
        assert video.rate_hz == pytest.approx(29.97)
        for number, colour in enumerate(colours):
            assert np.abs(video.frame(number)[10:-10, 10:-10].mean((0, 1)) - colour).max() < 6


def test_that_a_writer_that_fails_leaves_nothing_behind(tmp_path):
    with pytest.raises(ValueError, match="a frame of"), write_video(tmp_path / "out.mp4", 30, 64, 48) as out:
        out.add(np.zeros((47, 64, 3), np.uint8))
    assert list(tmp_path.iterdir()) == []


def test_that_odd_sizes_and_missing_folders_are_refused_in_words(tmp_path):
    with pytest.raises(FileError, match="65 × 48"):
        write_video(tmp_path / "odd.mp4", 30, 65, 48)
    with pytest.raises(FileError, match="there is no folder"):
        write_video(tmp_path / "nowhere" / "out.mp4", 30, 64, 48)


def test_that_a_file_that_goes_away_while_it_is_open_is_said_in_words(tmp_path):
    path = make_file(tmp_path / "a.mp4")
    with open_video(path) as video:
        path.unlink()
        with pytest.raises(FileError, match="no such file"):
            video.fingerprint  # noqa: B018
