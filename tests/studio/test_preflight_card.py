"""What a run would take stands above the button: at once, newest wins, and nothing goes on when nobody looks."""

import os
from typing import ClassVar

import pytest
from msgspec.structs import replace

from core import configs, preflight
from core.devices import Device
from core.preflight import Estimate, Holds, Pace, Refused, Trial, Trouble
from studio import preflights, theme
from studio.preflights import Preflights
from studio.widgets.config_form import ConfigForm
from studio.widgets.devices_window import DeviceCard, busy_words
from studio.widgets.machine import Machine
from studio.widgets.preflight_card import Outlook, PreflightCard, device_choices, length_words, starts_words
from studio.widgets.status_line import machine_words

GB = 2**30
CPU = Device(key="cpu", kind="cpu", name="AMD EPYC", memory_total=8 * GB, memory_free=int(7.8 * GB), busy=0.41, cores=2)
CARD = Device(key="cuda:0", kind="cuda", name="NVIDIA H100", memory_total=80 * GB, memory_free=78 * GB, busy=0.9)
SMALL = configs.with_overrides(configs.preset("forecaster/small"), ["device=cpu"])
SAID = Estimate(memory=2.1 * GB, host_memory=2.1 * GB, seconds=660, disk=1e7, device="cpu", measured=True)
FOUND = Trial(begin_s=5, begin_memory=GB, paces=(Pace(name="", step_s=0.1, memory=3 * GB),), numbers=9, disk=1.0)


class Tried:
    """A trial that answers when it is told to."""

    made: ClassVar[list] = []

    def __init__(self, asked):
        self.asked, self.found, self.ended = asked, None, False
        self.made.append(self)

    def answer(self):
        return self.found

    def end(self):
        self.ended = True

    def close(self):
        self.ended = True


@pytest.fixture
def asking(qtbot, qapp, monkeypatch):
    theme.apply(qapp, theme.DARK)
    Tried.made = []
    monkeypatch.setattr(preflights, "Attempt", Tried)
    monkeypatch.setattr(preflights, "_ROOM", 1.25)
    made = Preflights()
    made._try_soon.setInterval(10)
    yield made
    made.leave(wait=True)


@pytest.fixture
def card(qtbot, qapp):
    theme.apply(qapp, theme.DARK)
    made = PreflightCard()
    qtbot.addWidget(made)
    made.show()
    return made


def trial_of(qtbot, number):
    qtbot.waitUntil(lambda: len(Tried.made) >= number, timeout=20_000)
    return Tried.made[number - 1]


def test_that_a_guess_stands_at_once_and_a_trial_takes_its_place(asking, qtbot, tmp_path):
    asking.ask(SMALL, tmp_path, Holds(steps=100, clips=4))
    assert asking.outlook.estimate is not None
    assert not asking.outlook.estimate.measured
    trial_of(qtbot, 1).found = FOUND
    qtbot.waitUntil(lambda: asking.outlook.estimate.measured, timeout=20_000)
    assert asking.outlook.estimate.memory == 3 * GB
    assert asking.outlook.device.kind == "cpu"
    assert not asking.outlook.is_trying


def test_that_newer_settings_end_the_trial_of_older_ones(asking, qtbot, tmp_path):
    asking.ask(SMALL, tmp_path, Holds())
    first = trial_of(qtbot, 1)
    asking.ask(replace(SMALL, unroll=2), tmp_path, Holds())
    assert first.ended
    second = trial_of(qtbot, 2)
    assert second.asked.config.unroll == 2
    first.found = FOUND
    assert not asking.outlook.estimate.measured


def test_that_another_number_of_steps_needs_no_other_trial(asking, qtbot, tmp_path):
    asking.ask(SMALL, tmp_path, Holds())
    trial_of(qtbot, 1).found = FOUND
    qtbot.waitUntil(lambda: asking.outlook.estimate.measured, timeout=20_000)
    before = asking.outlook.estimate.seconds
    asking.ask(replace(SMALL, steps=SMALL.steps * 10), tmp_path, Holds())
    assert asking.outlook.estimate.measured
    assert asking.outlook.estimate.seconds == pytest.approx(5 + (before - 5) * 10)
    assert len(Tried.made) == 1


def test_that_nothing_goes_on_when_nobody_looks(asking, qtbot, tmp_path):
    asking.ask(SMALL, tmp_path, Holds())
    attempt = trial_of(qtbot, 1)
    asking.leave(wait=True)
    assert attempt.ended
    assert not asking.is_busy


def test_that_what_was_tried_before_is_known_at_once(asking, qtbot, tmp_path):
    preflight.keep(preflight.Asked.of(SMALL, tmp_path), FOUND)
    asking.ask(SMALL, tmp_path, Holds())
    qtbot.waitUntil(lambda: asking.outlook.estimate.measured, timeout=20_000)
    assert not Tried.made


def test_that_no_trial_takes_memory_that_is_not_there(asking, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr(preflights, "_ROOM", 1e9)
    asking.ask(SMALL, tmp_path, Holds())
    qtbot.waitUntil(lambda: asking.outlook.device is not None, timeout=20_000)
    assert not asking.outlook.is_trying
    assert not Tried.made


def test_that_a_refusal_is_said_and_not_tried_again(asking, qtbot, tmp_path):
    asking.ask(SMALL, tmp_path, Holds())
    trial_of(qtbot, 1).found = Refused("Nothing to learn.", "Mark something.")
    qtbot.waitUntil(lambda: asking.outlook.refused == "Nothing to learn. Mark something.", timeout=20_000)
    asking._look()
    qtbot.waitUntil(lambda: not asking._beside.is_busy, timeout=20_000)
    assert len(Tried.made) == 1


def test_that_the_card_says_memory_time_and_place(card):
    card.show_outlook(Outlook(SAID, CPU, (CPU,), before=1))
    assert card._memory.text() == "2.1 of 7.8 GB"
    assert card._time.text() == "11 min on CPU"
    assert card._starts.text() == "after 1 job"
    assert not card._says.isVisible()


def test_that_the_card_warns_and_offers_a_batch_that_fits(card, qtbot):
    trouble = Trouble("memory", "It does not fit", "A batch of 512 fits.", "optimiser.batch=512")
    card.show_outlook(Outlook(SAID, CPU, (CPU,), troubles=(trouble,)))
    assert card._memory.property("role") == "danger"
    assert "does not fit" in card._says.text()
    with qtbot.waitSignal(card.setting_wanted) as wanted:
        card._mend.click()
    assert wanted.args == ["optimiser.batch=512"]
    card.show_outlook(Outlook(SAID, CPU, (CPU,)))
    assert card._memory.property("role") == "strong"
    assert not card._mend.isVisible()


def test_that_the_card_says_that_it_guesses(card):
    guess = Estimate(memory=GB, host_memory=GB, seconds=9, disk=1, device="cpu", measured=False)
    card.show_outlook(Outlook(guess, CPU, (CPU,), is_trying=True))
    assert "first guess" in card._says.text()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(2, "5 s"), (61, "60 s"), (660, "11 min"), (7300, "2 h"), (180_000, "2 days"), (1_000_000, "12 days")],
)
def test_that_long_times_are_said_in_their_largest_unit(seconds, words):
    assert length_words(seconds) == words


def test_that_places_in_line_are_counted():
    assert [starts_words(count) for count in (0, 1, 3)] == ["at once", "after 1 job", "after 3 jobs"]


def test_that_a_device_is_chosen_by_what_it_is_called_here(qtbot):
    form = ConfigForm(configs.Forecaster)
    qtbot.addWidget(form)
    form.set_preset(SMALL)
    form.fields["device"].name_choices(device_choices((CPU, CARD)))
    editor = form.fields["device"].editor
    editor.setCurrentIndex(editor.findText("Graphics card · H100, 78 GB free"))
    assert form.config().device == "cuda"
    assert device_choices((CPU, CARD, CARD))["cuda"] == "Any of 2 cards · H100"
    assert device_choices((CPU,))["auto"] == "Automatic: processor"


def test_that_the_line_at_the_foot_and_the_window_say_how_busy_a_device_is(qtbot):
    assert machine_words(CPU) == "CPU 2 cores, 41 % busy"
    assert machine_words(CARD) == "H100 2 of 80 GB, 90 % busy"
    assert busy_words(CARD) == "90 % busy"
    shown = DeviceCard()
    qtbot.addWidget(shown)
    shown.show_device(CPU)
    assert "0.2 of 8.0 GB" in shown._memory.text()


def test_that_a_machine_is_looked_at_only_while_somebody_watches(qtbot):
    machine = Machine(with_jobs=True)
    with qtbot.waitSignal(machine.moved, timeout=20_000):
        machine.watch()
    assert machine.devices[0].kind == "cpu"
    machine.leave()
    assert not machine.is_watched
    assert not machine._beside.is_busy
    assert os.getpid() not in {use.pid for each in machine.devices for use in each.used}
