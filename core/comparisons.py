"""Forecasts of one moment by several forecasters as one value, to be written down and exported. No torch.

    save([Comparison(clip_id=…, at_frame=…, compared=(Compared(…), …))], path);  load(path)

Colours are those of the dark theme; on a light ground a run's colour has a darker twin (`on_ground`).
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from core.errors import FormatError
from core.forecasts import Forecast
from core.whole_files import whole_file

RUN_COLOURS = (
    ("#4fc7cf", "#0c7c85"), ("#e887b6", "#b23a78"), ("#e3c552", "#846700"),
    ("#9fd36e", "#437a12"), ("#b49bff", "#6a45d1"), ("#f08a5d", "#b4481b"),
)  # fmt: skip
"""Of runs, on dark and on light ground; the third is counting's."""
TRUTH_COLOURS = ("#dadce1", "#3b3f48")
COUNTING_AT = 2


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One forecaster's word for the moment: what it is called, what it is, its colour, what it says."""

    name: str
    colour: str
    forecast: Forecast
    note: str = ""  # such as its preset
    round: int = 0  # from 1 on its colour is another's too, and hatched


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Several forecasts of one moment of a clip; `command` makes the same again."""

    clip_id: str
    at_frame: int
    compared: tuple[Compared, ...]
    command: str = ""
    why: str = ""  # what is special about this moment, where it was found and not chosen


def on_ground(colour: str, *, is_dark: bool) -> str:
    """The colour as it reads on a dark or a light ground."""
    pairs = {word: pair for pair in (*RUN_COLOURS, TRUTH_COLOURS) for word in pair}
    pair = pairs.get(colour.lower())
    return colour if pair is None else pair[0 if is_dark else 1]


def save(comparisons: Sequence[Comparison], path: Path) -> None:
    """Write them to a file that `load` reads."""
    with whole_file(path) as beside:
        beside.write_bytes(msgspec.json.encode(list(comparisons)))


def load(path: Path) -> list[Comparison]:
    """FormatError where that is no such file."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Comparison])
    except OSError as error:
        raise FormatError(path, f"cannot be read ({error.strerror})", hint="Export the comparison again.") from error
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise FormatError(path, f"holds no forecasts: {error}", hint="Export the comparison again.") from error
