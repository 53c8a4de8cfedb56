"""Commands that carry a paper's protocol out, from a download to the printed row."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

import typer

from core.commands.answers import Json, answer, refusals, run_to_the_end, to_the_end
from core.errors import ProjectError, RunError
from core.project.annotations import person
from core.runs import Done


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


POSEGPT = (
    *("table1", "table2", "table3", "table4", "figure6", "figure7", "figure8", "figure9", "figure10", "figure11"),
    *("figure12", "samples"),
)
FORECASTER = ("table1", "table2", "table3", "table4", "figure3", "choices", "futures")
_ALL = ("table1", "table2", "table3", "table4", "figure3")
"""What forecaster/tables stands for."""


def reproduce(
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            help="A file that Posecast made, or a run's folder: made again and compared. Or a table or figure: "
            f"posegpt/{{{','.join(POSEGPT)}}} or forecaster/{{{','.join(FORECASTER)},tables}}. samples: people "
            "from nothing; tables: 1 to 4 and figure 3.",
            show_default=False,
        ),
    ],
    knobs: Annotated[
        list[str] | None, typer.Argument(help="Settings of every row, such as gpt.layers=4 or steps=4000")
    ] = None,
    *,
    project: Annotated[
        Path | None,
        typer.Option(help="The project that is learned; of a file, where it lies now.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="A folder for runs and tables; one that is there goes on. Of a file: a new one, to keep "
            "what was made again.",
            show_default=False,
        ),
    ] = None,
    rows: Annotated[
        list[str] | None,
        typer.Option("--row", help="Only rows with this in their name; of sheets, actions.", show_default=False),
    ] = None,
    part: Annotated[Literal["train", "validation", "test"], typer.Option(help="What is measured on.")] = "test",
    preset: Annotated[str, typer.Option(help="Forecaster: what the rows depart from.")] = "forecaster/recommended",
    seeds: Annotated[int, typer.Option(min=1, help="Forecaster: how often each row is trained.")] = 3,
    quality_bank: Annotated[
        str,
        typer.Option(
            help="Forecaster: the pose bank of real poses for 3D quality; otherwise the half of the bank that no "
            "critic has seen.",
            show_default=False,
        ),
    ] = "",
    run: Annotated[
        str, typer.Option(help="PoseGPT: the trained model that figures 9 to 12 look at.", show_default=False)
    ] = "",
    windows: Annotated[int, typer.Option(min=16, help="PoseGPT: windows and samples a side.")] = 300,
    seed: Annotated[int, typer.Option(min=0, help="PoseGPT: the same seed gives the same table.")] = 0,
    without_rs: Annotated[
        bool, typer.Option("--without-rs", help="PoseGPT: leave R_S out, which trains a classifier.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a file or a run again and say whether it came out the same, or make a table or figure of a paper.

    With a paper's table, Ctrl+C stops and the same command goes on. Exit code 3: it came out differently.
    Rows of posegpt/… are of a size that two cores train; those of forecaster/… depart from the preset.
    """
    from core.runs import ReproduceForecasts, ReproduceTable

    with refusals():
        if which_file := _there(what):
            _again(which_file, out, project, as_json=as_json)
            return
        paper, _, which = what.partition("/")
        if which not in {"posegpt": POSEGPT, "forecaster": (*FORECASTER, "tables")}.get(paper, ()):
            raise RunError(
                f"There is no {what!r} to reproduce.",
                hint=f"There are: posegpt/{{{','.join(POSEGPT)}}}, forecaster/{{{','.join(FORECASTER)},tables}}.",
            )
        if project is None or out is None:
            raise RunError(
                f"{what} is made on a project, into a folder.", hint="Name both: --project FOLDER --out FOLDER"
            )
        where: dict[str, Any] = {"project": str(project.resolve()), "out": str(out.resolve()), "part": part}
        shared: dict[str, Any] = {"knobs": tuple(knobs or ()), "rows": tuple(rows or ()), **where}
        if paper == "posegpt":
            shared |= {"what": which, "run": run, "windows": windows, "seed": seed, "teach": not without_rs}
            spec = ReproduceTable(**shared)
            done = run_to_the_end(spec, as_json=as_json)
            answer({"out": str(out), "summary": done.summary}, (out / f"{which}.md").read_text(), as_json=as_json)
            return
        asked = _ALL if which == "tables" else (which,)
        shared |= {"what": asked, "preset": preset, "seeds": seeds, "quality_bank": quality_bank}
        forecasts = ReproduceForecasts(**shared)
        done = run_to_the_end(forecasts, as_json=as_json)
        answer({"out": str(out), "summary": done.summary, "outputs": done.outputs}, pages(done), as_json=as_json)


DIFFERENT = 3
"""Exit code of a reproduction that came out differently."""


def _there(what: str) -> Path | None:
    """The file or folder that is meant; None where a table is."""
    path = Path(what)
    is_table = what.partition("/")[0] in ("posegpt", "forecaster") and what.partition("/")[2] in (
        *POSEGPT,
        *FORECASTER,
        "tables",
    )
    return None if is_table or not (path.exists() or path.suffix) else path


def _again(path: Path, out: Path | None, project: Path | None, *, as_json: bool) -> None:
    """Make `path` again, in `out` or in a folder that goes away, and say how it came out."""
    from core import reproducing
    from core.commands.every import COMMANDS as ALL

    asked = reproducing.find(path)
    with TemporaryDirectory(prefix="posecast-again-") as passing:
        into = out or Path(passing) / "again"
        outcome = to_the_end(reproducing.reproduce(asked, into, ALL, project=project), quiet=as_json)
    said = ["It came out the same." if outcome.same else "It came out differently.", *outcome.said, *outcome.changed]
    value = {
        "same": outcome.same,
        "said": outcome.said,
        "changed": outcome.changed,
        "files": [str(each) for each in outcome.files] if out else [],
    }
    answer(value, "\n".join(said), as_json=as_json)
    if not outcome.same:
        raise typer.Exit(DIFFERENT)


def pages(done: Done) -> str:
    """The pages among what a run made, one after the other."""
    return "\n".join(Path(each).read_text(encoding="utf-8") for each in done.outputs if each.endswith(".md"))


COMMANDS = (table5, reproduce)
