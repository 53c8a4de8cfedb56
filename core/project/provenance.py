"""How a segment or a characteristic pose came about, as its source says: by hand, from an import, or from a forecast.

The source of what a forecaster foresaw goes through three states, all plain words in the project's file:
    draft: forecast by RUN                nobody has looked at it since it was accepted
    forecast by RUN, confirmed by hand    somebody looked and left it as it was
    forecast by RUN, corrected by hand    somebody changed its ends, its label, its pose or its joints
What a forecaster had a share in stays marked as such for good; a correction of something confirmed is a correction.
"""

from typing import Literal, get_args

from core.project.annotations import BY_HAND, DRAFT, Provenance

Origin = Literal["by hand", "draft", "corrected", "confirmed", "imported"]
ORIGINS: tuple[Origin, ...] = get_args(Origin)

_FORESEEN = "forecast by "
_CORRECTED, _CONFIRMED = ", corrected by hand", ", confirmed by hand"


def foreseen_by(run: str) -> str:
    """The source of a draft that this run foresaw."""
    return f"{DRAFT}: {_FORESEEN}{run}"


def run_of(source: str) -> str:
    """The run that foresaw it, whatever a person did with it since; empty where none did."""
    words = source.removeprefix(f"{DRAFT}: ")
    if not words.startswith(_FORESEEN):
        return ""
    return words.removeprefix(_FORESEEN).removesuffix(_CORRECTED).removesuffix(_CONFIRMED)


def origin_of(source: str) -> Origin:
    """Which of the five ways this came about. A draft that no run foresaw (the middle of a segment) is one too."""
    if source.startswith(DRAFT):
        return "draft"
    if run_of(source):
        return "confirmed" if source.endswith(_CONFIRMED) else "corrected"
    return "by hand" if source == BY_HAND else "imported"


def corrected(made: Provenance, author: str = "") -> Provenance:
    """After somebody changed the row by hand; what no run foresaw stays as it is."""
    return _since(made, _CORRECTED, author)


def confirmed(made: Provenance, author: str = "") -> Provenance:
    """After somebody looked at a draft and left it as it was; anything else stays as it is."""
    return _since(made, _CONFIRMED, author) if origin_of(made.source) == "draft" else made


def _since(made: Provenance, what: str, author: str) -> Provenance:
    run = run_of(made.source)
    source = f"{_FORESEEN}{run}{what}"
    return Provenance.now(author or made.author, source) if run and source != made.source else made
