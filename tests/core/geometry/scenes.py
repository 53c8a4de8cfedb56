"""Rooms, boards and people before a known camera, for the tests of calibration."""

from dataclasses import replace
from functools import cache

import numpy as np

from core.geometry.calibration_people import ANKLES, HEAD, Upright
from core.geometry.cameras import Camera, estimated_camera, pinhole, project, to_camera, undistort
from core.geometry.rooms import Box, Opening, Room
from core.geometry.rotations import about_x, about_y, about_z

KITCHEN = Room(4.0, 3.0, 2.5, (Box("worktop", 0.5, 0.0, 2.0, 0.6, 0.9),), (Opening("door", "left", 1.0, 0.9, 2.0),))


def camera_at(
    eye=(1.5, 1.6, 4.5), *, tilt_deg=15.0, heading_deg=5.0, roll_deg=0.0, focal=1500.0, size=(1920, 1080), lens=()
) -> Camera:
    """A camera that stands at `eye` and looks along −z, down by `tilt_deg`."""
    rotation = (
        about_z(np.deg2rad(roll_deg)) @ about_x(np.deg2rad(tilt_deg))
        @ np.diag([1.0, -1.0, -1.0]) @ about_y(np.deg2rad(heading_deg))
    )  # fmt: skip
    return replace(
        estimated_camera(*size),
        rotation=rotation,
        translation_m=-rotation @ np.array(eye, float),
        focal_px=np.array([focal, focal], float),
        distortion=np.pad(np.array(lens, float), (0, 5 - len(lens))) if len(lens) <= 5 else np.array(lens, float),
        estimated=False,
    )


def seen(camera: Camera, points_m, names=()):
    """Of world points those that the camera sees: pixels, places and names."""
    points_m = np.asarray(points_m, float)
    pixels = project(points_m, camera)
    inside = (to_camera(points_m, camera)[:, 2] > 0.1) & (pixels > 0).all(1)
    inside &= (pixels < [camera.width, camera.height]).all(1)
    return pixels[inside], points_m[inside], tuple(name for name, shown in zip(names, inside, strict=False) if shown)


def seen_of(camera: Camera, room: Room = KITCHEN):
    names = tuple(room.points_m())
    return seen(camera, room.place_of(names), names)


def board_picture(camera: Camera, axes, place_m, corners=(9, 6), square_m=0.025) -> np.ndarray:
    """A chessboard seen through `camera`'s lens; `axes` and `place_m` in camera axes, its first corner at the place."""
    fine = 2
    lens = (camera.width, camera.height, *camera.focal_px, *camera.centre_px, *camera.distortion)
    rays = _rays(fine, *(float(each) for each in lens))
    normal = axes[:, 2]
    reach = (normal @ place_m) / (rays @ normal)
    on_board = (rays * reach[..., None] - place_m) @ axes / square_m
    column, row = np.floor(on_board[..., 0]).astype(int), np.floor(on_board[..., 1]).astype(int)
    squares = (column >= -1) & (column < corners[0]) & (row >= -1) & (row < corners[1])
    paper = (np.abs(on_board[..., :2] - (np.array(corners) - 1) / 2) < (np.array(corners) + 2.2) / 2).all(-1)
    grey = np.where(paper, 235.0, 110.0)
    grey[squares & ((column + row) % 2 == 0)] = 25.0
    grey = grey.reshape(camera.height, fine, camera.width, fine).mean((1, 3))
    return np.repeat(grey.round().astype(np.uint8)[..., None], 3, 2)


@cache
def _rays(fine, width, height, fx, fy, cx, cy, *distortion) -> np.ndarray:
    """Where every part of a pixel looks, at depth 1."""
    size = int(width), int(height)
    camera = replace(
        estimated_camera(*size), focal_px=np.array([fx, fy]), centre_px=np.array([cx, cy]),
        distortion=np.array(distortion),
    )  # fmt: skip
    down, across = np.mgrid[0 : size[1] * fine, 0 : size[0] * fine]
    pixels = np.stack([(across + 0.5) / fine - 0.5, (down + 0.5) / fine - 0.5], -1).astype(float)
    flat = (undistort(pixels, camera) - camera.centre_px) / camera.focal_px
    return np.concatenate([flat, np.ones((*flat.shape[:2], 1))], -1)


def board_views(camera: Camera, count: int, *, seed=0, lean=0.6):
    """(name, picture) of a board held at several places, leant up to `lean` radians."""
    random = np.random.default_rng(seed)
    views = []
    for number in range(count):
        axes = (
            about_x(random.uniform(-lean, lean))
            @ about_y(random.uniform(-lean, lean))
            @ about_z(random.uniform(-0.3, 0.3))
        )
        middle = np.array([random.uniform(-0.2, 0.2), random.uniform(-0.1, 0.1), random.uniform(0.5, 0.75)])
        views.append((f"view {number}", board_picture(camera, axes, middle - axes @ [0.1, 0.0625, 0])))
    return views


def upright_people(camera: Camera, near_m, far_m, *, people=2, sightings=50, seed=0, height_m=1.70):
    """People who stand about at these distances, a little bent as people are, of a little different heights."""
    random = np.random.default_rng(seed)
    found = []
    for number in range(people):
        stature = height_m * np.exp(random.normal(0, 0.03))
        z = -random.uniform(near_m, far_m, sightings)
        x = -z * random.uniform(-0.3, 0.3, sightings)
        lean = random.normal(0, 0.015 * stature, (sightings, 2))
        feet = np.stack([x, np.full(sightings, ANKLES * stature), z], 1)
        heads = np.stack([x + lean[:, 0], np.full(sightings, HEAD * stature), z + lean[:, 1]], 1)
        ahead = (to_camera(feet, camera)[:, 2] > 0.3) & (to_camera(heads, camera)[:, 2] > 0.3)
        ankles_px, head_px = (pinhole(to_camera(each, camera), camera) for each in (feet, heads))
        size = [camera.width, camera.height]
        inside = ahead & ((ankles_px > 0) & (ankles_px < size) & (head_px > 0) & (head_px < size)).all(1)
        noise = random.normal(0, 2.0, (2, int(inside.sum()), 2))
        found.append(Upright(ankles_px[inside] + noise[0], head_px[inside] + noise[1], f"person {number + 1}"))
    return found
