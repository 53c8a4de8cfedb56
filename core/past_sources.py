"""Motion that is gone on from, by the words that name it: a file, a clip, a recording, a kept motion. No torch.

    past_from("walk.bvh@0-2.5")                        # any file that holds motion of a body
    past_from("clip:cam1@3-4", project)                # a person of a clip, fitted
    past_from("motion:cmu/01_01@2-3", project)         # a recording of a data set, by its key
    past_from("kept:walk 2 s@0-1", project)            # a kept motion

`@START-END` are seconds from the beginning; `@START` alone is one moment. World metres, y up; rates stay as they are.
"""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.bodies.skeletons import SMPL_24
from core.errors import FormatError, ProjectError
from core.generations import Past, packed, unpacked
from core.motion import Motion
from core.project.annotations import Item
from core.project.motion_sets import motion_sets
from core.project.store import ProjectStore
from core.recordings import Recording

_STRETCH = re.compile(r"(?P<what>.+?)@(?P<start>\d+(\.\d+)?)(-(?P<end>\d+(\.\d+)?))?")
_KINDS = ("clip", "motion", "kept")
_ROUNDING_S = 0.05
"""A stretch may end so much after the motion: people and pages round."""
_NAME_MOTION = "Name one of AMASS, BVH or another that `posecast import` takes as motion."


@dataclass(frozen=True)
class Source:
    """What is named: `kind` is one of clip, motion and kept, or empty for a file; times are seconds."""

    kind: str
    name: str
    start_s: float | None = None
    end_s: float | None = None


def source_of(text: str) -> Source:
    """The parts of a source's words. A file whose own name ends like a stretch of time is that file."""
    kind, colon, rest = text.partition(":")
    kind = kind if colon and kind in _KINDS else ""
    name = rest if kind else text
    found = _STRETCH.fullmatch(name)
    if not name.strip():
        raise ProjectError(f"{text!r} names no motion.", hint="Write a file, clip:NAME, motion:SET/NAME or kept:NAME.")
    if found is None or (not kind and Path(name).exists()):
        return Source(kind, name)
    start_s, end_s = float(found["start"]), None if found["end"] is None else float(found["end"])
    if end_s is not None and end_s <= start_s:
        raise ProjectError(f"{text!r} ends before it starts.", hint="Write it as NAME@START-END, in seconds.")
    return Source(kind, found["what"], start_s, end_s)


def past_from(text: str, project: Path | None = None) -> Past:
    """The motion that the words name, as it is. CoreError in words where there is none, or no body."""
    source = source_of(text)
    if source.start_s is not None and source.end_s is None:
        raise ProjectError(f"{text!r} is one moment.", hint=f"Give a stretch: {text}-{source.start_s + 1:g}.")
    return Past(motion=packed(_cut(motion_from(source, project), source)), source=text)


def motion_from(source: Source, project: Path | None = None) -> Motion:
    """The whole motion that is named, of a clip the stretch that is meant."""
    match source.kind:
        case "clip":
            return _of_clip(source, _needed(project, source))
        case "motion":
            return _of_set(source.name, _needed(project, source))
        case "kept":
            return _kept(source.name, _needed(project, source))
        case _:
            return _of_file(Path(source.name))


def _cut(motion: Motion, source: Source) -> Motion:
    if source.kind == "clip" or source.start_s is None or source.end_s is None:
        return motion
    first, last = round(source.start_s * motion.rate_hz), round(source.end_s * motion.rate_hz)
    if first >= len(motion) - 1 or source.end_s > len(motion) / motion.rate_hz + _ROUNDING_S:
        raise ProjectError(
            f"{source.name} has no {source.start_s:g} to {source.end_s:g} s.",
            hint=f"It lasts {len(motion) / motion.rate_hz:.2f} s.",
        )
    kept = slice(first, max(last, first + 1))
    return Motion(motion.skeleton, motion.rate_hz, motion.rotations[kept], motion.translation_m[kept])


def _needed(project: Path | None, source: Source) -> Path:
    if project is None:
        raise ProjectError(f"Which project has the {source.kind} {source.name!r}?", hint="Name it: --project FOLDER.")
    return project


# ---- where motion lies ----------------------------------------------------------------------------------------------


def _of_file(path: Path) -> Motion:
    from core.importing.recognition import what_is

    if path.is_dir():
        raise FormatError(path, "is a folder", hint="Name a file of motion in it.")
    try:
        found = what_is(path)
    except FormatError:
        raise FormatError(path, "is no file of motion that is known, or a damaged one", hint=_NAME_MOTION) from None
    if found.format.holds != "motion":
        raise FormatError(path, f"is {found.format.name}, no recorded motion", hint=_NAME_MOTION)
    recordings: Iterator[Recording] = iter(found.format.read(path))
    first = next(recordings, None)
    if first is None:
        raise FormatError(path, "there is no motion in it", hint="Name another file.")
    return _body_of(first, path.name)


def _of_set(name: str, project: Path) -> Motion:
    key, _, recording = name.partition("/")
    sets = {each.facts.key: each for each in motion_sets(project) if each.facts.holds == "motion"}
    the_set = sets.get(key) or next((each for each in sets.values() if each.facts.name == key), None)
    if the_set is None:
        raise ProjectError(f"There is no data set {key!r} of motion.", hint=f"There are: {', '.join(sets) or 'none'}.")
    rows = the_set.rows
    ends = [row for row in rows.values() if row.name.endswith(f"/{recording}")]
    row = rows.get(recording) or (ends[0] if len(ends) == 1 else None)
    if row is None:
        some = ", ".join(list(rows)[:5])
        raise ProjectError(f"{the_set.facts.name} has no one recording {recording!r}.", hint=f"It has {some}, …")
    return _body_of(the_set.read(row), row.name)


def _kept(name: str, project: Path) -> Motion:
    from core.kept_motions import read

    with _reading(project) as store:
        return unpacked(read(store.folder, kept_named(store, name)).sample.motion)


def kept_named(store: ProjectStore, name: str) -> Item:
    """The kept motion of this name, or of this beginning of an id."""
    from core.kept_motions import kept_items

    kept = kept_items(store.project)
    found = [each for each in kept if each.name == name] or [
        each for each in kept if len(name) >= 4 and each.id.startswith(name)
    ]
    if len(found) != 1:
        names = ", ".join(each.name for each in kept[:8]) or "none yet"
        word = "several kept motions" if found else "no kept motion"
        raise ProjectError(f"There is {word} {name!r}." if not found else f"There are {word} {name!r}.",
                           hint=f"Kept are: {names}.")  # fmt: skip
    return found[0]


def _of_clip(source: Source, project: Path) -> Motion:
    from core.fitted_clips import FittedMotion, fit_clip
    from core.footage import frame_at

    with _reading(project) as store:
        clips = [each for each in store.project.clips.values() if source.name in (each.name, each.id)]
        clips = clips or [each for each in store.project.clips.values() if Path(each.name).stem == source.name]
        if len(clips) != 1:
            names = ", ".join(sorted(each.name for each in store.project.clips.values())[:8]) or "none yet"
            raise ProjectError(f"There is no one clip {source.name!r}.", hint=f"Clips of this project: {names}.")
        clip = clips[0]
        start, end = 0, None
        if source.start_s is not None and source.end_s is not None:
            start, end = frame_at(store, clip, source.start_s), frame_at(store, clip, source.end_s)
            end = max(end, start + 1)
        fitted = None
        for each in fit_clip(store, clip, start=start, end=end):
            if isinstance(each, FittedMotion):
                fitted = each
    assert fitted is not None
    known = _last_unbroken(fitted.fitted)
    path_m = fitted.translation_m[known] - [0.0, fitted.ground_m, 0.0]
    return Motion(SMPL_24, fitted.rate_hz, fitted.rotations[known], path_m)


def _last_unbroken(there: np.ndarray) -> slice:
    """The last frames that are all known."""
    end = int(np.flatnonzero(there)[-1]) + 1
    gaps = np.flatnonzero(~there[:end])
    return slice(int(gaps[-1]) + 1 if len(gaps) else 0, end)


def _body_of(recording: Recording, name: str) -> Motion:
    if recording.body is None:
        raise ProjectError(
            f"{name} holds joints without a body.", hint="Fit a body to it first: posecast import --fit-bodies."
        )
    if not len(recording.body) or not math.isfinite(recording.rate_hz):
        raise ProjectError(f"{name} holds no frame.", hint="Name another motion.")
    return recording.body


@contextmanager
def _reading(project: Path) -> Iterator[ProjectStore]:
    with ProjectStore.open(project, "", mode="read") as store:
        yield store
