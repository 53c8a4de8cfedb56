"""Commands that carry a paper's protocol out, from a download to the printed row."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from core.commands.answers import Json, ProjectFolder, answer, refusals, run_to_the_end
from core.errors import ProjectError
from core.project.annotations import person


def table5(
    dataset: Annotated[
        Literal["humanact12", "babel", "grab"], typer.Argument(help="Which third of the table.", show_default=False)
    ],
    source: Annotated[Path, typer.Argument(help="Its folder as it was downloaded.", show_default=False)],
    project: Annotated[Path, typer.Argument(help="A project's folder; made if there is none.", show_default=False)],
    settings: Annotated[list[str] | None, typer.Argument(help="Settings, such as gpt_training.steps=50000")] = None,
    *,
    motion: Annotated[Path | None, typer.Option(help="BABEL: the folder of AMASS.", show_default=False)] = None,
    preset: Annotated[str, typer.Option(help="Of the model.")] = "posegpt/recommended",
    windows: Annotated[int, typer.Option(min=16, help="Windows and samples a side.")] = 1000,
    seeds: Annotated[int, typer.Option(min=1, help="How often samples and classifiers are made.")] = 3,
    classifier_file: Annotated[
        Path | None, typer.Option(help="HumanAct12's own classifier.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Otherwise runs/table5-DATASET in the project.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """A row of PoseGPT's Table 5: prepare, train, evaluate. Ctrl+C stops; the same command goes on."""
    from core.experiments import table5 as steps
    from core.project.database import FILE_NAME
    from core.project.store import ProjectStore

    with refusals():
        for each in (source, motion, classifier_file):
            if each is not None and not each.exists():
                raise ProjectError(f"{each} is not there.", hint="Name the folder as it was downloaded.")
        config = steps.config_of(dataset, preset, settings or [])
        project = project.resolve()
        place = (out or project / "runs" / f"table5-{dataset}").resolve()
        if not (project / FILE_NAME).exists():
            ProjectStore.create(project, project.name, person()).close()
        there = None if motion is None else motion.resolve()
        run_to_the_end(steps.prepare_spec(dataset, source.resolve(), project, place, there, person()), as_json=as_json)
        run_to_the_end(steps.train_spec(project, place, config, preset), as_json=as_json)
        official = None if classifier_file is None else classifier_file.resolve()
        run_to_the_end(
            steps.evaluate_spec(project, place, config, windows=windows, seeds=seeds, classifier_file=official),
            as_json=as_json,
        )
        row = steps.row(dataset, place)
        answer(row, row.markdown(), as_json=as_json)


def reproduce(
    what: Annotated[
        Literal[
            "table1",
            "table2",
            "table3",
            "table4",
            "figure6",
            "figure7",
            "figure8",
            "figure9",
            "figure10",
            "figure11",
            "figure12",
            "samples",
        ],
        typer.Argument(help="Which of PoseGPT's tables or figures; samples: people from nothing.", show_default=False),
    ],
    knobs: Annotated[list[str] | None, typer.Argument(help="Settings of every row, such as gpt.layers=4")] = None,
    *,
    project: Annotated[Path, typer.Option(help="The project whose labelled motion is learned.")],
    out: Annotated[Path, typer.Option(help="A folder for runs and table; one that is there goes on.")],
    run: Annotated[str, typer.Option(help="The trained model that figures 9 to 12 look at.", show_default=False)] = "",
    rows: Annotated[
        list[str] | None, typer.Option("--row", help="Only rows with this in their name; of sheets, actions.")
    ] = None,
    part: Annotated[Literal["train", "validation", "test"], typer.Option(help="What is measured on.")] = "test",
    windows: Annotated[int, typer.Option(min=16, help="Windows and samples a side.")] = 300,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same table.")] = 0,
    without_rs: Annotated[bool, typer.Option("--without-rs", help="Leave R_S out, which trains a classifier.")] = False,
    as_json: Json = False,
) -> None:
    """Make a table or figure of PoseGPT's paper on a project's motion, at a size that two cores train."""
    from core.runs import ReproduceTable

    with refusals():
        spec = ReproduceTable(
            project=str(project.resolve()), out=str(out.resolve()), what=what, run=run, knobs=tuple(knobs or ()),
            rows=tuple(rows or ()), part=part, windows=windows, seed=seed, teach=not without_rs,
        )  # fmt: skip
        done = run_to_the_end(spec, as_json=as_json)
        answer({"out": str(out), "summary": done.summary}, (out / f"{what}.md").read_text(), as_json=as_json)


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


COMMANDS = (table5, reproduce, sequences)
