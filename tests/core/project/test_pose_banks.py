"""What a bank's file says of itself without being read whole."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from core.bodies.skeletons import UPPER_BODY_9
from core.datasets.pose_bank import read_bank, write_bank
from core.errors import FormatError
from core.project.pose_banks import FILE, glimpse


@pytest.fixture
def bank(tmp_path):
    """A hundred poses, the first thirty of one data set; each pose is its number."""
    poses = np.broadcast_to(np.arange(100.0)[:, None, None], (100, 9, 3))
    sets = [
        {"key": "a", "name": "CMU", "recordings": 2, "frames": 900, "poses": 30, "apart_mm": 12.5, "refused": {"x": 4}},
        {"key": "b", "name": "GRAB", "recordings": 5, "frames": 800, "poses": 70},
    ]
    facts = {"sets": json.dumps(sets), "licences": json.dumps({"CMU": "free", "GRAB": ""})}
    write_bank(tmp_path / FILE, {"matched": poses, "table5": poses}, "made up", facts)
    return tmp_path / FILE


def test_that_some_poses_are_from_all_through_the_bank_and_say_whose_they_are(bank):
    seen = glimpse(bank, 4)
    assert (seen.poses, seen.at) == (100, (0, 33, 66, 99))
    np.testing.assert_array_equal(seen.some_m, read_bank(bank).poses_m[[0, 33, 66, 99]])
    assert [seen.source_of(each) for each in (0, 29, 30, 99)] == ["CMU", "CMU", "GRAB", "GRAB"]
    assert seen.source_of(100) == ""
    assert seen.sources[0].refused == {"x": 4}
    assert seen.licences == {"CMU": "free", "GRAB": ""}


def test_that_a_bank_of_few_poses_shows_each_once(tmp_path):
    poses = np.zeros((3, len(UPPER_BODY_9), 3))
    write_bank(tmp_path / FILE, {"matched": poses}, "made up")
    assert glimpse(tmp_path / FILE).at == (0, 1, 2)


@pytest.mark.parametrize("damage", ["cut", "shape", "facts", "other", "gone"])
def test_that_what_is_no_bank_is_refused_in_words(bank, damage):
    match damage:
        case "cut":
            bank.write_bytes(bank.read_bytes()[:200])
        case "shape":
            save_file({"matched": np.zeros((4, 8, 3), np.float16)}, bank)
        case "facts":
            save_file({"matched": np.zeros((4, 9, 3), np.float16)}, bank, metadata={"facts": '{"sets": "[{}]"}'})
        case "other":
            save_file({"another": np.zeros((4, 9, 3), np.float16)}, bank)
        case "gone":
            bank.unlink()
    with pytest.raises(FormatError, match=r"bank\.safetensors") as refusal:
        glimpse(bank)
    assert refusal.value.hint
