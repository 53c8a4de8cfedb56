"""Asks what to take out of what is shown in space: a picture, a film or a body. Not modal; it makes nothing itself.

Only what makes sense can be chosen, and what cannot says why beside it. Whose licence the file will carry stands there
before anything is made. A file that is there already is asked about in place. `wanted` gives the wish.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QFileDialog, QLineEdit, QVBoxLayout, QWidget

from core.exporting.bodies import ENDINGS, solid_bodies, targets, terms_of
from core.geometry.cameras import Camera
from core.rendering.export import FASTEST_HZ, LEAST_SIDE_PX, MOST_SIDE_PX, timing
from core.rendering.moving import Shot
from core.runs import ExportBodies
from core.video.gifs import MOST_FRAMES
from core.video.gifs import MOST_SIDE_PX as MOST_GIF_PX
from core.wording import spelled_time
from studio import commands, theme
from studio.widgets import parts
from studio.widgets.number_field import count_field, number_field
from studio.words import counted, say

What = Literal["picture", "film", "body"]
_KINDS: tuple[What, ...] = ("picture", "film", "body")
_BODY_FORMATS = {
    ".glb": "GLB: skeleton, skin and motion, for Blender and game engines",
    ".obj": "OBJ: a mesh",
    ".ply": "PLY: a mesh",
    ".npz": "NPZ: pose and shape as arrays, AMASS's names",
    ".bvh": "BVH: a skeleton and its motion, for animation programs",
}
_SIZE = (1280, 720)
_GIF_SIZE = (640, 360)
_FULL_TURN_S = 6.0


@dataclass(frozen=True)
class Offer:
    """What there is to export, its name, the folder to begin with, and files that may never be written over."""

    shot: Shot
    name: str
    folder: Path
    kept: tuple[Path, ...] = ()


class ExportDialog(QDialog):
    """`wanted` gives an ExportBodies without its run folder; whoever listens carries it out."""

    wanted = Signal(object)

    def __init__(self, offer: Offer, parent: QWidget | None) -> None:
        super().__init__(parent)
        self._offer, self._shot = offer, offer.shot
        self._asks = False
        self.setWindowTitle(say("Export"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(theme.px(540))
        self._make_fields()
        self._place_fields()
        self._file.setText(str(offer.folder / f"{offer.name}.png"))
        self._follow()
        self._make.setFocus()

    # ---- what can be chosen ----

    def _make_fields(self) -> None:
        shot, frames = self._shot, len(self._shot.scene)
        self._kind = parts.segmented("Picture", "Film", "Body", on_choice=lambda _: self._follow_kind())
        self._kind.setAccessibleName(say("What to export"))
        self._kind.choices.button(2).setEnabled(bool(solid_bodies(shot.scene)))
        self._where = parts.segmented("In space", "Over the frame", on_choice=lambda _: self._follow_kind())
        self._where.setAccessibleName(say("Where bodies stand"))
        self._where.choices.button(1).setEnabled(shot.footage is not None)
        self._course = parts.segmented("This stretch", "Turntable", on_choice=lambda _: self._follow_kind())
        self._course.setAccessibleName(say("What the film shows"))
        self._course.choices.button(0).setEnabled(frames > 1)
        if frames < 2:
            self._course.choose(1)
        self._film_format = parts.segmented("MP4", "GIF", on_choice=lambda _: self._follow_kind())
        self._film_format.setAccessibleName(say("Format of the film"))
        self._body_format = QComboBox()
        for ending, words in _BODY_FORMATS.items():
            self._body_format.addItem(say(words), ending)
        self._body_format.activated.connect(self._follow_kind)
        self._frames = parts.segmented("This moment", "Every frame", on_choice=lambda _: self._follow())
        self._frames.setAccessibleName(say("Which frames"))
        self._frames.choices.button(1).setEnabled(frames > 1)
        width, height = _size_of(shot, _SIZE)
        self._width = count_field(say("Width in pixels"), width, LEAST_SIDE_PX, MOST_SIDE_PX)
        self._height = count_field(say("Height in pixels"), height, LEAST_SIDE_PX, MOST_SIDE_PX)
        self._seconds = number_field(say("Seconds of a turn"), _FULL_TURN_S, 0.5, 120, "s", decimals=1, step=1)
        self._transparent = QCheckBox(say("Transparent around them"))
        self._skeleton = QCheckBox(say("Skeleton only, without the body around it"))
        for changed in (self._width.valueChanged, self._height.valueChanged, self._seconds.valueChanged):
            changed.connect(self._follow)
        for box in (self._transparent, self._skeleton):
            box.toggled.connect(self._follow)
        self._file = QLineEdit()
        self._file.textChanged.connect(self._follow)
        self._why_not = parts.text("", "caption", wrap=True)
        self._holds = parts.text("", "label", wrap=True)
        self._terms = parts.text(terms_of(shot.scene), "label", wrap=True)
        self._says = parts.text("", "warn", wrap=True)
        self._make = parts.button("Export", kind="primary")
        self._make.setDefault(True)
        self._make.clicked.connect(self._export)
        self._keep = parts.button("Keep the old one")
        self._keep.clicked.connect(self._dont_replace)
        self._cancel = parts.button("Cancel")
        self._cancel.clicked.connect(self.close)

    def _place_fields(self) -> None:
        choose = parts.button("Choose…", "folder")
        choose.clicked.connect(self._choose)
        size = parts.row(self._width, parts.text("×", "label"), self._height, parts.text("pixels", "caption"), None)
        self._rows = {
            "where": parts.field("Shown", parts.row(self._where, None)),
            "course": parts.field("Film of", parts.row(self._course, None)),
            "film": parts.field("Format", parts.row(self._film_format, None)),
            "body": parts.field("Format", self._body_format),
            "frames": parts.field("Frames", parts.row(self._frames, None)),
            "seconds": parts.field("A turn in", parts.row(self._seconds, None)),
            "size": parts.field("Size", size),
            "transparent": parts.field("", self._transparent),
            "skeleton": parts.field("", self._skeleton),
        }
        box = QVBoxLayout(self)
        box.setContentsMargins(20, 16, 20, 16)
        box.setSpacing(10)
        box.addWidget(parts.text("Export", "page"))
        box.addWidget(parts.row(self._kind, None))
        for row in self._rows.values():
            box.addWidget(row)
        box.addWidget(self._why_not)
        box.addWidget(parts.field("File", parts.row((self._file, 1), choose, gap=6)))
        self._file.setAccessibleName(say("File"))
        box.addWidget(parts.hair())
        box.addWidget(parts.row(parts.glyph("info", 14, "text3"), (self._holds, 1), gap=8))
        box.addWidget(parts.row(parts.glyph("tag", 14, "text3"), (self._terms, 1), gap=8))
        box.addWidget(self._says)
        box.addWidget(parts.row(None, self._cancel, self._keep, self._make, gap=6))
        for words in (self._why_not, self._holds, self._terms, self._says):
            words.setMinimumWidth(1)

    # ---- what was chosen ----

    @property
    def kind(self) -> What:
        return _KINDS[self._kind.chosen]

    def wish(self) -> ExportBodies:
        """What the fields say now."""
        kind = self.kind
        is_turn = kind == "film" and self._course.chosen == 1
        return ExportBodies(
            shot="shot.npz",
            file=str(Path(self._file.text().strip()).expanduser()),
            out="",
            what="turntable" if is_turn else kind,
            over_frame=self._is_over,
            width=self._width.value(),
            height=self._height.value(),
            transparent=self._transparent.isChecked() and kind == "picture" and not self._is_over,
            seconds=self._seconds.value(),
            every_frame=kind == "body" and self._frames.chosen == 1,
            skeleton_only=kind == "body" and self._skeleton.isChecked(),
            title=self._offer.name,
        )

    @property
    def _is_over(self) -> bool:
        is_turn = self.kind == "film" and self._course.chosen == 1
        return self.kind != "body" and not is_turn and self._where.chosen == 1

    @property
    def _ending(self) -> str:
        match self.kind:
            case "picture":
                return ".png"
            case "film":
                return ENDINGS["film"][self._film_format.chosen]
            case "body":
                return self._body_format.currentData()

    def _follow_kind(self) -> None:
        """The rows of what was chosen, and the ending that goes with it."""
        file = Path(self._file.text().strip())
        if file.suffix.lower() in {ending for endings in ENDINGS.values() for ending in endings}:
            self._file.setText(str(file.with_suffix(self._ending)))
        if self._is_over and self._shot.footage is not None:
            size = _even(self._shot.footage.camera.width, self._shot.footage.camera.height)
            self._show_size(*(_within(size, MOST_GIF_PX // 2) if self._ending == ".gif" else size))
        elif self._ending == ".gif" and max(self._width.value(), self._height.value()) > MOST_GIF_PX // 2:
            self._show_size(*_size_of(self._shot, _GIF_SIZE))
        self._follow()
        self.adjustSize()

    def _show_size(self, width: int, height: int) -> None:
        self._width.setValue(width)
        self._height.setValue(height)

    def _follow(self) -> None:
        kind, is_turn = self.kind, self.kind == "film" and self._course.chosen == 1
        ending, frames = self._ending, len(self._shot.scene)
        shown = {
            "where": kind != "body" and not is_turn,
            "course": kind == "film",
            "film": kind == "film",
            "body": kind == "body",
            "frames": kind == "body" and ending in (".obj", ".ply"),
            "seconds": is_turn,
            "size": kind != "body",
            "transparent": kind == "picture" and not self._is_over,
            "skeleton": kind == "body" and ending == ".glb",
        }
        for name, row in self._rows.items():
            row.setVisible(shown[name])
        if self._is_over:
            self._width.setToolTip(say("At most; the picture keeps its own proportions."))
        reasons = []
        if not solid_bodies(self._shot.scene):
            key = commands.shown("shown-parts")
            reasons.append(say("Body: joints alone have no mesh; show bodies first ({key}).", key=key))
        if shown["where"] and self._shot.footage is None:
            reasons.append(say("Over the frame: no video lies behind what is shown. In space, choose Camera first."))
        if frames < 2 and (shown["course"] or shown["frames"]):
            reasons.append(say("A stretch: only one moment is shown."))
        self._why_not.setText("\n".join(reasons))
        self._why_not.setVisible(bool(reasons))
        self._holds.setText(self._what_it_holds(is_turn=is_turn))
        self._asks = False
        self._show_state(self._problem())

    def _what_it_holds(self, *, is_turn: bool) -> str:
        scene, at = self._shot.scene, self._shot.at
        who = counted(len(solid_bodies(scene)), "body", "bodies")
        if self.kind == "body":
            whole = say(
                "{who}, {frames} at {rate_hz:g} a second",
                who=who,
                frames=counted(len(scene), "frame"),
                rate_hz=scene.rate_hz,
            )
            match self._ending:
                case ".glb":
                    return say(
                        "{whole}. The small corrections of form that poses bring do not fit this format.", whole=whole
                    )
                case ".npz":
                    return say("{whole}; one person a file.", whole=whole)
                case ".bvh":
                    return say("{whole}; one person a file, as a skeleton without a mesh.", whole=whole)
                case _:
                    each = (
                        say("a file for every frame, in a folder")
                        if self._frames.chosen == 1
                        else say("at this moment")
                    )
                    return f"{who}, {each}."
        if self.kind == "picture":
            return say("The moment in front, frame {at} of {count}.", at=at + 1, count=len(scene))
        if is_turn:
            return say("Once round the moment in front; it plays on where it began.") + self._gif_bounds()
        rate_hz, shown = timing(scene.rate_hz, 0, max(len(scene), 1), FASTEST_HZ[self._ending])
        length = spelled_time(len(shown) / rate_hz)
        held = say(", each pose held") if len(set(shown)) < len(shown) else ""
        return (
            say(
                "{frames}{held}: {length} at {rate_hz:g} a second.",
                frames=counted(len(scene), "frame"),
                held=held,
                length=length,
                rate_hz=rate_hz,
            )
            + self._gif_bounds()
        )

    def _gif_bounds(self) -> str:
        return say(
            " A GIF has 256 colours, at most {side} pixels a side and {frames} frames.",
            side=MOST_GIF_PX,
            frames=MOST_FRAMES,
        ) * (self._ending == ".gif")

    def _problem(self) -> str:
        """Why it cannot be made as it stands; empty where it can."""
        wish = self.wish()
        file = Path(wish.file)
        if not self._file.text().strip() or not file.stem or file.is_dir():
            return say("Name the file.")
        if file.suffix.lower() != self._ending:
            return say("The name ends in {ending}.", ending=self._ending)
        if not file.parent.is_dir() and file.parent != self._offer.folder:
            return say("There is no folder {parent}.", parent=file.parent)
        if any(each.resolve() in self._offer.kept for each in targets(self._shot.scene, wish)):
            return say("{name} belongs to this project and is not written over. Choose another name.", name=file.name)
        is_odd = wish.width % 2 or wish.height % 2
        if is_odd and self._ending == ".mp4" and not wish.over_frame:
            return say("The sides of an MP4 are even numbers.")
        if self._ending == ".gif" and max(wish.width, wish.height) > MOST_GIF_PX:
            return say("A GIF has at most {side} pixels a side. Choose a smaller size, or MP4.", side=MOST_GIF_PX)
        return ""

    def _show_state(self, problem: str) -> None:
        self._says.setText(problem)
        self._says.setVisible(bool(problem))
        self._keep.setVisible(self._asks)
        self._cancel.setVisible(not self._asks)
        self._make.setEnabled(not problem or self._asks)
        words = {"picture": say("Export picture"), "film": say("Export film"), "body": say("Export body")}
        self._make.setText(say("Replace it") if self._asks else words[self.kind])

    # ---- deciding ----

    def _choose(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self, say('Choose where it goes'), self._file.text(), f"*{self._ending}",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )  # fmt: skip
        if chosen:
            path = Path(chosen)
            self._file.setText(str(path if path.suffix else path.with_suffix(self._ending)))

    def _export(self) -> None:
        wish = self.wish()
        there = [each for each in targets(self._shot.scene, wish) if each.exists()]
        if there and not self._asks:
            self._asks = True
            self._show_state(say("{name} is there already. Replacing it cannot be undone.", name=there[0].name))
            self._keep.setFocus()
            return
        self.wanted.emit(msgspec.structs.replace(wish, replaces=bool(there)))

    def _dont_replace(self) -> None:
        self._asks = False
        self._show_state(self._problem())
        self._file.setFocus()
        self._file.selectAll()

    def refuse(self, words: str) -> None:
        """Say why it was not begun."""
        self._asks = False
        self._show_state(self._problem())
        self._says.setText(words)
        self._says.setVisible(True)


def _size_of(shot: Shot, most: tuple[int, int]) -> tuple[int, int]:
    """The proportions of the camera that is looked through, else the usual ones."""
    if not isinstance(shot.view, Camera):
        return most
    return _within((shot.view.width, shot.view.height), most[0])


def _within(size: tuple[int, int], most: int) -> tuple[int, int]:
    share = min(1.0, most / max(size))
    return _even(round(size[0] * share), round(size[1] * share))


def _even(width: int, height: int) -> tuple[int, int]:
    return max(width // 2 * 2, LEAST_SIDE_PX), max(height // 2 * 2, LEAST_SIDE_PX)
