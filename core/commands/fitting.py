"""Commands that fit bodies: to a person of a clip, or to joints in a file."""

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.commands.answers import Json, answer, complain, refusals
from core.commands.projects import clip_of, refuse_own_file
from core.errors import FileError, FormatError, ProjectError

if TYPE_CHECKING:
    from core.runs import ExportBodies

_FILMS, _BODIES = (".mp4", ".gif", ".png"), (".npz", ".glb", ".obj", ".ply")
_JOINTS = (".npz", ".npy")
_ARRAYS = ("joints_m", "seen", "rate_hz")
_NO_PERSON_MM = 150.0
_GIF_PX = 640


def fit(
    source: Annotated[
        Path, typer.Argument(metavar="PROJECT|JOINTS", help="A project, or a .npz of joints.", show_default=False)
    ],
    out: Annotated[
        Path,
        typer.Argument(
            help="A motion: .npz, .glb; a moment: .obj, .ply, .png; a film: .mp4, .gif.", show_default=False
        ),
    ],
    *,
    clip: Annotated[str, typer.Option(help="Of a project: the clip, by id or name.")] = "",
    start: Annotated[float, typer.Option("--from", min=0, help="Seconds.")] = 0.0,
    end: Annotated[float | None, typer.Option("--to", help="Seconds; the clip's end without it.")] = None,
    person: Annotated[int, typer.Option(min=1, help="Whose 2D poses: 1 is who is seen longest.")] = 1,
    body: Annotated[str, typer.Option(help="A body's key: see `posecast bodies`.")] = "built-in/smpl/neutral",
    skeleton: Annotated[str, typer.Option(help="Of joints in a file: which they are.")] = "SMPL 24",
    replace: Annotated[bool, typer.Option(help="Replace an older file of that name.")] = False,
    in_space: Annotated[
        bool, typer.Option("--in-space", help="Pictures and films without the clip's video behind.")
    ] = False,
    turntable: Annotated[bool, typer.Option("--turntable", help="A film once round the first fitted moment.")] = False,
    transparent: Annotated[
        bool, typer.Option("--transparent", help="A .png of the body alone, without a ground.")
    ] = False,
    every_frame: Annotated[bool, typer.Option("--every-frame", help="A folder of .obj or .ply, one a frame.")] = False,
    as_json: Json = False,
) -> None:
    """Fit a body to a person of a clip, or to joints in a file (`joints_m`, metres, y up)."""
    with refusals("Nothing was written; an older file is as it was."):
        if out.suffix.lower() not in (*_BODIES, *_FILMS):
            hint = f"Name a file that ends in {', '.join((*_BODIES, *_FILMS))}."
            raise FileError(out, "this is neither a motion, a body nor a film", hint=hint)
        # Said before the fit, which takes its time.
        if turntable and out.suffix.lower() not in (".mp4", ".gif"):
            raise FileError(out, "a turntable is a film", hint="Name a .mp4 or .gif.")
        if transparent and out.suffix.lower() != ".png":
            raise FileError(out, "only a picture can be transparent", hint="Name a .png.")
        if every_frame and out.suffix.lower() not in (".obj", ".ply"):
            raise FileError(
                out, "this holds all frames anyhow", hint="Leave --every-frame out, or name a .obj or .ply."
            )
        if out.exists() and not replace:
            raise FileError(out, "is there already", hint="Choose another name, or add --replace.")
        if not out.absolute().parent.is_dir():
            raise FileError(out, f"there is no folder {out.parent}", hint="Make it first, or choose another.")
        if source.is_file() and source.suffix.lower() in _JOINTS:
            shot, says, figures = _of_joints(source, skeleton, body)
        else:
            shot, says, figures = _of_clip(source, out, clip, start, end, person - 1, body)
        in_space = in_space or turntable or transparent
        asked = _asked(
            out, shot, in_space=in_space, turntable=turntable, replaces=replace, transparent=transparent,
            every_frame=every_frame,
        )  # fmt: skip
        made = _export(shot, asked)
        answer({"file": str(out), **figures}, f"{made}\n{says}", as_json=as_json)


def _of_clip(
    project: Path, out: Path, clip: str, start_s: float, end_s: float | None, person: int, body: str
) -> tuple[Any, str, dict[str, Any]]:
    from core.fitted_clips import FittedMotion, fit_clip, shot_of
    from core.footage import frame_at
    from core.project.store import ProjectStore

    with ProjectStore.open(project, "", mode="read") as store:
        if not clip:
            raise ProjectError("Which clip?", hint="Name one with --clip.")
        chosen = clip_of(store.project, clip)
        refuse_own_file(store, out)
        first = frame_at(store, chosen, start_s)
        last = None if end_s is None else frame_at(store, chosen, end_s) + 1
        if last is not None and last <= first:
            raise ProjectError(f"{end_s:g} s comes before {start_s:g} s.", hint="Give --to a later moment than --from.")
        motion: FittedMotion | None = None
        for each in fit_clip(store, chosen, person=person, start=first, end=last, body=body):
            if isinstance(each, FittedMotion):
                motion = each
            elif each.done:
                complain(f"{each.doing}: {each.done} of {each.total}")
        assert motion is not None
        estimated = motion.camera.estimated
        doubt = " The camera is estimated: sizes and places are, too. Calibrate it for true ones." if estimated else ""
        figures = {
            "frames": len(motion),
            "fitted": int(motion.fitted.sum()),
            "error_px": round(motion.mean_error_px, 2),
            "camera_estimated": estimated,
            "body": motion.body,
        }
        says = f"{figures['fitted']} of {len(motion)} frames fitted, {motion.mean_error_px:.1f} px off.{doubt}"
        return shot_of(motion, store, chosen), says, figures


def _of_joints(path: Path, skeleton_name: str, body_key: str) -> tuple[Any, str, dict[str, Any]]:
    import numpy as np

    from core.bodies.fitting import fit_joints
    from core.bodies.library import body
    from core.bodies.skeletons import SKELETONS
    from core.rendering.moving import MovingBody, MovingScene, Shot

    skeleton = SKELETONS.get(skeleton_name)
    if skeleton is None:
        raise ProjectError(f"There is no skeleton {skeleton_name!r}.", hint=f"There are: {', '.join(SKELETONS)}.")
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            is_plain = isinstance(loaded, np.ndarray)
            arrays = (
                {"joints_m": loaded} if is_plain else {each: loaded[each] for each in _ARRAYS if each in loaded.files}
            )
    except MemoryError as error:
        raise FormatError(path, "it needs more memory than there is", hint="Fit fewer frames at once.") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise FormatError(path, "no file of plain arrays", hint="Save joints_m with numpy.savez.") from error
    joints_m, seen = arrays.get("joints_m"), arrays.get("seen")
    wanted = (len(skeleton), 3)
    if joints_m is None or joints_m.ndim != 3 or joints_m.shape[1:] != wanted or joints_m.dtype.kind not in "fiu":
        has = f"has {joints_m.shape}" if joints_m is not None else "is not there"
        hint = f"{skeleton.name} needs (frames, {len(skeleton)}, 3); name another with --skeleton."
        raise FormatError(path, f"joints_m {has}", hint=hint)
    if seen is not None and (seen.shape != joints_m.shape[:2] or seen.dtype.kind not in "bfiu"):
        raise FormatError(path, f"seen has {seen.shape}, not {joints_m.shape[:2]}", hint="Leave it out to see all.")
    rate_hz = None
    if "rate_hz" in arrays:
        rate = arrays["rate_hz"]
        if rate.size != 1 or rate.dtype.kind not in "fiu" or not (np.isfinite(rate.item()) and rate.item() > 0):
            raise FormatError(path, f"rate_hz is {rate}", hint="Give frames a second, or leave it out.")
        rate_hz = float(rate.item())
    found = fit_joints(body(body_key), joints_m.astype(float), skeleton, seen=seen, rate_hz=rate_hz)
    if found is None:
        raise FormatError(path, "too little is seen to fit a body", hint="Four joints or more are needed.")
    error_mm = 1000 * float(found.error[found.fitted].mean())
    if error_mm > _NO_PERSON_MM:
        hint = f"Give metres, y up, the joints in the order of {skeleton.name}."
        raise FormatError(path, f"no body fits these joints: they would be {error_mm / 1000:.3g} m off", hint=hint)
    who = MovingBody(body_key, found.betas, found.rotations, found.translation_m, there=found.fitted)
    shot = Shot(MovingScene(rate_hz=rate_hz or 30.0, bodies=(who,)), at=int(np.flatnonzero(found.fitted)[0]))
    figures = {
        "frames": len(found),
        "fitted": int(found.fitted.sum()),
        "error_mm": round(error_mm, 2),
        "body": body_key,
    }
    return shot, f"{figures['fitted']} of {len(found)} frames fitted, {error_mm:.1f} mm off.", figures


def _asked(out: Path, shot: Any, *, in_space: bool, turntable: bool, **more: Any) -> "ExportBodies":
    """What is to be made: films over the frame in the clip's own size, GIFs no larger than they are of use."""
    from core.runs import ExportBodies

    ending = out.suffix.lower()
    what = "picture" if ending == ".png" else "film" if ending in _FILMS else "body"
    footage = shot.footage
    over = ending in _FILMS and footage is not None and not in_space
    width, height = (640, 360) if ending == ".gif" else (1280, 720)
    if over and footage is not None:
        camera = footage.camera
        share = min(1.0, _GIF_PX / max(camera.width, camera.height)) if ending == ".gif" else 1.0
        width, height = round(share * camera.width), round(share * camera.height)
    return ExportBodies(
        shot="", out=str(out.parent), file=str(out), what="turntable" if turntable else what, over_frame=over,
        width=width, height=height, **more,
    )  # fmt: skip


def _export(shot: Any, asked: "ExportBodies") -> str:
    from dataclasses import replace

    from core.exporting.bodies import export
    from core.rendering.export import seen_whole

    if asked.what != "body" and not asked.over_frame:
        # A shadow without a ground would end at the picture's border.
        view = seen_whole(shot.scene, asked.width / asked.height)
        shot = replace(shot, view=view, shadows=shot.shadows and not asked.transparent)
    steps = export(shot, asked)
    while True:
        try:
            next(steps)
        except StopIteration as ended:
            return ended.value.says


COMMANDS = (fit,)
