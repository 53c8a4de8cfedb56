"""Samples of a training, large: what came beside what the model made at any of its steps, to be turned and played.

Motions stand side by side in space and run on one clock; forecasts are drawn over what came, with the likeliest actions
and the joints in space. Snapshots are read beside the window when their step is looked at.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSlider, QWidget

from core import run_samples
from core.bodies import library
from core.bodies.skeletons import UPPER_BODY_9
from core.errors import CoreError
from core.rendering.contents import SceneSkeleton
from core.rendering.views import Orbit
from core.run_samples import ForecastSamples, MotionSamples, Samples, SnapshotFile
from studio import theme
from studio.widgets import parts
from studio.widgets.beside import Beside
from studio.widgets.clip_time import ClipTime
from studio.widgets.dialogs import Dialog
from studio.widgets.motion_pictures import plain, pose_at
from studio.widgets.painting import Painted, draw_field, put
from studio.widgets.player import Player
from studio.widgets.pose_picture import DrawnPose
from studio.widgets.posed import PosedBody, Standing
from studio.widgets.sample_strip import draw_poses
from studio.widgets.sample_words import example_said, forecast_pose, reach_of, step_said, true_pose
from studio.widgets.scene_view import Looks
from studio.widgets.step_cards import Likely, LikelyBars
from studio.widgets.viewport import Viewport
from studio.words import say

_STANDING = Orbit(focus_m=(0.0, 0.95, 0.0), yaw=0.6, pitch=0.12, distance_m=4.2)
_NECK_DOWN = Orbit(focus_m=(0.0, -0.15, 0.0), yaw=0.35, pitch=0.1, distance_m=1.9, floor_m=None)
"""Where people are looked at from first: those on a ground, and those of whom only nine joints are known."""


class SamplesWindow(Dialog):
    """One run's samples."""

    def __init__(self, run: str, parent: QWidget | None) -> None:
        super().__init__(say("Samples of {run}", run=run), parent, 760)
        self._files: tuple[SnapshotFile, ...] = ()
        self._read: dict[Path, Samples] = {}
        self._samples: Samples | None = None
        self._example, self._frame = 0, 0
        self._seen_from: bool | None = None  # whether as motions are, once something is shown
        self._colour = theme.now().accent
        self._reader = Beside(self)
        self._reader.refused.connect(self._refuse)
        self._player = Player(self)
        self._player.frame_due.connect(self._seek)
        self._player.changed.connect(self._show_playing)
        self._about = parts.text("", "label")
        self._about.setMinimumWidth(1)
        self.back = parts.tool("back", self.tr("Previous example"))
        self.next = parts.tool("forward", self.tr("Next example"))
        self.back.clicked.connect(lambda: self.next_example(-1))
        self.next.clicked.connect(lambda: self.next_example(1))
        self.flat = _Flat()
        self.space = Viewport()
        self.space.setMinimumHeight(theme.px(330))
        self.bars = LikelyBars()
        self.bars.set_rows(3)
        self.off = parts.text("", "caption")
        self._left = parts.col((self.flat, 1), self.bars, self.off, gap=6)
        self._left.hide()
        self.steps = _slider(self.tr("Step of the training"))
        self.steps.valueChanged.connect(lambda _: self._look())
        self._step = parts.text("", "strong")
        self.play = parts.tool("play", self.tr("Play"), size=18)
        self.play.clicked.connect(self._player.toggle)
        always = self.play.sizePolicy()
        always.setRetainSizeWhenHidden(True)
        self.play.setSizePolicy(always)
        self.time = _slider(self.tr("Time"))
        self.time.valueChanged.connect(self._sought)
        self._now = parts.text("", "label")
        self._problem = parts.text("", "warn", wrap=True)
        self._problem.hide()
        for each in (self._step, self._now):
            each.setFixedWidth(theme.px(110))
        self.box.addWidget(parts.row((self._about, 1), self.back, self.next, gap=4))
        self.box.addWidget(parts.row((self._left, 2), (self.space, 3), gap=8), 1)
        self.box.addWidget(parts.row(26, (self.steps, 1), self._step, gap=8))
        self.box.addWidget(parts.row(self.play, (self.time, 1), self._now, gap=8))
        self.box.addWidget(self._problem)
        self.add_close()
        self.finished.connect(self._end)
        self.steps.setFocus()

    def is_settled(self) -> bool:
        """Whether what was asked for is on screen."""
        file = self._files[self.steps.value()] if self._files else None
        is_read = file is None or (self._samples is not None and self._samples.step == file.step)
        return (is_read or not self._problem.isHidden()) and self.space.is_settled()

    def samples(self) -> Samples | None:
        """What is shown."""
        return self._samples

    # ---- what is shown ----

    def show_files(self, files: Sequence[SnapshotFile], colour: str, example: int | None = None) -> None:
        """The snapshots there are by now; whoever looks at the newest goes on doing so."""
        at_end = not self._files or self.steps.value() >= len(self._files) - 1
        step = None if at_end else self._files[self.steps.value()].step
        self._files, self._colour = tuple(files), colour
        if example is not None:
            self._example = example
        self.steps.blockSignals(True)
        self.steps.setRange(0, max(0, len(files) - 1))
        nearest = min(range(len(files)), key=lambda at: abs(files[at].step - step)) if step is not None and files else 0
        self.steps.setValue(len(files) - 1 if at_end else nearest)
        self.steps.blockSignals(False)
        self.steps.setEnabled(len(files) > 1)
        self._look()

    def next_example(self, by: int) -> None:
        """Another one, round and round."""
        if self._samples is not None:
            self._example = (self._example + by) % len(self._samples)
            self._frame = 0
            self._show()

    def _look(self) -> None:
        """Read the step that the slider is at, where that was not done yet."""
        if not self._files:
            return
        file = self._files[self.steps.value()]
        self._step.setText(step_said(file.step))
        if file.path in self._read:
            self._take(self._read[file.path])
        else:
            self._reader.run(lambda: run_samples.read(file.path), self._take_read)

    def _take_read(self, samples: Samples) -> None:
        for file in self._files:
            if file.step == samples.step:
                self._read[file.path] = samples
        self._take(samples)

    def _take(self, samples: Samples) -> None:
        self._problem.hide()
        self._samples = samples
        self._example = min(self._example, len(samples) - 1)
        self._show()

    def _refuse(self, error: CoreError) -> None:
        self._problem.setText(f"{error}. {error.hint}")
        self._problem.show()

    def _show(self) -> None:
        samples = self._samples
        if samples is None:
            return
        moments = samples.frames if isinstance(samples, MotionSamples) else samples.ahead
        self._frame = min(self._frame, moments - 1)
        self.time.blockSignals(True)
        self.time.setRange(0, moments - 1)
        self.time.setValue(self._frame)
        self.time.blockSignals(False)
        self.time.setEnabled(moments > 1)
        of_motion = isinstance(samples, MotionSamples)
        self.play.setVisible(of_motion)
        self._left.setVisible(not of_motion)
        number = say("{number} of {count}", number=self._example + 1, count=len(samples))
        parts.elide(self._about, f"{number}: {example_said(samples, self._example)}", max(300, self._about.width()))
        for each in (self.back, self.next):
            each.setEnabled(len(samples) > 1)
        if isinstance(samples, MotionSamples):
            self._player.show_time(ClipTime(samples.frames, samples.rate_hz))
            self._player.loop((0, samples.frames))
        if self._seen_from != of_motion:
            self._seen_from = of_motion
            self.space.set_looks(Looks(ghosts=False, trails=False, grid=of_motion, follows=of_motion))
            self._show_moment()  # the first that comes in is framed; people are looked at from farther off
            self.space.set_view(_beside(samples, self._example, self._frame) if of_motion else _NECK_DOWN)
        self._show_moment()

    def _show_moment(self) -> None:
        samples, example, at = self._samples, self._example, self._frame
        if isinstance(samples, MotionSamples):
            made = self.tr("{step}: the past it goes on from") if at < samples.past[example] else "{step}"
            captions = (self.tr("truth"), made.format(step=step_said(samples.step)))
            pair = ((samples.truth_of(example), plain()), (samples.made_of(example), self._colour))
            bodies = (PosedBody(library.DEFAULT_KEY, pose_at(motion, at), colour) for motion, colour in pair)
            self.space.set_columns([Standing((body,), ground_m=0.0) for body in bodies], captions)
            self._now.setText(self.tr("{seconds} s").format(seconds=f"{at / samples.rate_hz:.2f}"))
        elif isinstance(samples, ForecastSamples):
            self._show_forecast(samples, example, at)

    def _show_forecast(self, samples: ForecastSamples, example: int, ahead: int) -> None:
        poses = (*true_pose(samples, example, ahead), forecast_pose(samples, example, ahead, self._colour))
        self.flat.show_poses(poses, reach_of([samples], example, ahead))
        came = samples.word(int(samples.true_actions[example, ahead]))
        likely = [
            Likely(samples.word(int(number)), float(share), self._colour)
            for number, share in zip(samples.best[example, ahead], samples.chance[example, ahead], strict=True)
        ]
        self.bars.show_likely(likely, came)
        error, right = samples.error_px(example, ahead), samples.is_right(example, ahead)
        said = say("came: {action}", action=came) if came else say("what came is not known")
        if error is not None:
            said = say("{said}; 2D error {error} px", said=said, error=f"{error:.1f}")
        self.off.setText(f"{'✓ ' if right else '✗ ' if right is False else ''}{said}")
        joints = SceneSkeleton(samples.joints_m[example, ahead], UPPER_BODY_9, self._colour, thickness=1.2)
        self.space.set_columns([Standing(skeletons=(joints,))], (step_said(samples.step),))
        self._now.setText(self.tr("{number} of {count} ahead").format(number=ahead + 1, count=samples.ahead))

    # ---- time ----

    def _seek(self, frame: int) -> None:
        """The clock says so."""
        self.time.blockSignals(True)
        self.time.setValue(frame)
        self.time.blockSignals(False)
        self._frame = frame
        self._show_moment()

    def _sought(self, frame: int) -> None:
        """A person says so."""
        self._player.stop()
        self._player.show_frame(frame)
        self._frame = frame
        self._show_moment()

    def _show_playing(self) -> None:
        self.play.show_icon("pause" if self._player.is_playing else "play")

    def _end(self) -> None:
        """What works in the background ends with the window, however it was closed."""
        self._player.stop()
        self._reader.forget(wait=True)
        self.space.shut()


def _beside(samples: MotionSamples, example: int, frame: int) -> Orbit:
    """Where a view begins that goes along with somebody."""
    x, y, z = (float(each) for each in samples.true_path_m[example, frame])
    return replace(_STANDING, focus_m=(x, _STANDING.focus_m[1], z), followed_m=(x, y, z))


class _Flat(Painted):
    """What came and what was forecast, one over the other."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(theme.px(220), theme.px(200))
        self.setAccessibleName(self.tr("What came, and the forecast over it"))
        self._poses: tuple[DrawnPose, ...] = ()
        self._reach = (-0.5, -0.5, 0.5, 0.8)

    def show_poses(self, poses: tuple[DrawnPose, ...], reach: tuple[float, float, float, float]) -> None:
        self._poses, self._reach = poses, reach
        self.update()

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        area = self.rect().toRectF()
        painter.setClipPath(draw_field(painter, area))
        foot = theme.px(26)
        draw_poses(painter, area.adjusted(0, 0, 0, -foot), self._poses, self._reach)
        words = self.tr("solid: what came, dashed: the forecast")
        put(painter, area.left() + 8, area.bottom() - 9, words, look.text3, 11, width=area.width() - 16)


def _slider(name: str) -> QSlider:
    made = QSlider(Qt.Orientation.Horizontal)
    made.setAccessibleName(name)
    made.setPageStep(1)
    return made
