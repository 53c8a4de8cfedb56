"""Data sets of recorded motion beside a project: appended to while they are imported, never changed.

    datasets/<key>/set.json                what it is: name, format, where it came from, licence, how it was taken in
    datasets/<key>/index.jsonl             one line for each source file that is done, in the order they were taken
    datasets/<key>/motions/<name>.npz      one recording; the name is made from its content
    datasets/<key>/splits/<name>.json      which recordings a model learns from, is chosen on, and is measured on

A line is written when all recordings of its file are on the disk, so an import that was stopped or killed goes on
behind the last whole line, and one that is run twice finds every file done. A file that could not be read has a line
that says why. Names of recordings are unique in their set; `key_of` makes the names of all makers' spellings alike.
"""

import hashlib
import io
import os
import re
import shutil
import time
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Literal, TypeVar

import msgspec
import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies.skeletons import RECORDED_27, SKELETONS
from core.errors import FileError, FormatError, ProjectError
from core.geometry.rotations import matrices, rotation_vectors
from core.motion import Motion
from core.project.annotations import PARTS, new_id
from core.project.durable import move_into_place, put_down
from core.recordings import Recording, Stretch

_NAME = re.compile(r"[0-9a-f]{32}")
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_MOST_BYTES = 2 * 2**30
_YOUNG_S = 3600.0
_ENDINGS = {
    ".amc", ".bvh", ".cdf", ".csv", ".eaf", ".json", ".mat", ".npy", ".npz", ".pkl", ".tsv", ".txt", ".xes", ".xml",
    ".zip",
}  # fmt: skip
_TELL_NOTHING = {
    "annotations", "bvh", "csv", "data", "dataset", "motion", "motions", "npy", "npz", "pair", "poses", "sequences",
    "test", "train", "training", "txt", "val", "validation",
}  # fmt: skip
_Struct = TypeVar("_Struct", bound=msgspec.Struct)


class StoredStretch(msgspec.Struct, frozen=True):
    """See core.recordings.Stretch."""

    start_s: float
    end_s: float
    labels: tuple[str, ...]
    text: str = ""


class MotionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One recording of a set. `file` is empty where only its labels are known (BABEL without AMASS)."""

    name: str
    file: str
    frames: int
    rate_hz: float
    body: str = ""  # name of the skeleton its rotations are of; empty where only joints are known
    gender: str = "neutral"
    performer: str = ""
    part: str = ""  # of its makers' own split: see core.recordings.Recording
    stretches: tuple[StoredStretch, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        return self.frames / self.rate_hz


class IndexLine(msgspec.Struct, frozen=True, kw_only=True):
    """A source file that is done: what came of it, or why nothing did. `stamp` tells whether the file has changed."""

    source: str  # path below the source folder, with /
    stamp: str
    motions: tuple[MotionRow, ...] = ()
    left_out: str = ""
    hint: str = ""


class MotionSplit(msgspec.Struct, frozen=True, kw_only=True):
    """Names of recordings by part. Never changed once it is stored."""

    name: str
    how: str  # "70/15/15 along sequences, seed 0", "by performer", "the data set's own"
    parts: dict[str, tuple[str, ...]]


class SetFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a set is. `source` is the folder or file it was taken from, as the person named it."""

    key: str
    name: str
    holds: Literal["motion", "labels", "characteristic poses", "pose bank"]
    format: str
    source: str
    licence: str = ""
    rate_hz: float | None = None  # at most so many frames a second were kept
    options: dict[str, str] = {}
    made_at: str = ""
    made_by: str = ""


def row_of(recording: Recording, file: str) -> MotionRow:
    """What a set says of a recording whose arrays lie in `file`."""
    return MotionRow(
        name=recording.name,
        file=file,
        frames=len(recording),
        rate_hz=recording.rate_hz,
        body=recording.body.skeleton.name if recording.body is not None else "",
        gender=recording.gender,
        performer=recording.performer,
        part=recording.part,
        stretches=tuple(
            StoredStretch(each.start_s, each.end_s, each.labels, each.text) for each in recording.stretches
        ),
        notes=recording.notes,
    )


class MotionSet:
    """One data set's folder. Reads what is there; `append` adds to it. One writer at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.facts = _read(folder / "set.json", SetFacts)

    @classmethod
    def create(cls, project_folder: Path, facts: SetFacts) -> "MotionSet":
        """Make the folder of a new set; the set itself where it is there already."""
        folder = folder_of(project_folder, facts.key)
        if not (folder / "set.json").is_file():
            try:
                (folder / "motions").mkdir(parents=True, exist_ok=True)
                put_down(folder / "set.json", msgspec.json.format(msgspec.json.encode(facts)))
            except OSError as error:
                raise FileError(
                    folder, f"cannot be written ({error.strerror})", hint="Is there room, and may it be written?"
                ) from error
        return cls(folder)

    # ---- what is in it ----

    def lines(self) -> list[IndexLine]:
        """Every source file that is done, the last word on each. A line cut off by a crash does not count."""
        try:
            raw = (self.folder / "index.jsonl").read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise FileError(self.folder, f"cannot be read ({error.strerror})") from None
        lines: dict[str, IndexLine] = {}
        whole, _, _ = raw.rpartition(b"\n")
        for number, text in enumerate(whole.split(b"\n") if whole else (), start=1):
            try:
                line = _decoder.decode(text)
            except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
                hint = "Take the data set out and import it again."
                raise FormatError(self.folder / "index.jsonl", f"line {number}: {error}", hint=hint) from None
            lines[line.source] = line
        return list(lines.values())

    @cached_property
    def rows(self) -> dict[str, MotionRow]:
        """The recordings by name, as they were when this object was made."""
        return {row.name: row for line in self.lines() for row in line.motions}

    def read(self, row: MotionRow) -> Recording:
        """A recording with its arrays. FileError where its file is missing or damaged."""
        with self._arrays_of(row) as arrays:
            joints_m = _joints(arrays, row)
            body = _body(arrays, row) if row.body else None
            betas = tuple(float(each) for each in arrays["betas"])
        stretches = tuple(Stretch(each.start_s, each.end_s, each.labels, each.text) for each in row.stretches)
        return Recording(
            name=row.name,
            rate_hz=row.rate_hz,
            joints_m=joints_m,
            body=body,
            betas=betas,
            gender=row.gender,
            performer=row.performer,
            stretches=stretches,
            notes=row.notes,
            part=row.part,
        )

    def read_joints(self, row: MotionRow) -> Float[ndarray, "frames 27 3"]:
        """Only the joints of a recording. FileError where its file is missing or damaged."""
        with self._arrays_of(row) as arrays:
            return _joints(arrays, row)

    def path_of(self, row: MotionRow) -> Path:
        if not _NAME.fullmatch(row.file):
            raise FormatError(self.folder / "index.jsonl", f"{row.name} names no file of a recording")
        return self.folder / "motions" / f"{row.file}.npz"

    # ---- adding to it ----

    def store(self, recording: Recording) -> MotionRow:
        """Put a completed recording down; its row, which counts once it is appended with its file's line."""
        assert recording.joints_m is not None, "only completed recordings are kept"
        arrays: dict[str, np.ndarray] = {
            "joints_m": np.ascontiguousarray(recording.joints_m, np.float32),
            "betas": np.asarray(recording.betas, np.float32),
        }
        if recording.body is not None:
            arrays["rotation_vectors"] = rotation_vectors(recording.body.rotations).astype(np.float32)
            arrays["translation_m"] = np.ascontiguousarray(recording.body.translation_m, np.float32)
        digest = hashlib.sha256()
        for name, array in sorted(arrays.items()):
            digest.update(f"{name} {array.shape}".encode() + array.tobytes())
        row = row_of(recording, digest.hexdigest()[:32])
        self._write(self.path_of(row), arrays)
        return row

    def append(self, line: IndexLine) -> None:
        """A source file is done. On the disk when this returns."""
        path = self.folder / "index.jsonl"
        try:
            with path.open("ab+") as file:
                _cut_to_whole_lines(file)
                file.write(msgspec.json.encode(line) + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise FileError(path, f"cannot be written ({error.strerror})", hint="Free space on the disk.") from error

    def clear_away(self) -> None:
        """Take away what a killed process left half written. What is young may be of one that still runs."""
        for path in (self.folder / "motions").glob(".*"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _YOUNG_S:
                    path.unlink()

    def discard_if_empty(self) -> None:
        """Take the folder away again where nothing was put into it."""
        if not any(line.motions or not line.left_out for line in self.lines()):
            shutil.rmtree(self.folder, ignore_errors=True)

    # ---- splits ----

    def splits(self) -> dict[str, MotionSplit]:
        """The stored splits by name."""
        found = (_read(path, MotionSplit) for path in sorted((self.folder / "splits").glob("*.json")))
        return {each.name: each for each in found}

    def store_split(self, split: MotionSplit) -> None:
        """Keep a split under its name. ProjectError where another stands there: a split is never changed."""
        if not _KEY.fullmatch(split.name):
            raise ProjectError(f"{split.name!r} is no name of a split", hint="Use small letters, digits, - and _.")
        unknown = [name for part in split.parts.values() for name in part if name not in self.rows]
        if unknown or set(split.parts) - set(PARTS):
            raise ProjectError(f"{self.facts.name} has no recording {unknown[:1] or sorted(split.parts)}")
        there = self.splits().get(split.name)
        if there is not None:
            if there.parts == split.parts:
                return
            raise ProjectError(
                f"{self.facts.name} has another split {split.name!r} already", hint="Give the new one its own name."
            )
        path = self.folder / "splits" / f"{split.name}.json"
        try:
            path.parent.mkdir(exist_ok=True)
            put_down(path, msgspec.json.format(msgspec.json.encode(split)))
        except OSError as error:
            raise FileError(path, f"cannot be written ({error.strerror})", hint="Free space on the disk.") from error

    # ---- how ----

    @contextmanager
    def _arrays_of(self, row: MotionRow) -> "Iterator[np.lib.npyio.NpzFile]":
        """A recording's file; whatever is wrong with it while it is read is said in words."""
        path = self.path_of(row)
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                yield arrays
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise FormatError(path, f"this recording is damaged ({error})", hint="Import it again.") from None

    def _write(self, path: Path, arrays: dict[str, np.ndarray]) -> None:
        if path.exists():
            return
        beside = path.with_name(f".{path.stem}.{new_id()[:8]}")
        held = io.BytesIO()
        np.savez(held, allow_pickle=False, **arrays)
        try:
            with beside.open("wb") as file:
                file.write(held.getbuffer())
                file.flush()
                os.fsync(file.fileno())
            move_into_place(beside, path)
        except OSError as error:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            raise FileError(path, f"cannot be written ({error.strerror})", hint="Free space on the disk.") from error


def motion_sets(project_folder: Path) -> Iterator[MotionSet]:
    """The data sets beside a project that can be read, by key; a damaged one stands in nobody's way."""
    for facts in sorted((project_folder / "datasets").glob("*/set.json")):
        try:
            yield MotionSet(facts.parent)
        except FileError:
            continue


def folder_of(project_folder: Path, key: str) -> Path:
    """Where the set of this key lies."""
    if not _KEY.fullmatch(key):
        raise ProjectError(f"{key!r} is no key of a data set", hint="Use small letters, digits, - and _.")
    return project_folder / "datasets" / key


def as_key(name: str) -> str:
    """A data set's name as the name of its folder."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:64].strip("-") or "set"


def name_after(source: Path) -> str:
    """What a data set is called where nobody says: as its file or folder, without the endings of files.

    Where that tells it from no other (`bvh.zip`, `val.json.zip`, `0.csv`), the folder it lies in comes before it.
    """
    name = source.name
    while not source.is_dir() and (ending := Path(name).suffix).lower() in _ENDINGS:
        name = name[: -len(ending)]
    above = source.absolute().parent.name
    if above and (name.lower() in _TELL_NOTHING or not re.search(r"[^\W\d_]{2}", name)):
        name = f"{above} {name}"
    return name.strip() or "data"


def actions_in_names(names: Collection[str]) -> dict[str, str]:
    """What recordings that nobody labelled say they are of: the folder they lie in, or the words of their own name.

    `walk/03` and `walk_03` are of `walk`; `01_02` tells nothing and is left out. Folders count where there are several.
    """
    folders = {name: name.split("/")[-2] if "/" in name else "" for name in names}
    by_folder = len(set(folders.values())) > 1
    found = {}
    for name in names:
        own = re.sub(r"[\W_]*\d*$", "", name.split("/")[-1])
        said = (folders[name] if by_folder else own) or own
        if re.search(r"[^\W\d_]{2}", said):
            found[name] = said
    return found


def _cut_to_whole_lines(file: BinaryIO) -> None:
    """Take away what a crash left of a line, so that the next one stands alone."""
    end = file.seek(0, os.SEEK_END)
    step = end
    while step:
        start = max(step - 65_536, 0)
        file.seek(start)
        at = file.read(step - start).rfind(b"\n")
        if at >= 0:
            file.truncate(start + at + 1)
            return
        step = start
    file.truncate(0)


def _joints(arrays: "np.lib.npyio.NpzFile", row: MotionRow) -> Float[ndarray, "frames 27 3"]:
    joints_m = arrays["joints_m"]
    if joints_m.shape != (row.frames, len(RECORDED_27), 3):
        raise ValueError(f"it holds {joints_m.shape}, not {row.frames} frames")
    return joints_m


def _body(arrays: "np.lib.npyio.NpzFile", row: MotionRow) -> Motion:
    skeleton = SKELETONS[row.body]
    vectors = arrays["rotation_vectors"]
    if vectors.shape != (row.frames, len(skeleton), 3):
        raise ValueError(f"rotations of shape {vectors.shape}")
    return Motion(skeleton, row.rate_hz, matrices(vectors), arrays["translation_m"])


def _read(path: Path, kind: type[_Struct]) -> _Struct:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise FormatError(path, "it is far too large")
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise FileError(path, f"cannot be read ({error.strerror})", hint="Import the data set again.") from None
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise FormatError(path, f"damaged: {error}", hint="Take the data set out and import it again.") from None


_decoder = msgspec.json.Decoder(IndexLine)
