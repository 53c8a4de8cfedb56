"""Whether 3D can be drawn is known before VTK is touched, and said in words."""

import ctypes

import pytest

from core.errors import MachineError
from core.rendering import probe


def nothing_loads(name):
    raise OSError(name)


def only(*names):
    def load(name):
        if name not in names:
            raise OSError(name)
        return object()

    return load


def test_that_a_machine_without_any_library_has_no_way(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    assert probe.find_way(nothing_loads, "linux") is None


def test_that_osmesa_is_enough(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    assert probe.find_way(only("libOSMesa.so.8"), "linux") == "osmesa"


def test_that_windows_and_macos_are_not_asked_for_libraries():
    assert probe.find_way(nothing_loads, "darwin") == "native"
    assert probe.find_way(nothing_loads, "win32") == "native"


def test_that_this_machine_draws_as_the_probe_says():
    assert probe.find_way(ctypes.CDLL) == probe.way_to_draw()


def test_that_the_problem_names_the_cure(monkeypatch):
    def refuse():
        raise MachineError("this machine has no way to draw in 3D", hint=probe.INSTALL_HINT)

    monkeypatch.setattr(probe, "way_to_draw", refuse)
    problem = probe.gl_problem()
    assert problem is not None
    assert "apt install" in problem


def test_that_a_display_that_does_not_answer_is_no_way(monkeypatch):
    monkeypatch.setenv("DISPLAY", ":9876")

    def load(name):
        if name in ("libGL.so.1", "libX11.so.6"):
            try:
                return ctypes.CDLL(name)
            except OSError:
                pytest.skip("no X libraries here")
        raise OSError(name)

    assert probe.find_way(load, "linux") is None
