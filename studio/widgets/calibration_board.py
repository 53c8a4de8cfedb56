"""A chessboard: looked for in a video or pictures, off the window's thread, until done or stopped; a lens from it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtWidgets import QComboBox, QFileDialog, QVBoxLayout

from core.errors import CoreError
from studio import theme
from studio.widgets import painting, parts
from studio.widgets.calibration_drawing import sized
from studio.widgets.calibration_picture import Drawn, Mark
from studio.widgets.calibration_ways import Found, Refused, Subject, Way
from studio.widgets.calibration_work import Work
from studio.widgets.number_field import count_field, number_field
from studio.widgets.record_table import Cell, Column, Record, RecordTable

if TYPE_CHECKING:
    from core.geometry.calibration_boards import BoardCalibration, BoardView

_KEPT_PX = 1280
_MM = 1000.0


class _Seen:
    """One picture that was looked at, and what was found in it."""

    def __init__(
        self, name: str, view: "BoardView | None", of: int, size: tuple[int, int], picture: QImage | None
    ) -> None:
        self.name, self.view, self.of, self.size, self.picture = name, view, of, size, picture


class BoardWay(Way):
    """What to look through, the board's measures, and the views it was found in."""

    def __init__(self) -> None:
        super().__init__()
        self.title = self.tr("Chessboard")
        self.sentence = self.tr(
            "Film a printed chessboard with the same camera and zoom: near, far, leant to all sides, in the corners."
            " It tells the lens; one view of the board lying on the floor also tells where the camera stands."
        )
        self._subject: Subject | None = None
        self._paths: tuple[Path, ...] = ()
        self._views: list[BoardView] = []
        self._shown: dict[str, QImage] = {}
        self._size = (0, 0)
        self._looked, self._of = 0, 0
        self._calibration: BoardCalibration | None = None
        self._refused: Refused | None = None
        self._is_looking = False
        self._work = Work(self)
        self._work.came.connect(self._take)
        self._work.refused.connect(self._take_refusal)
        self._work.ended.connect(self._follow)
        self._lay_out()

    def _lay_out(self) -> None:
        self._clip = parts.button(self.tr("This clip"), "video")
        self._video = parts.button(self.tr("Video…"), "folder")
        self._files = parts.button(self.tr("Pictures…"), "folder")
        self._clip.clicked.connect(lambda: self._look_through_clip())
        self._video.clicked.connect(self._choose_video)
        self._files.clicked.connect(self._choose_pictures)
        self._what = parts.text("", "caption")
        self._what.setMinimumWidth(1)
        self.columns = count_field(self.tr("Inner corners across"), 9, 3, 40)
        self.rows = count_field(self.tr("Inner corners down"), 6, 3, 40)
        self.square = number_field(self.tr("Side of a square"), 25.0, 1.0, 1000.0, "mm", decimals=1, step=0.5)
        self.square.setMinimumWidth(theme.px(84))
        measures = parts.row(
            self.columns,
            parts.text("×", "label"),
            self.rows,
            parts.text(self.tr("inner corners, squares of"), "label"),
            (self.square, 1),
            gap=5,
        )
        self.look_button = parts.button(self.tr("Look for the board"), "search", "primary")
        self.look_button.clicked.connect(self._look_or_stop)
        self._progress = parts.text("", "caption")
        self._progress.setMinimumWidth(1)
        self._meter = painting.Meter()
        self.coverage = Coverage()
        self.table = RecordTable(
            (Column(self.tr("View")), Column(self.tr("off, px"), 66, is_number=True)), self.tr("Views of the board"), 26
        )
        self.table.setSelectionMode(RecordTable.SelectionMode.SingleSelection)
        self.table.chosen.connect(lambda _: self.changed.emit())
        self.lying = QComboBox()
        self.lying.setAccessibleName(self.tr("The view that lies on the floor"))
        self.lying.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.lying.addItem(self.tr("no view lies on it"), "")
        self.lying.activated.connect(lambda _: self._take_lying())
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        parts.fill(
            box,
            (
                parts.row(self._clip, self._video, self._files, None, gap=4),
                self._what,
                measures,
                parts.row(self.look_button, (self._progress, 1), gap=8),
                self._meter,
                (self.coverage, 2),
                (self.table, 3),
                parts.field(self.tr("On the floor"), self.lying, width=80),
            ),
        )

    # ---- what to look through ----

    def show_subject(self, subject: Subject) -> None:
        self._subject = subject
        if not self._paths and subject.video is not None:
            self.look_through([subject.video])
        self._follow()

    def _look_through_clip(self) -> None:
        if self._subject is not None and self._subject.video is not None:
            self.look_through([self._subject.video])

    def _choose_video(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, self.tr("Video of the board"), str(Path.home()))
        if chosen:
            self.look_through([Path(chosen)])

    def _choose_pictures(self) -> None:
        kinds = self.tr("Pictures (*.png *.jpg *.jpeg *.bmp *.tif *.tiff *.webp)")
        chosen, _ = QFileDialog.getOpenFileNames(self, self.tr("Pictures of the board"), str(Path.home()), kinds)
        if chosen:
            self.look_through([Path(each) for each in chosen])

    def look_through(self, paths: Sequence[Path]) -> None:
        """A video, a folder of pictures, or pictures."""
        self._work.stop()
        self._is_looking = False
        self._paths = tuple(paths)
        self._forget()
        self._follow()

    def _forget(self) -> None:
        self._views, self._shown, self._calibration, self._refused = [], {}, None, None
        self._looked, self._of = 0, 0

    # ---- looking ----

    @property
    def _corners(self) -> tuple[int, int]:
        return self.columns.value(), self.rows.value()

    def _look_or_stop(self) -> None:
        if self._is_looking:
            self._calibrate_again()  # with what was found so far
        elif self._paths:
            self._forget()
            self._is_looking = True
            paths, corners, square_m = self._paths, self._corners, self.square.value() / _MM
            self._work.start(lambda: _look(paths, corners, square_m))
            self._follow()

    def _take_lying(self) -> None:
        if self.lying.currentData():
            self.table.choose(self.lying.currentData())
        self._calibrate_again()

    def _calibrate_again(self) -> None:
        """From the views there are, without looking further."""
        self._is_looking = False
        views, corners, square_m = list(self._views), self._corners, self.square.value() / _MM
        (width, height), lying, looked = self._size, self.lying.currentData(), self._looked

        def calibrate() -> Iterator[object]:
            from core.geometry.calibration_boards import calibrate_views

            yield calibrate_views(views, corners, square_m, width, height, lying=lying, looked=looked)

        self._calibration, self._refused = None, None
        if views:
            self._work.start(calibrate)
        else:
            self._work.stop()
            self._refused = Refused(self.tr("No board was found in the {n} pictures so far.").format(n=looked))
        self._follow()

    def _take(self, what: object) -> None:
        if isinstance(what, _Seen):
            self._looked, self._of, self._size = self._looked + 1, what.of, what.size
            if what.view is not None:
                self._views.append(what.view)
                if what.picture is not None:
                    self._shown[what.name] = what.picture
                if not self.table.current_id():
                    self._follow()
                    self.table.choose(what.name)
        else:
            self._calibration = what  # pyright: ignore[reportAttributeAccessIssue] (a signal carries any object)
            self._is_looking = False
        self._follow()

    def _take_refusal(self, error: CoreError) -> None:
        self._refused, self._is_looking = Refused.of(error), False
        self._follow()

    def is_working(self) -> bool:
        return self._work.is_running

    # ---- what was found ----

    def found(self) -> Found | None:
        known, subject = self._calibration, self._subject
        if known is None or subject is None:
            return None
        camera = sized(known.camera, subject.width, subject.height)
        if camera is None:
            return None
        name = self.tr("Chessboard, {count} views").format(count=len(known.views))
        return Found(camera, name, "chessboard", known.error_px, known.words, known.warnings, known.placed)

    def refused(self) -> Refused | None:
        subject, known = self._subject, self._calibration
        if known is not None and subject is not None and sized(known.camera, subject.width, subject.height) is None:
            (width, height) = known.camera.width, known.camera.height
            words = self.tr("The board's pictures are {w} × {h}, the clip {cw} × {ch}: another shape, another lens.")
            return Refused(
                words.format(w=width, h=height, cw=subject.width, ch=subject.height),
                self.tr("Film the board as the clip was filmed."),
            )
        if self._refused is not None or self._looked:
            return self._refused
        return Refused(self.tr("Count the corners between squares, then look for the board."), is_start=True)

    def picture(self) -> tuple[QImage, int, int] | None:
        shown = self._shown.get(self.table.current_id())
        width, height = self._size
        return None if shown is None else (shown, width, height)

    def drawn(self) -> Sequence[Drawn]:
        """The corners of the chosen view, row by row, as they were found and as the lens draws them."""
        view = self._view()
        if view is None:
            return ()
        across, down = self._corners
        seen = view.corners_px.reshape(down, across, 2)
        return (Drawn("person", [*seen, *seen.transpose(1, 0, 2)]),)

    def marks(self) -> tuple[Sequence[Mark], str, Mark | None]:
        """The first corner of the chosen view, so that a person sees how the board was understood."""
        view = self._view()
        if view is None:
            return (), "", None
        x, y = view.corners_px[0].tolist()
        return (Mark("first", self.tr("first corner"), 1, theme.DARK.ok, (x, y), is_fixed=True),), "", None

    def _view(self) -> "BoardView | None":
        chosen = self.table.current_id()
        return next((each for each in self._views if each.name == chosen), None)

    def _follow(self) -> None:
        """Show what there is."""
        words = self._paths[0].name if len(self._paths) == 1 else self.tr("{n} pictures").format(n=len(self._paths))
        parts.elide(self._what, words if self._paths else "", max(self.width() - 8, theme.px(200)))
        self._clip.setEnabled(self._subject is not None and self._subject.video is not None)
        looking = self._is_looking
        self.look_button.setText(self.tr("Stop") if looking else self.tr("Look for the board"))
        self.look_button.show_icon("stop" if looking else "search")
        self.look_button.setEnabled(looking or bool(self._paths))
        for each in (self.columns, self.rows, self.square, self.lying):
            each.setEnabled(not looking)
        words = self.tr("Looked at {n} of {of}, found in {found}")
        said = words.format(n=self._looked, of=self._of, found=len(self._views)) if self._looked else ""
        if self._calibration is not None:
            said = self.tr("The views used cover {share:.0f} % of the picture").format(
                share=100 * self._calibration.coverage
            )
        self._progress.setText(said)
        self._meter.setVisible(looking)
        self._meter.show_share(self._looked / max(self._of, 1))
        used = {each.name: each.error_px for each in self._calibration.views} if self._calibration is not None else {}
        records = []
        for view in self._views:
            error = used.get(view.name)
            said = f"{error:.2f}" if error is not None else (self.tr("not used") if used else "")
            records.append(Record(view.name, (Cell(view.name, strong=error is not None), Cell(said))))
        self.table.show_records(records)
        self.coverage.show_corners([view.corners_px for view in self._views], self._size)
        names = ["", *(view.name for view in self._views)]
        if [self.lying.itemData(at) for at in range(self.lying.count())] != names:
            before = self.lying.currentData()
            self.lying.clear()
            self.lying.addItem(self.tr("no view lies on it"), "")
            for name in names[1:]:
                self.lying.addItem(name, name)
            self.lying.setCurrentIndex(max(0, self.lying.findData(before)))
        self.changed.emit()

    def close_way(self) -> None:
        self._is_looking = False
        self._work.stop(wait=True)


def _look(paths: tuple[Path, ...], corners: tuple[int, int], square_m: float) -> Iterator[object]:
    """Look at each picture, then calibrate."""
    # Here, on the thread: what these import takes longer than a window may wait.
    from core.calibrating import BoardFrames, board_frames, picture_of
    from core.geometry.calibration_boards import Looked, calibrate_chessboard

    if len(paths) == 1:
        frames = board_frames(paths[0])
    else:
        frames = BoardFrames(len(paths), ((each.name, picture_of(each)) for each in paths))
    last: list[UInt8[ndarray, "height width 3"]] = []

    def remembered() -> Iterator[tuple[str, UInt8[ndarray, "height width 3"]]]:
        for name, picture in frames.pictures:
            last[:] = [picture]
            yield name, picture

    for step in calibrate_chessboard(remembered(), corners, square_m):
        if isinstance(step, Looked):
            height, width = last[0].shape[:2]
            shown = _small(last[0]) if step.view is not None else None
            yield _Seen(step.name, step.view, frames.count, (width, height), shown)
        else:
            yield step


def _small(picture: UInt8[ndarray, "height width 3"]) -> QImage:
    """A picture to show, no larger than needed."""
    from core.opencv import cv2

    height, width = picture.shape[:2]
    scale = min(1.0, _KEPT_PX / max(width, height))
    if scale < 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    picture = np.ascontiguousarray(picture)
    height, width = picture.shape[:2]
    return QImage(picture.data, width, height, picture.strides[0], QImage.Format.Format_RGB888).copy()


class Coverage(painting.Painted):
    """The picture's frame with every corner that was found: where it is empty, the lens is not known."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumHeight(theme.px(90))
        self.setAccessibleName(self.tr("Where in the picture the board was seen"))
        self._corners: list[ndarray] = []
        self._size = (16, 9)

    def show_corners(self, corners: Sequence[ndarray], size: tuple[int, int]) -> None:
        self._corners, self._size = list(corners), size if all(size) else (16, 9)
        self.update()

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        wide, high = self._size
        scale = min((self.width() - 2) / wide, (self.height() - 2) / high)
        area = QRectF(0, 0, wide * scale, high * scale)
        area.moveCenter(QPointF(self.width() / 2, self.height() / 2))
        painter.setPen(QPen(QColor(look.line), 1))
        painter.setBrush(QColor(look.field))
        painter.drawRect(area)
        if not self._corners:
            words = self.tr("The corners found show here")
            x, y = area.center().x(), area.center().y() + 4
            painting.put(painter, x, y, words, look.text3, 11, align="centre", width=area.width() - 8)
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.alpha(look.accent, 0.75))
        for corners in self._corners:
            for x, y in corners:
                painter.drawEllipse(area.topLeft() + QPointF(x + 0.5, y + 0.5) * scale, 1.7, 1.7)
