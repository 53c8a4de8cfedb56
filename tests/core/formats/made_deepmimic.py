"""A clip of DeepMimic's humanoid: it stands for a moment and bends both elbows and the right knee."""

import json
from pathlib import Path

import numpy as np

FRAMES, STEP_S = 20, 1 / 30


def make(folder: Path) -> Path:
    return write(folder / "humanoid3d_bend.txt")


def write(path: Path, *, steps_s: "list[float] | None" = None) -> Path:
    rows = []
    for frame, step_s in enumerate(steps_s or [STEP_S] * FRAMES):
        share = frame / (FRAMES - 1)
        straight = [1.0, 0.0, 0.0, 0.0]
        half = -0.6 * share / 2  # the thigh forwards, about z
        hip = [float(np.cos(half)), 0.0, 0.0, -float(np.sin(half))]
        right_leg, left_leg = [*hip, -1.2 * share, *straight], [*straight, 0.0, *straight]
        right_arm, left_arm = [*straight, 1.5 * share], [*straight, 0.5 * share]
        rows.append(
            [
                step_s,
                0.1 * share,
                0.9,
                0.0,
                *straight,
                *straight,
                *straight,
                *right_leg,
                *right_arm,
                *left_leg,
                *left_arm,
            ]
        )
    path.write_text(json.dumps({"Loop": "none", "Frames": rows}))
    return path
