"""A BVH file as Mixamo's and others' tools write it: one small person who raises the left arm and walks a step."""

from pathlib import Path

import numpy as np

FRAMES, RATE_HZ = 24, 30.0
JOINTS = (
    # name, parent, offset in cm
    ("Hips", "", (0.0, 95.0, 0.0)),
    ("Spine", "Hips", (0.0, 12.0, 0.0)),
    ("Spine1", "Spine", (0.0, 14.0, 0.0)),
    ("Spine2", "Spine1", (0.0, 12.0, 0.0)),
    ("Neck", "Spine2", (0.0, 16.0, 0.0)),
    ("Head", "Neck", (0.0, 11.0, 2.0)),
    ("LeftShoulder", "Spine2", (6.0, 12.0, 0.0)),
    ("LeftArm", "LeftShoulder", (12.0, 0.0, 0.0)),
    ("LeftForeArm", "LeftArm", (26.0, 0.0, 0.0)),
    ("LeftHand", "LeftForeArm", (25.0, 0.0, 0.0)),
    ("RightShoulder", "Spine2", (-6.0, 12.0, 0.0)),
    ("RightArm", "RightShoulder", (-12.0, 0.0, 0.0)),
    ("RightForeArm", "RightArm", (-26.0, 0.0, 0.0)),
    ("RightHand", "RightForeArm", (-25.0, 0.0, 0.0)),
    ("LeftUpLeg", "Hips", (9.0, -6.0, 0.0)),
    ("LeftLeg", "LeftUpLeg", (0.0, -40.0, 0.0)),
    ("LeftFoot", "LeftLeg", (0.0, -41.0, 0.0)),
    ("LeftToeBase", "LeftFoot", (0.0, -6.0, 14.0)),
    ("RightUpLeg", "Hips", (-9.0, -6.0, 0.0)),
    ("RightLeg", "RightUpLeg", (0.0, -40.0, 0.0)),
    ("RightFoot", "RightLeg", (0.0, -41.0, 0.0)),
    ("RightToeBase", "RightFoot", (0.0, -6.0, 14.0)),
)


def make(folder: Path) -> Path:
    return write(folder / "raise_arm.bvh")


def angles_of(frame: int) -> dict[str, tuple[float, float, float]]:
    """Degrees about x, y and z of the joints that move in a frame."""
    share = frame / (FRAMES - 1)
    return {
        "LeftArm": (0.0, 0.0, 60.0 * share),
        "RightArm": (0.0, 0.0, 70.0),
        "RightForeArm": (0.0, 50.0 * share, 0.0),
        "LeftUpLeg": (-30.0 * share, 0.0, 0.0),
        "LeftLeg": (50.0 * share, 0.0, 0.0),
        "Hips": (0.0, 40.0 * share, 0.0),
    }


def write(
    path: Path,
    *,
    order: str = "ZXY",
    prefix: str = "mixamorig:",
    scale: float = 1.0,
    rename: dict[str, str] | None = None,
    line_end: str = "\n",
    frames: int = FRAMES,
    frame_time: str = "0.0333333",
    places_everywhere: bool = False,
) -> Path:
    """The same motion in another writer's habits; `order` is that of the angles' channels."""
    from scipy.spatial.transform import Rotation

    names = {name: prefix + (rename or {}).get(name, name) for name, _, _ in JOINTS}
    lines = ["HIERARCHY"]

    def add(name: str, depth: int) -> None:
        tab = "\t" * depth
        offset = next(offset for each, _, offset in JOINTS if each == name)
        lines.append(f"{tab}{'JOINT' if depth else 'ROOT'} {names[name]}")
        lines.append(tab + "{")
        lines.append(f"{tab}\tOFFSET " + " ".join(f"{part * scale:.6f}" for part in offset))
        turns = " ".join(f"{axis}rotation" for axis in order)
        if places_everywhere or not depth:
            lines.append(f"{tab}\tCHANNELS 6 Xposition Yposition Zposition {turns}")
        else:
            lines.append(f"{tab}\tCHANNELS 3 {turns}")
        below = [each for each, parent, _ in JOINTS if parent == name]
        for each in below:
            add(each, depth + 1)
        if not below:
            lines.extend([f"{tab}\tEnd Site", tab + "\t{", f"{tab}\t\tOFFSET 0.0 {5.0 * scale} 0.0", tab + "\t}"])
        lines.append(tab + "}")

    add("Hips", 0)
    lines += ["MOTION", f"Frames: {frames}", f"Frame Time: {frame_time}"]
    for frame in range(FRAMES):
        numbers: list[float] = []
        moving = angles_of(frame)

        def numbers_of(name: str, frame: int = frame, moving: dict = moving, numbers: list[float] = numbers) -> None:
            offset = next(offset for each, _, offset in JOINTS if each == name)
            if name == "Hips":
                numbers.extend(np.array([0.0, 95.0, 2.0 * frame]) * scale)
            elif places_everywhere:
                numbers.extend(np.array(offset) * scale)
            turn = Rotation.from_euler("XYZ", moving.get(name, (0.0, 0.0, 0.0)), degrees=True)
            numbers.extend(turn.as_euler(order, degrees=True))
            for each, parent, _ in JOINTS:
                if parent == name:
                    numbers_of(each)

        numbers_of("Hips")
        lines.append(" ".join(f"{number:.6f}" for number in numbers))
    path.write_bytes((line_end.join(lines) + line_end).encode())
    return path
