"""What the Generate page says while it has no motion to show: what is, then what to do."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from core.forecasts import Refusal
from core.wording import sentences
from studio.generating import Generating
from studio.widgets import parts
from studio.widgets.state_place import Said, StateCard
from studio.words import say


class GenerateStates(StateCard):
    """One card in the place of the view."""

    asks = Signal(str)
    """A command, by name."""

    def show_state(self, generating: Generating) -> bool:
        """Whether something stands in the way of motion; then it is said here."""
        return self.say(state_of(generating))

    def button(self, name: str, *, is_first: bool) -> QWidget:
        words = {
            "page-train": self.tr("Train one"),
            "page-data": self.tr("Open Data"),
            "generate": self.tr("Generate"),
        }
        made = parts.button(words[name], kind="primary" if is_first else "")
        made.clicked.connect(lambda: self.asks.emit(name))
        return made


def state_of(generating: Generating) -> Said | None:
    """What stands in the way, if anything does."""
    models = generating.models
    if models.chosen is None:
        words = say("It learns from recorded motion with labels: import some under Data, then train one.")
        return "generate", say("No motion model yet"), words, "", ("page-train", "page-data")
    if models.refusal is not None:
        return _refused(say("{name} cannot be used", name=models.chosen.name), models.refusal, ())
    if generating.shown:
        return None  # what is shown stays, and what went wrong is said beside it
    if generating.refused is not None:
        return _refused(say("No motion"), generating.refused.refusal, ("generate",))
    if models.about is None:
        words = say("The first answer takes a few seconds: its model is loaded.")
        return "generate", say("Asking {name}", name=models.chosen.name), words, "", ()
    if not generating.is_asking and not generating.is_again:
        words = say("Choose an action and how long it takes, then generate.")
        return "generate", say("Nothing generated yet"), words, "", ("generate",)
    return None


def _refused(title: str, refusal: Refusal, actions: tuple[str, ...]) -> Said:
    words = sentences(refusal.message, refusal.hint)
    return "warn", title, words, refusal.details, actions
