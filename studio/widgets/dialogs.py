"""The studio's few dialogs, only the one for a bug modal: settings, long words, findings; and what all are made of."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QCheckBox,
    QComboBox,
    QDialog,
    QGridLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from studio import theme
from studio.settings import TEXT_SIZES, Settings
from studio.widgets import parts
from studio.widgets.body_settings import BodySettings
from studio.words import said, say

_TITLE_BAR, _LEAST_LIST = 40, 90


class Dialog(QDialog):
    """A titled column; Esc closes it. On a low screen the list in it gives way, never the buttons below."""

    def __init__(self, title: str, parent: QWidget | None, width: int) -> None:
        super().__init__(parent)
        self.setWindowTitle(said(title))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(theme.px(width))
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(20, 16, 20, 16)
        self.box.setSpacing(10)
        self.box.addWidget(parts.text(title, "page"))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        for each in self.findChildren(QPushButton):
            each.setAutoDefault(False)  # Enter belongs to what is in focus, never to a button that is not
        self._fit(self.room())

    def room(self) -> int:
        """How high a window can be here, in pixels."""
        return self.screen().availableGeometry().height() - _TITLE_BAR

    def _fit(self, room: int) -> None:
        over = self.minimumSizeHint().height() - room
        areas = sorted(self.findChildren(QAbstractScrollArea), key=lambda each: each.minimumHeight())
        if over > 0 and areas:
            areas[-1].setMinimumHeight(max(theme.px(_LEAST_LIST), areas[-1].minimumHeight() - over))
            self.box.activate()
        if self.height() > room:
            self.resize(self.width(), room)

    def add_close(self, *before: parts.Item) -> None:
        close = parts.button("Close")
        close.clicked.connect(self.close)
        self.box.addWidget(parts.row(*before, None, close, gap=6))


class SettingsDialog(Dialog):
    """What a person prefers; every change holds at once and is kept."""

    changed = Signal()
    keys_wanted = Signal()

    def __init__(self, settings: Settings, parent: QWidget | None) -> None:
        super().__init__("Settings", parent, 520)
        self._settings = settings
        self._name = QLineEdit(settings.name)
        self._name.editingFinished.connect(self._take)
        self._look = QComboBox()
        for words, look in (("Dark", "dark"), ("Light", "light"), ("As the system", "system")):
            self._look.addItem(said(words), look)
        self._look.setCurrentIndex(self._look.findData(settings.look))
        self._size = QComboBox()
        for percent in TEXT_SIZES:
            self._size.addItem(f"{percent} %", percent)
        self._size.setCurrentIndex(self._size.findData(settings.text_size))
        for each in (self._look, self._size):
            each.activated.connect(self._take)
        self._walks = QCheckBox(said("Next missing stops at drafts nobody has looked at"))
        self._walks.setChecked(settings.walks_to_drafts)
        self._copies = QCheckBox(said("Make light copies of videos that are slow to seek"))
        self._copies.setChecked(settings.light_copies)
        for each in (self._walks, self._copies):
            each.clicked.connect(self._take)
        keys = parts.button("Keys…", "keyboard")
        keys.clicked.connect(self.keys_wanted)
        bodies = BodySettings(settings)
        bodies.changed.connect(self.changed)
        self.finished.connect(bodies.close_part)
        where = parts.text(say("Kept in {file}", file=settings.file), "caption", wrap=True)
        where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        inside = parts.col(
            parts.field("Your name", self._name),
            parts.row(theme.px(100), parts.text("It stands beside everything you mark.", "caption"), gap=0),
            parts.field("Theme", self._look),
            parts.field("Text size", self._size),
            parts.hair(),
            self._walks,
            self._copies,
            parts.text("At most 8 GB in the cache folder; those not used for longest go first.", "caption", wrap=True),
            parts.row(keys, None, gap=0),
            parts.hair(),
            bodies,
            parts.hair(),
            where,
            *(parts.text(complaint, "warn", wrap=True) for complaint in settings.complaints),
            None,
            gap=10,
        )
        area = parts.scroll(inside)
        area.setAccessibleName(said("Settings"))
        area.setMinimumHeight(theme.px(440))
        self.box.addWidget(area, 1)
        self.add_close()

    def _take(self) -> None:
        name = self._name.text().strip()
        if name:
            self._settings.name = name
        self._settings.look = self._look.currentData()
        self._settings.text_size = self._size.currentData()
        self._settings.walks_to_drafts = self._walks.isChecked()
        self._settings.light_copies = self._copies.isChecked()
        self._settings.save()
        self.changed.emit()


class WordsDialog(Dialog):
    """A longer text to read and copy: licences, what is on this machine."""

    def __init__(self, title: str, words: str, parent: QWidget | None, *, mono: bool = True) -> None:
        super().__init__(title, parent, 640)
        text = QPlainTextEdit(words)
        text.setReadOnly(True)
        text.setAccessibleName(said(title))
        text.setMinimumHeight(theme.px(360))
        if not mono:
            text.setFont(theme.font())
        self.box.addWidget(text, 1)
        self.add_close(_copy_button(lambda: words))


_SIGNS = {
    "ok": ("check", "ok"),
    "note": ("info", "text3"),
    "warning": ("warn", "warn"),
    "problem": ("warn", "danger"),
    "error": ("warn", "danger"),
}


class FindingsDialog(Dialog):
    """A list of findings: a sign, what it is about, what is the case, and what to do."""

    def __init__(self, title: str, findings: Sequence[tuple[str, str, str, str]], parent: QWidget | None) -> None:
        super().__init__(title, parent, 600)
        grid_holder = QWidget()
        grid = QGridLayout(grid_holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(2, 1)
        for line, (state, what, says, hint) in enumerate(findings):
            sign, colour = _SIGNS[state]
            grid.addWidget(parts.glyph(sign, 15, colour), line, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(parts.text(what, "strong"), line, 1, Qt.AlignmentFlag.AlignTop)
            words = parts.text(f"{says}\n{hint}" if hint else says, "label", wrap=True)
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(words, line, 2)
        grid.setRowStretch(len(findings), 1)
        area = parts.scroll(grid_holder)
        area.setAccessibleName(said(title))
        area.setMinimumHeight(theme.px(min(420, 60 + 27 * len(findings))))
        self.box.addWidget(area, 1)
        text = "\n".join(f"{what}: {says} {hint}".strip() for _, what, says, hint in findings)
        self.add_close(_copy_button(lambda: text))


class BugDialog(Dialog):
    """Something broke that should not have: in words, its details folded, with Copy. The work is on disk."""

    def __init__(self, details: str, saved: str, parent: QWidget | None) -> None:
        super().__init__("Something in Posecast broke", parent, 520)
        self.setModal(True)
        self.box.addWidget(
            parts.text(
                say("The last step was not finished. {saved} You can go on working.", saved=saved), "label", wrap=True
            )
        )
        self._details = QPlainTextEdit(details)
        self._details.setReadOnly(True)
        self._details.setAccessibleName(said("Details"))
        self._details.setMinimumHeight(theme.px(220))
        self._details.hide()
        fold = parts.button("Details", "down", "quiet")
        fold.setCheckable(True)
        fold.toggled.connect(self._details.setVisible)
        fold.toggled.connect(lambda on: fold.show_icon("up" if on else "down"))
        self.box.addWidget(self._details, 1)
        self.add_close(fold, _copy_button(lambda: details))


def _copy_button(words: Callable[[], str]) -> QWidget:
    button = parts.button("Copy", "copy", "quiet")

    def copy() -> None:
        QGuiApplication.clipboard().setText(words())
        button.setText(said("Copied"))

    button.clicked.connect(copy)
    return button
