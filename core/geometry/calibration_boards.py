"""A lens from pictures of a chessboard: focal length, centre and distortion, and where the camera stands if asked.

`corners` counts the inner corners, (columns, rows); a board of 10 × 7 squares has 9 × 6. Squares are metres, pictures
(height, width, 3) uint8 RGB, pixels count from the centre of the top left one. The search is a generator: what each
picture showed comes as it is looked at, closing it stops, and the last thing it yields is the calibration.

Where one view shows the board lying on the floor, that view (`lying`, by its name) places the camera: the world's
origin is a corner of the board, y up, x along its columns, −z away from the camera. Otherwise only the lens is known
(`placed` is False).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray

from core.errors import CalibrationError
from core.geometry.calibration import Calibration, Spread, described
from core.geometry.cameras import Camera, estimated_camera, eye_m, project, tilt_deg
from core.opencv import cv2

LEAST_VIEWS, ENOUGH_VIEWS, MOST_VIEWS = 3, 8, 24
MOST_CORNERS = 40
SEARCHED_PX = 1000
"""Boards are looked for in pictures of this longer side and then refined in the original."""
APART = 0.03
"""Views whose outer corners moved less than this share of the picture's diagonal tell nothing new."""
BLURRED = 1.7
"""A view whose edges are this many times as wide as the usual view's is left out."""
FOCAL_UNTOLD, FOCAL_DOUBTFUL = 0.06, 0.015
LEAST_LEANING_DEG = 8.0
"""Boards that all face the camera fit any focal length: one at least must lean by this."""
GRID = (6, 4)


@dataclass(frozen=True)
class BoardView:
    """One picture in which the whole board was found."""

    name: str
    corners_px: Float[ndarray, "corners 2"]
    edge_px: float  # how many pixels wide the edges between squares are: less is sharper
    error_px: float = 0.0  # mean over its corners, once calibrated


@dataclass(frozen=True)
class Looked:
    """One more picture was looked at; `view` is None where no whole board was found in it."""

    name: str
    view: BoardView | None
    looked: int
    found: int


@dataclass(frozen=True)
class BoardCalibration(Calibration):
    """A lens with the views it was found from."""

    views: tuple[BoardView, ...] = ()
    looked: int = 0

    @property
    def coverage(self) -> float:
        """The share of the picture, in cells, in which a corner was seen."""
        return float(_covered(self.seen_px, self.camera.width, self.camera.height).mean())


def calibrate_chessboard(
    frames: Iterable[tuple[str, UInt8[ndarray, "_ _ 3"]]],
    corners: tuple[int, int],
    square_m: float,
    *,
    lying: str = "",
) -> Iterator[Looked | BoardCalibration]:
    """Look for the board in `frames` (name, picture), then calibrate from sharp views that differ."""
    check_board(corners, square_m)
    views: list[BoardView] = []
    size: tuple[int, int] | None = None
    looked = 0
    for name, picture in frames:
        height, width = picture.shape[:2]
        if size is not None and (width, height) != size:
            raise CalibrationError(
                f"{name} is {width} × {height}, the pictures before it {size[0]} × {size[1]}.",
                hint="One lens at one zoom gives pictures of one size: leave the others out.",
            )
        size = (width, height)
        looked += 1
        view = find_board(name, picture, corners)
        views += [view] if view is not None else []
        yield Looked(name, view, looked, len(views))
    if size is None:
        raise CalibrationError("There is no picture to look for the board in.", hint="Choose a video or pictures.")
    yield calibrate_views(views, corners, square_m, *size, lying=lying, looked=looked)


def check_board(corners: tuple[int, int], square_m: float) -> None:
    """Refuse a board that cannot be."""
    if min(corners) < 3 or max(corners) > MOST_CORNERS:
        raise CalibrationError(
            f"A board with {corners[0]} × {corners[1]} inner corners cannot be looked for.",
            hint="Count the corners between squares: a board of 10 × 7 squares has 9 × 6; at least 3 × 3.",
        )
    if not 0.001 <= square_m <= 2:
        raise CalibrationError(f"A square of {square_m:g} m cannot be.", hint="Give its side in metres, such as 0.025.")


def find_board(name: str, picture: UInt8[ndarray, "_ _ 3"], corners: tuple[int, int]) -> BoardView | None:
    """The whole board in a picture, corners refined to a fraction of a pixel, or None."""
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    shrink = min(1.0, SEARCHED_PX / max(grey.shape))
    small = grey if shrink == 1 else cv2.resize(grey, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    found, places = cv2.findChessboardCornersSB(small, corners, flags=cv2.CALIB_CB_NORMALIZE_IMAGE)
    if not found:
        return None
    places = np.asarray(places, np.float32).reshape(-1, 2)
    scale = np.array([grey.shape[1] / small.shape[1], grey.shape[0] / small.shape[0]], np.float32)
    places = np.ascontiguousarray((places + 0.5) * scale - 0.5)
    if shrink < 1:
        grid = places.reshape(corners[1], corners[0], 2)
        steps = [np.linalg.norm(np.diff(grid, axis=axis), axis=-1).min() for axis in (0, 1)]
        reach = int(np.clip(0.35 * min(steps), 2, 12))
        ends = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 40, 0.005)
        places = cv2.cornerSubPix(grey, places.reshape(-1, 1, 2), (reach, reach), (-1, -1), ends).reshape(-1, 2)
    sharpness: Any = cv2.estimateChessboardSharpness(grey, corners, places.reshape(-1, 1, 2))
    return BoardView(name, places.astype(float), float(sharpness[0][0]))


def calibrate_views(
    views: Sequence[BoardView],
    corners: tuple[int, int],
    square_m: float,
    width: int,
    height: int,
    *,
    lying: str = "",
    looked: int = 0,
) -> BoardCalibration:
    """The lens that sees these views, from the sharp ones among them that differ."""
    kept = _sharp_and_varied(views, width, height)
    floor_view = next((each for each in views if each.name == lying), None)
    if lying and floor_view is None:
        raise CalibrationError(
            f"The board was not found in {lying}, which should show it on the floor.",
            hint="Choose a view in which the whole board is seen, or none.",
        )
    if len(kept) < LEAST_VIEWS:
        raise CalibrationError(
            f"The whole board was found in {len(views)} of {max(looked, len(views))} pictures"
            + (f", seen from {len(kept)} different side{'s' * (len(kept) > 1)}" if views else "")
            + f"; at least {LEAST_VIEWS} different views are needed, {ENOUGH_VIEWS} are good.",
            hint="Film the board near and far, leant to all sides and in the picture's corners, held still a moment."
            if views
            else f"Check the number of inner corners: {corners[0]} × {corners[1]} were looked for.",
        )
    board_m = _board(corners, square_m)
    found = _fitted(kept, board_m, width, height)
    errors = np.array([each.error_px for each in found.views])
    good = errors <= max(3 * float(np.median(errors)), 0.5)
    if not good.all() and good.sum() >= LEAST_VIEWS:  # a bent board, a moment of blur
        found = _fitted([each for each, fine in zip(kept, good, strict=True) if fine], board_m, width, height)
    share = found.spread_px / float(found.camera.focal_px.mean())
    if share > FOCAL_UNTOLD or not np.isfinite(share) or max(found.leaning_deg) < LEAST_LEANING_DEG:
        raise CalibrationError(
            "These views do not tell the focal length: the board faces the camera in all of them.",
            hint="Lean the board by 30° and more, to the left, right, up and down.",
        )
    camera, placed = found.camera, floor_view is not None
    spread = Spread(found.spread_px, 0.0, 0.0, 0.0)
    if floor_view is not None:
        camera, lying_m = _standing(camera, floor_view, board_m)
        if floor_view.name not in [each.name for each in found.views]:
            drawn = project(lying_m, camera)
            off = float(np.linalg.norm(drawn - floor_view.corners_px, axis=-1).mean())
            found.views.append(replace(floor_view, error_px=off))
            found.drawn_px.append(drawn)
    camera = replace(camera, estimated=not placed)  # where it stands and looks is not known without a floor
    words = (
        *described(camera, spread, placed=placed),
        f"From {len(found.views)} views of the board, found in {len(views)} of {max(looked, len(views))} pictures.",
        *(() if placed else ("Where the camera stands is not told by the board.",)),
    )
    calibration = BoardCalibration(
        camera,
        "chessboard",
        np.concatenate([each.corners_px for each in found.views]),
        np.concatenate(found.drawn_px),
        tuple(f"{each.name}, corner {at}" for each in found.views for at in range(1, len(board_m) + 1)),
        spread,
        words,
        placed=placed,
        views=tuple(found.views),
        looked=max(looked, len(views)),
    )
    return replace(calibration, warnings=_doubts(calibration, share))


# ---- the fit ----


@dataclass(frozen=True)
class _Fit:
    camera: Camera
    views: list[BoardView]
    drawn_px: list[ndarray]
    spread_px: float
    leaning_deg: list[float]  # of each view's board, against facing the camera


def _board(corners: tuple[int, int], square_m: float) -> Float[ndarray, "corners 3"]:
    """The corners in the board's own plane, row by row as they are found."""
    across, down = np.meshgrid(np.arange(corners[0]), np.arange(corners[1]))
    return np.stack([across, down, np.zeros_like(across)], -1).reshape(-1, 3) * square_m


def _fitted(views: Sequence[BoardView], board_m: ndarray, width: int, height: int) -> _Fit:
    start = estimated_camera(width, height)
    flags = cv2.CALIB_USE_INTRINSIC_GUESS | cv2.CALIB_FIX_K3
    if len(views) < ENOUGH_VIEWS:  # few views tell few numbers
        flags |= cv2.CALIB_FIX_PRINCIPAL_POINT | cv2.CALIB_ZERO_TANGENT_DIST | cv2.CALIB_FIX_ASPECT_RATIO
    best = _calibrated(views, board_m, start, flags)
    if len(views) >= ENOUGH_VIEWS:
        richer = _calibrated(views, board_m, start, flags & ~cv2.CALIB_FIX_K3)
        if richer[0] < 0.93 * best[0]:  # a strongly bent lens needs k3; another is only disturbed by it
            best = richer
    _, matrix, lens, turns, shifts, spreads = best
    camera = replace(
        start,
        focal_px=np.array([matrix[0, 0], matrix[1, 1]]),
        centre_px=np.array([matrix[0, 2], matrix[1, 2]]),
        distortion=np.asarray(lens, float).ravel()[:5],
        estimated=False,
    )
    seen, drawn, leaning = [], [], []
    for view, turn, shift in zip(views, turns, shifts, strict=True):
        there = replace(camera, rotation=cv2.Rodrigues(turn)[0], translation_m=shift.reshape(3))
        places = project(board_m, there)
        error = float(np.linalg.norm(places - view.corners_px, axis=-1).mean())
        seen.append(replace(view, error_px=error))
        drawn.append(places)
        leaning.append(float(np.rad2deg(np.arccos(np.clip(abs(there.rotation[2, 2]), 0, 1)))))
    return _Fit(camera, seen, drawn, float(np.asarray(spreads).ravel()[:2].mean()), leaning)


def _calibrated(
    views: Sequence[BoardView], board_m: ndarray, start: Camera, flags: int
) -> tuple[float, ndarray, ndarray, Sequence[ndarray], Sequence[ndarray], ndarray]:
    try:
        error, matrix, lens, turns, shifts, spreads, _, _ = cv2.calibrateCameraExtended(
            [board_m.astype(np.float32)] * len(views),
            [each.corners_px.astype(np.float32) for each in views],
            (start.width, start.height),
            start.matrix(),
            np.zeros(5),
            flags=flags,
        )
    except cv2.error:
        raise CalibrationError(
            "These views do not tell a lens: they are too much alike.",
            hint="Film the board near and far, leant to all sides and in the corners of the picture.",
        ) from None
    return error, matrix, lens, turns, shifts, spreads


def _standing(lens: Camera, view: BoardView, board_m: ndarray) -> tuple[Camera, Float[ndarray, "corners 3"]]:
    """The camera over a floor on which the board of `view` lies, and the board's corners on that floor."""
    straight = replace(lens, rotation=np.eye(3), translation_m=np.zeros(3))
    _, turn, shift = cv2.solvePnP(board_m, view.corners_px, straight.matrix(), straight.distortion)
    (columns, rows, normal), shift = cv2.Rodrigues(turn)[0].T, shift.reshape(3)
    # The side that is seen is the upper one. Which way the found rows run tells whether z goes with them.
    along = 1.0 if normal @ shift > 0 else -1.0
    rotation = np.stack([columns, -along * normal, along * rows], axis=1)
    lying_m = np.stack([board_m[:, 0], np.zeros(len(board_m)), along * board_m[:, 1]], -1)
    if rotation[2, 2] > 0:  # which corner came first is chance: let the camera look along −z, not +z
        rotation, lying_m = rotation * [-1, 1, -1], lying_m * [-1, 1, -1]
    return replace(lens, rotation=rotation, translation_m=shift), lying_m


# ---- which views, and what may be doubted ----


def _sharp_and_varied(views: Sequence[BoardView], width: int, height: int) -> list[BoardView]:
    """Views that differ, the sharpest first, then always the one most unlike those already taken."""
    if not views:
        return []
    usual = float(np.median([each.edge_px for each in views]))
    sharp = [each for each in views if each.edge_px <= BLURRED * usual]
    diagonal = float(np.hypot(width, height))
    outer = np.stack([_outer(each.corners_px) for each in sharp]) / diagonal
    taken = [int(np.argmin([each.edge_px for each in sharp]))]
    while len(taken) < min(MOST_VIEWS, len(sharp)):
        apart = np.linalg.norm(outer[:, None] - outer[taken][None], axis=-1).max(-1).min(-1)
        farthest = int(np.argmax(apart))
        if apart[farthest] < APART:
            break
        taken.append(farthest)
    return [sharp[at] for at in sorted(taken)]


def _outer(corners_px: ndarray) -> Float[ndarray, "4 2"]:
    """The four corners of the found board, the top left one first, so that a board turned about is the same."""
    hull = cv2.convexHull(corners_px.astype(np.float32)).reshape(-1, 2)
    sums, differences = hull.sum(-1), hull[:, 0] - hull[:, 1]
    return hull[[sums.argmin(), differences.argmax(), sums.argmax(), differences.argmin()]].astype(float)


def _covered(corners_px: ndarray, width: int, height: int) -> ndarray:
    """Which of GRID's cells of the picture have a corner in them, row by row."""
    cells = np.floor((corners_px + 0.5) / [width, height] * GRID).astype(int)
    cells = cells[((cells >= 0) & (cells < GRID)).all(-1)]
    covered = np.zeros(GRID[::-1], bool)
    covered[cells[:, 1], cells[:, 0]] = True
    return covered


def _doubts(found: BoardCalibration, share: float) -> tuple[str, ...]:
    doubts = []
    if len(found.views) < ENOUGH_VIEWS:
        doubts.append(f"{len(found.views)} views are few: {ENOUGH_VIEWS} and more tell the lens better.")
    if share > FOCAL_DOUBTFUL:
        doubts.append(f"The focal length is sure to {100 * share:.1f} % only: lean the board more.")
    covered = _covered(found.seen_px, found.camera.width, found.camera.height)
    sides = {"left": covered[:, 0], "right": covered[:, -1], "top": covered[0], "bottom": covered[-1]}
    bare = [side for side, cells in sides.items() if not cells.any()]
    if bare:
        doubts.append(f"The board never came near the {' and '.join(bare)} of the picture: the lens is a guess there.")
    limit = max(1.0, 0.0008 * max(found.camera.width, found.camera.height))
    if found.error_px > limit:
        worst = max(found.views, key=lambda each: each.error_px)
        doubts.append(f"The error is large; {worst.name} is off most, by {worst.error_px:.1f} px. Is the board flat?")
    if found.placed and (eye_m(found.camera)[1] < 0.1 or abs(tilt_deg(found.camera)) > 85):
        doubts.append("The camera would stand on the floor itself: does the board of that view lie on it?")
    return tuple(doubts)
