"""What is done to the vocabulary as a whole: order, merging, splitting, relabelling many, counts, and ranges.

Pure: a project in, a project out. Where segments get another label by a rule (a merge, a split), nobody looked at each,
so a draft stays a draft; where a person names the segments, they are looked at.

A *range* is an action that models leave out (background, unusable, or of one's own making): it needs no characteristic
pose, takes part in no training, and is drawn grey.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal, get_args

from msgspec.structs import replace

from core.errors import ProjectError
from core.project import edits, provenance
from core.project.annotations import BY_HAND, Clip, Label, Project, Segment
from core.project.edit_checks import label_of

Rule = Literal["clip", "person", "object"]
RULES: tuple[Rule, ...] = get_args(Rule)
NOT_SAID = "not said"
"""What a segment without an object, or of nobody, is told apart by."""


UNUSABLE = edits.BACKGROUND[1]
"""The range in which the picture of a person is of no use: poses that lie in it are not learned from either."""

# ---- ranges ----


def is_range(label: Label) -> bool:
    """Whether its segments are stretches that nothing is learned from."""
    return label.kind == "action" and not label.learned_name


def ranges(project: Project) -> frozenset[str]:
    """The labels whose segments need no characteristic pose."""
    return frozenset(each.id for each in project.labels.values() if is_range(each))


def add_range(project: Project, name: str, *, author: str, source: str = BY_HAND) -> tuple[Project, Label]:
    """A kind of stretch beside background and unusable: grey, without a key, and not learned."""
    project, label = edits.add_label(project, name, "action", author=author, source=source)
    label = replace(label, colour=edits.BACKGROUND_COLOUR, key="", learned_as="")
    return project.with_label(label), label


# ---- order ----


def move_labels(project: Project, label_ids: Collection[str], before: str = "") -> Project:
    """Put labels, in the order they stand in, before another one; to the end without one."""
    for each in label_ids:
        label_of(project, each)
    moved = [each for each in project.labels if each in set(label_ids)]
    rest = [each for each in project.labels if each not in set(label_ids)]
    at = rest.index(before) if before in rest else len(rest)
    if before in moved:  # what stands behind it and is not moved
        behind = list(project.labels)[list(project.labels).index(before) :]
        at = next((rest.index(each) for each in behind if each in rest), len(rest))
    order = [*rest[:at], *moved, *rest[at:]]
    if order == list(project.labels):
        return project
    return replace(project, labels={key: project.labels[key] for key in order})


# ---- many segments at once ----


def relabel(project: Project, places: Mapping[str, Collection[str]], label_id: str, *, author: str) -> Project:
    """Give the segments of `places`, clip id → segment ids, this action. Whoever does so has looked at them."""
    if label_of(project, label_id).kind != "action":
        raise ProjectError(f"{project.labels[label_id].name} is an object, not an action", hint="Choose an action.")

    def relabelled(segment: Segment) -> Segment:
        if segment.action == label_id:
            return segment
        return replace(segment, action=label_id, made=provenance.corrected(segment.made, author))

    return _changed(project, lambda clip: places.get(clip.id, ()), relabelled)


def merge_labels(project: Project, label_ids: Collection[str], into: str) -> tuple[Project, int]:
    """One label instead of several: every segment of theirs, in all clips, gets `into`, and they are gone.

    Beside it how many segments changed. A key that becomes free goes to `into` where it has none.
    """
    kept = label_of(project, into)
    gone = [label_of(project, each) for each in label_ids if each != into]
    other = next((each for each in gone if each.kind != kept.kind), None)
    if other is not None:
        raise ProjectError(
            f"{other.name} is an {other.kind} and {kept.name} an {kept.kind}", hint="Merge labels of one kind."
        )
    ids = frozenset(each.id for each in gone)
    after = _changed(project, lambda clip: _using(clip, ids), lambda segment: _exchanged(segment, ids, into))
    count = sum(len(_using(clip, ids)) for clip in project.clips.values())
    key = kept.key or next((each.key for each in gone if each.key), "")
    after = replace(after, labels={key: each for key, each in after.labels.items() if key not in ids})
    return _forget(after.with_label(replace(kept, key=key)) if key != kept.key else after, ids), count


def remove_labels(project: Project, label_ids: Iterable[str]) -> Project:
    """Take words out of the vocabulary; refused while a segment uses one of them."""
    ids = list(label_ids)
    for each in ids:
        project = edits.remove_label(project, each)
    return _forget(project, frozenset(ids))


def split_label(
    project: Project, label_id: str, name: str, segment_ids: Collection[str], *, author: str
) -> tuple[Project, Label]:
    """A second label beside one, which the named segments of it get. It is learned and looks as the first does not."""
    label, ids = label_of(project, label_id), frozenset(segment_ids)
    if not name.strip() or project.label_named(name.strip(), label.kind) is not None:
        raise ProjectError(f'"{name.strip()}" cannot be its name', hint="Type a name that no other label has.")
    project, made = edits.add_label(project, name, label.kind, author=author)
    if is_range(label):
        made = replace(made, colour=label.colour, key="", learned_as="")
        project = project.with_label(made)
    old = frozenset({label_id})
    project = _changed(project, lambda clip: _using(clip, old) & ids, lambda segment: _exchanged(segment, old, made.id))
    order = list(project.labels)
    behind = order[order.index(label_id) + 1]
    return move_labels(project, (made.id,), behind if behind != made.id else ""), made


def segments_by(project: Project, label_id: str, rule: Rule) -> dict[str, frozenset[str]]:
    """The segments of a label told apart by their clip, person or object: in words → segment ids."""
    found: dict[str, set[str]] = {}
    for clip, segment in segments_of(project, label_id):
        for words in _told_apart(project, clip, segment, rule, label_id):
            found.setdefault(words, set()).add(segment.id)
    return {words: frozenset(ids) for words, ids in sorted(found.items())}


def segments_of(project: Project, label_id: str) -> Iterator[tuple[Clip, Segment]]:
    """Every segment of a label, in the order of the clips and of time."""
    for clip in project.clips.values():
        for segment in clip.segments:
            if segment.action == label_id or label_id in segment.objects:
                yield clip, segment


def _told_apart(project: Project, clip: Clip, segment: Segment, rule: Rule, label_id: str) -> tuple[str, ...]:
    match rule:
        case "clip":
            return (clip.name,)
        case "person":
            actor = next((each.name for each in clip.actors if each.id == segment.actor), "")
            return (actor or clip.performer or NOT_SAID,)
        case "object":
            others = [each for each in segment.objects if each in project.labels and each != label_id]
            return tuple(project.labels[each].name for each in others) or (NOT_SAID,)


def _using(clip: Clip, labels: frozenset[str]) -> frozenset[str]:
    return frozenset(
        each.id
        for each in clip.segments
        if each.action in labels or (each.objects and not labels.isdisjoint(each.objects))
    )


def _exchanged(segment: Segment, gone: frozenset[str], now: str) -> Segment:
    objects = tuple(dict.fromkeys(now if each in gone else each for each in segment.objects))
    return replace(segment, action=now if segment.action in gone else segment.action, objects=objects)


def _changed(
    project: Project, which: Callable[[Clip], Collection[str]], change: Callable[[Segment], Segment]
) -> Project:
    """The project with some segments of its clips changed; they stay in their order, for their times do not change."""
    clips = {}
    for clip in project.clips.values():
        wanted = which(clip)
        if wanted:
            wanted = frozenset(wanted)
            segments = tuple(change(each) if each.id in wanted else each for each in clip.segments)
            if any(now is not was for now, was in zip(segments, clip.segments, strict=True)):
                clips[clip.id] = replace(clip, segments=segments)
    return replace(project, clips={**project.clips, **clips}) if clips else project


def _forget(project: Project, gone: frozenset[str]) -> Project:
    """Mappings of clusters without the labels that are gone."""
    for each in project.clusterings.values():
        if not gone.isdisjoint(each.learned):
            learned = {key: name for key, name in each.learned.items() if key not in gone}
            project = project.with_clustering(replace(each, learned=learned))
    return project


# ---- counts ----


@dataclass
class Uses:
    """How many segments and poses every label has. A clip is counted again only when it changed."""

    segments: Counter[str] = field(default_factory=Counter)
    poses: Counter[str] = field(default_factory=Counter)
    _known: dict[str, tuple[Clip, Counter[str], Counter[str]]] = field(default_factory=dict)

    def look(self, project: Project) -> "Uses":
        """Count what changed since the last time."""
        gone = [key for key in self._known if key not in project.clips]
        for key in gone:
            self._take(self._known.pop(key), -1)
        for clip in project.clips.values():
            known = self._known.get(clip.id)
            if known is None or known[0] is not clip:
                if known is not None:
                    self._take(known, -1)
                self._known[clip.id] = (clip, *_counted(clip))
                self._take(self._known[clip.id], 1)
        return self

    def in_clip(self, clip_id: str) -> Counter[str]:
        """Segments by label, of one clip."""
        return self._known[clip_id][1] if clip_id in self._known else Counter()

    def _take(self, counted: tuple[Clip, Counter[str], Counter[str]], sign: int) -> None:
        for sums, of_clip in ((self.segments, counted[1]), (self.poses, counted[2])):
            for label, count in of_clip.items():
                sums[label] += sign * count


def _counted(clip: Clip) -> tuple[Counter[str], Counter[str]]:
    posed = {each.segment for each in clip.poses}
    segments = Counter([each.action for each in clip.segments])
    segments.update(chain.from_iterable(frozenset(each.objects) for each in clip.segments if each.objects))
    return segments, Counter([each.action for each in clip.segments if each.id in posed])
