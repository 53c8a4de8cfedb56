"""What the keys of Annotate do to the project: each verb is one edit, named for the person who may undo it.

It holds the stretch marked by I and O and what is chosen, and no widget. A frame's identity comes from whoever has
the video open; the edit that needs it is made as soon as it is known.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from core.errors import CoreError, ProjectError
from core.project import edits
from core.project.annotations import Clip, FrameIdentity, Project, Segment
from studio.document import Document

Identify = Callable[[int, Callable[[FrameIdentity], None]], None]
"""Find out what a frame is, then go on; whoever is asked says why where it cannot be known."""
Span = tuple[str, int, int]
Made = TypeVar("Made")


class Marking(QObject):
    """The verbs of the page, on the chosen clip at the playhead."""

    range_changed = Signal()
    chose = Signal(object)
    """Segments that should be chosen now, a frozenset of ids."""
    says = Signal(str)
    """Why nothing happened, in a few words."""

    def __init__(self, document: Document, identify: Identify, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._identify = identify
        self.chosen: frozenset[str] = frozenset()
        self.actor = ""
        self.start: int | None = None
        self.end: int | None = None

    def forget(self) -> None:
        """Another clip: nothing is marked or chosen there."""
        self.chosen, self.actor = frozenset(), ""
        self.start = self.end = None
        self.range_changed.emit()

    # ---- I, O and labels ----

    def start_here(self) -> None:
        """I: something begins at the playhead."""
        self.start = self._document.playhead
        if self.end is not None and self.end <= self.start:
            self.end = None
        self.chose.emit(frozenset())
        self.range_changed.emit()

    def end_here(self) -> None:
        """O: it ends at the playhead, so that the next may begin there; on the clip's last frame, with the clip."""
        end = self._end_at_playhead()
        if self.start is not None and end <= self.start:
            self.says.emit("The end lies before the start: move the playhead on, or press I here")
            return
        self.end = end
        self.chose.emit(frozenset())
        self.range_changed.emit()

    def label(self, label_id: str) -> None:
        """A label's key: name the stretch from I to O; else the chosen segments; else what ends at the playhead."""
        clip = self._clip()
        label = self._document.project.labels.get(label_id)
        if clip is None or label is None:
            return
        if label.kind == "object":
            self._toggle_object(label_id)
        elif self.start is None and self.end is None and self.chosen:
            self._relabel(clip, label_id)
        else:
            self._mark(clip, label_id)

    def named(self, name: str) -> None:
        """B and Shift+B: a stretch that is no action, under a name of its own."""
        clip = self._clip()
        if clip is None:
            return
        try:
            project, label = edits.label_for(self._document.project, name, "action", author=self._document.author)
        except CoreError as error:
            self._document.refused.emit(error)
            return
        if label.id not in self._document.project.labels and not self._document.edit(project, f"Add label {name}"):
            return
        self.label(label.id)

    def _mark(self, clip: Clip, label_id: str) -> None:
        project = self._document.project
        end = self.end if self.end is not None else self._end_at_playhead()
        start = self.start if self.start is not None else self._end_before(clip, end)
        if end <= start:
            self.says.emit("Nothing lies between the segment before and the playhead: move it on, or mark I and O")
            return
        under = next((each for each in clip.segments if each.start_frame < end <= each.end_frame), None)
        marked_in_full = self.start is not None
        if not marked_in_full and under is not None and under.actor == self.actor:
            self.says.emit(
                f"The playhead lies in {self._name(under)}: choose it to relabel it, or mark I and O over it"
            )
            return
        name = project.labels[label_id].name

        def marked(before: Project) -> tuple[Project, Segment]:
            return edits.mark_segment(
                before, clip.id, label_id, start, end, author=self._document.author, actor=self.actor
            )

        segment = self._edit_with(marked, f"Mark {name}")
        if segment is not None:
            self.start = self.end = None
            self.range_changed.emit()
            # What was marked with I and O is worked on next; what was cut while playing is left behind.
            self.chose.emit(frozenset({segment.id}) if marked_in_full else frozenset())

    def _relabel(self, clip: Clip, label_id: str) -> None:
        project = self._document.project
        chosen = [each for each in clip.segments if each.id in self.chosen and each.action != label_id]
        if not chosen:
            return
        was = self._name(chosen[0])
        for each in chosen:
            project = edits.change_segment(project, clip.id, each.id, action=label_id)
        what = was if len(chosen) == 1 else f"{len(chosen)} segments"
        self._document.edit(project, f"Relabel {what} as {project.labels[label_id].name}")

    def _toggle_object(self, label_id: str) -> None:
        segment = self.at_playhead()
        if segment is None:
            self.says.emit("Choose the segment this object belongs to")
            return
        has = label_id in segment.objects
        objects = tuple(each for each in segment.objects if each != label_id) if has else (*segment.objects, label_id)
        self.set_objects(segment.id, objects)

    def _end_at_playhead(self) -> int:
        clip = self._document.clip
        playhead = self._document.playhead
        if clip is not None and playhead >= clip.video.frame_count - 1:
            return clip.video.frame_count
        return playhead

    def _end_before(self, clip: Clip, end: int) -> int:
        """Where this person's last segment up to `end` ended; the clip's start where there is none."""
        return max(
            (each.end_frame for each in clip.segments if each.actor == self.actor and each.end_frame <= end), default=0
        )

    # ---- changing segments ----

    def nearest_end(self) -> None:
        """E: the end nearest to the playhead, of the chosen segment or of any, comes here; a shared end with both."""
        clip, playhead = self._clip(), self._document.playhead
        if clip is None:
            return
        mine = [each for each in clip.segments if each.id in self.chosen] or [
            each for each in clip.segments if each.actor == self.actor
        ]
        ends = [(abs(each.start_frame - playhead), each, True) for each in mine]
        ends += [(abs(each.end_frame - playhead), each, False) for each in mine]
        if not ends:
            self.says.emit("There is no segment whose end could move here")
            return
        _, segment, is_start = min(ends, key=lambda each: each[0])
        to = playhead if is_start else self._end_at_playhead()
        was = segment.start_frame if is_start else segment.end_frame
        spans = [(segment.id, to, segment.end_frame) if is_start else (segment.id, segment.start_frame, to)]
        for each in clip.segments:
            if each.id != segment.id and each.actor == segment.actor:
                if is_start and each.end_frame == was:
                    spans.append((each.id, each.start_frame, to))
                elif not is_start and each.start_frame == was:
                    spans.append((each.id, to, each.end_frame))
        self.move(spans, "start" if is_start else "end")

    def move(self, spans: Iterable[Span], what: str) -> None:
        """Segments lie elsewhere: `what` was dragged, their "start", "end", or all of them ("move")."""
        clip = self._clip()
        spans = list(spans)
        first = clip.segment(spans[0][0]) if clip is not None and spans else None
        if clip is None or first is None:
            return

        def moved(before: Project) -> tuple[Project, None]:
            for segment, start, end in spans:
                before = edits.move_ends(before, clip.id, segment, start_frame=start, end_frame=end)
            return before, None

        name = self._name(first)
        if what == "move":
            label = f"Move {name}" if len(spans) == 1 else f"Move {len(spans)} segments"
        else:
            label = f"Move {what} of {name}"
        self._edit_with(moved, label)

    def split(self) -> None:
        """X: two segments where there was one."""
        clip, segment = self._clip(), self.at_playhead()
        if clip is None or segment is None:
            self.says.emit("The playhead is in no segment")
            return
        frame = self._document.playhead
        made = self._edit_with(
            lambda before: edits.split_segment(before, clip.id, segment.id, frame, author=self._document.author),
            f"Split {self._name(segment)}",
        )
        if made is not None:
            self.chose.emit(frozenset({made.id}))

    def merge(self) -> None:
        """Shift+X: one segment out of this and the next."""
        clip, segment = self._clip(), self.at_playhead()
        if clip is None or segment is None:
            self.says.emit("Choose the first of the two segments")
            return
        self._edit_with(
            lambda before: (edits.merge_with_next(before, clip.id, segment.id), None), f"Merge {self._name(segment)}"
        )

    def delete(self) -> None:
        """Del: the chosen segments go, with their poses."""
        clip = self._clip()
        if clip is None:
            return
        doomed = [each for each in clip.segments if each.id in self.chosen]
        if not doomed:
            self.says.emit("Choose the segment to delete")
            return
        what = self._name(doomed[0]) if len(doomed) == 1 else f"{len(doomed)} segments"
        ids = [each.id for each in doomed]
        self._edit_with(lambda before: (edits.delete_segments(before, clip.id, *ids), None), f"Delete {what}")

    def set_action(self, segment_id: str, label_id: str) -> None:
        self._change(segment_id, "Relabel {}", action=label_id)

    def set_objects(self, segment_id: str, objects: tuple[str, ...]) -> None:
        self._change(segment_id, "Change objects of {}", objects=objects)

    def set_actor(self, segment_id: str, actor: str) -> None:
        self._change(segment_id, "Change actor of {}", actor=actor)

    def _change(
        self,
        segment_id: str,
        label: str,
        *,
        action: str | None = None,
        objects: tuple[str, ...] | None = None,
        actor: str | None = None,
    ) -> None:
        clip = self._clip()
        segment = clip.segment(segment_id) if clip is not None else None
        if clip is None or segment is None:
            return

        def changed(before: Project) -> tuple[Project, None]:
            after = edits.change_segment(before, clip.id, segment_id, action=action, objects=objects, actor=actor)
            return after, None

        self._edit_with(changed, label.format(self._name(segment)))

    # ---- characteristic poses ----

    def set_pose(self) -> None:
        """C: the playhead's frame is the characteristic pose of the segment it lies in."""
        clip, segment = self._clip(), self.at_playhead()
        if clip is None or segment is None:
            self.says.emit("The playhead is in no segment: mark one first, or choose it and move into it")
            return
        self.move_pose(segment.id, self._document.playhead)

    def move_pose(self, segment_id: str, frame: int) -> None:
        """Make `frame` the segment's characteristic pose, once it is known what that frame looks like."""
        clip = self._clip()
        segment = clip.segment(segment_id) if clip is not None else None
        if clip is None or segment is None:
            return
        had = clip.pose_of(segment_id) is not None
        label = f"{'Move' if had else 'Set'} pose of {self._name(segment)}"

        def known(identity: FrameIdentity) -> None:
            self._edit_with(
                lambda before: (
                    edits.set_pose(before, clip.id, segment_id, frame, identity, author=self._document.author),
                    None,
                ),
                label,
            )

        self._identify(frame, known)

    def remove_pose(self) -> None:
        """Shift+C."""
        clip, segment = self._clip(), self.at_playhead()
        if clip is None or segment is None or clip.pose_of(segment.id) is None:
            self.says.emit("There is no characteristic pose here to remove")
            return
        self._edit_with(
            lambda before: (edits.remove_pose(before, clip.id, segment.id), None),
            f"Remove pose of {self._name(segment)}",
        )

    # ---- labels ----

    def add_label(self, name: str, kind: str) -> None:
        """A new word of the vocabulary."""
        which = "action" if kind == "action" else "object"
        self._edit_with(
            lambda before: edits.add_label(before, name, which, author=self._document.author), f"Add label {name}"
        )

    def rename_label(self, label_id: str, name: str) -> None:
        label = self._document.project.labels[label_id]
        self._edit_with(
            lambda before: (edits.rename_label(before, label_id, name), None), f"Rename {label.name} to {name}"
        )

    def remove_label(self, label_id: str) -> None:
        label = self._document.project.labels[label_id]
        self._edit_with(lambda before: (edits.remove_label(before, label_id), None), f"Remove label {label.name}")

    # ---- people ----

    def name_actor(self, name: str, track: int | None) -> str:
        """The person on this track of the clip, made where there is none; their id, or empty where refused."""
        clip = self._clip()
        if clip is None:
            return ""
        known = next((each for each in clip.actors if track is not None and each.track == track), None)
        if known is not None:
            return known.id
        made = self._edit_with(
            lambda before: edits.add_actor(before, clip.id, name, author=self._document.author, track=track),
            f"Add {name}",
        )
        return made.id if made is not None else ""

    # ---- what is meant ----

    def at_playhead(self) -> Segment | None:
        """The chosen segment; of several, or of none, the one the playhead lies in."""
        clip, playhead = self._document.clip, self._document.playhead
        if clip is None:
            return None
        under = [each for each in clip.segments if each.start_frame <= playhead < each.end_frame]
        for wanted in (
            [each for each in under if each.id in self.chosen],
            [each for each in under if each.actor == self.actor],
            under,
            [each for each in clip.segments if each.id in self.chosen] if len(self.chosen) == 1 else [],
        ):
            if wanted:
                return wanted[0]
        return None

    def _clip(self) -> Clip | None:
        return self._document.clip

    def _name(self, segment: Segment) -> str:
        label = self._document.project.labels.get(segment.action)
        return label.name if label is not None else "segment"

    def _edit_with(self, change: Callable[[Project], tuple[Project, Made]], label: str) -> Made | None:
        """One edit; what it made, or None where it made nothing or was refused."""
        before = self._document.project
        try:
            after, made = change(before)
        except ProjectError as error:
            self._document.refused.emit(error)
            return None
        if after is before:
            return None
        return made if self._document.edit(after, label) else None
