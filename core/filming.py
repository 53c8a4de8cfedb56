"""From a simulated clip to what is filmed: the one place that knows both the simulation and the drawing.

`film_script(clip)` says a `KitchenClip` in the words of `core.rendering.kitchen.script`.
"""

import numpy as np
from numpy import ndarray

from core.datasets.kitchen.clip import KitchenClip
from core.datasets.kitchen.things import DoorTrack, ThingTrack
from core.rendering.kitchen.script import CookLook, FilmDoor, FilmScript, FilmThing, Layout


def film_script(clip: KitchenClip) -> FilmScript:
    """The film of a clip."""
    kitchen, look = clip.kitchen, clip.cook.look
    doors = {track.name: track for track in clip.doors()}
    return FilmScript(
        layout=Layout(sink_x_m=kitchen.sink_x_m, hob_x_m=kitchen.hob_x_m, seed=kitchen.seed),
        camera=clip.camera,
        rate_hz=clip.motion.rate_hz,
        betas=clip.betas,
        rotations=clip.motion.rotations,
        translation_m=clip.motion.translation_m,
        look=CookLook(
            skin=look.skin,
            hair_colour=look.hair_colour,
            hair=look.hair,
            shirt=look.shirt,
            sleeves=look.sleeves,
            trousers=look.trousers,
            apron=look.apron,
        ),
        things=tuple(_thing(track, clip, doors) for track in clip.things()),
        doors={name: FilmDoor(name, track.hinge_m, track.yaw_rad, track.slide_m) for name, track in doors.items()},
    )


def _thing(track: ThingTrack, clip: KitchenClip, doors: dict[str, DoorTrack]) -> FilmThing:
    place_m = track.place_m
    home = clip.kitchen.homes[track.name]
    drawer = doors.get(home.container or "")
    if drawer is not None and clip.kitchen.doors[drawer.name].turn_rad == 0:
        place_m = _riding(place_m, np.array(home.point_m), drawer, np.array(clip.kitchen.doors[drawer.name].slide_m))
    return FilmThing(track.name, track.name, place_m, track.rotation, track.visible)


def _riding(place_m: ndarray, home_m: ndarray, drawer: DoorTrack, full_slide_m: ndarray) -> ndarray:
    """A thing in its drawer goes along with it; its home is where it lies when the drawer is open."""
    at_home = np.all(np.abs(place_m - home_m) < 1e-6, axis=1, keepdims=True)
    return place_m + at_home * (drawer.slide_m - full_slide_m)
