"""2D poses into a project, each clip's as soon as they are whole; by one process, or by many tasks at once. No torch.

Tasks of one array (core.shares) write into one project, also on a disk of several machines. That every clip is taken
once, and every edit made once, rests on three things: a task's part follows from its number; a clip in work is locked
by the operating system, so that a task of an earlier attempt that still lives is waited for; and whoever has what was
found looks again, holding the project, whether the clip has it by then.

    TOGETHER/CLIP/claim     locked while a task sees this clip
    TOGETHER/CLIP/kept      the name of the tracks that were given to the project
    TOGETHER/CLIP/          what was seen so far (core.detection.tracking)
"""

import random
import sqlite3
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from core.errors import ProjectError, RunError
from core.extracting import SOURCE, extract_clips
from core.file_locks import FileLock
from core.motion import Poses2d
from core.project import inbox
from core.project.annotations import Clip
from core.project.edits import set_tracks
from core.project.store import ProjectStore
from core.run_folder import write_whole
from core.runs import Done, Event, Events, ExtractPoses, Note, Progress, Share
from core.shares import part_of
from core.wording import counted

PATIENCE_S = 20.0
"""How long a task waits for others that write to the project, before it leaves its edit in the inbox."""
_LOOK_S = 0.5
_Made = TypeVar("_Made")


def extract(spec: ExtractPoses) -> Events:
    """Carry `spec` out; a stopped extraction goes on where it was."""
    if spec.share is not None:
        yield from _share(spec, spec.share)
        return
    clips = _clips_of(spec)
    ids = spec.clip_ids or tuple(clip.id for clip, _ in clips if not clip.tracks)
    found = 0

    def keep(clip: Clip, poses: Poses2d) -> None:
        nonlocal found
        _put(Path(spec.project), clip, poses)
        found += poses.people

    chosen = [each for each in clips if each[0].id in ids]
    in_order = sorted(chosen, key=lambda each: ids.index(each[0].id))
    yield from extract_clips(in_order, Path(spec.out), keep, most_people=spec.most_people)
    yield Done(f"2D poses of {counted(len(ids), 'clip')}, {counted(found, 'person', 'people')} in all")


# ---- one of many ----


def _share(spec: ExtractPoses, share: Share) -> Events:
    """This task's clips: first those that are free, then those that another task has had in work."""
    together = Path(share.together)
    clips = _patiently(lambda: _clips_of(spec))
    # Of all clips with a video, so that parts stay as they are while others finish theirs.
    mine = part_of([(clip.id, float(clip.video.frame_count)) for clip, _ in clips], share)
    by_id = {clip.id: (clip, path) for clip, path in clips}
    # Those that are asked for by name are seen anew, whether they have poses or not.
    left = [each for each in mine if spec.clip_ids or not by_id[each][0].tracks]
    total = sum(by_id[each][0].video.frame_count for each in left)
    yield Note(f"Task {share.number + 1} of {share.of}: {counted(len(left), 'clip')} to see of its {len(mine)}")
    patience = _Patience()
    before, people, seen = 0, 0, 0
    is_waiting = False
    while left:
        held: list[str] = []
        for clip_id in left:
            clip, path = by_id[clip_id]
            place = together / clip_id
            place.mkdir(parents=True, exist_ok=True)
            claim = _claim(place)
            if claim is None:
                held.append(clip_id)
                continue
            try:
                if not _is_kept(spec, clip, place):
                    poses = yield from _seen(spec, clip, path, together, patience, before, total)
                    people, seen = people + poses, seen + 1
            finally:
                claim.release()
            before += clip.video.frame_count
            yield Progress(before, total, f"2D poses of {clip.name}")
        if held and len(held) == len(left):
            if not is_waiting:
                yield Note(f"{counted(len(held), 'clip')} still in work by another task; waiting for it")
            is_waiting = True
            time.sleep(_LOOK_S)
            yield Progress(before, total, "Waiting for another task")
        left = held
    _take_in(Path(spec.project))
    rest = len(mine) - seen
    had = f"; {counted(rest, 'clip')} had them" if rest else ""
    yield Done(f"2D poses of {counted(seen, 'clip')}, {counted(people, 'person', 'people')} in all{had}")


def _seen(
    spec: ExtractPoses, clip: Clip, path: Path, together: Path, patience: "_Patience", before: int, total: int
) -> Generator[Event, None, int]:
    """See one clip and give it to the project; how many people were found."""
    found = 0

    def keep(clip: Clip, poses: Poses2d) -> None:
        nonlocal found
        found = poses.people
        name = _patiently(lambda: _put(Path(spec.project), clip, poses, only_if_as=clip.tracks, patience=patience))
        _mark(together / clip.id / "kept", name)

    for event in extract_clips([(clip, path)], together, keep, most_people=spec.most_people):
        yield Progress(before + event.done, total, event.doing) if isinstance(event, Progress) else event
    return found


def _claim(place: Path) -> FileLock | None:
    try:
        return FileLock.taken(place / "claim")
    except OSError as error:
        raise RunError(
            f"{place} cannot be locked: {error.strerror or error}",
            hint="Mount the disk with locks (Lustre: the option flock), or let one task do it all.",
        ) from None


def _is_kept(spec: ExtractPoses, clip: Clip, place: Path) -> bool:
    """Whether somebody gave the clip its poses since we looked. The clip is locked by us."""
    if (place / "kept").is_file():
        return True
    return not spec.clip_ids and bool(_patiently(lambda: _tracks_now(Path(spec.project), clip.id)))


def _tracks_now(folder: Path, clip_id: str) -> str:
    with ProjectStore.open(folder, "Posecast", mode="read") as store:
        clip = store.project.clips.get(clip_id)
        return clip.tracks if clip is not None else ""


def _mark(path: Path, name: str) -> None:
    write_whole(path, name.encode())


def _take_in(folder: Path) -> None:
    """What was left in the inbox by one that could not wait, unless somebody has the project open who will do it."""
    if inbox.waiting(folder):
        with suppress(ProjectError), ProjectStore.open(folder, "Posecast", mode="command"):
            pass


# ---- both ----


def _clips_of(spec: ExtractPoses) -> list[tuple[Clip, Path]]:
    """The clips that are asked for, or all that have a video; with their files."""
    with ProjectStore.open(Path(spec.project), "Posecast", mode="read") as store:
        project = store.project
        ids = spec.clip_ids or tuple(each.id for each in project.clips.values() if each.video.path)
        unknown = [each for each in ids if each not in project.clips]
        if unknown:
            raise RunError(f"This project has no clip {unknown[0]}.", hint="posecast inspect PROJECT lists its clips.")
        return [(project.clips[each], store.video_path(project.clips[each])) for each in dict.fromkeys(ids)]


class _Patience:
    """How long to wait for others that write: where one sat through all of it, as an open studio does, no longer."""

    def __init__(self) -> None:
        self.seconds = PATIENCE_S


def _put(
    folder: Path, clip: Clip, poses: Poses2d, *, only_if_as: str | None = None, patience: _Patience | None = None
) -> str:
    """Give the clip its poses in one edit; their name. With `only_if_as`, others that it got meanwhile stay."""
    until = time.monotonic() + (patience.seconds if patience is not None else 0.0)
    while True:
        with ProjectStore.open(folder, "Posecast", mode="command") as store:
            is_patient = store.left_for is not None and time.monotonic() < until
            if not is_patient:
                if patience is not None:
                    patience.seconds = 0.0 if store.left_for is not None else PATIENCE_S
                now = store.project.clips.get(clip.id)
                if only_if_as is not None and now is not None and now.tracks != only_if_as:
                    return now.tracks
                tracks = store.write_tracks(poses)
                label = f"Extract 2D poses of {clip.name}"
                store.edit(set_tracks(store.project, clip.id, tracks), label, source=SOURCE)
                return tracks
        time.sleep(random.uniform(0.05, 0.3))  # whoever else waits does so differently


def _patiently(do: Callable[[], _Made]) -> _Made:
    """Again and again while another task holds the file for a moment, as on a network disk; then what it says."""
    until = time.monotonic() + PATIENCE_S
    wait_s = 0.05
    while True:
        try:
            return do()
        except ProjectError as error:
            if not _is_busy(error) or time.monotonic() > until:
                raise
        time.sleep(wait_s * random.uniform(0.5, 1.5))
        wait_s = min(2 * wait_s, 2.0)


def _is_busy(error: BaseException) -> bool:
    """Whether SQLite said so, under whatever words it has been put into since."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, sqlite3.OperationalError):
            return (getattr(cause, "sqlite_errorcode", 0) & 0xFF) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
        cause = cause.__cause__
    return False
