"""AMASS: recorded motion as rotations of SMPL's bodies, one .npz a recording.

    poses   (T, 156)  SMPL-H: root 3, body 63, left hand 45, right hand 45      *_poses.npz
            (T, 165)  SMPL-X: root 3, body 63, jaw 3, eyes 6, hands 45 + 45     *_stageii.npz
            (T, 162)  SMPL-X with a locked jaw: without its three; the jaw stays closed
            (T, 72)   SMPL: root 3, body 63, hands 3 + 3
            (T, 156)  SMPL as we write it, `surface_model_type` "smpl": its hands are the knuckles of SMPL-H
    trans   (T, 3)    metres, z up; betas any number; gender as text or bytes
    mocap_framerate (SMPL-H) or mocap_frame_rate (SMPL-X), also 120.000046

Rotations are axis times angle in radians. Ours have y up (`smpl_motion`). `up` = "y" in a file of our own
(`body_motions`) says that it is so already. A shape.npz and a *_stagei.npz hold a body's shape and no motion: they are
recognised, and refused with that reason. The folders `data set/person/` say who moves. Source: amass.is.tue.mpg.de.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies import library
from core.bodies.poses import pose_for
from core.bodies.skeletons import SMPL_24, SMPLH_52, SMPLX_55
from core.errors import CoreError, FileError, FormatError
from core.formats import pickled
from core.formats.amass_names import performer_of
from core.formats.smpl_motion import Y_UP, betas_of, columns_of, gender_of, motion_of, rate_of, table, text_of
from core.geometry.cameras import Z_UP_TO_Y_UP
from core.recordings import Recording
from core.whole_files import whole_file

LICENCE = "AMASS: for non-commercial scientific research; see amass.is.tue.mpg.de/license.html"
_FAMILIES = {72: SMPL_24, 156: SMPLH_52, 162: SMPLX_55, 165: SMPLX_55}
_RATES = ("mocap_framerate", "mocap_frame_rate")
_SPLIT = (("root_orient", 3), ("pose_body", 63), ("pose_jaw", 3), ("pose_eye", 6), ("pose_hand", 90))
_NEEDED = ("poses", "trans", *_RATES, "betas", "gender", "surface_model_type", "up", "body", "there")
_MODEL_TYPES = {SMPL_24: "smpl", SMPLH_52: "smplh", SMPLX_55: "smplx"}


def is_amass(path: Path) -> bool:
    """By the arrays an .npz says it has; also of those of AMASS that hold a shape alone."""
    if not pickled.beginning_of(path, 4).startswith(b"PK"):
        return False
    headers = pickled.headers_in(path)
    if "poses" in headers and "trans" in headers and any(rate in headers for rate in _RATES):
        sides = headers["poses"].shape
        return len(sides) == 2
    return _holds_a_shape_alone(path, headers)


def _holds_a_shape_alone(path: Path, names: Any) -> bool:
    is_named_so = path.name == "shape.npz" or path.stem.endswith("_stagei")
    return is_named_so and "betas" in names and "poses" not in names


def read(path: Path) -> Iterator[Recording]:
    """The one recording of a file."""
    headers = pickled.headers_in(path)
    if _holds_a_shape_alone(path, headers):
        hint = "Nothing is missing: motion is in the files called *_stageii.npz."
        raise FormatError(path, "it holds a body's shape and no motion", hint=hint)
    split = tuple(name for name, _ in _SPLIT) if _columns(headers) == 162 else ()
    held = pickled.from_npz(path, (*_NEEDED, *split))
    missing = [name for name in ("poses", "trans") if name not in held]
    rate_name = next((name for name in _RATES if name in held), "")
    if missing or not rate_name:
        raise FormatError(path, f"it has no {missing[0] if missing else 'frame rate'}", hint="Is it a file of AMASS?")
    poses = table(path, "poses", held["poses"], tuple(_FAMILIES))
    skeleton = _FAMILIES[poses.shape[1]]
    trans = table(path, "trans", held["trans"], (3,))
    if len(trans) != len(poses):
        raise FormatError(path, f"poses have {len(poses)} frames, and trans {len(trans)}")
    rate_hz = rate_of(path, rate_name, held[rate_name])
    notes: list[str] = []
    if poses.shape[1] == 162:
        poses = _with_all_columns(path, poses, held, notes)
    gender, betas = gender_of(held.get("gender")), betas_of(path, held.get("betas"))
    is_ours = text_of(held.get("up")) == "y"
    if is_ours and "there" in held:
        poses, trans = _where_known(path, held["there"], poses, trans, notes)
    body = motion_of(
        path,
        skeleton,
        rate_hz,
        poses.reshape(len(poses), len(skeleton), 3),
        trans,
        turn=Y_UP if is_ours else Z_UP_TO_Y_UP,
        pelvis_m=_pelvis_m(text_of(held.get("body")), betas) if is_ours else None,
    )
    if skeleton == SMPLH_52 and text_of(held.get("surface_model_type")) == "smpl":
        body = replace(body, skeleton=SMPL_24, rotations=pose_for(body.rotations, len(SMPL_24)))
    yield Recording(
        name=_name_of(path),
        rate_hz=rate_hz,
        body=body,
        betas=betas,
        gender=gender,
        performer="" if is_ours else performer_of(path.absolute().as_posix()),
        notes=tuple(notes),
    )


def write(recording: Recording, path: Path) -> None:
    """A recording with a body as AMASS has it: z up, its names, all of SMPL, SMPL-H or SMPL-X."""
    body = recording.body
    if body is None or not len(body):
        hint = "Import it with bodies fitted to its joints, or export joints instead."
        raise FileError(path, f"{recording.name} has no body's rotations to write", hint=hint)
    if body.skeleton not in _MODEL_TYPES:
        raise FileError(path, f"AMASS has no body of {len(body.skeleton)} joints", hint="Export joints instead.")
    known = np.isfinite(body.rotations).all((1, 2, 3)) & np.isfinite(body.translation_m).all(1)
    if not known.all():
        frame = int(np.flatnonzero(~known)[0])
        raise FileError(path, f"{recording.name}, frame {frame}: the body is not known", hint="Export a stretch of it.")
    is_smpl = body.skeleton == SMPL_24
    if is_smpl:  # tools for AMASS look for the 156 columns of SMPL-H
        body = replace(body, skeleton=SMPLH_52, rotations=pose_for(body.rotations, len(SMPLH_52)))
    poses, trans = columns_of(body, Z_UP_TO_Y_UP)
    betas = np.zeros(16) if not recording.betas else np.asarray(recording.betas, float)
    arrays: dict[str, Any] = {"trans": trans, "poses": poses, "betas": betas, "gender": recording.gender}
    if body.skeleton == SMPLX_55:
        arrays |= {
            "surface_model_type": _MODEL_TYPES[body.skeleton],
            "mocap_frame_rate": float(recording.rate_hz),
            "mocap_time_length": recording.duration_s,
            "num_betas": len(betas),
            "root_orient": poses[:, :3],
            "pose_body": poses[:, 3:66],
            "pose_jaw": poses[:, 66:69],
            "pose_eye": poses[:, 69:75],
            "pose_hand": poses[:, 75:],
        }
    else:
        arrays |= {"mocap_framerate": float(recording.rate_hz), "dmpls": np.zeros((len(poses), 8))}
    if is_smpl:
        arrays["surface_model_type"] = _MODEL_TYPES[SMPL_24]
    with whole_file(path) as beside, beside.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def _columns(headers: dict[str, pickled.Header]) -> int:
    shape = headers["poses"].shape if "poses" in headers else ()
    return shape[1] if len(shape) == 2 else 0


def _with_all_columns(path: Path, poses: ndarray, held: dict[str, Any], notes: list[str]) -> ndarray:
    """From 162 columns to 165. The parts a file also holds by name decide; otherwise it is the jaw that is missing."""
    named = {name: table(path, name, held[name], (columns,)) for name, columns in _SPLIT if name in held}
    if any(len(part) != len(poses) for part in named.values()):
        raise FormatError(path, "the parts of its poses have other numbers of frames than the poses")
    closed = np.zeros((len(poses), 3), poses.dtype)
    root = named.get("root_orient")
    if root is not None and not np.allclose(poses[:, :3], root, atol=1e-4):
        notes.append("Its poses have 162 columns, without the root's three, which are taken from root_orient.")
        return np.concatenate([root, poses], axis=1)
    notes.append("Its poses have 162 columns, without the jaw's three: the mouth stays closed.")
    return np.concatenate([poses[:, :66], named.get("pose_jaw", closed), poses[:, 66:]], axis=1)


def _where_known(
    path: Path, there: Any, poses: ndarray, trans: ndarray, notes: list[str]
) -> tuple[Float[ndarray, "frames columns"], Float[ndarray, "frames 3"]]:
    """Our own files say in which frames a person is known; they are read from the first of them to the last."""
    if not isinstance(there, ndarray) or there.dtype.kind != "b" or there.shape != (len(poses),) or not there.any():
        raise FormatError(path, "`there` does not say in which frames the person is known")
    known = np.flatnonzero(there)
    first, last = int(known[0]), int(known[-1])
    if last - first + 1 < len(poses):
        notes.append(f"The person is known from frame {first} to {last} of {len(poses)}.")
    if len(known) < last - first + 1:
        notes.append(f"In {last - first + 1 - len(known)} frames between them they are not; the file's poses stand.")
    return poses[first : last + 1], trans[first : last + 1]


def _pelvis_m(body: str, betas: tuple[float, ...]) -> ndarray | None:
    """Where the pelvis of a built-in body of this shape is; the family's mean for a body of somebody's own."""
    if not body.startswith("built-in/"):
        return None
    try:
        return np.asarray(library.body(body).rest(np.asarray(betas) if betas else None)[1][0], float)
    except CoreError:
        return None


def _name_of(path: Path) -> str:
    return path.stem.removesuffix("_poses").removesuffix("_stageii")
