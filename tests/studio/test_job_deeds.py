"""What is done with jobs from the window: brought forward, gone on with, told at their end; also a thousand of them."""

import time

import pytest
from PySide6.QtWidgets import QAbstractButton, QLabel

from core import configs, line
from core.lanes import Lane
from core.run_about import about
from core.run_folder import RunFolder
from core.runs import Done, Failed, Metric, Progress, Stopped, TrainForecaster
from studio.job_deeds import undivided, with_smaller_steps
from studio.job_line import Before, Turn
from studio.jobs import Jobs
from studio.pages.training_next import NextInLine, in_line
from studio.widgets.job_card import JobCard
from studio.widgets.job_panel import JobPanel

LANE = Lane("training", "processor")


@pytest.fixture
def asked(monkeypatch):
    """What was asked for, instead of being carried out."""
    asked = []

    def ask(folder, spec, **_):
        folder.write_spec(spec)
        asked.append((folder, spec))

    monkeypatch.setattr(line, "ask", ask)
    return asked


def a_training(path, *events, preset="forecaster/smoke", waits=False) -> RunFolder:
    folder = RunFolder(path)
    spec = TrainForecaster(project=str(path.parent), out=str(path), config=configs.preset(preset), preset=preset)
    folder.write_spec(spec)
    for event in events:
        folder.append(event)
    if waits:
        (path / "ticket.json").write_text("{}")
    return folder


def settled(studio, qtbot):
    studio.jobs.watch(studio.document.folder / "runs")
    qtbot.waitUntil(studio.jobs.is_settled, timeout=20_000)


def words_in(widget) -> str:
    return " ".join(each.text() for each in widget.findChildren(QLabel))


def test_that_a_smaller_step_halves_every_learning_rate_and_nothing_else():
    for preset in ("forecaster/recommended", "posegpt/smoke"):
        before = configs.knobs(configs.preset(preset))
        after = configs.knobs(with_smaller_steps(configs.preset(preset)))
        rates = {name for name in before if name.endswith("learning_rate")}
        assert rates
        assert {name: after[name] for name in rates} == {name: before[name] / 2 for name in rates}
        assert {name for name in before if before[name] != after[name]} <= rates


def test_that_a_whole_batch_again_changes_nothing_but_the_number_of_its_parts():
    for preset in ("forecaster/recommended", "posegpt/smoke"):
        before, after = configs.knobs(configs.preset(preset)), configs.knobs(undivided(configs.preset(preset)))
        assert {name for name in before if before[name] != after[name]} <= {
            name for name in before if name.endswith(".parts")
        }


def test_that_a_smaller_step_is_a_run_of_its_own_from_the_last_good_checkpoint(open_studio, qtbot, asked):
    runs = open_studio.document.folder / "runs"
    failed = Failed("loss is not a number at step 60.", reason="not-a-number")
    old = a_training(runs / "forecaster-01", Metric(50, "validation/top1", 0.5), failed)
    (old.path / "last.safetensors").write_bytes(b"weights")
    settled(open_studio, qtbot)
    open_studio.deeds.do(open_studio.jobs.job("forecaster-01"), "smaller-step")
    ((folder, spec),) = asked
    assert folder.path.name == "forecaster-02"
    assert spec.begin_at == str((old.path / "last.safetensors").resolve())
    assert spec.config == with_smaller_steps(old.spec().config)
    assert about(folder.path).parent == "forecaster-01"
    assert about(folder.path).note == "From forecaster-01 at step 50, with half its learning rate."


def test_that_undo_of_a_division_goes_on_once_the_run_has_stopped(open_studio, qtbot, asked, monkeypatch):
    runs = open_studio.document.folder / "runs"
    a_training(runs / "forecaster-01", Progress(5, 10), waits=True)
    settled(open_studio, qtbot)
    job = open_studio.jobs.job("forecaster-01")
    told = []
    monkeypatch.setattr(line, "stop", told.append)
    open_studio.deeds.do(job, "undivide")
    assert asked == []
    (runs / "forecaster-01" / "ticket.json").unlink()
    job.folder.append(Stopped())
    qtbot.waitUntil(lambda: len(asked) == 1, timeout=20_000)
    assert [each.path for each in told] == [job.folder.path]
    assert asked[0][1].config == undivided(configs.preset("forecaster/smoke"))


def test_that_a_refused_order_is_told_in_words(open_studio, qtbot):
    a_training(open_studio.document.folder / "runs" / "forecaster-01", waits=True)
    settled(open_studio, qtbot)
    open_studio.deeds.do(open_studio.jobs.job("forecaster-01"), "resume")
    assert "already under way" in open_studio.window.notices.shown.accessibleName()


def test_that_each_state_of_a_run_offers_what_can_be_done_in_it_by_button_and_by_key(open_studio, qtbot):
    runs = open_studio.document.folder / "runs"
    a_training(runs / "forecaster-01", Progress(5, 10), Stopped())
    settled(open_studio, qtbot)
    page = open_studio.window.show_page("train")
    qtbot.waitUntil(page.is_settled, timeout=20_000)
    chosen, job = page.chosen_run, open_studio.jobs.job("forecaster-01")
    buttons = {
        "stop": chosen.stop, "pause": chosen.pause, "go-on": chosen.go_on, "earlier": chosen.earlier,
        "take-out": chosen.take_out, "resume": chosen.resume,
    }  # fmt: skip
    offered = {
        "running": {"stop", "pause"},
        "pausing": {"stop"},
        "paused": {"stop", "go-on"},
        "stopping": set(),
        "waiting": {"take-out"},  # nobody is before it
        "stopped": {"resume"},
        "done": set(),
    }
    by_key = {
        "stop-training": "stop",
        "pause-training": "pause",
        "resume-training": "resume",
        "take-out-run": "take-out",
    }
    wanted = []
    page.deed_wanted.disconnect(open_studio.deeds.do)
    page.deed_wanted.connect(lambda _, deed: wanted.append(deed))
    for state, deeds in offered.items():
        job.state = state
        chosen.show_job(job, "text3")
        assert {name for name, each in buttons.items() if not each.isHidden() and each.isEnabled()} == deeds, state
        for command, deed in by_key.items():
            wanted.clear()
            page.commands()[command]()
            usual = {"stop-training": {"take-out"}, "pause-training": {"go-on"}}.get(command, set()) & deeds
            assert wanted == ([deed] if deed in deeds else sorted(usual)), (state, command)
    job.state = "stopped"


# ---- the line -------------------------------------------------------------------------------------------------------


@pytest.fixture
def three_wait(qtbot, tmp_path, monkeypatch):
    """Three runs of a project that wait, the third asked for first; what is under way is another project's."""
    monkeypatch.setattr(line, "waiting", list)
    jobs = Jobs()
    for name in ("forecaster-01", "forecaster-02", "forecaster-03"):
        a_training(tmp_path / "runs" / name, waits=True)
    jobs.watch(tmp_path / "runs")
    qtbot.waitUntil(jobs.is_settled, timeout=20_000)
    before = (Before("forecaster-09", "Kitchen"),)
    turns = {}
    for number, name in enumerate(("forecaster-03", "forecaster-01", "forecaster-02"), start=1):
        turns[jobs.job(name).folder.path.resolve()] = Turn(number, LANE, 0, before)
    monkeypatch.setattr(jobs.line, "_turns", turns)
    monkeypatch.setattr(jobs.line, "_take", lambda *_: None)
    yield jobs
    jobs.watch(None)


def test_that_the_line_is_shown_in_order_with_whose_project_it_waits_for(three_wait, qtbot):
    panel = NextInLine(three_wait)
    qtbot.addWidget(panel)
    panel.show()
    assert [job.name for job, _ in in_line(three_wait)] == ["forecaster-03", "forecaster-01", "forecaster-02"]
    assert words_in(panel).count("waits for the processor, after forecaster-09 of Kitchen") == 3
    buttons = {each.accessibleName(): each for each in panel.findChildren(QAbstractButton)}
    assert "Earlier: forecaster-03" not in buttons
    with qtbot.waitSignal(panel.deed_wanted) as told:
        buttons["Earlier: forecaster-02"].click()
    assert told.args == [three_wait.job("forecaster-02"), "earlier"]


def test_that_the_drawer_has_what_waits_in_the_order_of_the_line(three_wait, qtbot, monkeypatch):
    from PySide6.QtWidgets import QWidget

    window = QWidget()
    qtbot.addWidget(window)
    drawer = JobPanel(three_wait, window)
    window.show()
    cards = [card.accessibleName() for card in drawer.findChildren(JobCard)]
    assert cards == ["forecaster-03", "forecaster-01", "forecaster-02"]
    first, *_, last = drawer.findChildren(JobCard)
    assert not first.button("earlier").isEnabled()
    given = []
    monkeypatch.setattr(line, "set_priority", lambda folder, priority: given.append((folder.path.name, priority)))
    menu = last.priorities()
    assert [(each.text(), each.isChecked()) for each in menu.actions()] == [
        ("Before others", False),
        ("In turn", True),
        ("After others", False),
    ]
    menu.actions()[0].trigger()
    qtbot.waitUntil(lambda: given == [("forecaster-02", line.HIGH)], timeout=20_000)
    with qtbot.waitSignal(drawer.deed_wanted) as told:
        last.button("take-out").click()
    assert told.args == [three_wait.job("forecaster-02"), "take-out"]
    window.close()


# ---- at the end -----------------------------------------------------------------------------------------------------


def notice(studio) -> str:
    shown = studio.window.notices.shown
    return shown.accessibleName() if shown is not None else ""


def test_that_what_ended_while_no_window_was_open_is_told_once(open_studio, qtbot):
    folder = open_studio.document.folder
    a_training(folder / "runs" / "forecaster-01", Metric(50, "validation/top1", 0.578), Done("150 steps"))
    (folder / "runs" / "forecaster-01" / "best.safetensors").write_bytes(b"weights")
    for expected in ("forecaster-01 is done: top-1 0.578", ""):
        open_studio.settings.heard.setdefault(str(folder.resolve()), time.time() - 60)
        open_studio.window.notices._next()
        open_studio.projects.close_project()
        assert open_studio.projects.open(folder)
        qtbot.waitUntil(lambda: open_studio.notices._until is None, timeout=20_000)
        assert notice(open_studio) == expected


def test_that_runs_of_a_project_opened_for_the_first_time_are_no_news(open_studio, qtbot):
    folder = open_studio.document.folder
    a_training(folder / "runs" / "forecaster-01", Done("150 steps"))
    open_studio.settings.heard.clear()
    open_studio.projects.close_project()
    assert open_studio.projects.open(folder)
    qtbot.waitUntil(lambda: open_studio.notices._until is None, timeout=20_000)
    assert notice(open_studio) == ""


def test_that_several_that_ended_meanwhile_are_told_together_and_what_failed_stays_in_the_bar(open_studio, qtbot):
    folder = open_studio.document.folder
    a_training(folder / "runs" / "forecaster-01", Done("150 steps"))
    a_training(folder / "runs" / "forecaster-02", Failed("No room", reason="disk-full"))
    open_studio.settings.heard[str(folder.resolve())] = time.time() - 60
    open_studio.projects.close_project()
    assert open_studio.projects.open(folder)
    qtbot.waitUntil(lambda: notice(open_studio) != "", timeout=20_000)
    assert notice(open_studio) == "2 jobs ended while this project was closed"
    words = words_in(open_studio.window.notices.shown)
    assert "Went wrong: forecaster-02." in words
    assert "Done: forecaster-01." in words
    assert [job.name for job in open_studio.jobs.unseen()] == ["forecaster-02"]
    button = open_studio.window._top._job
    qtbot.waitUntil(lambda: button.text() == "forecaster-02   failed", timeout=20_000)
    assert "the disk is full" in button.toolTip()
    open_studio.window.toggle_jobs()
    qtbot.waitUntil(lambda: button.text() == "No jobs running", timeout=20_000)


# ---- many -----------------------------------------------------------------------------------------------------------


def test_that_every_one_of_five_hundred_runs_is_found_and_none_is_read_forever(qtbot, tmp_path):
    for number in range(500):
        path = tmp_path / f"forecaster-{number:03d}"
        path.mkdir()
        (path / "spec.json").write_bytes(b'{"type":"make-demo","folder":"x","out":"x"}')
        RunFolder(path).append(Done())
    jobs = Jobs()
    ticks = []
    jobs._timer.timeout.connect(lambda: ticks.append(len(jobs.jobs())))
    jobs.watch(tmp_path)
    qtbot.waitUntil(jobs.is_settled, timeout=60_000)
    assert len(jobs.jobs()) == 500
    assert {job.state for job in jobs.jobs()} == {"done"}
    assert len(ticks) > 5, "they were read in one go"
    # One that somebody goes on with is noticed, wherever it stands among them.
    again = RunFolder(tmp_path / "forecaster-250")
    again.append(Progress(1, 2))
    again.append(Failed("no"))
    qtbot.waitUntil(lambda: jobs.job("forecaster-250").state == "failed", timeout=60_000)
    jobs.watch(None)


def test_that_a_run_that_was_taken_away_is_forgotten(qtbot, tmp_path):
    a_training(tmp_path / "forecaster-01", Done())
    jobs = Jobs()
    jobs.watch(tmp_path)
    qtbot.waitUntil(jobs.is_settled, timeout=20_000)
    (tmp_path / ".deleted").mkdir()
    (tmp_path / "forecaster-01").rename(tmp_path / ".deleted" / "forecaster-01")
    qtbot.waitUntil(lambda: jobs.jobs() == [], timeout=20_000)
    jobs.watch(None)
