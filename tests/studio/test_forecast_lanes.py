"""Forecast lanes on the timeline: when they are asked, what they show, and how their steps become drafts."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QColor, QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from core.forecasts import Forecast, ForecastAnswer, ForecastStep, Future, Refusal, StepTime
from core.project import edits
from core.project.annotations import FrameIdentity, VideoFile
from studio import forecasters, theme
from studio.document import Document
from studio.forecasters import Known
from studio.jobs import Jobs
from studio.pages.accepting import source_name
from studio.pages.annotate import AnnotatePage
from studio.widgets import timeline_accessible
from studio.widgets.clip_time import ClipTime
from studio.widgets.forecast_lanes import Lane, LaneStep, StepFrames, free_from_of, lane_of, step_frames
from studio.widgets.timeline import Timeline
from studio.widgets.timeline_contents import LabelLook, TimelineContents
from tests.studio.stand_ins import FittingModels, display

RATE, FRAMES = 25.0, 1000
RUN = Known("forecaster-08", "/runs/forecaster-08", 0)
OTHER = Known("forecaster-09", "/runs/forecaster-09", 1)
LOOK = LabelLook("cut", "3", "#9AAA84", 2)


def a_forecast(at_frame=100, actions=("wash", "cut", "reach"), *, usual=False, futures=0) -> Forecast:
    """Steps of two seconds, the first one second on; each less sure than the one before."""

    def step(at, action):
        start = 1.0 + 2 * at
        when = StepTime(
            start_s=start, pose_s=start + 1, end_s=start + 2, low_s=start + 0.5, high_s=start + 1.5 + at, is_usual=usual
        )
        confidence = 0.8 / (at + 1)
        return ForecastStep(
            action=action, confidence=confidence, best=((action, confidence),), joints_m=((0.0, 0.0, 0.0),) * 9,
            joints_px=((0.0, 0.0),) * 9, time=when,
        )  # fmt: skip

    steps = tuple(step(at, action) for at, action in enumerate(actions))
    return Forecast(
        model="made", clip_id="", at_frame=at_frame, seen_frames=(50,), seen_actions=("reach",), steps=steps,
        camera_estimated=False, futures=tuple(Future(likelihood=0.1, steps=steps) for _ in range(futures)),
    )  # fmt: skip


class Foreseeing(FittingModels):
    """Answers after a turn of the event loop; the newest question counts."""

    answered = Signal(int, object)
    refused = Signal(int, object)

    def __init__(self) -> None:
        super().__init__()
        self.questions: list[tuple[str, int, tuple, int]] = []
        self.refuse_with: Refusal | None = None
        self.actions = ("wash", "cut", "reach")

    def forecast(self, project, clip_id, at_frame, of, steps=None, *, futures=0, seed=0) -> int:
        self.questions.append((clip_id, at_frame, of, futures))
        number = 5000 + len(self.questions)
        QTimer.singleShot(self.delay_ms, self, lambda: self._foresee(number, clip_id, at_frame, of, futures))
        return number

    def _foresee(self, number, clip_id, at_frame, of, futures) -> None:
        if number != 5000 + len(self.questions):
            return
        said = replace(a_forecast(at_frame, self.actions, futures=futures), clip_id=clip_id)
        answer = ForecastAnswer(forecast=said)
        if self.refuse_with is not None:
            answer = ForecastAnswer(refusal=self.refuse_with)
        self.answered.emit(number, (answer,) * len(of))


@pytest.fixture
def document(qtbot, tmp_path):
    made = Document("Ines K.")
    made.create(tmp_path / "kitchen", "Kitchen")
    video = VideoFile(
        path="", frame_count=FRAMES, width=640, height=360, rate_hz=RATE, duration_s=FRAMES / RATE, size_bytes=0,
        fingerprint="",
    )  # fmt: skip
    project, clip = edits.add_clip(made.project, "clip_07", None, video, author="Ines K.", folder=made.folder)
    for name in ("reach", "wash", "cut"):
        project, _ = edits.add_label(project, name, "action", author="Ines K.")
    reach = project.label_named("reach", "action")
    project, segment = edits.mark_segment(project, clip.id, reach.id, 20, 80, author="Ines K.")
    project = edits.set_pose(project, clip.id, segment.id, 50, FrameIdentity(pts=50), author="Ines K.")
    assert made.edit(project, "Add clip_07")
    made.choose_clip(clip.id)
    yield made
    made.close_project()


@pytest.fixture
def models():
    return Foreseeing()


@pytest.fixture
def page(qtbot, document, models, monkeypatch):
    monkeypatch.setattr(forecasters, "that_can_forecast", lambda _: [RUN, OTHER])
    made = AnnotatePage(document, Jobs(), models, display(document.folder.parent))
    qtbot.addWidget(made)
    made.resize(1500, 950)
    made.show()
    qtbot.waitUntil(made.is_settled, timeout=30_000)
    yield made
    made.close_page()
    made.close()


@pytest.fixture
def lanes(qtbot, page, document):
    """The page with its lanes shown, as seen from frame 100."""
    document.seek(100)
    page.commands()["forecast-lanes"]()
    qtbot.waitUntil(lambda: page.foreseen.lanes.is_settled and bool(shown(page)[0].steps))
    return page.timeline.lanes


def shown(page) -> tuple[Lane, ...]:
    return page.timeline.scene.lanes


def settle(qtbot, page) -> None:
    qtbot.waitUntil(lambda: page.foreseen.lanes.is_settled)


def middle(page, lane=0, step=0) -> QPoint:
    return page.timeline.scene.lane_item_rect((shown(page)[lane].key, step)).center().toPoint()


def click(page, lane=0, step=0) -> None:
    QTest.mouseClick(page.timeline, Qt.MouseButton.LeftButton, pos=middle(page, lane, step))


def drafts(document):
    project = document.project
    return [
        (project.labels[each.action].name, each.start_frame, document.clip.pose_of(each.id).frame, each.end_frame)
        for each in document.clip.segments
        if each.is_draft
    ]


# ---- values ----


@given(
    at=st.integers(0, 900), start=st.floats(-5, 60), wide=st.floats(0, 30), share=st.floats(-0.5, 1.5),
    late=st.floats(0, 2), marked=st.integers(0, 100),
)  # fmt: skip
def test_that_a_step_falls_on_whole_frames_with_its_pose_inside_its_segment(at, start, wide, share, late, marked):
    times = np.arange(FRAMES) / RATE
    times[500:] += late  # a video may pause
    when = StepTime(start_s=start, pose_s=start + share * wide, end_s=start + wide, low_s=start, high_s=start + wide)
    frames = step_frames(ClipTime(FRAMES, RATE, times), at, when, at + marked)
    assert at <= frames.start <= frames.pose < frames.end
    assert frames.start == frames.pose or frames.start >= at + marked


def test_that_a_step_begins_no_earlier_than_the_moment_and_than_what_the_person_is_still_at():
    when = StepTime(start_s=-0.6, pose_s=2, end_s=4, low_s=1, high_s=3)
    time = ClipTime(FRAMES, RATE)
    assert step_frames(time, 100, when).start == 100
    assert step_frames(time, 100, when, 120).start == 120
    assert step_frames(time, 100, when, 170) == StepFrames(150, 150, 200, 125.0, 175.0)  # its pose stays


def test_that_only_what_the_same_person_had_begun_keeps_a_step_waiting(document):
    project, clip = document.project, document.clip
    wash, cut = (project.label_named(name, "action") for name in ("wash", "cut"))
    actors = []
    for name in ("Ann", "Ben"):
        project, actor = edits.add_actor(project, clip.id, name, author="me")
        actors.append(actor.id)
    for whose, action, start, end in ((0, wash, 40, 130), (1, cut, 50, 180), (0, cut, 140, 190)):
        project, _ = edits.mark_segment(project, clip.id, action.id, start, end, author="me", actor=actors[whose])
    clip = project.clips[clip.id]
    seen = replace(a_forecast(), seen_frames=(60,), seen_actions=("wash",))
    assert free_from_of(project, clip, seen) == 130


def test_that_what_begins_after_the_clips_end_is_left_out_and_said_where_nothing_is_left():
    time = ClipTime(FRAMES, RATE)
    looks = {"cut": LOOK}
    near = lane_of("a", "a", 0, a_forecast(FRAMES - 60), time, looks)
    assert [each.at for each in near.steps] == [0]
    assert near.steps[0].label.name == "wash"  # a word the project lacks is shown as the model says it
    far = lane_of("a", "a", 0, a_forecast(FRAMES - 1), time, looks)
    assert not far.steps
    assert "after the clip's end" in far.words


def test_that_a_forecast_without_times_says_so_instead_of_drawing_at_made_up_ones():
    timeless = a_forecast()
    timeless = replace(timeless, steps=tuple(replace(each, time=None) for each in timeless.steps))
    lane = lane_of("a", "a", 0, timeless, ClipTime(FRAMES, RATE), {})
    assert (lane.steps, lane.words) == ((), "It foresees no times")


# ---- asking ----


def test_that_lanes_are_off_at_first_and_nothing_is_asked(qtbot, page, document, models):
    document.seek(200)
    QTest.qWait(150)
    assert (shown(page), models.questions) == ((), [])


def test_that_shift_f_shows_the_newest_run_and_the_baseline_beside_it(page, lanes, models):
    assert [each.name for each in shown(page)] == ["forecaster-08", "n-gram"]
    assert [each.at_frame for each in shown(page)] == [100, 100]
    assert [[step.frames.start for step in each.steps] for each in shown(page)] == [[125, 175, 225]] * 2
    assert page.checked()["forecast-lanes"]
    assert page.head.lanes.isChecked()
    page.commands()["forecast-lanes"]()
    assert shown(page) == ()


def test_that_a_moving_playhead_asks_once_when_it_stops_and_the_old_answer_stays_pale(
    qtbot, page, lanes, document, models
):
    asked = len(models.questions)
    for frame in (110, 120, 130, 140):
        document.seek(frame)
        assert all(each.is_pale and each.steps for each in shown(page))
    settle(qtbot, page)
    assert [each[1] for each in models.questions[asked:]] == [140]
    assert not any(each.is_pale for each in shown(page))
    assert {each.at_frame for each in shown(page)} == {140}


def test_that_nothing_is_asked_while_the_clip_plays_but_once_it_stops(qtbot, page, lanes, document, models):
    asked = len(models.questions)
    page.player.play(0.05)  # so slow that the playhead stands still between two frames
    document.seek(300)
    QTest.qWait(350)
    assert len(models.questions) == asked
    page.player.stop()
    settle(qtbot, page)
    assert len(models.questions) == asked + 1


def test_that_a_page_nobody_looks_at_asks_nothing(qtbot, page, lanes, document, models):
    page.hide()
    asked = len(models.questions)
    document.seek(400)
    QTest.qWait(200)
    assert len(models.questions) == asked
    page.show()
    settle(qtbot, page)
    assert models.questions[-1][1] == 400


def test_that_a_refusal_is_said_in_the_lanes_own_place(qtbot, page, lanes, document, models):
    models.refuse_with = Refusal(message="No step of clip_07 has been seen by frame 10.", hint="Mark one.")
    document.seek(10)
    settle(qtbot, page)
    assert [(each.words, each.hint) for each in shown(page)] == [
        ("No step of clip_07 has been seen by frame 10", "Mark one.")
    ] * 2


def test_that_without_a_forecaster_the_lanes_say_what_to_do(qtbot, page, document, monkeypatch):
    monkeypatch.setattr(forecasters, "that_can_forecast", lambda _: [])
    page.foreseen.lanes.runs.look()
    page.commands()["forecast-lanes"]()
    (lane,) = shown(page)
    assert (lane.words, lane.steps) == ("No forecaster yet", ())


def test_that_chosen_runs_and_futures_are_remembered_for_the_project(qtbot, page, lanes, document, models):
    page.foreseen.lanes.runs.choose(RUN.beside(), on=False)
    page.foreseen.lanes.runs.choose(OTHER, on=True)
    page.foreseen.lanes.set_futures(4)
    settle(qtbot, page)
    assert [each.name for each in shown(page)] == ["forecaster-08", "forecaster-09"]
    assert models.questions[-1][3] == 4
    assert [len(each.futures) for each in shown(page)] == [4, 4]
    again = AnnotatePage(document, Jobs(), Foreseeing(), display(document.folder.parent))
    qtbot.addWidget(again)
    again.foreseen.lanes.runs.look()
    assert [each.name for each in again.foreseen.lanes.runs.shown] == ["forecaster-08", "forecaster-09"]
    assert (again.foreseen.lanes.is_on, again.foreseen.lanes.futures) == (True, 4)
    again.close_page()


# ---- hands ----


def test_that_a_click_seeks_to_the_instant_foreseen_and_holds_the_moment_until_esc(
    qtbot, page, lanes, document, models
):
    asked = len(models.questions)
    click(page, step=1)
    assert document.playhead == shown(page)[0].steps[1].frames.pose == 200
    assert lanes.item == (RUN.key, 1)
    page.commands()["step"]()
    QTest.qWait(150)
    assert len(models.questions) == asked
    assert shown(page)[0].is_held
    QTest.keyClick(page.timeline, Qt.Key.Key_Escape)
    settle(qtbot, page)
    assert lanes.item is None
    assert models.questions[-1][1] == document.playhead == 201


def test_that_a_step_pointed_at_lays_its_pose_faint_over_the_picture_until_the_pointer_leaves(
    qtbot, page, lanes, document, models
):
    def sight():
        return page.view.grab().toImage()

    before = sight()
    QTest.mouseMove(page.timeline, middle(page, step=1))
    qtbot.waitUntil(lambda: page.view.ghost.pose is not None)
    steps = a_forecast().steps
    assert page.view.ghost.pose.joints_px == steps[1].joints_px
    assert page.view.ghost.pose.dashed
    assert page.view.ghost.words == f"Step 2 as {RUN.name} foresees it: {steps[1].said}"
    assert sight() != before
    QTest.mouseMove(page.timeline, middle(page, step=0))
    qtbot.waitUntil(lambda: page.view.ghost.words.startswith("Step 1"))
    lanes.point(None)
    assert page.view.ghost.pose is None
    assert sight() == before
    QTest.mouseMove(page.timeline, middle(page, step=1))
    qtbot.waitUntil(lambda: page.view.ghost.pose is not None)
    page.commands()["forecast-lanes"]()
    assert page.view.ghost.pose is None, "without lanes nothing is foreseen"


def test_that_keys_walk_along_a_lane_and_to_the_next(page, lanes):
    names = ("next-forecast", "next-forecast", "lane-below", "previous-forecast", "previous-forecast", "lane-above")
    seen = []
    for name in names:
        page.commands()[name]()
        seen.append(lanes.item)
    first, second = RUN.key, RUN.beside().key
    assert seen == [(first, 0), (first, 1), (second, 1), (second, 0), (second, 0), (first, 0)]


def test_that_enter_on_a_chosen_step_makes_a_draft_and_undo_takes_it_back(qtbot, page, lanes, document):
    before = document.project
    click(page, step=1)
    QTest.keyClick(page.timeline, Qt.Key.Key_Return)
    assert drafts(document) == [("cut", 175, 200, 225)]
    assert document.undo_label == "Accept cut by forecaster-08"
    (made,) = page.timeline.chosen
    track = page.timeline.scene.contents.tracks[0]
    assert track.drafts[track.places[made]]
    document.undo()
    assert document.project == before


def test_that_shift_enter_uses_the_first_step_and_all_steps_are_one_edit(qtbot, page, lanes, document):
    page.commands()["use-forecast"]()
    assert drafts(document) == [("wash", 125, 150, 175)]
    said = []
    page.foreseen.says.connect(said.append)
    page.commands()["use-whole-forecast"]()  # the edit changed what was seen: the lanes are asked anew
    assert said == ["The lanes are looking ahead: a moment"]
    document.undo()
    settle(qtbot, page)
    page.commands()["use-whole-forecast"]()
    assert [each[0] for each in drafts(document)] == ["wash", "cut", "reach"]
    assert document.undo_label == "Accept 3 steps by forecaster-08"
    document.undo()
    assert drafts(document) == []


def test_that_nothing_is_accepted_for_somebody_locked_and_it_is_said(page, lanes, document):
    said, before = [], document.project
    page.foreseen.says.connect(said.append)
    page.timeline.arrange(page.timeline.scene.arrangement.locking("person:", on=True))
    page.commands()["use-forecast"]()
    assert document.project is before
    assert "is locked: open the lock" in said[-1]
    page.timeline.arrange(page.timeline.scene.arrangement.locking("person:", on=False))
    page.commands()["use-forecast"]()
    assert drafts(document) == [("wash", 125, 150, 175)]


def test_that_a_baselines_draft_says_beside_which_run_it_stands(page, lanes, document):
    click(page, lane=1, step=0)
    page.commands()["use-forecast"]()
    (draft,) = [each for each in document.clip.segments if each.is_draft]
    assert (
        draft.made.source
        == "draft: forecast by n-gram beside forecaster-08"
        == f"draft: forecast by {source_name(RUN.beside())}"
    )


def test_that_a_step_with_a_foreign_word_is_refused_in_words_and_its_menu_adds_the_label(
    qtbot, page, lanes, document, models
):
    models.actions = ("fly", "cut")
    document.seek(101)
    settle(qtbot, page)
    said = []
    page.foreseen.says.connect(said.append)
    page.commands()["use-forecast"]()
    assert drafts(document) == []
    assert "fly" in said[-1]
    assert "right-click" in said[-1]
    menu = QMenu()
    page.foreseen.fill_menu(menu, (RUN.key, 0))
    assert menu.actions()[0].text() == "Add the label fly and use as draft"
    menu.actions()[0].trigger()
    assert drafts(document)[0][0] == "fly"
    assert document.project.label_named("fly", "action") is not None


def test_that_a_step_whose_pose_lies_after_the_clips_end_cannot_be_used_and_says_so(qtbot, page, lanes, document):
    document.seek(FRAMES - 40)
    settle(qtbot, page)
    menu = QMenu()
    page.foreseen.fill_menu(menu, (RUN.key, 0))
    assert not menu.actions()[0].isEnabled()
    assert menu.actions()[1].text() == "It lies after the clip's end"


def test_that_a_right_click_on_a_step_opens_its_menu_and_a_click_on_a_head_the_lanes(qtbot, page, lanes):
    asked = []
    lanes.menu_wanted.disconnect(page.foreseen.open_menu)
    lanes.menu_wanted.connect(lambda target, _: asked.append(target))
    scene = page.timeline.scene
    at = middle(page, 0, 2)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, page.timeline.mapToGlobal(at))
    QApplication.sendEvent(page.timeline, event)
    row = next(each for each in scene.rows() if each.kind == "forecast")
    head = QPoint(30, round(row.top + row.height / 2))
    QTest.mouseClick(page.timeline, Qt.MouseButton.LeftButton, pos=head)
    assert asked == [(RUN.key, 2), RUN.key]


# ---- drafts by hand ----


def test_that_a_correction_by_hand_and_a_confirmation_are_said_in_the_inspector(page, lanes, document):
    page.commands()["use-whole-forecast"]()
    wash, cut, _ = (each.id for each in document.clip.segments if each.is_draft)
    page.timeline.choose(frozenset({wash}))
    form = page.inspector.segment
    assert form.confirm.isVisible()
    assert form._made.text().startswith("forecaster-08, accepted by Ines K., today")
    assert page.head.missing.text().endswith("3 drafts")
    form.confirm.click()
    assert form._made.text().startswith("forecaster-08, confirmed by Ines K.")
    assert not form.confirm.isVisible()
    page.changing.move([(cut, 175, 230)], "end")
    page.timeline.choose(frozenset({cut}))
    assert form._made.text().startswith("forecaster-08, corrected by Ines K.")
    assert [name for name, *_ in drafts(document)] == ["reach"]


def test_that_next_missing_stops_at_drafts_unless_it_is_told_not_to(page, lanes, document):
    page.commands()["use-forecast"]()
    (draft,) = [each for each in document.clip.segments if each.is_draft]
    page.timeline.choose(frozenset())
    document.seek(90)  # past the stretch nobody has labelled yet
    page.commands()["next-missing"]()
    assert (page.timeline.chosen, document.playhead) == ({draft.id}, 125)
    page.foreseen._display.set_walks_to_drafts(on=False)
    assert all(segment != draft.id for _, segment in page.walks._missing())


# ---- seen and heard ----


def lanes_of(count: int, steps: int) -> tuple[Lane, ...]:
    made = []
    for run in range(count):
        found = tuple(
            LaneStep(at, LabelLook(f"action {at}", "1", theme.LABELS[at], at), 0.9 - 0.08 * at,
                     StepFrames(100 + 60 * at, 130 + 60 * at, 160 + 60 * at, 120 + 60 * at, 150 + 70 * at))
            for at in range(steps)
        )  # fmt: skip
        made.append(Lane(f"run {run}", f"forecaster-0{run}", run, 100, found))
    return tuple(made)


def a_timeline(qtbot, lanes, frames=FRAMES) -> Timeline:
    made = Timeline()
    qtbot.addWidget(made)
    made.resize(1200, 320)
    made.show_contents(TimelineContents(ClipTime(frames, RATE)))
    made.lanes.show(lanes)
    made.show()
    return made


@pytest.mark.parametrize("look", [theme.DARK, theme.LIGHT], ids=["dark", "light"])
def test_that_a_surer_step_is_painted_stronger_and_a_pale_lane_weaker(qtbot, qapp, look):
    theme.apply(qapp, look)
    sure, doubtful = (replace_step(lanes_of(1, 1)[0], confidence) for confidence in (0.95, 0.05))
    grounds = []
    for lane in (sure, doubtful):
        timeline = a_timeline(qtbot, (lane,))
        rect = timeline.scene.lane_item_rect((lane.key, 0)).toRect()
        colour = timeline.grab().toImage().pixelColor(rect.left() + 4, rect.bottom() - 3)
        grounds.append(distance(colour, QColor(lane.steps[0].label.colour)))
    assert grounds[0] < grounds[1]
    theme.apply(qapp, theme.DARK)


def test_that_a_step_without_doubt_says_no_share_and_is_neither_strong_nor_pale(qtbot):
    (lane,) = lanes_of(1, 1)
    step = dataclasses.replace(lane.steps[0], confidence=1.0, knows_doubt=False)
    timeline_accessible.install()
    timeline = a_timeline(qtbot, (dataclasses.replace(lane, steps=(step,)),))
    words = QAccessible.queryAccessibleInterface(timeline).child(0).text(QAccessible.Text.Name)
    assert words.startswith("action 0, foreseen by")
    assert 0.0 < step.strength < 1.0
    assert timeline.grab().width() > 0


def replace_step(lane: Lane, confidence: float) -> Lane:
    return dataclasses.replace(lane, steps=(dataclasses.replace(lane.steps[0], confidence=confidence),))


def distance(a: QColor, b: QColor) -> float:
    return abs(a.redF() - b.redF()) + abs(a.greenF() - b.greenF()) + abs(a.blueF() - b.blueF())


def test_that_every_step_is_an_item_that_says_what_when_and_how_sure(qtbot):
    timeline_accessible.install()
    timeline = a_timeline(qtbot, lanes_of(2, 3))
    heard = QAccessible.queryAccessibleInterface(timeline)
    words = [heard.child(at).text(QAccessible.Text.Name) for at in range(heard.childCount())]
    assert len(words) == 6
    assert words[0] == (
        "action 0 90 %, foreseen by forecaster-00 from 0:04.00 to 0:06.40, its pose at 0:05.20, "
        "80 % sure between 0:04.80 and 0:06.00, step 1 from 0:04.00"
    )
    assert all(not heard.child(at).rect().isEmpty() for at in range(6))


def test_that_lanes_survive_a_low_timeline_and_ask_for_the_height_they_need(qtbot):
    timeline = a_timeline(qtbot, lanes_of(2, 3))
    timeline.resize(1000, 150)
    kinds = [each.kind for each in timeline.scene.rows()]
    assert kinds.count("forecast") == 2
    four = a_timeline(qtbot, lanes_of(4, 3))
    assert four.scene.wished_height() > timeline.scene.wished_height()


def test_that_lanes_grow_the_timeline_once_and_leave_a_persons_own_height_alone(qtbot, page, lanes):
    page._down.setSizes([800, 150])
    had = page.timeline.height()
    page.foreseen.lanes.changed.emit()
    assert page.timeline.height() == had
