"""Checkpoints: what is damaged or does not fit is said, and never computed with."""

import pytest
import torch

from core.errors import FormatError
from core.generation.motion_model import MotionModel
from core.models.checkpoints import load_motion_model, save
from tests.core.generation.made_model import made_config, made_header, made_whole


@pytest.fixture
def path(tmp_path):
    config = made_config()
    place = tmp_path / "walks" / "best.safetensors"
    save(place, made_header(config), made_whole(config).tensors())
    return place


def test_that_weights_come_back_to_the_last_bit(path):
    said = load_motion_model(path).tensors
    whole = made_whole(made_config()).tensors()
    assert said.keys() == whole.keys()
    assert all(torch.equal(said[name], each) for name, each in whole.items())


@pytest.mark.parametrize("where", [0.2, 0.5, 0.9])
def test_that_one_turned_bit_anywhere_in_the_weights_is_known(path, where):
    content = bytearray(path.read_bytes())
    begin = 8 + int.from_bytes(content[:8], "little")
    content[begin + int(where * (len(content) - begin))] ^= 1
    path.write_bytes(content)
    with pytest.raises(FormatError, match="damaged") as refusal:
        MotionModel.load(path.parent)
    assert "Copy it again" in refusal.value.hint


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.999])
def test_that_a_file_that_was_cut_is_refused_with_what_to_do(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(FormatError, match=r"best\.safetensors: not a checkpoint, or a damaged one") as refusal:
        MotionModel.load(path.parent)
    assert refusal.value.hint


def test_that_weights_of_another_build_are_refused_in_a_line(path):
    config = made_config()
    tensors = made_whole(config).tensors()
    save(path, made_header(config), {name: each for name, each in tensors.items() if "short" not in name})
    with pytest.raises(FormatError, match="do not fit the model of its config") as refusal:
        MotionModel.load(path.parent)
    assert len(str(refusal.value)) < 200
    assert "train it again" in refusal.value.hint
