"""Writing pictures as an animated GIF that plays for ever, whole or not at all.

One palette of 256 colours serves the whole film. It is made from sample frames that are given first, so that frames
stream through and nothing large is kept. Times in a GIF are hundredths of a second; frames of 30 a second last three
of them, every third one four. What the film says of itself stands in a comment.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import BlockingIOError as NothingYet
from av.error import EOFError as NothingMore
from av.error import FFmpegError
from av.filter import Graph
from av.video.frame import VideoFrame
from jaxtyping import UInt8
from numpy import ndarray

from core.errors import FileError
from core.video.writing import written
from core.whole_files import whole_file

MOST_SIDE_PX = 1280
MOST_FRAMES = 900
MOST_RATE_HZ = 50.0
"""Faster frames last under two hundredths of a second, and viewers slow those down to ten a second."""
_COMMENT_PIECE = 255


@contextmanager
def write_gif(
    path: Path, rate_hz: float, width: int, height: int, samples: Sequence[ndarray], comment: str = ""
) -> Generator["GifWriter"]:
    """Open a writer for frames of this size: `with … as out: out.add(rgb)`; its colours are those of the samples."""
    refuse_large(path, width, height)
    if not 0 < rate_hz <= MOST_RATE_HZ:
        raise FileError(path, f"a GIF shows at most {MOST_RATE_HZ:g} frames a second", hint="Choose fewer, or MP4.")
    with whole_file(path) as beside:
        with written(path):
            writer = GifWriter(path, beside, rate_hz, width, height, samples)
        try:
            yield writer
            writer.finish()
        finally:
            writer.shut()
        if comment:
            _describe(beside, comment)


class GifWriter:
    """Writes frames as a GIF at `beside`; made by `write_gif`."""

    def __init__(
        self, path: Path, beside: Path, rate_hz: float, width: int, height: int, samples: Sequence[ndarray]
    ) -> None:
        self._path, self._size = path, (height, width, 3)
        self._tick = 1 / Fraction(rate_hz).limit_denominator(60_000)
        self._count = 0
        self._graph, self._source, self._sink = self._mapping(_palette(samples), width, height)
        self._container: Any = av.open(f"file:{beside.absolute()}", "w", format="gif", options={"loop": "0"})
        self._stream = self._container.add_stream("gif", rate=1 / self._tick)
        self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "pal8"

    def add(self, rgb: UInt8[ndarray, "height width 3"]) -> None:
        """The next frame."""
        if rgb.shape != self._size:
            raise ValueError(f"a frame of {rgb.shape} in a film of {self._size}")
        if self._count >= MOST_FRAMES:
            raise too_long(self._path)
        self._source.push(_frame(rgb, self._count, self._tick))
        self._count += 1
        self._drain()

    def finish(self) -> None:
        """Write what is left to write."""
        self._source.push(None)
        self._drain()
        with written(self._path):
            self._container.mux(self._stream.encode(None))
            self._container.close()

    def shut(self) -> None:
        """Let the file go, whole or not. May be called twice."""
        with suppress(FFmpegError, OSError):
            self._container.close()

    def _drain(self) -> None:
        while True:
            try:
                frame = self._sink.pull()
            except (NothingYet, NothingMore):
                return
            with written(self._path):
                self._container.mux(self._stream.encode(frame))

    def _mapping(self, palette: VideoFrame, width: int, height: int) -> tuple[Graph, Any, Any]:
        """Every frame to its palette; only the part that changed is written."""
        graph = Graph()
        source = graph.add("buffer", _of_frames(width, height, "rgb24", self._tick))
        colours = graph.add("buffer", _of_frames(palette.width, palette.height, palette.format.name, self._tick))
        use = graph.add("paletteuse", "dither=sierra2_4a:diff_mode=rectangle")
        sink = graph.add("buffersink")
        source.link_to(use, 0, 0)
        colours.link_to(use, 0, 1)
        use.link_to(sink)
        graph.configure()
        palette.pts, palette.time_base = 0, self._tick
        colours.push(palette)
        colours.push(None)
        return graph, source, sink


def refuse_large(path: Path, width: int, height: int, frames: int = 0) -> None:
    """FileError where a GIF of that size would be of no use."""
    if max(width, height) > MOST_SIDE_PX:
        size = f"a GIF of {width} × {height} pixels would be too large"
        raise FileError(path, size, hint=f"Choose at most {MOST_SIDE_PX} pixels a side, or MP4.")
    if frames > MOST_FRAMES:
        raise too_long(path)


def too_long(path: Path) -> FileError:
    return FileError(
        path, f"a GIF of more than {MOST_FRAMES} frames would be too large", hint="Choose a shorter one, or MP4."
    )


def _palette(samples: Sequence[ndarray]) -> VideoFrame:
    """The 256 colours that serve these frames best."""
    graph = Graph()
    height, width = samples[0].shape[:2]
    source = graph.add("buffer", _of_frames(width, height, "rgb24", Fraction(1, 25)))
    make = graph.add("palettegen", "max_colors=256:stats_mode=full:reserve_transparent=0")
    sink = graph.add("buffersink")
    source.link_to(make)
    make.link_to(sink)
    graph.configure()
    for at, sample in enumerate(samples):
        source.push(_frame(sample, at, Fraction(1, 25)))
    source.push(None)
    palette = sink.pull()
    assert isinstance(palette, VideoFrame)
    return palette


def _of_frames(width: int, height: int, form: str, tick: Fraction) -> str:
    time_base = f"{tick.numerator}/{tick.denominator}"
    return f"video_size={width}x{height}:pix_fmt={form}:time_base={time_base}:pixel_aspect=1/1"


def _frame(rgb: ndarray, at: int, tick: Fraction) -> VideoFrame:
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
    frame.pts, frame.time_base = at, tick
    return frame


def _describe(path: Path, comment: str) -> None:
    """Puts a comment behind the file's header, where the format allows any number of them."""
    content = path.read_bytes()
    flags = content[10]
    end = 13 + (3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0)
    words = comment.encode("ascii", "replace")
    pieces = [words[at : at + _COMMENT_PIECE] for at in range(0, len(words), _COMMENT_PIECE)]
    block = b"\x21\xfe" + b"".join(bytes([len(piece)]) + piece for piece in pieces) + b"\x00"
    path.write_bytes(content[:end] + block + content[end:])
