"""Which poses, seen frame by frame, are the same person over time; and calming what was seen. No detector, no torch.

A `Sighting` row is one pose in one frame. A *tracklet* is a run of sightings surely of one person (a detector follows
somebody from frame to frame; `followed` does so for poses that come without memory). Tracklets are cut where two
people come close, since a follower may jump from one to the other there, and the pieces are joined to people by where
they were going, how large they are and the colours they wear. Tracklets that lie on one body together are one person
seen twice. Lengths are judged by a body's own size: its trunk's.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, pairwise

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from scipy.optimize import linear_sum_assignment

from core.bodies.skeletons import Skeleton
from core.motion import SEEN, Poses2d

CLOSE = 0.8
"""Body sizes between two people's trunks below which a follower may mistake one for the other."""

_SHORT_ABSENCE_S = 3.0
_JOINED_UP_TO = 1.8  # cost of joining two pieces; see _cost
_SAME_CLOTHES = 9.0  # distance of colours (CIE Lab) up to which somebody is known again after any time
_CLOTHES_UNIT = 14.0
_LIKE_CLOTHES = 30.0  # up to which it may be the same person, where nobody else could be meant
_LIKE_SIZE = 2.0  # times as large
_ON_ONE_BODY = 0.8  # mean distance of arms and trunk, in body sizes
_MOSTLY = 0.6  # of the frames that two tracklets share; two people who cross are together for less
_FILLED_S = 0.2
_NEVER = 1e6


@dataclass(frozen=True)
class Sightings:
    """Everybody seen, one row a pose, rows in ascending order of frames."""

    skeleton: Skeleton
    frames: Int[ndarray, " rows"]
    joints_px: Float[ndarray, "rows joints 2"]
    confidence: Float[ndarray, "rows joints"]
    tracklets: Int[ndarray, " rows"]
    colours: Float[ndarray, "rows colours"]  # of what is worn, CIE Lab; no columns where nobody looked

    def __len__(self) -> int:
        return len(self.frames)

    def by_frame(self) -> list[Int[ndarray, " people"]]:
        """The rows of each frame in which anybody was seen."""
        starts = np.flatnonzero(np.diff(self.frames))
        return np.split(np.arange(len(self)), starts + 1) if len(self) else []

    @cached_property
    def centres_px(self) -> Float[ndarray, "rows 2"]:
        """The middle of each trunk: of its shoulders, hips and neck as far as seen, else of all seen joints."""
        trunk = [at for at, name in enumerate(self.skeleton.joints) if name.endswith(("shoulder", "hip", "neck"))]
        seen = self.confidence >= SEEN
        use = np.zeros_like(seen)
        use[:, trunk] = seen[:, trunk]
        use = np.where(use.any(1, keepdims=True), use, np.where(seen.any(1, keepdims=True), seen, True))
        return (self.joints_px * use[..., None]).sum(1) / use.sum(1)[:, None]

    @cached_property
    def sizes_px(self) -> Float[ndarray, " rows"]:
        """How large each body is: the longest of trunk, shoulders' width and half the spread of its seen joints."""
        index = {name: at for at, name in enumerate(self.skeleton.joints)}
        lengths = [np.full(len(self), 4.0)]
        for one, other in (
            ("left_shoulder", "left_hip"),
            ("right_shoulder", "right_hip"),
            ("left_shoulder", "right_shoulder"),
        ):
            if one in index and other in index:
                pair = [index[one], index[other]]
                length = np.linalg.norm(self.joints_px[:, pair[0]] - self.joints_px[:, pair[1]], axis=-1)
                lengths.append(np.where((self.confidence[:, pair] >= SEEN).all(1), length, 0))
        seen = (self.confidence >= SEEN)[..., None]
        low = np.where(seen, self.joints_px, np.inf).min(1)
        high = np.where(seen, self.joints_px, -np.inf).max(1)
        lengths.append(np.where(np.isfinite(high - low).all(1), np.abs(high - low).max(1), 0) / 4)
        return np.max(lengths, axis=0)


def difference(
    one: Float[ndarray, "*rows joints 2"],
    one_confidence: Float[ndarray, "*rows joints"],
    other: Float[ndarray, "*rows joints 2"],
    other_confidence: Float[ndarray, "*rows joints"],
    size_px: Float[ndarray, "*rows"] | float,
) -> Float[ndarray, "*rows"]:
    """How far two poses are apart, in body sizes: the mean over joints seen in both; infinite where there is none."""
    both = (one_confidence >= SEEN) & (other_confidence >= SEEN)
    apart = (np.linalg.norm(one - other, axis=-1) * both).sum(-1)
    return np.where(both.any(-1), apart / np.maximum(both.sum(-1), 1), np.inf) / size_px


def followed(sightings: Sightings, rate_hz: float, reach: float = 1.0) -> Sightings:
    """Poses without memory (all tracklets alike) as tracklets, by where everybody was heading in the frames before.

    A pose continues the tracklet whose expected pose is nearest, at most `reach` body sizes away, all of a frame
    settled together; somebody unseen for 0.2 s ends.
    """
    tracklets = np.full(len(sightings), -1)
    patience = max(1, round(0.2 * rate_hz))
    last: dict[int, int] = {}  # tracklet → its last row
    before: dict[int, int] = {}  # tracklet → the row before that
    count = 0
    for rows in sightings.by_frame():
        frame = int(sightings.frames[rows[0]])
        last = {each: row for each, row in last.items() if frame - sightings.frames[row] <= patience}
        names = list(last)
        cost = np.full((len(names), len(rows)), _NEVER)
        for at, name in enumerate(names):
            expected = _expected(sightings, last[name], before.get(name), frame)
            apart = difference(
                expected,
                sightings.confidence[last[name]],
                sightings.joints_px[rows],
                sightings.confidence[rows],
                sightings.sizes_px[last[name]],
            )
            cost[at] = np.where(apart <= reach, apart, _NEVER)
        for at, row in zip(*linear_sum_assignment(cost), strict=True):
            if cost[at, row] < _NEVER:
                name = names[at]
                tracklets[rows[row]] = name
                before[name], last[name] = last[name], int(rows[row])
        for row in rows[tracklets[rows] < 0]:
            tracklets[row], last[count] = count, int(row)
            count += 1
    return replace(sightings, tracklets=tracklets)


def people_of(
    sightings: Sightings, frame_count: int, rate_hz: float, *, most: int | None = None, least_s: float = 0.0
) -> Poses2d:
    """One track a person, whoever is seen longest and largest first; people seen for less than `least_s` are ghosts.

    Where only one person is asked for (`most`), pieces in like clothes that never meet are theirs after any time.
    """
    skeleton = sightings.skeleton
    sightings = _each_once(sightings)
    if not len(sightings):
        shape = (frame_count, 0, len(skeleton))
        return Poses2d(skeleton, np.zeros((*shape, 2), np.float32), np.zeros(shape, np.float32))
    who = _joined(sightings, _cut_where_close(sightings, rate_hz), rate_hz, only_one=most == 1)
    weights = np.bincount(who, weights=sightings.sizes_px * sightings.confidence.mean(1))
    counts = np.bincount(who)
    kept = [int(each) for each in np.argsort(-weights, kind="stable") if counts[each] >= least_s * rate_hz][:most]
    joints_px = np.zeros((frame_count, len(kept), len(skeleton), 2), np.float32)
    confidence = np.zeros((frame_count, len(kept), len(skeleton)), np.float32)
    for person, name in enumerate(kept):
        rows = who == name
        joints_px[sightings.frames[rows], person] = sightings.joints_px[rows]
        confidence[sightings.frames[rows], person] = sightings.confidence[rows]
    return Poses2d(skeleton, joints_px, confidence)


def calmed(poses: Poses2d, rate_hz: float, width_s: float = 0.06) -> Poses2d:
    """The same poses without a detector's trembling, not delayed, and with gaps of up to 0.2 s bridged.

    Around every frame a parabola is fitted to each joint's way, frames near in time and sure counting most, and a
    frame that leaps away from the others hardly at all. A parabola keeps the height of a stroke, which an average
    would cut. Bridged joints are half as sure as their neighbours.
    """
    if len(poses) < 3:
        return poses
    joints_px, confidence = poses.joints_px.copy(), poses.confidence.copy()
    longest = max(1, round(_FILLED_S * rate_hz))
    for person in range(poses.people):
        for joint in range(len(poses.skeleton)):
            way_px, sure = joints_px[:, person, joint], confidence[:, person, joint]
            _bridge(way_px, sure, longest)
            seen = sure > 0
            way_px[seen] += _towards_its_parabola(way_px, sure, width_s * rate_hz)[seen]
    return Poses2d(poses.skeleton, joints_px, confidence)


def _towards_its_parabola(
    way_px: Float[ndarray, "frames 2"], sure: Float[ndarray, " frames"], width: float
) -> Float[ndarray, "frames 2"]:
    """How far the robust parabola around each frame (Gaussian weights, `width` frames) passes beside it, pixels."""
    reach = max(1, int(np.ceil(2.5 * width)))
    steps = np.arange(-reach, reach + 1)
    powers = np.stack([np.ones(len(steps)), steps, steps**2], axis=-1)
    windows = np.lib.stride_tricks.sliding_window_view
    # From the joint's own place: far from zero the parabola's equations lose digits.
    around = windows(np.pad(way_px.astype(np.float64), ((reach, reach), (0, 0))), len(steps), axis=0)
    relative = around.transpose(0, 2, 1) - way_px[:, None]
    near = windows(np.pad(sure.astype(np.float64), reach), len(steps)) * np.exp(-0.5 * (steps / width) ** 2)
    weights = near
    for _ in range(4):
        fit = _parabola(powers, weights, relative)
        off = np.linalg.norm(relative - powers @ fit, axis=-1)
        # The mean of roots: a leap of a hundred pixels hardly changes what is usual.
        total = np.maximum(weights.sum(-1, keepdims=True), 1e-9)
        usual = ((np.sqrt(off) * weights).sum(-1, keepdims=True) / total) ** 2 + 0.5
        weights = near / (1 + (off / (3 * usual)) ** 2) ** 2
    return _parabola(powers, weights, relative)[:, 0].astype(np.float32)


def _bridge(way_px: Float[ndarray, "frames 2"], sure: Float[ndarray, " frames"], longest: int) -> None:
    """Fill, in place, the frames between two sightings that are at most `longest` apart, on a straight line."""
    seen = np.flatnonzero(sure > 0)
    for before, after in pairwise(seen):
        if 1 < after - before <= longest + 1:
            share = np.arange(1, after - before) / (after - before)
            way_px[before + 1 : after] = way_px[before] + share[:, None] * (way_px[after] - way_px[before])
            sure[before + 1 : after] = min(sure[before], sure[after]) / 2


def _parabola(
    powers: Float[ndarray, "steps 3"], weights: Float[ndarray, "frames steps"], ways: Float[ndarray, "frames steps 2"]
) -> Float[ndarray, "frames 3 2"]:
    """Place, slope and bend of the weighted parabola through each window."""
    # A trace of ridge on slope and bend: with fewer than three frames the fit falls back to a line, then to the mean.
    weighted = weights[..., None] * powers
    matrix = weighted.transpose(0, 2, 1) @ powers + np.diag([1e-9, 1e-3, 1e-3])
    return np.linalg.solve(matrix, weighted.transpose(0, 2, 1) @ ways)


# ---- from tracklets to people ---------------------------------------------------------------------------------------


def _expected(sightings: Sightings, row: int, earlier: int | None, frame: int) -> Float[ndarray, "joints 2"]:
    """Where a body goes on to be: its trunk's way is carried on, at most for two frames."""
    joints_px = sightings.joints_px[row]
    if earlier is None:
        return joints_px
    frames = sightings.frames[row] - sightings.frames[earlier]
    step = (sightings.centres_px[row] - sightings.centres_px[earlier]) / max(1, frames)
    return joints_px + step * min(2, frame - sightings.frames[row])


def _each_once(sightings: Sightings) -> Sightings:
    """Without the doubles: of two tracklets that lie on one body most of their time together, the longer one counts
    where both are.
    """
    counts = np.bincount(sightings.tracklets) if len(sightings) else np.zeros(0, int)
    together: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for rows in sightings.by_frame():
        for one, other in combinations(rows, 2):
            pair = [(int(sightings.tracklets[row]), int(row)) for row in (one, other)]
            pair.sort(key=lambda each: (-counts[each[0]], each[0]))
            together.setdefault((pair[0][0], pair[1][0]), []).append((pair[0][1], pair[1][1]))
    double = np.zeros(len(sightings), dtype=bool)
    for pairs in together.values():
        longer, shorter = np.array(pairs).T
        alike = _on_one_body(sightings, longer, shorter)
        if sightings.colours.shape[1]:
            worn = np.median(sightings.colours[longer] - sightings.colours[shorter], axis=0)
            alike &= bool(np.linalg.norm(worn.reshape(-1, 3), axis=-1).mean() <= _LIKE_CLOTHES)
        if alike.mean() >= _MOSTLY:
            double[shorter] = True
    if not double.any():
        return sightings
    kept = ~double
    return Sightings(
        sightings.skeleton,
        sightings.frames[kept],
        sightings.joints_px[kept],
        sightings.confidence[kept],
        sightings.tracklets[kept],
        sightings.colours[kept],
    )


def _on_one_body(
    sightings: Sightings, some: Int[ndarray, " pairs"], others: Int[ndarray, " pairs"]
) -> Bool[ndarray, " pairs"]:
    """Whether two poses have arms and trunk in one place, also with left taken for right."""
    names = sightings.skeleton.joints
    parts = [each for each in ("shoulder", "elbow", "wrist", "hip") if f"left_{each}" in names]
    left = [names.index(f"left_{each}") for each in parts]
    right = [names.index(f"right_{each}") for each in parts]
    size = np.maximum(sightings.sizes_px[some], sightings.sizes_px[others])
    apart = [
        difference(
            sightings.joints_px[some][:, left + right],
            sightings.confidence[some][:, left + right],
            sightings.joints_px[others][:, joints],
            sightings.confidence[others][:, joints],
            size,
        )
        for joints in (left + right, right + left)
    ]
    return np.minimum(*apart) < _ON_ONE_BODY


def _cut_where_close(sightings: Sightings, rate_hz: float) -> Int[ndarray, " rows"]:
    """Tracklets as pieces, numbered from 0: cut where somebody close is closest, and where their owner is missing."""
    apart = _to_nearest(sightings)
    settled = max(2, round(0.1 * rate_hz))
    starts = np.zeros(len(sightings), dtype=np.int64)
    for tracklet in np.unique(sightings.tracklets):
        rows = np.flatnonzero(sightings.tracklets == tracklet)
        starts[rows[0]] = 1
        starts[rows[1:][np.diff(sightings.frames[rows]) > settled]] = 1
        close = np.flatnonzero(apart[rows] < CLOSE)
        for meeting in np.split(close, np.flatnonzero(np.diff(close) > settled) + 1):
            # A follower that changes bodies does it where they cover each other.
            if len(meeting) and meeting[-1] + settled < len(rows):
                starts[rows[meeting[np.argmin(apart[rows[meeting]])]]] = 1
    pieces = np.zeros(len(sightings), dtype=np.int64)
    count = 0
    for tracklet in np.unique(sightings.tracklets):
        rows = np.flatnonzero(sightings.tracklets == tracklet)
        pieces[rows] = count + np.cumsum(starts[rows]) - 1
        count += int(starts[rows].sum())
    return pieces


def _to_nearest(sightings: Sightings) -> Float[ndarray, " rows"]:
    """How far everybody's trunk is from the nearest other one in the frame, in body sizes."""
    nearest = np.full(len(sightings), np.inf)
    for rows in sightings.by_frame():
        if len(rows) > 1:
            apart = np.linalg.norm(sightings.centres_px[rows][:, None] - sightings.centres_px[rows], axis=-1)
            apart /= np.minimum(sightings.sizes_px[rows][:, None], sightings.sizes_px[rows])
            np.fill_diagonal(apart, np.inf)
            nearest[rows] = apart.min(1)
    return nearest


@dataclass(frozen=True)
class _Piece:
    tracklet: int
    start: int
    end: int  # last frame
    entry_px: Float[ndarray, " 2"]
    exit_px: Float[ndarray, " 2"]
    entering_px: Float[ndarray, " 2"]  # a frame
    leaving_px: Float[ndarray, " 2"]
    entry_size_px: float
    exit_size_px: float
    colour: Float[ndarray, " colours"]
    length: int


def _piece(sightings: Sightings, rows: Int[ndarray, " rows"]) -> _Piece:
    first, last = rows[:5], rows[-5:]

    def speed(some: Int[ndarray, " rows"]) -> Float[ndarray, " 2"]:
        centres, frames = sightings.centres_px[some], sightings.frames[some]
        return (centres[-1] - centres[0]) / max(1, frames[-1] - frames[0])

    return _Piece(
        int(sightings.tracklets[rows[0]]),
        int(sightings.frames[rows[0]]),
        int(sightings.frames[rows[-1]]),
        sightings.centres_px[rows[0]],
        sightings.centres_px[rows[-1]],
        speed(first),
        speed(last),
        float(np.median(sightings.sizes_px[first])),
        float(np.median(sightings.sizes_px[last])),
        np.median(sightings.colours[rows], axis=0),
        len(rows),
    )


def _joined(
    sightings: Sightings, pieces: Int[ndarray, " rows"], rate_hz: float, *, only_one: bool
) -> Int[ndarray, " rows"]:
    """The person of each row, numbered from 0: pieces joined over short absences, then over long ones by clothes, then
    where nobody else could be meant.
    """
    facts = [_piece(sightings, np.flatnonzero(pieces == each)) for each in range(pieces.max() + 1)]
    cost = np.array([[_cost(one, other, rate_hz) for other in facts] for one in facts])
    # Staying alone costs as much as the worst joint: two poor ones must not push out a good one.
    follower = {
        int(one): int(other)
        for one, other in zip(*linear_sum_assignment(np.minimum(cost, _JOINED_UP_TO)), strict=True)
        if cost[one, other] < _JOINED_UP_TO
    }
    has_before = set(follower.values())
    chains = []
    for first in range(len(facts)):
        if first not in has_before:
            chain = [first]
            while chain[-1] in follower:
                chain.append(follower[chain[-1]])
            chains.append(chain)
    chains = _known_again(facts, chains)
    chains = _nobody_else(facts, chains, rate_hz, only_one=only_one)
    person = np.zeros(len(facts), dtype=np.int64)
    for number, chain in enumerate(chains):
        person[chain] = number
    return person[pieces]


def _cost(one: _Piece, other: _Piece, rate_hz: float) -> float:
    """How unlikely it is that `other` goes on where `one` ended, by place, heading, size and clothes; or _NEVER."""
    gap_s = (other.start - one.end) / rate_hz
    if not 0 < gap_s <= _SHORT_ABSENCE_S:
        return _NEVER
    expected = one.exit_px + one.leaving_px * min(other.start - one.end, 0.3 * rate_hz)
    size = max(one.exit_size_px, other.entry_size_px)
    place = float(np.linalg.norm(expected - other.entry_px)) / size / (1 + 2 * gap_s)
    turn = 0.2 * rate_hz * float(np.linalg.norm(one.leaving_px - other.entering_px)) / size / (1 + 4 * gap_s)
    growth = 2 * abs(float(np.log(other.entry_size_px / one.exit_size_px)))
    clothes = _clothes_apart(one, other) / _CLOTHES_UNIT if len(one.colour) else 0.0
    bonus = 0.25 if one.tracklet == other.tracklet else 0.0
    return max(0.0, place + turn + growth + clothes - bonus)


def _clothes_apart(one: _Piece, other: _Piece) -> float:
    """Mean distance of what two pieces wear, patch by patch (three numbers each)."""
    return float(np.linalg.norm((one.colour - other.colour).reshape(-1, 3), axis=-1).mean())


def _known_again(facts: list[_Piece], chains: list[list[int]]) -> list[list[int]]:
    """Chains that never meet and wear the same are one person, the most alike joined first."""
    if not facts or not len(facts[0].colour):
        return chains
    alike = []
    for one, other in combinations(range(len(chains)), 2):
        ends = [(facts[a], facts[b]) for a in chains[one] for b in chains[other]]
        apart = min(_clothes_apart(a, b) for a, b in ends)
        if apart <= _SAME_CLOTHES:
            alike.append((apart, one, other))
    people = {name: list(chain) for name, chain in enumerate(chains)}
    who = list(people)
    for _, one, other in sorted(alike):
        a, b = who[one], who[other]
        if a != b and not _meet(facts, people[a], people[b]):
            people[a] += people.pop(b)
            who = [a if each == b else each for each in who]
    return list(people.values())


def _nobody_else(facts: list[_Piece], chains: list[list[int]], rate_hz: float, *, only_one: bool) -> list[list[int]]:
    """Chains that never meet and look roughly alike are one person where nobody else is there in the meantime (or
    anyway, where only one is looked for), the shortest absence first.
    """
    if not facts or not len(facts[0].colour):
        return chains
    longest = np.inf if only_one else _SHORT_ABSENCE_S * rate_hz
    absences = []
    for one, other in combinations(range(len(chains)), 2):
        gap, a, b = min((_absence(facts[a], facts[b]), a, b) for a in chains[one] for b in chains[other])
        if gap <= longest and _like(facts[a], facts[b], rate_hz):
            absences.append((gap, one, other, a, b))
    people = {name: list(chain) for name, chain in enumerate(chains)}
    who = list(people)
    for _, one, other, a, b in sorted(absences):
        first, second = who[one], who[other]
        if first == second or _meet(facts, people[first], people[second]):
            continue
        until, since = sorted([facts[a], facts[b]], key=lambda each: each.start)
        third = (piece for name, chain in people.items() if name not in (first, second) for piece in chain)
        if only_one or not any(facts[each].start <= since.start and facts[each].end >= until.end for each in third):
            people[first] += people.pop(second)
            who = [first if each == second else each for each in who]
    return list(people.values())


def _absence(one: _Piece, other: _Piece) -> int:
    """Frames from the end of the earlier to the start of the later one; negative where they meet."""
    return max(other.start - one.end, one.start - other.end)


def _like(one: _Piece, other: _Piece, rate_hz: float) -> bool:
    """Whether two pieces may show one person, by size, and by clothes or place: a back may look unlike a chest."""
    earlier, later = sorted([one, other], key=lambda each: each.start)
    size = max(earlier.exit_size_px, later.entry_size_px)
    if size > _LIKE_SIZE * min(earlier.exit_size_px, later.entry_size_px):
        return False
    gap_s = _absence(one, other) / rate_hz
    there = float(np.linalg.norm(later.entry_px - earlier.exit_px)) <= (1 + gap_s) * size
    return _clothes_apart(one, other) <= _LIKE_CLOTHES or (gap_s <= _SHORT_ABSENCE_S and there)


def _meet(facts: list[_Piece], one: list[int], other: list[int]) -> bool:
    """Whether the two are ever in the picture together."""
    return any(facts[a].start <= facts[b].end and facts[b].start <= facts[a].end for a in one for b in other)
