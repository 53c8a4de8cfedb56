"""How the warm process is asked to look for one person in a box of a frame again, and its answer. No torch.

Pixels are those of the original video, from the centre of its top left one.
"""

import msgspec

Box = tuple[float, float, float, float]
"""Left, top, right and bottom."""


class AskDetect(msgspec.Struct, frozen=True, kw_only=True, tag="detect"):
    """Who is in this box of this frame?"""

    number: int
    video: str
    frame: int
    box: Box


class Detected(msgspec.Struct, frozen=True, kw_only=True, tag="detect"):
    """The answer to AskDetect: the nine joints of UPPER_BODY_9 as x, y and confidence; none where nobody was found."""

    number: int
    joints: tuple[tuple[float, float, float], ...] = ()
    presence: float = 0.0
    """How sure the network is that somebody is there, 0 … 1."""
