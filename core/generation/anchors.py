"""Characteristic poses as anchors: a motion is drawn so that it comes near them, then bent onto them. No torch.

    targets = bound(recipe.anchors, frames, joints)                           # or why they cannot be met, in words
    codes = anchored_codes(drawing, targets, samples=3, tokens=25, frames_a_token=4)
    motion, off_mm = blended(motion, targets)                                 # core.generation.blending

For each sample 16 candidates are drawn up to the first pose. The one with the least

    distance / 0.10 m  −  mean log-likelihood of its new codes, in nats

stays: `distance` is the mean distance of the bound joints at the pose's very frame (it may not come earlier or later),
after the best turn about the vertical and the best move. Ten centimetres thus weigh as much as codes that are e times
less likely. From the chosen one all 16 go on to the next pose, and one of them to the end. Candidate c of sample s is
draw number 16 s + c of the seed, so a sample is the same however many are asked for.
Letters: S samples, B rows that are drawn at once, N tokens, K books.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Protocol

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from core.bodies.skeletons import UPPER_BODY_9
from core.errors import ProjectError
from core.generation.blending import Target, distance_m
from core.generation.upper_body import held_by, nine_of, on_body
from core.generations import RATE_HZ, Anchor
from core.geometry.rotations import matrices

CANDIDATES = 16
DISTANCE_M = 0.10
"""What a candidate may be farther away for being e times likelier a code."""
SOONEST_S = 0.2
"""After a past: sooner than that no pose can be reached."""
_LARGEST_M = 100.0
_LARGEST_TURN = 100.0


class Drawing(Protocol):
    """A model that codes are drawn from, for one stretch of motion."""

    def draw(self, numbers: Int[ndarray, " B"], kept: Int[ndarray, "B n K"], is_kept: Bool[ndarray, "B n"]) -> ndarray:
        """The first n tokens, row b by draw `numbers[b]` of the seed; those that are kept are the ones given."""
        ...

    def decode(self, codes: Int[ndarray, "B n K"]) -> tuple[ndarray, ndarray]:
        """Rotations (B, F, J, 3, 3) and path (B, F, 3) of the new frames."""
        ...

    def log_probabilities(self, codes: Int[ndarray, "B n K"]) -> ndarray:
        """Of every code (B, n, K), given all before it; nats."""
        ...


def bound(anchors: Sequence[Anchor], frames: int, joints: int, *, has_past: bool = False) -> tuple[Target, ...]:
    """The poses in order, each at its frame, for a motion of so many frames and a body of so many joints.

    ProjectError says in words which of them cannot be met, and why.
    """
    found = sorted((_target(anchor, frames, joints, has_past=has_past) for anchor in anchors), key=_frame)
    for one, other in pairwise(found):
        if one.frame == other.frame:
            raise ProjectError(
                f"{_said(one.name)} and {_said(other.name)} are both asked for at {one.frame / RATE_HZ:.2f} s",
                hint="Move one of them by at least a frame.",
            )
    return tuple(found)


def shifted(targets: Sequence[Target], by: int, frames: int) -> tuple[Target, ...]:
    """Those that fall into a stretch of so many frames, when theirs are moved by `by`."""
    moved = (replace(target, frame=target.frame + by) for target in targets)
    return tuple(target for target in moved if 0 <= target.frame < frames)


def anchored_codes(
    drawing: Drawing,
    targets: Sequence[Target],
    *,
    samples: int,
    tokens: int,
    frames_a_token: int,
    books: int,
    kept: tuple[Int[ndarray, "N K"], Bool[ndarray, " N"]] | None = None,
) -> Int[ndarray, "S N K"]:
    """Codes of motions that pass near the poses; `kept` are codes that stay whatever happens."""
    numbers = (CANDIDATES * np.arange(samples)[:, None] + np.arange(CANDIDATES)).reshape(-1)
    codes, stays = kept if kept is not None else (np.zeros((tokens, books), int), np.zeros(tokens, bool))
    chosen = np.repeat(np.asarray(codes)[None], samples, axis=0)
    drawn = 0
    for target in targets:
        until = min(target.frame // frames_a_token + 1, tokens)
        is_kept = (stays | (np.arange(tokens) < drawn))[:until]
        of_each = np.repeat(chosen[:, :until], CANDIDATES, axis=0)
        tried = drawing.draw(numbers, of_each, np.repeat(is_kept[None], len(numbers), axis=0))
        rotations, _ = drawing.decode(tried)
        costs = distance_m(rotations[:, min(target.frame, rotations.shape[1] - 1)], target) / DISTANCE_M
        if until > drawn:
            costs = costs - drawing.log_probabilities(tried)[:, drawn:].mean((1, 2))
        best = costs.reshape(samples, CANDIDATES).argmin(1)
        chosen[:, :until] = tried.reshape(samples, CANDIDATES, until, -1)[np.arange(samples), best]
        drawn = max(drawn, until)
    if drawn < tokens:
        is_kept = np.repeat((stays | (np.arange(tokens) < drawn))[None], samples, axis=0)
        chosen = drawing.draw(CANDIDATES * np.arange(samples), chosen, is_kept)
    return chosen


# ---- how ------------------------------------------------------------------------------------------------------------


def _target(anchor: Anchor, frames: int, joints: int, *, has_past: bool) -> Target:
    what = _said(anchor.name)
    if not np.isfinite(anchor.at_s) or anchor.at_s < 0:
        raise ProjectError(
            f"{what} is asked for at {anchor.at_s:g} s, before the motion starts",
            hint="Give a time from 0 on, in seconds from the first new frame.",
        )
    if anchor.at_s > frames / RATE_HZ + 1e-6:
        raise ProjectError(
            f"{what} is asked for at {anchor.at_s:g} s, and the motion ends at {frames / RATE_HZ:.2f} s",
            hint="Make the motion longer, or move the pose.",
        )
    frame = min(round(anchor.at_s * RATE_HZ), frames - 1)
    if has_past and frame < SOONEST_S * RATE_HZ - 1e-6:
        raise ProjectError(
            f"{what} is asked for {anchor.at_s:g} s after the past ends: nobody gets there so soon",
            hint=f"Give it at least {SOONEST_S:g} s.",
        )
    if bool(anchor.rotation_vectors) == bool(anchor.joints_m):
        raise ProjectError(
            f"{what} says {'both' if anchor.joints_m else 'neither'} rotations and joints",
            hint="Give a whole body's rotations, or nine joints of an upper body.",
        )
    if anchor.joints_m:
        return _of_joints(anchor, frame, joints, what)
    if len(anchor.rotation_vectors) != joints:
        raise ProjectError(
            f"{what} has {len(anchor.rotation_vectors)} joints, and the model's body has {joints}",
            hint="Choose a pose of that body, or another model.",
        )
    vectors = np.asarray(anchor.rotation_vectors, float)
    _refuse_what_is_no_number(vectors, _LARGEST_TURN, what)
    return Target(frame, matrices(vectors), name=anchor.name)


def _of_joints(anchor: Anchor, frame: int, joints: int, what: str) -> Target:
    if len(anchor.joints_m) != len(UPPER_BODY_9):
        names = ", ".join(UPPER_BODY_9.joints)
        raise ProjectError(
            f"{what} has {len(anchor.joints_m)} joints, and an upper body has {len(UPPER_BODY_9)}",
            hint=f"Give them in this order: {names}.",
        )
    given_m = np.asarray(anchor.joints_m, float)
    _refuse_what_is_no_number(given_m, _LARGEST_M, what)
    try:
        pose = held_by(on_body(given_m), joints)
    except ProjectError as error:
        raise ProjectError(f"{what}: {error}", hint=error.hint) from None
    # The trunk of a body that bends is shorter than at rest: these are its own lengths in this very pose.
    nine_m = nine_of(pose)
    return Target(frame, pose, nine_m - nine_m[UPPER_BODY_9["neck"]], anchor.name)


def _refuse_what_is_no_number(values: Float[ndarray, "rows 3"], largest: float, what: str) -> None:
    odd = ~(np.abs(values) <= largest).all(-1)  # also what is not a number
    if odd.any():
        raise ProjectError(
            f"{what}: joint {int(np.flatnonzero(odd)[0]) + 1} is nowhere, its numbers are not finite or far too large",
            hint="Choose another pose.",
        )


def _said(name: str) -> str:
    return f"the pose {name!r}" if name else "a pose"


def _frame(target: Target) -> int:
    return target.frame
