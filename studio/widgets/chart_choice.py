"""Which curves are drawn: a small window with every figure there is, found by typing, each with a tick."""

from collections.abc import Callable, Collection, Mapping, Sequence

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from studio import theme
from studio.widgets import parts
from studio.words import said


class ChartChoice(QFrame):
    """Opens below a button and goes when somebody looks elsewhere."""

    def __init__(self, parent: QWidget, chosen: Callable[[tuple[str, ...]], None]) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("popup")
        self.setAccessibleName(said("Which curves are drawn"))
        self._chosen = chosen
        self.search = parts.search("Find a figure")
        self.search.textChanged.connect(self._find)
        self.list = QListWidget()
        self.list.setAccessibleName(said("Figures"))
        self.list.itemChanged.connect(lambda _: self._tell())
        usual = parts.button("The usual ones", "", "quiet")
        usual.clicked.connect(lambda: chosen(()))
        usual.clicked.connect(self.hide)
        box = QVBoxLayout(self)
        box.setContentsMargins(10, 10, 10, 10)
        box.setSpacing(8)
        parts.fill(box, (self.search, (self.list, 1), parts.row(usual, None)))
        self.setFixedSize(theme.px(280), theme.px(340))

    def open_at(self, place: QPoint, titles: Mapping[str, str], ticked: Collection[str]) -> None:
        """Offer these figures, by name with their titles, below a place of the screen."""
        self.list.blockSignals(True)
        self.list.clear()
        for name, title in titles.items():
            item = QListWidgetItem(title)
            item.setData(Qt.ItemDataRole.UserRole, name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if name in ticked else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        self.list.blockSignals(False)
        self.search.clear()
        self.move(place - QPoint(self.width(), 0))
        self.show()
        self.search.setFocus(Qt.FocusReason.PopupFocusReason)

    def names(self) -> Sequence[str]:
        """Those with a tick, in the list's order."""
        items = (self.list.item(at) for at in range(self.list.count()))
        return [each.data(Qt.ItemDataRole.UserRole) for each in items if each.checkState() == Qt.CheckState.Checked]

    def _tell(self) -> None:
        names = tuple(self.names())
        if names:
            self._chosen(names)

    def _find(self, words: str) -> None:
        wanted = words.casefold().split()
        for at in range(self.list.count()):
            item = self.list.item(at)
            whole = f"{item.text()} {item.data(Qt.ItemDataRole.UserRole)}".casefold()
            item.setHidden(not all(word in whole for word in wanted))
