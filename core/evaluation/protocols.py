"""A checkpoint and one part of its split → a report, always beside the plain methods.

Measured are roll-outs from every window with at least one seen and all M following steps. What each figure means is
said in `evaluation.metrics`, `body_limits`, `pose_quality` and `calibration`, and repeated in the report itself, so
that nobody has to guess what a number stands for. Letters: W windows, N past and M following steps.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from core.bodies.skeletons import UPPER_BODY_9
from core.datasets.action_sequences import Examples, Vocabulary, Windows, counted, examples_of
from core.datasets.pose_bank import PoseBank, find_bank, shipped_bank
from core.datasets.steps import ReadTracks
from core.errors import CoreError, RunError
from core.evaluation.baselines import came_s, is_chosen_ngram, plain_rows
from core.evaluation.batches import WindowTensors
from core.evaluation.body_limits import BodyLimits
from core.evaluation.forecasting import TrainedPredictor, load_run
from core.evaluation.pose_quality import Judge, judge_beside
from core.evaluation.rows import Drawn, Times, row_of
from core.geometry.cameras import level_points
from core.models.step_times import added_up
from core.project.annotations import Project
from core.reports import Report, Row
from core.reports import figure as _figure
from core.reports import share as _share
from core.runs import Done, EvaluateForecaster, Events, Made, Note, Progress

FUTURES = 8
"""So many futures are drawn of a model that was taught to have several."""


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
    "Calibration error: mean distance between how sure the likeliest action is and how often it comes, in 15 bins.",
    "Bones off: share of bones outside 99 % of the pose bank's lengths. Limits off: share of poses with a joint past "
    "its limits, the bank's 99.8 % of angles widened by 10 degrees.",
    "Any action by chance: what guessing among all actions would reach. Order 0 of the n-gram always says the most "
    "frequent actions.",
)
QUALITY = "3D quality: share of poses that a classifier of real and made poses, then frozen, calls real."
TIMES = "Time error: median distance from when a step came. Inside: share of what came within the 80 % interval."
SEVERAL = f"Best of {FUTURES}: the 2D error of the nearest of {FUTURES} futures, drawn at random."


def evaluate(
    run: TrainedPredictor,
    project: Project,
    read_tracks: ReadTracks,
    part: str,
    truth_reader: TruthReader | None = None,
    *,
    bank: PoseBank | None = None,
    judge: Judge | None = None,
    command: str = "",
    licences: str = "",
    examples: Examples | None = None,
    beside: Sequence[Row] = (),
) -> Report:
    """Measure a run and the plain methods on one part; RunError where there is nothing to measure on.

    `beside` are the plain methods' rows, where they were measured on the same windows already.

    `bank` says what human bodies look like; without one, the one that comes with Posecast does. `examples` are the
    project's in the run's words and split, where somebody has read them already.
    """
    began = time.perf_counter()
    config = run.header.config
    words = Vocabulary(run.header.actions, run.header.objects)
    # The run's own split holds wherever its clips are found: nothing it learned from may be measured on.
    kept = {name: tuple(each for each in ids if each in project.clips) for name, ids in run.header.split.items()}
    same = any(kept.values())
    if examples is None or examples.vocabulary != words or (same and examples.parts != kept):
        examples = examples_of(
            project, read_tracks, config.data, config.seed, vocabulary=words, parts=kept if same else None
        )
        beside = ()
    windows = windows_to_measure(examples, part, config.data.future_steps)
    bank = bank or shipped_bank(config.data.joint_map)
    truth_m = None if truth_reader is None else true_poses(examples, part, windows, truth_reader)
    rows = (
        run_row(run, windows, truth_m=truth_m, bank=bank, judge=judge),
        *(
            beside
            or (
                *plain_rows(examples, part, windows=windows, plain=run.plain, truth_m=truth_m, bank=bank, judge=judge),
                *(judge.controls if judge is not None else ()),
            )
        ),
    )
    notes = (
        *(() if same else ("None of the clips this run learned from is here: its split is the project's own.",)),
        *examples.notes,
        *MEANING,
        *((QUALITY,) if judge is not None else ()),
        *((TIMES,) if any(each.time_error_s is not None for each in rows) else ()),
        *((SEVERAL,) if rows[0].best_of_px is not None else ()),
        f"Human bodies are those of the pose bank: {bank.source}.",
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
        command=command,
        licences=licences,
    )


def evaluate_forecaster(
    spec: EvaluateForecaster, project: Project, read_tracks: ReadTracks, truth_reader: TruthReader | None, folder: Path
) -> Events:
    """Measure a run; `report.json` and `report.md` go into `folder`."""
    run = load_run(Path(spec.run))
    yield Note(f"{run.name}, checkpoint of step {run.header.step}, on the {spec.part} part of {project.name}")
    yield Progress(0, 1, "Measuring")
    bank, doubt = bank_of(run, Path(spec.project))
    if doubt:
        yield Note(doubt)
    report = evaluate(
        run,
        project,
        read_tracks,
        spec.part,
        truth_reader,
        bank=bank,
        judge=judge_beside(Path(spec.run)),
        command=f"posecast evaluate {run.name} --split {spec.part}",
    )
    if doubt:
        report = msgspec.structs.replace(report, notes=(*report.notes, doubt))
    yield Progress(1, 1, "Measuring")
    written = write_report(report, folder)
    for path in written:
        yield Made(path.name, str(path))
    ours = report.rows[0]
    plain = [row for row in report.rows[1:] if row.kind == "plain"]
    best_px = min((row.mpjpe_px for row in plain if row.mpjpe_px is not None), default=None)
    by_counting = next((row.top1 for row in plain if is_chosen_ngram(row.method)), None)
    yield Done(
        f"top-1 {_share(ours.top1)} (n-gram {_share(by_counting)}), 2D error {_figure(ours.mpjpe_px)} px "
        f"(best plain {_figure(best_px)} px)",
        tuple(str(path) for path in written),
    )


def write_report(report: Report, folder: Path) -> tuple[Path, Path]:
    """`report.json` for machines, `report.md` for people."""
    folder.mkdir(parents=True, exist_ok=True)
    machine, people = folder / "report.json", folder / "report.md"
    machine.write_bytes(_lines_of(report))
    people.write_text(report.markdown(), encoding="utf-8")
    return machine, people


def _lines_of(report: Report) -> bytes:
    """JSON with a line for every method: a confusion alone has more numbers than anybody wants lines."""
    rows = b",\n    ".join(msgspec.json.encode(row) for row in report.rows)
    rest = msgspec.json.format(msgspec.json.encode(msgspec.structs.replace(report, rows=())), indent=2)
    return rest.replace(b'"rows": []', b'"rows": [\n    ' + rows + b"\n  ]", 1) + b"\n"


# ---- what is measured -----------------------------------------------------------------------------------------------


def windows_to_measure(examples: Examples, part: str, steps_ahead: int) -> Windows:
    """The complete windows of a part; RunError in words where there are none."""
    if part not in examples.windows:
        raise RunError(f"There is no part {part!r}.", hint=f"The split has: {', '.join(examples.windows)}.")
    windows = examples.windows[part].complete()
    if not len(windows):
        raise RunError(
            f"The {part} part has no clip with one step and {steps_ahead} more after it.",
            hint="Mark more clips, measure on another part, or train with fewer future steps.",
        )
    return windows


def bank_of(run: TrainedPredictor, project: Path) -> tuple[PoseBank, str]:
    """The pose bank a run learned from; where that is gone, the shipped one and a sentence that says so."""
    data = run.header.config.data
    try:
        return find_bank(data.bank, project, data.joint_map), ""
    except CoreError:
        bank = shipped_bank(data.joint_map)
        return bank, f"The pose bank {data.bank!r} is not here: bodies are measured against {bank.source}."


def run_row(
    run: TrainedPredictor,
    windows: Windows,
    *,
    truth_m: Float[ndarray, "W M 9 3"] | None = None,
    bank: PoseBank | BodyLimits | None = None,
    judge: Judge | None = None,
    name: str = "",
) -> Row:
    """A trained run's figures on windows, whichever they are."""
    words = Vocabulary(run.header.actions, run.header.objects)
    steps = windows.next_actions.shape[1]
    batch = WindowTensors.of(windows, len(words.actions), torch.device("cpu")).whole
    with torch.no_grad():
        ahead = run.model.roll_out(batch.past, batch.views, steps)
        said = [step.times for step, _ in ahead if step.times is not None]
        drawn = None
        if run.model.noise:
            random = torch.Generator().manual_seed(run.header.config.seed)
            several = run.model.sample(batch.past, batch.views, steps, FUTURES, random, run.header.temperatures)
            drawn = Drawn(several.seen.numpy(), several.joints_m.numpy())
    instants = added_up(said) if said else None
    return row_of(
        name or run.name,
        windows,
        words,
        kind="run",
        logits=torch.stack([step.logits for step, _ in ahead], dim=1).numpy(),
        temperatures=run.header.temperatures,
        seen=torch.stack([seen for _, seen in ahead], dim=1).numpy(),
        joints_m=torch.stack([step.joints_m for step, _ in ahead], dim=1).numpy(),
        truth_m=truth_m,
        times=None
        if instants is None
        else Times(instants.median_s.numpy(), instants.low_s.numpy(), instants.high_s.numpy(), came_s(windows)),
        futures=drawn,
        bank=bank,
        judge=judge,
    )


def with_joints_missing(windows: Windows, share: float, seed: int = 0) -> Windows:
    """The same windows with that share of the seen joints gone from the history, as if the detector had missed them.

    A joint that is gone from a step is gone from it in every window, and stays gone at every greater share. What came
    is not touched: it is what forecasts are measured against.
    """
    past = windows.seen_actions.shape[1]
    step = windows.seen_count[:, None] - past + np.arange(past)
    most = int(windows.seen_count.max(initial=0)) + 1
    sequences = int(windows.sequence.max(initial=0)) + 1
    chance = np.random.default_rng((seed, 37)).random((sequences, most, len(UPPER_BODY_9)))
    missed = chance[windows.sequence[:, None], np.maximum(step, 0)] < share
    visible = windows.seen_visible & ~missed
    # A pose is centred at its neck: without one, nothing is known of it.
    visible &= visible[..., UPPER_BODY_9["neck"], None]
    return replace(windows, seen_visible=visible, seen_poses=np.where(visible[..., None], windows.seen_poses, 0.0))


def true_poses(
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
