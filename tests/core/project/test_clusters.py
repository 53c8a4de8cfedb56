"""What models learn actions as."""

import pytest

from core.errors import ProjectError
from core.project import edits
from core.project.annotations import Project
from core.project.clusters import learned_as, set_learned_as, with_clusters


@pytest.fixture
def kitchen():
    project = Project(id="0", name="Kitchen")
    for name, kind in (("slice", "action"), ("dice", "action"), ("fetch", "action"), ("knife", "object")):
        project, _ = edits.add_label(project, name, kind, author="Ada")
    return project


def test_that_an_action_is_learned_by_its_own_name_until_somebody_says_otherwise(kitchen):
    assert learned_as(kitchen) == {"slice": "slice", "dice": "dice", "fetch": "fetch"}


def test_that_background_is_left_out_from_the_moment_it_is_added(kitchen):
    kitchen, _ = edits.add_label(kitchen, "background", "action", author="Ada")
    assert learned_as(kitchen)["background"] == ""


def test_that_clusters_change_what_is_learned_and_tell_what_they_do_not_name(kitchen):
    clustered, unnamed, unknown = with_clusters(kitchen, {"slice": "cut", "dice": " cut ", "fry": "heat"})
    assert learned_as(clustered) == {"slice": "cut", "dice": "cut", "fetch": "fetch"}
    assert (unnamed, unknown) == (("fetch",), ("fry",))


def test_that_the_mapping_of_a_project_applied_to_it_changes_nothing(kitchen):
    kitchen, _, _ = with_clusters(kitchen, {"slice": "cut", "fetch": ""})
    again, unnamed, unknown = with_clusters(kitchen, learned_as(kitchen))
    assert again is kitchen
    assert (unnamed, unknown) == ((), ())


def test_that_an_action_named_as_its_cluster_follows_when_it_is_renamed(kitchen):
    kitchen, _, _ = with_clusters(kitchen, {"slice": "slice", "dice": "slice"})
    label = kitchen.label_named("slice", "action")
    renamed = edits.rename_label(kitchen, label.id, "cut slices")
    assert learned_as(renamed) == {"cut slices": "cut slices", "dice": "slice", "fetch": "fetch"}


def test_that_a_cluster_is_shown_in_the_colour_of_the_label_it_is_named_after_or_of_its_first(kitchen):
    kitchen, _, _ = with_clusters(kitchen, {"dice": "slice", "fetch": "go"})
    assert kitchen.label_learned_as("slice").name == "slice"
    assert kitchen.label_learned_as("go").name == "fetch"
    assert kitchen.label_learned_as("fry") is None


def test_that_an_object_is_not_learned_as_an_action(kitchen):
    knife = kitchen.label_named("knife", "object")
    with pytest.raises(ProjectError, match="knife is an object"):
        set_learned_as(kitchen, knife.id, "tool")
    assert set_learned_as(kitchen, kitchen.label_named("dice", "action").id, None) is kitchen
