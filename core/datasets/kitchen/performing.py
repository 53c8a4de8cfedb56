"""Which action is done how, and how a list of steps becomes a script, with a pause now and then as people make."""

from collections.abc import Callable, Iterable

import numpy as np

from core.datasets.kitchen import blades, handling, vessels, washing
from core.datasets.kitchen.cooks import Cook, Figure
from core.datasets.kitchen.script import BOTH, Script, Writer
from core.datasets.kitchen.state import Step
from core.datasets.kitchen.world import Kitchen

PERFORM: dict[str, Callable[[Writer, Step], None]] = {
    "take": handling.take,
    "put": handling.put,
    "open": handling.open_door,
    "close": handling.close_door,
    "turn_on": handling.turn_on,
    "add": handling.add,
    "cut": blades.cut,
    "peel": blades.peel,
    "grate": blades.grate,
    "spread": blades.spread,
    "wash": washing.wash,
    "dry": washing.dry,
    "wipe": washing.wipe,
    "stir": vessels.stir,
    "whisk": vessels.whisk,
    "shake": vessels.shake,
    "knead": vessels.knead,
    "pour": vessels.pour,
    "season": vessels.season,
    "taste": vessels.taste,
}
_HOT_WORK = ("stir", "pour", "turn_on", "add", "season", "taste")
"""After these people like to stand and watch for a moment."""


def script(
    steps: Iterable[Step],
    cook: Cook,
    figure: Figure,
    kitchen: Kitchen,
    rng: np.random.Generator,
    *,
    until_s: float = np.inf,
    start: tuple[float, float, float] = (0.0, -0.215, 0.0),
) -> Script:
    """The script of `steps`, or of as many as begin before `until_s`."""
    writer = Writer(kitchen, cook, figure, rng, start)
    for step in steps:
        if writer.now_s > until_s:
            break
        if step.verb == "put" and step.hand != "both":  # what changed hands unmarked is now in this one
            hand = writer.hands_of(step.hand)[0]
            if writer.held[1 - hand] == step.thing:
                writer.held[1 - hand] = writer.held[hand]
            writer.held[hand] = step.thing
        PERFORM[step.verb](writer, step)
        _pause(writer, step)
    for hand in BOTH:
        writer.rest(hand, writer.now_s)
    return writer.script


def _pause(writer: Writer, step: Step) -> None:
    """Waiting, looking, thinking: about one step in ten, longer at the hob, and more with patient people."""
    if step.verb in ("take", "open"):  # nobody stops with a full hand before an open door
        return
    share = writer.cook.patience * (0.9 if step.verb in _HOT_WORK else 0.45)
    if writer.rng.random() < share:
        writer.wait(float(np.clip(0.8 + writer.rng.exponential(1.3), 0.8, 6.0)))
