"""Bodies and skeletons over a frame as the clip's camera saw it, or beside it: cut out of a scene, lens and all.

    with CutOuts() as drawing:
        cut = drawing.cut_out(bodies, skeletons, camera, ground_m=0.0)      # RGBA and where it lies in the frame
        picture = laid_over(frame, cut, opacity=0.8)
    picture = draw_bodies(frame, bodies, skeletons, camera, beside=True)    # the same for a single picture

A cut-out is drawn through a perfect pinhole and then bent by the lens's coefficients, each of its pixels taken from
where `geometry.cameras` says it would be without them. Pixels count from the centre of the top left one. One `CutOuts`
is used by one thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray

from core.geometry.cameras import Camera, distort, project, resized, undistort
from core.opencv import cv2
from core.rendering.contents import DARK, Colours, Contents, SceneBody, SceneSkeleton
from core.rendering.drawing import straight
from core.rendering.offscreen import rgb
from core.rendering.scene import Scene
from core.rendering.views import Box

Picture = UInt8[ndarray, "height width 3"]

_AROUND_PX = 6
"""Room round a cut-out for smooth edges, pixels of the frame."""
_STICK_REACH_M = 0.05
_SHARED_STEP_PX = 8
"""The lens is asked at every so many pixels; between them it bends evenly."""
_WIDEST = 2.0
"""A frame without its lens may be so many times as large as with it; what lies further out is not drawn."""
_BESIDE_SHARE = 0.36
"""A panel beside the frame is at least so wide, in heights of the frame."""


@dataclass(frozen=True)
class CutOut:
    """A part of a frame with nothing behind what is drawn: RGBA with straight alpha, beginning at left, top."""

    pixels: UInt8[ndarray, "rows columns 4"]
    left: int
    top: int

    def whole(self, width: int, height: int) -> UInt8[ndarray, "height width 4"]:
        """As large as the frame."""
        frame = np.zeros((height, width, 4), np.uint8)
        rows, columns = self.pixels.shape[:2]
        frame[self.top : self.top + rows, self.left : self.left + columns] = self.pixels
        return frame


NOTHING = CutOut(np.zeros((0, 0, 4), np.uint8), 0, 0)


class CutOuts:
    """Keeps a scene for frame after frame. Close it when done."""

    def __init__(self, colours: Colours = DARK) -> None:
        self._scene = Scene(64, 64, colours)
        self._scene.set_ground(None)
        self._lens: _Lens | None = None

    def cut_out(
        self,
        bodies: Sequence[SceneBody],
        skeletons: Sequence[SceneSkeleton],
        camera: Camera,
        *,
        ground_m: float | None = None,
        smooth: bool = True,
    ) -> CutOut:
        """What stands there as the camera sees it, in its own pixels; with `ground_m` also the shadows on that floor.

        For a frame shown smaller or larger give the camera of that size: `geometry.cameras.resized`.
        """
        scene = self._scene
        scene.show(Contents(tuple(bodies), tuple(skeletons), ground_m=ground_m, grid=False))
        if self._lens is None or self._lens.camera is not camera:
            self._lens = _Lens(camera)
        lens = self._lens
        box = lens.box_round(self._clouds(bodies, skeletons, ground_m))
        if box is None:
            return NOTHING
        scene.view = lens.straight
        scene.resize(lens.straight.width, lens.straight.height)
        if not lens.bends:
            return CutOut(scene.picture(smooth=smooth, transparent=True, box=box), box.left, box.top)
        wanted = lens.places_of(box)
        source = lens.source_of(wanted)
        if source is None:
            return NOTHING
        drawn = scene.weighted_picture(smooth=smooth, transparent=True, box=source)
        places = wanted - np.array([source.left, source.top], np.float32)
        return CutOut(straight(_bent(drawn, places)), box.left, box.top)

    def close(self) -> None:
        """Gives everything back. May be called twice."""
        self._scene.close()

    def __enter__(self) -> "CutOuts":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _clouds(
        self, bodies: Sequence[SceneBody], skeletons: Sequence[SceneSkeleton], ground_m: float | None
    ) -> Float[ndarray, "points 3"]:
        """Points that what is drawn does not reach beyond, but for `_AROUND_PX`."""
        clouds = [body.vertices_m for body in bodies]
        for each in skeletons:
            joints = each.joints_m[each.shown()]
            clouds += [joints + _STICK_REACH_M * each.thickness * way for way in _WAYS]
        if ground_m is not None and (bodies or skeletons):
            clouds.append(self._scene.ground.extent_m())
        return np.concatenate(clouds) if clouds else np.zeros((0, 3))


def laid_over(picture: Picture, cut: CutOut, opacity: float = 1.0) -> Picture:
    """The cut-out over the picture, of which what is not covered stays as it is."""
    over = picture.copy()
    rows, columns = cut.pixels.shape[:2]
    part = over[cut.top : cut.top + rows, cut.left : cut.left + columns]
    covered = cut.pixels[..., 3] > 0
    pixels, below = cut.pixels[covered].astype(np.float32), part[covered].astype(np.float32)
    part[covered] = (below + pixels[:, 3:] * (opacity / 255) * (pixels[:, :3] - below) + 0.5).astype(np.uint8)
    return over


def laid_beside(picture: Picture, cut: CutOut, ground: str = DARK.background) -> Picture:
    """The frame with a plain panel at its right, in which the cut-out stands as large and as high as in the frame."""
    height, width = picture.shape[:2]
    columns = cut.pixels.shape[1]
    panel_width = int(max(columns + 0.08 * height, _BESIDE_SHARE * height))
    panel_width += (width + panel_width) % 2  # films need even sizes
    panel = np.empty((height, panel_width, 3), np.uint8)
    panel[:] = rgb(ground)
    aside = CutOut(cut.pixels, (panel_width - columns) // 2, cut.top)
    return np.concatenate([picture, laid_over(panel, aside)], axis=1)


def draw_bodies(
    picture: Picture,
    bodies: Sequence[SceneBody],
    skeletons: Sequence[SceneSkeleton],
    camera: Camera,
    *,
    opacity: float = 1.0,
    beside: bool = False,
    ground_m: float | None = None,
    colours: Colours = DARK,
) -> Picture:
    """One picture: bodies over the frame, or in a panel beside it. `CutOuts` is quicker for many."""
    height, width = picture.shape[:2]
    with CutOuts(colours) as drawing:
        seen_by = resized(camera, width, height)
        cut = drawing.cut_out(bodies, skeletons, seen_by, ground_m=None if beside else ground_m)
    return laid_beside(picture, cut, colours.background) if beside else laid_over(picture, cut, opacity)


class _Lens:
    """A camera, the perfect pinhole that sees as much, and where each pixel of the one lies in the other's picture."""

    def __init__(self, camera: Camera) -> None:
        self.camera = camera
        self.bends = bool(np.any(camera.distortion))
        self.straight = camera
        if not self.bends:
            return
        x = np.arange(-_SHARED_STEP_PX, camera.width + 2 * _SHARED_STEP_PX, _SHARED_STEP_PX)
        y = np.arange(-_SHARED_STEP_PX, camera.height + 2 * _SHARED_STEP_PX, _SHARED_STEP_PX)
        bent = np.stack(np.meshgrid(x, y), -1).astype(float)
        places = undistort(bent, camera)
        # Beyond what a lens was measured for its polynomial may turn back: such places are nowhere.
        good = np.isfinite(places).all(-1) & (np.abs(distort(places, camera) - bent).max(-1) < 0.5)
        self._places = np.where(good[..., None], places, np.nan).astype(np.float32)
        size = np.array([camera.width, camera.height])
        inside = places[good]
        low = np.floor(np.clip(inside.min(0), -(_WIDEST - 1) / 2 * size, 0))
        high = np.ceil(np.clip(inside.max(0), size, size * (1 + (_WIDEST - 1) / 2)))
        width, height = (int(each) for each in high - low)
        self.straight = replace(
            camera, centre_px=camera.centre_px - low, width=width, height=height, distortion=np.zeros(5)
        )
        self._places -= low.astype(np.float32)

    def box_round(self, points_m: Float[ndarray, "points 3"]) -> Box | None:
        """The part of the frame in which these points are seen; None where none is."""
        depth_m = points_m @ self.camera.rotation[2] + self.camera.translation_m[2]
        front = points_m[(depth_m > 0.05) & np.isfinite(depth_m)]
        if not len(front):
            return None
        places = project(front, self.camera)
        size = np.array([self.camera.width, self.camera.height])
        if len(front) < np.isfinite(depth_m).sum():  # someone reaches past the camera: it may fill the frame
            return Box(0, 0, *(int(each) for each in size))
        low = np.clip(np.floor(places.min(0)) - _AROUND_PX, 0, size).astype(int)
        high = np.clip(np.ceil(places.max(0)) + _AROUND_PX + 1, 0, size).astype(int)
        if (high <= low).any():
            return None
        return Box(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))

    def places_of(self, box: Box) -> Float[ndarray, "rows columns 2"]:
        """Where the box's pixels lie in the pinhole's picture; NaN where nowhere."""
        x = (np.arange(box.left, box.left + box.width, dtype=np.float32) / _SHARED_STEP_PX + 1)[None]
        y = (np.arange(box.top, box.top + box.height, dtype=np.float32) / _SHARED_STEP_PX + 1)[:, None]
        shape = (box.height, box.width)
        return cv2.remap(
            self._places,
            np.ascontiguousarray(np.broadcast_to(x, shape)),
            np.ascontiguousarray(np.broadcast_to(y, shape)),
            cv2.INTER_LINEAR,
        )

    def source_of(self, wanted: Float[ndarray, "rows columns 2"]) -> Box | None:
        """The part of the pinhole's picture that these places need."""
        size = np.array([self.straight.width, self.straight.height])
        known = wanted[np.isfinite(wanted).all(-1)]
        if not len(known):
            return None
        low = np.clip(np.floor(known.min(0)) - 1, 0, size).astype(int)
        high = np.clip(np.ceil(known.max(0)) + 2, 0, size).astype(int)
        if (high <= low).any():
            return None
        return Box(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))


def _bent(
    drawn: UInt8[ndarray, "from_rows from_columns 4"], places: Float[ndarray, "rows columns 2"]
) -> UInt8[ndarray, "rows columns 4"]:
    """The picture, its colours multiplied by alpha, with its pixels taken from these places; nothing at NaN."""
    x, y = cv2.split(cv2.patchNaNs(places.astype(np.float32), -9) if np.isnan(places).any() else places)
    return cv2.remap(drawn, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)


_WAYS = np.concatenate([np.eye(3), -np.eye(3)])
