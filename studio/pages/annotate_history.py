"""The History tab of Annotate: the project's steps, going back and forward in them, and to where each was made."""

from collections.abc import Callable, Sequence
from typing import overload

import msgspec
from PySide6.QtCore import QObject

from core.errors import CoreError
from core.project.annotations import BY_HAND, CharacteristicPose, Segment
from core.project.history import History
from core.project.journal import Entry
from core.project.rows import RowChange, value_of
from studio.document import Document
from studio.widgets.history_list import HistoryList, HistoryRow
from studio.widgets.timeline import Timeline


class _Rows(Sequence[HistoryRow]):
    """Rows that are made when they are looked at."""

    def __init__(self, steps: Sequence[Entry], make: Callable[[Entry], HistoryRow]) -> None:
        self._steps, self._make = steps, make

    def __len__(self) -> int:
        return len(self._steps)

    @overload
    def __getitem__(self, at: int) -> HistoryRow: ...
    @overload
    def __getitem__(self, at: slice) -> list[HistoryRow]: ...
    def __getitem__(self, at: int | slice) -> HistoryRow | list[HistoryRow]:
        return [self._make(each) for each in self._steps[at]] if isinstance(at, slice) else self._make(self._steps[at])


class HistoryTab(QObject):
    """Follows the journal while the tab is in front."""

    def __init__(self, document: Document, timeline: Timeline, view: HistoryList) -> None:
        super().__init__(view)
        self._document, self._timeline, self.view = document, timeline, view
        self._forget()
        document.opened.connect(self._forget)
        document.stepping.stepped.connect(view.show_stepping)
        view.looked_for.connect(self._look_again)
        view.back_wanted.connect(self.go_back_to)
        view.place_wanted.connect(self.show_place)
        view.stop_wanted.connect(document.stepping.stop)

    def _forget(self) -> None:
        self._history = History()
        self._shown: tuple[object, ...] = ()
        self._about: tuple[str, int, set[int]] = ("", 0, set())  # a clip, up to which row, the rows that touch it

    def refresh(self) -> None:
        """Show the steps as they stand; cheap where nothing was done."""
        document = self._document
        if not document.is_open:
            self.view.show_rows((), editable=False)
            return
        editable = document.read_only_reason is None
        words = self.view.field.text().casefold().split()
        clip = document.clip_id if self.view.only_clip.isChecked() else ""
        is_new = self._history.follow(document.store.journal)
        shown = (id(self._history), editable, words, clip)
        if not is_new and shown == self._shown:
            return
        self._shown = shown
        steps = reversed(self._history.steps)
        if clip:
            about = self._steps_about(clip)
            steps = (each for each in steps if each.sequence in about)
        if words:
            steps = (each for each in steps if all(word in _said(each) for word in words))
        self.view.show_rows(_Rows(list(steps), self._row), editable=editable)

    def choose_now(self) -> None:
        """Choose the last step that stands, unless another is chosen."""
        if self.view.chosen is None:
            self.view.choose(self._history.now)

    def go_back_to(self, step: str) -> None:
        """Take back, or make again, until this is the last step that stands."""
        entry = next((each for each in reversed(self._history.steps) if each.id == step), None)
        if entry is not None and self._document.read_only_reason is None:
            self._document.stepping.many(self._history.way_to(entry))

    def show_place(self, step: str) -> None:
        """Show the clip, the segment and the frame that a step was about, as far as they still are there."""
        entry = next((each for each in reversed(self._history.steps) if each.id == step), None)
        if entry is None:
            return
        try:
            clip, segment, frame = place_of(self._document.store.past.changes_of(entry))
        except CoreError as error:
            self._document.refused.emit(error)
            return
        known = self._document.project.clips.get(clip)
        if known is None:
            return
        self._document.choose_clip(clip)
        if known.segment(segment) is not None:
            self._timeline.choose(frozenset({segment}))
        if frame >= 0:
            self._document.seek(frame)

    def _look_again(self) -> None:
        self.refresh()

    def _steps_about(self, clip: str) -> set[int]:
        of, up_to, found = self._about
        if of != clip:
            up_to, found = 0, set()
        journal = self._document.store.journal
        last = journal[-1].sequence if journal else 0
        if last > up_to:
            found |= set(self._document.store.past.steps_about(clip, up_to))
            self._about = (clip, last, found)
        return found

    def _row(self, step: Entry) -> HistoryRow:
        since = self._history.since(step)
        who = step.author if step.source == BY_HAND else f"{step.source}, {step.author}"
        state = self._history.state(step)
        return HistoryRow(
            step.id, step.label, who, step.at, state, since.at if since else "", since.author if since else ""
        )


def _said(step: Entry) -> str:
    return f"{step.label} {step.author} {step.source}".casefold()


def place_of(changes: tuple[RowChange, ...]) -> tuple[str, str, int]:
    """Clip, segment and frame that changes are about, the first of them that is about any; -1 for no frame."""
    clip = ""
    for change in changes:
        row = change.after or change.before
        if row is None:
            continue
        if change.table == "clips":
            clip = clip or change.id
        elif change.table in ("segments", "poses"):
            try:
                value = value_of(change.table, row.body)
            except msgspec.MsgspecError:
                continue
            if isinstance(value, Segment):
                return row.clip, value.id, value.start_frame
            if isinstance(value, CharacteristicPose):
                return row.clip, value.segment, value.frame
        elif row.clip:
            clip = clip or row.clip
    return clip, "", -1
