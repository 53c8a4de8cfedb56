"""COCO's keypoints, in and out: a JSON file of images, annotations and categories, or a list of results.

A person is [x, y, v] for every joint their category names (17 where it names none): v is 0 for a joint that is not
labelled, 1 for one that is hidden, 2 for one that is seen; a confidence of 0, 0.5 or 1 here, unless the file has
`confidence` beside. In a list of results the third number is a confidence. Coordinates are pixels.

Which frame an image is: its `frame_id`, else the number in its name where the names differ in nothing else and lie
densely, or below the clip's number of frames; else images are a set of pictures and count in their order. Who is who:
`track_id` (or `instance_id`); else people are followed through frames, and ordered by size in a set of pictures.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta

from core.bodies.skeletons import COCO_17, HUMAN36M_17, SKELETONS, Skeleton
from core.errors import FileError, FormatError
from core.motion import SEEN, Poses2d
from core.people import Sightings, followed, people_of
from core.whole_files import whole_file

_FAR_PX = 1e6
_USUAL_RATE_HZ = 30.0  # files do not say; only how long somebody may be missing depends on it
_MOST_PEOPLE = 32
_MOST_BYTES = 1 << 30
_MOST_FRAMES = 10_000_000
_MOST_VALUES = 1 << 26
_WHOLE_BODY = 133  # COCO-WholeBody's joints, of which the first 17 are these
_SCANNED = 1 << 26
_HUMAN36M_SWAPPED = (
    "root_pelvis", "left_hip", "left_knee", "left_foot", "right_hip", "right_knee", "right_foot", "spine", "thorax",
    "neck_base", "head", "left_shoulder", "left_elbow", "left_wrist", "right_shoulder", "right_elbow", "right_wrist",
)  # fmt: skip
"""MMPose's names for Human3.6M's joints: its files call the right leg left, and the arms rightly."""
_SIDES = {"left": "right", "right": "left"}
_HUMAN36M = tuple(
    re.sub("left|right", lambda side: _SIDES[side[0]], name) if 1 <= at <= 6 else name
    for at, name in enumerate(_HUMAN36M_SWAPPED)
)
_HINT = "A file of COCO keypoints has images, annotations and categories, or is a list of results with keypoints."

Whole = Annotated[int, Meta(ge=-(2**53), lt=2**53)]


class _Image(msgspec.Struct):
    id: Whole
    file_name: str = ""
    width: int = 0
    height: int = 0
    frame_id: Whole | None = None


class _Category(msgspec.Struct):
    id: Whole
    keypoints: list[str] = []


class _Annotation(msgspec.Struct):
    image_id: Whole
    category_id: Whole = 1
    keypoints: list[float] = []
    confidence: list[float] = []
    iscrowd: int = 0
    track_id: Whole | None = None
    instance_id: Whole | None = None
    score: float | None = None


class _File(msgspec.Struct):
    images: list[_Image]
    annotations: list[_Annotation]
    categories: list[_Category] = []


@dataclass(frozen=True)
class Sheet:
    """The people in some frames of one clip: row r of `poses` is frame `frames[r]`."""

    name: str
    width: int
    height: int
    poses: Poses2d
    frames: tuple[int, ...]
    hidden: np.ndarray | None = None  # (frames, people, joints): joints that somebody said are there, but hidden


def is_coco(path: Path) -> bool:
    """Whether this is a JSON file of COCO's with people's keypoints in it."""
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            head = file.read(1 << 16)
            if head.lstrip()[:1] == b"[":
                return b'"image_id"' in head and b'"keypoints"' in head
            if head.lstrip()[:1] != b"{" or not re.search(rb'"(images|annotations)"\s*:\s*\[', head):
                return False
            wanted = [b'"images"', b'"annotations"', b'"keypoints"']
            read, last = 0, head
            while wanted and last and read < _SCANNED:
                wanted = [word for word in wanted if word not in last]
                chunk = file.read(1 << 20)
                read, last = read + len(chunk), last[-32:] + chunk if chunk else b""
            return not wanted
    except OSError:
        return False


def folder_name(path: Path) -> str:
    """The folder that all its images lie in, which is what a clip is called here; empty where there is none or many."""
    places = {PurePosixPath(each.file_name.replace("\\", "/")).parent.name for each in _content(path)[0].images}
    return places.pop() if len(places) == 1 else ""


def picture_size(path: Path) -> tuple[int, int] | None:
    """Width and height that all its images have, pixels; None where they differ or are not told."""
    sizes = {(each.width, each.height) for each in _content(path)[0].images}
    found = sizes.pop() if len(sizes) == 1 else (0, 0)
    return found if min(found) > 0 else None


def read(path: Path, *, size: tuple[int, int] | None = None, frame_count: int | None = None, clip: str = "") -> Poses2d:
    """The people of a file's images. `clip` names one of several folders that its images lie in."""
    content, scores = _content(path)
    images = _of_one_clip(path, content.images, clip)
    frames, numbered = _frames(path, images, frame_count)
    by_id = {each.id: at for at, each in enumerate(images)}
    skeletons = {each.id: _skeleton(path, each) for each in content.categories if each.keypoints}
    rows: list[tuple[int, int, np.ndarray]] = []
    ids: list[int] = []
    skeleton = None
    for number, each in enumerate(content.annotations):
        if each.image_id not in by_id or each.iscrowd or not any(each.keypoints):
            continue
        own = skeletons.get(each.category_id, COCO_17)
        if skeleton not in (None, own):
            raise FormatError(path, f"annotation {number}: {own.name}, but {skeleton.name} before", hint=_HINT)
        skeleton = own
        person = _person(path, number, each, own, scores)
        if not person[:, 2].any():
            continue
        rows.append((frames[by_id[each.image_id]], number, person))
        found = each.track_id if each.track_id is not None else each.instance_id
        ids.append(-1 if found is None else found)
    skeleton = skeleton or COCO_17
    count = (max(frames) + 1 if frames else 0) if frame_count is None else frame_count
    if frames and max(frames) >= count:
        hint = "These poses belong to another video, or to another cut of it."
        raise FormatError(path, f"it has a frame {max(frames)}, the video has {count} frames", hint=hint)
    order = sorted(range(len(rows)), key=lambda at: rows[at][:2])
    people = np.array([rows[at][2] for at in order], np.float64).reshape(-1, len(skeleton), 3)
    people[..., :2] = _in_size(path, people[..., :2], images, size)
    at_frames = np.array([rows[at][0] for at in order], np.int64)
    who = np.array([ids[at] for at in order], np.int64)
    _refuse_too_much(path, count, at_frames, len(skeleton))
    told = len(who) > 0 and who.min() >= 0 and len(np.unique(who)) <= _MOST_PEOPLE
    known = told and len({*zip(at_frames.tolist(), who.tolist(), strict=True)}) == len(who)
    if not known and numbered:
        sightings = Sightings(
            skeleton, at_frames, people[..., :2].astype(np.float32), people[..., 2].astype(np.float32),
            np.full(len(people), -1, np.int64), np.zeros((len(people), 0)),
        )  # fmt: skip
        return people_of(followed(sightings, _USUAL_RATE_HZ), count, _USUAL_RATE_HZ, most=_MOST_PEOPLE)
    tracks = np.unique(who, return_inverse=True)[1] if known else _by_size(at_frames, people)
    return _tracks(skeleton, count, at_frames, tracks, people)


def write(sheets: Iterable[Sheet], path: Path) -> None:
    """Images, annotations and categories as pycocotools wants them; the joints are COCO's 17 where a body has them."""
    categories: dict[str, dict[str, Any]] = {}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for sheet in sheets:
        poses, hidden = _as_coco(sheet.poses), _hidden_as_coco(sheet)
        category = categories.setdefault(poses.skeleton.name, _category(len(categories) + 1, poses.skeleton))
        for row, frame in enumerate(sheet.frames):
            image = len(images) + 1
            images.append(
                {
                    "id": image, "file_name": f"{sheet.name}/{frame:06d}.jpg", "width": sheet.width,
                    "height": sheet.height, "frame_id": frame,
                }
            )  # fmt: skip
            for track in np.flatnonzero((poses.confidence[row] > 0).any(-1)):
                about = {"id": len(annotations) + 1, "image_id": image, "category_id": category["id"]}
                person = _annotation(poses.joints_px[row, track], poses.confidence[row, track], hidden[row, track])
                annotations.append({**about, **person, "track_id": int(track)})
    info = {"description": "2D poses written by Posecast"}
    content = {"info": info, "images": images, "annotations": annotations, "categories": list(categories.values())}
    with whole_file(path) as beside:
        beside.write_bytes(msgspec.json.encode(content))


# ---- reading ----


def _content(path: Path) -> tuple[_File, bool]:
    """The file, and whether the third numbers are confidences. A list of results has images by their numbers alone."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise FormatError(path, f"a file of more than {_MOST_BYTES >> 30} GB", hint="Split it into several.")
        raw = path.read_bytes()
    except OSError as error:
        raise FileError(path, f"cannot be read ({error.strerror})", hint="Choose a file that can be.") from None
    try:
        if raw.lstrip()[:1] != b"[":
            return msgspec.json.decode(raw, type=_File), False
        results = msgspec.json.decode(raw, type=list[_Annotation])
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(path, str(error), hint=_HINT) from None
    if results and not any(each.keypoints for each in results):
        raise FormatError(path, "its results have no keypoints", hint=_HINT)
    ids = dict.fromkeys(each.image_id for each in results)
    return _File([_Image(each, str(each)) for each in sorted(ids)], results), True


def _of_one_clip(path: Path, images: Sequence[_Image], clip: str) -> list[_Image]:
    folders: dict[str, list[_Image]] = {}
    for each in images:
        folders.setdefault(PurePosixPath(each.file_name.replace("\\", "/")).parent.as_posix(), []).append(each)
    if len(folders) < 2:
        return list(images)
    if clip not in folders:
        names = ", ".join(sorted(folders)[:8])
        what = f"no images in a folder {clip!r}" if clip else f"images of {len(folders)} clips"
        raise FormatError(path, what, hint=f"Name one of these as the clip: {names}.")
    return folders[clip]


def _frames(path: Path, images: Sequence[_Image], frame_count: int | None) -> tuple[list[int], bool]:
    """The frame of each image, and whether these are frames of a video rather than a set of pictures."""
    if images and all(each.frame_id is not None for each in images):
        found = [each.frame_id or 0 for each in images]
        if min(found) < 0 or max(found) >= _MOST_FRAMES or len(set(found)) < len(found):
            raise FormatError(path, "a frame_id is below 0, beyond any video, or there twice", hint=_HINT)
        return found, True
    order = list(range(len(images)))
    matches = [re.fullmatch(r"(.*?)(\d{1,12})(\D*)", PurePosixPath(each.file_name).stem) for each in images]
    if any(match is None for match in matches):
        return order, False
    numbers = [int(match[2]) for match in matches if match]
    alike = len({(match[1], match[3]) for match in matches if match}) == 1 and len(set(numbers)) == len(numbers)
    dense = bool(numbers) and max(numbers) - min(numbers) < 4 * len(numbers) and max(numbers) < _MOST_FRAMES
    below = frame_count is not None and bool(numbers) and max(numbers) < frame_count
    return (numbers, True) if alike and (dense or below) else (order, False)


def _skeleton(path: Path, category: _Category) -> Skeleton:
    names = tuple(re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") for name in category.keypoints)
    found = next((each for each in SKELETONS.values() if each.joints == names), None)
    if names in (_HUMAN36M, _HUMAN36M_SWAPPED):
        found = HUMAN36M_17
    if found is None:
        known = ", ".join(SKELETONS)
        what = f"category {category.id} has {len(names)} joints of no known skeleton"
        raise FormatError(path, what, hint=f"Known: {known}.")
    return found


def _person(path: Path, number: int, each: _Annotation, skeleton: Skeleton, scores: bool) -> np.ndarray:
    """x, y and confidence of every joint."""
    if skeleton == COCO_17 and len(each.keypoints) == 3 * _WHOLE_BODY:
        each = msgspec.structs.replace(each, keypoints=each.keypoints[: 3 * len(COCO_17)])
    if len(each.keypoints) != 3 * len(skeleton):
        what = f"annotation {number}: {len(each.keypoints) / 3:g} joints, {skeleton.name} has {len(skeleton)}"
        raise FormatError(path, what, hint=_HINT)
    rows = np.array(each.keypoints, np.float64).reshape(-1, 3)
    if np.abs(rows).max() > _FAR_PX:
        raise FormatError(path, f"annotation {number}: a joint lies far outside any picture", hint=_HINT)
    given = rows[:, 2]
    if len(each.confidence) == len(skeleton):
        given = np.array(each.confidence, np.float64)
    elif not scores:
        if not np.isin(given, (0, 1, 2)).all():
            raise FormatError(path, f"annotation {number}: a joint's v is neither 0, 1 nor 2", hint=_HINT)
        given = given / 2
    rows[:, 2] = given.clip(0, 1)
    rows[rows[:, 2] == 0] = 0
    return rows


def _in_size(path: Path, places: np.ndarray, images: Sequence[_Image], size: tuple[int, int] | None) -> np.ndarray:
    """Pixels of the clip, where all the file's images have one size and it is another of the same shape."""
    sizes = {(each.width, each.height) for each in images}
    if size is None or len(sizes) != 1:
        return places
    (found,) = sizes
    if found == size or min(found) <= 0:
        return places
    across, down = size[0] / found[0], size[1] / found[1]
    if abs(across / down - 1) > 0.02:
        what = f"its images have {found[0]} × {found[1]} pixels, the video {size[0]} × {size[1]}"
        raise FormatError(path, what, hint="These poses belong to another video.")
    seen = places.any(-1, keepdims=True)
    return np.where(seen, (places + 0.5) * [across, down] - 0.5, 0)


def _refuse_too_much(path: Path, count: int, frames: np.ndarray, joints: int) -> None:
    most = int(np.bincount(frames).max()) if len(frames) else 0
    if count > _MOST_FRAMES or count * min(most, _MOST_PEOPLE) * joints > _MOST_VALUES:
        what = f"{count} frames of {most} people are more than can be taken in at once"
        raise FormatError(path, what, hint="Split the file into several.")


def _by_size(frames: np.ndarray, people: np.ndarray) -> np.ndarray:
    """The place of each person among those of their picture, the largest first."""
    places = np.zeros(len(frames), np.int64)
    seen = people[..., 2] > 0
    inside = np.where(seen[..., None], people[..., :2], np.nan)
    if len(people):
        extent = (np.nanmax(inside, axis=1) - np.nanmin(inside, axis=1)).prod(-1)
        order = np.lexsort((-extent, frames))
        starts = np.searchsorted(frames[order], frames[order], "left")
        places[order] = np.arange(len(frames)) - starts
    return places


def _tracks(skeleton: Skeleton, count: int, frames: np.ndarray, tracks: np.ndarray, people: np.ndarray) -> Poses2d:
    kept = tracks < _MOST_PEOPLE
    frames, tracks, people = frames[kept], tracks[kept], people[kept].astype(np.float32)
    shape = (count, int(tracks.max()) + 1 if len(tracks) else 0, len(skeleton))
    joints_px, confidence = np.zeros((*shape, 2), np.float32), np.zeros(shape, np.float32)
    joints_px[frames, tracks], confidence[frames, tracks] = people[..., :2], people[..., 2]
    return Poses2d(skeleton, joints_px, confidence)


# ---- writing ----


def written_as(skeleton: Skeleton) -> Skeleton:
    """The joints a file has of people with this skeleton: COCO's 17 where it has them all by name, else its own."""
    return COCO_17 if set(COCO_17.joints) <= set(skeleton.joints) else skeleton


def _as_coco(poses: Poses2d) -> Poses2d:
    if written_as(poses.skeleton) is not COCO_17:
        return poses
    at = [poses.skeleton[joint] for joint in COCO_17.joints]
    return Poses2d(COCO_17, poses.joints_px[:, :, at], poses.confidence[:, :, at])


def _hidden_as_coco(sheet: Sheet) -> np.ndarray:
    """Which joints are hidden, in the order of `_as_coco`."""
    if sheet.hidden is None:
        return np.zeros(_as_coco(sheet.poses).confidence.shape, bool)
    skeleton = sheet.poses.skeleton
    if written_as(skeleton) is not COCO_17:
        return sheet.hidden
    return sheet.hidden[:, :, [skeleton[joint] for joint in COCO_17.joints]]


def _category(number: int, skeleton: Skeleton) -> dict[str, Any]:
    bones = [[parent + 1, child + 1] for parent, child in skeleton.bones]
    name = "person" if skeleton == COCO_17 else f"person, {skeleton.name}"
    about = {"id": number, "name": name, "supercategory": "person"}
    return {**about, "keypoints": list(skeleton.joints), "skeleton": bones}


def _annotation(joints_px: np.ndarray, confidence: np.ndarray, hidden: np.ndarray) -> dict[str, Any]:
    found = confidence > 0
    places = np.where(found[:, None], joints_px, 0).astype(np.float64).round(3)
    visible = np.where(found, np.where((confidence >= SEEN) & ~hidden, 2, 1), 0)
    low, high = places[found].min(0), places[found].max(0)
    wide, tall = (high - low).round(3).tolist()
    keypoints: list[float] = []
    for (x, y), v in zip(places.tolist(), visible.tolist(), strict=True):
        keypoints += [x, y, v]
    return {
        "keypoints": keypoints, "num_keypoints": int(found.sum()), "bbox": [*low.tolist(), wide, tall],
        "area": round(wide * tall, 3), "iscrowd": 0,
        "confidence": [round(each, 4) for each in confidence.astype(float).tolist()],
    }  # fmt: skip
