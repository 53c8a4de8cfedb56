"""What the Annotate page says about segments, poses and clips, in words. Pure: from the project's values to texts."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from core.motion import Poses2d
from core.project import joints
from core.project.annotations import BY_HAND, DRAFT, CharacteristicPose, Clip, Project, Provenance, Segment
from core.project.labelling import is_range
from core.project.provenance import origin_of, run_of
from studio.widgets.clip_time import ClipTime, read_frame, say_count, say_time
from studio.widgets.people_overlay import Person, as_edited, people_at
from studio.widgets.segment_facts import PoseFacts, SegmentFacts
from studio.widgets.timeline_contents import ACTOR_NOT_SAID
from studio.words import say


def missing_words(
    clip: Clip, gaps: Sequence[tuple[int, int]], lacking: int, drafts: int = 0, overlapping: int = 0
) -> tuple[str, bool]:
    """What is still to do in a clip, and whether there is anything.

    `lacking` segments still need a pose; at `drafts` of a model nobody has looked yet; `overlapping` lie over another
    of the same person, which is nothing missing but worth a look.
    """
    said = []
    if gaps:
        said.append(_counted(len(gaps), "1 unlabelled stretch", "{count} unlabelled stretches"))
    if lacking:
        said.append(_counted(lacking, "1 segment without a pose", "{count} segments without a pose"))
    if drafts:
        said.append(_counted(drafts, "1 draft", "{count} drafts"))
    over = []
    if overlapping:
        over.append(_counted(overlapping, "1 segment overlaps another", "{count} segments overlap"))
    if said:
        return ", ".join([*said, *over]), True
    return ", ".join([say("Nothing is missing" if clip.segments else "Nothing is marked yet"), *over]), False


def _counted(count: int, one: str, many: str) -> str:
    """So many of something, in the person's language."""
    return say(one) if count == 1 else say(many, count=say_count(count))


def first_actor(clip: Clip) -> str:
    """Whom new marks are about when a clip is opened: the one most marks say, of several people never nobody."""
    said = Counter(each.actor for each in clip.segments)
    if len(clip.actors) > 1:
        del said[""]
    first = clip.actors[0].id if clip.actors else ""
    return said.most_common(1)[0][0] if said else first


def actor_choices(clip: Clip, segment: Segment | None, people: int) -> list[tuple[str, str]]:
    """Who may have done a segment. Where there is one person it is theirs, said or not."""
    if not clip.actors:
        return [("", say("the one person") if people < 2 else ACTOR_NOT_SAID)]
    if len(clip.actors) == 1 and people < 2:
        return [(segment.actor if segment is not None else clip.actors[0].id, clip.actors[0].name)]
    not_said = [("", ACTOR_NOT_SAID)] if segment is not None and not segment.actor else []
    return not_said + [(each.id, each.name) for each in clip.actors]


def segment_facts(
    project: Project, clip: Clip, segment: Segment, time: ClipTime, poses: Poses2d | None
) -> SegmentFacts:
    """A segment for the inspector."""
    label = project.labels.get(segment.action)
    start, end = time.seconds(segment.start_frame), time.seconds(segment.end_frame)
    frames = segment.end_frame - segment.start_frame
    return SegmentFacts(
        id=segment.id,
        name=label.name if label is not None else say("no label"),
        action=segment.action,
        colour=label.colour if label is not None else "text3",
        start=say_time(start),
        end=say_time(end),
        length=f"{end - start:.2f} s, {say_count(frames)} {'frame' if frames == 1 else 'frames'}",
        objects=segment.objects,
        actor=segment.actor,
        made=made_words(segment.made),
        is_draft=segment.is_draft or ((pose := clip.pose_of(segment.id)) is not None and pose.is_draft),
        pose=_pose_facts(clip, segment, time, poses, is_needed=label is None or not is_range(label)),
    )


def made_words(made: Provenance) -> str:
    """Who made a row and when: "By hand: Ines K., today 20:58", "forecaster-08, accepted by Ines K., today 20:58"."""
    run = run_of(made.source)
    if run:
        words = {"draft": "{run}, accepted by {author}, {at}", "confirmed": "{run}, confirmed by {author}, {at}"}
        said_as = words.get(origin_of(made.source), "{run}, corrected by {author}, {at}")
        return say(said_as, run=run, author=made.author or say("somebody"), at=_when(made.at))
    how = say("By hand") if made.source == BY_HAND else made.source
    how = how[:1].upper() + how[1:]
    return f"{how}: {made.author}, {_when(made.at)}" if made.author else f"{how}, {_when(made.at)}"


def clip_facts(project: Project, clip: Clip, path: Path | None, poses: Poses2d | None) -> list[tuple[str, str]]:
    """A clip for the inspector: name and fact a row."""
    video = clip.video
    camera = project.cameras.get(clip.camera)
    camera_words = (
        say("estimated") if camera is None or camera.estimated else say("{name}, calibrated", name=camera.name)
    )
    rate = f"{video.rate_hz:.2f}".rstrip("0").rstrip(".")
    tracks = say("none yet")
    if poses is not None:
        tracks = say("1 person") if poses.people == 1 else say("{people} people", people=poses.people)
        tracks = f"{tracks}, {poses.skeleton.name}"
    rows = [(say("Name"), clip.name)]
    if path is not None:
        rows += [(say("Video"), path.name), (say("Folder"), str(path.parent))]
    else:
        rows += [(say("Video"), say("none: joints alone"))]
    rows += [
        (
            say("Length"),
            say("{time}, {frames} frames", time=say_time(video.duration_s), frames=say_count(video.frame_count)),
        ),
        (say("Size"), f"{video.width} × {video.height}"),
        (say("Rate"), say("{rate} frames/s", rate=rate)),
        *([(say("On disk"), f"{video.size_bytes / 1e6:.1f} MB")] if video.path else []),
        (say("Performer"), clip.performer or say("not said")),
        (say("2D poses"), tracks),
        (say("Camera"), camera_words),
        (say("Segments"), say_count(len(clip.segments))),
        (say("Poses"), say("{poses} of {all}", poses=say_count(len(clip.poses)), all=say_count(len(clip.segments)))),
        (say("Added"), made_words(clip.made)),
    ]
    return rows


def read_ends(start: str, end: str, was: tuple[int, int], time: ClipTime) -> tuple[int, int] | None:
    """Typed ends as frames; an end that still reads as it was stays exactly where it was. None where they make none."""
    frames = []
    for words, frame in ((start, was[0]), (end, was[1])):
        if words.strip() == say_time(time.seconds(frame)):
            frames.append(frame)
            continue
        found = read_frame(words, ClipTime(time.frame_count + 1, time.rate_hz, time.times_s))
        if found is None:
            return None
        frames.append(found)
    return (frames[0], frames[1]) if 0 <= frames[0] < frames[1] else None


def _pose_facts(clip: Clip, segment: Segment, time: ClipTime, poses: Poses2d | None, *, is_needed: bool) -> PoseFacts:
    pose = clip.pose_of(segment.id)
    if pose is None:
        return PoseFacts(is_set=False, is_needed=is_needed)
    track = joints.track_of(clip, segment)
    seen = joints.detected(poses, pose.frame, track)
    known = joints.known_count(joints.shown(seen, pose.joint_edits))
    by_hand = len(pose.joint_edits)
    if poses is None and not known:
        words = say("no joints in this frame")
    elif by_hand:
        words = say("{known} of 9 joints, {count} by hand", known=known, count=by_hand)
    else:
        words = say("{known} of 9 joints", known=known)
    video = clip.video
    outside = not segment.start_frame <= pose.frame < segment.end_frame
    return PoseFacts(
        is_set=True,
        at=say_time(time.seconds(pose.frame)),
        frame=say_count(pose.frame),
        who=_who_set(pose) + (say(". Outside its segment") if outside else ""),
        joints=words,
        person=_person(clip, segment, pose, poses),
        seen=joints.seen_joints(seen, pose.joint_edits, None, video.width, video.height),
    )


def _who_set(pose: CharacteristicPose) -> str:
    """`Set by hand, Ines K., today 20:58`; of one that nobody chose yet, that it is a draft."""
    if not pose.is_draft:
        by_hand, set_by_hand = f"{say('By hand')}:", f"{say('Set by hand')},"
        return made_words(pose.made).replace(by_hand, set_by_hand)
    if run_of(pose.made.source):
        return say("A draft, which nobody chose yet. {who}", who=made_words(pose.made))
    how = pose.made.source.removeprefix(DRAFT).strip(" :")
    by = ", ".join(each for each in (pose.made.author, _when(pose.made.at)) if each)
    if how:
        return say("A draft, which nobody chose yet ({how}). {who}", how=how, who=by)
    return say("A draft, which nobody chose yet. {who}", who=by)


def _person(clip: Clip, segment: Segment, pose: CharacteristicPose, poses: Poses2d | None) -> Person | None:
    """The segment's person as the pose shows them, joints moved by hand included; None where nobody is."""
    track = joints.track_of(clip, segment)
    people = people_at(poses, pose.frame, {}, track) if poses is not None else ()
    people = as_edited(people, pose.joint_edits, track, is_actor=True)
    return next((each for each in people if each.track == track), None)


def _when(at: str) -> str:
    """`today 20:58`, or a date before today."""
    try:
        moment = datetime.fromisoformat(at).astimezone()
    except ValueError:
        return at
    today = datetime.now().astimezone()
    if moment.date() == today.date():
        return say("today {at}", at=f"{moment:%H:%M}")
    return f"{moment.day} {moment:%B %Y %H:%M}"
