"""A motion put where somebody stands: it begins at their place, faces their way and stands on their ground.

World metres, y up, right-handed. The whole motion is moved and turned about the vertical alone; nothing else of it
changes but the body, which becomes theirs.
"""

from dataclasses import replace

import numpy as np

from core.bodies.library import body as body_of
from core.geometry.rotations import about_y, yaw_of
from core.rendering.moving import FindBody, MovingBody


def starting_where(made: MovingBody, stands: MovingBody, at: int = 0, *, find_body: FindBody = body_of) -> MovingBody:
    """`made` on the body of `stands`, its first frame where they stand in frame `at`."""
    figure = find_body(stands.body).shaped(stands.betas)
    turn = about_y(yaw_of(stands.rotations[at, 0]) - yaw_of(made.rotations[0, 0]))
    rotations = np.array(made.rotations, np.float64)
    rotations[:, 0] = turn @ rotations[:, 0]
    pelvis_m = np.asarray(figure.joints_m[0], float)
    path_m = (np.asarray(made.translation_m, float) + pelvis_m) @ turn.T
    there_m = np.asarray(stands.translation_m[at], float) + pelvis_m
    path_m += (there_m - path_m[0]) * [1, 0, 1]
    places_m = (path_m - pelvis_m).astype(np.float32)
    stands_on_m = figure.pose(stands.rotations[at], stands.translation_m[at])[:, 1].min()
    begins_on_m = figure.pose(rotations[0].astype(np.float32), places_m[0])[:, 1].min()
    places_m[:, 1] += stands_on_m - begins_on_m
    return replace(
        made, body=stands.body, betas=stands.betas, rotations=rotations.astype(np.float32), translation_m=places_m
    )
