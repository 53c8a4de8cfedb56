"""Where a timeline's contents lie on the screen: frames along x, rows down, and how a person arranged the rows.

Frames count from 0, and frame f takes the stretch from x(f) to x(f + 1). Positions are the widget's own pixels. A row
is known by its key: "frames", "person:" and the actor's id, "poses", "suggestions", "confidence", "speed", and "lane:"
and the run's; the arrangement holds keys, so it outlives the rows.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from studio.widgets.timeline_contents import TimelineContents
from studio.words import say

MOST_PX_PER_FRAME = 8.0


@dataclass(frozen=True)
class Axis:
    """Frames along x: `first` lies at `left`, and `px_per_frame` says how wide each is."""

    frame_count: int
    left: float
    width: float
    first: float = 0.0
    px_per_frame: float = 1.0

    def x(self, frame: float) -> float:
        return self.left + (frame - self.first) * self.px_per_frame

    def frame(self, x: float) -> float:
        return self.first + (x - self.left) / self.px_per_frame

    @property
    def last(self) -> float:
        """Where the view ends."""
        return self.first + self.width / self.px_per_frame

    @property
    def whole(self) -> float:
        """Pixels a frame has when the whole clip is in view."""
        return self.width / max(self.frame_count, 1)

    def kept_inside(self) -> "Axis":
        """The same view, within the limits of zoom and never past the clip's ends."""
        scale = min(max(self.px_per_frame, self.whole), max(MOST_PX_PER_FRAME, self.whole))
        room = self.frame_count - self.width / scale
        return replace(self, px_per_frame=scale, first=min(max(self.first, 0.0), max(room, 0.0)))

    def zoomed(self, factor: float, x: float) -> "Axis":
        """Closer by `factor`; the frame under `x` stays there."""
        anchor = self.frame(x)
        scale = min(max(self.px_per_frame * factor, self.whole), max(MOST_PX_PER_FRAME, self.whole))
        return replace(self, px_per_frame=scale, first=anchor - (x - self.left) / scale).kept_inside()

    @property
    def closeness(self) -> float:
        """0 with the whole clip in view, 1 as close as it gets; even steps look even."""
        most = max(MOST_PX_PER_FRAME, self.whole)
        return math.log(self.px_per_frame / self.whole) / math.log(most / self.whole) if most > self.whole else 0.0

    def at_closeness(self, share: float, x: float) -> "Axis":
        """The other way round; the frame under `x` stays there."""
        most = max(MOST_PX_PER_FRAME, self.whole)
        return self.zoomed(self.whole * (most / self.whole) ** share / self.px_per_frame, x)

    def panned(self, px: float) -> "Axis":
        return replace(self, first=self.first + px / self.px_per_frame).kept_inside()

    def showing(self, start: float, end: float) -> "Axis":
        """From `start` to `end`, or as near as the limits allow."""
        scale = self.width / max(end - start, 1e-6)
        return replace(self, first=start, px_per_frame=scale).kept_inside()


RowKind = Literal["frames", "segments", "poses", "suggestions", "confidence", "speed", "forecast"]
PERSON, LANE = "person:", "lane:"


@dataclass(frozen=True)
class Row:
    """One row of the timeline: what it shows, its name, and where it lies. `track` counts the tracks, or the lanes."""

    kind: RowKind
    name: str
    top: float
    height: float
    track: int = -1
    key: str = ""

    @property
    def bottom(self) -> float:
        return self.top + self.height


@dataclass(frozen=True)
class Arrangement:
    """How a person wants the rows: their order, which are hidden, and whose segments are locked. All by key."""

    order: tuple[str, ...] = ()
    hidden: frozenset[str] = frozenset()
    locked: frozenset[str] = frozenset()

    def is_locked(self, actor: str) -> bool:
        """Whether this person's segments may not be changed."""
        return PERSON + actor in self.locked

    def hiding(self, key: str, *, on: bool) -> "Arrangement":
        return replace(self, hidden=self.hidden | {key} if on else self.hidden - {key})

    def locking(self, key: str, *, on: bool) -> "Arrangement":
        return replace(self, locked=self.locked | {key} if on else self.locked - {key})

    def sorted(self, wishes: Sequence["Wish"]) -> list["Wish"]:
        """These rows in the person's order; one that was never placed follows the row it usually follows."""
        ranks: dict[str, float] = {key: float(at) for at, key in enumerate(self.order)}
        people = [at for key, at in ranks.items() if key.startswith(PERSON)]
        before = -1.0
        placed: list[tuple[float, int, Wish]] = []
        for at, wish in enumerate(wishes):
            rank = ranks.get(wish.key)
            if rank is None and people and wish.key.startswith(PERSON):
                rank = people[0]  # somebody else's clip: where people stand
            before = before if rank is None else rank
            placed.append((before, at, wish))
        return [each[2] for each in sorted(placed, key=lambda each: each[:2])]


@dataclass(frozen=True)
class Wish:
    """A row there could be, with the height it would like."""

    kind: RowKind
    name: str
    key: str
    height: float
    track: int = -1


RULER, FOOT, GAP = 24.0, 22.0, 3.0
FUTURE_PX = 5.0
"""How high one of several futures lies under the likeliest."""
HALF_ROW = 22.0
"""How high each of several overlapping rows of one person would like to be."""
_HEIGHTS: dict[RowKind, float] = {
    "frames": 38.0,
    "segments": 26.0,
    "poses": 24.0,
    "suggestions": 18.0,
    "confidence": 18.0,
    "speed": 26.0,
    "forecast": 26.0,
}
_MAIN = 32.0
_FOLD = ("frames", "confidence")
_LEAST, _MOST = 0.74, 1.5


def wishes_of(
    contents: TimelineContents,
    *,
    with_frames: bool = False,
    with_suggestions: bool = False,
    with_confidence: bool = False,
    with_speed: bool = False,
    lanes: Sequence[tuple[str, str, int]] = (),
    main_actor: str | None = None,
    arrangement: Arrangement = Arrangement(),
    with_hidden: bool = False,
) -> list[Wish]:
    """Every row there could be, in order. `lanes` are forecasts: key, name, and how many futures each shows."""
    wishes: list[Wish] = []
    heights = _HEIGHTS
    if with_frames:
        wishes.append(Wish("frames", say("Frames"), "frames", heights["frames"]))
    for at, track in enumerate(contents.tracks):
        usual = _MAIN if track.actor == main_actor or len(contents.tracks) == 1 else heights["segments"]
        high = max(usual, HALF_ROW * track.row_count) if track.row_count > 1 else usual
        wishes.append(Wish("segments", track.name, PERSON + track.actor, high, at))
    wishes.append(Wish("poses", say("Poses"), "poses", heights["poses"]))
    if with_suggestions:
        wishes.append(Wish("suggestions", say("Suggestions"), "suggestions", heights["suggestions"]))
    if with_confidence:
        wishes.append(Wish("confidence", say("2D confidence"), "confidence", heights["confidence"]))
    if with_speed:
        wishes.append(Wish("speed", say("Hand speed"), "speed", heights["speed"]))
    for at, (key, name, futures) in enumerate(lanes):
        wishes.append(Wish("forecast", name, LANE + key, heights["forecast"] + FUTURE_PX * futures, at))
    shown = wishes if with_hidden else [each for each in wishes if each.key not in arrangement.hidden]
    return arrangement.sorted(shown)


def laid_out(wishes: Sequence[Wish], height: float, scroll: float = 0.0) -> tuple[tuple[Row, ...], float]:
    """The rows from top to bottom, spread over a widget `height` pixels high, and how far they can be scrolled.

    In a low widget the frames and the 2D confidence fold away first; what does not fit then is scrolled to.
    """
    wished = list(wishes)
    room = height - RULER - FOOT - GAP
    for foldable in _FOLD:
        if sum(each.height * 0.95 + GAP for each in wished) > room:
            wished = [each for each in wished if each.kind != foldable]
    needed = sum(each.height for each in wished)
    scale = max(_LEAST, min(_MOST, (room - len(wished) * GAP) / max(needed, 1.0)))
    over = max(0.0, needed * scale + len(wished) * GAP - room - 0.5)
    rows, top = [], RULER + GAP - min(max(scroll, 0.0), over)
    for wish in wished:
        rows.append(Row(wish.kind, wish.name, top, wish.height * scale, wish.track, wish.key))
        top += wish.height * scale + GAP
    return tuple(rows), over


def wished_height(wishes: Sequence[Wish]) -> float:
    """How high a widget must be to show every row at its usual height."""
    return RULER + FOOT + GAP + sum(each.height + GAP for each in wishes)
