"""What models learn actions as: clusters of labels, and what is left out. Pure: a project in, a project out.

The segments keep the labels they were marked with; only what their labels say of learning changes. A project may keep
several named ways to group its actions (`Clustering`). One of them is in use: what it says stands in the labels'
`learned_as`, and an edit of it changes them in the same step. Changed or exchanged it can be at any time; runs trained
before keep the words they learned.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from core.errors import ProjectError
from core.project.annotations import BY_HAND, Clustering, Label, Project, Provenance, new_id
from core.project.edits import BACKGROUND

FIRST_NAME = "Clusters"
"""What the mapping of a project that has none yet is called when it is first changed."""


class Sums(NamedTuple):
    """How many actions there are, as how many names they are learned, and how many are left out."""

    actions: int
    learned: int
    left_out: int


def learned_as(project: Project) -> dict[str, str]:
    """Every action and the name models learn it by, in the order of the labels; empty where it is left out."""
    return {label.name: label.learned_name for label in project.actions()}


def in_use(project: Project) -> Clustering | None:
    """The mapping that stands in the labels; None while the project has none. Of two it is the first."""
    return next((each for each in project.clusterings.values() if each.in_use), None)


def mapping_of(project: Project, clustering_id: str = "") -> dict[str, str]:
    """Label id → the name it is learned by, of every action; without an id as the labels say now."""
    clustering = _clustering(project, clustering_id) if clustering_id else None
    if clustering is None or clustering is in_use(project):
        return {label.id: label.learned_name for label in project.actions()}
    return {label.id: clustering.learned.get(label.id, _unsaid(label)) for label in project.actions()}


def named_mapping(project: Project, clustering_id: str = "") -> dict[str, str]:
    """The same by the labels' names, as tables of clusters have it."""
    return {project.labels[each].name: learned for each, learned in mapping_of(project, clustering_id).items()}


def sums_of(mapping: Mapping[str, str]) -> Sums:
    """`mapping`: action → the name it is learned by."""
    return Sums(len(mapping), len({each for each in mapping.values() if each}), list(mapping.values()).count(""))


# ---- what is learned now ----


def with_clusters(project: Project, clusters: Mapping[str, str]) -> tuple[Project, tuple[str, ...], tuple[str, ...]]:
    """The project with `clusters`, action → the name it is learned by (empty: left out).

    Beside it the project's actions that `clusters` does not name, which stay as they are, and the names in it that are
    no action of the project. The same project comes back where nothing changes.
    """
    known = {label.name: label for label in project.actions()}
    wanted = {known[name].id: learned.strip() for name, learned in clusters.items() if name in known}
    unnamed = tuple(name for name in known if name not in clusters)
    return _put(project, wanted), unnamed, tuple(name for name in clusters if name not in known)


def set_learned_as(project: Project, label_id: str, learned: str | None) -> Project:
    """Say what models learn one action as: a cluster's name, empty to leave it out, None for its own name."""
    label = _action(project, label_id)
    return _put(project, {label_id: label.name if learned is None else learned.strip()})


# ---- the named mappings ----


def add_clustering(
    project: Project,
    name: str,
    learned: Mapping[str, str] | None = None,
    *,
    author: str,
    source: str = BY_HAND,
) -> tuple[Project, Clustering]:
    """One more mapping, label id → name; without `learned` what is learned now. It is used where it is the first."""
    named = _free_name(project, name)
    mapping = mapping_of(project) if learned is None else {each: learned[each].strip() for each in learned}
    first = learned is None and in_use(project) is None
    made = Clustering(
        id=new_id(),
        name=named,
        learned=_said(project, mapping),
        in_use=first,
        made=Provenance.now(author, source),
    )
    return project.with_clustering(made), made


def take_named(
    project: Project, name: str, learned: Mapping[str, str], *, author: str, source: str
) -> tuple[Project, Clustering, tuple[str, ...]]:
    """A mapping by the labels' names, as a file has it, under a free name and not in use; and names it has too many."""
    known = {label.name: label.id for label in project.actions()}
    mapping = {known[each]: name for each, name in learned.items() if each in known}
    project, made = add_clustering(project, free_name(project, name), mapping, author=author, source=source)
    return project, made, tuple(each for each in learned if each not in known)


def all_named(project: Project) -> tuple[tuple[str, dict[str, str], bool], ...]:
    """Name, mapping by the labels' names, and whether it is in use; of a project that has none what its labels say."""
    mappings = [
        (each.name, named_mapping(project, each.id), each is in_use(project)) for each in project.clusterings.values()
    ]
    return tuple(mappings) or ((FIRST_NAME, learned_as(project), True),)


def rename_clustering(project: Project, clustering_id: str, name: str) -> Project:
    """Call a mapping differently."""
    clustering = _clustering(project, clustering_id)
    if name.strip() == clustering.name:
        return project
    return project.with_clustering(replace(clustering, name=_free_name(project, name)))


def remove_clustering(project: Project, clustering_id: str) -> Project:
    """Forget a mapping. What is learned now stays as it is."""
    _clustering(project, clustering_id)
    kept = {key: each for key, each in project.clusterings.items() if key != clustering_id}
    return replace(project, clusterings=kept)


def use(project: Project, clustering_id: str) -> Project:
    """Learn by this mapping from now on; the one before keeps what its labels said."""
    clustering, before = _clustering(project, clustering_id), in_use(project)
    if clustering is before:
        return project
    mapping = mapping_of(project, clustering_id)
    if before is not None:
        kept = _said(project, mapping_of(project))
        project = project.with_clustering(replace(before, learned=kept, in_use=False))
    for each in project.clusterings.values():  # two copies that were merged may both have had one
        if each.in_use:
            project = project.with_clustering(replace(each, in_use=False))
    project = project.with_clustering(replace(clustering, in_use=True))
    return _put(project, mapping)


def group(
    project: Project, clustering_id: str, label_ids: Iterable[str], learned: str | None, *, author: str
) -> Project:
    """In this mapping, learn these actions as `learned`; empty leaves them out, None gives each its own name back.

    Without an id it is the mapping in use, which is made where the project has none.
    """
    names = {each: _action(project, each).name for each in label_ids}
    wanted = {each: name if learned is None else learned.strip() for each, name in names.items()}
    if not clustering_id:
        used = in_use(project)
        if used is None:
            project, used = add_clustering(project, _free_number(project, FIRST_NAME), author=author)
        clustering_id = used.id
    clustering = _clustering(project, clustering_id)
    if clustering is in_use(project):
        return _put(project, wanted)
    after = _said(project, {**mapping_of(project, clustering_id), **wanted})
    return project if after == clustering.learned else project.with_clustering(replace(clustering, learned=after))


# ---- within ----


def _put(project: Project, wanted: Mapping[str, str]) -> Project:
    """Labels learned as `wanted`, and the mapping in use with them."""
    labels = dict(project.labels)
    for label_id, learned in wanted.items():
        label = labels[label_id]
        kept = None if learned == label.name else learned
        if kept != label.learned_as:
            labels[label_id] = replace(label, learned_as=kept)
    if any(labels[each] is not project.labels[each] for each in wanted):
        project = replace(project, labels=labels)
    used = in_use(project)
    if used is not None and (said := _said(project, mapping_of(project))) != used.learned:
        project = project.with_clustering(replace(used, learned=said))
    return project


def _unsaid(label: Label) -> str:
    """What a mapping that does not name an action takes it for."""
    return "" if label.name in BACKGROUND else label.name


def _said(project: Project, mapping: Mapping[str, str]) -> dict[str, str]:
    """What of a mapping has to be kept, in the order of the labels."""
    return {
        label.id: mapping[label.id]
        for label in project.actions()
        if label.id in mapping and mapping[label.id] != _unsaid(label)
    }


def _clustering(project: Project, clustering_id: str) -> Clustering:
    if clustering_id not in project.clusterings:
        raise ProjectError(f"the project has no clusters {clustering_id}", hint="Choose one of its mappings.")
    return project.clusterings[clustering_id]


def clustering_named(project: Project, name: str) -> Clustering:
    """The mapping of this name; ProjectError with the names there are."""
    found = next((each for each in project.clusterings.values() if each.name == name), None)
    if found is None:
        there = ", ".join(each.name for each in project.clusterings.values())
        hint = f"There are: {there}." if there else "There are none yet: name a table of clusters to bring one in."
        raise ProjectError(f'the project has no clusters called "{name}"', hint=hint)
    return found


def _action(project: Project, label_id: str) -> Label:
    label = project.labels.get(label_id)
    if label is None:
        raise ProjectError(f"the project has no label {label_id}", hint="Choose one of its labels.")
    if label.kind != "action":
        raise ProjectError(f"{label.name} is an object, and only actions are learned", hint="Choose an action.")
    return label


def _free_name(project: Project, name: str) -> str:
    name = name.strip()
    if not name:
        raise ProjectError("clusters need a name", hint="Type one.")
    if any(each.name == name for each in project.clusterings.values()):
        raise ProjectError(f'there are already clusters called "{name}"', hint="Choose another name.")
    return name


def _free_number(project: Project, name: str) -> str:
    taken = {each.name for each in project.clusterings.values()}
    return next(each for each in (name, *(f"{name} {n}" for n in range(2, len(taken) + 3))) if each not in taken)


def free_name(project: Project, name: str) -> str:
    """`name`, or with the first number that no other mapping has."""
    return _free_number(project, name)
