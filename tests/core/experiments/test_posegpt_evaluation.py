"""An evaluation goes on behind what it had, says its progress, and its report says what a reader needs."""

import msgspec
import numpy as np
import pytest
import torch

from core.errors import RunError
from core.evaluation.labelled_motions import Motions
from core.experiments.posegpt_evaluation import OfficialNamer, evaluate_posegpt
from core.experiments.posegpt_report import Figure, Report
from core.models import checkpoints
from core.models.humanact12_classifier import HumanAct12Classifier
from core.project.motion_sets import MotionSplit
from core.recordings import Stretch
from core.runs import Done, EvaluatePoseGpt, Made, Note, Progress
from tests.core.datasets.made_motion import motion_set, project_in, recorded
from tests.core.generation.made_model import made_config, made_header, made_whole

ACTIONS = ("eat", "walk")


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A project of two actions in three parts, and a checkpoint with drawn weights."""
    folder = tmp_path_factory.mktemp("evaluated")
    project = project_in(folder / "project")
    names = {part: [f"{part}-{at}" for at in range(2)] for part in ("train", "validation", "test")}
    made = [
        recorded(name, 10 * number + at, Stretch(0.0, 3.0, (ACTIONS[at],)))
        for number, these in enumerate(names.values())
        for at, name in enumerate(these)
    ]
    found = motion_set(project, "moves", made)
    found.store_split(MotionSplit(name="own", how="by hand", parts={k: tuple(v) for k, v in names.items()}))
    config = made_config(most_frames=32)
    whole = made_whole(config, ACTIONS)
    header = made_header(config, ACTIONS)
    checkpoints.save(folder / "run" / "best.safetensors", header, whole.tensors())
    return folder


def spec_in(folder, out, **more):
    (folder / out).mkdir(exist_ok=True)
    return EvaluatePoseGpt(
        run=str(folder / "run"), project=str(folder / "project"), out=str(folder / out), windows=16,
        **{"seeds": 2, **more},
    )  # fmt: skip


@pytest.mark.slow
def test_that_a_stopped_evaluation_goes_on_behind_what_it_had_and_gives_the_same_report(asked):
    whole = list(evaluate_posegpt(spec_in(asked, "whole"), "Made up"))
    assert isinstance(whole[-1], Done)
    assert sum(isinstance(each, Made) and each.what == "classifier" for each in whole) == 2
    stopped = evaluate_posegpt(spec_in(asked, "stopped"), "Made up")
    for event in stopped:
        if isinstance(event, Progress) and event.doing == "Seed 0 is measured":
            break
    stopped.close()
    again = list(evaluate_posegpt(spec_in(asked, "stopped"), "Made up"))
    assert Note("Seed 0 was measured already") in again
    assert sum(isinstance(each, Made) and each.what == "classifier" for each in again) == 1

    def rows(out):
        return msgspec.json.decode((asked / out / "report.json").read_bytes(), type=Report).rows

    assert msgspec.json.encode(rows("stopped")) == msgspec.json.encode(rows("whole"))
    report = msgspec.json.decode((asked / "whole" / "report.json").read_bytes(), type=Report)
    assert [row.who for row in report.rows] == ["samples", "codes at best", "copied motion", "real, held out"]
    samples = report.row("samples")
    assert {"teaches", "on_train.pve_mm", "on_held_out.bits_a_second", "to_train.kid_of_real"} <= set(samples.figures)
    page = (asked / "whole" / "report.md").read_text("utf-8")
    for said in ("for tests", "2 recordings test", "16 windows a side", "Seeds 0, 1", "2 books of 16 codes", "R_T:"):
        assert said in page
    assert "nan" not in page


def test_that_a_run_that_is_none_is_refused_in_words(asked):
    spec = msgspec.structs.replace(spec_in(asked, "none"), run=str(asked / "project"))
    with pytest.raises(RunError, match="holds no checkpoint"):
        list(evaluate_posegpt(spec, "Made up"))


def test_that_a_figure_says_its_scatter_only_where_there_is_one():
    assert Figure(0.8333, 0.0211).said() == "0.83 ± 0.02"
    assert Figure(0.8333).said(1, 100) == "83.3"


def test_that_humanact12s_classifier_answers_for_our_classes_and_refuses_others(tmp_path):
    torch.manual_seed(0)
    own = HumanAct12Classifier()
    torch.save({"model": own.state_dict()}, tmp_path / "own.tar")
    namer = OfficialNamer.load(tmp_path / "own.tar", ("walk", "eat"))
    still = np.tile(np.array([1, 0, 0, 0, 1, 0], np.float32), (2, 31, 24, 1))
    motions = Motions(still, np.zeros((2, 31, 3), np.float32), np.array([31, 16]), np.eye(2, dtype=bool))
    logits, features = namer.judge(motions)
    # 31 frames at 30 a second are 21 at 20 a second; of somebody who stands still, all are the same.
    joints_m = torch.from_numpy(motions.joints_m[:1, :21])
    with torch.inference_mode():
        said = own.eval()(joints_m, torch.tensor([21]))
    assert np.allclose(logits[0], said.logits[0, [1, 7]], atol=1e-4)
    assert np.allclose(features[0], said.features[0], atol=1e-4)
    with pytest.raises(RunError, match="does not know 'dance'"):
        OfficialNamer.load(tmp_path / "own.tar", ("walk", "dance"))
