"""Shared fixtures."""

import os
import time
import zlib
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("posecast", deadline=None)  # a busy machine is no fault of what is tested
# The same examples on every run: a check of one change fails over that change, never over another day's luck.
settings.register_profile("ci", settings.get_profile("posecast"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "posecast")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["POSECAST_NICE"] = "0"  # at a lower priority jobs would starve beside the tests that wait for them

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real files of others; not part of the project."""
    if not SHARED.is_dir():
        pytest.skip("the folder of real data files is not beside this checkout")
    return SHARED


@pytest.fixture(autouse=True)
def no_light_copies(request, monkeypatch):
    """A busy machine makes every video slow to seek: windows in tests measure, and find none that is."""
    if "qtbot" in request.fixturenames:
        monkeypatch.setattr("core.video.proxy.SLOW_MS", float("inf"))


@pytest.fixture(autouse=True)
def no_trials(request, monkeypatch):
    """A window that shows a training's form tries it in a process of its own: in tests it finds no room for that."""
    if "qtbot" in request.fixturenames:
        monkeypatch.setattr("studio.preflights._ROOM", float("inf"))


@pytest.fixture(autouse=True)
def a_line_of_its_own(request, tmp_path_factory, monkeypatch):
    """Each test has its own line of jobs, and leaves no keeper of it behind."""
    state = tmp_path_factory.getbasetemp() / "state" / f"{zlib.crc32(request.node.nodeid.encode()):08x}"
    monkeypatch.setenv("POSECAST_STATE", str(state))
    yield
    if state.exists():
        assert _no_keeper(state), f"a keeper still lives: {[each.read_text() for each in state.rglob('keeper.log')]}"


def _no_keeper(state: Path) -> bool:
    """Whether the keeper, if there was one, ends within the time that it needs to see that nobody waits."""
    from core.file_locks import FileLock

    patience = time.monotonic() + 20
    while time.monotonic() < patience:
        held = False
        for file in state.rglob("keeper.lock"):
            lock = FileLock.taken(file)
            held = held or lock is None
            if lock is not None:
                lock.release()
        if not held:
            return True
        time.sleep(0.05)
    return False


@pytest.fixture(autouse=True)
def nothing_left_running(request):
    """A GUI test leaves no window behind."""
    yield
    if "qtbot" not in request.fixturenames:
        return
    from PySide6.QtWidgets import QApplication

    left = [each for each in QApplication.topLevelWidgets() if each.isVisible()]
    assert not left, f"windows left open: {left}"
