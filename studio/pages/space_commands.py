"""What can be done with a space view, by the names of the table of commands: from which side, what is drawn beside
bodies, and the menu that a right click opens. Whoever holds the view says which one is in front.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget

from studio.actions import Handlers
from studio.commands import BY_NAME, shown_key
from studio.display import SHOWS, Display, Place
from studio.widgets.viewport import Viewport

_LOOKS = {"space-ghosts": "ghosts", "space-trails": "trails", "space-ground": "grid"}
_MENU = (
    *("space-front", "space-side", "space-top", "space-camera", "space-perspective", ""),
    *("shown-joints", "shown-body", "shown-both", ""),
    *("space-ghosts", "space-trails", "space-ground", "space-follow", "", "fit"),
)


def showing(display: Display, place: Place) -> Handlers:
    """Joints, body or both."""
    each = {f"shown-{name}": partial(display.show, place, name) for name in SHOWS}
    return {"shown-parts": partial(display.cycle, place), **each}


def shown_now(display: Display, place: Place) -> dict[str, bool]:
    """Which of them is on, for the menus."""
    return {f"shown-{name}": display.shows(place) == name for name in SHOWS}


class SpaceCommands:
    """Of one page with a space view, or with several of which one is in front."""

    def __init__(
        self, views: tuple[Viewport, ...], front: Callable[[], Viewport], look: Callable[[str], None], frame: Callable
    ) -> None:
        self._views, self._front, self._look, self._frame = views, front, look, frame

    def handlers(self) -> Handlers:
        made: dict[str, Callable[[], object]] = {
            f"space-{view}": partial(self._look, view) for view in ("front", "side", "top", "camera")
        }
        made |= {name: partial(self._switch, look) for name, look in _LOOKS.items()}
        made["space-follow"] = self._follow
        made["space-perspective"] = self._perspective
        made["fit"] = self._frame
        return made

    def checked(self) -> dict[str, bool]:
        """Which toggles are on."""
        view = self._front()
        made = {name: bool(getattr(view.looks, look)) for name, look in _LOOKS.items()}
        return {**made, "space-follow": view.looks.follows, "space-perspective": view.is_in_perspective}

    def _switch(self, look: str) -> None:
        on = not getattr(self._front().looks, look)
        for view in self._views:
            view.set_looks(replace(view.looks, **{look: on}))

    def _follow(self) -> None:
        on = not self._front().looks.follows
        for view in self._views:
            view.follow(on=on)

    def _perspective(self) -> None:
        on = not self._front().is_in_perspective
        for view in self._views:
            view.set_perspective(on=on)


def space_menu(parent: QWidget, handlers: Handlers, checked: dict[str, bool], *, leave_out: set[str]) -> QMenu:
    """The menu of a right click: everything a key does with the view, ticked where it is on."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for name in _MENU:
        if not name:
            menu.addSeparator()
        elif name in handlers:
            command = BY_NAME[name]
            action = menu.addAction(f"{command.words}\t{shown_key(command.key)}", handlers[name])
            action.setCheckable(name in checked)
            action.setChecked(checked.get(name, False))
            action.setEnabled(name not in leave_out)
    return menu
