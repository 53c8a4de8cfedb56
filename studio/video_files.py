"""Which files are videos, told by their endings: for drops and for folders that are added whole."""

from collections.abc import Iterable
from pathlib import Path

from core.video.looking import SUFFIXES

_BESIDE = (".txt", ".md", ".pdf", ".rtf", ".docx", ".jpg", ".jpeg", ".png", ".ini", ".db")


def videos_in(paths: Iterable[Path]) -> list[Path]:
    """The files among `paths`, and the videos directly inside the folders, by name."""
    videos: list[Path] = []
    for path in paths:
        if path.is_dir():
            try:
                videos += sorted(each for each in path.iterdir() if each.suffix.lower() in SUFFIXES)
            except OSError:
                continue  # a folder nobody may look into holds no video for us
        else:
            videos.append(path)
    return [each.resolve() for each in videos]


def is_of_videos(path: Path) -> bool:
    """Whether this is a video, or a folder of videos with nothing beside them but notes and pictures."""
    if not path.is_dir():
        return path.suffix.lower() in SUFFIXES and path.is_file()
    try:
        endings = {each.suffix.lower() for each in path.iterdir() if each.is_file() and not each.name.startswith(".")}
        holds_folders = any(each.is_dir() and not each.name.startswith(".") for each in path.iterdir())
    except OSError:
        return False
    return not holds_folders and bool(endings & set(SUFFIXES)) and endings <= {*SUFFIXES, *_BESIDE}
