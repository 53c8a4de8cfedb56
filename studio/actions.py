"""The command table as Qt actions: menus, keys and the search list all trigger these, and so does nothing else.

The window and the page in front offer a function for each command they know; a command without one is hidden and its
key is free. Where both know a command, the page in front has it.
"""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QMenu,
    QMenuBar,
    QPlainTextEdit,
    QSlider,
    QTabBar,
    QTextEdit,
    QWidget,
)

from studio.commands import BY_NAME, COMMANDS, MENUS, PAGE_OF, Command, Need, need_on, shown_key, tip, words_of
from studio.document import Document
from studio.keymap import Keymap
from studio.widgets.parts import KeyChip, literal
from studio.words import said

Handlers = Mapping[str, Callable[[], object]]
Checked = Callable[[], Mapping[str, bool]]

_LACKS: dict[Need, str] = {
    "": "",
    "project": "Open a project first",
    "editing": "Somebody else is editing this project",
    "clip": "Choose a clip first",
}

_PRESS = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)
_WALK = (Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
TAKES_TAB = "takesTab"
"""A property of a widget in which Tab is a command and does not leave it; Esc ends that."""
_MOVE = (
    *(Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down),
    *(Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown),
)


class Actions(QObject):
    """One QAction a command, kept in step with the document and the page in front."""

    def __init__(self, window: QWidget, document: Document) -> None:
        super().__init__(window)
        self._document = document
        self._window_handlers: Handlers = {}
        self._page_handlers: Handlers = {}
        self._page_checked: Checked = dict
        self._page_undo: Callable[[], str] = str
        self._page = "projects"
        self._menus: dict[str, QMenu] = {}
        self._submenus: dict[str, QMenu] = {}
        self._actions: dict[str, QAction] = {}
        for command in COMMANDS:
            action = QAction(_menu_words(command), self)
            action.setShortcuts([QKeySequence(key) for key in command.keys])
            action.setCheckable(command.is_toggle)
            action.setData(command.name)
            action.triggered.connect(self._triggered)
            window.addAction(action)
            self._actions[command.name] = action
        for told in (document.opened, document.closed, document.changed, document.clip_chosen):
            told.connect(self.refresh)
        document.became_writable.connect(self.refresh)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._watch_focus)
        self.refresh()

    def offer(self, handlers: Handlers) -> None:
        """What the window itself can do."""
        self._window_handlers = handlers
        self.refresh()

    def set_page(
        self, page: str, handlers: Handlers, checked: Checked = dict, undo_label: Callable[[], str] = str
    ) -> None:
        """The page in front, what it can do, which of its toggles are on, and what its own undo would take back."""
        unknown = set(handlers) - set(BY_NAME)
        assert not unknown, f"no such commands: {sorted(unknown)}"
        self._page, self._page_handlers, self._page_checked = page, handlers, checked
        self._page_undo = undo_label
        self.refresh()
        self._fill_menus()
        self._tick()

    def action(self, name: str) -> QAction:
        return self._actions[name]

    def do(self, name: str) -> None:
        """Carry a command out, if it can be now."""
        self._actions[name].trigger()

    def offered(self) -> list[Command]:
        """The commands that would do something now, in the table's order."""
        return [each for each in COMMANDS if self._actions[each.name].isEnabled()]

    def listed(self) -> list[Command]:
        """The commands somebody offers, whether they can be carried out now or not."""
        return [each for each in COMMANDS if self._handler(each) is not None]

    def lacks(self, command: Command) -> str:
        """Why a command that is offered cannot be carried out now; empty where it can, or nobody knows."""
        if self._actions[command.name].isEnabled():
            return ""
        if command.name in ("undo", "redo") and self._document.is_open:
            return said("Nothing to undo") if command.name == "undo" else said("Nothing to redo")
        need = need_on(command, self._page)
        return said(_LACKS["project" if not self._document.is_open and need else need])

    def take_keys(self, keymap: Keymap) -> None:
        """These keys hold from now on, and stand wherever a key is shown."""
        before = {each.name: tip(each.name) for each in COMMANDS}
        keymap.hold()
        for command in COMMANDS:
            self._actions[command.name].setShortcuts([QKeySequence(key) for key in command.keys])
        turned = {former: tip(name) for name, former in before.items() if former != tip(name)}
        for widget in QApplication.allWidgets():
            if isinstance(widget, KeyChip):
                widget.follow()
            first, line, rest = widget.toolTip().partition("\n")
            if first in turned:
                widget.setToolTip(turned[first] + line + rest)
            if widget.accessibleName() in turned:
                widget.setAccessibleName(turned[widget.accessibleName()])

    def make_menus(self, bar: QMenuBar, submenus: Mapping[str, QMenu]) -> None:
        """The menus, filled anew when another page comes to the front; each submenu stands below its command."""
        self._submenus = dict(submenus)
        for name in MENUS:
            self._menus[name] = bar.addMenu(said(name))
            self._menus[name].aboutToShow.connect(self._tick)
        self._fill_menus()

    def refresh(self) -> None:
        """Which commands are there, which can be carried out, and what undo would take back."""
        document = self._document
        editing = document.is_open and document.read_only_reason is None
        holds = {"": True, "project": document.is_open, "editing": editing, "clip": document.clip is not None}
        undo = (self._page_undo() if "undo" in self._page_handlers else "") or document.undo_label
        steps = (("undo", "Undo", undo), ("redo", "Redo", document.redo_label))
        possible = {name: bool(what) and editing for name, _, what in steps}
        for command in COMMANDS:
            known = self._handler(command) is not None
            action = self._actions[command.name]
            action.setVisible(known)
            action.setEnabled(known and holds[need_on(command, self._page)] and possible.get(command.name, True))
        for name, words, what in steps:
            self._actions[name].setText(f"{said(words)}: {literal(what)}" if what else said(words))

    def _handler(self, command: Command) -> Callable[[], object] | None:
        if command.where != "everywhere" and self._page not in PAGE_OF[command.where]:
            return None
        return self._page_handlers.get(command.name) or self._window_handlers.get(command.name)

    def _triggered(self) -> None:
        action = self.sender()
        assert isinstance(action, QAction)
        handler = self._handler(BY_NAME[action.data()])
        if handler is not None:
            handler()
        self._tick()

    def _tick(self) -> None:
        """Menus show which toggles of the page are on; buttons of the page may have switched them."""
        for name, on in self._page_checked().items():
            self._actions[name].setChecked(on)

    def _fill_menus(self) -> None:
        for name, menu in self._menus.items():
            menu.clear()
            group = None
            for command in COMMANDS:
                if command.menu != name or self._handler(command) is None:
                    continue
                if group is not None and command.group != group:
                    menu.addSeparator()
                group = command.group
                menu.addAction(self._actions[command.name])
                if command.name in self._submenus:
                    menu.addMenu(self._submenus[command.name])
            menu.menuAction().setEnabled(not menu.isEmpty())

    def _watch_focus(self, before: QWidget | None, now: QWidget | None) -> None:
        if before is not None:
            before.removeEventFilter(self)
        if now is not None:
            now.installEventFilter(self)

    def _takes_enter(self, watched: QObject) -> bool:
        """Fields end with Enter what is typed; lists beside the picture choose by it what they list."""
        typed = isinstance(watched, QLineEdit | QAbstractSpinBox | QPlainTextEdit | QTextEdit)
        return typed or (isinstance(watched, QAbstractItemView) and self._page == "annotate")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A focused control keeps the keys it is worked with; everywhere else they are commands."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            bare = _is_bare(event)
            presses = bare and event.key() in _PRESS and isinstance(watched, QAbstractButton | QComboBox)
            moves = (
                bare and event.key() in _MOVE and isinstance(watched, QSlider | QComboBox | QAbstractItemView | QTabBar)
            )
            enters = bare and event.key() in _PRESS[1:] and self._takes_enter(watched)
            walks = event.key() in _WALK and not watched.property(TAKES_TAB)
            if presses or moves or enters or walks:
                event.accept()
                return True
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            enter = event.key() in _PRESS[1:] and not event.isAutoRepeat()
            if enter and isinstance(watched, QAbstractButton) and _is_bare(event):
                watched.click()  # Qt itself does so only in dialogs
                return True
        return False


def _is_bare(event: QKeyEvent) -> bool:
    return not (event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier)


def key_rows(commands: list[Command]) -> list[tuple[str, str]]:
    """What a list of keys shows: words and keys, for commands that have one."""
    return [(words_of(each.name), shown_key(each.key)) for each in commands if each.keys]


def _menu_words(command: Command) -> str:
    """What stands in a menu: with the dots, where a question follows."""
    return words_of(command.name) + ("…" if command.words.endswith("…") else "")
