"""What the ways to a camera have in common: each shows something on the frame, and may have found a camera.

The window asks a way what to draw and what it found whenever it says `changed`, and hands on to it what is done to
the frame. A way knows the clip as `Subject` and never the project.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from core.errors import CoreError
from core.geometry.cameras import Camera
from core.motion import Poses2d
from studio.widgets.calibration_picture import Drawn, Mark


@dataclass(frozen=True, eq=False)
class Subject:
    """The clip to calibrate: the size of its picture, its people, and the camera it has now."""

    clip_id: str
    name: str
    width: int
    height: int
    video: Path | None
    poses: Poses2d | None
    camera: Camera
    camera_name: str = ""
    """Empty while the camera is only the usual estimate."""
    camera_how: str = ""
    camera_error_px: float | None = None

    @property
    def has_known_lens(self) -> bool:
        """Whether its lens was measured, not guessed, even where nobody knows where the camera stands."""
        measured = self.camera_how == "chessboard" or self.camera_how.startswith("imported")
        return bool(self.camera_name) and (measured or not self.camera.estimated)


@dataclass(frozen=True, eq=False)
class Found:
    """A camera that can be used. `placed` is False where only the lens is known."""

    camera: Camera
    name: str
    how: str
    error_px: float | None = None
    words: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    placed: bool = True


@dataclass(frozen=True)
class Refused:
    """Why there is no camera yet, and what to do; `is_start` where nothing was tried."""

    message: str
    hint: str = ""
    is_start: bool = False

    @classmethod
    def of(cls, error: CoreError) -> "Refused":
        return cls(str(error), error.hint)


class Way(QWidget):
    """One way to a camera; the panel beside the frame."""

    changed = Signal()
    asks = Signal(str)
    """The name of a command that would help."""
    focus_picture = Signal()
    """The next thing to do is on the frame."""
    title = ""
    sentence = ""
    """What it does and what is needed."""

    def show_subject(self, subject: Subject) -> None:
        """Another clip, or the same with another camera."""
        raise NotImplementedError

    def found(self) -> Found | None:
        return None

    def refused(self) -> Refused | None:
        """What stands in the way of a camera."""
        return None

    def is_working(self) -> bool:
        return False

    def marks(self) -> tuple[Sequence[Mark], str, Mark | None]:
        """Marks on the frame, the chosen one's key, and the one that the next click places."""
        return (), "", None

    def drawn(self) -> Sequence[Drawn]:
        """Lines of its own over the frame."""
        return ()

    def picture(self) -> tuple[QImage, int, int] | None:
        """What to show instead of the clip's frame, and its full width and height; None for the frame."""
        return None

    def floor_m(self) -> tuple[float, float]:
        """How wide and deep the floor is, from the world's origin; zeros where nobody knows."""
        return 0.0, 0.0

    def frame_shown(self, frame: int) -> None:
        """The window shows another frame."""

    # What is done on the frame. Only ways with marks listen.

    def mark_at(self, x: float, y: float) -> None: ...

    def choose_mark(self, name: str) -> None: ...

    def move_mark(self, name: str, x: float, y: float, *, done: bool) -> None: ...

    def remove_mark(self, name: str) -> None: ...

    def undo(self) -> None: ...

    def redo(self) -> None: ...

    def close_way(self) -> None:
        """End what works in the background."""
