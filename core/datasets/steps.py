"""From annotations and 2D tracks to steps: what a person did and how they stood, as their camera saw it.

A *step* is a segment with the pose that stands for it; steps are ordered by the pose's frame and count as seen from
that frame on. Actions that are learned as nothing (background) are no steps. A *seen pose* is UPPER_BODY_9 in
undistorted pixels minus the neck, divided by the pixels a metre has at the clip's neck depth (s = f / z): metres at
that depth, x right, y down. A joint is visible where its confidence says so and the neck is seen too; an invisible one
lies at 0.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from core.bodies.skeletons import UPPER_BODY_9
from core.configs import ForecasterData
from core.geometry.cameras import (
    ESTIMATED_TORSO_M,
    Camera,
    depth_from_torso_m,
    distort,
    levelling,
    neck_place_m,
    project_levelled,
    undistort,
)
from core.motion import SEEN, Poses2d
from core.project.annotations import CharacteristicPose, Clip, Project, Segment
from core.project.cameras import camera_of
from core.project.labelling import UNUSABLE

ReadTracks = Callable[[Clip], Poses2d]
"""The 2D tracks of a clip; asked only for clips that have some."""
Pixels = dict[int, tuple[ndarray, ndarray]]
"""What was read of a person, by frame: the nine joints in pixels and their confidence; never changed."""

NECK, HIP = UPPER_BODY_9["neck"], UPPER_BODY_9["hip"]
JOINTS = len(UPPER_BODY_9)
MEASURED_FRAMES = 2000
"""At most so many frames of a clip are looked at to tell how tall its person is; evenly spread."""
UNKNOWN_TORSO = 0.25
"""Torso length over picture height of a person whose torso was never seen."""


@dataclass(frozen=True)
class SeenPose:
    """One person in one frame; `neck_px` is NaN where the neck was not seen."""

    joints: Float[ndarray, "9 2"]
    visible: Bool[ndarray, " 9"]
    neck_px: Float[ndarray, " 2"]


UNSEEN = SeenPose(np.zeros((JOINTS, 2), np.float32), np.zeros(JOINTS, bool), np.full(2, np.nan))


@dataclass(frozen=True)
class View:
    """How a clip's camera sees one person: the numbers that turn metres into pixels and back."""

    camera: Camera
    depth_m: float
    torso_px: float

    @cached_property
    def tilt(self) -> Float[ndarray, "3 3"]:
        """R̃, levelled frame to camera axes."""
        return levelling(self.camera)

    @cached_property
    def scale_px(self) -> Float[ndarray, " 2"]:
        """s: pixels a metre has at the neck's depth, across and down."""
        return np.asarray(self.camera.focal_px / self.depth_m)

    def ray(self, neck_px: Float[ndarray, " 2"]) -> Float[ndarray, " 2"]:
        """Where undistorted `neck_px` lies at depth 1; straight ahead for a neck never seen."""
        if not np.isfinite(neck_px).all():
            return np.zeros(2)
        return (neck_px - self.camera.centre_px) / self.camera.focal_px

    def in_picture(
        self, joints_m: Float[ndarray, "*batch 9 3"], neck_px: Float[ndarray, " 2"]
    ) -> Float[ndarray, "*batch 9 2"]:
        """Levelled poses in pixels of the original, drawn at the undistorted neck."""
        neck_px = np.where(np.isfinite(neck_px), neck_px, self.camera.centre_px)
        place_m = np.broadcast_to(neck_place_m(neck_px, self.depth_m, self.camera), (*joints_m.shape[:-2], 3))
        return distort(project_levelled(joints_m, place_m, self.camera), self.camera)


@dataclass(frozen=True)
class PersonTrack:
    """One person's 2D joints over a clip; without tracks nobody is seen. Only frames asked for are read, and once."""

    view: View
    poses: Poses2d | None
    person: int
    read: Pixels = field(default_factory=dict, repr=False, compare=False)

    def pixels(self, frame: int) -> tuple[Float[ndarray, "9 2"], Float[ndarray, " 9"]]:
        """The nine joints in the picture's own pixels, and their confidence."""
        if self.poses is None or not 0 <= frame < len(self.poses):
            return np.zeros((JOINTS, 2), np.float32), np.zeros(JOINTS, np.float32)
        if frame not in self.read:
            here = _of_frames(self.poses, self.person, np.array([frame]))
            self.read[frame] = here.joints_px[0, 0], here.confidence[0, 0]
        return self.read[frame]

    def at(self, frame: int, edits: dict[str, tuple[float, float, float]] | None = None) -> SeenPose:
        """How the person is seen in `frame`, with joints moved by hand where somebody did."""
        pixels, confidence = self.pixels(frame)
        if edits:
            pixels, confidence = pixels.copy(), confidence.copy()
            for joint, (x, y, sure) in edits.items():
                pixels[UPPER_BODY_9[joint]], confidence[UPPER_BODY_9[joint]] = (x, y), sure
        visible = (confidence >= SEEN) & np.isfinite(pixels).all(-1)
        if not visible[NECK]:
            return UNSEEN
        straight = undistort(pixels.astype(np.float64), self.view.camera)
        joints = np.where(visible[:, None], (straight - straight[NECK]) / self.view.scale_px, 0.0)
        return SeenPose(joints.astype(np.float32), visible, straight[NECK])


@dataclass(frozen=True)
class Step:
    """One action, the instant that stands for it, and how the person stood then.

    Labels are names; an action's is what models learn it as (the name of its cluster, where it has one).
    """

    segment: str
    frame: int
    action: str
    objects: tuple[str, ...]
    pose: SeenPose
    is_draft: bool = False  # nobody chose the instant
    start_frame: int = 0  # of its segment, which ends before `end_frame`
    end_frame: int = 0


@dataclass(frozen=True)
class Sequence:
    """The steps of one person in one clip, by frame.

    `unmarked` segments have no pose to stand for them; `drafts` are a model's own that nobody has looked at yet: no
    model learns from them, is measured on them or counts them as seen.
    """

    clip: Clip
    actor: str
    track: PersonTrack
    steps: tuple[Step, ...]
    unmarked: int
    drafts: int = 0

    @property
    def view(self) -> View:
        return self.track.view

    def seen_by(self, frame: int) -> int:
        """How many steps count as seen at `frame`."""
        return sum(step.frame <= frame for step in self.steps)


def clip_sequences(
    project: Project,
    clip: Clip,
    read_tracks: ReadTracks,
    data: ForecasterData,
    seed: int = 0,
    *,
    remembered: Callable[[Clip, int], Pixels] | None = None,
) -> list[Sequence]:
    """The steps of each person of one clip; `remembered` is what was read of a clip's tracks, by person, before."""
    if not clip.segments:
        return []
    poses = read_tracks(clip) if clip.tracks else None
    camera = camera_of(project, clip)
    people: dict[str, list[Segment]] = {}
    unusable: list[Segment] = []
    for segment in clip.segments:
        label = project.labels.get(segment.action)
        if label is not None and not label.learned_name:  # background
            unusable += [segment] if label.name == UNUSABLE else []
            continue
        people.setdefault(segment.actor, []).append(segment)
    columns = {actor.id: actor.track for actor in clip.actors}
    marks = {pose.segment: pose for pose in clip.poses}
    sequences = []
    for actor, segments in sorted(people.items()):
        person = columns.get(actor) or 0
        here = poses if poses is not None and person < poses.people else None
        drafts = sum(each.is_draft for each in segments)
        segments = [each for each in segments if not each.is_draft]
        read = {} if remembered is None else remembered(clip, person)
        track = PersonTrack(view_of(clip, camera, here, person), here, person, read)
        found = (_step(project, each, marks.get(each.id), track, data, seed) for each in segments)
        marked = [step for step in found if step is not None]
        steps = [step for step in marked if not _is_within(unusable, actor, step.frame)]
        steps.sort(key=lambda step: (step.frame, step.segment))
        sequences.append(Sequence(clip, actor, track, tuple(steps), len(segments) - len(marked), drafts))
    return sequences


def _is_within(stretches: list[Segment], actor: str, frame: int) -> bool:
    """Whether the picture of this person is of no use in a frame."""
    return any(each.start_frame <= frame < each.end_frame and each.actor in ("", actor) for each in stretches)


def view_of(clip: Clip, camera: Camera, poses: Poses2d | None, person: int) -> View:
    """The depth at which a usual torso, upright, has the median length it shows over the whole clip."""
    torso_px = UNKNOWN_TORSO * clip.video.height
    neck_px = camera.centre_px
    if poses is not None and len(poses):
        frames = np.unique(np.linspace(0, len(poses) - 1, MEASURED_FRAMES).astype(int))
        sample = _of_frames(poses, person, frames)
        both = sample.seen()[:, 0, [NECK, HIP]].all(-1)
        if both.any():
            ends = undistort(sample.joints_px[both, 0][:, [NECK, HIP]].astype(np.float64), camera)
            torso_px = max(float(np.median(np.linalg.norm(ends[:, 0] - ends[:, 1], axis=-1))), 1.0)
            neck_px = np.median(ends[:, 0], axis=0)
    return View(camera, _neck_depth_m(torso_px, neck_px, camera), torso_px)


def _of_frames(poses: Poses2d, person: int, frames: ndarray) -> Poses2d:
    """One person in some frames, as UPPER_BODY_9."""
    joints_px, confidence = poses.joints_px[frames, person], poses.confidence[frames, person]
    numbers = np.isfinite(joints_px).all(-1) & np.isfinite(confidence)  # one that is none would spoil what is built
    known = Poses2d(
        poses.skeleton,
        np.where(numbers[..., None], joints_px, 0.0)[:, None],
        np.where(numbers, confidence, 0.0)[:, None],
    )
    return known.as_skeleton(UPPER_BODY_9)


def _neck_depth_m(torso_px: float, neck_px: Float[ndarray, " 2"], camera: Camera) -> float:
    # A camera that looks down sees a torso foreshortened and its hip farther away than its neck: solve
    # f · |d_xy − r · d_z| / (z + d_z) = torso_px for z, where d is an upright torso in camera axes.
    torso_m = levelling(camera) @ np.array([0.0, -ESTIMATED_TORSO_M, 0.0])
    ray = (neck_px - camera.centre_px) / camera.focal_px
    across_m = float(np.linalg.norm(torso_m[:2] - ray * torso_m[2]))
    return max(depth_from_torso_m(torso_px, camera, across_m) - float(torso_m[2]), 2 * ESTIMATED_TORSO_M)


def _step(
    project: Project,
    segment: Segment,
    marked: CharacteristicPose | None,
    track: PersonTrack,
    data: ForecasterData,
    seed: int,
) -> Step | None:
    """None where the instant that should stand for the segment is not marked, or its label is gone."""
    if segment.action not in project.labels:
        return None
    edits, is_draft = None, False
    match data.poses:
        case "middle":
            frame = (segment.start_frame + segment.end_frame - 1) // 2
        case "random":
            frame = _drawn_frame(segment, seed)
        case _:  # uncoupled poses belong to no action, but the steps keep their order
            if marked is None:
                return None
            frame, edits, is_draft = marked.frame, marked.joint_edits, marked.is_draft
    return Step(
        segment=segment.id,
        frame=frame,
        action=project.labels[segment.action].learned_name,
        objects=tuple(project.labels[each].name for each in segment.objects if each in project.labels),
        pose=track.at(frame, edits),
        is_draft=is_draft,
        start_frame=segment.start_frame,
        end_frame=segment.end_frame,
    )


def _drawn_frame(segment: Segment, seed: int) -> int:
    # From the segment's own id, so that an edit elsewhere changes no other segment's frame.
    digest = hashlib.sha256(f"{seed}:{segment.id}".encode()).digest()
    return segment.start_frame + int.from_bytes(digest[:8]) % (segment.end_frame - segment.start_frame)
