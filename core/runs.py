"""The words in which long work is asked for and reports: specs and events. No torch here.

A spec is a run as a value: the form fills it, the run folder keeps it, the command line makes the same one.
A run is a generator of events. Whoever drives it sets the pace and stops it by closing it; the run's own
`finally` puts things in order. `core.runner` carries specs out, `core.run_folder` keeps what they said.
"""

from collections.abc import Generator
from typing import Literal

import msgspec

from core import configs

# ---- events ---------------------------------------------------------------------------------------------------------


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """`done` of `total` parts of the work are finished."""

    done: int
    total: int
    doing: str = ""


class Metric(msgspec.Struct, frozen=True, tag="metric"):
    """A figure measured at a training step. Names: `loss`, `loss/action`, `validation/top1` …"""

    step: int
    name: str
    value: float


class Note(msgspec.Struct, frozen=True, tag="note"):
    """A sentence for the log."""

    text: str


class Made(msgspec.Struct, frozen=True, tag="made"):
    """A file is complete and can be used: a checkpoint, a report, a track."""

    what: str
    path: str


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The run reached its end; `summary` is one line a person reads."""

    summary: str = ""
    outputs: tuple[str, ...] = ()


class Stopped(msgspec.Struct, frozen=True, tag="stopped"):
    """Somebody asked the run to stop, and it did in good order; it can be resumed."""


class Paused(msgspec.Struct, frozen=True, tag="paused"):
    """Somebody asked the run to pause: it let go of what it can, and takes no step until it is told to go on."""


class WentOn(msgspec.Struct, frozen=True, tag="went-on"):
    """The run works again: after a pause, or after waiting for its turn."""


class Slept(msgspec.Struct, frozen=True, tag="slept"):
    """The machine was asleep for so many seconds while the run was at work; they count for nothing."""

    seconds: float


class Divided(msgspec.Struct, frozen=True, tag="divided"):
    """A batch did not fit: from now on a step takes it in `parts`, one after the other, to the same gradients."""

    batch: int  # of one part
    parts: int


Reason = Literal["", "not-a-number", "out-of-memory", "disk-full", "worker-lost"]


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The run could not go on: what happened, what to do, and the details that fold under it."""

    message: str
    hint: str = ""
    details: str = ""
    reason: Reason = ""  # where a window can offer more than the hint


Event = Progress | Metric | Note | Made | Paused | WentOn | Slept | Divided | Done | Stopped | Failed
Ending = Done | Stopped | Failed
Events = Generator[Event, None, None]

# ---- specs ----------------------------------------------------------------------------------------------------------
# Paths are absolute. Every spec has `out`, its run folder: checkpoints, reports and events go there.


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """One task's part of a spec that `of` tasks carry out at once, as in a cluster's array (core.shares).

    Every task has a run folder of its own; what they do together lies in the folder `together`.
    """

    number: int  # from 0
    of: int
    together: str


class ExtractPoses(msgspec.Struct, frozen=True, kw_only=True, tag="extract-poses"):
    """2D poses of everybody seen in `clip_ids` of a project; without ids, of every clip that has none."""

    project: str
    out: str
    clip_ids: tuple[str, ...] = ()
    most_people: int = 4
    share: Share | None = None


class TrainForecaster(msgspec.Struct, frozen=True, kw_only=True, tag="train-forecaster"):
    """Train a forecaster on a project's annotations. A folder with a checkpoint is resumed."""

    project: str
    out: str
    config: configs.Forecaster
    preset: str = ""
    begin_at: str = ""  # a checkpoint's file or another run: the new run begins with its weights, at its step


class EvaluateForecaster(msgspec.Struct, frozen=True, kw_only=True, tag="evaluate-forecaster"):
    """Measure a run's best checkpoint and the baselines on one part of its split."""

    run: str
    project: str
    out: str
    part: str = "test"


class ReproduceForecasts(msgspec.Struct, frozen=True, kw_only=True, tag="reproduce-forecasts"):
    """Tables and figures of the forecaster's paper on a project: every row trained with every seed, then measured.

    Rows that several tables share are trained once. A folder with finished rows goes on with the others.
    """

    project: str
    out: str
    what: tuple[Literal["table1", "table2", "table3", "table4", "figure3", "choices", "futures"], ...]
    preset: str = "forecaster/small"  # what the rows depart from
    knobs: tuple[str, ...] = ()  # changed in every row
    rows: tuple[str, ...] = ()  # of the rows, those with one of these in their names; all without
    seeds: int = 3
    part: str = "test"
    quality_bank: str = ""  # real poses the 3D quality is measured against; otherwise a held-out half of the bank
    share: Share | None = None  # of the trainings; who measures and writes the tables has none


class CompareSequences(msgspec.Struct, frozen=True, kw_only=True, tag="compare-sequences"):
    """Actions alone, on many random splits: n-grams, label networks and forecasters, each beside the chosen n-gram."""

    project: str
    out: str
    observe: int = 5
    predict: int = 5
    splits: int = 20
    twins_together: bool = True  # sequences with the same actions stay in one part
    knobs: tuple[str, ...] = ()  # of the forecasters
    methods: tuple[str, ...] = ()  # those with one of these in their names; all without
    seed: int = 0


class TrainPoseGpt(msgspec.Struct, frozen=True, kw_only=True, tag="train-posegpt"):
    """Train PoseGPT on a project's labelled motion: auto-encoder, codes, GPT. A folder with a checkpoint is resumed."""

    project: str
    out: str
    config: configs.PoseGpt
    preset: str = ""
    begin_at: str = ""  # a checkpoint's file or another run: the new run begins with its weights, at its step


class EvaluatePoseGpt(msgspec.Struct, frozen=True, kw_only=True, tag="evaluate-posegpt"):
    """Measure a motion model's samples against train and held-out motion, beside real data and copied motion."""

    run: str
    project: str
    out: str
    part: str = "test"
    windows: int = 1000  # samples and real windows a side; fewer where there are no more
    seeds: int = 3  # of samples and of the classifiers
    classifier: Literal["transformer", "gru"] = "transformer"
    classifier_file: str = ""  # HumanAct12's own, which is then T


class ReproduceTable(msgspec.Struct, frozen=True, kw_only=True, tag="reproduce-table"):
    """One of the tables or figures of PoseGPT's paper on a project's motion: trained and judged, or looked at."""

    project: str
    out: str
    what: Literal[
        "table1", "table2", "table3", "table4", "figure6", "figure7", "figure8", "figure9", "figure10", "figure11",
        "figure12", "samples",
    ]  # fmt: skip
    run: str = ""  # of the model that figures 9 to 12 and `samples` look at
    knobs: tuple[str, ...] = ()  # changed in every row
    rows: tuple[str, ...] = ()  # of the rows, those with one of these in their names; all without
    part: str = "test"
    windows: int = 300
    seed: int = 0
    teach: bool = True  # whether S is trained for R_S


class GenerateMotion(msgspec.Struct, frozen=True, kw_only=True, tag="generate-motion"):
    """Motion that a model makes, as files. `recipe` is a file of `core.generations.Recipe`, in `out` where relative.

    The ending of `file` says the format, as of `posecast generate`; further samples are numbered files beside it.
    """

    file: str
    out: str
    recipe: str = "recipe.json"
    body: str = "built-in/smpl/neutral"
    replaces: bool = False  # older files of those names


class MakeDemo(msgspec.Struct, frozen=True, kw_only=True, tag="make-demo"):
    """A project of simulated cooks in `folder`, with or without rendered video."""

    folder: str
    out: str
    clips: int = 4
    seconds: float = 60.0
    seed: int = 0
    video: bool = True
    width: int = 640
    height: int = 360


class ExportBodies(msgspec.Struct, frozen=True, kw_only=True, tag="export-bodies"):
    """What a view shows, as a file. `shot` is a file of `core.rendering.moving.save_shot`, in `out` where relative.

    The ending of `file` says the format: a picture is .png, a film and a turntable .mp4 or .gif, a body .glb, .obj,
    .ply, .npz or .bvh. `start` and `end` are frames of the scene; without an end, to its last.
    """

    shot: str
    file: str
    out: str
    what: Literal["picture", "film", "turntable", "body"]
    over_frame: bool = False  # a picture or film over the clip's video instead of in space
    width: int = 1280
    height: int = 720
    transparent: bool = False
    start: int = 0
    end: int | None = None
    seconds: float = 6.0  # of a turntable
    every_frame: bool = False  # .obj, .ply: a folder of frames instead of the moment in front
    skeleton_only: bool = False  # .glb
    replaces: bool = False  # an older file of that name
    title: str = ""


class ExportComparison(msgspec.Struct, frozen=True, kw_only=True, tag="export-comparison"):
    """Forecasts of one or several moments beside what came, as a file: as the figures of the forecaster's paper.

    `forecasts` is a file of `core.exporting.comparison.save`, in `out` where relative. The ending of `file` says what
    is made: .png and .jpg a picture (more moments are numbered files), .pdf a page a moment, .mp4 a film of the first
    moment, .html a page of figures.
    """

    project: str
    file: str
    out: str
    forecasts: str = "comparison.json"
    steps: int = 5  # rows at most; 0 shows all
    over: Literal["frame", "plain", "both"] = "frame"  # people over the video, on plain ground, or one beside the other
    people: Literal["joints", "body", "both"] = "both"
    body: str = ""  # key of a body; the built-in one without it
    line_up: Literal["step", "time", "action"] = "step"
    ground: Literal["light", "dark"] = "light"
    rate_hz: float = 12.0  # of a film
    replaces: bool = False  # an older file of that name


class ImportData(msgspec.Struct, frozen=True, kw_only=True, tag="import-data"):
    """Take a file or folder into a project. One that was stopped goes on; one that is done changes nothing.

    `format` is empty where the content tells. `options` are the format's own, such as the columns of a table. `only`
    are paths below the folder `source`: of all its files these alone come in, into the same data set as the others.
    """

    project: str
    out: str
    source: str
    only: tuple[str, ...] = ()
    format: str = ""
    clip_id: str = ""  # whose poses, marks or camera it holds, where it does not say
    name: str = ""  # of the data set; otherwise the source's own
    rate_hz: float | None = 30.0  # at most so many frames a second of motion are kept; None: all
    fit_bodies: bool = False  # also where a file holds joints alone
    author: str = ""  # who asked for it; otherwise who sits at this machine
    options: dict[str, str] = {}


class PrepareData(msgspec.Struct, frozen=True, kw_only=True, tag="prepare-data"):
    """From the raw folder of a paper's data set to what its model learns from: import, poses, labels, split."""

    project: str
    out: str
    dataset: Literal["mpii-cooking-2", "ikea-asm", "babel", "grab", "humanact12"]
    source: str
    motion: str = ""  # BABEL: the folder of AMASS
    videos: str = ""  # a folder with its videos, where they lie outside its own
    poses: str = ""  # a folder of 2D poses, where they were extracted elsewhere; otherwise they are extracted here
    characteristic_poses: str = ""  # a table of them, where there is one
    draft_poses: bool = False  # the middle frame stands in where a segment has none; its source says so
    extract_poses: bool = True  # of videos that come without 2D poses
    options: dict[str, str] = {}  # of the data set's format
    author: str = ""  # who asked for it; otherwise who sits at this machine


class BuildPoseBank(msgspec.Struct, frozen=True, kw_only=True, tag="build-pose-bank"):
    """A pose bank of the recorded motion of a project; of all of it without `sets`."""

    project: str
    out: str
    name: str = "pose-bank"
    sets: tuple[str, ...] = ()  # keys of data sets
    poses: int = 800_000
    seed: int = 0


class MakeProxy(msgspec.Struct, frozen=True, kw_only=True, tag="make-proxy"):
    """A light copy of `video` for scrubbing (core.video.proxy); without a folder, where this machine keeps them."""

    video: str
    out: str
    folder: str = ""


Spec = (
    ExtractPoses
    | TrainForecaster
    | EvaluateForecaster
    | ReproduceForecasts
    | CompareSequences
    | TrainPoseGpt
    | EvaluatePoseGpt
    | ReproduceTable
    | GenerateMotion
    | MakeDemo
    | ExportBodies
    | ExportComparison
    | ImportData
    | PrepareData
    | BuildPoseBank
    | MakeProxy
)
