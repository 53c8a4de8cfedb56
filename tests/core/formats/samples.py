"""The made-up files and folders of every format: every `make…(folder)` of every made_*.py that needs no more."""

import importlib
import inspect
from collections.abc import Callable
from pathlib import Path

Make = Callable[[Path], Path]


def makers() -> dict[str, Make]:
    """`amass.make_folder` → what makes it."""
    found: dict[str, Make] = {}
    for path in sorted(Path(__file__).parent.glob("made_*.py")):
        module = importlib.import_module(f"tests.core.formats.{path.stem}")
        for name, make in vars(module).items():
            if not name.startswith("make") or not inspect.isfunction(make) or make.__module__ != module.__name__:
                continue
            first, *others = inspect.signature(make).parameters.values()
            if first.name == "folder" and all(each.default is not each.empty for each in others):
                found[f"{path.stem.removeprefix('made_')}.{name}"] = _into_a_folder(make)
    return found


def _into_a_folder(make: Make) -> Make:
    """Some fill the folder they are given, others make it."""

    def made(folder: Path) -> Path:
        try:
            return make(folder)
        except FileExistsError:
            return make(folder / "made")

    return made
