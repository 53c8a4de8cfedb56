"""What the README says is so: its script runs, its commands exist, its pictures are there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from core import configs
from core.__main__ import app

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
COMMANDS = {each.name or each.callback.__name__.rstrip("_").replace("_", "-") for each in app.registered_commands}
COMMANDS |= {each.name or each.typer_instance.info.name for each in app.registered_groups}


OTHERS = {f"{model}/{what}" for model in ("forecaster", "posegpt") for what in ("tables", "table", "figure", "choices")}
"""What `posecast reproduce` is asked for; no presets."""


@pytest.mark.slow
def test_that_the_script_of_ten_lines_runs(tmp_path):
    (script,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    statements = [line for line in script.splitlines() if line.strip() and not line.startswith(("import", "from"))]
    assert len(statements) <= 10
    environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"\d+ frames; number 100 at 3\.3\d* s is \(360, 640, 3\)", done.stdout)
    assert re.search(r"\[\('\w[\w ]*', [\d.]+\)", done.stdout)


def test_that_every_command_it_names_is_there():
    named = set(re.findall(r"^(?:`)?posecast ([a-z]+)", README, re.MULTILINE))
    assert named >= {"new", "add", "poses", "train", "evaluate", "forecast", "render"}
    assert named <= COMMANDS


def test_that_every_preset_it_names_is_there():
    named = set(re.findall(r"(?:forecaster|posegpt)/[a-z-]+[a-z]", README)) - OTHERS
    assert named == {each for each in configs.PRESETS if not each.startswith(("posegpt-autoencoder", "posegpt-gpt"))}


def test_that_every_picture_and_record_it_shows_is_there():
    shown = re.findall(r"!\[[^]]*\]\(([^)]+)\)", README)
    assert {Path(each).stem for each in shown} >= {
        "projects",
        "data",
        "annotate",
        "train",
        "forecast",
        "bodies",
        "calibrate",
        "generate",
    }
    assert all((ROOT / each).is_file() for each in shown)


def test_that_no_command_is_missing_that_the_program_promises():
    promised = (
        "demo new add poses import export inspect check train evaluate forecast generate render bench doctor "
        "bodies calibrate cameras fit"
    )
    assert set(promised.split()) <= COMMANDS
