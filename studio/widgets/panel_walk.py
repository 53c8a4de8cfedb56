"""F6: from panel to panel in reading order, to the first thing in each that can be worked with."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QWidget

_ROW_PX = 100
"""Panels whose tops are closer than this stand in one row."""


def walk_panels(within: QWidget, step: int, *, by_column: bool = False) -> None:
    """Move the focus to the next panel, or with `step` -1 the one before; row by row, or column by column."""
    panels = [each for each in within.findChildren(QFrame) if each.objectName() == "panel" and each.isVisible()]

    def place(panel: QFrame) -> tuple[int, int]:
        at = panel.mapTo(within, QPoint())
        return (at.x(), at.y()) if by_column else (at.y() // _ROW_PX, at.x())

    panels.sort(key=place)
    stops = [(panel, first) for panel in panels if (first := _first_control(panel)) is not None]
    if not stops:
        return
    focus = within.window().focusWidget()
    now = next((at for at, (panel, _) in enumerate(stops) if focus and panel.isAncestorOf(focus)), None)
    goal = (0 if step > 0 else -1) if now is None else (now + step) % len(stops)
    stops[goal][1].setFocus(Qt.FocusReason.TabFocusReason)


def _first_control(panel: QWidget) -> QWidget | None:
    return next(
        (
            each
            for each in panel.findChildren(QWidget)
            if each.isVisible() and each.isEnabled() and each.focusPolicy() & Qt.FocusPolicy.TabFocus
        ),
        None,
    )
