"""`posecast sweep`: search over knobs, each trial a job of this machine's line."""

from pathlib import Path
from typing import Annotated

import typer

from core.commands.answers import Json, answer, refusals
from core.errors import RunError
from core.wording import counted, shown


def sweep(
    file: Annotated[Path, typer.Argument(help="A YAML file: preset, project, grid or random.", show_default=False)],
    *,
    project: Annotated[Path | None, typer.Option(help="The project, where the file names none.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be run; start nothing.")] = False,
    failed_too: Annotated[bool, typer.Option("--failed-too", help="Also run again what failed.")] = False,
    ranks: Annotated[bool, typer.Option("--table", help="Rank the trials by their validation figures.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="With --table: a .csv, .json or .md file for it.", show_default=False)
    ] = None,
    stop: Annotated[bool, typer.Option("--stop", help="Stop its runs; each keeps its checkpoint.")] = False,
    as_json: Json = False,
) -> None:
    """Search over knobs: every trial a job that runs when its turn comes. Again: what is missing, and what was stopped.

    The file says which preset, what varies (grid: or random:), how many seeds, and by which validation figure to rank.
    """
    from core import sweep_runs, sweeps

    with refusals():
        if sum((dry_run, ranks, stop)) > 1:
            raise RunError("--dry-run, --table and --stop are three things.", hint="Give one of them.")
        if out is not None and not ranks:
            raise RunError("--out is for the table.", hint="Give --table with it.")
        search = sweeps.read(file)
        where = sweep_runs.project_of(search, project)
        if ranks:
            _show_table(sweep_runs.rank(search, where), out, as_json=as_json)
        elif stop:
            names = sweep_runs.stop(search, where)
            says = f"{counted(len(names), 'run')} asked to stop" if names else "Nothing of it is under way."
            answer({"sweep": search.name, "stopped": names}, says, as_json=as_json)
        elif dry_run:
            _show_plan(search, sweep_runs.runs_of(search, where), as_json=as_json)
        else:
            started = sweep_runs.start(search, where, failed_too=failed_too)
            says = f"{started.in_words()}. Its table: posecast sweep {file} --table"
            answer({"sweep": search.name, **vars(started)}, says, as_json=as_json)


def _show_table(ranking, out: Path | None, *, as_json: bool) -> None:  # noqa: ANN001 (sweep_runs.Ranking, met late)
    import msgspec

    from core import sweep_runs
    from core.whole_files import whole_file

    if out is None:
        answer(ranking, sweep_runs.as_text(ranking), as_json=as_json)
        return
    as_file = {
        ".csv": sweep_runs.as_csv,
        ".md": sweep_runs.as_markdown,
        ".json": lambda each: msgspec.json.format(msgspec.json.encode(each), indent=2).decode() + "\n",
    }.get(out.suffix.lower())
    if as_file is None:
        raise RunError(f"{shown(out.name)} is no .csv, .json or .md.", hint="Name a file with one of these endings.")
    with whole_file(out) as beside:
        beside.write_text(as_file(ranking), encoding="utf-8")
    answer({"file": str(out)}, f"{out}: {counted(len(ranking.rows), 'setting')}", as_json=as_json)


def _show_plan(search, runs, *, as_json: bool) -> None:  # noqa: ANN001 (core.sweeps.Sweep and its runs, met late)
    from core.sweeps import text
    from core.wording import table

    rows = [
        (
            each.trial.number,
            *(text(value) for value in each.trial.changed.values()),
            each.trial.seed,
            "to start" if each.state == "new" else each.state,
            each.folder.path.name if each.folder is not None else "",
        )
        for each in runs
    ]
    says = (
        f"{table(('', *search.varied, 'seed', 'state', 'run'), rows)}\n\n{counted(len(rows), 'run')}; nothing started."
    )
    plan = [
        {"trial": each.trial.number, "changed": each.trial.changed, "seed": each.trial.seed, "state": each.state}
        for each in runs
    ]
    answer({"sweep": search.name, "ranks_by": search.ranks_by, "trials": plan}, says, as_json=as_json)


COMMANDS = (sweep,)
