"""The edits that pages, commands and imports share. Pure: each takes a project and returns the edited one.

Where a row is made, it comes back beside the project. What cannot be meant is refused with ProjectError, in words;
what is odd but can be shown (overlaps, a pose outside its segment) is made, and listed by `core.project.check`.
"""

import re
from collections.abc import Iterable, Mapping
from math import isfinite
from pathlib import Path
from typing import Literal

from msgspec.structs import replace

from core.bodies.skeletons import UPPER_BODY_9
from core.errors import ProjectError
from core.geometry.cameras import Camera
from core.project import cameras, provenance
from core.project.annotations import (
    BY_HAND,
    Actor,
    CameraRow,
    CharacteristicPose,
    Clip,
    FrameIdentity,
    Item,
    Label,
    Project,
    Provenance,
    Segment,
    Split,
    VideoFile,
    new_id,
)
from core.project.edit_checks import check_ends, check_words, clip_of, label_of, segment_of

LABEL_COLOURS = (
    *("#617CE1", "#D26D12", "#9AAA84", "#70F1A7", "#F1D146", "#C87FB6", "#96CC83", "#CFB2B9", "#6F9153", "#419AE1"),
    *("#BC5BA8", "#E88826", "#8FC9FD", "#A2917D", "#CD98B8", "#70AF59", "#9074BF", "#A2E3C9", "#ECBA4F", "#A07787"),
    *("#9F91FD", "#C9D379", "#4AE1A3", "#72C172", "#B2B69C", "#BCC1DA", "#BB7CE0", "#E890D3", "#F6ACFC", "#848D0D"),
    *("#E36EA2", "#63969C", "#CFAF56", "#99ABCE", "#C4754B", "#D4944F", "#918ACB", "#9BA500", "#96AFFC", "#32A468"),
)
"""Far apart for every kind of colour vision, the farthest first."""
BACKGROUND_COLOUR = "#6B707B"
BACKGROUND = ("background", "unusable")
"""Actions that are none: grey, without a key of their own, and not learned."""
LABEL_KEYS = (*"1234567890", *(f"Alt+{digit}" for digit in "1234567890"))

Kind = Literal["action", "object"]


# ---- the vocabulary ----


def label_for(project: Project, name: str, kind: Kind, *, author: str, source: str = BY_HAND) -> tuple[Project, Label]:
    """The label of this name, made where there is none."""
    known = project.label_named(name.strip(), kind)
    return (project, known) if known is not None else add_label(project, name, kind, author=author, source=source)


def add_label(project: Project, name: str, kind: Kind, *, author: str, source: str = BY_HAND) -> tuple[Project, Label]:
    """A new word of the vocabulary, with the next free colour and, for an action, the next free key."""
    name = _free_name(project, name, kind)
    background = kind == "action" and name in BACKGROUND
    label = Label(
        id=new_id(),
        name=name,
        kind=kind,
        colour=BACKGROUND_COLOUR if background else _next_colour(project, kind),
        key=_next_key(project) if kind == "action" and not background else "",
        learned_as="" if background else None,
        made=Provenance.now(author, source),
    )
    return project.with_label(label), label


def rename_label(project: Project, label_id: str, name: str) -> Project:
    """Call a label differently; the segments keep it."""
    label = label_of(project, label_id)
    if name.strip() == label.name:
        return project
    return project.with_label(replace(label, name=_free_name(project, name, label.kind)))


def recolour_label(project: Project, label_id: str, colour: str) -> Project:
    """Give a label another colour, #RRGGBB."""
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", colour):
        raise ProjectError(f'"{colour}" is no colour', hint="Write it like #617CE1.")
    return project.with_label(replace(label_of(project, label_id), colour=colour.upper()))


def set_label_key(project: Project, label_id: str, key: str) -> Project:
    """Give a label a key, or none with an empty one."""
    label = label_of(project, label_id)
    if key and key not in LABEL_KEYS:
        raise ProjectError(f'"{key}" cannot be a label\'s key', hint="Take 1 to 0, or Alt+1 to Alt+0.")
    holder = next((each for each in project.labels.values() if key and each.key == key and each.id != label_id), None)
    if holder is not None:
        raise ProjectError(f"{key} is the key of {holder.name}", hint="Take it away there first, or choose another.")
    return project.with_label(replace(label, key=key))


def remove_label(project: Project, label_id: str) -> Project:
    """Take a word out of the vocabulary; refused while a segment uses it."""
    label = label_of(project, label_id)
    uses = sum(
        each.action == label_id or label_id in each.objects for clip in project.clips.values() for each in clip.segments
    )
    if uses:
        raise ProjectError(
            f"The label {label.name} is used by {uses} {'segment' if uses == 1 else 'segments'}",
            hint="Give them another label first.",
        )
    return replace(project, labels={key: each for key, each in project.labels.items() if key != label_id})


def _free_name(project: Project, name: str, kind: Kind) -> str:
    name = name.strip()
    if not name:
        raise ProjectError("a label needs a name", hint="Type one.")
    if project.label_named(name, kind) is not None:
        raise ProjectError(f'there is already an {kind} called "{name}"', hint="Use it, or choose another name.")
    return name


def _next_colour(project: Project, kind: Kind) -> str:
    """The first colour that the fewest labels of this kind have."""
    used = [each.colour for each in project.labels.values() if each.kind == kind]
    return min(LABEL_COLOURS, key=used.count)


def _next_key(project: Project) -> str:
    taken = {each.key for each in project.labels.values()}
    return next((key for key in LABEL_KEYS if key not in taken), "")


# ---- clips ----


def add_clip(
    project: Project,
    name: str,
    path: Path | None,
    video: VideoFile,
    *,
    author: str,
    folder: Path,
    performer: str = "",
    camera: str = "",
    source: str = BY_HAND,
) -> tuple[Project, Clip]:
    """A video as a clip. Its path is kept relative where it lies in the project's `folder`; None for no video."""
    video = replace(video, path=_kept_path(path, folder))
    same = next((each for each in project.clips.values() if video.path and each.video.path == video.path), None)
    if same is not None:
        raise ProjectError(f"{Path(video.path).name} is already in the project, as {same.name}")
    clip = Clip(
        id=new_id(),
        name=_free_clip_name(project, name),
        video=video,
        performer=performer,
        camera=camera,
        made=Provenance.now(author, source),
    )
    return project.with_clip(clip), clip


def rename_clip(project: Project, clip_id: str, name: str) -> Project:
    """Call a clip differently; its video keeps its name."""
    clip = clip_of(project, clip_id)
    others = project.without_clip(clip_id)
    if not name.strip() or _free_clip_name(others, name) != name.strip():
        raise ProjectError(f'"{name.strip()}" cannot be its name', hint="Type a name that no other clip has.")
    return project.with_clip(replace(clip, name=name.strip()))


def remove_clip(project: Project, clip_id: str) -> Project:
    """Take a clip and all that was marked on it out of the project and its splits. The video stays on the disk."""
    clip_of(project, clip_id)
    for split in project.splits.values():
        parts = {part: tuple(each for each in clips if each != clip_id) for part, clips in split.parts.items()}
        if parts != split.parts:
            project = project.with_split(replace(split, parts=parts))
    return project.without_clip(clip_id)


def set_video(project: Project, clip_id: str, path: Path, video: VideoFile, *, folder: Path) -> Project:
    """Point a clip to where its video lies now, or to another one. Nothing that was marked moves."""
    clip = clip_of(project, clip_id)
    return project.with_clip(replace(clip, video=replace(video, path=_kept_path(path, folder))))


def set_tracks(project: Project, clip_id: str, tracks: str) -> Project:
    """Give a clip its 2D tracks, by the name that `ProjectStore.write_tracks` returned; empty for none."""
    return project.with_clip(replace(clip_of(project, clip_id), tracks=tracks))


def add_actor(
    project: Project, clip_id: str, name: str, *, author: str, track: int | None = None, source: str = BY_HAND
) -> tuple[Project, Actor]:
    """A person in a clip; `track` is their column in its 2D tracks."""
    clip = clip_of(project, clip_id)
    if not name.strip():
        raise ProjectError("a person needs a name", hint="Type one.")
    actor = Actor(id=new_id(), name=name.strip(), track=track, made=Provenance.now(author, source))
    return project.with_clip(replace(clip, actors=(*clip.actors, actor))), actor


def _kept_path(path: Path | None, folder: Path) -> str:
    if path is None:
        return ""
    path, folder = path.absolute(), folder.absolute()
    for there, here in ((path, folder), (path.resolve(), folder.resolve())):
        if there.is_relative_to(here):
            return there.relative_to(here).as_posix()
    return str(path)


def _free_clip_name(project: Project, name: str) -> str:
    """`name`, or with the first number that makes it the only one."""
    name = name.strip() or "clip"
    taken = {each.name for each in project.clips.values()}
    return next(each for each in (name, *(f"{name} {n}" for n in range(2, len(taken) + 3))) if each not in taken)


# ---- cameras, splits and items ----


def add_camera(
    project: Project,
    name: str,
    camera: Camera,
    *,
    author: str,
    source: str = BY_HAND,
    how: str = "",
    error_px: float | None = None,
    clip_ids: Iterable[str] = (),
) -> tuple[Project, CameraRow]:
    """A calibrated camera, as the one that filmed these clips; `how` it was found and its error stay with it."""
    free = cameras.free_name(project, name)
    row = cameras.row_of(free, camera, Provenance.now(author, source), how=how, error_px=error_px)
    project = project.with_camera(row)
    for clip_id in clip_ids:
        project = set_camera(project, clip_id, row.id)
    return project, row


def set_camera(project: Project, clip_id: str, camera_id: str) -> Project:
    """Say which camera filmed a clip; empty for an estimated one."""
    if camera_id and camera_id not in project.cameras:
        raise ProjectError(f"the project has no camera {camera_id}", hint="Add it first.")
    return project.with_clip(replace(clip_of(project, clip_id), camera=camera_id))


def add_split(
    project: Project, name: str, parts: Mapping[str, tuple[str, ...]], *, author: str, source: str = BY_HAND
) -> tuple[Project, Split]:
    """Which clips a model learns from, is chosen on, and is measured on; no clip twice."""
    clips = [clip for part in parts.values() for clip in part]
    unknown = [clip for clip in clips if clip not in project.clips]
    if unknown:
        raise ProjectError(f"the project has no clip {unknown[0]}", hint="Split the clips that are in it.")
    if len(set(clips)) != len(clips):
        twice = next(clip for clip in clips if clips.count(clip) > 1)
        raise ProjectError(f"{project.clips[twice].name} stands in two parts", hint="A clip belongs to one part.")
    split = Split(id=new_id(), name=name.strip() or "split", parts=dict(parts), made=Provenance.now(author, source))
    return project.with_split(split), split


def add_item(
    project: Project,
    kind: Literal["dataset", "motion", "run", "generation"],
    name: str,
    path: str,
    *,
    author: str,
    facts: Mapping[str, str] | None = None,
    source: str = BY_HAND,
) -> tuple[Project, Item]:
    """Something the project knows of but does not hold."""
    made = Provenance.now(author, source)
    item = Item(id=new_id(), kind=kind, name=name, path=path, facts=dict(facts or {}), made=made)
    return project.with_item(item), item


# ---- segments ----


def mark_segment(
    project: Project,
    clip_id: str,
    action: str,
    start_frame: int,
    end_frame: int,
    *,
    author: str,
    objects: tuple[str, ...] = (),
    actor: str = "",
    source: str = BY_HAND,
) -> tuple[Project, Segment]:
    """An action, a label id, on frames `start_frame` … `end_frame` - 1."""
    clip = clip_of(project, clip_id)
    check_ends(start_frame, end_frame)
    check_words(project, clip, action, objects, actor)
    segment = Segment(
        id=new_id(),
        action=action,
        start_frame=start_frame,
        end_frame=end_frame,
        objects=objects,
        actor=actor,
        made=Provenance.now(author, source),
    )
    return project.with_clip(clip.with_segment(segment)), segment


def move_ends(
    project: Project,
    clip_id: str,
    segment_id: str,
    *,
    start_frame: int | None = None,
    end_frame: int | None = None,
    author: str = "",
) -> Project:
    """Let a segment start or end elsewhere. Its pose stays where it was set."""
    clip, segment = segment_of(project, clip_id, segment_id)
    start = segment.start_frame if start_frame is None else start_frame
    end = segment.end_frame if end_frame is None else end_frame
    check_ends(start, end)
    if (start, end) == (segment.start_frame, segment.end_frame):
        return project
    made = provenance.corrected(segment.made, author)
    return project.with_clip(clip.with_segment(replace(segment, start_frame=start, end_frame=end, made=made)))


def change_segment(
    project: Project,
    clip_id: str,
    segment_id: str,
    *,
    action: str | None = None,
    objects: tuple[str, ...] | None = None,
    actor: str | None = None,
    author: str = "",
) -> Project:
    """Say something else about a segment: another action, other objects, another person."""
    clip, segment = segment_of(project, clip_id, segment_id)
    after = replace(
        segment,
        action=segment.action if action is None else action,
        objects=segment.objects if objects is None else objects,
        actor=segment.actor if actor is None else actor,
    )
    check_words(project, clip, after.action, after.objects, after.actor)
    if after != segment:
        after = replace(after, made=provenance.corrected(segment.made, author))
    return project.with_clip(clip.with_segment(after))


def split_segment(
    project: Project, clip_id: str, segment_id: str, frame: int, *, author: str
) -> tuple[Project, Segment]:
    """Two segments where there was one; the second, which begins at `frame`, comes back and takes a pose set there."""
    clip, segment = segment_of(project, clip_id, segment_id)
    if not segment.start_frame < frame < segment.end_frame:
        raise ProjectError(
            f"frame {frame} does not lie inside the segment ({segment.start_frame} to {segment.end_frame})",
            hint="Move the playhead into it.",
        )
    was, now = provenance.corrected(segment.made, author), Provenance.now(author)
    first = replace(segment, end_frame=frame, made=was)
    second = replace(segment, id=new_id(), start_frame=frame, made=was if provenance.run_of(was.source) else now)
    clip = clip.with_segment(first).with_segment(second)
    pose = clip.pose_of(segment_id)
    if pose is not None and pose.frame >= frame:
        clip = clip.with_pose(replace(pose, segment=second.id))
    return project.with_clip(clip), second


def merge_with_next(project: Project, clip_id: str, segment_id: str, *, author: str = "") -> Project:
    """One segment out of this and the same person's next: this one's action, the objects of both, the first pose.

    What a run foresaw of either stays said.
    """
    clip, segment = segment_of(project, clip_id, segment_id)
    following = next_of(clip, segment)
    if following is None:
        raise ProjectError("no segment follows this one", hint="Choose the one before it.")
    objects = tuple(dict.fromkeys((*segment.objects, *following.objects)))
    made = following.made if provenance.run_of(following.made.source) else segment.made
    made = provenance.corrected(segment.made if provenance.run_of(segment.made.source) else made, author)
    whole = replace(segment, end_frame=max(segment.end_frame, following.end_frame), objects=objects, made=made)
    pose = clip.pose_of(segment_id) or clip.pose_of(following.id)
    clip = clip.without_segment(following.id).with_segment(whole)
    if pose is not None:
        clip = clip.with_pose(replace(pose, segment=segment_id))
    return project.with_clip(clip)


def next_of(clip: Clip, segment: Segment) -> Segment | None:
    """The same person's next segment."""
    later = clip.segments[clip.segments.index(segment) + 1 :]
    return next((each for each in later if each.actor == segment.actor), None)


def delete_segments(project: Project, clip_id: str, *segment_ids: str) -> Project:
    """Take segments away, with their poses."""
    clip, doomed = clip_of(project, clip_id), set(segment_ids)
    for unknown in doomed - {each.id for each in clip.segments}:
        segment_of(project, clip_id, unknown)  # refused in words
    segments = tuple(each for each in clip.segments if each.id not in doomed)
    poses = tuple(each for each in clip.poses if each.segment not in doomed)
    return project.with_clip(replace(clip, segments=segments, poses=poses))


# ---- characteristic poses ----


def set_pose(
    project: Project,
    clip_id: str,
    segment_id: str,
    frame: int,
    identity: FrameIdentity,
    *,
    author: str,
    source: str = BY_HAND,
) -> Project:
    """Make `frame` the segment's characteristic pose, in place of an earlier one.

    Joints moved by hand belong to the frame they were moved on, and go with it. Who sets the pose of a draft has looked
    at it: where it stood it is confirmed, elsewhere corrected, and so is its segment.
    """
    clip, segment = segment_of(project, clip_id, segment_id)
    if frame < 0:
        raise ProjectError(f"frames count from 0, so there is no frame {frame}")
    earlier, made = clip.pose_of(segment_id), Provenance.now(author, source)
    if source == BY_HAND:
        looked_at = provenance.confirmed if earlier is not None and earlier.frame == frame else provenance.corrected
        clip = clip.with_segment(replace(segment, made=looked_at(segment.made, author)))
        if earlier is not None and provenance.run_of(earlier.made.source):
            made = looked_at(earlier.made, author)
    pose = CharacteristicPose(
        id=earlier.id if earlier is not None else new_id(),
        segment=segment_id,
        frame=frame,
        identity=identity,
        joint_edits=earlier.joint_edits if earlier is not None and earlier.frame == frame else {},
        made=made,
    )
    return project.with_clip(clip.with_pose(pose))


def remove_pose(project: Project, clip_id: str, segment_id: str, *, author: str = "") -> Project:
    """Leave a segment without a characteristic pose."""
    clip, segment = segment_of(project, clip_id, segment_id)
    if clip.pose_of(segment_id) is None:
        return project
    segment = replace(segment, made=provenance.corrected(segment.made, author))
    return project.with_clip(clip.with_segment(segment).without_pose(segment_id))


def set_joint_edits(
    project: Project,
    clip_id: str,
    segment_id: str,
    joint_edits: Mapping[str, tuple[float, float, float]],
    *,
    author: str = "",
) -> Project:
    """Move joints of a segment's characteristic pose by hand: joint → (x px, y px, confidence)."""
    clip, segment = segment_of(project, clip_id, segment_id)
    unknown = [joint for joint in joint_edits if joint not in UPPER_BODY_9.joints]
    if unknown:
        raise ProjectError(f"there is no joint {unknown[0]}", hint=f"There are: {', '.join(UPPER_BODY_9.joints)}.")
    for joint, (x, y, confidence) in joint_edits.items():
        if not (isfinite(x) and isfinite(y) and 0 <= confidence <= 1):
            name = joint.replace("_", " ")
            raise ProjectError(
                f"the {name} cannot be at {x:g}, {y:g} with confidence {confidence:g}", hint="Give pixels, and 0 to 1."
            )
    pose = clip.pose_of(segment_id)
    if pose is None:
        raise ProjectError("this segment has no characteristic pose yet", hint="Set it first.")
    if pose.joint_edits == joint_edits:
        return project
    clip = clip.with_segment(replace(segment, made=provenance.corrected(segment.made, author)))
    pose = replace(pose, joint_edits=dict(joint_edits), made=provenance.corrected(pose.made, author))
    return project.with_clip(clip.with_pose(pose))
