"""What the keys of Annotate make: segments from I, O and a label's key, labels, people. Each is one edit with a name.

It holds the stretch marked by I and O; what is chosen, and what is done to it, is in `annotate_changing`.
"""

from PySide6.QtCore import QObject, Signal

from core.errors import CoreError
from core.project import edits, many_segments
from core.project.annotations import Clip, Label, Project, Segment
from core.project.labelling import remove_labels
from studio.commands import shown
from studio.document import Document
from studio.pages.annotate_changing import Changing
from studio.words import say


class Marking(QObject):
    """New segments, labels and people, on the chosen clip."""

    range_changed = Signal()

    def __init__(self, document: Document, changing: Changing, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._changing = document, changing
        self.start: int | None = None
        self.end: int | None = None

    def forget(self) -> None:
        """Another clip: nothing is marked or chosen there."""
        self._changing.chosen, self._changing.actor = frozenset(), ""
        self.start = self.end = None
        self.range_changed.emit()

    def mark_range(self, start: int | None, end: int | None) -> None:
        """A stretch as if by I and O; without one, none is marked any more."""
        self.start, self.end = start, end
        self.range_changed.emit()

    def why_not(self, before: Project, after: Project) -> str:
        """Why an edit of the vocabulary may not be made: it changes what is marked of somebody who is locked."""
        return self._changing.guard(before, after)

    # ---- I, O and labels ----

    def start_here(self) -> None:
        """I: something begins at the playhead."""
        self.start = self._document.playhead
        if self.end is not None and self.end <= self.start:
            self.end = None
        self._changing.chose.emit(frozenset())
        self.range_changed.emit()

    def end_here(self) -> None:
        """O: it ends at the playhead, so that the next may begin there; on the clip's last frame, with the clip."""
        end = self._changing.end_at_playhead()
        if self.start is not None and end <= self.start:
            key = shown("mark-start")
            self._changing.says.emit(
                say("The end lies before the start: move the playhead on, or press {key} here", key=key)
            )
            return
        self.end = end
        self._changing.chose.emit(frozenset())
        self.range_changed.emit()

    def label(self, label_id: str) -> None:
        """A label's key: name the stretch from I to O; else the chosen segments; else what ends at the playhead."""
        label = self._document.project.labels.get(label_id)
        if label is None:
            return
        if label.kind == "object":
            self._toggle_object(label_id)
        else:
            self._give(label)

    def _give(self, label: Label) -> None:
        """This action, whether the project has it already or gets it in the same step."""
        clip = self._document.clip
        if clip is None:
            return
        if self.start is None and self.end is None and self._changing.chosen:
            self._relabel(clip, label)
        else:
            self._mark(clip, label)

    def named(self, name: str) -> None:
        """B and Shift+B: a stretch that is no action, under a name of its own."""
        try:
            _, label = edits.label_for(self._document.project, name, "action", author=self._document.author)
        except CoreError as error:
            self._document.refused.emit(error)
            return
        self._give(label)

    def _mark(self, clip: Clip, label: Label) -> None:
        end = self.end if self.end is not None else self._changing.end_at_playhead()
        start = self.start if self.start is not None else self._end_before(clip, end)
        if end <= start:
            self._changing.says.emit(
                say(
                    "Nothing lies between the segment before and the playhead: move it on, or mark {start} and {end}",
                    **_range_keys(),
                )
            )
            return
        under = next((each for each in clip.segments if each.start_frame < end <= each.end_frame), None)
        marked_in_full = self.start is not None
        if not marked_in_full and under is not None and under.actor == self._changing.actor:
            self._changing.says.emit(
                say(
                    "The playhead lies in {name}: choose it to relabel it, or mark {start} and {end} over it",
                    name=self._changing.name_of(under),
                    **_range_keys(),
                )
            )
            return

        def marked(before: Project) -> tuple[Project, Segment]:
            return edits.mark_segment(
                _with(before, label), clip.id, label.id, start, end,
                author=self._document.author, actor=self._changing.actor,
            )  # fmt: skip

        segment = self._changing.edit_with(marked, f"Mark {label.name}")
        if segment is not None:
            self.start = self.end = None
            self.range_changed.emit()
            # What was marked with I and O is worked on next; what was cut while playing is left behind.
            self._changing.chose.emit(frozenset({segment.id}) if marked_in_full else frozenset())

    def _relabel(self, clip: Clip, label: Label) -> None:
        chosen = [each for each in clip.segments if each.id in self._changing.chosen and each.action != label.id]
        if not chosen:
            return
        ids, author = [each.id for each in chosen], self._document.author
        what = self._changing.name_of(chosen[0]) if len(chosen) == 1 else f"{len(chosen)} segments"
        self._changing.edit_with(
            lambda before: (
                many_segments.change(_with(before, label), clip.id, ids, action=label.id, author=author), None
            ),
            f"Relabel {what} as {label.name}",
        )  # fmt: skip

    def _toggle_object(self, label_id: str) -> None:
        segment = self._changing.meant()
        if segment is None:
            self._changing.says.emit(say("Choose the segment this object belongs to"))
            return
        has = label_id in segment.objects
        objects = tuple(each for each in segment.objects if each != label_id) if has else (*segment.objects, label_id)
        self._changing.set_objects(segment.id, objects)

    def _end_before(self, clip: Clip, end: int) -> int:
        """Where this person's last segment up to `end` ended; the clip's start where there is none."""
        return max(
            (each.end_frame for each in clip.segments if each.actor == self._changing.actor and each.end_frame <= end),
            default=0,
        )

    # ---- labels ----

    def add_label(self, name: str, kind: str) -> None:
        """A new word of the vocabulary."""
        which = "action" if kind == "action" else "object"
        self._changing.edit_with(
            lambda before: edits.add_label(before, name, which, author=self._document.author), f"Add label {name}"
        )

    def rename_label(self, label_id: str, name: str) -> None:
        label = self._document.project.labels[label_id]
        self._changing.edit_with(
            lambda before: (edits.rename_label(before, label_id, name), None), f"Rename {label.name} to {name}"
        )

    def recolour_label(self, label_id: str, colour: str) -> None:
        label = self._document.project.labels[label_id]
        self._changing.edit_with(
            lambda before: (edits.recolour_label(before, label_id, colour), None), f"Recolour {label.name}"
        )

    def set_key(self, label_id: str, key: str) -> None:
        """Another key for a label; whoever has that key loses it in the same step."""
        label = self._document.project.labels[label_id]

        def given(before: Project) -> tuple[Project, None]:
            for each in before.labels.values():
                if key and each.key == key and each.id != label_id:
                    before = edits.set_label_key(before, each.id, "")
            return edits.set_label_key(before, label_id, key), None

        if key != label.key:
            what = f"Give {label.name} the key {key}" if key else f"Take the key of {label.name}"
            self._changing.edit_with(given, what)

    def remove_label(self, label_id: str) -> None:
        label = self._document.project.labels[label_id]
        self._changing.edit_with(
            lambda before: (remove_labels(before, (label_id,)), None), f"Remove label {label.name}"
        )

    # ---- people ----

    def name_actor(self, name: str, track: int | None) -> str:
        """The person on this track of the clip, made where there is none; their id, or empty where refused."""
        clip = self._document.clip
        if clip is None:
            return ""
        known = next((each for each in clip.actors if track is not None and each.track == track), None)
        if known is not None:
            return known.id
        made = self._changing.edit_with(
            lambda before: edits.add_actor(before, clip.id, name, author=self._document.author, track=track),
            f"Add {name}",
        )
        return made.id if made is not None else ""


def _with(project: Project, label: Label) -> Project:
    """The project with this label, which it may have."""
    return project if label.id in project.labels else project.with_label(label)


def _range_keys() -> dict[str, str]:
    """The keys that mark a stretch."""
    return {"start": shown("mark-start"), "end": shown("mark-end")}
