"""What the page in front shows in space, for whoever takes a picture, a film or a body out of it.

A page that shows bodies or skeletons has a `shown()` that gives this value, or the reason why there is nothing to
take. It is made when it is asked for: arrays are handed over, not copied.
"""

from dataclasses import dataclass

from core.rendering.moving import Shot


@dataclass(frozen=True)
class Shown:
    """A shot with the name a file of it takes, or, where there is none, the reason in one sentence."""

    shot: Shot | None = None
    name: str = ""  # such as `kitchen_01 forecast at 0-14.2`: what it is and when
    reason: str = ""

    def __post_init__(self) -> None:
        if self.shot is None and not self.reason:
            raise ValueError("nothing is shown, and no reason said")


def nothing(reason: str) -> Shown:
    """There is nothing to export, and why."""
    return Shown(reason=reason)
