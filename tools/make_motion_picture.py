"""Makes the README's picture of motion from other programs: `python tools/make_motion_picture.py FOLDER`.

Below FOLDER lie recordings that may be shown: AnimatedDrawings' BVH and fairmotion's Acclaim pair (CMU's recordings,
free), DeepMimic's clips (MIT). Each strip is one recording: the average body with the rotations found, and through it
the person's own joints.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.formats import acclaim, bvh, deepmimic
from core.recordings import Recording, completed
from core.rendering.boards import PAD, QUIET, Board
from core.rendering.contents import Contents, SceneBody
from core.rendering.export import write_png
from core.rendering.moments import body_meshes, figure_at, heading_of
from core.rendering.panels import Panels
from core.rendering.views import Orbit

OUT = Path(__file__).resolve().parents[1] / "docs" / "pictures" / "imported_motion.png"
# Maker's file, what it is, and the seconds shown.
SHOWN = (
    ("dab.bvh", "BVH, 30 frames a second", (1.2, 9.5)),
    ("01_01.amc", "Acclaim ASF/AMC, Carnegie Mellon, 120 frames a second", (9.0, 17.0)),
    ("humanoid3d_spinkick.txt", "DeepMimic, 60 frames a second: neither feet nor fingers", (0.0, 1.27)),
)
WIDTH, HIGH, HEAD = 1160, 196, 34
MOMENTS = 7
_FRONT_LEFT = 0.62


def main() -> None:
    folder = Path(sys.argv[1])
    strips = [(said, span, _recording(_found(folder, name))) for name, said, span in SHOWN]
    board = Board(WIDTH, len(strips) * (HIGH + HEAD))
    with Panels(WIDTH, len(strips) * HIGH, count=len(strips) * MOMENTS, columns=MOMENTS) as panels:
        box = panels.boxes()[0]
        stages = iter(panels.stages)
        for _, span, recording in strips:
            moments = list(_moments(recording, span))
            far_m = max(_framed(*each, box.width / box.height).distance_m for each in moments)
            for contents, yaw in moments:
                stage = next(stages)
                stage.show(contents)
                view = _framed(contents, yaw, box.width / box.height)
                stage.view = Orbit(view.focus_m, view.yaw, view.pitch, far_m, floor_m=contents.ground_m)
        picture = panels.picture()
    for at, (said, _, _) in enumerate(strips):
        top = at * (HIGH + HEAD)
        board.words(said, (PAD, top + HEAD / 2), size=14, colour=QUIET, weight="Medium")
        board.paste(picture[at * HIGH : (at + 1) * HIGH], 0, top + HEAD)
    write_png(OUT, board.picture())
    print(f"{OUT.name}: {OUT.stat().st_size / 1000:.0f} kB")


def _found(folder: Path, name: str) -> Path:
    files = sorted(folder.rglob(name))
    if not files:
        sys.exit(f"{name} is not below {folder}")
    return files[0]


def _recording(path: Path) -> Recording:
    kind = {".bvh": bvh, ".amc": acclaim}.get(path.suffix, deepmimic)
    return completed(next(iter(kind.read(path))), rate_hz=None)


def _moments(recording: Recording, span: tuple[float, float]) -> Iterator[tuple[Contents, float]]:
    """What stands there at each moment, and from where it is seen."""
    assert recording.joints_m is not None
    assert recording.body is not None
    frames = (np.linspace(*span, MOMENTS) * recording.rate_hz).astype(int).clip(0, len(recording) - 1)
    meshes = body_meshes(recording.body, frames)
    floor_m = min(float(vertices_m[:, 1].min()) for vertices_m, _ in meshes)
    for frame, mesh in zip(frames, meshes, strict=True):
        body = SceneBody(*mesh, "#dadce1", opacity=0.6)
        joints = figure_at(recording.joints_m, int(frame))
        yaw = heading_of(recording.joints_m[frame : frame + 1]) + _FRONT_LEFT
        yield Contents(bodies=(body,), skeletons=(joints,), ground_m=floor_m), yaw


def _framed(contents: Contents, yaw: float, aspect: float) -> Orbit:
    cloud = contents.bodies[0].vertices_m
    return Orbit(yaw=yaw, pitch=0.12, floor_m=contents.ground_m).framing(cloud, aspect)


if __name__ == "__main__":
    main()
