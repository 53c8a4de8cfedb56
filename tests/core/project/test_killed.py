"""What is left of a project whose process is killed at any moment: everything that had been confirmed."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from core.project.check import check
from core.project.store import ProjectStore
from tests.core.project.scripted_edits import EDITS, step

ROUNDS = 40 if os.environ.get("POSECAST_SOAK") else 4
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def after_each_edit(tmp_path_factory):
    """The project as it should stand once 0, 1, … edits are made."""
    states = []
    with ProjectStore.create(tmp_path_factory.mktemp("whole") / "kitchen", "Kitchen", "Ada") as store:
        states.append(store.project)
        for number in range(EDITS):
            step(store, number)
            states.append(store.project)
    return states


def killed_child(folder, confirmed_before_the_kill, delay_s):
    """How many edits the child had confirmed when it was dead."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.core.project.scripted_edits", str(folder)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    with child:
        said = [child.stdout.readline() for _ in range(confirmed_before_the_kill)]
        time.sleep(delay_s)
        child.kill()
        said += child.stdout.read().splitlines(keepends=True)
    whole = [line for line in said if line.endswith(b"\n")]
    assert [int(line) for line in whole] == list(range(len(whole)))
    assert child.returncode == -9 or len(whole) == EDITS
    return len(whole)


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is a signal of POSIX systems")
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_that_a_kill_at_any_moment_loses_no_confirmed_edit(tmp_path, after_each_edit, seed):
    chance = random.Random(seed)
    folder = tmp_path / "kitchen"
    confirmed = killed_child(folder, chance.randrange(1, EDITS - 5), chance.uniform(0, 0.01))
    findings = check(folder)
    with ProjectStore.open(folder, "Ada") as again:
        made = again.journal[-1].sequence - 1  # the first row makes the project
        assert made in (confirmed, confirmed + 1)  # one may have been on the disk and not yet said
        assert msgspec.structs.replace(again.project, id="") == msgspec.structs.replace(after_each_edit[made], id="")
        assert again.read_only_reason is None
        while again.undo():
            pass
        assert not again.project.clips
        assert not again.project.labels
    assert findings == []
    assert check(folder) == []
