"""A motion model measured: T on real motion, its samples before T, S on its samples, beside copies and real motion.

Carries out `runs.EvaluatePoseGpt`. Every seed trains a T, draws samples and trains an S; what a seed gave is put down
in the run's folder at once (`classifier-SEED.safetensors`, `scores-SEED.json`), so that an evaluation that was stopped
goes on behind the last whole step. With a file of HumanAct12's own classifier that is T, and there is no S.
"""

import hashlib
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import msgspec
import numpy as np
import torch
from jaxtyping import Float
from msgspec.structs import replace
from numpy import ndarray

from core.errors import RunError
from core.evaluation import generation_metrics as metrics
from core.evaluation.labelled_motions import Motions
from core.experiments import posegpt_report
from core.experiments.judging import (
    CHOOSE,
    Judge,
    Namer,
    RealWindows,
    Scores,
    judge,
    judge_of,
    real_windows,
    reconstructed,
    sampled,
    score,
)
from core.experiments.posegpt_report import MEANING, Figure, Report, row_of
from core.generation.motion_model import MotionModel
from core.kept_motions import fingerprint_of
from core.models import humanact12_classifier
from core.models.action_classifier import Kind
from core.runs import Done, EvaluatePoseGpt, Event, Events, Made, Note, Progress
from core.training import action_classifier
from core.training.action_classifier import Schedule, Trained, train_classifier
from core.wording import counted

_OF_CHOOSING = 1_000_003
"""Added to a seed: samples that tell S when to stop are others than those it learns from."""


class _Seed(msgspec.Struct, frozen=True):
    """What one seed gave."""

    made_for: str
    accuracy_on_real: float
    rows: tuple[Scores, ...]


def evaluate_posegpt(spec: EvaluatePoseGpt, project: str) -> Events:
    """Measure a run; `report.json` and `report.md` go into the spec's folder. `project` is its name, for people."""
    began, folder = time.perf_counter(), Path(spec.out)
    model = MotionModel.load(spec.run)
    header = model.header
    yield Note(f"{model.name}, step {header.step} of its GPT, on the {spec.part} part of {project}")
    yield Progress(0, spec.seeds * 4, "Reading real motion")
    real = real_windows(
        Path(spec.project),
        header.config,
        model.actions,
        part=spec.part,
        windows=spec.windows,
        learned_from=header.split,
        fingerprint=header.data_fingerprint,
    )
    for note in real.notes:
        yield Note(note)
    found: list[_Seed] = []
    for seed in range(spec.seeds):
        measured = yield from _seed(spec, model, real, seed, folder)
        found.append(measured)
    report = _report(spec, project, model, real, found, time.perf_counter() - began)
    written = posegpt_report.write(report, folder)
    for path in written:
        yield Made(path.name, str(path))
    samples = report.row("samples")
    yield Done(
        f"R_T {samples.said('recognised')}, R_S {samples.said('teaches')}, FID to held out "
        f"{samples.said('to_held_out.fid')} (real motion with itself {samples.said('to_held_out.fid_of_real')}), "
        f"T right on {report.accuracy_on_real.said(1, 100)} % of real motion",
        tuple(str(path) for path in written),
    )


def schedule_of(windows: int) -> Schedule:
    """The one for T and S alike: a few windows are learned sooner."""
    return Schedule() if windows >= CHOOSE else Schedule(steps=max(2 * windows, 40))


def _real_of(spec: EvaluatePoseGpt) -> str:
    return "the real motion that was learned" if spec.part == "train" else "unseen real motion"


def _seed(
    spec: EvaluatePoseGpt, model: MotionModel, real: RealWindows, seed: int, folder: Path
) -> Generator[Event, None, _Seed]:
    """All rows of one seed, from the folder where they are there already."""
    assert model.path is not None
    schedule, total = schedule_of(spec.windows), spec.seeds * 4
    about = f"{real.fingerprint} {real.part} {real.classes} {spec.windows} {spec.classifier} {schedule} {seed}"
    for_classifier = hashlib.sha256(about.encode()).hexdigest()[:32]
    whole = f"{for_classifier} {fingerprint_of(model.path)} {spec.classifier_file}"
    kept = _kept(folder / f"scores-{seed}.json")
    if kept is not None and kept.made_for == whole:
        yield Note(f"Seed {seed} was measured already")
        return kept
    classifier: Namer
    if spec.classifier_file:
        classifier = OfficialNamer.load(Path(spec.classifier_file), real.classes)
    else:
        path = folder / f"classifier-{seed}.safetensors"
        there = action_classifier.kept(path, for_classifier)
        if there is None:
            there = yield from _quietly(
                train_classifier(
                    real.own(real.train[: spec.windows]),
                    real.own(real.choose),
                    real.classes,
                    spec.classifier,
                    seed=seed,
                    schedule=schedule,
                ),
                f"Training T, seed {seed}",
            )
            action_classifier.keep(there, path, for_classifier)
            yield Made("classifier", str(path))
        classifier = there
    yield Progress(4 * seed + 1, total, f"Judging, seed {seed}")
    judge_ = judge_of(classifier, real)
    yield Note(f"Seed {seed}: T names {100 * judge_.accuracy_on_real:.1f} % of {_real_of(spec)} right")
    samples = judge(model, real, judge_, windows=spec.windows, seed=seed)
    yield Progress(4 * seed + 2, total, f"Judging, seed {seed}")
    if isinstance(classifier, Trained):
        right = yield from taught(model, real, spec.classifier, windows=spec.windows, seed=seed)
        samples = replace(samples, teaches=metrics.teaches(right, judge_.accuracy_on_real))
    yield Progress(4 * seed + 3, total, f"Judging real motion, seed {seed}")
    rows = (samples, *beside(model, real, judge_, windows=spec.windows, seed=seed))
    found = _Seed(whole, judge_.accuracy_on_real, rows)
    (folder / f"scores-{seed}.json").write_bytes(msgspec.json.encode(found))
    yield Progress(4 * seed + 4, total, f"Seed {seed} is measured")
    return found


def taught(
    model: MotionModel, real: RealWindows, kind: Kind, *, windows: int, seed: int
) -> Generator[Event, None, float]:
    """Accuracy on unseen real motion of S, which learned from samples, and from other samples when to stop."""
    learn = sampled(model, real.train[:windows], seed=seed)
    choose = sampled(model, real.choose, seed=seed + _OF_CHOOSING)
    s = yield from _quietly(
        train_classifier(
            real.own(learn), real.own(choose), real.classes, kind, seed=seed, schedule=schedule_of(windows)
        ),
        f"Training S, seed {seed}",
    )
    held_out = real.own(real.held_out)
    return metrics.accuracy(s.judge(held_out)[0], held_out.labels)


def beside(model: MotionModel, real: RealWindows, judge_: Judge, *, windows: int, seed: int) -> tuple[Scores, ...]:
    """What stands beside the samples: the codes at best, copied motion, and real motion itself."""
    held_out = real.held_out[:windows]
    at_best = score("codes at best", reconstructed(model, held_out), real, judge_, seed=seed)
    copied = score("copied motion", real.copies[:windows], real, judge_, seed=seed)
    # Real motion's distance to its own part is what stands in brackets everywhere.
    itself = replace(score("real, held out", held_out, real, judge_, seed=seed), to_held_out=None)
    return at_best, copied, itself


def _quietly(training: Generator[Event, None, Trained], doing: str) -> Generator[Event, None, Trained]:
    """A classifier's training within a longer run: its progress under another name, its curves left out."""
    try:
        while True:
            event = next(training)
            if isinstance(event, Progress):
                yield Progress(event.done, event.total, doing)
    except StopIteration as end:
        return end.value


def _kept(path: Path) -> _Seed | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Seed)
    except (OSError, msgspec.DecodeError, msgspec.ValidationError):
        return None  # not measured yet, or by an earlier version: it is measured now


def _report(
    spec: EvaluatePoseGpt, project: str, model: MotionModel, real: RealWindows, found: list[_Seed], seconds: float
) -> Report:
    header = model.header
    rows = tuple(row_of(same) for same in zip(*(each.rows for each in found), strict=True))
    on_real = [each.accuracy_on_real for each in found]
    narrowed = rows[0].narrowed_to
    notes = (
        *real.notes,
        *((f"T's features are narrowed to {narrowed} dimensions for FID and KID: {spec.windows} windows are too few "
           "for all of them.",) if narrowed else ()),
        *((f"T names only {100 * float(np.mean(on_real)):.0f} % of {_real_of(spec)} right: what it says of samples "
           "weighs little.",) if np.mean(on_real) < 0.9 else ()),
        *(("There is no held-out part here: every figure is against what was learned, as HumanAct12's are.",)
          if spec.part == "train" else ()),
        *((OfficialNamer.NOTE,) if spec.classifier_file else ()),
        *MEANING,
    )  # fmt: skip
    return Report(
        run=model.name,
        preset=header.preset,
        project=project,
        part=spec.part,
        sources=real.sources,
        recordings=real.recordings,
        actions=real.classes,
        windows=spec.windows,
        seeds=tuple(range(spec.seeds)),
        classifier="HumanAct12's own classifier" if spec.classifier_file else _KINDS[spec.classifier],
        frames_a_token=model.factor,
        books=model.books,
        codes=model.codes,
        training_step=header.step,
        data_fingerprint=real.fingerprint,
        device=f"the processor, {counted(torch.get_num_threads(), 'thread')}",
        seconds=seconds,
        rows=rows,
        accuracy_on_real=Figure(float(np.mean(on_real)), float(np.std(on_real, ddof=1)) if len(on_real) > 1 else 0.0),
        notes=notes,
    )


_KINDS = {"transformer": "a transformer on body parameters", "gru": "a recurrent network on joints"}


@dataclass(frozen=True)
class OfficialNamer:
    """HumanAct12's own classifier as T: it hears joints at 20 frames a second."""

    classes: tuple[str, ...]
    model: humanact12_classifier.HumanAct12Classifier
    order: tuple[int, ...]  # of its answers, for our classes

    NOTE: ClassVar[str] = (
        "T is HumanAct12's own classifier. Published figures are with SMPL's joints; these are with the built-in "
        "body's, whose bones are not SMPL's."
    )

    @classmethod
    def load(cls, path: Path, classes: tuple[str, ...]) -> "OfficialNamer":
        """RunError where a class is none of HumanAct12's."""
        own = humanact12_classifier.ACTIONS
        unknown = [name for name in classes if name not in own]
        if unknown:
            raise RunError(
                f"HumanAct12's classifier does not know {unknown[0]!r}.", hint=f"It knows: {', '.join(own)}."
            )
        return cls(classes, humanact12_classifier.load(path), tuple(own.index(name) for name in classes))

    def judge(self, motions: Motions) -> tuple[Float[ndarray, "N A"], Float[ndarray, "N W"]]:
        """Logits of our classes, and its 30 features."""
        joints_m = motions.joints_m[:, :, : humanact12_classifier.JOINTS]
        # Every 1.5 frames of 30 a second, between frames by a straight line.
        frames = np.maximum(((motions.frames - 1) / 1.5).astype(int) + 1, 1)
        at = np.minimum(np.arange(int(frames.max())) * 1.5, (motions.frames - 1)[:, None])
        low = np.floor(at).astype(int)
        high = np.minimum(low + 1, (motions.frames - 1)[:, None])
        rows, part = np.arange(len(motions))[:, None], (at - low)[..., None, None]
        slow_m = joints_m[rows, low] * (1 - part) + joints_m[rows, high] * part
        with torch.inference_mode():
            said = self.model(torch.from_numpy(slow_m.astype(np.float32)), torch.from_numpy(frames).long())
        return said.logits.double().numpy()[:, list(self.order)], said.features.double().numpy()
