"""How Posecast looks: tokens, sizes, fonts, the style sheet made from them, and the contrast every pair must hold.

The one place for every colour and size. Widgets that paint themselves ask `now()` while they paint, so a change of
theme needs no message; widgets of `studio.widgets.parts` tint their icons again by themselves. Sizes are logical
pixels at 100 % text; `px` gives them at the person's text size.
"""

import atexit
import re
import shutil
import tempfile
from dataclasses import dataclass, fields
from functools import cache, lru_cache
from pathlib import Path

import platformdirs
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

import resources
from core.project.edits import BACKGROUND_COLOUR, LABEL_COLOURS
from studio import icons


@dataclass(frozen=True, kw_only=True)
class Theme:
    """One look. Every word is a colour, `#RRGGBB`."""

    name: str
    canvas: str  # behind pictures and the space view
    window: str  # page ground, rail, gutters
    panel: str
    raised: str  # buttons, cards, menus
    field: str  # what can be typed into
    hover: str
    press: str  # held, and the grooves of bars
    line: str  # hairlines
    edge: str  # outline of a control
    text: str
    text2: str  # labels
    text3: str  # captions, units
    off: str  # disabled
    accent: str  # focus, links, switched on
    fill: str  # primary button; white text stands on it
    wash: str  # selected row
    playhead: str
    danger: str
    warn: str
    ok: str
    left: str  # the person's own left: blue
    right: str  # their right: orange
    centre: str
    truth: str  # what really happened: neutral and solid
    runs: tuple[str, ...]  # predictions, by order of choice: coloured and dashed
    seg_ink: str  # text on a label's colour
    shadow: str


DARK = Theme(
    name="dark",
    canvas="#0A0B0D",
    window="#101114",
    panel="#17181C",
    raised="#1F2126",
    field="#0F1013",
    hover="#25272D",
    press="#2D3038",
    line="#25272D",
    edge="#676C78",
    text="#E9EAED",
    text2="#ADB1BB",
    text3="#8B909B",
    off="#5A5E68",
    accent="#A497FF",
    fill="#6957E6",
    wash="#2A2646",
    playhead="#FF5D52",
    danger="#FF7A70",
    warn="#F2B84B",
    ok="#62C993",
    left="#4EB4E7",
    right="#F0A132",
    centre="#C9CCD3",
    truth="#DADCE1",
    runs=("#4FC7CF", "#E887B6", "#E3C552", "#9FD36E", "#B49BFF", "#F08A5D"),
    seg_ink="#0E0F12",
    shadow="#000000",
)
LIGHT = Theme(
    name="light",
    canvas="#DDDFE4",
    window="#F1F2F4",
    panel="#FAFAFB",
    raised="#FFFFFF",
    field="#FFFFFF",
    hover="#ECEDF1",
    press="#E1E3E9",
    line="#DFE1E6",
    edge="#838995",
    text="#17181C",
    text2="#4B4F59",
    text3="#646974",
    off="#A3A7B0",
    accent="#5443CF",
    fill="#5B49D6",
    wash="#E7E3FC",
    playhead="#D3261A",
    danger="#B8261B",
    warn="#8A5800",
    ok="#187545",
    left="#0B76B0",
    right="#A85B00",
    centre="#5C616C",
    truth="#3B3F48",
    runs=("#0C7C85", "#B23A78", "#846700", "#437A12", "#6A45D1", "#B4481B"),
    seg_ink="#0E0F12",
    shadow="#8A8F9A",
)

LABELS = LABEL_COLOURS
"""Label colours in order of assignment; the project holds them, the floors of contrast are proved here."""

BACKGROUND_LABEL = BACKGROUND_COLOUR
"""Stretches marked background or unusable: grey and hatched, never from the list."""

RAMP = {
    "dark": ("#16203A", "#46507A", "#8C7F6E", "#D9B45A", "#FFF0B5"),
    "light": ("#FFF0B5", "#D9B45A", "#8C7F6E", "#46507A", "#16203A"),
}
"""Errors from 0 to 200 mm; lightness alone carries them."""

SPACE = (2, 4, 8, 12, 16, 24, 32, 48)
RADIUS = {"mark": 3, "control": 5, "card": 8, "dialog": 12}
HEIGHT = {"dense": 22, "control": 26, "primary": 36, "row": 28, "top": 42, "status": 24, "rail": 64}
TYPE = {"caption": 11, "body": 12, "strong": 12, "title": 13, "page": 20, "hero": 30}
FAMILY, MONO = "Inter", "JetBrains Mono"
TEXT_SIZES = (100, 115, 130)
MOTION_MS = {"hover": 80, "panel": 140, "flight": 180}

PAIRS = (
    ("text", "panel", 7.0),
    ("text", "raised", 7.0),
    ("text2", "panel", 4.5),
    ("text3", "panel", 4.5),
    ("text3", "window", 4.5),
    ("text", "wash", 7.0),
    ("#FFFFFF", "fill", 4.5),
    ("accent", "panel", 4.5),
    ("accent", "window", 3.0),
    ("edge", "panel", 3.0),
    ("danger", "panel", 4.5),
    ("warn", "panel", 4.5),
    ("ok", "panel", 4.5),
    ("playhead", "panel", 3.0),
    ("left", "canvas", 3.0),
    ("right", "canvas", 3.0),
    ("truth", "canvas", 3.0),
)
"""Which colour stands on which, and the least contrast it must have (WCAG)."""

_current = DARK
_scale = 1.0


def now() -> Theme:
    """The theme in use."""
    return _current


def scale() -> float:
    """The person's text size: 1.0, 1.15 or 1.3."""
    return _scale


def px(size: float) -> int:
    """A height or width that must grow with the text, in logical pixels."""
    return round(size * _scale)


def font(size: str | float = "body", weight: int = 400, mono: bool = False) -> QFont:
    """The studio's font: `size` a word of TYPE or pixels at 100 %."""
    made = QFont(MONO if mono else FAMILY)
    made.setPixelSize(px(TYPE[size] if isinstance(size, str) else size))
    made.setWeight(QFont.Weight(weight))
    made.setFeature(QFont.Tag("tnum"), 1)  # digits of one width
    made.setFeature(QFont.Tag("cv05"), 1)  # an l that is no I
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return made


def hatch(index: int) -> int:
    """The pattern over the label colour `index`: 0 plain, 1 and 2 stripes, 3 dots; past 12 colour is not enough."""
    return 0 if index < 12 else min(3, 1 + (index - 12) // 10)


@lru_cache(4096)
def luminance(colour: str) -> float:
    """Relative luminance of a colour, 0 to 1."""
    seen = QColor(colour)
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (seen.redF(), seen.greenF(), seen.blueF())
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a: str, b: str) -> float:
    """How well two colours can be told apart, 1 to 21."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@lru_cache(4096)
def mix(a: str, b: str, share: float) -> str:
    """`share` of b in a, as a hex word."""
    one, two = QColor(a), QColor(b)
    parts = zip((one.redF(), one.greenF(), one.blueF()), (two.redF(), two.greenF(), two.blueF()), strict=True)
    return QColor.fromRgbF(*(x * (1 - share) + y * share for x, y in parts)).name()


def alpha(colour: str, opacity: float) -> QColor:
    """The colour, see-through."""
    seen = QColor(colour)
    seen.setAlphaF(opacity)
    return seen


def error_colour(share: float) -> str:
    """The colour of an error: 0 none, 1 the most that is shown (200 mm)."""
    stops = RAMP[_current.name]
    at = max(0.0, min(0.9999, share)) * (len(stops) - 1)
    return mix(stops[int(at)], stops[int(at) + 1], at - int(at))


@cache
def load_fonts() -> tuple[str, ...]:
    """Make the shipped fonts known to Qt; the families there are now."""
    families: list[str] = []
    for file in sorted(resources.path("fonts").glob("*.[ot]tf")):
        families += QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(file)))
    return tuple(dict.fromkeys(families))


def apply(app: QApplication, theme: Theme, text_size: int = 100) -> None:
    """Show the whole application in `theme`, its text at `text_size` percent."""
    global _current, _scale
    if (theme, text_size / 100) == (_current, _scale) and app.styleSheet():
        return
    _current, _scale = theme, text_size / 100
    load_fonts()
    # Once: under a style sheet the style goes by another name, and every widget would take it anew.
    if not app.styleSheet() and app.style().objectName().lower() != "fusion":
        app.setStyle("Fusion")
    app.setFont(font())
    app.setPalette(palette(theme))
    app.setStyleSheet(style_sheet(theme))


def palette(theme: Theme) -> QPalette:
    """The theme for what Qt draws without our style sheet."""
    role = QPalette.ColorRole
    made = QPalette()
    for which, colour in (
        (role.Window, theme.window),
        (role.WindowText, theme.text),
        (role.Base, theme.field),
        (role.AlternateBase, theme.panel),
        (role.Text, theme.text),
        (role.Button, theme.raised),
        (role.ButtonText, theme.text),
        (role.ToolTipBase, theme.raised),
        (role.ToolTipText, theme.text),
        (role.Highlight, theme.fill),
        (role.HighlightedText, "#FFFFFF"),
        (role.PlaceholderText, theme.text3),
        (role.Link, theme.accent),
        (role.Accent, theme.accent),
        (role.Mid, theme.line),
        (role.Dark, theme.line),
        (role.Light, theme.raised),
        (role.Shadow, theme.shadow),
    ):
        made.setColor(which, QColor(colour))
    for which in (role.Text, role.WindowText, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, which, QColor(theme.off))
    return made


def style_sheet(theme: Theme) -> str:
    """`resources/styles/studio.qss` with its words filled in: `@token`, `px(n)`, `glyph(name, token)`."""
    dark = theme.name == "dark"
    words = {each.name: value for each in fields(theme) if isinstance(value := getattr(theme, each.name), str)}
    words |= {
        "white": "#FFFFFF",
        "family": FAMILY,
        "mono": MONO,
        "field_edge": mix(theme.line, theme.edge, 0.45),
        "card_button": theme.press if dark else theme.raised,
        "card_button_edge": mix(theme.press, theme.edge, 0.35),
        "fill_hover": mix(theme.fill, "#FFFFFF", 0.10),
        "fill_press": mix(theme.fill, "#000000", 0.14),
        "knob": theme.text if dark else "#FFFFFF",
        "knob_edge": theme.canvas if dark else theme.edge,
    }
    text = resources.path("styles", "studio.qss").read_text(encoding="utf-8")
    text = re.sub(r"glyph\((\w+), @(\w+)\)", lambda found: _glyph(found[1], words[found[2]]), text)
    text = re.sub(r"@(\w+)", lambda found: words[found[1]], text)
    return re.sub(r"\bpx\((\d+)\)", lambda found: f"{px(int(found[1]))}px", text)


@cache
def _spare_folder() -> str:
    folder = tempfile.mkdtemp(prefix="posecast-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _glyph(name: str, colour: str) -> str:
    """A check or an arrow as the file that style sheets need; written once to the cache, one a colour."""
    folder = Path(platformdirs.user_cache_dir("posecast", appauthor=False)) / "glyphs"
    path = folder / f"{name}-{colour[1:].lower()}.svg"
    if not path.exists():
        drawing = icons.svg(name, colour, 2.4)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(drawing, encoding="utf-8")
        except OSError:  # a cache that cannot be written costs a place for this session, not the window
            path = Path(_spare_folder()) / path.name
            path.write_text(drawing, encoding="utf-8")
    return f'url("{path.as_posix()}")'
