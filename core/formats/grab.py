"""GRAB: whole people who grasp objects, as rotations of SMPL-X's body, one .npz a recording.

    grab/s1/airplane_fly_1.npz     subject / object _ intent _ take

Every member is an array without sides that holds an object: gender, sbj_id, obj_name, motion_intent, framerate (120),
n_comps (24), body {params {transl, global_orient, body_pose, jaw_pose, leye_pose, reye_pose, left_hand_pose,
right_hand_pose, fullpose}, vtemp}, contact {object, body} … They are read by the restricted reader, never run.
`fullpose` (T, 165) has every joint; the hands under `params` are coefficients of a hand model that is not here, so
without `fullpose` they stay flat. Metres, z up. The body's own shape lies beside GRAB as a mesh, which `vtemp` names.
The intent labels the whole, one of 29; where a file says none, its name does. The object stands in its text.
Source: grab.is.tue.mpg.de
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies.skeletons import SMPLX_55
from core.errors import FormatError
from core.formats import pickled
from core.formats.smpl_motion import gender_of, motion_of, rate_of, table, text_of
from core.geometry.cameras import Z_UP_TO_Y_UP
from core.recordings import Recording, Stretch

LICENCE = "GRAB: for non-commercial scientific research; see grab.is.tue.mpg.de/license.html"
_KNOWN_BY = ("body", "sbj_id", "obj_name", "motion_intent")
_READ = (*_KNOWN_BY, "gender", "framerate", "n_frames")
_PARTS = (
    ("global_orient", 3),
    ("body_pose", 63),
    ("jaw_pose", 3),
    ("leye_pose", 3),
    ("reye_pose", 3),
    ("left_hand_pose", 45),
    ("right_hand_pose", 45),
)
_OPTIONAL = ("jaw_pose", "leye_pose", "reye_pose")
_HANDS = ("left_hand_pose", "right_hand_pose")
_MOST_COEFFICIENTS = 45

# Takes whose number is not in their file's name, as the tables of characteristic poses count them.
_TAKES = {("s6", "bowl_drink_1_Retake"): "2", ("s6", "stapler_staple_1_Retake"): "3"}


def is_grab(path: Path) -> bool:
    """By the members an .npz says it has."""
    return pickled.beginning_of(path, 4).startswith(b"PK") and set(_KNOWN_BY) <= pickled.headers_in(path).keys()


def read(path: Path) -> Iterator[Recording]:
    """The one recording of a file."""
    held = pickled.from_npz(path, _READ)
    missing = [name for name in ("body", "framerate") if name not in held]
    if missing:
        raise FormatError(path, f"it has no {missing[0]}", hint="Is it a file of GRAB?")
    body, rate_hz = held["body"], rate_of(path, "framerate", held["framerate"])
    params = body.get("params") if isinstance(body, dict) else None
    if not isinstance(params, dict):
        raise FormatError(path, "body holds no params", hint="Is it a file of GRAB?")
    notes: list[str] = []
    poses = _poses(path, params, notes)
    transl = table(path, "body.params.transl", params.get("transl"), (3,))
    if len(transl) != len(poses):
        raise FormatError(path, f"its poses have {len(poses)} frames, and transl {len(transl)}")
    if text_of(body.get("vtemp")):
        notes.append(f"The shape of its body lies beside GRAB as {text_of(body.get('vtemp'))}; it is not read.")
    subject = text_of(held.get("sbj_id")) or path.parent.name
    sample = sample_of(subject, path.stem)
    if sample != "-".join((subject, *path.stem.split("_"))):
        notes.append(f"Tables of characteristic poses call it {sample}.")
    motion = motion_of(
        path, SMPLX_55, rate_hz, poses.reshape(len(poses), 55, 3), transl, turn=Z_UP_TO_Y_UP, where="body.params, "
    )
    intent = text_of(held.get("motion_intent")) or action_of(sample)
    thing = text_of(held.get("obj_name"))
    stretches = ()
    if intent:
        stretches = (Stretch(0.0, len(motion) / rate_hz, (intent,), f"{intent}: {thing}" if thing else intent),)
    yield Recording(
        name=path.stem,
        rate_hz=rate_hz,
        body=motion,
        gender=gender_of(held.get("gender")),
        performer=subject,
        stretches=stretches,
        notes=tuple(notes),
    )


def sample_of(subject: str, stem: str) -> str:
    """What the tables of characteristic poses call a recording: `s6-bowl-drink-2`. Missing takes are the first."""
    words = [word for word in stem.split("_") if word != "Retake"]
    if not re.fullmatch(r"\d+", words[-1] if words else ""):
        words.append("1")
    if (subject, stem) in _TAKES:
        words[-1] = _TAKES[subject, stem]
    return "-".join((subject, *words))


def action_of(sample: str) -> str:
    """What is done, by a recording's name in the tables: the word between object and take; none in another name."""
    words = sample.split("-")
    return words[2] if len(words) == 4 else ""


def _poses(path: Path, params: dict[Any, Any], notes: list[str]) -> Float[ndarray, "frames 165"]:
    if params.get("fullpose") is not None:
        return table(path, "body.params.fullpose", params["fullpose"], (165,))
    orient = table(path, "body.params.global_orient", params.get("global_orient"), (3,))
    parts: list[ndarray] = []
    for name, columns in _PARTS:
        value, flat = params.get(name), np.zeros((len(orient), columns))
        if name in _HANDS and (not isinstance(value, ndarray) or value.shape[1:] != (columns,)):
            if value is not None:
                table(path, f"body.params.{name}", value, range(1, _MOST_COEFFICIENTS))
            parts.append(flat)
        elif name in _OPTIONAL and value is None:
            parts.append(flat)
        else:
            parts.append(table(path, f"body.params.{name}", value, (columns,)))
    if {len(part) for part in parts} != {len(orient)}:
        raise FormatError(path, "the parts of its pose have different numbers of frames")
    if not any(part.any() for part in parts[-2:]):
        notes.append("It has no fullpose: hands given by coefficients of a hand model stay flat.")
    return np.concatenate(parts, axis=1)
