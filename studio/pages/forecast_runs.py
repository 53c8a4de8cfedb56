"""Whose forecast the page shows: one run chosen in its head, or several added to be compared."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QWidget

from studio import theme
from studio.commands import tip
from studio.forecasters import PLAINS
from studio.pages.forecast_asking import Asking
from studio.widgets import parts
from studio.widgets.painting import Swatch

_MOST_PX = 320


class RunChoice(QWidget):
    """The run that is shown, in its colour, or a button for one more."""

    adds = Signal()
    """Another run is to be compared."""

    def __init__(self, asking: Asking) -> None:
        super().__init__()
        self._asking = asking
        self._swatch = Swatch("text3", 9, 4)
        self.choice = QComboBox()
        self.choice.setAccessibleName(self.tr("Run"))
        self.choice.setMinimumWidth(theme.px(190))
        self.choice.setMaximumWidth(theme.px(_MOST_PX))  # tabs and tools keep their room, however long a name is
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.currentIndexChanged.connect(self._take)
        self._add = parts.button(self.tr("Add run"), "plus")
        self._add.setToolTip(tip("add-run"))
        self._add.clicked.connect(self.show_menu)
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        parts.fill(box, (self._swatch, self.choice, self._add))

    def show_runs(self, *, is_comparing: bool) -> None:
        """The runs there are, and the chosen one."""
        asking, choice = self._asking, self.choice
        names = [each.name for each in asking.known]
        choice.blockSignals(True)
        if names != [choice.itemText(at) for at in range(choice.count())]:
            choice.clear()
            choice.addItems(names)
        choice.setCurrentIndex(next((at for at, each in enumerate(asking.known) if each == asking.chosen), -1))
        choice.setToolTip(choice.currentText())
        choice.blockSignals(False)
        choice.setVisible(not is_comparing and bool(names))
        self._swatch.setVisible(not is_comparing and asking.chosen is not None)
        self._add.setVisible(is_comparing)
        if asking.chosen is not None:
            self._swatch.show_colour(asking.chosen.colour)

    def walk(self, by: int) -> None:
        """The next run, or the one before."""
        known, chosen = self._asking.known, self._asking.chosen
        if known and chosen is not None:
            at = next((at for at, each in enumerate(known) if each.run == chosen.run), 0)
            self._asking.choose(known[(at + by) % len(known)])

    def show_choice(self) -> None:
        """The runs to choose from, or to compare, opened."""
        if self.choice.isVisible():
            self.choice.showPopup()
        else:
            self.show_menu()

    def show_menu(self) -> None:
        """Open the menu of runs to compare, in Compare."""
        self.adds.emit()
        self.menu().popup(self._add.mapToGlobal(self._add.rect().bottomLeft()))

    def menu(self) -> QMenu:
        """Every forecaster and the baselines beside it, ticked where they are compared."""
        asking, menu = self._asking, QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        compared = {each.key for each in asking.compared}
        for known in asking.known:
            for each in (known, *(known.beside(plain) for plain in PLAINS)):
                words = each.name if not each.is_plain else f"    {each.name}, {each.preset}"
                action = menu.addAction(parts.literal(words))
                action.setCheckable(True)
                action.setChecked(each.key in compared)
                action.setToolTip(self.tr("beside {run}").format(run=known.name) if each.is_plain else "")
                action.toggled.connect(lambda on, each=each: asking.compare(each, on=on))
        return menu

    def _take(self, at: int) -> None:
        if 0 <= at < len(self._asking.known):
            self._asking.choose(self._asking.known[at])
