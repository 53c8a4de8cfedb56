"""Every kind of edit there is, made at random and repeatably: for round trips, and for a day's work.

`EDITS` holds them by name: each takes a project and chances and gives the edited project, or the same one where it
makes no sense yet. A change of what an edit writes belongs here.
"""

import random

from msgspec.structs import replace

from core.errors import ProjectError
from core.geometry.cameras import Camera
from core.project import cameras, clusters, drafts, edits, items, joints, labelling, many_segments
from core.project.annotations import (
    ABSENT,
    OCCLUDED,
    VISIBLE,
    Clip,
    FrameIdentity,
    Project,
    Provenance,
    SuggestionAnswer,
    VideoFile,
    new_id,
)
from core.project.three_way import planned
from tests.core.made_up_project import tilted_camera

FRAMES = 2000
WHO = "Ada"
FIRST = (
    "add label",
    "add label",
    "add object",
    "add clip",
    "add clip",
    "add actor",
    "mark",
    "mark",
    "mark",
    "set pose",
)


class Desk:
    """A person's chances, and the states of the project that colleagues have copies of."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.copies: list[Project] = []
        self.names = 0

    def name(self, what: str) -> str:
        self.names += 1
        return f"{what} {self.names}"

    def one(self, values):
        values = list(values)
        return self.chance.choice(values) if values else None

    def clip(self, project: Project) -> Clip | None:
        return self.one(project.clips.values())

    def segment(self, project: Project):
        """A clip and a segment of it, or two times None."""
        clip = self.one([each for each in project.clips.values() if each.segments])
        return (clip, self.one(clip.segments)) if clip is not None else (None, None)

    def span(self) -> tuple[int, int]:
        start = self.chance.randrange(FRAMES - 90)
        return start, start + self.chance.randrange(2, 80)


def identity(frame: int) -> FrameIdentity:
    """What stands for the look of a frame: a pose that lies on another frame than its own shows by it."""
    return FrameIdentity(pts=frame * 512, luma=f"{frame:04x}")


def add_label(project: Project, desk: Desk) -> Project:
    return edits.add_label(project, desk.name("label"), "action", author=WHO)[0]


def add_object(project: Project, desk: Desk) -> Project:
    return edits.add_label(project, desk.name("thing"), "object", author=WHO)[0]


def add_range(project: Project, desk: Desk) -> Project:
    return labelling.add_range(project, desk.name("nothing"), author=WHO)[0]


def rename_label(project: Project, desk: Desk) -> Project:
    label = desk.one(project.labels.values())
    return edits.rename_label(project, label.id, desk.name("word"))


def recolour_label(project: Project, desk: Desk) -> Project:
    return edits.recolour_label(project, desk.one(project.labels), f"#{desk.chance.randrange(1 << 24):06x}")


def key_of_label(project: Project, desk: Desk) -> Project:
    taken = {each.key for each in project.labels.values()}
    free = desk.one([key for key in edits.LABEL_KEYS if key not in taken]) or ""
    label = desk.one(project.actions())
    return project if label is None else edits.set_label_key(project, label.id, desk.one((free, "")))


def remove_label(project: Project, desk: Desk) -> Project:
    used = {key for clip in project.clips.values() for each in clip.segments for key in (each.action, *each.objects)}
    label = desk.one([key for key in project.labels if key not in used])
    return project if label is None else edits.remove_label(project, label)


def merge_labels(project: Project, desk: Desk) -> Project:
    actions = project.actions()
    if len(actions) < 2:
        return project
    gone, into = desk.chance.sample([each.id for each in actions], 2)
    return labelling.merge_labels(project, [gone], into)[0]


def move_labels(project: Project, desk: Desk) -> Project:
    return labelling.move_labels(project, [desk.one(project.labels)], desk.one(project.labels))


def learn_as(project: Project, desk: Desk) -> Project:
    label = desk.one(project.actions())
    return project if label is None else clusters.set_learned_as(project, label.id, desk.one(("", None, "cluster")))


def add_clustering(project: Project, desk: Desk) -> Project:
    learned = {each.id: f"group {at % 2}" for at, each in enumerate(project.actions())}
    return clusters.add_clustering(project, desk.name("clusters"), learned, author=WHO)[0]


def use_clustering(project: Project, desk: Desk) -> Project:
    chosen = desk.one(project.clusterings)
    return project if chosen is None else clusters.use(project, chosen)


def rename_clustering(project: Project, desk: Desk) -> Project:
    chosen = desk.one(project.clusterings)
    return project if chosen is None else clusters.rename_clustering(project, chosen, desk.name("clusters"))


def remove_clustering(project: Project, desk: Desk) -> Project:
    chosen = desk.one(project.clusterings)
    return project if chosen is None else clusters.remove_clustering(project, chosen)


def add_clip(project: Project, desk: Desk) -> Project:
    video = VideoFile(
        path="", frame_count=FRAMES, width=640, height=360, rate_hz=25.0, duration_s=FRAMES / 25, size_bytes=0,
        fingerprint="",
    )  # fmt: skip
    clip = Clip(id=new_id(), name=desk.name("clip"), video=video, made=Provenance.now(WHO))
    return project.with_clip(clip)


def rename_clip(project: Project, desk: Desk) -> Project:
    return edits.rename_clip(project, desk.one(project.clips), desk.name("take"))


def remove_clip(project: Project, desk: Desk) -> Project:
    return project if len(project.clips) < 3 else edits.remove_clip(project, desk.one(project.clips))


def add_actor(project: Project, desk: Desk) -> Project:
    return edits.add_actor(project, desk.one(project.clips), desk.name("cook"), author=WHO, track=0)[0]


def mark(project: Project, desk: Desk) -> Project:
    clip, label = desk.clip(project), desk.one(project.actions())
    if clip is None or label is None:
        return project
    things = tuple(each.id for each in project.objects()[:1]) if desk.chance.random() < 0.5 else ()
    actor = desk.one([each.id for each in clip.actors]) or ""
    return edits.mark_segment(project, clip.id, label.id, *desk.span(), author=WHO, objects=things, actor=actor)[0]


def relabel(project: Project, desk: Desk) -> Project:
    clip, segment = desk.segment(project)
    return project if clip is None else edits.change_segment(
        project, clip.id, segment.id, action=desk.one(project.actions()).id
    )  # fmt: skip


def move_end(project: Project, desk: Desk) -> Project:
    clip, segment = desk.segment(project)
    return project if clip is None else edits.move_ends(
        project, clip.id, segment.id, end_frame=segment.start_frame + desk.chance.randrange(1, 90)
    )  # fmt: skip


def move_many(project: Project, desk: Desk) -> Project:
    clip, _ = desk.segment(project)
    if clip is None:
        return project
    return many_segments.move(project, clip.id, [(each.id, *desk.span()) for each in clip.segments[:3]])


def split(project: Project, desk: Desk) -> Project:
    clip, segment = desk.segment(project)
    if clip is None or segment.end_frame - segment.start_frame < 3:
        return project
    return edits.split_segment(project, clip.id, segment.id, segment.start_frame + 1, author=WHO)[0]


def merge(project: Project, desk: Desk) -> Project:
    clip, segment = desk.segment(project)
    after = [] if clip is None else [each for each in clip.segments if each.actor == segment.actor]
    return project if not after or after[-1].id == segment.id else edits.merge_with_next(project, clip.id, segment.id)


def delete(project: Project, desk: Desk) -> Project:
    clip, segment = desk.segment(project)
    return project if clip is None else edits.delete_segments(project, clip.id, segment.id)


def paste(project: Project, desk: Desk) -> Project:
    clip, segment = desk.segment(project)
    if clip is None:
        return project
    what, at = many_segments.copied(project, clip.id, [segment.id]), desk.chance.randrange(1500)
    try:
        frames = many_segments.pose_frames(project, clip.id, what, at)
    except ProjectError:  # past the clip's end, which is refused: no edit
        return project
    known = {frame: identity(frame) for frame in frames}
    return many_segments.paste(project, clip.id, what, at, known, author=WHO)[0]


def set_pose(project: Project, desk: Desk) -> Project:
    clip, segment = desk.segment(project)
    if clip is None:
        return project
    frame = desk.chance.randrange(segment.start_frame, segment.end_frame)
    return edits.set_pose(project, clip.id, segment.id, frame, identity(frame), author=WHO)


def remove_pose(project: Project, desk: Desk) -> Project:
    clip, segment = desk.segment(project)
    return project if clip is None or clip.pose_of(segment.id) is None else edits.remove_pose(
        project, clip.id, segment.id
    )  # fmt: skip


def edit_joints(project: Project, desk: Desk) -> Project:
    clip, segment = desk.segment(project)
    pose = clip.pose_of(segment.id) if clip is not None else None
    if pose is None:
        return project
    state = desk.one((VISIBLE, OCCLUDED, ABSENT))
    places = {desk.one(joints.UPPER_BODY_9.joints): (desk.chance.random() * 640, desk.chance.random() * 360, state)}
    return edits.set_joint_edits(project, clip.id, segment.id, {**pose.joint_edits, **places})


def confirm(project: Project, desk: Desk) -> Project:
    clip, segment = desk.segment(project)
    if clip is None:
        return project
    made = replace(segment.made, source="draft: forecast by forecaster-08")
    foreseen = project.with_clip(clip.with_segment(replace(segment, made=made)))
    return desk.one((foreseen, drafts.confirm(foreseen, clip.id, segment.id, author=WHO)))


def answer(project: Project, desk: Desk) -> Project:
    clip, segment = desk.segment(project)
    if clip is None:
        return project
    made = SuggestionAnswer(
        id=new_id(), clip=clip.id, segment=segment.id, frame=segment.start_frame, accepted=desk.chance.random() < 0.5,
        reasons={"extent": desk.chance.random()}, position=desk.chance.randrange(3), made=Provenance.now(WHO),
    )  # fmt: skip
    return project.with_answer(made)


def calibrate(project: Project, desk: Desk) -> Project:
    camera: Camera = tilted_camera(desk.chance.uniform(0, 40))
    clips = [] if not project.clips else [desk.one(project.clips)]
    return edits.add_camera(project, cameras.free_name(project, "camera"), camera, author=WHO, clip_ids=clips)[0]


def divide(project: Project, desk: Desk) -> Project:
    ids = tuple(project.clips)
    return edits.add_split(project, desk.name("split"), {"train": ids[1:], "test": ids[:1]}, author=WHO)[0]


def keep(project: Project, desk: Desk) -> Project:
    return edits.add_item(project, "motion", desk.name("walk"), "motions/walk", author=WHO, facts={"s": "4"})[0]


def take_out(project: Project, desk: Desk) -> Project:
    item = desk.one(project.items)
    return project if item is None else items.remove_item(project, item)


def rename_project(project: Project, desk: Desk) -> Project:
    return replace(project, name=desk.name("Kitchen"))


def merge_copy(project: Project, desk: Desk) -> Project:
    """What a colleague did on an older state comes in, conflicts as here."""
    if len(desk.copies) < 2:
        return project
    base = desk.one(desk.copies[-6:])
    theirs = base
    for name in ("mark", "set pose", "move end", "add label"):
        theirs = EDITS[name](theirs, desk)
    return planned(base, project, theirs).result({})


EDITS = {
    "add label": add_label, "add object": add_object, "add range": add_range, "rename label": rename_label,
    "recolour label": recolour_label, "key of label": key_of_label, "remove label": remove_label,
    "merge labels": merge_labels, "move labels": move_labels, "learn as": learn_as, "add clustering": add_clustering,
    "use clustering": use_clustering, "rename clustering": rename_clustering, "remove clustering": remove_clustering,
    "add clip": add_clip, "rename clip": rename_clip, "remove clip": remove_clip, "add actor": add_actor, "mark": mark,
    "relabel": relabel, "move end": move_end, "move many": move_many, "split": split, "merge": merge,
    "delete": delete, "paste": paste, "set pose": set_pose, "remove pose": remove_pose, "edit joints": edit_joints,
    "confirm": confirm, "answer": answer, "calibrate": calibrate, "divide": divide, "keep": keep, "take out": take_out,
    "rename project": rename_project, "merge copy": merge_copy,
}  # fmt: skip


def edited(project: Project, name: str, desk: Desk) -> Project:
    """The project after one edit of this name."""
    needs = project.labels and project.clips
    after = EDITS[name](project, desk) if needs or name in FIRST[:4] else project
    desk.copies.append(after)
    return after
