"""What is taken out of the Compare tab: its forecasts as a value that can be exported, and the command that makes the
same figure again.
"""

import shlex
from math import ceil

from core.comparisons import Compared, Comparison
from studio import theme
from studio.forecasters import Known
from studio.pages.forecast_cells import Moment
from studio.pages.forecast_columns import name_of


def comparison_of(moment: Moment, command: str) -> Comparison:
    """Every forecast of the moment in its order, under its name and in its colour."""
    return Comparison(
        clip_id=moment.clip.id,
        at_frame=moment.first.at_frame,
        compared=tuple(
            Compared(
                name=name_of(known, forecast),
                colour=theme.DARK.runs[known.colour_at].lower(),
                forecast=forecast,
                note=known.preset,
                round=known.round,
            )
            for known, forecast in moment.forecasts
        ),
        command=command,
    )


def command_of(moment: Moment, project: str, ending: str = ".png") -> str:
    """`posecast compare …`, for these runs at this moment. Baselines there stand beside the first run."""
    # Rounded up, for a frame is shown from its time on.
    seconds = ceil(1000 * moment.time.seconds(moment.first.at_frame) - 1e-6) / 1000
    words = ["posecast", "compare", *_runs([known for known, _ in moment.forecasts])]
    words += ["--project", project, "--clip", moment.clip.id, "--at", f"{seconds:.3f}".rstrip("0").rstrip(".")]
    words += ["--line-up", moment.lined.by, "--people", moment.bodies.shows]
    words += ["--steps", str(max(len(forecast.steps) for _, forecast in moment.forecasts))]
    words += [] if moment.has_video else ["--over", "plain"]
    return shlex.join([*words, "--out", f"comparison{ending}"])


def _runs(known: list[Known]) -> list[str]:
    """The run that baselines stand beside comes first."""
    plain = [each for each in known if each.is_plain]
    runs = list(dict.fromkeys([each.run for each in plain[:1]] + [each.run for each in known if not each.is_plain]))
    return runs + list(dict.fromkeys(each.plain for each in plain))
