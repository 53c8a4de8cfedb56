"""Asks what is needed to import a file or folder, once it is known what it is. Not modal; it reads nothing itself.

`looked_for` asks somebody to look at a source; `show_seen` takes the answer. `wanted` gives an ImportData.
"""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QFileDialog, QLineEdit, QProgressBar, QVBoxLayout, QWidget

from core.recognition import spelled_size
from core.runs import ImportData
from core.wording import counted
from studio import theme
from studio.recognising import Seen
from studio.widgets import parts
from studio.widgets.column_chooser import ColumnChooser

_KEPT = ("motion", "motion labels", "characteristic poses")
_HOLDS = {
    "2D poses": "2D poses of one clip",
    "marks": "segments and characteristic poses",
    "cameras": "cameras",
    "annotations": "clips and what is done in them",
    "motion": "recorded motion",
    "motion labels": "labels of recorded motion",
    "characteristic poses": "characteristic poses, kept byte for byte",
}


class ImportDialog(QDialog):
    """A source, what it is, and only what has to be asked about it."""

    looked_for = Signal(object, str)  # a Path, and the format a person chose or empty
    wanted = Signal(object)  # an ImportData without its project and run folder
    videos_wanted = Signal(object)  # the Path whose videos become clips

    def __init__(self, clips: dict[str, str], clip_id: str, folder: Path, parent: QWidget | None) -> None:
        super().__init__(parent)
        self._clips, self._folder = clips, folder
        self._seen: Seen | None = None
        self._chooser: ColumnChooser | None = None
        self.setWindowTitle("Import")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(theme.px(580))
        self.source = QLineEdit()
        self.source.setPlaceholderText("A file or a folder, or drop one here")
        self.source.returnPressed.connect(self._look)
        self.source.editingFinished.connect(self._look)
        self.setAcceptDrops(True)
        self._what = parts.text("", "title", wrap=True)
        self._about = parts.text("", "label", wrap=True)
        self._busy = QProgressBar()
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.setFixedHeight(4)
        self._busy.setAccessibleName("Looking")
        self.format = QComboBox()
        self.format.activated.connect(self._choose_format)
        self.name = QLineEdit()
        self.clip = QComboBox()
        self.rate = QComboBox()
        self.rate.addItem("at most 30 frames a second", 30.0)
        self.rate.addItem("every frame", None)
        self.fit = QCheckBox("Fit a body where a file holds joints alone (takes its time)")
        self._columns = parts.col(gap=0)
        self._says = parts.text("", "warn", wrap=True)
        self.videos = parts.button("Add the videos as clips", "video")
        self.videos.clicked.connect(self._add_videos)
        self.begin = parts.button("Import", kind="primary")
        self.begin.setDefault(True)
        self.begin.clicked.connect(self._begin)
        self._place_fields()
        self._fill_clips(clip_id)
        self._show()
        self.source.setFocus()

    def _place_fields(self) -> None:
        files, folder = parts.button("File…", "folder"), parts.button("Folder…", "folder")
        files.clicked.connect(self._choose_file)
        folder.clicked.connect(self._choose_folder)
        for button in (files, folder, self.videos):
            button.setAutoDefault(False)
        cancel = parts.button("Cancel")
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.close)
        self._rows = {
            "format": parts.field("It is", self.format),
            "name": parts.field("Name", self.name),
            "clip": parts.field("Belongs to", self.clip),
            "rate": parts.field("Keep", parts.row(self.rate, None)),
            "fit": parts.field("", self.fit),
        }
        box = QVBoxLayout(self)
        box.setContentsMargins(20, 16, 20, 16)
        box.setSpacing(10)
        head = parts.row((self.source, 1), files, folder, gap=6)
        self.source.setAccessibleName("What to import")
        items = (parts.text("Import", "page"), head, self._busy, self._what, self._about, *self._rows.values())
        parts.fill(box, (*items, self._columns, self._says, None))
        box.addWidget(parts.row(self.videos, None, cancel, self.begin, gap=6))

    def _fill_clips(self, clip_id: str) -> None:
        self.clip.addItem("the clips it names", "")
        for key, name in self._clips.items():
            self.clip.addItem(name, key)
        self.clip.setCurrentIndex(max(self.clip.findData(clip_id), 0))
        self.clip.activated.connect(lambda _: self._show())

    # ---- what to look at ----

    def look_at(self, source: Path) -> None:
        """Take this source and have it looked at."""
        self.source.setText(str(source))
        self._look()

    def _look(self) -> None:
        words = self.source.text().strip()
        if not words or (self._seen is not None and Path(words) == self._seen.source):
            return
        self._seek(Path(words), "")

    def _seek(self, source: Path, asked: str) -> None:
        self._seen = Seen(source, asked)
        self._show()
        self._busy.show()
        self._what.setText(f"Looking at {source.name}")
        self._what.show()
        self.looked_for.emit(source, asked)

    def _choose_file(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "Choose a file", self.source.text() or str(Path.home()))
        if chosen:
            self.look_at(Path(chosen))

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Choose a folder", self.source.text() or str(Path.home()))
        if chosen:
            self.look_at(Path(chosen))

    def _choose_format(self) -> None:
        if self._seen is not None and self.format.currentData():
            self._seek(self._seen.source, self.format.currentData())

    # ---- what it is ----

    def show_seen(self, seen: Seen) -> None:
        """What was found at the source."""
        if self._seen is None or seen.source != self._seen.source:
            return
        self._seen = seen
        self._fill_formats(seen)
        known = seen.found.format if seen.found is not None else None
        if known is not None and known.holds in _KEPT:
            self.name.setText(seen.source.stem if seen.source.is_file() else seen.source.name)
        if known is not None and known.holds == "2D poses" and len(self._clips) == 1:
            self.clip.setCurrentIndex(1)
        self._chooser = None
        if seen.columns is not None:
            self._chooser = ColumnChooser(seen.source, seen.columns)
            self._chooser.changed.connect(self._show)
        parts.refill(self._columns, [] if self._chooser is None else [self._chooser])
        self._show()
        (self.begin if self.begin.isEnabled() else self.format if self._asks_format else self.source).setFocus()

    @property
    def _asks_format(self) -> bool:
        """Only where the content does not tell, or a person has told."""
        seen = self._seen
        return seen is not None and bool(seen.choices) and (seen.problem is not None or seen.is_packed)

    def _fill_formats(self, seen: Seen) -> None:
        if seen.choices:
            self.format.clear()
            self.format.addItem("as its content says" if seen.is_packed else "Choose what it is", "")
            for name in seen.choices:
                self.format.addItem(name, name)
        self.format.setCurrentIndex(max(self.format.findData(seen.asked), 0))

    def _show(self) -> None:
        seen = self._seen
        known = seen.found.format if seen is not None and seen.found is not None else None
        holds = known.holds if known is not None else ""
        self._busy.hide()
        self._say(seen)
        needs_clip = holds in ("2D poses", "cameras") or (self._chooser is not None and not self._chooser.has_clip)
        shown = {
            "format": self._asks_format or (seen is not None and bool(seen.asked) and self.format.count() > 1),
            "name": holds in _KEPT,
            "clip": needs_clip and bool(self._clips),
            "rate": holds == "motion",
            "fit": holds == "motion",
        }
        for name, row in self._rows.items():
            row.setVisible(shown[name])
        self._columns.setVisible(self._chooser is not None)
        lacking = self._lacking(holds, needs_clip=needs_clip)
        self._says.setText(lacking)
        self._says.setVisible(bool(lacking))
        self.begin.setEnabled(seen is not None and seen.can_be_imported and not lacking)
        videos = seen.videos if seen is not None else 0
        self.videos.setText(f"Add {counted(videos, 'video')} as clips" if videos else "")
        self.videos.setVisible(videos > 0)
        self.adjustSize()

    def _say(self, seen: Seen | None) -> None:
        """What it is, in a line and a sentence."""
        title, words = "", ""
        if seen is not None and seen.found is not None:
            title, known = seen.found.says(), seen.found.format
            words = f"It holds {_HOLDS[known.holds]}."
            passed = seen.found.passed_over
            words += (
                f" {counted(passed, 'other file')} in it {'is' if passed == 1 else 'are'} passed over."
                if passed
                else ""
            )
            words += f" {known.licence.rstrip('.')}." if known.licence else ""
        elif seen is not None and seen.is_packed:
            title = f"A .zip of {spelled_size(seen.source.stat().st_size)}"
            words = "It is unpacked within the project to see what it holds, and only what is imported stays."
        elif seen is not None and seen.problem is not None:
            title, words = str(seen.problem), seen.problem.hint.partition(" Known:")[0]
            words = "Say what it is." if "--format" in words else words
        self._what.setText(title)
        self._what.setVisible(bool(title))
        self._about.setText(words)
        self._about.setVisible(bool(words))

    def _lacking(self, holds: str, *, needs_clip: bool) -> str:
        if self._chooser is not None and self._chooser.lacking():
            return self._chooser.lacking()
        if needs_clip and not self._clips and holds == "2D poses":
            return "2D poses belong to a clip. Add the video first."
        if holds == "2D poses" and not self.clip.currentData():
            return "Choose the clip they belong to."
        if self._chooser is not None and needs_clip and not self.clip.currentData() and self._clips:
            return "No column names the clip: choose the clip the rows belong to."
        return ""

    # ---- deciding ----

    def wish(self) -> ImportData:
        """What is wanted as it stands."""
        seen = self._seen
        assert seen is not None
        known = seen.found.format if seen.found is not None else None
        kept = known is not None and known.holds in _KEPT
        named_clip = self._rows["clip"].isVisibleTo(self)
        return ImportData(
            project="",
            out="",
            source=str(seen.source),
            format=seen.asked,
            clip_id=self.clip.currentData() if named_clip else "",
            name=self.name.text().strip() if kept else "",
            rate_hz=self.rate.currentData(),
            fit_bodies=self.fit.isChecked() and known is not None and known.holds == "motion",
            options=self._chooser.options if self._chooser is not None else {},
        )

    def _begin(self) -> None:
        self.wanted.emit(self.wish())

    def _add_videos(self) -> None:
        if self._seen is not None:
            self.videos_wanted.emit(self._seen.source)
            self.close()

    def refuse(self, words: str) -> None:
        """Say why it was not begun."""
        self._says.setText(words)
        self._says.setVisible(True)
