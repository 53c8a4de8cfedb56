"""The table of foreign formats: one file for each, one row here."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core.formats import human36m_cameras, ikea_asm_cameras, marks, opencv_cameras, openpose, pose2sim_cameras


@dataclass(frozen=True)
class Format:
    """A kind of file or folder: what it holds, how it is recognised by content, read and written."""

    name: str
    holds: Literal["2D poses", "marks", "cameras"]
    endings: tuple[str, ...]
    sniff: Callable[[Path], bool]
    read: Callable[..., Any]
    write: Callable[[Any, Path], None] | None = None


FORMATS = (
    Format("OpenPose JSON", "2D poses", ("",), openpose.is_openpose, openpose.read, openpose.write),
    Format("Marks CSV", "marks", (".csv", ".tsv"), marks.is_csv, marks.read_csv, marks.write_csv),
    Format("Marks JSON", "marks", (".json",), marks.is_json, marks.read_json, marks.write_json),
    Format("IKEA-ASM cameras", "cameras", (".json", ".pkl", ""), ikea_asm_cameras.is_ikea_asm, ikea_asm_cameras.read),
    Format("Human3.6M cameras", "cameras", (".pkl",), human36m_cameras.is_human36m, human36m_cameras.read),
    Format("Pose2Sim cameras", "cameras", (".toml",), pose2sim_cameras.is_pose2sim, pose2sim_cameras.read_pose2sim),
    Format(
        "Qualisys cameras", "cameras", (".txt", ".xml"), pose2sim_cameras.is_qualisys, pose2sim_cameras.read_qualisys
    ),
    Format(
        "OpenCV cameras", "cameras", (".yml", ".yaml", ".xml", ".json"), opencv_cameras.is_opencv, opencv_cameras.read
    ),
)
