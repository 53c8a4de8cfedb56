"""What a view shows as a file of any kind, for the command line, the studio's runs and scripts alike.

    done = yield from export(shot, ExportBodies(what="film", file="walk.mp4", ...))    # progress, then what was made
    print(done.says)          # walk.mp4: 2 people, 60 frames. The body is Posecast's own …

Whose licence holds for the bodies stands in every file, in the place its format has for it, and in the words at the
end. Ghosts are part of pictures and films, and of nothing else.
"""

from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.bodies.library import DEFAULT_KEY, body, choice, terms
from core.bodies.poses import pose_for
from core.bodies.skeletons import RECORDED_27, SMPL_22, SMPL_24, SMPLH_52, SMPLX_55
from core.errors import FileError
from core.formats import bvh_writing
from core.formats.body_motions import write_motion
from core.formats.gltf import Person, write_glb
from core.formats.meshes import Solid, write_mesh, write_meshes
from core.formats.provenance import Provenance
from core.motion import Motion
from core.recordings import Recording
from core.rendering.export import film, save_picture, turntable
from core.rendering.moving import MovingBody, MovingScene, Poser, Shot
from core.runs import ExportBodies, Progress
from core.wording import counted

ENDINGS: dict[str, tuple[str, ...]] = {
    "picture": (".png",),
    "film": (".mp4", ".gif"),
    "turntable": (".mp4", ".gif"),
    "body": (".glb", ".obj", ".ply", ".npz", ".bvh"),
}
_A_FILE_EACH = (".npz", ".bvh")
NO_BODY = "It shows joints only, made with Posecast: no body's licence holds for it."


@dataclass(frozen=True)
class Exported:
    """The files that were made, and what to say about them: what is in them, and whose terms hold."""

    files: tuple[Path, ...]
    says: str


def export(shot: Shot, asked: ExportBodies) -> Generator[Progress, None, Exported]:
    """Make what was asked for. CoreError where that cannot be; closing the generator leaves nothing half-made."""
    file = Path(asked.file)
    if file.suffix.lower() not in ENDINGS[asked.what]:
        endings = " or ".join(ENDINGS[asked.what])
        raise FileError(file, f"this does not end in {endings}", hint=f"Name a file that ends in {endings}.")
    files = targets(shot.scene, asked)
    _refuse_what_is_there(files, replaces=asked.replaces)
    if shot.footage is not None and shot.footage.video.resolve() in {each.resolve() for each in files}:
        raise FileError(file, "is the video behind these people and is not written over", hint="Name another file.")
    said = Provenance(terms_of(shot.scene), asked.title)
    match asked.what:
        case "picture":
            yield Progress(0, 1, "picture")
            save_picture(
                file, shot, said, asked.width, asked.height, transparent=asked.transparent, over=asked.over_frame
            )
            yield Progress(1, 1, "picture")
            what = "a picture"
        case "film":
            made = yield from film(
                file, shot, said, asked.width, asked.height, start=asked.start, end=asked.end, over=asked.over_frame
            )
            what = counted(made, "frame")
        case "turntable":
            made = yield from turntable(file, shot, said, asked.width, asked.height, seconds=asked.seconds)
            what = f"once round in {asked.seconds:g} s"
        case "body":
            what = yield from _export_bodies(shot, asked, file, said)
    return Exported(files, f"{_listed(files)}: {what}. {said.terms}")


def targets(scene: MovingScene, asked: ExportBodies) -> tuple[Path, ...]:
    """The files, or the folder, that this will make."""
    file = Path(asked.file)
    ending = file.suffix.lower()
    if asked.what == "body" and ending in (".obj", ".ply") and asked.every_frame:
        return (file.with_suffix(""),)
    if asked.what == "body" and ending in _A_FILE_EACH:
        count = len(solid_bodies(scene))
        return (file, *(file.with_stem(f"{file.stem}-{number}") for number in range(2, count + 1)))
    return (file,)


def solid_bodies(scene: MovingScene) -> tuple[MovingBody, ...]:
    """The bodies that stand there themselves, without the ghosts of what was or will be."""
    return tuple(each for each in scene.bodies if not each.is_ghost)


def terms_of(scene: MovingScene) -> str:
    """Whose terms hold for what is made of this scene, as one or more sentences."""
    licences = dict.fromkeys(choice(each.body).licence for each in scene.bodies)
    return " ".join(terms(licence) for licence in licences) or NO_BODY


def _refuse_what_is_there(files: tuple[Path, ...], *, replaces: bool) -> None:
    for each in files:
        if each.exists() and not replaces:
            raise FileError(each, "is there already", hint="Choose another name, or let it be replaced (--replace).")


def _export_bodies(shot: Shot, asked: ExportBodies, file: Path, said: Provenance) -> Generator[Progress, None, str]:
    last = len(shot.scene) if asked.end is None else asked.end
    if not 0 <= asked.start < last <= len(shot.scene):
        hint = f"The scene has {len(shot.scene)}."
        raise FileError(file, f"there are no frames from {asked.start} to {last}", hint=hint)
    people = solid_bodies(shot.scene)
    if not people:
        raise FileError(file, "there is no body to write", hint="Show bodies first: joints alone have no mesh.")
    scene = replace(shot.scene, bodies=people, skeletons=())
    who = counted(len(people), "person", "people")
    ending = file.suffix.lower()
    if ending in (".obj", ".ply"):
        poser = Poser(scene)
        if not asked.every_frame:
            yield Progress(0, 1, "mesh")
            write_mesh(file, _solids(poser, shot.at), said)
            yield Progress(1, 1, "mesh")
            return f"{who} at one moment"
        folder = file.with_suffix("")
        written = yield from write_meshes(
            folder, ending, last - asked.start, lambda at: _solids(poser, asked.start + at), said
        )
        return f"{who}, {counted(written, 'file')}, one a frame"
    scene = scene.stretch(asked.start, last)
    yield Progress(0, 1, "body")
    if ending == ".glb":
        write_glb(
            file, [_person(each) for each in scene.bodies], scene.rate_hz, said, skeleton_only=asked.skeleton_only
        )
        more = "" if asked.skeleton_only else "; the small corrections of form that poses bring do not fit this format"
    elif ending == ".bvh":
        for path, each in zip(targets(scene, asked), scene.bodies, strict=True):
            bvh_writing.write(_recording(each, path.stem, scene.rate_hz), path)
        more = "; a skeleton with its bones' lengths, no mesh"
        if any(each.there is not None and not each.there.all() for each in scene.bodies):
            more += "; where somebody is not seen they keep a pose"
    else:
        for path, each in zip(targets(scene, asked), scene.bodies, strict=True):
            of = choice(each.body)
            write_motion(
                path, each.betas, each.rotations, each.translation_m, scene.rate_hz, said,
                body=each.body, gender=of.gender, licence=of.licence, there=each.there,
            )  # fmt: skip
        more = ""
    yield Progress(1, 1, "body")
    return f"{who}, {counted(len(scene), 'frame')}{more}"


def _person(each: MovingBody) -> Person:
    return Person(
        body(each.body), each.betas, each.rotations, each.translation_m, each.name or "Person", each.colour, each.there
    )


def _recording(each: MovingBody, name: str, rate_hz: float) -> Recording:
    """The person's motion, and their joints where their bones are not the average body's."""
    given = each.rotations.shape[1]
    skeleton = next((known for known in (SMPL_24, SMPLH_52) if given <= len(known)), SMPLX_55)
    rotations = pose_for(np.asarray(each.rotations, np.float32), len(skeleton))
    motion = Motion(skeleton, rate_hz, rotations, np.asarray(each.translation_m, np.float32))
    if each.body == DEFAULT_KEY and not np.any(each.betas):
        return Recording(name, rate_hz, body=motion)
    figure = body(each.body).shaped(each.betas)
    joints_m = np.full((len(motion), len(RECORDED_27), 3), np.nan, np.float32)
    for at in range(len(motion)):
        placed = figure.place(rotations[at], motion.translation_m[at]).places_m
        joints_m[at, : len(SMPL_22)] = placed[: len(SMPL_22)]  # what comes after them is not the same in every family
    # The average body that goes with these joints stands on the same soles.
    lower_m = figure.vertices_m[:, 1].min() - body(DEFAULT_KEY).rest()[0][:, 1].min()
    return Recording(
        name,
        rate_hz,
        joints_m=joints_m,
        body=replace(motion, translation_m=motion.translation_m + np.array([0, lower_m, 0], np.float32)),
    )


def _solids(poser: Poser, frame: int) -> list[Solid]:
    bodies, _ = poser.at(frame)
    return [
        Solid(each.label or f"person {at}", np.asarray(each.vertices_m), each.faces, each.colour)
        for at, each in enumerate(bodies, start=1)
    ]


def _listed(files: tuple[Path, ...]) -> str:
    names = [each.name for each in files]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
