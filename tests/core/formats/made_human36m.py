"""Small files in each of the layouts of Human3.6M's joints: somebody upright who walks and lifts their left hand."""

from pathlib import Path

import numpy as np

from core.formats import exponential_maps

FRAMES = 8


def _standing_mm() -> np.ndarray:
    """All 32 joints of the skeleton at rest, y up, facing z."""
    places: list[np.ndarray] = []
    for row in exponential_maps._HUMAN36M.strip().split("\n"):
        _, parent, *offset = row.split()
        places.append(np.array(offset, float) + (places[int(parent)] if int(parent) >= 0 else 0.0))
    return np.array(places)


def places_mm() -> np.ndarray:
    """(frames, 32, 3) as the makers have them: millimetres, z up; the person faces −y and their left is +x."""
    standing = _standing_mm()
    standing[17:20, :] = standing[17] + np.array([[0, 0, 0], [0, -280, 0], [0, -530, 0]])
    standing[25:28, :] = standing[25] + np.array([[0, 0, 0], [0, -280, 0], [0, -530, 0]])
    places = np.repeat(standing[None], FRAMES, 0)
    places[:, 19:24, 1] += 40.0 * np.arange(FRAMES)[:, None]
    turned = np.stack([places[..., 0], -places[..., 2], places[..., 1] + 950.0], axis=-1)
    turned[..., 1] -= 20.0 * np.arange(FRAMES)[:, None]
    return turned


def make(folder: Path, places: np.ndarray | None = None) -> Path:
    """The makers' own: one record of (frames, 96) in single precision, packed."""
    from cdflib import cdfwrite

    path = folder / "S1" / "MyPoseFeatures" / "D3_Positions" / "Directions 1.cdf"
    path.parent.mkdir(parents=True, exist_ok=True)
    pose = (places_mm() if places is None else places).reshape(1, -1, 96).astype(np.float32)
    with cdfwrite.CDF(path, cdf_spec={"Compressed": 0}, delete=True) as file:
        about = {
            "Variable": "Pose", "Data_Type": 44, "Num_Elements": 1, "Rec_Vary": True, "Var_Type": "zVariable",
            "Dim_Sizes": list(pose.shape[1:]), "Compress": 6,
        }  # fmt: skip
        file.write_var(about, var_data=pose)
    return path


def make_videopose3d(folder: Path) -> Path:
    held = {
        "S1": {"Directions 1": (places_mm() / 1000).astype(np.float32)},
        "S9": {"WalkDog": (places_mm()[:5] / 1000).astype(np.float32), "Walking 1": places_mm()[:3] / 1000},
    }
    np.savez_compressed(folder / "data_3d_h36m.npz", positions_3d=np.array(held, dtype=object))
    return folder / "data_3d_h36m.npz"


def make_pictures(folder: Path) -> Path:
    """Joints of pictures, in the axes of a camera that looks down by 11.1°, leans by 1.2°, 5 m ahead of the person."""
    of_17 = places_mm()[:, [0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27]] / 1000
    seen = np.stack([-of_17[..., 0], 1.0 - of_17[..., 2], 5.0 + of_17[..., 1]], axis=-1)
    level, (down, leaning) = seen * [1, -1, -1], np.radians([11.1, 1.2])
    across = np.array([[np.cos(leaning), np.sin(leaning), 0], [-np.sin(leaning), np.cos(leaning), 0], [0, 0, 1]])
    nod = np.array([[1, 0, 0], [0, np.cos(down), -np.sin(down)], [0, np.sin(down), np.cos(down)]])
    seen = (level @ nod.T @ across.T) * [1, -1, -1]
    frames = (1, 6, 11, 16, 40, 45, 50, 400)
    names = [f"S5/S5_Eating_1.54138969/S5_Eating_1.54138969_{frame:06}.jpg" for frame in frames]
    np.savez(
        folder / "h36m_pictures.npz",
        imgname=np.array(names),
        center=np.zeros((FRAMES, 2)),
        scale=np.ones(FRAMES),
        part=np.ones((FRAMES, 17, 3)),
        S=np.concatenate([seen, np.ones((FRAMES, 17, 1))], -1),
    )
    return folder / "h36m_pictures.npz"
