"""Training PoseGPT: both stages end, stop and go on bit for bit, and say what they did."""

import csv
import json
from contextlib import closing

import pytest
import torch

from core import configs
from core.errors import RunError
from core.inspection import inspect
from core.models import checkpoints
from core.models.posegpt import PoseGpt
from core.posegpt_configs import PoseGpt as Config
from core.recordings import Stretch
from core.run_folder import RunFolder
from core.runner import carry_out
from core.runs import Done, Made, Metric, Note, PrepareData, Progress, TrainPoseGpt
from core.training.posegpt import train_posegpt
from tests.core.datasets.made_motion import motion_set, project_in, recorded
from tests.core.formats import made_grab, made_humanact12
from tests.core.importing.test_preparing_motion import _amass, _release

QUICK = (
    "autoencoder_training.steps=6", "gpt_training.steps=6", "autoencoder_training.batch=4", "gpt_training.batch=4",
    "validate_every=3", "report_every=2", "data.most_frames=32", "device=cpu",
)  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = project_in(tmp_path_factory.mktemp("posegpt") / "project")
    walk, sit = Stretch(0, 1.5, ("walk",)), Stretch(1.5, 3, ("sit",))
    motion_set(folder, "moves", [recorded(f"m{at}", at, walk, sit) for at in range(8)])
    return folder


def config_of(*overrides, preset="posegpt/smoke") -> Config:
    config = configs.with_overrides(configs.preset(preset), [*QUICK, *overrides])
    assert isinstance(config, Config)
    return config


def train(project, folder, *overrides, preset="posegpt/smoke"):
    spec = TrainPoseGpt(
        project=str(project), out=str(folder), config=config_of(*overrides, preset=preset), preset=preset
    )
    return train_posegpt(spec, "made up", folder)


def stopped_at(project, folder, step, *overrides):
    """Let it go until it has said that it is at `step`, then stop it as a person does."""
    with closing(train(project, folder, *overrides)) as events:
        for event in events:
            if isinstance(event, Progress) and event.done >= step:
                return


def tensors_of(folder, name="last"):
    return checkpoints.load_motion_model(folder / f"{name}.safetensors")


def assert_the_same(one, other):
    assert one.header == other.header
    assert one.tensors.keys() == other.tensors.keys()
    for name, tensor in one.tensors.items():
        assert torch.equal(tensor, other.tensors[name]), name


@pytest.fixture(scope="module")
def whole(project, tmp_path_factory):
    """A run of both stages without a stop."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, list(train(project, folder, "report_every=1"))


def test_that_a_run_reports_both_stages_one_after_the_other_and_leaves_its_files(whole):
    folder, events = whole
    metrics = [each for each in events if isinstance(each, Metric)]
    of_first = {each.name for each in metrics if each.step <= 6}
    of_second = {each.name for each in metrics if each.step > 6}
    assert of_first >= {"loss", "loss/vertices", "waited", "validation/pve_mm", "validation/usage"}
    assert of_second >= {"loss", "train/bits", "waited", "validation/bits", "validation/accuracy"}
    assert "validation/bits" not in of_first
    assert "validation/pve_mm" not in of_second
    assert {each.step for each in metrics if each.name == "validation/pve_mm"} == {3, 6}
    assert {each.step for each in metrics if each.name == "validation/bits"} == {9, 12}
    progress = [each for each in events if isinstance(each, Progress)]
    assert [each.done for each in progress] == list(range(1, 13))
    assert {each.total for each in progress} == {12}
    assert [each.doing for each in progress] == ["auto-encoder"] * 6 + ["GPT"] * 6
    assert events[-2] == Made("best checkpoint", str(folder / "best.safetensors"))
    assert isinstance(events[-1], Done)
    assert "surface error" in events[-1].summary
    assert "bits a code" in events[-1].summary
    with (folder / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(int(row["step"]), row["name"]) for row in rows] == [(each.step, each.name) for each in metrics]
    assert set(json.loads((folder / "split.json").read_text())) == {"train", "validation", "test"}
    assert json.loads((folder / "config.json").read_text())["seed"] == 0
    assert not list(folder.glob("*-windows.npy"))


def test_that_it_says_data_classes_sizes_and_split(whole):
    notes = " | ".join(each.text for each in whole[1] if isinstance(each, Note))
    for words in ("MOVES: 70/15/15 along sequences", "12 stretches to learn from", "2 actions: sit 6, walk 6",
                  "million numbers on cpu", "a token is 4 frames, 2 books of 32 codes"):  # fmt: skip
        assert words in notes


def test_that_the_best_checkpoint_is_a_whole_model_that_says_what_it_is(whole, project):
    folder, events = whole
    best = tensors_of(folder, "best")
    header = best.header
    assert header.actions == ("sit", "walk")
    assert header.windows == {"sit": 6, "walk": 6}
    assert header.stage == "gpt"
    assert header.sources == ("MOVES: 8 recordings; for tests",)
    assert len(header.real_bits) == 21
    assert list(header.real_bits) == sorted(header.real_bits)
    metrics = {(each.step, each.name): each.value for each in events if isinstance(each, Metric)}
    bits = {step: value for (step, name), value in metrics.items() if name == "validation/bits"}
    assert header.figures["validation/bits"] == min(bits.values())
    assert header.step == min(bits, key=lambda step: bits[step]) - 6
    pve = [value for (_, name), value in metrics.items() if name == "validation/pve_mm"]
    assert header.figures["validation/pve_mm"] == min(pve)
    model = PoseGpt.of_checkpoint(best)
    for name, tensor in model.tensors().items():
        assert torch.equal(tensor, best.tensors[name])
    found = inspect(folder / "best.safetensors")
    assert found.kind == "motion model"
    assert found.facts["actions"] == "sit, walk"


def test_that_the_gpt_learns_the_codes_of_the_auto_encoder_that_validated_best(project, tmp_path):
    # A second half of the first stage at a rate that spoils it.
    overrides = ("autoencoder_training.learning_rate=0.9", "autoencoder_training.schedule=constant", "report_every=1")
    with closing(train(project, tmp_path, *overrides)) as events:
        pve = {}
        for event in events:
            if isinstance(event, Metric) and event.name == "validation/pve_mm":
                pve[event.step] = event.value
                if event.step == 3:
                    first = tensors_of(tmp_path, "best").part("autoencoder")
            if isinstance(event, Progress) and event.done == 7:
                break
    assert pve[6] != pve[3]
    kept = tensors_of(tmp_path).part("autoencoder")
    same = all(torch.equal(first[name], kept[name]) for name in first)
    assert same == (pve[3] < pve[6])


@pytest.mark.parametrize("step", [2, 6, 7, 10])
def test_that_a_run_that_was_stopped_takes_the_steps_it_would_have_taken(whole, project, tmp_path, step):
    folder, _ = whole
    stopped_at(project, tmp_path, step, "report_every=1")
    assert tensors_of(tmp_path).header.stage == ("autoencoder" if step <= 6 else "gpt")
    events = list(train(project, tmp_path, "report_every=1"))
    assert any(isinstance(each, Note) and f"Going on after step {step} of 12" in each.text for each in events)
    assert [each.done for each in events if isinstance(each, Progress)] == list(range(step + 1, 13))
    for name in ("last", "best"):
        assert_the_same(tensors_of(tmp_path, name), tensors_of(folder, name))

    def rows(place):
        with (place / "metrics.csv").open(newline="") as file:
            timed = ("waited", "_a_second")
            return [row for row in csv.reader(file) if not row[1].endswith(timed)]

    assert rows(tmp_path) == rows(folder)


def test_that_a_run_in_parts_goes_on_in_parts_bit_for_bit(project, tmp_path):
    parts = ("autoencoder_training.parts=2", "gpt_training.parts=2", "autoencoder.dropout=0.1", "gpt.dropout=0.1")
    list(train(project, tmp_path / "whole", *parts))
    for step in (2, 8):
        stopped_at(project, tmp_path / "run", step, *parts)
    list(train(project, tmp_path / "run", *parts))
    for name in ("best", "last"):
        assert_the_same(tensors_of(tmp_path / "run", name), tensors_of(tmp_path / "whole", name))


def test_that_one_seed_gives_one_run_and_another_another(whole, project, tmp_path):
    list(train(project, tmp_path / "same", "report_every=1"))
    list(train(project, tmp_path / "other", "seed=1"))
    assert_the_same(tensors_of(tmp_path / "same"), tensors_of(whole[0]))
    one, other = tensors_of(tmp_path / "other"), tensors_of(whole[0])
    assert not torch.equal(one.tensors["gpt.start"], other.tensors["gpt.start"])


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("autoencoder.width=64", r"begun with autoencoder.width = 32"),
        ("gpt_training.steps=9", r"begun with gpt_training.steps = 6"),
        ("data.mirror=0.1", r"begun with data.mirror = 0.5"),
    ],
)
def test_that_a_run_is_not_gone_on_with_under_other_settings(whole, project, override, said):
    with pytest.raises(RunError, match=said):
        list(train(project, whole[0], override))


def test_that_a_run_is_not_gone_on_with_on_other_data(project, tmp_path):
    other = project_in(tmp_path / "other")
    made = [recorded(f"m{at}", at + 20, Stretch(0, 1.5, ("walk",)), Stretch(1.5, 3, ("sit",))) for at in range(8)]
    motion_set(other, "moves", made)
    stopped_at(project, tmp_path / "run", 2, "report_every=1")
    with pytest.raises(RunError, match="project has changed"):
        list(train(other, tmp_path / "run", "report_every=1"))


def test_that_the_stages_can_be_run_apart_with_the_same_result(whole, project, tmp_path):
    events = list(train(project, tmp_path / "auto", "report_every=1", preset="posegpt-autoencoder/smoke"))
    assert {each.total for each in events if isinstance(each, Progress)} == {6}
    auto = tensors_of(tmp_path / "auto", "best")
    assert auto.header.stage == "autoencoder"
    both = tensors_of(whole[0], "best")
    for name, tensor in auto.part("autoencoder").items():
        assert torch.equal(tensor, both.tensors[f"autoencoder.{name}"])
    more = (f"autoencoder_run={tmp_path / 'auto'}", "report_every=1")
    alone = list(train(project, tmp_path / "gpt", *more, preset="posegpt-gpt/smoke"))
    assert [each.done for each in alone if isinstance(each, Progress)] == list(range(1, 7))
    gpt = tensors_of(tmp_path / "gpt", "best")
    for name, tensor in gpt.part("gpt").items():
        assert torch.equal(tensor, both.tensors[f"gpt.{name}"])
    assert gpt.header.figures == both.header.figures
    # And a run of one stage goes on with the other, in its own folder.
    list(train(project, tmp_path / "auto", "report_every=1"))
    assert all(
        torch.equal(tensor, both.tensors[name])
        for name, tensor in tensors_of(tmp_path / "auto", "best").tensors.items()
    )


def test_that_a_gpt_alone_needs_an_auto_encoder_of_its_own_kind(whole, project, tmp_path):
    with pytest.raises(RunError, match="No auto-encoder is named") as refused:
        list(train(project, tmp_path / "a", preset="posegpt-gpt/smoke"))
    assert "autoencoder_run=" in refused.value.hint
    named = f"autoencoder_run={whole[0]}"
    with pytest.raises(RunError, match=r"has autoencoder\.width = 32, and this config 64") as refused:
        list(train(project, tmp_path / "b", named, "autoencoder.width=64", preset="posegpt-gpt/smoke"))
    assert refused.value.hint == "Say its settings: autoencoder.width=32"
    with pytest.raises(RunError, match="holds no checkpoint"):
        list(train(project, tmp_path / "c", f"autoencoder_run={tmp_path}", preset="posegpt-gpt/smoke"))


def test_that_a_rate_that_breaks_it_is_said_in_words(project, tmp_path):
    with pytest.raises(RunError, match="is not a number at step 1"):
        list(train(project, tmp_path, "losses.vertices=1e300", "report_every=1"))


def test_that_it_learns_without_anything_set_aside(tmp_path):
    folder = project_in(tmp_path / "few")
    motion_set(folder, "moves", [recorded(f"m{at}", at, Stretch(0, 3, ("walk",))) for at in range(2)])
    events = list(train(folder, tmp_path / "run"))
    assert "nothing was set aside" in events[-1].summary
    assert tensors_of(tmp_path / "run", "best").header.step == 6
    assert tensors_of(tmp_path / "run", "best").header.real_bits == ()


def test_that_stretches_too_short_to_learn_from_are_refused_in_words(tmp_path):
    folder = project_in(tmp_path / "short")
    motion_set(folder, "moves", [recorded(f"m{at}", at, Stretch(0, 0.3, ("walk",))) for at in range(5)])
    with pytest.raises(RunError, match="No labelled stretch is long enough"):
        list(train(folder, tmp_path / "run"))


@pytest.mark.slow
@pytest.mark.parametrize("dataset", ["humanact12", "grab", "babel"])
def test_that_a_papers_raw_folder_becomes_a_model(tmp_path, dataset):
    project, source, more = project_in(tmp_path / "project"), tmp_path / "raw", {}
    if dataset == "humanact12":
        source.mkdir()
        source = made_humanact12.make_folder(source)
    elif dataset == "grab":
        for subject in ("s1", "s2", "s10"):
            place = source / "grab" / subject
            place.mkdir(parents=True)
            made_grab.make_one(place / "airplane_fly_1.npz", subject=subject, frames=200)
    else:
        source, more = _release(source), {"motion": str(_amass(tmp_path / "AMASS"))}
    prepare = PrepareData(project=str(project), out=str(tmp_path / "p"), dataset=dataset, source=str(source), **more)
    list(carry_out(prepare))
    body = "smplx" if dataset != "humanact12" else "smpl"
    out = tmp_path / "run"
    spec = TrainPoseGpt(
        project=str(project), out=str(out), config=config_of(f"data.body={body}"), preset="posegpt/smoke"
    )
    RunFolder(out).write_spec(spec)
    assert isinstance(list(carry_out(spec))[-1], Done)
    classes = {"humanact12": 3, "grab": 1, "babel": 60}
    assert len(tensors_of(out, "best").header.actions) == classes[dataset]
    assert inspect(out).kind == "motion model run"
