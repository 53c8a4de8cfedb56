"""The body of a characteristic pose in space, small: from the front, from the side, and what may be doubted of it."""

from PySide6.QtWidgets import QFrame


class LiftCard(QFrame):
    """Hidden until there is a body to show."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("well")
        self.hide()
