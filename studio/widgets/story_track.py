"""The story: actions with their durations in line, and the poses to pass through, on the time axis of the tokens.

Drag an end for another duration (Shift takes from the next part), drag a part to another place, drag a diamond in
time. A drag is one wish, told on release; Esc gives it back. With the keyboard, Alt and arrows walk over parts, poses
and "Add action"; Shift and arrows change a duration or a pose's time, Alt+Shift and arrows the order; F2 chooses
another action; Del takes out. What the story is stands in the recipe: the track shows it and says what is wished.
"""

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QMenu, QToolTip

from core.generations import Anchor, Part
from studio import theme
from studio.widgets import story_paint
from studio.widgets.motion_time import MotionTime, draw_playhead
from studio.widgets.notices import KEEP_CLEAR
from studio.widgets.painted_items import expose
from studio.widgets.painting import Painted
from studio.widgets.story_edits import ADDED_S, Story, spelled
from studio.widgets.story_hands import Drag, Hands
from studio.widgets.story_places import Hit, StoryPlaces

_NEW_LOOK = (QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.StyleChange)


class StoryTrack(Painted):
    """One line of parts."""

    story_changed = Signal(object, object)
    """Parts and anchors as they are wished."""
    part_chosen = Signal(int)
    anchor_chosen = Signal(int)
    """-1 for none."""
    rename_wanted = Signal(int)
    sought = Signal(float)

    def __init__(self) -> None:
        super().__init__(0, theme.px(38))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setProperty(KEEP_CLEAR, True)
        self.setAccessibleName(self.tr("Story"))
        self.story = Story()
        self.editable = True
        self.time = MotionTime(0.0, 1.0, 0.0, 1.0)
        self._chosen = Hit("part", 0)
        self._hands = Hands(self)
        self._playhead_s = 0.0
        self._pictured: dict[str, int] = {}  # actions in the order of their colours
        expose(self)

    # ---- what is shown ----

    def show_story(self, parts: tuple[Part, ...], anchors: tuple[Anchor, ...], chosen: int = 0) -> None:
        """The story as it stands; a drag of something that is not there any more is forgotten."""
        story = Story(parts, anchors)
        if story != self.story:
            self._hands.drag = None
            self.story = story
        for part in parts:
            self._pictured.setdefault(spelled(part), len(self._pictured))
        if self._chosen.kind == "part" or not self.places().has(self._chosen):
            self._chosen = Hit("part", min(max(chosen, 0), max(len(parts) - 1, 0)))
        self.update()

    def show_time(self, time: MotionTime) -> None:
        if not self.is_dragging:  # the axis holds still under a drag
            self.time = time
            self.update()

    def show_playhead(self, seconds: float) -> None:
        if seconds != self._playhead_s:
            self._playhead_s = seconds
            self.update()

    @property
    def chosen(self) -> Hit:
        return self._chosen

    @property
    def is_dragging(self) -> bool:
        drag = self._hands.drag
        return drag is not None and drag.moving

    def places(self) -> StoryPlaces:
        """Where things lie, as a drag in hand would make it; a part being carried stays till it is let go."""
        drag = self._hands.drag
        story = self.story if drag is None or drag.story is None or drag.hit.kind == "part" else drag.story
        return StoryPlaces(story, self.time, self.width(), self.height(), self.editable)

    # ---- what is wished ----

    def choose(self, hit: Hit) -> None:
        """As if it had been clicked."""
        hit = Hit("part", hit.at) if hit.kind == "end" else hit
        if hit == self._chosen or not self.places().has(hit):
            return
        had_anchor = self._chosen.kind == "anchor"
        self._chosen = hit
        self.update()
        if hit.kind == "part":
            self.part_chosen.emit(hit.at)
        if hit.kind == "anchor" or had_anchor:
            self.anchor_chosen.emit(hit.at if hit.kind == "anchor" else -1)

    def wish(self, story: Story, chosen: Hit | None = None) -> None:
        """Another story, and what of it is chosen then."""
        if story != self.story:
            self.story = story
            self.story_changed.emit(story.parts, story.anchors)
        if chosen is not None:
            self._chosen = chosen
            self.part_chosen.emit(chosen.at)
        self.update()

    def add(self, after: int | None = None) -> None:
        """One more part, after the `after`-th or at the end; whoever listens asks which action."""
        story = self.story
        if self.editable and story.parts:
            at = len(story.parts) if after is None else after + 1
            part = Part(actions=story.parts[at - 1].actions, seconds=ADDED_S)
            self.wish(story.with_part(at, part), Hit("part", at))
            self.rename(at)

    def remove(self, hit: Hit | None = None) -> None:
        """Take out a part or an anchor; the last part stays."""
        hit = hit or self._chosen
        if not self.editable or not self.places().has(hit):
            return
        if hit.kind == "anchor":
            part = self.story.at(self.story.anchors[hit.at].at_s)
            self.wish(self.story.without_anchor(hit.at), Hit("part", part))
            self.anchor_chosen.emit(-1)
        elif hit.kind == "part" and len(self.story.parts) > 1:
            self.wish(self.story.without(hit.at), Hit("part", min(hit.at, len(self.story.parts) - 2)))

    def rename(self, at: int) -> None:
        """Another action for a part."""
        self.rename_wanted.emit(at)

    def seek(self, seconds: float) -> None:
        self.sought.emit(min(max(seconds, 0.0), self.story.seconds))

    # ---- events ----

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._hands.press(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._hands.drag is None:
            self.setCursor(self._hands.cursor(event.position()))
        else:
            self._hands.move(event.position(), event.modifiers())
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: ARG002
        self._hands.release()
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._hands.open(event.position())

    def event(self, event: QEvent) -> bool:
        match event:
            case QContextMenuEvent():
                by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
                hit = self._chosen if by_key else self.places().hit(QPointF(event.pos()))
                if hit is not None:
                    self.choose(hit)
                menu_of(self, self._hands).popup(event.globalPos())
                return True
            case QKeyEvent() if self._hands.has_use_for(event):
                if event.type() == QEvent.Type.KeyPress:
                    self._hands.key(event)
                    self.update()
                event.accept()
                return True
            case QHelpEvent():
                hit = self.places().hit(QPointF(event.pos()))
                QToolTip.showText(event.globalPos(), "" if hit is None else self.places().said(hit), self)
                return True
            case QFocusEvent():
                self.update()
            case _ if event.type() in _NEW_LOOK:
                self.setFixedHeight(theme.px(38))
                self.update()
            case _:
                pass
        return super().event(event)

    # ---- items, for screen readers ----

    def item_count(self) -> int:
        return len(self.places().items())

    def item_rect(self, at: int) -> QRectF:
        return self.places().rect(self.places().items()[at])

    def item_words(self, at: int) -> str:
        return self.places().said(self.places().items()[at])

    def is_item_chosen(self, at: int) -> bool:
        return self.places().items()[at] == self._chosen

    # ---- paint ----

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        places, drag = self.places(), self._hands.drag
        story, lane = places.story, places.lane
        story_paint.head(painter, lane, self.tr("Story"))
        carried = drag.hit.at if drag is not None and drag.moving and drag.hit.kind == "part" else -1
        marks = [self.time.x(each.at_s) for each in story.anchors]
        taken = [(x - 8, x + 8) for x in marks]
        for at, part in enumerate(story.parts):
            chosen, colour = self._chosen == Hit("part", at), self._pictured.get(spelled(part), 0)
            pale = at == carried
            story_paint.part(painter, places.part(at), part, colour, chosen=chosen, pale=pale, taken=taken)
        if self.editable and story.parts:
            story_paint.add(painter, places.add(), self.tr("Add action"), chosen=self._chosen.kind == "add")
        for at, x in enumerate(marks):
            story_paint.anchor(painter, x, lane.center().y(), chosen=self._chosen == Hit("anchor", at))
        if story.parts:
            draw_playhead(painter, self.time, self._playhead_s, self.height(), handle=False)
        if drag is not None and drag.moving and drag.story is not None:
            _draw_drag(painter, drag, drag.story, self.story, places)
        if self.hasFocus():
            painter.fillRect(QRectF(0, 0, self.width(), 2), QColor(look.accent))


def _draw_drag(painter: QPainter, drag: Drag, story: Story, before: Story, places: StoryPlaces) -> None:
    at, lane, time = drag.hit.at, places.lane, places.time
    if drag.hit.kind == "part":
        # A line where the part would come, among the others as they stand now.
        place = drag.drop if drag.drop <= at else drag.drop + 1
        story_paint.drop(painter, time.x(before.start_of(place)), lane)
    elif drag.hit.kind == "end":
        words = f"{story.parts[at].seconds:.2f} s"
        story_paint.tag(painter, time.x(story.start_of(at + 1)), lane, words, places.width)
    else:
        seconds = story.anchors[at].at_s
        story_paint.tag(painter, time.x(seconds), lane, f"{seconds:.2f} s", places.width)


def menu_of(track: StoryTrack, hands: Hands) -> QMenu:
    """What can be done with the chosen one."""
    made, chosen, parts = QMenu(track), track.chosen, track.story.parts
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if chosen.kind == "part":
        made.addAction(track.tr("Change action…"), lambda: track.rename(chosen.at))
        made.addAction(track.tr("Add action after it"), lambda: track.add(chosen.at))
        made.addAction(track.tr("Move earlier"), lambda: hands.reorder(-1)).setEnabled(chosen.at > 0)
        made.addAction(track.tr("Move later"), lambda: hands.reorder(1)).setEnabled(chosen.at + 1 < len(parts))
    made.addSeparator()
    out = made.addAction(track.tr("Take out"), lambda: track.remove(chosen))
    out.setEnabled(chosen.kind == "anchor" or (chosen.kind == "part" and len(parts) > 1))
    for each in made.actions():
        each.setEnabled(each.isEnabled() and track.editable)
    return made
