"""A sheet of reports as words: the heads of its columns, and what of it goes out of the window as cells or Markdown.

Figures are printed as they stand in the table; the best of a column is bold where the other end can show that.
"""

from collections.abc import Sequence

from studio.report_sheets import Column, Sheet, SheetRow
from studio.words import say


def as_cells(
    rows: Sequence[SheetRow], columns: Sequence[Column], sheet: Sheet, *, bold: bool
) -> tuple[list[str], list[list[str]]]:
    """The head and the rows of what is shown, as words; where the paper has a figure, it stands in a column beside."""
    heads, printed = [say("Row")], [each for each in columns if any(each.key in row.paper for row in rows)]
    heads += [head(column) for column in columns] + [say("paper: {column}", column=head(column)) for column in printed]
    best = {column.key: sheet.best(column) for column in columns}
    lines: list[list[str]] = []
    for row in rows:
        line = [row.name]
        for column in columns:
            value = row.values.get(column.key)
            words = "–" if value is None else " ".join(part for part in value.said(column) if part)
            line.append(f"**{words}**" if bold and row.id in best[column.key] else words)
        lines.append(line + [row.paper.get(column.key, "–") for column in printed])
    return heads, lines


def head(column: Column) -> str:
    """A column's title with its unit."""
    words = say(column.words)
    return f"{words}, {column.unit}" if column.unit else words


def as_markdown(rows: Sequence[SheetRow], columns: Sequence[Column], sheet: Sheet) -> str:
    """The table for a text file, the best figures bold."""
    heads, lines = as_cells(rows, columns, sheet, bold=True)
    cells = [heads, *lines]
    text = [f"| {' | '.join(each.replace('|', '/') for each in line)} |" for line in cells]
    return "\n".join([text[0], "|---|" + "---:|" * (len(heads) - 1), *text[1:]]) + "\n"
