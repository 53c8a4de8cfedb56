"""A timeline in words, for tooltips, screen readers and refusals. Functions of the scene."""

from collections.abc import Iterable

from PySide6.QtCore import QPointF

from studio.widgets import forecast_lanes
from studio.widgets import timeline_curves as curves
from studio.widgets.clip_time import say_time
from studio.widgets.forecast_lanes import Lane, LaneItem
from studio.widgets.timeline_axis import Row
from studio.widgets.timeline_scene import Scene
from studio.widgets.timeline_signals import MinMax
from studio.words import said, say


def said_of(scene: Scene, segment: str) -> str:
    """An item in words: "reach, 0:50.70 to 0:53.60"."""
    contents = scene.contents
    place, span = contents.place_of(segment), contents.segment_at(segment)
    if place is None or span is None:
        return ""
    track, time = contents.tracks[place[0]], contents.time
    label = contents.labels[int(track.labels[place[1]])]
    ends = [say_time(time.seconds(each)) for each in span]
    words = say("{name}, {start} to {end}", name=label.name, start=ends[0], end=ends[1])
    draft = say("a draft") if track.drafts[place[1]] else ""
    return ", ".join(each for each in (words, draft, _over(scene, place)) if each)


def _over(scene: Scene, place: tuple[int, int]) -> str:
    """Which others of the same person it lies over, the first of them by name."""
    track = scene.contents.tracks[place[0]]
    if track.row_count < 2:
        return ""
    start, end = track.starts[place[1]], track.ends[place[1]]
    others = ((track.starts < end) & (track.ends > start)).nonzero()[0].tolist()
    others.remove(place[1])
    if not others:
        return ""
    name = scene.contents.labels[int(track.labels[others[0]])].name
    if len(others) == 1:
        return say("overlaps {name}", name=name)
    return say("overlaps {name} and {count} more", name=name, count=len(others) - 1)


def said_of_lane(scene: Scene, lane: Lane, item: LaneItem | None) -> str:
    """A lane, or one of its steps, in words."""
    step = None if item is None else lane.step(item[1])
    if step is not None:
        return forecast_lanes.said_of(lane, step, scene.contents.time)
    return ". ".join(each for each in (lane.words, lane.hint) if each) or say(
        "{name}: choose runs and futures", name=lane.name
    )


def said_of_suggestion(scene: Scene, at: int) -> str:
    """One suggested frame in words: "suggested pose of reach, 0:51.20, 81 %, arms far out"."""
    marks = scene.suggestions
    if marks is None or not 0 <= at < len(marks.frames):
        return ""
    when = say_time(scene.contents.time.seconds(int(marks.frames[at])))
    why = curves.said_of(marks, at).replace("  ", ", ")
    return say("suggested pose of {name}, {when}, {why}", name=name_of(scene, marks.segments[at]), when=when, why=why)


def said_of_row(scene: Scene, row: Row, frame: float) -> str:
    """What a curve says at a frame: "left hand 1.2, right hand 0.4 torso lengths/s"."""
    at = int(frame)
    if row.kind == "confidence" and scene.confidence is not None and 0 <= at < len(scene.confidence):
        return say("2D confidence {value}", value=_value(scene.confidence, at, 2))
    if row.kind == "speed" and scene.speed is not None and 0 <= at < len(scene.speed.values):
        left, right = (_value(each, at, 1) for each in scene.speed.hands)
        return say("left hand {left}, right hand {right} {unit}", left=left, right=right, unit=said(scene.speed.unit))
    return ""


def _value(curve: MinMax, at: int, digits: int) -> str:
    value = curve.at(at)
    return say("not seen") if value is None else f"{value:.{digits}f}"


def said_of_head(scene: Scene, row: Row) -> str:
    """What a row's head tells: its name, that it is locked, how many overlap, its unit."""
    parts = [row.name]
    if row.kind == "segments":
        track = scene.contents.tracks[row.track]
        over = int((track.rows > 0).sum())
        if over:
            one = say("1 segment overlaps another")
            parts.append(one if over == 1 else say("{count} segments overlap others", count=over))
        if scene.arrangement.is_locked(track.actor):
            parts.append(say("locked"))
    if row.kind == "speed" and scene.speed is not None:
        most, unit = f"{scene.speed.top:.1f}", said(scene.speed.unit)
        parts.append(say("left blue, right orange, up to {most} {unit}", most=most, unit=unit))
    return ", ".join(parts)


def said_at(scene: Scene, at: QPointF) -> str:
    """What lies at a point, in words; empty where nothing does."""
    row = scene.row_at(at.y())
    if row is None:
        return ""
    lane = scene.lane_at(at)
    if lane is not None:
        return said_of_lane(scene, lane, scene.lane_item_at(at))
    if at.x() < scene.head:
        return said_of_head(scene, row)
    suggested = scene.suggestion_at(at)
    if suggested is not None:
        return said_of_suggestion(scene, suggested)
    hit = scene.hit(at)
    return said_of(scene, hit.segment) if hit is not None else said_of_row(scene, row, scene.axis.frame(at.x()))


def said_of_lock(scene: Scene, segments: Iterable[str]) -> str:
    """Why these cannot be changed."""
    places = [place for each in segments if scene.is_locked(each) and (place := scene.contents.place_of(each))]
    return locked_words(scene.contents.tracks[places[0][0]].name if places else "")


def locked_words(name: str, clip: str = "") -> str:
    """Why this person's segments cannot be changed; `clip` where it is not the one in front."""
    name = name or say("This track")
    if clip:
        return say("{name} is locked in {clip}: open the lock at the left of its timeline", name=name, clip=clip)
    return say("{name} is locked: open the lock at the left to change it", name=name)


def name_of(scene: Scene, segment: str) -> str:
    """The word of a segment."""
    place = scene.contents.place_of(segment)
    if place is None:
        return say("segment")
    return scene.contents.labels[int(scene.contents.tracks[place[0]].labels[place[1]])].name
