"""What AMASS's recordings are called, whichever release or label names them.

Its SMPL-H and SMPL-X releases, and BABEL's labels, spell the same recording in three ways:

    CMU/141/141_05_poses.npz · CMU/141/141_05_stageii.npz · CMU/CMU/141/141_05_poses.npz        -> CMU/141/141_05
    Eyes_Japan_Dataset/ichige/walk-29-look down-ichige_poses.npz (SMPL-X: no spaces)
    BioMotionLab_NTroje/rub018/… (SMPL-X: BMLrub/…; BABEL: BMLrub/BioMotionLab_NTroje/…)
"""

import re

# AMASS names some of its data sets otherwise in each of its releases, and BABEL a third way.
_SAME_SET = {
    "biomotionlabntroje": "BMLrub",
    "dfaust67": "DFaust",
    "mpihdm05": "HDM05",
    "mpilimits": "PosePrior",
    "mpimosh": "MoSh",
    "ssmsynced": "SSM",
    "tcdhandmocap": "TCDHands",
    "transitionsmocap": "Transitions",
}
_SETS = (
    "ACCAD", "BMLhandball", "BMLmovi", "BMLrub", "CMU", "CNRS", "DanceDB", "DFaust", "EKUT", "Eyes_Japan_Dataset",
    "GRAB", "HDM05", "HUMAN4D", "HumanEva", "KIT", "MoSh", "PosePrior", "SFU", "SOMA", "SSM", "TCDHands",
    "TotalCapture", "Transitions", "WEIZMANN",
)  # fmt: skip
_PLAIN_SETS = {re.sub(r"[^a-z0-9]", "", each.lower()): each for each in _SETS}


def key_of(name: str) -> str:
    """What a recording of AMASS is called, whichever release or label names it: `CMU/141/141_05`.

    Folders above AMASS's data sets and the twice written first part go; a name without a known data set stays.
    """
    parts = [part for part in re.sub(r"[\\/]+", "/", name).split("/") if part not in ("", ".")]
    if not parts:
        return ""
    parts[-1] = re.sub(r"(\.npz)?$", "", parts[-1])
    parts[-1] = re.sub(r"_(poses|stageii)$", "", parts[-1])
    for at in range(len(parts) - 2, -1, -1):
        known = _known_set(parts[at])
        if known:
            parts = [known, *parts[at + 1 :]]
            break
    return "/".join(part.replace(" ", "_") for part in parts)


def _known_set(part: str) -> str:
    plain = re.sub(r"[^a-z0-9]", "", part.lower())
    return _SAME_SET.get(plain) or _PLAIN_SETS.get(plain, "")


def performer_of(path: str) -> str:
    """Who moves in a file of AMASS: `CMU/141`, of the folders `data set/person/file`; empty anywhere else."""
    parts = key_of(path).split("/")
    return "/".join(parts[:2]) if len(parts) > 2 and parts[0] in _SETS else ""
