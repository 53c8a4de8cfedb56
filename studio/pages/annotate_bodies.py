"""The body of the person at the playhead, on the Annotate page: fitted to the 2D tracks through the clip's camera.

Once the playhead has rested on a frame its person is fitted in the warm process and cut out beside the window; until
then the body before stands there, pale. While the clip plays, only bodies that are there already are shown. Nothing
here waits: fits and cut-outs arrive, and are kept.
"""

import numpy as np
from PySide6.QtCore import QObject, QTimer

from core.fits import FitView, view_of
from core.geometry.rotations import matrices
from core.motion import SEEN
from core.project.annotations import Clip
from core.project.cameras import camera_of
from core.project.joints import as_seen, poses_at, track_of
from core.rendering.moving import Footage, MovingBody, MovingScene, Shot
from studio import theme
from studio.commands import shown
from studio.display import Display
from studio.document import Document
from studio.fitted_bodies import TOO_LITTLE_SEEN, FittedBodies, FitWish, pose_in_picture
from studio.models_client import ModelsClient
from studio.pages.annotate_picture import ClipPicture
from studio.widgets.cut_outs import CutOuts, CutWish
from studio.widgets.lift_card import Lift, sides_of
from studio.widgets.player import Player
from studio.widgets.posed import PosedBody
from studio.widgets.scene_view import colours
from studio.widgets.shown import Shown, nothing
from studio.widgets.video_view import VideoView
from studio.words import say

RESTED_MS = 100


class PictureBody(QObject):
    """Keeps the picture's body in step with the frame that is shown."""

    def __init__(
        self,
        document: Document,
        models: ModelsClient,
        display: Display,
        picture: ClipPicture,
        view: VideoView,
        player: Player,
    ) -> None:
        super().__init__(view)
        self._document, self._display, self._picture = document, display, picture
        self._view, self._player = view, player
        self.fits = FittedBodies(models, self)
        self.cuts = CutOuts(self)
        self._frame: int | None = None
        self._shown: CutWish | None = None
        self._with_sides = False
        self._clip_id = ""
        self._view_of: tuple[object, FitView] | None = None
        self._rest = QTimer(self, singleShot=True, interval=RESTED_MS)
        self._rest.timeout.connect(self._rested)
        picture.people_shown.connect(self._follow)
        for told in (self.fits.changed, self.cuts.came, display.changed):
            told.connect(self._show)
        self.cuts.failed.connect(lambda _: self._show())
        document.changed.connect(lambda _: self._show())
        player.changed.connect(self._show)
        view.framing_changed.connect(self._show)

    @property
    def is_settled(self) -> bool:
        """Whether the body of the frame that is shown is there, where one is wanted."""
        return not self._rest.isActive() and self.fits.is_settled and self.cuts.is_settled

    def close(self) -> None:
        """End what works in the background."""
        self._rest.stop()
        self.fits.forget()
        self.cuts.close(wait=True)

    def sleep(self) -> None:
        """Nobody looks."""
        self._rest.stop()
        self.fits.forget()

    def wish(self) -> FitWish | None:
        """The pose at the frame that is shown; None where no body is wanted, or nobody is there."""
        clip, frame = self._document.clip, self._frame
        if clip is None or frame is None or self._display.shows("annotate") == "joints":
            return None
        tracks, track = self._picture.tracks(), self._picture.actor_track()
        marked = [each for each in poses_at(clip, frame) if each.joint_edits]
        segments = [(each, clip.segment(each.segment)) for each in marked]
        by_hand = [pose for pose, segment in segments if segment is not None and track_of(clip, segment) == track]
        one = as_seen(tracks, frame, track, by_hand[-1].joint_edits if by_hand else {})
        seen = np.asarray(one.confidence[0, 0]) >= SEEN
        if not seen.any():
            return None
        pose = pose_in_picture(np.asarray(one.joints_px[0, 0]), seen)
        return FitWish(self._display.body, one.skeleton.name, pose, self._camera(clip))

    def want_sides(self, *, on: bool) -> None:
        """Whether the body is drawn from its front and side as well, for `lift`."""
        if on != self._with_sides:
            self._with_sides = on
            self._show()

    def lift(self) -> Lift | None:
        """The body of the frame that is shown, from its front and side; None where there is none (yet)."""
        wish = self.wish()
        pose = self.fits.of(wish) if wish is not None else None
        if wish is None or pose is None or self._frame is None:
            return None
        front, side = (self.cuts.of(each) for each in sides_of(PosedBody(wish.body, pose, theme.DARK.truth)))
        return Lift(self._frame, front, side, pose.error, _note(wish))

    def shown(self) -> Shown:
        """The body at the playhead with the frame it stands in, to be taken out; the reason where there is none."""
        if self._display.shows("annotate") == "joints":
            return nothing(
                say("Joints alone are shown. Press {key} for the body, then export.", key=shown("shown-parts"))
            )
        wish, clip, frame = self.wish(), self._document.clip, self._frame
        pose = self.fits.of(wish) if wish is not None else None
        if wish is None or clip is None or frame is None or pose is None:
            return nothing(say("Nobody's body is shown in this frame."))
        body = MovingBody(
            body=wish.body,
            betas=np.array(pose.betas),
            rotations=matrices(np.array(pose.rotations).reshape(1, -1, 3)),
            translation_m=np.array(pose.translation_m).reshape(1, 3),
        )
        camera = camera_of(self._document.project, clip)
        video = self._document.video_path(clip.id)
        footage = Footage(video, (frame,), camera) if video is not None and video.is_file() else None
        scene = MovingScene(clip.video.rate_hz or 30.0, (body,), ground_m=None, is_floor_under_feet=True)
        shot = Shot(
            scene, view=camera, colours=colours(), footage=footage, opacity=self._display.opacity,
            beside=self._display.is_beside,
        )  # fmt: skip
        return Shown(shot, f"{clip.name} frame {frame}")

    # ---- following ----

    def _follow(self, frame: int | None) -> None:
        if self._document.clip_id != self._clip_id:
            self._clip_id, self._shown = self._document.clip_id, None
        if frame != self._frame:
            self._frame = frame
            self._rest.stop()  # it begins anew: a playhead that moves does not rest
        self._show()

    def _show(self) -> None:
        """What there is for this frame; what there is not is asked for once the playhead rests."""
        layer, wish = self._view.body, self.wish()
        shows = self._display.shows("annotate")
        layer.set_beside(on=self._display.is_beside and shows != "joints")
        if wish is None:
            self._rest.stop()
            self._shown = None
            layer.show(None, note=self.cuts.problem or self._why_nobody() if shows != "joints" else "")
            return
        if self.fits.is_impossible(wish):
            self._shown = None
            layer.show(None, note=say(TOO_LITTLE_SEEN))
            return
        pose = self.fits.of(wish)
        cut_wish = None
        if pose is not None and wish.view is not None:
            posed = PosedBody(wish.body, pose, theme.DARK.truth)
            scale = self._view.framing.scale * self._view.devicePixelRatioF()
            cut_wish = CutWish(posed, wish.view).at_scale(scale)
            self.cuts.want((cut_wish, *(sides_of(posed) if self._with_sides else ())))
        elif not self._player.is_playing and not self._rest.isActive() and not self.fits.is_refused(wish):
            self._rest.start()
        cut = self.cuts.of(cut_wish) if cut_wish is not None else None
        if cut is not None:
            self._shown = cut_wish
            layer.show(cut, opacity=self._display.opacity, hides_joints=shows == "body", note=_note(wish))
            return
        old = self.cuts.of(self._shown) if self._shown is not None and not self._player.is_playing else None
        refusal = self.fits.refusal if self.fits.is_refused(wish) else None
        layer.show(old, is_pale=True, note=self.cuts.problem or (refusal.message if refusal is not None else ""))

    def _why_nobody(self) -> str:
        """Why no body stands in the frame that is shown, though one is wanted."""
        if self._document.clip is None:
            return ""
        if self._picture.tracks() is None:
            return say("No body: 2D poses come first")
        return say("No body here: nobody seen") if self._frame is not None else ""

    def _rested(self) -> None:
        wish = self.wish()
        if wish is not None and self._view.isVisible():
            self.fits.want((wish,))

    def _camera(self, clip: Clip) -> FitView:
        row = self._document.project.cameras.get(clip.camera)
        key = (row, clip.video.width, clip.video.height)
        if self._view_of is None or self._view_of[0] != key:
            self._view_of = (key, view_of(camera_of(self._document.project, clip)))
        return self._view_of[1]


def _note(wish: FitWish) -> str:
    """What a person must know of the body they see."""
    if wish.view is not None and wish.view.estimated:
        return say("Body: camera and size estimated")
    return say("Body: size estimated")
