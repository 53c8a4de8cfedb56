"""Small files in GRAB's layout: every member an array without sides that holds an object."""

from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from tests.core.formats.made_amass import PELVIS_M

FIRST_CONTACT = 9


def parameters(frames, seed=0):
    """Somebody upright in GRAB's world (z up), who lifts the right arm, and their hands in both of GRAB's forms."""
    rng = np.random.default_rng(seed)
    full = np.zeros((frames, 165), np.float32)
    full[:, :3] = Rotation.from_euler("x", 90, degrees=True).as_rotvec()
    full[:, 48:51], full[:, 51:54] = [0, 0, -1.2], [0, 0, 1.2]
    full[:, 53] -= np.linspace(0, 1.2, frames)
    full[:, 75:] = rng.normal(scale=0.1, size=90)
    return {
        "transl": (np.tile([0.2, 0.5, 0.9], (frames, 1)) - PELVIS_M[165]).astype(np.float32),
        "global_orient": full[:, :3],
        "body_pose": full[:, 3:66],
        "jaw_pose": full[:, 66:69],
        "leye_pose": full[:, 69:72],
        "reye_pose": full[:, 72:75],
        "left_hand_pose": rng.normal(size=(frames, 24)).astype(np.float32),
        "right_hand_pose": rng.normal(size=(frames, 24)).astype(np.float32),
        "fullpose": full,
        "expression": np.zeros((frames, 10), np.float32),
    }


def make_one(path, *, subject="s1", thing="airplane", intent="fly", frames=48, **changed):
    contact = np.zeros((frames, 30), np.int8)
    contact[FIRST_CONTACT:-5, 4:9] = 1
    things = {"transl": np.zeros((frames, 3)), "global_orient": np.zeros((frames, 3))}
    members = {
        "gender": "male",
        "sbj_id": subject,
        "obj_name": thing,
        "motion_intent": intent,
        "framerate": 120.0,
        "n_frames": frames,
        "n_comps": 24,
        "body": {"params": parameters(frames), "vtemp": f"tools/subject_meshes/male/{subject}.ply"},
        "lhand": {"params": {"transl": np.zeros((frames, 3))}, "vtemp": "tools/subject_meshes/male/l.ply"},
        "rhand": {"params": {"transl": np.zeros((frames, 3))}, "vtemp": "tools/subject_meshes/male/r.ply"},
        "object": {"params": things, "object_mesh": f"tools/object_meshes/{thing}.ply"},
        "table": {"params": things, "table_mesh": "tools/object_meshes/table.ply"},
        "contact": {"object": contact, "body": np.zeros((frames, 40), np.int8)},
    } | changed
    kept = {name: np.array(each, dtype=object) for name, each in members.items() if each is not None}
    np.savez_compressed(path, **kept)
    return path


def make_folder(folder: Path) -> Path:
    """Three subjects and two objects, as GRAB is unpacked."""
    for subject in ("s1", "s2", "s10"):
        (folder / "grab" / subject).mkdir(parents=True)
        for thing, intent in (("airplane", "fly"), ("mug", "drink")):
            path = folder / "grab" / subject / f"{thing}_{intent}_1.npz"
            make_one(path, subject=subject, thing=thing, intent=intent)
    return folder


def make(folder: Path) -> Path:
    return make_one(folder / "airplane_fly_1.npz")
