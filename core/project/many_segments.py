"""Edits of many segments at once: moving, rippling, copying, pasting, saying something else. Pure, like `edits`.

Each takes time in proportion to the clip, not to the clip times what is chosen. A characteristic pose names an instant
of the video that somebody looked at, so it stays where it is when its segment's ends are corrected (`move`); only what
shifts a stretch of annotations as a whole takes the poses along (`ripple`, `copy`, `paste`). A pose that comes to lie
on another frame is known by that frame's identity, which the caller brings (`identities`, by frame), and loses joints
that were moved by hand, for they were moved on another picture. Frames count from 0, ends are exclusive.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

from msgspec.structs import replace

from core.errors import ProjectError
from core.project import provenance
from core.project.annotations import (
    CharacteristicPose,
    Clip,
    FrameIdentity,
    Project,
    Provenance,
    Segment,
    new_id,
    pose_order,
    segment_order,
)
from core.project.copied_segments import Copied, CopiedSegment
from core.project.edit_checks import check_ends, check_words, clip_of, segment_of

Identities = Mapping[int, FrameIdentity]
Span = tuple[str, int, int]


def move(project: Project, clip_id: str, spans: Iterable[Span], *, author: str = "") -> Project:
    """Let segments start and end elsewhere, as (id, start, end). Their poses stay where they were set."""
    clip = clip_of(project, clip_id)
    wanted = {}
    for segment_id, start, end in spans:
        check_ends(start, end)
        wanted[segment_id] = (start, end)
    known = _known(clip, wanted)
    moved = {
        each.id: replace(each, start_frame=start, end_frame=end, made=provenance.corrected(each.made, author))
        for each in known
        if (each.start_frame, each.end_frame) != (wanted[each.id])
        for start, end in (wanted[each.id],)
    }
    return project.with_clip(_with(clip, moved)) if moved else project


def change(
    project: Project,
    clip_id: str,
    segment_ids: Collection[str],
    *,
    action: str | None = None,
    actor: str | None = None,
    author: str = "",
) -> Project:
    """Say another action or another person of many segments."""
    clip = clip_of(project, clip_id)
    changed = {}
    for each in _known(clip, segment_ids):
        after = replace(
            each,
            action=each.action if action is None else action,
            actor=each.actor if actor is None else actor,
        )
        if after != each:
            check_words(project, clip, after.action, after.objects, after.actor)
            changed[each.id] = replace(after, made=provenance.corrected(each.made, author))
    return project.with_clip(_with(clip, changed)) if changed else project


# ---- ripple ----


def rippled(
    project: Project, clip_id: str, segment_id: str, end: Literal["start", "end"], frame: int
) -> tuple[int, tuple[Span, ...], tuple[tuple[str, int], ...]]:
    """What a ripple would do: by how many frames, every segment's new span, and the frames poses would come to lie on.

    The end that was taken comes to `frame`, and everything of that person that begins at or behind the old end moves
    as far. Taken by its start, the segment moves with them. Refused where something would leave the clip.
    """
    clip, segment = segment_of(project, clip_id, segment_id)
    was = segment.end_frame if end == "end" else segment.start_frame
    by = frame - was
    behind = [
        each
        for each in clip.segments
        if each.actor == segment.actor
        and ((each.start_frame >= was and each.id != segment_id) or (end == "start" and each.id == segment_id))
    ]
    spans = [(each.id, each.start_frame + by, each.end_frame + by) for each in behind]
    if end == "end":
        spans.insert(0, (segment_id, segment.start_frame, frame))
        check_ends(segment.start_frame, frame)
    last = max((each[2] for each in spans), default=0)
    if last > max(clip.video.frame_count, max((each.end_frame for each in behind), default=0)):
        over = last - clip.video.frame_count
        raise ProjectError(
            f"the last segment would end {over} {'frame' if over == 1 else 'frames'} past the clip's end",
            hint="Move it less far, or without what follows.",
        )
    if min((each[1] for each in spans), default=0) < 0:
        raise ProjectError("a segment would start before the clip", hint="Move it less far.")
    shifted = {each.id for each in behind}
    poses = tuple((each.segment, each.frame + by) for each in clip.poses if each.segment in shifted)
    if any(at < 0 for _, at in poses):
        raise ProjectError("a pose would lie before the clip's start", hint="Move it less far.")
    return by, tuple(spans), poses


def ripple(
    project: Project,
    clip_id: str,
    segment_id: str,
    end: Literal["start", "end"],
    frame: int,
    identities: Identities,
    *,
    author: str = "",
) -> Project:
    """Move one end and everything of that person behind it, poses with them; gaps and order behind it stay."""
    by, spans, poses = rippled(project, clip_id, segment_id, end, frame)
    if not by:
        return project
    moved = clip_of(move(project, clip_id, spans, author=author), clip_id)
    frames = dict(poses)
    kept = [each for each in moved.poses if each.segment not in frames]
    shifted = [_on(each, frames[each.segment], identities, author) for each in moved.poses if each.segment in frames]
    return project.with_clip(replace(moved, poses=tuple(sorted([*kept, *shifted], key=pose_order))))


def _on(pose: CharacteristicPose, frame: int, identities: Identities, author: str) -> CharacteristicPose:
    """The same pose on another frame."""
    made = provenance.corrected(pose.made, author)
    return replace(pose, frame=frame, identity=_identity(identities, frame), joint_edits={}, made=made)


def _identity(identities: Identities, frame: int) -> FrameIdentity:
    if frame not in identities:
        raise ProjectError(f"frame {frame} was not looked at", hint="The clip changed meanwhile. Do it once more.")
    return identities[frame]


# ---- copies ----


def copied(project: Project, clip_id: str, segment_ids: Collection[str]) -> Copied:
    """These segments by names, to be pasted elsewhere; frames count from the first one's start."""
    clip = clip_of(project, clip_id)
    chosen = _known(clip, segment_ids)
    if not chosen:
        raise ProjectError("nothing is chosen to copy", hint="Choose the segments first.")
    first = min(each.start_frame for each in chosen)
    names = {each.id: each.name for each in clip.actors}
    frames = {each.segment: each.frame for each in clip.poses}
    rows = [
        CopiedSegment(
            action=project.labels[each.action].name if each.action in project.labels else "",
            start=each.start_frame - first,
            end=each.end_frame - first,
            objects=tuple(project.labels[key].name for key in each.objects if key in project.labels),
            actor=names.get(each.actor, ""),
            pose=frames[each.id] - first if each.id in frames else None,
        )
        for each in chosen
    ]
    return Copied(rate_hz=clip.video.rate_hz, segments=tuple(rows))


def pose_frames(project: Project, clip_id: str, what: Copied, frame: int) -> tuple[int, ...]:
    """The frames that the poses of a paste at `frame` would lie on: their identities are needed for it."""
    return tuple(each[2] for each in _placed(clip_of(project, clip_id), what, frame) if each[2] is not None)


def paste(
    project: Project,
    clip_id: str,
    what: Copied,
    frame: int,
    identities: Identities,
    *,
    author: str,
    actor: str = "",
) -> tuple[Project, tuple[Segment, ...]]:
    """The copied segments with the first one's start at `frame`, with new ids, objects and poses.

    Words are found by name. What was one person's becomes `actor`'s; of several people each keeps their own name. At
    another rate the times are kept, not the frames.
    """
    clip = clip_of(project, clip_id)
    actors = {each.name: each.id for each in clip.actors}
    people = {each.actor for each in what.segments}
    made = Provenance.now(author)
    segments, poses = [], []
    for row, (start, end, pose) in zip(what.segments, _placed(clip, what, frame), strict=True):
        action, objects = _word(project, row.action, "action"), _objects(project, row.objects)
        whose = actor if len(people) == 1 else actors.get(row.actor, actor)
        check_words(project, clip, action, objects, whose)
        segment = Segment(
            id=new_id(), action=action, start_frame=start, end_frame=end, objects=objects, actor=whose, made=made
        )
        segments.append(segment)
        if pose is not None:
            identity = _identity(identities, pose)
            poses.append(CharacteristicPose(id=new_id(), segment=segment.id, frame=pose, identity=identity, made=made))
    return project.with_clip(_with(clip, {}, segments, poses)), tuple(segments)


def _placed(clip: Clip, what: Copied, frame: int) -> list[tuple[int, int, int | None]]:
    """Start, end and pose of each copied segment in this clip; refused where one would leave it."""
    scale = 1.0
    if what.rate_hz > 0 and clip.video.rate_hz > 0 and abs(what.rate_hz - clip.video.rate_hz) > 1e-3:
        scale = clip.video.rate_hz / what.rate_hz
    placed: list[tuple[int, int, int | None]] = []
    for row in what.segments:
        start = frame + round(row.start * scale)
        end = max(frame + round(row.end * scale), start + 1)
        pose = None if row.pose is None else frame + round(row.pose * scale)
        if pose is not None and not 0 <= pose < clip.video.frame_count:
            raise ProjectError("a copied pose would lie outside the clip", hint="Paste elsewhere.")
        placed.append((start, end, pose))
    last = max((end for _, end, _ in placed), default=0)
    if last > clip.video.frame_count or frame < 0:
        over = last - clip.video.frame_count
        raise ProjectError(
            f"the copied segments would end {over} {'frame' if over == 1 else 'frames'} past the clip's end",
            hint="Move the playhead back, or choose a longer clip.",
        )
    return placed


def _word(project: Project, name: str, kind: Literal["action", "object"]) -> str:
    found = project.label_named(name, kind)
    if found is None:
        raise ProjectError(f'this project has no {kind} called "{name}"', hint="Add the label, then paste once more.")
    return found.id


def _objects(project: Project, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(_word(project, each, "object") for each in names)


# ---- parts ----


def _known(clip: Clip, ids: Collection[str]) -> list[Segment]:
    """These segments of the clip; an unknown one is refused by id."""
    wanted = set(ids)
    found = [each for each in clip.segments if each.id in wanted]
    if len(found) != len(wanted):
        unknown = wanted - {each.id for each in found}
        segment_of_unknown = next(iter(sorted(unknown)))
        raise ProjectError(f"{clip.name} has no segment {segment_of_unknown}", hint="Choose one of its segments.")
    return found


def _with(
    clip: Clip,
    changed: Mapping[str, Segment],
    added: Sequence[Segment] = (),
    poses: Sequence[CharacteristicPose] = (),
) -> Clip:
    """The clip with these segments in place of those of their ids, and with others and their poses beside them."""
    segments = [changed.get(each.id, each) for each in clip.segments] if changed else list(clip.segments)
    ordered = tuple(sorted([*segments, *added], key=segment_order))
    if not poses:
        return replace(clip, segments=ordered)
    return replace(clip, segments=ordered, poses=tuple(sorted([*clip.poses, *poses], key=pose_order)))
