"""Frames of stored recordings, read from where they lie in their files: a window of a long recording costs a window.

The arrays of `motion_sets` lie uncompressed in their .npz, so a frame's place in the file is known once the file's
headers are. Places are kept, files are not held open: there may be ten thousand.
"""

import io
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy import ndarray

from core.errors import FormatError

_LOCAL_HEADER = 30
_MOST_HEADER = 4096


@dataclass(frozen=True)
class _Place:
    offset: int
    dtype: np.dtype
    shape: tuple[int, ...]


class FrameReader:
    """Reads slices of arrays by their recording's file. FormatError where a file is not what an import wrote."""

    def __init__(self) -> None:
        self._places: dict[Path, dict[str, _Place]] = {}

    def frames(self, path: Path, name: str, start: int, end: int) -> ndarray:
        """Frames `start` … `end` - 1 of the array of that name."""
        try:
            if path not in self._places:
                self._places[path] = _places_in(path)
            place = self._places[path][name]
            if not 0 <= start < end <= place.shape[0]:
                raise ValueError(f"it has {place.shape[0]} frames, not {end}")
            each = place.dtype.itemsize * int(np.prod(place.shape[1:]))
            with path.open("rb") as file:
                file.seek(place.offset + start * each)
                raw = file.read((end - start) * each)
            return np.frombuffer(raw, place.dtype).reshape(end - start, *place.shape[1:])
        except (OSError, ValueError, KeyError, EOFError, struct.error, zipfile.BadZipFile) as error:
            raise FormatError(path, f"this recording is damaged ({error})", hint="Import it again.") from None


def _places_in(path: Path) -> dict[str, _Place]:
    places = {}
    with path.open("rb") as file, zipfile.ZipFile(file) as packed:
        for member in packed.infolist():
            if member.compress_type != zipfile.ZIP_STORED:
                raise ValueError(f"{member.filename} is compressed")
            file.seek(member.header_offset)
            name_size, extra_size = struct.unpack_from("<HH", file.read(_LOCAL_HEADER), 26)
            begin = member.header_offset + _LOCAL_HEADER + name_size + extra_size
            file.seek(begin)
            header = io.BytesIO(file.read(_MOST_HEADER))
            version = np.lib.format.read_magic(header)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, by_columns, dtype = read(header)
            if by_columns and len(shape) > 1:
                raise ValueError(f"{member.filename} lies by columns")
            places[member.filename.removesuffix(".npy")] = _Place(begin + header.tell(), dtype, shape)
    return places
