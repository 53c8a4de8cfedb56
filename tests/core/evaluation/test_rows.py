"""One method's outputs as a row of figures."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from core.configs import ForecasterData
from core.datasets.action_sequences import examples_of
from core.datasets.pose_bank import PoseBank
from core.evaluation.body_limits import BodyLimits
from core.evaluation.rows import ANOTHER, Drawn, Times, confusion, row_of
from core.reports import FIGURES, Row
from tests.core.made_up_project import bank_poses, made_up


@pytest.fixture(scope="module")
def examples():
    made = made_up(8, 10)
    return examples_of(made.project, made.read_tracks, ForecasterData())


@pytest.fixture(scope="module")
def windows(examples):
    return examples.windows["test"].complete()


class Honest:
    """Calls every other pose real."""

    def real_shares(self, joints_m):
        return (0.25, 0.75)


def told(row):
    return {each for each in Row.__struct_fields__ if getattr(row, each) not in (None, ())} - {"method", "kind"}


def test_that_a_row_says_what_its_method_says_and_no_more(examples, windows):
    words = examples.vocabulary
    logits = np.zeros((*windows.next_actions.shape, 4))
    assert told(row_of("none", windows, words)) == set()
    assert told(row_of("a", windows, words, logits=logits)) == {
        "top1", "top5", "top1_by_step", "top5_by_step", "calibration_error",
    }  # fmt: skip
    assert "confusion" in told(row_of("a", windows, words, kind="run", logits=logits))
    assert "confusion" in told(row_of("a", windows, words, logits=logits, confused=True))
    assert told(row_of("p", windows, words, seen=windows.next_poses)) == {
        "mpjpe_px", "mpjpe_torso", "mpjpe_px_by_step", "mpjpe_px_by_joint",
    }  # fmt: skip
    joints_m = np.broadcast_to(bank_poses(1)[0], (*windows.next_actions.shape, 9, 3))
    assert told(row_of("b", windows, words, joints_m=joints_m)) == set()


def test_that_whoever_says_the_truth_has_no_error_at_all(examples, windows):
    sure = 50.0 * np.eye(4)[windows.next_actions]
    poses_m = bank_poses(len(windows) * 5).reshape(len(windows), 5, 9, 3)
    came = windows.next_times[..., 0].cumsum(-1).astype(np.float64)
    row = row_of(
        "the truth", windows, examples.vocabulary, kind="run", logits=sure, seen=windows.next_poses, joints_m=poses_m,
        truth_m=poses_m, times=Times(came, came - 1, came + 1, came),
        futures=Drawn(windows.next_poses[:, None].repeat(3, 1), poses_m[:, None].repeat(3, 1)),
        bank=PoseBank(poses_m.reshape(-1, 9, 3), ""), judge=Honest(),
    )  # fmt: skip
    assert row.top1 == row.top5 == row.time_within == 1
    assert row.calibration_error == pytest.approx(0, abs=1e-9)
    assert row.mpjpe_px == row.best_of_px == row.mpjpe_mm == row.apart_mm == row.time_error_s == 0
    assert row.pa_mpjpe_mm == pytest.approx(0, abs=1e-3)
    assert row.bones_off < 0.05
    assert (row.quality, row.quality_by_seed) == (0.5, (0.25, 0.75))
    table = np.array(row.confusion.counts)
    assert np.diag(table).sum() == table.sum() == windows.next_actions.size
    assert {each.key for each in FIGURES} <= told(row)
    assert msgspec.json.decode(msgspec.json.encode(row), type=Row) == row


def test_that_limits_may_be_measured_once_for_many_rows(examples, windows):
    bank = PoseBank(bank_poses(300), "made up")
    poses_m = bank_poses(len(windows) * 5, seed=3).reshape(len(windows), 5, 9, 3) * 1.1
    rows = [
        row_of("m", windows, examples.vocabulary, joints_m=poses_m, bank=each)
        for each in (bank, BodyLimits.of(bank.poses_m))
    ]
    assert rows[0] == rows[1]
    assert rows[0].bones_off > 0.1, "everything a tenth too long"


def test_that_confusion_counts_what_came_by_row_and_what_was_foreseen_by_column(examples):
    words = examples.vocabulary
    foreseen, came = np.array([[0, 1], [1, 3]]), np.array([[0, 2], [1, 2]])
    table = confusion(foreseen, came, words)
    assert table.actions == words.actions
    assert table.counts == ((1, 0, 0, 0), (0, 1, 0, 0), (0, 1, 0, 1), (0, 0, 0, 0))
    beyond = confusion(foreseen, np.array([[0, -1], [1, 2]]), words)
    assert beyond.actions == (*words.actions, ANOTHER)
    assert beyond.counts[-1] == (0, 1, 0, 0, 0)


def test_that_people_never_seen_have_no_2d_error_and_an_unseen_joint_none_of_its_own(examples, windows):

    words = examples.vocabulary
    blind = replace(windows, next_visible=np.zeros_like(windows.next_visible))
    assert told(row_of("p", blind, words, seen=windows.next_poses)) == set()
    headless = windows.next_visible.copy()
    headless[..., 0] = False
    row = row_of("p", replace(windows, next_visible=headless), words, seen=windows.next_poses)
    assert row.mpjpe_px_by_joint[0] is None
    assert row.mpjpe_px_by_joint[1:] == (0.0,) * 7


def test_that_truth_known_in_some_clips_is_measured_there(examples, windows):
    poses_m = bank_poses(len(windows) * 5).reshape(len(windows), 5, 9, 3).astype(np.float64)
    truth_m = poses_m + [0, 0.1, 0] * (np.arange(9) != 1)[:, None]
    truth_m[len(windows) // 2 :] = np.nan
    row = row_of("m", windows, examples.vocabulary, joints_m=poses_m, truth_m=truth_m)
    assert row.mpjpe_mm == pytest.approx(100)
