"""The simulated kitchen, the levelled frame and the pose bank fit together."""

import numpy as np
import pytest

from core.bodies.skeletons import UPPER_BODY_9
from core.datasets.kitchen.clip import clip
from core.datasets.kitchen.cooks import cook
from core.datasets.kitchen.seeds import DEMO_KITCHENS, demo_clip, demo_cook
from core.datasets.kitchen.world import kitchen
from core.datasets.pose_bank import shipped_bank
from core.geometry.cameras import level_points, pinhole, project, project_levelled, to_camera

NECK, HEAD, HIP = (UPPER_BODY_9[joint] for joint in ("neck", "head", "hip"))


@pytest.fixture(scope="module")
def clips():
    return [
        clip(demo_clip(3, number), 8.0, 30.0, kitchen(room), cook(demo_cook(3, number)))
        for number, room in enumerate(DEMO_KITCHENS)
    ]


def _length(poses_m, one, other):
    return np.linalg.norm(poses_m[..., UPPER_BODY_9[one], :] - poses_m[..., UPPER_BODY_9[other], :], axis=-1).mean()


def test_that_the_kitchens_true_poses_meet_its_true_picture_through_the_levelled_frame(clips):
    for each in clips:
        levelled_m = level_points(each.upper_body_m, NECK, each.camera)
        place_m = to_camera(each.upper_body_m[:, NECK], each.camera)
        off_px = project_levelled(levelled_m, place_m, each.camera) - project(each.upper_body_m, each.camera)
        assert np.abs(off_px).max() < 2
        assert np.abs(pinhole(place_m, each.camera) - project(each.upper_body_m[:, NECK], each.camera)).max() < 2


def test_that_heads_are_above_hips_in_truth_and_bank(clips):
    for each in clips:
        levelled_m = level_points(each.upper_body_m, NECK, each.camera)
        assert ((levelled_m[:, HEAD] - levelled_m[:, HIP])[:, 1] > 0).mean() > 0.99


def test_that_forearms_and_necks_are_as_long_in_the_bank_as_in_what_the_tracks_show(clips):
    seen = np.concatenate([each.upper_body_m for each in clips])
    bank = shipped_bank("matched").poses_m
    for one, other in (("left_hand", "left_elbow"), ("right_hand", "right_elbow"), ("head", "neck")):
        assert _length(bank, one, other) == pytest.approx(_length(seen, one, other), rel=0.15)
