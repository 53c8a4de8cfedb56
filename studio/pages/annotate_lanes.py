"""The forecast lanes of Annotate: when runs (`LaneRuns`) are asked, and what they foresee, as rows of the timeline.

They follow the playhead, asked once it has stood still and nothing plays or is dragged; what was there stays, pale,
until the new answer is. A step that is chosen holds its moment: the playhead walks on into what is foreseen, and the
lanes stay as they were seen from there until the step is let go of (Esc, or a click elsewhere on the timeline).
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from core.forecasts import Forecast
from core.project.annotations import Changes, Project
from studio.commands import label_key
from studio.display import Display
from studio.document import Document
from studio.forecast_question import ForecastQuestion
from studio.forecasters import Known
from studio.jobs import Jobs
from studio.models_client import STOOD_STILL_MS, ModelsClient
from studio.pages.annotate_lane_runs import LaneRuns
from studio.widgets.clip_time import ClipTime
from studio.widgets.forecast_lanes import Lane, LaneItem, free_from_of, lane_of
from studio.widgets.player import Player
from studio.widgets.timeline import Timeline
from studio.widgets.timeline_contents import LabelLook
from studio.words import say

_NOTHING_KEY = ""
"""The key of the row that says why there are no lanes."""


class ForecastLanes(QObject):
    """Asks for the lanes and shows them."""

    changed = Signal()
    """On or off, other runs, or other answers."""

    def __init__(
        self,
        document: Document,
        jobs: Jobs,
        models: ModelsClient,
        display: Display,
        timeline: Timeline,
        player: Player,
    ) -> None:
        super().__init__(timeline)
        self._document, self._models, self._display = document, models, display
        self._timeline, self._player = timeline, player
        self.time = ClipTime(0, 25.0)
        self.runs = LaneRuns(document, jobs, display, self)
        self.at_frame = 0
        self._question = ForecastQuestion(models, self)
        self._is_pale = False
        self._is_awake = False
        self._soon = QTimer(self, singleShot=True, interval=STOOD_STILL_MS)
        self._soon.timeout.connect(self._ask)
        self._question.answered.connect(self._answered)
        document.playhead_moved.connect(self._moved)
        document.clip_chosen.connect(self._other_clip)
        document.changed.connect(self._edited)
        document.opened.connect(self._opened)
        document.closed.connect(self._opened)
        self.runs.changed.connect(self._ask_others)
        player.changed.connect(lambda: None if player.is_playing else self._moved(document.playhead))
        timeline.lanes.chosen.connect(self._follow_chosen)

    # ---- what there is ----

    @property
    def is_on(self) -> bool:
        return self._display.has_lanes

    @property
    def futures(self) -> int:
        """How many futures stand behind the likeliest."""
        return self._display.lane_futures

    @property
    def is_settled(self) -> bool:
        """Whether the lanes show the answer to what is asked."""
        return not (self.is_on and self._is_awake and self._is_pale)

    def forecast_of(self, key: str) -> tuple[Known, Forecast] | None:
        """A lane's forecaster and its answer."""
        known = next((each for each in self.runs.shown if each.key == key), None)
        answer = self._question.answers.get(key)
        return (known, answer.forecast) if known is not None and answer is not None and answer.forecast else None

    def first_forecast(self) -> Forecast | None:
        """What the first shown forecaster said last; None while the lanes are off."""
        if not self.is_on or not self.runs.shown:
            return None
        found = self.forecast_of(self.runs.shown[0].key)
        return None if found is None else found[1]

    def item(self) -> LaneItem | None:
        """The step that is chosen, or else the first that the first lane foresees."""
        if self._timeline.lanes.item is not None:
            return self._timeline.lanes.item
        first = next((each for each in self._timeline.scene.lanes if each.steps and not each.is_pale), None)
        return None if first is None else (first.key, first.steps[0].at)

    # ---- what the person wants ----

    def toggle(self) -> None:
        """Shift+F."""
        self._display.show_lanes(on=not self.is_on)
        if not self.is_on:
            self._soon.stop()
            self._models.forget_forecast()
            self._is_pale = False
        self.runs.look()
        self.ask_soon()
        self._show()

    def set_futures(self, count: int) -> None:
        """So many futures behind each lane."""
        self._display.set_lane_futures(count)
        self.ask_soon()
        self._show()

    def let_go(self) -> bool:
        """Esc: choose no step any more; whether one was."""
        was = self._timeline.lanes.item is not None
        self._timeline.lanes.choose(None)
        return was

    def wake(self) -> None:
        """The page is in front."""
        self._is_awake = True
        self.runs.look()
        self.at_frame = self._document.playhead
        self.ask_soon()

    def sleep(self) -> None:
        """Nobody looks."""
        self._is_awake = False
        if self._soon.isActive() or self._question.is_waiting:
            self._soon.stop()
            self._models.forget_forecast()

    def ask_soon(self) -> None:
        """Ask once nothing has changed for a moment; what is shown goes pale until then."""
        if self._is_awake and self.is_on and self.runs.shown and self._document.clip is not None:
            self._is_pale = True
            self._soon.start()

    # ---- what happens ----

    def show_time(self, time: ClipTime) -> None:
        """The clip's times are known better."""
        self.time = time
        self._show()

    def _opened(self) -> None:
        self.runs.forget()
        self._question.forget()
        self._is_pale = False
        self.runs.look()

    def _other_clip(self, _clip_id: str) -> None:
        self._question.forget()
        self._timeline.lanes.choose(None)
        self.at_frame = self._document.playhead
        self.ask_soon()
        self._show()

    def _ask_others(self) -> None:
        self.ask_soon()
        self._show()

    def _moved(self, frame: int) -> None:
        if self._timeline.lanes.item is None and frame != self.at_frame:
            self.at_frame = frame
            if self.is_on:
                self.ask_soon()
                self._show()

    def _edited(self, changes: Changes) -> None:
        if self._document.clip_id in changes.clips or changes.labels or changes.cameras:
            self.ask_soon()
            self._show()

    def _follow_chosen(self, item: LaneItem | None) -> None:
        """A click seeks to the instant foreseen; letting go takes the lanes to where the playhead is."""
        if item is None:
            self._moved(self._document.playhead)
        else:
            lane = next((each for each in self._timeline.scene.lanes if each.key == item[0]), None)
            step = None if lane is None else lane.step(item[1])
            if step is not None:
                self._document.seek(step.frames.pose)
        self._show()

    def _ask(self) -> None:
        clip = self._document.clip
        if clip is None or not self.runs.shown or not self.is_on:
            return
        if self._player.is_playing or self._timeline.pointer.is_dragging:
            self._soon.start()
            return
        self._question.ask(self._document.folder, clip.id, self.at_frame, self.runs.shown, futures=self.futures)

    def _answered(self) -> None:
        self._is_pale = self._soon.isActive() and self._question.refusal is None
        self._show()

    # ---- showing ----

    def _show(self) -> None:
        self._timeline.lanes.show(self._lanes())
        self.changed.emit()

    def _lanes(self) -> tuple[Lane, ...]:
        if not self.is_on or self._document.clip is None:
            return ()
        if not self.runs.known:
            return _lane_saying(say("No forecaster yet"), say("Train one on the Train page."))
        if not self.runs.shown:
            return _lane_saying(say("No forecaster is chosen"), say("Choose one in the menu at the left."))
        looks = looks_by_word(self._document.project)
        is_held = self._timeline.lanes.item is not None
        free_from = partial(free_from_of, self._document.project, self._document.clip)
        place = Place(self.time, self.at_frame, looks, free_from)
        return tuple(
            _lane(known, self._question, place, is_pale=self._is_pale, is_held=is_held) for known in self.runs.shown
        )


class Place(NamedTuple):
    """Where lanes stand: the clip's time, the moment, how labels look, and from where on nothing is marked."""

    time: ClipTime
    at_frame: int
    looks: dict[str, LabelLook]
    free_from: Callable[[Forecast], int]


def _lane(
    known: Known,
    question: ForecastQuestion,
    place: Place,
    *,
    is_pale: bool,
    is_held: bool,
) -> Lane:
    """What a forecaster answered as a lane, or why it has not."""
    answer = question.answers.get(known.key)
    refusal = answer.refusal if answer is not None else question.refusal
    if answer is not None and answer.forecast is not None:
        forecast, free_from = answer.forecast, place.free_from(answer.forecast)
        lane = lane_of(known.key, known.name, known.colour_at, forecast, place.time, place.looks, free_from)
        return replace(lane, is_pale=is_pale, is_held=is_held and not is_pale)
    if refusal is not None:
        words, hint = refusal.message.rstrip("."), refusal.hint
        return Lane(known.key, known.name, known.colour_at, place.at_frame, is_pale=is_pale, words=words, hint=hint)
    words = say("Looking ahead…") if is_pale else say("Not asked yet")
    return Lane(known.key, known.name, known.colour_at, place.at_frame, words=words, is_pale=True)


def _lane_saying(words: str, hint: str) -> tuple[Lane, ...]:
    """The row that says why there are no lanes."""
    return (Lane(_NOTHING_KEY, "Forecasts", 0, words=words, hint=hint),)


def looks_by_word(project: Project) -> dict[str, LabelLook]:
    """How labels look, by the words models use: the cluster's name, or better the label's own."""
    looks: dict[str, LabelLook] = {}
    for place, each in enumerate(project.actions()):
        look = LabelLook(each.name, label_key(each.key), each.colour, place)
        if each.learned_name and each.learned_name != each.name:
            looks.setdefault(each.learned_name, LabelLook(each.learned_name, label_key(each.key), each.colour, place))
        looks[each.name] = look
    return looks
