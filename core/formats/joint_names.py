"""Columns of tables to joints: what people call them, told by words, whatever stands between.

`L_Knee`, `knee.left`, `LeftKnee` and `lknee` are one joint. The side is a word of its own or a letter before or after
it; the words of a joint are run together. Where a table has ankles, a foot is the ball of the foot; otherwise it is the
ankle; so with wrists and hands. A joint of ours is given by the first word for it in the table.
"""

import re
from collections.abc import Sequence

from core.bodies.skeletons import RECORDED_27

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SIDES = {"l": "left", "left": "left", "r": "right", "right": "right"}
_OF_A_SIDE = {
    "hip": "hip upleg upperleg thigh",
    "knee": "knee lowleg lowerleg shin",
    "ankle": "ankle",
    "foot": "toe toebase toes ball bigtoe footindex midfoot",
    "collar": "collar clavicle",
    "shoulder": "shoulder upperarm uparm arm",
    "elbow": "elbow forearm lowerarm lowarm",
    "wrist": "wrist",
    "hand": "hand palm knuckle middle1",
    "fingertip": "fingertip handtip indextip index3",
}
_OF_THE_MIDDLE = {
    "pelvis": "pelvis hips root midhip hip hipcentre hipcenter",
    "spine1": "spine1 spinebase",
    "spine2": "spine2 spine torso",
    "spine3": "spine3 chest thorax",
    "neck": "neck neckbase spineshoulder",
    "head": "head",
    "nose": "nose",
}
_OURS = {
    **{word: joint for joint, words in _OF_THE_MIDDLE.items() for word in words.split()},
    **{
        side + word: f"{side}_{joint}"
        for side in ("left", "right")
        for joint, words in _OF_A_SIDE.items()
        for word in words.split()
    },
}
_BARE = {word for words in _OF_A_SIDE.values() for word in words.split()} | {"foot"}


def recorded_joints_of(names: Sequence[str]) -> dict[str, str]:
    """Which of the names is which joint of RECORDED_27: {ours: theirs}. Names that mean nothing are left out."""
    told: dict[str, str] = {}
    plain = {name: _plain(name) for name in names}
    has_ankles = any(each in ("leftankle", "rightankle") for each in plain.values())
    has_wrists = any(each in ("leftwrist", "rightwrist") for each in plain.values())
    for name, word in plain.items():
        ours = name if name in RECORDED_27.joints else _OURS.get(word)
        if ours is None and word in ("leftfoot", "rightfoot"):
            ours = f"{word.removesuffix('foot')}_{'foot' if has_ankles else 'ankle'}"
        if word in ("lefthand", "righthand"):
            ours = f"{word.removesuffix('hand')}_{'hand' if has_wrists else 'wrist'}"
        if ours is not None and (ours not in told or name == ours):
            told[ours] = name
    return told


def _plain(name: str) -> str:
    """`leftknee` of all its spellings."""
    words = [each.lower() for each in _WORDS.findall(name)]
    if len(words) == 1 and words[0][0] in "lr" and words[0][1:] in _BARE:  # `lknee`
        words = [words[0][0], words[0][1:]]
    sides = [at for at, word in enumerate(words) if word in _SIDES]
    if sides:
        at = sides[0]
        words = [_SIDES[words[at]], *words[:at], *words[at + 1 :]]
    return "".join(words)
