"""The GPT over codes: what reads what, and that its likelihoods are those of a distribution."""

from itertools import product

import pytest
import torch
from msgspec.structs import replace

from core.errors import RunError
from core.models.motion_gpt import AutoregressiveHead, MotionGpt
from core.posegpt_configs import MotionGpt as Config

BOOKS, CODES, ACTIONS, TOKENS = 3, 4, 5, 9
CONDITIONINGS, HEADS = ("token", "sum", "concatenate"), ("linear", "mlp", "autoregressive")


def a_gpt(*, conditioning="concatenate", head="autoregressive", length=True, seed=0, tokens=TOKENS, **knobs):
    torch.manual_seed(seed)
    sizes = {"layers": 2, "width": 24, "heads": 2, "feed_forward": 32, "dropout": 0.3} | knobs
    config = replace(Config(**sizes), conditioning=conditioning, head=head, length=length)
    gpt = MotionGpt(config, books=BOOKS, codes=CODES, actions=ACTIONS, most_tokens=tokens, most_frames=4 * tokens)
    with torch.no_grad():
        for each in gpt.parameters():  # larger than at the beginning of a training, so that what is read shows
            each.add_(0.3 * torch.randn(each.shape))
    return gpt.eval()


def a_question(batch=2, tokens=TOKENS, seed=1):
    random = torch.Generator().manual_seed(seed)
    codes = torch.randint(0, CODES, (batch, tokens, BOOKS), generator=random)
    labels = (torch.rand(batch, ACTIONS, generator=random) < 0.4).float()
    return codes, labels, torch.full((batch,), 4 * tokens)


@pytest.fixture(params=list(product(CONDITIONINGS, HEADS)), ids="-".join)
def gpt(request):
    conditioning, head = request.param
    return a_gpt(conditioning=conditioning, head=head)


def test_that_logits_of_a_token_read_no_later_token_and_every_earlier_one(gpt):
    codes, labels, frames = a_question()
    before = gpt(codes, labels, frames)
    for token in range(TOKENS):
        other = codes.clone()
        other[:, token] = (other[:, token] + 1) % CODES
        after = gpt(other, labels, frames)
        assert torch.equal(after[:, :token], before[:, :token])
        changed = (after != before).flatten(2).any(-1)
        assert changed[:, token + 1 :].all()


def test_that_only_the_autoregressive_head_reads_codes_of_the_same_token_and_those_of_books_before(gpt):
    codes, labels, frames = a_question()
    before = gpt(codes, labels, frames)
    for book in range(BOOKS):
        other = codes.clone()
        other[:, 4, book] = (other[:, 4, book] + 1) % CODES
        after = gpt(other, labels, frames)[:, 4]
        assert torch.equal(after[:, : book + 1], before[:, 4, : book + 1])
        changed = (after[:, book + 1 :] != before[:, 4, book + 1 :]).any(-1)
        assert changed.all() if isinstance(gpt.head, AutoregressiveHead) else not changed.any()


def test_that_the_probabilities_of_all_that_a_token_may_be_sum_to_one(gpt):
    whole = torch.tensor(list(product(range(CODES), repeat=BOOKS)))
    codes, labels, frames = a_question(batch=1, tokens=3)
    ways = codes.expand(len(whole), -1, -1).clone()
    ways[:, 2] = whole
    said = gpt.double().log_probabilities(ways, labels.double().expand(len(whole), -1), frames.expand(len(whole)))
    assert said[:, 2].double().sum(-1).exp().sum().item() == pytest.approx(1, abs=1e-6)


def test_that_the_probabilities_of_all_motions_of_two_tokens_sum_to_one():
    gpt = a_gpt()
    motions = torch.tensor(list(product(range(CODES), repeat=2 * BOOKS))).view(-1, 2, BOOKS)
    _, labels, frames = a_question(batch=1)
    said = gpt.log_probabilities(motions, labels.expand(len(motions), -1), frames.expand(len(motions)))
    assert said.double().sum((1, 2)).exp().sum().item() == pytest.approx(1, abs=1e-5)


def test_that_log_probabilities_are_those_of_the_logits(gpt):
    codes, labels, frames = a_question()
    logits = gpt(codes, labels, frames).double()
    by_hand = logits - logits.exp().sum(-1, keepdim=True).log()
    wanted = torch.stack(
        [torch.stack([by_hand[:, n, k].gather(1, codes[:, n, k, None])[:, 0] for k in range(BOOKS)], -1)
         for n in range(TOKENS)], 1,
    )  # fmt: skip
    assert torch.allclose(gpt.log_probabilities(codes, labels, frames).double(), wanted, atol=1e-5)


def test_that_action_and_length_change_every_token(gpt):
    codes, labels, frames = a_question()
    before = gpt(codes, labels, frames)
    for other in (gpt(codes, 1 - labels, frames), gpt(codes, labels, frames - 4)):
        assert (other != before).flatten(2).any(-1).all()


def test_that_a_model_told_no_length_says_the_same_for_every_length():
    for conditioning in CONDITIONINGS:
        gpt = a_gpt(conditioning=conditioning, length=False)
        codes, labels, frames = a_question()
        assert torch.equal(gpt(codes, labels, frames), gpt(codes, labels, frames - 8))


def test_that_several_actions_are_told_as_the_sum_of_their_embeddings():
    gpt = a_gpt(conditioning="sum")
    codes, _, frames = a_question(batch=1)
    with torch.no_grad():
        gpt.action_parts.weight[4] = gpt.action_parts.weight[0] + gpt.action_parts.weight[2]
    both, one = torch.tensor([[1.0, 0, 1, 0, 0]]), torch.tensor([[0.0, 0, 0, 0, 1]])
    assert torch.allclose(gpt(codes, both, frames), gpt(codes, one, frames), atol=1e-5)


def test_that_concatenating_is_one_layer_on_the_parts_side_by_side():
    gpt = a_gpt()
    codes, labels, frames = a_question()
    assert gpt.lengths is not None
    assert gpt.mix is not None
    embedded = gpt.embedded(codes[:, :-1])
    tokens = torch.cat([gpt.start.expand(2, 1, -1), embedded], 1)
    parts = [
        tokens,
        gpt.places.weight[:TOKENS].expand_as(tokens),
        (labels @ gpt.action_parts.weight)[:, None].expand_as(tokens),
        gpt.lengths(frames)[:, None].expand_as(tokens),
    ]
    assert torch.allclose(gpt.read(embedded, labels, frames), gpt.mix(torch.cat(parts, -1)), atol=1e-5)


def test_that_each_book_has_its_own_embedding_of_a_code():
    gpt = a_gpt()
    embedded = gpt.embedded(torch.full((1, 1, BOOKS), 2)).view(BOOKS, -1)
    assert torch.equal(embedded, gpt.code_parts.weight.view(BOOKS, CODES, -1)[:, 2])
    assert not torch.equal(embedded[0], embedded[1])


def test_that_gradients_reach_every_weight(gpt):
    codes, labels, frames = a_question()
    gpt.train()(codes, labels, frames).square().sum().backward()
    assert {name for name, each in gpt.named_parameters() if each.grad is None or not each.grad.any()} == set()


def test_that_a_new_model_finds_every_code_about_as_likely():
    for head in HEADS:
        torch.manual_seed(0)
        gpt = MotionGpt(
            replace(Config(), head=head), books=4, codes=256, actions=3, most_tokens=20, most_frames=80
        ).eval()
        codes = torch.randint(0, 256, (2, 20, 4))
        labels = torch.eye(3)[:2]
        bits = -gpt.log_probabilities(codes, labels, torch.tensor([80, 40])).mean().item() / 0.6931
        assert bits == pytest.approx(8, abs=0.5)


def test_that_a_width_that_the_books_cannot_share_is_refused_in_words():
    with pytest.raises(RunError, match="25 cannot be shared among 3 books"):
        a_gpt(width=25, heads=5)


@pytest.mark.parametrize("heads", [25, 64])
def test_that_more_heads_than_there_is_width_for_are_refused_in_words(heads):
    with pytest.raises(RunError, match=f"24 cannot be shared among {heads} heads"):
        a_gpt(heads=heads)


def test_that_heads_may_be_as_wide_as_the_model():
    gpt = a_gpt(head_width=24)
    assert gpt.trunk.head_width == 24
    assert gpt(*a_question()).shape == (2, TOKENS, BOOKS, CODES)
