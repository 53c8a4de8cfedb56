"""The tour without a window: the demo project, its shipped forecaster, what it says, pictures and a short video.

What `make demo` shows where there is no display, and a check that an installation works from end to end.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
from numpy import ndarray

from core.bodies.skeletons import UPPER_BODY_9
from core.demo import CHECKPOINT, find_run, open_demo
from core.errors import ProjectError
from core.evaluation.forecasting import load_run
from core.footage import has_video
from core.forecasts import Forecast
from core.picturing import RUN, ClipPainter, make_folder, render_clip, sheet, steps_table
from core.project.annotations import Clip
from core.project.store import ProjectStore
from core.rendering.contents import SceneSkeleton
from core.rendering.export import write_png
from core.rendering.probe import gl_problem
from core.rendering.scene import Scene
from core.rendering.views import Orbit
from core.video import open_video
from core.wording import counted, spelled_time

FILMED_S = 12.0
SHOWN_STEPS = 6


class TourReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the tour showed and where it put it."""

    project: str
    clip: str
    at_s: float
    forecast: Forecast
    right: int
    known: int
    pictures: tuple[str, ...]
    video: str


def take_tour(out: Path, say: Callable[[str], None]) -> TourReport:
    """Open the demo, forecast, and write pictures and a video into `out`."""
    make_folder(out)
    folder = open_demo()
    predictor = load_run(find_run(CHECKPOINT))
    with ProjectStore.open(folder, "", mode="read") as store:
        project = store.project
        segments = sum(len(each.segments) for each in project.clips.values())
        say(f"{project.name}: {counted(len(project.clips), 'clip')}, {counted(segments, 'segment')}")
        say(f"Forecaster: {CHECKPOINT}, trained on other cooks in other sessions\n")
        clip = _clip_to_show(store)
        frame = _moment_to_show(clip)
        said = predictor.forecast(project, lambda each: store.tracks(each.tracks), clip.id, frame)
        with open_video(store.video_path(clip)) as video:
            at_s = video.time_s(frame)
            right = _tell(clip, at_s, said, say)
            painter = ClipPainter(store, clip, video)
            pictures = [_over_the_frame(painter, said, out), _seen(painter, said, out)]
        pictures += _in_space(said, out, say)
        film = out / "forecast.mp4"
        render_clip(store, clip, film, start_s=max(at_s - 2, 0), end_s=_end_s(clip, at_s), predictor=predictor)
    written = ", ".join(path.name for path in (*pictures, film))
    say(f"\nWritten to {out}: {written}")
    say(f"The demo project is {folder}; look around in it with: posecast-studio --demo")
    return TourReport(
        project=str(folder), clip=clip.name, at_s=at_s, forecast=said, right=right,
        known=sum(1 for each in said.steps if each.truth_action is not None),
        pictures=tuple(str(each) for each in pictures), video=str(film),
    )  # fmt: skip


def _clip_to_show(store: ProjectStore) -> Clip:
    """A marked clip of the split's test part that has a video; else the first such. ProjectError where none is left."""
    clips = [each for each in store.project.clips.values() if each.poses and has_video(store, each)]
    if not clips:
        raise ProjectError(
            f"No marked clip with a video is left in your copy of the demo, {store.folder}.",
            hint="Move that folder away; the next tour makes a new copy.",
        )
    test = {clip_id for split in store.project.splits.values() for clip_id in split.parts.get("test", ())}
    return next((each for each in clips if each.id in test), clips[0])


def _moment_to_show(clip: Clip) -> int:
    """Right after the first half of what is marked: a past to look at, a future to compare with."""
    frames = [pose.frame for pose in clip.poses]
    return frames[max(min(10, len(frames) // 2) - 1, 0)] + 1


def _tell(clip: Clip, at_s: float, said: Forecast, say: Callable[[str], None]) -> int:
    say(f"{clip.name} at {spelled_time(at_s)}. Seen: {', '.join(said.seen_actions)}")
    say(steps_table(said))
    for doubt in said.doubts:
        say(doubt)
    right = sum(step.truth_action == step.action for step in said.steps)
    say(f"{right} of {len(said.steps)} actions as they came")
    return right


def _over_the_frame(painter: ClipPainter, said: Forecast, out: Path) -> Path:
    steps = [painter.step(said, at) for at in range(min(SHOWN_STEPS, len(said.steps)))]
    path = out / "forecast-over-the-frame.png"
    write_png(path, sheet(steps, columns=3))
    return path


def _seen(painter: ClipPainter, said: Forecast, out: Path) -> Path:
    frames = said.seen_frames[-SHOWN_STEPS:]
    path = out / "seen.png"
    write_png(path, sheet([painter.annotated(frame) for frame in frames], columns=3))
    return path


def _in_space(said: Forecast, out: Path, say: Callable[[str], None]) -> list[Path]:
    """The forecast poses side by side, left to right as they are to come."""
    problem = gl_problem()
    if problem is not None:
        say(f"No picture in space: {problem}")
        return []
    steps = said.steps[:SHOWN_STEPS]
    path = out / "forecast-in-space.png"
    with Scene(1280, 420) as scene:
        scene.set_skeletons([_standing(np.array(step.joints_m), at, len(steps)) for at, step in enumerate(steps)])
        scene.view = Orbit(yaw=0.2, pitch=0.12)
        scene.frame_all()
        write_png(path, scene.picture()[..., :3])
    return [path]


def _standing(joints_m: ndarray, at: int, of: int) -> SceneSkeleton:
    """A neck-centred pose at its place in the row, hips at the height of a person's."""
    place = np.array([(at - (of - 1) / 2) * 0.9, 1.45, 0.0])
    return SceneSkeleton(joints_m + place, UPPER_BODY_9, colour=RUN)


def _end_s(clip: Clip, at_s: float) -> float:
    return min(at_s + FILMED_S - 2, clip.video.duration_s - 0.1)
