"""What runs measured as arrays, over steps, over time at work, or over the share of the run.

A run reports one point after another; the array of a curve grows at its end, and one that did not grow is the very
same object, so that whoever draws it knows that nothing changed.
"""

from itertools import islice

import numpy as np
from numpy import ndarray

from studio.jobs import Job
from studio.widgets.curve_numbers import Across

_Key = tuple[str, str]


class Points:
    """Arrays by run and figure."""

    def __init__(self) -> None:
        self._kept: dict[_Key, tuple[ndarray, ndarray]] = {}
        self._across: dict[tuple[str, str, str], tuple[object, int, ndarray]] = {}

    def of(self, job: Job, metric: str) -> tuple[ndarray, ndarray]:
        """Steps and values of one figure of a run, in ascending steps."""
        points, key = job.metrics.get(metric, []), (job.name, metric)
        steps, values = self._kept.get(key, (np.zeros(0), np.zeros(0)))
        known = len(values)
        if known and (known > len(points) or points[known - 1] != (steps[-1], values[-1])):
            steps, values, known = np.zeros(0), np.zeros(0), 0  # it went on from an earlier checkpoint
        if known < len(points):
            new = np.array(list(islice(points, known, None)), dtype=float).reshape(-1, 2)
            steps, values = np.concatenate([steps, new[:, 0]]), np.concatenate([values, new[:, 1]])
        self._kept[key] = steps, values
        return steps, values

    def places(self, job: Job, metric: str, across: Across, most: float) -> tuple[ndarray, ndarray]:
        """Where a figure's points lie: at their steps, seconds at work, or percent of the `most` steps of the run."""
        steps, values = self.of(job, metric)
        if across == "steps" or not len(steps):
            return steps, values
        key, mark = (job.name, metric, across), len(job.worked) if across == "time" else int(most)
        found = self._across.get(key)
        if found is not None and found[0] is steps and found[1] == mark:
            return found[2], values if len(found[2]) else found[2]
        if across == "share":
            places = 100 * steps / max(most, float(steps[-1]), 1.0)
        elif len(job.worked) < 2:
            places = np.zeros(0)
        else:
            worked = np.array(job.worked, dtype=float)
            places = np.interp(steps, worked[:, 0], worked[:, 1])
        self._across[key] = steps, mark, places
        return places, values if len(places) else places

    def forget(self) -> None:
        """Another project."""
        self._kept.clear()
        self._across.clear()
