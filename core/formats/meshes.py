"""Bodies as plain meshes, OBJ and PLY, through trimesh: one frame in a file, or every frame in a folder.

Metres, y up. PLY holds a colour a vertex, and so does OBJ in the way most readers take it (behind the position).
Several people are one mesh each in OBJ (an object of their own) and one mesh together in PLY, which has no names.
Whose licence the body carries stands in the comments at the top.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from core.errors import FileError
from core.formats.provenance import Provenance
from core.runs import Progress
from core.whole_files import refused, whole_file

ENDINGS = (".obj", ".ply")


@dataclass(frozen=True)
class Solid:
    """One person's mesh at one moment, in one colour."""

    name: str
    vertices_m: Float[ndarray, "vertices 3"]
    faces: Int[ndarray, "faces 3"]
    colour: str = "#dadce1"


def write_mesh(path: Path, solids: Sequence[Solid], said: Provenance) -> None:
    """Write what stands there at one moment. The ending says the format."""
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise FileError(path, f"a mesh does not end in {ending or 'nothing'}", hint="Use .obj or .ply.")
    if not solids:
        raise FileError(path, "there is nobody to write", hint="Choose a moment or a person with a body.")
    content = _obj(solids, said) if ending == ".obj" else _ply(solids, said)
    with whole_file(path) as beside:
        beside.write_bytes(content)


def write_meshes(
    folder: Path, ending: str, frames: int, solids_at: Callable[[int], Sequence[Solid]], said: Provenance
) -> Generator[Progress, None, int]:
    """A file a frame, `frame_00000.obj` on, in a new or empty folder; how many were written.

    A frame with nobody in it has no file. Stopping takes away what was written so far, and the folder.
    """
    if frames < 1:
        raise FileError(folder, "there is no frame to write", hint="Choose a stretch with at least one frame.")
    was_there = folder.exists()
    if was_there and (not folder.is_dir() or any(folder.iterdir())):
        raise FileError(folder, "is there already and not an empty folder", hint="Choose another name.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refused(folder, error) from error
    written: list[Path] = []
    whole = False
    try:
        for frame in range(frames):
            solids = solids_at(frame)
            if solids:
                path = folder / f"frame_{frame:05d}{ending}"
                write_mesh(path, solids, said)
                written.append(path)
            yield Progress(frame + 1, frames, "frame")
        if not written:
            raise FileError(folder, "nobody is there in any frame", hint="Choose another stretch.")
        whole = True
    finally:
        if not whole:
            for path in written:
                path.unlink(missing_ok=True)
            if not was_there:
                folder.rmdir()
    return len(written)


def _obj(solids: Sequence[Solid], said: Provenance) -> bytes:
    from trimesh.exchange.obj import export_obj

    parts = ["\n".join(f"# {line}" for line in said.lines())]
    before = 0
    for solid in solids:
        text = export_obj(_trimesh(solid), include_normals=True, include_texture=False, header=solid.name)
        assert isinstance(text, str)
        parts.append(f"o {_one_word(solid.name)}\n{_counted_on(text, before)}")
        before += len(solid.vertices_m)
    return ("\n".join(parts) + "\n").encode()


def _counted_on(text: str, before: int) -> str:
    """OBJ counts vertices through the whole file: an object's corners go on after those before it."""
    if not before:
        return text
    lines = []
    for line in text.splitlines():
        if not line.startswith("f "):
            lines.append(line)
            continue
        corners = (corner.split("/") for corner in line.split()[1:])
        lines.append(
            "f " + " ".join("/".join(str(int(at) + before) if at else "" for at in corner) for corner in corners)
        )
    return "\n".join(lines)


def _ply(solids: Sequence[Solid], said: Provenance) -> bytes:
    import trimesh
    from trimesh.exchange.ply import export_ply

    whole = trimesh.util.concatenate([_trimesh(solid) for solid in solids])
    content = export_ply(whole, encoding="binary", vertex_normal=True)
    assert isinstance(content, bytes)
    # After the line that says which kind of PLY it is, comments may stand; the rest stays as it was written.
    first, second, rest = content.split(b"\n", 2)
    comments = [f"comment {line}".encode("ascii", "replace") for line in said.lines()]
    return b"\n".join([first, second, *comments, rest])


def _trimesh(solid: Solid):  # noqa: ANN202 (trimesh.Trimesh, loaded where it is used)
    import trimesh

    colour = np.frombuffer(bytes.fromhex(solid.colour.lstrip("#")), np.uint8)
    colours = np.tile(np.append(colour, np.uint8(255)), (len(solid.vertices_m), 1))
    return trimesh.Trimesh(solid.vertices_m, solid.faces, vertex_colors=colours, process=False)


def _one_word(name: str) -> str:
    return "_".join(name.split()) or "person"
