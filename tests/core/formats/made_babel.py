"""A small BABEL release: train, val and test, and both extra files with their lists.

`MOTIONS` are the recordings it labels, as `made_amass` can write them.
"""

import json
from pathlib import Path

MOTIONS = {
    1001: "CMU/CMU/01/01_01_poses.npz",
    1002: "BMLrub/BioMotionLab_NTroje/rub018/0017_lifting_light1_poses.npz",
    1003: "EyesJapanDataset/Eyes_Japan_Dataset/ichige/walk-29-look down-ichige_poses.npz",
    1004: "DFaust67/DFaust_67/50020/50020_one_leg_loose_poses.npz",
    1005: "KIT/KIT/3/bend_left01_poses.npz",
    1006: "KIT/KIT/3/bend_left02_poses.npz",
}


def label(raw, categories, start_t=None, end_t=None):
    times = {} if end_t is None else {"start_t": start_t, "end_t": end_t}
    return {"raw_label": raw, "proc_label": raw, "seg_id": f"seg-{raw}", "act_cat": categories, **times}


def annotation(*labels):
    return {"babel_lid": "lid", "anntr_id": "person", "mul_act": len(labels) > 1, "labels": list(labels)}


def sequence(sid, dur, **annotations):
    return {
        "babel_sid": sid,
        "url": f"https://example.org/{sid}.mp4",
        "feat_p": MOTIONS[sid],
        "dur": dur,
        **annotations,
    }


def release():
    walk, turn = label("walking forward", ["walk"], 0, 2.0), label("turn around", ["turn", "spin"], 2.0, 3.5)
    nameless = label("does something odd", None, 3.5, 4.0)
    return {
        "train": [
            sequence(
                1001,
                4.0,
                seq_ann=annotation(label("walk", ["walk"]), label("turn", ["turn"])),
                frame_ann=annotation(turn, walk, nameless),
            ),
            sequence(1002, 5.4, seq_ann=annotation(label("lifting a box", ["lift something"])), frame_ann=None),
        ],
        "val": [sequence(1003, 6.0, seq_ann=annotation(label("walk", ["walk"])), frame_ann=None)],
        "test": [sequence(1004, 7.5)],
        "extra_train": [
            sequence(1005, 3.0, seq_anns=[annotation(label("bend", ["bend"]))], frame_anns=None),
        ],
        "extra_val": [
            sequence(
                1006,
                3.0,
                seq_anns=[annotation(label("bend", ["bend"])), annotation(label("bow", ["bow"]))],
                frame_anns=[annotation(label("bend", ["bend"], 0.5, 2)), annotation(label("bow", ["bow"], 1, 2.5))],
            ),
        ],
    }


def make_release(folder: Path) -> Path:
    for name, sequences in release().items():
        held = {str(each["babel_sid"]): each for each in sequences}
        (folder / f"{name}.json").write_text(json.dumps(held))
    return folder


def make(folder: Path) -> Path:
    return make_release(folder) / "train.json"
