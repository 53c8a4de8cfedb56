"""A forecast of actions and characteristic poses as a story with poses on the way."""

import numpy as np
import pytest
from msgspec.structs import replace

from core.commands.generating_ahead import read_mapping, recipe_ahead
from core.errors import CoreError, RunError
from core.forecast_stories import ANY_OTHER, USUAL_S, Timing, story_of, timings_of
from core.forecasts import Forecast, ForecastStep
from core.generation.anchors import bound
from core.generation.blending import distance_m
from core.generation.making import made
from core.generation.upper_body import nine_of
from core.generations import RATE_HZ, Recipe, rows, unpacked
from tests.core.generation.made_motion import strolling
from tests.core.made_up_project import RATE, STEP, made_up
from tests.core.project_on_disk import project_on_disk, trained_run

KNOWN = ("bow", "run", "walk", "walk-left", "wave")


def a_forecast(*actions: str, estimated: bool = False) -> Forecast:
    steps = tuple(
        ForecastStep(
            action=action,
            confidence=0.5,
            best=((action, 0.5),),
            joints_m=rows(nine_of(strolling(20, seed=at).rotations[10])),
            joints_px=((0.0, 0.0),) * 9,
        )
        for at, action in enumerate(actions)
    )
    return Forecast(
        model="forecaster-01", clip_id="clip-00", at_frame=40, seen_frames=(), seen_actions=(), steps=steps,
        camera_estimated=estimated,
    )  # fmt: skip


def test_that_an_actions_time_is_the_median_of_its_segments_and_its_poses_usual_place_in_them():
    project = made_up(6, 8).project
    timings = timings_of(project)
    assert set(timings) == {"", "take", "cut", "wash", "stir"}
    for name, timing in timings.items():
        lengths, shares = [], []
        for clip in project.clips.values():
            if clip.id not in next(iter(project.splits.values())).parts["train"]:
                continue
            for segment in clip.segments:
                if name in ("", project.labels[segment.action].name):
                    lengths.append((segment.end_frame - segment.start_frame) / RATE)
                    pose = clip.pose_of(segment.id)
                    shares.append((pose.frame - segment.start_frame) / (segment.end_frame - segment.start_frame))
        assert timing == Timing(np.median(lengths), np.median(shares), len(lengths))
    assert timings[""].seconds == STEP / RATE


def test_that_only_what_is_learned_from_counts_and_never_the_clip_that_is_forecast():
    project = made_up(6, 8).project
    train = next(iter(project.splits.values())).parts["train"]
    whole = timings_of(project)[""].segments
    assert whole == sum(len(project.clips[clip].segments) for clip in train)
    assert timings_of(project, without=train[0])[""].segments == whole - len(project.clips[train[0]].segments)
    unsplit = replace(project, splits={})
    assert timings_of(unsplit)[""].segments == sum(len(clip.segments) for clip in project.clips.values())


def test_that_labels_count_as_what_models_learn_them_as():
    project = made_up(6, 8).project
    take = next(label for label in project.labels.values() if label.name == "take")
    merged = timings_of(project.with_label(replace(take, learned_as="reach")))
    assert "take" not in merged
    assert merged["reach"] == timings_of(project)["take"]
    left_out = timings_of(project.with_label(replace(take, learned_as="")))
    assert "take" not in left_out
    assert left_out[""].segments < timings_of(project)[""].segments


def test_that_steps_follow_each_other_and_each_pose_comes_in_its_own_action():
    timings = {"walk": Timing(2.0, 0.75, 5), "bow": Timing(1.0, 0.2, 3)}
    ahead = story_of(a_forecast("walk", "bow", "walk"), timings, KNOWN)
    assert [(part.actions, part.seconds) for part in ahead.story] == [
        (("walk",), 2.0), (("bow",), 1.0), (("walk",), 2.0),
    ]  # fmt: skip
    # The bow's pose would come at 2.2 s: nobody gets there so soon after the start of it.
    assert [anchor.at_s for anchor in ahead.anchors] == pytest.approx([1.5, 2.3, 4.5], abs=1 / 60)
    assert [anchor.name for anchor in ahead.anchors] == ["1. walk", "2. bow", "3. walk"]
    assert "walk 2.0 s, bow 1.0 s, the medians of 8 segments" in ahead.notes[0]


@pytest.mark.parametrize("seconds", [0.01, 0.5, 1.234, 7.0, 500.0])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_that_poses_of_any_timing_can_all_be_met(seconds, share):
    forecast = a_forecast("walk", "bow", "wave", "run", "walk")
    ahead = story_of(forecast, dict.fromkeys(KNOWN, Timing(seconds, share, 1)), KNOWN)
    frames = round(sum(part.seconds for part in ahead.story) * RATE_HZ)
    targets = bound(ahead.anchors, frames, 24, has_past=True)
    start = 0
    for target, part in zip(targets, ahead.story, strict=True):
        assert start <= target.frame < start + round(part.seconds * RATE_HZ)
        start += round(part.seconds * RATE_HZ)
    assert all(part.seconds * RATE_HZ == pytest.approx(round(part.seconds * RATE_HZ)) for part in ahead.story)


def test_that_times_nobody_marked_are_told():
    ahead = story_of(a_forecast("walk", "bow"), {"walk": Timing(3.0, 0.5, 2), "": Timing(4.0, 0.5, 2)}, KNOWN)
    assert [part.seconds for part in ahead.story] == [3.0, 4.0]
    assert any("no segments of bow: their times are of all actions" in note for note in ahead.notes)
    bare = story_of(a_forecast("walk", estimated=True), {}, KNOWN)
    assert bare.story[0].seconds == USUAL_S
    assert any("taken for granted" in note for note in bare.notes)
    assert any("camera is estimated" in note for note in bare.notes)


@pytest.mark.parametrize(
    ("action", "moved_by"),
    [("walk", "walk"), ("Walk Left", "walk-left"), ("walk to the sink", "walk"), ("left", "walk-left")],
)
def test_that_an_action_is_moved_by_the_one_that_is_called_alike(action, moved_by):
    ahead = story_of(a_forecast(action), {}, KNOWN)
    assert ahead.story[0].actions == (moved_by,)


def test_that_a_mapping_decides_and_all_others_may_share_one():
    forecast = a_forecast("take", "walk", "season")
    ahead = story_of(forecast, {}, KNOWN, mapped={"take": "bow", ANY_OTHER: "wave"})
    assert [part.actions[0] for part in ahead.story] == ["bow", "walk", "wave"]
    assert any("take as bow, season as wave" in note for note in ahead.notes)


def test_that_what_the_model_does_not_know_is_refused_with_all_that_it_knows():
    with pytest.raises(RunError, match="knows nothing like take, season") as refusal:
        story_of(a_forecast("take", "walk", "season", "take"), {}, KNOWN)
    assert '--map "take=bow"' in refusal.value.hint
    assert all(name in refusal.value.hint for name in KNOWN)
    with pytest.raises(RunError, match='"wakl" is not an action of the motion model') as refusal:
        story_of(a_forecast("take"), {}, KNOWN, mapped={"take": "wakl"})
    assert "walk" in refusal.value.hint
    with pytest.raises(RunError, match="no steps"):
        story_of(a_forecast(), {}, KNOWN)


def test_that_words_of_the_command_line_become_a_mapping():
    assert read_mapping(["pick up = reach", "*=walk"]) == {"pick up": "reach", "*": "walk"}
    for odd in ("pick up", "=reach", "take="):
        with pytest.raises(RunError, match="maps nothing"):
            read_mapping([odd])


@pytest.mark.slow
def test_that_a_forecast_becomes_a_moving_body_that_passes_through_its_poses(tmp_path, model):
    project_on_disk(tmp_path / "project")
    run = trained_run(tmp_path / "project")
    recipe, notes = recipe_ahead(
        Recipe(model="made", story=(), seed=5), model.actions, forecaster=str(run), project=tmp_path / "project",
        clip="clip-00", at_s=6.0, steps=3, mapped={ANY_OTHER: "walk"},
    )  # fmt: skip
    assert len(recipe.story) == len(recipe.anchors) == 3
    assert notes
    (sample,) = made(model, recipe).samples
    motion = unpacked(sample.motion)
    assert len(motion) == round(recipe.seconds * RATE_HZ)
    for target in bound(recipe.anchors, len(motion), 24):
        assert float(distance_m(motion.rotations[target.frame], target)) < 1e-4
    with pytest.raises(CoreError):
        recipe_ahead(recipe, model.actions, forecaster=str(run), project=tmp_path / "project", clip="nobody", at_s=6.0)
