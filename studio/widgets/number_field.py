"""A field for one measured number with its unit, told when it is typed to the end or stepped, never halfway."""

from typing import TypeVar

from PySide6.QtWidgets import QDoubleSpinBox, QSpinBox

from studio import theme

_LEFT_PX = 6
FieldOf = TypeVar("FieldOf", QSpinBox, QDoubleSpinBox)


def number_field(
    name: str, value: float, least: float, most: float, unit: str, *, decimals: int = 3, step: float = 0.05
) -> QDoubleSpinBox:
    """A number with decimals; `name` is what it is called aloud."""
    made = QDoubleSpinBox()
    made.setDecimals(decimals)
    made.setRange(least, most)
    made.setSingleStep(step)
    made.setSuffix(f" {unit}")
    made.setValue(value)
    return _dressed(made, name)


def count_field(name: str, value: int, least: int, most: int) -> QSpinBox:
    """A whole number."""
    made = QSpinBox()
    made.setRange(least, most)
    made.setValue(value)
    return _dressed(made, name)


def _dressed(field: FieldOf, name: str) -> FieldOf:
    field.setAccessibleName(name)
    field.setKeyboardTracking(False)
    field.setMinimumWidth(theme.px(54))
    field.lineEdit().setTextMargins(_LEFT_PX, 0, 0, 0)
    return field
