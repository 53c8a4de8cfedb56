"""`posecast clusters`: what is learned, as a table to change and to apply."""

import json

import pytest
from typer.testing import CliRunner

from core.__main__ import app
from core.project import edits
from core.project.store import ProjectStore


def posecast(*arguments):
    return CliRunner().invoke(app, [str(each) for each in arguments])


@pytest.fixture
def folder(tmp_path):
    with ProjectStore.create(tmp_path / "kitchen", "Kitchen", "Ada") as store:
        project = store.project
        for name in ("cut dice", "chop", "enter", "sing"):
            project, _ = edits.add_label(project, name, "action", author="Ada")
        store.edit(project, "Add actions")
    return tmp_path / "kitchen"


def test_that_the_table_of_a_project_is_printed_changed_and_applied_as_one_edit_that_is_undone(folder, tmp_path):
    printed = posecast("clusters", folder)
    assert printed.output == "action,learned_as\ncut dice,cut dice\nchop,chop\nenter,enter\nsing,sing\n"
    table = tmp_path / "mine.csv"
    table.write_text(printed.output.replace("chop,chop", "chop,cut dice").replace("enter,enter", "enter,"))
    applied = posecast("clusters", folder, table)
    assert applied.output == "4 actions: 2 clusters, 1 left out\n"
    assert posecast("clusters", folder).output == table.read_text()
    with ProjectStore.open(folder, "Ada") as store:
        assert store.undo_label == "Cluster actions as in mine.csv"
        store.undo()
    assert posecast("clusters", folder).output == printed.output


def test_that_what_a_table_does_not_name_is_listed_and_applying_it_twice_changes_nothing(folder):
    first = posecast("clusters", folder, "mpii_cooking_2")
    assert "4 actions: 2 clusters, 1 left out" in first.output
    assert "mpii_cooking_2.csv does not name these, which stay as they were: sing\n" in first.output
    second = json.loads(posecast("clusters", folder, "mpii_cooking_2", "--json").output)
    assert second["changed"] is False
    assert second["learned_as"] == {"cut dice": "dice", "chop": "dice", "enter": "", "sing": "sing"}
    assert "stir" in second["not_here"]


def test_that_a_table_that_is_not_there_is_refused_with_the_shipped_ones(folder):
    refused = posecast("clusters", folder, "bread")
    assert refused.exit_code == 1
    assert "there is no such table of clusters" in refused.output
    assert "ikea_asm, mpii_cooking_2" in refused.output


def test_that_clusters_wait_in_the_inbox_of_whoever_has_the_project_open(folder):
    with ProjectStore.open(folder, "Ada") as studio:
        assert posecast("clusters", folder, "mpii_cooking_2").exit_code == 0
        assert studio.project.label_named("chop", "action").learned_as is None
        assert len(studio.take_in_results()) == 1
        assert studio.project.label_named("chop", "action").learned_as == "dice"
        assert studio.undo_label == "Cluster actions as in mpii_cooking_2.csv"


def test_that_mappings_are_kept_by_name_listed_used_and_written(folder, tmp_path):
    coarse = tmp_path / "coarse.csv"
    coarse.write_text("action,learned_as\ncut dice,work\nchop,work\nenter,\nfry,heat\n")
    kept = posecast("clusters", folder, coarse, "--named", "Coarse")
    assert kept.output == "Coarse: 4 actions: 2 clusters, 1 left out\nThis project does not have fry\n"
    taken = posecast("clusters", folder, coarse, "--named", "Coarse")
    assert taken.exit_code == 1
    assert 'there are already clusters called "Coarse"' in taken.output
    assert "chop,chop" in posecast("clusters", folder).output
    assert "chop,work" in posecast("clusters", folder, "--named", "Coarse").output
    listed = json.loads(posecast("clusters", folder, "--list", "--json").output)
    assert [(each["name"], each["in_use"], each["learned"]) for each in listed] == [
        ("as the labels say", True, 4), ("Coarse", False, 2),
    ]  # fmt: skip
    assert posecast("clusters", folder, "--use", "Coarse").output == "4 actions: 2 clusters, 1 left out\n"
    assert "nothing changed" in posecast("clusters", folder, "--use", "Coarse").output
    assert "Coarse         4        2         1  in use" in posecast("clusters", folder, "--list").output
    assert posecast("clusters", folder, "--out", tmp_path / "all.json").output == "all.json: 1 mapping\n"
    assert posecast("clusters", folder, "--out", tmp_path / "now.csv").output == "now.csv: 4 actions\n"
    again = posecast("clusters", folder, tmp_path / "all.json")
    assert "nothing changed" in again.output
    assert (tmp_path / "now.csv").read_text() == posecast("clusters", folder).output


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "it holds no clusters"),
        ('{"posecast_clusters": 2, "mappings": []}', "clusters of format 2"),
        ('{"posecast_clusters": 1, "mappings": []}', "no mapping with a name"),
        ('{"posecast_clusters": 1, "mappings": [{"name": "a", "learned_as": {"cut": 1}}]}', "it holds no clusters"),
    ],
)
def test_that_a_file_that_holds_no_clusters_is_refused_in_words(folder, tmp_path, content, why):
    (tmp_path / "odd.json").write_text(content)
    refused = posecast("clusters", folder, tmp_path / "odd.json")
    assert refused.exit_code == 1
    assert why in refused.output
    assert "Traceback" not in refused.output


def test_that_two_questions_at_once_and_unknown_names_are_refused(folder, tmp_path):
    assert "only one of" in posecast("clusters", folder, "--list", "--use", "Coarse").output
    refused = posecast("clusters", folder, "--use", "Coarse")
    assert refused.exit_code == 1
    assert 'no clusters called "Coarse"' in refused.output
    unwritten = posecast("clusters", folder, "--out", tmp_path / "nowhere" / "a.csv")
    assert unwritten.exit_code == 1
    assert "could not be written" in unwritten.output


def test_that_of_a_file_with_several_mappings_the_named_one_is_taken_and_which_one_is_said(folder, tmp_path):
    both = {"cut dice": "cut", "chop": "cut", "enter": "enter", "sing": "sing"}
    none = dict.fromkeys(both, "")
    mappings = [{"name": "none", "learned_as": none}, {"name": "by tool", "learned_as": both, "in_use": True}]
    file = tmp_path / "all.json"
    file.write_text(json.dumps({"posecast_clusters": 1, "mappings": mappings}))
    kept = posecast("clusters", folder, file, "--named", "none")
    assert "none: 4 actions: 0 clusters, 4 left out" in kept.output
    assert "all.json holds several: none was taken. Name another with --named: by tool" in kept.output
    applied = posecast("clusters", folder, file)
    assert "4 actions: 3 clusters" in applied.output
    assert "by tool was taken" in applied.output
    assert "chop,cut" in posecast("clusters", folder).output
