"""The command about what models learn actions as."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.commands.answers import Json, ProjectFolder, answer, person, refusals
from core.errors import FileError, ProjectError
from core.wording import counted

if TYPE_CHECKING:
    from core.formats.cluster_table import NamedClusters


def clusters(
    project: ProjectFolder,
    table: Annotated[
        str, typer.Argument(help="A table to apply, or the name of a shipped one; without it the project's is printed.")
    ] = "",
    list_them: Annotated[bool, typer.Option("--list", help="List the project's named mappings.")] = False,
    named: Annotated[
        str, typer.Option("--named", help="Print the mapping of this name; with a table, keep it under this name.")
    ] = "",
    use: Annotated[str, typer.Option("--use", help="Learn by the mapping of this name from now on.")] = "",
    out: Annotated[
        Path | None, typer.Option("--out", help="Write it here: .csv for one mapping, .json for all of them.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Print what models learn each action as (action,learned_as), or apply such a table. Segments keep their labels.

    A project may keep several named mappings, one of them in use: see --list, --named and --use.
    """
    asked = [bool(table), list_them, bool(use), out is not None]
    with refusals():
        if sum(asked) > 1:
            raise ProjectError("only one of a table, --list, --use and --out can be asked at a time")
        if list_them:
            _list(project, as_json)
        elif use:
            _use(project, use, as_json)
        elif table and named:
            _keep(project, table, named, as_json)
        elif table:
            _apply(project, table, as_json)
        else:
            _tell(project, named, out, as_json)


def _tell(folder: Path, named: str, out: Path | None, as_json: bool) -> None:
    from core.formats import cluster_table
    from core.project.clusters import all_named, clustering_named, named_mapping
    from core.project.store import ProjectStore

    with ProjectStore.open(folder, person(), mode="read") as store:
        project = store.project
        mapping = named_mapping(project, clustering_named(project, named).id if named else "")
        everything = [cluster_table.NamedClusters(*each) for each in all_named(project)]
    if out is None:
        answer(mapping, cluster_table.as_text(mapping).rstrip("\n"), as_json=as_json)
    elif out.suffix.lower() == ".json":
        written = [each for each in everything if not named or each.name == named]
        cluster_table.write_named(out, written)
        answer({"written": str(out), "mappings": len(written)}, f"{out.name}: {counted(len(written), 'mapping')}",
               as_json=as_json)  # fmt: skip
    else:
        cluster_table.write(out, mapping)
        answer({"written": str(out), "mappings": 1}, f"{out.name}: {counted(len(mapping), 'action')}", as_json=as_json)


def _list(folder: Path, as_json: bool) -> None:
    from core.project.clusters import in_use, learned_as, named_mapping, sums_of
    from core.project.store import ProjectStore
    from core.wording import table as as_table

    with ProjectStore.open(folder, person(), mode="read") as store:
        project = store.project
        facts = [
            {"name": each.name, "in_use": each.in_use, **sums_of(named_mapping(project, each.id))._asdict()}
            for each in project.clusterings.values()
        ]
        if in_use(project) is None:
            facts.insert(0, {"name": "as the labels say", "in_use": True, **sums_of(learned_as(project))._asdict()})
    rows = [
        (each["name"], each["actions"], each["learned"], each["left_out"], "in use" if each["in_use"] else "")
        for each in facts
    ]
    answer(facts, as_table(("mapping", "actions", "learned", "left out", ""), rows), as_json=as_json)


def _use(folder: Path, name: str, as_json: bool) -> None:
    from core.project.clusters import clustering_named, learned_as, sums_of, use
    from core.project.store import ProjectStore

    with ProjectStore.open(folder, person(), mode="command") as store:
        after = use(store.project, clustering_named(store.project, name).id)
        changed = bool(store.edit(after, f"Use clusters {name}"))
        mapping = learned_as(after)
        lines = [_said(sums_of(mapping)) + ("" if changed else "; nothing changed")]
        lines += [store.left_for] if changed and store.left_for else []
        answer({"changed": changed, "learned_as": mapping}, "\n".join(lines), as_json=as_json)


def _keep(folder: Path, table: str, name: str, as_json: bool) -> None:
    """A table as one more mapping that is not in use."""
    from core.formats import cluster_table
    from core.project.clusters import add_clustering, named_mapping, sums_of, take_named
    from core.project.store import ProjectStore

    path = _table(table)
    found, others = cluster_table.pick(cluster_table.read_named(path), name)
    with ProjectStore.open(folder, person(), mode="command") as store:
        add_clustering(store.project, name, {}, author=person())  # refuses a name that is taken, in words
        after, made, unknown = take_named(
            store.project, name, found.learned_as, author=person(), source=path.name
        )  # fmt: skip
        store.edit(after, f"Bring in clusters of {path.name}", source=path.name)
        sums = sums_of(named_mapping(after, made.id))
        lines = [f"{name}: {_said(sums)}", *_left(path, found, others), *_absent(unknown)]
        lines += [store.left_for] if store.left_for else []
        answer({"name": name, **sums._asdict(), "not_here": unknown}, "\n".join(lines), as_json=as_json)


def _apply(folder: Path, table: str, as_json: bool) -> None:
    from core.formats import cluster_table
    from core.project.clusters import learned_as, sums_of, with_clusters
    from core.project.store import ProjectStore

    path = _table(table)
    found, others = cluster_table.pick(cluster_table.read_named(path))
    with ProjectStore.open(folder, person(), mode="command") as store:
        after, unnamed, unknown = with_clusters(store.project, found.learned_as)
        changed = bool(store.edit(after, f"Cluster actions as in {path.name}", source=path.name))
        mapping = learned_as(after)
        lines = [_said(sums_of(mapping)) + ("" if changed else "; nothing changed")]
        if unnamed:
            kept = [f"{action} (left out)" if not mapping[action] else action for action in unnamed]
            lines.append(f"{path.name} does not name these, which stay as they were: {', '.join(kept)}")
        lines += [*_left(path, found, others), *_absent(unknown)]
        lines += [store.left_for] if changed and store.left_for else []
        facts = {"changed": changed, "learned_as": mapping, "not_named": unnamed, "not_here": unknown}
        answer(facts, "\n".join(lines), as_json=as_json)


def _table(table: str) -> Path:
    from core.formats import cluster_table

    there = cluster_table.shipped()
    path = Path(table) if Path(table).exists() else there.get(table)
    if path is None:
        hint = f"Name a file, or a shipped one: {', '.join(there)}."
        raise FileError(Path(table), "there is no such table of clusters", hint=hint)
    return path


def _said(sums: tuple[int, int, int]) -> str:
    actions, learned, left_out = sums
    return f"{counted(actions, 'action')}: {counted(learned, 'cluster')}, {left_out} left out"


def _left(path: Path, taken: "NamedClusters", others: "tuple[NamedClusters, ...]") -> list[str]:
    """Which mapping of several was taken."""
    if not others:
        return []
    left = ", ".join(each.name for each in others)
    return [f"{path.name} holds several: {taken.name} was taken. Name another with --named: {left}"]


def _absent(unknown: tuple[str, ...]) -> list[str]:
    more = f" and {len(unknown) - 8} more" if len(unknown) > 8 else ""
    return [f"This project does not have {', '.join(unknown[:8])}{more}"] if unknown else []


COMMANDS = (clusters,)
