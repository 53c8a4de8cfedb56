"""What a run would take, above the button that starts it: memory of what is free, time, its place in the line."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout

from core.devices import Device
from core.preflight import Estimate, Trouble
from studio.widgets import parts
from studio.words import say


@dataclass(frozen=True)
class Outlook:
    """What is known of a run that has not started."""

    estimate: Estimate | None = None
    device: Device | None = None
    devices: tuple[Device, ...] = ()
    before: int = 0
    troubles: tuple[Trouble, ...] = ()
    refused: str = ""  # why it would not start at all
    is_trying: bool = False


class PreflightCard(QFrame):
    """Three lines, and below them what is wrong or what is still being found out."""

    setting_wanted = Signal(str)  # "optimiser.batch=512"

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("well")
        self.setAccessibleName(self.tr("What the run takes"))
        self._memory, self._time, self._starts = (parts.text("–", "strong") for _ in range(3))
        self._needs = parts.text(self.tr("Needs about"), "label")
        self._says = parts.text("", "caption", wrap=True)
        self._mend = parts.button("", kind="quiet")
        self._mend.clicked.connect(lambda: self.setting_wanted.emit(self._setting))
        self._setting = ""
        box = QVBoxLayout(self)
        box.setContentsMargins(10, 8, 10, 8)
        box.setSpacing(4)
        takes = parts.text(self.tr("Takes about"), "label")
        starts = parts.text(self.tr("Starts"), "label")
        for name, value in ((self._needs, self._memory), (takes, self._time), (starts, self._starts)):
            box.addWidget(parts.row(name, None, value))
        box.addWidget(self._says)
        box.addWidget(self._mend)
        self.show_outlook(Outlook())

    def show_outlook(self, outlook: Outlook) -> None:
        """Show what is known."""
        said, device = outlook.estimate, outlook.device
        trouble = outlook.troubles[0] if outlook.troubles else None
        self._memory.setText(memory_words(said, device) if said is not None else "–")
        self._memory.setToolTip(_doubt_words(said) if said is not None else "")
        is_short = any(each.kind == "memory" for each in outlook.troubles)
        parts.set_role(self._memory, "danger" if is_short else "strong")
        self._time.setText(_time_words(said, device) if said is not None else "–")
        self._time.setToolTip(self._memory.toolTip())
        self._starts.setText(starts_words(outlook.before) if device is not None else "–")
        self._setting = trouble.setting if trouble is not None else ""
        self._mend.setVisible(bool(self._setting))
        if self._setting:
            self._mend.setText(
                say("Batch {number}", number=f"{int(self._setting.rpartition('=')[2]):,}").replace(",", "\u2009")
            )
        words, role = _says(outlook, trouble)
        parts.set_role(self._says, role)
        self._says.setText(words)
        self._says.setVisible(bool(words))


def memory_words(said: Estimate, device: Device | None) -> str:
    """Such as `2.1 of 7.8 GB`."""
    needs = f"{said.memory / 2**30:.1f}"
    if device is None:
        return f"{needs} GB"
    return say("{needs} of {free} GB", needs=needs, free=f"{device.memory_free / 2**30:.1f}")


def device_words(device: Device) -> str:
    """What it is called in a line of words."""
    return say("CPU") if device.kind == "cpu" else device.name.removeprefix("NVIDIA ")


def length_words(seconds: float) -> str:
    """A long time in its largest unit."""
    if seconds < 90:
        return say("{count} s", count=max(round(seconds / 5) * 5, 5))
    if seconds < 5400:
        return say("{count} min", count=round(seconds / 60))
    if seconds < 172_800:
        return say("{count:.0f} h", count=seconds / 3600)
    return say("{count:.0f} days", count=seconds / 86_400)


def starts_words(before: int) -> str:
    """Its place in the line."""
    if not before:
        return say("at once")
    return say("after 1 job") if before == 1 else say("after {count} jobs", count=before)


def device_choices(found: Sequence[Device]) -> dict[str, str]:
    """What the choices of a config's device are called on this machine."""
    usable = {kind: [each for each in found if each.kind == kind and each.usable] for kind in ("cpu", "cuda", "mps")}
    names = {
        "cpu": say("Processor · {count} cores", count=usable["cpu"][0].cores) if usable["cpu"] else say("Processor"),
        "cuda": say("No NVIDIA card here"),
        "mps": say("No Apple graphics here"),
    }
    if usable["cuda"]:
        first = usable["cuda"][0]
        free = f"{first.memory_free / 2**30:.0f}"
        many = say("Any of {count} cards · {name}", count=len(usable["cuda"]), name=device_words(first))
        one = say("Graphics card · {name}, {free} GB free", name=device_words(first), free=free)
        names["cuda"] = one if len(usable["cuda"]) == 1 else many
    if usable["mps"]:
        names["mps"] = usable["mps"][0].name
    best = next(kind for kind in ("cuda", "mps", "cpu") if usable[kind] or kind == "cpu")
    return names | {"auto": say("Automatic: {name}", name=names[best].partition(" · ")[0].lower())}


def _time_words(said: Estimate, device: Device | None) -> str:
    words = length_words(said.seconds)
    return say("{time} on {device}", time=words, device=device_words(device)) if device is not None else words


def _doubt_words(said: Estimate) -> str:
    if said.measured:
        return say("Tried with a few steps on this project: right within a quarter.")
    return say("A guess from sizes alone.")


def _says(outlook: Outlook, trouble: Trouble | None) -> tuple[str, parts.Role]:
    """The line below, and how it is meant."""
    if outlook.refused:
        return outlook.refused, "warn"
    if trouble is not None:
        return f"{trouble.message}. {trouble.hint}".replace("..", "."), "danger" if trouble.kind == "memory" else "warn"
    if outlook.is_trying:
        return say("A first guess, trying a few steps…"), "caption"
    if outlook.estimate is not None and not outlook.estimate.measured and outlook.device is not None:
        return say("A guess from sizes."), "caption"
    return "", "caption"
