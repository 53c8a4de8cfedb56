"""What an import or an export says of itself when it is through. Nothing but words and counts."""

from collections import Counter
from collections.abc import Iterable

import msgspec


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What an import or export did, in one line, and what it left out and why."""

    format: str
    says: str
    left_out: tuple[str, ...] = ()
    taken: int | None = None  # rows that came in, where the format has rows
    known: int = 0  # rows that were in the project already
    clips: dict[str, str] = {}  # of annotations: what the data set calls a clip → the project's id of it


def reasons(left_out: Iterable[str]) -> list[str]:
    """One indented line a reason, with how often it was met."""
    return [f"  {why}" + (f" ({times} times)" if times > 1 else "") for why, times in Counter(left_out).items()]
