"""Commands about data of others: take it into a project, see what is there, hand it out."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.commands.answers import REFUSED, Json, ProjectFolder, answer, person, refusals, run_to_the_end, shown
from core.commands.projects import clip_of, refuse_own_file
from core.errors import ProjectError
from core.wording import table

if TYPE_CHECKING:
    from core.catalog import Catalog, SetEntry
    from core.exchanged import Report
    from core.project.motion_sets import IndexLine
    from core.project.store import ProjectStore
    from core.runs import Events

_MOST_REASONS = 20


def import_(
    source: Annotated[Path, typer.Argument(help="A file, a folder or a .zip.", show_default=False)],
    project: ProjectFolder,
    *,
    format: Annotated[str, typer.Option(help="What it is, where its content does not tell.")] = "",  # noqa: A002
    clip: Annotated[
        str,
        typer.Option(
            help="The clip it belongs to, by id or name. Without it, 2D poses go to the one they name, or to a new one."
        ),
    ] = "",
    name: Annotated[str, typer.Option(help="What the data set is called; without it, as its folder.")] = "",
    rate: Annotated[float, typer.Option(min=1, max=1000, help="Frames a second of motion to keep at most.")] = 30.0,
    all_frames: Annotated[bool, typer.Option("--all-frames", help="Keep every frame of motion.")] = False,
    fit_bodies: Annotated[
        bool, typer.Option("--fit-bodies", help="Find a body where a file has joints alone; takes its time.")
    ] = False,
    column: Annotated[
        list[str] | None, typer.Option(help="Of a table: what=its column, such as action=Behaviour. Repeatable.")
    ] = None,
    option: Annotated[list[str] | None, typer.Option(help="Of the format: name=value. Repeatable.")] = None,
    as_json: Json = False,
) -> None:
    """Take poses, annotations or motion into a project. Ctrl+C keeps what is in; the same command goes on."""
    from core.importing import exchange
    from core.importing.recognition import is_packed, what_is
    from core.project.store import ProjectStore

    with refusals("What is in stays in; the same command goes on."):
        options = pairs([*(column or ()), *(option or ())])
        found = None if is_packed(source) else what_is(source, format)
        if found is None or found.is_many or found.format.holds in ("motion", "motion labels", "characteristic poses"):
            _import_as_run(
                source, project, format=format, clip=clip, name=name, rate_hz=None if all_frames else rate,
                fit_bodies=fit_bodies, options=options, as_json=as_json,
            )  # fmt: skip
            return
        with ProjectStore.open(project, person(), mode="command") as store:
            chosen = clip_of(store.project, clip) if clip else None
            report = exchange.take_in(found.format, found.files[0], store, chosen, person(), options, name)
            answer(report, report.says, as_json=as_json)
        if report.taken == 0 and not report.known:
            raise typer.Exit(REFUSED)


def _import_as_run(source: Path, project: Path, *, clip: str, name: str, as_json: bool, **wishes: Any) -> None:
    """What may take long has a run's folder, so that it can be stopped, and be watched from elsewhere."""
    from core.project.store import ProjectStore
    from core.runs import ImportData

    place, here = project.resolve(), source.resolve()
    with ProjectStore.open(place, "", mode="read") as store:
        clip_id = clip_of(store.project, clip).id if clip else ""
    mark = hashlib.sha256(f"{here}\n{name}\n{sorted(wishes.items())}".encode()).hexdigest()[:8]
    out = place / "runs" / f"import-{mark}"
    spec = ImportData(
        project=str(place), out=str(out), source=str(here), name=name, clip_id=clip_id, author=person(), **wishes
    )
    done = run_to_the_end(spec, as_json=as_json)
    left_out = [line for folder in done.outputs for line in _left_out(Path(folder))]
    lines = [done.summary, *(f"  left out: {each.source}: {each.left_out}" for each in left_out[:_MOST_REASONS])]
    if len(left_out) > _MOST_REASONS:
        key = Path(done.outputs[0]).name
        lines.append(f"  and {len(left_out) - _MOST_REASONS} more: posecast sets {project} --reasons {key}")
    facts = {
        "run": str(out), "set": done.outputs[0] if done.outputs else None, "summary": done.summary,
        "left_out": [{"file": each.source, "why": each.left_out, "hint": each.hint} for each in left_out],
    }  # fmt: skip
    answer(facts, "\n".join(lines), as_json=as_json)


def _left_out(folder: Path) -> "list[IndexLine]":
    from core.project.motion_sets import MotionSet

    return [line for line in MotionSet(folder).lines() if line.left_out]


def pairs(given: list[str]) -> dict[str, str]:
    """What was given as name=value."""
    found = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name.strip():
            raise ProjectError(f"{each!r} is no name=value.", hint="Write for instance action=Behaviour.")
        found[name.strip()] = value.strip()
    return found


def sets(
    project: ProjectFolder,
    reasons: Annotated[str, typer.Option(help="List the files of this data set that were left out, and why.")] = "",
    remove: Annotated[str, typer.Option(help="Take this data set out of the project; undo brings it back.")] = "",
    as_json: Json = False,
) -> None:
    """List a project's data sets: what they hold, how much, from where, under which terms."""
    from core import catalog
    from core.project.annotated_sets import is_annotated, left_out_of
    from core.project.items import remove_item
    from core.project.store import ProjectStore

    with refusals(), ProjectStore.open(project, person(), mode="command" if remove else "read") as store:
        if remove:
            item = catalog.find_set(store.project, remove)
            store.edit(remove_item(store.project, item.id), f"Take out {item.name}")
            kept = "Its clips stay as they are" if is_annotated(item) else f"Its files stay in {item.path}"
            says = f"{item.name} is out of the project. {kept}, so that undo brings it back."
            answer({"removed": item.id, "path": item.path}, says, as_json=as_json)
            return
        if reasons:
            item = catalog.find_set(store.project, reasons)
            if is_annotated(item):
                why = left_out_of(item)
                answer(why, "\n".join(why) or f"Nothing of {item.name} was left out.", as_json=as_json)
                return
            lines = catalog.left_out(store.folder, catalog.key_of(item))
            text = "\n".join(f"{each.source}: {each.left_out}" for each in lines)
            answer(lines, text or f"Nothing of {item.name} was left out.", as_json=as_json)
            return
        found = catalog.catalog_of(store.project, store.folder)
        answer(found, _listed(found), as_json=as_json)


def _listed(found: "Catalog") -> str:
    from core.importing.recognition import spelled_size

    if not found.sets:
        return "This project has no data sets. posecast import takes one in."
    header = ("key", "name", "format", "files", "holds", "hours", "labels", "left out", "size", "fingerprint")
    rows = [
        (each.key, each.name, each.format or "–", each.files, _amount(each),
         f"{each.seconds / 3600:.2f}", each.labels, each.left_out,
         spelled_size(each.size_bytes) if each.size_bytes else "–",
         each.fingerprint or "–")
        for each in found.sets
    ]  # fmt: skip
    lines = [table(header, rows)]
    for each in found.sets:
        about = [f"from {each.source}"] if each.source else []
        about += [f"{each.segments} segments, {each.poses} characteristic poses"] if each.segments else []
        about += [each.licence] if each.licence else []
        about += [
            f"split {name}: {', '.join(f'{part} {count}' for part, count in parts.items())}"
            for name, parts in each.splits.items()
        ]
        about += [each.problem] if each.problem else []
        lines += [f"{each.key}: {about[0]}", *(f"  {one}" for one in about[1:])] if about else []
    return "\n".join(lines)


def _amount(entry: "SetEntry") -> str:
    """What it holds and how much of it: `117 clips, labels only`, `371 recordings`, `800000 poses`."""
    from core.wording import counted

    if entry.holds == "annotations":
        lacking = "" if entry.with_video == entry.recordings else f", {entry.with_video} with video"
        return f"{counted(entry.recordings, 'clip')}{lacking if entry.with_video else ', labels only'}"
    if entry.poses:
        return counted(entry.poses, "pose")
    return counted(entry.recordings, "recording") + (", labels only" if entry.holds == "labels" else "")


def export(
    project: ProjectFolder,
    out: Annotated[Path, typer.Argument(help="The file or folder to write.", show_default=False)],
    *,
    format: Annotated[str, typer.Option(help="Otherwise told by the file's ending.")] = "",  # noqa: A002
    set_: Annotated[str, typer.Option("--set", help="A data set: its motion, or its table as it came.")] = "",
    motion: Annotated[str, typer.Option(help="With --set: one recording, into a file of its own.")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="With --set: write over older files.")] = False,
    option: Annotated[
        list[str] | None, typer.Option(help="Of the format: form=GRAB, or frames=all of COCO. Repeatable.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write what was marked in a project, or a data set's motion, to files."""
    from core.importing import exchange
    from core.project.store import ProjectStore

    with refusals(), ProjectStore.open(project, person(), mode="read") as store:
        refuse_own_file(store, out)
        if set_:
            report = _export_set(store, set_, out, format=format, motion=motion, replaces=replace, is_quiet=as_json)
        elif motion:
            raise ProjectError("Which data set is that recording of?", hint="Name it with --set.")
        else:
            report = exchange.hand_out(exchange.writer(out, format), store, out, pairs(option or []))
        answer(report, report.says, as_json=as_json)


def _export_set(store: "ProjectStore", name: str, out: Path, *, is_quiet: bool, **wishes: Any) -> "Report":
    from core.catalog import DATASETS, find_set, key_of
    from core.exporting.motion import hand_out_motion
    from core.project.annotated_sets import is_annotated
    from core.project.motion_sets import MotionSet
    from core.runs import Progress

    item = find_set(store.project, name)
    if is_annotated(item):
        raise ProjectError(
            f"{item.name} is annotations of the project's clips.",
            hint="Without --set all marks are exported: posecast export PROJECT marks.csv.",
        )
    the_set = MotionSet(store.folder / DATASETS / key_of(item))
    report: Report | None = None

    def progress() -> "Events":
        nonlocal report
        for said in hand_out_motion(the_set, out, **wishes):
            if isinstance(said, Progress):
                yield said
            else:
                report = said

    for _ in shown(progress(), quiet=is_quiet):
        pass
    assert report is not None, "an export ends with its report"
    return report


COMMANDS = (import_, sets, export)
