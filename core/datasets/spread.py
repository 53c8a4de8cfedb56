"""Which of many points stand for all of them: farthest first, so that near-duplicates come last.

Taken farthest first, each point has a *radius*: its distance to the nearest of those taken before it. Those with a
radius of at least d lie at least d from each other, and every other point lies nearer than d to one of them. So one
pass gives a thinning for every threshold, and the threshold that leaves a wanted number can be read off.

Many points are cut into buckets of neighbours by halving along the widest direction. Neighbours that a cut parts are
not compared; a second pass cuts along other directions and finds most of those. Distances are in the points' unit.
"""

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

BUCKET = 1024
_BY_ONE_THREAD = 2**18
"""Multiplications of one matrix product that linear algebra (OpenBLAS) does not yet share out among threads."""


def radii(points: Float[ndarray, "n k"], floor: float, first: int = 0) -> Float[ndarray, " n"]:
    """The radius of each of a few points, taken farthest first from point `first`, whose own is infinite.

    Below `floor` nobody asks how far apart they are: the rest have their distance to those taken so far.
    """
    centred = points - points.mean(0)
    squares = np.einsum("nk,nk->n", centred, centred)
    apart = squares[:, None] + squares[None] - 2 * _products(centred)
    found = np.empty(len(points), np.float32)
    nearest = apart[first].copy()
    found[first], nearest[first] = np.inf, -np.inf
    for _ in range(len(points) - 1):
        at = int(nearest.argmax())
        if nearest[at] < floor * floor:
            break
        found[at] = nearest[at]
        np.minimum(nearest, apart[at], out=nearest)
        nearest[at] = -np.inf
    rest = np.isfinite(nearest)
    found[rest] = nearest[rest]
    return np.sqrt(np.maximum(found, 0))


def _products(points: Float[ndarray, "n k"]) -> Float[ndarray, "n n"]:
    """Each point times each, a few rows at a time: so small products are not shared out among threads, which on a busy
    machine wait for each other longer than they count.
    """
    count, sides = points.shape
    found = np.empty((count, count), points.dtype)
    rows = max(_BY_ONE_THREAD // (count * sides), 1)
    for start in range(0, count, rows):
        np.matmul(points[start : start + rows], points.T, out=found[start : start + rows])
    return found


def buckets(points: Float[ndarray, "n k"], most: int = BUCKET) -> list[Int[ndarray, " m"]]:
    """Neighbours together, at most so many in one; the same points always in the same buckets."""
    whole, found = [np.arange(len(points))], []
    while whole:
        chosen = whole.pop()
        if len(chosen) <= most:
            found.append(chosen)
            continue
        here = points[chosen]
        along = here[:, int(here.var(0).argmax())]
        order = np.argpartition(along, len(chosen) // 2)
        whole += [np.sort(chosen[order[: len(chosen) // 2]]), np.sort(chosen[order[len(chosen) // 2 :]])]
    return found


def turned(points: Float[ndarray, "n k"], random: np.random.Generator) -> Float[ndarray, "n k"]:
    """The same points seen from other directions, so that buckets are cut elsewhere; distances stay."""
    directions, _ = np.linalg.qr(random.normal(size=(points.shape[1], points.shape[1])))
    return points @ directions.astype(points.dtype)


def even_shares(there: Int[ndarray, " sets"], wanted: int) -> Int[ndarray, " sets"]:
    """How many each may give so that `wanted` come together: small ones all they have, and large ones as many each."""
    shares = np.zeros(len(there), np.int64)
    left = min(wanted, int(there.sum()))
    order = np.argsort(there, kind="stable")
    for place, at in enumerate(order):
        shares[at] = min(int(there[at]), left // (len(order) - place))
        left -= int(shares[at])
    return shares
