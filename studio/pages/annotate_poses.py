"""Which characteristic pose a verb of Annotate is about, with what the detector saw there, and what it can copy."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.project import joints
from core.project.annotations import CharacteristicPose, Clip, Segment
from core.project.joints import Joints, SeenJoint
from studio.document import Document
from studio.pages.annotate_changing import Changing
from studio.pages.annotate_picture import ClipPicture
from studio.widgets.clip_time import say_count
from studio.words import say


@dataclass(frozen=True)
class Meant:
    """The pose that a verb is about, with what the detector saw there."""

    clip: Clip
    segment: Segment
    pose: CharacteristicPose
    track: int
    seen: Joints

    @property
    def edits(self) -> Joints:
        return self.pose.joint_edits

    @property
    def shown(self) -> dict[str, joints.Place]:
        return joints.shown(self.seen, self.edits)


@dataclass(frozen=True)
class Neighbour:
    """A pose to copy from: what a person calls it, and its joints."""

    words: str
    frame: int
    joints: Joints


class Poses:
    """The poses of the chosen clip, as the playhead, the picture and what is chosen say."""

    def __init__(self, document: Document, changing: Changing, picture: ClipPicture) -> None:
        self._document, self._changing, self._picture = document, changing, picture

    def here(self) -> Meant | None:
        """The pose of the frame on the picture: of several the chosen segment's, else the actor's."""
        clip, frame = self._document.clip, self._picture.frame_shown
        if clip is None or frame is None or frame != self._document.playhead:
            return None
        return self._first(clip, joints.poses_at(clip, frame))

    def meant(self) -> Meant | None:
        """The pose of the one chosen segment; else that at the playhead; else that of the segment it lies in."""
        clip = self._document.clip
        if clip is None:
            return None
        if len(self._changing.chosen) == 1:
            pose = clip.pose_of(next(iter(self._changing.chosen)))
            if pose is not None:
                return self._first(clip, [pose])
        at = self._first(clip, joints.poses_at(clip, self._document.playhead))
        under = self._changing.at_playhead()
        pose = clip.pose_of(under.id) if under is not None else None
        return at or self._first(clip, [pose] if pose is not None else [])

    def at(self, pose_id: str) -> Meant | None:
        """This pose of the chosen clip."""
        clip = self._document.clip
        return self._first(clip, [each for each in clip.poses if each.id == pose_id]) if clip is not None else None

    def like(self, meant: Meant) -> Joints | None:
        """What somebody whom nobody saw probably looks like: the same person at their nearest other pose."""
        near = joints.nearest_pose(meant.clip, meant.segment, meant.pose.frame)
        return self._joints_of(meant.clip, near) if near is not None else None

    def neighbours(self, meant: Meant) -> list[Neighbour]:
        """What a pose can be copied from: the frame before, and the same person's nearest other pose."""
        clip, frame = meant.clip, meant.pose.frame - 1
        before = joints.detected(self._picture.tracks(), frame, meant.track)
        of_person = [each for each in joints.poses_at(clip, frame) if self._track(clip, each) == meant.track]
        if of_person:
            before = joints.shown(before, of_person[0].joint_edits)
        found = [Neighbour(say("frame {number}", number=say_count(frame)), frame, before)]
        near = joints.nearest_pose(clip, meant.segment, meant.pose.frame)
        segment = clip.segment(near.segment) if near is not None else None
        if near is not None and segment is not None and near.frame != frame:
            words = say(
                "the pose of {name}, frame {number}", name=self._changing.name_of(segment), number=say_count(near.frame)
            )
            found.append(Neighbour(words, near.frame, self._joints_of(clip, near)))
        return [each for each in found if any(map(joints.is_known, each.joints.values()))]

    def _first(self, clip: Clip, poses: Sequence[CharacteristicPose]) -> Meant | None:
        pairs = [(pose, clip.segment(pose.segment)) for pose in poses]
        known = [(pose, segment) for pose, segment in pairs if segment is not None]
        if not known:
            return None

        def order(pair: tuple[CharacteristicPose, Segment]) -> tuple[bool, bool]:
            return pair[1].id not in self._changing.chosen, pair[1].actor != self._changing.actor

        pose, segment = min(known, key=order)
        track = joints.track_of(clip, segment)
        return Meant(clip, segment, pose, track, joints.detected(self._picture.tracks(), pose.frame, track))

    def _joints_of(self, clip: Clip, pose: CharacteristicPose) -> Joints:
        seen = joints.detected(self._picture.tracks(), pose.frame, self._track(clip, pose))
        return joints.shown(seen, pose.joint_edits)

    def _track(self, clip: Clip, pose: CharacteristicPose) -> int:
        segment = clip.segment(pose.segment)
        return joints.track_of(clip, segment) if segment is not None else 0

    def seen_joints(self, meant: Meant) -> tuple[SeenJoint, ...]:
        """The nine joints of a pose as they are shown."""
        video = meant.clip.video
        like = self.like(meant) if joints.NOWHERE in meant.shown.values() else None  # a search through the clip
        return joints.seen_joints(meant.seen, meant.edits, like, video.width, video.height)
