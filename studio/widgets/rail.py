"""The rail at the left: the pages in the order of the work, keys and settings at its foot. Icons carry names."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from studio import icons, theme
from studio.commands import tip
from studio.words import said


@dataclass(frozen=True)
class Place:
    """A button of the rail: its name (of a command, `page-NAME` for pages), words and icon."""

    name: str
    words: str
    icon: str


class _RailButton(QToolButton):
    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.setObjectName("railbutton")
        self.setText(said(place.words))
        self.setToolTip(tip(place.name))
        self.setAccessibleName(said(place.words))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setIconSize(QSize(20, 20))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._tint()

    def _tint(self) -> None:
        look = theme.now()
        self.setIcon(icons.icon(self.place.icon, look.text2, 20, look.off, look.accent))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._tint()


class Rail(QWidget):
    """Pages above, the rest below; `wanted` names the command of the button that was pressed."""

    wanted = Signal(str)

    def __init__(self, pages: tuple[Place, ...], foot: tuple[Place, ...]) -> None:
        super().__init__()
        self.setObjectName("rail")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(max(theme.HEIGHT["rail"], theme.px(58)))
        box = QVBoxLayout(self)
        box.setContentsMargins(5, 4, 5, 6)
        box.setSpacing(3)
        self._buttons: dict[str, _RailButton] = {}
        self._pages = QButtonGroup(self)
        for place in pages:
            button = self._add(place)
            button.setCheckable(True)
            self._pages.addButton(button)
            box.addWidget(button)
        box.addStretch(1)
        for place in foot:
            box.addWidget(self._add(place))
        longest = max(each.fontMetrics().horizontalAdvance(each.text()) for each in self._buttons.values())
        self.setFixedWidth(max(self.width(), longest + 14))  # words of another language may be longer

    def _add(self, place: Place) -> _RailButton:
        button = _RailButton(place)
        button.clicked.connect(self._pressed)
        self._buttons[place.name] = button
        return button

    def show_page(self, name: str) -> None:
        """Light the button of the page in front."""
        self._buttons[name].setChecked(True)

    def enable(self, name: str, on: bool, why_not: str = "") -> None:
        """A page that cannot be opened stays where it is and says why."""
        button = self._buttons[name]
        button.setEnabled(on)
        button.setToolTip(tip(name) if on else why_not)

    def _pressed(self) -> None:
        button = self.sender()
        assert isinstance(button, _RailButton)
        self.wanted.emit(button.place.name)
