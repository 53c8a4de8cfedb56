"""What Annotate does to segments and poses that are there: move, split, merge, delete, say otherwise, set a pose.

Each verb is one edit, named for the person who may undo it. A frame's identity comes from whoever has the video open;
the edit that needs it is made as soon as it is known.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from core.errors import ProjectError
from core.project import edits, many_segments
from core.project.annotations import Clip, FrameIdentity, Project, Segment
from studio.document import Document
from studio.words import say

Identify = Callable[[int, Callable[[FrameIdentity], None]], None]
"""Find out what a frame is, then go on; whoever is asked says why where it cannot be known."""
Span = tuple[str, int, int]
Guard = Callable[[Project, Project], str]
BesidePose = Callable[[Project, str, str, int], Project]
"""What belongs to the same edit as a pose set by hand: the project, the clip, the segment and the frame."""
Made = TypeVar("Made")
_MANY_FRAMES = 20


class Changing(QObject):
    """The verbs for what is chosen, or for what the playhead lies in."""

    chose = Signal(object)
    """Segments that should be chosen now, a frozenset of ids."""
    says = Signal(str)
    """Why nothing happened, in a few words."""

    def __init__(self, document: Document, identify: Identify, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._identify = identify
        self.chosen: frozenset[str] = frozenset()
        self.actor = ""  # whom new marks are about
        self.guard: Guard = lambda *_: ""  # why an edit may not be made: somebody's segments are locked
        self.beside_pose: BesidePose = lambda project, *_: project  # what setting a pose by hand says besides

    # ---- what is meant ----

    def at_playhead(self) -> Segment | None:
        """The segment the playhead lies in: of several the chosen one, else the actor's."""
        clip, playhead = self._document.clip, self._document.playhead
        if clip is None:
            return None
        under = [each for each in clip.segments if each.start_frame <= playhead < each.end_frame]
        for wanted in (
            [each for each in under if each.id in self.chosen],
            [each for each in under if each.actor == self.actor],
            under,
        ):
            if wanted:
                return wanted[0]
        return None

    def meant(self) -> Segment | None:
        """The one that is chosen, wherever the playhead is; else the one it lies in."""
        clip = self._document.clip
        one = next(iter(self.chosen)) if len(self.chosen) == 1 else ""
        return (clip.segment(one) if clip is not None else None) or self.at_playhead()

    def end_at_playhead(self) -> int:
        """Where something ends that ends here: before the playhead's frame, or with the clip on its last one."""
        clip = self._document.clip
        playhead = self._document.playhead
        if clip is not None and playhead >= clip.video.frame_count - 1:
            return clip.video.frame_count
        return playhead

    def name_of(self, segment: Segment) -> str:
        """The word for a segment."""
        label = self._document.project.labels.get(segment.action)
        return label.name if label is not None else "segment"

    def edit_with(self, change: Callable[[Project], tuple[Project, Made]], label: str) -> Made | None:
        """One edit; what it made, or None where it made nothing or was refused."""
        before = self._document.project
        try:
            after, made = change(before)
        except ProjectError as error:
            self._document.refused.emit(error)
            return None
        if after is before:
            return None
        refusal = self.guard(before, after)
        if refusal:
            self.says.emit(refusal)
            return None
        return made if self._document.edit(after, label) else None

    def identify_all(self, frames: Iterable[int], then: Callable[[dict[int, FrameIdentity]], None]) -> None:
        """Find out what all these frames are, then go on; where one cannot be known, it is said and nothing happens."""
        wanted = set(frames)
        found: dict[int, FrameIdentity] = {}

        def known(frame: int, identity: FrameIdentity) -> None:
            found[frame] = identity
            if len(found) == len(wanted):
                then(found)

        if not wanted:
            then(found)
        elif len(wanted) > _MANY_FRAMES:
            self.says.emit(say("Looking at the frames of {count} poses…", count=len(wanted)))
        for frame in sorted(wanted):
            self._identify(frame, partial(known, frame))

    # ---- segments ----

    def nearest_end(self) -> None:
        """E: the end nearest to the playhead, of the chosen segment or of any, comes here; a shared end with both."""
        clip, found = self._document.clip, self._nearest_end()
        if clip is None or found is None:
            return
        segment, is_start, to = found
        was = segment.start_frame if is_start else segment.end_frame
        spans = [(segment.id, to, segment.end_frame) if is_start else (segment.id, segment.start_frame, to)]
        for each in clip.segments:
            if each.id != segment.id and each.actor == segment.actor:
                if is_start and each.end_frame == was:
                    spans.append((each.id, each.start_frame, to))
                elif not is_start and each.start_frame == was:
                    spans.append((each.id, to, each.end_frame))
        self.move(spans, "start" if is_start else "end")

    def ripple_nearest_end(self) -> None:
        """Shift+E: the nearest end comes here, and everything of that person behind it as far."""
        found = self._nearest_end()
        if found is not None:
            self.ripple(found[0].id, "start" if found[1] else "end", found[2])

    def _nearest_end(self) -> tuple[Segment, bool, int] | None:
        """The segment whose end is nearest to the playhead, whether it is its start, and where it would go."""
        clip, playhead = self._document.clip, self._document.playhead
        segments = clip.segments if clip is not None else ()
        mine = [each for each in segments if each.id in self.chosen] or [
            each for each in segments if each.actor == self.actor
        ]
        ends = [(abs(each.start_frame - playhead), each, True) for each in mine]
        ends += [(abs(each.end_frame - playhead), each, False) for each in mine]
        if not ends:
            self.says.emit(say("There is no segment whose end could move here"))
            return None
        _, segment, is_start = min(ends, key=lambda each: each[0])
        return segment, is_start, playhead if is_start else self.end_at_playhead()

    def ripple(self, segment_id: str, end: str, frame: int) -> None:
        """An end moves to `frame`, and what follows it as far, poses with it."""
        clip = self._document.clip
        segment = clip.segment(segment_id) if clip is not None else None
        if clip is None or segment is None:
            return
        which = "start" if end == "start" else "end"
        try:
            _, _, poses = many_segments.rippled(self._document.project, clip.id, segment_id, which, frame)
        except ProjectError as error:
            self._document.refused.emit(error)
            return

        def known(identities: dict[int, FrameIdentity]) -> None:
            author = self._document.author
            self.edit_with(
                lambda before: (
                    many_segments.ripple(before, clip.id, segment_id, which, frame, identities, author=author),
                    None,
                ),
                f"Ripple {which} of {self.name_of(segment)}",
            )

        self.identify_all((at for _, at in poses), known)

    def nudge(self, by: int) -> None:
        """Ctrl+Alt+Left and Right: everything chosen a frame earlier or later; poses stay on their frames."""
        clip, meant = self._document.clip, self.meant()
        chosen = [] if clip is None else [each for each in clip.segments if each.id in self.chosen]
        moved = chosen or ([meant] if meant is not None else [])
        if clip is None or not moved:
            self.says.emit(say("Choose the segment to move"))
            return
        spans = [(each.id, each.start_frame + by, each.end_frame + by) for each in moved]
        if min(each[1] for each in spans) < 0 or max(each[2] for each in spans) > clip.video.frame_count:
            self.says.emit(say("The clip ends here"))
            return
        self.move(spans, "move")

    def move(self, spans: Iterable[Span], what: str) -> None:
        """Segments lie elsewhere: `what` was dragged, their "start", "end", or all of them ("move")."""
        clip = self._document.clip
        spans = list(spans)
        first = clip.segment(spans[0][0]) if clip is not None and spans else None
        if clip is None or first is None:
            return

        def moved(before: Project) -> tuple[Project, None]:
            return many_segments.move(before, clip.id, spans, author=self._document.author), None

        name = self.name_of(first)
        if what == "move":
            label = f"Move {name}" if len(spans) == 1 else f"Move {len(spans)} segments"
        else:
            label = f"Move {what} of {name}"
        self.edit_with(moved, label)

    def split(self) -> None:
        """X: two segments where there was one."""
        clip, segment = self._document.clip, self.at_playhead()
        if clip is None or segment is None:
            self.says.emit(say("The playhead is in no segment"))
            return
        frame = self._document.playhead
        made = self.edit_with(
            lambda before: edits.split_segment(before, clip.id, segment.id, frame, author=self._document.author),
            f"Split {self.name_of(segment)}",
        )
        if made is not None:
            self.chose.emit(frozenset({made.id}))

    def merge(self) -> None:
        """Shift+X: one segment out of this and the next; what else that changes is said."""
        clip, segment = self._document.clip, self.meant()
        if clip is None or segment is None:
            self.says.emit(say("Choose the first of the two segments"))
            return
        following = edits.next_of(clip, segment)
        words = "" if following is None else self._merged_words(clip, segment, following)

        def merged(before: Project) -> tuple[Project, bool]:
            return edits.merge_with_next(before, clip.id, segment.id, author=self._document.author), True

        if self.edit_with(merged, f"Merge {self.name_of(segment)}") and words:
            self.says.emit(words)

    def _merged_words(self, clip: Clip, segment: Segment, following: Segment) -> str:
        """What a merge changes beside the ends: a gap that is covered, a label or a pose that is gone."""
        said = []
        gap = following.start_frame - segment.end_frame
        if gap > 0:
            seconds = f"{gap / max(clip.video.rate_hz, 1e-6):.2f}"
            said.append(say("the {seconds} s between them belong to it", seconds=seconds))
        if following.action != segment.action:
            said.append(say("{name} became {other}", name=self.name_of(following), other=self.name_of(segment)))
        if clip.pose_of(segment.id) is not None and clip.pose_of(following.id) is not None:
            said.append(say("the second pose is gone"))
        return say("Merged: {changes}", changes=", ".join(said)) if said else ""

    def delete(self) -> None:
        """Del: the chosen segments go, with their poses."""
        clip = self._document.clip
        if clip is None:
            return
        doomed = [each for each in clip.segments if each.id in self.chosen]
        if not doomed:
            self.says.emit(say("Choose the segment to delete"))
            return
        what = self.name_of(doomed[0]) if len(doomed) == 1 else f"{len(doomed)} segments"
        ids = [each.id for each in doomed]
        self.edit_with(lambda before: (edits.delete_segments(before, clip.id, *ids), None), f"Delete {what}")

    def set_action(self, segment_id: str, label_id: str) -> None:
        """Another label."""
        self._change(segment_id, "Relabel {}", action=label_id)

    def set_objects(self, segment_id: str, objects: tuple[str, ...]) -> None:
        """Other things it is done with."""
        self._change(segment_id, "Change objects of {}", objects=objects)

    def set_actor(self, segment_id: str, actor: str) -> None:
        """Another person."""
        self._change(segment_id, "Change actor of {}", actor=actor)

    def cast_chosen(self, actor: str) -> None:
        """Another person for everything that is chosen, in one step."""
        clip = self._document.clip
        chosen = [] if clip is None else [each for each in clip.segments if each.id in self.chosen]
        others = [each for each in chosen if each.actor != actor]
        if clip is None or not others:
            return

        ids = [each.id for each in others]

        def cast(before: Project) -> tuple[Project, None]:
            return many_segments.change(before, clip.id, ids, actor=actor, author=self._document.author), None

        what = self.name_of(others[0]) if len(others) == 1 else f"{len(others)} segments"
        self.edit_with(cast, f"Change actor of {what}")

    def _change(
        self,
        segment_id: str,
        label: str,
        *,
        action: str | None = None,
        objects: tuple[str, ...] | None = None,
        actor: str | None = None,
    ) -> None:
        clip = self._document.clip
        segment = clip.segment(segment_id) if clip is not None else None
        if clip is None or segment is None:
            return

        def changed(before: Project) -> tuple[Project, None]:
            author = self._document.author
            after = edits.change_segment(
                before, clip.id, segment_id, action=action, objects=objects, actor=actor, author=author
            )
            return after, None

        self.edit_with(changed, label.format(self.name_of(segment)))

    # ---- characteristic poses ----

    def set_pose(self) -> None:
        """C: the playhead's frame is the characteristic pose of the segment it lies in."""
        clip, segment = self._document.clip, self.at_playhead()
        if clip is None or segment is None:
            self.says.emit(say("The playhead is in no segment: mark one first, or choose it and move into it"))
            return
        self.move_pose(segment.id, self._document.playhead)

    def move_pose(self, segment_id: str, frame: int) -> None:
        """Make `frame` the segment's characteristic pose, once it is known what that frame looks like."""
        clip = self._document.clip
        segment = clip.segment(segment_id) if clip is not None else None
        if clip is None or segment is None:
            return
        had = clip.pose_of(segment_id) is not None
        label = f"{'Move' if had else 'Set'} pose of {self.name_of(segment)}"

        def known(identity: FrameIdentity) -> None:
            def placed(before: Project) -> tuple[Project, None]:
                author = self._document.author
                after = edits.set_pose(before, clip.id, segment_id, frame, identity, author=author)
                return self.beside_pose(after, clip.id, segment_id, frame), None

            self.edit_with(placed, label)

        self._identify(frame, known)

    def remove_pose(self) -> None:
        """Shift+C."""
        clip, segment = self._document.clip, self.meant()
        if clip is None or segment is None or clip.pose_of(segment.id) is None:
            self.says.emit(say("There is no characteristic pose here to remove"))
            return
        self.edit_with(
            lambda before: (edits.remove_pose(before, clip.id, segment.id, author=self._document.author), None),
            f"Remove pose of {self.name_of(segment)}",
        )
