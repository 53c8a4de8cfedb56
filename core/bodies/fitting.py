"""Bodies of SMPL's form fitted to joints, in space or in a picture: shape and pose, by frames or smoothly over time.

    fit = fit_joints(body, joints_m, BODY_25, seen=seen)
    fit = fit_pixels(body, joints_px, BLAZEPOSE_33, camera, seen=confidence, rate_hz=30)
    vertices_m = body.shaped(fit.betas).pose(fit.rotations[0], fit.translation_m[0])

Metres, right-handed, y up; pixels of the original picture, lens distortion included. The joints of any skeleton in
`fitting_landmarks` will do. What was not seen stays natural: legs stand, arms hang, hands are relaxed. All frames of
one call are one person with one shape. Numpy only: whoever fits need not wait for torch.

The method: an analytic start (`fitting_start`), then damped Gauss–Newton (`fitting_solver`) within anatomical limits
(`fitting_anatomy`), with robust weights. No knee or elbow bends backwards, whatever the input.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Shaped
from numpy import ndarray

from core.bodies.fitting_anatomy import anatomy, relaxed
from core.bodies.fitting_landmarks import joints_at_rest, landmarks_of
from core.bodies.fitting_solver import Model, Pose, Smoothness, Term, followed, solve
from core.bodies.fitting_start import HEAD, TRUNK, named, natural_pose, start_in_space, starts_in_picture
from core.bodies.fitting_terms import Balance, InPicture, InSpace, Natural, Reach, turn_between, upright
from core.bodies.skeletons import SMPL_22, Skeleton
from core.bodies.skinning import Body
from core.geometry.cameras import Camera, distort, project, undistort
from core.geometry.rotations import matrices

FEWEST_SEEN = 4
"""Joints, two of them of the trunk or head: with fewer, nothing can be said of a body."""
AT_ONCE = 96
_OVERLAP = 16
_FARTHEST_M = 1e4
_EXACT_M, _SEEN_M = 0.005, 0.02
_OUTLIER_M = 0.08
_MOST_NOISE_M = 0.05
_MEDIAN_OF_THREE_AXES = 1.54  # of a Gauss, in standard deviations
_LEAST_LEFT = 0.05  # of the joints' numbers, once a pose has followed them
_WORTH_IT, _FROM_ABOVE = 1.15, 3.0
_SHAPED_BY = 40  # frames
_HEADINGS = 6
_KEY_S = 0.25  # between the frames of a sequence whose headings are tried
_USUAL_M_S2, _USUAL_RAD_S2 = 4.0, 30.0
_SUDDEN, _SUDDEN_IN_PICTURE = 2.0, 10.0  # in what is usual
_BALANCED_M = 0.08
_LEG_ENDS = ("_knee", "_ankle", "_heel", "_toe", "_foot_index")
_LOOSE_LEGS = 1.6  # in a picture: proportions of legs differ more than the shapes know


@dataclass(frozen=True)
class Fit:
    """One person's body in every frame. Where `fitted` is False too little was seen, and the rest means nothing."""

    betas: Float[ndarray, " shapes"]
    rotations: Float[ndarray, "frames joints 3 3"]
    translation_m: Float[ndarray, "frames 3"]
    joints_m: Float[ndarray, "frames landmarks 3"]
    """The skeleton's joints on the fitted body."""
    error: Float[ndarray, " frames"]
    """Mean over the seen joints: metres, or pixels where the joints were pixels."""
    fitted: Bool[ndarray, " frames"]

    def __len__(self) -> int:
        return len(self.translation_m)


@dataclass(frozen=True)
class _Task:
    """One person's joints, made clean: what was not seen is zero with weight zero."""

    body: Body
    model: Model
    skeleton: Skeleton
    joints: Float[ndarray, "frames joints axes"]
    confidence: Float[ndarray, "frames joints"]
    camera: Camera | None
    noise_m: float
    rate_hz: float | None

    def __len__(self) -> int:
        return len(self.joints)

    def part(self, frames: "ndarray | slice") -> "_Task":
        return replace(self, joints=self.joints[frames], confidence=self.confidence[frames])

    def seen(self) -> Bool[ndarray, "frames joints"]:
        return self.confidence > 0

    def enough(self) -> Bool[ndarray, " frames"]:
        seen = self.seen()
        steady = [at for at, name in enumerate(self.skeleton.joints) if name in TRUNK + HEAD]
        return (seen.sum(1) >= FEWEST_SEEN) & (seen[:, steady].sum(1) >= 2)


def fit_joints(
    body: Body,
    joints_m: Float[ndarray, "frames joints 3"],
    skeleton: Skeleton,
    *,
    seen: Shaped[ndarray, "frames joints"] | None = None,
    betas: Float[ndarray, " shapes"] | None = None,
    rate_hz: float | None = None,
    noise_m: float = _EXACT_M,
) -> Fit | None:
    """The body whose joints are there; None where no frame shows enough of it.

    `seen` is a share from 0 to 1, or a truth value, for each joint; places that are not finite are not seen. `betas`
    keeps a known shape. With `rate_hz` the frames follow each other in time and move smoothly. `noise_m` is how far off
    the joints may be at least; where no body of these bones can be found they are taken for less exact, not for
    somebody who is made strangely.
    """
    return _last(fitting_joints(
        body, joints_m, skeleton, seen=seen, betas=betas, rate_hz=rate_hz, noise_m=noise_m
    ))  # fmt: skip


def fitting_joints(
    body: Body,
    joints_m: Float[ndarray, "frames joints 3"],
    skeleton: Skeleton,
    *,
    seen: Shaped[ndarray, "frames joints"] | None = None,
    betas: Float[ndarray, " shapes"] | None = None,
    rate_hz: float | None = None,
    noise_m: float = _EXACT_M,
) -> Iterator["int | Fit | None"]:
    """`fit_joints` in steps: yields the number of frames done, and the fit at last."""
    yield from _fitting(_task(body, joints_m, skeleton, seen, None, noise_m, rate_hz), betas)


def fit_pixels(
    body: Body,
    joints_px: Float[ndarray, "frames joints 2"],
    skeleton: Skeleton,
    camera: Camera,
    *,
    seen: Shaped[ndarray, "frames joints"] | None = None,
    betas: Float[ndarray, " shapes"] | None = None,
    rate_hz: float | None = None,
    noise_m: float = _SEEN_M,
) -> Fit | None:
    """The body, in the camera's world, that the picture shows there; see `fit_joints`.

    How far away somebody is follows from their size, which a picture does not show: unknown betas stay near the mean.
    """
    return _last(fitting_pixels(
        body, joints_px, skeleton, camera, seen=seen, betas=betas, rate_hz=rate_hz, noise_m=noise_m
    ))  # fmt: skip


def fitting_pixels(
    body: Body,
    joints_px: Float[ndarray, "frames joints 2"],
    skeleton: Skeleton,
    camera: Camera,
    *,
    seen: Shaped[ndarray, "frames joints"] | None = None,
    betas: Float[ndarray, " shapes"] | None = None,
    rate_hz: float | None = None,
    noise_m: float = _SEEN_M,
) -> Iterator["int | Fit | None"]:
    """`fit_pixels` in steps: yields the number of frames done, and the fit at last."""
    task = _task(body, joints_px, skeleton, seen, camera, noise_m, rate_hz)
    yield from _fitting(task, betas)


def _last(steps: Iterator["int | Fit | None"]) -> Fit | None:
    last = None
    for last in steps:  # noqa: B007
        pass
    assert not isinstance(last, int)
    return last


def _task(
    body: Body,
    joints: ndarray,
    skeleton: Skeleton,
    seen: ndarray | None,
    camera: Camera | None,
    noise_m: float,
    rate_hz: float | None,
) -> _Task:
    joints = np.asarray(joints, float)
    confidence = np.ones(joints.shape[:2]) if seen is None else np.clip(np.nan_to_num(seen.astype(float)), 0, 1)
    there = np.isfinite(joints).all(-1) & (
        np.abs(np.nan_to_num(joints)) < (_FARTHEST_M if camera is None else 1e6)
    ).all(-1)
    confidence = np.where(there, confidence, 0.0)
    joints = np.where(confidence[..., None] > 0, np.nan_to_num(joints), 0.0)
    if camera is not None:
        joints = undistort(joints, camera)
    model = Model(*joints_at_rest(body), landmarks_of(body, skeleton), anatomy())
    return _Task(body, model, skeleton, joints, confidence, camera, noise_m, rate_hz)


def _fitting(task: _Task, betas: ndarray | None) -> Iterator["int | Fit | None"]:
    enough = task.enough()
    if not enough.any():
        yield None
        return
    known = None if betas is None else _as_shapes(betas, task.model.shapes)
    frames = len(task)
    if known is None and frames > AT_ONCE:
        # One shape a person, from frames spread over all of them.
        best = np.flatnonzero(enough)
        some = best[np.unique(np.linspace(0, len(best) - 1, _SHAPED_BY).astype(int))]
        shaped, noise_m = _solved(replace(task.part(some), rate_hz=None), None)
        known, task = shaped.betas, replace(task, noise_m=noise_m)
    poses: Pose | None = None
    for start, end in _chunks(frames):
        if not enough[start:end].any():
            part = _standing(task, end - start, known)
        else:
            part, noise_m = _solved(task.part(slice(start, end)), known)
            task = replace(task, noise_m=noise_m)
        poses = part if poses is None else _joined(poses, part, start)
        yield end
    assert poses is not None
    yield _as_fit(task, poses, enough)


def _solved(task: _Task, betas: ndarray | None) -> tuple[Pose, float]:
    """The pose of up to AT_ONCE frames, at least one of which shows enough, and how far off the joints seem to be."""
    enough = task.enough()
    chosen = np.flatnonzero(enough)
    start = _start(task.part(chosen), betas)
    # A frame that shows too little begins as the nearest one that shows enough.
    nearest = chosen[np.abs(np.arange(len(task))[:, None] - chosen).argmin(1)]
    start = start.chosen(np.searchsorted(chosen, nearest))
    smoothness = (
        None if task.rate_hz is None else _smoothness(task.model, task.rate_hz, in_picture=task.camera is not None)
    )
    with_shape = betas is None
    if task.camera is not None:
        terms = _terms(task, start)
        pose, _ = solve(task.model, terms, start, rounds=30, with_shape=with_shape, smoothness=smoothness)
        return pose, task.noise_m
    # In space every frame is sure by itself: the shape is found without time, which is faster.
    terms = _terms(task, start)
    pose, _ = solve(task.model, terms, start, rounds=30, with_shape=with_shape)
    noise_m = _noise_m(task, terms, pose)
    if noise_m > _WORTH_IT * task.noise_m:
        # Nobody is made like that: bones that a forecast or a detector makes too long are noise, and a shape that may
        # follow them hides how much. So the shape comes from far above the noise, and then the pose from what is left.
        terms = _terms(replace(task, noise_m=min(_FROM_ABOVE * noise_m, _MOST_NOISE_M)), start)
        pose, _ = solve(task.model, terms, start, rounds=30, with_shape=with_shape)
        task = replace(task, noise_m=float(np.clip(_noise_m(task, terms, pose), task.noise_m, _MOST_NOISE_M)))
        terms = _terms(task, pose)
        pose, _ = solve(task.model, terms, pose, rounds=30, with_shape=False)
    if smoothness is not None:
        pose, _ = solve(task.model, terms, pose, rounds=8, with_shape=False, smoothness=smoothness, enough=1e-3)
    return pose, task.noise_m


def _noise_m(task: _Task, terms: list[Term], pose: Pose) -> float:
    """How far off the joints are along each axis, by what is mostly left of it once a pose has followed them."""
    off_m = np.linalg.norm(task.model.landmarks_m(pose, task.model.place(pose)) - task.joints, axis=-1)
    usual_m = np.median((off_m / task.model.landmarks.looseness)[task.seen()]) / _MEDIAN_OF_THREE_AXES
    numbers = 3.0 * task.seen().sum()
    left = max(1 - followed(task.model, terms, pose)[task.enough()].sum() / numbers, _LEAST_LEFT)
    return float(usual_m / np.sqrt(left))


def _start(task: _Task, betas: ndarray | None) -> Pose:
    if task.camera is None:
        return _shaped(start_in_space(task.model, task.skeleton, task.joints, task.seen()), betas)
    every = 1 if task.rate_hz is None else max(1, round(_KEY_S * task.rate_hz))
    keys = np.arange(0, len(task), every)
    return _best_heading(task.part(keys), betas).chosen(np.abs(np.arange(len(task))[:, None] - keys).argmin(1))


def _best_heading(task: _Task, betas: ndarray | None) -> Pose:
    """Of several ways to look, the cheapest; over time those that follow from each other."""
    assert task.camera is not None
    starts = starts_in_picture(task.model, task.skeleton, task.joints, task.seen(), task.camera, _HEADINGS)
    tried, costs = [], []
    for start in starts:
        start = _shaped(start, betas)
        pose, cost = solve(task.model, _terms(task, start), start, rounds=14, with_shape=False, enough=3e-3)
        tried.append(pose)
        costs.append(cost)
    cost = np.stack(costs)
    chosen = cost.argmin(0)
    if task.rate_hz is not None and len(task) > 1:
        chosen = _most_likely(cost, np.stack([pose.balls[:, 0] for pose in tried]))
    frames = np.arange(len(task))
    return Pose(
        np.stack([pose.translation_m for pose in tried])[chosen, frames],
        np.stack([pose.balls for pose in tried])[chosen, frames],
        np.stack([pose.angles for pose in tried])[chosen, frames],
        tried[0].betas,
    )


def _most_likely(cost: Float[ndarray, "ways frames"], roots: Float[ndarray, "ways frames 3 3"]) -> ndarray:
    """The chain of ways that costs least where a turn of the root costs, too."""
    ways, frames = cost.shape
    total, came_from = cost[:, 0], np.zeros((frames, ways), int)
    for frame in range(1, frames):
        turn = turn_between(roots[:, None, frame - 1], roots[None, :, frame])
        across = total[:, None] + 12 * (turn**2).sum(-1)
        came_from[frame] = across.argmin(0)
        total = across.min(0) + cost[:, frame]
    chosen = np.zeros(frames, int)
    chosen[-1] = total.argmin()
    for frame in range(frames - 1, 0, -1):
        chosen[frame - 1] = came_from[frame, chosen[frame]]
    return chosen


def _terms(task: _Task, pose: Pose) -> list[Term]:
    looseness = task.model.landmarks.looseness
    weights = task.confidence / (task.noise_m * looseness) ** 2
    outlier = _OUTLIER_M / task.noise_m
    legs = [_seen_of(task, part) for part in ("knee", "ankle")]
    if task.camera is None:
        return [InSpace(task.joints, weights, outlier), Natural(shape_spread=1.0), upright(*legs), Reach()]
    place_m = pose.translation_m @ task.camera.rotation.T + task.camera.translation_m
    scale = np.maximum(place_m[:, 2], 0.2) / float(task.camera.focal_px.mean())
    legs_of = [at for at, name in enumerate(task.skeleton.joints) if name.endswith(_LEG_ENDS)]
    weights[:, legs_of] /= _LOOSE_LEGS**2
    seen = InPicture(task.joints, weights, outlier, task.camera, scale)
    return [
        seen,
        Natural(shape_spread=0.6, strength=2.0),
        upright(*legs, in_picture=True),
        Reach(),
        Balance(np.full(len(task), 1 / _BALANCED_M**2)),
    ]


def _seen_of(task: _Task, part: str) -> Float[ndarray, "frames sides"]:
    columns = [named(task.skeleton, f"{side}_{part}") for side in ("left", "right")]
    none = np.zeros(len(task))
    return np.stack([none if at is None else task.confidence[:, at] for at in columns], axis=1)


def _smoothness(model: Model, rate_hz: float, *, in_picture: bool) -> Smoothness:
    """A picture hardly shows how far away somebody is: who bends down would bounce to and fro if that were cheap."""
    spread = np.full(model.anatomy.columns, _USUAL_RAD_S2)
    spread[:3] = _USUAL_M_S2
    outlier = np.full(model.anatomy.columns, _SUDDEN)
    if in_picture:
        outlier[:3] = _SUDDEN_IN_PICTURE
    return Smoothness(rate_hz, spread, outlier)


# ---- whole people out of parts --------------------------------------------------------------------------------------


def _chunks(frames: int) -> list[tuple[int, int]]:
    if frames <= AT_ONCE:
        return [(0, frames)]
    starts = range(0, frames - _OVERLAP, AT_ONCE - _OVERLAP)
    return [(start, min(start + AT_ONCE, frames)) for start in starts]


def _joined(whole: Pose, part: Pose, start: int) -> Pose:
    """The part takes over from the whole where they overlap, little by little."""
    overlap = len(whole) - start
    share = ((np.arange(overlap) + 1) / (overlap + 1))[:, None]
    before, after = whole.chosen(slice(start, None)), part.chosen(slice(0, overlap))
    turns = turn_between(before.balls, after.balls)
    mixed = Pose(
        before.translation_m + share * (after.translation_m - before.translation_m),
        before.balls @ matrices(turns * share[..., None]),
        before.angles + share * (after.angles - before.angles),
        part.betas,
    )
    parts = [whole.chosen(slice(0, start)), mixed, part.chosen(slice(overlap, None))]
    return Pose(
        np.concatenate([each.translation_m for each in parts]),
        np.concatenate([each.balls for each in parts]),
        np.concatenate([each.angles for each in parts]),
        part.betas,
    )


def _standing(task: _Task, frames: int, betas: ndarray | None) -> Pose:
    return _shaped(natural_pose(task.model, frames), betas)


def _shaped(pose: Pose, betas: ndarray | None) -> Pose:
    return pose if betas is None else Pose(pose.translation_m, pose.balls, pose.angles, betas)


def _as_shapes(betas: ndarray, shapes: int) -> ndarray:
    padded = np.zeros(shapes)
    given = np.asarray(betas, float)[:shapes]
    padded[: len(given)] = given
    return padded


def _as_fit(task: _Task, pose: Pose, enough: ndarray) -> Fit:
    placed = task.model.place(pose)
    marks_m = task.model.landmarks_m(pose, placed)
    if task.camera is None:
        off = np.linalg.norm(marks_m - task.joints, axis=-1)
    else:
        off = np.linalg.norm(project(marks_m, task.camera) - distort(task.joints, task.camera), axis=-1)
    seen = task.seen()
    joints = len(task.body.parents)
    rotations = np.tile(relaxed(joints, task.body.model.family), (len(pose), 1, 1, 1))
    rotations[:, : len(SMPL_22)] = placed.rotations
    return Fit(
        pose.betas, rotations, pose.translation_m, marks_m, (off * seen).sum(1) / np.maximum(seen.sum(1), 1), enough
    )
