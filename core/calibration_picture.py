"""A picture of a calibration: where points were seen, where the camera draws them, and the room or floor it implies.

Pictures are (height, width, 3) uint8 RGB. A seen point is a ring in its colour, the drawn one a cross, and the line
between them is the error, `exaggerate` times as long as it is. The floor's grid is drawn through the lens as
everything else, so what is straight and level in the frame must follow it.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Bool, Float, UInt8
from numpy import ndarray

from core.geometry.calibration import Calibration
from core.geometry.cameras import Camera, eye_m, on_floor_m, project, to_camera
from core.geometry.rooms import Room
from core.opencv import cv2
from core.rendering.overlay import Words, draw_chip

Picture = UInt8[ndarray, "height width 3"]

SEEN, DRAWN, ROOM, FLOOR, RIM = (79, 199, 207), (242, 184, 75), (233, 234, 237), (98, 201, 147), (10, 11, 13)
NEAREST_M = 0.1
_PIECES = 48
_SHIFT = 4
_MOST_NAMED = 14


def draw_calibration(
    picture: Picture, calibration: Calibration, *, room: Room | None = None, exaggerate: float = 1.0, words: bool = True
) -> Picture:
    """The frame with everything that shows whether the camera is right. A new picture."""
    drawn = np.ascontiguousarray(picture).copy()
    height, width = drawn.shape[:2]
    scale = np.array([width / calibration.camera.width, height / calibration.camera.height])
    thick = max(min(width / 960, height / 540), 0.6)
    if calibration.placed:
        lines = [*floor_lines_m(calibration.camera)] if room is None else []
        _draw_all(drawn, lines, calibration.camera, scale, FLOOR, thick, opacity=0.55)
        if room is not None:
            _draw_all(drawn, room_lines_m(room), calibration.camera, scale, ROOM, thick, opacity=0.8)
    seen = (calibration.seen_px + 0.5) * scale - 0.5
    off = (calibration.drawn_px - calibration.seen_px) * scale * exaggerate
    many = len(seen) > 60
    for place, error in zip(seen, off, strict=True):
        _line(drawn, place, place + error, RIM, 2 * thick + 2)
        _line(drawn, place, place + error, DRAWN, max(2.0, 1.5 * thick))
        if many:
            cv2.circle(drawn, _at(place), round(1.6 * thick * 2**_SHIFT), SEEN, -1, cv2.LINE_AA, _SHIFT)
        else:
            _cross(drawn, place + error, 4 * thick, thick)
            _ring(drawn, place, 6 * thick, thick)
    if words:
        _say(drawn, calibration, seen, thick, exaggerate)
    return drawn


def floor_lines_m(camera: Camera) -> list[Float[ndarray, "points 3"]]:
    """The floor's lines that may be seen, around where the camera looks at the floor: one metre apart, closer together
    for a camera that stands low.
    """
    height = float(eye_m(camera)[1])
    step_m = 1.0 if height > 0.8 else 0.25 if height > 0.3 else 0.1
    reach_m = 8 * step_m
    rows, columns = np.linspace(0.35, 0.98, 4) * camera.height, np.linspace(0.1, 0.9, 4) * camera.width
    pixels = np.stack(np.meshgrid(columns, rows), -1).reshape(-1, 2)
    met = on_floor_m(pixels, camera)
    eye = eye_m(camera)
    met = met[np.isfinite(met).all(-1)]
    met = met[np.linalg.norm(met - eye, axis=-1) < 3 * reach_m]
    if not len(met):
        return []
    middle = np.round(np.median(met, axis=0)[[0, 2]] / step_m) * step_m
    steps = np.arange(-reach_m, reach_m + step_m / 2, step_m)
    across = np.linspace(-reach_m, reach_m, _PIECES)
    lines = []
    for step in steps:
        flat = np.zeros(_PIECES)
        lines.append(np.stack([middle[0] + across, flat, flat + middle[1] + step], -1))
        lines.append(np.stack([flat + middle[0] + step, flat, middle[1] + across], -1))
    return lines


def room_lines_m(room: Room) -> list[Float[ndarray, "points 3"]]:
    """The room's edges, in pieces, so that a bent lens bends them."""
    points = room.points_m()
    return [np.linspace(points[one], points[other], _PIECES) for one, other in room.edges()]


def visible_pieces(
    line_m: Float[ndarray, "points 3"], camera: Camera
) -> tuple[Float[ndarray, "points 2"], Bool[ndarray, " points"]]:
    """Pixels along a line, and which of them lie before the camera and within the lens' reach."""
    ahead = to_camera(line_m, camera)
    before = ahead[:, 2] > NEAREST_M
    pixels = project(line_m, camera)
    # Far outside the picture a lens' polynomial means nothing and may lead back into it.
    flat = ahead[:, :2] / np.maximum(ahead[:, 2:], NEAREST_M) * camera.focal_px + camera.centre_px
    around = np.abs(flat - [camera.width / 2, camera.height / 2]) < 1.2 * np.array([camera.width, camera.height])
    return pixels, before & around.all(-1)


def _draw_all(
    picture: Picture,
    lines_m: Iterable[ndarray],
    camera: Camera,
    scale: ndarray,
    colour: tuple[int, int, int],
    thick: float,
    *,
    opacity: float,
) -> None:
    over = picture.copy()
    for line in lines_m:
        pixels, shown = visible_pieces(line, camera)
        pixels = (pixels + 0.5) * scale - 0.5
        for start, end, both in zip(pixels[:-1], pixels[1:], shown[:-1] & shown[1:], strict=True):
            if both:
                _line(over, start, end, colour, 1.2 * thick)
    picture[:] = cv2.addWeighted(over, opacity, picture, 1 - opacity, 0)


def _say(picture: Picture, calibration: Calibration, seen: ndarray, thick: float, exaggerate: float) -> None:
    size = 13 * thick
    error = f"Error {calibration.error_px:.1f} px over {len(seen)} points" + (
        f"; its lines are drawn {exaggerate:g} times as long" if exaggerate != 1 else ""
    )
    lines: Sequence[str] = (error, *calibration.words)
    if len(seen) <= _MOST_NAMED:
        for at, place in enumerate(seen):
            right, below = place[0] > 0.8 * picture.shape[1], place[1] > 0.93 * picture.shape[0]
            shift = np.array([-8 - 0.5 * size * len(calibration.names[at]) if right else 9, -24 if below else 4])
            _name(picture, calibration.names[at], place + shift * [1, thick] if right else place + shift * thick, size)
    top = 10 * thick
    for line in lines:
        _, taken = draw_chip(picture, Words(line, "#e9eaed", size), (10 * thick, top), "#17181c", opacity=0.85)
        top += taken + 4 * thick


def _name(picture: Picture, words: str, at: ndarray, size: float) -> None:
    height, width = picture.shape[:2]
    if -size < at[0] < width - 8 and -size < at[1] < height - 8:
        place = (float(np.clip(at[0], 2, width - 4)), float(np.clip(at[1], 2, height - 2 * size)))
        draw_chip(picture, Words(words, "#e9eaed", 0.8 * size, "Medium"), place, "#17181c", opacity=0.75)


def _at(place: ndarray) -> tuple[int, int]:
    x, y = np.round(np.clip(place, -1e5, 1e5) * 2**_SHIFT).astype(int).tolist()
    return x, y


def _line(picture: Picture, start: ndarray, end: ndarray, colour: tuple[int, int, int], width: float) -> None:
    cv2.line(picture, _at(start), _at(end), colour, max(1, round(width)), cv2.LINE_AA, _SHIFT)


def _ring(picture: Picture, centre: ndarray, radius: float, thick: float) -> None:
    for colour, width in ((RIM, 4 * thick), (SEEN, 2 * thick)):
        cv2.circle(picture, _at(centre), round(radius * 2**_SHIFT), colour, max(1, round(width)), cv2.LINE_AA, _SHIFT)


def _cross(picture: Picture, centre: ndarray, reach: float, thick: float) -> None:
    for colour, width in ((RIM, 4 * thick), (DRAWN, 2 * thick)):
        for way in ((1, 1), (1, -1)):
            step = np.array(way) * reach
            _line(picture, centre - step, centre + step, colour, width)
