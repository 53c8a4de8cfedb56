"""One recording as a picture: eight moments over its time, seen from the front left and from the side.

Whoever looks at it sees at a glance whether people stand upright, left is left (blue) and units are right: the floor
has a line every metre, a bar stands for one metre, and bones are measured in words. The camera goes along with the
person and keeps its direction and its distance. Where the recording has a body, its shaded skin stands below, posed by
the rotations alone. World: metres, y up.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies.skeletons import RECORDED_27
from core.motion import Motion
from core.recordings import Recording, completed, reference_body
from core.rendering.boards import PAD, QUIET, Board, Rgb, wrapped
from core.rendering.contents import Contents, SceneBody, SceneSkeleton
from core.rendering.lanes import Bar, Lane, colours_of, draw_lane
from core.rendering.panels import Panels
from core.rendering.views import FIELD, Orbit
from core.wording import counted, spelled_time

MOMENTS = 8
WIDTH, CELL_HEIGHT = 1640, 250
_BODY_COLOUR = "#dadce1"
_FRONT_LEFT, _SIDE, _PITCH = 0.62, np.pi / 2, 0.12
_ROOM = 1.13
"""For the words above heads."""
_NEAR_ZERO_M = 0.35
"""A floor this near to the world's is taken for the world's; another is said."""
_BONES = {
    "thigh": ("hip", "knee"), "shin": ("knee", "ankle"), "upper arm": ("shoulder", "elbow"),
    "forearm": ("elbow", "wrist"),
}  # fmt: skip


def recording_picture(recording: Recording, moments: int = MOMENTS) -> Rgb:
    """The sheet of one recording. It needs an off-screen window for the time it takes."""
    whole = completed(recording, rate_hz=None)
    assert whole.joints_m is not None
    frames = np.unique(np.linspace(0, max(len(whole) - 1, 0), moments).round().astype(int))
    floor_m, floor_said = _floor(whole.joints_m)
    rows = _rows(whole, frames, floor_m)
    head = _head(whole, floor_said)
    board = Board(WIDTH, head.shape[0] + len(rows) * CELL_HEIGHT + PAD)
    board.paste(head, 0, 0)
    top = head.shape[0]
    columns = len(frames)
    wide = (WIDTH - 2 * PAD) * columns // max(moments, columns)  # few moments are as large as many
    with Panels(wide, len(rows) * CELL_HEIGHT, count=columns * len(rows), columns=columns) as panels:
        stages, boxes = iter(panels.stages), panels.boxes()
        views = [[_view(each, row.yaw, boxes[0].width / boxes[0].height) for each in row.contents] for row in rows]
        far_m = _ROOM * max(view.distance_m for row in views for view in row)
        for contents, view in zip(
            (each for row in rows for each in row.contents), (each for row in views for each in row), strict=True
        ):
            stage = next(stages)
            stage.show(contents)
            held = Orbit(view.focus_m, view.yaw, view.pitch, far_m, floor_m=contents.ground_m)
            stage.view = held.panned(0.0, -(_ROOM - 1) / 3)
        board.paste(panels.picture(), PAD, top)
    for at, row in enumerate(rows):
        box = boxes[at * columns]
        board.words(row.name, (PAD + 8, top + box.top + 14), size=12, colour=QUIET, weight="Medium")
        _draw_scale(board, (PAD + 10, top + box.top + box.height - 12), far_m, box.width - 60)
    for frame, box in zip(frames, boxes[:columns], strict=True):
        said = spelled_time(float(frame) / whole.rate_hz)
        board.words(said, (PAD + box.left + box.width - 8, top + 14), size=12, colour=QUIET, held="right")
    return board.picture()


def _draw_scale(board: Board, at: tuple[float, float], far_m: float, most_px: float) -> None:
    """A bar as long as a metre is where the person stands, or a shorter one where a metre has no room."""
    metre_px = CELL_HEIGHT / (2 * far_m * float(np.tan(FIELD / 2)))
    length_m = next((each for each in (1.0, 0.5, 0.2) if each * metre_px <= most_px), 0.1)
    left, y = at
    right = left + length_m * metre_px
    for line in ([(left, y), (right, y)], [(left, y - 4), (left, y + 4)], [(right, y - 4), (right, y + 4)]):
        board.line(line, "#e9eaed", 2)
    board.words(f"{length_m:g} m", (right + 6, y), size=11, colour=QUIET)


@dataclass(frozen=True)
class _Row:
    """The same moments from one side."""

    name: str
    yaw: float
    contents: list[Contents]


def _rows(whole: Recording, frames: ndarray, floor_m: float) -> list[_Row]:
    assert whole.joints_m is not None
    yaw = heading_of(whole.joints_m[frames])
    figures = [figure_at(whole.joints_m, int(frame)) for frame in frames]
    shown = [Contents(skeletons=(each,), ground_m=floor_m) for each in figures]
    rows = [_Row("From the front left", yaw + _FRONT_LEFT, shown), _Row("From their left side", yaw + _SIDE, shown)]
    if whole.body is not None:
        meshes = body_meshes(whole.body, frames)
        standing = [Contents(bodies=(SceneBody(*mesh, _BODY_COLOUR),), ground_m=floor_m) for mesh in meshes]
        rows.append(_Row("As a body", yaw + _FRONT_LEFT, standing))
    return rows


def body_meshes(motion: Motion, frames: ndarray) -> list[tuple[ndarray, ndarray]]:
    """Vertices and faces of the average body in these frames."""
    figure = reference_body().shaped()
    return [(figure.pose(motion.rotations[at], motion.translation_m[at]), figure.faces) for at in frames]


def figure_at(joints_m: Float[ndarray, "frames 27 3"], frame: int) -> SceneSkeleton:
    """Joints and the bones between those that are ever known: a missing joint leaves no gap."""
    known = np.asarray(np.isfinite(joints_m.sum(-1)).any(0))
    return SceneSkeleton(joints_m[frame][known], RECORDED_27.of_known(known.tolist()))


def heading_of(joints_m: Float[ndarray, "frames 27 3"]) -> float:
    """Where the person faces in the first frame that tells, as a yaw: 0 is along +z, positive turns to +x."""
    for pair in ("hip", "shoulder"):
        across = joints_m[:, RECORDED_27[f"left_{pair}"]] - joints_m[:, RECORDED_27[f"right_{pair}"]]
        level = across[np.isfinite(across).all(-1)][:, [0, 2]]
        level = level[np.linalg.norm(level, axis=1) > 1e-3]
        if len(level):
            # Their left is +x where they face +z.
            return float(np.arctan2(-level[0, 1], level[0, 0]))
    return 0.0


def _view(contents: Contents, yaw: float, aspect: float) -> Orbit:
    points = [each.vertices_m for each in contents.bodies]
    points += [each.joints_m[np.isfinite(each.joints_m).all(-1)] for each in contents.skeletons]
    cloud = np.concatenate(points)
    view = Orbit(yaw=yaw, pitch=_PITCH, floor_m=contents.ground_m)
    return view.framing(cloud, aspect) if len(cloud) else view


def _floor(joints_m: Float[ndarray, "frames 27 3"]) -> tuple[float, str]:
    heights = joints_m[..., 1]
    known = heights[np.isfinite(heights)]
    lowest = float(np.percentile(known, 0.5)) if known.size else 0.0
    if abs(lowest) < _NEAR_ZERO_M:
        return 0.0, f"lowest joint {100 * lowest:+.0f} cm over the floor"
    return lowest, f"lowest joint at {lowest:.2f} m, where the floor is drawn"


def _head(recording: Recording, floor_said: str) -> Rgb:
    assert recording.joints_m is not None
    room = WIDTH - 2 * PAD
    lines: list[tuple[str, float, str]] = []
    lines += [(each, 13.0, "#e9eaed") for each in wrapped(" · ".join(_facts(recording)), 13.0, "Regular", room)]
    lines += [
        (each, 13.0, QUIET) for each in wrapped(" · ".join([*_bones(recording), floor_said]), 13.0, "Regular", room)
    ]
    for note in recording.notes:
        lines += [(each, 12.0, QUIET) for each in wrapped(note, 12.0, "Regular", room)]
    stretched = 30 if recording.stretches else 0
    board = Board(WIDTH, 52 + 20 * len(lines) + stretched + 8)
    board.words(recording.name, (PAD, 28), size=20, weight="SemiBold", most=room)
    for at, (text, size, colour) in enumerate(lines):
        board.words(text, (PAD, 60 + 20 * at), size=size, colour=colour)
    if recording.stretches:
        bars = [Bar(each.start_s, each.end_s, ", ".join(each.labels) or each.text) for each in recording.stretches]
        lane = Lane("", tuple(bars))
        draw_lane(board, lane, (PAD, 56 + 20 * len(lines), room), (0.0, recording.duration_s), colours_of([lane]))
    return board.picture()


def _facts(recording: Recording) -> list[str]:
    facts = [
        f"{recording.rate_hz:g} frames a second",
        counted(len(recording), "frame"),
        f"{recording.duration_s:.2f} s",
    ]
    if recording.body is not None:
        facts.append(f"body of {recording.body.skeleton.name}")
    known = int(np.isfinite(recording.joints_m).all(-1).any(0).sum()) if recording.joints_m is not None else 0
    facts.append(f"{known} of {len(RECORDED_27)} joints")
    facts += [each for each in (recording.performer, recording.gender.replace("neutral", "")) if each]
    return facts


def _bones(recording: Recording) -> list[str]:
    """Mean lengths over both sides, so that a wrong unit shows at once."""
    assert recording.joints_m is not None
    said = []
    for name, (upper, lower) in _BONES.items():
        ends = [[RECORDED_27[f"{side}_{end}"] for side in ("left", "right")] for end in (upper, lower)]
        lengths = np.linalg.norm(recording.joints_m[:, ends[0]] - recording.joints_m[:, ends[1]], axis=-1)
        if np.isfinite(lengths).any():
            said.append(f"{name} {100 * float(np.nanmedian(lengths)):.1f} cm")
    return said
