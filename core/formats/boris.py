"""BORIS's exports of coded behaviour, TSV or CSV: tabular events and aggregated events, of one or several observations.

Tabular events have a row where a state starts, one where it stops (`Behavior type`, in older versions `Status`: START,
STOP), and one for a point event. Older versions write what the observation is above the table. Aggregated events have
one row a segment, `Start (s)` and `Stop (s)`. A behaviour is an action, its modifiers are objects, the subject is the
person ("No focal subject": nobody in particular). A point event becomes a segment of one frame whose characteristic
pose is that frame, since the instant is all that was chosen. The clip is the event's media file; where several files
were played one after another, their lengths place an event in its own file, or, where these are not told, the
observation is the clip. Times are seconds from the start of the observation.
"""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath

from core.errors import FormatError
from core.formats.annotated import Annotations, ForeignClip, ForeignSegment
from core.formats.delimited import Row, first_rows, read_table
from core.formats.times import clock_of, number_of

NOBODY = "No focal subject"
_MEDIA = ("Media file name", "Media file path", "Media file")
_KIND = ("Behavior type", "Status", "Type")
_STATES = ("START", "STOP", "POINT", "STATE")
_HINT = "Export tabular or aggregated events again."
_ABSENT = ("", "NA", "Not found")


def is_boris(path: Path) -> bool:
    """Whether one of the first lines names the columns of BORIS's events."""
    if path.suffix.lower() not in (".tsv", ".csv", ".txt") or not path.is_file():
        return False
    return any(_is_header(row.cells) for row in first_rows(path, 60))


def read(path: Path) -> Annotations:
    """The observations' segments; a state that never stops, or stops before it starts, is named by its line."""
    table = read_table(path)
    at = next((at for at, row in enumerate(table.rows) if _is_header(row.cells)), None)
    if at is None:
        raise FormatError(path, "no line names Behavior, Subject and Time, or Start (s) and Stop (s)", hint=_HINT)
    above = {row.cells[0]: row.cells[1] for row in table.rows[:at] if len(row.cells) > 1}
    rows = table.rows[at + 1 :]
    events = _Events(path, table.rows[at].cells, above, rows)
    for row in rows:
        events.take(row)
    return Annotations(tuple(events.clips()), notes=(*table.notes, *events.notes))


def _is_header(cells: tuple[str, ...]) -> bool:
    names = set(cells)
    if not {"Subject", "Behavior"} <= names:
        return False
    return {"Start (s)", "Stop (s)"} <= names or ("Time" in names and bool(names & set(_KIND)))


@dataclass
class _Clip:
    segments: list[ForeignSegment] = field(default_factory=list)
    rate_hz: float | None = None
    length_s: float | None = None


@dataclass(frozen=True)
class _Begun:
    line: int
    start_s: float
    objects: tuple[str, ...]


class _Events:
    """Rows become segments as they come."""

    def __init__(self, path: Path, header: tuple[str, ...], above: dict[str, str], rows: Sequence[Row]) -> None:
        self.path = path
        self.notes: list[str] = []
        self._header = header
        self._above = above
        self._clips: dict[str, _Clip] = {}
        self._open: dict[tuple[str, str, str], deque[_Begun]] = {}
        self._aggregated = "Start (s)" in header
        self._kind = next((name for name in _KIND if name in header), "")
        self._media = next((name for name in _MEDIA if name in header), "")
        self._media_of: dict[str, set[str]] = {}
        for row in rows:
            given = dict(zip(header, row.cells, strict=False))
            if media := _media_name(given.get(self._media, "")):
                self._media_of.setdefault(self._observation(given), set()).add(media)

    def take(self, row: Row) -> None:
        if len(row.cells) > len(self._header):
            raise self._wrong(row.line, f"{len(row.cells)} cells under {len(self._header)} names")
        given = dict(zip(self._header, row.cells, strict=False))
        action = given.get("Behavior", "")
        if not action:
            raise self._wrong(row.line, "no behavior")
        subject = given.get("Subject", "")
        actor = "" if subject == NOBODY else subject
        observation = self._observation(given)
        media = _media_name(given.get(self._media, ""))
        objects = tuple(
            each for name in self._header if name.startswith("Modifier") for each in _words(given.get(name))
        )
        clip, before_s = self._clip(observation, media, given)
        state = given.get(self._kind, "").upper() if self._kind else "STATE"
        if self._aggregated:
            start_s = self._seconds(row.line, given, "Start (s)") - before_s
            stop = given.get("Stop (s)", "")
            end_s = start_s if stop in _ABSENT else self._seconds(row.line, given, "Stop (s)") - before_s
            if end_s < start_s:
                raise self._wrong(row.line, f"{action} stops before it starts")
            clip.segments.append(_segment(action, start_s, end_s, objects, actor, point=state == "POINT"))
            return
        if state not in _STATES:
            raise self._wrong(row.line, f"{self._kind} is {state[:20]!r}, not START, STOP or POINT")
        at_s = self._seconds(row.line, given, "Time") - before_s
        key = (observation, action, actor)
        if state == "POINT":
            clip.segments.append(_segment(action, at_s, at_s, objects, actor, point=True))
        elif state == "START":
            self._open.setdefault(key, deque()).append(_Begun(row.line, at_s, objects))
        elif not self._open.get(key):
            raise self._wrong(row.line, f"{action} stops and never started")
        else:
            begun = self._open[key].popleft()
            if at_s < begun.start_s:
                raise self._wrong(row.line, f"{action} stops before it starts, on line {begun.line}")
            objects = begun.objects or objects
            clip.segments.append(_segment(action, begun.start_s, at_s, objects, actor, point=False))

    def clips(self) -> Iterator[ForeignClip]:
        for (_, action, _), begun in self._open.items():
            if begun:
                raise self._wrong(begun[0].line, f"{action} starts and never stops")
        for name, clip in self._clips.items():
            count = round(clip.length_s * clip.rate_hz) if clip.length_s and clip.rate_hz else None
            segments = tuple(sorted(clip.segments, key=lambda each: (each.start_s or 0, each.end_s or 0)))
            yield ForeignClip(name, segments, rate_hz=clip.rate_hz, frame_count=count, videos=(name,))

    def _observation(self, given: dict[str, str]) -> str:
        return given.get("Observation id") or self._above.get("Observation id") or self.path.stem

    def _clip(self, observation: str, media: str, given: dict[str, str]) -> tuple[_Clip, float]:
        """The clip of this row, and how many seconds of the observation lie before its video."""
        files, lengths, rates = self._played(given)
        several = len(files) > 1 or len(self._media_of.get(observation, ())) > 1
        if several and len(lengths) == len(files) and media in files:
            at = files.index(media)
            name, before_s, length_s = media, sum(lengths[:at]), lengths[at]
            rate = rates[min(at, len(rates) - 1)] if rates else None
        elif several:
            self._note(f"{observation}: several videos one after another; times count over all of them, in one clip")
            name, before_s, length_s, rate = observation, 0.0, None, rates[0] if rates else None
        else:
            name = media or (files[0] if files else observation)
            before_s, length_s, rate = 0.0, (lengths or [None])[0], (rates or [None])[0]
        clip = self._clips.setdefault(name, _Clip())
        clip.rate_hz, clip.length_s = clip.rate_hz or rate, clip.length_s or length_s
        offset = number_of(given.get("Time offset (s)") or self._above.get("Time offset (s)", "0"))
        if offset:
            self._note(f"{observation}: its time offset of {offset:g} s stays in the times, as they stand in the file")
        return clip, before_s

    def _played(self, given: dict[str, str]) -> tuple[list[str], list[float], list[float]]:
        """The first player's files, their lengths in seconds and their rates, as far as they are told."""
        first = given.get("Source", "").partition("|")[0]
        first = re.sub(r"^player #\d+:", "", first, flags=re.IGNORECASE)
        files = [name for each in first.split(";") if (name := _media_name(each))]
        if not files and "Player #1" in self._above:
            files = [_media_name(self._above["Player #1"])]
        length = given.get("Media duration (s)") or given.get("Total length") or given.get("Total length (s)") or ""
        return files, _numbers(length), _numbers(given.get("FPS", ""))

    def _seconds(self, line: int, given: dict[str, str], name: str) -> float:
        text = given.get(name, "")
        value = number_of(text)
        value = clock_of(text) if value is None else value
        if value is None:
            raise self._wrong(line, f"{name} is {text[:20]!r}, no time")
        return value

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def _wrong(self, line: int, what: str) -> FormatError:
        return FormatError(self.path, f"line {line}: {what}", hint=_HINT)


def _segment(
    action: str, start_s: float, end_s: float, objects: tuple[str, ...], actor: str, *, point: bool
) -> ForeignSegment:
    pose_s = start_s if point else None
    return ForeignSegment(action, start_s=start_s, end_s=end_s, objects=objects, actor=actor, pose_s=pose_s)


def _media_name(text: str) -> str:
    """A file's name out of a path of any system; empty where there is none."""
    return "" if text.strip() in _ABSENT else PureWindowsPath(text.strip()).name


def _numbers(text: str) -> list[float]:
    """The first player's numbers out of `25.000;25.000|30.000`."""
    found = (number_of(each) for each in text.partition("|")[0].split(";"))
    return [each for each in found if each is not None and each > 0]


def _words(text: str | None) -> list[str]:
    return [each.strip() for each in (text or "").split("|") if each.strip() not in ("", "None")]
