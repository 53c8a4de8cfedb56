"""Where two annotators come from, for core.project.agreement: a project's folder, one author in it, an exported table.

    agreement(side_of(Path("kitchen"), author="Ada"), side_of(Path("ben.csv")))

A table of marks (core.formats.marks) has no videos and no joints; its frame rate follows from its own seconds, or is
that of the other side's clip of the same name. Also the figures as a table to export. No torch.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from core.errors import CoreError, ProjectError
from core.formats import marks
from core.formats.delimited import as_cell
from core.motion import Poses2d
from core.project import joints
from core.project.agreement import POSE_KEYS, SEGMENT_KEYS, Agreement, Figures, JointsOf, Side
from core.project.annotations import (
    CharacteristicPose,
    Clip,
    FrameIdentity,
    Label,
    Project,
    Provenance,
    Segment,
    VideoFile,
)
from core.project.store import ProjectStore
from core.project.track_files import read_tracks

COLUMNS = (
    *("what", "segments_a", "segments_b", "poses_a", "poses_b"),
    *(f"f1_{key}" for key in SEGMENT_KEYS),
    *("kappa", "alpha"),
    *(f"pose_f1_{key}" for key in POSE_KEYS),
    *("pose_pairs", "pose_median_s", "pose_p90_s", *(f"pose_within_{key}" for key in POSE_KEYS)),
    *("joint_px", "joint_torso", "moved_joints", "moved_joint_px", "pck"),
)


def side_of(path: Path, author: str = "", *, rates: Mapping[str, float] | None = None) -> Side:
    """The annotator that `path` holds. CoreError in words where it holds none, or nobody of that name."""
    if not path.exists():
        raise ProjectError(f"{path} is not there", hint="Name a project's folder, or an exported table of marks.")
    if path.is_file():
        project = _of_table(path, rates or {})
        side = Side(project, author)
    else:
        with ProjectStore.open(path, author or "somebody", mode="read") as store:
            side = Side(store.project, author, joints_in(path))
    if author and author not in authors_of(side.project):
        there = ", ".join(authors_of(side.project)) or "nobody"
        raise ProjectError(f"{author} marked nothing in {path.name}", hint=f"There is: {there}.")
    return side


def authors_of(project: Project) -> tuple[str, ...]:
    """Who marked segments in a project, most first."""
    counts: dict[str, int] = {}
    for clip in project.clips.values():
        for segment in clip.segments:
            if not segment.is_draft:
                counts[segment.made.author] = counts.get(segment.made.author, 0) + 1
    return tuple(sorted(counts, key=lambda name: -counts[name]))


def joints_in(folder: Path) -> JointsOf:
    """The joints that stand for a pose in the project of this folder, from its 2D poses and what was moved by hand."""
    opened: dict[str, Poses2d | None] = {}

    def joints_of(clip: Clip, segment: Segment, pose: CharacteristicPose) -> Mapping[str, joints.Place] | None:
        if clip.tracks and clip.tracks not in opened:
            try:
                opened[clip.tracks] = read_tracks(folder, clip.tracks)
            except CoreError:
                opened[clip.tracks] = None
        poses = opened.get(clip.tracks)
        if poses is None and not pose.joint_edits:
            return None
        return joints.shown(joints.detected(poses, pose.frame, joints.track_of(clip, segment)), pose.joint_edits)

    return joints_of


def rates_of(project: Project) -> dict[str, float]:
    """Frames a second by the clip's name."""
    return {clip.name: clip.video.rate_hz for clip in project.clips.values()}


def rows_of(found: Agreement) -> list[list[object]]:
    """Everything, then by label, then by clip: a cell is empty where there is nothing to measure."""
    return [_row(each) for each in (found.overall, *found.labels, *found.of_clips)]


def as_csv(found: Agreement) -> str:
    """The figures as a table."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(value) for value in row] for row in rows_of(found))
    return text.getvalue()


def _row(figures: Figures) -> list[object]:
    return [
        figures.name,
        *figures.segments,
        *figures.poses,
        *figures.f1.values(),
        figures.kappa,
        figures.alpha,
        *figures.pose_f1.values(),
        figures.pairs,
        figures.median_s,
        figures.p90_s,
        *figures.within.values(),
        figures.joint_px,
        figures.joint_torso,
        figures.moved,
        figures.moved_px,
        figures.pck,
    ]


def _cell(value: object) -> object:
    if isinstance(value, str):
        return as_cell(value)
    return f"{value:.4f}" if isinstance(value, float) else "" if value is None else value


def _of_table(path: Path, rates: Mapping[str, float]) -> Project:
    """A table of marks as a project of its own: ids are names."""
    if marks.is_csv(path):
        rows = marks.read_csv(path)
    elif marks.is_json(path):
        rows = marks.read_json(path)
    else:
        raise ProjectError(
            f"{path.name} is neither a project's folder nor a table of marks",
            hint="Export the marks there as CSV or JSON first.",
        )
    project = Project(id=path.name, name=path.stem)
    of_clip: dict[str, list[marks.Mark]] = {}
    for row in rows:
        of_clip.setdefault(row.clip, []).append(row)
        if row.action not in project.labels:
            made = Provenance(author=row.made_by, at="")
            label = Label(id=row.action, name=row.action, kind="action", colour="#808080", made=made)
            project = project.with_label(label)
    for name, of_name in of_clip.items():
        rate = rates.get(name) or _rate(of_name)
        if rate is None:
            raise ProjectError(
                f"{path.name} does not say how fast {name} runs", hint="Keep its columns start_s and end_s."
            )
        project = project.with_clip(_clip(name, of_name, rate))
    return project


def _rate(rows: Sequence[marks.Mark]) -> float | None:
    said = [(row.end_frame, row.end_s) for row in rows if row.end_s and row.end_s > 0 and row.end_frame > 0]
    if not said:
        return None
    frame, second = max(said)
    return frame / second


def _clip(name: str, rows: Sequence[marks.Mark], rate: float) -> Clip:
    frames = max(row.end_frame for row in rows)
    video = VideoFile(
        path="", frame_count=frames, width=1, height=1, rate_hz=rate, duration_s=frames / rate, size_bytes=0,
        fingerprint="",
    )  # fmt: skip
    segments, poses = [], []
    for number, row in enumerate(rows):
        made = Provenance(author=row.made_by, at="", source=row.source or "by hand")
        try:
            segment = Segment(
                id=f"{name} {number}", action=row.action, start_frame=row.start_frame, end_frame=row.end_frame,
                actor=row.actor, made=made,
            )  # fmt: skip
        except ValueError as error:
            raise ProjectError(f"{name}: {error}", hint="Mend that row of the table.") from None
        segments.append(segment)
        if row.pose_frame is not None and row.pose_frame >= 0:
            posed = replace(made, source=row.pose_source or made.source)
            poses.append(
                CharacteristicPose(
                    id=f"{segment.id} pose",
                    segment=segment.id,
                    frame=row.pose_frame,
                    identity=FrameIdentity(pts=row.pose_frame),
                    made=posed,
                )
            )
    clip = Clip(id=name, name=name, video=video, made=Provenance(author="", at=""))
    return replace(clip, segments=tuple(segments), poses=tuple(poses))
