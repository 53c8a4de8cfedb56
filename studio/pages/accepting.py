"""Steps of a forecast become draft segments with their characteristic poses: one edit, however many there are.

Used by the lanes of Annotate and by the Forecast page. What the frames of the new poses look like is found out first,
from the page's own open video or, where it has none, from the file; the edit follows as soon as all are known.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from core.errors import CoreError, ProjectError
from core.forecasts import Forecast, ForecastStep
from core.project.annotations import Clip, FrameIdentity, Project
from core.project.drafts import accept_forecast, label_foreseen
from core.wording import counted
from studio.document import Document
from studio.forecasters import Known
from studio.widgets.clip_time import ClipTime
from studio.widgets.forecast_lanes import StepFrames, actor_of, free_from_of, step_frames
from studio.widgets.frame_source import FrameSource
from studio.words import listed, say

Identify = Callable[[int, Callable[[FrameIdentity], None]], None]
"""Find out what a frame is, then go on; whoever is asked says why where it cannot be known."""


class Accepting(QObject):
    """Takes steps of forecasts into the document."""

    accepted = Signal(object)
    """The ids of the new segments, a tuple."""
    says = Signal(str)
    """Why nothing happened, in a few words."""

    def __init__(self, document: Document, parent: QObject | None = None, *, identify: Identify | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._frames = _VideoFrames(document, self)
        self._identify = identify or self._frames.identify
        self.guard: Callable[[Project, Project], str] = lambda *_: ""  # why an edit may not be made: somebody is locked
        self._time: Callable[[Clip], ClipTime] = lambda clip: ClipTime(clip.video.frame_count, clip.video.rate_hz)

    def go_by(self, time: Callable[[Clip], ClipTime]) -> None:
        """Take the clip's times from here, where they are known better than by the mean rate."""
        self._time = time

    def close(self) -> None:
        """End what runs beside the window."""
        self._frames.close()

    def unknown(self, forecast: Forecast, steps: Sequence[int]) -> tuple[str, ...]:
        """The actions of these steps that the project has no label for."""
        project = self._document.project
        actions = dict.fromkeys(forecast.steps[at].action for at in steps)
        return tuple(each for each in actions if label_foreseen(project, each) is None)

    def why_not(self, forecast: Forecast, at: int) -> str:
        """Why a step cannot be used, in a few words; empty where it can."""
        clip = self._document.project.clips.get(forecast.clip_id)
        when = forecast.steps[at].time if 0 <= at < len(forecast.steps) else None
        if self._document.read_only_reason is not None:
            return say("The project is open for reading")
        if clip is None:
            return say("Its clip is no longer there")
        if when is None:
            return say("This step has no time: it cannot be placed")
        frames = _frames(self._document.project, clip, forecast, at, self._time(clip))
        return say("It lies after the clip's end") if frames.pose >= clip.video.frame_count else ""

    def use(self, known: Known, forecast: Forecast, steps: Sequence[int], *, with_labels: bool = False) -> None:
        """Make drafts of these steps, in one edit; `with_labels` adds the labels that the project lacks."""
        usable = [at for at in steps if not self.why_not(forecast, at)]
        if not usable:
            self.says.emit(self.why_not(forecast, steps[0]) if steps else say("There is no step to use"))
            return
        unknown = self.unknown(forecast, usable)
        if unknown and not with_labels:
            self.says.emit(
                say(
                    "{names}: no label of this project. Add it with a right-click on the step",
                    names=listed(unknown),
                )
            )
            return
        clip = self._document.project.clips[forecast.clip_id]
        if clip.id != self._document.clip_id:
            self.says.emit(say("Choose the clip it is about first"))
            return
        time = self._time(clip)
        places = [(forecast.steps[at], _frames(self._document.project, clip, forecast, at, time)) for at in usable]
        actor = actor_of(self._document.project, clip, forecast)
        self._when_known(clip, [frames.pose for _, frames in places], self._mark(known, places, actor))

    def _mark(
        self, known: Known, places: Sequence[tuple[ForecastStep, StepFrames]], actor: str
    ) -> Callable[[Clip, Sequence[FrameIdentity]], None]:
        run = source_name(known)

        def mark(clip: Clip, identities: Sequence[FrameIdentity]) -> None:
            project, made, author = self._document.project, [], self._document.author
            try:
                for (step, frames), identity in zip(places, identities, strict=True):
                    project, segment = accept_forecast(
                        project,
                        clip.id,
                        step.action,
                        frames.start,
                        frames.pose,
                        frames.end,
                        identity,
                        run=run,
                        author=author,
                        actor=actor,
                        with_label=True,
                    )
                    made.append(segment)
            except ProjectError as error:
                self._document.refused.emit(error)
                return
            if why_not := self.guard(self._document.project, project):
                self.says.emit(why_not)
                return
            what = project.labels[made[0].action].name if len(made) == 1 else counted(len(made), "step")
            if self._document.edit(project, f"Accept {what} by {run}", source=f"forecast by {run}"):
                self.accepted.emit(tuple(each.id for each in made))

        return mark

    def _when_known(
        self, clip: Clip, frames: Sequence[int], then: Callable[[Clip, Sequence[FrameIdentity]], None]
    ) -> None:
        """Go on once every frame's identity is known, whatever clip is in front by then."""
        known: dict[int, FrameIdentity] = {}

        def take(frame: int, identity: FrameIdentity) -> None:
            known[frame] = identity
            if len(known) == len(set(frames)):
                then(clip, [known[each] for each in frames])

        for frame in dict.fromkeys(frames):
            self._identify(frame, lambda identity, frame=frame: take(frame, identity))


class _VideoFrames(QObject):
    """What frames of the chosen clip look like, for a page that has no video open; the file is let go of again."""

    def __init__(self, document: Document, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self._source = FrameSource(self)
        self._source.failed.connect(self._failed)
        self._path: Path | None = None
        self._is_readable = True
        document.closing.connect(self._answer)

    def identify(self, frame: int, then: Callable[[FrameIdentity], None]) -> None:
        clip = self._document.clip
        path = self._document.video_path(clip.id) if clip is not None else None
        if path is None:
            then(FrameIdentity(pts=frame))  # a clip of joints alone: its frames are what they are counted as
            return
        if path != self._path or not self._source.is_open():
            self._path, self._is_readable = path, True
            self._source.open(path)
        self._source.identify(frame, partial(self._identified, frame, then))

    def close(self) -> None:
        """End the thread; what was asked is answered first."""
        self._source.close(wait=True)

    def _answer(self) -> None:
        """Edits that wait for their frames are made before the project is let go of."""
        if self._source.is_asked:
            self.close()

    def _identified(self, frame: int, then: Callable[[FrameIdentity], None], identity: FrameIdentity | None) -> None:
        if not self._source.is_asked:
            self._source.close()
        if identity is not None:
            then(identity)
        elif self._is_readable:  # else it was said once, of the whole file
            self._refuse(
                ProjectError(
                    say("Frame {frame} cannot be read from this video", frame=frame), hint=say("Use another step.")
                )
            )

    def _failed(self, message: str, hint: str) -> None:
        self._is_readable = False
        self._refuse(ProjectError(message, hint=hint))

    def _refuse(self, error: CoreError) -> None:
        self._document.refused.emit(error)


def source_name(known: Known) -> str:
    """What a draft's source calls a forecaster: a run by its name, a baseline by the run it stands beside."""
    return f"{known.name} beside {Path(known.run).name}" if known.is_plain else known.name


def _frames(project: Project, clip: Clip, forecast: Forecast, at: int, time: ClipTime) -> StepFrames:
    when = forecast.steps[at].time
    if when is None:
        raise ProjectError(say("this step has no time"), hint=say("Mark it by hand."))
    return step_frames(time, forecast.at_frame, when, free_from_of(project, clip, forecast))
