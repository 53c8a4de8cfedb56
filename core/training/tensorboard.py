"""Curves as TensorBoard reads them: `tensorboard/events.out.tfevents.…` in the run's folder, a file for each attempt.

Written step by step in this process, without a thread and a queue, so that a full disk is met where it can be told of.
A run that goes on says from which step its new points hold; TensorBoard then forgets those that it had beyond.

Format: records of length, masked CRC-32C, an `Event` of TensorFlow's protocol buffers, masked CRC-32C.
"""

import struct
import time
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from core.runs import Metric

FOLDER = "tensorboard"
MISSING = "TensorBoard's curves are not written: the package tensorboardX is not installed (metrics.csv has them all)"


class Curves:
    """The points of one attempt. Where tensorboardX is missing, `is_missing`, and nothing is written."""

    def __init__(self, run: Path, done: int) -> None:
        self._file: BinaryIO | None = None
        try:
            from tensorboardX.proto import event_pb2, summary_pb2
            from tensorboardX.record_writer import masked_crc32c
        except ImportError:
            self.is_missing = True
            return
        self.is_missing = False
        self._masked: Any = masked_crc32c
        said: Any = event_pb2  # made when it is imported
        summaries: Any = summary_pb2
        self._event, self._summary = said.Event, summaries.Summary
        folder = run / FOLDER
        folder.mkdir(exist_ok=True)
        if not done:
            for old in folder.glob("events.out.tfevents.*"):  # of a run that ended before it kept anything
                old.unlink()
        number = 1 + len(list(folder.glob("events.out.tfevents.*")))
        # Readers take the files of a folder in the order of their names.
        self._file = (folder / f"events.out.tfevents.{int(time.time()):010d}.{number:04d}").open("wb")
        self._write(said.Event(wall_time=time.time(), file_version="brain.Event:2"))
        if done:
            start = said.SessionLog(status=said.SessionLog.START)
            self._write(said.Event(wall_time=time.time(), step=done + 1, session_log=start))
        self._file.flush()

    def __enter__(self) -> "Curves":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, metric: Metric) -> None:
        """One more point."""
        if self._file is not None:
            value = self._summary.Value(tag=metric.name, simple_value=metric.value)
            summary = self._summary(value=[value])
            self._write(self._event(wall_time=time.time(), step=metric.step, summary=summary))

    def flush(self) -> None:
        """Let readers see what was added."""
        if self._file is not None:
            self._file.flush()

    def _write(self, event: Any) -> None:
        assert self._file is not None
        data = event.SerializeToString()
        length = struct.pack("<Q", len(data))
        sums = (struct.pack("<I", self._masked(each)) for each in (length, data))
        self._file.write(length + next(sums) + data + next(sums))
