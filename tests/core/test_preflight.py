"""What a run would take is said before it starts: at once from sizes, then from a few real steps in a process."""

import gc
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from core import configs, preflight
from core.devices import Device
from core.preflight import Asked, Attempt, Holds, Pace, Refused, Trial, estimate, fitting_batch, guess, troubles
from core.preflight_trial import Height, Seen, _added_up, _line, _paces, _second, _side_by_side
from core.run_facts import environment_of
from core.run_folder import RunFolder
from tests.core.project_on_disk import project_on_disk

ROOT = Path(__file__).resolve().parents[2]
GB = 2**30
SMALL = configs.preset("forecaster/small")
QUICK = configs.with_overrides(
    configs.preset("forecaster/smoke"), ["losses.adversarial=0", "network.start_at_mean_pose=false", "device=cpu"]
)  # fmt: skip


def pace(**what):
    return Pace(**{"name": "", "step_s": 0.1, "memory": 1e9} | what)


def trial(*paces, **what):
    return Trial(**{"begin_s": 5.0, "begin_memory": 1e9, "paces": paces, "numbers": 1000, "disk": 1e6} | what)


def device(free, total=16 * GB, kind="cpu"):
    return Device(key="cpu" if kind == "cpu" else "cuda:0", kind=kind, name="P", memory_total=total, memory_free=free)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("preflight") / "made up"
    project_on_disk(folder, clips=4)
    return folder


def test_that_a_run_takes_its_beginning_its_steps_and_its_validations():
    config = replace(SMALL, steps=1000, report_every=10, validate_every=300)
    said = estimate(config, trial(pace(step_s=0.1, window_s=0.001, look_s=0.5, validate_s=2.0, save_s=1.0)))
    steps = 1000 * (0.1 + 0.001 * SMALL.optimiser.batch)
    assert said.seconds == pytest.approx(5 + steps + 100 * 0.5 + 4 * 3.0)
    assert said.measured


def test_that_memory_grows_with_the_batch_in_a_straight_line_and_never_below_the_beginning():
    tried = trial(pace(memory=2e9, window_memory=1e6, validate_memory=3e8))
    for batch in (1, 100, 5000):
        config = replace(SMALL, optimiser=replace(SMALL.optimiser, batch=batch))
        assert estimate(config, tried).memory == 2e9 + 1e6 * batch + 3e8
    assert estimate(SMALL, trial(pace(memory=1e8), begin_memory=7e9)).memory == 7e9


def test_that_a_critic_that_joins_late_slows_only_the_steps_after():
    config = replace(SMALL, steps=100, critic=replace(SMALL.critic, joins_at=0.75))
    said = estimate(config, trial(pace(name="before the critic", step_s=1.0), pace(step_s=10.0), begin_s=0.0))
    assert said.seconds == pytest.approx(75 * 1.0 + 25 * 10.0)


def test_that_both_stages_of_a_motion_model_count_with_their_own_steps_and_batch():
    config = configs.preset("posegpt/small")
    stages = pace(name="autoencoder", step_s=0, window_s=1.0), pace(name="gpt", step_s=0, window_s=10.0)
    one, two = config.autoencoder_training, config.gpt_training
    said = estimate(config, trial(*stages, begin_s=0.0))
    assert said.seconds == pytest.approx(one.steps * one.batch + 10 * two.steps * two.batch)


def test_that_on_a_card_its_own_memory_counts_with_the_programs_share_of_it():
    tried = trial(pace(memory=2e9, card=1e9, window_card=1e6), context=5e8)
    said = estimate(SMALL, tried, "cuda:0")
    assert said.memory == 1e9 + 1e6 * SMALL.optimiser.batch + 5e8
    assert said.host_memory == 2e9


def test_that_what_does_not_fit_names_a_batch_that_does(tmp_path):
    config = replace(SMALL, optimiser=replace(SMALL.optimiser, batch=4096))
    said = estimate(config, trial(pace(memory=5e8, window_memory=1e6)))
    found = troubles(config, said, device(3 * GB), device(3 * GB), tmp_path)
    assert [each.kind for each in found] == ["memory"]
    assert found[0].setting == "optimiser.batch=2048"
    smaller = configs.with_overrides(config, [found[0].setting])
    fitting = estimate(smaller, trial(pace(memory=5e8, window_memory=1e6)))
    assert not troubles(smaller, fitting, device(3 * GB), device(3 * GB), tmp_path)


def test_that_no_batch_is_offered_where_the_model_itself_does_not_fit():
    assert fitting_batch(SMALL, estimate(SMALL, trial(pace(memory=5e9))), 0.1e9) == 0


def test_that_a_disk_without_room_is_said_before_the_run(tmp_path):
    said = estimate(SMALL, trial(pace(), disk=1e18))
    assert [each.kind for each in troubles(SMALL, said, device(9 * GB), device(9 * GB), tmp_path / "runs" / "new")] == [
        "disk"
    ]


def test_that_a_card_whose_machine_lacks_memory_says_so(tmp_path):
    said = estimate(SMALL, trial(pace(memory=9e9, card=1e9)), "cuda:0")
    found = troubles(SMALL, said, device(70 * GB, 80 * GB, "cuda"), device(4 * GB), tmp_path)
    assert [each.kind for each in found] == ["host-memory"]


@pytest.mark.parametrize("name", list(configs.PRESETS))
def test_that_every_preset_is_guessed_at_and_larger_batches_take_more(name):
    config, holds = configs.preset(name), Holds(steps=500, clips=10, actions=9, motion_frames=90_000, mean_frames=60)
    said = guess(config, holds)
    assert not said.measured
    assert said.doubt > preflight.DOUBT
    assert 3e8 < said.memory < 1e12
    assert said.seconds > 0
    assert said.disk > 4 * said.numbers
    knob = "optimiser.batch" if isinstance(config, configs.Forecaster) else "autoencoder_training.batch"
    stages = [] if isinstance(config, configs.Forecaster) else ["stages=autoencoder"]
    small, large = (configs.with_overrides(config, [*stages, f"{knob}={size}"]) for size in (64, 8192))
    assert guess(large, holds).memory > guess(small, holds).memory
    assert guess(large, holds).seconds > guess(small, holds).seconds


def test_that_pieces_of_memory_are_added_up_at_the_whole_batch():
    # Weights' gradients (100) live at the end, activations (2 a window) in the middle: which is higher depends.
    def pieces(batch):
        return (2 * batch, 2 * batch, -2 * batch, 100, -2 * batch, -100)

    one, two = (Seen("", batch, pieces=pieces(batch)) for batch in (4, 8))
    assert _added_up(one, two, 1000) == pytest.approx(1.05 * 4000)
    assert _added_up(one, two, 8) == 0


def test_that_a_piece_which_only_one_of_two_steps_took_is_left_out():
    one, two = (10, 40, 40, -40, -40, -10), (10, 80, 17, -17, 80, -80, -80, -10)
    assert _side_by_side(one, two, 2.0) == ([10, 40, 40, -40, -40, -10], [10, 80, 80, -80, -80, -10])


def test_that_lines_begin_at_nothing_and_never_fall():
    assert _line(10, 5.0, 20, 9.0) == pytest.approx((1.0, 0.4))
    assert _line(10, 5.0, 20, 4.0) == (4.0, 0.0)
    assert _line(10, 1.0, 20, 9.0)[0] == 0.0


def test_that_the_second_batch_is_as_large_as_time_and_memory_allow():
    quick = Seen("", 64, step_s=0.01, before=1e9, memory=1.1e9)
    assert _second(quick, 128) == 128
    assert _second(quick, 10_000) == 640  # a tenth of a gigabyte for 64: ten times as many
    assert _second(replace_seen(quick, step_s=5.0), 10_000) == 128


def replace_seen(seen, **what):
    from dataclasses import replace as again

    return again(seen, **what)


def test_that_the_height_of_memory_is_counted_anew():
    height = Height()
    height.watch()
    before = height.begin()
    held = bytearray(80_000_000)
    held[::4096] = b"x" * len(held[::4096])
    assert height.so_far() - before > 60_000_000
    del held
    again = height.begin()
    assert height.so_far() - again < 40_000_000


def test_that_two_runs_that_differ_in_seed_and_steps_share_a_trial_and_others_do_not(project):
    one = Asked.of(QUICK, project)
    alike = Asked.of(replace(QUICK, seed=9, steps=7), project)
    other = Asked.of(replace(QUICK, unroll=2), project)
    assert preflight.key_of(one) == preflight.key_of(alike) != preflight.key_of(other)
    assert preflight.kept(one) is None
    preflight.keep(one, trial(pace()))
    assert preflight.kept(alike) == trial(pace())
    assert preflight.kept(other) is None


def test_that_a_project_that_changed_is_tried_anew(tmp_path):
    project_on_disk(tmp_path / "p", clips=2)
    before = preflight.key_of(Asked.of(QUICK, tmp_path / "p"))
    os.utime(tmp_path / "p" / "project.sqlite", ns=(1, 1))
    assert preflight.key_of(Asked.of(QUICK, tmp_path / "p")) != before


def test_that_asking_needs_no_torch():
    code = (
        "import sys; from core import configs, preflight as p; "
        "p.guess(configs.preset('forecaster/small'), p.Holds()); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.slow
def test_that_a_trial_measures_a_training_is_kept_and_leaves_nothing(project, tmp_path):
    before = {each for each in project.rglob("*") if each.is_file()}
    asked = Asked.of(QUICK, project)
    with closing(Attempt(asked)) as attempt:
        found = attempt.answer(wait=True)
        place = attempt.folder
    assert isinstance(found, Trial), found
    assert {each.name for each in found.paces} == {""}
    assert found.begin_s > 0
    assert found.numbers > 10_000
    said = estimate(QUICK, found)
    assert 1e8 < said.memory < 4e9
    assert said.seconds > found.begin_s
    assert said.disk > 4 * found.numbers
    assert preflight.kept(asked) == found
    assert not place.exists()
    assert {each for each in project.rglob("*") if each.is_file()} == before
    # What it says of memory is what the training takes at most; of presets that people train, bench_preflight tells.
    folder = RunFolder(tmp_path / "run")
    folder.write_spec(replace(asked.spec, out=str(folder.path)))
    subprocess.run([sys.executable, "-m", "core.runner", str(folder.path)], check=True, timeout=300, cwd=ROOT)
    where = environment_of(folder.path)
    assert where is not None
    assert said.memory == pytest.approx(where.memory_peak_bytes, rel=0.25)


@pytest.mark.slow
def test_that_what_the_training_would_refuse_the_trial_refuses_in_its_words(project):
    nothing = replace(QUICK, losses=replace(QUICK.losses, action=0.0, pose2d=0.0))
    with closing(Attempt(Asked.of(nothing, project))) as attempt:
        found = attempt.answer(wait=True)
    assert isinstance(found, Refused)
    assert "weight" in found.message


def test_that_a_trial_nobody_waits_for_any_more_is_gone_with_its_folder(project):
    attempt = Attempt(Asked.of(QUICK, project))
    assert attempt.answer() is None
    attempt.close()
    assert attempt.is_over
    assert not attempt.folder.exists()


def test_that_a_trial_nobody_closed_goes_with_whoever_held_it(project):
    attempt = Attempt(Asked.of(QUICK, project))
    place, process = attempt.folder, attempt._process
    del attempt
    gc.collect()
    assert process.poll() is not None
    assert not place.exists()


def test_that_an_answer_is_data():
    for each in (trial(pace()), Refused("why", "what to do")):
        assert msgspec.json.decode(msgspec.json.encode(each), type=Trial | Refused) == each


def test_that_a_kind_of_steps_seen_with_one_batch_goes_with_its_windows():
    from types import SimpleNamespace

    seen = Seen("autoencoder", 8, step_s=0.4, before=1e9, memory=1.8e9, validate_memory=1e8)
    (made,) = _paces(SimpleNamespace(seen=[seen]), 0)
    assert (made.memory, made.window_memory, made.window_s) == (1e9, 1e8, pytest.approx(0.05))
