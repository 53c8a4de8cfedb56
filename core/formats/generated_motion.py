"""Motion that a model made, as .npz: AMASS's names for the motion, and beside them all that it was made from.

    poses              (F, 3 J) float32, axis times angle; trans (F, 3) float32 metres, smplx's transl, y up (`up`)
    betas, gender      of the body it was shown on; `body` its key, `licence` and `terms` whose terms hold for it
    mocap_frame_rate   30
    codes              (tokens, books), the model's own
    made               JSON (`Made`): the recipe, which of its samples this is, and what was said of it

`core.formats.amass` reads it as any other recording, `read` to the last bit with the recipe.
"""

import io
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from core.bodies import library
from core.bodies.skeletons import SKELETONS
from core.errors import FormatError, TooNewError
from core.formats import pickled
from core.formats.provenance import Provenance
from core.generations import PackedMotion, Recipe, Sample

VERSION = 1
_NAMES = ("poses", "trans", "codes", "made")


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says beside its arrays. `checkpoint` tells the weights apart (`core.kept_motions.fingerprint_of`)."""

    version: int = VERSION
    recipe: Recipe
    number: int  # of its samples, from 0
    skeleton: str
    frames_a_token: int
    settled: int
    body: str = library.DEFAULT_KEY
    checkpoint: str = ""
    likely: float | None = None
    bits_per_code: float | None = None
    foot_skating_m_s: float | None = None
    anchors_off_mm: tuple[float, ...] = ()
    doubts: tuple[str, ...] = ()


def content(
    sample: Sample, recipe: Recipe, number: int, *, body: str = library.DEFAULT_KEY, checkpoint: str = ""
) -> bytes:
    """The file's bytes. CoreError where there is no such body."""
    motion, of = sample.motion, library.choice(body)
    made = Made(
        recipe=recipe,
        number=number,
        skeleton=motion.skeleton,
        frames_a_token=sample.frames_a_token,
        settled=sample.settled,
        body=body,
        checkpoint=checkpoint,
        likely=sample.likely,
        bits_per_code=sample.bits_per_code,
        foot_skating_m_s=sample.foot_skating_m_s,
        anchors_off_mm=sample.anchors_off_mm,
        doubts=sample.doubts,
    )
    said = Provenance(library.terms(of.licence))
    arrays: dict[str, Any] = {
        "poses": np.frombuffer(motion.rotation_vectors, "<f4").reshape(motion.frames, -1),
        "trans": np.frombuffer(motion.translation_m, "<f4").reshape(motion.frames, 3),
        "betas": np.zeros(10, np.float32),
        "gender": of.gender,
        "mocap_frame_rate": float(motion.rate_hz),
        "up": "y",
        "body": body,
        "licence": of.licence,
        "terms": said.terms,
        "made_with": said.made_by,
        "codes": np.array(sample.codes, np.int64).reshape(len(sample.codes), -1 if sample.codes else 0),
        "made": msgspec.json.encode(made).decode(),
    }
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **arrays)
    return packed.getvalue()


def read(path: Path) -> tuple[Sample, Made]:
    """The sample to the last bit, and what it was made from. FileError where there is none, FormatError if damaged."""
    held = pickled.from_npz(path, (*_NAMES, "mocap_frame_rate"))
    missing = [name for name in _NAMES if name not in held]
    if missing:
        raise FormatError(path, f"it has no {missing[0]}: no model of Posecast made it", hint="Choose another file.")
    try:
        text = str(held["made"])
        if msgspec.json.decode(text)["version"] > VERSION:
            raise TooNewError(path, "written by a later version of Posecast", hint="Update Posecast to read it.")
        made = msgspec.json.decode(text, type=Made)
        if made.skeleton not in SKELETONS:
            raise FormatError(path, f"its skeleton {made.skeleton!r} is unknown here", hint="Update Posecast.")
        poses, trans, codes = (np.asarray(held[name]) for name in ("poses", "trans", "codes"))
        if not (np.isfinite(poses).all() and np.isfinite(trans).all()):
            raise ValueError("a joint is nowhere")
        motion = PackedMotion(
            skeleton=made.skeleton,
            frames=len(poses),
            rotation_vectors=np.ascontiguousarray(poses, "<f4").tobytes(),
            translation_m=np.ascontiguousarray(trans, "<f4").tobytes(),
            rate_hz=float(held["mocap_frame_rate"]),
        )
        sample = Sample(
            motion=motion,
            codes=tuple(tuple(int(code) for code in row) for row in codes),
            frames_a_token=made.frames_a_token,
            settled=made.settled,
            likely=made.likely,
            bits_per_code=made.bits_per_code,
            foot_skating_m_s=made.foot_skating_m_s,
            anchors_off_mm=made.anchors_off_mm,
            doubts=made.doubts,
        )
    except (ValueError, KeyError, TypeError, msgspec.MsgspecError) as error:
        raise FormatError(path, f"this motion is damaged ({error})", hint="Make it again from its recipe.") from None
    return sample, made
