"""Forecast: what comes next from this moment, as actions with their poses, beside what really came.

Three tabs: one run large, several side by side, and where two of them differ. A click on a step holds the moment and
takes the playhead to where the step came; "Follow the playhead" lets go again. Models answer in the warm process.
"""

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QGuiApplication, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from core.errors import CoreError
from core.forecast_alignment import lined_up, step_at
from core.motion import Poses2d
from core.project.annotations import Clip
from studio import theme
from studio.actions import Handlers
from studio.display import Display
from studio.document import Document
from studio.jobs import Jobs
from studio.models_client import ModelsClient
from studio.pages.accepting import Accepting
from studio.pages.forecast_asking import Asking
from studio.pages.forecast_bodies import ForecastBodies
from studio.pages.forecast_cells import Moment, Sights
from studio.pages.forecast_clock import Clock, time_of
from studio.pages.forecast_compare import CompareTab
from studio.pages.forecast_differ import DifferTab
from studio.pages.forecast_head import AT_PLAYHEAD, COMPARE, DIFFER, ForecastHead
from studio.pages.forecast_panels import DoubtsPanel, DraftPanel, JointsPanel, StepPanel
from studio.pages.forecast_shown import shown_of
from studio.pages.forecast_space import SpacePanel, ask_for_all
from studio.pages.forecast_states import StatePlace
from studio.pages.forecast_tabs import PlayheadTab, Spaces
from studio.pages.forecast_taken import command_of, comparison_of
from studio.pages.space_commands import SpaceCommands, showing, shown_now, space_menu
from studio.widgets import parts
from studio.widgets.clip_time import say_time
from studio.widgets.comparison_dialog import ComparisonOffer
from studio.widgets.locks import why_locked
from studio.widgets.sent_window import SentPart
from studio.widgets.shown import Shown
from studio.widgets.stills import Stills
from studio.words import say

_BEYOND_S = 1.0
"""How long the future is played after its last step."""


class ForecastPage(QWidget):
    """The seen past on top, the future below it, space and words at the right, time at the foot."""

    asks = Signal(str)
    says = Signal(str)
    motion_wanted = Signal(object)
    """A body that moves through this `Forecast`."""

    def __init__(self, document: Document, jobs: Jobs, models: ModelsClient, display: Display) -> None:
        super().__init__()
        self._document, self._models, self._display = document, models, display
        self.asking = Asking(document, jobs, models, self)
        self.accepting = Accepting(document, self)
        self.accepting.guard = partial(why_locked, display)
        self._row = 0
        self._column, self._beside = "", ""  # the chosen run, and the one chosen before it
        self._moment: Moment | None = None
        self._clip_shown, self._sights = "", Sights()
        self.stills = Stills(self)
        self.bodies = ForecastBodies(models, display, self)
        self._draw_soon = QTimer(self, singleShot=True, interval=60)  # cells have another size
        self._lay_out()
        spaces = self._spaces
        self._space = SpaceCommands(spaces.views, spaces.front, spaces.look, spaces.frame)
        self._sent = SentPart(self.space.viewport, self.tr("In space – Posecast"), self)
        for view in spaces.views:
            view.menu_wanted.connect(lambda at: self.space_menu().popup(at))
        self.asking.changed.connect(self._follow)
        self.asking.may_ask = lambda: not self.clock.player.is_playing
        self.stills.came.connect(lambda _: self._draw())
        self.bodies.changed.connect(self._draw)
        self._draw_soon.timeout.connect(self._draw)
        document.playhead_moved.connect(self._show_playhead)
        document.closed.connect(self._let_go)

    def commands(self) -> Handlers:
        """What the page can do, by the names of the table of commands."""
        seek = {
            "step-back": -1, "step": 1, "step-back-10": -10, "step-10": 10, "step-back-100": -100, "step-100": 100,
        }  # fmt: skip
        player = self.clock.player
        return {
            "previous-step": lambda: self._choose_step(self._row - 1),
            "next-step": lambda: self._choose_step(self._row + 1),
            "previous-run": partial(self._walk_runs, -1),
            "next-run": partial(self._walk_runs, 1),
            "move-run-left": partial(self._walk_runs, -1, moves=True),
            "move-run-right": partial(self._walk_runs, 1, moves=True),
            "add-run": self.head.runs.show_menu,
            "line-up": self.head.next_line_up,
            "next-difference": partial(self.differ.walk, 1),
            "previous-difference": partial(self.differ.walk, -1),
            "use-draft": self._draft.accept,
            "move-forecast": self._step_panel.move_through,
            "copy-command": lambda: self.says.emit(_copied(self._moment, str(self._document.folder))),
            "play": self.clock.toggle,
            "play-stop": player.stop,
            "play-on": lambda: player.faster(1),
            "play-back": lambda: player.faster(-1),
            "loop": self.clock.loop.click,
            "to-start": lambda: self._document.seek(0),
            "to-end": lambda: self._document.seek(1 << 40),
            "send-picture": self._sent.toggle,
            **self._space.handlers(),
            **showing(self._display, "forecast"),
            **{name: partial(self._go, by) for name, by in seek.items()},
        }

    def checked(self) -> dict[str, bool]:
        """Which toggles are on."""
        shown = shown_now(self._display, "forecast")
        return {**shown, **self._space.checked(), "send-picture": self._sent.is_out}

    def shown(self) -> Shown:
        """What stands in space, to be taken out of it."""
        front = self._spaces.front()
        apart = self.head.is_in_space or self.space.is_apart
        video = self._document.video_path(self._document.clip_id) if self._document.clip is not None else None
        two = None
        if self._moment is not None and not self.head.is_in_space:
            two = _two_of(self._moment, self._chosen_column(), self._beside)
        return shown_of(self._moment, self._row, front.view(), front.looks, apart=apart, video=video, columns=two)

    def comparison(self) -> ComparisonOffer | None:
        """What Compare shows, to be exported; None on another tab, in space and where there is nothing."""
        moment = self._moment
        if moment is None or self.head.tab != COMPARE or self.head.is_in_space:
            return None
        command = command_of(moment, str(self._document.folder))
        when = say_time(moment.time.seconds(moment.first.at_frame), 1).replace(":", "-")
        return ComparisonOffer(
            comparison_of(moment, command),
            f"{moment.clip.name} compared at {when}",
            self._document.folder,
            moment.lined.by,
            self.bodies.shows,
            self._display.body,
            self.head.is_without_frame,
        )

    def is_settled(self) -> bool:
        """Whether the newest answer is on screen with its pictures."""
        if self.head.tab == DIFFER:
            return self.differ.is_settled()
        if self._place.currentIndex() == 1:
            return self.asking.is_settled
        pictures = self.stills.is_settled and self.bodies.is_settled
        return self.asking.is_settled and pictures and self._spaces.front().is_settled()

    def close_page(self) -> None:
        """End what works in the background."""
        self.clock.player.stop()
        self._sent.take_back()
        self.accepting.close()
        self.differ.close_tab()
        self.stills.close(wait=True)
        self.bodies.close()
        for view in self._spaces.views:
            view.shut()
        self._models.close()

    # ---- layout ----

    def _lay_out(self) -> None:
        self.head = ForecastHead(self.asking, self._display)
        self.head.changed.connect(self._follow)
        self.head.follows.connect(lambda: self.asking.hold(on=False))
        self.head.exports.connect(lambda: self.asks.emit("export"))
        self.space, self._step_panel = SpacePanel(), StepPanel()
        self._joints, self._doubts, self._draft = JointsPanel(), DoubtsPanel(), DraftPanel(self.accepting)
        self._step_panel.move_wanted.connect(self.motion_wanted)
        self._step_panel.says.connect(self.says)
        self._joints.hide()  # one tab's panels must not claim height from the other's
        self._doubts.asks.connect(self.asks)
        self._doubts.hide()
        right = ((self.space, 5), self._step_panel, (self._joints, 4), self._draft, self._doubts)
        self._right = parts.col(*right, gap=6)
        self._views = parts.FrontStack()
        self.at_playhead, self.compared = PlayheadTab(), CompareTab(self.asking)
        self.differ = DifferTab(self._document, self._models, self.asking)
        self.differ.asks.connect(self.asks)
        self.differ.sought.connect(self._go_to_difference)
        for tab in (self.at_playhead, self.compared):
            tab.chosen.connect(self._choose_step)
            tab.sought.connect(self._look_at)
        for tab in (self.at_playhead, self.compared, self.differ):
            self._views.addWidget(tab)
        self._spaces = Spaces(self.space, self.compared.space, lambda: self.head.is_in_space)
        content = QWidget()
        across = QHBoxLayout(content)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(6)
        across.addWidget(self._views, 1)
        across.addWidget(self._right)
        self._states = StatePlace()
        self._states.asks.connect(self.asks)
        self._states.use_shipped.connect(self.asking.use_shipped)
        self._states.other_run.connect(lambda: self.head.runs.show_choice())
        self._states.first_step.connect(partial(_go_to_first_step, self._document))
        self._place = QStackedWidget()
        self._place.addWidget(content)
        self._place.addWidget(self._states)
        self.clock = Clock()
        self.clock.stepped.connect(self._go)
        self.clock.sought.connect(self._document.seek)
        self.clock.starts.connect(lambda: self.asking.hold(on=True))
        down = QVBoxLayout(self)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(6)
        parts.fill(down, (self.head, (self._place, 1), self.clock))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow, low = self.width() < theme.px(1330), self.height() < theme.px(720)
        self.head.set_narrow(narrow=narrow, very=self.width() < theme.px(1000))
        self._right.setFixedWidth(theme.px(300 if narrow else 392))
        for panel in (self._step_panel, self._joints, self._draft, self._doubts):
            panel.set_low(low=low)
        self.at_playhead.past.setFixedHeight(theme.px(44 if low else 56))
        self.compared.set_low(low=low)
        self._draw_soon.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._models.warm_up()
        self.asking.wake()
        self._follow()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.clock.player.stop()
        self.asking.sleep()
        self.differ.hide_tab()
        self.bodies.fits.forget()

    # ---- what the person does ----

    def _choose_step(self, row: int, column: str = "") -> None:
        """A row and, where one is given, a run's column: the playhead goes to where the row's step came."""
        if self._moment is None or not 0 <= row < self._moment.rows():
            return
        self._row = row
        if column and column != self._column:
            self._column, self._beside = column, self._column
        seconds = self._moment.lined.rows[row].seconds
        step = self._moment.true_step(row)
        self._moment = replace(self._moment, now=())
        if seconds is not None:
            time = self._moment.time
            came = step.truth_frame if step is not None else None
            frame = time.nearest_frame(time.seconds(self._moment.first.at_frame) + seconds)
            self._look_at(frame if came is None else came)
            self._row = row  # two steps may have come at one time
        self._draw()

    def _look_at(self, frame: int) -> None:
        """Keep the moment and go there, as a clock does not: every run keeps its place in the rows."""
        self.clock.player.stop()
        if self._moment is not None and frame != self._moment.first.at_frame:
            self.asking.hold(on=True)
        self._document.seek(frame)

    def _walk_runs(self, by: int, *, moves: bool = False) -> None:
        """The next run or the one before; in Compare the next column, or this one to another place."""
        if self.head.tab != COMPARE:
            if not moves:
                self.head.runs.walk(by)
            return
        keys = [each.key for each in self.asking.compared]
        if not keys:
            return
        at = keys.index(self._column) if self._column in keys else 0
        if moves:
            self.asking.move(keys[at], at + by)
        else:
            self._choose_step(self._row, keys[(at + by) % len(keys)])

    def _go_to_difference(self, clip_id: str, frame: int) -> None:
        """A moment of the list: held, in Compare."""
        self.asking.hold(on=False)
        self._document.choose_clip(clip_id)
        self._document.seek(frame)
        self.asking.hold(on=True)
        self._row = 0
        self.head.tabs.setCurrentIndex(COMPARE)

    def space_menu(self) -> QMenu:
        """What a right click on the space view offers."""
        no_camera = self.head.is_in_space or self._moment is None or self._moment.first.lens is None
        return space_menu(self, self.commands(), self.checked(), leave_out={"space-camera"} if no_camera else set())

    def _go(self, by: int) -> None:
        self.clock.player.stop()
        self._document.seek(self._document.playhead + by)

    # ---- what is shown ----

    def _follow(self) -> None:
        """Everything anew: who is asked, what was answered, and of which clip."""
        if not self.isVisible():
            return
        asking, clip = self.asking, self._document.clip if self._document.is_open else None
        tab = self.head.tab
        self.clock.set_comparing(on=tab == COMPARE)
        self.clock.show_clip(clip, self._document.project.labels if clip is not None else {})
        if clip is not None and clip.id != self._clip_shown:
            self._clip_shown, self._row = clip.id, 0
            path = self._document.video_path(clip.id)
            self.stills.open(path if path is not None and path.is_file() else None)
        self._moment = self._made_moment(clip) if clip is not None else None
        if self._moment is not None:
            self._row = min(self._row, self._moment.rows() - 1)
            self.stills.want(self._moment.frames())
        from_s = time_of(clip).seconds(asking.at_frame) if clip is not None else 0.0
        self.head.show_state(words=self.tr("Forecast from {time}").format(time=say_time(from_s, 1)))
        says_why = tab != DIFFER and self._states.show_state(asking, clip, has_answer=self._moment is not None)
        self._place.setCurrentIndex(1 if says_why else 0)
        self._views.setCurrentIndex(tab)
        (self.differ.show_tab if tab == DIFFER else self.differ.hide_tab)()
        self._right.setVisible(tab != DIFFER)
        self.clock.setVisible(tab != DIFFER)
        self._step_panel.setVisible(tab == AT_PLAYHEAD)
        self._joints.setVisible(tab == COMPARE)
        self._draft.set_titled(on=tab == COMPARE)
        self.compared.show_in_space(on=self.head.is_in_space)
        self.space.setVisible(not self.head.is_in_space)
        self._doubts.show_moment(self._moment)
        if clip is not None:
            self._show_playhead(self._document.playhead)
        self._draw()

    def _made_moment(self, clip: Clip) -> Moment | None:
        """What was answered, lined up."""
        asking = self.asking
        compares = self.head.tab == COMPARE
        of = asking.compared if compares else [asking.chosen] if asking.chosen is not None else []
        forecasts = asking.forecasts(of)
        if not forecasts:
            return None
        has_video = self._document.video_path(clip.id) is not None and not self.head.is_without_frame
        return Moment(
            self._document.project,
            clip,
            tuple(forecasts),
            (lambda frame, grey: self.stills.of(frame, grey=grey)) if has_video else (lambda *_: None),
            lambda frame: self._sights.at(_tracks_of(self._document, clip), clip, frame),
            has_video,
            self.bodies,
            lined_up([forecast for _, forecast in forecasts], self.head.by, clip.video.rate_hz),
        )

    def _draw(self) -> None:
        """The moment as it stands, with the pictures there are; what is drawn first is fitted first."""
        if self.head.tab == DIFFER:
            return
        self.bodies.begin()
        self._draw_moment(self._moment, pale=self.asking.is_pale)
        ask_for_all(self._moment)
        self.bodies.settle()

    def _draw_moment(self, moment: Moment | None, *, pale: bool) -> None:
        compares = self.head.tab == COMPARE
        column = self._chosen_column()
        two = [] if moment is None else _two_of(moment, column, self._beside)
        self._spaces.show_step(moment, self._row, two)
        self._step_panel.show_step(moment, self._row)
        self._draft.show_step(moment, self._row, column)
        if moment is None:
            self._joints.show_row(None, 0, ())
            self.at_playhead.clear()
            self.compared.clear()
            self.clock.show_forecast(self.asking.at_frame, (), "text")
            self.clock.show_future(None)
            return
        known, forecast = moment.forecasts[column]
        if compares:
            self._joints.show_row(moment, self._row, two)
            refused = [
                (each, refusal.message)
                for each in self.asking.compared
                if (refusal := self.asking.question.refusal_of(each)) is not None
            ]
            self.compared.show_moment(moment, self._row, refused, known.key, is_pale=pale)
            self.compared.show_strips(moment, _tracks_of(self._document, moment.clip))
        else:
            self.at_playhead.show_moment(moment, self._row, is_pale=pale)
        came = [row.truth.truth_frame for row in moment.lined.rows if row.truth is not None]
        self.clock.show_forecast(forecast.at_frame, [frame for frame in came if frame is not None], known.colour)
        self.clock.show_future(_future_of(moment))

    def _chosen_column(self) -> int:
        """The chosen run's place among the forecasts; the first where it has none."""
        keys = [known.key for known, _ in self._moment.forecasts] if self._moment is not None else []
        return keys.index(self._column) if self._column in keys else 0

    def _show_playhead(self, frame: int) -> None:
        clip = self._document.clip if self._document.is_open else None
        if clip is None or not self.isVisible():
            return
        time, asking = time_of(clip), self.asking
        ahead_s = time.seconds(frame) - time.seconds(asking.at_frame)
        walks = asking.is_held and frame != asking.at_frame
        here = next((each for each in clip.segments if each.start_frame <= frame < each.end_frame), None)
        label = self._document.project.labels.get(here.action) if here is not None else None
        self.clock.show_playhead(frame, ahead_s if walks else None, label.name if label is not None else "")
        self.compared.show_clock(ahead_s if walks else 0.0)
        if walks and self._moment is not None:
            self._walk_to(self._moment, ahead_s)

    def _walk_to(self, moment: Moment, ahead_s: float) -> None:
        """While the moment is held, the row nearest to the playhead is the chosen one; runs go by their own times."""
        near = [(abs(row.seconds - ahead_s), at) for at, row in enumerate(moment.lined.rows) if row.seconds is not None]
        row = min(near)[1] if near else self._row
        now = tuple(step_at(forecast, ahead_s) for _, forecast in moment.forecasts)
        now = now if self.head.tab == COMPARE and self.clock.player.is_playing else ()
        if (row, now) != (self._row, moment.now):
            self._row, self._moment = row, replace(moment, now=now)
            self._draw()

    def _let_go(self) -> None:
        self._clip_shown = ""
        self._moment = None
        self.stills.open(None)


def _future_of(moment: Moment) -> tuple[int, int] | None:
    """The frames of the future, its end exclusive: to a little after the last row."""
    seconds = [row.seconds for row in moment.lined.rows if row.seconds is not None]
    if not seconds:
        return None
    start = moment.first.at_frame
    end = moment.time.nearest_frame(moment.time.seconds(start) + max(seconds) + _BEYOND_S)
    return (start, end + 1) if end > start else None


def _go_to_first_step(document: Document) -> None:
    if document.clip is not None and document.clip.poses:
        document.seek(document.clip.poses[0].frame)


def _copied(moment: Moment | None, project: str) -> str:
    """Put the command that makes this comparison into the clipboard; what to say of it."""
    if moment is None:
        return say("Nothing is forecast here that a command could make.")
    QGuiApplication.clipboard().setText(command_of(moment, project))
    return say("Copied: the command that makes this comparison")


def _tracks_of(document: Document, clip: Clip) -> Poses2d | None:
    try:
        return document.tracks(clip.id)
    except CoreError:
        return None  # the forecast itself says that the tracks cannot be read


def _two_of(moment: Moment, first: int, before: str) -> list[int]:
    """The chosen column, and the one chosen before it or else its neighbour."""
    keys = [known.key for known, _ in moment.forecasts]
    others = [at for at in range(len(keys)) if at != first]
    former = [at for at in others if keys[at] == before]
    return [first, *(former or others)[:1]]
