"""What lies about in a kitchen and is carried: each kind as shapes in its own frame (see `script.THINGS`).

y up, the foot at the origin; sizes are those that hands of the simulation close round.
"""

from collections.abc import Callable

import numpy as np

from core.rendering.kitchen.script import THINGS
from core.rendering.kitchen.shapes import GLOSS, MATT, SATIN, STEEL, Shape, ball, box, joined, pipe, sheet, turned_shape

_STEEL, _DARK_HANDLE, _WOOD = "#c2c6cc", "#33353a", "#b98a56"


def thing_shapes(kind: str) -> list[Shape]:
    """What a thing of this kind looks like."""
    return joined(_MAKERS[kind]())


def _knife() -> list[Shape]:
    blade = box((-0.0015, -0.004, 0.035), (0.0015, 0.030, 0.19), _STEEL, finish=STEEL)
    tip = ball((0.0015, 0.017, 0.022), _STEEL, finish=STEEL, at=(0, 0.013, 0.19), rings=8)
    handle = box((-0.010, 0.002, -0.08), (0.010, 0.026, 0.035), _DARK_HANDLE, finish=SATIN)
    return [blade, tip, handle]


def _peeler() -> list[Shape]:
    handle = pipe([(0, 0.012, -0.07), (0, 0.012, 0.03)], 0.010, "#3f7f6a", finish=SATIN)
    return [handle, box((-0.016, 0.008, 0.03), (0.016, 0.013, 0.085), _STEEL, finish=STEEL)]


def _spoon() -> list[Shape]:
    handle = pipe([(0, 0.012, -0.09), (0, 0.012, 0.15)], 0.0065, _WOOD, finish=MATT)
    return [handle, ball((0.024, 0.009, 0.036), _WOOD, at=(0, 0.012, 0.175))]


def _whisk() -> list[Shape]:
    parts = [pipe([(0, 0.028, -0.08), (0, 0.028, 0.05)], 0.010, _STEEL, finish=STEEL)]
    along = np.linspace(0, 1, 9)
    for angle in np.linspace(0, np.pi, 4, endpoint=False):
        out = 0.026 * np.sin(np.pi * along**0.7)
        wire = np.stack([out * np.cos(angle), out * np.sin(angle), 0.05 + 0.13 * along], -1)
        wires = (wire * [side, side, 1] + [0, 0.028, 0] for side in (1.0, -1.0))
        parts += [pipe(each, 0.0022, _STEEL, finish=STEEL, sides=6) for each in wires]
    return parts


def _pan() -> list[Shape]:
    profile = [(0, 0), (0.105, 0), (0.12, 0.045), (0.114, 0.045), (0.10, 0.008), (0, 0.008)]
    handle = pipe([(0, 0.032, -0.11), (0, 0.040, -0.20), (0, 0.042, -0.32)], 0.011, _DARK_HANDLE, smooth=True)
    return [turned_shape(profile, "#2c2e33", finish=SATIN), handle]


def _pot() -> list[Shape]:
    profile = [(0, 0), (0.108, 0), (0.11, 0.004), (0.11, 0.145), (0.116, 0.15), (0.106, 0.15), (0.104, 0.01), (0, 0.01)]
    ear = pipe([(0.10, 0.118, -0.035), (0.15, 0.122, -0.02), (0.15, 0.122, 0.02), (0.10, 0.118, 0.035)], 0.007,
               _STEEL, finish=STEEL, smooth=True)  # fmt: skip
    return [turned_shape(profile, _STEEL, finish=STEEL), ear, ear.mirrored_x()]


def _bowl_of(colour: str, finish_steel: bool) -> list[Shape]:
    outside = [(0.040, 0), (0.043, 0.008), (0.075, 0.035), (0.098, 0.075), (0.105, 0.105)]
    inside = [(0.100, 0.105), (0.092, 0.075), (0.070, 0.040), (0.035, 0.014), (0, 0.012)]
    return [turned_shape([(0, 0), *outside, *inside], colour, finish=STEEL if finish_steel else GLOSS)]


def _colander() -> list[Shape]:
    shapes = _bowl_of(_STEEL, finish_steel=True)
    for turn in np.linspace(0, 2 * np.pi, 18, endpoint=False):
        for radius, height in ((0.081, 0.044), (0.098, 0.074)):
            at = (radius * float(np.sin(turn)), height, radius * float(np.cos(turn)))
            shapes.append(ball((0.006, 0.006, 0.006), "#5a5f66", at=at, rings=5))
    return shapes


def _plate() -> list[Shape]:
    profile = [(0, 0), (0.06, 0), (0.108, 0.016), (0.107, 0.019), (0.064, 0.006), (0, 0.006)]
    return [turned_shape(profile, "#f4f2ec", finish=GLOSS)]


def _glass() -> list[Shape]:
    profile = [(0, 0), (0.028, 0), (0.035, 0.11), (0.033, 0.11), (0.026, 0.008), (0, 0.008)]
    return [turned_shape(profile, "#bcd9e2", finish=GLOSS)]


def _grater() -> list[Shape]:
    body = turned_shape([(0.062, 0), (0.045, 0.20), (0, 0.20)], _STEEL, finish=STEEL, sides=4)
    handle = pipe([(-0.03, 0.20, 0), (-0.02, 0.235, 0), (0.02, 0.235, 0), (0.03, 0.20, 0)], 0.007, _DARK_HANDLE)
    rows = [
        box((-0.026, 0.03 + 0.022 * row, 0.035 - 0.002 * row), (0.026, 0.036 + 0.022 * row, 0.0415 - 0.002 * row),
            "#8d9299")
        for row in range(7)
    ]  # fmt: skip
    return [body.turned(_about_y(np.pi / 4)), handle, *rows]


def _board() -> list[Shape]:
    return [
        box((-0.17, 0, -0.12), (0.17, 0.02, 0.12), "#c79a63"),
        box((-0.17, 0.02, -0.004), (0.17, 0.0206, 0.0), "#b58851").facing((0, 1, 0)),
        box((-0.17, 0.02, 0.055), (0.17, 0.0206, 0.058), "#b58851").facing((0, 1, 0)),
        box((-0.17, 0.02, -0.062), (0.17, 0.0206, -0.059), "#b58851").facing((0, 1, 0)),
    ]


def _carton(width: float, height: float, depth: float, colour: str, band: str, gable: bool = False) -> list[Shape]:
    half = (width / 2, depth / 2)
    parts = [
        box((-half[0], 0, -half[1]), (half[0], height, half[1]), colour, finish=SATIN),
        box((-half[0] - 0.0006, 0.30 * height, -half[1] - 0.0006), (half[0] + 0.0006, 0.68 * height, half[1] + 0.0006),
            band, finish=SATIN),
    ]  # fmt: skip
    if gable:
        parts.append(box((-half[0], height, -0.006), (half[0], height + 0.03, 0.006), colour, finish=SATIN))
        slope = turned_shape([(half[0] * 1.41, height), (0.008, height + 0.028)], colour, finish=SATIN, sides=4)
        parts.append(slope.turned(_about_y(np.pi / 4)))
    return parts


def _bag(colour: str, label: str) -> list[Shape]:
    return [
        ball((0.062, 0.095, 0.044), colour, at=(0, 0.092, 0), boxy=0.55),
        box((-0.038, 0.05, 0.0405), (0.038, 0.13, 0.0445), label),
        box((-0.045, 0.175, -0.008), (0.045, 0.198, 0.008), colour),
    ]


def _egg() -> list[Shape]:
    return [ball((0.021, 0.028, 0.021), "#e8c9a6", at=(0, 0.027, 0), finish=SATIN)]


def _butter() -> list[Shape]:
    return [
        box((-0.05, 0, -0.032), (0.05, 0.045, 0.032), "#f3dd85", finish=SATIN),
        box((-0.051, 0, -0.033), (0.012, 0.046, 0.033), "#e9eef2", finish=SATIN),
    ]


def _cheese() -> list[Shape]:
    block = box((-0.06, 0, -0.038), (0.06, 0.055, 0.038), "#f0bf4a", finish=SATIN)
    holes = [
        ball((0.008, 0.008, 0.003), "#d9a334", at=at, rings=7)
        for at in ((-0.03, 0.03, 0.038), (0.01, 0.018, 0.038), (0.036, 0.036, 0.038), (-0.004, 0.042, 0.038))
    ]
    return [block, *holes]


def _lettuce() -> list[Shape]:
    rng = np.random.default_rng(4)
    leaves = []
    for turn in np.linspace(0, 2 * np.pi, 9, endpoint=False):
        out, green = 0.040, ["#7fb04f", "#8fbf5e", "#6fa043"][int(rng.integers(3))]
        leaf = ball((0.052, 0.062, 0.026), green, at=(0, 0.068, out), rings=10)
        tilt = 0.28 * rng.uniform(0.6, 1.3)
        leaves.append(leaf.turned(_about_y(float(turn)) @ _about_x(float(tilt))))
    return [ball((0.060, 0.062, 0.060), "#a8cf78", at=(0, 0.066, 0)), *leaves]


def _carrot() -> list[Shape]:
    profile = [(0.002, -0.10), (0.010, -0.06), (0.015, 0.0), (0.018, 0.07), (0.014, 0.085), (0, 0.087)]
    root = turned_shape(profile, "#e8812f", finish=SATIN, sides=16).turned(_along_x())
    tuft = [
        pipe([(0.085, 0, 0), (0.115, 0.004 + rise, drift)], 0.0035, "#5d9140", sides=6)
        for rise, drift in ((0.010, 0.004), (0.002, -0.008), (0.014, -0.003))
    ]
    return [part.moved(y=0.018) for part in (root, *tuft)]


def _cucumber() -> list[Shape]:
    profile = [(0, -0.12), (0.014, -0.112), (0.022, -0.07), (0.024, 0.0), (0.022, 0.07), (0.014, 0.112), (0, 0.12)]
    return [turned_shape(profile, "#4f8a3c", finish=SATIN, sides=18).turned(_along_x()).moved(y=0.024)]


def _round(size: float, squat: float, colour: str, stalk: str | None = None, finish_gloss: bool = False) -> list[Shape]:
    height = size / 2 * squat
    parts = [ball((size / 2, height, size / 2), colour, at=(0, height, 0), finish=GLOSS if finish_gloss else SATIN)]
    if stalk:
        parts.append(pipe([(0, 1.9 * height, 0), (0.004, 2 * height + 0.012, 0)], 0.003, stalk, sides=6))
    return parts


def _tomato() -> list[Shape]:
    star = [
        ball((0.012, 0.0025, 0.0045), "#5d8a3a", at=(0.012, 0.064, 0), rings=6).turned(_about_y(float(turn)))
        for turn in np.linspace(0, 2 * np.pi, 5, endpoint=False)
    ]
    return [*_round(0.075, 0.88, "#d33b2c", finish_gloss=True), *star]


def _onion() -> list[Shape]:
    profile = [(0, 0), (0.012, 0.002), (0.034, 0.018), (0.040, 0.034), (0.030, 0.056), (0.008, 0.070), (0.003, 0.086)]
    return [turned_shape(profile, "#b9713a", finish=SATIN)]


def _bread() -> list[Shape]:
    cuts = [ball((0.007, 0.005, 0.030), "#d9ae74", at=(at, 0.1085, 0), rings=8) for at in (-0.055, 0.0, 0.055)]
    return [ball((0.12, 0.055, 0.06), "#a9692f", at=(0, 0.055, 0), boxy=0.75), *cuts]


def _oil() -> list[Shape]:
    profile = [(0, 0), (0.036, 0), (0.0375, 0.006), (0.0375, 0.15), (0.030, 0.185), (0.014, 0.205), (0.013, 0.255)]
    return [
        turned_shape(profile, "#a8b44a", finish=GLOSS),
        turned_shape([(0.0155, 0.245), (0.0155, 0.272), (0, 0.272)], "#37412a", finish=SATIN),
        turned_shape([(0.0382, 0.045), (0.0382, 0.115)], "#efe9d6"),
    ]


def _shaker(colour: str, cap: str) -> list[Shape]:
    return [
        turned_shape([(0, 0), (0.028, 0), (0.026, 0.075)], colour, finish=GLOSS),
        turned_shape([(0.027, 0.074), (0.027, 0.098), (0.018, 0.110), (0, 0.111)], cap, finish=STEEL),
    ]


def _towel() -> list[Shape]:
    across, down = np.meshgrid(np.linspace(-0.125, 0.125, 25), np.linspace(0.02, -0.32, 20))
    fold = (0.5 + 0.5 * np.clip(-down / 0.2, 0, 1)) * (0.014 * np.sin(across * 66) + 0.006 * np.sin(across * 29 + 1))
    points = np.stack([across * (1 - 0.25 * np.clip((0.02 - down) / 0.05, 0, 1) * (down > -0.03)), down, fold], -1)
    red = ((down < -0.22) & (down > -0.25)) | ((down < -0.27) & (down > -0.28))
    return [sheet(points, np.where(red[..., None], (178, 58, 72), (240, 236, 226)))]


def _cloth() -> list[Shape]:
    return [
        box((-0.08, 0, -0.055), (0.08, 0.012, 0.055), "#e0b23a"),
        box((-0.07, 0.012, -0.045), (0.065, 0.020, 0.05), "#e7bf54"),
    ]


def _about_y(turn: float) -> np.ndarray:
    cos, sin = np.cos(turn), np.sin(turn)
    return np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])


def _about_x(turn: float) -> np.ndarray:
    cos, sin = np.cos(turn), np.sin(turn)
    return np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])


def _along_x() -> np.ndarray:
    """Turns what stands up so that it lies along x."""
    return np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]])


_MAKERS: dict[str, Callable[[], list[Shape]]] = {
    "knife": _knife,
    "peeler": _peeler,
    "spoon": _spoon,
    "whisk": _whisk,
    "pan": _pan,
    "pot": _pot,
    "bowl": lambda: _bowl_of("#ece7dc", finish_steel=False),
    "plate": _plate,
    "glass": _glass,
    "colander": _colander,
    "grater": _grater,
    "board": _board,
    "milk": lambda: _carton(0.075, 0.18, 0.075, "#f4f6f8", "#4f86b8", gable=True),
    "egg": _egg,
    "butter": _butter,
    "cheese": _cheese,
    "lettuce": _lettuce,
    "carrot": _carrot,
    "cucumber": _cucumber,
    "tomato": _tomato,
    "dough": lambda: _round(0.19, 0.72, "#ecd9b4"),
    "flour": lambda: _bag("#efe6d3", "#b4553f"),
    "pasta": lambda: _carton(0.085, 0.20, 0.05, "#2f5fa3", "#e8c25c"),
    "rice": lambda: _carton(0.10, 0.18, 0.055, "#e3e8ef", "#5f9b7a"),
    "onion": _onion,
    "potato": lambda: [ball((0.046, 0.032, 0.036), "#b08a55", at=(0, 0.031, 0))],
    "bread": _bread,
    "apple": lambda: _round(0.08, 0.90, "#b5302f", stalk="#5a4028", finish_gloss=True),
    "oil": _oil,
    "salt": lambda: _shaker("#f2f2f0", _STEEL),
    "pepper": lambda: _shaker("#4a4038", "#33302d"),
    "towel": _towel,
    "cloth": _cloth,
}
assert set(_MAKERS) == set(THINGS)
