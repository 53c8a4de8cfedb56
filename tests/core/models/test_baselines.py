"""What a forecaster must beat."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.models.baselines.constant import train_average, zero_velocity
from core.models.baselines.ngram import ORDERS, SMOOTHINGS, chosen, count, of_every_order
from core.models.baselines.plain import Plain

sequences = st.lists(st.lists(st.integers(0, 3), max_size=12).map(tuple), max_size=6)


@given(sequences=sequences, history=st.lists(st.integers(-1, 3), max_size=6).map(tuple), order=st.integers(0, 4))
def test_that_probabilities_sum_to_one_whatever_was_counted(sequences, history, order):
    probabilities = count(sequences, order, 2.0, 4).probabilities(history)
    assert probabilities.sum() == pytest.approx(1)
    assert (probabilities > 0).all()


def test_that_counts_of_order_zero_are_the_shares_pulled_towards_even():
    ngram = count([(0, 0, 0, 1)], 0, 4.0, 2)
    assert ngram.probabilities(()) == pytest.approx([0.5 * 0.75 + 0.5 * 0.5, 0.5 * 0.25 + 0.5 * 0.5])


def test_that_a_longer_context_tells_more():
    ring = tuple([0, 1, 0, 2] * 6)
    assert count([ring], 2, 0.5, 3).probabilities((1, 0)).argmax() == 2
    assert count([ring], 2, 0.5, 3).probabilities((2, 0)).argmax() == 1


def test_that_an_unknown_action_is_neither_counted_nor_a_context():
    ngram = count([(0, -1, 1)], 2, 1.0, 2)
    assert sum(table.sum() for table in ngram.counts[0].values()) == 2
    assert all(min(context) >= 0 for table in ngram.counts[1:] for context in table)


def test_that_the_chosen_order_is_the_one_the_sequences_need():
    ring = tuple([0, 1, 0, 2] * 6)
    assert chosen([ring] * 3, [ring], 3, 4).order == 2
    constant = (1,) * 12
    assert chosen([constant] * 3, [constant], 3, 4).order == 0


def test_that_a_roll_out_takes_its_own_likeliest_action_for_history():
    ring = tuple([0, 1, 2] * 6)
    rolled = count([ring], 1, 0.5, 3).roll_out((0,), 5)
    assert rolled.argmax(-1).tolist() == [1, 2, 0, 1, 2]


def test_that_zero_velocity_keeps_each_joint_where_it_was_last_seen():
    poses = torch.arange(2 * 3 * 9 * 2, dtype=torch.float32).reshape(2, 3, 9, 2)
    visible = torch.ones(2, 3, 9, dtype=torch.bool)
    visible[0, 2, 4] = False  # the last sight is one step older
    visible[1, :, 5] = False  # never seen
    average = torch.full((9, 2), -7.0)
    still = zero_velocity(poses, visible, average, 4)
    assert torch.equal(still[0, :, 4], poses[0, 1, 4].expand(4, 2))
    assert torch.equal(still[1, :, 5], average[5].expand(4, 2))
    assert torch.equal(still[0, :, 0], poses[0, 2, 0].expand(4, 2))


def test_that_the_average_is_over_visible_joints_alone():
    poses = torch.stack([torch.zeros(9, 2), torch.full((9, 2), 4.0)])
    visible = torch.ones(2, 9, dtype=torch.bool)
    visible[0, 3] = False
    average = train_average(poses, visible)
    assert torch.equal(average[3], torch.tensor([4.0, 4.0]))
    assert torch.equal(average[0], torch.tensor([2.0, 2.0]))


@given(sequences=sequences.filter(len))
def test_that_a_plain_forecaster_survives_a_checkpoint(sequences):
    plain = Plain(count(sequences, 2, 0.5, 4), tuple(sequences), torch.rand(9, 2))
    kept = {name.removeprefix("baseline."): each for name, each in plain.tensors().items()}
    again = Plain.kept(kept, plain.facts(), 4)
    assert again.sequences == plain.sequences
    np.testing.assert_array_equal(again.ngram.roll_out((1, 2), 3), plain.ngram.roll_out((1, 2), 3))


@given(
    sequences=sequences.filter(len), order=st.integers(0, 4),
    histories=st.lists(st.lists(st.integers(-1, 3), min_size=1, max_size=7).map(tuple), max_size=5),
)  # fmt: skip
def test_that_many_histories_at_once_are_rolled_out_as_each_alone(sequences, order, histories):
    ngram = count(sequences, order, 1.0, 4)
    together = ngram.roll_outs(histories, 3)
    assert together.shape == (len(histories), 3, 4)
    for rows, history in zip(together, histories, strict=True):
        np.testing.assert_array_equal(rows, ngram.roll_out(history, 3))


@given(train=sequences, validation=sequences)
def test_that_the_chosen_n_gram_is_among_those_of_every_order(train, validation):
    best = chosen(train, validation, 4, 2)
    each = of_every_order(train, validation, 4, 2)
    assert [ngram.order for ngram in each] == list(ORDERS)
    assert each[best.order].smoothing == best.smoothing


def test_that_each_order_has_the_smoothing_that_is_right_most_often_for_it():
    # One clear habit and one mistake, made once: heavy smoothing forgets neither, but the habit is what comes.
    ring = tuple([0, 1, 0, 2] * 6)
    validation = [ring[1:], ring]
    for ngram in of_every_order([ring, (0, 2, 1)], validation, 3, 4):
        rivals = [count([ring, (0, 2, 1)], ngram.order, each, 3) for each in SMOOTHINGS]
        assert _right(ngram, validation) == max(_right(each, validation) for each in rivals)


def _right(ngram, validation):
    found = [
        (ngram.roll_out(each[:start], 4).argmax(-1) == each[start : start + 4]).mean()
        for each in validation
        for start in range(1, len(each) - 3)
    ]
    return round(float(np.mean(found)), 9)
