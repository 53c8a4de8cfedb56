"""What is missing or odd in a clip: values that a person may have meant, each with the place that leads to it.

Pure. One list for all: `posecast check` warns of some of these, the overview counts and shows all of them. Frames count
from 0, ends are exclusive. Nothing here is an error: what should never be is found by `core.project.check`.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Literal, get_args

import msgspec
import numpy as np

from core.bodies.skeletons import UPPER_BODY_9
from core.errors import CoreError
from core.motion import SEEN, Poses2d
from core.project.annotations import CharacteristicPose, Clip, Label, Project, Segment
from core.project.labelling import is_range

OddKind = Literal[
    "no pose", "draft", "pose outside", "overlap", "same frame", "joints", "past the end", "short", "unlabelled",
    "nothing marked", "no tracks", "no person", "no camera", "label unused",
]  # fmt: skip
KINDS: tuple[OddKind, ...] = get_args(OddKind)
"""In the order in which they are looked at: what is missing, what is odd, what a clip lacks."""

TITLES: Mapping[OddKind, str] = {
    "no pose": "Segment without a pose",
    "draft": "Draft nobody has looked at",
    "pose outside": "Pose outside its segment",
    "overlap": "Overlapping segments of one person",
    "same frame": "Poses of one person on one frame",
    "joints": "Pose whose joints are missing",
    "past the end": "After the video's last frame",
    "short": "Segment under 3 frames",
    "unlabelled": "Unlabelled stretch",
    "nothing marked": "Clip without a mark",
    "no tracks": "Clip without 2D poses",
    "no person": "Clip without a person",
    "no camera": "Clip whose camera is estimated",
    "label unused": "Label that is never used",
}
SHORT_FRAMES = 3
GAP_S = 0.2
"""A shorter stretch without a segment is no gap anybody would fill."""
TrackReader = Callable[[str], Poses2d]


class Odd(msgspec.Struct, frozen=True, kw_only=True):
    """One thing, and where it leads: ids, and a frame of the clip. `other` is the second segment of two.

    `end_frame` ends what is a stretch: one without a label, or a segment past the video's end; a pose has none.
    """

    kind: OddKind
    clip: str = ""
    segment: str = ""
    other: str = ""
    frame: int = 0
    end_frame: int = 0
    label: str = ""
    joints: tuple[str, ...] = ()


def odd_in(
    clip: Clip, poseless: frozenset[str], *, has_camera: bool = True, read_tracks: TrackReader | None = None
) -> tuple[Odd, ...]:
    """Everything missing or odd in a clip, kind by kind and then by frame.

    Segments of the labels `poseless` (background) need no pose. Joints are looked at where tracks can be read.
    """
    found = [
        *_of_segments(clip, poseless), *overlaps(clip), *_of_poses(clip), *_unlabelled(clip),
        *_of_joints(clip, read_tracks), *_of_clip(clip, has_camera=has_camera),
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda each: (KINDS.index(each.kind), each.frame)))


def unused_labels(project: Project) -> tuple[Odd, ...]:
    """Labels that nothing is marked with, background apart, in the order they were made."""
    used: set[str] = set()
    for clip in project.clips.values():
        for segment in clip.segments:
            used.add(segment.action)
            used.update(segment.objects)
    return unused_of(project.labels, used)


def unused_of(labels: Mapping[str, Label], used: set[str]) -> tuple[Odd, ...]:
    """As `unused_labels`, by whoever has counted already."""
    return tuple(
        Odd(kind="label unused", label=each.id)
        for each in labels.values()
        if each.id not in used and not is_range(each)
    )


def overlaps(clip: Clip) -> Iterator[Odd]:
    """Segments of one person that begin before the one before them has ended."""
    latest: dict[str, Segment] = {}
    for segment in clip.segments:
        before = latest.get(segment.actor)
        if before is not None and segment.start_frame < before.end_frame:
            yield _at("overlap", clip, segment, segment.start_frame, other=before.id)
        if before is None or segment.end_frame > before.end_frame:
            latest[segment.actor] = segment


def gaps(clip: Clip, least: int) -> Iterator[tuple[int, int]]:
    """Stretches of at least `least` frames between the first and the last segment that no segment covers."""
    reached = clip.segments[0].end_frame if clip.segments else 0
    for segment in clip.segments:
        if segment.start_frame - reached >= least:
            yield reached, segment.start_frame
        reached = max(reached, segment.end_frame)


def in_words(project: Project, odd: Odd) -> str:
    """What it is about: `cut (120 to 164) and wash (150 to 190)`; the kind says what is odd with it."""
    clip = project.clips.get(odd.clip)
    if odd.label:
        label = project.labels.get(odd.label)
        return label.name if label is not None else ""
    if clip is None:
        return ""
    segment = clip.segment(odd.segment) if odd.segment else None
    if segment is None:
        return f"{odd.frame} to {odd.end_frame}" if odd.end_frame else clip.name
    said = segment_words(project, segment)
    other = clip.segment(odd.other) if odd.other else None
    if other is not None:
        said = f"{segment_words(project, other)} and {said}"
    return f"{said}: {', '.join(each.replace('_', ' ') for each in odd.joints)}" if odd.joints else said


def segment_words(project: Project, segment: Segment) -> str:
    """`cut (120 to 164)`."""
    label = project.labels.get(segment.action)
    return f"{label.name if label is not None else 'segment'} ({segment.start_frame} to {segment.end_frame})"


# ---- kind by kind ----


def _at(kind: OddKind, clip: Clip, segment: Segment, frame: int, other: str = "") -> Odd:
    return Odd(kind=kind, clip=clip.id, segment=segment.id, frame=frame, other=other)


def _of_segments(clip: Clip, poseless: frozenset[str]) -> Iterator[Odd]:
    posed, frames = {pose.segment for pose in clip.poses}, clip.video.frame_count
    for segment in clip.segments:
        if segment.id not in posed and segment.action not in poseless:
            yield _at("no pose", clip, segment, (segment.start_frame + segment.end_frame) // 2)
        if segment.is_draft:
            yield _at("draft", clip, segment, segment.start_frame)
        if segment.end_frame > frames:
            yield Odd(
                kind="past the end", clip=clip.id, segment=segment.id, frame=segment.start_frame,
                end_frame=segment.end_frame,
            )  # fmt: skip
        if segment.end_frame - segment.start_frame < SHORT_FRAMES:
            yield _at("short", clip, segment, segment.start_frame)


def _of_poses(clip: Clip) -> Iterator[Odd]:
    by_id, frames = {each.id: each for each in clip.segments}, clip.video.frame_count
    placed = [(pose, by_id[pose.segment]) for pose in clip.poses if pose.segment in by_id]
    for pose, segment in placed:
        if not segment.start_frame <= pose.frame < segment.end_frame:
            yield _at("pose outside", clip, segment, pose.frame)
        if pose.frame >= frames:
            yield _at("past the end", clip, segment, pose.frame)
    for (pose, segment), (after, other) in pairwise(placed):
        if pose.frame == after.frame and segment.actor == other.actor and segment is not other:
            yield _at("same frame", clip, other, after.frame, other=segment.id)


def _unlabelled(clip: Clip) -> Iterator[Odd]:
    for start, end in gaps(clip, max(2, round(GAP_S * clip.video.rate_hz))):
        yield Odd(kind="unlabelled", clip=clip.id, frame=start, end_frame=end)


def _of_clip(clip: Clip, *, has_camera: bool) -> Iterator[Odd]:
    lacks: tuple[tuple[OddKind, bool], ...] = (
        ("nothing marked", not clip.segments),
        ("no tracks", not clip.tracks),
        ("no person", not clip.actors),
        ("no camera", not has_camera),
    )
    for kind, does in lacks:
        if does:
            yield Odd(kind=kind, clip=clip.id)


def _of_joints(clip: Clip, read_tracks: TrackReader | None) -> Iterator[Odd]:
    """Poses with a joint that the detector does not see and nobody has looked at."""
    if read_tracks is None or not clip.tracks or not clip.poses:
        return
    try:
        tracks = read_tracks(clip.tracks)
    except (CoreError, OSError):
        return  # that they cannot be read is an error, which `check` tells
    segments = {each.id: each for each in clip.segments}
    columns = {each.id: each.track for each in clip.actors}
    asked: list[tuple[CharacteristicPose, Segment, int]] = []
    for pose in clip.poses:
        segment = segments.get(pose.segment)
        column = columns.get(segment.actor) if segment is not None else None
        column = 0 if column is None and tracks.people == 1 else column
        if segment is not None and column is not None and column < tracks.people and pose.frame < len(tracks):
            asked.append((pose, segment, column))
    if not asked:
        return
    frames = np.array([pose.frame for pose, *_ in asked])
    some = Poses2d(tracks.skeleton, np.asarray(tracks.joints_px[frames]), np.asarray(tracks.confidence[frames]))
    some = some.as_skeleton(UPPER_BODY_9)
    unseen = some.confidence[np.arange(len(asked)), [column for *_, column in asked]] < SEEN
    for at in np.flatnonzero(unseen.any(axis=1)).tolist():
        pose, segment, _ = asked[at]
        lacking = [name for name, is_out in zip(UPPER_BODY_9.joints, unseen[at], strict=True) if is_out]
        joints = tuple(name for name in lacking if name not in pose.joint_edits)
        if joints:
            yield Odd(kind="joints", clip=clip.id, segment=segment.id, frame=pose.frame, joints=joints)
