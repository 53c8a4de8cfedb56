"""The chosen sample over a clip's frame: it begins where that clip's person stands at the playhead, seen by its camera.

The person is fitted once in the warm process; the sample takes their body, place and heading (core.rendering.placing).
It runs in a window of its own with the page's clock, over the frame of that moment or over the video going on. While it
is open, Export takes out what it shows.
"""

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from core.errors import CoreError
from core.fits import FittedPose, FitView, view_of
from core.generations import RATE_HZ, unpacked
from core.geometry.rotations import matrices, rotation_vectors
from core.motion import SEEN
from core.project.annotations import Clip
from core.project.cameras import camera_of
from core.rendering.moving import Footage, MovingBody, MovingScene, Shot
from core.rendering.placing import starting_where
from core.whole_files import as_file_name
from studio.display import Display
from studio.document import Document
from studio.fitted_bodies import TOO_LITTLE_SEEN, FittedBodies, FitWish, pose_in_picture
from studio.generating import Generating
from studio.keeping import name_of
from studio.models_client import ModelsClient
from studio.widgets import parts
from studio.widgets.clip_time import say_time
from studio.widgets.cut_outs import CutOuts, CutWish
from studio.widgets.over_video import OverVideoView
from studio.widgets.posed import PosedBody
from studio.widgets.scene_view import colours
from studio.widgets.shown import Shown, nothing
from studio.widgets.stills import Stills
from studio.words import say


@dataclass(frozen=True)
class _From:
    """Where it begins: a frame of a clip, and the person to fit there."""

    clip: Clip
    frame: int
    wish: FitWish
    view: FitView


class OverVideo(QObject):
    """The window, and what it shows."""

    says = Signal(str)
    asks = Signal(str)

    def __init__(
        self, document: Document, models: ModelsClient, display: Display, generating: Generating,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._document, self._display, self._generating = document, display, generating
        self.fits, self.cuts, self.stills = FittedBodies(models, self), CutOuts(self), Stills(self)
        self._from: _From | None = None
        self._placed: tuple[object, MovingBody] | None = None
        self.window: _Window | None = None
        self.fits.changed.connect(self._show)
        self.cuts.came.connect(self._show)
        self.stills.came.connect(lambda _: self._show())
        generating.changed.connect(self._show)
        generating.chosen_changed.connect(lambda _: self._show())
        generating.playhead_moved.connect(lambda _: self._show())
        document.closed.connect(self.close)

    @property
    def is_open(self) -> bool:
        return self.window is not None

    @property
    def is_settled(self) -> bool:
        return not self.is_open or (self.fits.is_settled and self.cuts.is_settled and self.stills.is_settled)

    def open(self, at: int | None = None) -> None:
        """The chosen sample, or the one at this place, over the chosen clip; says why where that cannot be."""
        if at is not None:
            self._generating.choose(at)
        if self._generating.now is None:
            self.says.emit(self.tr("Nothing is shown to put over a video."))
            return
        begins = self._begins()
        if isinstance(begins, str):
            self.says.emit(begins)
            return
        if self.window is None:
            self.window = window = _Window(self.tr("Over the video – Posecast"))
            window.closed.connect(self.close)
            window.goes_on.toggled.connect(lambda _: self._show())
            window.view.resized.connect(self._show)
            window.export.clicked.connect(lambda: self.asks.emit("export"))
        self._from, self._placed = begins, None
        self.stills.open(self._document.video_path(begins.clip.id))
        self.window.view.show_size(begins.clip.video.width, begins.clip.video.height)
        self.window.show()
        self.window.raise_()
        self.fits.want((begins.wish,))
        self._show()

    def close(self) -> None:
        """Close the window and let go of the video."""
        window, self.window = self.window, None
        self._from = self._placed = None
        self.fits.forget()
        self.stills.close()
        if window is not None:
            window.hide()
            window.deleteLater()

    def shut(self) -> None:
        """End what works in the background."""
        self.close()
        self.cuts.close(wait=True)
        self.stills.close(wait=True)

    def shown(self) -> Shown:
        """The sample over the video, to be taken out."""
        begins, body, now = self._from, self._body(), self._generating.now
        if begins is None or body is None or now is None:
            return nothing(self.tr("The person is still being fitted."))
        video = self._document.video_path(begins.clip.id)
        camera = camera_of(self._document.project, begins.clip)
        frames = tuple(self._video_frame(begins, at) for at in range(len(body.rotations)))
        footage = Footage(video, frames, camera) if video is not None and video.is_file() else None
        scene = MovingScene(RATE_HZ, (body,), ground_m=None, is_floor_under_feet=True)
        at = min(self._generating.frame, len(frames) - 1)
        shot = Shot(
            scene, at=at, view=camera, colours=colours(), footage=footage, opacity=self._display.opacity,
            beside=self._display.is_beside,
        )  # fmt: skip
        return Shown(shot, as_file_name(f"{begins.clip.name}, {name_of(now.asked)}", "motion"))

    # ---- how ----

    def _begins(self) -> _From | str:
        """The person of the chosen clip at its playhead, or why there is none."""
        document, clip = self._document, self._document.clip
        if clip is None or document.video_path(clip.id) is None:
            return self.tr("Choose a clip with a video first: the sample begins where its person stands.")
        try:
            tracks = document.tracks(clip.id)
        except CoreError as error:
            return f"{error} {error.hint}".strip()
        frame = document.playhead
        if tracks is None or not 0 <= frame < len(tracks):
            return self.tr("{clip} has no 2D poses here. Extract them first.").format(clip=clip.name)
        track = next((each.track for each in clip.actors if each.track is not None and each.track < tracks.people), 0)
        seen = np.asarray(tracks.confidence[frame, track]) >= SEEN
        if not seen.any():
            return self.tr("Nobody is seen in {clip} at its playhead. Move it, and try again.").format(clip=clip.name)
        view = view_of(camera_of(document.project, clip))
        pose = pose_in_picture(np.asarray(tracks.joints_px[frame, track]), seen)
        return _From(clip, frame, FitWish(self._display.body, tracks.skeleton.name, pose, view), view)

    def _body(self) -> MovingBody | None:
        """The chosen sample where the person stands; None while they are fitted."""
        begins, now = self._from, self._generating.now
        fitted = self.fits.of(begins.wish) if begins is not None else None
        if begins is None or now is None or fitted is None:
            return None
        key = (begins, now.sample.motion, self._generating.colour(self._generating.chosen))
        if self._placed is None or self._placed[0] != key:
            motion = unpacked(now.sample.motion)
            made = MovingBody(
                begins.wish.body, np.zeros(1), motion.rotations, motion.translation_m, colour=key[2],
                name=f"sample {now.number + 1}",
            )  # fmt: skip
            stands = MovingBody(
                begins.wish.body,
                np.array(fitted.betas),
                matrices(np.array(fitted.rotations).reshape(1, -1, 3)),
                np.array(fitted.translation_m).reshape(1, 3),
            )
            self._placed = key, starting_where(made, stands)
        return self._placed[1]

    def _video_frame(self, begins: _From, at: int) -> int:
        """The video's frame under frame `at` of the sample."""
        if self.window is None or not self.window.goes_on.isChecked():
            return begins.frame
        rate_hz = begins.clip.video.rate_hz or RATE_HZ
        return min(begins.frame + round(at / RATE_HZ * rate_hz), max(begins.clip.video.frame_count - 1, 0))

    def _show(self) -> None:
        window, begins = self.window, self._from
        if window is None or begins is None:
            return
        body, at = self._body(), self._generating.frame
        frame = self._video_frame(begins, at)
        self.stills.want((frame,))
        cut = None
        if body is not None:
            at = min(at, len(body.rotations) - 1)
            posed = PosedBody(body.body, _pose(body, at), body.colour)
            wish = CutWish(posed, begins.view).at_scale(window.view.scale * window.devicePixelRatioF())
            self.cuts.want((wish,))
            cut = self.cuts.of(wish)
        window.view.show_frame(self.stills.of(frame), cut, opacity=self._display.opacity, note=self._note(begins))
        rate_hz = begins.clip.video.rate_hz or RATE_HZ
        window.caption.setText(
            self.tr("Sample {n} from {clip} at {time}, {now} s later").format(
                n=self._generating.chosen + 1, clip=begins.clip.name, time=say_time(begins.frame / rate_hz),
                now=f"{at / RATE_HZ:.2f}",
            )
        )  # fmt: skip

    def _note(self, begins: _From) -> str:
        """What a person must know of the body they see."""
        if self.cuts.problem:
            return self.cuts.problem
        if self.fits.is_impossible(begins.wish):
            return say(TOO_LITTLE_SEEN)
        if self.fits.is_refused(begins.wish) and self.fits.refusal is not None:
            return self.fits.refusal.message
        if self.fits.of(begins.wish) is None:
            return self.tr("Fitting the person")
        return self.tr("Body: camera and size estimated") if begins.view.estimated else self.tr("Body: size estimated")


def _pose(body: MovingBody, at: int) -> FittedPose:
    x, y, z = (float(each) for each in body.translation_m[at])
    turns = tuple((float(a), float(b), float(c)) for a, b, c in rotation_vectors(body.rotations[at]))
    betas = tuple(float(each) for each in body.betas)
    return FittedPose(betas=betas, rotations=turns, translation_m=(x, y, z), error=0.0)


class _Window(QWidget):
    """The picture with its foot."""

    closed = Signal()

    def __init__(self, title: str) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self.setWindowTitle(title)
        self.resize(960, 600)
        self.view = OverVideoView()
        self.caption = parts.text("", "label")
        self.caption.setMinimumWidth(1)
        self.goes_on = QCheckBox(self.tr("The video goes on"))
        self.export = parts.button(self.tr("Export"), "export")
        foot = parts.row((self.caption, 1), self.goes_on, self.export, gap=12, margins=(12, 6, 12, 8))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.view, 1)
        box.addWidget(foot)

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self.closed.emit()
