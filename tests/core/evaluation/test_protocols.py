"""Measuring a trained run, and the plain methods beside it."""

from dataclasses import dataclass
from dataclasses import replace as with_arrays

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from core import configs
from core.bodies.skeletons import UPPER_BODY_9
from core.datasets.action_sequences import examples_of
from core.datasets.pose_bank import PoseBank, write_bank
from core.errors import RunError
from core.evaluation import protocols
from core.evaluation.baselines import actions_of, histories_of, is_chosen_ngram, plain_of, plain_rows
from core.evaluation.forecasting import load_run
from core.evaluation.pose_quality import CEILING, FILE, FLOOR, Schedule, train_judge
from core.evaluation.protocols import evaluate, evaluate_forecaster, run_row, with_joints_missing
from core.evaluation.rows import row_of
from core.geometry.cameras import level_points
from core.project.cameras import camera_of
from core.reports import Report, Row, read_report
from core.runs import Done, EvaluateForecaster, Made, TrainForecaster
from core.training.forecaster import train_forecaster
from tests.core.made_up_project import bank_poses, made_up


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


def test_that_a_report_stands_beside_the_plain_methods(made, folder):
    report = evaluate(load_run(folder), made.project, made.read_tracks, "test", lambda clip: Truth(made.truth[clip]))
    methods = [row.method.removesuffix(" (chosen)") for row in report.rows]
    orders = [f"n-gram, order {order}" for order in range(5)]
    assert methods == [
        "small run", "zero velocity", "train average", "last action again", *orders, "any action by chance",
        "bank's mean pose",
    ]  # fmt: skip
    assert sum(is_chosen_ngram(row.method) for row in report.rows) == 1
    assert [row.kind for row in report.rows if row.kind != "plain"] == ["run", "control"]
    assert report.windows == 4 * (10 - 5)
    ours = report.row("small run")
    assert ours.top1 == pytest.approx(np.mean(ours.top1_by_step))
    assert 0 < ours.pa_mpjpe_mm < ours.mpjpe_mm
    assert all(report.row(each).mpjpe_px > 0 for each in ("zero velocity", "train average"))
    again = msgspec.json.decode(msgspec.json.encode(report), type=Report)
    assert again == report
    page = report.markdown()
    assert all(row.method in page for row in report.rows)


def test_that_the_protocol_measures_what_a_forecast_shows(made, folder):
    # One by one through the door the studio uses, the same figures come out.
    run = load_run(folder)
    report = evaluate(run, made.project, made.read_tracks, "test")
    right, errors = [], []
    for clip_id in made.project.splits["split"].parts["test"]:
        clip = made.project.clips[clip_id]
        for pose in clip.poses[: len(clip.poses) - 5]:
            said = run.forecast(made.project, made.read_tracks, clip_id, pose.frame)
            right.append([step.action == step.truth_action for step in said.steps])
            errors += [step.error_px for step in said.steps]
    assert report.rows[0].top1 == pytest.approx(np.mean(right))
    assert report.rows[0].mpjpe_px == pytest.approx(np.mean(errors), rel=1e-4)


def test_that_a_forecast_that_is_the_truth_has_no_3d_error(made, folder):
    examples = examples_of(made.project, made.read_tracks, load_run(folder).header.config.data)
    windows = examples.windows["test"].complete()
    true_m = protocols.true_poses(examples, "test", windows, lambda clip: Truth(made.truth[clip]))
    first = made.project.clips[made.project.splits["split"].parts["test"][0]]
    camera = camera_of(made.project, first)
    frames = [pose.frame for pose in first.poses[1:6]]  # of the window that has seen one step
    np.testing.assert_allclose(true_m[0], level_points(made.truth[first.id][frames], UPPER_BODY_9["neck"], camera))
    same = row_of("the truth", windows, examples.vocabulary, joints_m=true_m, truth_m=true_m)
    assert same.mpjpe_mm == pytest.approx(0, abs=1e-6)
    assert same.top1 is same.mpjpe_px is same.bones_off is None
    assert protocols.true_poses(examples, "test", windows, lambda clip: None) is None


def test_that_a_run_that_foresees_times_and_futures_is_measured_with_them(made, tmp_path):
    knobs = [
        "steps=40", "validate_every=20", "critic.psi_width=16", "losses.times=1", "network.noise=4",
        "network.pose_from_action=true", "losses.best_of=2",
    ]  # fmt: skip
    config = configs.with_overrides(configs.smoke(), knobs)
    spec = TrainForecaster(project="", out=str(tmp_path), config=config)
    for _ in train_forecaster(spec, made.project, made.read_tracks, tmp_path, PoseBank(bank_poses(200), "made up")):
        pass
    report = evaluate(load_run(tmp_path), made.project, made.read_tracks, "test")
    ours = report.rows[0]
    assert ours.time_error_s < 2, "a step comes every 2 s"
    assert 0 <= ours.time_within <= 1
    assert ours.apart_mm > 0
    assert ours.best_of_px < 2 * ours.mpjpe_px
    assert any("Best of 8" in note for note in report.notes)
    counted = next(row for row in report.rows if is_chosen_ngram(row.method))
    assert counted.time_error_s == pytest.approx(0, abs=0.01), "the usual time between steps is the true one here"


def test_that_temperatures_change_confidence_and_nothing_else(made, folder):
    run = load_run(folder)
    windows = examples_of(made.project, made.read_tracks, run.header.config.data).windows["test"].complete()
    as_it_is = run_row(run, windows)
    unsure = run_row(with_arrays(run, header=replace(run.header, temperatures=(50.0,))), windows)
    assert unsure.calibration_error != as_it_is.calibration_error
    assert replace(unsure, calibration_error=None) == replace(as_it_is, calibration_error=None)


def test_that_plain_methods_are_measured_without_a_run(made, folder):
    data = load_run(folder).header.config.data
    examples = examples_of(made.project, made.read_tracks, data)
    rows = {row.method: row for row in plain_rows(examples, "test")}
    report = evaluate(load_run(folder), made.project, made.read_tracks, "test")
    for name, row in rows.items():
        assert report.row(name).top1 == row.top1
        assert report.row(name).mpjpe_px == pytest.approx(row.mpjpe_px) if row.mpjpe_px else True
    assert rows["last action again"].top1_by_step[0] < 0.2, "whoever goes round a ring hardly stays"
    assert rows["any action by chance"].top1 == pytest.approx(1 / 4)


def test_that_a_plain_row_is_what_the_n_gram_says_of_each_window_by_itself(made, folder):
    examples = examples_of(made.project, made.read_tracks, load_run(folder).header.config.data)
    windows, words = examples.windows["test"].complete(), examples.vocabulary
    plain = plain_of(examples, 5)
    histories = histories_of(windows, examples.sequences["test"], words)
    assert histories[0] == actions_of(examples.sequences["test"][0], words)[:1]
    one_by_one = np.stack([plain.ngram.roll_out(each, 5) for each in histories])
    row = next(row for row in plain_rows(examples, "test") if is_chosen_ngram(row.method))
    assert row.top1 == pytest.approx((one_by_one.argmax(-1) == windows.next_actions).mean())


def test_that_missing_joints_are_gone_from_every_window_and_stay_gone(made, folder):
    windows = examples_of(made.project, made.read_tracks, load_run(folder).header.config.data).windows["test"]
    assert np.array_equal(with_joints_missing(windows, 0.0).seen_visible, windows.seen_visible)
    some, more = (with_joints_missing(windows, share) for share in (0.1, 0.6))
    assert not (more.seen_visible & ~some.seen_visible).any()
    assert (some.seen_poses[~some.seen_visible] == 0).all()
    assert np.array_equal(some.next_visible, windows.next_visible)
    there, kept = windows.seen_visible[..., 1], some.seen_visible[..., 1]
    assert kept[there].mean() == pytest.approx(0.9, abs=0.06)
    # Two windows in a row of one clip share all but their newest step.
    here = np.flatnonzero(windows.sequence == 0)
    assert np.array_equal(some.seen_visible[here[0], 1:], some.seen_visible[here[1], :-1])


def test_that_missing_joints_matter_smoothly(made, folder):
    run = load_run(folder)
    windows = examples_of(made.project, made.read_tracks, run.header.config.data).windows["test"].complete()
    errors = [run_row(run, with_joints_missing(windows, share)).mpjpe_px for share in (0.0, 0.1, 0.3, 0.6)]
    whole = errors[0]
    assert all(np.isfinite(errors))
    assert abs(errors[1] - whole) < 0.25 * whole, "a tenth of the joints is no catastrophe"
    assert errors[3] < 3 * whole


def test_that_a_report_has_a_line_for_every_method_and_older_ones_still_read(made, folder, tmp_path):
    report = evaluate(load_run(folder), made.project, made.read_tracks, "test", command="posecast evaluate small")
    written, page = protocols.write_report(report, tmp_path)
    assert read_report(written) == report
    assert len(written.read_text().splitlines()) < 80
    assert "`posecast evaluate small`" in page.read_text()
    confused = report.rows[0].confusion
    assert confused.actions == ("cut", "stir", "take", "wash")
    assert sum(map(sum, confused.counts)) == 5 * report.windows
    old = msgspec.json.decode(written.read_bytes())
    old["rows"] = [{"method": "small run", "top1": 0.5}]
    for name in ("command", "licences", "notes"):
        old.pop(name)
    (tmp_path / "old.json").write_bytes(msgspec.json.encode(old))
    assert read_report(tmp_path / "old.json").rows == (Row(method="small run", top1=0.5),)


def test_that_evaluation_writes_its_report_and_says_the_heart_of_it(made, folder, tmp_path):
    spec = EvaluateForecaster(run=str(folder), project="", out=str(tmp_path), part="validation")
    events = list(evaluate_forecaster(spec, made.project, made.read_tracks, lambda clip: None, tmp_path))
    report = msgspec.json.decode((tmp_path / "report.json").read_bytes(), type=Report)
    assert report.part == "validation"
    assert report.rows[0].mpjpe_mm is None
    assert (tmp_path / "report.md").read_text() == report.markdown()
    assert [each.what for each in events if isinstance(each, Made)] == ["report.json", "report.md"]
    assert isinstance(events[-1], Done)
    assert "n-gram" in events[-1].summary


def test_that_a_part_with_nothing_in_it_is_refused_in_words(made, folder):
    run = load_run(folder)
    with pytest.raises(RunError, match="no part"):
        evaluate(run, made.project, made.read_tracks, "holdout")
    test = made.project.splits["split"].parts["test"]
    short = made.project
    for clip_id in test:
        short = short.with_clip(replace(short.clips[clip_id], segments=short.clips[clip_id].segments[:3]))
    with pytest.raises(RunError, match="5 more after it"):
        evaluate(run, short, made.read_tracks, "test")


def test_that_on_another_project_its_own_split_is_used_and_that_is_said(folder):
    other = made_up(8, 9, seed=5)
    clips = {f"x-{key}": replace(each, id=f"x-{key}") for key, each in other.project.clips.items()}
    renamed = replace(other.project, clips=clips, splits={})
    report = evaluate(load_run(folder), renamed, other.read_tracks, "test")
    assert any("None of the clips" in note for note in report.notes)


# ---- bodies and the judge -------------------------------------------------------------------------------------------


def test_that_a_judge_beside_a_run_is_asked_about_every_pose_with_ceiling_and_floor(made, folder, tmp_path):
    poses_m = bank_poses(600)
    noise = np.random.default_rng(0).normal(0, 0.1, poses_m.shape) * (np.arange(9) != 1)[:, None]
    quick = Schedule(steps=60, batch=128, width=24, learning_rate=5e-3)
    training = train_judge(PoseBank(poses_m, "made up"), (poses_m + noise).astype(np.float32), schedule=quick)
    judge = None
    while judge is None:
        try:
            next(training)
        except StopIteration as end:
            judge = end.value
    judge.save(folder.parent / FILE)
    spec = EvaluateForecaster(run=str(folder), project="", out=str(tmp_path), part="test")
    for _ in evaluate_forecaster(spec, made.project, made.read_tracks, None, tmp_path):
        pass
    (folder.parent / FILE).unlink()
    report = read_report(tmp_path / "report.json")
    rows = {row.method: row for row in report.rows}
    assert rows[FLOOR].quality < rows[CEILING].quality
    assert rows[FLOOR].kind == rows[CEILING].kind == "control"
    assert len(rows["small run"].quality_by_seed) == 3
    assert rows["small run"].quality == pytest.approx(np.mean(rows["small run"].quality_by_seed))
    assert rows["bank's mean pose"].quality is not None
    assert rows["zero velocity"].quality is None, "it has no depth"
    assert any("frozen" in note for note in report.notes)


def test_that_bodies_are_measured_against_the_run_s_own_bank_where_it_is(made, folder, tmp_path):
    run = load_run(folder)
    config = configs.with_overrides(run.header.config, ["data.bank=own.safetensors"])
    named = with_arrays(run, header=replace(run.header, config=config))
    bank, doubt = protocols.bank_of(named, tmp_path)
    assert "own.safetensors" in doubt
    assert "simulated kitchen" in bank.source
    write_bank(tmp_path / "own.safetensors", {"matched": bank_poses(300)}, "my own")
    bank, doubt = protocols.bank_of(named, tmp_path)
    assert (bank.source, doubt) == ("my own", "")
    report = evaluate(named, made.project, made.read_tracks, "test", lambda clip: Truth(made.truth[clip]), bank=bank)
    kitchens = evaluate(named, made.project, made.read_tracks, "test", lambda clip: Truth(made.truth[clip]))
    assert report.rows[-1].mpjpe_mm < kitchens.rows[-1].mpjpe_mm
    assert report.rows[-1].bones_off < 0.05
    assert any("my own" in note for note in report.notes)
