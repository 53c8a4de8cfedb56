"""What is suggested for the segments of a clip, worked out beside the window.

A person's tracks are measured once; a segment's suggestions once for its ends, its action and the weights. Whatever
changes (an edit, an answer, another clip) is worked out anew in the one thread, newest wish first, and what is
unchanged is taken over. Segments near the playhead come first, and are told before the rest is done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from PySide6.QtCore import QObject, QRunnable, QThreadPool, QTimer, Signal

from core.motion import Poses2d
from core.project.annotations import Clip, Project, Segment
from core.project.joints import track_of
from core.project.labelling import ranges
from core.suggesting import Signals, Suggestion, Weights, measure
from core.suggesting.answering import skipped_frames, suggest_anew, weights_of
from studio.suggestion_words import spoken
from studio.widgets.timeline_contents import SuggestionMarks

_FIRST = 64
_WORDS_IN_MARKS = 2


@dataclass(frozen=True, eq=False)
class Wish:
    """A state of the project, and what is suggested for: segments of `clip` that have no pose."""

    project: Project
    clip: Clip
    poses: Poses2d
    playhead: int


@dataclass(frozen=True, eq=False)
class Suggested:
    """The answer to a wish: segment → suggestions; signals by track for what is asked besides."""

    wish: Wish
    weights: Weights
    signals: dict[int, Signals] = field(default_factory=dict)
    found: dict[str, tuple[Suggestion, ...]] = field(default_factory=dict)
    skipped: dict[str, tuple[int, ...]] = field(default_factory=dict)
    lacking: tuple[Segment, ...] = ()
    """Segments without a pose that need one, by start."""
    marks: SuggestionMarks = field(default_factory=SuggestionMarks)
    """All of it on the timeline; the same object as before where nothing changed."""
    is_whole: bool = True

    def of(self, segment: Segment) -> tuple[Suggestion, ...]:
        """What is suggested for this segment, whether or not it has a pose."""
        known = self.found.get(segment.id)
        was = self.wish.clip.segment(segment.id)
        if known is not None and was is not None and _same(was, segment):
            return known
        signals = self.signals_of(segment)
        if signals is None:
            return ()
        skipped = self.skipped.get(segment.id, ())
        return suggest_anew(signals, segment.start_frame, segment.end_frame, self.weights, segment.action, skipped)

    def words(self) -> dict[str, tuple[str, ...]]:
        """What stands beside each segment's dots."""
        said: dict[str, tuple[str, ...]] = {}
        for segment, why in zip(self.marks.segments, self.marks.words, strict=True):
            said[segment] = (*said.get(segment, ()), why)
        return said

    def signals_of(self, segment: Segment) -> Signals | None:
        return self.signals.get(track_of(self.wish.clip, segment))


class SuggestedFrames(QObject):
    """Works out the newest wish."""

    ready = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._memory = _Memory()
        self._running = False
        self._next: Wish | None = None
        self._soon = QTimer(self, singleShot=True, interval=0)  # what was edited is painted first
        self._soon.timeout.connect(self._start)

    @property
    def is_settled(self) -> bool:
        return not self._running

    def want(self, wish: Wish) -> None:
        """Work this out as soon as what runs is done."""
        self._next = wish
        if not self._running:
            self._running = True
            self._soon.start()

    def close(self) -> None:
        self._soon.stop()
        self._next = None
        self._pool.clear()
        self._pool.waitForDone()

    def _start(self) -> None:
        wish, self._next = self._next, None
        self._running = wish is not None
        if wish is None:
            return
        task = _Task(wish, self._memory)
        task.told.ready.connect(self._take)
        task.told.broke.connect(self._go_on)
        self._pool.start(task)

    def _take(self, suggested: Suggested) -> None:
        if suggested.is_whole:
            self._running = False
        if self._next is None or suggested.is_whole:
            self.ready.emit(suggested)
        if suggested.is_whole:
            self._start()

    def _go_on(self) -> None:
        """The thread met a bug over a wish; the next one may go well."""
        self._running = False
        self._start()


def marks_of(found: Mapping[str, tuple[Suggestion, ...]], words: Mapping[str, tuple[str, ...]]) -> SuggestionMarks:
    """What is suggested, by frame; `words` of each segment's suggestions."""
    known = [
        (each.frame, segment, each.score, words[segment][at] if segment in words else "")
        for segment, several in found.items()
        for at, each in enumerate(several)
    ]
    known.sort()
    return SuggestionMarks(
        tuple(segment for _, segment, _, _ in known),
        np.array([frame for frame, _, _, _ in known], dtype=np.int64),
        np.array([score for _, _, score, _ in known], dtype=np.float32),
        tuple(why for _, _, _, why in known),
    )


def words_of(suggestions: Sequence[Suggestion], weights: Mapping[str, float]) -> tuple[str, ...]:
    """The strongest reasons of each."""
    return tuple(" · ".join(said for said, _ in spoken(each, weights)[:_WORDS_IN_MARKS]) for each in suggestions)


class _Memory:
    """What the thread keeps from one wish to the next; nobody else touches it."""

    def __init__(self) -> None:
        self.poses: Poses2d | None = None
        self.signals: dict[int, Signals] = {}
        self.answers: object = None
        self.weights: Weights | None = None
        self.skipped: dict[str, tuple[int, ...]] = {}
        self.known: dict[tuple[object, ...], tuple[tuple[Suggestion, ...], tuple[str, ...]]] = {}
        self.words: dict[str, tuple[str, ...]] = {}  # of what was found last, by segment
        self.found: dict[str, tuple[Suggestion, ...]] = {}
        self.marks = SuggestionMarks()

    def marks_of(self, found: dict[str, tuple[Suggestion, ...]]) -> SuggestionMarks:
        """Those of before where the same is found."""
        was = self.found
        if len(was) != len(found) or any(was.get(key) is not each for key, each in found.items()):
            self.found, self.marks = found, marks_of(found, self.words)
        return self.marks


class _Told(QObject):
    ready = Signal(object)
    broke = Signal()


class _Task(QRunnable):
    def __init__(self, wish: Wish, memory: _Memory) -> None:
        super().__init__()
        self._wish, self._memory = wish, memory
        self.told = _Told()

    def run(self) -> None:
        try:
            self._work_out()
        except BaseException:
            self.told.broke.emit()
            raise  # shown as the bug it is

    def _work_out(self) -> None:
        wish, memory = self._wish, self._memory
        if memory.poses is not wish.poses:
            memory.poses, memory.signals, memory.known = wish.poses, {}, {}
        if memory.weights is None or memory.answers is not wish.project.answers:
            memory.weights, memory.known = weights_of(wish.project), {}
            memory.answers, memory.skipped = wish.project.answers, skipped_frames(wish.project)
        weights, skipped = memory.weights, memory.skipped
        posed, unneeded = {each.segment for each in wish.clip.poses}, ranges(wish.project)
        lacking = tuple(each for each in wish.clip.segments if each.id not in posed and each.action not in unneeded)
        for each in {track_of(wish.clip, segment) for segment in wish.clip.segments} or {0}:
            if each not in memory.signals and 0 <= each < wish.poses.people:
                memory.signals[each] = measure(wish.poses, each, wish.clip.video.rate_hz)
        found: dict[str, tuple[Suggestion, ...]] = {}
        first = sorted(lacking, key=lambda each: abs(each.start_frame - wish.playhead))
        for count, segment in enumerate(first, 1):
            track = track_of(wish.clip, segment)
            signals = memory.signals.get(track)
            if signals is None:
                continue
            no = skipped.get(segment.id, ())
            key = (segment.id, segment.start_frame, segment.end_frame, segment.action, track, no)
            if key not in memory.known:
                made = suggest_anew(signals, segment.start_frame, segment.end_frame, weights, segment.action, no)
                memory.known[key] = made, words_of(made, weights.of(segment.action))
            found[segment.id], memory.words[segment.id] = memory.known[key]
            if count == _FIRST < len(first):
                self._tell(
                    Suggested(wish, weights, dict(memory.signals), dict(found), skipped, lacking, is_whole=False)
                )
        self._tell(Suggested(wish, weights, dict(memory.signals), found, skipped, lacking))

    def _tell(self, suggested: Suggested) -> None:
        self.told.ready.emit(replace(suggested, marks=self._memory.marks_of(suggested.found)))


def _same(one: Segment, other: Segment) -> bool:
    def facts(each: Segment) -> tuple[object, ...]:
        return each.start_frame, each.end_frame, each.action, each.actor

    return facts(one) == facts(other)
