"""What a training would take before it starts: memory, time, disk. No torch in this process.

Two answers, one after the other. `guess` says something at once, from sizes alone. `look_at` (a command) and the studio
then have it *tried*: a process of its own at low priority (`core.preflight_trial`) builds the model, reads the data,
takes a few real steps with fewer windows where a whole batch would take long, validates and saves once; from that
`estimate` says what the whole run takes. A trial is kept in the person's cache folder under what it depends on, so it
is made once for a project, a kind of settings and a machine.

Memory is the largest that the job's process holds, in bytes; on a card what torch takes there and the card's own share
for the program. Both grow with the windows of a batch in a straight line, and so does the time of a step. Seconds are
those of a machine that does nothing else.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Iterable
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Self

import msgspec
import platformdirs

from core import configs, devices, line, processes
from core.devices import Device
from core.lanes import training_lane
from core.line_files import compete
from core.posegpt_sizes import autoencoder_numbers, cost_of, gpt_numbers
from core.run_folder import RunFolder, write_whole
from core.runs import TrainForecaster, TrainPoseGpt

DOUBT = 0.25
"""How far a tried estimate may be off, as a share."""
GUESSED = 0.6
"""And one that only sizes speak for."""
SPARE_BYTES = 300e6
"""Of a device's memory, what is left to others."""
_KEPT = 400
"""Trials, at most."""
_GIVE_UP_S = 600.0
_STAND_FOR_NOTHING = frozenset(
    f"{group}{name}"
    for group in ("", "optimiser.", "critic.", "autoencoder_training.", "gpt_training.")
    for name in ("seed", "steps", "report_every", "validate_every", "learning_rate", "weight_decay", "schedule")
) | {"device", "keep_made", "data.tilt_degrees"}  # fmt: skip
"""Knobs that change neither memory nor the time of a step."""
_LIBRARIES_BYTES = 430e6
"""The program and what it loads, before any data."""
_BYTES_A_NUMBER = 16
"""Weight, gradient and Adam's two means."""


class Asked(msgspec.Struct, frozen=True):
    """What is tried: a spec, of which nothing is written to its folder."""

    spec: TrainForecaster | TrainPoseGpt
    device: str = "cpu"  # the key of a device

    @classmethod
    def of(cls, config: configs.Config, project: Path, device: str = "cpu") -> Self:
        """The training of a project by a config."""
        where = {"project": str(project.resolve()), "out": ""}
        if isinstance(config, configs.PoseGpt):
            return cls(TrainPoseGpt(config=config, **where), device)
        return cls(TrainForecaster(config=config, **where), device)

    @property
    def config(self) -> configs.Config:
        return self.spec.config

    @property
    def project(self) -> str:
        return self.spec.project


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """Steps of one kind: what one costs, and its memory, each with a part for every window of the batch."""

    name: str  # "before the critic", "", "autoencoder", "gpt"
    step_s: float
    window_s: float = 0.0
    look_s: float = 0.0  # more, where a step is looked at
    memory: float  # at its height
    window_memory: float = 0.0
    card: float = 0.0
    window_card: float = 0.0
    validate_s: float = 0.0
    validate_memory: float = 0.0  # more, while it is measured and kept
    validate_card: float = 0.0
    save_s: float = 0.0


class Trial(msgspec.Struct, frozen=True, kw_only=True, tag="trial"):
    """What was measured."""

    begin_s: float  # to the first step
    begin_memory: float
    paces: tuple[Pace, ...]
    numbers: int  # of all models
    disk: float  # of what one validation leaves
    context: float = 0.0  # what a card takes for the program itself


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """Why it cannot be tried: the training itself would say so too."""

    message: str
    hint: str = ""


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What the whole run takes."""

    memory: float  # on the device it trains on
    host_memory: float  # of the machine beside a card; the same on a processor
    seconds: float
    disk: float
    device: str
    measured: bool  # or guessed from sizes
    numbers: int = 0

    @property
    def doubt(self) -> float:
        return DOUBT if self.measured else GUESSED


class Trouble(msgspec.Struct, frozen=True):
    """Something that would go wrong, and what to do."""

    kind: str  # "memory", "host-memory", "disk", "long"
    message: str
    hint: str = ""
    setting: str = ""  # "optimiser.batch=512"


# ---- from a trial to a run ------------------------------------------------------------------------------------------


def estimate(config: configs.Config, trial: Trial, device: str = "cpu") -> Estimate:
    """What the run of `config` takes, where a trial of it measured that."""
    seconds, memory, card = trial.begin_s, trial.begin_memory, 0.0
    for pace, steps, batch in _parts(config, trial.paces):
        looks, validations = steps // config.report_every, -(-steps // config.validate_every)
        seconds += steps * (pace.step_s + pace.window_s * batch) + looks * pace.look_s
        seconds += validations * (pace.validate_s + pace.save_s)
        # What a step gave back its process keeps for the next one, and a validation takes anew.
        memory = max(memory, pace.memory + pace.window_memory * batch + pace.validate_memory)
        card = max(card, pace.card + pace.window_card * batch, pace.validate_card)
    on_card = card + trial.context if device.startswith("cuda") else memory
    return Estimate(
        memory=on_card, host_memory=memory, seconds=seconds, disk=trial.disk, device=device, measured=True,
        numbers=trial.numbers,
    )  # fmt: skip


def batch_of(config: configs.Config) -> int:
    """The largest batch of its stages."""
    if isinstance(config, configs.Forecaster):
        return config.optimiser.batch
    sizes = {"autoencoder": config.autoencoder_training.batch, "gpt": config.gpt_training.batch}
    return max(size for stage, size in sizes.items() if config.stages in ("both", stage))


def _parts(config: configs.Config, paces: Iterable[Pace]) -> Iterable[tuple[Pace, int, int]]:
    """Each pace with how many of the run's steps go at it, and their batch."""
    paces = list(paces)
    has_two = any(each.name == "before the critic" for each in paces)
    for pace in paces:
        if isinstance(config, configs.PoseGpt):
            stage = config.autoencoder_training if pace.name == "autoencoder" else config.gpt_training
            yield pace, stage.steps, stage.batch
            continue
        alone = round(config.steps * config.critic.joins_at) if has_two else 0
        if pace.name == "before the critic":
            yield pace, alone, config.optimiser.batch
        else:
            yield pace, config.steps - alone, config.optimiser.batch


# ---- at once, from sizes --------------------------------------------------------------------------------------------


class Holds(msgspec.Struct, frozen=True, kw_only=True):
    """What of a project sizes are guessed from."""

    steps: int = 0  # of actions, for a forecaster
    clips: int = 0
    actions: int = 1
    motion_frames: int = 0  # for a motion model, at its own rate
    mean_frames: float = 0.0


def guess(config: configs.Config, holds: Holds, device: str = "cpu") -> Estimate:
    """Something to say at once, far off at times; a trial says it better."""
    if isinstance(config, configs.PoseGpt):
        cost = cost_of(
            config, actions=max(holds.actions, 1), mean_frames=max(holds.mean_frames, config.data.least_frames),
            bank_frames=holds.motion_frames,
        )  # fmt: skip
        numbers = autoencoder_numbers(config) + gpt_numbers(config, max(holds.actions, 1))
        return Estimate(
            memory=cost.bytes, host_memory=cost.bytes, seconds=cost.seconds, disk=_disk(numbers), device=device,
            measured=False, numbers=numbers,
        )  # fmt: skip
    network, critic, batch = config.network, config.critic, config.optimiser.batch
    wide = network.action_width + network.object_width + network.pose_width
    layers = network.memory_layers if network.memory == "recurrent" else 1
    past = config.data.past_steps
    generator = past * (24 * network.action_width + 54 * network.pose_width) + wide * network.latent
    generator += 8 * network.latent**2 + 6 * network.pose_width**2 + 6 * layers * network.latent**2
    judge = 64 * critic.psi_width + critic.psi_width**2 + 30 * critic.joint_width + 4 * critic.joint_width**2
    judged = (8 if network.memory == "recurrent" else 1) * (config.critic.steps + 1)
    forward = past if network.memory == "recurrent" else 1
    values = batch * ((wide * 4 + network.latent * 8) * (forward + config.unroll) + judged * 6 * critic.psi_width)
    numbers = generator + (judge if config.losses.adversarial > 0 else 0)
    products = batch * 6 * (generator * (config.unroll + forward / 2) + judge * judged * 2)
    memory = _LIBRARIES_BYTES + 4e5 * holds.clips + 4e3 * holds.steps + _BYTES_A_NUMBER * numbers + 8 * values
    seconds = 6 + 0.03 * holds.clips + config.steps * (0.01 + products / (20e9 * config.threads))
    return Estimate(
        memory=memory, host_memory=memory, seconds=seconds, disk=_disk(numbers), device=device, measured=False,
        numbers=int(numbers),
    )  # fmt: skip


def _disk(numbers: float) -> float:
    """The best and the last checkpoint with its optimiser, and a second of that while it is written."""
    return 4 * numbers * (1 + 3 + 3) + 5e6


# ---- what would go wrong --------------------------------------------------------------------------------------------


def troubles(config: configs.Config, said: Estimate, device: Device, processor: Device, out: Path) -> list[Trouble]:
    """What a person should know before it starts, the worst first."""
    found = []
    if said.memory > device.memory_free - SPARE_BYTES:
        where = "the processor's memory" if device.kind == "cpu" else device.name
        fits = fitting_batch(config, said, device.memory_free - SPARE_BYTES)
        never = said.memory > device.memory_total
        message = f"It does not fit into {where}" + ("" if never else " as it is used now")
        if fits:
            found.append(Trouble("memory", message, f"A batch of {fits:,} fits.", _as_setting(config, fits)))
        else:
            found.append(Trouble("memory", message, "Choose a smaller network, or close what takes the memory."))
    if device.kind != "cpu" and said.host_memory > processor.memory_free - SPARE_BYTES:
        found.append(Trouble("host-memory", "The machine's own memory is too small for its data.", "Close others."))
    with suppress(OSError):
        place = next(each for each in (out, *out.parents) if each.is_dir())
        free = shutil.disk_usage(place).free
        if free < said.disk:
            message = f"Its checkpoints need {said.disk / 1e9:.1f} GB, and the disk has {free / 1e9:.1f} GB."
            found.append(Trouble("disk", message, "Free some space first."))
    return found


def fitting_batch(config: configs.Config, said: Estimate, room: float) -> int:
    """The largest power of two, at least a 64th of the batch, with which it would fit; 0: none."""
    batch = batch_of(config)
    without = min(_LIBRARIES_BYTES + _BYTES_A_NUMBER * said.numbers, said.memory)
    smaller = 1 << max(batch - 1, 1).bit_length() - 1
    while smaller >= max(batch // 64, 1):
        if without + (said.memory - without) * smaller / batch <= room:
            return smaller
        smaller //= 2
    return 0


def _as_setting(config: configs.Config, batch: int) -> str:
    if isinstance(config, configs.Forecaster):
        return f"optimiser.batch={batch}"
    stages = {"autoencoder": config.autoencoder_training.batch, "gpt": config.gpt_training.batch}
    largest = max((each for each in stages if config.stages in ("both", each)), key=lambda each: stages[each])
    return f"{largest}_training.batch={batch}"


def before(config: configs.Config) -> int:
    """How many jobs are at work or wait in the lane that a training by this config would join, of every project."""
    lane = training_lane(config.device)
    return sum(each.state != "paused" and compete(each.lane, lane) for each in line.view())


def at_work() -> dict[int, str]:
    """The processes of the jobs that are at work, of every project, by the jobs' names."""
    found: dict[int, str] = {}
    for place in line.view():
        process = RunFolder(place.folder).process() if place.state != "waiting" else None
        if process is not None:
            found[process.pid] = place.name
    return found


# ---- trials: made, kept ---------------------------------------------------------------------------------------------


def folder_of_trials() -> Path:
    """Where they are kept on this machine."""
    named = os.environ.get("POSECAST_STATE", "")
    return (
        Path(named) / "trials" if named else Path(platformdirs.user_cache_dir("posecast", appauthor=False)) / "trials"
    )


def key_of(asked: Asked) -> str:
    """What a trial depends on, in one word."""
    told: dict[str, object] = dict(told_apart(asked.config))
    with suppress(metadata.PackageNotFoundError):
        told["version"] = metadata.version("posecast")
    told |= {"torch": devices.torch_build(), "machine": devices.processor_name(), "device": asked.device}
    told |= {"kind": type(asked.config).__name__, "project": asked.project, "data": _stamp(Path(asked.project))}
    return hashlib.sha256(msgspec.json.encode(told, order="sorted")).hexdigest()[:32]


def told_apart(config: configs.Config) -> dict[str, object]:
    """The knobs on which memory and the time of a step depend: with the same ones a trial speaks for both."""
    return {name: value for name, value in configs.knobs(config).items() if name not in _STAND_FOR_NOTHING}


def _stamp(project: Path) -> list[tuple[str, int, int]]:
    """Whether the project's data are the same, without reading them."""
    stamps = []
    for path in (
        project / "project.sqlite",
        project / "project.sqlite-wal",
        *sorted(project.glob("datasets/*/*.json*")),
    ):
        with suppress(OSError):
            told = path.stat()
            if told.st_size:
                stamps.append((path.name, told.st_size, told.st_mtime_ns))
    return stamps


def kept(asked: Asked) -> Trial | Refused | None:
    """What is known of it already."""
    with suppress(OSError, msgspec.DecodeError, msgspec.ValidationError):
        return msgspec.json.decode((folder_of_trials() / f"{key_of(asked)}.json").read_bytes(), type=Trial)
    return None


def keep(asked: Asked, trial: Trial) -> None:
    """For the next time it is asked for. A cache that cannot be written is none."""
    folder = folder_of_trials()
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / f"{key_of(asked)}.json", msgspec.json.encode(trial))
        for old in sorted(folder.glob("*.json"), key=lambda each: each.stat().st_mtime)[:-_KEPT]:
            old.unlink(missing_ok=True)


class Attempt:
    """A trial under way in a process of its own. Ask `answer` now and then; `close` ends it wherever it is."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.folder = Path(tempfile.mkdtemp(prefix="posecast-trial-"))
        (self.folder / "asked.json").write_bytes(msgspec.json.encode(asked))
        environment = {**os.environ, **processes.few_threads()}
        if not asked.device.startswith("cuda"):
            environment["CUDA_VISIBLE_DEVICES"] = ""  # the driver's context would count to the process
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "core.preflight_trial", str(self.folder)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
                env=environment,
            )
        # Also where nobody closes it: when this object or the whole program goes.
        self._leave_nothing = weakref.finalize(self, _gone, self._process, self.folder)

    @property
    def is_over(self) -> bool:
        return self._process.poll() is not None

    def answer(self, *, wait: bool = False) -> Trial | Refused | None:
        """What it measured, or why it could not; None while it is still at it. What was measured is kept."""
        if wait:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_GIVE_UP_S)
        if not self.is_over and not wait:
            return None
        try:
            found = msgspec.json.decode((self.folder / "answer.json").read_bytes(), type=Trial | Refused)
        except (OSError, msgspec.DecodeError, msgspec.ValidationError):
            return Refused("It could not be tried.", self._last_words())
        if isinstance(found, Trial):
            keep(self.asked, found)
        return found

    def end(self) -> None:
        """End it wherever it is."""
        if self._process.poll() is None:
            self._process.kill()

    def close(self) -> None:
        """End it, and leave nothing behind; a process that holds much takes a moment to go."""
        self._leave_nothing()

    def _last_words(self) -> str:
        try:
            lines = (self.folder / "log").read_text(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return lines[-1][:300] if lines else ""


def _gone(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)
