"""A table of segments as anybody may keep one: their own names, seconds, a point for the decimals."""

from pathlib import Path

TEXT = (
    "Video;Person;Activity;Begin (s);End (s);Items;Peak\n"
    "kitchen.mp4;Ann;cut;1.00;2.50;bread|knife;1.80\n"
    "kitchen.mp4;Bob;stir;2.00;4.00;;\n"
    "garden.mp4;Ann;dig;0.50;3.25;spade;\n"
)


def make(folder: Path) -> Path:
    path = folder / "my segments.csv"
    path.write_text(TEXT, encoding="utf-8")
    return path
