"""What a worker does in `test_two_workers`: `torchrun` starts two of these.

    two_workers.py forecaster FOLDER                  a made-up project's, by the recipe
    two_workers.py run FOLDER [stop STEP] [kill STEP] the spec in the folder, by `core.runner`

`stop`: the first worker says the word during that step; `kill`: the second is killed in the middle of it, once.
"""

import os
import signal
import sys
from pathlib import Path

from core import configs, runner
from core.datasets.pose_bank import PoseBank
from core.launched import launched
from core.run_folder import RunFolder
from core.runs import Metric, TrainForecaster
from core.training.forecaster import train_forecaster
from core.training.motion_vqvae import AutoencoderTraining
from tests.core.made_up_project import bank_poses, made_up

FORECASTER = (
    "steps=20", "validate_every=8", "report_every=1", "optimiser.batch=32", "data.past_steps=4", "data.future_steps=3",
    "network.dropout=0.2", "device=cpu", "samples=0", "unroll=2",
)  # fmt: skip


def forecaster(folder: Path) -> dict[tuple[int, str], float]:
    """Its metrics, by step and name."""
    made = made_up(8, 8)
    config = configs.with_overrides(configs.smoke(), FORECASTER)
    spec = TrainForecaster(project="", out=str(folder), config=config)
    events = train_forecaster(spec, made.project, made.read_tracks, folder, PoseBank(bank_poses(300), "made up"))
    return {(each.step, each.name): each.value for each in events if isinstance(each, Metric)}


def _disturb(folder: Path, what: str, step: int) -> None:
    """Let that happen in the middle of an auto-encoder's step: when it has gradients, and nobody's are added up."""
    add, taken = AutoencoderTraining._taught, [0]

    def taught(self: AutoencoderTraining, *given, **named):
        said = add(self, *given, **named)
        taken[0] += 1
        if taken[0] == step and what == "stop" and launched().rank == 0:
            RunFolder(folder).say("stop")
        if taken[0] == step and what == "kill" and launched().rank == 1 and not launched().restarts:
            os.kill(os.getpid(), signal.SIGKILL)
        return said

    AutoencoderTraining._taught = taught


if __name__ == "__main__":
    here = Path(sys.argv[2])
    if sys.argv[1] == "forecaster":
        forecaster(here)
    else:
        for number in range(3, len(sys.argv), 2):
            _disturb(here, sys.argv[number], int(sys.argv[number + 1]))
        sys.exit(runner.main([str(here)]))
