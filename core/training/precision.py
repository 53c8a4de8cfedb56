"""Matrix products in bfloat16 on a graphics card, where they pay; weights, sums and everything else stay float32.

Only layers that are wide on both sides change: the narrow ones read raw numbers or say joints, logits and scores, of
which three digits are too few, and cost nothing. On a processor neither this nor compiling is ever turned on.
"""

from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

LEAST_WIDTH = 128
"""Layers that read and write at least so many numbers."""


def prepare(model: nn.Module, device: torch.device, precision: str, compile_it: bool) -> None:
    """As a config's knobs say, on a graphics card; nothing elsewhere."""
    if device.type != "cuda":
        return
    if precision == "bfloat16":
        in_bfloat16(model)
    if compile_it:
        compiled(model)


def in_bfloat16(model: nn.Module) -> int:
    """Let the model's wide linear layers multiply in bfloat16; how many there are."""
    wide = [
        each
        for each in model.modules()
        if isinstance(each, nn.Linear) and min(each.in_features, each.out_features) >= LEAST_WIDTH
    ]
    for each in wide:
        each.__dict__["forward"] = partial(_half, each)
    return len(wide)


def compiled(model: nn.Module) -> int:
    """Let torch compile the model's stacks of layers at their first use; how many there are."""
    stacks = [each for each in model.children() if isinstance(each, nn.Sequential)]
    for each in stacks:
        each.compile()
    return len(stacks)


def _half(layer: nn.Linear, features: Float[Tensor, "*batch read"]) -> Float[Tensor, "*batch written"]:
    said = functional.linear(features.bfloat16(), layer.weight.bfloat16())
    # The sum of the product is kept in float32 by the card; only what is said is rounded. The bias is added after.
    return said.float() if layer.bias is None else said.float() + layer.bias
