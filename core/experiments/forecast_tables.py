"""The tables and figures of the forecaster's paper on whatever a project has: trained, judged, measured, written.

    rows/NAME-seedK/        a training (`runs.TrainForecaster`), and behind it evaluation-PART/report.json
    judge.safetensors       the frozen classifier of 3D quality: real poses that no critic has seen against those that
                            `ours`, seed 0, made on its way
    table-KEY.json .md .csv a `core.reports.Table`; figures have a picture beside

What is finished is not done again; a stopped table goes on. Runs learn and are chosen without the test part: it is
read when everything is trained.
"""

import hashlib
import time
from collections.abc import Generator
from functools import lru_cache
from pathlib import Path

import msgspec
import numpy as np
from safetensors.numpy import load_file

from core.configs import Forecaster
from core.datasets.action_sequences import Examples, examples_of
from core.datasets.pose_bank import PoseBank, find_bank, halves
from core.datasets.steps import ReadTracks
from core.errors import RunError
from core.evaluation.forecasting import load_run
from core.evaluation.pose_quality import Judge, Schedule, train_judge
from core.evaluation.protocols import TruthReader, evaluate, write_report
from core.experiments.forecast_events import under_name, without_metrics
from core.experiments.forecast_figures import missing_joints, picture_of
from core.experiments.forecast_labels import label_rows
from core.experiments.forecast_summing import Measured, summed_up
from core.experiments.forecast_writing import file_name, put, table_there, write_table
from core.forecast_rows import OURS, RUNS, TABLES, Line, config_of, distinct, lines_of, preset_of
from core.models.checkpoints import MADE_POSES
from core.project.annotations import Project
from core.reports import Report, Row
from core.runs import Done, Event, Events, Note, Progress, ReproduceForecasts, TrainForecaster
from core.training import running
from core.training.forecaster import train_forecaster
from core.wording import counted

KEPT_POSES = 50_000
"""Made on the way of `ours`, seed 0, for the judge."""
MOST_TRUTHS = 200
"""Clips whose simulated truth stays in memory between rows."""
JUDGE = Schedule(blur_m=0.05)
"""How long the judge learns, and how large it is."""


def reproduce_forecasts(
    spec: ReproduceForecasts, project: Project, read_tracks: ReadTracks, truth_reader: TruthReader | None
) -> Events:
    """Carry `spec` out: train what is not trained, then measure, then write every table that is asked for."""
    lines = {what: lines_of(what, spec.rows) for what in spec.what}
    if not any(lines.values()):
        names = dict.fromkeys(line.name for what in spec.what for line in TABLES[what].lines)
        raise RunError("No row has that in its name.", hint="Rows: " + "; ".join(names))
    folder = Path(spec.out)
    desk = _Desk(spec, project, read_tracks, truth_reader)
    runs = desk.runs_of(lines)
    trainings = [(run, seed) for run in runs for seed in range(spec.seeds)]
    if spec.share is not None:
        trainings = trainings[spec.share.number :: spec.share.of]
    for number, (run, seed) in enumerate(trainings):
        yield Progress(number, len(trainings), f"Training {run}, seed {seed}")
        yield from desk.train(run, seed)
    if spec.share is not None:
        task = f"Task {spec.share.number + 1} of {spec.share.of}"
        yield Done(f"{task}: {counted(len(trainings), 'training')}. When all are done, run it without a share.")
        return
    yield Progress(len(trainings), len(trainings), "Measuring")
    judge = yield from desk.judge()
    measured: dict[str, list[Measured]] = {}
    for run, seed in trainings:
        found = yield from desk.measure(run, seed, judge)
        measured.setdefault(run, []).append(found)
    written: list[str] = []
    for what, asked in lines.items():
        if not asked:
            continue
        labels = yield from label_rows(asked, desk.examples(desk.config(OURS, 0)), spec, folder)
        table = summed_up(
            spec, what, asked, measured, desk.names, labels, judge, table_there(folder, what) if spec.rows else None
        )
        for made in (*write_table(table, folder), *picture_of(table, folder)):
            written.append(made.path)
            yield made
        if what == "choices" and any(line.run == OURS for line in asked):
            runs_ = [load_run(desk.place(OURS, seed)) for seed in range(spec.seeds)]
            curve = missing_joints(runs_, desk.examples(desk.config(OURS, 0)), spec)
            for made in (*write_table(curve, folder), *picture_of(curve, folder)):
                written.append(made.path)
                yield made
    yield Done(
        f"{counted(len(lines), 'table')} of {counted(len(trainings), 'training')}: {folder.name}", tuple(written)
    )


class _Desk:
    """What all rows share: their configs, the data as last read, the bank parted, the folder."""

    def __init__(
        self, spec: ReproduceForecasts, project: Project, read_tracks: ReadTracks, truth_reader: TruthReader | None
    ) -> None:
        self._spec, self._project, self._read = spec, project, read_tracks
        self._truth = None if truth_reader is None else lru_cache(MOST_TRUTHS)(truth_reader)
        self._folder = Path(spec.out if spec.share is None else spec.share.together)
        self.names = distinct({run: config_of(run, spec.preset, spec.knobs, 0) for run in RUNS})
        self._plain_last: tuple[Examples, tuple[Row, ...]] | None = None
        self._read_last: tuple[bytes, Examples] | None = None
        self._bank: tuple[PoseBank, PoseBank] | None = None

    def runs_of(self, lines: dict[str, tuple[Line, ...]]) -> tuple[str, ...]:
        """What must be trained, each once; ours first, since the judge learns from it."""
        wanted = {self.names[line.run] for asked in lines.values() for line in asked if line.run}
        return tuple(run for run in RUNS if run in wanted or run == OURS)

    def config(self, run: str, seed: int) -> Forecaster:
        """With the poses kept that the judge needs."""
        config = config_of(run, self._spec.preset, self._spec.knobs, seed)
        if run == OURS and seed == 0 and not config.keep_made:
            config = msgspec.structs.replace(config, keep_made=KEPT_POSES)
        return config

    def place(self, run: str, seed: int) -> Path:
        return self._folder / "rows" / f"{file_name(run)}-seed{seed}"

    def examples(self, config: Forecaster) -> Examples:
        """The data as this config sees them; read anew only where the last ones are others."""
        seed = config.seed if config.data.poses == "random" or config.data.shuffle_seen_poses else 0
        key = msgspec.json.encode((config.data, seed))
        if self._read_last is None or self._read_last[0] != key:
            self._read_last = key, examples_of(self._project, self._read, config.data, config.seed)
        return self._read_last[1]

    # ---- learning ----

    def train(self, run: str, seed: int) -> Events:
        """One training, unless it is finished; its seconds are added up over stops."""
        place, config = self.place(run, seed), self.config(run, seed)
        self._require_the_same(place, config)
        if (place / "trained").is_file():
            return
        spec = TrainForecaster(
            project=self._spec.project, out=str(place), config=config, preset=preset_of(run, self._spec.preset)
        )
        # A processor is shared with others, so its own seconds are counted; a graphics card counts none.
        now = time.perf_counter if running.device_of(config.device).type == "cuda" else time.process_time
        began, clock = now(), place / "seconds"
        try:
            yield from under_name(
                train_forecaster(
                    spec, self._project, self._read, place, self._banks(config)[0], examples=self.examples(config)
                ),
                f"{run}, seed {seed}",
            )
        finally:
            if place.is_dir():
                before = float(clock.read_text()) if clock.is_file() else 0.0
                put(clock, f"{before + now() - began:.1f}".encode())
        put(place / "trained", b"")

    def _require_the_same(self, place: Path, config: Forecaster) -> None:
        there = place / "config.json"
        if not there.is_file():
            return
        begun = msgspec.json.decode(there.read_bytes(), type=Forecaster)
        if msgspec.structs.replace(begun, device=config.device) != config:  # where it learned does not matter
            raise RunError(
                f"The row in {place.name} was begun with other settings.",
                hint="Choose another folder: --out, or take the row's folder away.",
            )

    def _banks(self, config: Forecaster) -> tuple[PoseBank, PoseBank]:
        """What critics learn from, and what the judge does: no recording in both."""
        if self._bank is None:
            self._bank = halves(find_bank(config.data.bank, Path(self._spec.project), config.data.joint_map))
        return self._bank

    # ---- measuring ----

    def judge(self) -> Generator[Event, None, Judge | None]:
        """Trained once for all rows, then read; None where ours teaches no poses."""
        config = self.config(OURS, 0)
        if config.losses.pose2d == 0 and config.losses.adversarial == 0:
            return None
        path, facts = self._folder / "judge.safetensors", self._folder / "judge.json"
        made_for = _digest(config, self._spec.quality_bank, JUDGE)
        if path.is_file() and facts.is_file() and facts.read_text() == made_for:
            return Judge.load(path)
        yield Note("Training the classifier of 3D quality, once for all rows")
        project, joint_map = Path(self._spec.project), config.data.joint_map
        real = (
            find_bank(self._spec.quality_bank, project, joint_map)
            if self._spec.quality_bank
            else self._banks(config)[1]
        )
        made_m = load_file(self.place(OURS, 0) / MADE_POSES)["poses_m"].astype(np.float32)
        judge = yield from without_metrics(
            train_judge(real, made_m, made=f"{OURS}, seed 0, at ten points of its training", schedule=JUDGE)
        )
        judge.save(path)
        put(facts, made_for.encode())
        return judge

    def measure(self, run: str, seed: int, judge: Judge | None) -> Generator[Event, None, Measured]:
        """One finished run on the asked part, with its report; read where it was measured so before."""
        place, config = self.place(run, seed), self.config(run, seed)
        out = place / f"evaluation-{self._spec.part}"
        seconds = float((place / "seconds").read_text())
        made_for = _digest(config, self._spec.part, (self._folder / "judge.json").read_text() if judge else "")
        relative = str((out / "report.json").relative_to(self._folder))
        if (out / "made_for").is_file() and (out / "made_for").read_text() == made_for:
            report = msgspec.json.decode((out / "report.json").read_bytes(), type=Report)
            return Measured(run, seed, report, seconds, relative)
        yield Progress(0, 1, f"Measuring {run}, seed {seed}")
        trained = load_run(place)
        examples = self.examples(config)
        # Plain methods say the same of the same windows, whatever was trained on them.
        last = self._plain_last
        beside = last[1] if last is not None and last[0] is examples else ()
        report = evaluate(
            trained, self._project, self._read, self._spec.part, self._truth,
            bank=self._banks(config)[0], judge=judge,
            command=f"posecast evaluate {relative.split('/evaluation')[0]} --split {self._spec.part}",
            licences=licences_of(self._project), examples=examples, beside=beside,
        )  # fmt: skip
        self._plain_last = examples, report.rows[1:]
        write_report(report, out)
        put(out / "made_for", made_for.encode())
        return Measured(run, seed, report, seconds, relative)


def licences_of(project: Project) -> str:
    """The terms of what came in, as its data sets say them."""
    told = (f"{item.name}: {item.facts['licence']}" for item in project.items.values() if item.facts.get("licence"))
    return "; ".join(dict.fromkeys(told))


def _digest(*what: object) -> str:
    return hashlib.sha256(msgspec.json.encode(what)).hexdigest()
