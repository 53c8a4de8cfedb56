"""What models learn actions as."""

import pytest
from msgspec.structs import replace

from core.errors import ProjectError
from core.project import edits
from core.project.annotations import Project
from core.project.clusters import (
    add_clustering,
    clustering_named,
    free_name,
    group,
    in_use,
    learned_as,
    named_mapping,
    remove_clustering,
    rename_clustering,
    set_learned_as,
    sums_of,
    use,
    with_clusters,
)


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


# ---- named mappings ----


def ids(project, *names):
    return [project.label_named(name, "action").id for name in names]


def test_that_the_first_change_makes_the_mapping_that_is_in_use_and_labels_follow_it(kitchen):
    after = group(kitchen, "", ids(kitchen, "slice", "dice"), "cut", author="Ada")
    used = in_use(after)
    assert used.name == "Clusters"
    assert learned_as(after) == named_mapping(after, used.id) == {"slice": "cut", "dice": "cut", "fetch": "fetch"}
    assert sums_of(learned_as(after)) == (3, 2, 0)
    apart = group(after, used.id, ids(after, "slice"), None, author="Ada")
    assert learned_as(apart) == {"slice": "slice", "dice": "cut", "fetch": "fetch"}
    assert group(apart, used.id, ids(after, "slice"), None, author="Ada") is apart


def test_that_a_mapping_that_is_not_used_changes_nothing_that_is_learned(kitchen):
    kitchen = group(kitchen, "", ids(kitchen, "fetch"), "", author="Ada")
    kitchen, other = add_clustering(kitchen, "Coarse", author="Ada")
    assert not other.in_use
    kitchen = group(kitchen, other.id, ids(kitchen, "slice", "dice", "fetch"), "all", author="Ada")
    assert learned_as(kitchen) == {"slice": "slice", "dice": "dice", "fetch": ""}
    assert named_mapping(kitchen, other.id) == {"slice": "all", "dice": "all", "fetch": "all"}


def test_that_using_another_mapping_and_going_back_gives_back_what_was_learned(kitchen):
    first = group(kitchen, "", ids(kitchen, "fetch"), "", author="Ada")
    both, coarse = add_clustering(first, "Coarse", dict.fromkeys(ids(kitchen, "slice", "dice"), "all"), author="Ada")
    used = use(both, coarse.id)
    assert (in_use(used).name, learned_as(used)) == ("Coarse", {"slice": "all", "dice": "all", "fetch": "fetch"})
    back = use(used, in_use(both).id)
    assert back.labels == both.labels
    assert back.clusterings == both.clusterings


def test_that_a_label_changed_past_its_mapping_is_not_forgotten_when_another_is_used(kitchen):
    kitchen = group(kitchen, "", ids(kitchen, "dice"), "cut", author="Ada")
    kitchen, background = edits.add_label(kitchen, "background", "action", author="Ada")
    tabled, _, _ = with_clusters(kitchen, {"slice": "cut"})
    assert in_use(tabled).learned == dict.fromkeys(ids(kitchen, "slice", "dice"), "cut")
    tabled, other = add_clustering(tabled, "Own names", {}, author="Ada")
    there = use(tabled, other.id)
    assert learned_as(there) == {"slice": "slice", "dice": "dice", "fetch": "fetch", "background": ""}
    assert there.labels[background.id].learned_as == ""
    assert learned_as(use(there, in_use(tabled).id)) == learned_as(tabled)


def test_that_mappings_are_named_apart_and_a_removed_one_leaves_what_is_learned(kitchen):
    kitchen = group(kitchen, "", ids(kitchen, "dice"), "cut", author="Ada")
    used = in_use(kitchen)
    with pytest.raises(ProjectError, match='already clusters called "Clusters"'):
        add_clustering(kitchen, "Clusters", author="Ada")
    assert free_name(kitchen, "Clusters") == "Clusters 2"
    renamed = rename_clustering(kitchen, used.id, "Fine")
    assert clustering_named(renamed, "Fine").id == used.id
    with pytest.raises(ProjectError, match='no clusters called "Clusters"') as refused:
        clustering_named(renamed, "Clusters")
    assert refused.value.hint == "There are: Fine."
    removed = remove_clustering(renamed, used.id)
    assert learned_as(removed) == learned_as(kitchen)
    assert in_use(removed) is None


def test_that_of_two_mappings_in_use_after_a_merge_the_first_holds_and_using_one_leaves_one(kitchen):
    kitchen = group(kitchen, "", ids(kitchen, "dice"), "cut", author="Ada")
    kitchen, other = add_clustering(kitchen, "Theirs", dict.fromkeys(ids(kitchen, "fetch"), "go"), author="Bo")
    both = kitchen.with_clustering(replace(other, in_use=True))
    assert learned_as(both)["fetch"] == "fetch"
    assert named_mapping(both, other.id)["fetch"] == "go"
    used = use(both, other.id)
    assert learned_as(used) == {"slice": "slice", "dice": "dice", "fetch": "go"}
    assert [each.name for each in used.clusterings.values() if each.in_use] == ["Theirs"]
    assert named_mapping(used, in_use(both).id)["dice"] == "cut"
