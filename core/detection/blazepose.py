"""People's 2D joints in one picture, by BlazePose's two networks: one finds people, one places 33 landmarks.

The networks run offline from `resources/blazepose` through ai-edge-litert. A `Region` is a turned square around a
person, head up; the landmark network sees what is in it, and says where to look in the next picture. All positions are
pixels of the picture, counted from the centre of the top left one.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from tempfile import TemporaryFile
from typing import Any, NamedTuple

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from jaxtyping import Float, UInt8
from numpy import ndarray

import resources
from core.bodies.skeletons import BLAZEPOSE_33
from core.opencv import cv2

_DETECTOR_SIDE = 224
_LANDMARK_SIDE = 256
_REGION_MARGIN = 1.25  # of the circle that a person with spread limbs fills
_OVERLAP = 0.3  # boxes that share more are one person

Rgb = UInt8[ndarray, "height width 3"]


class Region(NamedTuple):
    """A square of `side` pixels around (x, y), turned by `angle` radians (0: the person's head is up)."""

    x: float
    y: float
    side: float
    angle: float


class Found(NamedTuple):
    """Somebody the detector sees, with how sure it is."""

    score: float
    region: Region


@dataclass(frozen=True)
class Landmarks:
    """A person's joints (BLAZEPOSE_33) with confidence, how surely anybody is there, and where to look next."""

    presence: float
    joints_px: Float[ndarray, "33 2"]
    confidence: Float[ndarray, " 33"]
    region: Region


class Picture:
    """A picture and its halves: a crop comes from the one just fine enough, so it neither flickers nor costs much."""

    def __init__(self, rgb: Rgb) -> None:
        self._levels = [rgb]
        self.height, self.width = rgb.shape[:2]

    def crop(self, region: Region, side: int) -> Rgb:
        """What lies in the region, as a square of `side` pixels; black outside the picture."""
        level = max(0, int(np.floor(np.log2(max(region.side / side, 1e-3)))))
        while len(self._levels) <= level and min(self._levels[-1].shape[:2]) >= 4:
            last = self._levels[-1]
            height, width = last.shape[0] // 2, last.shape[1] // 2
            half = cv2.resize(last[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
            self._levels.append(half)
        level = min(level, len(self._levels) - 1)
        to_picture = _crop_to_picture(region, side)
        # Pixel centres: u of a halved picture shows 2 u + 0.5 of the whole one.
        factor = 2.0**-level
        to_level = to_picture * factor
        to_level[:, 2] += factor / 2 - 0.5
        return cv2.warpAffine(
            self._levels[level], to_level, (side, side), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        )

    @cached_property
    def tiles(self) -> list[Region]:
        """Where to look for people: the whole picture, and where it is wide or high, squares along its longer side."""
        width, height = self.width, self.height
        longest, shortest = max(width, height), min(width, height)
        whole = Region((width - 1) / 2, (height - 1) / 2, longest, 0.0)
        if longest < 1.25 * shortest:
            return [whole]
        count = int(np.ceil(2 * longest / shortest)) - 1
        centres = np.linspace(shortest / 2, longest - shortest / 2, count) - 0.5
        along = [(float(each), whole.y) if width > height else (whole.x, float(each)) for each in centres]
        return [whole, *(Region(x, y, shortest, 0.0) for x, y in along)]


class BlazePose:
    """Both networks, loaded. One thread uses it at a time."""

    def __init__(self, threads: int = 1) -> None:
        self._detector = _Network("pose_detection.tflite", threads)
        self._landmarker = _Network("pose_landmark_full.tflite", threads)
        self._anchors = _anchors()

    def find(
        self, picture: Picture, where: list[Region] | None = None, least: float = 0.5, most: int = 8
    ) -> list[Found]:
        """Everybody the detector is at least so sure of, surest first, each once; in all the picture, or in `where`."""
        tiles = picture.tiles if where is None else where
        found = [each for tile in tiles for each in self._find_in(picture, tile, least)]
        found.sort(key=lambda each: -each.score)
        kept: list[Found] = []
        for each in found:
            if len(kept) < most and all(_apart(each.region, other.region) for other in kept):
                kept.append(each)
        return kept

    def landmarks(self, picture: Picture, region: Region) -> Landmarks:
        """The joints of the person in the region, whoever that is: look at `presence`."""
        outputs = self._landmarker(picture.crop(region, _LANDMARK_SIDE).astype(np.float32) / 255)
        points = outputs[195].reshape(39, 5)
        to_picture = _crop_to_picture(region, _LANDMARK_SIDE)
        # The network counts from the crop's edge, we from the centre of its first pixel.
        places = (points[:, :2] - 0.5) @ to_picture[:, :2].T + to_picture[:, 2]
        joints_px = places[: len(BLAZEPOSE_33)]
        inside = ((joints_px > -0.5) & (joints_px < [picture.width - 0.5, picture.height - 0.5])).all(-1)
        confidence = _sigmoid(points[: len(joints_px), 3]) * _sigmoid(points[: len(joints_px), 4]) * inside
        # Two further points: the middle of the hips, and one above the head that tells size and turn.
        following = _region_between(places[33], places[34])
        return Landmarks(
            float(outputs[1].reshape(-1)[0]), joints_px.astype(np.float32), confidence.astype(np.float32), following
        )

    def _find_in(self, picture: Picture, tile: Region, least: float) -> list[Found]:
        outputs = self._detector(picture.crop(tile, _DETECTOR_SIDE).astype(np.float32) / 127.5 - 1)
        scores = _sigmoid(outputs[1][0, :, 0])
        sure = np.flatnonzero(scores >= least)
        if not len(sure):
            return []
        scores = scores[sure]
        # Rows: box centre, box size, then four points; here the middle of the hips and the one above the head.
        points = outputs[12][0, sure].reshape(-1, 6, 2) / _DETECTOR_SIDE
        points[:, 0] += self._anchors[sure]
        points[:, 2:] += self._anchors[sure, None]
        corners = np.concatenate([points[:, 0] - points[:, 1] / 2, points[:, 0] + points[:, 1] / 2], axis=1)
        corner = np.array([tile.x - tile.side / 2, tile.y - tile.side / 2])  # tiles stand upright
        left = np.argsort(-scores)
        found = []
        while len(left):
            same = _shared(corners[left[0]], corners[left]) > _OVERLAP
            group = left[same]
            weights = scores[group] / scores[group].sum()
            hips, above = corner + tile.side * np.einsum("n,npd->pd", weights, points[group, 2:4])
            found.append(Found(float(scores[left[0]]), _region_between(hips, above)))
            left = left[~same]
        return found


class _Network:
    """A network file, loaded: one picture in, its outputs by the length of their last axis."""

    def __init__(self, name: str, threads: int) -> None:
        content = _trimmed(resources.path("blazepose", name).read_bytes())
        with _without_greeting():
            self._interpreter = Interpreter(model_content=content, num_threads=threads)
            self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._outputs = {int(each["shape"][-1]): each["index"] for each in self._interpreter.get_output_details()}

    def __call__(self, picture: Float[ndarray, "side side 3"]) -> dict[int, Float[ndarray, "..."]]:
        self._interpreter.set_tensor(self._input, picture[None])
        self._interpreter.invoke()
        return {size: self._interpreter.get_tensor(index) for size, index in self._outputs.items()}


def _trimmed(content: bytes) -> bytes:
    """The network without what only serves outputs that nobody reads: the same numbers in 0.6 of the time.

    The runtime works out every output that a file names; the landmark network's heat maps, its mask of the person and
    its joints in metres cost as much as two thirds of the rest.
    """
    model: Any = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    graph = model.subgraphs[0]
    graph.outputs = [each for each in graph.outputs if graph.tensors[each].name in (b"Identity", b"Identity_1")]
    needed = set(graph.outputs)
    operators = []
    for operator in reversed(graph.operators):  # they stand in the order they are run in
        if needed.intersection(operator.outputs):
            operators.append(operator)
            needed.update(operator.inputs)
    graph.operators = operators[::-1]
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@contextmanager
def _without_greeting() -> Iterator[None]:
    """The runtime greets on the process's error output, in the midst of our progress; only its real messages pass."""
    with TemporaryFile() as said:
        before = os.dup(2)
        os.dup2(said.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(before, 2)
            os.close(before)
            said.seek(0)
            for line in said:
                if not line.startswith(b"INFO:"):
                    os.write(2, line)


def _anchors() -> Float[ndarray, "boxes 2"]:
    """Where each box of the detector's output is centred, as a share of the picture."""
    grids = []
    for stride, boxes in ((8, 2), (16, 2), (32, 6)):
        cells = (np.arange(_DETECTOR_SIDE // stride) + 0.5) * stride / _DETECTOR_SIDE
        x, y = np.meshgrid(cells, cells)
        grids.append(np.repeat(np.stack([x, y], axis=-1).reshape(-1, 2), boxes, axis=0))
    return np.concatenate(grids).astype(np.float32)


def _crop_to_picture(region: Region, side: int) -> Float[ndarray, "2 3"]:
    """The affine map from pixels of a crop of `side` pixels to pixels of the picture."""
    cosine, sine = np.cos(region.angle), np.sin(region.angle)
    turn = np.array([[cosine, -sine], [sine, cosine]]) * region.side / side
    middle = np.full(2, (side - 1) / 2)
    return np.column_stack([turn, np.array([region.x, region.y]) - turn @ middle])


def _region_between(hips: Float[ndarray, " 2"], above: Float[ndarray, " 2"]) -> Region:
    """The region around a person whose hips and point above the head are known."""
    x, y = (float(each) for each in above - hips)
    side = 2 * np.hypot(x, y) * _REGION_MARGIN
    return Region(float(hips[0]), float(hips[1]), float(side), float(np.arctan2(x, -y)))


def _apart(one: Region, other: Region) -> bool:
    return np.hypot(one.x - other.x, one.y - other.y) > 0.2 * min(one.side, other.side)


def _shared(box: Float[ndarray, " 4"], boxes: Float[ndarray, "boxes 4"]) -> Float[ndarray, " boxes"]:
    """Intersection over union of a box with others."""
    extent = np.minimum(boxes[:, 2:], box[2:]) - np.maximum(boxes[:, :2], box[:2])
    common = np.clip(extent, 0, None).prod(1)
    return common / ((boxes[:, 2:] - boxes[:, :2]).prod(1) + (box[2:] - box[:2]).prod() - common + 1e-9)


def _sigmoid(logits: Float[ndarray, "*any"]) -> Float[ndarray, "*any"]:
    return 1 / (1 + np.exp(-np.clip(logits, -50, 50)))
