"""People drawn over a picture: joints and bones by side, hollow where the detector doubts, corners round the actor.

Over a picture the dark theme's colours hold in both themes, with a dark rim: the ground is the video, not the window.
Joints are pixels of the original video, from the centre of its top left one; `to_view` takes them to the widget.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from core.bodies.skeletons import BLAZEPOSE_33, BODY_25, UPPER_BODY_9, Skeleton
from core.motion import SEEN, Poses2d
from core.project.joints import Joints
from studio import theme
from studio.widgets import painting
from studio.words import say

SURE = 0.5
"""Below this a joint that is seen is drawn hollow."""

# Eyes, ears and toes tell little at the size of a picture in a window, and hide the face.
_LEFT_OUT = ("eye", "ear", "toe", "heel", "mouth", "pinky", "index", "thumb")


@dataclass(frozen=True, eq=False)
class Person:
    """One person in one frame."""

    name: str
    skeleton: Skeleton
    joints_px: Float[ndarray, "joints 2"]
    confidence: Float[ndarray, " joints"]
    is_actor: bool = False
    track: int = -1

    def box(self) -> tuple[float, float, float, float] | None:
        """Left, top, right and bottom of the joints that are seen."""
        seen = self.joints_px[self.confidence >= SEEN]
        if not len(seen):
            return None
        (left, top), (right, bottom) = seen.min(axis=0).tolist(), seen.max(axis=0).tolist()
        return left, top, right, bottom


def same_people(one: tuple[Person, ...], other: tuple[Person, ...]) -> bool:
    """Whether both would be drawn alike."""
    return len(one) == len(other) and all(map(_is_same, one, other))


def _is_same(one: Person, other: Person) -> bool:
    told = [(each.name, each.skeleton, each.is_actor, each.track) for each in (one, other)]
    places = np.array_equal(one.joints_px, other.joints_px, equal_nan=True)
    return told[0] == told[1] and places and np.array_equal(one.confidence, other.confidence, equal_nan=True)


def people_at(poses: Poses2d, frame: int, names: dict[int, str], actor: int | None) -> tuple[Person, ...]:
    """Who is seen in `frame`; `names` by track, `actor` the track of the one the marks are about."""
    if not 0 <= frame < len(poses):
        return ()
    one = Poses2d(poses.skeleton, poses.joints_px[frame : frame + 1], poses.confidence[frame : frame + 1])
    if one.skeleton == BLAZEPOSE_33:
        one = one.as_skeleton(BODY_25)
    return tuple(
        Person(
            names.get(track, say("Person {track}", track=track + 1) if one.people > 1 else ""),
            one.skeleton,
            np.asarray(one.joints_px[0, track]),
            np.asarray(one.confidence[0, track]),
            track == actor,
            track,
        )
        for track in range(one.people)
        if (one.confidence[0, track] >= SEEN).sum() >= 3
    )


def as_edited(people: Sequence[Person], edits: Joints, track: int, name: str = "", *, is_actor: bool) -> list[Person]:
    """The people with the joints of one of them where somebody put them; somebody whom no detector saw comes to it."""
    if not edits:
        return list(people)
    whole = [_moved(each, edits) if each.track == track else each for each in people]
    if not any(each.track == track for each in people):
        nobody = Person(name, UPPER_BODY_9, np.zeros((9, 2), np.float32), np.zeros(9, np.float32), is_actor, track)
        whole.append(_moved(nobody, edits))
    return whole


def _moved(person: Person, edits: Joints) -> Person:
    joints_px, confidence = np.array(person.joints_px), np.array(person.confidence)
    for name, (x, y, sure) in edits.items():
        at = next((each for each in (name, _CALLED.get(name, "")) if each in person.skeleton.joints), None)
        if at is None:
            continue  # this skeleton has no such joint
        joints_px[person.skeleton[at]], confidence[person.skeleton[at]] = (x, y), sure
    return replace(person, joints_px=joints_px, confidence=confidence)


_CALLED = {"head": "nose", "hip": "mid_hip", "left_hand": "left_wrist", "right_hand": "right_wrist"}
"""What other skeletons call the joints that people move."""


@cache
def drawn_joints(skeleton: Skeleton) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
    """The joints worth drawing and the bones between them."""
    kept = [at for at, name in enumerate(skeleton.joints) if not any(part in name.split("_") for part in _LEFT_OUT)]
    bones = tuple((parent, child) for parent, child in skeleton.bones if parent in kept and child in kept)
    return tuple(kept), bones


def draw_person(
    painter: QPainter, person: Person, to_view: Callable[[float, float], QPointF], *, width: float = 3.0
) -> None:
    """Bones and joints of one person; a bone is drawn where both its joints are seen."""
    look = theme.DARK
    colours = {"left": look.left, "right": look.right, "centre": look.centre}
    joints, bones = drawn_joints(person.skeleton)
    sides = person.skeleton.sides
    seen = person.confidence >= SEEN
    points = {at: to_view(*person.joints_px[at].tolist()) for at in joints if seen[at]}
    strong = 1.0 if person.is_actor else 0.6
    painter.save()
    painter.setOpacity(strong)
    thick = width if person.is_actor else width * 0.7
    lines: dict[str, list[QLineF]] = {}
    for parent, child in bones:
        if parent in points and child in points:
            side = _side_of_bone(sides, parent, child)
            lines.setdefault(side, []).append(QLineF(points[parent], points[child]))
    # The ends lie under the joints' dots; round ones take many times as long.
    rim = QPen(QColor(0, 0, 0, 150), thick + 2.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap)
    painter.setPen(rim)
    painter.drawLines([each for side in lines.values() for each in side])
    for side, those in lines.items():
        painter.setPen(QPen(QColor(colours[side]), thick, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        painter.drawLines(those)
    dot = thick * 1.25
    for at, point in points.items():
        colour = colours[sides[at]]
        doubtful = person.confidence[at] < SURE
        painter.setPen(QPen(QColor(0, 0, 0, 170), 1.2))
        painter.setBrush(QColor(look.window if doubtful else colour))
        painter.drawEllipse(point, dot, dot)
        if doubtful:
            painter.setPen(QPen(QColor(colour), 1.6))
            painter.drawEllipse(point, dot - 0.6, dot - 0.6)
    painter.restore()


def _side_of_bone(sides: tuple[str, ...], parent: int, child: int) -> str:
    return sides[child] if sides[child] != "centre" else sides[parent]


def draw_corners(painter: QPainter, area: QRectF, said: str, inside: QRectF) -> None:
    """Marks at the corners round the actor, and who it is, kept `inside` the picture."""
    area = area.adjusted(-18, -26, 18, 20).intersected(inside.adjusted(3, 3, -3, -3))
    reach = min(14.0, area.width() / 3, area.height() / 3)
    for colour, width in (("#66000000", 3.6), ("#FFFFFF", 1.6)):
        painter.setPen(QPen(QColor(colour), width))
        for x, y, right, down in (
            (area.left(), area.top(), 1, 1),
            (area.right(), area.top(), -1, 1),
            (area.left(), area.bottom(), 1, -1),
            (area.right(), area.bottom(), -1, -1),
        ):
            painter.drawLine(QPointF(x, y), QPointF(x + right * reach, y))
            painter.drawLine(QPointF(x, y), QPointF(x, y + down * reach))
    if said:
        y = max(area.top() - theme.px(22), inside.top() + 2)
        painting.chip(painter, area.left(), y, said, "#FFFFFF", "#B3101114", 11, 600)
