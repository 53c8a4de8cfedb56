"""Asks for motion and holds what was answered, for the Generate page: samples, the chosen one, and their one clock.

Once a question has stood still for a moment it is asked, where `is_again` holds. An answer streams in and takes the
place of the one before sample by sample, each as soon as it reaches the playhead, so nothing ever blanks. Frame 0 is
the first new one of all samples, 30 a second.
"""

from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from core.generations import Generated, GeneratedSoFar, Locked, NotGenerated, Past, Recipe, Sample
from studio import theme
from studio.document import Document
from studio.models_client import ModelsClient
from studio.motion_models import MotionModels
from studio.motion_question import MotionQuestion

STOOD_STILL_MS = 60
QUICK_S = 0.6
"""A question answered within this is asked at every change, unless the person says otherwise."""


@dataclass(frozen=True)
class Shown:
    """A sample that is on screen, the question it answers, and its number there."""

    sample: Sample
    asked: Recipe
    number: int  # among its answer's samples, from 0
    is_whole: bool = True

    @property
    def frames(self) -> int:
        return self.sample.motion.frames


class Generating(QObject):
    """One page's answer."""

    changed = Signal()
    """Samples came, grew or went, or it was said why none come."""
    chosen_changed = Signal(int)
    playhead_moved = Signal(int)

    def __init__(
        self, document: Document, client: ModelsClient, models: MotionModels, question: MotionQuestion
    ) -> None:
        super().__init__()
        self._client, self.models, self.question = client, models, question
        self.shown: list[Shown] = []
        self.notes: tuple[str, ...] = ()
        self.refused: NotGenerated | None = None
        self.seconds_taken: float | None = None
        self.chosen = 0
        self.frame = 0
        self._coming: list[Shown] = []  # samples on their way, as far as they are made
        self._asked: tuple[int, Recipe] | None = None
        self._again: bool | None = None  # None: where the model is quick
        self._is_awake = False
        self._soon = QTimer(self, singleShot=True, interval=STOOD_STILL_MS)
        self._soon.timeout.connect(self.generate)
        client.generating.connect(self._take_so_far)
        client.generated.connect(self._take_answer)
        question.changed.connect(self._question_changed)
        document.opened.connect(self._forget)
        document.closed.connect(self._forget)

    # ---- what there is ----

    @property
    def is_asking(self) -> bool:
        """Whether an answer is on its way."""
        return self._asked is not None

    @property
    def is_settled(self) -> bool:
        """Whether what is shown answers the question as it stands."""
        return not (self._soon.isActive() or self.is_asking) and self.models.is_settled

    @property
    def is_again(self) -> bool:
        """Whether every change is asked at once."""
        if self._again is not None:
            return self._again
        takes_s = self.models.takes_s(self.question.recipe)
        return takes_s is not None and takes_s <= QUICK_S

    @property
    def frames(self) -> int:
        """Of the longest sample shown."""
        return max((each.frames for each in self.shown), default=0)

    @property
    def settled(self) -> int:
        """Frames of all samples before this one move no more."""
        return min((min(each.sample.settled, each.frames) for each in self.shown), default=0)

    @property
    def now(self) -> Shown | None:
        """The chosen sample."""
        return self.shown[self.chosen] if 0 <= self.chosen < len(self.shown) else None

    @property
    def past(self) -> Past | None:
        """What the samples that are shown go on from."""
        return self.now.asked.past if self.now is not None else None

    def colour(self, at: int) -> str:
        """Of a sample: the accent, then the colours of runs, then darker ones of them."""
        look = theme.now()
        colours = [look.accent, *(look.runs[place] for place in (0, 1, 2, 3, 5))]
        colours += [
            theme.mix(look.runs[place], look.canvas, 0.45) for place in (0, 1)
        ]  # the fifth is the accent's like
        return colours[at % len(colours)]

    # ---- what the person wants ----

    def wake(self) -> None:
        """The page is in front."""
        self._is_awake = True
        self.models.wake()
        if not self.shown:
            self._ask_soon()

    def sleep(self) -> None:
        """Nobody looks; an answer that is on its way still comes."""
        self._is_awake = False
        self._soon.stop()

    def set_again(self, *, on: bool) -> None:
        """Ask at every change, or only when told to."""
        self._again = on
        self._ask_soon()

    def generate(self) -> None:
        """Ask the question as it stands."""
        self._soon.stop()
        if not self.question.can_be_asked:
            return
        self.refused = None
        recipe = self.question.recipe
        self._coming = []
        self._asked = self._client.generate(recipe), recipe
        self.changed.emit()

    def draw_anew(self, locked: Locked | None = None) -> None:
        """The same question, drawn otherwise; with locks, all but what they hold."""
        if locked is None:
            self.question.another_seed()
        else:
            self.question.lock(locked)
        self.generate()

    def choose(self, at: int) -> None:
        """The sample that stands in front."""
        if 0 <= at < len(self.shown) and at != self.chosen:
            self.chosen = at
            self.chosen_changed.emit(at)

    def throw_away(self, at: int) -> None:
        """Take a sample off the screen."""
        if 0 <= at < len(self.shown):
            del self.shown[at]
            self._hold_inside()
            self.changed.emit()
            self.chosen_changed.emit(self.chosen)

    def show_alone(self, sample: Sample, asked: Recipe, number: int = 0) -> None:
        """Show a motion that was made before, such as a kept one, instead of the answer."""
        self._soon.stop()
        self._client.forget_generation()
        self._asked, self._coming, self.refused, self.notes = None, [], None, ()
        self.shown, self.chosen = [Shown(sample, asked, number)], 0
        self._hold_inside()
        self.changed.emit()
        self.chosen_changed.emit(0)

    def seek(self, frame: int) -> None:
        """Move the one clock, held inside what there is."""
        frame = max(0, min(frame, self.frames - 1))
        if frame != self.frame:
            self.frame = frame
            self._show_what_reached()
            self.playhead_moved.emit(frame)

    # ---- what happens ----

    def _question_changed(self) -> None:
        if self.is_again:
            self._ask_soon()

    def _ask_soon(self) -> None:
        if self._is_awake and self.is_again and self.question.can_be_asked:
            self._soon.start()

    def _take_so_far(self, number: int, said: GeneratedSoFar) -> None:
        if self._asked is not None and number == self._asked[0]:
            asked = self._asked[1]
            self._coming = [Shown(each, asked, at, is_whole=False) for at, each in enumerate(said.samples)]
            self._show_what_reached()

    def _take_answer(self, number: int, said: Generated | NotGenerated) -> None:
        if self._asked is None or number != self._asked[0]:
            return
        asked, self._asked, self._coming = self._asked[1], None, []
        if isinstance(said, NotGenerated):
            self.refused = said
            self.changed.emit()
            return
        self.models.measured(asked, said.seconds_taken)
        self.seconds_taken, self.notes = said.seconds_taken, said.notes
        self.shown = [Shown(each, asked, at) for at, each in enumerate(said.samples)]
        self._hold_inside()
        self.changed.emit()

    def _show_what_reached(self) -> None:
        """Each sample on its way takes its place as soon as it has the frame that is shown."""
        changed = False
        for at, coming in enumerate(self._coming):
            if at >= len(self.shown):
                self.shown.append(coming)
            elif coming is not self.shown[at] and coming.frames > self.frame:
                self.shown[at] = coming
            else:
                continue
            changed = True
        if changed:
            self.changed.emit()

    def _hold_inside(self) -> None:
        if self.chosen >= len(self.shown):
            self.chosen = max(0, len(self.shown) - 1)
            self.chosen_changed.emit(self.chosen)
        self.seek(self.frame)

    def _forget(self) -> None:
        """Another project."""
        self._soon.stop()
        self._client.forget_generation()
        self._asked, self._coming, self.refused, self.notes, self.seconds_taken = None, [], None, (), None
        self.shown, self.chosen, self.frame = [], 0, 0
        self.question.begin_anew()
        self.changed.emit()
