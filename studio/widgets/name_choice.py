"""A choice among names that people gave: one that is too long for its place ends in "…" and is whole in its tooltip."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy, QStyle, QStyleOptionComboBox, QStylePainter


class NameChoice(QComboBox):
    """Never wider than its place, however long the names."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumWidth(40)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.currentTextChanged.connect(self.setToolTip)

    def shown(self) -> str:
        """What of the name is read in the field."""
        asked = QStyleOptionComboBox()
        self.initStyleOption(asked)
        part = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, asked, part, self).width()
        return self.fontMetrics().elidedText(self.currentText(), Qt.TextElideMode.ElideRight, room - 2)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter, asked = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(asked)
        asked.currentText = self.shown()  # pyright: ignore[reportAttributeAccessIssue]
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, asked)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, asked)
        painter.end()
