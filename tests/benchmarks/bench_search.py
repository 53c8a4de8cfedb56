"""What a key in a field of search costs over 642 clips, 21,000 segments and 18,000 poses, and counting labels.

Milliseconds of processor time: each key of "take, pose missing" as it is typed, the dearest and the mean of the best of
several, with everything known and right after an edit; and the drawer's own work, its rows made and painted.
"""

import os
import time
from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QWidget

from core.project import edits
from core.project.annotations import Project
from core.project.labelling import Uses
from studio import theme
from studio.clip_search import ClipIndex, Query
from studio.memory import long_lived
from studio.widgets.found_list import FoundList
from tools.make_large_project import made

WORDS = ("pose missing", "odd, not draft", "not overlapping", "longer than 2 s", "by a")


class Shelf(QObject):
    """As much of a document as the drawer asks for."""

    changed, opened, closed = Signal(object), Signal(), Signal()
    is_open, read_only_reason = True, None

    def __init__(self, project: Project) -> None:
        super().__init__()
        self.project = project


def run() -> dict[str, float]:
    """Name → figure."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.apply(app, theme.DARK)
    with long_lived():  # as the document opens it
        project = made()
    label = next(iter(project.actions())).name
    typed = [f"{label}, pose missing"[:count] for count in range(1, len(label) + 15)]
    index = ClipIndex()

    def found(words: str, of: Project = project) -> int:
        return sum(1 for _ in Query(of, words, index).places())

    figures = {"first search of a project just opened, ms": _once(lambda: found("pose missing"))}
    keys = [_best(lambda words=words: found(words)) for words in typed]
    figures |= {"a key, mean, ms": sum(keys) / len(keys), "a key, dearest, ms": max(keys)}
    figures |= {f"{words!r}, ms": _best(lambda words=words: found(words)) for words in WORDS}
    clip = next(clip for clip in project.clips.values() if clip.segments)
    after = edits.delete_segments(project, clip.id, clip.segments[0].id)
    figures["the same words after an edit, ms"] = _once(lambda: found("pose missing", after))
    window = QWidget()
    drawer = FoundList(Shelf(project), window)  # pyright: ignore[reportArgumentType]
    window.resize(400, 900)
    drawer.resize(340, 900)
    window.show()
    drawer.show()

    def key(words: str) -> None:
        drawer.field.setText(words)
        drawer.grab()

    key("pose missing")
    taken = []
    for words in typed:
        key("")
        taken.append(_once(lambda words=words: key(words)))
    figures["a key with its picture, dearest, ms"] = max(taken)
    figures["every segment listed and painted, ms"] = _once(lambda: key("not zzzzzz"))
    uses = Uses()
    figures["labels counted the first time, ms"] = _once(lambda: uses.look(project))
    figures["labels counted after an edit, ms"] = _once(lambda: uses.look(after))
    window.close()
    return {name: round(value, 2) for name, value in figures.items()}


def _once(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return 1e3 * (time.thread_time() - began)


def _best(work: Callable[[], object], rounds: int = 5) -> float:
    return min(_once(work) for _ in range(rounds))
