"""Suggested characteristic poses on the Annotate page: walked through, accepted, skipped, or overruled.

The card below a chosen segment's pose shows one suggestion at a time; U walks through a segment's suggestions and on
to the next segment without a pose. Accepting sets the pose and keeps the answer in one edit, skipping keeps an answer,
and a pose set elsewhere is an answer too: what was shown loses. Answers change what is suggested from then on, but
never what somebody is looking at: a segment's suggestions stay as they were shown until it is left.
"""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from core.forecasts import Forecast
from core.motion import Poses2d
from core.project import edits
from core.project.annotations import Changes, Clip, FrameIdentity, Project, Segment
from core.project.joints import track_of
from core.project.labelling import ranges
from core.suggesting import Suggestion, suggest_in
from core.suggesting.answering import own_choice, with_answer, with_own_choice
from core.suggesting.reasons import unlike
from studio.actions import Handlers
from studio.commands import shown
from studio.document import Document
from studio.pages.annotate_changing import Changing
from studio.pages.annotate_picture import ClipPicture
from studio.pages.annotate_suggested import Suggested, SuggestedFrames, Wish
from studio.pages.annotate_suggestions_shown import Looking, SuggestionsShown
from studio.widgets.inspector import Inspector
from studio.widgets.timeline import Timeline
from studio.words import say

Foresaw = Callable[[], Forecast | None]
"""The newest forecast of the clip by the run whose lane is shown; None where there is none."""


class Suggesting(QObject):
    """The keys, the card and the timeline's dots; a part of the page."""

    says = Signal(str)
    asks = Signal(str)

    def __init__(
        self,
        document: Document,
        changing: Changing,
        picture: ClipPicture,
        timeline: Timeline,
        inspector: Inspector,
        foresaw: Foresaw = lambda: None,
    ) -> None:
        super().__init__(timeline)
        self._document, self._changing, self._picture, self._timeline = document, changing, picture, timeline
        self._foresaw = foresaw
        self._frames = SuggestedFrames(self)
        self._suggested: Suggested | None = None
        self._followed: Suggested | None = None  # what the segment looked at was found in
        self._asked: tuple[Poses2d, Clip, Project] | None = None
        self._looking: Looking | None = None
        self._going = 0
        self._offered = ""
        self._shown = SuggestionsShown(document, picture, timeline, inspector)
        self.card = self._shown.card
        self.card.accepted.connect(self.accept)
        self.card.skipped.connect(self.skip)
        self.card.shown.connect(self._go_to_current)
        self.card.poses_wanted.connect(lambda: self.asks.emit("extract-poses"))
        self._frames.ready.connect(self._take)
        timeline.suggestion_clicked.connect(self._show_clicked)
        document.changed.connect(self._follow_changes)
        changing.beside_pose = self._with_own_choice

    # ---- what the page asks ----

    def commands(self) -> Handlers:
        return {
            "accept-suggestion": self.accept,
            "skip-suggestion": self.skip,
            "next-suggestion": lambda: self.walk(1),
            "previous-suggestion": lambda: self.walk(-1),
        }

    def checked(self) -> dict[str, bool]:
        return {}

    @property
    def is_settled(self) -> bool:
        return self._frames.is_settled

    def close(self) -> None:
        self._frames.close()

    def refresh(self) -> None:
        """Ask anew where the clip or its poses changed; follow what is chosen and where the playhead is."""
        clip, poses = self._document.clip, self._picture.tracks()
        if clip is None or poses is None:
            self._suggested = self._asked = self._looking = None
            self._going = 0
            self._draw()
            return
        project = self._document.project
        asked = self._asked
        if asked is None or asked[0] is not poses or asked[1] is not clip or asked[2].answers is not project.answers:
            if asked is None or asked[1].id != clip.id or asked[0] is not poses:
                self._suggested = self._looking = None
            self._asked = (poses, clip, project)
            self._frames.want(Wish(project, clip, poses, self._document.playhead))
        self._follow_chosen(clip)
        self._draw()

    # ---- walking ----

    def walk(self, step: int) -> None:
        """The next suggestion of the segment looked at, else the first of the next segment without a pose.

        On a pose that was set where it was suggested, the segment is done with: forwards goes to the next one.
        """
        clip = self._document.clip
        if clip is None:
            return
        if self._picture.tracks() is None:
            self.says.emit(say("Extract 2D poses first: suggestions come from them"))
            return
        if self._suggested is None or self._suggested.wish.clip is not clip:
            self._going = step  # it is being worked out
            if self._suggested is None:
                return
        if self._offered and step > 0:
            self._go_to_offered()
            return
        looking = self._looking
        if looking is not None and looking.suggestions:
            is_there = looking.current is not None and self._document.playhead == looking.current.frame
            at = looking.at + step if is_there else looking.at
            pose = clip.pose_of(looking.segment.id)
            is_done = step > 0 and pose is not None and pose.frame == self._document.playhead
            if 0 <= at < len(looking.suggestions) and (pose is None or (is_there and not is_done)):
                self._look_at(replace(looking, at=at))
                return
        self._leave(clip, step)

    def show_best(self, segment_id: str) -> bool:
        """Go to the best suggestion of a segment; whether there is one."""
        clip = self._document.clip
        segment = clip.segment(segment_id) if clip is not None else None
        suggested = self._suggested
        if segment is None or suggested is None:
            return False
        found = suggested.of(segment)
        if found:
            self._look_at(Looking(segment, found))
        return bool(found)

    def _leave(self, clip: Clip, step: int) -> None:
        """To the nearest segment without a pose that lies ahead."""
        suggested = self._suggested
        if suggested is None:
            return
        there = self._looking.segment if self._looking is not None else None
        playhead = self._document.playhead
        here = (there.start_frame, there.id) if there is not None else (playhead, "" if step > 0 else "~")
        ahead = []
        for each in suggested.lacking:
            if self._lacks_pose(clip, each.id) and suggested.found.get(each.id):
                under = there is None and each.start_frame <= playhead < each.end_frame
                if under or ((each.start_frame, each.id) > here if step > 0 else (each.start_frame, each.id) < here):
                    ahead.append((not under, each.start_frame * step, each.id, each))
        if not ahead:
            self._offer_next_clip(step)
            return
        segment = min(ahead)[3]
        found = suggested.of(clip.segment(segment.id) or segment)
        self._look_at(Looking(segment, found, at=0 if step > 0 else len(found) - 1))

    def _look_at(self, looking: Looking) -> None:
        """Choose the segment and go to the frame that is suggested there."""
        current = looking.current
        if current is None:
            return
        self._offered = ""
        self._looking = replace(looking, seen=looking.seen | {looking.at})
        if self._timeline.chosen != {looking.segment.id}:
            self._timeline.choose(frozenset({looking.segment.id}))
        if self._document.playhead == current.frame:
            self._draw()
        else:
            self._document.seek(current.frame)
        self.card.come_into_view()

    def _go_to_current(self) -> None:
        if self._looking is not None:
            self._look_at(self._looking)

    def _show_clicked(self, segment_id: str, frame: int) -> None:
        clip, suggested = self._document.clip, self._suggested
        segment = clip.segment(segment_id) if clip is not None else None
        if segment is None or suggested is None:
            return
        looking = self._looking
        if looking is None or looking.segment.id != segment_id:
            looking = Looking(segment, suggested.of(segment))
        at = next((n for n, each in enumerate(looking.suggestions) if each.frame == frame), None)
        if at is not None:
            self._look_at(replace(looking, at=at))

    def _offer_next_clip(self, step: int) -> None:
        other = self._clip_ahead() if step > 0 else None
        if other is None:
            self.says.emit(say("No more suggestions in this clip"))
            return
        self._offered = other.id
        key = shown("next-suggestion")
        self.says.emit(say("No more in this clip. {key} again goes on in {name}", key=key, name=other.name))

    def _clip_ahead(self) -> Clip | None:
        """The next clip, all round, that has 2D poses and a segment without a characteristic pose."""
        project, unneeded = self._document.project, ranges(self._document.project)
        clips = list(project.clips.values())
        here = next((n for n, each in enumerate(clips) if each.id == self._document.clip_id), 0)
        for each in (*clips[here + 1 :], *clips[:here]):
            posed = {pose.segment for pose in each.poses}
            if each.tracks and any(s.id not in posed and s.action not in unneeded for s in each.segments):
                return each
        return None

    def _go_to_offered(self) -> None:
        clip, self._offered = self._offered, ""
        if clip in self._document.project.clips:
            self._document.choose_clip(clip)
            self._document.seek(0)
            self._going = 1

    # ---- answering ----

    def accept(self) -> None:
        """Set the pose where it is suggested, once that frame is what is looked at."""
        looking, clip = self._looking, self._document.clip
        current = looking.current if looking is not None else None
        if looking is None or current is None or clip is None or self._document.read_only_reason is not None:
            self.says.emit(say("Nothing is suggested here: {key} goes to what is", key=shown("next-suggestion")))
            return
        if self._document.playhead != current.frame:
            self._look_at(looking)
            key = shown("accept-suggestion")
            self.says.emit(say("This frame is suggested: {key} sets the pose here", key=key))
            return
        segment, at, author = looking.segment, looking.at, self._document.author

        def known(identity: FrameIdentity) -> None:
            def accepted(before: Project) -> tuple[Project, None]:
                after = edits.set_pose(before, clip.id, segment.id, current.frame, identity, author=author)
                return with_answer(after, clip.id, segment.id, current, at, accepted=True, author=author), None

            self._changing.edit_with(accepted, f"Set pose of {self._changing.name_of(segment)} as suggested")

        self._picture.identify(current.frame, known)

    def skip(self) -> None:
        """Not this frame; the next one."""
        looking, clip = self._looking, self._document.clip
        current = looking.current if looking is not None else None
        if looking is None or current is None or clip is None or self._document.read_only_reason is not None:
            self.says.emit(say("Nothing is suggested here: {key} goes to what is", key=shown("next-suggestion")))
            return
        segment, at, author = looking.segment, looking.at, self._document.author

        def skipped(before: Project) -> tuple[Project, None]:
            return with_answer(before, clip.id, segment.id, current, at, accepted=False, author=author), None

        self._changing.edit_with(skipped, f"Skip suggestion of {self._changing.name_of(segment)}")
        now = self._looking
        if now is not None and now.segment.id == segment.id and at + 1 < len(now.suggestions):
            self._look_at(replace(now, at=at + 1))
        else:
            self._leave(self._document.project.clips[clip.id], 1)

    def _with_own_choice(self, project: Project, clip_id: str, segment_id: str, frame: int) -> Project:
        """What setting a pose says about what was suggested there."""
        suggested, looking = self._suggested, self._looking
        clip = project.clips.get(clip_id)
        segment = clip.segment(segment_id) if clip is not None else None
        if suggested is None or clip is None or segment is None or suggested.wish.clip.id != clip.id:
            return project
        signals = suggested.signals_of(segment)
        mine = looking if looking is not None and looking.segment.id == segment_id else None
        author = self._document.author
        if mine is not None:
            for at, each in enumerate(mine.suggestions):
                if each.frame == frame:
                    return with_answer(project, clip_id, segment_id, each, at, accepted=True, author=author)
        chosen = own_choice(signals, segment.start_frame, segment.end_frame, frame) if signals is not None else None
        if chosen is None:
            return project
        answered = {each.frame for each in project.answers.values() if each.segment == segment_id}
        were_shown = [mine.suggestions[at] for at in sorted(mine.seen)] if mine is not None else []
        lost = [each for each in were_shown if each.frame not in answered]
        return with_own_choice(project, clip_id, segment_id, chosen, lost, author=author)

    # ---- following ----

    def _follow_changes(self, changes: Changes) -> None:
        if changes.answers and self._document.clip_id not in changes.clips:
            self.refresh()  # the page looks at the clip alone

    def _take(self, suggested: Suggested) -> None:
        clip = self._document.clip
        if clip is None or suggested.wish.clip.id != clip.id or suggested.wish.poses is not self._picture.tracks():
            return
        self._suggested = suggested
        self._follow_chosen(clip)
        if self._going and suggested.is_whole and suggested.wish.clip is clip:
            going, self._going = self._going, 0
            self.walk(going)
        self._draw()

    def _follow_chosen(self, clip: Clip) -> None:
        """Look at the one segment that is chosen; what is looked at already stays as it is until its ends move."""
        chosen = self._timeline.chosen
        segment = clip.segment(next(iter(chosen))) if len(chosen) == 1 else None
        looking, suggested = self._looking, self._suggested
        if segment is None or suggested is None or segment.action in ranges(self._document.project):
            self._looking = None
            return
        ends = (segment.start_frame, segment.end_frame, segment.actor)
        if (
            looking is None
            or ends != (looking.segment.start_frame, looking.segment.end_frame, looking.segment.actor)
            or (looking.segment.id != segment.id)
            or (not looking.suggestions and suggested is not self._followed)  # its person may be known only now
        ):
            looking = Looking(segment, self._with_surprise(clip, segment, suggested))
        playhead = self._document.playhead
        at = next((n for n, each in enumerate(looking.suggestions) if each.frame == playhead), None)
        if at is not None and (at != looking.at or at not in looking.seen):
            looking = replace(looking, at=at, seen=looking.seen | {at})
        self._looking, self._followed = looking, suggested

    def _with_surprise(self, clip: Clip, segment: Segment, suggested: Suggested) -> tuple[Suggestion, ...]:
        """What is suggested for a segment; with what a shown run foresaw of it, where it looked ahead from before."""
        forecast, signals = self._foresaw(), suggested.signals_of(segment)
        step = forecast.steps[0] if forecast is not None and forecast.steps else None
        if forecast is None or step is None or signals is None or forecast.clip_id != clip.id:
            return suggested.of(segment)
        rate = clip.video.rate_hz
        ahead_s = step.time.pose_s if step.time is not None else 0.0
        meant = segment.start_frame <= forecast.at_frame + ahead_s * rate < segment.end_frame
        if not meant or forecast.at_frame > segment.start_frame or len(step.joints_px) == 0:
            return suggested.of(segment)
        ends = segment.start_frame, segment.end_frame
        surprise = unlike(suggested.wish.poses, track_of(clip, segment), *ends, step.joints_px)
        weights, skipped = suggested.weights.of(segment.action), suggested.skipped.get(segment.id, ())
        return suggest_in(signals, *ends, weights, surprise=surprise, skipped=skipped)

    def _lacks_pose(self, clip: Clip, segment_id: str) -> bool:
        return clip.segment(segment_id) is not None and clip.pose_of(segment_id) is None

    def _draw(self) -> None:
        self._shown.draw(self._suggested, self._looking)
