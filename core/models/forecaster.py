"""Next actions and their characteristic 3D poses, and the critic that keeps the poses human.

Diller, Funkhouser, Dai, "FutureHuman3D", section 4: three encoders (actions and objects small, poses one linear layer
and three residual blocks) → latent z → action logits and 9 × 3 joints. The pose is in the levelled frame of its clip,
metres, neck at the origin. Letters: N past steps, A actions, O objects, Z latent; M steps of a roll-out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from core import configs
from core.bodies.skeletons import UPPER_BODY_9
from core.configs import ForecasterCritic, ForecasterNetwork
from core.geometry.differentiable import Views, bone_products, see
from core.models.baselines.counting import CountingTable
from core.models.step_times import QUANTITIES, Times

JOINTS = len(UPPER_BODY_9)
NECK = UPPER_BODY_9["neck"]
PER_UNIT = {"m": 1.0, "dm": 10.0, "mm": 1000.0}


@dataclass(frozen=True)
class Past:
    """What was seen of a batch: one-hot actions, seen poses with their visible flag, objects. Padding is all zero.

    `times` (see `step_times`) are asked for by models that were taught with them; NaN, and no times at all, are times
    not known. `fold`: whose counts are left out where the model counts, in training.
    """

    actions: Float[Tensor, "batch N A"]
    poses: Float[Tensor, "batch N 9 3"]  # x, y, 1 where visible
    objects: Float[Tensor, "batch O"]
    times: Float[Tensor, "batch N 3"] | None = None  # seconds
    fold: Int[Tensor, " batch"] | None = None

    @classmethod
    def of(
        cls,
        actions: Int[Tensor, "batch N"],
        poses: Float[Tensor, "batch N 9 2"],
        visible: Bool[Tensor, "batch N 9"],
        objects: Bool[Tensor, "batch O"],
        action_count: int,
        times: Float[Tensor, "batch N 3"] | None = None,
        fold: Int[Tensor, " batch"] | None = None,
    ) -> "Past":
        """From numbers; an action of -1 (unknown, or padding) is all zero."""
        seen = torch.cat((poses, torch.ones_like(poses[..., :1])), dim=-1) * visible[..., None]
        return cls(_one_hot(actions, action_count), seen, objects.float(), times, fold)

    def __len__(self) -> int:
        return len(self.actions)

    def __getitem__(self, chosen: Tensor | slice) -> "Past":
        times = None if self.times is None else self.times[chosen]
        fold = None if self.fold is None else self.fold[chosen]
        return Past(self.actions[chosen], self.poses[chosen], self.objects[chosen], times, fold)

    @property
    def numbers(self) -> Int[Tensor, "batch N"]:
        """The actions as numbers again; -1 where unknown."""
        return torch.where(self.actions.any(-1), self.actions.argmax(-1), -1)

    def followed_by(
        self,
        action: Int[Tensor, " batch"],
        pose: Float[Tensor, "batch 9 2"],
        times: Float[Tensor, "batch 3"] | None = None,
    ) -> "Past":
        """This past with a forecast step pushed in and the oldest pushed out; objects are carried along.

        The end of a step that has only been forecast is as unknown as that of the last one seen.
        """
        one_hot = _one_hot(action, self.actions.shape[-1])
        seen = torch.cat((pose, torch.ones_like(pose[..., :1])), dim=-1)
        known = self.times
        if known is not None:
            unknown = torch.full_like(known[:, 0], torch.nan)
            newest = unknown if times is None else torch.cat((times[:, :-1], unknown[:, -1:]), dim=-1)
            known = torch.cat((known[:, 1:], newest[:, None]), dim=1)
        return Past(
            torch.cat((self.actions[:, 1:], one_hot[:, None]), dim=1),
            torch.cat((self.poses[:, 1:], seen[:, None]), dim=1),
            self.objects,
            known,
            self.fold,
        )


@dataclass(frozen=True)
class Next:
    """One step ahead: action logits, the levelled pose, its times where they are foreseen, and the latent of all."""

    logits: Float[Tensor, "batch A"]
    joints_m: Float[Tensor, "batch *draws 9 3"]  # draws: where it was given several of noise
    latent: Float[Tensor, "batch Z"]
    action: Int[Tensor, " batch"]  # the one that pose and times are of: the likeliest, unless one was chosen
    times: Times | None = None


@dataclass(frozen=True)
class Futures:
    """Several futures of each past, drawn; F futures, M steps. Logits are as the model says them, not tempered."""

    actions: Int[Tensor, "batch F M"]
    logits: Float[Tensor, "batch F M A"]
    joints_m: Float[Tensor, "batch F M 9 3"]
    seen: Float[Tensor, "batch F M 9 2"]
    times: Times | None  # of "batch F M"


class ResidualBlock(nn.Module):
    """Two linear layers beside a straight path."""

    def __init__(self, width: int, slope: float) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.LeakyReLU(slope), nn.Linear(width, width), nn.LeakyReLU(slope), nn.Linear(width, width)
        )

    def forward(self, features: Float[Tensor, "batch width"]) -> Float[Tensor, "batch width"]:
        return features + self.inner(features)


class Forecaster(nn.Module):
    """The generator: what comes next, from what was seen."""

    def __init__(
        self,
        network: ForecasterNetwork,
        *,
        past_steps: int,
        actions: int,
        objects: int,
        seen_times: bool = False,
        times: bool = False,
    ) -> None:
        super().__init__()
        self.past_steps, self.action_count, self.object_count = past_steps, actions, objects
        self.dropout, self.noise = network.dropout, network.noise
        slope, latent = network.slope, network.latent
        counted = actions if network.counting else 0
        self.encode_actions = _mlp(past_steps * actions + counted, network.action_width, network.action_width, slope)
        self.encode_objects = _mlp(max(objects, 1), network.object_width, network.object_width, slope)
        self.encode_poses = nn.Sequential(
            nn.Linear(past_steps * JOINTS * 3, network.pose_width),
            *(ResidualBlock(network.pose_width, slope) for _ in range(3)),
        )
        joined = network.action_width + network.object_width * (2 if seen_times else 1) + network.pose_width
        self.join = nn.Sequential(nn.LeakyReLU(slope), *_mlp(joined, latent, latent, slope))
        self.decode_action = nn.Sequential(nn.LeakyReLU(slope), *_mlp(latent, latent, actions, slope))
        self.decode_pose = nn.Sequential(nn.LeakyReLU(slope), *_mlp(latent, latent, JOINTS * 3, slope))
        told = actions if network.pose_from_action else 0
        self.told = told > 0
        # What decoders read beside z joins at their hidden layer, so that many draws share what z says.
        self.tell_pose = nn.Linear(told + network.noise, latent, bias=False) if told + network.noise else None
        self.tell_times = nn.Linear(told, latent, bias=False) if told and times else None
        self.encode_times = (
            _mlp(past_steps * QUANTITIES * 2, network.object_width, network.object_width, slope) if seen_times else None
        )
        self.decode_times = (
            nn.Sequential(nn.LeakyReLU(slope), *_mlp(latent, latent, QUANTITIES * 2, slope)) if times else None
        )
        self.counting = CountingTable(actions) if network.counting else None
        if self.counting is not None:  # before its first step the forecaster is the n-gram
            _say(self.decode_action, torch.zeros(actions))

    @classmethod
    def of(cls, config: configs.Forecaster, *, actions: int, objects: int) -> "Forecaster":
        """As a run's config has it."""
        return cls(
            config.network,
            past_steps=config.data.past_steps,
            actions=actions,
            objects=objects,
            seen_times=config.data.seen_times,
            times=config.losses.times > 0,
        )

    def start_at(self, pose_m: Float[Tensor, "9 3"]) -> None:
        """Let the pose decoder say `pose_m` whatever it sees, until it learns better."""
        _say(self.decode_pose, pose_m.flatten())

    def start_times_at(self, said: Float[Tensor, " 6"]) -> None:
        """Let the times decoder say this (see `step_times.usual`), likewise."""
        if self.decode_times is not None:
            _say(self.decode_times, said)

    def forward(
        self,
        past: Past,
        generator: torch.Generator | None = None,
        *,
        action: Int[Tensor, " batch"] | None = None,
        noise: Float[Tensor, "batch *draws noise"] | None = None,
    ) -> Next:
        """Without a generator nothing is dropped: that is how a trained model is used.

        Pose and times are of `action`, where it is no -1, and of the likeliest one elsewhere; without `noise` the pose
        is that of no noise at all.
        """
        latent, counted = self.encode(past, generator)
        logits = self._logits(latent, counted)
        likeliest = logits.argmax(-1)
        of = likeliest if action is None else torch.where(action >= 0, action, likeliest)
        return Next(logits, self.pose(latent, of, noise), latent, of, self._times(latent, of))

    def encode(
        self, past: Past, generator: torch.Generator | None = None
    ) -> tuple[Float[Tensor, "batch Z"], Float[Tensor, "batch A"] | None]:
        """z, and the n-gram's log-probabilities where the model counts."""
        objects = past.objects if self.object_count else past.objects.new_zeros(len(past.objects), 1)
        actions, counted = past.actions.flatten(1), None
        if self.counting is not None:
            counted = self.counting.log_probabilities(past.numbers, past.fold)
            actions = torch.cat((actions, counted), dim=-1)
        encoded = [self.encode_actions(actions), self.encode_objects(objects), self.encode_poses(past.poses.flatten(1))]
        if self.encode_times is not None:
            encoded.append(self.encode_times(_readable(past)))
        return self.join(_dropped(torch.cat(encoded, dim=-1), self.dropout, generator)), counted

    def pose(
        self,
        latent: Float[Tensor, "batch Z"],
        action: Int[Tensor, " batch"],
        noise: Float[Tensor, "batch *draws noise"] | None = None,
    ) -> Float[Tensor, "batch *draws 9 3"]:
        """The levelled pose of an action at z; with several draws of noise, one for each."""
        told = None
        if self.tell_pose is not None:
            parts = []
            draws = () if noise is None else noise.shape[1:-1]
            if self.told:
                parts.append(_one_hot(action, self.action_count))
            if self.noise:
                parts.append(latent.new_zeros(len(latent), self.noise) if noise is None else noise)
            if draws:
                parts = [each if each.dim() > 2 else _spread(each, tuple(draws)) for each in parts]
            told = self.tell_pose(torch.cat(parts, dim=-1))
        joints_m = _decoded(self.decode_pose, latent, told).unflatten(-1, (JOINTS, 3))
        return joints_m - joints_m[..., NECK : NECK + 1, :]  # the neck is the origin, exactly

    def _times(self, latent: Float[Tensor, "batch Z"], action: Int[Tensor, " batch"]) -> Times | None:
        if self.decode_times is None:
            return None
        told = None if self.tell_times is None else self.tell_times(_one_hot(action, self.action_count))
        return Times.of(_decoded(self.decode_times, latent, told))

    def roll_out(
        self,
        past: Past,
        views: Views,
        steps: int,
        generator: torch.Generator | None = None,
        *,
        chosen: Int[Tensor, "batch M"] | None = None,
    ) -> list[tuple[Next, Float[Tensor, "batch 9 2"]]]:
        """`steps` ahead, each with its pose as the camera sees it: the newest of what the next step sees.

        The likeliest action comes next, or the one `chosen` where that is no -1.
        """
        ahead = []
        for at in range(steps):
            step = self(past, generator, action=None if chosen is None else chosen[:, at])
            seen = see(step.joints_m, views)
            ahead.append((step, seen))
            past = past.followed_by(step.action, seen, None if step.times is None else step.times.median_s)
        return ahead

    def sample(
        self,
        past: Past,
        views: Views,
        steps: int,
        futures: int,
        generator: torch.Generator,
        temperatures: Sequence[float] = (),
    ) -> Futures:
        """That many futures: actions drawn by their probabilities, poses by noise where the model has that input.

        Logits are divided by each step's temperature first (the last one's beyond; none is 1). A future depends on its
        number and on nothing asked for after it: one of eight is the same alone, and begins as a longer one does.
        """
        streams = []
        for _ in range(futures):
            seed = torch.randint(2**62, (1,), generator=generator, device=generator.device)
            streams.append(torch.Generator(generator.device).manual_seed(int(seed)))
        count, device = len(past), past.actions.device
        every = torch.arange(count, device=device).repeat_interleave(futures)
        past, views = past[every], views[every]
        ahead: list[tuple[Next, Tensor]] = []
        for at in range(steps):
            latent, counted = self.encode(past)
            logits = self._logits(latent, counted)
            tempered = logits / (temperatures[min(at, len(temperatures) - 1)] if temperatures else 1.0)
            chance = torch.stack([torch.rand(count, device=device, generator=each) for each in streams], dim=1)
            noise = self._noise_of(streams, count, device)
            action = _drawn(tempered.softmax(-1), chance.flatten())
            step = Next(logits, self.pose(latent, action, noise), latent, action, self._times(latent, action))
            seen = see(step.joints_m, views)
            ahead.append((step, seen))
            past = past.followed_by(action, seen, None if step.times is None else step.times.median_s)

        def whole(each: Sequence[Tensor]) -> Tensor:
            return torch.stack(list(each), dim=1).unflatten(0, (count, futures))

        said = [step.times for step, _ in ahead if step.times is not None]
        return Futures(
            whole([step.action for step, _ in ahead]),
            whole([step.logits for step, _ in ahead]),
            whole([step.joints_m for step, _ in ahead]),
            whole([seen for _, seen in ahead]),
            Times(whole([each.middle for each in said]), whole([each.log_scale for each in said])) if said else None,
        )

    def _noise_of(self, streams: Sequence[torch.Generator], count: int, device: torch.device) -> Tensor | None:
        if not self.noise:
            return None
        drawn = [torch.randn(count, self.noise, device=device, generator=each) for each in streams]
        return torch.stack(drawn, dim=1).flatten(0, 1)

    def _logits(self, latent: Float[Tensor, "batch Z"], counted: Float[Tensor, "batch A"] | None) -> Tensor:
        said = self.decode_action(latent)
        return said if counted is None else said + counted


class Critic(nn.Module):
    """Scores poses: high where they look like the bank's. Sees the joints and Ψ = BᵀB over the eight bones.

    Its unit (`per_metre`) sets how strong its gradients are; joints come to `forward` in that unit.
    """

    def __init__(self, config: ForecasterCritic) -> None:
        super().__init__()
        self.per_metre = PER_UNIT[config.unit]
        slope, bones = config.slope, len(UPPER_BODY_9.bones)
        # The neck is always 0 and says nothing, but the printed input has all nine joints.
        self.read_joints = nn.Sequential(
            nn.Linear(JOINTS * 3, config.joint_width),
            ResidualBlock(config.joint_width, slope),
            nn.LeakyReLU(slope),
            nn.Linear(config.joint_width, config.joint_width),
        )
        self.read_psi = (
            nn.Sequential(nn.Linear(bones * bones, config.psi_width), ResidualBlock(config.psi_width, slope))
            if config.psi
            else None
        )
        read = config.joint_width + (config.psi_width if config.psi else 0)
        self.judge = nn.Sequential(nn.LeakyReLU(slope), *_mlp(read, config.head_width, 1, slope))

    def forward(self, joints: Float[Tensor, "batch 9 3"]) -> Float[Tensor, " batch"]:
        features = self.read_joints(joints.flatten(1))
        if self.read_psi is not None:
            psi = bone_products(joints, UPPER_BODY_9.bones)
            features = torch.cat((features, self.read_psi(psi.flatten(1))), dim=-1)
        return self.judge(features).squeeze(-1)


def _mlp(read: int, width: int, written: int, slope: float) -> nn.Sequential:
    return nn.Sequential(nn.Linear(read, width), nn.LeakyReLU(slope), nn.Linear(width, written))


def see_each(joints_m: Float[Tensor, "batch draws 9 3"], views: Views) -> Float[Tensor, "batch draws 9 2"]:
    """Several poses of each window, as its camera sees them."""
    draws = joints_m.shape[1]
    every = Views(*(each.repeat_interleave(draws, 0) for each in (views.tilt, views.ray, views.depth_m)))
    return see(joints_m.flatten(0, 1), every).unflatten(0, (-1, draws))


def _decoded(
    decoder: nn.Sequential, latent: Float[Tensor, "batch Z"], told: Float[Tensor, "batch *draws Z"] | None
) -> Float[Tensor, "batch *draws said"]:
    """What an MLP says of z and of what else it is told, which joins at the hidden layer."""
    enter, read, bend, say = decoder
    hidden = read(enter(latent))
    if told is not None:
        hidden = _spread(hidden, tuple(told.shape[1:-1])) + told
    return say(bend(hidden))


def _say(decoder: nn.Sequential, said: Float[Tensor, " said"]) -> None:
    """Let a decoder say the same whatever it reads; its last layer still learns."""
    last = decoder[-1]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        last.weight.zero_()
        last.bias.copy_(said)


def _drawn(probabilities: Float[Tensor, "batch A"], chance: Float[Tensor, " batch"]) -> Int[Tensor, " batch"]:
    """The action into whose share of [0, 1) each chance falls."""
    below = probabilities.cumsum(-1) <= chance[:, None]
    return below.sum(-1).clamp_max(probabilities.shape[-1] - 1)


def _spread(rows: Float[Tensor, "batch any"], draws: tuple[int, ...]) -> Float[Tensor, "batch *draws any"]:
    return rows.view(len(rows), *(1 for _ in draws), -1).expand(len(rows), *draws, -1)


def _one_hot(numbers: Int[Tensor, "*any"], count: int) -> Float[Tensor, "*any count"]:
    # functional.one_hot looks at the values first, for which a graphics card has to be waited for.
    return (numbers[..., None] == torch.arange(count, device=numbers.device)).float()


def _readable(past: Past) -> Float[Tensor, "batch numbers"]:
    """Times as the network reads them: log(1 + s), 0 where unknown, and whether they are known."""
    times = past.times
    if times is None:
        times = past.poses.new_full((*past.actions.shape[:2], QUANTITIES), torch.nan)
    known = times.isfinite()
    return torch.cat((times.nan_to_num(0.0).clamp_min(0).log1p() * known, known.float()), dim=-1).flatten(1)


def _dropped(
    features: Float[Tensor, "batch width"], share: float, generator: torch.Generator | None
) -> Float[Tensor, "batch width"]:
    # Not nn.Dropout: its random numbers would come from a global stream that a resumed run cannot put back.
    if generator is None or share == 0:
        return features
    kept = torch.rand(features.shape, generator=generator, device=features.device) >= share
    return features * kept / (1 - share)
