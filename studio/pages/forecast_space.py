"""A moment of the Forecast page in space: one step large beside the pictures, or run beside run in linked views.

Predictions stand in their runs' colours, their joints dashed; what came is neutral. Poses have the neck at the origin
of their forecast's levelled frame, so several bodies are set apart, and joints are laid over each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from PySide6.QtCore import QPoint, QRectF, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QFrame, QVBoxLayout

from core.bodies.skeletons import UPPER_BODY_9
from core.forecast_cameras import lens_camera
from core.forecasts import Forecast, ForecastStep, Lens
from core.geometry.cameras import Camera
from core.rendering.contents import PAST_OPACITIES, SceneSkeleton, SceneTrail, future
from core.rendering.views import Orbit
from studio import theme
from studio.pages.forecast_cells import Moment, error_words
from studio.pages.forecast_columns import name_of
from studio.widgets import parts
from studio.widgets.painting import Painted, chip, put, words_width
from studio.widgets.posed import PosedBody, Standing, pale
from studio.widgets.run_mark import draw_bar
from studio.widgets.viewport import Viewport
from studio.words import listed, say

VIEWS = ("orbit", "camera", "front", "side", "top")
APART_M = 0.95
_HANDS = tuple(UPPER_BODY_9[f"{side}_hand"] for side in ("left", "right"))
_PALE_JOINTS = 0.5
_SEEN_THROUGH = 0.72
_FAINT = 0.16


@dataclass(frozen=True)
class Person:
    """Somebody at a step: what came, or what a run foresees. `rows` says which step stands in which row.

    `said` is the step as it stands in its row, measured against what came in that.
    """

    name: str
    colour: str
    steps: tuple[ForecastStep, ...]
    rows: tuple[int | None, ...]
    at: int
    said: ForecastStep
    is_truth: bool = False
    futures: tuple[tuple[ForecastStep, ...], ...] = ()
    round: int = 0  # from 1 on the colour is another's too

    def joints_m(self, at: int) -> Float[ndarray, "joints 3"] | None:
        if not 0 <= at < len(self.steps):
            return None
        joints = self.steps[at].truth_m if self.is_truth else self.steps[at].joints_m
        return None if joints is None else np.asarray(joints)

    def in_row(self, row: int) -> int | None:
        """The step that stands in a row."""
        return self.rows[row] if 0 <= row < len(self.rows) else None


def people_of(moment: Moment, row: int, columns: Sequence[int] | None = None) -> list[Person]:
    """What came in a row, where it is known in space, then every run (or those of `columns`) that has a step there.

    While the clock runs, each run stands at the step that it expects now.
    """
    people = []
    came = tuple(each.truth for each in moment.lined.rows if each.truth is not None)
    if row < len(came) and came[row].truth_m is not None:
        rows = tuple(range(len(came)))
        people.append(Person(say("What came"), theme.now().truth, came, rows, row, came[row], is_truth=True))
    for column, (known, forecast) in enumerate(moment.forecasts):
        if columns is not None and column not in columns:
            continue
        now = moment.now[column] if moment.now else None
        at = moment.step_in(column, row) if now is None else now
        if at is None:
            continue
        said = moment.said(column, row) if now is None else forecast.steps[at]
        futures = tuple(each.steps for each in forecast.futures)
        rows = moment.lined.cells[column]
        person = Person(
            name_of(known, forecast),
            known.colour,
            forecast.steps,
            rows,
            at,
            said or forecast.steps[at],
            futures=futures,
            round=known.round,
        )
        people.append(person)
    return people


def standing_of(moment: Moment, people: list[Person], *, apart: bool, named: bool = True) -> Standing:
    """These people in one view; with bodies they may be set apart, so that none stands in another."""
    shows = moment.bodies.shows
    bodies: list[PosedBody] = []
    skeletons: list[SceneSkeleton] = []
    ghosts: list[PosedBody | SceneSkeleton] = []
    trails: list[SceneTrail] = []
    has_bodies = shows != "joints"
    for place, person in enumerate(people):
        aside = APART_M * (place - (len(people) - 1) / 2) if apart and has_bodies else 0.0
        moved_m = np.array([aside, 0.0, 0.0])
        body = _body(moment, person, person.at)
        if body is not None:
            label = person.name if named else ""
            bodies.append(replace(body, moved_m=(aside, 0.0, 0.0), label=label, opacity=opacity_of(moment)))
        joints_m = person.joints_m(person.at)
        if joints_m is not None and (shows != "body" or body is None):
            name = person.name if named and body is None and len(people) > 1 and apart else ""
            skeletons.append(
                SceneSkeleton(joints_m + moved_m, UPPER_BODY_9, person.colour, dashed=not person.is_truth, label=name)
            )
        if not person.is_truth:
            ghosts += _ghosts(moment, person, moved_m) + _futures(moment, person, moved_m)
            trails += _trails(person, moved_m)
    floor_m = floor_of(moment.first.lens)
    return Standing(
        bodies=tuple(bodies),
        skeletons=tuple(skeletons),
        ghosts=tuple(ghosts),
        trails=tuple(trails),
        ground_m=floor_m,
        is_floor_under_feet=bool(bodies),
    )


def opacity_of(moment: Moment) -> float:
    """Of bodies in space: joints show through a body that is seen through."""
    return _SEEN_THROUGH if moment.bodies.shows == "both" else 1.0


def ask_for_all(moment: Moment | None) -> None:
    """Wish for everybody's body at every step, so that the next one is there at once and a film has all."""
    if moment is None:
        return
    for row in range(moment.rows()):
        for person in people_of(moment, row):
            _body(moment, person, person.at)


def _body(moment: Moment, person: Person, at: int) -> PosedBody | None:
    step = person.steps[at]
    if person.is_truth:
        return moment.bodies.came(step, person.colour)
    return moment.bodies.foreseen(step, person.colour)


def _ghosts(moment: Moment, person: Person, moved_m: Float[ndarray, " 3"]) -> list[PosedBody | SceneSkeleton]:
    """The two steps before, paler and paler, and the joints of the one after."""
    made: list[PosedBody | SceneSkeleton] = []
    for back, opacity in enumerate(PAST_OPACITIES, start=1):
        at = person.at - back
        joints_m = person.joints_m(at)
        if joints_m is None:
            continue
        body = _body(moment, person, at)
        if body is not None:
            moved = tuple(float(part) for part in moved_m)
            made.append(replace(pale(body, opacity), moved_m=moved))
        elif moment.bodies.shows == "joints":
            made.append(SceneSkeleton(joints_m + moved_m, UPPER_BODY_9, person.colour, opacity=opacity))
    ahead = person.joints_m(person.at + 1)
    if ahead is not None:
        skeleton = future(SceneSkeleton(ahead + moved_m, UPPER_BODY_9, person.colour, thickness=0.6))
        made.append(replace(skeleton, opacity=_PALE_JOINTS))
    return made


def _futures(moment: Moment, person: Person, moved_m: Float[ndarray, " 3"]) -> list[PosedBody | SceneSkeleton]:
    """Where the other futures are at the step, faint."""
    made: list[PosedBody | SceneSkeleton] = []
    for steps in person.futures:
        if person.at >= len(steps):
            continue
        step = steps[person.at]
        body = moment.bodies.foreseen(step, person.colour)
        if body is not None:
            made.append(replace(pale(body, _FAINT), moved_m=tuple(float(part) for part in moved_m)))
        elif moment.bodies.shows == "joints":
            joints_m = np.asarray(step.joints_m) + moved_m
            made.append(SceneSkeleton(joints_m, UPPER_BODY_9, person.colour, dashed=True, opacity=2 * _FAINT))
    return made


def _trails(person: Person, moved_m: Float[ndarray, " 3"]) -> list[SceneTrail]:
    """Where the hands came from, step by step."""
    before = [joints for at in range(person.at + 1) if (joints := person.joints_m(at)) is not None]
    if len(before) < 2:
        return []
    path = np.stack(before) + moved_m
    sides = theme.now()
    return [SceneTrail(path[:, hand], colour) for hand, colour in zip(_HANDS, (sides.left, sides.right), strict=True)]


class SpacePanel(QFrame):
    """The poses of one step in 3D."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("In space"))
        self.viewport = Viewport()
        self.viewport.setMinimumHeight(110)
        self._lens: Lens | None = None
        self._moment: Moment | None = None
        self._framed: tuple[Forecast | None, str, int] = (None, "", 0)
        self._is_turned = False
        self._views = parts.segmented(
            self.tr("Orbit"), self.tr("Camera"), self.tr("Front"), self.tr("Side"), self.tr("Top"),
            on_choice=lambda at: self.look(VIEWS[at]),
        )  # fmt: skip
        self.viewport.view_changed.connect(self._turned)
        self.viewport.resized.connect(lambda: None if self._is_turned else self._frame())
        self._people: list[Person] = []
        self._row, self._columns = 0, ()
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(10, 8, 10, 10)
        self._box.setSpacing(8)
        self._box.addWidget(parts.text(self.tr("In space"), "title"))
        self._box.addWidget(self.viewport, 1)
        self._box.addWidget(parts.row(self._views, None))

    def show_step(self, moment: Moment | None, at: int, columns: Sequence[int] = (0,)) -> None:
        """Row `at` of these forecasts: two side by side can be told apart, ten cannot."""
        self._moment, self._row, self._columns = moment, at, tuple(columns)
        self._people = people = people_of(moment, at, columns) if moment is not None else []
        self._lens = moment.first.lens if moment is not None and people else None
        self._views.choices.button(1).setEnabled(self._lens is not None)
        if moment is None or not people:
            self.viewport.set_columns((Standing(),), ("",))
            return
        self.viewport.set_columns((standing_of(moment, people, apart=self.is_apart),), (self._said(moment, at),))
        framed = moment.first, moment.bodies.shows, len(people)
        if framed != self._framed:
            self._framed = framed
            self._is_turned = False
            self._frame()
        if not self.is_apart:
            self._look_through()

    @property
    def is_apart(self) -> bool:
        """Whether bodies stand beside each other; the clip's camera sees all of them at the neck."""
        return self._views.chosen != 1

    def _said(self, moment: Moment, at: int) -> str:
        when = moment.when(at)
        step = say("step {at} at {when}", at=at + 1, when=when) if when else say("step {at}", at=at + 1)
        if moment.now:
            step = say("now, each as it expects it")
        if moment.bodies.shows == "joints":
            return f"{listed([each.name for each in self._people])}, {step}"
        refusal = moment.bodies.fits.refusal
        if refusal is not None:
            return say("{step}; no bodies: {why}", step=step[:1].upper() + step[1:], why=refusal.message)
        return say("{step}; legs are guessed", step=step[:1].upper() + step[1:])  # names stand above heads

    def look(self, view: str) -> None:
        """`orbit`, `camera`, `front`, `side` or `top`."""
        if view == "camera" and self._lens is None:
            return
        was_camera = self._views.chosen == 1
        self._views.choose(VIEWS.index(view))
        if self._moment is not None and was_camera != (view == "camera"):
            self.show_step(self._moment, self._row, self._columns)
        if view == "orbit":
            self.viewport.orbit_freely()
        elif view == "camera":
            self._look_through()
        else:
            self.viewport.look(view)
        self._frame()
        self._views.choose(VIEWS.index(view))

    def frame_all(self) -> None:
        """Everything in the picture."""
        self.viewport.orbit_freely()
        self._frame()

    def _frame(self) -> None:
        """All poses of the moment in view, so that the view stands still from step to step."""
        view = self.viewport.view()
        if self._moment is None or not isinstance(view, Orbit) or not self.viewport.height():
            return
        points = self._moment.all_joints_m()
        if self._moment.bodies.shows != "joints":
            points = with_room_for_bodies(points, len(self._people))
        shape = self.viewport.width() / self.viewport.height()
        self.viewport.set_view(view.framing(points, shape))

    def _look_through(self) -> None:
        if self._lens is not None:
            self.viewport.look_through(lens_camera(self._lens))

    def _turned(self, view: object) -> None:
        """Turned by hand: it is an orbit again, and keeps its distance."""
        self._is_turned = True
        if self._views.chosen == 1 and not isinstance(view, Camera):
            self._views.choose(0)
            if self._moment is not None and self._people:
                self.show_step(self._moment, self._row, self._columns)
                self._frame()  # who stood at one place stands side by side again


def with_room_for_bodies(points_m: Float[ndarray, "points 3"], count: int) -> Float[ndarray, "more 3"]:
    """Neck-centred joints with where heads and feet of bodies that stand side by side will be."""
    half = APART_M * (count - 1) / 2 + 0.4
    corners = [[x, y, z] for x in (-half, half) for y in (-1.38, 0.32) for z in (-0.25, 0.25)]
    return np.concatenate([points_m, np.array(corners)])


@dataclass(frozen=True)
class ColumnHead:
    """Whose view it is, the action there in its colour, and words about that."""

    name: str
    colour: str
    round: int
    action: str
    action_colour: str
    said: str


class ColumnHeads(Painted):
    """Over each view: whose it is, what is foreseen there, and how it did."""

    def __init__(self) -> None:
        super().__init__(0, theme.px(64))
        self.setAccessibleName(self.tr("Runs"))
        self._heads: Sequence[ColumnHead] = ()

    def show_heads(self, heads: Sequence[ColumnHead]) -> None:
        """One a column."""
        self._heads = heads
        self.setAccessibleDescription("; ".join(f"{each.name}: {each.action} {each.said}" for each in heads))
        self.setToolTip(self.accessibleDescription().replace("; ", "\n"))
        self.update()

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        if not self._heads:
            return
        wide = self.width() / len(self._heads)
        is_narrow = any(self._beside(each) > wide for each in self._heads)
        for at, each in enumerate(self._heads):
            left, x = at * wide, at * wide + 12.0
            draw_bar(painter, QRectF(left, 2, 4, theme.px(20)), each.colour, each.round)
            put(painter, x, theme.px(17), each.name, look.text, 12, 600, width=wide - 16)
            top = theme.px(22 if is_narrow else 31)
            taken = 0.0
            if each.action:
                ink, ground = look.seg_ink, each.action_colour
                taken = chip(painter, x, top, each.action, ink, ground, 11, 600, pad=7, height=20, most=wide - 18) + 8
            below = theme.px(57 if is_narrow else 45)  # in narrow columns the words stand below the action
            x += 0.0 if is_narrow else taken
            put(painter, x, below, each.said, look.text2, 11, 500, width=max(10.0, left + wide - x - 4))

    def _beside(self, each: ColumnHead) -> float:
        """How wide a column must be for its action with the words beside it."""
        taken = words_width(each.action, 11, 600) + 22 if each.action else 0.0
        return 12 + taken + words_width(each.said, 11, 500) + 4


class SpaceComparison(QFrame):
    """Every run of the moment in a view of its own, all turned together until the chain is opened."""

    step_wanted = Signal(int)
    menu_wanted = Signal(QPoint)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Runs in space, side by side"))
        self.viewport = Viewport()
        self.viewport.menu_wanted.connect(self.menu_wanted)
        self._heads = ColumnHeads()
        self._framed: tuple[Forecast | None, str] = (None, "")
        self._moment: Moment | None = None
        self._is_turned = False
        self.viewport.view_changed.connect(lambda _: self._turned())
        self.viewport.resized.connect(lambda: None if self._is_turned else self._frame())
        self._steps: parts.Segmented | None = None
        self._step_words: tuple[str, ...] = ()
        self.link = parts.tool("link", self.tr("Views turn together"), on=True)
        self.link.toggled.connect(self._link)
        self._foot = QVBoxLayout()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        box.addWidget(self._heads)
        box.addWidget(self.viewport, 1)
        box.addLayout(self._foot)

    def show_step(self, moment: Moment | None, at: int) -> None:
        """Step `at`: what came first, then the runs."""
        people = people_of(moment, at) if moment is not None else []
        if moment is None or not people:
            self._heads.show_heads([])
            self.viewport.set_columns((Standing(),), ("",))
            return
        columns = [standing_of(moment, [each], apart=False, named=False) for each in people]
        self.viewport.set_columns(columns)
        self._heads.show_heads([self._head(moment, each) for each in people])
        self._moment = moment
        framed = moment.first, f"{moment.bodies.shows} {len(people)}"
        if framed != self._framed:
            self._framed = framed
            self._is_turned = False
            self._frame()
        self._show_steps(moment, at)

    def _frame(self) -> None:
        """All poses of the moment in each view."""
        view, room = self.viewport.view(), self.viewport.rect_of(0)
        if self._moment is None or not isinstance(view, Orbit) or room.height() < 1:
            return
        points = self._moment.all_joints_m()
        points = points if self._moment.bodies.shows == "joints" else with_room_for_bodies(points, 1)
        self.viewport.set_view(view.framing(points, room.width() / room.height()))

    def _turned(self) -> None:
        self._is_turned = True

    def _head(self, moment: Moment, person: Person) -> ColumnHead:
        step = person.said
        if person.is_truth:
            action = step.truth_action or ""
            return ColumnHead(person.name, person.colour, 0, action, moment.colour_of(action), moment.when(person.at))
        verdict = "" if step.truth_action is None else "✓ " if step.truth_action == step.action else "✗ "
        said = f"{verdict}{step.sure}   {error_words(step)}".strip()
        colour = moment.colour_of(step.action)
        return ColumnHead(person.name, person.colour, person.round, step.action, colour, said)

    def _show_steps(self, moment: Moment, at: int) -> None:
        """The steps to choose from, at the foot."""
        words = tuple(f"{row + 1}  {moment.when(row)}".strip() for row in range(moment.rows()))
        if words != self._step_words:
            self._step_words = words
            while (item := self._foot.takeAt(0)) is not None:
                old = item.widget()
                if old is not None:
                    self.link.setParent(self)
                    old.deleteLater()
            self._steps = parts.Segmented(words, at, self.step_wanted.emit)
            self._steps.setAccessibleName(self.tr("Step"))
            self._foot.addWidget(parts.row(self._steps, None, self.link))
            self.link.show()
        if self._steps is not None and at < len(words):
            self._steps.choose(at)

    def _link(self, on: bool) -> None:
        self.viewport.linked = on
        words = self.tr("Views turn together") if on else self.tr("Each view turns alone")
        self.link.setToolTip(words)
        self.link.setAccessibleName(words)
        if on:
            self.viewport.set_view(self.viewport.view())


def floor_of(lens: Lens | None) -> float | None:
    """Where the floor is, below the neck at 0; None where nobody knows, or it cannot be a floor a person stands on."""
    floor_m = lens.floor_m if lens is not None else None
    return floor_m if floor_m is not None and -2.3 < floor_m < -0.5 else None
