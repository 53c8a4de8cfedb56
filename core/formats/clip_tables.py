"""Clips as a table, one row each: how long, what was marked, what is missing, who, which camera, which part of a split.

CSV columns, UTF-8:
    clip, frames, seconds, rate_hz, width, height, segments, poses, missing (segments without a characteristic pose),
    actions, people (different ones), performer, camera, video, and for each split "split: NAME" with the clip's part
Read again it says who is filmed, by which of the project's cameras, and which splits there are; a clip that is not
there is made. What is counted (segments, poses …) is for people to read.
"""

import csv
import io
from pathlib import Path

from core.errors import FormatError
from core.formats.annotated import Annotations, ForeignClip
from core.formats.delimited import as_cell, first_rows, of_cell, read_table
from core.formats.times import number_of
from core.whole_files import whole_file

COLUMNS = (
    "clip", "frames", "seconds", "rate_hz", "width", "height", "segments", "poses", "missing", "actions", "people",
    "performer", "camera", "video",
)  # fmt: skip
_NEEDED = ("clip", "frames", "rate_hz", "performer")
_SPLIT = "split: "
_HINT = "Export the table of clips again, or mend that row."


def is_clip_table(path: Path) -> bool:
    """Whether the first line names our columns."""
    if path.suffix.lower() not in (".csv", ".tsv") or not path.is_file():
        return False
    rows = first_rows(path, 1)
    return bool(rows) and {*_NEEDED, "segments", "missing"} <= set(rows[0].cells)


def write(annotations: Annotations, path: Path) -> None:
    """One row a clip."""
    out = io.StringIO()
    table = csv.DictWriter(out, (*COLUMNS, *(_SPLIT + name for name in annotations.splits)), lineterminator="\n")
    table.writeheader()
    parts = {
        name: {clip: part for part, clips in split.items() for clip in clips}
        for name, split in annotations.splits.items()
    }
    for clip in annotations.clips:
        poses = sum(each.pose_frame is not None or each.pose_s is not None for each in clip.segments)
        row = {
            "clip": clip.name, "frames": clip.frame_count, "rate_hz": clip.rate_hz, "width": clip.width,
            "height": clip.height, "segments": len(clip.segments), "poses": poses,
            "missing": len(clip.segments) - poses, "actions": len({each.action for each in clip.segments}),
            "people": len({each.actor for each in clip.segments if each.actor}), "performer": clip.performer,
            "camera": clip.camera, "video": Path(clip.videos[0]).name if clip.videos else "",
        }  # fmt: skip
        if clip.frame_count and clip.rate_hz:
            row["seconds"] = round(clip.frame_count / clip.rate_hz, 3)
        row |= {_SPLIT + name: parts[name].get(clip.name, "") for name in parts}
        table.writerow({name: as_cell(value) if isinstance(value, str) else value for name, value in row.items()})
    with whole_file(path) as beside:
        beside.write_text(out.getvalue(), encoding="utf-8", newline="")


def read(path: Path) -> Annotations:
    """The clips and the splits; FormatError names the line that is wrong."""
    rows = read_table(path).rows
    header = rows[0].cells if rows else ()
    lacking = [name for name in _NEEDED if name not in header]
    if lacking:
        raise FormatError(path, f"no column {lacking[0]!r}", hint=f"Needed: {', '.join(_NEEDED)}.")
    clips: dict[str, ForeignClip] = {}
    splits: dict[str, dict[str, list[str]]] = {
        name.removeprefix(_SPLIT): {} for name in header if name.startswith(_SPLIT) and name != _SPLIT
    }
    for row in rows[1:]:
        if len(row.cells) > len(header):
            raise FormatError(path, f"line {row.line}: {len(row.cells)} cells under {len(header)} names", hint=_HINT)
        given = dict(zip(header, map(of_cell, row.cells), strict=False))
        name = given["clip"]
        if not name or name in clips:
            raise FormatError(path, f"line {row.line}: the clip {name!r} " + ("again" if name else ""), hint=_HINT)
        numbers = {each: _number(path, row.line, each, given) for each in ("frames", "rate_hz", "width", "height")}
        clips[name] = ForeignClip(
            name, (), rate_hz=numbers["rate_hz"], frame_count=_whole(numbers["frames"]),
            width=_whole(numbers["width"]), height=_whole(numbers["height"]), performer=given.get("performer", ""),
            camera=given.get("camera", ""), videos=(given["video"],) if given.get("video") else (),
        )  # fmt: skip
        for split, parts in splits.items():
            if part := given.get(_SPLIT + split, ""):
                parts.setdefault(part, []).append(name)
    made = {name: {part: tuple(each) for part, each in parts.items()} for name, parts in splits.items() if parts}
    return Annotations(tuple(clips.values()), splits=made)


def _number(path: Path, line: int, name: str, given: dict[str, str]) -> float | None:
    text = given.get(name, "")
    value = number_of(text)
    if text and (value is None or value < 0 or (name == "rate_hz" and value > 100_000)):
        raise FormatError(path, f"line {line}: {name} is {text[:20]!r}", hint=_HINT)
    return value or None


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)
