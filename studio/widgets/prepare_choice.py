"""What a data set of the papers can become beyond its import: ready for training, in one go. The part of the import
dialog that says what that does and asks for what it needs; it looks at nothing but whether folders are there.

    choice.offer(way_of(seen))       # the ways there are; hidden where there is none
    choice.lacking()                 # what is still to be said, in words
    choice.spec(source, options)     # a PrepareData without its project and run folder
"""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QLineEdit, QVBoxLayout, QWidget

from core.runs import PrepareData
from studio.jobs import PREPARED, Dataset
from studio.recognising import Seen
from studio.widgets import parts

_SINGLE = (".npz", ".npy")
"""One recording of many: nobody trains on it alone."""
_WITH_VIDEOS: tuple[Dataset, ...] = ("mpii-cooking-2", "ikea-asm")


@dataclass(frozen=True)
class Way:
    """A data set that can be prepared, from the folder or file `source`."""

    dataset: Dataset
    source: Path
    has_videos: bool

    @property
    def is_of_videos(self) -> bool:
        return self.dataset in _WITH_VIDEOS


def way_of(seen: Seen | None) -> Way | None:
    """The way from what was found to training; None where it is no whole data set of the papers."""
    if seen is None or seen.found is None or seen.only:
        return None
    source = seen.found.source
    if source.is_file() and source.suffix.lower() in _SINGLE:
        return None
    for dataset, name in PREPARED.items():
        if name == seen.found.format.name:
            return Way(dataset, source, seen.has_videos)
    return None


class PrepareChoice(QWidget):
    """Import alone, or the whole way."""

    changed = Signal()

    def __init__(self, *, has_amass: bool) -> None:
        super().__init__()
        self._way: Way | None = None
        self._has_amass = has_amass
        self.choice = parts.segmented(
            self.tr("Import"), self.tr("Prepare for training"), on_choice=lambda _: self._choose()
        )
        self.choice.setAccessibleName(self.tr("What to do with it"))
        self._about = parts.text("", "label", wrap=True)
        self.motion = self._path(self.tr("AMASS folder"))
        self.videos = self._path(self.tr("Videos"))
        self.poses = self._path(self.tr("2D poses"))
        self.table = self._path(self.tr("Table of poses"))
        self.extract = QCheckBox(self.tr("See 2D poses in the videos that come without them (takes its time)"))
        self.extract.setChecked(True)
        self.draft = QCheckBox(self.tr("Draft the characteristic poses that nobody has chosen"))
        self._warning = parts.text(
            self.tr(
                "The middle frame of each segment stands in. Nobody chose it: it is marked as a draft, and every "
                "report says how many there were."
            ),
            "warn",
            wrap=True,
        )
        self.draft.toggled.connect(self._choose)
        self._rows = {
            "motion": self._field(self.motion),
            "videos": self._field(self.videos),
            "poses": self._field(self.poses),
            "table": self._field(self.table),
        }
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        asked = (*self._rows.values(), self.extract, self.draft, self._warning)
        parts.fill(box, (parts.row(self.choice, None), self._about, *asked))
        self.offer(None)

    def _path(self, name: str) -> QLineEdit:
        made = QLineEdit()
        made.setAccessibleName(name)
        made.textChanged.connect(lambda _: self.changed.emit())
        return made

    def _field(self, line: QLineEdit) -> QWidget:
        is_file = line is self.table
        find = parts.button(self.tr("File…") if is_file else self.tr("Folder…"), "folder")
        find.setAutoDefault(False)
        find.setAccessibleName(self.tr("Choose: {name}").format(name=line.accessibleName()))
        find.clicked.connect(lambda: (self._choose_file if is_file else self._choose_folder)(line))
        return parts.field(line.accessibleName(), parts.row((line, 1), find, gap=6))

    # ---- what is offered and chosen ----

    def offer(self, way: Way | None) -> None:
        """Offer the whole way for this; nothing where there is none."""
        if way is None or self._way is None or way.dataset != self._way.dataset:
            self.choice.choose(0)
        self._way = way
        self.setVisible(way is not None)
        self._show()

    @property
    def is_wanted(self) -> bool:
        """Whether the whole way is chosen."""
        return self._way is not None and self.choice.chosen == 1

    def _choose(self, *_: object) -> None:
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        way, is_on = self._way, self.is_wanted
        of_videos = way is not None and way.is_of_videos
        self._about.setVisible(is_on)
        self._about.setText(_what_it_does(way) if way is not None else "")
        shown = {"motion": way is not None and way.dataset == "babel"} | dict.fromkeys(
            ("videos", "poses", "table"), of_videos
        )
        for name, row in self._rows.items():
            row.setVisible(is_on and shown[name])
        for box in (self.extract, self.draft):
            box.setVisible(is_on and of_videos)
        self._warning.setVisible(is_on and of_videos and self.draft.isChecked())
        in_already = self.tr("the AMASS of this project, or another folder")
        self.motion.setPlaceholderText(in_already if self._has_amass else self.tr("where its .npz files lie"))
        in_it = way is not None and way.has_videos
        self.videos.setPlaceholderText(
            self.tr("those in its folder, or another folder") if in_it else self.tr("a folder with its videos")
        )
        self.poses.setPlaceholderText(self.tr("its own, or a folder with one for each clip"))
        self.table.setPlaceholderText(self.tr("characteristic poses, where there are some"))

    def lacking(self) -> str:
        """What has to be said before it can begin; empty where nothing."""
        way = self._way
        if way is None or not self.is_wanted:
            return ""
        if way.dataset == "babel" and not self._text(self.motion) and not self._has_amass:
            return self.tr("BABEL holds labels alone. Name the folder of AMASS, whose motion they belong to.")
        for line in (self.motion, self.videos, self.poses):
            if self._asked(line) and not Path(self._asked(line)).is_dir():
                return self.tr("There is no folder {path}.").format(path=self._asked(line))
        if self._asked(self.table) and not Path(self._asked(self.table)).is_file():
            return self.tr("There is no file {path}.").format(path=self._asked(self.table))
        return ""

    def remark(self) -> str:
        """What will be missing at the end, and hinders nobody from beginning."""
        way = self._way
        if way is None or not self.is_wanted or not way.is_of_videos:
            return ""
        if not way.has_videos and not self._asked(self.videos):
            return self.tr("No video lies in this folder. Without videos its clips have labels alone.")
        return ""

    def spec(self, options: dict[str, str]) -> PrepareData:
        """What is wanted as it stands, without its project and run folder."""
        way = self._way
        assert way is not None
        return PrepareData(
            project="",
            out="",
            dataset=way.dataset,
            source=str(way.source),
            motion=self._asked(self.motion),
            videos=self._asked(self.videos),
            poses=self._asked(self.poses),
            characteristic_poses=self._asked(self.table),
            draft_poses=way.is_of_videos and self.draft.isChecked(),
            extract_poses=self.extract.isChecked(),
            options=options,
        )

    def _asked(self, line: QLineEdit) -> str:
        """What stands in a field that is asked for."""
        way = self._way
        is_asked = way is not None and (way.dataset == "babel" if line is self.motion else way.is_of_videos)
        return self._text(line) if is_asked else ""

    @staticmethod
    def _text(line: QLineEdit) -> str:
        return line.text().strip()

    # ---- dialogs ----

    def _choose_folder(self, line: QLineEdit) -> None:
        chosen = QFileDialog.getExistingDirectory(self, line.accessibleName(), line.text() or self._near())
        if chosen:
            line.setText(chosen)

    def _choose_file(self, line: QLineEdit) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, line.accessibleName(), line.text() or self._near())
        if chosen:
            line.setText(chosen)

    def _near(self) -> str:
        return str(self._way.source.parent if self._way is not None else Path.home())


def _what_it_does(way: Way) -> str:
    """Each step on a line of its own."""

    def said(words: str) -> str:
        return QCoreApplication.translate("PrepareChoice", words)

    match way.dataset:
        case "mpii-cooking-2" | "ikea-asm":
            lines = (
                said("Clips, actions, objects and people come in; rare actions are gathered in clusters, pauses become background."),  # noqa: E501
                said("Its makers' split is stored, or one of 70 / 15 / 15 along sequences where theirs lacks a part."),
                said("2D poses are taken from a folder, from the data set itself, or seen in the videos."),
            )  # fmt: skip
        case "babel":
            lines = (
                said("Labels of BABEL and motion of AMASS come in, and are joined by name in all their spellings."),
                said("Its makers' split is stored, with the 60 most frequent actions as classes."),
            )
        case "grab":
            lines = (
                said("Motion comes in with its actions and objects."),
                said("It is split by subject: s1 to choose on, s10 to measure on, the others to learn from."),
            )
        case "humanact12":
            lines = (
                said("Joints come in, and a body is fitted to them."),
                said("It has no split: everything is learned from, as in its published figures."),
            )
    ends = said("At the end it says how much there is to learn from, and what is missing.")
    return "\n".join(f"·  {each}" for each in (*lines, ends))
