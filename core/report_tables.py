"""Tables of forecasters as pages and as sheets: `core.reports.Table` → Markdown, CSV. No torch here.

A cell is the mean over seeds or splits ± its standard deviation; the best of a column is bold, controls are never.
Shares print as per cent. Below stand the figures by step ahead, what holds for all rows, and how to make each again.
"""

import csv
from collections.abc import Sequence
from io import StringIO
from statistics import fmean, stdev

from core.reports import Column, Table, TableRow
from core.wording import counted


def markdown(table: Table) -> str:
    """The whole table as a page."""
    steps = _step_columns(table)
    blocks = [
        [f"# {table.title}"],
        [table.about],
        _figures(table),
        *([f"{column.words} by step ahead", "", *_by_step(table, column)] for column in steps),
        [f"- {name[:1].upper()}{name[1:]}: {fact}." for name, fact in table.facts.items()],
        [f"- {note}" for note in table.notes],
        ["How each row is made:", "", *(_made(row) for row in table.rows)],
    ]
    return "\n\n".join("\n".join(lines) for lines in blocks if any(lines)) + "\n"


def csv_text(table: Table) -> str:
    """One line for every figure of every row, seed by seed: row, kind, figure, unit, step ahead, seed, value."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["row", "kind", "figure", "unit", "step", "seed", "value"])
    units = {column.key: column.unit for column in table.columns}
    for row in table.rows:
        for key, values in row.figures.items():
            seeds = row.seeds if len(row.seeds) == len(values) else ("",) * len(values)
            for seed, value in zip(seeds, values, strict=True):
                writer.writerow([row.name, row.kind, key, _csv_unit(units.get(key, "")), "", seed, f"{value:.6g}"])
        for key, runs in row.by_step.items():
            seeds = row.seeds if len(row.seeds) == len(runs) else ("",) * len(runs)
            for seed, values in zip(seeds, runs, strict=True):
                for step, value in enumerate(values):
                    unit = _csv_unit(units.get(key, ""))
                    writer.writerow([row.name, row.kind, key, unit, step + 1, seed, f"{value:.6g}"])
    return text.getvalue()


# ---- parts of the page ----------------------------------------------------------------------------------------------


def _figures(table: Table) -> list[str]:
    printed = [column for column in table.columns if any(column.key in row.paper for row in table.rows)]
    shown = [column for column in table.columns if any(column.key in row.figures for row in table.rows)]
    best = {column.key: table.best(column.key) for column in shown}
    heads = ["", *(_head(column) for column in shown), *(f"paper: {column.words}" for column in printed)]
    lines = [f"| {' | '.join(heads)} |", "|---|" + "---:|" * (len(heads) - 1)]
    for row in table.rows:
        cells = [
            cell(row.figures.get(column.key, ()), column, bold=row.name == best[column.key] and row.kind != "control")
            for column in shown
        ]
        name = f"*{row.name}*" if row.kind == "control" else row.name
        papers = [row.paper.get(column.key, "–") for column in printed]
        lines.append(f"| {' | '.join([_plain(name), *cells, *papers])} |")
    notes = [f"{_plain(row.name)}: {row.note}" for row in table.rows if row.note]
    return [*lines, "", *(f"- {note}" for note in notes)] if notes else lines


def _step_columns(table: Table) -> list[Column]:
    keys = {key for row in table.rows for key in row.by_step}
    return [column for column in table.columns if column.key in keys]


def _by_step(table: Table, column: Column) -> list[str]:
    rows = [row for row in table.rows if row.by_step.get(column.key)]
    longest = max(len(values) for row in rows for values in row.by_step[column.key])
    lines = [f"| {_head(column)} | {' | '.join(str(at + 1) for at in range(longest))} |"]
    lines.append("|---|" + "---:|" * longest)
    for row in rows:
        runs = row.by_step[column.key]
        cells = [cell(tuple(run[at] for run in runs if at < len(run)), column) for at in range(longest)]
        lines.append(f"| {_plain(row.name)} | {' | '.join(cells)} |")
    return lines


def _made(row: TableRow) -> str:
    parts = [f"- {_plain(row.name)}:"]
    if row.command:
        parts.append(f"`{row.command}`")
    if len(row.seeds) > 1:
        parts.append(f"seeds {_seeds(row.seeds)}")
    elif row.seeds:
        parts.append(f"seed {row.seeds[0]}")
    if row.seconds is not None:
        parts.append(f"{row.seconds:.0f} s of learning")
    if row.reports:
        parts.append(counted(len(row.reports), "report") + ": " + ", ".join(f"`{each}`" for each in row.reports))
    return " ".join([parts[0], "; ".join(parts[1:]) or "nothing to make"])


def cell(values: Sequence[float], column: Column, *, bold: bool = False) -> str:
    """`57.1 ± 5.9` in the column's unit; a dash where nothing was measured."""
    if not values:
        return "–"
    scale = 100.0 if column.unit == "%" else 1.0
    text = f"{scale * fmean(values):.{column.digits}f}"
    if len(values) > 1:
        text += f" ± {scale * stdev(values):.{column.digits}f}"
    return f"**{text}**" if bold else text


def _head(column: Column) -> str:
    return f"{column.words}, {column.unit}" if column.unit else column.words


def _csv_unit(unit: str) -> str:
    return "share" if unit == "%" else unit


def _plain(text: str) -> str:
    return text.replace("|", "/")  # a bar would end the cell


def _seeds(seeds: Sequence[int]) -> str:
    in_a_row = list(seeds) == list(range(seeds[0], seeds[0] + len(seeds)))
    return f"{seeds[0]} to {seeds[-1]}" if in_a_row else ", ".join(map(str, seeds))
