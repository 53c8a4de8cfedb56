"""Training PoseGPT: the auto-encoder, then the GPT over its codes, in one run's folder.

    best.safetensors     both models, at any time: the best auto-encoder, and the GPT as it is best by then
    last.safetensors     what going on needs: both as they are, the optimiser, random numbers
    config.json, split.json, metrics.csv

Steps 1 … n are the auto-encoder's, n + 1 … n + m the GPT's. The GPT learns from fresh cuts at every step, made into
codes by the auto-encoder that validated best, which no longer changes. What a step sees depends on the seed and its
number alone, so a run that was stopped takes the steps it would have taken.
"""

from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from torch import Tensor

from core import origins
from core.configs import knobs
from core.datasets.motion_examples import Examples, motion_examples
from core.datasets.motion_features import Ahead, FeatureBatch, FeatureWindows, StepBatches
from core.errors import RunError
from core.models import checkpoints
from core.models.checkpoints import PoseGptHeader
from core.models.likelihoods import bits_per_code, percentiles
from core.models.motion_gpt import MotionGpt
from core.models.motion_vqvae import MotionTensors
from core.models.posegpt import PoseGpt
from core.runs import Done, Event, Events, Made, Metric, Note, Progress, TrainPoseGpt
from core.training import bad_batch, distributed, forking, loop, running, samples
from core.training.attempt import Attempt
from core.training.distributed import Workers
from core.training.environment import Account
from core.training.motion_gpt import CodeBatch, GptTraining, Uncoded
from core.training.motion_vqvae import AutoencoderTraining
from core.training.shares import Division
from core.training.stages import EVERY, SPOKEN, Stage, Stages
from core.wording import counted

RELATED = (
    "report_every", "validate_every", "device", "stages", "samples", "autoencoder_training.parts", "gpt_training.parts",
)  # fmt: skip
"""Knobs in which a run that is gone on with may differ; the number of steps too, where the rate is constant."""
_SHAPES = ("autoencoder.", "quantizer.", "gpt.", "data.body", "stages")
"""Beginnings of the knobs that make the networks."""
_MEASURED_AT_ONCE = 64
_STANDARDISED_BY = 512
"""Windows."""
_SHAPES_ON_CARDS = 32
"""On a graphics card batches are this many frames or multiples of it: few shapes, few kernels."""


def train_posegpt(spec: TrainPoseGpt, project: str, folder: Path, *, drive: loop.Drive = loop.train) -> Events:
    """Train on the project of that name, or go on with the run that lies in `folder`; `drive` takes the steps."""
    config = spec.config
    yield Note("Reading the motion")
    examples = motion_examples(Path(spec.project), config.data, config.seed)
    for note in examples.notes:
        yield Note(note)
    folder.mkdir(parents=True, exist_ok=True)
    distributed.own_card()
    with distributed.joined(running.device_of(config.device), folder) as (workers, own), running.settled(config):
        bank_files = [own / f"{part}-windows.npy" for part in ("train", "validation")]
        try:
            training = PoseGptTraining(spec, project, own, examples, bank_files, workers, drive)
            done = training.take_up()
            for note in training.told():
                yield Note(note)
            if done:
                yield Note(f"Going on after step {done} of {training.plan.steps}")
            attempt = Attempt(
                spec, own, training.account(done), done=done, steps=training.plan.steps, split=examples.parts
            )
            lost = yield from attempt.through(training.snapshots.told(training.stages()))
            if lost is not None:
                training = PoseGptTraining(spec, project, own, examples, bank_files, workers)
                training.take_up()
                bad = yield from training.first_bad_step(lost)
                raise bad_batch.said(own, lost, bad, seed=config.seed)
        finally:
            for file in bank_files:
                with suppress(OSError):  # some systems hold on to a file that was looked into
                    file.unlink(missing_ok=True)
    best = folder / "best.safetensors"
    yield Made("best checkpoint", str(best))
    yield Done(training.summary(), (str(best),))


@dataclass
class _Kept:
    """What is known of the best checkpoint so far."""

    score: float | None = None
    figures: dict[str, float] | None = None
    real_bits: tuple[float, ...] = ()
    there: bool = False


class PoseGptTraining:
    """Both models, what they learn from, and which stage they are in."""

    def __init__(
        self,
        spec: TrainPoseGpt,
        project: str,
        folder: Path,
        examples: Examples,
        bank_files: list[Path],
        workers: Workers | None = None,
        drive: loop.Drive = loop.train,
    ) -> None:
        self._workers, self._drive = workers or Workers(), drive
        self._config, self._spec, self._project = spec.config, spec, project
        self._folder, self._examples = folder, examples
        config = self._config
        self.plan = Stages(config)
        self._device = running.device_of(config.device)
        factor = config.autoencoder.downsampling
        self._train, self._held_out = (
            FeatureWindows(examples.labelled[part], examples.learned_as, config.data, factor, bank_file=file)
            for part, file in zip(("train", "validation"), bank_files, strict=True)
        )
        if not len(self._train):
            raise RunError(
                "No labelled stretch is long enough to learn from.",
                hint="A stretch needs 16 frames at 30 a second, and a label that is learned.",
            )
        with torch.random.fork_rng(devices=[]):  # weights are drawn from torch's own stream; leave that as it was
            torch.manual_seed(config.seed)
            self._model = PoseGpt.build(config, len(self._train.classes)).to(self._device)
        self._standardise()
        self._validation = self._held_out.batches_in_order(_MEASURED_AT_ONCE)
        self.snapshots = samples.Snapshots(folder, config.validate_every)
        self._shown = samples.MotionShown(self._held_out, self._train, config, self._device) if config.samples else None
        self._stage: Stage = "gpt" if config.stages == "gpt" else "autoencoder"
        self._done: dict[Stage, int] = {"autoencoder": 0, "gpt": 0}
        self._kept = _Kept()
        self._state: dict[str, Tensor] = {}  # of the stage that is gone on with
        self._codes: list[CodeBatch] = []  # the validation's
        self._recipe: AutoencoderTraining | GptTraining | None = None
        self._doubts: tuple[str, ...] = ()
        self._parent = ""

    def _standardise(self) -> None:
        """Tell the auto-encoder how features spread, over some of the windows that it learns from."""
        chosen = self._train.drawn(_STANDARDISED_BY, np.random.default_rng(self._config.seed))
        batch = self._train.batch(chosen)
        rotations, path_m, real = (
            torch.as_tensor(each, device=self._device) for each in (batch.rotations_6d, batch.path_m, batch.real)
        )
        self._model.autoencoder.standardise(MotionTensors(rotations, path_m), real)

    # ---- what a person is told ----

    def told(self) -> Generator[str]:
        """Data, classes and sizes, a sentence each."""
        train, held_out = self._train, self._held_out
        where = "in a file" if train.is_in_file else "in memory"
        yield (
            f"{counted(len(train), 'stretch', 'stretches')} to learn from, {train.frames / 1800:.1f} minutes, "
            f"{train.bank_bytes / 1e6:.1f} MB {where}; {len(held_out)} to validate on"
        )
        counts = train.counts()
        often = sorted(counts, key=lambda name: (-counts[name], name))
        yield f"{counted(len(often), 'action')}: " + ", ".join(f"{name} {counts[name]}" for name in often)
        for part, windows in (("learning", train), ("validation", held_out)):
            for reason, count in windows.left_out.items():
                yield f"Left out of {part}: {counted(count, 'stretch', 'stretches')}, {reason}"
        sizes = [sum(each.numel() for each in part.parameters()) / 1e6 for part in (self._model.autoencoder, self._gpt)]
        auto = self._model.autoencoder
        yield (
            f"An auto-encoder of {sizes[0]:.2f} and a GPT of {sizes[1]:.2f} million numbers on {self._device.type}; "
            f"a token is {counted(auto.factor, 'frame')}, {counted(auto.books, 'book')} of {auto.codes} codes"
        )
        yield from self._doubts

    def summary(self) -> str:
        """How good the best checkpoint is, in a sentence."""
        figures = self._kept.figures or {}
        said = []
        if "validation/pve_mm" in figures:
            said.append(f"surface error {figures['validation/pve_mm']:.1f} mm")
        if "validation/bits" in figures:
            said.append(f"{figures['validation/bits']:.2f} bits a code")
        return f"Validation: {', '.join(said)}" if said else "Trained; nothing was set aside to validate on"

    # ---- beginning and going on ----

    def take_up(self) -> int:
        """How many steps the run in the folder has behind it; its state is taken up. A new one says what it is."""
        path = self._folder / "last.safetensors"
        if not path.is_file():
            if self._config.stages == "gpt":
                self._take_autoencoder()
            running.put_down(self._folder, self._config, self._examples.parts)
            self.snapshots.take_back(0)
            return self._begin_elsewhere() if self._spec.begin_at else 0
        kept = checkpoints.load_motion_model(path)
        header = kept.header
        same = header.data_fingerprint == self._examples.fingerprint
        running.require_the_same(self._folder, header.config, self._config, self._may_differ(), same_data=same)
        self._parent = header.parent
        self._kept = _Kept(header.best_score, header.figures, header.real_bits, there=True)
        done = self._take(kept)
        self.snapshots.take_back(done)
        return done

    def _take(self, kept: checkpoints.Checkpoint[PoseGptHeader]) -> int:
        """Weights, and of a last checkpoint the rest as well; the step that it is at."""
        header = kept.header
        self._model.take(kept.tensors)
        self._state = kept.part("state")
        if header.stage == "gpt":
            self._stage = "gpt"
            self._done["autoencoder"] = self._config.autoencoder_training.steps
        self._done[self._stage] = header.step
        return self.plan.before(self._stage) + header.step

    def _begin_elsewhere(self) -> int:
        """Take up another run's state at its step; rates and data of the same classes may differ."""
        kept = checkpoints.load_motion_model(checkpoints.find(Path(self._spec.begin_at), prefer="last"))
        header = kept.header
        more = self.plan.of("gpt").steps if header.stage == "autoencoder" and "gpt" in self.plan.here else 0
        with forking.fitting(header, self._config, _SHAPES, self.plan.of(header.stage).steps + more):
            forking.require_labels(self._train.classes, header.actions)
            self._parent = forking.parent_of(kept.path, header)
            return self._take(kept)

    def account(self, done: int) -> Account:
        """Where it is trained, from now on; DiskFullError where there is no room for what it keeps."""
        weights = list(self._model.autoencoder.parameters()) + list(self._gpt.parameters())
        running.require_room(self._folder, weights, [*weights, *weights, *weights])
        return Account(
            self._folder, self._device, done=done, fingerprint=self._examples.fingerprint,
            parts=self._examples.parts, windows=len(self._train),
        )  # fmt: skip

    def _may_differ(self) -> tuple[str, ...]:
        constant = [
            f"{stage}_training.steps" for stage in ("autoencoder", "gpt") if self.plan.of(stage).schedule == "constant"
        ]
        return (*RELATED, *constant)

    def _take_autoencoder(self) -> None:
        """The auto-encoder of another run; RunError where there is none, or one of other knobs."""
        config = self._config
        if not config.autoencoder_run:
            raise RunError(
                "No auto-encoder is named for the GPT to learn the codes of.",
                hint="Say autoencoder_run=FOLDER, a run of posegpt-autoencoder/… or posegpt/….",
            )
        kept = checkpoints.load_motion_model(checkpoints.find(Path(config.autoencoder_run)))
        theirs, ours = knobs(kept.header.config), knobs(config)
        alike = [each for each in ours if each.startswith(("autoencoder.", "quantizer.")) or each == "data.body"]
        other = [each for each in alike if theirs.get(each) != ours[each]]
        if other:
            raise RunError(
                f"The auto-encoder of {Path(config.autoencoder_run).name} has {other[0]} = {theirs.get(other[0])}, "
                f"and this config {ours[other[0]]}.",
                hint="Say its settings: " + " ".join(f"{each}={theirs.get(each)}" for each in other),
            )
        self._model.autoencoder.load_state_dict(kept.part("autoencoder"))
        self._kept.figures = {name: value for name, value in kept.header.figures.items() if name == "validation/pve_mm"}
        learned = set(kept.header.split.get("train", ()))
        seen = sum(name in learned for part in ("validation", "test") for name in self._examples.parts[part])
        if seen:
            self._doubts += (
                f"The auto-encoder learned from {counted(seen, 'recording')} that this run measures on, by their names",
            )

    # ---- the stages ----

    def stages(self) -> Generator[Event, None, None]:
        """The steps of every stage that is still to be taken."""
        for stage in self._still():
            yield from self._run(stage)

    def first_bad_step(self, lost: loop.NoNumberError) -> Generator[Event, None, loop.Bad | None]:
        """Take the steps from here again up to the one that `lost` is about, counted as the run does."""
        for stage in self._still():
            before = self.plan.before(stage)
            if lost.step > before + self.plan.of(stage).steps:
                continue  # whole already: the state is that of its end
            here = loop.NoNumberError(lost.good - before, lost.step - before, lost.name)
            with self._begun(stage) as recipe:
                bad = yield from loop.first_bad_step(
                    recipe, here, done=self._done[stage], steps=self.plan.of(stage).steps
                )  # fmt: skip
                return None if bad is None else replace(bad, step=before + bad.step)
        return None

    def _still(self) -> Generator[Stage]:
        """The stages with steps to take; what comes between them is done on the way."""
        if "autoencoder" in self.plan.here and self._stage == "autoencoder":
            yield "autoencoder"
        if "gpt" not in self.plan.here:
            return
        if self._stage == "autoencoder":
            self._workers.go_on()
            self._take_best()
            self._workers.share(self._model.autoencoder.state_dict().values())
            self._stage = "gpt"
        self._model.autoencoder.requires_grad_(requires_grad=False).eval()
        self._codes = [self._as_codes(batch) for batch in self._validation]
        yield "gpt"

    def _take_best(self) -> None:
        """The auto-encoder that validated best is the one whose codes are learned; the GPT's own best is to come."""
        path = self._folder / "best.safetensors"
        if not path.is_file():  # begun at the end of another run's stage: its last is what there is
            self._kept, self._state = _Kept(), {}
            return
        best = checkpoints.load_motion_model(path)
        self._model.autoencoder.load_state_dict(best.part("autoencoder"))
        self._kept = _Kept(figures=best.header.figures)
        self._state = {}

    @contextmanager
    def _begun(self, stage: Stage) -> Generator["_Waiting"]:
        """The recipe of a stage, at the step that it has behind it, and its batches, prepared ahead."""
        of, done, number = self.plan.of(stage), self._done[stage], 1 + EVERY.index(stage)
        steps = StepBatches(
            self._train, seed=self._config.seed, stage=number, batch=of.batch,
            multiple_of=_SHAPES_ON_CARDS if self._device.type == "cuda" else 1,
        )  # fmt: skip
        random = torch.Generator(self._device).manual_seed(self._config.seed + (number - 1) * 2**31)
        with closing(Ahead(steps, done + 1, of.steps)) as ahead:
            self._recipe = self._recipe_of(stage, ahead, random)
            if self._state:
                self._recipe.take_up(done, self._state)
                self._state = {}
            yield _Waiting(self._recipe, ahead)

    def _run(self, stage: Stage) -> Events:
        of, before = self.plan.of(stage), self.plan.before(stage)
        with self._begun(stage) as recipe:
            events = self._drive(
                recipe,
                done=self._done[stage],
                steps=of.steps,
                report_every=self._config.report_every,
                validate_every=self._config.validate_every,
            )
            try:
                with closing(recipe.division.announced(events)) as told:
                    for event in told:
                        match event:
                            case Metric(step, name, value):
                                yield Metric(before + step, name, value)
                            case Progress(step, _):
                                yield Progress(before + step, self.plan.steps, SPOKEN[stage])
                            case _:
                                yield event
            except loop.NoNumberError as lost:
                raise loop.NoNumberError(before + lost.good, before + lost.step, lost.name) from None

    def _recipe_of(
        self, stage: Stage, ahead: Ahead[FeatureBatch], random: torch.Generator
    ) -> AutoencoderTraining | GptTraining:
        if stage == "autoencoder":
            return AutoencoderTraining(
                self._config, self._model.autoencoder, ahead.take, self._validation, random, self._device,
                self._keep, self._save, Division(self._workers, self.plan.of(stage).parts),
            )  # fmt: skip
        auto = self._model.autoencoder

        def batch() -> Uncoded:
            return Uncoded(ahead.take(), self._as_codes, auto.factor, auto.books)

        return GptTraining(
            self._config, self._gpt, batch, self._codes, random, self._device,
            self._keep, self._save, Division(self._workers, self.plan.of(stage).parts),
        )  # fmt: skip

    @torch.no_grad()
    def _as_codes(self, batch: FeatureBatch, rows: slice = slice(None)) -> CodeBatch:
        """What the frozen auto-encoder makes of windows."""
        auto, device = self._model.autoencoder, self._device
        rotations_6d, path_m, real, labels, frames = (
            torch.from_numpy(each[rows]).to(device)
            for each in (batch.rotations_6d, batch.path_m, batch.real, batch.labels, batch.frames)
        )
        codes = auto.encode(MotionTensors(rotations_6d, path_m), None if batch.real.all() else real)
        return CodeBatch(codes, real[:, :: auto.factor], labels, frames)

    # ---- keeping ----

    def _keep(self, step: int, score: float | None, figures: dict[str, float]) -> None:
        """Write the best checkpoint where this is it. Without figures the newest is."""
        if self._shown is not None:
            before, last = self.plan.before(self._stage), self.plan.of(self._stage).steps
            self._shown.show(self.snapshots, self._model, self._stage, step, before, last)
        kept = self._kept
        if kept.there and score is not None and kept.score is not None and score <= kept.score:
            return
        carried = {name: value for name, value in (kept.figures or {}).items() if name == "validation/pve_mm"}
        real_bits = self._real_bits() if self._stage == "gpt" else ()
        self._kept = _Kept(score, {**carried, **figures}, real_bits, there=True)
        checkpoints.save(self._folder / "best.safetensors", self._header(step), self._model.tensors())

    def _save(self, step: int) -> None:
        """Everything that going on bit for bit needs."""
        assert self._recipe is not None
        state = {f"state.{name}": each for name, each in self._recipe.state().items()}
        checkpoints.save(self._folder / "last.safetensors", self._header(step), {**self._model.tensors(), **state})

    def _real_bits(self) -> tuple[float, ...]:
        """How likely the model finds motion it has not learned from, in percentiles."""
        bits = [
            bits_per_code(self._gpt, each.codes, each.labels, each.frames, real=each.real).cpu().numpy()
            for each in self._codes
        ]
        return percentiles(np.concatenate(bits)) if bits else ()

    def _header(self, step: int) -> PoseGptHeader:
        kept = self._kept
        return PoseGptHeader(
            made_by=origins.made_by(),
            parent=self._parent,
            config=self._config,
            preset=self._spec.preset,
            actions=self._train.classes,
            windows=self._train.counts(),
            project=self._project,
            sources=self._examples.sources,
            data_fingerprint=self._examples.fingerprint,
            split=self._examples.parts,
            stage=self._stage,
            step=step,
            best_score=kept.score,
            figures=kept.figures or {},
            real_bits=kept.real_bits,
        )

    # ---- short ways ----

    @property
    def _gpt(self) -> MotionGpt:
        return self._model.gpt


class _Waiting:
    """A recipe that also says what share of its time it waited for batches: `waited`."""

    def __init__(self, recipe: AutoencoderTraining | GptTraining, ahead: Ahead[FeatureBatch]) -> None:
        self._recipe, self._ahead = recipe, ahead
        self.validate, self.save, self.weights = recipe.validate, recipe.save, recipe.weights
        self.division = recipe.division
        self._since, self._waited_s = perf_counter(), 0.0

    @property
    def drawn(self) -> object:
        return self._recipe.drawn

    def take_step(self, *, look: bool) -> dict[str, Tensor]:
        measured = self._recipe.take_step(look=look)
        if look:
            now, waited_s = perf_counter(), self._ahead.waited_s
            measured["waited"] = torch.tensor((waited_s - self._waited_s) / max(now - self._since, 1e-9))
            self._since, self._waited_s = now, waited_s
        return measured
