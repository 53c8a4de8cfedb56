"""What a person does with the forecast lanes of Annotate: choose runs, walk, use steps as drafts, confirm those.

It owns the lanes and what accepts their steps, and tells the page in words what did not happen.
"""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QPoint, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSplitter

from core.project.annotations import Clip, Segment
from core.project.drafts import confirm
from studio import theme
from studio.actions import Handlers
from studio.commands import BY_NAME, shown
from studio.display import Display
from studio.document import Document
from studio.jobs import Jobs
from studio.models_client import ModelsClient
from studio.pages.accepting import Accepting
from studio.pages.annotate_changing import Changing
from studio.pages.annotate_lanes import ForecastLanes
from studio.pages.annotate_picture import ClipPicture
from studio.settings import MOST_FUTURES
from studio.widgets import parts
from studio.widgets.forecast_lanes import MOST_LANES, LaneItem
from studio.widgets.ghost_pose import GhostPose
from studio.widgets.player import Player
from studio.widgets.timeline import Timeline
from studio.words import say

_LEAST_PICTURE = 0.45
"""Of the page's height: lanes take no more from the picture than leaves it this."""


class Foreseen(QObject):
    """The lanes, their menus and their keys."""

    says = Signal(str)

    def __init__(
        self,
        document: Document,
        jobs: Jobs,
        models: ModelsClient,
        display: Display,
        picture: ClipPicture,
        timeline: Timeline,
        player: Player,
        changing: Changing,
        ghost: GhostPose,
    ) -> None:
        super().__init__(timeline)
        self._document, self._display, self._timeline, self._changing = document, display, timeline, changing
        self._had_room_for: list[int] = []
        self.lanes = ForecastLanes(document, jobs, models, display, timeline, player)
        self.accepting = Accepting(document, self, identify=picture.identify)
        self.accepting.guard = lambda *both: changing.guard(*both)
        self.accepting.go_by(lambda _clip: picture.time)
        self.accepting.says.connect(self.says)
        self.accepting.accepted.connect(self._accepted)
        timeline.lanes.menu_wanted.connect(self.open_menu)
        timeline.lanes.used.connect(self.use)
        self._ghost = ghost
        self._pointed: LaneItem | None = None
        timeline.lanes.pointed.connect(self._point_at)
        self.lanes.changed.connect(lambda: self._point_at(self._pointed))

    def commands(self) -> Handlers:
        """What the keys do."""
        return {
            "forecast-lanes": self.lanes.toggle,
            "use-forecast": self.use,
            "use-whole-forecast": self.use_all,
            "next-forecast": partial(self._walk, 1, 0),
            "previous-forecast": partial(self._walk, -1, 0),
            "lane-below": partial(self._walk, 0, 1),
            "lane-above": partial(self._walk, 0, -1),
            "confirm-draft": self.confirm,
        }

    def make_room(self, down: QSplitter) -> None:
        """Give the timeline the height that new lanes need, as long as the picture keeps most of its own."""
        lanes = [len(each.futures) for each in self._timeline.scene.lanes]
        if lanes == self._had_room_for:
            return
        self._had_room_for = lanes
        upper, lower = down.sizes()
        lacking = self._timeline.scene.wished_height() - self._timeline.height()
        spare = round(upper - _LEAST_PICTURE * (upper + lower))
        grown = min(lacking, spare)
        if self.lanes.is_on and grown > 0:
            down.setSizes([upper - grown, lower + grown])

    def _point_at(self, item: LaneItem | None) -> None:
        """The pose of the step under the pointer, faint over the picture."""
        self._pointed = item
        found = None if item is None or not self.lanes.is_on else self.lanes.forecast_of(item[0])
        if item is None or found is None or item[1] >= len(found[1].steps):
            self._ghost.clear()
            return
        known, forecast = found
        step = forecast.steps[item[1]]
        words = say("Step {number} as {name} foresees it: {said}", number=item[1] + 1, name=known.name, said=step.said)
        self._ghost.show(step.joints_px, theme.DARK.runs[known.colour_at], words)

    # ---- steps into drafts ----

    def use(self) -> None:
        """Make a draft of the step that is chosen, or of the first one foreseen."""
        item = self.lanes.item()
        if item is None:
            self.says.emit(self._why_nothing())
            return
        self._use(item)

    def use_all(self) -> None:
        """Make drafts of every step of the chosen lane, or of the first."""
        item = self.lanes.item()
        found = None if item is None else self.lanes.forecast_of(item[0])
        if item is None or found is None:
            self.use()
            return
        known, forecast = found
        self.accepting.use(known, forecast, range(len(forecast.steps)))

    def confirm(self) -> None:
        """The chosen drafts (or the one at the playhead) are right as they are."""
        clip = self._document.clip
        if clip is None:
            return
        meant = [each for each in clip.segments if each.id in self._changing.chosen]
        under = self._changing.at_playhead()
        meant = meant or ([under] if under is not None else [])
        drafts = [each for each in meant if each.is_draft or _has_draft_pose(clip, each)]
        if not drafts:
            self.says.emit(say("No draft is chosen: a draft is dashed, and says which run foresaw it"))
            return
        what = self._changing.name_of(drafts[0]) if len(drafts) == 1 else f"{len(drafts)} drafts"
        author, ids = self._document.author, [each.id for each in drafts]
        self._changing.edit_with(
            lambda before: (confirm(before, clip.id, *ids, author=author), None), f"Confirm {what}"
        )

    def _use(self, item: LaneItem, *, with_labels: bool = False) -> None:
        found = self.lanes.forecast_of(item[0])
        if found is not None:
            self.accepting.use(*found, (item[1],), with_labels=with_labels)

    def _accepted(self, segments: tuple[str, ...]) -> None:
        self._timeline.choose(frozenset(segments))

    def _walk(self, along: int, across: int) -> None:
        if self._timeline.lanes.walk(along, across):
            self._timeline.setFocus()
        else:
            self.says.emit(self._why_nothing())

    def _why_nothing(self) -> str:
        if not self.lanes.is_on:
            return say("Show the forecast lanes first ({key})", key=shown("forecast-lanes"))
        return (
            say("No lane foresees a step here")
            if self.lanes.is_settled
            else say("The lanes are looking ahead: a moment")
        )

    # ---- menus ----

    def open_menu(self, target: LaneItem | str, on_screen: QPoint) -> None:
        """What can be done with a step, and with its lane."""
        menu = QMenu(self._timeline)
        # After the event that asked for it: a menu opened inside one takes the release of that very press.
        QTimer.singleShot(0, menu, lambda: menu.popup(on_screen))
        menu.aboutToHide.connect(menu.deleteLater)
        self.fill_menu(menu, target)

    def fill_menu(self, menu: QMenu, target: LaneItem | str) -> None:
        """The rows of that menu."""
        if not isinstance(target, str):
            self._fill_step(menu, target)
        key = target if isinstance(target, str) else target[0]
        if self.lanes.forecast_of(key) is not None:
            everything = self._row(menu, "use-whole-forecast", partial(self._use_all_of, key))
            everything.setEnabled(self._timeline.editable)
        menu.addSeparator()
        self.fill_choices(menu)

    def fill_choices(self, menu: QMenu) -> None:
        """Whose lanes are shown, and how many futures."""
        in_lanes = {each.key for each in self.lanes.runs.shown}
        for known in self.lanes.runs.choices():
            action = menu.addAction(
                parts.literal(known.name if not known.is_plain else say("{name}, for comparison", name=known.name))
            )
            action.setCheckable(True)
            action.setChecked(known.key in in_lanes)
            action.setEnabled(known.key in in_lanes or len(in_lanes) < MOST_LANES)
            action.toggled.connect(lambda on, known=known: self.lanes.runs.choose(known, on=on))
        if not self.lanes.runs.choices():
            menu.addAction(say("No forecaster yet: train one")).setEnabled(False)
        futures = menu.addMenu(say("Futures behind each"))
        for count in (0, 2, 4, MOST_FUTURES):
            action = futures.addAction(say("none") if not count else str(count))
            action.setCheckable(True)
            action.setChecked(count == self.lanes.futures)
            action.triggered.connect(partial(self.lanes.set_futures, count))
        menu.addSeparator()
        drafts = menu.addAction(say("Next missing stops at drafts"))
        drafts.setCheckable(True)
        drafts.setChecked(self._display.walks_to_drafts)
        drafts.toggled.connect(self._walk_to_drafts)
        hide = self._row(menu, "forecast-lanes", self.lanes.toggle)
        hide.setText(f"{say('Hide the lanes')}\t{shown('forecast-lanes')}")

    def _fill_step(self, menu: QMenu, item: LaneItem) -> None:
        found = self.lanes.forecast_of(item[0])
        if found is None:
            return
        unknown = self.accepting.unknown(found[1], (item[1],))
        why = self.accepting.why_not(found[1], item[1])
        use = self._row(menu, "use-forecast", partial(self._use, item, with_labels=bool(unknown)))
        if unknown:
            use.setText(parts.literal(say("Add the label {name} and use as draft", name=unknown[0])))
        use.setEnabled(not why)
        if why:
            menu.addAction(why).setEnabled(False)

    def _use_all_of(self, key: str) -> None:
        found = self.lanes.forecast_of(key)
        if found is not None:
            self.accepting.use(*found, range(len(found[1].steps)))

    def _walk_to_drafts(self, on: bool) -> None:
        self._display.set_walks_to_drafts(on=on)
        self.lanes.changed.emit()

    @staticmethod
    def _row(menu: QMenu, name: str, what: Callable[[], object]) -> QAction:
        command = BY_NAME[name]
        words = say(command.words)
        return menu.addAction(f"{words}\t{shown(name)}" if command.key else words, what)


def _has_draft_pose(clip: Clip, segment: Segment) -> bool:
    pose = clip.pose_of(segment.id)
    return pose is not None and pose.is_draft
