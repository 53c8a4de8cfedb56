"""A folder as OpenPose writes it with `--write_json`: one file a frame, one or two people, pixels."""

import json
from pathlib import Path

import numpy as np

KEYS = ("face_keypoints_2d", "hand_left_keypoints_2d", "hand_right_keypoints_2d", "pose_keypoints_3d")


def make(folder: Path, frames: int = 5) -> Path:
    place = folder / "walk"
    place.mkdir(parents=True)
    rng = np.random.default_rng(1)
    standing = np.column_stack([300 + 20 * np.sin(np.arange(25)), 100 + 12 * np.arange(25), np.full(25, 0.8)])
    for frame in range(frames):
        people = []
        for shift in (0, 200) if frame % 2 else (0,):
            joints = standing + [shift + 3 * frame, 0, 0] + [1, 1, 0] * rng.normal(size=(25, 3))
            joints[11] = 0  # was not found
            person = {"person_id": [-1], "pose_keypoints_2d": [round(each, 3) for each in joints.ravel().tolist()]}
            people.append(person | {key: [] for key in KEYS})
        content = json.dumps({"version": 1.3, "people": people}, separators=(",", ":"))
        (place / f"walk_{frame:012d}_keypoints.json").write_text(content)
    return place
