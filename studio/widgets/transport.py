"""The row below the picture: play, step, time, loop, speed, and what is drawn on the picture."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QWidget

from studio import theme
from studio.commands import tip
from studio.widgets import parts
from studio.words import say

SPEEDS = (("½×", 0.5), ("1×", 1.0), ("2×", 2.0), ("4×", 4.0), ("8×", 8.0), ("16×", 16.0))


class Transport(QWidget):
    """Buttons for commands, by name; the page carries them out."""

    asked = Signal(str)
    """The name of a command."""
    speed_chosen = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self._previous = self._button("back", "previous-segment")
        self._step_back = self._button("step_back", "step-back")
        self.play = self._button("play", "play", size=18)
        self._step = self._button("step", "step")
        self._next = self._button("forward", "next-segment")
        self._time = parts.text("0:00.00", "strong")
        self._time.setAccessibleName(say("Time"))
        self._length = parts.text("", "caption")
        self.loop = self._button("loop", "loop", checkable=True)
        self.speeds = parts.Segmented([name for name, _ in SPEEDS], 1, self._speed)
        self.speeds.setAccessibleName(self.tr("Speed"))
        self.speeds.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.speed_menu = parts.button(SPEEDS[1][0], "down", "quiet")
        self.speed_menu.setToolTip(self.tr("How fast Space plays"))
        self.speed_menu.setAccessibleName(self.tr("Speed"))
        self.speed_choices = self._menu_of_speeds()
        self.speed_menu.clicked.connect(self._open_speeds)
        self.speed_menu.hide()
        self.pace = parts.text("", "caption")
        self.pace.setAccessibleName(self.tr("Playing at"))
        self.joints = self._button("skeleton", "show-joints", on=True)
        self.actor = self._button("person", "next-actor")
        self.tone = self._button("settings", "brightness")
        self.fit = self._button("fit", "fit")
        box = QHBoxLayout(self)
        box.setContentsMargins(2, 0, 2, 0)
        box.setSpacing(3)
        time = parts.row(self._time, self._length, gap=6, margins=(4, 0, 8, 0))
        parts.fill(
            box,
            (
                *(self._previous, self._step_back, self.play, self._step, self._next, time, self.loop, self.speeds),
                *(self.speed_menu, self.pace, None, self.joints, self.actor, self.tone, self.fit),
            ),
        )

    def add_control(self, control: QWidget) -> None:
        """Another switch of what is drawn on the picture, before the others."""
        box = self.layout()
        assert isinstance(box, QHBoxLayout)
        box.insertWidget(box.indexOf(self.joints), control)

    def show_time(self, now: str, length: str) -> None:
        """Where the playhead is, and how long the clip."""
        self._time.setText(now)
        self._length.setText(f"/ {length}")

    def show_speed(self, speed: float) -> None:
        """How fast it plays now: 0 stands still, negative runs back."""
        self.play.show_icon("pause" if speed else "play")
        pace = self.tr("{0}× back").format(f"{-speed:g}") if speed < 0 else f"{speed:g}×"
        chosen = SPEEDS[self.speeds.chosen][1]
        self.pace.setText("" if speed in (0, chosen) else pace.replace("0.5", "½"))

    def set_narrow(self, *, narrow: bool) -> None:
        """In a narrow window what is less needed makes room; its keys still hold."""
        self.actor.setVisible(not narrow)
        self.tone.setVisible(not narrow)
        self.speeds.setVisible(not narrow)
        self.speed_menu.setVisible(narrow)
        self._length.setVisible(not narrow or theme.scale() < 1.2)

    def _button(
        self, icon: str, command: str, *, size: int = 16, checkable: bool = False, on: bool = False
    ) -> parts.Tool:
        made = parts.tool(icon, tip(command), checkable=checkable, on=on, size=size)
        made.clicked.connect(lambda: self.asked.emit(command))
        return made

    def _menu_of_speeds(self) -> QMenu:
        menu = QMenu(self)
        menu.setAccessibleName(self.tr("Speed"))
        for index, (name, _) in enumerate(SPEEDS):
            menu.addAction(name, partial(self._speed, index))
        return menu

    def _open_speeds(self) -> None:
        for index, one in enumerate(self.speed_choices.actions()):
            one.setCheckable(True)
            one.setChecked(index == self.speeds.chosen)
        self.speed_choices.popup(self.speed_menu.mapToGlobal(self.speed_menu.rect().topLeft()))

    def _speed(self, index: int) -> None:
        self.speeds.choose(index)
        self.speed_menu.setText(SPEEDS[index][0])
        self.speed_chosen.emit(SPEEDS[index][1])
