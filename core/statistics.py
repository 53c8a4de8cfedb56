"""What is done how often, how long, and what follows what: in the clips of a project, or in a data set of motion.

A *stretch of doing* is a segment of a clip or a labelled stretch of a recording; with several labels it counts once for
each. Background is nobody's action. What follows an action is what the same person does next: the first that begins
after its middle, so that things done at once do not follow each other. Times are seconds. No torch.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from core.project.annotations import PARTS, Clip, Project, Split
from core.project.edits import BACKGROUND
from core.project.motion_sets import MotionRow, MotionSet, MotionSplit
from core.project.provenance import ORIGINS, Origin, origin_of, run_of

NO_PART = ""
"""Name of the part of those that a split does not name."""
_BINS_S = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0)


class ActionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One action: how often it is done, how long in all, and how many of those times have their pose."""

    name: str
    colour: str = ""  # #RRGGBB, where the project gives it one
    count: int
    posed: int = 0
    seconds: float
    shortest_s: float
    median_s: float
    longest_s: float


class Follows(msgspec.Struct, frozen=True, kw_only=True):
    """`after` came next after `before` so many times."""

    before: str
    after: str
    count: int


class PartFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What one part of a split holds; the part of those it does not name is called `NO_PART`."""

    part: str
    items: int
    seconds: float
    stretches: int
    posed: int = 0
    actions: int


class OriginFacts(msgspec.Struct, frozen=True, kw_only=True):
    """So many segments and characteristic poses came about in this way; `run` foresaw them, where one did."""

    origin: Origin
    run: str = ""
    segments: int
    poses: int


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """So many lasted from `start_s` up to, not including, `end_s` (None: any longer)."""

    start_s: float
    end_s: float | None
    count: int


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the pictures show. `items` are clips or recordings; `labelled_s` counts time once however labelled."""

    name: str
    things: str  # "clip" or "recording"
    items: int
    labelled_items: int
    seconds: float
    labelled_s: float
    stretches: int
    posed: int
    actions: tuple[ActionFacts, ...]  # the most frequent first
    follows: tuple[Follows, ...]  # the most frequent first
    durations: tuple[Bin, ...]  # of what is done
    lengths: tuple[Bin, ...]  # of clips or recordings
    split: str = ""
    parts: tuple[PartFacts, ...] = ()
    origins: tuple[OriginFacts, ...] = ()  # of clips; by hand first, then what models had a share in, run by run

    def shares(self, names: Sequence[str]) -> list[list[float]]:
        """Of all times something followed action i (row), in what share it was action j (column)."""
        sums = Counter[str]()
        for each in self.follows:
            sums[each.before] += each.count
        return [
            [count / sums[name] if count else 0.0 for count in row]
            for name, row in zip(names, self.counts(names), strict=True)
        ]

    def counts(self, names: Sequence[str]) -> list[list[int]]:
        """How often action i (row) was followed by action j (column)."""
        known = {(each.before, each.after): each.count for each in self.follows}
        return [[known.get((before, after), 0) for after in names] for before in names]


@dataclass(frozen=True, slots=True)
class _Doing:
    start_s: float
    end_s: float
    labels: tuple[str, ...]
    posed: bool = False


@dataclass(frozen=True, slots=True)
class _Item:
    key: str
    seconds: float
    people: tuple[tuple[_Doing, ...], ...]
    """Of each person what they do, by start."""

    @property
    def doings(self) -> Iterable[_Doing]:
        return (each for person in self.people for each in person)


def of_clips(project: Project, split: Split | None = None, clip_ids: Iterable[str] | None = None) -> Statistics:
    """Of a project's clips, or of some of them."""
    wanted = project.clips if clip_ids is None else {key: project.clips[key] for key in clip_ids}
    names = {key: label.name for key, label in project.labels.items() if label.kind == "action"}
    items = [_clip_item(clip, names) for clip in wanted.values()]
    colours = {label.name: label.colour for label in project.actions()}
    parts = split.parts if split is not None else {}
    found = _statistics(project.name, "clip", items, split.name if split is not None else "", parts, colours)
    return msgspec.structs.replace(found, origins=_origins(wanted.values()))


def of_set(motion_set: MotionSet, split: MotionSplit | None = None) -> Statistics:
    """Of a data set of motion or of labels."""
    items = [_recording_item(row) for row in motion_set.rows.values()]
    parts = split.parts if split is not None else {}
    return _statistics(motion_set.facts.name, "recording", items, split.name if split is not None else "", parts, {})


def _clip_item(clip: Clip, names: Mapping[str, str]) -> _Item:
    rate_hz, posed = clip.video.rate_hz, {pose.segment for pose in clip.poses}
    people: dict[str, list[_Doing]] = {}
    for each in clip.segments:
        name = names.get(each.action, "")
        if name and name not in BACKGROUND:
            doing = _Doing(each.start_frame / rate_hz, each.end_frame / rate_hz, (name,), each.id in posed)
            people.setdefault(each.actor, []).append(doing)
    return _Item(clip.id, clip.video.duration_s, tuple(tuple(each) for each in people.values()))


def _origins(clips: Iterable[Clip]) -> tuple[OriginFacts, ...]:
    segments, poses = Counter[tuple[int, str]](), Counter[tuple[int, str]]()
    keys: dict[str, tuple[int, str]] = {}  # sources are few, rows are many

    def key(source: str) -> tuple[int, str]:
        if source not in keys:
            keys[source] = ORIGINS.index(origin_of(source)), run_of(source)
        return keys[source]

    for clip in clips:
        segments.update(key(each.made.source) for each in clip.segments)
        poses.update(key(each.made.source) for each in clip.poses)
    return tuple(
        OriginFacts(origin=ORIGINS[at], run=run, segments=segments[at, run], poses=poses[at, run])
        for at, run in sorted({*segments, *poses})
    )


def _recording_item(row: MotionRow) -> _Item:
    found = (
        _Doing(each.start_s, each.end_s, tuple(name for name in each.labels if name not in BACKGROUND))
        for each in row.stretches
    )
    doings = sorted((each for each in found if each.labels), key=lambda each: (each.start_s, each.end_s))
    return _Item(row.name, row.duration_s, (tuple(doings),) if doings else ())


def _statistics(
    name: str,
    things: str,
    items: Sequence[_Item],
    split: str,
    parts: Mapping[str, tuple[str, ...]],
    colours: Mapping[str, str],
) -> Statistics:
    doings = [each for item in items for each in item.doings]
    follows = Counter(pair for item in items for person in item.people for pair in _followed(person))
    return Statistics(
        name=name,
        things=things,
        items=len(items),
        labelled_items=sum(bool(item.people) for item in items),
        seconds=sum(item.seconds for item in items),
        labelled_s=sum(_covered_s(item.doings) for item in items),
        stretches=len(doings),
        posed=sum(each.posed for each in doings),
        actions=_actions(doings, colours),
        follows=tuple(
            Follows(before=before, after=after, count=count)
            for (before, after), count in sorted(follows.items(), key=lambda each: (-each[1], each[0]))
        ),
        durations=_histogram([each.end_s - each.start_s for each in doings]),
        lengths=_histogram([item.seconds for item in items]),
        split=split,
        parts=_parts(items, parts) if split else (),
    )


def _actions(doings: Sequence[_Doing], colours: Mapping[str, str]) -> tuple[ActionFacts, ...]:
    lasted: dict[str, list[float]] = {}
    posed = Counter[str]()
    for each in doings:
        for label in each.labels:
            lasted.setdefault(label, []).append(each.end_s - each.start_s)
            posed[label] += each.posed
    found = [
        ActionFacts(
            name=name,
            colour=colours.get(name, ""),
            count=len(seconds),
            posed=posed[name],
            seconds=sum(seconds),
            shortest_s=min(seconds),
            median_s=float(np.median(seconds)),
            longest_s=max(seconds),
        )
        for name, seconds in lasted.items()
    ]
    return tuple(sorted(found, key=lambda each: (-each.count, each.name)))


def _followed(person: Sequence[_Doing]) -> Iterable[tuple[str, str]]:
    """What is done and what comes next; where several begin at once, each of them does."""
    starts = [each.start_s for each in person]
    for at, each in enumerate(person):
        first = max(bisect_right(starts, (each.start_s + each.end_s) / 2), at + 1)
        last = bisect_right(starts, starts[first]) if first < len(person) else first
        for following in person[first:last]:
            yield from ((before, after) for before in each.labels for after in following.labels)


def _covered_s(doings: Iterable[_Doing]) -> float:
    covered_s, up_to = 0.0, -np.inf
    for each in sorted(doings, key=lambda each: each.start_s):
        covered_s += max(each.end_s - max(each.start_s, up_to), 0.0)
        up_to = max(up_to, each.end_s)
    return float(covered_s)


def _histogram(seconds: Sequence[float]) -> tuple[Bin, ...]:
    """Up to the longest; none where there is nothing."""
    if not seconds:
        return ()
    edges = (*_BINS_S, np.inf)
    counts, _ = np.histogram(seconds, edges)
    last = int(np.flatnonzero(counts)[-1])
    return tuple(
        Bin(start_s=edges[at], end_s=None if np.isinf(edges[at + 1]) else edges[at + 1], count=int(counts[at]))
        for at in range(last + 1)
    )


def _parts(items: Sequence[_Item], parts: Mapping[str, tuple[str, ...]]) -> tuple[PartFacts, ...]:
    part_of = {key: part for part, keys in parts.items() for key in keys}
    found = []
    for part in (*PARTS, NO_PART):
        here = [item for item in items if part_of.get(item.key, NO_PART) == part]
        doings = [each for item in here for each in item.doings]
        if part == NO_PART and not here:
            continue
        facts = PartFacts(
            part=part,
            items=len(here),
            seconds=sum(item.seconds for item in here),
            stretches=len(doings),
            posed=sum(each.posed for each in doings),
            actions=len({label for each in doings for label in each.labels}),
        )
        found.append(facts)
    return tuple(found)
