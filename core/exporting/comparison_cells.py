"""The people of a comparison as small pictures: over the clip's video or on plain ground, as joints, bodies or both.

    with People(store, comparison, look) as people:
        pixels = people.foreseen(column, step, width, height)        # RGB
        pixels = people.came(step, width, height)

What came is solid and neutral, in its own frame of the video; forecasts are dashed, in their run's colour, over the
last frame that was seen, since their neck stands where it was seen there. All are at one scale with the neck at one
place, so that poses can be compared at a glance. Bodies are fitted here (core.fit_answers), where there is a lens.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from jaxtyping import Bool, Float, UInt8
from numpy import ndarray

from core.bodies import library
from core.bodies.skeletons import UPPER_BODY_9
from core.comparisons import TRUTH_COLOURS, Comparison, on_ground
from core.fit_answers import answer_fit
from core.fits import AskFit, Fitted, FittedPose, PoseToFit, view_of
from core.footage import has_video
from core.forecast_alignment import poses_over_time, what_came
from core.forecast_cameras import lens_camera, standing_where_seen
from core.forecasts import Forecast, ForecastStep
from core.geometry.cameras import Camera, resized
from core.geometry.rotations import matrices
from core.motion import Poses2d
from core.opencv import cv2
from core.project.annotations import Clip
from core.project.cameras import camera_of
from core.project.joints import nine_in
from core.project.store import ProjectStore
from core.rendering.contents import DARK, LIGHT, SceneBody
from core.rendering.offscreen import rgb
from core.rendering.overlay import draw_skeleton
from core.rendering.overlay_body import CutOut, CutOuts
from core.rendering.paper import DARK_PAGE, WHITE, Ink
from core.video import Video, open_video

Rgb = UInt8[ndarray, "height width 3"]
Joints = Float[ndarray, "9 2"]
_NECK = UPPER_BODY_9["neck"]
_MARGIN = 0.3
"""Round the widest pose, in shares of its reach."""
_HEAD = 0.55
"""A head stands so far over the neck at least, in shares of how far a pose hangs below it."""
_VEIL, _TRUE_VEIL, _PAST_VEIL = 0.38, 0.12, 0.25
_LEAST_REACH_PX = 24.0
_GREY_BODY = "#aeb2bb"
_THICK = 1 / 62
"""Lines grow with a cell: one pixel of the studio's for so much of its height."""


@dataclass(frozen=True)
class Look:
    """How people are drawn."""

    over: Literal["frame", "plain", "both"] = "frame"
    people: Literal["joints", "body", "both"] = "both"
    body: str = ""
    ground: Literal["light", "dark"] = "light"

    @property
    def ink(self) -> Ink:
        return DARK_PAGE if self.ground == "dark" else WHITE


@dataclass(frozen=True)
class _Standing:
    """A body and the camera that sees it where it stands."""

    body: SceneBody
    camera: Camera


class People:
    """Draws cells of one comparison. A context manager: it holds a video and a 3D window."""

    def __init__(self, store: ProjectStore, comparison: Comparison, look: Look) -> None:
        self.clip: Clip = store.project.clips[comparison.clip_id]
        self.comparison, self.look = comparison, look
        self.forecasts = [each.forecast for each in comparison.compared]
        self._camera = camera_of(store.project, self.clip)
        self._tracks: Poses2d | None = store.tracks(self.clip.tracks) if self.clip.tracks else None
        self._held = ExitStack()
        self._video: Video | None = None
        if has_video(store, self.clip):
            self._video = self._held.enter_context(open_video(store.video_path(self.clip)))
        self._cuts: CutOuts | None = None
        self._fits: dict[tuple, SceneBody | None] = {}
        self._still: tuple[int, Rgb] | None = None
        self._aside_px, self._above_px, self._below_px = _reaches(self.forecasts)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()
        if self._cuts is not None:
            self._cuts.close()

    @property
    def has_video(self) -> bool:
        return self._video is not None

    @property
    def body_key(self) -> str:
        return self.look.body or library.DEFAULT_KEY

    @property
    def shows_bodies(self) -> bool:
        """Whether there are bodies at all: without a lens nobody knows where they stand."""
        return self.look.people != "joints" and any(each.lens is not None for each in self.forecasts)

    @property
    def last_seen_frame(self) -> int:
        """The frame that forecasts are drawn over."""
        seen = self.forecasts[0].seen_frames
        return seen[-1] if seen else self.forecasts[0].at_frame

    def colour_of(self, column: int, *, is_dark: bool | None = None) -> str:
        dark = self.look.ground == "dark" if is_dark is None else is_dark
        return on_ground(self.comparison.compared[column].colour, is_dark=dark)

    # ---- cells ----

    def foreseen(self, column: int, step: ForecastStep, width: int, height: int) -> Rgb:
        """A step as one of them foresees it."""
        joints_px = np.asarray(step.joints_px, float)
        standing = self._foreseen_body(column, step)
        seen = np.ones(len(UPPER_BODY_9), bool)
        colours = self.colour_of(column, is_dark=True), self.colour_of(column)
        return self._cell(self.last_seen_frame, _VEIL, joints_px, seen, standing, colours, width, height, dashed=True)

    def posed(self, column: int, joints_px: Joints, frame: int, width: int, height: int) -> Rgb:
        """A forecast's pose at any moment as joints, over the last frame seen; for films."""
        colours = self.colour_of(column, is_dark=True), self.colour_of(column)
        seen = np.asarray(np.isfinite(joints_px).all(-1))
        return self._cell(frame, _VEIL, joints_px, seen, None, colours, width, height, dashed=True)

    def came(self, step: ForecastStep, width: int, height: int) -> Rgb:
        """A step as it came."""
        if step.truth_px is None or step.truth_frame is None:
            return self._ground(width, height)
        joints_px, seen = np.asarray(step.truth_px, float), _seen_of(step)
        standing = self._true_body(step)
        return self._cell(
            step.truth_frame, _TRUE_VEIL, joints_px, seen, standing, TRUTH_COLOURS, width, height, dashed=False
        )

    def seen(self, frame: int, width: int, height: int) -> Rgb:
        """A frame that was looked at, grey, with the joints found in it."""
        found = self.found_in(frame)
        joints_px, seen = found if found is not None else (self._neck_only(), np.zeros(len(UPPER_BODY_9), bool))
        corner, scale = self._crop(joints_px, seen, width, height)
        picture = self._frame(frame, corner, scale, width, height, _PAST_VEIL)
        if self._video is not None:
            picture = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        is_dark = self.has_video or self.look.ground == "dark"
        pale = "#b9bcc4" if is_dark else "#8b909b"
        self._joints(picture, joints_px, seen, pale, corner, scale, on_video=self.has_video, dashed=False)
        return picture

    def found_in(self, frame: int) -> tuple[Joints, Bool[ndarray, " 9"]] | None:
        """What the clip's tracks have of its actor in a frame; with several people, of the one who stands first."""
        if self._tracks is None or not 0 <= frame < len(self._tracks):
            return None
        track = next((actor.track for actor in self.clip.actors if actor.track is not None), 0)
        if track >= self._tracks.people:
            return None
        return nine_in(self._tracks, self.clip, frame, track)

    def true_cell(self, frame: int, width: int, height: int) -> Rgb:
        """A frame of what came with the joints found in it; for films."""
        found = self.found_in(frame)
        joints_px, seen = found if found is not None else (self._neck_only(), np.zeros(len(UPPER_BODY_9), bool))
        return self._cell(frame, _TRUE_VEIL, joints_px, seen, None, TRUTH_COLOURS, width, height, dashed=False)

    def _cell(
        self, frame: int, veil: float, joints_px: Joints, seen: Bool[ndarray, " 9"], standing: _Standing | None,
        colours: tuple[str, str], width: int, height: int, *, dashed: bool,
    ) -> Rgb:  # fmt: skip
        """One cell; `colours` are those over the video (and on dark ground), and on this page's own ground."""
        over, people = self.look.over, self.look.people
        if over == "both" and self.has_video:
            gap = max(round(width / 60), 2)
            left, right = (width - gap) // 2, width - gap - (width - gap) // 2
            frame_half = self._one(frame, veil, joints_px, seen, None, colours, left, height, over_video=True,
                                   joints=True, dashed=dashed)  # fmt: skip
            plain_half = self._one(frame, veil, joints_px, seen, standing, colours, right, height, over_video=False,
                                   joints=people != "body" and standing is None, dashed=dashed)  # fmt: skip
            between = np.empty((height, gap, 3), np.uint8)
            between[:] = rgb(self.look.ink.ground)
            return np.concatenate([frame_half, between, plain_half], axis=1)
        joints = people != "body" or standing is None
        over_video = over != "plain" and self.has_video
        return self._one(frame, veil, joints_px, seen, standing, colours, width, height, over_video=over_video,
                         joints=joints, dashed=dashed)  # fmt: skip

    def _one(
        self, frame: int, veil: float, joints_px: Joints, seen: Bool[ndarray, " 9"], standing: _Standing | None,
        colours: tuple[str, str], width: int, height: int, *, over_video: bool, joints: bool, dashed: bool,
    ) -> Rgb:  # fmt: skip
        corner, scale = self._crop(joints_px, seen, width, height, inside=over_video)
        picture = self._frame(frame, corner, scale, width, height, veil) if over_video else self._ground(width, height)
        if standing is not None:
            # Shaded, a colour made for words on paper is too dark: bodies keep the screen's, what came a middle grey.
            is_pale = colours == TRUTH_COLOURS and not over_video and self.look.ground == "light"
            self._draw_body(picture, standing, _GREY_BODY if is_pale else colours[0], corner, scale)
        if joints:
            colour = colours[0] if over_video else colours[1]
            self._joints(picture, joints_px, seen, colour, corner, scale, on_video=over_video, dashed=dashed)
        return picture

    # ---- parts of a cell ----

    def _ground(self, width: int, height: int) -> Rgb:
        picture = np.empty((height, width, 3), np.uint8)
        picture[:] = rgb(self.look.ink.plate)
        return picture

    def _frame(self, frame: int, corner: ndarray, scale: float, width: int, height: int, veil: float) -> Rgb:
        """The part of a video frame, darker by `veil`; plain ground where there is no video."""
        if self._video is None:
            return self._ground(width, height)
        if self._still is None or self._still[0] != frame:
            self._still = frame, self._video.frame(min(max(frame, 0), len(self._video) - 1))
        picture, smaller = self._still[1], 1.0
        if scale < 0.6:
            smaller = scale
            picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        # Pixels count from their centres: (place + 0.5) · smaller - 0.5 is where one lies in the smaller picture.
        step = scale / smaller
        shift = 0.5 * step - 0.5 - (corner + 0.5) * scale
        way = np.array([[step, 0, shift[0]], [0, step, shift[1]]])
        drawn = cv2.warpAffine(picture, way, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT,
                               borderValue=rgb(self.look.ink.plate))  # fmt: skip
        ground = np.array(rgb("#0a0b0d"), np.float32)
        return (drawn + veil * (ground - drawn) + 0.5).astype(np.uint8)

    def _joints(
        self, picture: Rgb, joints_px: Joints, seen: Bool[ndarray, " 9"], colour: str, corner: ndarray, scale: float,
        *, on_video: bool, dashed: bool,
    ) -> None:  # fmt: skip
        is_dark = on_video or self.look.ground == "dark"
        places = (joints_px - corner) * scale - 0.5
        thick = max(picture.shape[0] * _THICK / 2, 0.8)
        draw_skeleton(
            picture, UPPER_BODY_9, places, seen, bones=colour, dashed=dashed,
            sides=(DARK if is_dark else LIGHT).sides, scale=thick, with_rim=on_video,
        )  # fmt: skip

    def _draw_body(self, picture: Rgb, standing: _Standing, colour: str, corner: ndarray, scale: float) -> None:
        camera = standing.camera
        wide, high = round(camera.width * scale), round(camera.height * scale)
        if self._cuts is None:
            self._cuts = CutOuts(DARK if self.look.ground == "dark" else LIGHT)
        body = SceneBody(standing.body.vertices_m, standing.body.faces, colour)
        cut = self._cuts.cut_out([body], [], resized(camera, wide, high))
        _lay(picture, cut, *(round(float(each)) for each in -(corner + 0.5) * scale))

    def _crop(
        self, joints_px: Joints, seen: Bool[ndarray, " 9"], width: int, height: int, *, inside: bool = True
    ) -> tuple[Float[ndarray, " 2"], float]:
        """The top left corner of the part of the picture that is shown, and how much larger it is drawn."""
        aspect, high = width / height, (self._above_px + self._below_px) * (1 + _MARGIN)
        wide = max(2 * self._aside_px * (1 + _MARGIN), high * aspect)
        neck = joints_px[_NECK] if seen[_NECK] or not seen.any() else joints_px[seen].mean(0)
        if not np.isfinite(neck).all():
            neck = self._neck_only()[_NECK]
        video = np.array([self.clip.video.width, self.clip.video.height], float)
        if inside and self._video is not None:
            wide = min(wide, float(video[0]), float(video[1]) * aspect)
        size = np.array([wide, wide / aspect])
        above = self._above_px / (self._above_px + self._below_px)
        corner = np.array([neck[0] - size[0] / 2, neck[1] - above * size[1]])
        if inside and self._video is not None:
            corner = np.clip(corner, -0.5, np.maximum(video - size - 0.5, -0.5))
        return corner, width / float(size[0])

    def _neck_only(self) -> Joints:
        """Every joint where the forecasts' neck is: the middle of a crop around nobody."""
        for forecast in self.forecasts:
            if forecast.steps:
                return np.repeat(np.asarray(forecast.steps[0].joints_px, float)[_NECK : _NECK + 1], 9, axis=0)
        return np.full((9, 2), [self.clip.video.width / 2, self.clip.video.height / 2])

    # ---- bodies ----

    def _foreseen_body(self, column: int, step: ForecastStep) -> _Standing | None:
        forecast = self.forecasts[column]
        if not self.shows_bodies or forecast.lens is None:
            return None
        body = self._fitted_in_space(forecast, step.joints_m, ("foreseen", column))
        return None if body is None else _Standing(body, lens_camera(forecast.lens, self._camera))

    def _true_body(self, step: ForecastStep) -> _Standing | None:
        if not self.shows_bodies or step.truth_px is None:
            return None
        seen, lens = _seen_of(step), next((each.lens for each in self.forecasts if each.lens is not None), None)
        seen_px = np.asarray(step.truth_px, float)
        if step.truth_m is not None and lens is not None and seen[_NECK]:
            body = self._fitted_in_space(None, step.truth_m, ("came",))
            camera = standing_where_seen(
                lens_camera(lens, self._camera), np.asarray(step.truth_m, float), seen_px, seen
            )
            return None if body is None else _Standing(body, camera)
        places = np.where(seen[:, None], seen_px, 0.0)
        pose = PoseToFit(joints=_rows(places), seen=tuple(map(bool, seen)))
        key = ("seen", pose)
        if key not in self._fits:
            asked = AskFit(number=0, body=self.body_key, skeleton=UPPER_BODY_9.name, poses=(pose,),
                           view=view_of(self._camera))  # fmt: skip
            self._fits[key] = _meshes(answer_fit(asked), self.body_key)[0]
        body = self._fits[key]
        return None if body is None else _Standing(body, self._camera)

    def _fitted_in_space(self, forecast: Forecast | None, joints_m: tuple, of: tuple) -> SceneBody | None:
        """The body of one pose; all of a forecast are fitted together, since they are of one person."""
        if (*of, joints_m) not in self._fits:
            if forecast is not None:
                rows = [step.joints_m for step in forecast.steps]
            else:
                rows = [step.truth_m for step in what_came(self.forecasts) if step.truth_m is not None]
            rows = list(dict.fromkeys([*rows, joints_m]))
            poses = tuple(PoseToFit(joints=_rows(row), seen=(True,) * len(row)) for row in rows)
            asked = AskFit(
                number=0, body=self.body_key, skeleton=UPPER_BODY_9.name, poses=poses, is_one_person=True
            )  # fmt: skip
            for row, mesh in zip(rows, _meshes(answer_fit(asked), self.body_key), strict=True):
                self._fits[(*of, row)] = mesh
        return self._fits[(*of, joints_m)]


def moving_poses(people: People, column: int, seconds: Float[ndarray, " T"]) -> Float[ndarray, "T 9 2"]:
    """A forecast's joints at any time after the moment, pixels, drawn at the neck that was seen last."""
    forecast = people.forecasts[column]
    start = people.found_in(people.last_seen_frame)
    start_px = None
    if start is not None and start[1].all():
        start_px = start[0]
    centred = poses_over_time(forecast, seconds, start_px)
    neck = np.asarray(forecast.steps[0].joints_px, float)[_NECK] if forecast.steps else np.zeros(2)
    return centred + neck


def _seen_of(step: ForecastStep) -> Bool[ndarray, " 9"]:
    return np.array(step.truth_seen if step.truth_seen is not None else (True,) * len(UPPER_BODY_9), bool)


def _rows(points: ndarray | tuple) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(part) for part in row) for row in points)


def _lay(picture: Rgb, cut: CutOut, left: int, top: int) -> None:
    """A cut-out over the picture, moved by so many pixels; what reaches out of the picture is cut."""
    left, top = left + cut.left, top + cut.top
    rows = slice(max(top, 0), min(top + cut.pixels.shape[0], picture.shape[0]))
    columns = slice(max(left, 0), min(left + cut.pixels.shape[1], picture.shape[1]))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    part = cut.pixels[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    under, share = picture[rows, columns], part[..., 3:].astype(np.float32) / 255
    under[:] = (under + share * (part[..., :3].astype(np.float32) - under) + 0.5).astype(np.uint8)


def _reaches(forecasts: Sequence[Forecast]) -> tuple[float, float, float]:
    """How far from the neck the widest pose reaches: to the side, above and below, pixels."""
    offsets = [
        np.asarray(step.joints_px) - np.asarray(step.joints_px)[_NECK]
        for forecast in forecasts
        for step in forecast.steps
    ]
    for step in what_came(forecasts):
        seen = _seen_of(step)
        if step.truth_px is not None and seen[_NECK]:
            true_px = np.asarray(step.truth_px)
            offsets.append(true_px[seen] - true_px[_NECK])
    every = np.concatenate(offsets) if offsets else np.zeros((1, 2))
    aside = max(float(np.abs(every[:, 0]).max()), _LEAST_REACH_PX)
    below = max(float(every[:, 1].max()), _LEAST_REACH_PX)
    return aside, max(float(-every[:, 1].min()), _HEAD * below), below


def _meshes(fitted: Fitted, body_key: str) -> list[SceneBody | None]:
    body = library.body(body_key)

    def mesh(pose: FittedPose) -> SceneBody:
        figure = body.shaped(np.array(pose.betas, np.float32))
        turns = matrices(np.array(pose.rotations, np.float64).reshape(-1, 3)).astype(np.float32)
        return SceneBody(figure.pose(turns, np.array(pose.translation_m, np.float32)), figure.faces, "#dadce1")

    return [None if pose is None else mesh(pose) for pose in fitted.poses]
