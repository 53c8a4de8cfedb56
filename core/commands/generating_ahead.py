"""`posecast generate RUN --forecast FORECASTER --project P --clip C --at T`: what is forecast, as a moving body."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from core.commands.projects import clip_of
from core.errors import RunError
from core.generations import Recipe


def recipe_ahead(
    recipe: Recipe,
    known: Sequence[str],
    *,
    forecaster: str,
    project: Path,
    clip: str,
    at_s: float,
    steps: int | None = None,
    mapped: Mapping[str, str] | None = None,
) -> tuple[Recipe, tuple[str, ...]]:
    """The recipe with what comes after `at_s` of a clip as its story, through the poses that are forecast; and notes.

    `known` are the motion model's actions. CoreError says in words why that cannot be.
    """
    from core.demo import find_run
    from core.evaluation.forecasting import load_run
    from core.footage import frame_at
    from core.forecast_stories import story_of, timings_of
    from core.project.store import ProjectStore

    with ProjectStore.open(project, "", mode="read") as store:
        chosen = clip_of(store.project, clip)
        predictor = load_run(find_run(forecaster))
        frame = frame_at(store, chosen, at_s)
        said = predictor.forecast(store.project, lambda each: store.tracks(each.tracks), chosen.id, frame, steps)
        ahead = story_of(said, timings_of(store.project, without=chosen.id), known, mapped=mapped)
    return replace(recipe, story=ahead.story, anchors=ahead.anchors), (*ahead.notes, *said.doubts)


def read_mapping(words: Sequence[str]) -> dict[str, str]:
    """`pick up=reach` → {"pick up": "reach"}, of each `--map`."""
    found = {}
    for each in words:
        action, sign, meant = (part.strip() for part in each.partition("="))
        if not (action and sign and meant):
            raise RunError(
                f"{each!r} maps nothing.", hint='Write what is forecast, then what moves it: "pick up=reach".'
            )
        found[action] = meant
    return found
