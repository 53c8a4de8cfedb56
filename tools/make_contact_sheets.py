"""Draws a contact sheet of everything that can be imported below a folder, for looking at.

    python tools/make_contact_sheets.py FOLDER OUT

Every file, zip and folder that is of a known format becomes a PNG in OUT, named by its place below FOLDER; a folder of
many files of one format is one picture. What is of no known format is listed at the end.
"""

import argparse
from pathlib import Path

from core.contact_sheets import write_contact_sheet
from core.errors import CoreError, FormatError
from core.importing.recognition import claims, what_is


def sheets(folder: Path, out: Path) -> list[str]:
    """Draw what lies in `folder`; what could not be drawn, and why."""
    failed: list[str] = []
    out.mkdir(parents=True, exist_ok=True)
    for source in _sources(folder):
        name = "__".join(source.relative_to(folder).parts) or source.name
        try:
            write_contact_sheet(source, out / f"{name}.png")
            print(name)
        except CoreError as error:
            failed.append(f"{source.relative_to(folder)}: {error}")
    return failed


def _sources(folder: Path) -> list[Path]:
    """Folders that are one thing as they are; in the others, what lies in them."""
    try:
        what_is(folder)
    except FormatError:
        inside = sorted(each for each in folder.iterdir() if not each.name.startswith("."))
        return [source for each in inside for source in (_sources(each) if each.is_dir() else _of_file(each))]
    return [folder]


def _of_file(path: Path) -> list[Path]:
    return [path] if path.suffix.lower() == ".zip" or claims(path) else []


def main() -> None:
    """Read the arguments, draw, and list what was left out."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    for each in sheets(given.folder, given.out):
        print(f"not drawn: {each}")


if __name__ == "__main__":
    main()
