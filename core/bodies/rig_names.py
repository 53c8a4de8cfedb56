"""Which joint of a foreign skeleton is the elbow: from names, whoever gave them, and from what hangs on what.

    parts = parts_of(rig)              # {"left_elbow": 17, ...}; SMPL's words
    parts = parts_of(rig, names={"Bip7": "left_elbow"})

A name is split into words; L, R, left and right say the side wherever they stand, prefixes that all joints share say
nothing. Some words mean two things (`LeftLeg` is the shank, `LeftShoulder` the collar bone or the shoulder, `LeftFoot`
the ankle or the toes): the order along the limb decides. Known are the names of CMU and Acclaim, Mixamo, 3ds Max Biped,
Rokoko, Bandai Namco, Human3.6M, VRM, Unreal, Unity, Daz and SMPL. No torch.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np

from core.bodies.rigs import Rig
from core.errors import CoreError

SIDES = ("left", "right")
_ARM = ("collar", "shoulder", "elbow", "wrist", "hand")
_LEG = ("hip", "knee", "ankle", "foot")
_NEEDED = {"arm": ("shoulder", "elbow", "wrist"), "leg": ("hip", "knee", "ankle")}


def _meanings(*rows: tuple[str, float, str]) -> dict[str, dict[str, float]]:
    """From rows of a joint, how likely, and words that may mean it: by word."""
    found: dict[str, dict[str, float]] = {}
    for slot, likely, words in rows:
        for word in words.split():
            found.setdefault(word, {})[slot] = likely
    return found


# The words of a name run together, without its side; what means two things stands twice.
_ARM_WORDS = _meanings(
    ("collar", 4.0, "collar clavicle collarbone clav thorax scapula"),
    ("collar", 2.0, "shoulder"),
    ("shoulder", 2.5, "shoulder"),
    ("shoulder", 4.0, "upperarm uparm humerus shldr arm1 armupper"),
    ("shoulder", 3.0, "arm"),
    ("elbow", 0.5, "arm"),
    ("elbow", 4.0, "forearm lowerarm lowarm elbow radius loarm armlower"),
    ("wrist", 4.0, "wrist"),
    ("wrist", 3.0, "hand"),
    ("hand", 2.0, "hand"),
    ("hand", 1.5, "palm fingerbase fingers finger knuckle knuckles"),
    ("hand", 3.0, "handmiddle1 middle1 middleproximal middle01 mid1 handmid1"),
    ("hand", 2.5, "finger2 f_middle1"),
)
_LEG_WORDS = _meanings(
    ("hip", 4.0, "upleg upperleg thigh femur legupper"),
    ("hip", 3.0, "hip"),
    ("hip", 0.5, "hipjoint leg"),
    ("knee", 3.0, "leg"),
    ("knee", 4.0, "lowerleg lowleg shin calf knee tibia leglower shank"),
    ("ankle", 4.0, "ankle"),
    ("ankle", 3.0, "foot"),
    ("foot", 2.0, "foot"),
    ("foot", 3.0, "toe toebase toes ball toe0 toe1 midfoot metatarsal"),
)
_FINGERS = {
    "fingertip": ("handindex3", "index3", "indexdistal", "index03", "finger12"),
    "index": ("handindex1", "index1", "indexproximal", "index01", "finger1", "inhandindex"),
    "pinky": ("handpinky1", "pinky1", "littleproximal", "pinky01", "finger4", "inhandpinky"),
    "thumb": ("handthumb1", "thumb1", "thumbproximal", "thumb01", "finger0", "thumb"),
}
_PELVIS = ("hips", "pelvis", "hip", "midhip", "bottomtorso")
_TRUNK_END = ("end", "nub", "site", "tip", "top")
_NO_WORDS = {"joint", "jnt", "bip", "bip001", "bip01", "j", "bone", "b", "def", "c", "ctrl", "skel", "sim", "m", "avg"}
# Told apart from the l or r in front of them: `lfemur`, `RThumb`, `rCollar`.
_AFTER_A_LETTER = {
    *_ARM_WORDS, *_LEG_WORDS, "hipjoint", "thumb", "fingers", "eye", "buttock",
    *(word for words in _FINGERS.values() for word in words),
}  # fmt: skip
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def parts_of(rig: Rig, names: Mapping[str, str] | None = None) -> dict[str, int]:
    """SMPL's joints, and `left_fingertip`, `left_index` …, by where the rig has them.

    Shoulders, elbows, wrists, hips, knees and ankles are always there. `names` says what a joint is where its own name
    does not. CoreError where the limbs are not found.
    """
    told = _told(rig, names or {})
    split = _split_names(rig.joints)
    parts: dict[str, int] = {}
    for side in SIDES:
        of_side = [at for at, (its_side, _) in enumerate(split) if its_side == side]
        for limb, slots, words in (("arm", _ARM, _ARM_WORDS), ("leg", _LEG, _LEG_WORDS)):
            found = _limb(rig, of_side, split, slots, words, _NEEDED[limb])
            parts |= {f"{side}_{slot}": joint for slot, joint in found.items()}
        if f"{side}_hand" in parts and not _apart(rig, parts[f"{side}_wrist"], parts[f"{side}_hand"]):
            del parts[f"{side}_hand"]
        for finger, known in _FINGERS.items():
            at = [joint for joint in of_side if split[joint][1] in known]
            if at:
                parts[f"{side}_{finger}"] = at[0]
    for joint in told.values():
        parts = {part: at for part, at in parts.items() if at != joint}
    parts |= told
    _refuse_missing(rig, parts)
    return parts | _trunk(rig, split, parts)


def chain(rig: Rig, above: int, below: int) -> tuple[int, ...]:
    """The joints after `above`, down to `below`; empty where it does not hang on it."""
    path = rig.path_to(below)
    return path[path.index(above) + 1 :] if above in path else ()


def _apart(rig: Rig, above: int, below: int) -> bool:
    """Not in one place: some writers drop a bone's length and keep its joint."""
    bones = rig.offsets[list(chain(rig, above, below))]
    return float(np.linalg.norm(bones.sum(0))) > 1e-3 * float(np.abs(rig.offsets).max())


def _told(rig: Rig, names: Mapping[str, str]) -> dict[str, int]:
    told = {}
    for joint, part in names.items():
        if joint not in rig.joints:
            raise CoreError(
                f"There is no joint named {joint!r}.", hint=f"The skeleton's joints are: {', '.join(rig.joints)}."
            )
        told[part] = rig.joints.index(joint)
    return told


def _split_names(joints: Sequence[str]) -> list[tuple[str, str]]:
    """Of each joint its side (or nothing) and its other words run together."""
    bare = [joint.rpartition(":")[2].rpartition("|")[2] for joint in joints]
    words = [[word.lower() for word in _WORDS.findall(name)] for name in bare]
    # What starts (nearly) every name is the figure's, not the joint's.
    while len(words) > 3 and sum(len(each) > 1 and each[0] == words[-1][0] for each in words) >= len(words) - 1:
        if words[-1][0] in ("l", "r", *SIDES):
            break
        words = [each[1:] if len(each) > 1 and each[0] == words[-1][0] else each for each in words]
    return [_side_and_rest(each) for each in words]


def _side_and_rest(words: list[str]) -> tuple[str, str]:
    side, rest = "", []
    for word in words:
        if not side and word in ("l", "left", "lf", "lt"):
            side = "left"
        elif not side and word in ("r", "right", "rt", "rg"):
            side = "right"
        elif word not in _NO_WORDS or (word == "joint" and rest == ["hip"]):
            rest.append(word)
    joined = "".join(rest)
    if not side and joined[:1] in ("l", "r"):
        for long, letter in (("left", "left"), ("right", "right"), ("l", "left"), ("r", "right")):
            if joined.startswith(long) and joined[len(long) :] in _AFTER_A_LETTER:
                return letter, joined[len(long) :]
    if not side and joined[-1:] in ("l", "r") and joined[:-1] in _AFTER_A_LETTER:
        return ("left" if joined[-1] == "l" else "right"), joined[:-1]
    for twice in ("character1", "mixamorig", "smplx", "smplh", "smpl"):
        joined = joined.removeprefix(twice)
    return side, joined


def _limb(
    rig: Rig,
    of_side: Sequence[int],
    split: Sequence[tuple[str, str]],
    slots: tuple[str, ...],
    words: Mapping[str, Mapping[str, float]],
    needed: tuple[str, ...],
) -> dict[str, int]:
    """The likeliest reading of the names down one limb: slots in their order, each at most once."""
    best: tuple[float, dict[str, int]] = (0.0, {})
    parents = set(rig.parents)
    ends = [joint for joint in of_side if joint not in parents or not any(c in of_side for c in rig.children(joint))]
    for end in ends:
        path = [joint for joint in rig.path_to(end) if joint in of_side and split[joint][1] in words]
        # reading[k]: the best of what lies above with only the first k slots used.
        reading: list[tuple[float, dict[str, int]]] = [(0.0, {})] * (len(slots) + 1)
        for joint in path:
            means = words[split[joint][1]]
            after = list(reading)
            for at, slot in enumerate(slots):
                if slot in means:
                    score = reading[at][0] + means[slot] + (1.0 if slot in needed else 0.0)
                    if score > after[at + 1][0]:
                        after[at + 1] = (score, {**reading[at][1], slot: joint})
            for at in range(len(slots)):
                if after[at][0] > after[at + 1][0]:
                    after[at + 1] = after[at]
            reading = after
        if reading[-1][0] > best[0]:
            best = reading[-1]
    return best[1]


def _refuse_missing(rig: Rig, parts: Mapping[str, int]) -> None:
    needed = [f"{side}_{slot}" for side in SIDES for limb in _NEEDED.values() for slot in limb]
    missing = [part.replace("_", " ") for part in needed if part not in parts]
    if missing:
        known = ", ".join(rig.joints[:80])
        raise CoreError(
            f"it is not clear which joints are {', '.join(missing)} among: {known}",
            hint="Rename them (such as LeftForeArm or elbow_L), or say which is which with the option names.",
        )


def _trunk(rig: Rig, split: Sequence[tuple[str, str]], parts: Mapping[str, int]) -> dict[str, int]:
    """Pelvis and chest from where the limbs join, the neck and head above them."""
    join = _common(rig, parts["left_hip"], parts["right_hip"])
    up = rig.path_to(join)
    named = [joint for joint in up if split[joint][1] in _PELVIS]
    found = {"pelvis": parts.get("pelvis", named[-1] if named else join)}
    tops = [parts.get(f"{side}_collar", parts[f"{side}_shoulder"]) for side in SIDES]
    found["chest"] = parts.get("chest", _common(rig, *tops))
    if found["chest"] not in rig.path_to(tops[0]) or found["pelvis"] not in rig.path_to(found["chest"]):
        found["chest"] = found["pelvis"]
    heads = [
        joint
        for joint, (side, word) in enumerate(split)
        if not side and word.startswith("head") and not word.endswith(_TRUNK_END)
    ]
    if "head" in parts:
        heads = [parts["head"]]
    if heads:
        found["head"] = heads[0]
    necks = [joint for joint, (side, word) in enumerate(split) if not side and "neck" in word]
    above_neck = [joint for joint in necks if not heads or joint in rig.path_to(heads[0])]
    if "neck" in parts:
        above_neck = [parts["neck"]]
    if above_neck:
        found["neck"] = above_neck[0]
    return found


def _common(rig: Rig, one: int, other: int) -> int:
    """The lowest joint that both hang on (or are)."""
    above = set(rig.path_to(other))
    shared = [joint for joint in rig.path_to(one) if joint in above and joint not in (one, other)]
    return shared[-1] if shared else rig.path_to(one)[0]
