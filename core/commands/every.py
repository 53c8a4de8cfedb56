"""Every command by its name, each so that what it writes carries where it came from (core.origins)."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

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
    jobs,
    learning,
    machine,
    media,
    planning,
    projects,
    running,
    sheets,
    suggesting,
    sweeping,
    together,
)
from core.stamping import carried

_ROOMS = (
    *(projects, data, clusters, together, suggesting, datasets, media, sheets, cameras, fitting, learning),
    *(comparing, generating, experiments, forecasting, machine, jobs, planning, running, sweeping),
)
_STAY_AS_THEY_ARE = ("backup", "run", "spec", "sweep")
"""Commands whose files are copies, which say what the original says, or runs, which say it themselves."""


def _told(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The command, after which the files that it was told to write say how they were made."""
    signature = inspect.signature(function)
    if "out" not in signature.parameters or name in _STAY_AS_THEY_ARE:
        return function

    @functools.wraps(function)
    def command(**given: Any) -> Any:
        parameters = {each: value for each, value in given.items() if each not in ("as_json", "out")}
        with carried(name, parameters, given.get("out")):
            return function(**given)

    return command


COMMANDS: dict[str, Callable[..., Any]] = {
    name: _told(name, each) for room in _ROOMS for each in room.COMMANDS for name in (each.__name__.rstrip("_"),)
}
"""In the order of the help."""
BODIES = bodies.app
"""Commands about bodies, which are a group."""
