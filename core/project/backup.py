"""A copy of a project that may be in use, made while others read and edit it.

The file comes first, as it stands at one moment; everything it names lies beside it by then and is never changed after
(core.project.track_files). Whatever else lies in the folder, videos and runs among it, is copied as it is found. The
lock stays behind: nobody has the copy open. The copy is whole in its place, or nothing is there.
"""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from core.errors import ProjectError
from core.project.database import FILE_NAME, Database, look
from core.project.store import LOCK_NAME, looked_at
from core.whole_files import refused


class Backup(NamedTuple):
    """How many files were copied, and what they take together."""

    files: int
    size_bytes: int


def back_up(folder: Path, to: Path) -> Backup:
    """Copy the project in `folder` to `to`, which must not exist yet, or be empty. Nothing of the project changes."""
    look(folder / FILE_NAME)
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise ProjectError(f"{to} is there already", hint="Name a folder that does not exist, or an empty one.")
    if to.resolve().is_relative_to(folder.resolve()):
        raise ProjectError(f"{to} lies in the project itself", hint="Choose a folder outside of it.")
    beside = to.with_name(f".{to.name}.part")
    try:
        shutil.rmtree(beside, ignore_errors=True)  # of a copy that was killed
        beside.mkdir(parents=True)
        _copy_file(folder / FILE_NAME, beside / FILE_NAME)
        _copy_rest(folder, beside)
        if to.exists():
            to.rmdir()
        beside.replace(to)
    except OSError as error:
        raise refused(to, error) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    sizes = [each.stat().st_size for each in to.rglob("*") if each.is_file()]
    return Backup(len(sizes), sum(sizes))


def _copy_file(path: Path, to: Path) -> None:
    database, _ = looked_at(path, alone=False)
    try:
        database.copy_to(to)
    finally:
        database.close()
    copy = Database.open(to, "frozen")
    try:
        copy.quick_check()
    finally:
        copy.close()


def _copy_rest(folder: Path, to: Path) -> None:
    """All but the project file with its logs, and the lock."""

    def kept_out(inside: str, names: list[str]) -> list[str]:
        if Path(inside) != folder:
            return []
        return [each for each in names if each.startswith(FILE_NAME) or each == LOCK_NAME]

    def copy(source: str, target: str) -> str:
        with suppress(FileNotFoundError):  # taken in, or tidied away, just now
            shutil.copy2(source, target)
        return target

    try:
        shutil.copytree(
            folder, to, ignore=kept_out, copy_function=copy, dirs_exist_ok=True, ignore_dangling_symlinks=True
        )
    except shutil.Error as error:  # a list of what went wrong, each with its reason in words
        source, _, why = error.args[0][0]
        raise ProjectError(
            f"{source} could not be copied: {why}", hint="Free space, or choose another place."
        ) from error
