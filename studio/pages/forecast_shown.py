"""What the Forecast page shows in space as one value, for whoever takes a picture, a film or bodies out of it.

The steps are the frames, one a second. Somebody whose body is not fitted yet is given as joints alone.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.bodies.skeletons import UPPER_BODY_9
from core.geometry.rotations import matrices
from core.rendering.moving import Footage, MovingBody, MovingScene, MovingSkeleton, Shot
from core.rendering.views import View
from studio.pages.forecast_cells import Moment
from studio.pages.forecast_space import APART_M, Person, floor_of, opacity_of, people_of
from studio.widgets.clip_time import say_time
from studio.widgets.posed import PosedBody
from studio.widgets.scene_view import Looks, colours
from studio.widgets.shown import Shown, nothing
from studio.words import say

STEPS_A_SECOND = 1.0


def shown_of(
    moment: Moment | None,
    at: int,
    view: View,
    looks: Looks,
    *,
    apart: bool,
    video: Path | None = None,
    columns: Sequence[int] | None = None,
) -> Shown:
    """Everybody at every step of the moment, with step `at` in front; the reason where there is nobody.

    Not set apart, they stand where the clip's camera sees them: then the last seen frame of `video` lies behind them,
    and what came, which stood elsewhere in a later frame, is left out.
    """
    people = people_of(moment, at, columns) if moment is not None else []
    if moment is None or not people:
        return nothing(say("No forecast is shown. Go to a moment that has one."))
    footage = None if apart else _footage(moment, video)
    if footage is not None:
        people = [each for each in people if not each.is_truth] or people
    shows = moment.bodies.shows
    bodies: list[MovingBody] = []
    skeletons: list[MovingSkeleton] = []
    lowest = floor_of(moment.first.lens)
    for place, person in enumerate(people):
        aside = APART_M * (place - (len(people) - 1) / 2) if apart and shows != "joints" else 0.0
        body = _body(moment, person, aside) if shows != "joints" else None
        if body is not None:
            bodies.append(body)
        if shows != "body" or body is None:
            skeletons.append(_skeleton(moment, person, aside, name="" if body is not None else person.name))
    scene = MovingScene(STEPS_A_SECOND, tuple(bodies), tuple(skeletons), lowest, is_floor_under_feet=bool(bodies))
    when = say_time(moment.time.seconds(moment.first.at_frame), 1).replace(":", "-")
    shot = Shot(
        scene,
        at=at,
        view=view,
        colours=colours(),
        labels=len(people) > 1,
        trails=looks.trails,
        grid=looks.grid,
        footage=footage,
        opacity=moment.bodies.display.opacity,
        beside=moment.bodies.display.is_beside,
    )
    return Shown(shot, f"{moment.clip.name} forecast at {when}")


def _footage(moment: Moment, video: Path | None) -> Footage | None:
    if video is None or not video.is_file() or moment.first.lens is None:
        return None
    camera = moment.bodies.camera(moment.project, moment.clip, moment.first.lens)
    return Footage(video, (moment.last_seen_frame,) * moment.rows(), camera)


def _body(moment: Moment, person: Person, aside: float) -> MovingBody | None:
    """The fits there are, in the shape of the chosen step's; None without that one."""
    found = [_fitted(moment, person, person.in_row(row)) for row in range(moment.rows())]
    now = _fitted(moment, person, person.at)
    if now is None:
        return None
    there = np.array([each is not None for each in found])
    turns = [np.array((each or now).pose.rotations).reshape(-1, 3) for each in found]
    places = np.array([(each or now).pose.translation_m for each in found]) + np.array([aside, 0.0, 0.0])
    return MovingBody(
        body=now.body,
        betas=np.array(now.pose.betas),
        rotations=matrices(np.stack(turns)),
        translation_m=places,
        colour=person.colour,
        name=person.name,
        opacity=opacity_of(moment),
        there=None if there.all() else there,
    )


def _fitted(moment: Moment, person: Person, at: int | None) -> PosedBody | None:
    if at is None or person.joints_m(at) is None:
        return None
    step = person.steps[at]
    known = moment.bodies.came if person.is_truth else moment.bodies.foreseen
    return known(step, person.colour)


def _skeleton(moment: Moment, person: Person, aside: float, name: str) -> MovingSkeleton:
    steps = [person.in_row(row) for row in range(moment.rows())]
    rows = [None if at is None else person.joints_m(at) for at in steps]
    missing = np.full((len(UPPER_BODY_9), 3), np.nan)
    joints_m = np.stack([missing if row is None else row for row in rows]) + np.array([aside, 0.0, 0.0])
    return MovingSkeleton(joints_m, UPPER_BODY_9, person.colour, dashed=not person.is_truth, name=name)
