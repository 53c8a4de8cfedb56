"""The processor and the cards, one below the other: how busy, what of their memory is taken, and by which jobs."""

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QProgressBar, QVBoxLayout, QWidget

from core.devices import Device
from studio import theme
from studio.widgets import parts
from studio.widgets.dialogs import Dialog
from studio.widgets.machine import Machine
from studio.words import counted, say


class DevicesWindow(Dialog):
    """Looks once a second while it is open."""

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__("Devices", parent, 420)
        self.setAccessibleDescription(say("What this machine has, and what takes it"))
        self._machine = Machine(self, with_jobs=True)
        self._machine.moved.connect(self._follow)
        self._cards: dict[str, DeviceCard] = {}
        self._list = parts.col(gap=8)
        self._waits = parts.text("Looking…", "caption")
        self.box.addWidget(self._waits)
        self.box.addWidget(parts.scroll(parts.col(self._list, None)), 1)
        self.add_close()
        self.resize(self.minimumWidth(), theme.px(230))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._machine.watch()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._machine.leave()

    def _follow(self) -> None:
        found = {each.key: each for each in self._machine.devices}
        if found.keys() != self._cards.keys():
            self._cards = {key: DeviceCard() for key in found}
            parts.refill(self._list, self._cards.values())
        self._waits.hide()
        for key, card in self._cards.items():
            card.show_device(found[key])


class DeviceCard(QFrame):
    """One device."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("well")
        self._name, self._busy = parts.text("", "strong", wrap=True), parts.text("", "label")
        self._memory, self._jobs = parts.text("", "caption"), parts.text("", "caption", wrap=True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(4)
        self._bar.setRange(0, 1000)
        box = QVBoxLayout(self)
        box.setContentsMargins(10, 8, 10, 8)
        box.setSpacing(5)
        box.addWidget(parts.row((self._name, 1), self._busy))
        box.addWidget(self._bar)
        box.addWidget(self._memory)
        box.addWidget(self._jobs)

    def show_device(self, device: Device) -> None:
        """As it is now."""
        self._name.setText(device.name)
        self._busy.setText(busy_words(device))
        self._bar.setValue(round(1000 * device.memory_used / max(device.memory_total, 1)))
        taken, whole = f"{device.memory_used / 2**30:.1f}", f"{device.memory_total / 2**30:.1f}"
        words = say("{taken} of {whole} GB of memory are taken", taken=taken, whole=whole)
        self._memory.setText(words)
        self._bar.setAccessibleName(words)
        if not device.usable:
            parts.set_role(self._jobs, "warn")
            self._jobs.setText(say("torch cannot use it. {hint}", hint=device.hint))
        else:
            parts.set_role(self._jobs, "caption")
            said = (say("{job} {taken} GB", job=each.job, taken=f"{each.memory / 2**30:.1f}") for each in device.used)
            self._jobs.setText(", ".join(said) or say("No job of ours is on it."))
        self.setAccessibleName(", ".join((device.name, self._busy.text(), words)))


def busy_words(device: Device) -> str:
    """Such as `2 cores, 41 % busy`."""
    cores = counted(device.cores, "core") if device.cores else ""
    busy = say("{share} % busy", share=round(100 * device.busy)) if device.busy is not None else ""
    return ", ".join(filter(None, (cores, busy)))
