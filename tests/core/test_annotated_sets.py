"""Data sets of annotated videos in the catalog: where from, how much, which clips are theirs."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from core.__main__ import app
from core.catalog import catalog_of, entry_of, find_set, key_of
from core.errors import ProjectError
from core.formats.annotated import Annotations, ForeignClip, ForeignSegment
from core.importing.annotations import Origin, take_annotations
from core.importing.carrying_out import carry_out
from core.importing.exchange import take_in
from core.importing.recognition import what_is
from core.project.annotated_sets import clips_of, only
from core.project.edits import remove_clip
from core.project.items import remove_item
from core.project.store import ProjectStore
from core.runs import ImportData
from tests.core.formats import made_epic_kitchens, made_xes


@pytest.fixture
def store(tmp_path):
    with ProjectStore.create(tmp_path / "project", "Test", "me") as made:
        yield made


def import_file(store, path):
    found = what_is(path)
    return take_in(found.format, found.files[0], store, None, "me")


def annotations(*names, action="cut"):
    return Annotations(tuple(ForeignClip(name, (ForeignSegment(action, 0, 10),), rate_hz=10.0) for name in names))


def take(store, what, origin, **more):
    return take_annotations(what, store, source="XES", author="me", folder=store.folder, origin=Origin(origin), **more)


def test_that_an_imported_log_stands_in_the_catalog(store, tmp_path):
    path = made_xes.make(tmp_path)
    import_file(store, path)
    (entry,) = catalog_of(store.project, store.folder).sets
    clips = store.project.clips.values()
    assert (entry.holds, entry.format, entry.source) == ("annotations", "XES", str(path))
    assert (entry.recordings, entry.segments) == (len(clips), sum(len(each.segments) for each in clips))
    assert entry.with_video == 0
    assert entry.seconds > 0
    assert len(entry.fingerprint) == 12
    assert entry.licence == "" or "NC" in entry.licence


def test_that_its_licence_is_named_where_its_makers_say_one(store, tmp_path):
    import_file(store, made_epic_kitchens.make(tmp_path))
    (entry,) = catalog_of(store.project, store.folder).sets
    assert "CC BY-NC" in entry.licence


def test_that_the_entry_comes_and_goes_with_the_edit_that_brought_the_clips(store, tmp_path):
    import_file(store, made_xes.make(tmp_path))
    store.undo()
    assert not store.project.items
    assert not store.project.clips
    store.redo()
    assert len(store.project.items) == 1
    assert store.project.clips


def test_that_importing_the_same_twice_changes_nothing(store, tmp_path):
    path = made_xes.make(tmp_path)
    import_file(store, path)
    before = store.project
    import_file(store, path)
    assert store.project == before


def test_that_a_file_that_grew_is_the_same_set_with_more_clips(store, tmp_path):
    take(store, annotations("one"), tmp_path / "log.xes")
    (first,) = catalog_of(store.project, store.folder).sets
    take(store, annotations("one", "two"), tmp_path / "log.xes")
    (grown,) = catalog_of(store.project, store.folder).sets
    assert (first.recordings, grown.recordings) == (1, 2)
    assert first.item == grown.item
    assert first.fingerprint != grown.fingerprint


def test_that_two_sources_of_one_name_are_two_sets_with_keys_of_their_own(store, tmp_path):
    for place, name in (("a", "one"), ("b", "two")):
        take(store, annotations(name), tmp_path / place / "log.xes")
    keys = [each.key for each in catalog_of(store.project, store.folder).sets]
    assert keys == ["clips/log", "clips/log-2"]
    one = find_set(store.project, "clips/log")
    assert [each.name for each in clips_of(store.project, one)] == ["one"]
    with pytest.raises(ProjectError, match="several"):
        find_set(store.project, "log")


def test_that_the_fingerprint_is_of_what_is_said_and_not_of_order_or_place():
    one, other = annotations("a", "b"), annotations("b", "a")
    assert one.fingerprint == other.fingerprint
    assert one.fingerprint != annotations("a", "b", action="wash").fingerprint


def test_that_figures_follow_the_clips(store, tmp_path):
    take(store, annotations("one", "two"), tmp_path / "log.xes")
    (item,) = store.project.items.values()
    gone, stays = (each.id for each in clips_of(store.project, item))
    after = remove_clip(store.project, gone)
    assert [each.id for each in clips_of(after, item)] == [stays]
    assert entry_of(item, store.folder, after).recordings == 1
    assert list(only(store.project, [stays]).clips) == [stays]


def test_that_a_set_taken_out_leaves_its_clips(store, tmp_path):
    take(store, annotations("one"), tmp_path / "log.xes")
    (item,) = store.project.items.values()
    store.edit(remove_item(store.project, item.id), "Take out")
    assert len(store.project.clips) == 1
    assert not catalog_of(store.project, store.folder).sets


def test_that_what_was_left_out_is_said_of_the_set(store, tmp_path):
    bad = Annotations((ForeignClip("one", (ForeignSegment("cut", 0, 5), ForeignSegment("cut", 9, 9))),))
    take(store, bad, tmp_path / "log.xes")
    (entry,) = catalog_of(store.project, store.folder).sets
    assert entry.left_out == 1


def test_that_one_file_is_called_as_the_command_says(store, tmp_path):
    path = made_xes.make(tmp_path)
    store.close()
    said = CliRunner().invoke(app, ["import", str(path), str(store.folder), "--name", "Furniture"])
    assert said.exit_code == 0
    with ProjectStore.open(store.folder, "me", mode="read") as opened:
        (entry,) = catalog_of(opened.project, opened.folder).sets
    assert entry.name == "Furniture"


def test_that_a_folder_of_logs_is_one_set_that_counts_its_files(store, tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    path = made_xes.make(tmp_path)
    shutil.copy(path, folder / "a.xes")
    shutil.copy(path, folder / "b.xes")
    store.close()
    spec = ImportData(project=str(store.folder), out=str(tmp_path / "run"), source=str(folder), name="Furniture")
    (tmp_path / "run").mkdir()
    assert list(carry_out(spec))
    with ProjectStore.open(store.folder, "me", mode="read") as opened:
        (entry,) = catalog_of(opened.project, opened.folder).sets
    assert (entry.name, entry.files, entry.source) == ("Furniture", 2, str(folder))


def test_that_the_command_line_lists_counts_and_splits_it(store, tmp_path):
    take(store, annotations("a", "b", "c"), tmp_path / "log.xes")
    take(store, annotations("other", action="wash"), tmp_path / "more.xes")
    (item, _) = store.project.items.values()
    store.close()
    run, project = CliRunner(), str(store.folder)
    said = run.invoke(app, ["sets", project]).output
    assert "clips/log" in said
    assert "3 clips, labels only" in said
    figures = json.loads(run.invoke(app, ["statistics", project, "--set", "log", "--json"]).output)
    assert [each["name"] for each in figures["actions"]] == ["cut"]
    assert figures["items"] == 3
    assert run.invoke(app, ["split", project, "--name", "s", "--set", key_of(item)]).exit_code == 0
    with ProjectStore.open(store.folder, "me", mode="read") as opened:
        (split,) = opened.project.splits.values()
        assert sum(map(len, split.parts.values())) == 3
    refused = run.invoke(app, ["export", project, str(tmp_path / "x.bvh"), "--set", "log"])
    assert refused.exit_code
    assert "annotations" in refused.output
    taken_out = run.invoke(app, ["sets", project, "--remove", "log"])
    assert "clips stay" in taken_out.output
