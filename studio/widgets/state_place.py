"""One card in the place of what a page would show: what is, then what to do. It knows no page."""

from collections.abc import Sequence

from PySide6.QtWidgets import QPlainTextEdit, QStackedWidget, QVBoxLayout, QWidget

from studio.widgets import parts

Said = tuple[str, str, str, str, tuple[str, ...]]
"""Icon, title, words, details, and the actions by name."""


class StateCard(QWidget):
    """The card of the last state that was said; the same one again is left as it stands."""

    def __init__(self) -> None:
        super().__init__()
        self._stack = QStackedWidget()
        self._said: Said | None = None
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._stack)

    def words(self) -> str:
        """The title that stands there, for whoever reads the page aloud."""
        return self._said[1] if self._said is not None else ""

    def say(self, said: Said | None) -> bool:
        """Put the card there; whether there is one."""
        if said is not None and said != self._said:
            while (old := self._stack.widget(0)) is not None:
                self._stack.removeWidget(old)
                old.deleteLater()
            buttons = [self.button(name, is_first=at == 0) for at, name in enumerate(said[4])]
            self._stack.addWidget(self._card(said, buttons))
        self._said = said
        return said is not None

    def button(self, name: str, *, is_first: bool) -> QWidget:
        """The button of an action; each page has its own."""
        raise NotImplementedError

    def _card(self, said: Said, buttons: Sequence[QWidget]) -> QWidget:
        icon, title, words, details, _ = said
        card = parts.state_card(icon, title, words, *buttons)
        if not details:
            return parts.panel(None, (card, 1))
        text = QPlainTextEdit(details)
        text.setReadOnly(True)
        text.setAccessibleName(self.tr("Details"))
        text.setFixedHeight(160)
        text.hide()
        toggle = parts.button(self.tr("Details"), "down", "quiet")
        toggle.clicked.connect(lambda: text.setVisible(not text.isVisible()))
        return parts.panel(None, (card, 1), parts.row(None, toggle, None), text)
