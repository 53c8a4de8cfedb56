"""What a training showed of itself on its way: a few examples that it does not learn from, time and again. No torch.

    for snapshot in listed(run_folder):                    # by step; no file is opened
        samples = read(snapshot.path)                      # ForecastSamples or MotionSamples

A snapshot is `samples/step-000500.safetensors` in the run's folder, written whole; steps are those of the run's curves.
The examples and what really came stand in every one of them, so each can be shown alone. Of a forecaster: what was
seen, what came next and what was forecast, 2D poses as in `datasets.steps` (metres at the neck's depth from the neck,
x right, y down), 3D joints levelled, metres, y up, neck at the origin. Of PoseGPT: motions as axis times angle and
path, 30 frames a second, metres, y up: windows that went through codes and back, or motion made for the same action.
Letters: E examples, N seen steps, M steps ahead, K likeliest actions, F frames, J joints.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as serialised

from core.bodies.skeletons import SKELETONS
from core.errors import FileError, FormatError, TooNewError
from core.generations import PackedMotion
from core.runs import TrainForecaster, TrainPoseGpt
from core.whole_files import whole_file

FOLDER = "samples"
VERSION = 1
NOT_KNOWN = -1
"""Number of an action that is not there, or not among the words."""
_NAME = re.compile(r"step-(\d{6,12})\.safetensors")
_MOST_BYTES = 1 << 28
_HEAD = "samples"

MotionKind = Literal["reconstructed", "generated"]


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    """What of a snapshot is no array."""

    version: int = VERSION
    kind: Literal["forecasts", "reconstructed", "generated"]
    step: int
    part: str
    names: tuple[str, ...]
    actions: tuple[str, ...]
    skeleton: str = ""
    rate_hz: float = 30.0


@dataclass(frozen=True, eq=False)
class ForecastSamples:
    """A few moments, what came after each and what was forecast. `actions` are the words that numbers stand for."""

    step: int
    part: str  # "validation", or "train" where nothing was set aside
    names: tuple[str, ...]  # of each example's clip
    actions: tuple[str, ...]
    frames: Int[ndarray, " E"]  # of the next step in its clip
    seen_actions: Int[ndarray, "E N"]  # the newest last; NOT_KNOWN where fewer were seen
    seen: Float[ndarray, "E 9 2"]
    seen_visible: Bool[ndarray, "E 9"]
    true_actions: Int[ndarray, "E M"]  # NOT_KNOWN where nothing came
    true: Float[ndarray, "E M 9 2"]
    true_visible: Bool[ndarray, "E M 9"]
    best: Int[ndarray, "E M K"]  # the likeliest actions, best first: the first one is the forecast
    chance: Float[ndarray, "E M K"]
    true_chance: Float[ndarray, "E M"]  # of what came; NaN where that is not known
    joints_m: Float[ndarray, "E M 9 3"]
    joints: Float[ndarray, "E M 9 2"]  # the same as the camera sees them
    scale_px: Float[ndarray, "E 2"]  # pixels of the original that a metre has at the neck's depth

    def __len__(self) -> int:
        return len(self.names)

    @property
    def ahead(self) -> int:
        return self.true_actions.shape[1]

    def word(self, number: int) -> str:
        """An action; empty where there is none."""
        return self.actions[number] if 0 <= number < len(self.actions) else ""

    def is_right(self, example: int, ahead: int) -> bool | None:
        """Whether the action that was forecast came; None where what came is not known."""
        came = int(self.true_actions[example, ahead])
        return None if came == NOT_KNOWN else int(self.best[example, ahead, 0]) == came

    def error_px(self, example: int, ahead: int) -> float | None:
        """Mean distance over the visible joints but the neck, pixels of the original; None where nobody was seen."""
        seen = self.true_visible[example, ahead].copy()
        seen[1] = False  # the neck is the origin of both
        if self.true_actions[example, ahead] == NOT_KNOWN or not seen.any():
            return None
        off = (self.joints - self.true)[example, ahead, seen] * self.scale_px[example]
        return float(np.linalg.norm(off, axis=-1).mean())


@dataclass(frozen=True, eq=False)
class MotionSamples:
    """A few held-out windows, and what the model made of each: itself again, or new motion for the same action."""

    step: int
    part: str
    kind: MotionKind
    names: tuple[str, ...]  # of each example's recording
    actions: tuple[str, ...]  # of each example, for people: "walk + wave"
    skeleton: str  # of both
    true: Float[ndarray, "E F J 3"]
    true_path_m: Float[ndarray, "E F 3"]
    made: Float[ndarray, "E F J 3"]
    made_path_m: Float[ndarray, "E F 3"]
    past: Int[ndarray, " E"]  # frames that were given, and gone on from
    rate_hz: float = 30.0

    def __len__(self) -> int:
        return len(self.names)

    @property
    def frames(self) -> int:
        return self.true.shape[1]

    def truth_of(self, example: int) -> PackedMotion:
        """What was recorded."""
        return self._packed(self.true[example], self.true_path_m[example])

    def made_of(self, example: int) -> PackedMotion:
        """What the model made."""
        return self._packed(self.made[example], self.made_path_m[example])

    def _packed(self, vectors: ndarray, path_m: ndarray) -> PackedMotion:
        return PackedMotion(
            skeleton=self.skeleton,
            frames=len(path_m),
            rotation_vectors=np.ascontiguousarray(vectors, "<f4").tobytes(),
            translation_m=np.ascontiguousarray(path_m, "<f4").tobytes(),
            rate_hz=self.rate_hz,
        )


Samples = ForecastSamples | MotionSamples

_FORECAST_SHAPES = {
    "frames": ("E", np.int64), "seen_actions": ("E N", np.int64), "seen": ("E 9 2", np.float32),
    "seen_visible": ("E 9", np.bool_), "true_actions": ("E M", np.int64), "true": ("E M 9 2", np.float32),
    "true_visible": ("E M 9", np.bool_), "best": ("E M K", np.int64), "chance": ("E M K", np.float32),
    "true_chance": ("E M", np.float32), "joints_m": ("E M 9 3", np.float32), "joints": ("E M 9 2", np.float32),
    "scale_px": ("E 2", np.float32),
}  # fmt: skip
_MOTION_SHAPES = {
    "true": ("E F J 3", np.float32), "true_path_m": ("E F 3", np.float32), "made": ("E F J 3", np.float32),
    "made_path_m": ("E F 3", np.float32), "past": ("E", np.int64),
}  # fmt: skip
_MAY_BE_UNKNOWN = ("true_chance",)


# ---- files ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SnapshotFile:
    """One snapshot of a run, by its step."""

    step: int
    path: Path


def listed(run: Path) -> tuple[SnapshotFile, ...]:
    """The snapshots of a run by step; none where it has none, whatever else lies there."""
    try:
        names = [each.name for each in (run / FOLDER).iterdir()]
    except OSError:
        return ()
    found = ((int(match[1]), name) for name in names if (match := _NAME.fullmatch(name)))
    return tuple(SnapshotFile(step, run / FOLDER / name) for step, name in sorted(found))


def first_step(spec: TrainForecaster | TrainPoseGpt) -> int:
    """The step at which a training shows its first samples; 0 where it was told to show none."""
    config = spec.config
    if not config.samples:
        return 0
    if isinstance(spec, TrainForecaster):
        return min(config.validate_every, spec.config.steps)
    stage = spec.config.gpt_training if spec.config.stages == "gpt" else spec.config.autoencoder_training
    return min(config.validate_every, stage.steps)


def of_last_stage(files: Sequence[SnapshotFile], spec: TrainForecaster | TrainPoseGpt) -> tuple[SnapshotFile, ...]:
    """Of all snapshots those of the stage that the newest one is of: they show the same thing, better and better."""
    if not files or isinstance(spec, TrainForecaster) or spec.config.stages != "both":
        return tuple(files)
    before = spec.config.autoencoder_training.steps
    return tuple(each for each in files if (each.step > before) == (files[-1].step > before))


def write(run: Path, samples: Samples) -> Path:
    """Put a snapshot into the run's folder, whole or not at all; FileError says why not. Same values, same bytes."""
    shapes = _FORECAST_SHAPES if isinstance(samples, ForecastSamples) else _MOTION_SHAPES
    arrays = {name: np.ascontiguousarray(getattr(samples, name), kind) for name, (_, kind) in sorted(shapes.items())}
    head = _Head(
        kind="forecasts" if isinstance(samples, ForecastSamples) else samples.kind,
        step=samples.step,
        part=samples.part,
        names=samples.names,
        actions=samples.actions,
        skeleton="" if isinstance(samples, ForecastSamples) else samples.skeleton,
        rate_hz=30.0 if isinstance(samples, ForecastSamples) else samples.rate_hz,
    )
    content = serialised(arrays, {_HEAD: msgspec.json.encode(head).decode()})
    folder = run / FOLDER
    folder.mkdir(exist_ok=True)
    path = folder / f"step-{samples.step:06d}.safetensors"
    with whole_file(path) as beside:
        beside.write_bytes(content)
    return path


def read(path: Path) -> Samples:
    """A snapshot; in words where it is gone, damaged, of another kind or of a later version."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise FormatError(path, "it is far too large for samples of a training", hint="Choose another file.")
        with safe_open(path, framework="numpy") as file:
            told = (file.metadata() or {}).get(_HEAD)
            if told is None:
                raise FormatError(path, "it holds no samples of a training", hint="Choose a file of a samples folder.")
            head = msgspec.json.decode(told, type=_Head)
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise FileError(path, "these samples are not there any more", hint="The run keeps only some.") from None
    except (SafetensorError, OSError, msgspec.MsgspecError, TypeError, ValueError) as error:
        raise FormatError(path, f"these samples are damaged ({error})", hint="Look at another step.") from None
    if head.version > VERSION:
        raise TooNewError(path, "these samples are of a later Posecast", hint="Update Posecast to see them.")
    examples = len(head.names)
    if head.kind == "forecasts":
        checked = _checked(path, arrays, _FORECAST_SHAPES, {"E": examples})
        return ForecastSamples(head.step, head.part, head.names, head.actions, **checked)
    if head.skeleton not in SKELETONS or len(head.actions) != examples or not head.rate_hz > 0:
        raise FormatError(path, "these samples do not say whose motion they are", hint="Look at another step.")
    sizes = {"E": examples, "J": len(SKELETONS[head.skeleton])}
    checked = _checked(path, arrays, _MOTION_SHAPES, sizes)
    return MotionSamples(
        head.step, head.part, head.kind, head.names, head.actions, head.skeleton, rate_hz=head.rate_hz, **checked
    )


def _checked(
    path: Path, arrays: Mapping[str, ndarray], wanted: Mapping[str, tuple[str, type]], known: dict[str, int]
) -> dict[str, ndarray]:
    """The arrays by name, each as the kind of snapshot has them; FormatError where one is not."""
    sizes = dict(known)
    for name, (letters, kind) in wanted.items():
        array = arrays.get(name)
        if array is None or array.dtype != kind or array.ndim != len(letters.split()):
            raise FormatError(path, f"the array {name!r} is missing or of another kind", hint="Look at another step.")
        for letter, size in zip(letters.split(), array.shape, strict=True):
            if size != (int(letter) if letter.isdigit() else sizes.setdefault(letter, size)):
                raise FormatError(path, f"the array {name!r} does not fit the others", hint="Look at another step.")
        if array.dtype.kind == "f" and name not in _MAY_BE_UNKNOWN and not np.isfinite(array).all():
            raise FormatError(path, f"the array {name!r} holds what is no number", hint="Look at another step.")
    if not sizes.get("E") or not sizes.get("M", 1) or not sizes.get("K", 1) or not sizes.get("F", 1):
        raise FormatError(path, "it holds no example", hint="Look at another step.")
    return {name: arrays[name] for name in wanted}
