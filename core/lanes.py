"""Which work may be done beside which: every spec has a lane, and a lane does one thing at a time.

    training     one on each graphics card, one on the processor
    data         one for each project: what comes later reads what came before
    extraction, export (pictures, films, tables), measuring, copies (light ones of videos)     one each

No torch here; graphics cards are found by NVIDIA's own library, and only where the torch that is installed can use one.
"""

import os
import platform
import sys
from contextlib import suppress
from functools import cache
from typing import Literal

import msgspec

from core.runs import (
    BuildPoseBank,
    CompareSequences,
    EvaluateForecaster,
    EvaluatePoseGpt,
    ExportBodies,
    ExportComparison,
    ExtractPoses,
    ImportData,
    MakeDemo,
    MakeProxy,
    PrepareData,
    ReproduceForecasts,
    ReproduceTable,
    Spec,
    TrainForecaster,
    TrainPoseGpt,
)

Kind = Literal["training", "data", "extraction", "export", "measuring", "copies"]


class Lane(msgspec.Struct, frozen=True):
    """What is done one after the other.

    `where` is, of a training, "processor", "card" (any that is free) or "card-0" …, and of data its project's folder.
    """

    kind: Kind
    where: str = ""


def lane_of(spec: Spec) -> Lane:
    """Where the work of a spec queues."""
    match spec:
        case TrainForecaster(config=config) | TrainPoseGpt(config=config):
            return training_lane(config.device)
        case ReproduceForecasts(knobs=knobs) | ReproduceTable(knobs=knobs):
            chosen = [each.partition("=")[2].strip() for each in knobs if each.partition("=")[0].strip() == "device"]
            return training_lane(chosen[-1] if chosen else "auto")
        case CompareSequences():
            return Lane("training", "processor")
        case EvaluateForecaster() | EvaluatePoseGpt():
            return Lane("measuring")
        case ExtractPoses():
            return Lane("extraction")
        case ImportData(project=project) | PrepareData(project=project) | BuildPoseBank(project=project):
            return Lane("data", project)
        case MakeDemo(folder=folder):
            return Lane("data", folder)
        case ExportBodies() | ExportComparison():
            return Lane("export")
        case MakeProxy():
            return Lane("copies")


def training_lane(device: str) -> Lane:
    """Where a training with this `device` queues."""
    return Lane("training", "card" if device != "cpu" and cards() else "processor")


def goes_on_exactly(spec: Spec) -> bool:
    """Whether the work, once stopped, goes on as if it never had been; it can pause without a process."""
    return isinstance(spec, TrainForecaster | TrainPoseGpt)


def places(lane: Lane) -> tuple[Lane, ...]:
    """Where, of all lanes that are one place, its work can be done."""
    if lane.kind == "training" and lane.where == "card":
        return tuple(Lane("training", each) for each in cards()) or (Lane("training", "processor"),)
    return (lane,)


@cache
def cards() -> tuple[str, ...]:
    """The graphics cards that trainings of this machine can use: "card-0" …, by the numbers torch is told."""
    from importlib import metadata  # a third of the time in which the keeper starts

    with suppress(metadata.PackageNotFoundError):
        if metadata.version("torch").endswith("+cpu"):
            return ()
    if sys.platform == "darwin":
        return ("card-0",) if platform.machine() == "arm64" else ()
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return tuple(f"card-{each.strip()}" for each in visible.split(",") if each.strip() not in ("", "-1"))
    return tuple(f"card-{number}" for number in range(_counted()))


def environment(lane: Lane) -> dict[str, str]:
    """What a process that works in this lane is told about graphics cards."""
    if lane.kind == "training" and lane.where.startswith("card-") and sys.platform != "darwin":
        return {"CUDA_VISIBLE_DEVICES": lane.where.removeprefix("card-")}
    return {}


def _counted() -> int:
    try:
        import pynvml
    except ImportError:
        return 0
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:  # no driver, no card
        return 0
    try:
        return pynvml.nvmlDeviceGetCount()
    except pynvml.NVMLError:
        return 0
    finally:
        pynvml.nvmlShutdown()
