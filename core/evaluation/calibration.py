"""How far a forecaster's confidence can be believed, and how to make it so: one temperature for every step ahead.

Logits divided by a temperature are as sure as they are right; the order of actions stays (Guo and others, "On
Calibration of Modern Neural Networks", 2017). Temperatures are fitted on validation windows, never on a test part.
Letters: W windows, M steps ahead, A actions. An action that is not in the vocabulary is −1: nothing can be learned
from it, and confidence in any other action is misplaced.
"""

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

ENOUGH = 30
"""Windows that a step ahead needs for a temperature of its own; with fewer, all steps share one."""
_LEAST, _MOST = 0.05, 20.0


def temperatures(
    logits: Float[ndarray, "W M A"], truth: Int[ndarray, "W M"], sequence: Int[ndarray, " W"]
) -> Float[ndarray, " M"]:
    """What to divide each step's logits by, so that the actions that came are likeliest; 1 where nothing tells.

    Every sequence counts the same, as it does in the accuracy.
    """
    known = truth >= 0
    weights = np.zeros(truth.shape)
    for each in np.unique(sequence):
        here = known & (sequence == each)[:, None]
        weights += here / np.maximum(here.sum(0), 1)
    logits = logits.astype(np.float64)
    shared = _fitted(logits[known], truth[known], weights[known])
    return np.array(
        [
            _fitted(logits[of, step], truth[of, step], weights[of, step]) if of.sum() >= ENOUGH else shared
            for step, of in enumerate(known.T)
        ]
    )


def confidences(
    logits: Float[ndarray, "W M A"], temperatures_: Float[ndarray, " M"] | tuple[float, ...] = ()
) -> ndarray:
    """Probabilities (W, M, A). A step past the last temperature takes the last; without any, logits are as they are."""
    if not len(temperatures_):
        return softmax(logits, axis=-1)
    given = np.asarray(temperatures_, np.float64)
    of_step = given[np.minimum(np.arange(logits.shape[1]), len(given) - 1)]
    return softmax(logits / of_step[:, None], axis=-1)


def expected_calibration_error(
    probabilities: Float[ndarray, "*steps A"], truth: Int[ndarray, "*steps"], bins: int = 15
) -> float:
    """Mean distance between how sure the likeliest action is and how often it is right; 0 … 1, NaN of nothing.

    Over bins of equal width in confidence, each weighed by how many forecasts fall into it.
    """
    flat = probabilities.reshape(-1, probabilities.shape[-1])
    if not len(flat):
        return float("nan")
    sure = flat.max(-1)
    right = flat.argmax(-1) == truth.reshape(-1)
    place = np.minimum((sure * bins).astype(int), bins - 1)
    off = np.bincount(place, weights=right - sure, minlength=bins)  # sums, so the weighing is done
    return float(np.abs(off).sum() / len(flat))


def _fitted(logits: Float[ndarray, "W A"], truth: Int[ndarray, " W"], weights: Float[ndarray, " W"]) -> float:
    if not len(truth) or logits.shape[-1] < 2:
        return 1.0
    at = np.arange(len(truth))

    def surprise(log_temperature: float) -> float:
        said = log_softmax(logits / np.exp(log_temperature), axis=-1)
        return -float(weights @ said[at, truth])

    found = minimize_scalar(surprise, bounds=(np.log(_LEAST), np.log(_MOST)), method="bounded")
    return float(np.exp(found.x))
