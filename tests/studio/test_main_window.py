"""The window around the pages: rail, bar, menus, keys, search, notices, photographs."""

import shutil
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QRect, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QMenu, QMenuBar, QSplitter, QToolButton

from core.configs import Forecaster
from core.errors import CoreError, FileError, ProjectError
from core.project.annotations import VideoFile
from core.project.edits import add_clip, add_label, mark_segment
from core.run_folder import RunFolder
from core.runs import Done, MakeDemo, MakeProxy, Progress, TrainForecaster
from studio import finding, theme
from studio.photograph import photograph, wait_until_settled
from studio.tour import STOPS
from studio.widgets.dialogs import BugDialog
from studio.widgets.job_card import JobCard
from studio.widgets.job_panel import JobPanel
from studio.widgets.notices import Notice, of_error
from studio.widgets.parts import Title
from studio.widgets.search_list import Entry, SearchList, best, rank


def rail_button(studio, words) -> QToolButton:
    return next(each for each in studio.window.findChildren(QToolButton) if each.text() == words)


def press(studio, key, modifier=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(studio.window, key, modifier)


def test_that_pages_needing_a_project_are_there_but_disabled_and_say_why(studio):
    assert rail_button(studio, "Projects").isEnabled()
    for words in ("Data", "Annotate", "Train", "Evaluate", "Forecast", "Generate"):
        assert not rail_button(studio, words).isEnabled()
        assert "project" in rail_button(studio, words).toolTip()


def test_that_opening_a_project_opens_its_pages_and_closing_returns_to_the_start(open_studio):
    studio = open_studio
    assert studio.window.page_name == "data"
    assert rail_button(studio, "Data").isEnabled()
    assert rail_button(studio, "Evaluate").isEnabled()
    assert "Courtyard pilot" in studio.window.windowTitle()
    studio.projects.close_project()
    assert studio.window.page_name == "projects"
    assert not rail_button(studio, "Data").isEnabled()


def test_that_the_keys_of_pages_bring_them_to_the_front(open_studio):
    press(open_studio, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert open_studio.window.page_name == "projects"
    press(open_studio, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert open_studio.window.page_name == "data"


def test_that_undo_by_key_takes_back_an_edit_and_names_it(open_studio):
    document = open_studio.document
    project, label = add_label(document.project, "reach", "action", author="Ines K.")
    document.edit(project, "Add reach")
    undo = open_studio.window.actions_table.action("undo")
    assert undo.text() == "Undo: Add reach"
    press(open_studio, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert document.project.labels == {}
    assert open_studio.window.actions_table.action("redo").text() == "Redo: Add reach"
    press(open_studio, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert label.id in document.project.labels


def test_that_every_menu_entry_does_something(open_studio):
    actions = open_studio.window.actions_table
    for menu in open_studio.window.findChild(QMenuBar).findChildren(QMenu):
        for entry in menu.actions():
            if not entry.isSeparator() and entry.menu() is None and entry.data():
                assert entry.data() in {each.name for each in actions.listed()}


def test_that_a_command_nobody_offers_is_hidden_and_its_key_free(open_studio):
    table = open_studio.window.actions_table
    table.set_page("data", {})
    assert not table.action("find-clips").isVisible()
    pressed = []
    table.set_page("data", {"find-clips": lambda: pressed.append(1)})
    press(open_studio, Qt.Key.Key_Q)
    assert pressed == [1]


def test_that_single_letters_are_typed_where_a_text_field_has_the_focus(open_studio):
    pressed = []
    open_studio.window.actions_table.set_page("data", {"find-clips": lambda: pressed.append(1)})
    field = open_studio.window.page("data").findChild(QLineEdit)
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Q)
    assert field.text() == "q"
    assert pressed == []


def test_that_space_presses_the_focused_button_instead_of_playing(open_studio):
    pressed = []
    open_studio.window.actions_table.set_page("annotate", {"play": lambda: pressed.append("play")})
    button = next(each for each in open_studio.window.findChildren(QAbstractButton) if each.text() == "Length")
    button.clicked.connect(lambda: pressed.append("button"))
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert pressed == ["button"]


def test_that_a_bad_folder_is_refused_in_words_and_the_window_stays(studio, tmp_path):
    assert not studio.projects.open(tmp_path)
    words = [each.text() for each in studio.window.notices.shown.findChildren(QLabel)]
    assert any("project" in each for each in words)
    assert studio.window.page_name == "projects"


# ---- search ---------------------------------------------------------------------------------------------------------


def entry(words: str) -> Entry:
    return Entry(words, "", "video", "", lambda: None)


def test_that_search_puts_beginnings_before_words_before_middles():
    found = best([entry("Take out clip"), entry("overlap"), entry("lap time"), entry("Save lap")], "lap")
    assert [each.words for each in found] == ["lap time", "Save lap", "overlap"]


@pytest.mark.parametrize(
    ("words", "query", "fits"),
    [
        ("clip_07.mp4", "07", True),
        ("Extract 2D poses", "ex po", True),
        ("Undo: Mark cut", "umc", True),
        ("a", "b", False),
    ],
)
def test_that_search_forgives_what_people_leave_out(words, query, fits):
    assert (rank(words, query) is not None) == fits


def test_that_a_command_can_be_found_and_carried_out_from_the_keyboard(open_studio, qtbot):
    press(open_studio, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    listed = open_studio.window.findChild(SearchList)
    assert listed.isVisible()
    field = open_studio.window.focusWidget()
    QTest.keyClicks(field, "close pro")
    assert listed.found()[0].words == "Close project"
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert not listed.isVisible()
    assert not open_studio.document.is_open


def test_that_search_finds_clips_and_labels_of_the_project(open_studio, video, qtbot):
    document = open_studio.document
    open_studio.adding.add([video])
    qtbot.waitUntil(lambda: not open_studio.adding.is_busy)
    project, _ = add_label(document.project, "pick up", "action", author="Ines K.")
    document.edit(project, "Add pick up")
    found = finding.entries(
        document, open_studio.jobs, open_studio.window.actions_table, lambda _: None, lambda _: None
    )
    assert {("clip_01.mp4", "clip"), ("pick up", "action")} <= {(each.words, each.kind) for each in found}


def test_that_search_finds_runs_and_goes_to_the_one_chosen(open_studio, qtbot):
    runs = open_studio.document.folder / "runs"
    for name in ("forecaster-01", "forecaster-02"):
        RunFolder(runs / name).write_spec(
            TrainForecaster(config=Forecaster(), project=str(runs.parent), out=str(runs / name))
        )
    qtbot.waitUntil(lambda: len(open_studio.jobs.jobs()) == 2, timeout=30_000)
    found = [each for each in open_studio._entries() if each.kind == "run"]
    assert {each.words for each in found} == {"forecaster-01", "forecaster-02"}
    next(each for each in found if each.words == "forecaster-01").choose()
    assert open_studio.window.page_name == "train"
    assert open_studio.window.page("train").table.chosen_id() == "forecaster-01"


def test_that_forecast_with_it_asks_that_run_and_not_the_newest(open_studio, qtbot, monkeypatch):
    monkeypatch.setattr(open_studio.models, "warm_up", lambda: None)
    runs = open_studio.document.folder / "runs"
    for name in ("forecaster-01", "forecaster-02"):
        folder = RunFolder(runs / name)
        folder.write_spec(TrainForecaster(config=Forecaster(), project=str(runs.parent), out=str(runs / name)))
        folder.append(Done("top-1 0.578"))
        (runs / name / "best.safetensors").write_bytes(b"weights")
    qtbot.waitUntil(lambda: len(open_studio.jobs.jobs()) == 2 and open_studio.jobs.is_settled(), timeout=30_000)
    train = open_studio.window.show_page("train")
    qtbot.waitUntil(train.is_settled)
    train.show_run("forecaster-01")
    train.chosen_run.forecast.click()
    assert open_studio.window.page_name == "forecast"
    page = open_studio.window.page("forecast")
    assert page.asking.chosen.name == "forecaster-01"

    # The words that a run is done offer the same.
    said = []
    monkeypatch.setattr(open_studio.window.notices, "show", said.append)
    open_studio.notices._ended(open_studio.jobs.job("forecaster-02"))
    open_studio.window.show_page("train")
    (notice,) = said
    assert (notice.words, notice.action) == ("top-1 0.578", "Forecast with it")
    notice.on_action()
    assert open_studio.window.page_name == "forecast"
    assert page.asking.chosen.name == "forecaster-02"


def test_that_forecast_here_leaves_annotate_for_a_forecast_from_the_playhead(open_studio, video, qtbot, monkeypatch):
    monkeypatch.setattr(open_studio.models, "warm_up", lambda: None)
    open_studio.adding.add([video])
    qtbot.waitUntil(lambda: open_studio.document.clip is not None, timeout=20_000)
    page = open_studio.window.show_page("forecast")
    page.asking.hold(on=True)
    open_studio.window.show_page("annotate")
    open_studio.document.seek(7)
    assert page.asking.at_frame != 7
    open_studio.window.actions_table.do("forecast-here")
    assert open_studio.window.page_name == "forecast"
    assert not page.asking.is_held
    assert page.asking.at_frame == 7


# ---- focus and notices ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["projects", "data", "annotate", "train", "evaluate", "forecast"])
def test_that_each_page_takes_the_focus_from_the_bar_when_it_comes_to_the_front(open_studio, video, qtbot, name):
    open_studio.adding.add([video])
    qtbot.waitUntil(lambda: not open_studio.adding.is_busy)
    window = open_studio.window
    window.show_page("annotate" if name == "data" else "data")
    crumb = next(each for each in window.findChildren(QToolButton) if each.accessibleName() == "Choose a clip")
    crumb.setFocus()
    page = window.show_page(name)
    focus = window.focusWidget()
    assert focus is page or page.isAncestorOf(focus)


@pytest.mark.parametrize("size", [(1600, 1000), (1280, 720)])
def test_that_a_notice_lies_above_the_timeline(open_studio, video, qtbot, size):
    open_studio.adding.add([video])
    qtbot.waitUntil(lambda: not open_studio.adding.is_busy)
    window = open_studio.window
    window.resize(*size)
    window.notices.show(Notice("Something is done", "Said on the page of data first.", stays_ms=60_000))
    low = window.notices.shown.geometry().bottom()
    page = window.show_page("annotate")
    qtbot.waitUntil(page.is_settled, timeout=30_000)
    card = window.notices.shown.geometry()
    top = page.timeline.mapTo(window, QPoint()).y()
    assert card.bottom() < top < low
    assert window.rect().contains(card)


def test_that_what_was_refused_is_said_before_what_only_goes_on(studio):
    notices = studio.window.notices
    notices.show(Notice("Reading 4 videos"))
    notices.show(Notice("1 video is in"))
    notices.show(of_error(ProjectError("first refused")))
    notices.show(of_error(ProjectError("second refused")))
    said = []
    while notices.shown is not None:
        said.append(notices.shown.accessibleName())
        notices._next()
    assert said == ["First refused", "Second refused", "1 video is in"]


def test_that_a_notice_of_what_is_over_goes_away(studio):
    studio.adding.moved.emit("Reading a.mp4")
    assert studio.window.notices.shown.accessibleName() == "Reading a.mp4"
    studio.adding.moved.emit("")
    assert studio.window.notices.shown is None


@pytest.mark.parametrize(
    ("error", "title", "words"),
    [
        (
            FileError(Path("project.sqlite"), "the file is damaged", hint="Restore a backup of it."),
            "project.sqlite",
            "The file is damaged. Restore a backup of it.",
        ),
        (ProjectError("no project is open", hint="Open one"), "No project is open", "Open one."),
        (ProjectError("/proc/x cannot be read: Not a directory"), "/proc/x cannot be read", "Not a directory."),
    ],
)
def test_that_an_error_reads_as_whole_sentences(error, title, words):
    notice = of_error(error)
    assert (notice.title, notice.words) == (title, words)


def test_that_an_ampersand_in_a_name_stays_one(open_studio, video, tmp_path, qtbot):
    open_studio.adding.add([Path(shutil.copy(video, tmp_path / "Tom & Jerry.mp4"))])
    qtbot.waitUntil(lambda: not open_studio.adding.is_busy)
    window = open_studio.window
    crumb = next(each for each in window.findChildren(QToolButton) if each.accessibleName() == "Choose a clip")
    assert crumb.text() == "Tom && Jerry.mp4  ▾"
    undo = window.actions_table.action("undo")
    assert (undo.text(), undo.iconText()) == ("Undo: Add Tom && Jerry.mp4", "Undo: Add Tom & Jerry.mp4")


def test_that_a_title_too_long_for_its_place_ends_in_dots(studio, tmp_path):
    name = "A name that goes on and on " * 12
    assert studio.projects.create(tmp_path / "long", name)
    title = next(each for each in studio.window.page("data").clips.findChildren(Title))
    assert title.text().endswith("…")
    assert title.toolTip() == name.strip()
    assert title.fontMetrics().horizontalAdvance(title.text()) <= title.width()


# ---- what is dropped ------------------------------------------------------------------------------------------------


def drop(studio, *paths: Path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    studio.window.dropEvent(
        QDropEvent(
            QPointF(10, 10),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )


def test_that_dropped_videos_become_clips_in_one_step_that_can_be_undone(open_studio, video, tmp_path, qtbot):
    second = tmp_path / "more"
    second.mkdir()
    (second / "clip_02.mp4").write_bytes(video.read_bytes())
    (second / "notes.txt").write_text("no video")
    drop(open_studio, video, second)
    qtbot.waitUntil(lambda: not open_studio.adding.is_busy)
    document = open_studio.document
    assert sorted(each.name for each in document.project.clips.values()) == ["clip_01.mp4", "clip_02.mp4"]
    assert document.clip is not None
    assert document.clip.video.frame_count == 30
    document.undo()
    assert document.project.clips == {}


def test_that_a_file_that_is_no_video_is_left_out_with_its_reason(open_studio, tmp_path, qtbot):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"nothing like a video" * 100)
    with qtbot.waitSignal(open_studio.adding.ended) as told:
        open_studio.adding.add([broken])
    added, refused = told.args
    assert added == 0
    assert "broken.mp4" in str(refused[0])
    assert open_studio.document.project.clips == {}


def test_that_a_dropped_project_is_opened(studio, open_studio, tmp_path):
    folder = open_studio.document.folder
    open_studio.projects.close_project()
    drop(open_studio, folder)
    assert open_studio.document.is_open
    assert open_studio.document.folder == folder


# ---- jobs -----------------------------------------------------------------------------------------------------------


def test_that_jobs_of_the_project_stand_in_the_drawer_with_how_they_ended(open_studio, qtbot):
    runs = open_studio.document.folder / "runs"
    folder = RunFolder(runs / "make-01")
    folder.write_spec(MakeDemo(folder="x", out="x"))
    for event in (Progress(3, 10), Done("4 clips made")):
        folder.append(event)
    open_studio.jobs.watch(runs)
    qtbot.waitUntil(open_studio.jobs.is_settled)
    press(open_studio, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    drawer = open_studio.window.findChild(JobPanel)
    assert drawer.isVisible()
    (card,) = [each for each in drawer.findChildren(JobCard) if each.isVisible()]
    words = {each.text() for each in card.findChildren(QLabel)}
    assert {"make-01", "done", "4 clips made"} <= words
    press(open_studio, Qt.Key.Key_Escape)
    assert not drawer.isVisible()


def test_that_a_job_on_a_film_with_a_long_name_fits_its_drawer(open_studio, qtbot):
    folder = RunFolder(open_studio.document.folder / "runs" / "copy-01")
    folder.write_spec(MakeProxy(video=f"/films/{'a very long name ' * 9}{'x' * 90}.mp4", out="/c"))
    folder.append(Done("9 frames"))
    open_studio.jobs.watch(folder.path.parent)
    qtbot.waitUntil(open_studio.jobs.is_settled)
    press(open_studio, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    (card,) = [each for each in open_studio.window.findChildren(JobCard) if each.isVisible()]
    assert card.minimumSizeHint().width() < 300


# ---- looks, words, photographs --------------------------------------------------------------------------------------


def test_that_the_theme_changes_while_the_window_is_open_and_is_kept(studio):
    studio.set_look("light")
    assert theme.now() is theme.LIGHT
    assert 'look = "light"' in studio.settings.file.read_text()
    studio.set_look("dark")
    assert theme.now() is theme.DARK


class Desktop:
    """Stands for what the desktop says of its colours, which the one of the tests does not say."""

    def __init__(self, scheme):
        self.scheme = scheme

    def styleHints(self):
        return self

    def colorScheme(self):
        return self.scheme


def test_that_at_first_the_theme_follows_the_system_while_the_window_is_open(studio, monkeypatch):
    changed = QGuiApplication.styleHints().colorSchemeChanged
    for scheme, look in ((Qt.ColorScheme.Light, theme.LIGHT), (Qt.ColorScheme.Dark, theme.DARK)):
        monkeypatch.setattr("studio.app.QGuiApplication", Desktop(scheme))
        changed.emit(scheme)
        assert theme.now() is look
    studio.set_look("dark")
    monkeypatch.setattr("studio.app.QGuiApplication", Desktop(Qt.ColorScheme.Light))
    changed.emit(Qt.ColorScheme.Light)
    assert theme.now() is theme.DARK


def test_that_every_control_of_the_shell_has_a_name_for_those_who_cannot_see_it(open_studio):
    for button in open_studio.window.findChildren(QAbstractButton):
        if button.isVisible():
            assert button.text() or button.accessibleName() or button.toolTip(), button
    for field in open_studio.window.findChildren(QLineEdit):
        assert field.accessibleName() or field.placeholderText(), field


def test_that_a_bug_is_shown_in_words_with_its_details_folded(open_studio, qtbot):
    open_studio._show_bug("Traceback: division by zero")
    dialog = open_studio.window.findChild(BugDialog)
    words = " ".join(each.text() for each in dialog.findChildren(QLabel))
    assert "safe on disk" in words
    assert "division" not in words
    dialog.close()


def test_that_what_breaks_in_another_thread_is_shown_in_the_windows_own(open_studio, qtbot, monkeypatch, capsys):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    open_studio.catch_bugs()
    thread = threading.Thread(target=lambda: 1 // 0)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: open_studio.window.findChild(BugDialog) is not None)
    open_studio.window.findChild(BugDialog).close()
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_that_a_double_click_on_a_splitter_folds_its_panel_and_gives_it_back(open_studio, video, qtbot):
    open_studio.adding.add([video])
    qtbot.waitUntil(lambda: not open_studio.adding.is_busy)
    page = open_studio.window.page("data")
    qtbot.waitUntil(page.is_settled)
    splitter = page.findChild(QSplitter)
    before = splitter.sizes()
    QTest.mouseDClick(splitter.handle(2), Qt.MouseButton.LeftButton)
    assert splitter.sizes()[2] == 0
    QTest.mouseDClick(splitter.handle(2), Qt.MouseButton.LeftButton)
    assert splitter.sizes() == before
    open_studio.window.close()
    assert open_studio.settings.panels["data/main/high"] == before


@pytest.mark.parametrize("error", [ProjectError("a.mp4: no such file", hint="Find it."), CoreError("Short")])
def test_that_an_error_a_person_can_act_on_becomes_a_notice(studio, error):
    studio.projects.refuse(error)
    words = " ".join(each.text() for each in studio.window.notices.shown.findChildren(QLabel))
    for piece in (*str(error).split(": "), error.hint):
        assert piece.lower() in words.lower()


@pytest.mark.parametrize("size", [(1600, 1000), (1280, 720)])
@pytest.mark.parametrize("percent", [100, 130])
def test_that_no_word_of_the_shell_is_cut_at_any_size(studio, open_studio, size, percent, qapp):
    open_studio.settings.text_size = percent
    open_studio._show_look()
    try:
        open_studio.window.resize(*size)
        for page in ("projects", "data", "annotate", "train", "evaluate", "forecast"):
            shown = open_studio.window.show_page(page)
            qapp.processEvents()
            assert (open_studio.window.width(), open_studio.window.height()) == size
            least = shown.minimumSizeHint()
            assert least.width() <= shown.width(), page
            assert least.height() <= shown.height(), page
            for label in open_studio.window.findChildren(QLabel):
                if label.isVisible() and label.text() and not label.wordWrap() and label.minimumWidth() > 1:
                    assert label.width() >= label.sizeHint().width() - 1, (page, label.text())
    finally:
        open_studio.settings.text_size = 100
        open_studio._show_look()


def test_that_a_photograph_waits_for_the_page_and_has_the_windows_size(open_studio, tmp_path):
    file = tmp_path / "shots" / "data.png"
    photograph(open_studio.window, open_studio.jobs, file)
    from PySide6.QtGui import QImage

    assert QImage(str(file)).size().toTuple() == (1600, 1000)


def test_that_waiting_ends_where_a_page_never_comes_to_rest(open_studio):
    open_studio.window.page("data").is_settled = lambda: False
    assert not wait_until_settled(open_studio.window, open_studio.jobs, patience_s=0.3)


# ---- the tour -------------------------------------------------------------------------------------------------------


def test_that_the_tour_is_seen_only_where_its_thing_is_and_leaves_buttons_free(open_studio, qtbot):
    tour, window = open_studio.tour, open_studio.window
    window.resize(1600, 1000)
    tour.start()
    qtbot.waitUntil(tour.coach.card.isVisible)
    under = [
        each
        for each in window.findChildren(QAbstractButton)
        if each.isVisible()
        and not tour.coach.card.isAncestorOf(each)
        and tour.coach.card.geometry().intersects(QRect(each.mapTo(window, QPoint()), each.size()))
    ]
    assert under == []
    window.show_page("data")
    assert not tour.coach.card.isVisible()
    window.show_page("annotate")
    assert tour.coach.card.isVisible()
    tour.end()
    window.show_page("data")
    window.show_page("annotate")
    assert not tour.coach.card.isVisible()


def test_that_the_tour_points_at_things_and_is_not_offered_again_once_skipped(open_studio, qtbot):
    tour = open_studio.tour
    tour.offer()
    qtbot.waitUntil(tour.coach.card.isVisible)
    window = open_studio.window
    assert window.rect().contains(tour.coach.card.geometry())
    skip = next(each for each in tour.coach.card.findChildren(QAbstractButton) if each.text() == "Skip the tour")
    skip.click()
    assert not tour.coach.card.isVisible()
    assert open_studio.settings.tour_seen
    tour.offer()
    qtbot.wait(20)
    assert not tour.coach.card.isVisible()


def test_that_the_tour_is_five_steps_takes_no_keys_and_sees_when_one_is_done(studio, qtbot, tmp_path):
    assert [each.title for each in STOPS] == [
        "Open the demo",
        "Mark one action",
        "Set its characteristic pose",
        "See what comes next",
        "Make motion",
    ]
    tour = studio.tour
    tour.offer()
    qtbot.waitUntil(tour.coach.card.isVisible)
    assert tour.at == 0
    assert not any(each.hasFocus() for each in tour.coach.card.findChildren(QAbstractButton))
    assert studio.projects.create(tmp_path / "pilot", "Courtyard pilot")
    project, clip = add_clip(
        studio.document.project,
        "clip_07",
        tmp_path / "clip_07.mp4",
        VideoFile(
            path="",
            frame_count=100,
            width=64,
            height=48,
            rate_hz=25.0,
            duration_s=4.0,
            size_bytes=1,
            fingerprint="",
        ),
        author="Ines K.",
        folder=tmp_path,
    )
    project, label = add_label(project, "reach", "action", author="Ines K.")
    assert studio.document.edit(project, "Add clip_07")
    qtbot.waitUntil(lambda: tour.at == 1)
    studio.document.choose_clip(clip.id)
    project, _ = mark_segment(studio.document.project, clip.id, label.id, 0, 40, author="Ines K.")
    assert studio.document.edit(project, "Mark reach")
    qtbot.waitUntil(lambda: tour.at == 2)
    studio.document.undo()
    qtbot.wait(300)
    assert tour.at == 2, "what is undone does not count"
    tour.coach.went_on.emit()
    assert tour.at == 3
    studio.document.seek(7)
    qtbot.waitUntil(lambda: tour.at == 4)
    tour.coach.went_on.emit()
    assert (tour.at, studio.settings.tour_seen) == (-1, True)
    assert not tour.coach.card.isVisible()


# ---- search, deepened -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("query", "first"), [("set pose", "Set characteristic pose"), ("hand speed", "Hand speed")])
def test_that_a_command_is_found_by_the_words_a_person_has_for_it(open_studio, query, first):
    open_studio.window.show_page("annotate")
    listed = open_studio._entries()
    found = best(listed, query)
    assert found[0].words == first
    assert found[0].lack == "Choose a clip first", "it is listed, and says why it cannot be done now"


def test_that_what_cannot_be_done_stays_listed_and_does_nothing(open_studio):
    open_studio.window.show_page("annotate")
    press(open_studio, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    listed = open_studio.window.findChild(SearchList)
    field = open_studio.window.focusWidget()
    QTest.keyClicks(field, "set char")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert listed.isVisible()
    assert listed.found()[0].words == "Set characteristic pose"
    QTest.keyClick(field, Qt.Key.Key_Escape)


def test_that_what_was_chosen_lately_comes_first_among_equals():
    named = [Entry(words, "Go", "right", "", lambda: None) for words in ("Play", "Places", "Plan")]
    assert [each.words for each in best(named, "pla")] == ["Play", "Plan", "Places"]
    assert [each.words for each in best(named, "pla", recent=[("Go", "Places")])] == ["Places", "Play", "Plan"]
    assert best(named, "", recent=[("Go", "Plan")])[0].words == "Plan"


def test_that_a_typed_path_opens_a_project_or_adds_a_video(open_studio, video, tmp_path, qtbot):
    (project,) = open_studio._typed(str(tmp_path / "pilot"))
    assert (project.words, project.kind) == ("Open pilot", "project")
    assert open_studio._typed(str(tmp_path / "nothing.mp4")) == []
    assert open_studio._typed("~nobody/at/all") == []
    (add,) = open_studio._typed(str(video))
    with qtbot.waitSignal(open_studio.adding.ended, timeout=20_000):
        add.choose()
    assert [each.name for each in open_studio.document.project.clips.values()] == ["clip_01.mp4"]
