"""A rig of two cameras as Pose2Sim writes it, and one of Qualisys."""

from pathlib import Path

from scipy.spatial.transform import Rotation

TURNS = {"cam01": (1.6, 0.3, 0.1), "cam02": (1.4, -0.9, 0.6)}


def make(folder: Path) -> Path:
    lines = []
    for name, turn in TURNS.items():
        lines += [
            f"[{name}]", f'name = "{name}"', "size = [ 1280.0, 720.0]",
            "matrix = [ [ 900.0, 0.0, 639.5], [ 0.0, 905.0, 359.5], [ 0.0, 0.0, 1.0]]",
            "distortions = [ -0.1, 0.02, 0.001, -0.0005]", f"rotation = {list(turn)}",
            "translation = [ 0.2, 0.9, 4.1]", "fisheye = false", "",
        ]  # fmt: skip
    path = folder / "Calib.toml"
    path.write_text("\n".join([*lines, "[metadata]", "adjusted = false", "error = 0.0"]))
    return path


def make_qualisys(folder: Path) -> Path:
    cameras = []
    for at, (name, turn) in enumerate(TURNS.items()):
        axes = Rotation.from_rotvec(turn).as_matrix()
        places = " ".join(
            f'r{row + 1}{column + 1}="{axes[row, column]:.9f}"' for row in range(3) for column in range(3)
        )
        radial = " ".join(f'radialDistortion{each}="0.0{each}"' for each in (1, 2, 3))
        bent = " ".join(f'tangentalDistortion{each}="0.000{each}"' for each in (1, 2))
        cameras.append(
            f'<camera active="1" avg-residual="0.5" serial="{name}" viewrotation="0">'
            '<fov_video left="0" top="0" right="1087" bottom="1919"/>'
            f'<transform x="{1000 * at - 2500:.3f}" y="1200.5" z="1800.25" {places}/>'
            f'<intrinsic focalLengthU="92000" focalLengthV="92010" centerPointU="34800" centerPointV="61400" '
            f'skew="0" {radial} {bent}/></camera>'
        )
    path = folder / "Calib.qca.txt"
    path.write_text(f'<?xml version="1.0"?>\n<calibration><cameras>{"".join(cameras)}</cameras></calibration>\n')
    return path
