"""Takes in a person's own body files: in a process of its own, so that the window never waits for a large file.

It is the command `posecast bodies add`, whose answer is read as values. One batch at a time.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec
from PySide6.QtCore import QCoreApplication, QObject, QProcess, Signal

from studio.words import say

_GOODBYE_MS = 2000


class Refusal(msgspec.Struct, frozen=True):
    says: str
    hint: str = ""


class AddedBody(msgspec.Struct, frozen=True):
    key: str


class Outcome(msgspec.Struct, frozen=True):
    """What came of the files."""

    added: tuple[AddedBody, ...] = ()
    notes: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()


class BodyFiles(QObject):
    """Reads files while the window goes on."""

    ended = Signal(object)
    """The Outcome; nothing is said of a batch that was stopped."""

    def __init__(self, parent: QObject | None = None, *, program: tuple[str, ...] = ()) -> None:
        super().__init__(parent)
        self._program = program or (sys.executable, "-m", "core", "bodies", "add", "--json")
        self._process: QProcess | None = None
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.stop)

    @property
    def is_busy(self) -> bool:
        return self._process is not None

    def add(self, paths: Iterable[Path]) -> None:
        """Read these; `ended` says what came of them."""
        if self.is_busy:
            return
        process = self._process = QProcess(self)
        process.finished.connect(self._take)
        process.errorOccurred.connect(self._failed)
        program, *words = self._program
        process.start(program, [*words, "--", *(str(path) for path in paths)])

    def stop(self) -> None:
        """Give up the batch; what was added before stays."""
        process, self._process = self._process, None
        if process is None:
            return
        process.blockSignals(True)
        process.kill()
        process.waitForFinished(_GOODBYE_MS)
        process.deleteLater()

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:  # anything else is said by `finished`
            self._take()

    def _take(self, *_: object) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        said = bytes(process.readAllStandardOutput().data())
        complained = bytes(process.readAllStandardError().data()).decode(errors="replace").strip()
        process.deleteLater()
        try:
            outcome = msgspec.json.decode(said, type=Outcome)
        except msgspec.DecodeError:
            last = complained.splitlines()[-1] if complained else say("it said nothing")
            outcome = Outcome(
                refused=(
                    Refusal(say("The files could not be read."), say("The process that reads them: {last}", last=last)),
                )
            )
        self.ended.emit(outcome)
