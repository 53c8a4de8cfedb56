"""Tables, numbers of things and times as people read them, wherever the program prints. Nothing but text."""

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns as wide as they need; numbers to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
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


def counted(count: int, thing: str, things: str = "") -> str:
    """`1 clip`, `3 clips`; a plural of another kind is given: `counted(2, "person", "people")`."""
    return f"{count} {thing if count == 1 else things or thing + 's'}"


def _is_number(cell: str) -> bool:
    return cell.replace(".", "", 1).replace("-", "", 1).replace(" ", "").isdigit() or cell in ("–", "")


def spelled_time(seconds: float) -> str:
    """`0:52.17`, as the studio writes times."""
    minutes, rest = divmod(max(seconds, 0.0), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02}:{rest:05.2f}" if hours else f"{minutes}:{rest:05.2f}"
