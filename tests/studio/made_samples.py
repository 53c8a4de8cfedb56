"""Small samples of motion for the studio's tests: made here, by no model."""

import numpy as np

from core.generations import PackedMotion, Sample


def made_motion(frames: int, seed: int = 0) -> PackedMotion:
    """Somebody who sways, upright."""
    random = np.random.default_rng(seed)
    time = np.arange(frames)[:, None, None] / 30
    turns = 0.25 * random.normal(size=(1, 24, 3)) * np.sin(2 * time + random.uniform(0, 6, (1, 24, 3)))
    turns[:, 0] = [0.0, 0.3, 0.0]
    places = np.column_stack([0.2 * np.arange(frames) / 30, np.full(frames, 0.1), np.arange(frames) / 30])
    return PackedMotion(
        skeleton="SMPL 24",
        frames=frames,
        rotation_vectors=turns.astype("<f4").tobytes(),
        translation_m=places.astype("<f4").tobytes(),
    )


def made_sample(tokens: int = 20, books: int = 4, factor: int = 4, seed: int = 0, settled: int | None = None) -> Sample:
    """With codes below 256."""
    codes = np.random.default_rng(seed).integers(0, 256, (tokens, books))
    return Sample(
        motion=made_motion(tokens * factor, seed),
        codes=tuple(tuple(int(code) for code in row) for row in codes),
        frames_a_token=factor,
        settled=tokens * factor if settled is None else settled,
    )
