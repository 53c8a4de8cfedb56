"""Writing pictures as an H.264 video, whole or not at all."""

from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Self

import av
import numpy as np
from av.error import FFmpegError
from av.video.frame import VideoFrame
from jaxtyping import UInt8
from numpy import ndarray

from core.errors import FileError
from core.video.files import in_words


class VideoWriter:
    """Writes frames as H.264; a context manager. The file appears at its place when it is complete, or not at all."""

    def __init__(self, path: Path, rate_hz: float, width: int, height: int, crf: int, gop: int) -> None:
        if width % 2 or height % 2:
            raise FileError(path, f"a video of {width} × {height} cannot be written", hint="Choose even numbers.")
        if not path.parent.is_dir():
            raise FileError(path, f"there is no folder {path.parent}", hint="Make it first, or choose another.")
        self.path = path
        self._beside = path.with_name(f".{path.stem}.part{path.suffix or '.mp4'}")
        self._size = height, width, 3
        self._count = 0
        with in_words(path):
            self._container = av.open(f"file:{self._beside.absolute()}", "w")
        self._stream = self._container.add_stream("libx264", rate=Fraction(rate_hz).limit_denominator(60_000))
        self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuv420p"
        self._stream.options = {"crf": str(crf), "preset": "veryfast", "g": str(gop)}
        context = self._stream.codec_context
        context.colorspace, context.color_primaries, context.color_trc, context.color_range = 1, 1, 1, 1  # BT.709

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is None:
            self.close()
        else:
            with suppress(FFmpegError):
                self._container.close()
            self._beside.unlink(missing_ok=True)

    def add(self, rgb: UInt8[ndarray, "height width 3"]) -> None:
        """The next frame."""
        if rgb.shape != self._size:
            raise ValueError(f"a frame of {rgb.shape} in a video of {self._size}")
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
        frame.pts, frame.time_base = self._count, 1 / Fraction(self._stream.codec_context.framerate)
        self._count += 1
        with in_words(self.path):
            self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Complete the file and put it at its place."""
        with in_words(self.path):
            self._container.mux(self._stream.encode(None))
            self._container.close()
        self._beside.replace(self.path)


def write_video(
    path: Path | str, rate_hz: float, width: int, height: int, crf: int = 18, *, gop: int = 48
) -> VideoWriter:
    """Open a writer for frames of this size: `with … as out: out.add(rgb)`. A smaller `crf` is finer and larger."""
    return VideoWriter(Path(path), rate_hz, width, height, crf, gop)
