"""A motion model's samples beside real motion: everything section 4.1 of PoseGPT's paper measures, as functions.

    real = real_windows(project_folder, config, actions, part="test", windows=1000)
    classifier = yield from train_classifier(real.learn, real.choose, real.classes, "transformer", seed=0)
    judge_ = judge_of(classifier, real)
    scores = judge(model, real, judge_, windows=1000, seed=0)         # cheap: one T serves many models

Windows are 64 to 128 frames long where model and stretch have room, from anywhere in their stretches, every measured
action as often. Samples have the very actions and lengths of the held-out windows. Only actions that occur in the
held-out part are measured. Rows are motions; labels are k-hot over the model's actions.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np
import torch
from jaxtyping import Float, Int
from msgspec.structs import replace
from numpy import ndarray

from core.bodies.surface import Surface
from core.datasets.motion_examples import Examples, motion_examples
from core.datasets.motion_features import Cuts, FeatureBatch, FeatureWindows
from core.errors import RunError
from core.evaluation import generation_metrics as metrics
from core.evaluation.labelled_motions import Motions, together
from core.evaluation.motion_quality import Learned, foot_skatings_m_s, nearer_share, peak_jerks_m_s3
from core.generation.motion_model import MotionModel
from core.models.motion_vqvae import MotionTensors
from core.models.sampling import Draw, sample, uniforms
from core.posegpt_configs import PoseGpt
from core.training.motion_losses import pve_mm

SHORTEST, LONGEST = 64, 128
"""Frames of the windows that are compared, where model and stretch have room."""
CHOOSE = 300
"""Windows, or samples, that tell a classifier when to stop."""
PVE_WINDOWS = 64
_AT_ONCE = 64


# ---- real motion ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RealWindows:
    """Real motion to compare with. Labels are over all actions of the model; `measured` are those that count."""

    actions: tuple[str, ...]
    measured: Int[ndarray, " M"]
    train: Motions
    held_out: Motions
    choose: Motions
    copies: Motions  # other windows of the training part: what a model that copies would give
    learned: Learned
    part: str
    recordings: dict[str, int]  # of each part
    fingerprint: str
    sources: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(self.actions[at] for at in self.measured)

    def own(self, motions: Motions) -> Motions:
        """The same motions, with the labels that are measured alone."""
        return Motions(motions.rotations_6d, motions.path_m, motions.frames, motions.labels[:, self.measured])

    @cached_property
    def held_out_mm(self) -> Float[ndarray, " N"]:
        """How far held-out motions are from what was learned."""
        return self.learned.nearest_mm(self.held_out)[0]


def real_windows(
    project_folder: Path,
    config: PoseGpt,
    actions: Sequence[str],
    *,
    part: str = "test",
    windows: int = 1000,
    learned_from: dict[str, tuple[str, ...]] | None = None,
    fingerprint: str = "",
    seed: int = 0,
) -> RealWindows:
    """Twice `windows` of train and of the held-out part, so that real motion can be compared with itself at that size.

    `learned_from` is the model's own split by names: nothing in its training part is measured as unseen. With `part`
    "train" there is nothing held out, and the figures are against what was learned, as HumanAct12's are.
    """
    examples = motion_examples(project_folder, config.data, config.seed)
    notes = list(examples.notes)
    if fingerprint and fingerprint != examples.fingerprint:
        notes.append(
            "The project has changed since the model was trained; what it learned from is not measured as unseen"
        )
        examples = _without(examples, set((learned_from or {}).get("train", ())), part)
    most = min(config.data.most_frames, LONGEST)
    data = replace(config.data, least_frames=min(SHORTEST, most, config.data.most_frames), most_frames=most)
    factor = config.autoencoder.downsampling
    measured = _measured(examples, actions, part)
    keep = {label: name for label, name in examples.learned_as.items() if name in measured}

    def of(name: str) -> FeatureWindows | None:
        found = FeatureWindows(examples.labelled[name], keep, data, factor) if examples.labelled[name] else None
        return found if found is not None and len(found) else None

    train, held_out, choose = of("train"), of(part), of("validation")
    if train is None or held_out is None:
        raise RunError(
            f"The {part} part has no motion of the actions that the model knows.",
            hint="Measure on another part: --split train or validation.",
        )
    if choose is None:
        notes.append("No validation part: classifiers are chosen on other windows of the training part")

    def drawn(source: FeatureWindows, count: int, number: int) -> Motions:
        return _motions(source, count, np.random.default_rng((seed, 61, number)), keep, actions)

    return RealWindows(
        actions=tuple(actions),
        measured=np.array([actions.index(name) for name in measured]),
        train=drawn(train, 2 * windows, 0),
        held_out=drawn(held_out, 2 * windows, 1),
        choose=drawn(choose or train, min(CHOOSE, windows), 2),
        copies=drawn(train, windows, 3),
        learned=Learned.of_motions(_whole(train, keep, actions), seed=seed),
        part=part,
        recordings={name: len(those) for name, those in examples.labelled.items()},
        fingerprint=examples.fingerprint,
        sources=examples.sources,
        notes=tuple(notes),
    )


def _without(examples: Examples, learned: set[str], part: str) -> Examples:
    """The same without those of other parts that a model learned from."""
    labelled = dict(examples.labelled)
    for name in ("validation", "test"):
        pairs = zip(examples.parts[name], examples.labelled[name], strict=True)
        labelled[name] = tuple(one for key, one in pairs if key not in learned)
    if part != "train" and not labelled[part]:
        raise RunError(f"The model learned from all of the {part} part.", hint="Measure on another part: --split")
    return Examples(
        labelled, examples.learned_as, examples.parts, examples.sources, examples.notes, examples.fingerprint
    )


def _measured(examples: Examples, actions: Sequence[str], part: str) -> tuple[str, ...]:
    """Actions that the model knows and that both parts hold, in the model's order."""

    def held(name: str) -> set[str]:
        stretches = (each for one in examples.labelled[name] for each in one.stretches)
        return {
            examples.learned_as[label] for each in stretches for label in each.labels if label in examples.learned_as
        }

    found = tuple(name for name in actions if name in held("train") & held(part))
    if len(found) < 2:
        raise RunError(
            f"The {part} part holds {'one' if found else 'none'} of the model's actions, and two are needed.",
            hint="Measure on another part (--split), or on a project with the model's actions.",
        )
    return found


def _motions(
    source: FeatureWindows,
    count: int,
    random: np.random.Generator,
    keep: dict[str, str],
    actions: Sequence[str],
) -> Motions:
    cuts = source.drawn(count, random, varied=False, balanced=True)
    batches = [source.batch(cuts[at : at + 256]) for at in range(0, count, 256)]
    return _as_actions([_of_batch(each) for each in batches], keep, actions)


def _whole(source: FeatureWindows, keep: dict[str, str], actions: Sequence[str]) -> Motions:
    """Every stretch that was learned from, one window of it after the other, none left out but ends under a second."""
    room = np.array([piece.end - piece.start for piece in source.pieces])
    piece, start, frames = [], [], []
    for at, whole in enumerate(room):
        for begin in range(0, max(int(whole) - 32, 0) + 1, LONGEST - 32):
            piece.append(at)
            start.append(begin)
            frames.append(min(LONGEST, int(whole) - begin))
    none = np.zeros(len(piece))
    cuts = Cuts(np.array(piece), np.array(start), np.array(frames), none.astype(bool), none, none, none)
    batches = [source.batch(cuts[at : at + 256]) for at in range(0, len(cuts), 256)]
    return _as_actions([_of_batch(each) for each in batches], keep, actions)


def _of_batch(batch: FeatureBatch) -> Motions:
    return Motions(batch.rotations_6d, batch.path_m, batch.frames, batch.labels > 0.5)


def _as_actions(parts: Sequence[Motions], keep: dict[str, str], actions: Sequence[str]) -> Motions:
    """Labels put at the numbers that the model knows them by."""
    whole = together(parts)
    classes = tuple(dict.fromkeys(sorted(keep.values())))
    labels = np.zeros((len(whole), len(actions)), bool)
    labels[:, [actions.index(name) for name in classes]] = whole.labels
    return Motions(whole.rotations_6d, whole.path_m, whole.frames, labels)


# ---- motion of the model --------------------------------------------------------------------------------------------


def sampled(model: MotionModel, like: Motions, *, seed: int = 0, draw: Draw | None = None) -> Motions:
    """One sample for every motion, of its actions and its length, as the model gives it, heights not put right."""
    factor, order = model.factor, np.argsort(like.frames, kind="stable")
    tokens = like.frames // factor
    numbers = uniforms(seed, len(like), int(tokens.max()), model.books)
    made, rows = [], []
    for at in range(0, len(like), _AT_ONCE):
        chosen = order[at : at + _AT_ONCE]
        most = int(tokens[chosen].max())
        labels = torch.from_numpy(like.labels[chosen]).float()
        frames = torch.from_numpy(like.frames[chosen]).long()
        with torch.inference_mode():
            growing = sample(model.gpt, labels, frames, most, numbers[chosen, :most], draw or Draw())
            codes = deque(growing, maxlen=1).pop()
            real = torch.arange(most) < torch.from_numpy(tokens[chosen])[:, None]
            motion = model.autoencoder.decode(codes, real)
        made.append(_held(motion, like[chosen]))
        rows.append(chosen)
    return together(made)[np.argsort(np.concatenate(rows))]


def reconstructed(model: MotionModel, motions: Motions) -> Motions:
    """The motions through the auto-encoder and back: what its codes can say at best."""
    made = []
    for at in range(0, len(motions), _AT_ONCE):
        part = motions[at : at + _AT_ONCE]
        with torch.inference_mode():
            made.append(_held(model.autoencoder(*_tensors(part)).motion, part))
    return together(made)


def _held(motion: MotionTensors, like: Motions) -> Motions:
    """As arrays, the last real frame held to the end."""
    rotations, path = motion.rotations_6d.numpy(), motion.path_m.numpy()
    whole = Motions(rotations, path, like.frames, like.labels)
    return whole.as_long_as(rotations.shape[1])


def _tensors(motions: Motions) -> tuple[MotionTensors, torch.Tensor]:
    longest = int(motions.frames.max())
    return (
        MotionTensors(
            torch.from_numpy(motions.rotations_6d[:, :longest]), torch.from_numpy(motions.path_m[:, :longest])
        ),
        torch.from_numpy(motions.real[:, :longest]),
    )


# ---- scores ---------------------------------------------------------------------------------------------------------


class Distance(msgspec.Struct, frozen=True, kw_only=True):
    """FID and KID against one part, beside real against real of that part at the same size."""

    motions: int
    dimensions: int
    narrowed: bool
    fid: float
    fid_deviation: float
    fid_of_real: float
    fid_of_real_deviation: float = 0.0
    kid: float
    kid_deviation: float
    kid_of_real: float


class CodeScores(msgspec.Struct, frozen=True, kw_only=True):
    """What a model's two stages say of real motion of one part."""

    pve_mm: float
    bits_a_code: float
    bits_a_second: float
    bits_a_dimension: float
    next_code_right: float


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """One row: motions of whatever kind, judged by T. None where a figure does not apply."""

    who: str
    motions: int
    accuracy: float  # of T on them
    mean_average_precision: float
    recognised: float  # R_T
    teaches: float | None = None  # R_S
    to_train: Distance | None = None
    to_held_out: Distance | None = None
    diversity: float
    multimodality: float
    peak_jerk_m_s3: float  # median
    peak_jerk_95_m_s3: float
    foot_skating_m_s: float
    nearest_mm: float  # median distance to what was learned
    nearer_than_held_out: float
    accuracy_by_action: dict[str, float] = {}
    on_train: CodeScores | None = None
    on_held_out: CodeScores | None = None


class Namer(Protocol):
    """T, ours or another's: its classes, and what it says of motions."""

    @property
    def classes(self) -> tuple[str, ...]: ...

    def judge(self, motions: Motions) -> tuple[Float[ndarray, "N A"], Float[ndarray, "N W"]]: ...


@dataclass(frozen=True)
class Judge:
    """T with what it says of real motion."""

    classifier: Namer
    train_features: Float[ndarray, "N W"]
    held_out_features: Float[ndarray, "N W"]
    accuracy_on_real: float


def judge_of(classifier: Namer, real: RealWindows) -> Judge:
    """T, and what it says of the real windows, asked once."""
    _, train = classifier.judge(real.own(real.train))
    logits, held_out = classifier.judge(real.own(real.held_out))
    return Judge(classifier, train, held_out, metrics.accuracy(logits, real.own(real.held_out).labels))


def score(who: str, motions: Motions, real: RealWindows, judge_: Judge, *, seed: int = 0) -> Scores:
    """Everything that can be said of motions of any kind."""
    logits, features = judge_.classifier.judge(real.own(motions))
    labels = real.own(motions).labels
    right = metrics.accuracy(logits, labels)
    jerks, skatings = peak_jerks_m_s3(motions), foot_skatings_m_s(motions)
    nearest_mm, _ = real.learned.nearest_mm(motions)
    by_action = metrics.accuracy_by_action(logits, labels)
    return Scores(
        who=who,
        motions=len(motions),
        accuracy=right,
        mean_average_precision=metrics.mean_average_precision(logits, labels),
        recognised=metrics.recognised(right, judge_.accuracy_on_real),
        to_train=_distance(features, judge_.train_features, seed),
        to_held_out=_distance(features, judge_.held_out_features, seed),
        diversity=metrics.diversity(features, seed=seed),
        multimodality=metrics.multimodality(features, labels, seed=seed),
        peak_jerk_m_s3=float(np.median(jerks)),
        peak_jerk_95_m_s3=float(np.percentile(jerks, 95)),
        foot_skating_m_s=float(skatings.mean()),
        nearest_mm=float(np.median(nearest_mm)),
        nearer_than_held_out=nearer_share(nearest_mm, real.held_out_mm),
        accuracy_by_action={
            name: float(each) for name, each in zip(real.classes, by_action, strict=True) if np.isfinite(each)
        },
    )


def judge(model: MotionModel, real: RealWindows, classifier: Namer | Judge, *, windows: int, seed: int = 0) -> Scores:
    """A model's samples, and what its stages say of real motion. `classifier` is T, as `judge_of` has it at best."""
    judge_ = classifier if isinstance(classifier, Judge) else judge_of(classifier, real)
    samples = sampled(model, real.held_out[:windows], seed=seed)
    found = score("samples", samples, real, judge_, seed=seed)
    return replace(
        found,
        on_train=code_scores(model, real.train[:windows]),
        on_held_out=code_scores(model, real.held_out[:windows]),
    )


def code_scores(model: MotionModel, motions: Motions) -> CodeScores:
    """PVE of (at most 64 of) the motions, on a tenth of the surface spread evenly; bits and hits of all their codes."""
    logs, rights, reals = [], [], []
    factor, most = model.factor, int(motions.frames.max()) // model.factor
    for at in range(0, len(motions), _AT_ONCE):
        part = motions[at : at + _AT_ONCE]
        with torch.inference_mode():
            tensors, real = _tensors(part)
            codes = model.autoencoder.encode(tensors, real)
            labels, frames = torch.from_numpy(part.labels).float(), torch.from_numpy(part.frames).long()
            logits = model.gpt(codes, labels, frames)
            given = logits.log_softmax(-1).gather(-1, codes[..., None])[..., 0]
            hit = logits.argmax(-1) == codes
        pad = ((0, 0), (0, most - codes.shape[1]), (0, 0))
        logs.append(np.pad(given.numpy(), pad))
        rights.append(np.pad(hit.numpy(), pad))
        reals.append(np.arange(most) < (part.frames // factor)[:, None])
    found = metrics.likelihood(
        np.concatenate(logs),
        np.concatenate(rights),
        np.concatenate(reals),
        frames_a_token=factor,
        dimensions=motions.rotations_6d.shape[2] * 6 + 3,
    )
    return CodeScores(
        pve_mm=_pve_mm(model, motions[:PVE_WINDOWS]),
        bits_a_code=found.bits_a_code,
        bits_a_second=found.bits_a_second,
        bits_a_dimension=found.bits_a_dimension,
        next_code_right=found.right,
    )


def _pve_mm(model: MotionModel, motions: Motions) -> float:
    surface = Surface("smpl" if model.joints == 24 else "smplx", vertex_share=0.1, correctives=True)
    errors, counts = 0.0, 0
    for at in range(0, len(motions), 8):
        part = motions[at : at + 8]
        with torch.inference_mode():
            tensors, real = _tensors(part)
            made = model.autoencoder(tensors, real).motion
            each_mm = pve_mm(surface, made, tensors, real)
        errors += float((each_mm * real.sum(1)).sum())
        counts += int(real.sum())
    return errors / counts


def _distance(features: ndarray, real: ndarray, seed: int) -> Distance:
    found = metrics.apart(features, real, seed=seed)
    return Distance(
        motions=found.motions,
        dimensions=found.dimensions,
        narrowed=found.narrowed,
        fid=found.fid.mean,
        fid_deviation=found.fid.deviation,
        fid_of_real=found.fid_of_real.mean,
        fid_of_real_deviation=found.fid_of_real.deviation,
        kid=found.kid.mean,
        kid_deviation=found.kid.deviation,
        kid_of_real=found.kid_of_real.mean,
    )
