"""The Annotate page: labels, picture, inspector and timeline, in step with the document's clip and playhead.

It places the parts and passes between them what one says and another must know; what a key does to the project is in
`annotate_marking` and `annotate_changing`, how the picture is had in `annotate_picture`.
"""

from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from core.errors import ProjectError
from core.project.annotations import Changes
from core.project.edits import BACKGROUND, LABEL_KEYS
from studio import theme
from studio.actions import Handlers
from studio.commands import label_key, shown
from studio.display import Display
from studio.document import Document
from studio.jobs import Jobs
from studio.models_client import ModelsClient
from studio.pages import annotate_facts as facts
from studio.pages.annotate_bodies import PictureBody
from studio.pages.annotate_casting import Casting
from studio.pages.annotate_changing import Changing
from studio.pages.annotate_detecting import Detecting
from studio.pages.annotate_foreseen import Foreseen
from studio.pages.annotate_labelling import Labelling
from studio.pages.annotate_leaving import Leaving
from studio.pages.annotate_lifting import Lifting
from studio.pages.annotate_light_copy import LightCopies
from studio.pages.annotate_marking import Marking
from studio.pages.annotate_panels import Panels
from studio.pages.annotate_part import Parts
from studio.pages.annotate_picture import ClipPicture
from studio.pages.annotate_playing import Playing
from studio.pages.annotate_posing import Posing
from studio.pages.annotate_segments import Segments
from studio.pages.annotate_suggesting import Suggesting
from studio.pages.annotate_tone import Toning
from studio.pages.annotate_tracks import Tracks
from studio.pages.annotate_walks import Walks
from studio.pages.space_commands import showing, shown_now
from studio.widgets import timeline_accessible
from studio.widgets.clip_time import ClipTime, read_frame, say_time
from studio.widgets.inspector import HISTORY, Inspector
from studio.widgets.label_list import LabelList
from studio.widgets.notices import KEEP_CLEAR
from studio.widgets.people_control import PeopleControl
from studio.widgets.player import Player
from studio.widgets.sent_window import SentPart
from studio.widgets.shown import Shown
from studio.widgets.timeline import Timeline
from studio.widgets.timeline_contents import TimelineContents
from studio.widgets.timeline_head import TimelineHead
from studio.widgets.timeline_maker import ContentsMaker
from studio.widgets.transport import Transport
from studio.widgets.video_view import VideoView
from studio.words import say

NARROW, LOW = 1330, 760
"""Below these the page makes its side panels smaller and folds what is less needed."""
_ZOOM = 1.25


class AnnotatePage(QWidget):
    """Marks actions and their characteristic poses on the chosen clip."""

    asks = Signal(str)
    says = Signal(str)
    offers_changed = Signal()

    def __init__(self, document: Document, jobs: Jobs, models: ModelsClient, display: Display) -> None:
        super().__init__()
        self._document, self._models, self._display = document, models, display
        self._stale = True
        self._said = ""
        self._contents = ContentsMaker()
        self.labels = LabelList()
        self.view = VideoView()
        self.transport = Transport()
        self.inspector = Inspector()
        self.timeline = Timeline()
        self.head = TimelineHead()
        self.player = Player(self)
        self.picture = ClipPicture(document, jobs, self.view, self)
        self.body = PictureBody(document, models, display, self.picture, self.view, self.player)
        self.sent = SentPart(self.view, "Picture – Posecast", self)
        self.changing = Changing(document, self.picture.identify, self)
        self.marking = Marking(document, self.changing, self)
        self.casting = Casting(document, self.picture, self.changing, self.marking)
        self.panels = Panels(document, self.picture, self.timeline, self.labels, self.inspector, self.changing)
        self.playing = Playing(document, self.player, self.transport, self.timeline)
        self.walks = Walks(document, self.timeline, display)
        self.foreseen = Foreseen(
            document, jobs, models, display, self.picture, self.timeline, self.player, self.changing, self.view.ghost
        )
        self.parts = Parts()
        self.back_out = Leaving(self.parts, self.timeline)
        self.tracks = Tracks(document, display, self.picture, self.timeline, self.changing)
        self.parts.add(self.tracks)
        self.segments = Segments(document, self.changing, self.marking, self.casting, self.walks, self.timeline)
        self.parts.add(self.segments)
        self.labelling = Labelling(document, self.labels, self.marking)
        self.parts.add(self.labelling)
        self.parts.add(self.playing)
        self.parts.add(Toning(document, self.view))
        self.parts.add(LightCopies(document, jobs, display, self.picture))
        self.posing = Posing(document, self.changing, self.picture, self.view, self.inspector)
        self.posing.offers_changed.connect(self.offers_changed)
        self.detecting = Detecting(document, models, self.posing, self.view, self.inspector)
        self.parts.add(self.detecting)  # Esc leaves its box before it leaves the joints
        self.parts.add(self.posing)
        self.lifting = Lifting(display, self.posing, self.body, self.picture, self.inspector)
        self.parts.add(self.lifting)
        self.suggesting = Suggesting(
            document, self.changing, self.picture, self.timeline, self.inspector, self.foreseen.lanes.first_forecast
        )
        self.parts.add(self.suggesting)
        self._wide_thumbnails = QTimer(self, singleShot=True, interval=120)
        self._wide_thumbnails.timeout.connect(self._want_thumbnails)
        timeline_accessible.install()
        self.setFocusProxy(self.view)
        self._place()
        self._connect()
        self._follow_clip()

    # ---- what the window asks ----

    def commands(self) -> Handlers:
        """What the keys of this page do."""
        steps = {"step": 1, "step-10": 10, "step-100": 100}
        labels = {f"label-{number}": partial(self._label_key, key) for number, key in enumerate(LABEL_KEYS, 1)}
        marking, changing, walks, player = self.marking, self.changing, self.walks, self.player
        return {
            **{name: partial(self._step, by) for name, by in steps.items()},
            **{name.replace("step", "step-back"): partial(self._step, -by) for name, by in steps.items()},
            **labels,
            "play": player.toggle,
            "play-on": partial(player.faster, 1),
            "play-back": partial(player.faster, -1),
            "play-stop": player.stop,
            "to-start": partial(self._document.seek, 0),
            "to-end": partial(self._document.seek, 1 << 60),
            "go-to-time": self.view.ask_time,
            "loop": self.transport.loop.click,
            "fit": self.view.fit,
            "zoom-in": partial(self.timeline.zoom, _ZOOM),
            "zoom-out": partial(self.timeline.zoom, 1 / _ZOOM),
            "zoom-all": self.timeline.show_whole,
            "zoom-selection": walks.show_chosen,
            "find-label": self.labels.start_finding,
            "add-label": self.labels.start_adding,
            "mark-start": marking.start_here,
            "mark-end": marking.end_here,
            "nearest-end": changing.nearest_end,
            "split": changing.split,
            "merge": changing.merge,
            "delete-segment": changing.delete,
            "background": partial(marking.named, BACKGROUND[0]),
            "unusable": partial(marking.named, BACKGROUND[1]),
            "set-pose": changing.set_pose,
            "remove-pose": changing.remove_pose,
            "next-missing": partial(walks.to_missing, 1),
            "previous-missing": partial(walks.to_missing, -1),
            "next-segment": partial(walks.to_segment, 1),
            "previous-segment": partial(walks.to_segment, -1),
            "next-pose": partial(walks.to_pose, 1),
            "previous-pose": partial(walks.to_pose, -1),
            "show-joints": self.transport.joints.click,
            "next-actor": self.casting.next_actor,
            "snap": self.head.snap.click,
            "send-picture": self.sent.toggle,
            **self.foreseen.commands(),
            **showing(self._display, "annotate"),
            **self.parts.commands(),
        }

    def checked(self) -> dict[str, bool]:
        """Which toggles are on."""
        shown = {"send-picture": self.sent.is_out, "forecast-lanes": self.foreseen.lanes.is_on}
        return {**shown_now(self._display, "annotate"), **shown, **self.parts.checked()}

    def shown(self) -> Shown:
        """The body that is shown, to be taken out."""
        return self.body.shown()

    def is_settled(self) -> bool:
        """Whether everything that was asked for is on the screen."""
        settled = self.picture.is_settled() and self.body.is_settled and self.foreseen.lanes.is_settled
        return settled and self.parts.is_settled and not self._stale and not self._wide_thumbnails.isActive()

    def close_page(self) -> None:
        """End what runs beside the window."""
        self.player.stop()
        self.sent.take_back()
        self.body.close()
        self.foreseen.lanes.sleep()
        self.foreseen.accepting.close()
        self.parts.close()
        self.picture.close()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.view.take_keys()
        self.foreseen.lanes.wake()
        self.says.emit(self._said)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.player.stop()
        self.body.sleep()
        self.foreseen.lanes.sleep()

    def _say(self, words: str) -> None:
        self._said = words
        self.says.emit(words)

    # ---- building ----

    def _place(self) -> None:
        centre = QWidget()
        down = QVBoxLayout(centre)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(4)
        down.addWidget(self.view, 1)
        self.transport.add_control(PeopleControl(self._display, "annotate"))
        down.addWidget(self.transport)
        self._across = QSplitter(Qt.Orientation.Horizontal)
        self._across.setObjectName("across")
        for part, stretch in ((self.labels, 0), (centre, 1), (self.inspector, 0)):
            self._across.addWidget(part)
            self._across.setStretchFactor(self._across.count() - 1, stretch)
            self._across.setCollapsible(self._across.count() - 1, part is not centre)
        lower = QFrame()
        lower.setObjectName("panel")
        lower.setAccessibleName(say("Timeline"))
        lower.setProperty(KEEP_CLEAR, True)
        box = QVBoxLayout(lower)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        box.addWidget(self.head)
        box.addWidget(self.timeline, 1)
        self._down = QSplitter(Qt.Orientation.Vertical)
        self._down.setObjectName("down")
        self._down.addWidget(self._across)
        self._down.addWidget(lower)
        self._down.setStretchFactor(0, 1)
        self._down.setStretchFactor(1, 0)
        self._down.setCollapsible(0, False)
        for splitter in (self._across, self._down):
            splitter.setHandleWidth(6)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._down)
        self._sized_for: tuple[bool, bool, float] | None = None

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow, low = self.width() < NARROW, self.height() < LOW
        if self._sized_for != (narrow, low, theme.scale()):
            self._sized_for = (narrow, low, theme.scale())
            left, right = theme.px(210 if narrow else 218), theme.px(276 if narrow else 290)
            self._across.setSizes([left, self.width() - left - right - 12, right])
            below = theme.px(200 if low else 300)
            self._down.setSizes([self.height() - below - 6, below])
            self.transport.set_narrow(narrow=narrow)
            self.head.set_narrow(narrow=narrow)

    def _connect(self) -> None:
        document, timeline = self._document, self.timeline
        marking, changing = self.marking, self.changing
        document.clip_chosen.connect(self._follow_clip)
        document.opened.connect(self._follow_clip)
        document.closed.connect(self._follow_clip)
        document.changed.connect(self._follow_changes)
        document.became_writable.connect(self._refresh)
        document.playhead_moved.connect(self._follow_playhead)
        self.picture.time_known.connect(self._follow_time)
        self.picture.thumbnails_changed.connect(timeline.show_thumbnails)
        self.picture.says.connect(self._say)
        self.picture.words.asks.connect(self.asks)
        self.picture.words.problem_shown.connect(self.walks.show_segments)
        self.view.stepped.connect(self._step)
        self.view.time_typed.connect(self._go_to_typed)
        self.view.person_clicked.connect(self.casting.take)
        self.casting.changed.connect(self._refresh)
        self.head.actor_menu.aboutToShow.connect(partial(self.casting.fill_menu, self.head.actor_menu))
        timeline.playhead_wanted.connect(self._document.seek)
        timeline.preview_wanted.connect(self.picture.preview)
        timeline.chosen_changed.connect(self._follow_chosen)
        timeline.spans_moved.connect(changing.move)
        timeline.pose_moved.connect(changing.move_pose)
        timeline.missing_clicked.connect(lambda at: self.suggesting.show_best(at) or self.walks.to_middle(at))
        self.suggesting.asks.connect(self.asks)
        self.suggesting.says.connect(self.head.say)
        timeline.view_changed.connect(self._follow_view)
        marking.range_changed.connect(lambda: timeline.show_range(marking.start, marking.end))
        changing.chose.connect(timeline.choose)
        self.foreseen.lanes.changed.connect(lambda: self.head.lanes.setChecked(self.foreseen.lanes.is_on))
        self.foreseen.lanes.changed.connect(partial(self.foreseen.make_room, self._down))
        for told in (
            changing.says,
            self.walks.says,
            self.foreseen.says,
            self.posing.says,
            self.detecting.says,
            self.lifting.says,
        ):
            told.connect(self.head.say)
        self.transport.asked.connect(self._carry_out)
        self.head.asked.connect(self._carry_out)
        self.head.zoomed.connect(
            lambda share: timeline.set_axis(
                timeline.scene.axis.at_closeness(share, _middle(timeline, self._document.playhead))
            )
        )
        self.inspector.asked.connect(self._carry_out)
        self.inspector.action_chosen.connect(changing.set_action)
        self.inspector.objects_chosen.connect(changing.set_objects)
        self.inspector.actor_chosen.connect(changing.set_actor)
        self.inspector.pose_wanted.connect(lambda segment: changing.move_pose(segment, document.playhead))
        self.inspector.pose_shown.connect(self.walks.to_pose_of)
        self.labels.picked.connect(marking.label)
        # What was asked is done; the keys belong to the marks again.
        for done in (self.labels.picked, self.inspector.action_chosen, self.inspector.actor_chosen):
            done.connect(self.view.take_keys)
        self.labels.add_wanted.connect(marking.add_label)
        self.labels.rename_wanted.connect(marking.rename_label)
        self.labels.remove_wanted.connect(marking.remove_label)
        self.labels.colour_wanted.connect(marking.recolour_label)
        self.labels.key_wanted.connect(marking.set_key)

    # ---- following ----

    def _follow_clip(self, *_: object) -> None:
        self.player.stop()
        self.marking.forget()
        self.timeline.choose(frozenset())
        self.playing.stop_looping()
        clip = self._document.clip
        if clip is not None:
            self.changing.actor = facts.first_actor(clip)
        self.picture.show_clip()
        self._refresh()
        self.timeline.show_whole()
        self._follow_playhead(self._document.playhead)

    def _follow_changes(self, changes: Changes) -> None:
        if self._document.clip_id in changes.clips or changes.labels:
            self.picture.show_clip()
            self._refresh()
        elif self.inspector.tabs.currentIndex() == HISTORY:
            self.panels.show_history()

    def _follow_time(self, time: ClipTime) -> None:
        self.player.show_time(time)
        self.foreseen.lanes.show_time(time)
        self._refresh()

    def _follow_playhead(self, frame: int) -> None:
        self.player.show_frame(frame)
        self.timeline.show_playhead(frame, playing=self.player.is_playing)
        self.picture.show_frame()
        time = self.picture.time
        self.transport.show_time(say_time(time.seconds(frame)), say_time(time.duration_s))
        self.parts.refresh()

    def _follow_view(self) -> None:
        self.head.show_closeness(self.timeline.scene.axis.closeness)
        self._wide_thumbnails.start()

    def _follow_chosen(self, chosen: frozenset[str]) -> None:
        self.changing.chosen = chosen
        clip = self._document.clip
        segment = clip.segment(next(iter(chosen))) if clip is not None and len(chosen) == 1 else None
        if segment is not None and segment.actor != self.changing.actor:
            self.changing.actor = segment.actor
            self._refresh()
        self.playing.follow_loop()
        self.panels.show_chosen()
        self.panels.show_labels()
        self.parts.refresh()

    def _refresh(self) -> None:
        """Show the clip as it stands in the document."""
        document, clip = self._document, self._document.clip
        editable = document.is_open and document.read_only_reason is None
        self.timeline.editable = editable
        self.labels.set_editable(editable=editable)
        self.setEnabled(document.is_open)
        if clip is None:
            self.timeline.show_contents(TimelineContents(self.picture.time))
            self.head.show_missing("", any_missing=False)
            self.head.show_actor("")
            self.panels.show_labels()
            self.panels.show_chosen()
            self.parts.refresh()
            self._stale = False
            return
        poses = self.picture.tracks()
        self.picture.actor = self.changing.actor
        people = poses.people if poses is not None else 1
        contents = self._contents.of(document.project, clip, self.picture.time, people=people)
        ends = self.picture.video_ends
        self.timeline.show_contents(replace(contents, video_ends=ends), self.changing.actor)
        lacking, drafts = int(contents.poses.missing.sum()), sum(int(each.drafts.sum()) for each in contents.tracks)
        words, any_missing = facts.missing_words(clip, contents.gaps, lacking, drafts, contents.overlapping)
        self.head.show_missing(words, any_missing=any_missing)
        self.head.show_actor(self.casting.name() if self.casting.has_several else "")
        self.picture.show_frame()
        self.panels.show_labels()
        self.panels.show_chosen()
        self.parts.refresh()
        self._stale = False

    # ---- moving ----

    def _step(self, by: int) -> None:
        self.player.stop()
        self._document.seek(self._document.playhead + by)

    def _go_to_typed(self, text: str) -> None:
        frame = read_frame(text, self.picture.time)
        if frame is None:
            self._document.refused.emit(
                ProjectError(
                    say('"{text}" is no time and no frame', text=text),
                    hint=say("Write 0:52.17, or #1564 for a frame."),
                )
            )
        else:
            self._document.seek(frame)

    def _want_thumbnails(self) -> None:
        """Pictures for the stretch in view, from the middle of each place on."""
        axis, time = self.timeline.scene.axis, self.picture.time
        if time.frame_count and self._document.clip is not None:
            count = max(2, int(axis.width / 68))
            last = min(axis.last, time.frame_count - 1)
            self.picture.want_thumbnails(
                [int(axis.first + (last - axis.first) * (at + 0.5) / count) for at in range(count)]
            )

    # ---- asking ----

    def _carry_out(self, name: str) -> None:
        """A button of this page: what its key does."""
        if name == "loop":
            self.playing.follow_loop()
        elif name == "show-joints":
            self.picture.with_joints = self.transport.joints.isChecked()
            self.picture.show_frame()
        elif name == "snap":
            self.timeline.snapping = self.head.snap.isChecked()
        elif name == "calibrate-camera":
            self.asks.emit(name)
        else:
            self.commands()[name]()

    def _label_key(self, key: str) -> None:
        label = next((each for each in self._document.project.labels.values() if each.key == key), None)
        if label is None:
            words = say("No label has the key {key} yet: {add} adds one", key=label_key(key), add=shown("add-label"))
            self.head.say(words)
        else:
            self.marking.label(label.id)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if not self.timeline.rect().contains(self.timeline.mapFromGlobal(event.globalPos())):
            return
        self.segments.open_menu(self, event.globalPos(), self.commands(), self.tracks.fill_menu)


def _middle(timeline: Timeline, playhead: int) -> float:
    """What stays where it is while the timeline comes closer: the playhead where it is in view, else the middle."""
    axis = timeline.scene.axis
    x = axis.x(playhead)
    return x if axis.left <= x <= axis.left + axis.width else axis.left + axis.width / 2
