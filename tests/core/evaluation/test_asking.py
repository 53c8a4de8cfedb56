"""What a question may say, what is answered beside the likeliest future, and what is said of odd data."""

from dataclasses import dataclass

import msgspec
import numpy as np
import pytest
import torch
from msgspec.structs import replace

from core import configs
from core.bodies.skeletons import UPPER_BODY_9
from core.datasets.pose_bank import PoseBank
from core.errors import CoreError, FormatError, ProjectError, RunError
from core.evaluation.asked import MOST_FUTURES, MOST_STEPS
from core.evaluation.forecasting import ClipMemory, load_run
from core.forecasts import Forecast
from core.models import checkpoints
from core.motion import Poses2d
from core.project.annotations import Actor, CameraRow
from core.runs import TrainForecaster
from core.training.forecaster import train_forecaster
from tests.core.made_up_project import MADE, RATE, STEP, bank_poses, made_up

CLIP = "clip-15"


@pytest.fixture(scope="module")
def made():
    return made_up(16, 10)


def trained(made, folder, *overrides):
    config = configs.with_overrides(
        configs.smoke(), ["steps=40", "validate_every=20", "critic.psi_width=16", *overrides]
    )
    spec = TrainForecaster(project="", out=str(folder), config=config, preset="forecaster/smoke")
    for _ in train_forecaster(spec, made.project, made.read_tracks, folder, PoseBank(bank_poses(200), "made up")):
        pass
    return folder


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory):
    return trained(made, tmp_path_factory.mktemp("runs") / "plain")


@pytest.fixture(scope="module")
def run(folder):
    return load_run(folder)


@pytest.fixture(scope="module")
def full(made, tmp_path_factory):
    """A run with everything beyond the paper that a forecast shows."""
    knobs = ("network.noise=4", "network.pose_from_action=true", "losses.times=1.0", "data.seen_times=true")
    return load_run(trained(made, tmp_path_factory.mktemp("runs") / "full", *knobs))


@dataclass
class Asking:
    """A run asked about the moment of the fifth step of one clip, with the project or the tracks changed."""

    made: object
    frame: int

    def __call__(self, run, *, clip=None, project=None, tracks=None, frame=None, **more) -> Forecast:
        project = project or self.made.project
        if clip is not None:
            project = project.with_clip(clip)
        read = self.made.read_tracks if tracks is None else lambda _: tracks
        return run.forecast(project, read, CLIP, self.frame if frame is None else frame, **more)


@pytest.fixture(scope="module")
def ask(made):
    return Asking(made, made.project.clips[CLIP].poses[4].frame)


# ---- times ----------------------------------------------------------------------------------------------------------


def test_that_usual_times_come_from_the_clips_a_run_learned_from(ask, run):
    for who in (run, run.beside("counting"), run.beside("repeating")):
        said = ask(who)
        assert all(step.time.is_usual for step in said.steps)
        assert [step.time.pose_s for step in said.steps] == pytest.approx(
            [at * STEP / RATE for at in range(1, 6)], rel=1e-4
        )


def test_that_a_checkpoint_without_times_has_those_of_the_project_without_the_clip_asked_about(
    made, ask, folder, tmp_path
):
    kept = checkpoints.load(folder / "best.safetensors")
    old = tmp_path / "old.safetensors"
    checkpoints.save(old, kept.header, {name: each for name, each in kept.tensors.items() if name != "baseline.times"})
    run = load_run(old)
    assert run.usual is None
    stretched = made.project.clips[CLIP]  # its own future must tell nothing
    for segment in stretched.segments[6:]:
        stretched = stretched.without_segment(segment.id)
    whole, cut = ask(run), ask(run, clip=stretched)
    assert [step.time for step in whole.steps] == [step.time for step in cut.steps]
    assert whole.steps[0].time.pose_s == pytest.approx(STEP / RATE)


def test_that_the_only_clip_of_a_project_tells_by_what_was_seen_of_it(made, ask, folder, tmp_path):
    kept = checkpoints.load(folder / "best.safetensors")
    old = tmp_path / "old.safetensors"
    checkpoints.save(old, kept.header, {name: each for name, each in kept.tensors.items() if name != "baseline.times"})
    alone = replace(made.project, clips={CLIP: made.project.clips[CLIP]})
    said = ask(load_run(old), project=alone)
    assert said.steps[1].time.pose_s == pytest.approx(2 * STEP / RATE)
    assert ask(load_run(old), project=alone, frame=STEP // 2).steps[0].time.pose_s == pytest.approx(STEP / RATE)


def test_that_a_run_that_learned_times_says_its_own_and_a_step_that_waits_is_expected_later(ask, full):
    first = ask(full)
    assert not any(step.time.is_usual for step in first.steps)
    later = ask(full, frame=ask.frame + 8)
    assert [step.best for step in first.steps] == [step.best for step in later.steps]
    at_s = [(ask.frame + wait) / RATE for wait in (0, 8)]
    assert at_s[0] + first.steps[0].time.pose_s <= at_s[1] + later.steps[0].time.pose_s + 1e-6
    width = [step.time.high_s - step.time.low_s for step in first.steps]
    assert width == sorted(width)


def test_that_a_clip_without_a_frame_rate_is_forecast_without_times(made, ask, full):
    clip = made.project.clips[CLIP]
    said = ask(full, clip=replace(clip, video=replace(clip.video, rate_hz=0.0)))
    assert all(step.time is None for step in said.steps)


# ---- several futures and confidence ---------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["full", "run", "counting"])
def test_that_a_future_is_the_same_however_many_are_asked_for(ask, which, full, run):
    who = {"full": full, "run": run, "counting": run.beside("counting")}[which]
    alone, many = (ask(who, futures=count, seed=7).futures for count in (2, 6))
    assert many[:2] == alone
    assert len({tuple(step.action for step in each.steps) for each in many}) > 1
    assert ask(who, futures=6, seed=8).futures != many
    assert ask(who, futures=6, seed=7).steps == ask(who).steps


def test_that_a_futures_likelihood_is_the_product_of_its_steps_confidence(ask, full):
    for each in ask(full, futures=5).futures:
        assert each.likelihood == pytest.approx(np.prod([step.confidence for step in each.steps]), rel=1e-5)
        assert len(each.steps) == 5
        for step in each.steps:
            assert step.truth_action is not None
            assert step.time is not None
            assert step.joints_m[UPPER_BODY_9["neck"]] == (0, 0, 0)


def test_that_poses_of_one_action_differ_only_where_a_run_has_noise(ask, run, full):
    def spread(who) -> float:
        by_action = {}
        for each in ask(who, futures=24).futures:
            by_action.setdefault(each.steps[0].action, set()).add(each.steps[0].joints_m)
        return max(len(poses) for poses in by_action.values())

    assert spread(run) == 1
    assert spread(full) > 1


def test_that_repeating_says_the_last_action_and_the_last_sight_of_each_joint_again(made, ask, run):
    said = ask(run.beside("repeating"), futures=3)
    last = made.project.clips[CLIP].poses[4]
    seen_px = made.tracks["tracks-15"].joints_px[last.frame, 0]
    assert {step.action for step in said.steps} == {said.seen_actions[-1]}
    assert {(step.sure, step.said, step.best) for step in said.steps} == {("", said.seen_actions[-1], ())}
    for step in said.steps:
        np.testing.assert_allclose(step.joints_px, seen_px, atol=0.01)
    assert said.futures == ()
    assert any("one future only" in doubt for doubt in said.doubts)
    assert any("drawn flat" in doubt for doubt in said.doubts)


def test_that_confidence_is_of_logits_over_their_steps_temperature(ask, run):
    hot = type(run)(
        run.name, replace(run.header, temperatures=(2.0, 1.0), calibration_error=0.04), run.model, run.plain
    )
    bare = type(run)(run.name, replace(run.header, temperatures=()), run.model, run.plain)
    warm, plain = ask(hot), ask(bare)
    for at, temperature in enumerate((2.0, 1.0)):
        best, other = (name for name, _ in plain.steps[at].best[:2])
        chances = [dict(each.steps[at].best) for each in (plain, warm)]
        logs = [np.log(each[best] / each[other]) for each in chances]
        assert logs[0] / temperature == pytest.approx(logs[1], rel=1e-3)
    assert [step.action for step in warm.steps] == [step.action for step in plain.steps]
    assert (warm.calibration_error, plain.calibration_error) == (0.04, run.header.calibration_error)


# ---- what cannot be asked -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"frame": -1}, "no frame -1"),
        ({"frame": 10_000}, "no frame 10000"),
        ({"steps": MOST_STEPS + 1}, "looks 51 steps ahead"),
        ({"steps": 0}, "looks 0 steps ahead"),
        ({"futures": MOST_FUTURES + 1}, "65 futures"),
        ({"futures": -2}, "-2 futures"),
        ({"actor": "nobody"}, "No step of Clip 15"),
    ],
)
def test_that_what_cannot_be_asked_is_refused_in_words_by_everybody(ask, run, question, said):
    for who in (run, run.beside("counting")):
        with pytest.raises(CoreError, match=said) as caught:
            ask(who, **question)
        assert caught.value.hint


def test_that_a_run_that_knows_no_action_of_the_project_is_refused_with_both_lists_and_the_nearest(made, ask, run):
    names = {"take": "taking", "cut": "saw", "wash": "scrub", "stir": "stirring"}
    labels = {key: replace(each, name=names.get(each.name, each.name)) for key, each in made.project.labels.items()}
    with pytest.raises(RunError, match="knows none") as caught:
        ask(run, project=replace(made.project, labels=labels))
    assert "cut, stir, take, wash" in str(caught.value)
    assert "saw, scrub, stirring, taking" in str(caught.value)
    assert "stirring → stir" in caught.value.hint
    partly = {
        key: replace(each, name="saw") if each.name == "cut" else each for key, each in made.project.labels.items()
    }
    assert any("does not know saw" in doubt for doubt in ask(run, project=replace(made.project, labels=partly)).doubts)


def test_that_a_checkpoint_of_other_joints_is_refused_by_their_names(folder, tmp_path):
    kept = checkpoints.load(folder / "best.safetensors")
    other = tmp_path / "other.safetensors"
    joints = (*UPPER_BODY_9.joints, "left_knee", "right_knee")
    checkpoints.save(other, replace(kept.header, joints=joints), kept.tensors)
    with pytest.raises(FormatError, match="foresees 11 joints and not the 9 known here: left_knee, right_knee"):
        load_run(other)
    turned = tmp_path / "turned.safetensors"
    checkpoints.save(turned, replace(kept.header, joints=UPPER_BODY_9.joints[::-1]), kept.tensors)
    with pytest.raises(FormatError, match="in another order"):
        load_run(turned)
    silent = tmp_path / "silent.safetensors"  # says nothing, but its weights do
    wider = {
        name: torch.zeros(36, *each.shape[1:]) if name.startswith("model.decode_pose.3") else each
        for name, each in kept.tensors.items()
    }
    checkpoints.save(silent, kept.header, wider)
    with pytest.raises(FormatError, match="foresees 12 joints"):
        load_run(silent)


def test_that_weights_that_are_no_numbers_are_no_forecast(ask, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "_are_numbers", lambda name, values: True)  # as another program may write them
    kept = checkpoints.load(folder / "best.safetensors")
    astray = tmp_path / "astray.safetensors"
    tensors = dict(kept.tensors)
    tensors["model.decode_pose.3.bias"] = torch.full_like(tensors["model.decode_pose.3.bias"], torch.nan)
    checkpoints.save(astray, kept.header, tensors)
    with pytest.raises(RunError, match="no number"):
        ask(load_run(astray))


# ---- odd data -------------------------------------------------------------------------------------------------------


def test_that_a_short_past_is_said_in_numbers(ask, run):
    said = ask(run, frame=STEP // 2)
    assert (
        "Not enough past: this run looks back 5 steps; 1 is marked before. The missing ones are masked." in said.doubts
    )


def test_that_an_estimated_camera_is_said_with_its_error_where_that_is_known(made, ask, run):
    clip = made.project.clips[CLIP]
    bare = ask(run, clip=replace(clip, camera=""))
    assert bare.camera_estimated
    assert "The camera is estimated: sizes and depths are guesses; errors in pixels hold." in bare.doubts
    row = replace(made.project.cameras["camera"], estimated=True, error_px=4.2)
    assert isinstance(row, CameraRow)
    known = ask(run, project=made.project.with_camera(row))
    assert any("estimated (± 4 px)" in doubt for doubt in known.doubts)


def test_that_tracks_shorter_than_the_clip_and_a_person_who_is_gone_are_said(made, ask, run):
    clip, tracks = made.project.clips[CLIP], made.tracks["tracks-15"]
    cut = clip.poses[3].frame
    short = ask(run, tracks=Poses2d(tracks.skeleton, tracks.joints_px[:cut], tracks.confidence[:cut]))
    assert any(f"end at frame {cut} of {clip.video.frame_count}" in doubt for doubt in short.doubts)
    assert short.steps[0].truth_px is None
    gone = replace(clip, actors=(Actor(id="a", name="Ann", track=4, made=MADE),))
    for segment in clip.segments:
        gone = gone.with_segment(replace(segment, actor="a"))
    said = ask(run, clip=gone)
    assert any("Ann is matched to person 5, whom the 2D poses do not hold" in doubt for doubt in said.doubts)
    assert all(np.isfinite(step.joints_px).all() for step in said.steps)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_that_a_joint_that_is_no_number_counts_as_not_seen_and_is_said(made, ask, run, number):
    tracks, frame = made.tracks["tracks-15"], made.project.clips[CLIP].poses[4].frame
    elbow = UPPER_BODY_9["left_elbow"]
    unseen, broken = tracks.confidence.copy(), tracks.joints_px.copy()
    unseen[frame, 0, elbow] = 0
    broken[frame, 0, elbow] = number
    hidden = ask(run, tracks=Poses2d(tracks.skeleton, tracks.joints_px, unseen))
    spoiled = ask(run, tracks=Poses2d(tracks.skeleton, broken, tracks.confidence))
    assert spoiled.steps == hidden.steps
    assert hidden.steps != ask(run).steps
    assert any("1 joint of the past has no numbers" in doubt for doubt in spoiled.doubts)
    assert not any("no numbers" in doubt for doubt in hidden.doubts)
    msgspec.json.decode(msgspec.json.encode(spoiled), type=Forecast)


def test_that_tracks_of_nothing_but_no_numbers_leave_the_actions_to_go_by(made, ask, run):
    tracks = made.tracks["tracks-15"]
    said = ask(run, tracks=Poses2d(tracks.skeleton, np.full_like(tracks.joints_px, np.nan), tracks.confidence))
    assert any("45 joints of the past have no numbers" in doubt for doubt in said.doubts)
    assert any("not found in the last step" in doubt for doubt in said.doubts)
    assert all(np.isfinite(step.joints_px).all() for step in said.steps)


def test_that_joints_missing_one_after_the_other_change_the_forecast_by_little_each(made, ask, run):
    """From all joints of the past seen to none but the neck: many small ways instead of one great jump."""
    tracks, clip = made.tracks["tracks-15"], made.project.clips[CLIP]
    confidence, random = tracks.confidence.copy(), np.random.default_rng(3)
    places = [(pose.frame, joint) for pose in clip.poses[:5] for joint in range(9) if joint != UPPER_BODY_9["neck"]]
    random.shuffle(places)
    said = [ask(run)]
    for frame, joint in places:
        confidence[frame, 0, joint] = 0
        said.append(ask(run, tracks=Poses2d(tracks.skeleton, tracks.joints_px, confidence.copy())))
    joints_m = np.array([[step.joints_m for step in each.steps[:1]] for each in said])
    chances = [dict(each.steps[0].best) for each in said]
    sure = np.array([[each[name] for name in ("take", "cut", "wash", "stir")] for each in chances])
    jumps_mm = 1000 * np.linalg.norm(np.diff(joints_m, axis=0), axis=-1).mean((1, 2))
    whole_mm = 1000 * np.linalg.norm(joints_m[-1] - joints_m[0], axis=-1).mean()
    moved = np.abs(np.diff(sure, axis=0)).sum(-1) / 2
    assert len({each.steps for each in said}) == len(said)  # every joint tells something
    assert jumps_mm.max() < whole_mm < 200
    assert np.median(jumps_mm) < whole_mm / 4
    assert moved.max() < 0.25


# ---- what is kept from question to question -------------------------------------------------------------------------


def test_that_what_is_remembered_gives_the_same_answers_until_something_changes(made, ask, run):
    memory, reads = ClipMemory(), []

    def read(clip):
        reads.append(clip.id)
        return made.read_tracks(clip)

    def asked(project, **more):
        return run.forecast(project, read, CLIP, ask.frame, memory=memory, **more)

    first = asked(made.project)
    assert asked(made.project) == first == ask(run)
    assert run.beside("counting").forecast(made.project, read, CLIP, ask.frame, memory=memory).seen_frames
    assert len(reads) == 1
    clip = made.project.clips[CLIP]
    edited = made.project.with_clip(clip.without_segment(clip.segments[3].id))
    assert asked(edited) == run.forecast(edited, made.read_tracks, CLIP, ask.frame) != first
    renamed = made.project.with_label(replace(made.project.labels["label-cut"], name="saw"))
    assert any("does not know saw" in doubt for doubt in asked(renamed).doubts)
    assert len(reads) == 3


def test_that_a_clip_that_is_not_there_is_refused_in_words(made, run):
    with pytest.raises(ProjectError, match="no clip clip-99"):
        run.forecast(made.project, made.read_tracks, "clip-99", 0)


def test_that_windows_of_many_moments_are_those_of_each_alone_in_the_order_asked(made, run):
    from core.datasets.action_sequences import Vocabulary, stacked, window_at, windows_at

    memory, data = ClipMemory(), run.header.config.data
    words = Vocabulary(run.header.actions, run.header.objects)
    two = [
        memory.sequences(made.project, made.project.clips[each], made.read_tracks, data, 0)[0]
        for each in (CLIP, "clip-03")
    ]
    moments = [(two[0], 3), (two[0], 5), (two[1], 2), (two[0], 1)]
    together = windows_at(moments, words, data).arrays()
    alone = stacked([window_at(sequence, seen, words, data) for sequence, seen in moments], words, data).arrays()
    for name, each in alone.items():
        if name != "sequence":
            np.testing.assert_array_equal(together[name], each, err_msg=name)
    assert len(windows_at([], words, data)) == 0


def test_that_missing_2d_poses_are_said_with_the_clips_name_and_what_to_do(made):
    def gone(clip):
        raise ProjectError(f"the 2D poses {clip.tracks} are not beside the project")

    clip = made.project.clips[CLIP]
    with pytest.raises(ProjectError) as refused:
        ClipMemory().sequences(made.project, clip, gone, configs.smoke().data, 0)
    assert str(refused.value) == f"The 2D poses of {clip.name} are not beside the project."
    assert refused.value.hint == "Extract its 2D poses again, or import them."
