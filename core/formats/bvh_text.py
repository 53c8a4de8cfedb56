"""The text of a BVH file (Biovision, 1990s): a hierarchy of joints with channels, then a line of numbers a frame.

No document binds its writers, so much is allowed: any order of Euler angles (degrees, applied as the channels are
listed), places on any joint (they stand for its offset), names with spaces, any white space, CRLF, decimal commas. The
numbers are read in pieces, so that memory is bounded by what the file really holds, never by what it says it holds.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.spatial.transform import Rotation

from core.bodies.rigs import Rig, RigMotion
from core.errors import FormatError

MOST_JOINTS, DEEPEST = 2000, 200
_MOST_HEADER, _LONGEST_LINE = 4_000_000, 400_000
_PIECE = 1 << 22
_MOST_NUMBERS = 400_000_000
_CHANNEL = re.compile(r"([XYZ])(position|rotation)$", re.IGNORECASE)


@dataclass
class _Joint:
    name: str
    parent: int
    offset: tuple[float, float, float] | None = None
    channels: tuple[str, ...] = ()
    tip: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class BvhText:
    """What the file says, in its own unit and axes. `notes` are sentences about what did not fit together."""

    motion: RigMotion
    frame_time_s: float
    notes: tuple[str, ...]


def looks_like_bvh(path: Path) -> bool:
    """A text that begins with HIERARCHY and soon has a root."""
    try:
        with path.open("rb") as file:
            words = file.read(4096).removeprefix(b"\xef\xbb\xbf").split(None, 2)
    except OSError:
        return False
    return len(words) > 1 and words[0].upper() == b"HIERARCHY" and words[1].upper() == b"ROOT"


def read_text(path: Path) -> BvhText:
    try:
        with path.open("r", encoding="utf-8-sig", errors="replace", newline=None) as file:
            return _read(path, file)
    except OSError as error:
        raise FormatError(path, f"it cannot be read ({error.strerror or error})") from error


def _read(path: Path, file: IO[str]) -> BvhText:
    joints, line = _hierarchy(path, file)
    declared, frame_time_s = _facts(path, file, line)
    columns = sum(len(joint.channels) for joint in joints)
    if not columns:
        raise FormatError(path, "no joint has a channel", hint="Export the motion, not only the skeleton.")
    numbers, notes = _frames(path, file, columns, declared)
    rig, rotations, root, sliding = _assembled(path, joints, numbers)
    return BvhText(RigMotion(rig, 1.0, rotations, root, sliding), frame_time_s, notes)


# ---- the hierarchy --------------------------------------------------------------------------------------------------


def _hierarchy(path: Path, file: IO[str]) -> tuple[list[_Joint], int]:
    """Joints in the file's order, and the number of the line that says MOTION."""
    joints: list[_Joint] = []
    open_joints: list[int] = []
    pending: list[str] = []
    in_tip, seen, number = False, 0, 0

    def refuse(what: str) -> FormatError:
        return FormatError(path, f"line {number}: {what}", hint="The export may be damaged; export it again.")

    while True:
        line = file.readline(_LONGEST_LINE)
        number, seen = number + 1, seen + len(line)
        if not line:
            raise refuse("the file ends before MOTION")
        if seen > _MOST_HEADER:
            raise refuse("the hierarchy is longer than any skeleton's")
        # Braces may stand anywhere.
        for text in line.replace("{", "\n{\n").replace("}", "\n}\n").split("\n"):
            words = text.split()
            if not words:
                continue
            word = words[0].upper().rstrip(":")
            if word == "{":
                if not pending:
                    raise refuse("a brace without a joint before it")
                name = pending.pop()
                if name == "\0tip":
                    in_tip = True
                    continue
                joints.append(_Joint(name, open_joints[-1] if open_joints else -1))
                open_joints.append(len(joints) - 1)
                if len(joints) > MOST_JOINTS or len(open_joints) > DEEPEST:
                    raise refuse(f"more than {MOST_JOINTS} joints, or {DEEPEST} in one chain")
            elif word == "}":
                if in_tip:
                    in_tip = False
                elif open_joints:
                    open_joints.pop()
                else:
                    raise refuse("a closing brace too many")
            elif word == "MOTION":
                if open_joints or pending or not joints:
                    raise refuse("MOTION comes before the hierarchy is closed")
                return joints, number
            elif word in ("ROOT", "JOINT"):
                if word == "ROOT" and joints:
                    raise refuse("a second ROOT: more than one person in a file is not read")
                if word == "JOINT" and not open_joints:
                    raise refuse("a JOINT outside of the ROOT")
                pending.append(" ".join(words[1:]) or f"joint {len(joints) + 1}")
            elif word == "END":
                if not open_joints:
                    raise refuse("an End Site outside of the ROOT")
                pending.append("\0tip")
            elif word == "OFFSET":
                offset = _numbers(words[1:])
                if offset is None or len(offset) != 3 or not open_joints:
                    raise refuse(f"an offset is three numbers, not {' '.join(words[1:])[:60]!r}")
                joint = joints[open_joints[-1]]
                if in_tip:
                    joint.tip = (offset[0], offset[1], offset[2])
                else:
                    joint.offset = (offset[0], offset[1], offset[2])
            elif word == "CHANNELS":
                if not open_joints:
                    raise refuse("CHANNELS outside of a joint")
                joints[open_joints[-1]].channels = _channels(words[1:], refuse)
            elif word != "HIERARCHY":
                raise refuse(f"{words[0][:40]!r} is not a word of a hierarchy")


def _channels(words: list[str], refuse: Callable[[str], FormatError]) -> tuple[str, ...]:
    kinds = [_CHANNEL.match(word) for word in words[1:]]
    names = tuple(found[1].upper() + found[2].lower()[0] for found in kinds if found)
    if not words or not words[0].isdigit() or int(words[0]) != len(names) or len(names) != len(kinds):
        raise refuse(f"channels are their number and their names, not {' '.join(words)[:80]!r}")
    if len(set(names)) != len(names):
        raise refuse("a channel comes twice")
    return names


def _numbers(words: list[str]) -> list[float] | None:
    text = " ".join(words)
    if "," in text:
        text = text.replace(",", "." if "." not in text else " ")
    try:
        numbers = [float(word) for word in text.split()]
    except ValueError:
        return None
    return numbers if all(np.isfinite(number) and abs(number) < 1e9 for number in numbers) else None


# ---- the motion -----------------------------------------------------------------------------------------------------


def _facts(path: Path, file: IO[str], number: int) -> tuple[int, float]:
    """`Frames:` and `Frame Time:`, in any spelling and order; 0 and 0 where they say nothing of use."""
    frames, time_s = None, None
    while frames is None or time_s is None:
        line = file.readline(_LONGEST_LINE)
        number += 1
        if not line:
            raise FormatError(path, 'the file ends before "Frame Time:"', hint="It was cut short; export it again.")
        words = line.replace(":", " ").split()
        if not words:
            continue
        key, value = "".join(words[:-1]).lower(), _numbers(words[-1:])
        if key in ("frames", "frame") and words[-1].isdigit():
            frames = int(words[-1][:18])  # however many: what is there counts
        elif key == "frametime" and value:
            time_s = value[0]
        else:
            raise FormatError(
                path, f'line {number}: "Frames:" and "Frame Time:" are expected, not {line.strip()[:60]!r}'
            )
    return frames, max(time_s, 0.0)


def _frames(
    path: Path, file: IO[str], columns: int, declared: int
) -> tuple[Float[ndarray, "frames columns"], tuple[str, ...]]:
    """All numbers, a row a frame, and what is to be said of their number."""
    pieces: list[ndarray] = []
    left, count, first_line = "", 0, 0
    while True:
        text = file.read(_PIECE)
        block = left + text
        if text:
            cut = max(block.rfind(" "), block.rfind("\n"), block.rfind("\t")) + 1
            block, left = block[:cut], block[cut:]
            if len(left) > 200:
                raise FormatError(path, f"frame {count // columns + 1}: that is no number: {left[:40]!r}")
        if not first_line and block.strip():
            first_line = len(_decimal(block.lstrip().split("\n", 1)[0]).split())
        if block:
            piece = _parsed(path, _decimal(block), count, columns)
            count += len(piece)
            if count > _MOST_NUMBERS:
                raise FormatError(path, "it holds more numbers than can be read", hint="Cut it into shorter files.")
            pieces.append(piece)
        if not text:
            break
    frames = count // columns
    if not frames:
        raise FormatError(path, "it holds no whole frame", hint="It was cut short; export it again.")
    other = first_line != columns and (frames != declared or count == declared * first_line)
    if count != declared * columns and other:
        raise FormatError(
            path,
            f"a frame holds {first_line} numbers, the hierarchy has {columns} channels",
            hint="Hierarchy and motion are of different exports; export it again.",
        )
    notes: tuple[str, ...] = ()
    if count != declared * columns:
        notes = (f"The file says {declared} frames and holds {frames}; all whole ones are read.",)
    numbers = np.concatenate(pieces)[: frames * columns].reshape(frames, columns)
    return numbers, notes


def _decimal(text: str) -> str:
    """Decimal commas as points; commas between numbers as spaces."""
    if "," not in text:
        return text
    return text.replace(",", " " if "." in text else ".")


def _parsed(path: Path, text: str, before: int, columns: int) -> ndarray:
    words = text.split()
    try:
        numbers = np.array(words, dtype=np.float64)
    except ValueError:
        numbers = np.empty(0)
    if len(numbers) != len(words) or not np.isfinite(numbers).all() or (np.abs(numbers) > 1e9).any():
        for at, word in enumerate(words):
            if not _numbers([word]):
                frame = (before + at) // columns + 1
                raise FormatError(
                    path,
                    f"frame {frame}: that is no number: {word[:40]!r}",
                    hint="The file is damaged; export it again.",
                )
    return numbers


# ---- together -------------------------------------------------------------------------------------------------------


def _assembled(
    path: Path, joints: list[_Joint], numbers: Float[ndarray, "frames columns"]
) -> tuple[Rig, ndarray, ndarray, dict[int, ndarray]]:
    for joint in joints:
        if joint.offset is None:
            raise FormatError(path, f"the joint {joint.name!r} has no OFFSET")
    offsets = np.array([joint.offset for joint in joints])
    frames = len(numbers)
    rotations = np.empty((frames, len(joints), 3, 3))
    sliding: dict[int, ndarray] = {}
    root = np.tile(offsets[0], (frames, 1))
    column = 0
    for at, joint in enumerate(joints):
        order = [name for name in joint.channels if name[1] == "r"]
        angles = [column + joint.channels.index(name) for name in order]
        if order:
            # Capital letters: about the joint's own axes, one after the other as they are listed.
            turns = Rotation.from_euler("".join(name[0] for name in order), numbers[:, angles], degrees=True)
            rotations[:, at] = turns.as_matrix()
        else:
            rotations[:, at] = np.eye(3)
        places = np.tile(offsets[at], (frames, 1))
        moving = [name for name in joint.channels if name[1] == "p"]
        for name in moving:
            places[:, "XYZ".index(name[0])] = numbers[:, column + joint.channels.index(name)]
        if moving and at == 0:
            root = places
        elif moving and not _only_zeros(places, offsets[at]):
            if np.ptp(places, axis=0).max() > 1e-6 * max(float(np.abs(offsets).max()), 1e-9):
                sliding[at] = places
            offsets[at] = places.mean(0)
        column += len(joint.channels)
    tips = {at: np.array(joint.tip) for at, joint in enumerate(joints) if joint.tip is not None}
    rig = Rig(tuple(joint.name for joint in joints), tuple(joint.parent for joint in joints), offsets, tips)
    return rig, rotations, root, sliding


def _only_zeros(places: ndarray, offset: ndarray) -> bool:
    """Some writers mean what is added to the offset: their channels stay near zero where the offset does not."""
    return bool(np.abs(places).max() < 1e-3 * np.linalg.norm(offset))
