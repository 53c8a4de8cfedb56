"""Answers to questions about forecasts, for the warm process: models, projects and clips stay where they were read.

What is kept: models until their files change, the steps and usual times of clips nobody edited, the truth of the clip
asked about last, and the last comparison of two forecasters. Nothing here writes. Imports torch, so it is itself
imported with the first question that needs it.
"""

from collections import OrderedDict
from functools import partial
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from core.bodies.skeletons import UPPER_BODY_9
from core.datasets.kitchen.truth import Truth, read_truth
from core.demo import find_run
from core.errors import ProjectError, RunError
from core.evaluation.asked import ClipMemory
from core.evaluation.differences import Measured, differences
from core.evaluation.forecasting import Predictor, TrainedPredictor, load_run
from core.forecasts import (
    About,
    AskDifferences,
    AskForecast,
    Differences,
    Forecast,
    Forecaster,
    ForecastStep,
    Lens,
)
from core.geometry.cameras import Camera, level_points, levelling, undistort
from core.models import checkpoints
from core.motion import Poses2d
from core.project.annotations import Clip
from core.project.cameras import camera_of
from core.project.store import ProjectStore

MOST_MODELS = 6
_NECK = UPPER_BODY_9["neck"]


class ForecastAnswers:
    """Answers one question after the other; errors in words where there is no answer."""

    def __init__(self) -> None:
        self._models: OrderedDict[Path, tuple[int, TrainedPredictor]] = OrderedDict()
        self._store: ProjectStore | None = None
        self._memory = ClipMemory()
        self._measured: tuple[tuple[object, ...], Measured] | None = None
        self._truth: tuple[tuple[Path, str], Truth] | None = None

    def close(self) -> None:
        """Let go of the project."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def require(self, project: str) -> None:
        """The project is there; else the error that says why not."""
        self._project(Path(project))

    def forecast(self, question: AskForecast, asked: Forecaster) -> Forecast:
        """What one of those asked foresees."""
        store = self._project(Path(question.project))
        said = self._predictor(asked).forecast(
            store.project,
            partial(_tracks, store),
            question.clip_id,
            question.at_frame,
            question.steps,
            futures=question.futures,
            seed=question.seed,
            memory=self._memory,
        )
        camera = camera_of(store.project, store.project.clips[said.clip_id])
        truth = None if camera.estimated else self._truth_of(store, said.clip_id)
        return replace(_beside_truth(said, truth, camera), lens=_lens(said, camera))

    def differences(self, question: AskDifferences) -> Differences:
        """Where two of them differ most; the same question again costs nothing."""
        store = self._project(Path(question.project))
        models = tuple(self._model(each.run) for each in question.of)
        kinds = tuple(each.plain for each in question.of)
        same = (store.project, *models)
        if (
            self._measured is None
            or self._measured[0][:2] != (kinds, question.part)
            or any(a is not b for a, b in zip(self._measured[0][2:], same, strict=True))
        ):
            first, second = (self._predictor(each) for each in question.of)
            found = differences(first, second, store.project, partial(_tracks, store), question.part, self._memory)
            self._measured = ((kinds, question.part, *same), found)
        found = self._measured[1]
        return Differences(
            number=question.number,
            moments=found.moments[: max(question.most, 0)],
            measured=len(found.moments),
            part=found.part,
            notes=found.notes,
        )

    def about(self, run: str) -> About:
        """A checkpoint as people see it."""
        trained = self._model(run)
        header = trained.header
        return About(
            name=trained.name,
            actions=header.actions,
            objects=header.objects,
            project=header.project,
            step=header.step,
            past_steps=header.config.data.past_steps,
            future_steps=header.config.data.future_steps,
            preset=header.preset,
            figures=header.figures,
            plain=trained.beside().name,
            repeating=trained.beside("repeating").name,
            learned_times=trained.has_times,
            learned_noise=header.config.network.noise > 0,
            calibrated=bool(header.temperatures),
            calibration_error=header.calibration_error,
        )

    # ---- inside ----

    def _predictor(self, asked: Forecaster) -> Predictor:
        trained = self._model(asked.run)
        return trained.beside(asked.plain) if asked.plain else trained

    def _model(self, run: str) -> TrainedPredictor:
        try:
            folder = find_run(run)
            written = checkpoints.find(folder).stat().st_mtime_ns
        except (OSError, ValueError) as error:  # it was taken away just now, or is no name at all
            raise RunError(
                f"The run {_short(run)} cannot be read ({_why(error)}).", hint="Choose another run."
            ) from None
        kept = self._models.get(folder)
        if kept is None or kept[0] != written:
            kept = (written, load_run(folder))
            self._models[folder] = kept
        self._models.move_to_end(folder)
        while len(self._models) > MOST_MODELS:
            self._models.popitem(last=False)
        return kept[1]

    def _project(self, folder: Path) -> ProjectStore:
        if self._store is not None and self._store.folder != folder:
            self.close()
        try:
            if self._store is None:
                self._store = ProjectStore.open(folder, "Posecast", mode="read")
            else:
                self._store.reload_if_changed()
        except (OSError, ValueError) as error:
            place = _short(str(folder))
            raise ProjectError(
                f"The project {place} cannot be read ({_why(error)}).", hint="Open another one."
            ) from None
        return self._store

    def _truth_of(self, store: ProjectStore, clip_id: str) -> Truth | None:
        place = (store.folder, clip_id)
        if self._truth is None or self._truth[0] != place:
            known = read_truth(store.folder, clip_id)
            self._truth = None if known is None else (place, known)
        return None if self._truth is None else self._truth[1]


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:79]}…")


def _why(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _tracks(store: ProjectStore, clip: Clip) -> Poses2d:
    return store.tracks(clip.tracks)


def _lens(said: Forecast, camera: Camera) -> Lens | None:
    """The camera as it sees the forecast's own frame: its neck stands where the joints in the picture put it."""
    if not said.steps:
        return None
    tilt = levelling(camera)
    joints = np.asarray(said.steps[0].joints_m) @ tilt.T
    rays = (undistort(np.asarray(said.steps[0].joints_px), camera) - camera.centre_px) / camera.focal_px
    neck = rays[_NECK]
    # Of (X + z · neck) / (Z + z) = ray only the depth z is unknown, the same for all joints and both axes.
    of_depth, rest = (neck - rays).ravel(), (rays * joints[:, 2:] - joints[:, :2]).ravel()
    spread = float(of_depth @ of_depth)
    if spread < 1e-12:
        return None
    depth_m = float(of_depth @ rest) / spread
    place_m = np.array([depth_m * neck[0], depth_m * neck[1], depth_m])
    neck_in_world_m = camera.rotation.T @ (place_m - camera.translation_m)
    return Lens(
        rotation=_rows(tilt),
        translation_m=(float(place_m[0]), float(place_m[1]), depth_m),
        focal_px=(float(camera.focal_px[0]), float(camera.focal_px[1])),
        centre_px=(float(camera.centre_px[0]), float(camera.centre_px[1])),
        width=camera.width,
        height=camera.height,
        floor_m=None if camera.estimated else -float(neck_in_world_m[1]),
    )


def _rows(points: np.ndarray) -> tuple[tuple[float, float, float], ...]:
    return tuple((float(x), float(y), float(z)) for x, y, z in points)


def _beside_truth(said: Forecast, truth: Truth | None, camera: Camera) -> Forecast:
    """The forecast with the true joints in space beside it, where a simulation knows them."""
    if truth is None:
        return said
    levelled_m = level_points(truth.upper_body_m, _NECK, camera)

    def with_truth(step: ForecastStep) -> ForecastStep:
        if step.truth_frame is None or step.truth_frame >= len(levelled_m):
            return step
        true_m = levelled_m[step.truth_frame]
        off_m = np.linalg.norm(np.asarray(step.joints_m) - true_m, axis=-1)
        return replace(step, truth_m=_rows(true_m), error_mm=1000 * float(np.delete(off_m, _NECK).mean()))

    return replace(said, steps=tuple(map(with_truth, said.steps)))
