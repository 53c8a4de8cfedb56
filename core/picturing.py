"""Pictures and videos of a clip with what is known of it: joints, actions, what a run forecasts beside what came.

Used by `posecast render` and the tour. A forecast is drawn as the studio draws it: truth solid and neutral, the
prediction dashed and in the run's colour, each step on the frame in which it really came.
"""

from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy import ndarray

from core.bodies.skeletons import BLAZEPOSE_33, BODY_25, UPPER_BODY_9
from core.errors import FileError, ProjectError
from core.evaluation.forecasting import Predictor
from core.footage import frame_at, has_video
from core.forecasts import Forecast, ForecastStep
from core.formats.provenance import Provenance
from core.motion import SEEN, Poses2d
from core.opencv import cv2
from core.project.annotations import Clip, Segment
from core.project.store import ProjectStore
from core.rendering.export import write_png
from core.rendering.moving import Footage, Poser, Shot
from core.rendering.over_frame import FramePainter
from core.rendering.overlay import Words, draw_chip, draw_skeleton, draw_words, fitted, ink_on
from core.video import Video, open_video, write_video
from core.wording import table

RUN, TRUTH = "#4fc7cf", "#dadce1"
CANVAS, PANEL, QUIET, WARM, GOOD = "#0a0b0d", "#17181c", "#adb1bb", "#f2b84b", "#62c993"
CRF = 20


class ClipPainter:
    """Draws frames of one clip. Its video must be there."""

    def __init__(
        self, store: ProjectStore, clip: Clip, video: Video, people: tuple[FramePainter, Footage] | None = None
    ) -> None:
        self._store, self.clip, self.video = store, clip, video
        self._tracks: Poses2d | None = _body_joints(store.tracks(clip.tracks)) if clip.tracks else None
        self._people = people

    def annotated(self, frame: int) -> ndarray:
        """The frame with everybody's joints, or bodies where there are any, and the action at that moment."""
        if self._people is None:
            picture = self.video.frame(frame).copy()
        else:
            painter, footage = self._people
            picture = painter.picture(footage.frames.index(frame))
        scale = self.scale
        if self._people is None and self._tracks is not None and frame < len(self._tracks):
            for person in range(self._tracks.people):
                draw_skeleton(
                    picture, self._tracks.skeleton, self._tracks.joints_px[frame, person].astype(float),
                    self._tracks.confidence[frame, person] >= SEEN, scale=scale,
                )  # fmt: skip
        segment = self.segment_at(frame)
        label = None if segment is None else self._store.project.labels.get(segment.action)
        if label is not None:
            words = Words(label.name, ink_on(label.colour), 15 * scale)
            draw_chip(picture, words, (12 * scale, 12 * scale), label.colour)
        return picture

    @property
    def scale(self) -> float:
        """How much larger than a 640 × 360 picture, so that lines and words keep their proportion."""
        return max(min(self.video.width / 640, self.video.height / 360), 0.5)

    def segment_at(self, frame: int) -> Segment | None:
        return next((each for each in self.clip.segments if each.start_frame <= frame < each.end_frame), None)

    def colour_of(self, action: str) -> str:
        label = self._store.project.label_learned_as(action)
        return label.colour if label is not None else "#6b707b"

    def step(self, forecast: Forecast, at: int) -> ndarray:
        """A forecast's step on the frame in which the truth came, or on the frame it was made at."""
        step = forecast.steps[at]
        frame = forecast.at_frame if step.truth_frame is None else step.truth_frame
        # Small videos are drawn on at twice their size: thin lines say more than thick ones.
        larger = 2 if self.video.width < 900 else 1
        picture = cv2.resize(self.video.frame(frame), None, fx=larger, fy=larger, interpolation=cv2.INTER_CUBIC)
        scale = self.scale * larger
        seen = np.ones(len(UPPER_BODY_9), bool)
        if step.truth_px is not None:
            there = seen if step.truth_seen is None else np.array(step.truth_seen)
            truth_px = np.array(step.truth_px) * larger
            draw_skeleton(picture, UPPER_BODY_9, truth_px, there, bones=TRUTH, scale=scale * 0.7)
        moved_px = (np.array(step.joints_px) + _carried(step)) * larger
        draw_skeleton(picture, UPPER_BODY_9, moved_px, seen, bones=RUN, dashed=True, scale=scale * 0.7)
        self._label(picture, step, scale)
        return picture

    def _label(self, picture: ndarray, step: ForecastStep, scale: float) -> None:
        colour = self.colour_of(step.action)
        words = Words(step.said, ink_on(colour), 14 * scale)
        _, height = draw_chip(picture, words, (12 * scale, 12 * scale), colour)
        if step.truth_action is not None:
            right = step.truth_action == step.action
            said = "✓ as it came" if right else f"came: {step.truth_action}"
            place = (12 * scale, 12 * scale + height + 6 * scale)
            draw_chip(picture, Words(said, GOOD if right else WARM, 12 * scale), place, CANVAS, opacity=0.8)
        if step.error_px is not None:
            said = Words(f"{step.error_px:.0f} px off", "#e9eaed", 12 * scale)
            draw_chip(picture, said, (12 * scale, picture.shape[0] - 34 * scale), CANVAS, opacity=0.8)


def _body_joints(tracks: Poses2d) -> Poses2d:
    """Without the points of faces and fingers that only clutter a small picture."""
    return tracks.as_skeleton(BODY_25) if tracks.skeleton == BLAZEPOSE_33 else tracks


def _carried(step: ForecastStep) -> ndarray:
    """A forecast stands at the last seen neck; beside the truth it is drawn at the true one."""
    neck = UPPER_BODY_9["neck"]
    if step.truth_px is None or (step.truth_seen is not None and not step.truth_seen[neck]):
        return np.zeros(2)
    return np.array(step.truth_px[neck]) - np.array(step.joints_px[neck])


def render_clip(
    store: ProjectStore,
    clip: Clip,
    out: Path,
    *,
    start_s: float = 0.0,
    end_s: float | None = None,
    predictor: Predictor | None = None,
    people: Shot | None = None,
    said: Provenance | None = None,
) -> int:
    """Draw a stretch of a clip into `out` (.mp4) or one frame of it (.png); the number of frames drawn.

    With a predictor, a strip below shows what it forecasts, made anew at every characteristic pose. With `people`
    (a shot of these frames with its footage) bodies stand there instead of joints; `said` goes into the file.
    """
    if not clip.video.path:
        raise ProjectError(f"{clip.name} was made without a video.", hint="Choose a clip that has one.")
    if not has_video(store, clip):
        raise ProjectError(f"The video of {clip.name} is not there.", hint="Put it back, or find it in the studio.")
    first = frame_at(store, clip, start_s)
    last = clip.video.frame_count - 1 if end_s is None else frame_at(store, clip, end_s)
    if last < first:
        raise ProjectError(f"{end_s:g} s comes before {start_s:g} s.", hint="Give --to a later moment than --from.")
    make_folder(out.parent)
    with ExitStack() as held:
        video = held.enter_context(open_video(store.video_path(clip)))
        bodies = None
        if people is not None and people.footage is not None:
            bodies = held.enter_context(FramePainter(people, Poser(people.scene))), people.footage
        painter = ClipPainter(store, clip, video, bodies)
        strip = _Strip(store, painter, predictor) if predictor is not None else None
        if out.suffix.lower() == ".png":
            picture = _composed(painter, strip, first)
            write_png(out, picture, said)
            return 1
        height, width = _composed(painter, strip, first).shape[:2]
        comment = "" if said is None else said.sentence()
        writer = held.enter_context(write_video(out, clip.video.rate_hz, width, height, crf=CRF, comment=comment))
        for frame in range(first, last + 1):
            writer.add(_composed(painter, strip, frame))
    return last - first + 1


def _composed(painter: ClipPainter, strip: "_Strip | None", frame: int) -> ndarray:
    picture = painter.annotated(frame)
    if strip is not None:
        picture = np.concatenate([picture, _as_wide(strip.at(frame), picture.shape[1])])
    height, width = picture.shape[:2]
    return picture[: height - height % 2, : width - width % 2]


def _as_wide(strip: ndarray, width: int) -> ndarray:
    """The strip below a picture that has a panel beside it."""
    wide = np.empty((strip.shape[0], width, 3), np.uint8)
    wide[:] = tuple(bytes.fromhex(PANEL[1:]))
    wide[:, : strip.shape[1]] = strip
    return wide


class _Strip:
    """The next steps as chips, in the order they are forecast, the true ones below."""

    def __init__(self, store: ProjectStore, painter: ClipPainter, predictor: Predictor) -> None:
        self._store, self._painter, self._predictor = store, painter, predictor
        self._made: dict[int, ndarray] = {}

    def at(self, frame: int) -> ndarray:
        """As made at the last characteristic pose up to `frame`."""
        poses = [pose.frame for pose in self._painter.clip.poses if pose.frame <= frame]
        made_at = max(poses, default=-1)
        if made_at not in self._made:
            self._made[made_at] = self._draw(made_at)
        return self._made[made_at]

    def _draw(self, made_at: int) -> ndarray:
        scale, width = self._painter.scale, self._painter.video.width
        strip = np.empty((round(78 * scale), width, 3), np.uint8)
        strip[:] = tuple(bytes.fromhex(PANEL[1:]))
        if made_at < 0:
            draw_words(strip, Words("Nothing seen yet", QUIET, 13 * scale, "Regular"), (12 * scale, 39 * scale))
            return strip
        store = self._store
        said = self._predictor.forecast(
            store.project, lambda each: store.tracks(each.tracks), self._painter.clip.id, made_at, 5
        )
        left = 12 * scale
        for row, name in ((22, "Forecast"), (56, "What came")):
            draw_words(strip, Words(name, QUIET, 11.5 * scale, "Medium"), (left, row * scale))
        each = (width - 90 * scale) / len(said.steps)
        for at, step in enumerate(said.steps):
            x = 84 * scale + at * each
            self._chip(strip, step.action, (x, 10 * scale), each, f"  {step.sure}".rstrip())
            if step.truth_action is not None:
                mark = "  ✓" if step.truth_action == step.action else ""
                self._chip(strip, step.truth_action, (x, 44 * scale), each, mark)
        return strip

    def _chip(self, strip: ndarray, action: str, at: tuple[float, float], width: float, more: str) -> None:
        scale, colour = self._painter.scale, self._painter.colour_of(action)
        words = fitted(action + more, 12.5 * scale, "SemiBold", width - 22 * scale)
        draw_chip(strip, Words(words, ink_on(colour), 12.5 * scale), at, colour)


def steps_table(said: Forecast) -> str:
    """A forecast in words: a line a step, what came beside it where it is known. Times are seconds from the moment."""
    rows = [
        (
            number, step.action, step.sure or "–", *_when(step), step.truth_action or "–",
            "" if step.truth_action is None else "✓" if step.truth_action == step.action else "✗",
            "–" if step.error_px is None else f"{step.error_px:.1f}",
        )
        for number, step in enumerate(said.steps, start=1)
    ]  # fmt: skip
    usual = any(step.time is not None and step.time.is_usual for step in said.steps)
    when = "usually in, s" if usual else "in, s"
    return table(("step", "forecast", "sure", when, "80 % within, s", "what came", "", "pose, px off"), rows)


def _when(step: ForecastStep) -> tuple[str, str]:
    if step.time is None:
        return "–", "–"
    return f"{step.time.pose_s:.1f}", f"{step.time.low_s:.1f} to {step.time.high_s:.1f}"


def make_folder(folder: Path) -> None:
    """Where pictures go. FileError where there can be no folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(folder, f"no folder can be made there ({error.strerror})", hint="Choose another.") from error


def sheet(pictures: list[ndarray], columns: int, gap: int = 6) -> ndarray:
    """Pictures of one size in rows, on the canvas colour."""
    height, width = pictures[0].shape[:2]
    rows = -(-len(pictures) // columns)
    whole = np.empty((rows * (height + gap) + gap, columns * (width + gap) + gap, 3), np.uint8)
    whole[:] = tuple(bytes.fromhex(CANVAS[1:]))
    for at, picture in enumerate(pictures):
        row, column = divmod(at, columns)
        top, left = gap + row * (height + gap), gap + column * (width + gap)
        whole[top : top + height, left : left + width] = picture
    return whole
