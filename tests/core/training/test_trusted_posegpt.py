"""Motion models that can be trusted: numbers that are none in either stage, and other runs to begin with."""

import json

import numpy as np
import pytest
import torch
from safetensors import safe_open

from core.datasets.motion_features import StepBatches
from core.errors import NotANumberError, RunError
from core.run_facts import BAD_BATCH, environment_of
from core.runs import Metric, Progress, TrainPoseGpt
from core.training.posegpt import train_posegpt
from tests.core.datasets.made_motion import motion_set, project_in, recorded
from tests.core.training.test_posegpt_training import Stretch, config_of, stopped_at, tensors_of, train

BAD_STEP = 5


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = project_in(tmp_path_factory.mktemp("posegpt") / "project")
    walk, sit = Stretch(0, 1.5, ("walk",)), Stretch(1.5, 3, ("sit",))
    motion_set(folder, "moves", [recorded(f"m{at}", at, walk, sit) for at in range(8)])
    return folder


class Poisoned(StepBatches):
    """Batches of which one of a stage has a path or a label that is no number."""

    bad_stage = 1

    def __call__(self, step):
        batch = super().__call__(step)
        if (self._stage, step) == (self.bad_stage, BAD_STEP):
            (batch.path_m if self._stage == 1 else batch.labels)[0] = np.nan
        return batch


@pytest.mark.parametrize("stage", [1, 2])
def test_that_a_number_that_is_none_ends_either_stage_with_its_batch(project, tmp_path, monkeypatch, stage):
    monkeypatch.setattr("core.training.posegpt.StepBatches", Poisoned)
    monkeypatch.setattr(Poisoned, "bad_stage", stage)
    step = BAD_STEP + 6 * (stage - 1)
    events = []
    with pytest.raises(NotANumberError, match=rf"is not a number at step {step}\."):
        events.extend(train(project, tmp_path))
    kept = tensors_of(tmp_path)
    assert kept.header.stage == ("autoencoder" if stage == 1 else "gpt")
    assert kept.header.step == 3
    learned = [each for name, each in kept.tensors.items() if not name.endswith(".idle")]
    assert all(each.isfinite().all() for each in learned if each.is_floating_point())
    with safe_open(tmp_path / BAD_BATCH, "pt") as file:
        facts = json.loads(file.metadata()["posecast"])
        held = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    assert facts["step"] == step
    assert any(not each.isfinite().all() for each in held.values() if each.is_floating_point())
    assert max(each.step for each in events if isinstance(each, Metric)) < step
    assert not list(tmp_path.glob("*-windows.npy"))


def begun(project, folder, parent, *overrides):
    spec = TrainPoseGpt(
        project=str(project), out=str(folder), config=config_of(*overrides), preset="posegpt/smoke",
        begin_at=str(parent),
    )  # fmt: skip
    return train_posegpt(spec, "made up", folder)


@pytest.mark.parametrize("stop", [3, 6, 9])
def test_that_a_run_begun_with_another_in_either_stage_goes_on_where_that_one_is(project, tmp_path, stop):
    parent = tmp_path / "parent"
    stopped_at(project, parent, stop, "report_every=1")
    events = list(begun(project, tmp_path / "child", parent, "report_every=1"))
    assert [each.done for each in events if isinstance(each, Progress)] == list(range(stop + 1, 13))
    header = tensors_of(tmp_path / "child", "best").header
    assert header.parent.startswith("parent/last.safetensors, step")
    if stop > 6:  # before that, the best auto-encoder may be one that lies with the parent
        list(train(project, parent, "report_every=1"))
        child = tensors_of(tmp_path / "child").tensors
        for name, each in tensors_of(parent).tensors.items():
            assert torch.equal(each, child[name]), name
    said = environment_of(tmp_path / "child")
    assert said is not None
    assert [(each.first_step, each.last_step) for each in said.attempts] == [(stop, 12)]
    report = json.loads((tmp_path / "child" / "report.json").read_text())
    assert (report["steps"], report["of"]) == (12, 12)
    assert report["begun_at"] == str(parent)


def test_that_a_run_of_another_network_is_refused_in_words(project, tmp_path):
    parent = tmp_path / "parent"
    list(train(project, parent))
    with pytest.raises(RunError, match=r"gpt\.width = 32"):
        list(begun(project, tmp_path / "child", parent, "gpt.width=64"))
    with pytest.raises(RunError, match="at step 6 already"):
        list(begun(project, tmp_path / "child", parent))
