"""A scene of IKEA-ASM's Calibration folder: three Kinects relative to dev2, in centimetres."""

import json
import pickle
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

TURNS = {"dev1": (0.05, 0.9, 0.02), "dev2": (0, 0, 0), "dev3": (0, -0.8, 0)}
EYES_CM = {"dev1": (-210.0, 5.0, 60.0), "dev2": (0, 0, 0), "dev3": (190.0, -8.0, 40.0)}


def make(folder: Path, kind: str = "json") -> Path:
    for device, turn in TURNS.items():
        rotation = Rotation.from_rotvec(turn).as_matrix()
        facts = {
            "K": np.array([[1081.37, 0, 959.5], [0, 1081.37, 539.5], [0, 0, 1]]),
            "dist_coefs": np.zeros((1, 5)),
            "R": rotation,
            "T": -rotation @ np.array(EYES_CM[device], float)[:, None],
        }
        place = folder / "Calibration" / "01" / device / f"camera_parameters.{kind}"
        place.parent.mkdir(parents=True)
        if kind == "pkl":
            place.write_bytes(pickle.dumps(facts))
        else:
            place.write_text(json.dumps({key: value.tolist() for key, value in facts.items()}))
    return folder / "Calibration"


def make_pickles(folder: Path) -> Path:
    return make(folder, "pkl")
