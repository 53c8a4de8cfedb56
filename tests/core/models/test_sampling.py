"""Drawing from the GPT: what is kept changes nothing, chance is each sample's own, and it follows the likelihoods."""

import math
from itertools import islice, product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from core.models import sampling
from core.models.sampling import Draw, picked, sample, shares, uniforms
from tests.core.models.test_motion_gpt import ACTIONS, BOOKS, CODES, CONDITIONINGS, HEADS, a_gpt

COOL = Draw(temperature=0.8, top_k=3, top_p=0.9)
MOST = 20
WRITTEN_DOWN = [0.8201981478608876, 0.18924562408645496, 0.443746921343274, 0.8163920951010332]


def asked(batch, tokens, past=0, seed=2):
    random = torch.Generator().manual_seed(seed)
    labels = (torch.rand(batch, ACTIONS, generator=random) < 0.4).float()
    codes = torch.randint(0, CODES, (batch, past, BOOKS), generator=random) if past else None
    return labels, torch.full((batch,), 4 * (past + tokens)), codes


def drawn(gpt, batch, tokens, *, past=0, draw=COOL, fixed=None, cached=True, seed=3):
    labels, frames, codes = asked(batch, tokens, past)
    chance = uniforms(seed, batch, tokens, BOOKS)
    return [*sample(gpt, labels, frames, tokens, chance, draw, past=codes, fixed=fixed, cached=cached)][-1]


@pytest.fixture(params=list(product(CONDITIONINGS, HEADS)), ids="-".join)
def gpt(request):
    conditioning, head = request.param
    return a_gpt(conditioning=conditioning, head=head, tokens=MOST)


@pytest.mark.parametrize("past", [0, 1, 6])
@pytest.mark.parametrize("fixed", [False, True])
def test_that_what_is_kept_changes_no_logit(gpt, monkeypatch, past, fixed):
    """Those of every book of every token, drawn after a past, with and without fixed tokens: to 1e-5."""
    seen = []

    def listening(logits, uniform, draw):
        seen.append(logits.clone())
        return picked(logits, uniform, draw)

    monkeypatch.setattr(sampling, "picked", listening)
    tokens = 8
    stays = (torch.ones(2, tokens, BOOKS, dtype=torch.long), torch.arange(tokens).expand(2, -1) % 3 == 1)
    codes = drawn(gpt, 2, tokens, past=past, fixed=stays if fixed else None)
    labels, frames, before = asked(2, tokens, past)
    whole = codes if before is None else torch.cat([before, codes], 1)
    with torch.no_grad():
        logits = gpt(whole, labels, frames)[:, past:]
    of_steps = torch.stack(seen, 1).unflatten(1, (tokens, BOOKS))[:2]
    assert (of_steps - logits).abs().max() < 1e-5


@pytest.mark.parametrize("past", [0, 5])
def test_that_with_and_without_what_is_kept_the_same_codes_are_drawn(gpt, past):
    assert torch.equal(drawn(gpt, 3, 10, past=past), drawn(gpt, 3, 10, past=past, cached=False))


@pytest.mark.parametrize("past", [0, 5])
def test_that_a_sample_has_the_same_bits_however_many_are_drawn_beside_it(monkeypatch, past):
    gpt = a_gpt(tokens=MOST, width=48, feed_forward=96)
    seen = []

    def listening(logits, uniform, draw):
        seen.append(logits.clone())
        return picked(logits, uniform, draw)

    monkeypatch.setattr(sampling, "picked", listening)
    labels, frames, before = asked(8, 12, past)
    labels = labels[:1].expand(8, -1)
    before = None if before is None else before[:1].expand(8, -1, -1)
    chance = uniforms(5, 8, 12, BOOKS)
    answers = {}
    for batch in (1, 2, 3, 8):
        seen.clear()
        here = None if before is None else before[:batch]
        codes = [*sample(gpt, labels[:batch], frames[:batch], 12, chance[:batch], Draw(), past=here)][-1]
        answers[batch] = codes, torch.stack([each[:batch] for each in seen], 1)
    for batch in (1, 2, 3):
        assert torch.equal(answers[batch][0], answers[8][0][:batch])
        assert torch.equal(answers[batch][1], answers[8][1][:batch])


def test_that_chance_is_each_samples_own_and_longer_begins_as_shorter():
    chance = uniforms(7, 8, 30, 4)
    assert chance.dtype == torch.float64
    assert torch.equal(chance[:1], uniforms(7, 1, 30, 4))
    assert torch.equal(chance[:, :9], uniforms(7, 8, 9, 4))
    assert not torch.equal(chance, uniforms(8, 8, 30, 4))
    assert len(chance.flatten().unique()) == chance.numel()
    assert ((chance >= 0) & (chance < 1)).all()
    assert chance.mean().item() == pytest.approx(0.5, abs=4 / math.sqrt(12 * chance.numel()))


def test_that_chance_is_the_same_in_every_version():
    assert uniforms(42, 2, 1, 2).flatten().tolist() == WRITTEN_DOWN


def test_that_fixed_tokens_stand_and_what_follows_is_drawn_after_them():
    gpt = a_gpt(tokens=MOST)
    free = drawn(gpt, 2, 10)
    stays = torch.zeros(2, 10, dtype=torch.bool)
    stays[:, 4:6] = True
    other = (free + 1) % CODES
    held = drawn(gpt, 2, 10, fixed=(other, stays))
    assert torch.equal(held[:, :4], free[:, :4])
    assert torch.equal(held[:, 4:6], other[:, 4:6])
    # What is drawn after them is what would be drawn after them as a past.
    labels, frames, _ = asked(2, 10)
    rest = [*sample(gpt, labels, frames, 4, uniforms(3, 2, 10, BOOKS)[:, 6:], COOL, past=held[:, :6])][-1]
    assert torch.equal(held[:, 6:], rest)


def test_that_keeping_all_that_was_drawn_gives_it_again():
    gpt = a_gpt(tokens=MOST)
    free = drawn(gpt, 2, 10)
    assert torch.equal(drawn(gpt, 2, 10, fixed=(free, torch.ones(2, 10, dtype=torch.bool)), seed=99), free)
    half = torch.arange(10).expand(2, -1) < 5
    assert torch.equal(drawn(gpt, 2, 10, fixed=(free, half)), free)


def test_that_pieces_grow_begin_as_the_whole_and_can_be_left():
    gpt = a_gpt(tokens=100)
    labels, frames, _ = asked(1, 100)
    chance = uniforms(0, 1, 100, BOOKS)
    pieces = [*sample(gpt, labels, frames, 100, chance, Draw())]
    assert [each.shape[1] for each in pieces] == [4, 12, 28, 60, 92, 100]
    assert all(torch.equal(each, pieces[-1][:, : each.shape[1]]) for each in pieces)
    some = sample(gpt, labels, frames, 100, chance, Draw())
    assert torch.equal(next(some), pieces[0])
    some.close()
    assert [*islice(some, 1)] == []


def test_that_what_is_yielded_can_be_used_where_gradients_are_asked_for():
    gpt = a_gpt(tokens=MOST)
    codes = drawn(gpt, 1, 6)
    labels, frames, _ = asked(1, 6)
    gpt.log_probabilities(codes, labels, frames).sum().backward()
    assert gpt.start.grad is not None


def test_that_without_temperature_every_code_is_the_likeliest():
    gpt = a_gpt(tokens=MOST)
    codes = drawn(gpt, 2, 8, draw=Draw(temperature=0.0))
    labels, frames, _ = asked(2, 8)
    assert torch.equal(codes, gpt(codes, labels, frames).argmax(-1))
    assert torch.equal(codes, drawn(gpt, 2, 8, draw=Draw(temperature=0.0), seed=11))


@pytest.mark.parametrize("temperature", [1e-3, 1e-38, 1e-60, 5e-324])
def test_that_however_cold_it_is_the_likeliest_code_is_picked(temperature):
    logits = torch.tensor([[1.0, -2.0, 3.5, 0.5], [40.0, -90.0, 7.0, 39.0]])
    cold = Draw(temperature)
    assert torch.equal(shares(logits, cold), shares(logits, Draw(0.0)))
    for uniform in (0.0, 0.5, 1 - 2**-53):
        assert picked(logits, torch.full((2,), uniform, dtype=torch.float64), cold).tolist() == [2, 0]


@pytest.mark.parametrize("draw", [Draw(), Draw(temperature=0.6, top_k=3), Draw(temperature=1.3, top_p=0.8)], ids=str)
def test_that_drawn_motions_are_as_frequent_as_the_model_says(draw):
    """Of one token of two books: every pair's count against its exact probability, by chi-square."""
    count = 6000
    torch.manual_seed(4)
    gpt = a_gpt(seed=6, tokens=2)
    labels, frames, _ = asked(1, 1)
    chance = uniforms(1, count, 1, BOOKS)
    codes = [*sample(gpt, labels.expand(count, -1), frames.expand(count), 1, chance, draw)][-1][:, 0]
    ways = torch.tensor(list(product(range(CODES), repeat=BOOKS)))
    with torch.no_grad():
        logits = gpt(ways[:, None], labels.expand(len(ways), -1), frames.expand(len(ways)))[:, 0]
    exact = torch.stack(
        [shares(logits[:, book], draw).gather(1, ways[:, book, None])[:, 0] for book in range(BOOKS)]
    ).prod(0)
    assert exact.sum().item() == pytest.approx(1)
    counts = torch.bincount(codes @ torch.tensor([CODES**2, CODES, 1]), minlength=len(ways))
    assert not counts[exact == 0].any()
    often = exact * count >= 5
    expected = torch.cat([exact[often], exact[~often].sum()[None]]) * count
    seen = torch.cat([counts[often], counts[~often].sum()[None]])
    kept = expected > 1e-9
    assert kept.sum() >= 4
    assert chisquare(seen[kept].numpy(), expected[kept].numpy()).pvalue > 0.01


LOGITS = st.lists(st.floats(-6, 6, width=32), min_size=4, max_size=4)


@given(LOGITS, st.floats(0.2, 3), st.integers(0, 5), st.floats(0.05, 1))
def test_that_cooled_and_cut_shares_are_those_counted_out_by_hand(logits, temperature, top_k, top_p):
    weights = [math.exp((each - max(logits)) / temperature) for each in logits]
    order = sorted(range(4), key=lambda each: -weights[each])
    left = order[:top_k] if 0 < top_k < 4 else order
    whole, kept, mass = sum(weights[each] for each in left), [], 0.0
    near = False
    for each in left:
        if top_p < 1 and kept and mass >= top_p:
            break
        near = near or abs(mass - top_p) < 1e-5
        kept.append(each)
        mass += weights[each] / whole
    near = near or abs(mass - top_p) < 1e-5 or len({*weights}) < 4
    if near:  # equal codes, or a code at the very border: either is right
        return
    by_hand = [weights[each] / sum(weights[k] for k in kept) if each in kept else 0.0 for each in range(4)]
    said = shares(torch.tensor([logits]), Draw(temperature, top_k, top_p))[0]
    assert said.tolist() == pytest.approx(by_hand, rel=1e-5, abs=1e-9)


def test_that_a_code_without_a_share_is_never_picked():
    logits = torch.tensor([[-torch.inf, 0.0, -torch.inf, 1.0, -torch.inf]]).expand(3, -1)
    ends = torch.tensor([0.0, 0.3, 1 - 2.0**-53], dtype=torch.float64)
    assert picked(logits, ends, Draw()).tolist() == [1, 3, 3]
    assert picked(logits, ends, Draw(top_p=0.5)).tolist() == [3, 3, 3]
