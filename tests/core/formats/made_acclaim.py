"""An Acclaim pair as Carnegie Mellon's archive has it: one skeleton and a clip of two seconds, in one folder."""

from pathlib import Path

import numpy as np

FRAMES = 48
# name, parent, direction, length, axis in degrees, degrees of freedom
BONES = (
    ("lhipjoint", "root", (0.57, -0.75, 0.35), 2.4, (0, 0, 0), ""),
    ("lfemur", "lhipjoint", (0.34202, -0.939693, 0), 7.2, (0, 0, 20), "rx ry rz"),
    ("ltibia", "lfemur", (0.34202, -0.939693, 0), 7.5, (0, 0, 20), "rx"),
    ("lfoot", "ltibia", (0.0666, -0.1829, 0.9809), 2.4, (-90, 0, 20), "rx rz"),
    ("ltoes", "lfoot", (0, 0, 1), 1.2, (-90, 0, 20), "rx"),
    ("rhipjoint", "root", (-0.57, -0.75, 0.35), 2.4, (0, 0, 0), ""),
    ("rfemur", "rhipjoint", (-0.34202, -0.939693, 0), 7.2, (0, 0, -20), "rx ry rz"),
    ("rtibia", "rfemur", (-0.34202, -0.939693, 0), 7.5, (0, 0, -20), "rx"),
    ("rfoot", "rtibia", (-0.0666, -0.1829, 0.9809), 2.4, (-90, 0, -20), "rx rz"),
    ("rtoes", "rfoot", (0, 0, 1), 1.2, (-90, 0, -20), "rx"),
    ("lowerback", "root", (0, 1, 0), 2.0, (0, 0, 0), "rx ry rz"),
    ("upperback", "lowerback", (0, 1, 0), 2.0, (0, 0, 0), "rx ry rz"),
    ("thorax", "upperback", (0, 1, 0), 2.0, (0, 0, 0), "rx ry rz"),
    ("lowerneck", "thorax", (0, 1, 0), 1.7, (0, 0, 0), "rx ry rz"),
    ("upperneck", "lowerneck", (0, 1, 0), 1.7, (0, 0, 0), "rx ry rz"),
    ("head", "upperneck", (0, 1, 0), 1.7, (0, 0, 0), "rx ry rz"),
    ("lclavicle", "thorax", (0.94, 0.34, -0.09), 3.5, (0, 0, 0), "ry rz"),
    ("lhumerus", "lclavicle", (1, 0, 0), 5.0, (180, -30, -90), "rx ry rz"),
    ("lradius", "lhumerus", (1, 0, 0), 3.5, (180, -30, -90), "rx"),
    ("lwrist", "lradius", (1, 0, 0), 1.7, (0, 90, 90), "ry"),
    ("lhand", "lwrist", (1, 0, 0), 0.7, (0, 90, 90), "rx rz"),
    ("rclavicle", "thorax", (-0.94, 0.34, -0.09), 3.5, (0, 0, 0), "ry rz"),
    ("rhumerus", "rclavicle", (-1, 0, 0), 5.0, (180, 30, 90), "rx ry rz"),
    ("rradius", "rhumerus", (-1, 0, 0), 3.5, (180, 30, 90), "rx"),
    ("rwrist", "rradius", (-1, 0, 0), 1.7, (0, -90, -90), "ry"),
    ("rhand", "rwrist", (-1, 0, 0), 0.7, (0, -90, -90), "rx rz"),
)
MOVING = {"lfemur": -25.0, "ltibia": 40.0, "rradius": 70.0, "lhumerus": -30.0, "thorax": 12.0}
"""Degrees of the first degree of freedom that are reached in the last frame."""


def make(folder: Path) -> Path:
    write_skeleton(folder / "07.asf")
    return write_clip(folder / "07_03.amc")


def write_skeleton(path: Path, *, degrees: bool = True) -> Path:
    unit = 1.0 if degrees else np.pi / 180
    lines = ["# made for a test", ":version 1.10", ":name VICON", ":units", "  mass 1.0", "  length 0.45"]
    lines += [f"  angle {'deg' if degrees else 'rad'}", ":documentation", "  a small person", ":root"]
    lines += ["  order TX TY TZ RX RY RZ", "  axis XYZ", "  position 0 0 0", "  orientation 0 0 0", ":bonedata"]
    for at, (name, _, direction, length, axis, dof) in enumerate(BONES, 1):
        lines += ["  begin", f"    id {at}", f"    name {name}"]
        lines += [f"    direction {direction[0]} {direction[1]} {direction[2]}", f"    length {length}"]
        lines += [f"    axis {axis[0] * unit} {axis[1] * unit} {axis[2] * unit}  XYZ"]
        if dof:
            lines += [f"    dof {dof}", "    limits (-160.0 20.0)"]
        lines += ["  end"]
    lines += [":hierarchy", "  begin"]
    for parent in dict.fromkeys(parent for _, parent, *_ in BONES):
        lines.append("    " + " ".join([parent, *(name for name, above, *_ in BONES if above == parent)]))
    path.write_text("\n".join([*lines, "  end", ""]))
    return path


def write_clip(path: Path, *, degrees: bool = True) -> Path:
    unit = 1.0 if degrees else np.pi / 180
    lines = ["#!OML:ASF 07.ASF", ":FULLY-SPECIFIED", ":DEGREES" if degrees else ":RADIANS"]
    for frame in range(FRAMES):
        share = frame / (FRAMES - 1)
        lines += [str(frame + 1), f"root 0 17.5 {0.05 * frame} 0 {20 * share * unit} 0"]
        for name, _, _, _, _, dof in BONES:
            count = len(dof.split())
            if count:
                angles = [MOVING.get(name, 0.0) * share * unit] + [0.0] * (count - 1)
                lines.append(f"{name} " + " ".join(f"{angle:.6g}" for angle in angles))
    path.write_text("\n".join(lines) + "\n")
    return path
