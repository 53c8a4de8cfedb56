"""`posecast bodies`: which bodies there are, and a person's own SMPL files: add, remove, export."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from core.commands.answers import REFUSED, Json, answer, complain, refusals
from core.wording import counted, table

app = typer.Typer(name="bodies", help="List the bodies there are; add, remove and export your own.")
Key = Annotated[str, typer.Argument(help="A body's key, as `posecast bodies` lists it.", show_default=False)]
GenderOption = Annotated[
    Literal["neutral", "female", "male"] | None,
    typer.Option(help="Where neither the file nor its name says it.", show_default=False),
]


@app.callback(invoke_without_command=True)
def list_(context: typer.Context, as_json: Json = False) -> None:
    """List the bodies there are; with a command after it, add, remove or export one."""
    if context.invoked_subcommand is not None:
        return
    from core.bodies import library

    with refusals():
        known, complaints = library.choices(), library.complaints()
        rows = [
            (each.key, each.title, each.vertices, each.shapes, each.licence, each.source or "built in")
            for each in known
        ]
        text = table(("key", "body", "vertices", "shapes", "licence", "from"), rows)
        if not any(not each.is_built_in for each in known):
            text += "\n\nAdd your own SMPL, SMPL-H or SMPL-X files: posecast bodies add FILES_OR_FOLDER"
        for complaint in complaints:
            complain(complaint)
        answer([_facts(each) for each in known], text, as_json=as_json)


@app.command()
def add(
    paths: Annotated[
        list[Path],
        typer.Argument(help=".pkl or .npz files, or folders with such files in them.", show_default=False),
    ],
    gender: GenderOption = None,
    as_json: Json = False,
) -> None:
    """Add SMPL, SMPL-H or SMPL-X files of your own. Nothing in them is run, and they stay where they are."""
    from core.bodies import library

    with refusals():
        added = library.add_all(paths, gender=gender)
        for refusal in added.refusals:
            complain(f"Not added: {refusal}", refusal.hint)
        lines = [f"{each.key}: {each.title}, {each.vertices:,} vertices, {each.licence}" for each in added.choices]
        lines += added.notes
        if added.choices:
            lines.append(f"{counted(len(added.choices), 'body', 'bodies')} added, kept in {library.folder()}")
        facts = {
            "added": [_facts(each) for each in added.choices],
            "notes": added.notes,
            "refused": [{"says": str(each), "hint": each.hint} for each in added.refusals],
        }
        if lines or as_json:
            answer(facts, "\n".join(lines), as_json=as_json)
        if not added.choices:
            raise typer.Exit(REFUSED)


@app.command()
def remove(key: Key, as_json: Json = False) -> None:
    """Forget a body that was added; the file it came from stays."""
    from core.bodies import library

    with refusals():
        library.remove(key)
        answer({"removed": key}, f"{key} is removed. The file it came from is untouched.", as_json=as_json)


@app.command()
def export(
    key: Key,
    out: Annotated[Path, typer.Argument(help="The .npz to write.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Write a body as an .npz that smplx and programs like it read, with whose terms hold for it."""
    from core.bodies import library
    from core.errors import FileError

    with refusals():
        if out.suffix.lower() != ".npz":
            raise FileError(out, "bodies are written as .npz", hint=f"Name it {out.with_suffix('.npz').name}.")
        if out.exists():
            raise FileError(out, "is there already", hint="Choose another name.")
        found = library.export(key, out)
        text = f"{found.title} is in {out}.\n{library.terms(found.licence)}"
        answer({**_facts(found), "out": str(out)}, text, as_json=as_json)


def _facts(choice: Any) -> dict[str, Any]:
    from core.bodies import library

    names = ("key", "family", "gender", "vertices", "shapes", "licence", "source", "is_built_in")
    return {**{name: getattr(choice, name) for name in names}, "terms": library.terms(choice.licence)}
