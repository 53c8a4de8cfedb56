"""What generated motion can go on from, and the poses it can pass through: found in the project, made ready beside it.

A clip's person is fitted in the warm process: about a second before the playhead for a past, one frame for a
characteristic pose. A recording of a data set is read in a thread. `came` brings a `Past` (or an `Anchor`), `failed`
why there is none. Frames of what was seen keep their own rate: whoever makes the motion says what it does with it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.anchor_poses import anchor_of_fit, legs_are_seen, seen_of_pose
from core.bodies import library
from core.bodies.skeletons import SMPL_24
from core.errors import CoreError
from core.fits import Fitted, FittedPose, PoseToFit, view_of
from core.forecasts import Refusal
from core.generations import RATE_HZ, PackedMotion, Past, packed, unpacked
from core.geometry.rotations import matrices
from core.motion import SEEN, Motion, Poses2d
from core.project.annotations import Clip
from core.project.cameras import camera_of
from core.recordings import Recording
from core.wording import sentences
from studio.data_sets import DataSets
from studio.document import Document
from studio.fitted_bodies import pose_in_picture
from studio.models_client import ModelsClient
from studio.widgets.clip_time import say_time

Kind = Literal["nothing", "clip", "pose", "result", "kept", "recording"]
PAST_S = 1.0
_STILL_FRAMES = 12
"""A characteristic pose is held for so long: less would be no past."""


@dataclass(frozen=True)
class PoseChoice:
    """A characteristic pose of a clip."""

    clip_id: str
    frame: int
    name: str  # "clip_03, kick"
    words: str  # when it is


class Pasts(QObject):
    """Of one page. The newest wish counts."""

    came = Signal(object)  # Past
    anchor_came = Signal(object)  # Anchor
    failed = Signal(str)
    changed = Signal()
    """There is something else to choose from, or something is on its way."""

    def __init__(self, document: Document, models: ModelsClient, sets: DataSets, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._models, self._sets = document, models, sets
        self._number = -1
        self._take: Callable[[Fitted], None] | None = None
        self._recording: tuple[str, str, float | None] | None = None
        models.fitted.connect(self._fitted)
        sets.recording_came.connect(self._read)
        sets.moved.connect(self.changed)
        document.changed.connect(lambda _: self.changed.emit())
        document.closed.connect(self.forget)

    @property
    def is_waiting(self) -> bool:
        return self._take is not None or self._recording is not None

    def forget(self) -> None:
        """Nobody waits any more."""
        if self._take is not None:
            self._models.forget_fit()
        self._take, self._recording, self._number = None, None, -1

    # ---- what there is ----

    def clips(self) -> list[Clip]:
        """Those whose people can be fitted."""
        if not self._document.is_open:
            return []
        return [clip for clip in self._document.project.clips.values() if clip.tracks]

    def poses(self) -> list[PoseChoice]:
        """Every characteristic pose, clip by clip."""
        found = []
        for clip in self.clips():
            for pose in clip.poses:
                segment = clip.segment(pose.segment)
                label = self._document.project.labels.get(segment.action) if segment is not None else None
                name = f"{clip.name}, {label.name}" if label is not None else clip.name
                when = say_time(pose.frame / max(clip.video.rate_hz, 1e-6))
                found.append(PoseChoice(clip.id, pose.frame, name, when))
        return found

    def recordings(self) -> list[tuple[str, str, str]]:
        """(key of the set, name, what is done in it) of everything that was recorded with a body."""
        found = []
        for entry in self._sets.entries():
            for row in entry.contents.rows if entry.contents is not None else ():
                if row.body and row.file:
                    labels = dict.fromkeys(label for stretch in row.stretches for label in stretch.labels)
                    found.append((entry.key, row.name, ", ".join(labels)))
        return found

    # ---- fetching ----

    def ask_clip(self, clip_id: str) -> None:
        """The second before the clip's playhead."""
        clip = self._document.project.clips.get(clip_id)
        if clip is None:
            return
        rate_hz = clip.video.rate_hz or RATE_HZ
        end = (self._document.playhead if clip_id == self._document.clip_id else clip.video.frame_count - 1) + 1
        start = max(0, end - round(PAST_S * rate_hz))
        source = f"clip:{clip.name}@{start / rate_hz:.2f}-{end / rate_hz:.2f}"

        def take(said: Fitted) -> None:
            poses = _unbroken(said.poses)
            if len(poses) < 2:
                words = self.tr("Nobody is seen well enough in {clip} before its playhead. Move it, and try again.")
                self.failed.emit(words.format(clip=clip.name))
                return
            self.came.emit(Past(motion=_on_the_ground(poses, rate_hz), source=source))

        self._fit(clip, range(start, end), take, rate_hz)

    def ask_pose(self, choice: PoseChoice) -> None:
        """A characteristic pose, held."""

        def take(pose: FittedPose, _seen: Poses2d) -> None:
            motion = _on_the_ground([pose] * _STILL_FRAMES, RATE_HZ)
            self.came.emit(Past(motion=motion, source=f"pose of {choice.name} at {choice.words}"))

        self._fit_pose(choice, take)

    def ask_anchor(self, choice: PoseChoice, at_s: float) -> None:
        """A characteristic pose to pass through: its upper body alone where the legs are not seen."""

        def take(pose: FittedPose, seen: Poses2d) -> None:
            legs_seen = legs_are_seen(seen.skeleton, np.asarray(seen.confidence[0, 0]) >= SEEN)
            self.anchor_came.emit(anchor_of_fit(pose, at_s, name=choice.name, legs_seen=legs_seen))

        self._fit_pose(choice, take)

    def ask_recording(self, key: str, name: str, until_s: float | None = None) -> None:
        """The second before `until_s` of a recording; before its end where nobody says."""
        self.forget()
        self._recording = key, name, until_s
        self._sets.ask(key, name)
        self.changed.emit()

    def of_motion(self, motion: PackedMotion, source: str) -> Past:
        """The end of a motion."""
        return Past(motion=_tail(motion), source=source)

    # ---- how ----

    def _fit_pose(self, choice: PoseChoice, take: Callable[[FittedPose, Poses2d], None]) -> None:
        """Fit a body to a characteristic pose as it was seen, or put by hand."""
        clip = self._document.project.clips.get(choice.clip_id)
        pose = next((each for each in clip.poses if each.frame == choice.frame), None) if clip is not None else None
        tracks = self._tracks_of(clip) if clip is not None else None
        if clip is None or pose is None or tracks is None:
            return
        if pose.frame >= len(tracks):
            self._too_little(choice)
            return
        seen = seen_of_pose(tracks, pose, _person_of(clip, tracks))

        def take_first(said: Fitted) -> None:
            fitted = said.poses[0] if said.poses else None
            if fitted is None:
                self._too_little(choice)
            else:
                take(fitted, seen)

        self._ask(clip, seen, [0], 0, take_first)

    def _fit(self, clip: Clip, frames: range, take: Callable[[Fitted], None], rate_hz: float) -> None:
        tracks = self._tracks_of(clip)
        if tracks is not None:
            within = [min(frame, len(tracks) - 1) for frame in frames]
            self._ask(clip, tracks, within, _person_of(clip, tracks), take, is_sequence=True, rate_hz=rate_hz)

    def _tracks_of(self, clip: Clip) -> Poses2d | None:
        self.forget()
        try:
            tracks = self._document.tracks(clip.id)
        except CoreError as error:
            self.failed.emit(sentences(str(error), error.hint))
            return None
        if tracks is None or not len(tracks):
            self.failed.emit(self.tr("{clip} has no 2D poses.").format(clip=clip.name))
            return None
        return tracks

    def _ask(
        self,
        clip: Clip,
        tracks: Poses2d,
        frames: Sequence[int],
        person: int,
        take: Callable[[Fitted], None],
        *,
        is_sequence: bool = False,
        rate_hz: float = RATE_HZ,
    ) -> None:
        """Ask for bodies of one person in these frames."""
        poses: list[PoseToFit] = []
        for at in frames:
            seen = np.asarray(tracks.confidence[at, person]) >= SEEN
            poses.append(pose_in_picture(np.asarray(tracks.joints_px[at, person]), seen))
        self._take = take
        self._number = self._models.fit(
            library.DEFAULT_KEY,
            tracks.skeleton.name,
            tuple(poses),
            view=view_of(camera_of(self._document.project, clip)),
            is_sequence=is_sequence,
            rate_hz=rate_hz,
        )
        self.changed.emit()

    def _fitted(self, number: int, said: Fitted | Refusal) -> None:
        if number != self._number or self._take is None:
            return
        take, self._take, self._number = self._take, None, -1
        if isinstance(said, Refusal):
            self.failed.emit(sentences(said.message, said.hint))
        else:
            take(said)
        self.changed.emit()

    def _read(self, key: str, name: str, found: Recording | CoreError) -> None:
        if self._recording is None or self._recording[:2] != (key, name):
            return
        until_s, self._recording = self._recording[2], None
        if isinstance(found, CoreError):
            self.failed.emit(sentences(str(found), found.hint))
        elif found.body is None:
            self.failed.emit(self.tr("{name} has joints and no body. Fit one first.").format(name=name))
        else:
            body = found.body
            end = len(body) if until_s is None else max(2, min(len(body), round(until_s * body.rate_hz)))
            start = max(0, end - round(PAST_S * body.rate_hz))
            cut = Motion(body.skeleton, body.rate_hz, body.rotations[start:end], body.translation_m[start:end])
            source = f"motion:{key}/{name}@{start / body.rate_hz:.2f}-{end / body.rate_hz:.2f}"
            self.came.emit(Past(motion=packed(cut), source=source))
        self.changed.emit()

    def _too_little(self, choice: PoseChoice) -> None:
        words = self.tr("Too few joints are seen in {name} at {when} to fit a body.")
        self.failed.emit(words.format(name=choice.name, when=choice.words))


def _person_of(clip: Clip, tracks: Poses2d) -> int:
    """The track of the first actor, or the first track."""
    return next((each.track for each in clip.actors if each.track is not None and each.track < tracks.people), 0)


def _unbroken(poses: tuple[FittedPose | None, ...]) -> list[FittedPose]:
    """The last stretch without a gap."""
    found: list[FittedPose] = []
    for pose in reversed(poses):
        if pose is None:
            if found:
                break
            continue
        found.append(pose)
    return found[::-1]


def _on_the_ground(poses: list[FittedPose], rate_hz: float) -> PackedMotion:
    """Fitted poses as a motion whose lowest foot stands on the ground: where a camera stood is not known for sure."""
    turns = matrices(np.array([pose.rotations for pose in poses], np.float64))
    places_m = np.array([pose.translation_m for pose in poses], np.float64)
    figure = library.body(library.DEFAULT_KEY).shaped()
    every = range(0, len(poses), max(1, len(poses) // 4))
    lowest = min(float(figure.pose(turns[at], places_m[at])[:, 1].min()) for at in every)
    places_m[:, 1] -= lowest
    return packed(Motion(SMPL_24, rate_hz, turns.astype(np.float32), places_m.astype(np.float32)))


def _tail(motion: PackedMotion) -> PackedMotion:
    """Its last second."""
    whole = unpacked(motion)
    start = max(0, len(whole) - round(PAST_S * whole.rate_hz))
    return packed(Motion(whole.skeleton, whole.rate_hz, whole.rotations[start:], whole.translation_m[start:]))
