"""The Annotate page: labels, picture, inspector and timeline, in step with the document's clip and playhead.

It places the parts and passes between them what one says and another must know; what a key does to the project is in
`annotate_marking`, how the picture is had in `annotate_picture`, what the inspector shows in `annotate_facts`.
"""

from collections import Counter
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QSizePolicy, QSlider, QSplitter, QVBoxLayout, QWidget

from core.errors import ProjectError
from core.project.annotations import Changes
from core.project.edits import BACKGROUND, LABEL_KEYS
from studio import theme
from studio.actions import Handlers
from studio.commands import BY_NAME, shown_key, tip
from studio.document import Document
from studio.jobs import Jobs
from studio.pages import annotate_facts as facts
from studio.pages.annotate_marking import Marking
from studio.pages.annotate_picture import ClipPicture
from studio.pages.annotate_walks import Walks
from studio.widgets import parts
from studio.widgets.clip_time import ClipTime, read_frame, say_time
from studio.widgets.inspector import Inspector
from studio.widgets.label_list import LabelList, LabelRow
from studio.widgets.player import Player
from studio.widgets.timeline import Timeline
from studio.widgets.timeline_contents import confidence_of, contents_of
from studio.widgets.transport import Transport
from studio.widgets.video_view import VideoView

NARROW, LOW = 1330, 760
"""Below these the page makes its side panels smaller and folds what is less needed."""
_ZOOM = 1.25


class AnnotatePage(QWidget):
    """Marks actions and their characteristic poses on the chosen clip."""

    asks = Signal(str)
    says = Signal(str)

    def __init__(self, document: Document, jobs: Jobs) -> None:
        super().__init__()
        self._document = document
        self._stale = True
        self.labels = LabelList()
        self.view = VideoView()
        self.transport = Transport()
        self.inspector = Inspector()
        self.timeline = Timeline()
        self.head = TimelineHead()
        self.player = Player(self)
        self.picture = ClipPicture(document, jobs, self.view, self)
        self.marking = Marking(document, self.picture.identify, self)
        self.walks = Walks(document, self.timeline)
        self._chosen_by_drag = False
        self._wide_thumbnails = QTimer(self, singleShot=True, interval=120)
        self._wide_thumbnails.timeout.connect(self._want_thumbnails)
        self._place()
        self._connect()
        self._follow_clip()

    # ---- what the window asks ----

    def commands(self) -> Handlers:
        """What the keys of this page do."""
        steps = {"step": 1, "step-10": 10, "step-100": 100}
        labels = {f"label-{number}": partial(self._label_key, key) for number, key in enumerate(LABEL_KEYS, 1)}
        marking, walks, player = self.marking, self.walks, self.player
        return {
            **{name: partial(self._step, by) for name, by in steps.items()},
            **{name.replace("step", "step-back"): partial(self._step, -by) for name, by in steps.items()},
            **labels,
            "play": player.toggle,
            "play-on": partial(player.faster, 1),
            "play-back": partial(player.faster, -1),
            "play-stop": player.stop,
            "to-start": partial(self._seek, 0),
            "to-end": partial(self._seek, 1 << 60),
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
            "nearest-end": marking.nearest_end,
            "split": marking.split,
            "merge": marking.merge,
            "delete-segment": marking.delete,
            "background": partial(marking.named, BACKGROUND[0]),
            "unusable": partial(marking.named, BACKGROUND[1]),
            "set-pose": marking.set_pose,
            "remove-pose": marking.remove_pose,
            "next-missing": partial(walks.to_missing, 1),
            "previous-missing": partial(walks.to_missing, -1),
            "next-segment": partial(walks.to_segment, 1),
            "previous-segment": partial(walks.to_segment, -1),
            "next-pose": partial(walks.to_pose, 1),
            "previous-pose": partial(walks.to_pose, -1),
            "show-joints": self.transport.joints.click,
            "next-actor": self._next_actor,
            "snap": self.head.snap.click,
        }

    def is_settled(self) -> bool:
        """Whether everything that was asked for is on the screen."""
        return self.picture.is_settled() and not self._stale and not self._wide_thumbnails.isActive()

    def close_page(self) -> None:
        """End what runs beside the window."""
        self.player.stop()
        self.picture.close()

    # ---- building ----

    def _place(self) -> None:
        centre = QWidget()
        down = QVBoxLayout(centre)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(4)
        down.addWidget(self.view, 1)
        down.addWidget(self.transport)
        self._across = QSplitter(Qt.Orientation.Horizontal)
        self._across.setObjectName("across")
        for part, stretch in ((self.labels, 0), (centre, 1), (self.inspector, 0)):
            self._across.addWidget(part)
            self._across.setStretchFactor(self._across.count() - 1, stretch)
            self._across.setCollapsible(self._across.count() - 1, part is not centre)
        lower = QFrame()
        lower.setObjectName("panel")
        lower.setAccessibleName("Timeline")
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
            below = theme.px(232 if low else 300)
            self._down.setSizes([self.height() - below - 6, below])
            self.transport.set_narrow(narrow=narrow)
            self.head.set_narrow(narrow=narrow)

    def _connect(self) -> None:
        document, timeline, marking = self._document, self.timeline, self.marking
        document.clip_chosen.connect(self._follow_clip)
        document.opened.connect(self._follow_clip)
        document.closed.connect(self._follow_clip)
        document.changed.connect(self._follow_changes)
        document.became_writable.connect(self._refresh)
        document.playhead_moved.connect(self._follow_playhead)
        self.player.frame_due.connect(self._play_to)
        self.player.changed.connect(self._follow_player)
        self.picture.time_known.connect(self._follow_time)
        self.picture.thumbnails_changed.connect(timeline.show_thumbnails)
        self.picture.says.connect(self.says)
        self.picture.asks.connect(self.asks)
        self.picture.problem_shown.connect(self.walks.show_segments)
        self.view.stepped.connect(self._step)
        self.view.time_typed.connect(self._go_to_typed)
        self.view.person_clicked.connect(self._take_as_actor)
        timeline.playhead_wanted.connect(self._seek)
        timeline.preview_wanted.connect(self.picture.preview)
        timeline.chosen_changed.connect(self._follow_chosen)
        timeline.spans_moved.connect(marking.move)
        timeline.pose_moved.connect(marking.move_pose)
        timeline.missing_clicked.connect(self.walks.to_middle)
        timeline.segment_opened.connect(self._loop_segment)
        timeline.view_changed.connect(self._follow_view)
        marking.range_changed.connect(lambda: timeline.show_range(marking.start, marking.end))
        marking.chose.connect(timeline.choose)
        for told in (marking.says, self.walks.says):
            told.connect(self.head.say)
        self.transport.asked.connect(self._carry_out)
        self.transport.speed_chosen.connect(self.player.set_normal_speed)
        self.head.asked.connect(self._carry_out)
        self.head.zoomed.connect(
            lambda share: timeline.set_axis(timeline.scene.axis.at_closeness(share, self._middle()))
        )
        self.inspector.asked.connect(self._carry_out)
        self.inspector.action_chosen.connect(marking.set_action)
        self.inspector.objects_chosen.connect(marking.set_objects)
        self.inspector.actor_chosen.connect(marking.set_actor)
        self.inspector.ends_typed.connect(self._set_ends)
        self.inspector.pose_wanted.connect(lambda segment: marking.move_pose(segment, document.playhead))
        self.inspector.pose_shown.connect(self.walks.to_pose_of)
        self.inspector.tabs.currentChanged.connect(self._show_history)
        self.labels.picked.connect(marking.label)
        self.labels.add_wanted.connect(marking.add_label)
        self.labels.rename_wanted.connect(marking.rename_label)
        self.labels.remove_wanted.connect(marking.remove_label)

    # ---- following ----

    def _follow_clip(self, *_: object) -> None:
        self.player.stop()
        self.marking.forget()
        self.timeline.choose(frozenset())
        self.transport.loop.setChecked(False)
        self.player.loop(None)
        clip = self._document.clip
        if clip is not None and clip.actors:
            self.marking.actor = clip.actors[0].id
        self.picture.show_clip()
        self._refresh()
        self.timeline.show_whole()
        self._follow_playhead(self._document.playhead)

    def _follow_changes(self, changes: Changes) -> None:
        if self._document.clip_id in changes.clips or changes.labels:
            self.picture.show_clip()
            self._refresh()
        elif self.inspector.tabs.currentIndex() == 3:
            self._show_history()

    def _follow_time(self, time: ClipTime) -> None:
        self.player.show_time(time)
        self._refresh()

    def _follow_playhead(self, frame: int) -> None:
        self.player.show_frame(frame)
        self.timeline.show_playhead(frame, playing=self.player.is_playing)
        self.picture.show_frame()
        time = self.picture.time
        self.transport.show_time(say_time(time.seconds(frame)), say_time(time.duration_s))

    def _follow_player(self) -> None:
        self.transport.show_playing(playing=self.player.is_playing)

    def _follow_view(self) -> None:
        self.head.show_closeness(self.timeline.scene.axis.closeness)
        self._wide_thumbnails.start()

    def _follow_chosen(self, chosen: frozenset[str]) -> None:
        self.marking.chosen = chosen
        clip = self._document.clip
        segment = clip.segment(next(iter(chosen))) if clip is not None and len(chosen) == 1 else None
        if segment is not None:
            self.marking.actor = segment.actor
        if self.transport.loop.isChecked():
            self._loop()
        self._show_chosen()
        self._show_labels()

    def _refresh(self) -> None:
        """Show the clip as it stands in the document."""
        document, clip = self._document, self._document.clip
        editable = document.is_open and document.read_only_reason is None
        self.timeline.editable = editable
        self.labels.set_editable(editable=editable)
        self.setEnabled(document.is_open)
        if clip is None:
            self.head.show_missing("", any_missing=False)
            self._show_labels()
            self._show_chosen()
            self._stale = False
            return
        poses = self.picture.tracks()
        self.picture.actor = self.marking.actor
        sure = confidence_of(poses, self.picture.actor_track()) if poses is not None else None
        contents = contents_of(document.project, clip, self.picture.time, sure)
        ends = self.picture.video_ends
        self.timeline.show_contents(replace(contents, video_ends=ends), self.marking.actor)
        words, any_missing = facts.missing_words(clip, contents.gaps)
        self.head.show_missing(words, any_missing=any_missing)
        self.picture.show_frame()
        self._show_labels()
        self._show_chosen()
        self._stale = False

    def _show_labels(self) -> None:
        document, clip = self._document, self._document.clip
        if not document.is_open:
            self.labels.show_labels(())
            return
        segments = clip.segments if clip is not None else ()
        counts = Counter(each.action for each in segments)
        for each in segments:
            counts.update(each.objects)
        strong: set[str] = set()
        for each in segments:
            if each.id in self.timeline.chosen:
                strong.update((each.action, *each.objects))
        rows = []
        for words in (document.project.actions(), document.project.objects()):
            rows += [
                LabelRow(each.id, each.name, each.kind, each.colour, each.key, place, counts[each.id])
                for place, each in enumerate(words)
            ]
        self.labels.show_labels(rows, frozenset(strong))

    def _show_chosen(self) -> None:
        """The inspector's tabs."""
        document, clip = self._document, self._document.clip
        if not document.is_open or clip is None:
            self.inspector.show_segment(None, 0, editable=False)
            self.inspector.clip.show_facts(())
            self.inspector.history.show_steps(())
            return
        project = document.project
        self.inspector.show_vocabulary(
            [(each.id, each.name) for each in project.actions()],
            [(each.id, each.name) for each in project.objects()],
            [*([] if clip.actors else [("", "the one person")]), *((each.id, each.name) for each in clip.actors)],
        )
        chosen = self.timeline.chosen
        segment = clip.segment(next(iter(chosen))) if len(chosen) == 1 else None
        editable = document.read_only_reason is None
        poses = self.picture.tracks()
        shown = facts.segment_facts(project, clip, segment, self.picture.time, poses) if segment is not None else None
        self.inspector.show_segment(shown, len(chosen), editable=editable)
        self.inspector.clip.show_facts(facts.clip_facts(project, clip, document.video_path(clip.id), poses))
        self._show_history()

    def _show_history(self, *_: object) -> None:
        if self.inspector.tabs.currentIndex() == 3 and self._document.is_open:
            self.inspector.history.show_steps(facts.history_steps(self._document.store.history(60)))

    # ---- moving ----

    def _seek(self, frame: int) -> None:
        self._document.seek(frame)

    def _step(self, by: int) -> None:
        self.player.stop()
        self._document.seek(self._document.playhead + by)

    def _play_to(self, frame: int) -> None:
        self._document.seek(frame)

    def _go_to_typed(self, text: str) -> None:
        frame = read_frame(text, self.picture.time)
        if frame is None:
            self._document.refused.emit(
                ProjectError(f'"{text}" is no time and no frame', hint="Write 0:52.17, or #1564 for a frame.")
            )
        else:
            self._document.seek(frame)

    def _loop(self) -> None:
        """Loop what is chosen, or the clip where nothing is."""
        if not self.transport.loop.isChecked():
            self.player.loop(None)
            return
        contents = self.timeline.scene.contents
        spans = [span for each in self.timeline.chosen if (span := contents.segment_at(each)) is not None]
        whole = (0, max(self.picture.time.frame_count, 1))
        self.player.loop((min(each[0] for each in spans), max(each[1] for each in spans)) if spans else whole)

    def _loop_segment(self, segment: str) -> None:
        """A segment was double-clicked: zoom and loop."""
        span = self.timeline.scene.contents.segment_at(segment)
        if span is not None:
            self.transport.loop.setChecked(True)
            self._loop()
            self._document.seek(span[0])

    def _middle(self) -> float:
        axis = self.timeline.scene.axis
        x = axis.x(self._document.playhead)
        return x if axis.left <= x <= axis.left + axis.width else axis.left + axis.width / 2

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
            self._loop()
        elif name == "show-joints":
            self.picture.with_joints = self.transport.joints.isChecked()
            self.picture.show_frame()
        elif name == "snap":
            self.timeline.snapping = self.head.snap.isChecked()
        else:
            self.commands()[name]()

    def _label_key(self, key: str) -> None:
        label = next((each for each in self._document.project.labels.values() if each.key == key), None)
        if label is None:
            self.head.say(f"No label has the key {key} yet")
        else:
            self.marking.label(label.id)

    def _set_ends(self, segment: str, start: str, end: str) -> None:
        time = self.picture.time
        span = self.timeline.scene.contents.segment_at(segment)
        frames = facts.read_ends(start, end, span, time) if span is not None else None
        if frames is None or span is None:
            self._document.refused.emit(
                ProjectError("These are no ends of a segment", hint="Write times such as 0:50.70, the end behind.")
            )
        elif frames != span:
            what = (
                "move" if frames[0] != span[0] and frames[1] != span[1] else "start" if frames[0] != span[0] else "end"
            )
            self.marking.move([(segment, *frames)], what)
        self._show_chosen()

    def _next_actor(self) -> None:
        """A: the marks are about the next person; the chosen segments become theirs."""
        poses = self.picture.tracks()
        clip = self._document.clip
        if clip is None:
            return
        people = poses.people if poses is not None else 0
        if people < 2 and len(clip.actors) < 2:
            self.head.say("There is one person in this clip")
        elif people >= 2:
            self._take_as_actor((self.picture.actor_track() + 1) % people)
        else:
            ids = [each.id for each in clip.actors]
            at = ids.index(self.marking.actor) if self.marking.actor in ids else -1
            self._be_actor(ids[(at + 1) % len(ids)])

    def _take_as_actor(self, track: int) -> None:
        clip = self._document.clip
        poses = self.picture.tracks()
        if clip is None or poses is None or self._document.read_only_reason is not None:
            return
        if poses.people < 2 and not clip.actors:
            return  # the one person is the actor anyway
        actor = self.marking.name_actor(f"Person {track + 1}", track)
        if actor:
            self._be_actor(actor)

    def _be_actor(self, actor: str) -> None:
        for segment in self.timeline.chosen:
            self.marking.set_actor(segment, actor)
        self.marking.actor = actor
        self._refresh()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if not self.timeline.rect().contains(self.timeline.mapFromGlobal(event.globalPos())):
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        commands = self.commands()
        for name in ("split", "merge", "nearest-end", "set-pose", "remove-pose", "zoom-selection", "delete-segment"):
            action = menu.addAction(f"{BY_NAME[name].words}\t{shown_key(BY_NAME[name].key)}", commands[name])
            action.setEnabled(self.timeline.editable or name == "zoom-selection")
        menu.popup(QPoint(event.globalPos()))


class TimelineHead(QWidget):
    """The timeline's title row: its tools, what is still missing, and how close it is."""

    asked = Signal(str)
    zoomed = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.snap = parts.tool("magnet", tip("snap"), on=True)
        cut = parts.tool("cut", tip("split"))
        self.said = parts.text("", "label")
        self.missing = parts.text("", "warn")
        for each in (self.said, self.missing):
            each.setMinimumWidth(1)
            each.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.missing.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.next = parts.button("Next", "right", "quiet")
        self.next.setToolTip(tip("next-missing"))
        self._key = parts.key("G")
        out, closer = parts.tool("minus", tip("zoom-out")), parts.tool("plus", tip("zoom-in"))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 1000)
        self.slider.setFixedWidth(90)
        self.slider.setAccessibleName("Zoom of the timeline")
        whole = parts.tool("fit", tip("zoom-all"))
        for button, name in (
            *((self.snap, "snap"), (cut, "split"), (self.next, "next-missing")),
            *((out, "zoom-out"), (closer, "zoom-in"), (whole, "zoom-all")),
        ):
            button.clicked.connect(partial(self.asked.emit, name))
        self.slider.valueChanged.connect(lambda value: self.zoomed.emit(value / 1000))
        self._quiet = QTimer(self, singleShot=True, interval=6000)
        self._quiet.timeout.connect(lambda: self.said.setText(""))
        box = QHBoxLayout(self)
        box.setContentsMargins(12, 4, 6, 0)
        box.setSpacing(4)
        title = parts.text("Timeline", "title")
        ends = (out, self.slider, closer, whole)
        parts.fill(box, (title, 8, self.snap, cut, 8, (self.said, 3), (self.missing, 2), self.next, self._key))
        parts.fill(box, (parts.hair(vertical=True), *ends))

    def say(self, words: str) -> None:
        """Why nothing happened; gone after a while."""
        self.said.setText(words)
        self.said.setToolTip(words)
        self._quiet.start()

    def show_missing(self, words: str, *, any_missing: bool) -> None:
        """What there is still to do."""
        self.missing.setText(words)
        self.missing.setToolTip(words)
        parts.set_role(self.missing, "warn" if any_missing else "caption")
        self.next.setEnabled(any_missing)

    def show_closeness(self, share: float) -> None:
        """Where the zoom stands, without asking for it again."""
        self.slider.blockSignals(True)
        self.slider.setValue(round(share * 1000))
        self.slider.blockSignals(False)

    def set_narrow(self, *, narrow: bool) -> None:
        self._key.setVisible(not narrow)
