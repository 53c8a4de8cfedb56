"""Lanes on the timeline, a step taken as a draft, corrected by hand, counted: through the real window and process."""

import json
import subprocess
import sys

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core import demo
from core.demo import open_demo
from tests.journeys.window import SOON_MS, launch, leave

pytestmark = [pytest.mark.gui, pytest.mark.slow]

JOB_MS = 120_000
NONE, SHIFT, CONTROL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)


def press(studio, key, modifiers=NONE):
    QTest.keyClick(studio.window, key, modifiers)


def drafts(document):
    return [each for each in document.clip.segments if each.is_draft]


def origins(folder):
    """What the command says of how the segments came about."""
    command = [sys.executable, "-m", "core", "statistics", str(folder), "--json"]
    said = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return {(each["origin"], each.get("run", "")): each["segments"] for each in said["origins"]}


def test_that_a_forecast_becomes_a_draft_is_corrected_by_hand_and_is_counted(qtbot, qapp, tmp_path):
    if not demo.shipped_checkpoints("forecaster"):
        pytest.skip("no forecaster ships with this checkout")
    folder = tmp_path / "kitchen"
    open_demo(folder)
    studio = launch(qtbot, qapp, tmp_path)
    try:
        document = studio.document
        studio.projects.open(folder)
        press(studio, Qt.Key.Key_3, CONTROL)
        page = studio.window.page("annotate")
        qtbot.waitUntil(page.is_settled, timeout=SOON_MS)
        by_hand = len(document.clip.segments)
        document.seek(600)

        # The lanes: Shift+F, and the warm process answers.
        press(studio, Qt.Key.Key_F, SHIFT)
        lanes = page.timeline.lanes
        scene = lambda: page.timeline.scene  # noqa: E731
        qtbot.waitUntil(lambda: any(each.steps and not each.is_pale for each in scene().lanes), timeout=JOB_MS)
        lane = scene().lanes[0]
        assert lane.at_frame == 600
        assert 600 <= lane.steps[0].frames.start < lane.steps[0].frames.end

        # A click on the second step goes to its instant; Enter makes a draft of it.
        step = lane.steps[1]
        at = scene().lane_item_rect((lane.key, step.at)).center().toPoint()
        QTest.mouseClick(page.timeline, Qt.MouseButton.LeftButton, pos=at)
        assert document.playhead == step.frames.pose
        QTest.keyClick(page.timeline, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: len(drafts(document)) == 1, timeout=SOON_MS)
        (draft,) = drafts(document)
        pose = document.clip.pose_of(draft.id)
        assert (draft.start_frame, pose.frame, draft.end_frame) == (
            step.frames.start,
            step.frames.pose,
            step.frames.end,
        )
        assert pose.identity.luma, "the frame's look is kept with its pose"
        assert document.undo_label == f"Accept {step.label.name} by {lane.name}"
        assert page.inspector.segment.confirm.isVisible()

        # Taken back, and done again.
        press(studio, Qt.Key.Key_Z, CONTROL)
        assert drafts(document) == []
        press(studio, Qt.Key.Key_Z, CONTROL | SHIFT)
        assert [each.id for each in drafts(document)] == [draft.id]

        # All steps at once; one is corrected by hand (its end comes to the playhead), one is confirmed.
        lanes.choose(None)
        document.seek(900)
        qtbot.waitUntil(lambda: page.foreseen.lanes.is_settled and scene().lanes[0].at_frame == 900, timeout=JOB_MS)
        before = {each.id for each in document.clip.segments}
        studio.window.actions_table.do("use-whole-forecast")
        qtbot.waitUntil(lambda: len(drafts(document)) > 2, timeout=SOON_MS)
        first, second, *_ = (each for each in document.clip.segments if each.id not in before)
        page.timeline.choose(frozenset({first.id}))
        document.seek(first.end_frame - 2)
        press(studio, Qt.Key.Key_E)
        page.timeline.choose(frozenset({second.id}))
        press(studio, Qt.Key.Key_Return, CONTROL)
        run = lane.name
        corrected, confirmed = (document.clip.segment(each.id) for each in (first, second))
        assert corrected.end_frame == first.end_frame - 2
        assert corrected.made.source == f"forecast by {run}, corrected by hand"
        assert confirmed.made.source == f"forecast by {run}, confirmed by hand"
        left = len(drafts(document))
        others = sum(len(clip.segments) for clip in document.project.clips.values()) - len(document.clip.segments)
    finally:
        leave(studio)

    # And counted by the command, from the project on disk.
    found = origins(folder)
    assert found.pop(("draft", run)) == left
    assert found.pop(("corrected", run)) == 1
    assert found.pop(("confirmed", run)) == 1
    assert sum(found.values()) == by_hand + others
