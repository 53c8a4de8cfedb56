"""The Compare tab of the Forecast page: runs in columns beside what came, over the frame, without it or in space, and
below them their errors over time.
"""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QMenu, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from core.motion import Poses2d
from studio import theme
from studio.forecasters import Known
from studio.pages.forecast_asking import Asking
from studio.pages.forecast_cells import Moment
from studio.pages.forecast_columns import LIGHTEST, TRUTH_KEY, columns_of, strips_of
from studio.pages.forecast_space import SpaceComparison
from studio.pages.forecast_tabs import room_of, seen_words
from studio.widgets import parts
from studio.widgets.compare_grid import CompareGrid
from studio.widgets.error_strips import ErrorStrips, RampKey, Strips
from studio.widgets.step_cards import PastStrip

_MOST_STRIPS_PX = 148


class StripsPanel(QFrame):
    """Error over time, by joint; folded to its title in a low window until it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("Error over time, by joint"))
        self.strips = ErrorStrips()
        self.fold = parts.tool("down", self.tr("Show or fold the strips"))
        self.fold.clicked.connect(lambda: self.set_folded(folded=not self._is_folded))
        light = self.tr("{percent} % of the torso").format(percent=round(100 * LIGHTEST))
        self._title = parts.text(self.tr("Error over time, by joint"), "title")
        self._rows = parts.text("", "caption")
        self._key = RampKey("0", light)
        self._scroll = QScrollArea()
        self._scroll.setWidget(self.strips)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.viewport().setAutoFillBackground(False)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._is_folded, self._is_folded_by_hand = False, False
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 6, 8, 8)
        box.setSpacing(4)
        box.addWidget(parts.row(self._title, None, self._rows, self._key, self.fold, gap=12))
        box.addWidget(self._scroll)

    def show_strips(self, strips: Strips) -> None:
        """The strips of a moment; without any, nothing stands here."""
        self.setVisible(bool(strips.runs))
        self.strips.show_strips(strips)
        joints = strips.joints
        self._rows.setText(f"{joints[0]} … {joints[-1]}".lower() if joints else "")
        self._rows.setToolTip(
            self.tr("Rows inside a run, from the top: {joints}. Between its instants a run moves evenly.").format(
                joints=", ".join(joints).lower()
            )
        )
        self._scroll.setFixedHeight(min(self.strips.height(), theme.px(_MOST_STRIPS_PX)))

    def set_low(self, *, low: bool) -> None:
        """In a low window it is folded, unless somebody unfolded it."""
        if not self._is_folded_by_hand:
            self._fold(folded=low)

    def set_folded(self, *, folded: bool) -> None:
        """By hand."""
        self._is_folded_by_hand = True
        self._fold(folded=folded)

    def _fold(self, *, folded: bool) -> None:
        self._is_folded = folded
        self._scroll.setVisible(not folded)
        self._key.setVisible(not folded)
        self._rows.setVisible(not folded)
        self.fold.show_icon("up" if folded else "down")


class CompareTab(QWidget):
    """Everything of one moment, lined up."""

    sought = Signal(int)
    chosen = Signal(int, str)
    """A row, and the column it was chosen in."""

    def __init__(self, asking: Asking) -> None:
        super().__init__()
        self._asking = asking
        self.past = PastStrip()
        self.past.clicked.connect(self.sought)
        self.grid = CompareGrid()
        self.grid.chosen.connect(self.chosen)
        self.grid.moved.connect(asking.move)
        self.grid.menu_wanted.connect(self._open_menu)
        self.space = SpaceComparison()
        self.space.step_wanted.connect(lambda at: self.chosen.emit(at, ""))
        self.panel = StripsPanel()
        self.panel.strips.sought.connect(self._seek)
        self._shown: tuple[object, ...] = ()
        self._moment: Moment | None = None
        self._says = parts.text("", "caption")
        self._says.hide()
        self._places = QStackedWidget()
        self._places.addWidget(self.grid)
        self._places.addWidget(self.space)
        upper = QFrame()
        upper.setObjectName("panel")
        inside = QVBoxLayout(upper)
        inside.setContentsMargins(10, 10, 6, 8)
        inside.setSpacing(8)
        parts.fill(inside, (self.past, self._says, (self._places, 1)))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        parts.fill(box, ((upper, 1), self.panel))

    def set_low(self, *, low: bool) -> None:
        """In a low window pictures come first."""
        self.past.setFixedHeight(theme.px(44 if low else 56))
        self.panel.set_low(low=low)

    def show_in_space(self, *, on: bool) -> None:
        """Over the frame, or in space."""
        self._places.setCurrentIndex(int(on))

    def clear(self) -> None:
        """No moment is shown."""
        self._moment, self._shown = None, ()
        self.past.show_steps((), "")
        self.grid.show_columns((), (), 0, "")
        self.panel.show_strips(Strips())

    def show_moment(
        self, moment: Moment, row: int, refused: Sequence[tuple[Known, str]], column: str, *, is_pale: bool
    ) -> None:
        """Row `row` of all runs, and why the `refused` ones have none."""
        self._moment = moment
        self.past.show_steps(moment.past(), seen_words(self, moment), is_pale=is_pale)
        by, knows = moment.lined.by, moment.lined.knows_what_came
        self._says.setVisible(by != "step" and not knows)
        self._says.setText(
            self.tr("Nothing is marked after this moment: rows are the steps of {run}.").format(
                run=moment.forecasts[0][0].name
            )
        )
        if self._places.currentIndex() == 0:
            when = [moment.when(at) for at in range(moment.rows())]
            columns = columns_of(moment, room_of(self, self.grid.area_of(0, 0)), refused)
            numbers = self.tr("step {number}")
            self.grid.show_columns(columns, when, row, column, numbers=numbers, is_pale=is_pale)

    def show_strips(self, moment: Moment | None, tracks: Poses2d | None) -> None:
        """The errors over time of the same moment, measured once."""
        shown = () if moment is None else (moment.clip, tuple(moment.forecasts), id(tracks))
        if shown != self._shown:
            self._shown = shown
            self.panel.show_strips(Strips() if moment is None else strips_of(moment, tracks))

    def show_clock(self, seconds: float) -> None:
        """Where the playhead is, seconds after the moment."""
        self.panel.strips.show_clock(seconds)

    def _seek(self, seconds: float) -> None:
        if self._moment is not None:
            time = self._moment.time
            self.sought.emit(time.nearest_frame(time.seconds(self._moment.first.at_frame) + seconds))

    def _open_menu(self, key: str, place: QPoint) -> None:
        """What can be done with a run's column."""
        asking = self._asking
        at = next((at for at, each in enumerate(asking.compared) if each.key == key), None)
        if key == TRUTH_KEY or at is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        known, last = asking.compared[at], len(asking.compared) - 1
        for words, can, do in (
            (self.tr("Move left"), at > 0, lambda: asking.move(key, at - 1)),
            (self.tr("Move right"), at < last, lambda: asking.move(key, at + 1)),
            (self.tr("Take out {run}").format(run=known.name), last > 0, lambda: asking.compare(known, on=False)),
        ):
            action = menu.addAction(words, do)
            action.setEnabled(can)
        menu.popup(place)
