"""Anybody's joint names are understood, and whatever rest pose a rig has, its person bends as a person."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from core.bodies.kinematics import place_joints
from core.bodies.retargeting import retargeted
from core.bodies.rig_names import parts_of
from core.bodies.rig_rest import rest_of, template
from core.bodies.rig_world import in_our_world
from core.bodies.rigs import Rig, RigMotion
from core.bodies.skeletons import RECORDED_27, SMPL_24
from core.errors import CoreError
from core.geometry.rotations import inverse, rotation_vectors

# Pelvis, three of the spine, neck, head; then collar, shoulder, elbow, wrist and hip, knee, ankle, toes of the left.
MAKERS = {
    "Mixamo": "mixamorig:Hips mixamorig:Spine mixamorig:Spine1 mixamorig:Spine2 mixamorig:Neck mixamorig:Head "
    "mixamorig:LeftShoulder mixamorig:LeftArm mixamorig:LeftForeArm mixamorig:LeftHand "
    "mixamorig:LeftUpLeg mixamorig:LeftLeg mixamorig:LeftFoot mixamorig:LeftToeBase",
    "Biped": "Bip01 Pelvis,Bip01 Spine,Bip01 Spine1,Bip01 Spine2,Bip01 Neck,Bip01 Head,Bip01 L Clavicle,"
    "Bip01 L UpperArm,Bip01 L Forearm,Bip01 L Hand,Bip01 L Thigh,Bip01 L Calf,Bip01 L Foot,Bip01 L Toe0",
    "Unreal": "pelvis spine_01 spine_02 spine_03 neck_01 head clavicle_l upperarm_l lowerarm_l hand_l "
    "thigh_l calf_l foot_l ball_l",
    "VRM": "J_Bip_C_Hips J_Bip_C_Spine J_Bip_C_Chest J_Bip_C_UpperChest J_Bip_C_Neck J_Bip_C_Head J_Bip_L_Shoulder "
    "J_Bip_L_UpperArm J_Bip_L_LowerArm J_Bip_L_Hand J_Bip_L_UpperLeg J_Bip_L_LowerLeg J_Bip_L_Foot J_Bip_L_ToeBase",
    "SMPL": "pelvis spine1 spine2 spine3 neck head left_collar left_shoulder left_elbow left_wrist "
    "left_hip left_knee left_ankle left_foot",
    "Bandai Namco": "Hips Spine Spine2 Chest Neck Head Shoulder_L UpperArm_L LowerArm_L Hand_L "
    "UpperLeg_L LowerLeg_L Foot_L Toes_L",
    "Acclaim": "root lowerback upperback thorax lowerneck head lclavicle lhumerus lradius lwrist "
    "lfemur ltibia lfoot ltoes",
    "Daz": "hip abdomen abdomen2 chest neck head lCollar lShldr lForeArm lHand lThigh lShin lFoot lToe",
    "with joints in the names": "hips_JNT spine_JNT spine1_JNT spine2_JNT neck_JNT head_JNT l_shoulder_JNT l_arm_JNT "
    "l_forearm_JNT l_hand_JNT l_upleg_JNT l_leg_JNT l_foot_JNT l_toebase_JNT",
}
PARTS = ("pelvis", "spine1", "spine2", "chest", "neck", "head", "left_collar", "left_shoulder", "left_elbow",
         "left_wrist", "left_hip", "left_knee", "left_ankle", "left_foot")  # fmt: skip
_AS_SMPL = {"chest": "spine3"}


def right_of(name):
    for left, right in (
        ("Left", "Right"),
        ("left", "right"),
        (" L ", " R "),
        ("_L_", "_R_"),
        ("_l", "_r"),
        ("_L", "_R"),
    ):
        if left in name and not name.endswith(("lowerarm", "lowerleg")):
            head, _, tail = name.rpartition(left) if left in ("_l", "_L") else name.partition(left)
            return head + right + tail
    return "r" + name[1:]


def smpl_rig(maker):
    """SMPL's own skeleton under somebody else's names, without the hands; and which joint is which."""
    names = MAKERS[maker].split("," if "," in MAKERS[maker] else " ")
    named = {_AS_SMPL.get(part, part): name for part, name in zip(PARTS, names, strict=True)}
    named |= {part.replace("left", "right"): right_of(name) for part, name in named.items() if part.startswith("left")}
    if maker == "with joints in the names":
        named |= {part: "r" + name[1:] for part, name in named.items() if part.startswith("right")}
        named |= {part: "r" + named[part.replace("right", "left")][1:] for part in named if part.startswith("right")}
    rest_m = template()[0]
    joints = SMPL_24.joints[:22]
    offsets = rest_m[:22].copy()
    offsets[1:] -= rest_m[list(SMPL_24.parents[1:22])]
    return Rig(tuple(named[joint] for joint in joints), SMPL_24.parents[:22], offsets)


@pytest.mark.parametrize("maker", MAKERS)
def test_that_the_names_of_every_maker_are_understood(maker):
    rig = smpl_rig(maker)
    parts = parts_of(rig)
    for part, at in parts.items():
        known = {"chest": "spine3"}.get(part, part)
        assert SMPL_24.joints[at] == known, f"{rig.joints[at]} is taken for {part}"
    assert {"pelvis", "chest", "neck", "head", "left_collar", "right_foot"} <= set(parts)


def test_that_names_nobody_knows_are_refused_with_what_was_found():
    rig = smpl_rig("Unreal")
    odd = Rig(tuple(f"Knochen{at}" for at in range(len(rig))), rig.parents, rig.offsets)
    with pytest.raises(CoreError, match=r"left shoulder.*Knochen0") as refused:
        parts_of(odd)
    assert "names" in refused.value.hint
    told = {f"Knochen{at}": joint for at, joint in enumerate(SMPL_24.joints[:22]) if "_" in joint}
    assert parts_of(odd, told)["left_elbow"] == SMPL_24["left_elbow"]


def natural(frames=60, *, seed=0):
    """Somebody who stands, sways, and bends elbows and knees: local rotations as SMPL has them."""
    drawn = np.random.default_rng(seed)
    at = np.linspace(0, 2 * np.pi, frames)
    vectors = np.zeros((frames, 24, 3))
    for joint in ("pelvis", "spine1", "spine2", "spine3", "neck", "head"):
        vectors[:, SMPL_24[joint]] = 0.06 * np.sin(at[:, None] * drawn.integers(1, 4, 3) + drawn.random(3))
    for side, sign in (("left", -1), ("right", 1)):
        vectors[:, SMPL_24[f"{side}_elbow"], 1] = sign * (0.9 + 0.6 * np.sin(at))
        vectors[:, SMPL_24[f"{side}_shoulder"], 2] = sign * (0.9 + 0.3 * np.cos(at))
        vectors[:, SMPL_24[f"{side}_knee"], 0] = 0.3 + 0.25 * np.sin(at + sign)
        vectors[:, SMPL_24[f"{side}_hip"], 0] = -0.2 - 0.2 * np.sin(at + sign)
        vectors[:, SMPL_24[f"{side}_ankle"], 0] = -0.1 - 0.05 * np.sin(at + sign)
    return Rotation.from_rotvec(vectors.reshape(-1, 3)).as_matrix().reshape(frames, 24, 3, 3)


def as_rig(rig, local, frames_turned=None):
    """The same motion on a rig whose joints' own axes are turned (at rest: where they are turned back)."""
    turned = np.tile(np.eye(3), (22, 1, 1)) if frames_turned is None else frames_turned
    above = np.concatenate([np.eye(3)[None], turned[list(SMPL_24.parents[1:22])]])
    rotations = inverse(above) @ local[:, :22] @ turned
    offsets = (inverse(above) @ rig.offsets[..., None])[..., 0]
    root = np.tile(template()[0][0] + [0.3, 0.9, -0.2], (len(local), 1))
    return RigMotion(Rig(rig.joints, rig.parents, offsets), 30.0, rotations, root)


def apart_deg(found, local, joints):
    at = [SMPL_24[joint] for joint in joints]
    return np.degrees(np.linalg.norm(rotation_vectors(inverse(local[:, at]) @ found.rotations[:, at]), axis=-1))


LIMBS = [f"{side}_{joint}" for side in ("left", "right") for joint in ("hip", "knee", "shoulder", "elbow")]


def test_that_smpls_own_motion_under_other_names_is_the_same_motion():
    local = natural()
    motion = as_rig(smpl_rig("Mixamo"), local)
    found = retargeted(motion, parts_of(motion.rig))
    trunk = ("pelvis", "spine1", "spine2", "spine3", "neck", "head", "left_collar", "right_collar")
    assert apart_deg(found, local, trunk).max() < 0.01
    assert apart_deg(found, local, LIMBS).max() < 8  # the hinge is seen, and SMPL's is no pure one
    assert found.error_m < 1e-3


def test_that_a_rest_pose_that_means_nothing_is_found_out_from_the_motion():
    local = natural(seed=3)
    random = Rotation.random(22, rng=np.random.default_rng(8)).as_matrix()
    motion = as_rig(smpl_rig("Unreal"), local, random)
    parts = parts_of(motion.rig)
    assert rest_of(motion.rig, parts) is None
    motion, _ = in_our_world(motion, parts)
    found = retargeted(motion, parts)
    assert np.degrees(found.error_rad) < 2
    assert found.error_m < 0.02
    assert apart_deg(found, local, ["pelvis", "spine3", *LIMBS]).mean() < 8
    knees = found.rotations[:, [SMPL_24["left_knee"], SMPL_24["right_knee"]]]
    assert np.arctan2(knees[..., 2, 1], knees[..., 2, 2]).min() > -0.05
    body_m = place_joints(found.rotations, found.translation_m, template()[0], SMPL_24.parents).places_m
    toes = body_m[:, SMPL_24["left_foot"]] - body_m[:, SMPL_24["left_ankle"]]
    assert toes[:, 2].min() > 0.05  # they look ahead, as the person does


def test_that_a_skeleton_with_one_spine_joint_and_no_collars_bends_all_along():
    rest_m, local = template()[0], natural()
    kept = [joint for joint in SMPL_24.joints[:22] if joint not in ("spine1", "spine2", "left_collar", "right_collar")]
    parents, offsets = [], []
    for joint in kept:
        above = SMPL_24.parents[SMPL_24[joint]]
        while above >= 0 and SMPL_24.joints[above] not in kept:
            above = SMPL_24.parents[above]
        parents.append(kept.index(SMPL_24.joints[above]) if above >= 0 else -1)
        offsets.append(rest_m[SMPL_24[joint]] - (rest_m[above] if above >= 0 else 0))
    rotations = np.tile(np.eye(3), (len(local), len(kept), 1, 1))
    bend = Rotation.from_euler("x", np.linspace(0, 60, len(local))[:, None], degrees=True).as_matrix()
    rotations[:, kept.index("spine3")] = bend
    motion = RigMotion(Rig(tuple(kept), tuple(parents), np.array(offsets)), 30.0, rotations, np.zeros((len(local), 3)))
    found = retargeted(motion, parts_of(motion.rig))
    shares = rotation_vectors(found.rotations[-1, [SMPL_24[f"spine{at}"] for at in (1, 2, 3)]])
    assert np.allclose(np.degrees(shares), [[20, 0, 0]] * 3, atol=0.01)


@pytest.mark.parametrize("up", ["y", "z", "x", "-y", "-z", "-x"])
def test_that_people_stand_upright_whatever_axis_points_up(up):
    motion = as_rig(smpl_rig("SMPL"), natural())
    axis = {"x": [1.0, 0, 0], "y": [0, 1.0, 0], "z": [0, 0, 1.0]}[up[-1]]
    wanted = np.array(axis) * (-1 if up.startswith("-") else 1)
    turn = Rotation.align_vectors([wanted], [[0.0, 1.0, 0.0]])[0]
    rotations = motion.rotations.copy()
    rotations[:, 0] = turn.as_matrix() @ rotations[:, 0]
    there = RigMotion(motion.rig, 30.0, rotations, motion.root @ turn.as_matrix().T)
    parts = parts_of(there.rig)
    back, said = in_our_world(there, parts)
    found = retargeted(back, parts)
    head, pelvis = found.joints_m[:, SMPL_24["head"]], found.joints_m[:, SMPL_24["pelvis"]]
    assert ((head - pelvis)[:, 1] > 0.5).all()
    assert bool(said) == (up != "y")
    left = found.joints_m[:, SMPL_24["left_hip"]] - found.joints_m[:, SMPL_24["right_hip"]]
    toes = found.joints_m[:, SMPL_24["left_foot"]] - found.joints_m[:, SMPL_24["left_ankle"]]
    assert (np.cross(left, head - pelvis) * toes).sum(-1).min() > 0


def test_that_a_world_in_a_mirror_is_mirrored_back():
    motion = as_rig(smpl_rig("SMPL"), natural())
    flip = np.array([-1.0, 1.0, 1.0])
    mirrored = RigMotion(
        Rig(motion.rig.joints, motion.rig.parents, motion.rig.offsets * flip),
        30.0,
        motion.rotations * np.outer(flip, flip),
        motion.root * flip,
    )
    parts = parts_of(mirrored.rig)
    back, said = in_our_world(mirrored, parts)
    assert any("mirror" in each for each in said)
    assert np.allclose(back.rotations, motion.rotations)
    assert np.allclose(back.root, motion.root)


def with_offsets(motion, factors):
    """The same motion on longer or shorter bones, by joint."""
    offsets = motion.rig.offsets.copy()
    for joint, factor in factors.items():
        offsets[SMPL_24[joint]] *= factor
    return RigMotion(Rig(motion.rig.joints, motion.rig.parents, offsets), 30.0, motion.rotations, motion.root)


def posed_places(found):
    return place_joints(found.rotations, found.translation_m, template()[0], SMPL_24.parents).places_m


@pytest.mark.parametrize("longer", [0.85, 1.15])
def test_that_feet_stand_where_those_of_longer_or_shorter_legs_do(longer):
    legs = {f"{side}_{joint}": longer for side in ("left", "right") for joint in ("knee", "ankle")}
    motion = with_offsets(as_rig(smpl_rig("Mixamo"), natural()), legs)
    found = retargeted(motion, parts_of(motion.rig))
    feet = [SMPL_24["left_foot"], SMPL_24["right_foot"]]
    body_m, own_m = posed_places(found)[:, feet, 1], found.joints_m[:, feet, 1]
    assert np.abs(body_m.min(1) - own_m.min(1)).max() < 1e-4
    hips = [SMPL_24["left_hip"], SMPL_24["right_hip"]]
    level = posed_places(found)[:, hips].mean(1) - found.joints_m[:, hips].mean(1)
    assert np.abs(level[:, [0, 2]]).max() < 1e-4


def test_that_the_nose_is_as_high_wherever_a_rig_turns_the_head():
    motion = as_rig(smpl_rig("Mixamo"), natural())
    lower = with_offsets(motion, {"head": 0.4})
    noses = []
    for each in (motion, lower):
        found = retargeted(each, parts_of(each.rig))
        shoulders = found.joints_m[:, [SMPL_24["left_shoulder"], SMPL_24["right_shoulder"]]].mean(1)
        noses.append(found.joints_m[:, RECORDED_27["nose"]] - shoulders)
    assert np.linalg.norm(noses[0], axis=-1).mean() == pytest.approx(0.22, abs=0.02)
    assert np.linalg.norm(noses[1] - noses[0], axis=-1).max() < 0.02


def test_that_soles_are_flat_on_legs_that_rest_apart():
    motion = as_rig(smpl_rig("Acclaim"), natural())
    apart = Rotation.from_euler("z", [[20], [-20]], degrees=True).as_matrix()
    offsets, rotations = motion.rig.offsets.copy(), motion.rotations.copy()
    for side, turn in zip(("left", "right"), apart, strict=True):
        for joint in ("knee", "ankle", "foot"):
            offsets[SMPL_24[f"{side}_{joint}"]] = turn @ offsets[SMPL_24[f"{side}_{joint}"]]
        rotations[:, SMPL_24[f"{side}_hip"]] = rotations[:, SMPL_24[f"{side}_hip"]] @ turn.T
        for joint in ("knee", "ankle"):
            local = rotations[:, SMPL_24[f"{side}_{joint}"]]
            rotations[:, SMPL_24[f"{side}_{joint}"]] = turn @ local @ turn.T
    rig = Rig(motion.rig.joints, motion.rig.parents, offsets)
    there = RigMotion(rig, 30.0, rotations, motion.root)
    found = retargeted(there, parts_of(rig))
    about_z = rotation_vectors(found.rotations[:, [SMPL_24["left_ankle"], SMPL_24["right_ankle"]]])[..., 2]
    assert np.degrees(np.abs(about_z)).max() < 6


def test_that_a_wrist_is_not_wrung_where_elbows_only_bend():
    local = natural()
    wrung = np.radians(80) * np.sin(np.linspace(0, np.pi, len(local)))
    for side in ("left", "right"):
        local[:, SMPL_24[f"{side}_wrist"]] = Rotation.from_euler("x", wrung[:, None]).as_matrix()
    motion = as_rig(smpl_rig("Mixamo"), local)
    found = retargeted(motion, parts_of(motion.rig))
    for side in ("left", "right"):
        wrists = np.linalg.norm(rotation_vectors(found.rotations[:, SMPL_24[f"{side}_wrist"]]), axis=-1)
        assert np.degrees(wrists.max()) < 55
        assert np.degrees(np.abs(np.diff(wrists)).max()) < 5
    wrists = [SMPL_24["left_wrist"], SMPL_24["right_wrist"]]
    assert np.abs(posed_places(found)[:, wrists] - found.joints_m[:, wrists]).max() < 0.01
