"""The keys that hold, by where they hold: found by words or by pressing one, changed, taken away, reset, as a file.

A key that means something else already is refused by name, with a button that takes it away there. Every change holds
at once, in the whole studio, and can be taken back here. The window knows keymaps and no page.
"""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QPen, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFrame,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from core.errors import CoreError
from studio import keymap as keys
from studio import theme
from studio.commands import BY_NAME, WHERE_WORDS, Command, shown, shown_key, words_of
from studio.keymap import PRESETS, Keymap
from studio.widgets import parts
from studio.widgets.dialogs import Dialog
from studio.widgets.key_list import KeyList
from studio.words import said, say

_MODIFIERS = (Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr)


class KeyCatcher(QLabel):
    """Takes the next key that is pressed, whatever it would do elsewhere. Esc gives up."""

    caught = Signal(str)  # the key's portable name
    gave_up = Signal()

    def __init__(self) -> None:
        super().__init__(said("Press the key…"))
        self.setProperty("role", "strong")
        self.setAccessibleName(said("Press the key; Esc gives up"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setFixedHeight(theme.px(28))
        self.setMinimumWidth(theme.px(150))
        self.hide()

    def start(self) -> None:
        self.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            self._take(event)
            return True
        away = isinstance(event, QFocusEvent) and event.reason() != Qt.FocusReason.ActiveWindowFocusReason
        if event.type() == QEvent.Type.FocusOut and away and self.isVisible():
            self.hide()
            self.gave_up.emit()
        return super().event(event)

    def _take(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _MODIFIERS:
            return
        modifiers = event.modifiers()
        if key == Qt.Key.Key_Backtab:
            key = Qt.Key.Key_Tab
        self.blockSignals(True)  # hiding takes the focus away, which is not giving up
        self.hide()
        self.blockSignals(False)
        if key == Qt.Key.Key_Escape and not modifiers:
            self.gave_up.emit()
        else:
            name = QKeySequence(modifiers.value | key.value).toString(QKeySequence.SequenceFormat.PortableText)
            self.caught.emit(name.replace("Backtab", "Tab"))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.now().accent), 2))
        painter.setBrush(QColor(theme.now().field))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 5, 5)
        painter.end()
        super().paintEvent(event)


class KeysWindow(Dialog):
    """Shows a keymap and changes it; whoever opened it lets the changed one hold."""

    changed = Signal()

    def __init__(self, keymap: Keymap, parent: QWidget | None) -> None:
        super().__init__(said("Keys"), parent, 680)
        self.keymap = keymap
        self._former: list[tuple[str, Keymap]] = []  # what each change was, and the keys before it
        self._asked: Callable[[], None] | None = None
        self._wanted_key = ""
        self.search = parts.search("Find a command")
        self.search.textChanged.connect(self._filter)
        self.by_key = parts.button("Press a key to find it", "keyboard", "quiet")
        self.by_key.clicked.connect(self._find_by_key)
        self.preset = QComboBox()
        self.preset.setAccessibleName(said("Preset"))
        for name, each in PRESETS.items():
            self.preset.addItem(said(each.title), name)
        self.preset.activated.connect(self._use_preset)
        self._about = parts.text("", "caption", wrap=True)
        self._about.setMinimumHeight(theme.px(32))
        self.tree = KeyList()
        self.tree.currentItemChanged.connect(self._chosen)
        self.tree.itemActivated.connect(lambda _: self.change.click())
        self._words = parts.text("", "strong")
        self._place = parts.text("", "caption")
        self.catcher = KeyCatcher()
        self.change = parts.button("Change")
        self.remove = parts.button("Take away", kind="quiet")
        self.reset = parts.button("Reset", kind="quiet")
        self.told = parts.text("", "label", wrap=True)
        self.told.setMinimumHeight(theme.px(20))
        self.take = parts.button("Take it")
        self.take.hide()
        self.undo = parts.button("Undo", "undo", "quiet", enabled=False)
        self._catches_for = ""
        self._place_all()
        self._connect()
        self._fill()
        self.search.setFocus()

    def _place_all(self) -> None:
        load, save, all_back = parts.button("Import…"), parts.button("Export…"), parts.button("Reset all")
        load.clicked.connect(self._import)
        save.clicked.connect(self._export)
        all_back.clicked.connect(self._reset_all)
        card = QFrame()
        card.setObjectName("card")
        inside = parts.col(
            parts.row((self._words, 0), self._place, None, self.catcher, self.change, self.remove, self.reset, gap=6),
            parts.row((self.told, 1), self.take, gap=8),
            gap=4,
        )
        within = QVBoxLayout(card)
        within.setContentsMargins(12, 10, 12, 10)
        within.addWidget(inside)
        self.box.addWidget(parts.row(parts.text("Keys as in", "label"), self.preset, None, load, save, all_back, gap=6))
        self.box.addWidget(self._about)
        self.box.addWidget(parts.row((self.search, 1), self.by_key, gap=6))
        self.box.addWidget(self.tree, 1)
        self.box.addWidget(card)
        self.add_close(self.undo)

    def _connect(self) -> None:
        self.change.clicked.connect(self._catch)
        self.remove.clicked.connect(self._take_away)
        self.reset.clicked.connect(self._reset)
        self.take.clicked.connect(self._confirm)
        self.undo.clicked.connect(self._undo)
        self.catcher.caught.connect(self._caught)
        self.catcher.gave_up.connect(self._gave_up)
        QShortcut(QKeySequence.StandardKey.Undo, self, self._undo)

    # ---- the list ----

    def _fill(self) -> None:
        """Every command below where it holds."""
        chosen = self.tree.chosen
        self.tree.show_keys(self.keymap)
        self.preset.setCurrentIndex(self.preset.findData(self.keymap.preset))
        count = len(self.keymap.changed)
        own = say("{count} of your own.", count=count) if count else ""
        self._about.setText(f"{said(PRESETS[self.keymap.preset].words)} {own}".strip())
        self._filter()
        if chosen in self.tree.listed():
            self.tree.choose(chosen)
        self._chosen()

    def _filter(self) -> None:
        """Rows whose words or key answer the field; or whose key is the one that was pressed."""
        if self.search.text().strip():
            self._wanted_key = ""
        self.by_key.setText(
            say("Finds {key}", key=shown_key(self._wanted_key)) if self._wanted_key else said("Press a key to find it")
        )
        self.tree.narrow(self.search.text(), self._wanted_key)

    def _find_by_key(self) -> None:
        if self._wanted_key:
            self._wanted_key = ""
            self._filter()
            return
        self._catches_for = "find"
        self.catcher.start()

    # ---- the chosen one ----

    def _chosen(self, *_: object) -> None:
        name = self.tree.chosen
        self._ask("")
        self._words.setText(words_of(name) if name else said("No command like this"))
        self._place.setText(said(WHERE_WORDS[BY_NAME[name].where]) if name else "")
        self.change.setEnabled(bool(name))
        self.remove.setEnabled(bool(name and self.keymap.keys(name)))
        self.reset.setEnabled(name in self.keymap.changed)

    def _ask(self, words: str, take: Callable[[], None] | None = None) -> None:
        """Say something about the chosen command; `take` is what its button does."""
        self.told.setText(words)
        self._asked = take
        self.take.setVisible(take is not None)
        if take is not None:
            self.take.setFocus(Qt.FocusReason.OtherFocusReason)

    def _catch(self) -> None:
        if self.tree.chosen:
            self._ask("")
            self._catches_for = self.tree.chosen
            self.catcher.start()

    def _gave_up(self) -> None:
        if self.isVisible() and not self.take.isVisible():
            self.tree.setFocus()

    def _caught(self, key: str) -> None:
        self.tree.setFocus()
        if self._catches_for == "find":
            self.search.clear()
            self._wanted_key = key
            self._filter()
            return
        name = self._catches_for
        if reason := keys.why_not(key, name):
            self._ask(reason)
            return
        if holders := self.keymap.holders(name, key):
            self._refuse(key, holders, lambda: self._give(name, key))
        else:
            self._give(name, key)

    def _refuse(self, key: str, holders: list[Command], take: Callable[[], None]) -> None:
        names = ", ".join(f"{words_of(each.name)} ({said(WHERE_WORDS[each.where])})" for each in holders)
        self._ask(say("{key} is {command}. Take it away there?", key=shown_key(key), command=names), take)

    def _confirm(self) -> None:
        if self._asked is not None:
            self._asked()
            self.tree.setFocus()

    def _give(self, name: str, key: str) -> None:
        what = say("{command} is {key}", command=words_of(name), key=shown_key(key))
        self._do(what, lambda: self.keymap.give(name, key, take=True))

    def _take_away(self) -> None:
        name = self.tree.chosen
        if name:
            self._do(say("{command} has no key", command=words_of(name)), lambda: self.keymap.take_away(name))

    def _reset(self) -> None:
        name = self.tree.chosen
        if name not in self.keymap.changed:
            return

        def back() -> None:
            self._do(say("Reset {command}", command=words_of(name)), lambda: self.keymap.reset(name, take=True))

        others = self.keymap.copy().reset(name)
        if others:
            self._refuse(self.keymap.of_preset(name)[0], others, back)
        else:
            back()

    # ---- all of them ----

    def _use_preset(self) -> None:
        name = self.preset.currentData()
        if name != self.keymap.preset or self.keymap.changed:
            self._do(say("Keys as in {preset}", preset=said(PRESETS[name].title)), lambda: self.keymap.use(name))

    def _reset_all(self) -> None:
        if self.keymap.changed:
            self._do(said("Reset all"), lambda: self.keymap.use(self.keymap.preset))
        else:
            self._ask(said("All keys are those of the preset."))

    def _export(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, said("Export keys"), "posecast-keys.toml", said("Keys (*.toml)"))
        if chosen:
            self.write(Path(chosen))

    def write(self, file: Path) -> None:
        """The keys as a file, or why not."""
        try:
            self.keymap.write(file)
        except CoreError as error:
            self._ask(f"{error} {error.hint}")
        else:
            self._ask(say("The keys are in {file}.", file=file.name))

    def _import(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, said("Import keys"), "", said("Keys (*.toml)"))
        if chosen:
            self.read(Path(chosen))

    def read(self, file: Path) -> None:
        """The keys of a file instead of these; what of it was not understood is said."""
        try:
            found, complaints = keys.read(file)
        except CoreError as error:
            self._ask(f"{error} {error.hint}")
            return

        def use() -> None:
            self.keymap.preset, self.keymap.changed = found.preset, found.changed

        self._do(say("Keys of {file}", file=file.name), use)
        if complaints:
            self._ask("\n".join(complaints))

    def _do(self, what: str, change: Callable[[], object]) -> None:
        """Change the keys so that it holds at once and can be taken back."""
        self._former.append((what, self.keymap.copy()))
        change()
        self._tell(what)

    def _undo(self) -> None:
        if self._former:
            what, before = self._former.pop()
            self.keymap.preset, self.keymap.changed = before.preset, before.changed
            self._tell(say("Taken back: {what}", what=what))

    def _tell(self, what: str) -> None:
        self.changed.emit()
        self._fill()
        self._ask(what + ".")
        self.undo.setEnabled(bool(self._former))
        undo = said("Undo")
        self.undo.setText(f"{undo}: {parts.literal(self._former[-1][0])}" if self._former else undo)
        self.undo.setToolTip(shown("undo"))
