"""Weights with the config, vocabulary, data and version they came from: one safetensors file, which runs no code.

The header's `posecast` entry is JSON: a `Header`; its `sha256` is that of the tensors, names and bytes in the order of
names, so that a file damaged on its way is known (older files have none). Tensors are named `model.…`, and, where
training can go on from the file, `critic.…`, `optimiser.…` and `random`. Extra tensors (`baseline.…`) travel along.
"""

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialised
from torch import Tensor

from core import configs, origins
from core.bodies.skeletons import UPPER_BODY_9
from core.errors import FormatError, NotANumberError, RunError, TooNewError

VERSION = 1
MADE_POSES = "made_poses.safetensors"
"""In a run's folder: `poses_m` (K, 9, 3, float16, levelled, metres) made on its way, and the `step` (K) of each."""
_LEARNED = ("model.", "critic.", "optimiser.", "autoencoder.", "gpt.", "state.")
_ANEW = "Copy it again, or train."


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a checkpoint says of itself."""

    kind: str = "forecaster"
    version: int = VERSION
    made_by: str
    config: configs.Forecaster
    preset: str = ""
    actions: tuple[str, ...]
    objects: tuple[str, ...]
    project: str  # its name, for people
    data_fingerprint: str
    split: dict[str, tuple[str, ...]]
    step: int
    best_score: float | None = None
    figures: dict[str, float] = {}  # of the validation it was saved at
    parent: str = ""  # the checkpoint that the run began with
    facts: dict[str, float] = {}  # numbers that extra tensors need, such as a smoothing
    temperatures: tuple[float, ...] = ()  # logits over these, step by step ahead, are confidence; empty: as they are
    calibration_error: float | None = None  # expected, on validation, after the temperatures
    joints: tuple[str, ...] = UPPER_BODY_9.joints  # that its poses have


class PoseGptHeader(msgspec.Struct, frozen=True, kw_only=True):
    """What a checkpoint of PoseGPT says of itself. Tensors: `autoencoder.…`, `gpt.…`, and `state.…` to go on from."""

    kind: str = "posegpt"
    version: int = VERSION
    made_by: str
    config: configs.PoseGpt
    preset: str = ""
    actions: tuple[str, ...]  # its classes, in the order of the action embedding
    windows: dict[str, int] = {}  # how many stretches each action had to learn from
    project: str
    sources: tuple[str, ...] = ()  # names and terms of the data sets it learned from, for people
    data_fingerprint: str
    split: dict[str, tuple[str, ...]]
    stage: str = "gpt"  # the last stage that took a step: autoencoder or gpt
    step: int  # of that stage
    best_score: float | None = None
    figures: dict[str, float] = {}
    parent: str = ""  # the checkpoint that the run began with
    real_bits: tuple[float, ...] = ()  # bits per code of validation windows, percentiles 0, 5, … 100


AnyHeader = Header | PoseGptHeader
_H = TypeVar("_H", Header, PoseGptHeader)
_KINDS: dict[str, type[AnyHeader]] = {"forecaster": Header, "posegpt": PoseGptHeader}
_NAMES = {Header: "a forecaster", PoseGptHeader: "a motion model"}


@dataclass(frozen=True)
class Checkpoint(Generic[_H]):
    """A file's header and its tensors, as they lie in it."""

    path: Path
    header: _H
    tensors: dict[str, Tensor]

    def part(self, prefix: str) -> dict[str, Tensor]:
        """The tensors under `prefix.`, without it."""
        return {
            name.removeprefix(f"{prefix}."): each
            for name, each in self.tensors.items()
            if name.startswith(f"{prefix}.")
        }


def save(path: Path, header: AnyHeader, tensors: dict[str, Tensor]) -> None:
    """Write all of it or none of it. NotANumberError where what was learned is none: an older file is better."""
    whole = {name: each.detach().cpu().contiguous() for name, each in tensors.items()}
    for name, each in whole.items():
        if name.startswith(_LEARNED) and not _are_numbers(name, each):
            raise NotANumberError(f"{name} is not a number at step {header.step:,}; {path.name} is not written.")
    said = {"posecast": msgspec.json.encode(header).decode(), "sha256": _digest(whole)}
    put_down(path, serialised(whole, metadata=said))


def _are_numbers(name: str, values: Tensor) -> bool:
    # How long a code has been idle is endless for one that was never taken.
    fine = torch.isnan(values).logical_not() if name.endswith(".idle") else torch.isfinite(values)
    return bool(fine.all())


def put_down(path: Path, content: bytes) -> None:
    """Write all of it, down to the disk, or none of it; where that fails nothing is left lying."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def read_header(path: Path) -> AnyHeader:
    """What a checkpoint says of itself, without reading its weights."""
    try:
        with safe_open(path, framework="pt") as file:
            return _header(path, file.metadata())
    except (SafetensorError, OSError) as error:
        raise _unreadable(path, error) from None


def load(path: Path) -> Checkpoint[Header]:
    """A forecaster's whole file; FileError or FormatError in words where that cannot be."""
    return load_as(path, Header)


def load_motion_model(path: Path) -> Checkpoint[PoseGptHeader]:
    """The whole file of a PoseGPT, likewise."""
    return load_as(path, PoseGptHeader)


def load_as(path: Path, kind: type[_H]) -> Checkpoint[_H]:
    """The whole file, of the kind that is needed."""
    try:
        with safe_open(path, framework="pt") as file:
            header = _header(path, file.metadata())
            if not isinstance(header, kind):
                raise FormatError(
                    path, f"it is {_NAMES[type(header)]}, and {_NAMES[kind]} is needed", hint="Choose another run."
                )
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            written = file.metadata().get("sha256", "")
    except (SafetensorError, OSError) as error:
        raise _unreadable(path, error) from None
    if written and written != _digest(tensors):
        raise FormatError(path, "damaged: its weights are not those that were written", hint=_ANEW)
    said = msgspec.to_builtins(header.config)
    origins.used("checkpoint", f"{path.parent.name}/{path.name}", written or _digest(tensors), {"config": said})
    return Checkpoint(path, header, tensors)


def find(run: Path, *, prefer: str = "best") -> Path:
    """The checkpoint a person means by a run's folder or by a file."""
    if run.is_file():
        return run
    for name in (prefer, "best", "last"):
        if (run / f"{name}.safetensors").is_file():
            return run / f"{name}.safetensors"
    if not (run / "spec.json").is_file():
        raise RunError(f"{run.name} is no run: it holds no checkpoint.", hint="Name the folder of a training.")
    raise RunError(f"{run.name} holds no checkpoint yet.", hint="It appears at the run's first validation.")


def _digest(tensors: dict[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _unreadable(path: Path, error: Exception) -> FormatError:
    if not path.exists():
        return FormatError(path, "there is no such file", hint="Check the path, or choose another run.")
    return FormatError(path, f"not a checkpoint, or a damaged one ({error})", hint=_ANEW)


def _header(path: Path, metadata: dict[str, str] | None) -> AnyHeader:
    try:
        text = (metadata or {})["posecast"]
        peek: Any = msgspec.json.decode(text)
        if peek.get("version", 0) > VERSION:
            raise TooNewError(path, "written by a later version of Posecast", hint="Update Posecast to read it.")
        kind = _KINDS.get(peek.get("kind", "forecaster"))
        if kind is None:
            raise FormatError(
                path, f"holds {peek['kind']!r}, which this version does not know", hint="Update Posecast."
            )
        return msgspec.json.decode(text, type=kind)
    except KeyError:
        raise FormatError(
            path, "weights of another program: there is no Posecast header in it", hint="Choose a run of Posecast's."
        ) from None
    except (msgspec.DecodeError, AttributeError, TypeError, ValueError, RecursionError) as error:
        raise FormatError(path, f"its header is damaged ({error})", hint=_ANEW) from None


# ---- optimisers as tensors ------------------------------------------------------------------------------------------


def optimiser_tensors(optimiser: torch.optim.Optimizer, prefix: str) -> dict[str, Tensor]:
    """An Adam's running means by parameter number, so that a resumed run takes the very same steps."""
    state = optimiser.state_dict()["state"]
    return {f"{prefix}.{number}.{name}": value for number, each in state.items() for name, value in each.items()}


def restore_optimiser(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Put back what `optimiser_tensors` took; `tensors` without the prefix."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        number, _, what = name.partition(".")
        state.setdefault(int(number), {})[what] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
