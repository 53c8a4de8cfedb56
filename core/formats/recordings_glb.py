"""A recording as binary glTF: the average body in its pose, for Blender, game engines and viewers.

    write(recording, path)

Joints without a body are fitted first. What a glTF file can and cannot hold is told in `core.formats.gltf`.
"""

from pathlib import Path

import numpy as np

from core.formats.gltf import Person, write_glb
from core.formats.provenance import Provenance
from core.formats.rigged import posed
from core.recordings import Recording, reference_body

_BODY = "The body is in the public domain; the motion is under the terms of "
OWN_TERMS = f"{_BODY}whoever recorded it"


def terms_of(licence: str) -> str:
    """One sentence about a data set's motion on the built-in body."""
    return f"{_BODY}{licence}"


def write(recording: Recording, path: Path, *, terms: str = OWN_TERMS) -> None:
    """One person, every frame. `terms` is one sentence about the licence of the motion."""
    recording = posed(recording, path)
    motion, body = recording.body, reference_body()
    assert motion is not None
    shapes = np.zeros(body.model.shapes_m.shape[2], np.float32)
    person = Person(
        body,
        shapes,
        np.asarray(motion.rotations, np.float32),
        np.asarray(motion.translation_m, np.float32),
        name=recording.name.rpartition("/")[2] or "Person",
    )
    write_glb(path, [person], motion.rate_hz, Provenance(terms, title=recording.name))
