"""How long something that reports its progress will still take, in seconds; said only once it is known well enough."""

from collections import deque


class TimeLeft:
    """How long a run will still take: said only once three looks in a row agree within 25 %."""

    _WINDOW_S = 30.0

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()
        self._estimates: deque[tuple[float, float]] = deque(maxlen=4)  # when, seconds left

    def add(self, at_s: float, done: int, total: int) -> None:
        """The run stood at `done` of `total` at the moment `at_s`."""
        if self._seen and (done < self._seen[-1][1] or at_s < self._seen[-1][0]):
            self.forget()  # it was started anew
        self._seen.append((at_s, done))
        while len(self._seen) > 2 and at_s - self._seen[0][0] > self._WINDOW_S:
            self._seen.popleft()
        first_at, first_done = self._seen[0]
        if done <= first_done or at_s - first_at < 1.0:
            return
        if self._estimates and at_s - self._estimates[-1][0] < 0.5:
            return
        self._estimates.append((at_s, (total - done) * (at_s - first_at) / (done - first_done)))

    def lost(self, seconds: float) -> None:
        """So long nothing was done since the last report, for a reason that says nothing of the pace.

        The machine slept, or the run paused: what was seen before counts as that much later.
        """
        self._seen = deque((at + seconds, done) for at, done in self._seen)
        self._estimates = deque(((at + seconds, left) for at, left in self._estimates), maxlen=4)

    def forget(self) -> None:
        """What was seen says nothing any more."""
        self._seen.clear()
        self._estimates.clear()

    def seconds(self, now_s: float | None = None) -> float | None:
        """Seconds left as of `now_s` (default: the last report), or None while that is not known well enough."""
        if len(self._estimates) < 3:
            return None
        ends = [at + left for at, left in self._estimates]
        at, left = self._estimates[-1]
        if max(ends) - min(ends) > max(0.25 * left, 2.0):
            return None
        return max(0.0, left - ((now_s or at) - at))
