"""Where two forecasters differ: a measure between 0 and 1, and the most different moments first."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core import configs
from core.datasets.pose_bank import PoseBank
from core.errors import RunError
from core.evaluation.asked import Ahead
from core.evaluation.differences import differences, jensen_shannon, matched
from core.evaluation.forecasting import TrainedPredictor, load_run
from core.runs import TrainForecaster
from core.training.forecaster import train_forecaster
from tests.core.made_up_project import bank_poses, made_up


@pytest.fixture(scope="module")
def made():
    return made_up(12, 10)


def trained(made, folder, *overrides):
    config = configs.with_overrides(
        configs.smoke(), ["steps=30", "validate_every=15", "critic.psi_width=16", *overrides]
    )
    spec = TrainForecaster(project="", out=str(folder), config=config, preset="forecaster/smoke")
    for _ in train_forecaster(spec, made.project, made.read_tracks, folder, PoseBank(bank_poses(200), "made up")):
        pass
    return load_run(folder)


@pytest.fixture(scope="module")
def runs(made, tmp_path_factory):
    place = tmp_path_factory.mktemp("runs")
    return trained(made, place / "one"), trained(made, place / "other", "data.past_steps=3", "seed=4")


chances = st.lists(st.floats(0.001, 1.0), min_size=4, max_size=4).map(lambda each: np.array(each) / np.sum(each))


@given(chances, chances)
def test_that_the_divergence_is_symmetric_within_bounds_and_none_of_the_same(p, q):
    assert 0 <= jensen_shannon(p, q) <= 1
    assert jensen_shannon(p, q) == pytest.approx(jensen_shannon(q, p))
    assert jensen_shannon(p, p) == pytest.approx(0, abs=1e-12)


def test_that_what_shares_nothing_diverges_by_one_and_half_shared_as_worked_by_hand():
    assert jensen_shannon(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == 1
    by_hand = 0.5 * np.log2(1 / 0.75) + 0.5 * (0.5 * np.log2(0.5 / 0.75) + 0.5 * np.log2(0.5 / 0.25))
    assert jensen_shannon(np.array([1.0, 0.0]), np.array([0.5, 0.5])) == pytest.approx(by_hand)


def test_that_words_are_matched_by_name_and_unknown_ones_are_impossible():
    ours, theirs = matched(np.array([[[0.7, 0.3]]]), ("cut", "stir"), np.array([[[0.4, 0.6]]]), ("stir", "saw"))
    np.testing.assert_allclose(ours[0, 0], [0.7, 0.3, 0.0])
    np.testing.assert_allclose(theirs[0, 0], [0.0, 0.4, 0.6])


def test_that_a_run_differs_from_itself_nowhere(made, runs):
    found = differences(runs[0], runs[0], made.project, made.read_tracks)
    assert found.moments
    for each in found.moments:
        assert each.apart == pytest.approx(0, abs=1e-6)
        assert each.poses_apart_mm == 0
        assert each.actions[0] == each.actions[1]
        assert each.right[0] == each.right[1]
        assert each.error_px[0] == each.error_px[1]


def test_that_every_complete_moment_of_the_part_is_measured_and_the_most_different_come_first(made, runs):
    found = differences(*runs, made.project, made.read_tracks, "test")
    clips = runs[0].header.split["test"]
    assert len(found.moments) == len(clips) * (10 - 5)
    assert {each.clip_id for each in found.moments} == set(clips)
    apart = [each.apart for each in found.moments]
    assert apart == sorted(apart, reverse=True)
    assert 0 <= apart[-1] <= apart[0] <= 1


def test_that_each_moment_says_what_the_two_forecast_there(made, runs):
    """Different past lengths: the batch says what a single question says."""
    moment = differences(*runs, made.project, made.read_tracks, "test").moments[0]
    for who, run in enumerate(runs):
        said = run.forecast(made.project, made.read_tracks, moment.clip_id, moment.at_frame)
        assert moment.actions[who] == tuple(step.action for step in said.steps)
        assert moment.frames == tuple(step.truth_frame for step in said.steps)
        assert moment.came == tuple(step.truth_action for step in said.steps)
        assert moment.right[who] == sum(step.action == step.truth_action for step in said.steps)
        assert moment.error_px[who] == pytest.approx(np.mean([step.error_px for step in said.steps]), rel=1e-3)


@pytest.mark.parametrize("kind", ["counting", "repeating"])
def test_that_a_plain_one_is_compared_across_the_view_and_that_is_said(made, runs, kind):
    found = differences(runs[0], runs[0].beside(kind), made.project, made.read_tracks, "validation")
    assert any("no depth" in note for note in found.notes)
    assert found.part == "validation"
    moment = found.moments[0]
    said = runs[0].beside(kind).forecast(made.project, made.read_tracks, moment.clip_id, moment.at_frame)
    assert moment.actions[1] == tuple(step.action for step in said.steps)


def test_that_the_measure_is_half_actions_and_half_poses_up_to_two_decimetres(made, runs, monkeypatch):
    run = runs[0]
    ahead = run.ahead

    def far(self, moments, data):
        said = ahead(moments, data)
        moved = said.joints_m.copy()
        moved[..., 0, 0] += 8 * 0.1  # one of eight joints by 0.8 m: 100 mm in the mean
        return Ahead(said.probabilities, moved, said.seen)

    other = TrainedPredictor("other", run.header, run.model, run.plain)
    monkeypatch.setattr(TrainedPredictor, "ahead", lambda self, *of: far(self, *of) if self is other else ahead(*of))
    for each in differences(run, other, made.project, made.read_tracks).moments:
        assert each.poses_apart_mm == pytest.approx(100, rel=1e-4)
        assert each.apart == pytest.approx(0.25, rel=1e-4)


def test_that_with_another_projects_clips_its_own_split_is_used_and_said(made, runs):
    strangers = made_up(8, 9, seed=3)
    clips = {f"other-{key}": replace(clip, id=f"other-{key}") for key, clip in strangers.project.clips.items()}
    theirs = strangers.project.splits["split"]
    split = replace(theirs, parts={part: tuple(f"other-{each}" for each in ids) for part, ids in theirs.parts.items()})
    project = replace(strangers.project, clips=clips, splits={"split": split})
    found = differences(*runs, project, strangers.read_tracks)
    assert any("None of the clips one learned from is here" in note for note in found.notes)
    assert {each.clip_id for each in found.moments} == set(split.parts["test"])


def test_that_a_part_that_is_not_there_or_is_too_short_is_refused_in_words(made, runs):
    with pytest.raises(RunError, match="no part 'dessert'"):
        differences(*runs, made.project, made.read_tracks, "dessert")
    short = made.project
    for each in runs[0].header.split["test"]:
        clip = short.clips[each]
        for segment in clip.segments[3:]:
            clip = clip.without_segment(segment.id)
        short = short.with_clip(clip)
    with pytest.raises(RunError, match="no clip with one step and 5 more"):
        differences(*runs, short, made.read_tracks)
