"""What a recipe asks for, checked at the door: words for what cannot be made. No torch.

Times are seconds of new motion; windows are cut later (`chaining`).
"""

import math
from collections.abc import Sequence

from core.errors import RunError
from core.generations import RATE_HZ, Recipe
from core.wording import counted, nearest

MOST_SAMPLES = 64
MOST_SECONDS = 600.0


class UnknownActionError(RunError):
    """An action that the model does not know; `nearest` are names it does know, nearest first."""

    def __init__(self, action: str, known: Sequence[str]) -> None:
        self.action, self.nearest = action, nearest(action, known)
        some = self.nearest or tuple(known[:8])
        said = "Nearest" if self.nearest else "It knows" if len(some) == len(known) else "Among others it knows"
        super().__init__(f'"{action}" is not an action of this model.', hint=f"{said}: {', '.join(some)}.")


def check(recipe: Recipe, actions: Sequence[str], frames_a_token: int) -> None:
    """RunError in words where the recipe asks for what there cannot be."""
    if not recipe.story:
        raise RunError("No action is asked for.", hint="Say what is to be done, and for how long: walk:2.")
    known = frozenset(actions)
    for number, part in enumerate(recipe.story, start=1):
        where = f"Part {number} of the story" if len(recipe.story) > 1 else "The motion"
        if not part.actions:
            raise RunError(f"{where} has no action.", hint=f"Known are: {', '.join(actions[:8])}.")
        for action in part.actions:
            if action not in known:
                raise UnknownActionError(action, actions)
        shortest_s = frames_a_token / RATE_HZ
        if not (math.isfinite(part.seconds) and part.seconds >= shortest_s - 1e-9):
            raise RunError(
                f"{where} is to last {part.seconds:g} s.",
                hint=f"The shortest that this model makes are {math.ceil(100 * shortest_s) / 100:g} s.",
            )
    if recipe.seconds > MOST_SECONDS:
        raise RunError(
            f"{recipe.seconds:.10g} s are asked for.",
            hint=f"Make {MOST_SECONDS:g} s at most, then go on from their end.",
        )
    if not 1 <= recipe.samples <= MOST_SAMPLES:
        raise RunError(f"{counted(recipe.samples, 'sample')} are asked for.", hint=f"Ask for 1 to {MOST_SAMPLES}.")
    if not 0 <= recipe.seed < 2**63:
        raise RunError(f"The seed is {recipe.seed}.", hint="Choose a whole number from 0 to 2^63 - 1.")
    if not (math.isfinite(recipe.temperature) and 0 <= recipe.temperature <= 10):
        raise RunError(f"The temperature is {recipe.temperature:g}.", hint="Choose 0 (the likeliest) to 10.")
    if recipe.top_k < 0:
        raise RunError(f"Top-k is {recipe.top_k}.", hint="Choose a number of codes, or 0 for all.")
    if not 0 < recipe.top_p <= 1:
        raise RunError(f"Top-p is {recipe.top_p:g}.", hint="Choose a share above 0, up to 1 for all.")
