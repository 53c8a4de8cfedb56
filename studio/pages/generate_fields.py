"""The fields of a question for motion: a slider with its number, an action that is typed or chosen from a list."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QStringListModel, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCompleter,
    QDoubleSpinBox,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QSlider,
    QSpinBox,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from studio import theme
from studio.widgets import parts
from studio.widgets.job_words import grouped
from studio.widgets.painting import put

_LAID_OUT = (QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.StyleChange, QEvent.Type.Polish, QEvent.Type.FontChange)
_OWN_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Delete)


class OwnKeys(QObject):
    """While a field is typed in, Enter and Del are its own and no command of the page."""

    def keep_for(self, field: QWidget) -> None:
        """For this field from now on."""
        inner = field.lineEdit() if isinstance(field, QDoubleSpinBox | QSpinBox) else None
        for each in (field, inner):
            if each is not None:
                each.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        del watched
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return False
        is_bare = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if is_bare and event.key() in _OWN_KEYS:
            event.accept()
            return True
        return False


class _PlainNumber(QDoubleSpinBox):
    """A number without arrows, which takes the whole of its field."""

    def __init__(self) -> None:
        super().__init__()
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() in _LAID_OUT:  # the style sheet keeps room for arrows that are not there
            self.lineEdit().setGeometry(self.rect().adjusted(4, 2, -6, -2))
        return done


class SliderField(QWidget):
    """A named number with a slider beside it. Told at every step: whoever asks waits until it stands still."""

    moved = Signal(float)

    def __init__(
        self, name: str, least: float, most: float, step: float, *, unit: str = "", decimals: int = 1, width: int = 82
    ) -> None:
        super().__init__()
        self._step, self._least = step, least
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName(name)
        self.slider.setMinimumWidth(36)
        self.number = _PlainNumber()
        self.number.setAccessibleName(name)
        self.number.setDecimals(decimals)
        self.number.setSingleStep(step)
        self.number.setSuffix(f" {unit}" if unit else "")
        self.number.setKeyboardTracking(False)
        self.number.setFixedWidth(theme.px(60))
        self.set_range(least, most)
        label = parts.text(name, "label")
        label.setFixedWidth(max(theme.px(width), label.sizeHint().width()))
        label.setBuddy(self.number)
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        parts.fill(box, (label, (self.slider, 1), self.number))
        self.slider.valueChanged.connect(self._slid)
        self.number.valueChanged.connect(self._typed)

    def set_range(self, least: float, most: float, *, typed_most: float | None = None) -> None:
        """From where to where it slides; a larger number may be typed where `typed_most` says so."""
        self._least = least
        self.slider.blockSignals(True)
        self.slider.setRange(0, round((most - least) / self._step))
        self.slider.blockSignals(False)
        self.number.blockSignals(True)
        self.number.setRange(least, typed_most or most)
        self.number.blockSignals(False)

    @property
    def value(self) -> float:
        return self.number.value()

    def show_value(self, value: float) -> None:
        """Without telling anybody."""
        if self.number.hasFocus() and abs(value - self.number.value()) < 1e-9:
            return
        for each in (self.slider, self.number):
            each.blockSignals(True)
        self.number.setValue(value)
        self.slider.setValue(round((value - self._least) / self._step))
        for each in (self.slider, self.number):
            each.blockSignals(False)

    def _slid(self, at: int) -> None:
        self.number.blockSignals(True)
        self.number.setValue(self._least + at * self._step)
        self.number.blockSignals(False)
        self.moved.emit(self.number.value())

    def _typed(self, value: float) -> None:
        self.slider.blockSignals(True)
        self.slider.setValue(round((value - self._least) / self._step))
        self.slider.blockSignals(False)
        self.moved.emit(value)


class _Counted(QStyledItemDelegate):
    """A name with how much was learned of it at the right."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.counts: dict[str, int] = {}

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        count = self.counts.get(str(index.data()))
        if count is None:
            return
        look = theme.now()
        is_on = bool(option.state & QStyle.StateFlag.State_Selected)  # pyright: ignore[reportAttributeAccessIssue]
        area = option.rect  # pyright: ignore[reportAttributeAccessIssue]
        baseline = area.center().y() + theme.px(11) * 0.4
        put(painter, area.right() - 8, baseline, grouped(count), look.text if is_on else look.text3, 11, align="right")


class ActionField(QLineEdit):
    """An action of the model: typed, or taken from the list that opens below; several with + between them."""

    named = Signal(str)
    """What was typed to the end, or chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Action"))
        self.setPlaceholderText(self.tr("Find an action"))
        self.setTextMargins(20, 0, 0, 0)
        sign = QHBoxLayout(self)
        sign.setContentsMargins(8, 0, 6, 0)
        sign.addWidget(parts.glyph("search", 14, "text3"))
        sign.addStretch(1)
        self._names = QStringListModel(self)
        self._list = QCompleter(self._names, self)
        self._list.setFilterMode(Qt.MatchFlag.MatchContains)
        self._list.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._list.setMaxVisibleItems(12)
        self._list.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        popup = QListView()
        self._popup = popup
        self._list.setPopup(popup)
        popup.setAccessibleName(self.tr("Actions of this model"))
        self._counted = _Counted(self)
        popup.setItemDelegate(self._counted)
        self._list.activated.connect(self._choose)
        self.setCompleter(self._list)
        self.returnPressed.connect(self._finish)
        self._shown = ""

    def show_actions(self, actions: Sequence[tuple[str, int]]) -> None:
        """What there is to choose from, what was learned from most first."""
        ordered = sorted(actions, key=lambda each: (-each[1], each[0]))
        self._counted.counts = dict(ordered)
        names = [name for name, _ in ordered]
        if names != self._names.stringList():
            self._names.setStringList(names)

    def show_words(self, words: str) -> None:
        """The part's action, unless something else is being typed."""
        self._shown = words
        if not (self.hasFocus() and self.isModified()):
            self.setText(words)

    def open_list(self) -> None:
        """All of them."""
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.selectAll()
        self._list.setCompletionPrefix("")
        self._list.complete()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason and self.isModified():
            self._finish()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if not self.isModified() and not self.hasSelectedText():
            self.open_list()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.isModified():
            self.setText(self._shown)
            self.setModified(False)
            return
        if event.key() == Qt.Key.Key_Down and not self._popup.isVisible():
            self.open_list()
            return
        super().keyPressEvent(event)

    def _choose(self, words: str) -> None:
        self.setText(words)
        self._finish()

    def _finish(self) -> None:
        self.setModified(False)
        self._popup.hide()
        self.named.emit(self.text().strip())
