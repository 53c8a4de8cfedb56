"""Points and a room: corners of a measured room, paired with where they are seen on the frame; the camera follows."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout

from core.errors import CoreError
from core.geometry.cameras import Camera
from studio import theme
from studio.widgets import parts
from studio.widgets.calibration_drawing import seen_lines
from studio.widgets.calibration_lens import LensChoice
from studio.widgets.calibration_picture import Drawn, Mark
from studio.widgets.calibration_plan import Histories, Pixel, Points
from studio.widgets.calibration_room import Numbered, RoomDrawing
from studio.widgets.calibration_sizes import SizesForm
from studio.widgets.calibration_ways import Found, Refused, Subject, Way
from studio.widgets.calibration_work import Work
from studio.widgets.record_table import Cell, Column, Record, RecordTable

if TYPE_CHECKING:
    from core.geometry.calibration import Calibration

_CALM_MS = 30


class PointsWay(Way):
    """A room to click on, its sizes, and the places that are marked."""

    def __init__(self) -> None:
        super().__init__()
        self.title = self.tr("Points and a room")
        self.sentence = self.tr(
            "Measure a few things in the room, then click their corners here and on the frame: 6 corners, not all on"
            " one wall or the floor alone. With a lens you know, 4 are enough."
        )
        self._subject: Subject | None = None
        self._histories = Histories()
        self._chosen = ""
        self._moving: tuple[str, Pixel] | None = None
        self._calibration: Calibration | None = None
        self._refused: Refused | None = None
        self._work = Work(self)
        self._calm = QTimer(self, singleShot=True, interval=_CALM_MS)
        self._calm.timeout.connect(self._solve)
        self._work.came.connect(self._take)
        self._work.refused.connect(self._take)
        self._lay_out()

    def _lay_out(self) -> None:
        self.room = RoomDrawing()
        self.room.corner_chosen.connect(self._take_corner)
        self._next = parts.text("", "strong", wrap=True)
        self._next.setMinimumHeight(theme.px(32))  # two lines, so that the room keeps its size
        self._next.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._undo = parts.tool("undo", self.tr("Undo  Ctrl+Z"))
        self._redo = parts.tool("redo", self.tr("Redo  Ctrl+Shift+Z"))
        self._undo.clicked.connect(self.undo)
        self._redo.clicked.connect(self.redo)
        self.table = RecordTable(
            (Column(self.tr("No."), 52), Column(self.tr("Place")), Column(self.tr("off, px"), 66, is_number=True)),
            self.tr("Places of the room"),
            26,
        )
        self.table.setSelectionMode(RecordTable.SelectionMode.SingleSelection)
        self.table.chosen.connect(self.choose_mark)
        self.table.opened.connect(self._take_corner)
        self.sizes = SizesForm()
        self.sizes.changed.connect(self._step)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.table)
        self._pages.addWidget(self.sizes)
        self._which = parts.segmented(
            self.tr("Places"), self.tr("Sizes"), on_choice=self._pages.setCurrentIndex
        )  # fmt: skip
        self._lens = LensChoice()
        self._lens.activated.connect(lambda _: self._ask())
        above = parts.col((self.room, 1), self._next, gap=6)
        below = parts.col(
            parts.row(self._which, None, self._undo, self._redo, gap=4),
            (self._pages, 1),
            parts.field(self.tr("Lens"), self._lens, width=40),
            gap=6,
        )
        self._split = QSplitter()
        self._split.setOrientation(self._split.orientation().Vertical)
        self._split.setObjectName("calibration-points")
        self._split.setChildrenCollapsible(False)
        for each in (above, below):
            self._split.addWidget(each)
        self._split.setSizes([290, 330])
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._split)

    # ---- the clip ----

    def show_subject(self, subject: Subject) -> None:
        another = self._subject is None or self._subject.clip_id != subject.clip_id
        self._subject = subject
        if another:
            self._chosen, self._moving, self._calibration = "", None, None
        self._histories.take(subject.clip_id)
        self._lens.show_subject(subject)
        self._follow()

    def offer_lens(self, name: str, camera: Camera) -> None:
        """A lens that was found elsewhere, taken from now on."""
        self._lens.offer(name, camera)
        self._ask()

    # ---- what was marked ----

    @property
    def points(self) -> Points:
        """As they stand now, a mark that is being dragged included."""
        points = self._histories.now
        return points if self._moving is None else points.marked(*self._moving)

    def _step(self, points: Points, words: str) -> None:
        self._histories.step(points, words)
        self._follow()

    def undo(self) -> None:
        self._histories.undo()
        self._follow()

    def redo(self) -> None:
        self._histories.redo()
        self._follow()

    def mark_at(self, x: float, y: float) -> None:
        if self._chosen and self._chosen not in self.points.marks:
            self._step(self._histories.now.marked(self._chosen, (x, y)), self.tr("mark {n}").format(n=self._chosen))

    def choose_mark(self, name: str) -> None:
        if name != self._chosen:
            self._chosen = name
            self._show()

    def move_mark(self, name: str, x: float, y: float, *, done: bool) -> None:
        self._chosen = name
        self._moving = None if done else (name, (x, y))
        if done:
            self._step(self._histories.now.marked(name, (x, y)), self.tr("move {n}").format(n=name))
        else:
            self._follow()

    def remove_mark(self, name: str) -> None:
        self._step(self._histories.now.unmarked(name), self.tr("remove {n}").format(n=name))

    def _take_corner(self, name: str) -> None:
        self.choose_mark(name)
        self.focus_picture.emit()

    def _follow(self) -> None:
        """Everything shows the points as they are; the camera is asked for anew."""
        points = self.points
        if self._chosen not in points.places():
            self._chosen = ""
        self.room.show_points(points)
        self.sizes.show_points(points)
        history = self._histories.history
        for tool, words, steps in (
            (self._undo, self.tr("Undo"), history.before),
            (self._redo, self.tr("Redo"), history.after),
        ):
            tool.setEnabled(bool(steps))
            tool.setAccessibleName(f"{words}: {steps[-1][0]}" if steps else words)
            tool.setToolTip(f"{words}: {steps[-1][0]}" if steps else words)
        self._ask()

    # ---- the camera ----

    def _ask(self) -> None:
        self._calm.start()
        self._show()

    def _solve(self) -> None:
        subject = self._subject
        if subject is None:
            return
        if self._work.is_running and self.points.marks:
            self._calm.start()  # one at a time: a drag asks faster than an answer comes
            return
        if not self.points.marks:
            self._calibration, self._refused = None, None
            self._work.stop()
            self._show()
            return
        names, pixels, places = self.points.pairs()
        lens, room = self._lens.lens(), self.points.room

        def find() -> Iterator[object]:
            # Here, on the thread: what it imports takes longer than a window may wait.
            from core.geometry.calibration import calibrate_points

            found = calibrate_points(
                pixels, places, subject.width, subject.height, camera=lens, refine_focal=lens is None, names=names
            )
            yield replace(found, warnings=(*found.warnings, *room.doubts(found.camera)))

        self._work.start(find)

    def _take(self, what: "Calibration | CoreError") -> None:
        if isinstance(what, CoreError):
            self._calibration, self._refused = None, Refused.of(what)
        else:
            self._calibration, self._refused = what, None
        self._show()

    def is_working(self) -> bool:
        return self._calm.isActive() or self._work.is_running

    def found(self) -> Found | None:
        known = self._calibration
        if known is None or set(known.names) != set(self.points.marks):
            return None
        name = self.tr("{count} points").format(count=len(known.names))
        return Found(known.camera, name, "points", known.error_px, known.words, known.warnings)

    def refused(self) -> Refused | None:
        marked = len(self.points.marks)
        if not marked:
            words = self.tr("No corner is marked yet.")
            return Refused(words, self.tr("Click a corner of the room, then the same corner on the frame."), True)
        return self._refused

    # ---- what is shown ----

    def marks(self) -> tuple[Sequence[Mark], str, Mark | None]:
        points, numbers, known = self.points, self.points.numbers(), self._calibration
        drawn: dict[str, tuple[Pixel, float]] = {}
        if known is not None:
            drawn = {
                name: ((float(x), float(y)), float(off))
                for name, (x, y), off in zip(known.names, known.drawn_px, known.errors_px, strict=True)
            }
        marks = []
        for name, pixel in points.marks.items():
            at, off = drawn.get(name, (None, None))
            marks.append(Mark(name, name, numbers[name], colour_of(numbers[name]), pixel, at, off))
        armed = None
        if self._chosen and self._chosen not in points.marks:
            number = len(points.marks) + 1
            armed = Mark(self._chosen, self._chosen, number, colour_of(number), (0.0, 0.0))
        return marks, self._chosen, armed

    def drawn(self) -> Sequence[Drawn]:
        if self._calibration is None:
            return ()
        camera = self._calibration.camera
        lines = [line for edge in self.points.edges() for line in seen_lines(camera, np.array(edge))]
        return (Drawn("room", lines),)

    def floor_m(self) -> tuple[float, float]:
        return self.points.room.width_m, self.points.room.depth_m

    def _show(self) -> None:
        points, numbers = self.points, self.points.numbers()
        self.room.show_marked({n: Numbered(at, colour_of(at)) for n, at in numbers.items()}, self._chosen)
        marks, _, armed = self.marks()
        off = {mark.key: mark.error_px for mark in marks}
        records = []
        for name in points.places():
            number = numbers.get(name)
            error = off.get(name)
            first = Cell(f"{number}", colour=colour_of(number), dot=True) if number else Cell("–")
            last = Cell("" if error is None else f"{error:.1f}", strong=error is not None and error >= 5)
            records.append(Record(name, (first, Cell(name, strong=bool(number)), last)))
        self.table.show_records(records)
        if self._chosen:
            self.table.choose(self._chosen)
        else:
            self.table.clearSelection()
        if armed is not None:
            self._next.setText(self.tr("Now click “{name}” on the frame.").format(name=armed.words))
        elif self._chosen:
            words = self.tr("Drag “{name}”, or arrow keys: 1 px, with Shift 0.1 px. Del removes it.")
            self._next.setText(words.format(name=self._chosen))
        else:
            self._next.setText(self.tr("Click a corner here that you can see on the frame."))
        self.changed.emit()

    def close_way(self) -> None:
        self._calm.stop()
        self._work.stop(wait=True)


def colour_of(number: int) -> str:
    """The colour of mark `number`, far from its neighbours'."""
    return theme.LABELS[(number - 1) % len(theme.LABELS)]
