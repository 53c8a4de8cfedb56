"""Next actions and their characteristic 3D poses: the generator.

Diller, Funkhouser, Dai, "FutureHuman3D", section 4: three encoders (actions and objects small, poses one linear layer
and three residual blocks) → latent z → action logits and 9 × 3 joints. The pose is in the levelled frame of its clip,
metres, neck at the origin. Letters: N past steps, A actions, O objects, Z latent; M steps of a roll-out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from core import configs
from core.bodies.skeletons import UPPER_BODY_9
from core.configs import ForecasterNetwork
from core.geometry.differentiable import Views, see
from core.models.baselines.counting import CountingTable
from core.models.layers import ResidualBlock, mlp
from core.models.seen_past import Past, one_hot
from core.models.step_memory import Drop, State, StepMemory, Steps, after
from core.models.step_times import QUANTITIES, Times

JOINTS = len(UPPER_BODY_9)
NECK = UPPER_BODY_9["neck"]


@dataclass(frozen=True)
class Next:
    """One step ahead: action logits, the levelled pose, its times where they are foreseen, and the latent of all."""

    logits: Float[Tensor, "batch A"]
    joints_m: Float[Tensor, "batch *draws 9 3"]  # draws: where it was given several of noise
    latent: Float[Tensor, "batch Z"]
    action: Int[Tensor, " batch"]  # the one that pose and times are of: the likeliest, unless one was chosen
    times: Times | None = None
    objects: Float[Tensor, "batch O"] | None = None  # logits, where they are foreseen
    state: State | None = None

    def pushed_into(self, past: Past, action: Int[Tensor, " batch"], seen: Float[Tensor, "batch 9 2"]) -> Past:
        """The past with this step as its newest; nothing learns through what it says of times and objects."""
        times = None if self.times is None else self.times.median_s.detach()
        objects = None if self.objects is None else self.objects.sigmoid().detach()
        return past.followed_by(action, seen, times, objects, self.state)


class Read(NamedTuple):
    """What was made of a past: z, the n-gram's log-probabilities where the model counts, a memory's state."""

    latent: Float[Tensor, "batch Z"]
    counted: Float[Tensor, "batch A"] | None
    state: State | None = None


@dataclass(frozen=True)
class Futures:
    """Several futures of each past, drawn; F futures, M steps. Logits are as the model says them, not tempered."""

    actions: Int[Tensor, "batch F M"]
    logits: Float[Tensor, "batch F M A"]
    joints_m: Float[Tensor, "batch F M 9 3"]
    seen: Float[Tensor, "batch F M 9 2"]
    times: Times | None  # of "batch F M"


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
        next_objects: bool = False,
    ) -> None:
        super().__init__()
        self.past_steps, self.action_count, self.object_count = past_steps, actions, objects
        self.dropout, self.noise = network.dropout, network.noise
        slope, latent = network.slope, network.latent
        self.memory = self.encode_times = None
        if network.memory == "recurrent":
            self.memory = _memory(network, actions, objects, seen_times=seen_times)
        else:
            self._flatten(network, past_steps, actions, objects, seen_times=seen_times)
        self.decode_action = nn.Sequential(nn.LeakyReLU(slope), *mlp(latent, latent, actions, slope))
        self.decode_pose = nn.Sequential(nn.LeakyReLU(slope), *mlp(latent, latent, JOINTS * 3, slope))
        told = actions if network.pose_from_action else 0
        self.told = told > 0
        # What decoders read beside z joins at their hidden layer, so that many draws share what z says.
        self.tell_pose = nn.Linear(told + network.noise, latent, bias=False) if told + network.noise else None
        self.tell_times = nn.Linear(told, latent, bias=False) if told and times else None
        self.decode_objects = mlp(latent, latent, objects, slope) if next_objects and objects else None
        self.decode_times = (
            nn.Sequential(nn.LeakyReLU(slope), *mlp(latent, latent, QUANTITIES * 2, slope)) if times else None
        )
        self.counting = CountingTable(actions) if network.counting else None
        if self.counting is not None:  # before its first step the forecaster is the n-gram
            _say(self.decode_action, torch.zeros(actions))

    def _flatten(
        self, network: ForecasterNetwork, past_steps: int, actions: int, objects: int, *, seen_times: bool
    ) -> None:
        """The printed encoders: of the last steps side by side."""
        slope, latent = network.slope, network.latent
        counted = actions if network.counting else 0
        self.encode_actions = mlp(past_steps * actions + counted, network.action_width, network.action_width, slope)
        self.encode_objects = mlp(max(objects, 1), network.object_width, network.object_width, slope)
        self.encode_poses = nn.Sequential(
            nn.Linear(past_steps * JOINTS * 3, network.pose_width),
            *(ResidualBlock(network.pose_width, slope) for _ in range(3)),
        )
        joined = network.action_width + network.object_width * (2 if seen_times else 1) + network.pose_width
        self.join = nn.Sequential(nn.LeakyReLU(slope), *mlp(joined, latent, latent, slope))
        if seen_times:
            self.encode_times = mlp(past_steps * QUANTITIES * 2, network.object_width, network.object_width, slope)

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
            next_objects=config.losses.objects > 0,
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
        read = self.encode(past, generator)
        return self.decode(read, action=action, noise=noise)

    def decode(
        self,
        read: Read,
        *,
        action: Int[Tensor, " batch"] | None = None,
        noise: Float[Tensor, "batch *draws noise"] | None = None,
    ) -> Next:
        """What comes after what was read, as `forward` says."""
        logits = self.logits(read.latent, read.counted)
        likeliest = logits.argmax(-1)
        of = likeliest if action is None else torch.where(action >= 0, action, likeliest)
        return self._next(read, logits, of, noise)

    def _next(self, read: Read, logits: Tensor, action: Tensor, noise: Tensor | None) -> Next:
        latent = read.latent
        objects = self.objects(latent)
        pose, times = self.pose(latent, action, noise), self.times(latent, action)
        return Next(logits, pose, latent, action, times, objects, read.state)

    def encode(self, past: Past, generator: torch.Generator | None = None) -> Read:
        """Z after the newest step, and what else is read of a past."""
        if self.memory is not None:
            return self._remember(past, generator)
        objects = past.objects if self.object_count else past.objects.new_zeros(len(past.objects), 1)
        actions, counted = past.actions.flatten(1), None
        if self.counting is not None:
            counted = self.counting.log_probabilities(past.numbers, past.fold)
            actions = torch.cat((actions, counted), dim=-1)
        encoded = [self.encode_actions(actions), self.encode_objects(objects), self.encode_poses(past.poses.flatten(1))]
        if self.encode_times is not None:
            encoded.append(self.encode_times(_readable(past)))
        return Read(self.join(Drop(self.dropout, generator)(torch.cat(encoded, dim=-1))), counted)

    def _remember(self, past: Past, generator: torch.Generator | None) -> Read:
        """After the newest step alone where what was before it is remembered, else after all of them."""
        assert self.memory is not None
        if past.state is None:
            return newest(*self.read_every(past, generator))
        counted = None if self.counting is None else self.counting.log_probabilities(past.numbers, past.fold)
        _, states = self.memory(_steps_of(past).newest(), past.state, Drop(self.dropout, generator))
        kept = tuple(each[:, 0] for each in states)
        return Read(kept[-1], counted, kept)

    def read_every(self, past: Past, generator: torch.Generator | None = None) -> tuple[Read, Int[Tensor, " batch"]]:
        """Z after every step of a past (batch N Z), steps at the left, with how many of them are real.

        For a recurrent memory alone, whose training asks at each step what came next.
        """
        assert self.memory is not None
        lengths = past.lengths
        if lengths is None:
            lengths = torch.full((len(past),), past.actions.shape[1], device=past.actions.device)
        steps = _steps_of(past).at_the_left(lengths)
        latents, states = self.memory(steps, None, Drop(self.dropout, generator))
        counted = None
        if self.counting is not None:
            numbers = torch.where(steps.actions.any(-1), steps.actions.argmax(-1), -1)
            counted = self.counting.at_every_step(numbers, past.fold)
        return Read(latents, counted, states), lengths

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
                parts.append(one_hot(action, self.action_count))
            if self.noise:
                parts.append(latent.new_zeros(len(latent), self.noise) if noise is None else noise)
            if draws:
                parts = [each if each.dim() > 2 else _spread(each, tuple(draws)) for each in parts]
            told = self.tell_pose(torch.cat(parts, dim=-1))
        joints_m = _decoded(self.decode_pose, latent, told).unflatten(-1, (JOINTS, 3))
        return joints_m - joints_m[..., NECK : NECK + 1, :]  # the neck is the origin, exactly

    def objects(self, latent: Float[Tensor, "batch Z"]) -> Float[Tensor, "batch O"] | None:
        """Logits of what the next step involves, where that is foreseen."""
        return None if self.decode_objects is None else self.decode_objects(latent)

    def times(self, latent: Float[Tensor, "batch Z"], action: Int[Tensor, " batch"]) -> Times | None:
        """Of an action at z, where times are foreseen."""
        if self.decode_times is None:
            return None
        told = None if self.tell_times is None else self.tell_times(one_hot(action, self.action_count))
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
            past = step.pushed_into(past, step.action, seen)
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
            read = self.encode(past)
            logits = self.logits(read.latent, read.counted)
            tempered = logits / (temperatures[min(at, len(temperatures) - 1)] if temperatures else 1.0)
            chance = torch.stack([torch.rand(count, device=device, generator=each) for each in streams], dim=1)
            noise = self._noise_of(streams, count, device)
            action = _drawn(tempered.softmax(-1), chance.flatten())
            step = self._next(read, logits, action, noise)
            seen = see(step.joints_m, views)
            ahead.append((step, seen))
            past = step.pushed_into(past, action, seen)

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

    def logits(
        self, latent: Float[Tensor, "*batch Z"], counted: Float[Tensor, "*batch A"] | None
    ) -> Float[Tensor, "*batch A"]:
        """Of the next action."""
        said = self.decode_action(latent)
        return said if counted is None else said + counted


def _memory(network: ForecasterNetwork, actions: int, objects: int, *, seen_times: bool) -> StepMemory:
    widths = (network.action_width, network.object_width, network.pose_width)
    blocks = nn.Sequential(*(ResidualBlock(network.pose_width, network.slope) for _ in range(3)))
    return StepMemory(
        (actions, objects, JOINTS),
        widths,
        network.latent,
        network.memory_layers,
        network.slope,
        seen_times=seen_times,
        blocks=blocks,
    )


def _steps_of(past: Past) -> Steps:
    """The past as a memory reads it."""
    if past.by_step is None:  # nobody knows which step involved what
        own = past.objects[:, None].expand(-1, past.actions.shape[1], -1)
        return Steps(past.actions, torch.zeros_like(own), own, past.poses, past.times)
    own, earlier = past.by_step.seen.float(), past.by_step.earlier.float()
    involved = torch.maximum(own.cummax(dim=1).values, earlier[:, None])
    return Steps(past.actions, own, involved, past.poses, past.times)


def newest(every: Read, lengths: Int[Tensor, " batch"]) -> Read:
    """Of what was read at every step, what holds after the last one."""
    counted = None if every.counted is None else after(every.counted, lengths)
    kept = tuple(after(each, lengths) for each in every.state or ())
    return Read(kept[-1], counted, kept)


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


def _readable(past: Past) -> Float[Tensor, "batch numbers"]:
    """Times as the network reads them: log(1 + s), 0 where unknown, and whether they are known."""
    times = past.times
    if times is None:
        times = past.poses.new_full((*past.actions.shape[:2], QUANTITIES), torch.nan)
    known = times.isfinite()
    return torch.cat((times.nan_to_num(0.0).clamp_min(0).log1p() * known, known.float()), dim=-1).flatten(1)
