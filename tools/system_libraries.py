"""Which libraries of the system Posecast needs and this machine lacks; with --install, installs them where it may.

Runs before anything is installed, so it uses nothing but Python's own library. VTK ends the process without a word
where neither X, EGL nor OSMesa can be loaded, and Qt where a library of its xcb plugin is missing: hence the probe.
"""

import ctypes
import ctypes.util
import os
import shutil
import subprocess
import sys

# What is loaded → the Debian package that brings it.
LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libGLX_mesa.so.0": "libglx-mesa0",
    "libEGL_mesa.so.0": "libegl-mesa0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libX11-xcb.so.1": "libx11-xcb1",
}
PROGRAMS = {"Xvfb": "xvfb"}


def missing_packages() -> list[str]:
    """Debian packages to install, in the order above; empty on other systems, whose Qt and GL come with them."""
    if not sys.platform.startswith("linux"):
        return []
    lacking = [package for library, package in LIBRARIES.items() if not _loads(library)]
    lacking += [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
    return lacking


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _install(packages: list[str]) -> bool:
    """Whether apt could install them: as root, or with a sudo that asks for no password."""
    if shutil.which("apt-get") is None:
        return False
    if os.geteuid() == 0:
        prefix: list[str] = []
    elif (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        prefix = ["sudo", "-n"]
    else:
        return False
    print(f"==> Installing system libraries: {' '.join(packages)}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    quiet = {"stdout": subprocess.DEVNULL, "env": environment, "check": False}
    subprocess.run([*prefix, "apt-get", "update", "-q"], **quiet)
    return subprocess.run([*prefix, "apt-get", "install", "-y", "-q", *packages], **quiet).returncode == 0


def main() -> int:
    """0 where nothing is missing any more."""
    packages = missing_packages()
    if packages and "--install" in sys.argv and _install(packages):
        packages = missing_packages()
    if packages:
        print("Some system libraries are missing. Install them with:\n    "
              f"sudo apt-get install -y {' '.join(packages)}\n"
              "(on another Linux, the packages of the same libraries)", file=sys.stderr)  # fmt: skip
        # Xvfb alone is only for tests; without the others neither the window nor pictures are possible.
        return 0 if packages == ["xvfb"] else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
