"""Two small charts about a project's labels: how often each action is marked, and which follows which."""

import itertools
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter
from PySide6.QtWidgets import QToolTip

from core.project.annotations import Project
from core.project.edits import BACKGROUND
from studio import theme
from studio.widgets.painting import Painted, put, words_width


@dataclass(frozen=True)
class ActionCount:
    """How often an action is marked, how long in all, and how many of its segments have their pose."""

    name: str
    colour: str
    segments: int
    posed: int
    seconds: float


def action_counts(project: Project) -> list[ActionCount]:
    """Every action that is marked somewhere, the most frequent first. Background is no action."""
    segments = dict.fromkeys(project.labels, 0)
    posed, seconds = dict(segments), dict.fromkeys(project.labels, 0.0)
    for clip in project.clips.values():
        has_pose = {pose.segment for pose in clip.poses}
        for each in clip.segments:
            if each.action in segments:
                segments[each.action] += 1
                posed[each.action] += each.id in has_pose
                seconds[each.action] += (each.end_frame - each.start_frame) / clip.video.rate_hz
    found = [
        ActionCount(label.name, label.colour, segments[label.id], posed[label.id], seconds[label.id])
        for label in project.actions()
        if segments[label.id] and label.name not in BACKGROUND
    ]
    return sorted(found, key=lambda each: (-each.segments, each.name))


def transitions(project: Project, names: list[str]) -> list[list[float]]:
    """How often, of all times it was followed, action i (row) was followed by action j: shares of 1 by row."""
    place = {label.id: names.index(label.name) for label in project.actions() if label.name in names}
    counts = [[0] * len(names) for _ in names]
    for clip in project.clips.values():
        for actor in {each.actor for each in clip.segments}:
            row = [place[each.action] for each in clip.segments if each.actor == actor and each.action in place]
            for before, after in itertools.pairwise(row):
                counts[before][after] += 1
    return [[each / sum(row) if sum(row) else 0.0 for each in row] for row in counts]


class ActionBars(Painted):
    """A bar an action; the part that has its pose is bright, the rest pale."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: list[ActionCount] = []
        self._by_length = False
        self.setMinimumHeight(theme.px(120))
        self.setAccessibleName("How often each action is marked")

    def show_counts(self, counts: list[ActionCount]) -> None:
        self._counts = counts
        self.setAccessibleDescription(", ".join(f"{each.name} {each.segments}" for each in counts))
        self.update()

    def show_length(self, on: bool) -> None:
        self._by_length = on
        self.update()

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        rows = self._counts[: max(1, int(self.height() / theme.px(19)))]
        if not rows:
            put(painter, 4, theme.px(20), "Nothing is marked yet", look.text3, 11)
            return
        names = min(theme.px(110), max(words_width(each.name) for each in rows) + 4)
        height = min(theme.px(24), self.height() / len(rows))
        most = max(each.seconds if self._by_length else each.segments for each in rows)
        room = self.width() - names - 12 - theme.px(52)
        for at, each in enumerate(rows):
            top, value = at * height, each.seconds if self._by_length else each.segments
            baseline = top + height / 2 + theme.px(11) * 0.36
            put(painter, names, baseline, each.name, look.text2, 11, align="right", width=names)
            wide = max(2.0, room * value / most)
            share = each.posed / each.segments
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.alpha(each.colour, 0.30))
            painter.drawRoundedRect(QRectF(names + 8, top + height * 0.2, wide, height * 0.6), 2.5, 2.5)
            painter.setBrush(QColor(each.colour))
            painter.drawRoundedRect(QRectF(names + 8, top + height * 0.2, wide * share, height * 0.6), 2.5, 2.5)
            ink, weight = (look.warn, 600) if share < 0.7 else (look.text3, 400)
            words = _length(value) if self._by_length else f"{value:.0f}"
            put(painter, names + 8 + wide + 7, baseline, words, ink, 11, weight)


class TransitionMap(Painted):
    """Row to column: how often one action followed another. One hue, light to dark, with the number."""

    MOST = 10

    def __init__(self) -> None:
        super().__init__()
        self._names: list[str] = []
        self._shares: list[list[float]] = []
        self.setMinimumHeight(theme.px(180))
        self.setAccessibleName("Which action follows which")

    def sizeHint(self) -> QSize:
        return QSize(theme.px(360), theme.px(360))

    def show_project(self, project: Project, names: list[str]) -> None:
        self._names = names[: self.MOST]
        self._shares = transitions(project, self._names)
        self.update()

    def _grid(self) -> tuple[float, float, float]:
        left = min(theme.px(96), max((words_width(each, 10.5) for each in self._names), default=0) + 12)
        top = left * 0.72 + 6
        count = max(1, len(self._names))
        return left, top, min((self.width() - left - 4) / count, (self.height() - top - 4) / count, theme.px(46))

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        if not self._names:
            put(painter, 4, theme.px(20), "Mark two actions in a row to see what follows what", look.text3, 11)
            return
        left, top, side = self._grid()
        low, high = (look.field, look.accent) if look.name == "dark" else ("#F3F2FB", look.fill)
        for row, name in enumerate(self._names):
            put(
                painter,
                left - 8,
                top + row * side + side / 2 + 4,
                name,
                look.text2,
                10.5,
                align="right",
                width=left - 10,
            )
            painter.save()
            painter.translate(left + row * side + side / 2 + 3, top - 8)
            painter.rotate(-45)
            put(painter, 0, 0, name, look.text2, 10.5, width=left)
            painter.restore()
            for column, share in enumerate(self._shares[row]):
                colour = theme.mix(low, high, min(1.0, share * 1.1))
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(colour))
                painter.drawRoundedRect(
                    QRectF(left + column * side + 1, top + row * side + 1, side - 2, side - 2), 2.5, 2.5
                )
                if share >= 0.1 and side > theme.px(20):
                    ink = look.seg_ink if theme.contrast(colour, look.seg_ink) > 4.5 else "#FFFFFF"
                    at = left + column * side + side / 2
                    said = f"{share * 100:.0f}"
                    size = min(10.5, 10.5 * (side - 8) / words_width(said, 10.5, 500))
                    middle = top + row * side + side / 2 + theme.px(size) * 0.36
                    put(painter, at, middle, said, ink, size, 500, align="centre")

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self._names:
            left, top, side = self._grid()
            column, row = int((event.pos().x() - left) // side), int((event.pos().y() - top) // side)
            if 0 <= row < len(self._names) and 0 <= column < len(self._names):
                share = self._shares[row][column]
                words = f"After {self._names[row]} comes {self._names[column]}: {share:.0%}".replace("%", " %")
                QToolTip.showText(event.globalPos(), words, self)
                return True
        return super().event(event)


def _length(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
