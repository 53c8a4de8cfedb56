"""Random access to the frames of a video, the ones decoded last kept at hand so that a step back costs nothing."""

import hashlib
from collections import OrderedDict
from collections.abc import Generator
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from av.video.frame import VideoFrame
from jaxtyping import Int, UInt8
from numpy import ndarray

from core.errors import FormatError
from core.video.files import HINT_COPY, in_words
from core.video.packets import Decoder, Index

_CACHE_BYTES = 200_000_000

Rgb = UInt8[ndarray, "height width 3"]


class VideoFacts(NamedTuple):
    """What a project notes about a video, the fields of its `VideoFile`."""

    path: str
    frame_count: int
    width: int
    height: int
    rate_hz: float
    duration_s: float
    size_bytes: int
    fingerprint: str


def open_video(path: Path | str) -> "Video":
    """The video at `path`. FileError where it cannot be read, FormatError where it is no whole video."""
    return Video(Path(path))


def file_fingerprint(path: Path | str) -> str:
    """What the file is, as far as frames go: its size, head, tail and packet index. 64 hexadecimal digits."""
    with open_video(path) as video:
        return video.fingerprint


class _Kept:
    """Decoded frames at hand, at most so many."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.going_back = False
        self._frames: OrderedDict[int, VideoFrame] = OrderedDict()

    def __contains__(self, number: int) -> bool:
        return number in self._frames

    def get(self, number: int) -> VideoFrame | None:
        if number in self._frames:
            self._frames.move_to_end(number)
        return self._frames.get(number)

    def keep(self, number: int, frame: VideoFrame) -> None:
        self._frames[number] = frame
        self._frames.move_to_end(number)
        while len(self._frames) > self.most:
            del self._frames[max(self._frames) if self.going_back else next(iter(self._frames))]

    def clear(self) -> None:
        self._frames.clear()


class Video:
    """Random access to the frames of one file; a context manager. See the module for what numbers and times mean."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._decoder = Decoder(path)
        self._lost: set[int] = set()
        self._fingerprint = ""
        try:
            self._decoder.learn()
            first = self._decoder.first_frame()
        except BaseException:
            self._decoder.close()
            raise
        index = self._decoder.index
        self._stored = first.width, first.height
        self._turns = round(first.rotation / 90) % 4
        self.width, self.height = self._stored if self._turns % 2 == 0 else self._stored[::-1]
        self.rate_hz = self._decoder.rate_hz
        self.duration_s = self.time_s(len(index.pts) - 1) + 1 / self.rate_hz
        self._cache = _Kept(int(np.clip(_CACHE_BYTES / (1.5 * first.width * first.height), 12, 128)))

    def __len__(self) -> int:
        return len(self._decoder.index.pts)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._cache.clear()
        self._decoder.close()

    def frame(self, number: int) -> Rgb:
        """Exactly this frame. IndexError outside the video; FormatError where the file is damaged there."""
        return self._picture(self._decoded(number), *self._stored)

    def thumbnail(self, number: int, height: int) -> Rgb:
        """This frame, `height` pixels high; of a frame that `keyframe_before` names it costs least."""
        width = max(1, round(self.width * height / self.height))
        size = (width, height) if self._turns % 2 == 0 else (height, width)
        return self._picture(self._decoded(number), *size)

    def planes(self, number: int, width: int, height: int) -> VideoFrame:
        """This frame as brightness and colour (yuv420p), upright, in an even size: what an encoder takes."""
        upright = self._turns % 2 == 0
        wide, high = (width, height) if upright else (height, width)
        frame = self._decoded(number).reformat(wide, high, "yuv420p", interpolation="AREA")
        return _turned(frame, self._turns) if self._turns else frame

    def scaled(self, number: int, longest: int) -> Rgb:
        """This frame, made smaller where its longer side has more than `longest` pixels."""
        scale = min(1.0, longest / max(self._stored))
        return self._picture(self._decoded(number), *(max(1, round(side * scale)) for side in self._stored))

    def pts(self, number: int) -> int:
        """The frame's time stamp in the file, in ticks of its stream."""
        return int(self._decoder.index.pts[self._checked(number)])

    def all_pts(self) -> Int[ndarray, " frames"]:
        """The time stamps of all frames, in ticks of their stream."""
        return self._decoder.index.pts.copy()

    def keyframes(self) -> Int[ndarray, " keys"]:
        """The frames that can be shown without decoding others, ascending."""
        return self._decoder.index.key_places.copy()

    def time_s(self, number: int) -> float:
        """Seconds from the first frame to this one."""
        return float((self.pts(number) - self.pts(0)) * self._decoder.time_base)

    def frame_at(self, time_s: float) -> int:
        """The number of the frame on screen at `time_s`, the first or last one outside the video."""
        ticks = self.pts(0) + time_s / float(self._decoder.time_base)
        after = int(np.searchsorted(self._decoder.index.pts, ticks + 1e-6, "right"))
        return min(max(after - 1, 0), len(self) - 1)

    def keyframe_before(self, number: int) -> int:
        """The nearest frame at or before this one that can be shown without decoding others."""
        return self._decoder.index.shown_by_key(self._decoder.index.key_for(self._checked(number)))

    def is_cached(self, number: int) -> bool:
        """Whether this frame is at hand without decoding."""
        return number in self._cache

    def approach(self, number: int) -> Generator[None]:
        """Decode towards this frame, one picture a step, so that a caller may change its mind on the way.

        At the end the frame is at hand. Nothing else may be asked of the video between two steps but frames that are
        at hand; a caller who wants another lets this go.
        """
        yield from self._decoding(number)

    @property
    def reach(self) -> int:
        """How many frames are kept at hand when one is decoded: it and those before it."""
        return self._cache.most * 3 // 4

    def keep_for(self, *, going_back: bool) -> None:
        """Which frames are let go first: the ones used least recently, or, going back, the latest of the video."""
        self._cache.going_back = going_back

    @property
    def fingerprint(self) -> str:
        """See `file_fingerprint`; read from the file when first asked for."""
        if not self._fingerprint:
            self._fingerprint = _fingerprint(self.path, self._decoder.index)
        return self._fingerprint

    def facts(self) -> VideoFacts:
        """What a project notes about this file."""
        return VideoFacts(
            path=str(self.path),
            frame_count=len(self),
            width=self.width,
            height=self.height,
            rate_hz=self.rate_hz,
            duration_s=self.duration_s,
            size_bytes=self.path.stat().st_size,
            fingerprint=self.fingerprint,
        )

    def _checked(self, number: int) -> int:
        if not 0 <= number < len(self):
            raise IndexError(f"frame {number} of {self.path.name}, which has {len(self)}")
        return number

    def _picture(self, frame: VideoFrame, width: int, height: int) -> Rgb:
        how = "AREA" if height < frame.height else "BILINEAR"
        rgb = frame.to_ndarray(format="rgb24", width=width, height=height, interpolation=how)
        return np.ascontiguousarray(np.rot90(rgb, self._turns)) if self._turns else rgb

    def _decoded(self, number: int) -> VideoFrame:
        steps = self._decoding(number)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return end.value

    def _decoding(self, number: int) -> Generator[None, None, VideoFrame]:
        """The decoded frame, one step for each frame that is decoded on the way."""
        at_hand = self._cache.get(self._checked(number))
        if at_hand is not None:
            return at_hand
        for back in () if number in self._lost else (0, 1, 3):
            for shown, frame in self._decoder.towards(number, back):
                if number - shown < self.reach:
                    self._cache.keep(shown, frame)
                if shown == number:
                    return frame
                if shown > number:
                    break  # it never came out; damage at that keyframe may not reach it from an earlier one
                yield
        self._lost.add(number)
        raise FormatError(self.path, f"frame {number} cannot be decoded", hint=HINT_COPY)


def _fingerprint(path: Path, index: Index) -> str:
    with in_words(path), path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        head = file.read(65536)
        file.seek(max(0, size - 65536))
        tail = file.read(65536)
    digest = hashlib.sha256(str(size).encode())
    for part in (head, tail, index.pts.astype("<i8").tobytes(), index.sizes.astype("<i8").tobytes()):
        digest.update(part)
    return digest.hexdigest()


def _turned(frame: VideoFrame, quarters: int) -> VideoFrame:
    """A yuv420p frame turned to the left by so many quarters."""
    packed = np.asarray(frame.to_ndarray(format="yuv420p"), dtype=np.uint8)
    wide, high = frame.width, frame.height
    flat = packed.reshape(-1)
    sizes = ((high, wide), (high // 2, wide // 2), (high // 2, wide // 2))
    ends = np.cumsum([0, *(rows * columns for rows, columns in sizes)])
    planes = [flat[ends[at] : ends[at + 1]].reshape(size) for at, size in enumerate(sizes)]
    turned = [np.rot90(plane, quarters) for plane in planes]
    packed = np.concatenate([plane.reshape(-1) for plane in turned]).reshape(-1, turned[0].shape[1])
    made = VideoFrame.from_ndarray(np.ascontiguousarray(packed), format="yuv420p")
    made.colorspace, made.color_range = frame.colorspace, frame.color_range
    return made
