"""Twelve actions become five in the real window: grouped, kept apart, used, written out, changed, and all undone."""

import json
import subprocess
import sys

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.configs import ForecasterData
from core.datasets.steps import clip_sequences
from core.formats import cluster_table
from core.project import edits
from core.project.annotations import Project
from core.project.clusters import in_use, learned_as
from core.project.store import ProjectStore
from tests.core.made_up_project import made_up
from tests.journeys.window import SOON_MS, launch, leave

pytestmark = [
    pytest.mark.gui,
    pytest.mark.qt_log_ignore("This plugin does not support", extend=True),  # said of the list that completes a name
]

GROUPS = {
    "prepare": ("cut", "peel", "grate", "slice"),
    "clean": ("wash", "dry", "wipe"),
    "heat": ("stir", "fry"),
    "fetch": ("take", "put"),
}
OWN, OUT = "open", "background"


@pytest.fixture
def folder(tmp_path):
    """One clip with a segment of each of twelve actions, and background behind them."""
    names = [*(name for group in GROUPS.values() for name in group), OWN]
    made = made_up(1, len(names) + 1, stored_split=False)
    (clip,) = made.project.clips.values()
    with ProjectStore.create(tmp_path / "kitchen", "Kitchen", "Ada") as store:
        project = store.project
        for name in (*names, OUT):
            project, _ = edits.add_label(project, name, "action", author="Ada")
        ids = [each.id for each in project.actions()]
        for segment, label in zip(clip.segments, ids, strict=True):
            clip = clip.with_segment(msgspec.structs.replace(segment, action=label, objects=()))
        tracks = store.write_tracks(made.tracks[clip.tracks])
        store.edit(project.with_clip(msgspec.structs.replace(clip, tracks=tracks, camera="")), "Make it up")
    return tmp_path / "kitchen"


def learned_in_training(project: Project, store: ProjectStore) -> list[str]:
    """The actions a forecaster would learn, in the order of time."""
    (clip,) = project.clips.values()
    sequences = clip_sequences(project, clip, lambda each: store.tracks(each.tracks), ForecasterData())
    return [step.action for each in sequences for step in each.steps]


def choose(window, document, names):
    project = document.project
    window.table.choose([project.label_named(name, "action").id for name in names])


def test_that_actions_are_clustered_used_written_changed_and_undone_to_the_start(qtbot, qapp, tmp_path, folder):
    studio = launch(qtbot, qapp, tmp_path)
    try:
        document = studio.document
        studio.projects.open(folder)
        studio.window.show_page("annotate")
        start = document.project
        segments = [each.action for each in document.clip.segments]
        assert learned_in_training(start, document.store) == [*sum(GROUPS.values(), ()), OWN]

        # Group by group, by typing a name: the first change makes the mapping that is in use.
        studio.window.actions_table.do("clusters")
        window = studio.window.page("annotate").labelling.clusters
        qtbot.waitUntil(window.isActiveWindow, timeout=SOON_MS)
        for name, members in GROUPS.items():
            choose(window, document, members)
            window.name.setFocus()
            QTest.keyClicks(window.name, name)
            QTest.keyClick(window.name, Qt.Key.Key_Return)
        assert window.sums.text() == "13 actions, 5 learned, 1 left out"
        assert in_use(document.project).name == "Clusters"
        assert learned_as(document.project)["peel"] == "prepare"
        assert document.undo_label == "Cluster 2 actions as fetch"
        assert [each.action for each in document.clip.segments] == segments
        five = learned_as(document.project)
        assert len(set(learned_in_training(document.project, document.store))) == 5

        # A second one, finer, changes nothing until it is used.
        window.whole.duplicate("Fine")
        choose(window, document, ("slice",))
        window.own_names()
        choose(window, document, (OWN,))
        window.leave_out()
        assert window.sums.text() == "13 actions, 5 learned, 2 left out"
        assert learned_as(document.project) == five
        assert window.use.isVisible()
        window.use.click()
        assert in_use(document.project).name == "Fine"
        assert learned_as(document.project) == {**five, "slice": "slice", OWN: ""}
        assert set(learned_in_training(document.project, document.store)) == {*GROUPS, "slice"}

        # As tables, and taken in again under a name of its own.
        window.whole.write(tmp_path / "fine.csv")
        window.whole.write(tmp_path / "all.json")
        assert cluster_table.read(tmp_path / "fine.csv") == learned_as(document.project)
        named = cluster_table.read_named(tmp_path / "all.json")
        assert [(each.name, each.in_use) for each in named] == [("Clusters", False), ("Fine", True)]
        assert named[0].learned_as == five
        window.whole.bring_in(tmp_path / "fine.csv")
        assert [each.name for each in document.project.clusterings.values()] == ["Clusters", "Fine", "fine"]

        # Changed while it is used: the labels follow in the same step.
        window.show_mapping(in_use(document.project).id)
        window.table.typed.emit(document.project.label_named("slice", "action").id, 2, "prepare")
        assert document.undo_label == "Cluster slice as prepare"
        assert set(learned_in_training(document.project, document.store)) == set(GROUPS)
        done = document.project
    finally:
        leave(studio)

    # After a restart everything is there, and every step is taken back to the start, then made again.
    studio = launch(qtbot, qapp, tmp_path)
    try:
        document = studio.document
        studio.projects.open(folder)
        studio.window.show_page("annotate")
        assert document.project.clusterings == done.clusterings
        assert document.project.labels == done.labels
        steps = 0
        while document.undo_label != "Make it up":
            studio.window.actions_table.do("undo")
            steps += 1
        assert steps == len(GROUPS) + 6
        assert document.project.labels == start.labels
        assert document.project.clusterings == {}
        for _ in range(steps):
            studio.window.actions_table.do("redo")
        assert document.project.labels == done.labels
        assert document.project.clusterings == done.clusterings
        qtbot.waitUntil(studio.window.is_settled, timeout=SOON_MS)
    finally:
        leave(studio)
    said = subprocess.run(
        [sys.executable, "-m", "core", "clusters", str(folder), "--json"], capture_output=True, text=True, check=True
    )
    assert json.loads(said.stdout) == learned_as(done)
