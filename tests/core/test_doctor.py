"""The doctor says what is, and what to do where something is missing."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core import doctor
from core.bodies import library
from tests.core.bodies.made_up_models import random_arrays

ROOT = Path(__file__).resolve().parents[2]


def test_that_every_finding_with_a_problem_says_what_to_do(monkeypatch):
    monkeypatch.setattr(doctor, "ENOUGH_DISK_GB", 1e9)
    findings = doctor.examine()
    assert {each.what for each in findings} >= {
        "Python",
        "Packages",
        "Display",
        "3D drawing",
        "Video",
        "Disk",
        "Light copies",
    }
    problems = [each for each in findings if each.state == "problem"]
    assert "Disk" in {each.what for each in problems}
    assert all(each.hint for each in problems)


def test_that_a_machine_without_a_display_is_told_so(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert "no display" in (doctor.display_problem() or "")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X servers")
def test_that_a_display_that_does_not_answer_is_named():
    environment = {**os.environ, "DISPLAY": ":9876"}
    environment.pop("WAYLAND_DISPLAY", None)
    said = subprocess.run(
        [sys.executable, "-m", "core.doctor", "--display"], cwd=ROOT, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert said.returncode == 1
    assert ":9876 does not answer" in said.stdout


def test_that_the_doctor_does_not_load_torch():
    code = "import core.doctor, sys; core.doctor.torch_build(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_that_missing_pyav_and_a_vanished_folder_are_findings(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "av", None)
    problems = {each.what for each in doctor.examine(tmp_path / "gone") if each.state == "problem"}
    assert problems >= {"Video", "Disk"}


def test_that_the_doctor_says_which_bodies_there_are_and_which_are_damaged(tmp_path, monkeypatch):
    monkeypatch.setenv("POSECAST_BODIES", str(tmp_path))
    assert doctor._body().says == "built in, free to use: SMPL, SMPL-X"
    np.savez(tmp_path / "model_f.npz", **random_arrays("smplh"))
    library.add(tmp_path / "model_f.npz")
    assert "yours: SMPL-H, female" in doctor._body().says
    (tmp_path / "smplh-female.npz").write_bytes(b"PK")
    found = doctor._body()
    assert found.state == "note"
    assert "add its file again" in found.hint


def test_that_missing_built_in_bodies_are_a_problem_and_not_a_crash(tmp_path, monkeypatch):
    monkeypatch.setattr(library.resources, "path", lambda *parts: tmp_path.joinpath(*parts))
    library._built_in.cache_clear()
    assert doctor._body().state == "problem"
    library._built_in.cache_clear()


def test_that_the_doctor_says_which_models_ship_and_what_each_does(tmp_path, monkeypatch):
    from core.models.checkpoints import save
    from tests.core.generation.made_model import made_config, made_header, made_whole

    config = made_config()
    walker = tmp_path / "checkpoints" / "walker" / "best.safetensors"
    save(walker, made_header(config), made_whole(config).tensors())
    monkeypatch.setattr("resources.path", lambda *parts: tmp_path.joinpath(*parts))
    assert doctor._models() == doctor.Finding("Models", "ok", "forecasts: none is shipped; makes motion: walker")
    walker.write_bytes(walker.read_bytes()[:100])
    found = doctor._models()
    assert (found.state, found.says) == ("problem", "damaged: walker")
    walker.unlink()
    assert doctor._models().state == "note"
