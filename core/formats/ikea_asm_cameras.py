"""IKEA-ASM's cameras: `Calibration/<scene>/dev1..3/camera_parameters.json` (or .pkl) with K, dist_coefs, R, T.

One file is one Kinect colour camera of 1920 × 1080. R and T go from camera dev2 of the same scene to this one, in
centimetres. Where down is, the files do not say: dev2 is taken to stand level, at the origin of our world.
A file, a scene's folder or the whole Calibration folder can be read.
"""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from core.errors import FormatError
from core.formats.cameras import NamedCamera, bytes_of, camera_from, pickled
from core.formats.pickled import beginning_of

_NAME = "camera_parameters"
_NEEDED = ("K", "dist_coefs", "R", "T")
_SIZE = (1920, 1080)
_LEVEL_DEV2 = np.diag([1.0, -1.0, -1.0])
_NOTE = "Relative to camera dev2, which is taken to stand level at the origin: the file does not say where down is."


def is_ikea_asm(path: Path) -> bool:
    """Whether this is one of the files, or a folder of them."""
    if path.is_dir():
        return bool(_files(path))
    start = beginning_of(path)
    return path.suffix.lower() in (".json", ".pkl") and b"dist_coefs" in start


def read(path: Path) -> tuple[NamedCamera, ...]:
    """The cameras of a file or folder, named `scene 01 dev1` where the folders tell."""
    if not path.is_dir():
        return (_camera(path),)
    files = _files(path)
    if not files:
        raise FormatError(path, f"no {_NAME}.json or .pkl in it", hint="Choose the Calibration folder of IKEA-ASM.")
    return tuple(_camera(each) for each in files)


def _files(folder: Path) -> list[Path]:
    """One file a camera, JSON before pickle."""
    found: dict[Path, Path] = {}
    for depth in ("", "*/", "*/*/"):
        for ending in (".pkl", ".json"):
            found |= {each.parent: each for each in folder.glob(f"{depth}{_NAME}{ending}")}
    return [found[each] for each in sorted(found)]


def _camera(path: Path) -> NamedCamera:
    facts = _facts(path)
    lacking = [each for each in _NEEDED if each not in facts]
    if lacking:
        raise FormatError(path, f"no {lacking[0]} in it", hint=f"Needed: {', '.join(_NEEDED)}.")
    device, scene = path.resolve().parent.name, path.resolve().parent.parent.name
    name = f"scene {scene} {device}" if scene.isdigit() and device.startswith("dev") else device or path.stem
    shift = np.asarray(_numbers(path, facts["T"]), float).ravel() / 100
    return NamedCamera(
        name,
        camera_from(
            path,
            name,
            matrix=_numbers(path, facts["K"]),
            distortion=_numbers(path, facts["dist_coefs"]),
            size=_SIZE,
            rotation=_numbers(path, facts["R"]),
            translation_m=shift,
            turn=_LEVEL_DEV2,
        ),
        (_NOTE,),
    )


def _facts(path: Path) -> dict[str, Any]:
    if path.suffix.lower() == ".pkl":
        facts = pickled(path)
    else:
        try:
            facts = msgspec.json.decode(bytes_of(path))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise FormatError(path, f"it is no JSON ({error})") from None
    if not isinstance(facts, dict):
        raise FormatError(path, "it does not hold a camera's parameters")
    return facts


def _numbers(path: Path, value: Any) -> Any:
    try:
        return np.asarray(value, float)
    except (TypeError, ValueError):
        raise FormatError(path, "a parameter is no table of numbers") from None
