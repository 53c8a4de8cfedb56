"""Joints over time as plain tables: CSV with a column a coordinate, and .npy of (frames, joints, 3). Both ways.

    frame,time_s,pelvis_x,pelvis_y,pelvis_z,left_hip_x, …   what is written: RECORDED_27, metres, y up, missing: empty
    Time;LHip.X;LHip.Y;LHip.Z; …   X_knee, hip:x (mm), …    what is read besides

Commas, semicolons or tabs; decimal commas where they do not separate; names as `joint_names` tells them. In .npy the
number of joints tells whose they are: 22 or 24 SMPL's, 17 or 32 Human3.6M's, 25 BODY_25, 27 ours. Options: `skeleton`
(a name of core.bodies.skeletons), `unit` (m, cm, mm, inch), `up` (y, z, …), `rate_hz`. Without them the size of the
person tells the unit and how they stand what is up, and the recording's notes say so.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies.skeletons import RECORDED_27, SKELETONS, Skeleton
from core.errors import FormatError
from core.formats import humanact12
from core.formats.delimited import numpys_complaint
from core.formats.joint_names import recorded_joints_of
from core.formats.pickled import beginning_of, bytes_of, from_npy, header_of
from core.formats.recorded_joints import BY_COUNT, HUMAN36M_32, as_recorded, settled, told_rate
from core.recordings import Recording, completed
from core.whole_files import whole_file

OPTIONS = ("skeleton", "unit", "up", "rate_hz")
MOST_BYTES = 200_000_000
FEWEST_JOINTS = 5
"""With fewer columns that are joints, a table is of something else."""
_UNSAID_HZ = 30.0
_UNEVEN = 0.25
_AXIS_LAST = re.compile(r"(?P<joint>.*?[^\s_.:/-])[\s_.:/-]*(?P<axis>[xyzXYZ])")
_AXIS_FIRST = re.compile(r"(?P<axis>[xyzXYZ])[\s_.:/-]+(?P<joint>.+)")
_UNIT_LAST = re.compile(r"(?P<rest>.*?)[\s_]*(?:\((?P<a>mm|cm|m)\)|\[(?P<b>mm|cm|m)\]|[\s_](?P<c>mm|cm|m))", re.I)
_TIMES = {"time_s": 1.0, "time": 1.0, "t": 1.0, "seconds": 1.0, "timestamp": 1.0, "time_ms": 0.001, "ms": 0.001}
_GAPS = re.compile(rb"(?<=[,;\t])(?=[ ]*[,;\t\r\n])|^(?=[,;\t])|(?<=[,;\t])\Z", re.M)
_HINT = "Needed: a first line with columns such as left_knee_x, left_knee_y, left_knee_z."


def is_joint_csv(path: Path) -> bool:
    """Whether the first line names coordinates of joints."""
    if path.suffix.lower() not in (".csv", ".tsv", ".txt") or not path.is_file():
        return False
    start = beginning_of(path, 65_536)
    first, ended, rest = start.partition(b"\n")
    if not ended or not rest.strip():
        return False
    try:
        return len(_Header.of(first.decode("utf-8-sig"), "").joints) >= FEWEST_JOINTS
    except UnicodeDecodeError:
        return False


def is_joint_npy(path: Path) -> bool:
    """Whether this is an array of frames, joints of a known number, and three coordinates."""
    if path.suffix.lower() != ".npy" or not path.is_file():
        return False
    header = header_of(path)
    if header is None or header.dtype.kind != "f" or len(header.shape) != 3:
        return False
    return header.shape[1] in BY_COUNT and header.shape[2] == 3 and not humanact12.is_humanact12(path)


def read_npy(
    path: Path, *, skeleton: str = "", unit: str = "", up: str = "", rate_hz: float | str | None = None
) -> Iterator[Recording]:
    """The one recording of an array."""
    held = from_npy(path, most_bytes=MOST_BYTES)
    if not isinstance(held, ndarray) or held.dtype.kind not in "fiu" or held.ndim != 3 or held.shape[2] != 3:
        shape = held.shape if isinstance(held, ndarray) else "no array"
        raise FormatError(path, f"it is {shape}, not frames of joints of three coordinates")
    if not len(held):
        raise FormatError(path, "there is no frame in it")
    joints = held.shape[1]
    whose = _skeleton_named(path, skeleton) if skeleton else BY_COUNT.get(joints)
    if whose is None:
        raise FormatError(path, f"it is not told whose {joints} joints these are", hint=_SAY_SKELETON)
    if len(whose) != joints:
        raise FormatError(path, f"{whose.name} has {len(whose)} joints, and these are {joints}", hint=_SAY_SKELETON)
    infinite = np.isinf(held).any((1, 2))
    if infinite.any():
        raise FormatError(path, f"frame {int(np.argmax(infinite))}: a place in it is infinite")
    notes = [] if skeleton or whose is RECORDED_27 else [f"By their number the joints are {whose.name}'s."]
    if whose is RECORDED_27:
        unit, up = unit or "m", up or "y"
    told_hz = told_rate(path, rate_hz)
    if told_hz is None:
        told_hz = _UNSAID_HZ
        notes.append(f"The file says no rate; {_UNSAID_HZ:g} frames a second are taken for granted.")
    done = settled(path, as_recorded(held.astype(np.float64), whose), unit=unit, up=up)
    yield Recording(path.stem, told_hz, joints_m=done.joints_m, notes=(*notes, *done.notes))


def read_csv(
    path: Path, *, skeleton: str = "", unit: str = "", up: str = "", rate_hz: float | str | None = None
) -> Iterator[Recording]:
    """The one recording of a table. `skeleton` says whose joints the names are, where they are no names of ours."""
    raw = bytes_of(path, MOST_BYTES).removeprefix(b"\xef\xbb\xbf")
    first, _, body = raw.partition(b"\n")
    try:
        header = _Header.of(first.decode("utf-8"), unit)
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise FormatError(path, f"line {line}: it is not UTF-8 text", hint="Save the table as CSV in UTF-8.") from None
    whose, columns = _whose(path, header, skeleton)
    numbers = _numbers(path, body, header, [header.time, *columns.values()])
    if not len(numbers):
        raise FormatError(path, "there is no frame in it")
    joints = np.full((len(numbers), len(whose), 3), np.nan)
    for at, (joint, axis) in enumerate(columns, start=1):
        joints[:, whose[joint], axis] = numbers[:, at]
    infinite = np.isinf(joints).any((1, 2))
    if infinite.any():
        raise FormatError(path, f"line {int(np.argmax(infinite)) + 2}: a place in it is infinite")
    own = whose is RECORDED_27 and [joint for joint, axis in columns if axis == 0] == list(RECORDED_27.joints)
    if own:
        unit, up = unit or header.unit or "m", up or "y"
    times_s = numbers[:, 0] if header.time is not None else None
    told_hz, notes = _rate(path, times_s, told_rate(path, rate_hz), is_exact=own)
    done = settled(path, as_recorded(joints, whose), unit=unit or header.unit, up=up)
    left_out = [name for name in header.joints if name not in {*header.ours.values()}] if not skeleton else []
    if left_out:
        notes.append(f"Left out, as nobody's joints: {', '.join(left_out[:8])}{' …' if len(left_out) > 8 else ''}.")
    yield Recording(path.stem, told_hz, joints_m=done.joints_m, notes=(*notes, *done.notes))


def write_csv(recording: Recording, path: Path) -> None:
    """Every frame at its own rate; nine digits give single precision back exactly."""
    joints_m = _joints_to_write(recording)
    names = [f"{joint}_{axis}" for joint in RECORDED_27.joints for axis in "xyz"]
    with whole_file(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(["frame", "time_s", *names]) + "\n")
        for frame, row in enumerate(joints_m.reshape(len(joints_m), -1).tolist()):
            places = ",".join("" if value != value else f"{value:.9g}" for value in row)
            file.write(f"{frame},{frame / recording.rate_hz!r},{places}\n")


def write_npy(recording: Recording, path: Path) -> None:
    """(frames, 27, 3) in single precision, metres, y up, missing joints NaN. The rate has no place in it."""
    joints_m = _joints_to_write(recording)
    with whole_file(path) as beside, beside.open("wb") as file:
        np.save(file, joints_m, allow_pickle=False)


def _joints_to_write(recording: Recording) -> Float[ndarray, "frames 27 3"]:
    joints_m = completed(recording, rate_hz=None).joints_m
    assert joints_m is not None
    return np.asarray(joints_m, np.float32)


# ---- what a table says of itself ----


@dataclass(frozen=True)
class _Header:
    """The first line: which column is which coordinate of which joint, and which is time."""

    separator: str
    count: int
    joints: dict[str, dict[int, int]]
    """The joint's own name to its columns by axis, for those that have all three."""
    ours: dict[str, str]
    time: int | None
    seconds: float
    unit: str

    @classmethod
    def of(cls, line: str, unit: str) -> "_Header":
        separator = max((",", ";", "\t"), key=line.count)
        columns = [each.strip().strip('"').strip() for each in line.split(separator)]
        found: dict[str, dict[int, int]] = {}
        time, seconds, units = None, 1.0, set()
        for at, column in enumerate(columns):
            if time is None and column.lower() in _TIMES:
                time, seconds = at, _TIMES[column.lower()]
                continue
            with_unit = _UNIT_LAST.fullmatch(column)
            name = with_unit["rest"] if with_unit else column
            told = _AXIS_LAST.fullmatch(name) or _AXIS_FIRST.fullmatch(name)
            if told:
                if with_unit:
                    units.add((with_unit["a"] or with_unit["b"] or with_unit["c"]).lower())
                found.setdefault(told["joint"].strip(), {}).setdefault("xyz".index(told["axis"].lower()), at)
        whole = {name: axes for name, axes in found.items() if len(axes) == 3}
        ours = recorded_joints_of(list(whole))
        told_unit = unit or (units.pop() if len(units) == 1 else "")
        return cls(separator, len(columns), whole, ours, time, seconds, told_unit)


_SAY_SKELETON = f"Give skeleton=… Known: {', '.join([*SKELETONS, HUMAN36M_32.name])}."


def _skeleton_named(path: Path, name: str) -> Skeleton:
    known = {each.lower(): skeleton for each, skeleton in {**SKELETONS, HUMAN36M_32.name: HUMAN36M_32}.items()}
    if name.lower() not in known:
        raise FormatError(path, f"there is no skeleton {name!r}", hint=_SAY_SKELETON)
    return known[name.lower()]


def _whose(path: Path, header: _Header, skeleton: str) -> tuple[Skeleton, dict[tuple[str, int], int]]:
    """Whose joints the columns are, and each coordinate's column."""
    if skeleton:
        whose = _skeleton_named(path, skeleton)
        plain = {re.sub(r"[^a-z0-9]", "", each.lower()): each for each in whose.joints}
        told = {
            plain[word]: name for name in header.joints if (word := re.sub(r"[^a-z0-9]", "", name.lower())) in plain
        }
    else:
        whose, told = RECORDED_27, header.ours
    if len(told) < FEWEST_JOINTS:
        names = ", ".join(list(header.joints)[:8]) or "none"
        raise FormatError(path, f"line 1: too few columns are joints (found: {names})", hint=_HINT)
    return whose, {
        (joint, axis): column for joint, name in told.items() for axis, column in sorted(header.joints[name].items())
    }


def _numbers(path: Path, body: bytes, header: _Header, columns: list[int | None]) -> Float[ndarray, "frames columns"]:
    """The wanted columns; those that are None are zero. An empty place is NaN."""
    wanted = [at for at in columns if at is not None]
    separator = header.separator
    body = body.replace(b'"', b"").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if separator != ",":
        body = body.replace(b",", b".")
    body = _GAPS.sub(b"nan", body.rstrip(b"\n"))
    if not body.strip():
        return np.zeros((0, len(columns)))
    try:
        read = np.loadtxt(
            io.BytesIO(body), delimiter=separator, comments=None, ndmin=2, usecols=wanted, encoding="utf-8"
        )
    except ValueError as error:
        raise FormatError(
            path, numpys_complaint(str(error), "line", 2), hint="Each line has a number or nothing in every column."
        ) from None
    numbers = np.zeros((len(read), len(columns)))
    numbers[:, [at for at, column in enumerate(columns) if column is not None]] = read
    numbers[:, 0] *= header.seconds
    return numbers


def _rate(path: Path, times_s: ndarray | None, told_hz: float | None, *, is_exact: bool) -> tuple[float, list[str]]:
    """Frames a second, by the table's times unless they are told."""
    if told_hz is not None:
        return told_hz, []
    if times_s is None or len(times_s) < 2:
        said = "The table says no rate" if times_s is None else "One frame says no rate"
        return _UNSAID_HZ, [f"{said}; {_UNSAID_HZ:g} frames a second are taken for granted."]
    steps = np.diff(times_s)
    usual = float(np.median(steps)) if np.isfinite(steps).all() else 0.0
    if not usual > 0 or np.abs(steps - usual).max() > _UNEVEN * usual:
        wrong = ~(np.abs(steps - usual) <= _UNEVEN * usual) if usual > 0 else ~(steps > 0)
        line = int(np.argmax(wrong)) + 3
        raise FormatError(path, f"line {line}: its time does not follow evenly", hint="Give rate_hz=…")
    rate_hz = (len(times_s) - 1) / float(times_s[-1] - times_s[0])
    near = round(rate_hz)
    exact = told_rate(path, float(near) if near and not is_exact and abs(rate_hz / near - 1) < 2e-4 else rate_hz)
    assert exact is not None
    return exact, []
