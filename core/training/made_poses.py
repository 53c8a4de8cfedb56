"""Poses that a forecaster makes on its way, kept: examples of unreal ones for the classifier that measures 3D quality.

At ten even points of the training (or as many as it has steps) poses of random training windows are written to the
run's folder, float16 metres in the levelled frame, each with its step. What random numbers they need is drawn from the
seed and the step alone, so keeping them changes no run, and a run that was stopped ends with the same file.
"""

from pathlib import Path

import torch
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as serialised
from torch import Tensor

from core.errors import RunError
from core.models.checkpoints import MADE_POSES, put_down

POINTS = 10


class MadePoses:
    """The file of one run, written up to where the run is."""

    def __init__(self, folder: Path, count: int, steps: int) -> None:
        self._path = folder / MADE_POSES
        points = sorted({max(round(steps * each / POINTS), 1) for each in range(1, POINTS + 1)})
        ends = [count * each // len(points) for each in range(len(points) + 1)]
        self._due = {step: ends[at + 1] - ends[at] for at, step in enumerate(points)}

    def due(self, step: int) -> int:
        """How many poses are to be made after this step."""
        return self._due.get(step, 0)

    def take_back(self, done: int) -> None:
        """Forget what was made after step `done`."""
        if not any(self._due.values()):
            return
        if not done:
            self._path.unlink(missing_ok=True)
        elif self._path.is_file():
            poses, steps = self._read()
            self._write(poses[steps <= done], steps[steps <= done])

    def keep(self, step: int, poses_m: Float[Tensor, "K 9 3"]) -> None:
        """Add the poses made after this step."""
        made, at = poses_m.detach().cpu().half(), torch.full((len(poses_m),), step, dtype=torch.int32)
        if self._path.is_file():
            poses, steps = self._read()
            made, at = torch.cat((poses, made)), torch.cat((steps, at))
        self._write(made, at)

    def _read(self) -> tuple[Tensor, Tensor]:
        try:
            kept = load_file(self._path)
            return kept["poses_m"], kept["step"]
        except (SafetensorError, OSError, KeyError) as error:
            raise RunError(
                f"{self._path.name} in {self._path.parent.name} is damaged ({error}).",
                hint="Begin a new run in another folder.",
            ) from None

    def _write(self, poses_m: Tensor, step: Tensor) -> None:
        put_down(self._path, serialised({"poses_m": poses_m.contiguous(), "step": step.contiguous()}))
