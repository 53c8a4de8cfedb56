"""Every command by its name, each so that what it writes carries where it came from (core.origins)."""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core import stamping
from core.commands import (
    bodies,
    cameras,
    clusters,
    comparing,
    data,
    datasets,
    experiments,
    fitting,
    forecasting,
    generating,
    learning,
    machine,
    media,
    projects,
    sheets,
    suggesting,
    together,
)
from core.origins import Making, making

_ROOMS = (
    *(projects, data, clusters, together, suggesting, datasets, media, sheets, cameras, fitting, learning),
    *(comparing, generating, experiments, forecasting, machine),
)
_STAY_AS_THEY_ARE = ("backup",)
"""Commands whose files are copies, which say what the original says."""


def _told(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The command, after which the files that it was told to write say how they were made."""
    signature = inspect.signature(function)
    if "out" not in signature.parameters or name in _STAY_AS_THEY_ARE:
        return function

    @functools.wraps(function)
    def command(**given: Any) -> Any:
        with making(name, {each: value for each, value in given.items() if each != "as_json"}) as made:
            done = function(**given)
            _stamp(given.get("out"), made)
            return done

    return command


def _stamp(out: Path | None, made: Making) -> None:
    if out is None or (out / "spec.json").is_file():  # a run's folder says it itself
        return
    origin = made.origin()
    for path in dict.fromkeys((out, *made.wrote)):
        if path.is_file() or (path == out and path.is_dir()):
            stamping.put(path, origin)


COMMANDS: dict[str, Callable[..., Any]] = {
    name: _told(name, each) for room in _ROOMS for each in room.COMMANDS for name in (each.__name__.rstrip("_"),)
}
"""In the order of the help."""
BODIES = bodies.app
"""Commands about bodies, which are a group."""
