"""The bank's people are as large as those that detections show, where both name their joints alike.

Detections are those of the shipped demo's videos. Lifted means that each detected joint is put at the depth where the
simulation knows it to be, along the ray of the pixel where it was seen: metres, with the detector's own errors.
"""

import zipfile

import numpy as np
import pytest

from core.bodies.skeletons import UPPER_BODY_9
from core.datasets.bank_building import build
from core.datasets.kitchen.truth import read_truth
from core.datasets.pose_bank import read_bank
from core.demo import open_demo
from core.formats import bvh
from core.geometry.cameras import to_camera, undistort
from core.project.cameras import camera_of
from core.project.motion_sets import folder_of
from core.project.pose_banks import FILE
from core.project.store import ProjectStore
from core.recordings import completed
from core.runs import BuildPoseBank
from tests.core.datasets.made_motion import motion_set, project_in, recorded

BONES = (("left_elbow", "left_hand"), ("right_elbow", "right_hand"), ("neck", "head"))


@pytest.fixture(scope="module")
def lifted(tmp_path_factory):
    """Lengths of the bones of everybody that the demo's tracks show, by bone, metres."""
    folder = open_demo(tmp_path_factory.mktemp("demo") / "Demo kitchen")
    found = {bone: [] for bone in BONES}
    with ProjectStore.open(folder, "test", mode="read") as store:
        for clip in store.project.clips.values():
            truth, camera = read_truth(folder, clip.id), camera_of(store.project, clip)
            seen = store.tracks(clip.tracks).as_skeleton(UPPER_BODY_9)
            rays = (undistort(np.asarray(seen.joints_px[:, 0], float), camera) - camera.centre_px) / camera.focal_px
            depths = to_camera(truth.upper_body_m, camera)[..., 2:]
            places = np.concatenate([rays * depths, depths], axis=-1)
            sure = seen.seen()[:, 0]
            for one, other in BONES:
                a, b = UPPER_BODY_9[one], UPPER_BODY_9[other]
                both = sure[:, a] & sure[:, b]
                found[one, other] += np.linalg.norm(places[both, a] - places[both, b], axis=-1).tolist()
    return {bone: float(np.median(lengths)) for bone, lengths in found.items()}


def _lengths(project):
    for _ in build(BuildPoseBank(project=str(project), out=str(project), poses=2000)):
        pass
    poses = read_bank(folder_of(project, "pose-bank") / FILE, "matched").poses_m
    return {
        (one, other): float(
            np.median(np.linalg.norm(poses[:, UPPER_BODY_9[one]] - poses[:, UPPER_BODY_9[other]], axis=-1))
        )
        for one, other in BONES
    }


def test_that_a_bank_of_rotations_has_the_bones_that_detections_show(tmp_path, lifted):
    project = project_in(tmp_path / "p")
    motion_set(project, "made", [recorded(f"m{at}", at) for at in range(20)])
    assert _lengths(project) == pytest.approx(lifted, rel=0.15)


def test_that_a_bank_of_actors_in_their_own_size_has_the_bones_that_detections_show(tmp_path, lifted, shared_data):
    project = project_in(tmp_path / "p")
    with zipfile.ZipFile(shared_data / "bandai_namco_1" / "bvh.zip") as packed:
        names = sorted(packed.namelist())[::9]
        packed.extractall(tmp_path, names)
    read = [completed(next(iter(bvh.read(tmp_path / name)))) for name in names]
    motion_set(project, "bandai", read, made_by="BVH")
    assert _lengths(project) == pytest.approx(lifted, rel=0.15)
