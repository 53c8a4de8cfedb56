"""OpenPose's JSON: a folder with one file a frame, `<video>_<frame number, 12 digits>_keypoints.json`.

Each file lists the people in its frame, `pose_keypoints_2d` (in version 1.0 `pose_keypoints`) as x, y, confidence for
25 joints (BODY_25) or 18 (COCO, which has no mid-hip), or 17 where other detectors write such files (COCO's, without a
neck); 0, 0, 0 is a joint that was not found. Coordinates are pixels, or shares of the picture from 0 to 1 or from −1 to
1, of which the ends are the first and the last pixel's centre. Frame
numbers are kept: a folder that begins at 30 leaves frames 0 to 29 empty. OpenPose does not follow people; `core.people`
does, unless every person has a `person_id` of their own, as the files written here have.
"""

import re
from collections import Counter
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies.skeletons import BODY_25, COCO_17, COCO_18
from core.errors import FileError, FormatError
from core.formats.pickled import beginning_of
from core.motion import Poses2d
from core.people import Sightings, followed, people_of

_VERSION = 1.3
_USUAL_RATE_HZ = 30.0  # the files do not say; only how long somebody may be missing depends on it
_MOST_PEOPLE = 32  # of a crowd: every track holds all frames
_FAR_PX = 1e6  # no picture is so large
_MOST_FRAMES = 10_000_000  # four days; a higher number is no frame's
_MOST_VALUES = 1 << 26  # joints of all tracks and frames, 0.8 GB
_MOST_BYTES = 1 << 24  # a crowd of a thousand with hands and faces is 5 MB
_SKELETONS = {3 * len(each): each for each in (BODY_25, COCO_18, COCO_17)}
_NAMED = re.compile(r"(.*?)_?(\d+)(_keypoints|_pose)?\.json")
_HINT = "A folder of OpenPose has one file a frame, such as video_000000000007_keypoints.json."


class _Person(msgspec.Struct):
    person_id: list[Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)]] = []
    pose_keypoints_2d: list[float] | None = None
    pose_keypoints: list[float] | None = None

    @property
    def numbers(self) -> list[float]:
        return self.pose_keypoints_2d or self.pose_keypoints or []


class _Frame(msgspec.Struct):
    people: list[_Person]


def is_openpose(path: Path) -> bool:
    """Whether this is a folder with OpenPose's files in it (or in its only folder, as zips unpack)."""
    try:
        first = _files(path)[0][1]
        return b'"people"' in beginning_of(first, 4096)
    except (FileError, OSError):
        return False


def video_name(path: Path) -> str:
    """What the files call their video; empty where they are bare numbers."""
    match = _NAMED.fullmatch(_files(path)[0][1].name)
    return match[1] if match else ""


def read(path: Path, *, size: tuple[int, int] | None = None, frame_count: int | None = None) -> Poses2d:
    """The people of a folder (32 at most), in BODY_25 or COCO-18, longest and largest seen first.

    `size` is the picture's (width, height): needed where coordinates are shares of it. `frame_count` is the video's
    number of frames; without it the last file's number tells.
    """
    files = _files(path)
    last = files[-1][0]
    if frame_count is not None and last >= frame_count:
        hint = "These poses belong to another video, or to another cut of it."
        raise FormatError(path, f"it has a frame {last}, the video has {frame_count} frames", hint=hint)
    frames: list[int] = []
    numbers: list[list[float]] = []
    ids: list[int] = []
    for frame, file in files:
        for person in _people(file):
            if numbers and len(person.numbers) != len(numbers[0]):
                raise FormatError(file, f"{_joints(person)} joints, but {len(numbers[0]) // 3} before", hint=_HINT)
            frames.append(frame)
            numbers.append(person.numbers)
            ids.append(person.person_id[0] if person.person_id else -1)
    skeleton = _SKELETONS[len(numbers[0])] if numbers else BODY_25
    count = last + 1 if frame_count is None else frame_count
    _refuse_too_much(path, count, frames, len(skeleton))
    rows = np.array(numbers, np.float64).reshape(-1, len(skeleton), 3)
    found = (rows[..., 2] > 0) & (rows[..., :2] != 0).any(-1)
    rows[..., 2] = np.where(found, rows[..., 2].clip(0, 1), 0)
    rows[..., :2] = _in_pixels(path, rows[..., :2], found, size)
    sightings = Sightings(
        skeleton,
        np.array(frames, np.int64),
        np.where(found[..., None], rows[..., :2], 0).astype(np.float32),
        rows[..., 2].astype(np.float32),
        np.array(ids, np.int64),
        np.zeros((len(rows), 0)),
    )
    told = len(rows) > 0 and min(ids) >= 0 and len(set(ids)) <= _MOST_PEOPLE
    if told and len(set(zip(frames, ids, strict=True))) == len(rows):
        return _by_id(sightings, count)
    return people_of(followed(sightings, _USUAL_RATE_HZ), count, _USUAL_RATE_HZ, most=_MOST_PEOPLE)


def write(poses: Poses2d, path: Path) -> None:
    """One file a frame into the folder `path`, as BODY_25 (COCO-18 stays as it is), each track with its `person_id`."""
    if poses.skeleton != COCO_18:
        try:
            poses = poses.as_skeleton(BODY_25)
        except ValueError as error:
            raise FileError(
                path, f"these poses cannot be OpenPose's: {error}", hint="Export the full tracks."
            ) from None
    path.mkdir(parents=True, exist_ok=True)
    for frame in range(len(poses)):
        people = []
        for track in np.flatnonzero(poses.confidence[frame].any(-1)):
            confidence = poses.confidence[frame, track]
            rows = np.column_stack([poses.joints_px[frame, track], confidence]).astype(float)
            rows[confidence <= 0] = 0
            rounded = [round(each, 4) for each in rows.reshape(-1).tolist()]
            people.append({"person_id": [int(track)], "pose_keypoints_2d": rounded})
        content = msgspec.json.encode({"version": _VERSION, "people": people})
        (path / f"{path.name}_{frame:012d}_keypoints.json").write_bytes(content)


def _files(path: Path) -> list[tuple[int, Path]]:
    """(frame number, file) in ascending order."""
    if not path.is_dir():
        raise FormatError(path, "not a folder of OpenPose files", hint=_HINT)
    inside = [each for each in sorted(path.iterdir()) if not each.name.startswith((".", "__MACOSX"))]
    if len(inside) == 1 and inside[0].is_dir():
        inside = sorted(inside[0].iterdir())
    numbered: dict[int, Path] = {}
    videos: set[str] = set()
    for file in inside:
        match = _NAMED.fullmatch(file.name)
        if match is None or not file.is_file():  # a pipe of that name is never at its end
            continue
        number = int(match[2]) if len(match[2]) <= 18 else _MOST_FRAMES
        if number >= _MOST_FRAMES:
            raise FormatError(file, f"frame {match[2][:20]} lies beyond any video", hint=_HINT)
        videos.add(match[1])
        if number in numbered and len(videos) == 1:
            raise FormatError(file, f"frame {number} is there twice, also as {numbered[number].name}", hint=_HINT)
        numbered[number] = file
    if not numbered:
        raise FormatError(path, "no numbered JSON file in it", hint=_HINT)
    if len(videos) > 1:
        names = ", ".join(sorted(videos)[:3])
        raise FormatError(path, f"poses of several videos: {names}", hint="Put each video's files into its own folder.")
    return sorted(numbered.items())


def _people(file: Path) -> list[_Person]:
    """The people in one file whose bodies were found at all."""
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise FormatError(file, f"more than {_MOST_BYTES >> 20} MB for one frame", hint=_HINT)
        frame = msgspec.json.decode(file.read_bytes(), type=_Frame)
    except OSError as error:
        raise FileError(file, f"cannot be read ({error.strerror})", hint="Check the file's permissions.") from None
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(file, str(error), hint=_HINT) from None
    people = [person for person in frame.people if person.numbers]
    for person in people:
        if len(person.numbers) not in _SKELETONS:
            hint = "BODY_25 and COCO-18 can be read: --model_pose BODY_25 or COCO."
            raise FormatError(file, f"{_joints(person)} joints a person", hint=hint)
        if max(map(abs, person.numbers)) > _FAR_PX:
            raise FormatError(file, "a joint lies far outside any picture", hint="Extract these poses again.")
    return people


def _refuse_too_much(path: Path, count: int, frames: list[int], joints: int) -> None:
    most = max(Counter(frames).values(), default=0)
    if count * min(most, _MOST_PEOPLE) * joints > _MOST_VALUES:
        what = f"{count} frames of up to {most} people are more than can be taken in at once"
        raise FormatError(path, what, hint="Put the parts of the video into folders of their own.")


def _joints(person: _Person) -> str:
    return f"{len(person.numbers) / 3:g}"


def _in_pixels(
    path: Path,
    places: Float[ndarray, "people joints 2"],
    found: ndarray,
    size: tuple[int, int] | None,
) -> Float[ndarray, "people joints 2"]:
    """Pixels, whatever scale the folder is in; its largest coordinate tells."""
    if not found.any() or np.abs(places[found]).max() > 2:
        return places
    if size is None:
        hint = "Import it into a clip, or write pixels with --keypoint_scale 0."
        raise FormatError(path, "its coordinates are shares of the picture, whose size is not known", hint=hint)
    last = np.array(size, np.float64) - 1
    if places[found].min() < -0.05:
        return (places + 1) / 2 * last
    return places * last


def _by_id(sightings: Sightings, frame_count: int) -> Poses2d:
    """Tracks in the order of the ids that the files give."""
    ids, tracks = np.unique(sightings.tracklets, return_inverse=True)
    shape = (frame_count, len(ids), len(sightings.skeleton))
    joints_px, confidence = np.zeros((*shape, 2), np.float32), np.zeros(shape, np.float32)
    joints_px[sightings.frames, tracks] = sightings.joints_px
    confidence[sightings.frames, tracks] = sightings.confidence
    return Poses2d(sightings.skeleton, joints_px, confidence)
