"""Forecasts kept as draft annotations: accepted, confirmed, counted. Pure, as `core.project.edits`.

A draft is a segment and its characteristic pose whose source names the run that foresaw them (see
`core.project.provenance`). Whatever a person does to it by hand makes it theirs; until then it teaches no model and is
measured against none.
Frames count from 0, ends are exclusive.
"""

from collections import Counter

from msgspec.structs import replace

from core.errors import ProjectError
from core.project import edits, provenance
from core.project.annotations import (
    CharacteristicPose,
    Clip,
    FrameIdentity,
    Label,
    Project,
    Provenance,
    Segment,
    new_id,
)
from core.project.edit_checks import clip_of, segment_of


def label_foreseen(project: Project, action: str) -> Label | None:
    """The label a forecaster means by `action`: the one of that name, else the one most marked of that cluster."""
    named = project.label_named(action, "action")
    if named is not None:
        return named
    cluster = [each for each in project.actions() if each.learned_name == action]
    if len(cluster) < 2:
        return cluster[0] if cluster else None
    counts = Counter(segment.action for clip in project.clips.values() for segment in clip.segments)
    return max(cluster, key=lambda each: counts[each.id])


def whose_step(project: Project, clip: Clip, frame: int, action: str) -> str:
    """Who did what a forecaster saw at `frame` as `action`; the only person there is where nobody is known to have."""
    stood = {each.segment for each in clip.poses if each.frame == frame}
    for segment in clip.segments:
        label = project.labels.get(segment.action)
        inside = segment.id in stood or segment.start_frame <= frame < segment.end_frame
        if inside and label is not None and label.learned_name == action:
            return segment.actor
    return clip.actors[0].id if len(clip.actors) == 1 else ""


def free_from(clip: Clip, actor: str, frame: int) -> int:
    """From which frame on nothing is marked of this person any more, of what they had begun before `frame`.

    What begins later is what came: it shapes no forecast of `frame`.
    """
    begun = (each.end_frame for each in clip.segments if each.actor == actor and each.start_frame < frame)
    return max(begun, default=0)


def accept_forecast(
    project: Project,
    clip_id: str,
    action: str,
    start_frame: int,
    pose_frame: int,
    end_frame: int,
    identity: FrameIdentity,
    *,
    run: str,
    author: str,
    actor: str = "",
    objects: tuple[str, ...] = (),
    with_label: bool = False,
) -> tuple[Project, Segment]:
    """A segment and its characteristic pose as `run` foresaw them, both drafts; an end past the clip's is cut there.

    `action` is the word the forecaster used. ProjectError where the project has no such label (`with_label` adds it),
    or where the characteristic pose would lie outside the clip or the segment.
    """
    frames = clip_of(project, clip_id).video.frame_count
    if max(start_frame, pose_frame) >= frames:
        raise ProjectError(
            f"{action} is foreseen after the clip's end (frame {max(start_frame, pose_frame)} of {frames})",
            hint="Use an earlier step, or look from an earlier moment.",
        )
    end_frame = min(end_frame, frames)
    if not start_frame <= pose_frame < end_frame:
        raise ProjectError(
            f"the characteristic pose of {action} is foreseen at frame {pose_frame}, outside its own segment "
            f"({start_frame} to {end_frame})",
            hint="Mark this one by hand.",
        )
    source = provenance.foreseen_by(run)
    label = label_foreseen(project, action)
    if label is None and with_label:
        project, label = edits.add_label(project, action, "action", author=author, source=source)
    if label is None:
        raise ProjectError(f'"{action}" is not an action of this project', hint="Add the label, then use it as draft.")
    project, segment = edits.mark_segment(
        project,
        clip_id,
        label.id,
        start_frame,
        end_frame,
        author=author,
        actor=actor,
        objects=objects,
        source=source,
    )
    pose = CharacteristicPose(
        id=new_id(), segment=segment.id, frame=pose_frame, identity=identity, made=Provenance.now(author, source)
    )
    return project.with_clip(project.clips[clip_id].with_pose(pose)), segment


def is_unseen(clip: Clip, segment: Segment) -> bool:
    """Whether a run foresaw this segment or its pose and nobody has looked at it since."""
    pose = clip.pose_of(segment.id)
    return segment.is_draft or (pose is not None and pose.is_draft and bool(provenance.run_of(pose.made.source)))


def confirm(project: Project, clip_id: str, *segment_ids: str, author: str) -> Project:
    """Say that drafts are right as they are, with their poses. What is no draft stays as it is."""
    clip = before = clip_of(project, clip_id)
    for segment_id in segment_ids:
        _, segment = segment_of(project, clip_id, segment_id)
        if segment.is_draft:
            clip = clip.with_segment(replace(segment, made=provenance.confirmed(segment.made, author)))
        pose = clip.pose_of(segment_id)
        if pose is not None and pose.is_draft:
            clip = clip.with_pose(replace(pose, made=_chosen(pose.made, author)))
    return project if clip is before else project.with_clip(clip)


def _chosen(made: Provenance, author: str) -> Provenance:
    """Of a draft that no run foresaw (the middle of a segment), confirming it is choosing it."""
    return provenance.confirmed(made, author) if provenance.run_of(made.source) else Provenance.now(author)
