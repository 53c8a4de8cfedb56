"""The made-up project as a folder: its store, its tracks, a run trained in a moment, and a film of it where wanted."""

from pathlib import Path

import numpy as np
from msgspec.structs import replace

from core import configs
from core.bodies.skeletons import UPPER_BODY_9
from core.datasets.pose_bank import PoseBank
from core.footage import video_file
from core.opencv import cv2
from core.project.annotations import Project
from core.project.store import ProjectStore
from core.run_folder import RunFolder
from core.runs import TrainForecaster
from core.training.forecaster import train_forecaster
from core.video import write_video
from tests.core.made_up_project import HEIGHT, RATE, WIDTH, bank_poses, made_up

COLOURS = ("#617CE1", "#D26D12", "#9AAA84", "#70F1A7", "#F1D146", "#C87FB6")


def project_on_disk(folder: Path, clips: int = 12, steps: int = 9, *, film: bool = False) -> Project:
    """The made-up project in `folder`; with `film` its first clip has a video of somebody drawn in strokes."""
    made = made_up(clips, steps)
    with ProjectStore.create(folder, "Made up", "test") as store:
        project = replace(made.project, id=store.project.id)
        for at, label in enumerate(project.labels.values()):
            project = project.with_label(replace(label, colour=COLOURS[at % len(COLOURS)]))
        for at, clip in enumerate(made.project.clips.values()):
            tracks = made.read_tracks(clip)
            video = clip.video
            if film and at == 0:
                path = folder / f"{clip.id}.mp4"
                film_of(tracks.joints_px[:, 0], path)
                video = replace(video_file(path), path=path.name)
            project = project.with_clip(replace(clip, tracks=store.write_tracks(tracks), video=video))
        store.edit(project, "Make it up")
        return store.project


def film_of(joints_px: np.ndarray, path: Path) -> None:
    """A stroke figure before a wall, one frame a pose."""
    wall = np.full((HEIGHT, WIDTH, 3), (96, 104, 112), np.uint8)
    wall[HEIGHT * 2 // 3 :] = (70, 74, 78)
    for x in range(0, WIDTH, 80):
        cv2.line(wall, (x, 0), (x, HEIGHT), (88, 95, 103), 1)
    with write_video(path, RATE, WIDTH, HEIGHT) as film:
        for joints in joints_px:
            frame = wall.copy()
            for parent, child in UPPER_BODY_9.bones:
                ends = [tuple(round(float(each)) for each in joints[at]) for at in (parent, child)]
                cv2.line(frame, ends[0], ends[1], (205, 180, 160), 9, cv2.LINE_AA)
            head = tuple(round(float(each)) for each in joints[0])
            cv2.circle(frame, head, 15, (215, 190, 170), -1, cv2.LINE_AA)
            film.add(frame)


def trained_run(folder: Path, name: str = "forecaster-01", *overrides: str) -> Path:
    """A run of the project in `folder`, trained here and now, its folder as a job leaves it."""
    out = folder / "runs" / name
    words = ["steps=60", "validate_every=20", "critic.psi_width=16", *overrides]
    config = configs.with_overrides(configs.smoke(), words)
    spec = TrainForecaster(project=str(folder), out=str(out), config=config, preset="forecaster/smoke")
    kept = RunFolder(out)
    kept.write_spec(spec)
    with ProjectStore.open(folder, "test", mode="read") as store:
        bank = PoseBank(bank_poses(200), "made up")
        for event in train_forecaster(spec, store.project, lambda clip: store.tracks(clip.tracks), out, bank):
            kept.append(event)
    return out
