"""The simulated kitchen filmed, and its film seen by the detector: where simulation, drawing and detection meet."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from core.datasets.kitchen.clip import KitchenClip
from core.detection.tracking import extract, read_extraction
from core.motion import Poses2d
from core.rendering.kitchen.script import CookLook, FilmDoor, FilmScript, FilmThing, Layout
from core.runs import Progress
from core.video import open_video


def film_script(clip: KitchenClip) -> FilmScript:
    """What a film of `clip` shows."""
    kitchen = clip.kitchen
    return FilmScript(
        layout=Layout(sink_x_m=kitchen.sink_x_m, hob_x_m=kitchen.hob_x_m, seed=kitchen.seed),
        camera=clip.camera,
        rate_hz=clip.motion.rate_hz,
        betas=clip.betas,
        rotations=clip.motion.rotations,
        translation_m=clip.motion.translation_m,
        look=CookLook(**asdict(clip.cook.look)),
        things=tuple(
            FilmThing(each.name, each.name, each.place_m, each.rotation, each.visible) for each in clip.things()
        ),
        doors={each.name: FilmDoor(each.name, each.hinge_m, each.yaw_rad, each.slide_m) for each in clip.doors()},
    )


def film(clip: KitchenClip, path: Path) -> Generator[Progress]:
    """Draw `clip` as a video at `path`, as large as its camera's picture; frames done so far."""
    from core.rendering.kitchen.film import film as draw

    yield from draw(film_script(clip), path, clip.camera.width, clip.camera.height)


def detect(video_path: Path, folder: Path) -> Generator[Progress, None, Poses2d]:
    """2D poses of the one cook in a film, as everybody's video gets them; partial results lie in `folder`."""
    with open_video(video_path) as video, closing(extract(video, folder, most_people=1)) as events:
        for event in events:
            if isinstance(event, Progress):
                yield event
    return read_extraction(folder)
