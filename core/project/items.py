"""Edits of what a project knows of but does not hold, such as its data sets: rename one, take one out.

What lies beside the project stays where it is: undo brings the item back, and the data with it.
"""

from msgspec.structs import replace

from core.errors import ProjectError
from core.project.annotations import Item, Project


def rename_item(project: Project, item_id: str, name: str) -> Project:
    """Another name for a data set, a motion, a run or a generation."""
    item = _item(project, item_id)
    name = name.strip()
    if not name:
        raise ProjectError("it needs a name", hint="Type one.")
    return project if name == item.name else project.with_item(replace(item, name=name))


def remove_item(project: Project, item_id: str) -> Project:
    """Take it out of the project."""
    _item(project, item_id)
    return replace(project, items={key: each for key, each in project.items.items() if key != item_id})


def _item(project: Project, item_id: str) -> Item:
    if item_id not in project.items:
        raise ProjectError("it is not in this project any more", hint="Choose another.")
    return project.items[item_id]
