"""What a view shows as files: a PNG, with or without a ground, and an MP4 or GIF of a stretch or of a turntable.

    save_picture(path, shot, said, 1600, 1200, transparent=True)
    yield from film(path, shot, said, 1280, 720)                  # frames drawn so far
    yield from turntable(path, shot, said, 720, 720, seconds=6)

A file appears when it is complete; closing a generator before that leaves nothing. A film shows the scene's frames at
their own rate: of faster ones every second or third, slow ones (the steps of a forecast) held; nothing is made up
between them. A turntable goes round the people once, at the moment in front, and ends where it begins. Over the frame
a film shows the clip's own video, at its own size or smaller. Sizes are pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray

from core.bodies.library import body
from core.errors import FileError
from core.formats.provenance import Provenance
from core.geometry.cameras import Camera
from core.opencv import cv2
from core.rendering.contents import TRAIL_S, Contents, SceneTrail, floor_under, points_of
from core.rendering.moving import FindBody, MovingScene, Poser, Shot
from core.rendering.views import Orbit, View
from core.runs import Progress
from core.video import write_video
from core.video.gifs import refuse_large, write_gif
from core.whole_files import whole_file

if TYPE_CHECKING:
    from core.rendering.over_frame import FramePainter
    from core.rendering.scene import Scene

Rgb = UInt8[ndarray, "height width 3"]
Rgba = UInt8[ndarray, "height width 4"]

LEAST_SIDE_PX, MOST_SIDE_PX = 16, 8192
FASTEST_HZ = {".mp4": 60.0, ".gif": 30.0}
SLOWEST_HZ = 10.0
"""Scenes slower than this are steps; each is held."""
HELD_RATE_HZ = TURNING_RATE_HZ = 25.0
CRF = 16
FITTED_COLOURS = ("#dadce1", "#4fc7cf", "#e887b6", "#e3c552", "#9fd36e", "#b49bff")
"""Of people who were fitted to what was seen, in the order of the tracks: neutral, then as runs are coloured."""
_SAMPLES = 16
_ENDS = tuple(f"{side}_{end}" for side in ("left", "right") for end in ("hand", "wrist", "ankle"))


class ShotPainter:
    """Draws frames of a shot at one size. A context manager: it holds a 3D window and perhaps a video."""

    def __init__(self, shot: Shot, width: int, height: int, find_body: FindBody = body) -> None:
        self.shot, self._width, self._height = shot, width, height
        self._poser = Poser(shot.scene, find_body)
        self._scene: Scene | None = None
        self._frames: FramePainter | None = None
        self._posed: tuple[int, Contents] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._scene is not None:
            self._scene.close()
        if self._frames is not None:
            self._frames.close()

    def in_space(self, frame: int, view: View | None = None, *, transparent: bool = False) -> Rgba:
        """A frame of the scene, from the shot's view or another."""
        from core.rendering.overlay import write_labels
        from core.rendering.scene import Scene

        if self._scene is None:
            self._scene = Scene(self._width, self._height, self.shot.colours)
        scene = self._scene
        contents = self.contents(frame)
        scene.show(replace(contents, grid=contents.grid and not transparent))
        seen_from = view or self._following(frame)
        scene.view = seen_from.over(contents.ground_m) if isinstance(seen_from, Orbit) else seen_from
        picture = scene.picture(transparent=transparent)
        if self.shot.labels:
            write_labels(picture, scene.labels(), self.shot.colours.words)
        return picture

    def over_frame(self, frame: int) -> Rgb:
        """The clip's picture with everybody in front of it or beside it, at most as large as this painter's size."""
        from core.rendering.over_frame import FramePainter

        if self._frames is None:
            self._frames = FramePainter(self.shot, self._poser)
        drawn = self._frames.picture(frame)
        # With a panel beside it the picture is wider than was asked: the height is what counts.
        share = min(self._height / drawn.shape[0], 1.0)
        if not self.shot.beside:
            share = min(share, self._width / drawn.shape[1])
        if share < 1:
            drawn = cv2.resize(drawn, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        # A film's sides are even; the last row or column of an odd one is left out.
        return np.ascontiguousarray(drawn[: drawn.shape[0] // 2 * 2, : drawn.shape[1] // 2 * 2])

    def contents(self, frame: int) -> Contents:
        """What stands there in a frame, as the shot wants it shown."""
        if self._posed is None or self._posed[0] != frame:
            self._posed = frame, self._pose(frame)
        return self._posed[1]

    def _pose(self, frame: int) -> Contents:
        bodies, skeletons = self._poser.at(frame)
        if not self.shot.labels:
            bodies = [replace(each, label="") for each in bodies]
            skeletons = [replace(each, label="") for each in skeletons]
        shown, ground_m = self.shot.scene, self.shot.scene.ground_m
        return Contents(
            bodies=tuple(bodies),
            skeletons=tuple(skeletons),
            trails=self._trails(frame) if self.shot.trails else (),
            ground_m=floor_under(bodies, ground_m) if shown.is_floor_under_feet else ground_m,
            grid=self.shot.grid,
            shadows=self.shot.shadows,
        )

    def _following(self, frame: int) -> View:
        """The shot's view, gone along with whom it follows."""
        view = self.shot.view
        if isinstance(view, Camera) or view.followed_m is None:
            return view
        now_m, then_m = self._poser.places_m(frame), self._poser.places_m(self.shot.at)
        away_m = np.linalg.norm(then_m - np.array(view.followed_m), axis=1)
        who = int(np.nanargmin(away_m)) if np.isfinite(away_m).any() else 0
        moved_m = now_m[who] - then_m[who]
        return view.following(np.array(view.followed_m) + moved_m)

    def _trails(self, frame: int) -> tuple[SceneTrail, ...]:
        first = max(0, frame - round(TRAIL_S * self.shot.scene.rate_hz))
        if first == frame:
            return ()
        trails = []
        for at, each in enumerate(self.shot.scene.bodies):
            if not each.is_ghost and all(each.is_there(past) for past in range(first, frame + 1)):
                ends_m = np.stack([self._poser.ends_m(at, past) for past in range(first, frame + 1)], axis=1)
                trails += [SceneTrail(points_m, each.colour) for points_m in ends_m]
        for each in self.shot.scene.skeletons:
            for joint in _ENDS:
                if joint in each.skeleton.joints:
                    points_m = each.joints_m[first : frame + 1, each.skeleton[joint]]
                    if np.isfinite(points_m).all():
                        trails.append(
                            SceneTrail(points_m, each.colour or self.shot.colours.sides.of(joint.partition("_")[0]))
                        )
        return tuple(trails)


# ---- one picture ----------------------------------------------------------------------------------------------------


def save_picture(
    path: Path,
    shot: Shot,
    said: Provenance,
    width: int,
    height: int,
    *,
    transparent: bool = False,
    over: bool = False,
    find_body: FindBody = body,
) -> None:
    """The moment in front as a PNG that says whose it is; `over` draws it on the clip's frame."""
    _refuse(path, shot, width, height, over=over)
    with ShotPainter(shot, width, height, find_body) as painter:
        picture = painter.over_frame(shot.at) if over else painter.in_space(shot.at, transparent=transparent)
    write_png(path, picture if transparent and not over else picture[..., :3], said)


def write_png(path: Path, picture: Rgb | Rgba, said: Provenance | None = None) -> None:
    """A PNG; its text chunks say whose it is, where there is something to say."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    words = PngInfo()
    if said is not None:
        texts = {"Title": said.title, "Copyright": said.terms, "Comment": said.note, "Software": said.made_by}
        for key, text in texts.items():
            if text:
                words.add_text(key, text)
    with whole_file(path) as beside:
        Image.fromarray(np.ascontiguousarray(picture)).save(beside, format="PNG", pnginfo=words)


# ---- films ----------------------------------------------------------------------------------------------------------


def film(
    path: Path,
    shot: Shot,
    said: Provenance,
    width: int,
    height: int,
    *,
    start: int = 0,
    end: int | None = None,
    over: bool = False,
    find_body: FindBody = body,
) -> Generator[Progress, None, int]:
    """Frames `start` … `end` - 1 of the scene as .mp4 or .gif; how many frames the film has."""
    _refuse(path, shot, width, height, over=over)
    last = len(shot.scene) if end is None else end
    if not 0 <= start < last <= len(shot.scene):
        raise FileError(path, f"there are no frames from {start} to {last}", hint=f"The scene has {len(shot.scene)}.")
    rate_hz, shown = timing(shot.scene.rate_hz, start, last, FASTEST_HZ[_ending(path)])
    with ShotPainter(shot, width, height, find_body) as painter:
        drawn: tuple[int, Rgb] | None = None

        def picture(at: int) -> Rgb:
            nonlocal drawn
            if drawn is None or drawn[0] != shown[at]:
                now = painter.over_frame(shown[at]) if over else painter.in_space(shown[at])[..., :3]
                drawn = shown[at], now
            return drawn[1]

        return (yield from _write(path, picture, len(shown), rate_hz, said))


def turntable(
    path: Path,
    shot: Shot,
    said: Provenance,
    width: int,
    height: int,
    *,
    seconds: float = 6.0,
    find_body: FindBody = body,
) -> Generator[Progress, None, int]:
    """Once round the moment in front as .mp4 or .gif; it plays on where it began. How many frames it has."""
    _refuse(path, shot, width, height, over=False)
    if not 0.5 <= seconds <= 120:
        raise FileError(path, f"a turn of {seconds:g} s is no use", hint="Choose from half a second to two minutes.")
    count = round(seconds * TURNING_RATE_HZ)
    with ShotPainter(shot, width, height, find_body) as painter:
        contents = painter.contents(shot.at)
        around = turning(shot.view, points_of(contents.bodies, contents.skeletons), width / height)

        def picture(at: int) -> Rgb:
            return painter.in_space(shot.at, turned(around, at, count))[..., :3]

        return (yield from _write(path, picture, count, TURNING_RATE_HZ, said))


def turning(view: View, points_m: Float[ndarray, "points 3"], aspect: float) -> Orbit:
    """A view that holds all these points however far it turns round them, from the height this one looks from."""
    orbit = _as_orbit(view) if isinstance(view, Camera) else view
    low, high = points_m.min(0), points_m.max(0)
    middle = (low + high) / 2
    radius = float(np.linalg.norm(points_m[:, [0, 2]] - middle[[0, 2]], axis=1).max())
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    across = middle[[0, 2]] + radius * np.stack([np.sin(angles), np.cos(angles)], axis=1)
    drum = np.concatenate([np.insert(across, 1, height, axis=1) for height in (low[1], high[1])])
    framed = replace(orbit, focus_m=tuple(float(part) for part in middle), followed_m=None).framing(drum, aspect)
    # What it turns round is the drum's own axis, or the people would swing from side to side.
    focus = (float(middle[0]), framed.focus_m[1], float(middle[2]))
    return replace(framed, focus_m=focus, distance_m=framed.distance_m * _ROOM)


_ROOM = 1.06
"""The focus on the axis is not quite where the framing put it: so much farther away everything still fits."""


def seen_whole(scene: MovingScene, aspect: float, find_body: FindBody = body) -> Orbit:
    """A view in which everybody is to be seen in every frame; `aspect` is width over height."""
    poser = Poser(scene, find_body)
    frames = sorted({round(at) for at in np.linspace(0, len(scene) - 1, min(_SAMPLES, len(scene)))})
    clouds = [points_of(bodies, skeletons) for bodies, skeletons in map(poser.at, frames) if bodies or skeletons]
    points_m = np.concatenate(clouds) if clouds else points_of((), ())
    return Orbit(floor_m=scene.ground_m).framing(points_m, aspect)


def turned(around: Orbit, at: int, count: int) -> Orbit:
    """The view of frame `at` of a turn of `count` frames; frame `count` would be the first again."""
    return replace(around, yaw=around.yaw + 2 * np.pi * (at % count) / count)


def timing(rate_hz: float, start: int, end: int, fastest_hz: float) -> tuple[float, list[int]]:
    """A film's rate, and which frame of the scene each of its frames shows."""
    if rate_hz < SLOWEST_HZ:
        count = max(1, round((end - start) / rate_hz * HELD_RATE_HZ))
        return HELD_RATE_HZ, [start + min(int(at / HELD_RATE_HZ * rate_hz), end - start - 1) for at in range(count)]
    step = int(np.ceil(rate_hz / fastest_hz - 1e-9))
    return rate_hz / step, list(range(start, end, step))


def _write(
    path: Path, picture: Callable[[int], Rgb], count: int, rate_hz: float, said: Provenance
) -> Generator[Progress, None, int]:
    first = picture(0)
    height, width = first.shape[:2]
    if _ending(path) == ".gif":
        refuse_large(path, width, height, count)
        samples = [picture(at) for at in sorted({round(at) for at in np.linspace(0, count - 1, min(_SAMPLES, count))})]
        opened = write_gif(path, rate_hz, width, height, samples, said.sentence())
    else:
        opened = write_video(path, rate_hz, width, height, CRF, comment=said.sentence())
    with opened as out:
        for at in range(count):
            out.add(picture(at))
            yield Progress(at + 1, count, "frame")
    return count


def _refuse(path: Path, shot: Shot, width: int, height: int, *, over: bool) -> None:
    """What cannot be, said before anything is drawn."""
    scene = shot.scene
    if not scene.bodies and not scene.skeletons:
        raise FileError(path, "there is nobody to show", hint="Choose a moment at which somebody is there.")
    if not len(scene) or not 0 <= shot.at < len(scene):
        raise FileError(path, "there is no frame to show", hint="Choose a stretch with at least one frame.")
    if not (LEAST_SIDE_PX <= width <= MOST_SIDE_PX and LEAST_SIDE_PX <= height <= MOST_SIDE_PX):
        sizes = f"Choose {LEAST_SIDE_PX} to {MOST_SIDE_PX} pixels a side."
        raise FileError(path, f"a picture of {width} × {height} pixels cannot be drawn", hint=sizes)
    if over and shot.footage is None:
        raise FileError(path, "there is no video behind these bodies", hint="Show them in space.")


def _ending(path: Path) -> str:
    ending = path.suffix.lower()
    if ending not in FASTEST_HZ:
        raise FileError(path, f"a film does not end in {ending or 'nothing'}", hint="Use .mp4 or .gif.")
    return ending


def _as_orbit(camera: Camera) -> Orbit:
    """From where a camera looks, as an orbit."""
    back = -camera.rotation[2]
    yaw, pitch = float(np.arctan2(back[0], back[2])), float(np.arcsin(np.clip(back[1], -1, 1)))
    return Orbit(yaw=yaw, pitch=pitch, floor_m=None)
