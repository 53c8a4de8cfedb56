"""A checkpoint and one part of its split → a report, always beside the plain methods.

Measured are roll-outs from every window with at least one seen and all M following steps. What each figure means is
said in `evaluation.metrics` and repeated in the report itself, so that nobody has to guess what a number stands for.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from core.bodies.skeletons import UPPER_BODY_9
from core.datasets.action_sequences import Examples, Vocabulary, Windows, counted, examples_of
from core.datasets.pose_bank import shipped_bank
from core.datasets.steps import ReadTracks
from core.errors import RunError
from core.evaluation import metrics
from core.evaluation.baselines import actions_of
from core.evaluation.batches import WindowTensors
from core.evaluation.forecasting import TrainedPredictor, load_run
from core.geometry.cameras import level_points
from core.models.baselines.constant import zero_velocity
from core.project.annotations import Project
from core.reports import Report, Row
from core.reports import figure as _figure
from core.reports import share as _share
from core.runs import Done, EvaluateForecaster, Events, Made, Note, Progress


class Truth(Protocol):
    """What a simulation knows of a clip: where UPPER_BODY_9 is in the world, metres, y up."""

    @property
    def upper_body_m(self) -> Float[ndarray, "frames 9 3"]: ...


TruthReader = Callable[[str], Truth | None]
"""The truth of a clip by id; None where nobody knows it."""


MEANING = (
    "Accuracy: mean over clips of the mean over each clip's windows, rolled out step by step.",
    "2D error: mean distance of visible joints from the detected ones, necks laid on each other, the neck not counted; "
    "pixels of the original picture.",
    "3D error: mean distance from the simulation's true joints, necks laid on each other; aligned: after the best "
    "shift, turn and scale of each pose.",
)


def evaluate(
    run: TrainedPredictor, project: Project, read_tracks: ReadTracks, part: str, truth_reader: TruthReader | None = None
) -> Report:
    """Measure a run and the plain methods on one part; RunError where there is nothing to measure on."""
    began = time.perf_counter()
    config = run.header.config
    words = Vocabulary(run.header.actions, run.header.objects)
    # The run's own split holds wherever its clips are found: nothing it learned from may be measured on.
    kept = {name: tuple(each for each in ids if each in project.clips) for name, ids in run.header.split.items()}
    same = any(kept.values())
    examples = examples_of(
        project, read_tracks, config.data, config.seed, vocabulary=words, parts=kept if same else None
    )
    if part not in examples.windows:
        raise RunError(f"There is no part {part!r}.", hint=f"The split has: {', '.join(examples.windows)}.")
    windows = examples.windows[part].complete()
    if not len(windows):
        raise RunError(
            f"The {part} part has no clip with one step and {config.data.future_steps} more after it.",
            hint="Mark more clips, measure on another part, or train with fewer future steps.",
        )
    scores, seen, joints_m = _rolled_out(run, windows)
    truth_m = None if truth_reader is None else _true_poses(examples, part, windows, truth_reader)
    rows = (
        _row(run.name, windows, scores=scores, seen=seen, joints_m=joints_m, truth_m=truth_m),
        *_plain_rows(run, examples, part, windows, truth_m),
    )
    notes = (
        *(() if same else ("None of the clips this run learned from is here: its split is the project's own.",)),
        *examples.notes,
        *MEANING,
        *(
            ("The simulation is more regular than life: compare these figures with no paper's.",)
            if truth_m is not None
            else ()
        ),
    )
    return Report(
        run=run.name,
        preset=run.header.preset,
        project=project.name,
        part=part,
        steps_ahead=config.data.future_steps,
        training_step=run.header.step,
        seed=config.seed,
        clips=len(np.unique(windows.sequence)),
        windows=len(windows),
        data_fingerprint=run.header.data_fingerprint,
        device=f"the processor, {counted(torch.get_num_threads(), 'thread')}",
        seconds=time.perf_counter() - began,
        rows=rows,
        notes=notes,
    )


def evaluate_forecaster(
    spec: EvaluateForecaster, project: Project, read_tracks: ReadTracks, truth_reader: TruthReader | None, folder: Path
) -> Events:
    """Measure a run; `report.json` and `report.md` go into `folder`."""
    run = load_run(Path(spec.run))
    yield Note(f"{run.name}, checkpoint of step {run.header.step}, on the {spec.part} part of {project.name}")
    yield Progress(0, 1, "Measuring")
    report = evaluate(run, project, read_tracks, spec.part, truth_reader)
    yield Progress(1, 1, "Measuring")
    written = write_report(report, folder)
    for path in written:
        yield Made("report", str(path))
    ours, best = (
        report.rows[0],
        min((row.mpjpe_px for row in report.rows[1:] if row.mpjpe_px is not None), default=None),
    )
    counted = next((row.top1 for row in report.rows[1:] if row.top1 is not None), None)
    yield Done(
        f"top-1 {_share(ours.top1)} (n-gram {_share(counted)}), 2D error {_figure(ours.mpjpe_px)} px "
        f"(best plain {_figure(best)} px)",
        tuple(str(path) for path in written),
    )


def write_report(report: Report, folder: Path) -> tuple[Path, Path]:
    """`report.json` for machines, `report.md` for people."""
    folder.mkdir(parents=True, exist_ok=True)
    machine, people = folder / "report.json", folder / "report.md"
    machine.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    people.write_text(report.markdown(), encoding="utf-8")
    return machine, people


# ---- the methods ----------------------------------------------------------------------------------------------------


def _rolled_out(
    run: TrainedPredictor, windows: Windows
) -> tuple[Float[ndarray, "W M A"], Float[ndarray, "W M 9 2"], Float[ndarray, "W M 9 3"]]:
    batch = WindowTensors.of(windows, len(run.header.actions), torch.device("cpu")).whole
    with torch.no_grad():
        ahead = run.model.roll_out(batch.past, batch.views, windows.next_actions.shape[1])
    return (
        torch.stack([step.logits for step, _ in ahead], dim=1).numpy(),
        torch.stack([seen for _, seen in ahead], dim=1).numpy(),
        torch.stack([step.joints_m for step, _ in ahead], dim=1).numpy(),
    )


def _plain_rows(
    run: TrainedPredictor, examples: Examples, part: str, windows: Windows, truth_m: ndarray | None
) -> list[Row]:
    steps, plain = windows.next_actions.shape[1], run.plain
    still = zero_velocity(
        torch.from_numpy(windows.seen_poses), torch.from_numpy(windows.seen_visible), plain.average, steps
    )
    average = np.broadcast_to(plain.average.numpy(), windows.next_poses.shape)
    done = [actions_of(each, examples.vocabulary) for each in examples.sequences[part]]
    counted = plain.probabilities(
        [done[sequence][:seen] for sequence, seen in zip(windows.sequence, windows.seen_count, strict=True)], steps
    )
    rows = [
        _row("zero velocity", windows, seen=still.numpy()),
        _row("train average", windows, seen=average),
        _row(f"n-gram, order {plain.ngram.order}", windows, scores=counted.numpy()),
    ]
    if truth_m is not None:
        mean_m = shipped_bank(run.header.config.data.joint_map).mean_m()
        rows.append(_row("bank's mean pose", windows, joints_m=np.broadcast_to(mean_m, truth_m.shape), truth_m=truth_m))
    return rows


def _row(
    method: str,
    windows: Windows,
    *,
    scores: ndarray | None = None,
    seen: ndarray | None = None,
    joints_m: ndarray | None = None,
    truth_m: ndarray | None = None,
) -> Row:
    row = Row(method=method)
    if scores is not None:
        right = metrics.accuracy(scores, windows.next_actions, windows.sequence)
        row = msgspec.structs.replace(
            row,
            top1=float(right.top1.mean()),
            top5=float(right.top5.mean()),
            top1_by_step=tuple(right.top1.tolist()),
            top5_by_step=tuple(right.top5.tolist()),
        )
    if seen is not None:
        error = metrics.error_2d(seen, windows.next_poses, windows.next_visible, windows.scale_px, windows.torso_px)
        if np.isfinite(error.px):
            row = msgspec.structs.replace(
                row, mpjpe_px=error.px, mpjpe_torso=error.torso, mpjpe_px_by_step=tuple(error.px_by_step.tolist())
            )
    if joints_m is not None and truth_m is not None:
        known = np.isfinite(truth_m).all((-1, -2))
        row = msgspec.structs.replace(
            row,
            mpjpe_mm=metrics.mpjpe_mm(joints_m[known], truth_m[known]),
            pa_mpjpe_mm=metrics.pa_mpjpe_mm(joints_m[known], truth_m[known]),
        )
    return row


def _true_poses(
    examples: Examples, part: str, windows: Windows, truth_reader: TruthReader
) -> Float[ndarray, "W M 9 3"] | None:
    """Where the joints really are in each following step, levelled; NaN where nobody knows; None if nowhere known."""
    known = np.full((*windows.next_frames.shape, len(UPPER_BODY_9), 3), np.nan)
    for number in np.unique(windows.sequence):
        sequence = examples.sequences[part][number]
        truth = truth_reader(sequence.clip.id)
        if truth is None:
            continue
        here = windows.sequence == number
        world_m = np.asarray(truth.upper_body_m, np.float64)[windows.next_frames[here]]
        known[here] = level_points(world_m, UPPER_BODY_9["neck"], sequence.view.camera)
    return known if np.isfinite(known).any() else None
