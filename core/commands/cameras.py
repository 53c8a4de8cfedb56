"""Commands about cameras: calibrate one, list, import, choose and remove those of a project."""

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.commands.answers import Json, ProjectFolder, answer, complain, person, refusals, shown
from core.commands.projects import clip_of, refuse_own_file
from core.errors import CalibrationError, FileError, ProjectError
from core.wording import counted, table

if TYPE_CHECKING:
    from numpy import ndarray

    from core.geometry.calibration import Calibration
    from core.project.annotations import CameraRow, Clip, Project
    from core.project.store import ProjectStore

_WORST = 8


def calibrate(
    project: ProjectFolder,
    *,
    clip: Annotated[str, typer.Option(help="The clip, by id or name; not needed where there is one.")] = "",
    points: Annotated[
        Path | None,
        typer.Option(help="A table of x_px, y_px, x_m, y_m, z_m (y up) and name.", show_default=False),
    ] = None,
    chessboard: Annotated[
        Path | None, typer.Option(help="A video or a folder of pictures of a board.", show_default=False)
    ] = None,
    people: Annotated[bool, typer.Option("--people", help="From the clip's upright people: an estimate.")] = False,
    lens: Annotated[str, typer.Option(help="With --points: a camera of the project whose lens it is.")] = "",
    corners: Annotated[str, typer.Option(help="With --chessboard: inner corners, columns × rows.")] = "9x6",
    square: Annotated[float, typer.Option(help="With --chessboard: a square's side, metres.")] = 0.025,
    lying: Annotated[
        str, typer.Option(help="With --chessboard: the picture, or `frame N`, in which it lies on the floor.")
    ] = "",
    height: Annotated[float, typer.Option(help="With --people: how tall they are, metres.")] = 1.70,
    one: Annotated[
        int | None, typer.Option("--person", min=1, help="With --people: only this one of them.", show_default=False)
    ] = None,
    name: Annotated[str, typer.Option(help="The camera's name; otherwise the clip's.")] = "",
    same_size: Annotated[bool, typer.Option("--same-size", help="For all clips of the same picture size.")] = False,
    picture: Annotated[
        Path | None, typer.Option(help="Also draw the proof over a frame, as a .png.", show_default=False)
    ] = None,
    at: Annotated[float, typer.Option(min=0, help="The frame for the picture, seconds.")] = 0.0,
    try_only: Annotated[bool, typer.Option("--try", help="Say what would be found and change nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Find the camera of a clip, with its reprojection error in pixels."""
    from core.calibrating import with_calibration
    from core.project.store import ProjectStore

    with refusals():
        if sum((points is not None, chessboard is not None, people)) != 1:
            raise CalibrationError("Calibrate from what?", hint="Give one of --points, --chessboard and --people.")
        with ProjectStore.open(project, person(), mode="read" if try_only else "command") as store:
            chosen = _clip(store.project, clip)
            shot: ndarray | None = None
            if points is not None:
                found = _from_points(store, chosen, points, lens)
            elif chessboard is not None:
                found, shot = _from_board(chessboard, corners, square, lying, quiet=as_json)
                _refuse_other_shape(found, chosen)
            else:
                found = _from_people(store, chosen, height, one)
            if picture is not None:
                refuse_own_file(store, picture)
                _draw(store, chosen, found, shot, picture, at)
            size = (chosen.video.width, chosen.video.height)
            clips = [chosen]
            if same_size:
                clips = [each for each in store.project.clips.values() if (each.video.width, each.video.height) == size]
            kept = "" if try_only else name or _without_ending(chosen.name)
            if not try_only:
                ids = [each.id for each in clips]
                after = with_calibration(store.project, kept, found, ids, author=person())
                store.edit(after, f"Calibrate {chosen.name}")
                kept = after.cameras[after.clips[chosen.id].camera].name
            facts = _facts(found, kept, [each.name for each in clips], picture)
            lines = _lines(found, kept, [each.name for each in clips], picture)
            answer(facts, "\n".join([*lines, *([store.left_for] if store.left_for else [])]), as_json=as_json)


def cameras(
    project: ProjectFolder,
    add: Annotated[Path | None, typer.Option(help="A file of cameras to take in.", show_default=False)] = None,
    name: Annotated[str, typer.Option(help="With --add: the camera of the file; with --clip: of the project.")] = "",
    clip: Annotated[str, typer.Option(help="The clip that it filmed, by id or name.")] = "",
    remove: Annotated[str, typer.Option(help="Take a camera out; its clips get an estimated one.")] = "",
    as_json: Json = False,
) -> None:
    """List a project's cameras, take some in from a file, or say which filmed a clip."""
    from core.importing import exchange
    from core.project import edits
    from core.project.cameras import camera_named, remove_camera
    from core.project.store import ProjectStore

    with refusals():
        changes = add is not None or bool(remove) or bool(clip)
        with ProjectStore.open(project, person(), mode="command" if changes else "read") as store:
            said = []
            if remove:
                row = camera_named(store.project, remove)
                store.edit(remove_camera(store.project, row.id), f"Remove camera {row.name}")
                said.append(f"{row.name} is out.")
            chosen = clip_of(store.project, clip) if clip else None
            if add is not None:
                known = exchange.recognise(add)
                if known.holds != "cameras":
                    raise FileError(add, f"it holds {known.holds}, no cameras", hint="Take it in with posecast import.")
                said.append(exchange.take_cameras(known, add, store, chosen, person(), name=name).says)
            elif chosen is not None:
                if not name:
                    raise ProjectError(
                        "Which camera filmed it?", hint="Name one with --name, or take one in with --add."
                    )
                row = camera_named(store.project, name)
                store.edit(edits.set_camera(store.project, chosen.id, row.id), f"Set the camera of {chosen.name}")
                said.append(f"{chosen.name} was filmed by {row.name}.")
            said += [store.left_for] if store.left_for and said else []
            rows = [_row(store.project, each) for each in store.project.cameras.values()]
            header = ("camera", "found from", "picture", "focal px", "height m", "looks down °", "error px", "clips")
            listed = table(header, [tuple(_short(row[each]) for each in header) for row in rows])
            nothing = "No camera is calibrated: clips have estimated ones."
            answer(rows, "\n".join([*said, "", listed] if said else [listed]) if rows else "\n".join([*said, nothing]),
                   as_json=as_json)  # fmt: skip


COMMANDS = (calibrate, cameras)


def _clip(project: "Project", wanted: str) -> "Clip":
    if not wanted and len(project.clips) != 1:
        names = ", ".join(sorted(each.name for each in project.clips.values())[:8]) or "none yet"
        raise ProjectError("Which clip?", hint=f"Name one with --clip. Clips of this project: {names}.")
    return clip_of(project, wanted) if wanted else next(iter(project.clips.values()))


def _without_ending(name: str) -> str:
    """`kitchen` of `kitchen.mp4`; a name with another dot stays whole."""
    ending = Path(name).suffix
    return name.removesuffix(ending) if 2 <= len(ending) <= 5 and ending[1:].isalnum() else name


def _from_points(store: "ProjectStore", clip: "Clip", file: Path, lens: str) -> "Calibration":
    from core.calibrating import read_pairs
    from core.geometry.calibration import calibrate_points
    from core.project.cameras import camera_from_row, camera_named

    points_px, points_m, names = read_pairs(file)
    known = camera_from_row(camera_named(store.project, lens)) if lens else None
    size = (clip.video.width, clip.video.height)
    return calibrate_points(points_px, points_m, *size, camera=known, refine_focal=known is None, names=names)


def _from_board(
    source: Path, corners: str, square: float, lying: str, *, quiet: bool
) -> "tuple[Calibration, ndarray | None]":
    """The lens, and a picture to draw its proof on. Ctrl+C ends the search and keeps what was found."""
    from core.calibrating import board_frames
    from core.geometry.calibration_boards import BoardView, Looked, calibrate_chessboard, calibrate_views
    from core.runs import Event, Progress

    board, frames = _board(corners), board_frames(source)
    views: list[BoardView] = []
    shots: dict[str, ndarray] = {}
    last: list[ndarray] = []
    found: Calibration | None = None
    looked = 0

    def remembered() -> "Generator[tuple[str, ndarray]]":
        for frame_name, frame in frames.pictures:
            last[:] = [frame]
            yield frame_name, frame

    def search() -> Generator[Event]:
        nonlocal found, looked
        for step in calibrate_chessboard(remembered(), board, square, lying=lying):
            if not isinstance(step, Looked):
                found = step
                return
            looked = step.looked
            if step.view is not None:
                views.append(step.view)
                if step.name == lying or step.view.edge_px <= min(each.edge_px for each in views):
                    shots[lying if step.name == lying else ""] = last[0]
            yield Progress(looked, frames.count, f"looking for the board, found {step.found} times")

    try:
        for _ in shown(search(), quiet=quiet):
            pass
    except KeyboardInterrupt:
        if not views:
            raise
        complain(f"Stopped after {counted(looked, 'picture')}; calibrating from what was found.")
        height, width = last[0].shape[:2]
        found = calibrate_views(views, board, square, width, height, lying=lying, looked=looked)
    assert found is not None  # the search ends with it, or with a refusal
    return found, shots.get(lying, shots.get(""))


def _board(corners: str) -> tuple[int, int]:
    try:
        columns, rows = (int(each) for each in corners.lower().replace("×", "x").split("x"))
    except ValueError:
        raise CalibrationError(f"{corners!r} are no corners.", hint="Write columns × rows, such as 9x6.") from None
    return columns, rows


def _from_people(store: "ProjectStore", clip: "Clip", height: float, one: int | None) -> "Calibration":
    from core.calibrating import calibrate_people

    if not clip.tracks:
        raise CalibrationError(f"{clip.name} has no 2D poses yet.", hint="Extract them first: posecast poses")
    tracks, track = store.tracks(clip.tracks), None if one is None else one - 1
    if track is not None and track >= tracks.people:
        raise CalibrationError(f"The 2D poses hold {counted(tracks.people, 'person', 'people')}, not {one}.")
    return calibrate_people(tracks, clip.video.width, clip.video.height, height_m=height, track=track)


def _refuse_other_shape(found: "Calibration", clip: "Clip") -> None:
    from core.geometry.cameras import is_same_shape

    camera = found.camera
    if not is_same_shape((camera.width, camera.height), (clip.video.width, clip.video.height)):
        raise CalibrationError(
            f"The board was filmed with {camera.width} × {camera.height}, "
            f"{clip.name} with {clip.video.width} × {clip.video.height}.",
            hint="Film the board with the same camera, in the same mode.",
        )


def _draw(
    store: "ProjectStore", clip: "Clip", found: "Calibration", shot: "ndarray | None", out: Path, at: float
) -> None:
    from core.calibration_picture import draw_calibration
    from core.footage import frame_at, has_video
    from core.rendering.export import write_png
    from core.video import open_video

    if out.suffix.lower() != ".png":
        raise FileError(out, "a picture is written as PNG", hint="Name a file that ends in .png.")
    if shot is None:
        if not has_video(store, clip):
            raise ProjectError(f"{clip.name} has no video to draw on.", hint="Leave --picture out, or find its video.")
        with open_video(store.video_path(clip)) as video:
            shot = video.frame(frame_at(store, clip, at)).copy()
    write_png(out, draw_calibration(shot, found))


def _facts(found: "Calibration", name: str, clips: list[str], picture: Path | None) -> dict[str, Any]:
    from core.geometry.cameras import eye_m, roll_deg, tilt_deg

    camera = found.camera
    errors = zip(found.names, found.errors_px.tolist(), strict=True)
    return {
        "camera": name,
        "clips": clips,
        "how": found.how,
        "estimated": camera.estimated,
        "placed": found.placed,
        "error_px": round(found.error_px, 4),
        "errors_px": {each: round(error, 3) for each, error in errors} if len(found.names) <= 100 else {},
        "focal_px": [round(float(each), 3) for each in camera.focal_px],
        "centre_px": [round(float(each), 3) for each in camera.centre_px],
        "distortion": [float(each) for each in camera.distortion],
        "place_m": [round(float(each), 4) for each in eye_m(camera)],
        "tilt_deg": round(tilt_deg(camera), 3),
        "roll_deg": round(roll_deg(camera), 3),
        "spread": {each: round(getattr(found.spread, each), 4) for each in ("focal_px", "height_m", "tilt_deg")},
        "words": found.words,
        "warnings": found.warnings,
        "picture": None if picture is None else str(picture),
    }


def _lines(found: "Calibration", name: str, clips: list[str], picture: Path | None) -> list[str]:
    first = f"Camera {name}, for {', '.join(clips)}" if name else "Nothing is changed"
    estimate = " An estimate." if found.camera.estimated else ""
    lines = [f"{first}: error {found.error_px:.2f} px over {counted(len(found.names), 'point')}.{estimate}"]
    lines += found.words
    if len(found.names) <= 100:
        worst = sorted(zip(found.errors_px.tolist(), found.names, strict=True), reverse=True)[:_WORST]
        lines.append("Off most: " + ", ".join(f"{each} {error:.1f} px" for error, each in worst[:3]) + ".")
    lines += [f"! {each}" for each in found.warnings]
    return [*lines, *([f"Drawn: {picture}"] if picture is not None else [])]


def _row(project: "Project", row: "CameraRow") -> dict[str, Any]:
    from core.geometry.cameras import eye_m, tilt_deg
    from core.project.cameras import camera_from_row, clips_of

    camera = camera_from_row(row)
    return {
        "camera": row.name,
        "id": row.id,
        "found from": (row.how or row.made.source) + (", estimated" if row.estimated else ""),
        "picture": f"{row.width} × {row.height}",
        "focal px": round(float(camera.focal_px.mean()), 1),
        "height m": round(float(eye_m(camera)[1]), 2),
        "looks down °": round(tilt_deg(camera), 1),
        "error px": row.error_px,
        "clips": [each.name for each in clips_of(project, row.id)],
    }


def _short(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value[:3]) + (f" and {len(value) - 3} more" if len(value) > 3 else "") or "–"
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
