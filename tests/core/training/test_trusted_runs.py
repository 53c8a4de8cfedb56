"""Runs that can be trusted: numbers that are none, full disks, stops at any step, other runs to begin with."""

import csv
import json
import struct
from contextlib import closing
from dataclasses import replace

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file

from core import configs, disk
from core.datasets.action_sequences import examples_of
from core.datasets.pose_bank import PoseBank
from core.errors import CoreError, DiskFullError, NotANumberError, RunError
from core.models import checkpoints
from core.run_facts import BAD_BATCH, environment_of
from core.runs import Metric, Note, Progress, TrainForecaster
from core.training import running, tensorboard
from core.training.forecaster import train_forecaster
from core.whole_files import is_full
from tests.core.made_up_project import bank_poses, made_up
from tests.core.training.small_disk import SmallDisk

BANK = PoseBank(bank_poses(300), "made up")
QUICK = (
    "steps=12", "validate_every=4", "report_every=2", "optimiser.batch=8", "data.past_steps=4", "data.future_steps=3",
    "critic.psi_width=8", "critic.joint_width=8", "network.pose_width=8", "network.latent=8", "device=cpu", "samples=2",
    "keep_made=20", "critic.joins_at=0.5",
)  # fmt: skip


@pytest.fixture(scope="module")
def made():
    return made_up(8, 8)


def spec_of(folder, *overrides, begin_at=""):
    config = configs.with_overrides(configs.smoke(), [*QUICK, *overrides])
    return TrainForecaster(
        project="", out=str(folder), config=config, preset="forecaster/smoke", begin_at=str(begin_at)
    )


def train(made, folder, *overrides, begin_at="", examples=None):
    spec = spec_of(folder, *overrides, begin_at=begin_at)
    return train_forecaster(spec, made.project, made.read_tracks, folder, BANK, examples=examples)


def stopped_at(made, folder, step, *overrides):
    with closing(train(made, folder, *overrides)) as events:
        for event in events:
            if isinstance(event, Progress) and event.done >= step:
                return


def metrics_of(events):
    return {(each.step, each.name): each.value for each in events if isinstance(each, Metric)}


def tensors_of(folder, name="last"):
    return checkpoints.load(folder / f"{name}.safetensors").tensors


def assert_same_tensors(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert torch.equal(value, other[name]), name


def assert_same_runs(one, other):
    """All that a run leaves, but when and where it ran."""
    for name in ("best", "last"):
        assert_same_tensors(tensors_of(one, name), tensors_of(other, name))
        headers = [checkpoints.read_header(each / f"{name}.safetensors") for each in (one, other)]
        assert headers[0] == headers[1]
    for name in ("metrics.csv", "config.json", "split.json"):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    assert_same_tensors(load_file(one / "made_poses.safetensors"), load_file(other / "made_poses.safetensors"))
    samples = [{each.name: each.read_bytes() for each in (run / "samples").iterdir()} for run in (one, other)]
    assert samples[0] == samples[1]
    assert tensorboard_points(one) == tensorboard_points(other) == csv_points(one)


def csv_points(folder):
    with (folder / "metrics.csv").open(newline="") as file:
        return {(int(row["step"]), row["name"]): pytest.approx(float(row["value"]), rel=1e-6) for row in
                csv.DictReader(file)}  # fmt: skip


def tensorboard_points(folder):
    """As TensorBoard reads them: what lies at or after a start is forgotten."""
    from tensorboardX.crc32c import crc32c
    from tensorboardX.proto import event_pb2

    def masked(data):
        value = crc32c(data) & 0xFFFFFFFF
        return (((value >> 15) | (value << 17)) + 0xA282EAD8) & 0xFFFFFFFF

    points = {}
    for path in sorted((folder / tensorboard.FOLDER).iterdir()):
        data = path.read_bytes()
        while len(data) >= 12:
            (length,) = struct.unpack("<Q", data[:8])
            assert struct.unpack("<I", data[8:12])[0] == masked(data[:8])
            if len(data) < 16 + length:
                break
            content = data[12 : 12 + length]
            assert struct.unpack("<I", data[12 + length : 16 + length])[0] == masked(content)
            data = data[16 + length :]
            event = vars(event_pb2)["Event"].FromString(content)
            if event.HasField("session_log"):
                points = {key: value for key, value in points.items() if key[0] < event.step}
            for value in event.summary.value:
                points[event.step, value.tag] = value.simple_value
    return points


# ---- going on --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(made, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "run"
    list(train(made, folder))
    return folder


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stops=st.lists(st.integers(1, 12), min_size=1, max_size=3))
def test_that_a_run_stopped_anywhere_and_gone_on_with_is_the_run_that_never_was(
    made, whole, tmp_path_factory, stops
):  # fmt: skip
    folder = tmp_path_factory.mktemp("parts") / "run"
    for step in sorted(set(stops)):
        stopped_at(made, folder, step, "report_every=1")
        assert checkpoints.read_header(folder / "last.safetensors").step == step
    list(train(made, folder))
    # How often it reports is no part of the run; the points that both say are the same.
    ours = csv_points(folder)
    assert all(ours[key].expected == value.expected for key, value in csv_points(whole).items())
    for name in ("best", "last"):
        assert_same_tensors(tensors_of(whole, name), tensors_of(folder, name))


@pytest.mark.parametrize("step", [2, 4, 6, 10])
def test_that_a_run_that_was_stopped_leaves_the_very_files_of_one_that_was_not(made, whole, tmp_path, step):
    stopped_at(made, tmp_path / "run", step)
    list(train(made, tmp_path / "run"))
    assert_same_runs(whole, tmp_path / "run")


def test_that_a_run_in_parts_goes_on_in_parts_as_if_it_never_had_stopped(made, tmp_path):
    parts = ("optimiser.parts=2", "network.dropout=0.2")
    list(train(made, tmp_path / "whole", *parts))
    for step in (2, 6):
        stopped_at(made, tmp_path / "run", step, *parts)
    list(train(made, tmp_path / "run", *parts))
    assert_same_runs(tmp_path / "whole", tmp_path / "run")


@pytest.mark.parametrize("at", [1, 9, 20, 33, 47])
def test_that_a_run_that_was_killed_goes_on_from_its_last_validation_without_a_doubled_point(
    made, whole, tmp_path, at, monkeypatch
):
    # A killed process saves nothing more: neither does this one.
    folder = tmp_path / "run"
    events = train(made, folder)
    for _, _ in zip(range(at), events, strict=False):
        pass
    with monkeypatch.context() as patch:
        patch.setattr("core.training.forecaster.ForecasterRecipe.save", lambda *_: None)
        patch.setattr("core.training.attempt.Attempt._close", lambda *_: None)
        events.close()
    list(train(made, folder))
    assert_same_runs(whole, folder)


def test_that_two_runs_of_one_seed_are_alike_bit_for_bit_and_deterministic_ones_too(made, whole, tmp_path):
    list(train(made, tmp_path / "again"))
    assert_same_runs(whole, tmp_path / "again")
    list(train(made, tmp_path / "run", "deterministic=true"))
    assert_same_tensors(tensors_of(whole), tensors_of(tmp_path / "run"))
    assert not torch.are_deterministic_algorithms_enabled()


def test_that_an_operation_without_a_deterministic_form_is_named():
    config = configs.with_overrides(configs.smoke(), ["deterministic=true"])
    with pytest.raises(RunError, match="put_ has no deterministic form") as refused, running.settled(config):
        raise RuntimeError("put_ does not have a deterministic implementation, but you set …")
    assert "deterministic" in refused.value.hint
    with pytest.raises(RuntimeError, match="anything else"), running.settled(config):
        raise RuntimeError("anything else")


# ---- numbers that are none -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def poisoned(made):
    """The examples, one pose of one window of them far outside of any picture."""
    examples = examples_of(made.project, made.read_tracks, spec_of(".").config.data, 0)
    poses = examples.windows["train"].next_poses.copy()
    poses[5] = np.float32(np.inf)
    windows = {**examples.windows, "train": replace(examples.windows["train"], next_poses=poses)}
    return replace(examples, windows=windows)


def test_that_a_batch_that_gives_no_number_ends_the_run_and_is_kept(made, poisoned, tmp_path):
    folder = tmp_path / "run"
    words = ("optimiser.batch=1", "validate_every=2", "report_every=5", "steps=200", "losses.adversarial=0")
    said = []
    with pytest.raises(NotANumberError, match=r"loss/pose2d is not a number at step (\d+)\.") as ended:
        said.extend(train(made, folder, *words, examples=poisoned))
    assert ended.value.reason == "not-a-number"
    assert BAD_BATCH in ended.value.hint
    step = int(str(ended.value).rpartition("step ")[2].rstrip("."))
    with safe_open(folder / BAD_BATCH, "pt") as file:
        facts = json.loads(file.metadata()["posecast"])
        rows = file.get_tensor("next_poses")
    assert (facts["step"], facts["seed"], facts["first_wrong"]) == (step, 0, "loss/pose2d")
    assert facts["measured"]["loss"] in ("inf", "nan")
    assert np.isfinite(facts["measured"]["loss/action"])
    assert rows.shape[0] == 1
    assert not rows.isfinite().all()
    kept = checkpoints.load(folder / "last.safetensors")
    assert kept.header.step == (step - 1) // 2 * 2 > 0
    learned = [each for name, each in kept.tensors.items() if not name.startswith("baseline.")]
    assert all(each.isfinite().all() for each in learned if each.is_floating_point())
    assert checkpoints.read_header(folder / "best.safetensors").step <= kept.header.step
    assert max(event.step for event in said if isinstance(event, Metric)) <= step
    assert any(isinstance(each, Progress) and each.doing == "looking for the batch" for each in said)
    # Going on meets it again, at the same step.
    with pytest.raises(NotANumberError, match=f"at step {step}\\."):
        list(train(made, folder, *words, examples=poisoned))
    # With other data of the same labels, begun at what was kept, it goes on.
    list(train(made, tmp_path / "mended", *words[:-2], f"steps={step + 3}", "losses.adversarial=0", begin_at=folder))
    assert checkpoints.read_header(tmp_path / "mended" / "last.safetensors").step == step + 3


def test_that_weights_that_are_no_numbers_never_reach_a_file(made, tmp_path):
    list(train(made, tmp_path, "steps=2"))
    kept = checkpoints.load(tmp_path / "last.safetensors")
    before = (tmp_path / "last.safetensors").read_bytes()
    name = next(each for each in kept.tensors if each.startswith("optimiser."))
    spoiled = {**kept.tensors, name: torch.full_like(kept.tensors[name].float(), torch.nan)}
    with pytest.raises(NotANumberError, match="is not written"):
        checkpoints.save(tmp_path / "last.safetensors", kept.header, spoiled)
    assert (tmp_path / "last.safetensors").read_bytes() == before
    assert not list(tmp_path.glob("*.new"))


# ---- another run to begin with ---------------------------------------------------------------------------------------


def test_that_a_run_begun_with_another_takes_the_steps_that_one_would_have_taken(made, whole, tmp_path):
    list(train(made, tmp_path / "parent", "steps=8", "critic.joins_at=0.0"))
    list(train(made, tmp_path / "longer", "steps=12", "critic.joins_at=0.0"))
    said = list(train(made, tmp_path / "child", "critic.joins_at=0.0", begin_at=tmp_path / "parent"))
    assert_same_tensors(tensors_of(tmp_path / "longer"), tensors_of(tmp_path / "child"))
    assert min(step for step, _ in metrics_of(said)) > 8
    header = checkpoints.read_header(tmp_path / "child" / "best.safetensors")
    assert header.parent == "parent/last.safetensors, step 8"
    assert header.step > 8
    assert any(isinstance(each, Note) and "after step 8" in each.text for each in said)
    smaller = list(train(made, tmp_path / "smaller", "optimiser.learning_rate=1e-5", begin_at=tmp_path / "parent"))
    assert metrics_of(smaller).keys() == metrics_of(said).keys()
    # The parent may be gone once the child has kept something of its own.
    moved = spec_of(tmp_path / "child", "critic.joins_at=0.0", "steps=14", begin_at=tmp_path / "nowhere")
    list(train_forecaster(moved, made.project, made.read_tracks, tmp_path / "child", BANK))
    assert checkpoints.read_header(tmp_path / "child" / "last.safetensors").parent == header.parent


def test_that_more_steps_say_what_they_move(made, whole, tmp_path):
    from shutil import copytree

    copytree(whole, tmp_path / "run")
    said = list(train(made, tmp_path / "run", "steps=14"))
    assert any(isinstance(each, Note) and "where the critic joins is a share" in each.text for each in said)
    constant = configs.with_overrides(configs.smoke(), ["critic.joins_at=0.0"])
    assert running.moved(constant, configs.with_overrides(constant, ["steps=9"])) == ""
    falling = configs.with_overrides(constant, ["optimiser.schedule=cosine"])
    assert "the rate falls" in running.moved(falling, configs.with_overrides(falling, ["steps=9"]))


@pytest.mark.parametrize(
    ("word", "says"),
    [("network.latent=16", r"network\.latent = 8"), ("steps=4", "at step 12 already"),
     ("data.past_steps=6", "do not fit this run")],
)  # fmt: skip
def test_that_a_run_that_does_not_fit_is_refused_in_words(made, whole, tmp_path, word, says):
    words = ["steps=20", word] if word != "steps=4" else [word]
    with pytest.raises(RunError, match=says) as refused:
        list(train(made, tmp_path / "child", *words, begin_at=whole))
    assert refused.value.hint


# ---- full disks ------------------------------------------------------------------------------------------------------


def test_that_a_disk_that_fills_up_anywhere_spoils_nothing_that_was_kept(made, tmp_path, monkeypatch):
    words = ("steps=4", "validate_every=2")
    with monkeypatch.context() as patch:
        endless = SmallDisk(patch, tmp_path)
        list(train(made, tmp_path / "endless", *words))
    refused = 0
    for at, room in enumerate(range(endless.written // 40, endless.written, endless.written // 6)):
        folder = tmp_path / f"run-{at}"
        with monkeypatch.context() as patch:
            SmallDisk(patch, tmp_path, room)
            with pytest.raises((CoreError, OSError)) as ended:
                list(train(made, folder, *words))
            assert is_full(ended.value) or getattr(ended.value, "reason", "") == "disk-full", ended.value
        refused += 1
        assert [each.name for each in folder.rglob("*") if ".new" in each.name or ".part" in each.name] == []
        for file in folder.glob("*.safetensors"):
            if file.name in ("best.safetensors", "last.safetensors"):
                checkpoints.load(file)  # whole, by its own sum
        list(train(made, folder, *words))  # there is room again
        assert_same_runs(tmp_path / "endless", folder)
    assert refused >= 6


def test_that_a_run_that_does_not_fit_on_the_disk_does_not_begin(made, tmp_path, monkeypatch):
    monkeypatch.setattr(disk, "free_bytes", lambda _: 9_000_000)
    with pytest.raises(DiskFullError, match=r"needs \d+ MB on the disk, and 9 MB are free") as refused:
        list(train(made, tmp_path, "network.pose_width=512"))
    assert refused.value.reason == "disk-full"
    assert not list(tmp_path.glob("*.safetensors"))


# ---- what a run says of itself ---------------------------------------------------------------------------------------


def test_that_a_run_says_where_it_ran_and_what_it_came_to(made, tmp_path):
    stopped_at(made, tmp_path, 6)
    first = environment_of(tmp_path)
    assert first is not None
    assert first.attempts[-1].ended is not None
    list(train(made, tmp_path))
    said = environment_of(tmp_path)
    assert said is not None
    assert [(each.first_step, each.last_step) for each in said.attempts] == [(0, 6), (6, 12)]
    assert said.device == "cpu"
    assert said.made_by.startswith("Posecast")
    assert said.packages["torch"] == torch.__version__.partition("+")[0] or "torch" in said.packages
    assert said.memory_peak_bytes > 50_000_000
    assert said.device_memory_peak_bytes == 0
    assert said.seconds == pytest.approx(sum(each.seconds for each in said.attempts))
    assert said.parts["test"] == len(made.project.splits["split"].parts["test"])
    report = json.loads((tmp_path / "report.json").read_text())
    header = checkpoints.read_header(tmp_path / "best.safetensors")
    assert report["figures"] == header.figures
    assert (report["steps"], report["of"], report["best_step"]) == (12, 12, header.step)
    assert report["last"]["loss"] == csv_points(tmp_path)[12, "loss"]
    assert msgspec.convert(report["config"], configs.Forecaster) == spec_of(tmp_path).config
    words = (tmp_path / "report.md").read_text()
    for each in ("Step 12 of 12", "validation/score", "posecast train forecaster/smoke", "network.latent=8"):
        assert each in words


def test_that_the_command_of_a_report_makes_the_same_config():
    from core.training.report import command_of

    spec = spec_of("run", "data.seen_times=true", "optimiser.learning_rate=1e-3")
    words = command_of(spec).split()
    overrides = [each for each in words[3:] if "=" in each]
    assert configs.with_overrides(configs.PRESETS[words[2]](), overrides) == spec.config


def test_that_curves_go_without_tensorboard_where_its_package_is_missing(made, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tensorboardX.proto", None)
    said = list(train(made, tmp_path, "steps=2"))
    assert Note(tensorboard.MISSING) in said
    assert csv_points(tmp_path)
    assert not (tmp_path / tensorboard.FOLDER).exists()
