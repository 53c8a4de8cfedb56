"""Every knob of every model and run, with its default, its meaning and its range. No torch here.

The studio shows a config as a form, the command line takes `losses.pose2d=0.5`, and a checkpoint carries it in its
header: all three follow from the types below. A knob's `Meta` gives its title, its help text and what it may be.
"""

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta


class Forecaster(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Next actions and their characteristic 3D poses (Diller, Funkhouser, Dai: section 4)."""

    past_steps: Annotated[int, Meta(ge=1, le=50, title="Past steps", description="How many steps back it looks.")] = 10
    future_steps: Annotated[
        int, Meta(ge=1, le=50, title="Future steps", description="How many steps it forecasts.")
    ] = 10
    steps: Annotated[int, Meta(ge=1, title="Training steps")] = 20_000
    seed: Annotated[int, Meta(ge=0, title="Seed")] = 0


PRESETS: dict[str, Callable[[], Forecaster]] = {}
