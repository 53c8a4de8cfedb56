"""Builds a pose bank: of all recorded motion of a project, as many poses as are wanted, none nearly like another.

    for event in build(BuildPoseBank(project=..., out=..., poses=800_000)):
        ...

Recording by recording, every frame is made into both joint maps and judged by `bank_rules`. Poses are then taken
farthest first (`spread`), by the root mean square distance of their eight joints other than the neck in the matched
map: within each stretch of a recording as it is read, and across all recordings when everything is read. The threshold
is whatever leaves the wanted number. Sets share evenly: each gives the same number, or all it has where that is less,
so what a small set lacks comes from the large ones.

No more than 2.5 times as many poses as are wanted are held at any time, whatever the size of the archive. The same
recordings and seed give the same file, bit for bit.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from msgspec.structs import replace
from numpy import ndarray

from core import origins
from core.bodies.skeletons import UPPER_BODY_9
from core.datasets.bank_rules import RULES, both_maps, broken
from core.datasets.catalog import fingerprint
from core.datasets.pose_bank import JOINT_MAPS, name_hash, write_bank
from core.datasets.spread import BUCKET, buckets, even_shares, radii, turned
from core.errors import FileError, ProjectError, RunError
from core.project.edits import add_item
from core.project.motion_sets import MotionRow, MotionSet, SetFacts, as_key, folder_of
from core.project.pose_banks import FILE
from core.project.store import ProjectStore
from core.recordings import joints_of
from core.runs import BuildPoseBank, Done, Events, Made, Note, Progress
from core.wording import counted

LEAST_APART_M = 0.005
"""Poses nearer than this are the same pose, however many are wanted."""
_STRETCH = 512
"""Frames of a recording that are compared with each other as they are read."""
_HELD, _TRIMMED = 2.5, 2.0
_PASSES = 3
_OTHERS = [joint for joint in range(len(UPPER_BODY_9)) if joint != UPPER_BODY_9["neck"]]


@dataclass
class Given:
    """What one set gives. Poses lie in the order they were read."""

    facts: SetFacts
    recordings: int = 0
    used: list[str] = field(default_factory=list)
    performers: set[str] = field(default_factory=set)
    frames: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    apart_m: Float[ndarray, " n"] = field(default_factory=lambda: np.zeros(0, np.float32))
    maps: dict[str, Float[ndarray, "n 9 3"]] = field(
        default_factory=lambda: {name: np.zeros((0, 9, 3), np.float16) for name in JOINT_MAPS}
    )
    recording: Int[ndarray, " n"] = field(default_factory=lambda: np.zeros(0, np.int32))  # a number within the set
    nearest_mm: float = 0.0
    _waiting: list[tuple[ndarray, dict[str, ndarray], ndarray]] = field(default_factory=list)
    _waiting_count: int = 0

    def __len__(self) -> int:
        return len(self.apart_m) + self._waiting_count

    def take(self, apart_m: Float[ndarray, " n"], maps: dict[str, Float[ndarray, "n 9 3"]]) -> None:
        """Of the recording that is being read."""
        halves = {name: poses.astype(np.float16) for name, poses in maps.items()}
        self._waiting.append((apart_m, halves, np.full(len(apart_m), self.recordings, np.int32)))
        self._waiting_count += len(apart_m)

    def settle(self) -> None:
        """Lay what was taken beside what is there."""
        if self._waiting:
            self.apart_m = np.concatenate([self.apart_m, *(apart for apart, _, _ in self._waiting)])
            self.maps = {
                name: np.concatenate([poses, *(maps[name] for _, maps, _ in self._waiting)])
                for name, poses in self.maps.items()
            }
            self.recording = np.concatenate([self.recording, *(of for _, _, of in self._waiting)])
            self._waiting, self._waiting_count = [], 0

    def keep(self, count: int) -> None:
        """Only so many: those farthest apart, of equal ones the first."""
        self.settle()
        if len(self.apart_m) > count:
            chosen = np.sort(np.argsort(-self.apart_m, kind="stable")[:count])
            self.choose(chosen)

    def choose(self, chosen: Int[ndarray, " m"]) -> None:
        self.apart_m = self.apart_m[chosen]
        self.maps = {name: poses[chosen] for name, poses in self.maps.items()}
        self.recording = self.recording[chosen]


def build(spec: BuildPoseBank) -> Events:
    """The events of building a bank; it is there whole when the last has come."""
    project = Path(spec.project)
    sources = list(_sources(project, spec.sets))
    facts = _facts(spec, [each.facts for each in sources])
    there = _same_bank(project, facts)
    if there is not None:
        yield Done(f"{facts.name} is there already, of the same recordings; nothing has changed.", (str(there),))
        return
    pool = yield from _read_all(sources, spec.poses, spec.seed)
    for each in pool:
        yield Note(_told(each))
    _require_poses(pool)
    yield from _spread_all(pool, spec.poses, spec.seed, sum(len(each.rows) for each in sources))
    pool = [each for each in pool if len(each)]
    kept = sum(len(each) for each in pool)
    if kept < spec.poses:
        yield Note(
            f"{_many(kept, 'pose')} instead of {spec.poses:,}: "
            f"there are no more that lie {1000 * LEAST_APART_M:g} mm apart."
        )
    path = _put_down(project, spec, facts, pool)
    apart = "; ".join(
        f"{_many(len(each), 'pose')} of {each.facts.name}, {each.nearest_mm:.0f} mm apart" for each in pool
    )
    yield Made(facts.name, str(path))
    yield Done(f"{facts.name}: {_many(kept, 'pose')}, {path.stat().st_size / 1e6:.1f} MB. {apart}.", (str(path),))


# ---- reading --------------------------------------------------------------------------------------------------------


def _sources(project: Path, keys: Sequence[str]) -> Iterator[MotionSet]:
    """The sets of motion that are asked for, of those that the project knows."""
    with ProjectStore.open(project, "Posecast", mode="read") as store:
        known = sorted(each.path for each in store.project.items.values() if each.kind == "dataset")
    found = [MotionSet(project / path) for path in known if (project / path / "set.json").is_file()]
    there = {each.facts.key: each for each in found if each.facts.holds == "motion"}
    unknown = [key for key in keys if key not in there]
    if unknown or not there:
        keys_known = ", ".join(there) or "none: import some motion first"
        what = f"The project has no data set of motion {unknown[0]!r}." if unknown else "The project has no motion."
        raise RunError(what, hint=f"Data sets of motion: {keys_known}.")
    yield from (there[key] for key in sorted(set(keys) or there))


def _read_all(sources: Sequence[MotionSet], wanted: int, seed: int) -> Generator[Progress | Note, None, list[Given]]:
    """Every recording once, in the order of its name; no more than a few times as many poses as are wanted stay."""
    pool = [Given(each.facts) for each in sources]
    total, done = sum(len(each.rows) for each in sources), 0
    for given, source in zip(pool, sources, strict=True):
        for _, row in sorted(source.rows.items()):
            if row.file:
                try:
                    _take(given, source, row, seed)
                except FileError as error:  # a damaged one costs one
                    yield Note(f"Left out: {row.name}: {error}")
            done += 1
            if sum(map(len, pool)) > _HELD * wanted + BUCKET:
                _trim(pool, int(_TRIMMED * wanted))
            if done % 20 == 0 or done == total:
                yield Progress(done, total + _PASSES, f"Poses of {given.facts.name}: {row.name}")
    return pool


def _take(given: Given, source: MotionSet, row: MotionRow, seed: int) -> None:
    """The good poses of a recording, each with how far it is from the others of its stretch."""
    maps = both_maps(_joints(source, row))
    given.recordings += 1
    given.frames += row.frames
    good = np.ones(row.frames, bool)
    for rule, poses in broken(maps, row.rate_hz).items():
        given.refused[rule] += int(poses.sum())
        good &= ~poses
    chosen = np.flatnonzero(good)
    if not len(chosen):
        return
    given.used.append(row.name)
    given.performers |= {row.performer} - {""}
    points = _points(maps["matched"][chosen])
    for start in range(0, len(chosen), _STRETCH):
        here = points[start : start + _STRETCH]
        apart_m = radii(here, LEAST_APART_M, first=seed % len(here))
        distinct = np.flatnonzero(apart_m >= LEAST_APART_M)
        frames = chosen[start : start + _STRETCH][distinct]
        given.take(apart_m[distinct], {name: poses[frames] for name, poses in maps.items()})


def _joints(source: MotionSet, row: MotionRow) -> Float[ndarray, "frames 27 3"]:
    """The recording's own joints where they are whole. A skeleton that lacks some has the others, such as the head's,
    wherever its maker put them: where its body is known, the body's are taken instead.
    """
    joints_m = source.read_joints(row)
    if row.body and np.isnan(joints_m).any():
        body = source.read(row).body
        assert body is not None
        return joints_of(body)
    return joints_m


def _points(matched_m: ndarray) -> Float[ndarray, "n 24"]:
    """A pose as a point: distances are root mean squares over its joints, metres."""
    joints = matched_m[:, _OTHERS].astype(np.float32)
    return joints.reshape(len(joints), 3 * len(_OTHERS)) / np.float32(np.sqrt(len(_OTHERS)))


def _trim(pool: Sequence[Given], most: int) -> None:
    shares = even_shares(np.array([len(each) for each in pool]), most)
    for given, share in zip(pool, shares, strict=True):
        given.keep(int(share))


def _require_poses(pool: Sequence[Given]) -> None:
    if any(len(each) for each in pool):
        return
    refused = sum((each.refused for each in pool), Counter[str]())
    rule = refused.most_common(1)[0][0] if refused else "unknown"
    hint = "Import them with --fit-bodies, which finds the joints." if rule == "unknown" else "Look at a contact sheet."
    raise RunError(f"No recording holds a pose that can be used. The most frequent reason: {RULES[rule]}.", hint=hint)


# ---- thinning across recordings -------------------------------------------------------------------------------------


def _spread_all(pool: Sequence[Given], wanted: int, seed: int, done: int) -> Generator[Progress, None, None]:
    """Pass after pass over everything that is left, until each set has its share and none has near-duplicates."""
    random = np.random.default_rng(seed)
    for each in pool:
        each.settle()
    for number in range(_PASSES):
        yield Progress(done + number, done + _PASSES, "Taking out poses that are nearly alike")
        sizes = [len(each) for each in pool]
        points = turned(np.concatenate([_points(each.maps["matched"]) for each in pool]), random)
        apart_m = np.empty(len(points), np.float32)
        for bucket in buckets(points):
            apart_m[bucket] = radii(points[bucket], LEAST_APART_M)
        # What is left narrows from pass to pass, so that the next finds neighbours that this one did not compare.
        more = 1.0 + 0.15 * (_PASSES - 1 - number) / max(_PASSES - 1, 1)
        parts = np.split(apart_m, np.cumsum(sizes)[:-1])
        distinct = np.array([int((each >= LEAST_APART_M).sum()) for each in parts])
        for given, part, share in zip(pool, parts, even_shares(distinct, int(more * wanted)), strict=True):
            given.apart_m = part
            given.keep(int(share))
            given.nearest_mm = 1000 * float(given.apart_m.min()) if len(given) else 0.0
    yield Progress(done + _PASSES, done + _PASSES, "Writing the bank")


# ---- writing --------------------------------------------------------------------------------------------------------


def _facts(spec: BuildPoseBank, sources: Sequence[SetFacts]) -> SetFacts:
    licences = dict.fromkeys(each.licence for each in sources if each.licence)
    return SetFacts(
        key=as_key(spec.name),
        name=spec.name.strip() or "pose-bank",
        holds="pose bank",
        format="pose bank",
        source=", ".join(each.name for each in sources),
        licence="; ".join(licences),
        options={"poses": str(spec.poses), "seed": str(spec.seed), "sets": ", ".join(each.key for each in sources)},
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        made_by=origins.made_by(),
    )


def _same_bank(project: Path, facts: SetFacts) -> Path | None:
    """The bank of this name where it was made of the same; ProjectError where something else has the name."""
    folder = folder_of(project, facts.key)
    if not (folder / "set.json").is_file():
        return None
    there, path = MotionSet(folder).facts, folder / FILE
    hint = "Give the new one its own name: --name NAME"
    if there.holds != "pose bank":
        raise ProjectError(f"{there.name} is a data set of this project already.", hint=hint)
    if not path.is_file():
        return None
    if there.options != {**facts.options, "recordings": _recordings_of(project, facts)}:
        raise ProjectError(f"The project has another pose bank {there.name!r} already.", hint=hint)
    return path


def _recordings_of(project: Path, facts: SetFacts) -> str:
    """A fingerprint of what recordings there are to build of, by name and content."""
    digest = hashlib.sha256()
    for source in _sources(project, facts.options["sets"].split(", ")):
        for name, row in sorted(source.rows.items()):
            digest.update(f"{source.facts.key}\0{name}\0{row.file}\n".encode())
    return digest.hexdigest()[:32]


def _put_down(project: Path, spec: BuildPoseBank, facts: SetFacts, pool: Sequence[Given]) -> Path:
    """The bank's file, then its set, then the project's word of it: the first that fails leaves nothing half done."""
    maps = {name: np.concatenate([each.maps[name] for each in pool]) for name in JOINT_MAPS}
    options = {**facts.options, "recordings": _recordings_of(project, facts)}
    told = {
        "made_by": origins.made_by(),
        "seed": str(spec.seed),
        "fingerprint": fingerprint(maps),
        "licences": json.dumps({each.facts.name: each.facts.licence for each in pool}, ensure_ascii=False),
        "sets": json.dumps([_set_told(each) for each in pool], ensure_ascii=False),
        "recordings": _hashes(name for each in pool for name in each.used),
        "performers": _hashes(f"{each.facts.key} {name}" for each in pool for name in each.performers),
    }
    source = f"recorded motion of {facts.source}, seed {spec.seed}"
    path = folder_of(project, facts.key) / FILE
    before = np.cumsum([0, *(each.recordings + 1 for each in pool)])
    recording = np.concatenate([each.recording + first for each, first in zip(pool, before, strict=False)])
    write_bank(path, maps, source, told, recording)
    MotionSet.create(project, replace(facts, options=options))
    with ProjectStore.open(project, "Posecast", mode="command") as store:
        place = f"datasets/{facts.key}"
        if not any(each.path == place for each in store.project.items.values()):
            known = {"format": facts.format, "holds": facts.holds, "poses": str(len(maps["matched"]))}
            after, _ = add_item(store.project, "dataset", facts.name, place, author="Posecast", facts=known)
            store.edit(after, f"Build the pose bank {facts.name}", source="pose bank")
    return path


def _set_told(given: Given) -> dict[str, object]:
    return {
        "key": given.facts.key,
        "name": given.facts.name,
        "recordings": len(given.used),
        "frames": given.frames,
        "poses": len(given),
        "apart_mm": round(given.nearest_mm, 2),
        "refused": {rule: count for rule, count in given.refused.items() if count},
    }


def _hashes(names: Iterator[str]) -> str:
    return " ".join(sorted({name_hash(name) for name in names}))


def _many(count: int, thing: str) -> str:
    """`1 pose`, `160,000 poses`."""
    return f"{count:,} {thing if count == 1 else thing + 's'}"


def _told(given: Given) -> str:
    """What became of a set's frames, in a sentence for each rule that refused some."""
    refused = [f"{given.refused[rule]:,} because {why}" for rule, why in RULES.items() if given.refused[rule]]
    whole = f"{given.facts.name}: {counted(given.recordings, 'recording')}, {_many(given.frames, 'frame')}"
    return f"{whole}; left out {'; '.join(refused)}." if refused else f"{whole}, all of them good."
