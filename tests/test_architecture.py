"""The layout keeps its promises."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted(path for room in ("core", "studio") for path in (ROOT / room).rglob("*.py"))
MOST_LINES = 500
MOST_METHODS = 25
ALLOWED_TO_BE_LONGER: dict[str, int] = {}  # path: most lines, with a decision record


def _named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("module", MODULES, ids=_named)
def test_that_a_module_stays_readable_in_one_sitting(module):
    lines = module.read_text().count("\n")
    assert lines <= ALLOWED_TO_BE_LONGER.get(_named(module), MOST_LINES)


@pytest.mark.parametrize("module", [m for m in MODULES if m.name != "__init__.py"], ids=_named)
def test_that_a_module_says_what_it_is_for(module):
    assert ast.get_docstring(ast.parse(module.read_text()))


@pytest.mark.parametrize("module", MODULES, ids=_named)
def test_that_no_class_is_two_things(module):
    classes = [each for each in ast.walk(ast.parse(module.read_text())) if isinstance(each, ast.ClassDef)]
    methods = {each.name: sum(isinstance(part, ast.FunctionDef) for part in each.body) for each in classes}
    assert not {name: count for name, count in methods.items() if count > MOST_METHODS}


@pytest.mark.parametrize("package", ["core", "studio"])
def test_that_every_room_has_its_place_above_or_below_the_others(package):
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = [layer for each in contracts if each["type"] == "layers" for layer in each["layers"]]
    placed = {module.strip() for layer in layers for module in layer.split("|")}
    rooms = {
        f"{package}.{each.stem}"
        for each in (ROOT / package).iterdir()
        if each.suffix == ".py" or (each / "__init__.py").is_file()
    }
    # A room whose files stand in several layers has a place for each file.
    parted = {room for room in rooms if any(each.startswith(f"{room}.") for each in placed)} - placed
    files = {f"{room}.{each.stem}" for room in parted for each in ROOT.joinpath(*room.split(".")).glob("*.py")}
    asked = (rooms - parted) | {each for each in files if not each.endswith(".__init__")}
    assert asked - placed - {f"{package}.__init__"} == set()


IMPORT_ALL = """
import importlib, pkgutil, sys
for room in sys.argv[1:]:
    package = importlib.import_module(room)
    for module in pkgutil.walk_packages(getattr(package, "__path__", ()), f"{room}."):
        importlib.import_module(module.name)
sys.exit(", ".join({"torch", "roma", "smplx", "PySide6"} & set(sys.modules)) or 0)
"""


def test_that_rooms_free_of_torch_are_imported_without_it():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (rooms,) = (each["source_modules"] for each in contracts if "free of torch" in each["name"])
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, *rooms], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
