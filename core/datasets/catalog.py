"""Which clips a model learns from, is chosen on and is measured on, and a fingerprint of what it was given."""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy import ndarray

from core.errors import RunError
from core.project.annotations import PARTS, Clip, Project
from core.wording import counted

SHARES = {"test": 0.15, "validation": 0.15}

Parts = dict[str, tuple[str, ...]]
"""Part → clip ids."""


def parts_of(project: Project, clips: Iterable[Clip], split: str = "") -> tuple[Parts, str]:
    """The parts of the named split, else of the project's first one, else made here; and a sentence about them.

    Clips that a stored split does not name belong to no part.
    """
    clips = list(clips)
    if split:
        named = next((each for each in project.splits.values() if each.name == split), None)
        if named is None:
            names = ", ".join(each.name for each in project.splits.values())
            raise RunError(f"the project has no split {split!r}", hint=f"It has: {names or 'none'}.")
    else:
        named = next(iter(project.splits.values()), None)
    if named is None:
        return _drawn(clips)
    here = {clip.id for clip in clips}
    parts = {part: tuple(each for each in named.parts.get(part, ()) if each in here) for part in PARTS}
    return parts, f"Split {named.name!r} of the project: {_counts(parts)}"


def _drawn(clips: Sequence[Clip]) -> tuple[Parts, str]:
    """70/15/15 over performers, or over clips where there are fewer than three of them; by name, so it stays."""
    performers = {clip.performer for clip in clips}
    by_performer = len(performers) >= 3 and "" not in performers
    groups: dict[str, list[str]] = {}
    for clip in clips:
        groups.setdefault(clip.performer if by_performer else clip.id, []).append(clip.id)
    if len(groups) < 3:
        everything = tuple(clip.id for clip in clips)
        return (
            {"train": everything, "validation": (), "test": ()},
            f"With {counted(len(clips), 'clip')} there is nothing to set aside: everything is learned from, "
            "and no figure tells how well it would do on a clip it has not seen",
        )
    left = sorted(groups, key=lambda group: hashlib.sha256(group.encode()).digest())
    parts: Parts = {}
    for part, share in SHARES.items():
        count = max(1, round(share * len(groups)))
        parts[part] = tuple(clip for group in left[:count] for clip in groups[group])
        left = left[count:]
    parts["train"] = tuple(clip for group in left for clip in groups[group])
    parts = {part: parts[part] for part in PARTS}
    return parts, f"Split made here, by {'performer' if by_performer else 'clip'}: {_counts(parts)}"


def _counts(parts: Parts) -> str:
    return ", ".join(f"{len(ids)} {part}" for part, ids in parts.items()) + " clips"


def fingerprint(arrays: dict[str, ndarray], words: Iterable[str] = ()) -> str:
    """SHA-256 of what a model was given; the same data give the same text on every machine."""
    digest = hashlib.sha256()
    for word in words:
        digest.update(word.encode() + b"\0")
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode() + array.tobytes())
    return digest.hexdigest()
