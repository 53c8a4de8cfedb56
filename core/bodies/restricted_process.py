"""Reads a foreign body file in a process of its own, within limits, and gives back plain arrays.

    arrays = read_apart(path, names)                    # here
    python -m core.bodies.restricted_process FILE OUT   # there: what it prints is the verdict, as JSON

The file may be hostile: the process runs nothing of it (`restricted_pickle`), and should a fault in the reader itself
be found, it ends with that process. Where the system has such limits, memory, processor time and the size of what is
written are limited; everywhere the time is. Archives that unpack to more than a body needs are refused unread.
"""

import json
import os
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from io import BufferedIOBase
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray

from core.bodies.restricted_pickle import RefusedError, UnfitError, as_array, load
from core.errors import FileError, FormatError

LIMIT_S = 180
LIMIT_BYTES = 6 * 2**30
MOST_FILE_BYTES = 2 * 2**30
_CHOOSE = "Choose an SMPL, SMPL-H or SMPL-X file as it was downloaded (.pkl or .npz)."
_AGAIN = "The file may be damaged; download it again."


def read_apart(path: Path, names: Iterable[str], *, limit_s: float = LIMIT_S) -> dict[str, ndarray]:
    """Those of the named arrays that the file holds, numbers in single precision. FileError says why there are none."""
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):  # a folder; a pipe, whose reading would never end
            raise FileError(path, "this is no file", hint=_CHOOSE)
        with path.open("rb"):
            pass
    except FileNotFoundError as error:
        raise FileError(path, "this file does not exist") from error
    except OSError as error:
        raise FileError(path, f"this file cannot be read: {error.strerror}") from error
    if about.st_size > MOST_FILE_BYTES:
        raise FormatError(path, "far larger than a body model", hint=_CHOOSE)
    root = str(Path(__file__).resolve().parents[2])
    with tempfile.TemporaryDirectory(prefix="posecast-body-") as folder:
        made = Path(folder) / "arrays.npz"
        try:
            # -P: a file beside the caller that is called numpy.py is not imported.
            done = subprocess.run(
                [sys.executable, "-P", "-m", "core.bodies.restricted_process", str(path.resolve()), str(made), *names],
                env={**os.environ, "PYTHONPATH": root, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
                cwd=folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=limit_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise FormatError(path, f"reading it took more than {limit_s:.0f} s and was ended", hint=_AGAIN) from error
        try:
            verdict = json.loads(done.stdout.splitlines()[-1])
        except (IndexError, ValueError) as error:
            raise FormatError(
                path, f"the process that read it was ended (exit code {done.returncode})", hint=_AGAIN
            ) from error
        if "refused" in verdict:
            raise FormatError(path, str(verdict["refused"]), hint=str(verdict.get("hint", _AGAIN)))
        with np.load(made, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}


# ---- the process that reads ----


def main(arguments: list[str]) -> int:
    """Read FILE, keep the named arrays in OUT; print the verdict."""
    source, out, names = Path(arguments[0]), Path(arguments[1]), arguments[2:]
    _limit()
    try:
        arrays = _arrays(source, names)
        # The name is given with its ending, or NumPy adds one.
        np.savez(out, allow_pickle=False, **arrays)
        verdict: dict[str, Any] = {"arrays": sorted(arrays)}
    except RefusedError as refused:
        verdict = {
            "refused": f"it was refused because it wants to run {refused.wanted}; a body model has no need of that",
            "hint": "Nothing of it was run. Take the file from its publisher, not from somebody else's copy.",
        }
    except UnfitError as unfit:
        verdict = {"refused": str(unfit), "hint": _AGAIN}
    except MemoryError:
        verdict = {"refused": "it needs more memory than a body model does", "hint": _CHOOSE}
    except _NotABodyError as error:
        verdict = {"refused": str(error), "hint": _CHOOSE}
    print(json.dumps(verdict))  # noqa: T201 (the answer to the process that asked)
    return 1 if "refused" in verdict else 0


class _NotABodyError(Exception):
    pass


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows has other means; the time is limited there too
        return
    for what, most in (("RLIMIT_AS", LIMIT_BYTES), ("RLIMIT_CPU", LIMIT_S), ("RLIMIT_FSIZE", MOST_FILE_BYTES)):
        try:
            resource.setrlimit(getattr(resource, what), (most, most))
        except (AttributeError, OSError, ValueError):  # macOS does not know all of them
            continue


def _arrays(source: Path, names: Iterable[str]) -> dict[str, ndarray]:
    with source.open("rb") as stream:
        start = stream.read(4)
        stream.seek(0)
        if start.startswith(b"PK"):
            return _of_archive(source, frozenset(names))
        held = _unpickled(stream)
    if not isinstance(held, dict):
        raise _NotABodyError("not a body model: it holds no named arrays")
    return {name: _plain(name, held[name]) for name in names if name in held}


def _unpickled(stream: BufferedIOBase) -> Any:
    try:
        return load(stream)
    except (RefusedError, UnfitError, MemoryError):
        raise
    except Exception as error:  # a damaged pickle can fail in any way; nothing of it is kept
        raise _NotABodyError("not a readable .pkl or .npz file") from error


def _of_archive(source: Path, names: frozenset[str]) -> dict[str, ndarray]:
    arrays: dict[str, ndarray] = {}
    try:
        with zipfile.ZipFile(source) as archive:
            entries = [each for each in archive.infolist() if each.filename.endswith(".npy")]
            if sum(each.file_size for each in archive.infolist()) > MOST_FILE_BYTES:
                raise _NotABodyError("it unpacks to far more than a body model")
            if not entries:
                raise _NotABodyError("an archive without arrays")
            for entry in entries:
                name = entry.filename.removesuffix(".npy")
                with archive.open(entry) as stream:
                    value = _of_entry(name, stream, entry.file_size, is_wanted=name in names)
                if value is not None:
                    arrays[name] = value
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise _NotABodyError("not a readable .npz archive") from error
    return arrays


def _of_entry(name: str, stream: Any, size: int, *, is_wanted: bool) -> ndarray | None:
    """One array of the archive. Objects are a pickle, read as such; also those nobody wants, so that none hides."""
    version = np.lib.format.read_magic(stream)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, is_fortran, dtype = read_header(stream)
    if dtype.hasobject:
        held = _unpickled(stream)
        return _plain(name, held) if is_wanted else None
    if not is_wanted:
        return None
    count = 1
    for side in shape:
        count *= side
    if count * dtype.itemsize > size:
        raise _NotABodyError(f"{name} has another size than it says")
    raw = stream.read(count * dtype.itemsize)
    if len(raw) != count * dtype.itemsize:
        raise _NotABodyError(f"{name} is cut short")
    made = np.frombuffer(raw, dtype) if raw else np.zeros(0, dtype)
    return _plain(name, made.reshape(shape, order="F" if is_fortran else "C"))


def _plain(name: str, value: Any) -> ndarray:
    try:
        array = as_array(value)
    except UnfitError as unfit:
        raise UnfitError(f"{name} {unfit}") from None
    if array.dtype.kind == "S":
        return np.array(array.item().decode("latin1")) if array.ndim == 0 else array
    if array.dtype.kind not in "biufU":
        raise UnfitError(f"{name} is of the kind {array.dtype}")
    if array.dtype.kind != "f":
        return array
    with np.errstate(over="ignore", invalid="ignore"):  # too large becomes infinite, and that is refused later
        return array.astype(np.float32)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
