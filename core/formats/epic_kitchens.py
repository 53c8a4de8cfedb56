"""EPIC-KITCHENS-100's tables of narrated actions: one row a segment, of videos named P01_01.MP4.

`start_timestamp` and `stop_timestamp` (hh:mm:ss.ss) are what counts; `start_frame` and `stop_frame` number the frames
that its makers extracted, from 1, and tell the rate. An action is its verb, as the class it belongs to where the table
of verb classes (EPIC_100_verb_classes.csv) lies beside the file; all its nouns are objects, likewise. With
`action="narration"` it is the whole narration, with `action="verb noun"` both words. The participant is the performer.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from core.errors import FormatError
from core.formats.annotated import Annotations, ForeignClip, ForeignSegment
from core.formats.delimited import Row, first_rows, read_table
from core.formats.times import clock_of

LICENCE = "CC BY-NC 4.0"
NEEDED = (
    "narration_id", "participant_id", "video_id", "start_timestamp", "stop_timestamp", "start_frame", "stop_frame",
    "narration", "verb", "verb_class", "noun", "noun_class", "all_nouns", "all_noun_classes",
)  # fmt: skip
ACTIONS = ("verb", "narration", "verb noun")
_CLASSES = {"verb": "verb_classes", "noun": "noun_classes"}
_RATES_HZ = (24000 / 1001, 24.0, 25.0, 30000 / 1001, 30.0, 48.0, 50.0, 60000 / 1001, 60.0, 90.0, 120.0)
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_HINT = "Take the table as its makers publish it."


def is_epic_kitchens(path: Path) -> bool:
    """Whether the first line names the columns of the data set's tables."""
    if path.suffix.lower() not in (".csv", ".tsv") or not path.is_file():
        return False
    rows = first_rows(path, 1)
    return bool(rows) and set(NEEDED) <= set(rows[0].cells)


@dataclass
class _Video:
    performer: str
    segments: list[ForeignSegment] = field(default_factory=list)
    rates_hz: list[float] = field(default_factory=list)
    last_frame: int = 0


def read(path: Path, *, action: str = "verb") -> Annotations:
    """The segments of all videos; FormatError names the line that is wrong."""
    if action not in ACTIONS:
        raise FormatError(path, f"an action cannot be {action!r}", hint=f"It can be: {', '.join(ACTIONS)}.")
    table = read_table(path)
    header = table.rows[0].cells if table.rows else ()
    lacking = [name for name in NEEDED if name not in header]
    if lacking:
        raise FormatError(path, f"no column {lacking[0]!r}", hint=_HINT)
    notes = list(table.notes)
    classes = {kind: _classes(path, kind, notes) for kind in _CLASSES}
    at = {name: header.index(name) for name in NEEDED}
    videos: dict[str, _Video] = {}
    for row in table.rows[1:]:
        if len(row.cells) != len(header):
            raise FormatError(path, f"line {row.line}: {len(row.cells)} cells, not {len(header)}", hint=_HINT)
        given = {name: row.cells[column] for name, column in at.items()}
        if not given["video_id"]:
            raise FormatError(path, f"line {row.line}: no video_id", hint=_HINT)
        video = videos.setdefault(given["video_id"], _Video(given["participant_id"]))
        _take(path, row, given, video, classes, action)
    return Annotations(tuple(_clips(videos)), licence=LICENCE, notes=tuple(notes))


def _take(
    path: Path, row: Row, given: dict[str, str], video: _Video, classes: dict[str, dict[int, str]], action: str
) -> None:
    start_s, end_s = clock_of(given["start_timestamp"]), clock_of(given["stop_timestamp"])
    if start_s is None or end_s is None or end_s < start_s:
        what = f"it runs from {given['start_timestamp'][:20]!r} to {given['stop_timestamp'][:20]!r}"
        raise FormatError(path, f"line {row.line}: {what}", hint="Times are hh:mm:ss.ss, the end after the start.")
    verb = _named(path, row, classes["verb"], given["verb_class"], given["verb"])
    nouns = _list(given["all_nouns"]) or [given["noun"]]
    numbers = re.findall(r"-?\d+", given["all_noun_classes"])
    if len(numbers) != len(nouns):
        numbers = [given["noun_class"]] + [""] * (len(nouns) - 1)
    objects = [
        _named(path, row, classes["noun"], number, noun) for number, noun in zip(numbers, nouns, strict=True) if noun
    ]
    main = _named(path, row, classes["noun"], given["noun_class"], given["noun"])
    name = {"verb": verb, "narration": given["narration"], "verb noun": f"{verb} {main}"}[action]
    if not name:
        raise FormatError(path, f"line {row.line}: no {action}", hint=_HINT)
    video.segments.append(ForeignSegment(name, start_s=start_s, end_s=end_s, objects=tuple(dict.fromkeys(objects))))
    frame = given["stop_frame"]
    if frame.isascii() and frame.isdigit() and len(frame) < 9:
        video.last_frame = max(video.last_frame, int(frame))
        if end_s > 1:
            video.rates_hz.append(int(frame) / end_s)


def _clips(videos: dict[str, _Video]) -> Iterator[ForeignClip]:
    for name, video in videos.items():
        rate = median(video.rates_hz) if video.rates_hz else 0.0
        rate = next((each for each in _RATES_HZ if rate and abs(each / rate - 1) < 5e-4), rate) or None
        file = f"{name}.MP4"
        yield ForeignClip(
            file, tuple(video.segments), rate_hz=rate, frame_count=video.last_frame or None,
            performer=video.performer, videos=(f"{video.performer}/videos/{file}", f"{video.performer}/{file}", file),
        )  # fmt: skip


def _classes(path: Path, kind: str, notes: list[str]) -> dict[int, str]:
    """Number → name of the classes, from the table beside the file; empty where there is none."""
    beside = [each for each in sorted(path.parent.glob("*.csv")) if each.stem.lower().endswith(_CLASSES[kind])]
    if not beside:
        notes.append(f"no table of {kind} classes beside it; {kind}s stay as they were narrated")
        return {}
    rows = read_table(beside[0]).rows
    if not rows or "id" not in rows[0].cells or "key" not in rows[0].cells:
        raise FormatError(beside[0], "no columns 'id' and 'key'", hint=_HINT)
    number, key = rows[0].cells.index("id"), rows[0].cells.index("key")
    found = {}
    for row in rows[1:]:
        if len(row.cells) <= max(number, key) or not row.cells[number].isdigit() or len(row.cells[number]) > 9:
            raise FormatError(beside[0], f"line {row.line}: no number of a class", hint=_HINT)
        found[int(row.cells[number])] = row.cells[key]
    return found


def _named(path: Path, row: Row, classes: dict[int, str], number: str, word: str) -> str:
    """The class's name, or the word itself where the classes are not known."""
    if not classes or not number:
        return word
    if not (number.isascii() and number.isdigit() and len(number) < 10 and int(number) in classes):
        raise FormatError(path, f"line {row.line}: there is no class {number[:20]!r} of {word!r}", hint=_HINT)
    return classes[int(number)] or word


def _list(text: str) -> list[str]:
    """The words of a list as Python prints it."""
    return [first or second for first, second in _QUOTED.findall(text)]
