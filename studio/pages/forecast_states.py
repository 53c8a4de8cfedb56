"""What the Forecast page says while there is no forecast to show: what is, then what to do."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from core.project.annotations import Clip
from core.wording import sentences
from studio.commands import shown
from studio.pages.forecast_asking import Asking
from studio.widgets import parts
from studio.widgets.state_place import Said, StateCard
from studio.words import say

_COMMANDS = {"map-labels": "page-data"}
"""Of buttons that are not called as their command: labels are learned as others on the Data page."""
_FOREIGN = "knows none of the project's actions"


class StatePlace(StateCard):
    """One card in the middle of the page."""

    asks = Signal(str)
    use_shipped = Signal()
    other_run = Signal()
    """Choose another one."""
    first_step = Signal()
    """Go to where there is something to forecast from."""

    def show_state(self, asking: Asking, clip: Clip | None, *, has_answer: bool) -> bool:
        """Whether something stands in the way of a forecast; then it is said here."""
        return self.say(_state(asking, clip, has_answer=has_answer))

    def button(self, name: str, *, is_first: bool) -> QWidget:
        words = {
            "page-train": self.tr("Train one"),
            "page-data": self.tr("Open Data"),
            "page-annotate": self.tr("Open Annotate"),
            "use-shipped": self.tr("Use it anyway"),
            "first-step": self.tr("Go to the first step"),
            "map-labels": self.tr("Map labels"),
            "other-run": self.tr("Choose another run"),
        }
        made = parts.button(words[name], kind="primary" if is_first else "")
        own = {"use-shipped": self.use_shipped, "first-step": self.first_step, "other-run": self.other_run}
        if name in own:
            made.clicked.connect(lambda: own[name].emit())
        else:
            made.clicked.connect(lambda: self.asks.emit(_COMMANDS.get(name, name)))
        return made


def _state(asking: Asking, clip: Clip | None, *, has_answer: bool) -> Said | None:
    if clip is None:
        words = say("Clips are listed under Data, or press {key} and type its name.", key=shown("search"))
        return "video", say("Choose a clip"), words, "", ("page-data",)
    chosen = asking.chosen
    if chosen is None:
        return "forecast", say("No forecaster yet"), say("Train one on the steps of this project."), "", ("page-train",)
    if asking.needs_consent() and asking.shipped_knows is not None:
        knows, here = asking.shipped_knows
        words = say(
            "The shipped one knows the kitchen's {knows} actions, {here} of them are in this project.",
            knows=knows,
            here=here,
        )
        return "forecast", say("No forecaster yet"), words, "", ("page-train", "use-shipped")
    if asking.question.refusal is not None:
        refusal = asking.question.refusal
        return "warn", say("No answer"), sentences(refusal.message, refusal.hint), refusal.details, ()
    refusal = next((found for each in (chosen, *asking.compared) if (found := asking.question.refusal_of(each))), None)
    if refusal is not None and not has_answer:
        words = sentences(refusal.message, refusal.hint)
        if _FOREIGN in refusal.message:
            return "tag", say("This run knows other actions"), words, refusal.details, ("map-labels", "other-run")
        if not refusal.message.startswith("No step of"):
            return "warn", say("This run has no answer here"), words, refusal.details, ("other-run",)
        is_early = bool(clip.poses) and asking.at_frame < clip.poses[0].frame
        actions = ("first-step", "page-annotate") if is_early else ("page-annotate",)
        return "info", say("Nothing to forecast from here"), words, refusal.details, actions
    if not has_answer:
        return (
            "forecast",
            say("Asking {name}", name=chosen.name),
            say("The first answer takes a few seconds: its model is loaded."),
            "",
            (),
        )
    return None
