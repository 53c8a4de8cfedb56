"""Tables, numbers of things and times as people read them, wherever the program prints. Nothing but text."""

import difflib
import re
from collections.abc import Iterable, Sequence

# What a terminal obeys instead of showing, what turns the direction of reading, and bytes that are no letter.
_UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns as wide as they need; numbers to the right. A cell is one line, whatever is in it."""
    cells = [[shown(" ".join(str(cell).split("\n"))) for cell in row] for row in rows]
    widths = [max(len(line[at]) for line in [list(header), *cells]) for at in range(len(header))]
    numeric = [bool(cells) and all(_is_number(row[at]) for row in cells) for at in range(len(header))]
    lines = [header, ["─" * width for width in widths], *cells]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in lines
    )


def command_line(words: Iterable[str]) -> str:
    """Words as one line for a terminal; those it would take apart stand in double quotes, which every shell knows."""
    return " ".join(
        word if re.fullmatch(r"[\w@%+=:,./\\~-]+", word) else '"' + word.replace('"', "") + '"' for word in words
    )


def counted(count: int, thing: str, things: str = "") -> str:
    """`1 clip`, `3 clips`; a plural of another kind is given: `counted(2, "person", "people")`."""
    return f"{count} {thing if count == 1 else things or thing + 's'}"


def nearest(word: str, known: Sequence[str]) -> tuple[str, ...]:
    """Up to three known names like this one, the likest first."""
    wanted = word.casefold().strip()
    by_fold = {name.casefold(): name for name in reversed(known)}
    holding = [name for fold, name in by_fold.items() if wanted and (wanted in fold or fold in wanted)]
    like = [by_fold[fold] for fold in difflib.get_close_matches(wanted, list(by_fold), n=3, cutoff=0.45)]
    likest = sorted(holding, key=lambda name: (abs(len(name) - len(word)), name))
    return tuple(dict.fromkeys([*likest, *like]))[:3]


def sentences(*said: str) -> str:
    """What was said one after the other in a line, each closed: `a.npz: is there already. Choose another name.`"""
    closed = (each if each.endswith((".", "!", "?", "…", ":")) else f"{each}." for each in map(str.strip, said) if each)
    return " ".join(closed)


def shown(text: str) -> str:
    r"""Text as it may be printed: signs that a terminal would obey, and such as are none, become `\x1b`."""
    return _UNSHOWN.sub(lambda sign: _escaped(ord(sign[0])), text)


def _escaped(code: int) -> str:
    if 0xDC80 <= code <= 0xDCFF:  # how Python keeps a byte of a file's name that is no letter
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def _is_number(cell: str) -> bool:
    return cell.replace(".", "", 1).replace("-", "", 1).replace(" ", "").isdigit() or cell in ("–", "")


def spelled_length(seconds: float) -> str:
    """`8.1 h`, `17.7 min`, `5.0 s`: how much there is, not a place in time."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"


def spelled_time(seconds: float) -> str:
    """`0:52.17`, as the studio writes times."""
    minutes, hundredths = divmod(round(100 * max(seconds, 0.0)), 6000)
    hours, minutes = divmod(minutes, 60)
    rest = f"{hundredths // 100:02}.{hundredths % 100:02}"
    return f"{hours}:{minutes:02}:{rest}" if hours else f"{minutes}:{rest}"
