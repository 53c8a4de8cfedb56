"""Jobs in hundreds, each asked for, and then left, stopped, paused, taken out or killed at any moment: nothing is left.

Real jobs, keepers and askers: demos without video, light copies and trainings, fifty of them here and 500 under
POSECAST_SOAK=1, where the figures are kept in docs/results/soak.json. Every job ends in the state that its fate says,
and afterwards no process, thread, open file, temporary file, ticket or pointer is there that was not there before.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from core import configs, line, line_files, line_turns, processes
from core.run_folder import RunFolder
from core.runs import MakeDemo, MakeProxy, Spec, TrainForecaster
from core.video import write_video
from tests.core.project_on_disk import project_on_disk

ROOT = Path(__file__).resolve().parents[2]
IS_WHOLE = bool(os.environ.get("POSECAST_SOAK"))
JOBS = 500 if IS_WHOLE else 50
AT_ONCE = 8
QUICK = (
    "steps=24", "validate_every=8", "report_every=8", "optimiser.batch=8", "data.past_steps=4", "data.future_steps=3",
    "critic.psi_width=8", "critic.joint_width=8", "network.pose_width=8", "network.latent=8", "device=cpu", "samples=0",
)  # fmt: skip

Fate = Generator[None, None, tuple[str, ...]]
"""Goes on each time it is asked to, and ends with the states that the job may then be in."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="who lives and what is open is read from /proc")


@dataclass
class Soak:
    """The place where it happens, its chances, and what happened."""

    folder: Path
    chance: random.Random
    happened: Counter[str] = field(default_factory=Counter)

    def run(self, number: int) -> RunFolder:
        return RunFolder(self.folder / "runs" / f"{number:03d}")

    def demo(self, run: RunFolder, clips: int = 1) -> MakeDemo:
        """Of many clips it lasts until somebody ends it."""
        folder = self.folder / "demos" / run.path.name
        return MakeDemo(folder=str(folder), out=str(run.path), clips=clips, seconds=1.0, video=False)

    def proxy(self, run: RunFolder, film: str = "film.mp4") -> MakeProxy:
        """One lane for all of them, so most wait."""
        copies = self.folder / "copies" / run.path.name
        return MakeProxy(video=str(self.folder / film), out=str(run.path), folder=str(copies))

    def training(self, run: RunFolder) -> TrainForecaster:
        config = configs.with_overrides(configs.smoke(), QUICK)
        return TrainForecaster(project=str(self.folder / "project"), out=str(run.path), config=config)

    def short(self, run: RunFolder) -> Spec:
        return self.demo(run) if self.chance.random() < 0.25 else self.proxy(run)

    def long(self, run: RunFolder) -> Spec:
        """One that is hardly done before somebody says something to it."""
        return self.demo(run, 500) if self.chance.random() < 0.25 else self.proxy(run, "long film.mp4")


# ---- fates ----------------------------------------------------------------------------------------------------------


def until(holds: Callable[[], bool], seconds: float = 120) -> Generator[None]:
    patience = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < patience, line_files.log_file().read_text()[-3000:]
        yield


def a_while(soak: Soak, most_s: float = 0.6) -> Generator[None]:
    end = time.monotonic() + soak.chance.uniform(0, most_s)
    while time.monotonic() < end:
        yield


def left_alone(soak: Soak, run: RunFolder) -> Fate:
    line.ask(run, soak.short(run), priority=soak.chance.choice([-1, 0, 1]))
    yield from until(lambda: run.state() == "done")
    return ("done",)


def refused(soak: Soak, run: RunFolder) -> Fate:
    line.ask(run, MakeProxy(video=str(soak.folder / "no film.mp4"), out=str(run.path), folder=str(soak.folder)))
    yield from until(lambda: run.state() == "failed")
    return ("failed",)


def quick(run: RunFolder) -> tuple[str, ...]:
    """A copy may be done before it hears what it is told; a demo of 500 clips is not."""
    return () if isinstance(run.spec(), MakeDemo) else ("done",)


def stopped(soak: Soak, run: RunFolder) -> Fate:
    """Whether it waits, begins or works."""
    line.ask(run, soak.long(run))
    yield from a_while(soak, 1.5)
    line.stop(run)
    yield from until(lambda: ended(run))
    return ("stopped", *quick(run))


def taken_out(soak: Soak, run: RunFolder) -> Fate:
    line.ask(run, soak.proxy(run), priority=line.LOW)
    yield from a_while(soak, 0.3)
    line.take_out(run)
    yield from until(lambda: run.state() in ("stopped", "done"))
    return ("stopped", "done")  # one that is at work already is not taken out


def paused(soak: Soak, run: RunFolder) -> Fate:
    line.ask(run, soak.short(run))
    yield from a_while(soak, 1.0)
    line.pause(run)
    yield from until(lambda: run.state() in ("paused", "done"))
    yield from a_while(soak)
    line.go_on(run)
    yield from until(lambda: run.state() == "done")
    return ("done",)


def stopped_while_paused(soak: Soak, run: RunFolder) -> Fate:
    line.ask(run, soak.long(run))
    yield from a_while(soak, 1.5)
    line.pause(run)
    yield from until(lambda: run.state() in ("paused", "done"))
    line.stop(run)
    yield from until(lambda: ended(run))
    return ("stopped", *quick(run))


def killed(soak: Soak, run: RunFolder) -> Fate:
    line.ask(run, soak.demo(run, 500))
    yield from until(run.is_alive)
    yield from a_while(soak, 1.5)
    if soak.chance.random() < 0.3:
        line.pause(run)
        yield from until(lambda: run.state() == "paused")
    kill(run)
    yield from until(lambda: run.state() == "killed")
    return ("killed",)


def killed_and_again(soak: Soak, run: RunFolder) -> Fate:
    """What was killed is asked for again, and is done."""
    line.ask(run, soak.proxy(run))
    yield from until(lambda: run.is_alive() or run.state() == "done")
    yield from a_while(soak, 0.3)
    kill(run)
    yield from until(lambda: run.state() in ("killed", "done"))
    if run.state() == "killed":
        line.ask(run, soak.proxy(run))
    yield from until(lambda: run.state() == "done")
    return ("done",)


def told_by_the_system(soak: Soak, run: RunFolder) -> Fate:
    line.ask(run, soak.long(run))
    yield from until(lambda: (run.path / "events.jsonl").exists())
    run.end()
    yield from until(lambda: ended(run))
    return ("stopped", *quick(run))


def keeper_killed(soak: Soak, run: RunFolder) -> Fate:
    line.ask(run, soak.short(run))
    yield from a_while(soak, 1.0)
    soak.happened["keepers killed"] += kill_keeper()
    yield from until(lambda: line.tend() or run.state() == "done")
    return ("done",)


def asker_killed(soak: Soak, run: RunFolder) -> Fate:
    """It was asked for or it was not; nothing is in between."""
    spec = soak.proxy(run)
    code = "import sys; from pathlib import Path; from core import line; from core.run_folder import RunFolder;"
    code += "from core.runs import MakeProxy; run, video, folder = sys.argv[1:];"
    code += "line.ask(RunFolder(Path(run)), MakeProxy(video=video, out=run, folder=folder))"
    asker = subprocess.Popen([sys.executable, "-c", code, str(run.path), spec.video, spec.folder], cwd=ROOT)
    yield from a_while(soak, 0.9)
    if asker.poll() is None:
        soak.happened["askers killed"] += 1
        asker.kill()
    asker.wait()
    yield from until(lambda: line.tend() or run.state() in ("new", "done"))
    return ("done",) if asker.returncode == 0 else ("done", "new")


def training_paused(soak: Soak, run: RunFolder) -> Fate:
    line.ask(run, soak.training(run))
    yield from until(lambda: run.state() == "running")
    yield from a_while(soak, 3.0)
    line.pause(run)
    yield from until(lambda: run.state() in ("paused", "done"))
    yield from until(lambda: not run.is_alive())
    line.go_on(run)
    yield from until(lambda: run.state() == "done")
    return ("done",)


def training_killed(soak: Soak, run: RunFolder) -> Fate:
    line.ask(run, soak.training(run))
    yield from until(run.is_alive)
    yield from a_while(soak, 3.0)
    kill(run)
    yield from until(lambda: run.state() in ("killed", "done"))
    if run.state() == "killed":
        line.ask(run, soak.training(run))
    yield from until(lambda: run.state() == "done")
    return ("done",)


LIGHT = (
    *(left_alone, refused, stopped, taken_out, taken_out, paused, stopped_while_paused, killed, killed_and_again),
    *(told_by_the_system, keeper_killed, asker_killed),
)
HEAVY = (training_paused, training_killed)


def kill(run: RunFolder) -> None:
    process = run.process()
    if process is not None and processes.lives(process):
        os.kill(process.pid, signal.SIGKILL)


def ours() -> dict[int, str]:
    """Every process that was started in this test, by what it was told."""
    found = {}
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if os.environ["POSECAST_STATE"].encode() in (each / "environ").read_bytes():
                found[int(each.name)] = (each / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found


def kill_keeper() -> bool:
    for pid, words in ours().items():
        if "core.line_keeper" in words:
            os.kill(pid, signal.SIGKILL)
            return True
    return False


# ---- what is there --------------------------------------------------------------------------------------------------


def open_here() -> dict[str, int]:
    """What a process holds that asks for jobs all day."""
    processes.started(0)  # takes leave of children that ended
    import psutil

    us = psutil.Process()
    return {
        "open files": us.num_fds(),
        "threads": threading.active_count(),
        "children": len(us.children(recursive=True)),
    }


def left_behind(soak: Soak) -> dict[str, list[str]]:
    """By kind, what should not be there any more."""
    runs, place = soak.folder / "runs", line_files.line_folder()
    names = [each for each in soak.folder.rglob("*") if not each.is_relative_to(soak.folder / "project")]
    half = [each for each in names if each.name.endswith((".new", ".tmp")) or ".part" in each.name]
    lines = {"lock", "keeper.lock", "bell", "newest", "keeper.log", "jobs"}
    return {
        "processes": sorted(ours().values()),
        "temporary files": sorted(str(each) for each in Path(tempfile.gettempdir()).iterdir() if not torchs(each)),
        "half-written files": sorted(str(each) for each in half if ".stamped" not in each.name),
        "stamped files": sorted(str(each) for each in names if ".stamped" in each.name),
        "tickets": sorted(str(each) for each in runs.glob("*/ticket.json")),
        "marks of a pause": sorted(str(each) for each in runs.glob("*/paused")),
        "pointers": sorted(each.name for each in (place / "jobs").iterdir()),
        "files of the line": sorted({each.name for each in place.iterdir()} - lines),
    }


def torchs(path: Path) -> bool:
    """The one empty folder that torch makes for each person, where it would keep what it compiles."""
    return path.name.startswith("torchinductor_") and not any(path.iterdir())


def ended(run: RunFolder) -> bool:
    return run.state() not in ("waiting", "running", "pausing", "paused", "stopping")


def keeper_lives() -> bool:
    right = line_turns.right_to_keep()
    if right is not None:
        right.release()
    return right is None


def settle(holds: Callable[[], bool]) -> None:
    for _ in until(holds):
        time.sleep(0.05)


@pytest.fixture
def soak(tmp_path, monkeypatch):
    """A project to train on, a film to copy, a folder of its own for temporary files."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    place = tmp_path / "soak"
    place.mkdir()
    project_on_disk(place / "project", clips=8, steps=8)
    for name, frames in (("film.mp4", 20), ("long film.mp4", 1500)):
        with write_video(place / name, 25.0, 64, 48) as film:
            for shade in range(frames):
                film.add(np.full((48, 64, 3), shade % 250, np.uint8))
    return Soak(place, random.Random(8))


@pytest.mark.soak
@pytest.mark.slow
def test_that_hundreds_of_jobs_end_as_they_should_and_nothing_of_them_is_left(soak):
    for _ in left_alone(soak, soak.run(0)):  # whatever is loaded once, is
        time.sleep(0.02)
    settle(lambda: not keeper_lives() and not ours() and not open_here()["children"])
    before = open_here()
    began, most_open = time.monotonic(), 0
    fates = [LIGHT[number % len(LIGHT)] for number in range(JOBS)]
    for number in range(JOBS // 50):
        fates[number * 49 + 11] = HEAVY[number % 2]
    soak.chance.shuffle(fates)
    todo = [(fate.__name__, soak.run(number + 1), fate) for number, fate in enumerate(fates)]
    under_way: list[tuple[str, RunFolder, Fate]] = []
    wrong: list[str] = []
    while todo or under_way:
        while todo and len(under_way) < AT_ONCE:
            name, run, fate = todo.pop()
            under_way.append((name, run, fate(soak, run)))
        for each in list(under_way):
            name, run, fate = each
            try:
                next(fate)
            except StopIteration as over:
                under_way.remove(each)
                soak.happened[f"{name}: {run.state()}"] += 1
                if run.state() not in over.value:
                    wrong.append(f"{name}: {run.state()} instead of {over.value}")
        most_open = max(most_open, len(os.listdir("/proc/self/fd")))  # noqa: PTH208
        time.sleep(0.02)
    line.ensure_keeper()  # one may have been killed that had not yet seen to what was left
    settle(lambda: all(ended(run) for run in map(RunFolder, (soak.folder / "runs").iterdir())) and not line.view())
    settle(lambda: not keeper_lives() and not ours())
    assert wrong == []
    left = {kind: found for kind, found in left_behind(soak).items() if found}
    assert left == {}
    settle(lambda: not open_here()["children"])
    after = open_here()
    assert all(after[kind] <= before[kind] for kind in before), (before, after)
    if IS_WHOLE:
        _keep(soak, before, most_open, time.monotonic() - began)


def _keep(soak: Soak, before: dict[str, int], most_open: int, seconds: float) -> None:
    file = ROOT / "docs/results/soak.json"
    said = json.loads(file.read_text()) if file.exists() else {}
    said["jobs"] = {
        "asked for": JOBS,
        "ended otherwise than they should": 0,
        "processes, threads, open files, temporary files, tickets and pointers left": 0,
        "open files of who asks, before and after": before["open files"],
        "open files of who asks, at most": most_open,
        "seconds": round(seconds, 1),
        "what became of them": dict(sorted(soak.happened.items())),
    }
    file.write_text(json.dumps(said, indent=2) + "\n")
