"""The official classifier: loaded without running anything, sure of what its makers drew, blind to padding."""

import numpy as np
import pytest
import torch

from core.errors import FormatError
from core.formats.humanact12 import CLASSES
from core.models.humanact12_classifier import ACTIONS, HumanAct12Classifier, load

FILE = "humanact12_classifier/action_recognition_model_humanact12.tar"


@pytest.fixture(scope="module")
def generated(shared_data):
    """The makers' own 20 generated motions, y up, as our joints are; they lie in the axes of a camera, y down."""
    drawn = np.load(shared_data / "humanact12_classifier" / "generated_motion_joints500000.npy", allow_pickle=False)
    return torch.from_numpy(drawn.reshape(20, 60, 24, 3) * np.array([1, -1, -1], np.float32))


@pytest.fixture(scope="module")
def official(shared_data):
    return load(shared_data / FILE)


def answers(model, joints_m, frames=60):
    with torch.inference_mode():
        return model(joints_m, torch.full((len(joints_m),), frames)).logits.softmax(-1)


def test_that_its_answers_are_in_the_order_of_the_data_sets_classes():
    assert ACTIONS == CLASSES


def test_that_it_is_sure_of_what_its_makers_drew_and_tells_many_actions_apart(official, generated):
    said = answers(official, generated)
    assert said.max(-1).values.mean() > 0.9
    assert len(set(said.argmax(-1).tolist())) >= 8


def test_that_a_motion_upside_down_leaves_it_less_sure(official, generated):
    upside_down = generated * torch.tensor([1.0, -1.0, -1.0])
    assert answers(official, upside_down).max(-1).values.mean() < answers(official, generated).max(-1).values.mean()


def test_that_where_a_motion_stands_changes_nothing(official, generated):
    moved = generated + torch.tensor([3.0, -0.5, 2.0])
    assert torch.allclose(answers(official, moved), answers(official, generated), atol=1e-4)


def test_that_it_hears_nothing_beyond_a_motions_end(official, generated):
    spoiled = generated.clone()
    spoiled[:, 40:] = 9.0
    assert torch.equal(answers(official, spoiled, 40), answers(official, generated[:, :40], 40))


def test_that_a_file_that_would_run_code_is_refused_and_nothing_of_it_runs(tmp_path):
    flag = tmp_path / "ran"

    class Sly:
        def __reduce__(self):
            return (open, (str(flag), "w"))

    path = tmp_path / "classifier.tar"
    torch.save({"model": Sly()}, path)
    with pytest.raises(FormatError, match="not HumanAct12's classifier"):
        load(path)
    assert not flag.exists()


@pytest.mark.parametrize("held", [{"weights": {}}, {"model": {"recurrent.weight_ih_l0": torch.zeros(3)}}, [1, 2]])
def test_that_other_weights_are_refused_in_words(tmp_path, held):
    path = tmp_path / "other.tar"
    torch.save(held, path)
    with pytest.raises(FormatError, match="not HumanAct12's classifier"):
        load(path)


def test_that_a_text_and_a_missing_file_are_refused_in_words(tmp_path):
    (tmp_path / "a.tar").write_text("nothing of the kind")
    with pytest.raises(FormatError, match="not HumanAct12's classifier"):
        load(tmp_path / "a.tar")
    with pytest.raises(FormatError, match="no such file"):
        load(tmp_path / "b.tar")


def test_that_weights_of_the_same_shapes_come_back_as_they_were(tmp_path):
    own = HumanAct12Classifier()
    torch.save({"model": own.state_dict(), "iteration": 3}, tmp_path / "own.tar")
    joints_m = torch.randn(2, 10, 24, 3)
    assert torch.equal(answers(load(tmp_path / "own.tar"), joints_m, 10), answers(own, joints_m, 10))
