"""MPII Cooking 2 and IKEA-ASM from their raw folder to what a forecaster learns from, as a run.

    import            clips with their videos, actions, objects, people, cameras; clusters and background for new labels
    split             the makers' own, or 70/15/15 along sequences where it is missing or has no part to choose on
    2D poses          of a folder that is named, of the data set itself, or seen in the videos
    characteristic    of a table that is named; without one the middle frames, if asked for, as drafts that say so
    at the end        sequences, steps, actions and windows of each part, and what is missing

Each part is one undoable edit, and what is there already stays: the same run again changes nothing. A studio that has
the project open meanwhile takes the edits in. While videos are looked at the project is nobody's.
"""

from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Self

import msgspec

from core.configs import ForecasterData
from core.datasets.action_sequences import Examples, examples_of
from core.errors import CoreError, RunError
from core.extracting import SOURCE as SEEN_BY
from core.extracting import extract_clips
from core.footage import has_video
from core.formats import FORMATS, cluster_table, ikea_asm
from core.formats.annotated import Annotations
from core.importing import exchange
from core.importing.annotations import Origin, take_annotations
from core.importing.papers import VIDEOS, refuse
from core.importing.poses import with_poses
from core.motion import Poses2d
from core.project.annotated_sets import only
from core.project.annotations import (
    DRAFT,
    CharacteristicPose,
    Clip,
    FrameIdentity,
    Project,
    Provenance,
    new_id,
    person,
    pose_order,
)
from core.project.edits import add_split, set_tracks
from core.project.motion_sets import PARTS
from core.project.store import ProjectStore
from core.runs import Done, Events, Note, PrepareData, Progress
from core.splits import split_clips
from core.video import open_video
from core.wording import counted

MIDDLE = f"{DRAFT}: the middle of the segment"
"""The source of the characteristic poses that are drafted here."""
_CLUSTERS = {"mpii-cooking-2": "mpii_cooking_2", "ikea-asm": "ikea_asm"}
_STEPS = {"mpii-cooking-2": 10, "ikea-asm": 5}
"""How many past steps are looked at and future ones foreseen, as in the paper."""
_SEED = 0


def prepare(spec: PrepareData) -> Events:
    """Carry `spec` out for one of the two data sets of videos."""
    if spec.dataset not in VIDEOS:
        raise RunError(f"{spec.dataset} is no data set of videos.", hint=f"These are: {', '.join(VIDEOS)}.")
    refuse(spec)
    yield Progress(0, 4, "Reading the annotations")
    annotations = yield from _annotations(spec)
    with _Desk(Path(spec.project), spec.author or person()) as desk:
        ids = yield from _take_in(spec, desk, annotations)
        clips = tuple(ids.values())
        yield Progress(1, 4, "2D poses")
        yield from _given_poses(desk, _places_of_poses(spec, desk.project, annotations, ids), clips)
        if spec.extract_poses:
            yield from _seen_poses(spec, desk, clips)
        yield Progress(2, 4, "Characteristic poses")
        if spec.draft_poses:
            yield from _drafts(desk, clips)
        yield Progress(3, 4, "What is there to learn")
        yield from _summed_up(spec, desk, clips)


class _Desk:
    """The project, opened for an edit and put back while nothing is edited; use it as a context manager."""

    def __init__(self, folder: Path, author: str) -> None:
        self._folder, self._author = folder, author
        self.store = ProjectStore.open(folder, author, mode="command")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    @property
    def project(self) -> Project:
        return self.store.project

    @property
    def author(self) -> str:
        return self._author

    def put_back(self) -> None:
        """Let others edit. Where somebody edits already, our edits wait in their inbox: this store alone has them."""
        if self.store.left_for is None:
            self.store.close()

    def take_up(self) -> None:
        """Open it again, with what others did meanwhile."""
        if self.store.left_for is None:
            self.store = ProjectStore.open(self._folder, self._author, mode="command")


# ---- import, clusters, split ----------------------------------------------------------------------------------------


def _annotations(spec: PrepareData) -> Generator[Note, None, Annotations]:
    """The data set with its clusters, its characteristic poses, and no split yet."""
    known = next(each for each in FORMATS if each.name == VIDEOS[spec.dataset])
    source = Path(spec.source)
    unknown = [each for each in spec.options if each not in known.options]
    if unknown:
        raise RunError(f"{known.name} has no option {unknown[0]!r}.", hint=f"It has: {', '.join(known.options)}.")
    annotations = exchange.annotations_of(known, source, spec.options)
    clusters = cluster_table.read(cluster_table.shipped()[_CLUSTERS[spec.dataset]])
    # What the reader found in this very data set (background, too rare) holds before what is said of all such data.
    annotations = replace(annotations, learned_as={**clusters, **annotations.learned_as})
    if spec.characteristic_poses:
        annotations, said = with_poses(annotations, Path(spec.characteristic_poses))
        for each in said:
            yield Note(each)
    return annotations


def _take_in(spec: PrepareData, desk: _Desk, annotations: Annotations) -> Generator[Note, None, dict[str, str]]:
    """What the data set calls its clips → their ids in the project, where they stand with a split."""
    source, own = Path(spec.source), annotations.splits
    # Their 2D poses follow, one clip after another, since reading them all takes minutes.
    annotations = replace(annotations, clips=tuple(replace(each, poses="") for each in annotations.clips))
    whole = bool(own) and all(all(parts.get(part) for part in PARTS) for parts in own.values())
    report = take_annotations(
        annotations if whole else replace(annotations, splits={}),
        desk.store,
        source=VIDEOS[spec.dataset],
        author=desk.author,
        folder=source if source.is_dir() else source.parent,
        label=f"Prepare {VIDEOS[spec.dataset]}",
        videos=Path(spec.videos) if spec.videos else None,
        origin=Origin(source, name=VIDEOS[spec.dataset], options=spec.options),
    )
    for line in report.says.splitlines():
        yield Note(line.strip())
    if not whole:
        yield from _split(spec, desk, annotations, report.clips)
    return report.clips


def _split(spec: PrepareData, desk: _Desk, annotations: Annotations, clips: dict[str, str]) -> Generator[Note]:
    """70/15/15 along sequences, those that repeat one another on one side; the makers' own, if any, behind it."""
    called = {name: desk.project.clips[each].name for name, each in clips.items()}
    twins = {called[one]: called[other] for one, other in ikea_asm.twins_of(annotations.clips).items()}
    name = f"{VIDEOS[spec.dataset]} 70/15/15"
    project = desk.project
    try:
        only = set(clips.values())
        project, _, how = split_clips(project, name, "sequence", _SEED, author=desk.author, only=only, beside=twins)
        yield Note(f"Split {name!r}: {how}")
    except CoreError as error:
        yield Note(f"No split was made: {error}")
    # Behind it, so that a split without a part to choose on is taken only where somebody names it.
    for own, parts in annotations.splits.items():
        if any(each.name == own for each in project.splits.values()):
            continue
        ids = {part: tuple(clips[each] for each in names if each in clips) for part, names in parts.items()}
        project, _ = add_split(project, own, ids, author=desk.author, source=VIDEOS[spec.dataset])
        yield Note(f"The makers' own split {own!r} has no part to choose on; data.split takes it by name")
    desk.store.edit(project, f"Split {VIDEOS[spec.dataset]}", source=VIDEOS[spec.dataset])


# ---- 2D poses -------------------------------------------------------------------------------------------------------


def _places_of_poses(
    spec: PrepareData, project: Project, annotations: Annotations, ids: dict[str, str]
) -> dict[str, Path]:
    """Clip id → the folder or file of its 2D poses: of the folder that is named, else where the data set has them."""
    if not spec.poses:
        own = {each.name: each.poses for each in annotations.clips if each.poses}
        return {ids[name]: Path(spec.source) / place for name, place in own.items() if name in ids}
    root = Path(spec.poses)
    if not root.is_dir():
        raise RunError(f"{root} is no folder of 2D poses.", hint="It should hold a folder a clip, by the clip's name.")
    found = {each: _place_of(root, project.clips[each]) for each in ids.values()}
    if not any(found.values()):
        hint = f"It should hold a folder a clip, by the clip's name, such as {next(iter(ids), '')}."
        raise RunError(f"{root} has 2D poses of none of the clips.", hint=hint)
    return {each: place for each, place in found.items() if place is not None}


def _given_poses(desk: _Desk, places: dict[str, Path], clips: tuple[str, ...]) -> Events:
    """2D poses that lie there already, in any format of them. Stopped, it keeps what it has read so far."""
    wanted = [each for each in clips if each in places and not desk.project.clips[each].tracks]
    read: dict[str, str] = {}
    try:
        for number, clip_id in enumerate(wanted):
            clip, place = desk.project.clips[clip_id], places[clip_id]
            yield Progress(number, len(wanted), f"2D poses of {clip.name}")
            known = next((each for each in FORMATS if each.holds == "2D poses" and each.sniff(place)), None)
            try:
                if known is None:
                    raise RunError(f"{place.name} is of no known format of 2D poses.")
                count = clip.video.frame_count if clip.video.path else None
                poses: Poses2d = known.read(place, size=(clip.video.width, clip.video.height), frame_count=count)
                read[clip_id] = desk.store.write_tracks(poses)
            except CoreError as error:
                yield Note(f"Without 2D poses: {clip.name}: {error}")
    finally:
        project = desk.project
        for clip_id, tracks in read.items():
            project = set_tracks(project, clip_id, tracks)
        desk.store.edit(project, f"Import 2D poses of {counted(len(read), 'clip')}", source="2D poses")
    if read:
        yield Note(f"2D poses of {counted(len(read), 'clip')} from their files")


def _place_of(root: Path, clip: Clip) -> Path | None:
    name = Path(clip.name)
    for each in dict.fromkeys((clip.name, name.with_suffix("").as_posix(), name.name, name.stem)):
        for place in (root / each, root / f"{each}.json"):
            if place.exists() and place.resolve().is_relative_to(root.resolve()):
                return place
    return None


def _seen_poses(spec: PrepareData, desk: _Desk, clips: tuple[str, ...]) -> Events:
    """What the detector sees in the videos of clips that have no poses yet."""
    wanted = [
        (clip, desk.store.video_path(clip))
        for clip in (desk.project.clips[each] for each in clips)
        if not clip.tracks and has_video(desk.store, clip)
    ]
    if not wanted:
        return

    def keep(clip: Clip, poses: Poses2d) -> None:
        desk.take_up()
        if clip.id in desk.project.clips and not desk.project.clips[clip.id].tracks:
            tracks = desk.store.write_tracks(poses)
            after = set_tracks(desk.project, clip.id, tracks)
            desk.store.edit(after, f"Extract 2D poses of {clip.name}", source=SEEN_BY)
        desk.put_back()

    desk.put_back()
    with closing(extract_clips(wanted, Path(spec.out), keep)) as events:
        yield from events
    desk.take_up()


# ---- characteristic poses -------------------------------------------------------------------------------------------


def _drafts(desk: _Desk, clips: tuple[str, ...]) -> Events:
    """The middle frame of each learned segment that has no characteristic pose; the source of each says so."""
    project, made = desk.project, 0
    learned = {each.id for each in project.actions() if each.learned_name}
    for number, clip_id in enumerate(clips):
        clip = project.clips[clip_id]
        yield Progress(number, len(clips), f"Drafts for {clip.name}")
        posed = {each.segment for each in clip.poses}
        lacking = [each for each in clip.segments if each.id not in posed and each.action in learned]
        if not lacking:
            continue
        frames = [(each.start_frame + each.end_frame - 1) // 2 for each in lacking]
        by = Provenance.now(desk.author, MIDDLE)
        drafts = [
            CharacteristicPose(id=new_id(), segment=segment.id, frame=frame, identity=identity, made=by)
            for segment, frame, identity in zip(lacking, frames, _identities(desk, clip, frames), strict=True)
        ]
        poses = tuple(sorted((*clip.poses, *drafts), key=pose_order))
        project = project.with_clip(msgspec.structs.replace(clip, poses=poses))
        made += len(drafts)
    if made:
        desk.store.edit(project, f"Draft {counted(made, 'characteristic pose')}", source=MIDDLE)
        yield Note(f"{counted(made, 'characteristic pose')} drafted at the middle of their segments; look at them")


def _identities(desk: _Desk, clip: Clip, frames: list[int]) -> list[FrameIdentity]:
    """The time stamps of frames; nobody looked at what they show."""
    if has_video(desk.store, clip):
        with open_video(desk.store.video_path(clip)) as video:
            return [FrameIdentity(pts=video.pts(each) if each < len(video) else -1) for each in frames]
    return [FrameIdentity(pts=-1) for _ in frames]


# ---- what there is to learn -----------------------------------------------------------------------------------------


def _summed_up(spec: PrepareData, desk: _Desk, clips: tuple[str, ...]) -> Events:
    """What a forecaster would learn from, part by part, and what it would want."""
    project = only(desk.project, clips)
    split = next((each for each in project.splits.values()), None)
    steps = _STEPS[spec.dataset]
    data = ForecasterData(past_steps=steps, future_steps=steps, split=split.name if split is not None else "")
    marked = _examples(desk, project, data)
    for line in marked.notes:
        yield Note(line)
    for part, sequences in marked.sequences.items():
        yield Note(_said_of(part, marked, len(sequences)))
    unseen = _actions_of(marked, "validation", "test") - _actions_of(marked, "train")
    if unseen:
        yield Note(f"Never seen in training: {_some(sorted(unseen))}")
    count = sum(len(sequence.steps) for part in marked.sequences.values() for sequence in part)
    lacking = sum(sequence.unmarked for part in marked.sequences.values() for sequence in part)
    without = [each.name for each in project.clips.values() if not each.tracks]
    if without:
        yield Note(f"Without 2D poses: {counted(len(without), 'clip')}: {_some(without)}")
    if lacking:
        middle = _examples(desk, project, msgspec.structs.replace(data, poses="middle"))
        whole = sum(len(sequence.steps) for part in middle.sequences.values() for sequence in part)
        yield Note(
            f"{counted(lacking, 'segment')} have no characteristic pose. Mark them, give a table of them, draft them "
            f"(--draft-poses), or train with data.poses=middle, which would learn from {counted(whole, 'step')}"
        )
    yield Progress(4, 4, "Ready")
    words = marked.vocabulary
    part_words = ", ".join(f"{len(marked.windows[part])} windows to {use}" for part, use in _USES.items())
    yield Done(
        f"{VIDEOS[spec.dataset]}: {counted(len(clips), 'sequence')}, {counted(count, 'step')} of "
        f"{counted(len(words.actions), 'action')} and {counted(len(words.objects), 'object')}; {part_words}. "
        f"N = M = {steps}: data.past_steps={steps} data.future_steps={steps}"
        + (f" data.split={split.name!r}" if split is not None and len(desk.project.splits) > 1 else "")
    )


_USES = {"train": "learn from", "validation": "choose on", "test": "measure on"}


def _said_of(part: str, marked: Examples, sequences: int) -> str:
    windows = marked.windows[part]
    steps = sum(len(each.steps) for each in marked.sequences[part])
    whole = len(windows.complete())
    return (
        f"{part}: {counted(sequences, 'sequence')}, {counted(steps, 'step')}, "
        f"{counted(len(_actions_of(marked, part)), 'action')}, {counted(len(windows), 'window')}, "
        f"{whole} with all {windows.next_actions.shape[1]} following steps"
    )


def _actions_of(marked: Examples, *parts: str) -> set[str]:
    return {step.action for part in parts for each in marked.sequences.get(part, ()) for step in each.steps}


def _examples(desk: _Desk, project: Project, data: ForecasterData) -> Examples:
    return examples_of(project, lambda clip: desk.store.tracks(clip.tracks), data)


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
