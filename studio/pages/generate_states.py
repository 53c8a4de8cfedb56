"""What the Generate page says while it has no motion to show: what is, then what to do."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPlainTextEdit, QStackedWidget, QVBoxLayout, QWidget

from core.forecasts import Refusal
from core.wording import sentences
from studio.generating import Generating
from studio.widgets import parts

_Said = tuple[str, str, str, str, tuple[str, ...]]
"""Icon, title, words, details, and the actions by name."""


class GenerateStates(QWidget):
    """One card in the place of the view."""

    asks = Signal(str)
    """A command, by name."""

    def __init__(self) -> None:
        super().__init__()
        self._stack = QStackedWidget()
        self._said: _Said | None = None
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._stack)

    def words(self) -> str:
        """The title that stands there, for whoever reads the page aloud."""
        return self._said[1] if self._said is not None else ""

    def show_state(self, generating: Generating) -> bool:
        """Whether something stands in the way of motion; then it is said here."""
        said = state_of(generating)
        if said is not None and said != self._said:
            while (old := self._stack.widget(0)) is not None:
                self._stack.removeWidget(old)
                old.deleteLater()
            self._stack.addWidget(self._card(said))
        self._said = said
        return said is not None

    def _card(self, said: _Said) -> QWidget:
        icon, title, words, details, actions = said
        named = {
            "page-train": self.tr("Train one"),
            "page-data": self.tr("Open Data"),
            "generate": self.tr("Generate"),
        }
        buttons: list[QWidget] = []
        for at, name in enumerate(actions):
            made = parts.button(named[name], kind="primary" if at == 0 else "")
            made.clicked.connect(lambda _=False, name=name: self.asks.emit(name))
            buttons.append(made)
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


def state_of(generating: Generating) -> _Said | None:
    """What stands in the way, if anything does."""
    models = generating.models
    if models.chosen is None:
        words = "It learns from recorded motion with labels: import some under Data, then train one."
        return "generate", "No motion model yet", words, "", ("page-train", "page-data")
    if models.refusal is not None:
        return _refused(f"{models.chosen.name} cannot be used", models.refusal, ())
    if generating.shown:
        return None  # what is shown stays, and what went wrong is said beside it
    if generating.refused is not None:
        return _refused("No motion", generating.refused.refusal, ("generate",))
    if models.about is None:
        words = "The first answer takes a few seconds: its model is loaded."
        return "generate", f"Asking {models.chosen.name}", words, "", ()
    if not generating.is_asking and not generating.is_again:
        words = "Choose an action and how long it takes, then generate."
        return "generate", "Nothing generated yet", words, "", ("generate",)
    return None


def _refused(title: str, refusal: Refusal, actions: tuple[str, ...]) -> _Said:
    words = sentences(refusal.message, refusal.hint)
    return "warn", title, words, refusal.details, actions
