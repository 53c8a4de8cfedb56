"""Ada merges Ben's copy in the window, deciding every kind of conflict by keys; undone, redone, and merged again."""

import shutil

import pytest
from PySide6.QtCore import Qt

from core.project import edits
from core.project.annotations import FrameIdentity, VideoFile
from core.project.check import check
from core.project.merging import opened_copy
from core.project.store import ProjectStore
from tests.journeys.window import SOON_MS, launch, leave

pytestmark = pytest.mark.usefixtures("qapp")
HERE = FrameIdentity(pts=0)
VIDEO = VideoFile(
    path="", frame_count=2000, width=640, height=360, rate_hz=25.0, duration_s=80.0, size_bytes=1, fingerprint="x"
)


@pytest.fixture
def copies(tmp_path):
    """Five segments with poses that both have; what Ada and Ben did since meets in every way it can."""
    ada, ben = tmp_path / "kitchen", tmp_path / "from ben"
    with ProjectStore.create(ada, "Kitchen", "Ada") as store:
        project, cut = edits.add_label(store.project, "cut", "action", author="Ada")
        project, clip = edits.add_clip(project, "breakfast", None, VIDEO, author="Ada", folder=ada)
        for start in range(0, 500, 100):
            project, segment = edits.mark_segment(project, clip.id, cut.id, start, start + 80, author="Ada")
            project = edits.set_pose(project, clip.id, segment.id, start + 40, HERE, author="Ada")
        store.edit(project, "Mark breakfast")
    shutil.copytree(ada, ben)
    clip = project.clips[clip.id]
    first, second, third, fourth, fifth = (each.id for each in clip.segments)

    def mark(start, end, author):
        def step(p):
            p, stir = edits.label_for(p, "stir", "action", author=author)
            return edits.mark_segment(p, clip.id, stir.id, start, end, author=author)[0]

        return step

    by_ben = {
        "Move end of cut": lambda p: edits.move_ends(p, clip.id, first, end_frame=95),
        "Delete cut": lambda p: edits.delete_segments(p, clip.id, second),
        "Set pose": lambda p: edits.set_pose(p, clip.id, third, 260, HERE, author="Ben"),
        "Move joint": lambda p: edits.set_joint_edits(p, clip.id, fourth, {"head": (10.0, 20.0, 1.0)}),
        "Mark stir": mark(700, 780, "Ben"),
        "Mark more": mark(900, 950, "Ben"),
    }
    by_ada = {
        "Move end of cut": lambda p: edits.move_ends(p, clip.id, first, end_frame=70),
        "Set second pose": lambda p: edits.set_pose(p, clip.id, second, 150, HERE, author="Ada"),
        "Set pose": lambda p: edits.set_pose(p, clip.id, third, 230, HERE, author="Ada"),
        "Move joint": lambda p: edits.set_joint_edits(p, clip.id, fourth, {"neck": (30.0, 40.0, 0.6)}),
        "Mark stir": mark(710, 790, "Ada"),
        "Move end of last": lambda p: edits.move_ends(p, clip.id, fifth, end_frame=490),
    }
    for folder, author, steps in ((ben, "Ben", by_ben), (ada, "Ada", by_ada)):
        with ProjectStore.open(folder, author) as store:
            for name, step in steps.items():
                store.edit(step(store.project), name)
    return ada, ben


def merged_window(studio, qtbot, folder):
    studio.merging.open_copy(folder)
    qtbot.waitUntil(lambda: studio.merging.merge_window is not None, timeout=SOON_MS)
    return studio.merging.merge_window


def rows(project):
    """What the merge is about: segments and poses, by what a person sees of them."""
    (clip,) = project.clips.values()
    name = {each.id: each.name for each in project.labels.values()}
    return [
        (
            name[each.action],
            each.start_frame,
            each.end_frame,
            each.made.author,
            getattr(clip.pose_of(each.id), "frame", None),
        )
        for each in clip.segments
    ]


def test_that_a_copy_with_conflicts_of_every_kind_is_merged_by_keys_undone_redone_and_merged_again(
    qtbot, qapp, tmp_path, copies
):
    ada, ben = copies
    studio = launch(qtbot, qapp, tmp_path)
    studio.document.author = "Ada"
    try:
        assert studio.projects.open(ada)
        before = rows(studio.document.project)
        window = merged_window(studio, qtbot, ben)
        kinds = [each.kind for each in window.copy.plan.conflicts]
        assert sorted(kinds) == ["both marked", "changed", "deleted there", "two poses"]
        assert window.same.isChecked()  # both made a label "stir"
        assert window.groups.choices.button(0).text() == "To decide: 4"
        assert not window.merge.isEnabled()
        assert rows(studio.document.project) == before

        keys = {"deleted there": Qt.Key.Key_Left, "both marked": Qt.Key.Key_B}
        questions = window.questions
        questions.setFocus()
        qtbot.keyClick(questions, Qt.Key.Key_Return)  # not before everything is decided
        for _ in range(4):
            qtbot.keyClick(questions, keys.get(window.current.kind, Qt.Key.Key_Right))
        assert set(window.decisions.values()) == {"mine", "theirs", "both"}
        questions.setCurrentIndex(window.lines.index(0))
        qtbot.keyClick(questions, Qt.Key.Key_Down)
        assert questions.currentIndex().row() == 1
        assert window.merge.isEnabled()
        assert window.merge.text().startswith("Merge ")
        qtbot.keyClick(questions, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: studio.document.undo_label == "Merge Ben's copy", timeout=SOON_MS)
        qtbot.waitUntil(lambda: studio.merging.is_settled, timeout=SOON_MS)

        after = rows(studio.document.project)
        assert after == [
            ("cut", 0, 95, "Ada", 40),  # his end
            ("cut", 100, 180, "Ada", 150),  # kept, with her pose
            ("cut", 200, 280, "Ada", 260),  # his pose
            ("cut", 300, 380, "Ada", 340),
            ("cut", 400, 490, "Ada", 440),  # only she changed it
            ("stir", 700, 780, "Ben", None),  # both
            ("stir", 710, 790, "Ada", None),
            ("stir", 900, 950, "Ben", None),  # only he made it
        ]
        (clip,) = studio.document.project.clips.values()
        assert clip.poses[3].joint_edits == {"head": (10.0, 20.0, 1.0), "neck": (30.0, 40.0, 0.6)}
        with ProjectStore.open(ada, "reader", mode="read") as store:
            assert rows(store.project) == after
        (report,) = (ada / "merges").glob("*.txt")
        told = report.read_text(encoding="utf-8")
        assert told.count("decided: ") == 4
        assert "end of cut, 0:00.00 to 0:02.80" in told

        studio.window.actions_table.do("undo")
        assert rows(studio.document.project) == before
        studio.window.actions_table.do("redo")
        assert rows(studio.document.project) == after

        studio.merging.open_copy(ben)  # the same again: nothing
        qtbot.waitUntil(lambda: not studio.merging._beside.is_busy, timeout=SOON_MS)
        qtbot.wait(50)
        assert studio.merging.merge_window is None
        assert rows(studio.document.project) == after

        with ProjectStore.open(ben, "Ben") as store:  # later, he marks one more
            stir = store.project.label_named("stir", "action")
            store.edit(edits.mark_segment(store.project, clip.id, stir.id, 1200, 1250, author="Ben")[0], "Mark stir")
        window = merged_window(studio, qtbot, ben)
        assert (len(window.copy.plan.taken), window.copy.plan.conflicts) == (1, ())
        assert window.merge.text() == "Merge 1 change"
        qtbot.mouseClick(window.merge, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: len(rows(studio.document.project)) == 9, timeout=SOON_MS)
        assert rows(studio.document.project)[:8] == after
        qtbot.waitUntil(lambda: studio.merging.is_settled, timeout=SOON_MS)
    finally:
        leave(studio)
    assert [each for each in check(ada) if each.severity == "error"] == []


def test_that_a_merge_of_what_is_no_copy_is_refused_and_the_project_that_moved_on_is_looked_at_again(
    qtbot, qapp, tmp_path, copies
):
    ada, ben = copies
    ProjectStore.create(tmp_path / "garden", "Garden", "Cem").close()
    studio = launch(qtbot, qapp, tmp_path)
    try:
        assert studio.projects.open(ada)
        before = studio.document.project
        said = []
        studio.merging._beside.refused.connect(said.append)
        studio.merging.open_copy(tmp_path / "garden")
        qtbot.waitUntil(lambda: bool(said), timeout=SOON_MS)
        assert "no common beginning" in str(said[0])
        assert studio.document.project is before

        window = merged_window(studio, qtbot, ben)
        window.decide_all("theirs")
        (clip,) = studio.document.project.clips.values()
        studio.document.edit(edits.rename_clip(studio.document.project, clip.id, "lunch"), "Rename clip")
        looked_at = window.copy
        qtbot.mouseClick(window.merge, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: window.copy is not looked_at, timeout=SOON_MS)
        assert studio.document.undo_label == "Rename clip"
        assert window.merge.isEnabled()  # what was decided stays decided
        qtbot.mouseClick(window.merge, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: studio.document.undo_label == "Merge Ben's copy", timeout=SOON_MS)
        assert next(iter(studio.document.project.clips.values())).name == "lunch"
        qtbot.waitUntil(lambda: studio.merging.is_settled, timeout=SOON_MS)
    finally:
        leave(studio)


def test_that_closing_the_project_takes_back_that_a_copy_is_being_read(qtbot, qapp, tmp_path, copies):
    ada, ben = copies
    studio = launch(qtbot, qapp, tmp_path)
    try:
        assert studio.projects.open(ada)
        studio.merging.open_copy(ben)
        assert studio.window.notices.shown.accessibleName() == "Reading from ben"
        studio.document.close_project()
        qtbot.waitUntil(lambda: studio.merging.is_settled, timeout=SOON_MS)
        assert studio.window.notices.shown is None
        assert studio.merging.merge_window is None
    finally:
        leave(studio)


def test_that_agreement_is_measured_in_its_window_and_leads_to_where_they_differ(qtbot, qapp, tmp_path, copies):
    ada, ben = copies
    studio = launch(qtbot, qapp, tmp_path)
    try:
        assert studio.projects.open(ada)
        studio.window.show_page("annotate")
        studio.window.actions_table.do("agreement")
        window = studio.merging.agreement_window
        assert "Choose two" in window._says.text()
        assert not window.tabs.isVisible()  # of nothing there are no parts
        window.compare_with(ben)
        qtbot.waitUntil(lambda: window.found is not None, timeout=SOON_MS)
        assert window.tabs.isVisible()
        assert window.labels.rowCount() == 3  # all, cut, stir
        assert window.labels.item(0, 1).text() == "6 | 6"
        longest = window.found.worst[0]
        window.tabs.choices.button(3).click()
        window.worst.setCurrentCell(0, 0)
        window.worst.itemActivated.emit(window.worst.item(0, 0))
        assert studio.document.playhead == longest.start_frame
        window.export_to(tmp_path / "agreement.csv")
        qtbot.waitUntil(lambda: (tmp_path / "agreement.csv").is_file(), timeout=SOON_MS)
        assert window.command_line().startswith("posecast agreement ")
        project = studio.document.project
        assert studio.document.edit(edits.remove_clip(project, longest.clip), "Take out breakfast")
        window.worst.itemActivated.emit(window.worst.item(0, 0))  # of a clip that is gone: it is measured anew
        qtbot.waitUntil(lambda: "no clip that both marked" in window._says.text(), timeout=SOON_MS)
        studio.document.undo()
        qtbot.waitUntil(lambda: studio.merging.is_settled, timeout=SOON_MS)
    finally:
        leave(studio)
    with ProjectStore.open(ada, "Ada", mode="read") as store:
        assert len(opened_copy(ben, mine=store.project, here=ada).plan.conflicts) == 4
