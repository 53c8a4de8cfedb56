"""The pose bank of all recorded motion of a project."""

import itertools
import json

import numpy as np
import pytest

from core.bodies.skeletons import RECORDED_27, UPPER_BODY_9
from core.datasets import bank_building
from core.datasets.bank_building import LEAST_APART_M, Given, _told, build
from core.datasets.bank_rules import RULES, both_maps, broken
from core.datasets.pose_bank import JOINT_MAPS, read_bank
from core.errors import ProjectError, RunError
from core.formats import human36m
from core.formats.recorded_joints import HUMAN36M_32
from core.project.motion_sets import SetFacts, folder_of
from core.project.pose_banks import FILE
from core.project.store import ProjectStore
from core.recordings import Recording, completed, joints_of
from core.runs import BuildPoseBank, Done, Note
from tests.core.datasets.made_motion import motion_set, project_in, recorded, swinging
from tests.core.formats import made_human36m

NECK, HEAD, HIP = (UPPER_BODY_9[joint] for joint in ("neck", "head", "hip"))


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = project_in(tmp_path_factory.mktemp("bank") / "project")
    motion_set(folder, "large", [recorded(f"walks/{at}", at, performer=f"p{at % 4}") for at in range(24)])
    motion_set(folder, "small", [recorded(f"dance/{at}", 100 + at) for at in range(3)])
    return folder


def _built(project, **more):
    spec = BuildPoseBank(project=str(project), out=str(project), **more)
    return list(build(spec)), folder_of(project, spec.name) / FILE


def _lengths(poses_m):
    return {
        UPPER_BODY_9.joints[child]: np.linalg.norm(poses_m[:, child] - poses_m[:, parent], axis=-1)
        for parent, child in UPPER_BODY_9.bones
    }


def test_that_a_bank_holds_so_many_upright_human_poses_facing_ahead(project):
    events, path = _built(project, name="upright", poses=300)
    assert isinstance(events[-1], Done)
    for joint_map in JOINT_MAPS:
        poses = read_bank(path, joint_map).poses_m
        assert poses.shape == (300, 9, 3)
        assert np.abs(poses[:, NECK]).max() == 0
        assert ((poses[:, HEAD] - poses[:, HIP])[:, 1] > 0).all()
        across = poses[:, UPPER_BODY_9["left_shoulder"]] - poses[:, UPPER_BODY_9["right_shoulder"]]
        assert (across[:, 0] > 0).all()
        assert np.abs(across[:, 2]).max() < 2e-3
        assert all(0.05 < length.mean() < 0.8 for length in _lengths(poses).values())


def test_that_both_maps_hold_the_same_people_with_other_hands_and_heads(project):
    _, path = _built(project, name="both", poses=200)
    matched, printed = (_lengths(read_bank(path, each).poses_m) for each in JOINT_MAPS)
    np.testing.assert_allclose(matched["left_elbow"], printed["left_elbow"], atol=2e-3)
    assert (printed["left_hand"] > matched["left_hand"] + 0.05).all()
    assert (printed["head"] < matched["head"]).mean() > 0.9


def test_that_a_small_set_gives_its_share_and_no_pose_is_there_twice(project):
    _, path = _built(project, name="shares", poses=240)
    bank = read_bank(path)
    told = {each["key"]: each for each in json.loads(bank.facts["sets"])}
    assert told["small"]["poses"] == told["large"]["poses"] == 120
    points = bank.poses_m.reshape(len(bank), -1) / np.sqrt(8)
    apart = np.sqrt(((points[:, None] - points[None]) ** 2).sum(-1)) + np.eye(len(points))
    assert apart.min() * 1000 > 0.95 * min(each["apart_mm"] for each in told.values())
    assert apart.min() > LEAST_APART_M


def test_that_a_bank_says_whose_poses_it_holds(project):
    _, path = _built(project, name="whose", poses=100)
    bank = read_bank(path)
    assert bank.shares("walks/3")
    assert bank.shares("Walks_3")
    assert bank.shares("large p2")
    assert not bank.shares("walks/99")
    assert json.loads(bank.facts["licences"]) == {"LARGE": "for tests", "SMALL": "for tests"}
    assert "LARGE" in bank.source


def test_that_the_same_recordings_and_seed_give_the_same_file_and_another_seed_does_not(project):
    (_, one), (_, two), (_, other) = (
        _built(project, name=name, poses=150, seed=seed) for name, seed in (("one", 3), ("two", 3), ("other", 4))
    )
    assert one.read_bytes() == two.read_bytes()
    assert read_bank(one).facts["fingerprint"] != read_bank(other).facts["fingerprint"]


def test_that_building_twice_changes_nothing_and_a_taken_name_is_refused(project):
    _, path = _built(project, name="twice", poses=80)
    before = path.stat().st_mtime_ns
    events, _ = _built(project, name="twice", poses=80)
    assert "nothing has changed" in events[-1].summary
    assert path.stat().st_mtime_ns == before
    with ProjectStore.open(project, "test", mode="read") as store:
        assert [each.name for each in store.project.items.values()].count("twice") == 1
        assert store.undo_label is None or "pose bank" in store.undo_label
    with pytest.raises(ProjectError, match="another pose bank"):
        _built(project, name="twice", poses=81)
    with pytest.raises(ProjectError, match="data set of this project"):
        _built(project, name="large")


def test_that_what_is_held_does_not_grow_with_the_archive(project, monkeypatch):
    most = []
    trim = bank_building._trim
    monkeypatch.setattr(bank_building, "BUCKET", 10)
    monkeypatch.setattr(
        bank_building, "_trim", lambda pool, count: (most.append(sum(map(len, pool))), trim(pool, count))
    )
    _, path = _built(project, name="flat", poses=40)
    assert len(read_bank(path)) == 40
    assert most
    assert max(most) < 2.5 * 40 + 10 + 90


def test_that_more_poses_than_there_are_is_said(project):
    events, path = _built(project, name="more", poses=100_000)
    assert any("instead of 100,000" in each.text for each in events if isinstance(each, Note))
    assert 300 < len(read_bank(path)) < 27 * 90


def test_that_each_rule_refuses_what_it_is_for():
    joints = joints_of(swinging(1, frames=40)).copy()
    left = [RECORDED_27[f"left_{joint}"] for joint in ("elbow", "wrist", "fingertip")]
    joints[0, RECORDED_27["nose"]] = np.nan
    joints[5] *= 1.8
    joints[10, left[1:]] += 0.4 * (joints[10, left[1]] - joints[10, left[0]])
    middle = joints[15, RECORDED_27["pelvis"]]
    joints[15] = (joints[15] - middle) @ np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0.0]]) + middle
    joints[20] = (joints[20] - middle) @ np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1.0]]) + middle
    found = {rule: set(np.flatnonzero(each)) for rule, each in broken(both_maps(joints), 30.0).items()}
    assert set(found) == set(RULES)
    assert found["unknown"] == {0}
    assert found["bones"] == {5}
    assert found["sides"] == {10}
    assert {15, 20} <= found["lying"]
    assert not set.intersection(*(found[one] for one in ("bones", "sides", "lying")))
    fast = joints_of(swinging(2, frames=9)).copy()
    arm = [*left, RECORDED_27["left_hand"]]
    fast[4, arm] = fast[4, RECORDED_27["left_shoulder"]] * 2 - fast[4, arm]
    assert set(np.flatnonzero(broken(both_maps(fast), 120.0)["jump"])) == {3, 4, 5}


def test_that_a_raised_shoulder_line_has_no_heading():
    maps = both_maps(joints_of(swinging(3, frames=4)))
    for poses, (side, up) in itertools.product(maps.values(), (("left", 1), ("right", -1))):
        arm = [UPPER_BODY_9[f"{side}_{joint}"] for joint in ("shoulder", "elbow", "hand")]
        poses[2, arm] += np.array([0.0, 0.18 * up, 0.0]) - poses[2, arm[0]]
    assert broken(maps, 30.0)["heading"][2]


def test_that_joints_without_a_nose_are_counted_and_a_body_helps(tmp_path):
    project = project_in(tmp_path / "p")
    whole = recorded("a", 5)
    bare = whole.joints_m.copy()
    bare[:, RECORDED_27["nose"]] = np.nan
    motion_set(project, "bare", [Recording("bare", 30.0, joints_m=bare)])
    with pytest.raises(RunError, match="not known"):
        _built(project, name="none")
    assert not folder_of(project, "none").exists()
    motion_set(project, "dressed", [Recording("dressed", 30.0, joints_m=bare, body=whole.body)])
    events, path = _built(project, name="some", poses=20)
    assert len(read_bank(path)) == 20
    assert any("BARE" in each.text and "90 because a joint" in each.text for each in events if isinstance(each, Note))


def test_that_recordings_without_fingers_give_poses_whose_printed_hands_are_wrists(tmp_path):
    project = project_in(tmp_path / "p")
    joints = recorded("a", 5).joints_m.copy()
    joints[:, [RECORDED_27["left_fingertip"], RECORDED_27["right_fingertip"]]] = np.nan
    motion_set(project, "h36m", [Recording("a", 30.0, joints_m=joints)])
    _, path = _built(project, poses=20)
    matched, printed = (_lengths(read_bank(path, each).poses_m) for each in JOINT_MAPS)
    np.testing.assert_allclose(matched["left_hand"], printed["left_hand"], atol=2e-3)
    assert (printed["head"] < matched["head"]).mean() > 0.9


def test_that_human36m_gives_poses_to_the_bank(tmp_path):
    """People as its makers' files have them: 32 joints, millimetres, z up, no finger tips."""
    ours = recorded("a", 5).joints_m
    named = {**dict(zip(RECORDED_27.joints, range(len(RECORDED_27)), strict=True)), "head": RECORDED_27["nose"]}
    told = [each.removesuffix("_again") for each in HUMAN36M_32.joints]
    places = ours[:, [named.get(each, named["pelvis"]) for each in told]].astype(float)
    places[:, HUMAN36M_32["head"], 1] += 0.15
    z_up = np.stack([places[..., 0], -places[..., 2], places[..., 1]], axis=-1)
    (recording,) = human36m.read(made_human36m.make(tmp_path, 1000 * z_up))
    maps = both_maps(completed(recording).joints_m)
    assert not np.any(list(broken(maps, 30.0).values()))


def test_that_a_damaged_recording_costs_only_itself(tmp_path):
    project = project_in(tmp_path / "p")
    made = motion_set(project, "some", [recorded("a", 5), recorded("b", 6)])
    made.path_of(made.rows["a"]).write_bytes(b"PK\x03\x04 no")
    events, path = _built(project, poses=20)
    assert any("Left out: a" in each.text for each in events if isinstance(each, Note))
    assert not read_bank(path).shares("a")


def test_that_a_project_without_motion_or_a_set_that_is_not_there_is_refused(tmp_path, project):
    with pytest.raises(RunError, match="no motion"):
        _built(project_in(tmp_path / "empty"))
    with pytest.raises(RunError, match="'nowhere'"):
        _built(project, name="x", sets=("nowhere",))


def test_that_one_pose_of_one_frame_is_said_as_one():
    given = Given(SetFacts(key="walks", name="Walks", holds="motion", format="AMASS", source=""))
    given.recordings, given.frames = 1, 1
    assert _told(given) == "Walks: 1 recording, 1 frame, all of them good."
    given.recordings, given.frames = 2, 1_200
    assert _told(given) == "Walks: 2 recordings, 1,200 frames, all of them good."
