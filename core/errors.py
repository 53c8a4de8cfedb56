"""Every failure a person can act on.

CoreError
├── FileError        a file could not be read or written
│   ├── FormatError      its content is not what its kind promises
│   └── TooNewError      it was written by a later version
├── ProjectError     the project refuses the request (open elsewhere, missing media, unknown clip)
├── CalibrationError what was given does not tell a camera (too little, on one line, swapped sides)
├── RunError         a run could not start, or ended before its time
│   ├── NotANumberError  a training met a number that is none
│   └── DiskFullError    there is no room for what it has to keep
└── MachineError     this machine lacks something (a library, a display, disk space)

Anything else that escapes is a bug, and is shown with its traceback.
"""

from pathlib import Path

from core.wording import shown


class CoreError(Exception):
    """Says what happened and where, and in `hint` what the person can do about it.

    `reason` is one of `core.runs.Reason`, where a window can offer more than the hint.
    """

    reason: str = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class FileError(CoreError):
    """A file could not be read or written."""

    def __init__(self, path: Path, message: str, *, hint: str = "") -> None:
        super().__init__(f"{shown(path.name)}: {message}", hint=hint)
        self.path = path


class FormatError(FileError):
    """A file's content is not what its kind promises."""


class TooNewError(FileError):
    """A file was written by a later version of the program."""


class ProjectError(CoreError):
    """The project refuses the request."""


class NotSavedError(ProjectError):
    """An edit could not be written and was taken back; what was there before is safe. It can be tried again."""

    def __init__(self, message: str, *, hint: str = "", is_disk_full: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.is_disk_full = is_disk_full
        self.reason = "disk-full" if is_disk_full else ""


class CalibrationError(CoreError):
    """What was given does not tell a camera; the message is the reason."""


class RunError(CoreError):
    """A run could not start, or ended before its time."""


class NotANumberError(RunError):
    """A training met a number that is none; what is kept is from before that."""

    reason = "not-a-number"


class DiskFullError(RunError):
    """There is no room for what a run has to keep; what it kept before is whole."""

    reason = "disk-full"


class MachineError(CoreError):
    """This machine lacks something the request needs."""
