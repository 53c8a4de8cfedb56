"""What is on this machine and what Posecast makes of it: versions, graphics, fonts, codecs, disk. No torch here.

Each finding says what is, whether it will do, and where it will not, what to do. The command `posecast doctor` prints
them, the start page shows the same. Nothing is installed, changed or sent anywhere.
"""

import ctypes
import os
import platform
import shutil
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Literal

import msgspec

import resources
from core.demo import kind_of, shipped_checkpoints
from core.devices import Watch, cores, torch_build
from core.wording import counted

PACKAGES = (
    "PySide6-Essentials", "pyqtgraph", "pyvista", "vtk", "torch", "smplx", "trimesh", "opencv-python", "av",
    "ai-edge-litert", "numpy", "msgspec", "safetensors",
)  # fmt: skip
ENOUGH_DISK_GB = 2.0


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at. `problem` findings stop something from working, and `hint` says what to do."""

    what: str
    state: Literal["ok", "note", "problem"]
    says: str
    hint: str = ""


def examine(folder: Path | None = None) -> list[Finding]:
    """All findings, in the order a person reads them. `folder` is where projects will lie (home by default)."""
    looks: tuple[Callable[[], Finding], ...] = (
        _python, _packages, _display, _graphics_library, _graphics_card, _fonts, _codecs, _weights, _body, _models,
        lambda: _disk(folder or Path.home()), _light_copies,
    )  # fmt: skip
    return [look() for look in looks]


def _python() -> Finding:
    says = f"{platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} processor cores"
    return Finding("Python", "ok", says)


def _packages() -> Finding:
    found, lacking = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            lacking.append(name)
    if lacking:
        return Finding("Packages", "problem", f"missing: {', '.join(lacking)}", "Run: make setup")
    if (metadata.version("PySide6-Essentials"), sys.version_info < (3, 12)) == ("6.12.0", True):
        hint = "PySide6 6.12.0 ends the program after some thousand paints on Python 3.11: install 6.11.3."
        return Finding("Packages", "problem", ", ".join(found), hint)
    return Finding("Packages", "ok", ", ".join(found))


def display_problem() -> str | None:
    """Why no window can be opened here, in a sentence; None where one can."""
    if sys.platform in ("darwin", "win32") or os.environ.get("WAYLAND_DISPLAY"):
        return None
    name = os.environ.get("DISPLAY")
    if not name:
        return "There is no display: DISPLAY and WAYLAND_DISPLAY are not set."
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return "The library libxcb is missing, so no window can be opened."
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(name.encode(), None)
    refused = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return f"The display {name} does not answer." if refused else None


def _display() -> Finding:
    problem = display_problem()
    if problem is None:
        return Finding(
            "Display", "ok", os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY") or "the system's"
        )
    hint = "The command line and pictures of every page (posecast-studio … --screenshot) work without one."
    return Finding("Display", "note", problem, hint)


def _graphics_library() -> Finding:
    from core.rendering.probe import gl_problem

    problem = gl_problem()
    if problem is None:
        return Finding("3D drawing", "ok", "OpenGL can be loaded")
    return Finding("3D drawing", "problem", problem, "Debian: apt-get install libegl1 libgl1-mesa-dri")


def _graphics_card() -> Finding:
    with Watch() as watch:
        cards = [each for each in watch.look() if each.kind != "cpu"]
    build = torch_build()
    if cards:
        said = "; ".join(f"{each.name}, {each.memory_total / 2**30:.0f} GB" for each in cards)
        refused = next((each.hint for each in cards if not each.usable), "")
        if refused:
            return Finding("Graphics card", "note", f"{said}; torch cannot use it", refused)
        return Finding("Graphics card", "ok", f"{said}; torch built for {build}" if build != "CPU" else said)
    hint = ""
    if build.startswith("CUDA"):
        hint = "The CUDA build of torch is installed; the CPU-only build is 3 GB smaller and does the same here."
    return Finding("Graphics card", "note", f"none found, training uses {cores()} processor cores", hint)


def _fonts() -> Finding:
    fonts = sorted({each.stem.partition("-")[0] for each in resources.path("fonts").glob("*.[ot]tf")})
    if not fonts:
        return Finding("Fonts", "problem", "the shipped fonts are missing", "Install Posecast again.")
    return Finding("Fonts", "ok", f"shipped: {', '.join(fonts)}")


def _codecs() -> Finding:
    try:
        import av
    except ImportError as error:
        return Finding("Video", "problem", f"PyAV cannot be loaded: {error}", "Install its wheel again: av")
    wanted = ("h264", "hevc", "vp9", "av1", "mpeg4", "mjpeg")
    reads = [name for name in wanted if name in av.codecs_available]
    says = f"reads {', '.join(reads)}; libavcodec {'.'.join(map(str, av.library_versions['libavcodec']))}"
    if "h264" not in reads or "libx264" not in av.codecs_available:
        return Finding("Video", "problem", says, "H.264 is missing from PyAV: install its wheel again.")
    return Finding("Video", "ok", says)


def _weights() -> Finding:
    files = [resources.path("blazepose", name) for name in ("pose_detection.tflite", "pose_landmark_full.tflite")]
    if not all(file.is_file() for file in files):
        return Finding("2D poses", "problem", "the shipped weights are missing", "Install Posecast again.")
    return Finding("2D poses", "ok", "BlazePose, built in, works offline")


def _body() -> Finding:
    from core.bodies import library

    try:
        known, complaints = library.choices(), library.complaints()
    except OSError:
        return Finding("Bodies", "problem", "the built-in bodies are missing", "Install Posecast again.")
    built_in = sorted({library.FAMILY_WORDS[each.family] for each in known if each.is_built_in})
    yours = [each.title for each in known if not each.is_built_in]
    says = f"built in, free to use: {', '.join(built_in)}"
    if yours:
        says += f"; yours: {'; '.join(yours)}"
    if complaints:
        return Finding("Bodies", "note", says, " ".join(complaints))
    return Finding("Bodies", "ok", says)


def _models() -> Finding:
    kinds = {name: kind_of(folder) for name, folder in shipped_checkpoints().items()}
    damaged = [name for name, kind in kinds.items() if not kind]
    if damaged:
        return Finding("Models", "problem", f"damaged: {', '.join(damaged)}", "Install Posecast again.")
    groups = {"forecaster": "forecasts", "posegpt": "makes motion"}
    says = [
        f"{does}: {', '.join(name for name, each in kinds.items() if each == kind) or 'none is shipped'}"
        for kind, does in groups.items()
    ]
    if "posegpt" not in kinds.values():
        return Finding("Models", "note", "; ".join(says), "Train one: posecast train posegpt/small.")
    return Finding("Models", "ok", "; ".join(says))


def _disk(folder: Path) -> Finding:
    try:
        free_gb = shutil.disk_usage(folder).free / 1e9
    except OSError as error:
        return Finding("Disk", "problem", f"{folder} cannot be looked at: {error.strerror}", "Check that it is there.")
    if free_gb < ENOUGH_DISK_GB:
        return Finding(
            "Disk", "problem", f"{free_gb:.1f} GB free", "Free some space: tracks and checkpoints need room."
        )
    return Finding("Disk", "ok", f"{free_gb:.0f} GB free")


def _light_copies() -> Finding:
    from core.video.proxy import LIMIT_BYTES, copies_folder, kept

    copies, size_bytes = kept(copies_folder())
    says = f"{counted(copies, 'video')}, {size_bytes / 2**30:.1f} of at most {LIMIT_BYTES / 2**30:.0f} GB"
    return Finding("Light copies", "ok", f"{says} in {copies_folder()}; they may be deleted")


def main() -> int:
    """`python -m core.doctor --display`: 0 where a window can be opened, else 1 and why."""
    problem = display_problem()
    if problem is not None:
        print(problem)  # noqa: T201 (a script's answer)
    return 0 if problem is None else 1


if __name__ == "__main__":
    sys.exit(main())
