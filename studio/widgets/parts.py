"""The small parts every page is built from: words, buttons, rows and panels in the studio's look. They know no page.

Parts with an icon tint it again when the theme changes. Colours are named by the words of `theme.Theme`. Words given to
a part are looked up in the person's language (`studio.words`); what is set later comes through `say`.
In `row`, `col` and `panel` an item is a widget, `None` (stretch), an int (pixels of space), or (widget, stretch).
"""

from collections.abc import Callable, Iterable
from typing import Literal

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QBoxLayout,
    QButtonGroup,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio import commands, icons, theme
from studio.words import said

Item = QWidget | int | tuple[QWidget, int] | None
Margins = tuple[int, int, int, int]
Role = Literal[
    "",
    "caption",
    "eyebrow",
    "label",
    "strong",
    "title",
    "page",
    "hero",
    "lead",
    "number",
    "mono",
    "chip",
    "key",
    "ok",
    "warn",
    "danger",
    "link",
]


def fill(box: QBoxLayout, items: Iterable[Item]) -> None:
    """Put items into a layout, in order."""
    for item in items:
        match item:
            case None:
                box.addStretch(1)
            case int():
                box.addSpacing(item)
            case tuple():
                box.addWidget(item[0], item[1])
            case _:
                box.addWidget(item)


def row(*items: Item, gap: int = 8, margins: Margins = (0, 0, 0, 0)) -> QWidget:
    """Items side by side."""
    made = QWidget()
    box = QHBoxLayout(made)
    box.setSpacing(gap)
    box.setContentsMargins(*margins)
    fill(box, items)
    return made


def col(*items: Item, gap: int = 8, margins: Margins = (0, 0, 0, 0)) -> QWidget:
    """Items one below the other."""
    made = QWidget()
    box = QVBoxLayout(made)
    box.setSpacing(gap)
    box.setContentsMargins(*margins)
    fill(box, items)
    return made


def refill(holder: QWidget, widgets: Iterable[QWidget]) -> None:
    """These widgets in the holder's layout instead of those that were there."""
    layout = holder.layout()
    assert layout is not None
    while (item := layout.takeAt(0)) is not None:
        former = item.widget()
        if former is not None:
            former.hide()
            former.deleteLater()
    for widget in widgets:
        layout.addWidget(widget)


def panel(
    title: str | None,
    *items: Item,
    tools: Iterable[Item] = (),
    gap: int = 8,
    margins: Margins = (12, 10, 12, 12),
    name: str = "panel",
) -> QFrame:
    """A panel: its title and tools in one row, its items below."""
    made = QFrame()
    made.setObjectName(name)
    box = QVBoxLayout(made)
    box.setSpacing(gap)
    box.setContentsMargins(*margins)
    if title is not None:
        made.setAccessibleName(said(title))
        box.addWidget(row(text(title, "title"), None, *tools, gap=4))
    fill(box, items)
    return made


def push_left(line: QWidget) -> None:
    """Let what stands in a row keep to its left."""
    layout = line.layout()
    assert isinstance(layout, QHBoxLayout)
    layout.addStretch(1)


def fit_height(window: QWidget) -> None:
    """As high as its words need at its width: what wraps says so only once it is laid out."""
    layout = window.layout()
    assert layout is not None
    layout.activate()
    wide = max(window.width(), window.minimumWidth())
    window.resize(wide, layout.totalHeightForWidth(wide))


def text(words: str = "", role: Role = "", *, wrap: bool = False) -> QLabel:
    """Words in one of the theme's roles."""
    made = QLabel(said(words))
    made.setProperty("role", role)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if role == "chip":
        made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return made


def set_role(label: QLabel, role: Role) -> None:
    """Give a label another role after it was shown."""
    if label.property("role") != role:
        label.setProperty("role", role)
        repolish(label)


def repolish(widget: QWidget) -> None:
    """Let the style sheet see a property that changed."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()


class KeyChip(QLabel):
    """A key as it stands on the keyboard; that of a command follows when the person gives it another."""

    def __init__(self, name: str = "", command: str = "") -> None:
        super().__init__(name)
        self._command = command
        self.setProperty("role", "key")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setFixedHeight(theme.px(18))
        self.setMinimumWidth(18)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.follow()

    def follow(self) -> None:
        """Show the key that holds; nothing where there is none."""
        if self._command:
            name = commands.shown(self._command)
            self.setText(name)
            self.setMinimumWidth(18 if name else 0)
            self.setMaximumWidth(16_777_215 if name else 0)


def key(name: str) -> KeyChip:
    """A key as it stands on the keyboard."""
    return KeyChip(name)


def key_of(command: str) -> KeyChip:
    """The key of a command, whichever that is."""
    return KeyChip(command=command)


def elide(label: QLabel, words: str, width: int, mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle) -> None:
    """Show as much of `words` as fits; the whole stands in the tooltip where it does not."""
    shown = label.fontMetrics().elidedText(words, mode, width)
    label.setText(shown)
    label.setToolTip(words if shown != words else "")


def literal(words: str) -> str:
    """Words of a person, for a button or menu that would take an & in them for the sign of a key."""
    return words.replace("&", "&&")


class Title(QLabel):
    """A page's title: as much of it as there is room for, the whole in its tooltip."""

    def __init__(self) -> None:
        super().__init__()
        self._words = ""
        self.setProperty("role", "page")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setMinimumWidth(1)

    def show_words(self, words: str) -> None:
        self._words = words
        elide(self, words, max(self.width(), 1), Qt.TextElideMode.ElideRight)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.show_words(self._words)


class Glyph(QLabel):
    """An icon as a word."""

    def __init__(self, name: str, size: int = 16, colour: str = "text2") -> None:
        super().__init__()
        self._name, self._size, self._colour = name, size, colour
        self.setFixedSize(size, size)
        self._tint()

    def show_icon(self, name: str, colour: str) -> None:
        self._name, self._colour = name, colour
        self._tint()

    def _tint(self) -> None:
        self.setPixmap(icons.pixmap(self._name, getattr(theme.now(), self._colour), self._size))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._tint()


def glyph(name: str, size: int = 16, colour: str = "text2") -> Glyph:
    return Glyph(name, size, colour)


def _tint(button: QAbstractButton, name: str, size: int, colour: str) -> None:
    look = theme.now()
    icon = icons.icon(name, getattr(look, colour, colour), size, look.off, look.accent)
    if button.icon().cacheKey() == icon.cacheKey():
        return  # a palette moves often while a page is put together, and its colours seldom
    button.setIcon(icon)
    button.setIconSize(QSize(size, size))


class Button(QPushButton):
    """A button that names what happens."""

    def __init__(self, words: str, icon: str = "", kind: str = "", *, big: bool = False) -> None:
        super().__init__(said(words))
        self.setProperty("kind", kind)
        self.setProperty("big", "true" if big else "false")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._icon, self._kind, self._big = icon, kind, big
        self._tint()

    def show_icon(self, name: str) -> None:
        self._icon = name
        self._tint()

    def _tint(self) -> None:
        if self._icon:
            colour = {"primary": "#FFFFFF", "danger": "danger"}.get(self._kind, "text2")
            _tint(self, self._icon, 16 if self._big else 14, colour)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._tint()


def button(words: str, icon: str = "", kind: str = "", *, big: bool = False, enabled: bool = True) -> Button:
    """A button; `kind` is "primary", "quiet", "danger" or empty."""
    made = Button(words, icon, kind, big=big)
    made.setEnabled(enabled)
    return made


class Tool(QToolButton):
    """A button that is an icon; its tooltip says what it does and its key."""

    def __init__(self, icon: str, tip: str, *, checkable: bool = False, size: int = 16) -> None:
        super().__init__()
        self._icon, self._size = icon, size
        self.setToolTip(said(tip))
        self.setAccessibleName(said(tip))
        self.setCheckable(checkable)
        self.setFixedSize(26, 26)
        self._tint()

    def show_icon(self, name: str) -> None:
        self._icon = name
        self._tint()

    def _tint(self) -> None:
        _tint(self, self._icon, self._size, "text2")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._tint()


def tool(icon: str, tip: str, *, checkable: bool = False, on: bool = False, size: int = 16) -> Tool:
    """A tool button; `on` makes it a switch that is on."""
    made = Tool(icon, tip, checkable=checkable or on, size=size)
    made.setChecked(on)
    return made


def search(hint: str, shortcut: str = "", *, width: int | None = None, command: str = "") -> QLineEdit:
    """A field to look for something, at the right its key or that of the command that leads here."""
    made = QLineEdit()
    made.setPlaceholderText(said(hint))
    made.setAccessibleName(said(hint))
    box = QHBoxLayout(made)
    box.setContentsMargins(8, 0, 6, 0)
    box.addWidget(glyph("search", 14, "text3"))
    box.addStretch(1)
    room = 0
    if shortcut or command:
        sign = key_of(command) if command else key(shortcut)
        box.addWidget(sign)
        room = sign.sizeHint().width() + 8
    made.setTextMargins(18, 0, room, 0)
    if width is not None:
        made.setFixedWidth(width)
    return made


class Segmented(QFrame):
    """A few choices side by side, one of them on."""

    def __init__(self, names: Iterable[str], chosen: int = 0, on_choice: Callable[[int], None] | None = None) -> None:
        super().__init__()
        self.setObjectName("well")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        box = QHBoxLayout(self)
        box.setContentsMargins(2, 2, 2, 2)
        box.setSpacing(2)
        self.choices = QButtonGroup(self)  # exclusive; `idClicked` says which one the person took
        for index, name in enumerate(names):
            one = QToolButton()
            one.setText(said(name))
            one.setAccessibleName(said(name))
            one.setProperty("kind", "segment")
            one.setCheckable(True)
            one.setChecked(index == chosen)
            self.choices.addButton(one, index)
            box.addWidget(one)
        if on_choice is not None:
            self.choices.idClicked.connect(on_choice)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A choice whose words have no room says them in its tooltip."""
        super().resizeEvent(event)
        for one in self.choices.buttons():
            if one.toolTip() in ("", one.text()):
                one.setToolTip(one.text() if one.width() < one.minimumSizeHint().width() else "")

    @property
    def chosen(self) -> int:
        return self.choices.checkedId()

    def choose(self, index: int) -> None:
        """Turn one on without telling anybody."""
        self.choices.button(index).setChecked(True)


def segmented(*names: str, chosen: int = 0, on_choice: Callable[[int], None] | None = None) -> Segmented:
    return Segmented(names, chosen, on_choice)


class FrontStack(QStackedWidget):
    """Pages of which only the one in front claims room."""

    def __init__(self) -> None:
        super().__init__()
        self.currentChanged.connect(lambda _: self.updateGeometry())

    def minimumSizeHint(self) -> QSize:
        front = self.currentWidget()
        return front.minimumSizeHint() if front is not None else super().minimumSizeHint()


def hair(*, vertical: bool = False) -> QFrame:
    """A hairline."""
    made = QFrame()
    made.setObjectName("hair")
    if vertical:
        made.setFixedSize(1, 16)
    else:
        made.setFixedHeight(1)
    return made


def scroll(inside: QWidget) -> QScrollArea:
    """A column that scrolls; its fields give way to its width instead of running under the scrollbar."""
    for child in inside.findChildren(QWidget):
        if child.minimumWidth() == 0 and isinstance(child, QLineEdit | QSlider | QComboBox | QSpinBox):
            child.setMinimumWidth(36)
        if child.minimumWidth() == 0 and isinstance(child, QLabel) and child.property("role") != "key":
            child.setMinimumWidth(1)
    layout = inside.layout()
    if layout is not None:
        layout.setContentsMargins(0, 0, 6, 0)
    made = QScrollArea()
    made.setWidget(inside)
    made.setWidgetResizable(True)
    made.setFrameShape(QFrame.Shape.NoFrame)
    made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    made.viewport().setAutoFillBackground(False)
    inside.setAutoFillBackground(False)
    return made


def field(name: str, widget: QWidget, *, width: int = 92) -> QWidget:
    """A named field of a form; the name is the widget's accessible name where it has none."""
    label = text(name, "label")
    label.setWordWrap(label.sizeHint().width() > theme.px(width))  # words of another language may be longer
    label.setFixedWidth(theme.px(width))
    label.setBuddy(widget)
    if not widget.accessibleName():
        widget.setAccessibleName(said(name))
    return row(label, (widget, 1))


def state_card(icon: str, title: str, words: str, *actions: QWidget, colour: str = "text2") -> QWidget:
    """What a place says while it has nothing to show: what is, then what to do."""
    heading = text(title, "title")
    heading.setAlignment(Qt.AlignmentFlag.AlignCenter)
    sentence = text(words, "label", wrap=True)
    sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
    sentence.setFixedWidth(theme.px(360))
    inside = col(
        row(None, glyph(icon, 22, colour), None),
        heading,
        row(None, sentence, None),
        4,
        row(None, *actions, None, gap=6),
        gap=6,
    )
    made = col(None, inside, None)
    made.setAccessibleName(said(title))
    return made
