"""Asks for a new project's name and place. A project is a folder; the videos stay where they are."""

import re
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QLineEdit, QVBoxLayout, QWidget

from studio import theme
from studio.widgets import parts


class NewProjectDialog(QDialog):
    """`wanted` gives the folder and the name; whoever listens makes the project and closes the dialog."""

    wanted = Signal(object, str)

    def __init__(self, place: Path, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle("New project")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(theme.px(500))
        self.name = QLineEdit()
        self.name.setPlaceholderText("Such as Courtyard pilot")
        self.place = QLineEdit(str(place))
        choose = parts.button("Choose")
        choose.clicked.connect(self._choose)
        self._says = parts.text("", "caption", wrap=True)
        self.make = parts.button("Make the project", kind="primary")
        self.make.setDefault(True)
        self.make.clicked.connect(self._make)
        cancel = parts.button("Cancel")
        cancel.clicked.connect(self.close)
        self.name.textChanged.connect(self._follow)
        self.place.textChanged.connect(self._follow)
        box = QVBoxLayout(self)
        box.setContentsMargins(20, 16, 20, 16)
        box.setSpacing(10)
        box.addWidget(parts.text("New project", "page"))
        box.addWidget(parts.field("Name", self.name))
        box.addWidget(parts.field("In the folder", self.place))
        box.addWidget(parts.row(theme.px(100), choose, None, gap=0))
        box.addWidget(self._says)
        box.addWidget(parts.row(None, cancel, self.make, gap=6))
        self._follow()
        self.name.setFocus()

    @property
    def folder(self) -> Path:
        """The folder that would be made."""
        plain = re.sub(r'[\\/:*?"<>|\x00-\x1f]+', " ", self.name.text()).strip(" .")
        return Path(self.place.text()).expanduser() / plain

    def _follow(self) -> None:
        name = self.folder.name if self.name.text().strip() else ""
        problem = ""
        if name and (self.folder / "project.sqlite").exists():
            problem = f"{self.folder} already holds a project. Open it, or choose another name."
        self._says.setText(problem or (f"Makes {self.folder}" if name else "Videos stay where they are."))
        parts.set_role(self._says, "warn" if problem else "caption")
        self.make.setEnabled(bool(name) and not problem and bool(self.place.text().strip()))

    def _choose(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Choose where the project's folder goes", self.place.text())
        if chosen:
            self.place.setText(chosen)

    def _make(self) -> None:
        self.wanted.emit(self.folder, self.name.text().strip())
