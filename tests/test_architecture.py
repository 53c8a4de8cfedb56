"""The layout keeps its promises."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted(path for room in ("core", "studio") for path in (ROOT / room).rglob("*.py"))
MOST_LINES = 500
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


@pytest.mark.parametrize(
    "room",
    [
        "core.errors", "core.configs", "core.runs", "core.run_folder", "core.forecasts", "core.motion",
        "core.project.annotations", "core.bodies.skeletons", "core.geometry.cameras",
    ],
)  # fmt: skip
def test_that_a_room_free_of_torch_is_imported_without_it(room):
    code = f"import {room}, sys; sys.exit('torch' in sys.modules or 'PySide6' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
