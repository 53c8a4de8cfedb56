"""Recorded motion of a data set, and tables of characteristic poses, as files where they are used.

    for said in hand_out_motion(the_set, Path("walk.bvh"), motion="CMU/01/01_01"):      # one recording
    for said in hand_out_motion(the_set, Path("walks"), format="AMASS"):                # all of them, a file each

What is said is Progress, and at last the Report. A folder gets the recordings under their own names; one that a format
cannot hold (a BVH needs a body) is left out with the reason. Tables go out byte for byte as they came in.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.errors import CoreError, FileError, ProjectError
from core.exchanged import Report
from core.formats import FORMATS, recordings_glb
from core.project.motion_sets import MotionRow, MotionSet
from core.runs import Progress
from core.whole_files import as_file_name, free_file_name, whole_file
from core.wording import counted


@dataclass(frozen=True)
class MotionWriter:
    """A kind of file that one recording can be written in."""

    name: str
    endings: tuple[str, ...]
    write: Callable[..., None]
    """Of a Recording and the Path it is to lie at."""
    says_terms: bool = False
    """Whether the file can hold the terms its motion comes under, as `terms` of `write`."""


def motion_writers() -> tuple[MotionWriter, ...]:
    """The formats that motion can be written in; all but GLB can be read again."""
    both_ways = tuple(
        MotionWriter(each.name, each.endings, each.write)
        for each in FORMATS
        if each.holds == "motion" and each.write is not None
    )
    return (*both_ways, MotionWriter("GLB", (".glb",), recordings_glb.write, says_terms=True))


def hand_out_motion(
    the_set: MotionSet,
    out: Path,
    *,
    format: str = "",  # noqa: A002
    motion: str = "",
    replaces: bool = False,
) -> Iterator[Progress | Report]:
    """Write one recording to the file `out`, or all of them into the folder `out`."""
    if the_set.facts.holds == "characteristic poses":
        yield _tables(the_set, out, replaces=replaces)
        return
    rows = _chosen(the_set, motion)
    known = _writer(out, format, is_one=bool(motion))
    if motion:
        _write(known, the_set, rows[0], out, replaces=replaces)
        yield Report(format=known.name, says=f"{out.name}: {rows[0].name}, {counted(rows[0].frames, 'frame')}", taken=1)
        return
    if out.exists() and not out.is_dir():
        raise FileError(out, "is a file, and all recordings need a folder", hint="Name a folder, or one with --motion.")
    left_out: list[str] = []
    taken: dict[Path, set[str]] = {}
    for number, row in enumerate(rows):
        yield Progress(number, len(rows), row.name)
        path = _place(out, row.name, known.endings[0], taken)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(known, the_set, row, path, replaces=replaces)
        except OSError as error:
            raise FileError(
                path, f"could not be written ({error.strerror or error})", hint="Free space there."
            ) from error
        except CoreError as error:
            left_out.append(f"{row.name}: {error}")
    if len(left_out) == len(rows):
        raise ProjectError(f"None of {counted(len(rows), 'recording')} could be written. {left_out[0]}")
    yield Progress(len(rows), len(rows))
    left = [f"  left out: {each}" for each in left_out]
    says = "\n".join([f"{out.name}: {counted(len(rows) - len(left_out), 'recording')} as {known.name}", *left])
    yield Report(format=known.name, says=says, left_out=tuple(left_out), taken=len(rows) - len(left_out))


def _chosen(the_set: MotionSet, motion: str) -> list[MotionRow]:
    """The recordings that are meant, those with arrays."""
    rows = [row for row in the_set.rows.values() if row.file]
    if not rows:
        raise ProjectError(f"{the_set.facts.name} holds no motion", hint="Choose a data set of motion.")
    if not motion:
        return rows
    found = [row for row in rows if row.name == motion] or [row for row in rows if row.name.endswith(f"/{motion}")]
    if len(found) != 1:
        some = ", ".join(row.name for row in (found or rows)[:5])
        word = f"several recordings {motion!r}" if found else f"no recording {motion!r}"
        raise ProjectError(f"{the_set.facts.name} has {word}", hint=f"It has {some}, …")
    return found


def _writer(out: Path, name: str, *, is_one: bool) -> MotionWriter:
    writers = motion_writers()
    if name:
        found = [each for each in writers if each.name.lower().startswith(name.lower())]
    else:
        found = [each for each in writers if is_one and out.suffix.lower() in each.endings]
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{each.name} ({each.endings[0]})" for each in writers)
    raise ProjectError(
        f"There is no format {name!r} for motion." if name else "In which format?",
        hint=f"Name one with --format{', or by the ending of the file' if is_one else ''}: {known}.",
    )


def _write(known: MotionWriter, the_set: MotionSet, row: MotionRow, path: Path, *, replaces: bool) -> None:
    if path.exists() and not replaces:
        raise FileError(path, "is there already", hint="Name another file, or let it be replaced with --replace.")
    write = known.write
    if known.says_terms and the_set.facts.licence:
        write = partial(write, terms=recordings_glb.terms_of(the_set.facts.licence))
    with whole_file(path) as beside:
        write(the_set.read(row), beside)


def _place(folder: Path, name: str, ending: str, taken: dict[Path, set[str]]) -> Path:
    """A file below `folder` and nowhere else, whatever the recording is called; `taken` names by folder."""
    *above, last = name.split("/")
    place = folder.joinpath(*(as_file_name(each, "_") for each in above))
    return place / (free_file_name(last, taken.setdefault(place, set()), "_") + ending)


def _tables(the_set: MotionSet, out: Path, *, replaces: bool) -> Report:
    kept = sorted(each for each in (the_set.folder / "tables").rglob("*") if each.is_file())
    if not kept:
        raise ProjectError(f"{the_set.facts.name} has lost its table", hint="Import it again.")
    targets = [out] if len(kept) == 1 else [out / each.relative_to(the_set.folder / "tables") for each in kept]
    for source, target in zip(kept, targets, strict=True):
        if target.exists() and not replaces:
            raise FileError(target, "is there already", hint="Name another file, or let it be replaced with --replace.")
        try:
            if len(kept) > 1:
                target.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(target) as beside:
                beside.write_bytes(source.read_bytes())
        except OSError as error:
            raise FileError(target, f"could not be written ({error.strerror or error})") from error
    return Report(
        format=the_set.facts.format, says=f"{out.name}: {counted(len(kept), 'table')}, as it came", taken=len(kept)
    )
