"""The panel of the chosen run's samples: what came, and what the model made of it at its first, a middle and its newest
step. It follows a run that goes on; files are read and bodies are drawn beside the window.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from PySide6.QtCore import QTimer
from PySide6.QtGui import QPixmap, QResizeEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout

from core import run_samples
from core.bodies import library
from core.errors import CoreError, FileError, FormatError
from core.generations import PackedMotion
from core.run_samples import ForecastSamples, MotionSamples, Samples, SnapshotFile
from core.runs import TrainForecaster, TrainPoseGpt
from studio import theme
from studio.commands import tip
from studio.jobs import Job
from studio.widgets import parts
from studio.widgets.beside import Beside
from studio.widgets.job_words import grouped
from studio.widgets.motion_pictures import MotionPictures
from studio.widgets.sample_strip import MOMENTS, TILES, SampleStrip, SampleTile
from studio.widgets.sample_words import (
    example_said,
    forecast_pose,
    forecast_words,
    frame_of,
    reach_of,
    short_step,
    step_said,
    telling_moment,
    true_pose,
)
from studio.widgets.samples_window import SamplesWindow
from studio.words import say

_LOOK_EVERY_S = 1.0
TrainSpec = TrainForecaster | TrainPoseGpt
_Key = tuple[Path, int, int]


@dataclass(frozen=True)
class Found:
    """What lies in a run's folder: the snapshots of its newest stage, and those that are shown, by step."""

    files: tuple[SnapshotFile, ...] = ()
    read: tuple[Samples, ...] = ()
    problem: str = ""


class SamplesPanel(QFrame):
    """Hidden where there is no run, or one that ended without samples."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("Samples while training"))
        self._job: Job | None = None
        self._colour = theme.now().text3
        self._known: dict[_Key, Samples] = {}
        self._found = Found()
        self._heard: object = None
        self._looked_at = 0.0
        self._is_reading = False
        self._example, self._moment = 0, -1
        self._packed: dict[tuple[int, int, bool], PackedMotion] = {}
        self._last: dict[int, QPixmap] = {}
        self._window: SamplesWindow | None = None
        self._reader = Beside(self)
        self._again = QTimer(self, singleShot=True, interval=round(1000 * _LOOK_EVERY_S))
        self._again.timeout.connect(self._look)
        self.pictures = MotionPictures(self)
        self.pictures.came.connect(lambda _: self._show())
        self.strip = SampleStrip()
        self.strip.opened.connect(self.open)
        self.strip.scrubbed.connect(self._scrub)
        self._count = parts.text("", "caption")
        self._back = parts.tool("back", tip("previous-example"))
        self._next = parts.tool("forward", tip("next-example"))
        self._large = parts.tool("window", tip("open-samples"))
        self._back.clicked.connect(lambda: self.next_example(-1))
        self._next.clicked.connect(lambda: self.next_example(1))
        self._large.clicked.connect(self.open)
        self._words = parts.text("", "caption", wrap=True)
        self._words.setMinimumWidth(1)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 8, 12, 10)
        box.setSpacing(6)
        self._title = parts.text(self.tr("Samples while training"), "title")
        self._title.setMinimumWidth(1)
        box.addWidget(parts.row((self._title, 1), self._count, self._back, self._next, self._large, gap=2))
        box.addWidget(self.strip)
        box.addWidget(self._words)
        self.hide()

    def commands(self) -> dict[str, Callable[[], None]]:
        """What can be done here, by the names of the table of commands."""
        return {
            "open-samples": self.open,
            "next-example": lambda: self.next_example(1),
            "previous-example": lambda: self.next_example(-1),
        }

    def is_settled(self) -> bool:
        """Whether all that there is is shown."""
        return not self._is_reading and not self._again.isActive() and self.pictures.is_settled

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow column what is not said by the page itself makes room."""
        super().resizeEvent(event)
        whole, short = self.tr("Samples while training"), self.tr("Samples")
        room = self.width() - theme.px(60) - 110
        self._title.setText(whole if self._title.fontMetrics().horizontalAdvance(whole) <= room else short)

    def shut(self) -> None:
        """End what works in the background."""
        self._again.stop()
        self._reader.forget(wait=True)
        self.pictures.close()
        if self._window is not None:
            self._window.close()

    # ---- which run ----

    def show_job(self, job: Job | None, colour: str) -> None:
        """This run as it stands. What lies in its folder is looked at once a second at most."""
        colour = getattr(theme.now(), colour, colour)
        is_other = self._path_of(job) != self._path_of(self._job)
        self._job = job if job is not None and isinstance(job.spec, TrainSpec) else None
        if is_other:
            self._found, self._heard = Found(), None
            self._known.clear()
            self._forget_pictures()
            self._example, self._moment = 0, -1
            self._reader.forget()
            self._is_reading = False
            self._again.stop()
            if self._window is not None:
                self._window.close()
        heard = None if self._job is None else (self._job.state, self._job.progress)
        if heard != self._heard or colour != self._colour:
            self._heard, self._colour = heard, colour
            wait_s = _LOOK_EVERY_S - (monotonic() - self._looked_at)
            if is_other or wait_s <= 0:
                self._look()
            elif not self._again.isActive():
                self._again.start(round(1000 * wait_s))
        self._show()

    def _path_of(self, job: Job | None) -> Path | None:
        return job.folder.path if job is not None and isinstance(job.spec, TrainSpec) else None

    def _look(self) -> None:
        job = self._job
        if job is None or not isinstance(job.spec, TrainSpec):
            return
        if self._is_reading:
            self._again.start()
            return
        self._looked_at, self._is_reading = monotonic(), True
        folder, spec, known = job.folder.path, job.spec, dict(self._known)
        self._reader.run(lambda: _look_into(folder, spec, known), self._take)

    def _take(self, found: tuple[Found, dict[_Key, Samples]]) -> None:
        was, self._is_reading = self._found, False
        self._found, self._known = found
        if [each.step for each in was.read] != [each.step for each in self._found.read]:
            self._forget_pictures()
        if self._window is not None:
            self._window.show_files(self._found.files, self._colour)
        self._show()

    def _forget_pictures(self) -> None:
        self._packed.clear()
        self._last.clear()

    # ---- what is shown ----

    def next_example(self, by: int) -> None:
        """Another example, round and round."""
        if self._found.read:
            self._example = (self._example + by) % len(self._found.read[-1])
            self._forget_pictures()
            self._show()

    def open(self) -> None:
        """The samples large, at any step."""
        if not self._found.files or self._job is None:
            return
        if self._window is None:
            self._window = SamplesWindow(self._job.label, self)
            self._window.finished.connect(self._window_closed)
        self._window.show_files(self._found.files, self._colour, self._example)
        self._window.show()
        self._window.activateWindow()

    def window_open(self) -> SamplesWindow | None:
        """The window, while it is open."""
        return self._window

    def _window_closed(self) -> None:
        self._window = None

    def _scrub(self, moment: int) -> None:
        self._moment = moment
        self._show()

    def _show(self) -> None:
        read = self._found.read
        words = _empty_words(self._job, self._found)
        is_shown = bool(read) or bool(words)
        if is_shown == self.isHidden():
            self.setVisible(is_shown)
        self.strip.setVisible(bool(read))
        for each in (self._back, self._next):
            each.setVisible(bool(read) and len(read[-1]) > 1)
        self._large.setVisible(bool(read))
        if not read:
            self._count.setText("")
            self._words.setText(words)
            return
        newest = read[-1]
        self._example = min(self._example, len(newest) - 1)
        count = self.tr("{number} of {count}").format(number=self._example + 1, count=len(newest))
        self._count.setText(count if len(newest) > 1 else "")
        forecasts = [each for each in read if isinstance(each, ForecastSamples)]
        motions = [each for each in read if isinstance(each, MotionSamples)]
        if forecasts:
            tiles, said = self._forecast_tiles(forecasts)
        else:
            tiles, said = self._motion_tiles(motions)
        self.strip.show_tiles(tiles)
        self._words.setText(" ".join(filter(None, (said, self._found.problem))))

    def _forecast_tiles(self, read: list[ForecastSamples]) -> tuple[list[SampleTile], str]:
        example, newest = self._example, read[-1]
        ahead = max(0, self._moment) * newest.ahead // MOMENTS
        reach = reach_of(read, example, ahead)
        came = newest.word(int(newest.true_actions[example, ahead])) or say("not known")
        tiles = [SampleTile(say("truth"), "", "", None, true_pose(newest, example, ahead), reach, (came,))]
        for each in read:
            poses = (*true_pose(each, example, ahead, pale=True), forecast_pose(each, example, ahead, self._colour))
            words = forecast_words(each, example, ahead)
            tiles.append(
                SampleTile(
                    step_said(each.step),
                    self._colour,
                    short_step(each.step),
                    None,
                    poses,
                    reach,
                    words,
                    each.is_right(example, ahead),
                )
            )
        said = example_said(newest, example)
        if newest.ahead > 1:
            said = say("{said}: {number} of {count} steps ahead", said=said, number=ahead + 1, count=newest.ahead)
        return tiles, said

    def _motion_tiles(self, read: list[MotionSamples]) -> tuple[list[SampleTile], str]:
        example, newest = self._example, read[-1]
        moment = self._moment if self._moment >= 0 else telling_moment(newest, example, MOMENTS)
        frame = frame_of(newest, moment, MOMENTS)
        truth = self._picture(0, newest, frame, is_true=True)
        tiles = [SampleTile(say("truth"), "", "", truth)]
        for at, each in enumerate(read, start=1):
            here = frame_of(each, moment, MOMENTS)
            picture = self._picture(at, each, here, is_true=False)
            tiles.append(SampleTile(step_said(each.step), self._colour, short_step(each.step), picture))
        said, seconds = example_said(newest, example), f"{frame / newest.rate_hz:.1f}"
        return tiles, said if self._moment < 0 else say("{said}, at {seconds} s", said=said, seconds=seconds)

    def _picture(self, tile: int, samples: MotionSamples, frame: int, *, is_true: bool) -> QPixmap | None:
        """The frame's picture, or the one before while it is on its way."""
        key = samples.step, self._example, is_true
        if key not in self._packed:
            self._packed[key] = samples.truth_of(self._example) if is_true else samples.made_of(self._example)
        colour = "" if is_true else self._colour
        found = self.pictures.of(str(tile), self._packed[key], library.DEFAULT_KEY, colour=colour, frame=frame)
        if found is not None:
            self._last[tile] = found
        return found or self._last.get(tile)


def _empty_words(job: Job | None, found: Found) -> str:
    """What stands there in place of samples; nothing where none will come."""
    if job is None or not isinstance(job.spec, TrainSpec):
        return ""
    first = run_samples.first_step(job.spec)
    if found.problem:
        return found.problem
    if not job.is_live or not first:
        return ""
    return say("The first samples come at step {step}.", step=grouped(first))


def _look_into(folder: Path, spec: TrainSpec, known: dict[_Key, Samples]) -> tuple[Found, dict[_Key, Samples]]:
    """What is there now; files that were read before are not read again. A damaged one stands in nobody's way."""
    files = run_samples.of_last_stage(run_samples.listed(folder), spec)
    kept: dict[_Key, Samples] = {}
    problem = ""
    for each in _chosen(files):
        try:
            stat = each.path.stat()
            key = each.path, stat.st_mtime_ns, stat.st_size
            kept[key] = known.get(key) or run_samples.read(each.path)
        except FormatError as error:
            problem = f"{error}. {error.hint}".replace("..", ".")
        except (FileError, OSError):
            continue  # the run let go of it just now
        except CoreError as error:
            problem = f"{error}. {error.hint}"
    return Found(files, _alike(list(kept.values())), problem), kept


def _chosen(files: tuple[SnapshotFile, ...]) -> tuple[SnapshotFile, ...]:
    """The first, one in the middle and the newest."""
    if len(files) < TILES:
        return files
    return files[0], files[len(files) // 2], files[-1]


def _alike(read: list[Samples]) -> tuple[Samples, ...]:
    """Those that show the same examples as the newest."""
    return tuple(
        each
        for each in read
        if type(each) is type(read[-1]) and each.names == read[-1].names and _of_one_size(each, read[-1])
    )


def _of_one_size(one: Samples, other: Samples) -> bool:
    if isinstance(one, ForecastSamples) and isinstance(other, ForecastSamples):
        return one.ahead == other.ahead
    return isinstance(one, MotionSamples) and isinstance(other, MotionSamples) and one.kind == other.kind
