"""The forecaster's tables: trained once, gone on with, measured with one judge, blind to the test part till then."""

import csv
import shlex
import shutil
from contextlib import closing
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core import report_tables
from core.configs import Forecaster, preset
from core.errors import RunError
from core.evaluation.pose_quality import Schedule
from core.experiments import forecast_tables
from core.experiments.forecast_summing import command_of, dead_term, plain_command
from core.experiments.forecast_tables import reproduce_forecasts
from core.experiments.forecast_writing import file_name
from core.forecast_rows import COLUMNS, OURS, RUNS, TABLES, config_of, distinct, lines_of
from core.knobs import with_overrides
from core.models import checkpoints
from core.models.checkpoints import Header
from core.reports import Table, read_report
from core.runs import Done, Progress, ReproduceForecasts
from tests.core.made_up_project import made_up

KNOBS = (
    "steps=4", "validate_every=2", "report_every=2", "optimiser.batch=16", "network.action_width=8",
    "network.object_width=8", "network.pose_width=8", "network.latent=8", "critic.joint_width=8", "critic.psi_width=8",
    "critic.head_width=8", "data.past_steps=3", "data.future_steps=3",
)  # fmt: skip


@pytest.fixture(scope="module")
def made():
    return made_up(9, 7)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(forecast_tables, "KEPT_POSES", 400)
    monkeypatch.setattr(forecast_tables, "JUDGE", Schedule(steps=30, batch=32, width=16))


def _spec(out, *what, **more):
    asked = {"preset": "forecaster/smoke", "knobs": KNOBS, "seeds": 1} | more
    return ReproduceForecasts(project="", out=str(out), what=what, **asked)


def _carried_out(spec, made):
    return list(reproduce_forecasts(spec, made.project, made.read_tracks, None))


def _learned(row: Path) -> tuple[Header, dict[str, bytes]]:
    """What lies in a row's best checkpoint, to the bit."""
    kept = checkpoints.load(row / "best.safetensors")
    return kept.header, {name: each.numpy().tobytes() for name, each in kept.tensors.items()}


def _table(out: Path, key: str) -> Table:
    found = read_report(out / f"{key}.json" if key.startswith("table") else out / f"table-{key}.json")
    assert isinstance(found, Table)
    return found


# ---- rows as values ----


def test_that_every_run_is_a_config_of_its_own_and_every_line_says_where_it_is_from():
    configs = {run: config_of(run, "forecaster/smoke", (), 0) for run in RUNS}
    assert all(isinstance(each, Forecaster) for each in configs.values())
    assert len({file_name(run) for run in RUNS}) == len(RUNS)
    for what, table in TABLES.items():
        assert set(table.columns) <= set(COLUMNS), what
        assert len({line.name for line in table.lines}) == len(table.lines)
        for line in table.lines:
            assert bool(line.run) + bool(line.method) + bool(line.label_network) <= 1
            assert line.run in RUNS if line.run else line.method or line.label_network or line.paper


def test_that_runs_with_the_same_config_are_one_whatever_the_base_is():
    def with_steps(count):
        wide = (f"data.past_steps={count}", f"data.future_steps={count}", *RUNS["gradient penalty"])
        return distinct({run: config_of(run, "forecaster/recommended", wide, 0) for run in RUNS})

    five, ten = with_steps(5), with_steps(10)
    assert five["five steps"] == five["gradient penalty"] == OURS
    assert five["five steps, middle poses"] == "middle poses"
    assert five["ten steps"] == "ten steps"
    assert ten["ten steps"] == OURS
    assert ten["five steps, middle poses"] == "five steps, middle poses"


def test_that_recommended_keeps_its_own_past_and_looks_as_far_ahead_as_the_others():
    asked = ("data.past_steps=2", "data.future_steps=7", "data.split=by cook", "steps=3")
    found, own = config_of("recommended", "forecaster/smoke", asked, 4), preset("forecaster/recommended")
    assert (found.data.future_steps, found.data.split, found.seed) == (7, "by cook", 4)
    assert found.data.past_steps == own.data.past_steps
    assert (found.steps, found.network) == (own.steps, own.network)
    everything = {run: config_of(run, "forecaster/recommended", (), 0) for run in RUNS}
    assert distinct(everything)["recommended"] == OURS


def test_that_a_row_is_asked_for_by_its_name_or_else_by_words_in_it():
    assert [line.name for line in lines_of("table3", ("2D",))] == ["2D"]
    assert [line.name for line in lines_of("table3", ("3D",))] == ["2D, 3D", "action, 2D, 3D"]
    assert lines_of("table3", ()) == TABLES["table3"].lines
    with pytest.raises(RunError, match="trains no forecaster"):
        config_of(OURS, "posegpt/small", (), 0)


def test_that_the_losses_of_table_3_are_on_and_off_as_printed():
    def weights(run):
        losses = config_of(run, "forecaster/recommended", (), 0).losses
        return tuple(each > 0 for each in (losses.action, losses.pose2d, losses.adversarial))

    said = {line.name: weights(line.run) for line in TABLES["table3"].lines}
    assert said == {
        "action": (True, False, False), "action, 2D": (True, True, False), "2D": (False, True, False),
        "2D, 3D": (False, True, True), "action, 2D, 3D": (True, True, True),
    }  # fmt: skip


# ---- carried out ----


@pytest.mark.slow
def test_that_a_stopped_table_goes_on_to_the_same_bits_and_finished_rows_are_not_trained_again(
    made, tmp_path, monkeypatch
):
    whole, broken = _spec(tmp_path / "whole", "table3", seeds=2), _spec(tmp_path / "broken", "table3", seeds=2)
    assert isinstance(_carried_out(whole, made)[-1], Done)
    with closing(reproduce_forecasts(broken, made.project, made.read_tracks, None)) as events:
        for event in events:
            if isinstance(event, Progress) and event.doing == "action and 2D, seed 1" and event.done == 2:
                break
    assert (tmp_path / "broken" / "rows" / "action-and-2d-seed0" / "trained").exists()
    assert not (tmp_path / "broken" / "rows" / "action-and-2d-seed1" / "trained").exists()
    _carried_out(broken, made)
    for row in (tmp_path / "whole" / "rows").iterdir():
        assert _learned(row) == _learned(tmp_path / "broken" / "rows" / row.name), row.name
    one, other = _table(tmp_path / "whole", "table3"), _table(tmp_path / "broken", "table3")
    assert [row.figures for row in one.rows] == [row.figures for row in other.rows]
    assert all(len(row.seeds) == 2 for row in one.rows if row.kind == "run")
    trained = []
    monkeypatch.setattr(forecast_tables, "train_forecaster", lambda *asked, **more: trained.append(asked) or iter(()))
    monkeypatch.setattr(forecast_tables, "evaluate", lambda *asked, **more: trained.append(asked))
    _carried_out(broken, made)
    assert not trained, "all of it was kept"


@pytest.fixture(scope="module")
def carried_out(made, tmp_path_factory):
    out = tmp_path_factory.mktemp("tables")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forecast_tables, "KEPT_POSES", 400)
        patch.setattr(forecast_tables, "JUDGE", Schedule(steps=30, batch=32, width=16))
        rows = (
            "zero", "train average", "n-gram", "last", "ours", "action", "2D", "2D, 3D", "action, 2D, 3D", "AVT",
            "five steps", "shuffled", "pose from",
        )  # fmt: skip
        events = _carried_out(_spec(out, "table1", "table3", "figure3", "choices", rows=rows), made)
    return out, events


@pytest.mark.slow
def test_that_runs_that_several_tables_show_are_trained_once(carried_out):
    out, events = carried_out
    names = sorted(each.name for each in (out / "rows").iterdir())
    assert names == [
        "2d-and-3d-seed0", "2d-only-seed0", "action-and-2d-seed0", "action-only-seed0", "five-steps-seed0",
        "ours-seed0", "pose-from-action-seed0", "seen-poses-shuffled-seed0",
    ]  # fmt: skip
    made = {Path(each).name for each in events[-1].outputs}
    assert made >= {"table1.json", "table3.md", "table-figure3.csv", "table-choices.md", "table-missing.json"}
    assert {"figure-figure3.png", "figure-missing.png"} <= made
    assert all((out / each).stat().st_size for each in made)


@pytest.mark.slow
def test_that_a_row_shows_what_it_was_taught_and_the_paper_stands_beside(carried_out):
    out, _ = carried_out
    rows = {row.name: row for row in _table(out, "table3").rows}
    assert {"top1", "top5"} <= rows["action"].figures.keys()
    assert not rows["action"].figures.keys() & {"mpjpe_px", "quality", "bones_off"}
    assert not rows["2D"].figures.keys() & {"top1", "top5"}
    assert {"mpjpe_px", "quality", "top1"} <= rows["action, 2D, 3D"].figures.keys()
    assert rows["action, 2D, 3D"].paper["quality"] == "0.55 / 0.31"
    controls = [row for row in rows.values() if row.kind == "control"]
    assert len(controls) == 2
    first = {row.name: row for row in _table(out, "table1").rows}
    assert first["AVT, RGB"].figures == {}
    assert first["AVT, RGB"].paper["top1"] == "19 % / 22 %"
    px = [first[name].mean("mpjpe_px") for name in ("zero velocity", "train average")]
    assert first["ours"].mean("relative") == pytest.approx(first["ours"].mean("mpjpe_px") / min(px))
    assert first["n-gram chosen on validation"].note.startswith("n-gram, order")
    for row in (*rows.values(), *first.values()):
        for report in row.reports:
            assert (out / report).is_file()
        assert row.kind != "run" or (row.seconds > 0 and shlex.split(row.command)[-2:] == ["--row", row.name])
        assert bool(row.figures) == row.command.startswith("posecast "), "what stands there can be made again"
    assert "25 % of the unreal ones" in _table(out, "table3").facts["3D quality"]
    assert "noise" not in _table(out, "table3").facts["3D quality"], "this judge sees poses as they are"


@pytest.mark.slow
def test_that_missing_joints_change_poses_by_and_by_and_none_missing_is_the_run_itself(carried_out):
    out, _ = carried_out
    rows = _table(out, "missing").rows
    ours = next(row for row in _table(out, "table3").rows if row.name == "action, 2D, 3D")
    assert [row.name.split()[0] for row in rows] == ["0", "10", "30", "60"]
    assert rows[0].figures["mpjpe_px"] == ours.figures["mpjpe_px"]
    assert rows[0].figures["top1"] == ours.figures["top1"]
    for row in rows:
        assert row.command.endswith("--row ours")
        assert abs(row.mean("mpjpe_px") - rows[0].mean("mpjpe_px")) < 0.5 * rows[0].mean("mpjpe_px")


@pytest.mark.slow
def test_that_a_row_made_again_leaves_the_others_of_its_table_where_they_are(carried_out, made, tmp_path):
    out, _ = carried_out
    shutil.copytree(out, tmp_path / "copy")
    before = _table(out, "table3")
    _carried_out(_spec(tmp_path / "copy", "table3", rows=("2D",)), made)
    after = _table(tmp_path / "copy", "table3")
    assert after.rows == before.rows
    assert after.notes == before.notes, "doubts are about the whole table"

    # Rows that were measured otherwise are no part of it.
    _carried_out(_spec(tmp_path / "copy", "table3", rows=("2D",), part="validation"), made)
    assert [row.name for row in _table(tmp_path / "copy", "table3").rows if row.kind == "run"] == ["2D"]


@pytest.mark.slow
def test_that_a_table_reads_as_a_page_and_as_a_sheet(carried_out):
    out, _ = carried_out
    table = _table(out, "table3")
    page = (out / "table3.md").read_text()
    assert page == report_tables.markdown(table)
    assert "posecast reproduce forecaster/table3 steps=4" in page
    assert "With one seed nobody can tell" in page
    lines = list(csv.DictReader(StringIO((out / "table3.csv").read_text())))
    ours = next(row for row in table.rows if row.name == "action, 2D, 3D")
    of_ours = [each for each in lines if each["row"] == ours.name and each["figure"] == "mpjpe_px"]
    assert float(of_ours[0]["value"]) == pytest.approx(ours.figures["mpjpe_px"][0], rel=1e-5)
    assert [float(each["value"]) for each in of_ours[1:]] == pytest.approx(list(ours.by_step["mpjpe_px"][0]), rel=1e-5)


@pytest.mark.slow
def test_that_what_lies_in_the_test_part_changes_no_checkpoint(made, tmp_path):
    tracks = dict(made.tracks)
    (split,) = made.project.splits.values()
    poisoned = made.project
    for clip_id in split.parts["test"]:
        clip = poisoned.clips[clip_id]
        shifted = tuple(replace(each, action="label-stir") for each in clip.segments)
        poisoned = poisoned.with_clip(replace(clip, segments=shifted))
        wild = tracks[clip.tracks]
        joints = np.random.default_rng(0).uniform(0, 300, wild.joints_px.shape).astype(np.float32)
        tracks[clip.tracks] = type(wild)(wild.skeleton, joints, wild.confidence)
    asked = _spec(tmp_path / "clean", "table3", rows=("action, 2D, 3D",))
    _carried_out(asked, made)
    list(
        reproduce_forecasts(
            replace(asked, out=str(tmp_path / "poisoned")), poisoned, lambda clip: tracks[clip.tracks], None
        )
    )
    clean, other = (_learned(tmp_path / name / "rows" / "ours-seed0") for name in ("clean", "poisoned"))
    assert clean == other
    px = [_table(tmp_path / name, "table3").rows[0].mean("mpjpe_px") for name in ("clean", "poisoned")]
    assert px[1] > 2 * px[0], "the test part was measured, and is another one"


@pytest.mark.slow
def test_that_a_row_that_was_begun_otherwise_is_refused(made, tmp_path):
    asked = _spec(tmp_path, "table2", rows=("characteristic",))
    _carried_out(asked, made)
    with pytest.raises(RunError, match="begun with other settings"):
        _carried_out(replace(asked, knobs=(*KNOBS, "network.dropout=0.1")), made)


def test_that_a_row_nobody_knows_is_answered_with_the_rows(made, tmp_path):
    with pytest.raises(RunError, match="No row") as refused:
        _carried_out(_spec(tmp_path, "table2", rows=("oracle",)), made)
    assert "uncoupled" in refused.value.hint


# ---- doubts ----


@given(st.lists(st.floats(0, 1), min_size=2, max_size=5), st.floats(-1, 1))
def test_that_a_term_is_dead_when_it_moves_quality_less_than_seeds_do(without, shift):
    moved = [each + shift for each in without]
    apart, spread = np.mean(moved) - np.mean(without), np.std(without, ddof=1)
    if abs(abs(apart) - spread) > 1e-9:
        assert bool(dead_term(without, moved)) == (abs(apart) < spread)


def test_that_one_seed_tells_nothing_and_no_quality_says_nothing():
    assert "one seed" in dead_term((0.2,), (0.5,))[0]
    assert dead_term((), (0.5,)) == []
    assert dead_term((0.1, 0.12, 0.11), (0.5, 0.52, 0.51)) == []


def test_that_the_line_of_a_plain_method_carries_the_settings_of_its_table():
    spec = ReproduceForecasts(
        project="p", out="o", preset="forecaster/paper", what=("table1",),
        knobs=("data.split=By cook", "data.future_steps=10", "steps=4"),
    )  # fmt: skip
    words = shlex.split(plain_command(spec))
    assert words[:3] == ["posecast", "baselines", "PROJECT"]
    settings = words[3 : words.index("--part")]
    wanted = config_of(OURS, spec.preset, spec.knobs, 0).data
    assert with_overrides(Forecaster(), settings).data == wanted
    assert not any(each.startswith("steps") for each in settings)
    whole = shlex.split(command_of(spec, "table1", "action, 2D"))
    assert "data.split=By cook" in whole
    assert whole[whole.index("--row") + 1] == "action, 2D"
