"""Asks for a new project's name and place. A project is a folder; the videos stay where they are."""

import re
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from studio import theme
from studio.widgets import parts
from studio.widgets.dialogs import Dialog
from studio.words import said, say


class NewProjectDialog(Dialog):
    """`wanted` gives the folder and the name; whoever listens makes the project and closes the dialog."""

    wanted = Signal(object, str)

    def __init__(self, place: Path, parent: QWidget | None) -> None:
        super().__init__("New project", parent, 500)
        self.name = QLineEdit()
        self.name.setPlaceholderText(said("Such as Courtyard pilot"))
        self.place = QLineEdit(str(place))
        choose = parts.button("Choose")
        choose.clicked.connect(self._choose)
        self._says = parts.text("", "caption", wrap=True)
        self.make = parts.button("Make the project", kind="primary")
        self.make.clicked.connect(self._make)
        cancel = parts.button("Cancel")
        cancel.clicked.connect(self.close)
        for each in (self.name, self.place):
            each.textChanged.connect(self._follow)
            each.returnPressed.connect(self.make.click)
        box = self.box
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
            problem = say("{folder} already holds a project. Open it, or choose another name.", folder=self.folder)
        makes = say("Makes {folder}", folder=self.folder) if name else said("Videos stay where they are.")
        self._says.setText(problem or makes)
        parts.set_role(self._says, "warn" if problem else "caption")
        self.make.setEnabled(bool(name) and not problem and bool(self.place.text().strip()))

    def _choose(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self, said("Choose where the project's folder goes"), self.place.text()
        )
        if chosen:
            self.place.setText(chosen)

    def _make(self) -> None:
        self.wanted.emit(self.folder, self.name.text().strip())
