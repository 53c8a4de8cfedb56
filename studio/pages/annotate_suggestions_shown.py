"""How suggested poses are shown on the Annotate page: as dots of the timeline and on the card below a segment's pose.

It decides nothing: which suggestions there are and which one somebody looks at is given to it.
"""

from dataclasses import dataclass, replace

from core.project.annotations import CharacteristicPose, Segment
from core.project.labelling import ranges
from core.suggesting import Suggestion
from studio.document import Document
from studio.pages.annotate_picture import ClipPicture
from studio.pages.annotate_suggested import Suggested, marks_of, words_of
from studio.suggestion_words import spoken
from studio.widgets.clip_time import say_time
from studio.widgets.inspector import Inspector
from studio.widgets.suggestion_card import CardFacts, SuggestionCard
from studio.widgets.timeline import Timeline
from studio.words import say


@dataclass(frozen=True, eq=False)
class Looking:
    """A segment whose suggestions somebody looks at, as they were when that began; `seen`: places that were shown."""

    segment: Segment
    suggestions: tuple[Suggestion, ...]
    at: int = 0
    seen: frozenset[int] = frozenset()

    @property
    def current(self) -> Suggestion | None:
        return self.suggestions[self.at] if self.at < len(self.suggestions) else None


class SuggestionsShown:
    """Shows them; the card is `card`."""

    def __init__(self, document: Document, picture: ClipPicture, timeline: Timeline, inspector: Inspector) -> None:
        self._document, self._picture, self._timeline = document, picture, timeline
        self._drawn: tuple[object, ...] = ()
        self._marked: tuple[object, ...] = ()
        self.card = SuggestionCard()
        layout = inspector.segment.below_pose.layout()
        assert layout is not None
        layout.addWidget(self.card)
        self.card.hide()

    def draw(self, suggested: Suggested | None, looking: Looking | None) -> None:
        """What was worked out for the clip, and what of it somebody looks at; what is drawn already costs nothing."""
        current = looking.current if looking is not None else None
        editable = self._document.is_open and self._document.read_only_reason is None
        chosen = self._chosen_segment()
        pose = self._pose_of(chosen)
        drawn = (suggested, looking, current, editable, chosen, pose, self._picture.tracks() is None)
        if len(drawn) == len(self._drawn) and all(a is b for a, b in zip(drawn, self._drawn, strict=True)):
            return
        self._drawn = drawn
        self._draw_marks(suggested, looking, current)
        self._draw_card(suggested, chosen, looking, current, pose, editable=editable)

    def _draw_marks(self, suggested: Suggested | None, looking: Looking | None, current: Suggestion | None) -> None:
        if suggested is None:
            self._marked = ()
            self._timeline.show_suggestions(None)
            return
        marks = suggested.marks
        looked_at = (looking.segment.id, looking.suggestions) if looking is not None else ("", None)
        marked = (marks, current, *looked_at)
        if len(marked) == len(self._marked) and all(a is b for a, b in zip(marked, self._marked, strict=True)):
            return  # of these the dots are made
        self._marked = marked
        if looking is not None and suggested.found.get(looking.segment.id) is not looking.suggestions:
            segment = looking.segment  # it has its pose, or is shown as it was when that began
            words = words_of(looking.suggestions, suggested.weights.of(segment.action))
            said = {**suggested.words(), segment.id: words}
            marks = marks_of({**suggested.found, segment.id: looking.suggestions}, said)
        if looking is not None and current is not None:
            here = (n for n, each in enumerate(marks.frames.tolist()) if each == current.frame)
            at = next((n for n in here if marks.segments[n] == looking.segment.id), -1)
            marks = replace(marks, current=at)
        self._timeline.show_suggestions(marks)

    def _draw_card(
        self,
        suggested: Suggested | None,
        chosen: Segment | None,
        looking: Looking | None,
        current: Suggestion | None,
        pose: CharacteristicPose | None,
        *,
        editable: bool,
    ) -> None:
        card = self.card
        if chosen is None or chosen.action in ranges(self._document.project):
            card.hide()
        elif current is not None and looking is not None and suggested is not None:
            if pose is not None and pose.frame != current.frame and self._document.playhead == pose.frame:
                card.hide()  # it has its pose, and that is what is looked at
                return
            reasons = spoken(current, suggested.weights.of(chosen.action))
            when = say_time(self._picture.time.seconds(current.frame))
            is_set = pose is not None and pose.frame == current.frame
            facts = CardFacts(looking.at + 1, len(looking.suggestions), when, current.score, tuple(reasons))
            card.show_facts(facts, editable=editable and not is_set)
        elif pose is not None:
            card.hide()
        elif self._picture.tracks() is None:
            card.show_words(say("Extract 2D poses first: suggestions come from them."), can_extract=editable)
        elif looking is not None:
            card.show_words(say("Nothing is suggested: nobody is seen in this segment, or all of it was skipped."))
        else:
            card.show_words(say("Looking for its most characteristic frames"))

    def _chosen_segment(self) -> Segment | None:
        clip, ids = self._document.clip, self._timeline.chosen
        return clip.segment(next(iter(ids))) if clip is not None and len(ids) == 1 else None

    def _pose_of(self, segment: Segment | None) -> CharacteristicPose | None:
        clip = self._document.clip
        return clip.pose_of(segment.id) if clip is not None and segment is not None else None
