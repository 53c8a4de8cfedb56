"""A whole project of simulated cooks: labels, clips with their segments and characteristic poses, cameras, 2D tracks,
and a split that keeps people apart.

Filming and detecting are handed in, since they live in other rooms: `film(clip, path)` draws the video,
`detect(video, folder)` returns who was found in it; both yield their progress. Without them the tracks are the true
landmarks with the detector's measured error, and the project has no video. What is true in space lies beside the
project (`truth`).

People and clips belong to the demo's seed; its kitchens are the same three always. A stopped demo is a smaller project.
"""

from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import numpy as np

from core.datasets.kitchen import seeds
from core.datasets.kitchen.clip import KitchenClip, clip
from core.datasets.kitchen.cooks import Cook, cook
from core.datasets.kitchen.detector_error import read_error_table, seen_by_detector
from core.datasets.kitchen.grammar import ACTIONS, OBJECTS
from core.datasets.kitchen.truth import write_truth
from core.datasets.kitchen.world import Kitchen, kitchen
from core.errors import RunError
from core.motion import Poses2d
from core.project import edits
from core.project.annotations import (
    PARTS,
    Actor,
    CharacteristicPose,
    Clip,
    FrameIdentity,
    Project,
    Provenance,
    Segment,
    VideoFile,
    new_id,
)
from core.project.store import ProjectStore
from core.runs import Done, Events, Made, Progress
from core.video import frame_luma, open_video

Result = TypeVar("Result")
Film = Callable[[KitchenClip, Path], Generator[Progress, None, None]]
Detect = Callable[[Path, Path], Generator[Progress, None, Poses2d]]

RATE_HZ = 30.0
AUTHOR, SOURCE = "Posecast", "simulated kitchen"
MOST_COOKS = 24
MOST_SECONDS, MOST_SIDE = 4 * 3600.0, 8192
_TRACKS = 16  # purpose of the stream that the detector's error is drawn from


def make_demo(
    folder: Path,
    clips: int,
    seconds: float,
    seed: int,
    *,
    film: Film | None = None,
    detect: Detect | None = None,
    size: tuple[int, int] = (640, 360),
) -> Events:
    """Makes the project in `folder`. The same seed gives the same cooks, clips, marks and tracks."""
    seeds.check_demo(seed, clips)
    if not 0 < seconds <= MOST_SECONDS or not 16 <= min(size) <= max(size) <= MOST_SIDE:
        raise RunError(
            f"A demo cannot have clips of {seconds:g} s and {size[0]} × {size[1]} pixels",
            hint=f"Ask for up to {MOST_SECONDS:g} s, and 16 to {MOST_SIDE} pixels a side.",
        )
    rooms = {number: kitchen(number, width=size[0], height=size[1]) for number in seeds.DEMO_KITCHENS}
    people = [cook(seeds.demo_cook(seed, number)) for number in range(min(clips, MOST_COOKS))]
    frames = max(1, round(seconds * RATE_HZ))
    per_clip = 1 + frames * ((film is not None) + (film is not None and detect is not None))
    made: dict[str, Cook] = {}
    with ProjectStore.create(folder, "Simulated kitchen", AUTHOR) as store:
        project, cameras = _vocabulary_and_cameras(store.project, rooms)
        store.edit(project, "Make the kitchen", source=SOURCE)
        for number in range(clips):
            room = rooms[seeds.DEMO_KITCHENS[number % len(rooms)]]
            person = people[number % len(people)]
            before, told = number * per_clip, f"{person.name}, clip {number + 1} of {clips}"
            yield Progress(before, clips * per_clip, told)
            taken = clip(seeds.demo_clip(seed, number), seconds, RATE_HZ, room, person)
            video, path = _without_video(taken), None
            if film is not None:
                path = folder / "videos" / f"{number + 1:03d} {taken.dish}.mp4"
                path.parent.mkdir(parents=True, exist_ok=True)
                yield from _within(film(taken, path), before, frames, clips * per_clip, f"Filming {told}")
                video = _video_file(path)
            if path is not None and detect is not None:
                poses = detect(path, folder / "runs" / "make-demo" / "poses" / path.stem)
                found = yield from _within(poses, before + frames, frames, clips * per_clip, f"2D poses of {told}")
                tracks = _rounded(found)
            else:
                tracks = _with_detector_error(taken)
            project, row = edits.add_clip(
                store.project, f"{person.name} makes {taken.dish}", path, video, author=AUTHOR, folder=folder,
                performer=person.name, camera=cameras[room.seed], source=SOURCE,
            )  # fmt: skip
            row = _annotated(row, taken, tracks, store.write_tracks(tracks), project, path)
            write_truth(folder, row.id, taken)
            store.edit(project.with_clip(row), f"Add {row.name}", source=SOURCE)
            made[row.id] = person
        project, _ = edits.add_split(store.project, "By cook", split_by_cook(made), author=AUTHOR, source=SOURCE)
        facts = {"seed": str(seed), "clips": str(clips), "seconds": f"{seconds:g}", "cooks": str(len(people))}
        project, _ = edits.add_item(
            project, "dataset", "Simulated kitchen", "", author=AUTHOR, facts=facts, source=SOURCE
        )
        store.edit(project, "Split by cook", source=SOURCE)
        count = sum(len(each.segments) for each in store.project.clips.values())
    yield Progress(clips * per_clip, clips * per_clip, "All clips")
    yield Made("demo project", str(folder))
    cooks = f"{len(people)} {'cook' if len(people) == 1 else 'cooks'}"
    yield Done(f"{clips} {'clip' if clips == 1 else 'clips'} of {cooks}, {count} actions", (str(folder),))


def _rounded(poses: Poses2d) -> Poses2d:
    """The same to 1/16 px and 1/256 of confidence, far finer than any detector is: a third of the size when packed."""
    joints_px, confidence = np.round(poses.joints_px * 16) / 16, np.round(poses.confidence * 256) / 256
    return Poses2d(poses.skeleton, joints_px.astype(np.float32), confidence.astype(np.float32))


def split_by_cook(clips: dict[str, Cook]) -> dict[str, tuple[str, ...]]:
    """Clip ids by part. No cook stands in two parts: a fifth of them are tested on, a seventh chosen on; with fewer
    than three cooks there is nobody to keep apart and all train.
    """
    people = list(dict.fromkeys(person.seed for person in clips.values()))
    tested = max(1, round(0.20 * len(people))) if len(people) >= 3 else 0
    chosen = max(1, round(0.15 * len(people))) if len(people) >= 3 else 0
    part_of = dict.fromkeys(people, "train")
    part_of |= dict.fromkeys(people[len(people) - tested :], "test")
    part_of |= dict.fromkeys(people[len(people) - tested - chosen : len(people) - tested], "validation")
    return {part: tuple(key for key, person in clips.items() if part_of[person.seed] == part) for part in PARTS}


def label_name(verb: str) -> str:
    """An action as people write it."""
    return verb.replace("_", " ")


def _vocabulary_and_cameras(project: Project, rooms: dict[int, Kitchen]) -> tuple[Project, dict[int, str]]:
    """Every action and object there is, so that all demos share one vocabulary; and each kitchen's camera."""
    for verb in ACTIONS:
        project, _ = edits.add_label(project, label_name(verb), "action", author=AUTHOR, source=SOURCE)
    for thing in OBJECTS:
        project, _ = edits.add_label(project, thing, "object", author=AUTHOR, source=SOURCE)
    cameras: dict[int, str] = {}
    for number, room in rooms.items():
        project, row = edits.add_camera(project, f"Kitchen {number + 1}", room.camera, author=AUTHOR, source=SOURCE)
        cameras[number] = row.id
    return project, cameras


def _without_video(taken: KitchenClip) -> VideoFile:
    camera, rate_hz = taken.camera, taken.motion.rate_hz
    return VideoFile(
        path="", frame_count=len(taken), width=camera.width, height=camera.height, rate_hz=rate_hz,
        duration_s=len(taken) / rate_hz, size_bytes=0, fingerprint="",
    )  # fmt: skip


def _video_file(path: Path) -> VideoFile:
    with open_video(path) as video:
        facts = video.facts()._asdict()
    return VideoFile(**{**facts, "path": str(path)})


def _with_detector_error(taken: KitchenClip) -> Poses2d:
    """What the detector would have found of a clip that nobody filmed."""
    camera, rng = taken.camera, np.random.default_rng([taken.seed, _TRACKS])
    table = read_error_table()
    return seen_by_detector(taken.landmarks_px, camera.width, camera.height, taken.motion.rate_hz, table, rng)


def _within(
    part: Generator[Progress, None, Result], before: int, most: int, total: int, doing: str
) -> Generator[Progress, None, Result]:
    """The progress of a part of the work as progress of the whole; what the part returns."""
    with closing(part):
        while True:
            try:
                each = next(part)
            except StopIteration as end:
                return end.value
            yield Progress(before + min(each.done, most), total, doing)


def _annotated(
    row: Clip, taken: KitchenClip, tracks: Poses2d, tracks_name: str, project: Project, video: Path | None
) -> Clip:
    """The clip with its tracks, its person, and what an annotator marked."""
    by = Provenance.now(AUTHOR, SOURCE)
    actions = {label.name: label.id for label in project.actions()}
    objects = {label.name: label.id for label in project.objects()}
    segments, poses = [], []
    identities = _identities(video, [each.instant_frame for each in taken.segments])
    for each in taken.segments:
        segment = Segment(
            id=new_id(), action=actions[label_name(each.verb)], start_frame=each.start_frame, end_frame=each.end_frame,
            objects=(objects[each.thing],), made=by,
        )  # fmt: skip
        segments.append(segment)
        poses.append(
            CharacteristicPose(
                id=new_id(),
                segment=segment.id,
                frame=each.instant_frame,
                identity=identities[each.instant_frame],
                made=by,
            )
        )
    actor = Actor(id=new_id(), name=taken.cook.name, track=_most_seen(tracks), made=by)
    return Clip(
        id=row.id, name=row.name, video=row.video, performer=row.performer, camera=row.camera, tracks=tracks_name,
        actors=(actor,), segments=tuple(segments), poses=tuple(poses), made=row.made,
    )  # fmt: skip


def _identities(video: Path | None, frames: list[int]) -> dict[int, FrameIdentity]:
    """What the frames look like; without video, a frame is known by its number alone."""
    if video is None:
        return {frame: FrameIdentity(pts=frame) for frame in frames}
    with open_video(video) as opened:
        return {frame: FrameIdentity(pts=opened.pts(frame), luma=frame_luma(opened.frame(frame))) for frame in frames}


def _most_seen(tracks: Poses2d) -> int | None:
    """The column of the person who is seen longest."""
    if tracks.people == 0:
        return None
    return int(np.argmax(tracks.seen().any(-1).sum(0)))
