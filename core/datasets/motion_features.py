"""Labelled motion as training batches: cut anywhere, of many lengths, put at the origin and varied, all by arrays.

    windows = FeatureWindows(examples.labelled["train"], examples.learned_as, config.data, factor=4)
    batch = StepBatches(windows, seed=0, stage=1, batch=32)(step)      # the same for the same numbers, always

Every frame of the stretches that are used is read once into a bank: 30 a second, six numbers a joint (columns 0 and 1
of its local rotation matrix), and the path (smplx's translation, metres, y up). A batch is then index arithmetic. Which
windows a step gets depends on seed, stage and step alone, so a run that goes on gets what it would have got.

A window's length is a multiple of the model's down-sampling, even over all from the shortest to the longest that its
stretch has room for; windows of like length come together in a batch, so that little is padding (the last frame again;
`real` says where). Then, as the authors do: mirrored (left and right swapped, in labels too), at the origin with no
heading, and from there turned about the vertical, tilted and rolled about the place of its first root. Letters: B
windows, F frames, J joints, A actions.
"""

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from time import perf_counter
from typing import Generic, Self, TypeVar

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from core.bodies.poses import joint_names
from core.bodies.skeletons import Skeleton
from core.datasets.motion_windows import LEAST_FRAMES, RATE_HZ, Labelled, MotionWindows, Piece, read_motion
from core.disk import take_room
from core.errors import RunError
from core.geometry.rotations import about_x, about_y, about_z
from core.posegpt_configs import JOINTS, MotionData
from core.project.motion_frames import FrameReader
from core.recordings import reference_joints_m

MOST_BYTES = 4 * 2**30
"""A larger bank's rotations lie in a file, in half precision, and the system keeps what it has room for."""
MOST_VALIDATED = 512
"""Windows that a validation looks at."""
_POOL = 16
"""Batches that are drawn together and sorted by length."""
_READ_AT_ONCE = 4096
_SIDE = re.compile(r"(?<![a-z])(left|right)(?![a-z])", re.IGNORECASE)
MIRRORED_6D = np.array([1, -1, -1, -1, 1, 1], np.float32)
"""Columns 0 and 1 of S·R·S, where S turns x over."""


@dataclass(frozen=True)
class FeatureBatch:
    """Windows, one row each. F and every number of frames are multiples of the model's down-sampling."""

    rotations_6d: Float[ndarray, "B F J 6"]
    path_m: Float[ndarray, "B F 3"]
    real: Bool[ndarray, "B F"]
    labels: Float[ndarray, "B A"]
    frames: Int[ndarray, " B"]

    def __len__(self) -> int:
        return len(self.frames)


@dataclass(frozen=True)
class Cuts:
    """Which windows, and how each is varied: angles in radians."""

    piece: Int[ndarray, " B"]
    start: Int[ndarray, " B"]  # in its stretch
    frames: Int[ndarray, " B"]
    mirrored: Bool[ndarray, " B"]
    heading: Float[ndarray, " B"]
    tilt: Float[ndarray, " B"]
    roll: Float[ndarray, " B"]

    def __len__(self) -> int:
        return len(self.piece)

    def __getitem__(self, chosen: Int[ndarray, " B"] | slice) -> Self:
        return type(self)(*(getattr(self, each.name)[chosen] for each in fields(self)))


# ---- windows --------------------------------------------------------------------------------------------------------


class FeatureWindows:
    """The windows of one part, from a bank of its own."""

    def __init__(
        self,
        labelled: Sequence[Labelled],
        learned_as: Mapping[str, str],
        data: MotionData,
        factor: int,
        *,
        bank_file: Path | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        if data.least_frames > data.most_frames:
            raise RunError(
                f"data.least_frames = {data.least_frames} is more than data.most_frames = {data.most_frames}.",
                hint="Make the longest window at least as long as the shortest.",
            )
        self._data, self._factor = data, factor
        self.joints = JOINTS[data.body]
        least = max(min(data.least_frames, LEAST_FRAMES), factor)
        self._windows = MotionWindows(labelled, learned_as, joints=self.joints, least_frames=least)
        self.classes, self.left_out = self._windows.classes, self._windows.left_out
        self._bank = Bank(self.pieces, self.joints, bank_file, most_bytes)
        self._room = np.array([piece.end - piece.start for piece in self.pieces], int)
        self._labels = np.zeros((len(self.pieces), len(self.classes)), bool)
        for at, piece in enumerate(self.pieces):
            self._labels[at, list(piece.classes)] = True
        self._beside = _Beside(self._windows)
        self._counterpart = counterparts(self.classes)
        # A class without a counterpart is none of a mirrored window's, so it stays what it is: not there.
        self._mirrored = np.where(self._counterpart < 0, np.arange(len(self.classes)), self._counterpart)
        swapped = Skeleton("", joint_names(self.joints), (-1,) * self.joints).mirror
        self._swapped = np.array(swapped)
        self._rest_m = reference_joints_m()[0].astype(np.float32)

    @property
    def pieces(self) -> list[Piece]:
        """The stretches that windows are cut from."""
        return self._windows.pieces

    def __len__(self) -> int:
        return len(self.pieces)

    def counts(self) -> dict[str, int]:
        """How many stretches each class has to give."""
        return self._windows.counts()

    @property
    def is_in_file(self) -> bool:
        """Whether the bank was too large for memory."""
        return self._bank.is_file

    @property
    def bank_bytes(self) -> int:
        return self._bank.bytes

    @property
    def frames(self) -> int:
        """In the bank."""
        return len(self._bank.path_m)

    # ---- which windows ----

    def drawn(self, count: int, random: np.random.Generator, *, varied: bool = True, balanced: bool = True) -> Cuts:
        """Windows from anywhere, of any length that their stretches have room for."""
        every = len(self.pieces)
        piece = self._windows.drawn(count, random) if balanced else random.integers(every, size=count)
        data, longest = self._data, self._longest(piece)
        shortest = np.minimum(-(-data.least_frames // self._factor), longest)
        tokens = random.integers(shortest, longest + 1)
        frames = tokens * self._factor
        start = random.integers(0, self._room[piece] - frames + 1)
        # Drawn even where they are not used, so that a knob changes nothing but what it says.
        mirrored = random.random(count) < data.mirror
        heading, tilt, roll = random.uniform(-1.0, 1.0, (3, count))
        if not varied:
            return _as_they_are(piece, start, frames)
        most = np.radians(data.tilt_degrees)
        return Cuts(
            piece, start, frames, mirrored & self._may_be_mirrored(piece), heading * np.pi * data.turn, tilt * most,
            roll * most,
        )  # fmt: skip

    def in_order(self, most: int | None = None) -> Cuts:
        """The middle of every stretch, as long as windows go, the shortest first; `most` of them drawn evenly."""
        piece = np.arange(len(self.pieces))
        if most is not None and most < len(piece):
            piece = np.sort(np.random.default_rng(0).permutation(piece)[:most])
        frames = self._longest(piece) * self._factor
        by_length = np.argsort(frames, kind="stable")
        piece, frames = piece[by_length], frames[by_length]
        return _as_they_are(piece, (self._room[piece] - frames) // 2, frames)

    def pool(self, seed: int, stage: int, number: int, batch: int) -> list[Cuts]:
        """So many windows for a few batches, like lengths together, the batches in any order."""
        random = np.random.default_rng([seed, stage, number])
        cuts = self.drawn(_POOL * batch, random, balanced=self._data.balanced)
        rows = np.argsort(cuts.frames, kind="stable").reshape(_POOL, batch)
        return [cuts[each] for each in random.permutation(rows)]

    # ---- their arrays ----

    def batch(self, cuts: Cuts, *, multiple_of: int = 1) -> FeatureBatch:
        """The windows' arrays, as long as the longest of them, or the next multiple."""
        multiple = np.lcm(multiple_of, self._factor)
        longest = -(-int(cuts.frames.max()) // multiple) * multiple
        within = np.minimum(np.arange(longest), cuts.frames[:, None] - 1)
        rotations, path_m = self._bank.frames(cuts.piece, cuts.start[:, None] + within)
        labels = self._labels[cuts.piece] | self._beside.labels(cuts.piece, cuts.start, cuts.frames)
        if cuts.mirrored.any():
            some = np.flatnonzero(cuts.mirrored)
            rotations[some] = rotations[some][:, :, self._swapped] * MIRRORED_6D
            places = (path_m[some] + self._rest_m) * np.array([-1, 1, 1], np.float32)
            path_m[some] = places - self._rest_m
            labels[some] = labels[some][:, self._mirrored]
        turned, places = _at_origin(rotations[:, :, 0], path_m + self._rest_m)
        if cuts.heading.any() or cuts.tilt.any() or cuts.roll.any():
            turn = (about_y(cuts.heading) @ about_x(cuts.tilt) @ about_z(cuts.roll)).astype(np.float32)
            turned = _turned_6d(turn, turned)
            first = places[:, :1]
            places = first + (places - first) @ turn.swapaxes(1, 2)
        rotations[:, :, 0] = turned
        return FeatureBatch(
            rotations, (places - self._rest_m).astype(np.float32), np.arange(longest) < cuts.frames[:, None],
            labels.astype(np.float32), cuts.frames.astype(np.int64),
        )  # fmt: skip

    def batches_in_order(self, size: int, most: int | None = MOST_VALIDATED) -> list[FeatureBatch]:
        """What is measured on: fixed windows, in batches of `size`."""
        cuts = self.in_order(most)
        return [self.batch(cuts[start : start + size]) for start in range(0, len(cuts), size)]

    # ---- how ----

    def _longest(self, piece: Int[ndarray, " B"]) -> Int[ndarray, " B"]:
        """Tokens of the longest window that each stretch has room for."""
        return np.minimum(self._room[piece], self._data.most_frames) // self._factor

    def _may_be_mirrored(self, piece: Int[ndarray, " B"]) -> Bool[ndarray, " B"]:
        """Not where a class names a side and none is its counterpart, in the stretch itself or one beside it."""
        without = np.flatnonzero(self._counterpart < 0)
        present = self._labels[piece] | self._beside.all_labels(piece)
        return np.logical_not(present[:, without].any(axis=1))


class Bank:
    """Frames of the stretches, those of one recording that touch or overlap only once."""

    def __init__(self, pieces: Sequence[Piece], joints: int, file: Path | None, most_bytes: int) -> None:
        spans, self._first = _spans_of(pieces)
        total = sum(end - start for _, start, end in spans)
        self.is_file = file is not None and total * (joints * 6 + 3) * 4 > most_bytes
        shape = (total, joints, 6)
        if self.is_file:
            assert file is not None
            self._rotations = np.lib.format.open_memmap(file, "w+", np.float16, shape)
            take_room(file)
        else:
            self._rotations = np.empty(shape, np.float32)
        self.path_m = np.empty((total, 3), np.float32)
        reader, at = FrameReader(), 0
        for labelled, start, end in spans:
            for part in range(start, end, _READ_AT_ONCE):
                part_end = min(part + _READ_AT_ONCE, end)
                matrices, path_m = read_motion(reader, labelled, part, part_end, joints)
                here = slice(at, at + part_end - part)
                self._rotations[here] = matrices[..., :2].swapaxes(-1, -2).reshape(-1, joints, 6)
                self.path_m[here] = path_m
                at = here.stop

    @property
    def bytes(self) -> int:
        return self._rotations.nbytes + self.path_m.nbytes

    def frames(
        self, piece: Int[ndarray, " B"], within: Int[ndarray, "B F"]
    ) -> tuple[Float[ndarray, "B F J 6"], Float[ndarray, "B F 3"]]:
        """These frames of these stretches, as arrays that may be changed."""
        at = self._first[piece][:, None] + within
        return np.asarray(self._rotations[at], np.float32), self.path_m[at]


class _Beside:
    """The other labelled stretches of each piece's recording, where they overlap: rows of one piece lie together."""

    def __init__(self, windows: MotionWindows) -> None:
        self._classes = len(windows.classes)
        by_recording: dict[int, list[tuple[float, float, tuple[int, ...]]]] = {}
        rows: list[tuple[float, float, int]] = []
        counts = np.zeros(len(windows.pieces), int)
        for at, piece in enumerate(windows.pieces):
            stretches = by_recording.get(id(piece.labelled))
            if stretches is None:
                stretches = by_recording[id(piece.labelled)] = [
                    (each.start_s * RATE_HZ, each.end_s * RATE_HZ, windows.numbers(each))
                    for each in piece.labelled.stretches
                ]
            found = [
                (start - piece.start, end - piece.start, number)
                for start, end, numbers in stretches
                if start < piece.end and end > piece.start
                for number in numbers
                if number not in piece.classes
            ]
            counts[at] = len(found)
            rows += found
        self._begins = np.concatenate([[0], np.cumsum(counts)])
        self._rows = np.array(rows, float).reshape(-1, 3)

    def labels(
        self, piece: Int[ndarray, " B"], start: Int[ndarray, " B"], frames: Int[ndarray, " B"]
    ) -> Bool[ndarray, "B A"]:
        """Classes of other stretches that cover half of the window or more."""
        window, rows = self._of(piece)
        begins, ends, number = rows[:, 0], rows[:, 1], rows[:, 2].astype(int)
        covered = np.minimum(ends, (start + frames)[window]) - np.maximum(begins, start[window])
        enough = covered >= frames[window] / 2
        found = np.zeros((len(piece), self._classes), bool)
        found[window[enough], number[enough]] = True
        return found

    def all_labels(self, piece: Int[ndarray, " B"]) -> Bool[ndarray, "B A"]:
        """Classes of whatever overlaps the stretch at all."""
        window, rows = self._of(piece)
        found = np.zeros((len(piece), self._classes), bool)
        found[window, rows[:, 2].astype(int)] = True
        return found

    def _of(self, piece: Int[ndarray, " B"]) -> tuple[Int[ndarray, " R"], Float[ndarray, "R 3"]]:
        """The rows of all these pieces, and of which each is."""
        count = self._begins[piece + 1] - self._begins[piece]
        window = np.repeat(np.arange(len(piece)), count)
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        return window, self._rows[self._begins[piece][window] + within]


# ---- ahead of who needs them ----------------------------------------------------------------------------------------

_Item = TypeVar("_Item")


class Ahead(Generic[_Item]):
    """Makes items `first`, `first` + 1 … in a thread, a few ahead of who takes them, and counts the time waited."""

    def __init__(self, make: Callable[[int], _Item], first: int, last: int, ahead: int = 3) -> None:
        self._make, self._next, self._last = make, first, last
        self._maker = ThreadPoolExecutor(1, thread_name_prefix="batches")
        self._coming: deque[Future[_Item]] = deque()
        self.waited_s = 0.0
        for _ in range(ahead):
            self._ask()

    def take(self) -> _Item:
        """The next one. What making it raised is raised here."""
        began = perf_counter()
        item = self._coming.popleft().result()
        self.waited_s += perf_counter() - began
        self._ask()
        return item

    def close(self) -> None:
        """Nobody needs more."""
        self._maker.shutdown(cancel_futures=True)

    def _ask(self) -> None:
        if self._next <= self._last:
            self._coming.append(self._maker.submit(self._make, self._next))
            self._next += 1


class StepBatches:
    """Batch `step` (from 1 on) of a stage, for any step in any order; a few batches are drawn together."""

    def __init__(self, windows: FeatureWindows, *, seed: int, stage: int, batch: int, multiple_of: int = 1) -> None:
        self._windows, self._seed, self._stage, self._size = windows, seed, stage, batch
        self._multiple_of = multiple_of
        self._number, self._pool = -1, list[Cuts]()

    def __call__(self, step: int) -> FeatureBatch:
        number, at = divmod(step - 1, _POOL)
        if number != self._number:
            self._pool = self._windows.pool(self._seed, self._stage, number, self._size)
            self._number = number
        return self._windows.batch(self._pool[at], multiple_of=self._multiple_of)


# ---- pieces ---------------------------------------------------------------------------------------------------------


def counterparts(classes: Sequence[str]) -> Int[ndarray, " A"]:
    """For each class its number when left and right change places; -1 where it names a side and there is no such."""
    at = {name.lower(): number for number, name in enumerate(classes)}
    return np.array([at.get(_other_side(name.lower()), -1) for name in classes], int)


def _other_side(name: str) -> str:
    return _SIDE.sub(lambda side: "right" if side[0] == "left" else "left", name)


def _as_they_are(piece: ndarray, start: ndarray, frames: ndarray) -> Cuts:
    none = np.zeros(len(piece))
    return Cuts(piece, start, frames, np.zeros(len(piece), bool), none, none, none)


def _spans_of(pieces: Sequence[Piece]) -> tuple[list[tuple[Labelled, int, int]], Int[ndarray, " P"]]:
    """What to read of which recording, one after the other, and at which frame of it all each piece begins."""
    first = np.zeros(len(pieces), int)
    spans: list[tuple[Labelled, int, int]] = []
    total = 0
    recordings: dict[int, list[int]] = {}
    for number, piece in enumerate(pieces):
        recordings.setdefault(id(piece.labelled), []).append(number)
    for numbers in recordings.values():
        start = end = -1
        for number in sorted(numbers, key=lambda each: pieces[each].start):
            piece = pieces[number]
            if piece.start > end:
                start, end = piece.start, piece.end
                spans.append((piece.labelled, start, end))
                total += end - start
            elif piece.end > end:
                total += piece.end - end
                end = piece.end
                spans[-1] = (piece.labelled, start, end)
            first[number] = total - (end - piece.start)
    return spans, first


def _at_origin(
    root_6d: Float[ndarray, "B F 6"], places_m: Float[ndarray, "B F 3"]
) -> tuple[Float[ndarray, "B F 6"], Float[ndarray, "B F 3"]]:
    """As `motion_windows.at_origin`: the root over the origin, without a heading, at the first frame."""
    x, y = root_6d[:, 0, :3], root_6d[:, 0, 3:]
    z = np.cross(x, y)
    turn = about_y(-np.arctan2(z[:, 0] - x[:, 2], x[:, 0] + z[:, 2])).astype(np.float32)
    over = places_m - places_m[:, :1] * np.array([1, 0, 1], np.float32)
    return _turned_6d(turn, root_6d), over @ turn.swapaxes(1, 2)


def _turned_6d(turn: Float[ndarray, "B 3 3"], root_6d: Float[ndarray, "B F 6"]) -> Float[ndarray, "B F 6"]:
    columns = root_6d.reshape(*root_6d.shape[:2], 2, 3) @ turn[:, None].swapaxes(-1, -2)
    return columns.reshape(root_6d.shape)
