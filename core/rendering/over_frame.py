"""Frames of a clip's video with its people's bodies in front of them or beside them, film after film frame.

Beside the frame stands a plain panel of one width for the whole film. A person stays in the middle of it, whatever
their arms do and wherever they go; heights and sizes are those of the frame. Pixels are the video's own.
"""

from typing import Self

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray

from core.geometry.cameras import Camera, project, resized
from core.rendering.contents import SceneBody, SceneSkeleton, points_of
from core.rendering.moving import Poser, Shot
from core.rendering.offscreen import rgb
from core.rendering.overlay_body import CutOut, CutOuts, laid_over
from core.video import Video, open_video

Rgb = UInt8[ndarray, "height width 3"]

_LEAST_SHARE, _MOST_SHARE = 0.36, 1.6
"""How wide a panel is at least and at most, in heights of the frame."""
_ROOM = 0.04
_SAMPLES = 24


class FramePainter:
    """Draws the frames of a shot that has footage. A context manager: it holds a video and a 3D window."""

    def __init__(self, shot: Shot, poser: Poser) -> None:
        assert shot.footage is not None
        self._shot, self._poser, self._footage = shot, poser, shot.footage
        self._video: Video = open_video(self._footage.video)
        self._cuts = CutOuts(shot.colours)
        self._camera: Camera = resized(self._footage.camera, self._video.width, self._video.height)
        self._panel_px: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives everything back."""
        self._cuts.close()
        self._video.close()

    def picture(self, frame: int) -> Rgb:
        """That frame of the scene over, or beside, the frame of the video it belongs to."""
        bodies, skeletons = self._poser.at(frame)
        picture = self._video.frame(min(self._footage.frames[frame], len(self._video) - 1))
        beside = self._shot.beside
        floor_m = self._shot.scene.ground_m if self._shot.shadows and not beside else None
        cut = self._cuts.cut_out(bodies, skeletons, self._camera, ground_m=floor_m)
        if not beside:
            return laid_over(picture, cut, self._shot.opacity)
        panel = np.empty((picture.shape[0], self._panel(), 3), np.uint8)
        panel[:] = rgb(self._shot.colours.background)
        middle = self._middle_px(bodies, skeletons)
        left = cut.left if middle is None else round(cut.left - middle + panel.shape[1] / 2)
        return np.concatenate([picture, laid_over(panel, _within(cut, left, panel.shape[1]))], axis=1)

    def _panel(self) -> int:
        """A width that holds everybody in every frame: found once, from frames spread over the whole."""
        if self._panel_px is None:
            count, height = len(self._shot.scene), self._video.height
            reach = _LEAST_SHARE * height / 2
            for frame in sorted({round(at) for at in np.linspace(0, count - 1, min(_SAMPLES, count))}):
                bodies, skeletons = self._poser.at(frame)
                middle = self._middle_px(bodies, skeletons)
                if middle is not None:
                    across = project(points_of(bodies, skeletons), self._camera)[:, 0]
                    reach = max(reach, float(np.abs(across - middle).max()) + _ROOM * height)
            self._panel_px = int(min(2 * reach, _MOST_SHARE * height)) // 2 * 2
        return self._panel_px

    def _middle_px(self, bodies: list[SceneBody], skeletons: list[SceneSkeleton]) -> float | None:
        """How far right in the frame the people's middle is, the same whatever their arms do."""
        if not bodies and not skeletons:
            return None
        clouds = [each.vertices_m for each in bodies] or [each.joints_m[each.shown()] for each in skeletons]
        middles_m: Float[ndarray, "people 3"] = np.array([np.median(points, axis=0) for points in clouds])
        return float(project(middles_m.mean(0), self._camera)[0])


def _within(cut: CutOut, left: int, width: int) -> CutOut:
    """The cut-out moved to `left`, without what would lie outside of a panel so wide."""
    columns = cut.pixels.shape[1]
    first, last = max(0, -left), min(columns, width - left)
    if first >= last:
        return CutOut(cut.pixels[:0, :0], 0, 0)
    return CutOut(cut.pixels[:, first:last], left + first, cut.top)
