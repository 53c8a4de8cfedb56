"""Opening a file as the video it is, and saying in words why it is none."""

from pathlib import Path

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.stream import VideoStream

from core.errors import FileError, FormatError

HINT_OTHER = "Posecast reads what FFmpeg reads: mp4, mov, mkv, webm, avi, ts and more."
HINT_COPY = "The file may be damaged or cut short; copy or export it again."
_NO_VIDEO = {"image2", "tty", "concat", "hls", "dash"}  # pictures, text, and lists of other files


class in_words:  # noqa: N801  (read as a statement: with in_words(path): ...)
    """Turns what FFmpeg says about a file into what a person can act on."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, FileNotFoundError):
            raise FileError(self._path, "no such file", hint="Was it moved or renamed?") from None
        if isinstance(error, PermissionError):
            raise FileError(self._path, "may not be read", hint="Check the file's permissions.") from None
        if isinstance(error, FFmpegError):
            raise FormatError(self._path, f"cannot be read as a video ({error.strerror})", hint=HINT_COPY) from None
        if isinstance(error, OSError):
            hint = "Is the disk or the network it lies on connected?"
            raise FileError(self._path, f"cannot be read ({error.strerror})", hint=hint) from None


def open_container(path: Path) -> tuple[InputContainer, VideoStream]:
    """The container and the one stream of moving pictures in it."""
    if path.is_dir():
        raise FileError(path, "is a folder", hint="Choose the video itself.")
    with in_words(path):
        if path.stat().st_size == 0:
            raise FormatError(path, "the file is empty", hint=HINT_COPY)
        # `file:` and the whitelist: a name with a colon, or a list of addresses, must not make us open anything else.
        container = av.open(
            f"file:{path.absolute()}", options={"protocol_whitelist": "file"}, metadata_errors="replace"
        )
    try:
        kind = container.format.name
        streams = [each for each in container.streams.video if not each.disposition & Disposition.attached_pic]
        if kind in _NO_VIDEO or kind.endswith("_pipe") or not streams:
            raise FormatError(path, "there is no video in it", hint=HINT_OTHER)
        stream = streams[0]
        if stream.codec_context is None or not stream.codec_context.width:
            raise FormatError(path, "its kind of video is not known here", hint=HINT_OTHER)
        whole = path.stat().st_size
        if any(entry.pos + entry.size > whole for entry in stream.index_entries):
            raise FormatError(path, "the file ends before its video does: it was cut short", hint=HINT_COPY)
        stream.thread_type = "SLICE"  # frame threads would wait for later packets at every seek
    except BaseException:
        container.close()
        raise
    return container, stream
