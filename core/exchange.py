"""Foreign files into a project and out of it: which format, what it means for the project's rows.

The formats know files, the project knows rows; here they meet. Every import is one undoable edit.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.apart import read_annotations
from core.errors import FileError, FormatError, ProjectError
from core.exchanged import Report, reasons
from core.footage import has_video, identity_of
from core.formats import FORMATS, Format, opencv_cameras
from core.formats.annotated import Annotations
from core.formats.cameras import NamedCamera
from core.formats.marks import Mark
from core.geometry.calibration import GIVEN, described
from core.motion import Poses2d
from core.project import edits
from core.project.annotations import Clip, FrameIdentity, Project
from core.project.cameras import fits
from core.project.store import ProjectStore
from core.recognition import named as named
from core.recognition import recognise as recognise
from core.taking_annotations import take_annotations
from core.video import Video, open_video
from core.wording import counted

Write = Callable[[Any, Path], None]


def writer(out: Path, name: str) -> Format:
    """The format to write `out` in: the named one, or the one its ending says."""
    if name:
        chosen = named(name)
    else:
        fits = [each for each in FORMATS if out.suffix.lower() in each.endings and each.holds == "marks"]
        if not fits:
            raise FileError(out, f"no format ends in {out.suffix or 'nothing'}", hint="Use .csv or .json, or --format.")
        chosen = fits[0]
    if chosen.write is None:
        raise ProjectError(f"{chosen.name} can be read but not written.")
    return chosen


def take_in(
    known: Format,
    source: Path,
    store: ProjectStore,
    clip: Clip | None,
    author: str,
    options: Mapping[str, str] | None = None,
) -> Report:
    """Import `source`, as one edit. `options` are the format's own."""
    if known.holds == "2D poses":
        return _take_poses(known, source, store, clip)
    if known.holds == "cameras":
        return take_cameras(known, source, store, clip, author)
    if known.holds == "annotations":
        folder = source if source.is_dir() else source.parent
        label = f"Import {source.name}"
        return take_annotations(
            annotations_of(known, source, options or {}),
            store,
            source=known.name,
            author=author,
            folder=folder,
            clip=clip,
            label=label,
        )
    return _take_marks(known, source, store, clip, author)


def annotations_of(known: Format, source: Path, options: Mapping[str, str]) -> Annotations:
    """What a data set says of its clips. A reader that is native code has a process of its own."""
    if known.is_native:
        return read_annotations(source, known, options)
    return known.read(source, **options)


def _take_poses(known: Format, source: Path, store: ProjectStore, clip: Clip | None) -> Report:
    chosen = clip or _only_clip(store.project)
    size = (chosen.video.width, chosen.video.height)
    poses: Poses2d = known.read(source, size=size, frame_count=chosen.video.frame_count)
    tracks = store.write_tracks(poses)
    label, people = f"Import 2D poses of {chosen.name}", counted(poses.people, "person", "people")
    store.edit(edits.set_tracks(store.project, chosen.id, tracks), label, source=known.name)
    frames = np.flatnonzero(poses.seen().any(axis=(1, 2)))
    says = f"{chosen.name}: {counted(len(frames), 'frame')} of {people}"
    if len(frames) < len(poses):
        last = f", the last is {frames[-1]}" if len(frames) else ""
        says += f"; {len(poses) - len(frames)} of the clip's {len(poses)} frames have nobody{last}"
    if chosen.tracks:
        says += ". The 2D poses it had come back with undo."
    return Report(format=known.name, says=says)


def take_cameras(
    known: Format, source: Path, store: ProjectStore, clip: Clip | None, author: str, *, name: str = ""
) -> Report:
    """The cameras of a file, or the one called `name`, as one edit; a single one becomes the clip's."""
    size = (
        {"size": (clip.video.width, clip.video.height)}
        if clip is not None and known.read is opencv_cameras.read
        else {}
    )
    read: tuple[NamedCamera, ...] = known.read(source, **size)
    found = [each for each in read if not name or name.lower() in each.name.lower()]
    exact = [each for each in found if each.name == name]
    found = exact or found
    names = ", ".join(each.name for each in read[:12]) + (", …" if len(read) > 12 else "")
    if not found:
        raise FormatError(source, f"it holds no camera {name!r}", hint=f"It holds {names}.")
    if clip is not None and len(found) > 1:
        hint = f"Name one with posecast cameras --add … --name: {names}."
        raise FormatError(source, f"it holds {len(found)} cameras, and {clip.name} has one", hint=hint)
    project, lines = store.project, []
    for each in found:
        camera = each.camera if each.placed else replace(each.camera, estimated=True)
        project, row = edits.add_camera(
            project, each.name, camera, author=author, source=known.name, how=f"imported {known.name}"
        )
        if clip is not None:
            if not fits(row, clip):
                sizes = f"{row.width} × {row.height}", f"{clip.video.width} × {clip.video.height}"
                what = f"{each.name} was found for pictures of {sizes[0]}, {clip.name} has {sizes[1]}"
                raise FormatError(source, what, hint="Choose the camera that filmed it.")
            project = edits.set_camera(project, clip.id, row.id)
        where = f" for {clip.name}" if clip is not None else ""
        lines += [f"{row.name}{where}: {'; '.join(described(each.camera, GIVEN, placed=each.placed))}"]
        lines += [f"  {note}" for note in each.notes]
    store.edit(project, f"Import {counted(len(found), 'camera')} from {source.name}", source=known.name)
    return Report(format=known.name, says="\n".join(lines), taken=len(found))


def _only_clip(project: Project) -> Clip:
    if len(project.clips) != 1:
        raise ProjectError("These poses could belong to any clip.", hint="Name it with --clip.")
    return next(iter(project.clips.values()))


def _take_marks(known: Format, source: Path, store: ProjectStore, clip: Clip | None, author: str) -> Report:
    rows: list[Mark] = known.read(source)
    names = sorted({mark.clip for mark in rows})
    if clip is not None and len(names) > 1:
        hint = f"Leave --clip out, or give a table of one clip. It names {', '.join(names[:5])}."
        raise FormatError(source, f"it holds marks of {len(names)} clips, not of one", hint=hint)
    project, left_out, taken = store.project, [], 0
    identities = _Identities(store)
    for mark in rows:
        found = (
            [clip]
            if clip
            else [each for each in project.clips.values() if mark.clip in (each.name, Path(each.name).stem, each.id)]
        )
        if len(found) != 1 or found[0] is None:
            left_out.append(f"no clip {mark.clip!r}" if not found else f"several clips {mark.clip!r}")
            continue
        frames = found[0].video.frame_count
        if max(mark.end_frame, (mark.pose_frame or 0) + 1) > frames:
            left_out.append(f"{mark.clip}, {mark.action} at frame {mark.start_frame}: the clip has {frames} frames")
            continue
        try:
            project = _with_mark(project, found[0].id, mark, author, known.name, identities)
        except (ProjectError, ValueError) as error:
            left_out.append(f"{mark.clip}, {mark.action} at frame {mark.start_frame}: {error}")
            continue
        taken += 1
    identities.close()
    if taken:
        store.edit(project, f"Import {counted(taken, 'segment')} from {source.name}", source=known.name)
    says = "\n".join([f"{counted(taken, 'segment')} in, {len(left_out)} left out", *reasons(left_out)])
    return Report(format=known.name, says=says, left_out=tuple(left_out), taken=taken)


class _Identities:
    """What the frames of characteristic poses look like, each video opened once."""

    def __init__(self, store: ProjectStore) -> None:
        self._store = store
        self._open: dict[str, Video | None] = {}

    def of(self, clip: Clip, frame: int) -> FrameIdentity:
        if clip.id not in self._open:
            there = has_video(self._store, clip)
            self._open[clip.id] = open_video(self._store.video_path(clip)) if there else None
        video = self._open[clip.id]
        if video is None or frame >= len(video):
            return FrameIdentity(pts=-1)
        return identity_of(video, frame)

    def close(self) -> None:
        for video in self._open.values():
            if video is not None:
                video.close()


def _with_mark(
    project: Project, clip_id: str, mark: Mark, author: str, source: str, identities: _Identities
) -> Project:
    project, action = edits.label_for(project, mark.action, "action", author=author, source=source)
    objects = []
    for name in mark.objects:
        project, label = edits.label_for(project, name, "object", author=author, source=source)
        objects.append(label.id)
    project, segment = edits.mark_segment(
        project, clip_id, action.id, mark.start_frame, mark.end_frame, objects=tuple(objects), author=author,
        source=source,
    )  # fmt: skip
    if mark.pose_frame is None:
        return project
    identity = identities.of(project.clips[clip_id], mark.pose_frame)
    return edits.set_pose(project, clip_id, segment.id, mark.pose_frame, identity, author=author, source=source)


def hand_out(known: Format, store: ProjectStore, out: Path) -> Report:
    """Write everything marked in the project to `out`."""
    if known.write is None:
        raise ProjectError(f"{known.name} can be read but not written.")
    try:
        if known.holds == "2D poses":
            return _hand_out_poses(known, known.write, store, out)
        rows = [row for clip in store.project.clips.values() for row in _marks_of(store, clip)]
        known.write(rows, out)
        clips = counted(len(store.project.clips), "clip")
        left_out = tuple(_without_label(store.project))
    except OSError as error:
        why = f"could not be written ({error.strerror or error})"
        raise FileError(out, why, hint="Choose a folder that is there and can be written to.") from error
    says = f"{out.name}: {counted(len(rows), 'segment')} of {clips}"
    return Report(format=known.name, says="\n".join([says, *left_out]), left_out=left_out)


def _hand_out_poses(known: Format, write: Write, store: ProjectStore, out: Path) -> Report:
    """One folder a clip."""
    clips = [clip for clip in store.project.clips.values() if clip.tracks]
    for clip in clips:
        write(store.tracks(clip.tracks), out / _as_file_name(clip.name))
    without = len(store.project.clips) - len(clips)
    left_out = (f"{counted(without, 'clip')} without 2D poses",) if without else ()
    return Report(format=known.name, says=f"{out.name}: 2D poses of {counted(len(clips), 'clip')}", left_out=left_out)


def _without_label(project: Project) -> Iterator[str]:
    """What a damaged project cannot say the action of."""
    for clip in project.clips.values():
        for segment in clip.segments:
            if segment.action not in project.labels:
                yield f"left out: {clip.name}, frame {segment.start_frame}: the segment's label is gone"


def _as_file_name(name: str) -> str:
    """A clip's name as a folder of its own, whatever the name holds."""
    return re.sub(r'[\x00-\x1f<>:"/\\|?*]', "_", name).strip(". ") or "clip"


def _marks_of(store: ProjectStore, clip: Clip) -> list[Mark]:
    labels = store.project.labels
    actors = {each.id: each.name for each in clip.actors}
    time_s, close = _clock(store, clip)
    rows = []
    for segment in clip.segments:
        if segment.action not in labels:
            continue
        pose = clip.pose_of(segment.id)
        rows.append(
            Mark(
                clip=clip.name,
                action=labels[segment.action].name,
                start_frame=segment.start_frame,
                end_frame=segment.end_frame,
                start_s=time_s(segment.start_frame),
                end_s=time_s(segment.end_frame),
                objects=tuple(labels[each].name for each in segment.objects if each in labels),
                actor=actors.get(segment.actor, ""),
                pose_frame=None if pose is None else pose.frame,
                pose_s=None if pose is None else time_s(pose.frame),
                made_by=segment.made.author,
                source=segment.made.source,
            )
        )
    close()
    return rows


def _clock(store: ProjectStore, clip: Clip) -> tuple[Callable[[int], float], Callable[[], None]]:
    """Times of frames by the video's own timestamps; by the mean rate where there is no video."""
    if has_video(store, clip):
        video = open_video(store.video_path(clip))
        last = len(video) - 1

        def by_timestamp(frame: int) -> float:
            beyond = max(frame - last, 0) / clip.video.rate_hz
            return round(video.time_s(min(frame, last)) + beyond, 6)

        return by_timestamp, video.close
    return (lambda frame: round(frame / clip.video.rate_hz, 6)), (lambda: None)
