"""The side panels of Annotate in step with the clip: labels with their counts, the chosen segment, facts, history."""

from PySide6.QtCore import QObject, Qt

from core.errors import ProjectError
from core.project.edits import BACKGROUND, BACKGROUND_COLOUR
from core.project.labelling import Uses, is_range
from studio.commands import shown
from studio.document import Document
from studio.pages import annotate_facts as facts
from studio.pages.annotate_changing import Changing
from studio.pages.annotate_history import HistoryTab
from studio.pages.annotate_picture import ClipPicture
from studio.widgets.inspector import HISTORY, Inspector
from studio.widgets.label_list import LabelList, LabelRow
from studio.widgets.timeline import Timeline


class Panels(QObject):
    """Shows what is chosen, and takes what is typed there."""

    def __init__(
        self,
        document: Document,
        picture: ClipPicture,
        timeline: Timeline,
        labels: LabelList,
        inspector: Inspector,
        changing: Changing,
    ) -> None:
        super().__init__(inspector)
        self._document, self._picture, self._timeline = document, picture, timeline
        self._labels, self._inspector, self._changing = labels, inspector, changing
        self.history = HistoryTab(document, timeline, inspector.history)
        self._uses = Uses()
        inspector.tabs.currentChanged.connect(self.show_history)
        inspector.ends_typed.connect(self._set_ends)

    def show_labels(self) -> None:
        """The vocabulary, how often each word stands in this clip, and which are those of what is chosen."""
        document, clip = self._document, self._document.clip
        if not document.is_open:
            self._labels.show_labels(())
            return
        segments = clip.segments if clip is not None else ()
        self._uses.look(document.project)
        counts, total = self._uses.in_clip(document.clip_id), self._uses.segments
        chosen = self._timeline.chosen
        strong: set[str] = set()
        for each in [each for each in segments if each.id in chosen] if chosen else ():
            strong.update((each.action, *each.objects))
        rows = []
        for words in (document.project.actions(), document.project.objects()):
            for place, each in enumerate(words):
                kind = "range" if is_range(each) else each.kind
                hint = shown(each.name) if each.name in BACKGROUND else ""
                of = counts[each.id], total[each.id], hint
                rows.append(LabelRow(each.id, each.name, kind, each.colour, each.key, place, *of))
        there = {each.name for each in document.project.actions()}
        rows += [
            LabelRow("", name, "range", BACKGROUND_COLOUR, "", 0, 0, 0, shown(name))
            for name in BACKGROUND
            if name not in there
        ]
        self._labels.show_labels(rows, frozenset(strong))

    def show_chosen(self) -> None:
        """The inspector's tabs."""
        document, clip = self._document, self._document.clip
        if not document.is_open or clip is None:
            self._inspector.show_segment(None, 0, editable=False)
            self._inspector.clip.show_facts(())
            self.show_history()
            return
        project, poses = document.project, self._picture.tracks()
        chosen = self._timeline.chosen
        segment = clip.segment(next(iter(chosen))) if len(chosen) == 1 else None
        self._inspector.show_vocabulary(
            [(each.id, each.name) for each in project.actions()],
            [(each.id, each.name) for each in project.objects()],
            facts.actor_choices(clip, segment, poses.people if poses is not None else 1),
        )
        editable = document.read_only_reason is None
        shown = facts.segment_facts(project, clip, segment, self._picture.time, poses) if segment is not None else None
        self._inspector.show_segment(shown, len(chosen), editable=editable)
        self._inspector.clip.show_facts(facts.clip_facts(project, clip, document.video_path(clip.id), poses))
        self.show_history()

    def open_history(self) -> None:
        """Bring what was done to the front, and the keys to it."""
        self._inspector.tabs.setCurrentIndex(HISTORY)
        self.show_history()
        self.history.choose_now()
        self._inspector.history.view.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_history(self, *_: object) -> None:
        """What was done, where somebody looks at it."""
        if self._inspector.tabs.currentIndex() == HISTORY:
            self.history.refresh()

    def _set_ends(self, segment: str, start: str, end: str) -> None:
        time = self._picture.time
        span = self._timeline.scene.contents.segment_at(segment)
        frames = facts.read_ends(start, end, span, time) if span is not None else None
        if frames is None or span is None:
            self._document.refused.emit(
                ProjectError("These are no ends of a segment", hint="Write times such as 0:50.70, the end behind.")
            )
        elif frames != span:
            what = (
                "move" if frames[0] != span[0] and frames[1] != span[1] else "start" if frames[0] != span[0] else "end"
            )
            self._changing.move([(segment, *frames)], what)
        self.show_chosen()
