"""The window of keys: found by words or by pressing, refused by name, changed at once everywhere, taken back."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from studio import commands
from studio import settings as preferences
from studio.widgets import parts
from studio.widgets.keys_window import KeysWindow

ALT, CONTROL, SHIFT = (
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
PLAIN = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def window(open_studio, qtbot):
    open_studio.window.actions_table.do("keys")
    (made,) = open_studio.window.findChildren(KeysWindow)
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    yield made
    made.close()
    commands.hold({})


def change(window, name, key, modifiers=PLAIN):
    """By its row, Enter, and the key."""
    window.tree.choose(name)
    window.tree.setFocus()
    QTest.keyClick(window.tree, Qt.Key.Key_Return)
    assert window.catcher.isVisible()
    QTest.keyClick(window.catcher, key, modifiers)


def test_that_a_command_is_found_by_words_by_where_and_by_its_key_in_words(window):
    QTest.keyClicks(window.search, "chara pose")
    assert window.tree.listed() == ["set-pose", "remove-pose"]
    window.search.setText("ctrl+j")
    assert window.tree.listed() == ["jobs"]
    window.search.setText("space view")
    assert {commands.BY_NAME[each].where for each in window.tree.listed()} == {"space"}
    window.search.setText("zeppelin")
    assert window.tree.listed() == []
    assert not window.change.isEnabled()


def test_that_on_a_low_screen_the_list_gives_way_and_the_buttons_stay(open_studio, monkeypatch):
    room = 520
    monkeypatch.setattr(KeysWindow, "room", lambda _: room)
    open_studio.window.actions_table.do("keys")
    (made,) = open_studio.window.findChildren(KeysWindow)
    try:
        assert made.height() <= room
        close = next(each for each in made.findChildren(QPushButton) if each.text() == "Close")
        assert made.rect().contains(close.geometry())
        assert made.tree.height() < made.minimumSizeHint().height()
        assert not made.tree.geometry().intersects(close.geometry())
    finally:
        made.close()


def test_that_a_command_is_found_by_pressing_its_key(window):
    window.by_key.click()
    QTest.keyClick(window.catcher, Qt.Key.Key_K, CONTROL)
    assert window.tree.listed() == ["search"]
    window.by_key.click()
    assert len(window.tree.listed()) > 150


def test_that_a_free_key_holds_at_once_and_is_in_the_settings(open_studio, window, qtbot):
    change(window, "jobs", Qt.Key.Key_F9)
    table = open_studio.window.actions_table
    assert table.action("jobs").shortcut().toString() == "F9"
    assert preferences.load(open_studio.settings.file).keymap.keys("jobs") == ("F9",)
    window.hide()
    open_studio.window.activateWindow()
    qtbot.waitUntil(open_studio.window.isActiveWindow)
    QTest.keyClick(open_studio.window, Qt.Key.Key_F9)
    assert open_studio.window._drawer.isVisible()


def test_that_a_taken_key_is_refused_by_name_until_it_is_taken_there(window):
    change(window, "split", Qt.Key.Key_C)
    assert window.told.text() == "C is Set characteristic pose (Annotate). Take it away there?"
    assert window.keymap.keys("split") == ("X",)
    assert window.take.hasFocus()
    QTest.keyClick(window.take, Qt.Key.Key_Space)
    assert window.keymap.keys("split") == ("C",)
    assert window.keymap.keys("set-pose") == ()
    window.undo.click()
    assert (window.keymap.keys("split"), window.keymap.keys("set-pose")) == (("X",), ("C",))
    assert not window.undo.isEnabled()


@pytest.mark.parametrize(("key", "modifiers"), [(Qt.Key.Key_NumberSign, PLAIN), (Qt.Key.Key_3, SHIFT)])
def test_that_a_key_of_one_language_is_refused_with_the_reason(window, key, modifiers):
    change(window, "snap", key, modifiers)
    assert "language" in window.told.text()
    assert window.keymap.changed == {}


def test_that_esc_gives_up_the_catching_and_the_window_stays(window):
    window.tree.choose("snap")
    window.change.click()
    QTest.keyClick(window.catcher, Qt.Key.Key_Escape)
    assert window.isVisible()
    assert not window.catcher.isVisible()
    assert window.keymap.changed == {}


def test_that_one_and_all_go_back_to_the_preset(window):
    window.preset.setCurrentIndex(window.preset.findData("cvat"))
    window.preset.activated.emit(window.preset.currentIndex())
    assert window.keymap.keys("set-pose") == ("K",)
    change(window, "snap", Qt.Key.Key_F9)
    change(window, "merge", Qt.Key.Key_F8)
    window.tree.choose("snap")
    window.reset.click()
    assert window.keymap.changed == {"merge": ("F8",)}
    next(each for each in window.findChildren(QPushButton) if each.text() == "Reset all").click()
    assert (window.keymap.preset, window.keymap.changed) == ("cvat", {})


def test_that_a_reset_whose_key_is_somebody_elses_by_now_asks_too(window):
    change(window, "split", Qt.Key.Key_C)
    window.take.click()
    window.tree.choose("set-pose")
    window.reset.click()
    assert "Split at the playhead" in window.told.text()
    window.take.click()
    assert (window.keymap.keys("set-pose"), window.keymap.keys("split")) == (("C",), ())


def test_that_keys_travel_in_a_file_and_what_is_wrong_in_it_is_said(window, tmp_path):
    change(window, "snap", Qt.Key.Key_F9)
    window.write(tmp_path / "mine.toml")
    window.undo.click()
    window.read(tmp_path / "mine.toml")
    assert window.keymap.keys("snap") == ("F9",)
    (tmp_path / "bad.toml").write_text('preset = "vi"\n[keys]\n"snap" = ["F4"]\n')
    window.read(tmp_path / "bad.toml")
    assert "vi" in window.told.text()
    assert window.keymap.keys("snap") == ("F4",)
    window.read(tmp_path / "none.toml")
    assert "none.toml" in window.told.text()


def test_that_every_row_says_its_command_and_key_to_those_who_cannot_see_it(window):
    window.tree.choose("set-pose")
    assert window.tree.currentItem().data(0, Qt.ItemDataRole.AccessibleTextRole) == "Set characteristic pose, C"
    change(window, "set-pose", Qt.Key.Key_F9)
    assert window.tree.currentItem().data(0, Qt.ItemDataRole.AccessibleTextRole).endswith("F9, changed")


def test_that_key_chips_tooltips_and_names_show_the_changed_key(open_studio, window, qtbot):
    page = open_studio.window.show_page("annotate")
    chip, tool = parts.key_of("next-missing"), parts.tool("magnet", commands.tip("snap"))
    qtbot.addWidget(chip)
    qtbot.addWidget(tool)
    change(window, "next-missing", Qt.Key.Key_F9)
    change(window, "snap", Qt.Key.Key_F8)
    assert chip.text() == "F9"
    assert tool.toolTip() == tool.accessibleName() == "Snap  F8"
    assert page.head.snap.toolTip() == "Snap  F8"
    window.tree.choose("next-missing")
    window.remove.click()
    assert chip.text() == ""
