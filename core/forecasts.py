"""What a forecaster says about a moment of a clip, as a value that the studio can draw. No torch.

Joints are UPPER_BODY_9 in the clip's levelled frame (neck at the origin, metres, y up); `joints_px` are the same
joints in the picture, in pixels of the original, drawn at the last seen neck.
"""

import msgspec


class ForecastStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step ahead. `truth_*` are filled where the future is annotated."""

    action: str  # label name
    confidence: float
    best: tuple[tuple[str, float], ...]  # up to five (action, probability), best first
    joints_m: tuple[tuple[float, float, float], ...]
    joints_px: tuple[tuple[float, float], ...]
    truth_action: str | None = None
    truth_frame: int | None = None
    truth_px: tuple[tuple[float, float], ...] | None = None
    truth_seen: tuple[bool, ...] | None = None
    error_px: float | None = None


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """The next steps of a clip as seen from `at_frame`."""

    model: str  # what made it: a run's name, "n-gram, order 3" …
    clip_id: str
    at_frame: int
    seen_frames: tuple[int, ...]  # of the characteristic poses it looked at, oldest first
    seen_actions: tuple[str, ...]
    steps: tuple[ForecastStep, ...]
    camera_estimated: bool
    doubts: tuple[str, ...] = ()  # plain sentences: an estimated camera, a short past, unknown labels
