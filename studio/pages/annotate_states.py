"""What there is to say about the chosen clip's picture: no clip, no joints, a video that moved, ended or changed.

One message at a time, the one that matters most, each with what can be done. Nothing here moves a mark.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from core.errors import CoreError
from core.project.annotations import Clip
from core.runs import ExtractPoses
from studio import theme
from studio.commands import shown
from studio.document import Document
from studio.jobs import Job, Jobs
from studio.pages.annotate_finding import FindingVideos
from studio.widgets import parts
from studio.widgets.clip_time import say_count
from studio.widgets.frame_compare import FramePair
from studio.widgets.identity_check import Verdict
from studio.widgets.job_words import progress_words
from studio.widgets.video_view import VideoView
from studio.words import say


class PictureWords(QObject):
    """Says on the picture what stands in its way."""

    asks = Signal(str)
    """The name of a command of the window."""
    problem_shown = Signal(object)
    """Segment ids that a message is about."""
    tried_again = Signal()
    """Somebody thinks that the video can be read now."""
    copy_stopped = Signal()
    """Nobody wants the light copy that is being made."""

    def __init__(self, document: Document, jobs: Jobs, view: VideoView, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._jobs, self._view = document, jobs, view
        self.finding = FindingVideos(document, view, self)
        self.finding.changed.connect(self.refresh)
        self.finding.put_off.connect(self._put_off)
        self._clip: Clip | None = None
        self._path: Path | None = None
        self._trouble: tuple[str, str] | None = None
        self._verdict: Verdict | None = None
        self._copying: tuple[str, int] | None = None  # the job's state, percent
        self._no_copy = ""
        self._later: set[str] = set()  # what a person has put off
        self._said: object = None
        for told in (jobs.listed, jobs.moved):
            told.connect(self.refresh)

    def show_clip(self, clip: Clip | None, path: Path | None, *, is_new: bool) -> None:
        """Another clip, or (not `is_new`) another state of the one there is."""
        self._clip, self._path = clip, path
        self.finding.show_clip(clip.id if clip is not None else "")
        if is_new:
            self._trouble, self._verdict = None, None
        self.refresh()

    def show_trouble(self, message: str, hint: str) -> None:
        """The video cannot be read."""
        self._trouble = (message, hint)
        self.refresh()

    def show_verdict(self, verdict: Verdict) -> None:
        """The file and its marked frames have been compared."""
        self._verdict = verdict
        self.refresh()

    def show_copying(self, state: str, share: float) -> None:
        """The clip's light copy is being made."""
        now = (state, int(100 * share))
        if now != self._copying:
            self._copying, self._no_copy = now, ""
            self.refresh()

    def show_no_copying(self, why: str) -> None:
        """No light copy is being made; `why` says what hinders one that would help."""
        if (self._copying, self._no_copy) != (None, why):
            self._copying, self._no_copy = None, why
            self.refresh()

    def refresh(self, *_: object) -> None:
        """The one message that matters most, or none; one that is there already is left alone."""
        clip, state = self._clip, self._view.state
        if clip is None:
            self._say(("no clip", self._has_clips), self._no_clip)
        elif self._trouble is not None and clip.id not in self._later:
            moved = self._path is not None and not self._path.exists()
            said = (clip.id, self._trouble, self.finding.said if moved else None)
            self._say(said, partial(self._unreadable, clip, *self._trouble))
        elif self._verdict is not None and clip.id not in self._later and _differs(clip, self._verdict):
            self._say((clip.id, self._verdict), partial(self._other_video, clip, self._verdict), corner=True)
        elif not clip.tracks and f"no joints {clip.id}" not in self._later:
            job = self._extraction(clip)
            read_only = self._document.read_only_reason
            said = (clip.id, job and (job.state, progress_words(job, self._jobs.line.turn(job.folder))), read_only)
            self._say(said, partial(self._no_joints, clip, job), corner=True)
        elif self._copying is not None and f"copy {clip.id}" not in self._later:
            self._say((clip.id, "copy", self._copying), partial(self._light_copy, clip, *self._copying), corner=True)
        elif self._no_copy and "no copy" not in self._later:
            self._say((clip.id, self._no_copy), self._no_light_copy, corner=True)
        else:
            self._said = None
            state.clear()

    def _say(self, what: object, make: Callable[[], QWidget], *, corner: bool = False) -> None:
        if what != self._said:
            self._said = what
            self._view.state.say(make(), corner=corner)

    @property
    def _has_clips(self) -> bool:
        return self._document.is_open and bool(self._document.project.clips)

    def _no_clip(self) -> QWidget:
        if self._document.is_open and not self._has_clips:
            add = parts.button("Add videos", "plus", "primary")
            add.clicked.connect(partial(self.asks.emit, "add-videos"))
            words = say("Add videos, or drop them anywhere in this window.")
            return parts.state_card("video", "No clips yet", words, add)
        go = parts.button("Open Data", "data", "primary")
        go.clicked.connect(partial(self.asks.emit, "page-data"))
        return parts.state_card(
            "video",
            "Choose a clip",
            say("Clips are listed under Data, or press {key} and type its name.", key=shown("search")),
            go,
        )

    def _unreadable(self, clip: Clip, message: str, hint: str) -> QWidget:
        path = self._path or Path(clip.video.path)
        if not path.exists():
            return self.finding.card(clip, path, self._try_again)
        again = parts.button("Try again", "refresh")
        again.clicked.connect(self._try_again)
        other = parts.button("Choose another file", "search", "primary")
        other.clicked.connect(self.finding.choose_file)
        title, _, what = message.partition(": ")
        words = f"{what[:1].upper()}{what[1:]}. {hint}" if what else hint
        return parts.state_card("warn", title, words, other, again, self._later_button(clip.id), colour="danger")

    def _try_again(self) -> None:
        self._trouble = None
        self.tried_again.emit()

    def _other_video(self, clip: Clip, verdict: Verdict) -> QWidget:
        other = parts.button("Choose another file")
        other.clicked.connect(self.finding.choose_file)
        after = [each for each in clip.segments if each.end_frame > verdict.frame_count]
        if verdict.different:
            frame = verdict.different[0]
            compare = parts.button("Compare", kind="primary")
            words = say(
                "Frame {frame} looks different from the picture stored with its pose. Nothing was shifted.",
                frame=say_count(frame),
            )
            card = _note(
                "warn", "The video is not the one you marked", words, compare, other, self._later_button(clip.id)
            )
            compare.clicked.connect(partial(self._compare, frame, verdict))
            return card
        show = parts.button("Show them", kind="primary")
        show.clicked.connect(partial(self._show_after, [each.id for each in after]))
        frames, count = say_count(verdict.frame_count), say_count(len(after))
        words = (
            say("It has {frames} frames; 1 segment lies after that. It is kept, and hatched.", frames=frames)
            if len(after) == 1
            else say(
                "It has {frames} frames; {count} segments lie after that. They are kept, and hatched.",
                frames=frames, count=count,
            )
        )  # fmt: skip
        return _note("warn", "The video ends before the annotations", words, show, other, self._later_button(clip.id))

    def _compare(self, frame: int, verdict: Verdict) -> None:
        """Show both pictures of the frame, the stored one as it is known: 32 × 18 means."""
        self._document.seek(frame)
        back = parts.button("Close")
        back.clicked.connect(self._close_comparison)
        pair = FramePair(*verdict.now) if len(verdict.now) == 2 else QWidget()
        words = say(
            "{count} of {all} marked frames look different.", count=len(verdict.different), all=verdict.compared
        )
        title = say("Frame {frame}", frame=say_count(frame))
        self._view.state.say(_note("warn", title, words, back, above=pair), corner=True)

    def _close_comparison(self) -> None:
        self._said = None
        self.refresh()

    def _show_after(self, segments: list[str]) -> None:
        self.problem_shown.emit(frozenset(segments))

    def _no_joints(self, clip: Clip, job: Job | None) -> QWidget:
        later = self._later_button(f"no joints {clip.id}")
        if job is not None:
            stop = parts.button("Stop", "stop", "danger")
            stop.clicked.connect(job.stop)
            stop.setEnabled(job.state != "stopping")
            words = progress_words(job, self._jobs.line.turn(job.folder))
            return _note("refresh", "Finding 2D poses", words, stop, later)
        extract = parts.button("Extract 2D poses", "skeleton", "primary")
        extract.clicked.connect(self.extract_poses)
        extract.setEnabled(bool(clip.video.path) and self._document.read_only_reason is None)
        return _note("skeleton", "No joints in this clip yet", "You can mark actions without them.", extract, later)

    def _light_copy(self, clip: Clip, state: str, percent: int) -> QWidget:
        stop = parts.button("Stop", "stop", "danger")
        stop.clicked.connect(self.copy_stopped)
        stop.setEnabled(state != "stopping")
        words = say(
            "Making a light copy for scrubbing: {percent} %. Frame numbers stay those of the original.", percent=percent
        )
        return _note("video", "Slow to seek", words, stop, self._later_button(f"copy {clip.id}", "Hide"))

    def _no_light_copy(self) -> QWidget:
        words = say("There is no light copy for scrubbing: {why}. The original is shown.", why=self._no_copy)
        return _note("video", "Slow to seek", words, self._later_button("no copy"))

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
        self.refresh()

    def _extraction(self, clip: Clip) -> Job | None:
        """The running job that will bring this clip's poses."""
        for job in self._jobs.live():
            if isinstance(job.spec, ExtractPoses) and (not job.spec.clip_ids or clip.id in job.spec.clip_ids):
                return job
        return None

    def _later_button(self, what: str, words: str = "Later") -> QWidget:
        later = parts.button(words, kind="quiet")
        later.clicked.connect(partial(self._put_off, what))
        return later

    def _put_off(self, what: str) -> None:
        self._later.add(what)
        self.refresh()


def _differs(clip: Clip, verdict: Verdict) -> bool:
    after = any(each.end_frame > verdict.frame_count for each in clip.segments)
    return bool(verdict.different or verdict.late or (after and not verdict.is_same_file))


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
    made.setAccessibleName(say(title))
    return made
