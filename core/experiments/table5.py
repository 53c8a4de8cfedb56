"""Table 5 of PoseGPT's paper: its three protocols, from a raw download to the printed row.

    prepare    the download becomes a project: motion, labels, its makers' split (runs.PrepareData)
    train      PoseGPT on it (runs.TrainPoseGpt)
    evaluate   beside real motion (runs.EvaluatePoseGpt): BABEL on its validation part, GRAB on the subject that is
               left to measure on, HumanAct12 against what was learned, since it has no split
    row        ours under the paper's, each figure named by what it measures

Each step is a run of its own in the folder of the table; what is done is not done again.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from core import configs
from core.datasets.motion_examples import motion_examples
from core.errors import RunError
from core.experiments.posegpt_report import Report
from core.posegpt_configs import PoseGpt
from core.runs import EvaluatePoseGpt, PrepareData, TrainPoseGpt
from core.wording import counted

Dataset = Literal["humanact12", "babel", "grab"]
PRESET = "posegpt/recommended"
_BODY = {"humanact12": "smpl", "babel": "smplx", "grab": "smplx"}
_NAMES = {"humanact12": "HumanAct12", "babel": "BABEL", "grab": "GRAB"}

Column = tuple[str, str, float, int]
"""A heading, the figure of `judging.Scores` under it, by how much it is multiplied, digits."""

_COLUMNS: dict[str, tuple[Column, ...]] = {
    "humanact12": (
        ("FID to train", "to_train.fid", 1.0, 2),
        ("T names right %", "accuracy", 100.0, 1),
        ("diversity", "diversity", 1.0, 2),
        ("multimodality", "multimodality", 1.0, 2),
    ),
    "babel": (
        ("first ratio (R_S)", "teaches", 1.0, 2),
        ("FID to held out", "to_held_out.fid", 1.0, 2),
        ("second ratio (R_T)", "recognised", 1.0, 2),
    ),
    "grab": (("FID to held out", "to_held_out.fid", 1.0, 2), ("accuracy of S", "accuracy_of_s", 1.0, 2)),
}
PAPER: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "humanact12": (
        ("real, as printed", ("0.02", "99.4", "6.86", "2.60")),
        ("ACTOR, as printed", ("0.12", "95.5", "6.84", "–")),
        ("PoseGPT, as printed", ("0.08", "95.8", "6.85", "2.82")),
    ),
    "babel": (
        ("real, as printed", ("1.0", "0.01", "1.0")),
        ("ACTOR, as printed", ("0.35", "9.5", "0.56")),
        ("PoseGPT, as printed", ("0.64", "2.7", "0.98")),
    ),
    "grab": (
        ("real, as printed", ("0.01", "0.99")),
        ("ACTOR, as printed", ("20.7", "0.20")),
        ("PoseGPT, as printed", ("5.1", "0.86")),
    ),
}
_NOTES = {
    "humanact12": "There is no split: FID is against training data, in the paper and here.",
    "babel": "The paper's R_S and R_T change places between its tables: Table 3 has 0.98 as R_S and 0.64 as R_T, "
    "Table 5 the other way round. Ours are what they measure. The paper's row is of motion that follows a past.",
    "grab": "The paper prints one accuracy, of S; here S is the classifier that learned from samples.",
}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The table with our row."""

    dataset: str
    columns: tuple[str, ...]
    printed: tuple[tuple[str, tuple[str, ...]], ...]
    real: tuple[str, ...]
    ours: tuple[str, ...]
    notes: tuple[str, ...]

    def markdown(self) -> str:
        """The table as Markdown."""
        rows = (*self.printed, ("real, here", self.real), ("ours", self.ours))
        return "\n".join(
            [
                f"# Table 5, {self.dataset}",
                "",
                f"| | {' | '.join(self.columns)} |",
                "|---|" + "---|" * len(self.columns),
                *(f"| {who} | {' | '.join(cells)} |" for who, cells in rows),
                "",
                *(f"- {note}" for note in self.notes),
                "",
            ]
        )


# ---- the steps ------------------------------------------------------------------------------------------------------


def config_of(dataset: Dataset, preset: str, settings: Sequence[str]) -> PoseGpt:
    """The preset for this data set's body, with settings applied; RunError where it is none of PoseGPT's."""
    if preset not in configs.PRESETS:
        raise RunError(f"There is no preset {preset!r}.", hint=f"Presets: {', '.join(configs.PRESETS)}.")
    config = configs.PRESETS[preset]()
    if not isinstance(config, PoseGpt) or config.stages != "both":
        raise RunError(f"{preset} does not train a whole PoseGPT.", hint=f"Take {PRESET}, or another posegpt/… preset.")
    return configs.with_overrides(config, [f"data.body={_BODY[dataset]}", *settings])


def prepare_spec(
    dataset: Dataset, source: Path, project: Path, out: Path, motion: Path | None, author: str
) -> PrepareData:
    """From the download to a project."""
    return PrepareData(
        project=str(project), out=str(out / "prepare"), dataset=dataset, source=str(source),
        motion="" if motion is None else str(motion), author=author,
    )  # fmt: skip


def train_spec(project: Path, out: Path, config: PoseGpt, preset: str) -> TrainPoseGpt:
    """From the project to a model."""
    return TrainPoseGpt(project=str(project), out=str(out / "model"), config=config, preset=preset)


def evaluate_spec(
    project: Path, out: Path, config: PoseGpt, *, windows: int, seeds: int, classifier_file: Path | None
) -> EvaluatePoseGpt:
    """From the model to its report, on the last part that has anything, as the paper's classifier is."""
    labelled = motion_examples(project, config.data, config.seed).labelled
    part = next(name for name in ("test", "validation", "train") if labelled[name])
    return EvaluatePoseGpt(
        run=str(out / "model"), project=str(project), out=str(out / "evaluation"), part=part, windows=windows,
        seeds=seeds, classifier="gru", classifier_file="" if classifier_file is None else str(classifier_file),
    )  # fmt: skip


def row(dataset: Dataset, out: Path) -> Row:
    """Ours under the paper's, from the report that lies in `out`; put down there as table5.md and table5.json."""
    report = msgspec.json.decode((out / "evaluation" / "report.json").read_bytes(), type=Report)
    columns = _COLUMNS[dataset]
    found = Row(
        dataset=_NAMES[dataset],
        columns=tuple(each[0] for each in columns),
        printed=PAPER[dataset],
        real=tuple(_cell(report, "real, held out", each) for each in columns),
        ours=tuple(_cell(report, "samples", each) for each in columns),
        notes=(
            _NOTES[dataset],
            f"Ours: preset {report.preset}, {report.training_step} steps of the GPT, {report.windows} windows a side, "
            f"{counted(len(report.seeds), 'seed')}, T is {report.classifier}; on {report.device}. The whole report "
            "lies beside.",
            "Whether it compares with the paper's depends on the classifier: figures of different ones do not.",
        ),
    )
    (out / "table5.md").write_text(found.markdown(), encoding="utf-8")
    (out / "table5.json").write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
    return found


def _cell(report: Report, who: str, column: Column) -> str:
    _, name, scale, digits = column
    of = report.row(who)
    if name == "accuracy_of_s":
        if who != "samples":
            return report.accuracy_on_real.said(digits)
        return _product(of.figures["teaches"].mean, report.accuracy_on_real.mean) if "teaches" in of.figures else "–"
    if name == "teaches" and who != "samples":
        return "1"
    return of.said(name, digits, scale)


def _product(ratio: float, accuracy: float) -> str:
    return f"{ratio * accuracy:.2f}"
