"""Motion that a model made, as files: what others read as motion, and films and pictures of bodies on the ground.

    exported = yield from write(Path("walk.mp4"), samples, recipe)      # all of them side by side
    exported = yield from write(Path("walk.npz"), samples, recipe)      # a file each: walk.npz, walk-2.npz, …

The ending says the format: .npz (AMASS's names, with the codes and the recipe; core.formats.generated_motion), .bvh,
.glb (everybody in one file, skinned and moving), .mp4 and .gif (a film of all side by side), .png (a sheet: moments of
each from left to right, on the built-in body, after the last one of the past).
What it was made from stands in the file where its format has room: the whole recipe in .npz, a sentence in .glb, .png,
.mp4 and .gif; a .bvh holds no words. The frames of a past are not in them, but the .npz has them in its recipe. Metres,
y up. No torch.
"""

from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.bodies import library
from core.errors import FileError
from core.exporting.bodies import Exported
from core.formats import bvh_writing, generated_motion
from core.formats.gltf import LEFT_OUT, Person, write_glb
from core.formats.provenance import Provenance
from core.generations import Recipe, Sample, unpacked
from core.kept_motions import in_words
from core.recordings import Recording
from core.rendering.export import FITTED_COLOURS, film, write_png
from core.rendering.motion_sheets import SheetRow, motions_picture
from core.rendering.moving import MovingBody, MovingScene, Poser, Shot
from core.rendering.views import Orbit
from core.runs import Progress
from core.whole_files import whole_file
from core.wording import counted

ENDINGS = (".npz", ".bvh", ".glb", ".mp4", ".gif", ".png")
_A_FILE_EACH = (".npz", ".bvh")
_BESIDE_M = 0.5
"""Between the places that two samples need."""
_LEAST_M = 1.0
_FRONT = 0.35
_LOOKED_AT = 16  # frames, to see everybody in all of them


def write(
    path: Path,
    samples: Sequence[Sample],
    recipe: Recipe,
    *,
    body: str = library.DEFAULT_KEY,
    checkpoint: str = "",
    numbers: Sequence[int] | None = None,
    replaces: bool = False,
    width: int = 1280,
    height: int = 720,
) -> Generator[Progress, None, Exported]:
    """Write the samples. `numbers` say which of the recipe's they are, from 0; in order without it.

    CoreError says in words why that cannot be; closing the generator leaves nothing half-made.
    """
    if not samples:
        raise FileError(path, "there is no motion to write", hint="Make some first.")
    numbers = range(len(samples)) if numbers is None else numbers
    files = free(path, len(samples), replaces=replaces)
    ending = path.suffix.lower()
    said = provenance(recipe, numbers, library.choice(library.DEFAULT_KEY if ending == ".png" else body).licence)
    if ending in _A_FILE_EACH:
        for at, (file, sample, number) in enumerate(zip(files, samples, numbers, strict=True)):
            yield Progress(at, len(files), "motion")
            if ending == ".npz":
                _write_npz(file, generated_motion.content(sample, recipe, number, body=body, checkpoint=checkpoint))
            else:
                motion = unpacked(sample.motion)
                bvh_writing.write(Recording(_name(recipe, number), motion.rate_hz, body=motion), file)
        yield Progress(len(files), len(files), "motion")
        return Exported(files, f"{_listed(files)}: {_what(samples)}. {said.terms}")
    scene = scene_of(samples, numbers=numbers, body=body)
    if ending == ".glb":
        yield Progress(0, 1, "bodies")
        people = [_person(each) for each in scene.bodies]
        write_glb(path, people, scene.rate_hz, replace(said, note=f"{said.note}. {LEFT_OUT}"))
        yield Progress(1, 1, "bodies")
    elif ending == ".png":
        yield Progress(0, 1, "picture")
        write_png(path, motions_picture(in_words(recipe), _sheet(samples, numbers, recipe), about=said.note), said)
        yield Progress(1, 1, "picture")
    else:
        shot = Shot(scene, view=_seen(scene, width / height), labels=len(samples) > 1, trails=True)
        yield from film(path, shot, said, width, height)
    return Exported(files, f"{_listed(files)}: {_what(samples)}. {said.terms}")


def free(path: Path, samples: int, *, replaces: bool = False) -> tuple[Path, ...]:
    """The files that so many samples make; FileError in words, before anything is made, where they cannot be."""
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        endings = ", ".join(ENDINGS)
        raise FileError(
            path, f"motion is not written as {ending or 'a file without an ending'}", hint=f"Use {endings}."
        )
    if not path.parent.is_dir():
        raise FileError(path, f"there is no folder {path.parent}", hint="Make it first, or choose another.")
    files = targets(path, samples)
    for each in files:
        if each.exists() and not replaces:
            raise FileError(each, "is there already", hint="Choose another name, or let it be replaced (--replace).")
    return files


def targets(path: Path, samples: int) -> tuple[Path, ...]:
    """The files that this makes: one for all, or one a sample."""
    if path.suffix.lower() not in _A_FILE_EACH:
        return (path,)
    return (path, *(path.with_stem(f"{path.stem}-{number}") for number in range(2, samples + 1)))


def provenance(recipe: Recipe, numbers: Sequence[int], licence: str) -> Provenance:
    """What a file of these samples says of itself."""
    count = counted(len(numbers), "sample").partition(" ")[2]
    which = f"{count} {', '.join(str(number + 1) for number in numbers)}"
    made = f"Made by {Path(recipe.model).name}: {in_words(recipe)}, seed {recipe.seed}, {which}"
    draw = "" if recipe.temperature == 1 else f", temperature {recipe.temperature:g}"
    draw += f", top-k {recipe.top_k}" if recipe.top_k else ""
    draw += f", top-p {recipe.top_p:g}" if recipe.top_p < 1 else ""
    past = f", after {recipe.past.source or 'a past'}" if recipe.past is not None else ""
    poses = f", through {counted(len(recipe.anchors), 'pose')}" if recipe.anchors else ""
    return Provenance(library.terms(licence), title=in_words(recipe), note=f"{made}{draw}{past}{poses}")


def scene_of(
    samples: Sequence[Sample], *, numbers: Sequence[int] | None = None, body: str = library.DEFAULT_KEY
) -> MovingScene:
    """All samples side by side, from left to right, over the time of the longest; who is done stands still."""
    motions = [unpacked(sample.motion) for sample in samples]
    frames = max(len(motion) for motion in motions)
    numbers = range(len(samples)) if numbers is None else numbers
    bodies, right_m = [], 0.0
    for motion, number in zip(motions, numbers, strict=True):
        held = np.minimum(np.arange(frames), len(motion) - 1)
        path_m = np.asarray(motion.translation_m, float)[held]
        least_m, most_m = float(path_m[:, 0].min()), float(path_m[:, 0].max())
        aside_m = right_m - least_m
        right_m += max(most_m - least_m, 0.0) + _LEAST_M + _BESIDE_M
        path_m[:, 0] += aside_m
        bodies.append(
            MovingBody(
                body=body,
                betas=np.zeros(10, np.float32),
                rotations=np.asarray(motion.rotations, np.float32)[held],
                translation_m=path_m.astype(np.float32),
                colour=FITTED_COLOURS[number % len(FITTED_COLOURS)],
                name=f"sample {number + 1}",
            )
        )
    return MovingScene(motions[0].rate_hz, tuple(bodies))


# ---- how ------------------------------------------------------------------------------------------------------------


def _write_npz(path: Path, content: bytes) -> None:
    with whole_file(path) as beside:
        beside.write_bytes(content)


def _sheet(samples: Sequence[Sample], numbers: Sequence[int], recipe: Recipe) -> list[SheetRow]:
    past = None if recipe.past is None else unpacked(recipe.past.motion)
    return [
        SheetRow(f"sample {number + 1}", unpacked(sample.motion), past, ", ".join(sample.doubts))
        for sample, number in zip(samples, numbers, strict=True)
    ]


def _seen(scene: MovingScene, aspect: float) -> Orbit:
    """From the front, a little from the side, so that nobody stands before the others for long."""
    poser = Poser(scene)
    frames = sorted({round(at) for at in np.linspace(0, len(scene) - 1, _LOOKED_AT)})
    cloud = np.concatenate([np.asarray(each.vertices_m)[::20] for at in frames for each in poser.at(at)[0]])
    return Orbit(yaw=_FRONT, floor_m=scene.ground_m).framing(cloud, aspect)


def _person(each: MovingBody) -> Person:
    return Person(library.body(each.body), each.betas, each.rotations, each.translation_m, each.name, each.colour)


def _name(recipe: Recipe, number: int) -> str:
    return f"{in_words(recipe)}, sample {number + 1}"


def _what(samples: Sequence[Sample]) -> str:
    longest_s = max(sample.motion.frames / sample.motion.rate_hz for sample in samples)
    return f"{counted(len(samples), 'sample')} of {longest_s:.2f} s"


def _listed(files: tuple[Path, ...]) -> str:
    names = [each.name for each in files]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
