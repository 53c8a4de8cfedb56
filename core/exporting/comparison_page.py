"""A comparison as a page of figures: one HTML file with its pictures in it, for a report or a colleague. No torch.

For each moment the figure, a table step by step (what came, what each run said and how sure it was, how far off its
pose is), a table joint by joint (means over the steps), what may be doubted, and the command that makes it again.
"""

from base64 import b64encode
from collections.abc import Generator, Sequence
from html import escape
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies.skeletons import UPPER_BODY_9
from core.comparisons import Comparison
from core.exporting.comparison_cells import Look, People
from core.exporting.comparison_figure import FigureWish, error_words, figure, rows_of
from core.forecast_alignment import Lined, compared_with, joint_errors_mm, joint_errors_px
from core.forecasts import ForecastStep, doubts_of
from core.formats.provenance import Provenance
from core.project.store import ProjectStore
from core.rendering.paper import as_jpeg
from core.runs import ExportComparison, Progress
from core.whole_files import whole_file
from core.wording import counted, spelled_time

_JOINTS = tuple(joint.replace("_", " ").capitalize() for joint in UPPER_BODY_9.joints)
_PX_PER_PT = 3.0
_STYLE = """
:root{color-scheme:light dark;--ground:#fff;--words:#17181c;--quiet:#4b4f59;--line:#dfe1e6;--plate:#f1f2f4;
--good:#187545;--bad:#b8261b}
@media (prefers-color-scheme:dark){:root{--ground:#101114;--words:#e9eaed;--quiet:#adb1bb;--line:#25272d;
--plate:#17181c;--good:#62c993;--bad:#ff7a70}}
body{font:15px/1.45 Inter,system-ui,sans-serif;font-variant-numeric:tabular-nums;background:var(--ground);
color:var(--words);max-width:1080px;margin:32px auto;padding:0 20px}
h1{font-size:24px;line-height:1.2;margin:0 0 4px}h2{font-size:19px;margin:40px 0 4px}
h3{font-size:15px;margin:24px 0 6px}
p{margin:4px 0;max-width:75ch}.quiet{color:var(--quiet)}img{width:100%;height:auto;margin:12px 0;border-radius:6px}
.wide{overflow-x:auto}table{border-collapse:collapse;min-width:60%}
th,td{text-align:left;padding:5px 14px 5px 0;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600}td.number,th.number{text-align:right}td.number b{font-weight:700}
.good{color:var(--good)}.bad{color:var(--bad)}
code{font:13px/1.5 "JetBrains Mono",ui-monospace,monospace;background:var(--plate);padding:2px 6px;border-radius:4px;
overflow-wrap:anywhere}
"""


def write_page(
    path: Path,
    store: ProjectStore,
    comparisons: Sequence[Comparison],
    look: Look,
    asked: ExportComparison,
    said: Provenance,
) -> Generator[Progress, None, str]:
    """Write the page; what is in it, in words."""
    parts = []
    for at, comparison in enumerate(comparisons):
        yield Progress(at, len(comparisons), "figures")
        parts.append(_moment(store, comparison, look, asked))
    title = escape("Forecasts beside what came")
    names = dict.fromkeys(each.name for comparison in comparisons for each in comparison.compared)
    intro = f"{escape(store.project.name)}: {counted(len(comparisons), 'moment')}, {escape(', '.join(names))}."
    foot = f"<p class=quiet>{escape(said.terms)} Made with {escape(said.made_by)}.</p>"
    whole = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><meta name="generator" content="{escape(said.made_by)}">'
        f"<style>{_STYLE}</style></head>\n<body><h1>{title}</h1><p class=quiet>{intro}</p>\n"
        + "\n".join(parts)
        + f"\n{foot}</body></html>\n"
    )
    with whole_file(path) as beside:
        beside.write_text(whole, encoding="utf-8")
    yield Progress(len(comparisons), len(comparisons), "figures")
    return f"a page of {counted(len(comparisons), 'figure')} with tables"


def _moment(store: ProjectStore, comparison: Comparison, look: Look, asked: ExportComparison) -> str:
    clip = store.project.clips[comparison.clip_id]
    wish = FigureWish(asked.steps, asked.line_up, with_notes=False, px_per_pt=_PX_PER_PT)
    with People(store, comparison, look) as people:
        pixels = figure(store.project, people, wish).pixels()
        lined = rows_of(people, wish)
        forecasts = people.forecasts
    steps = [
        [
            None if step is None else compared_with(forecast.steps[step], row.truth)
            for step, row in zip(column, lined.rows, strict=True)
        ]
        for forecast, column in zip(forecasts, lined.cells, strict=True)
    ]
    when = spelled_time(comparison.at_frame / clip.video.rate_hz)
    names = [each.name for each in comparison.compared]
    picture = b64encode(as_jpeg(pixels, 90)).decode("ascii")
    doubts = doubts_of(list(zip(names, forecasts, strict=True)))
    if look.people != "joints":
        doubts.append("Bodies are fitted to the nine joints: size and legs are estimated.")
    alt = f"What came beside {', '.join(names)}, {counted(len(lined.rows), 'step')}"
    return "\n".join(
        [
            f"<section><h2>{escape(clip.name)} at {when}</h2>",
            f"<p class=quiet>{escape(comparison.why)}</p>" if comparison.why else "",
            f'<img alt="{escape(alt)}" src="data:image/jpeg;base64,{picture}">',
            "<h3>Step by step</h3>",
            _steps_table(names, lined, steps),
            _joints_table(names, steps),
            "<h3>What may be doubted</h3>" + "".join(f"<p>{escape(each)}</p>" for each in doubts) if doubts else "",
            f"<h3>Again</h3><p><code>{escape(comparison.command)}</code></p>" if comparison.command else "",
            "</section>",
        ]
    )


def _steps_table(names: Sequence[str], lined: Lined, steps: Sequence[Sequence[ForecastStep | None]]) -> str:
    head = "".join(f'<th>{escape(name)}</th><th class="number">sure</th><th class="number">off</th>' for name in names)
    body = []
    for row, found in enumerate(lined.rows):
        when = "" if found.seconds is None else f"+{found.seconds:.1f} s"
        came = found.truth.truth_action if found.truth is not None else None
        cells = [f"<td>{row + 1}</td>", f'<td class="number">{when}</td>', f"<td>{escape(came or '–')}</td>"]
        cells += [_step_cells(column[row]) for column in steps]
        body.append(f"<tr>{''.join(cells)}</tr>")
    return (
        f'<div class="wide"><table><thead><tr><th>Step</th><th class="number">came</th><th>What came</th>{head}</tr>'
        f"</thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def _step_cells(step: ForecastStep | None) -> str:
    if step is None:
        return '<td>–</td><td class="number"></td><td class="number"></td>'
    mark = ""
    if step.truth_action is not None:
        is_right = step.truth_action == step.action
        mark = ' <span class="good">✓</span>' if is_right else ' <span class="bad">✗</span>'
    return (
        f'<td>{escape(step.action)}{mark}</td><td class="number">{step.sure}</td>'
        f'<td class="number">{error_words(step)}</td>'
    )


def _joints_table(names: Sequence[str], steps: Sequence[Sequence[ForecastStep | None]]) -> str:
    """Means over the steps whose truth is known; in millimetres where space is, else in pixels. The best is bold."""
    known = [[step for step in column if step is not None] for column in steps]
    in_mm = any(np.isfinite(joint_errors_mm(step)).any() for column in known for step in column)
    of = joint_errors_mm if in_mm else joint_errors_px
    means = [_mean_by_joint([of(step) for step in column]) for column in known]
    if not any(np.isfinite(each).any() for each in means):
        return ""
    joints = np.flatnonzero(np.isfinite(np.array(means)).any(0))
    rows = [(_JOINTS[joint], [float(each[joint]) for each in means]) for joint in joints]
    overall = [float(np.nanmean(each)) if np.isfinite(each).any() else float("nan") for each in means]
    rows.append(("All joints", overall))
    head = "".join(f'<th class="number">{escape(name)}</th>' for name in names)
    body = "".join(f"<tr><td>{name}</td>{_numbers(values)}</tr>" for name, values in rows)
    unit = "mm" if in_mm else "px"
    return (
        f'<h3>Error by joint, {unit}</h3><div class="wide"><table><thead><tr><th>Joint</th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _mean_by_joint(errors: Sequence[Float[ndarray, " 9"]]) -> Float[ndarray, " 9"]:
    if not errors:
        return np.full(len(UPPER_BODY_9), np.nan)
    rows = np.stack(list(errors))
    count = np.isfinite(rows).sum(0)
    return np.where(count > 0, np.nansum(rows, axis=0) / np.maximum(count, 1), np.nan)


def _numbers(values: Sequence[float]) -> str:
    best = min((value for value in values if np.isfinite(value)), default=float("nan"))
    return "".join(
        '<td class="number">–</td>' if not np.isfinite(value)
        else f'<td class="number">{f"<b>{value:.0f}</b>" if value == best and len(values) > 1 else f"{value:.0f}"}</td>'
        for value in values
    )  # fmt: skip
