"""A script as a video: frame after frame from the stage into an H.264 file. Yields progress; closing it stops it."""

from collections.abc import Generator
from pathlib import Path

from core.rendering.kitchen.script import FilmScript
from core.rendering.kitchen.stage import Stage
from core.runs import Progress
from core.video.writing import write_video

CRF = 24
REPORT_EVERY = 15


def film(script: FilmScript, path: Path, width: int = 640, height: int = 360) -> Generator[Progress, None, None]:
    """Draws every frame and writes them to `path`; a film that is stopped leaves no file."""
    with Stage(script, width, height) as stage, write_video(path, script.rate_hz, width, height, CRF, gop=120) as video:
        for k in range(len(script)):
            video.add(stage.frame(k))
            if k % REPORT_EVERY == 0:
                yield Progress(k, len(script), f"Filming {path.name}")
    yield Progress(len(script), len(script), f"Filming {path.name}")
