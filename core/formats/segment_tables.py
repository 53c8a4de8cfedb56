"""Segments in any CSV or TSV: a person says which column is what, or what the names suggest is taken.

`columns_of` gives what a chooser shows: the header, the first rows, and a guess at every choice; `read` takes the same
choices as words, so a window and a command say the same. Choices, all optional:

    clip, action, start, end, duration, actor, objects, pose    names of columns; "-" for none
    unit           frames, seconds, milliseconds or time (hh:mm:ss.mmm or mm:ss)
    first          the number of the first frame: 0 or 1
    end_included   yes or no: whether the frame named as the end is still part of the segment
    rate_hz        frames a second, where frames of the table are not the video's or there is no video
    encoding       utf-8, utf-16 or latin-1
    delimiter      comma, semicolon, tab or bar
    header         yes or no: whether the first row names the columns; without names they are "column 1", "column 2", …
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from core.errors import FormatError
from core.formats import boris, epic_kitchens, marks
from core.formats.annotated import Annotations, ForeignClip, ForeignSegment
from core.formats.delimited import Row, Table, first_rows, read_table
from core.formats.times import clock_of, number_of

ROLES = ("clip", "action", "start", "end", "duration", "actor", "objects", "pose")
UNITS = ("frames", "seconds", "milliseconds", "time")
OPTIONS = (*ROLES, "unit", "first", "end_included", "rate_hz", "encoding", "delimiter", "header")
NONE = "-"
_SIGNS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
_SHOWN = 20
_LOOKED_AT = 2000
_HINT = "Say which column is what, for example action=Behaviour start=Begin end=End."

# In the order they are looked for. A name fits a role where it is one of these words, alone or among others.
_WORDS: dict[str, tuple[str, ...]] = {
    "pose": ("pose_frame", "pose", "keypose", "apex", "peak", "characteristic"),
    "duration": ("duration", "length"),
    "end": ("end", "stop", "offset", "finish", "until"),
    "start": ("start", "begin", "onset", "beginning", "from"),
    "clip": ("clip", "video", "file_name", "filename", "file", "media", "sequence", "recording", "movie"),
    "actor": ("actor", "subject", "person", "participant", "performer", "who"),
    "objects": ("objects", "object", "nouns", "noun", "items", "item", "tool"),
    "action": ("action", "behavior", "behaviour", "activity", "label", "verb", "event", "annotation", "category_name",
               "class", "category", "code", "name"),
}  # fmt: skip
_NUMBERS = ("start", "end", "duration", "pose")
_SAYS_UNIT = {"frame": "frames", "frames": "frames", "ms": "milliseconds", "msec": "milliseconds",
              "milliseconds": "milliseconds", "s": "seconds", "sec": "seconds", "secs": "seconds",
              "seconds": "seconds"}  # fmt: skip


@dataclass(frozen=True)
class Columns:
    """What a table looks like, and what is taken for granted where a person says nothing.

    `guess` has every option that has a value, as `read` takes them; `notes` say what had to be guessed and how.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    count: int
    guess: dict[str, str]
    notes: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether the guess says enough to read the table."""
        return {"action", "start"} <= self.guess.keys() and ("end" in self.guess or "duration" in self.guess)


def is_segment_table(path: Path) -> bool:
    """Whether the names of the columns say enough, and it is no table of a kind of its own."""
    if path.suffix.lower() not in (".csv", ".tsv", ".txt") or not path.is_file():
        return False
    if any(known(path) for known in (marks.is_csv, epic_kitchens.is_epic_kitchens, boris.is_boris)):
        return False
    rows = first_rows(path)
    if len(rows) < 2 or _has_numbers(rows[0]):
        return False
    found = _columns(rows, {})
    if not found.is_complete:
        return False
    ends = [found.header.index(found.guess[role]) for role in ("start", "end", "duration") if role in found.guess]
    return all(
        len(row.cells) > max(ends) and all(_time_of(row.cells[at]) is not None for at in ends) for row in rows[1:5]
    )


def columns_of(path: Path, **options: str) -> Columns:
    """What the table holds and what is guessed of it; `options` are what a person has said already."""
    _check(path, options)
    table = _table(path, options)
    found = _columns(table.rows, options)
    sign = next((name for name, each in _SIGNS.items() if each == table.delimiter), "comma")
    guess = {"encoding": table.encoding, "delimiter": sign, **found.guess}
    return Columns(found.header, found.rows, found.count, guess, (*table.notes, *found.notes))


def read(path: Path, **options: str) -> Annotations:
    """The segments of the table; FormatError names the line and the column that is wrong."""
    _check(path, options)
    table = _table(path, options)
    columns = _columns(table.rows, options)
    chosen = columns.guess
    for role in ROLES:
        if role in chosen and chosen[role] not in columns.header:
            names = ", ".join(columns.header[:20])
            raise FormatError(path, f"no column {chosen[role]!r}", hint=f"Its columns are: {names}.")
    lacking = "action" if "action" not in chosen else "start" if "start" not in chosen else "end"
    if not columns.is_complete:
        raise FormatError(path, f"no column is known to be the {lacking}", hint=_HINT)
    rate = number_of(options.get("rate_hz", "0")) or 0
    if not 0 <= rate <= 100_000:
        raise FormatError(path, f"{options['rate_hz']!r} is no rate", hint="Give frames a second, such as 25.")
    clips: dict[str, list[ForeignSegment]] = {}
    for row in table.rows[0 if chosen["header"] == "no" else 1 :]:
        name, segment = _segment(path, row, columns.header, chosen)
        clips.setdefault(name or path.stem, []).append(segment)
    made = tuple(ForeignClip(name, tuple(each), rate_hz=rate or None) for name, each in clips.items())
    return Annotations(made, notes=(*table.notes, *columns.notes))


def _table(path: Path, options: Mapping[str, str]) -> Table:
    sign = options.get("delimiter", "")
    return read_table(path, encoding=options.get("encoding", ""), delimiter=_SIGNS.get(sign, sign))


def _check(path: Path, options: Mapping[str, str]) -> None:
    allowed = {
        "unit": UNITS, "first": ("0", "1"), "end_included": ("yes", "no"), "header": ("yes", "no"),
        "delimiter": (*_SIGNS, *_SIGNS.values()),
    }  # fmt: skip
    for name, value in options.items():
        if name not in OPTIONS:
            raise FormatError(path, f"{name!r} cannot be chosen", hint=f"Can be: {', '.join(OPTIONS)}.")
        if name in allowed and value not in allowed[name]:
            raise FormatError(path, f"{name} cannot be {value!r}", hint=f"It can be: {', '.join(allowed[name][:4])}.")


def _columns(rows: tuple[Row, ...] | list[Row], options: Mapping[str, str]) -> Columns:
    """The header and every choice: a person's, else what names and values suggest."""
    headed = options.get("header") or ("no" if rows and _has_numbers(rows[0]) else "yes")
    width = max((len(row.cells) for row in rows[:_LOOKED_AT]), default=0)
    names = rows[0].cells if headed == "yes" and rows else ()
    header = tuple(_unlike(names[at] if at < len(names) else "", at, names) for at in range(width))
    body = rows[1:] if headed == "yes" else rows
    guess, notes = {"header": headed}, []
    for role in _WORDS:
        if role in options:
            if options[role] not in ("", NONE):
                guess[role] = options[role]
        elif (found := _fitting(role, header, set(guess.values()))) is not None:
            guess[role] = found
    if "end" in guess and "duration" in guess and "duration" not in options:
        del guess["duration"]
    if {"start"} <= guess.keys() and all(guess[role] in header for role in _NUMBERS if role in guess):
        notes += _numbers_of(guess, header, body, options)
    shown = tuple(row.cells for row in body[:_SHOWN])
    return Columns(header, shown, len(body), guess, tuple(notes))


def _unlike(name: str, at: int, names: tuple[str, ...]) -> str:
    """A column's name, made up where it has none or one that another has."""
    return name if name and names.index(name) == at else f"{name or 'column'} {at + 1}"


def _fitting(role: str, header: tuple[str, ...], taken: set[str]) -> str | None:
    """The column whose name says this role: the very word before a word among others."""
    for word in _WORDS[role]:
        for name in header:
            if name not in taken and _plain(name) == word:
                return name
    for word in _WORDS[role]:
        for name in header:
            if name not in taken and word in _plain(name).split("_"):
                return name
    return None


def _plain(name: str) -> str:
    """`Start (s)`, `startFrame` and `start frame` as `start_s`, `start_frame`."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _numbers_of(
    guess: dict[str, str], header: tuple[str, ...], body: tuple[Row, ...] | list[Row], options: Mapping[str, str]
) -> Iterator[str]:
    """Fills in what the numbers mean, and says what had to be guessed."""
    at = {role: header.index(guess[role]) for role in (*_NUMBERS, "clip") if role in guess and guess[role] in header}
    looked = [row.cells for row in body[:_LOOKED_AT] if len(row.cells) > max(at.values())]
    starts = [cells[at["start"]] for cells in looked]
    if "unit" in options:
        guess["unit"] = options["unit"]
    else:
        guess["unit"], why = _unit(guess, starts)
        if why:
            yield why
    if guess["unit"] != "frames":
        guess |= {"first": "0", "end_included": "no"}
        return
    pairs = [
        (cells[at["clip"]] if "clip" in at else "", number_of(cells[at["start"]]), number_of(cells[at["end"]]))
        for cells in looked if "end" in at
    ]  # fmt: skip
    lowest = min((value for text in starts if (value := number_of(text)) is not None), default=0)
    guess["first"] = options.get("first") or ("1" if lowest == 1 else "0")
    if "first" not in options:
        yield f"the first frame is taken for frame {guess['first']}: the lowest start is {lowest:g}"
    meets = sum(a[0] == b[0] and a[2] == b[1] for a, b in pairwise(pairs))
    follows = sum(a[0] == b[0] and a[2] is not None and b[1] == a[2] + 1 for a, b in pairwise(pairs))
    single = any(start is not None and start == end for _, start, end in pairs)
    guess["end_included"] = options.get("end_included") or ("yes" if follows > meets or single else "no")
    if "end_included" not in options and "end" in at:
        word = "still part" if guess["end_included"] == "yes" else "no longer part"
        yield f"the end's frame is taken to be {word} of a segment"


def _unit(guess: Mapping[str, str], starts: list[str]) -> tuple[str, str]:
    """frames, seconds, milliseconds or time, and a word where it is a guess."""
    if starts and all(":" in text for text in starts if text):
        return "time", ""
    for role in ("start", "end", "pose"):
        for word in _plain(guess.get(role, "")).split("_"):
            if word in _SAYS_UNIT:
                return _SAYS_UNIT[word], ""
    if any("." in text or "," in text for text in starts):
        return "seconds", "numbers with a point are taken for seconds"
    return "frames", "whole numbers are taken for frames"


def _segment(path: Path, row: Row, header: tuple[str, ...], chosen: Mapping[str, str]) -> tuple[str, ForeignSegment]:
    given = dict(zip(header, row.cells, strict=False))
    if len(row.cells) > len(header):
        raise FormatError(path, f"line {row.line}: {len(row.cells)} cells in {len(header)} columns", hint=_HINT)
    text = {role: given.get(chosen[role], "") for role in ROLES if role in chosen}
    action = text["action"]
    if not action:
        raise FormatError(path, f"line {row.line}: no action in {chosen['action']!r}", hint=_HINT)
    unit = chosen["unit"]
    value = {role: _number(path, row, chosen[role], text[role], unit) for role in _NUMBERS if text.get(role)}
    if "start" not in value or not {"end", "duration"} & value.keys():
        raise FormatError(path, f"line {row.line}: {action} has no start or no end", hint=_HINT)
    end = value["end"] if "end" in value else value["start"] + value["duration"]
    objects = tuple(each.strip() for each in re.split(r"[|;]", text.get("objects", "")) if each.strip())
    about = {"objects": objects, "actor": text.get("actor", "")}
    if unit != "frames":
        scale = 1000 if unit == "milliseconds" else 1
        pose_s = value["pose"] / scale if "pose" in value else None
        if end < value["start"]:
            raise FormatError(path, f"line {row.line}: {action} ends before it starts", hint=_HINT)
        segment = ForeignSegment(action, start_s=value["start"] / scale, end_s=end / scale, pose_s=pose_s, **about)
        return text.get("clip", ""), segment
    first = int(chosen["first"])
    last = 1 if chosen["end_included"] == "yes" and "end" in value else 0
    start, end = int(value["start"]) - first, int(end) - first + last
    if start < 0 or end <= start:
        what = f"{action} runs from frame {value['start']:g} to {end + first - last}"
        hint = f"The first frame is taken for {first}, the end is {'' if last else 'not '}included: choose otherwise."
        raise FormatError(path, f"line {row.line}: {what}", hint=hint)
    pose = int(value["pose"]) - first if "pose" in value else None
    return text.get("clip", ""), ForeignSegment(action, start, end, pose_frame=pose, **about)


def _number(path: Path, row: Row, column: str, text: str, unit: str) -> float:
    value = clock_of(text) if unit == "time" else number_of(text)
    if value is None and unit == "time":
        value = number_of(text)
    if value is None or (unit == "frames" and value != int(value)):
        kind = {"frames": "a whole number", "time": "a time such as 0:03.20"}.get(unit, "a number")
        raise FormatError(path, f"line {row.line}: {column} is {text[:40]!r}, not {kind}", hint=_HINT)
    return value


def _time_of(text: str) -> float | None:
    return clock_of(text) if ":" in text else number_of(text)


def _has_numbers(row: Row) -> bool:
    return any(_time_of(cell) is not None for cell in row.cells)
