"""What a forecaster says about a moment of a clip, as a value that the studio can draw, and how it is asked. No torch.

Joints are UPPER_BODY_9 in the clip's levelled frame (neck at the origin, metres, y up); `joints_px` are the same
joints in the picture, in pixels of the original, drawn at the last seen neck.

The warm process (`core.serving`) is asked in `Question`s, each with a number of its own, and answers in `Answer`s.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from core.detections import AskDetect, Detected
from core.fits import AskFit, Fitted


class StepTime(msgspec.Struct, frozen=True, kw_only=True):
    """When a step is expected, seconds after the moment asked about.

    `pose_s` is its characteristic instant (the median), `low_s` and `high_s` hold 80 % of what may be, `start_s` and
    `end_s` are its segment's ends. `is_usual`: not foreseen but the usual times of that action in what was learned.
    """

    start_s: float
    pose_s: float
    end_s: float
    low_s: float
    high_s: float
    is_usual: bool = False


class ForecastStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step ahead. `truth_*` are filled where the future is annotated."""

    action: str  # label name
    confidence: float
    best: tuple[tuple[str, float], ...]  # up to five (action, probability), best first; none without doubt
    joints_m: tuple[tuple[float, float, float], ...]
    joints_px: tuple[tuple[float, float], ...]
    truth_action: str | None = None
    truth_frame: int | None = None
    truth_px: tuple[tuple[float, float], ...] | None = None
    truth_seen: tuple[bool, ...] | None = None
    error_px: float | None = None
    truth_m: tuple[tuple[float, float, float], ...] | None = None  # where a simulation knows it, as `joints_m`
    error_mm: float | None = None  # mean over the joints but the neck
    time: StepTime | None = None
    knows_doubt: bool = True  # False where an action is only said again: its confidence means nothing

    @property
    def sure(self) -> str:
        """The confidence as people read it, `74 %`; nothing where there is no doubt to tell."""
        return f"{100 * self.confidence:.0f} %" if self.knows_doubt else ""

    @property
    def said(self) -> str:
        """`reach  74 %`, or the action alone."""
        return f"{self.action}  {self.sure}".rstrip()


class Lens(msgspec.Struct, frozen=True, kw_only=True):
    """How the clip's camera sees the levelled frame: a camera whose world is that frame (undistorted pixels)."""

    rotation: tuple[tuple[float, float, float], ...]
    translation_m: tuple[float, float, float]  # where the neck stands in camera axes
    focal_px: tuple[float, float]
    centre_px: tuple[float, float]
    width: int
    height: int
    floor_m: float | None = None  # height of the world's y = 0 in the levelled frame, of a calibrated camera


class Future(msgspec.Struct, frozen=True, kw_only=True):
    """One of several futures that may come: actions drawn by their probabilities, with a pose and a time each."""

    likelihood: float  # of its actions, as the model says: a product over steps
    steps: tuple[ForecastStep, ...]


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """The next steps of a clip as seen from `at_frame`."""

    model: str  # what made it: a run's name, "n-gram, order 3" …
    clip_id: str
    at_frame: int
    seen_frames: tuple[int, ...]  # of the characteristic poses it looked at, oldest first
    seen_actions: tuple[str, ...]
    steps: tuple[ForecastStep, ...]
    camera_estimated: bool
    doubts: tuple[str, ...] = ()  # plain sentences: an estimated camera, a short past, unknown labels
    lens: Lens | None = None  # for a space view through the clip's camera
    futures: tuple[Future, ...] = ()  # where several were asked for; `steps` stays the likeliest
    calibration_error: float | None = None  # expected calibration error of its confidence on validation clips


_MOST_NAMES = 3


def doubts_of(named: Sequence[tuple[str, Forecast]]) -> list[str]:
    """What may be doubted of forecasts that stand side by side, each once; whose doubt it is, where not all have it."""
    whose: dict[str, list[str]] = {}
    for name, forecast in named:
        for doubt in forecast.doubts:
            whose.setdefault(doubt, []).append(name)
    found = []
    for doubt, names in whose.items():
        more = len(names) - _MOST_NAMES
        said = ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
        found.append(doubt if len(names) == len(named) else f"{said}: {doubt}")
    return found


# ---- asking the warm process -----------------------------------------------------------------------------------------


Plain = Literal["counting", "repeating", ""]
"""`counting`: actions by the n-gram, the average pose. `repeating`: the last action and the last pose again."""


class Forecaster(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asked: a run's folder, or the name of a shipped checkpoint; `plain` asks a baseline it carries."""

    run: str
    plain: Plain = ""


class AskForecast(msgspec.Struct, frozen=True, kw_only=True, tag="forecast"):
    """What comes after `at_frame` of a clip, asked of several at once; without `steps`, as many as each is made for."""

    number: int
    project: str
    clip_id: str
    at_frame: int
    of: tuple[Forecaster, ...]
    steps: int | None = None
    futures: int = 0  # so many besides the likeliest
    seed: int = 0  # of the futures


class AskDifferences(msgspec.Struct, frozen=True, kw_only=True, tag="differences"):
    """Where two forecasters differ most on a part of the first one's split; the most different moments first."""

    number: int
    project: str
    of: tuple[Forecaster, Forecaster]
    part: str = "test"
    most: int = 300


class AskAbout(msgspec.Struct, frozen=True, kw_only=True, tag="about"):
    """What a run knows and how it was trained."""

    number: int
    run: str


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is no answer, what to do, and the details of a bug."""

    message: str
    hint: str = ""
    details: str = ""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint as people see it."""

    name: str
    actions: tuple[str, ...]
    objects: tuple[str, ...]
    project: str  # the name of the one it learned from
    step: int
    past_steps: int
    future_steps: int
    preset: str = ""
    figures: dict[str, float] = {}  # of the validation it was kept at
    plain: str = ""  # what the counting forecaster beside it is called
    repeating: str = ""  # and the repeating one
    learned_times: bool = False  # its steps come when it says; else at the usual times of their actions
    learned_noise: bool = False  # its futures differ in pose too, not by their actions alone
    calibrated: bool = False  # its confidence was set on validation clips
    calibration_error: float | None = None  # expected, after that


class ForecastAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One of those asked: its forecast, or why there is none."""

    forecast: Forecast | None = None
    refusal: Refusal | None = None


class Forecasts(msgspec.Struct, frozen=True, kw_only=True, tag="forecasts"):
    """The answer to AskForecast, in the order of `of`."""

    number: int
    answers: tuple[ForecastAnswer, ...]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A moment of a clip as two forecasters see it. Pairs are (first, second)."""

    clip_id: str
    at_frame: int
    apart: float  # what the list is sorted by: 0 the same, 1 as different as can be
    actions: tuple[tuple[str, ...], tuple[str, ...]]
    came: tuple[str, ...]
    frames: tuple[int, ...]  # of the characteristic poses that came
    right: tuple[int, int]  # how many actions came
    poses_apart_mm: float  # mean distance of the two's joints, neck on neck
    error_px: tuple[float | None, float | None]


class Differences(msgspec.Struct, frozen=True, kw_only=True, tag="differences"):
    """The answer to AskDifferences."""

    number: int
    moments: tuple[Difference, ...]
    measured: int  # how many moments there are in all
    part: str
    notes: tuple[str, ...] = ()


class AboutRun(msgspec.Struct, frozen=True, kw_only=True, tag="about"):
    """The answer to AskAbout."""

    number: int
    about: About


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """The question as a whole could not be answered. `number` is -1 where not even that could be read."""

    number: int
    refusal: Refusal


Question = AskForecast | AskDifferences | AskAbout | AskFit | AskDetect
Answer = Forecasts | Differences | AboutRun | Fitted | Detected | Refused
