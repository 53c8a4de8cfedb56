"""Commands about this machine: doctor, bench, tour."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from core.commands.answers import REFUSED, Json, answer, refusals
from core.errors import MachineError

_SIGNS = {"ok": "✓", "note": "·", "problem": "✗"}


def doctor(as_json: Json = False) -> None:
    """Say what is on this machine: versions, graphics, fonts, codecs, disk."""
    from core.doctor import examine

    findings = examine()
    lines = []
    for each in findings:
        lines.append(f"{_SIGNS[each.state]} {each.what}: {each.says}")
        if each.hint:
            lines.append(f"    {each.hint}")
    answer(findings, "\n".join(lines), as_json=as_json)
    if any(each.state == "problem" for each in findings):
        raise typer.Exit(REFUSED)


def bench(
    names: Annotated[
        list[str] | None, typer.Argument(help="Which ones; all without a name.", show_default=False)
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Also write the figures here, as JSON.", show_default=False)] = None,
) -> None:
    """Measure speed on this machine beside peers, as JSON."""
    root = Path(__file__).resolve().parents[2]
    with refusals():
        if not (root / "tests" / "benchmarks").is_dir():
            raise MachineError(
                "The benchmarks are not part of an installed package.", hint="Run it in a clone of the source."
            )
        arguments = [*(names or []), *(["--out", str(out.resolve())] if out else [])]
        raise typer.Exit(
            subprocess.run([sys.executable, "-m", "tests.benchmarks", *arguments], cwd=root, check=False).returncode
        )


def tour(
    out: Annotated[Path, typer.Argument(help="Where the pictures and the video go.")] = Path("posecast-tour"),
    as_json: Json = False,
) -> None:
    """Show what Posecast does without a window: the demo, its forecast, pictures and a short video."""
    from core.tour import take_tour

    with refusals():
        report = take_tour(out.resolve(), say=lambda text: None if as_json else typer.echo(text))
        if as_json:
            answer(report, "", as_json=True)


COMMANDS = (doctor, bench, tour)
