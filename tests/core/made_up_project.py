"""A made-up project whose true 3D is known: people who go round a few actions, each with its pose, before a camera.

World joints are UPPER_BODY_9, metres, y up. The next action is the one after in a ring (now and then another), the
object tells the ring's direction, and each action has its own pose, so there is something to learn in seconds.
"""

from dataclasses import dataclass

import numpy as np

from core.bodies.skeletons import UPPER_BODY_9
from core.geometry.cameras import Camera, project
from core.motion import Poses2d
from core.project.annotations import (
    CameraRow,
    CharacteristicPose,
    Clip,
    FrameIdentity,
    Label,
    Project,
    Provenance,
    Segment,
    Split,
    VideoFile,
)  # fmt: skip

MADE = Provenance(author="test", at="2026-01-01T00:00:00.000+00:00")
ACTIONS = ("take", "cut", "wash", "stir")
OBJECTS = ("bread", "carrot")
WIDTH, HEIGHT, FOCAL = 640, 360, 480.0
RATE, STEP = 10.0, 20

REST = np.array(
    [
        [0.0, 0.20, 0.10], [0.0, 0.0, 0.0], [-0.18, -0.02, 0.0], [-0.22, -0.28, 0.05], [-0.2, -0.40, 0.25],
        [0.18, -0.02, 0.0], [0.22, -0.28, 0.05], [0.2, -0.40, 0.25], [0.0, -0.50, 0.0],
    ]
)  # fmt: skip


def tilted_camera(tilt_deg: float = 20.0, heading_deg: float = 0.0) -> Camera:
    """At a person's height two and a half metres away, looking down by `tilt_deg`."""
    tilt, heading = np.deg2rad(tilt_deg), np.deg2rad(heading_deg)
    turn = np.array([[np.cos(heading), 0, -np.sin(heading)], [0, 1, 0], [np.sin(heading), 0, np.cos(heading)]])
    level = np.diag([1.0, -1.0, -1.0]) @ turn
    down = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    rotation = down @ level
    eye = turn.T @ np.array([0.0, 1.4 + 2.5 * np.tan(tilt), 2.5])
    return Camera(
        rotation, -rotation @ eye, np.array([FOCAL, FOCAL]), np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2]),
        WIDTH, HEIGHT, np.zeros(5),
    )  # fmt: skip


def pose_of(action: int, random: np.random.Generator, spread_m: float = 0.02) -> np.ndarray:
    """A neck-centred pose of one action: the hands go somewhere else each time, the trunk leans."""
    joints = REST.copy()
    reach = 2 * np.pi * action / len(ACTIONS)
    for side, hand, elbow in ((-1, 4, 3), (1, 7, 6)):
        joints[hand] += [0.2 * np.cos(reach) + 0.03 * side, 0.3 * np.sin(reach), 0.05]
        joints[elbow] = (joints[hand] + joints[elbow]) / 2
    return joints + random.normal(0, spread_m, joints.shape) * (np.arange(9) != 1)[:, None]


def bank_poses(count: int, seed: int = 99) -> np.ndarray:
    """Poses of nobody in particular, all facing +z."""
    random = np.random.default_rng(seed)
    return np.stack([pose_of(int(random.integers(len(ACTIONS))), random) for _ in range(count)]).astype(np.float32)


@dataclass(frozen=True)
class MadeUp:
    """The project, its tracks by clip id, and the world joints (frames, 9, 3) nobody may learn from."""

    project: Project
    tracks: dict[str, Poses2d]
    truth: dict[str, np.ndarray]

    def read_tracks(self, clip: Clip) -> Poses2d:
        return self.tracks[clip.tracks]


def made_up(
    clips: int = 12, steps: int = 9, *, seed: int = 0, noise_px: float = 1.0, camera: Camera | None = None,
    stored_split: bool = True, calibrated: bool = True,
) -> MadeUp:  # fmt: skip
    """Clips of one person each; three clips share a performer."""
    random = np.random.default_rng(seed)
    camera = camera or tilted_camera()
    project_ = Project(id="made-up", name="Made up")
    for kind, names in (("action", ACTIONS), ("object", OBJECTS)):
        for name in names:
            project_ = project_.with_label(Label(id=f"label-{name}", name=name, kind=kind, colour="#808080", made=MADE))
    if calibrated:
        row = CameraRow(
            id="camera", name="Camera", rotation=tuple(map(tuple, camera.rotation.tolist())),
            translation_m=tuple(camera.translation_m.tolist()), focal_px=(FOCAL, FOCAL),
            centre_px=tuple(camera.centre_px.tolist()), width=WIDTH, height=HEIGHT, made=MADE,
        )  # fmt: skip
        project_ = project_.with_camera(row)
    tracks, truth = {}, {}
    for number in range(clips):
        clip, world = _clip(number, steps, random, "camera" if calibrated else "")
        pixels = project(world, camera) + random.normal(0, noise_px, (*world.shape[:-1], 2))
        confidence = np.ones(pixels.shape[:-1], np.float32)
        tracks[clip.tracks] = Poses2d(UPPER_BODY_9, pixels[:, None].astype(np.float32), confidence[:, None])
        truth[clip.id] = world
        project_ = project_.with_clip(clip)
    if stored_split:
        ids = list(project_.clips)
        third = max(clips // 4, 1)
        parts = {
            "train": tuple(ids[: clips - 2 * third]),
            "validation": tuple(ids[clips - 2 * third : clips - third]),
            "test": tuple(ids[clips - third :]),
        }
        project_ = project_.with_split(Split(id="split", name="by clip", parts=parts, made=MADE))
    return MadeUp(project_, tracks, truth)


def _clip(number: int, steps: int, random: np.random.Generator, camera: str) -> tuple[Clip, np.ndarray]:
    direction = 1 if number % 2 else -1
    frames = (steps + 1) * STEP
    clip = Clip(
        id=f"clip-{number:02d}", name=f"Clip {number}", performer=f"cook {number // 3}", camera=camera,
        tracks=f"tracks-{number:02d}", made=MADE,
        video=VideoFile(
            path="", frame_count=frames, width=WIDTH, height=HEIGHT, rate_hz=RATE, duration_s=frames / RATE,
            size_bytes=0, fingerprint="",
        ),
    )  # fmt: skip
    world = np.empty((frames, 9, 3))
    action, neck = int(random.integers(4)), np.array([random.uniform(-0.2, 0.2), 1.4, 0.0])
    for step in range(steps):
        start = step * STEP
        segment = Segment(
            id=f"{clip.id}-{step:02d}", action=f"label-{ACTIONS[action]}", start_frame=start, end_frame=start + STEP,
            objects=(f"label-{OBJECTS[direction > 0]}",), made=MADE,
        )  # fmt: skip
        frame = start + STEP // 2
        pose = CharacteristicPose(
            id=f"{segment.id}-pose", segment=segment.id, frame=frame, identity=FrameIdentity(pts=frame), made=MADE
        )
        clip = clip.with_segment(segment).with_pose(pose)
        world[start : start + STEP] = pose_of(action, random) + neck
        action = (action + direction) % 4 if random.random() > 0.05 else int(random.integers(4))
    world[steps * STEP :] = REST + neck
    return clip, world
