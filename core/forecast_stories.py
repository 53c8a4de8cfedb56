"""A forecast of actions and characteristic poses as a story that a motion model can move: one recipe. No torch.

    ahead = story_of(forecast, timings_of(project, without=clip_id), known=model.actions)
    recipe = replace(recipe, story=ahead.story, anchors=ahead.anchors)

A forecast has an order and poses, and no times. They come from the segments that people marked in the project: an
action lasts as long as the median of its own, and its characteristic pose comes where it mostly does in them. Only the
clips that models learn from count where the project has a split, and never the clip that is forecast. Steps follow each
other without a pause, from the moment of the forecast on. Seconds.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from core.anchor_poses import anchor_of_step
from core.errors import RunError
from core.forecasts import Forecast
from core.generations import RATE_HZ, Anchor, Part
from core.project.annotations import Project
from core.wording import counted, nearest

USUAL_S, USUAL_SHARE = 2.0, 0.5
"""Of an action, where the project says nothing of any."""
LEAST_S, MOST_S = 0.7, 20.0
ANY_OTHER = "*"
"""In a mapping: the actions that no other entry names and that are like none of the model's."""
_SOONEST_S = 0.3
"""From the start of an action to its pose, and from a pose to the next."""


@dataclass(frozen=True)
class Timing:
    """How long an action takes, the share of it at which its characteristic pose comes, and of how many segments."""

    seconds: float
    share: float
    segments: int


@dataclass(frozen=True)
class Ahead:
    """What a forecast becomes: what is done and for how long, the poses on the way, and what was taken for granted."""

    story: tuple[Part, ...]
    anchors: tuple[Anchor, ...]
    notes: tuple[str, ...]


def timings_of(project: Project, *, without: str = "") -> dict[str, Timing]:
    """Action, by the name models learn it as, → its timing in the clips that are learned from; "" → that of all."""
    learned = {clip for split in project.splits.values() for clip in split.parts.get("train", ())}
    lengths: dict[str, list[float]] = defaultdict(list)
    shares: dict[str, list[float]] = defaultdict(list)
    for clip in project.clips.values():
        if clip.id == without or (learned and clip.id not in learned):
            continue
        for segment in clip.segments:
            label = project.labels.get(segment.action)
            name = "" if label is None else label.learned_name
            if not name:
                continue
            length = segment.end_frame - segment.start_frame
            pose = clip.pose_of(segment.id)
            for key in (name, ""):
                lengths[key].append(length / clip.video.rate_hz)
                if pose is not None:
                    shares[key].append(min(max((pose.frame - segment.start_frame) / length, 0.0), 1.0))
    usual = median(shares[""]) if shares[""] else USUAL_SHARE
    return {
        name: Timing(median(each), median(shares[name]) if shares[name] else usual, len(each))
        for name, each in lengths.items()
        if each
    }


def story_of(
    forecast: Forecast,
    timings: Mapping[str, Timing],
    known: Sequence[str],
    *,
    mapped: Mapping[str, str] | None = None,
    with_poses: bool = True,
) -> Ahead:
    """The forecast as a story of actions in `known`; `mapped` says for its actions which of them stands for each,
    and under `ANY_OTHER` for all that are like none.

    RunError where an action is like none of them: it lists what is known and how to say what is meant.
    """
    names = _names(forecast, known, mapped or {})
    story: list[Part] = []
    anchors: list[Anchor] = []
    guessed: list[str] = []
    start_s, last_s = 0.0, 0.0
    for number, step in enumerate(forecast.steps, start=1):
        timing = timings.get(step.action)
        if timing is None:
            guessed.append(step.action)
            timing = timings.get("", Timing(USUAL_S, USUAL_SHARE, 0))
        # Whole frames, so that the story is as long as its parts.
        seconds = round(min(max(timing.seconds, LEAST_S), MOST_S) * RATE_HZ) / RATE_HZ
        at_s = max(start_s + timing.share * seconds, start_s + _SOONEST_S, last_s + _SOONEST_S)
        at_s = min(round(at_s * RATE_HZ), round((start_s + seconds) * RATE_HZ) - 1) / RATE_HZ
        if with_poses:
            anchors.append(anchor_of_step(step, at_s, name=f"{number}. {step.action}"))
        story.append(Part(actions=(names[step.action],), seconds=seconds))
        start_s, last_s = start_s + seconds, at_s
    return Ahead(tuple(story), tuple(anchors), tuple(_notes(forecast, names, timings, guessed)))


# ---- how ------------------------------------------------------------------------------------------------------------


def _names(forecast: Forecast, known: Sequence[str], mapped: Mapping[str, str]) -> dict[str, str]:
    if not forecast.steps:
        raise RunError("The forecast has no steps.", hint="Ask for at least one.")
    for meant in mapped.values():
        if meant not in known:
            near = ", ".join(nearest(meant, known) or tuple(known[:8]))
            raise RunError(f'"{meant}" is not an action of the motion model.', hint=f"Map to one of its own: {near}.")
    found: dict[str, str] = {}
    lost: list[str] = []
    for action in dict.fromkeys(step.action for step in forecast.steps):
        like = mapped.get(action) or _like(action, known) or mapped.get(ANY_OTHER, "")
        if like:
            found[action] = like
        else:
            lost.append(action)
    if lost:
        example = f'--map "{lost[0]}={known[0]}"'
        raise RunError(
            f"The motion model knows nothing like {', '.join(lost)}.",
            hint=f'Say what stands for it: {example}, or "*={known[0]}" for all. It knows: {", ".join(known)}.',
        )
    return found


def _like(action: str, known: Sequence[str]) -> str:
    """The same name but for capitals and signs, else one whose words are all in it or that has all of its words."""
    words = _words(action)
    same = [name for name in known if _words(name) == words]
    within = [name for name in known if _words(name) and (set(_words(name)) <= set(words))]
    around = [name for name in known if words and set(words) < set(_words(name))]
    within.sort(key=lambda name: (-len(_words(name)), name))
    around.sort(key=lambda name: (len(_words(name)), name))
    return next(iter([*same, *within, *around]), "")


def _words(name: str) -> list[str]:
    return "".join(each if each.isalnum() else " " for each in name.casefold()).split()


def _notes(
    forecast: Forecast, names: Mapping[str, str], timings: Mapping[str, Timing], guessed: Sequence[str]
) -> list[str]:
    used = [action for action in names if action in timings]
    notes = []
    if used:
        times = ", ".join(f"{action} {timings[action].seconds:.1f} s" for action in used)
        count = sum(timings[action].segments for action in used)
        notes.append(f"A forecast has no times: {times}, the medians of {counted(count, 'segment')} of the project.")
    if guessed:
        some = ", ".join(dict.fromkeys(guessed))
        whose = "of all actions" if "" in timings else "taken for granted"
        notes.append(f"The project has no segments of {some}: their times are {whose}.")
    other = [f"{action} as {name}" for action, name in names.items() if _words(action) != _words(name)]
    if other:
        notes.append(f"Moved by the model's own actions: {', '.join(other)}.")
    if forecast.camera_estimated:
        notes.append("The camera is estimated, and so is how far the poses lean.")
    return notes
