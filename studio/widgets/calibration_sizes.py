"""The form in which a room is measured: its size, doors and boxes in it, and places of one's own. Metres."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QGridLayout, QLineEdit, QVBoxLayout, QWidget

from core.geometry.rooms import MOST_M, Box, Opening, Room
from studio.widgets import parts
from studio.widgets.calibration_plan import Points
from studio.widgets.number_field import number_field

_LEAST_M = 0.01
_WALLS = ("back", "left", "right")
Field = tuple[str, float, float, Callable[[float], None]]
"""Its word, its value, the least it may be, and what takes another value."""


class SizesForm(QWidget):
    """Shows the room of some points; `changed` tells the points with what was typed, and the step in words."""

    changed = Signal(object, str)

    def __init__(self) -> None:
        super().__init__()
        self._points = Points()
        self._shape: object = None
        self._editors: list[QDoubleSpinBox] = []
        self._walls: list[QComboBox] = []
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._inside: QWidget | None = None
        self.show_points(self._points)

    def show_points(self, points: Points) -> None:
        """Another room; the fields are made anew only where there are others than before."""
        self._points = points
        room = points.room
        shape = [each.name for each in room.openings], [each.name for each in room.boxes], list(points.own)
        if shape != self._shape:
            self._shape = shape
            self._fill()
            return
        for editor, value in zip(self._editors, self._values(), strict=True):
            if abs(editor.value() - value) > 1e-9:
                was = editor.blockSignals(True)
                editor.setValue(value)
                editor.blockSignals(was)
        for wall, opening in zip(self._walls, room.openings, strict=True):
            wall.setCurrentIndex(_WALLS.index(opening.wall))

    # ---- fields ----

    def _values(self) -> list[float]:
        """Every number of the form, in its order."""
        room = self._points.room
        values = [room.width_m, room.depth_m, room.height_m]
        for opening in room.openings:
            values += [opening.offset_m, opening.width_m, opening.height_m]
        for box in room.boxes:
            values += [box.x_m, box.z_m, box.height_m, box.width_m, box.depth_m, box.bottom_m]
        for place in self._points.own.values():
            values += place
        return values

    def _fill(self) -> None:
        self._editors, self._walls = [], []
        inside = parts.col(gap=10)
        rows = inside.layout()
        assert isinstance(rows, QVBoxLayout)
        self._add_room(rows)
        for at in range(len(self._points.room.openings)):
            self._add_opening(rows, at)
        for at in range(len(self._points.room.boxes)):
            self._add_box(rows, at)
        for name in self._points.own:
            self._add_place(rows, name)
        buttons = (
            (self.tr("Add a door"), self.tr("A door, a window or a picture on a wall"), self._new_opening),
            (self.tr("Add a box"), self.tr("A table, a worktop, a cupboard"), self._new_box),
            (self.tr("Add a place"), self.tr("A place whose three numbers you measured"), self._new_place),
        )
        made = []
        for words, tip, make in buttons:
            button = parts.button(words, "plus", "quiet")
            button.setToolTip(tip)
            button.clicked.connect(make)
            made.append(button)
        rows.addWidget(parts.col(*(parts.row(each, None) for each in made), gap=2))
        note = self.tr("Measured from the back left corner of the floor: to the right, up, and towards the front.")
        rows.addWidget(parts.text(note, "caption", wrap=True))
        rows.addStretch(1)
        area = parts.scroll(inside)
        self._box.addWidget(area)
        if self._inside is not None:
            self._box.removeWidget(self._inside)
            self._inside.hide()
            self._inside.deleteLater()
        self._inside = area

    def _add_room(self, rows: QVBoxLayout) -> None:
        def change(**sizes: float) -> None:
            self._say(lambda points: points.with_room(replace(points.room, **sizes)), self.tr("the room's size"))

        room = self._points.room
        rows.addWidget(parts.text(self.tr("Room"), "strong"))
        rows.addWidget(
            self._grid(
                self.tr("Room"),
                (self.tr("wide"), room.width_m, _LEAST_M, lambda value: change(width_m=value)),
                (self.tr("deep"), room.depth_m, _LEAST_M, lambda value: change(depth_m=value)),
                (self.tr("high"), room.height_m, _LEAST_M, lambda value: change(height_m=value)),
            )
        )

    def _add_opening(self, rows: QVBoxLayout, at: int) -> None:
        opening = self._points.room.openings[at]

        def change(**what: Any) -> None:
            def changed(points: Points) -> Points:
                one = points.room.openings[at]
                room = replace(points.room, openings=_with(points.room.openings, at, replace(one, **what)))
                return points.with_room(room, (one.name, what["name"]) if "name" in what else None)

            self._say(changed, opening.name)

        wall = QComboBox()
        wall.setAccessibleName(self.tr("Wall of {name}").format(name=opening.name))
        wall.addItems([self.tr("back wall"), self.tr("left wall"), self.tr("right wall")])
        wall.setCurrentIndex(_WALLS.index(opening.wall))
        wall.activated.connect(lambda chosen: change(wall=_WALLS[chosen]))
        self._walls.append(wall)
        rows.addWidget(self._head(opening.name, change, lambda: self._take_opening(at), wall))
        rows.addWidget(
            self._grid(
                opening.name,
                (self.tr("from the left"), opening.offset_m, 0.0, lambda value: change(offset_m=value)),
                (self.tr("wide"), opening.width_m, _LEAST_M, lambda value: change(width_m=value)),
                (self.tr("high"), opening.height_m, _LEAST_M, lambda value: change(height_m=value)),
            )
        )

    def _add_box(self, rows: QVBoxLayout, at: int) -> None:
        box = self._points.room.boxes[at]

        def change(**what: Any) -> None:
            def changed(points: Points) -> Points:
                one = points.room.boxes[at]
                room = replace(points.room, boxes=_with(points.room.boxes, at, replace(one, **what)))
                return points.with_room(room, (one.name, what["name"]) if "name" in what else None)

            self._say(changed, box.name)

        rows.addWidget(self._head(box.name, change, lambda: self._take_box(at)))
        rows.addWidget(
            self._grid(
                box.name,
                (self.tr("from the left"), box.x_m, -MOST_M, lambda value: change(x_m=value)),
                (self.tr("from the back"), box.z_m, -MOST_M, lambda value: change(z_m=value)),
                (self.tr("high"), box.height_m, _LEAST_M, lambda value: change(height_m=value)),
                (self.tr("wide"), box.width_m, _LEAST_M, lambda value: change(width_m=value)),
                (self.tr("deep"), box.depth_m, _LEAST_M, lambda value: change(depth_m=value)),
                (self.tr("over the floor"), box.bottom_m, 0.0, lambda value: change(bottom_m=value)),
            )
        )

    def _add_place(self, rows: QVBoxLayout, name: str) -> None:
        def change(**what: Any) -> None:
            def changed(points: Points) -> Points:
                new = what.get("name", name)
                x, y, z = (what.get(axis, value) for axis, value in zip("xyz", points.own[name], strict=True))
                own = {
                    new if each == name else each: (x, y, z) if each == name else place
                    for each, place in points.own.items()
                }
                return points.with_own(own, (name, new))

            self._say(changed, name)

        rows.addWidget(self._head(name, change, lambda: self._take_place(name)))
        place = self._points.own[name]
        words = (self.tr("to the right"), self.tr("up"), self.tr("to the front"))
        fields = [
            (word, number, -MOST_M, lambda value, axis=axis: change(**{axis: value}))
            for axis, word, number in zip("xyz", words, place, strict=True)
        ]
        rows.addWidget(self._grid(name, *fields))

    def _head(self, name: str, change: Callable[..., None], take_out: Callable[[], None], *more: QWidget) -> QWidget:
        """A thing's name, which can be changed, and the way to take it out."""
        editor = QLineEdit(name)
        editor.setAccessibleName(self.tr("Name of {name}").format(name=name))
        editor.setMaxLength(40)

        def renamed() -> None:
            words = editor.text().strip()
            if words == name:
                return
            if words and words not in self._names():
                change(name=words)
            else:
                editor.setText(name)  # two things of one name could not be told apart

        editor.editingFinished.connect(renamed)
        out = parts.tool("trash", self.tr("Take {name} out").format(name=name))
        out.clicked.connect(lambda: take_out())
        return parts.row((editor, 1), *more, out, gap=4)

    def _grid(self, name: str, *fields: Field) -> QWidget:
        """Fields in metres, three in a row, each under its word."""
        made = QWidget()
        grid = QGridLayout(made)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(2)
        for at, (words, value, least, take) in enumerate(fields):
            editor = number_field(f"{name}, {words}", value, least, MOST_M, "m")
            editor.valueChanged.connect(take)
            self._editors.append(editor)
            label = parts.text(words, "caption")
            label.setBuddy(editor)
            grid.addWidget(label, 2 * (at // 3), at % 3)
            grid.addWidget(editor, 2 * (at // 3) + 1, at % 3)
        for column in range(3):
            grid.setColumnStretch(column, 1)
        return made

    # ---- changes ----

    def _names(self) -> set[str]:
        room = self._points.room
        return {each.name for each in (*room.boxes, *room.openings)} | set(self._points.own) | {"floor", "ceiling"}

    def _free(self, words: str) -> str:
        names = self._names()
        return next(each for each in (words, *(f"{words} {n}" for n in range(2, len(names) + 3))) if each not in names)

    def _say(self, change: Callable[[Points], Points], what: str) -> None:
        points = change(self._points)
        if points != self._points:
            self.changed.emit(points, what)

    def _new_opening(self) -> None:
        name = self._free(self.tr("door"))
        made = Opening(name, "left", 1.0, 0.9, 2.0)
        self._say_room(lambda room: replace(room, openings=(*room.openings, made)), name)

    def _new_box(self) -> None:
        name = self._free(self.tr("table"))
        made = Box(name, 0.5, 0.5, 1.2, 0.6, 0.9)
        self._say_room(lambda room: replace(room, boxes=(*room.boxes, made)), name)

    def _new_place(self) -> None:
        name = self._free(self.tr("place"))
        self._say(lambda points: points.with_own({**points.own, name: (1.0, 1.0, 1.0)}), name)

    def _take_opening(self, at: int) -> None:
        name = self._points.room.openings[at].name
        self._say_room(lambda room: replace(room, openings=_with(room.openings, at)), name)

    def _take_box(self, at: int) -> None:
        name = self._points.room.boxes[at].name
        self._say_room(lambda room: replace(room, boxes=_with(room.boxes, at)), name)

    def _take_place(self, name: str) -> None:
        self._say(lambda points: points.with_own({k: v for k, v in points.own.items() if k != name}), name)

    def _say_room(self, change: Callable[[Room], Room], what: str) -> None:
        self._say(lambda points: points.with_room(change(points.room)), what)


def _with(those: tuple[Any, ...], at: int, *other: Any) -> tuple[Any, ...]:
    """`those` with the one at `at` replaced, or left out."""
    return (*those[:at], *other, *those[at + 1 :])
