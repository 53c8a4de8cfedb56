"""The Forecast page: asked about the moment of the playhead, shown beside what came, held while one looks ahead.

A real trained run answers, in this process and after a turn of the event loop, so that tests see every state.
"""

from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QObject, QPoint, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QGuiApplication, QImage, QMouseEvent, QPainter, QPixmap
from PySide6.QtWidgets import QApplication

from core.bodies.skeletons import UPPER_BODY_9
from core.fit_answers import answer_fit
from core.fits import AskFit, Fitted
from core.forecasts import About, AskForecast, ForecastAnswer, Refusal
from core.geometry.cameras import project
from core.motion import Poses2d
from core.rendering.probe import gl_problem
from core.rendering.views import Orbit, to_pixels
from core.serving import Answerer
from studio import forecasters, theme
from studio.commands import BY_NAME, PAGE_OF
from studio.document import Document
from studio.jobs import Jobs
from studio.models_client import STOOD_STILL_MS, ModelsClient
from studio.pages.forecast import ForecastPage
from studio.pages.forecast_bodies import NECK
from studio.pages.forecast_cells import Sights, error_words, seen_in
from studio.pages.forecast_columns import joint_errors, score_words
from studio.pages.forecast_head import COMPARE
from studio.pages.forecast_space import with_room_for_bodies
from studio.widgets.clip_time import say_time
from studio.widgets.futures_fan import shares_of
from studio.widgets.pose_picture import Cell, DrawnPose, draw_cell
from tests.core.project_on_disk import project_on_disk, trained_run
from tests.studio.stand_ins import display


class Models(QObject):
    """Answers as the warm process does, here; `delay_ms` later."""

    answered = Signal(int, object)
    described = Signal(int, object)
    refused = Signal(int, object)
    fitted = Signal(int, object)
    compared = Signal(int, object)

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[AskForecast] = []
        self.fits: list[tuple] = []
        self.fits_bodies = False  # most tests are about joints and words
        self.delay_ms = 0
        self.refuse_with: Refusal | None = None
        self.refuse_fits_with: Refusal | None = None
        self.answer_with: ForecastAnswer | None = None
        self.knows = ("take", "cut")
        self._waiting = 0
        self._answerer = Answerer()

    @property
    def is_waiting(self) -> bool:
        return self._waiting > 0

    def warm_up(self) -> None: ...

    def forget_forecast(self) -> None: ...

    def forget_fit(self) -> None: ...

    def forget_differences(self) -> None: ...

    def differences(self, *_: object, **__: object) -> int:
        return 5000  # never answered here: the tab has tests of its own

    def fit(self, body, skeleton, poses, *, view=None, **_) -> int:
        number = 1000 + len(self.fits)
        self.fits.append(poses)
        none = self.refuse_fits_with or Fitted(number=number, poses=(None,) * len(poses))
        asked = AskFit(number=number, body=body, skeleton=skeleton, poses=poses, view=view, is_one_person=True)
        QTimer.singleShot(0, self, lambda: self.fitted.emit(number, answer_fit(asked) if self.fits_bodies else none))
        return number

    def forecast(self, project, clip_id, at_frame, of, steps=None, *, futures=0, seed=0) -> int:
        number = len(self.asked) + 1
        question = AskForecast(
            number=number,
            project=str(project),
            clip_id=clip_id,
            at_frame=at_frame,
            of=of,
            steps=steps,
            futures=futures,
            seed=seed,
        )
        self.asked.append(question)
        self._waiting += 1
        QTimer.singleShot(self.delay_ms, self, lambda: self._answer(question))
        return number

    def about(self, run) -> int:
        about = About(
            name=run, actions=self.knows, objects=(), project="", step=1, past_steps=5, future_steps=5
        )  # fmt: skip
        QTimer.singleShot(0, self, lambda: self.described.emit(99, about))
        return 99

    def close(self) -> None:
        self._answerer.close()

    def _answer(self, question) -> None:
        self._waiting -= 1
        if self.refuse_with is not None:
            self.refused.emit(question.number, self.refuse_with)
            return
        said = self._answerer.answer(question)
        answers = said.answers if self.answer_with is None else (self.answer_with,) * len(question.of)
        self.answered.emit(said.number, answers)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("projects") / "made up"
    project_on_disk(folder, film=True)
    trained_run(folder, "forecaster-01", "steps=40")
    trained_run(folder, "forecaster-02", "seed=4", "steps=40")
    return folder


@pytest.fixture
def studio(qtbot, qapp, folder, monkeypatch, tmp_path):
    monkeypatch.setattr(
        forecasters, "shipped_checkpoints", lambda _: {}
    )  # the project's own runs are what is tested here
    theme.apply(qapp, theme.DARK)
    document, jobs, models = Document("test"), Jobs(), Models()
    page = ForecastPage(document, jobs, models, display(tmp_path))
    qtbot.addWidget(page)
    page.resize(1330, 900)
    page.space.viewport.is_settled = lambda: True  # the picture in space has tests of its own
    document.open(folder)
    jobs.watch(folder / "runs")
    qtbot.waitUntil(jobs.is_settled)
    yield page, document, models
    page.close()
    page.close_page()
    jobs.watch(None)
    document.close_project()


def show_at(studio, qtbot, frame: int):
    page, document, _ = studio
    document.seek(frame)
    page.show()
    qtbot.waitUntil(page.is_settled, timeout=60_000)
    return page


def test_that_what_comes_next_from_the_playhead_is_shown_with_what_came(studio, qtbot):
    page = show_at(studio, qtbot, 82)
    moment = page._moment
    assert moment.first.at_frame == 82
    assert moment.first.seen_frames == (10, 30, 50, 70)
    cards = page.at_playhead.cards._cards
    assert len(cards) == 5
    assert [card.when for card in cards[:2]] == ["+0.8 s", "+2.8 s"]
    for card, step in zip(cards, moment.first.steps, strict=True):
        assert card.cell.action == step.action
        assert card.is_right == (step.action == step.truth_action)
    assert page.at_playhead.came.cell().action == moment.first.steps[0].truth_action
    assert page.at_playhead.came.cell().still is not None


def test_that_the_prediction_is_dashed_in_its_runs_colour_and_the_truth_solid_and_neutral(studio, qtbot):
    page = show_at(studio, qtbot, 82)
    (said,) = page.at_playhead.foreseen.cell().poses
    assert said.dashed
    assert said.colour == theme.DARK.runs[page.asking.chosen.colour_at]
    foreseen, true = page.at_playhead.came.cell().poses
    assert not true.dashed
    assert true.colour == theme.DARK.truth
    # Neck on neck: only the pose differs, and it differs by what is said.
    np.testing.assert_allclose(foreseen.joints_px[NECK], true.joints_px[NECK], atol=1e-6)
    off = np.linalg.norm(np.array(foreseen.joints_px) - np.array(true.joints_px), axis=-1)
    assert np.delete(off, NECK).mean() == pytest.approx(page._moment.first.steps[0].error_px, abs=0.05)


def test_that_a_moving_playhead_is_asked_about_once_it_stands_still_and_the_old_answer_stays_pale(studio, qtbot):
    page, document, models = studio
    show_at(studio, qtbot, 82)
    before = len(models.asked)
    models.delay_ms = 60
    for frame in range(100, 110):
        document.seek(frame)
    assert page.asking.is_pale
    assert page.at_playhead.cards._is_pale
    assert page._moment.first.at_frame == 82
    qtbot.waitUntil(page.is_settled, timeout=60_000)
    assert len(models.asked) == before + 1
    assert models.asked[-1].at_frame == 109
    assert page._moment.first.at_frame == 109
    assert not page.at_playhead.cards._is_pale


def test_that_scrubbing_draws_a_page_that_is_pale_already_no_more(studio, qtbot, monkeypatch):
    page, document, _ = studio
    show_at(studio, qtbot, 82)
    drawn = []
    monkeypatch.setattr(page.at_playhead, "show_moment", lambda *_, is_pale: drawn.append(is_pale))
    for frame in range(100, 150):
        document.seek(frame)
        assert page.clock.time.text() == say_time(frame / document.clip.video.rate_hz, 1)
    assert drawn == [True], "pale, once"


def test_that_nothing_is_asked_while_the_clip_plays_and_the_last_frame_is_once_it_stops(studio, qtbot, monkeypatch):
    page, document, models = studio
    show_at(studio, qtbot, 82)
    before = len(models.asked)
    monkeypatch.setattr(type(page.clock.player), "is_playing", property(lambda _: True))
    document.seek(100)
    qtbot.wait(5 * STOOD_STILL_MS)
    assert len(models.asked) == before
    monkeypatch.setattr(type(page.clock.player), "is_playing", property(lambda _: False))
    qtbot.waitUntil(page.is_settled, timeout=60_000)
    assert [each.at_frame for each in models.asked[before:]] == [100]


def test_that_what_was_looked_up_of_tracks_is_forgotten_with_them(studio):
    _, document, _ = studio
    tracks, clip = document.tracks(document.clip_id), document.clip
    sights = Sights()
    assert sights.at(tracks, clip, 82) == seen_in(tracks, clip, 82)
    assert sights.at(tracks, clip, 82) is sights.at(tracks, clip, 82)
    moved = replace(tracks, joints_px=np.asarray(tracks.joints_px) + 1)
    assert sights.at(moved, clip, 82) == seen_in(moved, clip, 82) != seen_in(tracks, clip, 82)
    assert sights.at(None, clip, 82) is None


def test_that_a_click_on_a_step_holds_the_moment_and_seeks_to_where_the_step_came(studio, qtbot):
    page, document, models = studio
    show_at(studio, qtbot, 82)
    asked = len(models.asked)
    place = page.at_playhead.cards.area_of(2).center().toPoint()
    qtbot.mouseClick(page.at_playhead.cards, Qt.MouseButton.LeftButton, pos=QPoint(place.x(), place.y()))
    assert document.playhead == page._moment.first.steps[2].truth_frame
    assert page.asking.is_held
    assert page.head.held.isVisible()
    assert page.clock.time.text() == "+4.8 s"
    qtbot.wait(150)
    assert len(models.asked) == asked
    assert page._moment.first.at_frame == 82
    page.head.held.click()
    qtbot.waitUntil(page.is_settled, timeout=60_000)
    assert page._moment.first.at_frame == document.playhead
    assert not page.head.held.isVisible()


def test_that_the_playhead_walks_through_the_steps_of_a_held_moment(studio, qtbot):
    page, document, _ = studio
    show_at(studio, qtbot, 82)
    page.commands()["next-step"]()
    assert page._row == 1
    document.seek(page._moment.first.steps[3].truth_frame + 2)
    assert page._row == 3
    page.commands()["previous-step"]()
    assert page._row == 2


def test_that_compared_runs_stand_beside_what_happened_and_can_be_taken_out(studio, qtbot):
    page, _, _ = studio
    show_at(studio, qtbot, 82)
    page.head.tabs.setCurrentIndex(1)
    qtbot.waitUntil(page.is_settled, timeout=60_000)
    columns = page.compared.grid._columns
    names = [column.name for column in columns]
    assert names[:3] == ["What came", "forecaster-02", "forecaster-01"]
    assert names[3].startswith("n-gram of order")
    assert len({column.colour for column in columns}) == 4
    assert [len(column.cells) for column in columns] == [5] * 4
    assert columns[1].score == score_words(page._moment.forecasts[0][1].steps)
    errors, unit = joint_errors(page._moment, 0, [0, 1])
    assert unit == "px"
    first = [each for each in errors[0].errors if each is not None]
    assert np.mean(first) == pytest.approx(page._moment.first.steps[0].error_px, abs=0.05)
    page.asking.compare(page.asking.compared[1], on=False)
    qtbot.waitUntil(page.is_settled, timeout=60_000)
    assert [column.name for column in page.compared.grid._columns][1:2] == ["forecaster-02"]
    assert len(page.compared.grid._columns) == 3


def test_that_a_click_in_the_grid_chooses_step_and_run(studio, qtbot):
    page, document, _ = studio
    show_at(studio, qtbot, 82)
    page.head.tabs.setCurrentIndex(1)
    qtbot.waitUntil(page.is_settled, timeout=60_000)
    place = page.compared.grid.area_of(1, 2).center().toPoint()
    qtbot.mouseClick(page.compared.grid, Qt.MouseButton.LeftButton, pos=QPoint(place.x(), place.y()))
    assert page._row == 1
    assert page.compared.grid._key == page.asking.compared[1].key
    assert document.playhead == page._moment.first.steps[1].truth_frame


def test_that_another_run_can_be_chosen_by_key_and_keeps_its_colour(studio, qtbot):
    page, _, _ = studio
    show_at(studio, qtbot, 82)
    colours = {known.name: known.colour for known in page.asking.known}
    assert page.asking.chosen.name == "forecaster-02"
    page.commands()["next-run"]()
    qtbot.waitUntil(page.is_settled, timeout=60_000)
    assert page.asking.chosen.name == "forecaster-01"
    assert page.head.runs.choice.currentText() == "forecaster-01"
    assert page._moment.first.model == "forecaster-01"
    assert page.at_playhead.cards._cards[0].cell.poses[0].colour == colours["forecaster-01"]


def test_that_an_edit_of_the_clip_is_taken_into_the_next_answer(studio, qtbot):
    page, document, _ = studio
    show_at(studio, qtbot, 82)
    clip = document.clip
    document.edit(document.project.with_clip(clip.without_segment(clip.segments[0].id)), "Delete")
    assert page.asking.is_pale
    qtbot.waitUntil(page.is_settled, timeout=60_000)
    assert page._moment.first.seen_frames == (30, 50, 70)
    document.undo()
    qtbot.waitUntil(page.is_settled, timeout=60_000)
    assert page._moment.first.seen_frames == (10, 30, 50, 70)


def test_that_a_moment_before_the_first_step_says_why_there_is_no_forecast(studio, qtbot):
    page = show_at(studio, qtbot, 0)
    assert page._place.currentIndex() == 1
    assert page._states.words() == "Nothing to forecast from here"
    button = next(
        each for each in page._states.findChildren(type(page.head.held)) if each.text() == "Go to the first step"
    )
    button.click()
    qtbot.waitUntil(page.is_settled, timeout=60_000)
    assert page._place.currentIndex() == 0
    assert page._moment.first.seen_frames == (10,)


def test_that_a_process_that_died_twice_is_said_with_its_details(studio, qtbot):
    page, document, models = studio
    models.refuse_with = Refusal(message="It ended twice.", hint="Choose another run.", details="Traceback")
    show_at(studio, qtbot, 82)
    assert page._states.words() == "No answer"
    models.refuse_with = None
    document.seek(90)
    qtbot.waitUntil(lambda: page.is_settled() and page._place.currentIndex() == 0)


def test_that_without_a_run_it_offers_to_train_one(studio, qtbot, monkeypatch):
    page, _, _ = studio
    monkeypatch.setattr(forecasters, "that_can_forecast", lambda jobs: [])
    page.show()
    page.asking.look_for_runs()
    assert page._states.words() == "No forecaster yet"
    with qtbot.waitSignal(page.asks) as asked:
        page._states.findChildren(type(page.head.held))[0].click()
    assert asked.args == ["page-train"]


@pytest.mark.parametrize("command", ["next-run", "previous-run", "move-run-left", "move-run-right"])
def test_that_with_nothing_compared_there_is_no_run_to_walk_to(studio, monkeypatch, command):
    page, _, _ = studio
    monkeypatch.setattr(forecasters, "that_can_forecast", lambda jobs: [])
    page.asking.look_for_runs()
    page.asking.compared = []
    page.head.tabs.setCurrentIndex(COMPARE)
    page.commands()[command]()
    assert page.asking.compared == []


def test_that_a_run_of_the_project_takes_the_place_of_the_shipped_one_unless_that_was_chosen(
    studio, qtbot, monkeypatch, folder
):
    page, _, _ = studio
    own, shipped = page.asking.known[0], forecasters.Known("kitchen", "kitchen", 5, is_shipped=True)
    for by_hand in (False, True):
        monkeypatch.setattr(forecasters, "that_can_forecast", lambda jobs: [shipped])
        page.asking.look_for_runs()
        assert page.asking.chosen == shipped
        if by_hand:
            page.asking.choose(shipped)
        monkeypatch.setattr(forecasters, "that_can_forecast", lambda jobs: [own, shipped])
        page.asking.look_for_runs()
        assert page.asking.chosen == (shipped if by_hand else own)


@pytest.mark.parametrize(("knows", "must_ask"), [(("drive", "swim", "take"), True), (("take", "cut", "wash"), False)])
def test_that_a_shipped_forecaster_of_other_actions_is_used_only_when_wanted(
    studio, qtbot, monkeypatch, folder, knows, must_ask
):
    page, document, models = studio
    models.knows = knows
    shipped = forecasters.Known("kitchen", str(folder / "runs" / "forecaster-01"), 5, is_shipped=True)
    monkeypatch.setattr(forecasters, "that_can_forecast", lambda jobs: [shipped])
    document.seek(82)
    page.show()
    qtbot.waitUntil(lambda: page.asking.shipped_knows is not None and page.is_settled())
    assert (page._states.words() == "No forecaster yet") == must_ask
    if must_ask:
        page._states.use_shipped.emit()
        qtbot.waitUntil(page.is_settled, timeout=60_000)
        assert page._place.currentIndex() == 0


def test_that_the_doubts_of_a_forecast_are_said_in_words(studio, qtbot):
    page = show_at(studio, qtbot, 82)
    assert "looks back 5 steps; 4 are marked" in page._doubts._words.text()
    assert page._doubts.isVisible()


def test_that_a_run_of_the_longest_name_leaves_the_tabs_their_room(studio, qtbot):
    page = show_at(studio, qtbot, 82)
    page.resize(1500, 900)
    before = page.head.runs.choice.width()
    known = page.asking.known
    page.asking.known = [replace(known[0], name="a run with a name that goes on and on " * 4), *known[1:]]
    page.asking.chosen = page.asking.known[0]
    page.asking.changed.emit()
    QApplication.processEvents()
    choice = page.head.runs.choice
    assert choice.width() <= max(before, theme.px(320))
    assert choice.toolTip() == page.asking.chosen.name
    assert page.head.tabs.width() >= page.head.tabs.sizeHint().width()


def test_that_a_clip_without_video_shows_poses_all_the_same(studio, qtbot):
    page, document, _ = studio
    document.choose_clip("clip-03")
    show_at(studio, qtbot, 82)
    cell = page.at_playhead.foreseen.cell()
    assert cell.still is None
    assert len(cell.poses) == 1
    tracks = document.tracks("clip-03")
    for step in page._moment.past():
        (pose,) = step.cell.poses
        np.testing.assert_allclose(pose.joints_px, tracks.joints_px[step.frame, 0], atol=1e-3)


def test_that_a_folded_page_asks_nothing(studio, qtbot):
    page, document, models = studio
    show_at(studio, qtbot, 82)
    page.hide()
    asked = len(models.asked)
    document.seek(120)
    qtbot.wait(200)
    assert len(models.asked) == asked
    page.show()
    qtbot.waitUntil(page.is_settled, timeout=60_000)
    assert models.asked[-1].at_frame == 120


def test_that_closing_the_project_leaves_an_empty_page(studio, qtbot):
    page, document, _ = studio
    show_at(studio, qtbot, 82)
    document.close_project()
    assert page._moment is None
    assert page._states.words() == "Choose a clip"


def test_that_every_command_the_page_offers_stands_in_the_table(studio):
    page, _, _ = studio
    for name in page.commands():
        where = BY_NAME[name].where
        assert where == "everywhere" or "forecast" in PAGE_OF[where]


def test_that_an_error_is_said_in_space_where_that_is_known(studio, qtbot):
    page = show_at(studio, qtbot, 82)
    step = page._moment.first.steps[0]
    assert error_words(step) == f"{step.error_px:.1f} px"
    from msgspec.structs import replace

    assert error_words(replace(step, error_mm=61.4)) == "61 mm"
    assert error_words(replace(step, error_px=None)) == ""


@pytest.mark.slow
def test_that_the_page_works_with_the_real_process(qtbot, qapp, folder, tmp_path):
    theme.apply(qapp, theme.LIGHT)
    document, jobs = Document("test"), Jobs()
    models = ModelsClient()
    page = ForecastPage(document, jobs, models, display(tmp_path))
    qtbot.addWidget(page)
    page.resize(1280, 720)
    document.open(folder)
    jobs.watch(folder / "runs")
    document.seek(82)
    page.show()
    qtbot.waitUntil(lambda: page._moment is not None and not page.asking.is_pale, timeout=60_000)
    assert all(isinstance(answer, ForecastAnswer) for answer in page.asking.question.answers.values())
    page.close()
    page.close_page()
    jobs.watch(None)
    document.close_project()


# ---- several runs, lined up ----


def compared(studio, qtbot, *, more=()):
    """In Compare, with these baselines beside the first run as well."""
    page, _, _ = studio
    show_at(studio, qtbot, 82)
    for plain in more:
        page.asking.compare(page.asking.known[0].beside(plain), on=True)
    page.head.tabs.setCurrentIndex(1)
    qtbot.waitUntil(page.is_settled, timeout=60_000)
    return page


def test_that_any_number_of_runs_is_compared_under_a_truth_that_stays_in_sight(studio, qtbot):
    page, _, models = studio
    compared(studio, qtbot, more=("repeating",))
    other = page.asking.known[1]
    for plain in ("counting", "repeating"):
        page.asking.compare(other.beside(plain), on=True)
    qtbot.waitUntil(page.is_settled, timeout=60_000)
    grid = page.compared.grid
    assert len(models.asked[-1].of) == 6
    assert len(grid.columns) == 7
    assert [each.name for each in grid.columns][4] == "last action"
    truth = grid.area_of(0, 0)
    page.commands()["next-run"]()
    for _ in range(5):
        page.commands()["previous-run"]()
    chosen = next(at for at, each in enumerate(grid.columns) if each.key == page._column)
    assert grid.area_of(0, 0) == truth, "what came is pinned"
    assert grid.area_of(0, chosen).left() >= truth.right()
    assert grid.area_of(0, chosen).right() <= grid.width() + 1


def test_that_baselines_share_a_colour_that_is_hatched_the_second_time(studio, qtbot):
    page = compared(studio, qtbot, more=("repeating",))
    columns = {each.name: each for each in page.compared.grid.columns}
    counting = next(each for name, each in columns.items() if name.startswith("n-gram"))
    assert columns["last action"].colour == counting.colour
    assert (counting.round, columns["last action"].round) == (0, 1)
    head = page.compared.grid.area_of(0, 4)
    assert "hatched" in page.compared.grid.words_at(QPointF(head.center().x(), 8))


def test_that_rows_are_lined_up_by_the_key_a_and_cells_measured_in_their_rows(studio, qtbot):
    page = compared(studio, qtbot)
    assert page._moment.lined.by == "step"
    page.commands()["line-up"]()
    assert (page.head.by, page._moment.lined.by) == ("action", "action")
    moment = page._moment
    for column, cells in enumerate(moment.lined.cells):
        shown = page.compared.grid.columns[column + 1]
        for row, at in enumerate(cells):
            if at is None:
                assert shown.cells[row].empty == "Not foreseen"
            else:
                assert shown.cells[row].action == moment.lined.rows[row].truth.truth_action
                assert shown.cells[row].is_right
        left = moment.lined.left_over[column]
        assert shown.foot.count(",") == max(len(left) - 1, 0)
        assert bool(shown.foot) == bool(left)
    page.commands()["line-up"]()
    assert page._moment.lined.by == "time"
    seconds = [row.seconds for row in page._moment.lined.rows]
    for column, (_, forecast) in enumerate(page._moment.forecasts):
        for row, at in enumerate(page._moment.lined.cells[column]):
            off = [abs(step.time.pose_s - seconds[row]) for step in forecast.steps]
            assert off[at] == min(off)
            assert f"{forecast.steps[at].time.pose_s:+.1f} s" in page.compared.grid.columns[column + 1].cells[row].foot


def test_that_a_head_dragged_aside_puts_its_run_at_another_place_and_keys_do_too(studio, qtbot):
    page = compared(studio, qtbot)
    grid = page.compared.grid
    before = [each.key for each in page.asking.compared]
    start = QPoint(round(grid.area_of(0, 1).center().x()), 12)
    end = QPoint(round(grid.area_of(0, 3).right()) - 2, 12)
    qtbot.mousePress(grid, Qt.MouseButton.LeftButton, pos=start)
    move = QMouseEvent(
        QMouseEvent.Type.MouseMove, QPointF(end), QPointF(grid.mapToGlobal(end)), Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    grid.mouseMoveEvent(move)
    qtbot.mouseRelease(grid, Qt.MouseButton.LeftButton, pos=end)
    assert [each.key for each in page.asking.compared] == [before[1], before[2], before[0]]
    assert [each.key for each in grid.columns[1:]] == [before[1], before[2], before[0]]
    page._choose_step(0, before[0])
    page.commands()["move-run-left"]()
    assert [each.key for each in page.asking.compared] == [before[1], before[0], before[2]]
    assert page._column == before[0]


def test_that_a_clock_over_the_future_lights_what_each_run_expects_now(studio, qtbot):
    page, document, _ = studio
    compared(studio, qtbot)
    first, end = page.clock._future
    moment = page._moment
    assert first == 82
    came = [row.truth.truth_frame for row in moment.lined.rows]
    assert came[-1] < end <= came[-1] + 2 * moment.clip.video.rate_hz
    page.commands()["play"]()
    assert page.asking.is_held
    assert page.clock.player.is_playing
    frame = came[2] + 3
    document.seek(frame)
    ahead_s = moment.time.seconds(frame) - moment.time.seconds(82)
    for column, (_, forecast) in enumerate(moment.forecasts):
        off = [abs(step.time.pose_s - ahead_s) for step in forecast.steps]
        assert page.compared.grid.columns[column + 1].lit == (off.index(min(off)),)
    assert page._row == 2
    page.commands()["play"]()
    page._choose_step(1)
    assert all(each.lit == () for each in page.compared.grid.columns), "a click is about a row, not about a time"


def test_that_errors_over_time_are_those_of_the_tracks_and_a_click_seeks(studio, qtbot):
    page, document, _ = studio
    compared(studio, qtbot)
    strips = page.compared.panel.strips
    runs = strips._strips.runs
    assert [run.key for run in runs] == [known.key for known, _ in page._moment.forecasts]
    assert all(run.errors.shape[0] == 8 for run in runs)
    boundary = strips._strips.boundaries[1]
    place = QPoint(round(strips.x_of(boundary.seconds)), round(strips.area_of(0).center().y()))
    qtbot.mouseClick(strips, Qt.MouseButton.LeftButton, pos=place)
    assert page.asking.is_held
    assert abs(document.playhead - page._moment.lined.rows[1].truth.truth_frame) <= 1
    assert "of the torso" in strips.words_at(place) or "not seen" in strips.words_at(place)
    assert strips._now_s == pytest.approx(boundary.seconds, abs=0.06)


def test_that_without_the_frame_people_stand_on_plain_ground(studio, qtbot):
    page = compared(studio, qtbot)
    assert page.compared.grid.columns[1].cells[0].still is not None
    page.head.where.choices.button(1).click()
    qtbot.waitUntil(page.is_settled, timeout=60_000)
    cells = [cell for column in page.compared.grid.columns for cell in column.cells]
    assert all(cell.still is None and cell.poses for cell in cells)
    page.head.tabs.setCurrentIndex(0)
    qtbot.waitUntil(page.is_settled, timeout=60_000)
    assert page.at_playhead.foreseen.cell().still is not None


def test_that_dumbbells_are_about_the_chosen_run_and_the_one_chosen_before(studio, qtbot):
    page = compared(studio, qtbot)
    keys = [each.key for each in page.asking.compared]
    page._choose_step(0, keys[2])
    page._choose_step(0, keys[1])
    shown = [each.colour for each in page._joints._joints._runs]
    assert shown == [page.asking.compared[1].colour, page.asking.compared[2].colour]
    assert len(page.space._people) == 2


def test_that_several_futures_are_asked_for_and_fan_out_by_their_shares(studio, qtbot):
    page, _, models = studio
    show_at(studio, qtbot, 82)
    assert page.at_playhead.fan.isHidden()
    page.head.futures.choices.button(1).click()
    qtbot.waitUntil(page.is_settled, timeout=60_000)
    assert models.asked[-1].futures == 4
    assert len(page._moment.first.futures) == 4
    assert not page.at_playhead.fan.isHidden()
    shares = shares_of(page._moment.futures(), 0)
    assert sum(share for _, share, _ in shares) == pytest.approx(1)
    said = [each.steps[0].action for each in page._moment.first.futures]
    assert all(share == said.count(name) / 4 for name, share, _ in shares if name != "…")
    (standing,) = page.space.viewport.standing()
    assert page.bodies.shows != "joints" or len(standing.ghosts) >= 4


def test_that_a_step_is_used_as_a_draft_and_undone_in_one_step(studio, qtbot):
    page, document, _ = studio
    show_at(studio, qtbot, 82)
    before = document.clip
    step = page._moment.first.steps[0]
    assert f"Makes a draft of {step.action}" in page._draft._words.text()
    with qtbot.waitSignal(page.accepting.accepted, timeout=20_000) as made:
        page.commands()["use-draft"]()
    (key,) = made.args[0]
    segment = next(each for each in document.clip.segments if each.id == key)
    assert segment.is_draft
    assert document.clip.pose_of(key) is not None
    document.undo()
    assert document.clip.segments == before.segments


def test_that_no_step_is_used_for_somebody_who_is_locked_in_annotate_and_it_is_said(studio, qtbot):
    page, document, _ = studio
    show_at(studio, qtbot, 82)
    before, people = document.project, ("", *(each.id for each in document.clip.actors))
    page._display.keep_rows({"locked": [f"{document.clip_id}/person:{each}" for each in people]})
    with qtbot.waitSignal(page.accepting.says, timeout=20_000) as said:
        page.commands()["use-draft"]()
    assert f"is locked in {document.clip.name}" in said.args[0]
    assert document.project is before


def test_that_a_draft_is_made_though_its_clip_was_left_before_its_frame_was_known(studio, qtbot):
    page, document, _ = studio
    show_at(studio, qtbot, 82)
    clip = document.clip
    with qtbot.waitSignal(page.accepting.accepted, timeout=20_000) as made:
        page.commands()["use-draft"]()
        assert document.clip is clip, "nothing was waited for: the test shows nothing"
        document.choose_clip("")
    (key,) = made.args[0]
    assert document.project.clips[clip.id].pose_of(key) is not None
    document.undo()


def test_that_what_compare_shows_can_be_exported_under_the_names_and_colours_on_screen(studio, qtbot):
    page = compared(studio, qtbot, more=("repeating",))
    offer = page.comparison()
    assert [each.name for each in offer.comparison.compared] == [each.name for each in page.compared.grid.columns[1:]]
    assert (offer.comparison.clip_id, offer.comparison.at_frame) == (page._moment.clip.id, 82)
    assert offer.comparison.compared[0].colour == theme.DARK.runs[page.asking.compared[0].colour_at].lower()
    words = offer.comparison.command.split()
    assert words[:2] == ["posecast", "compare"]
    assert {"counting", "repeating", "--clip", "--at"} <= set(words)
    page.commands()["copy-command"]()
    assert QGuiApplication.clipboard().text() == offer.comparison.command
    page.head.tabs.setCurrentIndex(0)
    assert page.comparison() is None


def test_that_a_moment_of_the_list_of_differences_is_held_in_compare(studio, qtbot):
    page, document, _ = studio
    show_at(studio, qtbot, 82)
    page.head.tabs.setCurrentIndex(2)
    assert page._right.isHidden()
    page.differ.sought.emit(document.clip_id, 120)
    assert (page.head.tab, document.playhead, page.asking.is_held) == (1, 120, True)
    qtbot.waitUntil(page.is_settled, timeout=60_000)
    assert page._moment.first.at_frame == 120


def test_that_a_run_of_other_actions_is_said_with_what_to_do(studio, qtbot):
    page, document, models = studio
    show_at(studio, qtbot, 82)
    words = "This run knows none of the project's actions. It knows walk; the project has take."
    models.answer_with = ForecastAnswer(refusal=Refusal(message=words, hint="Choose another run."))
    document.seek(90)
    qtbot.waitUntil(lambda: page.is_settled() and page._place.currentIndex() == 1)
    assert page._states.words() == "This run knows other actions"
    buttons = [each.text() for each in page._states.findChildren(type(page.head.held))]
    assert buttons[:2] == ["Map labels", "Choose another run"]


def test_that_every_cell_is_an_item_that_says_what_stands_in_it(studio, qtbot):
    page = compared(studio, qtbot)
    grid = page.compared.grid
    assert grid.item_count() == 5 * len(grid.columns)
    cell = grid.columns[1].cells[0]
    words = grid.item_words(1)
    assert words.startswith(f"{grid.columns[1].name}, step 1 +0.8 s: {cell.action}, {cell.beside}")
    assert ("it came" in words) == cell.is_right
    assert grid.item_rect(1) == grid.area_of(0, 1)
    assert [at for at in range(grid.item_count()) if grid.is_item_chosen(at)] == [1]


@pytest.mark.parametrize("size", [(1216, 620), (1330, 900)])
@pytest.mark.parametrize("scale", [1.0, 1.3])
def test_that_nothing_of_compare_is_squeezed_below_what_it_needs(studio, qtbot, monkeypatch, size, scale):
    monkeypatch.setattr(theme, "_scale", scale)
    page = compared(studio, qtbot)
    page.resize(*size)
    qtbot.wait(80)
    panels = [each for each in (page.space, page._joints, page._draft, page._doubts) if each.isVisible()]
    for above, below in pairwise(panels):
        assert above.geometry().bottom() < below.geometry().top()
    assert all(each.height() >= each.minimumSizeHint().height() for each in panels)
    assert page.head.sizeHint().width() <= size[0]


# ---- bodies ----


def test_that_a_body_can_be_moved_through_what_is_shown(studio, qtbot):
    page = studio[0]
    wanted, said = [], []
    page.motion_wanted.connect(wanted.append)
    page.says.connect(said.append)
    page.commands()["move-forecast"]()
    assert (wanted, said) == ([], ["Nothing is forecast here that a body could move through."])
    show_at(studio, qtbot, 82)
    qtbot.mouseClick(page._step_panel.through, Qt.MouseButton.LeftButton)
    assert wanted == [page._moment.first]
    page.commands()["move-forecast"]()
    assert wanted == [page._moment.first] * 2


@pytest.fixture
def with_bodies(studio):
    problem = gl_problem()
    if problem is not None:
        pytest.skip(problem)
    page, _, models = studio
    models.fits_bodies = True
    page.compared.space.viewport.is_settled = lambda: True
    return studio


def test_that_a_forecast_stands_in_space_as_a_body_in_its_runs_colour(with_bodies, qtbot):
    page = show_at(with_bodies, qtbot, 82)
    ((standing),) = page.space.viewport.standing()
    assert [each.colour for each in standing.bodies] == [page._moment.forecasts[0][0].colour]
    assert "legs are guessed" in page.space.viewport.caption()
    cell = page.at_playhead.foreseen.cell()
    assert len(cell.bodies) == 1
    neck = page._moment.first.steps[0].joints_px[NECK]
    assert cell.bodies[0].cut.area.contains(*neck)
    assert "size estimated" in cell.note


def test_that_d_goes_from_both_to_joints_to_the_body_and_back(with_bodies, qtbot):
    page = show_at(with_bodies, qtbot, 82)
    assert page.bodies.shows == "both"
    page.commands()["shown-parts"]()
    qtbot.waitUntil(page.is_settled, timeout=60_000)
    assert (page.at_playhead.foreseen.cell().bodies, page.at_playhead.foreseen.cell().with_poses) == ((), True)
    assert page.space.viewport.standing()[0].bodies == ()
    page.commands()["shown-parts"]()
    qtbot.waitUntil(page.is_settled, timeout=60_000)
    assert len(page.at_playhead.foreseen.cell().bodies) == 1
    assert not page.at_playhead.foreseen.cell().with_poses
    assert page.space.viewport.standing()[0].skeletons == ()
    assert page.checked()["shown-body"]


def test_that_the_chosen_steps_body_is_asked_for_first(with_bodies, qtbot):
    page = show_at(with_bodies, qtbot, 82)
    _, _, models = with_bodies
    chosen = page._moment.first.steps[0].joints_m
    assert models.fits[0][0].joints == tuple(tuple(map(float, joint)) for joint in chosen)


def test_that_steps_before_are_ghosts_and_the_hands_leave_trails(with_bodies, qtbot):
    page = show_at(with_bodies, qtbot, 82)
    page.commands()["next-step"]()
    page.commands()["next-step"]()
    qtbot.waitUntil(page.is_settled, timeout=60_000)
    (standing,) = page.space.viewport.standing()
    assert [round(each.opacity, 2) for each in standing.ghosts if not hasattr(each, "joints_m")] == [0.22, 0.12]
    assert all(each.dashed for each in standing.ghosts if hasattr(each, "joints_m"))
    assert len(standing.trails) == 2
    assert all(len(trail.points_m) == 3 for trail in standing.trails)
    page.commands()["space-ghosts"]()
    assert not page.checked()["space-ghosts"]
    assert not page.space.viewport.looks.ghosts


def test_that_runs_are_compared_in_space_side_by_side(with_bodies, qtbot):
    page = show_at(with_bodies, qtbot, 82)
    page.head.tabs.setCurrentIndex(1)
    page.head.where.choices.button(2).click()
    qtbot.waitUntil(page.is_settled, timeout=60_000)
    runs = len(page._moment.forecasts)
    assert len(page.compared.space.viewport.standing()) == runs
    assert all(len(each.bodies) == 1 for each in page.compared.space.viewport.standing())
    colours = [each.bodies[0].colour for each in page.compared.space.viewport.standing()]
    assert len(set(colours)) == runs
    assert page.space.isHidden()
    page.compared.space.link.click()
    assert not page.compared.space.viewport.linked


def test_that_bodies_beside_the_picture_stand_in_a_half_of_their_own(with_bodies, qtbot):
    page = show_at(with_bodies, qtbot, 82)
    page._display.set_beside(on=True)
    qtbot.waitUntil(page.is_settled, timeout=60_000)
    assert page.at_playhead.foreseen.cell().is_split
    assert not any(card.cell.is_split for card in page.at_playhead.cards._cards)


def test_that_what_stands_in_space_can_be_taken_out(with_bodies, qtbot):
    page, _, _ = with_bodies
    assert page.shown().shot is None
    page = show_at(with_bodies, qtbot, 82)
    shot = page.shown().shot
    assert shot is not None
    assert len(shot.scene) == page._moment.rows()
    assert [each.colour for each in shot.scene.bodies] == [page._moment.forecasts[0][0].colour]
    assert page._moment.clip.name in page.shown().name
    assert all(each.there is None for each in shot.scene.bodies), "a film has everybody at every step"
    assert shot.scene.is_floor_under_feet
    assert all(each.opacity < 1 and not each.is_ghost for each in shot.scene.bodies), "joints show through, as seen"


def test_that_what_the_clips_camera_sees_can_be_taken_out_over_the_last_seen_frame(with_bodies, qtbot):
    page = show_at(with_bodies, qtbot, 82)
    assert page.shown().shot.footage is None, "people set apart stand nowhere in the picture"
    page.space.look("camera")
    footage = page.shown().shot.footage
    assert set(footage.frames) == {page._moment.last_seen_frame}
    assert len(page.shown().shot.scene.skeletons) == len(page._moment.forecasts), "what came stood in another frame"
    neck_px = project(np.zeros((1, 3)), footage.camera)[0]  # bodies live with the neck at the origin
    np.testing.assert_allclose(neck_px, page._moment.first.steps[0].joints_px[NECK], atol=1.0)


def test_that_turning_away_from_the_clips_camera_shows_everybody_side_by_side(with_bodies, qtbot):
    page = show_at(with_bodies, qtbot, 82)
    page.space.look("camera")
    page.space.viewport.set_perspective(on=False)
    assert isinstance(page.space.viewport.view(), Orbit)
    assert page.space.is_apart
    points = with_room_for_bodies(page._moment.all_joints_m(), len(page.space._people))
    wide, high = page.space.viewport.width(), page.space.viewport.height()
    pixels, _ = to_pixels(page.space.viewport.view(), points, wide, high)
    assert (pixels >= 0).all()
    assert (pixels < [wide, high]).all()


def test_that_why_there_are_no_bodies_is_said_in_space(with_bodies, qtbot):
    _, _, models = with_bodies
    models.fits_bodies = False
    models.refuse_fits_with = Refusal(message="The mesh of this body is not formed like a person.")
    page = show_at(with_bodies, qtbot, 82)
    qtbot.waitUntil(page.is_settled, timeout=60_000)
    assert "no bodies: The mesh of this body" in page.space.viewport.caption()


def test_that_the_space_menu_offers_what_keys_do(with_bodies, qtbot):
    page = show_at(with_bodies, qtbot, 82)
    menu = page.space_menu()
    words = [action.text().partition("\t")[0] for action in menu.actions() if action.text()]
    assert {"Front", "Side", "Top", "Ghosts", "Trails", "Ground", "Follow", "Perspective", "Both"} <= set(words)
    ghosts = next(action for action in menu.actions() if action.text().startswith("Ghosts"))
    assert ghosts.isChecked()
    ghosts.trigger()
    assert not page.space.viewport.looks.ghosts


def test_that_joints_that_are_no_numbers_are_not_seen_and_a_picture_round_them_is_the_whole_frame(qapp):
    joints = np.full((3, 1, 9, 2), 50.0, np.float32)
    joints[1, 0, 4] = np.nan
    joints[2] = np.nan
    tracks = Poses2d(UPPER_BODY_9, joints, np.ones((3, 1, 9), np.float32))
    clip = SimpleNamespace(actors=(), poses=())
    assert [sum(seen_in(tracks, clip, frame)[1]) for frame in range(3)] == [9, 8, 0]

    still = QPixmap(640, 360)
    still.fill(Qt.GlobalColor.red)
    nowhere = QRectF(float("nan"), float("nan"), float("nan"), float("nan"))
    pose = DrawnPose([(float("nan"), float("nan"))] * 9, "#ffffff")
    cell = Cell(still=still, video=(640, 360), crop=nowhere, poses=(pose,))
    assert cell.crop_in(16 / 9) == QRectF(0, 0, 640, 360)
    image = QImage(320, 180, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.black)
    painter = QPainter(image)
    draw_cell(painter, QRectF(0, 0, 320, 180), cell, theme.DARK)
    painter.end()
    assert image.pixelColor(160, 90) == QColor(Qt.GlobalColor.red)
