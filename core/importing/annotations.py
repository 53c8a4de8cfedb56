"""A data set's annotations into a project, as one edit that can be undone.

A foreign clip is a clip of the project where its video, its name or its video's name says so, with or without an
ending; else one is made, with its video where that lies below the data set's folder. A clip without a video keeps what
the data tells of it, until `posecast add` or a later import finds the video. Frames count from 0, ends are exclusive;
seconds become the nearest frame of the video's own time stamps, or of the rate where there is no video.

Taking the same annotations again changes nothing: a segment is known by its clip, person, action and frames. What a
person set in the meantime (objects, a pose, a camera, a split of the same name) stays.
"""

import dataclasses
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from core.errors import CoreError, FileError, FormatError, ProjectError
from core.exchanged import Report, reasons
from core.footage import has_video, identity_of, video_file
from core.formats import FORMATS
from core.formats.annotated import Annotations, ForeignClip, ForeignSegment
from core.formats.cameras import NamedCamera
from core.geometry.cameras import as_numbers
from core.importing.clips import Clock, Names, places
from core.motion import Poses2d
from core.project import annotated_sets, clusters, edits
from core.project.annotations import (
    Actor,
    CharacteristicPose,
    Clip,
    FrameIdentity,
    Label,
    Project,
    Provenance,
    Segment,
    VideoFile,
    new_id,
    pose_order,
    segment_order,
)
from core.project.cameras import camera_from_row, fits
from core.project.motion_sets import name_after
from core.project.store import ProjectStore
from core.video import open_video
from core.wording import counted

UNKNOWN_RATE_HZ = 30.0
UNKNOWN_SIZE = (1920, 1080)
_MOST_FRAMES = 10**8  # 38 days at 30 a second; beyond it a number is a slip
_LONGEST_NAME = 1000  # letters; a spoken sentence has a tenth, and beyond it lies damage
_OVER_S = 1.0  # a segment may end so long after its video: cuts and counts differ between copies of a data set


@dataclass(frozen=True)
class Origin:
    """Where annotations came from, for the catalog: the file or folder a person named, how many files were read of it,
    what the data set is called, and the format's options that they were read with.
    """

    path: Path
    files: int = 1
    name: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


def take_annotations(
    annotations: Annotations,
    store: ProjectStore,
    *,
    source: str,
    author: str,
    folder: Path,
    videos: Path | None = None,
    clip: Clip | None = None,
    rate_hz: float = UNKNOWN_RATE_HZ,
    label: str = "",
    own: bool = False,
    origin: Origin | None = None,
) -> Report:
    """Put `annotations` into the project.

    `source` is the format's name, `folder` the data set's, `videos` a folder with its videos where they lie elsewhere.
    With `clip` the annotations are that clip's, whatever name they have. `rate_hz` counts where neither a video nor
    the data tells. `label` is what undo calls the edit. With `origin` the catalog names them, as a data set of its own.

    `own` annotations were made on this project's clips: no clip is made for them, what does not fit is left out and not
    bent, and characteristic poses keep how their frames look; of others only the instant is known, not the copy of the
    video that they were chosen on.
    """
    if clip is not None and len(annotations.clips) > 1:
        names = ", ".join(each.name for each in annotations.clips[:5])
        hint = f"Name no clip, or give annotations of one. They name {names}."
        raise ProjectError(f"these are annotations of {len(annotations.clips)} clips, not of one", hint=hint)
    taking = _Taking(store, store.project, source, author, folder, videos, rate_hz, own)
    taking.cameras_in(annotations.cameras)
    ids: dict[str, str] = {}
    for each in annotations.clips:
        with suppress(_LeftOutError):
            ids[each.name] = taking.clip_in(each, clip)
    taking.learned_in(annotations.learned_as)
    taking.splits_in(annotations.splits, ids)
    if origin is not None:
        taking.noted(origin, annotations, ids.values())
    said = label or f"Import {counted(taking.taken, 'segment')} of {counted(len(ids), 'clip')}"
    store.edit(taking.project, said, source=source)
    return replace(taking.report(annotations), clips=ids)


_Key = tuple[str, str, int, int]
"""A segment as it is known again: its actor's and its action's id, its start and its end."""


class _LeftOutError(Exception):
    """This part is left out; why is noted."""


@dataclass
class _Taking:
    """The project as it grows, and what is said of it at the end."""

    store: ProjectStore
    project: Project
    source: str
    author: str
    folder: Path
    videos: Path | None
    rate_hz: float
    own: bool
    taken: int = 0
    known: int = 0
    left_out: list[str] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    made_clips: int = 0

    def __post_init__(self) -> None:
        self._by_kind = {
            kind: {each.name: each for each in self.project.labels.values() if each.kind == kind}
            for kind in ("action", "object")
        }
        self._known_labels = frozenset(self.project.labels)
        self._cameras: dict[str, str] = {}
        self._names = Names(self.store, self.project)
        self._made = Provenance.now(self.author, self.source)

    # ---- vocabulary, cameras, splits ----

    def cameras_in(self, cameras: tuple[NamedCamera, ...]) -> None:
        """Every camera once: one with the same name and numbers is the same camera."""
        for each in cameras:
            camera = each.camera if each.placed else dataclasses.replace(each.camera, estimated=True)
            numbers = as_numbers(camera)
            rows = (row for row in self.project.cameras.values() if row.name == each.name)
            same = next((row for row in rows if as_numbers(camera_from_row(row)) == numbers), None)
            if same is None:
                self.project, same = edits.add_camera(
                    self.project, each.name, camera, author=self.author, source=self.source,
                    how=f"imported {self.source}",
                )  # fmt: skip
            self._cameras[each.name] = same.id

    def learned_in(self, learned_as: Mapping[str, str]) -> None:
        """What the new actions are learned as, by the data set; those that were there keep what a person said."""
        for name, learned in learned_as.items():
            label = self._by_kind["action"].get(name)
            if label is not None and label.id not in self._known_labels:
                self.project = clusters.set_learned_as(self.project, label.id, learned)

    def _label(self, name: str, kind: edits.Kind) -> Label | None:
        name = name.strip()
        if name and name not in self._by_kind[kind]:
            self.project, made = edits.label_for(self.project, name, kind, author=self.author, source=self.source)
            self._by_kind[kind][name] = made
        return self._by_kind[kind].get(name)

    def splits_in(self, splits: Mapping[str, Mapping[str, tuple[str, ...]]], ids: Mapping[str, str]) -> None:
        """The data set's own splits, of the clips that came in. One of the same name is never written over."""
        for name, parts in splits.items():
            wanted = {part: tuple(ids[each] for each in names if each in ids) for part, names in parts.items()}
            absent = sum(len(names) for names in parts.values()) - sum(map(len, wanted.values()))
            there = next((each for each in self.project.splits.values() if each.name == name), None)
            if there is not None:
                if {part: set(clips) for part, clips in there.parts.items() if clips} != {
                    part: set(clips) for part, clips in wanted.items() if clips
                }:
                    self.left_out.append(f"the split {name!r}: there is another of this name, which stays")
                continue
            if not any(wanted.values()):
                self.left_out.append(f"the split {name!r}: none of its clips is here")
                continue
            try:
                self.project, _ = edits.add_split(
                    self.project, name, wanted, author=self.author, source=self.source
                )  # fmt: skip
            except ProjectError as error:
                self.left_out.append(f"the split {name!r}: {error}")
                continue
            if absent:
                self.notes[f"the split {name!r} names {counted(absent, 'clip')} that did not come"] += 1

    # ---- one clip ----

    def clip_in(self, foreign: ForeignClip, chosen: Clip | None) -> str:
        """The clip's id, with everything of `foreign` on it."""
        if max(map(len, (foreign.name, foreign.performer, *foreign.videos))) > _LONGEST_NAME:
            self.left_out += [f"{foreign.name[:40]}…: a name of more than {_LONGEST_NAME} letters"]
            raise _LeftOutError
        found = self._video_of(foreign)
        clip = self.project.clips[chosen.id] if chosen is not None else self._clip_for(foreign, found)
        if not clip.video.path and found is not None:
            clip = self._with_video(clip, found)
        clock = self._clock(clip)
        actors = {each.name: each.id for each in clip.actors}
        people: list[Actor] = []
        rows: list[tuple[ForeignSegment, _Key, int | None]] = []
        for each in foreign.segments:
            if max(map(len, (each.action, each.actor, *each.objects))) > _LONGEST_NAME:
                self.left_out.append(
                    f"{foreign.name}, {each.action[:40]}…: a name of more than {_LONGEST_NAME} letters"
                )
                continue
            placed = self._placed(foreign.name, each, clock)
            action = None if placed is None else self._label(each.action, "action")
            if placed is None or action is None:
                if placed is not None:
                    self.left_out.append(f"{foreign.name}: a segment without an action")
                continue
            start, end, pose_frame = placed
            actor = each.actor.strip()
            if actor and actor not in actors:
                people.append(Actor(id=new_id(), name=actor, made=self._made))
                actors[actor] = people[-1].id
            rows.append((each, (actors.get(actor, ""), action.id, start, end), pose_frame))
        if clock.times_s is not None:
            clip = self._moved(clip, rows, Clock(None, foreign.rate_hz or self.rate_hz))
        there = {_key(each): each for each in clip.segments}
        posed = {each.segment for each in clip.poses}
        segments, poses = [], []
        for each, key, pose_frame in rows:
            if key in there:
                self.known += 1
            else:
                objects = (self._label(name, "object") for name in each.objects)
                # A table takes a forecast's draft along as what it is: no model learns from another's guesses unseen.
                made = replace(self._made, source=each.source[:_LONGEST_NAME]) if each.source else self._made
                there[key] = Segment(
                    id=new_id(), actor=key[0], action=key[1], start_frame=key[2], end_frame=key[3], made=made,
                    objects=tuple(dict.fromkeys(label.id for label in objects if label is not None)),
                )  # fmt: skip
                segments.append(there[key])
                self.taken += 1
            if pose_frame is not None and there[key].id not in posed:
                posed.add(there[key].id)
                poses.append((there[key].id, pose_frame, each.pose_source[:_LONGEST_NAME] or self.source))
        self.project = self.project.with_clip(self._grown(clip, foreign, people, segments, poses))
        return clip.id

    def _moved(self, clip: Clip, rows: list[tuple[ForeignSegment, _Key, int | None]], by_rate: Clock) -> Clip:
        """Segments that came while only the rate was known, and their poses, to where the video's time stamps say."""
        wanted = {key for _, key, _ in rows}
        loose = {_key(each): each for each in clip.segments if each.made.source == self.source}
        loose = {key: each for key, each in loose.items() if key not in wanted}
        for each, key, pose_frame in rows if loose else ():
            if each.start_frame is not None or each.start_s is None or each.end_s is None:
                continue
            start = by_rate.frame(each.start_s)
            before = loose.pop((*key[:2], start, max(by_rate.frame(each.end_s), start + 1)), None)
            if before is None:
                continue
            clip = clip.with_segment(replace(before, start_frame=key[2], end_frame=key[3]))
            pose = clip.pose_of(before.id)
            if pose is not None and pose_frame is not None and pose.frame == by_rate.frame(each.pose_s or 0.0):
                (identity,) = _identities(self.store, clip, [pose_frame], looks=self.own)
                clip = clip.with_pose(replace(pose, frame=pose_frame, identity=identity))
            self.notes["lies now where its video's time stamps say"] += 1
        return clip

    def _grown(
        self,
        clip: Clip,
        foreign: ForeignClip,
        people: list[Actor],
        segments: list[Segment],
        poses: list[tuple[str, int, str]],
    ) -> Clip:
        """The clip with its new rows, or itself where nothing is new."""
        made = {
            "actors": (*clip.actors, *people),
            "segments": tuple(sorted((*clip.segments, *segments), key=segment_order)),
            "performer": clip.performer or foreign.performer,
            "camera": clip.camera or self._camera(clip, foreign),
            "tracks": clip.tracks or self._tracks(clip, foreign),
        }
        if poses:
            identities = _identities(self.store, clip, [frame for _, frame, _ in poses], looks=self.own)
            new = [
                CharacteristicPose(
                    id=new_id(), segment=segment, frame=frame, identity=identity, made=replace(self._made, source=how)
                )
                for (segment, frame, how), identity in zip(poses, identities, strict=True)
            ]
            made["poses"] = tuple(sorted((*clip.poses, *new), key=pose_order))
        if not clip.video.path and not clip.video.fingerprint:
            ends = [*(each.end_frame for each in segments), *(frame + 1 for _, frame, _ in poses)]
            count = max([clip.video.frame_count, *ends])
            video = clip.video
            made["video"] = replace(video, frame_count=count, duration_s=count / video.rate_hz)
        changed = {name: value for name, value in made.items() if value != getattr(clip, name)}
        return replace(clip, **changed) if changed else clip

    def _placed(self, name: str, segment: ForeignSegment, clock: Clock) -> tuple[int, int, int | None] | None:
        """Its start, end and pose as frames; None where it cannot be, and why is noted."""
        where = f"{name}, {segment.action}"
        numbers = (
            segment.start_frame, segment.end_frame, segment.start_s, segment.end_s, segment.pose_frame, segment.pose_s
        )  # fmt: skip
        if any(each is not None and not abs(each) <= _MOST_FRAMES for each in numbers):
            self.left_out.append(f"{where}: a time beyond any video")
            return None
        if segment.start_frame is not None and segment.end_frame is not None:
            start, end = segment.start_frame, segment.end_frame
        elif segment.start_s is not None and segment.end_s is not None:
            start = clock.frame(segment.start_s)
            end = max(clock.frame(segment.end_s), start + 1) if segment.end_s >= segment.start_s else start
        else:
            self.left_out.append(f"{where}: neither frames nor seconds")
            return None
        if start < 0 or end <= start:
            self.left_out.append(f"{where} from frame {start}: it ends at {end}")
            return None
        pose = segment.pose_frame
        if pose is None and segment.pose_s is not None:
            pose = clock.frame(segment.pose_s)
        if clock.count is not None:
            over = max(end, (pose or 0) + 1) if self.own else end - math.floor(_OVER_S * clock.rate_hz)
            if start >= clock.count or over > clock.count:
                self.left_out.append(f"{where}, frames {start} to {end}: the clip has {clock.count} frames")
                return None
            if end > clock.count:
                self.notes["ended after the video, by a second at most, and ends with it"] += 1
                end = clock.count
        if pose is not None and (pose < 0 or (clock.count is not None and pose >= clock.count)):
            self.left_out.append(f"{where} from frame {start}: its pose at frame {pose} lies outside the video")
            pose = None
        return start, end, pose

    # ---- the clip's video and time ----

    def _clip_for(self, foreign: ForeignClip, found: Path | None) -> Clip:
        """The clip that `foreign` means, made where there is none."""
        ids = self._names.of(foreign.name, found)
        if len(ids) > 1:
            self.left_out += [f"several clips {foreign.name!r}"] * max(len(foreign.segments), 1)
            raise _LeftOutError
        if ids:
            return self.project.clips[ids[0]]
        if self.own:
            self.left_out += [f"no clip {foreign.name!r}"] * len(foreign.segments)
            raise _LeftOutError
        facts, path = None, None
        if found is not None:
            facts, path = self._facts(found), found
        self.project, clip = edits.add_clip(
            self.project, foreign.name, path if facts is not None else None, facts or self._without_video(foreign),
            author=self.author, folder=self.store.folder, performer=foreign.performer, source=self.source,
        )  # fmt: skip
        self._names.add(clip, self.store)
        self.made_clips += 1
        if not clip.video.path:
            self.notes["a clip without its video"] += 1
        return clip

    def _with_video(self, clip: Clip, found: Path) -> Clip:
        """A clip that had none gets the video that is there now."""
        facts = self._facts(found)
        if facts is None:
            return clip
        self.project = edits.set_video(self.project, clip.id, found, facts, folder=self.store.folder)
        self.notes["a clip got its video"] += 1
        return self.project.clips[clip.id]

    def _facts(self, path: Path) -> VideoFile | None:
        try:
            return video_file(path)
        except CoreError as error:
            self.notes[f"without its video: {error}"] += 1
            return None

    def _without_video(self, foreign: ForeignClip) -> VideoFile:
        rate = foreign.rate_hz or self.rate_hz
        if not foreign.rate_hz:
            self.notes[f"no rate is told; taken for {rate:g} frames a second"] += 1
        if not (foreign.width and foreign.height):
            self.notes[f"no size of the picture is told; taken for {UNKNOWN_SIZE[0]} × {UNKNOWN_SIZE[1]}"] += 1
        width, height = (foreign.width, foreign.height) if foreign.width and foreign.height else UNKNOWN_SIZE
        count = min(foreign.frame_count or 0, _MOST_FRAMES)
        return VideoFile(
            path="", frame_count=count, width=width, height=height, rate_hz=rate, duration_s=count / rate,
            size_bytes=0, fingerprint="",
        )  # fmt: skip

    def _clock(self, clip: Clip) -> Clock:
        if has_video(self.store, clip):
            try:
                with open_video(self.store.video_path(clip)) as video:
                    times = np.array([video.time_s(frame) for frame in range(len(video))])
                return Clock(len(times), clip.video.rate_hz, times)
            except FileError as error:
                self.notes[f"times by the rate alone: {error}"] += 1
        known = clip.video.frame_count if self.own or clip.video.path or clip.video.fingerprint else None
        return Clock(known, clip.video.rate_hz)

    def _video_of(self, foreign: ForeignClip) -> Path | None:
        """Where its video lies, never outside the folders that were named."""
        for root in (each for each in (self.folder, self.videos) if each is not None):
            for place in places(foreign, root):
                with suppress(OSError, ValueError):
                    if place.is_file() and place.resolve().is_relative_to(root.resolve()):
                        return place
        return None

    def _camera(self, clip: Clip, foreign: ForeignClip) -> str:
        """The id of the camera that filmed it, where the data set brings it and its pictures have the clip's shape."""
        found = self._cameras.get(foreign.camera, "")
        if foreign.camera and not found:
            found = next((row.id for row in self.project.cameras.values() if row.name == foreign.camera), "")
        if found and not fits(self.project.cameras[found], clip):
            self.left_out.append(f"the camera of {foreign.name}: its pictures have another shape than the clip's")
            return ""
        return found

    def _tracks(self, clip: Clip, foreign: ForeignClip) -> str:
        """The name of its 2D poses, put beside the project; empty where it brings none."""
        if not foreign.poses:
            return ""
        place = self.folder / foreign.poses
        try:
            if not place.exists() or not place.resolve().is_relative_to(self.folder.resolve()):
                return ""
        except (OSError, ValueError):  # no name of a file
            return ""
        known = next((each for each in FORMATS if each.holds == "2D poses" and each.sniff(place)), None)
        try:
            if known is None:
                raise FormatError(place, "its content is of no known format of 2D poses")
            count = clip.video.frame_count if clip.video.path else None
            poses: Poses2d = known.read(place, size=(clip.video.width, clip.video.height), frame_count=count)
            self.notes["a clip got its 2D poses"] += 1
            return self.store.write_tracks(poses)
        except CoreError as error:
            self.left_out.append(f"2D poses of {foreign.name}: {error}")
            return ""

    # ---- the end ----

    def noted(self, origin: Origin, annotations: Annotations, ids: Iterable[str]) -> None:
        """The catalog's line for what came in."""
        place = origin.path.resolve()
        licence = next((each.licence for each in FORMATS if each.name == self.source), "")
        source = annotated_sets.Source(
            path=str(place), format=self.source,
            name=origin.name or name_after(place),
            licence=annotations.licence or licence, fingerprint=annotations.fingerprint, files=origin.files,
            options=origin.options, left_out=tuple(self.left_out),
        )  # fmt: skip
        self.project = annotated_sets.noted(self.project, source, ids, author=self.author)

    def report(self, annotations: Annotations) -> Report:
        """One line, then what was left open, then what was left out."""
        clips = "" if self.own else f" of {counted(len(annotations.clips), 'clip')}"
        says = f"{counted(self.taken, 'segment')}{clips} in, {len(self.left_out)} left out"
        if self.known:
            says += f", {self.known} in the project already"
        notes = [f"  {what}" + (f" ({times} times)" if times > 1 else "") for what, times in self.notes.items()]
        lines = [says, *(f"  {each}" for each in annotations.notes), *notes, *reasons(self.left_out)]
        return Report(
            format=self.source, says="\n".join(lines), left_out=tuple(self.left_out), taken=self.taken,
            known=self.known,
        )  # fmt: skip


def _key(segment: Segment) -> _Key:
    return segment.actor, segment.action, segment.start_frame, segment.end_frame


def _identities(store: ProjectStore, clip: Clip, frames: list[int], *, looks: bool) -> list[FrameIdentity]:
    """The frames' time stamps, and with `looks` how they look."""
    if has_video(store, clip):
        with suppress(FileError), open_video(store.video_path(clip)) as video:
            if looks:
                return [identity_of(video, frame) for frame in frames]
            return [FrameIdentity(pts=video.pts(frame)) for frame in frames]
    return [FrameIdentity(pts=-1) for _ in frames]
