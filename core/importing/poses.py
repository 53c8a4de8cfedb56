"""Characteristic poses from a table of their own, joined to the segments of a data set that has none.

    marks (CSV, JSON)        clip, action, start_frame, end_frame, pose_frame: the segment with these frames and action,
                             or the one of that action round the pose
    characteristic3dposes    sample is the clip, the frame counts from its first one: the segment round the frame, where
                             there are several the one that begins at `start`, else the shortest
A name may lack its video's ending or the folders before it. Frames count from 0. What fits nowhere is named.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import FormatError
from core.formats import keypose_csv, marks
from core.formats.annotated import Annotations, ForeignClip, ForeignSegment
from core.wording import counted

_HINT = "It needs columns clip, action, start_frame, end_frame and pose_frame, or those of characteristic3dposes."


@dataclass(frozen=True)
class _Given:
    """One characteristic pose as a table gives it; what it does not say is None or empty."""

    clip: str
    frame: int
    action: str = ""
    start: int | None = None
    end: int | None = None


def with_poses(annotations: Annotations, table: Path) -> tuple[Annotations, tuple[str, ...]]:
    """The annotations with the poses of `table`, and what became of its rows, one sentence each."""
    given = list(_rows_of(table))
    by_name = _clips_by_name(annotations.clips)
    frames: dict[tuple[str, int], int] = {}
    lost: Counter[str] = Counter()
    for each in given:
        names = by_name.get(each.clip) or by_name.get(Path(each.clip).stem) or ()
        if len(names) != 1:
            lost[f"{'no clip' if not names else 'several clips'} {each.clip!r}"] += 1
            continue
        clip = names[0]
        at = _segment_for(clip.segments, each)
        if at is None:
            lost[f"no segment of {clip.name} for a pose at frame {each.frame}"] += 1
        elif frames.setdefault((clip.name, at), each.frame) != each.frame:
            lost[f"{clip.name} has two poses for one segment; the first stays"] += 1
    clips = tuple(
        replace(
            clip,
            segments=tuple(
                replace(each, pose_frame=frames.get((clip.name, at), each.pose_frame))
                for at, each in enumerate(clip.segments)
            ),
        )
        for clip in annotations.clips
    )
    said = [f"{table.name}: {len(frames)} of {counted(len(given), 'characteristic pose')} found their segment"]
    said += [f"Left out of {table.name}: {why}" for why in list(lost)[:5]]
    if len(lost) > 5:
        said.append(f"and {len(lost) - 5} more such rows")
    return replace(annotations, clips=clips), tuple(said)


def _rows_of(table: Path) -> Iterator[_Given]:
    if keypose_csv.is_keyposes(table):
        for row in keypose_csv.read(table).rows:
            yield _Given(row.sample, row.frame, start=row.start)
        return
    if not (marks.is_csv(table) or marks.is_json(table)):
        raise FormatError(table, "it is no table of characteristic poses", hint=_HINT)
    rows = marks.read_csv(table) if marks.is_csv(table) else marks.read_json(table)
    for row in rows:
        if row.pose_frame is not None:
            yield _Given(row.clip, row.pose_frame, row.action, row.start_frame, row.end_frame)


def _clips_by_name(clips: tuple[ForeignClip, ...]) -> dict[str, tuple[ForeignClip, ...]]:
    """Clips by their name, and by its last part without folders and ending where no clip is called so."""
    exact = {clip.name: (clip,) for clip in clips}
    short: dict[str, tuple[ForeignClip, ...]] = {}
    for clip in clips:
        for name in {Path(clip.name).name, Path(clip.name).stem}:
            short[name] = (*short.get(name, ()), clip)
    return {**short, **exact}


def _segment_for(segments: tuple[ForeignSegment, ...], given: _Given) -> int | None:
    """The place of the segment a pose stands for."""
    candidates = [(at, each) for at, each in enumerate(segments) if not given.action or each.action == given.action]
    if given.end is not None:
        for at, each in candidates:
            if (each.start_frame, each.end_frame) == (given.start, given.end):
                return at
    round_it = [
        (at, each.start_frame, each.end_frame)
        for at, each in candidates
        if each.start_frame is not None
        and each.end_frame is not None
        and each.start_frame <= given.frame < each.end_frame
    ]
    begun = [at for at, start, _ in round_it if start == given.start]
    if begun:
        return begun[0]
    return min(round_it, key=lambda each: each[2] - each[1])[0] if round_it else None
