"""The drawer of jobs: dozens of cards, a few made at a time, kept while their jobs are listed."""

import pytest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from core.run_folder import RunFolder
from core.runs import Done, ExtractPoses
from studio.jobs import Jobs
from studio.widgets import job_panel
from studio.widgets.job_card import JobCard

JOBS = 13


def an_ended_job(runs, number) -> None:
    folder = RunFolder(runs / f"poses-{number:02d}")
    folder.write_spec(ExtractPoses(project=str(runs.parent), out=str(folder.path)))
    folder.append(Done("All found."))


@pytest.fixture
def jobs(qtbot, qapp, tmp_path):
    for number in range(JOBS):
        an_ended_job(tmp_path / "runs", number)
    jobs = Jobs()
    jobs.watch(tmp_path / "runs")
    qtbot.waitUntil(jobs.is_settled, timeout=20_000)
    yield jobs
    jobs.watch(None)


@pytest.fixture
def drawer(qtbot, jobs):
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(400, 700)
    drawer = job_panel.JobPanel(jobs, window)
    drawer._rest.setInterval(300)  # not between two lines of a test on a slow machine
    drawer.resize(drawer.width(), 700)
    window.show()
    yield drawer
    window.close()


def cards(drawer) -> list[JobCard]:
    """From top to bottom."""
    box = drawer._list.layout()
    found = [box.itemAt(at).widget() for at in range(box.count())]
    return [each for each in found if isinstance(each, JobCard)]


def test_that_a_few_cards_are_there_at_once_and_all_of_them_in_order_soon_after(drawer, jobs, qtbot):
    assert len(cards(drawer)) == job_panel._AT_ONCE < JOBS
    qtbot.waitUntil(lambda: len(cards(drawer)) == JOBS, timeout=20_000)
    assert [card._job for card in cards(drawer)] == jobs.jobs()
    assert all(card.isVisible() for card in cards(drawer))


def test_that_a_card_stays_while_its_job_does_and_goes_with_it(drawer, jobs, qtbot, tmp_path):
    qtbot.waitUntil(lambda: len(cards(drawer)) == JOBS, timeout=20_000)
    before = cards(drawer)
    an_ended_job(tmp_path / "runs", 50)
    jobs.look_for_runs()
    qtbot.waitUntil(lambda: jobs.is_settled() and len(cards(drawer)) == JOBS + 1, timeout=20_000)
    assert set(before) < set(cards(drawer))
    assert [card._job for card in cards(drawer)] == jobs.jobs()
    assert next(card for card in cards(drawer) if card not in before)._job.name == "poses-50"

    jobs.forget(before[0]._job.name)
    qtbot.waitUntil(lambda: before[0] not in cards(drawer), timeout=20_000)
    assert [card._job for card in cards(drawer)] == jobs.jobs()


def test_that_a_drawer_closed_while_its_project_is_closed_and_opened_has_the_new_jobs(drawer, jobs, qtbot, tmp_path):
    qtbot.waitUntil(lambda: len(cards(drawer)) == JOBS, timeout=20_000)
    drawer.hide()
    jobs.watch(None)
    jobs.watch(tmp_path / "runs")
    qtbot.waitUntil(jobs.is_settled, timeout=20_000)
    drawer.show()
    qtbot.waitUntil(lambda: [card._job for card in cards(drawer)] == jobs.jobs(), timeout=20_000)


def test_that_tab_goes_through_the_cards_from_top_to_bottom_also_past_a_newer_one(drawer, jobs, qtbot, tmp_path):
    qtbot.waitUntil(lambda: len(cards(drawer)) == JOBS, timeout=20_000)
    an_ended_job(tmp_path / "runs", 50)
    jobs.look_for_runs()
    qtbot.waitUntil(lambda: len(cards(drawer)) == JOBS + 1, timeout=20_000)
    QApplication.processEvents()
    walked, here = [], cards(drawer)[0].findChildren(QAbstractButton)[0]
    first = here
    while here is not None:
        owner = next((card for card in cards(drawer) if card.isAncestorOf(here)), None)
        if owner is not None and (not walked or walked[-1] is not owner):
            walked.append(owner)
        here = here.nextInFocusChain()
        if here is first:
            break
    assert walked[: JOBS + 1] == cards(drawer)
