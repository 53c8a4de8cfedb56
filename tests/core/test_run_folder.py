"""Run folders: what was said is kept, and a run is found as it is, whoever started it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import FormatError, RunError
from core.run_folder import RunFolder
from core.runs import Done, Failed, MakeDemo, Metric, Note, Progress, Stopped

EVENTS = st.one_of(
    st.builds(Progress, st.integers(0, 99), st.integers(1, 99), st.text()),
    st.builds(Metric, st.integers(0, 99), st.text(), st.floats(allow_nan=False, allow_infinity=False)),
    st.builds(Note, st.text()),
)


@pytest.fixture
def spec(tmp_path):
    return MakeDemo(folder=str(tmp_path / "demo"), out=str(tmp_path / "run"))


@given(events=st.lists(EVENTS, max_size=8))
def test_that_every_event_comes_back_as_it_was_said(tmp_path_factory, events):
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    for event in events:
        folder.append(event)
    assert [each.event for each in folder.events()[0]] == events


def test_that_a_half_written_line_waits_for_its_end(tmp_path):
    folder = RunFolder(tmp_path)
    folder.append(Note("whole"))
    whole = (tmp_path / "events.jsonl").read_bytes()
    with (tmp_path / "events.jsonl").open("ab") as file:
        file.write(whole[:10])
    first, offset = folder.events()
    assert [each.event for each in first] == [Note("whole")]
    with (tmp_path / "events.jsonl").open("ab") as file:
        file.write(whole[10:])
    second, end = folder.events(offset)
    assert [each.event for each in second] == [Note("whole")]
    assert end == 2 * len(whole)


def test_that_a_folder_without_a_spec_is_a_run_nobody_asked_for(tmp_path):
    assert RunFolder(tmp_path).state() == "new"
    with pytest.raises(RunError, match="holds no run"):
        RunFolder(tmp_path).spec()


def test_that_a_wrong_knob_is_refused_by_name_and_place(tmp_path, spec):
    folder = RunFolder(tmp_path)
    folder.write_spec(spec)
    text = (tmp_path / "spec.json").read_text().replace('"seconds"', '"secconds"').replace("60.0", '"long"')
    (tmp_path / "spec.json").write_text(text.replace('"secconds"', '"seconds"'))
    with pytest.raises(FormatError, match=r"\$\.seconds"):
        folder.spec()


@pytest.mark.parametrize(
    ("event", "state"),
    [(Done("ready"), "done"), (Stopped(), "stopped"), (Failed("no"), "failed"), (Note("hm"), "killed")],
)
def test_that_the_last_word_tells_the_state_once_the_process_is_gone(tmp_path, spec, event, state):
    folder = RunFolder(tmp_path)
    folder.write_spec(spec)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    (tmp_path / "pid").write_text(f'{{"pid": {gone.pid}, "started": "1"}}')
    gone.wait()
    folder.append(event)
    assert folder.state() == state


def test_that_a_process_number_used_again_is_not_taken_for_the_run(tmp_path, spec):
    folder = RunFolder(tmp_path)
    folder.write_spec(spec)
    folder.claim()
    assert folder.state() == "running"
    (tmp_path / "pid").write_text(f'{{"pid": {os.getpid()}, "started": "long ago"}}')
    assert folder.state() == "killed"


def test_that_asking_to_stop_is_heard_and_forgotten_at_the_next_start(tmp_path, spec):
    folder = RunFolder(tmp_path)
    folder.write_spec(spec)
    folder.claim()
    folder.ask_to_stop()
    assert folder.was_asked_to_stop()
    assert folder.state() == "stopping"
    folder.write_spec(spec)
    assert not folder.was_asked_to_stop()


def test_that_ending_a_run_spares_a_process_that_is_not_its_own(tmp_path, spec):
    folder = RunFolder(tmp_path)
    folder.write_spec(spec)
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"])
    try:
        (tmp_path / "pid").write_text(f'{{"pid": {other.pid}, "started": "another"}}')
        folder.end(force=True)
        time.sleep(0.1)
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_that_a_folder_that_cannot_be_made_is_refused_in_words(tmp_path, spec):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RunError, match="cannot be a run's folder"):
        RunFolder(tmp_path / "file").write_spec(spec)


@pytest.mark.parametrize(("arguments", "code", "says"), [((), 2, "Usage"), (("empty",), 1, "holds no run")])
def test_that_a_process_without_a_spec_ends_with_a_sentence(tmp_path, arguments, code, says):
    (tmp_path / "empty").mkdir()
    words = [sys.executable, "-m", "core.runner", *(str(tmp_path / each) for each in arguments)]
    ended = subprocess.run(words, cwd=Path(__file__).resolve().parents[2], capture_output=True, text=True, check=False)
    assert ended.returncode == code
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr
