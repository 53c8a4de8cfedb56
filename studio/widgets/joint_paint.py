"""How the joints of a pose are drawn as handles over a picture, and what is said of each in words.

Left joints are blue, right ones orange, as everywhere; one that somebody moved has a ring, an occluded one is hollow,
an absent one is crossed, one that nobody ever saw is dashed; a pose that is proposed is dashed over the old one.
"""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from core.bodies.skeletons import UPPER_BODY_9
from core.project.annotations import OCCLUDED, VISIBLE
from core.project.joints import NAMES, SeenJoint
from studio import theme
from studio.widgets import painting
from studio.widgets.people_overlay import SURE
from studio.widgets.picture_framing import Framing
from studio.words import say

Box = tuple[float, float, float, float]
"""Left, top, right and bottom."""
_SIDES = dict(zip(NAMES, UPPER_BODY_9.sides, strict=True))
_BONES = tuple((NAMES[one], NAMES[other]) for one, other in UPPER_BODY_9.bones)


@dataclass(frozen=True)
class Handles:
    """All that is drawn. `going` is the joint on its way, `named` those whose names stand beside them."""

    joints: tuple[SeenJoint, ...]
    chosen: str
    going: str
    named: tuple[str, ...]
    proposal: tuple[SeenJoint, ...]
    box: Box | None
    hint: str

    def paint(self, painter: QPainter, framing: Framing) -> None:
        """Over what is there, inside the picture."""
        painter.save()
        painter.setClipRect(framing.seen, Qt.ClipOperation.IntersectClip)
        self._paint_bones(painter, framing, self.joints, faint=bool(self.proposal))
        for joint in sorted(self.joints, key=lambda each: each.name == self.chosen):
            self._paint_joint(painter, framing, joint)
        if self.proposal:
            self._paint_proposal(painter, framing)
        if self.box is not None:
            _paint_box(painter, framing, self.box)
        painter.restore()
        self._paint_words(painter, framing)

    def _paint_bones(self, painter: QPainter, framing: Framing, joints: tuple[SeenJoint, ...], *, faint: bool) -> None:
        by_name = {each.name: each for each in joints}
        for one, other in _BONES:
            first, second = by_name.get(one), by_name.get(other)
            if first is None or second is None or first.is_absent or second.is_absent:
                continue
            dashed = first.is_guess or second.is_guess
            ends = framing.to_view(first.x, first.y), framing.to_view(second.x, second.y)
            side = _SIDES[other] if _SIDES[other] != "centre" else _SIDES[one]
            painter.setOpacity(0.45 if dashed or faint else 0.9)
            painter.setPen(QPen(QColor(0, 0, 0, 150), 4.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            if not dashed:
                painter.drawLine(*ends)
            painter.setPen(_pen(side, 2.2, dashed=dashed))
            painter.drawLine(*ends)
        painter.setOpacity(1.0)

    def _paint_joint(self, painter: QPainter, framing: Framing, joint: SeenJoint) -> None:
        at, side = framing.to_view(joint.x, joint.y), _SIDES[joint.name]
        colour, radius = QColor(_colour(side)), 5.0
        is_chosen, is_going = joint.name == self.chosen, joint.name == self.going
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if is_going:
            # The place itself stays free to be seen: a cross hair with a gap.
            for width, ink in ((3.4, QColor(0, 0, 0, 170)), (1.4, colour)):
                painter.setPen(QPen(ink, width))
                for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                    painter.drawLine(at + QPointF(4 * x, 4 * y), at + QPointF(13 * x, 13 * y))
            return
        if is_chosen:
            for width, ink in ((4.0, QColor(0, 0, 0, 150)), (2.0, QColor("#FFFFFF"))):
                painter.setPen(QPen(ink, width))
                painter.drawEllipse(at, radius + 6.5, radius + 6.5)
        if joint.is_edited and not joint.is_absent:
            for width, ink in ((3.2, QColor(0, 0, 0, 140)), (1.4, QColor("#FFFFFF"))):
                painter.setPen(QPen(ink, width))
                painter.drawEllipse(at, radius + 2.6, radius + 2.6)
        if joint.is_absent:
            for width, ink in ((4.4, QColor(0, 0, 0, 170)), (2.0, colour)):
                painter.setPen(QPen(ink, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
                painter.drawLine(at + QPointF(-4.5, -4.5), at + QPointF(4.5, 4.5))
                painter.drawLine(at + QPointF(-4.5, 4.5), at + QPointF(4.5, -4.5))
            return
        hollow = is_hollow(joint)
        painter.setPen(Qt.PenStyle.NoPen if joint.is_guess else QPen(QColor(0, 0, 0, 190), 1.4))
        ground = QColor(0, 0, 0, 110) if joint.is_guess else QColor(theme.DARK.window)
        painter.setBrush(ground if hollow or joint.is_guess else colour)
        painter.drawEllipse(at, radius, radius)
        if hollow or joint.is_guess:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            ring = _pen(side, 1.5 if joint.is_guess else 1.8, dashed=joint.is_guess)
            if joint.is_guess:
                ring.setDashPattern([1.6, 1.4])  # finer than a bone's: the ring is small
            painter.setPen(ring)
            painter.drawEllipse(at, radius - 0.8, radius - 0.8)

    def _paint_proposal(self, painter: QPainter, framing: Framing) -> None:
        by_name = {each.name: each for each in self.proposal if not each.is_guess}
        for width, ink in ((5.0, QColor(0, 0, 0, 150)), (2.4, QColor(theme.DARK.accent))):
            painter.setPen(QPen(ink, width, Qt.PenStyle.DashLine, Qt.PenCapStyle.FlatCap))
            for one, other in _BONES:
                if one in by_name and other in by_name:
                    first, second = by_name[one], by_name[other]
                    painter.drawLine(framing.to_view(first.x, first.y), framing.to_view(second.x, second.y))
        for joint in by_name.values():
            painter.setPen(QPen(QColor(0, 0, 0, 190), 1.2))
            painter.setBrush(QColor(_colour(_SIDES[joint.name])))
            painter.drawEllipse(framing.to_view(joint.x, joint.y), 4.0, 4.0)

    def _paint_words(self, painter: QPainter, framing: Framing) -> None:
        seen = framing.seen
        for name in self.named:
            joint = next((each for each in self.joints if each.name == name), None)
            if joint is None:
                continue
            at = framing.to_view(joint.x, joint.y)
            if not seen.contains(at):
                continue
            words = says(joint)
            if name == self.going:
                words = f"{joint_words(name)}  {joint.x:.1f}, {joint.y:.1f}"
            wide = painting.words_width(words, 11, 600) + 14
            # Away from the body, so that no other joint is hidden.
            outwards = joint.x < sum(each.x for each in self.joints) / len(self.joints)
            room_left, room_right = at.x() - 18 - wide > seen.left() + 4, at.x() + 18 + wide < seen.right() - 4
            is_left = (outwards and room_left) or not room_right
            left = at.x() - 18 - wide if is_left else at.x() + 18
            top = min(max(at.y() - 11, seen.top() + 4), seen.bottom() - 26)
            painting.chip(painter, left, top, words, "#FFFFFF", QColor(16, 17, 20, 205), 11, 600, pad=7, height=22)
        if self.hint:
            area = QRectF(seen.left() + 10, seen.top() + 10 + theme.px(26), seen.width() - 20, theme.px(22))
            painting.chip(
                painter, area.left(), area.top(), self.hint, theme.DARK.truth, QColor(16, 17, 20, 205), 11, pad=8,
                height=22, most=max(area.width(), 40.0),
            )  # fmt: skip


def is_hollow(joint: SeenJoint) -> bool:
    """Somebody said it is occluded, or nobody looked and the detector doubts."""
    return joint.state == "occluded" if joint.is_edited else joint.confidence < SURE


def joint_words(name: str) -> str:
    """A joint as people call it."""
    return {
        "head": say("head"),
        "neck": say("neck"),
        "right_shoulder": say("right shoulder"),
        "right_elbow": say("right elbow"),
        "right_hand": say("right hand"),
        "left_shoulder": say("left shoulder"),
        "left_elbow": say("left elbow"),
        "left_hand": say("left hand"),
        "hip": say("hip"),
    }[name]


def state_words(joint: SeenJoint) -> str:
    """What is known of a joint: what somebody said, or how sure the detector is."""
    if joint.is_absent:
        return say("absent")
    if joint.is_guess:
        return say("not seen")
    words = f"{joint.confidence:.2f}"
    if joint.is_edited and joint.confidence in (VISIBLE, OCCLUDED):
        words = say("visible") if joint.state == "visible" else say("occluded")
    if joint.is_edited and joint.from_px is None:
        return say("{state}, by hand", state=words)
    if joint.is_edited and joint.from_px is not None and joint.from_px >= 0.05:
        return say("{state}, moved {distance} px", state=words, distance=f"{joint.from_px:.1f}")
    return words


def says(joint: SeenJoint) -> str:
    """A joint with what is known of it, in one line."""
    return f"{joint_words(joint.name)}  {state_words(joint)}"


def _colour(side: str) -> str:
    return {"left": theme.DARK.left, "right": theme.DARK.right}.get(side, theme.DARK.centre)


def _pen(side: str, width: float, *, dashed: bool) -> QPen:
    style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
    pen = QPen(QColor(_colour(side)), width, style, Qt.PenCapStyle.FlatCap if dashed else Qt.PenCapStyle.RoundCap)
    if dashed:
        pen.setDashPattern([2.0, 1.6])
    return pen


def _paint_box(painter: QPainter, framing: Framing, box: Box) -> None:
    area = QRectF(framing.to_view(box[0] - 0.5, box[1] - 0.5), framing.to_view(box[2] + 0.5, box[3] + 0.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for width, ink, style in (
        (3.4, QColor(0, 0, 0, 150), Qt.PenStyle.SolidLine),
        (1.6, QColor("#FFFFFF"), Qt.PenStyle.DashLine),
    ):
        painter.setPen(QPen(ink, width, style))
        painter.drawRect(area)
