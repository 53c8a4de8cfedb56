"""Tables and figures of the paper: rows are trained once, judged by one T, and go on where they were stopped."""

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from core.errors import RunError
from core.evaluation.labelled_motions import Motions
from core.experiments import ablations
from core.experiments.ablations import TABLES, config_of, file_name, kept_rows, reproduce
from core.experiments.figures import _cell, _known, after_past, trend_of
from core.experiments.styles import store_split
from core.generation.motion_model import MotionModel
from core.posegpt_configs import PoseGpt
from core.project.motion_sets import MotionSplit
from core.recordings import Stretch
from core.runs import Done, Made, ReproduceTable
from tests.core.datasets.made_motion import motion_set, project_in, recorded
from tests.core.generation.made_model import made_config, made_header, made_whole

ACTIONS = ("eat", "walk")
TINY = (
    "autoencoder.width=16", "autoencoder.heads=2", "autoencoder.feed_forward=16", "quantizer.width=16",
    "quantizer.codes=8", "gpt.layers=1", "gpt.width=16", "gpt.heads=2", "gpt.feed_forward=16",
    "autoencoder_training.steps=2", "gpt_training.steps=2", "autoencoder_training.batch=2", "gpt_training.batch=2",
    "data.least_frames=16", "data.most_frames=32", "losses.vertex_share=0.02", "validate_every=2",
)  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = project_in(tmp_path_factory.mktemp("reproduced") / "project")
    names = {part: [f"{part}-{at}" for at in range(2)] for part in ("train", "validation", "test")}
    made = [
        recorded(name, 10 * number + at, Stretch(0.0, 3.0, (ACTIONS[at],)))
        for number, these in enumerate(names.values())
        for at, name in enumerate(these)
    ]
    found = motion_set(folder, "moves", made)
    found.store_split(MotionSplit(name="own", how="by hand", parts={k: tuple(v) for k, v in names.items()}))
    return folder


def _spec(project, out, what, **more):
    return ReproduceTable(project=str(project), out=str(out), what=what, knobs=TINY, windows=16, **more)


def test_that_every_row_of_every_table_is_a_config_and_no_two_rows_share_a_file():
    for what, (_, rows) in TABLES.items():
        spec = ReproduceTable(project="", out="", what=what)
        made = [config_of(spec, row) for row in rows]
        assert all(isinstance(each, PoseGpt) for each in made)
        assert len({file_name(row.name) for row in rows}) == len(rows)
        assert len({msgspec.json.encode(each) for each in made}) == len(rows)
    assert {row.name for row in TABLES["table1"][1]} >= {row.codes_of for row in TABLES["table3"][1]}


@pytest.mark.slow
def test_that_rows_are_trained_once_and_a_stopped_table_goes_on(project, tmp_path, monkeypatch):
    spec = _spec(project, tmp_path, "table3", rows=("summed, linear",), teach=False)
    events = reproduce(spec, "Made up")
    for event in events:
        if getattr(event, "doing", "").startswith("action and length summed"):
            break
    events.close()
    done = list(reproduce(spec, "Made up"))
    assert isinstance(done[-1], Done)
    (row,) = kept_rows(tmp_path, "table3")
    assert row.scores.on_held_out.pve_mm > 0
    text = (tmp_path / "table3.md").read_text()
    assert row.name in text
    assert "one thread" in text
    trained = []
    monkeypatch.setattr(ablations, "train_posegpt", lambda *asked: trained.append(asked) or iter(()))
    again = list(reproduce(spec, "Made up"))
    assert not trained  # all of it was kept
    assert any(isinstance(each, Made) for each in again)


def test_that_a_figure_of_tables_says_which_table_lacks(tmp_path):
    with pytest.raises(RunError, match="table1"):
        list(reproduce(ReproduceTable(project="", out=str(tmp_path), what="figure6"), ""))


def test_that_a_figure_of_a_model_says_that_it_needs_one(tmp_path):
    with pytest.raises(RunError, match="trained model"):
        list(reproduce(ReproduceTable(project="", out=str(tmp_path), what="figure10"), ""))


def test_that_a_row_nobody_knows_is_answered_with_the_rows(tmp_path):
    with pytest.raises(RunError) as refused:
        list(reproduce(ReproduceTable(project="", out=str(tmp_path), what="table4", rows=("K 16",)), ""))
    assert "encoder causal" in refused.value.hint


def test_that_what_was_seen_stays_what_it_was_and_only_the_rest_is_made_anew():
    config = made_config(most_frames=32)
    model = MotionModel.of(made_whole(config, ACTIONS), made_header(config, ACTIONS), "made")
    rng = np.random.default_rng(0)
    upright = np.tile(np.array([1, 0, 0, 0, 1, 0], np.float32), (2, 32, model.joints, 1))
    like = Motions(
        upright + rng.normal(0, 0.05, upright.shape).astype(np.float32), np.zeros((2, 32, 3), np.float32),
        np.array([32, 32]), np.eye(2, dtype=bool),
    )  # fmt: skip
    half, none, other = (after_past(model, like, share, seed=seed) for share, seed in ((0.5, 0), (0.0, 0), (0.5, 1)))
    assert half.rotations_6d.shape == none.rotations_6d.shape == (2, 32, model.joints, 6)
    assert np.abs(half.rotations_6d - none.rotations_6d).max() > 1e-4
    assert np.abs(half.rotations_6d[:, 16:] - other.rotations_6d[:, 16:]).max() > 1e-4


def test_that_a_model_that_sees_whole_motions_is_shown_no_past():
    config = made_config(most_frames=32, causality="offline")
    model = MotionModel.of(made_whole(config, ACTIONS), made_header(config, ACTIONS), "made")
    like = Motions(
        np.tile(np.array([1, 0, 0, 0, 1, 0], np.float32), (2, 32, model.joints, 1)), np.zeros((2, 32, 3), np.float32),
        np.array([32, 32]), np.eye(2, dtype=bool),
    )  # fmt: skip
    assert len(after_past(model, like, 0.0, seed=0)) == 2
    with pytest.raises(RunError, match="nothing can be seen before it"):
        after_past(model, like, 0.5, seed=0)


@pytest.mark.parametrize(("last", "said"), [(12.0, ": flat."), (17.0, ": not flat.")])
def test_that_rounds_are_flat_where_they_move_less_than_real_motion_scatters(last, said):
    fids = [90.0, 40.0, *np.linspace(10.0, last, 18)]
    told = trend_of([{"FID": each, "spread of real": 3.0} for each in fids])
    assert told.endswith(said)
    assert "round 3 to 20" in told


def test_that_what_was_not_measured_is_a_dash_and_no_nothing():
    assert [_cell(each) for each in (_known(None), _known(0.0), 0.25, "walk")] == ["–", "0", "0.25", "walk"]


@pytest.mark.slow
@pytest.mark.parametrize("what", ["samples", "figure11"])
def test_that_sheets_show_people(project, tmp_path, what):
    from core.models import checkpoints

    config = made_config(most_frames=32)
    whole, header = made_whole(config, ACTIONS), made_header(config, ACTIONS)
    checkpoints.save(tmp_path / "run" / "best.safetensors", header, whole.tensors())
    spec = _spec(project, tmp_path, what, run=str(tmp_path / "run"))
    if what == "samples":
        with pytest.raises(RunError, match='"fly" is not an action'):
            list(reproduce(replace(spec, rows=("fly",)), "Made up"))
    assert isinstance(list(reproduce(spec, "Made up"))[-1], Done)
    assert (tmp_path / f"{what}.png").stat().st_size > 10_000
    assert ACTIONS[0] in (tmp_path / f"{what}.md").read_text()


def test_that_styles_are_kept_apart_and_rare_actions_are_learned_only(tmp_path):
    folder = project_in(tmp_path)
    made = [
        recorded(f"{action}-{style}", number, Stretch(0.0, 3.0, (action,), f"style {style:02d}"))
        for action in ACTIONS
        for number, style in enumerate(range(15))
    ]
    made.append(recorded("jump-3", 3, Stretch(0.0, 3.0, ("jump",), "style 03")))
    found = motion_set(folder, "moves", made)
    split = store_split(found, seed=5)
    styles = {part: {name.split("-")[1] for name in names if "jump" not in name} for part, names in split.parts.items()}
    assert {part: len(each) for part, each in styles.items()} == {"train": 10, "validation": 2, "test": 3}
    assert not styles["train"] & styles["test"]
    assert "jump-3" in split.parts["train"]
    assert store_split(found, seed=5) == split
