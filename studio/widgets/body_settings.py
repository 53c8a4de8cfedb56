"""The bodies in the settings: which there are, the one people are shown with, a person's own files in and out."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from core.bodies import library
from core.bodies.library import BodyChoice
from core.errors import CoreError
from studio.body_files import BodyFiles, Outcome
from studio.settings import Settings
from studio.widgets import parts
from studio.words import counted, listed, say

_WHERE = (
    "SMPL, SMPL-H and SMPL-X come from their publishers' pages (smpl.is.tue.mpg.de, mano.is.tue.mpg.de, "
    "smpl-x.is.tue.mpg.de), for those who register there and accept their terms. Choose the files as they were "
    "downloaded, .pkl or .npz. Nothing in them is run; a copy as plain numbers stays on this machine."
)


class BodySettings(QWidget):
    """A part of the settings dialog."""

    changed = Signal()
    """Another body is shown, or there are others to choose from."""

    def __init__(self, settings: Settings, reader: BodyFiles | None = None) -> None:
        super().__init__()
        self._settings = settings
        self._reader = reader or BodyFiles(self)
        self._reader.ended.connect(self._take)
        self._shown = QComboBox()
        self._shown.activated.connect(self._choose)
        self._rows = parts.col(gap=8)
        self._files = parts.button("Add files…", "plus")
        self._files.clicked.connect(self._ask_for_files)
        self._folder = parts.button("Add a folder…", "folder")
        self._folder.clicked.connect(self._ask_for_folder)
        self._stop = parts.button("Stop", kind="quiet")
        self._stop.clicked.connect(self._give_up)
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        bar.setAccessibleName(say("Reading body files"))
        self._reading = parts.text("", "caption")
        self._busy = parts.col(parts.row((self._reading, 1), self._stop), bar, gap=4)
        self._said = parts.col(gap=4)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        adding = parts.row(self._files, self._folder, None, gap=6)
        where = parts.text(_WHERE, "caption", wrap=True)
        heading = parts.text("Bodies", "title")
        parts.fill(
            box, (heading, parts.field("Shown as", self._shown), self._rows, adding, self._busy, self._said, where)
        )
        self._busy.hide()
        self._said.hide()
        self._fill()

    def close_part(self) -> None:
        """For a dialog that closes: no process outlives it."""
        self._reader.stop()

    # ---- what there is ----

    def _fill(self) -> None:
        choices = library.choices()
        self._shown.clear()
        for each in choices:
            self._shown.addItem(f"{each.title}, {say('built in' if each.is_built_in else 'yours')}", each.key)
        if self._shown.findData(self._settings.body) < 0:
            self._shown.addItem(say("Not there any more"), self._settings.body)
        self._shown.setCurrentIndex(self._shown.findData(self._settings.body))
        lines = [_words_line(_built_in_words([each for each in choices if each.is_built_in]))]
        lines += [self._line(each) for each in choices if not each.is_built_in]
        lines += [parts.text(complaint, "warn", wrap=True) for complaint in library.complaints()]
        parts.refill(self._rows, lines)

    def _line(self, choice: BodyChoice) -> QWidget:
        facts = say(
            "{vertices} vertices, {licence}, from {source}",
            vertices=_spaced(choice.vertices),
            licence=choice.licence,
            source=choice.source,
        )
        words = parts.text(facts, "caption")
        words.setToolTip(library.terms(choice.licence))
        remove = parts.tool("close", say("Remove {title}; its file stays", title=choice.title))
        remove.clicked.connect(partial(self._remove, choice.key))
        return parts.row((parts.col(parts.text(choice.title, "strong"), words, gap=0), 1), remove)

    def _choose(self) -> None:
        self._settings.body = self._shown.currentData()
        self._settings.save()
        self.changed.emit()

    # ---- in and out ----

    def _ask_for_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(
            self, say("Add body files"), str(Path.home()), say("Body models (*.pkl *.npz);;All files (*)")
        )
        self._add([Path(name) for name in names])

    def _ask_for_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, say("Add a folder of body files"), str(Path.home()))
        self._add([Path(name)] if name else [])

    def _add(self, paths: Sequence[Path]) -> None:
        if not paths or self._reader.is_busy:
            return
        what = paths[0].name if len(paths) == 1 else counted(len(paths), "file")
        self._reading.setText(say("Reading {what}; a large file takes some seconds", what=what))
        self._say([])
        self._be_busy(on=True)
        self._reader.add(paths)

    def _give_up(self) -> None:
        self._reader.stop()
        self._be_busy(on=False)
        self._fill()
        self._say([parts.text("Stopped. What was added before stays.", "label", wrap=True)])

    def _take(self, outcome: Outcome) -> None:
        self._be_busy(on=False)
        self._fill()
        lines: list[QWidget] = []
        if outcome.added:
            lines.append(
                parts.text(
                    say("{bodies} added.", bodies=counted(len(outcome.added), "body", "bodies")), "ok", wrap=True
                )
            )
        lines += [parts.text(note, "label", wrap=True) for note in outcome.notes]
        for refusal in outcome.refused:
            lines += [parts.text(refusal.says, "danger", wrap=True), parts.text(refusal.hint, "label", wrap=True)]
        self._say(lines)
        if outcome.added:
            self.changed.emit()

    def _remove(self, key: str) -> None:
        try:
            library.remove(key)
        except CoreError as error:
            self._say([parts.text(str(error), "danger", wrap=True), parts.text(error.hint, "label", wrap=True)])
            return
        if self._settings.body == key:
            self._settings.body = library.DEFAULT_KEY
            self._settings.save()
        self._fill()
        self._say([])
        self.changed.emit()

    def _be_busy(self, *, on: bool) -> None:
        self._busy.setVisible(on)
        self._files.setEnabled(not on)
        self._folder.setEnabled(not on)

    def _say(self, lines: Sequence[QWidget]) -> None:
        for line in lines:
            if isinstance(line, QLabel):
                line.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        parts.refill(self._said, lines)
        self._said.setVisible(bool(lines))
        if lines:
            QTimer.singleShot(0, self, self._show_what_was_said)

    def _show_what_was_said(self) -> None:
        area = self.parent()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parent()
        if area is not None:
            area.ensureWidgetVisible(self._said, 0, 12)


def _built_in_words(choices: Sequence[BodyChoice]) -> str:
    families = {library.FAMILY_WORDS[each.family]: each.vertices for each in choices}
    genders = list(dict.fromkeys(each.gender for each in choices))
    forms = listed(
        [
            say("{family} ({vertices} vertices)", family=family, vertices=_spaced(vertices))
            for family, vertices in families.items()
        ]
    )
    return say("{forms}; {names}; in the public domain (CC0), free for any use", forms=forms, names=", ".join(genders))


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", "\u2009")


def _words_line(words: str) -> QWidget:
    return parts.col(parts.text("Built in", "strong"), parts.text(words, "caption", wrap=True), gap=0)
