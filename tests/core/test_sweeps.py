"""A sweep is a value: its trials, its files, its runs in the line, and a ranking by validation figures alone."""

import csv
import io
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from typer.testing import CliRunner

from core import configs, line, sweep_runs, sweeps
from core.__main__ import app
from core.errors import FormatError, RunError
from core.knobs import knobs
from core.plain_yaml import parse
from core.project.store import ProjectStore
from core.run_about import about
from core.run_folder import RunFolder
from core.runs import Done, Failed, Stopped, TrainForecaster
from core.sweep_runs import Ranked
from core.sweeps import Range, Sweep

SMALL = "forecaster/small"
GRID = "preset: forecaster/small\ngrid:\n  network.latent: [32, 64]\n  optimiser.learning_rate: [1e-4, 5e-4, 1e-3]\n"


def swept(tmp_path: Path, text: str, name: str = "wide.yaml") -> Sweep:
    path = tmp_path / name
    path.write_text(text)
    return sweeps.read(path)


# ---- its trials ----


def test_that_a_grid_is_every_combination_with_every_seed(tmp_path):
    sweep = swept(tmp_path, GRID + "seeds: 2\nknobs: {optimiser.batch: 32}\nsteps: 100\n")
    trials = sweeps.trials(sweep)
    assert [each.number for each in trials] == list(range(1, 13))
    seen = [(each.changed["network.latent"], each.changed["optimiser.learning_rate"], each.seed) for each in trials]
    assert seen == [(latent, rate, seed) for latent in (32, 64) for rate in (1e-4, 5e-4, 1e-3) for seed in (0, 1)]
    base = knobs(configs.preset("forecaster/small"))
    for each in trials:
        now = knobs(each.config)
        assert {knob for knob in now if now[knob] != base[knob]} <= {*each.changed, "optimiser.batch", "steps", "seed"}
        assert (now["optimiser.batch"], now["steps"], now["seed"]) == (32, 100, each.seed)
        assert {knob: now[knob] for knob in each.changed} == each.changed


@given(st.integers(0, 2**31), st.integers(1, 12), st.booleans())
def test_that_a_random_search_draws_within_its_ranges_and_its_first_settings_stay(seed, trials, log):
    ways = {
        "network.latent": Range(low=8, high=512, log=log),
        "network.dropout": Range(low=0.05, high=0.5, log=log),
        "network.memory": ("flat", "recurrent"),
    }
    sweep = Sweep(name="s", preset="forecaster/small", random=ways, trials=trials, seed=seed)
    found = [each.changed for each in sweeps.trials(sweep)]
    assert len(found) == trials == len({repr(each) for each in found})
    for each in found:
        assert isinstance(each["network.latent"], int)
        assert 8 <= each["network.latent"] <= 512
        assert 0.05 <= each["network.dropout"] <= 0.5
    assert [each.changed for each in sweeps.trials(replace(sweep, trials=trials + 3))][:trials] == found


def test_that_with_log_every_factor_is_as_likely_as_every_other():
    ways = {"optimiser.learning_rate": Range(low=1e-5, high=1e-1, log=True)}
    sweep = Sweep(name="s", preset="forecaster/small", random=ways, trials=400)
    rates = [each.changed["optimiser.learning_rate"] for each in sweeps.trials(sweep)]
    assert [sum(low <= rate < 10 * low for rate in rates) for low in (1e-5, 1e-4, 1e-3, 1e-2)] == pytest.approx(
        [100] * 4, abs=30
    )


def test_that_a_budget_holds_for_each_stage_of_a_motion_model_and_raises_none(tmp_path):
    sweep = swept(tmp_path, "preset: posegpt/smoke\nsteps: 50\ngrid: {gpt_training.steps: [40, 55]}\n")
    stages = [(e.config.autoencoder_training.steps, e.config.gpt_training.steps) for e in sweeps.trials(sweep)]
    assert stages == [(50, 40), (50, 50)]
    assert (sweep.ranks_by, sweep.ranks_to) == ("validation/bits", "min")


# ---- its file ----


@pytest.mark.parametrize(
    ("text", "line_", "says", "helps"),
    [
        ("grid: {a: [1]}\n", 1, "preset is missing", "forecaster/small"),
        ("preset: forecaster/tiny\ngrid: {a: [1]}\n", 1, "no preset", "forecaster/small"),
        ("preset: forecaster/small\n", 1, "nothing varies", "grid"),
        ("preset: forecaster/small\nsedes: 2\n", 2, "no sedes", "seeds"),
        ("preset: forecaster/small\ngrid:\n  network.laten: [8]\n", 3, "no knob 'network.laten'", "network.latent"),
        (
            "preset: forecaster/small\ngrid:\n  network.latent:\n    - 8\n    - 2\n",
            5,
            "network.latent=2 is refused",
            "",
        ),
        ("preset: forecaster/small\ngrid:\n  network.latent: 8\n", 3, "a list of values", ""),
        ("preset: forecaster/small\ngrid:\n  network.latent: [8, 8]\n", 3, "two settings are the same", "out"),
        ("preset: forecaster/small\ngrid:\n  network.latent: [8, [9]]\n", 3, "plain values", ""),
        ("preset: forecaster/small\ngrid: {network: [1]}\n", 2, "no knob 'network'", ""),
        (f"{GRID}random:\n  network.dropout: [0.1]\n", 5, "either grid or random", "every combination"),
        (f"{GRID}trials: 3\n", 5, "every combination", "random"),
        (f"{GRID}seeds: 0\n", 5, "1 to 100 different seeds", ""),
        (f"{GRID}seeds: [1, 1]\n", 5, "different seeds", ""),
        (f"{GRID}seeds: many\n", 5, "seeds: expected", ""),
        (f"{GRID}figure: test/top1\n", 5, "only figures of the validation part", "validation/score"),
        (f"{GRID}figure: validation/mystery\n", 5, "good end", "best: max"),
        (f"{GRID}knobs:\n  network.latent: 9\n", 6, "both fixed and varied", "Take it out"),
        (f"{GRID}knobs:\n  optimiser.batch: 0\n", 6, "optimiser.batch=0 is refused", ""),
        ("preset: forecaster/small\nrandom: {network.latent: [8]}\n", 2, "how many settings", "trials"),
        ("preset: forecaster/small\ntrials: 2\nrandom:\n  network.latent: {low: 9, high: 8}\n", 4, "low is less", ""),
        (
            "preset: forecaster/small\ntrials: 2\nrandom:\n  network.latent: {low: 8.5, high: 9}\n",
            4,
            "whole number",
            "",
        ),
        ("preset: forecaster/small\ntrials: 2\nrandom:\n  network.latent: {low: 2, high: 9}\n", 4, "refused", ""),
        (
            "preset: forecaster/small\ntrials: 2\nrandom:\n  network.dropout: {low: 0, high: 1e-1, log: true}\n",
            4,
            "above 0",
            "",
        ),
        ("preset: forecaster/small\ntrials: 2\nrandom:\n  network.memory: {low: 0, high: 1}\n", 4, "no number", "list"),
        (
            "preset: forecaster/small\ntrials: 3\nrandom:\n  network.memory: [flat, recurrent]\n",
            2,
            "only 2 settings",
            "",
        ),
        (
            "preset: forecaster/small\ngrid: !!python/object/apply:os.system ['true']\n",
            2,
            "no plain value",
            "Only text",
        ),
        ("- 1\n", 1, "a table of names", ""),
        ("preset: [\n", 2, "expected", "name: value"),
        ("", 0, "empty", ""),
        (f"{GRID}name: a/b\n", 5, "cannot be part of a file's name", ""),
        (f"preset: forecaster/small\ngrid: {{seed: {list(range(1001))}}}\n", 2, "more than 1000", ""),
        (f"preset: forecaster/small\nseeds: 20\ngrid: {{network.latent: {list(range(8, 100))}}}\n", 3, "1840 runs", ""),
    ],
)
def test_that_what_is_wrong_with_a_sweep_is_said_with_its_line_and_what_it_may_be(tmp_path, text, line_, says, helps):
    with pytest.raises(FormatError) as refused:
        swept(tmp_path, text)
    where = f"wide.yaml: line {line_}: " if line_ else "wide.yaml: "
    assert str(refused.value).startswith(where), str(refused.value)
    assert says in str(refused.value)
    assert helps in refused.value.hint


@pytest.mark.parametrize(
    "sweep",
    [
        Sweep(name="a", preset=SMALL, grid={"network.latent": (8, 16), "critic.psi": (True, False)}, seeds=3),
        Sweep(name="b", preset="posegpt/small", grid={"autoencoder.layers": ("1,3", "2")}, knobs={"data.split": "é:"}),
        Sweep(
            name="c d", preset=SMALL, random={"network.dropout": Range(low=0.1, high=0.3), "unroll": (1, 2)},
            trials=4, seed=9, seeds=(4, 2), figure="validation/mpjpe_px", best="min", steps=10,
        ),
    ],
)  # fmt: skip
def test_that_a_sweep_is_read_back_as_it_was_written(sweep, tmp_path):
    text = sweeps.as_yaml(sweep)
    assert swept(tmp_path, text) == sweep
    assert sweeps.trials(swept(tmp_path, text)) == sweeps.trials(sweep)


@given(st.text(max_size=200))
def test_that_whatever_a_file_holds_is_read_or_refused_in_words(text):
    value: object = None
    with suppress(FormatError):
        value, lines = parse(text, Path("any.yaml"))
        assert () in lines
    msgspec.json.encode(value)


# ---- its runs ----


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A project whose jobs are asked for and never begin."""
    monkeypatch.setenv("POSECAST_STATE", str(tmp_path / "state"))
    asked: list[tuple[str, int]] = []

    def ask(folder: RunFolder, spec: TrainForecaster, *, priority: int = 0) -> None:
        folder.write_spec(spec)
        (folder.path / "ticket.json").write_text("{}")
        asked.append((folder.path.name, priority))

    def stop(folder: RunFolder) -> None:
        (folder.path / "ticket.json").unlink()
        folder.append(Stopped())

    monkeypatch.setattr(line, "ask", ask)
    monkeypatch.setattr(line, "stop", stop)
    ProjectStore.create(tmp_path / "p", "Swept", "test").close()
    (tmp_path / "p" / "asked").touch()
    monkeypatch.setattr(sweep_runs, "asked", asked, raising=False)
    return tmp_path / "p"


def asked_for() -> list[tuple[str, int]]:
    found = list(sweep_runs.asked)
    sweep_runs.asked.clear()
    return found


def ended(project: Path, name: str, event, **figures: list[float]) -> None:
    """The run as it is once it has ended; figures are its validations at steps 10, 20 …"""
    folder = RunFolder(project / "runs" / name)
    (folder.path / "ticket.json").unlink(missing_ok=True)
    rows = [
        (10 * at, f"validation/{key}", value) for key, values in figures.items() for at, value in enumerate(values, 1)
    ]
    with (folder.path / "metrics.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("step", "name", "value"), (1, "loss", 3.0), *rows])
    folder.append(event)


def test_that_each_trial_is_a_run_at_low_priority_that_says_what_it_tries(project):
    sweep = Sweep(name="wide", preset="forecaster/small", grid={"network.latent": (8, 16)}, seeds=2)
    started = sweep_runs.start(sweep, project)
    names = [f"wide-{number:02d}" for number in (1, 2, 3, 4)]
    assert started.new == tuple(names)
    assert asked_for() == [(name, line.LOW) for name in names]
    spec = RunFolder(project / "runs/wide-04").spec()
    assert isinstance(spec, TrainForecaster)
    assert (spec.config.network.latent, spec.config.seed, spec.project) == (16, 1, str(project))
    said = about(project / "runs/wide-04")
    assert (said.sweep, said.trial, said.changed) == ("wide", 4, {"network.latent": 16})
    assert sweep_runs.kept(project) == (replace(sweep, project=str(project)),)


def test_that_asking_again_starts_only_what_is_missing_and_goes_on_with_what_was_stopped(project):
    sweep = Sweep(name="wide", preset="forecaster/small", grid={"network.latent": (8, 16, 32, 64)})
    sweep_runs.start(sweep, project)
    asked_for()
    ended(project, "wide-01", Done())
    ended(project, "wide-02", Stopped())
    ended(project, "wide-03", Failed("No longer a number.", reason="not-a-number"))
    wider = replace(sweep, grid={"network.latent": (128, 8, 16, 32, 64)})
    started = sweep_runs.start(wider, project)
    assert [name for name, _ in asked_for()] == ["wide-05", "wide-02"]
    assert started == sweep_runs.Started(("wide-05",), ("wide-02",), ("wide-04",), ("wide-01",), ("wide-03",))
    assert sweep_runs.start(wider, project, failed_too=True).going_on == ("wide-03",)
    assert sweep_runs.start(wider, project).in_words() == "4 under way, 1 done"


def test_that_a_stopped_sweep_goes_on_and_other_runs_are_left_alone(project):
    sweep = Sweep(name="wide", preset="forecaster/small", grid={"network.latent": (8, 16)})
    other = replace(sweep, name="other")
    for each in (sweep, other):
        sweep_runs.start(each, project)
    assert sweep_runs.stop(sweep, project) == ("wide-01", "wide-02")
    states = {each.name: RunFolder(each).state() for each in (project / "runs").iterdir()}
    assert states == {"wide-01": "stopped", "wide-02": "stopped", "other-01": "waiting", "other-02": "waiting"}
    assert sweep_runs.start(sweep, project).going_on == ("wide-01", "wide-02")


# ---- its table ----


def test_that_settings_are_ranked_by_their_kept_checkpoints_over_seeds(project):
    ways = {"network.latent": (8, 16, 32)}
    sweep = Sweep(name="wide", preset="forecaster/small", grid=ways, seeds=2, figure="validation/top1")
    sweep_runs.start(sweep, project)
    # The kept checkpoint is the one with the best score, also where a later one has more right actions.
    ended(project, "wide-01", Done(), score=[1.0, 2.0, 1.5], top1=[0.1, 0.50, 0.9])
    ended(project, "wide-02", Done(), score=[1.0, 2.0], top1=[0.2, 0.60])
    ended(project, "wide-03", Done(), score=[2.0, 1.0], top1=[0.70, 0.1])
    ended(project, "wide-04", Failed("Ended."), score=[2.0], top1=[0.99])
    ranking = sweep_runs.rank(sweep, project)
    rows = [(each.place, each.changed["network.latent"], each.done, each.mean) for each in ranking.rows]
    assert rows == [(1, 16, 1, 0.7), (2, 8, 2, pytest.approx(0.55)), (0, 32, 0, None)]
    assert ranking.rows[0].spread is None, "one run has no spread"
    assert ranking.rows[1].spread == pytest.approx(0.0707, abs=1e-4)
    assert (ranking.done, ranking.runs) == (3, 6)
    smallest = sweep_runs.rank(replace(sweep, best="min"), project)
    assert [each.changed["network.latent"] for each in smallest.rows] == [8, 16, 32]


def test_that_a_motion_model_is_ranked_by_the_checkpoint_its_figure_belongs_to(project):
    folder = RunFolder(project / "runs" / "one")
    folder.path.mkdir(parents=True)
    ended(project, "one", Done(), pve_mm=[30.0, 20.0, 25.0], bits=[3.0, 2.0, 2.5], accuracy=[0.1, 0.2, 0.9])
    found = {name: sweep_runs.figure_of(folder, f"validation/{name}", "min") for name in ("pve_mm", "bits", "accuracy")}
    assert found == {"pve_mm": 20.0, "bits": 2.0, "accuracy": 0.2}
    assert sweep_runs.figure_of(folder, "validation/top1", "max") is None
    assert sweep_runs.figure_of(RunFolder(project / "nowhere"), "validation/bits", "min") is None


def test_that_the_table_is_written_as_text_markdown_and_csv(project):
    sweep = Sweep(name="wide", preset="forecaster/small", grid={"critic.psi": (True, False)}, seeds=2)
    sweep_runs.start(sweep, project)
    for number, score in ((1, 0.5), (2, 0.7), (3, 0.9), (4, 0.9)):
        ended(project, f"wide-0{number}", Done(), score=[score])
    ranking = sweep_runs.rank(sweep, project)
    assert "0.9 ± 0" in sweep_runs.as_text(ranking)
    markdown = sweep_runs.as_markdown(ranking).splitlines()
    assert markdown[4] == "| **1** | **false** | **0.9 ± 0** | **2 of 2 done** | **wide-03 wide-04** |"
    assert markdown[5].startswith("| 2 | true | 0.6 ± 0.14 |")
    rows = list(csv.DictReader(io.StringIO(sweep_runs.as_csv(ranking))))
    assert [(row["place"], row["critic.psi"], float(row["mean"]), row["names"]) for row in rows] == [
        ("1", "False", 0.9, "wide-03 wide-04"),
        ("2", "True", 0.6, "wide-01 wide-02"),
    ]


def test_that_what_has_no_figure_has_no_place():
    row = Ranked(changed={"unroll": 1}, runs=())
    assert (sweep_runs.figure_words(row), row.place, row.done) == ("", 0, 0)


# ---- the command ----


def test_that_the_command_plans_starts_ranks_and_stops(project, tmp_path):
    file = tmp_path / "wide.yaml"
    file.write_text("preset: forecaster/smoke\nproject: p\ngrid: {network.latent: [8, 16]}\n")
    run = CliRunner().invoke
    plan = run(app, ["sweep", str(file), "--dry-run"])
    assert "2 runs; nothing started." in plan.output
    assert not (project / "runs").exists()
    assert msgspec.json.decode(run(app, ["sweep", str(file), "--json"]).stdout)["new"] == ["wide-01", "wide-02"]
    ended(project, "wide-02", Done(), score=[0.25])
    assert msgspec.json.decode(run(app, ["sweep", str(file), "--table", "--json"]).stdout)["rows"][0]["mean"] == 0.25
    for ending in ("csv", "md", "json"):
        out = tmp_path / f"table.{ending}"
        assert run(app, ["sweep", str(file), "--table", "--out", str(out)]).exit_code == 0
        assert "0.25" in out.read_text()
    assert "1 run asked to stop" in run(app, ["sweep", str(file), "--stop"]).output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--table", "--stop"], "three things"),
        (["--out", "a.csv"], "Give --table"),
        (["--table", "--out", "a.txt"], "no .csv, .json or .md"),
        (["--project", "nowhere"], "holds no project"),
        ([], "names no project"),
    ],
)
def test_that_the_command_refuses_in_words(project, tmp_path, monkeypatch, words, says):
    monkeypatch.chdir(tmp_path)
    where = "project: p\n" if "--out" in words or "--stop" in words else ""
    Path("wide.yaml").write_text(f"preset: forecaster/smoke\n{where}grid: {{network.latent: [8, 16]}}\n")
    said = CliRunner().invoke(app, ["sweep", "wide.yaml", *words])
    assert said.exit_code == 1
    assert says in said.output
    assert "Traceback" not in said.output


def test_that_a_sweep_without_a_project_is_refused():
    with pytest.raises(RunError, match="names no project"):
        sweep_runs.project_of(Sweep(name="a", preset="forecaster/small"))
