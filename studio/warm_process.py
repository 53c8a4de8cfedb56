"""A process that stays and talks in lines: started, written to, heard, ended.

It knows nothing of what is said (`models_client` does). A line is what stands before a line feed, in UTF-8. What the
process writes to its standard error is kept, the last `LAST_WORDS` lines of it, to be told when it ends.
"""

from collections import deque

from PySide6.QtCore import QObject, QProcess, Signal

LAST_WORDS = 30
_GOODBYE_MS = 500


class WarmProcess(QObject):
    """`program` with its arguments, at most once at a time."""

    heard = Signal(bytes)
    """A line, with its line feed."""
    ended = Signal()
    """It died, or could not be started; not after `close`."""

    def __init__(self, program: tuple[str, ...], parent: QObject) -> None:
        super().__init__(parent)
        self._program = program
        self._process: QProcess | None = None
        self.last_words: deque[str] = deque(maxlen=LAST_WORDS)

    @property
    def is_there(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        """Start it, where it is not there."""
        if self._process is not None:
            return
        process = QProcess(self)
        process.readyReadStandardOutput.connect(self._hear)
        process.readyReadStandardError.connect(self._overhear)
        process.finished.connect(self._died)
        process.errorOccurred.connect(self._troubled)
        self._process = process
        process.start(self._program[0], list(self._program[1:]))

    def write(self, line: bytes) -> None:
        if self._process is not None:
            self._process.write(line + b"\n")

    def close(self) -> None:
        """End it; nobody waits for what it still says."""
        process, self._process = self._process, None
        if process is None:
            return
        process.blockSignals(True)
        process.closeWriteChannel()
        if not process.waitForFinished(_GOODBYE_MS):
            process.kill()  # it may be in the middle of loading torch
            process.waitForFinished(_GOODBYE_MS)
        process.deleteLater()

    def _hear(self) -> None:
        process = self._process
        while process is not None and process is self._process and process.canReadLine():
            self.heard.emit(process.readLine().data())

    def _overhear(self) -> None:
        if self._process is not None:
            self._listen_to(self._process)

    def _listen_to(self, process: QProcess) -> None:
        self.last_words.extend(process.readAllStandardError().toStdString().splitlines())

    def _troubled(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:  # then `finished` never comes
            self.last_words.append("it could not be started")
            self._died()

    def _died(self, *_: object) -> None:
        process, self._process = self._process, None
        if process is not None:
            self._listen_to(process)
            process.deleteLater()
        self.ended.emit()
