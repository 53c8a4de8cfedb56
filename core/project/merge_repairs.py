"""What a merged project needs so that every row still has what it names, and every name stands once. Pure.

What one side deleted and the other uses comes back; of two keys, names or colours that clash, the newcomer gets
another. Each repair is said in a sentence, for the list of what the merge did.
"""

import hashlib
from typing import Any

from msgspec.structs import replace

from core.project.annotations import Clip, Project
from core.project.edits import LABEL_COLOURS, LABEL_KEYS


def repaired(project: Project, mine: Project, others: tuple[Project, ...]) -> tuple[Project, tuple[str, ...]]:
    """The merged `project` made whole; `others` (theirs, then the base) are where missing rows are found."""
    notes: list[str] = []
    sources = (mine, *others)
    project = _with_labels(project, sources, notes)
    project = _with_cameras(project, sources, notes)
    project = _with_people(project, sources, notes)
    project = _named_again(project, mine, others)
    project = _with_own_pose_ids(project)
    project = _with_keys_and_colours(project, mine, notes)
    for table, things in (("labels", "label"), ("clips", "clip"), ("cameras", "camera"), ("clusterings", "clustering")):
        project = _with_names_once(project, mine, table, things, notes)
    return _with_whole_splits(project, notes), tuple(notes)


def _with_labels(project: Project, sources: tuple[Project, ...], notes: list[str]) -> Project:
    used = dict.fromkeys(
        label for clip in project.clips.values() for each in clip.segments for label in (each.action, *each.objects)
    )
    for missing in [each for each in used if each not in project.labels]:
        label = next((each.labels[missing] for each in sources if missing in each.labels), None)
        if label is not None:
            notes.append(f"{label.name} was removed on one side and is used on the other: it stays.")
            project = project.with_label(label)
    return project


def _with_cameras(project: Project, sources: tuple[Project, ...], notes: list[str]) -> Project:
    for missing in dict.fromkeys(
        clip.camera for clip in project.clips.values() if clip.camera and clip.camera not in project.cameras
    ):
        camera = next((each.cameras[missing] for each in sources if missing in each.cameras), None)
        if camera is not None:
            notes.append(f"The camera {camera.name} was removed on one side and films a clip on the other: it stays.")
            project = project.with_camera(camera)
    return project


def _with_people(project: Project, sources: tuple[Project, ...], notes: list[str]) -> Project:
    for clip in list(project.clips.values()):
        present = {each.id for each in clip.actors}
        missing = dict.fromkeys(each.actor for each in clip.segments if each.actor and each.actor not in present)
        known = {
            each.id: each for side in reversed(sources) if clip.id in side.clips for each in side.clips[clip.id].actors
        }
        back = tuple(known[each] for each in missing if each in known)
        if back:
            names = ", ".join(each.name for each in back)
            notes.append(f"{clip.name}: {names} was removed on one side and acts on the other, and stays.")
            project = project.with_clip(replace(clip, actors=(*clip.actors, *back)))
    return project


def _named_again(project: Project, mine: Project, others: tuple[Project, ...]) -> Project:
    """Clips and labels that stay though one side took them out, where splits and clusterings had them.

    Who takes a clip out takes it out of its splits as well; that change came alone, without the clip's.
    """
    theirs, base = others[0], others[-1]
    for side, other in ((mine, theirs), (theirs, mine)):
        clips, labels = (
            {each for each in here if each in began and each not in there}
            for here, began, there in (
                (project.clips, base.clips, other.clips),
                (project.labels, base.labels, other.labels),
            )
        )
        for split in project.splits.values() if clips else ():
            given = {each for part in split.parts.values() for each in part}
            had = side.splits[split.id].parts if split.id in side.splits else {}
            back = {part: tuple(each for each in of if each in clips - given) for part, of in had.items()}
            if any(back.values()):
                parts = {part: (*of, *back.get(part, ())) for part, of in split.parts.items()}
                project = project.with_split(replace(split, parts=parts))
        for each in project.clusterings.values() if labels else ():
            had = side.clusterings[each.id].learned if each.id in side.clusterings else {}
            back = {label: name for label, name in had.items() if label in labels and label not in each.learned}
            if back:
                project = project.with_clustering(replace(each, learned={**each.learned, **back}))
    return project


def _with_own_pose_ids(project: Project) -> Project:
    """A pose that went two ways, to two segments, is two poses."""
    taken: set[str] = set()
    for clip in list(project.clips.values()):
        poses = []
        for pose in clip.poses:
            if pose.id in taken:
                pose = replace(pose, id=hashlib.sha256(f"{pose.segment} {pose.id}".encode()).hexdigest()[:32])
            taken.add(pose.id)
            poses.append(pose)
        if any(now is not was for now, was in zip(poses, clip.poses, strict=True)):
            project = project.with_clip(replace(clip, poses=tuple(poses)))
    return project


def _with_keys_and_colours(project: Project, mine: Project, notes: list[str]) -> Project:
    keys: dict[str, str] = {}
    for label in project.labels.values():
        was = mine.labels.get(label.id)
        if label.key and was is not None and was.key == label.key:
            keys[label.key] = label.id
    clashing = [each for each in project.labels.values() if each.key and keys.setdefault(each.key, each.id) != each.id]
    for label in clashing:
        key = next((each for each in LABEL_KEYS if each not in keys), "")
        keys.setdefault(key, label.id)
        holder = project.labels[keys[label.key]].name
        has = f"{label.name} has {key}" if key else f"{label.name} has none"
        notes.append(f"{label.key} is the key of {holder} here; {has}.")
        project = project.with_label(replace(label, key=key))
    here = [(each.kind, each.colour) for key, each in project.labels.items() if key in mine.labels]
    for label in [each for each in project.labels.values() if each.id not in mine.labels]:
        if (label.kind, label.colour) in here and label.colour in LABEL_COLOURS:
            used = [each.colour for each in project.labels.values() if each.kind == label.kind]
            colour = min(LABEL_COLOURS, key=used.count)
            if used.count(colour) < used.count(label.colour):
                notes.append(f"{label.name} had the colour of another label, and has one of its own.")
                project = project.with_label(replace(label, colour=colour))
    return project


def _with_names_once(project: Project, mine: Project, table: str, thing: str, notes: list[str]) -> Project:
    def kind(row: Any) -> str:
        return getattr(row, "kind", "")

    rows = dict(getattr(project, table))
    own = getattr(mine, table)
    taken = {(kind(each), each.name) for key, each in rows.items() if key in own and own[key].name == each.name}
    for key, row in rows.items():
        if key in own and own[key].name == row.name:
            continue
        name = next(
            each
            for each in (row.name, *(f"{row.name} {n}" for n in range(2, len(rows) + 3)))
            if (kind(row), each) not in taken
        )
        taken.add((kind(row), name))
        if name != row.name:
            notes.append(f'There is already a {thing} called "{row.name}" here; theirs is called "{name}".')
            rows[key] = replace(row, name=name)
    return replace(project, **{table: rows}) if rows != getattr(project, table) else project


def _with_whole_splits(project: Project, notes: list[str]) -> Project:
    """No clip that is gone, and none in two parts: the first holds it."""
    for split in list(project.splits.values()):
        given: set[str] = set()
        parts: dict[str, tuple[str, ...]] = {}
        for part, clips in split.parts.items():
            parts[part] = tuple(dict.fromkeys(each for each in clips if each in project.clips and each not in given))
            given.update(parts[part])
        if parts != split.parts:
            notes.append(f"The split {split.name} leaves out clips that are gone or stood in two parts.")
            project = project.with_split(replace(split, parts=parts))
    return project


def overlaps_made(project: Project, mine: Project, theirs: Project) -> list[tuple[Clip, Any, Any]]:
    """Segments of one person that overlap in the merged project and did on neither side."""
    found = []
    for clip in project.clips.values():
        sides = [side.clips.get(clip.id) for side in (mine, theirs)]
        if any(side is not None and side.segments == clip.segments for side in sides):
            continue
        known = [{each.id: each for each in side.segments} for side in sides if side is not None]
        latest: dict[str, Any] = {}
        for segment in clip.segments:
            before = latest.get(segment.actor)
            stood = before is not None and any(
                segment == rows.get(segment.id) and before == rows.get(before.id) for rows in known
            )
            if before is not None and segment.start_frame < before.end_frame and not stood:
                found.append((clip, before, segment))
            if before is None or segment.end_frame > before.end_frame:
                latest[segment.actor] = segment
    return found
