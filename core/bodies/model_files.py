"""Body models of SMPL's form, and the plain files that hold them. Nothing of a file is run.

A model file is plain arrays: `v_template` (V, 3), `shapedirs` (V, 3, B), `posedirs` (V, 3, 9 (J−1)), `J_regressor`
(J, V), `weights` (V, J), `f` (F, 3), `kintree_table` (2, J); SMPL-X keeps its expressions behind its shapes. Metres, x
to the person's left, y up, z forward. `read_model` and `write_model` are for such files as Posecast writes them, which
add `family`, `gender`, `licence` and `exprdirs`; a person's own files, pickles among them, come in by `import_model`,
which has another process open them.
"""

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import scipy.sparse
from jaxtyping import Float, Int
from numpy import ndarray

from core.bodies.restricted_process import read_apart
from core.errors import FileError, FormatError
from core.whole_files import whole_file

Family = Literal["smpl", "smplh", "smplx"]
"""24 joints; 52 with fingers; 55 with fingers, jaw and eyes."""
Gender = Literal["neutral", "female", "male"]

FAMILY_OF_JOINTS: dict[int, Family] = {24: "smpl", 52: "smplh", 55: "smplx"}
LICENCES: dict[Family, str] = {"smpl": "SMPL licence", "smplh": "SMPL-H (MANO) licence", "smplx": "SMPL-X licence"}
"""What a person's own file stands under where it does not say anything else."""

_NAMES = ("v_template", "shapedirs", "posedirs", "J_regressor", "weights", "f", "kintree_table")
_OPTIONAL = ("exprdirs", "family", "gender", "licence")
# Only looked at to say what a file is that is no body.
_TELLING = ("poses", "hands_components", "lmk_faces_idx", "dynamic_lmk_faces_idx")
_MOST_VERTICES = 200_000
_LONGEST_WORDS = 80
_CHOOSE = "Choose an SMPL, SMPL-H or SMPL-X model file."
_DAMAGED = "The file may be damaged; download it again."
_LEAST_M, _MOST_M = 0.1, 20.0
_IN_METRES = "Body models are in metres: choose the file as it was downloaded."


@dataclass(frozen=True)
class BodyModel:
    """The arrays of one body model, checked against each other. `parents[0]` is −1.

    `correctives_m` adds to the rest body what a pose changes in its form: row-major (vertex, axis) rows, and for each
    joint but the root the nine numbers of its rotation matrix less the identity, row by row. Sparse where most of it
    is zero, as in the built-in bodies.
    """

    template_m: Float[ndarray, "vertices 3"]
    shapes_m: Float[ndarray, "vertices 3 shapes"]
    correctives_m: "Float[ndarray, 'coordinates features'] | scipy.sparse.csr_matrix"
    regressor: Float[ndarray, "joints vertices"]
    weights: Float[ndarray, "vertices joints"]
    faces: Int[ndarray, "faces 3"]
    parents: tuple[int, ...]
    family: Family = "smpl"
    gender: Gender = "neutral"
    licence: str = "CC0"
    """Whose terms an export of this body carries: `CC0`, or the name of the licence a person's own file came with."""
    expressions_m: Float[ndarray, "vertices 3 expressions"] | None = None

    @property
    def dense_correctives_m(self) -> Float[ndarray, "coordinates features"]:
        """All of them, zeros too, as other programs want them."""
        correctives = self.correctives_m
        return correctives if isinstance(correctives, ndarray) else correctives.toarray()


def read_model(path: Path) -> BodyModel:
    """The model in a plain `.npz` of SMPL's form. FileError or FormatError says what is wrong with it."""
    return _model(path, _plain_arrays(path), licence="CC0")


def import_model(path: Path, *, gender: Gender | None = None) -> BodyModel:
    """The model in a person's own file, a pickle or an `.npz`, opened by another process; `gender` where it is known.

    FileError or FormatError says what is wrong, and a file that wants to run something is refused by the name of that.
    """
    arrays = read_apart(path, (*_NAMES, *_OPTIONAL, *_TELLING))
    model = _model(path, arrays, licence="")
    return model if gender is None else replace(model, gender=gender)


def write_model(path: Path, model: BodyModel, **about: str) -> None:
    """Keep a model as a plain file, whole or not at all, with what is to be known about it in words."""
    arrays: dict[str, ndarray] = {
        **_form(model, model.shapes_m),
        "family": np.array(model.family),
        "gender": np.array(model.gender),
        "licence": np.array(model.licence),
        "vertices": np.array(len(model.template_m)),
        "shapes": np.array(model.shapes_m.shape[2]),
        **{name: np.array(words) for name, words in about.items()},
    }
    if model.expressions_m is not None:
        arrays["exprdirs"] = model.expressions_m
    _write(path, arrays)


def export_model(path: Path, model: BodyModel, terms: str) -> None:
    """Write a model as other programs read it: smplx and all that take its `.npz`, with whose terms hold for it.

    What those programs ask for and no body here has (hands' components, landmarks of the face) is there in its most
    harmless form: hands lie flat, landmarks on the first face.
    """
    shapes_m = model.shapes_m
    if model.family == "smplx":
        expressions_m = model.expressions_m if model.expressions_m is not None else shapes_m[..., :0]
        is_small = shapes_m.shape[2] <= 10 and expressions_m.shape[2] <= 10
        room = (10, 10) if is_small else (300, 100)
        shapes_m = np.concatenate([_padded(shapes_m, room[0]), _padded(expressions_m, room[1])], axis=2)
    arrays = {
        **_form(model, shapes_m),
        "gender": np.array(model.gender),
        "licence": np.array(model.licence),
        "terms": np.array(terms),
    }
    if model.family != "smpl":
        for side in ("l", "r"):
            arrays[f"hands_components{side}"] = np.eye(45, dtype=np.float32)
            arrays[f"hands_mean{side}"] = np.zeros(45, np.float32)
    if model.family == "smplx":
        arrays["lmk_faces_idx"] = np.zeros(51, np.int64)
        arrays["lmk_bary_coords"] = np.full((51, 3), 1 / 3, np.float32)
    _write(path, arrays)


def _form(model: BodyModel, shapes_m: ndarray) -> dict[str, ndarray]:
    return {
        "v_template": model.template_m,
        "shapedirs": shapes_m,
        "posedirs": model.dense_correctives_m.reshape(len(model.template_m), 3, -1),
        "J_regressor": model.regressor,
        "weights": model.weights,
        "f": model.faces,
        "kintree_table": np.array([model.parents, range(len(model.parents))], np.int64),
    }


def _padded(directions: ndarray, count: int) -> ndarray:
    used = directions[..., :count]
    return np.pad(used, [(0, 0), (0, 0), (0, count - used.shape[2])])


def _write(path: Path, arrays: Mapping[str, ndarray]) -> None:
    with whole_file(path) as beside, beside.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays)


# ---- what the arrays must be ----


def _model(path: Path, arrays: Mapping[str, ndarray], *, licence: str) -> BodyModel:
    _refuse_what_is_no_body(path, arrays)
    for name in (*_NAMES, *(["exprdirs"] if "exprdirs" in arrays else [])):
        _check_numbers(path, name, arrays[name])
    template, regressor = arrays["v_template"], arrays["J_regressor"]
    vertices, joints = len(template), len(regressor)
    if joints not in FAMILY_OF_JOINTS or vertices > _MOST_VERTICES:
        raise FormatError(path, f"a model of {joints} joints and {vertices} vertices is none of SMPL's", hint=_CHOOSE)
    family = FAMILY_OF_JOINTS[joints]
    wanted = {
        "v_template": (vertices, 3),
        "shapedirs": (vertices, 3, None),
        "posedirs": (vertices, 3, 9 * (joints - 1)),
        "J_regressor": (joints, vertices),
        "weights": (vertices, joints),
        "f": (None, 3),
        "kintree_table": (2, joints),
        **({"exprdirs": (vertices, 3, None)} if "exprdirs" in arrays else {}),
    }
    for name, shape in wanted.items():
        has = arrays[name].shape
        if len(has) != len(shape) or any(want not in (None, got) for want, got in zip(shape, has, strict=True)):
            raise FormatError(path, f"{name} has the shape {has}, not {shape}", hint=_DAMAGED)
    tall = float(np.ptp(template, axis=0).max())
    if not _LEAST_M <= tall <= _MOST_M:
        raise FormatError(path, f"its body is {tall:.3g} m tall: no person is", hint=_IN_METRES)
    shapes_m, expressions_m = _shapes(family, arrays)
    return BodyModel(
        template_m=template.astype(np.float32),
        shapes_m=shapes_m,
        correctives_m=arrays["posedirs"].astype(np.float32).reshape(3 * vertices, -1),
        regressor=regressor.astype(np.float32),
        weights=_weights(path, arrays["weights"]),
        faces=_faces(path, arrays["f"], vertices),
        parents=_parents(path, arrays["kintree_table"]),
        family=family,
        gender=_gender(path, arrays),
        licence=_words(arrays, "licence") or licence or LICENCES[family],
        expressions_m=expressions_m,
    )


def _refuse_what_is_no_body(path: Path, arrays: Mapping[str, ndarray]) -> None:
    missing = [name for name in _NAMES if name not in arrays]
    if "poses" in arrays and "v_template" in missing:
        raise FormatError(path, "a motion, not a body model", hint=_CHOOSE)
    if missing:
        raise FormatError(path, f"not a body model: it has no {', '.join(missing)}", hint=_CHOOSE)
    joints, features = len(arrays["J_regressor"]), arrays["posedirs"].shape[-1:]
    if joints == 16 or "hands_components" in arrays:
        raise FormatError(path, "a model of a hand alone (MANO)", hint=_CHOOSE)
    if joints == 5:
        raise FormatError(path, "a model of a head alone (FLAME)", hint=_CHOOSE)
    if joints == 24 and features == (93,):
        raise FormatError(path, "a STAR model, whose correctives are of another form", hint=_CHOOSE)


def _check_numbers(path: Path, name: str, array: ndarray) -> None:
    if array.dtype.kind not in "iuf":
        raise FormatError(path, f"{name} holds {array.dtype} instead of numbers", hint=_DAMAGED)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise FormatError(path, f"{name} holds numbers that are not finite", hint=_DAMAGED)


def _shapes(family: Family, arrays: Mapping[str, ndarray]) -> tuple[ndarray, ndarray | None]:
    shapes_m = arrays["shapedirs"].astype(np.float32)
    if "exprdirs" in arrays:
        return shapes_m, arrays["exprdirs"].astype(np.float32)
    # SMPL-X keeps expressions behind 300 shapes; its first edition behind ten.
    behind = {True: 300, False: 10}[shapes_m.shape[2] > 300]
    if family != "smplx" or (shapes_m.shape[2] != 20 and behind == 10):
        return shapes_m, None
    return np.ascontiguousarray(shapes_m[..., :behind]), np.ascontiguousarray(shapes_m[..., behind:])


def _weights(path: Path, weights: ndarray) -> ndarray:
    sums = weights.sum(1)
    if weights.min() < -1e-4 or np.abs(sums - 1).max() > 1e-2:
        raise FormatError(path, "the weights of a vertex do not add up to one", hint=_DAMAGED)
    return weights.astype(np.float32)


def _faces(path: Path, faces: ndarray, vertices: int) -> ndarray:
    if not len(faces) or faces.min() < 0 or faces.max() >= vertices:
        raise FormatError(path, "a face names a vertex that is not there", hint=_DAMAGED)
    return faces.astype(np.int32)


def _parents(path: Path, table: ndarray) -> tuple[int, ...]:
    parents = (-1, *(int(parent) for parent in table[0][1:]))
    if any(not 0 <= parent < joint for joint, parent in enumerate(parents[1:], start=1)):
        raise FormatError(path, "its joints do not form a tree with parents first", hint=_DAMAGED)
    if any(int(joint) != place for place, joint in enumerate(table[1])):
        raise FormatError(path, "its tree lists the joints in another order than its weights", hint=_DAMAGED)
    return parents


def _words(arrays: Mapping[str, ndarray], name: str) -> str:
    array = arrays.get(name)
    if array is None or array.ndim != 0 or array.dtype.kind != "U":
        return ""
    return " ".join(str(array).split())[:_LONGEST_WORDS]


def _gender(path: Path, arrays: Mapping[str, ndarray]) -> Gender:
    said = _words(arrays, "gender").lower()
    if said in get_args(Gender):
        return said  # pyright: ignore[reportReturnType]
    return gender_in_name(path) or "neutral"


def gender_in_name(path: Path) -> Gender | None:
    """What the name of a file or else of its folder says, as the publishers name them.

    `SMPL_MALE.pkl`, `basicModel_f_lbs_10_207_0_v1.0.0.pkl`, `smplh/female/model.npz`.
    """
    for name in (path.stem, path.parent.name):
        found = re.search("neutral|female|male", name.lower())
        if found:
            return found.group()  # pyright: ignore[reportReturnType]
    letters = {"f": "female", "m": "male", "n": "neutral"}
    found = re.search("(?:^|_)([fmn])(?:_|$)", path.stem.lower())
    return letters[found.group(1)] if found else None  # pyright: ignore[reportReturnType]


def _plain_arrays(path: Path) -> dict[str, ndarray]:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            return {name: archive[name] for name in (*_NAMES, *_OPTIONAL) if name in archive}
    except FileNotFoundError as error:
        raise FileError(path, "this file does not exist") from error
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise FormatError(path, "not a readable .npz of plain arrays", hint="Choose an SMPL-form file.") from error
