"""The n-gram as tensors: the same numbers as the n-gram, for a batch, with folds left out, and from a checkpoint."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.models.baselines.counting import CountingTable
from core.models.baselines.ngram import count

PAST = 6


def _padded(history):
    return [-1] * (PAST - len(history)) + list(history)


@st.composite
def _asked(draw):
    actions = draw(st.integers(1, 6))
    action = st.integers(-1, actions - 1)
    sequences = draw(st.lists(st.lists(action, max_size=12).map(tuple), max_size=6))
    histories = draw(st.lists(st.lists(action, max_size=PAST).map(tuple), min_size=1, max_size=8))
    # What was really said before is asked about as well: contexts that were counted.
    histories += [each[:at][-PAST:] for each in sequences for at in range(1, len(each), 3)]
    return actions, sequences, histories, draw(st.integers(0, 4)), draw(st.sampled_from([0.5, 1.0, 2.0, 8.0]))


@settings(max_examples=60, deadline=None)
@given(_asked())
def test_that_the_table_says_what_the_n_gram_says(asked):
    actions, sequences, histories, order, smoothing = asked
    table = CountingTable.counted(sequences, order, smoothing, actions)
    said = table.log_probabilities(torch.tensor([_padded(each) for each in histories])).exp().numpy()
    ngram = count(sequences, order, smoothing, actions)
    np.testing.assert_allclose(said, [ngram.probabilities(each) for each in histories], atol=1e-6)
    np.testing.assert_allclose(said.sum(-1), 1, atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(_asked(), st.integers(1, 4))
def test_that_a_fold_is_asked_as_if_its_sequences_had_never_been_counted(asked, folds):
    actions, sequences, histories, order, smoothing = asked
    table = CountingTable.counted(sequences, order, smoothing, actions, folds)
    rows = torch.tensor([_padded(each) for each in histories])
    for fold in range(folds):
        others = [each for number, each in enumerate(sequences) if number % folds != fold]
        without = CountingTable.counted(others, order, smoothing, actions, folds)
        said = table.log_probabilities(rows, torch.full((len(rows),), fold))
        torch.testing.assert_close(said, without.log_probabilities(rows), atol=1e-5, rtol=1e-5)


def test_that_rows_of_one_batch_may_be_of_different_folds():
    sequences = [(0, 1), (0, 2), (0, 2)]
    table = CountingTable.counted(sequences, 1, 1.0, 3, folds=3)
    said = table.log_probabilities(torch.tensor([[0]] * 3), torch.tensor([0, 1, 2])).exp()
    assert said[0, 1] < said[1, 1]
    torch.testing.assert_close(said[1], said[2])


def test_that_a_history_shorter_than_the_order_is_no_fault():
    table = CountingTable.counted([(0, 1, 2, 3, 0)], 4, 1.0, 4)
    one = count([(0, 1, 2, 3, 0)], 4, 1.0, 4).probabilities((2,))
    np.testing.assert_allclose(table.log_probabilities(torch.tensor([[2]])).exp()[0], one, atol=1e-6)


def test_that_it_travels_in_a_checkpoint_into_an_empty_table_without_the_folds():
    sequences = [(0, 1, 2, 1), (2, 1, 0)]
    table = CountingTable.counted(sequences, 3, 2.0, 3)
    kept = table.state_dict()
    assert all(not name.startswith("held") for name in kept)
    other = CountingTable(3)
    other.load_state_dict(kept)
    rows = torch.tensor([[0, 1, 2], [-1, 2, 1], [-1, -1, -1]])
    assert torch.equal(other.log_probabilities(rows), table.log_probabilities(rows))
    shorter = CountingTable.counted([(0,)], 0, 1.0, 3)
    shorter.load_state_dict(kept)
    assert torch.equal(shorter.log_probabilities(rows), table.log_probabilities(rows))
