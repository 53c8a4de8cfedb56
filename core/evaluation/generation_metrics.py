"""What generated motion is measured by: pure functions of arrays of features, names and numbers.

The Fréchet distance between two normal distributions with the features' means and covariances (FID) is biased upwards
the fewer motions there are, and more so the wider the features: it is always given beside the same distance between
two halves of real motion of the same size, and beside the kernel distance (KID), which has no such bias. Both sides
have equally many motions. Where these are fewer than 1,000, features are narrowed for FID to at most 32 dimensions,
those in which real motion differs most.

R_T and R_S change places between the tables of the paper. Here they are what they measure: `recognised` is the
accuracy of T (trained on real motion) on samples, as a share of its accuracy on real motion nobody trained on;
`teaches` is the accuracy on that real motion of S (trained on samples) as a share of T's.

Letters: N motions, D dimensions of the features, A actions, P pairs.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from core.errors import RunError

ENOUGH = 1000
"""Motions a side from which on features are taken as wide as they are."""
NARROW = 32
"""Otherwise at most so many dimensions."""
PAIRS = 200
PAIRS_AN_ACTION = 20

# ---- distances between distributions --------------------------------------------------------------------------------


def frechet(a: Float[ndarray, "N D"], b: Float[ndarray, "M D"]) -> float:
    """Between the normal distributions of the same mean and covariance; RunError of fewer than two motions."""
    if min(len(a), len(b)) < 2:
        raise RunError("A Fréchet distance needs two motions a side, at least.", hint="Ask for more windows.")
    return frechet_of_normal(a.mean(0), np.cov(a, rowvar=False), b.mean(0), np.cov(b, rowvar=False))


def frechet_of_normal(
    mean_a: Float[ndarray, " D"],
    covariance_a: Float[ndarray, "*D D"],
    mean_b: Float[ndarray, " D"],
    covariance_b: Float[ndarray, "*D D"],
) -> float:
    """|μ_a − μ_b|² + tr(Σ_a + Σ_b − 2 (Σ_a Σ_b)^½).

    The trace of the root comes from the eigenvalues of √Σ_a Σ_b √Σ_a, which is symmetric: nothing imaginary arises,
    and covariances of too few motions, which have no inverse, are as good as any.
    """
    covariance_a, covariance_b = np.atleast_2d(covariance_a), np.atleast_2d(covariance_b)
    values, vectors = np.linalg.eigh(covariance_a)
    root = (vectors * np.sqrt(values.clip(0.0))) @ vectors.T
    between = np.linalg.eigvalsh(root @ covariance_b @ root).clip(0.0)
    apart = np.asarray(mean_a) - np.asarray(mean_b)
    distance = apart @ apart + np.trace(covariance_a) + np.trace(covariance_b) - 2.0 * np.sqrt(between).sum()
    return max(float(distance), 0.0)


def kernel_distance(a: Float[ndarray, "N D"], b: Float[ndarray, "M D"]) -> float:
    """KID: the unbiased squared maximum mean discrepancy under (x·y / D + 1)³. It may come out below zero."""
    if min(len(a), len(b)) < 2:
        raise RunError("A kernel distance needs two motions a side, at least.", hint="Ask for more windows.")
    own = [(_kernel(x, x).sum() - _kernel_of_self(x).sum()) / (len(x) * (len(x) - 1)) for x in (a, b)]
    return float(own[0] + own[1] - 2.0 * _kernel(a, b).mean())


def _kernel(a: ndarray, b: ndarray) -> ndarray:
    return (a @ b.T / a.shape[1] + 1.0) ** 3


def _kernel_of_self(a: ndarray) -> ndarray:
    return ((a * a).sum(1) / a.shape[1] + 1.0) ** 3


@dataclass(frozen=True)
class Narrowing:
    """The directions in which real features differ most, and their middle."""

    middle: Float[ndarray, " D"]
    directions: Float[ndarray, "D d"]

    def __call__(self, features: Float[ndarray, "N D"]) -> Float[ndarray, "N d"]:
        return (features - self.middle) @ self.directions


def narrowing(real: Float[ndarray, "N D"], dimensions: int = NARROW) -> Narrowing:
    """The principal directions of real features, at most so many."""
    middle = real.mean(0)
    _, _, directions = np.linalg.svd(real - middle, full_matrices=False)
    return Narrowing(middle, directions[:dimensions].T)


@dataclass(frozen=True)
class Spread:
    """A figure over several draws: its mean and how far they scatter (standard deviation)."""

    mean: float
    deviation: float

    @classmethod
    def of(cls, values: "list[float] | ndarray") -> "Spread":
        known = np.asarray(values, float)
        return cls(float(known.mean()), float(known.std(ddof=1)) if len(known) > 1 else 0.0)


@dataclass(frozen=True)
class Apart:
    """How far motions are from real ones, and real ones from each other, at the same size."""

    motions: int  # a side
    dimensions: int
    narrowed: bool
    fid: Spread
    fid_of_real: Spread  # between two disjoint parts of real motion
    kid: Spread
    kid_of_real: Spread


def apart(motions: Float[ndarray, "N D"], real: Float[ndarray, "M D"], *, draws: int = 5, seed: int = 0) -> Apart:
    """FID and KID of `motions` against `real`, beside real against real, over `draws` draws of equally many.

    Each draw parts the real features into two halves; the motions meet the one half, and so does the other half.
    RunError where that leaves fewer than eight a side.
    """
    count = min(len(motions), len(real) // 2)
    if count < 8:
        raise RunError(
            f"{len(motions)} motions and {len(real)} real ones are too few to compare.",
            hint="Ask for more windows: eight a side at the least, and a thousand to be sure.",
        )
    wide_motions, wide_real, narrow = motions, real, False
    # Fewer motions than dimensions say nothing of most of them; a fifth as many dimensions are told well.
    dimensions = min(NARROW, max(count // 5, 1)) if count < ENOUGH else real.shape[1]
    if dimensions < real.shape[1]:
        fit = narrowing(real, dimensions)
        motions, real, narrow = fit(motions), fit(real), True
    random = np.random.default_rng((seed, 43))
    fids, noises, kids, kid_noises = [], [], [], []
    for _ in range(draws):
        order = random.permutation(len(real))
        here, there = real[order[:count]], real[order[count : 2 * count]]
        chosen = random.permutation(len(motions))[:count]
        fids.append(frechet(motions[chosen], here))
        noises.append(frechet(there, here))
        # It needs no more motions than dimensions, so it looks at all of them.
        kids.append(kernel_distance(wide_motions[chosen], wide_real[order[:count]]))
        kid_noises.append(kernel_distance(wide_real[order[count : 2 * count]], wide_real[order[:count]]))
    return Apart(
        count, real.shape[1], narrow, Spread.of(fids), Spread.of(noises), Spread.of(kids), Spread.of(kid_noises)
    )


# ---- how different motions are --------------------------------------------------------------------------------------


def diversity(features: Float[ndarray, "N D"], *, pairs: int = PAIRS, seed: int = 0) -> float:
    """Mean distance between the features of random pairs, whatever their actions; NaN of fewer than two."""
    if len(features) < 2:
        return float("nan")
    random = np.random.default_rng((seed, 47))
    return float(_distances(features, _pairs(len(features), pairs, random)).mean())


def multimodality(
    features: Float[ndarray, "N D"],
    labels: Bool[ndarray, "N A"],
    *,
    pairs: int = PAIRS_AN_ACTION,
    seed: int = 0,
) -> float:
    """Mean distance between random pairs of the same action, every action counting alike; NaN where none has two."""
    random = np.random.default_rng((seed, 53))
    means = []
    for action in range(labels.shape[1]):
        own = features[labels[:, action]]
        if len(own) >= 2:
            means.append(_distances(own, _pairs(len(own), pairs, random)).mean())
    return float(np.mean(means)) if means else float("nan")


def _pairs(count: int, pairs: int, random: np.random.Generator) -> Int[ndarray, "P 2"]:
    """Two different ones each time."""
    first = random.integers(count, size=pairs)
    return np.stack([first, (first + random.integers(1, count, size=pairs)) % count], axis=1)


def _distances(features: ndarray, pairs: ndarray) -> Float[ndarray, " P"]:
    return np.linalg.norm(features[pairs[:, 0]] - features[pairs[:, 1]], axis=-1)


# ---- names ----------------------------------------------------------------------------------------------------------


def accuracy(scores: Float[ndarray, "N A"], labels: Bool[ndarray, "N A"], k: int = 1) -> float:
    """Share of motions of which one of the `k` likeliest actions is their own; of equal scores the first counts."""
    if not len(scores):
        return float("nan")
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return float(np.take_along_axis(labels, best, axis=1).any(1).mean())


def accuracy_by_action(scores: Float[ndarray, "N A"], labels: Bool[ndarray, "N A"]) -> Float[ndarray, " A"]:
    """The same of each action's own motions; NaN of an action that has none."""
    best = scores.argmax(1)
    right = labels[np.arange(len(labels)), best]
    return np.array(
        [right[own].mean() if (own := labels[:, action]).any() else np.nan for action in range(labels.shape[1])]
    )


def mean_average_precision(scores: Float[ndarray, "N A"], labels: Bool[ndarray, "N A"]) -> float:
    """Mean over actions that occur of the average precision; equal scores are taken together."""
    found = [
        _average_precision(scores[:, action], labels[:, action])
        for action in range(labels.shape[1])
        if labels[:, action].any()
    ]
    return float(np.mean(found)) if found else float("nan")


def _average_precision(scores: Float[ndarray, " N"], own: Bool[ndarray, " N"]) -> float:
    """Σ (recall_n − recall_{n−1}) precision_n over the thresholds that occur."""
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(own[order])
    ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    precision, recall = hits[ends] / (ends + 1), hits[ends] / hits[-1]
    return float((np.diff(recall, prepend=0.0) * precision).sum())


def recognised(accuracy_on_samples: float, accuracy_on_real: float) -> float:
    """R_T: how well T names samples, as a share of how well it names real motion; NaN where it names none."""
    return accuracy_on_samples / accuracy_on_real if accuracy_on_real > 0 else float("nan")


def teaches(accuracy_of_s: float, accuracy_of_t: float) -> float:
    """R_S: how well real motion is named by who learned from samples, as a share of who learned from real motion."""
    return accuracy_of_s / accuracy_of_t if accuracy_of_t > 0 else float("nan")


# ---- codes ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Likelihood:
    """How well the next code is foretold, over the real tokens of so many motions."""

    bits_a_code: float
    bits_a_second: float
    bits_a_dimension: float  # a dimension is one number of a frame's parameters
    right: float  # share of codes that were the likeliest
    codes: int


def likelihood(
    log_probabilities: Float[ndarray, "N T K"],
    right: Bool[ndarray, "N T K"],
    real: Bool[ndarray, "N T"],
    *,
    frames_a_token: int,
    dimensions: int,
    rate_hz: float = 30.0,
) -> Likelihood:
    """From natural logarithms of what was given to the codes that came, and whether they were the likeliest."""
    codes = int(real.sum()) * log_probabilities.shape[2]
    if not codes:
        raise RunError("There is no code to foretell.", hint="Ask for more windows.")
    bits = float(-log_probabilities[real].astype(float).sum() / np.log(2.0))
    frames = int(real.sum()) * frames_a_token
    return Likelihood(
        bits_a_code=bits / codes,
        bits_a_second=bits / (frames / rate_hz),
        bits_a_dimension=bits / (frames * dimensions),
        right=float(right[real].mean()),
        codes=codes,
    )
