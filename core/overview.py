"""A whole project at a glance: how far each clip is, what is missing or odd in it, and who did what on which day.

What was counted of a clip is kept and counted again only when the clip is another value, so that an edit of one clip
among 642 costs little. Background is nobody's action and needs no pose. Days are those of this machine's time zone.
Time at work is what lies between one's edits, breaks of more than `BREAK_S` left out. No torch, no files but tracks.
"""

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache

import msgspec

from core.project.annotations import Clip, Label, Project
from core.project.journal import MAKER, Entry
from core.project.labelling import ranges
from core.project.odd import KINDS, TITLES, Odd, OddKind, TrackReader, in_words, odd_in, unused_of
from core.project.provenance import origin_of

BREAK_S = 300.0
"""Whoever does nothing for so long is not at work."""


class ClipFacts(msgspec.Struct, frozen=True, kw_only=True):
    """How far one clip is. `marked_frames` are under at least one segment."""

    id: str
    name: str
    frames: int
    seconds: float
    marked_frames: int
    segments: int
    poses: int
    needs_pose: int  # segments that are no background
    without_pose: int
    drafts: int
    people: tuple[str, ...]  # who marked it
    odd: tuple[Odd, ...]

    @property
    def share_marked(self) -> float:
        return self.marked_frames / self.frames if self.frames else 0.0

    @property
    def share_posed(self) -> float:
        return 1.0 - self.without_pose / self.needs_pose if self.needs_pose else 0.0

    @property
    def is_done(self) -> bool:
        """Nothing is missing any more; what is merely odd somebody may have meant."""
        return not any(each.kind in MISSING for each in self.odd)


MISSING: tuple[OddKind, ...] = ("no pose", "draft", "unlabelled", "nothing marked")
"""What is still to be done: the same that Annotate walks to."""


class ActionDone(msgspec.Struct, frozen=True, kw_only=True):
    """How often an action is marked and how many of those have their pose."""

    label: str
    name: str
    colour: str
    segments: int
    posed: int
    seconds: float


class PersonDone(msgspec.Struct, frozen=True, kw_only=True):
    """What one person made that still stands, and what they did according to the journal.

    `corrected` are drafts that they put right or confirmed; `edits` are steps, `taken_back` how many of them are undos.
    """

    name: str
    segments: int
    poses: int
    corrected: int
    edits: int
    taken_back: int
    hours: float
    first: str  # UTC, ISO 8601; empty where the journal does not know them
    last: str
    days: dict[date, int]  # edits by day


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the page shows and the command prints."""

    name: str
    clips: tuple[ClipFacts, ...]
    actions: tuple[ActionDone, ...]  # the most marked first
    people: tuple[PersonDone, ...]  # who made most first
    odd: dict[OddKind, tuple[Odd, ...]]  # in the order of KINDS, those that occur

    @property
    def segments(self) -> int:
        return sum(each.segments for each in self.clips)

    @property
    def poses(self) -> int:
        return sum(each.poses for each in self.clips)

    @property
    def without_pose(self) -> int:
        return sum(each.without_pose for each in self.clips)

    @property
    def drafts(self) -> int:
        return sum(each.drafts for each in self.clips)

    @property
    def seconds(self) -> float:
        return sum(each.seconds for each in self.clips)

    @property
    def share_marked(self) -> float:
        frames = sum(each.frames for each in self.clips)
        return sum(each.marked_frames for each in self.clips) / frames if frames else 0.0

    @property
    def done(self) -> int:
        """How many clips are done."""
        return sum(each.is_done for each in self.clips)

    @property
    def is_complete(self) -> bool:
        """Everything is marked."""
        return bool(self.clips) and self.done == len(self.clips)

    @property
    def days(self) -> tuple[date, ...]:
        """The days on which anybody did anything."""
        return tuple(sorted({day for each in self.people for day in each.days}))


class _Counted(msgspec.Struct, kw_only=True):
    """Of one clip: what it was counted from, its facts, and its part of the sums."""

    clip: Clip
    has_camera: bool
    facts: ClipFacts
    actions: dict[str, tuple[int, int, float]]  # label id → segments, posed, seconds
    people: dict[str, tuple[int, int, int]]  # name → segments, poses, corrected
    odd: dict[OddKind, list[Odd]]
    used: frozenset[str]  # label ids


class Overviewer:
    """Makes overviews of one project as it changes. Not for two threads at once."""

    def __init__(self, read_tracks: TrackReader | None = None) -> None:
        self._read_tracks = read_tracks
        self._work = Work()
        self._forget(frozenset())

    def _forget(self, poseless: frozenset[str]) -> None:
        self._poseless = poseless
        self._counted: dict[str, _Counted] = {}
        self._uses = Counter[str]()  # label id → clips that use it
        self._actions: dict[str, list[float]] = {}
        self._people: dict[str, list[float]] = {}

    def pending(self, project: Project) -> int:
        """How many clips the next overview has to count again."""
        if ranges(project) != self._poseless:
            return len(project.clips)
        known = self._counted
        return sum(key not in known or known[key].clip is not clip for key, clip in project.clips.items())

    def of(self, project: Project, journal: Sequence[Entry] = ()) -> Overview:
        """The project as it stands; `journal` are its rows from the first on, of which the new ones are followed."""
        poseless = ranges(project)
        if poseless != self._poseless:
            self._forget(poseless)
        for gone in self._counted.keys() - project.clips.keys():
            self._add(self._counted.pop(gone), -1)
        sure = {key for key, camera in project.cameras.items() if not camera.estimated}
        counted = []
        for key, clip in project.clips.items():
            known = self._counted.get(key)
            if known is None or known.clip is not clip or known.has_camera != (clip.camera in sure):
                if known is not None:
                    self._add(known, -1)
                has_camera = clip.camera in sure
                known = self._counted[key] = _count(clip, poseless, self._read_tracks, has_camera=has_camera)
                self._add(known, 1)
            counted.append(known)
        self._work.follow(journal)
        return Overview(
            name=project.name,
            clips=tuple(each.facts for each in counted),
            actions=_actions(project.labels, self._actions),
            people=self._work.people(self._people),
            odd=_by_kind(counted, unused_of(project.labels, {key for key, uses in self._uses.items() if uses > 0})),
        )

    def _add(self, counted: _Counted, sign: int) -> None:
        """A clip's part of the sums, or with -1 away from them."""
        for sums, part in ((self._actions, counted.actions), (self._people, counted.people)):
            for key, values in part.items():
                total = sums.setdefault(key, [0, 0, 0])
                for at, value in enumerate(values):
                    total[at] += sign * value
        for label in counted.used:
            self._uses[label] += sign


def overview_of(project: Project, journal: Sequence[Entry] = (), read_tracks: TrackReader | None = None) -> Overview:
    """Once, without keeping anything."""
    return Overviewer(read_tracks).of(project, journal)


# ---- of one clip ----


def _count(clip: Clip, poseless: frozenset[str], read_tracks: TrackReader | None, *, has_camera: bool) -> _Counted:
    posed = {pose.segment for pose in clip.poses}
    actions: dict[str, tuple[int, int, float]] = {}
    people: dict[str, tuple[int, int, int]] = {}
    used: set[str] = set()
    marked = reached = needs = without = drafts = 0
    for segment in clip.segments:
        marked += max(0, segment.end_frame - max(reached, segment.start_frame))
        reached = max(reached, segment.end_frame)
        has, needed = segment.id in posed, segment.action not in poseless
        needs += needed
        without += needed and not has
        drafts += segment.is_draft
        used.add(segment.action)
        used.update(segment.objects)
        if needed:
            length = (segment.end_frame - segment.start_frame) / clip.video.rate_hz
            count, with_pose, seconds = actions.get(segment.action, (0, 0, 0.0))
            actions[segment.action] = count + 1, with_pose + has, seconds + length
        made = people.get(segment.made.author, (0, 0, 0))
        seen = origin_of(segment.made.source) in ("corrected", "confirmed")
        people[segment.made.author] = made[0] + 1, made[1], made[2] + seen
    for pose in clip.poses:
        made = people.get(pose.made.author, (0, 0, 0))
        people[pose.made.author] = made[0], made[1] + 1, made[2]
    facts = ClipFacts(
        id=clip.id, name=clip.name, frames=clip.video.frame_count, seconds=clip.video.duration_s,
        marked_frames=min(marked, clip.video.frame_count), segments=len(clip.segments), poses=len(clip.poses),
        needs_pose=needs, without_pose=without, drafts=drafts, people=tuple(sorted(people)),
        odd=odd_in(clip, poseless, has_camera=has_camera, read_tracks=read_tracks),
    )  # fmt: skip
    odd: dict[OddKind, list[Odd]] = {}
    for each in facts.odd:
        odd.setdefault(each.kind, []).append(each)
    return _Counted(
        clip=clip, has_camera=has_camera, facts=facts, actions=actions, people=people, odd=odd, used=frozenset(used)
    )  # fmt: skip


def _actions(labels: Mapping[str, Label], sums: Mapping[str, Sequence[float]]) -> tuple[ActionDone, ...]:
    found = [
        ActionDone(
            label=key, name=labels[key].name, colour=labels[key].colour, segments=round(count), posed=round(posed),
            seconds=seconds,
        )
        for key, (count, posed, seconds) in sums.items()
        if key in labels and count
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda each: (-each.segments, each.name)))


def _by_kind(counted: Sequence[_Counted], unused: tuple[Odd, ...]) -> dict[OddKind, tuple[Odd, ...]]:
    found: dict[OddKind, list[Odd]] = {kind: [] for kind in KINDS}
    for clip in counted:
        for kind, odd in clip.odd.items():
            found[kind] += odd
    found["label unused"] += unused
    return {kind: tuple(odd) for kind, odd in found.items() if odd}


# ---- who did what ----


class _Doing(msgspec.Struct):
    edits: int = 0
    taken_back: int = 0
    seconds: float = 0.0
    first: str = ""
    last: str = ""
    last_s: float = 0.0
    days: Counter[date] = msgspec.field(default_factory=Counter)


class Work:
    """Who did how much and when, from the rows of the journal; rows are only ever added, so only new ones are read."""

    def __init__(self) -> None:
        self._seen = 0
        self._doing: dict[str, _Doing] = {}

    def follow(self, journal: Sequence[Entry]) -> None:
        """Take in the rows after those seen before. What the program itself made is nobody's work."""
        for entry in journal[self._seen :]:
            if entry.author == MAKER:
                continue
            doing = self._doing.setdefault(entry.author, _Doing())
            at = _seconds(entry.at)
            pause = at - doing.last_s
            doing.seconds += pause if doing.edits and 0 < pause <= BREAK_S else 0.0
            doing.edits += 1
            doing.taken_back += entry.kind == "undo"
            doing.first = doing.first or entry.at
            doing.last, doing.last_s = entry.at, at
            doing.days[_day(entry.at[:15])] += 1
        self._seen = max(self._seen, len(journal))

    def people(self, made: Mapping[str, Sequence[float]]) -> tuple[PersonDone, ...]:
        """Everybody who did anything or whose rows stand; `made` are segments, poses and corrections by name."""
        found = []
        for name in {*(each for each, sums in made.items() if any(sums)), *self._doing}:
            segments, poses, corrected = (int(each) for each in made.get(name, (0, 0, 0)))
            doing = self._doing.get(name, _Doing())
            found.append(
                PersonDone(
                    name=name, segments=segments, poses=poses, corrected=corrected, edits=doing.edits,
                    taken_back=doing.taken_back, hours=doing.seconds / 3600, first=doing.first, last=doing.last,
                    days=dict(doing.days),
                )
            )  # fmt: skip
        return tuple(sorted(found, key=lambda each: (-each.segments - each.poses, -each.edits, each.name)))


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


@lru_cache(maxsize=4096)
def _day(at: str) -> date:
    """The local day of a moment cut to ten minutes, `2026-03-02T09:1`: no zone begins its day within them."""
    return datetime.fromisoformat(f"{at}0+00:00").astimezone().date()


# ---- as a table ----


def as_csv(overview: Overview, project: Project) -> str:
    """All of it as one sheet of comma separated values: clips, actions, people, then everything missing or odd."""
    out = io.StringIO()
    sheet = csv.writer(out, lineterminator="\n")
    sheet.writerow(["clip", "seconds", "share marked", "segments", "poses", "without pose", "drafts", "odd", "by"])
    for clip in overview.clips:
        sheet.writerow(
            [
                clip.name, f"{clip.seconds:.2f}", f"{clip.share_marked:.4f}", clip.segments, clip.poses,
                clip.without_pose, clip.drafts, len(clip.odd), ", ".join(clip.people),
            ]
        )  # fmt: skip
    sheet.writerow([])
    sheet.writerow(["action", "segments", "with pose", "seconds"])
    for action in overview.actions:
        sheet.writerow([action.name, action.segments, action.posed, f"{action.seconds:.2f}"])
    sheet.writerow([])
    sheet.writerow(["person", "segments", "poses", "corrected", "edits", "taken back", "hours", "first", "last"])
    for person in overview.people:
        sheet.writerow(
            [
                person.name, person.segments, person.poses, person.corrected, person.edits, person.taken_back,
                f"{person.hours:.2f}", person.first, person.last,
            ]
        )  # fmt: skip
    sheet.writerow([])
    sheet.writerow(["what", "clip", "frame", "about"])
    for kind, found in overview.odd.items():
        for odd in found:
            clip = project.clips.get(odd.clip)
            frame = "" if clip is None else odd.frame
            sheet.writerow([TITLES[kind], "" if clip is None else clip.name, frame, in_words(project, odd)])
    return out.getvalue()
