"""PoseGPT's auto-encoder: frames of motion to codes and back (section 3.1 of the paper).

    codes = model.encode(motion, real)      # (B, N, K), N = ⌈F / factor⌉
    motion = model.decode(codes)            # N × factor frames

Blocks of transformer layers, over frames, then over groups of two, four or eight of them: time is halved after a block,
where `layers` of the config says how many each has, until a token stands for `factor` frames. The decoder is the
encoder's mirror. A group of two becomes one by a linear map of both, and one becomes two likewise, so nothing crosses a
group's edge: with causal attention, frame t changes no token before ⌊t / factor⌋, and, on-line, token j no frame before
j × factor.

A frame goes in as the first two columns of every joint's local rotation and the root: its place (`absolute`), or its
steps in m/s and its height (`deltas`), which say nothing of where it is. Out come the same columns, made orthonormal,
and steps of the root that are summed up. With `deltas` the first frame's root stands over the origin at a height of its
own; otherwise its first step is its place. Metres, y up, 30 frames a second; windows as `datasets.motion_windows` cuts
them. Frames after a window's end repeat its last one, so what is given there changes nothing. B windows, F frames, J
joints, N tokens, K books.
"""

import math
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from core.errors import RunError
from core.geometry.differentiable import orthonormal_6d
from core.models import rows
from core.models.quantizer import ProductQuantizer
from core.models.transformer import Stack, sine_positions
from core.posegpt_configs import MotionVqvae as Knobs
from core.posegpt_configs import ProductQuantizer as QuantizerKnobs
from core.recordings import KEPT_HZ, reference_joints_m

_NORMALIZED_POSITIONS = 0.1
"""How large positions are beside features of spread 1, which they would drown otherwise."""
_LEAST_SPREAD = 0.02
"""Features that hardly move, such as a wrist's that nobody measured, are not blown up."""


@dataclass(frozen=True)
class MotionTensors:
    """Motion of bodies of one family. `rotations_6d`: of each local rotation matrix column 0, then column 1."""

    rotations_6d: Float[Tensor, "B F J 6"]
    path_m: Float[Tensor, "B F 3"]  # smplx's translation

    def __getitem__(self, frames: slice) -> "MotionTensors":
        return MotionTensors(self.rotations_6d[:, frames], self.path_m[:, frames])


@dataclass(frozen=True)
class Reconstruction:
    """What came back of a batch, in as many frames as were given."""

    motion: MotionTensors
    codes: Int[Tensor, "B N K"]
    real_tokens: Bool[Tensor, "B N"] | None
    quantizer_loss: Float[Tensor, ""]


class MotionVqvae(nn.Module):
    """Encoder, product quantiser and decoder."""

    origin_m: Float[Tensor, " 3"]
    bell: Float[Tensor, " taps"]
    feature_mean: Float[Tensor, " features"]
    feature_spread: Float[Tensor, " features"]

    def __init__(self, config: Knobs, quantizer: QuantizerKnobs, joints: int) -> None:
        super().__init__()
        layers = blocks_of(config)
        self.factor, self.joints = config.downsampling, joints
        self._halvings = config.downsampling.bit_length() - 1
        self._absolute = config.root_input == "absolute"
        self._once = config.positions == "once"
        self._normalized = config.normalized
        self._position_size = _NORMALIZED_POSITIONS if config.normalized else 1.0
        width, wide = config.width, config.feed_forward

        def stacks(*, causal: bool) -> nn.ModuleList:
            return nn.ModuleList(
                Stack(
                    count, width, config.heads, config.head_width, wide, config.dropout,
                    causal=causal, again=not self._once,
                )
                for count in layers
            )  # fmt: skip

        self.into = nn.Linear(6 * joints + (3 if self._absolute else 4), width)
        self.encoder = stacks(causal=config.causality != "offline")
        self.halving = nn.ModuleList(nn.Linear(2 * width, width) for _ in range(self._halvings))
        self.into_latent = nn.Linear(width, quantizer.width)
        self.quantizer = ProductQuantizer(quantizer)
        self.from_latent = nn.Linear(quantizer.width, width)
        self.doubling = nn.ModuleList(nn.Linear(width, 2 * width) for _ in range(self._halvings))
        self.decoder = stacks(causal=config.causality == "online")
        root = 3 if self._absolute else 4
        self.to_rotations = _Head(width, 6 * joints, straight=config.normalized)
        self.to_root = _Head(width, root, straight=config.normalized)
        bell = _bell(config.smoothing if config.causality != "online" else 0.0)
        self.register_buffer("bell", bell, persistent=False)
        self.latent_norm = nn.LayerNorm(quantizer.width) if config.normalized else nn.Identity()
        # A token's own frames also go by a short way: blocks then learn what the frames before have to say.
        frame = 6 * joints + (3 if self._absolute else 4)
        wide_frames, outputs = self.factor * frame, self.factor * (6 * joints + root)
        self.short_in = _Head(wide_frames, quantizer.width, straight=True, inner=width) if config.normalized else None
        self.short_out = _Head(quantizer.width, outputs, straight=True) if config.normalized else None
        # Until training has told the means and spreads of features, a model stands as the rest body does.
        upright = torch.tensor([1.0, 0.0, 0.0, 0.0, 1.0, 0.0])
        self.register_buffer("feature_mean", torch.cat([upright.repeat(joints), torch.zeros(root)]))
        self.register_buffer("feature_spread", torch.ones(6 * joints + root))
        if config.normalized:
            self._let_through()
        pelvis_m = torch.tensor(reference_joints_m()[0], dtype=torch.float32)
        self.register_buffer("origin_m", -pelvis_m * torch.tensor([1.0, 0.0, 1.0]), persistent=False)

    @property
    def books(self) -> int:
        return self.quantizer.books

    @property
    def codes(self) -> int:
        """In each book."""
        return self.quantizer.codes

    def tokens(self, frames: int) -> int:
        """How many stand for so many frames."""
        return -(-frames // self.factor)

    def _let_through(self) -> None:
        """Begin as nearly a linear map of frames to latents and back: what blocks do is learned on top of it.

        With torch's own start each map keeps a third of the variance, and six of them leave so little of a frame beside
        its position that the decoder learns to go without latents.
        """
        maps = [self.into, *self.halving, self.into_latent, self.from_latent, *self.doubling]
        for each in maps:
            assert isinstance(each, nn.Linear)
            outputs, inputs = each.weight.shape
            nn.init.orthogonal_(each.weight, gain=max(1.0, outputs / inputs) ** 0.5)
            nn.init.zeros_(each.bias)
        with torch.no_grad():
            for stack in (*self.encoder, *self.decoder):
                assert isinstance(stack, Stack)
                stack.damp(0.1)

    @torch.no_grad()
    def standardise(self, motion: MotionTensors, real: Bool[Tensor, "B F"] | None = None) -> None:
        """Count features from their mean over these windows, in their spread, where the config says so."""
        if not self._normalized:
            return
        features = self._features(motion)
        known = features.flatten(0, 1) if real is None else features[real]
        self.feature_mean.copy_(known.mean(0))
        self.feature_spread.copy_(known.std(0).clamp_min(_LEAST_SPREAD))

    # ---- what it is for ----

    def encode(self, motion: MotionTensors, real: Bool[Tensor, "B F"] | None = None) -> Int[Tensor, "B N K"]:
        """The codes of motion; after a window's end they mean nothing."""
        return self.quantizer.nearest(self.latents(*self._held(motion, real)))

    def decode(self, codes: Int[Tensor, "B N K"], real: Bool[Tensor, "B N"] | None = None) -> MotionTensors:
        """The motion that codes stand for: `factor` frames of each. `real` tells tokens from padding after the end."""
        return self.motion_of(self.quantizer.look_up(codes), real)

    def forward(
        self,
        motion: MotionTensors,
        real: Bool[Tensor, "B F"] | None = None,
        random: torch.Generator | None = None,
    ) -> Reconstruction:
        """There and back, with gradients straight through. `random` moves dead codes."""
        held, real_frames = self._held(motion, real)
        real_tokens = None if real_frames is None else real_frames[:, :: self.factor]
        latents = self.latents(held, real_frames)
        with self._counting_tokens():
            found = self.quantizer(latents, real_tokens, random)
        back = self.motion_of(found.latents, real_tokens)
        return Reconstruction(back[: motion.path_m.shape[1]], found.codes, real_tokens, found.loss)

    @torch.no_grad()
    def candidates(
        self, motion: MotionTensors, real: Bool[Tensor, "B F"] | None, random: torch.Generator | None
    ) -> Float[Tensor, "K C P"]:
        """Where dead codes could go; of a piece of a batch, its part of that (see `ProductQuantizer.candidates`)."""
        held, real_frames = self._held(motion, real)
        latents = self.latents(held, real_frames).float()
        piece, of_all = rows.here(), None if real_frames is None else real_frames[:, :: self.factor]
        if piece is not None and piece.lengths is not None:
            of_all = torch.arange(latents.shape[1], device=latents.device) < self._in_tokens(piece.lengths)[:, None]
        return self.quantizer.candidates(latents, of_all, random)

    def real_tokens(self, lengths: Int[Tensor, " W"]) -> Int[Tensor, ""]:
        """How many tokens stand for windows of so many frames."""
        return self._in_tokens(lengths).sum()

    def _in_tokens(self, lengths: Int[Tensor, " W"]) -> Int[Tensor, " W"]:
        return (lengths + self.factor - 1) // self.factor

    def _counting_tokens(self) -> AbstractContextManager[None]:
        """Within it, a piece of a batch counts tokens instead of frames."""
        piece = rows.here()
        if piece is None or piece.lengths is None:
            return nullcontext()
        return rows.only(piece._replace(lengths=self._in_tokens(piece.lengths)))

    # ---- the two halves, over whole tokens ----

    def latents(self, motion: MotionTensors, real: Bool[Tensor, "B F"] | None) -> Float[Tensor, "B N D"]:
        """Latents before they are quantised. F is a multiple of `factor`, and real frames fill whole tokens."""
        features = self._features(motion)
        if self._normalized:
            features = (features - self.feature_mean) / self.feature_spread
        x = self.into(features)
        if self._once:
            x = x + self._position_size * sine_positions(x.shape[1], x.shape[2]).to(x)
        for number, stack in enumerate(self.encoder):
            x = stack(x, real)
            if number < self._halvings:
                x = self.halving[number](x.reshape(x.shape[0], x.shape[1] // 2, 2 * x.shape[2]))
                real = None if real is None else real[:, ::2]
        latents = self.into_latent(x)
        if self.short_in is not None:
            latents = latents + self.short_in(features.unflatten(1, (-1, self.factor)).flatten(2))
        return self.latent_norm(latents)

    def motion_of(self, latents: Float[Tensor, "B N D"], real: Bool[Tensor, "B N"] | None) -> MotionTensors:
        """The motion that quantised latents stand for."""
        x = self.from_latent(latents)
        if self._once:
            x = x + self._position_size * sine_positions(x.shape[1], x.shape[2]).to(x)
        for number in reversed(range(len(self.decoder))):
            if number < self._halvings:
                x = self.doubling[number](x).reshape(x.shape[0], 2 * x.shape[1], x.shape[2])
                real = None if real is None else real.repeat_interleave(2, dim=1)
            x = self.decoder[number](x, real)
        columns = 6 * self.joints
        mean, spread = self.feature_mean, self.feature_spread
        rotations, root = self.to_rotations(x).float(), self.to_root(x).float()
        if self.short_out is not None:
            short = self.short_out(latents).float().unflatten(2, (self.factor, -1)).flatten(1, 2)
            rotations, root = rotations + short[..., :columns], root + short[..., columns:]
        rotations = self._smooth(rotations, real)
        # Steps begin with the second frame; where the first one stands is an output of its own.
        steps = self._smooth(root[:, 1:, :3], None if real is None else real[:, 1:])
        root = torch.cat([root[:, :1], torch.cat([steps, root[:, 1:, 3:]], dim=2)], dim=1)
        rotations = rotations * spread[:columns] + mean[:columns]
        if not self._absolute:  # otherwise what goes in are places, and out come steps
            root = root * spread[columns:] + mean[columns:]
        return MotionTensors(orthonormal_6d(rotations.unflatten(-1, (self.joints, 6))), self._path(root))

    def _smooth(
        self, x: Float[Tensor, "B F outputs"], real: Bool[Tensor, "B F"] | None
    ) -> Float[Tensor, "B F outputs"]:
        """Every frame as the mean of those about it, weighed by the bell; those after the end weigh nothing."""
        if self.bell.numel() == 1 or x.shape[1] < 2:
            return x
        there = x.new_ones(x.shape[:2]) if real is None else real.to(x)
        reach = len(self.bell) // 2

        def over_time(values: Float[Tensor, "B n F"]) -> Float[Tensor, "B n F"]:
            weights = self.bell.to(values).expand(values.shape[1], 1, -1)
            return functional.conv1d(values, weights, padding=reach, groups=values.shape[1])

        summed = over_time((x * there[..., None]).mT).mT
        return summed / over_time(there[:, None]).mT.clamp_min(1e-6)

    # ---- frames in and out ----

    def _held(
        self, motion: MotionTensors, real: Bool[Tensor, "B F"] | None
    ) -> tuple[MotionTensors, Bool[Tensor, "B F2"] | None]:
        """Whole tokens: frames after a window's end repeat its last one, and those that fill a token are real."""
        frames = motion.path_m.shape[1]
        whole = self.tokens(frames) * self.factor
        if real is None:
            if whole == frames:
                return motion, None
            at = torch.arange(whole, device=motion.path_m.device).clamp_max(frames - 1)
            return MotionTensors(motion.rotations_6d[:, at], motion.path_m[:, at]), None
        lengths = real.sum(1, keepdim=True)
        at = torch.minimum(torch.arange(whole, device=real.device), lengths - 1)
        rows = torch.arange(len(at), device=real.device)[:, None]
        filled = -(-lengths // self.factor) * self.factor
        held = MotionTensors(motion.rotations_6d[rows, at], motion.path_m[rows, at])
        return held, torch.arange(whole, device=real.device) < filled

    def _features(self, motion: MotionTensors) -> Float[Tensor, "B F features"]:
        rotations, path_m = motion.rotations_6d.flatten(2), motion.path_m
        if self._absolute:
            return torch.cat([rotations, path_m], dim=-1)
        steps = functional.pad((path_m[:, 1:] - path_m[:, :-1]) * KEPT_HZ, (0, 0, 1, 0))
        return torch.cat([rotations, steps, path_m[..., 1:2]], dim=-1)

    def _path(self, root: Float[Tensor, "B F outputs"]) -> Float[Tensor, "B F 3"]:
        """Steps in m/s summed up to places."""
        first_m = root[:, :1] if self._absolute else self.origin_m + functional.pad(root[:, :1, 3:], (1, 1))
        return torch.cat([first_m, root[:, 1:, :3] / KEPT_HZ], dim=1).cumsum(1)


def _bell(width: float) -> Float[Tensor, " taps"]:
    """A Gaussian of so many frames, out to three of them; a single 1 where there is none."""
    reach = math.ceil(3 * width)
    places = torch.arange(-reach, reach + 1, dtype=torch.float32)
    bell = torch.exp(-0.5 * (places / max(width, 1e-6)).square())
    return bell / bell.sum()


def blocks_of(config: Knobs) -> tuple[int, ...]:
    """How many layers each block has; RunError where there are too few blocks to halve time after."""
    layers = tuple(int(each) for each in config.layers.split(","))
    halvings = config.downsampling.bit_length() - 1
    if len(layers) < halvings:
        raise RunError(
            f"autoencoder.layers = {config.layers} has {len(layers)} of the {halvings} blocks after which time is "
            f"halved to {config.downsampling} frames a token.",
            hint=f"Write it with {halvings} numbers or more, such as {','.join(['1'] * (halvings - 1) + ['3'])}.",
        )
    return layers


class _Head(nn.Module):
    """Two layers, and where it is `straight` a linear map beside them. It begins near nothing."""

    def __init__(self, width: int, outputs: int, *, straight: bool, inner: int = 0) -> None:
        super().__init__()
        inner = inner or width
        self.widen, self.out = nn.Linear(width, inner), nn.Linear(inner, outputs)
        self.straight = nn.Linear(width, outputs) if straight else None
        with torch.no_grad():
            self.out.weight.mul_(0.1)
            self.out.bias.zero_()

    def forward(self, x: Float[Tensor, "B F D"]) -> Float[Tensor, "B F outputs"]:
        bent = self.out(functional.gelu(self.widen(x)))
        return bent if self.straight is None else bent + self.straight(x)
