"""The command that suggests characteristic poses, or says how often its suggestions hit those that are set."""

import csv
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from core.commands.answers import Json, ProjectFolder, answer, person, refusals
from core.errors import ProjectError
from core.wording import counted

if TYPE_CHECKING:
    from core.project.annotations import Clip, Segment
    from core.project.store import ProjectStore
    from core.suggesting import Signals

_COLUMNS = ("clip", "action", "start_frame", "end_frame", "place", "frame", "score", "reasons")


def suggest(
    project: ProjectFolder,
    clip: Annotated[str, typer.Option(help="Only this clip, by its name.", show_default=False)] = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="Print rows of a table.")] = False,
    measured: Annotated[
        bool, typer.Option("--measure", help="Say how often suggestions hit the poses that are set.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Suggest frames for segments without a characteristic pose, each with its reasons; nothing is changed."""
    from core.project.store import ProjectStore

    with refusals(), ProjectStore.open(project, person(), mode="read") as store:
        clips = [each for each in store.project.clips.values() if clip in ("", each.name)]
        if not store.project.clips:
            raise ProjectError("the project has no clips yet", hint="Add some first: posecast add PROJECT VIDEO")
        if not clips:
            raise ProjectError(f"the project has no clip {clip}", hint="Clips are listed by: posecast inspect PROJECT")
        if not any(each.tracks for each in clips):
            raise ProjectError("there are no 2D poses to suggest from", hint="Extract them first: posecast poses")
        if measured:
            _measure(store, clips, as_json=as_json)
            return
        rows = list(_rows(store, clips))
        left = _waiting(store, clips) - sum(row["place"] == 1 for row in rows)
    if as_csv:
        text = io.StringIO()
        writer: csv.DictWriter[str] = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            why = row["reasons"]
            assert isinstance(why, dict)
            writer.writerow({**row, "reasons": " ".join(f"{name}={value:.2f}" for name, value in why.items())})
        answer(rows, text.getvalue().rstrip("\n"), as_json=as_json)
        return
    said = "{clip}  {action} {start_frame}-{end_frame}: frame {frame}, {score:.2f}"
    lines = [said.format_map(row) for row in rows if row["place"] == 1]
    if left:
        whose = "that waits for a characteristic pose has" if left == 1 else "that wait for a characteristic pose have"
        lines.append(f"{counted(left, 'segment')} {whose} no 2D poses there to suggest from")
    answer(rows, "\n".join(lines) or "Every segment has its characteristic pose.", as_json=as_json)


def _measured_people(store: "ProjectStore", clips: "list[Clip]") -> "Iterator[tuple[Clip, Segment, Signals]]":
    """Every segment of clips with 2D poses that needs a pose, with what its person does."""
    from core.project.joints import track_of
    from core.project.labelling import ranges
    from core.suggesting import measure

    unneeded = ranges(store.project)
    for each in clips:
        if not each.tracks:
            continue
        poses, signals = store.tracks(each.tracks), {}
        for segment in each.segments:
            track = track_of(each, segment)
            if segment.action in unneeded or not 0 <= track < poses.people:
                continue
            if track not in signals:
                signals[track] = measure(poses, track, each.video.rate_hz)
            yield each, segment, signals[track]


def _waiting(store: "ProjectStore", clips: "list[Clip]") -> int:
    """How many segments that need a pose have none."""
    from core.project.labelling import ranges

    unneeded = ranges(store.project)
    posed = {pose.segment for each in clips for pose in each.poses}
    return sum(each.action not in unneeded and each.id not in posed for clip in clips for each in clip.segments)


def _rows(store: "ProjectStore", clips: "list[Clip]") -> Iterator[dict[str, object]]:
    from core.suggesting.answering import skipped_frames, suggest_anew, weights_of

    weights, skipped = weights_of(store.project), skipped_frames(store.project)
    posed = {pose.segment for each in clips for pose in each.poses}
    for each, segment, signals in _measured_people(store, clips):
        if segment.id in posed:
            continue
        ends = segment.start_frame, segment.end_frame
        found = suggest_anew(signals, *ends, weights, segment.action, skipped.get(segment.id, ()))
        label = store.project.labels.get(segment.action)
        for place, one in enumerate(found, 1):
            what = (each.name, label.name if label is not None else "", *ends, place, one.frame, round(one.score, 3))
            yield dict(zip(_COLUMNS, (*what, one.reasons), strict=True))


def _measure(store: "ProjectStore", clips: "list[Clip]", *, as_json: bool) -> None:
    from core.suggesting import reasons_of
    from core.suggesting.answering import weights_of
    from core.suggesting.measuring import PLAIN, TOLERANCES_S, Case, hits_of, plain_hits

    cases: list[Case] = []
    for each, segment, signals in _measured_people(store, clips):
        pose = each.pose_of(segment.id)
        if pose is None or pose.is_draft or not segment.start_frame <= pose.frame < segment.end_frame:
            continue
        reasons = reasons_of(signals, segment.start_frame, segment.end_frame)
        if pose.frame - reasons.start < len(reasons.seen):
            at = pose.frame - reasons.start
            cases.append(Case(reasons, at, each.video.rate_hz, each.performer or each.id, segment.action))
    if not cases:
        raise ProjectError("no segment has a characteristic pose inside of it yet", hint="Set some, then measure.")
    rows = {"suggestions": hits_of(cases, weights_of(store.project))} | {
        each: plain_hits(cases, each) for each in PLAIN
    }
    shares = {
        name: {
            f"top-{top} within {tolerance} s": round(float(hits[:, column, place].mean()), 3)
            for column, tolerance in enumerate(TOLERANCES_S)
            for place, top in enumerate((1, 3))
        }
        for name, hits in rows.items()
    }
    lines = [f"{len(cases)} poses; within 0.2 s of the pose:"]
    for name, row in shares.items():
        lines.append(
            f"  {name:<12} first {row['top-1 within 0.2 s']:.3f}   one of three {row['top-3 within 0.2 s']:.3f}"
        )
    if store.project.answers:
        lines.append("Its answers have weighed the suggestions: those segments are no test of them.")
    answer({"poses": len(cases), "shares": shares}, "\n".join(lines), as_json=as_json)


COMMANDS = (suggest,)
