"""What people say of a run: a note, tags, where it came from; and taking a run away so that it can be brought back.

    runs/forecaster-03/about.json     this file; a run without one has nothing said of it
    runs/.deleted/forecaster-02/      a run that was taken away, whole, with the moment in its about.json

A run is taken away by one rename, so that it is either here or there whatever happens; what lies in `.deleted` for
longer than `KEPT_DAYS` is removed for good. Moments are seconds since 1970. No torch here.
"""

import shutil
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec

from core.errors import RunError
from core.run_folder import LIVE, Moment, RunFolder, decoded, write_whole

ABOUT, DELETED = "about.json", ".deleted"
KEPT_DAYS = 30
_MOST_TAG, _MOST_TAGS = 40, 20


class RunAbout(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of one run. `parent` is the run it was forked from, by its folder's name.

    `changed` are the knobs in which a trial of a sweep differs from the others.
    """

    note: str = ""
    tags: tuple[str, ...] = ()
    parent: str = ""
    sweep: str = ""
    trial: int = 0  # counted from 1; 0 is no trial
    changed: dict[str, str | int | float | bool | None] = {}
    deleted_at: Moment = 0.0
    started_at: Moment = 0.0  # of a run that was taken away: its place among the others, whose colours stay


class DeletedRun(msgspec.Struct, frozen=True):
    """A run that can be brought back: where it lies, what it was called, since when, and how large it is."""

    path: Path
    name: str
    at: float
    bytes: int


def about(folder: Path) -> RunAbout:
    """What is said of the run in `folder`; nothing where the file is missing, or is no such file."""
    try:
        return decoded((folder / ABOUT).read_bytes(), RunAbout)
    except (OSError, msgspec.DecodeError):
        return RunAbout()


def say_about(folder: Path, **changes: object) -> RunAbout:
    """Change what is said of a run, the file whole or not at all; RunError where it cannot be written."""
    before = about(folder)
    after = msgspec.structs.replace(before, **changes)
    if "tags" in changes:
        after = msgspec.structs.replace(after, tags=_clean(after.tags))
    if after != before or not (folder / ABOUT).exists():
        try:
            write_whole(folder / ABOUT, msgspec.json.format(msgspec.json.encode(after), indent=2))
        except OSError as error:
            raise RunError(
                f"The note of {folder.name} could not be saved: {error.strerror or error}",
                hint="Make room on the disk, or ask who owns the folder.",
            ) from error
    return after


def tags_of(words: str) -> tuple[str, ...]:
    """Tags as people type them: apart by commas, each once."""
    return _clean(words.split(","))


def _clean(tags: Iterable[str]) -> tuple[str, ...]:
    cleaned = (" ".join(each.split())[:_MOST_TAG].strip() for each in tags)
    return tuple(dict.fromkeys(each for each in cleaned if each))[:_MOST_TAGS]


# ---- taking away ----------------------------------------------------------------------------------------------------


def delete(folder: Path, now: float | None = None, *, started_at: float = 0.0) -> Path:
    """Take a run away, and say where it lies now. RunError while it lives or waits."""
    if RunFolder(folder).state() in LIVE:
        raise RunError(f"{folder.name} is still under way.", hint="Stop it first.")
    if not folder.is_dir():
        raise RunError(f"There is no run {folder.name} here.", hint="It may have been taken away already.")
    say_about(folder, deleted_at=time.time() if now is None else now, started_at=started_at)
    try:
        (folder.parent / DELETED).mkdir(exist_ok=True)
        return folder.rename(_free(folder.parent / DELETED / folder.name))
    except OSError as error:
        say_about(folder, deleted_at=0.0)
        raise RunError(
            f"{folder.name} could not be taken away: {error.strerror or error}",
            hint="Close what has its files open, then try again.",
        ) from error


def bring_back(deleted: Path) -> Path:
    """Put a run back where it was, under its own name or, where that is taken, one beside it; where it lies now."""
    if not deleted.is_dir():
        raise RunError(f"{deleted.name} is not there any more.", hint="It was removed for good.")
    back = _free(deleted.parent.parent / _name(deleted))
    try:
        deleted.rename(back)
    except OSError as error:
        raise RunError(
            f"{deleted.name} could not be brought back: {error.strerror or error}",
            hint="Close what has its files open, then try again.",
        ) from error
    say_about(back, deleted_at=0.0)
    return back


def deleted_runs(runs: Path) -> list[DeletedRun]:
    """What was taken away from the folder `runs` and is still there, newest first."""
    try:
        found = [each for each in (runs / DELETED).iterdir() if each.is_dir()]
    except OSError:
        return []
    made = [DeletedRun(each, _name(each), about(each).deleted_at, _size(each)) for each in found]
    return sorted(made, key=lambda each: (-each.at, each.name))


def deleted_starts(runs: Path) -> dict[str, float]:
    """When each run that was taken away had been started, by the name of its folder there; 0 where nobody noted it."""
    try:
        return {each.name: about(each).started_at for each in (runs / DELETED).iterdir()}
    except OSError:
        return {}


def empty(runs: Path, *, older_than_days: float = 0.0, now: float | None = None) -> int:
    """Remove for good what was taken away so many days ago; how many bytes that makes free."""
    before = (time.time() if now is None else now) - older_than_days * 86_400
    freed = 0
    for each in deleted_runs(runs):
        if each.at <= before:
            shutil.rmtree(each.path, ignore_errors=True)
            freed += each.bytes - (_size(each.path) if each.path.exists() else 0)
    return freed


def _free(path: Path) -> Path:
    """This path, or the first beside it that nothing has: `name~2`, `name~3` …"""
    number, made = 1, path
    while made.exists():
        number += 1
        made = path.with_name(f"{path.name}~{number}")
    return made


def _name(deleted: Path) -> str:
    name, mark, number = deleted.name.rpartition("~")
    return name if mark and number.isdigit() else deleted.name


def _size(folder: Path) -> int:
    """Bytes of all files below; what vanishes meanwhile counts for nothing."""
    total = 0
    for each in folder.rglob("*"):
        try:
            total += each.lstat().st_size
        except OSError:
            continue
    return total
