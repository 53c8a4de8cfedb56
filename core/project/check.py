"""Is a project sound, and what in it is odd? Looks at everything and writes nothing.

An error is something that should never be (a damaged page, a segment of a label that is not there, a journal that
does not lead to the present state). A warning is what a person may have meant or can put right: overlaps, a pose
outside its segment, a video that moved.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from core.bodies.skeletons import UPPER_BODY_9
from core.errors import CoreError, FileError
from core.project import inbox
from core.project.annotations import Clip, Project
from core.project.cameras import fits
from core.project.database import FILE_NAME, Database, is_complete, look
from core.project.odd import odd_in, segment_words
from core.project.rows import CHILD_TABLES, TABLES, Key, Row, value_of
from core.project.track_files import check_tracks, read_tracks


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong or odd, where it is (ids), and what can be done."""

    severity: Literal["error", "warning"]
    what: str
    hint: str = ""
    clip: str = ""
    row: str = ""


def check(folder: Path) -> list[Finding]:
    """Everything wrong or odd with the project in `folder`, errors first. ProjectError where there is none."""
    path = folder / FILE_NAME
    try:
        look(path)
        database = Database.open(path, "frozen" if is_complete(path) else "read")
    except FileError as error:
        return [_error(str(error), hint=error.hint)]
    try:
        database.integrity_check()
        project, _, _ = database.load()
        found = [*_of_journal(database), *_of_project(project)]
    except FileError as error:
        return [_error(str(error), hint=error.hint)]
    finally:
        database.close()
    found += [*_of_files(folder, project), *_of_inbox(folder)]
    return sorted(found, key=lambda each: each.severity != "error")


def findings_of(project: Project) -> list[Finding]:
    """What is wrong or odd with the values alone; no file is looked at."""
    return sorted(_of_project(project), key=lambda each: each.severity != "error")


def _error(what: str, *, hint: str = "", clip: str = "", row: str = "") -> Finding:
    return Finding(severity="error", what=what, hint=hint, clip=clip, row=row)


def _warning(what: str, *, hint: str = "", clip: str = "", row: str = "") -> Finding:
    return Finding(severity="warning", what=what, hint=hint, clip=clip, row=row)


# ---- the journal leads to the rows ----


def _of_journal(database: Database) -> Iterator[Finding]:
    tables, sequence = database.rows()
    present: dict[Key, Row] = {
        (table, row_id): Row(clip=clip, place=place, body=msgspec.Raw(body.encode()))
        for table, rows in tables.items()
        for row_id, clip, place, body in rows
    }
    replayed: dict[Key, Row] = {}
    ids = set()
    for count, entry in enumerate(database.entries(up_to=sequence), start=1):
        where = f"row {entry.sequence} of the journal ({entry.label})"
        if entry.sequence != count:
            yield _error(f"the journal misses row {count}", hint="Restore a backup of the project.", row=entry.id)
            return
        if entry.undoes and entry.undoes not in ids:
            yield _error(f"{where} takes back an edit that is not there", row=entry.id)
        ids.add(entry.id)
        for change in database.changes_of(entry.sequence):
            key = (change.table, change.id)
            if not _same(change.table, replayed.get(key), change.before):
                yield _error(f"{where} does not follow from those before it", row=change.id)
                return
            if change.after is None:
                replayed.pop(key, None)
            else:
                replayed[key] = change.after
    for key in replayed.keys() | present.keys():
        if not _same(key[0], replayed.get(key), present.get(key)):
            yield _error(f"a row of {key[0]} is not what the journal says", row=key[1])
    clips = {row_id for row_id, *_ in tables["clips"]}
    for table in CHILD_TABLES:
        for row_id, clip, _, _ in tables[table]:
            if clip not in clips:
                yield _error(f"a row of {table} belongs to a clip that is not there", clip=clip, row=row_id)


def _same(table: str, left: Row | None, right: Row | None) -> bool:
    if left == right:
        return True
    if left is None or right is None or table not in TABLES:
        return False
    # A body written by an earlier version may lack fields that have got a default since.
    try:
        values = value_of(table, left.body), value_of(table, right.body)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return False
    return (left.clip, left.place, values[0]) == (right.clip, right.place, values[1])


# ---- the values ----


def _of_project(project: Project) -> Iterator[Finding]:
    names: dict[tuple[str, str], str] = {}
    keys: dict[str, str] = {}
    for label in project.labels.values():
        if names.setdefault((label.kind, label.name), label.id) != label.id:
            yield _warning(f'two {label.kind}s are called "{label.name}"', hint="Rename one of them.", row=label.id)
        if label.key and keys.setdefault(label.key, label.name) != label.name:
            yield _warning(f"{label.key} is the key of {keys[label.key]} and of {label.name}", row=label.id)
    for clip in project.clips.values():
        yield from _of_clip(project, clip)
    for camera in project.cameras.values():
        turn = np.array(camera.rotation)
        if turn.shape != (3, 3) or np.abs(turn @ turn.T - np.eye(3)).max() > 1e-3 or np.linalg.det(turn) < 0:
            yield _error(f"camera {camera.name}: its rotation is none", hint="Calibrate it again.", row=camera.id)
        elif camera.width < 1 or camera.height < 1 or min(camera.focal_px) <= 0:
            yield _error(
                f"camera {camera.name}: its picture or lens cannot be", hint="Calibrate it again.", row=camera.id
            )
    for split in project.splits.values():
        of_clip: dict[str, str] = {}
        for part, clips in split.parts.items():
            for clip in clips:
                if clip not in project.clips:
                    yield _error(f"split {split.name}: {part} holds a clip that is not there", clip=clip, row=split.id)
                elif of_clip.setdefault(clip, part) != part:
                    both = f"{of_clip[clip]} and in {part}"
                    name = project.clips[clip].name
                    yield _error(f"split {split.name}: {name} is in {both}", clip=clip, row=split.id)


def _of_clip(project: Project, clip: Clip) -> Iterator[Finding]:
    def error(what: str, row: str) -> Finding:
        return _error(f"{clip.name}: {what}", clip=clip.id, row=row)

    def odd(what: str, row: str, hint: str = "") -> Finding:
        return _warning(f"{clip.name}: {what}", clip=clip.id, row=row, hint=hint)

    if clip.camera and clip.camera not in project.cameras:
        yield error("its camera is not there", clip.camera)
    camera = project.cameras.get(clip.camera)
    if camera is not None and not fits(camera, clip):
        sizes = f"{camera.width} × {camera.height}", f"{clip.video.width} × {clip.video.height}"
        what = f"its camera {camera.name} was found for pictures of {sizes[0]}, its video has {sizes[1]}"
        yield odd(what, camera.id, hint="Choose the camera that filmed it, or calibrate again.")
    actors = {each.id for each in clip.actors}
    frames = clip.video.frame_count
    for segment in clip.segments:
        where = segment_words(project, segment)
        for kind, label_id in (("action", segment.action), *(("object", each) for each in segment.objects)):
            label = project.labels.get(label_id)
            if label is None or label.kind != kind:
                yield error(f"the {kind} of {where} is not there", segment.id)
        if segment.actor and segment.actor not in actors:
            yield error(f"the person of {where} is not there", segment.id)
    by_id = {each.id: each for each in clip.segments}
    with_pose: set[str] = set()
    for pose in clip.poses:
        of = by_id.get(pose.segment)
        if of is None:
            yield error(f"the pose at frame {pose.frame} belongs to no segment", pose.id)
            continue
        if of.id in with_pose:
            yield error(f"{segment_words(project, of)} has two characteristic poses", pose.id)
        with_pose.add(of.id)
        for joint in pose.joint_edits:
            if joint not in UPPER_BODY_9.joints:
                yield error(f"the pose at frame {pose.frame} moves an unknown joint, {joint}", pose.id)
    for each in odd_in(clip, frozenset()):
        about = by_id.get(each.segment)
        if about is None:
            continue
        where = segment_words(project, about)
        match each.kind:
            case "overlap":
                yield odd(f"{segment_words(project, by_id[each.other])} and {where} overlap", about.id)
            case "pose outside":
                yield odd(f"the pose at frame {each.frame} lies outside {where}", about.id)
            case "same frame":
                yield odd(
                    f"the poses of {segment_words(project, by_id[each.other])} and {where} are one frame", about.id
                )
            case "past the end" if each.end_frame:
                yield odd(f"{where} goes on after the video's last frame, {frames - 1}", about.id)
            case "past the end":
                yield odd(f"the pose at frame {each.frame} lies after the video's last frame, {frames - 1}", about.id)
            case _:
                pass


# ---- the files beside it ----


def _of_files(folder: Path, project: Project) -> Iterator[Finding]:
    for clip in project.clips.values():
        path = folder / clip.video.path
        if clip.video.path and not path.is_file():
            where = f"{path.name} is no longer in {path.parent}"
            yield _warning(f"{clip.name}: {where}", hint="Find it again under Data.", clip=clip.id)
        elif clip.video.path and path.stat().st_size != clip.video.size_bytes:
            what = f"{path.name} is not the file that was added: its size differs"
            yield _warning(f"{clip.name}: {what}", hint="Compare its frames before you go on.", clip=clip.id)
        if not clip.tracks:
            continue
        try:
            check_tracks(folder, clip.tracks)
            poses = read_tracks(folder, clip.tracks)
        except CoreError as error:
            yield _error(f"{clip.name}: {error}", hint=error.hint, clip=clip.id)
            continue
        if len(poses) != clip.video.frame_count:
            what = f"its 2D poses have {len(poses)} frames, its video {clip.video.frame_count}"
            yield _warning(f"{clip.name}: {what}", hint="Extract them again.", clip=clip.id)
        for actor in clip.actors:
            if actor.track is not None and not 0 <= actor.track < poses.people:
                what = f"{actor.name} is person {actor.track + 1} of the 2D poses, which hold {poses.people}"
                yield _warning(f"{clip.name}: {what}", clip=clip.id, row=actor.id)


def _of_inbox(folder: Path) -> Iterator[Finding]:
    for each in inbox.those_set_aside(folder):
        yield _warning(f"a result was set aside: {each.reason}", hint=f"It is kept as {each.path}.")
    waiting = inbox.waiting(folder)
    if waiting:
        count = f"{len(waiting)} {'result waits' if len(waiting) == 1 else 'results wait'}"
        yield _warning(f"{count} to be taken in", hint="Open the project once.")
