"""Exporting from the Data page: the clips' marks, or a data set's recordings, in the forms others use.

Writing is done in a thread; one export at a time. What is written is read from the disk, as it stands when it begins.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal

from core.errors import CoreError, ProjectError
from core.exchanged import Report
from core.exporting.motion import hand_out_motion, motion_writers
from core.formats import FORMATS, clip_tables, coco, keypose_csv
from core.importing import exchange
from core.project.motion_sets import MotionSet
from core.project.store import ProjectStore
from core.runs import Progress
from core.stamping import carried
from core.whole_files import as_file_name
from studio.data_sets import Contents, DataSets
from studio.document import Document
from studio.exporting import kept_files, opened, show_in_folder
from studio.main_window import MainWindow
from studio.time_left import TimeLeft
from studio.widgets.export_data_dialog import ExportDataDialog, ExportWish, Goods, Way
from studio.widgets.job_words import grouped, left_words
from studio.widgets.notices import Notice, of_error
from studio.words import counted, say

_SAY_EVERY_S = 0.1
_MARKS = ("annotations", "marks", "2D poses", "characteristic poses")
_HOLDS = {
    "annotations": "segments, people and objects",
    "marks": "segments and characteristic poses",
    "2D poses": "2D poses of every clip",
    "characteristic poses": "characteristic poses",
}


def ways_of_clips() -> tuple[Way, ...]:
    """In what forms marks can be written."""
    ways: list[Way] = []
    for each in FORMATS:
        if each.write is None or each.holds not in _MARKS:
            continue
        if each.holds == "characteristic poses":
            for form in keypose_csv.COLUMNS:
                words = say("{name}: characteristic poses in {form}'s form", name=each.name, form=form)
                ways.append(Way(each.name, words, each.endings[0], (("form", form),)))
        elif each.write is coco.write:
            for words, frames in ((say("at characteristic poses"), "poses"), (say("in every frame"), "all")):
                ways.append(
                    Way(
                        each.name,
                        say("{name}: 2D poses {words}", name=each.name, words=words),
                        each.endings[0],
                        (("frames", frames),),
                    )
                )
        else:
            words = say("one line a clip") if each.write is clip_tables.write else say(_HOLDS[each.holds])
            ways.append(Way(each.name, f"{each.name}: {words}", each.endings[0]))
    return tuple(ways)


def ways_of_motion() -> tuple[Way, ...]:
    """In what forms recordings can be written."""
    return tuple(Way(each.name, f"{each.name}, {each.endings[0]}", each.endings[0]) for each in motion_writers())


class ExportingData(QObject):
    """The dialog, the thread, and the words at its end."""

    def __init__(self, document: Document, sets: DataSets, window: MainWindow) -> None:
        super().__init__(window)
        self._document, self._sets, self._window = document, sets, window
        self._folder: Path | None = None  # where the last one went
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._running: _Task | None = None
        self._place = Path()  # where that one goes
        self._time_left = TimeLeft()

    @property
    def is_busy(self) -> bool:
        return self._running is not None

    def ask(self, key: str, chosen: tuple[str, ...]) -> ExportDataDialog | None:
        """Open the dialog for a data set, or for the clips where `key` is empty."""
        if self._running is not None:
            self._window.notices.show(Notice("An export is running", "The next one can begin after it.", "export"))
            return None
        goods = self._goods_of_set(key, chosen) if key else self._goods_of_clips()
        if isinstance(goods, str):
            self._window.notices.show(Notice("Nothing to export", goods, "export"))
            return None
        return opened(ExportDataDialog(goods, self._window), lambda wish: self.start(key, wish))

    def start(self, key: str, wish: ExportWish) -> None:
        """Begin to write. CoreError where it cannot be."""
        place = wish.place
        if place.parent == self._document.folder / "exports":
            try:
                place.parent.mkdir(exist_ok=True)
            except OSError as error:
                raise ProjectError(
                    say("{parent} cannot be made ({strerror})", parent=place.parent, strerror=error.strerror)
                ) from error
        self._folder = place.parent
        folder, author = self._document.folder, self._document.author
        work = _of_set(self._sets.folder(key), wish) if key else _of_clips(folder, author, wish)
        self._running = task = _Task(work)
        task.told.done.connect(self._done)
        task.told.moved.connect(self._moved)
        self._time_left = TimeLeft()
        self._place = place
        self._window.notices.show(Notice(_begun(place), "", "export", action="Stop", on_action=self.stop, has_bar=True))
        self._pool.start(task)

    def stop(self) -> None:
        """Leave the rest; what is written whole stays."""
        if self._running is not None:
            self._running.is_stopped = True

    def wait(self) -> None:
        """For a window that closes."""
        self.stop()
        self._pool.waitForDone()

    def _moved(self, progress: Progress) -> None:
        """How far it is, and how long it will still take once that is known well enough."""
        self._time_left.add(time.time(), progress.done, progress.total)
        count = say("{done} of {total}", done=grouped(progress.done), total=grouped(progress.total))
        words = "  ·  ".join(filter(None, (count, left_words(self._time_left.seconds()))))
        share = progress.done / progress.total if progress.total > 0 else None
        self._window.notices.progress(_begun(self._place), share, words if progress.total > 1 else "")

    def _done(self, found: object) -> None:
        place, self._running = self._place, None
        notices = self._window.notices
        notices.withdraw(_begun(place))
        match found:
            case Report(says=says, left_out=left_out):
                words = says.partition("\n")[0]
                words = words.removeprefix(f"{place.name}: ")
                more = (
                    say(" {rows} left out: {left_out}", rows=counted(len(left_out), "row"), left_out=left_out[0])
                    if left_out
                    else ""
                )
                shown = Notice(
                    say("{name} is ready", name=place.name), words[:1].upper() + words[1:] + "." + more, "check", "ok",
                    "Show", lambda: show_in_folder(place), stays_ms=15_000,
                )  # fmt: skip
                notices.show(shown)
            case CoreError():
                notices.show(of_error(found))
            case _:
                notices.show(Notice("Export stopped", "What was written whole is there.", "export"))

    # ---- what there is ----

    def _goods_of_clips(self) -> Goods | str:
        document = self._document
        clips = document.project.clips.values()
        if not clips:
            return say("There are no clips yet.")
        segments, poses = sum(len(clip.segments) for clip in clips), sum(len(clip.poses) for clip in clips)
        about = say(
            "{segments} and {poses} of {clips}.",
            segments=counted(segments, "segment"),
            poses=counted(poses, "characteristic pose"),
            clips=counted(len(clips), "clip"),
        )
        return Goods(
            say("Export clips"), about, as_file_name(document.project.name, "posecast"), self._where(), ways_of_clips(),
            kept=kept_files(document),
        )  # fmt: skip

    def _goods_of_set(self, key: str, chosen: tuple[str, ...]) -> Goods | str:
        contents = self._sets.contents(key)
        if contents is None or contents.facts is None:
            return say("This data set cannot be read.")
        facts = contents.facts
        name = as_file_name(next(each.item.name for each in self._sets.entries() if each.key == key), "posecast")
        kept = ((self._document.folder / "project.sqlite").resolve(),)
        terms = say("Comes under: {licence}", licence=facts.licence) if facts.licence else ""
        if facts.holds == "characteristic poses":
            way = Way("", say("as it came, byte for byte"), ".csv")
            return Goods(
                say("Export {name}", name=name), say("A table."), name, self._where(), (way,), kept=kept, terms=terms
            )
        names = tuple(row.name for row in contents.rows if row.file)
        if not names:
            return say("It holds no motion: only labels of it, or poses.")
        picked = tuple(each for each in chosen if each in set(names)) or names[:1]
        return Goods(
            say("Export {name}", name=name),
            _about(contents),
            name,
            self._where(),
            ways_of_motion(),
            picked,
            names,
            kept,
            terms,
        )

    def _where(self) -> Path:
        return self._folder or self._document.folder / "exports"


def _about(contents: Contents) -> str:
    with_body = sum(bool(row.body) for row in contents.rows)
    joints = len(contents.rows) - with_body
    words = say("{recordings} in metres, y up.", recordings=counted(len(contents.rows), "recording"))
    if joints and with_body:
        words += say(
            " {recordings} hold joints alone; forms that need a body leave them out.",
            recordings=counted(joints, "recording"),
        )
    elif joints:
        words += say(" They hold joints alone: forms that need a body leave them out.")
    return words


def _of_clips(folder: Path, author: str, wish: ExportWish) -> Callable[[], Iterator[Progress | Report]]:
    def work() -> Iterator[Progress | Report]:
        options = dict(wish.way.options)
        asked = {"project": folder, "format": wish.way.format, "option": [f"{key}={it}" for key, it in options.items()]}
        with carried("export", asked, wish.place), ProjectStore.open(folder, author, mode="read") as store:
            report = exchange.hand_out(exchange.named(wish.way.format), store, wish.place, options)
        yield report

    return work


def _of_set(folder: Path, wish: ExportWish) -> Callable[[], Iterator[Progress | Report]]:
    def work() -> Iterator[Progress | Report]:
        found, known, place = MotionSet(folder), wish.way.format, wish.place
        names = wish.recordings
        asked = {"project": folder.parent.parent, "set_": folder.name, "format": known, "motion": ""}
        if len(names) == 1:
            yield from _carried(asked | {"motion": names[0]}, found, place, motion=names[0])
        elif not names or len(names) == sum(bool(row.file) for row in found.rows.values()):
            yield from _carried(asked, found, place)
        else:
            for number, name in enumerate(names):
                yield Progress(number, len(names), name)
                out = place / (as_file_name(name, "posecast") + wish.way.ending)
                out.parent.mkdir(parents=True, exist_ok=True)
                for _ in _carried(asked | {"motion": name}, found, out, motion=name):
                    pass
            yield Report(
                format=known,
                says=say(
                    "{name}: {recordings} as {known}",
                    name=place.name,
                    recordings=counted(len(names), "recording"),
                    known=known,
                ),
            )

    return work


def _begun(place: Path) -> str:
    return say("Exporting {name}", name=place.name)


class _Told(QObject):
    done = Signal(object)
    moved = Signal(object)  # a Progress, a few times a second


class _Task(QRunnable):
    """Goes through what is said while it works; ends early where it is stopped."""

    def __init__(self, work: Callable[[], Iterator[Progress | Report]]) -> None:
        super().__init__()
        self._work = work
        self.is_stopped = False
        self.told = _Told()

    def run(self) -> None:
        report: Report | CoreError | None = None
        said_at = 0.0
        try:
            for said in self._work():
                if isinstance(said, Report):
                    report = said
                elif time.monotonic() - said_at > _SAY_EVERY_S:
                    said_at = time.monotonic()
                    self.told.moved.emit(said)
                if self.is_stopped and report is None:
                    break
        except CoreError as error:
            report = error
        except OSError as error:
            report = ProjectError(
                say("It could not be written: {strerror}", strerror=error.strerror or error),
                hint=say("Choose another place."),
            )
        self.told.done.emit(report)


def _carried(asked: dict[str, Any], found: MotionSet, out: Path, *, motion: str = "") -> Iterator[Progress | Report]:
    """Recordings as files that say where they came from; the report comes once they do."""
    report: Report | None = None
    with carried("export", asked, out):
        for said in hand_out_motion(found, out, format=asked["format"], motion=motion, replaces=True):
            if isinstance(said, Report):
                report = said
            else:
                yield said
    if report is not None:
        yield report
