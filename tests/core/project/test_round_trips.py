"""Create, save, undo, save, redo, save over every kind of edit, each time against the database file itself.

The file is read by a connection of its own with nothing of the store: every row is compared with the project in
memory, also what stands after what. An edit is saved when it returns, so each is a save point.
"""

import json
import os
import sqlite3
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.project.check import check
from core.project.store import ProjectStore
from tests.core.project.every_edit import EDITS, FIRST, Desk, edited

SOAK = 10 if os.environ.get("POSECAST_SOAK") else 1
LISTS = ("labels", "clips", "cameras", "splits", "items", "clusterings", "answers")
CHILDREN = ("actors", "segments", "poses")
STEPS = st.lists(
    st.sampled_from([*EDITS, *["undo"] * 6, *["redo"] * 4, "reopen", "undo many", "redo many"]), max_size=25
)


def on_disk(folder: Path):
    """What the file holds: rows by table and id, and the ids of each list in their order."""
    connection = sqlite3.connect(f"file:{folder / 'project.sqlite'}?mode=ro", uri=True)
    try:
        rows, orders = {}, {}
        for table in ("meta", *LISTS, *CHILDREN):
            found = connection.execute(f"SELECT id, clip, place, body FROM {table} ORDER BY place, id").fetchall()
            rows |= {(table, key): (clip, json.loads(body)) for key, clip, _, body in found}
            orders[table] = [key for key, *_ in found]
        (journal,) = connection.execute("SELECT count(*) FROM journal").fetchone()
    finally:
        connection.close()
    return rows, orders, journal


def in_memory(project):
    """The same of a project's values."""
    told = json.loads(msgspec.json.encode(project))
    meta = {key: value for key, value in told.items() if key not in LISTS and (value or key != "merged")}
    rows, orders = {("meta", project.id): ("", meta)}, {"meta": [project.id]}
    for table in LISTS:
        orders[table] = list(told[table])
        for key, value in told[table].items():
            for child in CHILDREN if table == "clips" else ():
                rows |= {(child, each["id"]): (key, each) for each in value.pop(child)}
            rows[table, key] = ("", value)
    return rows, orders


def assert_saved(store: ProjectStore) -> None:
    rows, orders, journal = on_disk(store.folder)
    expected, expected_orders = in_memory(store.project)
    assert rows == expected
    assert {table: orders[table] for table in expected_orders} == expected_orders
    assert journal == len(store.journal)
    for clip in store.project.clips.values():  # as a reader of the file would put them
        assert [each.start_frame for each in clip.segments] == sorted(each.start_frame for each in clip.segments)
        assert [each.frame for each in clip.poses] == sorted(each.frame for each in clip.poses)
        known = {pose.id: f"{pose.frame:04x}" for pose in clip.poses}
        assert known == {pose.id: pose.identity.luma for pose in clip.poses}


def play(store: ProjectStore, steps, desk: Desk, author: str = "Ada") -> ProjectStore:
    for what in steps:
        match what:
            case "undo" | "redo":
                (store.undo if what == "undo" else store.redo)()
            case "undo many" | "redo many":
                for _ in range(4):
                    (store.undo if what == "undo many" else store.redo)()
            case "reopen":
                before, order = store.project, in_memory(store.project)[1]
                labels = store.undo_label, store.redo_label
                store.close()
                store = ProjectStore.open(store.folder, author)
                assert store.project == before
                assert in_memory(store.project)[1] == order
                assert (store.undo_label, store.redo_label) == labels
            case _:
                store.edit(edited(store.project, what, desk), what)
        assert_saved(store)
    return store


@pytest.mark.soak
@pytest.mark.slow
@settings(max_examples=25 * SOAK, deadline=None)
@given(steps=STEPS, seed=st.integers(0, 2**32))
def test_that_every_save_undo_and_redo_leaves_in_the_file_what_is_on_the_screen(tmp_path_factory, steps, seed):
    folder = tmp_path_factory.mktemp("round") / "kitchen"
    store = ProjectStore.create(folder, "Kitchen", "Ada")
    try:
        first = store.project
        store = play(store, [*FIRST, *steps], Desk(seed))
        last, order = store.project, in_memory(store.project)[1]
        undone = 0
        while store.undo() is not None:
            undone += 1
            if undone % 5 == 0:
                assert_saved(store)
        assert store.project == first
        assert_saved(store)
        store = play(store, ["reopen"], Desk(seed))
        for _ in range(undone):
            assert store.redo() is not None
        assert store.project == last
        assert in_memory(store.project)[1] == order
        assert_saved(store)
    finally:
        store.close()
    assert [each for each in check(folder) if "journal" in each.what] == []


@pytest.mark.parametrize("name", EDITS)
def test_that_each_kind_of_edit_is_undone_and_redone_in_the_file(tmp_path, name):
    with ProjectStore.create(tmp_path / "kitchen", "Kitchen", "Ada") as store:
        desk = Desk(3)
        for what in (*FIRST, "confirm", "answer", "add clustering", "calibrate", "keep", "add clip"):
            store.edit(edited(store.project, what, desk), what)
        before, count = store.project, len(store.journal)
        for _ in range(8):  # until its chances find something to do
            store.edit(edited(store.project, name, desk), name)
            if len(store.journal) > count:
                break
        assert len(store.journal) == count + 1, "it never did anything"
        after = store.project
        assert_saved(store)
        store.undo()
        assert store.project == before
        assert_saved(store)
        store.redo()
        assert store.project == after
        assert_saved(store)
