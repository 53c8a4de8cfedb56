"""Why a frame may be a segment's characteristic pose: signals from a person's 2D tracks, each 0 … 1 over a segment.

All are measured on what was seen of the upper body (`UPPER_BODY_9`; ankles too, where the skeleton has them), about
the neck and in lengths of the trunk (neck to hip), so that neither the place in the picture nor the distance to the
camera counts. Speeds and turns are smoothed over seconds, never over frames. What was not seen (confidence under
`core.motion.SEEN`) has no signal: a reason is 0 there, and no gap longer than the smoothing is bridged.

    arms       hands far from their shoulders: the mean of both, or of the one that is seen
    legs       ankles far from each other; only where they are seen in most frames of the clip
    still      the busier hand slow between two movements: within `AROUND_S` before and after it is faster
    turn       the busier hand changes its direction: the angle between its velocities around, by the slower of both
    arrival    the busier hand was fast just before and is slow now: a reach has ended
    neutral    far from the person's own median pose of the clip
    leaning    the trunk foreshortened and the head low before it
    surprise   unlike what a forecaster foresaw for this frame; only where one was asked
    place      near where poses usually lie in their segments, `USUAL_PLACE`: no signal of the body, a plain start

Within a segment a signal runs from 0 at its 5th percentile to 1 at its 95th, times how much it moves at all, measured
by `FLOORS`: of a hand that does not move no frame is "nearly still". Frames count from 0, ends are exclusive. No torch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.ndimage import gaussian_filter1d, median_filter, uniform_filter1d

from core.bodies.skeletons import UPPER_BODY_9
from core.motion import SEEN, Poses2d

REASONS = ("arms", "legs", "still", "turn", "arrival", "neutral", "leaning", "surprise", "place")
SMOOTH_S = 0.06
"""Standard deviation of what places are smoothed with before they are differentiated."""
TURN_S = 0.1
AROUND_S = 0.4
TRUNK_S = 2.0
FLOORS = {"arms": 0.35, "legs": 0.35, "still": 0.5, "turn": 0.5, "arrival": 0.8, "neutral": 0.3, "leaning": 0.3}
"""By how much a signal moves where it says something: lengths of the trunk, or lengths of the trunk a second."""
USUAL_PLACE, USUAL_WIDTH = 0.65, 0.2
"""Share of a segment's length, and its standard deviation: chosen on cooks the weights were not learned on."""
SIDES = ("left", "right")
_LEAST_SEEN = 0.5
_NEUTRAL_JOINTS = [UPPER_BODY_9[each] for each in UPPER_BODY_9.joints if each not in ("neck", "hip")]


@dataclass(frozen=True)
class Signals:
    """What is measured of one person over a whole clip, once; NaN where it was not seen. T frames.

    `raw` holds the signals that do not depend on which hand is the busier one; those that do lie in `of_hand`, a
    column for each side. `seen` is how sure the arms are, 0 … 1.
    """

    rate_hz: float
    raw: Mapping[str, Float[ndarray, " frames"]]
    of_hand: Mapping[str, Float[ndarray, "frames sides"]]
    speed: Float[ndarray, "frames sides"]
    seen: Float[ndarray, " frames"]

    def __len__(self) -> int:
        return len(self.seen)


@dataclass(frozen=True)
class Reasons:
    """The signals of a segment: `values[:, n]` of reason `names[n]`, 0 … 1, a row a frame from `start` on.

    `side` is the busier hand; `seen` how sure the arms are. A reason that could not be measured has no column.
    """

    start: int
    names: tuple[str, ...]
    values: Float[ndarray, "frames reasons"]
    seen: Float[ndarray, " frames"]
    side: str

    def at(self, row: int) -> dict[str, float]:
        """The reasons of one frame, by name."""
        return {name: round(float(self.values[row, n]), 4) for n, name in enumerate(self.names)}


def measure(poses: Poses2d, track: int, rate_hz: float) -> Signals:
    """What `track` of `poses` does over the whole clip. 30,000 frames take about a tenth of a second."""
    upper = _of_track(poses, track).as_skeleton(UPPER_BODY_9)
    sure = np.array(upper.confidence[:, 0], dtype=np.float64)
    seen = sure >= SEEN
    places = np.where(seen[..., None], upper.joints_px[:, 0], np.nan).astype(np.float64)
    neck, hip = places[:, UPPER_BODY_9["neck"]], places[:, UPPER_BODY_9["hip"]]
    trunk_px = _trunk(neck, hip, places, rate_hz)
    body = (places - neck[:, None]) / trunk_px[:, None, None]
    hands = [body[:, UPPER_BODY_9[f"{side}_hand"]] for side in SIDES]
    reach = [
        np.linalg.norm(hand - body[:, UPPER_BODY_9[f"{side}_shoulder"]], axis=-1)
        for hand, side in zip(hands, SIDES, strict=True)
    ]
    velocity = [_velocity(hand, rate_hz) for hand in hands]
    speed = np.stack([np.linalg.norm(each, axis=-1) for each in velocity], axis=-1)
    raw = {
        "arms": _mean_known(np.stack(reach, axis=-1)),
        "neutral": _from_neutral(body[:, _NEUTRAL_JOINTS]),
        "leaning": (body[:, UPPER_BODY_9["head"], 1] - np.abs(neck - hip)[:, 1] / trunk_px) / 2,
    }
    legs = _stride(poses, track)
    if legs is not None:
        raw["legs"] = legs / trunk_px
    lag, around = max(1, round(TURN_S * rate_hz)), max(1, round(AROUND_S * rate_hz))
    mean_speed = uniform_filter1d(np.nan_to_num(speed), around, axis=0)
    before, after = _shifted(mean_speed, around // 2), _shifted(mean_speed, -(around // 2))
    turn = np.stack([_turn(_shifted(each, lag), _shifted(each, -lag)) for each in velocity], axis=-1)
    arms = [UPPER_BODY_9[f"{side}_{joint}"] for side in SIDES for joint in ("shoulder", "elbow", "hand")]
    return Signals(
        rate_hz=rate_hz,
        raw=raw,
        of_hand={
            "still": np.minimum(before, after) - speed,
            "turn": turn,
            "arrival": before - speed,
        },
        speed=speed,
        seen=np.clip(np.where(seen, sure, 0.0)[:, arms], 0.0, 1.0).mean(axis=-1),
    )


def reasons_of(signals: Signals, start: int, end: int, surprise: Float[ndarray, " frames"] | None = None) -> Reasons:
    """The reasons on frames `start` … `end` - 1 of the clip; `surprise` is that of `unlike` on the same frames."""
    start, end = max(0, start), min(end, len(signals))
    count = max(0, end - start)
    names, columns = [], []
    path = np.nan_to_num(signals.speed[start:end]).sum(axis=0)
    busier = int(np.argmax(path)) if count else 0
    for name in REASONS:
        if name == "place":
            column = np.exp(-0.5 * (((np.arange(count) + 0.5) / max(count, 1) - USUAL_PLACE) / USUAL_WIDTH) ** 2)
        elif name in signals.of_hand:
            column = _scaled(signals.of_hand[name][start:end, busier], FLOORS[name])
        elif name in signals.raw:
            column = _scaled(signals.raw[name][start:end], FLOORS[name])
        elif name == "surprise" and surprise is not None:
            column = _scaled(surprise[:count], FLOORS["neutral"])
        else:
            column = None
        if column is not None:
            names.append(name)
            columns.append(column)
    values = np.stack(columns, axis=-1) if columns else np.zeros((count, 0))
    return Reasons(start, tuple(names), values, signals.seen[start:end], SIDES[busier])


def unlike(
    poses: Poses2d, track: int, start: int, end: int, foreseen_px: Sequence[tuple[float, float]]
) -> Float[ndarray, " frames"]:
    """How far frames `start` … `end` - 1 are from a foreseen pose (UPPER_BODY_9): about the neck, each by its trunk."""
    neck, hip = UPPER_BODY_9["neck"], UPPER_BODY_9["hip"]
    foreseen = np.asarray(foreseen_px, dtype=np.float64)
    foreseen = foreseen - foreseen[neck]
    upper = _of_track(poses, track, start, end).as_skeleton(UPPER_BODY_9)
    seen = upper.confidence[:, 0] >= SEEN
    places = np.where(seen[..., None], upper.joints_px[:, 0], np.nan).astype(np.float64)
    places = places - places[:, neck, None]
    long = np.linalg.norm(places[:, hip], axis=-1)
    foreseen_px_long = max(float(np.linalg.norm(foreseen[hip])), 1.0)
    own_px_long = float(np.median(long[np.isfinite(long)])) if np.isfinite(long).any() else foreseen_px_long
    apart = np.linalg.norm(places / max(own_px_long, 1.0) - foreseen / foreseen_px_long, axis=-1)
    return _mean_known(apart[:, _NEUTRAL_JOINTS])


def _of_track(poses: Poses2d, track: int, start: int = 0, end: int | None = None) -> Poses2d:
    of = (slice(start, end), slice(track, track + 1))
    return Poses2d(poses.skeleton, np.asarray(poses.joints_px[of]), np.asarray(poses.confidence[of]))


def _trunk(neck: ndarray, hip: ndarray, places: ndarray, rate_hz: float) -> ndarray:
    """Neck to hip in pixels, the median of two seconds; twice the width of the shoulders where no hip is seen."""
    length = np.linalg.norm(neck - hip, axis=-1)
    wide = np.linalg.norm(places[:, UPPER_BODY_9["left_shoulder"]] - places[:, UPPER_BODY_9["right_shoulder"]], axis=-1)
    known = np.isfinite(length)
    if not known.any():
        length, known = 1.5 * wide, np.isfinite(wide)
    if not known.any():
        return np.full(len(neck), np.nan)
    at = np.arange(len(length))
    length = np.interp(at, at[known], length[known])
    length = median_filter(length, size=2 * max(1, round(TRUNK_S * rate_hz / 2)) + 1, mode="nearest")
    return np.maximum(length, 0.25 * np.median(length))


def _velocity(places: ndarray, rate_hz: float) -> ndarray:
    """Lengths of the trunk a second; NaN where the place, or most of what it is smoothed over, was not seen."""
    known = np.asarray(np.isfinite(places).all(axis=-1))
    sigma = max(SMOOTH_S * rate_hz, 1e-3)
    mass = gaussian_filter1d(known.astype(np.float64), sigma, mode="nearest")
    sums = gaussian_filter1d(np.where(known[:, None], places, 0.0), sigma, axis=0, mode="nearest")
    trusted = known & (mass > _LEAST_SEEN)
    smooth = np.where(trusted[:, None], sums / np.maximum(mass, 1e-6)[:, None], np.nan)
    if len(smooth) < 2:
        return np.full_like(smooth, np.nan)
    return np.gradient(smooth, 1 / rate_hz, axis=0)


def _turn(before: ndarray, after: ndarray) -> ndarray:
    """0 where a hand goes straight on, its speed where it turns back."""
    fast, faster = np.linalg.norm(before, axis=-1), np.linalg.norm(after, axis=-1)
    straight = (before * after).sum(axis=-1) / np.maximum(fast * faster, 1e-6)
    return (1 - straight) / 2 * np.minimum(fast, faster)


def _from_neutral(joints: ndarray) -> ndarray:
    """Mean distance of the joints that are seen from their own medians over the clip."""
    joints = joints.copy()
    never = np.all(~np.isfinite(joints), axis=(0, 2))
    joints[:, never] = 0.0
    return _mean_known(np.linalg.norm(joints - np.nanmedian(joints, axis=0), axis=-1)[:, np.logical_not(never)])


def _stride(poses: Poses2d, track: int) -> ndarray | None:
    """Pixels between the ankles; None where the skeleton has none or they are hardly ever seen."""
    if not {"left_ankle", "right_ankle"} <= set(poses.skeleton.joints):
        return None
    ankles = [poses.skeleton[f"{side}_ankle"] for side in SIDES]
    seen = np.all(poses.confidence[:, track, ankles] >= SEEN, axis=-1)
    if seen.mean() < _LEAST_SEEN:
        return None
    there = np.asarray(poses.joints_px[:, track, ankles], dtype=np.float64)
    return np.where(seen, np.linalg.norm(there[:, 0] - there[:, 1], axis=-1), np.nan)


def _mean_known(values: ndarray) -> ndarray:
    known = np.isfinite(values)
    counts = known.sum(axis=-1)
    return np.where(counts > 0, np.where(known, values, 0.0).sum(axis=-1) / np.maximum(counts, 1), np.nan)


def _shifted(values: ndarray, by: int) -> ndarray:
    """`values` of `by` frames earlier; the first or last value stands in past the ends."""
    at = np.clip(np.arange(len(values)) - by, 0, max(len(values) - 1, 0))
    return values[at]


def _scaled(values: ndarray, floor: float) -> ndarray:
    """0 at the 5th percentile, 1 at the 95th, less where the two are nearer to each other than `floor`; 0 for NaN."""
    known = np.isfinite(values)
    if not known.any():
        return np.zeros(len(values))
    ordered = np.sort(values[known])
    low, high = ordered[round(0.05 * (len(ordered) - 1))], ordered[round(0.95 * (len(ordered) - 1))]
    if high - low <= 1e-9:
        return np.zeros(len(values))
    scaled = np.clip((np.where(known, values, low) - low) / (high - low), 0.0, 1.0)
    return np.where(known, scaled, 0.0) * (min(1.0, (high - low) / floor) if floor > 0 else 1.0)
