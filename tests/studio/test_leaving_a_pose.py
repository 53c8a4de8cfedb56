"""A pose that was set is set, however soon somebody goes on: another clip, another project, the window closed.

What a pose's frame looks like is asked of the video before the edit is made; these leave before that is answered.
"""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.errors import FileError
from core.project import edits
from core.project.store import ProjectStore
from core.video import open_video
from studio.widgets.frame_source import FrameSource
from tests.journeys.window import SOON_MS, launch, leave
from tests.studio.conftest import make_video

FRAME = 12


@pytest.fixture
def studio(qtbot, qapp, tmp_path):
    """A project of two clips, a segment on the first, the playhead in it."""
    made = launch(qtbot, qapp, tmp_path)
    assert made.projects.create(tmp_path / "kitchen", "Kitchen")
    with qtbot.waitSignal(made.adding.ended, timeout=SOON_MS):
        made.adding.add([make_video(tmp_path / f"clip_{number}.mp4", frames=40) for number in (1, 2)])
    document = made.document
    first, _ = document.project.clips
    project, label = edits.add_label(document.project, "reach", "action", author="Ines K.")
    project, _ = edits.mark_segment(project, first, label.id, 5, 30, author="Ines K.")
    assert document.edit(project, "Mark reach")
    document.choose_clip(first)
    document.seek(FRAME)
    page = made.window.show_page("annotate")
    qtbot.waitUntil(page.is_settled, timeout=SOON_MS)
    yield made
    leave(made)


def set_pose_and(studio, go) -> str:
    """Press C and go on in the same breath; the clip it was pressed in."""
    clip = studio.document.clip_id
    before = studio.document.project
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_C)
    assert studio.document.project is before, "nothing was waited for: the test shows nothing"
    go()
    return clip


def pose_on_disk(folder, clip) -> int:
    with ProjectStore.open(folder, "", mode="read") as store:
        (pose,) = store.project.clips[clip].poses
        with open_video(store.video_path(store.project.clips[clip])) as video:
            assert pose.identity.pts == video.pts(pose.frame)
        return pose.frame


def test_that_a_pose_is_set_though_another_clip_was_chosen_at_once(qtbot, studio):
    document = studio.document
    other = list(document.project.clips)[1]
    clip = set_pose_and(studio, lambda: document.choose_clip(other))
    qtbot.waitUntil(lambda: bool(document.project.clips[clip].poses), timeout=SOON_MS)
    assert document.clip_id == other
    assert document.undo_label == "Set pose of reach"
    assert pose_on_disk(document.folder, clip) == FRAME


def test_that_a_pose_is_set_though_the_project_was_closed_at_once(studio):
    folder = studio.document.folder
    clip = set_pose_and(studio, studio.document.close_project)
    assert not studio.document.is_open
    assert pose_on_disk(folder, clip) == FRAME


def test_that_a_pose_is_set_though_the_window_was_closed_at_once(studio):
    folder = studio.document.folder
    clip = set_pose_and(studio, studio.window.close)
    assert pose_on_disk(folder, clip) == FRAME


def test_that_a_question_about_a_frame_is_answered_though_its_clip_was_left(qtbot, tmp_path):
    path, answers = make_video(tmp_path / "clip.mp4"), []
    source = FrameSource()
    source.open(path)
    for frame in (FRAME, 3, 4000):
        source.identify(frame, answers.append)
    source.open(make_video(tmp_path / "other.mp4"))
    qtbot.waitUntil(lambda: len(answers) == 3, timeout=SOON_MS)
    with open_video(path) as video:
        assert [each and each.pts for each in answers] == [video.pts(FRAME), video.pts(3), None]
    source.close(wait=True)


@pytest.mark.parametrize("is_there", [True, False])
def test_that_what_cannot_be_read_is_an_answer_too(tmp_path, is_there):
    path, answers = tmp_path / "notes.mp4", []
    if is_there:
        path.write_bytes(b"no video " * 200)
    source = FrameSource()
    source.open(path)
    source.identify(FRAME, answers.append)
    source.close(wait=True)
    assert answers == [None]
    with pytest.raises(FileError):
        open_video(path)
