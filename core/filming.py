"""The simulated kitchen filmed, and its film seen by the detector: where simulation, drawing and detection meet."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.datasets.kitchen.clip import KitchenClip
from core.datasets.kitchen.things import DoorTrack, ThingTrack
from core.datasets.kitchen.world import Kitchen
from core.detection.tracking import extract, read_extraction
from core.motion import Poses2d
from core.rendering.kitchen.script import CookLook, FilmDoor, FilmScript, FilmThing, Layout
from core.runs import Progress
from core.video import open_video


def film_script(clip: KitchenClip) -> FilmScript:
    """What a film of `clip` shows."""
    kitchen = clip.kitchen
    doors = {each.name: each for each in clip.doors()}
    return FilmScript(
        layout=Layout(sink_x_m=kitchen.sink_x_m, hob_x_m=kitchen.hob_x_m, seed=kitchen.seed),
        camera=clip.camera,
        rate_hz=clip.motion.rate_hz,
        betas=clip.betas,
        rotations=clip.motion.rotations,
        translation_m=clip.motion.translation_m,
        look=CookLook(**asdict(clip.cook.look)),
        things=tuple(
            FilmThing(each.name, each.name, _with_its_drawer(each, kitchen, doors), each.rotation, each.visible)
            for each in clip.things()
        ),
        doors={each.name: FilmDoor(each.name, each.hinge_m, each.yaw_rad, each.slide_m) for each in doors.values()},
    )


def _with_its_drawer(thing: ThingTrack, kitchen: Kitchen, doors: dict[str, DoorTrack]) -> Float[ndarray, "frames 3"]:
    """Where a thing is; one in its drawer goes along with it (its home is where it lies once that is open)."""
    home = kitchen.homes[thing.name]
    full_slide_m = np.array(kitchen.doors[home.container].slide_m) if home.container else np.zeros(3)
    if home.container is None or not full_slide_m.any():
        return thing.place_m
    at_home = np.all(np.abs(thing.place_m - np.array(home.point_m)) < 1e-6, axis=1, keepdims=True)
    return thing.place_m + at_home * (doors[home.container].slide_m - full_slide_m)


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
