"""Exporting a comparison: what can be chosen, where it goes, and a file that is there already."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QLineEdit

from core.comparisons import Compared, Comparison
from core.forecasts import Forecast
from studio import theme
from studio.widgets.comparison_dialog import ComparisonDialog, ComparisonOffer


@pytest.fixture
def dialog(qtbot, qapp, tmp_path):
    theme.apply(qapp, theme.DARK)
    forecast = Forecast(
        model="one", clip_id="c", at_frame=3, seen_frames=(), seen_actions=(), steps=(), camera_estimated=False
    )
    comparison = Comparison(
        clip_id="c", at_frame=3, compared=(Compared(name="one", colour="#4fc7cf", forecast=forecast),)
    )
    kept = (tmp_path / "clip.mp4",)
    offer = ComparisonOffer(comparison, "clip at 0-3", tmp_path, "time", "body", "", without_frame=True, kept=kept)
    made = ComparisonDialog(offer, None)
    qtbot.addWidget(made)
    made.show()
    return made


def file_of(dialog: ComparisonDialog) -> QLineEdit:
    return next(each for each in dialog.findChildren(QLineEdit) if each.accessibleName() == "File")


def test_that_it_begins_with_what_is_on_the_screen(dialog, tmp_path):
    wish = dialog.wish()
    assert (wish.line_up, wish.people, wish.over, wish.ground) == ("time", "body", "plain", "light")
    assert Path(wish.file) == tmp_path / "clip at 0-3.png"
    assert dialog._make.text() == "Export picture"


@pytest.mark.parametrize(
    ("kind", "ending", "words"), [(0, ".png", "picture"), (1, ".mp4", "film"), (2, ".html", "page")]
)
def test_that_the_ending_follows_what_is_made(dialog, kind, ending, words):
    dialog.kind.choices.button(kind).click()
    assert Path(dialog.wish().file).suffix == ending
    assert dialog._make.text() == f"Export {words}"
    assert dialog._format.isVisible() == (kind == 0)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "Name the file"),
        ("figure.gif", "The name ends in .png"),
        ("nowhere/figure.png", "There is no folder"),
    ],
)
def test_that_a_name_that_cannot_be_is_said_before_anything_is_made(dialog, tmp_path, name, words):
    file_of(dialog).setText(str(tmp_path / name) if name else "")
    assert dialog._says.text().startswith(words)
    assert not dialog._make.isEnabled()


def test_that_a_video_of_the_project_is_never_written_over(dialog, tmp_path):
    dialog.kind.choices.button(1).click()
    file_of(dialog).setText(str(tmp_path / "clip.mp4"))
    assert "is not written over" in dialog._says.text()


def test_that_a_file_that_is_there_is_asked_about_in_place(dialog, tmp_path, qtbot):
    (tmp_path / "clip at 0-3.png").write_bytes(b"older")
    wanted = []
    dialog.wanted.connect(wanted.append)
    dialog._make.click()
    assert wanted == []
    assert (dialog._make.text(), dialog._cancel.text()) == ("Replace it", "Keep the old one")
    dialog._cancel.click()
    assert dialog.isVisible()
    assert dialog._cancel.text() == "Cancel"
    dialog._make.click()
    dialog._make.click()
    assert [each.replaces for each in wanted] == [True]
