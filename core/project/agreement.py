"""How far two annotators agree: on what happens when (segments), and on the most recognisable instant (poses). Pure.

    found = agreement(Side(ada_project), Side(ben_project))
    found = agreement(Side(project, author="Ada"), Side(project, author="Ben"))    # a blind second pass

Clips are paired by id, else by the video's fingerprint, else by name, and count where both marked something; labels by
id, else by name. What a model foresaw and nobody looked at is nobody's mark and is left out.

Segments. F1 is 2 TP / (n + m); pairs have one label and one person and are one to one, as many as there can be (an
optimal assignment), with an overlap (intersection over union) of at least a threshold, or with both ends within a
tolerance. κ (Cohen 1960) and α (Krippendorff, nominal) are over frames, each person's apart, with background as a
category of its own; where one annotator's segments overlap, the one that began last counts (of two that began
together the shorter one, of two that are alike the later name).
Poses. Distances are over segments that pair at an overlap of 0.1; F1 of instants pairs poses of one label within a
tolerance. Joints: pixels of the original video, and shares of the torso (neck to hip, mean of the two). Where neither
moved a joint and both chose one frame both have the detector's, 0 by itself, so moved joints are counted apart. PCK is
the share within 0.2 torso. Intervals are 95 %, over clips drawn anew (1,000 times, the same every time).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import msgspec
import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from scipy.optimize import linear_sum_assignment

from core.motion import SEEN
from core.project.annotations import CharacteristicPose, Clip, Project, Segment
from core.project.joints import NAMES, Place

OVERLAPS = (0.1, 0.25, 0.5)
TOLERANCES_S = (0.1, 0.2, 0.5, 1.0)
POSE_TOLERANCES_S = (0.1, 0.2, 0.5)
PCK_TORSO = 0.2
BACKGROUND = "background"
_PAIRED = "0.1"
_DRAWS = 1000
_MOST_LISTED = 300
_NECK, _HIP = NAMES.index("neck"), NAMES.index("hip")

JointsOf = Callable[[Clip, Segment, CharacteristicPose], Mapping[str, Place] | None]
"""The nine joints that stand for a pose; None where there are none."""


@dataclass(frozen=True)
class Side:
    """What one annotator marked: a project, or what one author made in it."""

    project: Project
    author: str = ""
    joints_of: JointsOf | None = None

    def segments(self, clip: Clip) -> list[Segment]:
        return [each for each in clip.segments if not each.is_draft and self.author in ("", each.made.author)]


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What was found for all, for one label or for one clip; None where there is nothing to measure."""

    name: str
    clip: str = ""
    segments: tuple[int, int]
    poses: tuple[int, int]
    f1: dict[str, float | None]
    """By overlap ("0.5"), by tolerance of both ends ("±0.2 s")."""
    pose_f1: dict[str, float | None]
    kappa: float | None = None
    alpha: float | None = None
    pairs: int = 0
    """Pairs of segments that both have their pose."""
    median_s: float | None = None
    p90_s: float | None = None
    within: dict[str, float | None] = {}
    joint_px: float | None = None
    joint_torso: float | None = None
    moved_px: float | None = None
    """Of the joints that at least one of the two moved by hand."""
    moved: int = 0
    pck: float | None = None


class Disagreement(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch that the two call differently, or a pose they set at other instants. Frames; `other` may be empty."""

    kind: str  # "label" or "pose"
    clip: str
    segment: str
    start_frame: int
    end_frame: int
    seconds: float
    one: str
    other: str


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """How far two agree; clips are ids of the first side."""

    clips: tuple[str, ...]
    only_one: int
    """Clips that one of the two did not mark."""
    overall: Figures
    labels: tuple[Figures, ...]
    of_clips: tuple[Figures, ...]
    intervals: dict[str, tuple[float, float]]
    names: tuple[str, ...]
    """Of the rows (the first side's) and columns of `confusion`; background is the last."""
    confusion_s: tuple[tuple[float, ...], ...]
    worst: tuple[Disagreement, ...]


@dataclass
class _Counts:
    """What figures are made of; those of several clips add up."""

    segments: ndarray = field(default_factory=lambda: np.zeros(2, int))
    poses: ndarray = field(default_factory=lambda: np.zeros(2, int))
    hits: dict[str, int] = field(default_factory=dict)
    pose_hits: dict[str, int] = field(default_factory=dict)
    distances_s: list[float] = field(default_factory=list)
    joints: list[Float[ndarray, "joints 3"]] = field(default_factory=list)
    """Of each pair of poses and joint both have: pixels, share of the torso, whether somebody moved it."""

    def add(self, other: "_Counts") -> None:
        self.segments = self.segments + other.segments
        self.poses = self.poses + other.poses
        for mine, theirs in ((self.hits, other.hits), (self.pose_hits, other.pose_hits)):
            for key, count in theirs.items():
                mine[key] = mine.get(key, 0) + count
        self.distances_s += other.distances_s
        self.joints += other.joints

    def figures(self, name: str, confusion: ndarray | None = None, clip: str = "") -> Figures:
        distances = np.array(self.distances_s)
        joints = np.concatenate(self.joints) if self.joints else np.zeros((0, 3))
        moved = joints[joints[:, 2] > 0]
        some = len(distances) > 0
        return Figures(
            name=name,
            clip=clip,
            segments=(int(self.segments[0]), int(self.segments[1])),
            poses=(int(self.poses[0]), int(self.poses[1])),
            f1={key: f1(self.hits.get(key, 0), *self.segments) for key in SEGMENT_KEYS},
            pose_f1={key: f1(self.pose_hits.get(key, 0), *self.poses) for key in POSE_KEYS},
            kappa=cohens_kappa(confusion) if confusion is not None else None,
            alpha=krippendorffs_alpha(confusion) if confusion is not None else None,
            pairs=len(distances),
            median_s=float(np.median(distances)) if some else None,
            p90_s=float(np.quantile(distances, 0.9)) if some else None,
            within={
                key: float(np.mean(distances <= s + 1e-9)) if some else None
                for key, s in zip(POSE_KEYS, POSE_TOLERANCES_S, strict=True)
            },
            joint_px=_mean(joints[:, 0]),
            joint_torso=_mean(joints[:, 1]),
            moved_px=_mean(moved[:, 0]),
            moved=len(moved),
            pck=_mean(joints[:, 1] <= PCK_TORSO),
        )


SEGMENT_KEYS = (*map(str, OVERLAPS), *(f"±{each:g} s" for each in TOLERANCES_S))
POSE_KEYS = tuple(f"±{each:g} s" for each in POSE_TOLERANCES_S)


def f1(hits: int, one: int, other: int) -> float | None:
    """None where neither marked any."""
    return float(2 * hits / (one + other)) if one + other else None


def cohens_kappa(confusion: Float[ndarray, "names names"]) -> float | None:
    """Agreement beyond chance; 1 where both say one and the same thing throughout, None where there is nothing."""
    whole = confusion.sum()
    if not whole:
        return None
    seen = float(np.trace(confusion) / whole)
    chance = float(confusion.sum(0) @ confusion.sum(1) / whole**2)
    return 1.0 if chance >= 1 - 1e-12 else (seen - chance) / (1 - chance)


def krippendorffs_alpha(confusion: Float[ndarray, "names names"]) -> float | None:
    """For two annotators, names without order, nothing missing."""
    together = confusion + confusion.T
    of_name, count = together.sum(0), together.sum()
    if not count:
        return None
    by_chance = float(count**2 - of_name @ of_name)
    apart = float(count - np.trace(together))
    return 1.0 if by_chance == 0 else 1 - float(count - 1) * apart / by_chance


def agreement(one: Side, other: Side) -> Agreement:
    """Everything there is to say about two annotators."""
    pairs, only_one = paired_clips(one, other)
    names = _Labels(one.project, other.project)
    of_clips: list[tuple[Clip, _Counts, ndarray]] = []
    of_labels: dict[str, _Counts] = {}
    worst: list[Disagreement] = []
    timelines = [_timelines(one, other, pair, names) for pair in pairs]
    size = len(names.order) + 1
    for pair, lines in zip(pairs, timelines, strict=True):
        confusion = np.zeros((size, size))
        for here, there in lines:
            here, there = (np.where(line < 0, size - 1, line) for line in (here, there))
            confusion += np.bincount(here * size + there, minlength=size * size).reshape(size, size)
            worst += _stretches(pair[0], here, there, names)
        counts = _Counts()
        for label, found, apart in _pairs_of(one, other, pair, names):
            counts.add(found)
            of_labels.setdefault(label, _Counts()).add(found)
            worst += apart
        of_clips.append((pair[0], counts, confusion / (pair[0].video.rate_hz or 1.0)))
    whole = _Counts()
    for _, counts, _ in of_clips:
        whole.add(counts)
    confusion = sum((each for _, _, each in of_clips), np.zeros((size, size)))
    frames = sum((each * (clip.video.rate_hz or 1.0) for clip, _, each in of_clips), np.zeros((size, size)))
    return Agreement(
        clips=tuple(clip.id for clip, _ in pairs),
        only_one=only_one,
        overall=whole.figures("all labels", frames),
        labels=tuple(
            of_labels[each].figures(each, _against_rest(frames, names.order[each]))
            for each in sorted(of_labels, key=lambda label: -int(of_labels[label].segments.sum()))
        ),
        of_clips=tuple(
            counts.figures(clip.name, matrix * (clip.video.rate_hz or 1.0), clip.id)
            for clip, counts, matrix in of_clips
        ),
        intervals=_intervals(of_clips),
        names=(*names.order, BACKGROUND),
        confusion_s=tuple(tuple(float(value) for value in row) for row in confusion),
        worst=tuple(sorted(worst, key=lambda each: -each.seconds)[:_MOST_LISTED]),
    )


def paired_clips(one: Side, other: Side) -> tuple[list[tuple[Clip, Clip]], int]:
    """The clips that both marked, and how many only one did."""
    there = other.project.clips
    by_video = {each.video.fingerprint: each for each in there.values() if each.video.fingerprint}
    by_name = {each.name: each for each in there.values()}
    pairs, alone, used = [], 0, set()
    for clip in one.project.clips.values():
        match = there.get(clip.id) or by_video.get(clip.video.fingerprint) or by_name.get(clip.name)
        marks = bool(one.segments(clip)), match is not None and bool(other.segments(match))
        if match is not None and all(marks) and match.id not in used:
            pairs.append((clip, match))
            used.add(match.id)
        else:
            alone += any(marks)
    return pairs, alone


class _Labels:
    """What both call an action: by the id both have, else by its name. Background is no action."""

    def __init__(self, one: Project, other: Project) -> None:
        self.name: dict[str, str] = {each.id: each.name for each in (*other.labels.values(), *one.labels.values())}
        used = [each.name for each in one.actions()] + [self.name[each.id] for each in other.actions()]
        self.order = {name: at for at, name in enumerate(dict.fromkeys(each for each in used if each != BACKGROUND))}

    def of(self, segment: Segment) -> str:
        return self.name.get(segment.action, BACKGROUND)


def _people(clips: tuple[Clip, Clip]) -> tuple[dict[str, str], dict[str, str]]:
    """Actor id → who both mean, for each side: a track both know, else a name; one nobody where there is one person."""
    if all(len(clip.actors) <= 1 for clip in clips):
        return ({each.id: "" for each in clips[0].actors}, {each.id: "" for each in clips[1].actors})
    return tuple(  # pyright: ignore[reportReturnType]
        {each.id: str(each.track) if each.track is not None else each.name for each in clip.actors} for clip in clips
    )


def _timelines(one: Side, other: Side, clips: tuple[Clip, Clip], names: _Labels) -> list[tuple[ndarray, ndarray]]:
    """For each person: the label's number at each frame, on both sides; -1 is background."""
    lines: dict[str, tuple[ndarray, ndarray]] = {}
    ends = [each.end_frame for side, clip in zip((one, other), clips, strict=True) for each in side.segments(clip)]
    frames = max([clips[0].video.frame_count, *ends])
    for at, (side, clip, who) in enumerate(zip((one, other), clips, _people(clips), strict=True)):
        for segment in sorted(
            side.segments(clip), key=lambda each: (each.start_frame, -each.end_frame, names.of(each))
        ):
            person = who.get(segment.actor, "")
            both = lines.setdefault(person, (np.full(frames, -1), np.full(frames, -1)))
            both[at][segment.start_frame : segment.end_frame] = names.order.get(names.of(segment), -1)
    return list(lines.values())


def _stretches(clip: Clip, here: ndarray, there: ndarray, names: _Labels) -> Iterable[Disagreement]:
    """Where the two differ, each stretch in which neither changes its mind."""
    said = [*names.order, BACKGROUND]
    bounds = np.flatnonzero((np.diff(here) != 0) | (np.diff(there) != 0)) + 1
    for start, end in zip([0, *bounds.tolist()], [*bounds.tolist(), len(here)], strict=True):
        if here[start] != there[start]:
            yield Disagreement(
                kind="label",
                clip=clip.id,
                segment="",
                start_frame=start,
                end_frame=end,
                seconds=(end - start) / (clip.video.rate_hz or 1.0),
                one=said[here[start]],
                other=said[there[start]],
            )


def _pairs_of(
    one: Side, other: Side, clips: tuple[Clip, Clip], names: _Labels
) -> Iterable[tuple[str, _Counts, list[Disagreement]]]:
    """Counts of each label and person of a clip, and the poses set far apart."""
    people = _people(clips)
    groups: dict[tuple[str, str], tuple[list[Segment], list[Segment]]] = {}
    for at, (side, clip) in enumerate(zip((one, other), clips, strict=True)):
        for segment in side.segments(clip):
            key = (names.of(segment), people[at].get(segment.actor, ""))
            if key[0] != BACKGROUND:
                groups.setdefault(key, ([], []))[at].append(segment)
    rate = clips[0].video.rate_hz or 1.0
    pose_of = [{each.segment: each for each in clip.poses if not each.is_draft} for clip in clips]
    for (label, _), (mine, theirs) in groups.items():
        counts = _Counts(segments=np.array([len(mine), len(theirs)]))
        spans = [
            np.array([(s.start_frame, s.end_frame) for s in side], float).reshape(-1, 2) for side in (mine, theirs)
        ]
        overlap = _overlap(*spans)
        ends_s = np.abs(spans[0][:, None] - spans[1][None]).max(-1) / rate
        for key, least in zip(SEGMENT_KEYS, OVERLAPS, strict=False):
            counts.hits[key] = len(_matched(overlap >= least - 1e-9, overlap))
        for key, most in zip(SEGMENT_KEYS[len(OVERLAPS) :], TOLERANCES_S, strict=True):
            counts.hits[key] = len(_matched(ends_s <= most + 1e-9, -ends_s))
        poses = [[of[s.id] for s in side if s.id in of] for side, of in zip((mine, theirs), pose_of, strict=True)]
        counts.poses = np.array([len(poses[0]), len(poses[1])])
        frames = [np.array([each.frame for each in side], float) for side in poses]
        apart_s = np.abs(frames[0][:, None] - frames[1][None]) / rate
        for key, most in zip(POSE_KEYS, POSE_TOLERANCES_S, strict=True):
            counts.pose_hits[key] = len(_matched(apart_s <= most + 1e-9, -apart_s))
        far: list[Disagreement] = []
        for row, column in _matched(overlap >= float(_PAIRED), overlap):
            segment, match = mine[row], theirs[column]
            here, there = pose_of[0].get(segment.id), pose_of[1].get(match.id)
            if here is None or there is None:
                continue
            distance = abs(here.frame - there.frame) / rate
            counts.distances_s.append(distance)
            if (joints := _joint_distances(one, other, clips, (segment, match), (here, there))) is not None:
                counts.joints.append(joints)
            if distance > POSE_TOLERANCES_S[-1]:
                low, high = sorted((here.frame, there.frame))
                far.append(
                    Disagreement(
                        kind="pose",
                        clip=clips[0].id,
                        segment=segment.id,
                        start_frame=low,
                        end_frame=high + 1,
                        seconds=distance,
                        one=f"{label}, frame {here.frame}",
                        other=f"{label}, frame {there.frame}",
                    )
                )
        yield label, counts, far


def _overlap(one: Float[ndarray, "n 2"], other: Float[ndarray, "m 2"]) -> Float[ndarray, "n m"]:
    """Intersection over union of every stretch with every other."""
    start, end = np.maximum(one[:, None, 0], other[None, :, 0]), np.minimum(one[:, None, 1], other[None, :, 1])
    shared = np.maximum(end - start, 0.0)
    whole = (one[:, 1] - one[:, 0])[:, None] + (other[:, 1] - other[:, 0])[None] - shared
    return shared / np.maximum(whole, 1e-9)


def _matched(may: ndarray, likeness: Float[ndarray, "n m"]) -> list[tuple[int, int]]:
    """As many one-to-one pairs as may be, the likest of such."""
    if not may.any():
        return []
    spread = float(np.ptp(likeness)) or 1.0
    worth = np.where(may, 1.0 + (likeness - likeness.min()) / spread / (2 * min(may.shape)), 0.0)
    rows, columns = linear_sum_assignment(-worth)
    return [(int(row), int(column)) for row, column in zip(rows, columns, strict=True) if may[row, column]]


def _joint_distances(
    one: Side,
    other: Side,
    clips: tuple[Clip, Clip],
    segments: tuple[Segment, Segment],
    poses: tuple[CharacteristicPose, CharacteristicPose],
) -> Float[ndarray, "joints 3"] | None:
    """Of each joint that both know: pixels, share of the torso (NaN without one), whether somebody moved it."""
    if one.joints_of is None or other.joints_of is None:
        return None
    sides = [
        side.joints_of(clip, segment, pose) if side.joints_of is not None else None
        for side, clip, segment, pose in zip((one, other), clips, segments, poses, strict=True)
    ]
    if sides[0] is None or sides[1] is None:
        return None
    places = np.array([[joints[name] for name in NAMES] for joints in sides if joints is not None])
    both: Bool[ndarray, " joints"] = np.all(places[..., 2] >= SEEN, axis=0)
    distances = np.linalg.norm(places[0, :, :2] - places[1, :, :2], axis=-1)
    torso = np.linalg.norm(places[:, _NECK, :2] - places[:, _HIP, :2], axis=-1).mean()
    has_torso = both[_NECK] and both[_HIP] and torso > 0
    moved = np.array([any(name in pose.joint_edits for pose in poses) for name in NAMES], float)
    shares = distances / torso if has_torso else np.full(len(NAMES), np.nan)
    return np.stack([distances, shares, moved], axis=1)[both]


def _against_rest(confusion: ndarray, at: int) -> Float[ndarray, "2 2"]:
    """A label against everything else."""
    both, row, column = confusion[at, at], confusion[at].sum(), confusion[:, at].sum()
    return np.array([[both, row - both], [column - both, confusion.sum() - row - column + both]])


def _intervals(of_clips: list[tuple[Clip, _Counts, ndarray]]) -> dict[str, tuple[float, float]]:
    """95 % over clips drawn anew; nothing below two clips."""
    if len(of_clips) < 2:
        return {}
    draws = np.random.default_rng(0).multinomial(len(of_clips), np.full(len(of_clips), 1 / len(of_clips)), size=_DRAWS)
    found: dict[str, tuple[float, float]] = {}

    def keep(name: str, values: ndarray) -> None:
        values = values[np.isfinite(values)]
        if len(values):
            low, high = np.quantile(values, (0.025, 0.975))
            found[name] = (float(low), float(high))

    def shares(hits: list[int], whole: list[int]) -> ndarray:
        drawn = draws @ np.array([hits, whole], float).T
        with np.errstate(invalid="ignore", divide="ignore"):
            return drawn[:, 0] / drawn[:, 1]

    for key in SEGMENT_KEYS:
        hits = [2 * counts.hits.get(key, 0) for _, counts, _ in of_clips]
        keep(f"f1 {key}", shares(hits, [int(counts.segments.sum()) for _, counts, _ in of_clips]))
    for key, tolerance in zip(POSE_KEYS, POSE_TOLERANCES_S, strict=True):
        hits = [2 * counts.pose_hits.get(key, 0) for _, counts, _ in of_clips]
        keep(f"pose f1 {key}", shares(hits, [int(counts.poses.sum()) for _, counts, _ in of_clips]))
        near = [sum(each <= tolerance + 1e-9 for each in counts.distances_s) for _, counts, _ in of_clips]
        keep(f"within {key}", shares(near, [len(counts.distances_s) for _, counts, _ in of_clips]))
    matrices = np.stack([matrix * (clip.video.rate_hz or 1.0) for clip, _, matrix in of_clips])
    drawn = np.tensordot(draws, matrices, axes=1)
    keep("kappa", np.array([cohens_kappa(each) for each in drawn], float))
    return found


def _mean(values: ndarray) -> float | None:
    values = np.asarray(values, float)
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else None
