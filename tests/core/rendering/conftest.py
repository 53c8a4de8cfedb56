"""3D pictures need a way to draw; without one these tests are skipped, and say why."""

import pytest

from core.rendering.probe import gl_problem


@pytest.fixture(autouse=True)
def can_draw():
    problem = gl_problem()
    if problem is not None:
        pytest.skip(problem)
