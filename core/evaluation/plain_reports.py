"""The plain methods of a project as a report, without any training: what a forecaster must beat there.

Everything they count and average is of the training part, everything they choose of the validation part, in the words
of the training part; measured is another part (W windows, M steps ahead, as in `evaluation.protocols`).
"""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from core.configs import Forecaster
from core.datasets.action_sequences import examples_of
from core.datasets.pose_bank import find_bank
from core.datasets.steps import ReadTracks
from core.evaluation.baselines import plain_rows
from core.evaluation.protocols import MEANING, TruthReader, true_poses, windows_to_measure
from core.knobs import with_overrides
from core.project.annotations import Project
from core.reports import Report
from core.wording import command_line

NAME = "plain methods"


def plain_report(
    project: Project,
    read_tracks: ReadTracks,
    folder: Path,
    part: str,
    *,
    split: str = "",
    settings: Sequence[str] = (),
    truth_reader: TruthReader | None = None,
) -> Report:
    """`settings` are a forecaster's, of which those of data count; `folder` is the project's, for its pose banks."""
    began = time.perf_counter()
    data = with_overrides(Forecaster(), list(settings)).data
    data = replace(data, split=split or data.split)
    examples = examples_of(project, read_tracks, data)
    examples.require_something_to_learn()
    windows = windows_to_measure(examples, part, data.future_steps)
    truth_m = None if truth_reader is None else true_poses(examples, part, windows, truth_reader)
    bank = find_bank(data.bank, folder, data.joint_map)
    rows = plain_rows(examples, part, windows=windows, truth_m=truth_m, bank=bank)
    asked = (*settings, *(("--split", split) if split else ()), "--part", part)
    return Report(
        run=NAME,
        preset="",
        project=project.name,
        part=part,
        steps_ahead=data.future_steps,
        training_step=0,
        seed=0,
        clips=len(np.unique(windows.sequence)),
        windows=len(windows),
        data_fingerprint=examples.fingerprint(),
        device="the processor",
        seconds=time.perf_counter() - began,
        rows=tuple(rows),
        notes=(*examples.notes, *MEANING),
        command=command_line(("posecast", "baselines", "PROJECT", *asked)),
    )
