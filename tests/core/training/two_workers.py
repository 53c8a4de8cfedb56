"""What a worker does in `test_two_workers`, and what starts two of these as `torchrun` does: its agent, its rendezvous.

Each line of its input is one launch, in JSON; it answers each with how the workers ended, 0 or 1.

    {"restarts": 0, "words": ["forecaster", FOLDER]}               a made-up project's, by the recipe
    {"restarts": 1, "words": ["run", FOLDER, "stop"|"kill", STEP]} the spec in the folder, by `core.runner`

`stop`: the first worker says the word during that step; `kill`: the second is killed in the middle of it, once.
The workers are processes of their own, forked from one that has torch loaded and has done nothing with it.
"""

import json
import multiprocessing
import os
import signal
import sys
import uuid
from pathlib import Path

import torch._dynamo  # noqa: F401 (every worker's optimiser would load it)
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

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


def work(words: list[str]) -> None:
    """One worker's whole life."""
    here = Path(words[1])
    if words[0] == "forecaster":
        forecaster(here)
        return
    for number in range(2, len(words), 2):
        _disturb(here, words[number], int(words[number + 1]))
    if code := runner.main([str(here)]):
        sys.exit(code)


def _launched(words: list[str], restarts: int) -> int:
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=2,
        run_id=str(uuid.uuid4()),
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=restarts,
        monitor_interval=0.1,
        start_method="forkserver",
    )
    try:
        elastic_launch(config, named.work)(words)
    except ChildFailedError:
        return 1
    return 0


if __name__ == "__main__":
    from tests.core.training import two_workers as named  # as the workers know it

    multiprocessing.set_forkserver_preload([named.__name__])
    for asked in map(json.loads, sys.stdin):
        sys.stdout.write(f"ended {_launched(asked['words'], asked['restarts'])}\n")
        sys.stdout.flush()
