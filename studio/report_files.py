"""The reports that lie below a project's runs: found, and read where they have changed. No Qt here.

A report is of a forecaster (`core.reports.Report`), a table of a paper (`core.reports.Table`), or of a motion model
(`core.motion_reports.Report`). Beside it may lie `spec.json`, what was asked for. A report made before its run's
checkpoint was last written is old, and says so.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core import motion_reports
from core.errors import CoreError, FileError
from core.reports import Report, Table, find_reports, read_report
from core.run_folder import RunFolder
from core.runs import Spec
from studio.words import say

Content = Report | Table | motion_reports.Report
_SLACK_NS = 2_000_000_000
"""File systems keep times to two seconds at worst: no older than that is not old."""


@dataclass(frozen=True)
class Found:
    """A report as it lay there. `id` is its path below the project's runs, with slashes."""

    id: str
    path: Path
    at_s: float  # when it was written, seconds since 1970
    content: Content | None = None
    problem: str = ""
    spec: Spec | None = None  # what made it, where that lies beside
    run: Path | None = None  # the folder of the run it measures
    recipe: str = ""  # that run's settings but for the seed: runs with the same one differ by their seed alone
    is_old: bool = False  # the run's checkpoint is newer
    table: str = ""  # the folder of the table it was made for, below the project's runs

    @property
    def name(self) -> str:
        """What it is called where it has no title of its own."""
        return self.content.run if isinstance(self.content, Report | motion_reports.Report) else self.path.parent.name


Stamp = tuple[int, int, int]
"""When it was written and how large it is, and when its run's checkpoint was written."""
Known = dict[str, tuple[Stamp, Found]]


def look(runs: Path, known: Known) -> Known:
    """Every report below `runs`; those that lie there as they were known are not read again."""
    now: Known = {}
    paths = list(find_reports(runs)) if runs.is_dir() else []
    tables = {path.parent for path in paths if path.name != "report.json"}
    for path in paths:
        key = path.relative_to(runs).as_posix()
        run = known[key][1].run if key in known else _run_of(path, _spec(path))
        try:
            stat = path.stat()
        except OSError:
            continue
        stamp = stat.st_mtime_ns, stat.st_size, _checkpoint_ns(run)
        if key in known and known[key][0] == stamp:
            now[key] = known[key]
            continue
        above = next((each for each in path.parents if each in tables and each != runs), None)
        table = above.relative_to(runs).as_posix() if above is not None and path.name == "report.json" else ""
        now[key] = stamp, _read(key, path, stamp, table)
    return now


def _read(key: str, path: Path, stamp: Stamp, table: str) -> Found:
    spec = _spec(path)
    run = _run_of(path, spec)
    content: Content | None = None
    problem = ""
    try:
        content = read(path)
    except CoreError as error:
        problem = f"{error} {error.hint}".strip()
    return Found(
        id=key,
        path=path,
        at_s=stamp[0] / 1e9,
        content=content,
        problem=problem,
        spec=spec,
        run=run,
        recipe=_recipe(run) if isinstance(content, Report) else "",
        is_old=isinstance(content, Report | motion_reports.Report) and stamp[2] > stamp[0] + _SLACK_NS,
        table=table,
    )


def read(path: Path) -> Content:
    """The report or table in a file, of whichever kind; CoreError where it is none."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileError(
            path, say("it cannot be read ({strerror})", strerror=error.strerror or error), hint=say("Check the folder.")
        ) from None
    if path.name == "report.json":
        return motion_reports.read_report(path, data) if motion_reports.is_report(data) else read_report(path)
    return motion_reports.read_table(path, data) if motion_reports.is_table(data) else read_report(path)


def _spec(path: Path) -> Spec | None:
    with suppress(CoreError, OSError, msgspec.MsgspecError):
        if (path.parent / "spec.json").is_file():
            return RunFolder(path.parent).spec()
    return None


def _run_of(path: Path, spec: Spec | None) -> Path | None:
    """The run that a report measures: the one that was asked about, or the one it lies in."""
    said = getattr(spec, "run", "")
    if said and (Path(said) / "best.safetensors").is_file():
        return Path(said)
    return next((each for each in list(path.parents)[:3] if (each / "best.safetensors").is_file()), None)


def _checkpoint_ns(run: Path | None) -> int:
    try:
        return 0 if run is None else (run / "best.safetensors").stat().st_mtime_ns
    except OSError:
        return 0


def _recipe(run: Path | None) -> str:
    """The settings that a run was made with, but for its seed; empty where nobody knows."""
    if run is None:
        return ""
    with suppress(OSError, ValueError):
        asked = json.loads((run / "spec.json").read_bytes())
        if isinstance(asked, dict) and isinstance(config := asked.get("config"), dict):
            settings = {name: value for name, value in config.items() if name != "seed"}
            return json.dumps([asked.get("type"), asked.get("project"), settings], sort_keys=True)
    return ""
