"""The product quantiser: nearest codes, gradients straight through, books that learn by loss or by running means."""

import math

import pytest
import torch

from core.errors import RunError
from core.models.quantizer import DECAY, IDLE_BATCHES, SMOOTHING, ProductQuantizer, use_of
from core.posegpt_configs import ProductQuantizer as Knobs


def _made(*, books=4, codes=16, width=16, update="gradient", seed=0, **knobs):
    torch.manual_seed(seed)
    return ProductQuantizer(Knobs(books=books, codes=codes, width=width, update=update, **knobs))


def _latents(batch=3, tokens=5, width=16, seed=1, size=0.1):
    return size * torch.randn(batch, tokens, width, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("books", [1, 2, 4, 8])
@pytest.mark.parametrize("codes", [128, 256, 512])
def test_that_every_part_gets_the_code_that_is_least_far(books, codes):
    quantizer, latents = _made(books=books, codes=codes, width=32), _latents(width=32, size=0.01)
    codes_found = quantizer.nearest(latents)
    assert codes_found.shape == (3, 5, books)
    parts = latents.view(3, 5, books, 1, 32 // books).double()
    far = (parts - quantizer.codebooks.double()).norm(dim=-1)
    chosen = far.gather(-1, codes_found[..., None])[..., 0]
    torch.testing.assert_close(chosen, far.min(-1).values, atol=1e-6, rtol=0)


def test_that_codes_stand_for_their_own_rows_and_are_found_again():
    quantizer = _made()
    codes = torch.randint(16, (2, 7, 4), generator=torch.Generator().manual_seed(3))
    values = quantizer.look_up(codes)
    for book in range(4):
        expected = quantizer.codebooks[book, codes[..., book]]
        assert torch.equal(values.view(2, 7, 4, 4)[:, :, book], expected)
    assert torch.equal(quantizer.nearest(values), codes)


def test_that_the_number_of_codes_is_of_each_book_or_of_all():
    assert _made(codes=512, codes_per_part=True).codes == 512
    assert _made(codes=512, codes_per_part=False).codes == 128


@pytest.mark.parametrize(
    ("knobs", "says"),
    [({"books": 8, "width": 36}, "8 equal parts"), ({"codes": 4, "codes_per_part": False}, "leave 1")],
)
def test_that_what_cannot_be_cut_is_refused_in_words(knobs, says):
    with pytest.raises(RunError, match=says):
        _made(**knobs)


@pytest.mark.parametrize("update", ["gradient", "running means"])
def test_that_the_decoders_gradient_reaches_the_latents_unchanged(update):
    quantizer = _made(update=update, weight=0.0)
    quantizer(_latents())  # running means place their codes
    quantizer.eval()
    latents, pull = _latents().requires_grad_(), _latents(seed=2)
    found = quantizer(latents)
    torch.testing.assert_close(found.latents, quantizer.look_up(found.codes), atol=1e-6, rtol=0)
    (found.latents * pull).sum().backward()
    assert torch.equal(latents.grad, pull)


def test_that_the_loss_is_the_papers_with_both_weights():
    quantizer = _made(commitment=0.3, codebook=0.7, weight=0.5)
    latents = _latents().requires_grad_()
    found = quantizer(latents)
    apart = (latents - quantizer.look_up(found.codes)).detach()
    torch.testing.assert_close(found.loss, 0.5 * (0.3 + 0.7) * apart.square().mean())
    found.loss.backward()
    # Latents feel the commitment alone, codes the codebook's term alone.
    torch.testing.assert_close(latents.grad, 0.5 * 0.3 * 2 * apart / apart.numel())
    expected = torch.zeros_like(quantizer.codebooks)
    for book in range(4):
        rows = -0.5 * 0.7 * 2 * apart.view(-1, 4, 4)[:, book] / apart.numel()
        expected[book].index_add_(0, found.codes.view(-1, 4)[:, book], rows)
    torch.testing.assert_close(quantizer.codebooks.grad, expected)


@pytest.mark.parametrize("update", ["gradient", "running means"])
def test_that_padded_tokens_count_nowhere(update):
    latents = _latents(batch=2, tokens=6)
    real = torch.tensor([[True] * 6, [True] * 4 + [False] * 2])
    wild = torch.where(real[..., None], latents, 1e3)
    results = []
    for given in (latents, wild):
        quantizer = _made(update=update)
        found = quantizer(given, real, torch.Generator().manual_seed(5))
        results.append((found.loss.detach(), dict(quantizer.state_dict())))
    torch.testing.assert_close(results[0], results[1], atol=1e-7, rtol=0)


def test_that_the_loss_of_a_padded_window_is_that_of_the_window_alone():
    quantizer, latents = _made().eval(), _latents(batch=1, tokens=6)
    real = torch.tensor([[True] * 4 + [False] * 2])
    torch.testing.assert_close(quantizer(latents, real).loss, quantizer(latents[:, :4]).loss)


def test_that_the_first_batch_places_the_codes_on_its_latents_no_two_on_one():
    quantizer, latents = _made(update="running means", codes=8), _latents(batch=4, tokens=6)
    quantizer._move_dead(latents, None, torch.Generator().manual_seed(0))
    parts = latents.view(-1, 4, 4)
    for book in range(4):
        far = torch.cdist(quantizer.codebooks[book], parts[:, book])
        assert far.min(1).values.max() == 0
        assert len(far.argmin(1).unique()) == 8


def test_that_running_means_are_those_counted_by_hand():
    quantizer = _made(update="running means", books=1, codes=2, width=2)
    quantizer.codebooks.copy_(torch.tensor([[[0.0, 0.0], [10.0, 10.0]]]))
    quantizer.counts.copy_(torch.tensor([[4.0, 2.0]]))
    quantizer.sums.copy_(torch.tensor([[[0.0, 0.0], [20.0, 20.0]]]))
    quantizer.idle.zero_()
    quantizer.batches.fill_(1e9)
    latents = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [9.0, 11.0]]])
    found = quantizer(latents)
    assert found.codes.flatten().tolist() == [0, 0, 1]
    counts = [DECAY * 4 + (1 - DECAY) * 2, DECAY * 2 + (1 - DECAY) * 1]
    sums = [[(1 - DECAY) * 1, (1 - DECAY) * 1], [DECAY * 20 + (1 - DECAY) * 9, DECAY * 20 + (1 - DECAY) * 11]]
    whole = sum(counts)
    smooth = [(each + SMOOTHING) / (whole + 2 * SMOOTHING) * whole for each in counts]
    by_hand = [[value / count for value in row] for row, count in zip(sums, smooth, strict=True)]
    torch.testing.assert_close(quantizer.codebooks[0], torch.tensor(by_hand))
    torch.testing.assert_close(quantizer.counts[0], torch.tensor(counts))


def test_that_early_means_forget_faster_than_late_ones():
    quantizer = _made(update="running means", books=1, codes=2, width=2)
    quantizer.counts.fill_(10.0)
    quantizer.idle.zero_()
    quantizer(torch.zeros(1, 3, 2))
    assert quantizer.counts.sum() == pytest.approx(0.1 * 20 + 0.9 * 3)
    for _ in range(50):
        quantizer(torch.zeros(1, 3, 2))
    assert quantizer.batches == 51


def test_that_a_code_nobody_needs_is_moved_to_where_latents_are():
    quantizer = _made(update="running means", books=1, codes=4, width=2)
    random = torch.Generator().manual_seed(0)
    quantizer(torch.randn(1, 64, 2, generator=random), random=random)
    quantizer.codebooks[0, 3] = 1e3  # far from everything
    quantizer.sums[0, 3] = 1e3 * quantizer.counts[0, 3]
    for _ in range(IDLE_BATCHES + 1):
        assert quantizer.codebooks[0, 3].abs().max() > 100
        quantizer(torch.randn(1, 64, 2, generator=random), random=random)
    assert quantizer.codebooks[0, 3].abs().max() < 10
    for _ in range(3):
        found = quantizer(torch.randn(1, 64, 2, generator=random), random=random)
    assert use_of(found.codes, None, 4)[0].item() == 1.0


def test_that_measuring_moves_nothing():
    quantizer = _made(update="running means")
    quantizer(_latents())
    before = {name: each.clone() for name, each in quantizer.state_dict().items()}
    quantizer.eval()
    quantizer(_latents(seed=9))
    assert all(torch.equal(each, before[name]) for name, each in quantizer.state_dict().items())


@pytest.mark.parametrize("update", ["gradient", "running means"])
def test_that_half_precision_outside_finds_the_same_codes(update):
    quantizer, latents = _made(update=update, codes=256).eval(), _latents(tokens=40)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(quantizer(latents).codes, quantizer.nearest(latents))
        half = latents.bfloat16()
        assert quantizer(half).latents.dtype == torch.bfloat16
    assert torch.equal(quantizer(half.float()).codes, quantizer(half).codes)


def test_that_usage_and_perplexity_are_of_real_tokens_and_by_book():
    codes = torch.tensor([[[0, 0], [1, 0], [2, 0], [3, 0]], [[0, 0], [1, 0], [7, 7], [7, 7]]])
    real = torch.tensor([[True] * 4, [True, True, False, False]])
    usage, perplexity = use_of(codes, real, 8)
    assert usage.tolist() == [0.5, 0.125]
    shares = [2 / 6, 2 / 6, 1 / 6, 1 / 6]
    even = math.exp(-sum(each * math.log(each) for each in shares))
    torch.testing.assert_close(perplexity, torch.tensor([even, 1.0]))
