"""`posecast train … key=value`, the studio's spec in a process of its own, and a reproduced command make one run."""

import subprocess
import sys

import pytest
from safetensors.torch import load_file
from typer.testing import CliRunner

from core import configs
from core.__main__ import app
from core.run_folder import RunFolder
from core.runs import TrainForecaster
from tests.core.project_on_disk import project_on_disk

WORDS = ("steps=6", "validate_every=3", "report_every=2", "losses.pose2d=0.5", "critic.psi_width=16", "device=cpu")


@pytest.fixture
def project(tmp_path):
    project_on_disk(tmp_path / "project", clips=6, steps=6)
    return tmp_path / "project"


def test_that_the_command_and_the_studio_make_the_same_run(project):
    typed, asked = project / "runs" / "typed", project / "runs" / "asked"
    done = CliRunner().invoke(
        app, ["train", "forecaster/smoke", *WORDS, "--project", str(project), "--out", str(typed)]
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    config = configs.with_overrides(configs.preset("forecaster/smoke"), WORDS)
    assert isinstance(config, configs.Forecaster)
    spec = TrainForecaster(project=str(project), out=str(asked), config=config, preset="forecaster/smoke")
    RunFolder(asked).write_spec(spec)
    subprocess.run([sys.executable, "-m", "core.runner", str(asked)], check=True, capture_output=True)
    assert RunFolder(asked).state() == RunFolder(typed).state() == "done"
    for name in ("metrics.csv", "config.json", "split.json"):
        assert (typed / name).read_bytes() == (asked / name).read_bytes(), name
    for name in ("best.safetensors", "last.safetensors"):
        one, other = load_file(typed / name), load_file(asked / name)
        assert one.keys() == other.keys()
        assert all(one[each].equal(other[each]) for each in one), name
    names = [{each.name for each in folder.iterdir()} for folder in (typed, asked)]
    assert names[0] - {"stdout.log"} == names[1] - {"stdout.log"}
