"""How likely a model finds motion, in bits: of each code, each frame, each second; and where real motion lies.

A code's bits are −log₂ of the probability the model gives it after those before it. Fewer are likelier. Letters as in
`motion_gpt`.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from torch import Tensor

from core.models.motion_gpt import MotionGpt
from core.recordings import KEPT_HZ


@dataclass(frozen=True)
class Bits:
    """Mean bits of one code, and what follows for a frame and a second of motion."""

    per_code: float
    per_frame: float
    per_second: float

    @staticmethod
    def of(per_code: float, *, books: int, frames_a_token: int) -> "Bits":
        per_frame = per_code * books / frames_a_token
        return Bits(per_code, per_frame, per_frame * KEPT_HZ)


@torch.inference_mode()
def bits_per_code(
    gpt: MotionGpt,
    codes: Int[Tensor, "B N K"],
    labels: Float[Tensor, "B A"],
    frames: Int[Tensor, " B"],
    *,
    real: Bool[Tensor, "B N"] | None = None,
    past: int = 0,
) -> Float[Tensor, " B"]:
    """Mean bits of each window's codes: of its real tokens, those of the first `past` tokens being given."""
    bits = gpt.log_probabilities(codes, labels, frames).double()[:, past:] / -math.log(2)
    if real is None:
        return bits.mean((1, 2))
    counted = real[:, past:, None].expand_as(bits)
    return (bits * counted).sum((1, 2)) / counted.sum((1, 2))


def percentiles(bits: Iterable[float]) -> tuple[float, ...]:
    """Percentiles 0, 5, … 100 of windows' bits, as a checkpoint keeps them; none of no windows."""
    array: Float[ndarray, " windows"] = np.fromiter(bits, float)
    return tuple(float(each) for each in np.percentile(array, range(0, 101, 5))) if len(array) else ()


def share_less_likely(bits: float, real_bits: tuple[float, ...]) -> float | None:
    """Share of real windows that need more bits than these; None where none were kept."""
    if not real_bits:
        return None
    return float(1 - np.interp(bits, real_bits, np.linspace(0, 1, len(real_bits))))
