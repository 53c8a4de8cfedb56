"""Labelled windows of motion: what PoseGPT learns from.

A window is cut inside one labelled stretch of a recording, at 30 frames a second. Its labels are that stretch's among
the classes that are learned, united with those of any stretch that covers half of it or more. A stretch that is shorter
than a window gives all it has: the last frame is repeated and `valid` says from where on. In training a window begins
anywhere in its stretch; for measuring it lies in the middle.

Rotations are local and in SMPL's sense, of as many joints as the model's body has (24, 52 or 55). Each window is put at
the origin: at its first frame the root stands over it and has no heading; heights stay. Nothing is mirrored, tilted or
otherwise varied here. Letters: B windows, F frames, J joints, C classes.

Labels may lie beside their motion, as BABEL's do: they are joined by name to whatever AMASS the project has.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from core.bodies.poses import pose_for
from core.bodies.skeletons import SKELETONS
from core.formats import babel
from core.geometry.rotations import about_y, matrices, nearest_heading
from core.motion import Motion
from core.project.annotations import PARTS
from core.project.motion_frames import FrameReader
from core.project.motion_sets import MotionRow, MotionSet, MotionSplit, StoredStretch
from core.recordings import KEPT_HZ, Recording, reference_joints_m, resampled

RATE_HZ = KEPT_HZ
LEAST_FRAMES = 16
"""Shorter stretches are nothing to learn a motion from."""


@dataclass(frozen=True)
class Labelled:
    """A recording and what is done in it. `name` is the one that its split knows."""

    name: str
    motion_set: MotionSet
    row: MotionRow
    stretches: tuple[StoredStretch, ...]

    @property
    def frames(self) -> int:
        """At 30 frames a second."""
        return max(int((self.row.frames - 1) / self.row.rate_hz * RATE_HZ + 1e-6), 0) + 1


@dataclass(frozen=True)
class Joined:
    """What there is to learn from, and the names of what could not be joined, by reason."""

    labelled: tuple[Labelled, ...]
    left_out: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Piece:
    """A stretch that windows are cut from, in frames at 30 a second, and the numbers of its classes."""

    labelled: Labelled
    start: int
    end: int
    classes: tuple[int, ...]


@dataclass(frozen=True)
class MotionBatch:
    """Windows, one row each."""

    rotations: Float[ndarray, "B F J 3 3"]
    translation_m: Float[ndarray, "B F 3"]
    valid: Bool[ndarray, "B F"]
    labels: Bool[ndarray, "B C"]

    def __len__(self) -> int:
        return len(self.labels)


# ---- labels and their motion ----------------------------------------------------------------------------------------


def joined(labels: MotionSet, others: Sequence[MotionSet] = ()) -> Joined:
    """A data set's recordings with their bodies: its own, or, of labels alone, those of the other sets by name."""
    if labels.facts.holds == "motion":
        rows = {row.name: (labels, row) for row in labels.rows.values()}
    else:
        rows = _by_key([each for each in others if each.facts.holds == "motion"])
    found, left_out = [], {}
    for row in labels.rows.values():
        there = rows.get(row.name if labels.facts.holds == "motion" else babel.key_of(row.name))
        if not row.stretches:
            reason = "no labels"
        elif there is None:
            reason = "no motion of that name"
        elif not there[1].body:
            reason = "joints alone, no body"
        else:
            found.append(Labelled(row.name, *there, row.stretches))
            continue
        left_out.setdefault(reason, []).append(row.name)
    return Joined(tuple(found), {reason: tuple(names) for reason, names in left_out.items()})


def _by_key(sets: Sequence[MotionSet]) -> dict[str, tuple[MotionSet, MotionRow]]:
    """AMASS's recordings under the one name of all their spellings; of two bodies, the one with more joints."""
    found: dict[str, tuple[MotionSet, MotionRow]] = {}
    for each in sets:
        source = Path(each.facts.source)
        above = f"{source.parent.name}/{source.name.removesuffix('.zip')}"
        for row in each.rows.values():
            key = babel.key_of(f"{above}/{row.name}")
            there = found.get(key)
            if there is None or _joints(row) > _joints(there[1]):
                found[key] = (each, row)
    return found


def _joints(row: MotionRow) -> int:
    return len(SKELETONS[row.body]) if row.body else 0


def classes_of(labels: MotionSet, split: MotionSplit) -> dict[str, str]:
    """Label → the class it is learned as: BABEL's 60, otherwise every label of the training part as itself."""
    if labels.facts.format.startswith("BABEL"):
        return babel.classes()
    train = [labels.rows[name] for name in split.parts.get("train", ()) if name in labels.rows]
    return {name: name for name in sorted({label for row in train for each in row.stretches for label in each.labels})}


# ---- windows --------------------------------------------------------------------------------------------------------


class MotionWindows:
    """The windows of one part. `learned_as` maps a label to its class; labels it does not name are not learned."""

    def __init__(
        self,
        labelled: Sequence[Labelled],
        learned_as: Mapping[str, str],
        *,
        frames: int = 64,
        joints: int = 55,
        least_frames: int = LEAST_FRAMES,
    ) -> None:
        self.classes = tuple(dict.fromkeys(sorted(learned_as.values())))
        self.frames, self.joints = frames, joints
        self._number = {label: self.classes.index(name) for label, name in learned_as.items()}
        self._reader = FrameReader()
        self.pieces: list[Piece] = []
        self.left_out = Counter[str]()
        for each in labelled:
            for stretch in each.stretches:
                piece = self._piece(each, stretch)
                if not piece.classes:
                    self.left_out["none of the classes that are learned"] += 1
                elif piece.end - piece.start < least_frames:
                    self.left_out[f"shorter than {least_frames} frames"] += 1
                else:
                    self.pieces.append(piece)
        self._rarest = self._by_rarest()

    def __len__(self) -> int:
        return len(self.pieces)

    def counts(self) -> dict[str, int]:
        """How many stretches each class has to give."""
        found = Counter(number for piece in self.pieces for number in piece.classes)
        return {name: found[number] for number, name in enumerate(self.classes)}

    def batch(
        self, chosen: Sequence[int] | Int[ndarray, " B"], random: np.random.Generator | None = None
    ) -> MotionBatch:
        """These windows: from anywhere in their stretches, or without `random` from the middle."""
        windows = [self._window(self.pieces[int(at)], random) for at in chosen]
        return MotionBatch(*(np.stack(each) for each in zip(*windows, strict=True)))

    def drawn(self, count: int, random: np.random.Generator) -> Int[ndarray, " B"]:
        """Stretches to learn from, so that every class comes as often: a stretch stands for the rarest it has."""
        groups = [self._rarest[at] for at in random.integers(len(self._rarest), size=count)]
        return np.array([group[int(random.integers(len(group)))] for group in groups])

    def batches(self, size: int, random: np.random.Generator) -> Iterator[MotionBatch]:
        """Balanced batches without end."""
        while True:
            yield self.batch(self.drawn(size, random), random)

    def in_order(self, size: int) -> Iterator[MotionBatch]:
        """Every stretch once, its middle, as it is measured."""
        for start in range(0, len(self), size):
            yield self.batch(range(start, min(start + size, len(self))))

    def numbers(self, stretch: StoredStretch) -> tuple[int, ...]:
        """The classes that a stretch is learned as, by number."""
        return tuple(sorted({self._number[label] for label in stretch.labels if label in self._number}))

    # ---- how ----

    def _piece(self, labelled: Labelled, stretch: StoredStretch) -> Piece:
        start = min(max(round(stretch.start_s * RATE_HZ), 0), labelled.frames)
        end = max(min(round(stretch.end_s * RATE_HZ), labelled.frames), start)
        return Piece(labelled, start, end, self.numbers(stretch))

    def _by_rarest(self) -> list[list[int]]:
        often = Counter(number for piece in self.pieces for number in piece.classes)
        groups: dict[int, list[int]] = {}
        for at, piece in enumerate(self.pieces):
            groups.setdefault(min(piece.classes, key=lambda number: (often[number], number)), []).append(at)
        return [groups[number] for number in sorted(groups)]

    def _window(self, piece: Piece, random: np.random.Generator | None) -> tuple[ndarray, ndarray, ndarray, ndarray]:
        there = min(piece.end - piece.start, self.frames)
        spare = piece.end - piece.start - there
        start = piece.start + (spare // 2 if random is None else int(random.integers(spare + 1)))
        rotations, translation_m = at_origin(
            *read_motion(self._reader, piece.labelled, start, start + there, self.joints)
        )
        held = np.minimum(np.arange(self.frames), there - 1)
        labels = np.zeros(len(self.classes), bool)
        labels[list(piece.classes)] = True
        for stretch in piece.labelled.stretches:
            covered = min(stretch.end_s * RATE_HZ, start + there) - max(stretch.start_s * RATE_HZ, start)
            if covered >= there / 2:
                labels[list(self.numbers(stretch))] = True
        return rotations[held], translation_m[held], np.arange(self.frames) < there, labels


def read_motion(
    reader: FrameReader, labelled: Labelled, start: int, end: int, joints: int
) -> tuple[Float[ndarray, "F joints 3 3"], Float[ndarray, "F 3"]]:
    """Frames `start` … `end` - 1, at 30 a second: rotations of the model's joints, and translation, float32."""
    row, path = labelled.row, labelled.motion_set.path_of(labelled.row)
    step = row.rate_hz / RATE_HZ
    as_stored = abs(step - 1) < 1e-3
    first = start if as_stored else int(start * step)
    last = end if as_stored else min(int((end - 1) * step) + 2, row.frames)
    rotations = matrices(reader.frames(path, "rotation_vectors", first, last))
    translation_m = reader.frames(path, "translation_m", first, last)
    if not as_stored:
        body = Motion(SKELETONS[row.body], row.rate_hz, rotations, translation_m)
        whole = resampled(Recording(row.name, row.rate_hz, body=body), RATE_HZ).body
        assert whole is not None
        held = np.minimum(np.arange(end - start), len(whole) - 1)
        rotations, translation_m = whole.rotations[held], whole.translation_m[held]
    return pose_for(rotations, joints).astype(np.float32), np.array(translation_m, np.float32)


def at_origin(
    rotations: Float[ndarray, "F J 3 3"], translation_m: Float[ndarray, "F 3"]
) -> tuple[Float[ndarray, "F J 3 3"], Float[ndarray, "F 3"]]:
    """The same motion with its root over the origin, and without a heading, at the first frame; heights stay."""
    turn = about_y(-float(nearest_heading(rotations[0, 0]))).astype(np.float32)
    rest_m = reference_joints_m()[0].astype(np.float32)
    places = translation_m + rest_m
    places = (places - places[0] * np.array([1, 0, 1], np.float32)) @ turn.T
    turned = rotations.copy()
    turned[:, 0] = turn @ rotations[:, 0]
    return turned, (places - rest_m).astype(np.float32)


def parts_of(labelled: Sequence[Labelled], split: MotionSplit) -> dict[str, list[Labelled]]:
    """The recordings of each part; those that the split does not name are in none."""
    by_name = {each.name: each for each in labelled}
    return {part: [by_name[name] for name in split.parts.get(part, ()) if name in by_name] for part in PARTS}
