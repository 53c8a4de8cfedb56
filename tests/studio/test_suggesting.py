"""Suggested poses in Annotate: walked, accepted, skipped, overruled, undone."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QScrollArea

from core.bodies.skeletons import UPPER_BODY_9
from core.forecasts import Forecast, ForecastStep, StepTime
from core.motion import Poses2d
from core.project import edits
from core.project.annotations import VideoFile
from core.suggesting.answering import OWN_CHOICE
from studio.pages import annotate_suggested

SEGMENTS = ((20, 70), (90, 140), (150, 190))


def walking_hands(frames=200):
    """Two people; the right hand of the first goes out and back around the middle of every 50 frames."""
    rest = np.array([[0, -60], [0, 0], [-40, 5], [-45, 60], [-45, 110], [40, 5], [45, 60], [45, 110], [0, 120]])
    joints = np.repeat(rest[None, None].astype(np.float32), frames, axis=0).repeat(2, axis=1) + 300
    joints[:, 0, UPPER_BODY_9["right_hand"], 0] -= 120 * np.abs(np.sin(np.arange(frames) * np.pi / 50))
    return Poses2d(UPPER_BODY_9, joints, np.ones((frames, 2, 9), np.float32))


@pytest.fixture
def page(open_studio, qtbot):
    """A clip of joints alone, with three segments that lack their pose, and a second clip with one."""
    studio = open_studio
    document = studio.document
    project, author = document.project, document.author
    nothing = VideoFile(
        path="", frame_count=200, width=640, height=480, rate_hz=25.0, duration_s=8.0, size_bytes=0, fingerprint=""
    )
    name = document.store.write_tracks(walking_hands())
    project, reach = edits.add_label(project, "reach", "action", author=author)
    for clip_name, spans in (("one", SEGMENTS), ("two", SEGMENTS[:1])):
        project, clip = edits.add_clip(project, clip_name, None, nothing, author=author, folder=document.folder)
        project = edits.set_tracks(project, clip.id, name)
        for start, end in spans:
            project, _ = edits.mark_segment(project, clip.id, reach.id, start, end, author=author)
    assert document.edit(project, "Prepare")
    document.choose_clip(next(each.id for each in project.clips.values() if each.name == "one"))
    studio.window.show_page("annotate")
    page = studio.window.page("annotate")
    qtbot.waitUntil(page.is_settled, timeout=9000)
    page.view.take_keys()
    return page


def press(page, key, modifier=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(page.view, key, modifier)


def clip_of(page):
    return page._document.clip


def test_that_u_walks_through_a_segments_suggestions_and_on_to_the_next(page):
    document, clip = page._document, clip_of(page)
    walked = []
    for _ in range(9):
        press(page, Qt.Key.Key_U)
        walked.append((next(iter(page.timeline.chosen)), document.playhead))
    spans = {each.id: (each.start_frame, each.end_frame) for each in clip.segments}
    order = [each.id for each in clip.segments]
    assert [order.index(segment) for segment, _ in walked] == sorted(order.index(segment) for segment, _ in walked)
    assert {segment for segment, _ in walked} == set(order)
    assert all(spans[segment][0] <= frame < spans[segment][1] for segment, frame in walked)
    press(page, Qt.Key.Key_U, Qt.KeyboardModifier.ShiftModifier)
    assert (next(iter(page.timeline.chosen)), document.playhead) == walked[-2]


def test_that_enter_sets_the_pose_and_keeps_the_answer_in_one_step(page):
    document = page._document
    press(page, Qt.Key.Key_U)
    frame, segment = document.playhead, next(iter(page.timeline.chosen))
    steps = len(document.store.journal)
    press(page, Qt.Key.Key_Return)
    assert len(document.store.journal) == steps + 1
    assert document.store.undo_label == "Set pose of reach as suggested"
    assert clip_of(page).pose_of(segment).frame == frame
    (answer,) = document.project.answers.values()
    assert (answer.accepted, answer.frame, answer.position, answer.segment) == (True, frame, 0, segment)
    document.undo()
    assert clip_of(page).pose_of(segment) is None
    assert document.project.answers == {}


def test_that_u_after_enter_goes_on_to_the_next_segment(page):
    document, done = page._document, []
    while any(clip_of(page).pose_of(each.id) is None for each in clip_of(page).segments):
        press(page, Qt.Key.Key_U)
        done.append(next(iter(page.timeline.chosen)))
        press(page, Qt.Key.Key_Return)
    assert done == [each.id for each in clip_of(page).segments], "two keys for a pose"
    pose = clip_of(page).pose_of(done[-1])
    press(page, Qt.Key.Key_U, Qt.KeyboardModifier.ShiftModifier)
    assert clip_of(page).pose_of(done[-1]) == pose
    assert document.project.answers


def test_that_enter_away_from_the_suggested_frame_goes_there_first(page):
    document = page._document
    press(page, Qt.Key.Key_U)
    frame, segment = document.playhead, next(iter(page.timeline.chosen))
    document.seek(frame + 7 if frame + 7 not in _frames(page) else frame + 8)
    press(page, Qt.Key.Key_Return)
    assert clip_of(page).pose_of(segment) is None
    assert document.playhead == frame
    press(page, Qt.Key.Key_Return)
    assert clip_of(page).pose_of(segment).frame == frame


def test_that_skipping_shows_the_next_and_a_skipped_frame_does_not_come_back(page, qtbot):
    document = page._document
    press(page, Qt.Key.Key_U)
    first, segment = document.playhead, next(iter(page.timeline.chosen))
    press(page, Qt.Key.Key_N)
    assert document.store.undo_label == "Skip suggestion of reach"
    assert document.playhead != first
    assert [each.accepted for each in document.project.answers.values()] == [False]
    page.timeline.choose(frozenset())
    qtbot.waitUntil(page.is_settled, timeout=9000)
    page.timeline.choose(frozenset({segment}))
    assert first not in _frames(page)
    document.undo()
    qtbot.waitUntil(page.is_settled, timeout=9000)
    page.timeline.choose(frozenset())
    page.timeline.choose(frozenset({segment}))
    assert first in _frames(page)


def test_that_a_pose_set_elsewhere_says_no_to_what_was_shown_in_the_same_step(page):
    document = page._document
    press(page, Qt.Key.Key_U)
    shown, segment = document.playhead, clip_of(page).segment(next(iter(page.timeline.chosen)))
    other = next(each for each in range(segment.start_frame, segment.end_frame) if each not in _frames(page))
    document.seek(other)
    press(page, Qt.Key.Key_C)
    said = {each.frame: (each.accepted, each.position) for each in document.project.answers.values()}
    assert said == {shown: (False, 0), other: (True, OWN_CHOICE)}
    document.undo()
    assert document.project.answers == {}
    assert clip_of(page).pose_of(segment.id) is None


def test_that_suggestions_come_back_with_their_own_words_when_a_cut_is_undone(page, qtbot):
    document, segment = page._document, clip_of(page).segments[0]
    before = page.timeline.scene.suggestions
    start, clip = segment.start_frame, document.clip_id
    short = edits.move_ends(document.project, clip, segment.id, end_frame=start + 2, author="Ines K.")
    assert document.edit(short, "Move end of reach")
    qtbot.waitUntil(page.is_settled, timeout=9000)
    assert page.timeline.scene.suggestions.segments.count(segment.id) < before.segments.count(segment.id)
    document.undo()
    qtbot.waitUntil(page.is_settled, timeout=9000)
    assert page.timeline.scene.suggestions.words == before.words
    assert page.timeline.scene.suggestions.frames.tolist() == before.frames.tolist()


def test_that_the_first_segment_of_another_person_has_its_suggestions_at_once(page, qtbot):
    document = page._document
    project, actor = edits.add_actor(document.project, document.clip_id, "Person 2", author="Ines K.", track=1)
    assert document.edit(project, "Add Person 2")
    qtbot.waitUntil(page.is_settled, timeout=9000)
    page.changing.actor = actor.id
    page.marking.mark_range(40, 110)
    page.marking.label(next(iter(document.project.labels)))
    qtbot.waitUntil(page.is_settled, timeout=9000)
    (chosen,) = page.timeline.chosen
    assert clip_of(page).segment(chosen).actor == actor.id
    assert page.suggesting.card.facts is not None
    assert page.suggesting.card.facts.count == len(_frames(page)) > 0


def test_that_after_the_last_segment_the_next_clip_is_offered(page, qtbot):
    document = page._document
    said = []
    page.suggesting.says.connect(said.append)
    while not said:
        press(page, Qt.Key.Key_U)
    assert "two" in said[-1]
    assert clip_of(page).name == "one"
    press(page, Qt.Key.Key_U)
    qtbot.waitUntil(lambda: document.clip.name == "two" and bool(page.timeline.chosen), timeout=9000)
    assert document.playhead in _frames(page)


def test_that_the_card_says_why_and_its_buttons_answer(page):
    press(page, Qt.Key.Key_U)
    card = page.suggesting.card
    assert card.isVisible()
    assert card.facts.place == 1
    assert card.facts.count == len(_frames(page))
    assert 1 <= len(card.facts.reasons) <= 4
    assert all(0 < value <= 1 for _, value in card.facts.reasons)
    segment = next(iter(page.timeline.chosen))
    card.accept.click()
    assert clip_of(page).pose_of(segment) is not None


def test_that_the_card_stays_inside_its_panel_and_goes_up_and_down_alone_in_a_small_window(page, open_studio, qtbot):
    open_studio.window.resize(1280, 720)
    qtbot.waitUntil(lambda: page.inspector.width() <= 280)
    press(page, Qt.Key.Key_U)
    card = page.suggesting.card
    area = card.parentWidget()
    while not isinstance(area, QScrollArea):
        area = area.parentWidget()
    qtbot.waitUntil(lambda: card.facts is not None and page.is_settled())
    assert area.widget().width() <= area.viewport().width()
    assert area.horizontalScrollBar().value() == 0
    title = next(each for each in card.findChildren(QLabel) if each.text() == "Suggestion 1 of 3")
    assert title.height() < 2 * title.fontMetrics().height()  # in one line


def test_that_without_2d_poses_the_card_asks_for_them(page):
    document = page._document
    segment = clip_of(page).segments[0].id
    document.edit(edits.set_tracks(document.project, document.clip_id, ""), "Forget tracks")
    page.timeline.choose(frozenset({segment}))
    asked = []
    page.asks.connect(asked.append)
    card = page.suggesting.card
    assert card.facts is None
    card._extract.click()
    assert asked == ["extract-poses"]
    assert page.timeline.scene.suggestions is None


def test_that_background_needs_no_suggestion(page, qtbot):
    document, clip = page._document, clip_of(page)
    project, ground = edits.add_label(document.project, "background", "action", author=document.author)
    first = clip.segments[0].id
    document.edit(
        edits.change_segment(project, clip.id, first, action=ground.id, author=document.author), "Relabel reach"
    )
    qtbot.waitUntil(page.is_settled, timeout=9000)
    page.timeline.choose(frozenset({first}))
    assert first not in page.timeline.scene.suggestions.segments
    assert not page.suggesting.card.isVisible()


def _frames(page):
    return [each.frame for each in page.suggesting._looking.suggestions]


def test_that_what_a_run_foresaw_is_a_reason_of_the_segment_it_foresaw(page):
    clip = clip_of(page)
    first, second = clip.segments[:2]
    rest = walking_hands().joints_px[0, 0]
    step = ForecastStep(
        action="reach",
        confidence=0.8,
        best=(),
        joints_m=(),
        joints_px=tuple((float(x), float(y)) for x, y in rest),
        time=StepTime(start_s=0.4, pose_s=1.4, end_s=2.4, low_s=1.0, high_s=2.0),
    )
    forecast = Forecast(
        model="r", clip_id=clip.id, at_frame=10, seen_frames=(), seen_actions=(), steps=(step,), camera_estimated=False
    )
    page.suggesting._foresaw = lambda: forecast
    for segment, is_foreseen in ((first, True), (second, False)):
        page.timeline.choose(frozenset({segment.id}))
        shown = page.suggesting._looking.suggestions
        assert all(("surprise" in each.reasons) == is_foreseen for each in shown)


def test_that_a_bug_in_working_out_suggestions_is_shown_and_does_not_end_them(page, qtbot, monkeypatch):
    document, clip = page._document, clip_of(page)
    whole, calls = annotate_suggested.suggest_anew, []

    def breaks_once(*words):
        calls.append(words)
        if len(calls) == 1:
            raise ZeroDivisionError
        return whole(*words)

    monkeypatch.setattr(annotate_suggested, "suggest_anew", breaks_once)
    label = clip.segments[0].action
    with qtbot.captureExceptions() as caught:
        document.edit(edits.mark_segment(document.project, clip.id, label, 70, 88, author="Ada")[0], "Mark reach")
        qtbot.waitUntil(lambda: page.suggesting.is_settled, timeout=9000)
    assert [kind for kind, *_ in caught] == [ZeroDivisionError]
    document.edit(edits.mark_segment(document.project, clip.id, label, 0, 18, author="Ada")[0], "Mark reach")
    qtbot.waitUntil(lambda: page.suggesting.is_settled and len(calls) > 2, timeout=9000)
