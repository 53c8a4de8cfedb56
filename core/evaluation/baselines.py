"""The plain forecaster of a data set: counted on its training part, chosen on its validation part."""

import torch

from core.datasets.action_sequences import Examples, Vocabulary
from core.datasets.steps import Sequence
from core.models.baselines.constant import train_average
from core.models.baselines.ngram import Actions, chosen
from core.models.baselines.plain import Plain


def plain_of(examples: Examples, steps: int) -> Plain:
    """Order and smoothing as they roll out `steps` best; the average over every pose that is to be forecast."""
    words = examples.vocabulary
    train = [actions_of(each, words) for each in examples.sequences["train"] if each.steps]
    validation = [actions_of(each, words) for each in examples.sequences["validation"] if len(each.steps) > steps]
    windows = examples.windows["train"]
    average = train_average(
        torch.from_numpy(windows.next_poses[:, 0].copy()), torch.from_numpy(windows.next_visible[:, 0].copy())
    )
    return Plain(chosen(train, validation, len(words.actions), steps), tuple(train), average)


def actions_of(sequence: Sequence, words: Vocabulary) -> Actions:
    """A sequence's actions as numbers of the vocabulary."""
    return tuple(words.action(step.action) for step in sequence.steps)
