"""Which work may be done beside which: every spec has a lane, and a lane does one thing at a time.

    training     one on each graphics card, one on the processor
    data         one for each project: what comes later reads what came before
    extraction, measuring, copies (light ones of videos)     one each
    export       one: pictures, films, tables, motion that a model makes

No torch here; graphics cards are those of core.devices that the installed torch can use.
"""

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
    GenerateMotion,
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

    `where` is, of a training, "processor", "card" (any that is free) or "card-" and its own name, and of data its
    project's folder.
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
        case ExportBodies() | ExportComparison() | GenerateMotion():
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
    """The graphics cards that trainings started here can use, by names that mean the same one in every process."""
    from core.devices import devices  # asks the driver: only where a training is asked for

    usable = [each for each in devices() if each.kind != "cpu" and each.usable]
    return tuple(f"card-{each.uuid or number}" for number, each in enumerate(usable))


def environment(lane: Lane) -> dict[str, str]:
    """What a process that works in this lane is told about graphics cards."""
    card = lane.where.removeprefix("card-")
    if lane.kind != "training" or card == lane.where or card.isdigit():  # Apple's only one has no name
        return {}
    return {"CUDA_VISIBLE_DEVICES": card}
