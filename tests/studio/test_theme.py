"""Contrast floors, fonts and the style sheet."""

import itertools
import os
import subprocess
import sys

import pytest

from studio import icons, theme
from studio.theme import DARK, LABELS, LIGHT, PAIRS
from studio.widgets import parts
from studio.widgets.name_choice import NameChoice


@pytest.mark.parametrize("look", [DARK, LIGHT], ids=lambda look: look.name)
@pytest.mark.parametrize(("front", "ground", "floor"), PAIRS)
def test_that_every_pair_of_colours_keeps_its_contrast(qapp, look, front, ground, floor):
    assert theme.contrast(getattr(look, front, front), getattr(look, ground)) >= floor


@pytest.mark.parametrize("look", [DARK, LIGHT], ids=lambda look: look.name)
def test_that_ink_reads_on_every_label_and_runs_on_the_panel(qapp, look):
    assert min(theme.contrast(look.seg_ink, label) for label in LABELS) >= 4.5
    assert min(theme.contrast(run, look.panel) for run in look.runs) >= 4.5


def test_that_black_on_white_has_the_contrast_of_the_standard(qapp):
    assert theme.contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert theme.contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_that_forty_labels_are_forty_colours_and_those_past_twelve_are_hatched():
    assert len(set(LABELS)) == 40
    assert [theme.hatch(index) for index in (0, 11, 12, 21, 22, 31, 32, 39)] == [0, 0, 1, 1, 2, 2, 3, 3]


def test_that_the_shipped_fonts_are_the_ones_used(qapp):
    families = theme.load_fonts()
    assert theme.FAMILY in families
    assert theme.MONO in families


@pytest.mark.parametrize("look", [DARK, LIGHT], ids=lambda look: look.name)
@pytest.mark.parametrize("percent", theme.TEXT_SIZES)
def test_that_the_style_sheet_has_no_word_left_to_fill_in(qapp, look, percent):
    before = theme.now(), round(theme.scale() * 100)
    try:
        theme.apply(qapp, look, percent)
        sheet = theme.style_sheet(look)
        assert "@" not in sheet
        assert "px(" not in sheet
        assert "glyph(" not in sheet
        assert theme.font("body").pixelSize() == round(12 * percent / 100)
    finally:
        theme.apply(qapp, *before)


@pytest.mark.parametrize("name", icons.names())
def test_that_an_icon_takes_its_colour_and_stays_inside_its_square(qapp, name):
    for size in (14, 16, 20):
        image = icons.pixmap(name, "#FF0000", size, 1.0).toImage()
        drawn = [image.pixelColor(x, y) for x, y in itertools.product(range(size), range(size))]
        inked = [colour for colour in drawn if colour.alpha() > 60]
        assert inked, f"{name} at {size} px is empty"
        assert all(colour.red() > 200 and colour.green() < 60 for colour in inked)
        corners = [image.pixelColor(x, y).alpha() for x in (0, size - 1) for y in (0, size - 1)]
        assert max(corners) < 128


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no variable says where caches lie")
def test_that_a_cache_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    spare, cache = tmp_path / "spare", tmp_path / "cache"
    spare.mkdir()
    cache.write_text("a file where the cache's folder should be")
    script = (
        "import tempfile; from PySide6.QtWidgets import QApplication; from studio import theme\n"
        "app = QApplication([]); assert tempfile.gettempdir() in theme.style_sheet(theme.DARK)"
    )
    env = {**os.environ, "TMPDIR": str(spare), "XDG_CACHE_HOME": str(cache), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", script], env=env, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert list(spare.iterdir()) == []


@pytest.mark.parametrize("percent", theme.TEXT_SIZES)
def test_that_a_tool_button_is_a_square_in_the_middle_of_its_row_at_every_text_size(qapp, qtbot, percent):
    before = theme.now(), round(theme.scale() * 100)
    try:
        theme.apply(qapp, DARK, percent)
        tool = parts.tool("fit", "Fit the picture", on=True)
        row = parts.row(parts.button("Next"), tool)
        qtbot.addWidget(row)
        row.show()
        assert tool.width() == tool.height() == 26
        assert abs(tool.geometry().center().y() - row.rect().center().y()) <= 1
    finally:
        theme.apply(qapp, *before)


def test_that_a_name_too_long_for_its_choice_ends_in_dots_and_is_whole_in_the_tooltip(qapp, qtbot):
    name = "reach for the very large enamelled casserole on the upper shelf"
    choice = NameChoice()
    qtbot.addWidget(choice)
    choice.addItem("put")
    choice.resize(160, 26)
    assert choice.shown() == "put"
    choice.addItem(name)
    choice.setCurrentText(name)
    assert choice.sizeHint().width() < 160
    assert choice.shown().endswith("…")
    assert name.startswith(choice.shown()[:-1])
    assert choice.toolTip() == name
    choice.resize(900, 26)
    assert choice.shown() == name
