"""The bodies there are: the built-in ones and those a person has added. One door for both; no torch.

    for each in choices(): print(each.key, each.title)     # built-in/smpl/neutral  SMPL, neutral
    figure = body("yours/smpl/male").shaped(betas)

A person's file is opened once, by a process of its own (`model_files.import_model`), and kept as plain arrays in this
person's data folder (`platformdirs`; `POSECAST_BODIES` names another). The file itself stays where it is and is not
needed again. There is one body of each family and gender: adding another takes its place. Every choice says whose terms
hold for what is made with it; `terms` puts them into a sentence.
"""

import hashlib
import os
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import platformdirs

import resources
from core import origins
from core.bodies import built_in
from core.bodies.model_files import (
    BodyModel,
    Family,
    Gender,
    export_model,
    gender_in_name,
    import_model,
    read_model,
    write_model,
)
from core.bodies.skinning import Body
from core.errors import CoreError, FileError, FormatError

DEFAULT_KEY = "built-in/smpl/neutral"
FAMILY_WORDS: dict[Family, str] = {"smpl": "SMPL", "smplh": "SMPL-H", "smplx": "SMPL-X"}
_YOURS = "yours"
_FAMILIES: tuple[Family, ...] = ("smpl", "smplh", "smplx")
_GENDERS: tuple[Gender, ...] = ("neutral", "female", "male")
_ENDINGS = (".pkl", ".npz")


@dataclass(frozen=True)
class BodyChoice:
    """A body that can be chosen, without its arrays."""

    key: str
    family: Family
    gender: Gender
    vertices: int
    shapes: int
    licence: str
    source: str = ""
    """The name of the file it was made from."""
    fingerprint: str = ""
    """SHA-256 of that file."""

    @property
    def is_built_in(self) -> bool:
        return not self.key.startswith(f"{_YOURS}/")

    @property
    def title(self) -> str:
        """`SMPL, male`, for lists."""
        return f"{FAMILY_WORDS[self.family]}, {self.gender}"


@dataclass(frozen=True)
class Added:
    """What came of a file or a folder of them."""

    choices: tuple[BodyChoice, ...]
    notes: tuple[str, ...]
    """What to know about those that were added: which one gave way, where a gender had to be supposed."""
    refusals: tuple[CoreError, ...]
    """Why others were not."""


def folder() -> Path:
    """Where this person's converted bodies lie."""
    chosen = os.environ.get("POSECAST_BODIES")
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("posecast", appauthor=False)) / "bodies"


def choices() -> tuple[BodyChoice, ...]:
    """All of them, the built-in ones first. What lies damaged in the folder is left out; `complaints` says so."""
    return (*_built_in(), *(choice for choice, _ in _stored() if choice is not None))


def complaints() -> tuple[str, ...]:
    """What lies in the folder of bodies and cannot be used."""
    return tuple(problem for _, problem in _stored() if problem)


def choice(key: str) -> BodyChoice:
    """What stands under the key. CoreError where nothing does."""
    known = choices()
    for each in known:
        if each.key == key:
            return each
    hint = (
        f"There are {', '.join(each.key for each in known)}; files are added in the settings or by `posecast bodies`."
    )
    raise CoreError(f"There is no body {key!r}.", hint=hint)


def body(key: str = DEFAULT_KEY) -> Body:
    """The body under the key, read once."""
    found = choice(key)
    origins.used("body", found.key, found.fingerprint or origins.version())
    return _body(found)


def add(path: Path, *, gender: Gender | None = None) -> BodyChoice:
    """Convert a person's file; it stands under `yours/…` from now on, in the place of an earlier one of its kind."""
    model = import_model(path, gender=gender)
    key = f"{_YOURS}/{model.family}/{model.gender}"
    place = _place(key)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with path.open("rb") as stream:
            fingerprint = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise FileError(path, f"could not be kept: {error.strerror or error}", hint=f"See {folder()}.") from error
    write_model(place, model, source=path.name, fingerprint=fingerprint)
    return choice(key)


def add_all(paths: Iterable[Path], *, gender: Gender | None = None) -> Added:
    """Add files, and every body model in folders and theirs, such as `models/smpl/SMPL_MALE.pkl`."""
    added: dict[str, BodyChoice] = {}
    notes: list[str] = []
    refusals: list[CoreError] = []
    for path in paths:
        try:
            files = _model_files_in(path)
        except CoreError as error:
            refusals.append(error)
            continue
        for file in files:
            before = {each.key: each for each in choices()}
            try:
                made = add(file, gender=gender)
            except CoreError as error:
                refusals.append(error)
                continue
            added[made.key] = made
            other = before.get(made.key)
            if other is not None and other.fingerprint != made.fingerprint:
                notes.append(f"{made.title}: {file.name} took the place of {other.source}.")
            if made.gender == "neutral" and gender is None and gender_in_name(file) is None:
                notes.append(f"{file.name} does not say a gender; it stands as neutral.")
    return Added(tuple(added.values()), tuple(notes), tuple(refusals))


def _model_files_in(path: Path) -> tuple[Path, ...]:
    """The file itself, or what may be body models in a folder: at most three folders deep, motions left out."""
    if not path.is_dir():
        return (path,)
    found = tuple(
        each
        for pattern in ("*", "*/*", "*/*/*", "*/*/*/*")
        for each in sorted(path.glob(pattern))
        if each.suffix.lower() in _ENDINGS and each.is_file() and _may_be_model(each)
    )
    if not found:
        hint = "Choose the folder that holds smpl, smplh or smplx, or a file."
        raise FileError(path, "no .pkl or .npz of a body in this folder", hint=hint)
    return found


def remove(key: str) -> None:
    """Forget an added body; the file it came from stays. CoreError for a built-in one."""
    found = choice(key)
    if found.is_built_in:
        raise CoreError(f"{found.title} is built in and stays.", hint="Only bodies of your own files can be removed.")
    try:
        _place(key).unlink(missing_ok=True)
    except OSError as error:
        raise FileError(_place(key), f"could not be removed: {error.strerror}") from error


def export(key: str, path: Path) -> BodyChoice:
    """Write the body as an `.npz` that smplx and its like read, with whose terms hold for it."""
    found = choice(key)
    export_model(path, body(key).model, terms(found.licence))
    return found


def terms(licence: str) -> str:
    """Whose terms hold for what is made with such a body, as a sentence for exports."""
    if licence == "CC0":
        return "The body is Posecast's own and in the public domain (CC0 1.0): use it for anything."
    return (
        f"The body comes from a person's own file under the {licence}, which holds for what is made with it; "
        "the body itself is not to be passed on without its owner's leave."
    )


# ---- what lies where ----


@lru_cache(maxsize=1)
def _built_in() -> tuple[BodyChoice, ...]:
    return tuple(
        BodyChoice(f"built-in/{family}/{gender}", family, gender, *_size(family), licence="CC0")
        for family in built_in.FAMILIES
        for gender in built_in.GENDERS
    )


def _size(family: Family) -> tuple[int, int]:
    """(vertices, shapes) of a built-in body, from one array of its file: a list of bodies needs no more."""
    with np.load(resources.path("bodies", f"{family}.npz"), allow_pickle=False) as archive:
        vertices, _, shapes = archive["shapes_neutral"].shape
    return vertices, shapes


def _place(key: str) -> Path:
    _, family, gender = key.split("/")
    return folder() / f"{family}-{gender}.npz"


def _stored() -> Iterator[tuple[BodyChoice | None, str]]:
    for family in _FAMILIES:
        for gender in _GENDERS:
            key = f"{_YOURS}/{family}/{gender}"
            path = _place(key)
            try:
                stamp = path.stat()
            except OSError:
                continue
            yield _described(key, path, family, gender, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=32)
def _described(
    key: str, path: Path, family: Family, gender: Gender, _changed_ns: int, _size: int
) -> tuple[BodyChoice | None, str]:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            words = {name: str(archive[name]) for name in ("licence", "source", "fingerprint")}
            vertices, shapes = (int(archive[name]) for name in ("vertices", "shapes"))
    except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile):
        return None, f"{path.name} in {path.parent} is damaged: add its file again."
    return BodyChoice(key, family, gender, vertices, shapes, **words), ""


@lru_cache(maxsize=6)
def _body(found: BodyChoice) -> Body:
    """Kept by all that is said of it, its fingerprint too: a body that took another's place is read anew."""
    if found.key == DEFAULT_KEY:
        return Body.load()
    return Body(built_in.load(found.family, found.gender) if found.is_built_in else _read(found.key))


def _read(key: str) -> BodyModel:
    try:
        return read_model(_place(key))
    except FormatError as error:
        raise FormatError(error.path, "this body is damaged", hint="Add its file again.") from error


def _may_be_model(file: Path) -> bool:
    """Whether an archive holds a body's arrays, by the names in it; a pickle cannot be told before it is read."""
    if file.suffix.lower() == ".pkl":
        return True
    try:
        with zipfile.ZipFile(file) as archive:
            return "v_template.npy" in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False
