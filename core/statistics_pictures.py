"""Statistics as pictures and tables in a folder: what is done, how long it lasts, what follows what, and the parts.

actions.png   a bar an action, the most frequent first; bright is the share that has its pose, where any has
durations.png how long what is done lasts, and how long the clips or recordings are
follows.png   of all times something followed the action of the row, how often it was that of the column, per cent
parts.png     what each part of a split holds, where a split is given
actions.csv, follows.csv   the same figures for a spreadsheet
"""

import csv
from collections.abc import Sequence
from pathlib import Path

from core.errors import FileError
from core.formats.delimited import as_cell
from core.project.edits import LABEL_COLOURS
from core.rendering.boards import CANVAS, LINE, PAD, PANEL, QUIET, Board, Rgb, stacked
from core.rendering.export import write_png
from core.rendering.offscreen import rgb
from core.rendering.overlay import PAPER, font_of
from core.statistics import NO_PART, Bin, Statistics
from core.whole_files import refused, whole_file
from core.wording import counted, spelled_time

WIDTH = 960
_MOST_BARS = 60
_MOST_CELLS = 30
_ROW = 22
_HEAD = 64
_BLUE = LABEL_COLOURS[0]


def write_pictures(found: Statistics, folder: Path) -> tuple[Path, ...]:
    """Write everything there is to show; the files that were made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refused(folder, error) from error
    if not found.actions:
        raise FileError(folder, "nothing is labelled, so there is nothing to draw", hint="Mark or import labels first.")
    pictures = {"actions": actions_picture(found), "durations": durations_picture(found)}
    if found.follows:
        pictures["follows"] = follows_picture(found)
    if found.parts:
        pictures["parts"] = parts_picture(found)
    made = []
    for name, picture in pictures.items():
        with whole_file(folder / f"{name}.png") as beside:
            write_png(beside, picture)
        made.append(folder / f"{name}.png")
    return (*made, *_tables(found, folder))


def actions_picture(found: Statistics) -> Rgb:
    """How often each action is done, and how long in all."""
    shown = found.actions[:_MOST_BARS]
    board = Board(WIDTH, _HEAD + _ROW * len(shown) + PAD)
    posed = any(each.posed for each in shown)
    what = "bright: with its characteristic pose" if posed else "times, and time in all"
    left = len(found.actions) - len(shown)
    _head(board, f"What is done: {counted(len(found.actions), 'action')}", what + (f"; {left} more" if left else ""))
    names = min(max(_width(each.name) for each in shown), 280)
    start, end, most = PAD + names + 14, WIDTH - PAD - 190, shown[0].count
    for at, each in enumerate(shown):
        middle, colour = _HEAD + _ROW * (at + 0.5), each.colour or LABEL_COLOURS[at % len(LABEL_COLOURS)]
        board.words(each.name, (start - 14, middle), held="right", most=names, colour=PAPER)
        reach = start + (end - start) * each.count / most
        board.box(start, middle - 7, reach, middle + 7, _mixed(colour, 0.35) if posed else colour, 3)
        if each.posed:
            board.box(start, middle - 7, start + (reach - start) * each.posed / each.count, middle + 7, colour, 3)
        board.words(f"{each.count}", (end + 60, middle), held="right", weight="SemiBold")
        board.words(spelled_time(each.seconds), (WIDTH - PAD, middle), held="right", colour=QUIET)
    return board.picture()


def durations_picture(found: Statistics) -> Rgb:
    """How long what is done lasts, and how long clips or recordings are."""
    return stacked(
        [
            _histogram("How long it lasts", found.durations, counted(found.stretches, "stretch", "stretches")),
            _histogram(f"How long the {found.things}s are", found.lengths, counted(found.items, found.things)),
        ]
    )


def follows_picture(found: Statistics) -> Rgb:
    """A heat map of the most frequent actions: rows sum to 100 % over all actions."""
    names = [each.name for each in found.actions if _takes_part(found, each.name)][:_MOST_CELLS]
    shares = found.shares(names)
    side = min(max((WIDTH - 2 * PAD - 200) // len(names), 20), 56)
    words = round(min(max(_width(each) for each in names), 220)) + 6
    left, top = PAD + words + 12, _HEAD + words + 12
    board = Board(max(left + side * len(names) + PAD, 560), top + side * len(names) + PAD)
    more = len(found.actions) - len(names)
    note = "per cent of what followed the row's action" + (f"; the {len(names)} most frequent" if more else "")
    _head(board, "What follows what", note)
    for at, name in enumerate(names):
        board.words(name, (left - 12, top + side * (at + 0.5)), held="right", most=words)
        board.paste(_upright(name, words, side), left + side * at, top - 8 - words)
    for row, values in enumerate(shares):
        for column, share in enumerate(values):
            x, y = left + side * column, top + side * row
            board.box(x, y, x + side - 2, y + side - 2, _heat(share), 2)
            if share >= 0.005 and side >= 26:
                ink = "#0a0b0d" if share > 0.55 else PAPER
                board.words(f"{100 * share:.0f}", (x + side / 2 - 1, y + side / 2 - 1), size=min(side * 0.36, 14),
                            colour=ink, held="middle")  # fmt: skip
    return board.picture()


def parts_picture(found: Statistics) -> Rgb:
    """How much of everything each part of the split holds."""
    board = Board(WIDTH, _HEAD + 34 * 4 + PAD + 30)
    _head(board, f"Split {found.split}", f"{counted(found.items, found.things)}, {spelled_time(found.seconds)}")
    rows = [
        (f"{found.things}s", [each.items for each in found.parts]),
        ("time", [each.seconds for each in found.parts]),
        ("done", [each.stretches for each in found.parts]),
        ("actions", [each.actions for each in found.parts]),
    ]
    start, end = PAD + 110, WIDTH - PAD
    for at, (what, values) in enumerate(rows):
        middle, x, whole = _HEAD + 34 * (at + 0.5), float(start), max(sum(values), 1e-9)
        board.words(what, (start - 14, middle), held="right")
        for number, value in enumerate(values):
            wide = (end - start) * value / whole
            board.box(x, middle - 12, x + max(wide - 2, 1), middle + 12, _part_colour(found, number), 3)
            text = spelled_time(value) if what == "time" else f"{value:.0f}"
            if wide > _width(text) + 10:
                board.words(text, (x + wide / 2, middle), held="middle", weight="SemiBold", colour="#0a0b0d")
            x += wide
    x, y = float(start), _HEAD + 34 * len(rows) + 20
    for number, each in enumerate(found.parts):
        board.box(x, y - 6, x + 12, y + 6, _part_colour(found, number), 3)
        x += 20 + board.words(each.part or "in no part", (x + 18, y), colour=QUIET) + 22
    return board.picture()


# ---- drawing --------------------------------------------------------------------------------------------------------


def _head(board: Board, title: str, note: str) -> None:
    width = board.words(title, (PAD, 28), size=18, weight="SemiBold")
    board.words(note, (PAD + width + 16, 30), colour=QUIET, most=board.size[0] - 2 * PAD - width - 16)


def _histogram(title: str, bins: Sequence[Bin], note: str) -> Rgb:
    height = 260
    board = Board(WIDTH, height)
    _head(board, title, note)
    if not bins:
        return board.picture()
    most, top, bottom = max(each.count for each in bins), _HEAD + 20, height - 40
    step = min((WIDTH - 2 * PAD) / len(bins), 110)
    for at, each in enumerate(bins):
        left = PAD + step * at
        board.box(left, bottom, left + step - 6, bottom + 1, LINE)
        if each.count:
            reach = bottom - (bottom - top) * each.count / most
            board.box(left, reach, left + step - 6, bottom, _BLUE, 3)
            board.words(f"{each.count}", (left + step / 2 - 3, reach - 10), held="middle", size=12)
        board.words(_span(each), (left + step / 2 - 3, bottom + 16), held="middle", size=11, colour=QUIET)
    return board.picture()


def _span(each: Bin) -> str:
    if each.end_s is None:
        return f"{each.start_s / 60:g} min or more" if each.start_s >= 60 else f"{each.start_s:g} s or more"
    if each.end_s > 60:
        return f"{each.start_s / 60:g}–{each.end_s / 60:g} min"
    return f"{each.start_s:g}–{each.end_s:g} s"


def _upright(text: str, room: float, side: int) -> Rgb:
    """Words that read from below to above, `room` high."""
    lying = Board(round(room), side - 2)
    lying.words(text, (2, side / 2 - 1), most=room)
    return lying.picture().swapaxes(0, 1)[::-1].copy()


def _takes_part(found: Statistics, name: str) -> bool:
    return any(name in (each.before, each.after) for each in found.follows)


def _heat(share: float) -> str:
    """From the panel's grey over the first label's blue to paper."""
    if share <= 0:
        return PANEL
    return _mixed(_BLUE, 0.25 + 1.2 * share) if share < 0.6 else _mixed(PAPER, 1.0, _BLUE, (share - 0.6) / 0.4)


def _mixed(colour: str, strength: float, ground: str = CANVAS, share: float | None = None) -> str:
    """The colour on a ground: by its strength, or by its share over the ground."""
    over = min(strength, 1.0) if share is None else share
    parts = [round(a * over + b * (1 - over)) for a, b in zip(rgb(colour), rgb(ground), strict=True)]
    return "#" + "".join(f"{each:02x}" for each in parts)


def _part_colour(found: Statistics, number: int) -> str:
    return LINE if found.parts[number].part == NO_PART else LABEL_COLOURS[(0, 4, 3)[number]]


def _width(text: str) -> float:
    return float(font_of(13.0, "Regular").getlength(text))


# ---- tables ---------------------------------------------------------------------------------------------------------


def _tables(found: Statistics, folder: Path) -> tuple[Path, ...]:
    actions = [["action", "times", "with_pose", "seconds", "shortest_s", "median_s", "longest_s"]]
    actions += [
        [each.name, str(each.count), str(each.posed),
         *(f"{value:.3f}" for value in (each.seconds, each.shortest_s, each.median_s, each.longest_s))]
        for each in found.actions
    ]  # fmt: skip
    follows = [["before", "after", "times"]] + [[each.before, each.after, str(each.count)] for each in found.follows]
    made = []
    for name, rows in (("actions", actions), ("follows", follows)):
        path = folder / f"{name}.csv"
        with whole_file(path) as beside, beside.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(map(as_cell, row) for row in rows)
        made.append(path)
    return tuple(made)
