"""What was marked in a project, as files of others: segments, characteristic poses, 2D poses, one line a clip.

Times of frames are the video's own time stamps, or count by the rate where there is no video. A segment whose label
is gone from a damaged project is left out and listed; everything else that a format has no word for is left to it.
A project's named mappings of clusters lie beside them as a .json that `posecast clusters` takes in.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from core.bodies.skeletons import UPPER_BODY_9, map_matrix
from core.errors import FileError, ProjectError
from core.exchanged import Report, reasons
from core.footage import has_video
from core.formats import Format, cluster_table, coco, elan_writing, keypose_csv
from core.formats.annotated import Annotations, ForeignClip, ForeignSegment
from core.formats.keypose_csv import KeyposeRow
from core.formats.marks import Mark
from core.motion import Poses2d
from core.project import clusters
from core.project.annotations import OCCLUDED, CharacteristicPose, Clip, Segment
from core.project.joints import track_of
from core.project.provenance import run_of
from core.project.store import ProjectStore
from core.video import open_video
from core.whole_files import free_file_name
from core.wording import counted

Clock = Callable[[int], float]


def hand_out(known: Format, store: ProjectStore, out: Path, options: Mapping[str, str] | None = None) -> Report:
    """Write everything marked in the project to `out`, in the format `known`.

    `options`: `form` (GRAB or Human3.6M) of a table of characteristic poses; `frames` (poses or all) of COCO keypoints.
    """
    chosen, place = dict(options or {}), out
    if known.write is None:
        raise ProjectError(f"{known.name} can be read but not written.")
    try:
        if known.write is coco.write:
            return _hand_out_coco(known, store, out, chosen.get("frames", "poses"))
        match known.holds:
            case "2D poses":
                return _hand_out_folders(known, store, out)
            case "characteristic poses":
                return _hand_out_keyposes(known, store, out, chosen.get("form", "Human3.6M"))
            case "annotations":
                content = annotations_of_project(store)
                known.write(content, out)
                place = elan_writing.place_of(content, out) if known.write is elan_writing.write else out
                count = sum(len(clip.segments) for clip in content.clips)
            case "marks":
                rows = marks_of_project(store)
                known.write(rows, out)
                count = len(rows)
            case _:
                raise ProjectError(f"{known.name} holds no annotations.", hint="Choose .csv, .json or .eaf.")
    except OSError as error:
        why = f"could not be written ({error.strerror or error})"
        raise FileError(out, why, hint="Choose a folder that is there and can be written to.") from error
    left_out = tuple(_without_label(store))
    says = f"{place.name}: {counted(count, 'segment')} of {counted(len(store.project.clips), 'clip')}"
    says += ", a file each" if place.is_dir() else ""
    if store.project.clusterings:
        says += f"; {_clusters_beside(store, place)}: what models learn the actions as"
    return Report(format=known.name, says="\n".join([says, *left_out]), left_out=left_out)


def _clusters_beside(store: ProjectStore, place: Path) -> str:
    """The project's named mappings of clusters in a file beside what was written; its name."""
    beside = place / "clusters.json" if place.is_dir() else place.with_suffix(".clusters.json")
    free = beside
    number = 1
    while free.exists():  # what lies there may be somebody's
        number += 1
        free = beside.with_stem(f"{beside.stem} {number}")
    named = [cluster_table.NamedClusters(*each) for each in clusters.all_named(store.project)]
    cluster_table.write_named(free, named)
    return free.name


def marks_of_project(store: ProjectStore) -> list[Mark]:
    """One row a segment, clips in their order."""
    return [
        Mark(
            clip=clip.name, made_by=segment.made.author,
            **dict(vars(_foreign(store, clip, segment, time_s)), source=segment.made.source),
        )
        for clip in store.project.clips.values()
        for segment, time_s in _segments(store, clip)
    ]  # fmt: skip


def annotations_of_project(store: ProjectStore) -> Annotations:
    """The project as any data set of annotated videos: frames and seconds, splits by the clips' names."""
    project = store.project
    clips = []
    for clip in project.clips.values():
        segments = tuple(_foreign(store, clip, segment, time_s) for segment, time_s in _segments(store, clip))
        camera = project.cameras.get(clip.camera)
        clips.append(
            ForeignClip(
                clip.name, segments, rate_hz=clip.video.rate_hz, frame_count=clip.video.frame_count,
                width=clip.video.width, height=clip.video.height, performer=clip.performer,
                videos=(str(store.video_path(clip)),) if clip.video.path else (),
                camera=camera.name if camera is not None else "",
            )
        )  # fmt: skip
    names = {clip.id: clip.name for clip in project.clips.values()}
    splits = {
        split.name: {part: tuple(names[each] for each in ids if each in names) for part, ids in split.parts.items()}
        for split in project.splits.values()
    }
    learned_as = {label.name: label.learned_as for label in project.actions() if label.learned_as is not None}
    return Annotations(tuple(clips), splits=splits, learned_as=learned_as)


def _foreign(store: ProjectStore, clip: Clip, segment: Segment, time_s: Clock) -> ForeignSegment:
    labels = store.project.labels
    pose = clip.pose_of(segment.id)
    return ForeignSegment(
        action=labels[segment.action].name,
        start_frame=segment.start_frame,
        end_frame=segment.end_frame,
        start_s=time_s(segment.start_frame),
        end_s=time_s(segment.end_frame),
        objects=tuple(labels[each].name for each in segment.objects if each in labels),
        actor=next((each.name for each in clip.actors if each.id == segment.actor), ""),
        pose_frame=None if pose is None else pose.frame,
        pose_s=None if pose is None else time_s(pose.frame),
        pose_source="" if pose is None else pose.made.source,
        source=segment.made.source if run_of(segment.made.source) else "",
    )


def _segments(store: ProjectStore, clip: Clip) -> Iterator[tuple[Segment, Clock]]:
    """The segments whose action is known, with the clip's clock."""
    with _clock(store, clip) as time_s:
        for segment in clip.segments:
            if segment.action in store.project.labels:
                yield segment, time_s


def _without_label(store: ProjectStore) -> Iterator[str]:
    """What a damaged project cannot say the action of."""
    for clip in store.project.clips.values():
        for segment in clip.segments:
            if segment.action not in store.project.labels:
                yield f"left out: {clip.name}, frame {segment.start_frame}: the segment's label is gone"


@contextmanager
def _clock(store: ProjectStore, clip: Clip) -> Iterator[Clock]:
    """Times of frames by the video's own timestamps; by the mean rate where there is no video."""
    if not has_video(store, clip):
        yield lambda frame: round(frame / clip.video.rate_hz, 6)
        return
    with open_video(store.video_path(clip)) as video:
        last = len(video) - 1

        def by_timestamp(frame: int) -> float:
            beyond = max(frame - last, 0) / clip.video.rate_hz
            return round(video.time_s(min(frame, last)) + beyond, 6)

        yield by_timestamp


# ---- characteristic poses ----


def _hand_out_keyposes(known: Format, store: ProjectStore, out: Path, form: str) -> Report:
    """One row a characteristic pose; frames at the form's own rate, so that its readers find the instant."""
    if form not in keypose_csv.COLUMNS:
        raise ProjectError(f"there is no form {form!r}", hint=f"There are: {', '.join(keypose_csv.COLUMNS)}.")
    rate_hz = keypose_csv.RATES_HZ[form]
    rows: dict[tuple[str, int], KeyposeRow] = {}
    left_out = list(_without_label(store))
    for clip in store.project.clips.values():
        sample = Path(clip.name).stem.replace(";", ",").strip()
        for segment, time_s in _segments(store, clip):
            pose = clip.pose_of(segment.id)
            if pose is None:
                continue
            frame, start = (round(time_s(each) * rate_hz) for each in (pose.frame, segment.start_frame))
            if (sample, frame) in rows:
                left_out.append(f"left out: {clip.name}, frame {pose.frame}: another pose stands at this frame")
                continue
            comment = " ".join(store.project.labels[segment.action].name.split())
            rows[sample, frame] = KeyposeRow(sample, frame, start, comment if form == "Human3.6M" else "")
    keypose_csv.write(keypose_csv.made(form, rows.values()), out)
    says = f"{out.name}: {counted(len(rows), 'characteristic pose')} at {rate_hz:g} frames a second"
    return Report(format=known.name, says="\n".join([says, *reasons(left_out)]), left_out=tuple(left_out))


# ---- 2D poses ----


def _hand_out_folders(known: Format, store: ProjectStore, out: Path) -> Report:
    """One folder a clip."""
    assert known.write is not None
    clips = [clip for clip in store.project.clips.values() if clip.tracks]
    taken: set[str] = set()
    for clip in clips:
        known.write(store.tracks(clip.tracks), out / free_file_name(clip.name, taken))
    left_out = _without_tracks(store, clips)
    return Report(format=known.name, says=f"{out.name}: 2D poses of {counted(len(clips), 'clip')}", left_out=left_out)


def _hand_out_coco(known: Format, store: ProjectStore, out: Path, frames: str) -> Report:
    """All clips in one file: the people at characteristic poses, joints moved by hand included, or in every frame."""
    if frames not in ("poses", "all"):
        raise ProjectError(f"frames cannot be {frames!r}", hint="They can be: poses, all.")
    clips: list[Clip] = []
    sheets: list[coco.Sheet] = []
    taken: set[str] = set()
    lost = 0
    for clip in store.project.clips.values():
        poses = store.tracks(clip.tracks) if clip.tracks else None
        chosen = [each for each in clip.poses if poses is None or each.frame < len(poses)]
        if poses is None and (frames == "all" or not any(each.joint_edits for each in chosen)):
            continue
        clips.append(clip)
        name = free_file_name(clip.name, taken)
        size = clip.video.width, clip.video.height
        if frames == "all" and poses is not None:
            sheets.append(coco.Sheet(name, *size, poses, tuple(range(len(poses)))))
            continue
        at = tuple(sorted({each.frame for each in chosen if poses is not None or each.joint_edits}))
        people, hidden, without = _edited(clip, poses, at, chosen)
        sheets.append(coco.Sheet(name, *size, people, at, hidden))
        lost += without
    coco.write(sheets, out)
    count = sum(len(sheet.frames) for sheet in sheets)
    left_out = _without_tracks(store, clips)
    if lost:
        left_out = (*left_out, f"{counted(lost, 'joint')} moved by hand that the people of the file do not have")
    return Report(format=known.name, says=f"{out.name}: 2D poses of {counted(count, 'frame')}", left_out=left_out)


def _edited(
    clip: Clip, poses: Poses2d | None, frames: tuple[int, ...], chosen: list[CharacteristicPose]
) -> tuple[Poses2d, Bool[np.ndarray, "frames people joints"], int]:
    """The people at `frames` with the joints moved by hand, which of those are hidden, how many their skeleton lacks.

    Without 2D tracks they are the nine joints that somebody put there.
    """
    segments = {each.id: clip.segment(each.segment) for each in chosen}
    tracks = {key: track_of(clip, segment) for key, segment in segments.items() if segment is not None}
    if poses is None:
        shape = (len(frames), max(tracks.values(), default=0) + 1, len(UPPER_BODY_9))
        people = Poses2d(UPPER_BODY_9, np.zeros((*shape, 2), np.float32), np.zeros(shape, np.float32))
    else:
        people = Poses2d(poses.skeleton, poses.joints_px[list(frames)].copy(), poses.confidence[list(frames)].copy())
    hidden = np.zeros(people.confidence.shape, bool)
    at = {frame: place for place, frame in enumerate(frames)}
    matrix, lost = map_matrix(people.skeleton, UPPER_BODY_9), 0
    written = coco.written_as(people.skeleton).joints
    for pose in chosen:
        track = tracks.get(pose.id)
        if track is None or track >= people.people or not pose.joint_edits:
            continue
        for name, (x, y, sure) in pose.joint_edits.items():
            sources = np.flatnonzero(matrix[UPPER_BODY_9[name]])
            if len(sources) != 1 or people.skeleton.joints[sources[0]] not in written:
                lost += 1
                continue
            place = at[pose.frame], track, sources[0]
            people.joints_px[place], people.confidence[place] = (x, y), sure
            hidden[place] = sure == OCCLUDED
    return people, hidden, lost


def _without_tracks(store: ProjectStore, clips: list[Clip]) -> tuple[str, ...]:
    without = len(store.project.clips) - len(clips)
    return (f"{counted(without, 'clip')} without 2D poses",) if without else ()
