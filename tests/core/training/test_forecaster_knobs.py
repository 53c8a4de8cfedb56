"""Every knob of the forecaster's method does what it says: losses singly and together, critics, times, what is kept."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from safetensors.torch import load_file

from core import configs
from core.datasets.action_sequences import examples_of
from core.datasets.pose_bank import PoseBank
from core.errors import RunError
from core.models import checkpoints
from core.models.forecaster import Forecaster
from core.runs import Metric, Progress, TrainForecaster
from core.training.forecaster import ForecasterRecipe, train_forecaster
from core.training.forecaster_losses import nearest
from core.training.loop import fetched
from core.training.running import rate
from tests.core.made_up_project import bank_poses, made_up
from tests.core.training.unlooked import unlooked

BANK = PoseBank(bank_poses(300), "made up")
QUICK = (
    "steps=6", "validate_every=3", "report_every=2", "optimiser.batch=16", "data.past_steps=4", "data.future_steps=3",
    "critic.psi_width=16", "critic.joint_width=16", "network.pose_width=24", "network.latent=24", "device=cpu",
    "unroll=2",
)  # fmt: skip


@pytest.fixture(scope="module")
def made():
    return made_up(8, 8)


def _spec(folder, *overrides, preset="forecaster/smoke"):
    config = configs.with_overrides(configs.preset(preset), [*QUICK, *overrides])
    assert isinstance(config, configs.Forecaster)
    return TrainForecaster(project="", out=str(folder), config=config, preset=preset)


def _train(made, folder, *overrides, preset="forecaster/smoke", bank=BANK):
    return train_forecaster(_spec(folder, *overrides, preset=preset), made.project, made.read_tracks, folder, bank)


def _recipe(made, folder: Path, *overrides, preset="forecaster/smoke"):
    spec = _spec(folder, *overrides, preset=preset)
    examples = examples_of(made.project, made.read_tracks, spec.config.data)
    return ForecasterRecipe(spec, "made up", examples, BANK, folder)


def _metrics(events):
    return {(each.step, each.name): each.value for each in events if isinstance(each, Metric)}


# ---- losses ---------------------------------------------------------------------------------------------------------

TABLE_3 = {
    "action only": {"action"},
    "2D only": {"pose2d"},
    "action and 2D": {"action", "pose2d"},
    "2D and 3D": {"pose2d", "adversarial"},
    "all": {"action", "pose2d", "adversarial"},
}


@pytest.mark.parametrize("row", TABLE_3)
def test_that_a_loss_without_weight_is_neither_computed_nor_logged(made, tmp_path, row):
    off = {"action", "pose2d", "adversarial"} - TABLE_3[row]
    metrics = _metrics(_train(made, tmp_path, *(f"losses.{each}=0" for each in off)))
    logged = {name for _, name in metrics}
    assert {name.removeprefix("loss/") for name in logged if name.startswith("loss/")} == TABLE_3[row]
    assert {name.removeprefix("gradient/") for name in logged if name.startswith("gradient/")} == TABLE_3[row]
    assert ("critic" in logged) == ("adversarial" in TABLE_3[row])
    assert ("train/top1" in logged) == ("action" in TABLE_3[row])


@pytest.mark.parametrize(("weight", "decoder"), [("action", "decode_action"), ("pose2d", "decode_pose")])
def test_that_a_decoder_that_nothing_weighs_is_not_taught(made, tmp_path, weight, decoder):
    # Unrolled further, a pose that is fed back is taught by what follows from it.
    off = ("losses.adversarial=0", f"losses.{weight}=0", "optimiser.weight_decay=0", "unroll=1")
    recipe = _recipe(made, tmp_path, *off)
    before = {name: each.clone() for name, each in recipe._model.state_dict().items()}
    for _ in range(3):
        recipe.take_step(look=False)
    changed = {name.split(".")[0] for name, each in recipe._model.state_dict().items() if not each.equal(before[name])}
    assert decoder not in changed
    assert {"decode_action", "decode_pose", "encode_poses"} - {decoder} <= changed


def test_that_action_alone_trains_no_critic(made, tmp_path):
    recipe = _recipe(made, tmp_path, "losses.adversarial=0", "losses.pose2d=0")
    before = {name: each.clone() for name, each in recipe._critic.state_dict().items()}
    recipe.take_step(look=True)
    assert all(torch.equal(each, before[name]) for name, each in recipe._critic.state_dict().items())


def test_that_a_training_that_would_learn_nothing_is_refused_in_words(made, tmp_path):
    with pytest.raises(RunError, match="nothing to learn"):
        list(_train(made, tmp_path, *(f"losses.{each}=0" for each in ("action", "pose2d", "adversarial"))))


def test_that_what_is_not_taught_has_no_say_in_what_is_best(made, tmp_path):
    metrics = _metrics(_train(made, tmp_path / "actions", "losses.pose2d=0", "losses.adversarial=0"))
    assert metrics[6, "validation/score"] == metrics[6, "validation/top1"]
    metrics = _metrics(_train(made, tmp_path / "poses", "losses.action=0"))
    assert metrics[6, "validation/score"] < 0
    assert checkpoints.read_header(tmp_path / "poses" / "best.safetensors").temperatures == ()


@pytest.mark.slow
def test_that_the_recommended_terms_pull_alike_and_none_is_dead(tmp_path):
    made = made_up(12, 12)
    size = ("steps=40", "validate_every=40", "report_every=5", "optimiser.batch=32", "data.past_steps=6")
    config = configs.with_overrides(configs.recommended(), [*size, "device=cpu"])
    spec = TrainForecaster(project="", out=str(tmp_path), config=config)
    metrics = _metrics(train_forecaster(spec, made.project, made.read_tracks, tmp_path, BANK))
    pulls = {
        name: np.median([value for (_, each), value in metrics.items() if each == f"gradient/{name}"][3:])
        for name in ("pose2d", "adversarial")
    }
    assert 0.1 < pulls["adversarial"] / pulls["pose2d"] < 10


# ---- the critic -----------------------------------------------------------------------------------------------------


def test_that_without_psi_the_critic_is_smaller_and_still_pulls(made, tmp_path):
    metrics = _metrics(_train(made, tmp_path, "critic.psi=false"))
    assert metrics[6, "gradient/adversarial"] > 0
    assert not any("psi" in name for name in checkpoints.load(tmp_path / "last.safetensors").part("critic"))


def test_that_the_critic_takes_as_many_steps_as_it_is_given(made, tmp_path):
    recipe = _recipe(made, tmp_path, "critic.steps=3")
    taught = []
    teach = recipe._teach_critic
    recipe._teach_critic = lambda **said: (taught.append(1), teach(**said))[1]
    recipe.take_step(look=False)
    assert len(taught) == 3


# ---- what it is told ------------------------------------------------------------------------------------------------


def test_that_objects_can_be_kept_from_it(made):
    spec = _spec("", "data.objects=false")
    with_, without = (
        examples_of(made.project, made.read_tracks, data).windows["train"].objects
        for data in (configs.smoke().data, spec.config.data)
    )
    assert with_.any()
    assert not without.any()


def test_that_a_forecaster_that_counts_starts_as_the_n_gram_and_goes_on_bit_for_bit(made, tmp_path):
    overrides = ("network.counting=true", "data.seen_times=true", "losses.times=1", "keep_made=100")
    recipe = _recipe(made, tmp_path / "first", *overrides)
    rolled = recipe._rolled_out()
    assert rolled is not None
    told = torch.from_numpy(rolled[0]).softmax(-1).numpy()
    windows, plain = recipe._validation, recipe._plain
    histories = [tuple(int(action) for action in row if action >= 0) for row in windows.seen_actions]
    np.testing.assert_allclose(told, plain.probabilities(histories, 3), atol=1e-5)

    whole = _metrics(_train(made, tmp_path / "whole", *overrides))
    with closing(_train(made, tmp_path / "parts", *overrides)) as events:
        first = []
        for event in events:
            first.append(event)
            if isinstance(event, Progress) and event.done == 4:
                break
    assert {**_metrics(first), **_metrics(_train(made, tmp_path / "parts", *overrides))} == whole
    for name in ("last", "made_poses", "best"):
        one, other = (load_file(tmp_path / each / f"{name}.safetensors") for each in ("whole", "parts"))
        assert one.keys() == other.keys()
        for key, value in one.items():
            assert torch.equal(value, other[key]), key


def test_that_a_counting_run_is_loaded_from_its_file_alone(made, tmp_path):
    list(_train(made, tmp_path, "network.counting=true"))
    kept = checkpoints.load(tmp_path / "best.safetensors")
    model = Forecaster.of(kept.header.config, actions=len(kept.header.actions), objects=len(kept.header.objects))
    model.load_state_dict(kept.part("model"))
    assert model.counting is not None
    here = torch.tensor([[0, 1, 2, 3]])
    recipe = _recipe(made, tmp_path / "again", "network.counting=true")
    assert recipe._model.counting is not None
    expected = recipe._model.counting.log_probabilities(here)
    assert torch.equal(model.counting.log_probabilities(here), expected)


def test_that_training_leaves_each_windows_own_fold_uncounted(made, tmp_path):
    recipe = _recipe(made, tmp_path, "network.counting=true")
    fold = recipe._train.whole.past.fold
    assert fold is not None
    assert torch.equal(fold, torch.from_numpy(recipe._examples.windows["train"].sequence % 10))
    assert recipe._measured.whole.past.fold is None


# ---- times ----------------------------------------------------------------------------------------------------------


def test_that_times_are_learned_logged_and_start_as_the_usual_ones(made, tmp_path):
    recipe = _recipe(made, tmp_path / "start", "losses.times=1")
    with torch.no_grad():
        said = recipe._model(recipe._train.whole.past).times
    assert said is not None
    # Every made-up step takes two seconds with its instant in the middle.
    torch.testing.assert_close(said.median_s[0], torch.tensor([2.0, 1.0, 1.0]))
    metrics = _metrics(_train(made, tmp_path / "run", "losses.times=1"))
    assert {"loss/times", "gradient/times", "validation/time_s", "validation/time_within"} <= {
        each for _, each in metrics
    }
    assert metrics[6, "validation/time_s"] < 0.5


def test_that_times_count_as_data_only_where_they_are_looked_at(made):
    longer = made.project
    for clip in made.project.clips.values():
        last = clip.segments[-1]
        longer = longer.with_clip(clip.with_segment(replace(last, end_frame=last.end_frame + 5)))
    data = configs.smoke().data
    one, other = (examples_of(each, made.read_tracks, data) for each in (made.project, longer))
    assert one.fingerprint() == other.fingerprint()
    assert one.fingerprint(times=True) != other.fingerprint(times=True)
    assert one.fingerprint() != one.fingerprint(times=True)


# ---- several futures ------------------------------------------------------------------------------------------------


def test_that_of_several_draws_the_nearest_in_what_is_visible_is_taught():
    truth = torch.zeros(2, 9, 2)
    seen = torch.zeros(2, 3, 9, 2)
    seen[0, 0, 3], seen[0, 1, 4], seen[0, 2, 5] = 0.3, 0.2, 9.0
    seen[1, 0, 3], seen[1, 1, 4], seen[1, 2, 5] = 0.3, 0.2, 0.1
    visible = torch.ones(2, 9, dtype=torch.bool)
    assert nearest(seen, truth, visible).tolist() == [1, 2]
    visible[0, 5] = False
    assert nearest(seen, truth, visible).tolist() == [2, 2]


def test_that_a_noise_input_and_best_of_are_taught_and_goes_on_bit_for_bit(made, tmp_path):
    overrides = ("network.noise=4", "losses.best_of=3", "network.pose_from_action=true")
    whole = _metrics(_train(made, tmp_path / "whole", *overrides))
    single = _metrics(_train(made, tmp_path / "single", *overrides, "losses.best_of=1"))
    assert whole[6, "loss/pose2d"] < single[6, "loss/pose2d"]  # the nearest of three is nearer than any
    with closing(_train(made, tmp_path / "parts", *overrides)) as events:
        next(each for each in events if isinstance(each, Progress) and each.done == 2)
    assert _metrics(_train(made, tmp_path / "parts", *overrides)).items() <= whole.items()


# ---- what is kept ---------------------------------------------------------------------------------------------------


def test_that_poses_are_kept_at_ten_even_points_and_change_no_run(made, tmp_path):
    twenty = ("steps=20", "validate_every=20")
    kept = _metrics(_train(made, tmp_path / "kept", *twenty, "keep_made=203"))
    assert kept == _metrics(_train(made, tmp_path / "plain", *twenty))
    assert not (tmp_path / "plain" / checkpoints.MADE_POSES).exists()
    made_poses = load_file(tmp_path / "kept" / checkpoints.MADE_POSES)
    assert made_poses["poses_m"].shape == (203, 9, 3)
    assert made_poses["poses_m"].dtype == torch.float16
    assert (made_poses["poses_m"][:, 1] == 0).all()
    steps, counts = made_poses["step"].unique(return_counts=True)
    assert steps.tolist() == list(range(2, 21, 2))
    assert set(counts.tolist()) == {20, 21}
    first = made_poses["poses_m"][made_poses["step"] == 2].float().mean(0)
    last = made_poses["poses_m"][made_poses["step"] == 20].float().mean(0)
    assert (first - last).abs().max() > 1e-3  # each point has the poses of its own time


def test_that_a_short_run_keeps_as_many_points_as_it_has(made, tmp_path):
    list(_train(made, tmp_path, "steps=3", "keep_made=30"))
    assert load_file(tmp_path / checkpoints.MADE_POSES)["step"].unique().tolist() == [1, 2, 3]


def test_that_confidence_is_fitted_on_validation_and_stands_in_the_header(made, tmp_path):
    list(_train(made, tmp_path))
    header = checkpoints.read_header(tmp_path / "best.safetensors")
    assert isinstance(header, checkpoints.Header)
    assert len(header.temperatures) == 3
    assert all(each > 0 for each in header.temperatures)
    assert header.calibration_error is not None
    assert 0 <= header.calibration_error <= 1
    going_on = checkpoints.read_header(tmp_path / "last.safetensors")
    assert isinstance(going_on, checkpoints.Header)
    assert going_on.temperatures == header.temperatures


# ---- no waiting for the device --------------------------------------------------------------------------------------

EVERYTHING = (
    "network.counting=true", "network.pose_from_action=true", "network.noise=4", "network.dropout=0.2",
    "losses.best_of=3", "losses.times=1", "data.seen_times=true",
)  # fmt: skip


@pytest.mark.parametrize("kind", ["clip", "gradient_penalty"])
@pytest.mark.parametrize("overrides", [(), EVERYTHING], ids=["plain", "everything"])
def test_that_no_step_waits_for_a_value_of_the_device(made, tmp_path, monkeypatch, kind, overrides):
    recipe = _recipe(made, tmp_path, f"critic.kind={kind}", *overrides)
    recipe.take_step(look=True)  # what is done once may wait
    with unlooked(monkeypatch):
        recipe.take_step(look=False)
        measured = recipe.take_step(look=True)
    assert np.isfinite(list(fetched(measured).values())).all()


def test_that_measured_values_are_fetched_as_they_are():
    values = {"one": torch.tensor(0.1), "two": torch.tensor(3.0, requires_grad=True)}
    assert fetched(values) == {name: each.item() for name, each in values.items()}
    assert fetched({}) == {}


# ---- a recurrent memory ---------------------------------------------------------------------------------------------

RECURRENT = (
    "network.memory=recurrent", "network.memory_layers=2", "data.past_steps=6", "losses.objects=1",
    "optimiser.schedule=cosine", "optimiser.clip_gradient=1", *EVERYTHING,
)  # fmt: skip


def test_that_a_recurrent_memory_goes_on_bit_for_bit_with_its_schedule(made, tmp_path):
    whole = _metrics(_train(made, tmp_path / "whole", *RECURRENT))
    assert {"loss/objects", "gradient/objects", "loss/times"} <= {name for _, name in whole}
    with closing(_train(made, tmp_path / "parts", *RECURRENT)) as events:
        next(each for each in events if isinstance(each, Progress) and each.done == 4)
    assert _metrics(_train(made, tmp_path / "parts", *RECURRENT)).items() <= whole.items()
    one, other = (load_file(tmp_path / each / "last.safetensors") for each in ("whole", "parts"))
    assert all(torch.equal(value, other[key]) for key, value in one.items())


def test_that_a_step_of_a_recurrent_memory_waits_for_no_value_either(made, tmp_path, monkeypatch):
    recipe = _recipe(made, tmp_path, *RECURRENT)
    recipe.take_step(look=True)
    with unlooked(monkeypatch):
        recipe.take_step(look=False)
        measured = recipe.take_step(look=True)
    assert np.isfinite(list(fetched(measured).values())).all()


def test_that_a_cosine_rate_climbs_falls_and_ends_low():
    config = configs.ForecasterOptimiser(learning_rate=0.1, schedule="cosine")
    rates = [rate(config, step, 100) for step in range(1, 101)]
    assert max(rates) == pytest.approx(0.1)
    top = int(np.argmax(rates))
    assert 5 < top < 15
    assert (np.diff(rates[: top + 1]) > 0).all()
    assert (np.diff(rates[top:]) <= 0).all()
    assert rates[-1] == pytest.approx(0.001, rel=0.2)
    assert rate(configs.ForecasterOptimiser(learning_rate=0.1), 57, 100) == 0.1


def test_that_a_critic_that_joins_later_is_silent_before_and_nothing_is_chosen_without_it(made, tmp_path):
    metrics = _metrics(_train(made, tmp_path, "critic.joins_at=0.5", "validate_every=3", "report_every=1"))
    assert {step for step, name in metrics if name == "critic"} == {4, 5, 6}
    assert {step for step, name in metrics if name == "loss/adversarial"} == {4, 5, 6}
    assert checkpoints.read_header(tmp_path / "best.safetensors").step == 6


def test_that_what_reaches_z_of_the_critic_is_a_share_and_the_decoder_feels_all_of_it(made, tmp_path):
    whole = _metrics(_train(made, tmp_path / "whole", "report_every=1"))
    share = _metrics(_train(made, tmp_path / "share", "report_every=1", "critic.reach=0.25"))
    assert share[1, "loss/adversarial"] == pytest.approx(whole[1, "loss/adversarial"], abs=1e-5)
    assert share[1, "gradient/adversarial"] == pytest.approx(whole[1, "gradient/adversarial"], rel=1e-3)
    assert share[1, "gradient/pose2d"] == pytest.approx(whole[1, "gradient/pose2d"], rel=1e-3)
    assert share[6, "loss"] != whole[6, "loss"]


@pytest.mark.parametrize(("noise", "differ"), [(8, True), (0, False)])
def test_that_a_critic_of_little_reach_is_asked_about_drawn_poses_where_there_is_noise(made, tmp_path, noise, differ):
    recipe = _recipe(made, tmp_path, "critic.reach=0.5", f"network.noise={noise}", "network.start_at_mean_pose=false")
    batch = recipe._train.draw(4, torch.Generator().manual_seed(0))
    steps = [step for step, _ in recipe.steps._unrolled(batch)]
    one, other = recipe.steps._asked_of_critic(steps), recipe.steps._asked_of_critic(steps)
    assert torch.equal(one, other) is not differ
