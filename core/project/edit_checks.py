"""What an edit is about, found by id, and what it may not say: every refusal is a ProjectError in words."""

from core.errors import ProjectError
from core.project.annotations import Clip, Label, Project, Segment


def label_of(project: Project, label_id: str) -> Label:
    if label_id not in project.labels:
        raise ProjectError(f"the project has no label {label_id}", hint="Choose one of its labels.")
    return project.labels[label_id]


def clip_of(project: Project, clip_id: str) -> Clip:
    if clip_id not in project.clips:
        raise ProjectError(f"the project has no clip {clip_id}", hint="Choose one of its clips.")
    return project.clips[clip_id]


def segment_of(project: Project, clip_id: str, segment_id: str) -> tuple[Clip, Segment]:
    clip = clip_of(project, clip_id)
    segment = clip.segment(segment_id)
    if segment is None:
        raise ProjectError(f"{clip.name} has no segment {segment_id}", hint="Choose one of its segments.")
    return clip, segment


def check_ends(start_frame: int, end_frame: int) -> None:
    if start_frame < 0:
        raise ProjectError(f"a segment cannot start at frame {start_frame}", hint="Frames count from 0.")
    if end_frame <= start_frame:
        raise ProjectError(
            f"a segment ends after it starts, not from frame {start_frame} to {end_frame}",
            hint="Set its end behind its start.",
        )


def check_words(project: Project, clip: Clip, action: str, objects: tuple[str, ...], actor: str) -> None:
    if label_of(project, action).kind != "action":
        raise ProjectError(f"{project.labels[action].name} is an object, not an action", hint="Choose an action.")
    for each in objects:
        if label_of(project, each).kind != "object":
            raise ProjectError(f"{project.labels[each].name} is an action, not an object", hint="Choose an object.")
    if actor and actor not in {each.id for each in clip.actors}:
        raise ProjectError(f"{clip.name} has no person {actor}", hint="Add the person to the clip first.")
