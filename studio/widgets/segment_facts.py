"""What the inspector shows of a segment and of its characteristic pose, as values in words."""

from dataclasses import dataclass, field

from core.project.joints import SeenJoint
from studio.widgets.people_overlay import Person


@dataclass(frozen=True, eq=False)
class PoseFacts:
    """A segment's characteristic pose, or the lack of one."""

    is_set: bool
    is_needed: bool = True
    """A stretch that is no action needs none."""
    at: str = ""
    """The time, `0:52.17`."""
    frame: str = ""
    who: str = ""
    joints: str = ""
    person: Person | None = None
    seen: tuple[SeenJoint, ...] = ()
    """All nine, as they are shown."""


@dataclass(frozen=True, eq=False)
class SegmentFacts:
    """A segment as it is shown; ids beside words."""

    id: str
    name: str
    action: str
    colour: str
    start: str
    end: str
    length: str
    objects: tuple[str, ...]
    actor: str
    made: str
    is_draft: bool = False
    """A model's, or nobody chose its pose: it can be confirmed as it is."""
    pose: PoseFacts = field(default_factory=lambda: PoseFacts(is_set=False))
