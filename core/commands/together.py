"""Commands for two people on one project: merge a copy, and how far two agree."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from core.commands.answers import REFUSED, Json, answer, person, refusals
from core.wording import counted


def merge(
    other: Annotated[Path, typer.Argument(help="The folder of the other person's copy.", show_default=False)],
    project: Annotated[Path, typer.Option(help="The project that takes it in.")] = Path(),
    prefer: Annotated[
        Literal["mine", "theirs", "newer"] | None,
        typer.Option(help="Who decides conflicts; without it they are listed and nothing is merged."),
    ] = None,
    apart: Annotated[
        bool, typer.Option("--labels-apart", help="Labels that both made under one name stay two.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done; change nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Merge another person's copy of a project: everything it brings is one edit that can be undone."""
    from core.project.merging import bring_tracks, opened_copy, save_report
    from core.project.store import ProjectStore

    with refusals(), ProjectStore.open(project, person(), mode="read" if dry_run else "command") as store:
        copy = opened_copy(other, mine=store.project, here=store.folder, same_labels=not apart)
        decisions = copy.preferring(prefer) if prefer is not None else {}
        is_open = bool(copy.plan.conflicts) and prefer is None
        report = copy.report(decisions)
        facts = {
            "copy": str(other),
            "whose": copy.whose,
            "taken": len(copy.plan.taken),
            "conflicts": len(copy.plan.conflicts),
            "decided": dict(decisions),
            "same_labels": dict(copy.offered) if copy.same_labels else {},
            "merged": False,
        }
        if copy.is_nothing_new:
            answer(facts, f"There is nothing new in {copy.whose}.", as_json=as_json)
            return
        if dry_run or is_open:
            hint = "\nChoose who decides them: --prefer mine, theirs or newer." if is_open else ""
            answer({**facts, "report": report}, f"{report}Nothing was changed.{hint}", as_json=as_json)
            if is_open and not dry_run:
                raise typer.Exit(REFUSED)
            return
        outcome = bring_tracks(copy, copy.outcome(decisions))
        changed = bool(store.edit(outcome.project, copy.label, source=copy.source))
        kept = save_report(copy, copy.report(decisions, outcome.notes))
        done = f"{copy.label}: {counted(len(copy.plan.taken), 'change')} taken, " + (
            f"{counted(len(decisions), 'conflict')} decided for {prefer}" if decisions else "no conflicts"
        )
        lines = [done, *outcome.notes, f"What was done stands in {kept}", *([store.left_for] if store.left_for else [])]
        answer({**facts, "merged": changed, "report": str(kept)}, "\n".join(lines), as_json=as_json)


COMMANDS = (merge,)
