"""Commands that make data ready to learn from: prepare a paper's data set, split, build a pose bank, count."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

from core.commands.answers import (
    CharacteristicPoses,
    DraftPoses,
    FormatOptions,
    Json,
    Poses,
    ProjectFolder,
    Videos,
    answer,
    person,
    refusals,
    run_to_the_end,
)
from core.commands.data import pairs
from core.errors import ProjectError
from core.wording import spelled_time, table

if TYPE_CHECKING:
    from core.project.motion_sets import MotionSet
    from core.statistics import Statistics

SetName = Annotated[
    str, typer.Option("--set", help="A data set by its name or key; without it, the project's clips.", metavar="NAME")
]
_MOST_ROWS = 20
_Split = TypeVar("_Split")


def prepare(
    dataset: Annotated[
        Literal["mpii-cooking-2", "ikea-asm", "babel", "grab", "humanact12"],
        typer.Argument(help="Which data set it is.", show_default=False),
    ],
    source: Annotated[Path, typer.Argument(help="Its folder as it was downloaded.", show_default=False)],
    project: Annotated[Path, typer.Argument(help="A project's folder; made if there is none.", show_default=False)],
    *,
    motion: Annotated[Path | None, typer.Option(help="BABEL: the folder of AMASS.", show_default=False)] = None,
    videos: Videos = None,
    poses: Poses = None,
    characteristic_poses: CharacteristicPoses = None,
    draft_poses: DraftPoses = False,
    no_extraction: Annotated[
        bool, typer.Option("--no-extraction", help="Leave videos without 2D poses as they are.")
    ] = False,
    option: FormatOptions = None,
    as_json: Json = False,
) -> None:
    """From the raw folder of a data set to what a model learns from. Ctrl+C stops; the same command goes on."""
    from core.importing.papers import refuse
    from core.project.database import FILE_NAME
    from core.project.store import ProjectStore
    from core.runs import PrepareData

    with refusals():
        for each in (source, motion, videos, poses, characteristic_poses):
            if each is not None and not each.exists():
                raise ProjectError(f"{each} is not there.", hint="Name the folder as it was downloaded.")
        spec = PrepareData(
            project=str(project.resolve()), out=str(project.resolve() / "runs" / f"prepare-{dataset}"),
            dataset=dataset, source=str(source.resolve()), motion=_absolute(motion),
            videos=_absolute(videos), poses=_absolute(poses),
            characteristic_poses=_absolute(characteristic_poses), draft_poses=draft_poses,
            extract_poses=not no_extraction, options=pairs(option or []), author=person(),
        )  # fmt: skip
        refuse(spec)
        if not (project / FILE_NAME).exists():
            ProjectStore.create(project, project.resolve().name, person()).close()
        done = run_to_the_end(spec, as_json=as_json)
        answer({"project": str(project), "summary": done.summary, "outputs": done.outputs}, done.summary,
               as_json=as_json)  # fmt: skip


def bank(
    project: ProjectFolder,
    *,
    name: Annotated[str, typer.Option(help="What the bank is called.")] = "pose-bank",
    sets: Annotated[list[str] | None, typer.Option("--set", help="Of this data set alone; repeatable.")] = None,
    poses: Annotated[int, typer.Option(min=1, max=10_000_000, help="How many at most.")] = 800_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bank.")] = 0,
    as_json: Json = False,
) -> None:
    """Build a pose bank for the forecaster's critic, of all recorded motion of a project."""
    from core.project.motion_sets import as_key
    from core.project.store import ProjectStore
    from core.runs import BuildPoseBank

    with refusals("Nothing was written; the same command begins again."):
        with ProjectStore.open(project, "", mode="read"):
            pass
        keys = tuple(_set_named(project, each).facts.key for each in sets or ())
        place = project.resolve()
        out = place / "runs" / f"bank-{as_key(name)}"
        spec = BuildPoseBank(project=str(place), out=str(out), name=name, sets=keys, poses=poses, seed=seed)
        done = run_to_the_end(spec, as_json=as_json)
        answer({"bank": done.outputs[0], "summary": done.summary},
               f"{done.summary}\nTrain with it: posecast train forecaster/recommended data.bank={name}",
               as_json=as_json)  # fmt: skip


def split(
    project: ProjectFolder,
    *,
    name: Annotated[str, typer.Option(help="What the split is called; it is never changed.")],
    by: Annotated[
        Literal["sequence", "performer", "own"],
        typer.Option(help="70/15/15 along sequences, or with no performer in two parts, or as its makers split it."),
    ] = "sequence",
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same split.")] = 0,
    of: SetName = "",
    together: Annotated[
        bool, typer.Option("--together", help="Clips with the same actions in the same order stay in one part.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say which clips or recordings a model learns from, is chosen on, and is measured on."""
    from core import splits
    from core.project.store import ProjectStore

    with refusals():
        clips = _clips_named(project, of)
        if of and clips is None:
            if together:
                raise ProjectError(
                    f"{of} holds recordings, not clips with actions.", hint="Leave --together out, or split the clips."
                )
            made = splits.split_set(_set_named(project, of), name, by, seed)
            parts, said = made.parts, splits.told(made)
        else:
            with ProjectStore.open(project, person(), mode="command") as store:
                there = store.project.clips.values()
                beside = splits.twins(clip for clip in there if clips is None or clip.id in clips) if together else {}
                after, row, said = splits.split_clips(
                    store.project, name, by, seed, author=person(), only=clips, beside=beside
                )
                store.edit(after, f"Split {name}")
                parts = row.parts
        facts = {"name": name, "how": said, "parts": {part: len(each) for part, each in parts.items()}}
        answer(facts, f"Split {name!r}: {said}", as_json=as_json)


def statistics(
    project: ProjectFolder,
    *,
    of: SetName = "",
    by: Annotated[str, typer.Option("--split", help="Also by the parts of this split.")] = "",
    out: Annotated[Path | None, typer.Option(help="A folder for pictures and tables.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """Count what is done how often and how long, and what follows what."""
    from core.statistics import of_clips, of_set

    with refusals():
        clips = _clips_named(project, of)
        if of and clips is None:
            chosen = _set_named(project, of)
            split_of = chosen.splits()
            found = of_set(chosen, _named_split(by, split_of))
        else:
            from core.project.store import ProjectStore

            with ProjectStore.open(project, "", mode="read") as store:
                by_name = {each.name: each for each in store.project.splits.values()}
                found = of_clips(store.project, _named_split(by, by_name), clips)
        if out is not None:
            from core.statistics_pictures import write_pictures

            write_pictures(found, out)
        answer(found, _statistics_text(found), as_json=as_json)


def _named_split(name: str, splits: Mapping[str, _Split]) -> _Split | None:
    """The one of a project's or a data set's splits that a person names."""
    if not name:
        return None
    if name not in splits:
        raise ProjectError(f"There is no split {name!r}.", hint=f"There are: {', '.join(splits) or 'none yet'}.")
    return splits[name]


def _set_named(project: Path, name: str) -> "MotionSet":
    """The project's data set of motion or labels that a person means by its key or name."""
    from core.catalog import find_set, key_of
    from core.project.annotated_sets import is_annotated
    from core.project.motion_sets import MotionSet, folder_of
    from core.project.store import ProjectStore

    with ProjectStore.open(project, "", mode="read") as store:
        item = find_set(store.project, name)
    if is_annotated(item):
        raise ProjectError(f"{item.name} is annotations of clips, not motion.", hint="Name a data set of motion.")
    return MotionSet(folder_of(project, key_of(item)))


def _clips_named(project: Path, name: str) -> tuple[str, ...] | None:
    """The ids of the clips of the data set of this name, where it is one of annotated videos."""
    from core.catalog import find_set
    from core.project.annotated_sets import clips_of, is_annotated
    from core.project.store import ProjectStore

    if not name:
        return None
    with ProjectStore.open(project, "", mode="read") as store:
        item = find_set(store.project, name)
        return tuple(each.id for each in clips_of(store.project, item)) if is_annotated(item) else None


def _statistics_text(found: "Statistics") -> str:
    lines = [
        f"{found.name}: {found.items} {found.things}s, {spelled_time(found.seconds)}; "
        f"{found.labelled_items} with labels, {spelled_time(found.labelled_s)} of them labelled",
    ]
    if found.parts:
        rows = [[each.part or "in none", each.items, spelled_time(each.seconds), each.stretches, each.actions]
                for each in found.parts]  # fmt: skip
        lines += ["", table([found.split, f"{found.things}s", "time", "done", "actions"], rows)]
    if found.actions:
        knows_poses = found.things == "clip"
        rows = [[each.name, each.count, *[each.posed] * knows_poses, spelled_time(each.seconds), f"{each.median_s:.1f}"]
                for each in found.actions[:_MOST_ROWS]]  # fmt: skip
        lines += ["", table(["action", "times", *["with pose"] * knows_poses, "time", "median s"], rows)]
        left = len(found.actions) - _MOST_ROWS
        lines += [f"and {left} more (--json has all)"] if left > 0 else []
    if any(each.run or each.origin == "draft" for each in found.origins):
        rows = [[each.origin, each.run, each.segments, each.poses] for each in found.origins]
        lines += ["", table(["made", "foreseen by", "segments", "poses"], rows)]
    if found.follows:
        names = [each.name for each in found.actions]
        sums = {name: sum(row) for name, row in zip(names, found.counts(names), strict=True)}
        rows = [[each.before, each.after, each.count, f"{100 * each.count / sums[each.before]:.0f} %"]
                for each in found.follows[:10]]  # fmt: skip
        lines += ["", table(["after", "comes", "times", "share"], rows)]
    return "\n".join(lines)


def _absolute(path: Path | None) -> str:
    return str(path.resolve()) if path is not None else ""


COMMANDS = (prepare, bank, split, statistics)
