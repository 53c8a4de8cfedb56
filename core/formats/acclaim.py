"""Acclaim's motion (.amc) on its skeleton (.asf), as Carnegie Mellon's archive and HDM05 have it.

    recordings = acclaim.read(Path("01_01.amc"))           # finds 01.asf beside it

A bone of the skeleton is a direction and a length in the world's axes; its joint stands where its parent ends. The
numbers of a frame turn it about axes of its own (`axis`), in the order of its `dof`: all degrees or radians as the
files say. Lengths are inches by the skeleton's `length`, y is up. No rate stands in the files: it is 120 frames a
second in Carnegie Mellon's.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy import ndarray
from scipy.spatial.transform import Rotation

from core.bodies.rig_names import parts_of
from core.bodies.rig_world import size_of
from core.bodies.rigs import Rig, RigMotion
from core.errors import CoreError, FormatError
from core.formats.rigged import recording_of, told_names
from core.recordings import Recording

OPTIONS = ("skeleton", "rate_hz", "unit", "up", "names")
LICENCE = "free to use (Carnegie Mellon's motion capture database)"
_USUAL_HZ = 120.0
_INCH_M = 0.0254
_MOST_BYTES, _MOST_SKELETON_BYTES, _MOST_BONES = 120_000_000, 2_000_000, 500
_ANGLES, _PLACES = ("rx", "ry", "rz"), ("tx", "ty", "tz")
_ALL = (*_ANGLES, *_PLACES, "l")
_PLAUSIBLE = (0.5, 1.6)


@dataclass
class _Bone:
    name: str
    direction: ndarray = field(default_factory=lambda: np.zeros(3))
    length: float = 0.0
    axis: ndarray = field(default_factory=lambda: np.eye(3))
    dof: tuple[str, ...] = ()
    parent: str = ""


_Refuse = Callable[[str], FormatError]
_Pending = list[tuple[_Bone, ndarray, str]]


@dataclass
class _Skeleton:
    bones: dict[str, _Bone]
    in_degrees: bool
    unit_m: float
    place: ndarray


def is_acclaim(path: Path) -> bool:
    """A text whose first words, after comments, are those of an .amc."""
    try:
        with path.open("rb") as file:
            lines = file.read(4096).splitlines()
    except OSError:
        return False
    words = [line.strip().upper() for line in lines if line.strip() and not line.lstrip().startswith(b"#")]
    return bool(words) and words[0] in (b":FULLY-SPECIFIED", b":FULLY_SPECIFIED", b":DEGREES", b":RADIANS")


def read(
    path: Path,
    *,
    skeleton: str = "",
    rate_hz: float | None = None,
    unit: str = "",
    up: str = "",
    names: str | Mapping[str, str] = "",
) -> Iterator[Recording]:
    """`skeleton` is the .asf, where it does not lie beside the file under its subject's name."""
    asf = Path(skeleton) if skeleton else _skeleton_beside(path)
    known = _read_skeleton(asf)
    columns, numbers, in_degrees = _read_frames(path, known)
    rig, rotations, root = _assembled(known, columns, numbers, in_degrees)
    motion = RigMotion(rig, rate_hz or _USUAL_HZ, rotations, root)
    said = () if rate_hz else ("Its files say no rate; 120 frames a second are taken, as Carnegie Mellon's have.",)
    try:
        size = size_of(motion, parts_of(rig, told_names(names))) * known.unit_m
    except CoreError:
        size = 0.0  # said, with all it takes, by `recording_of`
    if not unit and _PLAUSIBLE[0] < size < _PLAUSIBLE[1]:
        scaled = replace(
            rig, offsets=rig.offsets * known.unit_m, tips={k: v * known.unit_m for k, v in rig.tips.items()}
        )
        motion, unit = replace(motion, rig=scaled, root=root * known.unit_m), "m"
    recording = recording_of(path, motion, unit=unit, up=up, names=names)
    yield replace(recording, performer=asf.stem, notes=(*said, *recording.notes))


def _skeleton_beside(path: Path) -> Path:
    """`01.asf` of `01_01.amc`; else the only one in the folder."""
    try:
        here = sorted(each for each in path.parent.iterdir() if each.suffix.lower() == ".asf")
    except OSError:
        here = []
    named = [each for each in here if path.stem.lower().startswith(each.stem.lower())]
    if named:
        return max(named, key=lambda each: len(each.stem))
    if len(here) == 1:
        return here[0]
    subject = path.stem.split("_")[0]
    raise FormatError(
        path,
        f"its skeleton {subject}.asf is not beside it" if not here else "which skeleton it moves is not clear",
        hint="Put the .asf of the same subject into the same folder, or name it with the option skeleton.",
    )


# ---- the skeleton ---------------------------------------------------------------------------------------------------


def _read_skeleton(path: Path) -> _Skeleton:
    lines = _lines(path, _MOST_SKELETON_BYTES)
    bones: dict[str, _Bone] = {"root": _Bone("root", dof=("tx", "ty", "tz", "rx", "ry", "rz"))}
    known = _Skeleton(bones, in_degrees=True, unit_m=_INCH_M, place=np.zeros(3))
    section, bone = "", None
    pending: _Pending = []
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue

        def refuse(what: str, number: int = number) -> FormatError:
            return FormatError(path, f"line {number}: {what}", hint="The skeleton may be damaged; get it again.")

        key = words[0].lower()
        if key.startswith(":"):
            section, bone = key[1:], None
        elif section == "units" and key == "length":
            length = _numbers(words[1:], 1, refuse)[0]
            if not 1e-4 < length < 1e4:
                raise refuse(f"a length of {length:g} is no unit")
            known.unit_m = _INCH_M / length
        elif section == "units" and key == "angle":
            known.in_degrees = len(words) < 2 or words[1].lower().startswith("deg")
        elif section == "root":
            _add_to_root(known, key, words, pending, refuse)
        elif section == "bonedata":
            if key == "begin":
                bone = _Bone("")
            elif key == "end":
                if bone is None or not bone.name:
                    raise refuse("a bone without a name")
                if bone.name in bones or len(bones) > _MOST_BONES:
                    raise refuse(f"a second bone {bone.name!r}" if bone.name in bones else "too many bones")
                bones[bone.name] = bone
                bone = None
            elif bone is not None:
                _add_to_bone(bone, key, words, pending, refuse)
        elif section == "hierarchy" and key not in ("begin", "end"):
            for each in words:
                if each not in bones:
                    raise refuse(f"there is no bone {each!r}")
            for child in words[1:]:
                if bones[child].parent or child in ("root", words[0]):
                    raise refuse(f"{child!r} hangs on two bones")
                bones[child].parent = words[0]
    if len(bones) < 2:
        raise FormatError(path, "it has no bones", hint="An Acclaim skeleton has a :bonedata part.")
    for each, angles, order in pending:
        # Small letters: about the world's axes, one after the other.
        each.axis = Rotation.from_euler(order.lower(), angles, degrees=known.in_degrees).as_matrix()
    return known


def _add_to_root(known: _Skeleton, key: str, words: list[str], pending: "_Pending", refuse: _Refuse) -> None:
    root = known.bones["root"]
    if key == "order":
        root.dof = _dof(words[1:], refuse)
    elif key == "position":
        known.place = _numbers(words[1:], 3, refuse)
    elif key == "orientation":
        pending.append((root, _numbers(words[1:], 3, refuse), "XYZ"))


def _add_to_bone(bone: _Bone, key: str, words: list[str], pending: "_Pending", refuse: _Refuse) -> None:
    if key == "name" and len(words) > 1:
        bone.name = words[1]
    elif key == "direction":
        bone.direction = _numbers(words[1:], 3, refuse)
    elif key == "length":
        bone.length = float(_numbers(words[1:], 1, refuse)[0])
    elif key == "axis":
        order = words[4].upper() if len(words) > 4 else "XYZ"
        if sorted(order) != ["X", "Y", "Z"]:
            raise refuse(f"{order[:20]!r} is no order of axes")
        pending.append((bone, _numbers(words[1:], 3, refuse), order))
    elif key == "dof":
        bone.dof = _dof(words[1:], refuse)


def _dof(words: list[str], refuse: _Refuse) -> tuple[str, ...]:
    dof = tuple(word.lower() for word in words)
    if len(set(dof)) != len(dof) or not set(dof) <= set(_ALL):
        raise refuse(f"{' '.join(words)[:60]!r} are no degrees of freedom")
    return dof


def _numbers(words: list[str], count: int, refuse: _Refuse) -> ndarray:
    try:
        numbers = np.array([float(word.strip("()")) for word in words[:count]])
    except ValueError:
        numbers = np.empty(0)
    if len(numbers) != count or not np.isfinite(numbers).all() or (np.abs(numbers) > 1e9).any():
        raise refuse(f"{count} number{'s are' if count > 1 else ' is'} expected, not {' '.join(words)[:60]!r}")
    return numbers


def _lines(path: Path, most_bytes: int) -> list[str]:
    try:
        if path.stat().st_size > most_bytes:
            raise FormatError(path, "it is larger than such a file can be", hint="Cut it into shorter files.")
        return path.read_text("utf-8", errors="replace").splitlines()
    except OSError as error:
        raise FormatError(path, f"it cannot be read ({error.strerror or error})") from error


# ---- the motion -----------------------------------------------------------------------------------------------------


def _read_frames(path: Path, known: _Skeleton) -> tuple[dict[str, slice], ndarray, bool]:
    """Where each bone's numbers stand in a row, and a row a frame; whether they are degrees."""
    in_degrees = known.in_degrees
    lines = _lines(path, _MOST_BYTES)
    start = 0
    for start, line in enumerate(lines):  # noqa: B007
        word = line.strip().upper()
        if word in (":DEGREES", ":RADIANS"):
            in_degrees = word == ":DEGREES"
        elif word and not word.startswith(("#", ":")):
            break
    words = [line.split() for line in lines[start:]]
    words = [each for each in words if each and not each[0].startswith("#")]
    # As the first frame is, all are.
    size = next((at for at, each in enumerate(words[1:], 1) if len(each) == 1), len(words))
    if not words or len(words[0]) != 1 or not words[0][0].isdigit() or size < 2:
        raise FormatError(path, "a frame's number is expected after the header", hint="Get the file again.")
    names = [each[0] for each in words[1:size]]
    columns: dict[str, slice] = {}
    count = 0
    for name, each in zip(names, words[1:size], strict=True):
        if name not in known.bones:
            raise FormatError(path, f"its skeleton has no bone {name!r}", hint="It belongs to another .asf.")
        dof = len(known.bones[name].dof)
        if len(each) - 1 != dof or name in columns:
            raise FormatError(path, f"frame 1: {name} has {len(each) - 1} numbers, its skeleton {dof}")
        columns[name] = slice(count, count + dof)
        count += dof
    frames = -(-len(words) // size)
    rows = np.empty((frames, count))
    for frame in range(frames):
        part = words[frame * size : (frame + 1) * size]
        numbers = [number for each in part[1:] for number in each[1:]]
        try:
            if len(part[0]) != 1 or [each[0] for each in part[1:]] != names:
                raise ValueError
            rows[frame] = numbers
        except ValueError:
            if frame == frames - 1 and frame and len(part) < size:
                rows = rows[:-1]
                break
            raise FormatError(
                path, f"frame {frame + 1}: its bones and numbers are not those of the first", hint="It is damaged."
            ) from None
    wrong = np.flatnonzero(~(np.abs(rows) < 1e9).all(1))
    if len(wrong):
        raise FormatError(path, f"frame {wrong[0] + 1}: a number is not finite", hint="The file is damaged.")
    return columns, rows, in_degrees


def _assembled(
    known: _Skeleton, columns: dict[str, slice], rows: ndarray, in_degrees: bool
) -> tuple[Rig, ndarray, ndarray]:
    order = _from_the_root(known)
    at = {bone.name: index for index, bone in enumerate(order)}
    parents = tuple(at[bone.parent] if bone.parent else -1 for bone in order)
    offsets = np.zeros((len(order), 3))
    rotations = np.tile(np.eye(3), (len(rows), len(order), 1, 1))
    root = np.tile(known.place, (len(rows), 1))
    for bone in order:
        joint = at[bone.name]
        if bone.parent:
            above = known.bones[bone.parent]
            offsets[joint] = above.direction * above.length
        numbers = rows[:, columns[bone.name]] if bone.name in columns else np.zeros((len(rows), 0))
        dof = bone.dof if bone.name in columns else ()
        turning = [each for each in dof if each in _ANGLES]
        if turning:
            angles = numbers[:, [dof.index(each) for each in turning]]
            turns = Rotation.from_euler("".join(each[1] for each in turning), angles, degrees=in_degrees).as_matrix()
            rotations[:, joint] = bone.axis @ turns @ bone.axis.T
        if not bone.parent:
            for axis, each in enumerate(_PLACES):
                if each in dof:
                    root[:, axis] = known.place[axis] + numbers[:, dof.index(each)]
    ends = {at[bone.name]: bone.direction * bone.length for bone in order if at[bone.name] not in parents}
    return Rig(tuple(bone.name for bone in order), parents, offsets, ends), rotations, root


def _from_the_root(known: _Skeleton) -> list[_Bone]:
    """Parents before their children; what hangs on nothing is left out."""
    order = [known.bones["root"]]
    for bone in order:
        order += [each for each in known.bones.values() if each.parent == bone.name]
    return order
