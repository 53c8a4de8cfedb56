"""Whether this machine can draw in 3D, found out before VTK touches anything: VTK ends the process where nothing is.

On Linux VTK draws through EGL (no display needed; tried first), an X display, or OSMesa. Elsewhere the system always
has a way. Nothing here imports VTK.
"""

import ctypes
import ctypes.util
import os
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal

from core.errors import MachineError

Way = Literal["egl", "x", "osmesa", "native"]
Load = Callable[[str], Any]

_EGL_PLATFORM_DEVICE = 0x313F
INSTALL_HINT = "On Debian or Ubuntu: apt install libegl1 libgl1 libgl1-mesa-dri libegl-mesa0"


@lru_cache(maxsize=1)
def way_to_draw() -> Way:
    """How 3D pictures are made here. MachineError where there is no way."""
    found = find_way(ctypes.CDLL)
    if found is None:
        raise MachineError(
            "this machine has no way to draw in 3D: neither EGL nor an X display nor OSMesa works", hint=INSTALL_HINT
        )
    return found


def gl_problem() -> str | None:
    """What keeps 3D pictures from being made, in words with the cure; None where all is well."""
    try:
        way_to_draw()
    except MachineError as error:
        return f"{error}. {error.hint}"
    return None


def find_way(load: Load, system: str = sys.platform) -> Way | None:
    """The first way that opens; `load` opens a shared library by name or raises OSError."""
    if not system.startswith("linux"):
        return "native"
    if _egl_opens(load):
        return "egl"
    if _x_opens(load):
        return "x"
    if _osmesa_opens(load):
        return "osmesa"
    return None


def _egl_opens(load: Load) -> bool:
    """A driver behind libEGL answers. The display stays initialised: ending it would end VTK's as well."""
    try:
        egl = load("libEGL.so.1")
    except OSError:
        return False
    if not _loads(load, "libGL.so.1") and not _loads(load, "libOpenGL.so.0"):
        return False
    egl.eglGetProcAddress.restype = ctypes.c_void_p
    egl.eglGetProcAddress.argtypes = [ctypes.c_char_p]
    egl.eglGetDisplay.restype = ctypes.c_void_p
    egl.eglGetDisplay.argtypes = [ctypes.c_void_p]
    egl.eglInitialize.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    query = egl.eglGetProcAddress(b"eglQueryDevicesEXT")
    display_of = egl.eglGetProcAddress(b"eglGetPlatformDisplayEXT")
    displays = []
    if query and display_of:
        devices, count = (ctypes.c_void_p * 8)(), ctypes.c_int(0)
        ask = ctypes.CFUNCTYPE(ctypes.c_uint, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(query)
        if ask(8, ctypes.addressof(devices), ctypes.addressof(count)):
            show = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p)(display_of)
            displays = [show(_EGL_PLATFORM_DEVICE, devices[at], None) for at in range(count.value)]
    displays.append(egl.eglGetDisplay(None))
    return any(display and egl.eglInitialize(display, None, None) for display in displays)


def _x_opens(load: Load) -> bool:
    if not os.environ.get("DISPLAY") or not _loads(load, "libGL.so.1"):
        return False
    try:
        x11 = load("libX11.so.6")
    except OSError:
        return False
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
    display = x11.XOpenDisplay(None)
    if display:
        x11.XCloseDisplay(display)
    return bool(display)


def _osmesa_opens(load: Load) -> bool:
    return any(_loads(load, f"libOSMesa.so.{version}") for version in (8, 6))


def _loads(load: Load, name: str) -> bool:
    try:
        load(name)
    except OSError:
        return False
    return True
