"""A cook as they are seen: skin and face, hair or cap, shirt, trousers, shoes, apron, on any body of SMPL's form.

Where a garment ends is decided on the model's mean body, so one cut fits every figure. All pieces keep the body's own
weights and so move with it. Fingers are bent once, in the rest body: SMPL has no joints for them. Metres, T-pose.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse
import scipy.sparse.csgraph
from jaxtyping import Bool, Float, Int, UInt8
from numpy import ndarray

from core.bodies.skeletons import SMPL_24
from core.bodies.skinning import Body, Figure, Normals
from core.rendering.kitchen.cloth import Piece, cut, grid_faces, put_together, without
from core.rendering.kitchen.script import CookLook
from core.rendering.offscreen import rgb

SHOES = "#26221f"
_SLEEVES = {"short": (-1, 0.55), "rolled": (0, 0.16), "long": (0, 0.93)}
"""Where sleeves end: a share of the upper arm (−1) or of the forearm (0)."""
_CURL = np.radians(62.0)


@dataclass(frozen=True)
class Costume:
    """The dressed cook: a figure to pose, and a colour for each of its vertices."""

    figure: Figure
    colours: UInt8[ndarray, "vertices 3"]


def dressed(body: Body, betas: Float[ndarray, " shapes"], look: CookLook) -> Costume:
    """The cook of these betas in these clothes."""
    maker = _Tailor(body, betas, look)
    pieces = [maker.skin(), maker.trousers(), maker.shirt(), maker.shoes(), *maker.head()]
    if look.apron is not None:
        pieces.append(maker.apron(look.apron))
    worn = put_together(pieces)
    figure = Figure(worn.vertices_m, maker.joints_m, worn.weights, worn.faces.astype(np.int32), body.parents)
    return Costume(figure, np.clip(worn.colours + 0.5, 0, 255).astype(np.uint8))


class _Pattern:
    """The mean body, on which every line is drawn once."""

    def __init__(self, body: Body) -> None:
        self.vertices_m, self.joints_m = body.rest()
        self.faces = body.faces
        self.x, self.y, self.z = np.abs(self.vertices_m[:, 0]), self.vertices_m[:, 1], self.vertices_m[:, 2]
        self.owner = body.model.weights.argmax(1)

    def at(self, joint: str) -> Float[ndarray, " 3"]:
        return self.joints_m[SMPL_24[joint]]

    def owned(self, *joints: str) -> Bool[ndarray, " vertices"]:
        """Vertices moved most by these joints, on both sides."""
        names = [each for joint in joints for each in (joint, f"left_{joint}", f"right_{joint}")]
        return np.isin(self.owner, [SMPL_24[name] for name in names if name in SMPL_24.joints])

    @cached_property
    def waist_m(self) -> float:
        return float(self.at("pelvis")[1]) + 0.055

    @cached_property
    def sleeve_ends_m(self) -> dict[str, float]:
        joints = [float(self.at(f"left_{joint}")[0]) for joint in ("shoulder", "elbow", "wrist")]
        bones = {-1: (joints[0], joints[1]), 0: (joints[1], joints[2])}
        return {name: bones[b][0] + s * (bones[b][1] - bones[b][0]) for name, (b, s) in _SLEEVES.items()}

    @cached_property
    def parts(self) -> Int[ndarray, " vertices"]:
        """Which connected part a vertex belongs to, and in `part_sizes` how large it is."""
        edges = np.concatenate([self.faces[:, [0, 1]], self.faces[:, [1, 2]]]).T
        count = len(self.vertices_m)
        graph = scipy.sparse.coo_matrix((np.ones(edges.shape[1]), edges), shape=(count, count))
        return scipy.sparse.csgraph.connected_components(graph, directed=False)[1]

    @cached_property
    def eyes(self) -> list[Bool[ndarray, " vertices"]]:
        """The two balls at either side of the face; the mouth's inside is the third loose part."""
        head = float(self.at("head")[1])
        parts = [self.parts == part for part in range(self.parts.max() + 1)]
        loose = [part for part in parts if part.sum() < len(self.vertices_m) // 10]
        return [part for part in loose if self.y[part].mean() > head and self.x[part].mean() > 0.01]

    @cached_property
    def mouth_inside(self) -> Bool[ndarray, " vertices"]:
        """Never seen."""
        main = np.bincount(self.parts).argmax()
        return (self.parts != main) & ~np.any(self.eyes, axis=0)


class _Tailor:
    """Makes the pieces of one cook."""

    def __init__(self, body: Body, betas: ndarray, look: CookLook) -> None:
        self.pattern = _Pattern(body)
        rest_m, self.joints_m = body.rest(betas)
        self._rest_m = _with_bent_fingers(rest_m, self.joints_m)
        self._weights = body.model.weights
        self._faces = body.faces
        self._normals = Normals(body.faces, len(rest_m))(self._rest_m)
        self._look = look
        self._skin = np.array(rgb(look.skin), float)
        # Undersides of trunk and head take a little less light than their surroundings.
        self._shade = (1 - 0.16 * np.clip(-self._normals[:, 1], 0, 1) * (self.pattern.x < 0.2))[:, None]

    def _draped(self, rounds: int) -> Float[ndarray, " vertices"]:
        """How far cloth stands off the skin where it bridges hollows: what smoothing the body would fill in."""
        edges = np.concatenate([self._faces[:, [0, 1]], self._faces[:, [1, 2]], self._faces[:, [2, 0]]])
        both = np.concatenate([edges, edges[:, ::-1]])
        count = len(self._rest_m)
        around = scipy.sparse.csr_matrix((np.ones(len(both), np.float32), both.T), shape=(count, count))
        around = scipy.sparse.diags(1 / np.maximum(np.asarray(around.sum(1)).reshape(-1), 1)) @ around
        smooth = self._rest_m
        for _ in range(rounds):
            smooth = around @ smooth
        fill = np.maximum(np.einsum("vd,vd->v", smooth - self._rest_m, self._normals), 0)
        return np.minimum(fill, 0.03)

    def _shell(self, out_m: "Float[ndarray, ' vertices'] | float", colour: "str | ndarray") -> Piece:
        """The whole body's surface moved out."""
        offset = np.broadcast_to(out_m, len(self._rest_m))[:, None]
        paint = np.array(rgb(colour), float) if isinstance(colour, str) else colour
        return Piece(self._rest_m + self._normals * offset, self._weights, self._faces, paint * self._shade)

    # ---- skin and face ----------------------------------------------------------------------------------------------

    def skin(self) -> Piece:
        """Everything that clothes do not surely hide, with the face painted on."""
        p = self.pattern
        colours = np.tile(self._skin, (len(self._rest_m), 1))
        head = p.at("head")
        face = p.owned("head") & (p.z > head[2] + 0.06)
        lips = face & (p.x < 0.026) & (np.abs(p.y - (head[1] - 0.022)) < 0.009) & (p.z > head[2] + 0.078)
        colours[lips] = self._skin * [0.84, 0.58, 0.56]
        cheeks = np.exp(-(((p.x - 0.042) / 0.018) ** 2) - ((p.y - (head[1] + 0.008)) / 0.018) ** 2) * face
        colours += cheeks[:, None] * (self._skin * [1.0, 0.86, 0.84] - colours) * 0.55
        for eye in p.eyes:
            middle = p.vertices_m[eye].mean(0)
            colours[eye] = (238, 236, 230)
            off = np.hypot(p.vertices_m[:, 0] - middle[0], p.vertices_m[:, 1] - middle[1])
            colours[eye & (off < 0.0066) & (p.z > middle[2])] = (46, 34, 26)
            lid = p.owned("head") & ~eye & (off < 0.019) & (p.z > head[2] + 0.055)
            colours[lid] *= 0.86
            brow = face & (np.abs(p.y - (middle[1] + 0.020)) < 0.0055) & (np.abs(p.x - abs(middle[0])) < 0.021)
            colours[brow] = 0.4 * self._skin + 0.6 * np.array(rgb(self._look.hair_colour))
        trunk = ~p.owned("shoulder", "elbow", "wrist", "hand", "hip", "knee", "ankle", "foot", "head", "neck")
        under = trunk & (p.y > p.waist_m - 0.03) & (p.y < p.at("spine3")[1] + 0.02)
        under |= p.owned("hip", "knee") & (p.y > p.at("left_ankle")[1] + 0.12)
        return without(self._shell(0.0, colours), under | p.mouth_inside)

    def head(self) -> list[Piece]:
        """Hair; over it a cap, or behind it a bun."""
        p = self.pattern
        head = p.at("head")
        up, back = p.y - head[1], p.z - head[2]
        line = np.interp(back, [-0.095, -0.035, -0.004, 0.045, 0.095], [-0.045, -0.030, 0.050, 0.098, 0.106])
        ear = np.maximum.reduce([0.070 - p.x, up - 0.075, -0.03 - back])
        field = np.where(p.owned("head", "neck"), np.minimum(up - line, ear), -1.0)
        thick = (0.010 + 0.011 * np.clip((up - 0.02) / 0.12, 0, 1)) * (0.35 + 0.65 * np.clip(field / 0.035, 0, 1))
        strands = 1 + 0.10 * np.sin(260 * p.vertices_m[:, 0] + 40 * p.z)[:, None]
        hair_colour = np.array(rgb(self._look.hair_colour), float)
        pieces = [cut(self._shell(thick, hair_colour * strands), field)]
        if self._look.hair == "cap":
            brim = np.interp(back, [-0.09, 0, 0.09], [0.050, 0.080, 0.100])
            field = np.where(p.owned("head"), up - brim, -1.0)
            cap = np.array(rgb(self._look.apron or self._look.shirt), float)
            band = np.where(field[:, None] < 0.022, 0.84, 1.0)
            pieces.append(cut(self._shell(0.025 + 0.012 * np.clip(field / 0.06, 0, 1), cap * band), field))
        elif self._look.hair == "long":
            pieces.append(self._bun(hair_colour * 0.92))
        return pieces

    def _bun(self, colour: ndarray) -> Piece:
        head = self.joints_m[SMPL_24["head"]]
        rows, columns = 11, 17
        polar, turn = np.meshgrid(np.linspace(0, np.pi, rows), np.linspace(0, 2 * np.pi, columns), indexing="ij")
        ball = np.stack([np.sin(polar) * np.cos(turn), np.cos(polar), np.sin(polar) * np.sin(turn)], -1)
        vertices = (ball * (0.043, 0.040, 0.038)).reshape(-1, 3) + head + (0.0, 0.078, -0.112)
        weights = np.zeros((len(vertices), len(SMPL_24)), np.float32)
        weights[:, SMPL_24["head"]] = 1
        return Piece(vertices, weights, grid_faces(rows, columns)[:, ::-1], np.tile(colour, (len(vertices), 1)))

    # ---- clothes ----------------------------------------------------------------------------------------------------

    def shirt(self) -> Piece:
        p = self.pattern
        end = p.sleeve_ends_m[self._look.sleeves]
        neck = p.at("neck")
        collar = neck[1] + 0.012 - 0.35 * np.clip(p.z - neck[2], -0.03, 0.06)
        field = np.minimum.reduce([p.y - (p.waist_m - 0.055), end - p.x, collar - p.y])
        trunk = ~p.owned("shoulder", "elbow", "wrist", "hand")
        looser = 0.011 * np.clip((p.at("spine3")[1] + 0.05 - p.y) / 0.25, 0, 1) * trunk
        cuff = 0.006 * np.clip(1 - np.abs(p.x - (end - 0.012)) / 0.018, 0, 1) * (self._look.sleeves != "short")
        standing = 0.004 * np.clip(1 - np.abs(collar - p.y) / 0.02, 0, 1) * (p.x < 0.12)
        wide = 0.008 * np.clip((p.x - p.at("left_shoulder")[0]) / 0.12, 0, 1) * (self._look.sleeves == "short")
        seam = np.where((cuff > 0.001) | (standing > 0.001), 0.90, 1.0)[:, None]
        colour = np.array(rgb(self._look.shirt), float)
        drape = self._draped(110) * trunk
        return cut(self._shell(0.009 + drape + looser + cuff + standing + wide, colour * seam), field)

    def trousers(self) -> Piece:
        p = self.pattern
        field = np.minimum.reduce([p.waist_m + 0.012 - p.y, p.y - (p.at("left_ankle")[1] + 0.005), 0.34 - p.x])
        looser = 0.014 * np.clip((p.at("left_knee")[1] - p.y) / 0.3, 0, 1)
        return cut(self._shell(0.009 + looser + self._draped(12), self._look.trousers), field)

    def shoes(self) -> Piece:
        p = self.pattern
        over = p.at("left_ankle")[1] + 0.03 - p.y
        toes = 0.006 * np.clip((p.z - p.at("left_foot")[2]) / 0.05, 0, 1)
        sole = np.where((p.y < p.vertices_m[:, 1].min() + 0.012)[:, None], 2.2, 1.0)
        return cut(self._shell(0.010 + toes, np.array(rgb(SHOES), float) * sole), over)

    def apron(self, colour: str) -> Piece:
        """A panel laid on the front of trunk and thighs, hanging from the belly."""
        rows, columns = 30, 19
        joint = {name: self.joints_m[at] for at, name in enumerate(SMPL_24.joints)}
        tall = float(np.ptp(self._rest_m[:, 1])) / 1.7
        waist = float(joint["pelvis"][1]) + 0.075 * tall
        top, bottom = float(joint["spine3"][1]) + 0.10 * tall, float(joint["left_knee"][1]) + 0.14 * tall
        heights = np.linspace(top, bottom, rows)
        half = np.interp(
            heights, [bottom, joint["pelvis"][1], waist, waist + 0.05 * tall, top], [0.200, 0.195, 0.170, 0.125, 0.105]
        ) * np.sqrt(tall)
        across = np.linspace(-1, 1, columns)
        x, y = half[:, None] * across, np.broadcast_to(heights[:, None], (rows, columns))
        depth, weights = _front([self.shirt(), self.trousers()], x, y)
        depth = _hung(depth, heights < float(joint["pelvis"][1]), across)
        tied = np.exp(-(((heights - waist) / (0.05 * tall)) ** 2))[:, None]
        vertices = np.stack([x, y, depth + 0.014 - 0.006 * tied], -1).reshape(-1, 3)
        # Below the hips the cloth hangs between both thighs instead of clinging to one.
        low = np.clip((float(joint["pelvis"][1]) - y) / 0.25, 0, 1).reshape(-1, 1)
        side = np.clip(0.5 + x / 0.22, 0.15, 0.85).reshape(-1)
        hanging = np.zeros_like(weights)
        hanging[:, SMPL_24["left_hip"]], hanging[:, SMPL_24["right_hip"]] = 0.85 * side, 0.85 * (1 - side)
        hanging[:, SMPL_24["pelvis"]] = 0.15
        weights = (1 - low) * weights + low * hanging
        paint = np.tile(np.array(rgb(colour), float), (rows, columns, 1))
        paint[(heights < waist + 0.02) & (heights > waist - 0.025)] *= 0.84  # the tie
        paint[:, [0, -1]] *= 0.90
        paint[[0, -1]] *= 0.90
        faces = grid_faces(rows, columns)
        return Piece(
            vertices, (weights / weights.sum(1, keepdims=True)).astype(np.float32), faces, paint.reshape(-1, 3)
        )


def _front(worn: list[Piece], x: ndarray, y: ndarray) -> tuple[ndarray, ndarray]:
    """(rows, columns) how far forward what is worn reaches there, and (points, 24) the weights of what does."""
    clothes = put_together(worn)
    front = np.abs(clothes.vertices_m[:, 0]) < 0.3  # no sleeves
    points, weights = clothes.vertices_m[front], clothes.weights[front]
    depth, mixed = np.empty(x.shape), np.empty((x.size, weights.shape[1]), np.float32)
    for at, (px, py) in enumerate(zip(x.flat, y.flat, strict=True)):
        off = np.abs(points[:, 1] - py) + 1.2 * np.abs(points[:, 0] - px)
        near = np.argpartition(off, 24)[:24]
        depth.flat[at] = points[near, 2].max()
        mixed[at] = weights[near].mean(0)
    return depth, mixed


def _hung(depth: ndarray, below_hips: ndarray, across: ndarray) -> ndarray:
    """Hollows bridged, as cloth does, and below the hips not much farther back than the belly, least at its sides."""
    for _ in range(4):
        edge = np.pad(depth, 1, mode="edge")
        depth = np.maximum(depth, 0.25 * (edge[:-2, 1:-1] + edge[2:, 1:-1] + edge[1:-1, :-2] + edge[1:-1, 2:]))
    foremost = np.maximum.accumulate(depth, axis=0)
    held = 0.72 * (1 - 0.55 * across**2)
    return np.where(below_hips[:, None], np.maximum(depth, held * foremost + (1 - held) * depth), depth)


def _with_bent_fingers(vertices_m: ndarray, joints_m: ndarray) -> ndarray:
    """Fingers rolled along an arc from the knuckles on, the thumb tucked under them."""
    bent = vertices_m.copy()
    for side, sign in (("left", 1.0), ("right", -1.0)):
        hand, wrist = joints_m[SMPL_24[f"{side}_hand"]], joints_m[SMPL_24[f"{side}_wrist"]]
        out = bent[:, 0] * sign
        knuckles = hand[0] * sign - 0.004
        radius = (np.abs(bent[:, 0]).max() - knuckles) / _CURL
        thumb_root = (out < knuckles + 0.035) & (bent[:, 2] > hand[2] + 0.048)
        fingers = (out > knuckles) & ~thumb_root
        angle = (out[fingers] - knuckles) / radius
        height = radius + bent[fingers, 1] - hand[1]
        bent[fingers, 0] = sign * (knuckles + height * np.sin(angle))
        bent[fingers, 1] = hand[1] - radius + height * np.cos(angle)
        thumb = (out > wrist[0] * sign + 0.02) & (bent[:, 2] > hand[2] + 0.040) & (out <= knuckles + 0.035)
        swing = np.radians(38) * np.clip((bent[thumb, 2] - hand[2] - 0.03) / 0.04, 0, 1)
        beyond = bent[thumb, 2] - (hand[2] + 0.035)
        bent[thumb, 1] -= np.sin(swing) * beyond * 0.9 + 0.004
        bent[thumb, 0] += sign * 0.25 * beyond
    return bent
