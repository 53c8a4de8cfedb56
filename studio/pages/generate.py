"""Generate: motion from an action, a duration and any past; every sample in one space, at one time.

The question stands at the left, what is kept at the right. Between them one view of all samples, a card for each, the
clock, and the tokens and the story on one time axis. Nothing is computed here: motion comes from the warm process,
bodies are posed where they are drawn, and the way of hands and feet is worked out in a thread.
"""

from functools import partial

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedWidget, QWidget

from core.generations import RATE_HZ
from core.wording import sentences
from studio import theme
from studio.actions import Handlers
from studio.data_sets import DataSets
from studio.display import Display
from studio.document import Document
from studio.generating import Generating
from studio.jobs import Jobs
from studio.models_client import ModelsClient
from studio.motion_models import MotionModels
from studio.motion_question import MOST_SAMPLES, MotionQuestion
from studio.pages.generate_ahead import FromForecast
from studio.pages.generate_cards import CardFacts, SampleCards
from studio.pages.generate_clock import GenerateClock, Playing
from studio.pages.generate_kept import KeptPart
from studio.pages.generate_moving import Form, MovingSamples
from studio.pages.generate_over import OverVideo
from studio.pages.generate_pasts import Pasts
from studio.pages.generate_question import QuestionPanel
from studio.pages.generate_shown import shown_of
from studio.pages.generate_space import Scene, SpacePanel, scene_of
from studio.pages.generate_states import GenerateStates
from studio.pages.space_commands import SpaceCommands, space_menu
from studio.widgets import parts
from studio.widgets.motion_line import MotionLine
from studio.widgets.sent_window import SentPart
from studio.widgets.shown import Shown
from studio.words import say

_NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight")


class GeneratePage(QWidget):
    """The page, its parts and what they tell each other."""

    asks = Signal(str)
    says = Signal(str)

    def __init__(self, document: Document, jobs: Jobs, models: ModelsClient, display: Display, sets: DataSets) -> None:
        super().__init__()
        self._document, self._client, self._display = document, models, display
        self.models = MotionModels(document, jobs, models, self)
        self.question = MotionQuestion(self.models, self)
        self.generating = Generating(document, models, self.models, self.question)
        self.pasts = Pasts(document, models, sets, self)
        self.ahead = FromForecast(document, self.generating, self)
        self.moving = MovingSamples(self)
        self._draw_soon = QTimer(self, singleShot=True, interval=0)
        self._draw_soon.timeout.connect(self._draw)
        self._lay_out()
        self._space = SpaceCommands(
            (self.space.viewport,), lambda: self.space.viewport, self.space.look, self.space.frame_all
        )
        self._sent = SentPart(self.space.viewport, self.tr("Samples in space – Posecast"), self)
        self._connect()
        self.setFocusProxy(self.panel.action)

    # ---- layout ----

    def _lay_out(self) -> None:
        self.panel = QuestionPanel(self.generating, self.pasts, self._display)
        self.space = SpacePanel(self.generating, self.moving)
        self.cards = SampleCards()
        self.clock = GenerateClock()
        self.line = MotionLine()
        self.playing = Playing(self.generating, self.clock)
        self.kept = KeptPart(self._document, self.generating, self.pasts, self.form, self)
        self.over = OverVideo(self._document, self._client, self._display, self.generating, self)
        self.tray = self.kept.tray
        self._beside = parts.text("", "caption", wrap=True)
        self._beside.setMinimumWidth(1)
        self._beside.hide()
        self.states = GenerateStates()
        shown = parts.col((self.space, 1), self._beside, self.cards, self.clock, gap=6)
        self._place = QStackedWidget()
        self._place.addWidget(shown)
        self._place.addWidget(self.states)
        middle = parts.col((self._place, 1), self.line, gap=6)
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        parts.fill(box, (self.panel, (middle, 1), self.tray))

    def _connect(self) -> None:
        generating, question = self.generating, self.question
        generating.changed.connect(self._follow)
        generating.chosen_changed.connect(lambda _: self._follow())
        generating.playhead_moved.connect(self._show_playhead)
        question.changed.connect(self._show_story)
        question.shown_otherwise.connect(self._show_story)
        self.models.changed.connect(self._follow)
        self.moving.changed.connect(self._draw_soon.start)
        self._display.changed.connect(self._draw_soon.start)
        self.panel.generate_wanted.connect(generating.generate)
        self.panel.other_seed_wanted.connect(generating.draw_anew)
        self.panel.again_switched.connect(lambda on: generating.set_again(on=on))
        self.panel.body_changed.connect(self._draw_soon.start)
        self.space.arranged.connect(self._draw_soon.start)
        self.space.asks.connect(self.asks)
        self.space.menu_wanted.connect(lambda at: self.space_menu().popup(at))
        self.cards.chosen.connect(generating.choose)
        self.cards.menu_wanted.connect(self._open_sample_menu)
        self.clock.asks.connect(self.asks)
        self.states.asks.connect(self.asks)
        self.line.sought.connect(lambda seconds: self.playing.scrub(round(seconds * RATE_HZ)))
        self.line.resample_wanted.connect(generating.draw_anew)
        self.line.story_changed.connect(question.change_story)
        self.line.part_chosen.connect(question.edit_part)
        self.line.rename_wanted.connect(self._rename_part)
        self.panel.goes_on.kept_wanted.connect(self.kept.go_on)
        self.cards.keep_wanted.connect(self.kept.keep)
        self.kept.changed.connect(self._show_kept)
        self.kept.asks.connect(self.asks)
        self.kept.says.connect(self.says)
        self.over.asks.connect(self.asks)
        self.over.says.connect(self.says)
        self.ahead.says.connect(self.says)

    # ---- what can be done ----

    def commands(self) -> Handlers:
        """What the page can do, by the names of the table of commands."""
        generating = self.generating
        return {
            "generate": generating.generate,
            "another-seed": generating.draw_anew,
            "resample": self.line.ask_resample,
            "lock-stretch": self.line.toggle_lock,
            "throw-away": lambda: generating.throw_away(generating.chosen),
            "find-action": self.panel.find_action,
            "add-pose": self.panel.poses.open_poses,
            "arrangement": self.space.next_arrangement,
            **{f"sample-{at + 1}": partial(generating.choose, at) for at in range(MOST_SAMPLES)},
            **self.playing.handlers(),
            **self.kept.commands(),
            "over-video": self.over.open,
            "send-picture": self._sent.toggle,
            **{name: each for name, each in self._space.handlers().items() if name != "space-camera"},
        }

    def checked(self) -> dict[str, bool]:
        """Which toggles are on."""
        return {**self._space.checked(), "send-picture": self._sent.is_out}

    def is_settled(self) -> bool:
        """Whether the newest answer is on screen."""
        if self._place.currentIndex() == 1:
            return self.models.is_settled and not self.generating.is_asking
        waits = (
            self._draw_soon.isActive()
            or self.pasts.is_waiting
            or self.ahead.is_waiting
            or self.playing.player.is_playing
            or not self.kept.is_settled
            or not self.over.is_settled
        )
        return self.generating.is_settled and self.moving.is_settled and not waits and self.space.viewport.is_settled()

    def shown(self) -> Shown:
        """What stands in space, to be taken out of it."""
        if self.over.is_open:
            return self.over.shown()
        viewport = self.space.viewport
        return shown_of(self.space.scene, self.moving, self.space.arrangement, viewport.view(), viewport.looks)

    def close_page(self) -> None:
        """End what works in the background."""
        self.playing.player.stop()
        self._sent.take_back()
        self.moving.close()
        self.kept.close()
        self.over.shut()
        self.space.viewport.shut()
        self._client.close()

    def space_menu(self) -> QMenu:
        """What a right click on the space view offers."""
        return space_menu(self, self.commands(), self.checked(), leave_out=set())

    # ---- what happens ----

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < theme.px(1330)
        self.panel.setFixedWidth(max(theme.px(238 if narrow else 256), self.panel.least_width()))
        self.tray.setFixedWidth(theme.px(176 if narrow else 224))
        self.space.set_narrow(narrow=self.width() < theme.px(1240))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._client.warm_up()
        self.generating.wake()
        self._follow()
        self._show_story()
        self._show_kept()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.playing.player.stop()
        self.generating.sleep()
        self.pasts.forget()

    def _follow(self) -> None:
        """Everything anew: what was answered, who is chosen, and what is said beside it."""
        generating = self.generating
        says_why = self.states.show_state(generating)
        self._place.setCurrentIndex(1 if says_why else 0)
        self._show_beside()
        self._show_cards()
        self._show_tokens()
        self._show_playhead(self.generating.frame)

    def _show_beside(self) -> None:
        """Why the newest question has no answer while another's samples are shown; what was done with this one's."""
        generating = self.generating
        said = list(generating.notes)
        if generating.refused is not None and generating.shown:
            refusal = generating.refused.refusal
            said = [sentences(refusal.message, refusal.hint)]
        parts.set_role(self._beside, "warn" if generating.refused is not None else "caption")
        self._beside.setText(" ".join(said))
        self._beside.setVisible(bool(said))

    def _show_cards(self) -> None:
        generating = self.generating
        facts = [
            CardFacts(at + 1, generating.colour(at), each.sample, each.is_whole, self.kept.is_kept(each))
            for at, each in enumerate(generating.shown)
        ]
        pictures = [self.kept.picture_of(at, each) for at, each in enumerate(generating.shown)]
        self.cards.show_samples(facts, pictures, generating.chosen)
        self.cards.setVisible(bool(facts))

    def _show_kept(self) -> None:
        self.panel.goes_on.show_kept(self.kept.names())
        self._show_cards()

    def _show_tokens(self) -> None:
        now, about = self.generating.now, self.models.about
        past = self.generating.past
        self.line.show_sample(
            self.generating.chosen + 1,
            now.sample if now is not None else None,
            past_s=past.motion.frames / past.motion.rate_hz if past is not None else 0.0,
            codes=about.codes if about is not None else 0,
            frames=round(now.asked.seconds * RATE_HZ) if now is not None else 0,
        )
        self.line.set_can_resample(self.models.chosen is not None)

    def _show_story(self) -> None:
        recipe = self.question.recipe
        self.line.show_story(recipe.story, recipe.anchors, self.question.part)

    def _show_playhead(self, frame: int) -> None:
        self.line.show_playhead(frame / RATE_HZ)
        self._draw()

    def form(self) -> Form | None:
        """Whose form the samples take, at the height the person chose."""
        body = str(self.panel.body.currentData())
        form = self.moving.form(body, self.panel.height_m)
        if form is not None and self.panel.height_m is None:
            self.panel.show_height(form.height_m)
        return form

    def _draw(self) -> None:
        scene = scene_of(self.generating, self.form())
        self.space.show_scene(scene, self._caption(scene))

    def _caption(self, scene: Scene | None) -> str:
        generating = self.generating
        if scene is None:
            return self.tr("Asking {model}").format(model=self.models.chosen.name) if self.models.chosen else ""
        count = len(scene.samples)
        who = say("Sample 1") if count == 1 else say("Same clock for all {count}", count=say(_NUMBERS[count]))
        if count > 1 and self.space.arrangement == "one":
            who = say("Sample {chosen} of {count}", chosen=scene.chosen + 1, count=say(_NUMBERS[count]))
        when = say("{at:.2f} s of {all:.2f} s", at=scene.frame / RATE_HZ, all=generating.frames / RATE_HZ)
        moves = self.tr("still moving") if scene.frame >= generating.settled else ""
        is_old = generating.is_asking and generating.now is not None and generating.now.asked != self.question.recipe
        old = self.tr("of the question before") if is_old else ""
        return "   ".join(filter(None, (who, when, moves, old)))

    # ---- what the person does ----

    def _rename_part(self, at: int) -> None:
        self.question.edit_part(at)
        self.panel.find_action()

    def _go_on_from(self, at: int) -> None:
        self.generating.choose(at)
        motion = self.generating.shown[at].sample.motion
        self.question.change(past=self.pasts.of_motion(motion, "the last result"))

    def _open_sample_menu(self, at: int, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Choose sample {number}").format(number=at + 1), lambda: self.generating.choose(at))
        shown = self.generating.shown[at]
        keep = menu.addAction(self.tr("Keep it"), partial(self.kept.keep, at))
        keep.setEnabled(shown.is_whole and not self.kept.is_kept(shown))
        go_on = menu.addAction(self.tr("Go on from it"), partial(self._go_on_from, at))
        go_on.setEnabled(shown.is_whole)
        menu.addAction(self.tr("Put it over the video"), partial(self.over.open, at))
        menu.addAction(self.tr("Throw it away"), lambda: self.generating.throw_away(at))
        menu.popup(place)
