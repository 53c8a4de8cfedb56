"""The frozen classifier of poses."""

import msgspec
import numpy as np
import pytest
import torch

from core.datasets.pose_bank import PoseBank, halves, shipped_bank
from core.errors import FormatError, RunError
from core.evaluation.pose_quality import CEILING, FILE, FLOOR, Judge, Schedule, judge_beside, train_judge

QUICK = Schedule(steps=150, batch=256, width=48, learning_rate=5e-3)


def carried_out(events):
    while True:
        try:
            next(events)
        except StopIteration as end:
            return end.value


def noisy(poses_m, spread_m, seed=0):
    """As a generator makes them: joints beside their places, the neck where it was."""
    off = np.random.default_rng(seed).normal(0, spread_m, poses_m.shape)
    off[:, 1] = 0
    return (poses_m + off).astype(np.float32)


def turned(poses_m, angle):
    cos, sin = np.cos(angle), np.sin(angle)
    return poses_m @ np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])


@pytest.fixture(scope="module")
def banks():
    return halves(shipped_bank())


@pytest.fixture(scope="module")
def judge(banks):
    critics, real = banks
    return carried_out(train_judge(real, noisy(critics.poses_m, 0.05), made="noise", seeds=(0, 1), schedule=QUICK))


def test_that_real_poses_are_called_real_and_made_ones_not(judge, banks):
    critics, _ = banks
    assert judge.real_share(critics.poses_m) > 0.8, "real poses that it has not seen"
    assert judge.real_share(noisy(critics.poses_m, 0.05, seed=1)) < 0.1
    shares = [judge.real_share(noisy(critics.poses_m, spread, seed=2)) for spread in (0.0, 0.02, 0.05)]
    assert shares == sorted(shares, reverse=True)


def test_that_a_generator_s_own_mistakes_alone_leave_a_judge_blind_to_others(banks):
    # A generator that says hardly more than the mean pose: what lies elsewhere then looks real, unless broken poses
    # are shown too.
    critics, real = banks
    made = noisy(np.broadcast_to(critics.mean_m(), (1500, 9, 3)), 0.01)
    floors = {}
    for share in (0.0, 0.25):
        plan = msgspec.structs.replace(QUICK, broken=share)
        floors[share] = carried_out(train_judge(real, made, seeds=(0,), schedule=plan)).facts.floor[0]
    assert floors[0.25] < 0.1 < 0.5 < floors[0.0]


def test_that_through_noise_a_small_mistake_counts_less(judge, banks):
    critics, real = banks
    plan = msgspec.structs.replace(QUICK, blur_m=0.05)
    blurred = carried_out(train_judge(real, noisy(critics.poses_m, 0.15), seeds=(0,), schedule=plan))
    slightly, largely = (noisy(critics.poses_m[:1000], spread, seed=4) for spread in (0.02, 0.15))
    assert blurred.real_share(slightly) > judge.real_share(slightly)
    assert blurred.real_share(largely) < 0.2
    assert blurred.real_shares(slightly) == blurred.real_shares(slightly), "the noise is the same each time"


def test_that_ceiling_and_floor_stand_beside(judge):
    ceiling, floor = judge.controls
    assert (ceiling.method, floor.method) == (CEILING, FLOOR)
    assert ceiling.kind == floor.kind == "control"
    assert ceiling.quality_by_seed == judge.facts.ceiling
    assert ceiling.quality > 0.8 > 0.1 > floor.quality
    assert ceiling.bones_off < 0.05 < floor.bones_off
    assert max(judge.facts.made_called_real) < 0.1


def test_that_the_figure_is_the_mean_of_the_seeds_which_are_not_alike(judge, banks):
    poses = noisy(banks[0].poses_m, 0.02)
    shares = judge.real_shares(poses)
    assert len(shares) == 2
    assert shares[0] != shares[1]
    assert judge.real_share(poses) == pytest.approx(np.mean(shares))
    assert judge.real_share(poses[:60].reshape(3, 20, 9, 3)) == judge.real_share(poses[:60])


def test_that_neither_place_nor_a_quarter_turn_matters(judge, banks):
    poses = noisy(banks[0].poses_m[:400], 0.02)
    as_they_are = judge.real_shares(poses)
    assert judge.real_shares(poses + np.float32([1.0, 2.0, 3.0])) == pytest.approx(as_they_are, abs=0.01)
    assert judge.real_shares(turned(poses, np.pi / 2)) == pytest.approx(as_they_are, abs=0.01)
    assert judge.real_shares(turned(poses, 0.4)) == pytest.approx(as_they_are, abs=0.1)


def test_that_a_judge_is_the_same_after_its_file_and_for_a_seed(judge, banks, tmp_path):
    judge.save(tmp_path / FILE)
    again = Judge.load(tmp_path / FILE)
    poses = noisy(banks[0].poses_m[:500], 0.02)
    assert (again.facts, again.controls) == (judge.facts, judge.controls)
    assert again.real_shares(poses) == judge.real_shares(poses)
    critics, real = banks
    before = torch.get_rng_state()
    twin = carried_out(train_judge(real, noisy(critics.poses_m, 0.05), made="noise", seeds=(1,), schedule=QUICK))
    assert torch.equal(before, torch.get_rng_state())
    assert twin.real_shares(poses)[0] == judge.real_shares(poses)[1]


def test_that_a_run_finds_the_judge_of_its_table(judge, tmp_path):
    run = tmp_path / "rows" / "ours"
    run.mkdir(parents=True)
    assert judge_beside(run) is None
    judge.save(tmp_path / FILE)
    assert judge_beside(run).facts == judge.facts


def test_that_a_foreign_or_cut_file_is_refused_in_words(judge, tmp_path):
    (tmp_path / "notes").write_text("no classifier")
    judge.save(tmp_path / FILE)
    (tmp_path / "cut").write_bytes((tmp_path / FILE).read_bytes()[:2000])
    for name in ("notes", "cut", "missing"):
        with pytest.raises(FormatError, match="no classifier of poses"):
            Judge.load(tmp_path / name)


def test_that_too_few_poses_are_refused_and_broken_ones_left_out(banks):
    _, real = banks
    with pytest.raises(RunError, match="needs 200 real"):
        carried_out(train_judge(real, noisy(real.poses_m[:150], 0.05)))
    broken = noisy(real.poses_m[:250], 0.05)
    broken[:60] = np.nan
    with pytest.raises(RunError, match="190"):
        carried_out(train_judge(real, broken))
    assert carried_out(
        train_judge(real, np.concatenate([broken, broken[60:]]), seeds=(0,), schedule=Schedule(steps=2, batch=8))
    )


# ---- banks in two ---------------------------------------------------------------------------------------------------


def test_that_halves_share_no_recording_and_lose_no_pose():
    random = np.random.default_rng(0)
    recording = np.sort(random.integers(0, 40, 3000)).astype(np.int32)
    bank = PoseBank(random.random((3000, 9, 3)).astype(np.float32), "made up", {}, recording)
    one, other = halves(bank)
    assert not set(one.recording) & set(other.recording)
    assert len(one) + len(other) == 3000
    assert len(one) == pytest.approx(1500, rel=0.1)
    both = np.concatenate([one.poses_m, other.poses_m])
    np.testing.assert_array_equal(np.sort(both[:, 0, 0]), np.sort(bank.poses_m[:, 0, 0]))
    np.testing.assert_array_equal(halves(bank)[0].poses_m, one.poses_m)


def test_that_without_recordings_neighbours_stay_together(banks):
    critics, real = banks
    assert len(critics) + len(real) == 16000
    # The shipped bank has 150 poses of each simulated cook, one after another: none is in both halves.
    first = {pose.tobytes() for pose in critics.poses_m}
    is_first = np.array([pose.tobytes() in first for pose in shipped_bank().poses_m])
    cooks = [is_first[start : start + 150] for start in range(0, 16000, 150)]
    assert all(cook.all() or not cook.any() for cook in cooks)


def test_that_one_recording_cannot_be_parted():
    with pytest.raises(RunError, match="too few to part"):
        halves(PoseBank(np.zeros((100, 9, 3), np.float32), "one person"))
