"""From a file: the cameras that another program calibrated, one of which filmed this clip."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QVBoxLayout

from core.errors import CoreError, FormatError
from core.geometry.cameras import eye_m
from studio import theme
from studio.widgets import parts
from studio.widgets.calibration_drawing import sized
from studio.widgets.calibration_ways import Found, Refused, Subject, Way
from studio.widgets.calibration_work import Work
from studio.widgets.record_table import Cell, Column, Record, RecordTable
from studio.words import say

if TYPE_CHECKING:
    from core.formats.cameras import NamedCamera


class FileWay(Way):
    """A file's cameras to choose from."""

    def __init__(self) -> None:
        super().__init__()
        self.title = self.tr("From a file")
        self.sentence = self.tr(
            "Take a camera that another program calibrated: a file of IKEA-ASM, Human3.6M, Pose2Sim, Qualisys or OpenCV"
            " cameras. Then say which of them filmed this clip."
        )
        self._subject: Subject | None = None
        self._cameras: dict[str, NamedCamera] = {}
        self._refused: Refused | None = None
        self._path: Path | None = None
        self._format = ""
        self._work = Work(self)
        self._work.came.connect(self._take)
        self._work.refused.connect(self._take_refusal)
        self._work.ended.connect(self._show)
        self._choose = parts.button(self.tr("Choose a file…"), "folder", "primary")
        self._choose.clicked.connect(self._choose_file)
        self._what = parts.text("", "caption")
        self._what.setMinimumWidth(1)
        self.table = RecordTable(
            (
                Column(self.tr("Camera")),
                Column(self.tr("Picture"), 96, is_number=True),
                Column(self.tr("Focal"), 60, is_number=True),
                Column(self.tr("High, m"), 66, is_number=True),
            ),
            self.tr("Cameras of the file"),
            28,
        )
        self.table.setSelectionMode(RecordTable.SelectionMode.SingleSelection)
        self.table.chosen.connect(lambda _: self._show())
        self._notes = parts.text("", "caption", wrap=True)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        parts.fill(box, (parts.row(self._choose, (self._what, 1)), (self.table, 1), self._notes))

    def show_subject(self, subject: Subject) -> None:
        self._subject = subject
        self._show()

    def _choose_file(self) -> None:
        kinds = self.tr("Cameras (*.json *.pkl *.toml *.txt *.xml *.yml *.yaml);;All files (*)")
        chosen, _ = QFileDialog.getOpenFileName(self, self.tr("File of cameras"), str(Path.home()), kinds)
        if chosen:
            self.read(Path(chosen))

    def read(self, path: Path) -> None:
        """Show the cameras of this file."""
        self._path, self._cameras, self._refused, self._format = path, {}, None, ""

        def find() -> Iterator[object]:
            # Here, on the thread: the formats and what they import are of no use to anybody else.
            from core.formats import FORMATS

            known = next((each for each in FORMATS if each.holds == "cameras" and each.sniff(path)), None)
            if known is None:
                raise FormatError(
                    path, say("it is no file of cameras we know"), hint=say("Export it for OpenCV or Pose2Sim.")
                )
            yield known.name, known.read(path)

        self._work.start(find)
        self._show()

    def _take(self, what: object) -> None:
        name, cameras = what  # pyright: ignore[reportGeneralTypeIssues] (a signal carries any object)
        self._format = name
        self._cameras = {f"{at}": each for at, each in enumerate(cameras)}
        self._show()
        like = self._likely()
        if like:
            self.table.choose(like)
        self._show()

    def _likely(self) -> str:
        """The camera the clip is named for, else the first whose picture has the clip's shape."""
        subject = self._subject
        if subject is None:
            return ""
        fits = {key: sized(each.camera, subject.width, subject.height) for key, each in self._cameras.items()}
        fitting = [key for key, camera in fits.items() if camera is not None] or list(self._cameras)
        name = subject.name.lower()
        named = [key for key in fitting if self._cameras[key].name.lower() in name]
        return next(iter([*named, *fitting]), "")

    def _take_refusal(self, error: CoreError) -> None:
        self._refused = Refused.of(error)
        self._show()

    def is_working(self) -> bool:
        return self._work.is_running

    def _chosen(self) -> "NamedCamera | None":
        return self._cameras.get(self.table.current_id())

    def found(self) -> Found | None:
        chosen, subject = self._chosen(), self._subject
        if chosen is None or subject is None:
            return None
        camera = sized(chosen.camera, subject.width, subject.height)
        if camera is None:
            return None
        focal, high = float(camera.focal_px.mean()), float(eye_m(camera)[1])
        # A lens alone says nothing of where things are.
        camera = replace(camera, estimated=camera.estimated or not chosen.placed)
        words = [self.tr("{name}: focal length {focal:.0f} px.").format(name=chosen.name, focal=focal)]
        if chosen.placed:
            words.append(self.tr("It stands {high:.2f} m over the floor.").format(high=high))
        return Found(camera, chosen.name, f"imported {self._format}", None, tuple(words), (), chosen.placed)

    def refused(self) -> Refused | None:
        chosen, subject = self._chosen(), self._subject
        if self._refused is not None:
            return self._refused
        if not self._cameras:
            return Refused(self.tr("No file is chosen yet."), is_start=True)
        if chosen is None:
            return Refused(self.tr("Choose the camera that filmed this clip."), is_start=True)
        camera = chosen.camera
        if subject is not None and sized(camera, subject.width, subject.height) is None:
            words = self.tr("{name} took pictures of {w} × {h}; the clip is {cw} × {ch}, of another shape.")
            return Refused(
                words.format(name=chosen.name, w=camera.width, h=camera.height, cw=subject.width, ch=subject.height),
                self.tr("Choose another camera, or the file of this clip's camera."),
            )
        return None

    def _show(self) -> None:
        said = self._path.name if self._path is not None else ""
        if self._format:
            said = f"{said} · {self._format}"
        parts.elide(self._what, said, max(self._what.width(), theme.px(180)))
        records = []
        for key, each in self._cameras.items():
            camera = each.camera
            high = f"{eye_m(camera)[1]:.2f}" if each.placed else "–"
            cells = (
                Cell(each.name, strong=True),
                Cell(f"{camera.width} × {camera.height}"),
                Cell(f"{camera.focal_px.mean():.0f}"),
                Cell(high),
            )
            records.append(Record(key, cells))
        self.table.show_records(records)
        chosen = self._chosen()
        self._notes.setText("\n".join(chosen.notes) if chosen is not None else "")
        self.changed.emit()

    def close_way(self) -> None:
        self._work.stop(wait=True)
