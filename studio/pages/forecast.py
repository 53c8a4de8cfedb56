"""Forecast: what comes next from this moment, as actions with their poses, beside what really came.

Two tabs of the same moment: one run large, or several side by side. A click on a step holds the moment and takes the
playhead to where the step came; "Follow the playhead" lets go again. Models answer in the warm process.
"""

from functools import partial

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from core.errors import CoreError
from core.project.annotations import Clip
from studio import theme
from studio.actions import Handlers
from studio.display import Display
from studio.document import Document
from studio.jobs import Jobs
from studio.models_client import ModelsClient
from studio.pages.forecast_asking import Asking
from studio.pages.forecast_bodies import ForecastBodies
from studio.pages.forecast_cells import Moment, SeenJoints, seen_in
from studio.pages.forecast_panels import Clock, DoubtsPanel, JointsPanel, StepPanel
from studio.pages.forecast_runs import RunChoice
from studio.pages.forecast_shown import shown_of
from studio.pages.forecast_space import SpacePanel, ask_for_all
from studio.pages.forecast_states import StatePlace
from studio.pages.forecast_tabs import CompareTab, PlayheadTab, Spaces
from studio.pages.space_commands import SpaceCommands, showing, shown_now, space_menu
from studio.widgets import parts
from studio.widgets.clip_strip import Stretch
from studio.widgets.clip_time import ClipTime, say_time
from studio.widgets.people_control import PeopleControl
from studio.widgets.player import Player
from studio.widgets.sent_window import SentPart
from studio.widgets.shown import Shown
from studio.widgets.stills import Stills


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
        self._step = 0
        self._column = ""
        self._moment: Moment | None = None
        self._clip_shown = ""
        self.stills = Stills(self)
        self.bodies = ForecastBodies(models, display, self)
        self.player = Player(self)
        self._draw_soon = QTimer(self, singleShot=True, interval=60)  # cells have another size
        self._lay_out()
        spaces = self._spaces
        self._space = SpaceCommands(spaces.views, spaces.front, spaces.look, spaces.frame)
        self._sent = SentPart(self.space.viewport, self.tr("In space – Posecast"), self)
        for view in spaces.views:
            view.menu_wanted.connect(lambda at: self.space_menu().popup(at))
        self.asking.changed.connect(self._follow)
        self.stills.came.connect(lambda _: self._draw())
        self.bodies.changed.connect(self._draw)
        self._draw_soon.timeout.connect(self._draw)
        self.player.frame_due.connect(document.seek)
        self.player.changed.connect(lambda: self._play.show_icon("pause" if self.player.is_playing else "play"))
        document.playhead_moved.connect(self._show_playhead)
        document.closed.connect(self._let_go)

    def commands(self) -> Handlers:
        """What the page can do, by the names of the table of commands."""
        seek = {
            "step-back": -1, "step": 1, "step-back-10": -10, "step-10": 10, "step-back-100": -100, "step-100": 100,
        }  # fmt: skip
        return {
            "previous-step": lambda: self._choose_step(self._step - 1),
            "next-step": lambda: self._choose_step(self._step + 1),
            "previous-run": partial(self.runs.walk, -1),
            "next-run": partial(self.runs.walk, 1),
            "add-run": self.runs.show_menu,
            "move-forecast": self._step_panel.move_through,
            "play": self.player.toggle,
            "play-stop": self.player.stop,
            "play-on": lambda: self.player.faster(1),
            "play-back": lambda: self.player.faster(-1),
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
        apart = self._compares_in_space or self.space.is_apart
        video = self._document.video_path(self._document.clip_id) if self._document.clip is not None else None
        return shown_of(self._moment, self._step, front.view(), front.looks, apart=apart, video=video)

    def is_settled(self) -> bool:
        """Whether the newest answer is on screen with its pictures."""
        if self._place.currentIndex() == 1:
            return self.asking.is_settled
        pictures = self.stills.is_settled and self.bodies.is_settled
        return self.asking.is_settled and pictures and self._spaces.front().is_settled()

    def close_page(self) -> None:
        """End what works in the background."""
        self.player.stop()
        self._sent.take_back()
        self.stills.close(wait=True)
        self.bodies.close()
        for view in self._spaces.views:
            view.shut()
        self._models.close()

    # ---- layout ----

    def _lay_out(self) -> None:
        self._tabs = QTabBar()
        self._tabs.setExpanding(False)
        self._tabs.setAccessibleName(self.tr("What is shown"))
        self._tabs.addTab(self.tr("At the playhead"))
        self._tabs.addTab(self.tr("Compare"))
        self._tabs.currentChanged.connect(lambda _: self._follow())
        self.runs = RunChoice(self.asking)
        self.runs.adds.connect(lambda: self._tabs.setCurrentIndex(1))
        self._held = parts.button(self.tr("Follow the playhead"), "pin")
        self._held.clicked.connect(lambda: self.asking.hold(on=False))
        self._from = parts.text("", "label")
        self._where = parts.segmented(
            self.tr("Over the frame"), self.tr("In space"), on_choice=lambda _: self._follow()
        )  # fmt: skip
        self._where.setAccessibleName(self.tr("Where runs are compared"))
        people = PeopleControl(self._display, "forecast")
        head = parts.row(self._tabs, 8, self._where, None, self._from, self._held, people, self.runs, gap=6)
        self.space, self._step_panel = SpacePanel(), StepPanel()
        self._joints, self._doubts = JointsPanel(), DoubtsPanel()
        self._step_panel.move_wanted.connect(self.motion_wanted)
        self._step_panel.says.connect(self.says)
        self._joints.hide()  # one tab's panels must not claim height from the other's
        self._doubts.asks.connect(self.asks)
        self._doubts.hide()
        self._right = parts.col((self.space, 5), self._step_panel, (self._joints, 4), self._doubts, gap=6)
        self._views = QStackedWidget()
        self.at_playhead, self.compared = PlayheadTab(), CompareTab()
        self.at_playhead.chosen.connect(self._choose_step)
        self.compared.chosen.connect(self._choose_step)
        for tab in (self.at_playhead, self.compared):
            tab.sought.connect(self._document.seek)
            self._views.addWidget(tab)
        self._spaces = Spaces(self.space, self.compared.space, lambda: self._compares_in_space)
        content = QWidget()
        across = QHBoxLayout(content)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(6)
        across.addWidget(self._views, 1)
        across.addWidget(self._right)
        self._states = StatePlace()
        self._states.asks.connect(self.asks)
        self._states.use_shipped.connect(self.asking.use_shipped)
        self._states.first_step.connect(self._go_to_first_step)
        self._place = QStackedWidget()
        self._place.addWidget(content)
        self._place.addWidget(self._states)
        down = QVBoxLayout(self)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(6)
        down.addWidget(head)
        down.addWidget(self._place, 1)
        down.addWidget(self._transport())

    def _transport(self) -> QWidget:
        clock = Clock()
        clock.play.clicked.connect(self.player.toggle)
        clock.stepped.connect(self._go)
        clock.strip.sought.connect(self._document.seek)
        self._play, self._time, self._now, self.strip = clock.play, clock.time, clock.now, clock.strip
        return clock

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow, low = self.width() < theme.px(1330), self.height() < theme.px(720)
        self._right.setFixedWidth(theme.px(300 if narrow else 392))
        self._step_panel.set_low(low=low)
        for tab in (self.at_playhead, self.compared):
            tab.past.setFixedHeight(theme.px(44 if low else 56))
        self._draw_soon.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._models.warm_up()
        self.asking.wake()
        self._follow()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.player.stop()
        self.asking.sleep()
        self.bodies.fits.forget()

    # ---- what the person does ----

    def _choose_step(self, at: int, column: str = "") -> None:
        if self._moment is None or not 0 <= at < self._moment.rows():
            return
        self._step, self._column = at, column or self._column
        step = self._moment.true_step(at)
        if step is not None and step.truth_frame is not None:
            self.player.stop()
            self.asking.hold(on=True)
            self._document.seek(step.truth_frame)
        self._draw()

    @property
    def _compares_in_space(self) -> bool:
        return self._tabs.currentIndex() == 1 and self._where.chosen == 1

    def space_menu(self) -> QMenu:
        """What a right click on the space view offers."""
        no_camera = self._compares_in_space or self._moment is None or self._moment.first.lens is None
        return space_menu(self, self.commands(), self.checked(), leave_out={"space-camera"} if no_camera else set())

    def _go_to_first_step(self) -> None:
        clip = self._document.clip
        if clip is not None and clip.poses:
            self._document.seek(clip.poses[0].frame)

    def _go(self, by: int) -> None:
        self.player.stop()
        self._document.seek(self._document.playhead + by)

    # ---- what is shown ----

    def _follow(self) -> None:
        """Everything anew: who is asked, what was answered, and of which clip."""
        if not self.isVisible():
            return
        self._show_clip()
        asking, clip = self.asking, self._document.clip if self._document.is_open else None
        is_comparing = self._tabs.currentIndex() == 1
        self.runs.show_runs(is_comparing=is_comparing)
        of = asking.compared if is_comparing else [asking.chosen] if asking.chosen is not None else []
        forecasts = asking.forecasts(of)
        if clip is not None and forecasts:
            self._moment = Moment(
                self._document.project,
                clip,
                tuple(forecasts),
                lambda frame, grey: self.stills.of(frame, grey=grey),
                partial(self._seen_pose, clip),
                self._document.video_path(clip.id) is not None,
                self.bodies,
            )
            self._step = min(self._step, self._moment.rows() - 1)
            self.stills.want(self._moment.frames())
        else:
            self._moment = None
        says_why = self._states.show_state(asking, clip, has_answer=bool(forecasts))
        self._place.setCurrentIndex(1 if says_why else 0)
        self._views.setCurrentIndex(int(is_comparing))
        self._step_panel.setVisible(not is_comparing)
        self._joints.setVisible(is_comparing)
        self._where.setVisible(is_comparing)
        self.compared.show_in_space(on=self._where.chosen == 1)
        self.space.setVisible(not self._compares_in_space)
        self._held.setVisible(asking.is_held)
        self._from.setVisible(asking.is_held)
        if clip is not None:
            self._from.setText(self.tr("Forecast from {time}").format(time=say_time(self._time_of(asking.at_frame), 1)))
        self._doubts.show_moment(self._moment)
        self._draw()

    def _seen_pose(self, clip: Clip, frame: int) -> SeenJoints | None:
        try:
            return seen_in(self._document.tracks(clip.id), clip, frame)
        except CoreError:
            return None  # the forecast itself says that the tracks cannot be read

    def _draw(self) -> None:
        """The moment as it stands, with the pictures there are; what is drawn first is fitted first."""
        self.bodies.begin()
        self._draw_moment(self._moment, pale=self.asking.is_pale)
        ask_for_all(self._moment)
        self.bodies.settle()

    def _draw_moment(self, moment: Moment | None, *, pale: bool) -> None:
        self._spaces.show_step(moment, self._step)
        self._step_panel.show_step(moment, self._step)
        self._joints.show_step(moment, self._step)
        if moment is None:
            self.at_playhead.clear()
            self.compared.clear()
            self.strip.show_forecast(self.asking.at_frame, (), "text")
            return
        if self._views.currentIndex() == 0:
            self.at_playhead.show_moment(moment, self._step, is_pale=pale)
        else:
            refused = [
                (each, refusal.message)
                for each in self.asking.compared
                if (refusal := self.asking.refusal_of(each)) is not None
            ]
            self.compared.show_moment(moment, self._step, refused, self._column, is_pale=pale)
        known, forecast = moment.forecasts[0]
        came = [step.truth_frame for step in forecast.steps if step.truth_frame is not None]
        self.strip.show_forecast(forecast.at_frame, came, known.colour)

    def _show_clip(self) -> None:
        """Its segments on the strip, its frames ready to be shown."""
        clip = self._document.clip if self._document.is_open else None
        self.strip.setEnabled(clip is not None)
        if clip is None:
            self.strip.show_clip(0, ())
            return
        labels = self._document.project.labels
        grey = theme.BACKGROUND_LABEL
        colours = {key: label.colour for key, label in labels.items()}
        self.strip.show_clip(
            clip.video.frame_count,
            [Stretch(each.start_frame, each.end_frame, colours.get(each.action, grey)) for each in clip.segments],
        )
        if clip.id != self._clip_shown:
            self._clip_shown = clip.id
            self._step = 0
            path = self._document.video_path(clip.id)
            self.stills.open(path if path is not None and path.is_file() else None)
            self.player.show_time(ClipTime(clip.video.frame_count, clip.video.rate_hz))
        self._show_playhead(self._document.playhead)

    def _show_playhead(self, frame: int) -> None:
        clip = self._document.clip if self._document.is_open else None
        if clip is None or not self.isVisible():
            return
        self.player.show_frame(frame)
        self.strip.show_playhead(frame)
        ahead = self._time_of(frame) - self._time_of(self.asking.at_frame)
        walks = self.asking.is_held and frame != self.asking.at_frame
        self._time.setText(f"{ahead:+.1f} s" if walks else say_time(self._time_of(frame), 1))
        here = next((each for each in clip.segments if each.start_frame <= frame < each.end_frame), None)
        label = self._document.project.labels.get(here.action) if here is not None else None
        self._now.setText(label.name if label is not None else "–")
        self._now.adjustSize()
        if walks and self._moment is not None:
            self._step_near(frame)

    def _step_near(self, frame: int) -> None:
        """While the moment is held, the step that is nearest to the playhead is the chosen one."""
        assert self._moment is not None
        frames = [(abs(step.truth_frame - frame), at) for at, step in enumerate(self._moment.first.steps)
                  if step.truth_frame is not None]  # fmt: skip
        if frames and min(frames)[1] != self._step:
            self._step = min(frames)[1]
            self._draw()

    def _time_of(self, frame: int) -> float:
        clip = self._document.clip
        return 0.0 if clip is None else ClipTime(clip.video.frame_count, clip.video.rate_hz).seconds(frame)

    def _let_go(self) -> None:
        self._clip_shown = ""
        self._moment = None
        self.stills.open(None)
