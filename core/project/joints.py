"""The nine joints of a characteristic pose: what the detector saw, what somebody said instead, and edits of it. Pure.

A pose keeps only what differs from the detector, `joint_edits`; everything else is looked up in the clip's 2D tracks.

    seen = detected(tracks, pose.frame, track_of(clip, segment))    # all nine, NOWHERE where nothing was found
    edits = moved(seen, pose.joint_edits, "left_hand", 312.5, 88.0)
    project = set_joint_edits(project, clip.id, segment.id, edits, author=…)    # core.project.edits

Places are pixels of the original video from the centre of its top left one; x to the right, y down. Confidence: the
detector's own (0 … 1), or one of VISIBLE, OCCLUDED, ABSENT where somebody looked. What that means for others: a joint
counts as seen from core.motion.SEEN on, so an occluded one (its place is known) is learned from, drawn and measured
like a visible one, and an absent one is masked. In COCO files they are v = 2, 1 and 0.

Every function here gives edits in their normal form, in which no joint repeats what the detector says; so mirroring
twice, or moving a joint there and back, leaves nothing behind.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice, takewhile
from math import hypot, isfinite
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from core.bodies.skeletons import UPPER_BODY_9, Skeleton, map_matrix
from core.motion import SEEN, Poses2d
from core.project.annotations import ABSENT, OCCLUDED, VISIBLE, CharacteristicPose, Clip, Segment

Place = tuple[float, float, float]
"""x px, y px, confidence."""
Joints = Mapping[str, Place]
State = Literal["visible", "occluded", "absent"]

NAMES = UPPER_BODY_9.joints
NOWHERE: Place = (0.0, 0.0, 0.0)
"""Of a joint that nobody found: its place means nothing."""
STATES: dict[State, float] = {"visible": VISIBLE, "occluded": OCCLUDED, "absent": ABSENT}

_NEUTRAL = {
    "head": (0.0, -0.42),
    "neck": (0.0, 0.0),
    "right_shoulder": (-0.36, 0.04),
    "right_elbow": (-0.46, 0.55),
    "right_hand": (-0.40, 1.0),
    "left_shoulder": (0.36, 0.04),
    "left_elbow": (0.46, 0.55),
    "left_hand": (0.40, 1.0),
    "hip": (0.0, 1.0),
}
"""Somebody who stands before the camera with hanging arms, in lengths of their trunk from the neck."""
_TRUNK, _NECK_AT = 0.28, 0.35
"""Of the picture's height, where nobody was ever seen."""


@dataclass(frozen=True)
class SeenJoint:
    """A joint as it is shown. `is_edited`: somebody said something of it; `is_guess`: nobody ever saw it."""

    name: str
    x: float
    y: float
    confidence: float
    is_edited: bool = False
    is_guess: bool = False
    from_px: float | None = None  # how far from where the detector has it; None where the detector has it nowhere

    @property
    def state(self) -> State | None:
        """What somebody said of it; None while only the detector did."""
        return state_of(self.confidence) if self.is_edited else None

    @property
    def is_absent(self) -> bool:
        return self.is_edited and self.confidence <= ABSENT


# ---- reading ----


def track_of(clip: Clip, segment: Segment) -> int:
    """The column of the segment's person in the clip's 2D tracks; the first where nobody was matched."""
    actor = next((each for each in clip.actors if each.id == segment.actor), None)
    return actor.track if actor is not None and actor.track is not None else 0


def detected(poses: Poses2d | None, frame: int, track: int) -> dict[str, Place]:
    """All nine joints as the detector has them; NOWHERE what it has not, or where there are no tracks."""
    if poses is None or not (0 <= frame < len(poses) and 0 <= track < poses.people):
        return dict.fromkeys(NAMES, NOWHERE)
    joints_px = np.asarray(poses.joints_px[frame, track], np.float32)
    confidence = np.asarray(poses.confidence[frame, track], np.float32)
    found = {}
    for name, sources in zip(NAMES, _made_of(poses.skeleton), strict=True):
        x, y = joints_px[sources].mean(0).tolist()
        sure = float(confidence[sources].min())  # a built joint is as sure as its least sure source
        found[name] = (x, y, sure) if sure > 0 and isfinite(x) and isfinite(y) and isfinite(sure) else NOWHERE
    return found


@cache
def _made_of(skeleton: Skeleton) -> tuple[np.ndarray, ...]:
    """Which joints of a skeleton each of the nine is the middle of."""
    return tuple(np.flatnonzero(row) for row in map_matrix(skeleton, UPPER_BODY_9))


def shown(seen: Joints, edits: Joints) -> dict[str, Place]:
    """What stands for the pose: what somebody said, else what the detector saw."""
    return {name: edits.get(name, seen[name]) for name in NAMES}


def nine_in(
    poses: Poses2d | None, clip: Clip, frame: int, track: int
) -> tuple[Float[np.ndarray, "9 2"], Bool[np.ndarray, " 9"]]:
    """One person's joints in a frame and which are seen, as somebody put them where a characteristic pose is."""
    nine = detected(poses, frame, track)
    for pose in poses_at(clip, frame):
        segment = clip.segment(pose.segment) if pose.joint_edits else None
        if segment is not None and track_of(clip, segment) == track:
            nine = shown(nine, pose.joint_edits)
    rows = np.array([nine[name] for name in NAMES])
    return rows[:, :2], rows[:, 2] >= SEEN


def as_seen(poses: Poses2d | None, frame: int, track: int, edits: Joints) -> Poses2d:
    """One person in one frame with the edits: in the tracks' own skeleton, so that legs are there as well.

    Where an edited joint is built from several of theirs (a neck between two shoulders), or nobody was detected, nine.
    """
    if poses is not None and 0 <= frame < len(poses) and 0 <= track < poses.people:
        matrix = map_matrix(poses.skeleton, UPPER_BODY_9)
        sources = {name: np.flatnonzero(matrix[UPPER_BODY_9[name]]) for name in edits}
        if all(len(each) == 1 for each in sources.values()):
            joints_px = np.array(poses.joints_px[frame : frame + 1, track : track + 1])
            confidence = np.array(poses.confidence[frame : frame + 1, track : track + 1])
            for name, (x, y, sure) in edits.items():
                joints_px[0, 0, sources[name][0]], confidence[0, 0, sources[name][0]] = (x, y), sure
            return Poses2d(poses.skeleton, joints_px, confidence)
    nine = shown(detected(poses, frame, track), edits)
    rows = np.array([nine[name] for name in NAMES], np.float32)
    return Poses2d(UPPER_BODY_9, rows[None, None, :, :2], rows[None, None, :, 2])


def state_of(confidence: float) -> State:
    """What a person's confidence says."""
    return "absent" if confidence < SEEN else "visible" if confidence > (VISIBLE + OCCLUDED) / 2 else "occluded"


def is_known(place: Place) -> bool:
    """Whether a joint has a place at all."""
    return place[2] > 0


def known_count(joints: Joints) -> int:
    """How many joints count as seen."""
    return sum(place[2] >= SEEN for place in joints.values())


def seen_joints(seen: Joints, edits: Joints, like: Joints | None, width: int, height: int) -> tuple[SeenJoint, ...]:
    """All nine as they are shown; those with no place stand where they probably are (see `guesses`)."""
    joints = shown(seen, edits)
    missing = any(place == NOWHERE for place in joints.values())
    probably = guesses(joints, like, width, height) if missing else {}
    made = []
    for name, (x, y, sure) in joints.items():
        is_edited = name in edits
        if (x, y, sure) == NOWHERE:
            made.append(SeenJoint(name, *probably[name], sure, is_edited, is_guess=True))
            continue
        was = seen[name]
        away = hypot(x - was[0], y - was[1]) if is_known(was) else None
        made.append(SeenJoint(name, x, y, sure, is_edited, False, away))
    return tuple(made)


def guesses(joints: Joints, like: Joints | None, width: int, height: int) -> dict[str, tuple[float, float]]:
    """Where each joint probably is: the pose `like` (or somebody who stands there), moved and scaled to what is known.

    With nothing known it is `like` itself, or somebody in the middle of a picture of `width` × `height`.
    """
    form = _form(like, width, height)
    known = [name for name, place in joints.items() if is_known(place)]
    if not known:
        return {name: (float(x), float(y)) for name, (x, y) in zip(NAMES, form, strict=True)}
    at = [NAMES.index(name) for name in known]
    there = np.array([joints[name][:2] for name in known])
    of_form = form[at]
    spread = of_form - of_form.mean(0)
    size = float((spread**2).sum())
    scale = float((spread * (there - there.mean(0))).sum()) / size if size > 1e-9 else 1.0
    if scale <= 0.1:  # turned away or upside down: the form says nothing of its size
        scale = 1.0
    placed = (form - of_form.mean(0)) * scale + there.mean(0)
    return {name: (float(x), float(y)) for name, (x, y) in zip(NAMES, placed, strict=True)}


def _form(like: Joints | None, width: int, height: int) -> np.ndarray:
    """Nine places: those of `like`, what is missing there completed by the neutral pose."""
    neutral = np.array([_NEUTRAL[name] for name in NAMES]) * _TRUNK * height + [width / 2, _NECK_AT * height]
    if like is None or not any(is_known(place) for place in like.values()):
        return neutral
    whole = guesses(like, None, width, height)
    return np.array([like[name][:2] if is_known(like[name]) else whole[name] for name in NAMES])


def poses_at(clip: Clip, frame: int) -> tuple[CharacteristicPose, ...]:
    """The characteristic poses in a frame, found by halves: a clip may have thousands."""
    first = bisect_left(clip.poses, frame, key=lambda pose: pose.frame)
    return tuple(takewhile(lambda pose: pose.frame == frame, islice(clip.poses, first, None)))


def nearest_pose(clip: Clip, segment: Segment, frame: int) -> CharacteristicPose | None:
    """The characteristic pose of the same person nearest in time, other than the segment's own."""
    mine = {each.id for each in clip.segments if each.actor == segment.actor and each.id != segment.id}
    others = [each for each in clip.poses if each.segment in mine]
    return min(others, key=lambda each: (abs(each.frame - frame), each.frame, each.id), default=None)


# ---- edits ----


def moved(seen: Joints, edits: Joints, joint: str, x: float, y: float) -> dict[str, Place]:
    """A joint is put elsewhere by hand: it is seen there, or still occluded where somebody said so."""
    before = edits.get(joint, seen[joint])
    if before[:2] == (x, y) and is_known(before):
        return dict(edits)
    occluded = joint in edits and state_of(before[2]) == "occluded"
    return _normal(seen, {**edits, joint: (float(x), float(y), OCCLUDED if occluded else VISIBLE)})


def flagged(seen: Joints, edits: Joints, joint: str, state: State, at: tuple[float, float]) -> dict[str, Place]:
    """Somebody says whether a joint is in the picture, hidden, or not there; `at` is where it is shown."""
    return _normal(seen, {**edits, joint: (float(at[0]), float(at[1]), STATES[state])})


def following(joint: SeenJoint) -> State:
    """What comes after how a joint is shown, in the circle visible, occluded, absent."""
    if joint.is_edited:
        now = state_of(joint.confidence)
    elif joint.is_guess or joint.confidence < SEEN:
        return "visible"
    else:
        now = "visible"
    order: tuple[State, ...] = tuple(STATES)
    return order[(order.index(now) + 1) % len(order)]


def mirrored(seen: Joints, edits: Joints) -> dict[str, Place]:
    """Left and right change names, where the detector took one for the other."""
    joints = shown(seen, edits)
    return _normal(seen, {name: joints[_other_side(name)] for name in NAMES})


def copied(seen: Joints, edits: Joints, neighbour: Joints) -> dict[str, Place]:
    """The joints stand as in the neighbour; one that it has not stays as it is."""
    return _normal(seen, {**edits, **{name: place for name, place in neighbour.items() if is_known(place)}})


def taken(seen: Joints, edits: Joints, found: Joints) -> dict[str, Place]:
    """The joints stand where another look found them; those it did not see stay as they are."""
    return _normal(seen, {**edits, **{name: place for name, place in found.items() if place[2] >= SEEN}})


def reset(edits: Joints, *joints: str) -> dict[str, Place]:
    """What the detector has counts again, for these joints or, without any, for all."""
    return {name: place for name, place in edits.items() if joints and name not in joints}


def _normal(seen: Joints, edits: Joints) -> dict[str, Place]:
    """Only what differs from the detector, in the skeleton's order: equal poses have equal edits."""
    return {name: edits[name] for name in NAMES if name in edits and edits[name] != seen[name]}


def _other_side(name: str) -> str:
    side, _, joint = name.partition("_")
    return {"left": f"right_{joint}", "right": f"left_{joint}"}.get(side, name)
