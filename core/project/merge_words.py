"""What a merge took and what it asks, in plain words: which row, which field, what each side says."""

from collections.abc import Iterable
from typing import Any

from core.project.annotations import Clip, Project
from core.project.rows import Meta
from core.project.three_way import Conflict, Taken
from core.wording import counted, spelled_time

_THINGS = {
    "labels": "label",
    "clips": "clip",
    "cameras": "camera",
    "splits": "split",
    "clusterings": "clustering",
    "actors": "person",
}
_FIELDS = {
    "start_frame": "start",
    "end_frame": "end",
    "action": "label",
    "objects": "objects",
    "actor": "person",
    "joint_edits": "joints",
    "frame": "frame",
    "name": "name",
    "colour": "colour",
    "key": "key",
    "learned_as": "cluster",
    "performer": "performer",
    "camera": "camera",
    "tracks": "2D poses",
    "video": "video",
    "track": "track",
    "rotation": "calibration",
    "how": "how it was calibrated",
    "parts": "parts",
    "learned": "clusters",
    "facts": "facts",
    "path": "place",
}
_HOW = {"added": "added", "changed": "changed", "removed": "taken out"}


class Names:
    """Looks up what ids are called, in whichever of some projects has them."""

    def __init__(self, *projects: Project) -> None:
        self._projects = projects

    def label(self, label_id: str) -> str:
        found = (each.labels[label_id].name for each in self._projects if label_id in each.labels)
        return next(found, "an unknown label")

    def clip(self, clip_id: str) -> Clip | None:
        return next((each.clips[clip_id] for each in self._projects if clip_id in each.clips), None)

    def clip_name(self, clip_id: str) -> str:
        clip = self.clip(clip_id)
        return "" if clip is None else clip.name

    def segment(self, clip_id: str, segment_id: str) -> Any:
        clips = (each.clips[clip_id] for each in self._projects if clip_id in each.clips)
        return next((found for clip in clips if (found := clip.segment(segment_id)) is not None), None)

    def actor(self, clip_id: str, actor_id: str) -> str:
        clips = (each.clips[clip_id] for each in self._projects if clip_id in each.clips)
        return next((each.name for clip in clips for each in clip.actors if each.id == actor_id), "nobody")

    def time(self, clip_id: str, frame: int) -> str:
        """A frame as a time of its clip, by its mean rate."""
        clip = self.clip(clip_id)
        return spelled_time(frame / clip.video.rate_hz) if clip is not None and clip.video.rate_hz > 0 else str(frame)


def row_in_words(names: Names, table: str, clip: str, value: Any) -> str:
    """`wash, 0:12.30 to 0:14.00`, `characteristic pose of wash, 0:13.10`, `label stir`."""
    match table:
        case "segments":
            times = f"{names.time(clip, value.start_frame)} to {names.time(clip, value.end_frame)}"
            return f"{names.label(value.action)}, {times}"
        case "poses":
            segment = names.segment(clip, value.segment)
            of = f" of {names.label(segment.action)}" if segment is not None else ""
            return f"characteristic pose{of}, {names.time(clip, value.frame)}"
        case "meta":
            return "name of the project"
        case "answers":
            return f"suggestion at {names.time(value.clip, value.frame)}, {'accepted' if value.accepted else 'skipped'}"
        case "items":
            return f"{value.kind} {value.name}"
    return f"{_THINGS[table]} {value.name}"


def taken_in_words(names: Names, taken: Taken) -> str:
    """`breakfast: wash, 0:12.30 to 0:14.00, changed: end`."""
    held = taken.now or taken.was
    if held is None:
        return ""
    clip, value = held
    where = f"{names.clip_name(clip)}: " if clip else ""
    words = f"{where}{row_in_words(names, taken.key[0], clip, value)}, {_HOW[taken.how]}"
    if taken.how == "changed" and taken.was is not None and taken.now is not None:
        fields = _changed(taken.was[1], taken.now[1])
        words += f": {', '.join(fields)}" if fields else ""
    return words


def _changed(was: Any, now: Any) -> list[str]:
    names = [name for name in was.__struct_fields__ if getattr(was, name) != getattr(now, name)]
    return list(dict.fromkeys(_FIELDS[name] for name in names if name in _FIELDS))


def question_in_words(names: Names, conflict: Conflict) -> str:
    """What a conflict is about: `end of wash, 0:12.30 to 0:14.00`."""
    rows = conflict.mine or conflict.theirs
    table = conflict.keys[0][0]
    if conflict.kind == "both marked":
        spans = (*conflict.mine, *conflict.theirs)
        starts = [each.start_frame for each in spans if hasattr(each, "start_frame")]
        ends = [each.end_frame for each in spans if hasattr(each, "end_frame")]
        stretch = f"{names.time(conflict.clip, min(starts))} to {names.time(conflict.clip, max(ends))}"
        return f"Both marked {stretch}"
    what = row_in_words(names, table, conflict.clip, rows[0])
    if conflict.kind == "deleted here":
        return f"Deleted here: {what}"
    if conflict.kind == "deleted there":
        return f"Deleted there: {what}"
    fields = dict.fromkeys(_FIELDS.get(name, "") for name in conflict.fields if name != "identity")
    return f"{' and '.join(each for each in fields if each)} of {what}" if conflict.kind == "changed" else what


def side_in_words(names: Names, conflict: Conflict, rows: Iterable[Any]) -> str:
    """What one side says to the question of a conflict."""
    rows = tuple(rows)
    if not rows:
        return "not there" if conflict.kind != "both marked" else "nothing"
    if conflict.fields:
        words = [_field_in_words(names, conflict.clip, rows[0], name) for name in conflict.fields if name != "identity"]
        return ", ".join(each for each in words if each)
    tables = [key[0] for key in conflict.keys]
    if tables[0] == "clips" and len(rows) > 1:
        segments = sum(hasattr(each, "end_frame") for each in rows)
        return f"{rows[0].name}, {counted(segments, 'segment')}"
    return "; ".join(row_in_words(names, _table_of(each), conflict.clip, each) for each in rows)


def _table_of(value: Any) -> str:
    if hasattr(value, "end_frame"):
        return "segments"
    if hasattr(value, "joint_edits"):
        return "poses"
    return {
        "Label": "labels",
        "Clip": "clips",
        "CameraRow": "cameras",
        "Split": "splits",
        "Item": "items",
        "Clustering": "clusterings",
        "SuggestionAnswer": "answers",
        "Actor": "actors",
        "Meta": "meta",
    }[type(value).__name__]


def _field_in_words(names: Names, clip: str, row: Any, name: str) -> str:
    value = getattr(row, name)
    match name:
        case "start_frame" | "end_frame" | "frame":
            return f"{names.time(clip, value)} (frame {value})"
        case "action":
            return names.label(value)
        case "objects":
            return ", ".join(map(names.label, value)) or "none"
        case "actor":
            return names.actor(clip, value) if value else "nobody"
        case "joint_edits":
            return f"{counted(len(value), 'joint')} moved" if value else "joints as detected"
        case "video":
            return value.path
        case "parts":
            return ", ".join(f"{part} {len(clips)}" for part, clips in value.items())
        case "learned":
            return counted(len(value), "label")
        case "learned_as":
            return "its own name" if value is None else value or "left out"
        case "camera":
            return "a camera" if value else "estimated"
        case "tracks":
            return value[:8] or "none"
        case "rotation":
            return "calibrated" if not row.estimated else "estimated"
        case "error_px":
            return "" if value is None else f"{value:.2f} px"
    if isinstance(row, Meta) or name in ("name", "colour", "key", "performer", "how", "path"):
        return str(value) or "none"
    return "" if name not in _FIELDS else str(value)
