"""Trains the classifier that motion is judged by: T on real windows, S on samples, by the very same schedule.

Every step sees windows that are mirrored (with left and right swapped in their labels), sped up or slowed down, cut,
turned a little and shaken a little, with the arms of another window of the same actions, and with arms, legs or trunk
hidden, all at random: a classifier that knows ten people's motion by heart names nobody else's. Accuracy on the
validation part decides which state is kept, and when it no longer rises training ends.

Accuracy is that of the likeliest action being among a window's own. Letters as in `evaluation.labelled_motions`.
"""

import math
from collections.abc import Generator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec
import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from core.bodies.skeletons import SKELETONS
from core.datasets.motion_features import MIRRORED_6D, counterparts
from core.errors import FormatError
from core.evaluation.labelled_motions import BODIES, Motions, as_6d, as_matrices, joints_m
from core.geometry.rotations import about_y, nearest_heading
from core.models.action_classifier import Classifier, Kind, build, joint_inputs, parameter_inputs
from core.runs import Event, Metric, Progress

_AT_ONCE = 128


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """How long and how fast is learned; the same for T and S, or their ratio would mean nothing."""

    steps: int = 600
    batch: int = 48
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    validate_every: int = 50
    patience: int = 6  # validations without a better one until it ends
    slowest: float = 0.93
    fastest: float = 1.08
    least_share: float = 0.7  # of a window that a cut keeps
    mirrored: float = 0.5
    turn_degrees: float = 10.0
    noise: float = 0.02  # of the numbers of a rotation's columns
    other_arms: float = 0.6  # share of windows that get them
    hidden: float = 0.3  # share of windows in which a part of the body is not shown; each part for itself


@dataclass(frozen=True)
class Trained:
    """A classifier and what it was trained for."""

    kind: Kind
    classes: tuple[str, ...]
    together: bool  # whether actions may come together
    model: Classifier
    validation_accuracy: float
    steps: int

    def judge(self, motions: Motions) -> tuple[Float[ndarray, "N A"], Float[ndarray, "N W"]]:
        """Logits and features of every motion."""
        self.model.eval()
        logits, features = [], []
        with torch.inference_mode():
            for at in range(0, len(motions), _AT_ONCE):
                part = motions[at : at + _AT_ONCE]
                said = self.model(*_inputs(self.kind, part))
                logits.append(said.logits.double().numpy())
                features.append(said.features.double().numpy())
        return np.concatenate(logits), np.concatenate(features)


def train_classifier(
    train: Motions,
    validation: Motions,
    classes: tuple[str, ...],
    kind: Kind = "transformer",
    *,
    seed: int = 0,
    schedule: Schedule | None = None,
) -> Generator[Event, None, Trained]:
    """Progress and metrics; what the generator returns is the state that named the validation part best."""
    plan = schedule or Schedule()
    random = np.random.default_rng((seed, 41))
    together = bool((train.labels.sum(-1) > 1).any())
    mirrored = mirrored_classes(classes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        first, _ = _inputs(kind, train[:1])
        model = build(kind, first.shape[-1], len(classes))
        _scale_to(model, kind, train)
        best, best_state, since = -1.0, _copied(model), 0
        optimiser = torch.optim.AdamW(model.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay)
        step = 0
        for step in range(1, plan.steps + 1):
            batch = varied(train[random.integers(len(train), size=plan.batch)], plan, mirrored, random)
            for group in optimiser.param_groups:
                group["lr"] = plan.learning_rate * _rate(step, plan.steps)
            model.train()
            x, frames = _inputs(kind, batch)
            if kind == "transformer":
                x = hidden_parts(x, model.mean, plan.hidden)
            said = model(x, frames)
            loss = _loss(said.logits, torch.from_numpy(batch.labels), together=together)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            if step % plan.validate_every == 0 or step == plan.steps:
                right, held = _validated(model, kind, validation, together=together)
                yield Metric(step, "loss", float(loss.detach()))
                yield Metric(step, "validation/accuracy", right)
                # Of equal accuracies the surer one is better; a loss is far below 10.
                score = right - min(held, 10.0) * 1e-3
                if score > best:
                    best, best_state, since = score, _copied(model), 0
                else:
                    since += 1
                yield Progress(step, plan.steps, "Training a classifier")
                if since >= plan.patience:
                    break
    model.load_state_dict(best_state)
    right, _ = _validated(model, kind, validation, together=together)
    return Trained(kind, classes, together, model.eval(), right, step)


# ---- on the disk ----------------------------------------------------------------------------------------------------


class _Said(msgspec.Struct, frozen=True):
    kind: Kind
    classes: tuple[str, ...]
    together: bool
    inputs: int
    validation_accuracy: float
    steps: int
    made_for: str  # what it was trained on: another is trained where that differs


def keep(trained: Trained, path: Path, made_for: str) -> None:
    """Write the classifier, whole or not at all; `made_for` says what it was trained on."""
    said = _Said(
        trained.kind,
        trained.classes,
        trained.together,
        len(trained.model.mean),
        trained.validation_accuracy,
        trained.steps,
        made_for,
    )
    beside = path.with_name(path.name + ".new")
    weights = {name: each.contiguous() for name, each in trained.model.state_dict().items()}
    save_file(weights, beside, metadata={"posecast": msgspec.json.encode(said).decode()})
    beside.replace(path)


def kept(path: Path, made_for: str) -> Trained | None:
    """The classifier in the file, where it is there and was trained on the same; FormatError where it is damaged."""
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            said = msgspec.json.decode((file.metadata() or {})["posecast"], type=_Said)
            if said.made_for != made_for:
                return None
            model = build(said.kind, said.inputs, len(said.classes))
            model.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
    except (SafetensorError, KeyError, RuntimeError, msgspec.DecodeError, msgspec.ValidationError) as error:
        raise FormatError(path, f"not a classifier, or a damaged one ({error})", hint="Remove the file.") from None
    return Trained(said.kind, said.classes, said.together, model.eval(), said.validation_accuracy, said.steps)


# ---- varying --------------------------------------------------------------------------------------------------------


def varied(motions: Motions, plan: Schedule, mirrored: tuple[int, ...], random: np.random.Generator) -> Motions:
    """The same motions, each mirrored or not, at another speed, cut, turned and shaken."""
    count, most, joints = motions.rotations_6d.shape[:3]
    rotations, path, frames = motions.rotations_6d, motions.path_m, motions.frames
    # Cut and speed in one: the new frame n is the old frame `start + n * speed`, between frames by a straight line.
    speed = np.exp(random.uniform(math.log(plan.slowest), math.log(plan.fastest), count))
    share = random.uniform(plan.least_share, 1.0, count)
    kept_frames = np.maximum(share * (frames - 1), 1.0)
    start = random.uniform(0.0, 1.0, count) * (frames - 1 - kept_frames).clip(0.0)
    made = np.clip((kept_frames / speed).astype(int) + 1, 2, most)
    at = start[:, None] + np.minimum(np.arange(most), made[:, None] - 1) * speed[:, None]
    at = np.minimum(at, (frames - 1)[:, None])
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, (frames - 1)[:, None])
    rows, part = np.arange(count)[:, None], (at - low).astype(np.float32)
    rotations = rotations[rows, low] * (1 - part)[..., None, None] + rotations[rows, high] * part[..., None, None]
    path = path[rows, low] * (1 - part)[..., None] + path[rows, high] * part[..., None]
    labels = motions.labels
    swap = random.random(count) < plan.mirrored
    if swap.any():
        order = list(SKELETONS[BODIES[joints]].mirror)
        rotations[swap] = rotations[swap][:, :, order] * MIRRORED_6D
        path[swap] = path[swap] * np.array([-1, 1, 1], np.float32)
        labels = labels.copy()
        labels[swap] = labels[swap][:, list(mirrored)]
    rotations = rotations + random.normal(0.0, plan.noise, rotations.shape).astype(np.float32)
    rotations = with_other_arms(Motions(rotations, path, made, labels), plan.other_arms, random)
    turn = random.uniform(-1.0, 1.0, count) * math.radians(plan.turn_degrees)
    rotations, path = put_at_origin(rotations, path, turn)
    return Motions(rotations, path, made, labels)


def with_other_arms(motions: Motions, share: float, random: np.random.Generator) -> Float[ndarray, "N F J 6"]:
    """Rotations in which a share of the motions have the arms of another one of the very same actions."""
    rotations = motions.rotations_6d.copy()
    arms = np.array(parts_of_body(rotations.shape[2])[0])
    _, group = np.unique(motions.labels, axis=0, return_inverse=True)
    for same in range(group.max() + 1):
        own = np.flatnonzero(group.reshape(-1) == same)
        chosen = random.random(len(own)) < share
        to, of = own[chosen], random.permutation(own)[chosen]
        held = np.minimum(np.arange(rotations.shape[1]), motions.frames[of][:, None] - 1)
        rotations[to[:, None], :, arms] = np.moveaxis(motions.rotations_6d[of[:, None], held][:, :, arms], 2, 1)
    return rotations


def hidden_parts(x: Float[Tensor, "B F inputs"], mean: Float[Tensor, " inputs"], share: float) -> Tensor:
    """Inputs in which each part of the body is at its mean in a share of the windows; the root always shows."""
    joints = (x.shape[-1] - 4) // 6
    shown = torch.ones(len(x), 1, x.shape[-1])
    for part in parts_of_body(joints):
        numbers = torch.tensor([6 * joint + each for joint in part for each in range(6)])
        shown[..., numbers] = (torch.rand(len(x), 1, 1) >= share).float()
    return mean + (x - mean) * shown


@lru_cache(maxsize=4)
def parts_of_body(joints: int) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Numbers of the joints of the arms, hands included, of the legs, and of the trunk without the root."""
    skeleton = SKELETONS[BODIES[joints]]

    def under(*tops: str) -> tuple[int, ...]:
        found = {skeleton[top] for top in tops}
        for joint, parent in enumerate(skeleton.parents):  # parents come before their children
            if parent in found:
                found.add(joint)
        return tuple(sorted(found))

    arms, legs = under("left_collar", "right_collar"), under("left_hip", "right_hip")
    return arms, legs, tuple(joint for joint in range(1, joints) if joint not in arms + legs)


def put_at_origin(
    rotations_6d: Float[ndarray, "N F J 6"], path_m: Float[ndarray, "N F 3"], heading: Float[ndarray, " N"]
) -> tuple[Float[ndarray, "N F J 6"], Float[ndarray, "N F 3"]]:
    """The same motions, each with its root over the origin, headed so, at its first frame; heights stay."""
    was = nearest_heading(as_matrices(rotations_6d[:, 0, 0]))
    turn = about_y(heading - was).astype(np.float32)
    root = as_6d(turn[:, None] @ as_matrices(rotations_6d[:, :, 0]))
    rotations = np.concatenate([root[:, :, None], rotations_6d[:, :, 1:]], axis=2)
    over = path_m - path_m[:, :1] * np.array([1, 0, 1], np.float32)
    return rotations.astype(np.float32), (over @ turn.swapaxes(-1, -2)).astype(np.float32)


def mirrored_classes(classes: tuple[str, ...]) -> tuple[int, ...]:
    """For each action the number of what it is in a mirror: `walk-left` for `walk-right`, otherwise itself."""
    return tuple(at if other < 0 else int(other) for at, other in enumerate(counterparts(classes)))


# ---- how ------------------------------------------------------------------------------------------------------------


def _inputs(kind: Kind, motions: Motions) -> tuple[Tensor, Tensor]:
    frames = torch.from_numpy(np.ascontiguousarray(motions.frames)).long()
    longest = int(motions.frames.max())
    rotations, path = motions.rotations_6d[:, :longest], motions.path_m[:, :longest]
    if kind == "gru":
        return joint_inputs(torch.from_numpy(joints_m(rotations, path))), frames
    return parameter_inputs(torch.from_numpy(rotations), torch.from_numpy(path)), frames


def _scale_to(model: Classifier, kind: Kind, motions: Motions) -> None:
    """Inputs are counted in their own spread over the real frames of (at most 512 of) the motions."""
    at = np.linspace(0, len(motions) - 1, min(len(motions), 512)).astype(int)
    x, frames = _inputs(kind, motions[at])
    real = x[torch.arange(x.shape[1]) < frames[:, None]]
    model.mean.copy_(real.mean(0))
    model.spread.copy_(real.std(0).clamp_min(0.05))


def _loss(logits: Tensor, labels: Tensor, *, together: bool) -> Tensor:
    if together:
        return functional.binary_cross_entropy_with_logits(logits, labels.float())
    return functional.cross_entropy(logits, labels.long().argmax(-1), label_smoothing=0.1)


def _validated(model: Classifier, kind: Kind, motions: Motions, *, together: bool) -> tuple[float, float]:
    model.eval()
    right, loss = 0.0, 0.0
    with torch.inference_mode():
        for at in range(0, len(motions), _AT_ONCE):
            part = motions[at : at + _AT_ONCE]
            logits = model(*_inputs(kind, part)).logits
            labels = torch.from_numpy(part.labels)
            right += float(labels[torch.arange(len(part)), logits.argmax(-1)].sum())
            loss += float(_loss(logits, labels, together=together)) * len(part)
    return right / max(len(motions), 1), loss / max(len(motions), 1)


def _rate(step: int, steps: int) -> float:
    """Warms up over a twentieth, then falls to a hundredth along a cosine."""
    warm = max(steps // 20, 1)
    if step <= warm:
        return step / warm
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(steps - warm, 1)))


def _copied(model: nn.Module) -> dict[str, Tensor]:
    return {name: each.detach().clone() for name, each in model.state_dict().items()}
