"""Curves of forecasters: accuracy over the steps ahead, and figures over how many seen joints are missing.

A table whose figure is a curve gets a picture beside it, `figure-KEY.png`; the numbers are those of its by-step part.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.datasets.action_sequences import Examples
from core.evaluation.forecasting import TrainedPredictor
from core.evaluation.protocols import run_row, windows_to_measure, with_joints_missing
from core.experiments.forecast_summing import command_of
from core.forecast_rows import COLUMNS, OURS
from core.rendering.charts import Curve, curves_picture
from core.rendering.export import write_png
from core.reports import Table, TableRow
from core.runs import Made, ReproduceForecasts

MISSING = (0.0, 0.1, 0.3, 0.6)
"""Shares of the seen joints that are taken out of the past."""


def picture_of(table: Table, folder: Path) -> tuple[Made, ...]:
    """The picture of a table that is a figure; nothing for the others."""
    if table.key == "figure3":
        curves = [_over_steps(row) for row in table.rows if row.by_step.get("top1")]
        x_name, y_name = "steps ahead", "top-1, %"
    elif table.key == "missing":
        shares = [100 * share for share in MISSING]
        curves = [
            Curve(f"{words}", shares, [scale * (row.mean(key) or 0.0) for row in table.rows])
            for key, words, scale in (("top1", "top-1, %", 100.0), ("mpjpe_px", "2D error, px", 1.0))
            if all(row.mean(key) is not None for row in table.rows)
        ]
        x_name, y_name = "seen joints missing, %", "% or px"
    else:
        return ()
    if not curves:
        return ()
    path = folder / f"figure-{table.key}.png"
    write_png(path, curves_picture(table.title, curves, x_name, y_name))
    return (Made(f"{table.title}, as a picture", str(path)),)


def _over_steps(row: TableRow) -> Curve:
    means = np.mean(row.by_step["top1"], axis=0)
    return Curve(row.name, list(range(1, len(means) + 1)), (100 * means).tolist(), dashed=row.kind != "run")


def missing_joints(runs: Sequence[TrainedPredictor], examples: Examples, spec: ReproduceForecasts) -> Table:
    """Ours with a share of the seen joints taken away, seed by seed: figures should worsen slowly, not break."""
    windows = windows_to_measure(examples, spec.part, runs[0].header.config.data.future_steps)
    rows: list[TableRow] = []
    keys = ("mpjpe_px", "mpjpe_torso", "top1", "top5")
    for share in MISSING:
        found = [
            run_row(run, windows if share == 0 else with_joints_missing(windows, share, run.header.config.seed))
            for run in runs
        ]
        figures = {
            key: tuple(getattr(each, key) for each in found)
            for key in keys
            if all(getattr(each, key) is not None for each in found)
        }
        rows.append(
            TableRow(
                name=f"{share:.0%} of the seen joints missing".replace("%", " %"),
                figures=figures,
                seeds=tuple(run.header.config.seed for run in runs),
                command=command_of(spec, "choices", OURS),
            )
        )
    return Table(
        key="missing",
        title="Joints missing from the past",
        about="Ours, measured with a share of the seen joints gone from the past, as if the detector had missed them. "
        "No table of the paper.",
        columns=tuple(COLUMNS[key] for key in keys),
        rows=tuple(rows),
        facts={"measured on": f"the {spec.part} part, {len(windows)} windows"},
    )
