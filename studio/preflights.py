"""What a training would take, asked while its settings are still being changed: at once from sizes, then from a trial.

Newest wins: an answer to settings that have changed since is dropped, and their trial ended. What is asked of the
machine (free memory, the line, what was tried before) is asked on a thread; a trial is a process of its own at low
priority, begun when the settings have rested for a moment and there is room for it. Nothing goes on after `leave`.
"""

import threading
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from core import configs, preflight
from core.devices import Device, Watch, chosen
from core.errors import CoreError
from core.preflight import Asked, Attempt, Holds, Refused, Trial, Trouble
from studio.widgets.beside import Beside
from studio.widgets.preflight_card import Outlook

_REST_MS = 250
_TRY_AFTER_MS = 1500
_POLL_MS = 150
_LOOK_AGAIN_MS = 3000
_ROOM = 1.25
"""Of the memory that a trial is guessed to take: less than that free, and it might take it from a run."""


@dataclass(frozen=True)
class Looked:
    """What the machine said."""

    devices: tuple[Device, ...]
    device: Device | None
    refused: str  # why there is no device
    before: int  # jobs in its lane
    known: Trial | Refused | None


class Preflights(QObject):
    """Asked again with every change; says `moved` when `outlook` has something new."""

    moved = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.outlook = Outlook()
        self._asked: tuple[configs.Config, Path, Holds] | None = None
        self._looked: Looked | None = None
        self._trial: Trial | Refused | None = None
        self._attempt: Attempt | None = None
        self._watch: Watch | None = None
        self._ending: list[threading.Thread] = []
        self._beside = Beside(self)
        self._look_soon = self._timer(_REST_MS, self._look)
        self._try_soon = self._timer(_TRY_AFTER_MS, self._try)
        self._poll = self._timer(_POLL_MS, self._hear)
        self._look_again = self._timer(_LOOK_AGAIN_MS, self._look)

    def ask(self, config: configs.Config, project: Path, holds: Holds) -> None:
        """What would this take? The outlook is a guess from now on, until more is known."""
        if (config, project, holds) == self._asked:
            return
        was, self._asked = self._asked, (config, project, holds)
        if was is None or _tried_alike(was[0], config) is False or was[1] != project:
            self._end_attempt()
            self._trial = None
        self._look_soon.start()
        self._show()

    def leave(self, *, wait: bool = False) -> None:
        """Nobody looks any more."""
        for timer in (self._look_soon, self._try_soon, self._poll, self._look_again):
            timer.stop()
        self._end_attempt()
        self._asked, self._looked, self._trial = None, None, None
        self._beside.forget(wait=wait)
        if wait:
            for each in self._ending:
                each.join()
            if self._watch is not None:
                self._watch.close()
                self._watch = None
        self._ending = [each for each in self._ending if each.is_alive()]

    @property
    def is_busy(self) -> bool:
        """Whether more is to come by itself."""
        waits = self._look_soon.isActive() or self._try_soon.isActive()
        return waits or self._beside.is_busy or self._attempt is not None

    # ---- the machine ----

    def _look(self) -> None:
        if self._asked is None:
            return
        if self._beside.is_busy:
            self._look_soon.start()
            return
        config, project, _ = self._asked

        def look() -> Looked:
            if self._watch is None:
                self._watch = Watch()
            found = tuple(self._watch.look())
            before = preflight.before(config)
            try:
                device = chosen(config.device, found)
            except CoreError as error:
                return Looked(found, None, f"{error} {error.hint}".strip(), before, None)
            return Looked(found, device, "", before, preflight.kept(Asked.of(config, project, device.key)))

        self._beside.run(look, lambda looked: self._take(config, looked))

    def _take(self, config: configs.Config, looked: Looked) -> None:
        if self._asked is None:
            return
        self._look_again.start()
        if config != self._asked[0]:
            return  # the newer question is on its way
        self._looked = looked
        self._trial = looked.known or self._trial
        wants_one = self._trial is None and looked.device is not None and self._attempt is None
        if wants_one and not self._try_soon.isActive() and self._has_room():
            self._try_soon.start()
        self._show()

    def _has_room(self) -> bool:
        assert self._asked is not None
        assert self._looked is not None
        said = preflight.guess(self._asked[0], self._asked[2])
        return self._looked.devices[0].memory_free > _ROOM * said.host_memory

    # ---- the trial ----

    def _try(self) -> None:
        if self._asked is None or self._looked is None or self._looked.device is None or self._attempt is not None:
            return
        config, project, _ = self._asked
        self._attempt = Attempt(Asked.of(config, project, self._looked.device.key))
        self._poll.start()
        self._show()

    def _hear(self) -> None:
        if self._attempt is None:
            return
        found = self._attempt.answer()
        if found is None:
            self._poll.start()
            return
        self._trial = found
        self._end_attempt()
        self._show()

    def _end_attempt(self) -> None:
        """A process takes a moment to die: not the window's."""
        self._try_soon.stop()
        self._poll.stop()
        if self._attempt is not None:
            self._attempt.end()
            ending = threading.Thread(target=self._attempt.close)
            self._attempt = None
            self._ending = [*(each for each in self._ending if each.is_alive()), ending]
            ending.start()

    # ---- what is known ----

    def _show(self) -> None:
        if self._asked is None:
            return
        config, project, holds = self._asked
        looked = self._looked
        device = looked.device if looked is not None else None
        key = device.key if device is not None else "cpu"
        refused = looked.refused if looked is not None else ""
        if isinstance(self._trial, Trial):
            said = preflight.estimate(config, self._trial, key)
        else:
            said = preflight.guess(config, holds, key)
        if isinstance(self._trial, Refused):
            refused = f"{self._trial.message} {self._trial.hint}".strip()
        troubles: tuple[Trouble, ...] = ()
        if looked is not None and device is not None:
            troubles = tuple(preflight.troubles(config, said, device, looked.devices[0], project))
        trying = self._trial is None and (self._attempt is not None or self._try_soon.isActive())
        outlook = Outlook(
            said, device, looked.devices if looked is not None else (), looked.before if looked is not None else 0,
            troubles, refused, trying,
        )  # fmt: skip
        if outlook != self.outlook:
            self.outlook = outlook
            self.moved.emit()

    def _timer(self, after_ms: int, then: object) -> QTimer:
        timer = QTimer(self, singleShot=True, interval=after_ms)
        timer.timeout.connect(then)
        return timer


def _tried_alike(one: configs.Config, other: configs.Config) -> bool:
    """Whether a trial of one speaks for the other as well."""
    return preflight.told_apart(one) == preflight.told_apart(other)
