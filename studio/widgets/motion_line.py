"""What lies under the bodies of the Generate page: the tokens of the chosen sample and the story, on one time axis.

The page gives the sample, the story and the playhead; what a person wishes comes by signals, in seconds and tokens.
"""

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from core.generations import RATE_HZ, Anchor, Locked, Part, Sample
from studio.commands import BY_NAME, tip
from studio.widgets import parts as looks
from studio.widgets.motion_time import MotionTime
from studio.widgets.story_track import StoryTrack
from studio.widgets.token_choice import tokens_of
from studio.widgets.token_strip import TokenStrip

_MOST_PAST = 0.25
"""Of the width, for what was there before."""


class MotionLine(QFrame):
    """Title row, tokens, story."""

    sought = Signal(float)
    """Seconds from the first new frame."""
    resample_wanted = Signal(object)
    """core.generations.Locked: what stays."""
    locks_changed = Signal()
    story_changed = Signal(object, object)
    """Parts and anchors, as one wish."""
    part_chosen = Signal(int)
    rename_wanted = Signal(int)
    """Another action is to be chosen for this part."""
    anchor_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("Tokens and story"))
        self._sample: Sample | None = None
        self._past_s = 0.0
        self._is_free = True  # whether the model may be asked now
        self._title = looks.text(self.tr("Tokens"), "title")
        self._about = looks.text("", "caption")
        self._about.setMinimumWidth(1)
        self.resample = looks.button(self.tr("Resample the rest"), "refresh")
        self.resample.clicked.connect(self.ask_resample)
        self._key = looks.key(BY_NAME["resample"].key if "resample" in BY_NAME else "R")
        self.lock = looks.tool("unlock", tip("lock-stretch") if "lock-stretch" in BY_NAME else "Lock stretch")
        self.lock.clicked.connect(self.toggle_lock)
        self.strip = TokenStrip()
        self.track = StoryTrack()
        self.strip.sought.connect(self.sought)
        self.strip.resample_wanted.connect(self.ask_resample)
        self.strip.locks_changed.connect(self._follow_locks)
        self.strip.chosen_changed.connect(lambda _: self._follow())
        self.track.sought.connect(self.sought)
        self.track.story_changed.connect(self._take_story)
        self.track.part_chosen.connect(self.part_chosen)
        self.track.rename_wanted.connect(self.rename_wanted)
        self.track.anchor_chosen.connect(self.anchor_chosen)
        head = looks.row(self._title, (self._about, 1), self.resample, self._key, self.lock, gap=8)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 8, 12, 8)
        box.setSpacing(4)
        looks.fill(box, (head, self.strip, self.track))
        self._follow()

    # ---- what is shown ----

    def show_sample(
        self, number: int, sample: Sample | None, *, past_s: float = 0.0, codes: int = 0, frames: int = 0
    ) -> None:
        """Sample `number` (from 1), or what there is of it; `frames` it will have, `codes` of each book."""
        self._sample, self._past_s = sample, past_s
        if sample is None or not sample.codes:
            self.strip.show_tokens(None)
            self._title.setText(self.tr("Tokens"))
            self._about.setText(self.tr("They come with the first sample.") if sample is None else "")
        else:
            total = -(-frames // sample.frames_a_token) if frames else 0
            known = codes or 1 + max(max(each) for each in sample.codes)
            shown = tokens_of(number, sample, codes_a_book=known, total=total, past_s=past_s)
            self.strip.show_tokens(shown)
            a_second = f"{RATE_HZ / sample.frames_a_token:.3g}"
            books = self.tr("1 book") if shown.books == 1 else self.tr("{n} books").format(n=shown.books)
            self._title.setText(self.tr("Tokens of sample {n}").format(n=number))
            about = self.tr("{a} a second, {books} of {codes}") if codes else self.tr("{a} a second, {books}")
            self._about.setText(about.format(a=a_second, books=books, codes=codes))
        self._fit_time()
        self._follow()

    def show_story(self, parts: tuple[Part, ...], anchors: tuple[Anchor, ...] = (), chosen: int = 0) -> None:
        """The story as it stands in the question."""
        self.track.show_story(parts, anchors, chosen)
        self._fit_time()

    def show_playhead(self, seconds: float) -> None:
        self.strip.show_playhead(seconds)
        self.track.show_playhead(seconds)

    def set_can_resample(self, on: bool) -> None:
        """Whether a model is there to ask."""
        self._is_free = on
        self._follow()

    # ---- locks ----

    @property
    def locked(self) -> Locked | None:
        """What is locked of the sample that is shown."""
        return self.strip.locked

    def toggle_lock(self) -> None:
        """Lock or unlock the chosen stretch."""
        self.strip.toggle_lock()

    def clear_locks(self) -> None:
        self.strip.clear_locks()

    def ask_resample(self) -> None:
        """Wish that all but the locked stretches is drawn anew."""
        locked = self.locked
        if locked is not None and self.strip.choice.can_resample and self._is_free:
            self.resample_wanted.emit(locked)

    def _follow_locks(self) -> None:
        self._follow()
        self.locks_changed.emit()

    def _follow(self) -> None:
        can = self.strip.choice.can_resample and self._is_free
        self.resample.setEnabled(can)
        why = self.tr("Choose a stretch of tokens and lock it first.")
        self.resample.setToolTip(self.tr("Draw everything but the locked stretches anew.") if can else why)
        chosen, locks = self.strip.chosen, self.strip.locks
        is_locked = chosen is not None and any(start <= chosen[0] and chosen[1] <= end for start, end in locks)
        self.lock.show_icon("lock" if is_locked else "unlock")
        self.lock.setEnabled(chosen is not None or bool(locks))

    # ---- the axis ----

    def _take_story(self, parts: tuple[Part, ...], anchors: tuple[Anchor, ...]) -> None:
        self._fit_time()
        self.story_changed.emit(parts, anchors)

    def _fit_time(self) -> None:
        """Both on the same axis: the longer of the motion and the story, with a little of what was before."""
        tokens = self.strip.tokens
        motion_s = tokens.total * tokens.token_s if tokens is not None else 0.0
        end_s = max(motion_s, self.track.story.seconds, 0.5)
        start_s = -min(self._past_s, end_s * _MOST_PAST)
        time = MotionTime.over(self.strip.width(), start_s, end_s)
        self.strip.show_time(time)
        self.track.show_time(time)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_time()
