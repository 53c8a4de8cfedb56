"""What ships: a small kitchen project with video, a forecaster of a larger one, models of motion. No torch here."""

import shutil
import zipfile
from pathlib import Path

import msgspec
import platformdirs

import resources
from core.errors import MachineError

PACKED = "project.zip"
"""The shipped demo's project file and 2D tracks, packed; its videos and what is true in space lie beside them."""
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
    if not (shipped / PACKED).is_file():
        raise MachineError("The demo is missing from this installation.", hint="Make one: posecast demo FOLDER")
    beside = target.with_name(target.name + ".new")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(shipped, beside, ignore=shutil.ignore_patterns(PACKED))
        with zipfile.ZipFile(shipped / PACKED) as packed:
            packed.extractall(beside)
        beside.replace(target)
    except OSError as error:
        raise MachineError(
            f"The demo could not be copied to {target}: {error.strerror or error}",
            hint="Free some space there, or move away what lies in its place.",
        ) from error
    return target


def pack_demo(project: Path, shipped: Path) -> None:
    """Make `shipped`, from which `open_demo` makes people's copies, out of a project's folder."""
    shutil.rmtree(shipped, ignore_errors=True)
    shutil.copytree(project, shipped, ignore=shutil.ignore_patterns("tracks", "project.sqlite*", "*.lock", "runs"))
    inside = [project / "project.sqlite", *sorted((project / "tracks").rglob("*.*"))]
    with zipfile.ZipFile(shipped / PACKED, "w", zipfile.ZIP_LZMA) as packed:
        for each in inside:
            packed.write(each, each.relative_to(project))


def shipped_checkpoints(kind: str = "") -> dict[str, Path]:
    """Name → folder of every checkpoint that ships, or of those of a kind: "forecaster", "posegpt"."""
    folder = resources.path("checkpoints")
    if not folder.is_dir():
        return {}
    found = {each.name: each for each in sorted(folder.iterdir()) if (each / "best.safetensors").is_file()}
    return {name: each for name, each in found.items() if not kind or kind_of(each) == kind}


def kind_of(run: Path) -> str:
    """What a run's checkpoint is of, "forecaster" or "posegpt"; empty where there is none that can be read."""
    for name in ("best", "last"):
        path = run / f"{name}.safetensors"
        if path.is_file():
            return _kind_of(path)
    return ""


def _kind_of(path: Path) -> str:
    """From the header that every .safetensors begins with: its length in 8 bytes, then JSON."""
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            header = msgspec.json.decode(file.read(size) if size < _LARGEST_HEADER else b"", type=_Header)
        return msgspec.json.decode(header.metadata.get("posecast", "{}"), type=_Said).kind
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return ""


class _Header(msgspec.Struct):
    metadata: dict[str, str] = msgspec.field(name="__metadata__", default_factory=dict)


class _Said(msgspec.Struct):
    kind: str = "forecaster"


_LARGEST_HEADER = 100_000_000


def find_run(name_or_folder: str, kind: str = "") -> Path:
    """The folder a person means by RUN: a run folder, or the name of a shipped checkpoint.

    Where there is none, those of the kind that is needed are named.
    """
    folder = Path(name_or_folder)
    if folder.exists():
        return folder
    shipped = shipped_checkpoints()
    if name_or_folder in shipped:
        return shipped[name_or_folder]
    names = ", ".join(shipped_checkpoints(kind)) or "none"
    raise MachineError(
        f"There is no run {name_or_folder!r}.", hint=f"Give a run's folder, or the name of a shipped one: {names}."
    )
