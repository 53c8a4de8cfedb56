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
from core.whole_files import refused


class VideoWriter:
    """Writes frames as H.264; a context manager. The file appears at its place when it is complete, or not at all."""

    def __init__(
        self,
        path: Path,
        rate_hz: float,
        width: int,
        height: int,
        crf: int,
        gop: int,
        comment: str = "",
        *,
        preset: str = "veryfast",
        reordered: bool = True,
    ) -> None:
        if width % 2 or height % 2:
            raise FileError(path, f"a video of {width} × {height} cannot be written", hint="Choose even numbers.")
        if not path.parent.is_dir():
            raise FileError(path, f"there is no folder {path.parent}", hint="Make it first, or choose another.")
        self.path = path
        self._beside = path.with_name(f".{path.stem}.part{path.suffix or '.mp4'}")
        self._size = height, width, 3
        self._count = 0
        with written(path):
            self._container = av.open(f"file:{self._beside.absolute()}", "w")
        if comment:
            self._container.metadata["comment"] = comment
        self._stream = self._container.add_stream("libx264", rate=Fraction(rate_hz).limit_denominator(60_000))
        self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuv420p"
        self._stream.options = {"crf": str(crf), "preset": preset, "g": str(gop)}
        if not reordered:  # larger, but no picture waits for a later one
            self._stream.options |= {"bf": "0"}
        context = self._stream.codec_context
        context.colorspace, context.color_primaries, context.color_trc, context.color_range = 1, 1, 1, 1  # BT.709

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is None:
            self.close()
        else:
            self._give_up()

    def add(self, rgb: UInt8[ndarray, "height width 3"]) -> None:
        """The next frame."""
        if rgb.shape != self._size:
            raise ValueError(f"a frame of {rgb.shape} in a video of {self._size}")
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
        self._encode(frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"))

    def add_planes(self, frame: VideoFrame) -> None:
        """The next frame as `Video.planes` gives it: in the colours of the video it is from, nothing converted."""
        if (frame.height, frame.width, 3) != self._size:
            raise ValueError(f"a frame of {frame.width} × {frame.height} in a video of {self._size}")
        if not self._count:
            context = self._stream.codec_context
            context.colorspace, context.color_range = frame.colorspace, frame.color_range
            context.color_primaries, context.color_trc = frame.color_primaries, frame.color_trc
        self._encode(frame)

    def _encode(self, frame: VideoFrame) -> None:
        frame.pts, frame.time_base = self._count, 1 / Fraction(self._stream.codec_context.framerate)
        self._count += 1
        with written(self.path):
            self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Complete the file and put it at its place."""
        try:
            with written(self.path):
                self._container.mux(self._stream.encode(None))
                self._container.close()
                self._beside.replace(self.path)
        except FileError:
            self._give_up()
            raise

    def _give_up(self) -> None:
        with suppress(FFmpegError, OSError):
            self._container.close()
        self._beside.unlink(missing_ok=True)


def write_video(
    path: Path | str, rate_hz: float, width: int, height: int, crf: int = 18, *, gop: int = 48, comment: str = ""
) -> VideoWriter:
    """Open a writer for frames of this size: `with … as out: out.add(rgb)`. A smaller `crf` is finer and larger.

    The `comment` stands in the file's own description: whose it is, what made it.
    """
    return VideoWriter(Path(path), rate_hz, width, height, crf, gop, comment)


class written:  # noqa: N801  (read as a statement: with written(path): ...)
    """Turns what FFmpeg or the system says about writing a file into what a person can act on."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError | FFmpegError):
            raise refused(self._path, error) from error
