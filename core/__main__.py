"""The command line `posecast`: everything the studio does, without the studio.

Exit codes: 0 done, 1 refused with a reason, 2 wrong usage. `--json` prints what a machine can read.
"""

import io
import sys

import typer

from core.commands.every import BODIES, COMMANDS

app = typer.Typer(
    name="posecast",
    help="Mark actions and characteristic poses on video, train models, see what comes next, and make people move.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for name, command in COMMANDS.items():
    app.command(name=name)(command)
app.add_typer(BODIES)


def main() -> None:
    """Run the command line with the process's own arguments."""
    # Plain text wherever the output goes, also where the system's encoding knows no "×" or "–".
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    app()


if __name__ == "__main__":
    main()
