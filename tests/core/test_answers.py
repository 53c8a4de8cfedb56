"""What a file's content or name says is shown on the terminal, and never obeyed by it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.commands import answers
from core.runs import Done, Made, Note, Progress
from core.wording import shown, table

HARM = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.exe\r[/b]"


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_that_plain_letters_are_shown_as_they_are(text):
    assert shown(text) == text


@given(st.text(st.characters(codec=None)))
def test_that_what_is_shown_can_be_encoded_and_has_no_sign_a_terminal_obeys(text):
    said = shown(text)
    said.encode()
    assert not any((ord(each) < 32 and each not in "\n\t") or 0x7F <= ord(each) < 0xA0 for each in said)
    assert shown(said) == said


def test_that_a_byte_of_a_name_and_a_sign_are_shown_as_their_numbers():
    assert shown("bad\udcff.npz") == "bad\\xff.npz"
    assert shown("\x1b[31mred\u202e") == "\\x1b[31mred\\u202e"
    assert shown("Käse\n\t日本") == "Käse\n\t日本"


@pytest.mark.parametrize("how", [answers._bar, answers._lines])
def test_that_progress_and_notes_are_shown_and_not_obeyed(capsys, how):
    events = [Progress(0, 2, HARM), Note(HARM), Made(HARM, "x"), Progress(2, 2, HARM), Done("")]
    assert list(how(iter(events))) == events
    said = capsys.readouterr().err
    assert not any(each in said for each in ("\x1b]", "\x1b[2J", "\x9b", "\u202e", "\x07"))
    assert said.count("\\x1b[2J") >= 2
    assert "[/b]" in said


def test_that_answers_and_complaints_are_shown_and_a_machine_gets_the_text_itself(capsys):
    answers.answer({}, HARM, as_json=False)
    answers.complain(HARM, HARM)
    answers.answer({"name": HARM}, "", as_json=True)
    out, err = capsys.readouterr()
    text, _, machine = out.partition("\n")
    assert text == shown(HARM)
    assert err == f"{shown(HARM)}\n{shown(HARM)}\n"
    assert "\x1b" not in machine
    assert json.loads(machine) == {"name": HARM}


def test_that_a_cell_of_a_table_is_one_line_and_as_wide_as_it_is_shown():
    lines = table(("name", "frames"), [("a\nb", 1), ("\x1b[2J", 20)]).split("\n")
    assert [each.split() for each in lines[2:]] == [["a", "b", "1"], ["\\x1b[2J", "20"]]
    assert len(lines[2]) == len(lines[3])
