"""The command about what models learn actions as."""

from pathlib import Path
from typing import Annotated

import typer

from core.commands.answers import Json, ProjectFolder, answer, person, refusals
from core.errors import FileError
from core.wording import counted


def clusters(
    project: ProjectFolder,
    table: Annotated[
        str, typer.Argument(help="A table to apply, or the name of a shipped one; without it the project's is printed.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Print what models learn each action as (action,learned_as), or apply such a table. Segments keep their labels."""
    from core.formats import cluster_table
    from core.project.clusters import learned_as, with_clusters
    from core.project.store import ProjectStore

    with refusals(), ProjectStore.open(project, person(), mode="command" if table else "read") as store:
        if not table:
            mapping = learned_as(store.project)
            answer(mapping, cluster_table.as_text(mapping).rstrip("\n"), as_json=as_json)
            return
        there = cluster_table.shipped()
        path = Path(table) if Path(table).exists() else there.get(table)
        if path is None:
            hint = f"Name a file, or a shipped one: {', '.join(there)}."
            raise FileError(Path(table), "there is no such table of clusters", hint=hint)
        after, unnamed, unknown = with_clusters(store.project, cluster_table.read(path))
        changed = bool(store.edit(after, f"Cluster actions as in {path.name}", source=path.name))
        mapping = learned_as(after)
        learned = {each for each in mapping.values() if each}
        left_out = [action for action, name in mapping.items() if not name]
        lines = [
            f"{counted(len(mapping), 'action')}: {counted(len(learned), 'cluster')}, {len(left_out)} left out"
            + ("" if changed else "; nothing changed")
        ]
        if unnamed:
            kept = [f"{action} (left out)" if not mapping[action] else action for action in unnamed]
            lines.append(f"{path.name} does not name these, which stay as they were: {', '.join(kept)}")
        if unknown:
            more = f" and {len(unknown) - 8} more" if len(unknown) > 8 else ""
            lines.append(f"This project does not have {', '.join(unknown[:8])}{more}")
        lines += [store.left_for] if changed and store.left_for else []
        facts = {"changed": changed, "learned_as": mapping, "not_named": unnamed, "not_here": unknown}
        answer(facts, "\n".join(lines), as_json=as_json)


COMMANDS = (clusters,)
