"""A small button by the picture: whether joints, a body or both stand for a person, how opaque, and where. No page."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMenu, QSlider, QVBoxLayout, QWidget, QWidgetAction

from studio import theme
from studio.commands import tip
from studio.display import SHOWS, Display, Place
from studio.settings import MOST_TRANSPARENT
from studio.widgets import parts


class PeopleControl(parts.Button):
    """Says what is shown; a click opens the choices, which hold at once and stay for the next time."""

    changed = Signal()

    def __init__(self, display: Display, place: Place) -> None:
        super().__init__("", "person", "quiet")
        self._display = display
        self._place: Place = place
        self.setToolTip(tip("shown-parts"))
        self._menu = QMenu(self)
        self._menu.setAccessibleName(self.tr("How people are shown"))
        inside = QWidget()
        box = QVBoxLayout(inside)
        box.setContentsMargins(12, 10, 12, 10)
        box.setSpacing(8)
        self._shows = parts.Segmented(
            (self.tr("Joints"), self.tr("Body"), self.tr("Both")), 0, lambda at: display.show(place, SHOWS[at])
        )
        self._where = parts.Segmented(
            (self.tr("In front"), self.tr("Beside")), 0, lambda at: display.set_beside(on=at == 1)
        )
        self._where.setAccessibleName(self.tr("In front of the picture or beside it"))
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(MOST_TRANSPARENT, 100)
        self.opacity.setMinimumWidth(theme.px(120))
        self.opacity.setAccessibleName(self.tr("Opacity of the body, percent"))
        self.opacity.valueChanged.connect(lambda percent: display.set_opacity(percent / 100))
        self._percent = parts.text("", "label")
        self._percent.setMinimumWidth(theme.px(40))
        width = 86
        box.addWidget(parts.field(self.tr("Shown"), self._shows, width=width))
        box.addWidget(parts.field(self.tr("Place"), self._where, width=width))
        box.addWidget(parts.field(self.tr("Opacity"), parts.row(self.opacity, self._percent, gap=8), width=width))
        box.addWidget(parts.text(self.tr("A body's size is an estimate unless it is known."), "caption"))
        action = QWidgetAction(self._menu)
        action.setDefaultWidget(inside)
        self._menu.addAction(action)
        self.clicked.connect(self._open)
        display.changed.connect(self._follow)
        self._follow()

    def _open(self) -> None:
        self._menu.popup(self.mapToGlobal(self.rect().bottomLeft()))

    def _follow(self) -> None:
        display = self._display
        shows = display.shows(self._place)
        words = {"joints": self.tr("Joints"), "body": self.tr("Body"), "both": self.tr("Joints and body")}[shows]
        self.setText(words)
        self.setAccessibleName(self.tr("People are shown as: {what}").format(what=words))
        self._shows.choose(SHOWS.index(shows))
        self._where.choose(int(display.is_beside))
        self.opacity.blockSignals(True)
        self.opacity.setValue(round(100 * display.opacity))
        self.opacity.blockSignals(False)
        self._percent.setText(f"{round(100 * display.opacity)} %")
        for part in (self._where, self.opacity):
            part.setEnabled(shows != "joints")
