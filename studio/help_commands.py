"""What the window can say about itself: keys, help, this machine, licences; and a picture of what is in front."""

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

import resources
from core import doctor
from studio.actions import Handlers, key_rows
from studio.commands import of_page, shown
from studio.main_window import MainWindow
from studio.settings import Settings
from studio.version import version
from studio.widgets.dialogs import FindingsDialog, WordsDialog
from studio.widgets.keys_window import KeysWindow
from studio.words import said, say

_HELP = {
    "projects": "Open the demo, make a project from your videos, or go on with one.\n"
    "A project is a folder; your videos stay where they are.",
    "data": "The clips of this project and how far each is.\n"
    "Add videos, extract 2D poses, then open a clip in Annotate.",
    "annotate": "Mark what is done and when: {mark_start} where it starts, {mark_end} where it ends,\n"
    "then the key of its label. {set_pose} sets the characteristic pose: where the action is most recognisable.",
    "train": "Choose a preset, change what you like, start. The run goes on when the window closes.\n"
    "Ticked runs are compared in the curves.",
    "evaluate": "How good each run is, and beside what: rows are runs, columns are figures.\n"
    "A report can be made again; what it says of itself stands beside it.",
    "forecast": "What comes next from the playhead on: the predicted actions with their 3D poses,\n"
    "beside what really came.",
    "generate": "Motion from an action, a duration and any past. Samples come side by side and play on one clock.\n"
    "Lock a stretch of tokens and resample the rest; line actions up in the story below; {keep} keeps a sample.\n"
    "What is kept stays in the project with everything needed to make it again.",
}


def help_words(page: str) -> str:
    """What a page is for, with the keys that hold."""
    keys = ("mark-start", "mark-end", "set-pose", "keep")
    return say(_HELP[page], **{name.replace("-", "_"): shown(name) or "?" for name in keys})


class HelpCommands(QObject):
    """Opens dialogs over the window, none of them modal."""

    def __init__(self, window: MainWindow, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._settings = window, settings
        window.actions_table.take_keys(settings.keymap)

    def handlers(self) -> Handlers:
        return {
            "keys": self.show_keys,
            "page-help": self.show_help,
            "this-machine": self.show_machine,
            "licences": self.show_licences,
            "about": self.show_about,
            "save-picture": self.save_picture,
        }

    def show_keys(self) -> None:
        """The keys, by where they hold; each can be changed."""
        dialog = KeysWindow(self._settings.keymap, self._window)
        dialog.changed.connect(self._keep_keys)
        dialog.show()

    def _keep_keys(self) -> None:
        self._window.actions_table.take_keys(self._settings.keymap)
        self._settings.save()

    def show_help(self) -> None:
        page = self._window.page_name
        listed = set(self._window.actions_table.listed())
        rows = key_rows([each for each in of_page(page) if each.where != "everywhere" and each in listed])
        lines = [f"{key:<20} {what}" for what, key in rows]
        title = say("Help: {page}", page=said(page.capitalize()))
        WordsDialog(title, "\n".join([help_words(page), "", *lines]), self._window).show()

    def show_machine(self) -> None:
        findings = [(each.state, each.what, each.says, each.hint) for each in doctor.examine()]
        FindingsDialog("What is on this machine", findings, self._window).show()

    def show_licences(self) -> None:
        root = resources.path()
        files = sorted({each for name in ("*LICENSE*", "*OFL*", "*NOTICE*") for each in root.rglob(name)})
        texts = [f"{each.relative_to(root)}\n\n{each.read_text(encoding='utf-8', errors='replace')}" for each in files]
        words = say("Posecast is free software under the Apache License 2.0. What it ships beside it:\n\n")
        WordsDialog("Licences", words + "\n\n\n".join(texts), self._window).show()

    def show_about(self) -> None:
        words = say(
            "Posecast {version}\n\nMark actions and characteristic poses on video, train forecasters, and see "
            "what comes next in 3D.\n\nNothing leaves this machine.",
            version=version(),
        )
        WordsDialog("About Posecast", words, self._window, mono=False).show()

    def save_picture(self) -> None:
        """The window as it is now, as a file."""
        picture = self._window.grab()
        start = str(Path.home() / f"{self._window.page_name}.png")
        chosen, _ = QFileDialog.getSaveFileName(
            self._window, say("Save a picture of the view"), start, say("Pictures (*.png)")
        )
        if chosen:
            picture.save(chosen)
