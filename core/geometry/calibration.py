"""A camera from pairs of pixels and places: its focal length, where it stands and how far the pixels are off.

World and camera axes are those of `core.geometry.cameras`: metres, y up, the floor at y = 0 where there is one; pixels
count from the centre of the top left one. The picture's centre stays the optical centre (the paper's E.1 finds
intrinsics from the scene in the same way) unless a known camera says otherwise; its lens is kept as it is.

What does not tell a camera is refused with the reason (CalibrationError): too few points, points on a line or on one
plane where that is not enough, the same point twice, sides swapped as in a mirror. What is told badly comes with its
spread (one standard deviation, at a person's clicking) and with warnings. `calibration_boards` and
`calibration_people` give the same `Calibration` from chessboards and from upright people.
"""

from dataclasses import dataclass, replace
from itertools import count
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.errors import CalibrationError
from core.geometry.cameras import (
    NEAREST_M,
    Camera,
    bend,
    estimated_camera,
    eye_m,
    project,
    resized,
    roll_deg,
    tilt_deg,
    to_camera,
    undistort,
)
from core.opencv import cv2

LEAST_POINTS, LEAST_POINTS_KNOWN = 6, 4
"""How many pairs are needed where the focal length is sought, and where it is known."""
CLICK_PX = 1.0
"""How far off a careful click is: the spread is never said to be smaller than this allows."""
NEAREST_POINT_M, FARTHEST_M = 0.02, 10_000.0
FOCAL_UNTOLD, FOCAL_DOUBTFUL = 0.20, 0.05
"""Relative spread of the focal length from which it is refused, and from which it is warned of."""
_FITS_NOTHING = 0.08
"""The mean error, as a share of the picture's longer side, from which no camera sees the points so."""

How = Literal["points", "chessboard", "people"]


@dataclass(frozen=True)
class Spread:
    """One standard deviation of what was found; 0 for what was given."""

    focal_px: float
    place_m: float
    height_m: float
    tilt_deg: float


GIVEN = Spread(0.0, 0.0, 0.0, 0.0)
"""Of a camera that was given, not found."""


@dataclass(frozen=True)
class Calibration:
    """A camera with the proof of it: each seen point, and where the camera draws it."""

    camera: Camera
    how: How
    seen_px: Float[ndarray, "points 2"]
    drawn_px: Float[ndarray, "points 2"]
    names: tuple[str, ...]  # of the points, as a person knows them
    spread: Spread
    words: tuple[str, ...] = ()  # what was found, a sentence each
    warnings: tuple[str, ...] = ()  # what may be doubted, and what to do about it
    placed: bool = True  # False where only the lens is known, not where the camera stands

    @property
    def errors_px(self) -> Float[ndarray, " points"]:
        """How far each point is drawn from where it was seen."""
        return np.linalg.norm(self.drawn_px - self.seen_px, axis=-1)

    @property
    def error_px(self) -> float:
        """The mean of them: the reprojection error."""
        return float(self.errors_px.mean()) if len(self.seen_px) else 0.0

    @property
    def worst(self) -> int:
        """The point that is drawn farthest off."""
        return int(np.argmax(self.errors_px))


def calibrate_points(
    points_px: Float[ndarray, "points 2"],
    points_m: Float[ndarray, "points 3"],
    width: int,
    height: int,
    *,
    camera: Camera | None = None,
    refine_focal: bool = True,
    names: tuple[str, ...] = (),
) -> Calibration:
    """The camera that sees world `points_m` at the picture's pixels `points_px`.

    `camera` tells a known lens: its focal length, centre and distortion; where it stands is found anew. With
    `refine_focal` its focal length is only where the search starts. Without a camera and without refining, a usual
    lens is taken for granted and the result is an estimate.
    """
    points_px, points_m = (np.ascontiguousarray(each, float) for each in (points_px, points_m))  # OpenCV insists
    names = names or tuple(f"point {number}" for number in range(1, len(points_px) + 1))
    lens = _lens(camera, width, height, estimated=not refine_focal and camera is None)
    plane = _check(points_px, points_m, width, height, names, refine_focal=refine_focal)
    best = _best_fit(points_px, points_m, lens, on_plane=plane is not None, refine_focal=refine_focal)
    mirrored = points_m * [-1.0, 1.0, 1.0]
    if best is None or _error(best, points_px, points_m) > _far_off_px(lens):
        other = (
            None
            if plane is not None
            else _best_fit(points_px, mirrored, lens, on_plane=False, refine_focal=refine_focal)
        )
        if other is not None and (
            best is None or _error(other, points_px, mirrored) < 0.3 * _error(best, points_px, points_m)
        ):
            raise CalibrationError(
                "These points are seen as in a mirror: two sides are swapped, left and right most likely.",
                hint="Check which mark belongs to which point, and that x grows to the right as you look along −z.",
            )
    if best is None or _tells_nothing(best, points_px, points_m, refine_focal=refine_focal):
        _refuse_odd_one(points_px, points_m, lens, names, refine_focal=refine_focal)
        if best is None:
            raise CalibrationError(
                "Some of these points would lie behind the camera.",
                hint="Check which mark belongs to which point, and the signs of their places.",
            )
    _refuse_other_side(best, points_m, plane)
    drawn_px = project(points_m, best)
    if _error(best, points_px, points_m) > _FITS_NOTHING * max(width, height):
        worst = int(np.argmax(np.linalg.norm(drawn_px - points_px, axis=-1)))
        raise CalibrationError(
            f"No camera sees these points so: {names[worst]} would be {_error(best, points_px, points_m):.0f} px off.",
            hint="Check which mark belongs to which point, and the sizes in metres.",
        )
    spread = _spread(best, points_px, points_m, refine_focal=refine_focal)
    if refine_focal and spread.focal_px > FOCAL_UNTOLD * best.focal_px[0]:
        raise CalibrationError(
            "These points do not tell the focal length"
            + (": they lie on one plane that is seen nearly head-on." if plane is not None else "."),
            hint="Add points at other depths and heights, or calibrate the lens with a chessboard first.",
        )
    found = Calibration(best, "points", points_px, drawn_px, names, spread)
    doubts = [*_doubts(found, points_m, lens, refine_focal=refine_focal), *_other_pose(found, points_m, plane)]
    return replace(found, words=described(best, spread), warnings=tuple(doubts))


def described(camera: Camera, spread: Spread, *, placed: bool = True) -> tuple[str, ...]:
    """A camera in words, with how sure each is."""

    def about(value: float, unit: str, digits: int) -> str:
        return f" ± {value:.{digits}f}{unit}" if value > 0 else ""

    focal = float(camera.focal_px.mean())
    seen = 2 * np.rad2deg(np.arctan(camera.width / 2 / float(camera.focal_px[0])))
    words = [f"Focal length {focal:.0f}{about(spread.focal_px, '', 0)} px: {seen:.0f}° of the room across."]
    if placed:
        tilt = tilt_deg(camera)
        looks = f"looks {'down' if tilt >= 0 else 'up'} {abs(tilt):.1f}°{about(spread.tilt_deg, '°', 1)}"
        height = float(eye_m(camera)[1])
        words.append(f"Stands {height:.2f}{about(spread.height_m, '', 2)} m over the floor and {looks}.")
    return tuple(words)


# ---- at the door ----


@dataclass(frozen=True)
class _Plane:
    """The plane that all points lie on: one of them, and its normal."""

    through_m: ndarray
    normal: ndarray


def _lens(camera: Camera | None, width: int, height: int, *, estimated: bool) -> Camera:
    if camera is None:
        return replace(estimated_camera(width, height), estimated=estimated)
    if abs(width * camera.height / (height * camera.width) - 1) > 0.01:
        raise CalibrationError(
            f"The lens was found for pictures of {camera.width} × {camera.height}, not {width} × {height}.",
            hint="Calibrate it with pictures of this shape.",
        )
    return resized(camera, width, height)


def _check(
    points_px: ndarray, points_m: ndarray, width: int, height: int, names: tuple[str, ...], *, refine_focal: bool
) -> _Plane | None:
    """Refuse what cannot tell a camera; the plane that all points lie on, if they do."""
    if not len(points_px) == len(points_m) == len(names):
        raise CalibrationError(f"{len(points_px)} pixels, {len(points_m)} places and {len(names)} names make no pairs.")
    if not (np.isfinite(points_px).all() and (np.abs(points_m) < FARTHEST_M).all()):
        words = "A point's numbers are missing, or it is farther than 10 km."
        raise CalibrationError(words, hint="Give every point two pixels and three metres.")
    needed = LEAST_POINTS if refine_focal else LEAST_POINTS_KNOWN
    if len(points_px) < needed:
        known = "" if not refine_focal else ", or calibrate the lens with a chessboard first: then 4 are enough"
        raise CalibrationError(
            f"{len(points_px)} of at least {needed} points are marked.",
            hint=f"Mark {needed - len(points_px)} more{known}.",
        )
    for places, least, where in ((points_m, 1e-3, "place"), (points_px, 0.5, "pixel")):
        apart = np.linalg.norm(places[:, None] - places[None], axis=-1) + np.diag(np.full(len(places), np.inf))
        one, other = np.unravel_index(np.argmin(apart), apart.shape)
        if apart[one, other] < least:
            raise CalibrationError(
                f"{names[one]} and {names[other]} have the same {where}.", hint="Take one of the two away."
            )
    beyond = np.abs(points_px - [(width - 1) / 2, (height - 1) / 2]).max(0)
    if beyond[0] > 1.5 * width or beyond[1] > 1.5 * height:
        raise CalibrationError(
            f"A mark lies far outside the picture of {width} × {height}.", hint="Pixels count from the top left corner."
        )
    for rows in (slice(None), *(np.arange(len(points_m)) != at for at in range(len(points_m)))):
        if _on_a_line(points_m[rows], 0.01):
            which = "These points" if isinstance(rows, slice) else "All but one of these points"
            raise CalibrationError(
                f"{which} lie on one line: a camera could stand anywhere around it.",
                hint="Add points beside it, best at different heights.",
            )
    if _on_a_line(points_px, 2.0):
        raise CalibrationError(
            "All marks lie on one line of the picture: the points are seen edge-on.",
            hint="Add points above or below it.",
        )
    centre = points_m.mean(0)
    _, sizes, axes = np.linalg.svd(points_m - centre)
    return _Plane(centre, axes[2]) if _flat(sizes) else None


def _flat(sizes: ndarray) -> bool:
    """Whether points with these singular values lie on one plane."""
    return bool(sizes[2] <= max(0.01 * sizes[0], 0.005))


def _on_a_line(places: ndarray, least: float) -> bool:
    sizes = np.linalg.svd(places - places.mean(0), compute_uv=False)
    return bool(sizes[1] <= max(0.02 * sizes[0], least))


# ---- the search ----


def _best_fit(
    points_px: ndarray, points_m: ndarray, lens: Camera, *, on_plane: bool, refine_focal: bool
) -> Camera | None:
    """The camera with the smallest error that has every point before it, or None."""
    longer = max(lens.width, lens.height)
    focals = [1.0]
    if refine_focal:
        ratios = np.geomspace(0.35, 6.0, 12) * longer / lens.focal_px.mean()
        focals = [1.0, *ratios.tolist()]
    starts = [
        each
        for ratio in focals
        for each in _poses(points_px, points_m, replace(lens, focal_px=lens.focal_px * ratio), on_plane=on_plane)
    ]
    starts = [each for each in starts if _all_before(each, points_m)]
    starts.sort(key=lambda each: _error(each, points_px, points_m))
    refined = [_refined(each, points_px, points_m, refine_focal=refine_focal) for each in starts[:4]]
    refined = [each for each in refined if _all_before(each, points_m)]
    return min(refined, key=lambda each: _error(each, points_px, points_m), default=None)


def _poses(points_px: ndarray, points_m: ndarray, lens: Camera, *, on_plane: bool) -> list[Camera]:
    """Where a camera with this lens may stand, in closed form."""
    straight_px = undistort(points_px, lens)
    ways = (cv2.SOLVEPNP_IPPE,) if on_plane else (cv2.SOLVEPNP_SQPNP, cv2.SOLVEPNP_EPNP)
    found = []
    for way in ways:
        # Its own origin near the points: closed forms lose digits far from it.
        centre = points_m.mean(0)
        try:
            _, turns, shifts, _ = cv2.solvePnPGeneric(
                points_m - centre, straight_px, lens.matrix(), None, flags=way
            )  # fmt: skip
        except cv2.error:
            continue
        for turn, shift in zip(turns, shifts, strict=True):
            rotation = cv2.Rodrigues(turn)[0]
            translation = shift.reshape(3) - rotation @ centre
            if np.isfinite(rotation).all() and np.isfinite(translation).all():
                found.append(replace(lens, rotation=rotation, translation_m=translation))
    return found


def _refined(start: Camera, points_px: ndarray, points_m: ndarray, *, refine_focal: bool) -> Camera:
    """The nearest camera with the least squared error (Levenberg–Marquardt)."""
    camera, damping, size = start, 1e-3, 7 if refine_focal else 6
    drawn, slope = _drawn_and_slope(camera, points_m)
    off = (drawn - points_px).ravel()
    for _ in range(_STEPS):
        slope = slope[:, :size]
        normal = slope.T @ slope
        step = np.linalg.lstsq(normal + damping * np.diag(np.diag(normal) + 1e-12), -slope.T @ off, rcond=None)[0]
        there = _changed(camera, np.clip(step, -_LONGEST, _LONGEST))
        drawn, slope_there = _drawn_and_slope(there, points_m)
        off_there = (drawn - points_px).ravel()
        gain = float(off @ off - off_there @ off_there)
        if gain >= 0 and np.isfinite(off_there).all():
            camera, off, slope, damping = there, off_there, slope_there, max(0.2 * damping, 1e-12)
            if gain <= 1e-12 * (1e-12 + float(off @ off)):
                break
        else:
            damping *= 8
            if damping > 1e8:
                break
    return camera


_STEPS = 80
_LONGEST = 0.7  # radians, metres and powers of e in one step


def _drawn_and_slope(camera: Camera, points_m: ndarray) -> tuple[ndarray, ndarray]:
    """Where each point is drawn, and how that changes with the numbers of `_changed`, (2 points, 7)."""
    places = points_m @ camera.rotation.T + camera.translation_m
    x, y, z = places[:, 0], places[:, 1], np.maximum(places[:, 2], NEAREST_M)
    flat = np.stack([x / z, y / z], axis=1)
    bent, lens = bend(flat, camera.distortion)
    zero, one = np.zeros(len(x)), np.ones(len(x))
    to_flat = (
        np.stack([np.stack([one, zero, -flat[:, 0]], 1), np.stack([zero, one, -flat[:, 1]], 1)], 1) / z[:, None, None]
    )
    turning = np.stack(
        [np.stack([zero, z, -y], 1), np.stack([-z, zero, x], 1), np.stack([y, -x, zero], 1)], axis=1
    )  # of a place by a small turn: ω × place
    by_place = (lens * camera.focal_px[:, None]) @ to_flat
    growing = (bent * camera.focal_px)[..., None]
    slope = np.concatenate([by_place @ turning, by_place, growing], axis=2)
    return bent * camera.focal_px + camera.centre_px, slope.reshape(-1, 7)


def _changed(camera: Camera, changes: ndarray) -> Camera:
    """`camera` turned by a small rotation vector (camera axes), shifted in them, its focal length grown eᶠ times."""
    turn = cv2.Rodrigues(changes[:3])[0]
    grown = float(np.exp(np.clip(changes[6], -3, 3))) if len(changes) > 6 else 1.0
    return replace(
        camera,
        rotation=turn @ camera.rotation,
        translation_m=turn @ camera.translation_m + changes[3:6],
        focal_px=camera.focal_px * grown,
    )


def _all_before(camera: Camera, points_m: ndarray) -> bool:
    return bool((to_camera(points_m, camera)[:, 2] > NEAREST_POINT_M).all())


def _error(camera: Camera, points_px: ndarray, points_m: ndarray) -> float:
    return float(np.linalg.norm(project(points_m, camera) - points_px, axis=-1).mean())


def _far_off_px(camera: Camera) -> float:
    return max(3.0, 0.006 * max(camera.width, camera.height))


# ---- what may be doubted ----


def _refuse_other_side(camera: Camera, points_m: ndarray, plane: _Plane | None) -> None:
    """On a floor or a worktop, swapped sides show as a camera under it."""
    if plane is None or abs(plane.normal[1]) < 0.8:
        return
    level = float(points_m[:, 1].mean())
    eye = eye_m(camera)
    above = float((eye - plane.through_m) @ plane.normal * np.sign(plane.normal[1]))
    if above < 0 and level < 1.6:
        raise CalibrationError(
            "These points are seen as in a mirror: the camera would look at the floor from below.",
            hint="Two sides are swapped, left and right most likely: check which mark belongs to which point.",
        )


def _tells_nothing(camera: Camera, points_px: ndarray, points_m: ndarray, *, refine_focal: bool) -> bool:
    """Whether even the best camera is far off everywhere, or does not know its focal length."""
    if _error(camera, points_px, points_m) > _FITS_NOTHING * max(camera.width, camera.height):
        return True
    spread = _spread(camera, points_px, points_m, refine_focal=refine_focal)
    return bool(spread.focal_px > FOCAL_UNTOLD * camera.focal_px[0])


def _refuse_odd_one(
    points_px: ndarray, points_m: ndarray, lens: Camera, names: tuple[str, ...], *, refine_focal: bool
) -> None:
    """Where all marks tell no camera but all except one do, that one is to be named."""
    if len(points_px) <= (LEAST_POINTS if refine_focal else LEAST_POINTS_KNOWN):
        return
    errors = []
    for at in range(len(points_px)):
        kept = np.arange(len(points_px)) != at
        sizes = np.linalg.svd(points_m[kept] - points_m[kept].mean(0), compute_uv=False)
        rest = points_px[kept], points_m[kept]
        best = _best_fit(*rest, lens, on_plane=_flat(sizes), refine_focal=refine_focal)
        if best is None or _tells_nothing(best, *rest, refine_focal=refine_focal):
            errors.append(np.inf)
        else:
            errors.append(_error(best, *rest))
    at, error = int(np.argmin(errors)), min(errors)
    others = sorted(errors)[1]
    if error < _far_off_px(lens) and error < 0.4 * others:
        raise CalibrationError(
            f"{_capital(names[at])} does not fit the other points: without it the error is {error:.1f} px.",
            hint="Mark it again or leave it out, and check its place in metres.",
        )


def _spread(camera: Camera, points_px: ndarray, points_m: ndarray, *, refine_focal: bool) -> Spread:
    """How far the answer may be off when every mark is off by a click, or by what the error shows if that is more."""
    size = 7 if refine_focal else 6
    drawn, slope = _drawn_and_slope(camera, points_m)
    slope, left = slope[:, :size], (drawn - points_px).ravel()
    freedom = max(len(left) - size, 1)
    noise_px = max(CLICK_PX / np.sqrt(2), float(np.sqrt(left @ left / freedom)))
    variance = np.linalg.pinv(slope.T @ slope, rcond=1e-14) * noise_px**2
    # What the eye's place, its height and the tilt do when the parameters change.
    place, tilt = np.empty((3, size)), np.empty(size)
    for at in range(size):
        change = np.eye(size)[at] * 1e-6
        ahead, behind = (_changed(camera, sign * change) for sign in (1, -1))
        place[:, at] = (eye_m(ahead) - eye_m(behind)) / 2e-6
        tilt[at] = (tilt_deg(ahead) - tilt_deg(behind)) / 2e-6
    of_place = place @ variance @ place.T
    return Spread(
        focal_px=float(camera.focal_px.mean() * np.sqrt(variance[6, 6])) if refine_focal else 0.0,
        place_m=float(np.sqrt(np.trace(of_place))),
        height_m=float(np.sqrt(of_place[1, 1])),
        tilt_deg=float(np.sqrt(tilt @ variance @ tilt)),
    )


def _doubts(found: Calibration, points_m: ndarray, lens: Camera, *, refine_focal: bool) -> list[str]:
    doubts = []
    camera, error = found.camera, found.error_px
    culprit = _culprit(found, points_m, refine_focal=refine_focal)
    if culprit is not None:
        at, without = culprit
        name = found.names[at]
        doubts.append(
            f"{_capital(name)} does not fit: without it the error is {without:.1f} px instead of {error:.1f}."
        )
    elif error > _far_off_px(camera):
        name = found.names[found.worst]
        doubts.append(f"The error is large; {name} is off most, by {found.errors_px[found.worst]:.0f} px.")
    if refine_focal and found.spread.focal_px > FOCAL_DOUBTFUL * camera.focal_px.mean():
        share = 100 * found.spread.focal_px / camera.focal_px.mean()
        doubts.append(f"The focal length is sure to {share:.0f} % only: points at other depths would tell it better.")
    if not refine_focal and lens.estimated:
        doubts.append("A usual lens is taken for granted, so distances are an estimate.")
    if abs(roll_deg(camera)) > 100:
        doubts.append("The camera would hang upside down: are top and bottom swapped?")
    if eye_m(camera)[1] < -0.05 and np.abs(points_m[:, 1]).min() < 0.05:
        doubts.append("The camera would stand under the floor: are two sides swapped?")
    return doubts


def _culprit(found: Calibration, points_m: ndarray, *, refine_focal: bool) -> tuple[int, float] | None:
    """The one point without which the rest agree far better, and their error then."""
    least = LEAST_POINTS if refine_focal else LEAST_POINTS_KNOWN
    if len(found.seen_px) <= least or found.errors_px.max() < 3 * CLICK_PX:
        return None
    errors = []
    for at in range(len(found.seen_px)):
        kept = np.arange(len(found.seen_px)) != at
        again = _refined(found.camera, found.seen_px[kept], points_m[kept], refine_focal=refine_focal)
        errors.append(_error(again, found.seen_px[kept], points_m[kept]))
    at = int(np.argmin(errors))
    others = min(each for place, each in zip(count(), errors, strict=False) if place != at)
    return (at, errors[at]) if errors[at] < 0.4 * min(found.error_px, others * 1.2) else None


def _other_pose(found: Calibration, points_m: ndarray, plane: _Plane | None) -> list[str]:
    """A small plane far away can be leant two ways that look nearly alike."""
    if plane is None:
        return []
    straight = replace(found.camera)
    poses = [each for each in _poses(found.seen_px, points_m, straight, on_plane=True) if _all_before(each, points_m)]
    refined = [_refined(each, found.seen_px, points_m, refine_focal=False) for each in poses]
    here = eye_m(found.camera)
    reach = float(np.linalg.norm(here - points_m.mean(0)))
    apart = [each for each in refined if np.linalg.norm(eye_m(each) - here) > 0.1 * reach]
    alike = [each for each in apart if _error(each, found.seen_px, points_m) < 1.5 * max(found.error_px, CLICK_PX / 2)]
    if not alike:
        return []
    x, y, z = eye_m(alike[0])
    return [f"Another place fits nearly as well: {x:.1f}, {y:.1f}, {z:.1f} m. A point off the plane would decide."]


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
