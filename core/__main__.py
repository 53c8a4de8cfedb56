"""The command line `posecast`: everything the studio does, without the studio.

Exit codes: 0 done, 1 refused with a reason, 2 wrong usage. `--json` prints what a machine can read.
"""

import io
import sys

import typer

from core.commands import (
    bodies,
    cameras,
    clusters,
    comparing,
    data,
    datasets,
    experiments,
    fitting,
    forecasting,
    generating,
    learning,
    machine,
    media,
    projects,
    sheets,
    suggesting,
    together,
)

app = typer.Typer(
    name="posecast",
    help="Mark actions and characteristic poses on video, train models, see what comes next, and make people move.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (
    *projects.COMMANDS,
    *data.COMMANDS,
    *clusters.COMMANDS,
    *together.COMMANDS,
    *suggesting.COMMANDS,
    *datasets.COMMANDS,
    *media.COMMANDS,
    *sheets.COMMANDS,
    *cameras.COMMANDS,
    *fitting.COMMANDS,
    *learning.COMMANDS,
    *comparing.COMMANDS,
    *generating.COMMANDS,
    *experiments.COMMANDS,
    *forecasting.COMMANDS,
    *machine.COMMANDS,
):
    app.command(name=command.__name__.rstrip("_"))(command)
app.add_typer(bodies.app)


def main() -> None:
    """Run the command line with the process's own arguments."""
    # Plain text wherever the output goes, also where the system's encoding knows no "×" or "–".
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    app()


if __name__ == "__main__":
    main()
