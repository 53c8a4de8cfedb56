"""3D quality: the share of a method's poses that a classifier of real and made poses, then frozen, calls real.

One classifier a data set (the paper's section 5.1; its figure is 1 − accuracy, so at most 0.5 where half of the poses
shown are real; ours is the share of a method's own poses that are called real, as its tables need it). It sees what
the critic sees: nine joints and Ψ = BᵀB, decimetres, every pose in a random heading. Real poses are of recordings that
no critic has seen (`pose_bank.halves`), made ones of generators at many points of their training. A fifth of the real
ones is held out; how many of these are called real is the *ceiling*. The same with the joints of each pose shuffled
among each other is the *floor*. Several classifiers differ only in their seed: their shares stand beside each other.

A quarter of the unreal poses are real ones broken on purpose (`Schedule.broken`; the paper has none). Without them a
classifier knows only the mistakes of one generator: of shuffled joints it called 60 % real, of real poses with 10 cm
of noise 30 %, and with them none (simulated kitchen, 300 steps of `recommended`). It also finds nearly every pose of a
generator that it has seen train; looked at through noise (`Schedule.blur_m`) small mistakes count less than large ones.

    judge = yield from train_judge(real, made_m)
    judge.save(path); Judge.load(path).real_shares(forecast_m)

A judge's file is safetensors: `SEED.…` weights, and a header that says what it was trained on. Letters: P poses.
"""

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import msgspec
import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional

from core.bodies.skeletons import UPPER_BODY_9
from core.datasets.pose_bank import PoseBank, parted
from core.errors import FormatError, RunError
from core.evaluation.body_limits import BodyLimits
from core.geometry.differentiable import bone_products, turn
from core.reports import Row
from core.runs import Event, Metric, Progress
from core.whole_files import whole_file

MOST = 50_000
"""Poses of either kind that are learned from."""
FEWEST = 200
FILE = "judge.safetensors"
CEILING, FLOOR = "real poses, held out", "real poses, joints shuffled"
_PER_METRE = 10.0
_HELD_OUT = 0.2
_HEADINGS = 4
"""A pose is judged as seen from so many sides, and called real by their mean."""
_JOINTS, _BONES = len(UPPER_BODY_9), len(UPPER_BODY_9.bones)
_NECK = UPPER_BODY_9["neck"]
_UPPER = torch.triu_indices(_BONES, _BONES)  # Ψ is symmetric


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """How long and how fast a judge learns; part of its file."""

    steps: int = 1000
    batch: int = 512
    width: int = 192
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    broken: float = 0.25  # share of the unreal poses that are real ones broken on purpose
    blur_m: float = 0.0  # every joint is looked at through so much noise, in training and in use


class JudgeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a judge was trained on, and how it does on what it never saw; shares seed by seed."""

    real: str  # where the real poses come from
    made: str
    real_poses: int
    made_poses: int
    seeds: tuple[int, ...]
    schedule: Schedule
    ceiling: tuple[float, ...] = ()  # of held-out real poses, the share called real
    floor: tuple[float, ...] = ()
    made_called_real: tuple[float, ...] = ()  # of held-out made ones


class _Network(nn.Module):
    """Joints and Ψ, scaled to the spread of what it learns from → how real, as a logit."""

    def __init__(self, width: int) -> None:
        super().__init__()
        inputs = _JOINTS * 3 + _UPPER.shape[1]
        self.mean = nn.Buffer(torch.zeros(inputs))
        self.spread = nn.Buffer(torch.ones(inputs))
        self.layers = nn.Sequential(
            nn.Linear(inputs, width), nn.LeakyReLU(0.2),
            nn.Linear(width, width), nn.LeakyReLU(0.2),
            nn.Linear(width, width), nn.LeakyReLU(0.2),
            nn.Linear(width, 1),
        )  # fmt: skip

    def forward(self, joints_m: Float[Tensor, "P 9 3"]) -> Float[Tensor, " P"]:
        # Far outside of what was learned from, more is not more unreal: it only makes numbers overflow.
        scaled = ((_features(joints_m) - self.mean) / self.spread).clamp(-10, 10)
        return self.layers(scaled).squeeze(-1)

    def scale_to(self, joints_m: Float[Tensor, "P 9 3"]) -> None:
        seen = _features(joints_m)
        self.mean.copy_(seen.mean(0))
        self.spread.copy_(seen.std(0).clamp_min(1e-3))


@dataclass(frozen=True)
class Judge:
    """Frozen classifiers of one data set, one a seed; what they were shown at the end, as rows."""

    facts: JudgeFacts
    networks: tuple[_Network, ...]
    controls: tuple[Row, ...]

    def real_share(self, joints_m: Float[ndarray, "*poses 9 3"]) -> float:
        """The share of poses called real; mean over seeds. NaN of nothing."""
        return fmean(self.real_shares(joints_m))

    def real_shares(self, joints_m: Float[ndarray, "*poses 9 3"]) -> tuple[float, ...]:
        """The same seed by seed."""
        return tuple(_share(self._logits(network, joints_m)) for network in self.networks)

    def _logits(self, network: _Network, joints_m: Float[ndarray, "*poses 9 3"]) -> Float[Tensor, " P"]:
        poses_m, blur_m = _neck_centred(joints_m), self.facts.schedule.blur_m
        random = torch.Generator().manual_seed(0)
        with torch.inference_mode():
            sides = [
                network(
                    _blurred(turn(poses_m, torch.full((len(poses_m),), 2 * torch.pi * at / _HEADINGS)), blur_m, random)
                )
                for at in range(_HEADINGS)
            ]
        return torch.stack(sides).mean(0)

    def save(self, path: Path) -> None:
        """Weights and facts in one file, whole or not there."""
        tensors = {
            f"{number}.{name}": each.contiguous()
            for number, network in enumerate(self.networks)
            for name, each in network.state_dict().items()
        }
        said = {
            "judge": msgspec.json.encode(self.facts).decode(),
            "controls": msgspec.json.encode(self.controls).decode(),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as beside:
            beside.write_bytes(save(tensors, metadata=said))

    @classmethod
    def load(cls, path: Path) -> "Judge":
        """FormatError in words where the file is none."""
        try:
            with safe_open(path, framework="pt") as file:
                said = file.metadata() or {}
                facts = msgspec.json.decode(said["judge"], type=JudgeFacts)
                controls = msgspec.json.decode(said["controls"], type=tuple[Row, ...])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            networks: list[_Network] = []
            for number in range(len(facts.seeds)):
                network = _Network(facts.schedule.width)
                start = f"{number}."
                network.load_state_dict(
                    {name.removeprefix(start): each for name, each in tensors.items() if name.startswith(start)}
                )
                networks.append(network.eval())
        except (SafetensorError, OSError, KeyError, RuntimeError, msgspec.MsgspecError) as error:
            raise FormatError(
                path, f"no classifier of poses ({error})", hint="Leave it out: it is trained anew."
            ) from None
        return cls(facts, tuple(networks), controls)


def judge_beside(run: Path) -> Judge | None:
    """The judge of a run's data set: in its folder or in one of the two around it, where tables keep theirs."""
    run = run.resolve()
    found = [folder / FILE for folder in (run, *run.parents[:2]) if (folder / FILE).is_file()]
    return Judge.load(found[0]) if found else None


def train_judge(
    real: PoseBank,
    made_m: Float[ndarray, "P 9 3"],
    *,
    made: str = "",
    seeds: tuple[int, ...] = (0, 1, 2),
    schedule: Schedule | None = None,
    most: int = MOST,
    limits: BodyLimits | None = None,
) -> Generator[Event, None, Judge]:
    """Progress and metrics; the generator returns the judge. `made` says in words whose poses the made ones are.

    As many of the real poses as of the made ones are learned from, at most `most`; RunError where there are too few.
    `limits` are what the rows of ceiling and floor are held against; otherwise the real poses'.
    """
    plan = schedule or Schedule()
    finite = made_m[np.isfinite(made_m).all((1, 2))]
    if min(len(real), len(finite)) < FEWEST:
        raise RunError(
            f"A classifier of poses needs {FEWEST} real and as many made ones; here are {len(real)} and {len(finite)}.",
            hint="Train with keep_made=50000, and name a larger pose bank.",
        )
    learned, held = parted(real, 1 - _HELD_OUT)
    order = np.random.default_rng(17).permutation(len(finite))
    made_held, made_learned = np.split(finite[order], [int(_HELD_OUT * len(finite))])
    count = min(len(learned), len(made_learned), most)
    networks: list[_Network] = []
    for number, seed in enumerate(seeds):
        random = np.random.default_rng((seed, 29))
        shown = (_drawn(learned.poses_m, count, random), _drawn(made_learned, count, random))
        network = yield from _trained(*shown, plan, seed, (number, len(seeds)))
        networks.append(network)
    facts = JudgeFacts(
        real=real.source, made=made, real_poses=count, made_poses=count, seeds=tuple(seeds), schedule=plan
    )
    judge = Judge(facts, tuple(networks), ())
    limits = limits or BodyLimits.of(real.poses_m)
    shuffled_m = _shuffled(held.poses_m)
    controls = (
        _control(CEILING, held.poses_m, judge, limits),
        _control(FLOOR, shuffled_m, judge, limits),
    )
    known = msgspec.structs.replace(
        facts,
        ceiling=controls[0].quality_by_seed,
        floor=controls[1].quality_by_seed,
        made_called_real=judge.real_shares(made_held),
    )
    yield Metric(plan.steps, "judge/ceiling", fmean(known.ceiling))
    yield Metric(plan.steps, "judge/floor", fmean(known.floor))
    return Judge(known, judge.networks, controls)


def _trained(
    real_m: ndarray, made_m: ndarray, plan: Schedule, seed: int, turn_of: tuple[int, int]
) -> Generator[Event, None, _Network]:
    random = torch.Generator().manual_seed(seed)
    kinds = (_neck_centred(real_m), _neck_centred(made_m))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _Network(plan.width)
    half = plan.batch // 2
    spoiled = round(plan.broken * half)
    network.scale_to(_blurred(_any_heading(torch.cat(kinds), random), plan.blur_m, random))
    optimiser = torch.optim.AdamW(network.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay)
    # The rate rises quickly and falls to nothing: the last state is the one to keep, no part is needed to choose it.
    rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, plan.learning_rate, plan.steps, pct_start=0.1)
    truth = torch.cat([torch.ones(half), torch.zeros(half)])
    number, count = turn_of
    for step in range(plan.steps):
        real, made = (each[torch.randint(len(each), (half,), generator=random)] for each in kinds)
        if spoiled:
            made = torch.cat((made[spoiled:], _broken(kinds[0], spoiled, random)))
        logits = network(_blurred(_any_heading(torch.cat((real, made)), random), plan.blur_m, random))
        loss = functional.binary_cross_entropy_with_logits(logits, truth)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        rates.step()
        if step % 100 == 0:
            yield Progress(number * plan.steps + step, count * plan.steps, "Training the classifier of poses")
    return network.eval().requires_grad_(requires_grad=False)


def _control(name: str, poses_m: ndarray, judge: Judge, limits: BodyLimits) -> Row:
    shares = judge.real_shares(poses_m)
    return Row(
        method=name, kind="control", quality=fmean(shares), quality_by_seed=shares, bones_off=limits.bones_off(poses_m),
        bones_uneven=limits.bones_uneven(poses_m), limits_off=limits.limits_off(poses_m),
    )  # fmt: skip


def _shuffled(poses_m: Float[ndarray, "P 9 3"]) -> Float[ndarray, "P 9 3"]:
    """In each pose the joints but the neck change places."""
    others = np.delete(np.arange(_JOINTS), _NECK)
    order = np.random.default_rng(23).permuted(np.tile(others, (len(poses_m), 1)), axis=1)
    shuffled = poses_m.copy()
    shuffled[:, others] = np.take_along_axis(poses_m, order[..., None], axis=1)
    return shuffled


def _features(joints_m: Float[Tensor, "P 9 3"]) -> Float[Tensor, "P inputs"]:
    joints = joints_m * _PER_METRE
    psi = bone_products(joints, UPPER_BODY_9.bones)
    return torch.cat((joints.flatten(1), psi[:, _UPPER[0], _UPPER[1]]), dim=-1)


def _neck_centred(joints_m: Float[ndarray, "*poses 9 3"]) -> Float[Tensor, "P 9 3"]:
    flat = torch.from_numpy(np.ascontiguousarray(joints_m.reshape(-1, _JOINTS, 3), np.float32))
    return flat - flat[:, _NECK : _NECK + 1]


def _any_heading(poses_m: Float[Tensor, "P 9 3"], random: torch.Generator) -> Float[Tensor, "P 9 3"]:
    return turn(poses_m, 2 * torch.pi * torch.rand(len(poses_m), generator=random))


def _blurred(poses_m: Float[Tensor, "P 9 3"], spread_m: float, random: torch.Generator) -> Float[Tensor, "P 9 3"]:
    """Every joint but the neck, which is the origin, beside its place."""
    if spread_m <= 0:
        return poses_m
    off_m = spread_m * torch.randn(poses_m.shape, generator=random)
    off_m[:, _NECK] = 0
    return poses_m + off_m


def _broken(real_m: Float[Tensor, "R 9 3"], count: int, random: torch.Generator) -> Float[Tensor, "P 9 3"]:
    """Real poses with one to eight of their joints somewhere else: up to half a metre away, most of them a little."""
    poses_m = real_m[torch.randint(len(real_m), (count,), generator=random)]
    touched = torch.rand(count, _JOINTS, generator=random) < torch.rand(count, 1, generator=random)
    touched[torch.arange(count), torch.randint(_JOINTS - 1, (count,), generator=random)] = True  # one at the least
    touched[:, _NECK] = False
    far_m = 0.03 * (0.5 / 0.03) ** torch.rand(count, 1, 1, generator=random)
    return poses_m + touched[..., None] * far_m * torch.randn(poses_m.shape, generator=random)


def _drawn(poses_m: ndarray, count: int, random: np.random.Generator) -> ndarray:
    return poses_m[np.sort(random.permutation(len(poses_m))[:count])]


def _share(logits: Float[Tensor, " P"]) -> float:
    return float((logits > 0).float().mean()) if len(logits) else float("nan")
