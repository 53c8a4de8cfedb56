"""Commands about projects: make, add, inspect, check, back up."""

from pathlib import Path
from typing import Annotated, Any

import typer

from core.commands.answers import (
    REFUSED,
    Json,
    ProjectFolder,
    answer,
    person,
    refusals,
    run_to_the_end,
)  # fmt: skip
from core.errors import CoreError, ProjectError
from core.wording import counted, table


def demo(
    folder: Annotated[Path, typer.Argument(help="Where the project goes; must not exist yet.", show_default=False)],
    clips: Annotated[int, typer.Option(min=1, help="How many clips.")] = 4,
    seconds: Annotated[float, typer.Option(min=5, help="How long each is.")] = 60.0,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same project.")] = 0,
    no_video: Annotated[
        bool, typer.Option("--no-video", help="Labels, poses and cameras only: 100 times faster.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a project of simulated cooks, whose true 3D poses are known."""
    from core.runs import MakeDemo

    with refusals():
        if folder.exists() and any(folder.iterdir() if folder.is_dir() else [folder]):
            raise ProjectError(
                f"{folder} is there already.", hint="Name a folder that does not exist, or an empty one."
            )
        place = folder.resolve()
        spec = MakeDemo(
            folder=str(place), out=str(place / "runs" / "make-demo"), clips=clips, seconds=seconds, seed=seed,
            video=not no_video,
        )  # fmt: skip
        done = run_to_the_end(spec, as_json=as_json)
        facts = {"project": str(place), "clips": clips, "seconds": seconds, "seed": seed, "video": not no_video}
        answer(facts, f"{done.summary}\nOpen it: posecast-studio {folder}", as_json=as_json)


def new(
    folder: Annotated[Path, typer.Argument(help="Where the project goes.", show_default=False)],
    name: Annotated[str, typer.Option(help="Its name; the folder's without one.")] = "",
    as_json: Json = False,
) -> None:
    """Make an empty project."""
    from core.project.store import ProjectStore

    with refusals(), ProjectStore.create(folder, name or folder.resolve().name, person()) as store:
        answer(
            {"project": str(folder), "id": store.project.id},
            f"{store.project.name} is ready in {folder}",
            as_json=as_json,
        )


def add(
    project: ProjectFolder,
    videos: Annotated[list[Path], typer.Argument(help="Video files; they stay where they are.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Add videos to a project."""
    from core.footage import video_file
    from core.project.edits import add_clip
    from core.project.store import ProjectStore

    added, refused = [], []
    with refusals(), ProjectStore.open(project, person(), mode="command") as store:
        for path in videos:
            try:
                facts = video_file(path)
                after, clip = add_clip(
                    store.project, path.name, path.resolve(), facts, author=person(), folder=store.folder
                )
            except CoreError as error:
                refused.append({"video": str(path), "why": str(error)})
                continue
            store.edit(after, f"Add {path.name}")
            added.append({"video": str(path), "clip": clip.id, "frames": facts.frame_count})
        lines = [f"{each['clip']}  {each['video']}  {each['frames']} frames" for each in added]
        lines += [f"left out: {each['why']}" for each in refused]
        lines += [store.left_for] if added and store.left_for else []
        answer({"added": added, "left_out": refused}, "\n".join(lines), as_json=as_json)
        if refused:
            raise typer.Exit(REFUSED)


def inspect(
    path: Annotated[
        Path, typer.Argument(help="A project, video, run, checkpoint or any known file.", show_default=False)
    ],
    as_json: Json = False,
) -> None:
    """Say what a file or folder holds."""
    from core.demo import shipped_checkpoints
    from core.inspection import inspect as look

    with refusals():
        found = look(path if path.exists() else shipped_checkpoints().get(str(path), path))
        lines = [f"{found.path}: {found.kind}", *(f"  {name}: {value}" for name, value in found.facts.items())]
        if found.rows:
            header = list(found.rows[0])
            lines += ["", table(header, [[row.get(name, "") for name in header] for row in found.rows])]
        answer(found, "\n".join(lines), as_json=as_json)


def check(project: ProjectFolder, as_json: Json = False) -> None:
    """Verify a project: its file, its rows, its history, its videos. Nothing is changed."""
    from core.project.check import check as verify

    with refusals():
        findings = verify(project)
        text = "\n".join(
            f"{each.severity}: {each.what}" + (f"\n  {each.hint}" if each.hint else "") for each in findings
        )
        answer(findings, text or "Nothing is wrong with it.", as_json=as_json)
        if any(each.severity == "error" for each in findings):
            raise typer.Exit(REFUSED)


def backup(
    project: ProjectFolder,
    folder: Annotated[Path, typer.Argument(help="Where the copy goes; must not exist yet.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Copy a project, also while somebody has it open, with everything that lies in its folder."""
    from core.project.backup import back_up

    with refusals():
        made = back_up(project, folder)
        facts = {"project": str(project), "folder": str(folder), "files": made.files, "bytes": made.size_bytes}
        words = f"{counted(made.files, 'file')}, {made.size_bytes / 1e6:.1f} MB, in {folder}"
        answer(facts, words, as_json=as_json)


def clip_of(project: Any, wanted: str) -> Any:
    """The clip a person means by its name (with or without its ending), its id or the start of it."""
    by_id = [each for each in project.clips.values() if each.id.startswith(wanted)] if len(wanted) >= 4 else []
    named = [each for each in project.clips.values() if each.name == wanted]
    found = named or by_id or [each for each in project.clips.values() if Path(each.name).stem == wanted]
    if len(found) == 1:
        return found[0]
    names = ", ".join(sorted(each.name for each in project.clips.values())[:8]) or "none yet"
    word = "several clips" if found else "no clip"
    raise ProjectError(f"There are {word} called {wanted!r}." if found else f"There is no clip {wanted!r}.",
                       hint=f"Clips of this project: {names}.")  # fmt: skip


def refuse_own_file(store: Any, out: Path) -> None:
    """Never write over a project's own file, nor over a video it was made from."""
    videos = (store.video_path(each) for each in store.project.clips.values())
    if out.resolve() in {each.resolve() for each in (store.folder / "project.sqlite", *videos) if each.is_file()}:
        raise ProjectError(f"{out.name} belongs to this project and is not written over.", hint="Name another file.")


COMMANDS = (demo, new, add, inspect, check, backup)
