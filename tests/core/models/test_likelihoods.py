"""Bits: of codes, frames and seconds, and where a window lies among real ones."""

import math

import pytest
import torch

from core.models.likelihoods import Bits, bits_per_code, percentiles, share_less_likely
from tests.core.models.test_motion_gpt import BOOKS, TOKENS, a_gpt, a_question


def test_that_bits_are_the_mean_of_the_codes_own_and_padding_counts_nowhere():
    gpt = a_gpt()
    codes, labels, frames = a_question()
    each = gpt.log_probabilities(codes, labels, frames).detach().double() / -math.log(2)
    assert torch.allclose(bits_per_code(gpt, codes, labels, frames), each.mean((1, 2)))
    real = torch.arange(TOKENS) < torch.tensor([[TOKENS], [4]])
    padded = bits_per_code(gpt, codes, labels, frames, real=real)
    assert padded[0].item() == pytest.approx(each[0].mean().item())
    assert padded[1].item() == pytest.approx(each[1, :4].mean().item())


def test_that_bits_after_a_past_leave_out_its_own():
    gpt = a_gpt()
    codes, labels, frames = a_question()
    whole = bits_per_code(gpt, codes, labels, frames)
    new = bits_per_code(gpt, codes, labels, frames, past=4)
    old = bits_per_code(gpt, codes[:, :4], labels, frames)
    assert torch.allclose(whole * TOKENS, 4 * old + (TOKENS - 4) * new)


def test_that_a_model_that_knows_nothing_needs_all_the_bits_of_a_code():
    gpt = a_gpt()
    with torch.no_grad():
        for name, each in gpt.named_parameters():
            if name.startswith("head."):
                each.zero_()
    assert bits_per_code(gpt, *a_question()).tolist() == pytest.approx([2.0, 2.0])  # four codes a book


def test_that_bits_of_a_frame_and_a_second_follow_from_those_of_a_code():
    bits = Bits.of(3.0, books=BOOKS, frames_a_token=2)
    assert (bits.per_code, bits.per_frame, bits.per_second) == (3.0, 4.5, 135.0)


def test_that_a_window_is_placed_among_real_ones():
    kept = percentiles(float(each) for each in range(101))
    assert kept == pytest.approx(tuple(range(0, 101, 5)))
    assert share_less_likely(30.0, kept) == pytest.approx(0.7)
    assert share_less_likely(-5.0, kept) == 1
    assert share_less_likely(500.0, kept) == 0
    assert percentiles([]) == ()
    assert share_less_likely(3.0, ()) is None
