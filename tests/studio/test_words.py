"""Texts ready for translation: every page in a made-up language that brackets and lengthens each text by 40 %.

A visible text without brackets did not pass the one door (`studio.words`), or holds only what people named and numbers.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import PySide6
import pytest
from PySide6.QtCore import QLocale, QTranslator
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QMenu, QTabBar, QWidget

from core.project.edits import add_label, mark_segment
from studio import words
from studio.commands import COMMANDS, WHERE_WORDS, tip
from studio.widgets.parts import KeyChip
from studio.widgets.timeline_words import locked_words, said_of, said_of_head
from tests.studio.conftest import make_video

ROOT = Path(__file__).parents[2]
KEYS = re.compile(r"\b(Ctrl|Shift|Alt|Space|Home|End|Enter|Del|Tab)\b")
NAMES = {
    "Posecast",
    "Courtyard pilot",
    "Ines K.",
    "reach",
    "sink.mp4",
    "SMPL, neutral",
    "SLEAP-like",
    "CVAT-like",
    "BORIS-like",
}


def texts(root: QWidget) -> Iterator[tuple[QWidget, str]]:
    """What the widgets below `root` show as words, or say to those who cannot see them."""
    for each in root.findChildren(QWidget):
        if not each.isVisible() or isinstance(each, KeyChip) or each.property("role") == "mono":
            continue
        yield each, each.accessibleName()
        yield each, each.toolTip()
        if isinstance(each, QLabel | QAbstractButton):
            yield each, each.text()
        elif isinstance(each, QTabBar):
            yield from ((each, each.tabText(at)) for at in range(each.count()))
        elif isinstance(each, QComboBox):
            yield each, each.currentText()
        elif isinstance(each, QLineEdit):
            yield each, each.placeholderText()


def untranslated(root: QWidget) -> list[str]:
    """Visible texts with a word in them that is neither bracketed nor a name."""
    found = []
    for _, text in texts(root):
        inner, bare = None, text
        while bare != inner:  # a text filled into another is in brackets inside of brackets
            inner, bare = bare, re.sub(r"⟦[^⟦⟧]*⟧", "", bare)
        bare = KEYS.sub("", bare)
        for name in NAMES:
            bare = bare.replace(name, "")
        if re.search(r"[A-Za-z]{3,}", bare) and not re.search(r"[/\\]|\d\.\d", bare):
            found.append(text)
    return found


def cut(root: QWidget) -> list[str]:
    """Buttons too narrow for their words."""
    buttons = [each for each in root.findChildren(QAbstractButton) if each.isVisible() and each.text()]
    return [each.text() for each in buttons if each.width() < each.minimumSizeHint().width()]


@pytest.mark.parametrize("page", ["projects", "data", "annotate"])
def test_that_every_visible_text_of_the_pages_passes_the_door(qtbot, pseudo, open_studio, page):
    document = open_studio.document
    project, _ = add_label(document.project, "reach", "action", author="Ines K.")
    document.edit(project, "Add reach")
    shown = open_studio.window.show_page(page)
    qtbot.waitUntil(open_studio.window.is_settled, timeout=20_000)
    assert untranslated(shown) == []
    assert cut(shown) == []


def test_that_annotate_at_work_passes_the_door(qtbot, pseudo, open_studio, tmp_path):
    document = open_studio.document
    open_studio.adding.add([make_video(tmp_path / "sink.mp4", frames=60)])
    qtbot.waitUntil(lambda: not open_studio.adding.is_busy, timeout=20_000)
    (clip,) = document.project.clips.values()
    project, label = add_label(document.project, "reach", "action", author="Ines K.")
    project, first = mark_segment(project, clip.id, label.id, 0, 20, author="Ines K.")
    project, _ = mark_segment(project, clip.id, label.id, 30, 50, author="Ines K.")
    assert document.edit(project, "Mark reach")
    document.choose_clip(clip.id)
    page = open_studio.window.show_page("annotate")
    page.timeline.choose(frozenset({first.id}))
    qtbot.waitUntil(page.is_settled, timeout=20_000)
    for tab in range(page.inspector.tabs.count()):
        page.inspector.tabs.setCurrentIndex(tab)
        assert untranslated(page) == [], page.inspector.tabs.tabText(tab)
        assert cut(page) == []


def test_that_what_is_said_after_a_key_and_what_is_painted_passes_the_door(qtbot, pseudo, open_studio, tmp_path):
    document = open_studio.document
    open_studio.adding.add([make_video(tmp_path / "sink.mp4", frames=60)])
    qtbot.waitUntil(lambda: not open_studio.adding.is_busy, timeout=20_000)
    (clip,) = document.project.clips.values()
    document.choose_clip(clip.id)
    page = open_studio.window.show_page("annotate")
    qtbot.waitUntil(page.is_settled, timeout=20_000)
    said: dict[str, str] = {}

    def do(*names: str) -> None:
        for name in names:
            page.head.say("")
            page.commands()[name]()
            said[f"{name} {document.playhead}"] = page.head.said.text()

    do(
        "next-segment",
        "next-pose",
        "next-gap",
        "next-missing",
        "zoom-selection",
        "nearest-end",
        "segment-left",
        "split",
    )
    do(
        "merge",
        "delete-segment",
        "set-pose",
        "remove-pose",
        "copy-segments",
        "next-actor",
        "mark-start",
    )
    do(
        "mark-end",
        "next-suggestion",
        "accept-suggestion",
        "skip-suggestion",
        "edit-joints",
        "lift-pose",
        "detect-again",
    )
    page.back_out()
    project, label = add_label(document.project, "reach", "action", author="Ines K.")
    project, first = mark_segment(project, clip.id, label.id, 0, 20, author="Ines K.")
    project, _ = mark_segment(project, clip.id, label.id, 10, 40, author="Ines K.")
    assert document.edit(project, "Mark reach")
    document.seek(5)
    do("label-1", "next-missing", "next-pose", "copy-segments")
    page.timeline.choose(frozenset({first.id}))
    do("next-segment", "next-segment", "merge")
    spoken = {name: text for name, text in said.items() if text}
    assert len(spoken) >= 15
    assert {name: text for name, text in spoken.items() if "⟦" not in text} == {}

    scene = page.timeline.scene
    rows = {each.kind: each for each in scene.rows()}
    assert all(each.name.startswith("⟦") for kind, each in rows.items() if kind != "segments")
    heard = [said_of(scene, first.id), said_of_head(scene, rows["segments"]), locked_words("reach")]
    assert [text for text in heard if "⟦" not in text] == []
    assert "⟦" in page.view._caption


def test_that_the_bar_the_rail_and_the_menus_pass_the_door(qtbot, pseudo, open_studio):
    window = open_studio.window
    assert untranslated(window._top) + untranslated(window._rail) == []
    entries = [
        action.text().replace("&", "")
        for menu in window.findChildren(QMenu)
        for action in menu.actions()
        if not action.isSeparator() and action.text() and action.data() in {each.name for each in COMMANDS}
    ]
    assert [text for text in entries if "⟦" not in text] == []


@pytest.mark.parametrize("command", ["keys", "settings", "new-project", "about", "labels", "clusters", "agreement"])
def test_that_windows_pass_the_door_and_have_room_for_longer_words(qtbot, pseudo, open_studio, command):
    open_studio.window.show_page("annotate")
    known = set(open_studio.window.findChildren(QWidget))
    action = open_studio.window.actions_table.action(command)
    if not action.isEnabled():
        pytest.skip("nobody offers it without a clip")
    action.trigger()
    (made,) = [
        each for each in set(open_studio.window.findChildren(QWidget)) - known if each.isWindow() and each.isVisible()
    ]
    qtbot.wait(30)
    assert untranslated(made) == []
    assert cut(made) == []
    made.close()


def test_that_a_text_with_values_is_looked_up_before_it_is_filled_in(qapp, pseudo):
    assert words.say("{count} clips left", count=3) == "⟦3 clips left~~~~⟧"
    assert words.said("") == ""
    assert tip("snap") == "⟦Snap~~⟧  M"
    assert words.said(WHERE_WORDS["annotate"]).startswith("⟦Annotate")


def test_that_every_source_text_is_listed_for_a_translator(tmp_path):
    out = tmp_path / "posecast.ts"
    done = subprocess.run(
        [sys.executable, "tools/texts.py", str(out)], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    listed = out.read_text(encoding="utf-8")
    for source in (
        "Set characteristic pose",
        "{key} is {command}. Take it away there?",
        "Find a command",
        "Next",
        "Clusters",
    ):
        assert f"<source>{source}</source>" in listed, source
    assert "<name>Posecast</name>" in listed


def test_that_a_translation_beside_the_settings_is_spoken_in_the_language_of_the_system(qapp, tmp_path):
    made = tmp_path / "posecast_de.ts"
    texts = (ROOT / "tools" / "texts.py", made)
    subprocess.run([sys.executable, *map(str, texts)], cwd=ROOT, check=True, capture_output=True)
    told = {
        "Set characteristic pose": "Charakteristische Pose setzen",
        "No label has the key {key} yet: {add} adds one": "{key} ist frei, {add} macht eines",
    }
    listed = made.read_text(encoding="utf-8")
    for source, german in told.items():
        untold = f'<source>{source}</source>\n        <translation type="unfinished"></translation>'
        assert untold in listed, source
        listed = listed.replace(untold, f"<source>{source}</source>\n        <translation>{german}</translation>")
    made.write_text(listed, encoding="utf-8")
    release = Path(PySide6.__file__).parent / ("lrelease.exe" if sys.platform == "win32" else "lrelease")
    subprocess.run([str(release), str(made)], check=True, capture_output=True)
    usual = QLocale()
    try:
        QLocale.setDefault(QLocale(QLocale.Language.Icelandic))
        assert not words.speak(qapp, tmp_path)
        QLocale.setDefault(QLocale(QLocale.Language.German))
        assert words.speak(qapp, tmp_path)
        assert tip("set-pose") == "Charakteristische Pose setzen  C"
        assert (
            words.say("No label has the key {key} yet: {add} adds one", key="4", add="L") == "4 ist frei, L macht eines"
        )
        assert tip("snap") == "Snap  M"
    finally:
        QLocale.setDefault(usual)
        for each in qapp.findChildren(QTranslator):
            qapp.removeTranslator(each)
