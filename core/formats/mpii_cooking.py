"""MPII Cooking 2: its folder, or its annotations alone; and the table of the older MPII Cooking.

    attributesAnnotations_MPII-Cooking-2.mat       MATLAB 7.3, which is HDF5: what is done, when, by whom, with what
    experimentalSetup/sequences{TrainAttr,Val,Test}.txt     the makers' split, `sSS-dDD …` a line
    videos/sSS-dDD-cam-002.avi                     29.4 frames a second; sSS is who cooks, dDD the dish

In the .mat's group `annos` all intervals (14,105) stand in columns: `startFrame` and `endFrame` count from 1 and both
belong to the interval; `activity` is a verb with a V behind it ("cut apartV"); `iaMat` (attributes × intervals) says
which of `attributeMap` belong to an interval: verbs, and objects without a V. Texts are references to arrays of UTF-16.

The forecaster's paper leaves out what is done in the background of the room, such as taking things out of a cupboard
or the fridge. The files mark no such thing, so a place among an interval's objects tells: there "take out" becomes the
action "take out in the background", which is learned as nothing.

Layout: the data set's page and its annos.mat-README. MPII Cooking (1) has `detectionGroundtruth-1-0.csv` instead:
subject,file name,first frame,last frame,category number,category name, without a header; category 1 is background.
"""

import csv
import io
import mmap
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from core.errors import CoreError, FileError, FormatError
from core.formats.annotated import Annotations, ForeignClip, ForeignSegment
from core.wording import counted

if TYPE_CHECKING:
    import h5py

LICENCE = "MPII Cooking: academic use only, no redistribution"
BACKGROUND = "background"
IN_BACKGROUND = " in the background"
"""Behind a verb: done at the far side of the room."""
_PLACES = "cupboard,fridge"
_ALWAYS_BACKGROUND = ("enter",)
_USUAL_RATE_HZ = 29.4
_FILE = "attributesAnnotations_MPII-Cooking-2.mat"
_SPLIT = {"train": "sequencesTrainAttr.txt", "validation": "sequencesVal.txt", "test": "sequencesTest.txt"}
_SPLIT_NAME = "MPII Cooking 2"
_CAMERA = "-cam-002"
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_NAMES = (b"attributeMap", b"iaMat", b"startFrame", b"fileName")
_MOST_BYTES = 2**30
_MOST_INTERVALS = 1_000_000
_MOST_ATTRIBUTES = 10_000
_MOST_MATRIX_BYTES = 2**28
_LONGEST_TEXT = 1000
_LAST_FRAME = 10**8
_MOST_LINES = 1_000_000
_VIDEO = re.compile(r"(s\d+)-(d\d+)-cam-\d+")
_HINT = "It should be the file that MPII Cooking 2 ships; get it again."
_OLD_HINT = "Its lines are: subject,file name,first frame,last frame,category number,category name."


# ---- telling ----


def is_mpii_cooking_2(path: Path) -> bool:
    """Whether this is the .mat of annotations, or the folder with it."""
    return _annotations_in(path) is not None


def is_mpii_cooking_1(path: Path) -> bool:
    """Whether this is the older data set's table of intervals: no header, six columns, a video of the kitchen."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            rows = list(csv.reader(io.StringIO(file.read(4096).decode("utf-8"))))[:3]
        return bool(rows) and all(_old_row(row) for row in (rows[:-1] or rows))
    except (OSError, UnicodeDecodeError, csv.Error):
        return False


def _annotations_in(path: Path) -> Path | None:
    try:
        candidates = sorted(path.glob("*.mat")) if path.is_dir() else [path]
        return next((each for each in candidates[:50] if _is_annotations(each)), None)
    except OSError:
        return None


def _is_annotations(path: Path) -> bool:
    """By the names that an HDF5 file keeps in plain bytes, so that nothing parses a foreign file yet."""
    if path.suffix.lower() != ".mat" or not path.is_file() or path.stat().st_size < 1024:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        has_signature = any(content[at : at + 8] == _SIGNATURE for at in (0, 512))
        return has_signature and all(content.find(name) >= 0 for name in _NAMES)


# ---- MPII Cooking 2 ----


def read(path: Path, *, background: str = _PLACES) -> Annotations:
    """The data set's clips, one performer each, its split, and which actions are background.

    `background` names the objects, with commas between, that put an interval into the background; empty: none do.
    """
    file = _annotations_in(path)
    if file is None:
        raise FormatError(path, f"no {_FILE} in it", hint="Choose the folder of MPII Cooking 2 that holds it.")
    root = path if path.is_dir() else path.parent
    places = {each.strip().lower() for each in background.split(",") if each.strip()}
    try:
        with _opened(file) as annos:
            intervals = _Intervals(file, annos)
    except CoreError:
        raise
    except Exception as error:  # noqa: BLE001  (a damaged HDF5 file can fail in any way)
        raise FormatError(file, f"it is damaged ({type(error).__name__}: {error})"[:300], hint=_HINT) from None
    of_clip: dict[str, list[ForeignSegment]] = {name: [] for name in dict.fromkeys(intervals.names)}
    learned_as, backwards = {}, []
    for at, name in enumerate(intervals.names):
        start, end = int(intervals.starts[at]) - 1, int(intervals.ends[at])
        if end <= start:
            backwards.append(at + 1)
            continue
        objects = intervals.objects_of(at)
        action = intervals.action(at)
        if action != BACKGROUND and places.intersection(each.lower() for each in objects):
            action += IN_BACKGROUND
        if action == BACKGROUND or action.endswith(IN_BACKGROUND) or action in _ALWAYS_BACKGROUND:
            learned_as[action] = ""
        of_clip[name].append(ForeignSegment(action, start, end, objects=objects))
    clips = tuple(
        ForeignClip(
            name=name,
            segments=tuple(segments),
            rate_hz=intervals.rate_hz,
            performer=_performer(name),
            videos=(f"videos/{name}.avi", f"{name}.avi"),
        )
        for name, segments in of_clip.items()
    )
    splits, notes = _split(root, set(of_clip))
    if backwards:
        numbers = ", ".join(map(str, backwards[:5])) + (", …" if len(backwards) > 5 else "")
        notes.append(f"{counted(len(backwards), 'interval')} ended before the start and were left out: {numbers}")
    not_learned = sum(each.action in learned_as for clip in clips for each in clip.segments)
    if not_learned:
        kinds = ["coming in", "nothing", *(f"anything at the {each}" for each in sorted(places))]
        notes.append(f"{counted(not_learned, 'interval')} of background are kept and not learned: {', '.join(kinds)}")
    return Annotations(clips, LICENCE, splits, learned_as=learned_as, notes=tuple(notes))


class _Intervals:
    """The columns of `annos`, read and checked."""

    def __init__(self, path: Path, annos: "h5py.Group") -> None:
        self._path = path
        starts = _numbers(path, annos, "startFrame", _MOST_INTERVALS)
        ends = _numbers(path, annos, "endFrame", _MOST_INTERVALS)
        if len(ends) != len(starts):
            raise FormatError(path, f"annos has {len(starts)} startFrame and {len(ends)} endFrame", hint=_HINT)
        for name, column in (("startFrame", starts), ("endFrame", ends)):
            bad = np.flatnonzero(~((column >= 1) & (column <= _LAST_FRAME)))
            if len(bad):
                raise FormatError(path, f"{name} of interval {bad[0] + 1} is {column[bad[0]]:g}", hint=_HINT)
        self.starts, self.ends = starts, ends
        self.names = _texts(path, annos, "fileName", len(starts))
        self._activities = _texts(path, annos, "activity", len(starts))
        attributes = _texts(path, annos, "attributeMap", None)
        self._objects = [(at, each) for at, each in enumerate(attributes) if not each.endswith("V")]
        self._belongs = _matrix(path, annos, len(attributes), len(starts))
        rate = _numbers(path, annos, "frameRate", 1) if "frameRate" in annos else np.array([_USUAL_RATE_HZ])
        self.rate_hz = float(rate[0]) if len(rate) == 1 and 1 <= rate[0] <= 1000 else _USUAL_RATE_HZ
        self._nothing = _text(path, annos["bgClassName"], "annos/bgClassName") if "bgClassName" in annos else ""
        for at, name in enumerate(self.names):
            if not name.strip():
                raise FormatError(path, f"fileName of interval {at + 1} is empty", hint=_HINT)

    def action(self, at: int) -> str:
        """The verb of an interval."""
        said = self._activities[at]
        verb = said.removesuffix("V").strip()
        return BACKGROUND if not verb or said == self._nothing or verb.lower() == BACKGROUND else verb

    def objects_of(self, at: int) -> tuple[str, ...]:
        column = self._belongs[:, at]
        return tuple(name for row, name in self._objects if column[row])


def _performer(name: str) -> str:
    match = _VIDEO.fullmatch(name)
    return match[1] if match else ""


def _split(root: Path, known: set[str]) -> tuple[dict[str, dict[str, tuple[str, ...]]], list[str]]:
    """The makers' split as far as its files are there, and what in it is odd."""
    parts: dict[str, tuple[str, ...]] = {}
    notes: list[str] = []
    taken: set[str] = set()
    for part, file in _SPLIT.items():
        path = root / "experimentalSetup" / file
        if not path.is_file():
            continue
        names = [f"{line.split()[0]}{_CAMERA}" for line in _lines(path) if line.split()]
        unknown = [each for each in names if each not in known]
        twice = [each for each in names if each in taken]
        if unknown:
            notes.append(f"{file} names {counted(len(unknown), 'video')} without an interval: {_some(unknown)}")
        if twice:
            notes.append(
                f"{file} names {counted(len(twice), 'video')} of another part, where they stay: {_some(twice)}"
            )
        parts[part] = tuple(each for each in dict.fromkeys(names) if each in known and each not in taken)
        taken.update(parts[part])
    if not any(parts.values()):
        return {}, [*notes, "The makers' split is not there: experimentalSetup has none of its files"]
    without = len(known - taken)
    if without:
        notes.append(f"{counted(without, 'video')} {'belongs' if without == 1 else 'belong'} to no part of their split")
    return {_SPLIT_NAME: parts}, notes


def _some(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(each[:200] for each in names[:5]) + (", …" if len(names) > 5 else "")


def _lines(path: Path) -> list[str]:
    try:
        if path.stat().st_size > 1_000_000:
            raise FormatError(path, "it is too large for a list of videos")
        return path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise FormatError(path, "it is no text", hint="It should list a video a line.") from None
    except OSError as error:
        raise FileError(path, f"cannot be read ({error.strerror})", hint="Check its permissions.") from None


# ---- HDF5 ----


@contextmanager
def _opened(path: Path) -> "Iterator[h5py.Group]":
    import h5py

    try:
        size = path.stat().st_size
    except OSError as error:
        raise FileError(path, f"cannot be read ({error.strerror})", hint="Check the path.") from None
    if size > _MOST_BYTES:
        raise FormatError(
            path, f"it is larger than {_MOST_BYTES >> 20} MB, which these annotations are not", hint=_HINT
        )
    with h5py.File(path, "r") as file:
        annos = file["annos"] if isinstance(file.get("annos", getlink=True), h5py.HardLink) else None
        if not isinstance(annos, h5py.Group):
            raise FormatError(path, "it has no group annos", hint=_HINT)
        yield annos


def _dataset(path: Path, annos: "h5py.Group", name: str) -> "h5py.Dataset":
    """A dataset that lies in the file itself; links and places outside are not followed."""
    import h5py

    if name not in annos:
        raise FormatError(path, f"annos has no {name}", hint=_HINT)
    found = annos[name] if isinstance(annos.get(name, getlink=True), h5py.HardLink) else None
    if not isinstance(found, h5py.Dataset):
        raise FormatError(path, f"annos/{name} is no table", hint=_HINT)
    return _own(path, found, f"annos/{name}")


def _own(path: Path, found: Any, where: str) -> Any:
    if found.is_virtual or found.external:
        raise FormatError(path, f"{where} lies in another file, which is not read", hint=_HINT)
    return found


def _numbers(path: Path, annos: "h5py.Group", name: str, most: int) -> ndarray:
    """A column of numbers, all finite."""
    found = _dataset(path, annos, name)
    if found.size is None or found.size > most or found.dtype.kind not in "iuf" or found.dtype.itemsize > 8:
        raise FormatError(path, f"annos/{name} is no column of numbers of a sensible length", hint=_HINT)
    column = np.asarray(found[()], float).ravel()
    if not np.isfinite(column).all():
        bad = int(np.flatnonzero(~np.isfinite(column))[0])
        raise FormatError(path, f"{name} of interval {bad + 1} is no number", hint=_HINT)
    return column


def _matrix(path: Path, annos: "h5py.Group", attributes: int, intervals: int) -> ndarray:
    """`iaMat` as truth values, attributes × intervals."""
    found = _dataset(path, annos, "iaMat")
    if found.shape not in ((attributes, intervals), (intervals, attributes)):
        wanted = f"{attributes} × {intervals}"
        raise FormatError(path, f"iaMat has the shape {found.shape}, not {wanted}", hint=_HINT)
    if found.dtype.kind not in "biuf" or found.size * found.dtype.itemsize > _MOST_MATRIX_BYTES:
        raise FormatError(path, "iaMat is no table of truth values of a sensible size", hint=_HINT)
    values = np.asarray(found[()])
    if not np.isin(values, (0, 1)).all():
        raise FormatError(path, "iaMat holds more than zeros and ones", hint=_HINT)
    belongs = values.astype(bool)
    return belongs if found.shape == (attributes, intervals) else belongs.T


def _texts(path: Path, annos: "h5py.Group", name: str, count: int | None) -> list[str]:
    """A column of texts: references, each to an array of UTF-16."""
    import h5py

    found = _dataset(path, annos, name)
    if h5py.check_ref_dtype(found.dtype) is not h5py.Reference or not found.size:
        raise FormatError(path, f"annos/{name} is no column of texts", hint=_HINT)
    if found.size > (_MOST_ATTRIBUTES if count is None else count) or (count is not None and found.size != count):
        wanted = f"not {count}" if count is not None else "which are too many"
        raise FormatError(path, f"annos/{name} has {found.size} entries, {wanted}", hint=_HINT)
    texts = []
    for at, reference in enumerate(found[()].ravel()):
        target = annos.file[reference] if reference else None
        if not isinstance(target, h5py.Dataset):
            raise FormatError(path, f"annos/{name}: entry {at + 1} leads nowhere", hint=_HINT)
        texts.append(_text(path, target, f"annos/{name}, entry {at + 1}"))
    return texts


def _text(path: Path, target: Any, where: str) -> str:
    _own(path, target, where)
    if target.dtype.kind != "u" or target.dtype.itemsize > 2 or not target.size or target.size > _LONGEST_TEXT:
        # MATLAB keeps an empty text as its shape, two numbers of eight bytes.
        if target.size == 2 and target.dtype == np.uint64:
            return ""
        raise FormatError(path, f"{where} is no text", hint=_HINT)
    codes = np.asarray(target[()], "<u2").ravel(order="F")
    try:
        return codes.tobytes().decode("utf-16-le")
    except UnicodeDecodeError:
        raise FormatError(path, f"{where} is no text", hint=_HINT) from None


# ---- MPII Cooking (1) ----


def read_older(path: Path) -> Annotations:
    """The older data set's table: frames count from 1, both ends belong to the interval; category 1 is background."""
    of_clip: dict[str, list[ForeignSegment]] = {}
    performers: dict[str, str] = {}
    learned_as: dict[str, str] = {}
    try:
        if path.stat().st_size > 100_000_000:
            raise FormatError(path, "it is too large for a table of intervals", hint=_OLD_HINT)
        text = path.read_text(encoding="utf-8-sig")
        for number, row in enumerate(csv.reader(io.StringIO(text)), start=1):
            if not row:
                continue
            if number > _MOST_LINES:
                raise FormatError(path, f"it has more than {_MOST_LINES} lines", hint=_OLD_HINT)
            if not _old_row(row):
                raise FormatError(path, f"line {number} is no interval: {','.join(row)[:80]!r}", hint=_OLD_HINT)
            subject, name, start, end, category, action = (each.strip() for each in row)
            if int(end) < int(start) or int(start) < 1 or int(end) > _LAST_FRAME:
                raise FormatError(path, f"line {number}: no interval goes from frame {start} to {end}", hint=_OLD_HINT)
            action = BACKGROUND if int(category) == 1 else action
            if action == BACKGROUND:
                learned_as[BACKGROUND] = ""
            of_clip.setdefault(name, []).append(ForeignSegment(action, int(start) - 1, int(end)))
            performers[name] = _performer(name) or subject
    except UnicodeDecodeError:
        raise FormatError(path, "it is no text in UTF-8", hint=_OLD_HINT) from None
    except csv.Error as error:
        raise FormatError(path, f"it is no table ({error})", hint=_OLD_HINT) from None
    except OSError as error:
        raise FileError(path, f"cannot be read ({error.strerror})", hint="Check the path.") from None
    if not of_clip:
        raise FormatError(path, "it holds no interval", hint=_OLD_HINT)
    clips = tuple(
        ForeignClip(
            name=name,
            segments=tuple(segments),
            rate_hz=_USUAL_RATE_HZ,
            performer=performers[name],
            videos=(f"videos/{name}.avi", f"{name}.avi"),
        )
        for name, segments in of_clip.items()
    )
    return Annotations(clips, LICENCE, learned_as=learned_as)


def _old_row(row: list[str]) -> bool:
    numbers = all(re.fullmatch(r"\s*\d{1,9}\s*", each) for each in row[2:5])
    return len(row) == 6 and numbers and _VIDEO.fullmatch(row[1].strip()) is not None and bool(row[5].strip())
