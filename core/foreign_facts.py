"""What files and folders of others hold, in facts and rows: for every known format. Used by `inspection`.

A file is read as an import reads it, so what is said here is what would come in; what native code reads is read in a
process of its own here too. Of a folder of many files a few are read, spread over it, and their number
is said.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import Any

import numpy as np

from core.errors import CoreError, FormatError
from core.formats.annotated import Annotations
from core.formats.cameras import NamedCamera
from core.formats.keypose_csv import COLUMNS, MEANING, KeyposeTable
from core.formats.marks import Mark
from core.geometry.cameras import eye_m, tilt_deg
from core.importing.apart import reader_of
from core.importing.exchange import annotations_of
from core.importing.recognition import Recognised
from core.motion import Poses2d
from core.recordings import Recording

Facts = dict[str, str | int | float]
Rows = tuple[Facts, ...]

MOST_FILES, MOST_ROWS = 12, 60
_NAMED = 12


def facts_of(found: Recognised) -> tuple[Facts, Rows]:
    """Facts by name, and a row for each part. FormatError where it cannot be read."""
    facts: Facts = {"holds": found.format.holds}
    if found.is_many:
        facts["files"] = len(found.files)
    if found.format.holds in ("motion", "motion labels"):
        more, rows = _motion(found)
    else:
        more, rows = _value(first_read(found, {}))
    facts |= more
    if found.format.licence:
        facts["licence"] = found.format.licence
    return facts, rows


def first_read(found: Recognised, options: dict[str, Any]) -> Any:
    """What the file holds, or the first of a folder's files that can be read."""
    refusal: CoreError | None = None
    for file in found.files[:MOST_FILES]:
        try:
            if found.format.holds == "annotations":
                return annotations_of(found.format, file, options)
            return found.format.read(file, **options)
        except CoreError as error:
            refusal = refusal or error
    assert refusal is not None
    raise refusal


def _motion(found: Recognised) -> tuple[Facts, Rows]:
    """Over all recordings of a file, or of a folder's first files."""
    files = found.files
    if len(files) > MOST_FILES:
        files = tuple(files[at] for at in np.linspace(0, len(files) - 1, MOST_FILES).round().astype(int))
    rows: list[Facts] = []
    reasons: list[str] = []
    notes: dict[str, None] = {}
    labels: Counter[str] = Counter()
    performers: set[str] = set()
    recordings, seconds = 0, 0.0
    with reader_of(found.format) as read:
        for file in files:
            try:
                for each in read(file):
                    recordings += 1
                    seconds += each.duration_s
                    notes |= dict.fromkeys(each.notes)
                    labels.update(label for stretch in each.stretches for label in stretch.labels)
                    performers |= {each.performer} - {""}
                    if len(rows) < MOST_ROWS:
                        rows.append(_recording(each))
            except CoreError as error:
                if not found.is_many:
                    raise
                reasons.append(str(error))
    if not recordings and reasons:
        raise FormatError(found.source, reasons[0])
    facts: Facts = {"read": f"{len(files)} of them"} if len(found.files) > len(files) else {}
    facts |= {"recordings": recordings, "seconds": round(seconds, 2)}
    if performers:
        facts["performers"] = _most(sorted(performers))
    if labels:
        facts["labels"] = _most([f"{label} ({count})" for label, count in labels.most_common()])
    facts |= _numbered("note", notes)
    facts |= _numbered("not read", reasons)
    return facts, tuple(rows)


def _recording(each: Recording) -> Facts:
    known = 0
    if each.joints_m is not None:
        known = int(np.isfinite(np.asarray(each.joints_m).sum(-1)).any(0).sum())
    return {
        "recording": each.name,
        "frames": len(each),
        "rate Hz": round(each.rate_hz, 3),
        "seconds": round(each.duration_s, 2),
        "joints": known or ("of the body" if each.body is not None else "–"),
        "body": each.body.skeleton.name if each.body is not None else "–",
        "stretches": len(each.stretches),
    }


def _value(value: Any) -> tuple[Facts, Rows]:
    match value:
        case Poses2d():
            return _poses(value)
        case Annotations():
            return _annotations(value)
        case KeyposeTable():
            return _keyposes(value)
        case [Mark(), *_]:
            return {"segments": len(value), "clips": len({mark.clip for mark in value})}, ()
        case (NamedCamera(), *_):
            return _cameras(tuple(value))
    return {"entries": 0}, ()


def _poses(poses: Poses2d) -> tuple[Facts, Rows]:
    seen = poses.seen()
    rows: Rows = tuple(
        {
            "person": person + 1,
            "seen in frames": int(seen[:, person].any(-1).sum()),
            "joints seen %": round(100 * float(seen[:, person][seen[:, person].any(-1)].mean()), 1),
        }
        for person in range(poses.people)
        if seen[:, person].any()
    )
    facts: Facts = {"skeleton": poses.skeleton.name, "frames": len(poses), "people": poses.people}
    return facts, rows[:MOST_ROWS]


def _annotations(value: Annotations) -> tuple[Facts, Rows]:
    segments = [segment for clip in value.clips for segment in clip.segments]
    actions = Counter(each.action for each in segments)
    facts: Facts = {
        "clips": len(value.clips),
        "segments": len(segments),
        "actions": f"{len(actions)}: {_most([f'{action} ({count})' for action, count in actions.most_common()])}",
        "objects": len({each for segment in segments for each in segment.objects}),
        "characteristic poses": sum(each.pose_frame is not None or each.pose_s is not None for each in segments),
    }
    if value.learned_as:
        facts["learned as"] = len({each for each in value.learned_as.values() if each})
    if value.cameras:
        facts["cameras"] = len(value.cameras)
    for name, parts in value.splits.items():
        facts[f"split {name}"] = ", ".join(f"{part} {len(clips)}" for part, clips in parts.items())
    if value.licence:
        facts["licence"] = value.licence
    facts |= _numbered("note", value.notes)
    rows: Rows = tuple(
        {
            "clip": each.name,
            "segments": len(each.segments),
            "frames": each.frame_count if each.frame_count is not None else "–",
            "rate Hz": round(each.rate_hz, 3) if each.rate_hz else "–",
            "performer": each.performer or "–",
            "2D poses": "yes" if each.poses else "no",
            "camera": each.camera or "–",
        }
        for each in value.clips[:MOST_ROWS]
    )
    return facts, rows


def _keyposes(table: KeyposeTable) -> tuple[Facts, Rows]:
    subjects = Counter(row.sample.partition("-")[0] for row in table.rows)
    facts: Facts = {
        "form": f"{table.form}'s",
        "characteristic poses": len(table.rows),
        "recordings": len({row.sample for row in table.rows}),
        "rate Hz": table.rate_hz,
        "subjects": _most([f"{subject} ({count})" for subject, count in sorted(subjects.items())]),
    }
    facts |= {f"column {column}": MEANING[column] for column in COLUMNS[table.form] if column in table.columns}
    facts |= _numbered(
        "comment", [f"line {row.line}, {row.sample}: {row.comment}" for row in table.rows if row.comment]
    )
    return facts, ()


def _cameras(cameras: tuple[NamedCamera, ...]) -> tuple[Facts, Rows]:
    facts: Facts = {"cameras": len(cameras)}
    facts |= _numbered("note", dict.fromkeys(note for each in cameras for note in each.notes))
    rows: Rows = tuple(
        {
            "camera": each.name,
            "picture": f"{each.camera.width} × {each.camera.height}",
            "focal px": round(float(each.camera.focal_px.mean()), 1),
            "height m": round(float(eye_m(each.camera)[1]), 2) if each.placed else "–",
            "looks down °": round(tilt_deg(each.camera), 1) if each.placed else "–",
        }
        for each in cameras
    )
    return facts, rows


def _numbered(name: str, said: Iterable[str]) -> Facts:
    return {f"{name} {number}": each for number, each in enumerate(islice(said, _NAMED), start=1)}


def _most(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" … and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
