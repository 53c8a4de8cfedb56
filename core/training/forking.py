"""Beginning a run with another run's state: the same network and labels, whatever else the new run's settings say."""

from collections.abc import Collection, Generator
from contextlib import contextmanager
from pathlib import Path

from core import configs
from core.errors import RunError
from core.models.checkpoints import AnyHeader


@contextmanager
def fitting(header: AnyHeader, config: configs.Config, alike: Collection[str], steps: int) -> Generator[None]:
    """Within it the state is taken up. RunError where the new run has another network, or no step left to take.

    `alike` are beginnings of knobs that make the network; what else shapes it shows when the weights do not fit.
    """
    theirs, ours = configs.knobs(header.config), configs.knobs(config)
    differs = [each for each in ours if theirs.get(each) != ours[each]]
    shaping = [each for each in differs if each.startswith(tuple(alike))]
    hint = "Say its settings: " + " ".join(f"{each}={theirs.get(each)}" for each in shaping or differs)
    if shaping:
        raise RunError(
            f"The run to begin with has {shaping[0]} = {theirs.get(shaping[0])}, this one {ours[shaping[0]]}.",
            hint=hint,
        )
    if header.step >= steps:
        raise RunError(
            f"The run to begin with is at step {header.step:,} already, and this one ends at {steps:,}.",
            hint="Give it more steps.",
        )
    try:
        yield
    except (RuntimeError, KeyError, ValueError) as error:
        said = differs[0] if differs else "its data"
        raise RunError(f"The weights to begin with do not fit this run: {said} differs.", hint=hint) from error


def require_labels(ours: Collection[str], theirs: Collection[str]) -> None:
    """RunError where the labels that the state knows are not those of the data."""
    if tuple(ours) == tuple(theirs):
        return
    unknown = sorted(set(ours) ^ set(theirs))
    raise RunError(
        f"The run to begin with knows other labels: {', '.join(unknown[:5]) or 'in another order'}.",
        hint="Begin with a run of the same labels, or from nothing.",
    )


def parent_of(path: Path, header: AnyHeader) -> str:
    """What the header of the new run says of it."""
    return f"{path.parent.name}/{path.name}, step {header.step:,}"
