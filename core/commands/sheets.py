"""The command about contact sheets: a picture of what any importable file holds."""

from pathlib import Path
from typing import Annotated

import typer

from core.commands.answers import Json, answer, refusals


def sheet(
    source: Annotated[Path, typer.Argument(help="A file or folder that can be imported.", show_default=False)],
    out: Annotated[Path, typer.Argument(help="A .png.", show_default=False)],
    *,
    format_name: Annotated[
        str, typer.Option("--format", help="Which format it is, where its content does not tell.")
    ] = "",
    video: Annotated[
        Path | None, typer.Option(help="The video 2D poses were found in, to draw them on.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Draw what a file holds: people at eight moments, 2D poses, or what is done when."""
    from core.contact_sheets import write_contact_sheet

    with refusals():
        write_contact_sheet(source, out, format_name=format_name, video=video)
        answer({"file": str(out)}, f"{out}: what {source.name} holds", as_json=as_json)


COMMANDS = (sheet,)
