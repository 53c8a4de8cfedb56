"""Commands that compare forecasters: on actions alone, against plain methods, and from a raw folder to the tables."""

from pathlib import Path
from typing import Annotated, Any, Literal, cast

import typer

from core.commands.answers import (
    CharacteristicPoses,
    DraftPoses,
    FormatOptions,
    Json,
    Poses,
    ProjectFolder,
    Videos,
    answer,
    person,
    refusals,
    run_to_the_end,
)
from core.commands.data import pairs
from core.commands.experiments import pages
from core.errors import ProjectError

_TABLES = {
    "mpii-cooking-2": ("table1", "table2", "table3", "figure3"),
    "ikea-asm": ("table1", "table3", "table4", "figure3"),
}
_STEPS = {"mpii-cooking-2": 10, "ikea-asm": 5}
"""N = M, as in the paper."""


def sequences(
    project: ProjectFolder,
    settings: Annotated[
        list[str] | None, typer.Argument(help="Settings of the forecasters, such as network.dropout=0.2")
    ] = None,
    *,
    out: Annotated[Path, typer.Option(help="A folder for figures and table; one that is there goes on.")],
    splits: Annotated[int, typer.Option(min=1, help="How many random splits.")] = 20,
    observe: Annotated[int, typer.Option(min=1, max=50, help="Actions that are seen.")] = 5,
    predict: Annotated[int, typer.Option(min=1, max=50, help="Actions that are foreseen.")] = 5,
    apart: Annotated[
        bool, typer.Option("--apart", help="Let sequences with the same actions stand in different parts.")
    ] = False,
    methods: Annotated[
        list[str] | None, typer.Option("--method", help="Only methods with this in their name.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the first split; the same seed gives the same table.")] = 0,
    as_json: Json = False,
) -> None:
    """Compare methods on actions alone, on many random splits. Ctrl+C stops; the same command goes on."""
    from core import report_tables
    from core.reports import Table, read_report
    from core.runs import CompareSequences

    with refusals():
        spec = CompareSequences(
            project=str(project.resolve()), out=str(out.resolve()), observe=observe, predict=predict, splits=splits,
            twins_together=not apart, knobs=tuple(settings or ()), methods=tuple(methods or ()), seed=seed,
        )  # fmt: skip
        run_to_the_end(spec, as_json=as_json)
        table = read_report(out / "table-sequences.json")
        assert isinstance(table, Table)
        answer(table, report_tables.markdown(table), as_json=as_json)


def tables(
    dataset: Annotated[
        Literal["mpii-cooking-2", "ikea-asm"], typer.Argument(help="Which data set it is.", show_default=False)
    ],
    source: Annotated[Path, typer.Argument(help="Its folder as it was downloaded.", show_default=False)],
    project: Annotated[Path, typer.Argument(help="A project's folder; made if there is none.", show_default=False)],
    settings: Annotated[list[str] | None, typer.Argument(help="Settings of every row, such as steps=4000")] = None,
    *,
    preset: Annotated[str, typer.Option(help="What the rows depart from.")] = "forecaster/recommended",
    seeds: Annotated[int, typer.Option(min=1, help="How often each row is trained.")] = 3,
    videos: Videos = None,
    poses: Poses = None,
    characteristic_poses: CharacteristicPoses = None,
    draft_poses: DraftPoses = False,
    option: FormatOptions = None,
    quality_bank: Annotated[
        str, typer.Option(help="The pose bank of real poses for 3D quality.", show_default=False)
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help="Otherwise runs/tables-DATASET in the project.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """From the raw folder of a data set to the tables of the forecaster's paper. Ctrl+C stops; the same goes on.

    Tables 1, 2 and 3 of MPII Cooking 2 (ten steps back and ahead), 1, 3 and 4 of IKEA-ASM (five), and figure 3.
    """
    from core.forecast_rows import OURS, config_of
    from core.importing.papers import refuse
    from core.project.database import FILE_NAME
    from core.project.store import ProjectStore
    from core.runs import PrepareData, ReproduceForecasts

    with refusals():
        for each in (source, videos, poses, characteristic_poses):
            if each is not None and not each.exists():
                raise ProjectError(f"{each} is not there.", hint="Name the folder as it was downloaded.")
        steps = _STEPS[dataset]
        knobs = (f"data.past_steps={steps}", f"data.future_steps={steps}", *(settings or ()))
        config_of(OURS, preset, knobs, 0)  # refused before hours of preparing
        place = project.resolve()
        prepared = PrepareData(
            project=str(place), out=str(place / "runs" / f"prepare-{dataset}"), dataset=dataset,
            source=str(source.resolve()), videos=_absolute(videos), poses=_absolute(poses),
            characteristic_poses=_absolute(characteristic_poses), draft_poses=draft_poses,
            options=pairs(option or []), author=person(),
        )  # fmt: skip
        refuse(prepared)
        if not (place / FILE_NAME).exists():
            ProjectStore.create(place, place.name, person()).close()
        run_to_the_end(prepared, as_json=as_json)
        spec = ReproduceForecasts(
            project=str(place), out=str((out or place / "runs" / f"tables-{dataset}").resolve()),
            what=cast("Any", _TABLES[dataset]), preset=preset, knobs=knobs, seeds=seeds, quality_bank=quality_bank,
        )  # fmt: skip
        done = run_to_the_end(spec, as_json=as_json)
        answer({"out": spec.out, "summary": done.summary, "outputs": done.outputs}, pages(done), as_json=as_json)


def baselines(
    project: ProjectFolder,
    settings: Annotated[
        list[str] | None, typer.Argument(help="Settings of what is seen, such as data.poses=middle data.past_steps=10")
    ] = None,
    *,
    split: Annotated[str, typer.Option(help="Of the project; its only or first one without.", show_default=False)] = "",
    part: Annotated[Literal["train", "validation", "test"], typer.Option(help="What is measured on.")] = "test",
    out: Annotated[
        Path | None, typer.Option(help="A folder for report.json and report.md.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure the plain methods on a project: what any forecaster must beat. Nothing is trained."""
    from core.datasets.kitchen.truth import read_truth
    from core.evaluation.plain_reports import plain_report
    from core.evaluation.protocols import write_report
    from core.project.store import ProjectStore

    with refusals(), ProjectStore.open(project, "", mode="read") as store:
        place = project.resolve()
        report = plain_report(
            store.project, lambda clip: store.tracks(clip.tracks), place, part, split=split, settings=settings or [],
            truth_reader=lambda clip_id: read_truth(place, clip_id),
        )  # fmt: skip
        if out is not None:
            write_report(report, out)
        answer(report, report.markdown(), as_json=as_json)


def _absolute(path: Path | None) -> str:
    return "" if path is None else str(path.resolve())


COMMANDS = (sequences, tables, baselines)
