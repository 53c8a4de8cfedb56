"""A pose put right through the real window, by keys and with the real detector: moved, flagged, looked for again."""

import shutil
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.bodies.skeletons import UPPER_BODY_9
from core.project import edits
from core.project.annotations import OCCLUDED, VISIBLE, FrameIdentity, VideoFile
from core.project.joints import NAMES
from core.project.store import ProjectStore
from core.video import open_video
from tests.journeys.window import SOON_MS, launch, leave

pytestmark = [pytest.mark.gui, pytest.mark.slow]
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
FRAME, BOX = 62, (480.0, 60.0, 760.0, 560.0)


@pytest.fixture
def folder(tmp_path, shared_data):
    """A film of two people without 2D poses, one segment with its pose."""
    film = shutil.copy(shared_data / "videos" / "sports2d_demo.mp4", tmp_path / "film.mp4")
    with ProjectStore.create(tmp_path / "project", "Film", "Ines K.") as store, open_video(film) as video:
        facts = VideoFile(**video.facts()._asdict())
        project, clip = edits.add_clip(
            store.project, "film", tmp_path / "film.mp4", facts, author="Ines K.", folder=store.folder
        )
        project, label = edits.label_for(project, "kick", "action", author="Ines K.")
        project, segment = edits.mark_segment(project, clip.id, label.id, 50, 80, author="Ines K.")
        identity = FrameIdentity(pts=video.pts(FRAME))
        store.edit(edits.set_pose(project, clip.id, segment.id, FRAME, identity, author="Ines K."), "Mark kick")
    return tmp_path / "project"


def test_that_joints_nobody_detected_are_moved_flagged_and_detected_by_keys_alone(qtbot, qapp, tmp_path, folder):
    studio = launch(qtbot, qapp, tmp_path)
    try:
        document, window = studio.document, studio.window
        studio.projects.open(folder)
        page: Any = window.show_page("annotate")
        qtbot.waitUntil(window.is_settled, timeout=SOON_MS)

        def press(key, held=NONE) -> None:
            QTest.keyClick(window.focusWidget() or window, key, held)

        def by_hand() -> dict:
            return document.clip.poses[0].joint_edits

        page.view.take_keys()
        press(Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
        assert document.playhead == FRAME
        press(Qt.Key.Key_P)
        hands = page.view.hands
        qtbot.waitUntil(lambda: hands.is_shown and window.is_settled(), timeout=SOON_MS)
        for _ in NAMES[: NAMES.index("right_hand") + 1]:
            press(Qt.Key.Key_Tab)
        assert hands.chosen == "right_hand"
        was = hands.joint("right_hand")
        press(Qt.Key.Key_Right, SHIFT)
        qtbot.waitUntil(lambda: bool(by_hand()), timeout=SOON_MS)
        assert by_hand() == {"right_hand": (was.x + 1, was.y, VISIBLE)}
        hands.choose("right_hand")
        press(Qt.Key.Key_V)
        assert by_hand()["right_hand"][2] == OCCLUDED

        press(Qt.Key.Key_R, SHIFT)
        assert hands.boxing.box is not None
        page.detecting.look(BOX)  # what a drag on the picture asks
        qtbot.waitUntil(lambda: bool(hands.proposal), timeout=SOON_MS)
        press(Qt.Key.Key_Return)
        neck, hip = by_hand()["neck"], by_hand()["hip"]
        assert BOX[0] < neck[0] < BOX[2]
        assert neck[1] < hip[1] < BOX[3]
        assert document.undo_label == "Detect pose of kick again"
        (person,) = page.view._people  # whom no tracks have
        assert person.skeleton is UPPER_BODY_9

        press(Qt.Key.Key_Escape)
        assert not page.posing.is_on
        assert "joint-left" not in page.commands()
        for _ in range(3):
            document.undo()
        assert by_hand() == {}
        assert page.view._people == ()
    finally:
        leave(studio)
