"""IKEA-ASM: its folder, or one of its two files of actions alone.

    ikea_annotation_db_full                        SQLite: videos, annotations, atomic_actions, objects
    gt_segments.json                               ActivityNet's form, [start, end) in frames; "NA": nothing is done
    indexing_files/atomic_action_list.txt          the actions that are learned; rarer ones are not
    indexing_files/{train,test}_cross_env.txt      the makers' split, `<Furniture>/<video>` a line
    Calibration/<scene>/dev1..3/…                  cameras (core.formats.ikea_asm_cameras)
    <Furniture>/<NNNN_colour_surface_SCENE_…>/dev1..3/images/scan_video.avi
                                              …/dev3/pose2d, pose3d (core.formats.ikea_asm_poses)
                                              …/dev3/predictions/pose2d/openpose*, keypoint_rcnn*   as OpenPose writes

Frames count from 0 at 25 a second, ends are exclusive, pictures are 1920 × 1080. Three cameras film each assembly and
share its annotations; a clip is one of them, dev3 unless another is asked for. "NA" and "other" are learned as nothing,
which leaves the 31 actions of the forecaster's paper.

Source: the data set's own reader and scripts (MIT); its data are CC BY-NC 4.0.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import msgspec

from core.errors import CoreError, FileError, FormatError
from core.formats import ikea_asm_cameras
from core.formats.annotated import Annotations, ForeignClip, ForeignSegment
from core.formats.cameras import NamedCamera
from core.formats.pickled import beginning_of
from core.wording import counted

LICENCE = "IKEA-ASM: CC BY-NC 4.0"
RATE_HZ = 25.0
NOT_LEARNED = ("NA", "other")
SPLIT_NAME = "IKEA-ASM cross environment"
_SIZE = (1920, 1080)
_CAMERAS = ("dev1", "dev2", "dev3")
_DATABASE = "ikea_annotation_db_full"
_SEGMENTS = "gt_segments.json"
_PLACES = ("", "annotations", "annotations/action_annotations", "action_annotations")
_LISTS = ("indexing_files", "", "annotations/indexing_files")
_TABLES = {
    "videos": ("id", "video_path", "camera", "annotated", "nframes"),
    "annotations": ("video_id", "starting_frame", "ending_frame", "action_description", "object_name"),
}
_MOST_ROWS = 1_000_000
_MOST_STEPS = 200_000_000
"""Of SQLite's machine; the real database takes a million."""
_MOST_BYTES = 500_000_000
_LAST_FRAME = 10**8
_HINT = "It should be the file that IKEA-ASM ships; get it again."


# ---- telling ----


def is_ikea_asm(path: Path) -> bool:
    """Whether this is the database, the file of segments, or the folder with one of them."""
    try:
        return _is_database(path) or _is_segments(path) or (path.is_dir() and any(_files(path)))
    except OSError:
        return False


def _is_database(path: Path) -> bool:
    if not path.is_file():
        return False
    start = beginning_of(path)
    return start.startswith(b"SQLite format 3\0") and all(
        each in start for each in (b"atomic_actions", b"video_path", b"starting_frame", b"nframes")
    )


def _is_segments(path: Path) -> bool:
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    start = beginning_of(path)
    # ActivityNet's own files say "annotations", and their segments are seconds.
    return all(each in start for each in (b'"database"', b'"annotation"', b'"segment"', b'"label"', b'"subset"'))


def _files(folder: Path) -> Iterator[Path]:
    """The files of actions in a folder, the database first."""
    for name, known in ((_DATABASE, _is_database), (_SEGMENTS, _is_segments)):
        yield from (each for place in _PLACES if known(each := folder / place / name))


# ---- reading ----


@dataclass
class _Video:
    """What one file says of one assembly."""

    segments: list[ForeignSegment] = field(default_factory=list)
    frame_count: int | None = None
    subset: str = ""


def read(path: Path, *, camera: str = "dev3", poses: str = "") -> Annotations:
    """The assemblies as `camera` filmed them, with the makers' split and cameras where they are there.

    `poses` names the folder below predictions/pose2d to take; without it OpenPose's, else another that is there.
    """
    if camera not in _CAMERAS:
        raise FormatError(path, f"there is no camera {camera!r}", hint=f"Choose one of {', '.join(_CAMERAS)}.")
    found = list(_files(path)) if path.is_dir() else [path]
    if not found:
        raise FormatError(path, f"neither {_DATABASE} nor {_SEGMENTS} in it", hint="Choose the folder of IKEA-ASM.")
    databases, others = [each for each in found if _is_database(each)], [each for each in found if _is_segments(each)]
    if not databases and not others:
        raise FormatError(path, "it is no file of IKEA-ASM's actions", hint=_HINT)
    root = path if path.is_dir() else _root_of(path)
    notes: list[str] = []
    videos = _of_database(databases[0], camera) if databases else _of_segments(others[0])
    parts = _split_of_lists(root, videos, notes)
    if not parts:
        parts = _split_of_subsets(_of_segments(others[0]) if others else {}, videos)
    listed = _listed_actions(root)
    cameras = _cameras(root, notes)
    known = {each.name for each in cameras}
    clips = tuple(_clip(root, name, video, camera, poses, known) for name, video in videos.items())
    actions = dict.fromkeys(each.action for clip in clips for each in clip.segments)
    rare = [each for each in actions if listed and each not in listed and each not in NOT_LEARNED]
    if rare:
        notes.append(f"Too rare for the makers' list, and not learned: {_some(rare)}")
    notes += _notes_on_twins(clips)
    return Annotations(
        clips,
        LICENCE,
        {SPLIT_NAME: parts} if parts else {},
        cameras,
        {each: "" for each in actions if each in NOT_LEARNED or each in rare},
        tuple(notes),
    )


def twins_of(clips: tuple[ForeignClip, ...]) -> dict[str, str]:
    """Clip → the earlier one in which the same is done in the same order; how long each action takes may differ."""
    first: dict[tuple[str, ...], str] = {}
    twins = {}
    for clip in clips:
        actions = tuple(each.action for each in clip.segments if each.action != "NA")
        if actions and first.setdefault(actions, clip.name) != clip.name:
            twins[clip.name] = first[actions]
    return twins


def _notes_on_twins(clips: tuple[ForeignClip, ...]) -> list[str]:
    twins = twins_of(clips)
    if not twins:
        return []
    pairs = [f"{clip} as {earlier}" for clip, earlier in twins.items()]
    return [
        f"{counted(len(twins), 'sequence')} {'does' if len(twins) == 1 else 'do'} the same in the same order "
        f"as an earlier one: {_some(pairs)}"
    ]


def _clip(root: Path, name: str, video: _Video, camera: str, poses: str, known: set[str]) -> ForeignClip:
    place = f"{name}/{camera}"
    fields = name.rpartition("/")[2].split("_")
    of_scene = f"scene {fields[3]} {camera}" if len(fields) > 3 else ""
    return ForeignClip(
        name=name,
        segments=tuple(sorted(video.segments, key=lambda each: (each.start_frame or 0, each.end_frame or 0))),
        rate_hz=RATE_HZ,
        frame_count=video.frame_count,
        width=_SIZE[0],
        height=_SIZE[1],
        videos=(f"{place}/images/scan_video.avi", f"{place}/scan_video.avi"),
        poses=_poses_in(root, place, poses),
        camera=of_scene if of_scene in known else "",
    )


def _poses_in(root: Path, place: str, wanted: str) -> str:
    """The folder of 2D poses of a clip, below the data set's; empty where there is none."""
    folder = root / place / "predictions" / "pose2d"
    try:
        names = sorted(each.name for each in folder.iterdir() if each.is_dir())
    except OSError:
        return ""
    names.sort(key=lambda name: not name.startswith("openpose"))
    chosen = next((each for each in names if not wanted or each == wanted), "")
    return f"{place}/predictions/pose2d/{chosen}" if chosen else ""


def _cameras(root: Path, notes: list[str]) -> tuple[NamedCamera, ...]:
    folder = root / "Calibration"
    if not ikea_asm_cameras.is_ikea_asm(folder):
        return ()
    try:
        return ikea_asm_cameras.read(folder)
    except CoreError as error:
        notes.append(f"Without the makers' cameras: {error}")
        return ()


# ---- the lists beside ----


def _root_of(file: Path) -> Path:
    """The data set's folder round one of its files."""
    return next((each for each in file.parents[:3] if (each / "indexing_files").is_dir()), file.parent)


def _listed_actions(root: Path) -> set[str]:
    return {each.strip() for each in _list(root, "atomic_action_list.txt") if each.strip()}


def _split_of_lists(root: Path, videos: dict[str, _Video], notes: list[str]) -> dict[str, tuple[str, ...]]:
    parts: dict[str, tuple[str, ...]] = {}
    for part in ("train", "test"):
        names = [each.strip().strip("/") for each in _list(root, f"{part}_cross_env.txt") if each.strip()]
        elsewhere = {each for other in parts.values() for each in other}
        parts[part] = tuple(each for each in dict.fromkeys(names) if each in videos and each not in elsewhere)
        unknown = [each for each in names if each not in videos]
        if unknown:
            notes.append(
                f"{part}_cross_env.txt names {counted(len(unknown), 'video')} not among these: {_some(unknown)}"
            )
    return parts if any(parts.values()) else {}


def _split_of_subsets(told: dict[str, _Video], videos: dict[str, _Video]) -> dict[str, tuple[str, ...]]:
    parts = {
        part: tuple(name for name, each in told.items() if each.subset == subset and name in videos)
        for part, subset in (("train", "training"), ("validation", "validation"), ("test", "testing"))
    }
    return {part: names for part, names in parts.items() if names}


def _list(root: Path, name: str) -> list[str]:
    for place in _LISTS:
        path = root / place / name
        try:
            if path.is_file():
                if path.stat().st_size > 10_000_000:
                    raise FormatError(path, "it is too large for a list")
                return path.read_text(encoding="utf-8-sig").splitlines()
        except UnicodeDecodeError:
            raise FormatError(path, "it is no text", hint=_HINT) from None
        except OSError as error:
            raise FileError(path, f"cannot be read ({error.strerror})", hint="Check its permissions.") from None
    return []


def _some(names: list[str]) -> str:
    return ", ".join(each[:200] for each in names[:5]) + (", …" if len(names) > 5 else "")


# ---- the file of segments ----


class _SegmentRow(msgspec.Struct):
    label: str
    segment: tuple[float, float]


class _VideoRow(msgspec.Struct):
    annotation: list[_SegmentRow]
    subset: str = ""


class _SegmentFile(msgspec.Struct):
    database: dict[str, _VideoRow]


def _of_segments(path: Path) -> dict[str, _Video]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise FormatError(path, "it is too large for a file of segments", hint=_HINT)
        content = msgspec.json.decode(path.read_bytes(), type=_SegmentFile)
    except OSError as error:
        raise FileError(path, f"cannot be read ({error.strerror})", hint="Check the path.") from None
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(path, f"it is no file of segments ({error})", hint=_HINT) from None
    videos = {}
    for name, row in content.database.items():
        video = videos[name.strip("/")] = _Video(subset=row.subset)
        for at, each in enumerate(row.annotation):
            start, end = each.segment
            where = f"{name}, segment {at + 1} ({each.label})"
            if not (0 <= start < end <= _LAST_FRAME) or start != int(start) or end != int(end):
                raise FormatError(path, f"{where}: it cannot go from frame {start:g} to {end:g}", hint=_HINT)
            if not each.label.strip():
                raise FormatError(path, f"{where}: it has no label", hint=_HINT)
            video.segments.append(ForeignSegment(each.label.strip(), int(start), int(end)))
        video.frame_count = max((each.end_frame or 0 for each in video.segments), default=None)
    if not videos:
        raise FormatError(path, "it holds no video", hint=_HINT)
    return videos


# ---- the database ----


def _of_database(path: Path, camera: str) -> dict[str, _Video]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise FormatError(path, "it is too large for the database of actions", hint=_HINT)
        options = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
        with closing(sqlite3.connect(options, uri=True)) as connection:
            return _videos(path, connection, camera)
    except (sqlite3.Error, UnicodeDecodeError, OverflowError) as error:
        raise FormatError(path, f"the database is damaged ({error})", hint=_HINT) from None
    except OSError as error:
        raise FileError(path, f"cannot be read ({error.strerror})", hint="Check the path.") from None


def _videos(path: Path, connection: sqlite3.Connection, camera: str) -> dict[str, _Video]:
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA query_only=ON")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1_000_000)
    steps = iter(range(_MOST_STEPS // 100_000))
    connection.set_progress_handler(lambda: next(steps, None) is None, 100_000)
    for table in _TABLES:
        # A view of that name, or a table that is made as it is read (those have no page), could be anything.
        asked = "SELECT type, rootpage > 0 FROM sqlite_master WHERE name = ?"
        if connection.execute(asked, (table,)).fetchall() != [("table", 1)]:
            raise FormatError(path, f"it has no table {table}", hint=_HINT)
    places: dict[int, str] = {}
    videos: dict[str, _Video] = {}
    cameras: set[str] = set()
    for row in _rows(path, connection, "videos"):
        number, place, device, annotated, frames = row
        cameras.add(str(device))
        if device != camera or not annotated:
            continue
        name = re.sub(r"/dev\d.*$", "", str(place)).strip("/")
        if not name or name in videos:
            raise FormatError(path, f"videos: row {number} has the place {place!r}, twice or none", hint=_HINT)
        if frames is not None and not (isinstance(frames, int) and 0 < frames <= _LAST_FRAME):
            raise FormatError(path, f"videos: row {number} has {frames!r} frames", hint=_HINT)
        places[number], videos[name] = name, _Video(frame_count=frames)
    if not videos:
        there = ", ".join(sorted(cameras)) or "none"
        hint = f"Choose another camera: --option camera=NAME. It has {there}."
        raise FormatError(path, f"no video of camera {camera} is annotated", hint=hint)
    for at, (number, start, end, description, thing) in enumerate(_rows(path, connection, "annotations"), start=1):
        if number not in places:
            continue  # of another camera, or of a video whose annotation was not finished
        video = videos[places[number]]
        action, objects = _named(description, thing)
        if isinstance(end, int) and video.frame_count is not None:
            end = min(end, video.frame_count)  # as the makers' own reader does
        if not (isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= _LAST_FRAME) or not action:
            what = f"annotations: row {at} of {places[number]} ({description!r}) goes from frame {start} to {end}"
            raise FormatError(path, what, hint=_HINT)
        video.segments.append(ForeignSegment(action, start, end, objects=objects))
    return videos


def _rows(path: Path, connection: sqlite3.Connection, table: str) -> Iterator[tuple]:
    there = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
    lacking = [each for each in _TABLES[table] if each not in there]
    if lacking:
        raise FormatError(path, f"its table {table} has no column {lacking[0]}", hint=_HINT)
    for count, row in enumerate(connection.execute(f"SELECT {', '.join(_TABLES[table])} FROM {table}")):
        if count >= _MOST_ROWS:
            raise FormatError(path, f"its table {table} has more than {_MOST_ROWS} rows", hint=_HINT)
        yield row


def _named(description: object, thing: object) -> tuple[str, tuple[str, ...]]:
    """The action's name: "pick up ..." goes on with the object's."""
    said, what = str(description or "").strip(), str(thing or "").strip()
    if said.endswith("..."):
        said = f"{said[:-3].strip()} {what}".strip()
    return said, (what,) if what else ()
