"""Tables of segments as Posecast writes them."""

from pathlib import Path

from core.formats.marks import Mark, write_csv, write_json

MARKS = [
    Mark(clip="walk.mp4", action="reach", start_frame=5, end_frame=20, start_s=0.2, end_s=0.8, objects=("cup", "bowl"),
         actor="Ada", pose_frame=12, pose_s=0.48, made_by="Ines", source="by hand"),
    Mark(clip="walk.mp4", action="turn", start_frame=20, end_frame=40),
]  # fmt: skip


def make(folder: Path) -> Path:
    write_csv(MARKS, folder / "marks.csv")
    return folder / "marks.csv"


def make_json(folder: Path) -> Path:
    write_json(MARKS, folder / "marks.json")
    return folder / "marks.json"
