"""Measures motion that passes through poses: `python tools/measure_anchors.py RUN PROJECT [POSES] [RESULT.json]`.

RUN is a motion model, PROJECT the recordings it learned from; the poses are from the test part of its split.
"""

import sys
from pathlib import Path

import msgspec

from core.demo import find_run
from core.experiments.anchoring import anchoring, bending, in_words, poses_of
from core.experiments.judging import real_windows
from core.generation.motion_model import MotionModel


def main() -> None:
    run, project, *more = sys.argv[1:]
    model = MotionModel.load(find_run(run))
    header = model.header
    real = real_windows(
        Path(project), header.config, header.actions, windows=100, learned_from=header.split,
        fingerprint=header.data_fingerprint,
    )  # fmt: skip
    count = int(more[0]) if more else 60
    poses = poses_of(real.held_out, real.actions, count)
    found = {
        "recorded motion, bent": bending(real.train, real.actions, poses),
        f"motion of {model.name}": anchoring(model, poses),
    }
    for name, said in found.items():
        print(f"{name}: {in_words(said)}\n{'It holds.' if said.holds else 'It does not hold.'}\n")
    if len(more) > 1:
        Path(more[1]).write_bytes(msgspec.json.format(msgspec.json.encode(found)) + b"\n")


if __name__ == "__main__":
    main()
