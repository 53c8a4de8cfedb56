"""IKEA-ASM's poses of one video, exactly as they lie there (see made_ikea_asm)."""

from pathlib import Path

from tests.core.formats.made_ikea_asm import make_pose2d, make_pose3d


def make(folder: Path) -> Path:
    """The folder of 2D poses."""
    return make_pose2d(folder)


def make_3d(folder: Path) -> Path:
    """The folder of 3D poses."""
    return make_pose3d(folder)
