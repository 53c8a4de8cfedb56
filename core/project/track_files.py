"""2D tracks beside a project: memory-mapped arrays under names made from their content, written once, never changed.

    tracks/<name>/header.json      the skeleton's name and joints, how many people, how many frames
    tracks/<name>/joints_px.npy    float32, frames × people × joints × 2
    tracks/<name>/confidence.npy   float32, frames × people × joints

A folder appears under its name only when all of it is on the disk.
"""

import hashlib
import os
import re
import shutil
from pathlib import Path

import msgspec
import numpy as np

from core.bodies.skeletons import SKELETONS
from core.errors import FormatError, ProjectError
from core.motion import Poses2d
from core.project.annotations import new_id
from core.project.durable import move_into_place, write_down

_NAME = re.compile(r"[0-9a-f]{32}")


class _Header(msgspec.Struct, frozen=True, kw_only=True):
    skeleton: str
    joints: tuple[str, ...]
    people: int
    frames: int


def write_tracks(folder: Path, poses: Poses2d) -> str:
    """Put `poses` under `folder`/tracks; their name. The same poses have the same name and are written once."""
    joints_px = np.ascontiguousarray(poses.joints_px, dtype=np.float32)
    confidence = np.ascontiguousarray(poses.confidence, dtype=np.float32)
    header = _header_of(poses)
    name = _name_of(header, joints_px, confidence)
    place = folder / "tracks" / name
    if place.exists():
        return name
    beside = folder / "tracks" / f".{name}.{new_id()[:8]}"
    try:
        beside.mkdir(parents=True)
        write_down(beside / "header.json", header)
        for file_name, array in (("joints_px.npy", joints_px), ("confidence.npy", confidence)):
            with (beside / file_name).open("wb") as file:
                np.save(file, array, allow_pickle=False)
                file.flush()
                os.fsync(file.fileno())
        try:
            move_into_place(beside, place)
        except OSError:
            if not place.exists():  # else another process has just written the same
                raise
            shutil.rmtree(beside, ignore_errors=True)
    except OSError as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise ProjectError(
            f"the 2D poses were not saved: {error.strerror or error}", hint="Free space on the disk, then try again."
        ) from error
    return name


def read_tracks(folder: Path, name: str) -> Poses2d:
    """The tracks of this name, memory-mapped. ProjectError where they are missing, FormatError where damaged."""
    place = folder_of(folder, name)
    if not place.is_dir():
        raise ProjectError(f"the 2D poses {name} are not beside the project", hint="Extract or import them again.")
    try:
        header = msgspec.json.decode((place / "header.json").read_bytes(), type=_Header)
        joints_px = np.load(place / "joints_px.npy", mmap_mode="r", allow_pickle=False)
        confidence = np.load(place / "confidence.npy", mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, msgspec.DecodeError, msgspec.ValidationError) as error:
        raise _damaged(place, str(error)) from None
    skeleton = SKELETONS.get(header.skeleton)
    if skeleton is None or skeleton.joints != header.joints:
        raise _damaged(place, f'its skeleton "{header.skeleton}" is unknown here')
    shape = (header.frames, header.people, len(skeleton))
    fits = joints_px.shape == (*shape, 2) and confidence.shape == shape
    if not fits or joints_px.dtype != np.float32 or confidence.dtype != np.float32:
        raise _damaged(place, f"its arrays are not {header.frames} frames of {header.people} people")
    return Poses2d(skeleton, joints_px, confidence)


def check_tracks(folder: Path, name: str) -> None:
    """As `read_tracks`, and that the content is still the one the name was made from."""
    poses = read_tracks(folder, name)
    if _name_of(_header_of(poses), poses.joints_px, poses.confidence) != name:
        raise _damaged(folder_of(folder, name), "its content is not the one it was written with")


def folder_of(folder: Path, name: str) -> Path:
    """Where the tracks of this name lie."""
    if not _NAME.fullmatch(name):
        raise ProjectError(f'"{name}" is no name of 2D poses', hint="Extract or import the poses again.")
    return folder / "tracks" / name


def _header_of(poses: Poses2d) -> bytes:
    return msgspec.json.encode(
        _Header(skeleton=poses.skeleton.name, joints=poses.skeleton.joints, people=poses.people, frames=len(poses))
    )


def _name_of(header: bytes, *arrays: np.ndarray) -> str:
    digest = hashlib.sha256(header)
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:32]


def _damaged(place: Path, why: str) -> FormatError:
    return FormatError(place, f"these 2D poses are damaged ({why})", hint="Extract or import them again.")
