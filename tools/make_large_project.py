"""Makes a project as large as the paper's: `python tools/make_large_project.py FOLDER [--no-video] [--seed 7]`.

642 clips of a minute, 30 actions and 12 objects, marked by four people in five days: 18,540 segments, 18,000 of them
with their characteristic pose, each marked by a step of its own, so the journal has 37,000 rows. A few in a hundred are
odd in each of the ways a project can be. Everything follows from the seed, ids too. All clips share one small video
(linked where the disk can) and one pair of 2D tracks, so the folder stays small.

`large(folder)` is what benchmarks call; `made(...)` is the project in memory alone, for those that need no disk.
"""

import argparse
import os
import random
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
from msgspec.structs import replace

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.bodies.skeletons import UPPER_BODY_9
from core.footage import video_file
from core.motion import Poses2d
from core.project.annotations import (
    ABSENT,
    Actor,
    CharacteristicPose,
    Clip,
    FrameIdentity,
    Label,
    Project,
    Provenance,
    Segment,
    VideoFile,
)
from core.project.database import FILE_NAME, Database
from core.project.edits import LABEL_COLOURS, LABEL_KEYS
from core.project.journal import JournalRow
from core.project.provenance import foreseen_by
from core.project.rows import places_after, rows_that_differ
from core.project.track_files import write_tracks
from core.video.frames import open_video
from core.video.identity import frame_luma
from core.video.writing import write_video

CLIPS, SEGMENTS, POSES = 642, 18_540, 18_000
FRAMES, RATE_HZ, WIDTH, HEIGHT = 1500, 25.0, 160, 90
PEOPLE = ("Ada", "Ines", "Jun", "Tariq")
ACTIONS = (
    *("take", "put", "cut", "wash", "stir", "pour", "open", "close", "peel", "fill", "reach", "look", "turn", "shake"),
    *("carry", "push", "pull", "wipe", "dry", "taste", "mix", "spread", "throw", "fold", "hold", "press", "lift"),
    *("point", "wave", "scratch"),
)
OBJECTS = ("bread", "carrot", "knife", "bowl", "pan", "cup", "plate", "spoon", "tap", "fridge", "oven", "cloth")
_FIRST = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class _Marks:
    """Ids, times and chances, all from one seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def id(self) -> str:
        return f"{self.chance.getrandbits(128):032x}"

    def made(self, author: str, at: datetime, source: str = "by hand") -> Provenance:
        return Provenance(author=author, at=at.isoformat(timespec="milliseconds"), source=source)


def made(
    clips: int = CLIPS, segments: int = SEGMENTS, poses: int = POSES, *, seed: int = 7,
    video: VideoFile | None = None, luma: tuple[str, ...] = (), tracks: str = "",
) -> Project:  # fmt: skip
    """The project as it is at the end; `video` is the one of all clips, `luma` its frames as they are known again."""
    return _finished(_Plan(clips, segments, poses, seed, video, luma, tracks))


def large(folder: Path, *, with_video: bool = True, seed: int = 7, clips: int = CLIPS, steps: bool = True) -> Path:
    """A project on the disk; with `steps` each segment and each pose is a step of the journal, else a clip is one."""
    folder.mkdir(parents=True)
    video, luma = (None, ()) if not with_video else _film(folder, seed)
    tracks = write_tracks(folder, _poses(seed))
    share = clips / CLIPS
    plan = _Plan(clips, round(SEGMENTS * share), round(POSES * share), seed, video, luma, tracks)
    if video is not None:
        _spread(folder / video.path, [folder / _path_of(at) for at in range(clips)])
    _write(folder, plan, steps=steps)
    return folder


# ---- what is marked ----


class _Plan:
    """The empty project, and what is marked on each of its clips in the order it was."""

    def __init__(
        self, clips: int, segments: int, poses: int, seed: int, video: VideoFile | None, luma: tuple[str, ...],
        tracks: str,
    ) -> None:  # fmt: skip
        self._marks = _Marks(seed)
        self._luma, self._tracks = luma, tracks
        self._video = video
        at = _FIRST - timedelta(hours=1)
        self.labels = [*self._labels(ACTIONS, "action", at), *self._labels(OBJECTS, "object", at)]
        self._actions = [each for each in self.labels if each.kind == "action"]
        self._objects = [each for each in self.labels if each.kind == "object"]
        self.clips = [self._clip(number, at) for number in range(clips)]
        counts = [segments // clips + (number < segments % clips) for number in range(clips)]
        lacking = set(self._marks.chance.sample(range(segments), segments - poses))
        self.marked: list[tuple[list[Segment], list[CharacteristicPose], str]] = []
        first = 0
        for number, count in enumerate(counts):
            without = {each - first for each in lacking if first <= each < first + count}
            self.marked.append(self._marked(number, count, without, clips))
            first += count

    def _labels(self, names: tuple[str, ...], kind: str, at: datetime) -> Iterator[Label]:
        for place, name in enumerate(names):
            yield Label(
                id=self._marks.id(), name=name, kind=kind, colour=LABEL_COLOURS[place],  # pyright: ignore[reportArgumentType]
                key=LABEL_KEYS[place] if kind == "action" and place < len(LABEL_KEYS) else "",
                made=self._marks.made(PEOPLE[0], at),
            )  # fmt: skip

    def _clip(self, number: int, at: datetime) -> Clip:
        none = VideoFile(
            path="", frame_count=FRAMES, width=WIDTH, height=HEIGHT, rate_hz=RATE_HZ, duration_s=FRAMES / RATE_HZ,
            size_bytes=0, fingerprint="",
        )  # fmt: skip
        video = none if self._video is None else replace(self._video, path=_path_of(number))
        by = self._marks.made(PEOPLE[0], at)
        people = tuple(Actor(id=self._marks.id(), name=f"Cook {n + 1}", track=n, made=by) for n in range(2))
        return Clip(
            id=self._marks.id(), name=f"clip_{number + 1:03d}", video=video, performer=f"cook {number % 40 + 1:02d}",
            tracks=self._tracks, actors=people, made=by,
        )  # fmt: skip

    def _marked(
        self, number: int, count: int, without: set[int], clips: int
    ) -> tuple[list[Segment], list[CharacteristicPose], str]:
        """One after the other over the clip, with gaps; a few overlap, and a few poses stand where none should."""
        chance, author = self._marks.chance, PEOPLE[number % len(PEOPLE)]
        day = 5 * number // clips
        minute = 8 * 60 * (5 * number % clips) / clips
        at = _FIRST + timedelta(days=day, minutes=minute)
        actor = self.clips[number].actors[0].id
        segments, poses = [], []
        step = FRAMES / max(count, 1)
        for place in range(count):
            at += timedelta(seconds=chance.uniform(3, 9))
            start = int(place * step)
            end = int((place + 1) * step)
            if chance.random() < 0.04:
                end -= int(step * 0.3)
            source = foreseen_by("forecaster-08") if chance.random() < 0.02 else "by hand"
            if chance.random() < 0.004 and place:
                start = max(0, start - int(step * 0.4))
            if chance.random() < 0.002:
                end = start + 1
            segment = Segment(
                id=self._marks.id(), action=chance.choice(self._actions).id, start_frame=start, end_frame=end,
                objects=tuple(each.id for each in chance.sample(self._objects, chance.choice((0, 1, 1, 2)))),
                actor=actor, made=self._marks.made(author, at, source),
            )  # fmt: skip
            segments.append(segment)
            if place in without:
                continue
            frame = chance.randrange(start, max(end, start + 1))
            if chance.random() < 0.003:
                frame = min(end + 2, FRAMES - 1)
            edits = {"left_hand": (40.0, 45.0, ABSENT)} if chance.random() < 0.01 else {}
            identity = FrameIdentity(pts=frame, luma=self._luma[frame] if self._luma else "")
            poses.append(
                CharacteristicPose(
                    id=self._marks.id(), segment=segment.id, frame=frame, identity=identity, joint_edits=edits,
                    made=self._marks.made(author, at + timedelta(seconds=1), source),
                )
            )  # fmt: skip
        return segments, poses, author


def _finished(plan: _Plan) -> Project:
    clips = [
        replace(
            clip,
            segments=tuple(sorted(segments, key=lambda each: (each.start_frame, each.end_frame, each.id))),
            poses=tuple(sorted(poses, key=lambda each: (each.frame, each.id))),
        )
        for clip, (segments, poses, _) in zip(plan.clips, plan.marked, strict=True)
    ]
    return Project(
        id="0" * 32, name="Large kitchen", labels={each.id: each for each in plan.labels},
        clips={each.id: each for each in clips},
    )  # fmt: skip


# ---- onto the disk ----


def _write(folder: Path, plan: _Plan, *, steps: bool) -> None:
    """As the people did it: each edit a row of the journal with its own author and time."""
    ids, first = _Marks(1), plan.clips[0].made
    project = Project(id=ids.id(), name="Large kitchen")
    changes = rows_that_differ(None, project, {})
    new = JournalRow(
        sequence=1, id=ids.id(), author=first.author, at=first.at, label="New project", source="by hand",
        changes=changes,
    )  # fmt: skip
    Database.make(folder / FILE_NAME, new)
    database = Database.open(folder / FILE_NAME, "write")
    try:
        project, places, sequence = database.load()

        def edit(after: Project, label: str, made: Provenance) -> None:
            nonlocal project, places, sequence
            changes = rows_that_differ(project, after, places)
            sequence += 1
            database.write(
                JournalRow(
                    sequence=sequence, id=ids.id(), author=made.author, at=made.at, label=label, source=made.source,
                    changes=changes,
                )
            )  # fmt: skip
            project, places = after, places_after(places, changes)

        edit(replace(project, labels={each.id: each for each in plan.labels}), "Add 42 labels", first)
        edit(replace(project, clips={each.id: each for each in plan.clips}), f"Add {len(plan.clips)} videos", first)
        names = {each.id: each.name for each in plan.labels}
        for empty, (segments, poses, _) in zip(plan.clips, plan.marked, strict=True):
            clip, of_segment = empty, {each.segment: each for each in poses}
            for segment in segments:
                clip = clip.with_segment(segment)
                name = names[segment.action]
                if steps:
                    edit(project.with_clip(clip), f"Mark {name}", segment.made)
                pose = of_segment.get(segment.id)
                if pose is not None:
                    clip = clip.with_pose(pose)
                    if steps:
                        edit(project.with_clip(clip), f"Set pose of {name}", pose.made)
            if not steps:
                edit(project.with_clip(clip), f"Mark {clip.name}", segments[-1].made)
    finally:
        database.close()


def _path_of(number: int) -> str:
    return f"videos/clip_{number + 1:03d}.mp4"


def _film(folder: Path, seed: int) -> tuple[VideoFile, tuple[str, ...]]:
    """One minute of a shape that wanders over a ground, and what each of its frames looks like once it is stored."""
    path = folder / "videos" / "shared.mp4"
    path.parent.mkdir(parents=True)
    ground = np.random.default_rng(seed).integers(40, 90, (HEIGHT // 10, WIDTH // 10, 3))
    still = np.repeat(np.repeat(ground, 10, 0), 10, 1).astype(np.uint8)
    with write_video(path, RATE_HZ, WIDTH, HEIGHT, crf=30, gop=12) as out:
        for frame in range(FRAMES):
            picture = still.copy()
            x = int((WIDTH - 24) * (0.5 + 0.5 * np.sin(frame / 41)))
            y = int((HEIGHT - 24) * (0.5 + 0.5 * np.sin(frame / 67)))
            picture[y : y + 24, x : x + 24] = (230, 180, 90)
            out.add(picture)
    with open_video(path) as video:
        luma = tuple(frame_luma(video.frame(at)) for at in range(len(video)))
    return replace(video_file(path), path="videos/shared.mp4"), luma


def _spread(shared: Path, places: list[Path]) -> None:
    for each in places:
        try:
            os.link(shared, each)
        except OSError:
            shutil.copyfile(shared, each)
    shared.unlink()


def _poses(seed: int) -> Poses2d:
    """Two people who sway; pixels of a WIDTH × HEIGHT picture."""
    chance = np.random.default_rng(seed)
    joints = len(UPPER_BODY_9.joints)
    at = np.arange(FRAMES)[:, None, None, None] / 30
    home = np.stack([chance.uniform(20, WIDTH - 20, (2, joints)), chance.uniform(15, HEIGHT - 15, (2, joints))], -1)
    px = home + 6 * np.sin(at + chance.uniform(0, 6, (2, joints, 2)))
    sure = np.clip(0.85 + 0.15 * np.sin(at[..., 0] / 3 + chance.uniform(0, 6, (2, joints))), 0.2, 1.0)
    return Poses2d(UPPER_BODY_9, px.astype(np.float32), sure.astype(np.float32))


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--no-video", action="store_true")
    asked.add_argument("--clips", type=int, default=CLIPS)
    asked.add_argument("--seed", type=int, default=7)
    chosen = asked.parse_args()
    folder = large(chosen.folder, with_video=not chosen.no_video, seed=chosen.seed, clips=chosen.clips)
    size = sum(each.stat().st_size for each in folder.rglob("*") if each.is_file() and each.stat().st_nlink == 1)
    print(msgspec.json.encode({"folder": str(folder), "clips": chosen.clips, "MB": round(size / 1e6, 1)}).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
