"""The demo that ships: a small kitchen project with video, and a forecaster trained on a larger one. No torch here."""

import shutil
from pathlib import Path

import platformdirs

import resources
from core.errors import MachineError

CHECKPOINT = "kitchen-forecaster"
"""The shipped forecaster's name, wherever a run is asked for."""


def data_folder() -> Path:
    """Where this system keeps a person's Posecast data."""
    return Path(platformdirs.user_data_dir("posecast", appauthor=False))


def open_demo(folder: Path | None = None) -> Path:
    """The person's own copy of the demo project, made at the first call; edits stay in it.

    The shipped one is read-only material: it may lie in a folder nobody can write to.
    """
    target = folder or data_folder() / "Demo kitchen"
    if (target / "project.sqlite").is_file():
        return target
    shipped = resources.path("demo")
    if not (shipped / "project.sqlite").is_file():
        raise MachineError("The demo is missing from this installation.", hint="Make one: posecast demo FOLDER")
    beside = target.with_name(target.name + ".new")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(shipped, beside)
        beside.replace(target)
    except OSError as error:
        raise MachineError(
            f"The demo could not be copied to {target}: {error.strerror or error}",
            hint="Free some space there, or move away what lies in its place.",
        ) from error
    return target


def shipped_checkpoints() -> dict[str, Path]:
    """Name → folder of every checkpoint that ships."""
    folder = resources.path("checkpoints")
    if not folder.is_dir():
        return {}
    return {each.name: each for each in sorted(folder.iterdir()) if (each / "best.safetensors").is_file()}


def find_run(name_or_folder: str) -> Path:
    """The folder a person means by RUN: a run folder, or the name of a shipped checkpoint."""
    folder = Path(name_or_folder)
    if folder.exists():
        return folder
    shipped = shipped_checkpoints()
    if name_or_folder in shipped:
        return shipped[name_or_folder]
    names = ", ".join(shipped) or "none"
    raise MachineError(
        f"There is no run {name_or_folder!r}.", hint=f"Give a run's folder, or the name of a shipped one: {names}."
    )
