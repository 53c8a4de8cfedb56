"""What models learn actions as: clusters of labels, and background that is left out. Pure: a project in, a project out.

The segments keep the labels they were marked with; only what their labels say of learning changes.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from core.errors import ProjectError
from core.project.annotations import Project


def learned_as(project: Project) -> dict[str, str]:
    """Every action and the name models learn it by, in the order of the labels; empty where it is left out."""
    return {label.name: label.learned_name for label in project.actions()}


def with_clusters(project: Project, clusters: Mapping[str, str]) -> tuple[Project, tuple[str, ...], tuple[str, ...]]:
    """The project with `clusters`, action → the name it is learned by (empty: left out).

    Beside it the project's actions that `clusters` does not name, which stay as they are, and the names in it that are
    no action of the project. The same project comes back where nothing changes.
    """
    known = {label.name for label in project.actions()}
    for name, learned in clusters.items():
        if name in known:
            project = _learned(project, name, learned.strip())
    unnamed = tuple(label.name for label in project.actions() if label.name not in clusters)
    return project, unnamed, tuple(name for name in clusters if name not in known)


def set_learned_as(project: Project, label_id: str, learned: str | None) -> Project:
    """Say what models learn one action as: a cluster's name, empty to leave it out, None for its own name."""
    label = project.labels.get(label_id)
    if label is None:
        raise ProjectError(f"the project has no label {label_id}", hint="Choose one of its labels.")
    if label.kind != "action":
        raise ProjectError(f"{label.name} is an object, and only actions are learned", hint="Choose an action.")
    return _learned(project, label.name, learned.strip() if learned is not None else None)


def _learned(project: Project, name: str, learned: str | None) -> Project:
    label = project.label_named(name, "action")
    assert label is not None
    kept = None if learned == label.name else learned
    return project if kept == label.learned_as else project.with_label(replace(label, learned_as=kept))
