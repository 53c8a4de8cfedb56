"""The kitchen itself: walls, island, back run, tall units, what hangs and stands about, and the doors that open.

Places and sizes are those of `script`: island top at 0.90 m with sink and hob cut in at the layout's x; back run under
wall cupboards; fridge at +x, larder at −x, both open towards the cook. The layout's seed draws the colours. World
metres, y up.
"""

from dataclasses import dataclass

import numpy as np

from core.rendering.kitchen.script import Layout
from core.rendering.kitchen.shapes import GLOSS, SATIN, STEEL, Shape, ball, box, joined, panel, pipe, turned_shape
from core.rendering.kitchen.textures import plaster, tiles, wood

TOP_M = 0.90
_STEEL, _BRASS, _SHADOW_GAP = "#b9bfc5", "#c9a463", "#2e3133"


@dataclass(frozen=True)
class Palette:
    """The colours of one kitchen."""

    fronts: str
    frames: str
    wall_fronts: str
    wall: str
    tile: str
    grout: str
    floor: str
    wood: str
    stone: str
    handles: str


PALETTES = (
    Palette("#86a093", "#768d81", "#efede4", "#ece4d4", "#e3ebe8", "#bcc7c3", "#bca78d", "#c49a66", "#6f6a62", _BRASS),
    Palette("#5f7892", "#52697f", "#f0efe9", "#e8e6df", "#eef0f1", "#c6ccd0", "#b3aba0", "#b98a58", "#5d6066", _STEEL),
    Palette("#d7c3a4", "#c4ae8c", "#f5f1e6", "#dfe5df", "#c9dad0", "#a9bcb1", "#a98d76", "#a8743f", "#5b524a", _BRASS),
    Palette("#a8665a", "#93564c", "#f1ebe0", "#efe6d6", "#f1ece0", "#cfc5b4", "#9d9184", "#cfa873", "#57534f", _STEEL),
)


def palette_of(layout: Layout) -> Palette:
    return PALETTES[layout.seed % len(PALETTES)]


def room_shapes(layout: Layout) -> list[Shape]:
    """All of the kitchen that never moves."""
    look = palette_of(layout)
    rng = np.random.default_rng([layout.seed, 7])
    parts = _shell(look, layout.seed)
    parts += _island(look, layout) + _back_run(look) + _wall_units(look, rng) + _tall_units(look)
    return joined([*parts, *_ornaments(look, rng)])


def door_shapes(layout: Layout) -> dict[str, list[Shape]]:
    """Each door where it is when shut."""
    look = palette_of(layout)
    fridge = [
        box((1.375, 0.06, -1.05), (1.40, 2.05, -0.35), "#e4e7e9", finish=SATIN),
        *(box((1.40, y, -0.98), (1.47, y + 0.07, -0.42), "#f3f6f7", finish=SATIN) for y in (0.30, 0.75, 1.15, 1.55)),
        *_bar((1.355, 0.90, -0.42), (1.355, 1.35, -0.42), (0.02, 0, 0), _STEEL),
    ]
    larder = [
        box((-1.40, 0.06, -1.05), (-1.375, 2.05, -0.35), look.fronts),
        box((-1.376, 0.16, -0.96), (-1.372, 1.95, -0.44), look.frames),
        *_bar((-1.355, 0.98, -0.42), (-1.355, 1.42, -0.42), (-0.02, 0, 0), look.handles),
    ]
    doors = {"fridge": joined(fridge), "larder": joined(larder)}
    for name, low, high, handle in (("cupboard_left", -0.70, -0.02, -0.31), ("cupboard_right", 0.0, 0.68, 0.31)):
        doors[name] = joined(
            [
                box((low, 1.47, -1.68), (high, 2.10, -1.66), look.wall_fronts, finish=SATIN),
                *_rim((low + 0.07, 1.54, -1.661), (high - 0.07, 2.03, -1.6585), look.wall_fronts),
                *_bar((handle, 1.49, -1.63), (handle, 1.60, -1.63), (0, 0, -0.03), look.handles),
            ]
        )
    doors["drawer"] = joined(
        [
            box((0.10, 0.72, -0.015), (0.62, 0.85, 0.0), look.fronts),
            box((0.12, 0.735, 0.0), (0.60, 0.74, 0.34), "#d9c7a6"),
            *_bar((0.24, 0.79, -0.03), (0.48, 0.79, -0.03), (0, 0, 0.02), look.handles),
        ]
    )
    doors["low_drawer"] = joined(
        [
            box((-0.91, 0.12, -1.448), (-0.33, 0.56, -1.424), look.fronts),
            *_rim((-0.85, 0.18, -1.425), (-0.39, 0.50, -1.4225), look.fronts),
            box((-0.90, 0.20, -1.75), (-0.34, 0.21, -1.45), "#d9c7a6"),
            box((-0.90, 0.20, -1.75), (-0.885, 0.40, -1.45), "#d9c7a6"),
            box((-0.355, 0.20, -1.75), (-0.34, 0.40, -1.45), "#d9c7a6"),
            *_bar((-0.72, 0.46, -1.40), (-0.52, 0.46, -1.40), (0, 0, -0.02), look.handles),
        ]
    )
    return doors


def _shell(look: Palette, seed: int) -> list[Shape]:
    floor = tiles(10, 10, look.floor, "#8f826f", 48, seed, 0.05)
    wall = plaster(256, look.wall, seed)
    splash = tiles(22, 5, look.tile, look.grout, 32, seed + 1)
    return [
        panel((-3, 0, 3), (6, 0, 0), (0, 0, -6), floor, finish=SATIN),
        panel((-3, 0, -2.06), (6, 0, 0), (0, 2.9, 0), wall),
        panel((-2.0, 0, 2.2), (0, 0, -4.3), (0, 2.9, 0), wall),
        panel((2.0, 0, -2.1), (0, 0, 4.3), (0, 2.9, 0), wall),
        panel((-1.38, 0.90, -2.055), (2.76, 0, 0), (0, 0.58, 0), splash, finish=GLOSS),
        box((-3, 0, -2.06), (3, 0.09, -2.045), "#f2efe8"),
    ]


def _island(look: Palette, layout: Layout) -> list[Shape]:
    sink, hob = layout.sink_x_m, layout.hob_x_m
    parts = [
        box((-1.40, 0.08, 0.06), (1.40, 0.70, 0.64), look.frames),
        box((-1.40, 0.70, 0.06), (sink - 0.25, 0.86, 0.64), look.frames),  # the sink hangs between these
        box((sink + 0.25, 0.70, 0.06), (1.40, 0.86, 0.64), look.frames),
        box((sink - 0.25, 0.70, 0.47), (sink + 0.25, 0.86, 0.64), look.frames),
        box((-1.36, 0, 0.10), (1.36, 0.08, 0.60), _SHADOW_GAP),
    ]
    for x in np.linspace(-1.13, 1.13, 5):
        parts.append(box((x - 0.255, 0.12, 0.64), (x + 0.255, 0.84, 0.657), look.fronts))
        parts += _rim((x - 0.19, 0.18, 0.656), (x + 0.19, 0.78, 0.6585), look.fronts)
        parts += _bar((x - 0.07, 0.805, 0.68), (x + 0.07, 0.805, 0.68), (0, 0, -0.02), look.handles)
    plank = wood(1024, 256, look.wood, 6, layout.seed)
    for x0, x1, z0, z1 in (
        (sink + 0.25, 1.44, -0.02, 0.68),
        (-1.44, sink - 0.25, -0.02, 0.68),
        (sink - 0.25, sink + 0.25, -0.02, 0.09),
        (sink - 0.25, sink + 0.25, 0.47, 0.68),
    ):
        parts.append(box((x0, 0.86, z0), (x1, TOP_M - 0.001, z1), _darker(look.wood)))
        # The grain runs on through all pieces: each takes its part of one long board.
        repeat = ((x1 - x0) / 2.88, (z1 - z0) / 0.70)
        parts.append(panel((x0, TOP_M, z1), (x1 - x0, 0, 0), (0, 0, z0 - z1), plank, repeat=repeat, finish=SATIN))
    return parts + _sink(sink) + _hob(hob)


def _sink(x: float) -> list[Shape]:
    sides = (
        ((x - 0.25, 0.72, 0.09), (x - 0.235, TOP_M + 0.004, 0.47)),
        ((x + 0.235, 0.72, 0.09), (x + 0.25, TOP_M + 0.004, 0.47)),
        ((x - 0.25, 0.72, 0.09), (x + 0.25, TOP_M + 0.004, 0.105)),
        ((x - 0.25, 0.72, 0.455), (x + 0.25, TOP_M + 0.004, 0.47)),
        ((x - 0.25, 0.70, 0.09), (x + 0.25, 0.72, 0.47)),
    )
    basin = [box(low, high, _STEEL, finish=STEEL) for low, high in sides]
    tap = [(x, TOP_M, 0.53), (x, TOP_M + 0.18, 0.53), (x, TOP_M + 0.27, 0.50), (x, TOP_M + 0.28, 0.43),
           (x, TOP_M + 0.23, 0.38)]  # fmt: skip
    rack = [
        pipe([(x - 0.45, TOP_M + 0.012, z), (x - 0.28, TOP_M + 0.012, z)], 0.004, _STEEL, finish=STEEL, sides=6)
        for z in np.linspace(0.24, 0.56, 9)
    ]
    return [
        *basin,
        turned_shape([(0.03, 0.721), (0.03, 0.724), (0, 0.724)], "#6d7278").moved(x, 0, 0.28),
        pipe(tap, 0.013, _STEEL, finish=STEEL, smooth=True),
        turned_shape([(0.026, 0), (0.024, 0.02), (0, 0.02)], _STEEL, finish=STEEL).moved(x, TOP_M, 0.53),
        pipe([(x + 0.03, TOP_M + 0.05, 0.53), (x + 0.075, TOP_M + 0.075, 0.53)], 0.006, _STEEL, finish=STEEL),
        box((x - 0.46, TOP_M, 0.23), (x - 0.27, TOP_M + 0.006, 0.57), "#9aa3a8", finish=STEEL),
        *rack,
        pipe([(x + 0.28, 0.80, -0.035), (x + 0.56, 0.80, -0.035)], 0.008, "#cccccc", finish=STEEL),
    ]


def _hob(x: float) -> list[Shape]:
    parts = [box((x - 0.34, TOP_M, 0.06), (x + 0.42, TOP_M + 0.007, 0.56), "#1b1d20", finish=GLOSS)]
    for aside, z, radius in ((-0.16, 0.22, 0.115), (0.22, 0.26, 0.12), (-0.12, 0.46, 0.075), (0.2, 0.49, 0.06)):
        ring = [(radius - 0.006, 0), (radius - 0.006, 0.0015), (radius, 0.0015), (radius, 0)]
        parts.append(turned_shape(ring[::-1], "#6a6e75", sides=40).moved(x + aside, TOP_M + 0.007, z))
    knob = turned_shape([(0.018, 0), (0.017, 0.022), (0, 0.022)], "#3e4146", finish=SATIN, sides=20)
    parts += [knob.moved(x - 0.14 + 0.10 * at, TOP_M + 0.007, 0.085) for at in range(4)]
    return parts


def _back_run(look: Palette) -> list[Shape]:
    parts = [
        box((-1.15, 0.08, -2.05), (1.15, 0.87, -1.45), look.frames),
        box((-1.12, 0, -2.0), (1.12, 0.08, -1.50), _SHADOW_GAP),
        box((-1.18, 0.87, -2.06), (1.18, 0.91, -1.42), look.stone, finish=SATIN),
    ]
    for x in (-0.62, 0.0, 0.62):
        for low, high in ((0.12, 0.56), (0.58, 0.84)):
            if x < -0.5 and low < 0.5:
                continue  # the low drawer that opens has a front of its own
            parts.append(box((x - 0.29, low, -1.45), (x + 0.29, high, -1.432), look.fronts))
            parts += _rim((x - 0.23, low + 0.06, -1.433), (x + 0.23, high - 0.06, -1.4305), look.fronts)
            parts += _bar(
                (x - 0.10, high - 0.07, -1.405), (x + 0.10, high - 0.07, -1.405), (0, 0, -0.025), look.handles
            )
    return parts


def _wall_units(look: Palette, rng: np.random.Generator) -> list[Shape]:
    parts = [
        box((-0.72, 1.45, -2.05), (0.70, 2.13, -2.04), look.wall_fronts),
        box((-0.72, 1.45, -2.05), (-0.70, 2.13, -1.68), look.wall_fronts),
        box((0.68, 1.45, -2.05), (0.70, 2.13, -1.68), look.wall_fronts),
        box((-0.02, 1.45, -2.05), (0.0, 2.13, -1.68), look.wall_fronts),
        box((-0.74, 2.11, -2.05), (0.72, 2.14, -1.65), look.wall_fronts),
        box((-0.72, 1.45, -2.05), (0.70, 1.47, -1.68), look.wall_fronts),
        box((-0.70, 1.505, -2.04), (0.68, 1.52, -1.70), "#e6dfcf"),
        box((-0.70, 1.785, -2.04), (0.68, 1.80, -1.70), "#e6dfcf"),
    ]
    shelf = _darker(look.wood)
    for x0, x1 in ((0.72, 1.14), (-1.15, -0.74)):
        for y in (1.28, 1.62):
            parts.append(box((x0, y, -2.05), (x1, y + 0.022, -1.66), shelf))
            parts += [box((x, y - 0.07, -2.05), (x + 0.012, y, -1.78), _SHADOW_GAP) for x in (x0 + 0.05, x1 - 0.06)]
    x = -1.12
    while x < -0.82:  # books, no two alike
        width, height = rng.uniform(0.022, 0.042), rng.uniform(0.17, 0.25)
        colour = "#{:02x}{:02x}{:02x}".format(*(int(part) for part in rng.uniform(70, 205, 3)))
        parts.append(box((x, 1.642, -1.96), (x + width, 1.642 + height, -1.80), colour))
        x += width + 0.003
    for at, fill in enumerate(("#d9b36b", "#8a5a3c", "#c7cfb0", "#b6684a")):
        parts += _jar(0.78 + 0.10 * at, 1.642, -1.82, fill)
    for at, colour in enumerate(("#e9e4da", "#7f9db0", "#d59a6a")):
        parts += _mug(-1.08 + 0.12 * at, 1.302, -1.80, colour)
    return parts


def _tall_units(look: Palette) -> list[Shape]:
    parts = []
    for side, colour, inside, shelves in (
        (1.0, "#d9dde0", "#eef3f5", (0.42, 0.78, 1.10, 1.42, 1.72)),
        (-1.0, look.fronts, "#c0a680", (0.40, 0.86, 1.26, 1.62)),
    ):
        unit = [
            box((1.93, 0.05, -1.05), (1.99, 2.05, -0.32), inside),
            box((1.40, 0.0, -1.05), (1.99, 0.06, -0.32), colour),
            box((1.40, 2.03, -1.08), (1.99, 2.08, -0.32), colour),
            box((1.40, 0.05, -1.08), (1.99, 2.05, -1.05), colour),
            box((1.40, 0.05, -0.35), (1.99, 2.05, -0.32), colour),
        ]
        unit += [box((1.43, height - 0.015, -1.05), (1.93, height, -0.35), inside) for height in shelves]
        parts += [shape if side > 0 else shape.mirrored_x() for shape in unit]
    return parts


def _ornaments(look: Palette, rng: np.random.Generator) -> list[Shape]:
    oven = [
        box((-1.05, 0.91, -1.98), (-0.74, 1.13, -1.72), "#43474b", finish=SATIN),
        box((-1.03, 0.94, -1.721), (-0.84, 1.10, -1.715), "#15181b", finish=GLOSS),
        box((-0.82, 0.94, -1.721), (-0.76, 1.10, -1.717), "#565b60"),
    ]
    kettle = [
        turned_shape([(0, 0), (0.085, 0), (0.09, 0.01), (0.075, 0.15), (0.05, 0.18), (0, 0.185)], _STEEL, finish=STEEL),
        pipe([(0, 0.18, 0.05), (0, 0.25, 0.03), (0, 0.25, -0.03), (0, 0.18, -0.05)], 0.009, "#26282b", smooth=True),
        pipe([(-0.07, 0.09, 0), (-0.12, 0.15, 0)], 0.014, _STEEL, finish=STEEL),
    ]
    clock = [
        turned_shape([(0, 0), (0.13, 0), (0.135, 0.02), (0.12, 0.022)], "#3a3d40"),
        turned_shape([(0.122, 0.014), (0.0, 0.016)], "#f6f3ea"),
        box((-0.004, 0.017, -0.075), (0.004, 0.020, 0.0), "#2b2d30"),
        box((0.0, 0.017, -0.004), (0.055, 0.020, 0.004), "#2b2d30"),
    ]
    face_out = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    pot = [turned_shape([(0, 0), (0.05, 0), (0.068, 0.11), (0.06, 0.11), (0.055, 0.09), (0, 0.09)], "#b9714d")]
    for turn in np.linspace(0, 2 * np.pi, 11, endpoint=False):
        lean, tall = rng.uniform(0.03, 0.10), rng.uniform(0.10, 0.20)
        tip = (float(lean * np.sin(turn)), 0.10 + float(tall), float(lean * np.cos(turn)))
        pot.append(
            pipe([(0, 0.09, 0), (tip[0] * 0.4, 0.09 + tall * 0.6, tip[2] * 0.4), tip], 0.003, "#5d8a4a", sides=6)
        )
        pot.append(ball((0.024, 0.010, 0.024), "#6fa055", at=tip, rings=6))
    hanging = [pipe([(-0.62, 1.36, -2.03), (0.60, 1.36, -2.03)], 0.006, look.handles, finish=STEEL)]
    for at, (length, colour) in enumerate(((0.20, _STEEL), (0.16, "#b98a56"), (0.22, _STEEL), (0.18, "#3a3c40"))):
        x = -0.50 + 0.11 * at
        hanging.append(pipe([(x, 1.35, -2.02), (x, 1.35 - length, -2.02)], 0.006, colour, finish=SATIN))
        hanging.append(ball((0.026, 0.034, 0.008), colour, at=(x, 1.33 - length, -2.02), finish=SATIN))
    return [
        *oven,
        *(part.moved(0.95, 0.91, -1.85) for part in kettle),
        *(part.turned(face_out).moved(1.55, 1.95, -2.05) for part in clock),
        *(part.moved(0.42, 0.91, -1.88) for part in pot),
        *hanging,
    ]


def _jar(x: float, y: float, z: float, fill: str) -> list[Shape]:
    return [
        turned_shape([(0, 0), (0.038, 0), (0.040, 0.01), (0.040, 0.105), (0.03, 0.115)], fill, finish=GLOSS).moved(
            x, y, z
        ),
        turned_shape([(0.034, 0.112), (0.034, 0.135), (0, 0.135)], "#b08d5e").moved(x, y, z),
    ]


def _mug(x: float, y: float, z: float, colour: str) -> list[Shape]:
    wall = [(0, 0), (0.036, 0), (0.040, 0.09), (0.037, 0.09), (0.033, 0.008), (0, 0.008)]
    ear = pipe([(0.037, 0.07, 0), (0.062, 0.065, 0), (0.062, 0.03, 0), (0.037, 0.025, 0)], 0.005, colour, smooth=True)
    return [part.moved(x, y, z) for part in (turned_shape(wall, colour, finish=GLOSS), ear)]


def _bar(start: tuple[float, ...], end: tuple[float, ...], to_front: tuple[float, ...], colour: str) -> list[Shape]:
    """A handle: a bar on two feet that go `to_front`, the front it is fixed to."""
    bar, foot = np.array([start, end]), np.array(to_front)
    inward = 0.12 * (bar[1] - bar[0])
    feet = [pipe([end + step, end + step + foot], 0.005, colour, finish=STEEL, sides=8)
            for end, step in zip(bar, (inward, -inward), strict=True)]  # fmt: skip
    return [pipe(bar, 0.0075, colour, finish=STEEL, sides=10), *feet]


def _rim(low: tuple[float, ...], high: tuple[float, ...], colour: str) -> list[Shape]:
    """A raised frame on a front, in its plane x–y: what makes a board a cupboard door."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    wide = 0.02
    pale = _darker(colour, 0.95)
    boards = (
        ((x0, y0, z0), (x1, y0 + wide, z1)),
        ((x0, y1 - wide, z0), (x1, y1, z1)),
        ((x0, y0 + wide, z0), (x0 + wide, y1 - wide, z1)),
        ((x1 - wide, y0 + wide, z0), (x1, y1 - wide, z1)),
    )
    return [box(*board, pale).facing((0, 0, 1)) for board in boards]


def _darker(colour: str, share: float = 0.92) -> str:
    value = int(colour.lstrip("#"), 16)
    return "#{:02x}{:02x}{:02x}".format(*(round(part * share) for part in (value >> 16, value >> 8 & 255, value & 255)))
