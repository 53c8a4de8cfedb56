"""Where two forecasters differ most: both rolled out at every moment of a part, the most different moments first.

How far two forecasts of a moment are `apart` is the mean over steps of

    ½ JSD(P, Q) + ½ min(d / 200 mm, 1)

with JSD the Jensen–Shannon divergence (base 2, 0 … 1) of their action probabilities, matched by name, and d the mean
distance of their joints but the neck, necks laid on each other. d is measured in space; where either has no depth, as
the plain forecasters, across the view at the neck's depth. The moments are those that have one step seen and all steps
following that both look ahead; the truth and the clips come from the first one's split.

Letters: W moments, M steps, A actions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from msgspec.structs import replace
from numpy import ndarray

from core.bodies.skeletons import UPPER_BODY_9
from core.configs import ForecasterData
from core.datasets.action_sequences import Vocabulary, poses_around
from core.datasets.catalog import Parts, parts_of
from core.datasets.steps import UNSEEN, ReadTracks
from core.errors import RunError
from core.evaluation.asked import Ahead, ClipMemory, Moment, counted_joints
from core.evaluation.doubts import refuse_foreign_words
from core.evaluation.forecasting import Predictor
from core.forecasts import Difference
from core.project.annotations import Project
from core.wording import counted

FAR_MM = 200.0
"""Poses farther apart than this are as different as can be."""
NECK = UPPER_BODY_9["neck"]


@dataclass(frozen=True)
class Measured:
    """All moments of a part, the most different first, and what to know of them."""

    moments: tuple[Difference, ...]
    part: str
    notes: tuple[str, ...]


def differences(
    first: Predictor,
    second: Predictor,
    project: Project,
    read_tracks: ReadTracks,
    part: str = "test",
    memory: ClipMemory | None = None,
) -> Measured:
    """RunError in words where there is nothing to measure."""
    memory = memory or ClipMemory()
    for each in (first, second):
        refuse_foreign_words(project, Vocabulary(each.header.actions, each.header.objects))
    steps = min(each.header.config.data.future_steps for each in (first, second))
    data = tuple(_data_of(each, steps) for each in (first, second))
    parts, notes = _parts(first, project)
    if part not in parts:
        raise RunError(f"There is no part {part!r}.", hint=f"The split has: {', '.join(parts)}.")
    pairs = _moments(first, second, project, read_tracks, parts[part], data, memory)
    if not pairs:
        raise RunError(
            f"The {part} part has no clip with one step and {steps} more after it.",
            hint="Mark more clips, or look at another part.",
        )
    ours, theirs = [one for one, _ in pairs], [other for _, other in pairs]
    ahead = (first.ahead(ours, data[0]), second.ahead(theirs, data[1]))
    in_space = first.has_depth and second.has_depth
    if not in_space:
        notes.append("A plain forecaster knows no depth: poses are compared across the view.")
    if data[0].poses != data[1].poses:
        notes.append(f"The two look at other poses ({data[0].poses}, {data[1].poses}): each moment is the first one's.")
    surest = max(len(_all_moments(first, project, read_tracks, parts[part], data[0], memory)) - len(pairs), 0)
    if surest:
        notes.append(f"Left out, for the second one has seen nothing by then: {counted(surest, 'moment')}.")
    found = _compared(first, second, ours, ahead, data[0], in_space=in_space)
    found.sort(key=lambda each: (-each.apart, each.clip_id, each.at_frame))
    return Measured(tuple(found), part, tuple(notes))


def _data_of(predictor: Predictor, steps: int) -> ForecasterData:
    return replace(predictor.header.config.data, future_steps=steps, shuffle_seen_poses=False)


def _parts(first: Predictor, project: Project) -> tuple[Parts, list[str]]:
    """The first one's own split as far as its clips are here; where none is, the project's."""
    kept = {name: tuple(each for each in ids if each in project.clips) for name, ids in first.header.split.items()}
    if any(kept.values()):
        return kept, []
    clips = sorted((clip for clip in project.clips.values() if clip.segments), key=lambda clip: clip.id)
    parts, sentence = parts_of(project, clips, first.header.config.data.split)
    return parts, [f"None of the clips {first.name} learned from is here. {sentence}."]


def _all_moments(
    predictor: Predictor,
    project: Project,
    read_tracks: ReadTracks,
    clips: Sequence[str],
    data: ForecasterData,
    memory: ClipMemory,
) -> list[Moment]:
    return [
        Moment(sequence, seen)
        for clip in clips
        for sequence in memory.sequences(project, project.clips[clip], read_tracks, data, predictor.header.config.seed)
        for seen in range(1, len(sequence.steps) - data.future_steps + 1)
    ]


def _moments(
    first: Predictor,
    second: Predictor,
    project: Project,
    read_tracks: ReadTracks,
    clips: Sequence[str],
    data: tuple[ForecasterData, ...],
    memory: ClipMemory,
) -> list[tuple[Moment, Moment]]:
    """The first one's moments, and the same instants as the second one counts its steps."""
    pairs = []
    for moment in _all_moments(first, project, read_tracks, clips, data[0], memory):
        mine = moment.sequence
        theirs = memory.sequences(project, mine.clip, read_tracks, data[1], second.header.config.seed)
        other = next((each for each in theirs if each.actor == mine.actor), None)
        seen = 0 if other is None else other.seen_by(mine.steps[moment.seen - 1].frame)
        if other is not None and seen:
            pairs.append((moment, Moment(other, seen)))
    return pairs


def _compared(
    first: Predictor,
    second: Predictor,
    moments: Sequence[Moment],
    ahead: tuple[Ahead, Ahead],
    data: ForecasterData,
    *,
    in_space: bool,
) -> list[Difference]:
    words = (first.header.actions, second.header.actions)
    chosen = [each.probabilities.argmax(-1) for each in ahead]
    apart_mm = _apart_mm(*((each.joints_m if in_space else each.seen) for each in ahead))  # (W, M)
    apart = 0.5 * jensen_shannon(*matched(ahead[0].probabilities, words[0], ahead[1].probabilities, words[1]))
    apart = (apart + 0.5 * np.minimum(apart_mm / FAR_MM, 1.0)).mean(-1)
    errors = _errors_px(moments, ahead, data)
    found = []
    for at, moment in enumerate(moments):
        sequence, seen = moment.sequence, moment.seen
        came = tuple(step.action for step in sequence.steps[seen : seen + data.future_steps])
        said = tuple(tuple(words[who][action] for action in chosen[who][at]) for who in (0, 1))
        _, _, frames = poses_around(sequence, seen, data)
        found.append(
            Difference(
                clip_id=sequence.clip.id,
                at_frame=sequence.steps[seen - 1].frame,
                apart=float(apart[at]),
                actions=(said[0], said[1]),
                came=came,
                frames=tuple(frames),
                right=(_right(said[0], came), _right(said[1], came)),
                poses_apart_mm=float(apart_mm[at].mean()),
                error_px=(_known(errors[0][at]), _known(errors[1][at])),
            )
        )
    return found


def matched(
    ours: Float[ndarray, "W M A"],
    our_words: Sequence[str],
    theirs: Float[ndarray, "W M B"],
    their_words: Sequence[str],
) -> tuple[Float[ndarray, "W M C"], Float[ndarray, "W M C"]]:
    """Two forecasts over the words of both; what one does not know it holds impossible."""
    words = {name: at for at, name in enumerate(dict.fromkeys((*our_words, *their_words)))}
    spread = []
    for chances, names in ((ours, our_words), (theirs, their_words)):
        wide = np.zeros((*chances.shape[:-1], len(words)))
        wide[..., [words[name] for name in names]] = chances
        spread.append(wide)
    return spread[0], spread[1]


def jensen_shannon(p: Float[ndarray, "*batch C"], q: Float[ndarray, "*batch C"]) -> Float[ndarray, "*batch"]:
    """Divergence of two distributions, base 2: 0 where they are the same, 1 where they share nothing."""
    between = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [np.where(each > 0, each * np.log2(each / between), 0.0).sum(-1) for each in (p, q)]
    return np.clip((parts[0] + parts[1]) / 2, 0.0, 1.0)


def _apart_mm(ours: Float[ndarray, "W M 9 D"], theirs: Float[ndarray, "W M 9 D"]) -> Float[ndarray, "W M"]:
    distance_m = np.linalg.norm(_centred(ours) - _centred(theirs), axis=-1)
    return 1000 * np.delete(distance_m, NECK, axis=-1).mean(-1)


def _centred(points: Float[ndarray, "*batch 9 D"]) -> Float[ndarray, "*batch 9 D"]:
    return points - points[..., NECK : NECK + 1, :]


def _errors_px(moments: Sequence[Moment], ahead: Sequence[Ahead], data: ForecasterData) -> list[Float[ndarray, " W"]]:
    """Mean distance of visible joints from those that came, pixels of the original; NaN where nobody was seen."""
    steps, came = data.future_steps, []
    for each in moments:
        _, poses, _ = poses_around(each.sequence, each.seen, data)
        came.append([*poses, *[UNSEEN] * (steps - len(poses))])
    joints = np.array([[pose.joints for pose in row] for row in came])
    counted = counted_joints(np.array([[pose.visible for pose in row] for row in came]))
    scale_px = np.stack([each.sequence.view.scale_px for each in moments])[:, None, None]
    count = counted.sum((1, 2))
    errors = []
    for each in ahead:
        off_px = np.linalg.norm((each.seen - joints) * scale_px, axis=-1)
        total = np.where(counted, off_px, 0.0).sum((1, 2))
        errors.append(np.where(count > 0, total / np.maximum(count, 1), np.nan))
    return errors


def _right(said: Sequence[str], came: Sequence[str]) -> int:
    return sum(one == other for one, other in zip(said, came, strict=True))


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
