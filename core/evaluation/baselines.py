"""The plain forecasters of a data set: counted on its training part, chosen on its validation part, and their rows."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from msgspec.structs import replace
from numpy import ndarray

from core.datasets.action_sequences import Examples, Vocabulary, Windows
from core.datasets.pose_bank import PoseBank
from core.datasets.steps import Sequence as Steps
from core.evaluation.body_limits import BodyLimits
from core.evaluation.rows import PoseJudge, Times, row_of
from core.evaluation.usual_times import spans_of, usual_times
from core.geometry.differentiable import Views, see
from core.models.baselines.constant import train_average, zero_velocity
from core.models.baselines.ngram import Actions, chosen, of_every_order
from core.models.baselines.plain import Plain
from core.reports import Row

ZERO_VELOCITY, TRAIN_AVERAGE = "zero velocity", "train average"
REPEATED, BY_CHANCE, MEAN_POSE = "last action again", "any action by chance", "bank's mean pose"
_CHOSEN = " (chosen)"
SURELY = 1e3
"""Added to an action's logarithm, it comes first whatever the others are."""


def plain_of(examples: Examples, steps: int) -> Plain:
    """Order and smoothing as they roll out `steps` best; the average over every pose that is to be forecast."""
    words = examples.vocabulary
    train, validation = _learned_from(examples, steps)
    windows = examples.windows["train"]
    average = train_average(
        torch.from_numpy(windows.next_poses[:, 0].copy()), torch.from_numpy(windows.next_visible[:, 0].copy())
    )
    times = usual_times(map(spans_of, examples.sequences["train"]), words.actions)
    return Plain(
        chosen(train, validation, len(words.actions), steps), tuple(train), average, torch.from_numpy(times).float()
    )


def actions_of(sequence: Steps, words: Vocabulary) -> Actions:
    """A sequence's actions as numbers of the vocabulary."""
    return tuple(words.action(step.action) for step in sequence.steps)


def histories_of(windows: Windows, sequences: Sequence[Steps], words: Vocabulary) -> list[Actions]:
    """All that had been done in each window's sequence by then, however long ago."""
    done = [actions_of(each, words) for each in sequences]
    return [done[sequence][:seen] for sequence, seen in zip(windows.sequence, windows.seen_count, strict=True)]


def ngram_name(order: int, *, is_chosen: bool = False) -> str:
    """What an n-gram is called in a report; the chosen one is said to be."""
    return f"n-gram, order {order}{_CHOSEN if is_chosen else ''}"


def is_chosen_ngram(method: str) -> bool:
    return method.startswith("n-gram") and method.endswith(_CHOSEN)


def plain_rows(
    examples: Examples,
    part: str,
    *,
    windows: Windows | None = None,
    plain: Plain | None = None,
    truth_m: Float[ndarray, "W M 9 3"] | None = None,
    bank: PoseBank | None = None,
    judge: PoseJudge | None = None,
) -> list[Row]:
    """What needs no training of ours, measured on the complete windows of a part.

    `plain` where a run carries one: it then stands for what validation chose. With a `bank`, its mean pose too.
    """
    words = examples.vocabulary
    windows = examples.windows[part].complete() if windows is None else windows
    steps = windows.next_actions.shape[1]
    plain = plain or plain_of(examples, steps)
    still = zero_velocity(
        torch.from_numpy(windows.seen_poses), torch.from_numpy(windows.seen_visible), plain.average, steps
    ).numpy()
    average = np.broadcast_to(plain.average.numpy(), windows.next_poses.shape)
    rows = [
        row_of(ZERO_VELOCITY, windows, words, seen=still),
        row_of(TRAIN_AVERAGE, windows, words, seen=average),
        *_counting_rows(examples, part, windows, plain),
    ]
    if bank is not None:
        rows.append(_mean_pose_row(windows, words, truth_m, bank, judge))
    return rows


def _counting_rows(examples: Examples, part: str, windows: Windows, plain: Plain) -> list[Row]:
    words, steps = examples.vocabulary, windows.next_actions.shape[1]
    histories = histories_of(windows, examples.sequences[part], words)
    _, validation = _learned_from(examples, steps)
    rows: list[Row] = []
    usual: ndarray = np.zeros(0)
    for ngram in of_every_order(plain.sequences, validation, len(words.actions), steps):
        is_chosen = ngram.order == plain.ngram.order
        counted = (plain.ngram if is_chosen else ngram).roll_outs(histories, steps)
        usual = np.log(counted) if ngram.order == 0 else usual
        name = ngram_name(ngram.order, is_chosen=is_chosen)
        when = usual_instants(counted.argmax(-1), plain, windows) if is_chosen else None
        rows.append(row_of(name, windows, words, logits=np.log(counted), confused=is_chosen, times=when))
    last = np.array([next((each for each in reversed(history) if each >= 0), 0) for history in histories], np.int64)
    again = row_of(REPEATED, windows, words, logits=usual + SURELY * np.eye(len(words.actions))[last][:, None])
    share = float((windows.next_actions >= 0).mean()) / len(words.actions)
    chance = Row(method=BY_CHANCE, kind="control", top1=share, top5=min(5 * share, 1.0))
    return [replace(again, calibration_error=None), *rows, chance]  # it only says which, not how surely


def usual_instants(actions: Int[ndarray, "W M"], plain: Plain, windows: Windows) -> Times | None:
    """When these actions come if each takes its usual time; None where nobody knows those."""
    if plain.times is None or not plain.times[-1].isfinite().all():
        return None
    low_s, median_s, high_s = np.moveaxis(plain.times.numpy()[actions, 0].astype(np.float64), -1, 0)
    middle_s = median_s.cumsum(-1)
    return Times(
        pose_s=middle_s,
        low_s=np.maximum(middle_s - np.sqrt(((median_s - low_s) ** 2).cumsum(-1)), 0.0),
        high_s=middle_s + np.sqrt(((high_s - median_s) ** 2).cumsum(-1)),
        came_s=came_s(windows),
    )


def came_s(windows: Windows) -> Float[ndarray, "W M"]:
    """When the following steps came, seconds after the window's moment; NaN from the first unknown one on."""
    return windows.next_times[..., 0].astype(np.float64).cumsum(-1)


def _mean_pose_row(
    windows: Windows, words: Vocabulary, truth_m: ndarray | None, bank: PoseBank, judge: PoseJudge | None
) -> Row:
    """The bank's average pose facing the camera, at the last seen neck."""
    steps = windows.next_actions.shape[1]
    joints_m = np.broadcast_to(bank.mean_m(), (len(windows), steps, 9, 3))
    views = Views(torch.from_numpy(windows.tilt), torch.from_numpy(windows.ray), torch.from_numpy(windows.depth_m))
    seen = see(torch.from_numpy(joints_m[:, 0].copy()), views).numpy()[:, None]
    return row_of(
        MEAN_POSE, windows, words, seen=np.broadcast_to(seen, windows.next_poses.shape), joints_m=joints_m,
        truth_m=truth_m, bank=BodyLimits.of(bank.poses_m), judge=judge,
    )  # fmt: skip


def _learned_from(examples: Examples, steps: int) -> tuple[list[Actions], list[Actions]]:
    """The actions of the training sequences, and of the validation sequences long enough to roll out on."""
    words = examples.vocabulary
    return (
        [actions_of(each, words) for each in examples.sequences["train"] if each.steps],
        [actions_of(each, words) for each in examples.sequences["validation"] if len(each.steps) > steps],
    )
