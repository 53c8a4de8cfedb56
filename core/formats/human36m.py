"""Human3.6M's 3D joints in the forms people have them: 50 frames a second, joints alone.

*.cdf               the makers' own, `S1/MyPoseFeatures/D3_Positions/Directions 1.cdf`: `Pose` (1, frames, 96), 32
                    joints in millimetres, z up. `D3_Positions_mono` beside it is in a camera's axes, y down.
data_3d_h36m.npz    VideoPose3D's: `positions_3d`, a dictionary of subjects and actions, (frames, 32 or 17, 3) in
                    metres, z up
*.npz               `imgname`, `S` (frames, 17, 4): joints of pictures in the camera's axes, metres, y down, and how
                    sure they are

The joint that turns the head stands for head and nose; collars and the middle of the spine have no joint of their own.
Subject and action are in the names of folders and files.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray

from core.bodies.skeletons import HUMAN36M_17
from core.errors import CoreError, FormatError
from core.formats.pickled import beginning_of, from_npz, headers_in, size_of
from core.formats.recorded_joints import HUMAN36M_32, as_recorded, settled, up_of
from core.geometry.rotations import about_x, about_z
from core.recordings import Recording, Stretch

RATE_HZ = 50.0
LICENCE = "Human3.6M's licence: academic use, by registration"
_MOST_BYTES = 512 * 2**20
_MOST_FRAMES = 2_000_000
_CDF = (b"\xcd\xf3\x00\x01", b"\xcd\xf2\x60\x02", b"\x00\x00\xff\xff")
_PACKED = b"\xcc\xcc\x00\x01"
_SKELETONS = {32: HUMAN36M_32, 17: HUMAN36M_17}
# How the four cameras look down and lean, degrees: medians over the subjects, who moved them by half a degree at most.
_CAMERAS = {"54138969": (11.1, 1.2), "55011271": (12.4, 0.7), "58860488": (12.2, -3.5), "60457274": (14.7, 4.8)}
_PICTURE = re.compile(r"(?P<subject>S\d+)_(?P<action>.+?)\.(?P<camera>\d+)_(?P<frame>\d+)\.\w+")
_AGAIN = "Take the file from Human3.6M's D3_Positions."


def is_human36m(path: Path) -> bool:
    """Whether this is a CDF with a `Pose` in it, or an archive of Human3.6M's joints."""
    ending = path.suffix.lower()
    if ending == ".cdf" and path.is_file():
        start = beginning_of(path, 4_000_000)
        return start[:4] in _CDF and (start[4:8] == _PACKED or b"Pose" in start)
    if ending != ".npz":
        return False
    headers = headers_in(path)
    if "positions_3d" in headers:
        return headers["positions_3d"].holds_objects
    return {"imgname", "S"} <= set(headers) and headers["S"].shape[1:] == (17, 4)


def read(path: Path) -> Iterator[Recording]:
    """The recordings of a file; of the makers' own, one."""
    if path.suffix.lower() == ".cdf" or beginning_of(path, 4)[:4] in _CDF[:2]:
        yield _of_cdf(path)
        return
    held = from_npz(path, ("positions_3d", "imgname", "S"), whose="Human3.6M")
    if "positions_3d" in held:
        yield from _of_subjects(path, held["positions_3d"])
    elif {"imgname", "S"} <= set(held):
        yield from _of_pictures(path, held["imgname"], held["S"])
    else:
        raise FormatError(path, "it holds neither positions_3d nor imgname and S", hint="Take VideoPose3D's file.")


# ---- the makers' own ----


def _of_cdf(path: Path) -> Recording:
    pose = _pose_of_cdf(path)
    joints = as_recorded(pose.reshape(-1, 32, 3).astype(np.float64), HUMAN36M_32)
    folder = path.parent.name
    up = {"D3_Positions": "z", "D3_Positions_mono": "-y", "D3_Positions_mono_universal": "-y"}.get(folder, "")
    notes: tuple[str, ...] = ()
    if not up:
        told, sure = up_of(joints)
        up = told if sure else "z"
        notes = () if up == "z" else (f"Human3.6M's world is z up; by how the person stands, this one is {up}.",)
    subject = next((each.name for each in path.parents if re.fullmatch(r"S\d{1,2}", each.name)), "")
    joints_m = settled(path, joints, unit="mm", up=up).joints_m
    action, _, camera = path.stem.partition(".")
    if up == "-y":
        joints_m, note = _levelled(joints_m, camera)
        notes = (*notes, note)
    return _recording(path.stem, subject, action, joints_m, notes)


def _levelled(joints_m: ndarray, camera: str) -> tuple[ndarray, str]:
    """From a camera's axes, y up, to those of a camera that looks level; what is to be said of it."""
    if camera not in _CAMERAS:
        return joints_m, "Places are in a camera's axes; the camera is taken for level."
    down, leaning = _CAMERAS[camera]
    turn = about_x(-np.radians(down)) @ about_z(np.radians(leaning))
    said = f"Places are in the axes of camera {camera}; they are levelled by {down:g}°, by which it looks down."
    return (joints_m @ turn.T).astype(np.float32), said


def _pose_of_cdf(path: Path) -> ndarray:
    size = size_of(path, _MOST_BYTES)
    import cdflib  # slow to import, and only CDF needs it

    try:
        with cdflib.CDF(path) as file:
            about = file.varinq("Pose")
            sides = tuple(int(each) for each in about.Dim_Sizes)
            records = int(about.Last_Rec) + 1
            numbers = int(np.prod([records, *sides], dtype=object))
            if numbers > _MOST_FRAMES * 96 or numbers > 500 * size:
                raise FormatError(path, f"Pose: it says {records} × {sides}, far more than there is", hint=_AGAIN)
            pose = np.asarray(file.varget("Pose"))
    except CoreError:
        raise
    except Exception as error:  # noqa: BLE001  (a damaged CDF can fail in any way)
        raise FormatError(path, f"Pose cannot be read ({type(error).__name__})", hint=_AGAIN) from None
    if pose.dtype.kind != "f" or pose.ndim < 2 or pose.shape[-1] != 96:
        raise FormatError(path, f"Pose is {pose.shape}, not 96 numbers a frame", hint=_AGAIN)
    pose = pose.reshape(-1, 96)
    _refuse_gaps(path, "Pose", pose)
    return pose


# ---- VideoPose3D's ----


def _of_subjects(path: Path, held: Any) -> Iterator[Recording]:
    if not isinstance(held, dict):
        raise FormatError(path, "positions_3d: it is no dictionary of subjects")
    for subject, actions in held.items():
        if not isinstance(actions, dict):
            raise FormatError(path, f"positions_3d, {subject}: it is no dictionary of actions")
        for action, places in actions.items():
            where = f"{subject}/{action}"
            if not isinstance(places, ndarray):
                raise FormatError(path, f"{where}: it is no array")
            if places.dtype.kind != "f" or places.ndim != 3 or places.shape[1] not in _SKELETONS or not len(places):
                raise FormatError(path, f"{where}: it is {places.shape}, not frames of 32 or 17 joints")
            if places.shape[2] != 3:  # VideoPose3D's own code appends the camera's turn in some copies
                raise FormatError(path, f"{where}: it is {places.shape}, not places of three numbers")
            _refuse_gaps(path, where, places)
            joints = as_recorded(places.astype(np.float64), _SKELETONS[places.shape[1]])
            done = settled(path, joints, unit="m", up="z", place=f"{where}, ")
            yield _recording(where, str(subject), str(action), done.joints_m, ())


# ---- joints of pictures ----


def _of_pictures(path: Path, names: Any, places: Any) -> Iterator[Recording]:
    """Pictures that follow each other in even steps are one recording."""
    if not isinstance(places, ndarray) or places.ndim != 3 or places.shape[1:] != (17, 4) or places.dtype.kind != "f":
        raise FormatError(path, "S: it is not frames of 17 joints")
    if not isinstance(names, ndarray) or names.shape != places.shape[:1] or names.dtype.kind != "U":
        raise FormatError(path, "imgname: it does not name the picture of each frame")
    _refuse_gaps(path, "S", places)
    taken: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    for row, name in enumerate(names.tolist()):
        found = _PICTURE.fullmatch(name.replace("\\", "/").rpartition("/")[2])
        if found is None:
            raise FormatError(path, f"imgname {row}: {name[:60]!r} is no picture of Human3.6M")
        key = (found["subject"], found["action"].replace("_", " "), found["camera"])
        taken.setdefault(key, []).append((int(found["frame"]), row))
    for (subject, action, camera), frames in taken.items():
        for step, run in _even_runs(sorted(frames)):
            part = places[[row for _, row in run]].astype(np.float64)
            part[..., :3][part[..., 3] <= 0] = np.nan
            joints = as_recorded(part[..., :3], HUMAN36M_17)
            name = f"{subject}/{action}.{camera} {run[0][0]:06}"
            done = settled(path, joints, unit="m", up="-y", place=f"{name}, ")
            joints_m, note = _levelled(done.joints_m, camera)
            yield _recording(name, subject, action, joints_m, (note,), RATE_HZ / step)


def _even_runs(frames: list[tuple[int, int]]) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Frames with the same step from each to the next, and that step; a lone one has step 1."""
    run = frames[:1]
    for frame in frames[1:]:
        step = frame[0] - run[-1][0]
        if step < 1:  # the same picture twice
            continue
        if len(run) > 1 and step != run[1][0] - run[0][0]:
            yield run[1][0] - run[0][0], run
            run = []
        run.append(frame)
    yield (run[1][0] - run[0][0] if len(run) > 1 else 1), run


# ---- what all share ----


def _recording(
    name: str, subject: str, action: str, joints_m: ndarray, notes: tuple[str, ...], rate_hz: float = RATE_HZ
) -> Recording:
    """`action` as the makers count it, such as `Directions 1`: the number is the take's."""
    label = re.sub(r"[ _]\d+$", "", action)
    stretches = (Stretch(0.0, len(joints_m) / rate_hz, (label,), action),)
    return Recording(name, rate_hz, joints_m=joints_m, performer=subject, stretches=stretches, notes=notes)


def _refuse_gaps(path: Path, where: str, places: ndarray) -> None:
    if not len(places):
        raise FormatError(path, f"{where}: there is no frame in it")
    wrong = ~np.isfinite(places.reshape(len(places), -1)).all(1)
    if wrong.any():
        raise FormatError(path, f"{where}, frame {int(np.argmax(wrong))}: a place in it is no number")
