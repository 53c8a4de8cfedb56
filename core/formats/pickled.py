"""The one door to foreign pickles and to archives of NumPy arrays (.npz, .npy). Nothing in a file is run.

    facts = from_pickle(path)                                 # plain values and arrays
    arrays = from_npz(path, ("poses", "trans"))               # only these members are unpacked
    joints_m = from_npy(path)

Arrays come as they are stored: numbers, truth values, text and bytes. What was stored as objects (a dictionary in an
array without sides, as GRAB has it; a pickle of Python 2) becomes plain values through `core.bodies.restricted_pickle`,
which looks no name up; a name that no data set needs ends the reading and is said. How large things are is checked
before memory is taken: of a file, of an archive's list and members, of an array against the bytes that are there, and
of a pickle, whose few bytes may mean a million values. Every failure is a FormatError naming the file and the member.
"""

import io
import mmap
import pickle
import pickletools
import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy import ndarray

from core.bodies import restricted_pickle
from core.errors import CoreError, FileError, FormatError

MOST_BYTES = 2**30
"""No recording is larger, as it lies there or unpacked."""
_MOST_VALUES = 1_000_000
_MOST_DEPTH = 8
_MOST_LISTED_BYTES = 1_000_000  # an archive's list of members
_PLAIN_KINDS = "biufSU"
_NOT_RUN = "Nothing of it was run. Ask who made it."
_AGAIN = "The file may be damaged; get it again."
_NO_LETTERS = "it holds letters that cannot be"
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Header:
    """What a member of an archive says of itself. `holds_objects`: it is a pickle."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    is_fortran: bool

    @property
    def holds_objects(self) -> bool:
        return self.dtype.hasobject

    @property
    def size_bytes(self) -> int:
        size = self.dtype.itemsize
        for side in self.shape:
            size *= side
        return size


# ---- pickles ----


def from_pickle(
    path: Path, *, whose: str = "motion", most_bytes: int = MOST_BYTES, most_values: int = _MOST_VALUES
) -> Any:
    """What a pickle holds, in plain values and arrays. `whose` says in a refusal what the file should be."""
    raw = bytes_of(path, most_bytes)
    with _said(path, "it is no pickle that can be read", whose):
        return _unpickled(raw, most_bytes, most_values)


def mentions(path: Path, *words: bytes) -> bool:
    """Whether a file begins as a pickle and has all of these words, wherever they are. Never raises."""
    try:
        if beginning_of(path, 1) not in (b"\x80", b"(", b"}") or path.stat().st_size > MOST_BYTES:
            return False
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            return all(whole.find(word) >= 0 for word in words)
    except (OSError, ValueError):
        return False


def _unpickled(raw: bytes, most_bytes: int, most_values: int) -> Any:
    _look_through(raw, most_values)
    return _Plain(most_bytes, most_values).of(restricted_pickle.load(io.BytesIO(raw)))


def _look_through(raw: bytes, most_values: int) -> None:
    """A pickle may ask for memory by a number alone, without bytes for it. Its steps are counted before it is read."""
    for steps, (step, argument, _) in enumerate(pickletools.genops(raw)):
        if steps > 40 * most_values:
            raise ValueError("more steps than its values need")
        if step.name in ("PUT", "BINPUT", "LONG_BINPUT") and int(argument or 0) > len(raw):
            raise ValueError("a place beyond its end")


class _Plain:
    """Makes plain values. A list may stand in a pickle once and be meant a million times: there is room for few."""

    def __init__(self, most_bytes: int, most_values: int) -> None:
        self._bytes_left = most_bytes
        self._values_left = most_values

    def of(self, value: Any, depth: int = 0) -> Any:
        self._values_left -= 1
        if depth > _MOST_DEPTH or self._values_left < 0:
            raise ValueError("more values than it may hold")
        if isinstance(value, dict):
            return {self.of(key, depth + 1): self.of(each, depth + 1) for key, each in value.items()}
        if isinstance(value, tuple | list):
            return type(value)(self.of(each, depth + 1) for each in value)
        if isinstance(value, str | bytes):
            self._take(len(value))
            if isinstance(value, str) and _SURROGATE.search(value):
                raise ValueError(_NO_LETTERS)
            return value
        if value is None or isinstance(value, bool | int | float):
            return value
        objects = restricted_pickle.objects_in(value)
        if objects is not None:
            plain = [self.of(each, depth + 1) for each in objects]
            return plain[0] if len(plain) == 1 else plain
        if getattr(value, "kind", ""):
            raise ValueError("a matrix that would be unpacked")
        array = _with_real_letters(restricted_pickle.as_array(value))
        self._take(array.nbytes)
        return array

    def _take(self, size: int) -> None:
        self._bytes_left -= size
        if self._bytes_left < 0:
            raise ValueError("more bytes than it may hold")


# ---- archives and single arrays ----


def from_npz(
    path: Path, names: Iterable[str], *, whose: str = "motion", most_bytes: int = MOST_BYTES
) -> dict[str, Any]:
    """Those of the named members that the archive has: arrays, or plain values where objects were stored."""
    read: dict[str, Any] = {}
    left = most_bytes
    with _opened(path) as archive:
        for name in names:
            if f"{name}.npy" not in archive.NameToInfo:
                continue
            member = archive.getinfo(f"{name}.npy")
            left -= member.file_size
            if left < 0:
                raise FormatError(path, f"{name}: it unpacks to more than a recording needs", hint=_AGAIN)
            with _said(path, f"{name} cannot be read", whose), archive.open(member) as stream:
                read[name] = _content(stream, member.file_size, left)
    return read


def headers_in(path: Path) -> dict[str, Header]:
    """What the members of an .npz say of themselves; nothing where it is none. To tell formats apart; never raises.

    Several formats ask one after the other, so the last answers are kept.
    """
    try:
        about = path.stat()
    except (OSError, ValueError):
        return {}
    return dict(_headers_in(path, about.st_ino, about.st_size, about.st_mtime_ns))


@lru_cache(maxsize=8)
def _headers_in(path: Path, *_: int) -> dict[str, Header]:
    try:
        with _opened(path) as archive:
            found: dict[str, Header] = {}
            for member in archive.infolist()[:200]:
                if member.filename.endswith(".npy"):
                    with archive.open(member) as stream:
                        found[member.filename.removesuffix(".npy")] = _header(stream)
            return found
    except Exception:  # noqa: BLE001  (a damaged archive can fail in any way, and is then not of this kind)
        return {}


def from_npy(path: Path, *, whose: str = "motion", most_bytes: int = MOST_BYTES) -> Any:
    """The array of an .npy file, or the plain values that were stored as objects."""
    size = size_of(path, most_bytes)
    with _said(path, "it is no .npy that can be read", whose), path.open("rb") as stream:
        return _content(stream, size, most_bytes)


def header_of(path: Path) -> Header | None:
    """What an .npy says of itself; None where it is none. Never raises."""
    try:
        with path.open("rb") as stream:
            return _header(stream)
    except Exception:  # noqa: BLE001  (as above)
        return None


def _header(stream: IO[bytes]) -> Header:
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    try:
        shape, is_fortran, dtype = read(stream)
    except Exception as error:
        raise ValueError("its header is damaged") from error  # NumPy's own words repeat the damage
    if any(side < 0 for side in shape):
        raise ValueError("a side of negative length")
    return Header(shape, dtype, is_fortran)


def _content(stream: IO[bytes], size: int, most_bytes: int) -> Any:
    header = _header(stream)
    behind_header = size - stream.tell()
    if header.holds_objects:
        return _unpickled(stream.read(behind_header), most_bytes, _MOST_VALUES)
    if header.dtype.kind not in _PLAIN_KINDS or header.dtype.subdtype is not None:
        raise ValueError(f"it is of the kind {header.dtype}")
    if header.size_bytes != behind_header:
        raise ValueError(f"it says {header.shape}, and has {behind_header} bytes")
    raw = stream.read(behind_header)
    if len(raw) != behind_header or stream.read(1):  # reading to the end also checks an archive's checksum
        raise ValueError("it is cut short")
    array = np.frombuffer(raw, header.dtype) if raw else np.zeros(0, header.dtype)
    return _with_real_letters(array.reshape(header.shape, order="F" if header.is_fortran else "C"))


def _with_real_letters(array: ndarray) -> ndarray:
    """NumPy keeps text as numbers of letters and checks none of them; Python fails on those that are none."""
    if array.dtype.kind == "U" and array.dtype.itemsize:
        codes = np.frombuffer(array.tobytes(), np.dtype(np.uint32).newbyteorder(array.dtype.byteorder))
        if ((codes > 0x10FFFF) | ((codes >= 0xD800) & (codes < 0xE000))).any():
            raise ValueError(_NO_LETTERS)
    return array


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    size_of(path, MOST_BYTES)
    with _said(path, "it is no .npz that can be read", ""):
        with path.open("rb") as file:
            _look_at_list(file)
        archive = zipfile.ZipFile(path)
        if any(each.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for each in archive.infolist()):
            archive.close()
            raise ValueError("it is packed in a way NumPy does not use")
    with archive:
        yield archive


def _look_at_list(file: IO[bytes]) -> None:
    """An archive's list is read whole when it is opened; how long it is stands at its end."""
    file.seek(0, io.SEEK_END)
    end = file.tell()
    file.seek(max(0, end - 65_600))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0:
        raise ValueError("it has no list of what is in it")
    if int.from_bytes(tail[at + 12 : at + 16], "little") > _MOST_LISTED_BYTES or b"PK\x06\x07" in tail[:at][-20:]:
        raise ValueError("far more is in it than a recording needs")


# ---- what all share ----


def bytes_of(path: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """The whole of a file that is not too large."""
    size_of(path, most_bytes)
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileError(path, f"cannot be read ({error.strerror})", hint="Choose a file that can be.") from None


def size_of(path: Path, most_bytes: int = MOST_BYTES) -> int:
    """How large a file is; FileError where it cannot be read or is too large."""
    try:
        size = path.stat().st_size
        if not path.is_file():  # a folder; a pipe, whose reading would never end
            raise FileError(path, "is no file", hint="Choose a file.")
    except OSError as error:
        raise FileError(path, f"cannot be read ({error.strerror})", hint="Choose a file that can be.") from None
    if size > most_bytes:
        raise FormatError(path, f"it is far too large ({size / 2**20:,.0f} MB)", hint="Is it the right file?")
    return size


def beginning_of(path: Path, most: int = 65_536) -> bytes:
    """The first bytes of a file; nothing where it cannot be read. For telling formats apart."""
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError:
        return b""


@contextmanager
def _said(path: Path, what: str, whose: str) -> Iterator[None]:
    """A damaged pickle or archive can fail in any way; it ends in a sentence."""
    try:
        yield
    except CoreError:
        raise
    except restricted_pickle.RefusedError as error:
        raise FormatError(path, f"it asks for {error.wanted}, which no {whose} needs", hint=_NOT_RUN) from None
    except Exception as error:  # noqa: BLE001
        raise FormatError(path, f"{what} ({_in_words(error)})", hint=_AGAIN) from None


def _in_words(error: Exception) -> str:
    if isinstance(error, MemoryError | OverflowError):
        return "it says a size that cannot be"
    if isinstance(error, EOFError):
        return "it is cut short"
    if not isinstance(error, ValueError | restricted_pickle.UnfitError | zipfile.BadZipFile | pickle.UnpicklingError):
        return "it is damaged"  # and what a reader says of that helps nobody
    words = "".join(each if each.isprintable() else " " for each in str(error))
    return " ".join(words.split())[:120] or "it is damaged"
