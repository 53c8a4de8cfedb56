"""The command `posecast-studio`, as a process: photographs without a display, refusals in words, exit codes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.project.store import ProjectStore
from studio.__main__ import _parser
from studio.commands import WHERE_WORDS

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: object, settings: Path, **more: str) -> subprocess.CompletedProcess:
    hidden = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    return subprocess.run(
        [sys.executable, "-m", "studio", *map(str, arguments)],
        cwd=ROOT,
        env={**environment, "POSECAST_SETTINGS": str(settings), "OMP_NUM_THREADS": "1", **more},
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )


@pytest.mark.slow
def test_that_a_page_is_photographed_without_a_display_and_settings_stay_as_they_were(tmp_path):
    with ProjectStore.create(tmp_path / "pilot", "Courtyard pilot", "Ines K."):
        pass
    file = tmp_path / "data.png"
    arguments = ("--page", "data", "--screenshot", file, "--size", "1280x720", "--theme", "light", "--scale", "2")
    done = run(tmp_path / "pilot", *arguments, settings=tmp_path / "settings")
    assert done.returncode == 0, done.stderr
    header = file.read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(header[16:20]), int.from_bytes(header[20:24])) == (2560, 1440)
    assert not (tmp_path / "settings").exists()


@pytest.mark.slow
def test_that_what_cannot_be_shown_is_refused_in_words(tmp_path):
    settings = tmp_path / "settings"
    nothing = run(tmp_path / "nowhere", "--screenshot", tmp_path / "a.png", settings=settings)
    assert (nothing.returncode, "Traceback" in nothing.stderr) == (1, False)
    assert "nowhere" in nothing.stderr
    lone = run("--page", "annotate", "--screenshot", tmp_path / "a.png", settings=settings)
    assert lone.returncode == 1
    assert "needs a project" in lone.stderr
    no_screen = run(settings=settings)
    assert no_screen.returncode == 1
    assert "--screenshot" in no_screen.stderr
    wrong = run("--page", "nothing", settings=settings)
    assert wrong.returncode == 2


def test_that_every_page_of_the_studio_can_be_asked_for():
    places = {"everywhere", "clock", "space"}
    for page in WHERE_WORDS.keys() - places:
        assert _parser().parse_args(["--page", page]).page == page


def test_that_the_studio_starts_without_torch():
    code = (
        "import sys, studio.app, studio.__main__\n"
        "heavy = {'torch', 'roma', 'smplx', 'core.runner', 'core.models', 'core.training'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_that_a_photograph_to_nowhere_and_a_cache_that_cannot_be_written_end_in_words(tmp_path):
    import os
    import subprocess
    import sys
    from pathlib import Path

    file = tmp_path / "file"
    file.write_text("")
    environment = {**os.environ, "XDG_CACHE_HOME": str(file / "cache"), "QT_QPA_PLATFORM": "offscreen"}
    words = [sys.executable, "-m", "studio", "--page", "projects", "--screenshot"]
    root = Path(__file__).resolve().parents[2]
    fine = subprocess.run(
        [*words, str(tmp_path / "page.png")], cwd=root, env=environment, capture_output=True, text=True
    )
    assert (fine.returncode, fine.stderr) == (0, "")
    assert (tmp_path / "page.png").stat().st_size > 10_000
    refused = subprocess.run(
        [*words, str(file / "page.png")], cwd=root, env=environment, capture_output=True, text=True
    )
    assert refused.returncode == 1
    assert "its folder cannot be made" in refused.stderr
    assert "Traceback" not in refused.stderr
