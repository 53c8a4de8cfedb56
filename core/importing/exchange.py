"""Foreign files into a project and out of it: which format, what it means for the project's rows.

The formats know files, the project knows rows; here they meet. Every import is one undoable edit.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from core.errors import FileError, FormatError, ProjectError
from core.exchanged import Report
from core.exporting.marks import hand_out as hand_out
from core.formats import FORMATS, Format, opencv_cameras
from core.formats.annotated import Annotations
from core.formats.cameras import NamedCamera
from core.geometry.calibration import GIVEN, described
from core.importing.annotations import Origin, take_annotations
from core.importing.apart import read_annotations
from core.importing.marks import take_marks
from core.importing.poses2d import take_poses
from core.importing.recognition import named as named
from core.importing.recognition import recognise as recognise
from core.project import edits
from core.project.annotations import Clip
from core.project.cameras import fits
from core.project.store import ProjectStore
from core.wording import counted

_MARKED = ("marks", "annotations")


def writer(out: Path, name: str) -> Format:
    """The format to write `out` in: the named one, or the one its ending says."""
    if name:
        chosen = named(name)
    else:
        fits = [each for each in FORMATS if out.suffix.lower() in each.endings and each.write and each.holds in _MARKED]
        if not fits:
            raise FileError(
                out, f"no format ends in {out.suffix or 'nothing'}", hint="Use .csv, .json or .eaf, or --format."
            )
        chosen = fits[0]
    if chosen.write is None:
        raise ProjectError(f"{chosen.name} can be read but not written.")
    return chosen


def take_in(
    known: Format,
    source: Path,
    store: ProjectStore,
    clip: Clip | None,
    author: str,
    options: Mapping[str, str] | None = None,
    name: str = "",
) -> Report:
    """Import `source`, as one edit. `options` are the format's own, `name` is what the catalog calls a data set."""
    if known.holds == "2D poses":
        return take_poses(known, source, store, clip, author, options or {})
    if known.holds == "cameras":
        return take_cameras(known, source, store, clip, author)
    if known.holds == "annotations":
        folder = source if source.is_dir() else source.parent
        label = f"Import {source.name}"
        return take_annotations(
            annotations_of(known, source, options or {}),
            store,
            source=known.name,
            author=author,
            folder=folder,
            clip=clip,
            label=label,
            origin=Origin(source, name=name, options=options or {}),
        )
    return take_marks(known.read(source), store, source=source, format_name=known.name, author=author, clip=clip)


def annotations_of(known: Format, source: Path, options: Mapping[str, str]) -> Annotations:
    """What a data set says of its clips. A reader that is native code has a process of its own."""
    if known.is_native:
        return read_annotations(source, known, options)
    return known.read(source, **options)


def take_cameras(
    known: Format, source: Path, store: ProjectStore, clip: Clip | None, author: str, *, name: str = ""
) -> Report:
    """The cameras of a file, or the one called `name`, as one edit; a single one becomes the clip's."""
    size = (
        {"size": (clip.video.width, clip.video.height)}
        if clip is not None and known.read is opencv_cameras.read
        else {}
    )
    read: tuple[NamedCamera, ...] = known.read(source, **size)
    found = [each for each in read if not name or name.lower() in each.name.lower()]
    exact = [each for each in found if each.name == name]
    found = exact or found
    names = ", ".join(each.name for each in read[:12]) + (", …" if len(read) > 12 else "")
    if not found:
        raise FormatError(source, f"it holds no camera {name!r}", hint=f"It holds {names}.")
    if clip is not None and len(found) > 1:
        hint = f"Name one with posecast cameras --add … --name: {names}."
        raise FormatError(source, f"it holds {len(found)} cameras, and {clip.name} has one", hint=hint)
    project, lines = store.project, []
    for each in found:
        camera = each.camera if each.placed else replace(each.camera, estimated=True)
        project, row = edits.add_camera(
            project, each.name, camera, author=author, source=known.name, how=f"imported {known.name}"
        )
        if clip is not None:
            if not fits(row, clip):
                sizes = f"{row.width} × {row.height}", f"{clip.video.width} × {clip.video.height}"
                what = f"{each.name} was found for pictures of {sizes[0]}, {clip.name} has {sizes[1]}"
                raise FormatError(source, what, hint="Choose the camera that filmed it.")
            project = edits.set_camera(project, clip.id, row.id)
        where = f" for {clip.name}" if clip is not None else ""
        lines += [f"{row.name}{where}: {'; '.join(described(each.camera, GIVEN, placed=each.placed))}"]
        lines += [f"  {note}" for note in each.notes]
    store.edit(project, f"Import {counted(len(found), 'camera')} from {source.name}", source=known.name)
    return Report(format=known.name, says="\n".join(lines), taken=len(found))
