"""The shapes that movements have over time. Times and durations in seconds; every function takes an array of times."""

import numpy as np
from numpy import ndarray
from scipy.signal import butter, sosfiltfilt


def minimum_jerk(time_s: ndarray, start_s: float, duration_s: float) -> ndarray:
    """0 before, 1 after, and between the smoothest way from rest to rest (Flash and Hogan 1985)."""
    share = np.clip((time_s - start_s) / duration_s, 0, 1)
    return share**3 * (10 - 15 * share + 6 * share * share)


def bump(time_s: ndarray, start_s: float, duration_s: float) -> ndarray:
    """0 outside, rising smoothly to 1 in the middle."""
    share = np.clip((time_s - start_s) / duration_s, 0, 1)
    return 64 * (share * (1 - share)) ** 3


def smooth_step(share: ndarray) -> ndarray:
    """0 up to 0, 1 from 1 on, smooth between."""
    share = np.clip(share, 0, 1)
    return share * share * (3 - 2 * share)


def envelope(time_s: ndarray, start_s: float, end_s: float, ramp_s: float) -> ndarray:
    """1 from `start_s` to `end_s`, with ramps inside."""
    return smooth_step((time_s - start_s) / ramp_s) * smooth_step((end_s - time_s) / ramp_s)


def low_pass(values: ndarray, cut_hz: float, rate_hz: float) -> ndarray:
    """Without delay, along the first axis. The ends are held: mirrored ones run away where a clip ends in motion."""
    sections = butter(2, min(cut_hz, 0.45 * rate_hz), fs=rate_hz, output="sos")
    padding = min(len(values) - 1, int(3 * rate_hz / cut_hz))
    return sosfiltfilt(sections, values, axis=0, padtype="constant", padlen=padding)


def widened(values: ndarray, frames: int) -> ndarray:
    """At each frame the largest value within `frames` of it, so that a low-pass stays above what is needed."""
    padded = np.pad(values, frames, mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * frames + 1).max(1)


def band_noise(
    rng: np.random.Generator, frames: int, columns: int, low_hz: float, high_hz: float, rate_hz: float
) -> ndarray:
    """Unrest between two frequencies, (frames, columns)."""
    margin = 30
    white = rng.normal(size=(frames + 2 * margin, columns))
    band = low_pass(white, high_hz, rate_hz) - low_pass(white, low_hz, rate_hz)
    return band[margin : margin + frames]
