"""Named joints, what hangs on what, which joint mirrors which, and maps from one skeleton to another. No torch.

Left and right are the person's own. A map may build a joint from several (mid-hip from both hips): a target
joint is the mean of its sources, seen only where every source is seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float
from numpy import ndarray


@dataclass(frozen=True)
class Skeleton:
    """Joints in the order of an array's joint axis. `parents[j]` is -1 at a root."""

    name: str
    joints: tuple[str, ...]
    parents: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.joints)

    def __getitem__(self, joint: str) -> int:
        return self._index[joint]

    @cached_property
    def _index(self) -> dict[str, int]:
        return {joint: at for at, joint in enumerate(self.joints)}

    @cached_property
    def bones(self) -> tuple[tuple[int, int], ...]:
        """(parent, child) pairs."""
        return tuple((parent, child) for child, parent in enumerate(self.parents) if parent >= 0)

    def of_known(self, known: Sequence[bool]) -> "Skeleton":
        """Of the joints that are known alone; bones go over the missing ones, so that no limb hangs in the air."""
        kept = [at for at in range(len(self)) if known[at]]
        parents: list[int] = []
        for joint in kept:
            parent = self.parents[joint]
            while parent >= 0 and not known[parent]:
                parent = self.parents[parent]
            parents.append(kept.index(parent) if parent >= 0 else -1)
        return Skeleton(f"{self.name}, {len(kept)}", tuple(self.joints[at] for at in kept), tuple(parents))

    @cached_property
    def mirror(self) -> tuple[int, ...]:
        """For each joint the index of its partner on the other side (itself on the middle line)."""
        return tuple(self._index.get(_other_side(joint), at) for at, joint in enumerate(self.joints))

    @cached_property
    def sides(self) -> tuple[str, ...]:
        """`left`, `right` or `centre` for each joint."""
        return tuple(_side(joint) for joint in self.joints)


def _side(joint: str) -> str:
    first = joint.split("_")[0]
    return first if first in ("left", "right") else "centre"


def _other_side(joint: str) -> str:
    return (
        {"left": "right", "right": "left"}.get(_side(joint), "centre") + joint[len(_side(joint)) :]
        if _side(joint) != "centre"
        else joint
    )


def _skeleton(name: str, tree: str) -> Skeleton:
    """From `joint:parent` words in the order of the array."""
    pairs = [word.partition(":")[::2] for word in tree.split()]
    at = {joint: index for index, (joint, _) in enumerate(pairs)}
    return Skeleton(name, tuple(at), tuple(at[parent] if parent else -1 for _, parent in pairs))


# Paper 1, Table 5, in its order. "hand" is the wrist in the matched map and a finger tip in the printed one.
UPPER_BODY_9 = _skeleton(
    "upper body 9",
    "head:neck neck right_shoulder:neck right_elbow:right_shoulder right_hand:right_elbow "
    "left_shoulder:neck left_elbow:left_shoulder left_hand:left_elbow hip:neck",
)
BODY_25 = _skeleton(
    "BODY_25",
    "nose:neck neck:mid_hip right_shoulder:neck right_elbow:right_shoulder right_wrist:right_elbow left_shoulder:neck "
    "left_elbow:left_shoulder left_wrist:left_elbow mid_hip right_hip:mid_hip right_knee:right_hip "
    "right_ankle:right_knee left_hip:mid_hip left_knee:left_hip left_ankle:left_knee right_eye:nose left_eye:nose "
    "right_ear:right_eye left_ear:left_eye left_big_toe:left_ankle left_small_toe:left_big_toe left_heel:left_ankle "
    "right_big_toe:right_ankle right_small_toe:right_big_toe right_heel:right_ankle",
)
COCO_18 = _skeleton(
    "COCO-18",
    "nose:neck neck right_shoulder:neck right_elbow:right_shoulder right_wrist:right_elbow left_shoulder:neck "
    "left_elbow:left_shoulder left_wrist:left_elbow right_hip:neck right_knee:right_hip right_ankle:right_knee "
    "left_hip:neck left_knee:left_hip left_ankle:left_knee right_eye:nose left_eye:nose right_ear:right_eye "
    "left_ear:left_eye",
)
COCO_17 = _skeleton(
    "COCO-17",
    "nose left_eye:nose right_eye:nose left_ear:left_eye right_ear:right_eye left_shoulder:nose right_shoulder:nose "
    "left_elbow:left_shoulder right_elbow:right_shoulder left_wrist:left_elbow right_wrist:right_elbow "
    "left_hip:left_shoulder right_hip:right_shoulder left_knee:left_hip right_knee:right_hip left_ankle:left_knee "
    "right_ankle:right_knee",
)
BLAZEPOSE_33 = _skeleton(
    "BlazePose 33",
    "nose left_eye_inner:nose left_eye:left_eye_inner left_eye_outer:left_eye right_eye_inner:nose "
    "right_eye:right_eye_inner right_eye_outer:right_eye left_ear:left_eye_outer right_ear:right_eye_outer "
    "left_mouth:nose right_mouth:nose left_shoulder:nose right_shoulder:nose left_elbow:left_shoulder "
    "right_elbow:right_shoulder left_wrist:left_elbow right_wrist:right_elbow left_pinky:left_wrist "
    "right_pinky:right_wrist left_index:left_wrist right_index:right_wrist left_thumb:left_wrist "
    "right_thumb:right_wrist left_hip:left_shoulder right_hip:right_shoulder left_knee:left_hip right_knee:right_hip "
    "left_ankle:left_knee right_ankle:right_knee left_heel:left_ankle right_heel:right_ankle "
    "left_foot_index:left_heel right_foot_index:right_heel",
)
SMPL_24 = _skeleton(
    "SMPL 24",
    "pelvis left_hip:pelvis right_hip:pelvis spine1:pelvis left_knee:left_hip right_knee:right_hip spine2:spine1 "
    "left_ankle:left_knee right_ankle:right_knee spine3:spine2 left_foot:left_ankle right_foot:right_ankle neck:spine3 "
    "left_collar:spine3 right_collar:spine3 head:neck left_shoulder:left_collar right_shoulder:right_collar "
    "left_elbow:left_shoulder right_elbow:right_shoulder left_wrist:left_elbow right_wrist:right_elbow "
    "left_hand:left_wrist right_hand:right_wrist",
)
SMPL_22 = Skeleton("SMPL 22", SMPL_24.joints[:22], SMPL_24.parents[:22])
"""Without the hands: what SMPL, SMPL-H and SMPL-X have in common."""
_FINGERS = " ".join(
    f"{side}_{finger}1:{side}_wrist {side}_{finger}2:{side}_{finger}1 {side}_{finger}3:{side}_{finger}2"
    for side in ("left", "right")
    for finger in ("index", "middle", "pinky", "ring", "thumb")
)
_TREE_22 = " ".join(
    f"{joint}:{SMPL_22.joints[parent]}" if parent >= 0 else joint
    for joint, parent in zip(SMPL_22.joints, SMPL_22.parents, strict=True)
)
SMPLH_52 = _skeleton("SMPL-H 52", f"{_TREE_22} {_FINGERS}")
SMPLX_55 = _skeleton("SMPL-X 55", f"{_TREE_22} jaw:head left_eye:head right_eye:head {_FINGERS}")
# What is kept of recorded motion: both joint maps of the pose bank can be made of it. `nose` is the skin's, a finger
# tip is the last joint of the index finger, as the paper's Table 5 has it.
RECORDED_27 = Skeleton(
    "recorded 27",
    (*SMPL_24.joints, "nose", "left_fingertip", "right_fingertip"),
    (*SMPL_24.parents, SMPL_24["head"], SMPL_24["left_hand"], SMPL_24["right_hand"]),
)
# Order and places as in the files of 17 joints: `neck` stands at the base of the neck, `nose` inside the head, `head`
# at its top.
HUMAN36M_17 = _skeleton(
    "Human3.6M 17",
    "pelvis right_hip:pelvis right_knee:right_hip right_ankle:right_knee left_hip:pelvis left_knee:left_hip "
    "left_ankle:left_knee spine:pelvis neck:spine nose:neck head:nose left_shoulder:neck left_elbow:left_shoulder "
    "left_wrist:left_elbow right_shoulder:neck right_elbow:right_shoulder right_wrist:right_elbow",
)

SKELETONS = {
    each.name: each
    for each in (
        UPPER_BODY_9,
        BODY_25,
        COCO_18,
        COCO_17,
        BLAZEPOSE_33,
        SMPL_24,
        SMPL_22,
        SMPLH_52,
        SMPLX_55,
        RECORDED_27,
        HUMAN36M_17,
    )
}

_SHOULDERS = ("left_shoulder", "right_shoulder")
_HIPS = ("left_hip", "right_hip")
_ARMS = {f"{side}_{joint}": (f"{side}_{joint}",) for side in ("left", "right") for joint in ("shoulder", "elbow")}
_WRISTS = {f"{side}_hand": (f"{side}_wrist",) for side in ("left", "right")}

# What each joint of the target is the mean of, `matched` map (method.md): nose, mid-shoulders, wrists, mid-hips.
_UPPER_BODY_FROM: dict[str, dict[str, tuple[str, ...]]] = {
    "BODY_25": {**_ARMS, **_WRISTS, "head": ("nose",), "neck": ("neck",), "hip": ("mid_hip",)},
    "COCO-18": {**_ARMS, **_WRISTS, "head": ("nose",), "neck": ("neck",), "hip": _HIPS},
    "COCO-17": {**_ARMS, **_WRISTS, "head": ("nose",), "neck": _SHOULDERS, "hip": _HIPS},
    "BlazePose 33": {**_ARMS, **_WRISTS, "head": ("nose",), "neck": _SHOULDERS, "hip": _HIPS},
    "SMPL 24": {**_ARMS, **_WRISTS, "head": ("head",), "neck": _SHOULDERS, "hip": _HIPS},
    "SMPL 22": {**_ARMS, **_WRISTS, "head": ("head",), "neck": _SHOULDERS, "hip": _HIPS},
    "Human3.6M 17": {**_ARMS, **_WRISTS, "head": ("nose",), "neck": _SHOULDERS, "hip": _HIPS},
    "recorded 27": {**_ARMS, **_WRISTS, "head": ("nose",), "neck": _SHOULDERS, "hip": _HIPS},
    "upper body 9": {joint: (joint,) for joint in UPPER_BODY_9.joints},
}
_BODY_25_FROM_BLAZEPOSE: dict[str, tuple[str, ...]] = {
    **{joint: (joint,) for joint in BODY_25.joints if joint in BLAZEPOSE_33.joints},
    "neck": _SHOULDERS,
    "mid_hip": _HIPS,
    **{f"{side}_{toe}_toe": (f"{side}_foot_index",) for side in ("left", "right") for toe in ("big", "small")},
}


def map_matrix(source: Skeleton, target: Skeleton) -> Float[ndarray, "target source"]:
    """Rows that average the source joints each target joint is made of. ValueError where no map is known."""
    if source == target:
        return np.eye(len(source), dtype=np.float32)
    if target == UPPER_BODY_9 and source.name in _UPPER_BODY_FROM:
        made_of = _UPPER_BODY_FROM[source.name]
    elif target == BODY_25 and source == BLAZEPOSE_33:
        made_of = _BODY_25_FROM_BLAZEPOSE
    else:
        raise ValueError(f"no map from {source.name} to {target.name}")
    matrix = np.zeros((len(target), len(source)), dtype=np.float32)
    for joint, sources in made_of.items():
        matrix[target[joint], [source[each] for each in sources]] = 1 / len(sources)
    return matrix
