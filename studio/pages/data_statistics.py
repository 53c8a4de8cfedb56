"""The right of the Data page: how often each action is marked, how long it lasts, and what follows what."""

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QDialog, QFrame, QScrollArea, QVBoxLayout, QWidget

from core.statistics import OriginFacts, Statistics
from studio import theme
from studio.widgets import parts
from studio.widgets.label_charts import ActionBars, DurationBars, TransitionMap, follows_words

_MOST_AT_ONCE = 40
_FEW = 4
"""So many actions the map beside the clips shows in the smallest window."""


class DataStatistics(QWidget):
    """Shows the figures of whatever is chosen in the catalog."""

    def __init__(self) -> None:
        super().__init__()
        self._statistics: Statistics | None = None
        self.bars, self.durations, self.map = ActionBars(), DurationBars(), TransitionMap()
        measure = parts.segmented(
            self.tr("Count"), self.tr("Length"), on_choice=lambda at: self.bars.show_length(at == 1)
        )
        measure.setAccessibleName(self.tr("What the bars count"))
        self._legend = parts.text("", "caption", wrap=True)
        self.origins = parts.text("", "caption", wrap=True)
        self.origins.setAccessibleName(self.tr("How the segments came about"))
        actions = parts.panel(
            self.tr("Actions"),
            (self.bars, 1),
            self._legend,
            self.origins,
            tools=(measure,),
            gap=6,
            margins=(12, 8, 10, 8),
        )
        self._lasting = parts.panel(self.tr("How long, seconds"), self.durations, gap=4, margins=(12, 8, 10, 8))
        self._cell = parts.text("", "strong", wrap=True)
        self._cell.setMinimumWidth(1)
        self.show_all = parts.button(self.tr("Show all"), kind="quiet")
        self.show_all.clicked.connect(self.open_all)
        foot = parts.row((self._cell, 1), self.show_all, gap=6)
        follows = parts.panel(self.tr("What follows what, %"), (self.map, 1), foot, gap=4, margins=(12, 8, 12, 8))
        self.map.chosen.connect(lambda *_: self._tell_cell())
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        parts.fill(box, ((actions, 5), self._lasting, (follows, 6)))
        self.setMinimumWidth(theme.px(200))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a low window the lengths give way."""
        super().resizeEvent(event)
        self._lasting.setVisible(self.height() >= theme.px(560))

    def show_statistics(self, statistics: Statistics) -> None:
        self._statistics = statistics
        knows_poses = statistics.things == "clip"
        self._legend.setText(self.tr("Bright: has its pose. Pale: still without."))
        self._legend.setVisible(knows_poses and bool(statistics.actions))
        said = origin_words(statistics)
        self.origins.setText(said)
        self.origins.setVisible(bool(said))
        self.bars.show_actions(statistics.actions, knows_poses=knows_poses)
        self.durations.show_bins(statistics.durations)
        self.map.show_statistics(statistics)
        self.show_all.setVisible(len(statistics.actions) > _FEW)
        self._tell_cell()

    def open_all(self) -> QDialog | None:
        """The whole map in a window of its own; past what can be read, the most frequent."""
        statistics = self._statistics
        if statistics is None:
            return None
        dialog = QDialog(self)
        count = min(len(statistics.actions), _MOST_AT_ONCE)
        title = self.tr("What follows what, %")
        dialog.setWindowTitle(title)
        whole = TransitionMap(_MOST_AT_ONCE)
        whole.show_statistics(statistics)
        side = theme.px(120 + 27 * count)
        whole.setMinimumSize(side, side)
        cell = parts.text("", "strong")

        def tell() -> None:
            cell.setText("" if whole.cell is None else follows_words(*whole.cell))

        whole.chosen.connect(lambda *_: tell())
        tell()
        box = QVBoxLayout(dialog)
        box.setContentsMargins(20, 16, 20, 16)
        box.addWidget(parts.text(title, "page"))
        area = QScrollArea()
        area.setWidget(whole)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        left = len(statistics.actions) - count
        if left:
            words = self.tr("The {count} most frequent actions; {left} rarer ones are not shown.")
            box.addWidget(parts.text(words.format(count=count, left=left), "caption"))
        box.addWidget(area, 1)
        box.addWidget(cell)
        room = self.screen().availableGeometry()
        dialog.resize(min(side + 60, room.width() - 80), min(side + 140, room.height() - 80))
        dialog.show()
        return dialog

    def _tell_cell(self) -> None:
        cell = self.map.cell
        words = "" if cell is None or not cell[3] else follows_words(*cell)
        self._cell.setText(words)
        self._cell.setToolTip(words)


def origin_words(statistics: Statistics) -> str:
    """How many segments are drafts of which run, and what people did with such; empty where no model had a share.

    "By hand 21. forecaster-08: 3 drafts, 2 corrected, 1 confirmed."
    """
    if not any(each.run for each in statistics.origins):
        return ""
    of_run: dict[str, list[OriginFacts]] = {}
    for each in statistics.origins:
        of_run.setdefault(each.run, []).append(each)
    said = []
    for run, facts in of_run.items():
        counts = ", ".join(_origin(each, run) for each in facts if each.segments)
        if counts:
            said.append(f"{run}: {counts}." if run else f"{counts[:1].upper()}{counts[1:]}.")
    return " ".join(said)


def _origin(facts: OriginFacts, run: str) -> str:
    if facts.origin == "draft":
        return f"{facts.segments} {'draft' if facts.segments == 1 else 'drafts'}"
    return f"{facts.segments} {facts.origin}" if run else f"{facts.origin} {facts.segments}"
