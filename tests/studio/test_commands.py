"""The table of commands: one key, one meaning."""

import re

import pytest
from PySide6.QtGui import QKeySequence

from studio import commands
from studio.commands import COMMANDS, MENUS

PAGES = ("projects", "data", "annotate", "train", "evaluate", "forecast", "generate")


@pytest.mark.parametrize("page", PAGES)
def test_that_no_key_means_two_things_on_a_page(page):
    assert commands.conflicts(page) == []


def test_that_a_key_used_twice_is_found_by_name():
    every = list(COMMANDS)
    twice = commands.Command("second-quit", "Quit again", ("Ctrl+Q",))
    try:
        commands.COMMANDS = (*every, twice)
        ((key, first, second),) = commands.conflicts("projects")
    finally:
        commands.COMMANDS = tuple(every)
    assert (key, first.name, second.name) == ("Ctrl+Q", "quit", "second-quit")


def test_that_names_are_unique_and_menus_exist():
    assert len({each.name for each in COMMANDS}) == len(COMMANDS)
    assert {each.menu for each in COMMANDS} <= {*MENUS, ""}


def test_that_qt_understands_every_key_and_no_two_are_the_same_to_it():
    for command in COMMANDS:
        for key in command.keys:
            sequence = QKeySequence(key)
            assert sequence.count() == 1, (command.name, key)
            assert sequence.toString() != ""


def test_that_keys_do_not_move_with_the_keyboards_language():
    # zoom is the one exception the design makes
    allowed = re.compile(r"(Ctrl\+|Alt\+|Shift\+|Num\+)*([A-Z0-9]|F\d+|[A-Z][a-z]+)$")
    free = {"zoom-in", "zoom-out", "settings"}
    for command in COMMANDS:
        for key in command.keys:
            assert command.name in free or allowed.match(key), (command.name, key)
            assert not re.search(r"Shift\+\d", key), (command.name, key)


def test_that_names_are_verbs_in_sentence_case_without_exclamation():
    for command in COMMANDS:
        assert command.words[0].isupper()
        assert not command.words.endswith(("!", "."))


def test_that_arrows_are_shown_as_arrows():
    assert commands.shown_key("Ctrl+Shift+Left") == "Ctrl+Shift+←"
    assert commands.shown_key("Ctrl++") == "Ctrl++"
    assert commands.tip("step") == "One frame on  →"


def test_that_the_clock_of_generate_needs_no_clip():
    play, generate = commands.BY_NAME["play"], commands.BY_NAME["generate"]
    assert (commands.need_on(play, "annotate"), commands.need_on(play, "generate")) == ("clip", "project")
    assert commands.need_on(generate, "generate") == "project"


def test_that_every_command_has_a_key():
    assert [command.name for command in COMMANDS if not command.keys] == []
