"""A table of characteristic poses in each of characteristic3dposes' two forms, as their makers write them."""

from pathlib import Path

GRAB = b"sampleid;frameidx\ns2-doorknob-use-2;212\ns2-toothbrush-lift-1;60\n\ns9-mouse-use-1;176"
HUMAN36M = (
    b"sample-id;start;action;comment\r\nS1-Directions;0;583;\r\n"
    b"S1-Eating_2;0;1019;sit; then up\r\nS11-Walking;0;49;\r\n"
)


def make(folder: Path) -> Path:
    path = folder / "charposes.csv"
    path.write_bytes(GRAB)
    return path


def make_human36m(folder: Path) -> Path:
    path = folder / "h36m_charposes.csv"
    path.write_bytes(HUMAN36M)
    return path
