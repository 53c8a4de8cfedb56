"""Motions beside each other as one picture: a row for each, moments from left to right, bodies on the ground.

    picture = motions_picture("Generated", [SheetRow("walk, sample 1", motion), …])

What was seen before a motion stands in front of it, in the colour of what is true. The camera looks at the person from
the front left of the row's first moment, keeps its direction and goes along. World: metres, y up.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from core.motion import Motion
from core.recordings import joints_of
from core.rendering.boards import PAD, QUIET, Board, Rgb, wrapped
from core.rendering.contents import Contents, SceneBody
from core.rendering.moments import body_meshes, heading_of
from core.rendering.panels import Panels
from core.rendering.views import Orbit
from core.wording import spelled_time

MOMENTS = 8
CELL = (200, 210)
_NAMES = 190
_SEEN, _MADE = "#62c993", "#b9b4e8"
_FRONT_LEFT, _PITCH = 0.62, 0.14
_ROWS_AT_ONCE = 8


@dataclass(frozen=True)
class SheetRow:
    """One motion. `past` are frames that were seen before its first one; of them the last is shown."""

    name: str
    motion: Motion
    past: Motion | None = None
    caption: str = ""


def motions_picture(title: str, rows: Sequence[SheetRow], *, moments: int = MOMENTS, about: str = "") -> Rgb:
    """The sheet. It needs an off-screen window for the time it takes."""
    columns = moments + any(row.past is not None for row in rows)
    width = PAD * 2 + _NAMES + columns * CELL[0]
    told = wrapped(about, 13.0, "Regular", width - 2 * PAD) if about else []
    head = 52 + 20 * len(told)
    board = Board(width, head + len(rows) * CELL[1] + PAD)
    board.words(title, (PAD, 28), size=20, weight="SemiBold")
    for at, line in enumerate(told):
        board.words(line, (PAD, 54 + 20 * at), colour=QUIET)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[start : start + _ROWS_AT_ONCE]
        top = head + start * CELL[1]
        board.paste(_pictures(some, moments, columns), PAD + _NAMES, top)
        for at, row in enumerate(some):
            _tell(board, row, (PAD, top + at * CELL[1]), moments, columns)
    return board.picture()


def _tell(board: Board, row: SheetRow, at: tuple[float, float], moments: int, columns: int) -> None:
    left, top = at
    for line, words in enumerate(wrapped(row.name, 14.0, "SemiBold", _NAMES - 12)[:3]):
        board.words(words, (left, top + 30 + 18 * line), size=14, weight="SemiBold")
    for line, words in enumerate(wrapped(row.caption, 12.0, "Regular", _NAMES - 12)[:4]):
        board.words(words, (left, top + 92 + 16 * line), size=12, colour=QUIET)
    for column, frame in enumerate(_frames(row.motion, moments)):
        right = left + _NAMES + (columns - moments + column + 1) * CELL[0] - 8
        said = spelled_time(float(frame) / row.motion.rate_hz)
        board.words(said, (right, top + 12), size=11, colour=QUIET, held="right")
    if row.past is not None:
        board.words("seen", (left + _NAMES + 8, top + 12), size=11, colour=_SEEN)


def _frames(motion: Motion, moments: int) -> ndarray:
    return np.linspace(0, len(motion) - 1, moments).round().astype(int)


def _pictures(rows: Sequence[SheetRow], moments: int, columns: int) -> Rgb:
    size = (columns * CELL[0], len(rows) * CELL[1])
    with Panels(*size, count=columns * len(rows), columns=columns) as panels:
        stages, boxes = iter(panels.stages), panels.boxes()
        for row in rows:
            shown = [SceneBody(*mesh, _MADE) for mesh in body_meshes(row.motion, _frames(row.motion, moments))]
            if row.past is not None:
                last = np.array([len(row.past) - 1])
                shown.insert(0, SceneBody(*body_meshes(row.past, last)[0], _SEEN))
            yaw = heading_of(joints_of(row.motion)[:1]) + _FRONT_LEFT
            scenes: list[Contents | None] = [Contents(bodies=(each,), ground_m=0.0) for each in shown]
            scenes = [None] * (columns - len(scenes)) + scenes
            views = [None if each is None else _view(each, yaw, boxes[0].width / boxes[0].height) for each in scenes]
            far_m = max(view.distance_m for view in views if view is not None)
            for contents, view in zip(scenes, views, strict=True):
                stage = next(stages)
                if contents is not None and view is not None:
                    stage.show(contents)
                    stage.view = Orbit(view.focus_m, view.yaw, view.pitch, far_m, floor_m=0.0)
        return panels.picture()


def _view(contents: Contents, yaw: float, aspect: float) -> Orbit:
    cloud = np.concatenate([each.vertices_m for each in contents.bodies])
    return Orbit(yaw=yaw, pitch=_PITCH, floor_m=0.0).framing(cloud, aspect)
