"""Training a forecaster: it learns, it stops, it goes on bit for bit, and it says what it did."""

import csv
import json
from contextlib import closing
from dataclasses import replace

import msgspec
import numpy as np
import pytest
import torch

from core import configs
from core.datasets.pose_bank import PoseBank
from core.errors import RunError
from core.models import checkpoints
from core.models.pose_critic import Critic
from core.runs import Done, Made, Metric, Note, Progress, TrainForecaster
from core.training import loop
from core.training.forecaster import train_forecaster
from core.training.forecaster_losses import (
    action_loss,
    critic_loss,
    gradient_norm,
    gradient_penalty,
    pose2d_loss,
)  # fmt: skip
from tests.core.made_up_project import ACTIONS, bank_poses, made_up

BANK = PoseBank(bank_poses(300), "made up")
QUICK = (
    "steps=12", "validate_every=4", "report_every=2", "optimiser.batch=32", "data.past_steps=4", "data.future_steps=3",
    "critic.psi_width=16", "critic.joint_width=16", "network.pose_width=24", "network.latent=24", "device=cpu",
)  # fmt: skip


@pytest.fixture(scope="module")
def made():
    return made_up(8, 8)


def _train(made, folder, *overrides, preset="forecaster/smoke", bank=BANK):
    config = configs.with_overrides(configs.preset(preset), [*QUICK, *overrides])
    spec = TrainForecaster(project="", out=str(folder), config=config, preset=preset)
    return train_forecaster(spec, made.project, made.read_tracks, folder, bank)


def _metrics(events):
    return {(each.step, each.name): each.value for each in events if isinstance(each, Metric)}


def test_that_a_run_reports_what_the_studio_draws_and_leaves_its_files(made, tmp_path):
    events = list(_train(made, tmp_path))
    names = {each.name for each in events if isinstance(each, Metric)}
    assert names >= {
        "loss", "loss/action", "loss/pose2d", "loss/adversarial", "critic", "gradient/action", "gradient/pose2d",
        "gradient/adversarial", "validation/top1", "validation/top5", "validation/mpjpe_px", "train/top1",
    }  # fmt: skip
    assert events[-2] == Made("best checkpoint", str(tmp_path / "best.safetensors"))
    assert isinstance(events[-1], Done)
    assert [each.done for each in events if isinstance(each, Progress)] == [2, 4, 6, 8, 10, 12]
    assert msgspec.json.decode((tmp_path / "config.json").read_bytes(), type=configs.Forecaster).steps == 12
    assert json.loads((tmp_path / "split.json").read_text())["test"] == list(made.project.splits["split"].parts["test"])
    with (tmp_path / "metrics.csv").open(newline="") as file:
        kept = {(int(row["step"]), row["name"]): float(row["value"]) for row in csv.DictReader(file)}
    assert kept == _metrics(events)


def test_that_a_stopped_run_goes_on_to_the_same_numbers_bit_for_bit(made, tmp_path):
    whole = _metrics(_train(made, tmp_path / "whole"))
    first = []
    with closing(_train(made, tmp_path / "parts")) as events:
        for event in events:
            first.append(event)
            if isinstance(event, Progress) and event.done == 6:
                break
    assert checkpoints.read_header(tmp_path / "parts" / "last.safetensors").step == 6
    second = list(_train(made, tmp_path / "parts"))
    assert any(isinstance(each, Note) and "after step 6" in each.text for each in second)
    assert {**_metrics(first), **_metrics(second)} == whole
    ends = [checkpoints.load(tmp_path / each / "last.safetensors").tensors for each in ("whole", "parts")]
    assert ends[0].keys() == ends[1].keys()
    for name, value in ends[0].items():
        assert torch.equal(value, ends[1][name]), name
    assert (tmp_path / "whole" / "metrics.csv").read_text() == (tmp_path / "parts" / "metrics.csv").read_text()


def test_that_the_same_seed_gives_the_same_run_and_another_seed_another(made, tmp_path):
    torch.manual_seed(5)
    one = _metrics(_train(made, tmp_path / "one"))
    torch.manual_seed(6)
    same = _metrics(_train(made, tmp_path / "same"))
    other = _metrics(_train(made, tmp_path / "other", "seed=1"))
    assert one == same
    assert one != other


def test_that_a_finished_run_can_be_given_more_steps(made, tmp_path):
    long = _metrics(_train(made, tmp_path / "long", "steps=8"))
    list(_train(made, tmp_path / "short", "steps=4"))
    more = _metrics(_train(made, tmp_path / "short", "steps=8"))
    assert more.items() <= long.items()
    assert max(step for step, _ in more) == 8


def test_that_a_run_is_not_gone_on_with_under_other_settings_or_on_other_data(made, tmp_path):
    list(_train(made, tmp_path, "steps=4"))
    with pytest.raises(RunError, match=r"optimiser\.batch = 32"):
        list(_train(made, tmp_path, "optimiser.batch=16"))
    changed = made_up(8, 8, seed=3)
    with pytest.raises(RunError, match="has changed"):
        list(_train(changed, tmp_path, "steps=8"))


@pytest.mark.slow
def test_that_a_smoke_run_learns_what_there_is_to_learn(tmp_path):
    made = made_up(24, 12)
    spec = TrainForecaster(project="", out=str(tmp_path), config=configs.smoke(), preset="forecaster/smoke")
    metrics = _metrics(train_forecaster(spec, made.project, made.read_tracks, tmp_path, BANK))
    last = {name: value for (_, name), value in metrics.items()}
    assert last["validation/top1"] > 0.6  # of four actions, five steps ahead
    # The score is top-1 less the pose error in shares of an average pose's.
    assert last["validation/top1"] - last["validation/score"] < 0.75


def test_that_smoke_trains_on_one_clip_of_six_segments_and_says_that_nothing_is_set_aside(tmp_path):
    made = made_up(1, 6, stored_split=False, calibrated=False)
    config = configs.with_overrides(configs.smoke(), ["steps=20", "validate_every=10"])
    spec = TrainForecaster(project="", out=str(tmp_path), config=config, preset="forecaster/smoke")
    events = list(train_forecaster(spec, made.project, made.read_tracks, tmp_path, BANK))
    notes = " ".join(each.text for each in events if isinstance(each, Note))
    assert "nothing to set aside" in notes
    assert "estimated" in notes
    assert (tmp_path / "best.safetensors").is_file()
    assert "validation/top1" not in {each.name for each in events if isinstance(each, Metric)}
    assert events[-1] == Done("Trained; nothing was set aside to validate on", (str(tmp_path / "best.safetensors"),))


def test_that_actions_alone_are_learned_where_nobody_was_ever_seen(made, tmp_path):
    project = made.project
    for clip in made.project.clips.values():
        project = project.with_clip(msgspec.structs.replace(clip, tracks=""))
    events = list(_train(replace(made, project=project), tmp_path))
    assert "Nobody was seen" in " ".join(each.text for each in events if isinstance(each, Note))
    assert events[-1].summary.endswith("no 2D error: nobody was seen")


@pytest.mark.parametrize("kind", ["critic.kind=clip", "critic.kind=gradient_penalty"])
def test_that_a_critic_tells_real_from_forecast_and_pulls_at_the_generator(made, tmp_path, kind):
    metrics = _metrics(_train(made, tmp_path, kind, "critic.steps=2", "critic.unit=mm"))
    last = {name: value for (_, name), value in metrics.items()}
    assert last["gradient/adversarial"] > 0
    weights = checkpoints.load(tmp_path / "last.safetensors").part("critic")
    largest = max(float(each.abs().max()) for each in weights.values())
    assert (largest <= 0.01 + 1e-9) == (kind == "critic.kind=clip")


def test_that_without_the_adversarial_term_no_bank_is_needed(made, tmp_path):
    metrics = _metrics(_train(made, tmp_path, "losses.adversarial=0", "network.start_at_mean_pose=false", bank=None))
    assert "critic" not in {name for _, name in metrics}
    assert (12, "loss") in metrics


def test_that_an_unrolled_step_weighs_later_steps_as_well(made, tmp_path):
    one = _metrics(_train(made, tmp_path / "one"))
    unrolled = _metrics(_train(made, tmp_path / "three", "unroll=3"))
    assert one[2, "loss/action"] != unrolled[2, "loss/action"]


def test_that_a_loss_that_is_no_number_ends_the_run_in_words(made, tmp_path):
    with pytest.raises(RunError, match="is not a number at step"):
        list(_train(made, tmp_path, "losses.pose2d=1e38", "losses.pose2d_unit=px", "optimiser.learning_rate=1.0"))


def test_that_the_best_checkpoint_is_the_one_that_validated_best(made, tmp_path):
    metrics = _metrics(_train(made, tmp_path, "optimiser.learning_rate=0.01"))
    scores = {step: value for (step, name), value in metrics.items() if name == "validation/score"}
    header = checkpoints.read_header(tmp_path / "best.safetensors")
    assert header.step == max(scores, key=lambda step: (scores[step], step))
    assert header.best_score == max(scores.values())
    assert header.actions == tuple(sorted(ACTIONS))


def test_that_training_never_names_the_truth_of_the_simulation():
    from pathlib import Path

    import core.training

    root = Path(core.training.__file__).parents[1]
    for path in [*(root / "training").glob("*.py"), root / "datasets/action_sequences.py", root / "datasets/steps.py"]:
        words = path.read_text()
        assert "kitchen" not in words, path.name
        assert "read_truth" not in words, path.name


# ---- the losses, by themselves --------------------------------------------------------------------------------------

PX = configs.ForecasterLosses(pose2d_unit="px", pose2d_kind="squared")
DM = configs.ForecasterLosses(pose2d_unit="dm", pose2d_kind="distance")


def test_that_the_papers_pose_loss_is_squared_pixels_summed_over_joints():
    truth, seen = torch.zeros(2, 1, 9, 2), torch.full((2, 1, 9, 2), 0.1)
    visible, scale_px = torch.ones(2, 1, 9, dtype=torch.bool), torch.full((2, 2), 200.0)
    assert pose2d_loss(seen, truth, visible, scale_px, PX).item() == pytest.approx(9 * 2 * 20**2)
    assert pose2d_loss(seen, truth, visible, scale_px, DM).item() == pytest.approx(9 * 2**0.5, rel=1e-4)


@pytest.mark.parametrize("losses", [PX, DM])
def test_that_joints_nobody_saw_and_steps_that_never_came_add_nothing(losses):
    random = torch.Generator().manual_seed(0)
    truth, seen = torch.rand(3, 2, 9, 2, generator=random), torch.rand(3, 2, 9, 2, generator=random)
    visible = torch.ones(3, 2, 9, dtype=torch.bool)
    visible[1, 1] = False
    visible[2, :, 4] = False
    scale_px = torch.full((3, 2), 100.0)
    before = pose2d_loss(seen, truth, visible, scale_px, losses)
    seen[1, 1] += 9
    seen[2, :, 4] -= 9
    torch.testing.assert_close(pose2d_loss(seen, truth, visible, scale_px, losses), before)


def test_that_padding_adds_nothing_to_the_action_loss():
    logits, truth = torch.randn(4, 2, 5), torch.tensor([[0, 1], [2, -1], [-1, -1], [4, 0]])
    known = truth >= 0
    alone = torch.nn.functional.cross_entropy(logits[known], truth[known])
    torch.testing.assert_close(action_loss(logits, truth), alone)
    assert action_loss(logits, torch.full_like(truth, -1)).item() == 0


def test_that_the_critics_loss_falls_as_it_tells_them_apart():
    loss, apart = critic_loss(torch.tensor([2.0, 4.0]), torch.tensor([-1.0, 1.0]))
    assert (loss.item(), apart.item()) == (-3.0, 3.0)


def test_that_the_gradient_penalty_is_nothing_for_a_critic_of_slope_one():
    class Slope(torch.nn.Module):
        def forward(self, joints):
            return 3 * joints[:, 0, 0]

    random = torch.Generator().manual_seed(0)
    real, fake = torch.randn(5, 9, 3), torch.randn(5, 9, 3)
    assert gradient_penalty(Slope(), real, fake, random).item() == pytest.approx(4.0)  # (3 − 1)²
    critic = Critic(configs.ForecasterCritic(psi_width=8))
    assert gradient_penalty(critic, real, fake, random).requires_grad


def test_that_a_gradient_norm_grows_with_its_weight():
    latent = torch.ones(2, 3, requires_grad=True)
    term = latent.square().sum()
    assert gradient_norm(2 * term, latent).item() == pytest.approx(2 * gradient_norm(term, latent).item())


def test_that_the_loop_keeps_no_state_of_a_torn_step():
    class Recipe:
        drawn = None

        def __init__(self):
            self.count, self.saved = 0, []

        def take_step(self, *, look):
            self.count += 1
            if self.count == 3:
                raise KeyboardInterrupt
            return {"loss": torch.tensor(np.float32(self.count))}

        def weights(self):
            return [torch.ones(3)]

        def validate(self, step):
            return {}

        def save(self, step):
            self.saved.append(step)

    recipe = Recipe()
    with pytest.raises(KeyboardInterrupt):
        list(loop.train(recipe, done=0, steps=9, report_every=1, validate_every=2))
    assert recipe.saved == [2]


def test_that_the_critic_sees_forecasts_at_any_heading_as_it_sees_the_bank(made, tmp_path):
    # Otherwise facing the camera is what tells a forecast from a real pose, and the generator is pulled round.
    from core.datasets.action_sequences import examples_of
    from core.training.forecaster import ForecasterRecipe

    config = configs.with_overrides(configs.smoke(), list(QUICK))
    spec = TrainForecaster(project="", out=str(tmp_path), config=config)
    examples = examples_of(made.project, made.read_tracks, config.data)
    recipe = ForecasterRecipe(spec, "made up", examples, BANK, tmp_path)
    across = recipe.steps.as_critic_sees(torch.tensor([[[1.0, 0.5, 0.0]] * 9] * 400))[:, 0] / recipe._critic.per_metre
    headings = torch.atan2(across[:, 2], across[:, 0])
    assert torch.histc(headings, 4, -torch.pi, torch.pi).min() > 60
    torch.testing.assert_close(across[:, 1], torch.full((400,), 0.5))
