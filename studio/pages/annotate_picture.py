"""The chosen clip's picture on the Annotate page: its frames, its people, its identity, and what there is to say of it.

Frames are decoded by `FrameSource`, the file is compared by `IdentityCheck`, both beside the window. The last frame
stays until the next is there; a video that is gone, cut short or another one is said, and nothing shifts.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QPixmap

from core.errors import CoreError, ProjectError
from core.motion import Poses2d
from core.project.annotations import Clip, FrameIdentity
from core.project.joints import poses_at, track_of
from studio.document import Document
from studio.jobs import Jobs
from studio.pages.annotate_states import PictureWords
from studio.widgets.clip_time import ClipTime, say_count, say_time
from studio.widgets.frame_source import Frame, FrameSource
from studio.widgets.identity_check import IdentityCheck, Verdict
from studio.widgets.people_overlay import as_edited, people_at
from studio.widgets.video_view import Headline, VideoView
from studio.words import say

THUMBNAIL_PX = 48


class ClipPicture(QObject):
    """Keeps the picture in step with the document's clip and playhead."""

    time_known = Signal(object)
    """ClipTime of the clip, exact once its frames are listed."""
    thumbnails_changed = Signal(object)
    """Pictures by frame, for the timeline."""
    people_shown = Signal(object)
    """The frame whose people are on the picture now; None where there are none."""
    says = Signal(str)
    """What is known of the frames, for the line at the foot."""

    def __init__(self, document: Document, jobs: Jobs, view: VideoView, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._view = document, view
        self.words = PictureWords(document, jobs, view, self)
        self._source = FrameSource(self)
        self._check = IdentityCheck(self)
        self._clip: Clip | None = None
        self._path: Path | None = None
        self._shown: int | None = None
        self._preview: int | None = None
        self._thumbnails: dict[int, QPixmap] = {}
        self._is_readable = True
        self._verdict: Verdict | None = None
        self._unreadable_tracks: set[str] = set()
        self.time = ClipTime(0, 25.0)
        self.actor = ""  # whom the marks are about, an actor's id; the page sets it
        self.with_joints = True
        self._source.opened.connect(self._opened)
        self._source.arrived.connect(self._arrived)
        self._source.failed.connect(self._failed)
        self._source.frame_failed.connect(self._frame_failed)
        self._check.found.connect(self._found)
        self._check.thumbnail.connect(self._thumbnail)
        document.closing.connect(self._answer_questions)
        view.framing_changed.connect(self.show_frame)
        self.words.tried_again.connect(self._open_again)

    # ---- the clip ----

    def show_clip(self) -> None:
        """Follow the document: another clip, or another video for it."""
        clip = self._document.clip
        before, self._clip = self._clip, clip
        same_clip = clip is not None and before is not None and clip.id == before.id
        if clip is not None and same_clip and clip.video == (before.video if before else None):
            self.words.show_clip(clip, self._path, is_new=False)
            self.show_frame()
            return
        self._source.close()
        self._check.stop()
        self._verdict, self._shown, self._preview, self._path, self._is_readable = None, None, None, None, True
        self._thumbnails = {}
        self.thumbnails_changed.emit({})
        self.says.emit("")
        if clip is None:
            self.time = ClipTime(0, 25.0)
            self._view.show_image(None)
        else:
            self.time = ClipTime(clip.video.frame_count, clip.video.rate_hz)
            self._view.show_video_size(clip.video.width, clip.video.height)
            self._path = self._document.video_path(clip.id)
            if self._path is None or not same_clip:
                # Another clip's frame would be taken for one of this clip.
                self._view.show_image(None)
            if self._path is not None:
                self._source.open(self._path)
                marks = [(pose.frame, pose.identity) for pose in clip.poses]
                self._check.start(self._path, clip.video, marks, THUMBNAIL_PX)
        no_video = clip is not None and self._path is None
        self._view.show_note(say("This clip has no video: its joints alone are shown") if no_video else "")
        self.words.show_clip(clip, self._path, is_new=True)
        self.time_known.emit(self.time)
        self.show_frame()

    def _open_again(self) -> None:
        """Read the same file once more: its disk may be back."""
        if self._path is not None and self._clip is not None:
            self._is_readable = True
            self._source.open(self._path)
            self._check.start(
                self._path, self._clip.video, [(each.frame, each.identity) for each in self._clip.poses], THUMBNAIL_PX
            )
            self.words.refresh()
            self.show_frame()

    def use_light_copy(self, *, on: bool) -> None:
        """While scrubbing, take pictures from the clip's light copy where there is one."""
        self._source.use_light_copy(on=on)

    @property
    def readable_path(self) -> Path | None:
        """Where the clip's video is, if it can be read."""
        return self._path if self._is_readable and self._source.is_open() else None

    def _answer_questions(self) -> None:
        """Edits that wait for what their frame is are made before the project is let go of."""
        if self._source.is_asked:
            self._source.close(wait=True)

    def close(self) -> None:
        """End every thread; edits that wait for what their frame is are made first."""
        self._source.close(wait=True)
        self._check.stop(wait=True)
        self.words.finding.close()

    def is_settled(self) -> bool:
        """Whether the picture shows what it is to show."""
        return self._source.is_settled() and self._check.is_settled()

    # ---- frames ----

    def show_frame(self) -> None:
        """Show the frame at the playhead, or the one a drag asks for."""
        frame = self._document.playhead if self._preview is None else self._preview
        if self._clip is None:
            self._view.show_caption("")
            self._view.show_headline(None)
            self._view.show_people(())
            self.people_shown.emit(None)
            return
        if self._source.is_open() and self._is_readable:
            self._source.want(frame, self._view.wished_px)
            if frame != self._shown:
                self._view.wait_for_frame()
        self._view.show_caption(
            say("{time}   frame {frame}", time=say_time(self.time.seconds(frame)), frame=say_count(frame))
        )
        self._view.show_headline(self._headline(self._clip, frame))
        self._show_people()

    def preview(self, frame: int) -> None:
        """Show another frame than the playhead's while something is dragged; -1 ends it."""
        self._preview = None if frame < 0 else frame
        self.show_frame()

    def identify(self, frame: int, then: Callable[[FrameIdentity], None]) -> None:
        """Go on with what `frame` is, once that is known, whatever clip is in front then; say why where it is not."""
        clip = self._clip
        if clip is None:
            return
        if not clip.video.path:
            then(FrameIdentity(pts=frame))  # a clip of joints alone: its frames are what they are counted as
        elif not self._is_readable or not self._source.is_open():
            self._document.refused.emit(
                ProjectError(
                    "The pose was not set: its frame cannot be seen", hint="Find the video first; the marks are safe."
                )
            )
        else:
            self._source.identify(frame, partial(self._identified, frame, then))

    def want_thumbnails(self, frames: list[int]) -> None:
        self._check.want_thumbnails(frames)

    def _headline(self, clip: Clip, frame: int) -> Headline | None:
        pose = next((each for each in clip.poses if each.frame == frame), None)
        segment = clip.segment(pose.segment) if pose is not None else None
        label = self._document.project.labels.get(segment.action) if segment is not None else None
        words = say("Characteristic pose of  {name}", name=label.name) if label is not None else ""
        return Headline(words, label.colour) if label is not None else None

    def _show_people(self) -> None:
        """People of the frame that is shown, so that joints never run ahead of the picture."""
        clip, poses, frame = self._document.clip, self.tracks(), self.frame_shown
        if clip is None or frame is None:
            self._view.show_people(())
            self.people_shown.emit(None)
            return
        names = {each.track: each.name for each in clip.actors if each.track is not None}
        people = list(people_at(poses, frame, names, self.actor_track())) if poses is not None else []
        for pose in poses_at(clip, frame):
            segment = clip.segment(pose.segment) if pose.joint_edits else None
            if segment is not None:
                track = track_of(clip, segment)
                is_actor = track == self.actor_track()
                people = as_edited(people, pose.joint_edits, track, names.get(track, ""), is_actor=is_actor)
        self._view.show_people(tuple(people), with_joints=self.with_joints)
        self.people_shown.emit(frame)

    @property
    def frame_shown(self) -> int | None:
        """The frame that is on the picture, which may be behind the playhead; where there is no picture, the latter."""
        if not self._source.is_open() or not self._is_readable:
            return self._document.playhead
        return self._shown

    def tracks(self) -> Poses2d | None:
        """The clip's 2D tracks; None where there are none, or where they cannot be read."""
        clip = self._document.clip
        if clip is None or not clip.tracks:
            return None
        try:
            return self._document.tracks(clip.id)
        except CoreError as error:
            if clip.tracks not in self._unreadable_tracks:
                self._unreadable_tracks.add(clip.tracks)
                self._document.refused.emit(error)
            return None

    @property
    def video_ends(self) -> int | None:
        """How many frames the video has, where that is less than was marked."""
        verdict, clip = self._verdict, self._clip
        if verdict is None or clip is None or verdict.frame_count >= clip.video.frame_count:
            return None
        return verdict.frame_count

    def actor_track(self) -> int:
        """The track of the person the marks are about: the actor's, else the first."""
        clip = self._clip
        actors = clip.actors if clip is not None else ()
        wanted = [each for each in actors if each.id == self.actor] or list(actors[:1])
        return next((each.track for each in wanted if each.track is not None), 0)

    # ---- answers ----

    def _opened(self, time: ClipTime) -> None:
        clip = self._clip
        if clip is None or time.times_s is None:
            return
        # Marks keep the count of the video they were made on, whatever this file holds.
        count = clip.video.frame_count
        self.time = ClipTime(count, clip.video.rate_hz, np.asarray(time.times_s[:count]))
        self.time_known.emit(self.time)
        self.show_frame()

    def _arrived(self, frame: Frame) -> None:
        self._shown = frame.number
        self._view.show_image(frame.image)
        wished = self._document.playhead if self._preview is None else self._preview
        if frame.number != min(wished, max(self.time.frame_count - 1, 0)) and not self._source.is_settled():
            self._view.wait_for_frame()
        self._show_people()

    def _identified(self, frame: int, then: Callable[[FrameIdentity], None], identity: FrameIdentity | None) -> None:
        """Go on with what was waiting for this frame, whatever clip is in front by now."""
        if identity is None:
            words = say("The pose was not set: frame {frame} cannot be read from this video", frame=say_count(frame))
            self._document.refused.emit(ProjectError(words, hint=say("Choose a frame that is shown.")))
        else:
            then(identity)

    def _failed(self, message: str, hint: str) -> None:
        self._is_readable = False
        self.words.show_trouble(message, hint)
        self._view.show_image(None)
        self._shown = None
        self.says.emit("")
        self._show_people()

    def _frame_failed(self, frame: int, why: str) -> None:
        """The last frame that could be read stays, dimmed."""
        self.says.emit(say("Frame {frame} cannot be shown: {why}", frame=say_count(frame), why=why))

    def _found(self, verdict: Verdict) -> None:
        self._verdict = verdict
        if verdict.different or verdict.late:
            self.says.emit(say("Another video than was marked"))
        elif verdict.is_same_file:
            self.says.emit(say("Frames verified" if verdict.compared else "File verified"))
        elif verdict.compared:
            self.says.emit(say("Another copy; its {count} marked frames look the same", count=verdict.compared))
        else:
            self.says.emit(say("Another file than was added"))
        if self.video_ends is not None:
            self.time_known.emit(self.time)  # what lies behind the end is hatched
        self.words.show_verdict(verdict)

    def _thumbnail(self, frame: int, image: object) -> None:
        self._thumbnails = {**self._thumbnails, frame: QPixmap.fromImage(image)}  # pyright: ignore[reportArgumentType]
        self.thumbnails_changed.emit(self._thumbnails)
