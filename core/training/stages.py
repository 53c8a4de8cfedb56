"""The stages of a motion model's run: which of them it takes, and where among its steps each begins.

Steps 1 … n are the auto-encoder's, n + 1 … n + m the GPT's; a run of one stage alone counts from 1.
"""

from typing import Literal

from core.configs import PoseGpt
from core.posegpt_configs import StageTraining

Stage = Literal["autoencoder", "gpt"]
EVERY: tuple[Stage, ...] = ("autoencoder", "gpt")
SPOKEN: dict[Stage, str] = {"autoencoder": "auto-encoder", "gpt": "GPT"}


class Stages:
    """Those that a config asks for."""

    def __init__(self, config: PoseGpt) -> None:
        self._config = config
        self.here: tuple[Stage, ...] = tuple(each for each in EVERY if config.stages in ("both", each))

    @property
    def steps(self) -> int:
        """Of all of them."""
        return sum(self.of(stage).steps for stage in self.here)

    def of(self, stage: str) -> StageTraining:
        """How a stage trains, asked for or not."""
        return self._config.autoencoder_training if stage == "autoencoder" else self._config.gpt_training

    def before(self, stage: Stage) -> int:
        """Steps of the stages before it in this run."""
        return sum(self.of(each).steps for each in EVERY[: EVERY.index(stage)] if each in self.here)
