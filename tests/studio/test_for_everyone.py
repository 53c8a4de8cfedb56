"""For everyone: colours for eyes that see fewer of them, a ring round what has the focus, the system's look while the
studio runs, and icons that are sharp on every screen."""

import itertools
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QRadioButton,
    QSlider,
    QSpinBox,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from studio import app as application
from studio import theme
from studio.widgets import parts
from studio.widgets.record_table import Cell, Column, Record, RecordTable

ROOT = Path(__file__).parents[2]

# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB: rows are seen red, green and blue.
EYES = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
# OKLab (Ottosson 2020): linear RGB to cones, the cube roots of cones to lightness and two opponents.
TO_CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
TO_LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)


def seen(colour: str, eye: str) -> np.ndarray:
    """Where a colour lies in OKLab for an eye."""
    coded = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    left = np.clip(np.array(EYES[eye]) @ linear, 0, 1)
    return np.array(TO_LAB) @ np.cbrt(np.array(TO_CONES) @ left)


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize(("count", "floor"), [(8, 0.068), (12, 0.061), (40, 0.030)])
def test_that_any_two_label_colours_lie_apart_for_every_eye(eye, count, floor):
    places = [seen(each, eye) for each in theme.LABELS[:count]]
    nearest = min(float(np.linalg.norm(one - other)) for one, other in itertools.combinations(places, 2))
    assert round(nearest, 3) >= floor


# ---- what has the focus ----------------------------------------------------------------------------------------------


def _listed() -> QListWidget:
    made = QListWidget()
    made.addItems(["one", "two"])
    return made


def _table() -> RecordTable:
    made = RecordTable((Column("Name"),), "Names", 28)
    made.show_records([Record("a", (Cell("one"),)), Record("b", (Cell("two"),))])
    return made


def _tabs() -> QTabBar:
    made = QTabBar()
    made.addTab("one")
    made.addTab("two")
    return made


def _choice() -> tuple[QWidget, QWidget]:
    made = parts.segmented("Clips", "Overview")
    return made, made.choices.button(0)


KINDS = {
    "button": lambda: parts.button("Add videos"),
    "first button": lambda: parts.button("Start", kind="primary"),
    "quiet button": lambda: parts.button("Later", kind="quiet"),
    "tool": lambda: parts.tool("play", "Play"),
    "choice of a few": _choice,
    "field": QLineEdit,
    "search": lambda: parts.search("Find clips"),
    "long field": QPlainTextEdit,
    "choice": QComboBox,
    "number": QSpinBox,
    "measure": QDoubleSpinBox,
    "switch": lambda: QCheckBox("Snap"),
    "option": lambda: QRadioButton("Nothing"),
    "slider": lambda: QSlider(Qt.Orientation.Horizontal),
    "tabs": _tabs,
    "list": _listed,
    "table": _table,
}


@pytest.mark.parametrize("look", [theme.DARK, theme.LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize("kind", KINDS)
def test_that_the_focus_is_seen_on_every_kind_of_control(qtbot, qapp, kind, look):
    theme.apply(qapp, look)
    window = QWidget()
    qtbot.addWidget(window)
    box = QVBoxLayout(window)
    made = KINDS[kind]()
    whole, control = made if isinstance(made, tuple) else (made, made)
    other = QLineEdit()
    box.addWidget(whole)
    box.addWidget(other)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    other.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(other.hasFocus)
    without = whole.grab().toImage()
    control.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(control.hasFocus)
    if isinstance(control, QLineEdit):
        control.setReadOnly(True)  # no caret that blinks
    differ = whole.grab().toImage() != without
    assert differ


# ---- the system's look -----------------------------------------------------------------------------------------------


class Hints(QObject):
    """What a desktop tells of itself."""

    colorSchemeChanged = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.scheme = Qt.ColorScheme.Dark

    def colorScheme(self) -> Qt.ColorScheme:
        return self.scheme

    def become(self, scheme: Qt.ColorScheme) -> None:
        self.scheme = scheme
        self.colorSchemeChanged.emit(scheme)


def test_that_the_studio_follows_the_systems_look_while_it_runs(monkeypatch, qtbot, request):
    hints = Hints()
    asked = type("Asked", (), {"styleHints": staticmethod(lambda: hints)})
    monkeypatch.setattr(application, "QGuiApplication", asked)
    studio = request.getfixturevalue("studio")
    studio.set_look("system")
    assert theme.now() is theme.DARK
    before = studio.window.grab().toImage()
    hints.become(Qt.ColorScheme.Light)
    assert theme.now() is theme.LIGHT
    assert studio.window.grab().toImage() != before
    hints.become(Qt.ColorScheme.Dark)
    assert theme.now() is theme.DARK
    studio.set_look("light")  # a person's own choice stays
    hints.become(Qt.ColorScheme.Dark)
    assert theme.now() is theme.LIGHT


# ---- sharp icons -----------------------------------------------------------------------------------------------------

SHARP = """
    import sys
    from PySide6.QtCore import QByteArray, QRectF, Qt
    from PySide6.QtGui import QPainter, QPixmap
    from PySide6.QtSvg import QSvgRenderer
    from PySide6.QtWidgets import QApplication
    from studio import icons, theme
    from studio.widgets import parts

    program = QApplication([])
    theme.apply(program, theme.DARK)
    ratio = program.primaryScreen().devicePixelRatio()
    for name in ("play", "search", "trash", "undo"):
        drawn = icons.pixmap(name, "#FFFFFF", 16)
        assert drawn.devicePixelRatio() == ratio, (drawn.devicePixelRatio(), ratio)
        assert drawn.width() == round(16 * ratio), drawn.width()
        glyph = parts.glyph(name, 16, "text")
        glyph.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        shown = glyph.grab().toImage()
        assert shown.width() == round(16 * ratio), shown.width()
        on_button = icons.icon(name, "#FFFFFF", 16).pixmap(drawn.deviceIndependentSize().toSize(), ratio)
        assert on_button.toImage() == drawn.toImage(), name  # not scaled on the way
    print(ratio)
"""


@pytest.mark.parametrize("ratio", ["1.5", "2"])
def test_that_icons_have_as_many_pixels_as_the_screen(ratio):
    shown = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": ratio}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SHARP)],
        cwd=ROOT, env=shown, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == float(ratio)
