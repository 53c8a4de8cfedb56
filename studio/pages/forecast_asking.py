"""Who is asked for a forecast, from which moment, and what they answered. The Forecast page shows it.

The moment follows the playhead and is asked about once the playhead has stood still; the old answer stays, pale, until
the new one is there. A held moment stays where it is while the playhead walks on into what came.
"""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from core.forecasts import About, Forecast, Refusal
from core.project.annotations import Changes
from studio import forecasters
from studio.document import Document
from studio.forecast_question import ForecastQuestion
from studio.forecasters import Known
from studio.jobs import Job, Jobs
from studio.models_client import STOOD_STILL_MS, ModelsClient

FUTURES = (0, 4, 8)
"""How many futures besides the likeliest can be asked for."""


class Asking(QObject):
    """The questions of one page."""

    changed = Signal()
    """Who there is, who is chosen, or what was answered: show it again."""

    def __init__(self, document: Document, jobs: Jobs, models: ModelsClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._jobs, self._models = document, jobs, models
        self.known: list[Known] = []
        self.chosen: Known | None = None
        self.compared: list[Known] = []
        self.at_frame = 0
        self.is_held = False
        self.is_pale = False  # what is shown was asked of another moment or run
        self.shipped_knows: tuple[int, int] | None = None  # of how many actions, how many the project has
        self.futures = 0
        self._use_shipped = False
        self._chosen_by_hand = False
        self.question = ForecastQuestion(models, self)
        self._about_number = -1
        self._is_awake = False
        self.may_ask: Callable[[], bool] = lambda: True  # while it may not, questions wait
        self._soon = QTimer(self, singleShot=True, interval=STOOD_STILL_MS)
        self._soon.timeout.connect(self._ask)
        self.question.answered.connect(self._answered)
        models.described.connect(self._take_about)
        document.playhead_moved.connect(self._moved)
        document.clip_chosen.connect(self._other_clip)
        document.changed.connect(self._edited)
        document.opened.connect(self._opened)
        document.closed.connect(self._opened)
        jobs.listed.connect(self.look_for_runs)
        jobs.ended.connect(self._run_ended)

    # ---- what there is ----

    @property
    def is_settled(self) -> bool:
        """Whether what is shown is the answer to what is asked."""
        return not (self._soon.isActive() or self.is_pale or self._models.is_waiting)

    def wake(self) -> None:
        """The page is in front: from now on it asks."""
        self._is_awake = True
        self.look_for_runs()
        self._ask_about_shipped()
        self._moved(self._document.playhead)
        self.ask_soon()

    def sleep(self) -> None:
        """Nobody looks."""
        self._is_awake = False
        self._soon.stop()
        self._models.forget_forecast()

    def needs_consent(self) -> bool:
        """Whether only a shipped forecaster is there, and it knows too little of this project to just be taken."""
        if self.chosen is None or not self.chosen.is_shipped or self._use_shipped or not self._document.is_open:
            return False
        return self.shipped_knows is not None and 2 * self.shipped_knows[1] < len(self._document.project.actions())

    def use_shipped(self) -> None:
        """The person wants it all the same."""
        self._use_shipped = True
        self.ask_soon()
        self.changed.emit()

    def forecasts(self, of: list[Known]) -> list[tuple[Known, Forecast]]:
        """The answers there are, in this order."""
        found = []
        for known in of:
            answer = self.question.answers.get(known.key)
            if answer is not None and answer.forecast is not None:
                found.append((known, answer.forecast))
        return found

    # ---- what the person wants ----

    def choose(self, known: Known) -> None:
        """Ask this run, until the person wants another."""
        self._chosen_by_hand = True
        if self.chosen != known:
            if known.key not in {each.key for each in self.compared}:  # it takes the place of the one before
                former = self.chosen.key if self.chosen is not None else ""
                places = [each.key for each in self.compared]
                at = places.index(former) if former in places else len(places)
                self.compared = [*self.compared[:at], known, *self.compared[at + 1 :]]
            self.chosen = known
            self.ask_soon()
            self.changed.emit()

    def choose_run(self, run: str) -> None:
        """Ask the forecaster of this folder or shipped name about where the playhead is; without one, who is chosen."""
        self.look_for_runs()
        found = next((each for each in self.known if each.run == run), None)
        if found is not None:
            self.choose(found)
        self.hold(on=False)

    def compare(self, known: Known, *, on: bool) -> None:
        """Take a run into the comparison, as its last, or out of it; one always stays."""
        others = [each for each in self.compared if each.key != known.key]
        if on:
            self.compared = [*others, known]
        elif others:
            self.compared = others
        self.ask_soon()
        self.changed.emit()

    def move(self, key: str, to: int) -> None:
        """Put a compared run at another place among them."""
        moved = next((each for each in self.compared if each.key == key), None)
        if moved is None:
            return
        others = [each for each in self.compared if each.key != key]
        to = min(max(to, 0), len(others))
        self.compared = [*others[:to], moved, *others[to:]]
        self.changed.emit()

    def ask_for_futures(self, futures: int) -> None:
        """So many besides the likeliest."""
        if futures != self.futures:
            self.futures = futures
            self.ask_soon()
            self.changed.emit()

    def hold(self, *, on: bool) -> None:
        """Keep the moment while the playhead moves; let go, and it is where the playhead is."""
        if self.is_held == on:
            return
        self.is_held = on
        if not on:
            self._moved(self._document.playhead)
        self.changed.emit()

    def ask_soon(self) -> None:
        """Ask once nothing has changed for a moment; what is shown goes pale until then."""
        if self._is_awake and self._document.is_open and self.chosen is not None and self._document.clip is not None:
            self.is_pale = True
            self._soon.start()

    def look_for_runs(self) -> None:
        """Which forecasters there are now; the newest run is chosen, and the counting one set beside it."""
        if not self._document.is_open:
            self.known, self.chosen, self.compared = [], None, []
            self.changed.emit()
            return
        found = forecasters.that_can_forecast(self._jobs)
        if found == self.known:
            return
        self.known = found
        keys = {known.run for known in found}
        self.compared = [known for known in self.compared if known.run in keys]
        is_gone = self.chosen is None or self.chosen.run not in keys
        has_own_now = self.chosen is not None and self.chosen.is_shipped and not self._chosen_by_hand
        if is_gone or has_own_now:
            self._take_first(found)
        self.ask_soon()
        self.changed.emit()

    # ---- what happens ----

    def _take_first(self, found: list[Known]) -> None:
        """The newest run of the project, or else what ships; beside it the one before, and counting."""
        self._chosen_by_hand = False
        self.chosen = found[0] if found else None
        if self.chosen is not None:
            beside = [known for known in found[1:2] if not known.is_shipped]
            self.compared = [self.chosen, *beside, self.chosen.beside()]
        self._ask_about_shipped()

    def _ask_about_shipped(self) -> None:
        if self._is_awake and self.chosen is not None and self.chosen.is_shipped and self.shipped_knows is None:
            self._about_number = self._models.about(self.chosen.run)

    def _opened(self) -> None:
        self.known, self.chosen, self.compared = [], None, []
        self.question.forget()
        self.is_held = self._use_shipped = False
        self.shipped_knows, self._chosen_by_hand = None, False
        self.look_for_runs()

    def _other_clip(self, _clip_id: str) -> None:
        self.question.forget()
        self.is_held = False
        self.ask_soon()
        self.changed.emit()

    def _moved(self, frame: int) -> None:
        if self.is_held:
            return
        if frame != self.at_frame or not self.question.answers:
            is_shown_pale = self.is_pale and bool(self.question.answers)
            self.at_frame = frame
            self.ask_soon()
            if is_shown_pale:
                return  # nothing that is shown has changed
        self.changed.emit()

    def _edited(self, changes: Changes) -> None:
        clip_id = self._document.clip_id
        if clip_id in changes.clips or changes.labels or changes.cameras:
            self.ask_soon()
            self.changed.emit()

    def _run_ended(self, job: Job) -> None:
        self.look_for_runs()
        if self.chosen is not None and any(known.run == str(job.folder.path) for known in self.compared):
            self.ask_soon()

    def _ask(self) -> None:
        clip = self._document.clip
        if clip is None or self.chosen is None:
            return
        if not self.may_ask():
            self._soon.start()
            return
        wanted = {known.key: known for known in (self.chosen, *self.compared)}
        asked = tuple(wanted.values())
        self.question.ask(self._document.folder, clip.id, self.at_frame, asked, futures=self.futures)

    def _answered(self) -> None:
        self.is_pale = self._soon.isActive() and self.question.refusal is None
        self.changed.emit()

    def _take_about(self, number: int, about: About | Refusal) -> None:
        if number == self._about_number and isinstance(about, About) and self._document.is_open:
            here = {label.name for label in self._document.project.actions()}
            self.shipped_knows = len(about.actions), len(here & set(about.actions))
            self.changed.emit()
