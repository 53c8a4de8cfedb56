"""Suggested frames: what a reason measures, what is suggested, and what answers make of the weights."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.bodies.skeletons import UPPER_BODY_9
from core.motion import Poses2d
from core.suggesting import REASONS, START_WEIGHTS, measure, reasons_of, suggest, suggest_in, weights_after
from core.suggesting.measuring import TOLERANCES_S, Case, figure, hits_of, only, plain_hits
from core.suggesting.reasons import unlike
from core.suggesting.weights import LEAST, MOST, STEP, USUAL, Example, learn, levelled

REST = np.array(
    [[0, -60], [0, 0], [-40, 5], [-45, 60], [-45, 110], [40, 5], [45, 60], [45, 110], [0, 120]], dtype=np.float64
)
RIGHT_HAND = UPPER_BODY_9["right_hand"]


def person(hand_px, *, confidence=1.0, scale=1.0, at=(400.0, 300.0)):
    """One person whose right hand lies `hand_px` (T × 2) away from where it rests; the rest stands still."""
    joints = np.repeat(REST[None], len(hand_px), axis=0)
    joints[:, RIGHT_HAND] += hand_px
    joints = joints * scale + at
    sure = np.full((len(hand_px), 1, 9), confidence, dtype=np.float32)
    return Poses2d(UPPER_BODY_9, joints[:, None].astype(np.float32), sure)


def reach_and_stay(frames, start, end, px=-150.0):
    """A smooth reach to the side from `start` to `end`, and there it stays."""
    share = np.clip((np.arange(frames) - start) / (end - start), 0, 1)
    return np.stack([px * (10 * share**3 - 15 * share**4 + 6 * share**5), np.zeros(frames)], axis=-1)


def out_and_back(frames, turn, px=-150.0):
    """Out to the side, turning at `turn`, and home again."""
    share = np.clip(1 - np.abs(np.arange(frames) - turn) / 20, 0, 1)
    return np.stack([px * share, np.zeros(frames)], axis=-1)


# ---- reasons ----


def test_that_the_end_of_a_reach_is_an_arrival_and_far_from_the_neutral_pose():
    found = reasons_of(measure(person(reach_and_stay(140, 80, 100)), 0, 30.0), 70, 120)
    column = {name: found.values[:, n] for n, name in enumerate(found.names)}
    assert found.side == "right"
    assert 96 <= 70 + np.argmax(column["arrival"]) <= 104
    assert column["neutral"].max() > 0.5
    assert column["neutral"][32:].min() == pytest.approx(column["neutral"].max())
    assert column["neutral"][:10].max() < 0.1
    assert column["arms"][25:].min() > column["arms"][:10].max()


def test_that_a_hand_that_turns_back_changes_its_direction_there_and_is_still_there():
    found = reasons_of(measure(person(out_and_back(90, 45)), 0, 30.0), 20, 70)
    column = {name: found.values[:, n] for n, name in enumerate(found.names)}
    assert abs(20 + np.argmax(column["turn"]) - 45) <= 2
    assert abs(20 + np.argmax(column["still"]) - 45) <= 2


def test_that_nothing_is_said_of_a_person_who_does_not_move():
    found = reasons_of(measure(person(np.zeros((60, 2))), 0, 30.0), 0, 60)
    moving = [n for n, name in enumerate(found.names) if name != "place"]
    assert found.values[:, moving].max() == 0.0


@settings(max_examples=15, deadline=None)
@given(scale=st.floats(0.4, 3.0), x=st.floats(-200, 900), y=st.floats(-200, 900))
def test_that_neither_the_place_nor_the_size_of_a_person_counts(scale, x, y):
    hand = out_and_back(90, 45)
    here = reasons_of(measure(person(hand), 0, 30.0), 20, 70)
    there = reasons_of(measure(person(hand, scale=scale, at=(x, y)), 0, 30.0), 20, 70)
    np.testing.assert_allclose(there.values, here.values, atol=0.02)


def test_that_the_same_movement_at_another_frame_rate_has_its_reasons_at_the_same_seconds():
    slow = suggest(person(out_and_back(90, 45)), 0, 20, 70, 30.0, only("turn"))[0]
    fast_hand = np.repeat(out_and_back(90, 45), 2, axis=0)
    fast_hand[1:-1] = (fast_hand[:-2] + 2 * fast_hand[1:-1] + fast_hand[2:]) / 4
    fast = suggest(person(fast_hand), 0, 40, 140, 60.0, only("turn"))[0]
    assert abs(slow.frame / 30 - fast.frame / 60) <= 0.05


def test_that_a_gap_is_not_bridged_and_frames_that_were_not_seen_are_not_suggested():
    poses = person(out_and_back(90, 45))
    poses.confidence[35:55] = 0.1
    signals = measure(poses, 0, 30.0)
    assert np.isnan(signals.speed[38:52]).all()
    assert not reasons_of(signals, 20, 70).seen[15:35].any()
    assert all(not 35 <= each.frame < 55 for each in suggest_in(signals, 20, 70, count=2))


def test_that_nothing_is_suggested_where_nobody_is_seen():
    assert suggest(person(np.zeros((40, 2)), confidence=0.0), 0, 5, 30, 30.0) == ()
    assert suggest(person(np.zeros((40, 2))), 0, 50, 60, 30.0) == ()


def test_that_a_pose_unlike_the_foreseen_one_is_a_surprise_and_the_foreseen_one_none():
    poses = person(out_and_back(90, 45))
    apart = unlike(poses, 0, 20, 70, [tuple(each) for each in (REST * 2.5 + 7).tolist()])
    assert apart[:4].max() < 1e-6
    assert abs(int(np.argmax(apart)) - 25) <= 1
    names = reasons_of(measure(poses, 0, 30.0), 20, 70, apart).names
    assert "surprise" in names
    assert "legs" not in names


# ---- suggestions ----


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 999), rate=st.sampled_from([12.0, 25.0, 30.0, 60.0]), length=st.integers(2, 150))
def test_that_suggestions_lie_in_their_segment_apart_and_in_the_order_of_their_chance(seed, rate, length):
    rng = np.random.default_rng(seed)
    poses = person(np.cumsum(rng.normal(0, 6, (160, 2)), axis=0))
    found = suggest(poses, 0, 5, 5 + length, rate)
    frames = [each.frame for each in found]
    assert 1 <= len(found) <= 3
    assert all(5 <= each < 5 + length for each in frames)
    assert all(abs(a - b) / rate >= 0.2 - 1e-9 for a in frames for b in frames if a != b)
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
    assert sum(each.score for each in found) <= 1 + 1e-6
    assert all(0 <= value <= 1 for each in found for value in each.reasons.values())
    assert found == suggest(poses, 0, 5, 5 + length, rate)


# ---- weights ----


@dataclass
class Said:
    accepted: bool
    reasons: dict = field(default_factory=dict)
    segment: str = "s"


shares = st.fixed_dictionaries({name: st.floats(0, 1) for name in REASONS})


@settings(max_examples=60, deadline=None)
@given(before=st.lists(st.tuples(st.booleans(), shares), max_size=6), last=shares)
def test_that_accepting_what_a_reason_prefers_never_lowers_its_weight(before, last):
    answers = [("a", Said(accepted, dict(reasons), str(n))) for n, (accepted, reasons) in enumerate(before)]
    was = weights_after(answers)
    now = weights_after([*answers, ("a", Said(accepted=True, reasons=dict(last), segment="last"))])
    for name in REASONS:
        if last[name] >= USUAL[name]:
            assert now.shared[name] >= was.shared[name] - 1e-9
            assert now.own["a"][name] >= was.own.get("a", was.shared)[name] - 1e-9
        assert LEAST <= now.shared[name] <= MOST


def test_that_an_accepted_frame_beats_the_one_skipped_before_it():
    skipped = dict.fromkeys(REASONS, 0.5) | {"arms": 0.1, "leaning": 0.9}
    taken = dict.fromkeys(REASONS, 0.5) | {"arms": 0.9, "leaning": 0.1}
    together = weights_after([("a", Said(accepted=False, reasons=skipped)), ("a", Said(accepted=True, reasons=taken))])
    apart = weights_after(
        [("a", Said(accepted=False, reasons=skipped)), ("a", Said(accepted=True, reasons=taken, segment="other"))]
    )
    assert together.shared["arms"] > apart.shared["arms"] > START_WEIGHTS["arms"]
    assert together.shared["leaning"] < apart.shared["leaning"]


def test_that_three_answers_change_the_order_little_and_thirty_turn_it():
    """Whoever skips the frame that leans and takes the one with its arms far out."""
    leans = dict.fromkeys(REASONS, 0.4) | {"leaning": 1.0, "arms": 0.0}
    wide = dict.fromkeys(REASONS, 0.4) | {"leaning": 0.0, "arms": 1.0}

    def after(count):
        answers = []
        for n in range(count):
            answers += [("a", Said(False, leans, str(n))), ("a", Said(True, wide, str(n)))]
        return weights_after(answers).of("a")

    assert after(3)["leaning"] > after(3)["arms"]
    assert after(30)["leaning"] < after(30)["arms"]
    assert abs(after(3)["arms"] - START_WEIGHTS["arms"]) <= 3 * STEP * 2


def test_that_answers_about_one_action_move_its_own_weights_more_than_those_of_others():
    wide = dict.fromkeys(REASONS, 0.4) | {"arms": 1.0}
    weights = weights_after([("a", Said(True, wide, str(n))) for n in range(20)])
    assert weights.of("a")["arms"] > weights.of("b")["arms"] > START_WEIGHTS["arms"]
    assert sum(weights.of("a").values()) == pytest.approx(sum(START_WEIGHTS.values()))


def test_that_without_answers_the_start_weights_stand():
    assert weights_after([]).of("any") == pytest.approx(START_WEIGHTS)
    assert levelled({name: 2 * value for name, value in START_WEIGHTS.items()}) == pytest.approx(START_WEIGHTS)


def test_that_learning_finds_the_reason_that_poses_were_set_by():
    rng = np.random.default_rng(3)
    examples = []
    for _ in range(60):
        values = rng.random((40, 3))
        examples.append(Example(values, np.ones(40), int(np.argmax(values[:, 1])), 30.0))
    weights = learn(examples, ("arms", "turn", "still"))
    assert weights["turn"] > 5 * max(weights["arms"], weights["still"])


# ---- measuring ----


def _cases(count=40):
    rng = np.random.default_rng(0)
    cases = []
    for n in range(count):
        turn = int(rng.integers(35, 60))
        signals = measure(person(out_and_back(100, turn)), 0, 30.0)
        cases.append(Case(reasons_of(signals, 20, 80), turn - 20, 30.0, str(n % 5)))
    return cases


def test_that_the_expected_hits_of_random_are_those_of_many_draws():
    cases = _cases(8)
    expected = plain_hits(cases, "random").mean(axis=0)
    rng = np.random.default_rng(1)
    drawn = np.zeros((len(TOLERANCES_S), 2))
    for _ in range(1500):
        for case in cases:
            off = np.abs(rng.permutation(len(case))[:3] - case.frame) / 30
            for column, tolerance in enumerate(TOLERANCES_S):
                drawn[column] += (off[0] <= tolerance + 1e-9, (off <= tolerance + 1e-9).any())
    np.testing.assert_allclose(drawn / (1500 * len(cases)), expected, atol=0.02)


def test_that_the_right_reason_hits_what_the_middle_misses():
    cases = _cases()
    assert hits_of(cases, only("turn"))[:, 1, 0].mean() > 0.95
    assert plain_hits(cases, "middle")[:, 1, 0].mean() < 0.7


def test_that_an_interval_holds_its_share_and_widens_with_fewer_groups():
    hits = np.random.default_rng(2).random(400) < 0.4
    many = figure(hits.astype(float), [str(n) for n in range(400)])
    assert many.low < many.share < many.high
    clumped = np.repeat([1.0, 0.0], 200)
    few = figure(clumped, ["one"] * 200 + ["other"] * 200)
    assert few.high - few.low > many.high - many.low


def test_that_poses_marked_by_hand_lie_in_their_segments():
    marked = json.loads((Path(__file__).parents[2] / "data" / "hand_marked_poses.json").read_text(encoding="utf-8"))
    marks = [mark for people in marked["videos"].values() for person in people for mark in person["marks"]]
    assert len(marks) >= 60
    assert all(start <= frame < end and doubt >= 0 for _, start, end, frame, doubt in marks)
