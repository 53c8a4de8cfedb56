"""What an output was made from: the version, the command or spec, the seed in it, and what was read on the way.

    with making(command="generate", parameters={...}) as made:
        ...                                   # doors say what they read: used("checkpoint", name, fingerprint)
    made.origin()                             # to be carried by what came out (core.stamping)

Doors are where files are opened: a project, a checkpoint, a pose bank, a body. They speak only while something is
being made, so a window that is open all day gathers nothing. Paths in a person's home are kept from `~` on. There is no
time of day in it: the same command writes the same bytes.
"""

import hashlib
import platform
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

import msgspec

FORMAT = 1
_MOST_BYTES = 256 * 2**20
"""Larger files are told apart by their size and both ends."""
_END_BYTES = 2**20

What = Literal["project", "checkpoint", "pose bank", "body", "file"]


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was read. `fingerprint` changes where its content does; `facts` are a checkpoint's config."""

    what: What
    name: str
    fingerprint: str
    facts: dict[str, Any] = {}


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that making it again needs, and how what comes out then is judged."""

    format: int = FORMAT
    version: str
    command: str = ""  # of the command line, with every parameter as it was then
    parameters: dict[str, Any] = {}
    spec: dict[str, Any] = {}  # of core.runs, where a job made it
    inputs: tuple[Input, ...] = ()
    environment: dict[str, str] = {}  # what figures may depend on: Python, torch, the processor's kind
    outputs: dict[str, str] = {}  # of a run's folder: its files and the SHA-256 of each

    def seeds(self) -> dict[str, int]:
        """Every seed that was asked for, by its dotted name."""
        return dict(_seeds(self.parameters)) or dict(_seeds(self.spec))


class Making:
    """What is being made, while it is."""

    def __init__(self, command: str, parameters: Mapping[str, Any], spec: Mapping[str, Any]) -> None:
        self._command, self._parameters, self._spec = command, _plain(dict(parameters)), _plain(dict(spec))
        self._inputs: dict[tuple[str, str], Input] = {}
        self.wrote: list[Path] = []
        """Files that were completed on the way, in that order."""

    def use(self, given: Input) -> None:
        """Something was read; what was read twice is said once, as it was last."""
        self._inputs[given.what, given.name] = given

    def origin(self) -> Origin:
        """As it is by now."""
        return Origin(
            version=version(),
            command=self._command,
            parameters=self._parameters,
            spec=self._spec,
            inputs=tuple(self._inputs.values()),
            environment=environment(),
        )


_now: ContextVar[Making | None] = ContextVar("making", default=None)


@contextmanager
def making(
    command: str = "", parameters: Mapping[str, Any] | None = None, spec: Mapping[str, Any] | None = None
) -> Generator[Making]:
    """While this lasts, what is read counts as an input of what is made. Within another, the inner one alone counts."""
    made = Making(command, parameters or {}, spec or {})
    token = _now.set(made)
    try:
        for path in _files_in(parameters or {}):
            made.use(Input(what="file", name=path.name, fingerprint=content_of(path)))
        yield made
    finally:
        # A generator that is closed from elsewhere ends in another context, where there is nothing to put back.
        try:
            _now.reset(token)
        except ValueError:
            _now.set(None)


def used(what: What, name: str, fingerprint: str, facts: Mapping[str, Any] | None = None) -> None:
    """Say that something was read; nothing happens where nothing is being made."""
    made = _now.get()
    if made is not None:
        made.use(Input(what=what, name=name, fingerprint=fingerprint, facts=dict(facts or {})))


def drawn_from(files: Sequence[Path]) -> Origin:
    """Of what a window drew from files that say themselves where they came from."""
    with making("", {"drawn_from": list(files)}) as made:
        return made.origin()


def wrote(path: Path) -> None:
    """Say that a file is complete."""
    made = _now.get()
    if made is not None and path not in made.wrote:
        made.wrote.append(path)


@cache
def version() -> str:
    """Posecast's own, such as 0.1.0; empty where it runs without being installed."""
    try:
        return metadata.version("posecast")
    except metadata.PackageNotFoundError:
        return ""


def made_by() -> str:
    """Such as `Posecast 0.1.0`."""
    return f"Posecast {version()}".strip()


def environment() -> dict[str, str]:
    """What the last bits of figures may depend on. What is not loaded yet had no share in it."""
    said = {"python": platform.python_version(), "system": platform.system(), "machine": platform.machine()}
    for name in ("torch", "numpy"):
        module = sys.modules.get(name)
        if module is not None:
            said[name] = str(getattr(module, "__version__", ""))
    torch = sys.modules.get("torch")
    if torch is not None:
        said["threads"] = str(torch.get_num_threads())
        if torch.cuda.is_initialized():
            said["device"] = torch.cuda.get_device_name()
    return said


def content_of(path: Path) -> str:
    """SHA-256 of a file; of its size and both ends where it is very large. Empty where it cannot be read."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            if size <= _MOST_BYTES:
                return hashlib.file_digest(file, "sha256").hexdigest()
            digest = hashlib.sha256(str(size).encode() + file.read(_END_BYTES))
            file.seek(size - _END_BYTES)
            digest.update(file.read())
            return digest.hexdigest()
    except OSError:
        return ""


def short(path: str) -> str:
    """A path without whose home it lies in."""
    home = str(Path.home())
    return "~" + path[len(home) :] if path == home or path.startswith(home.rstrip("/\\") + _slash(home)) else path


def _slash(home: str) -> str:
    return "\\" if "\\" in home else "/"


def _plain(value: Any) -> Any:
    """Values as JSON has them, paths from home on."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, str | Path):
        return short(str(value))
    if isinstance(value, Sequence):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _files_in(parameters: Mapping[str, Any]) -> Generator[Path]:
    """Files among the parameters that are there before anything is made, so: that are read."""
    for name, value in parameters.items():
        for each in value if isinstance(value, list | tuple) else (value,):
            if name != "out" and isinstance(each, str | Path) and 0 < len(str(each)) < 4096:
                path = Path(each)
                try:
                    is_file = path.is_file()
                except (OSError, ValueError):
                    continue
                if is_file:
                    yield path


def _seeds(value: Mapping[str, Any], before: str = "") -> Generator[tuple[str, int]]:
    for name, each in value.items():
        if isinstance(each, Mapping):
            yield from _seeds(each, f"{before}{name}.")
        elif name in ("seed", "seeds") and isinstance(each, int):
            yield f"{before}{name}", each
