"""Going from one mark to the next: segments, poses, and what is still missing. Moves the playhead, edits nothing."""

from PySide6.QtCore import QObject, Signal

from studio.display import Display
from studio.document import Document
from studio.widgets.timeline import Timeline
from studio.words import say


class Walks(QObject):
    """Walks over the chosen clip; what is reached is chosen and shown."""

    says = Signal(str)

    def __init__(self, document: Document, timeline: Timeline, display: Display) -> None:
        super().__init__(timeline)
        self._document, self._timeline, self._display = document, timeline, display

    def to_segment(self, step: int) -> None:
        """The next segment by its start, or the one before."""
        clip = self._document.clip
        if clip is None or not clip.segments:
            self.says.emit(say("No segment is marked yet"))
            return
        chosen = [at for at, each in enumerate(clip.segments) if each.id in self._timeline.chosen]
        playhead = self._document.playhead
        if chosen:
            at = chosen[-1] + 1 if step > 0 else chosen[0] - 1
        elif step > 0:
            at = next((n for n, each in enumerate(clip.segments) if each.start_frame > playhead), len(clip.segments))
        else:
            at = next((n for n in reversed(range(len(clip.segments))) if clip.segments[n].start_frame < playhead), -1)
        if not 0 <= at < len(clip.segments):
            self.says.emit(say("This is the last segment" if step > 0 else "This is the first segment"))
            return
        self._timeline.choose(frozenset({clip.segments[at].id}))
        self._document.seek(clip.segments[at].start_frame)

    def to_pose(self, step: int) -> None:
        """The next characteristic pose, or the one before."""
        clip = self._document.clip
        playhead = self._document.playhead
        poses = clip.poses if clip is not None else ()
        ahead = [each for each in poses if (each.frame - playhead) * step > 0]
        if not ahead:
            beyond = say("No pose lies after this" if step > 0 else "No pose lies before this")
            self.says.emit(beyond if poses else say("No pose is set yet"))
            return
        pose = min(ahead, key=lambda each: abs(each.frame - playhead))
        self._timeline.choose(frozenset({pose.segment}))
        self._document.seek(pose.frame)

    def to_pose_of(self, segment: str) -> None:
        """The pose of this segment."""
        clip = self._document.clip
        pose = clip.pose_of(segment) if clip is not None else None
        if pose is not None:
            self._document.seek(pose.frame)

    def to_middle(self, segment: str) -> None:
        """The middle of a segment that lacks a pose: a first guess at where it may be."""
        clip = self._document.clip
        found = clip.segment(segment) if clip is not None else None
        if found is not None:
            self._timeline.choose(frozenset({segment}))
            self._document.seek((found.start_frame + found.end_frame) // 2)

    def to_missing(self, step: int) -> None:
        """The next stretch without a label, segment without a pose or draft, all round the clip."""
        clip = self._document.clip
        if clip is None:
            return
        places = self._missing()
        if not places:
            self.says.emit(say("Nothing is missing in this clip"))
            return
        playhead = self._document.playhead
        ahead = [each for each in places if (each[0] - playhead) * step > 0]
        frame, segment = (min if step > 0 else max)(ahead or places)
        self._timeline.choose(frozenset({segment}) if segment else frozenset())
        self._document.seek(frame)

    def to_gap(self, step: int) -> tuple[int, int] | None:
        """The next stretch without a label, all round the clip; where it begins and ends."""
        gaps = self._timeline.scene.contents.gaps
        if not gaps:
            self.says.emit(say("No stretch is without a label"))
            return None
        playhead = self._document.playhead
        ahead = [each for each in gaps if (each[0] - playhead) * step > 0]
        gap = (min if step > 0 else max)(ahead or gaps)
        self._timeline.choose(frozenset())
        self._document.seek(gap[0])
        return gap

    def show_chosen(self) -> None:
        """Bring what is chosen close."""
        contents = self._timeline.scene.contents
        spans = [span for each in self._timeline.chosen if (span := contents.segment_at(each)) is not None]
        if spans:
            self._timeline.show_stretch(min(each[0] for each in spans), max(each[1] for each in spans))
        else:
            self.says.emit(say("Choose a segment to bring it close"))

    def show_segments(self, segments: frozenset[str]) -> None:
        """Choose these and go to the first."""
        self._timeline.choose(segments)
        self.show_chosen()
        contents = self._timeline.scene.contents
        starts = [span[0] for each in segments if (span := contents.segment_at(each)) is not None]
        if starts:
            self._document.seek(min(starts))

    def _missing(self) -> list[tuple[int, str]]:
        """Frames to go to, with the segment that lacks something, or without one."""
        contents = self._timeline.scene.contents
        marks = contents.poses
        places = [(int(marks.frames[at]), marks.segments[at]) for at in marks.missing.nonzero()[0].tolist()]
        if self._display.walks_to_drafts:
            for track in contents.tracks:
                unseen = track.drafts.nonzero()[0].tolist()
                places += [(int(track.starts[at]), track.ids[at]) for at in unseen]
        return places + [(start, "") for start, _ in contents.gaps]
