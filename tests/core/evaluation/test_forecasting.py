"""Asking a trained run, and measuring it."""

from dataclasses import dataclass

import numpy as np
import pytest
from msgspec.structs import replace

from core import configs
from core.bodies.skeletons import UPPER_BODY_9
from core.datasets.pose_bank import PoseBank
from core.errors import FormatError, ProjectError, RunError, TooNewError
from core.evaluation.forecasting import load_run
from core.models import checkpoints
from core.runs import TrainForecaster
from core.training.forecaster import train_forecaster
from tests.core.made_up_project import MADE, bank_poses, made_up


@pytest.fixture(scope="module")
def made():
    return made_up(16, 10)


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "small run"
    config = configs.with_overrides(configs.smoke(), ["steps=60", "validate_every=20", "critic.psi_width=16"])
    spec = TrainForecaster(project="", out=str(folder), config=config, preset="forecaster/smoke")
    for _ in train_forecaster(spec, made.project, made.read_tracks, folder, PoseBank(bank_poses(200), "made up")):
        pass
    return folder


@dataclass(frozen=True)
class Truth:
    upper_body_m: np.ndarray


def test_that_a_forecast_counts_as_seen_what_was_marked_by_then(made, folder):
    run, clip = load_run(folder), made.project.clips["clip-15"]
    frame = clip.poses[3].frame
    said = run.forecast(made.project, made.read_tracks, clip.id, frame)
    assert said.model == "small run"
    assert said.seen_frames == tuple(pose.frame for pose in clip.poses[:4])
    assert [step.truth_frame for step in said.steps] == [pose.frame for pose in clip.poses[4:9]]
    assert any("looks back 5 steps; 4 are marked" in doubt for doubt in said.doubts)
    before = run.forecast(made.project, made.read_tracks, clip.id, frame - 1)
    assert len(before.seen_frames) == 3


def test_that_later_marks_change_the_truth_and_not_the_forecast(made, folder):
    run, clip = load_run(folder), made.project.clips["clip-15"]
    frame = clip.poses[4].frame
    later = clip.segments[6]
    changed = made.project.with_clip(
        clip.with_segment(replace(later, action="label-stir")).without_pose(clip.segments[7].id)
    )
    one, other = (run.forecast(each, made.read_tracks, clip.id, frame) for each in (made.project, changed))
    for ours, theirs in zip(one.steps, other.steps, strict=True):
        assert (ours.best, ours.joints_m, ours.joints_px) == (theirs.best, theirs.joints_m, theirs.joints_px)
    assert other.steps[1].truth_action == "stir"


def test_that_probabilities_are_best_first_and_the_neck_stands_where_it_was_last_seen(made, folder):
    clip = made.project.clips["clip-15"]
    said = load_run(folder).forecast(made.project, made.read_tracks, clip.id, clip.poses[4].frame)
    neck_px = made.tracks[clip.tracks].joints_px[clip.poses[4].frame, 0, UPPER_BODY_9["neck"]]
    for step in said.steps:
        chances = [each for _, each in step.best]
        assert chances == sorted(chances, reverse=True)
        assert (step.action, step.confidence) == step.best[0]
        assert sum(chances) <= 1 + 1e-6
        assert step.joints_m[UPPER_BODY_9["neck"]] == (0, 0, 0)
        assert step.joints_px[UPPER_BODY_9["neck"]] == pytest.approx(tuple(neck_px), abs=1e-3)


def test_that_the_error_shown_is_of_the_neck_centred_joints_that_were_seen(made, folder):
    clip = made.project.clips["clip-15"]
    said = load_run(folder).forecast(made.project, made.read_tracks, clip.id, clip.poses[4].frame)
    step = said.steps[0]
    true_px, ours_px = np.array(step.truth_px), np.array(step.joints_px)
    np.testing.assert_allclose(true_px, made.tracks[clip.tracks].joints_px[step.truth_frame, 0], atol=1e-3)
    off = np.linalg.norm((ours_px - ours_px[1]) - (true_px - true_px[1]), axis=-1)
    assert step.error_px == pytest.approx(np.delete(off, 1).mean(), rel=1e-4)


def test_that_beyond_the_last_mark_there_is_a_forecast_and_no_truth(made, folder):
    clip = made.project.clips["clip-15"]
    said = load_run(folder).forecast(made.project, made.read_tracks, clip.id, clip.poses[-1].frame, steps=7)
    assert len(said.steps) == 7
    assert all(step.truth_action is None and step.error_px is None for step in said.steps)
    assert any("chosen for 5 steps" in doubt for doubt in said.doubts)


def test_that_before_the_first_mark_the_question_is_refused_in_words(made, folder):
    with pytest.raises(ProjectError, match="No step of Clip 15") as caught:
        load_run(folder).forecast(made.project, made.read_tracks, "clip-15", 0)
    assert "mark one" in caught.value.hint


def test_that_a_foreign_project_is_forecast_with_its_unknown_words_said(made, folder):
    run = load_run(folder)
    label = replace(made.project.labels["label-cut"], id="label-saw", name="saw")
    clip = made.project.clips["clip-15"]
    clip = replace(clip, camera="", segments=tuple(
        replace(each, action="label-saw" if at in (2, 4) else each.action) for at, each in enumerate(clip.segments)
    ))  # fmt: skip
    said = run.forecast(made.project.with_label(label).with_clip(clip), made.read_tracks, clip.id, clip.poses[5].frame)
    assert any("does not know saw" in doubt for doubt in said.doubts)
    assert any("camera is estimated" in doubt for doubt in said.doubts)
    assert said.camera_estimated
    assert "saw" not in {step.action for step in said.steps}
    assert all(np.isfinite(step.joints_px).all() for step in said.steps)


def test_that_a_clip_without_poses_is_forecast_from_its_actions(made, folder):
    clip = replace(made.project.clips["clip-15"], tracks="")
    said = load_run(folder).forecast(made.project.with_clip(clip), made.read_tracks, clip.id, clip.poses[5].frame)
    assert any("no 2D poses" in doubt for doubt in said.doubts)
    assert said.steps[0].truth_action is not None
    assert said.steps[0].truth_px is None


def test_that_with_two_people_the_last_to_act_is_asked_about_or_the_one_named(made, folder):
    from core.project.annotations import Actor

    clip = made.project.clips["clip-15"]
    clip = replace(
        clip, actors=(Actor(id="a", name="A", track=0, made=MADE), Actor(id="b", name="B", track=0, made=MADE))
    )
    for number, segment in enumerate(clip.segments):
        clip = clip.with_segment(replace(segment, actor="ab"[number % 2]))
    project, frame = made.project.with_clip(clip), clip.poses[5].frame
    run = load_run(folder)
    assert run.forecast(project, made.read_tracks, clip.id, frame).seen_frames[-1] == clip.poses[5].frame
    assert run.forecast(project, made.read_tracks, clip.id, frame, actor="a").seen_frames[-1] == clip.poses[4].frame


def test_that_the_plain_forecaster_answers_beside_with_a_flat_average_pose(made, folder):
    clip = made.project.clips["clip-15"]
    said = load_run(folder).beside().forecast(made.project, made.read_tracks, clip.id, clip.poses[4].frame)
    assert said.model.startswith("n-gram")
    assert any("drawn flat" in doubt for doubt in said.doubts)
    pixels, neck = np.array(said.steps[0].joints_px), np.array(said.steps[0].joints_px)[1]
    sequence_average = load_run(folder).plain.average.numpy()
    shape = (pixels - neck) / np.abs(pixels - neck).max()
    np.testing.assert_allclose(shape, sequence_average / np.abs(sequence_average).max(), atol=1e-3)
    assert {step.joints_m for step in said.steps} == {said.steps[0].joints_m}


# ---- checkpoints ----------------------------------------------------------------------------------------------------


def test_that_a_checkpoint_tells_of_itself_without_its_weights(made, folder):
    header = checkpoints.read_header(folder / "best.safetensors")
    assert header.preset == "forecaster/smoke"
    assert header.split == dict(made.project.splits["split"].parts)
    assert header.figures["validation/top1"] > 0


def test_that_a_folder_without_a_checkpoint_and_foreign_files_are_refused_in_words(folder, tmp_path):
    with pytest.raises(RunError, match="holds no checkpoint"):
        load_run(tmp_path)
    (tmp_path / "notes.safetensors").write_bytes(b"this is no checkpoint at all")
    with pytest.raises(FormatError, match=r"notes\.safetensors"):
        load_run(tmp_path / "notes.safetensors")
    whole = (folder / "best.safetensors").read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FormatError, match=r"cut\.safetensors"):
        load_run(tmp_path / "cut.safetensors")


def test_that_a_later_version_and_another_programs_weights_are_told_apart(folder, tmp_path):
    from safetensors.torch import save_file

    kept = checkpoints.load(folder / "best.safetensors")
    later = tmp_path / "later.safetensors"
    checkpoints.save(later, replace(kept.header, version=checkpoints.VERSION + 1), kept.tensors)
    with pytest.raises(TooNewError):
        load_run(later)
    foreign = tmp_path / "foreign.safetensors"
    save_file(kept.tensors, foreign)
    with pytest.raises(FormatError, match="another program"):
        load_run(foreign)
    lean = tmp_path / "lean.safetensors"
    checkpoints.save(lean, kept.header, {name: each for name, each in kept.tensors.items() if "decode" not in name})
    with pytest.raises(FormatError, match="do not fit"):
        load_run(lean)
