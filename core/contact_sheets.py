"""What a file or folder of others holds, as one picture that shows at a glance whether it was understood.

    picture = contact_sheet(Path("clip.bvh"))            # (height, width, 3) uint8
    write_contact_sheet(Path("AMASS/CMU"), Path("cmu.png"))

Motion: eight moments from two sides, and the body where there is one. 2D poses: sticks over the clip's video, or over
nothing. Annotations and labels: what is done when, on lanes. Characteristic poses: when they are. Cameras: from above.
The file is read as an import reads it; what the reader took for granted is written on the sheet.
"""

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy import ndarray

from core.errors import CoreError, FormatError
from core.foreign_facts import first_read
from core.formats.annotated import Annotations, ForeignClip
from core.formats.cameras import NamedCamera
from core.formats.keypose_csv import KeyposeTable
from core.formats.marks import Mark
from core.geometry.cameras import eye_m
from core.importing.apart import reader_of
from core.importing.recognition import Recognised, unpacked, what_is
from core.motion import Poses2d
from core.opencv import cv2
from core.recordings import Recording
from core.rendering.boards import CANVAS, LINE, PAD, QUIET, Board, Rgb, stacked, wrapped
from core.rendering.contents import DARK
from core.rendering.export import write_png
from core.rendering.lanes import Bar, Lane, counts_picture, lanes_picture
from core.rendering.moments import WIDTH, recording_picture
from core.rendering.offscreen import rgb
from core.rendering.overlay import draw_skeleton
from core.video import open_video
from core.wording import counted

MOST_RECORDINGS = 6
MOST_LANES = 12
_FRAMES = 8
_CELL = (398, 298)  # four beside each other
_NAMED = 6


def contact_sheet(
    source: Path,
    *,
    format_name: str = "",
    video: Path | None = None,
    **options: Any,
) -> Rgb:
    """The sheet of what is there. `video` is the clip 2D poses were found in; `options` are the format's own."""
    if source.suffix.lower() == ".zip" and source.is_file():
        with TemporaryDirectory(prefix="posecast-zip-") as place, unpacked(source, Path(place)) as inside:
            return _sheet(what_is(inside, format_name), video, options)
    return _sheet(what_is(source, format_name), video, options)


def _sheet(found: Recognised, video: Path | None, options: dict[str, Any]) -> Rgb:
    if found.format.holds in ("motion", "motion labels"):
        parts = list(_of_recordings(found, options))
    else:
        parts = list(_of_value(found, video, options))
    return stacked([_title(found), *parts])


def write_contact_sheet(
    source: Path,
    out: Path,
    *,
    format_name: str = "",
    video: Path | None = None,
    **options: Any,
) -> None:
    """The sheet as a PNG."""
    if out.suffix.lower() != ".png":
        raise FormatError(out, "a contact sheet is a .png", hint="Name a file that ends with .png.")
    write_png(out, contact_sheet(source, format_name=format_name, video=video, **options))


def _title(found: Recognised) -> Rgb:
    board = Board(WIDTH, 56)
    used = board.words(found.source.name, (PAD, 28), size=15, colour=QUIET, weight="Medium", most=WIDTH / 2)
    said = f"{found.says()} · {found.format.holds}"
    if found.passed_over:
        said += f" · {counted(found.passed_over, 'other file')} passed over"
    board.words(said, (PAD + used + 16, 28), size=13, colour=QUIET, most=WIDTH - 2 * PAD - used - 16)
    return board.picture()


def _told(lines: Iterable[str], size: float = 13.0, colour: str = QUIET) -> Rgb:
    """Sentences under each other."""
    broken = [each for line in lines for each in wrapped(line, size, "Regular", WIDTH - 2 * PAD)]
    board = Board(WIDTH, 22 * max(len(broken), 1) + 16)
    for at, line in enumerate(broken):
        board.words(line, (PAD, 18 + 22 * at), size=size, colour=colour)
    return board.picture()


# ---- motion ----


def _of_recordings(found: Recognised, options: dict[str, Any]) -> Iterator[Rgb]:
    """The first recordings; of files that cannot be read, the reasons."""
    reasons: list[str] = []
    with closing(_read_each(found, options, reasons)) as read:
        shown = list(islice(read, MOST_RECORDINGS))
    if not shown and reasons:
        raise FormatError(found.source, reasons[0])
    if found.format.holds == "motion labels":
        yield from _labels(found, options)
        return
    if not shown:
        raise FormatError(found.source, "no recording is in it")
    for recording in shown:
        yield recording_picture(recording)
    if reasons:
        yield _told(["Not read:", *reasons[:_NAMED]])


def _read_each(found: Recognised, options: dict[str, Any], reasons: list[str]) -> Generator[Recording, None, None]:
    """Recordings from files spread over the folder."""
    files = found.files
    if len(files) > MOST_RECORDINGS:
        files = tuple(files[at] for at in np.linspace(0, len(files) - 1, MOST_RECORDINGS).round().astype(int))
    most = MOST_RECORDINGS if len(files) == 1 else 1
    with reader_of(found.format) as read:
        for file in files:
            try:
                with closing(read(file, **options)) as recordings:
                    yield from islice(recordings, most)
            except CoreError as error:
                reasons.append(str(error))


def _labels(found: Recognised, options: dict[str, Any]) -> Iterator[Rgb]:
    """Stretches of the first recordings that have some."""
    lanes = []
    for recording in (each for file in found.files for each in found.format.read(file, **options)):
        bars = tuple(Bar(each.start_s, each.end_s, ", ".join(each.labels) or each.text) for each in recording.stretches)
        if bars:
            lanes.append(Lane(recording.name, bars))
        if len(lanes) == MOST_LANES:
            break
    yield lanes_picture(lanes, WIDTH, "s") if lanes else _told(["No stretch is labelled."])


# ---- everything else ----


def _of_value(found: Recognised, video: Path | None, options: dict[str, Any]) -> Iterator[Rgb]:
    if found.is_many:
        names = ", ".join(each.name for each in found.files[:_NAMED])
        yield _told([f"{counted(len(found.files), 'file')}: {names}{' …' if len(found.files) > _NAMED else ''}"])
    value = first_read(found, options)
    match value:
        case Poses2d():
            yield from _poses(value, video)
        case Annotations():
            yield from annotations_pictures(value)
        case KeyposeTable():
            yield from _keyposes(value)
        case [Mark(), *_]:
            yield _marks(list(value))
        case (NamedCamera(), *_):
            yield _cameras(tuple(value))
        case _:
            yield _told(["Nothing is in it."])


def _poses(poses: Poses2d, video: Path | None) -> Iterator[Rgb]:
    """Eight frames in which somebody is seen, over the video's pictures where they are given."""
    seen = np.flatnonzero(poses.seen().any((1, 2)))
    share = float(poses.seen()[seen].any(2).sum()) / max(len(seen), 1)
    yield _told(
        [
            f"{poses.skeleton.name} · {counted(len(poses), 'frame')}, {len(seen)} with somebody · "
            f"{counted(poses.people, 'person', 'people')}, {share:.1f} at a time"
        ],
        colour="#e9eaed",
    )
    if not len(seen):
        return
    frames = seen[np.unique(np.linspace(0, len(seen) - 1, _FRAMES).round().astype(int))]
    if video is None:
        low, high = _part_of_picture(poses)
        blank = np.full((*_CELL[::-1], 3), rgb(CANVAS), np.uint8)
        cells = [_with_sticks(blank, poses, int(frame), low, high) for frame in frames]
        said = f"Shown: x {low[0]:.0f} … {high[0]:.0f} px, y {low[1]:.0f} … {high[1]:.0f} px of the picture"
    else:
        with open_video(video) as opened:
            pictures = [opened.frame(min(int(frame), len(opened) - 1)) for frame in frames]
        low, high = np.zeros(2) - 0.5, np.array([pictures[0].shape[1], pictures[0].shape[0]]) - 0.5
        cells = [_with_sticks(each, poses, int(frame), low, high) for each, frame in zip(pictures, frames, strict=True)]
        said = f"Over {video.name}"
    yield _grid(cells, [f"frame {frame}" for frame in frames])
    yield _told([said])


def _part_of_picture(poses: Poses2d) -> tuple[ndarray, ndarray]:
    """Corners of what has everybody in it in (almost) all frames, as wide and as high as a cell."""
    places = poses.joints_px[poses.seen()]
    low, high = np.percentile(places, 0.5, axis=0), np.percentile(places, 99.5, axis=0)
    middle, needed = (low + high) / 2, np.maximum(high - low, 1.0) * 1.25
    half = np.array(_CELL) * float((needed / np.array(_CELL)).max()) / 2
    return middle - half, middle + half


def _with_sticks(picture: Rgb, poses: Poses2d, frame: int, low: ndarray, high: ndarray) -> Rgb:
    """A picture whose corners are `low` and `high`, as large as a cell, so that lines are as thick on every one.

    Drawn twice as large and averaged: thin lines stay smooth.
    """
    width = 2 * _CELL[0]
    scale = width / float(high[0] - low[0])
    height = max(round(float(high[1] - low[1]) * scale / 2), 1)
    large = cv2.resize(picture, (width, 2 * height), interpolation=cv2.INTER_AREA)
    for person in range(poses.people):
        joints_px = (poses.joints_px[frame, person] - low) * scale - 0.5
        draw_skeleton(large, poses.skeleton, joints_px, poses.seen()[frame, person], sides=DARK.sides, scale=2.0)
    return cv2.resize(large, (_CELL[0], height), interpolation=cv2.INTER_AREA)


def _grid(cells: list[Rgb], words: list[str]) -> Rgb:
    """Pictures of one size, four in a row."""
    height, width = cells[0].shape[:2]
    rows = -(-len(cells) // 4)
    board = Board(WIDTH, rows * (height + 2) + PAD)
    for at, (cell, said) in enumerate(zip(cells, words, strict=True)):
        left, top = PAD + (at % 4) * (width + 2), (at // 4) * (height + 2)
        board.box(left - 1, top, left + width, top + height + 1, LINE)
        board.paste(cell, left, top + 1)
        board.words(said, (left + 8, top + 15), size=12, colour=QUIET)
    return board.picture()


def annotations_pictures(value: Annotations) -> Iterator[Rgb]:
    """What there is in words, then what is done when in the first clips."""
    clips = [each for each in value.clips if each.segments]
    segments = [segment for each in clips for segment in each.segments]
    facts = [
        counted(len(value.clips), "clip"), counted(len(segments), "segment"),
        counted(len({each.action for each in segments}), "action"),
        counted(len({each for segment in segments for each in segment.objects}), "object"),
        counted(sum(each.pose_frame is not None or each.pose_s is not None for each in segments), "pose"),
    ]  # fmt: skip
    facts += [counted(len(value.cameras), "camera")] if value.cameras else []
    facts += [
        f"split {name}: {', '.join(f'{part} {len(names)}' for part, names in parts.items())}"
        for name, parts in value.splits.items()
    ]
    yield _told([" · ".join(facts)], colour="#e9eaed")
    if value.notes:
        yield _told(value.notes)
    if not clips:
        return
    in_frames = all(segment.start_frame is not None for each in clips[:MOST_LANES] for segment in each.segments)
    picked = [_in_seconds(each, in_frames=in_frames) for each in clips[:MOST_LANES]]
    yield lanes_picture(picked, WIDTH, "frames" if in_frames else "s")
    if len(clips) > MOST_LANES:
        yield _told([f"The first {MOST_LANES} of {len(clips)} clips with segments."])


def _in_seconds(clip: ForeignClip, *, in_frames: bool) -> Lane:
    """A lane in frames where every clip counts so, else in seconds as far as they are known."""
    rate_hz = clip.rate_hz or 25.0
    bars = []
    for each in clip.segments:
        if in_frames:
            span, pose = (each.start_frame, each.end_frame), each.pose_frame
        else:
            span = (
                each.start_s if each.start_s is not None else (each.start_frame or 0) / rate_hz,
                each.end_s if each.end_s is not None else (each.end_frame or 0) / rate_hz,
            )
            pose = each.pose_s
        marks = () if pose is None else (float(pose),)
        bars.append(Bar(float(span[0] or 0), float(span[1] or 0), each.action, marks))
    return Lane(clip.name, tuple(bars))


def _marks(marks: list[Mark]) -> Rgb:
    lanes: dict[str, list[Bar]] = {}
    for each in marks:
        poses = () if each.pose_frame is None else (float(each.pose_frame),)
        lanes.setdefault(each.clip, []).append(Bar(each.start_frame, each.end_frame, each.action, poses))
    shown = [Lane(name, tuple(bars)) for name, bars in list(lanes.items())[:MOST_LANES]]
    return lanes_picture(shown, WIDTH, "frames")


def _keyposes(table: KeyposeTable) -> Iterator[Rgb]:
    """When the poses are, and of whom how many."""
    seconds = [row.frame / table.rate_hz for row in table.rows]
    whom: dict[str, int] = {}
    for row in table.rows:
        whom[row.sample.partition("-")[0]] = whom.get(row.sample.partition("-")[0], 0) + 1
    shares = ", ".join(f"{name} {count}" for name, count in sorted(whom.items()))
    said = [f"{counted(len(table.rows), 'characteristic pose')}, {table.form}'s form · {shares}"]
    said += [f"line {row.line}, {row.sample}: {row.comment}" for row in table.rows if row.comment][:_NAMED]
    yield _told(said, colour="#e9eaed")
    what = "after the first contact" if table.form == "GRAB" else "after the beginning"
    yield counts_picture(f"Characteristic poses by their time {what}", seconds, WIDTH, "s")


def _cameras(cameras: tuple[NamedCamera, ...]) -> Rgb:
    """From above: where each stands (x to the right, z towards the reader) and which way it looks."""
    placed = [each for each in cameras if each.placed][:60]
    if not placed:
        return _told([f"{counted(len(cameras), 'lens', 'lenses')}, none of them placed."])
    eyes = np.array([eye_m(each.camera) for each in placed])
    reach = max(float(np.abs(eyes[:, [0, 2]]).max()), 1.0) * 1.25
    board = Board(WIDTH, 560)
    middle, scale = (WIDTH / 2, 270.0), 250 / reach
    for metre in range(-int(reach), int(reach) + 1):
        at = metre * scale
        board.line([(middle[0] + at, middle[1] - 250), (middle[0] + at, middle[1] + 250)], "#1c1f26")
        board.line([(middle[0] - 250, middle[1] + at), (middle[0] + 250, middle[1] + at)], "#1c1f26")
    written: list[tuple[float, float]] = []
    for each, eye in zip(placed, eyes, strict=True):
        x, y = middle[0] + eye[0] * scale, middle[1] + eye[2] * scale
        forward = each.camera.rotation[2]
        board.line([(x, y), (x + float(forward[0]) * 46, y + float(forward[2]) * 46)], DARK.sides.left, 2)
        board.dot((x, y), 5, DARK.sides.right)
        if all(abs(x - other_x) > 180 or abs(y - other_y) > 16 for other_x, other_y in written):
            written.append((x, y))
            board.words(f"{each.name}, {eye[1]:.2f} m high", (x + 12, y - 9), size=11, colour=QUIET, most=260)
    said = f"{counted(len(cameras), 'camera')} from above; a square is a metre"
    board.words(said, (PAD, 530), size=12, colour=QUIET)
    return board.picture()
