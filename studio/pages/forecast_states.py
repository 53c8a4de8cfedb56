"""What the Forecast page says while there is no forecast to show: what is, then what to do."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPlainTextEdit, QStackedWidget, QVBoxLayout, QWidget

from core.project.annotations import Clip
from core.wording import sentences
from studio.pages.forecast_asking import Asking
from studio.widgets import parts

_Said = tuple[str, str, str, str, tuple[str, ...]]
"""Icon, title, words, details, and the actions by name."""


class StatePlace(QWidget):
    """One card in the middle of the page."""

    asks = Signal(str)
    use_shipped = Signal()
    first_step = Signal()
    """Go to where there is something to forecast from."""

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

    def show_state(self, asking: Asking, clip: Clip | None, *, has_answer: bool) -> bool:
        """Whether something stands in the way of a forecast; then it is said here."""
        said = _state(asking, clip, has_answer=has_answer)
        if said is not None and said != self._said:
            while (old := self._stack.widget(0)) is not None:
                self._stack.removeWidget(old)
                old.deleteLater()
            self._stack.addWidget(self._card(said))
        self._said = said
        return said is not None

    def _card(self, said: _Said) -> QWidget:
        icon, title, words, details, actions = said
        buttons = [self._button(name, is_first=at == 0) for at, name in enumerate(actions)]
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

    def _button(self, name: str, *, is_first: bool) -> QWidget:
        words = {
            "page-train": self.tr("Train one"),
            "page-data": self.tr("Open Data"),
            "page-annotate": self.tr("Open Annotate"),
            "use-shipped": self.tr("Use it anyway"),
            "first-step": self.tr("Go to the first step"),
        }
        made = parts.button(words[name], kind="primary" if is_first else "")
        own = {"use-shipped": self.use_shipped, "first-step": self.first_step}
        if name in own:
            made.clicked.connect(lambda: own[name].emit())
        else:
            made.clicked.connect(lambda: self.asks.emit(name))
        return made


def _state(asking: Asking, clip: Clip | None, *, has_answer: bool) -> _Said | None:
    if clip is None:
        words = "Clips are listed under Data, or press Ctrl+K and type its name."
        return "video", "Choose a clip", words, "", ("page-data",)
    chosen = asking.chosen
    if chosen is None:
        return "forecast", "No forecaster yet", "Train one on the steps of this project.", "", ("page-train",)
    if asking.needs_consent() and asking.shipped_knows is not None:
        knows, here = asking.shipped_knows
        words = f"The shipped one knows the kitchen's {knows} actions, {here} of them are in this project."
        return "forecast", "No forecaster yet", words, "", ("page-train", "use-shipped")
    if asking.refusal is not None:
        refusal = asking.refusal
        return "warn", "No answer", sentences(refusal.message, refusal.hint), refusal.details, ()
    refusal = asking.refusal_of(chosen)
    if refusal is not None and not has_answer:
        words = sentences(refusal.message, refusal.hint)
        is_early = bool(clip.poses) and asking.at_frame < clip.poses[0].frame
        actions = ("first-step", "page-annotate") if is_early else ("page-annotate",)
        return "info", "Nothing to forecast from here", words, refusal.details, actions
    if not has_answer:
        return "forecast", "Asking " + chosen.name, "The first answer takes a few seconds: its model is loaded.", "", ()
    return None
