"""What a job does, in the person's words, from its spec alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

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
from studio.words import counted, say

Dataset = Literal["mpii-cooking-2", "ikea-asm", "babel", "grab", "humanact12"]
PREPARED: dict[Dataset, str] = {
    "mpii-cooking-2": "MPII Cooking 2",
    "ikea-asm": "IKEA-ASM",
    "babel": "BABEL",
    "grab": "GRAB",
    "humanact12": "HumanAct12",
}
"""What a person calls the data sets that can be prepared: the names of their formats."""


def title_of(spec: Spec | None, clip_name: Callable[[str], str] = lambda _: "") -> str:
    """Such as `Extract 2D poses, clip_13`; `clip_name` knows clips by their ids."""
    match spec:
        case ExtractPoses(clip_ids=ids):
            words = say("Extract 2D poses")
            if len(ids) > 1:
                return say("Extract 2D poses, {count} clips", count=len(ids))
            name = clip_name(ids[0]) if ids else ""
            return f"{words}, {name}" if name else words
        case TrainForecaster(preset=preset):
            return say("Train a forecaster") + (f", {preset.removeprefix('forecaster/')}" if preset else "")
        case EvaluateForecaster(run=run):
            return say("Evaluate {name}", name=Path(run).name) if run else say("Evaluate")
        case TrainPoseGpt(preset=preset):
            return say("Train a motion model") + (f", {preset.partition('/')[2]}" if preset else "")
        case EvaluatePoseGpt():
            return say("Evaluate a motion model")
        case ReproduceForecasts(what=what):
            return say("Reproduce {names}", names=", ".join(what))
        case CompareSequences(splits=splits):
            return say("Compare sequences, {splits}", splits=counted(splits, "split"))
        case ReproduceTable(what=what):
            return say("Reproduce {what}", what=what)
        case GenerateMotion(file=file):
            return say("Generate {name}", name=Path(file).name)
        case MakeDemo():
            return say("Make a demo kitchen")
        case ExportBodies(file=file) | ExportComparison(file=file):
            return say("Export {name}", name=Path(file).name)
        case ImportData(source=source, name=name, only=only):
            name = name or Path(source).name
            files = counted(len(only), "file")
            return say("Import {files} of {name}", files=files, name=name) if only else say("Import {name}", name=name)
        case PrepareData(dataset=dataset):
            return say("Prepare {name}", name=PREPARED[dataset])
        case BuildPoseBank(name=name):
            return say("Build the pose bank {name}", name=name)
        case MakeProxy(video=video):
            return say("Make a light copy of {name}", name=Path(video).name)
        case None:
            return say("Made with another version")
