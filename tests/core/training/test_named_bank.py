"""A forecaster's critic learns from the bank that its config names."""

import numpy as np
import pytest
from msgspec.structs import replace

from core import configs
from core.datasets.bank_building import build
from core.datasets.pose_bank import find_bank, shared_with, shipped_bank
from core.errors import RunError
from core.runs import BuildPoseBank, Done, Note, TrainForecaster
from core.training.forecaster import train_forecaster
from tests.core.datasets.made_motion import motion_set, project_in, recorded
from tests.core.made_up_project import made_up

QUICK = ("steps=2", "validate_every=2", "critic.psi_width=16", "network.pose_width=24", "device=cpu")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = project_in(tmp_path_factory.mktemp("bank") / "project")
    motion_set(folder, "walks", [recorded(f"walks/w{at}", at) for at in range(4)])
    for _ in build(BuildPoseBank(project=str(folder), out=str(folder), name="Our bank", poses=60)):
        pass
    return folder


def _notes(made, project, folder, *overrides):
    config = configs.with_overrides(configs.preset("forecaster/smoke"), [*QUICK, *overrides])
    spec = TrainForecaster(project=str(project), out=str(folder), config=config)
    events = list(train_forecaster(spec, made.project, made.read_tracks, folder))
    assert isinstance(events[-1], Done)
    return [each.text for each in events if isinstance(each, Note)]


def test_that_training_says_which_bank_it_learns_from(project, tmp_path):
    made = made_up(6, 6)
    told = _notes(made, project, tmp_path / "ours", "data.bank=our-bank")
    assert any("60 poses, recorded motion of WALKS" in each for each in told)
    told = _notes(made, project, tmp_path / "shipped")
    assert any(f"{len(shipped_bank()):,} poses, simulated kitchen" in each for each in told)
    assert not any("holds people of" in each for each in told)


def test_that_a_video_of_somebody_in_the_bank_is_said(project, tmp_path):
    made = made_up(6, 6)
    first, *others = made.project.clips.values()
    clips = {each.id: each for each in (replace(first, name="walks-w2.mp4"), *others)}
    filmed = replace(made.project, clips=clips)
    assert shared_with(find_bank("Our bank", project), filmed) == ["walks-w2.mp4"]
    assert shared_with(find_bank("Our bank", project), made.project) == []
    told = _notes(type(made)(filmed, made.tracks, made.truth), project, tmp_path / "run", "data.bank=Our bank")
    assert any("holds people of 1 clip" in each for each in told)


def test_that_a_bank_is_found_by_name_key_and_file(project):
    path = project / "datasets" / "our-bank" / "bank.safetensors"
    ours = find_bank("Our bank", project).poses_m
    for name in ("our-bank", str(path), "datasets/our-bank/bank.safetensors"):
        np.testing.assert_array_equal(find_bank(name, project).poses_m, ours)
    assert len(find_bank("", project)) == len(shipped_bank())
    with pytest.raises(RunError, match="no pose bank 'other'") as refused:
        find_bank("other", project)
    assert "our-bank" in refused.value.hint
