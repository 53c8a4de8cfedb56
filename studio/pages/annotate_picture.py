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
from PySide6.QtWidgets import QFileDialog, QWidget

from core.errors import CoreError, ProjectError
from core.motion import Poses2d
from core.project import edits
from core.project.annotations import Clip, FrameIdentity
from core.runs import ExtractPoses
from studio import theme
from studio.document import Document
from studio.jobs import Job, Jobs
from studio.widgets import parts
from studio.widgets.clip_time import ClipTime, say_count, say_time
from studio.widgets.frame_compare import FramePair
from studio.widgets.frame_source import Frame, FrameSource
from studio.widgets.identity_check import IdentityCheck, Verdict
from studio.widgets.job_words import progress_words
from studio.widgets.people_overlay import people_at
from studio.widgets.video_view import Headline, VideoView

THUMBNAIL_PX = 48


class ClipPicture(QObject):
    """Keeps the picture in step with the document's clip and playhead."""

    time_known = Signal(object)
    """ClipTime of the clip, exact once its frames are listed."""
    thumbnails_changed = Signal(object)
    """Pictures by frame, for the timeline."""
    says = Signal(str)
    """What is known of the frames, for the line at the foot."""
    asks = Signal(str)
    """The name of a command of the window."""
    problem_shown = Signal(object)
    """Segment ids that a message is about."""

    def __init__(self, document: Document, jobs: Jobs, view: VideoView, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._jobs, self._view = document, jobs, view
        self._source = FrameSource(self)
        self._check = IdentityCheck(self)
        self._clip: Clip | None = None
        self._path: Path | None = None
        self._shown: int | None = None
        self._preview: int | None = None
        self._asked: dict[int, list[Callable[[FrameIdentity], None]]] = {}
        self._thumbnails: dict[int, QPixmap] = {}
        self._trouble: tuple[str, str] | None = None
        self._verdict: Verdict | None = None
        self._later: set[str] = set()
        self.time = ClipTime(0, 25.0)
        self.actor = ""  # whom the marks are about, an actor's id; the page sets it
        self.with_joints = True
        self._source.opened.connect(self._opened)
        self._source.arrived.connect(self._arrived)
        self._source.identified.connect(self._identified)
        self._source.failed.connect(self._failed)
        self._check.found.connect(self._found)
        self._check.thumbnail.connect(self._thumbnail)
        view.framing_changed.connect(self.show_frame)
        for told in (jobs.listed, jobs.moved):
            told.connect(self._say_state)

    # ---- the clip ----

    def show_clip(self) -> None:
        """Follow the document: another clip, or another video for it."""
        clip = self._document.clip
        before, self._clip = self._clip, clip
        same_clip = clip is not None and before is not None and clip.id == before.id
        if clip is not None and same_clip and clip.video == (before.video if before else None):
            self._say_state()
            self.show_frame()
            return
        self._source.close()
        self._check.stop()
        self._asked.clear()
        self._trouble, self._verdict, self._shown, self._preview, self._path = None, None, None, None, None
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
        self.time_known.emit(self.time)
        self._say_state()
        self.show_frame()

    def close(self) -> None:
        """End every thread."""
        self._source.close(wait=True)
        self._check.stop(wait=True)

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
            return
        if self._source.is_open() and self._trouble is None:
            self._source.want(frame, self._view.wished_px)
            if frame != self._shown:
                self._view.wait_for_frame()
        self._view.show_caption(f"{say_time(self.time.seconds(frame))}   frame {say_count(frame)}")
        self._view.show_headline(self._headline(self._clip, frame))
        self._show_people()

    def preview(self, frame: int) -> None:
        """Show another frame than the playhead's while something is dragged; -1 ends it."""
        self._preview = None if frame < 0 else frame
        self.show_frame()

    def identify(self, frame: int, then: Callable[[FrameIdentity], None]) -> None:
        """Go on with what `frame` is, once that is known; say why where it cannot be."""
        clip = self._clip
        if clip is None:
            return
        if not clip.video.path:
            then(FrameIdentity(pts=frame))  # a clip of joints alone: its frames are what they are counted as
        elif self._trouble is not None or not self._source.is_open():
            self._document.refused.emit(
                ProjectError(
                    "The pose was not set: its frame cannot be seen", hint="Find the video first; the marks are safe."
                )
            )
        else:
            self._asked.setdefault(frame, []).append(then)
            self._source.identify(frame)

    def want_thumbnails(self, frames: list[int]) -> None:
        self._check.want_thumbnails(frames)

    def _headline(self, clip: Clip, frame: int) -> Headline | None:
        pose = next((each for each in clip.poses if each.frame == frame), None)
        segment = clip.segment(pose.segment) if pose is not None else None
        label = self._document.project.labels.get(segment.action) if segment is not None else None
        return Headline(f"Characteristic pose of  {label.name}", label.colour) if label is not None else None

    def _show_people(self) -> None:
        """People of the frame that is shown, so that joints never run ahead of the picture."""
        clip, poses = self._clip, self.tracks()
        frame = self._shown
        if not self._source.is_open() or self._trouble is not None:
            frame = self._document.playhead
        if clip is None or poses is None or frame is None:
            self._view.show_people(())
            return
        names = {each.track: each.name for each in clip.actors if each.track is not None}
        self._view.show_people(people_at(poses, frame, names, self.actor_track()), with_joints=self.with_joints)

    def tracks(self) -> Poses2d | None:
        """The clip's 2D tracks; None where there are none, or where they cannot be read."""
        clip = self._document.clip
        if clip is None or not clip.tracks:
            return None
        try:
            return self._document.tracks(clip.id)
        except CoreError as error:
            if clip.tracks not in self._later:
                self._later.add(clip.tracks)
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

    def _identified(self, frame: int, identity: FrameIdentity | None) -> None:
        waiting = self._asked.pop(frame, [])
        if identity is None:
            words = f"The pose was not set: frame {say_count(frame)} cannot be read from this video"
            self._document.refused.emit(ProjectError(words, hint="Choose a frame that is shown."))
            return
        for then in waiting:
            then(identity)

    def _failed(self, message: str, hint: str) -> None:
        self._trouble = (message, hint)
        self._view.show_image(None)
        self._shown = None
        self.says.emit("")
        self._say_state()
        self._show_people()

    def _found(self, verdict: Verdict) -> None:
        self._verdict = verdict
        if verdict.different or verdict.late:
            self.says.emit("Another video than was marked")
        elif verdict.is_same_file:
            self.says.emit("Frames verified" if verdict.compared else "File verified")
        elif verdict.compared:
            self.says.emit(f"Another copy; its {verdict.compared} marked frames look the same")
        else:
            self.says.emit("Another file than was added")
        if self.video_ends is not None:
            self.time_known.emit(self.time)  # what lies behind the end is hatched
        self._say_state()

    def _thumbnail(self, frame: int, image: object) -> None:
        self._thumbnails = {**self._thumbnails, frame: QPixmap.fromImage(image)}  # pyright: ignore[reportArgumentType]
        self.thumbnails_changed.emit(self._thumbnails)

    # ---- what there is to say ----

    def _say_state(self, *_: object) -> None:
        """The one message that matters most, or none."""
        clip = self._clip
        state = self._view.state
        if clip is None:
            state.say(self._no_clip())
        elif self._trouble is not None and clip.id not in self._later:
            state.say(self._unreadable(clip, *self._trouble))
        elif self._verdict is not None and clip.id not in self._later and self._differs(clip, self._verdict):
            state.say(self._other_video(clip, self._verdict), corner=True)
        elif not clip.tracks and f"no joints {clip.id}" not in self._later:
            state.say(self._no_joints(clip), corner=True)
        else:
            state.clear()

    def _no_clip(self) -> QWidget:
        go = parts.button("Open Data", "data", "primary")
        go.clicked.connect(partial(self.asks.emit, "page-data"))
        return parts.state_card(
            "video", "Choose a clip", "Clips are listed under Data, or press Ctrl+K and type its name.", go
        )

    def _unreadable(self, clip: Clip, message: str, hint: str) -> QWidget:
        path = self._path or Path(clip.video.path)
        find = parts.button("Find it", "search", "primary")
        find.clicked.connect(self._choose_video)
        if path.exists():
            return parts.state_card("warn", message, hint, find, self._later_button(clip.id), colour="danger")
        count = len(clip.segments)
        safe = f"Its {say_count(count)} segments are safe" if count != 1 else "Its segment is safe"
        words = f"It is no longer in {path.parent}. {safe if count else 'What is known of it stays'} in the project."
        return parts.state_card(
            "warn", f"{path.name} has moved", words, find, self._later_button(clip.id), colour="danger"
        )

    @staticmethod
    def _differs(clip: Clip, verdict: Verdict) -> bool:
        after = any(each.end_frame > verdict.frame_count for each in clip.segments)
        return bool(verdict.different or verdict.late or (after and not verdict.is_same_file))

    def _other_video(self, clip: Clip, verdict: Verdict) -> QWidget:
        other = parts.button("Choose another file")
        other.clicked.connect(self._choose_video)
        after = [each for each in clip.segments if each.end_frame > verdict.frame_count]
        if verdict.different:
            frame = verdict.different[0]
            compare = parts.button("Compare", kind="primary")
            words = (
                f"Frame {say_count(frame)} looks different from the picture stored with its pose. Nothing was shifted."
            )
            card = _note(
                "warn", "The video is not the one you marked", words, compare, other, self._later_button(clip.id)
            )
            compare.clicked.connect(partial(self._compare, frame, verdict))
            return card
        show = parts.button("Show them", kind="primary")
        show.clicked.connect(partial(self._show_after, [each.id for each in after]))
        lie = "1 segment lies" if len(after) == 1 else f"{say_count(len(after))} segments lie"
        kept = "It is kept, and hatched." if len(after) == 1 else "They are kept, and hatched."
        words = f"It has {say_count(verdict.frame_count)} frames; {lie} after that. {kept}"
        return _note("warn", "The video ends before the annotations", words, show, other, self._later_button(clip.id))

    def _compare(self, frame: int, verdict: Verdict) -> None:
        """Show both pictures of the frame, the stored one as it is known: 32 × 18 means."""
        self._document.seek(frame)
        back = parts.button("Close")
        back.clicked.connect(self._say_state)
        pair = FramePair(*verdict.now) if len(verdict.now) == 2 else QWidget()
        words = f"{len(verdict.different)} of {verdict.compared} marked frames look different."
        self._view.state.say(_note("warn", f"Frame {say_count(frame)}", words, back, above=pair), corner=True)

    def _show_after(self, segments: list[str]) -> None:
        self.problem_shown.emit(frozenset(segments))

    def _no_joints(self, clip: Clip) -> QWidget:
        job = self._extraction(clip)
        later = self._later_button(f"no joints {clip.id}")
        if job is not None:
            stop = parts.button("Stop", "stop", "danger")
            stop.clicked.connect(job.stop)
            stop.setEnabled(job.state == "running")
            return _note("refresh", "Finding 2D poses", progress_words(job), stop, later)
        extract = parts.button("Extract 2D poses", "skeleton", "primary")
        extract.clicked.connect(self.extract_poses)
        extract.setEnabled(bool(clip.video.path) and self._document.read_only_reason is None)
        return _note("skeleton", "No joints in this clip yet", "You can mark actions without them.", extract, later)

    def extract_poses(self) -> None:
        """Find this clip's 2D poses, in a job."""
        clip = self._clip
        if clip is None or self._extraction(clip) is not None:
            return
        spec = ExtractPoses(project=str(self._document.folder), out="", clip_ids=(clip.id,))
        try:
            self._jobs.start(spec, self._jobs.free_name("poses"))
        except CoreError as error:
            self._document.refused.emit(error)
        self._say_state()

    def _extraction(self, clip: Clip) -> Job | None:
        """The running job that will bring this clip's poses."""
        for job in self._jobs.live():
            if isinstance(job.spec, ExtractPoses) and (not job.spec.clip_ids or clip.id in job.spec.clip_ids):
                return job
        return None

    def _later_button(self, what: str) -> QWidget:
        later = parts.button("Later", kind="quiet")

        def put_off() -> None:
            self._later.add(what)
            self._say_state()

        later.clicked.connect(put_off)
        return later

    def _choose_video(self) -> None:
        """Ask where the video is, and point the clip there; nothing that was marked moves."""
        clip = self._clip
        if clip is None:
            return
        start = self._path.parent if self._path is not None and self._path.parent.is_dir() else Path.home()
        chosen, _ = QFileDialog.getOpenFileName(self._view, f"Find {Path(clip.video.path).name}", str(start))
        if chosen:
            self.use_video(Path(chosen))

    def use_video(self, path: Path) -> None:
        """Point the chosen clip to another file. What was noted of its video stays, so a swap is noticed."""
        clip = self._clip
        if clip is None:
            return
        project, folder = self._document.project, self._document.folder
        self._document.edit(edits.set_video(project, clip.id, path, clip.video, folder=folder), f"Find {clip.name}")


def _note(icon: str, title: str, words: str, *actions: QWidget, above: QWidget | None = None) -> QWidget:
    """A message in the corner of the picture."""
    said = parts.text(words, "label", wrap=True)
    said.setFixedWidth(theme.px(270))
    colour = "warn" if icon == "warn" else "text2"
    made = parts.col(
        parts.row(parts.glyph(icon, 16, colour), (parts.text(title, "strong"), 1), gap=8),
        *([above] if above is not None else []),
        said,
        parts.row(*actions, None, gap=6),
        gap=7,
    )
    made.setAccessibleName(title)
    return made
