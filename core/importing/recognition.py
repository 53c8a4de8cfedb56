"""What a file or folder of others is, told by its content: one known format, or a refusal that says what it may be.

    found = what_is(Path("AMASS/CMU"))         # found.format.name == "AMASS", found.files, found.size_bytes
    found = what_is(folder, only=("a.bvh",))   # of the folder these files alone

A folder that is one whole thing (a release, a folder of OpenPose) is that. In any other folder the files are looked
at one by one, the folders in it too: files of one format are a folder of that format; of several, none is chosen and
all are named. Nothing is read but the beginnings of files; hidden files and what travels along (licences, read-mes,
bodies without motion) are passed over. A .zip is looked into once it is unpacked: `unpacked` does that within bounds.
"""

import fnmatch
import os
import shutil
import stat
import struct
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from core.errors import FileError, FormatError, ProjectError
from core.formats import FORMATS, Format
from core.wording import counted

MOST_FILES = 200_000
MOST_UNPACKED_BYTES = 64 * 2**30
MOST_RATIO = 200
"""Text packs to a hundredth; what packs to less is made to fill a disk."""
_ANYTHING = {".csv", ".tsv", ".txt", ".json", ".xml", ""}
"""Endings that say nothing of what is in a file."""
_ELSEWHERE = {
    (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v"): "Videos come in as clips: posecast add.",
    (".zip",): "Name one of the .zip files in it, or unpack them.",
    (".gz", ".tar", ".tgz", ".bz2", ".xz", ".7z", ".rar"): "Unpack it first.",
    (".csv", ".tsv"): "A table of one's own: --format Segment --column action=… --column start=… --column end=…",
}
"""What is to be done with files that are of no format of data."""
_SMALL_BYTES = 64 * 2**20  # unpacks without harm, whatever its ratio
_DEEPEST = 32
_MEMBER = struct.Struct("<4s24x3H12x")  # of the list in a .zip: signature, and how long its name and two fields are
_END = struct.Struct("<12xI6x")  # of a .zip: how long its list is
_LARGE = struct.Struct("<40xQ8x")  # the same of one beyond 4 GB or 65,535 members, with 20 bytes behind that say where
_LARGE_LOCATOR = 20
_LONGEST_END = _LARGE.size + _LARGE_LOCATOR + _END.size + 2**16
_PASSED_OVER = (
    "licen[cs]e*", "readme*", "*changelog*", "thumbs.db", "desktop.ini", "__macosx",
    "shape.npz", "*_stagei.npz", "*_shape.npz",  # AMASS: a body without motion
)  # fmt: skip


@dataclass(frozen=True)
class Recognised:
    """What `source` is. `files` are what is read, one after the other: the source itself, or the files below it."""

    source: Path
    format: Format
    files: tuple[Path, ...]
    size_bytes: int
    passed_over: int = 0
    """Files of the folder that are of no known format."""
    locked: tuple[Path, ...] = ()
    """Folders in it that cannot be looked into."""

    @property
    def is_many(self) -> bool:
        """Whether it is a folder of files that stand for themselves."""
        return self.files != (self.source,)

    def says(self) -> str:
        """`AMASS, 1000 files, 3.2 GB`."""
        files = f", {counted(len(self.files), 'file')}" if self.is_many else ""
        return f"{self.format.name}{files}, {spelled_size(self.size_bytes)}"


def named(name: str) -> Format:
    """The format called `name`, in any case; the beginning of its name is enough where only one begins so."""
    exact = [each for each in FORMATS if each.name.lower() == name.lower()]
    found = exact or [each for each in FORMATS if each.name.lower().startswith(name.lower())]
    if len(found) > 1:
        names = ", ".join(each.name for each in found)
        raise ProjectError(f"Several formats begin with {name!r}.", hint=f"Name one of them whole: {names}.")
    if not found:
        raise ProjectError(f"There is no format {name!r}.", hint=f"Known: {', '.join(each.name for each in FORMATS)}.")
    return found[0]


def claims(path: Path) -> list[Format]:
    """Every format that takes a file, or a folder as a whole, for its own."""
    return [each for each in FORMATS if each.sniff(path)]


def recognise(source: Path) -> Format:
    """The format of a file or folder, told by its content."""
    return what_is(source).format


def what_is(source: Path, format: str = "", only: Sequence[str] = ()) -> Recognised:  # noqa: A002 (what people call it)
    """What a file or folder is. With `format`, what of it is of that format; FormatError where nothing is.

    `only` are paths below the folder `source`: of all its files these alone are looked at.
    """
    if not source.exists():
        raise FileError(source, "there is no such file or folder", hint="Check the path.")
    refuse_unnameable(source)
    if not source.is_dir() and not _is_regular(source):
        raise FileError(source, "is neither a file nor a folder", hint="Name a file or a folder.")
    asked = named(format) if format else None
    if only:
        return _of_folder(source, asked, _chosen_below(source, only))
    for inside in _down_from(source):
        if asked is None:
            whole = claims(inside)
        else:
            is_named = inside.is_file() and (inside == source or _may_be(inside, asked))
            whole = [asked] if is_named or asked.sniff(inside) else []
        if len(whole) == 1:
            return Recognised(inside, whole[0], (inside,), _size_of(inside))
        if whole:
            raise _undecided(inside, " or ".join(each.name for each in whole))
    if source.is_dir():
        return _of_folder(source, asked)
    raise unknown(source)


def _down_from(source: Path) -> Iterator[Path]:
    """The source, and what alone lies in it, as zips unpack."""
    for _ in range(_DEEPEST):
        yield source
        if not source.is_dir():
            return
        try:
            inside = [each for each in source.iterdir() if not _is_by_product(each.name)]
        except OSError as error:
            raise FileError(source, f"cannot be read ({error.strerror})", hint="Check its permissions.") from None
        if len(inside) != 1 or inside[0].is_symlink() or not (inside[0].is_dir() or _is_regular(inside[0])):
            return
        source = inside[0]


def unknown(source: Path) -> FormatError:
    """That nobody knows what this is."""
    known = ", ".join(each.name for each in FORMATS)
    return FormatError(
        source, "its content is of no known format", hint=f"{_advice([source])}Name one with --format. Known: {known}."
    )


def _advice(paths: Sequence[Path]) -> str:
    """What else can be done with files that are of no known format."""
    endings = {each.suffix.lower() for each in paths}
    for wanted, words in _ELSEWHERE.items():
        if endings & set(wanted):
            return f"{words} "
    return ""


def _undecided(source: Path, may_be: str) -> FormatError:
    return FormatError(source, f"it may be {may_be}", hint="Say which it is with --format.")


# ---- folders ----


def _chosen_below(folder: Path, only: Sequence[str]) -> list[Path]:
    """These files of a folder, in the order of their names."""
    found: list[Path] = []
    for name in sorted(set(only)):
        place = PurePosixPath(name)
        path = folder.joinpath(*place.parts)
        if place.is_absolute() or ".." in place.parts or not _is_regular(path):
            raise FileError(path, f"there is no such file in {folder.name}", hint="Check the path.")
        found.append(path)
    return found


def _of_folder(source: Path, asked: Format | None, paths: Iterable[Path] | None = None) -> Recognised:
    """A folder of files of one format (`paths`, otherwise all below it). Files that end like that format's but are
    damaged are kept, to be listed.
    """
    claimed: list[tuple[Path, Format]] = []
    doubtful: dict[str, tuple[Path, int]] = {}
    others: list[Path] = []
    locked: list[Path] = []
    for path in files_below(source, locked) if paths is None else paths:
        found = [each for each in ([asked] if asked else FORMATS) if _may_be(path, each) and each.sniff(path)]
        if len(found) == 1:
            claimed.append((path, found[0]))
        elif found:
            names = " or ".join(each.name for each in found)
            doubtful[names] = (path, doubtful.get(names, (path, 0))[1] + 1)
        else:
            others.append(path)
    counts = Counter(each.name for _, each in claimed)
    counts.update({names: count for names, (_, count) in doubtful.items()})
    if len(counts) > 1:
        shares = ", ".join(f"{name} ({counted(count, 'file')})" for name, count in counts.most_common())
        raise FormatError(source, f"it holds {shares}", hint="Say which to take with --format.")
    if doubtful:
        ((names, (path, _)),) = doubtful.items()
        raise _undecided(path, names)
    if not claimed:
        raise _nothing_in(source, asked, others)
    chosen = claimed[0][1]
    if chosen.holds not in ("motion", "motion labels"):  # of those each file is listed with its reason
        for path, _ in claimed:
            refuse_unnameable(path)
    alike = {path.suffix.lower() for path, _ in claimed}
    if chosen.holds != "motion":  # beside tables lie other tables, beside recordings damaged recordings
        alike -= _ANYTHING
    kept = {path for path, _ in claimed} | {path for path in others if path.suffix.lower() in alike}
    files = tuple(path for path in sorted(kept))
    size = sum(_size_of(path) for path in files)
    passed_over = len(others) + len(claimed) - len(files)
    return Recognised(source, chosen, files, size, passed_over, tuple(locked))


def _may_be(path: Path, known: Format) -> bool:
    """A file of a folder is looked at by the formats that end so: a folder holds much that nobody meant."""
    return path.suffix.lower() in known.endings


def _nothing_in(source: Path, asked: Format | None, files: Sequence[Path]) -> FormatError:
    if asked is not None:
        return FormatError(source, f"nothing in it is {asked.name}", hint="Check the folder, or leave --format out.")
    held = f"none of its {counted(len(files), 'file')} is" if files else "it holds no file that is"
    known = ", ".join(each.name for each in FORMATS)
    return FormatError(source, f"{held} of a known format", hint=f"{_advice(files)}Known: {known}.")


def files_below(folder: Path, locked: list[Path] | None = None) -> Iterator[Path]:
    """The files of a folder and of the folders in it, in the order of their names; links to folders are left.

    Folders that cannot be looked into are added to `locked`.
    """
    found = 0
    shut = locked if locked is not None else []
    for at, folders, names in os.walk(folder, onerror=lambda error: shut.append(Path(error.filename))):
        here = Path(at)
        folders[:] = sorted(each for each in folders if not _is_by_product(each))
        if len(here.relative_to(folder).parts) >= _DEEPEST:
            folders.clear()
        for name in sorted(names):
            path = here / name
            if _is_by_product(name) or not _is_regular(path):
                continue
            found += 1
            if found > MOST_FILES:
                raise FormatError(folder, f"it holds more than {MOST_FILES} files", hint="Import it folder by folder.")
            yield path


def refuse_unnameable(path: Path) -> None:
    """FileError where a name cannot be written down: its letters are in another encoding than the system's."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        what = "its name, or a folder's above it, is not UTF-8"
        raise FileError(path, what, hint="Rename it, then import again.") from None


def _is_by_product(name: str) -> bool:
    return name.startswith(".") or any(fnmatch.fnmatchcase(name.lower(), each) for each in _PASSED_OVER)


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def _size_of(path: Path) -> int:
    try:
        if path.is_dir():
            return sum(each.stat().st_size for each in files_below(path))
        return path.stat().st_size
    except OSError:
        return 0


def spelled_size(size_bytes: int) -> str:
    """`3.2 GB`."""
    size, unit = float(size_bytes), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:.0f} {unit}" if unit == "bytes" or size >= 100 else f"{size:.1f} {unit}"


# ---- zips ----


def is_packed(source: Path) -> bool:
    """Whether this is a .zip that has to be unpacked to be known (an .npz is one too, and is not)."""
    return source.suffix.lower() == ".zip" and source.is_file() and zipfile.is_zipfile(source)


@contextmanager
def unpacked(source: Path, below: Path) -> Iterator[Path]:
    """What a .zip holds, in a folder below `below` that is there for as long as the block.

    FormatError where a member would leave that folder, or all together would unpack to far more than data do.
    """
    place = below / "unpacked" / (source.stem or "zip")
    shutil.rmtree(place.parent, ignore_errors=True)
    try:
        place.mkdir(parents=True)
        _refuse_countless(source)
        with zipfile.ZipFile(source) as archive:
            members = _members(source, archive, shutil.disk_usage(place).free)
            for member in members:
                _unpack(source, archive, member, place)
        yield place
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, zlib.error) as error:
        raise FormatError(source, f"this .zip cannot be unpacked ({error})", hint="Fetch it again.") from None
    finally:
        shutil.rmtree(place.parent, ignore_errors=True)


def _refuse_countless(source: Path) -> None:
    """FormatError where a .zip lists too many members. `zipfile` makes something of each before it can be asked, so
    the list itself is walked along first, header by header; the number that stands behind it may be a lie.
    """
    try:
        with source.open("rb") as file:
            start, size = _list_of_members(file)
            file.seek(start)
            walked = number = 0
            while walked < size:
                header = file.read(_MEMBER.size)
                if len(header) < _MEMBER.size or header[:4] != b"PK\1\2":
                    return  # damaged: `zipfile` says so
                more = sum(_MEMBER.unpack(header)[1:])
                file.seek(more, os.SEEK_CUR)
                walked += _MEMBER.size + more
                number += 1
                if number > MOST_FILES:
                    what = f"it lists more than {MOST_FILES} files and folders"
                    raise FormatError(source, what, hint="Unpack it by hand.")
    except OSError as error:
        raise FileError(source, f"cannot be read ({error.strerror})", hint="Check its permissions.") from None


def _list_of_members(file: BinaryIO) -> tuple[int, int]:
    """Where the list begins and how long it is, by the record at the end of a .zip and that of large ones before it."""
    size = file.seek(0, os.SEEK_END)
    tail_at = max(size - _LONGEST_END, 0)
    file.seek(tail_at)
    tail = file.read()
    at = len(tail) - _END.size
    if at < 0 or tail[at : at + 4] != b"PK\5\6" or tail[-2:] != b"\0\0":  # words of its maker come last
        at = tail.rfind(b"PK\5\6")
    if at < 0 or at + _END.size > len(tail):
        return 0, 0
    (long,) = _END.unpack_from(tail, at)
    large_at = at - _LARGE_LOCATOR - _LARGE.size
    if large_at >= 0 and tail[at - _LARGE_LOCATOR :][:4] == b"PK\6\7" and tail[large_at : large_at + 4] == b"PK\6\6":
        (long,) = _LARGE.unpack_from(tail, large_at)
        at = large_at
    return max(tail_at + at - long, 0), min(long, size)


def _members(source: Path, archive: zipfile.ZipFile, free_bytes: int) -> list[zipfile.ZipInfo]:
    members = [each for each in archive.infolist() if not each.is_dir()]
    total = sum(each.file_size for each in members)
    packed = min(sum(each.compress_size for each in members), source.stat().st_size)  # members may lie over each other
    if total > MOST_UNPACKED_BYTES or (total > _SMALL_BYTES and total > MOST_RATIO * max(packed, 1)):
        what = f"it would unpack to {spelled_size(total)}, {total // max(packed, 1)} times its size"
        raise FormatError(source, what, hint="Data do not pack so tightly. Unpack it by hand if you trust it.")
    if total > 0.9 * free_bytes:
        raise FormatError(source, f"it unpacks to {spelled_size(total)}, and there is less room", hint="Free some.")
    for member in members:
        parts = PurePosixPath(member.filename.replace("\\", "/")).parts
        is_link = stat.S_ISLNK(member.external_attr >> 16)
        if not parts or parts[0] == "/" or ".." in parts or ":" in parts[0] or "\0" in member.filename or is_link:
            raise FormatError(
                source, f"a member would leave its folder: {member.filename!r}", hint="Nothing was unpacked."
            )
        if member.flag_bits & 1:
            raise FormatError(source, "it is locked with a password", hint="Unpack it by hand, then import the folder.")
    return [each for each in members if not any(map(_is_by_product, PurePosixPath(each.filename).parts))]


def _unpack(source: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, place: Path) -> None:
    """One member, never more of it than it says; its time of change is kept, by which it is known again."""
    path = place.joinpath(*PurePosixPath(member.filename.replace("\\", "/")).parts)
    left = member.file_size
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(member) as packed, path.open("xb") as file:
            while piece := packed.read(min(left + 1, 2**20)):
                left -= len(piece)
                if left < 0:
                    raise FormatError(source, f"{member.filename} is larger than it says", hint="Fetch it again.")
                file.write(piece)
    except FileExistsError:
        raise FormatError(source, f"{member.filename} is in it twice", hint="Unpack it by hand.") from None
    except OSError as error:
        why = f"{member.filename} cannot be unpacked ({error.strerror or error})"
        raise FormatError(source, why, hint="Unpack it by hand, then import the folder.") from None
    with suppress(OSError, ValueError, OverflowError):
        at = time.mktime((*member.date_time, 0, 0, -1))
        os.utime(path, (at, at))
