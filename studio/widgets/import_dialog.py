"""Asks what is needed to import a file or folder, once it is known what it is. Not modal; it reads nothing itself.

`looked_for` asks somebody to look at a source; `show_seen` takes the answer. `wanted` gives an ImportData, or a
PrepareData where a whole data set of the papers is wanted ready for training.
"""

from collections.abc import Callable, Collection
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QFileDialog, QLineEdit, QProgressBar, QVBoxLayout, QWidget

from core.formats import Holds
from core.importing.recognition import spelled_size
from core.runs import ImportData, PrepareData
from studio import theme
from studio.recognising import Seen
from studio.widgets import parts
from studio.widgets.column_chooser import ColumnChooser
from studio.widgets.prepare_choice import PrepareChoice, way_of
from studio.words import counted, say

NEW_CLIP = "new clip"
"""What stands among the ids of clips for one that is made."""
_KEPT = ("motion", "motion labels", "characteristic poses")


class ImportDialog(QDialog):
    """A source, what it is, and only what has to be asked about it."""

    looked_for = Signal(object, str, object)  # a Path, the format a person chose or empty, names of files in it or ()
    wanted = Signal(object)  # an ImportData or PrepareData without its project and run folder
    videos_wanted = Signal(object)  # the Path whose videos become clips
    skipped = Signal()  # on with what was dropped together with this

    def __init__(
        self,
        clips: dict[str, str],
        clip_id: str,
        parent: QWidget | None,
        formats: Collection[str] = (),
        clip_named: Callable[[tuple[str, ...]], str] = lambda _: "",
    ) -> None:
        """`clips` are names by id; `formats` are what the project's data sets came as. `clip_named` gives the id of the
        clip that one of these names means, or nothing.
        """
        super().__init__(parent)
        self._clips = clips
        self._clip_named = clip_named
        self._seen: Seen | None = None
        self._chooser: ColumnChooser | None = None
        self.setWindowTitle(self.tr("Import"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(theme.px(580))
        self.source = QLineEdit()
        self.source.setPlaceholderText(self.tr("A file or a folder, or drop one here"))
        self.source.returnPressed.connect(self._look)
        self.source.editingFinished.connect(self._look)
        self.setAcceptDrops(True)
        self._what = parts.text("", "title", wrap=True)
        self._about = parts.text("", "label", wrap=True)
        self._busy = QProgressBar()
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.setFixedHeight(4)
        self._busy.setAccessibleName(self.tr("Looking"))
        self.format = QComboBox()
        self.format.activated.connect(self._choose_format)
        self.name = QLineEdit()
        self.clip = QComboBox()
        self.rate = QComboBox()
        self.rate.addItem(self.tr("at most 30 frames a second"), 30.0)
        self.rate.addItem(self.tr("every frame"), None)
        self.prepare = PrepareChoice(has_amass="AMASS" in formats)
        self.prepare.changed.connect(self._show)
        self.fit = QCheckBox(self.tr("Fit a body where a file holds joints alone (takes its time)"))
        self._columns = parts.col(gap=0)
        self._says = parts.text("", "warn", wrap=True)
        self.videos = parts.button(self.tr("Add the videos as clips"), "video")
        self.videos.clicked.connect(self._add_videos)
        self.begin = parts.button(self.tr("Import"), kind="primary")
        self.begin.setDefault(True)
        self.begin.clicked.connect(self._begin)
        self._place_fields()
        self._fill_clips(clip_id)
        self._show()
        self.source.setFocus()

    def _place_fields(self) -> None:
        files, folder = parts.button(self.tr("File…"), "folder"), parts.button(self.tr("Folder…"), "folder")
        files.clicked.connect(self._choose_file)
        folder.clicked.connect(self._choose_folder)
        self.skip = parts.button(self.tr("Skip"))
        self.skip.clicked.connect(self.skipped)
        self.skip.hide()
        self._place = parts.text("", "caption")
        for button in (files, folder, self.videos, self.skip):
            button.setAutoDefault(False)
        cancel = parts.button(self.tr("Cancel"))
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.close)
        self._rows = {
            "format": parts.field(self.tr("It is"), self.format),
            "name": parts.field(self.tr("Name"), self.name),
            "clip": parts.field(self.tr("Belongs to"), self.clip),
            "rate": parts.field(self.tr("Keep"), parts.row(self.rate, None)),
            "fit": parts.field("", self.fit),
        }
        box = QVBoxLayout(self)
        box.setContentsMargins(20, 16, 20, 16)
        box.setSpacing(10)
        head = parts.row((self.source, 1), files, folder, gap=6)
        self.source.setAccessibleName(self.tr("What to import"))
        title = parts.row(parts.text(self.tr("Import"), "page"), None, self._place)
        items = (title, head, self._busy, self._what, self._about, self.prepare, *self._rows.values())
        parts.fill(box, (*items, self._columns, self._says, None))
        box.addWidget(parts.row(self.videos, None, cancel, self.skip, self.begin, gap=6))

    def _fill_clips(self, clip_id: str) -> None:
        self.clip.addItem(self.tr("the clips it names"), "")
        for key, name in self._clips.items():
            self.clip.addItem(name, key)
        self.clip.setCurrentIndex(max(self.clip.findData(clip_id), 0))
        self.clip.activated.connect(lambda _: self._show())

    # ---- what to look at ----

    def look_at(self, source: Path, only: tuple[str, ...] = (), place: str = "") -> None:
        """Take this source (or these files of it) and have it looked at. `place` says which of several it is."""
        self.source.setText(str(source))
        self._place.setText(place)
        self.skip.setVisible(bool(place))
        if only or self._seen is None or self._seen.only or source != self._seen.source:
            self._seek(source, "", only)

    def _look(self) -> None:
        words = self.source.text().strip()
        if words and (self._seen is None or Path(words) != self._seen.source):
            self._seek(Path(words), "", ())

    def _seek(self, source: Path, asked: str, only: tuple[str, ...]) -> None:
        self._seen = Seen(source, only, asked)
        self._show()
        self._busy.show()
        what = self._some_of(source, only)
        self._what.setText(self.tr("Looking at {what}").format(what=what))
        self._what.show()
        self.looked_for.emit(source, asked, only)

    @staticmethod
    def _some_of(source: Path, only: tuple[str, ...]) -> str:
        return say("{files} of {name}", files=counted(len(only), "file"), name=source.name) if only else source.name

    def _choose_file(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, self.tr("Choose a file"), self.source.text() or str(Path.home()))
        if chosen:
            self.look_at(Path(chosen))

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self, self.tr("Choose a folder"), self.source.text() or str(Path.home())
        )
        if chosen:
            self.look_at(Path(chosen))

    def _choose_format(self) -> None:
        if self._seen is not None and self.format.currentData():
            self._seek(self._seen.source, self.format.currentData(), self._seen.only)

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
        self._offer_new_clip(seen, offered=known is not None and known.holds == "2D poses")
        self._chooser = None
        if seen.columns is not None:
            self._chooser = ColumnChooser(seen.found.files[0] if seen.found is not None else seen.source, seen.columns)
            self._chooser.changed.connect(self._show)
        self.prepare.offer(way_of(seen))
        parts.refill(self._columns, [] if self._chooser is None else [self._chooser])
        self._show()
        (self.begin if self.begin.isEnabled() else self.format if self._asks_format else self.source).setFocus()

    def _offer_new_clip(self, seen: Seen, *, offered: bool) -> None:
        """2D poses may make a clip of their own; they do where they name none."""
        at = self.clip.findData(NEW_CLIP)
        if at >= 0:
            self.clip.removeItem(at)
        if offered:
            self.clip.addItem(self.tr("A new clip without a video"), NEW_CLIP)
            self.clip.setCurrentIndex(self.clip.findData(self._clip_named(seen.pose_names) or NEW_CLIP))

    @property
    def _asks_format(self) -> bool:
        """Only where the content does not tell, or a person has told."""
        seen = self._seen
        return seen is not None and bool(seen.choices) and (seen.problem is not None or seen.is_packed)

    def _fill_formats(self, seen: Seen) -> None:
        if seen.choices:
            self.format.clear()
            self.format.addItem(self.tr("as its content says") if seen.is_packed else self.tr("Choose what it is"), "")
            for name in seen.choices:
                self.format.addItem(name, name)
        self.format.setCurrentIndex(max(self.format.findData(seen.asked), 0))

    def _show(self) -> None:
        seen = self._seen
        known = seen.found.format if seen is not None and seen.found is not None else None
        holds = known.holds if known is not None else ""
        self._busy.hide()
        self._say(seen)
        whole_way = self.prepare.is_wanted
        needs_clip = holds in ("2D poses", "cameras") or (self._chooser is not None and not self._chooser.has_clip)
        shown = {
            "format": self._asks_format or (seen is not None and bool(seen.asked) and self.format.count() > 1),
            "name": holds in _KEPT and not whole_way,
            "clip": holds == "2D poses" or (needs_clip and bool(self._clips)),
            "rate": holds == "motion" and not whole_way,
            "fit": holds == "motion" and not whole_way,
        }
        for name, row in self._rows.items():
            row.setVisible(shown[name])
        self._columns.setVisible(self._chooser is not None)
        lacking = self.prepare.lacking() or self._lacking(holds, needs_clip=needs_clip)
        says = lacking or self.prepare.remark()
        self._says.setText(says)
        self._says.setVisible(bool(says))
        self.begin.setText(self.tr("Prepare") if whole_way else self.tr("Import"))
        self.begin.setEnabled(seen is not None and seen.can_be_imported and not lacking)
        videos = seen.videos if seen is not None else 0
        self.videos.setText(say("Add {videos} as clips", videos=counted(videos, "video")) if videos else "")
        self.videos.setVisible(videos > 0)
        parts.fit_height(self)

    def _say(self, seen: Seen | None) -> None:
        """What it is, in a line and a sentence."""
        title, words = "", ""
        if seen is not None and seen.found is not None:
            title, known = seen.found.says(), seen.found.format
            words = self._holds(known.holds)
            passed = seen.found.passed_over
            if passed:
                one = say("1 other file in it is passed over.")
                words += " " + (one if passed == 1 else say("{count} other files in it are passed over.", count=passed))
            if seen.only:
                title = f"{self._some_of(seen.source, seen.only)}: {title}"
            words += f" {known.licence.rstrip('.')}." if known.licence else ""
        elif seen is not None and seen.is_packed:
            title = say("A .zip of {size}", size=spelled_size(seen.source.stat().st_size))
            words = self.tr("It is unpacked within the project to see what it holds, and only what is imported stays.")
        elif seen is not None and seen.problem is not None:
            title, words = str(seen.problem), seen.problem.hint.partition(" Known:")[0]
            words = self.tr("Say what it is.") if "--format" in words else words
        self._what.setText(title)
        self._what.setVisible(bool(title))
        self._about.setText(words)
        self._about.setVisible(bool(words))

    def _holds(self, holds: Holds) -> str:
        match holds:
            case "2D poses":
                return self.tr("It holds 2D poses of one clip.")
            case "marks":
                return self.tr("It holds segments and characteristic poses.")
            case "cameras":
                return self.tr("It holds cameras.")
            case "annotations":
                return self.tr("It holds clips and what is done in them.")
            case "motion":
                return self.tr("It holds recorded motion.")
            case "motion labels":
                return self.tr("It holds labels of recorded motion.")
            case "characteristic poses":
                return self.tr("It holds characteristic poses, kept byte for byte.")

    def _lacking(self, holds: str, *, needs_clip: bool) -> str:
        if self._chooser is not None and self._chooser.lacking():
            return self._chooser.lacking()
        if holds == "2D poses" and not self.clip.currentData():
            return self.tr("Choose the clip they belong to.")
        if self._chooser is not None and needs_clip and not self.clip.currentData() and self._clips:
            return self.tr("No column names the clip: choose the clip the rows belong to.")
        return ""

    # ---- deciding ----

    def wish(self) -> ImportData | PrepareData:
        """What is wanted as it stands."""
        seen = self._seen
        assert seen is not None
        if self.prepare.is_wanted:
            return self.prepare.spec(self._chooser.options if self._chooser is not None else {})
        known = seen.found.format if seen.found is not None else None
        kept = known is not None and known.holds in _KEPT
        clip_id = self.clip.currentData() if self._rows["clip"].isVisibleTo(self) else ""
        options = self._chooser.options if self._chooser is not None else {}
        return ImportData(
            project="",
            out="",
            source=str(seen.source),
            only=seen.only,
            format=seen.asked,
            clip_id="" if clip_id == NEW_CLIP else clip_id,
            name=self.name.text().strip() if kept else "",
            rate_hz=self.rate.currentData(),
            fit_bodies=self.fit.isChecked() and known is not None and known.holds == "motion",
            options={**options, "new": "yes"} if clip_id == NEW_CLIP else options,
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
