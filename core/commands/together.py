"""Commands for two people on one project: merge a copy, and how far two agree."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from core.commands.answers import REFUSED, Json, answer, person, refusals
from core.wording import counted, table

if TYPE_CHECKING:
    from core.project.agreement import Agreement


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
        kept = save_report(copy, copy.report(decisions, outcome.notes))  # first, so that no merge is without its report
        try:
            changed = bool(store.edit(outcome.project, copy.label, source=copy.source))
        except BaseException:
            kept.unlink(missing_ok=True)
            raise
        done = f"{copy.label}: {counted(len(copy.plan.taken), 'change')} taken, " + (
            f"{counted(len(decisions), 'conflict')} decided for {prefer}" if decisions else "no conflicts"
        )
        lines = [done, *outcome.notes, f"What was done stands in {kept}", *([store.left_for] if store.left_for else [])]
        answer({**facts, "merged": changed, "report": str(kept)}, "\n".join(lines), as_json=as_json)


def agreement(
    one: Annotated[Path, typer.Argument(help="A project's folder, or an exported table of marks.", show_default=False)],
    other: Annotated[
        Path | None, typer.Argument(help="The other annotator's; without it, --authors of the first.")
    ] = None,
    authors: Annotated[
        tuple[str, str], typer.Option(help="Whose marks count, of the first and of the second.", show_default=False)
    ] = ("", ""),
    out: Annotated[Path | None, typer.Option("--csv", help="Write the figures by label and clip as a table.")] = None,
    as_json: Json = False,
) -> None:
    """How far two annotators agree: segments, characteristic poses, joints; by label and by clip."""
    from core.annotators import as_csv, rates_of, side_of
    from core.errors import ProjectError
    from core.project.agreement import Side
    from core.project.agreement import agreement as measured
    from core.whole_files import whole_file

    with refusals():
        if other is None and not all(authors):
            raise ProjectError("There is one annotator to compare.", hint="Name another project, or two --authors.")
        rates: dict[str, float] = {}
        sides: list[Side] = []
        for path, author in sorted(zip((one, other or one), authors, strict=True), key=lambda each: each[0].is_file()):
            sides.append(side_of(path, author, rates=rates))
            rates = rates_of(sides[-1].project)
        is_turned = one.is_file() and not (other or one).is_file()
        found = measured(*(reversed(sides) if is_turned else sides))
        if not found.clips:
            hint = "Clips are the same by their id, their video or their name."
            raise ProjectError("There is no clip that both marked.", hint=hint)
        if out is not None:
            with whole_file(out) as place:
                place.write_text(as_csv(found), encoding="utf-8")
        kept = "" if out is None else f"\n\nThe figures by label and clip stand in {out}"
        answer(found, _agreement_in_words(found) + kept, as_json=as_json)


def _agreement_in_words(found: "Agreement") -> str:
    def figure(value: float | None, digits: int = 3) -> str:
        return "–" if value is None else f"{value:.{digits}f}"

    header = ["label", "segments", "F1 0.1", "F1 0.25", "F1 0.5", "F1 ±0.2 s", "κ", "poses", "median s", "±0.2 s"]
    rows = [
        [
            each.name,
            f"{each.segments[0]} | {each.segments[1]}",
            *(figure(each.f1[key]) for key in ("0.1", "0.25", "0.5", "±0.2 s")),
            figure(each.kappa),
            each.pairs,
            figure(each.median_s, 2),
            figure(each.within["±0.2 s"]),
        ]
        for each in (found.overall, *found.labels)
    ]
    whole = found.overall
    lines = [f"{counted(len(found.clips), 'clip')} that both marked; {found.only_one} that one did not", ""]
    lines.append(table(header, rows))
    lines += ["", *(f"{name}: 95 % {low:.3f} to {high:.3f}" for name, (low, high) in found.intervals.items())]
    if whole.joint_px is not None:
        torso = "" if whole.joint_torso is None else f", {100 * whole.joint_torso:.1f} % of the torso"
        lines += ["", f"joints: {whole.joint_px:.1f} px apart{torso}; within 20 % of it {figure(whole.pck)}"]
        moved = f"{figure(whole.moved_px, 1)} px" if whole.moved else "none"
        lines.append(f"joints that somebody moved: {whole.moved}, {moved}; the others are the detector's on both sides")
    return "\n".join(lines)


COMMANDS = (merge, agreement)
